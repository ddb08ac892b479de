/*
 * entries.h - the records of hosts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_ENTRIES_H
#define PS_STORE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "store/db.h"
#include "store/links.h"
#include "store/store.h"

/* As ps_store_climb(), in a transaction. */
enum pinstore_status
ps_entries_climb(struct ps_txn *txn, const struct ps_store_id *id,
                 const struct ps_key *key, ps_store_step_fn *step, void *arg,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The record of key copied out; without sections if there is none. */
enum pinstore_status
ps_entries_get(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, struct ps_entry *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_put(). */
enum pinstore_status
ps_entries_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, const struct ps_entry *entry,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Copy a record out; key is for messages.  Errors: VERSION, DAMAGED. */
enum pinstore_status
ps_entries_copy(const char *path, struct ps_bytes key, struct ps_bytes record,
                struct ps_entry *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The host of a stored key.  Errors: DAMAGED. */
enum pinstore_status
ps_entries_host(const char *path, struct ps_bytes key, struct ps_host *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_ENTRIES_H */
