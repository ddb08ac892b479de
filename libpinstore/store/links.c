/*
 * links.c - records that prove what lies between them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/links.h"

#include <assert.h>
#include <string.h>

#include "base/status.h"
#include "base/unset.h"
#include "model/host.h"
#include "store/record.h"

const uint8_t ps_links_head[1] = {0};

/* A record that is to be changed, copied out of the transaction's pages. */
struct copy {
	size_t key_len;
	size_t len;
	uint8_t key[PINSTORE_HOST_MAX];
	uint8_t record[PS_ENTRY_LEN_MAX];
};

int
ps_bytes_compare(struct ps_bytes a, struct ps_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.at, b.at, len);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static struct ps_bytes
bytes(const uint8_t *at, size_t len)
{
	struct ps_bytes out = {at, len};

	return out;
}

/* ----------------------------------------------------------------- messages */

/* The name of a key as far as it is one. */
static const char *
name_of(struct ps_bytes key, struct ps_host *host)
{
	if (key.len <= PINSTORE_HOST_MAX &&
	    ps_key_host(key.at, key.len, host) == PINSTORE_OK)
		return host->name;
	if (key.len == sizeof(struct pinstore_pin))
		return "a revoked key";
	return key.len == 1 && key.at[0] == 0 ? "the head" : "a bad key";
}

enum pinstore_status
ps_links_fail(const char *path, enum pinstore_status status,
              struct ps_bytes key, struct pinstore_error *error)
{
	struct ps_host host;

	if (status == PINSTORE_ERR_VERSION)
		return ps_fail(error, status,
		               "store %s: the record of %s is of a later "
		               "pinstore: use that one", path,
		               name_of(key, &host));
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: the record of %s does not match "
	               "its checksum or form; run \"pinstore fsck\"", path,
	               name_of(key, &host));
}

static enum pinstore_status
fail_link(struct ps_txn *txn, struct ps_bytes key,
          struct pinstore_error *error)
{
	struct ps_host host;

	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: what follows the record of %s is "
	               "not what it names; run \"pinstore fsck\"",
	               ps_txn_path(txn), name_of(key, &host));
}

static enum pinstore_status
fail_head(struct ps_txn *txn, struct pinstore_error *error)
{
	return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
	                      "it has no head record", error);
}

/* ------------------------------------------------------------------- proofs */

/* Nothing of a record is used before this; the lengths bound what is read. */
static enum pinstore_status
verify(struct ps_txn *txn, const struct ps_store_id *id, struct ps_bytes key,
       struct ps_bytes record, uint64_t *next, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_ERR_DAMAGED;

	*next = 0;
	if (key.len <= PINSTORE_HOST_MAX && record.len <= PS_ENTRY_LEN_MAX)
		status = ps_entry_verify(id, key.at, key.len, record.at,
		                         record.len, next);
	if (status != PINSTORE_OK)
		return ps_links_fail(ps_txn_path(txn), status, key, error);
	return PINSTORE_OK;
}

/* Whether next is the hash of the key that stands there; none has 0. */
static bool
is_next(const struct ps_store_id *id, uint64_t next, const struct ps_bytes *key)
{
	if (key == NULL)
		return next == 0;
	return key->len <= PINSTORE_HOST_MAX &&
	       next == ps_entry_next_hash(id, key->at, key->len);
}

/* The same of who goes from record to record: a repair has left gaps. */
static bool
may_be_next(const struct ps_store_id *id, uint64_t next,
            const struct ps_bytes *key)
{
	return next == PS_ENTRY_NEXT_UNKNOWN || is_next(id, next, key);
}

