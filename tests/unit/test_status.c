/*
 * test_status.c - filling a caller's struct pinstore_error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/status.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

struct line {
	const char *in;
	const char *out;
};

/* A host, a path or a peer's text must not write to the terminal. */
static const struct line lines[] = {
	{ "plain text", "plain text" },
	{ "b\xc3\xbc" "cher", "b\xc3\xbc" "cher" },   /* two octets */
	{ "\xe2\x82\xac", "\xe2\x82\xac" },           /* three */
	{ "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },   /* four */
	{ "a\nb", "a?b" },                            /* a second line */
	{ "a\rb\tc", "a?b?c" },
	{ "\x1b[31mred", "?[31mred" },                /* a terminal's escape */
	{ "\x7f", "?" },
	{ "\xc2\x9b" "31m", "??31m" },                /* C1: CSI */
	{ "\xe2\x80\xae" "gnp", "???gnp" },           /* right-to-left */
	{ "\xe2\x81\xa6" "x", "???x" },               /* isolate */
	{ "\xd8\x9c" "x", "??x" },                    /* Arabic letter mark */
	{ "\xe2\x80\xa8" "x", "???x" },               /* line separator */
	{ "\xc0\xaf", "??" },                         /* overlong slash */
	{ "\xe0\x80\xaf", "???" },                    /* the same in three */
	{ "\xed\xa0\x80", "???" },                    /* a surrogate */
	{ "\xf4\x90\x80\x80", "????" },               /* beyond U+10FFFF */
	{ "\xff\xfe", "??" },                         /* never in UTF-8 */
	{ "\xe2\x82", "??" },                         /* cut off */
	{ "\xe2\x82z", "??z" },                       /* cut short */
	{ "\x80z", "?z" },                            /* out of nowhere */
	{ "\xf0\x80\x80\xaf", "????" },              /* overlong in four */
	{ "\xf5\x80\x80\x80", "????" },              /* no such beginning */
	{ "\xe2\x80\x8d", "\xe2\x80\x8d" },         /* before the marks */
	{ "\xe2\x80\x8e", "???" },                   /* left-to-right mark */
	{ "\xe2\x80\x90", "\xe2\x80\x90" },         /* behind them: hyphen */
	{ "\xe2\x80\xaf", "\xe2\x80\xaf" },         /* behind the overrides */
	{ "\xe2\x81\xa5", "\xe2\x81\xa5" },         /* before the isolates */
	{ "\xe2\x81\xaa", "\xe2\x81\xaa" },         /* behind them */
};

START_TEST(text_is_one_printable_line)
{
	struct pinstore_error error;

	ck_assert_int_eq(ps_fail(&error, PINSTORE_ERR_HOST, "%s",
	                         lines[_i].in), PINSTORE_ERR_HOST);
	ck_assert_str_eq(error.text, lines[_i].out);
}
END_TEST

/* A text that ends in the middle of what never was UTF-8. */
START_TEST(cuts_what_is_no_character)
{
	struct pinstore_error error;
	char text[300];

	memset(text, '\x80', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)ps_fail(&error, PINSTORE_ERR_IO, "%s", text);
	ck_assert_uint_eq(strlen(error.text), sizeof(error.text) - 1);
	ck_assert_uint_eq(strspn(error.text, "?"), sizeof(error.text) - 1);
	/* A whole character, and the text goes on behind it. */
	memcpy(text + sizeof(error.text) - 3, "\xc3\xbc", 2);
	(void)ps_fail(&error, PINSTORE_ERR_IO, "%s", text);
	ck_assert_str_eq(error.text + sizeof(error.text) - 3, "\xc3\xbc");
	text[sizeof(error.text) - 2] = '\x80';
	text[sizeof(error.text) - 3] = 'x';
	(void)ps_fail(&error, PINSTORE_ERR_IO, "%s", text);
	ck_assert_str_eq(error.text + sizeof(error.text) - 3, "x?");
}
END_TEST

START_TEST(all_fields_are_set)
{
	struct pinstore_error error;

	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(ps_fail(&error, PINSTORE_ERR_ARG, "x %d", 7),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(error.status, PINSTORE_ERR_ARG);
	ck_assert_int_eq(error.os_error, 0);
	ck_assert_int_eq(error.lib_error, 0);
	ck_assert_str_eq(error.text, "x 7");

	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(ps_fail_os(&error, PINSTORE_ERR_IO, ENOSPC, "y"),
	                 PINSTORE_ERR_IO);
	ck_assert_int_eq(error.os_error, ENOSPC);
	ck_assert_int_eq(error.lib_error, 0);

	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(ps_fail_lib(&error, PINSTORE_ERR_IO, -30798, "z"),
	                 PINSTORE_ERR_IO);
	ck_assert_int_eq(error.os_error, 0);
	ck_assert_int_eq(error.lib_error, -30798);

	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(ps_fail_nomem(&error), PINSTORE_ERR_NOMEM);
	ck_assert_int_eq(error.status, PINSTORE_ERR_NOMEM);
	ck_assert_str_ne(error.text, "");

	ps_error_clear(&error);
	ck_assert_int_eq(error.status, PINSTORE_OK);
	ck_assert_str_eq(error.text, "");
}
END_TEST

/* A caller who wants no text still gets the status. */
START_TEST(error_may_be_null)
{
	ck_assert_int_eq(ps_fail(NULL, PINSTORE_ERR_ARG, "x"),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(ps_fail_os(NULL, PINSTORE_ERR_IO, EIO, "x"),
	                 PINSTORE_ERR_IO);
	ck_assert_int_eq(ps_fail_lib(NULL, PINSTORE_ERR_IO, 1, "x"),
	                 PINSTORE_ERR_IO);
	ck_assert_int_eq(ps_fail_nomem(NULL), PINSTORE_ERR_NOMEM);
	ps_error_clear(NULL);
}
END_TEST

/* Each has words of its own, and a number without meaning has some too. */
START_TEST(words_of_errno)
{
	char out[PS_OS_WORDS_LEN];

	ck_assert_str_eq(ps_os_words(ENOENT, out), "No such file or directory");
	ck_assert_str_eq(PS_STRERROR(EACCES), "Permission denied");
	ck_assert_ptr_nonnull(strstr(ps_os_words(99999, out), "99999"));
	ck_assert_int_gt((int)strlen(ps_os_words(-1, out)), 0);
	ck_assert_str_ne(PS_STRERROR(EIO), PS_STRERROR(ENOSPC));
}
END_TEST

/* A character of n octets at each place round the end of the text. */
START_TEST(cuts_between_characters)
{
	static const char *const characters[] = { "a", "\xc3\xbc",
		                                  "\xe2\x82\xac",
		                                  "\xf0\x9f\x94\x91" };
	const char *character = characters[_i];
	size_t len = strlen(character), lead, kept, whole;
	struct pinstore_error error;
	char text[300];

	whole = sizeof(error.text) - 1;
	for (lead = whole - 6; lead <= whole + 1; lead++) {
		memset(text, 'x', lead);
		memcpy(text + lead, character, len + 1);
		(void)ps_fail(&error, PINSTORE_ERR_IO, "%s", text);
		kept = lead + len <= whole ? lead + len
		                           : lead < whole ? lead : whole;
		ck_assert_uint_eq(strlen(error.text), kept);
		ck_assert_mem_eq(error.text, text, kept);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, text_is_one_printable_line, 0,
	                    COUNT(lines));
	tcase_add_test(tcase, cuts_what_is_no_character);
	tcase_add_test(tcase, all_fields_are_set);
	tcase_add_test(tcase, error_may_be_null);
	tcase_add_test(tcase, words_of_errno);
	tcase_add_loop_test(tcase, cuts_between_characters, 0, 4);
	return suite_run(suite);
}
