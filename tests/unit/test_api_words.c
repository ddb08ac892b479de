/*
 * test_api_words.c - what the library says of calls that cannot be meant, and
 * the words of its enums that no other test needs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A tool prints these as they stand, so they are compared whole.
 */
#include <config.h>

#include <stdlib.h>

#include <pinstore/admin.h>
#include <pinstore/curl.h>
#include <pinstore/gnutls.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

static struct pinstore_error error;

/* What was answered, and with which words. */
static void
says(enum pinstore_status status, enum pinstore_status wanted,
     const char *words)
{
	ck_assert_msg(status == wanted && strcmp(error.text, words) == 0,
	              "status %d and not %d: \"%s\"\nand not \"%s\"", status,
	              wanted, error.text, words);
	ck_assert_int_eq(error.status, wanted);
}

static void
no_argument(enum pinstore_status status, const char *words)
{
	says(status, PINSTORE_ERR_ARG, words);
}

START_TEST(calls_of_the_store)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *other = NULL;
	uint64_t n;

	ck_assert_ptr_nonnull(options);
	no_argument(pinstore_open("x", NULL, NULL, &error),
	            "pinstore_open: no place for the handle");
	no_argument(pinstore_open("", NULL, &other, &error),
	            "pinstore_open: the path is empty");
	no_argument(pinstore_open_memory(NULL, NULL, &error),
	            "pinstore_open_memory: no place for the handle");
	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_READONLY,
	                                      1), PINSTORE_OK);
	no_argument(pinstore_open_memory(options, &other, &error),
	            "pinstore_open_memory: what begins empty and is read-only "
	            "has no use");
	ck_assert_ptr_null(other);
	pinstore_options_free(options);
	no_argument(pinstore_backup(NULL, "copy", 0, &n, &error),
	            "pinstore_backup: no store, or no path for the copy");
	no_argument(pinstore_publish(ps, "", 0, &n, &error),
	            "pinstore_publish: no store, or no path for the copy");
	no_argument(pinstore_restore("", "copy", NOW, NULL, NULL, &n, &error),
	            "pinstore_restore: no path, or no backup");
	no_argument(pinstore_fsck("x", NULL, NULL, &error),
	            "pinstore_fsck: no path, no place for the result, or a "
	            "setup that is none");
	no_argument(pinstore_compact(NULL, &error), "pinstore_compact: no store");
	no_argument(pinstore_usage(ps, NULL, &error),
	            "pinstore_usage: no store, or no place for it");
}
END_TEST

START_TEST(calls_of_a_check)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = NULL};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {.kind = PINSTORE_PKP, .value = "", .len = 0};
	struct pinstore_result *result = NULL;
	enum pinstore_verdict verdict;

	no_argument(pinstore_lookup(ps, "a.test", NOW, NULL, &error),
	            "pinstore_lookup: no store, or no place for the result");
	no_argument(pinstore_check(ps, NULL, NULL, NOW, &verdict, NULL, &error),
	            "pinstore_check: no store, no peer with its size, or no "
	            "place for the verdict");
	no_argument(pinstore_check(ps, &peer, NULL, NOW, &verdict, NULL, &error),
	            "no host given");
	says(pinstore_lookup(ps, "a.test:443", NOW, &result, &error),
	     PINSTORE_ERR_HOST,
	     "\"a.test:443\" is neither a host name nor an address; give the "
	     "host of the URL alone");
	no_argument(pinstore_note(ps, NULL, &field, 1, NOW, &noted, &error),
	            "pinstore_note: no store, no result of a check, no fields, "
	            "or no place for the outcome with its size");
	no_argument(pinstore_trust(ps, NULL, NOW, &noted, &error),
	            "pinstore_trust: no store, no result of a check, or no "
	            "place for the outcome with its size");
	ck_assert_int_eq(pinstore_lookup(ps, "a.test", NOW, &result, &error),
	                 PINSTORE_OK);
	says(pinstore_note(ps, result, &field, 1, NOW, &noted, &error),
	     PINSTORE_ERR_CHAIN,
	     "a.test was checked without a chain: nothing can be noted");
	says(pinstore_trust(ps, result, NOW, &noted, &error),
	     PINSTORE_ERR_CHAIN,
	     "a.test was checked without a chain: no key can be trusted");
	pinstore_result_free(result);
}
END_TEST

