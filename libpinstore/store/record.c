/*
 * record.c - what is stored beside the entries: sealed with its key.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/record.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"
#include "base/status.h"

#define OFFSET_FORMAT 0
#define OFFSET_TABLE 1
#define OFFSET_ZERO 2
#define OFFSET_LENGTH 4
#define OFFSET_CHECKSUM 8

/* Over the key and the record, the checksum's own octets taken as zero. */
static uint64_t
checksum(const struct ps_store_id *id, struct ps_bytes key,
         const uint8_t *record, size_t len)
{
	static const uint8_t zero[8] = {0};
	struct ps_siphash hash;

	ps_siphash_init(&hash, id->octets);
	ps_siphash_update(&hash, key.at, key.len);
	ps_siphash_update(&hash, record, OFFSET_CHECKSUM);
	ps_siphash_update(&hash, zero, sizeof(zero));
	ps_siphash_update(&hash, record + PS_RECORD_HEAD_LEN,
	                  len - PS_RECORD_HEAD_LEN);
	return ps_siphash_final(&hash);
}

size_t
ps_record_seal(const struct ps_store_id *id, enum ps_table table,
               struct ps_bytes key, const uint8_t *body, size_t len,
               uint8_t *out)
{
	memset(out, 0, PS_RECORD_HEAD_LEN);
	out[OFFSET_FORMAT] = PS_RECORD_FORMAT;
	out[OFFSET_TABLE] = (uint8_t)table;
	ps_put_le32(out + OFFSET_LENGTH, (uint32_t)len);
	if (len > 0)
		memcpy(out + PS_RECORD_HEAD_LEN, body, len);
	ps_put_le64(out + OFFSET_CHECKSUM,
	            checksum(id, key, out, PS_RECORD_HEAD_LEN + len));
	return PS_RECORD_HEAD_LEN + len;
}

static size_t
body_max(enum ps_table table)
{
	return table == PS_REPORTS ? PS_RECORD_TEXT_MAX : PS_RECORD_BODY_MAX;
}

enum pinstore_status
ps_record_open(const struct ps_store_id *id, enum ps_table table,
               struct ps_bytes key, struct ps_bytes record,
               struct ps_bytes *body)
{
	const uint8_t *at = record.at;

	body->at = NULL;
	body->len = 0;
	if (record.len < PS_RECORD_HEAD_LEN ||
	    record.len > PS_RECORD_HEAD_LEN + body_max(table) ||
	    ps_get_le64(at + OFFSET_CHECKSUM) !=
	            checksum(id, key, at, record.len))
		return PINSTORE_ERR_DAMAGED;
	if (at[OFFSET_FORMAT] != PS_RECORD_FORMAT)
		return PINSTORE_ERR_VERSION;
	if (at[OFFSET_TABLE] != (uint8_t)table || at[OFFSET_ZERO] != 0 ||
	    at[OFFSET_ZERO + 1] != 0 ||
	    ps_get_le32(at + OFFSET_LENGTH) != record.len - PS_RECORD_HEAD_LEN)
		return PINSTORE_ERR_DAMAGED;
	body->at = at + PS_RECORD_HEAD_LEN;
	body->len = record.len - PS_RECORD_HEAD_LEN;
	return PINSTORE_OK;
}

enum pinstore_status
ps_record_fail(const char *path, enum pinstore_status status, const char *what,
               struct pinstore_error *error)
{
	if (status == PINSTORE_ERR_VERSION)
		return ps_fail(error, status,
		               "store %s: %s is of a later pinstore: use that "
		               "one", path, what);
	return ps_fail(error, status, "store %s is damaged: %s; run "
	               "\"pinstore fsck\"", path, what);
}

enum pinstore_status
ps_record_put(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, const uint8_t *body,
              size_t len, struct pinstore_error *error)
{
	uint8_t octets[PS_RECORD_HEAD_LEN + PS_RECORD_BODY_MAX];
	struct ps_bytes record = {octets, 0};

	if (len > PS_RECORD_BODY_MAX)
		return ps_fail(error, PINSTORE_ERR_INTERNAL,
		               "a record's body is too long");
	record.len = ps_record_seal(id, table, key, body, len, octets);
	return ps_txn_put(txn, table, key, record, error);
}

enum pinstore_status
ps_record_get(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, const char *what,
              struct ps_bytes *body, struct pinstore_error *error)
{
	struct ps_bytes record;
	enum pinstore_status status;

	body->at = NULL;
	body->len = 0;
	status = ps_txn_get(txn, table, key, &record, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_record_open(id, table, key, record, body);
	if (status != PINSTORE_OK)
		return ps_record_fail(ps_txn_path(txn), status, what, error);
	return PINSTORE_OK;
}
