/*
 * test_api_lint.c - a header judged for its author; the words of the lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define ISD "; includeSubDomains"

static struct pinstore_lint *
lint_of(const char *value, size_t len, enum pinstore_kind kind,
        const char *chain, const char *host, int64_t cap)
{
	struct pinstore_lint_setup setup = {
		.size = sizeof(setup),
		.kind = kind,
		.host = host,
		.max_age_cap = cap,
	};
	struct pinstore_chain *pins = NULL;
	struct pinstore_lint *lint;

	if (chain != NULL)
		pins = chain_of(chain);
	setup.chain = pins;
	ck_assert_int_eq(pinstore_lint(value, len, &setup, &lint),
	                 PINSTORE_OK);
	pinstore_chain_free(pins);
	return lint;
}

static const struct {
	const char *pins;
	int64_t max_age;
	enum pinstore_kind kind;
	const char *chain; /* NULL: not judged */
	const char *action;
	const char *reason;
} rows[] = {
	{"AB", 3000, PINSTORE_PKP, "A", "note", "ok"},
	{"AB", 3000, PINSTORE_PKP, NULL, "note", "not-judged"},
	{"AB", 3000, PINSTORE_PKP, "C", "ignore", "no-match"},
	{"AB", 3000, PINSTORE_PKP, "", "ignore", "no-match"},
	{"A", 3000, PINSTORE_PKP, "A", "ignore", "no-backup"},
	{"", 0, PINSTORE_PKP, "A", "remove", "ok"},
	{"", 3000, PINSTORE_PKP, "A", "unpin", "no-pins"},
	{"AB", 3000, PINSTORE_PKP_RO, "A", "ignore", "no-report-uri"},
};

START_TEST(test_action)
{
	char value[512];
	size_t len = header_of(rows[_i].pins, rows[_i].max_age, "", value,
	                       sizeof(value));
	struct pinstore_lint *lint;

	lint = lint_of(value, len, rows[_i].kind, rows[_i].chain, NULL, CAP);
	ck_assert_str_eq(pinstore_lint_action_word(pinstore_lint_action(lint)),
	                 rows[_i].action);
	ck_assert_str_eq(pinstore_reason_word(pinstore_lint_reason(lint)),
	                 rows[_i].reason);
	pinstore_lint_free(lint);
}
END_TEST

/* The cap, and the public suffix rule, as a client would apply them. */
START_TEST(test_cap_and_suffix)
{
	struct pinstore_lint *lint;
	char value[512];
	size_t len = header_of("AB", CAP + 1, ISD, value, sizeof(value));
	size_t i, n;

	lint = lint_of(value, len, PINSTORE_PKP, "A", "GitHub.io", CAP);
	ck_assert_int_eq(pinstore_lint_max_age(lint), CAP);
	ck_assert_int_eq(pinstore_lint_max_age_sent(lint), CAP + 1);
	ck_assert_int_eq(pinstore_lint_include_subdomains(lint), 0);
	for (i = 0; pinstore_lint_departure(lint, i) != NULL; i++)
		if (strcmp(pinstore_lint_departure(lint, i), "suffix") == 0)
			break;
	ck_assert_ptr_nonnull(pinstore_lint_departure(lint, i));
	pinstore_lint_free(lint);

	lint = lint_of(value, len, PINSTORE_PKP, "A", "a.github.io", 0);
	ck_assert_int_eq(pinstore_lint_max_age(lint), CAP + 1);
	ck_assert_int_eq(pinstore_lint_include_subdomains(lint), 1);
	ck_assert_int_eq(pinstore_lint_pins(lint, &n)[1].sha256[0], 'B');
	ck_assert_uint_eq(n, 2);
	pinstore_lint_free(lint);
}
END_TEST

