/*
 * tree.c - LMDB's trees, read from a map of the data file, within bounds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A head that is being written is read again; nobody writes two that fast. */
#define HEAD_TRIES 1000

/* ------------------------------------------------------------------ the map */

/* Look how far the file goes by now. */
static bool
measure(struct ps_map *map)
{
	struct stat st;
	uint64_t len;

	if (fstat(map->fd, &st) != 0)
		return false;
	len = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
	if (len > map->len)
		len = map->len;
	atomic_store_explicit(&map->pages, len / map->page_len,
	                      memory_order_relaxed);
	return true;
}

int
ps_map_open(int fd, uint64_t len, uint32_t page_len, struct ps_map *out)
{
	void *at;

	memset(out, 0, sizeof(*out));
	atomic_init(&out->pages, 0);
	if (len > SIZE_MAX)
		return ENOMEM;
	at = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return errno;
	/* One record is wanted, not what lies around it. */
	(void)madvise(at, (size_t)len, MADV_RANDOM);
	out->at = at;
	out->len = len;
	out->page_len = page_len;
	out->fd = fd;
	if (measure(out) && atomic_load(&out->pages) >= 2)
		return 0;
	ps_map_close(out);
	return EIO;
}

void
ps_map_close(struct ps_map *map)
{
	if (map->at != NULL)
		/* NOLINTNEXTLINE(*-casting-through-void): it was mapped so */
		(void)munmap((void *)(uintptr_t)map->at, (size_t)map->len);
	map->at = NULL;
}

/* The kernel writes there, for whoever commits. */
static uint64_t
load(const uint8_t *at)
{
	uint64_t value;

	value = __atomic_load_n((const uint64_t *)(const void *)at,
	                        __ATOMIC_ACQUIRE);
	return value;
}

enum pinstore_status
ps_map_snapshot(const struct ps_map *map, uint64_t least, uint64_t *txn,
                struct ps_tree_root *root)
{
	const uint8_t *page = map->at + least % 2 * map->page_len;
	const uint8_t *meta = page + PS_PAGE_HEAD_LEN;
	int tries;

	for (tries = 0; tries < HEAD_TRIES; tries++) {
		*txn = load(meta + PS_META_TXN_AT);
		ps_tree_root_decode(meta + PS_META_MAIN_AT, root);
		root->root = load(meta + PS_META_MAIN_AT + PS_TREE_ROOT_AT);
		atomic_thread_fence(memory_order_acquire);
		if (load(meta + PS_META_TXN_AT) == *txn)
			break;
	}
	if (ps_page_get32(meta + PS_META_MAGIC_AT) != PS_META_MAGIC ||
	    tries == HEAD_TRIES)
		return PINSTORE_ERR_DAMAGED;
	return *txn >= least ? PINSTORE_OK : PINSTORE_ERR_NOTFOUND;
}

/* ---------------------------------------------------------------- the pages */

/* A page that the file holds; NULL if it does not. */
static const uint8_t *
page_at(struct ps_map *map, uint64_t number)
{
	if (number >= atomic_load_explicit(&map->pages, memory_order_relaxed) &&
	    (!measure(map) ||
	     number >= atomic_load_explicit(&map->pages, memory_order_relaxed)))
		return NULL;
	return map->at + number * map->page_len;
}

static bool
is_leaf(const struct ps_tree *tree, unsigned level)
{
	return level + 1u == tree->root.depth;
}

/* Take page `number` for that of a level; the cursor stands at its start. */
static bool
enter(struct ps_tree *tree, unsigned level, uint64_t number)
{
	struct ps_tree_level *at = &tree->path[level];
	const uint8_t *page = page_at(tree->map, number);

	at->i = 0;
	if (page == NULL)
		return false;
	at->page = page;
	/* LMDB leaves no page of a tree empty. */
	return ps_page_nodes(page, tree->map->page_len, number,
	                     is_leaf(tree, level) ? PS_PAGE_LEAF
	                                          : PS_PAGE_BRANCH,
	                     &at->n) &&
	       at->n > 0;
}

static bool
child_of(const struct ps_tree *tree, unsigned level, uint64_t *number)
{
	const struct ps_tree_level *at = &tree->path[level];
	struct ps_page_node node;

	if (!ps_page_node(at->page, tree->map->page_len, at->i, true, &node))
		return false;
	*number = node.child;
	return true;
}

/* From the child of a level at which the cursor stands down to a leaf. */
static bool
go_down(struct ps_tree *tree, unsigned level, bool to_last)
{
	uint64_t number;

	for (; !is_leaf(tree, level); level++) {
		struct ps_tree_level *below = &tree->path[level + 1];

		if (!child_of(tree, level, &number) ||
		    !enter(tree, level + 1, number))
			return false;
		below->i = to_last ? below->n - 1 : 0;
	}
	return true;
}

/* The data of a record that has pages of its own. */
static bool
big_data(struct ps_map *map, const struct ps_page_node *node,
         struct ps_bytes *value)
{
	uint64_t number = ps_page_get64(node->data), pages, needed;
	const uint8_t *page = page_at(map, number);

