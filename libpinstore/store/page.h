/*
 * page.h - how LMDB 0.9 lays its data file out, with 64-bit page numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields are in the machine's own byte order, and nodes stand at even octets.
 * What decodes here checks against the page's own length; that a page is inside
 * the file, and that a tree is one, is the business of who follows it.
 */
#ifndef PS_STORE_PAGE_H
#define PS_STORE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/db.h"

#define PS_PAGE_LEN_MIN 512
#define PS_PAGE_LEN_MAX 65536
#define PS_PAGE_HEAD_LEN 16
#define PS_PAGE_DEPTH_MAX 32
#define PS_PAGE_NONE UINT64_MAX

/* A page's head: its number, two octets of padding, flags, and the bounds of
 * its free room; or, in the first of a record's own pages, their number. */
#define PS_PAGE_NUMBER_AT 0
#define PS_PAGE_FLAGS_AT 10
#define PS_PAGE_LOWER_AT 12
#define PS_PAGE_UPPER_AT 14
#define PS_PAGE_COUNT_AT 12

#define PS_PAGE_BRANCH 0x01u
#define PS_PAGE_LEAF 0x02u
#define PS_PAGE_OVERFLOW 0x04u
#define PS_PAGE_META 0x08u
/* Never in a store of ours: fixed-size and sorted duplicates. */
#define PS_PAGE_LEAF2 0x20u
#define PS_PAGE_SUBP 0x40u
/* Marks of memory that a writer's commit does not always wipe. */
#define PS_PAGE_DIRTY 0x10u
#define PS_PAGE_LOOSE 0x4000u
#define PS_PAGE_KEEP 0x8000u
#define PS_PAGE_KINDS \
	(PS_PAGE_BRANCH | PS_PAGE_LEAF | PS_PAGE_OVERFLOW | PS_PAGE_META | \
	 PS_PAGE_LEAF2 | PS_PAGE_SUBP)

/* A node: four octets of length (or, with the flags, of a page's number), the
 * flags, the length of the key, the key, the data. */
#define PS_NODE_HEAD_LEN 8
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PS_NODE_LOW_AT 0
#define PS_NODE_HIGH_AT 2
#else
#define PS_NODE_LOW_AT 2
#define PS_NODE_HIGH_AT 0
#endif
#define PS_NODE_FLAGS_AT 4
#define PS_NODE_KEY_LEN_AT 6
#define PS_NODE_BIG 0x01u  /* the data is the number of a page of its own */
#define PS_NODE_TREE 0x02u /* the data is a tree: a database of that name */
#define PS_NODE_DUP 0x04u  /* never in a store of ours */

/* The root of a tree, of 48 octets. */
#define PS_TREE_PAD_AT 0 /* the page size, in the tree of free pages */
#define PS_TREE_FLAGS_AT 4
#define PS_TREE_DEPTH_AT 6
#define PS_TREE_BRANCHES_AT 8
#define PS_TREE_LEAVES_AT 16
#define PS_TREE_OVERFLOWS_AT 24
#define PS_TREE_ENTRIES_AT 32
#define PS_TREE_ROOT_AT 40
#define PS_TREE_LEN 48
/* Of the tree of free pages: its keys are numbers. */
#define PS_TREE_NUMBERS 0x08u
/* More free pages than that behind the end of a file no single write leaves. */
#define PS_PAGE_TAIL_MAX ((uint64_t)1 << 20)

/* A meta page, behind its head. */
#define PS_META_MAGIC 0xbeefc0deu
#define PS_META_VERSION 1u
#define PS_META_MAGIC_AT 0
#define PS_META_VERSION_AT 4
#define PS_META_ADDRESS_AT 8
#define PS_META_MAP_AT 16
#define PS_META_FREE_AT 24
#define PS_META_MAIN_AT 72
#define PS_META_LAST_AT 120
#define PS_META_TXN_AT 128
#define PS_META_LEN 136

static inline uint16_t
ps_page_get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint32_t
ps_page_get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t
ps_page_get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

struct ps_tree_root {
	uint16_t flags;
	uint16_t depth;
	uint64_t branches; /* pages of each kind */
	uint64_t leaves;
	uint64_t overflows;
	uint64_t entries;
	uint64_t root; /* or PS_PAGE_NONE */
};

/* Decode PS_TREE_LEN octets; nothing in it is checked. */
static inline void
ps_tree_root_decode(const uint8_t *at, struct ps_tree_root *out)
{
	out->flags = ps_page_get16(at + PS_TREE_FLAGS_AT);
	out->depth = ps_page_get16(at + PS_TREE_DEPTH_AT);
	out->branches = ps_page_get64(at + PS_TREE_BRANCHES_AT);
	out->leaves = ps_page_get64(at + PS_TREE_LEAVES_AT);
	out->overflows = ps_page_get64(at + PS_TREE_OVERFLOWS_AT);
	out->entries = ps_page_get64(at + PS_TREE_ENTRIES_AT);
	out->root = ps_page_get64(at + PS_TREE_ROOT_AT);
}

static inline uint16_t
ps_page_flags(const uint8_t *page)
{
	return ps_page_get16(page + PS_PAGE_FLAGS_AT);
}

