/*
 * entries.c - the records of hosts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/entries.h"

#include <string.h>

#include "base/status.h"
#include "base/unset.h"
#include "store/counts.h"

static struct ps_bytes
bytes(const uint8_t *at, size_t len)
{
	struct ps_bytes out = {at, len};

	return out;
}

enum pinstore_status
ps_entries_host(const char *path, struct ps_bytes key, struct ps_host *out,
                struct pinstore_error *error)
{
	if (key.len > PINSTORE_HOST_MAX ||
	    ps_key_host(key.at, key.len, out) != PINSTORE_OK)
		return ps_links_fail(path, PINSTORE_ERR_DAMAGED, key, error);
	return PINSTORE_OK;
}

/* ------------------------------------------------------------------ reading */

/* How much two keys have in common. */
static size_t
common_len(const struct ps_bytes *a, const uint8_t *b, size_t b_len)
{
	size_t len = 0;

	while (len + 8 <= a->len && len + 8 <= b_len &&
	       memcmp(a->at + len, b + len, 8) == 0)
		len += 8;
	while (len < a->len && len < b_len && a->at[len] == b[len])
		len++;
	return len;
}

static enum pinstore_status
show(struct ps_txn *txn, const struct ps_spot *spot, ps_store_step_fn *step,
     void *arg, bool *go_on, struct pinstore_error *error)
{
	struct ps_entry_view view PS_UNSET;
	enum pinstore_status status;

	*go_on = false;
	status = ps_entry_view(spot->record.at, spot->record.len, &view);
	if (status != PINSTORE_OK)
		return ps_links_fail(ps_txn_path(txn), status, spot->key, error);
	*go_on = step(spot->key.len, &view, arg);
	return PINSTORE_OK;
}

/*
 * The record at or before the key is the key's own, an ancestor's, or neither.
 * A stored ancestor stands at or before it and begins as both do: so none is
 * longer than what they have in common.  Nearly all walks end in one of a few
 * top-level domains, none of which is stored: that is proved once a snapshot.
 */
enum pinstore_status
ps_entries_climb(struct ps_txn *txn, const struct ps_store_id *id,
                 const struct ps_key *key, ps_store_step_fn *step, void *arg,
                 struct pinstore_error *error)
{
	struct ps_bytes want = {key->octets, key->len};
	enum pinstore_status status;
	struct ps_spot spot;

	while (want.len > 0 && !ps_txn_is_absent(txn, want)) {
		bool go_on = true;

		status = ps_links_find(txn, id, PS_HOSTS, want, &spot, error);
		if (status != PINSTORE_OK)
			return status;
		if (spot.is_there ||
		    ps_key_is_ancestor(spot.key.at, spot.key.len, want.at,
		                       want.len)) {
			status = show(txn, &spot, step, arg, &go_on, error);
			if (status != PINSTORE_OK || !go_on)
				return status;
			want.len = ps_key_ancestor_within(want.at, spot.key.len,
			                                  spot.key.len);
			continue;
		}
		ps_txn_keep_absent(txn, want);
		want.len = ps_key_ancestor_within(
		        want.at, want.len,
		        common_len(&spot.key, want.at, want.len));
	}
	return PINSTORE_OK;
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
		return ps_links_fail(path, status, key, error);
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
	status = ps_links_find(txn, id, PS_HOSTS, bytes(key->octets, key->len),
	                       &spot, error);
	if (status != PINSTORE_OK || !spot.is_there)
		return status;
	return ps_entries_copy(ps_txn_path(txn), spot.key, spot.record, out,
	                       error);
}

/* ------------------------------------------------------------------ writing */

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

enum pinstore_status
ps_entries_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, const struct ps_entry *entry,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes name = bytes(key->octets, key->len);
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry old;
	struct ps_spot spot;
	size_t len;

	memset(&old, 0, sizeof(old));
	status = ps_links_find(txn, id, PS_HOSTS, name, &spot, error);
	if (status != PINSTORE_OK)
		return status;
	if (spot.is_there)
		status = ps_entries_copy(ps_txn_path(txn), spot.key,
		                         spot.record, &old, error);
	if (status != PINSTORE_OK || (!spot.is_there && is_empty(entry)))
		return status;
	if (is_empty(entry)) {
		status = ps_links_remove(txn, id, PS_HOSTS, name, error);
	} else {
		len = ps_entry_encode(id, key->octets, key->len, entry,
		                      spot.next, record);
		status = ps_links_put(txn, id, PS_HOSTS, name, record, len,
		                      &spot, error);
	}
	if (status != PINSTORE_OK)
		return status;
	return ps_counts_move(txn, id, key, counted_labels(&old),
	                      counted_labels(entry), error);
}
