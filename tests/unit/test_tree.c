/*
 * test_tree.c - trees read within bounds: beside LMDB, and when damaged.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB makes the files.  A damaged one is read from a copy that ends where the
 * file ends, so that a sanitizer sees each octet that is read beyond it.
 * PINSTORE_TEST_SPOILED=n spoils it 10 n times.
 */
#include <config.h>

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>
#include <lmdb.h>

#include "store/snapshot.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define KEY_MAX 511
#define MAP_LEN ((size_t)64 << 20)

static struct tempdir dir;
static MDB_env *env;
static MDB_dbi dbi;
static int fd = -1;

/* A copy of the file, and the map of it; and what it was at first. */
static uint8_t *image;
static uint8_t *first_image;
static size_t image_len;
static size_t page_len;
static struct ps_map map;
static struct ps_tree tree;

/* Made-up numbers that are the same in each run. */
static uint64_t state;

static uint32_t
any(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) +
	        UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

/* -------------------------------------------------------------- the file */

static void
setup(void)
{
	tempdir_make(&dir);
	state = 1;
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_maxdbs(env, 4), 0);
	ck_assert_int_eq(mdb_env_set_mapsize(env, MAP_LEN), 0);
	ck_assert_int_eq(mdb_env_open(env, dir.path, MDB_NOSYNC | MDB_NOTLS,
	                              0600), 0);
	ck_assert_int_eq(mdb_env_get_fd(env, &fd), 0);
}

static void
teardown(void)
{
	mdb_env_close(env);
	env = NULL;
	free(image);
	image = NULL;
	tempdir_remove(&dir);
}

/* A file for many tests, each of which has a copy of it. */
static void
setup_once(void);

static void
teardown_once(void)
{
	free(first_image);
	first_image = NULL;
	teardown();
}

static void
setup_copy(void)
{
	state = 1;
	memcpy(image, first_image, image_len);
}

/* Keys that have much in common, and some that are long. */
static size_t
any_key(uint8_t *out)
{
	size_t i, len = any(20) == 0 ? 1 + any(KEY_MAX) : 1 + any(12);

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)('a' + any(3));
	return len;
}

static void
put_some(MDB_txn *txn, unsigned n, size_t most)
{
	static uint8_t octets[20000];
	uint8_t name[KEY_MAX];
	unsigned i;

	for (i = 0; i < n; i++) {
		MDB_val key = {any_key(name), name}, value = {0, octets};

		value.mv_size = any(10) == 0 ? any((uint32_t)most) : any(200);
		memset(octets, 'A' + (int)(i % 26), value.mv_size);
		ck_assert_int_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
		if (any(3) == 0) {
			key.mv_size = any_key(name);
			(void)mdb_del(txn, dbi, &key, NULL);
		}
	}
}

static MDB_txn *
begin(unsigned flags)
{
	MDB_txn *txn = NULL;

	ck_assert_int_eq(mdb_txn_begin(env, NULL, flags, &txn), 0);
	return txn;
}

static void
fill(unsigned n, size_t most)
{
	MDB_txn *txn = begin(0);

	ck_assert_int_eq(mdb_dbi_open(txn, "t", MDB_CREATE, &dbi), 0);
	put_some(txn, n, most);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
}