static int64_t
no_time(void *arg)
{
	(void)arg;
	return NOW;
}

START_TEST(calls_of_a_session)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "a.test"};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	enum pinstore_verdict verdict;
	gnutls_session_t session, server;

	no_argument(pinstore_session_attach(NULL, ps, &peer, NULL, NULL,
	                                    &error),
	            "pinstore_session_attach: no session, no store, no clock, "
	            "or no peer with its size");
	no_argument(pinstore_check_peer(ps, NULL, &peer, NULL, NOW, &verdict,
	                                NULL, &error),
	            "pinstore_check_peer: no store, no session, no peer with "
	            "its size, or no place for the verdict");
	no_argument(pinstore_chain_from_session(NULL, "a.test", NULL, &error),
	            "pinstore_chain_from_session: no session, or no place for "
	            "the chain");
	no_argument(pinstore_chain_from_served(NULL, 0, NULL, 0, "a.test", NULL,
	                                       &error),
	            "pinstore_chain_from_served: no trust list, no "
	            "certificates, or no place for the chain");
	no_argument(pinstore_check_served(ps, NULL, 0, NULL, 0, &peer, NOW,
	                                  &verdict, NULL, &error),
	            "pinstore_check_served: no store, no trust list, no "
	            "certificates, no peer with its size, or no place for the "
	            "verdict");
	ck_assert_int_eq(gnutls_init(&session, GNUTLS_CLIENT), 0);
	no_argument(pinstore_session_last(session, &verdict, NULL, &error),
	            "pinstore_session_last: nothing is attached to the session");
	no_argument(pinstore_session_last(session, NULL, NULL, &error),
	            "pinstore_session_last: no place for the verdict");
	no_argument(pinstore_session_note(session, NULL, 0, &noted, &error),
	            "pinstore_session_note: nothing is attached to the session");
	ck_assert_int_eq(gnutls_init(&server, GNUTLS_SERVER), 0);
	no_argument(pinstore_session_attach(server, ps, &peer, no_time, NULL,
	                                    &error),
	            "pinstore_session_attach: not a client's session");
	gnutls_deinit(server);
	ck_assert_int_eq(pinstore_session_attach(session, ps, &peer, no_time,
	                                         NULL, &error), PINSTORE_OK);
	says(pinstore_session_last(session, &verdict, NULL, &error),
	     PINSTORE_ERR_UNJUDGED,
	     "pinstore_session_last: no check has seen the session");
	says(pinstore_session_note(session, NULL, 0, &noted, &error),
	     PINSTORE_ERR_UNJUDGED,
	     "pinstore_session_note: no check has seen the session");
	gnutls_deinit(session);
}
END_TEST

