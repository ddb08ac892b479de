/*
 * test_audit.c - the walk through every page: what is sound, and each flaw.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/audit.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "base/octets.h"
#include "store/entries.h"
#include "store/fsck.h"
#include "store/record.h"
#include "store/walked.h"
#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define MANY 600

static struct tempdir dir;

static void
setup(void)
{
	tempdir_make(&dir);
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

/* ------------------------------------------------------------- sound stores */

struct span {
	unsigned from, to;
	bool is_removed;
	bool is_long; /* too long for a leaf: with pages of their own */
};

static enum pinstore_status
span_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct span *span = arg;
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	for (n = span->from; n < span->to && status == PINSTORE_OK; n++) {
		struct ps_host host = kit_numbered(n * 2654435761u);
		struct ps_entry entry = kit_entry(n);
		struct ps_section *learned = &entry.section[PINSTORE_LEARNED];

		if (span->is_long) {
			learned->pins.n = PINSTORE_PINS_MAX;
			memset(learned->report_uri, 'u', PINSTORE_URI_MAX);
		}
		if (span->is_removed)
			memset(&entry, 0, sizeof(entry));
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static void
write_span(struct ps_store *store, unsigned from, unsigned to, bool is_removed,
           bool is_long)
{
	struct span span = {from, to, is_removed, is_long};

	ck_status(ps_store_write(store, KIT_NOW, span_work, &span, &kit_error),
	          PINSTORE_OK);
}

static enum pinstore_status
orders_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_settings settings = {.set = 1, .n_anchors = 3};
	struct ps_order order = {PS_ORDER_REVOKED, false, 1, PINSTORE_NEVER,
	                         "why"};
	struct ps_order bypass = {PS_ORDER_BYPASS, true, 1, 2, "x"};
	struct ps_host host = kit_host("a.b.test");
	struct ps_report report = {
		.key = 5, .is_waiting = true, .port = 443, .created = KIT_NOW,
		.next = KIT_NOW, .host = host, .noted_len = 6, .uri = "http://x/",
		.text_len = 9000,
	};
	struct ps_event event = {.kind = PS_EVENT_NOTED,
	                         .layer = PINSTORE_LEARNED,
	                         .at = 1, .count = 1, .host = &host};
	enum pinstore_status status = PINSTORE_OK;
	struct ps_key key = {32, {0}};
	int64_t since;
	bool is_queued;
	char *text = malloc(9000);

	(void)arg;
	kit_must(text != NULL);
	memset(text, 'x', 9000);
	for (key.octets[0] = 1; key.octets[0] < 40 && status == PINSTORE_OK;
	     key.octets[0]++)
		status = ps_write_put_order(write, &key, &order, error);
	ps_host_key(&host, &key);
	if (status == PINSTORE_OK)
		status = ps_write_put_order(write, &key, &bypass, error);
	if (status == PINSTORE_OK)
		status = ps_write_put_settings(write, &settings, error);
	if (status == PINSTORE_OK)
		status = ps_write_event(write, &event, error);
	for (report.key = 1; report.key < 4 && status == PINSTORE_OK;
	     report.key++)
		status = ps_write_queue(write, &report, text, &is_queued,
		                        &since, error);
	free(text);
	return status;
}

static void
write_orders(struct ps_store *store)
{
	ck_status(ps_store_write(store, KIT_NOW, orders_work, NULL, &kit_error),
	          PINSTORE_OK);
}

static void
expect_sound(const struct found *found, uint64_t names)
{
	ck_status(found->status, PINSTORE_OK);
	ck_assert_msg(found->totals.walk.flaws == 0, "%s %s, page %d: %s",
	              found->database, found->record, (int)found->page,
	              ps_flaw_text(found->kind));
	ck_assert_uint_eq(found->totals.walk.entries[PS_HOSTS], names + 1);
	ck_assert_uint_eq(found->totals.later, 0);
	ck_assert_uint_eq(found->totals.gaps, 0);
	/* Two heads; every other page is one thing or the other. */
	ck_assert_uint_eq(found->totals.walk.used + found->totals.walk.free + 2,
	                  found->totals.walk.pages);
	ck_assert_uint_eq(found->totals.walk.idle, 0);
}

static void
expect_sound_store(uint64_t names)
{
	struct image image = image_load(dir.store);
	struct found found = image_audit(&image);

	free(image.at);
	expect_sound(&found, names);
}

static const unsigned sizes[] = {0, 1, 2, 100, 3000, 20000};

/* As many names in one transaction. */
START_TEST(sound_with_many_names)
{
	struct ps_store *store = kit_open(dir.store);

	write_span(store, 0, sizes[_i], false, false);
	ps_store_close(store);
	expect_sound_store(sizes[_i]);
}
END_TEST

