/*
 * walk.c - every page of a data file, and what it says of the others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * First the list of free pages, then the root of the databases, then each of
 * them.  A page that is no page is told once, and what hangs on it is left out;
 * the counts of its tree are not held against what was found then.
 */
#include <config.h>

#include "store/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/files.h"
#include "store/links.h"
#include "store/page.h"
#include "store/record.h"

/* As many databases as an environment of ours may have. */
#define TREES_MAX 16
#define NAME_LEN 32
/* A head that a writer is at may be seen half written. */
#define TRIES 4
/* So often the walk tells how far it is. */
#define STEP_PAGES 256
/* What is larger is read ahead as a whole. */
#define SMALL_BYTES ((uint64_t)1 << 20)
#define VALUE_MAX (PS_RECORD_HEAD_LEN + PS_RECORD_TEXT_MAX)

enum tree_kind { TREE_FREE, TREE_MAIN, TREE_TABLE };

struct tree {
	enum tree_kind kind;
	enum ps_table table; /* if is_known */
	bool is_known;
	bool has_flaw;
	char name[NAME_LEN];
	struct ps_tree_root root;
	uint64_t branches, leaves, overflows, entries; /* as found */
};

struct ps_walk {
	int fd;
	const char *shown;
	const struct ps_walker *walker;
	struct ps_walk_totals *totals;
	struct pinstore_error *error;
	uint64_t file_pages;
	struct ps_page_head head;
	uint64_t n_pages; /* those that the maps tell of */
	uint64_t *used;
	uint64_t *free;
	bool knows_free;
	uint8_t *level[PS_PAGE_DEPTH_MAX + 1]; /* a page for each */
	uint8_t *value; /* of VALUE_MAX and a page */
	struct tree trees[TREES_MAX];
	size_t n_trees;
};

/* -------------------------------------------------------------------- flaws */

static void
tell(struct ps_walk *walk, struct tree *tree, enum pinstore_flaw_kind kind,
     uint64_t page, struct ps_bytes key)
{
	struct ps_flaw flaw = {kind, page, tree != NULL ? tree->name : NULL,
	                       key};

	if (tree != NULL)
		tree->has_flaw = true;
	walk->totals->flaws++;
	if (walk->walker->flaw != NULL)
		walk->walker->flaw(&flaw, walk->walker->arg);
}

static void
tell_page(struct ps_walk *walk, struct tree *tree, enum pinstore_flaw_kind kind,
          uint64_t page)
{
	const struct ps_bytes none = {NULL, 0};

	tell(walk, tree, kind, page, none);
}

static void
lose(struct ps_walk *walk, const struct tree *tree)
{
	if (tree->is_known && walk->walker->lost != NULL)
		walk->walker->lost(tree->table, walk->walker->arg);
}

static void
step(const struct ps_walk *walk)
{
	const struct ps_walk_totals *totals = walk->totals;

	if (walk->walker->step != NULL && totals->used % STEP_PAGES == 0)
		walk->walker->step(totals->used * walk->head.page_len,
		                   (walk->n_pages - totals->free) *
		                           walk->head.page_len,
		                   walk->walker->arg);
}

/* -------------------------------------------------------------------- pages */

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

