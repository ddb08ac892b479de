/*
 * orders.c - what the operator has laid down beside the entries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/orders.h"

#include <assert.h>
#include <string.h>

#include <pinstore/admin.h>

#include "base/octets.h"
#include "base/status.h"
#include "model/order.h"
#include "store/links.h"
#include "store/meta.h"
#include "store/record.h"
#include "store/upgrade.h"

#define SUMMARY_LEN 40
#define SUMMARY "its summary of orders"
#define NO_SUMMARY "it has no summary of orders"
#define SETTINGS "its settings"

/* The body of the settings: which are set, anchors, values, the anchors. */
#define SETTINGS_HEAD_LEN (8 + 8 * PS_SETTINGS_MAX)
/* A limit is whole pages on every machine. */
#define LIMIT_ROUND ((uint64_t)64 << 10)
#define PIN_LEN sizeof(struct pinstore_pin)

static_assert(SETTINGS_HEAD_LEN + PS_ANCHORS_MAX * 32 <= PS_RECORD_BODY_MAX,
              "the settings do not fit into a record");

static struct ps_bytes
key_of(const char *word)
{
	struct ps_bytes key = {(const uint8_t *)word, strlen(word)};

	return key;
}

static enum pinstore_status
damaged(struct ps_txn *txn, const char *what, struct pinstore_error *error)
{
	return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED, what,
	                      error);
}

/* -------------------------------------------------------------- the summary */

enum pinstore_status
ps_orders_put_summary(struct ps_txn *txn, const struct ps_store_id *id,
                      const struct ps_orders *orders,
                      struct pinstore_error *error)
{
	uint8_t body[SUMMARY_LEN];

	ps_put_le64(body, orders->revoked);
	ps_put_le64(body + 8, orders->bypassed);
	ps_put_le64(body + 16, orders->settings);
	ps_put_le64(body + 24, orders->anchors);
	ps_put_le64(body + 32, orders->changes);
	return ps_record_put(txn, id, PS_META, key_of("orders"), body,
	                     sizeof(body), error);
}

enum pinstore_status
ps_orders_create(struct ps_txn *txn, const struct ps_store_id *id,
                 struct pinstore_error *error)
{
	struct ps_orders none = {0};

	return ps_orders_put_summary(txn, id, &none, error);
}

/* Each table has a head beside what is counted. */
static enum pinstore_status
hold_against(struct ps_txn *txn, enum ps_table table, uint64_t wanted,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t n;

	status = ps_txn_count(txn, table, &n, error);
	if (status == PINSTORE_OK && n != wanted)
		status = damaged(txn, SUMMARY, error);
	return status;
}

bool
ps_orders_decode(struct ps_bytes body, struct ps_orders *out)
{
	memset(out, 0, sizeof(*out));
	if (body.len != SUMMARY_LEN)
		return false;
	out->revoked = ps_get_le64(body.at);
	out->bypassed = ps_get_le64(body.at + 8);
	out->settings = ps_get_le64(body.at + 16);
	out->anchors = ps_get_le64(body.at + 24);
	out->changes = ps_get_le64(body.at + 32);
	return out->settings <= 1 && out->anchors <= PS_ANCHORS_MAX;
}

enum pinstore_status
ps_orders_load(struct ps_txn *txn, const struct ps_store_id *id,
               struct ps_orders *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes body;

	memset(out, 0, sizeof(*out));
	status = ps_record_get(txn, id, PS_META, key_of("orders"), SUMMARY,
	                       &body, error);
	if (status == PINSTORE_ERR_NOTFOUND) {
		status = ps_meta_prove_older(txn, PS_SCHEMA_ORDERS,
		                             NO_SUMMARY, error);
	} else if (status == PINSTORE_OK && !ps_orders_decode(body, out)) {
		status = damaged(txn, SUMMARY, error);
	}
	if (status == PINSTORE_OK)
		status = hold_against(txn, PS_REVOKED, out->revoked + 1, error);
	if (status == PINSTORE_OK)
		status = hold_against(txn, PS_BYPASS, out->bypassed + 1, error);
	if (status == PINSTORE_OK)
		status = hold_against(txn, PS_SETTINGS, out->settings, error);
	return status;
}

bool
ps_orders_is_plain(const struct ps_orders *orders)
{
	return orders->revoked == 0 && orders->bypassed == 0 &&
	       orders->anchors == 0;
}

/* --------------------------------------------------------------- the orders */

static enum ps_order_kind
kind_of(enum ps_table table)
{
	return table == PS_REVOKED ? PS_ORDER_REVOKED : PS_ORDER_BYPASS;
}

static enum pinstore_status
decode(struct ps_txn *txn, enum ps_table table, const struct ps_spot *spot,
       struct ps_order *out, struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_order_decode(spot->record.at, spot->record.len,
	                         kind_of(table), out);
	if (status != PINSTORE_OK)
		return ps_links_fail(ps_txn_path(txn), status, spot->key,
		                     error);
	return PINSTORE_OK;
}

