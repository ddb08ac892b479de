/*
 * writer.h - one write of one process at a time, tried until it holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_WRITER_H
#define PS_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

struct ps_env;
struct ps_txn;

/*
 * So often a writer opens it anew at once; behind that he leaves others time,
 * up to his deadline, or gives up what is not going to end.
 */
#define PS_WRITER_TRIES 3

/* What a writer does; it may be called again from the start. */
typedef enum pinstore_status
ps_writer_work_fn(struct ps_env *env, struct ps_txn *txn, void *arg,
                  struct pinstore_error *error);

/*
 * Run work behind the gate and make it durable; roll it back unless it
 * returned OK and changed anything.  With is_exempt the file may become larger
 * than its limit.  *again: env has to be opened anew, which another try does.
 * Errors: NOMEM, BUSY, FULL, IO, and as ps_env_enter(), and work's own.
 */
enum pinstore_status
ps_writer_try(struct ps_env *env, int64_t deadline_ms, bool is_exempt,
              ps_writer_work_fn *work, void *arg, bool *again,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Whether another try, after so many that came to status, may help. */
bool
ps_writer_may_retry(enum pinstore_status status, unsigned tries,
                    int64_t deadline_ms);

/* The same, again while that may help, for what is exempt. */
enum pinstore_status
ps_writer_run(struct ps_env *env, int64_t deadline_ms, ps_writer_work_fn *work,
              void *arg, struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_WRITER_H */
