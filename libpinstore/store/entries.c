/*
 * entries.c - the records of hosts, and the proofs between them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/entries.h"

#include <string.h>

#include "base/status.h"
#include "store/counts.h"
#include "store/record.h"

const uint8_t ps_entries_head[1] = {0};

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

/* ------------------------------------------------------------------ messages */

/* The name of a key as far as it is one. */
static const char *
name_of(struct ps_bytes key, struct ps_host *host)
{
	if (key.len <= PINSTORE_HOST_MAX &&
	    ps_key_host(key.at, key.len, host) == PINSTORE_OK)
		return host->name;
	return key.len == 1 && key.at[0] == 0 ? "the head" : "a bad key";
}

static enum pinstore_status
fail_record(const char *path, enum pinstore_status status, struct ps_bytes key,
            struct pinstore_error *error)
{
	struct ps_host host;

	if (status == PINSTORE_ERR_VERSION)
		return ps_fail(error, status,
		               "store %s: the record of %s is of a later "
		               "pinstore: use that one", path,
		               name_of(key, &host));
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: the record of %s does not match "
	               "its checksum or form; restore a backup", path,
	               name_of(key, &host));
}

static enum pinstore_status
fail_link(struct ps_txn *txn, struct ps_bytes key,
          struct pinstore_error *error)
{
	struct ps_host host;

	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: what follows the record of %s is "
	               "not what it names; restore a backup",
	               ps_txn_path(txn), name_of(key, &host));
}

enum pinstore_status
ps_entries_host(const char *path, struct ps_bytes key, struct ps_host *out,
                struct pinstore_error *error)
{
	if (key.len > PINSTORE_HOST_MAX ||
	    ps_key_host(key.at, key.len, out) != PINSTORE_OK)
		return fail_record(path, PINSTORE_ERR_DAMAGED, key, error);
	return PINSTORE_OK;
}

/* -------------------------------------------------------------------- proofs */

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
		return fail_record(ps_txn_path(txn), status, key, error);
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

/*
 * The record before the one at which the cursor stands, whose key is above
 * (NULL: the last record), proved to be that.
 */
static enum pinstore_status
prove_before(struct ps_txn *txn, const struct ps_store_id *id,
             const struct ps_bytes *above, struct ps_spot *out,
             struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_txn_seek(txn, PS_HOSTS,
	                     above == NULL ? PS_SEEK_LAST : PS_SEEK_PREV,
	                     &out->key, &out->record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      "it has no head record", error);
	if (status != PINSTORE_OK)
		return status;
	status = verify(txn, id, out->key, out->record, &out->next, error);
	if (status != PINSTORE_OK)
		return status;
	if ((above != NULL && ps_bytes_compare(out->key, *above) >= 0) ||
	    !is_next(id, out->next, above))
		return fail_link(txn, out->key, error);
	return PINSTORE_OK;
}

/* The same, and that want stands between the two. */
static enum pinstore_status
prove_gap(struct ps_txn *txn, const struct ps_store_id *id,
          struct ps_bytes want, const struct ps_bytes *above,
          struct ps_spot *out, struct pinstore_error *error)
{
	enum pinstore_status status = prove_before(txn, id, above, out, error);

	if (status != PINSTORE_OK)
		return status;
	if (ps_bytes_compare(out->key, want) >= 0 ||
	    (above != NULL && ps_bytes_compare(want, *above) >= 0))
		return fail_link(txn, out->key, error);
	return PINSTORE_OK;
}

