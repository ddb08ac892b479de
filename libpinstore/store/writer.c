/*
 * writer.c - one write of one process at a time, tried until it holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/writer.h"

#include "base/status.h"
#include "store/clock.h"
#include "store/env.h"
#include "store/orders.h"
#include "store/seal.h"

/* After so many commits slots of dead readers are freed. */
#define CLEAR_EVERY_COMMITS 256

/* What is to be done, and what came of the last try. */
struct job {
	ps_writer_work_fn *work;
	void *arg;
	bool is_exempt;
	uint64_t limit; /* of the file */
	enum ps_trouble trouble;
};

/*
 * The smaller of what the callers of this process and the operator allow: as
 * it stands now, for another process may have changed it.
 */
static enum pinstore_status
find_limit(struct ps_env *env, struct ps_txn *txn, const struct ps_db_info *info,
           struct job *job, struct pinstore_error *error)
{
	enum pinstore_status status;

	job->limit = UINT64_MAX;
	if (job->is_exempt)
		return PINSTORE_OK;
	status = ps_orders_max_bytes(txn, &env->schema.id, &job->limit, error);
	if (status != PINSTORE_OK)
		return status;
	if (job->limit > atomic_load(&env->max_bytes))
		job->limit = atomic_load(&env->max_bytes);
	if (info->map_bytes <= job->limit || info->map_bytes <= info->used_bytes)
		return PINSTORE_OK;
	job->trouble = PS_TROUBLE_LIMIT;
	return ps_fail(error, PINSTORE_ERR_INTERNAL,
	               "the map is larger than the file may become");
}

/*
 * One try.  The number that a writer gets must follow that of the last commit:
 * it does not when the table of readers was reset under us.
 */
static enum pinstore_status
try_work(struct ps_env *env, struct job *job, struct pinstore_error *error)
{
	enum ps_trouble *const trouble = &job->trouble;
	struct ps_txn *txn = NULL;
	struct ps_db_info info;
	enum pinstore_status status;

	status = ps_txn_begin(env->db, true, &txn, trouble, error);
	if (status != PINSTORE_OK)
		return status;
	ps_db_info(env->db, &info);
	if (ps_txn_id(txn) != info.last_txn + 1) {
		ps_txn_abort(txn);
		*trouble = PS_TROUBLE_DEAD;
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s: its lock file does not fit its data: "
		               "end all programs that use it, and try "
		               "again", env->shown);
	}
	status = find_limit(env, txn, &info, job, error);
	if (status != PINSTORE_OK) {
		ps_txn_abort(txn);
		return status;
	}
	status = job->work(env, txn, job->arg, error);
	if (status == PINSTORE_OK && ps_txn_trouble(txn) == PS_TROUBLE_NONE &&
	    ps_txn_changes(txn) > 0) {
		status = ps_txn_commit(txn, trouble, error);
		txn = NULL;
		return status;
	}
	*trouble = ps_txn_trouble(txn);
	if (status == PINSTORE_OK && *trouble != PS_TROUBLE_NONE)
		status = ps_fail(error, PINSTORE_ERR_INTERNAL,
		                 "a writer passed over an error");
	ps_txn_abort(txn);
	return status;
}

/* Free slots of the dead from time to time, so that the file does not grow. */
static void
clear_readers(struct ps_env *env)
{
	int64_t now = ps_clock_coarse_ms();
	unsigned n = atomic_fetch_add(&env->commits, 1) + 1;

	if (n % CLEAR_EVERY_COMMITS != 0 &&
	    now < atomic_load(&env->next_clear_ms))
		return;
	atomic_store(&env->next_clear_ms, now + PS_CLEAR_EVERY_MS);
	(void)ps_db_clear_readers(env->db);
}

static bool
is_as_before(const struct ps_env *env, unsigned opened)
{
	return env->is_open && !atomic_load(&env->is_dead) &&
	       env->opened == opened;
}

static enum pinstore_status
fail_anew(const struct ps_env *env, enum ps_trouble *trouble,
          struct pinstore_error *error)
{
	*trouble = PS_TROUBLE_DEAD;
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: it had to be opened anew: try again",
	               env->shown);
}

/*
 * Behind the gate, env entered.  The trouble is DEAD if env has to be opened
 * anew for another try.
 */
static enum pinstore_status
write_entered(struct ps_env *env, int64_t deadline_ms, struct job *job,
              struct pinstore_error *error)
{
	enum ps_trouble *const trouble = &job->trouble;
	const unsigned opened = env->opened;
	bool is_retried = false;

