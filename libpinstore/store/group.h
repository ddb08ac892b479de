/*
 * group.h - threads that write at the same time share one commit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first to come leads: it passes the gate and begins the transaction.
 * Those that come meanwhile queue; the leader applies their changes behind its
 * own, in the order in which they came, and each is told of its own when all
 * are on disk.  Then the first of those that have come since leads.
 */
#ifndef PS_STORE_GROUP_H
#define PS_STORE_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/writer.h"

/* Most changes of one commit, which bounds the time until it is made. */
#define PS_GROUP_MAX 64

struct ps_change;

struct ps_group {
	pthread_mutex_t mutex; /* of all that follows; nothing is locked in it */
	bool is_led;
	struct ps_change *first; /* of those that wait, in their order */
	struct ps_change *last;
};

/* Also in a child: those that wait in the parent were not copied. */
void
ps_group_init(struct ps_group *group);

void
ps_group_end(struct ps_group *group);

/*
 * Make one change durable, alone or with those of other threads.  Each is as
 * if it had been alone: one that fails leaves nothing and spoils no other, and
 * what work sees of others is on disk when its caller is told.  work may be
 * called in another thread, and again from the start.
 * With is_alone it shares with nobody and is exempt from the limit of size: for
 * what takes long, and for what the operator lays down or takes away, so that
 * a store which is full can be mended.
 *
 * Threads: any; the deadline is each one's own.
 * Errors:  as ps_writer_run().
 */
enum pinstore_status
ps_group_run(struct ps_env *env, int64_t deadline_ms, bool is_alone,
             ps_writer_work_fn *work, void *arg,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_GROUP_H */
