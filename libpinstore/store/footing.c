/*
 * footing.c - the pages that LMDB is about to step on, looked at before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pages of the last commit stay as they are while its successor is made, so
 * that they can be read from the map beside LMDB.  Each is looked at in full
 * once a write; that it lies between its neighbours, each time.
 */
#include <config.h>

#include "store/footing.h"

#include <stdlib.h>
#include <string.h>

#include "store/links.h"
#include "store/page.h"

/* Bounds that are known, by value. */
struct bounds {
	bool has_low, has_high;
	struct ps_bytes low, high;
};

/* A page on the way to a leaf, and the child that the way leads to. */
struct stride {
	const uint8_t *page;
	uint32_t n, i;
	struct bounds bounds;
};

struct ground {
	struct ps_tree_root root;
	/* The leaf that was last led to: what lies inside it needs no way. */
	bool has_leaf;
	enum ps_footing_deed deed;
	struct ps_bytes first, last;
};

struct ps_footing {
	struct ps_map *map;
	struct ps_page_head head;
	uint64_t *sound; /* a bit for each page that was looked at */
	uint64_t *free;
	unsigned found; /* bit n: table n has a root */
	struct ground ground[PS_TABLES];
};

enum kind { KIND_FREE, KIND_MAIN, KIND_TABLE };

static bool
has_bit(const uint64_t *map, uint64_t page)
{
	return (map[page / 64] >> page % 64 & 1) != 0;
}

static void
set_bit(uint64_t *map, uint64_t page)
{
	map[page / 64] |= UINT64_C(1) << page % 64;
}

static struct ps_page_range
range_of(const struct bounds *bounds)
{
	struct ps_page_range range = {NULL, NULL};

	if (bounds->has_low)
		range.low = &bounds->low;
	if (bounds->has_high)
		range.high = &bounds->high;
	return range;
}

/* ------------------------------------------------------------------ a page */

static bool
is_in_use(const struct ps_footing *footing, uint64_t number, uint64_t n)
{
	uint64_t i;

	if (number < 2 || number > footing->head.last_page ||
	    n > footing->head.last_page - number + 1)
		return false;
	for (i = number; i < number + n; i++)
		if (has_bit(footing->free, i))
			return false;
	return true;
}

/* The data of a record that has pages of its own; NULL if they are not those. */
static const uint8_t *
big_data(struct ps_footing *footing, const struct ps_page_node *node)
{
	const uint64_t len = footing->map->page_len;
	const uint64_t n = (PS_PAGE_HEAD_LEN - 1 + node->data_len) / len + 1;
	const uint64_t number = ps_page_get64(node->data);
	const uint8_t *page;

	if (!is_in_use(footing, number, n) ||
	    ps_map_page(footing->map, number + n - 1) == NULL)
		return NULL;
	page = ps_map_page(footing->map, number);
	if (page == NULL ||
	    ps_page_get64(page + PS_PAGE_NUMBER_AT) != number ||
	    (ps_page_flags(page) & PS_PAGE_KINDS) != PS_PAGE_OVERFLOW ||
	    ps_page_get32(page + PS_PAGE_COUNT_AT) != n)
		return NULL;
	return page + PS_PAGE_HEAD_LEN;
}

/* The nodes of a leaf are records, or of the root of databases, roots. */
static bool
check_leaf(struct ps_footing *footing, enum kind kind, const uint8_t *page,
           uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct ps_page_node node;

		if (!ps_page_node(page, footing->map->page_len, i, false,
		                  &node) ||
		    (kind == KIND_MAIN ? node.flags != PS_NODE_TREE
		                       : (node.flags & ~PS_NODE_BIG) != 0) ||
		    ((node.flags & PS_NODE_BIG) != 0 &&
		     big_data(footing, &node) == NULL))
			return false;
	}
	return true;
}

static struct ps_bytes
key_of(const struct ps_footing *footing, const uint8_t *page, uint32_t i)
{
	struct ps_bytes key = {NULL, 0};
	uint32_t len;

	if (ps_page_key(page, footing->map->page_len, i, &key.at, &len))
		key.len = len;
	return key;
}