	for (;;) {
		enum pinstore_status status = PINSTORE_OK;

		*trouble = PS_TROUBLE_NONE;
		if (env->is_memory)
			status = ps_env_settle(env, deadline_ms, error);
		if (status == PINSTORE_OK && !is_as_before(env, opened))
			return fail_anew(env, trouble, error);
		if (status == PINSTORE_OK)
			status = try_work(env, job, error);
		if (status == PINSTORE_OK) {
			clear_readers(env);
			return status;
		}
		switch (*trouble) {
		case PS_TROUBLE_MAP:
		case PS_TROUBLE_RESIZED:
			status = ps_env_resize(env,
			                       *trouble == PS_TROUBLE_MAP,
			                       job->limit, &is_retried, error);
			break;
		case PS_TROUBLE_LIMIT:
			status = ps_env_fit(env, job->limit, error);
			break;
		case PS_TROUBLE_DEAD:
			atomic_store(&env->is_dead, true);
			return status;
		case PS_TROUBLE_NONE:
		case PS_TROUBLE_READERS:
		case PS_TROUBLE_SLOT:
		case PS_TROUBLE_REPLACED:
			return status;
		}
		if (status != PINSTORE_OK)
			return status;
		if (!is_as_before(env, opened))
			return fail_anew(env, trouble, error);
	}
}

/* Pass the gate of env as it is now; with OK env is entered. */
static enum pinstore_status
pass_gate(struct ps_env *env, int64_t deadline_ms, struct ps_gate **out,
          struct pinstore_error *error)
{
	int tries;

	*out = NULL;
	for (tries = 0;
	     tries < PS_WRITER_TRIES || ps_clock_pause(deadline_ms); tries++) {
		struct ps_gate *gate;
		enum pinstore_status status;

		status = ps_env_enter(env, false, deadline_ms, error);
		if (status != PINSTORE_OK)
			return status;
		status = ps_seal_may_write(env, error);
		if (status != PINSTORE_OK) {
			ps_env_leave(env);
			return status;
		}
		if (env->gate == NULL || !ps_gate_is_whole(env->gate)) {
			if (tries == 0)
				atomic_store(&env->is_dead, true);
			ps_env_leave(env);
			if (tries == 0)
				continue;
			return ps_fail(error, PINSTORE_ERR_BUSY,
			               "store %s: %s was written over while it "
			               "is in use: end the programs that use "
			               "the store, and try again", env->shown,
			               PS_GATE_NAME);
		}
		gate = ps_gate_ref(env->gate);
		ps_env_leave(env);
		status = ps_gate_lock(gate, deadline_ms, error);
		if (status != PINSTORE_OK) {
			ps_gate_unref(gate);
			return status;
		}
		status = ps_env_enter(env, true, deadline_ms, error);
		/* Opened anew or not, as long as it is that gate. */
		if (status == PINSTORE_OK && env->gate != NULL &&
		    ps_gate_is_same(env->gate, gate)) {
			*out = gate;
			return status;
		}
		if (status == PINSTORE_OK)
			ps_env_leave(env);
		ps_gate_unlock(gate);
		ps_gate_unref(gate);
		if (status != PINSTORE_OK)
			return status;
	}
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: its files are being replaced all the time: "
	               "try again", env->shown);
}

enum pinstore_status
ps_writer_try(struct ps_env *env, int64_t deadline_ms, bool is_exempt,
              ps_writer_work_fn *work, void *arg, bool *again,
              struct pinstore_error *error)
{
	struct job job = {work, arg, is_exempt, UINT64_MAX, PS_TROUBLE_NONE};
	struct ps_gate *gate;
	enum pinstore_status status;

	*again = false;
	status = pass_gate(env, deadline_ms, &gate, error);
	if (status != PINSTORE_OK)
		return status;
	status = write_entered(env, deadline_ms, &job, error);
	ps_env_leave(env);
	ps_gate_unlock(gate);
	ps_gate_unref(gate);
	*again = status != PINSTORE_OK && job.trouble == PS_TROUBLE_DEAD;
	return status;
}

bool
ps_writer_may_retry(enum pinstore_status status, unsigned tries,
                    int64_t deadline_ms)
{
	return tries < PS_WRITER_TRIES || (status == PINSTORE_ERR_BUSY &&
	                                   ps_clock_pause(deadline_ms));
}

enum pinstore_status
ps_writer_run(struct ps_env *env, int64_t deadline_ms, ps_writer_work_fn *work,
              void *arg, struct pinstore_error *error)
{
	enum pinstore_status status;
	unsigned tries = 0;
	bool again;

	do {
		status = ps_writer_try(env, deadline_ms, true, work, arg,
		                       &again, error);
	} while (again && ps_writer_may_retry(status, tries++, deadline_ms));
	/* What an earlier try met is not this one's. */
	if (status == PINSTORE_OK)
		ps_error_clear(error);
	return status;
}
