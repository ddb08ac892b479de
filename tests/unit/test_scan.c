/*
 * test_scan.c - a bounded cursor over octets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/scan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* RFC 7230, 3.2.6: 77 octets. */
static const char tchars[] = "!#$%&'*+-.^_`|~0123456789"
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

START_TEST(tchar_is_the_77)
{
	int c, n = 0;

	for (c = 0; c < 256; c++) {
		ck_assert(ps_scan_is_tchar((uint8_t)c) ==
		          (memchr(tchars, c, sizeof(tchars) - 1) != NULL));
		n += ps_scan_is_tchar((uint8_t)c);
	}
	ck_assert_int_eq(n, 77);
}
END_TEST

START_TEST(lower_is_ascii)
{
	int c;

	for (c = 0; c < 256; c++)
		ck_assert_uint_eq(ps_scan_lower((uint8_t)c),
		                  (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
}
END_TEST

START_TEST(stops_at_the_end)
{
	static const uint8_t text[] = "ab;";
	const uint8_t *token;
	struct ps_scan scan;

	/* What lies behind the end is never looked at. */
	ps_scan_init(&scan, text, 1);
	ck_assert_uint_eq(ps_scan_token(&scan, &token), 1);
	ck_assert_ptr_eq(token, text);
	ck_assert(ps_scan_is_end(&scan));
	ck_assert(!ps_scan_is_at(&scan, 'b'));
	ck_assert(!ps_scan_skip(&scan, 'b'));
	ck_assert_uint_eq(ps_scan_token(&scan, &token), 0);
	ck_assert_uint_eq(ps_scan_skip_ows(&scan), 0);
}
END_TEST

START_TEST(takes_nothing)
{
	const uint8_t *token;
	struct ps_scan scan;

	ps_scan_init(&scan, NULL, 0);
	ck_assert(ps_scan_is_end(&scan));
	ck_assert_uint_eq(ps_scan_token(&scan, &token), 0);
	ck_assert_uint_eq(ps_scan_skip_ows(&scan), 0);
	ck_assert(!ps_scan_skip(&scan, '\0'));
}
END_TEST

START_TEST(steps)
{
	static const uint8_t text[] = " \t pin=\r\n";
	const uint8_t *token;
	struct ps_scan scan;

	ps_scan_init(&scan, text, sizeof(text) - 1);
	ck_assert_uint_eq(ps_scan_skip_ows(&scan), 3);
	ck_assert(!ps_scan_skip(&scan, '='));
	ck_assert_uint_eq(ps_scan_token(&scan, &token), 3);
	ck_assert_mem_eq(token, "pin", 3);
	ck_assert(ps_scan_skip(&scan, '='));
	/* Line ends are no white space here. */
	ck_assert_uint_eq(ps_scan_skip_ows(&scan), 0);
	ck_assert(ps_scan_is_at(&scan, '\r'));
}
END_TEST

START_TEST(nul_is_an_octet)
{
	static const uint8_t text[] = { 'a', 0, 'b' };
	const uint8_t *token;
	struct ps_scan scan;

	ps_scan_init(&scan, text, sizeof(text));
	ck_assert_uint_eq(ps_scan_token(&scan, &token), 1);
	ck_assert(!ps_scan_is_end(&scan));
	ck_assert(ps_scan_skip(&scan, 0));
	ck_assert(ps_scan_skip(&scan, 'b'));
	ck_assert(ps_scan_is_end(&scan));
}
END_TEST

struct word {
	const char *text;
	size_t len;
	bool is;
};

static const struct word words[] = {
	{ "max-age", 7, true },
	{ "MAX-AGE", 7, true },
	{ "Max-aGe", 7, true },
	{ "max-age=", 7, true },  /* only len octets count */
	{ "max-age", 6, false },  /* a prefix */
	{ "max-agex", 8, false }, /* an extension */
	{ "max_age", 7, false },
	{ "max\rage", 7, false }, /* '-' with another bit 5 */
	{ "", 0, false },
	{ "max-ag\0", 7, false },
};

START_TEST(whole_words)
{
	ck_assert(ps_scan_is_word((const uint8_t *)words[_i].text,
	                          words[_i].len, "max-age") == words[_i].is);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tcase = tcase_create("scan");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, tchar_is_the_77);
	tcase_add_test(tcase, lower_is_ascii);
	tcase_add_test(tcase, stops_at_the_end);
	tcase_add_test(tcase, takes_nothing);
	tcase_add_test(tcase, steps);
	tcase_add_test(tcase, nul_is_an_octet);
	tcase_add_loop_test(tcase, whole_words, 0, COUNT(words));
	return suite_run(suite);
}