	if (page == NULL ||
	    ps_page_get64(page + PS_PAGE_NUMBER_AT) != number ||
	    (ps_page_flags(page) & PS_PAGE_KINDS) != PS_PAGE_OVERFLOW)
		return false;
	pages = ps_page_get32(page + PS_PAGE_COUNT_AT);
	needed = ((uint64_t)node->data_len + PS_PAGE_HEAD_LEN +
	          map->page_len - 1) / map->page_len;
	if (needed > pages || page_at(map, number + needed - 1) == NULL)
		return false;
	value->at = page + PS_PAGE_HEAD_LEN;
	value->len = node->data_len;
	return true;
}

/* ---------------------------------------------------------------- searching */

static int
compare(struct ps_bytes want, const struct ps_page_node *node)
{
	size_t len = want.len < node->key_len ? want.len : node->key_len;
	int order = memcmp(want.at, node->key, len);

	if (order != 0)
		return order;
	return want.len < node->key_len ? -1 : want.len > node->key_len;
}

/*
 * In the page of a level the first node from `from` on whose key is not less
 * than want; n if there is none.
 */
static bool
lower_bound(const struct ps_tree *tree, unsigned level, uint32_t from,
            struct ps_bytes want, uint32_t *out, bool *is_equal)
{
	const struct ps_tree_level *at = &tree->path[level];
	const uint32_t len = tree->map->page_len;
	const bool is_branch = !is_leaf(tree, level);
	uint32_t low = from, high = at->n;

	*is_equal = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct ps_page_node node;
		int order;

		if (!ps_page_node(at->page, len, middle, is_branch, &node))
			return false;
		order = compare(want, &node);
		if (order == 0) {
			*is_equal = true;
			low = middle;
			break;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*out = low;
	return true;
}

/*
 * The level from which want is to be sought: the lowest whose page must have it.
 * Where the cursor stands at want or behind it, that is the first whose parent
 * says that it begins at want or before it.
 */
static bool
start_level(const struct ps_tree *tree, struct ps_bytes want, unsigned *out)
{
	unsigned level = tree->root.depth - 1u;
	const struct ps_tree_level *at = &tree->path[level];
	struct ps_page_node node;

	*out = 0;
	if (!tree->is_placed)
		return true;
	if (!ps_page_node(at->page, tree->map->page_len, at->i, false, &node))
		return false;
	if (compare(want, &node) > 0)
		return true;
	for (; level > 0; level--) {
		at = &tree->path[level - 1];
		if (at->i == 0)
			continue;
		if (!ps_page_node(at->page, tree->map->page_len, at->i, true,
		                  &node))
			return false;
		if (compare(want, &node) >= 0)
			break;
	}
	*out = level;
	return true;
}

/* The cursor to the first record at or behind want; in its leaf, or behind. */
static bool
search(struct ps_tree *tree, struct ps_bytes want)
{
	unsigned level;
	bool is_equal;
	uint32_t i;

	if (!start_level(tree, want, &level))
		return false;
	tree->is_placed = false;
	if (level == 0 && !enter(tree, 0, tree->root.root))
		return false;
	for (; !is_leaf(tree, level); level++) {
		uint64_t number;

		/* The first key of a branch page is none: all before the next. */
		if (!lower_bound(tree, level, 1, want, &i, &is_equal))
			return false;
		tree->path[level].i = is_equal ? i : i - 1;
		if (!child_of(tree, level, &number) ||
		    !enter(tree, level + 1, number))
			return false;
	}
	return lower_bound(tree, level, 0, want, &tree->path[level].i,
	                   &is_equal);
}

/* ----------------------------------------------------------------- stepping */

/*
 * To the neighbouring leaf; *found is false if there is none, and the cursor
 * stays.  A walk in a tree that is none ends when it saw more leaves than there
 * are pages.
 */
static bool
cross(struct ps_tree *tree, bool is_forward, bool *found)
{
	unsigned level = tree->root.depth - 1u;

	*found = false;
	for (; level > 0; level--) {
		struct ps_tree_level *at = &tree->path[level - 1];

		if (is_forward ? at->i + 1 < at->n : at->i > 0)
			break;
	}
	if (level == 0)
		return true;
	if (tree->left == 0)
		return false;
	tree->left--;
	level--;
	tree->path[level].i += is_forward ? 1u : UINT32_MAX;
	*found = true;
	return go_down(tree, level, !is_forward);
}

static enum pinstore_status
show(struct ps_tree *tree, struct ps_bytes *key, struct ps_bytes *value)
{
	const struct ps_tree_level *at = &tree->path[tree->root.depth - 1u];
	struct ps_page_node node;

	tree->is_placed = false;
	if (!ps_page_node(at->page, tree->map->page_len, at->i, false, &node) ||
	    (node.flags & ~PS_NODE_BIG) != 0)
		return PINSTORE_ERR_DAMAGED;
	value->at = node.data;
	value->len = node.data_len;
	if ((node.flags & PS_NODE_BIG) != 0 &&
	    !big_data(tree->map, &node, value))
		return PINSTORE_ERR_DAMAGED;
	key->at = node.key;
	key->len = node.key_len;
	tree->is_placed = true;
	return PINSTORE_OK;
}

static enum pinstore_status
to_edge(struct ps_tree *tree, bool to_last)
{
	tree->is_placed = false;
	tree->left = atomic_load_explicit(&tree->map->pages,
	                                  memory_order_relaxed);
	if (!enter(tree, 0, tree->root.root))
		return PINSTORE_ERR_DAMAGED;
	tree->path[0].i = to_last ? tree->path[0].n - 1 : 0;
	return go_down(tree, 0, to_last) ? PINSTORE_OK : PINSTORE_ERR_DAMAGED;
}

/* One step on, or back, from a leaf's node, or from behind its last one. */
static enum pinstore_status
step(struct ps_tree *tree, bool is_forward)
{
	struct ps_tree_level *leaf = &tree->path[tree->root.depth - 1u];
	bool found = true;

	if (is_forward && leaf->i + 1 < leaf->n)
		leaf->i++;
	else if (!is_forward && leaf->i > 0)
		leaf->i--;
	else if (!cross(tree, is_forward, &found))
		return PINSTORE_ERR_DAMAGED;
	return found ? PINSTORE_OK : PINSTORE_ERR_NOTFOUND;
}

static enum pinstore_status
seek_from(struct ps_tree *tree, struct ps_bytes want)
{
	struct ps_tree_level *leaf = &tree->path[tree->root.depth - 1u];

	tree->left = atomic_load_explicit(&tree->map->pages,
	                                  memory_order_relaxed);
	if (!search(tree, want))
		return PINSTORE_ERR_DAMAGED;
	if (leaf->i < leaf->n)
		return PINSTORE_OK;
	/* All of this leaf lies before it: the next one begins behind it. */
	leaf->i = leaf->n - 1;
	return step(tree, true);
}

enum pinstore_status
ps_tree_seek(struct ps_tree *tree, enum ps_seek seek, struct ps_bytes *key,
             struct ps_bytes *value)
{
	enum pinstore_status status = PINSTORE_OK;

