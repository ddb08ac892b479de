/*
 * test_footing.c - what a writer is not led to, and pages that rot under him.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * T-123 where no walk helps: the store is larger than what is walked at each
 * open, and was walked.  A child spoils a page under its open handle, writes,
 * and asks.  PINSTORE_STORM makes it 20,000 pages.
 */
#include <config.h>

#include "store/footing.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <check.h>

#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define HOSTS 9000
#define ROUNDS 360
#define ROUNDS_LONG 20000
#define BATCH 60
/* A batch that takes longer hangs. */
#define BATCH_SECONDS 120
#define WRITES 12

enum rot { ROT_ZEROED, ROT_BIT, ROT_HEADER, ROT_OFFSETS, ROT_NODE, ROT_MISLED };
#define ROTS 6

static const char *const rots[ROTS] = {
	"zeroed", "bit", "header", "offsets", "node", "misled",
};

/* What parent and child count, in memory that both have. */
static struct {
	unsigned round; /* that is under way */
	unsigned written, refused;
	unsigned harmed; /* rounds in which something was refused */
	unsigned hidden, wrong, other;
} *tally;

static struct tempdir dir;
static struct image sound;
static unsigned rounds;

struct range {
	unsigned from, to, step;
};

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct range *range = arg;
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	for (n = range->from; n < range->to && status == PINSTORE_OK;
	     n += range->step) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);
		struct ps_event event = {
			.kind = PS_EVENT_NOTED,
			.layer = PINSTORE_LEARNED,
			.at = KIT_NOW,
			.count = 1,
			.host = &host,
		};

		status = ps_write_put(write, &host, &entry, error);
		if (status == PINSTORE_OK && n % 3 == 0)
			status = ps_write_event(write, &event, error);
	}
	return status;
}

static void
setup(void)
{
	struct ps_store *store;
	struct range range = {0, HOSTS, 3};

	rounds = suite_times(ROUNDS, ROUNDS_LONG) / suite_stride(20);
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
	for (range.from = 0; range.from < 3; range.from++)
		ck_status(ps_store_write(store, KIT_NOW, fill_work, &range,
		                         &kit_error), PINSTORE_OK);
	kit_put(store, "last.test", 1);
	ck_status(kit_remove(store, "last.test"), PINSTORE_OK);
	ps_store_close(store);
	/* It is walked, and that is noted. */
	ps_store_close(kit_open(dir.store));
	sound = image_load(dir.store);
	ck_assert_uint_gt(sound.len, 1u << 20);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(tally, MAP_FAILED);
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

/* Of all pages but the heads one after the other, a stride apart. */
static size_t
page_of_round(unsigned round)
{
	const size_t pages = sound.len / IMAGE_PAGE - 2;

	return 2 + (size_t)round * pages / rounds;
}

static void
spoil(uint8_t *page, enum rot rot)
{
	uint32_t n = 1;

	(void)ps_page_nodes(page, IMAGE_PAGE, ps_page_get64(page),
	                    ps_page_flags(page) & PS_PAGE_KINDS, &n);
	switch (rot) {
	case ROT_ZEROED:
		memset(page, 0, IMAGE_PAGE);
		break;
	case ROT_BIT:
		page[rand() % IMAGE_PAGE] ^= (uint8_t)(1u << rand() % 8);
		break;
	case ROT_HEADER:
		page[rand() % PS_PAGE_HEAD_LEN] ^= (uint8_t)(1 + rand() % 255);
		break;
	case ROT_OFFSETS:
		page[PS_PAGE_HEAD_LEN + (unsigned)rand() % (2 * n + 1)] ^=
		        (uint8_t)(1 + rand() % 255);
		break;
	case ROT_NODE:
		n = (uint32_t)rand() % (n + 1);
		n = ps_page_get16(page + PS_PAGE_HEAD_LEN + (size_t)2 * n);
		page[(n + (unsigned)rand() % PS_NODE_HEAD_LEN) % IMAGE_PAGE] ^=
		        (uint8_t)(1 + rand() % 255);
		break;
	case ROT_MISLED:
		memcpy(page, sound.at + (2 + (size_t)rand() %
		                         (sound.len / IMAGE_PAGE - 2)) *
		                                IMAGE_PAGE, IMAGE_PAGE);
		break;
	}
}

static void
put_page(size_t number, const uint8_t *page)
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	kit_must(fd >= 0);
	kit_must(pwrite(fd, page, IMAGE_PAGE,
	                (off_t)(number * IMAGE_PAGE)) == IMAGE_PAGE);
	close(fd);
}

