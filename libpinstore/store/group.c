/*
 * group.c - threads that write at the same time share one commit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/group.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/env.h"
#include "store/registry.h"

enum state {
	WAITS,  /* in the queue; it may go away */
	TAKEN,  /* by the leader, who uses its memory */
	LEADS,  /* it is the leader */
	IS_DONE
};

/* One caller's; it stands on the stack of that caller's thread. */
struct ps_change {
	ps_writer_work_fn *work;
	void *arg;
	int64_t deadline_ms;
	bool is_alone;
	bool is_exempt;
	enum state state;
	enum pinstore_status status;
	struct pinstore_error error;
	pthread_cond_t news; /* of state */
	struct ps_change *next;
};

/* What the leader has in hand: its own change, then those it has taken. */
struct batch {
	struct ps_group *group;
	struct ps_change *first;
	struct ps_change *last;
	unsigned n;
	bool is_spoiled; /* by a change that failed with half of it written */
};

void
ps_group_init(struct ps_group *group)
{
	static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	memset(group, 0, sizeof(*group));
	group->mutex = mutex;
}

void
ps_group_end(struct ps_group *group)
{
	assert(!group->is_led && group->first == NULL);
	(void)pthread_mutex_destroy(&group->mutex);
}

/* ---------------------------------------------------------------- the queue */

static void
append(struct ps_group *group, struct ps_change *change)
{
	change->next = NULL;
	if (group->first == NULL)
		group->first = change;
	else
		group->last->next = change;
	group->last = change;
}

static struct ps_change *
take_first(struct ps_group *group)
{
	struct ps_change *change = group->first;

	group->first = change->next;
	change->next = NULL;
	return change;
}

static void
go_away(struct ps_group *group, struct ps_change *change)
{
	struct ps_change **at = &group->first, *before = NULL;

	while (*at != change) {
		before = *at;
		at = &(*at)->next;
	}
	*at = change->next;
	if (group->last == change)
		group->last = before;
}

/* Its thread goes on when it has the mutex: until then it is there. */
static void
tell(struct ps_change *change, enum state state)
{
	change->state = state;
	(void)pthread_cond_signal(&change->news);
}

/* ---------------------------------------------------------------- the batch */

/* The next change of the batch; the next of the queue if there is none. */
static struct ps_change *
next_of(struct batch *batch, struct ps_change *change)
{
	struct ps_group *group = batch->group;
	struct ps_change *next = change->next;

	if (next != NULL || batch->first->is_alone || batch->n == PS_GROUP_MAX)
		return next;
	(void)pthread_mutex_lock(&group->mutex);
	if (group->first != NULL && !group->first->is_alone) {
		next = take_first(group);
		next->state = TAKEN;
		batch->last->next = next;
		batch->last = next;
		batch->n++;
	}
	(void)pthread_mutex_unlock(&group->mutex);
	return next;
}

/*
 * All changes of the batch in one transaction.  One that has failed and left
 * the transaction as it was costs the others nothing.  Of any other the
 * transaction cannot be rid: it is rolled back.
 */
static enum pinstore_status
apply(struct ps_env *env, struct ps_txn *txn, void *arg,
      struct pinstore_error *error)
{
	struct batch *batch = arg;
	struct ps_change *change;

	batch->is_spoiled = false;
	for (change = batch->first; change != NULL;
	     change = next_of(batch, change)) {
		const uint64_t before = ps_txn_changes(txn);

		ps_error_clear(&change->error);
		change->status = change->work(env, txn, change->arg,
		                              &change->error);
		if (ps_txn_is_sound(txn) &&
		    (change->status == PINSTORE_OK ||
		     ps_txn_changes(txn) == before))
			continue;
		if (batch->n > 1) {
			batch->is_spoiled = true;
			return ps_fail(error, PINSTORE_ERR_INTERNAL,
			               "a change spoils others");
		}
		*error = change->error;
		return change->status;
	}
	return PINSTORE_OK;
}

/* All but the leader's own are done, as they say or with one failure. */
static void
deliver(struct batch *batch, enum pinstore_status status,
        const struct pinstore_error *error)
{
	struct ps_change *change = batch->first->next;

	if (change == NULL)
		return;
	(void)pthread_mutex_lock(&batch->group->mutex);
	while (change != NULL) {
		struct ps_change *next = change->next;

		if (status != PINSTORE_OK) {
			change->status = status;
			change->error = *error;
		}
		tell(change, IS_DONE);
		change = next;
	}
	(void)pthread_mutex_unlock(&batch->group->mutex);
}

