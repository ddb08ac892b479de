/*
 * reports.c - the queue of failure reports, and what was reported of late.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/reports.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "base/status.h"
#include "store/meta.h"
#include "store/record.h"

#define SUMMARY_LEN 40
#define SUMMARY "its summary of reports"
#define NO_SUMMARY "it has no summary of reports"
#define RECORD "a record of its reports"

/* A key: which of the two records, then the number, big-endian. */
#define KEY_LEN 9
#define KEY_FIELDS 0
#define KEY_TEXT 1

/* The body of the fields; behind it the host's key and the URI. */
#define BODY_HEAD_LEN 48
#define OFFSET_STATE 0
#define OFFSET_KIND 1
#define OFFSET_FLAGS 2
#define OFFSET_NOTED_LEN 3
#define OFFSET_PORT 4
#define OFFSET_KEY_LEN 6
#define OFFSET_URI_LEN 8
#define OFFSET_ATTEMPTS 10
#define OFFSET_TEXT_LEN 12
#define OFFSET_POLICY 16
#define OFFSET_CREATED 24
#define OFFSET_NEXT 32
#define OFFSET_LEASED 40
#define STATE_WAITING 1
#define STATE_QUIET 2
#define FLAG_PRIVATE 0x01

static_assert(BODY_HEAD_LEN + PINSTORE_HOST_MAX + PINSTORE_URI_MAX <=
                      PS_RECORD_BODY_MAX,
              "the fields of a report do not fit into a record");
/* NOLINTNEXTLINE(misc-redundant-expression): two names, today of one value */
static_assert(PS_REPORT_TEXT_MAX <= PS_RECORD_TEXT_MAX,
              "a report's text does not fit into a record");

struct report_key {
	uint8_t octets[KEY_LEN];
};

static struct ps_bytes
key_of(uint8_t which, uint64_t number, struct report_key *out)
{
	struct ps_bytes key = {out->octets, KEY_LEN};
	size_t i;

	out->octets[0] = which;
	for (i = 1; i < KEY_LEN; i++)
		out->octets[i] = (uint8_t)(number >> (8 * (KEY_LEN - 1 - i)));
	return key;
}

static enum pinstore_status
damaged(struct ps_txn *txn, const char *what, struct pinstore_error *error)
{
	return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED, what,
	                      error);
}

/* -------------------------------------------------------------- the summary */

static struct ps_bytes
summary_key(void)
{
	static const char word[] = "reports";
	struct ps_bytes key = {(const uint8_t *)word, sizeof(word) - 1};

	return key;
}

enum pinstore_status
ps_reports_put_summary(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_queue *queue,
                       struct pinstore_error *error)
{
	uint8_t body[SUMMARY_LEN];

	ps_put_le64(body, queue->last);
	ps_put_le64(body + 8, queue->waiting);
	ps_put_le64(body + 16, queue->quiet);
	ps_put_le64(body + 24, queue->octets);
	ps_put_le64(body + 32, queue->dropped);
	return ps_record_put(txn, id, PS_META, summary_key(), body,
	                     sizeof(body), error);
}

enum pinstore_status
ps_reports_create(struct ps_txn *txn, const struct ps_store_id *id,
                  struct pinstore_error *error)
{
	struct ps_queue none = {0};

	return ps_reports_put_summary(txn, id, &none, error);
}

bool
ps_reports_decode_summary(struct ps_bytes body, struct ps_queue *out)
{
	memset(out, 0, sizeof(*out));
	if (body.len != SUMMARY_LEN)
		return false;
	out->last = ps_get_le64(body.at);
	out->waiting = ps_get_le64(body.at + 8);
	out->quiet = ps_get_le64(body.at + 16);
	out->octets = ps_get_le64(body.at + 24);
	out->dropped = ps_get_le64(body.at + 32);
	return true;
}