/* Read the file into memory of its very length. */
static void
load(void)
{
	struct stat st;
	MDB_stat of_env;

	ck_assert_int_eq(mdb_env_stat(env, &of_env), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	image_len = (size_t)st.st_size;
	page_len = of_env.ms_psize;
	image = malloc(image_len);
	ck_assert_ptr_nonnull(image);
	ck_assert_int_eq(pread(fd, image, image_len, 0), (ssize_t)image_len);
	memset(&map, 0, sizeof(map));
	map.at = image;
	map.len = image_len;
	map.page_len = (uint32_t)page_len;
	map.fd = fd;
	atomic_init(&map.pages, image_len / page_len);
}

static void
setup_once(void)
{
	setup();
	fill(3000, 9000);
	load();
	first_image = malloc(image_len);
	ck_assert_ptr_nonnull(first_image);
	memcpy(first_image, image, image_len);
}

static uint64_t
last_txn(void)
{
	MDB_envinfo info;

	ck_assert_int_eq(mdb_env_info(env, &info), 0);
	return info.me_last_txnid;
}

static struct ps_bytes
bytes_of(const void *at, size_t len)
{
	struct ps_bytes out = {at, len};

	return out;
}

static enum pinstore_status
open_tree(struct ps_map *from)
{
	enum pinstore_status status;
	struct ps_tree_root root;
	uint64_t txn;

	status = ps_map_snapshot(from, last_txn(), &txn, &root);
	if (status == PINSTORE_OK)
		status = ps_tree_init(&tree, from, &root);
	if (status == PINSTORE_OK)
		status = ps_tree_find(&tree, bytes_of("t", 1), &root);
	if (status == PINSTORE_OK)
		status = ps_tree_init(&tree, from, &root);
	return status;
}

/* ------------------------------------------------------------ beside LMDB */

static void
must_agree(MDB_cursor *cursor, MDB_cursor_op op, enum ps_seek seek,
           const uint8_t *name, size_t len, bool *found)
{
	union {
		const uint8_t *in;
		void *out;
	} pointer = {name};
	MDB_val key = {len, pointer.out}, value = {0, NULL};
	struct ps_bytes our_key = {name, len}, our_value;
	enum pinstore_status status;
	int code;

	code = mdb_cursor_get(cursor, &key, &value, op);
	status = ps_tree_seek(&tree, seek, &our_key, &our_value);
	*found = code == 0;
	ck_assert_int_eq(status,
	                 code == 0 ? PINSTORE_OK : PINSTORE_ERR_NOTFOUND);
	if (code != 0) {
		ck_assert_int_eq(code, MDB_NOTFOUND);
		return;
	}
	ck_assert_uint_eq(our_key.len, key.mv_size);
	ck_assert_mem_eq(our_key.at, key.mv_data, key.mv_size);
	ck_assert_uint_eq(our_value.len, value.mv_size);
	if (value.mv_size > 0)
		ck_assert_mem_eq(our_value.at, value.mv_data, value.mv_size);
}

/* What stands around a name, as the cursor of LMDB finds it. */
static void
must_agree_around(MDB_cursor *cursor, uint8_t *name, size_t len)
{
	MDB_val key = {len, name}, value = {0, NULL};
	struct ps_around around;
	enum pinstore_status status;
	bool is_there, has_next;
	int code;

	memset(&around, 0, sizeof(around));
	status = ps_tree_around(&tree, bytes_of(name, len), &around);
	has_next = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) == 0;
	is_there = has_next && key.mv_size == len &&
	           memcmp(key.mv_data, name, len) == 0;
	ck_assert_int_eq(around.is_there, is_there);
	if (!is_there) {
		ck_assert_int_eq(around.has_next, has_next);
		if (has_next) {
			ck_assert_uint_eq(around.next.len, key.mv_size);
			ck_assert_mem_eq(around.next.at, key.mv_data,
			                 key.mv_size);
		}
		code = mdb_cursor_get(cursor, &key, &value,
		                      has_next ? MDB_PREV : MDB_LAST);
		ck_assert_int_eq(status, code == 0 ? PINSTORE_OK
		                                   : PINSTORE_ERR_NOTFOUND);
		if (code != 0)
			return;
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert_uint_eq(around.key.len, key.mv_size);
	ck_assert_mem_eq(around.key.at, key.mv_data, key.mv_size);
	ck_assert_uint_eq(around.record.len, value.mv_size);
	if (value.mv_size > 0)
		ck_assert_mem_eq(around.record.at, value.mv_data,
		                 value.mv_size);
}

/* From a place some steps to and fro, none of them beyond an end. */
static void
wander(MDB_cursor *cursor, unsigned rounds)
{
	uint8_t name[KEY_MAX];
	bool found;

	while (rounds-- > 0) {
		unsigned steps = any(5), which = any(20);
		size_t len = any_key(name);

		if (which == 0)
			must_agree(cursor, MDB_FIRST, PS_SEEK_FIRST, name, len,
			           &found);
		else if (which == 1)
			must_agree(cursor, MDB_LAST, PS_SEEK_LAST, name, len,
			           &found);
		else
			must_agree(cursor, MDB_SET_RANGE, PS_SEEK_FROM, name,
			           len, &found);
		while (found && steps-- > 0) {
			bool is_next = any(2) == 0;

			must_agree(cursor, is_next ? MDB_NEXT : MDB_PREV,
			           is_next ? PS_SEEK_NEXT : PS_SEEK_PREV, name,
			           len, &found);
		}
		/* As the climb does: what is asked for becomes shorter. */
		while (found && len > 1) {
			len -= 1 + any((uint32_t)len - 1);
			must_agree(cursor, MDB_SET_RANGE, PS_SEEK_FROM, name,
			           len, &found);
			if (found && any(2) == 0)
				must_agree(cursor, MDB_PREV, PS_SEEK_PREV, name,
				           len, &found);
		}
		for (len = any_key(name); len > 0; len -= 1 + any(2) % len)
			must_agree_around(cursor, name, len);
	}
}

static const struct {
	unsigned records; /* and so often more in another commit */
	unsigned commits;
	size_t most; /* octets of a value */
	unsigned rounds;
} stores[] = {
	{0, 1, 1, 20},          /* empty */
	{1, 1, 1, 50},          /* one leaf */
	{30, 2, 3000, 300},     /* records with pages of their own */
	{2000, 3, 20000, 1000}, /* three levels, longer ones */
	{10000, 1, 20, 1000},
};

START_TEST(reads_what_lmdb_reads)
{
	unsigned i, rounds = stores[_i].rounds / suite_stride(10);
	bool found = true, starts = true;
	MDB_cursor *cursor;
	MDB_txn *txn;
	uint64_t n = 0;

	state = (uint64_t)_i + 7;
	for (i = 0; i < stores[_i].commits; i++)
		fill(stores[_i].records, stores[_i].most);
	load();
	ck_assert_int_eq(open_tree(&map), PINSTORE_OK);
	txn = begin(MDB_RDONLY);
	ck_assert_int_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
	for (; found; starts = false) {
		must_agree(cursor, starts ? MDB_FIRST : MDB_NEXT,
		           starts ? PS_SEEK_FIRST : PS_SEEK_NEXT, NULL, 0,
		           &found);
		n += found;
	}
	ck_assert_uint_eq(n, tree.root.entries);
	for (found = starts = true; found; starts = false) {
		must_agree(cursor, starts ? MDB_LAST : MDB_PREV,
		           starts ? PS_SEEK_LAST : PS_SEEK_PREV, NULL, 0,
		           &found);
		n -= found;
	}
	ck_assert_uint_eq(n, 0);
	wander(cursor, rounds);
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
}
END_TEST

/* A cursor that stands nowhere, and one that met an end. */
START_TEST(ends)
{
	struct ps_bytes key, value, first, last;

	fill(300, 100);
	load();
	ck_assert_int_eq(open_tree(&map), PINSTORE_OK);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_NEXT, &first, &value),
	                 PINSTORE_OK);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_PREV, &key, &value),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_null(value.at);
	key = bytes_of("zz", 2);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_FROM, &key, &value),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_PREV, &last, &value),
	                 PINSTORE_OK);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_NEXT, &key, &value),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_LAST, &key, &value),
	                 PINSTORE_OK);
	ck_assert_ptr_eq(key.at, last.at);
	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_FIRST, &key, &value),
	                 PINSTORE_OK);
	ck_assert_ptr_eq(key.at, first.at);
}
END_TEST

