/*
 * fuzz_tree.c - a data file of any octets, read within its bounds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever the pages say, a walk ends, each answer lies in the file, and what
 * is found around a name is what stands there.  What a walk told in order is
 * found again by its key.  The structural walk of the same octets ends too, and
 * where it finds fault with nothing, the reader finds all that it has told.
 *
 * Input: an octet whose lowest bit chooses the head; then pages of 512 octets.
 */
#include <config.h>

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/pages.h"
#include "store/snapshot.h"
#include "store/tree.h"
#include "store/walk.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_tree";

#define LEN 512u
#define PAGES_MAX 64u

static const uint8_t *image;
static size_t image_len;

static void
must_be_inside(struct ps_bytes bytes)
{
	MUST(bytes.at >= image && bytes.len <= image_len);
	MUST(bytes.at <= image + (image_len - bytes.len));
}

static int
order(struct ps_bytes a, struct ps_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int way = len > 0 ? memcmp(a.at, b.at, len) : 0;

	return way != 0 ? way : (a.len > b.len) - (a.len < b.len);
}

static void
must_be_known(enum pinstore_status status)
{
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND ||
	     status == PINSTORE_ERR_DAMAGED);
}

/* All records one way; whether they came in order, and to an end. */
static bool
walk(struct ps_tree *tree, bool is_forward, size_t *n)
{
	const size_t most = (image_len / LEN + 1) * (LEN / 2);
	struct ps_bytes key = {NULL, 0}, last, value;
	enum pinstore_status status;
	bool is_ordered = true;

	*n = 0;
	status = ps_tree_seek(tree, is_forward ? PS_SEEK_FIRST : PS_SEEK_LAST,
	                      &key, &value);
	while (status == PINSTORE_OK) {
		must_be_inside(key);
		must_be_inside(value);
		MUST(++*n <= most);
		last = key;
		status = ps_tree_seek(tree, is_forward ? PS_SEEK_NEXT
		                                       : PS_SEEK_PREV,
		                      &key, &value);
		if (status == PINSTORE_OK)
			is_ordered = is_ordered &&
			             (is_forward ? order(last, key)
			                         : order(key, last)) < 0;
	}
	must_be_known(status);
	return is_ordered && status == PINSTORE_ERR_NOTFOUND;
}

/* What stands around a piece of the file, and around its beginnings. */
static void
look_around(struct ps_tree *tree, struct ps_bytes want)
{
	for (; want.len > 0; want.len /= 2) {
		struct ps_around around;
		enum pinstore_status status;

		memset(&around, 0, sizeof(around));
		status = ps_tree_around(tree, want, &around);
		must_be_known(status);
		if (status == PINSTORE_OK) {
			must_be_inside(around.key);
			must_be_inside(around.record);
			if (around.is_there)
				MUST(order(around.key, want) == 0);
		}
		if (around.has_next)
			must_be_inside(around.next);
	}
}

/* In a tree whose records came in order each is found by its key. */
static void
must_find_all(const struct ps_tree *tree)
{
	struct ps_tree forth = *tree, by_name = *tree;
	struct ps_bytes key, value;

	if (ps_tree_seek(&forth, PS_SEEK_FIRST, &key, &value) != PINSTORE_OK)
		return;
	do {
		struct ps_around around;

		memset(&around, 0, sizeof(around));
		/* Branches may yet lead elsewhere, but to no other key. */
		if (ps_tree_around(&by_name, key, &around) == PINSTORE_OK &&
		    around.is_there)
			MUST(order(around.key, key) == 0);
	} while (ps_tree_seek(&forth, PS_SEEK_NEXT, &key, &value) ==
	         PINSTORE_OK);
}

static void
try_tree(struct ps_tree *tree)
{
	size_t forward, back, i;
	bool is_sound;

	is_sound = walk(tree, true, &forward);
	is_sound = walk(tree, false, &back) && is_sound;
	if (is_sound)
		MUST(forward == back);
	if (is_sound && forward < 1000)
		must_find_all(tree);
	for (i = 0; i + 8 < image_len && i < 16 * LEN; i += 61) {
		struct ps_bytes want = {image + i, 1 + i % 7};

		look_around(tree, want);
	}
}

/* ------------------------------------------------------- the structural walk */

struct told {
	bool is_flawed;
	size_t n;
	uint64_t sum; /* of what was told, in its order */
};

static void
add(struct told *told, struct ps_bytes key, struct ps_bytes value)
{
	size_t i;

	told->n++;
	for (i = 0; i < key.len; i++)
		told->sum = told->sum * 31 + key.at[i] + 1;
	for (i = 0; i < value.len; i++)
		told->sum = told->sum * 31 + value.at[i] + 1;
}