/* Nothing is told of a field that is not used, but where it went wrong. */
START_TEST(test_fault)
{
	static const char value[] = "max-age=30 00; pin-sha256=\"x\"";
	struct pinstore_lint *lint;
	size_t n, offset = 77;

	lint = lint_of(value, sizeof(value) - 1, PINSTORE_PKP, "A", NULL, CAP);
	ck_assert_int_eq(pinstore_lint_action(lint), PINSTORE_LINT_IGNORE);
	ck_assert_int_eq(pinstore_lint_reason(lint), PINSTORE_WHY_MALFORMED);
	ck_assert_int_eq(pinstore_lint_syntax(lint), PINSTORE_SYNTAX_SEP);
	ck_assert_int_eq(pinstore_lint_offset(lint, &offset), 1);
	ck_assert_uint_eq(offset, 11);
	ck_assert_int_eq(pinstore_lint_max_age(lint), -1);
	ck_assert_int_eq(pinstore_lint_max_age_sent(lint), -1);
	ck_assert_int_eq(pinstore_lint_include_subdomains(lint), 0);
	ck_assert_ptr_null(pinstore_lint_report_uri(lint));
	pinstore_lint_pins(lint, &n);
	ck_assert_uint_eq(n, 0);
	pinstore_lint_free(lint);
}
END_TEST

/* The reason first, then departures; the struct as large as its caller's. */
START_TEST(test_findings)
{
	static const char value[] = ";max-age=";
	struct pinstore_finding finding = {.size = sizeof(finding)};
	struct {
		size_t size;
		const char *word;
		const char *beyond;
	} shorter = {.size = 2 * sizeof(size_t)};
	struct pinstore_lint *lint;

	lint = lint_of(value, sizeof(value) - 1, PINSTORE_PKP, NULL, NULL, CAP);
	ck_assert_int_eq(pinstore_lint_finding(lint, 0, &finding), 1);
	ck_assert_str_eq(finding.word, "malformed");
	ck_assert_str_eq(finding.rule, "RFC 7469, 2.1 (4)");
	ck_assert_uint_eq(finding.size, sizeof(finding));
	ck_assert_int_eq(pinstore_lint_finding(lint, 1, &finding), 1);
	ck_assert_str_eq(finding.word, "empty-directive");
	ck_assert_str_eq(finding.word, pinstore_lint_departure(lint, 0));
	ck_assert_int_eq(pinstore_lint_finding(lint, 2, &finding), 0);
	shorter.beyond = value;
	ck_assert_int_eq(pinstore_lint_finding(
	        lint, 1, (struct pinstore_finding *)(void *)&shorter), 1);
	ck_assert_str_eq(shorter.word, "empty-directive");
	ck_assert_ptr_eq(shorter.beyond, value);
	ck_assert_int_eq(pinstore_lint_finding(lint, 0, NULL), 0);
	finding.size = 1;
	ck_assert_int_eq(pinstore_lint_finding(lint, 0, &finding), 0);
	pinstore_lint_free(lint);
}
END_TEST

static const struct {
	const char *value;
	enum pinstore_lint_action action;
	bool is_folded;
	size_t offset; /* in what was given, if the field is ignored */
} folded[] = {
	{"max-age=0;\r\n x", PINSTORE_LINT_REMOVE, true, 0},
	{"max-age=0;\n\tx", PINSTORE_LINT_REMOVE, true, 0},
	{"max-age=0\r\n \r\n\t;\r\n x\n ", PINSTORE_LINT_REMOVE, true, 0},
	{"\r\n max-age=0", PINSTORE_LINT_REMOVE, true, 0},
	{"max-age=\r\n 0", PINSTORE_LINT_REMOVE, true, 0},
	{"max-age=0;\r\n x; =", PINSTORE_LINT_IGNORE, true, 16},
	{"max-\r\n age=0", PINSTORE_LINT_IGNORE, true, 7},
	/* no fold: a control octet, as ever */
	{"max-age=0\r\nx", PINSTORE_LINT_IGNORE, false, 9},
	{"max-age=0\r x", PINSTORE_LINT_IGNORE, false, 9},
	{"max-age=0\n", PINSTORE_LINT_IGNORE, false, 9},
	{"max-age=0\r\n", PINSTORE_LINT_IGNORE, false, 9},
	{"max-age=0\r", PINSTORE_LINT_IGNORE, false, 9},
	{"max-age=0\r\r\n x", PINSTORE_LINT_IGNORE, true, 9},
};

