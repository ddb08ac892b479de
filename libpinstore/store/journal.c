/*
 * journal.c - what happened: a ring of records in the order of their numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/journal.h"

#include <string.h>

#include "base/octets.h"
#include "base/status.h"
#include "store/meta.h"
#include "store/record.h"

/* The body: kind, layer, two zeros, the key's length, the times, the key. */
#define BODY_HEAD_LEN 24
#define OFFSET_KIND 0
#define OFFSET_LAYER 1
#define OFFSET_KEY_LEN 4
#define OFFSET_AT 8
#define OFFSET_COUNT 16
/* Behind the key, of those that have a judgement. */
#define JUDGED_LEN 48
#define JUDGED_WHY 0
#define JUDGED_FLAGS 1
#define JUDGED_RESERVED 2
#define JUDGED_POLICY 8
#define JUDGED_PIN 16
#define FLAG_ENFORCED 0x01
/* So far back a record is looked for that tells the same, and so many. */
#define REPEAT_SECONDS 3600
#define REPEAT_RECORDS 1000
/* Records are ordered by their numbers, so the key is big-endian. */
#define KEY_LEN 8

static void
put_number(uint64_t number, uint8_t key[KEY_LEN])
{
	size_t i;

	for (i = 0; i < KEY_LEN; i++)
		key[i] = (uint8_t)(number >> (8 * (KEY_LEN - 1 - i)));
}

static uint64_t
get_number(const uint8_t *key)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < KEY_LEN; i++)
		number = number << 8 | key[i];
	return number;
}

static enum pinstore_status
damaged(struct ps_txn *txn, struct pinstore_error *error)
{
	return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
	                      "a record of its journal", error);
}

static bool
is_judged(enum ps_event_kind kind)
{
	switch (kind) {
	case PS_EVENT_VIOLATION:
	case PS_EVENT_BYPASSED:
	case PS_EVENT_REVOKED:
	case PS_EVENT_UNREVOKED:
	case PS_EVENT_OTHER_PATH:
	case PS_EVENT_ERROR:
		return true;
	case PS_EVENT_NOTED:
	case PS_EVENT_UPDATED:
	case PS_EVENT_REMOVED:
	case PS_EVENT_UNPINNED:
	case PS_EVENT_PINNED:
	case PS_EVENT_CLEARED:
	case PS_EVENT_EXPIRED:
	case PS_EVENT_CLOCK:
	case PS_EVENT_BYPASS:
	case PS_EVENT_BYPASS_ENDED:
	case PS_EVENT_SETTING:
	case PS_EVENT_MODE:
	case PS_EVENT_IMPORTED:
		break;
	}
	return false;
}

/* The judgement of event behind its key; the number of octets. */
static size_t
put_judgement(const struct ps_event *event, uint8_t *out)
{
	if (!is_judged(event->kind))
		return 0;
	out[JUDGED_WHY] = (uint8_t)event->why;
	out[JUDGED_FLAGS] = event->is_enforced ? FLAG_ENFORCED : 0;
	ps_put_le64(out + JUDGED_POLICY, event->policy);
	memcpy(out + JUDGED_PIN, event->pin.sha256, sizeof(event->pin.sha256));
	return JUDGED_LEN;
}

/* Make room for one more. */
static enum pinstore_status
drop_oldest(struct ps_txn *txn, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes key = {NULL, 0}, record;
	uint64_t n;

	status = ps_txn_count(txn, PS_JOURNAL, &n, error);
	for (; status == PINSTORE_OK && n >= PS_JOURNAL_MAX; n--) {
		uint8_t copy[KEY_LEN];

		status = ps_txn_seek(txn, PS_JOURNAL, PS_SEEK_FIRST, &key,
		                     &record, error);
		if (status == PINSTORE_ERR_NOTFOUND ||
		    (status == PINSTORE_OK && key.len != KEY_LEN))
			return damaged(txn, error);
		if (status != PINSTORE_OK)
			return status;
		memcpy(copy, key.at, KEY_LEN);
		key.at = copy;
		status = ps_txn_delete(txn, PS_JOURNAL, key, error);
	}
	return status;
}

