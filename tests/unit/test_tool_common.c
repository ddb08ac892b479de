/*
 * test_tool_common.c - what people write to the tools, and what they see.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "tests/support/suite.h"

#define NOW INT64_C(1000000000)

struct time_row {
	const char *text;
	int64_t want; /* -1 = refused */
};

static const struct time_row times[] = {
	{"@0", 0},
	{"@1000000000", NOW},
	{"@253402300799", 253402300799},
	{"1970-01-01T00:00:00Z", 0},
	{"2001-09-09T01:46:40Z", NOW},
	{"2001-09-09t01:46:40z", NOW},       /* RFC 3339: either case */
	{"2001-09-09 01:46:40Z", NOW},       /* and a space may be read */
	{"2001-09-09T01:46:40.999Z", NOW},   /* fractions are dropped */
	{"2001-09-09T03:46:40+02:00", NOW},  /* east is earlier in UTC */
	{"2001-09-08T18:16:40-07:30", NOW},
	{"2001-09-09T01:46:40-00:00", NOW},
	{"2000-02-29", 951782400},           /* a date alone; a leap year */
	{"2016-12-31T23:59:60Z", 1483228800}, /* a leap second */
	{"90", NOW + 90},
	{"90s", NOW + 90},
	{"15m", NOW + 900},
	{"12h", NOW + 43200},
	{"30d", NOW + 2592000},
	{"0", NOW},
	{"9999-12-31T23:59:59Z", 253402300799},
	/* wrong */
	{"", -1},
	{"@", -1},
	{"@-1", -1},
	{"@+1", -1},
	{"@1.5", -1},
	{"@ 1", -1},
	{"@1 ", -1},
	{"@0x10", -1},
	{"@253402300800", -1},           /* the year 10000 */
	{"@9223372036854775808", -1},    /* 2^63 */
	{"@99999999999999999999", -1},
	{"-1d", -1},
	{"+1d", -1},
	{"1w", -1},
	{"1D", -1},
	{"1.5h", -1},
	{"d", -1},
	{"1d1h", -1},
	{" 1d", -1},
	{"9223372036854775807d", -1},    /* times 86400 */
	{"106751991167301d", -1},
	{"253402300799", -1},            /* now + that */
	{"tomorrow", -1},
	{"2001-09-09T01:46:40", -1},     /* which zone? */
	{"2001-09-09T01:46Z", -1},
	{"2001-09-09T", -1},
	{"2001-09-09T24:00:00Z", -1},
	{"2001-09-09T01:60:00Z", -1},
	{"2001-09-09T01:46:61Z", -1},
	{"2001-09-09T01:46:60Z", -1},    /* no leap second there */
	{"2001-09-09T01:46:40.Z", -1},
	{"2001-09-09T01:46:40+2:00", -1},
	{"2001-09-09T01:46:40+02", -1},
	{"2001-09-09T01:46:40+24:00", -1},
	{"2001-09-09T01:46:40+02:60", -1},
	{"2001-09-09T01:46:40+0200", -1},
	{"2001-09-09X01:46:40Z", -1},
	{"2001-09-09T0146:40Z", -1},
	{"2001-09-09T01:4640Z", -1},
	{"2001-0909", -1},
	{"9999-12-31T23:59:59-00:01", -1}, /* the year 10000 in UTC */
	{"2001-09-09T01:46:40ZZ", -1},
	{"2001-02-29", -1},              /* no leap year */
	{"1900-02-28", -1},              /* before the epoch */
	{"1970-01-01T00:00:00+00:01", -1},
	{"2001-06-31", -1},
	{"2001-13-01", -1},
	{"2001-00-01", -1},
	{"2001-01-00", -1},
	{"2001-1-1", -1},
	{"01-01-2001", -1},
	{"20010909", NOW + 20010909},    /* seconds, by the rule */
	{"2001/09/09", -1},
	{"10000-01-01", -1},
};