/* R-2.1-13: several lines are the one that clients make of them. */
START_TEST(test_folded)
{
	const char *value = folded[_i].value;
	struct pinstore_lint *lint;
	const char *word;
	size_t offset, i;
	char *exact;
	bool is_told = false;

	exact = malloc(strlen(value)); /* no octet behind the last is read */
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, value, strlen(value));
	lint = lint_of(exact, strlen(value), PINSTORE_PKP, NULL, NULL, CAP);
	ck_assert_int_eq(pinstore_lint_action(lint), folded[_i].action);
	for (i = 0; (word = pinstore_lint_departure(lint, i)) != NULL; i++)
		is_told = is_told || strcmp(word, "folded") == 0;
	ck_assert_int_eq(is_told, folded[_i].is_folded);
	if (pinstore_lint_offset(lint, &offset))
		ck_assert_uint_eq(offset, folded[_i].offset);
	ck_assert_mem_eq(exact, value, strlen(value));
	pinstore_lint_free(lint);
	free(exact);
}
END_TEST

/* R-2.2.2-1: whatever the field says, over plain http clients ignore it. */
START_TEST(test_plain_http)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .plain_http = 1};
	static const struct {
		const char *value;
		enum pinstore_reason why;
	} cases[] = {
		{"max-age=0", PINSTORE_WHY_NOT_JUDGED},
		{"max-age=9", PINSTORE_WHY_NOT_JUDGED},
		{"max-age", PINSTORE_WHY_BAD_MAX_AGE},
	};
	struct pinstore_lint *lint;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(pinstore_lint(cases[i].value,
		                               strlen(cases[i].value), &setup,
		                               &lint), PINSTORE_OK);
		ck_assert_int_eq(pinstore_lint_action(lint),
		                 PINSTORE_LINT_IGNORE);
		ck_assert_int_eq(pinstore_lint_reason(lint), cases[i].why);
		ck_assert_str_eq(pinstore_lint_departure(lint, 0),
		                 "plain-http");
		ck_assert_ptr_nonnull(strstr(pinstore_lint_advice(lint, 0),
		                             "https"));
		pinstore_lint_free(lint);
	}
}
END_TEST

/* What strict alone refuses is not told to be refused by default. */
START_TEST(test_strict_alone)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup), .strict = 1};
	struct pinstore_finding finding = {.size = sizeof(finding)};
	struct pinstore_lint *lint;

	ck_assert_int_eq(pinstore_lint("max-age=0;", 10, &setup, &lint),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_lint_finding(lint, 0, &finding), 1);
	ck_assert_str_ne(finding.pinstore, finding.strict);
	pinstore_lint_free(lint);
	ck_assert_int_eq(pinstore_lint("max-age=x;", 10, &setup, &lint),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_lint_finding(lint, 0, &finding), 1);
	ck_assert_str_eq(finding.pinstore, finding.strict);
	pinstore_lint_free(lint);
}
END_TEST

START_TEST(test_wrong_arguments)
{
	struct pinstore_lint_setup setup = {.size = sizeof(setup)};
	struct pinstore_lint *lint;

	ck_assert_int_eq(pinstore_lint(NULL, 1, &setup, &lint),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_lint("x", 1, NULL, &lint), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_lint("x", 1, &setup, NULL),
	                 PINSTORE_ERR_ARG);
	setup.max_age_cap = -1;
	ck_assert_int_eq(pinstore_lint("x", 1, &setup, &lint),
	                 PINSTORE_ERR_ARG);
	setup.max_age_cap = 0;
	setup.kind = (enum pinstore_kind)9;
	ck_assert_int_eq(pinstore_lint("x", 1, &setup, &lint),
	                 PINSTORE_ERR_ARG);
	setup.kind = PINSTORE_PKP;
	setup.host = "a..b";
	ck_assert_int_eq(pinstore_lint("x", 1, &setup, &lint),
	                 PINSTORE_ERR_HOST);
	setup.host = NULL;
	ck_assert_int_eq(pinstore_lint(NULL, 0, &setup, &lint), PINSTORE_OK);
	ck_assert_int_eq(pinstore_lint_reason(lint), PINSTORE_WHY_EMPTY);
	pinstore_lint_free(lint);
	pinstore_lint_free(NULL);
}
END_TEST

