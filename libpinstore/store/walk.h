/*
 * walk.h - every page of a data file, and what it says of the others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pages are read into a buffer of our own, never through a map, and LMDB has
 * no part in it: no octets crash the walk, and whatever it did not find fault
 * with, LMDB can be led through.  What the records say is told in audit.h.
 */
#ifndef PS_STORE_WALK_H
#define PS_STORE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/admin.h>

#include "store/db.h"

/* What is wrong, and where. */
struct ps_flaw {
	enum pinstore_flaw_kind kind;
	uint64_t page;        /* or PS_PAGE_NONE */
	const char *database; /* or NULL */
	struct ps_bytes key;  /* of length 0 if it is not that of a record */
};

/* What is told of the way; any may be NULL. */
struct ps_walker {
	void (*flaw)(const struct ps_flaw *flaw, void *arg);
	/*
	 * Each record of the tables, in the order of their keys, those of meta
	 * first; value is good for the call.
	 */
	void (*record)(enum ps_table table, uint64_t page, struct ps_bytes key,
	               struct ps_bytes value, void *arg);
	/* Records may be missing between the last one and the next. */
	void (*lost)(enum ps_table table, void *arg);
	/* Behind the last record of a table, which has a root or not. */
	void (*end)(enum ps_table table, bool has_root, void *arg);
	/* From time to time, with the octets that were seen. */
	void (*step)(uint64_t done, uint64_t total, void *arg);
	void *arg;
};

struct ps_walk_totals {
	uint64_t snapshot; /* the number of the commit that was walked */
	uint64_t pages;    /* of the file */
	uint64_t used;
	uint64_t free;
	uint64_t idle; /* neither: lost room, and no harm */
	uint64_t flaws;
	uint64_t entries[PS_TABLES]; /* as the roots have it */
};

enum ps_walk_extent {
	PS_WALK_ROOTS, /* what LMDB needs to open the databases */
	PS_WALK_ALL
};

struct ps_walk;

/*
 * Walk the commit `snapshot` of the data file fd, which a reader must keep from
 * being written over, or with 0 the newest, when nobody writes meanwhile.
 *
 * Owner:  the caller, who ends *out (NULL: not wanted) with ps_walk_free().
 * Errors: NOMEM, IO, BUSY (others have written over the commit's head),
 *         DAMAGED (no head is valid).  Flaws are none: they are counted.
 */
enum pinstore_status
ps_walk_run(int fd, const char *shown, uint64_t snapshot,
            enum ps_walk_extent extent, const struct ps_walker *walker,
            struct ps_walk_totals *totals, struct ps_walk **out,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Of a walk: the length of a page; whether a page is in a tree, or is free. */
uint32_t
ps_walk_page_len(const struct ps_walk *walk);
bool
ps_walk_is_used(const struct ps_walk *walk, uint64_t page);
bool
ps_walk_is_free(const struct ps_walk *walk, uint64_t page);
/* Whether the list of free pages was sound as a whole. */
bool
ps_walk_knows_free(const struct ps_walk *walk);

void
ps_walk_free(struct ps_walk *walk);

#endif /* PS_STORE_WALK_H */
