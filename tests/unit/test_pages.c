/*
 * test_pages.c - data files that are not what LMDB writes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file has 16 pages, and names four behind its end, which must be free:
 * page 2 has the list of them, page 3 is a branch that leads there, page 4 is
 * for lists with a page of their own.
 */
#include <config.h>

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>

#include "store/db.h"
#include "store/pages.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define PAGE 512
#define N_PAGES 16
#define LEN (N_PAGES * PAGE)
#define MAGIC 0xbeefc0de
#define SWAPPED 0xdec0efbe
#define NONE UINT64_MAX

/* Of a page's head, and of a meta page. */
#define FLAGS 10
#define LOWER 12
#define META 16
#define VERSION 20
#define PAGE_LEN 40
#define DEPTH 46
#define FREE_ROOT 80
#define MAIN_ROOT 128
#define LAST 136
#define TXN 144

/* Of the lists' page: where its node is, the node, its data. */
#define NODE_AT (2 * PAGE + 16)
#define NODE (2 * PAGE + 64)
#define NODE_FLAGS (NODE + 4)
#define NODE_KEY (NODE + 6)
#define LIST (NODE + 16)
#define BRANCH_NODE (3 * PAGE + 64)
#define BIG (4 * PAGE + 16)

static struct tempdir dir;

static void
put(uint8_t *octets, size_t at, size_t width, uint64_t value)
{
	memcpy(octets + at, &value, width);
}

static void
make_meta(uint8_t *page, uint64_t number)
{
	put(page, 0, 8, number);
	put(page, FLAGS, 2, 0x08);
	put(page, META, 4, MAGIC);
	put(page, VERSION, 4, 1);
	put(page, PAGE_LEN, 4, PAGE);
	put(page, DEPTH, 2, 1);
	put(page, FREE_ROOT, 8, 2);
	put(page, MAIN_ROOT, 8, 5);
	put(page, LAST, 8, N_PAGES + 3);
	put(page, TXN, 8, 1 + number);
}

static void
make_file(uint8_t *octets)
{
	uint64_t i;

	memset(octets, 0, LEN);
	make_meta(octets, 0);
	make_meta(octets + PAGE, 1);
	put(octets, 2 * PAGE, 8, 2);
	put(octets, 2 * PAGE + FLAGS, 2, 0x02);
	put(octets, 2 * PAGE + LOWER, 2, 18);
	put(octets, NODE_AT, 2, 64);
	put(octets, NODE, 4, 40);
	put(octets, NODE_KEY, 2, 8);
	put(octets, LIST, 8, 4);
	for (i = 0; i < 4; i++)
		put(octets, LIST + 8 + 8 * i, 8, N_PAGES + i);
	put(octets, 3 * PAGE, 8, 3);
	put(octets, 3 * PAGE + FLAGS, 2, 0x01);
	put(octets, 3 * PAGE + LOWER, 2, 18);
	put(octets, 3 * PAGE + 16, 2, 64);
	put(octets, BRANCH_NODE, 4, 2);
}

static const char shorter[] = "is shorter than it must be";
static const char list[] = "has a bad list of free pages";
static const char head[] = "has no valid head";
static const char cannot[] = "names pages that it cannot have";

/* The second meta page is the newer one. */
#define NEW(at) (PAGE + (at))