/* A commit for each, with pages that come from the list of free ones. */
START_TEST(sound_after_many_commits)
{
	struct ps_store *store = kit_open(dir.store);
	unsigned n;

	for (n = 0; n < 300; n++) {
		write_span(store, n, n + 1, false, n % 50 == 0);
		if (n % 25 == 0)
			expect_sound_store(n + 1);
	}
	write_orders(store);
	ps_store_close(store);
	expect_sound_store(300);
}
END_TEST

START_TEST(sound_after_removals)
{
	struct ps_store *store = kit_open(dir.store);

	write_span(store, 0, 2000, false, false);
	write_span(store, 500, 1500, true, false);
	expect_sound_store(1000);
	write_span(store, 1500, 1900, true, false);
	write_span(store, 0, 500, true, false);
	expect_sound_store(100);
	write_span(store, 1900, 2000, true, false);
	ps_store_close(store);
	expect_sound_store(0);
}
END_TEST

/* Records, and texts of reports, with pages of their own. */
START_TEST(sound_with_long_records)
{
	struct ps_store *store = kit_open(dir.store);

	write_span(store, 0, 100, false, true);
	write_orders(store);
	expect_sound_store(100);
	write_span(store, 20, 60, true, false);
	write_span(store, 60, 100, false, false);
	ps_store_close(store);
	expect_sound_store(60);
}
END_TEST

START_TEST(sound_after_compaction)
{
	struct ps_store *store = kit_open(dir.store);

	write_span(store, 0, 1000, false, false);
	write_span(store, 0, 700, true, false);
	ck_status(ps_store_compact(store, &kit_error), PINSTORE_OK);
	expect_sound_store(300);
	write_span(store, 0, 10, false, false);
	ps_store_close(store);
	expect_sound_store(310);
}
END_TEST

/* The snapshot of a reader, while another process goes on writing. */
START_TEST(sound_under_a_writer)
{
	struct ps_store *store = kit_open(dir.store);
	unsigned n, walks = 0;
	pid_t pid;

	write_span(store, 0, 2000, false, false);
	ps_store_close(store);
	pid = kit_fork();
	if (pid == 0) {
		store = kit_open(dir.store);
		for (n = 0; n < 400; n++)
			write_span(store, n * 7 % 2000, n * 7 % 2000 + 5,
			           n % 3 == 0, n % 11 == 0);
		ps_store_close(store);
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		struct found found = {0};
		struct ps_repair_totals repaired;
		struct ps_fsck_want want = {
			.path = dir.store,
			.lock_limit_ms = KIT_LIMIT_MS,
			.flaw = image_flaw,
			.arg = &found,
		};

		found.status = ps_fsck_run(&want, &found.totals, &repaired,
		                           &kit_error);
		expect_sound(&found,
		             found.totals.walk.entries[PS_HOSTS] - 1);
		walks++;
	}
	ck_assert_uint_gt(walks, 0);
}
END_TEST

/* --------------------------------------------------------------- each flaw */

static void
spoil_magic(struct image *image)
{
	image_meta(image)[PS_META_MAGIC_AT] ^= 1;
}

static void
spoil_other_head(struct image *image)
{
	size_t newer = (size_t)(image_meta(image) - image->at) / IMAGE_PAGE;

	memset(image_page(image, 1 - newer), 0, 64);
}

/* The head before the last one was lost: it is the one before that. */
static void
make_head_stale(struct image *image)
{
	size_t newer = (size_t)(image_meta(image) - image->at) / IMAGE_PAGE;
	uint8_t *at = image_page(image, 1 - newer) + PS_PAGE_HEAD_LEN +
	              PS_META_TXN_AT;

	image_put64(at, ps_page_get64(at) - 2);
}

static void
cut_used_page(struct image *image)
{
	uint8_t *page = image_leaf(image, "hosts");

	image->len = (size_t)(page - image->at);
}

static void
cut_half_a_page(struct image *image)
{
	image->len = (size_t)(image_leaf(image, "hosts") - image->at) + 2048;
}

static void
spoil_number(struct image *image)
{
	image_leaf(image, "hosts")[0] ^= 1;
}

static void
zero_page(struct image *image)
{
	memset(image_leaf(image, "hosts"), 0, IMAGE_PAGE);
}

static void
turn_leaf_to_branch(struct image *image)
{
	image_leaf(image, "hosts")[PS_PAGE_FLAGS_AT] = PS_PAGE_BRANCH;
}

static void
turn_branch_to_leaf(struct image *image)
{
	image_top(image, "hosts")[PS_PAGE_FLAGS_AT] = PS_PAGE_LEAF;
}