static bool
is_within(const struct ps_footing *footing, enum kind kind,
          const uint8_t *page, uint32_t n, bool is_branch,
          const struct bounds *bounds)
{
	const uint32_t first = is_branch ? 1 : 0;
	const bool has_numbers = kind == KIND_FREE;

	return (!bounds->has_low ||
	        ps_page_compare(key_of(footing, page, first), bounds->low,
	                        has_numbers) >= 0) &&
	       (!bounds->has_high ||
	        ps_page_compare(key_of(footing, page, n - 1), bounds->high,
	                        has_numbers) < 0);
}

/* A page of a tree, of n nodes; NULL if it cannot be it. */
static const uint8_t *
tread(struct ps_footing *footing, enum kind kind, uint64_t number,
      bool is_branch, const struct bounds *bounds, uint32_t *n)
{
	const uint8_t *page;

	*n = 0;
	if (!is_in_use(footing, number, 1))
		return NULL;
	page = ps_map_page(footing->map, number);
	if (page == NULL ||
	    !ps_page_nodes(page, footing->map->page_len, number,
	                   is_branch ? PS_PAGE_BRANCH : PS_PAGE_LEAF, n) ||
	    *n < (is_branch && kind != KIND_FREE ? 2u : 1u))
		return NULL;
	if (has_bit(footing->sound, number))
		/* What is looked at as a whole has each page once. */
		return kind == KIND_TABLE &&
		                       is_within(footing, kind, page, *n,
		                                 is_branch, bounds)
		               ? page
		               : NULL;
	if (ps_page_check(page, footing->map->page_len, *n, is_branch,
	                  kind == KIND_FREE, range_of(bounds)) !=
	            PS_PAGE_SOUND ||
	    (!is_branch && !check_leaf(footing, kind, page, *n)))
		return NULL;
	set_bit(footing->sound, number);
	return page;
}

static uint64_t
child_of(const struct ps_footing *footing, const uint8_t *page, uint32_t i)
{
	struct ps_page_node node;

	return ps_page_node(page, footing->map->page_len, i, true, &node)
	               ? node.child
	               : 0;
}

/* What the child of a page lies between. */
static struct bounds
bounds_of(const struct ps_footing *footing, const struct stride *stride,
          uint32_t i)
{
	struct bounds out = stride->bounds;

	if (i > 0) {
		out.has_low = true;
		out.low = key_of(footing, stride->page, i);
	}
	if (i + 1 < stride->n) {
		out.has_high = true;
		out.high = key_of(footing, stride->page, i + 1);
	}
	return out;
}

/* -------------------------------------------------- what is looked at whole */

/* Numbers of free pages: how many, then each, the highest first. */
static bool
take_free(struct ps_footing *footing, const struct ps_page_node *node)
{
	const uint64_t len = footing->map->page_len;
	const uint8_t *at = node->data;
	uint64_t n, i, before = UINT64_MAX;

	if ((node->flags & PS_NODE_BIG) != 0) {
		at = big_data(footing, node);
		n = (PS_PAGE_HEAD_LEN - 1 + node->data_len) / len + 1;
		for (i = ps_page_get64(node->data); at != NULL && n > 0; n--)
			set_bit(footing->sound, i++);
	}
	if (at == NULL || node->data_len < 8 ||
	    (n = ps_page_get64(at)) > node->data_len / 8 - 1)
		return false;
	for (i = 1; i <= n; i++) {
		const uint64_t page = ps_page_get64(at + 8 * i);

		if (page < 2 || page > footing->head.last_page ||
		    page >= before || has_bit(footing->free, page) ||
		    has_bit(footing->sound, page))
			return false;
		set_bit(footing->free, page);
		before = page;
	}
	return true;
}

static bool
take_list(struct ps_footing *footing, const struct ps_page_node *node)
{
	const uint64_t txn = ps_page_get64(node->key);

	return txn > 0 && txn <= footing->head.txn && take_free(footing, node);
}

static bool
take_root(struct ps_footing *footing, const struct ps_page_node *node)
{
	struct ps_tree_root root;
	int i;

	if (node->data_len != PS_TREE_LEN)
		return false;
	ps_tree_root_decode(node->data, &root);
	if (!ps_tree_root_fits(&root, false) ||
	    (root.root != PS_PAGE_NONE && !is_in_use(footing, root.root, 1)))
		return false;
	for (i = 0; i < PS_TABLES; i++) {
		const char *name = ps_table_names[i];

		if (strlen(name) != node->key_len ||
		    memcmp(name, node->key, node->key_len) != 0)
			continue;
		footing->ground[i].root = root;
		footing->found |= 1u << i;
	}
	return true;
}

