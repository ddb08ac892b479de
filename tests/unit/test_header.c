/*
 * test_header.c - the value of a Public-Key-Pins field.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/header.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/base64.h"
#include "tests/support/header_cases.h"
#include "tests/support/suite.h"

#define GOOD_PINS "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\""

static void
parse(const char *value, bool strict, struct ps_header *out)
{
	ps_header_parse(value, strlen(value), PINSTORE_PKP, strict, out);
}

/* R-2.1-7: of a field that is ignored nothing is left to be used. */
static void
assert_nothing_is_left(const struct ps_header *header)
{
	ck_assert_int_eq(header->max_age, -1);
	ck_assert(!header->include_subdomains);
	ck_assert_uint_eq(header->pins.n, 0);
	ck_assert_uint_eq(header->unknown_directives, 0);
	ck_assert_uint_eq(header->unknown_algorithms, 0);
	ck_assert_str_eq(header->report_uri, "");
}

static void
assert_same(const struct ps_header *a, const struct ps_header *b)
{
	ck_assert_int_eq(a->why, b->why);
	ck_assert_int_eq(a->syntax, b->syntax);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_int_eq(a->max_age, b->max_age);
	ck_assert(a->include_subdomains == b->include_subdomains);
	ck_assert(ps_pinset_is_equal(&a->pins, &b->pins));
	ck_assert_str_eq(a->report_uri, b->report_uri);
}

/* ---------------------------------------------------- the 60 of the corpus */

static void
assert_fault(const struct header_case *c, const struct header_fault *fault,
             const struct ps_header *header)
{
	ck_assert_msg(header->why == fault->why, "%s: why %d", c->id,
	              header->why);
	ck_assert_msg(header->syntax == fault->syntax, "%s: syntax %d", c->id,
	              header->syntax);
	ck_assert_msg(header->offset == fault->offset, "%s: offset %zu", c->id,
	              header->offset);
}

static void
assert_meaning(const struct header_case *c, const struct ps_header *header)
{
	ck_assert_msg(header->max_age == c->max_age, "%s", c->id);
	ck_assert_msg(header->include_subdomains == c->include_subdomains,
	              "%s", c->id);
	ck_assert_msg(header->pins.n == c->n_pins, "%s", c->id);
	ck_assert_msg(header->unknown_directives == c->unknown_directives,
	              "%s", c->id);
	ck_assert_msg(header->unknown_algorithms == c->unknown_algorithms,
	              "%s", c->id);
	ck_assert_msg(strcmp(header->report_uri, c->report_uri) == 0, "%s",
	              c->id);
}

START_TEST(HDR_default_grammar)
{
	const struct header_case *c = &header_cases[_i];
	struct ps_header header;

	memset(&header, 0x55, sizeof(header));
	ps_header_parse(c->value, strlen(c->value), c->kind, false, &header);
	assert_fault(c, &c->loose, &header);
	if (c->loose.why != PINSTORE_WHY_OK) {
		assert_nothing_is_left(&header);
		return;
	}
	assert_meaning(c, &header);
	ck_assert_msg(header.departures == c->departures, "%s", c->id);
	if (c->plan_why == PINSTORE_WHY_OK && c->n_pins == 2 &&
	    strcmp(c->plan, "NOTE") == 0)
		ck_assert_msg(ps_pins_has(header.pins.pin, 2, &pin_a, NULL),
		              "%s", c->id);
}
END_TEST

START_TEST(HDR_strict_grammar)
{
	const struct header_case *c = &header_cases[_i];
	struct ps_header header;

	memset(&header, 0x55, sizeof(header));
	ps_header_parse(c->value, strlen(c->value), c->kind, true, &header);
	assert_fault(c, &c->strict, &header);
	if (c->strict.why != PINSTORE_WHY_OK)
		assert_nothing_is_left(&header);
	else
		assert_meaning(c, &header);
}
END_TEST

/*
 * R-2.1-1, R-2.5-7: both fields have one grammar; only max-age may lack in RO.
 */
START_TEST(HDR_same_lexer_for_both_kinds)
{
	const struct header_case *c = &header_cases[_i];
	struct ps_header pkp, ro;
	int strict;

	for (strict = 0; strict < 2; strict++) {
		ps_header_parse(c->value, strlen(c->value), PINSTORE_PKP,
		                strict != 0, &pkp);
		ps_header_parse(c->value, strlen(c->value), PINSTORE_PKP_RO,
		                strict != 0, &ro);
		if (pkp.why == PINSTORE_WHY_NO_MAX_AGE)
			ck_assert_int_eq(ro.why, PINSTORE_WHY_OK);
		else
			assert_same(&pkp, &ro);
	}
}
END_TEST

START_TEST(the_corpus_is_whole)
{
	char id[16];
	size_t i;

	ck_assert_uint_eq(HEADER_CASES, 60);
	for (i = 0; i < HEADER_CASES; i++) {
		(void)snprintf(id, sizeof(id), "HDR-%02zu", i + 1);
		ck_assert_str_eq(header_cases[i].id, id);
	}
}
END_TEST

/* ------------------------------------------------------------- other fields */

struct other {
	const char *value;
	enum pinstore_reason why;
	enum pinstore_syntax syntax;
	size_t offset;
};