START_TEST(calls_of_the_operator)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {.size = sizeof(rule),
	                             .host = "a.test",
	                             .pins = pins,
	                             .n_pins = 0,
	                             .expires = PINSTORE_NEVER};
	struct pinstore_filter filter = {.size = 0};
	struct pinstore_entry *entry;
	size_t n;

	(void)pins_of("AB", pins);
	no_argument(pinstore_show(ps, "a.test", PINSTORE_LEARNED, NULL, &error),
	            "pinstore_show: no store, no such layer, or no place for "
	            "the entry");
	says(pinstore_show(ps, "a.test", PINSTORE_SYSTEM, &entry, &error),
	     PINSTORE_ERR_NOTFOUND,
	     "a.test has no configured entry in the system's store");
	no_argument(pinstore_pin(ps, NULL, NOW, &error),
	            "pinstore_pin: no store, or no rule with its size");
	no_argument(pinstore_pin(ps, &rule, NOW, &error),
	            "a.test: an entry needs at least one pin");
	rule.n_pins = 1;
	no_argument(pinstore_pin(ps, &rule, NOW, &error),
	            "a.test: a single pin locks everybody out when its key is "
	            "lost; add the pin of a backup key, or say that none is "
	            "wanted");
	rule.n_pins = 2;
	rule.mode = (enum pinstore_mode)99;
	no_argument(pinstore_pin(ps, &rule, NOW, &error),
	            "a.test: no such mode");
	rule.mode = PINSTORE_ENFORCE;
	rule.report_uri = "mailto:me@a.test";
	no_argument(pinstore_pin(ps, &rule, NOW, &error),
	            "a.test: the report-uri is no absolute http or https URI "
	            "of at most 1024 octets");
	rule.report_uri = NULL;
	rule.host = "127.0.0.1";
	says(pinstore_pin(ps, &rule, NOW, &error), PINSTORE_ERR_HOST,
	     "\"127.0.0.1\" is an address; only names are pinned (RFC 7469, "
	     "2.3.3)");
	no_argument(pinstore_clear(ps, &filter, NOW, &n, &error),
	            "pinstore_clear: no store, or no filter with its size");
	no_argument(pinstore_expire(ps, NOW + 1, NOW, 0, 0, &n, &error),
	            "pinstore_expire: no store, no place for the count, or a "
	            "limit that lies in the future");
	rule.host = "a.test";
	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, &error), PINSTORE_OK);
	says(pinstore_expire(ps, NOW, NOW + 61 * INT64_C(86400), 0, 0, &n,
	                     &error), PINSTORE_ERR_UNFIT,
	     "now lies more than 60 days past the latest time this store has "
	     "seen; check the clock, and force it if the clock is right");
	no_argument(pinstore_walk(ps, NULL, NULL, NULL, &error),
	            "pinstore_walk: no store, or nothing to call");
	no_argument(pinstore_walk_system(ps, NULL, NULL, NULL, &error),
	            "pinstore_walk_system: no store, or nothing to call");
	no_argument(pinstore_log(ps, 0, NULL, NULL, &error),
	            "pinstore_log: no store, or nothing to call");
	no_argument(pinstore_set_mode(ps, "a.test", (enum pinstore_mode)99, 0,
	                              NOW, &error),
	            "pinstore_set_mode: no store, or no such mode");
}
END_TEST

START_TEST(calls_of_orders)
{
	struct pinstore_pin pin = pin_of('A');
	struct pinstore_bypass bypass = {.size = sizeof(bypass),
	                                 .host = "a.test",
	                                 .start = NOW,
	                                 .end = NOW + 60};
	int64_t value;

	no_argument(pinstore_revoke(ps, NULL, NULL, NOW, &error),
	            "pinstore_revoke: no store, no pin, or a note of more than "
	            "256 octets");
	no_argument(pinstore_unrevoke(ps, NULL, NOW, &error),
	            "pinstore_unrevoke: no store, or no pin");
	says(pinstore_unrevoke(ps, &pin, NOW, &error), PINSTORE_ERR_NOTFOUND,
	     "this key is not revoked");
	no_argument(pinstore_is_revoked(ps, &pin, NULL, &error),
	            "pinstore_is_revoked: no store, no pin, or no place for "
	            "the answer");
	no_argument(pinstore_walk_revoked(ps, NULL, NULL, &error),
	            "pinstore_walk_revoked: no store, or nothing to call");
	no_argument(pinstore_bypass(ps, NULL, NOW, &error),
	            "pinstore_bypass: no store, or no bypass with its size");
	no_argument(pinstore_bypass(ps, &bypass, NOW, &error),
	            "a.test: a bypass needs a reason of at most 256 octets");
	bypass.reason = "keys are being changed";
	bypass.end = NOW + 8 * INT64_C(86400);
	no_argument(pinstore_bypass(ps, &bypass, NOW, &error),
	            "a.test: a bypass lasts 7 days at most, and ends in the "
	            "future");
	no_argument(pinstore_bypass_end(NULL, "a.test", NOW, &error),
	            "pinstore_bypass_end: no store");
	no_argument(pinstore_walk_bypasses(ps, NULL, NULL, &error),
	            "pinstore_walk_bypasses: no store, or nothing to call");
	no_argument(pinstore_setting_get(ps, PINSTORE_SETTING_QUOTA_DOMAIN,
	                                 NULL, NULL, &error),
	            "pinstore_setting_get: no store, no such setting, or no "
	            "place for the value");
	value = -1;
	no_argument(pinstore_setting_put(ps, PINSTORE_SETTING_QUOTA_DOMAIN,
	                                 &value, NOW, &error),
	            "pinstore_setting_put: no store, no such setting, or a "
	            "value out of its range");
	no_argument(pinstore_anchors(ps, NULL, NULL, &error),
	            "pinstore_anchors: no store, or no place for the pins");
	no_argument(pinstore_set_anchors(ps, NULL, 1, NOW, &error),
	            "pinstore_set_anchors: no store, no pins, or more than 32");
}
END_TEST