/* ---------------------------------------------------------------- damage */

/* Each assertion of libcheck writes to a pipe: too dear for each record. */
static void
must_be_inside(struct ps_bytes bytes)
{
	if (bytes.at < image || bytes.len > image_len ||
	    bytes.at > image + image_len - bytes.len)
		ck_abort_msg("what was read does not lie in the file");
}

static void
must_be_known(enum pinstore_status status)
{
	if (status != PINSTORE_OK && status != PINSTORE_ERR_NOTFOUND &&
	    status != PINSTORE_ERR_DAMAGED)
		ck_abort_msg("status %d", (int)status);
}

/* The way of a climb; false if it met damage. */
static bool
read_around(void)
{
	enum pinstore_status status = PINSTORE_OK;
	uint8_t name[KEY_MAX];
	size_t len;

	for (len = any_key(name);
	     len > 0 && status != PINSTORE_ERR_DAMAGED; len /= 2) {
		struct ps_around around;

		memset(&around, 0, sizeof(around));
		status = ps_tree_around(&tree, bytes_of(name, len), &around);
		must_be_known(status);
		if (status == PINSTORE_OK) {
			must_be_inside(around.key);
			must_be_inside(around.record);
		}
		if (status != PINSTORE_ERR_DAMAGED && around.has_next)
			must_be_inside(around.next);
	}
	return status != PINSTORE_ERR_DAMAGED;
}

