/*
 * test_finding.c - what clients of each kind do where a field leaves RFC 7469.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/finding.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "tests/support/header_cases.h"
#include "tests/support/suite.h"

#define TWO "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\""

enum flag {
	STRICT = 1,
	CHAIN = 2,
	SUFFIX = 4,
	RO = 8,
	FOLDED = 16,
	PLAIN = 32,
	DEFAULT_READS = 64
};

static void
make_facts(const char *value, unsigned flags, struct ps_header *header,
           struct ps_lint_facts *facts)
{
	static const struct pinstore_pin *const chain[] = { &pin_a };
	size_t len = strlen(value);

	memset(facts, 0, sizeof(*facts));
	facts->header = header;
	facts->kind = (flags & RO) != 0 ? PINSTORE_PKP_RO : PINSTORE_PKP;
	facts->is_suffix_dropped = (flags & SUFFIX) != 0;
	facts->is_folded = (flags & FOLDED) != 0;
	facts->is_plain_http = (flags & PLAIN) != 0;
	facts->is_read_by_default = (flags & DEFAULT_READS) != 0;
	facts->has_chain = (flags & CHAIN) != 0;
	facts->chain = chain;
	facts->n_chain = 1;
	ps_header_parse(value, len, facts->kind, (flags & STRICT) != 0, header);
	facts->hint = ps_lint_hint(header, value, len);
	facts->plan = ps_policy_plan(header, facts->kind, facts->has_chain,
	                             facts->chain, 1, &facts->why);
}

struct found {
	const char *value;
	unsigned flags;
	/* of the finding at [at]: its word or NULL, and what each text holds */
	size_t at;
	const char *word, *rule, *strict, *pinstore, *lenient;
};

static const struct found found[] = {
	/* The field is not used: word is NULL, the reason has it. */
	{ "max-age=1; pin-sha256='" PIN_A "'", 0, 0, NULL, "2.1 (4)", "ignores",
	  "ignores", "may take" },
	{ "", 0, 0, NULL, "2.1", "ignores", "ignores", "ignores" },
	{ "max-age=1; max-age=1", 0, 0, NULL, "2.1 (2)", "ignores", "ignores",
	  "the last" },
	{ "max-age=abc", 0, 0, NULL, "2.1.2", "ignores", "ignores",
	  "ends pinning" },
	{ TWO, 0, 0, NULL, "2.1.2", "ignores", "ignores", "of its own" },
	{ "max-age=1; includeSubDomains=1", 0, 0, NULL, "2.1.3", "ignores",
	  "ignores", "no value" },
	{ "max-age=1; report-uri", 0, 0, NULL, "2.1.4", "ignores", "ignores",
	  "without it" },
	{ "max-age=1; pin-sha256=abc", 0, 0, NULL, "2.1.1", "ignores",
	  "ignores", "all the same" },
	{ "max-age=1; pin-sha256=\"abc\"", 0, 0, NULL, "4648", "ignores",
	  "ignores", "never matches" },
	{ "max-age=1; pin-sha256=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"", 0, 0, NULL,
	  "2.4", "ignores", "ignores", "never matches" },
	{ "max-age=1", 0, 0, NULL, "2.1.1", "browsers ignored", "drops",
	  "ignores" },
	{ "report-uri=\"http://r.test\"", RO, 0, NULL, "2.3.2", "ignores",
	  "ignores", "ignores" },
	{ TWO, RO, 0, NULL, "2.3.2", "ignores", "ignores", "ignores" },
	{ "max-age=1; pin-sha256=\"" PIN_B "\"", CHAIN, 0, NULL, "2.5",
	  "ignores", "ignores", "refuse the host" },
	{ "max-age=1; pin-sha256=\"" PIN_A "\"", CHAIN, 0, NULL, "4.3",
	  "ignores", "ignores", "locked out" },
	/* Strict refuses what the default reads. */
	{ "max-age=1; " TWO ";", STRICT | DEFAULT_READS, 0, NULL, "2.1 (4)",
	  "ignores", "unless it is to be strict", "may take" },
	/* Departures, alone or behind the reason. */
	{ "max-age=1; " TWO ";", 0, 0, "empty-directive", "2.1", "ignores",
	  "skips", "skips" },
	{ "max-age =1; " TWO, CHAIN, 0, "space-around-equals", "2.1", "ignores",
	  "skips", "skips" },
	{ "max-age=0; pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ="
	  "\"", 0, 0, "pad-bits", "4648, 3.5", "ignores", "32 octets",
	  "compare the text" },
	{ "max-age=0; report-uri=x", 0, 0, "bad-report-uri", "2.1.4",
	  "without it", "without it", "fail" },
	{ "max-age=0; pin-sha1=\"x\"", 0, 0, "unknown-algorithm", "2.4",
	  "skips", "skips", "never matches" },
	{ "max-age=0; x", 0, 0, "unknown-directive", "2.1 (5)", "skips",
	  "skips", "skips" },
	{ "max-age=0; " TWO "; " TWO, 0, 0, "double-pin", "2.5", "once", "once",
	  "its own backup" },
	{ "max-age=0", SUFFIX, 0, "suffix", "public suffix", "all who",
	  "leaves", "all who" },
	{ "max-age=0", FOLDED, 0, "folded", "7230, 3.2.4", "one line",
	  "one line", "first line alone" },
	/* R-2.2.2-1 */
	{ "max-age=0", PLAIN, 0, "plain-http", "2.2.2", "ignores", "ignores",
	  "on the way" },
	{ ";max-age =x", 0, 1, "empty-directive", "2.1", "ignores", "skips",
	  "skips" },
	{ ";max-age =x", 0, 2, "space-around-equals", "2.1", "ignores",
	  "skips", "skips" },
};