static void
make_leaf2(struct image *image)
{
	image_leaf(image, "hosts")[PS_PAGE_FLAGS_AT] |= PS_PAGE_LEAF2;
}

static void
spoil_lower(struct image *image)
{
	image_leaf(image, "hosts")[PS_PAGE_LOWER_AT] ^= 1;
}

static void
lose_nodes(struct image *image)
{
	image_leaf(image, "hosts")[PS_PAGE_LOWER_AT] -= 2;
}

static void
spoil_upper(struct image *image)
{
	image_leaf(image, "hosts")[PS_PAGE_UPPER_AT + 1] = 0xff;
}

static void
spoil_offset(struct image *image)
{
	memset(image_leaf(image, "hosts") + PS_PAGE_HEAD_LEN + 4, 0xfe, 2);
}

static void
spoil_key_len(struct image *image)
{
	struct ps_page_node node = image_node(image_leaf(image, "hosts"), 1);

	image_octets(node.key)[-1] = 0xff;
}

static void
swap_nodes(struct image *image)
{
	uint8_t *at = image_leaf(image, "hosts") + PS_PAGE_HEAD_LEN + 2;
	uint8_t first[2];

	memcpy(first, at, 2);
	memmove(at, at + 2, 2);
	memcpy(at + 2, first, 2);
}

/* One node twice, another not at all. */
static void
double_node(struct image *image)
{
	uint8_t *at = image_leaf(image, "hosts") + PS_PAGE_HEAD_LEN + 2;

	memcpy(at, at + 2, 2);
}

static void
spoil_separator(struct image *image)
{
	struct ps_page_node node = image_node(image_top(image, "hosts"), 1);

	image_octets(node.key)[node.key_len - 1] ^= 1;
}

static void
spoil_first_octet(struct image *image)
{
	struct ps_page_node node = image_node(image_leaf(image, "hosts"), 3);

	image_octets(node.key)[0] = 'z';
}

/* A page number of a branch is in the first octets of its node. */
static void
double_child(struct image *image)
{
	uint8_t *page = image_top(image, "hosts");

	memcpy(image_octets(image_node(page, 2).key) - 8,
	       image_octets(image_node(page, 1).key) - 8, 4);
}

static void
swap_children(struct image *image)
{
	uint8_t *page = image_top(image, "hosts");
	uint8_t *a = image_octets(image_node(page, 1).key) - 8;
	uint8_t *b = image_octets(image_node(page, 2).key) - 8;
	uint8_t octets[4];

	memcpy(octets, a, 4);
	memcpy(a, b, 4);
	memcpy(b, octets, 4);
}

static void
lead_behind_the_end(struct image *image)
{
	image_octets(image_node(image_top(image, "hosts"), 1).key)[-6] = 0x7f;
}

static void
lead_to_a_head(struct image *image)
{
	memset(image_octets(image_node(image_top(image, "hosts"), 1).key) - 8,
	       0, 6);
}

static void
lead_to_itself(struct image *image)
{
	uint8_t *page = image_top(image, "hosts");

	memcpy(image_octets(image_node(page, 1).key) - 8, page, 4);
}

/* The first list of free pages. */
static uint8_t *
free_list(struct image *image)
{
	uint8_t *root = image_meta(image) + PS_META_FREE_AT;
	uint8_t *page = image_page(image, image_root(root));

	return image_octets(image_node(page, 0).data);
}

static void
free_used_page(struct image *image)
{
	image_put64(free_list(image) + 8,
	            ps_page_get64(image_leaf(image, "hosts")));
}

static void
free_page_twice(struct image *image)
{
	uint8_t *at = free_list(image);

	ck_assert_uint_ge(ps_page_get64(at), 2);
	memcpy(at + 8, at + 16, 8);
}

static void
free_too_many(struct image *image)
{
	image_put64(free_list(image), 5000);
}

static void
free_behind_the_end(struct image *image)
{
	image_put64(free_list(image) + 8, UINT64_C(1) << 40);
}

static void
free_later(struct image *image)
{
	uint8_t *root = image_meta(image) + PS_META_FREE_AT;
	uint8_t *page = image_page(image, image_root(root));

	image_octets(image_node(page, image_nodes(page) - 1).key)[7] = 0x7f;
}

static void
count_entry_more(struct image *image)
{
	image_octets(image_database(image, "hosts").data)
	        [PS_TREE_ENTRIES_AT]++;
}

static void
count_leaf_more(struct image *image)
{
	image_octets(image_database(image, "hosts").data)
	        [PS_TREE_LEAVES_AT]++;
}

static void
count_overflow_more(struct image *image)
{
	image_octets(image_database(image, "hosts").data)
	        [PS_TREE_OVERFLOWS_AT]++;
}