/* len octets at `at`: 0, EIO and its like, or -1 where the file ends. */
static int
read_octets(const struct ps_walk *walk, uint64_t at, uint8_t *out, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = pread(walk->fd, out + done, len - done,
		                    (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			return -1;
		done += (size_t)got;
	}
	return 0;
}

static bool
read_pages(struct ps_walk *walk, struct tree *tree, uint64_t number,
           uint8_t *out, size_t len)
{
	int failed = read_octets(walk, number * walk->head.page_len, out, len);

	if (failed != 0)
		tell_page(walk, tree,
		          failed < 0 ? PINSTORE_FLAW_SHORT
		                     : PINSTORE_FLAW_UNREADABLE, number);
	return failed == 0;
}

/* Take n pages for tree; false if they cannot be its, or are not there. */
static bool
claim(struct ps_walk *walk, struct tree *tree, uint64_t number, uint64_t n)
{
	uint64_t i;

	if (number < 2 || number > walk->head.last_page ||
	    n > walk->head.last_page - number + 1) {
		tell_page(walk, tree, PINSTORE_FLAW_PAGE, number);
		return false;
	}
	if (number >= walk->file_pages || n > walk->file_pages - number) {
		tell_page(walk, tree, PINSTORE_FLAW_SHORT, number);
		return false;
	}
	for (i = number; i < number + n; i++) {
		if (has_bit(walk->used, i)) {
			tell_page(walk, tree, PINSTORE_FLAW_TWICE, i);
			return false;
		}
		if (has_bit(walk->free, i))
			tell_page(walk, tree, PINSTORE_FLAW_FREE, i);
		set_bit(walk->used, i);
		walk->totals->used++;
	}
	return true;
}

/* ---------------------------------------------------- records with own pages */

/* The first of the pages that hold the data of node; false if it is none. */
static bool
claim_big(struct ps_walk *walk, struct tree *tree,
          const struct ps_page_node *node, uint64_t *number)
{
	const uint64_t len = walk->head.page_len;
	const uint64_t n = (PS_PAGE_HEAD_LEN - 1 + node->data_len) / len + 1;
	uint8_t head[PS_PAGE_HEAD_LEN];

	*number = ps_page_get64(node->data);
	if (!claim(walk, tree, *number, n) ||
	    !read_pages(walk, tree, *number, head, sizeof(head)))
		return false;
	tree->overflows += n;
	if (ps_page_get64(head + PS_PAGE_NUMBER_AT) != *number ||
	    (ps_page_flags(head) & PS_PAGE_KINDS) != PS_PAGE_OVERFLOW ||
	    ps_page_get32(head + PS_PAGE_COUNT_AT) != n) {
		tell_page(walk, tree, PINSTORE_FLAW_PAGE, *number);
		return false;
	}
	return true;
}

/* Numbers of free pages: how many, then each. */
static bool
take_free(struct ps_walk *walk, struct tree *tree, uint64_t page, uint64_t at,
          uint64_t len)
{
	uint8_t octets[4096];
	uint64_t left, i, n;

	if (len < 8 || read_octets(walk, at, octets, 8) != 0 ||
	    (left = ps_page_get64(octets)) > len / 8 - 1) {
		tell_page(walk, tree, PINSTORE_FLAW_FREE_LIST, page);
		return false;
	}
	for (at += 8; left > 0; left -= n, at += 8 * n) {
		n = left < sizeof(octets) / 8 ? left : sizeof(octets) / 8;
		if (read_octets(walk, at, octets, (size_t)n * 8) != 0) {
			tell_page(walk, tree, PINSTORE_FLAW_FREE_LIST, page);
			return false;
		}
		for (i = 0; i < n; i++) {
			uint64_t free = ps_page_get64(octets + 8 * i);

			if (free < 2 || free >= walk->n_pages ||
			    has_bit(walk->free, free)) {
				tell_page(walk, tree, PINSTORE_FLAW_FREE_LIST,
				          page);
				return false;
			}
			if (has_bit(walk->used, free))
				tell_page(walk, tree, PINSTORE_FLAW_FREE, free);
			set_bit(walk->free, free);
			walk->totals->free++;
		}
	}
	return true;
}

/* ------------------------------------------------------------------- leaves */

/* What lies in page at the node's data, or in pages of its own. */
static bool
value_of(struct ps_walk *walk, struct tree *tree,
         const struct ps_page_node *node, struct ps_bytes *value,
         uint64_t number)
{
	const struct ps_bytes key = {node->key, node->key_len};
	uint64_t big;

	value->at = node->data;
	value->len = node->data_len;
	if ((node->flags & PS_NODE_BIG) == 0)
		return true;
	if (node->data_len > VALUE_MAX) {
		tell(walk, tree, PINSTORE_FLAW_RECORD, number, key);
		return false;
	}
	if (!claim_big(walk, tree, node, &big) ||
	    !read_pages(walk, tree, big, walk->value,
	                PS_PAGE_HEAD_LEN + node->data_len))
		return false;
	value->at = walk->value + PS_PAGE_HEAD_LEN;
	return true;
}

static void
take_record(struct ps_walk *walk, struct tree *tree, uint64_t number,
            const struct ps_page_node *node)
{
	const struct ps_bytes key = {node->key, node->key_len};
	struct ps_bytes value;

	if ((node->flags & ~PS_NODE_BIG) != 0) {
		tell(walk, tree, PINSTORE_FLAW_RECORD, number, key);
		lose(walk, tree);
		return;
	}
	if (!value_of(walk, tree, node, &value, number)) {
		lose(walk, tree);
		return;
	}
	if (tree->is_known && walk->walker->record != NULL)
		walk->walker->record(tree->table, number, key, value,
		                     walk->walker->arg);
}

static void
take_list(struct ps_walk *walk, struct tree *tree, const uint8_t *page,
          uint64_t number, const struct ps_page_node *node)
{
	const uint64_t txn = ps_page_get64(node->key);
	uint64_t at = number * walk->head.page_len +
	              (uint64_t)(node->data - page);

	if (txn == 0 || txn > walk->head.txn ||
	    (node->flags & ~PS_NODE_BIG) != 0) {
		tell_page(walk, tree, PINSTORE_FLAW_FREE_LIST, number);
		return;
	}
	if ((node->flags & PS_NODE_BIG) != 0) {
		uint64_t big;

		if (!claim_big(walk, tree, node, &big))
			return;
		at = big * walk->head.page_len + PS_PAGE_HEAD_LEN;
	}
	(void)take_free(walk, tree, number, at, node->data_len);
}

static void
take_root(struct ps_walk *walk, struct tree *main, uint64_t number,
          const struct ps_page_node *node)
{
	const struct ps_bytes key = {node->key, node->key_len};
	struct tree *tree;
	int table;

	if (node->flags != PS_NODE_TREE || node->data_len != PS_TREE_LEN ||
	    key.len >= NAME_LEN || walk->n_trees == TREES_MAX ||
	    memchr(key.at, '\0', key.len) != NULL) {
		tell(walk, main, PINSTORE_FLAW_TABLE, number, key);
		return;
	}
	tree = &walk->trees[walk->n_trees++];
	tree->kind = TREE_TABLE;
	memcpy(tree->name, key.at, key.len);
	ps_tree_root_decode(node->data, &tree->root);
	for (table = 0; table < PS_TABLES; table++) {
		if (strcmp(ps_table_names[table], tree->name) !=
		    0)
			continue;
		tree->table = (enum ps_table)table;
		tree->is_known = true;
		walk->totals->entries[table] = tree->root.entries;
	}
}

/* -------------------------------------------------------------------- trees */

/*
 * See that the nodes of a page fill it from its upper bound on, and that their
 * keys ascend within range.
 */
static bool
check_nodes(const struct ps_walk *walk, const struct tree *tree,
            const uint8_t *page, uint32_t n, bool is_branch,
            struct ps_page_range range, enum pinstore_flaw_kind *kind)
{
	switch (ps_page_check(page, walk->head.page_len, n, is_branch,
	                      tree->kind == TREE_FREE, range)) {
	case PS_PAGE_SOUND:
		return true;
	case PS_PAGE_BROKEN:
		*kind = PINSTORE_FLAW_PAGE;
		break;
	case PS_PAGE_DISORDER:
		*kind = PINSTORE_FLAW_ORDER;
		break;
	}
	return false;
}

/* Read a page of tree; false if it is none that may stand at that depth. */
static bool
load(struct ps_walk *walk, struct tree *tree, uint64_t number, unsigned depth,
     struct ps_page_range range, uint8_t **out, uint32_t *n)
{
	const bool is_branch = depth < tree->root.depth;
	const unsigned kind = is_branch ? PS_PAGE_BRANCH : PS_PAGE_LEAF;
	enum pinstore_flaw_kind flaw = PINSTORE_FLAW_PAGE;
	uint8_t *page = walk->level[depth];

	*out = page;
	if (!claim(walk, tree, number, 1) ||
	    !read_pages(walk, tree, number, page, walk->head.page_len))
		return false;
	if (is_branch)
		tree->branches++;
	else
		tree->leaves++;
	if (!ps_page_nodes(page, walk->head.page_len, number, kind, n)) {
		unsigned other = ps_page_flags(page) & PS_PAGE_KINDS;

		if (other == (kind ^ (PS_PAGE_BRANCH | PS_PAGE_LEAF)))
			flaw = PINSTORE_FLAW_DEPTH;
	} else if (*n >= (is_branch && tree->kind != TREE_FREE ? 2 : 1) &&
	           check_nodes(walk, tree, page, *n, is_branch, range, &flaw)) {
		return true;
	}
	tell_page(walk, tree, flaw, number);
	/* It may be another tree's. */
	walk->used[number / 64] &= ~(UINT64_C(1) << number % 64);
	walk->totals->used--;
	return false;
}

static void
take_leaf(struct ps_walk *walk, struct tree *tree, const uint8_t *page,
          uint64_t number, uint32_t n)
{
	uint32_t i;

	tree->entries += n;
	for (i = 0; i < n; i++) {
		struct ps_page_node node;

		if (!ps_page_node(page, walk->head.page_len, i, false, &node))
			continue;
		switch (tree->kind) {
		case TREE_FREE:
			take_list(walk, tree, page, number, &node);
			break;
		case TREE_MAIN:
			take_root(walk, tree, number, &node);
			break;
		case TREE_TABLE:
			take_record(walk, tree, number, &node);
			break;
		}
	}
}

static enum pinstore_status
make_level(struct ps_walk *walk, unsigned depth)
{
	if (walk->level[depth] == NULL)
		walk->level[depth] = malloc(walk->head.page_len);
	return walk->level[depth] != NULL ? PINSTORE_OK
	                                  : ps_fail_nomem(walk->error);
}

static enum pinstore_status
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the root says, at most 32 */
walk_page(struct ps_walk *walk, struct tree *tree, uint64_t number,
          unsigned depth, struct ps_page_range range)
{
	enum pinstore_status status = make_level(walk, depth);
	uint32_t n = 0, i;
	uint8_t *page;

	if (status != PINSTORE_OK)
		return status;
	step(walk);
	if (!load(walk, tree, number, depth, range, &page, &n)) {
		lose(walk, tree);
		return PINSTORE_OK;
	}
	if (depth == tree->root.depth) {
		take_leaf(walk, tree, page, number, n);
		return PINSTORE_OK;
	}
	for (i = 0; i < n && status == PINSTORE_OK; i++) {
		struct ps_page_node node, behind;
		struct ps_bytes low, high;
		struct ps_page_range inner = range;

		/* Both are known to lie in the page. */
		if (!ps_page_node(page, walk->head.page_len, i, true, &node))
			continue;
		low.at = node.key;
		low.len = node.key_len;
		if (i > 0)
			inner.low = &low;
		if (i + 1 < n && ps_page_node(page, walk->head.page_len, i + 1,
		                              true, &behind)) {
			high.at = behind.key;
			high.len = behind.key_len;
			inner.high = &high;
		}
		status = walk_page(walk, tree, node.child, depth + 1, inner);
	}
	return status;
}

static enum pinstore_status
walk_tree(struct ps_walk *walk, struct tree *tree)
{
	const struct ps_tree_root *root = &tree->root;
	const struct ps_page_range all = {NULL, NULL};
	enum pinstore_status status = PINSTORE_OK;

	if (!ps_tree_root_fits(root, tree->kind == TREE_FREE)) {
		tell_page(walk, tree, PINSTORE_FLAW_TABLE, PS_PAGE_NONE);
		lose(walk, tree);
		return PINSTORE_OK;
	}
	if (root->root != PS_PAGE_NONE)
		status = walk_page(walk, tree, root->root, 1, all);
	if (status == PINSTORE_OK && !tree->has_flaw &&
	    (root->branches != tree->branches || root->leaves != tree->leaves ||
	     root->overflows != tree->overflows ||
	     root->entries != tree->entries)) {
		tell_page(walk, tree, PINSTORE_FLAW_COUNT, root->root);
		lose(walk, tree);
	}
	return status;
}

static struct tree *
find_tree(struct ps_walk *walk, enum ps_table table)
{
	size_t i;

	for (i = 0; i < walk->n_trees; i++)
		if (walk->trees[i].is_known && walk->trees[i].table == table)
			return &walk->trees[i];
	return NULL;
}

static enum pinstore_status
walk_table(struct ps_walk *walk, enum ps_table table)
{
	struct tree *tree = find_tree(walk, table);
	enum pinstore_status status = PINSTORE_OK;

	if (tree != NULL)
		status = walk_tree(walk, tree);
	if (status == PINSTORE_OK && walk->walker->end != NULL)
		walk->walker->end(table, tree != NULL, walk->walker->arg);
	return status;
}

static enum pinstore_status
walk_trees(struct ps_walk *walk)
{
	/* The others are checked with what stands in meta. */
	static const enum ps_table order[PS_TABLES] = {
		PS_META, PS_HOSTS, PS_REVOKED, PS_BYPASS, PS_SETTINGS, PS_QUOTA,
		PS_JOURNAL, PS_REPORTS,
	};
	enum pinstore_status status = PINSTORE_OK;
	size_t i;

	for (i = 0; i < PS_TABLES && status == PINSTORE_OK; i++)
		status = walk_table(walk, order[i]);
	for (i = 0; i < walk->n_trees && status == PINSTORE_OK; i++)
		if (!walk->trees[i].is_known)
			status = walk_tree(walk, &walk->trees[i]);
	return status;
}

/* ---------------------------------------------------------------- the heads */

/* Head `number` of a file with pages of page_len; twice the same, or not. */
static void
read_head(const struct ps_walk *walk, uint64_t number, uint32_t page_len,
          struct ps_page_head *out)
{
	uint8_t octets[2][PS_PAGE_HEAD_LEN + PS_META_LEN];
	int tries;

	memset(out, 0, sizeof(*out));
	for (tries = 0; tries < TRIES; tries++) {
		int failed = 0, i;

		memset(octets, 0, sizeof(octets));
		for (i = 0; i < 2 && failed == 0; i++)
			failed = read_octets(walk, number * page_len, octets[i],
			                     sizeof(octets[i]));
		if (failed != 0) {
			memset(out, 0, sizeof(*out));
			out->failed = failed > 0 ? failed : 0;
			return;
		}
		ps_page_head_decode(octets[0], number, out);
		if (out->is_head &&
		    memcmp(octets[0], octets[1], sizeof(octets[0])) == 0)
			return;
	}
	out->is_head = false;
	out->is_sound = false;
}

/* Both heads; the second is where the length of a page says. */
static void
read_heads(const struct ps_walk *walk, struct ps_page_head heads[2])
{
	uint32_t len;

	read_head(walk, 0, 0, &heads[0]);
	memset(&heads[1], 0, sizeof(heads[1]));
	if (heads[0].is_head) {
		read_head(walk, 1, heads[0].page_len, &heads[1]);
		if (heads[1].page_len != heads[0].page_len)
			heads[1].is_head = heads[1].is_sound = false;
		return;
	}
	for (len = PS_PAGE_LEN_MIN; len <= PS_PAGE_LEN_MAX; len *= 2) {
		read_head(walk, 1, len, &heads[1]);
		if (heads[1].is_head && heads[1].page_len == len)
			return;
		heads[1].is_head = heads[1].is_sound = false;
	}
}

static enum pinstore_status
choose_head(struct ps_walk *walk, uint64_t snapshot)
{
	struct ps_page_head heads[2];
	int i, failed;

	read_heads(walk, heads);
	i = snapshot != 0 ? (int)(snapshot % 2)
	                  : heads[1].is_sound &&
	                            (!heads[0].is_sound ||
	                             heads[1].txn > heads[0].txn);
	walk->head = heads[i];
	if (snapshot != 0 && heads[i].is_sound && heads[i].txn != snapshot)
		return ps_fail(walk->error, PINSTORE_ERR_BUSY,
		               "store %s: others have written meanwhile: try "
		               "again", walk->shown);
	failed = heads[0].failed != 0 ? heads[0].failed : heads[1].failed;
	if (!heads[i].is_sound && failed != 0)
		return ps_fail_os(walk->error, ps_file_status(failed), failed,
		                  "store %s: %s cannot be read: %s",
		                  walk->shown, PS_DB_DATA, PS_STRERROR(failed));
	if (!heads[i].is_sound || heads[i].txn == 0)
		return ps_fail(walk->error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: %s has no valid head; run "
		               "\"pinstore fsck\"", walk->shown, PS_DB_DATA);
	/*
	 * Each commit writes the head that the one before did not; others may
	 * have gone on since.
	 */
	if (!heads[1 - i].is_head ||
	    (heads[1 - i].txn > heads[i].txn
	             ? snapshot == 0
	             : heads[i].txn - heads[1 - i].txn != 1))
		tell_page(walk, NULL, PINSTORE_FLAW_HEAD, (uint64_t)(1 - i));
	return PINSTORE_OK;
}

/* ---------------------------------------------------------------- the whole */

static enum pinstore_status
start(struct ps_walk *walk, uint64_t snapshot, enum ps_walk_extent extent)
{
	enum pinstore_status status;
	struct stat st;

	if (fstat(walk->fd, &st) != 0)
		return ps_fail_os(walk->error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be read: %s",
		                  walk->shown, PS_DB_DATA, PS_STRERROR(errno));
	status = choose_head(walk, snapshot);
	if (status != PINSTORE_OK)
		return status;
	walk->file_pages = (uint64_t)st.st_size / walk->head.page_len;
	walk->totals->snapshot = walk->head.txn;
	walk->totals->pages = walk->head.last_page + 1;
	if (walk->head.last_page >= walk->file_pages + PS_PAGE_TAIL_MAX) {
		tell_page(walk, NULL, PINSTORE_FLAW_SHORT,
		          walk->head.last_page);
		walk->head.last_page = walk->file_pages + PS_PAGE_TAIL_MAX - 1;
	}
	walk->n_pages = walk->head.last_page + 1;
	walk->used = calloc((size_t)(walk->n_pages / 64 + 1), 8);
	walk->free = calloc((size_t)(walk->n_pages / 64 + 1), 8);
	walk->value = malloc(PS_PAGE_HEAD_LEN + VALUE_MAX);
	if (walk->used == NULL || walk->free == NULL || walk->value == NULL)
		return ps_fail_nomem(walk->error);
	/* The roots are a page; an opener waits for no other. */
	if (extent == PS_WALK_ALL && (uint64_t)st.st_size > SMALL_BYTES)
		(void)posix_fadvise(walk->fd, 0, 0, POSIX_FADV_WILLNEED);
	return PINSTORE_OK;
}

static enum pinstore_status
walk_free(struct ps_walk *walk)
{
	struct tree tree = {.kind = TREE_FREE, .name = "free pages"};
	enum pinstore_status status;

	tree.root = walk->head.free;
	status = walk_tree(walk, &tree);
	walk->knows_free = status == PINSTORE_OK && !tree.has_flaw;
	return status;
}

static enum pinstore_status
walk_main(struct ps_walk *walk)
{
	struct tree tree = {.kind = TREE_MAIN, .name = "databases"};
	enum pinstore_status status;
	int table;

	tree.root = walk->head.main;
	status = walk_tree(walk, &tree);
	for (table = 0; table < PS_TABLES && status == PINSTORE_OK; table++) {
		const char *name = ps_table_names[table];
		struct ps_bytes key = {(const uint8_t *)name, strlen(name)};

		if (find_tree(walk, (enum ps_table)table) == NULL)
			tell(walk, &tree, PINSTORE_FLAW_TABLE, PS_PAGE_NONE,
			     key);
	}
	return status;
}

/* Pages that nobody names are harmless, if they are there. */
static void
count_idle(struct ps_walk *walk)
{
	uint64_t page;
	bool is_short = false;

	for (page = 2; page < walk->n_pages; page++) {
		if (has_bit(walk->used, page) || has_bit(walk->free, page))
			continue;
		walk->totals->idle++;
		is_short = is_short || page >= walk->file_pages;
	}
	if (is_short && walk->totals->flaws == 0)
		tell_page(walk, NULL, PINSTORE_FLAW_SHORT, walk->file_pages);
}

static enum pinstore_status
run(struct ps_walk *walk, uint64_t snapshot, enum ps_walk_extent extent)
{
	enum pinstore_status status = start(walk, snapshot, extent);

	if (status == PINSTORE_OK && extent == PS_WALK_ALL)
		status = walk_free(walk);
	if (status == PINSTORE_OK)
		status = walk_main(walk);
	if (status != PINSTORE_OK || extent == PS_WALK_ROOTS)
		return status;
	status = walk_trees(walk);
	if (status == PINSTORE_OK)
		count_idle(walk);
	return status;
}

enum pinstore_status
ps_walk_run(int fd, const char *shown, uint64_t snapshot,
            enum ps_walk_extent extent, const struct ps_walker *walker,
            struct ps_walk_totals *totals, struct ps_walk **out,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_walk *walk;

	memset(totals, 0, sizeof(*totals));
	if (out != NULL)
		*out = NULL;
	walk = calloc(1, sizeof(*walk));
	if (walk == NULL)
		return ps_fail_nomem(error);
	walk->fd = fd;
	walk->shown = shown;
	walk->walker = walker;
	walk->totals = totals;
	walk->error = error;
	status = run(walk, snapshot, extent);
	if (status == PINSTORE_OK && out != NULL)
		*out = walk;
	else
		ps_walk_free(walk);
	return status;
}

uint32_t
ps_walk_page_len(const struct ps_walk *walk)
{
	return walk->head.page_len;
}

bool
ps_walk_is_used(const struct ps_walk *walk, uint64_t page)
{
	return page < walk->n_pages && has_bit(walk->used, page);
}

bool
ps_walk_is_free(const struct ps_walk *walk, uint64_t page)
{
	return page < walk->n_pages && has_bit(walk->free, page);
}

bool
ps_walk_knows_free(const struct ps_walk *walk)
{
	return walk->knows_free;
}

void
ps_walk_free(struct ps_walk *walk)
{
	size_t i;

	if (walk == NULL)
		return;
	for (i = 0; i <= PS_PAGE_DEPTH_MAX; i++)
		free(walk->level[i]);
	free(walk->value);
	free(walk->used);
	free(walk->free);
	free(walk);
}