static bool
take_leaf(struct ps_footing *footing, enum kind kind, const uint8_t *page,
          uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct ps_page_node node;

		if (!ps_page_node(page, footing->map->page_len, i, false,
		                  &node) ||
		    !(kind == KIND_FREE ? take_list(footing, &node)
		                        : take_root(footing, &node)))
			return false;
	}
	return true;
}

static bool
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the root says, at most 32 */
take_page(struct ps_footing *footing, enum kind kind, uint64_t number,
          unsigned depth, const struct bounds *bounds)
{
	struct stride stride = {.bounds = *bounds};
	uint32_t i;

	stride.page = tread(footing, kind, number, depth > 1, bounds,
	                    &stride.n);
	if (stride.page == NULL)
		return false;
	if (depth == 1)
		return take_leaf(footing, kind, stride.page, stride.n);
	for (i = 0; i < stride.n; i++) {
		struct bounds inner = bounds_of(footing, &stride, i);

		if (!take_page(footing, kind,
		               child_of(footing, stride.page, i), depth - 1,
		               &inner))
			return false;
	}
	return true;
}

static bool
take_tree(struct ps_footing *footing, enum kind kind,
          const struct ps_tree_root *root)
{
	const struct bounds all = {.has_low = false};

	return ps_tree_root_fits(root, kind == KIND_FREE) &&
	       (root->depth == 0 ||
	        take_page(footing, kind, root->root, root->depth, &all));
}

/* Pages that are free and not in the file yet are no more than those. */
static bool
take_head(struct ps_footing *footing, uint64_t txn)
{
	const uint8_t *page = ps_map_page(footing->map, txn % 2);

	if (page == NULL)
		return false;
	ps_page_head_decode(page, txn % 2, &footing->head);
	return footing->head.is_sound && footing->head.txn == txn &&
	       footing->head.page_len == footing->map->page_len &&
	       (ps_map_page(footing->map, footing->head.last_page) != NULL ||
	        footing->head.last_page <
	                footing->map->pages + PS_PAGE_TAIL_MAX);
}

enum pinstore_status
ps_footing_take(struct ps_map *map, uint64_t txn, struct ps_footing **out)
{
	struct ps_footing *footing = calloc(1, sizeof(*footing));
	size_t words;

	*out = NULL;
	if (footing == NULL)
		return PINSTORE_ERR_NOMEM;
	footing->map = map;
	if (!take_head(footing, txn)) {
		ps_footing_free(footing);
		return PINSTORE_ERR_DAMAGED;
	}
	words = (size_t)(footing->head.last_page / 64 + 1);
	footing->sound = calloc(words, sizeof(footing->sound[0]));
	footing->free = calloc(words, sizeof(footing->free[0]));
	if (footing->sound == NULL || footing->free == NULL) {
		ps_footing_free(footing);
		return PINSTORE_ERR_NOMEM;
	}
	if (!take_tree(footing, KIND_FREE, &footing->head.free) ||
	    !take_tree(footing, KIND_MAIN, &footing->head.main) ||
	    footing->found != (1u << PS_TABLES) - 1) {
		ps_footing_free(footing);
		return PINSTORE_ERR_DAMAGED;
	}
	*out = footing;
	return PINSTORE_OK;
}

void
ps_footing_free(struct ps_footing *footing)
{
	if (footing == NULL)
		return;
	free(footing->sound);
	free(footing->free);
	free(footing);
}

/* --------------------------------------------------------- the way to a leaf */

/* From page `number` at that depth along its first children, or its last. */
static bool
go_edge(struct ps_footing *footing, uint64_t number, unsigned depth,
        struct bounds bounds, bool to_last)
{
	for (;; depth--) {
		struct stride stride = {.bounds = bounds};

		stride.page = tread(footing, KIND_TABLE, number, depth > 1,
		                    &bounds, &stride.n);
		if (stride.page == NULL)
			return false;
		if (depth == 1)
			return true;
		stride.i = to_last ? stride.n - 1 : 0;
		bounds = bounds_of(footing, &stride, stride.i);
		number = child_of(footing, stride.page, stride.i);
	}
}