/* ----------------------------------------------------------------- a round */

static void
count_status(enum pinstore_status status)
{
	tally->written += status == PINSTORE_OK;
	tally->refused += status == PINSTORE_ERR_DAMAGED;
	if (status != PINSTORE_OK && status != PINSTORE_ERR_DAMAGED) {
		tally->other++;
		fprintf(stderr, "round %u: %s\n", tally->round,
		        kit_error.text);
	}
}

/* What is there is right, and what is not there is not said to be absent. */
static void
ask(struct ps_store *store, unsigned n, bool must_be)
{
	struct ps_host host = kit_numbered(n);
	struct ps_entry entry;
	enum pinstore_status status =
	        ps_store_get(store, &host, &entry, &kit_error);

	if (status == PINSTORE_ERR_NOTFOUND)
		tally->hidden += must_be;
	else if (status == PINSTORE_OK)
		tally->wrong += !kit_is_entry(&entry, n);
}

/* A host of which a node of the page tells; any, if none does. */
static unsigned
host_near(const uint8_t *page)
{
	const unsigned any = (unsigned)rand() % HOSTS;
	struct ps_page_node node;
	char key[64];
	uint32_t n;
	const char *at;

	if (!ps_page_nodes(page, IMAGE_PAGE, ps_page_get64(page),
	                   ps_page_flags(page) & PS_PAGE_KINDS, &n) ||
	    n == 0 || rand() % 4 == 0 ||
	    !ps_page_node(page, IMAGE_PAGE, (uint32_t)rand() % n,
	                  (ps_page_flags(page) & PS_PAGE_BRANCH) != 0, &node) ||
	    node.key_len >= sizeof(key))
		return any;
	memcpy(key, node.key, node.key_len);
	key[node.key_len] = '\0';
	at = strstr(key, ".h");
	return strncmp(key, "test.d", 6) == 0 && at != NULL
	               ? (unsigned)strtoul(at + 2, NULL, 10) % HOSTS
	               : any;
}

/* New hosts, known ones, and some that go, most where the page is. */
static void
write_some(struct ps_store *store, unsigned round, const uint8_t *page,
           bool *is_gone, bool *is_new)
{
	unsigned i;

	for (i = 0; i < WRITES; i++) {
		const unsigned n = host_near(page);
		const unsigned fresh = HOSTS + round * WRITES + i;
		struct range range = {n, n + 1, 1};
		struct ps_host host = kit_numbered(n);
		enum pinstore_status status;

		switch (i % 4) {
		case 0:
			range.from = fresh;
			range.to = fresh + 1;
			status = ps_store_write(store, KIT_NOW, fill_work,
			                        &range, &kit_error);
			is_new[i] = status == PINSTORE_OK;
			break;
		case 1:
			status = kit_remove(store, host.name);
			is_gone[n] = is_gone[n] || status == PINSTORE_OK;
			break;
		default:
			status = ps_store_write(store, KIT_NOW, fill_work,
			                        &range, &kit_error);
			is_gone[n] = is_gone[n] && status != PINSTORE_OK;
			break;
		}
		count_status(status);
	}
}

static void
run_round(unsigned round)
{
	const size_t number = page_of_round(round);
	static bool is_gone[HOSTS];
	bool is_new[WRITES] = {false};
	const unsigned refused = tally->refused;
	uint8_t page[IMAGE_PAGE];
	struct ps_store *store;
	unsigned i;

	srand(round + 1);
	image_save(&sound, dir.store);
	memset(is_gone, 0, sizeof(is_gone));
	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	ask(store, round % HOSTS, true);
	memcpy(page, sound.at + number * IMAGE_PAGE, IMAGE_PAGE);
	spoil(page, (enum rot)(round % ROTS));
	put_page(number, page);
	write_some(store, round, sound.at + number * IMAGE_PAGE, is_gone,
	           is_new);
	tally->harmed += tally->refused > refused;
	for (i = round % 7; i < HOSTS; i += 7)
		ask(store, i, !is_gone[i]);
	for (i = 0; i < WRITES; i += 4)
		ask(store, HOSTS + round * WRITES + i, is_new[i]);
	ps_store_close(store);
}