START_TEST(calls_of_reports)
{
	struct pinstore_report *report;
	size_t n;

	no_argument(pinstore_walk_reports(ps, NULL, NULL, &error),
	            "pinstore_walk_reports: no store, or nothing to call");
	no_argument(pinstore_report_count(ps, NULL, &error),
	            "pinstore_report_count: no store, or no place for the "
	            "numbers with its size");
	no_argument(pinstore_report_take(ps, NOW, NULL, &error),
	            "pinstore_report_take: no store, or no place for the "
	            "report");
	no_argument(pinstore_report_take_id(ps, 0, NOW, &report, &error),
	            "pinstore_report_take_id: no store, no number, or no place "
	            "for the report");
	says(pinstore_report_take(ps, NOW, &report, &error),
	     PINSTORE_ERR_NOTFOUND, "no report is due");
	no_argument(pinstore_report_settle(ps, NULL, PINSTORE_OUTCOME_DELIVERED, NOW,
	                                   &error),
	            "pinstore_report_settle: no store, no report, or no such "
	            "outcome");
	no_argument(pinstore_drop_reports(NULL, 0, NULL, NOW, &n, &error),
	            "pinstore_drop_reports: no store");
}
END_TEST

START_TEST(calls_of_an_import)
{
	struct pinstore_import_item item = {.size = sizeof(item),
	                                    .host = "a.test",
	                                    .source = PINSTORE_STATIC,
	                                    .mode = PINSTORE_ENFORCE,
	                                    .noted = PINSTORE_UNDATED,
	                                    .updated = PINSTORE_UNDATED,
	                                    .expires = PINSTORE_NEVER,
	                                    .max_age_sent = -1};
	struct pinstore_import *import;
	struct pinstore_pin pins[2];

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	no_argument(pinstore_import_add(import, NULL, &error),
	            "pinstore_import_add: nothing to add to, no item with its "
	            "size, or no such source");
	no_argument(pinstore_import_add(import, &item, &error),
	            "a.test: an entry needs at least one pin");
	item.pins = pins;
	item.n_pins = pins_of("AB", pins);
	item.mode = (enum pinstore_mode)99;
	no_argument(pinstore_import_add(import, &item, &error),
	            "a.test: no such mode");
	item.mode = PINSTORE_ENFORCE;
	item.max_age_sent = -2;
	no_argument(pinstore_import_add(import, &item, &error),
	            "a.test: a negative max-age");
	no_argument(pinstore_import_run(ps, NULL, 0, NOW, NULL, &error),
	            "pinstore_import_run: no store, nothing to import, or "
	            "totals without their size");
	item.max_age_sent = -1;
	ck_assert_int_eq(pinstore_import_add(import, &item, &error),
	                 PINSTORE_OK);
	item.n_pins = 1;
	ck_assert_int_eq(pinstore_import_add(import, &item, &error),
	                 PINSTORE_OK);
	says(pinstore_import_run(ps, import, PINSTORE_IMPORT_STRICT, NOW, NULL,
	                         &error), PINSTORE_ERR_UNFIT,
	     "nothing is imported: not all of it can be");
	pinstore_import_free(import);
}
END_TEST

/* ----------------------------------------------------------- words of enums */

