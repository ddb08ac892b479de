/*
 * test_lint.c - words for what a header departs in, and advice to its author.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/support/header_cases.h"
#include "tests/support/suite.h"

#define CAP INT64_C(5184000)
/* Of keys, as far as one can see; B and C of header_cases.h are not. */
#define PIN_D "I9CBj46qKUtWvBQxUcoSkOgOLKIXdFMC+1Ws2Zh9flI="
#define PIN_E "hhZyav1aFr+CsGj0lMch6zxLg7z/pDHGG2a0/yvGLy4="
#define TWO "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_D "\""
#define WITH(pin) "max-age=1; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" pin "\""

enum flag {
	STRICT = 1,
	CHAIN = 2, /* {A} */
	NO_CHAIN_KEYS = 4,
	SUFFIX = 8,
	RO = 16,
	ISSUER = 32, /* with CHAIN: {B, A}, A an authority's */
	FOLDED = 64,
	PLAIN = 128
};

static void
make_facts(const char *value, size_t len, unsigned flags,
           struct ps_header *header, struct ps_lint_facts *facts)
{
	static struct pinstore_pin pin_b;
	static const struct pinstore_pin *const chain[] = { &pin_b, &pin_a };
	bool is_issuer = (flags & ISSUER) != 0;

	memset(pin_b.sha256, 2, sizeof(pin_b.sha256));
	memset(facts, 0, sizeof(*facts));
	facts->header = header;
	facts->kind = (flags & RO) != 0 ? PINSTORE_PKP_RO : PINSTORE_PKP;
	facts->cap = CAP;
	facts->is_suffix_dropped = (flags & SUFFIX) != 0;
	facts->has_chain = (flags & (CHAIN | NO_CHAIN_KEYS)) != 0;
	facts->is_folded = (flags & FOLDED) != 0;
	facts->is_plain_http = (flags & PLAIN) != 0;
	facts->chain = is_issuer ? chain : chain + 1;
	facts->n_chain = (flags & CHAIN) == 0 ? 0 : is_issuer ? 2 : 1;
	ps_header_parse(value, len, facts->kind, (flags & STRICT) != 0, header);
	facts->hint = ps_lint_hint(header, value, len);
	facts->plan = ps_policy_plan(header, facts->kind, facts->has_chain,
	                             facts->chain, facts->n_chain,
	                             &facts->why);
}

/* --------------------------------------------------------------- departures */

struct departure {
	const char *value;
	unsigned flags;
	const char *words;
};

static const struct departure departures[] = {
	{ "max-age=1; " TWO, 0, "" },
	{ "max-age=1; " TWO ";", 0, "empty-directive " },
	{ "max-age = 1; " TWO, 0, "space-around-equals " },
	{ "max-age=1; pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
	  "J=\"", 0, "pad-bits " },
	{ "max-age=1; report-uri=x", 0, "bad-report-uri " },
	{ "max-age=1; pin-sha1=\"x\"", 0, "unknown-algorithm " },
	{ "max-age=1; x", 0, "unknown-directive " },
	{ "max-age=1; " TWO "; pin-sha256=\"" PIN_A "\"", 0, "double-pin " },
	{ "max-age=1; includeSubDomains; " TWO, SUFFIX, "suffix " },
	{ "max-age=1; " TWO, FOLDED, "folded " },
	/* R-2.2.2-1 */
	{ "max-age=1; " TWO, PLAIN, "plain-http " },
	/* All of them, in the order of their list. */
	{ ";x; max-age =1; report-uri=\"\"; pin-x=\"\"; pin-sha256=\""
	  PIN_B "\"; pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
	  "J=\"", SUFFIX | FOLDED | PLAIN, "empty-directive "
	  "space-around-equals pad-bits bad-report-uri unknown-algorithm "
	  "unknown-directive double-pin suffix folded plain-http " },
	/* Also of a field that is ignored, as far as it was read. */
	{ ";max-age =x", 0, "empty-directive space-around-equals " },
	/* What is refused is no departure that was let pass. */
	{ "max-age=1;;", STRICT, "" },
	{ "max-age =1", STRICT, "" },
};