/*
 * All that is read of a tree: forth, back, and by names.  It ends, each answer
 * lies in the file; true if all was well.
 */
static bool
read_all(void)
{
	enum ps_seek ways[] = {PS_SEEK_FIRST, PS_SEEK_NEXT, PS_SEEK_LAST,
	                       PS_SEEK_PREV};
	enum pinstore_status status;
	struct ps_bytes key, value;
	uint8_t name[KEY_MAX];
	uint64_t n = 0, most;
	bool is_sound = true;
	unsigned way, i;

	status = open_tree(&map);
	must_be_known(status);
	if (status != PINSTORE_OK)
		return false;
	/* Each leaf at most once more than there are pages, full of nodes. */
	most = (image_len / page_len + 1) * (page_len / 2);
	for (way = 0; way < 4; way += 2) {
		status = ps_tree_seek(&tree, ways[way], &key, &value);
		for (n = 0; status == PINSTORE_OK; n++) {
			must_be_inside(key);
			must_be_inside(value);
			if (n > most)
				ck_abort_msg("the walk does not end");
			status = ps_tree_seek(&tree, ways[way + 1], &key,
			                      &value);
		}
		is_sound = is_sound && status == PINSTORE_ERR_NOTFOUND &&
		           n == tree.root.entries;
	}
	for (i = 0; i < 40; i++) {
		key = bytes_of(name, any_key(name));
		status = ps_tree_seek(&tree, PS_SEEK_FROM, &key, &value);
		if (status == PINSTORE_OK && any(2) == 0)
			status = ps_tree_seek(&tree,
			                      any(2) == 0 ? PS_SEEK_PREV
			                                  : PS_SEEK_NEXT,
			                      &key, &value);
		must_be_known(status);
		if (status == PINSTORE_OK) {
			must_be_inside(key);
			must_be_inside(value);
		}
		is_sound = is_sound && status != PINSTORE_ERR_DAMAGED;
		is_sound = read_around() && is_sound;
	}
	return is_sound;
}

/* What is written over the file, and put back. */
static uint8_t *
spoil(size_t at, size_t len)
{
	switch (any(6)) {
	case 0:
		image[at + any((uint32_t)len)] ^= (uint8_t)(1u << any(8));
		break;
	case 1:
		memset(image + at, 0, len);
		break;
	case 2:
		memset(image + at, 0xff, len);
		break;
	case 3: /* another page, or a piece of it */
		memmove(image + at,
		        image + any((uint32_t)(image_len / page_len)) *
		                        page_len, len);
		break;
	case 4: /* small numbers, as of pages and lengths */
		for (; len >= 2; len -= 2) {
			image[at + len - 1] = 0;
			image[at + len - 2] = (uint8_t)any(256);
		}
		break;
	default:
		while (len-- > 0)
			image[at + len] = (uint8_t)any(256);
	}
	return image + at;
}

static size_t
any_length(void)
{
	static const size_t lengths[] = {1, 2, 4, 8, 16, 48, 512};

	if (any(6) == 0)
		return page_len;
	return lengths[any(COUNT(lengths))];
}