START_TEST(time_is_read)
{
	const struct time_row *row = &times[_i];
	int64_t got = 7;
	bool is_read = tool_time_parse(row->text, NOW, false, &got);

	ck_assert_msg(is_read == (row->want >= 0), "\"%s\"", row->text);
	ck_assert_msg(got == (row->want >= 0 ? row->want : 0),
	              "\"%s\": %lld", row->text, (long long)got);
}
END_TEST

START_TEST(time_counts_back)
{
	int64_t got;

	ck_assert(tool_time_parse("2d", NOW, true, &got));
	ck_assert_int_eq(got, NOW - 172800);
	ck_assert(tool_time_parse("@5", NOW, true, &got));
	ck_assert_int_eq(got, 5);
}
END_TEST

struct shown_row {
	int64_t when;
	const char *time, *date, *relative;
};

static const struct shown_row shown_times[] = {
	{NOW, "2001-09-09T01:46:40Z", "2001-09-09", "now"},
	{0, "1970-01-01T00:00:00Z", "1970-01-01", "11574d ago"},
	{NOW + 1, "2001-09-09T01:46:41Z", "2001-09-09", "in 1s"},
	{NOW + 119, "2001-09-09T01:48:39Z", "2001-09-09", "in 119s"},
	{NOW + 120, "2001-09-09T01:48:40Z", "2001-09-09", "in 2m"},
	{NOW - 7200, "2001-09-08T23:46:40Z", "2001-09-08", "2h ago"},
	{NOW + 5184000, "2001-11-08T01:46:40Z", "2001-11-08", "in 60d"},
	{253402300799, "9999-12-31T23:59:59Z", "9999-12-31", "in 2921322d"},
	{253402300800, "@253402300800", "@253402300800", "in 2921322d"},
	{-1, "@-1", "@-1", "11574d ago"},
	{INT64_MIN, "@-9223372036854775808", "@-9223372036854775808",
	 "106751991178874d ago"},
	{PINSTORE_NEVER, "never", "never", "never"},
	{PINSTORE_NEVER - 1, "@9223372036854775806", "@9223372036854775806",
	 "in 106751991155726d"},
};

START_TEST(time_is_shown)
{
	const struct shown_row *row = &shown_times[_i];
	char text[TOOL_TIME_TEXT];

	tool_time_print(row->when, text);
	ck_assert_str_eq(text, row->time);
	tool_date_print(row->when, text);
	ck_assert_str_eq(text, row->date);
	tool_time_print_relative(row->when, NOW, text);
	ck_assert_str_eq(text, row->relative);
}
END_TEST

#define B64 "BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k="
#define HEX "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"

static const char *const pins[] = {
	"sha256//" B64,
	"pin-sha256=\"" B64 "\"",
	"pin-sha256:" B64,
	"sha256/" B64,
	B64,
	HEX,
	"06E3FD8FDA29BB60AB59557DE61EDB0AECDB231134BE30E75B455F8E1B792FA9",
};

static const char *const wrong_pins[] = {
	"",
	"sha256//",
	"sha256///" B64,
	"sha256:" B64,
	"sha1//" B64,
	"SHA256//" B64,
	"pin-sha256=" B64,              /* the quotes belong to it */
	"pin-sha256=\"" B64,
	"pin-sha256=" B64 "\"",
	"pin-sha256:\"" B64 "\"",
	"pin-sha512:" B64,
	" " B64,
	B64 " ",
	B64 "\n",
	B64 "=",
	"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k",   /* no padding */
	"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6l=",  /* stray bits */
	"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k==", /* one too many */
	"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6==",  /* 31 octets */
	"BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k-",  /* no padding */
	"-uP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=",  /* base64url */
	"=uP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=",
	"2jmj7l5rSw0yVb/vlWAYkK/YBwk=",                  /* SHA-1 */
	"g6e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"6e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	HEX "0",
	/* A digit's neighbours, at the first place and at the second. */
	"/6e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"0:e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"@6e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"0Ge3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"0`e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
	"pin-sha256=\"" B64 "'",        /* another quote at the end */
};

