/*
 * meta.c - what a store knows of itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/meta.h"

#include <string.h>

#include "base/octets.h"
#include "base/status.h"
#include "store/record.h"

#define SCHEMA_LEN (PS_META_SCHEMA_LEN - PS_RECORD_HEAD_LEN)
#define NUMBER_LEN 8

static const uint8_t schema_key[] = "schema";

static const struct {
	const char *key;
	const char *missing;
	const char *bad;
} numbers[PS_NUMBERS] = {
	{"clock", "it has no record of the clock", "its record of the clock"},
	{"learned", "it has no count of entries", "its count of entries"},
	{"journal", "it has no count of its journal",
	 "its count of the journal"},
};

static struct ps_bytes
number_key(enum ps_number which)
{
	struct ps_bytes key;

	key.at = (const uint8_t *)numbers[which].key;
	key.len = strlen(numbers[which].key);
	return key;
}

static struct ps_bytes
key_of_schema(void)
{
	struct ps_bytes key = {schema_key, sizeof(schema_key) - 1};

	return key;
}

void
ps_meta_seal_schema(const struct ps_schema *schema,
                    uint8_t out[PS_META_SCHEMA_LEN])
{
	uint8_t body[SCHEMA_LEN];

	ps_put_le32(body, schema->schema);
	ps_put_le32(body + 4, schema->min_reader);
	ps_put_le32(body + 8, schema->min_writer);
	ps_put_le32(body + 12, schema->flags);
	memcpy(body + 16, schema->id.octets, sizeof(schema->id.octets));
	(void)ps_record_seal(&schema->id, PS_META, key_of_schema(), body,
	                     sizeof(body), out);
}

static enum pinstore_status
put_schema(struct ps_txn *txn, const struct ps_schema *schema,
           struct pinstore_error *error)
{
	uint8_t record[PS_META_SCHEMA_LEN];
	const struct ps_bytes value = {record, sizeof(record)};

	ps_meta_seal_schema(schema, record);
	return ps_txn_put(txn, PS_META, key_of_schema(), value, error);
}

enum pinstore_status
ps_meta_create(struct ps_txn *txn, const struct ps_store_id *id,
               struct pinstore_error *error)
{
	struct ps_schema schema = {*id, PS_SCHEMA, PS_SCHEMA_READER, PS_SCHEMA,
	                           0};
	enum pinstore_status status;

	status = put_schema(txn, &schema, error);
	if (status == PINSTORE_OK)
		status = ps_meta_set_number(txn, id, PS_NUMBER_CLOCK,
		                            (uint64_t)INT64_MIN, error);
	if (status == PINSTORE_OK)
		status = ps_meta_set_number(txn, id, PS_NUMBER_LEARNED, 0,
		                            error);
	if (status == PINSTORE_OK)
		status = ps_meta_set_number(txn, id, PS_NUMBER_JOURNAL, 0,
		                            error);
	return status;
}

enum pinstore_status
ps_meta_put(struct ps_txn *txn, const struct ps_schema *schema,
            const uint64_t number[PS_NUMBERS], struct pinstore_error *error)
{
	struct ps_schema put = *schema;
	enum pinstore_status status;
	int i;

	if (put.schema < PS_SCHEMA)
		put.schema = PS_SCHEMA;
	if (put.min_writer < PS_SCHEMA)
		put.min_writer = PS_SCHEMA;
	status = put_schema(txn, &put, error);
	for (i = 0; i < PS_NUMBERS && status == PINSTORE_OK; i++)
		status = ps_meta_set_number(txn, &put.id, (enum ps_number)i,
		                            number[i], error);
	return status;
}

enum pinstore_status
ps_meta_require(struct ps_txn *txn, uint32_t min_reader, uint32_t min_writer,
                struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_schema schema;

	status = ps_meta_schema(txn, &schema, error);
	if (status != PINSTORE_OK ||
	    (schema.schema >= PS_SCHEMA && schema.min_reader >= min_reader &&
	     schema.min_writer >= min_writer))
		return status;
	if (schema.schema < PS_SCHEMA)
		schema.schema = PS_SCHEMA;
	if (schema.min_reader < min_reader)
		schema.min_reader = min_reader;
	if (schema.min_writer < min_writer)
		schema.min_writer = min_writer;
	return put_schema(txn, &schema, error);
}

/* The id that checks the record stands in the record. */
enum pinstore_status
ps_meta_open_schema(struct ps_bytes record, struct ps_schema *out)
{
	enum pinstore_status status;
	struct ps_bytes body;

	memset(out, 0, sizeof(*out));
	if (record.len < PS_RECORD_HEAD_LEN + SCHEMA_LEN)
		return PINSTORE_ERR_DAMAGED;
	memcpy(out->id.octets, record.at + PS_RECORD_HEAD_LEN + 16,
	       sizeof(out->id.octets));
	status = ps_record_open(&out->id, PS_META, key_of_schema(), record,
	                        &body);
	if (status != PINSTORE_OK)
		return status;
	out->schema = ps_get_le32(body.at);
	out->min_reader = ps_get_le32(body.at + 4);
	out->min_writer = ps_get_le32(body.at + 8);
	out->flags = ps_get_le32(body.at + 12);
	return PINSTORE_OK;
}

