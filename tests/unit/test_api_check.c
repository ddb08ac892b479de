/*
 * test_api_check.c - which entry is judged, and how.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>

#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

/* An entry that a row is judged against; letters as pins. */
struct given {
	const char *host;
	enum pinstore_layer layer;
	const char *pins;
	int include_subdomains;
	int64_t expires;
};

struct judged {
	struct given given[4];
	const char *host;
	const char *chain; /* NULL = none */
	int64_t now;
	enum pinstore_verdict verdict;
	enum pinstore_reason reason;
};

#define LATER (NOW + 1000)
#define CONF PINSTORE_CONFIGURED
#define LEARN PINSTORE_LEARNED

static const struct judged rows[] = {
	/* R-1-1: nothing known, nothing judged */
	{{{0}}, "a.test", "A", NOW, PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	{{{0}}, "a.test", NULL, NOW, PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	/* R-2.6-5: any certificate of the path may hold the pin */
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "A", NOW,
	 PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "xyB", NOW,
	 PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	/* R-2.6-7: an empty intersection */
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "xyz", NOW,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* no chain is no empty set that matches */
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", NULL, NOW,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "", NOW,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_CHAIN},
	/* T-030, T-031: one entry for every spelling */
	{{{"A.Test", CONF, "AB", 0, LATER}}, "a.TEST.", "x", NOW,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* R-2.3.3-1, D-13, T-093: live up to the second of expiry */
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "x", LATER - 1,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "x", LATER,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}}, "a.test", "x", LATER + 1,
	 PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	/* R-2.1.3-1: subdomains at any depth, only with the flag */
	{{{"a.test", LEARN, "AB", 1, LATER}}, "x.y.a.test", "x", NOW,
	 PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"a.test", LEARN, "AB", 0, LATER}}, "x.y.a.test", "x", NOW,
	 PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	/* T-037: not without a border of labels, and not upwards */
	{{{"example.test", CONF, "AB", 1, LATER}}, "forexample.test", "x", NOW,
	 PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	{{{"example.test", CONF, "AB", 1, LATER}}, "example.test.evil.test",
	 "x", NOW, PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	{{{"example.test", CONF, "AB", 1, LATER}}, "test", "x", NOW,
	 PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
	{{{"example.test", CONF, "AB", 1, LATER}}, "a.b.example.test", "x",
	 NOW, PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* R-2.6-10, D-06: the nearest that applies, alone */
	{{{"c.test", LEARN, "A", 1, LATER}, {"b.c.test", LEARN, "B", 0, LATER}},
	 "b.c.test", "B", NOW, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	{{{"c.test", LEARN, "A", 1, LATER}, {"b.c.test", LEARN, "B", 0, LATER}},
	 "b.c.test", "A", NOW, PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* ... one without the flag hides nothing below it */
	{{{"c.test", LEARN, "A", 1, LATER}, {"b.c.test", LEARN, "B", 0, LATER}},
	 "a.b.c.test", "A", NOW, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	{{{"c.test", LEARN, "A", 1, LATER}, {"b.c.test", LEARN, "B", 0, LATER}},
	 "a.b.c.test", "B", NOW, PINSTORE_REJECT,
	 PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* R-2.3.3-2: an expired one hides nothing either */
	{{{"c.test", LEARN, "A", 1, LATER},
	  {"b.c.test", LEARN, "B", 1, NOW + 10}},
	 "a.b.c.test", "A", NOW + 11, PINSTORE_MATCHED,
	 PINSTORE_WHY_PIN_IN_CHAIN},
	{{{"c.test", LEARN, "A", 1, LATER},
	  {"b.c.test", LEARN, "B", 1, NOW + 10}},
	 "a.b.c.test", "B", NOW + 11, PINSTORE_REJECT,
	 PINSTORE_WHY_NO_PIN_IN_CHAIN},
	/* R-2.2.1-3, R-2.7-1, R-2.7-3, D-15: both layers must agree */
	{{{"a.test", CONF, "AB", 0, LATER}, {"a.test", LEARN, "BC", 0, LATER}},
	 "a.test", "A", NOW, PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}, {"a.test", LEARN, "BC", 0, LATER}},
	 "a.test", "C", NOW, PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"a.test", CONF, "AB", 0, LATER}, {"a.test", LEARN, "BC", 0, LATER}},
	 "a.test", "B", NOW, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	/* ... each with a pin of its own, on one path */
	{{{"a.test", CONF, "AX", 0, LATER}, {"a.test", LEARN, "BC", 0, LATER}},
	 "a.test", "AB", NOW, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	/* ... once the learned one has expired, the configured one alone */
	{{{"a.test", CONF, "AB", 0, LATER},
	  {"a.test", LEARN, "BC", 0, NOW + 5}},
	 "a.test", "A", NOW + 6, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	/* ... in each layer the nearest name, wherever the other's is */
	{{{"c.test", CONF, "A", 1, LATER}, {"b.c.test", LEARN, "B", 1, LATER}},
	 "a.b.c.test", "B", NOW, PINSTORE_REJECT,
	 PINSTORE_WHY_NO_PIN_IN_CHAIN},
	{{{"c.test", CONF, "A", 1, LATER}, {"b.c.test", LEARN, "B", 1, LATER}},
	 "a.b.c.test", "AB", NOW, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
	/* R-2.3.3-4, R-2.3.3-12, T-039: addresses are never pinned */
	{{{0}}, "127.0.0.1", "A", NOW, PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS},
	{{{0}}, "127.1", "A", NOW, PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS},
	{{{0}}, "[::1]", NULL, NOW, PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS},
	{{{0}}, "0x7f.1", "A", NOW, PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS},
};

/* Learned entries come by a header, configured ones by the operator. */
static void
give(const struct given *given)
{
	char pins[16];

	if (given->host == NULL)
		return;
	/* a single letter gets a backup that no chain has */
	snprintf(pins, sizeof(pins), "%s%s", given->pins,
	         strlen(given->pins) == 1 ? "~" : "");
	if (given->layer == PINSTORE_CONFIGURED) {
		ck_assert_int_eq(pin_at(given->host, pins,
		                        given->include_subdomains,
		                        given->expires, NOW), PINSTORE_OK);
		return;
	}
	/* over a chain that satisfies whatever is stored by then */
	ck_assert_int_eq(note_at(given->host,
	                         pins[0] == 'B' ? "AB" : "A",
	                         pins, given->expires - NOW,
	                         given->include_subdomains
	                                 ? "; includeSubDomains" : "",
	                         NOW).action, PINSTORE_NOTED);
}

START_TEST(test_judged)
{
	const struct judged *row = &rows[_i];
	struct pinstore_result *result;
	size_t i;

	for (i = 0; i < 4; i++)
		give(&row->given[i]);
	result = check_at(row->host, row->chain, row->now);
	ck_assert_str_eq(pinstore_verdict_word(pinstore_result_verdict(result)),
	                 pinstore_verdict_word(row->verdict));
	ck_assert_str_eq(pinstore_reason_word(pinstore_result_reason(result)),
	                 pinstore_reason_word(row->reason));
	pinstore_result_free(result);
}
END_TEST

/* T-037, R-2.6-14, H-9: what is no host name is refused, never "unpinned". */
static const char *const no_hosts[] = {
	"", ".", "a..test", ".example.test", "pin.test:8443", "a b.test",
	"a/b.test", "a%00.test", "a@b.test", "pin.test..", "[::1", "::1]",
	"xn--\xff.test", "https://pin.test", "[127.0.0.1]",
};

START_TEST(test_no_host)
{
	struct pinstore_peer peer = {.size = sizeof(peer)};
	struct pinstore_result *result = (struct pinstore_result *)&peer;
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain = chain_of("A");
	struct pinstore_error error;

	peer.host = no_hosts[_i];
	ck_assert_int_eq(pinstore_check(ps, &peer, chain, NOW, &verdict,
	                                &result, &error), PINSTORE_ERR_HOST);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_ptr_null(result);
	ck_assert_int_eq(error.status, PINSTORE_ERR_HOST);
	ck_assert_ptr_nonnull(strstr(error.text, "neither"));
	ck_assert_int_eq(pinstore_lookup(ps, no_hosts[_i], NOW, &result, NULL),
	                 PINSTORE_ERR_HOST);
	ck_assert_ptr_null(result);
	pinstore_chain_free(chain);
}
END_TEST

START_TEST(test_bad_arguments)
{
	struct pinstore_peer peer = {.size = 0, .host = "a.test"};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_result *result;

	ck_assert_int_eq(pinstore_check(ps, &peer, NULL, NOW, &verdict, NULL,
	                                NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	verdict = PINSTORE_MATCHED;
	ck_assert_int_eq(pinstore_check(ps, NULL, NULL, NOW, &verdict, NULL,
	                                NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	peer.size = sizeof(peer);
	verdict = PINSTORE_MATCHED;
	ck_assert_int_eq(pinstore_check(NULL, &peer, NULL, NOW, &verdict, NULL,
	                                NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_check(ps, &peer, NULL, NOW, NULL, NULL,
	                                NULL), PINSTORE_ERR_ARG);
	peer.host = NULL;
	ck_assert_int_eq(pinstore_check(ps, &peer, NULL, NOW, &verdict, NULL,
	                                NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_lookup(ps, NULL, NOW, &result, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_lookup(ps, "a.test", NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	/* A result is optional, and so is an error. */
	peer.host = "a.test";
	ck_assert_int_eq(pinstore_check(ps, &peer, NULL, NOW, &verdict, NULL,
	                                NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_UNPINNED);
	pinstore_result_free(NULL);
	pinstore_close(NULL);
}
END_TEST

/* A caller built with a shorter struct pinstore_peer: the rest is zero. */
START_TEST(test_shorter_peer)
{
	struct {
		size_t size;
		const char *host;
	} old = {sizeof(old), "a.test"};
	enum pinstore_verdict verdict;

	ck_assert_int_eq(pin_at("a.test", "AB", 0, LATER, NOW), PINSTORE_OK);
	ck_assert_int_eq(pinstore_check(
	        ps, (const struct pinstore_peer *)(const void *)&old, NULL,
	        NOW, &verdict, NULL, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
}
END_TEST

/* Which pin and which certificate, and what the result keeps. */
START_TEST(test_result_tells)
{
	const struct pinstore_entry *entry;
	struct pinstore_result *result;
	size_t pin = 9, certificate = 9;

	ck_assert_int_eq(pin_at("a.test", "AB", 1, LATER, NOW), PINSTORE_OK);
	result = check_at("W.a.test", "xyB", NOW);
	ck_assert_str_eq(pinstore_result_host(result), "w.a.test");
	ck_assert_int_eq(pinstore_result_matched(result, CONF, &pin,
	                                         &certificate), 1);
	ck_assert_uint_eq(pin, 1);
	ck_assert_uint_eq(certificate, 2);
	ck_assert_int_eq(pinstore_result_matched(result, LEARN, NULL, NULL), 0);
	ck_assert_ptr_null(pinstore_result_entry(result, LEARN));
	ck_assert_uint_eq(
	        pinstore_chain_length(pinstore_result_chain(result)), 3);
	entry = pinstore_result_entry(result, CONF);
	ck_assert_str_eq(pinstore_entry_host(entry), "a.test");
	ck_assert_int_eq(pinstore_entry_source(entry), PINSTORE_STATIC);
	ck_assert_int_eq(pinstore_entry_max_age_sent(entry), -1);
	ck_assert_ptr_null(pinstore_entry_report_uri(entry));
	ck_assert_ptr_null(pinstore_entry_note(entry));
	pinstore_result_free(result);
}
END_TEST

/* An entry in report mode is judged beside, and hides no enforcing parent. */
START_TEST(test_report_mode)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = "b.c.test",
		.pins = pins,
		.n_pins = pins_of("BX", pins),
		.mode = PINSTORE_REPORT,
		.expires = PINSTORE_NEVER,
	};
	struct pinstore_result *result;

	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, NULL), PINSTORE_OK);
	result = check_at("b.c.test", "A", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_UNPINNED);
	ck_assert_int_eq(pinstore_result_reason(result),
	                 PINSTORE_WHY_REPORT_MODE);
	ck_assert_int_eq(pinstore_result_violation(result), 1);
	pinstore_result_free(result);

	ck_assert_int_eq(pin_at("c.test", "AY", 1, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	result = check_at("b.c.test", "A", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_MATCHED);
	ck_assert_int_eq(pinstore_result_violation(result), 1);
	ck_assert_ptr_nonnull(pinstore_result_report_entry(result, CONF));
	pinstore_result_free(result);
	result = check_at("b.c.test", "B", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_result_violation(result), 0);
	pinstore_result_free(result);
}
END_TEST

/* H-11: the walk in words: each name, each layer, each reason. */
START_TEST(test_steps)
{
	static const struct {
		enum pinstore_layer layer;
		const char *name;
		int found, expired, subdomains, applies;
		const char *why;
	} expected[] = {
		{CONF, "a.b.c.test", 0, 0, 0, 0, "no-entry"},
		{CONF, "b.c.test", 1, 0, 0, 0, "no-include-subdomains"},
		{CONF, "c.test", 1, 0, 1, 1, "covers-subdomains"},
		{CONF, "test", 1, 0, 1, 0, "nearer-entry"},
		{LEARN, "a.b.c.test", 1, 1, 0, 0, "expired"},
		{LEARN, "b.c.test", 0, 0, 0, 0, "no-entry"},
		{LEARN, "c.test", 0, 0, 0, 0, "no-entry"},
		{LEARN, "test", 0, 0, 0, 0, "no-entry"},
	};
	struct pinstore_step step = {.size = sizeof(step)};
	struct pinstore_result *result;
	size_t i;

	pin_at("b.c.test", "AB", 0, PINSTORE_NEVER, NOW);
	pin_at("c.test", "AB", 1, PINSTORE_NEVER, NOW);
	pin_at("test", "AB", 1, PINSTORE_NEVER, NOW);
	note_at("a.b.c.test", "A", "AB", 10, "", NOW);
	ck_assert_int_eq(pinstore_lookup(ps, "A.b.c.test", NOW + 11, &result,
	                                 NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_REJECT);
	for (i = 0; pinstore_result_step(result, i, &step); i++) {
		ck_assert_uint_lt(i, 8);
		ck_assert_int_eq(step.layer, expected[i].layer);
		ck_assert_str_eq(step.name, expected[i].name);
		ck_assert_int_eq(step.found, expected[i].found);
		ck_assert_int_eq(step.expired, expected[i].expired);
		ck_assert_int_eq(step.include_subdomains,
		                 expected[i].subdomains);
		ck_assert_int_eq(step.applies, expected[i].applies);
		ck_assert_str_eq(pinstore_reason_word(step.why),
		                 expected[i].why);
	}
	ck_assert_uint_eq(i, 8);
	pinstore_result_free(result);
}
END_TEST

/* R-2.6-8: the verdict is that of a naive intersection. */
START_TEST(test_naive)
{
	char pins[9], chain[9];
	unsigned seed = 7;
	size_t i, j, n;
	int round, expected;

	for (round = 0; round < 300; round++) {
		n = 2 + (size_t)rand_r(&seed) % 6;
		for (i = 0; i < n; i++)
			pins[i] = (char)('a' + rand_r(&seed) % 20);
		pins[n] = '\0';
		if (strspn(pins, (char[]){pins[0], '\0'}) == n)
			continue;
		n = 1 + (size_t)rand_r(&seed) % 6;
		for (j = 0; j < n; j++)
			chain[j] = (char)('a' + rand_r(&seed) % 20);
		chain[n] = '\0';
		expected = strpbrk(pins, chain) != NULL;
		ck_assert_int_eq(pin_at("a.test", pins, 0, LATER, NOW),
		                 PINSTORE_OK);
		ck_assert_int_eq(verdict_at("a.test", chain, NOW),
		                 expected ? PINSTORE_MATCHED : PINSTORE_REJECT);
	}
}
END_TEST

/* the policy that stands now, also in a handle that is long open. */
START_TEST(test_policy_of_now)
{
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_UNPINNED);
	pin_at("a.test", "AB", 0, LATER, NOW);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	pin_at("a.test", "xB", 0, LATER, NOW);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_MATCHED);
}
END_TEST

/* The record of a.test, and what is proved by it. */
static const char *const beside[] = {"a.test", "w.a.test", "aa.test"};

/* Rule 4 of judging: what cannot be read is an error, and an error refuses. */
START_TEST(test_damaged)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = beside[_i]};
	struct pinstore_result *result = (void *)&peer;
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain = chain_of("A");
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct raw raw;
	size_t len;

	ck_assert_int_eq(pin_at("a.test", "AB", 1, LATER, NOW), PINSTORE_OK);
	ck_assert_int_ne(verdict_at(beside[_i], "A", NOW), PINSTORE_REJECT);
	pinstore_close(ps);
	raw = raw_begin(fixture_dir.store);
	len = raw_get(&raw, PS_HOSTS, raw_key("test.a"), record,
	              sizeof(record));
	record[len - 1] ^= 1;
	raw_put(&raw, PS_HOSTS, raw_key("test.a"), record, len);
	raw_end(&raw);
	fixture_open(NULL);
	ck_assert_int_eq(pinstore_check(ps, &peer, chain, NOW, &verdict,
	                                &result, NULL), PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_ptr_null(result);
	verdict = PINSTORE_MATCHED;
	ck_assert_int_eq(pinstore_check(ps, &peer, chain, NOW, &verdict, NULL,
	                                NULL), PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_lookup(ps, beside[_i], NOW, &result, NULL),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_null(result);
	pinstore_chain_free(chain);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/check");
	TCase *tcase = tcase_create("check");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tcase, test_judged, 0, COUNT(rows));
	tcase_add_loop_test(tcase, test_no_host, 0, COUNT(no_hosts));
	tcase_add_test(tcase, test_bad_arguments);
	tcase_add_test(tcase, test_shorter_peer);
	tcase_add_test(tcase, test_result_tells);
	tcase_add_test(tcase, test_report_mode);
	tcase_add_test(tcase, test_steps);
	tcase_add_test(tcase, test_naive);
	tcase_add_test(tcase, test_policy_of_now);
	tcase_add_loop_test(tcase, test_damaged, 0, COUNT(beside));
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
