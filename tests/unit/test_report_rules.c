/*
 * test_report_rules.c - whether a failure is reported, to whom, and when.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include <check.h>

#include "base/date.h"
#include "rules/report.h"
#include "tests/support/suite.h"

static struct ps_host
host_of(const char *name)
{
	enum pinstore_host_kind kind;
	struct ps_host host;

	ck_assert_int_eq(ps_host_parse(name, strlen(name), &host, &kind),
	                 PINSTORE_OK);
	return host;
}

/* ------------------------------------------------------------ what is told */

static const struct {
	enum pinstore_verdict verdict;
	enum pinstore_reason why;
	enum pinstore_mode mode;
	bool is_failure;
} outcomes[] = {
	/* R-3-1: refused by the pins */
	{PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN, PINSTORE_ENFORCE, true},
	{PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN, PINSTORE_REPORT, true},
	/* let through by mode report */
	{PINSTORE_UNPINNED, PINSTORE_WHY_REPORT_MODE, PINSTORE_REPORT, true},
	{PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN, PINSTORE_REPORT, true},
	/* R-2.6-9: pins were not in effect, or were not what refused */
	{PINSTORE_BYPASSED, PINSTORE_WHY_BYPASS, PINSTORE_ENFORCE, false},
	{PINSTORE_BYPASSED, PINSTORE_WHY_BYPASS, PINSTORE_REPORT, false},
	{PINSTORE_BYPASSED, PINSTORE_WHY_LOCAL_ANCHOR, PINSTORE_ENFORCE, false},
	{PINSTORE_REJECT, PINSTORE_WHY_NO_CHAIN, PINSTORE_ENFORCE, false},
	{PINSTORE_REJECT, PINSTORE_WHY_REVOKED, PINSTORE_ENFORCE, false},
	{PINSTORE_REJECT, PINSTORE_WHY_REVOKED, PINSTORE_REPORT, false},
	{PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS, PINSTORE_REPORT, false},
	/* passed */
	{PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN, PINSTORE_ENFORCE, false},
	{PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY, PINSTORE_ENFORCE, false},
};

START_TEST(failures)
{
	ck_assert_int_eq(ps_report_is_failure(outcomes[_i].verdict,
	                                      outcomes[_i].why,
	                                      outcomes[_i].mode),
	                 outcomes[_i].is_failure);
}
END_TEST

/* ----------------------------------------------------------------- to whom */

#define ALL {true, true, false, false}
#define OFF {false, true, false, false}
#define RO_OFF {true, false, false, false}
#define HTTPS {true, true, true, false}
#define SAME {true, true, false, true}

