/*
 * footing.h - the pages that LMDB is about to step on, looked at before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A writer goes through LMDB, which believes what a page says of itself and
 * crashes, or writes over what is in use, where it is wrong.  So a writer asks
 * here first: by the time LMDB gets there, the page was found to be what it has
 * to be.  What the writer has changed himself he has got from such pages.
 * The list of free pages and the roots of all databases are looked at as a
 * whole, when he begins.
 */
#ifndef PS_STORE_FOOTING_H
#define PS_STORE_FOOTING_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "store/db.h"
#include "store/tree.h"

struct ps_footing;

/*
 * Of commit txn, the last: the caller is the one that may write.  *out has the
 * map as long as it is there.
 * Owner: the caller.  Errors: NOMEM, DAMAGED; without text.
 */
enum pinstore_status
ps_footing_take(struct ps_map *map, uint64_t txn,
                struct ps_footing **out) PINSTORE_MUST_CHECK;

/* NULL is fine. */
void
ps_footing_free(struct ps_footing *footing);

enum ps_footing_deed {
	PS_FOOTING_FIND,  /* or put; also what stands before it and behind it */
	PS_FOOTING_DELETE /* and even pages out with those beside */
};

/* The pages of key's place in table.  Errors: DAMAGED. */
enum pinstore_status
ps_footing_at(struct ps_footing *footing, enum ps_table table,
              struct ps_bytes key,
              enum ps_footing_deed deed) PINSTORE_MUST_CHECK;

/* The pages of the first record, or of the last.  Errors: DAMAGED. */
enum pinstore_status
ps_footing_edge(struct ps_footing *footing, enum ps_table table,
                bool to_last) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_FOOTING_H */