/* Every value has a word of its own, and a stranger has "unknown". */
START_TEST(test_words)
{
	int i, j, last = PINSTORE_WHY_NEARER_ENTRY;

	for (i = 0; i <= last; i++)
		for (j = 0; j < i; j++)
			ck_assert_str_ne(
			        pinstore_reason_word((enum pinstore_reason)i),
			        pinstore_reason_word((enum pinstore_reason)j));
	ck_assert_str_eq(pinstore_reason_word((enum pinstore_reason)(last + 1)),
	                 "unknown");
	for (i = 0; i >= PINSTORE_ERR_REMOTE; i--)
		ck_assert_str_ne(pinstore_strerror((enum pinstore_status)i),
		                 "unknown status");
	ck_assert_str_eq(pinstore_strerror((enum pinstore_status)1),
	                 "unknown status");
	ck_assert_str_eq(pinstore_verdict_word((enum pinstore_verdict)4),
	                 "unknown");
	ck_assert_str_eq(pinstore_verdict_word(PINSTORE_BYPASSED), "bypassed");
	ck_assert_str_eq(pinstore_source_word((enum pinstore_source)3),
	                 "unknown");
	ck_assert_str_eq(pinstore_source_word(PINSTORE_TOFU), "tofu");
	ck_assert_str_eq(pinstore_mode_word((enum pinstore_mode)2), "unknown");
	ck_assert_str_eq(pinstore_mode_word(PINSTORE_REPORT), "report");
	ck_assert_str_eq(pinstore_layer_word((enum pinstore_layer)3),
	                 "unknown");
	ck_assert_str_eq(pinstore_layer_word(PINSTORE_SYSTEM), "configured");
	ck_assert_str_eq(pinstore_action_word((enum pinstore_action)5),
	                 "unknown");
	ck_assert_str_eq(pinstore_syntax_word((enum pinstore_syntax)5),
	                 "unknown");
	ck_assert_str_eq(pinstore_syntax_word(PINSTORE_SYNTAX_VALUE), "VALUE");
	ck_assert_str_eq(
	        pinstore_lint_action_word((enum pinstore_lint_action)6),
	        "unknown");
	ck_assert_str_eq(pinstore_version(), PACKAGE_VERSION);
}
END_TEST

START_TEST(test_canonical)
{
	char out[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;

	ck_assert_int_eq(pinstore_host_canonical("A.Test.x", 7, out, &kind),
	                 PINSTORE_OK);
	ck_assert_str_eq(out, "a.test");
	ck_assert_int_eq(kind, PINSTORE_HOST_NAME);
	ck_assert_int_eq(pinstore_host_canonical("127.1", 5, out, &kind),
	                 PINSTORE_OK);
	ck_assert_int_eq(kind, PINSTORE_HOST_ADDRESS);
	/* T-038: an explicit length, so a NUL is an octet like others */
	ck_assert_int_eq(pinstore_host_canonical("pin.test\0.evil", 14, out,
	                                         &kind), PINSTORE_ERR_HOST);
	ck_assert_int_eq(kind, PINSTORE_HOST_BAD);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(pinstore_host_canonical(NULL, 0, out, &kind),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_host_canonical("a", 1, NULL, &kind),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_host_canonical("a", 1, out, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/lint");
	TCase *tcase = tcase_create("lint");

	tcase_add_loop_test(tcase, test_action, 0, COUNT(rows));
	tcase_add_test(tcase, test_cap_and_suffix);
	tcase_add_test(tcase, test_fault);
	tcase_add_test(tcase, test_findings);
	tcase_add_loop_test(tcase, test_folded, 0, COUNT(folded));
	tcase_add_test(tcase, test_plain_http);
	tcase_add_test(tcase, test_strict_alone);
	tcase_add_test(tcase, test_wrong_arguments);
	tcase_add_test(tcase, test_words);
	tcase_add_test(tcase, test_canonical);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