/* All but the leader's own wait again, before those that came since. */
static void
give_back(struct batch *batch, bool is_alone)
{
	struct ps_group *group = batch->group;
	struct ps_change *change = batch->first->next;

	if (change == NULL)
		return;
	(void)pthread_mutex_lock(&group->mutex);
	batch->last->next = group->first;
	if (group->first == NULL)
		group->last = batch->last;
	group->first = change;
	for (; change != batch->last->next; change = change->next) {
		if (is_alone)
			change->is_alone = true;
		tell(change, WAITS);
	}
	(void)pthread_mutex_unlock(&group->mutex);
	batch->first->next = NULL;
}

/*
 * What cannot be done with others is done alone, by each in its turn: then
 * each meets its own failure.  So is what is too much together.
 */
static void
lead(struct ps_env *env, struct ps_change *own)
{
	unsigned tries = 0;

	for (;;) {
		struct batch batch = {&env->group, own, own, 1, false};
		struct pinstore_error error;
		enum pinstore_status status;
		bool again = false;

		ps_error_clear(&error);
		status = ps_writer_try(env, own->deadline_ms, own->is_exempt,
		                       apply, &batch, &again, &error);
		if (status == PINSTORE_OK) {
			deliver(&batch, status, &error);
			return;
		}
		if (batch.n > 1 && !again &&
		    (batch.is_spoiled || status == PINSTORE_ERR_FULL)) {
			give_back(&batch, true);
			own->is_alone = true;
			continue;
		}
		if (again && ps_writer_may_retry(status, tries++,
		                                 own->deadline_ms)) {
			give_back(&batch, false);
			continue;
		}
		own->status = status;
		own->error = error;
		deliver(&batch, status, &error);
		return;
	}
}

/* ---------------------------------------------------------------- the caller */

/* The mutex is held.  True: it leads; false: it is done. */
static bool
wait_for_turn(struct ps_env *env, struct ps_change *own)
{
	struct ps_group *group = &env->group;
	const struct timespec until = ps_clock_spec(own->deadline_ms);

	while (own->state == WAITS || own->state == TAKEN) {
		int failed;

		/* Its work may be running, or on its way to the disk. */
		if (own->state == TAKEN) {
			(void)pthread_cond_wait(&own->news, &group->mutex);
			continue;
		}
		failed = pthread_cond_clockwait(&own->news, &group->mutex,
		                                CLOCK_MONOTONIC, &until);
		if (failed == ETIMEDOUT && own->state == WAITS) {
			go_away(group, own);
			own->state = IS_DONE;
			own->status = ps_fail_os(
			        &own->error, PINSTORE_ERR_BUSY, failed,
			        "store %s: other threads have been writing for "
			        "longer than the lock limit: try again",
			        env->shown);
		}
	}
	return own->state == LEADS;
}

enum pinstore_status
ps_group_run(struct ps_env *env, int64_t deadline_ms, bool is_alone,
             ps_writer_work_fn *work, void *arg, struct pinstore_error *error)
{
	struct ps_group *group = &env->group;
	struct ps_change own = {
		.work = work,
		.arg = arg,
		.deadline_ms = deadline_ms,
		.is_alone = is_alone,
		.is_exempt = is_alone,
		.state = WAITS,
		.status = PINSTORE_ERR_INTERNAL,
		.news = PTHREAD_COND_INITIALIZER,
	};

	/* In a child the mutex may be held by a thread that is not there. */
	ps_registry_notice_fork();
	(void)pthread_mutex_lock(&group->mutex);
	if (!group->is_led) {
		group->is_led = true;
		own.state = LEADS;
	} else {
		append(group, &own);
	}
	if (wait_for_turn(env, &own)) {
		(void)pthread_mutex_unlock(&group->mutex);
		lead(env, &own);
		(void)pthread_mutex_lock(&group->mutex);
		if (group->first != NULL)
			tell(take_first(group), LEADS);
		else
			group->is_led = false;
	}
	(void)pthread_mutex_unlock(&group->mutex);
	(void)pthread_cond_destroy(&own.news);
	if (error != NULL)
		*error = own.error;
	return own.status;
}