static void
make_deeper(struct image *image)
{
	image_octets(image_database(image, "hosts").data)[PS_TREE_DEPTH_AT]++;
}

static void
make_much_deeper(struct image *image)
{
	image_octets(image_database(image, "hosts").data)[PS_TREE_DEPTH_AT] =
	        200;
}

static void
make_root_none(struct image *image)
{
	image_put64(image_octets(image_database(image, "hosts").data) +
	                    PS_TREE_ROOT_AT, PS_PAGE_NONE);
}

/* An empty tree is sound in itself. */
static void
make_table_empty(struct image *image)
{
	uint8_t *root = image_octets(image_database(image, "quota").data);

	memset(root, 0, PS_TREE_ROOT_AT);
	image_put64(root + PS_TREE_ROOT_AT, PS_PAGE_NONE);
}

static void
make_hosts_empty(struct image *image)
{
	uint8_t *root = image_octets(image_database(image, "hosts").data);

	memset(root, 0, PS_TREE_ROOT_AT);
	image_put64(root + PS_TREE_ROOT_AT, PS_PAGE_NONE);
}

static void
reverse_keys(struct image *image)
{
	image_octets(image_database(image, "hosts").data)[PS_TREE_FLAGS_AT] =
	        2;
}

static void
rename_database(struct image *image)
{
	image_octets(image_database(image, "quota").key)[4] = 'b';
}

static void
take_other_root(struct image *image)
{
	memcpy(image_octets(image_database(image, "bypass").data),
	       image_database(image, "revoked").data, PS_TREE_LEN);
}

static void
spoil_record(struct image *image)
{
	struct ps_page_node node = image_node(image_leaf(image, "hosts"), 2);

	image_octets(node.data)[node.data_len - 1] ^= 1;
}

static void
spoil_key(struct image *image)
{
	struct ps_page_node node = image_node(image_leaf(image, "hosts"), 1);

	image_octets(node.key)[node.key_len - 1] ^= 0x40;
}

static void
spoil_head_record(struct image *image)
{
	image_octets(image_node(image_leaf(image, "bypass"), 0).data)[20] ^= 1;
}

static void
spoil_schema(struct image *image)
{
	uint8_t *page = image_leaf(image, "meta");

	image_octets(image_node(page, image_nodes(page) - 1).data)[40] ^= 1;
}

/* A record's own pages: the number of the first stands in the leaf. */
static struct ps_page_node
long_text(struct image *image)
{
	uint8_t *page = image_top(image, "reports");
	uint32_t n = image_nodes(page);

	if ((ps_page_flags(page) & PS_PAGE_BRANCH) != 0) {
		page = image_page(image, image_node(page, n - 1).child);
		n = image_nodes(page);
	}
	ck_assert_uint_eq(image_node(page, n - 1).flags, PS_NODE_BIG);
	return image_node(page, n - 1);
}

static void
spoil_text(struct image *image)
{
	uint8_t *page = image_page(image,
	                           ps_page_get64(long_text(image).data));

	page[5000] ^= 1;
}

static void
spoil_text_pages(struct image *image)
{
	uint8_t *page = image_page(image,
	                           ps_page_get64(long_text(image).data));

	page[PS_PAGE_COUNT_AT]++;
}

static void
spoil_text_number(struct image *image)
{
	image_page(image, ps_page_get64(long_text(image).data))[0] ^= 1;
}

static void
lead_text_to_another(struct image *image)
{
	image_put64(image_octets(long_text(image).data),
	            ps_page_get64(image_leaf(image, "hosts")));
}

/* Its last page lies in the file, behind what the head says is its last. */
static void
put_text_at_the_end(struct image *image)
{
	const struct ps_page_node node = long_text(image);
	const uint64_t from = ps_page_get64(node.data);
	const uint32_t n = ps_page_get32(image_page(image, from) +
	                                 PS_PAGE_COUNT_AT);
	const uint64_t to = image->len / IMAGE_PAGE;
	struct image larger = {malloc(image->len + (size_t)n * IMAGE_PAGE),
	                       image->len + (size_t)n * IMAGE_PAGE};

	ck_assert_ptr_nonnull(larger.at);
	image_put64(image_octets(node.data), to);
	memcpy(larger.at, image->at, image->len);
	memcpy(larger.at + image->len, image_page(image, from),
	       (size_t)n * IMAGE_PAGE);
	image_put64(image_page(&larger, to), to);
	image_put64(image_meta(&larger) + PS_META_LAST_AT, to + n - 2);
	free(image->at);
	*image = larger;
}

static void
make_text_huge(struct image *image)
{
	image_octets(long_text(image).key)[-5] = 0x7f;
}