enum pinstore_status
ps_journal_add(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_event *event, struct pinstore_error *error)
{
	uint8_t body[BODY_HEAD_LEN + PINSTORE_HOST_MAX + JUDGED_LEN] = {0};
	uint8_t number_key[KEY_LEN];
	struct ps_bytes key = {number_key, KEY_LEN};
	struct ps_key host = {0, {0}};
	enum pinstore_status status;
	uint64_t number;
	size_t len;

	status = drop_oldest(txn, error);
	if (status == PINSTORE_OK)
		status = ps_meta_number(txn, id, PS_NUMBER_JOURNAL, &number,
		                        error);
	if (status != PINSTORE_OK)
		return status;
	if (event->host != NULL)
		ps_host_key(event->host, &host);
	body[OFFSET_KIND] = (uint8_t)event->kind;
	body[OFFSET_LAYER] = (uint8_t)event->layer;
	ps_put_le32(body + OFFSET_KEY_LEN, (uint32_t)host.len);
	ps_put_le64(body + OFFSET_AT, (uint64_t)event->at);
	ps_put_le64(body + OFFSET_COUNT, event->count);
	memcpy(body + BODY_HEAD_LEN, host.octets, host.len);
	len = BODY_HEAD_LEN + host.len;
	len += put_judgement(event, body + len);
	put_number(++number, number_key);
	status = ps_record_put(txn, id, PS_JOURNAL, key, body, len, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_meta_set_number(txn, id, PS_NUMBER_JOURNAL, number, error);
}

static bool
is_kind(uint8_t kind)
{
	return kind >= PS_EVENT_NOTED && kind <= PS_EVENT_LAST;
}

/* What stands behind the key; false if it does not fit the kind. */
static bool
get_judgement(const uint8_t *at, size_t len, struct ps_event *out)
{
	static const uint8_t zero[JUDGED_POLICY - JUDGED_RESERVED] = {0};

	if (!is_judged(out->kind))
		return len == 0;
	if (len != JUDGED_LEN ||
	    (at[JUDGED_FLAGS] & ~FLAG_ENFORCED) != 0 ||
	    memcmp(at + JUDGED_RESERVED, zero, sizeof(zero)) != 0)
		return false;
	out->why = (enum pinstore_reason)at[JUDGED_WHY];
	out->is_enforced = at[JUDGED_FLAGS] != 0;
	out->policy = ps_get_le64(at + JUDGED_POLICY);
	memcpy(out->pin.sha256, at + JUDGED_PIN, sizeof(out->pin.sha256));
	return true;
}

/* Every field of a record is checked; a kind this code does not know too. */
enum pinstore_status
ps_journal_decode(const struct ps_store_id *id, struct ps_bytes key,
                  struct ps_bytes record, struct ps_journal_item *out)
{
	enum pinstore_status status;
	struct ps_bytes body;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (key.len != KEY_LEN)
		return PINSTORE_ERR_DAMAGED;
	status = ps_record_open(id, PS_JOURNAL, key, record, &body);
	if (status != PINSTORE_OK)
		return status;
	if (body.len < BODY_HEAD_LEN)
		return PINSTORE_ERR_DAMAGED;
	len = ps_get_le32(body.at + OFFSET_KEY_LEN);
	if (len > body.len - BODY_HEAD_LEN || len > PINSTORE_HOST_MAX ||
	    !is_kind(body.at[OFFSET_KIND]) || body.at[OFFSET_LAYER] >= PS_LAYERS)
		return PINSTORE_ERR_DAMAGED;
	if (len > 0 && ps_key_host(body.at + BODY_HEAD_LEN, len, &out->host) !=
	                       PINSTORE_OK)
		return PINSTORE_ERR_DAMAGED;
	out->number = get_number(key.at);
	out->has_host = len > 0;
	out->event.kind = (enum ps_event_kind)body.at[OFFSET_KIND];
	out->event.layer = (enum pinstore_layer)body.at[OFFSET_LAYER];
	out->event.at = (int64_t)ps_get_le64(body.at + OFFSET_AT);
	out->event.count = ps_get_le64(body.at + OFFSET_COUNT);
	return get_judgement(body.at + BODY_HEAD_LEN + len,
	                     body.len - BODY_HEAD_LEN - len, &out->event)
	               ? PINSTORE_OK
	               : PINSTORE_ERR_DAMAGED;
}

static enum pinstore_status
decode(struct ps_txn *txn, const struct ps_store_id *id, struct ps_bytes key,
       struct ps_bytes record, struct ps_journal_item *out,
       struct pinstore_error *error)
{
	enum pinstore_status status = ps_journal_decode(id, key, record, out);

	return status == PINSTORE_OK
	               ? status
	               : ps_record_fail(ps_txn_path(txn), status,
	                                "a record of its journal", error);
}

enum pinstore_status
ps_journal_forget(struct ps_txn *txn, const struct ps_store_id *id,
                  ps_journal_ask_fn *ask, void *arg,
                  struct pinstore_error *error)
{
	uint8_t from[KEY_LEN] = {0};
	enum pinstore_status status;
	uint64_t wanted, n = 0;

	status = ps_txn_count(txn, PS_JOURNAL, &wanted, error);
	if (status != PINSTORE_OK)
		return status;
	for (;; n++) {
		struct ps_bytes at = {from, KEY_LEN}, record;
		struct ps_journal_item item;
		bool is_meant = false;

		status = ps_txn_seek(txn, PS_JOURNAL, PS_SEEK_FROM, &at,
		                     &record, error);
		/*
		 * No record here names the one behind it, but the root of the
		 * tree has their number: none is hidden, with its host.
		 */
		if (status == PINSTORE_ERR_NOTFOUND)
			return n == wanted ? PINSTORE_OK : damaged(txn, error);
		if (status == PINSTORE_OK)
			status = decode(txn, id, at, record, &item, error);
		if (status == PINSTORE_OK)
			status = ask(item.has_host ? &item.host : NULL, arg,
			             &is_meant, error);
		if (status != PINSTORE_OK)
			return status;
		put_number(item.number, from);
		at.at = from;
		if (is_meant)
			status = ps_txn_delete(txn, PS_JOURNAL, at, error);
		if (status != PINSTORE_OK || item.number == UINT64_MAX)
			return status;
		put_number(item.number + 1, from);
	}
}

static bool
tells_the_same(const struct ps_journal_item *item, const struct ps_event *event)
{
	const struct ps_event *told = &item->event;

	if (told->kind != event->kind || told->policy != event->policy ||
	    told->is_enforced != event->is_enforced ||
	    item->has_host != (event->host != NULL) ||
	    memcmp(&told->pin, &event->pin, sizeof(told->pin)) != 0)
		return false;
	if (item->has_host && strcmp(item->host.name, event->host->name) != 0)
		return false;
	return told->at <= event->at &&
	       (uint64_t)event->at - (uint64_t)told->at < REPEAT_SECONDS;
}

enum pinstore_status
ps_journal_is_repeated(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_event *event, bool *is_repeated,
                       int64_t *since, struct pinstore_error *error)
{
	enum ps_seek seek = PS_SEEK_LAST;
	struct ps_bytes key = {NULL, 0}, record;
	enum pinstore_status status;
	size_t n;

	*is_repeated = false;
	*since = event->at;
	for (n = 0; n < REPEAT_RECORDS && !*is_repeated; n++) {
		struct ps_journal_item item;

		status = ps_txn_seek(txn, PS_JOURNAL, seek, &key, &record,
		                     error);
		if (status == PINSTORE_ERR_NOTFOUND)
			return PINSTORE_OK;
		if (status == PINSTORE_OK)
			status = decode(txn, id, key, record, &item, error);
		if (status != PINSTORE_OK)
			return status;
		*is_repeated = tells_the_same(&item, event);
		*since = item.event.at;
		seek = PS_SEEK_PREV;
	}
	return PINSTORE_OK;
}

/* Nothing was found behind number `after`: see that this is the end. */
static enum pinstore_status
prove_end(struct ps_txn *txn, uint64_t after, struct pinstore_error *error)
{
	struct ps_bytes key = {NULL, 0}, record;
	enum pinstore_status status;
	uint64_t n;

	status = ps_txn_count(txn, PS_JOURNAL, &n, error);
	if (status != PINSTORE_OK || n == 0)
		return status;
	status = ps_txn_seek(txn, PS_JOURNAL, PS_SEEK_LAST, &key, &record,
	                     error);
	if (status == PINSTORE_ERR_NOTFOUND ||
	    (status == PINSTORE_OK &&
	     (key.len != KEY_LEN || get_number(key.at) > after)))
		return damaged(txn, error);
	return status;
}

enum pinstore_status
ps_journal_read(struct ps_txn *txn, const struct ps_store_id *id,
                uint64_t after, struct ps_journal_item *out, size_t max,
                size_t *n, struct pinstore_error *error)
{
	uint8_t from[KEY_LEN];
	struct ps_bytes key = {from, KEY_LEN}, record;
	enum pinstore_status status;

	*n = 0;
	if (after == UINT64_MAX)
		return PINSTORE_OK;
	put_number(after + 1, from);
	status = ps_txn_seek(txn, PS_JOURNAL, PS_SEEK_FROM, &key, &record,
	                     error);
	while (status == PINSTORE_OK) {
		status = decode(txn, id, key, record, &out[*n], error);
		if (status != PINSTORE_OK)
			return status;
		after = out[*n].number;
		if (++*n == max)
			return status;
		status = ps_txn_seek(txn, PS_JOURNAL, PS_SEEK_NEXT, &key,
		                     &record, error);
	}
	return status == PINSTORE_ERR_NOTFOUND ? prove_end(txn, after, error)
	                                       : status;
}
