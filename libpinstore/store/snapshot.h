/*
 * snapshot.h - the tables of one commit, for a reader.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was found out of a snapshot is kept as long as the same one is taken
 * again: its pages do not change.
 */
#ifndef PS_STORE_SNAPSHOT_H
#define PS_STORE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "store/db.h"
#include "store/tree.h"

/* A host of one label that is not in the snapshot; len 0: none. */
struct ps_absent {
	uint8_t len;
	uint8_t octets[15];
};
#define PS_ABSENT 16

/* All zero before the first ps_snapshot_take(). */
struct ps_snapshot {
	uint64_t txn;        /* its number */
	const uint8_t *seen; /* where the map was */
	struct ps_map *map;
	struct ps_tree_root root;
	uint32_t opened; /* bit n: tree[n] is that of table n */
	struct ps_absent absent[PS_ABSENT];
	struct ps_tree tree[PS_TABLES];
};

/*
 * Take the snapshot of a reader whose slot says `least`: that one, or a later
 * one.  Errors: NOTFOUND (the file has not come so far), BUSY (the map is too
 * short for it by now), DAMAGED; without text.
 */
enum pinstore_status
ps_snapshot_take(struct ps_snapshot *snapshot, struct ps_map *map,
                 uint64_t least) PINSTORE_MUST_CHECK;

/*
 * As ps_txn_get(), ps_txn_seek(), ps_txn_around() (NOTFOUND: nothing stands
 * before it), ps_txn_count(), ps_txn_used(); without text.
 */
enum pinstore_status
ps_snapshot_get(struct ps_snapshot *snapshot, enum ps_table table,
                struct ps_bytes key,
                struct ps_bytes *value) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_snapshot_seek(struct ps_snapshot *snapshot, enum ps_table table,
                 enum ps_seek seek, struct ps_bytes *key,
                 struct ps_bytes *value) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_snapshot_around(struct ps_snapshot *snapshot, enum ps_table table,
                   struct ps_bytes want,
                   struct ps_around *out) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_snapshot_count(struct ps_snapshot *snapshot, enum ps_table table,
                  uint64_t *out) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_snapshot_used(struct ps_snapshot *snapshot,
                 uint64_t *out) PINSTORE_MUST_CHECK;

/* As ps_txn_is_absent() and ps_txn_keep_absent(). */
bool
ps_snapshot_is_absent(const struct ps_snapshot *snapshot,
                      struct ps_bytes host);
void
ps_snapshot_keep_absent(struct ps_snapshot *snapshot, struct ps_bytes host);

#endif /* PS_STORE_SNAPSHOT_H */