/* A node that says it is a tree. */
static void
make_record_tree(struct image *image)
{
	image_octets(image_node(image_leaf(image, "hosts"), 2).key)[-4] =
	        PS_NODE_TREE;
}

static void
spoil_free_root(struct image *image)
{
	uint8_t *root = image_meta(image) + PS_META_FREE_AT;

	image_page(image, image_root(root))[0] ^= 1;
}

#define KIND(name) PINSTORE_FLAW_##name

static const struct {
	void (*spoil)(struct image *image);
	enum pinstore_flaw_kind kind; /* told first; 0: there is no head */
	const char *database;
} flaws[] = {
	{spoil_other_head, KIND(HEAD), ""},
	{make_head_stale, KIND(HEAD), ""},
	{cut_used_page, KIND(SHORT), NULL},
	{cut_half_a_page, KIND(SHORT), NULL},
	{spoil_number, KIND(PAGE), "hosts"},
	{zero_page, KIND(PAGE), "hosts"},
	{turn_leaf_to_branch, KIND(DEPTH), "hosts"},
	{turn_branch_to_leaf, KIND(DEPTH), "hosts"},
	{make_leaf2, KIND(PAGE), "hosts"},
	{spoil_lower, KIND(PAGE), "hosts"},
	{lose_nodes, KIND(PAGE), "hosts"},
	{spoil_upper, KIND(PAGE), "hosts"},
	{spoil_offset, KIND(PAGE), "hosts"},
	{spoil_key_len, KIND(PAGE), "hosts"},
	{swap_nodes, KIND(ORDER), "hosts"},
	{double_node, KIND(ORDER), "hosts"},
	{spoil_separator, KIND(ORDER), "hosts"},
	{spoil_first_octet, KIND(ORDER), "hosts"},
	{double_child, KIND(TWICE), "hosts"},
	{swap_children, KIND(ORDER), "hosts"},
	{lead_behind_the_end, KIND(PAGE), "hosts"},
	{lead_to_a_head, KIND(PAGE), "hosts"},
	{lead_to_itself, KIND(TWICE), "hosts"},
	{free_used_page, KIND(FREE), "hosts"},
	{free_page_twice, KIND(FREE_LIST), "free pages"},
	{free_too_many, KIND(FREE_LIST), "free pages"},
	{free_behind_the_end, KIND(FREE_LIST), "free pages"},
	{free_later, KIND(FREE_LIST), "free pages"},
	{spoil_free_root, KIND(PAGE), "free pages"},
	{count_entry_more, KIND(COUNT), "hosts"},
	{count_leaf_more, KIND(COUNT), "hosts"},
	{count_overflow_more, KIND(COUNT), "hosts"},
	{make_deeper, KIND(DEPTH), "hosts"},
	{make_much_deeper, KIND(TABLE), "hosts"},
	{make_root_none, KIND(TABLE), "hosts"},
	{make_table_empty, KIND(SUMMARY), "quota"},
	{make_hosts_empty, KIND(RECORD), "hosts"},
	{reverse_keys, KIND(TABLE), "hosts"},
	{rename_database, KIND(TABLE), "databases"},
	{take_other_root, KIND(TWICE), "bypass"},
	{spoil_record, KIND(RECORD), "hosts"},
	{spoil_key, KIND(ORDER), "hosts"},
	{spoil_head_record, KIND(RECORD), "bypass"},
	{spoil_schema, KIND(RECORD), "meta"},
	{spoil_text, KIND(RECORD), "reports"},
	{spoil_text_pages, KIND(PAGE), "reports"},
	{spoil_text_number, KIND(PAGE), "reports"},
	{lead_text_to_another, KIND(TWICE), "reports"},
	{put_text_at_the_end, KIND(PAGE), "reports"},
	{make_text_huge, KIND(RECORD), "reports"},
	{make_record_tree, KIND(RECORD), "hosts"},
	{spoil_magic, KIND(HEAD), ""},
};

static void
make_rich_store(void)
{
	struct ps_store *store = kit_open(dir.store);

	write_span(store, 0, MANY, false, false);
	write_orders(store);
	write_span(store, MANY, MANY + 10, false, false);
	write_span(store, MANY, MANY + 5, true, false);
	ps_store_close(store);
}

/* A reader's snapshot whose head is that of the commit before: a lost write. */
START_TEST(an_older_head_is_no_newer_one)
{
	struct image image;
	struct found found;
	uint64_t newer;
	uint8_t *meta;
	int fd;

	make_rich_store();
	image = image_load(dir.store);
	meta = image_meta(&image);
	newer = ps_page_get64(meta + PS_META_TXN_AT);
	image_put64(meta + PS_META_TXN_AT, newer - 1);
	fd = memfd_create("image", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, image.at, image.len), (ssize_t)image.len);
	found = image_audit_fd(fd, newer);
	ck_status(found.status, PINSTORE_ERR_DAMAGED);
	close(fd);
	free(image.at);
}
END_TEST