/* So often in each of ten tests, or as often as the environment says. */
static unsigned
n_spoiled(void)
{
	const char *wanted = getenv("PINSTORE_TEST_SPOILED");

	return wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10)
	                      : 100 / suite_stride(20);
}

START_TEST(spoiled_pages)
{
	static uint8_t kept[1 << 16];
	unsigned i, n_unsound = 0;

	state = (uint64_t)_i + 100;
	ck_assert_uint_le(page_len, sizeof(kept));
	ck_assert(read_all());
	for (i = 0; i < n_spoiled(); i++) {
		size_t len = any_length();
		size_t page = any((uint32_t)(image_len / page_len)) * page_len;
		size_t at = page + any((uint32_t)(page_len - len) + 1);

		/* Half of them where heads and pointers are. */
		if (any(2) == 0 && len <= 64)
			at = page + any(64);
		memcpy(kept, image + page, page_len);
		if (at + len > page + page_len)
			at = page;
		(void)spoil(at, len);
		n_unsound += !read_all();
		memcpy(image + page, kept, page_len);
	}
	/* A part of them may happen to hit what nothing needs. */
	ck_assert(n_unsound > 0 || suite_stride(20) > 1);
	ck_assert(read_all());
}
END_TEST

/* --------------------------------------------------- each field by itself */

/* Of what page; of a tree of three levels. */
enum of { META, TOP, ROOT, BRANCH, LEAF, BIG };

/* What a field is set to, where it is no number. */
#define OWN (UINT64_C(1) << 62)  /* the page's own number */
#define UP (OWN + 1)             /* that of the root */
#define PAGES (OWN + 2)          /* behind the last page */
#define LESS (OWN + 3)           /* one less than it is */
#define MORE (OWN + 4)

#define NODE 0x10000u /* the offset counts from the page's first node */

static const struct {
	const char *what;
	enum of of;
	unsigned at;
	unsigned width;
	uint64_t value;
} fields[] = {
	{"magic", META, 16, 4, 0},
	{"no root, but a depth", META, 16 + 72 + 40, 8, UINT64_MAX},
	{"root behind the file", META, 16 + 72 + 40, 8, PAGES},
	{"root is a head", META, 16 + 72 + 40, 8, 0},
	{"depth is nought", META, 16 + 72 + 6, 2, 0},
	{"depth is one more", META, 16 + 72 + 6, 2, 2},
	{"depth is too much", META, 16 + 72 + 6, 2, 33},
	{"a database that is a record", TOP, NODE + 4, 2, 0},
	{"a database of duplicates", TOP, NODE + 4, 2, 6},
	{"a database of another length", TOP, NODE, 2, 47},
	{"tree with flags", TOP, NODE + 8 + 1 + 4, 2, 4},
	{"tree with one level less", TOP, NODE + 8 + 1 + 6, 2, LESS},
	{"tree with one level more", TOP, NODE + 8 + 1 + 6, 2, MORE},
	{"tree with a depth of 65535", TOP, NODE + 8 + 1 + 6, 2, 65535},
	{"tree without records", TOP, NODE + 8 + 1 + 32, 8, 0},
	{"tree with other records", TOP, NODE + 8 + 1 + 32, 8, LESS},
	{"tree in no page", TOP, NODE + 8 + 1 + 40, 8, UINT64_MAX},
	{"tree behind the file", TOP, NODE + 8 + 1 + 40, 8, PAGES},
	{"tree in the page that names it", TOP, NODE + 8 + 1 + 40, 8, OWN},
	{"branch with another number", BRANCH, 0, 8, 3},
	{"leaf with another number", LEAF, 0, 8, UINT64_MAX},
	{"leaf takes itself for a branch", LEAF, 10, 2, 1},
	{"branch takes itself for a leaf", BRANCH, 10, 2, 2},
	{"leaf of fixed sizes", LEAF, 10, 2, 0x22},
	{"leaf of duplicates", LEAF, 10, 2, 0x42},
	{"leaf that is a record's own", LEAF, 10, 2, 6},
	{"leaf that is nothing", LEAF, 10, 2, 0},
	{"leaf without nodes", LEAF, 12, 2, 16},
	{"leaf with lower before its head", LEAF, 12, 2, 0},
	{"leaf with an odd lower", LEAF, 12, 2, MORE},
	{"leaf with upper behind its end", LEAF, 14, 2, 0xffff},
	{"leaf with upper before lower", LEAF, 14, 2, 16},
	{"leaf's node in its head", LEAF, 16, 2, 8},
	{"leaf's node at its end", LEAF, 16, 2, 4092},
	{"leaf's node behind its end", LEAF, 16, 2, 0xfff0},
	{"leaf's key is too long", LEAF, NODE + 6, 2, 0xffff},
	{"leaf's data is too long", LEAF, NODE + 2, 2, 1},
	{"leaf's record is a database", LEAF, NODE + 4, 2, 2},
	{"leaf's record is a list", LEAF, NODE + 4, 2, 4},
	{"branch's node behind its end", BRANCH, 18, 2, 0xfff0},
	{"branch leads to itself", BRANCH, NODE, 4, OWN},
	{"branch leads to the root", BRANCH, NODE, 4, UP},
	{"branch leads behind the file", BRANCH, NODE, 4, PAGES},
	{"branch leads far behind the file", BRANCH, NODE + 4, 2, 0xffff},
	{"branch leads to a head", BRANCH, NODE, 4, 1},
	{"root leads to itself", ROOT, NODE, 4, OWN},
	{"record's page behind the file", BIG, 0, 8, PAGES},
	{"record's page is a head", BIG, 0, 8, 0},
	{"record's page is the tree's root", BIG, 0, 8, UP},
	{"record is longer than its pages", BIG, NODE + 2, 2, 0x7fff},
	{"record's last page is behind the file", BIG, 8, 8, PAGES},
};

