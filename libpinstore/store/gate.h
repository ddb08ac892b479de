/*
 * gate.h - the lock that all writers pass, with a limit to their waiting.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB's own lock has no deadline.  The gate is a robust mutex in a mapped
 * file: a holder that was killed passes it on, a stopped one costs the others
 * no more than their limit.
 */
#ifndef PS_STORE_GATE_H
#define PS_STORE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#define PS_GATE_NAME "gate"

struct ps_gate;

/*
 * Open the gate in dir_fd, whose lock the caller holds; *is_alone: no other
 * process, nor another gate of this one, has it open.  shown must outlive it.
 *
 * Owner:  the caller, who ends *out with ps_gate_unref().
 * Errors: ACCESS, NOMEM, BUSY, FULL, IO, DAMAGED.
 */
enum pinstore_status
ps_gate_open(int dir_fd, const char *shown, int64_t deadline_ms,
             struct ps_gate **out, bool *is_alone,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * One that is in no file, for the threads of this process.
 * Owner: as above.  Errors: NOMEM, IO.
 */
enum pinstore_status
ps_gate_make(const char *shown, struct ps_gate **out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Whether both are of one file, and so one lock. */
bool
ps_gate_is_same(const struct ps_gate *a, const struct ps_gate *b);

struct ps_gate *
ps_gate_ref(struct ps_gate *gate);
void
ps_gate_unref(struct ps_gate *gate);

/*
 * In a child: free the parent's gate, whoever used it there: those threads
 * were not copied.
 */
void
ps_gate_forget(struct ps_gate *gate);

/*
 * Whether its file is as it was made.  If it was cut short it gets its length
 * again, for whoever looks behind its end would die of SIGBUS.
 */
bool
ps_gate_is_whole(const struct ps_gate *gate);

/* Pass, at the latest at the deadline.  Errors: BUSY, IO. */
enum pinstore_status
ps_gate_lock(struct ps_gate *gate, int64_t deadline_ms,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;
void
ps_gate_unlock(struct ps_gate *gate);

#endif /* PS_STORE_GATE_H */