static void
run_batch(unsigned from)
{
	(void)alarm(BATCH_SECONDS);
	for (tally->round = from;
	     tally->round < rounds && tally->round < from + BATCH;
	     tally->round++)
		run_round(tally->round);
	_exit(0);
}

/* ----------------------------------------------------- one page at a time */

static void
put_large(struct ps_store *store)
{
	struct kit_work work = {kit_numbered(HOSTS), kit_entry(HOSTS)};
	struct ps_section *learned = &work.entry.section[PINSTORE_LEARNED];

	learned->pins.n = PINSTORE_PINS_MAX;
	memset(learned->report_uri, 'u', PINSTORE_URI_MAX);
	memcpy(learned->report_uri, "https://", 8);
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
}

/* Pages have been freed, one record has pages of its own. */
static void
setup_small(void)
{
	struct range range = {0, 900, 1};
	struct ps_store *store;

	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
	ck_status(ps_store_write(store, KIT_NOW, fill_work, &range,
	                         &kit_error), PINSTORE_OK);
	put_large(store);
	kit_put(store, "last.test", 1);
	ck_status(kit_remove(store, "last.test"), PINSTORE_OK);
	ps_store_close(store);
	sound = image_load(dir.store);
}

static void
teardown_small(void)
{
	free(sound.at);
	tempdir_remove(&dir);
}

/* Leaf i of the hosts, whose root is a branch above leaves. */
static uint8_t *
host_leaf(struct image *image, uint32_t i)
{
	return image_page(image, image_node(image_top(image, "hosts"), i).child);
}

#define LEAF 5 /* the one that is written to */

static void
leave_sound(struct image *image)
{
	(void)image;
}

static void
zero_own(struct image *image)
{
	memset(host_leaf(image, LEAF), 0, IMAGE_PAGE);
}

static void
zero_before(struct image *image)
{
	memset(host_leaf(image, LEAF - 1), 0, IMAGE_PAGE);
}

static void
zero_behind(struct image *image)
{
	memset(host_leaf(image, LEAF + 1), 0, IMAGE_PAGE);
}

static void
zero_first(struct image *image)
{
	memset(host_leaf(image, 0), 0, IMAGE_PAGE);
}

static void
zero_last(struct image *image)
{
	uint32_t n = image_nodes(image_top(image, "hosts"));

	memset(host_leaf(image, n - 1), 0, IMAGE_PAGE);
}

static void
zero_far(struct image *image)
{
	memset(host_leaf(image, LEAF + 3), 0, IMAGE_PAGE);
}

static void
lead_to_the_next(struct image *image)
{
	uint8_t *top = image_top(image, "hosts");
	uint8_t *node = image_octets(image_node(top, LEAF).key) -
	                PS_NODE_HEAD_LEN;

	memcpy(node, image_node(top, LEAF + 1).key - PS_NODE_HEAD_LEN, 6);
}

static void
make_duplicate(struct image *image)
{
	image_octets(image_node(host_leaf(image, LEAF), 2).key)
	        [PS_NODE_FLAGS_AT - PS_NODE_HEAD_LEN] = PS_NODE_DUP;
}

static void
lengthen_key(struct image *image)
{
	image_octets(image_node(host_leaf(image, LEAF), 2).key)
	        [PS_NODE_KEY_LEN_AT - PS_NODE_HEAD_LEN] += 2;
}

/* The record with pages of its own. */
static struct ps_page_node
large_node(struct image *image)
{
	const uint8_t *top = image_top(image, "hosts");
	uint32_t i, k;

	for (i = 0; i < image_nodes(top); i++) {
		const uint8_t *leaf = host_leaf(image, i);

		for (k = 0; k < image_nodes(leaf); k++)
			if (image_node(leaf, k).flags == PS_NODE_BIG)
				return image_node(leaf, k);
	}
	ck_abort_msg("no record has pages of its own");
	return image_node(top, 0);
}

static void
count_more_pages(struct image *image)
{
	image_page(image, ps_page_get64(large_node(image).data))
	        [PS_PAGE_COUNT_AT] += 9;
}

static void
lead_large_behind_the_end(struct image *image)
{
	image_put64(image_octets(large_node(image).data),
	            image->len / IMAGE_PAGE + 5);
}