enum pinstore_status
ps_orders_get(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, bool *found,
              struct ps_order *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_spot spot;

	*found = false;
	status = ps_links_find(txn, id, table, key, &spot, error);
	if (status != PINSTORE_OK || !spot.is_there)
		return status;
	status = decode(txn, table, &spot, out, error);
	*found = status == PINSTORE_OK;
	return status;
}

enum pinstore_status
ps_orders_next(struct ps_txn *txn, const struct ps_store_id *id,
               enum ps_table table, struct ps_key *at, bool *found,
               struct ps_order *out, struct pinstore_error *error)
{
	struct ps_bytes from = {at->octets, at->len};
	enum pinstore_status status;
	struct ps_spot spot;

	status = ps_links_behind(txn, id, table, from, found, &spot, error);
	if (status != PINSTORE_OK || !*found)
		return status;
	status = decode(txn, table, &spot, out, error);
	if (status != PINSTORE_OK)
		return status;
	at->len = spot.key.len;
	memcpy(at->octets, spot.key.at, spot.key.len);
	return PINSTORE_OK;
}

enum pinstore_status
ps_orders_put(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key,
              const struct ps_order *order, struct pinstore_error *error)
{
	uint8_t record[PS_ORDER_LEN_MAX];
	struct ps_orders orders;
	struct ps_spot spot;
	enum pinstore_status status;
	uint64_t *count;
	size_t len;

	status = ps_upgrade(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_orders_load(txn, id, &orders, error);
	if (status == PINSTORE_OK)
		status = ps_links_find(txn, id, table, key, &spot, error);
	if (status != PINSTORE_OK || (order == NULL && !spot.is_there))
		return status;
	count = table == PS_REVOKED ? &orders.revoked : &orders.bypassed;
	if (order == NULL) {
		--*count;
		status = ps_links_remove(txn, id, table, key, error);
	} else {
		*count += !spot.is_there;
		len = ps_order_encode(id, key.at, key.len, order, spot.next,
		                      record);
		status = ps_links_put(txn, id, table, key, record, len, &spot,
		                      error);
	}
	orders.changes++;
	if (status == PINSTORE_OK)
		status = ps_orders_put_summary(txn, id, &orders, error);
	/* Who does not know of revoked keys would let them in. */
	if (status == PINSTORE_OK && table == PS_REVOKED)
		status = ps_meta_require(txn, PS_SCHEMA_ORDERS,
		                         PS_SCHEMA_ORDERS, error);
	return status;
}

/* ------------------------------------------------------------- the settings */

enum pinstore_status
ps_orders_decode_settings(struct ps_bytes body, struct ps_settings *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	if (body.len < SETTINGS_HEAD_LEN)
		return PINSTORE_ERR_DAMAGED;
	out->set = ps_get_le32(body.at);
	out->n_anchors = ps_get_le32(body.at + 4);
	if (out->n_anchors > PS_ANCHORS_MAX ||
	    body.len != SETTINGS_HEAD_LEN + out->n_anchors * PIN_LEN)
		return PINSTORE_ERR_DAMAGED;
	if (out->set >= UINT32_C(1) << PS_SETTINGS_MAX)
		return PINSTORE_ERR_VERSION;
	for (i = 0; i < PS_SETTINGS_MAX; i++)
		out->value[i] = (int64_t)ps_get_le64(body.at + 8 + 8 * i);
	for (i = 0; i < out->n_anchors; i++)
		memcpy(out->anchor[i].sha256,
		       body.at + SETTINGS_HEAD_LEN + i * PIN_LEN, PIN_LEN);
	return PINSTORE_OK;
}

static enum pinstore_status
get_settings(struct ps_txn *txn, const struct ps_store_id *id,
             const struct ps_orders *orders, struct ps_settings *out,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes body;

	memset(out, 0, sizeof(*out));
	if (orders->settings == 0)
		return orders->anchors == 0 ? PINSTORE_OK
		                            : damaged(txn, SUMMARY, error);
	status = ps_record_get(txn, id, PS_SETTINGS, key_of("settings"),
	                       SETTINGS, &body, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return damaged(txn, SETTINGS, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_orders_decode_settings(body, out);
	if (status == PINSTORE_OK && out->n_anchors != orders->anchors)
		status = PINSTORE_ERR_DAMAGED;
	return status == PINSTORE_OK
	               ? status
	               : ps_record_fail(ps_txn_path(txn), status, SETTINGS,
	                                error);
}

enum pinstore_status
ps_orders_settings(struct ps_txn *txn, const struct ps_store_id *id,
                   struct ps_settings *out, struct pinstore_error *error)
{
	struct ps_orders orders;
	enum pinstore_status status;

	memset(out, 0, sizeof(*out));
	status = ps_orders_load(txn, id, &orders, error);
	if (status != PINSTORE_OK)
		return status;
	return get_settings(txn, id, &orders, out, error);
}

enum pinstore_status
ps_orders_max_bytes(struct ps_txn *txn, const struct ps_store_id *id,
                    uint64_t *out, struct pinstore_error *error)
{
	struct ps_settings settings;
	enum pinstore_status status;

	*out = UINT64_MAX;
	status = ps_orders_settings(txn, id, &settings, error);
	if (status == PINSTORE_OK &&
	    (settings.set & UINT32_C(1) << PINSTORE_SETTING_MAX_BYTES) != 0)
		*out = (uint64_t)settings.value[PINSTORE_SETTING_MAX_BYTES] /
		       LIMIT_ROUND * LIMIT_ROUND;
	return status;
}

enum pinstore_status
ps_orders_put_settings(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_settings *settings,
                       struct pinstore_error *error)
{
	uint8_t body[SETTINGS_HEAD_LEN + PS_ANCHORS_MAX * PIN_LEN] = {0};
	size_t len = SETTINGS_HEAD_LEN + settings->n_anchors * PIN_LEN, i;
	struct ps_orders orders;
	enum pinstore_status status;

	assert(settings->n_anchors <= PS_ANCHORS_MAX);
	status = ps_upgrade(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_orders_load(txn, id, &orders, error);
	if (status != PINSTORE_OK)
		return status;
	ps_put_le32(body, settings->set);
	ps_put_le32(body + 4, (uint32_t)settings->n_anchors);
	for (i = 0; i < PS_SETTINGS_MAX; i++)
		ps_put_le64(body + 8 + 8 * i, (uint64_t)settings->value[i]);
	for (i = 0; i < settings->n_anchors; i++)
		memcpy(body + SETTINGS_HEAD_LEN + i * PIN_LEN,
		       settings->anchor[i].sha256, PIN_LEN);
	status = ps_record_put(txn, id, PS_SETTINGS, key_of("settings"), body,
	                       len, error);
	if (status != PINSTORE_OK)
		return status;
	orders.settings = 1;
	orders.anchors = settings->n_anchors;
	orders.changes++;
	return ps_orders_put_summary(txn, id, &orders, error);
}

/* --------------------------------------------------------------- the ruling */

static enum pinstore_status
find_revoked(struct ps_txn *txn, const struct ps_store_id *id,
             struct ps_ruling *ruling, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_order order;
	size_t i;

	for (i = 0; i < ruling->n_pins; i++) {
		struct ps_bytes key;

		if (ruling->pins[i] == NULL)
			continue;
		key.at = ruling->pins[i]->sha256;
		key.len = PIN_LEN;
		status = ps_orders_get(txn, id, PS_REVOKED, key,
		                       &ruling->is_revoked, &order, error);
		if (status != PINSTORE_OK)
			return status;
		if (ruling->is_revoked) {
			ruling->revoked = i;
			return PINSTORE_OK;
		}
	}
	return PINSTORE_OK;
}

/* A path ends in its anchor. */
static enum pinstore_status
find_anchor(struct ps_txn *txn, const struct ps_store_id *id,
            const struct ps_orders *orders, struct ps_ruling *ruling,
            struct pinstore_error *error)
{
	const struct pinstore_pin *last;
	struct ps_settings settings;
	enum pinstore_status status;
	size_t i;

	status = get_settings(txn, id, orders, &settings, error);
	if (status != PINSTORE_OK || ruling->n_pins == 0)
		return status;
	last = ruling->pins[ruling->n_pins - 1];
	for (i = 0; last != NULL && i < settings.n_anchors; i++)
		if (memcmp(last->sha256, settings.anchor[i].sha256, PIN_LEN) ==
		    0)
			ruling->is_local = true;
	return PINSTORE_OK;
}

/* The nearest bypass that is in force, from the name to the root. */
static enum pinstore_status
find_bypass(struct ps_txn *txn, const struct ps_store_id *id,
            const struct ps_key *key, struct ps_ruling *ruling,
            struct pinstore_error *error)
{
	struct ps_bytes at = {key->octets, key->len};
	enum pinstore_status status;

	while (at.len > 0) {
		struct ps_order order;
		bool found;

		status = ps_orders_get(txn, id, PS_BYPASS, at, &found, &order,
		                       error);
		if (status != PINSTORE_OK)
			return status;
		if (found && ruling->in_force(&order, at.len == key->len,
		                              ruling->now)) {
			ruling->has_bypass = true;
			ruling->bypass_len = at.len;
			if (ruling->bypass != NULL)
				*ruling->bypass = order;
			return PINSTORE_OK;
		}
		at.len = ps_key_ancestor_within(at.at, at.len, at.len - 1);
	}
	return PINSTORE_OK;
}

enum pinstore_status
ps_orders_rule(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_orders *orders, const struct ps_key *key,
               struct ps_ruling *ruling, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;

	ruling->wants_chain = orders->revoked > 0 || orders->anchors > 0;
	if (orders->revoked > 0)
		status = find_revoked(txn, id, ruling, error);
	if (status == PINSTORE_OK && orders->anchors > 0)
		status = find_anchor(txn, id, orders, ruling, error);
	if (status == PINSTORE_OK && orders->bypassed > 0 && key != NULL)
		status = find_bypass(txn, id, key, ruling, error);
	return status;
}