	value->at = NULL;
	value->len = 0;
	if (tree->root.depth == 0)
		return PINSTORE_ERR_NOTFOUND;
	switch (seek) {
	case PS_SEEK_FROM:
		status = seek_from(tree, *key);
		break;
	case PS_SEEK_FIRST:
	case PS_SEEK_LAST:
		status = to_edge(tree, seek == PS_SEEK_LAST);
		break;
	case PS_SEEK_NEXT:
	case PS_SEEK_PREV:
		if (!tree->is_placed)
			status = to_edge(tree, seek == PS_SEEK_PREV);
		else
			status = step(tree, seek == PS_SEEK_NEXT);
		break;
	}
	if (status == PINSTORE_OK)
		return show(tree, key, value);
	if (status == PINSTORE_ERR_DAMAGED)
		tree->is_placed = false;
	return status;
}

/* ------------------------------------------------------------ the databases */

enum pinstore_status
ps_tree_init(struct ps_tree *tree, struct ps_map *map,
             const struct ps_tree_root *root)
{
	tree->map = map;
	tree->root = *root;
	tree->is_placed = false;
	tree->left = 0;
	/* An empty tree has neither root nor depth nor records. */
	if ((root->root == PS_PAGE_NONE) != (root->depth == 0) ||
	    (root->entries == 0) != (root->depth == 0) ||
	    root->depth > PS_PAGE_DEPTH_MAX)
		return PINSTORE_ERR_DAMAGED;
	return PINSTORE_OK;
}

enum pinstore_status
ps_tree_find(struct ps_tree *tree, struct ps_bytes name,
             struct ps_tree_root *out)
{
	const struct ps_tree_level *leaf;
	struct ps_page_node node;
	bool is_equal = false;

	memset(out, 0, sizeof(*out));
	if (tree->root.depth == 0)
		return PINSTORE_ERR_NOTFOUND;
	leaf = &tree->path[tree->root.depth - 1u];
	if (!search(tree, name))
		return PINSTORE_ERR_DAMAGED;
	if (leaf->i == leaf->n)
		return PINSTORE_ERR_NOTFOUND;
	if (!ps_page_node(leaf->page, tree->map->page_len, leaf->i, false,
	                  &node))
		return PINSTORE_ERR_DAMAGED;
	is_equal = compare(name, &node) == 0;
	if (!is_equal)
		return PINSTORE_ERR_NOTFOUND;
	if (node.flags != PS_NODE_TREE || node.data_len != PS_TREE_LEN)
		return PINSTORE_ERR_DAMAGED;
	ps_tree_root_decode(node.data, out);
	/* Ours have plain keys, each once. */
	return out->flags == 0 ? PINSTORE_OK : PINSTORE_ERR_DAMAGED;
}