static const struct {
	const char *words; /* NULL: it is sound */
	size_t len;        /* of the file, if not 0 */
	struct {
		size_t at, width;
		uint64_t value;
	} put[7];
} rows[] = {
	{NULL, 0, {{0}}},
	/* no page behind the end */
	{NULL, 0, {{NEW(LAST), 8, N_PAGES - 1}}},
	/* the older head was to be the newer, and could not be written */
	{NULL, 0, {{FREE_ROOT, 8, N_PAGES + 4}, {MAIN_ROOT, 8, N_PAGES + 4}}},
	/* by a branch */
	{NULL, 0, {{NEW(FREE_ROOT), 8, 3}}},
	/* the first meta page is the newer one */
	{NULL, 0, {{TXN, 8, 9}, {NEW(LAST), 8, 99}}},
	/* a list on a page of its own, longer than one read */
	{NULL, 0, {{NODE, 4, 8 + 600 * 8}, {NODE_FLAGS, 2, 1}, {LIST, 8, 4},
	           {BIG, 8, 600}, {BIG + 8 + 8 * 510, 8, 16},
	           {BIG + 8 + 8 * 513, 8, 17},
	           {NEW(LAST), 8, 17}}},
	/* some in the list that the file has */
	{NULL, 0, {{NODE, 4, 48}, {LIST, 8, 5}, {LIST + 40, 8, 7}}},

	/* cut short */
	{shorter, 1, {{0}}},
	{shorter, PAGE, {{0}}},
	{shorter, PAGE + 191, {{0}}},
	{shorter, 2 * PAGE, {{0}}},
	{shorter, 15 * PAGE, {{0}}},

	/* heads */
	{head, 0, {{META, 4, 0}}},
	{head, 0, {{NEW(META), 4, 0}}},
	{head, 0, {{FLAGS, 2, 0}}},
	{head, 0, {{PAGE_LEN, 4, 256}}},
	{head, 0, {{PAGE_LEN, 4, 131072}}},
	{head, 0, {{PAGE_LEN, 4, 768}}},
	{head, 0, {{DEPTH, 2, 33}}},
	{head, 0, {{LAST, 8, 0}}},
	{head, 0, {{LAST, 8, UINT64_C(1) << 47}}},
	{cannot, 0, {{NEW(FREE_ROOT), 8, N_PAGES + 4}}},
	{cannot, 0, {{NEW(MAIN_ROOT), 8, N_PAGES + 4}}},
	{"has two heads that do not agree", 0, {{NEW(PAGE_LEN), 4, 1024}}},
	{"has no content", 0, {{TXN, 8, 0}, {NEW(TXN), 8, 0}}},
	{"has no content", 0, {{NEW(MAIN_ROOT), 8, NONE}}},
	{": another version of LMDB has written", 0, {{VERSION, 4, 2}}},
	{": another architecture has written data.mdb: export it there and import it "
	 "here", 0, {{META, 4, SWAPPED}}},
	{"another architecture", 0, {{LOWER, 4, MAGIC}}},
	{"another architecture", 0, {{LOWER, 4, SWAPPED}}},

	/* what is behind the end */
	{shorter, 0, {{NEW(FREE_ROOT), 8, NONE}}},
	{shorter, 0, {{NEW(FREE_ROOT), 8, N_PAGES}}},
	{shorter, 0, {{NEW(MAIN_ROOT), 8, N_PAGES}}},
	{shorter, 0, {{NEW(LAST), 8, UINT64_C(1) << 22}}},
	{shorter, 0, {{NEW(LAST), 8, N_PAGES + 4}}},
	{shorter, 0, {{LIST, 8, 3}}},
	{shorter, 0, {{LIST, 8, 0}}},
	{shorter, 0, {{LIST + 8, 8, N_PAGES + 1}}},
	{shorter, 0, {{LIST + 8, 8, N_PAGES + 4}}},
	{shorter, 0, {{LIST + 8, 8, N_PAGES - 1}}},
	{shorter, 0, {{2 * PAGE + LOWER, 2, 16}}},

	/* pages of the tree */
	{list, 0, {{2 * PAGE, 8, 3}}},
	{list, 0, {{2 * PAGE + FLAGS, 2, 0x04}}},
	{list, 0, {{2 * PAGE + LOWER, 2, 15}}},
	{list, 0, {{2 * PAGE + LOWER, 2, PAGE + 1}}},
	{list, 0, {{NODE_AT, 2, 15}}},
	{list, 0, {{NODE_AT, 2, PAGE - 7}}},
	/* a branch that leads to itself, or behind the end */
	{list, 0, {{NEW(FREE_ROOT), 8, 3}, {BRANCH_NODE, 4, 3}}},
	{shorter, 0, {{NEW(FREE_ROOT), 8, 3}, {BRANCH_NODE + 4, 2, 1}}},

	/* lists */
	{list, 0, {{NODE, 4, 7}}},
	{list, 0, {{NODE, 4, 39}}},
	{list, 0, {{NODE, 4, PAGE}}},
	{list, 0, {{NODE, 4, 0xffffffff}}},
	{list, 0, {{NODE_KEY, 2, PAGE}}},
	{list, 0, {{NODE_KEY, 2, 0xffff}}},
	{list, 0, {{LIST, 8, 5}}},
	{list, 0, {{LIST, 8, NONE}}},
	{list, 0, {{NODE_FLAGS, 2, 1}, {NODE_KEY, 2, PAGE - 79}}},
	{list, 0, {{NODE_FLAGS, 2, 1}, {LIST, 8, N_PAGES}}},
	{list, 0, {{NODE_FLAGS, 2, 1}, {LIST, 8, N_PAGES - 1},
	           {NODE, 4, PAGE - 15}}},
	{shorter, 0, {{NODE_FLAGS, 2, 1}, {LIST, 8, N_PAGES + 1}}},
	{shorter, 0, {{NODE_FLAGS, 2, 1}, {LIST, 8, NONE}}},
};