enum pinstore_status
ps_entries_find(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_bytes want, struct ps_spot *out,
                struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes key = want;

	out->is_there = false;
	status = ps_txn_seek(txn, PS_HOSTS, PS_SEEK_FROM, &key, &out->record,
	                     error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return prove_gap(txn, id, want, NULL, out, error);
	if (status != PINSTORE_OK)
		return status;
	if (key.len != want.len || memcmp(key.at, want.at, want.len) != 0)
		return prove_gap(txn, id, want, &key, out, error);
	out->is_there = true;
	out->key = key;
	return verify(txn, id, key, out->record, &out->next, error);
}

enum pinstore_status
ps_entries_next(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_spot *spot, bool *found,
                struct pinstore_error *error)
{
	struct ps_bytes key = {NULL, 0}, record;
	struct ps_bytes before = spot->key;
	enum pinstore_status status;

	*found = false;
	status = ps_txn_seek(txn, PS_HOSTS, PS_SEEK_NEXT, &key, &record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return is_next(id, spot->next, NULL)
		               ? PINSTORE_OK
		               : fail_link(txn, before, error);
	if (status != PINSTORE_OK)
		return status;
	if (ps_bytes_compare(before, key) >= 0 || !is_next(id, spot->next, &key))
		return fail_link(txn, before, error);
	*found = true;
	spot->is_there = true;
	spot->key = key;
	spot->record = record;
	return verify(txn, id, key, record, &spot->next, error);
}

enum pinstore_status
ps_entries_behind(struct ps_txn *txn, const struct ps_store_id *id,
                  struct ps_bytes want, bool *found, struct ps_spot *out,
                  struct pinstore_error *error)
{
	enum pinstore_status status;

	*found = false;
	status = ps_entries_find(txn, id, want, out, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_entries_next(txn, id, out, found, error);
}

/* ------------------------------------------------------------------- reading */

/* How much two keys have in common. */
static size_t
common_len(const struct ps_bytes *a, const uint8_t *b, size_t b_len)
{
	size_t len = 0;

	while (len < a->len && len < b_len && a->at[len] == b[len])
		len++;
	return len;
}

static enum pinstore_status
show(struct ps_txn *txn, const struct ps_spot *spot, ps_store_step_fn *step,
     void *arg, bool *go_on, struct pinstore_error *error)
{
	struct ps_entry_view view;
	enum pinstore_status status;

	*go_on = false;
	status = ps_entry_view(spot->record.at, spot->record.len, &view);
	if (status != PINSTORE_OK)
		return fail_record(ps_txn_path(txn), status, spot->key, error);
	*go_on = step(spot->key.len, &view, arg);
	return PINSTORE_OK;
}

/*
 * The record at or before the key is the key's own, an ancestor's, or neither.
 * A stored ancestor stands at or before it and begins as both do: so none is
 * longer than what they have in common.
 */
enum pinstore_status
ps_entries_climb(struct ps_txn *txn, const struct ps_store_id *id,
                 const struct ps_key *key, ps_store_step_fn *step, void *arg,
                 struct pinstore_error *error)
{
	struct ps_bytes want = {key->octets, key->len};
	enum pinstore_status status;
	struct ps_spot spot;

	status = ps_entries_find(txn, id, want, &spot, error);
	while (status == PINSTORE_OK) {
		if (spot.is_there ||
		    ps_key_is_ancestor(spot.key.at, spot.key.len, want.at,
		                       want.len)) {
			struct ps_bytes above = spot.key;
			bool go_on;

			status = show(txn, &spot, step, arg, &go_on, error);
			want.len = spot.key.len;
			if (status != PINSTORE_OK || !go_on ||
			    ps_key_ancestor_within(want.at, want.len,
			                           want.len - 1) == 0)
				return status;
			spot.is_there = false;
			status = prove_before(txn, id, &above, &spot, error);
			continue;
		}
		want.len = ps_key_ancestor_within(
		        want.at, want.len,
		        common_len(&spot.key, want.at, want.len));
		if (want.len == 0)
			return PINSTORE_OK;
		status = ps_entries_find(txn, id, want, &spot, error);
	}
	return status;
}

enum pinstore_status
ps_entries_copy(const char *path, struct ps_bytes key, struct ps_bytes record,
                struct ps_entry *out, struct pinstore_error *error)
{
	struct ps_entry_view view;
	enum pinstore_status status;
	size_t i;

	memset(out, 0, sizeof(*out));
	status = ps_entry_view(record.at, record.len, &view);
	if (status != PINSTORE_OK)
		return fail_record(path, status, key, error);
	for (i = 0; i < PS_LAYERS; i++) {
		if (view.section[i].is_present)
			ps_section_copy(&view.section[i], &out->section[i]);
	}
	return PINSTORE_OK;
}

enum pinstore_status
ps_entries_get(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, struct ps_entry *out,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_spot spot;

	memset(out, 0, sizeof(*out));
	status = ps_entries_find(txn, id, bytes(key->octets, key->len), &spot,
	                         error);
	if (status != PINSTORE_OK || !spot.is_there)
		return status;
	return ps_entries_copy(ps_txn_path(txn), spot.key, spot.record, out,
	                       error);
}

enum pinstore_status
ps_entries_load(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct pinstore_error *error)
{
	struct ps_bytes key = bytes(ps_entries_head, 1), record;
	enum pinstore_status status;
	uint64_t next;

	status = ps_txn_get(txn, table, key, &record, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      "it has no head record", error);
	if (status != PINSTORE_OK)
		return status;
	return verify(txn, id, key, record, &next, error);
}

/* ------------------------------------------------------------------- writing */

enum pinstore_status
ps_entries_create(struct ps_txn *txn, const struct ps_store_id *id,
                  enum ps_table table, struct pinstore_error *error)
{
	uint8_t octets[PS_ENTRY_LEN_MAX];
	struct ps_bytes record = {octets, 0};

	record.len = ps_entry_encode(id, ps_entries_head, 1, NULL, 0, octets);
	return ps_txn_put(txn, table, bytes(ps_entries_head, 1), record, error);
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
relink(struct ps_txn *txn, const struct ps_store_id *id, struct copy *copy,
       uint64_t next, struct pinstore_error *error)
{
	ps_entry_relink(id, copy->key, copy->key_len, copy->record, copy->len,
	                next);
	return ps_txn_put(txn, PS_HOSTS, bytes(copy->key, copy->key_len),
	                  bytes(copy->record, copy->len), error);
}

/* gap holds the record in front of it. */
static enum pinstore_status
insert(struct ps_txn *txn, const struct ps_store_id *id,
       const struct ps_key *key, const struct ps_entry *entry,
       const struct ps_spot *gap, struct pinstore_error *error)
{
	struct copy before;
	uint8_t record[PS_ENTRY_LEN_MAX];
	enum pinstore_status status;
	size_t len;

	copy_spot(gap, &before);
	len = ps_entry_encode(id, key->octets, key->len, entry, gap->next,
	                      record);
	status = relink(txn, id, &before,
	                ps_entry_next_hash(id, key->octets, key->len), error);
	if (status != PINSTORE_OK)
		return status;
	return ps_txn_put(txn, PS_HOSTS, bytes(key->octets, key->len),
	                  bytes(record, len), error);
}

/* Both links of the record are proved before it goes. */
static enum pinstore_status
take_out(struct ps_txn *txn, const struct ps_store_id *id,
         const struct ps_key *key, struct pinstore_error *error)
{
	struct ps_bytes want = bytes(key->octets, key->len);
	struct copy before;
	struct ps_spot spot;
	enum pinstore_status status;
	uint64_t next;
	bool found;

	status = ps_entries_behind(txn, id, want, &found, &spot, error);
	if (status == PINSTORE_OK)
		status = ps_entries_find(txn, id, want, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	next = spot.next;
	status = prove_before(txn, id, &want, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	copy_spot(&spot, &before);
	status = relink(txn, id, &before, next, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_txn_delete(txn, PS_HOSTS, want, error);
}

static bool
is_empty(const struct ps_entry *entry)
{
	size_t i;

	for (i = 0; i < PS_LAYERS; i++) {
		if (entry->section[i].is_present)
			return false;
	}
	return true;
}

/* Of the domain that an entry counts for; 0 if it counts for none. */
static size_t
counted_labels(const struct ps_entry *entry)
{
	const struct ps_section *learned = &entry->section[PINSTORE_LEARNED];

	return learned->is_present ? learned->quota_labels : 0;
}

static enum pinstore_status
replace(struct ps_txn *txn, const struct ps_store_id *id,
        const struct ps_key *key, const struct ps_entry *entry,
        const struct ps_spot *spot, struct pinstore_error *error)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	size_t len;

	len = ps_entry_encode(id, key->octets, key->len, entry, spot->next,
	                      record);
	if (len == spot->record.len && memcmp(record, spot->record.at, len) == 0)
		return PINSTORE_OK;
	return ps_txn_put(txn, PS_HOSTS, bytes(key->octets, key->len),
	                  bytes(record, len), error);
}

enum pinstore_status
ps_entries_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, const struct ps_entry *entry,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_entry old;
	struct ps_spot spot;

	memset(&old, 0, sizeof(old));
	status = ps_entries_find(txn, id, bytes(key->octets, key->len), &spot,
	                         error);
	if (status != PINSTORE_OK)
		return status;
	if (spot.is_there)
		status = ps_entries_copy(ps_txn_path(txn), spot.key,
		                         spot.record, &old, error);
	if (status != PINSTORE_OK || (!spot.is_there && is_empty(entry)))
		return status;
	if (!spot.is_there)
		status = insert(txn, id, key, entry, &spot, error);
	else if (is_empty(entry))
		status = take_out(txn, id, key, error);
	else
		status = replace(txn, id, key, entry, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_counts_move(txn, id, key, counted_labels(&old),
	                      counted_labels(entry), error);
}