static enum pinstore_status
get_summary(struct ps_txn *txn, const struct ps_store_id *id,
            struct ps_queue *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes body;

	memset(out, 0, sizeof(*out));
	status = ps_record_get(txn, id, PS_META, summary_key(), SUMMARY, &body,
	                       error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_meta_prove_older(txn, PS_SCHEMA_REPORTS,
		                           NO_SUMMARY, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_reports_decode_summary(body, out)
	               ? PINSTORE_OK
	               : damaged(txn, SUMMARY, error);
}

enum pinstore_status
ps_reports_load(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_queue *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t n = 0;

	status = get_summary(txn, id, out, error);
	if (status == PINSTORE_OK)
		status = ps_txn_count(txn, PS_REPORTS, &n, error);
	if (status == PINSTORE_OK && n != 2 * out->waiting + out->quiet)
		status = damaged(txn, SUMMARY, error);
	return status;
}

/* -------------------------------------------------------------- the records */

static size_t
encode(const struct ps_report *report, uint8_t body[PS_RECORD_BODY_MAX])
{
	size_t uri_len = report->is_waiting ? strlen(report->uri) : 0;
	struct ps_key host;

	ps_host_key(&report->host, &host);
	memset(body, 0, BODY_HEAD_LEN);
	body[OFFSET_STATE] = report->is_waiting ? STATE_WAITING : STATE_QUIET;
	body[OFFSET_KIND] = (uint8_t)report->kind;
	body[OFFSET_FLAGS] = report->is_private ? FLAG_PRIVATE : 0;
	body[OFFSET_NOTED_LEN] = report->noted_len;
	ps_put_le16(body + OFFSET_PORT, report->port);
	ps_put_le16(body + OFFSET_KEY_LEN, (uint16_t)host.len);
	ps_put_le16(body + OFFSET_URI_LEN, (uint16_t)uri_len);
	ps_put_le16(body + OFFSET_ATTEMPTS, report->attempts);
	ps_put_le32(body + OFFSET_TEXT_LEN,
	            report->is_waiting ? (uint32_t)report->text_len : 0);
	ps_put_le64(body + OFFSET_POLICY, report->key);
	ps_put_le64(body + OFFSET_CREATED, (uint64_t)report->created);
	ps_put_le64(body + OFFSET_NEXT, (uint64_t)report->next);
	ps_put_le64(body + OFFSET_LEASED, (uint64_t)report->leased);
	memcpy(body + BODY_HEAD_LEN, host.octets, host.len);
	memcpy(body + BODY_HEAD_LEN + host.len, report->uri, uri_len);
	return BODY_HEAD_LEN + host.len + uri_len;
}

/* Whether the lengths and the state of a body fit each other. */
static bool
is_sound(struct ps_bytes body)
{
	size_t key_len, uri_len, text_len, noted_len;
	bool is_waiting;

	if (body.len < BODY_HEAD_LEN)
		return false;
	noted_len = body.at[OFFSET_NOTED_LEN];
	key_len = ps_get_le16(body.at + OFFSET_KEY_LEN);
	uri_len = ps_get_le16(body.at + OFFSET_URI_LEN);
	text_len = ps_get_le32(body.at + OFFSET_TEXT_LEN);
	is_waiting = body.at[OFFSET_STATE] == STATE_WAITING;
	return (is_waiting || body.at[OFFSET_STATE] == STATE_QUIET) &&
	       body.at[OFFSET_KIND] <= PINSTORE_PKP_RO &&
	       (body.at[OFFSET_FLAGS] & ~FLAG_PRIVATE) == 0 &&
	       body.len == BODY_HEAD_LEN + key_len + uri_len &&
	       noted_len > 0 && noted_len <= key_len &&
	       (noted_len == key_len ||
	        body.at[BODY_HEAD_LEN + noted_len] == '.') &&
	       uri_len <= PINSTORE_URI_MAX &&
	       text_len <= PS_REPORT_TEXT_MAX && is_waiting == (uri_len > 0) &&
	       is_waiting == (text_len > 0);
}

static bool
decode(struct ps_bytes body, struct ps_report *out)
{
	const uint8_t *at = body.at;
	size_t key_len, uri_len;

	if (!is_sound(body))
		return false;
	key_len = ps_get_le16(at + OFFSET_KEY_LEN);
	uri_len = ps_get_le16(at + OFFSET_URI_LEN);
	if (ps_key_host(at + BODY_HEAD_LEN, key_len, &out->host) != PINSTORE_OK)
		return false;
	out->is_waiting = at[OFFSET_STATE] == STATE_WAITING;
	out->kind = (enum pinstore_kind)at[OFFSET_KIND];
	out->is_private = at[OFFSET_FLAGS] != 0;
	out->noted_len = at[OFFSET_NOTED_LEN];
	out->port = ps_get_le16(at + OFFSET_PORT);
	out->attempts = ps_get_le16(at + OFFSET_ATTEMPTS);
	out->text_len = ps_get_le32(at + OFFSET_TEXT_LEN);
	out->key = ps_get_le64(at + OFFSET_POLICY);
	out->created = (int64_t)ps_get_le64(at + OFFSET_CREATED);
	out->next = (int64_t)ps_get_le64(at + OFFSET_NEXT);
	out->leased = (int64_t)ps_get_le64(at + OFFSET_LEASED);
	memcpy(out->uri, at + BODY_HEAD_LEN + key_len, uri_len);
	out->uri[uri_len] = '\0';
	return true;
}

static uint64_t
number_of(struct ps_bytes key)
{
	uint64_t number = 0;
	size_t i;

	for (i = 1; i < KEY_LEN; i++)
		number = number << 8 | key.at[i];
	return number;
}

enum pinstore_status
ps_reports_decode(const struct ps_store_id *id, struct ps_bytes key,
                  struct ps_bytes record, bool *is_text, struct ps_report *out)
{
	enum pinstore_status status;
	struct ps_bytes body;

	memset(out, 0, sizeof(*out));
	*is_text = false;
	if (key.len != KEY_LEN || key.at[0] > KEY_TEXT)
		return PINSTORE_ERR_DAMAGED;
	status = ps_record_open(id, PS_REPORTS, key, record, &body);
	if (status != PINSTORE_OK)
		return status;
	*is_text = key.at[0] == KEY_TEXT;
	if (!*is_text && !decode(body, out))
		return PINSTORE_ERR_DAMAGED;
	if (*is_text)
		out->text_len = body.len;
	out->id = number_of(key);
	return PINSTORE_OK;
}

/* See that no record stands behind `after` where none was found. */
static enum pinstore_status
prove_end(struct ps_txn *txn, uint64_t after, struct pinstore_error *error)
{
	struct ps_bytes key = {NULL, 0}, record;
	enum pinstore_status status;

	status = ps_txn_seek(txn, PS_REPORTS, PS_SEEK_LAST, &key, &record,
	                     error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return PINSTORE_OK;
	if (status == PINSTORE_OK &&
	    (key.len != KEY_LEN || key.at[0] != KEY_FIELDS ||
	     number_of(key) > after))
		status = damaged(txn, RECORD, error);
	return status;
}

enum pinstore_status
ps_reports_next(struct ps_txn *txn, const struct ps_store_id *id,
                uint64_t after, bool *found, struct ps_report *out,
                struct pinstore_error *error)
{
	struct report_key from;
	struct ps_bytes key, record;
	enum pinstore_status status;
	bool is_text;

	*found = false;
	memset(out, 0, sizeof(*out));
	if (after == UINT64_MAX)
		return PINSTORE_OK;
	key = key_of(KEY_FIELDS, after + 1, &from);
	status = ps_txn_seek(txn, PS_REPORTS, PS_SEEK_FROM, &key, &record,
	                     error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return prove_end(txn, after, error);
	if (status != PINSTORE_OK)
		return status;
	if (key.len == KEY_LEN && key.at[0] != KEY_FIELDS)
		return PINSTORE_OK;
	status = ps_reports_decode(id, key, record, &is_text, out);
	*found = status == PINSTORE_OK;
	return *found ? status
	              : ps_record_fail(ps_txn_path(txn), status, RECORD, error);
}

enum pinstore_status
ps_reports_text(struct ps_txn *txn, const struct ps_store_id *id,
                const struct ps_report *report, char **out,
                struct pinstore_error *error)
{
	struct report_key number;
	enum pinstore_status status;
	struct ps_bytes body;

	*out = NULL;
	status = ps_record_get(txn, id, PS_REPORTS,
	                       key_of(KEY_TEXT, report->id, &number), RECORD,
	                       &body, error);
	if (status == PINSTORE_ERR_NOTFOUND ||
	    (status == PINSTORE_OK && body.len != report->text_len))
		return damaged(txn, RECORD, error);
	if (status != PINSTORE_OK)
		return status;
	*out = malloc(body.len + 1);
	if (*out == NULL)
		return ps_fail_nomem(error);
	memcpy(*out, body.at, body.len);
	(*out)[body.len] = '\0';
	return PINSTORE_OK;
}

static enum pinstore_status
put_text(struct ps_txn *txn, const struct ps_store_id *id, uint64_t number,
         const char *text, size_t len, struct pinstore_error *error)
{
	struct report_key octets;
	struct ps_bytes key = key_of(KEY_TEXT, number, &octets);
	struct ps_bytes record = {NULL, 0};
	enum pinstore_status status;
	uint8_t *copy;

	copy = malloc(PS_RECORD_HEAD_LEN + len);
	if (copy == NULL)
		return ps_fail_nomem(error);
	record.at = copy;
	record.len = ps_record_seal(id, PS_REPORTS, key, (const uint8_t *)text,
	                            len, copy);
	status = ps_txn_put(txn, PS_REPORTS, key, record, error);
	free(copy);
	return status;
}

enum pinstore_status
ps_reports_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report, struct pinstore_error *error)
{
	uint8_t body[PS_RECORD_BODY_MAX];
	struct report_key number;
	size_t len;

	len = encode(report, body);
	return ps_record_put(txn, id, PS_REPORTS,
	                     key_of(KEY_FIELDS, report->id, &number), body,
	                     len, error);
}

static enum pinstore_status
drop(struct ps_txn *txn, uint8_t which, uint64_t number,
     struct pinstore_error *error)
{
	struct report_key octets;

	return ps_txn_delete(txn, PS_REPORTS, key_of(which, number, &octets),
	                     error);
}

/* ------------------------------------------------------------- what changes */

/* Change the queue, of which a report leaves its state. */
static enum pinstore_status
end(struct ps_txn *txn, const struct ps_store_id *id, struct ps_queue *queue,
    const struct ps_report *report, enum ps_report_end how, int64_t now,
    struct pinstore_error *error)
{
	struct ps_report quiet = *report;
	enum pinstore_status status = PINSTORE_OK;
	bool is_lost = how == PS_REPORT_LOST || how == PS_REPORT_AGED;

	if (!report->is_waiting) {
		queue->quiet--;
		return drop(txn, KEY_FIELDS, report->id, error);
	}
	queue->waiting--;
	queue->octets -= report->text_len;
	queue->dropped += is_lost;
	status = drop(txn, KEY_TEXT, report->id, error);
	if (status != PINSTORE_OK)
		return status;
	if (how == PS_REPORT_GONE || how == PS_REPORT_AGED)
		return drop(txn, KEY_FIELDS, report->id, error);
	queue->quiet++;
	quiet.is_waiting = false;
	quiet.created = now;
	quiet.next = 0;
	quiet.leased = 0;
	return ps_reports_put(txn, id, &quiet, error);
}

/* Within seconds behind `since`, whatever the clock did since. */
static bool
is_within(int64_t since, int64_t seconds, int64_t now)
{
	return since <= now && (uint64_t)now - (uint64_t)since <
	                               (uint64_t)seconds;
}

/* A report whose time is over, or that a wrong clock has dated. */
static bool
is_over(const struct ps_report *report, int64_t now)
{
	if (!report->is_waiting)
		return !is_within(report->created, PS_REPORT_QUIET_SECONDS,
		                  now);
	return !is_within(report->created, PS_REPORT_SECONDS + 1, now) &&
	       !is_within(now, PS_REPORT_SECONDS + 1, report->created);
}

/* What is looked for while the queue is read. */
struct same {
	uint64_t key;
	bool is_there;
	int64_t since;
};

/* Drop what is over, and see whether what is left tells of the same. */
static enum pinstore_status
sweep(struct ps_txn *txn, const struct ps_store_id *id, struct ps_queue *queue,
      int64_t now, struct same *same, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_report report = {.id = 0};
	bool found = true;

	while (status == PINSTORE_OK && found) {
		status = ps_reports_next(txn, id, report.id, &found, &report,
		                         error);
		if (status != PINSTORE_OK || !found)
			continue;
		if (is_over(&report, now)) {
			status = end(txn, id, queue, &report, PS_REPORT_AGED,
			             now, error);
		} else if (same != NULL && report.key == same->key) {
			same->is_there = true;
			same->since = report.is_waiting ? now : report.created;
		}
	}
	return status;
}

/* The same, with the summary before and after it. */
static enum pinstore_status
age(struct ps_txn *txn, const struct ps_store_id *id, int64_t now,
    struct same *same, struct ps_queue *queue, struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t before;

	status = ps_reports_load(txn, id, queue, error);
	if (status != PINSTORE_OK)
		return status;
	before = queue->waiting + queue->quiet;
	status = sweep(txn, id, queue, now, same, error);
	if (status == PINSTORE_OK && queue->waiting + queue->quiet != before)
		status = ps_reports_put_summary(txn, id, queue, error);
	return status;
}

/* The oldest that waits, or is quiet, makes room. */
static enum pinstore_status
displace(struct ps_txn *txn, const struct ps_store_id *id,
         struct ps_queue *queue, bool is_waiting, int64_t now,
         struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_report report = {.id = 0};
	bool found = true;

	do {
		status = ps_reports_next(txn, id, report.id, &found, &report,
		                         error);
	} while (status == PINSTORE_OK && found &&
	         report.is_waiting != is_waiting);
	if (status == PINSTORE_OK && !found)
		return damaged(txn, SUMMARY, error);
	if (status == PINSTORE_OK)
		status = end(txn, id, queue, &report, PS_REPORT_LOST, now,
		             error);
	return status;
}

static enum pinstore_status
make_room(struct ps_txn *txn, const struct ps_store_id *id,
          struct ps_queue *queue, size_t text_len, int64_t now,
          struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;

	while (status == PINSTORE_OK && queue->waiting > 0 &&
	       (queue->waiting >= PS_REPORTS_MAX ||
	        queue->octets + text_len > PS_REPORTS_OCTETS_MAX))
		status = displace(txn, id, queue, true, now, error);
	while (status == PINSTORE_OK && queue->quiet > PS_REPORTS_QUIET_MAX)
		status = displace(txn, id, queue, false, now, error);
	return status;
}

enum pinstore_status
ps_reports_add(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report, const char *text,
               bool *is_queued, int64_t *since, struct pinstore_error *error)
{
	struct same same = {report->key, false, 0};
	struct ps_report fresh = *report;
	enum pinstore_status status;
	struct ps_queue queue;

	*is_queued = false;
	*since = report->created;
	assert(report->text_len > 0 && report->text_len <= PS_REPORT_TEXT_MAX);
	status = age(txn, id, report->created, &same, &queue, error);
	if (status == PINSTORE_OK && same.is_there)
		*since = same.since;
	if (status != PINSTORE_OK || same.is_there)
		return status;
	status = make_room(txn, id, &queue, report->text_len, report->created,
	                   error);
	if (status != PINSTORE_OK)
		return status;
	fresh.id = ++queue.last;
	fresh.is_waiting = true;
	queue.waiting++;
	queue.octets += report->text_len;
	status = ps_reports_put(txn, id, &fresh, error);
	if (status == PINSTORE_OK)
		status = put_text(txn, id, fresh.id, text, report->text_len,
		                  error);
	if (status == PINSTORE_OK)
		status = ps_reports_put_summary(txn, id, &queue, error);
	*is_queued = status == PINSTORE_OK;
	return status;
}

enum pinstore_status
ps_reports_end(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report, enum ps_report_end how,
               int64_t now, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_queue queue;

	status = ps_reports_load(txn, id, &queue, error);
	if (status == PINSTORE_OK)
		status = end(txn, id, &queue, report, how, now, error);
	if (status == PINSTORE_OK)
		status = ps_reports_put_summary(txn, id, &queue, error);
	return status;
}

enum pinstore_status
ps_reports_age(struct ps_txn *txn, const struct ps_store_id *id, int64_t now,
               struct pinstore_error *error)
{
	struct ps_queue queue;

	return age(txn, id, now, NULL, &queue, error);
}

enum pinstore_status
ps_reports_lose(struct ps_txn *txn, const struct ps_store_id *id, uint64_t n,
                struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_queue queue;

	status = ps_reports_load(txn, id, &queue, error);
	queue.dropped += n;
	if (status == PINSTORE_OK)
		status = ps_reports_put_summary(txn, id, &queue, error);
	return status;
}

enum pinstore_status
ps_reports_empty(struct ps_txn *txn, const struct ps_store_id *id,
                 uint64_t *waiting, struct pinstore_error *error)
{
	struct ps_bytes key = {NULL, 0}, record;
	enum pinstore_status status;
	struct ps_queue queue;

	*waiting = 0;
	status = get_summary(txn, id, &queue, error);
	if (status != PINSTORE_OK)
		return status;
	*waiting = queue.waiting;
	do {
		uint8_t copy[PS_DB_KEY_MAX];

		status = ps_txn_seek(txn, PS_REPORTS, PS_SEEK_FIRST, &key,
		                     &record, error);
		if (status != PINSTORE_OK)
			break;
		memcpy(copy, key.at, key.len);
		key.at = copy;
		status = ps_txn_delete(txn, PS_REPORTS, key, error);
	} while (status == PINSTORE_OK);
	if (status != PINSTORE_ERR_NOTFOUND)
		return status;
	queue.waiting = 0;
	queue.quiet = 0;
	queue.octets = 0;
	status = ps_reports_put_summary(txn, id, &queue, error);
	if (status == PINSTORE_OK)
		status = ps_reports_load(txn, id, &queue, error);
	return status;
}
