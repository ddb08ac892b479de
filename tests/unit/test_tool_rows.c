/*
 * test_tool_rows.c - what is too long to be kept: rows in an order, lines of a
 * table, output that is held.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/columns.h"
#include "common/held.h"
#include "tests/support/suite.h"

/* --------------------------------------------------------------------- rows */

#define N_ROWS 211

static void
make_rows(struct row row[N_ROWS], char name[N_ROWS][16])
{
	size_t i;

	for (i = 0; i < N_ROWS; i++) {
		/* In no order; each host twice, once in either layer. */
		(void)snprintf(name[i], sizeof(name[i]), "h%03zu.test",
		               (i * 89 % N_ROWS) / 2);
		memset(&row[i], 0, sizeof(row[i]));
		row[i].host = name[i];
		row[i].layer = (i * 89 % N_ROWS) % 2 == 0 ? PINSTORE_CONFIGURED
		                                         : PINSTORE_LEARNED;
		row[i].expires = (int64_t)(i % 7) - 3;
		row[i].noted = i % 2 == 0 ? INT64_MIN : INT64_MAX;
		row[i].updated = 5;
		row[i].source = i % 3 == 0 ? PINSTORE_STATIC : PINSTORE_HEADER;
		row[i].mode = i % 5 == 0 ? PINSTORE_REPORT : PINSTORE_ENFORCE;
	}
}

/* Whether b may stand behind a. */
static bool
is_in_order(const struct row *a, const struct row *b, enum sort_key key)
{
	int by = 0;

	switch (key) {
	case SORT_HOST:
	case SORT_DOMAIN:  /* as the store has them */
	case SORT_UPDATED: /* all the same */
		break;
	case SORT_EXPIRES:
		by = (a->expires > b->expires) - (a->expires < b->expires);
		break;
	case SORT_NOTED:
		by = (a->noted > b->noted) - (a->noted < b->noted);
		break;
	case SORT_SOURCE:
		by = strcmp(pinstore_source_word(a->source),
		            pinstore_source_word(b->source));
		break;
	case SORT_MODE:
		by = strcmp(pinstore_mode_word(a->mode),
		            pinstore_mode_word(b->mode));
		break;
	}
	if (by == 0)
		by = strcmp(a->host, b->host);
	return by < 0 || (by == 0 && a->layer < b->layer);
}

static const size_t rooms[] = {
	1,          /* a pass for each */
	2, 3, 16,   /* heaps of every form */
	N_ROWS - 1, /* the last does not fit */
	N_ROWS,     /* it does, by a hair */
	N_ROWS + 1,
};

/* Each row once, in order, in as many passes as it takes and no more. */
START_TEST(rows_come_in_order)
{
	enum sort_key key = (enum sort_key)(_i % (SORT_MODE + 1));
	size_t room = rooms[_i / (SORT_MODE + 1)], i, n = 0, passes = 0;
	static char name[N_ROWS][16];
	struct row row[N_ROWS], last = {0};
	char host[16] = "";
	struct rows rows;

	make_rows(row, name);
	rows_begin(key, room, &rows);
	do {
		passes++;
		for (i = 0; i < N_ROWS; i++)
			rows_offer(&row[i], &rows);
		rows_sort(&rows);
		ck_assert_uint_le(rows.n, room);
		for (i = 0; i < rows.n; i++) {
			ck_assert(n == 0 ||
			          is_in_order(&last, &rows.row[i], key));
			last = rows.row[i];
			(void)snprintf(host, sizeof(host), "%s", last.host);
			last.host = host;
			n++;
		}
	} while (rows_next(&rows));
	rows_free(&rows);
	ck_assert_uint_eq(n, N_ROWS);
	ck_assert_uint_eq(passes, (N_ROWS + room - 1) / room);
}
END_TEST

/* None at all; one that has gone between two passes; one that came. */
START_TEST(rows_may_change)
{
	static char a[] = "a.test", b[] = "b.test", c[] = "c.test";
	struct row row = {.host = b};
	struct rows rows;

	rows_begin(SORT_HOST, 1, &rows);
	rows_sort(&rows);
	ck_assert_uint_eq(rows.n, 0);
	ck_assert(!rows_next(&rows));
	rows_offer(&row, &rows);
	row.host = c;
	rows_offer(&row, &rows);
	rows_sort(&rows);
	ck_assert_str_eq(rows.row[0].host, "b.test");
	ck_assert(rows_next(&rows));
	row.host = a; /* too late */
	rows_offer(&row, &rows);
	rows_sort(&rows);
	ck_assert_uint_eq(rows.n, 0);
	ck_assert(!rows_next(&rows));
	rows_free(&rows);
	rows_free(&rows);
}
END_TEST

/* ------------------------------------------------------------------ columns */

static const enum tool_tint dim = TOOL_TINT_DIM;

