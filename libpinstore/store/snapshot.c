/*
 * snapshot.c - the tables of one commit, for a reader.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/snapshot.h"

#include <string.h>

/* The pages that a file begins with. */
#define HEADS 2

enum pinstore_status
ps_snapshot_take(struct ps_snapshot *snapshot, struct ps_map *map,
                 uint64_t least)
{
	enum pinstore_status status;
	struct ps_tree_root root;
	uint64_t txn;

	status = ps_map_snapshot(map, least, &txn, &root);
	if (status != PINSTORE_OK)
		return status;
	if (snapshot->txn == txn && snapshot->seen == map->at &&
	    snapshot->root.root == root.root)
		return PINSTORE_OK;
	snapshot->txn = txn;
	snapshot->seen = map->at;
	snapshot->map = map;
	snapshot->root = root;
	snapshot->opened = 0;
	memset(snapshot->absent, 0, sizeof(snapshot->absent));
	return PINSTORE_OK;
}

/* All tables are there from the first commit: one that is not was lost. */
static enum pinstore_status
open_table(struct ps_snapshot *snapshot, enum ps_table table)
{
	const char *word = ps_table_names[table];
	struct ps_bytes name = {(const uint8_t *)word, strlen(word)};
	struct ps_tree *tree = &snapshot->tree[table];
	enum pinstore_status status;
	struct ps_tree_root root;

	/* The room of the tree that is wanted serves for the one of names. */
	status = ps_tree_init(tree, snapshot->map, &snapshot->root);
	if (status == PINSTORE_OK)
		status = ps_tree_find(tree, name, &root);
	if (status == PINSTORE_OK)
		status = ps_tree_init(tree, snapshot->map, &root);
	if (status != PINSTORE_OK)
		return status == PINSTORE_ERR_NOTFOUND ? PINSTORE_ERR_DAMAGED
		                                       : status;
	snapshot->opened |= 1u << table;
	return PINSTORE_OK;
}

static inline enum pinstore_status
tree_of(struct ps_snapshot *snapshot, enum ps_table table)
{
	return (snapshot->opened & 1u << table) != 0
	               ? PINSTORE_OK
	               : open_table(snapshot, table);
}

enum pinstore_status
ps_snapshot_seek(struct ps_snapshot *snapshot, enum ps_table table,
                 enum ps_seek seek, struct ps_bytes *key,
                 struct ps_bytes *value)
{
	enum pinstore_status status = tree_of(snapshot, table);

	if (status != PINSTORE_OK)
		return status;
	return ps_tree_seek(&snapshot->tree[table], seek, key, value);
}

enum pinstore_status
ps_snapshot_around(struct ps_snapshot *snapshot, enum ps_table table,
                   struct ps_bytes want, struct ps_around *out)
{
	enum pinstore_status status = tree_of(snapshot, table);

	if (status != PINSTORE_OK)
		return status;
	return ps_tree_around(&snapshot->tree[table], want, out);
}

enum pinstore_status
ps_snapshot_get(struct ps_snapshot *snapshot, enum ps_table table,
                struct ps_bytes key, struct ps_bytes *value)
{
	struct ps_bytes found = key;
	enum pinstore_status status;

	status = ps_snapshot_seek(snapshot, table, PS_SEEK_FROM, &found,
	                          value);
	if (status == PINSTORE_OK &&
	    (found.len != key.len || memcmp(found.at, key.at, key.len) != 0)) {
		value->at = NULL;
		value->len = 0;
		return PINSTORE_ERR_NOTFOUND;
	}
	return status;
}

enum pinstore_status
ps_snapshot_count(struct ps_snapshot *snapshot, enum ps_table table,
                  uint64_t *out)
{
	enum pinstore_status status = tree_of(snapshot, table);

	*out = status == PINSTORE_OK ? snapshot->tree[table].root.entries : 0;
	return status;
}

static uint64_t
pages_of(const struct ps_tree_root *root)
{
	return root->branches + root->leaves + root->overflows;
}

enum pinstore_status
ps_snapshot_used(struct ps_snapshot *snapshot, uint64_t *out)
{
	uint64_t pages = HEADS + pages_of(&snapshot->root);
	enum pinstore_status status;
	unsigned i;

	*out = 0;
	for (i = 0; i < PS_TABLES; i++) {
		status = tree_of(snapshot, (enum ps_table)i);
		if (status != PINSTORE_OK)
			return status;
		pages += pages_of(&snapshot->tree[i].root);
	}
	*out = pages * snapshot->map->page_len;
	return PINSTORE_OK;
}

/* The place of a host of one label that is short enough; else PS_ABSENT. */
static size_t
place_of(struct ps_bytes host)
{
	size_t i, sum = host.len;

	if (host.len > sizeof(((struct ps_absent *)0)->octets))
		return PS_ABSENT;
	for (i = 0; i < host.len; i++) {
		if (host.at[i] == '.')
			return PS_ABSENT;
		sum = sum * 5 + host.at[i];
	}
	return sum % PS_ABSENT;
}

bool
ps_snapshot_is_absent(const struct ps_snapshot *snapshot, struct ps_bytes host)
{
	const struct ps_absent *absent;
	size_t place = place_of(host);

	if (place == PS_ABSENT)
		return false;
	absent = &snapshot->absent[place];
	return absent->len == host.len &&
	       memcmp(absent->octets, host.at, host.len) == 0;
}

void
ps_snapshot_keep_absent(struct ps_snapshot *snapshot, struct ps_bytes host)
{
	size_t place = place_of(host);

	if (place == PS_ABSENT)
		return;
	snapshot->absent[place].len = (uint8_t)host.len;
	memcpy(snapshot->absent[place].octets, host.at, host.len);
}
