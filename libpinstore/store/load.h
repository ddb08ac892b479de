/*
 * load.h - many entries at once into a store that has none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_LOAD_H
#define PS_STORE_LOAD_H

#include <stdbool.h>

#include "store/db.h"
#include "store/store.h"

/* Whether no host has a record, which is proved. */
enum pinstore_status
ps_load_may(struct ps_txn *txn, const struct ps_store_id *id, bool *may,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Append what next gives to the empty table of hosts, links, learned counts and
 * all: ten times as fast as putting one record after the other.
 * Errors: as ps_txn_append(); DAMAGED also if the keys do not ascend.
 */
enum pinstore_status
ps_load(struct ps_txn *txn, const struct ps_store_id *id, ps_load_fn *next,
        void *arg, struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_LOAD_H */
