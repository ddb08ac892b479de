/*
 * upgrade.h - make an older store one of this schema.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_UPGRADE_H
#define PS_STORE_UPGRADE_H

#include "model/entry.h"
#include "store/db.h"

/*
 * Add what a store of an older schema has not, in a transaction that writes
 * anyhow.
 */
enum pinstore_status
ps_upgrade(struct ps_txn *txn, const struct ps_store_id *id,
           struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_UPGRADE_H */