/* The root of the free pages is a leaf of numbers. */
static uint8_t *
free_list(struct image *image)
{
	uint8_t *root = image_page(image, image_root(image_meta(image) +
	                                             PS_META_FREE_AT));
	uint32_t i, n = image_nodes(root);

	for (i = 0; i < n; i++)
		if (ps_page_get64(image_node(root, i).data) >= 2)
			return image_octets(image_node(root, i).data);
	ck_abort_msg("too few pages are free");
	return root;
}

static void
free_a_head(struct image *image)
{
	uint8_t *list = free_list(image);

	image_put64(list + 8 * ps_page_get64(list), 1);
}

static void
free_a_page_twice(struct image *image)
{
	uint8_t *list = free_list(image);

	image_put64(list + 16, ps_page_get64(list + 8));
}

static void
free_behind_the_end(struct image *image)
{
	image_put64(free_list(image) + 8, image->len / IMAGE_PAGE + 5000);
}

static void
free_too_many(struct image *image)
{
	image_put64(free_list(image), 5000);
}

static void
free_itself(struct image *image)
{
	uint8_t *list = free_list(image);

	image_put64(list, 1);
	image_put64(list + 8, image_root(image_meta(image) + PS_META_FREE_AT));
}

static void
free_the_root(struct image *image)
{
	uint8_t *list = free_list(image);

	image_put64(list + 8 * ps_page_get64(list),
	            (uint64_t)(image_top(image, "hosts") - image->at) /
	                    IMAGE_PAGE);
}

static void
zero_names(struct image *image)
{
	memset(image_page(image, image_root(image_meta(image) +
	                                    PS_META_MAIN_AT)), 0, IMAGE_PAGE);
}

static void
lead_a_table_behind_the_end(struct image *image)
{
	image_put64(image_octets(image_database(image, "quota").data) +
	                    PS_TREE_ROOT_AT, UINT64_MAX - 1);
}

static void
deepen_a_table(struct image *image)
{
	image_octets(image_database(image, "hosts").data)[PS_TREE_DEPTH_AT] =
	        60;
}

static void
rename_a_table(struct image *image)
{
	image_octets(image_database(image, "quota").key)[0] ^= 1;
}

static void
lose_the_head(struct image *image)
{
	image_meta(image)[PS_META_MAGIC_AT] ^= 1;
}

enum node { NODE_FIRST, NODE_MIDDLE, NODE_LAST, NODE_LARGE, NODE_NONE };

static const struct {
	void (*spoil)(struct image *image);
	enum node node; /* of leaf LEAF, that is gone to; NONE: none is */
	bool deletes;
	bool is_damaged;
} footings[] = {
	{leave_sound, NODE_FIRST, false, false},
	{leave_sound, NODE_MIDDLE, false, false},
	{leave_sound, NODE_MIDDLE, true, false},
	{leave_sound, NODE_LAST, true, false},
	{leave_sound, NODE_LARGE, true, false},
	/* its own page, and those beside, as far as they are gone to */
	{zero_own, NODE_MIDDLE, false, true},
	{zero_before, NODE_MIDDLE, false, false},
	{zero_before, NODE_FIRST, false, true},
	{zero_before, NODE_MIDDLE, true, true},
	{zero_behind, NODE_MIDDLE, false, false},
	{zero_behind, NODE_LAST, false, true},
	{zero_behind, NODE_MIDDLE, true, true},
	{zero_far, NODE_LAST, true, false},
	{lead_to_the_next, NODE_MIDDLE, false, true},
	/* nodes */
	{make_duplicate, NODE_MIDDLE, false, true},
	{lengthen_key, NODE_MIDDLE, false, true},
	{count_more_pages, NODE_LARGE, false, true},
	{lead_large_behind_the_end, NODE_LARGE, false, true},
	/* what is looked at as a whole */
	{free_a_head, NODE_NONE, false, true},
	{free_a_page_twice, NODE_NONE, false, true},
	{free_behind_the_end, NODE_NONE, false, true},
	{free_too_many, NODE_NONE, false, true},
	{free_the_root, NODE_NONE, false, true},
	{free_itself, NODE_NONE, false, true},
	{zero_names, NODE_NONE, false, true},
	{lead_a_table_behind_the_end, NODE_NONE, false, true},
	{deepen_a_table, NODE_NONE, false, true},
	{rename_a_table, NODE_NONE, false, true},
	{lose_the_head, NODE_NONE, false, true},
};

