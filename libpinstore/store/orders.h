/*
 * orders.h - what the operator has laid down beside the entries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A summary in meta says how many keys are revoked, hosts bypassed and anchors
 * local, and whether there are settings.  So one record tells that there is
 * nothing, and whatever it counts must be found.
 */
#ifndef PS_STORE_ORDERS_H
#define PS_STORE_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "store/db.h"
#include "store/store.h"

struct ps_orders {
	uint64_t revoked;
	uint64_t bypassed;
	uint64_t settings; /* 0 or 1 */
	uint64_t anchors;
	uint64_t changes; /* so many times it was changed */
};

/* The bodies of the summary, and of the settings; errors without text. */
bool
ps_orders_decode(struct ps_bytes body, struct ps_orders *out);
enum pinstore_status
ps_orders_decode_settings(struct ps_bytes body,
                          struct ps_settings *out) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_orders_put_summary(struct ps_txn *txn, const struct ps_store_id *id,
                      const struct ps_orders *orders,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Fill a new store: nothing is laid down. */
enum pinstore_status
ps_orders_create(struct ps_txn *txn, const struct ps_store_id *id,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Read the summary and hold it against the tables.  A store of schema 1 has
 * none, and nothing laid down.  Errors: VERSION, DAMAGED, IO.
 */
enum pinstore_status
ps_orders_load(struct ps_txn *txn, const struct ps_store_id *id,
               struct ps_orders *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Whether it says that no check need look further. */
bool
ps_orders_is_plain(const struct ps_orders *orders);

/* Fill what ruling tells, for key (NULL: an address). */
enum pinstore_status
ps_orders_rule(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_orders *orders, const struct ps_key *key,
               struct ps_ruling *ruling,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* One order by its key; *found is false if there is none, which is proved. */
enum pinstore_status
ps_orders_get(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, bool *found,
              struct ps_order *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Put one, or with NULL remove it; what is not there is not removed. */
enum pinstore_status
ps_orders_put(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key,
              const struct ps_order *order,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The order behind key *at, which it overwrites; *found false at the end. */
enum pinstore_status
ps_orders_next(struct ps_txn *txn, const struct ps_store_id *id,
               enum ps_table table, struct ps_key *at, bool *found,
               struct ps_order *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The settings; all unset if there are none. */
enum pinstore_status
ps_orders_settings(struct ps_txn *txn, const struct ps_store_id *id,
                   struct ps_settings *out,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* To how many octets the file may grow; UINT64_MAX if that is not set. */
enum pinstore_status
ps_orders_max_bytes(struct ps_txn *txn, const struct ps_store_id *id,
                    uint64_t *out,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_orders_put_settings(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_settings *settings,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_ORDERS_H */
