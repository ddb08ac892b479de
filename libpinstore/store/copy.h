/*
 * copy.h - all records of a snapshot, in a file of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_COPY_H
#define PS_STORE_COPY_H

#include <stdint.h>

#include "store/db.h"

/* Map bytes that a copy of so many octets never fills. */
uint64_t
ps_copy_map(uint64_t used_bytes);

/* What is changed in the copy, in its last commit. */
typedef enum pinstore_status
ps_copy_finish_fn(struct ps_txn *to, void *arg, struct pinstore_error *error);

/* Who is told from time to time that so many records of total are done. */
struct ps_progress {
	void (*tell)(uint64_t done, uint64_t total, void *arg); /* or NULL */
	void *arg;
};

struct ps_copy_plan {
	struct ps_txn *from;
	struct ps_db *to;          /* a fresh ps_db_make() */
	uint64_t max_commits;      /* its own counted; 0: as many as it takes */
	ps_copy_finish_fn *finish; /* or NULL */
	void *arg;                 /* of finish */
	struct ps_progress step;
};

/*
 * Copy every record in the order of their keys.
 * Errors: NOMEM, FULL, IO, VERSION (tables of a later pinstore), DAMAGED (a
 *         table has another number of records than its root says).
 */
enum pinstore_status
ps_copy_all(const struct ps_copy_plan *plan,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Tell step, if it is time to. */
void
ps_copy_tell(const struct ps_progress *step, uint64_t done, uint64_t total);

#endif /* PS_STORE_COPY_H */