static struct ps_bytes
footing_key(enum node node)
{
	const uint8_t *leaf = host_leaf(&sound, LEAF);
	const uint32_t n = image_nodes(leaf);
	struct ps_page_node found = {0};
	struct ps_bytes key;

	switch (node) {
	case NODE_FIRST:
		found = image_node(leaf, 0);
		break;
	case NODE_MIDDLE:
		found = image_node(leaf, n / 2);
		break;
	case NODE_LAST:
		found = image_node(leaf, n - 1);
		break;
	case NODE_LARGE:
		found = large_node(&sound);
		break;
	case NODE_NONE:
		break;
	}
	key.at = found.key;
	key.len = found.key_len;
	return key;
}

/* A map of a file with that content. */
static int
map_image(const struct image *image, struct ps_map *map)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, image->at, image->len),
	                 (ssize_t)image->len);
	ck_assert_int_eq(ps_map_open(fd, image->len * 2, IMAGE_PAGE, map), 0);
	return fd;
}

START_TEST(each_page_is_looked_at)
{
	const bool is_none = footings[_i].node == NODE_NONE;
	struct image image = image_copy(&sound);
	struct ps_footing *footing = NULL;
	enum pinstore_status status;
	struct ps_map map;
	uint64_t txn;
	int fd;

	txn = ps_page_get64(image_meta(&image) + PS_META_TXN_AT);
	footings[_i].spoil(&image);
	fd = map_image(&image, &map);
	status = ps_footing_take(&map, txn, &footing);
	ck_assert(is_none || status == PINSTORE_OK);
	if (status == PINSTORE_OK && !is_none)
		status = ps_footing_at(footing, PS_HOSTS,
		                       footing_key(footings[_i].node),
		                       footings[_i].deletes
		                               ? PS_FOOTING_DELETE
		                               : PS_FOOTING_FIND);
	ck_assert_int_eq(status, footings[_i].is_damaged ? PINSTORE_ERR_DAMAGED
	                                                 : PINSTORE_OK);
	ps_footing_free(footing);
	ps_map_close(&map);
	close(fd);
	free(image.at);
}
END_TEST