enum pinstore_status
ps_meta_schema(struct ps_txn *txn, struct ps_schema *out,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes record;

	memset(out, 0, sizeof(*out));
	status = ps_txn_get(txn, PS_META, key_of_schema(), &record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      "it has no schema record", error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_meta_open_schema(record, out);
	if (status != PINSTORE_OK)
		return ps_record_fail(ps_txn_path(txn), status,
		                      "its schema record", error);
	if (out->min_reader > PS_SCHEMA || (out->flags & ~PS_SEALS) != 0)
		return ps_fail(error, PINSTORE_ERR_VERSION,
		               "store %s is of a later pinstore (schema %u, this "
		               "one knows %u): use that one", ps_txn_path(txn),
		               (unsigned)out->schema, (unsigned)PS_SCHEMA);
	return PINSTORE_OK;
}

enum pinstore_status
ps_meta_prove_older(struct ps_txn *txn, uint32_t since, const char *what,
                    struct pinstore_error *error)
{
	struct ps_schema schema;
	enum pinstore_status status;

	status = ps_meta_schema(txn, &schema, error);
	if (status == PINSTORE_OK && schema.schema >= since)
		status = ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                        what, error);
	return status;
}

enum pinstore_status
ps_meta_load(struct ps_txn *txn, struct ps_schema *out,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t value;

	status = ps_meta_schema(txn, out, error);
	if (status == PINSTORE_OK)
		status = ps_meta_number(txn, &out->id, PS_NUMBER_CLOCK, &value,
		                        error);
	if (status == PINSTORE_OK)
		status = ps_meta_number(txn, &out->id, PS_NUMBER_LEARNED,
		                        &value, error);
	if (status == PINSTORE_OK)
		status = ps_meta_number(txn, &out->id, PS_NUMBER_JOURNAL,
		                        &value, error);
	return status;
}

enum pinstore_status
ps_meta_number(struct ps_txn *txn, const struct ps_store_id *id,
               enum ps_number which, uint64_t *out,
               struct pinstore_error *error)
{
	struct ps_bytes body;
	enum pinstore_status status;

	*out = 0;
	status = ps_record_get(txn, id, PS_META, number_key(which),
	                       numbers[which].bad, &body, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      numbers[which].missing, error);
	if (status != PINSTORE_OK)
		return status;
	if (body.len != NUMBER_LEN)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      numbers[which].bad, error);
	*out = ps_get_le64(body.at);
	return PINSTORE_OK;
}

enum pinstore_status
ps_meta_set_number(struct ps_txn *txn, const struct ps_store_id *id,
                   enum ps_number which, uint64_t value,
                   struct pinstore_error *error)
{
	uint8_t body[NUMBER_LEN];

	ps_put_le64(body, value);
	return ps_record_put(txn, id, PS_META, number_key(which), body,
	                     sizeof(body), error);
}

enum pinstore_status
ps_meta_clock(struct ps_txn *txn, const struct ps_store_id *id, int64_t *out,
              struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t value;

	*out = INT64_MIN;
	status = ps_meta_number(txn, id, PS_NUMBER_CLOCK, &value, error);
	if (status == PINSTORE_OK)
		*out = (int64_t)value;
	return status;
}

enum pinstore_status
ps_meta_raise_clock(struct ps_txn *txn, const struct ps_store_id *id,
                    int64_t now, struct pinstore_error *error)
{
	enum pinstore_status status;
	int64_t mark;

	status = ps_meta_clock(txn, id, &mark, error);
	if (status != PINSTORE_OK || mark >= now)
		return status;
	/* now > mark, and the first time of a store is taken as it is. */
	if (mark != INT64_MIN && mark < INT64_MAX - PS_CLOCK_STEP &&
	    now > mark + PS_CLOCK_STEP)
		now = mark + PS_CLOCK_STEP;
	return ps_meta_set_number(txn, id, PS_NUMBER_CLOCK, (uint64_t)now,
	                          error);
}

enum pinstore_status
ps_meta_set_flags(struct ps_txn *txn, uint32_t flags,
                  struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_schema schema;

	status = ps_meta_schema(txn, &schema, error);
	if (status != PINSTORE_OK)
		return status;
	schema.flags = flags;
	return put_schema(txn, &schema, error);
}