static uint64_t
get(const uint8_t *at, unsigned width)
{
	uint64_t value = 0;

	memcpy(&value, at, width);
	return value;
}

static uint8_t *
page(uint64_t number)
{
	ck_assert_uint_lt(number, image_len / page_len);
	return image + number * page_len;
}

/* The page's first node. */
static uint8_t *
node_of(uint8_t *at)
{
	return at + get(at + 16, 2);
}

/* The first record that has pages of its own; where its data stand. */
static uint8_t *
big_node(void)
{
	struct ps_tree_level *leaf = &tree.path[tree.root.depth - 1u];
	struct ps_bytes key, value;

	ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_FIRST, &key, &value),
	                 PINSTORE_OK);
	while (value.len < page_len)
		ck_assert_int_eq(ps_tree_seek(&tree, PS_SEEK_NEXT, &key,
		                              &value), PINSTORE_OK);
	return image + (leaf->page - image) +
	       get(leaf->page + 16 + 2 * leaf->i, 2);
}

/* Where the field is, and where the page begins that it belongs to. */
static uint8_t *
field(enum of of, unsigned at, uint8_t **start)
{
	uint8_t *root = page(tree.root.root), *branch, *leaf;

	*start = NULL;
	branch = page(get(node_of(root), 4));
	leaf = page(get(node_of(branch), 4));
	switch (of) {
	case META:
		*start = page(last_txn() % 2);
		break;
	case TOP:
		*start = page(get(page(last_txn() % 2) + 16 + 72 + 40, 8));
		break;
	case ROOT:
		*start = root;
		break;
	case BRANCH:
		*start = branch;
		break;
	case LEAF:
		*start = leaf;
		break;
	case BIG:
		*start = big_node();
		if (at >= NODE)
			return *start + (at - NODE);
		*start += 8 + get(*start + 6, 2);
		/* The number in the node, or the head of that page. */
		if (at == 0)
			return *start;
		*start = page(get(*start, 8));
		return *start;
	}
	return at >= NODE ? node_of(*start) + (at - NODE) : *start + at;
}