static void
write_file(const uint8_t *octets, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" PS_DB_DATA, dir.path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, octets, len), (ssize_t)len);
	close(fd);
}

START_TEST(a_file)
{
	uint8_t octets[LEN];
	struct pinstore_error error = {.text = ""};
	enum pinstore_status status;
	int fd;
	size_t i;

	make_file(octets);
	for (i = 0; i < 7 && rows[_i].put[i].width > 0; i++)
		put(octets, rows[_i].put[i].at, rows[_i].put[i].width,
		    rows[_i].put[i].value);
	tempdir_make(&dir);
	write_file(octets, rows[_i].len > 0 ? rows[_i].len : LEN);
	fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	status = ps_pages_check(fd, "here", &error);
	close(fd);
	tempdir_remove(&dir);
	if (rows[_i].words == NULL) {
		ck_assert_msg(status == PINSTORE_OK, "row %d: %s", _i,
		              error.text);
		return;
	}
	ck_assert_msg(status == PINSTORE_ERR_DAMAGED ||
	                      status == PINSTORE_ERR_VERSION,
	              "row %d: status %d", _i, (int)status);
	ck_assert_msg(strstr(error.text, rows[_i].words) != NULL,
	              "row %d: %s", _i, error.text);
}
END_TEST

/* Branches whose every node leads to the same next page: each is read once. */
START_TEST(a_maze_has_an_end)
{
	struct pinstore_error error = {.text = ""};
	uint8_t octets[LEN];
	size_t page, i;
	int fd;

	make_file(octets);
	for (page = 3; page + 1 < N_PAGES; page++) {
		put(octets, page * PAGE, 8, page);
		put(octets, page * PAGE + FLAGS, 2, 0x01);
		put(octets, page * PAGE + LOWER, 2, 16 + 200);
		for (i = 0; i < 100; i++)
			put(octets, page * PAGE + 16 + 2 * i, 2, 400);
		put(octets, page * PAGE + 400, 4,
		    page + 2 < N_PAGES ? page + 1 : 2);
	}
	put(octets, NEW(FREE_ROOT), 8, 3);
	tempdir_make(&dir);
	write_file(octets, LEN);
	fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(ps_pages_check(fd, "here", &error),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(error.text, list));
	close(fd);
	tempdir_remove(&dir);
}
END_TEST

START_TEST(no_file)
{
	struct pinstore_error error = {.text = ""};
	int fd;

	tempdir_make(&dir);
	fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(ps_pages_check(fd, "here", &error),
	                 PINSTORE_ERR_DAMAGED);
	close(fd);
	tempdir_remove(&dir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pages");
	TCase *tcase = tcase_create("pages");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_file, 0, COUNT(rows));
	tcase_add_test(tcase, a_maze_has_an_end);
	tcase_add_test(tcase, no_file);
	return suite_run(suite);
}