START_TEST(departures_are_words)
{
	const struct departure *d = &departures[_i];
	struct ps_lint_facts facts;
	struct ps_header header;
	char words[256] = "";
	const char *word;
	size_t i, n;

	make_facts(d->value, strlen(d->value), d->flags, &header, &facts);
	for (i = 0; (word = ps_lint_departure(&facts, i)) != NULL; i++) {
		n = strlen(words);
		(void)snprintf(words + n, sizeof(words) - n, "%s ", word);
	}
	ck_assert_str_eq(words, d->words);
	ck_assert_ptr_null(ps_lint_departure(&facts, i + 1));
	ck_assert_ptr_null(ps_lint_departure(&facts, SIZE_MAX));
}
END_TEST

/* ------------------------------------------------------------------- advice */

struct advised {
	const char *value;
	unsigned flags;
	const char *says[4]; /* what each sentence holds; no more than these */
};

#define CURLY "\xe2\x80\x9c"

static const struct advised advised[] = {
	{ "max-age=1; " TWO, CHAIN, { NULL } },
	{ "max-age=86400; " TWO, CHAIN, { NULL } },
	{ "max-age=0", CHAIN, { NULL } },
	{ "max-age=0; pin-sha256=\"" PIN_A "\"", CHAIN, { NULL } },
	/* R-B-1 */
	{ "max-age=86401; " TWO, CHAIN, { "Report-Only" } },
	{ "max-age=5184000; " TWO, CHAIN, { "Report-Only" } },
	{ "max-age=5184001; " TWO, CHAIN, { "no longer", "Report-Only" } },
	/* R-4-2 */
	{ "max-age=1; pin-sha256=\"" PIN_A "\"", CHAIN, { "backup" } },
	{ "max-age=1; pin-sha256=\"" PIN_A "\"", 0, { "backup" } },
	{ "max-age=1; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_A "\"",
	  CHAIN, { "backup", "once" } },
	{ "max-age=1; pin-sha256=\"" PIN_D "\"", CHAIN, { "is in it" } },
	{ "max-age=1; " TWO, NO_CHAIN_KEYS, { "is in it" } },
	{ "max-age=1; " TWO, 0, { NULL } },
	{ "max-age=1", CHAIN, { "max-age=0" } },
	{ "max-age=1; pin-sha=\"" PIN_A "\"", CHAIN,
	  { "max-age=0", "Write pin-sha256:" } },
	{ "max-age=1; pin-sha512=\"x\"; " TWO, CHAIN, { "Write pin-sha256:" } },
	{ "max-age=1; includeSubDomain; " TWO, CHAIN, { "spelling" } },
	{ "max-age=1; report-uri=\"/x\"; " TWO, CHAIN, { "absolute" } },
	{ "max-age=1; includeSubDomains; " TWO, CHAIN | SUFFIX,
	  { "public suffix" } },
	{ "max-age=1; " TWO ";", CHAIN, { "letter" } },
	{ "max-age= 1; " TWO, CHAIN, { "letter" } },
	/* R-2.2.2-1 */
	{ "max-age=1; " TWO, CHAIN | PLAIN, { "by https alone" } },
	{ "max-age", PLAIN, { "by https alone", "digits" } },
	{ "max-age=1; " TWO, CHAIN | FOLDED, { "on one line" } },
	/* R-B-1: only an authority's key, and no longer the leaf's */
	{ "max-age=1; " TWO, CHAIN | ISSUER, { "another issuer" } },
	{ "max-age=1; " TWO "; pin-sha256=\"" PIN_B "\"", CHAIN | ISSUER,
	  { "that you hold" } },
	{ "max-age=1; pin-sha256=\"" PIN_D "\"; pin-sha256=\"" PIN_E "\"",
	  CHAIN | ISSUER, { "is in it" } },
	/* Dummies: one octet all over, text, examples, and of no input. */
	{ WITH(PIN_B), CHAIN, { "that you hold" } },
	{ WITH("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), CHAIN,
	  { "that you hold" } },
	{ WITH("ZHVtbXkgcGluLCBkdW1teSBwaW4sIGR1bW15IHBpbiE="), CHAIN,
	  { "that you hold" } },
	{ WITH("ZHVtbXkgcGluLCBkdW1teSBwaW4sIGR1bW15IHBpbgE="), CHAIN,
	  { NULL } },
	{ WITH("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="), CHAIN,
	  { NULL } },
	{ WITH("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), CHAIN,
	  { "that you hold" } },
	{ WITH("d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="), CHAIN,
	  { "that you hold" } },
	{ WITH("E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g="), CHAIN,
	  { "that you hold" } },
	{ WITH("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="), CHAIN,
	  { "that you hold" } },
	{ WITH("cUPcTAZWKaASuYWhhneDttWpY3oBAkE3h2+soZS7sWs="), CHAIN,
	  { "that you hold" } },
	{ WITH("M8HztCzM3elUxkcjR2S5P4hhyBNf6lHkmjAHKhpGPWE="), CHAIN,
	  { "that you hold" } },
	/* Report-Only */
	{ "report-uri=\"http://r.test\"; " TWO, CHAIN | RO, { NULL } },
	{ "report-uri=\"http://r.test\"; max-age=9999999; " TWO, CHAIN | RO,
	  { "means nothing" } },
	{ "report-uri=\"http://r.test\"", CHAIN | RO, { "nothing to report" } },
	{ TWO, CHAIN | RO, { "Add a report-uri" } },
	{ "report-uri=\"x\"; " TWO, CHAIN | RO, { "absolute" } },
	{ "report-uri=\"http://r.test\"; pin-sha256=\"" PIN_A "\"",
	  CHAIN | RO, { "backup" } },
	/* What the author of a faulty field may have meant. */
	{ "", 0, { "at least two pins" } },
	{ "max-age", 0, { "digits" } },
	{ TWO, 0, { "Add a max-age" } },
	{ "max-age=1; max-age=1", 0, { "once" } },
	{ "max-age=1; includeSubDomains=1", 0, { "alone" } },
	{ "max-age=1; report-uri", 0, { "a value" } },
	{ "max-age=1; pin-sha256=abc", 0, { "double quotes round the pin" } },
	{ "max-age=1; pin-sha256=" PIN_A, 0,
	  { "double quotes round the pin" } },
	{ "max-age=1; pin-sha256=a/b", 0, { "double quotes round the pin" } },
	{ "max-age=1; pin-sha256=/b", 0, { "double quotes round the pin" } },
	{ "max-age=1; pin-sha256='" PIN_A "'", 0, { "not single" } },
	{ "max-age=1; pin-sha256=" CURLY PIN_A CURLY, 0, { "typographic" } },
	{ CURLY "max-age=1", 0, { "typographic" } },
	/* Its neighbours, and what is cut. */
	{ "\xe2\x80\x97" "max-age=1", 0, { "bare name" } },
	{ "\xe2\x80\x98" "max-age=1", 0, { "typographic" } },
	{ "\xe2\x80\x9f" "max-age=1", 0, { "typographic" } },
	{ "\xe2\x80\xa0" "max-age=1", 0, { "bare name" } },
	{ "\xe2\x81\x9c" "max-age=1", 0, { "bare name" } },
	{ "\xe2\x80", 0, { "bare name" } },
	{ "max-age=1; a =b =c", STRICT, { "white space round" } },
	{ "max-age=1; a=b=c", 0, { "';' between" } },
	{ "max-age=1; pin-sha256=\"abc\"", 0, { "base64" } },
	{ "max-age=1; pin-sha256=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"", 0,
	  { "another length" } },
	{ "max-age=1; report-uri=https://r.test/", 0, { "round the URI" } },
	{ "max-age=1; report-uri=/x", 0, { "round the URI" } },
	{ "max-age=1; " TWO ", max-age=0", 0, { "comma" } },
	{ "max-age=1, includeSubDomains", 0, { "comma" } },
	{ "max-age=1;, includeSubDomains", 0, { "comma" } },
	{ "max-age=1; pin-sha256=\"" PIN_A, 0, { "Close" } },
	{ "max-age=1; pin-sha256=\"" PIN_A "\" pin-sha256=\"" PIN_B "\"", 0,
	  { "';' between" } },
	{ "max-age=3000 3000", 0, { "';' between" } },
	{ "max-age 3000", 0, { "';' between" } },
	{ "max-age=; " TWO, 0, { "behind '='" } },
	{ "max-age=", 0, { "behind '='" } },
	{ "max-age=:", 0, { "behind '='" } },
	{ "\"max-age\"=3000", 0, { "bare name" } },
	{ "Public-Key-Pins: max-age=1", 0, { "field's name" } },
	{ "public-key-pins-report-only: x", 0, { "field's name" } },
	{ "x: y", 0, { "';' between" } },
	{ "max-age=1\n", 0, { "line end" } },
	{ "max-age=1; foo=\"\x01\"", 0, { "control" } },
	{ "\x7f", 0, { "control" } },
	{ "max-age=1;", STRICT, { "empty directive" } },
	{ ";max-age=1", STRICT, { "empty directive" } },
	{ "max-age =1", STRICT, { "white space round" } },
	{ "max-age= 1", STRICT, { "white space round" } },
	{ ";max-age=x", 0, { "digits", "letter" } },
};

START_TEST(advice_is_given)
{
	const struct advised *a = &advised[_i];
	struct ps_lint_facts facts;
	struct ps_header header;
	const char *sentence;
	size_t i, k;

	make_facts(a->value, strlen(a->value), a->flags, &header, &facts);
	for (i = 0; i < 4 && a->says[i] != NULL; i++) {
		sentence = ps_lint_advice(&facts, i);
		ck_assert_msg(sentence != NULL && strstr(sentence, a->says[i]),
		              "\"%s\": %s", a->value,
		              sentence != NULL ? sentence : "nothing");
		ck_assert_int_eq(sentence[strlen(sentence) - 1], '.');
		for (k = 0; sentence[k] != '\0'; k++)
			ck_assert(sentence[k] >= ' ' && sentence[k] < 0x7f);
	}
	sentence = ps_lint_advice(&facts, i);
	ck_assert_msg(sentence == NULL, "\"%s\": %s", a->value, sentence);
	ck_assert_ptr_null(ps_lint_advice(&facts, SIZE_MAX));
}
END_TEST

/* Every field that is ignored for its text has an advice (R-2.1-7). */
START_TEST(HDR_each_fault_has_advice)
{
	const struct header_case *c = &header_cases[_i];
	struct ps_lint_facts facts;
	struct ps_header header;
	unsigned ro = c->kind == PINSTORE_PKP_RO ? RO : 0;

	make_facts(c->value, strlen(c->value), ro | CHAIN, &header, &facts);
	if (c->plan_why != PINSTORE_WHY_OK)
		ck_assert_msg(ps_lint_advice(&facts, 0) != NULL, "%s", c->id);
	make_facts(c->value, strlen(c->value), ro | CHAIN | STRICT, &header,
	           &facts);
	if (c->strict.why != PINSTORE_WHY_OK)
		ck_assert_msg(ps_lint_advice(&facts, 0) != NULL, "%s", c->id);
}
END_TEST

/* Every prefix, in memory of its very length. */
START_TEST(hints_stay_within_the_text)
{
	const char *value = header_cases[_i].value;
	size_t len = strlen(value), n;
	struct ps_lint_facts facts;
	struct ps_header header;
	unsigned strict;
	char *exact;

	for (n = 0; n <= len; n++) {
		exact = malloc(n > 0 ? n : 1);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, value, n);
		for (strict = 0; strict < 2; strict++) {
			make_facts(exact, n, strict != 0 ? STRICT : 0, &header,
			           &facts);
			ck_assert((facts.hint != PS_HINT_NONE) ==
			          (header.why == PINSTORE_WHY_MALFORMED));
		}
		free(exact);
	}
	memset(&header, 0, sizeof(header));
	ck_assert_int_eq(ps_lint_hint(&header, NULL, 0), PS_HINT_NONE);
	header.why = PINSTORE_WHY_MALFORMED;
	header.offset = 1;
	ck_assert_int_eq(ps_lint_hint(&header, NULL, 0), PS_HINT_NONE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lint");
	TCase *tcase = tcase_create("lint");
	const int cases = (int)HEADER_CASES;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, departures_are_words, 0, COUNT(departures));
	tcase_add_loop_test(tcase, advice_is_given, 0, COUNT(advised));
	tcase_add_loop_test(tcase, HDR_each_fault_has_advice, 0, cases);
	tcase_add_loop_test(tcase, hints_stay_within_the_text, 0, cases);
	return suite_run(suite);
}
