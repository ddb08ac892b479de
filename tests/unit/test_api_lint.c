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
	for (i = 0; i >= PINSTORE_ERR_INTERNAL; i--)
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
	ck_assert_str_eq(pinstore_layer_word((enum pinstore_layer)2),
	                 "unknown");
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
	tcase_add_test(tcase, test_wrong_arguments);
	tcase_add_test(tcase, test_words);
	tcase_add_test(tcase, test_canonical);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