START_TEST(pin_is_read)
{
	struct pinstore_pin pin;
	char text[TOOL_PIN_TEXT];

	ck_assert_msg(tool_pin_parse(pins[_i], &pin), "%s", pins[_i]);
	tool_pin_print(&pin, TOOL_PIN_HEX, text);
	ck_assert_str_eq(text, HEX);
}
END_TEST

START_TEST(pin_is_refused)
{
	static const struct pinstore_pin zero;
	struct pinstore_pin pin;

	ck_assert_msg(!tool_pin_parse(wrong_pins[_i], &pin), "%s",
	              wrong_pins[_i]);
	ck_assert(tool_pin_equal(&pin, &zero));
}
END_TEST

START_TEST(pin_is_printed_as_it_is_read)
{
	static const char *const forms[] = {
		[TOOL_PIN_CURL] = "sha256//" B64,
		[TOOL_PIN_RFC7469] = "pin-sha256=\"" B64 "\"",
		[TOOL_PIN_GNUTLS] = "pin-sha256:" B64,
		[TOOL_PIN_OKHTTP] = "sha256/" B64,
		[TOOL_PIN_BARE] = B64,
		[TOOL_PIN_HEX] = HEX,
	};
	struct pinstore_pin pin;
	char text[TOOL_PIN_TEXT];

	ck_assert(tool_pin_parse(forms[_i], &pin));
	tool_pin_print(&pin, (enum tool_pin_form)_i, text);
	ck_assert_str_eq(text, forms[_i]);
}
END_TEST

struct escape_row {
	const char *text, *want;
};

static const struct escape_row escapes[] = {
	{"", ""},
	{"CN=b\xc3\xbc" "cher.test", "CN=b\xc3\xbc" "cher.test"},
	{"a\\b", "a\\\\b"},
	{"a\nb\tc\rd", "a\\nb\\tc\\rd"},
	{"\033]0;title\a", "\\x1b]0;title\\x07"},       /* T-143: ESC, BEL */
	{"\x7f", "\\x7f"},
	{"\xc2\x9b" "31m", "\\u{9b}31m"},               /* CSI of C1 */
	{"\x9b" "31m", "\\x9b31m"},                     /* the same, 8-bit */
	{"a\xe2\x80\xae" "b", "a\\u{202e}b"},           /* right to left */
	{"a\xe2\x80\x8b" "b", "a\\u{200b}b"},           /* no room */
	{"a\xe2\x81\xa6" "b", "a\\u{2066}b"},
	{"\xef\xbb\xbf", "\\u{feff}"},
	{"\xf3\xa0\x80\x81", "\\u{e0001}"},             /* a tag */
	{"\xe2\x80\xa8", "\\u{2028}"},                  /* a line of its own */
	{"\xff\xfe", "\\xff\\xfe"},                     /* no UTF-8 */
	{"\xc0\xaf", "\\xc0\\xaf"},                     /* overlong */
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},            /* a surrogate */
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},   /* past the end */
	{"\xe2\x82", "\\xe2\\x82"},                     /* cut */
	{"\xe2(\xa1", "\\xe2(\\xa1"},                   /* broken off */
	{"\xc2\xad", "\\u{ad}"},                        /* a soft hyphen */
	{"\xef\xbf\xb9", "\\u{fff9}"},                 /* an annotation */
	{"\xef\xbf\xbd", "\xef\xbf\xbd"},
	{"\xf3\xa1\x80\x80", "\xf3\xa1\x80\x80"},       /* behind the tags */
	{"\xf0\x9f\x94\x92", "\xf0\x9f\x94\x92"},       /* a lock */
	{"\xd8\x9c", "\\u{61c}"},                      /* Arabic letter mark */
	{"\xe2\x80\x8a", "\xe2\x80\x8a"},             /* before what takes none */
	{"\xe2\x80\x90", "\xe2\x80\x90"},             /* behind it */
	{"\xe2\x80\xaf", "\xe2\x80\xaf"},             /* behind the marks */
	{"\xe2\x81\x9f", "\xe2\x81\x9f"},             /* before the joiners */
	{"\xe2\x81\xb0", "\xe2\x81\xb0"},             /* behind the isolates */
	{"\xc2\xa0", "\xc2\xa0"},                      /* behind C1 */
};

