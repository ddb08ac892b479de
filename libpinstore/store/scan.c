/*
 * scan.c - visiting many records, with every link between them proved.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/scan.h"

#include <string.h>

#include "base/octets.h"
#include "base/status.h"

/* In a batch: the two lengths, the key, the record. */
#define LENGTHS 4
#define ITEM_MAX (LENGTHS + PINSTORE_HOST_MAX + PS_ENTRY_LEN_MAX)

static void
add(struct ps_batch *batch, const struct ps_spot *spot)
{
	uint8_t *at = batch->octets + batch->used;

	ps_put_le16(at, (uint16_t)spot->key.len);
	ps_put_le16(at + 2, (uint16_t)spot->record.len);
	memcpy(at + LENGTHS, spot->key.at, spot->key.len);
	memcpy(at + LENGTHS + spot->key.len, spot->record.at,
	       spot->record.len);
	batch->used += LENGTHS + spot->key.len + spot->record.len;
	batch->n++;
	memcpy(batch->last.octets, spot->key.at, spot->key.len);
	batch->last.len = spot->key.len;
}

enum pinstore_status
ps_batch_fill(struct ps_txn *txn, const struct ps_store_id *id,
              struct ps_batch *batch, struct pinstore_error *error)
{
	struct ps_key last = batch->last;
	struct ps_bytes from = {last.octets, last.len};
	enum pinstore_status status;
	struct ps_spot spot;
	bool found;

	batch->used = 0;
	batch->n = 0;
	status = ps_links_behind(txn, id, PS_HOSTS, from, &found, &spot,
	                         error);
	while (status == PINSTORE_OK && found) {
		add(batch, &spot);
		if (batch->n == PS_BATCH_RECORDS ||
		    batch->used > PS_BATCH_OCTETS - ITEM_MAX)
			break;
		status = ps_links_next(txn, id, PS_HOSTS, &spot, &found, error);
	}
	batch->is_last = !found;
	return status;
}

enum pinstore_status
ps_batch_visit(const struct ps_batch *batch, const char *path,
               ps_store_visit_fn *visit, void *arg, bool *go_on,
               struct pinstore_error *error)
{
	const uint8_t *at = batch->octets;
	size_t i;

	*go_on = true;
	for (i = 0; i < batch->n && *go_on; i++) {
		struct ps_bytes key = {at + LENGTHS, ps_get_le16(at)};
		struct ps_bytes record = {key.at + key.len,
		                          ps_get_le16(at + 2)};
		struct ps_host host;
		struct ps_entry entry;
		enum pinstore_status status;

		status = ps_entries_host(path, key, &host, error);
		if (status == PINSTORE_OK)
			status = ps_entries_copy(path, key, record, &entry,
			                         error);
		if (status != PINSTORE_OK)
			return status;
		*go_on = visit(&host, &entry, arg);
		at = record.at + record.len;
	}
	return PINSTORE_OK;
}

/* ---------------------------------------------------------- inside a writer */

static enum pinstore_status
show(struct ps_txn *txn, const struct ps_spot *spot, struct ps_key *last,
     ps_scan_fn *visit, void *arg, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_entry entry;
	struct ps_host host;

	last->len = spot->key.len;
	memcpy(last->octets, spot->key.at, spot->key.len);
	status = ps_entries_host(ps_txn_path(txn), spot->key, &host, error);
	if (status == PINSTORE_OK)
		status = ps_entries_copy(ps_txn_path(txn), spot->key,
		                         spot->record, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	return visit(&host, &entry, arg, error);
}

/* "com.example-x" stands between "com.example" and "com.example.www". */
static bool
is_below(const struct ps_key *root, const struct ps_spot *spot)
{
	return root == NULL || ps_key_is_ancestor(root->octets, root->len,
	                                          spot->key.at, spot->key.len);
}

enum pinstore_status
ps_scan_each(struct ps_txn *txn, const struct ps_store_id *id,
             const struct ps_key *root, ps_scan_fn *visit, void *arg,
             struct pinstore_error *error)
{
	struct ps_key last = {1, {0}};
	enum pinstore_status status = PINSTORE_OK;
	struct ps_spot spot;
	bool found;

	if (root != NULL) {
		struct ps_bytes want = {root->octets, root->len};

		status = ps_links_find(txn, id, PS_HOSTS, want, &spot, error);
		if (status == PINSTORE_OK && spot.is_there)
			status = show(txn, &spot, &last, visit, arg, error);
		if (root->len >= PINSTORE_HOST_MAX)
			return status;
		/* What is below starts behind the root's key and a dot. */
		last = *root;
		last.octets[last.len++] = '.';
	}
	while (status == PINSTORE_OK) {
		struct ps_bytes from = {last.octets, last.len};
		struct ps_key key;

		status = ps_links_behind(txn, id, PS_HOSTS, from, &found, &spot,
		                         error);
		if (status != PINSTORE_OK || !found || !is_below(root, &spot))
			return status;
		status = show(txn, &spot, &key, visit, arg, error);
		last = key;
	}
	return status;
}
