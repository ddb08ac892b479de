/*
 * create.h - a new store, made beside and moved into place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * So a data file that is short or empty is never a store that just begins.
 */
#ifndef PS_STORE_CREATE_H
#define PS_STORE_CREATE_H

#include <pinstore/pinstore.h>

#include "model/entry.h"
#include "store/db.h"

#define PS_CREATE_DIR ".new"

/*
 * Create a store in dir_fd, which is empty but for what a creation that was
 * cut off has left, and whose lock the caller holds.
 * Errors: ACCESS, NOMEM, FULL, IO.
 */
enum pinstore_status
ps_create(int dir_fd, const char *shown,
          struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* An id that no other store has.  Errors: IO. */
enum pinstore_status
ps_create_id(const char *shown, struct ps_store_id *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Put the records of a store without entries into its empty databases. */
enum pinstore_status
ps_create_fill(struct ps_txn *txn, const struct ps_store_id *id,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same in its one commit, with a new id.  Errors: NOMEM, FULL, IO. */
enum pinstore_status
ps_create_new(struct ps_db *db, const char *shown,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Remove what a creation that was cut off has left. */
void
ps_create_clean(int dir_fd);

#endif /* PS_STORE_CREATE_H */
