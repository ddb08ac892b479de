/*
 * tree.h - LMDB's trees, read from a map of the data file, within bounds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB believes what a page says of itself, and a damaged one can crash it.
 * Nothing is read here that does not lie in the file, no page is taken for
 * another, and no walk is longer than the file: what does not fit is DAMAGED.
 * Whoever reads holds a slot in LMDB's table of readers, so that no page of his
 * snapshot is written meanwhile.  A file that is cut short under the map still
 * means SIGBUS.
 */
#ifndef PS_STORE_TREE_H
#define PS_STORE_TREE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "store/db.h"
#include "store/page.h"

/* The data file, as this process reads it. */
struct ps_map {
	const uint8_t *at;
	uint64_t len; /* of the map, which may go beyond the file */
	uint32_t page_len;
	int fd; /* not ours */
	/* Pages that the file was seen to hold, as far as the map goes. */
	_Atomic uint64_t pages;
};

/*
 * Map len octets of fd, which stays the caller's and open.  0, or an errno:
 * ENOMEM without address space, EIO of a file without heads.
 */
int
ps_map_open(int fd, uint64_t len, uint32_t page_len,
            struct ps_map *out) PINSTORE_MUST_CHECK;

/* A map that was not opened is fine. */
void
ps_map_close(struct ps_map *map);

/*
 * The last snapshot whose head stands where that of `least` does, which a
 * reader's slot protects: its number, and the root of its tree of databases.
 * Errors: NOTFOUND (this file has not come so far), BUSY (it is a later one, of
 * a file that has grown out of the map meanwhile), DAMAGED.
 */
enum pinstore_status
ps_map_snapshot(const struct ps_map *map, uint64_t least, uint64_t *txn,
                struct ps_tree_root *root) PINSTORE_MUST_CHECK;

/* A page that lies in the file as a whole; NULL if it does not. */
const uint8_t *
ps_map_page(struct ps_map *map, uint64_t number);

struct ps_tree_level {
	const uint8_t *page;
	uint32_t n; /* its nodes */
	uint32_t i; /* where the cursor stands */
};

/* A tree, and a cursor on it. */
struct ps_tree {
	struct ps_map *map;
	struct ps_tree_root root;
	bool is_placed; /* the path below leads to a record */
	uint64_t left;  /* leaves that a sound tree may still have */
	uint64_t counted; /* the pages of the file that this comes from */
	struct ps_tree_level path[PS_PAGE_DEPTH_MAX];
};

/* Errors: DAMAGED. */
enum pinstore_status
ps_tree_init(struct ps_tree *tree, struct ps_map *map,
             const struct ps_tree_root *root) PINSTORE_MUST_CHECK;

/*
 * The tree of a database that a record of this tree holds.  Errors: NOTFOUND,
 * DAMAGED.
 */
enum pinstore_status
ps_tree_find(struct ps_tree *tree, struct ps_bytes name,
             struct ps_tree_root *out) PINSTORE_MUST_CHECK;

/*
 * Move the cursor; *key is what to seek with PS_SEEK_FROM, and what was found.
 * Both stay good as long as the snapshot does.  A cursor that stands nowhere, as
 * at first and when PS_SEEK_FROM found nothing, takes NEXT for FIRST and PREV
 * for LAST; one that found nothing behind or before a record stays there.
 * Errors: NOTFOUND, DAMAGED.
 */
enum pinstore_status
ps_tree_seek(struct ps_tree *tree, enum ps_seek seek, struct ps_bytes *key,
             struct ps_bytes *value) PINSTORE_MUST_CHECK;

/*
 * Find want, or the records on both sides; the cursor is at the record that is
 * given, which is want's or the one before.  *out is zero before.  Errors:
 * NOTFOUND (there is none before; what is behind is told), DAMAGED.
 */
enum pinstore_status
ps_tree_around(struct ps_tree *tree, struct ps_bytes want,
               struct ps_around *out) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_TREE_H */