START_TEST(spoiled_fields)
{
	uint64_t value = fields[_i].value;
	uint8_t *start, *at;

	ck_assert(read_all());
	ck_assert_uint_eq(tree.root.depth, 3);
	at = field(fields[_i].of, fields[_i].at, &start);
	if (value == OWN)
		value = (uint64_t)(start - image) / page_len;
	else if (value == UP)
		value = tree.root.root;
	else if (value == PAGES)
		value = image_len / page_len;
	else if (value == LESS)
		value = get(at, fields[_i].width) - 1;
	else if (value == MORE)
		value = get(at, fields[_i].width) + 1;
	memcpy(at, &value, fields[_i].width);
	ck_assert_msg(!read_all(), "%s: is not seen", fields[_i].what);
}
END_TEST

/* What was seen of the file is less than what it has come to. */
START_TEST(walked_while_it_grows)
{
	uint64_t pages;

	fill(3000, 400);
	load();
	for (pages = 0; pages < 12; pages++) {
		atomic_store(&map.pages, pages);
		ck_assert(read_all());
	}
}
END_TEST

/*
 * A tree of 32 levels in three pages, each of which leads to the next level
 * twice: there are 2^31 ways to its one leaf.
 */
START_TEST(more_leaves_than_pages)
{
	enum { LEN = 512, DEPTH = 32 };
	struct ps_tree_root root = {.depth = DEPTH, .entries = 1, .root = 2};
	struct ps_bytes key, value;
	enum pinstore_status status;
	unsigned i, j, n = 0;

	free(image);
	image_len = (DEPTH + 2) * LEN;
	ck_assert_int_eq(ftruncate(fd, (off_t)image_len), 0);
	image = calloc(1, image_len);
	ck_assert_ptr_nonnull(image);
	memset(&map, 0, sizeof(map));
	map.at = image;
	map.len = image_len;
	map.page_len = LEN;
	map.fd = fd;
	atomic_init(&map.pages, DEPTH + 2);
	for (i = 0; i < DEPTH; i++) {
		uint8_t *at = image + (i + 2) * LEN;
		uint16_t head[4] = {0, i + 1 < DEPTH ? 1 : 2, 20, 400};

		at[0] = (uint8_t)(i + 2);
		memcpy(at + 8, head, sizeof(head));
		for (j = 0; j < 2; j++) {
			uint16_t node = (uint16_t)(400 + j * 16);

			memcpy(at + 16 + 2 * j, &node, 2);
			at[node] = (uint8_t)(i + 1 < DEPTH ? i + 3 : 0);
			at[node + 6] = 1;
			at[node + 8] = (uint8_t)('a' + j);
		}
	}
	ck_assert_int_eq(ps_tree_init(&tree, &map, &root), PINSTORE_OK);
	for (j = 0; j < 2; j++) {
		n = 0;
		status = ps_tree_seek(&tree, j == 0 ? PS_SEEK_FIRST
		                                    : PS_SEEK_LAST,
		                      &key, &value);
		while (status == PINSTORE_OK) {
			ck_assert_uint_lt(n++, 200);
			status = ps_tree_seek(&tree, j == 0 ? PS_SEEK_NEXT
			                                    : PS_SEEK_PREV,
			                      &key, &value);
		}
		ck_assert_int_eq(status, PINSTORE_ERR_DAMAGED);
		ck_assert_uint_gt(n, DEPTH);
	}
}
END_TEST

/* ---------------------------------------------------------- the snapshots */