/* A connection to x.a.test:8443 that failed by the entry of a.test. */
static const struct {
	const char *uri;
	bool may_go;
	struct ps_report_rules rules;
	enum pinstore_kind kind;
	bool include_subdomains;
} ways[] = {
	/* R-2.1.4-6: any other domain */
	{"https://r.test/", true, ALL, PINSTORE_PKP, true},
	{"http://r.test/", true, ALL, PINSTORE_PKP, true},
	{"https://192.0.2.1/", true, ALL, PINSTORE_PKP, true},
	{"https://[2001:db8::1]:8443/", true, ALL, PINSTORE_PKP, true},
	{"https://r.test/", true, ALL, PINSTORE_PKP_RO, true},
	/* D-12: not where it would fail the same way */
	{"https://x.a.test/", false, ALL, PINSTORE_PKP, true},
	{"https://x.a.test:8443/", false, ALL, PINSTORE_PKP, true},
	{"https://x.a.test/", false, ALL, PINSTORE_PKP, false},
	{"https://a.test/", false, ALL, PINSTORE_PKP, true},
	{"https://A.Test./", false, ALL, PINSTORE_PKP, true},
	{"HTTPS://y.z.a.test/", false, ALL, PINSTORE_PKP, true},
	{"https://x.a.test/", false, ALL, PINSTORE_PKP_RO, false},
	/* but in the clear, beside it, and above it */
	{"http://x.a.test/", true, ALL, PINSTORE_PKP, true},
	{"https://y.a.test/", true, ALL, PINSTORE_PKP, false},
	{"https://nota.test/", true, ALL, PINSTORE_PKP, true},
	{"https://test/", true, ALL, PINSTORE_PKP, true},
	/* no report-uri, or none that can be used */
	{"", false, ALL, PINSTORE_PKP, true},
	{"/pins", false, ALL, PINSTORE_PKP, true},
	{"ftp://r.test/", false, ALL, PINSTORE_PKP, true},
	{"https://user@r.test/", false, ALL, PINSTORE_PKP, true},
	{"https://r.test:0/", false, ALL, PINSTORE_PKP, true},
	/* R-5-2: the switches */
	{"https://r.test/", false, OFF, PINSTORE_PKP, true},
	{"https://r.test/", false, OFF, PINSTORE_PKP_RO, true},
	{"https://r.test/", true, RO_OFF, PINSTORE_PKP, true},
	{"https://r.test/", false, RO_OFF, PINSTORE_PKP_RO, true},
	/* D-23 */
	{"https://r.test/", true, HTTPS, PINSTORE_PKP, true},
	{"http://r.test/", false, HTTPS, PINSTORE_PKP, true},
	/* R-5-1: another origin, another port, another scheme */
	{"https://r.test/", false, SAME, PINSTORE_PKP, true},
	{"https://a.test/", false, SAME, PINSTORE_PKP, true},
	{"http://a.test:8443/", false, SAME, PINSTORE_PKP, true},
	{"http://x.a.test/", false, SAME, PINSTORE_PKP, true},
	/* the very origin: D-12 stands before it */
	{"https://a.test:8443/", false, SAME, PINSTORE_PKP, true},
};

START_TEST(where_it_may_go)
{
	const struct ps_host host = host_of("x.a.test");
	const struct ps_host noted = host_of("a.test");
	struct ps_report_policy policy = {
		.kind = ways[_i].kind,
		.host = &host,
		.port = 8443,
		.noted = &noted,
		.include_subdomains = ways[_i].include_subdomains,
		.uri = ways[_i].uri,
	};

	ck_assert_msg(ps_report_may_go(&ways[_i].rules, &policy) ==
	                      ways[_i].may_go, "%s", ways[_i].uri);
}
END_TEST

/* ------------------------------------------------------------ what is same */

static uint64_t
hash_of(const struct ps_report_policy *policy, const char *served,
        const char *path)
{
	static const uint8_t key[PS_SIPHASH_KEY_LEN] = {0};
	struct ps_siphash hash;

	ps_siphash_init(&hash, key);
	ps_report_hash_policy(&hash, policy);
	for (; *served != '\0'; served++)
		ps_report_hash_certificate(&hash, (const uint8_t *)served, 1);
	ps_report_hash_end(&hash);
	for (; *path != '\0'; path++)
		ps_report_hash_certificate(&hash, (const uint8_t *)path, 1);
	ps_report_hash_end(&hash);
	return ps_siphash_final(&hash);
}

/* R-2.1.4-11: another of any of these is another report; nothing else is. */
START_TEST(what_is_another_report)
{
	const struct ps_host host = host_of("x.a.test");
	const struct ps_host noted = host_of("a.test"), other = host_of("test");
	struct pinstore_pin pins[2] = {{{1}}, {{2}}}, more[2] = {{{1}}, {{3}}};
	struct ps_report_policy policy = {
		.kind = PINSTORE_PKP,
		.host = &host,
		.port = 443,
		.noted = &noted,
		.pins = pins,
		.n_pins = 2,
		.uri = "https://r.test/",
	};
	const uint64_t hash = hash_of(&policy, "ab", "ac");

	ck_assert_uint_eq(hash_of(&policy, "ab", "ac"), hash);
	ck_assert_uint_ne(hash_of(&policy, "ba", "ac"), hash);
	ck_assert_uint_ne(hash_of(&policy, "a", "bac"), hash);
	ck_assert_uint_ne(hash_of(&policy, "aba", "c"), hash);
	ck_assert_uint_ne(hash_of(&policy, "ab", "a"), hash);
	switch (_i) {
	case 0:
		policy.port = 8443;
		break;
	case 1:
		policy.noted = &other;
		break;
	case 2:
		policy.host = &noted;
		break;
	case 3:
		policy.pins = more;
		break;
	case 4:
		policy.n_pins = 1;
		break;
	case 5:
		policy.include_subdomains = true;
		break;
	case 6:
		policy.uri = "https://r.test/x";
		break;
	}
	ck_assert_uint_ne(hash_of(&policy, "ab", "ac"), hash);
}
END_TEST