enum pinstore_status
ps_links_before(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, const struct ps_bytes *above,
                struct ps_spot *out, struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_txn_seek(txn, table,
	                     above == NULL ? PS_SEEK_LAST : PS_SEEK_PREV,
	                     &out->key, &out->record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return fail_head(txn, error);
	if (status != PINSTORE_OK)
		return status;
	status = verify(txn, id, out->key, out->record, &out->next, error);
	if (status != PINSTORE_OK)
		return status;
	if ((above != NULL && ps_bytes_compare(out->key, *above) >= 0) ||
	    !may_be_next(id, out->next, above))
		return fail_link(txn, out->key, error);
	return PINSTORE_OK;
}

enum pinstore_status
ps_links_find(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes want, struct ps_spot *out,
              struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_around around PS_UNSET;
	const struct ps_bytes *next;

	*out = (struct ps_spot){.key = want};
	status = ps_txn_around(txn, table, want, &around, error);
	if (status != PINSTORE_OK)
		return status;
	if (around.key.at == NULL)
		return fail_head(txn, error);
	out->key = around.key;
	out->record = around.record;
	status = verify(txn, id, out->key, out->record, &out->next, error);
	if (status != PINSTORE_OK)
		return status;
	out->is_there = around.is_there;
	if (out->is_there)
		return PINSTORE_OK;
	/* It stands between these two, and nothing else does. */
	next = around.has_next ? &around.next : NULL;
	if (ps_bytes_compare(out->key, want) >= 0 ||
	    (next != NULL && ps_bytes_compare(want, *next) >= 0) ||
	    !is_next(id, out->next, next))
		return fail_link(txn, out->key, error);
	return PINSTORE_OK;
}

enum pinstore_status
ps_links_next(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_spot *spot, bool *found,
              struct pinstore_error *error)
{
	struct ps_bytes key = {NULL, 0}, record = {NULL, 0};
	struct ps_bytes before = spot->key;
	enum pinstore_status status;

	*found = false;
	status = ps_txn_seek(txn, table, PS_SEEK_NEXT, &key, &record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return may_be_next(id, spot->next, NULL)
		               ? PINSTORE_OK
		               : fail_link(txn, before, error);
	if (status != PINSTORE_OK)
		return status;
	if (ps_bytes_compare(before, key) >= 0 ||
	    !may_be_next(id, spot->next, &key))
		return fail_link(txn, before, error);
	*found = true;
	spot->is_there = true;
	spot->key = key;
	spot->record = record;
	return verify(txn, id, key, record, &spot->next, error);
}

enum pinstore_status
ps_links_behind(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct ps_bytes want, bool *found,
                struct ps_spot *out, struct pinstore_error *error)
{
	enum pinstore_status status;

	*found = false;
	status = ps_links_find(txn, id, table, want, out, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_links_next(txn, id, table, out, found, error);
}

enum pinstore_status
ps_links_load(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct pinstore_error *error)
{
	struct ps_bytes key = bytes(ps_links_head, 1), record;
	enum pinstore_status status;
	uint64_t next;

	status = ps_txn_get(txn, table, key, &record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return fail_head(txn, error);
	if (status != PINSTORE_OK)
		return status;
	return verify(txn, id, key, record, &next, error);
}

/* ------------------------------------------------------------------ writing */

enum pinstore_status
ps_links_create(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct pinstore_error *error)
{
	uint8_t octets[PS_ENTRY_LEN_MAX];
	struct ps_bytes record = {octets, 0};

	record.len = ps_entry_encode(id, ps_links_head, 1, NULL, 0, octets);
	return ps_txn_put(txn, table, bytes(ps_links_head, 1), record, error);
}

static void
copy_spot(const struct ps_spot *spot, struct copy *out)
{
	out->key_len = spot->key.len;
	out->len = spot->record.len;
	memcpy(out->key, spot->key.at, spot->key.len);
	memcpy(out->record, spot->record.at, spot->record.len);
}

/* Seal the copied record with another next, and store it. */
static enum pinstore_status
relink(struct ps_txn *txn, const struct ps_store_id *id, enum ps_table table,
       struct copy *copy, uint64_t next, struct pinstore_error *error)
{
	ps_entry_relink(id, copy->key, copy->key_len, copy->record, copy->len,
	                next);
	return ps_txn_put(txn, table, bytes(copy->key, copy->key_len),
	                  bytes(copy->record, copy->len), error);
}

enum pinstore_status
ps_links_put(struct ps_txn *txn, const struct ps_store_id *id,
             enum ps_table table, struct ps_bytes key, uint8_t *record,
             size_t len, const struct ps_spot *spot,
             struct pinstore_error *error)
{
	struct copy before;
	enum pinstore_status status;

	assert(key.len <= PINSTORE_HOST_MAX && len <= PS_ENTRY_LEN_MAX);
	ps_entry_relink(id, key.at, key.len, record, len, spot->next);
	if (spot->is_there) {
		if (len == spot->record.len &&
		    memcmp(record, spot->record.at, len) == 0)
			return PINSTORE_OK;
		return ps_txn_put(txn, table, key, bytes(record, len), error);
	}
	copy_spot(spot, &before);
	status = relink(txn, id, table, &before,
	                ps_entry_next_hash(id, key.at, key.len), error);
	if (status != PINSTORE_OK)
		return status;
	return ps_txn_put(txn, table, key, bytes(record, len), error);
}

enum pinstore_status
ps_links_remove(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct ps_bytes key,
                struct pinstore_error *error)
{
	struct copy before;
	struct ps_spot spot;
	enum pinstore_status status;
	uint64_t next;
	bool found;

	status = ps_links_behind(txn, id, table, key, &found, &spot, error);
	if (status == PINSTORE_OK)
		status = ps_links_find(txn, id, table, key, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	next = spot.next;
	status = ps_links_before(txn, id, table, &key, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	/* A gap before it grows. */
	if (spot.next == PS_ENTRY_NEXT_UNKNOWN)
		next = spot.next;
	copy_spot(&spot, &before);
	status = relink(txn, id, table, &before, next, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_txn_delete(txn, table, key, error);
}