static const struct {
	const char *name;
	size_t width, screen;
	const char *host;
	const enum tool_tint *tint;
	const char *out;
} tables[] = {
	{"no terminal: as wide as it has to be", 6, 0, "a.test", NULL,
	 "HOST   PINS UNTIL\na.test 2    now\n"},
	{"a heading is wider than the cells", 1, 0, "a", NULL,
	 "HOST PINS UNTIL\na    2    now\n"},
	{"it fits to a hair", 18, 29, "aaaaaaaaaaaa.test1", NULL,
	 "HOST               PINS UNTIL\naaaaaaaaaaaa.test1 2    now\n"},
	{"one column too few: whole, the rest below", 18, 28,
	 "aaaaaaaaaaaa.test1", NULL,
	 "HOST              PINS UNTIL\n"
	 "aaaaaaaaaaaa.test1\n                  2    now\n"},
	{"a screen of no use", 40, 3, "a.test", NULL,
	 "HOST             PINS UNTIL\na.test           2    now\n"},
	{"tinted", 6, 0, "a.test", &dim,
	 "HOST   PINS UNTIL\n\033[2ma.test 2    now\033[0m\n"},
	{"wider than was thought", 4, 0, "a.test", NULL,
	 "HOST PINS UNTIL\na.test 2    now\n"},
	{"wider, and the screen has the room", 4, 17, "a.test", NULL,
	 "HOST PINS UNTIL\na.test 2    now\n"},
	{"what steers a terminal", 4, 0, "\033[m", NULL,
	 "HOST PINS UNTIL\n\\x1b[m 2    now\n"},
};

START_TEST(lines_of_a_table)
{
	static const char *const headings[] = {"HOST", "PINS", "UNTIL", NULL};
	const size_t widths[] = {tables[_i].width, 1, 3};
	const char *cells[] = {tables[_i].host, "2", "now"};
	struct tool_columns columns;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	tool_columns_begin(headings, widths, tables[_i].screen, true, out,
	                   &columns);
	/* No line, no headings. */
	ck_assert_int_eq(fflush(out), 0);
	ck_assert_uint_eq(len, 0);
	tool_columns_put(&columns, cells, tables[_i].tint);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_msg(strcmp(text, tables[_i].out) == 0, "%s: %s",
	              tables[_i].name, text);
	free(text);
}
END_TEST

/* --------------------------------------------------------------------- held */

static const struct {
	const char *name;
	size_t len;
	bool is_wanted;
	size_t out;
} texts[] = {
	{"nothing", 0, true, 0},
	{"little, wanted", 10, true, 10},
	{"little, not wanted", 10, false, 0},
	{"as much as is held", TOOL_HELD_MAX, false, 0},
	{"the same, wanted", TOOL_HELD_MAX, true, TOOL_HELD_MAX},
	{"too much to be taken back", TOOL_HELD_MAX + 1, false,
	 TOOL_HELD_MAX + 1},
	{"far too much", 3 * TOOL_HELD_MAX + 7, true, 3 * TOOL_HELD_MAX + 7},
};

START_TEST(output_is_held)
{
	struct tool_held held;
	char *text = NULL;
	size_t len = 0, i, n_wrong = 0;
	FILE *to = open_memstream(&text, &len), *out;

	ck_assert_ptr_nonnull(to);
	out = tool_held_open(to, &held);
	for (i = 0; i < texts[_i].len; i++)
		n_wrong += fputc('a' + (int)(i % 26), out) == EOF;
	ck_assert_int_eq(fclose(out), 0);
	tool_held_end(&held, texts[_i].is_wanted);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_msg(len == texts[_i].out, "%s: %zu", texts[_i].name, len);
	for (i = 0; i < len; i++)
		n_wrong += text[i] != 'a' + (char)(i % 26);
	ck_assert_uint_eq(n_wrong, 0);
	free(text);
}
END_TEST

/* Whoever prints much sees that nobody takes it. */
START_TEST(held_output_fails)
{
	FILE *to = fopen("/dev/full", "w"), *out;
	struct tool_held held;
	size_t i;

	ck_assert_ptr_nonnull(to);
	out = tool_held_open(to, &held);
	for (i = 0; i < TOOL_HELD_MAX; i++)
		(void)fputc('x', out);
	ck_assert(!ferror(out));
	for (i = 0; i < 65536 && !ferror(out); i++)
		(void)fputc('x', out);
	ck_assert(ferror(out));
	(void)fclose(out);
	tool_held_end(&held, true);
	(void)fclose(to);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("all");
	Suite *suite = suite_create("tool_rows");

	tcase_add_loop_test(tcase, rows_come_in_order, 0,
	                    COUNT(rooms) * (SORT_MODE + 1));
	tcase_add_test(tcase, rows_may_change);
	tcase_add_loop_test(tcase, lines_of_a_table, 0, COUNT(tables));
	tcase_add_loop_test(tcase, output_is_held, 0, COUNT(texts));
	tcase_add_test(tcase, held_output_fails);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