static void
on_record(enum ps_table table, uint64_t page, struct ps_bytes key,
          struct ps_bytes value, void *arg)
{
	(void)page;
	if (table == PS_HOSTS)
		add(arg, key, value);
}

/* That the other databases are missing is no fault of this one. */
static void
on_flaw(const struct ps_flaw *flaw, void *arg)
{
	struct told *told = arg;

	if (flaw->kind != PINSTORE_FLAW_TABLE || flaw->page != PS_PAGE_NONE ||
	    flaw->key.len == 0)
		told->is_flawed = true;
}

static void
must_be_read(struct ps_map *map, uint64_t snapshot, const struct told *told)
{
	static struct ps_tree tree;
	const struct ps_bytes name = {(const uint8_t *)"hosts", 5};
	enum pinstore_status status;
	struct ps_bytes key, value;
	struct told read = {false, 0, 0};
	struct ps_tree_root root;
	uint64_t txn;

	MUST(ps_map_snapshot(map, snapshot, &txn, &root) == PINSTORE_OK);
	MUST(ps_tree_init(&tree, map, &root) == PINSTORE_OK);
	status = ps_tree_find(&tree, name, &root);
	if (status == PINSTORE_ERR_NOTFOUND) {
		MUST(told->n == 0);
		return;
	}
	MUST(status == PINSTORE_OK);
	MUST(ps_tree_init(&tree, map, &root) == PINSTORE_OK);
	status = ps_tree_seek(&tree, PS_SEEK_FIRST, &key, &value);
	for (; status == PINSTORE_OK;
	     status = ps_tree_seek(&tree, PS_SEEK_NEXT, &key, &value))
		add(&read, key, value);
	MUST(status == PINSTORE_ERR_NOTFOUND);
	MUST(read.n == told->n && read.sum == told->sum);
}

/* What every head has: without it the walk would not set out. */
static void
mend_heads(uint8_t *octets)
{
	const uint32_t len = LEN, flags = 0x08;
	size_t i;

	for (i = 0; i < 2; i++) {
		uint8_t *free_root = octets + i * LEN + PS_PAGE_HEAD_LEN +
		                     PS_META_FREE_AT;

		memcpy(free_root + PS_TREE_PAD_AT, &len, sizeof(len));
		memcpy(free_root + PS_TREE_FLAGS_AT, &flags, 2);
	}
}

static void
walk_all(struct ps_map *map)
{
	struct told told = {false, 0, 0};
	const struct ps_walker walker = {.flaw = on_flaw, .record = on_record,
	                                 .arg = &told};
	struct ps_walk_totals totals;
	struct pinstore_error error;
	enum pinstore_status status;
	int fd = memfd_create("image", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(write(fd, image, image_len) == (ssize_t)image_len);
	status = ps_pages_check_file(fd, "image", &error);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_DAMAGED ||
	     status == PINSTORE_ERR_VERSION);
	status = ps_walk_run(fd, "image", 0, PS_WALK_ALL, &walker, &totals,
	                     NULL, &error);
	(void)close(fd);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_DAMAGED);
	if (status != PINSTORE_OK)
		return;
	MUST(totals.used + totals.idle <= totals.pages || totals.flaws > 0);
	if (!told.is_flawed)
		must_be_read(map, totals.snapshot, &told);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ps_tree tree;
	const struct ps_bytes name = {(const uint8_t *)"hosts", 5};
	struct ps_tree_root root;
	struct ps_map map;
	uint8_t *copy;
	uint64_t txn;

	if (len < 1 + 2 * LEN || (len - 1) / LEN > PAGES_MAX)
		return 0;
	image_len = (len - 1) / LEN * LEN;
	copy = fuzz_copy(data + 1, image_len);
	image = copy;
	mend_heads(copy);
	memset(&map, 0, sizeof(map));
	map.at = copy;
	map.len = image_len;
	map.page_len = LEN;
	map.fd = -1;
	atomic_init(&map.pages, image_len / LEN);
	if (ps_map_snapshot(&map, data[0] & 1u, &txn, &root) == PINSTORE_OK &&
	    ps_tree_init(&tree, &map, &root) == PINSTORE_OK &&
	    ps_tree_find(&tree, name, &root) == PINSTORE_OK &&
	    ps_tree_init(&tree, &map, &root) == PINSTORE_OK)
		try_tree(&tree);
	walk_all(&map);
	free(copy);
	return 0;
}