#define IGNORED(why, offset) PINSTORE_WHY_##why, PINSTORE_SYNTAX_OK, offset
#define BROKEN(rule, offset) \
	PINSTORE_WHY_MALFORMED, PINSTORE_SYNTAX_##rule, offset

static const struct other others[] = {
	{ "", IGNORED(EMPTY, 0) },
	{ " \t ", IGNORED(EMPTY, 0) },
	{ ";", IGNORED(NO_MAX_AGE, 1) },         /* nothing but empty ones */
	{ " ; ;\t", IGNORED(NO_MAX_AGE, 4) },
	{ "=", BROKEN(NAME, 0) },
	{ ";=x", BROKEN(NAME, 1) },
	{ ",", BROKEN(NAME, 0) },
	{ "max-age=1,", BROKEN(SEP, 9) },
	{ "max-age=;", BROKEN(VALUE, 8) },
	{ "max-age= ;", BROKEN(VALUE, 9) },
	{ "max-age=", BROKEN(VALUE, 8) },
	{ "max-age==1", BROKEN(VALUE, 8) },
	{ "max-age 1", BROKEN(SEP, 8) },
	{ "max-age=\"1", BROKEN(QUOTE, 10) },
	{ "max-age=\"1\\\"", BROKEN(QUOTE, 12) }, /* the quote is escaped */
	{ "max-age=\"1\\\x01\"", BROKEN(QUOTE, 11) }, /* and a control */
	{ "max-age=\"1\\", BROKEN(QUOTE, 11) },  /* nothing behind it */
	{ "max-age=\"1\\\x7f\"", BROKEN(QUOTE, 11) },
	{ "max-age=\"1\"2", BROKEN(SEP, 11) },
	{ "max-age=\"1\x7f\"", BROKEN(QUOTE, 10) },
	{ "max-age=\"1\r\n \"", BROKEN(QUOTE, 10) }, /* not unfolded */
	{ "max-age=1\r\n", BROKEN(SEP, 9) },
	{ "\xe2\x80\x9cmax-age", BROKEN(NAME, 0) }, /* a curly quote */
	{ "max-age=1; max-age=x; a b", BROKEN(SEP, 24) },
	                       /* the grammar is judged before the meaning */
	{ "max-age=x; max-age=1", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=1; max-age=x", IGNORED(DUPLICATE, 11) },
	{ "a; max-age=+1", IGNORED(BAD_MAX_AGE, 3) }, /* T-070 */
	{ "max-age=abc", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=1e3", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=0x10", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age='1'", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=\" 1\"", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=\"1 \"", IGNORED(BAD_MAX_AGE, 0) },
	{ "max-age=\"1\xd9\xa1\"", IGNORED(BAD_MAX_AGE, 0) }, /* another 1 */
	{ "max-age=1 2", BROKEN(SEP, 10) },
	{ "max-age=1;1; max-age", IGNORED(DUPLICATE, 13) },
	{ "max-age=1; includeSubDomains=", BROKEN(VALUE, 29) },
	{ "max-age=1; report-uri=\"\"; report-uri", IGNORED(DUPLICATE, 26) },
	{ "max-age=1; PIN-SHA256=" PIN_A_BARE, IGNORED(UNQUOTED_PIN, 11) },
	{ "max-age=1; pin-sha256=\"\"", IGNORED(PIN_LENGTH, 11) },
	{ "max-age=1; pin-sha256=\"=\"", IGNORED(BAD_PIN, 11) },
	{ "max-age=1; pin-sha256=\" " PIN_A "\"", IGNORED(BAD_PIN, 11) },
	{ "max-age=1; pin-sha256=\"" PIN_A " \"", IGNORED(BAD_PIN, 11) },
	{ "max-age=1; pin-sha256=\"" PIN_A "=\"", IGNORED(BAD_PIN, 11) },
	{ "max-age=1; pin-sha256=\"" PIN_A_BARE "A\"",
	  IGNORED(PIN_LENGTH, 11) },             /* 33 octets */
	{ "max-age=1; pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
	  "==\"", IGNORED(PIN_LENGTH, 11) },     /* 31 octets */
	{ "max-age=1; pin-sha256=\"AgICAgICAgICAgICAgICAgICAgI=AgICAgICAgICAgIC"
	  "\"", IGNORED(BAD_PIN, 11) },          /* "=" in the middle */
	{ "max-age=1; pin-sha256=\"" PIN_A "\"; pin-sha256=\"x\"",
	  IGNORED(BAD_PIN, 70) },
};

/* All of these are faults in both grammars, but for the offset at most. */
START_TEST(wrong_fields_are_ignored)
{
	const struct other *o = &others[_i];
	struct ps_header header;

	parse(o->value, false, &header);
	ck_assert_msg(header.why == o->why && header.syntax == o->syntax &&
	              header.offset == o->offset, "\"%s\": %d, %d, %zu",
	              o->value, header.why, header.syntax, header.offset);
	assert_nothing_is_left(&header);
	parse(o->value, true, &header);
	ck_assert_msg(header.why != PINSTORE_WHY_OK, "\"%s\"", o->value);
	assert_nothing_is_left(&header);
}
END_TEST

/* R-2.1-14: NUL is an octet like others, inside and at the ends. */
START_TEST(nul_is_illegal)
{
	static const char value[] = "max-age=3000; foo=\"a\0b\"; " GOOD_PINS;
	struct ps_header header;

	ps_header_parse(value, sizeof(value) - 1, PINSTORE_PKP, false,
	                &header);
	ck_assert_int_eq(header.syntax, PINSTORE_SYNTAX_QUOTE);
	ck_assert_uint_eq(header.offset, 20);
	ps_header_parse(value + 13, sizeof(value) - 13, PINSTORE_PKP_RO,
	                false, &header); /* the literal's own NUL behind */
	ck_assert_int_eq(header.syntax, PINSTORE_SYNTAX_QUOTE);
	ps_header_parse("max-age=1\0", 10, PINSTORE_PKP, false, &header);
	ck_assert_int_eq(header.syntax, PINSTORE_SYNTAX_SEP);
	ck_assert_uint_eq(header.offset, 9);
	ps_header_parse("\0", 1, PINSTORE_PKP, false, &header);
	ck_assert_int_eq(header.syntax, PINSTORE_SYNTAX_NAME);
	ps_header_parse(NULL, 0, PINSTORE_PKP, false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_EMPTY);
}
END_TEST

/* The departures by name, alone and together, also of an ignored field. */
START_TEST(departures_are_told)
{
	struct ps_header header;

	parse("max-age\t=\t3000;;" GOOD_PINS ";", false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.departures,
	                  PS_DEPARTURE_SPACE_AROUND_EQUALS |
	                  PS_DEPARTURE_EMPTY_DIRECTIVE);
	parse("max-age= \"3000\" ; " GOOD_PINS, false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.departures, PS_DEPARTURE_SPACE_AROUND_EQUALS);
	parse("max-age; ;", false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_BAD_MAX_AGE);
	ck_assert_uint_eq(header.departures, PS_DEPARTURE_EMPTY_DIRECTIVE);
	/* A tab may stand behind a backslash, as in the text. */
	parse("max-age=1; x=\"\\\t\t\"; " GOOD_PINS, false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.unknown_directives, 1);
	/* White space behind a name alone is that round the semicolon. */
	parse("max-age=1; includeSubDomains \t; " GOOD_PINS, false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.departures, 0);
}
END_TEST

/* --------------------------------------------------------------- properties */

/* R-2.1.5-1: the samples of the RFC, as a line that was folded reads. */
#define SAMPLE_1 "pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\""
#define SAMPLE_2 "pin-sha256=\"E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g=\""
#define SAMPLE_3 "pin-sha256=\"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\""
static const struct {
	enum pinstore_kind kind;
	const char *value;
	int64_t max_age;
	size_t n_pins;
	bool include_subdomains;
	const char *report_uri;
} samples[] = {
	{ PINSTORE_PKP, "max-age=3000; " SAMPLE_1 "; " SAMPLE_2,
	  3000, 2, false, "" },
	{ PINSTORE_PKP, "max-age=2592000;\t" SAMPLE_2 ";    " SAMPLE_3,
	  2592000, 2, false, "" },
	{ PINSTORE_PKP, "max-age=2592000; " SAMPLE_2 "; " SAMPLE_3
	  ";  report-uri=\"http://example.com/pkp-report\"",
	  2592000, 2, false, "http://example.com/pkp-report" },
	{ PINSTORE_PKP_RO, "max-age=2592000; " SAMPLE_2 "; " SAMPLE_3
	  "; report-uri=\"https://other.example.net/pkp-report\"",
	  2592000, 2, false, "https://other.example.net/pkp-report" },
	{ PINSTORE_PKP, SAMPLE_1 "; " SAMPLE_2 "; max-age=259200",
	  259200, 2, false, "" },
	{ PINSTORE_PKP, SAMPLE_1 "; " SAMPLE_2 ";      " SAMPLE_3
	  "; max-age=10000; includeSubDomains",
	  10000, 3, true, "" },
};

START_TEST(R_2_1_5_1_samples)
{
	struct ps_header header;

	ps_header_parse(samples[_i].value, strlen(samples[_i].value),
	                samples[_i].kind, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_int_eq(header.max_age, samples[_i].max_age);
	ck_assert_uint_eq(header.pins.n, samples[_i].n_pins);
	ck_assert_int_eq(header.include_subdomains,
	                 samples[_i].include_subdomains);
	ck_assert_str_eq(header.report_uri, samples[_i].report_uri);
}
END_TEST

/* R-2.1-4: the order of directives carries no meaning. */
START_TEST(R_2_1_4_all_24_orders)
{
	static const char *const directives[4] = {
		"max-age=3000", "pin-sha256=\"" PIN_A "\"",
		"pin-sha256=\"" PIN_B "\"", "includeSubDomains"
	};
	size_t order = (size_t)_i, left = 4, i, k, n;
	const char *rest[4];
	char value[512] = "";
	struct ps_header header, sorted;

	memcpy(rest, directives, sizeof(rest));
	for (i = 0; i < 4; i++, left--) {
		k = order % left;
		order /= left;
		n = strlen(value);
		(void)snprintf(value + n, sizeof(value) - n, "%s%s",
		               i > 0 ? "; " : "", rest[k]);
		memmove(&rest[k], &rest[k + 1],
		        (left - k - 1) * sizeof(rest[0]));
	}
	parse("max-age=3000; " GOOD_PINS "; includeSubDomains", true, &sorted);
	parse(value, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	assert_same(&header, &sorted);
	ck_assert(header.include_subdomains);
	ck_assert_uint_eq(header.pins.n, 2);
}
END_TEST

/* R-2.1.1-3: what strict accepts is the one text of its octets. */
START_TEST(R_2_1_1_3_encode_of_decode)
{
	char text[PS_BASE64_LEN(32) + 1], value[128], last;
	struct ps_header header;
	int n = 0;

	for (last = 'A'; last <= 'Z'; last++) {
		(void)snprintf(value, sizeof(value),
		               "max-age=1; pin-sha256=\"%.42s%c=\"",
		               PIN_A_BARE, last);
		parse(value, true, &header);
		if (header.why != PINSTORE_WHY_OK) {
			ck_assert_int_eq(header.why, PINSTORE_WHY_BAD_PIN);
			parse(value, false, &header);
			ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
			ck_assert_uint_eq(header.departures,
			                  PS_DEPARTURE_PAD_BITS);
			continue;
		}
		n++;
		ps_base64_encode(header.pins.pin[0].sha256, 32, text);
		ck_assert_int_eq(strncmp(text, value + 23, 44), 0);
	}
	ck_assert_int_eq(n, 7); /* A, E, I, M, Q, U, Y */
}
END_TEST

/* D-17: loose bits do not make another pin. */
START_TEST(D_17_compared_by_value)
{
	struct ps_header header;

	parse("max-age=1; pin-sha256=\"" PIN_B "\"; "
	      "pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ=\"",
	      false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.pins.n, 1);
	ck_assert_uint_eq(header.departures, PS_DEPARTURE_PAD_BITS |
	                  PS_DEPARTURE_DOUBLE_PIN);
}
END_TEST

START_TEST(pins_keep_the_header_s_order)
{
	struct ps_header header;

	parse("pin-sha256=\"" PIN_C "\"; pin-sha256=\"" PIN_A "\"; max-age=1;"
	      "pin-sha256=\"" PIN_C "\"; pin-sha256=\"" PIN_B "\"", true,
	      &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.pins.n, 3);
	ck_assert_uint_eq(header.pins.pin[0].sha256[0], 3);
	ck_assert(ps_pin_is_equal(&header.pins.pin[1], &pin_a));
	ck_assert_uint_eq(header.pins.pin[2].sha256[0], 2);
}
END_TEST

struct number {
	const char *digits;
	int64_t seconds;
};

/* R-2.1.2-5, T-074: too big is 2^31; nothing wraps. */
static const struct number numbers[] = {
	{ "0", 0 },
	{ "000", 0 },
	{ "1", 1 },
	{ "0000000000000000000000000000000000000000001", 1 },
	{ "2147483647", INT64_C(2147483647) },
	{ "2147483648", PS_HEADER_MAX_AGE_MAX },
	{ "2147483649", PS_HEADER_MAX_AGE_MAX },
	{ "4294967295", PS_HEADER_MAX_AGE_MAX },
	{ "4294967296", PS_HEADER_MAX_AGE_MAX }, /* 2^32 */
	{ "4294967297", PS_HEADER_MAX_AGE_MAX },
	{ "9223372036854775807", PS_HEADER_MAX_AGE_MAX },
	{ "9223372036854775808", PS_HEADER_MAX_AGE_MAX }, /* 2^63 */
	{ "18446744073709551615", PS_HEADER_MAX_AGE_MAX },
	{ "18446744073709551616", PS_HEADER_MAX_AGE_MAX }, /* 2^64 */
	{ "18446744073709551617", PS_HEADER_MAX_AGE_MAX },
	{ "1000000000000000000000000000000", PS_HEADER_MAX_AGE_MAX },
};

START_TEST(T_074_max_age_saturates)
{
	char value[128];
	struct ps_header header;

	(void)snprintf(value, sizeof(value), "max-age=%s",
	               numbers[_i].digits);
	parse(value, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_int_eq(header.max_age, numbers[_i].seconds);
	(void)snprintf(value, sizeof(value), "max-age=\"%s\"",
	               numbers[_i].digits);
	parse(value, true, &header);
	ck_assert_int_eq(header.max_age, numbers[_i].seconds);
}
END_TEST

START_TEST(T_074_4000_digits)
{
	char value[4100];
	struct ps_header header;

	memcpy(value, "max-age=", 8);
	memset(value + 8, '9', 4000);
	ps_header_parse(value, 4008, PINSTORE_PKP, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_int_eq(header.max_age, PS_HEADER_MAX_AGE_MAX);
	memset(value + 8, '0', 3999);
	ps_header_parse(value, 4008, PINSTORE_PKP, true, &header);
	ck_assert_int_eq(header.max_age, 9);
	value[4007] = 'x';
	ps_header_parse(value, 4008, PINSTORE_PKP, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_BAD_MAX_AGE);
}
END_TEST

/* R-2.1-9, R-2.1-10, R-2.5-7: directives of others change nothing. */
START_TEST(R_2_1_10_unknown_directives)
{
	static const char *const parts[] = { "max-age=3000",
		                             "pin-sha256=\"" PIN_A "\"",
		                             "pin-sha256=\"" PIN_B "\"",
		                             "report-uri=\"http://r.example\"",
		                             "includeSubDomains" };
	static const char *const unknown[] = { "x", "x=1", "x=\";,=\\\"\"",
		                               "max-ages=9", "pin=\"a\"",
		                               "!#$%&'*+-.^_`|~=!" };
	uint32_t random = (uint32_t)_i * 2654435761u + 99;
	struct ps_header good, header;
	char value[2048] = "";
	size_t i, n, more;

	parse("max-age=3000; " GOOD_PINS "; report-uri=\"http://r.example\";"
	      "includeSubDomains", true, &good);
	ck_assert_int_eq(good.why, PINSTORE_WHY_OK);
	for (i = 0; i <= COUNT(parts); i++) {
		for (more = (random >> 16) % 4; more > 0; more--) {
			random = random * 1664525u + 1013904223u;
			n = strlen(value);
			(void)snprintf(value + n, sizeof(value) - n, "%s%s",
			               n > 0 ? ";" : "",
			               unknown[(random >> 16) % 6]);
		}
		random = random * 1664525u + 1013904223u;
		n = strlen(value);
		if (i < COUNT(parts))
			(void)snprintf(value + n, sizeof(value) - n, "%s%s",
			               n > 0 ? " ; " : "", parts[i]);
	}
	parse(value, true, &header);
	assert_same(&header, &good);
}
END_TEST

/* ------------------------------------------------------------------- limits */

/* n-1, n and n+1 octets; white space at the ends does not count. */
START_TEST(limit_of_octets)
{
	static char value[PS_HEADER_LEN_MAX + 64];
	struct ps_header header;
	size_t len = PS_HEADER_LEN_MAX - 1 + (size_t)_i;

	memset(value, ' ', sizeof(value));
	memcpy(value + 8, "max-age=1; x=\"", 14);
	memset(value + 8 + 14, 'y', len - 15);
	value[8 + len - 1] = '"';
	ps_header_parse(value, sizeof(value), PINSTORE_PKP, true, &header);
	if (len <= PS_HEADER_LEN_MAX) {
		ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
		ck_assert_int_eq(header.max_age, 1);
		return;
	}
	ck_assert_int_eq(header.why, PINSTORE_WHY_LIMIT);
	ck_assert_uint_eq(header.offset, 8 + PS_HEADER_LEN_MAX);
	assert_nothing_is_left(&header);
}
END_TEST

/* 63, 64 and 65 directives; empty ones do not count. */
START_TEST(limit_of_directives)
{
	size_t n = PS_HEADER_DIRECTIVES_MAX - 1 + (size_t)_i, i;
	struct ps_header header;
	char value[512] = "max-age=1";

	for (i = 1; i < n; i++)
		memcpy(value + strlen(value), ";;x", 4);
	parse(value, false, &header);
	if (n <= PS_HEADER_DIRECTIVES_MAX) {
		ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
		ck_assert_uint_eq(header.unknown_directives, n - 1);
		return;
	}
	ck_assert_int_eq(header.why, PINSTORE_WHY_LIMIT);
	ck_assert_uint_eq(header.offset, strlen(value) - 1);
}
END_TEST

static void
add_pin(char *value, size_t size, size_t number)
{
	char text[PS_BASE64_LEN(32) + 1];
	uint8_t octets[32] = { 0 };
	size_t len = strlen(value);

	octets[0] = (uint8_t)number;
	ps_base64_encode(octets, sizeof(octets), text);
	(void)snprintf(value + len, size - len, "; pin-sha256=\"%s\"", text);
}

/* 31, 32 and 33 different pins; one again does not count. */
START_TEST(limit_of_pins)
{
	size_t n = PINSTORE_PINS_MAX - 1 + (size_t)_i, i, last = 0;
	struct ps_header header;
	char value[4096] = "max-age=1";

	for (i = 0; i < n; i++) {
		last = strlen(value) + 2;
		add_pin(value, sizeof(value), i);
	}
	add_pin(value, sizeof(value), 0);
	parse(value, true, &header);
	if (n <= PINSTORE_PINS_MAX) {
		ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
		ck_assert_uint_eq(header.pins.n, n);
		return;
	}
	ck_assert_int_eq(header.why, PINSTORE_WHY_LIMIT);
	ck_assert_uint_eq(header.offset, last);
}
END_TEST

/* T-075, T-076: sizes far beyond are told as a limit, and are safe. */
START_TEST(huge_fields)
{
	static const char *const units[] = { ";", "a;", " ", "\"", "\\", "=",
		                             "pin-sha256=\"" PIN_A "\";" };
	size_t max = 1 << 20, unit_len = strlen(units[_i]), len;
	struct ps_header header;
	char *value = malloc(max + 64);

	ck_assert_ptr_nonnull(value);
	for (len = 0; len + unit_len <= max; len += unit_len)
		memcpy(value + len, units[_i], unit_len);
	ps_header_parse(value, len, PINSTORE_PKP, false, &header);
	ck_assert_int_eq(header.why, units[_i][0] == ' '
	                                     ? PINSTORE_WHY_EMPTY
	                                     : PINSTORE_WHY_LIMIT);
	ps_header_parse(value, PS_HEADER_LEN_MAX, PINSTORE_PKP, false,
	                &header);
	ck_assert_int_ne(header.why, PINSTORE_WHY_OK);
	free(value);
}
END_TEST

/* -------------------------------- another judge of the grammar: the ABNF as
 * a regular expression of the C library */

#define T "[!#$%&'*+.^_`|~0-9A-Za-z-]"
#define OWS "[ \t]*"
/* "]" first, where it does not end the set. */
#define QDTEXT "[]\t !#-[^-~\x80-\xff]"
#define QUOTED "\"(" QDTEXT "|\\\\[\t -~\x80-\xff])*\""
#define DIRECTIVE(eq) T "+(" eq "(" T "+|" QUOTED "))?"
#define STRICT_FIELD \
	"^" OWS DIRECTIVE("=") "(" OWS ";" OWS DIRECTIVE("=") ")*" OWS "$"
#define LOOSE DIRECTIVE(OWS "=" OWS)
#define LOOSE_FIELD \
	"^" OWS "(" LOOSE ")?(" OWS ";" OWS "(" LOOSE ")?)*" OWS "$"

static regex_t strict_field, loose_field;

static void
setup_regex(void)
{
	ck_assert_int_eq(regcomp(&strict_field, STRICT_FIELD,
	                         REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_int_eq(regcomp(&loose_field, LOOSE_FIELD,
	                         REG_EXTENDED | REG_NOSUB), 0);
}

static void
teardown_regex(void)
{
	regfree(&strict_field);
	regfree(&loose_field);
}

/* Both grammars; twice, as the result must depend on nothing else. */
static void
judge_both(const char *value, size_t len)
{
	char text[512], *exact = malloc(len > 0 ? len : 1);
	struct ps_header header, again;
	bool is_fine;
	int strict;

	ck_assert_ptr_nonnull(exact);
	ck_assert_uint_lt(len, sizeof(text));
	memcpy(exact, value, len);
	memcpy(text, value, len);
	text[len] = '\0';
	for (strict = 0; strict < 2; strict++) {
		ps_header_parse(exact, len, PINSTORE_PKP, strict != 0,
		                &header);
		memset(&again, 0x77, sizeof(again));
		ps_header_parse(exact, len, PINSTORE_PKP, strict != 0,
		                &again);
		assert_same(&header, &again);
		ck_assert_uint_le(header.offset, len);
		if (header.why != PINSTORE_WHY_OK)
			assert_nothing_is_left(&header);
		if (header.why == PINSTORE_WHY_EMPTY)
			continue;
		is_fine = memchr(text, '\0', len) == NULL &&
		          regexec(strict != 0 ? &strict_field : &loose_field,
		                  text, 0, NULL, 0) == 0;
		ck_assert_msg((header.why != PINSTORE_WHY_MALFORMED) ==
		              is_fine, "%s: \"%s\" is %sof the grammar",
		              strict != 0 ? "strict" : "default", text,
		              is_fine ? "" : "not ");
	}
	free(exact);
}

static const char sample[] =
        "max-age=\"30\\00\"; includeSubDomains; x=tok ; " GOOD_PINS;

/* T-086: each octet at six places: in a name, behind it, behind "=", in a token, in
 * a quoted-string, and at the end. */
START_TEST(every_octet_at_six_places)
{
	static const size_t places[] = { 3, 7, 8, 39, 10,
		                         sizeof(sample) - 1 };
	char value[sizeof(sample) + 1];
	size_t place = places[_i];
	int c, stride = (int)suite_stride(34);

	for (c = 0; c < 256; c += stride) {
		memcpy(value, sample, place);
		value[place] = (char)c;
		memcpy(value + place + 1, sample + place,
		       sizeof(sample) - place);
		judge_both(value, sizeof(sample));
		/* And in place of the octet. */
		if (place + 1 < sizeof(sample)) {
			memcpy(value, sample, sizeof(sample));
			value[place] = (char)c;
			judge_both(value, sizeof(sample) - 1);
		}
	}
}
END_TEST

/* T-086: every prefix and every suffix of each field of the corpus. */
START_TEST(every_prefix)
{
	const char *value = header_cases[_i].value;
	size_t len = strlen(value), n, stride = suite_stride(58);

	for (n = 0; n <= len; n += stride) {
		judge_both(value, n);
		judge_both(value + n, len - n);
	}
}
END_TEST

/* Short texts of the octets that mean something. */
START_TEST(every_short_text)
{
	static const char octets[] = "a=;\"\\ ,\x80";
	const size_t n = sizeof(octets) - 1;
	char text[5];
	size_t i, k, number, stride = suite_stride(202);

	for (i = 0; i < n * n * n * n; i += stride) {
		number = i;
		text[0] = octets[_i];
		for (k = 1; k < 5; k++) {
			text[k] = octets[number % n];
			number /= n;
		}
		judge_both(text, 5);
	}
}
END_TEST

/* --------------------------------------------------------------- report-uri */

struct uri {
	const char *text;
	size_t use; /* 0 = no report-uri that can be used */
};

static const struct uri uris[] = {
	{ "https://r.example/x", 19 },
	{ "http://r.example", 16 },           /* D-23 */
	{ "HTTPS://R.EXAMPLE/x", 19 },        /* any case */
	{ "https://r.example/x#frag", 19 },   /* the fragment goes */
	{ "https://r.example#frag", 17 },
	{ "https://r.example?q#f#g", 19 },
	{ "https://r.example/a@b:c", 23 },    /* no userinfo: in the path */
	{ "https://r.example?a@b", 21 },
	{ "https://r.example:8443/x", 24 },
	{ "https://r.example:/x", 20 },
	{ "https://r.example:65535", 23 },
	{ "https://127.0.0.1/", 18 },
	{ "https://[::1]:8443/", 19 },
	{ "https://[::1]", 13 },
	{ "https://localhost/", 18 },
	{ "", 0 },
	{ "x", 0 },
	{ "/pkp", 0 },                        /* relative */
	{ "//r.example/x", 0 },
	{ "r.example/x", 0 },
	{ "ftp://r.example/x", 0 },
	{ "httpss://r.example/x", 0 },
	{ "https:/r.example/x", 0 },
	{ "https:r.example/x", 0 },
	{ "https:\\\\r.example/x", 0 },
	{ "https://", 0 },                    /* no host */
	{ "https:///x", 0 },
	{ "https://?x", 0 },
	{ "https://#x", 0 },
	{ "https://:443/x", 0 },
	{ "https://u@r.example/x", 0 },       /* userinfo */
	{ "https://u:p@r.example/x", 0 },
	{ "https://@r.example/x", 0 },
	{ "https://r.example:65536", 0 },
	{ "https://r.example:0", 0 },
	{ "https://r.example:000443", 0 },
	{ "https://r.example:x", 0 },
	{ "https://r.example:+1", 0 },
	{ "https://r.example:1:2", 0 },
	{ "https://a..b/x", 0 },              /* no host name */
	{ "https://a%2fb/x", 0 },
	{ "https://a\\b/x", 0 },
	{ "https://[::1/x", 0 },
	{ "https://[::1]x/", 0 },
	{ "https://[r.example]/", 0 },
	{ "https://r.example/a b", 0 },       /* a space */
	{ "https://r.example/\t", 0 },
	{ "https://r.example/\x7f", 0 },
	{ "https://r.example/\xc3\xbc", 0 },  /* not ASCII */
	{ "https://b\xc3\xbc" "cher.example/", 0 },
	{ " https://r.example/", 0 },
};

START_TEST(D_11_report_uri)
{
	const struct uri *u = &uris[_i];
	size_t use = 99;

	ck_assert_msg(ps_header_is_report_uri(u->text, strlen(u->text),
	                                      &use) == (u->use > 0),
	              "%s", u->text);
	ck_assert_uint_eq(use, u->use);
}
END_TEST

START_TEST(D_11_report_uri_has_a_limit)
{
	char uri[PINSTORE_URI_MAX + 2], value[PINSTORE_URI_MAX + 64];
	size_t len = PINSTORE_URI_MAX - 1 + (size_t)_i, use;
	struct ps_header header;

	memset(uri, 'x', sizeof(uri));
	memcpy(uri, "https://r.example/", 18);
	uri[len] = '\0';
	ck_assert(ps_header_is_report_uri(uri, len, &use) ==
	          (len <= PINSTORE_URI_MAX));
	(void)snprintf(value, sizeof(value), "max-age=1; report-uri=\"%s\"",
	               uri);
	parse(value, true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	if (len <= PINSTORE_URI_MAX) {
		ck_assert_str_eq(header.report_uri, uri);
		return;
	}
	ck_assert_str_eq(header.report_uri, "");
	ck_assert_uint_eq(header.departures, PS_DEPARTURE_BAD_REPORT_URI);
}
END_TEST

/* NUL in it, and quoted-pairs. */
START_TEST(D_11_report_uri_as_octets)
{
	struct ps_header header;
	size_t use;

	ck_assert(!ps_header_is_report_uri("https://r.example\0/x", 20, &use));
	parse("max-age=1; report-uri=\"https:/\\/r.example\\/x#f\"", true,
	      &header);
	ck_assert_str_eq(header.report_uri, "https://r.example/x");
	ck_assert_uint_eq(header.departures, 0);
	/* The token form is of the grammar too. */
	parse("max-age=1; report-uri=token", true, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.departures, PS_DEPARTURE_BAD_REPORT_URI);
}
END_TEST

/* ------------------------------------------------- where no pin stands */

static const struct {
	const char *value;
	enum pinstore_reason why;
	size_t n; /* pins, if it is OK */
} elsewhere[] = {
	{ "max-age=1; report-uri=\"https://x/?pin-sha256=" PIN_A "\"",
	  PINSTORE_WHY_OK, 0 },
	{ "max-age=1; report-uri=\"https://x/?pin-sha256=\\\"" PIN_A "\\\"\"",
	  PINSTORE_WHY_OK, 0 },
	{ "max-age=1; x-pin-sha256=\"" PIN_A "\"", PINSTORE_WHY_OK, 0 },
	{ "max-age=1; foo=\"; pin-sha256=" PIN_A ";\"", PINSTORE_WHY_OK, 0 },
	{ "max-age=1; foo=\"; pin-sha256=\\\"" PIN_A "\\\";\"",
	  PINSTORE_WHY_OK, 0 },
	{ "max-age=1; foo=\"\"; bar=\";\"; pin-sha256=\"" PIN_A "\"",
	  PINSTORE_WHY_OK, 1 },
	{ "max-age=1; pin-sha256; " GOOD_PINS, PINSTORE_WHY_UNQUOTED_PIN, 0 },
	{ "max-age=1; pin-sha256=; " GOOD_PINS, PINSTORE_WHY_MALFORMED, 0 },
	{ "max-age=1; " GOOD_PINS "; pin-sha256=\"", PINSTORE_WHY_MALFORMED,
	  0 },
	{ "max-age=1; pin-sha256=\"x\"; " GOOD_PINS, PINSTORE_WHY_BAD_PIN, 0 },
	{ "x", PINSTORE_WHY_NO_MAX_AGE, 0 },
	{ "\"", PINSTORE_WHY_MALFORMED, 0 },
	{ "=", PINSTORE_WHY_MALFORMED, 0 },
	{ "\"\"", PINSTORE_WHY_MALFORMED, 0 },
};

/* T-073: no pin is taken from inside of another value. */
START_TEST(T_073_pins_stand_in_directives)
{
	struct ps_header header;

	parse(elsewhere[_i].value, false, &header);
	ck_assert_msg(header.why == elsewhere[_i].why, "%s: %d",
	              elsewhere[_i].value, header.why);
	ck_assert_uint_eq(header.pins.n, elsewhere[_i].n);
	if (header.why != PINSTORE_WHY_OK)
		assert_nothing_is_left(&header);
}
END_TEST

/* T-071, T-079: only pins of other kinds are none; two fields are no field. */
START_TEST(T_071_T_079_others)
{
	struct ps_header header;

	parse("max-age=1; pin-sha1=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"", false,
	      &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.pins.n, 0);
	ck_assert_uint_eq(header.unknown_algorithms, 1);
	parse("max-age=1; pin-foo=\"x\"", false, &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_OK);
	ck_assert_uint_eq(header.pins.n, 0);
	parse("max-age=1; " GOOD_PINS ", max-age=1; " GOOD_PINS, false,
	      &header);
	ck_assert_int_eq(header.why, PINSTORE_WHY_MALFORMED);
	ck_assert_int_eq(header.syntax, PINSTORE_SYNTAX_SEP);
	assert_nothing_is_left(&header);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("header");
	TCase *tcase = tcase_create("header");
	const int cases = (int)HEADER_CASES;

	suite_add_tcase(suite, tcase);
	tcase_add_unchecked_fixture(tcase, setup_regex, teardown_regex);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, HDR_default_grammar, 0, cases);
	tcase_add_loop_test(tcase, HDR_strict_grammar, 0, cases);
	tcase_add_loop_test(tcase, HDR_same_lexer_for_both_kinds, 0, cases);
	tcase_add_test(tcase, the_corpus_is_whole);
	tcase_add_loop_test(tcase, wrong_fields_are_ignored, 0, COUNT(others));
	tcase_add_test(tcase, nul_is_illegal);
	tcase_add_test(tcase, departures_are_told);
	tcase_add_loop_test(tcase, R_2_1_5_1_samples, 0, COUNT(samples));
	tcase_add_loop_test(tcase, R_2_1_4_all_24_orders, 0, 24);
	tcase_add_test(tcase, R_2_1_1_3_encode_of_decode);
	tcase_add_test(tcase, D_17_compared_by_value);
	tcase_add_test(tcase, pins_keep_the_header_s_order);
	tcase_add_loop_test(tcase, T_074_max_age_saturates, 0, COUNT(numbers));
	tcase_add_test(tcase, T_074_4000_digits);
	tcase_add_loop_test(tcase, R_2_1_10_unknown_directives, 0, 100);
	tcase_add_loop_test(tcase, limit_of_octets, 0, 3);
	tcase_add_loop_test(tcase, limit_of_directives, 0, 3);
	tcase_add_loop_test(tcase, limit_of_pins, 0, 3);
	tcase_add_loop_test(tcase, huge_fields, 0, 7);
	tcase_add_loop_test(tcase, every_octet_at_six_places, 0, 6);
	tcase_add_loop_test(tcase, every_prefix, 0, cases);
	tcase_add_loop_test(tcase, T_073_pins_stand_in_directives, 0,
	                    COUNT(elsewhere));
	tcase_add_test(tcase, T_071_T_079_others);
	tcase_add_loop_test(tcase, every_short_text, 0, 8);
	tcase_add_loop_test(tcase, D_11_report_uri, 0, COUNT(uris));
	tcase_add_loop_test(tcase, D_11_report_uri_has_a_limit, 0, 3);
	tcase_add_test(tcase, D_11_report_uri_as_octets);
	return suite_run(suite);
}