/* The two ends; and a leaf that was found is not believed for a deletion. */
START_TEST(edges)
{
	struct image image = image_copy(&sound);
	struct ps_footing *footing;
	struct ps_map map;
	uint64_t txn;
	int fd;

	txn = ps_page_get64(image_meta(&image) + PS_META_TXN_AT);
	if (_i == 0)
		zero_first(&image);
	else if (_i == 1)
		zero_last(&image);
	else
		zero_behind(&image);
	fd = map_image(&image, &map);
	ck_assert_int_eq(ps_footing_take(&map, txn + 1, &footing),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_null(footing);
	ck_assert_int_eq(ps_footing_take(&map, txn, &footing), PINSTORE_OK);
	ck_assert_int_eq(ps_footing_edge(footing, PS_HOSTS, false),
	                 _i == 0 ? PINSTORE_ERR_DAMAGED : PINSTORE_OK);
	ck_assert_int_eq(ps_footing_edge(footing, PS_HOSTS, true),
	                 _i == 1 ? PINSTORE_ERR_DAMAGED : PINSTORE_OK);
	ck_assert_int_eq(ps_footing_at(footing, PS_HOSTS,
	                               footing_key(NODE_MIDDLE),
	                               PS_FOOTING_FIND), PINSTORE_OK);
	ck_assert_int_eq(ps_footing_at(footing, PS_HOSTS,
	                               footing_key(NODE_MIDDLE),
	                               PS_FOOTING_DELETE),
	                 _i == 2 ? PINSTORE_ERR_DAMAGED : PINSTORE_OK);
	/* A table without records has no pages. */
	ck_assert_int_eq(ps_footing_edge(footing, PS_REPORTS, true),
	                 PINSTORE_OK);
	ps_footing_free(footing);
	ps_map_close(&map);
	close(fd);
	free(image.at);
}
END_TEST

/* A snapshot that is held, so that no page of later ones is used again. */
static pid_t
hold_snapshot(struct kit_pipe *ready, struct kit_pipe *over)
{
	struct ps_txn *txn = NULL;
	struct ps_db *db = NULL;
	enum ps_trouble trouble;
	pid_t pid = kit_fork();
	int dir_fd;

	if (pid != 0)
		return pid;
	dir_fd = open(dir.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kit_must(dir_fd >= 0);
	kit_must(ps_db_open(dir_fd, dir.store, 64 << 20, false, &db,
	                    &kit_error) == PINSTORE_OK);
	kit_must(ps_txn_begin(db, false, &txn, &trouble, &kit_error) ==
	         PINSTORE_OK);
	kit_tell(ready);
	kit_wait(over);
	ps_txn_abort(txn);
	ps_db_close(db);
	_exit(0);
}

/* The list of free pages is a tree of its own then. */
START_TEST(free_pages_of_many_commits)
{
	struct kit_pipe ready = kit_pipe(), over = kit_pipe();
	struct ps_footing *footing;
	struct ps_store *store;
	struct image image;
	struct ps_map map;
	const uint8_t *root;
	uint64_t txn;
	pid_t pid;
	int fd, i;

	pid = hold_snapshot(&ready, &over);
	kit_wait(&ready);
	store = kit_open(dir.store);
	for (i = 0; i < 300; i++)
		kit_put(store, kit_numbered((unsigned)i * 3).name, 7777);
	kit_tell(&over);
	kit_join(pid);
	ps_store_close(store);
	image = image_load(dir.store);
	txn = ps_page_get64(image_meta(&image) + PS_META_TXN_AT);
	root = image_page(&image, image_root(image_meta(&image) +
	                                     PS_META_FREE_AT));
	ck_assert_uint_eq(ps_page_flags(root) & PS_PAGE_KINDS, PS_PAGE_BRANCH);
	if (_i == 1)
		memset(image_page(&image, image_node(root, 1).child), 0,
		       IMAGE_PAGE);
	fd = map_image(&image, &map);
	ck_assert_int_eq(ps_footing_take(&map, txn, &footing),
	                 _i == 0 ? PINSTORE_OK : PINSTORE_ERR_DAMAGED);
	ps_footing_free(footing);
	ps_map_close(&map);
	close(fd);
	free(image.at);
}
END_TEST

/* --------------------------------------------------------------- the sweep */

START_TEST(rot_under_a_writer)
{
	unsigned from = 0, signals = 0, hangs = 0;

	while (from < rounds) {
		int state = 0;
		pid_t pid = kit_fork();

		if (pid == 0)
			run_batch(from);
		ck_assert_int_eq(waitpid(pid, &state, 0), pid);
		from = tally->round;
		if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
			continue;
		if (WIFSIGNALED(state) && WTERMSIG(state) == SIGALRM)
			hangs++;
		else
			signals++;
		printf("round %u (%s, page %zu): ended with %#x\n", from,
		       rots[from % ROTS], page_of_round(from),
		       (unsigned)state);
		from++;
	}
	printf("rot under a writer: %u pages, in %u rounds a write was refused, "
	       "written: %u, refused: %u, read as unpinned: %u, wrongly: %u, "
	       "signals: %u, hangs: %u\n", rounds, tally->harmed,
	       tally->written, tally->refused, tally->hidden, tally->wrong,
	       signals, hangs);
	(void)fflush(stdout);
	ck_assert_uint_eq(signals, 0);
	ck_assert_uint_eq(hangs, 0);
	ck_assert_uint_eq(tally->wrong, 0);
	ck_assert_uint_eq(tally->hidden, 0);
	ck_assert_uint_eq(tally->other, 0);
	/* Otherwise nothing was spoiled, or nothing was written. */
	ck_assert_uint_gt(tally->harmed, rounds / 50);
	ck_assert_uint_gt(tally->written, rounds);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("footing");
	TCase *tcase = tcase_create("pages");

	tcase_add_unchecked_fixture(tcase, setup_small, teardown_small);
	tcase_add_loop_test(tcase, each_page_is_looked_at, 0, COUNT(footings));
	tcase_add_loop_test(tcase, edges, 0, 3);
	tcase_add_loop_test(tcase, free_pages_of_many_commits, 0, 2);
	suite_add_tcase(suite, tcase);
	/* What is read of pages memcheck has seen by now. */
	if (suite_is_under_memcheck())
		return suite_run(suite);
	tcase = tcase_create("rot");
	tcase_set_timeout(tcase, suite_times(240, 7200));
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, rot_under_a_writer);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