/* The child of a page on the way, and what it holds at its near edge or both. */
static bool
go_beside(struct ps_footing *footing, const struct stride *stride, uint32_t i,
          unsigned depth, bool is_before, enum ps_footing_deed deed)
{
	const struct bounds bounds = bounds_of(footing, stride, i);
	const uint64_t child = child_of(footing, stride->page, i);

	return go_edge(footing, child, depth, bounds, is_before) &&
	       (deed == PS_FOOTING_FIND ||
	        go_edge(footing, child, depth, bounds, !is_before));
}

/*
 * Where a deletion evens a page out with the one beside, it asks for the first
 * key below the one on the way, too, which that does not have itself.
 */
static bool
go_first(struct ps_footing *footing, const struct stride *way, unsigned depth)
{
	unsigned level;

	for (level = 0; level + 1 < depth; level++)
		if (!go_beside(footing, &way[level], way[level].i,
		               depth - 1 - level, false, PS_FOOTING_FIND))
			return false;
	return true;
}

/*
 * The pages beside those of the way: of each for a deletion; to find something,
 * of the neighbouring leaf alone.
 */
static bool
go_around(struct ps_footing *footing, const struct stride *way, unsigned depth,
          bool is_before, enum ps_footing_deed deed)
{
	unsigned level;

	for (level = depth - 1; level-- > 0;) {
		const struct stride *at = &way[level];

		if (is_before ? at->i == 0 : at->i + 1 >= at->n)
			continue;
		if (!go_beside(footing, at, is_before ? at->i - 1 : at->i + 1,
		               depth - 1 - level, is_before, deed))
			return false;
		if (deed == PS_FOOTING_FIND)
			return true;
	}
	return true;
}

/* The first of a page's nodes, from that one on, that is behind want. */
static uint32_t
place_of(const struct ps_footing *footing, const struct stride *stride,
         uint32_t first, struct ps_bytes want)
{
	uint32_t low = first, high = stride->n;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (ps_bytes_compare(key_of(footing, stride->page, middle),
		                     want) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum pinstore_status
ps_footing_at(struct ps_footing *footing, enum ps_table table,
              struct ps_bytes key, enum ps_footing_deed deed)
{
	struct ground *ground = &footing->ground[table];
	const unsigned depth = ground->root.depth;
	struct stride way[PS_PAGE_DEPTH_MAX];
	uint64_t number = ground->root.root;
	struct bounds bounds = {.has_low = false};
	const struct stride *leaf;
	unsigned level;
	uint32_t place;

	if (depth == 0 ||
	    (ground->has_leaf && ground->deed >= deed &&
	     ps_bytes_compare(ground->first, key) < 0 &&
	     ps_bytes_compare(key, ground->last) < 0))
		return PINSTORE_OK;
	ground->has_leaf = false;
	for (level = 0;; level++) {
		struct stride *at = &way[level];

		at->bounds = bounds;
		at->page = tread(footing, KIND_TABLE, number,
		                 level + 1 < depth, &bounds, &at->n);
		if (at->page == NULL)
			return PINSTORE_ERR_DAMAGED;
		if (level + 1 == depth)
			break;
		at->i = place_of(footing, at, 1, key) - 1;
		bounds = bounds_of(footing, at, at->i);
		number = child_of(footing, at->page, at->i);
	}
	leaf = &way[level];
	place = place_of(footing, leaf, 0, key);
	/* The one before the place may be the key's own. */
	if ((deed == PS_FOOTING_DELETE && !go_first(footing, way, depth)) ||
	    ((deed == PS_FOOTING_DELETE || place <= 1) &&
	     !go_around(footing, way, depth, true, deed)) ||
	    ((deed == PS_FOOTING_DELETE || place >= leaf->n) &&
	     !go_around(footing, way, depth, false, deed)))
		return PINSTORE_ERR_DAMAGED;
	ground->has_leaf = true;
	ground->deed = deed;
	ground->first = key_of(footing, leaf->page, 0);
	ground->last = key_of(footing, leaf->page, leaf->n - 1);
	return PINSTORE_OK;
}

enum pinstore_status
ps_footing_edge(struct ps_footing *footing, enum ps_table table, bool to_last)
{
	const struct ps_tree_root *root = &footing->ground[table].root;
	const struct bounds all = {.has_low = false};

	return root->depth == 0 || go_edge(footing, root->root, root->depth,
	                                   all, to_last)
	               ? PINSTORE_OK
	               : PINSTORE_ERR_DAMAGED;
}