START_TEST(each_flaw_is_told)
{
	struct image image, sound;
	struct found found;
	size_t i;

	make_rich_store();
	sound = image_load(dir.store);
	found = image_audit(&sound);
	expect_sound(&found, MANY + 5);
	for (i = 0; i < (size_t)COUNT(flaws); i++) {
		image = image_copy(&sound);
		flaws[i].spoil(&image);
		found = image_audit(&image);
		ck_assert_msg(found.status == PINSTORE_OK,
		              "row %zu: status %d", i, (int)found.status);
		ck_assert_msg(found.kind == flaws[i].kind, "row %zu: %s in %s",
		              i, ps_flaw_word(found.kind), found.database);
		if (flaws[i].database != NULL)
			ck_assert_msg(strcmp(found.database,
			                     flaws[i].database) == 0,
			              "row %zu: in %s", i, found.database);
		free(image.at);
	}
	free(sound.at);
}
END_TEST

/* Without a head there is nothing to walk. */
START_TEST(no_head_is_damage)
{
	struct image image;
	struct found found;

	make_rich_store();
	image = image_load(dir.store);
	spoil_magic(&image);
	spoil_magic(&image);
	found = image_audit(&image);
	ck_status(found.status, PINSTORE_OK);
	spoil_other_head(&image);
	spoil_magic(&image);
	found = image_audit(&image);
	ck_status(found.status, PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "pinstore fsck"));
	image.len = 100;
	found = image_audit(&image);
	ck_status(found.status, PINSTORE_ERR_DAMAGED);
	image.len = 0;
	found = image_audit(&image);
	ck_status(found.status, PINSTORE_ERR_DAMAGED);
	free(image.at);
}
END_TEST

/* Every octet of a small store changed, in some way: the walk ends. */
START_TEST(no_octet_ends_the_walk)
{
	const unsigned stride = suite_stride(80) * 7;
	struct image image;
	size_t i;

	ps_store_close(kit_open(dir.store));
	image = image_load(dir.store);
	for (i = (size_t)_i; i < image.len; i += stride) {
		uint8_t before = image.at[i];
		struct found found;

		image.at[i] = _i == 0 ? 0xff : (uint8_t)(before + (unsigned)_i);
		found = image_audit(&image);
		ck_assert(found.status == PINSTORE_OK ||
		          found.status == PINSTORE_ERR_DAMAGED);
		image.at[i] = before;
	}
	free(image.at);
}
END_TEST

/* ----------------------------------------------------- what the records say */

/* Seal a number of meta anew, one more than it was. */
static void
raise_number(struct raw *raw, const char *word)
{
	uint8_t record[256], sealed[256];
	struct ps_bytes key = raw_key(word);
	size_t len = raw_get(raw, PS_META, key, record, sizeof(record));
	uint8_t *body = record + PS_RECORD_HEAD_LEN;

	ps_put_le64(body, ps_get_le64(body) + 1);
	len = ps_record_seal(&raw->id, PS_META, key, body,
	                     len - PS_RECORD_HEAD_LEN, sealed);
	raw_put(raw, PS_META, key, sealed, len);
}

static const struct {
	const char *word; /* of meta; else: */
	enum ps_table table;
	const char *key; /* to be removed */
	enum pinstore_flaw_kind kind;
	const char *database, *record;
} lies[] = {
	{"learned", PS_META, NULL, KIND(SUMMARY), "meta", "learned"},
	{"orders", PS_META, NULL, KIND(SUMMARY), "meta", "orders"},
	{NULL, PS_META, "clock", KIND(RECORD), "meta", "clock"},
	{NULL, PS_META, "orders", KIND(RECORD), "meta", "orders"},
	{NULL, PS_META, "schema", KIND(RECORD), "meta", "schema"},
	{NULL, PS_META, "reports", KIND(RECORD), "meta", "reports"},
	{NULL, PS_SETTINGS, "settings", KIND(SUMMARY), "meta", "orders"},
	{NULL, PS_QUOTA, "test.d1", KIND(SUMMARY), "quota", ""},
	{NULL, PS_HOSTS, "test.d1.h1", KIND(LINK), "hosts", "h97.d0.test"},
	{NULL, PS_BYPASS, "", KIND(RECORD), "bypass", "(head)"},
};