/* -------------------------------------------------------------------- when */

START_TEST(times)
{
	/* 60 seconds, and each time twice as many. */
	ck_assert_int_eq(ps_report_pause(1), 60);
	ck_assert_int_eq(ps_report_pause(2), 120);
	ck_assert_int_eq(ps_report_pause(3), 240);
	ck_assert_int_eq(ps_report_pause(4), 480);
	ck_assert_int_eq(ps_report_pause(1000000), ps_report_pause(5));
	ck_assert_int_eq(ps_report_after(INT64_MAX - 1, 2), INT64_MAX);
	ck_assert_int_eq(ps_report_after(INT64_MIN, 2), INT64_MIN + 2);
	/* A taker's time ends with its last second. */
	ck_assert(ps_report_is_leased(1120, 1000));
	ck_assert(ps_report_is_leased(1120, 1119));
	ck_assert(!ps_report_is_leased(1120, 1120));
	/* A clock that was ahead by more than that holds nothing up. */
	ck_assert(!ps_report_is_leased(1121, 1000));
	ck_assert(!ps_report_is_leased(INT64_MAX, 1000));
	ck_assert(!ps_report_is_leased(0, INT64_MIN));
	ck_assert(ps_report_is_due(1000, 1000));
	ck_assert(!ps_report_is_due(1001, 1000));
	ck_assert(!ps_report_is_due(1960, 1000));
	ck_assert(ps_report_is_due(1961, 1000));
	ck_assert(ps_report_is_due(INT64_MIN, INT64_MAX));
}
END_TEST

static const struct {
	int64_t seconds;
	const char *text;
} dates[] = {
	{0, "1970-01-01T00:00:00Z"},
	{-1, "1969-12-31T23:59:59Z"},
	{951782399, "2000-02-28T23:59:59Z"},
	{951782400, "2000-02-29T00:00:00Z"},
	{951868800, "2000-03-01T00:00:00Z"},
	{1709210096, "2024-02-29T12:34:56Z"},
	{2147483648, "2038-01-19T03:14:08Z"},
	{4107542399, "2100-02-28T23:59:59Z"},
	{4107542400, "2100-03-01T00:00:00Z"},
	{253402300799, "9999-12-31T23:59:59Z"},
	{253402300800, "9999-12-31T23:59:59Z"},
	{INT64_MAX, "9999-12-31T23:59:59Z"},
	{-62167219200, "0000-01-01T00:00:00Z"},
	{-62167219201, "0000-01-01T00:00:00Z"},
	{INT64_MIN, "0000-01-01T00:00:00Z"},
};

/* R-3-4: RFC 3339, whatever the number. */
START_TEST(dates_of_four_digits)
{
	char text[PS_DATE_LEN + 1];

	ps_date_print(dates[_i].seconds, text);
	ck_assert_str_eq(text, dates[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_rules");
	TCase *tcase = tcase_create("rules");

	tcase_add_loop_test(tcase, failures, 0, COUNT(outcomes));
	tcase_add_loop_test(tcase, where_it_may_go, 0, COUNT(ways));
	tcase_add_loop_test(tcase, what_is_another_report, 0, 7);
	tcase_add_test(tcase, times);
	tcase_add_loop_test(tcase, dates_of_four_digits, 0, COUNT(dates));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
