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

/*
 * Copy every record of from into the fresh ps_db_make() to, in the order of
 * their keys, with at most max_commits commits, that of ps_db_make() counted;
 * 0: as many as it takes.  finish may be NULL.
 * Errors: NOMEM, FULL, IO, VERSION (tables of a later pinstore), DAMAGED (a
 *         table has another number of records than its root says).
 */
enum pinstore_status
ps_copy_all(struct ps_txn *from, struct ps_db *to, uint64_t max_commits,
            ps_copy_finish_fn *finish, void *arg,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_COPY_H */