START_TEST(each_lie_is_told)
{
	struct ps_store *store = kit_open(dir.store);
	struct found found;
	struct image image;
	struct raw raw;
	unsigned n;

	for (n = 0; n < 200; n++) {
		struct ps_host host = kit_numbered(n);

		if (n % 97 < 3)
			kit_put(store, host.name, n);
	}
	write_orders(store);
	ps_store_close(store);
	raw = raw_begin(dir.store);
	if (lies[_i].word != NULL)
		raise_number(&raw, lies[_i].word);
	else
		raw_delete(&raw, lies[_i].table, raw_key(lies[_i].key));
	raw_end(&raw);
	image = image_load(dir.store);
	found = image_audit(&image);
	free(image.at);
	ck_status(found.status, PINSTORE_OK);
	ck_assert_msg(found.kind == lies[_i].kind, "%s",
	              ps_flaw_word(found.kind));
	ck_assert_str_eq(found.database, lies[_i].database);
	ck_assert_str_eq(found.record, lies[_i].record);
}
END_TEST

/*
 * T-123: a record that a stranger has planted, with a checksum that is right,
 * is named.
 */
static const struct {
	size_t at; /* of the record; the section begins at 32 */
	uint8_t value;
	bool is_later;
} planted[] = {
	{0, 2, true},    /* a later format */
	{0, 0, false},   /* one that there never was */
	{1, 24, false},  /* the head's length */
	{3, 0x80, true}, /* a critical flag */
	{24, 3, false},  /* three sections */
	{24, 0, false},  /* and none */
	{25, 1, false},  /* reserved */
	{32, 2, false},  /* a layer that is none */
	{33, 4, false},  /* a static source in the learned layer */
	{34, 2, false},  /* mode */
	{35, 2, true},   /* a flag of the section */
	{36, 0, false},  /* no pins */
	{36, 33, false}, /* too many */
	{37, 2, false},  /* the algorithm */
	{38, 200, false}, /* labels for the quota */
	{44, 0, false},  /* the section's length */
	{80, 1, false},  /* reserved */
};

START_TEST(a_planted_record_is_named)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_store *store = kit_open(dir.store);
	struct ps_bytes key = raw_key("test.b");
	struct found found;
	struct image image;
	struct raw raw;
	size_t len;

	kit_put(store, "a.test", 1);
	kit_put(store, "b.test", 2);
	kit_put(store, "c.test", 3);
	ps_store_close(store);
	raw = raw_begin(dir.store);
	len = raw_get(&raw, PS_HOSTS, key, record, sizeof(record));
	record[planted[_i].at] = planted[_i].value;
	ps_entry_relink(&raw.id, key.at, key.len, record, len,
	                ps_get_le64(record + 16));
	raw_put(&raw, PS_HOSTS, key, record, len);
	raw_end(&raw);
	image = image_load(dir.store);
	found = image_audit(&image);
	free(image.at);
	ck_status(found.status, PINSTORE_OK);
	ck_assert_uint_eq(found.totals.later, planted[_i].is_later);
	ck_assert_uint_eq(found.totals.walk.flaws, !planted[_i].is_later);
	if (planted[_i].is_later)
		return;
	ck_assert_int_eq(found.kind, PINSTORE_FLAW_RECORD);
	ck_assert_str_eq(found.database, "hosts");
	ck_assert_str_eq(found.record, "b.test");
}
END_TEST

/* T-123: keys that no name has. */
START_TEST(a_planted_key_is_named)
{
	static const size_t lengths[] = {1, 64, 253, 254, 511};
	uint8_t record[PS_ENTRY_LEN_MAX], octets[511];
	struct ps_bytes key = {octets, lengths[_i]};
	struct ps_store *store = kit_open(dir.store);
	struct found found;
	struct image image;
	struct raw raw;
	size_t len;

	kit_put(store, "a.test", 1);
	ps_store_close(store);
	memset(octets, 'Q', sizeof(octets));
	raw = raw_begin(dir.store);
	len = raw_get(&raw, PS_HOSTS, raw_key("test.a"), record,
	              sizeof(record));
	if (key.len <= PINSTORE_HOST_MAX)
		ps_entry_relink(&raw.id, key.at, key.len, record, len,
		                ps_entry_next_hash(&raw.id,
		                                   (const uint8_t *)"test.a",
		                                   6));
	raw_put(&raw, PS_HOSTS, key, record, len);
	raw_end(&raw);
	image = image_load(dir.store);
	found = image_audit(&image);
	free(image.at);
	ck_status(found.status, PINSTORE_OK);
	ck_assert_uint_ne(found.kinds & 1u << PINSTORE_FLAW_RECORD, 0);
}
END_TEST

/* ------------------------------------------------ the walk when it is opened */

static void
write_note(const char *text)
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" PS_WALKED_NAME, dir.store);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Records that a leaf has lost: what is there, is sound in itself. */
static void
expect_refused(void)
{
	struct ps_store *store = NULL;

	ck_status(kit_try_open(dir.store, &store), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "has lost records"));
	ck_assert_ptr_nonnull(strstr(kit_error.text, "pinstore fsck"));
}

