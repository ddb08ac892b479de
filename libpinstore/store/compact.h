/*
 * compact.h - a data file that forgets, in the place of a live one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB keeps what was removed: in free pages, in gaps of pages, and in the keys
 * of branch pages.  Its own compact copy keeps the latter two, and begins to
 * count commits anew, by which all who have the store open would go astray.
 */
#ifndef PS_STORE_COMPACT_H
#define PS_STORE_COMPACT_H

#include <pinstore/pinstore.h>

#include "store/copy.h"
#include "store/env.h"

/*
 * Copy each record, in a transaction that keeps all writers out, into a new
 * file that says of itself what the old one does, and put that in its place.
 * A copy that is not complete is never put there.  env is opened anew at the
 * next use, as in all other processes.  limit_ms holds for each lock.
 *
 * Errors: NOMEM, BUSY, FULL, ACCESS, IO, VERSION (there is more in the store
 *         than is known here), DAMAGED.
 */
enum pinstore_status
ps_compact_run(struct ps_env *env, int limit_ms,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Remove what one that was cut off has left; nobody may be at it. */
void
ps_compact_clean(int dir_fd);

/* What takes the place of all that a store holds: what a reader sees. */
struct ps_refill {
	struct ps_txn *from;
	uint64_t used_bytes; /* of its file */
	int64_t now;
	struct ps_progress step;
};

/*
 * The same with what refill reads in the place of what env holds.  The clock's
 * mark and the journal's numbers go on from where they were.
 * Errors: as ps_compact_run().
 */
enum pinstore_status
ps_compact_refill(struct ps_env *env, int limit_ms,
                  const struct ps_refill *refill,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put what refill reads in the place of the data file in dir_fd, which nobody
 * can open, and which the caller has locked.
 * Errors: BUSY (somebody has it open all the same), ACCESS, NOMEM, FULL, IO,
 *         VERSION, DAMAGED.
 */
enum pinstore_status
ps_compact_replace(int dir_fd, const char *shown, int64_t deadline_ms,
                   const struct ps_refill *refill,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_COMPACT_H */