START_TEST(findings_tell_of_each_client)
{
	const struct found *f = &found[_i];
	struct pinstore_finding finding;
	struct ps_lint_facts facts;
	struct ps_header header;

	make_facts(f->value, f->flags, &header, &facts);
	ck_assert_msg(ps_finding_get(&facts, f->at, &finding), "%s", f->value);
	if (f->word == NULL)
		ck_assert_ptr_null(finding.word);
	else
		ck_assert_str_eq(finding.word, f->word);
	ck_assert_msg(strstr(finding.rule, f->rule), "%s", finding.rule);
	ck_assert_msg(strstr(finding.strict, f->strict), "%s", finding.strict);
	ck_assert_msg(strstr(finding.pinstore, f->pinstore), "%s",
	              finding.pinstore);
	ck_assert_msg(strstr(finding.lenient, f->lenient), "%s",
	              finding.lenient);
	ck_assert(!ps_finding_get(&facts, SIZE_MAX, &finding));
}
END_TEST

/* What limits of ours refuse, others may take. */
START_TEST(limits_are_ours)
{
	struct pinstore_finding finding;
	struct ps_lint_facts facts;
	struct ps_header header;
	char value[PS_HEADER_LEN_MAX + 2];

	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	make_facts(value, 0, &header, &facts);
	ck_assert_int_eq(facts.why, PINSTORE_WHY_LIMIT);
	ck_assert(ps_finding_get(&facts, 0, &finding));
	ck_assert_ptr_nonnull(strstr(finding.rule, "pinstore's"));
	ck_assert_str_eq(finding.strict, finding.lenient);
	ck_assert_str_ne(finding.strict, finding.pinstore);
}
END_TEST

/* A field that is used has none; a Report-Only one that differs neither. */
START_TEST(sound_fields_have_no_finding)
{
	static const struct { const char *value; unsigned flags; } sound[] = {
		{ "max-age=1; " TWO, 0 },
		{ "max-age=1; " TWO, CHAIN },
		{ "max-age=0", CHAIN },
		{ "report-uri=\"http://r.test\"; " TWO, CHAIN | RO },
		{ "report-uri=\"http://r.test\"; pin-sha256=\"" PIN_B "\"",
		  CHAIN | RO },
	};
	struct pinstore_finding finding;
	struct ps_lint_facts facts;
	struct ps_header header;
	size_t i;

	for (i = 0; i < COUNT(sound); i++) {
		make_facts(sound[i].value, sound[i].flags, &header, &facts);
		ck_assert_msg(!ps_finding_get(&facts, 0, &finding), "%s",
		              sound[i].value);
		ck_assert_ptr_null(finding.rule);
	}
}
END_TEST

/* Each of the sixty that is not used says why, in either grammar. */
START_TEST(HDR_each_unused_field_has_a_finding)
{
	const struct header_case *c = &header_cases[_i];
	unsigned flags = (c->kind == PINSTORE_PKP_RO ? RO : 0) | CHAIN;
	struct pinstore_finding finding;
	struct ps_lint_facts facts;
	struct ps_header header;
	size_t i;

	for (i = 0; i < 2; i++, flags |= STRICT) {
		make_facts(c->value, flags, &header, &facts);
		if (facts.plan != PS_PLAN_IGNORE &&
		    facts.plan != PS_PLAN_UNPIN)
			continue;
		ck_assert_msg(ps_finding_get(&facts, 0, &finding), "%s", c->id);
		ck_assert_ptr_null(finding.word);
		ck_assert_ptr_nonnull(finding.rule);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("finding");
	TCase *tcase = tcase_create("finding");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, findings_tell_of_each_client, 0,
	                    COUNT(found));
	tcase_add_test(tcase, limits_are_ours);
	tcase_add_test(tcase, sound_fields_have_no_finding);
	tcase_add_loop_test(tcase, HDR_each_unused_field_has_a_finding, 0,
	                    (int)HEADER_CASES);
	return suite_run(suite);
}