START_TEST(a_small_store_is_walked_each_time)
{
	struct image image;

	make_rich_store();
	image = image_load(dir.store);
	ck_assert_uint_lt(image.len, 1 << 20);
	count_entry_more(&image);
	image_save(&image, dir.store);
	expect_refused();
	expect_refused();
	image_octets(image_database(&image, "hosts").data)
	        [PS_TREE_ENTRIES_AT]--;
	image_save(&image, dir.store);
	ps_store_close(kit_open(dir.store));
	free(image.at);
}
END_TEST

/* A larger one once in the life of the machine, and of the file. */
START_TEST(a_large_store_is_walked_once)
{
	struct ps_store *store = kit_open(dir.store);
	char note[160], path[160], other[200];
	struct image image;

	write_span(store, 0, 8000, false, false);
	ps_store_close(store);
	ps_store_close(kit_open(dir.store));
	(void)snprintf(path, sizeof(path), "%s/" PS_WALKED_NAME, dir.store);
	ck_assert_int_eq(access(path, F_OK), 0);
	image = image_load(dir.store);
	ck_assert_uint_gt(image.len, 1 << 20);
	count_entry_more(&image);
	image_save(&image, dir.store);
	/* It was walked, and the machine has not been down since. */
	ps_store_close(kit_open(dir.store));
	/* It was walked in another life, or never; or the note is none. */
	write_note("00000000-0000-0000-0000-000000000000 1 1\n");
	expect_refused();
	write_note("");
	expect_refused();
	ck_assert_int_eq(unlink(path), 0);
	expect_refused();
	ck_assert_int_ne(access(path, F_OK), 0);
	/* Another file in its place. */
	image_octets(image_database(&image, "hosts").data)
	        [PS_TREE_ENTRIES_AT]--;
	image_save(&image, dir.store);
	ps_store_close(kit_open(dir.store));
	(void)snprintf(note, sizeof(note), "%s/data.mdb", dir.store);
	(void)snprintf(other, sizeof(other), "%s/data.mdb", dir.path);
	ck_assert_int_eq(rename(note, other), 0);
	ck_assert_int_eq(close(open(note, O_CREAT | O_WRONLY | O_CLOEXEC,
	                            0600)), 0);
	count_entry_more(&image);
	image_save(&image, dir.store);
	expect_refused();
	free(image.at);
}
END_TEST

/* What replaces the file knows that it is as it was written. */
START_TEST(a_compact_copy_is_noted)
{
	struct ps_store *store = kit_open(dir.store);
	char path[160];

	write_span(store, 0, 8000, false, false);
	ck_status(ps_store_compact(store, &kit_error), PINSTORE_OK);
	(void)snprintf(path, sizeof(path), "%s/" PS_WALKED_NAME, dir.store);
	ck_assert_int_eq(access(path, F_OK), 0);
	ps_store_close(store);
	ck_assert_int_eq(close(open(path, O_WRONLY | O_CLOEXEC)), 0);
}
END_TEST

/* One record that is spoiled is its own host's matter (T-123). */
START_TEST(a_spoiled_record_closes_no_store)
{
	struct ps_store *store;
	struct image image;

	make_rich_store();
	image = image_load(dir.store);
	spoil_record(&image);
	image_save(&image, dir.store);
	free(image.at);
	store = kit_open(dir.store);
	ps_store_close(store);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("audit");
	TCase *tcase = tcase_create("audit");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, sound_with_many_names, 0, COUNT(sizes));
	tcase_add_test(tcase, sound_after_many_commits);
	tcase_add_test(tcase, sound_after_removals);
	tcase_add_test(tcase, sound_with_long_records);
	tcase_add_test(tcase, sound_after_compaction);
	tcase_add_test(tcase, sound_under_a_writer);
	tcase_add_test(tcase, an_older_head_is_no_newer_one);
	tcase_add_test(tcase, each_flaw_is_told);
	tcase_add_test(tcase, no_head_is_damage);
	tcase_add_loop_test(tcase, no_octet_ends_the_walk, 0, 4);
	tcase_add_loop_test(tcase, each_lie_is_told, 0, COUNT(lies));
	tcase_add_loop_test(tcase, a_planted_record_is_named, 0,
	                    COUNT(planted));
	tcase_add_loop_test(tcase, a_planted_key_is_named, 0, 5);
	tcase_add_test(tcase, a_small_store_is_walked_each_time);
	tcase_add_test(tcase, a_large_store_is_walked_once);
	tcase_add_test(tcase, a_compact_copy_is_noted);
	tcase_add_test(tcase, a_spoiled_record_closes_no_store);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
