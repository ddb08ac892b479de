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

#include "base/unset.h"

/* A file up to this size is looked through when it is opened: fetched at once. */
#define FETCHED ((uint64_t)1 << 20)
/* A head that is being written is read again; nobody writes two that fast. */
#define HEAD_TRIES 1000

/* ------------------------------------------------------------------ the map */

/* Look how far the file goes by now. */
static bool
measure(struct ps_map *map, uint64_t *pages)
{
	struct stat st;
	uint64_t len;

	*pages = 0;
	if (fstat(map->fd, &st) != 0)
		return false;
	len = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
	if (len > map->len)
		len = map->len;
	*pages = len / map->page_len;
	atomic_store_explicit(&map->pages, *pages, memory_order_relaxed);
	return true;
}

int
ps_map_open(int fd, uint64_t len, uint32_t page_len, struct ps_map *out)
{
	uint64_t pages;
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
	if (!measure(out, &pages) || pages < 2) {
		ps_map_close(out);
		return EIO;
	}
	if (pages * page_len <= FETCHED)
		(void)madvise(at, (size_t)(pages * page_len), MADV_WILLNEED);
	return 0;
}

void
ps_map_close(struct ps_map *map)
{
	if (map->at != NULL)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): it was mapped so */
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
	uint64_t last = 0;
	int tries;

	for (tries = 0; tries < HEAD_TRIES; tries++) {
		*txn = load(meta + PS_META_TXN_AT);
		ps_tree_root_decode(meta + PS_META_MAIN_AT, root);
		root->root = load(meta + PS_META_MAIN_AT + PS_TREE_ROOT_AT);
		last = load(meta + PS_META_LAST_AT);
		atomic_thread_fence(memory_order_acquire);
		if (load(meta + PS_META_TXN_AT) == *txn)
			break;
	}
	if (ps_page_get32(meta + PS_META_MAGIC_AT) != PS_META_MAGIC ||
	    tries == HEAD_TRIES)
		return PINSTORE_ERR_DAMAGED;
	if (*txn < least)
		return PINSTORE_ERR_NOTFOUND;
	return *txn == least || last < map->len / map->page_len
	               ? PINSTORE_OK
	               : PINSTORE_ERR_BUSY;
}

/* ---------------------------------------------------------------- the pages */

/*
 * A page that the file holds; NULL if it does not.  What another thread saw of
 * the file may be older than what this one sees.
 */
static const uint8_t *
page_at(struct ps_map *map, uint64_t number)
{
	uint64_t pages;

	if (number >= atomic_load_explicit(&map->pages, memory_order_relaxed) &&
	    (!measure(map, &pages) || number >= pages))
		return NULL;
	return map->at + number * map->page_len;
}

const uint8_t *
ps_map_page(struct ps_map *map, uint64_t number)
{
	return page_at(map, number);
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
	struct ps_page_node node PS_UNSET;

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

/* Eight octets as a number that is greater if they come later. */
static inline uint64_t
rank(const uint8_t *at)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(ps_page_get64(at));
#else
	return ps_page_get64(at);
#endif
}

/* As octets are compared, eight at a time. */
static inline int
compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;

	for (; len >= 8; len -= 8, a += 8, b += 8) {
		const uint64_t one = rank(a), two = rank(b);

		if (one != two)
			return one < two ? -1 : 1;
	}
	for (; len > 0; len--, a++, b++)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return a_len < b_len ? -1 : a_len > b_len;
}

/* How want stands to the key of node i of a level's page. */
static inline bool
compare_node(const struct ps_tree *tree, const struct ps_tree_level *at,
             uint32_t i, struct ps_bytes want, int *order)
{
	const uint8_t *key;
	uint32_t key_len;

	if (!ps_page_key(at->page, tree->map->page_len, i, &key, &key_len))
		return false;
	*order = compare(want.at, want.len, key, key_len);
	return true;
}

static inline uint32_t
between(uint32_t from, uint32_t to)
{
	return from + (to - from) / 2;
}

static inline void
warm_node(const struct ps_tree_level *at, uint32_t i)
{
	if (i < at->n)
		__builtin_prefetch(at->page + ps_page_offset(at->page, i));
}