/* What is shown as it is, and how many octets that takes. */
static const struct {
	const char *text;
	size_t len, want;
} shown_cases[] = {
	{"", 0, 0},
	{"a", 0, 0},
	{"ab", 2, 1},
	{"\xc3\xbc", 2, 2},
	{"\xc3\xbc", 1, 0},     /* cut */
	{"\xff", 1, 0},         /* no UTF-8 */
	{"\033[", 2, 0},        /* hidden */
	{"\xe2\x80\xae", 3, 0}, /* the same in three octets */
};

START_TEST(text_is_shown_as_it_is)
{
	ck_assert_uint_eq(tool_utf8_shown(shown_cases[_i].text,
	                                  shown_cases[_i].len),
	                  shown_cases[_i].want);
}
END_TEST

START_TEST(text_is_escaped)
{
	const struct escape_row *row = &escapes[_i];
	char out[64];
	size_t n = tool_escape(row->text, strlen(row->text), out, sizeof(out));

	ck_assert_str_eq(out, row->want);
	ck_assert_uint_eq(n, strlen(row->want));
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
	char out[8];

	tool_escape("abcdefg", 7, out, sizeof(out));
	ck_assert_str_eq(out, "abcdefg");
	tool_escape("abcdefgh", 8, out, sizeof(out));
	ck_assert_str_eq(out, "abcdefg");
	tool_escape("abcde\033", 6, out, sizeof(out));
	ck_assert_str_eq(out, "abcde");
	tool_escape("a\0b", 3, out, sizeof(out));
	ck_assert_str_eq(out, "a\\x00b");
	tool_escape("x", 1, out, 1);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(tool_escape("x", 1, out, 0), 0);
}
END_TEST

struct near_row {
	const char *word, *want;
};

static const struct near_row nears[] = {
	{"show", "show"},
	{"shwo", "show"},
	{"sho", "show"},
	{"exprie", "expire"},
	{"expl", "explain"},
	{"chekc", "check"},
	{"Lint", "lint"},
	{"delete", NULL},
	{"frobnicate", NULL},
	{"", NULL},
	{"s", NULL},       /* one letter is no beginning */
	{"lin", "lint"},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	 NULL},
};

START_TEST(nearest_word)
{
	static const char *const words[] = {"check", "explain", "expire",
	                                    "lint", "show", NULL};
	const char *got = tool_nearest(nears[_i].word, words);

	if (nears[_i].want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_pstr_eq(got, nears[_i].want);
}
END_TEST

START_TEST(arrays_grow)
{
	int *items = NULL;
	size_t i;

	for (i = 0; i < 1000; i++) {
		items = tool_grow(items, i, sizeof(*items));
		items[i] = (int)i;
	}
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(items[i], (int)i);
	free(items);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tools/common");
	TCase *tcase = tcase_create("common");

	tcase_add_loop_test(tcase, time_is_read, 0, COUNT(times));
	tcase_add_test(tcase, time_counts_back);
	tcase_add_loop_test(tcase, time_is_shown, 0, COUNT(shown_times));
	tcase_add_loop_test(tcase, pin_is_read, 0, COUNT(pins));
	tcase_add_loop_test(tcase, pin_is_refused, 0, COUNT(wrong_pins));
	tcase_add_loop_test(tcase, pin_is_printed_as_it_is_read, 0, 6);
	tcase_add_loop_test(tcase, text_is_escaped, 0, COUNT(escapes));
	tcase_add_loop_test(tcase, text_is_shown_as_it_is, 0,
	                    COUNT(shown_cases));
	tcase_add_test(tcase, text_is_cut_between_characters);
	tcase_add_loop_test(tcase, nearest_word, 0, COUNT(nears));
	tcase_add_test(tcase, arrays_grow);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