START_TEST(snapshots)
{
	struct ps_tree_root root;
	uint64_t txn, last;

	fill(10, 10);
	fill(10, 10);
	load();
	last = last_txn();
	ck_assert_int_eq(ps_map_snapshot(&map, last, &txn, &root), PINSTORE_OK);
	ck_assert_uint_eq(txn, last);
	/* The one before, and one whose head was written over. */
	ck_assert_int_eq(ps_map_snapshot(&map, last - 1, &txn, &root),
	                 PINSTORE_OK);
	ck_assert_uint_eq(txn, last - 1);
	ck_assert_int_eq(ps_map_snapshot(&map, last - 2, &txn, &root),
	                 PINSTORE_OK);
	ck_assert_uint_eq(txn, last);
	/* Such as this file has not: another one is in its place. */
	ck_assert_int_eq(ps_map_snapshot(&map, last + 1, &txn, &root),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(ps_map_snapshot(&map, last + 2, &txn, &root),
	                 PINSTORE_ERR_NOTFOUND);
}
END_TEST

/* A reader that was overtaken gets none whose pages the map cannot hold. */
START_TEST(a_snapshot_behind_the_map)
{
	struct ps_tree_root root;
	uint64_t txn, last;

	fill(10, 10);
	fill(10, 10);
	load();
	last = last_txn();
	map.len = 3 * (uint64_t)map.page_len;
	ck_assert_int_eq(ps_map_snapshot(&map, last - 2, &txn, &root),
	                 PINSTORE_ERR_BUSY);
	ck_assert_int_eq(ps_map_snapshot(&map, last, &txn, &root),
	                 PINSTORE_OK);
}
END_TEST

/* The file grows under the map; what one snapshot has it keeps. */
START_TEST(growth)
{
	struct ps_map mapped;
	struct ps_tree old;
	struct ps_bytes key, value;
	MDB_txn *reader;
	uint64_t pages, n = 0;

	fill(50, 100);
	ck_assert_int_eq(ps_map_open(fd, MAP_LEN, 4096, &mapped), 0);
	pages = atomic_load(&mapped.pages);
	ck_assert_int_eq(open_tree(&mapped), PINSTORE_OK);
	reader = begin(MDB_RDONLY);
	old = tree;
	fill(3000, 5000);
	ck_assert_int_eq(open_tree(&mapped), PINSTORE_OK);
	ck_assert_uint_gt(tree.root.entries, old.root.entries);
	while (ps_tree_seek(&tree, PS_SEEK_NEXT, &key, &value) == PINSTORE_OK)
		n++;
	ck_assert_uint_eq(n, tree.root.entries);
	ck_assert_uint_gt(atomic_load(&mapped.pages), pages);
	for (n = 0; ps_tree_seek(&old, PS_SEEK_NEXT, &key, &value) ==
	            PINSTORE_OK; n++)
		;
	ck_assert_uint_eq(n, old.root.entries);
	mdb_txn_abort(reader);
	ps_map_close(&mapped);
	ps_map_close(&mapped);
}
END_TEST

/* A map that cannot be had, and one of a file that has no heads. */
START_TEST(no_map)
{
	struct ps_map none;
	int empty;

	ck_assert_int_eq(ps_map_open(-1, MAP_LEN, 4096, &none), EBADF);
	ck_assert_int_eq(ps_map_open(fd, (uint64_t)1 << 60, 4096, &none),
	                 ENOMEM);
	empty = open(dir.store, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(empty, 0);
	ck_assert_int_eq(ftruncate(empty, 8191), 0);
	ck_assert_int_eq(ps_map_open(empty, MAP_LEN, 4096, &none), EIO);
	ck_assert_ptr_null(none.at);
	ck_assert_int_eq(ftruncate(empty, 8192), 0);
	ck_assert_int_eq(ps_map_open(empty, MAP_LEN, 4096, &none), 0);
	ps_map_close(&none);
	close(empty);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree"), *damage = tcase_create("damage");

	suite_add_tcase(suite, damage);
	tcase_set_timeout(damage, 120);
	tcase_add_unchecked_fixture(damage, setup_once, teardown_once);
	tcase_add_checked_fixture(damage, setup_copy, NULL);
	tcase_add_loop_test(damage, spoiled_pages, 0, 10);
	tcase_add_loop_test(damage, spoiled_fields, 0, COUNT(fields));
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, reads_what_lmdb_reads, 0, COUNT(stores));
	tcase_add_test(tcase, ends);
	tcase_add_test(tcase, walked_while_it_grows);
	tcase_add_test(tcase, more_leaves_than_pages);
	tcase_add_test(tcase, snapshots);
	tcase_add_test(tcase, a_snapshot_behind_the_map);
	tcase_add_test(tcase, growth);
	tcase_add_test(tcase, no_map);
	return suite_run(suite);
}