/*
 * A leaf that was not read lately is in no cache of the processor, and each
 * step of a search waits for its node: so the nodes of its next three steps are
 * asked for at once.
 */
static inline void
warm_nodes(const struct ps_tree_level *at, uint32_t low, uint32_t high)
{
	const uint32_t middle = between(low, high);
	const uint32_t before = between(low, middle);
	const uint32_t behind = between(middle + 1, high);

	warm_node(at, middle);
	warm_node(at, before);
	warm_node(at, behind);
	warm_node(at, between(low, before));
	warm_node(at, between(before + 1, middle));
	warm_node(at, between(middle + 1, behind));
	warm_node(at, between(behind + 1, high));
}

/*
 * The first node of [low, high) of a level's page whose key is not less than
 * want; high if there is none.
 */
static bool
lower_bound(const struct ps_tree *tree, const struct ps_tree_level *at,
            uint32_t low, uint32_t high, uint32_t warm, struct ps_bytes want,
            uint32_t *out, bool *is_equal)
{
	*is_equal = false;
	while (low < high) {
		const uint32_t middle = between(low, high);
		int order;

		if (high - low <= warm) {
			warm_nodes(at, low, high);
			warm = (high - low) / 8;
		}
		if (!compare_node(tree, at, middle, want, &order))
			return false;
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
 * The same of the nodes before the one at which the cursor stands, which is not
 * less than want: probably one of the last.
 */
static bool
bound_before(const struct ps_tree *tree, const struct ps_tree_level *at,
             uint32_t from, struct ps_bytes want, uint32_t *out,
             bool *is_equal)
{
	uint32_t low = from, high = at->i, reach = 1;
	int order = -1;

	*is_equal = false;
	while (high > from) {
		uint32_t i = high - from > reach ? high - reach : from;

		if (!compare_node(tree, at, i, want, &order))
			return false;
		if (order > 0) {
			low = i + 1;
			break;
		}
		high = i;
		if (order == 0)
			break;
		reach *= 2;
	}
	if (order != 0)
		return lower_bound(tree, at, low, high, 0, want, out, is_equal);
	*is_equal = true;
	*out = high;
	return true;
}

/* In all of a page; the first key of a branch is none: all before the next. */
static bool
bound_in(const struct ps_tree *tree, unsigned level, struct ps_bytes want,
         uint32_t *out, bool *is_equal)
{
	const struct ps_tree_level *at = &tree->path[level];
	const bool is_last = is_leaf(tree, level);

	return lower_bound(tree, at, is_last ? 0 : 1, at->n,
	                   is_last ? at->n : 0, want, out, is_equal);
}

/* Whether the page below a level begins at want or before it. */
static bool
is_below(const struct ps_tree *tree, unsigned level, struct ps_bytes want,
         bool *is_so)
{
	const struct ps_tree_level *at = &tree->path[level];
	int order = -1;

	*is_so = false;
	if (at->i > 0 && !compare_node(tree, at, at->i, want, &order))
		return false;
	*is_so = order >= 0;
	return true;
}

/*
 * From where the cursor stands back to want, if it is not behind that: then the
 * lowest page whose parent says that it begins at want or before it has the
 * place.  The cursor is at that, at *level; or *found is false.
 */
static bool
search_back(struct ps_tree *tree, struct ps_bytes want, bool *found,
            unsigned *level, bool *is_equal)
{
	unsigned at = tree->root.depth - 1u;
	int order;
	bool is_so;

	*found = false;
	if (!compare_node(tree, &tree->path[at], tree->path[at].i, want, &order))
		return false;
	if (order > 0)
		return true;
	for (; at > 0; at--) {
		if (!is_below(tree, at - 1, want, &is_so))
			return false;
		if (is_so)
			break;
	}
	*found = true;
	*level = at;
	*is_equal = order == 0;
	if (order == 0 && is_leaf(tree, at))
		return true;
	return bound_before(tree, &tree->path[at], is_leaf(tree, at) ? 0 : 1,
	                    want, &tree->path[at].i, is_equal);
}

/* The cursor to the first record at or behind want; in its leaf, or behind. */
static bool
search(struct ps_tree *tree, struct ps_bytes want, bool *is_equal)
{
	const bool is_placed = tree->is_placed;
	unsigned level = 0;
	bool found = false;

	tree->is_placed = false;
	if (is_placed && !search_back(tree, want, &found, &level, is_equal))
		return false;
	if (!found) {
		if (!enter(tree, 0, tree->root.root) ||
		    !bound_in(tree, 0, want, &tree->path[0].i, is_equal))
			return false;
	}
	for (; !is_leaf(tree, level); level++) {
		struct ps_tree_level *at = &tree->path[level];
		uint64_t number;

		if (!*is_equal)
			at->i--;
		if (!child_of(tree, level, &number) ||
		    !enter(tree, level + 1, number) ||
		    !bound_in(tree, level + 1, want, &tree->path[level + 1].i,
		              is_equal))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------- stepping */

static void
start_count(struct ps_tree *tree)
{
	tree->counted = atomic_load_explicit(&tree->map->pages,
	                                     memory_order_relaxed);
	tree->left = tree->counted;
}

/* What was seen of the file may be less than what it holds by now. */
static bool
count_on(struct ps_tree *tree)
{
	uint64_t pages;

	if (!measure(tree->map, &pages) || pages <= tree->counted)
		return false;
	tree->left = pages - tree->counted;
	tree->counted = pages;
	return true;
}

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
	if (tree->left == 0 && !count_on(tree))
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
	struct ps_page_node node PS_UNSET;

	tree->is_placed = false;
	if (!ps_page_node(at->page, tree->map->page_len, at->i, false, &node) ||
	    (node.flags & ~PS_NODE_BIG) != 0)
		return PINSTORE_ERR_DAMAGED;
	value->at = node.data;
	value->len = node.data_len;
	/* It is to be hashed, from its beginning. */
	__builtin_prefetch(node.key);
	__builtin_prefetch(node.data + 64);
	__builtin_prefetch(node.data + 128);
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
	start_count(tree);
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
	bool is_equal;

	start_count(tree);
	if (!search(tree, want, &is_equal))
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

enum pinstore_status
ps_tree_around(struct ps_tree *tree, struct ps_bytes want,
               struct ps_around *out)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_tree_level *leaf;
	struct ps_page_node node PS_UNSET;

	if (tree->root.depth == 0)
		return PINSTORE_ERR_NOTFOUND;
	leaf = &tree->path[tree->root.depth - 1u];
	start_count(tree);
	if (!search(tree, want, &out->is_there))
		return PINSTORE_ERR_DAMAGED;
	if (out->is_there)
		return show(tree, &out->key, &out->record);
	/* Its neighbours may stand in two leaves. */
	if (leaf->i == leaf->n) {
		leaf->i--;
		status = step(tree, true);
	}
	if (status == PINSTORE_ERR_NOTFOUND)
		return show(tree, &out->key, &out->record);
	if (status != PINSTORE_OK ||
	    !ps_page_node(leaf->page, tree->map->page_len, leaf->i, false,
	                  &node))
		return PINSTORE_ERR_DAMAGED;
	out->has_next = true;
	out->next.at = node.key;
	out->next.len = node.key_len;
	status = step(tree, false);
	return status == PINSTORE_OK ? show(tree, &out->key, &out->record)
	                             : status;
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
	tree->counted = 0;
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
	struct ps_page_node node PS_UNSET;
	bool is_equal;

	memset(out, 0, sizeof(*out));
	if (tree->root.depth == 0)
		return PINSTORE_ERR_NOTFOUND;
	leaf = &tree->path[tree->root.depth - 1u];
	if (!search(tree, name, &is_equal))
		return PINSTORE_ERR_DAMAGED;
	if (!is_equal)
		return PINSTORE_ERR_NOTFOUND;
	if (!ps_page_node(leaf->page, tree->map->page_len, leaf->i, false,
	                  &node))
		return PINSTORE_ERR_DAMAGED;
	if (node.flags != PS_NODE_TREE || node.data_len != PS_TREE_LEN)
		return PINSTORE_ERR_DAMAGED;
	ps_tree_root_decode(node.data, out);
	/* Ours have plain keys, each once. */
	return out->flags == 0 ? PINSTORE_OK : PINSTORE_ERR_DAMAGED;
}