/* Whether its flags are those of its kind, and it has a depth and a page. */
bool
ps_tree_root_fits(const struct ps_tree_root *root, bool has_numbers);

struct ps_page_head {
	bool is_head;  /* as the older one has to be */
	bool is_sound; /* and its roots can be followed */
	int failed;    /* for its reader: errno, or 0 */
	uint32_t page_len;
	uint64_t last_page;
	uint64_t txn;
	struct ps_tree_root free;
	struct ps_tree_root main;
};

/* Decode head `number` of PS_PAGE_HEAD_LEN + PS_META_LEN octets. */
void
ps_page_head_decode(const uint8_t *octets, uint64_t number,
                    struct ps_page_head *out);

/*
 * How many nodes a branch or leaf page of len octets has; false if the bounds
 * in its head are none, or its head has not this number and these kinds alone.
 */
static inline bool
ps_page_nodes(const uint8_t *page, uint32_t len, uint64_t number,
              unsigned kinds, uint32_t *n)
{
	uint32_t lower = ps_page_get16(page + PS_PAGE_LOWER_AT);
	uint32_t upper = ps_page_get16(page + PS_PAGE_UPPER_AT);

	*n = 0;
	if (ps_page_get64(page + PS_PAGE_NUMBER_AT) != number ||
	    (ps_page_flags(page) & PS_PAGE_KINDS) != kinds ||
	    lower < PS_PAGE_HEAD_LEN || lower % 2 != 0 || upper > len ||
	    lower > upper)
		return false;
	*n = (lower - PS_PAGE_HEAD_LEN) / 2;
	return true;
}

/* Where node i lies in its page. */
static inline uint32_t
ps_page_offset(const uint8_t *page, uint32_t i)
{
	return ps_page_get16(page + PS_PAGE_HEAD_LEN + (size_t)2 * i);
}

/* The key of node i, as ps_page_node() has it, where nothing else is asked. */
static inline bool
ps_page_key(const uint8_t *page, uint32_t len, uint32_t i, const uint8_t **key,
            uint32_t *key_len)
{
	uint32_t at = ps_page_offset(page, i);

	if (at < PS_PAGE_HEAD_LEN || at > len - PS_NODE_HEAD_LEN)
		return false;
	*key = page + at + PS_NODE_HEAD_LEN;
	*key_len = ps_page_get16(page + at + PS_NODE_KEY_LEN_AT);
	return *key_len <= len - PS_NODE_HEAD_LEN - at;
}

struct ps_page_node {
	const uint8_t *key;
	const uint8_t *data; /* none in a branch page */
	uint32_t key_len;
	uint32_t data_len; /* with PS_NODE_BIG that of the page behind it */
	uint64_t child;    /* of a branch page */
	unsigned flags;
};

/*
 * Node i of a page that ps_page_nodes() counted, i being less than that; false
 * if it does not lie inside the page.
 */
static inline bool
ps_page_node(const uint8_t *page, uint32_t len, uint32_t i, bool is_branch,
             struct ps_page_node *out)
{
	uint32_t at = ps_page_offset(page, i), room;
	const uint8_t *node;

	if (at < PS_PAGE_HEAD_LEN || len < PS_NODE_HEAD_LEN ||
	    at > len - PS_NODE_HEAD_LEN)
		return false;
	node = page + at;
	room = len - PS_NODE_HEAD_LEN - at;
	out->flags = ps_page_get16(node + PS_NODE_FLAGS_AT);
	out->key_len = ps_page_get16(node + PS_NODE_KEY_LEN_AT);
	out->key = node + PS_NODE_HEAD_LEN;
	out->data_len = (uint32_t)ps_page_get16(node + PS_NODE_LOW_AT) |
	                (uint32_t)ps_page_get16(node + PS_NODE_HIGH_AT) << 16;
	if (out->key_len > room)
		return false;
	room -= out->key_len;
	out->child = 0;
	if (is_branch) {
		out->child = out->data_len | (uint64_t)out->flags << 32;
		out->flags = 0;
		out->data_len = 0;
	}
	out->data = out->key + out->key_len;
	if ((out->flags & PS_NODE_BIG) != 0)
		return room >= sizeof(uint64_t);
	return out->data_len <= room;
}

/* What the keys of a page must lie between; NULL: no bound. */
struct ps_page_range {
	const struct ps_bytes *low; /* this one or behind it */
	const struct ps_bytes *high; /* before this one */
};

enum ps_page_fault {
	PS_PAGE_SOUND,
	PS_PAGE_BROKEN,  /* its nodes are none, or lie over one another */
	PS_PAGE_DISORDER /* its keys do not ascend, or are not of its range */
};

/*
 * See that the nodes of a page that ps_page_nodes() counted fill it from its
 * upper bound on, and that their keys ascend within range; the first of a branch
 * page has none that counts.
 */
enum ps_page_fault
ps_page_check(const uint8_t *page, uint32_t len, uint32_t n, bool is_branch,
              bool has_numbers, struct ps_page_range range);

/* As keys of a tree are ordered. */
int
ps_page_compare(struct ps_bytes a, struct ps_bytes b, bool has_numbers);

#endif /* PS_STORE_PAGE_H */