static const struct {
	enum pinstore_status status;
	const char *words;
} statuses[] = {
	{PINSTORE_OK, "no error"},
	{PINSTORE_ERR_ARG, "argument not allowed"},
	{PINSTORE_ERR_NOMEM, "out of memory"},
	{PINSTORE_ERR_HOST, "neither a host name nor an address"},
	{PINSTORE_ERR_HEADER, "header field outside the grammar"},
	{PINSTORE_ERR_UNFIT, "conditions not met"},
	{PINSTORE_ERR_NOTFOUND, "no such entry"},
	{PINSTORE_ERR_CHAIN, "no validated certificate path"},
	{PINSTORE_ERR_UNJUDGED, "connection that no check has seen"},
	{PINSTORE_ERR_ACCESS, "store not accessible, or not safely kept"},
	{PINSTORE_ERR_READONLY, "store cannot be written"},
	{PINSTORE_ERR_BUSY, "store is busy"},
	{PINSTORE_ERR_FULL, "store is full"},
	{PINSTORE_ERR_IO, "system error on the store"},
	{PINSTORE_ERR_VERSION, "store of a later version or another machine"},
	{PINSTORE_ERR_DAMAGED, "store is damaged"},
	{PINSTORE_ERR_INTERNAL, "defect in pinstore"},
	{PINSTORE_ERR_FORKED, "store in memory of the parent process"},
	{PINSTORE_ERR_REMOTE, "store on a network file system"},
	{(enum pinstore_status)1, "unknown status"},
};

START_TEST(words_of_statuses)
{
	ck_assert_str_eq(pinstore_strerror(statuses[_i].status),
	                 statuses[_i].words);
}
END_TEST

static const struct {
	enum pinstore_flaw_kind kind;
	const char *word, *text;
} flaws[] = {
	{(enum pinstore_flaw_kind)0, "damaged", "it is damaged"},
	{PINSTORE_FLAW_HEAD, "head", "one of its heads is not valid"},
	{PINSTORE_FLAW_SHORT, "short", "it is shorter than it must be"},
	{PINSTORE_FLAW_UNREADABLE, "unreadable", "a page cannot be read"},
	{PINSTORE_FLAW_PAGE, "page", "a page is not what it must be"},
	{PINSTORE_FLAW_TWICE, "twice", "a page is used twice"},
	{PINSTORE_FLAW_FREE, "free", "a page is used, and free as well"},
	{PINSTORE_FLAW_FREE_LIST, "free-list", "its list of free pages is none"},
	{PINSTORE_FLAW_ORDER, "order", "keys are not where they belong"},
	{PINSTORE_FLAW_DEPTH, "depth", "a page is too high or too low"},
	{PINSTORE_FLAW_COUNT, "count",
	 "it has lost records, or has some again that had been removed"},
	{PINSTORE_FLAW_TABLE, "table", "a database is missing, or is none"},
	{PINSTORE_FLAW_RECORD, "record",
	 "a record does not match its checksum or form"},
	{PINSTORE_FLAW_LINK, "link", "what follows a record is not what it names"},
	{PINSTORE_FLAW_SUMMARY, "summary", "a count does not fit the records"},
};

START_TEST(words_of_flaws)
{
	ck_assert_str_eq(pinstore_flaw_word(flaws[_i].kind), flaws[_i].word);
	ck_assert_str_eq(pinstore_flaw_text(flaws[_i].kind), flaws[_i].text);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("all");
	Suite *suite = suite_create("api_words");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_test(tcase, calls_of_the_store);
	tcase_add_test(tcase, calls_of_a_check);
	tcase_add_test(tcase, calls_of_a_session);
	tcase_add_test(tcase, calls_of_the_operator);
	tcase_add_test(tcase, calls_of_orders);
	tcase_add_test(tcase, calls_of_reports);
	tcase_add_test(tcase, calls_of_an_import);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("words");
	tcase_add_loop_test(tcase, words_of_statuses, 0, COUNT(statuses));
	tcase_add_loop_test(tcase, words_of_flaws, 0, COUNT(flaws));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
