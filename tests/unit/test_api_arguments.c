/*
 * test_api_arguments.c - what is left out, or has no meaning, is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each call is right but for one argument.  It says ARG, and the places for its
 * answers have their safe values.
 */
#include <config.h>

#include <stdlib.h>

#include <pinstore/admin.h>

#include "tests/unit/api_fixture.h"
#include "tests/support/suite.h"

#define NO_LAYER ((enum pinstore_layer)99)
#define NO_SETTING ((enum pinstore_setting)99)
#define NO_MODE ((enum pinstore_mode)99)
#define NO_OUTCOME ((enum pinstore_outcome)99)

/* The call, which sets err, refuses its arguments and says which. */
#define REFUSES(call)                                                   \
	do {                                                            \
		memset(&err, 'x', sizeof(err));                         \
		ck_assert_msg((call) == PINSTORE_ERR_ARG &&             \
		              err.status == PINSTORE_ERR_ARG &&         \
		              err.text[0] != '\0', "%s", #call);        \
	} while (0)

static struct pinstore_error err;
static struct pinstore_pin pin;

static int
no_entry(const struct pinstore_entry *entry, void *arg)
{
	(void)entry;
	(void)arg;
	return 0;
}

static int
no_record(const struct pinstore_record *record, void *arg)
{
	(void)record;
	(void)arg;
	return 0;
}

static int
no_revoked(const struct pinstore_pin *revoked, int64_t since, const char *note,
           void *arg)
{
	(void)revoked;
	(void)since;
	(void)note;
	(void)arg;
	return 0;
}

static int
no_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	(void)bypass;
	(void)arg;
	return 0;
}

static int
no_report(const struct pinstore_report *report, void *arg)
{
	(void)report;
	(void)arg;
	return 0;
}

/* -------------------------------------------------------------------- calls */

START_TEST(what_is_asked)
{
	struct pinstore_usage usage = {.size = sizeof(usage)}, odd = {.size = 1};
	struct pinstore_result *result = (void *)1;
	struct pinstore_entry *entry = (void *)1;
	int is_revoked = 0, is_set = 1;
	int64_t value = 7;

	REFUSES(pinstore_lookup(NULL, "a.test", NOW, &result, &err));
	ck_assert_ptr_null(result);
	REFUSES(pinstore_lookup(ps, "a.test", NOW, NULL, &err));
	REFUSES(pinstore_show(NULL, "a.test", PINSTORE_LEARNED, &entry, &err));
	ck_assert_ptr_null(entry);
	REFUSES(pinstore_show(ps, "a.test", NO_LAYER, &entry, &err));
	REFUSES(pinstore_show(ps, "a.test", PINSTORE_LEARNED, NULL, &err));
	/* Revoked is the safe answer. */
	REFUSES(pinstore_is_revoked(NULL, &pin, &is_revoked, &err));
	ck_assert_int_eq(is_revoked, 1);
	REFUSES(pinstore_is_revoked(ps, NULL, &is_revoked, &err));
	REFUSES(pinstore_is_revoked(ps, &pin, NULL, &err));
	REFUSES(pinstore_setting_get(NULL, PINSTORE_SETTING_REPORT, &value,
	                             &is_set, &err));
	ck_assert_int_eq(value, 0);
	ck_assert_int_eq(is_set, 0);
	REFUSES(pinstore_setting_get(ps, NO_SETTING, &value, &is_set, &err));
	REFUSES(pinstore_setting_get(ps, PINSTORE_SETTING_REPORT, NULL, NULL,
	                             &err));
	REFUSES(pinstore_usage(NULL, &usage, &err));
	REFUSES(pinstore_usage(ps, NULL, &err));
	REFUSES(pinstore_usage(ps, &odd, &err));
	odd.size = 5000;
	REFUSES(pinstore_usage(ps, &odd, &err));
	ck_assert_int_eq(pinstore_usage(ps, &usage, &err), PINSTORE_OK);
}
END_TEST

START_TEST(what_is_walked)
{
	struct pinstore_report_totals totals = {.size = sizeof(totals)};
	struct pinstore_pin anchors[PINSTORE_ANCHORS_MAX];
	size_t n = 7;

	REFUSES(pinstore_walk(NULL, NULL, no_entry, NULL, &err));
	REFUSES(pinstore_walk(ps, NULL, NULL, NULL, &err));
	REFUSES(pinstore_walk_system(NULL, NULL, no_entry, NULL, &err));
	REFUSES(pinstore_walk_system(ps, NULL, NULL, NULL, &err));
	REFUSES(pinstore_log(NULL, 0, no_record, NULL, &err));
	REFUSES(pinstore_log(ps, 0, NULL, NULL, &err));
	REFUSES(pinstore_walk_revoked(NULL, no_revoked, NULL, &err));
	REFUSES(pinstore_walk_revoked(ps, NULL, NULL, &err));
	REFUSES(pinstore_walk_bypasses(NULL, no_bypass, NULL, &err));
	REFUSES(pinstore_walk_bypasses(ps, NULL, NULL, &err));
	REFUSES(pinstore_walk_reports(NULL, no_report, NULL, &err));
	REFUSES(pinstore_walk_reports(ps, NULL, NULL, &err));
	REFUSES(pinstore_report_count(NULL, &totals, &err));
	REFUSES(pinstore_report_count(ps, NULL, &err));
	REFUSES(pinstore_anchors(NULL, anchors, &n, &err));
	ck_assert_uint_eq(n, 0);
	REFUSES(pinstore_anchors(ps, NULL, &n, &err));
	REFUSES(pinstore_anchors(ps, anchors, NULL, &err));
}
END_TEST

START_TEST(what_is_ordered)
{
	struct pinstore_bypass bypass = {.size = sizeof(bypass),
	                                 .host = "a.test", .start = NOW,
	                                 .end = NOW + 60, .reason = "x"};
	struct pinstore_rule rule = {.size = sizeof(rule), .host = "a.test",
	                             .pins = &pin, .n_pins = 1, .no_backup = 1,
	                             .expires = PINSTORE_NEVER};
	struct pinstore_filter filter = {.size = sizeof(filter)};
	const int64_t on = 1;
	size_t n = 7;

	REFUSES(pinstore_pin(NULL, &rule, NOW, &err));
	REFUSES(pinstore_pin(ps, NULL, NOW, &err));
	rule.pins = NULL;
	REFUSES(pinstore_pin(ps, &rule, NOW, &err));
	rule.pins = &pin;
	rule.n_pins = 0;
	REFUSES(pinstore_pin(ps, &rule, NOW, &err));
	REFUSES(pinstore_clear(NULL, &filter, NOW, &n, &err));
	ck_assert_uint_eq(n, 0);
	REFUSES(pinstore_clear(ps, NULL, NOW, &n, &err));
	REFUSES(pinstore_expire(NULL, NOW, NOW, 0, 0, &n, &err));
	REFUSES(pinstore_compact(NULL, &err));
	REFUSES(pinstore_revoke(NULL, &pin, NULL, NOW, &err));
	REFUSES(pinstore_revoke(ps, NULL, NULL, NOW, &err));
	REFUSES(pinstore_unrevoke(NULL, &pin, NOW, &err));
	REFUSES(pinstore_unrevoke(ps, NULL, NOW, &err));
	REFUSES(pinstore_bypass(NULL, &bypass, NOW, &err));
	REFUSES(pinstore_bypass(ps, NULL, NOW, &err));
	REFUSES(pinstore_bypass_end(NULL, "a.test", NOW, &err));
	REFUSES(pinstore_set_mode(NULL, "a.test", PINSTORE_REPORT, 0, NOW,
	                          &err));
	REFUSES(pinstore_set_mode(ps, "a.test", NO_MODE, 0, NOW, &err));
	REFUSES(pinstore_setting_put(NULL, PINSTORE_SETTING_REPORT, &on, NOW,
	                             &err));
	REFUSES(pinstore_setting_put(ps, NO_SETTING, &on, NOW, &err));
	REFUSES(pinstore_set_anchors(NULL, &pin, 1, NOW, &err));
	REFUSES(pinstore_set_anchors(ps, NULL, 1, NOW, &err));
	REFUSES(pinstore_set_anchors(ps, &pin, PINSTORE_ANCHORS_MAX + 1, NOW,
	                             &err));
	ck_assert_int_eq(pinstore_set_anchors(ps, NULL, 0, NOW, &err),
	                 PINSTORE_OK);
}
END_TEST

START_TEST(what_is_sent)
{
	struct pinstore_report *report = (void *)1;
	size_t n = 7;

	REFUSES(pinstore_report_take(NULL, NOW, &report, &err));
	ck_assert_ptr_null(report);
	REFUSES(pinstore_report_take(ps, NOW, NULL, &err));
	REFUSES(pinstore_report_take_id(NULL, 1, NOW, &report, &err));
	REFUSES(pinstore_report_take_id(ps, 0, NOW, &report, &err));
	REFUSES(pinstore_report_take_id(ps, 1, NOW, NULL, &err));
	REFUSES(pinstore_report_settle(NULL, NULL, PINSTORE_OUTCOME_FAILED, NOW,
	                               &err));
	REFUSES(pinstore_report_settle(ps, NULL, PINSTORE_OUTCOME_FAILED, NOW,
	                               &err));
	REFUSES(pinstore_report_settle(ps, NULL, NO_OUTCOME, NOW, &err));
	REFUSES(pinstore_drop_reports(NULL, 0, NULL, NOW, &n, &err));
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(what_is_copied)
{
	struct pinstore_fsck_setup setup = {.size = sizeof(setup)};
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	const char *store = fixture_dir.store;
	uint64_t n = 7;

	REFUSES(pinstore_backup(NULL, "/tmp/x", 0, &n, &err));
	ck_assert_uint_eq(n, 0);
	REFUSES(pinstore_backup(ps, NULL, 0, &n, &err));
	REFUSES(pinstore_backup(ps, "", 0, &n, &err));
	REFUSES(pinstore_publish(NULL, "/tmp/x", 0, NULL, &err));
	REFUSES(pinstore_restore(NULL, store, NOW, NULL, NULL, &n, &err));
	REFUSES(pinstore_restore("", store, NOW, NULL, NULL, &n, &err));
	REFUSES(pinstore_restore(store, NULL, NOW, NULL, NULL, NULL, &err));
	REFUSES(pinstore_restore(store, "", NOW, NULL, NULL, NULL, &err));
	REFUSES(pinstore_fsck(NULL, &setup, &result, &err));
	REFUSES(pinstore_fsck(store, &setup, NULL, &err));
}
END_TEST

/* ------------------------------------------------------------------ answers */

/* Of no such layer there is nothing to tell. */
START_TEST(what_is_told)
{
	static const enum pinstore_layer layers[] = {
		PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM,
		NO_LAYER};
	struct pinstore_step step = {.size = sizeof(step)};
	struct pinstore_result *result = NULL;
	size_t i;

	ck_assert_int_eq(pinstore_lookup(ps, "a.test", NOW, &result, &err),
	                 PINSTORE_OK);
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		ck_assert_ptr_null(pinstore_result_entry(result, layers[i]));
		ck_assert_ptr_null(
		        pinstore_result_report_entry(result, layers[i]));
		ck_assert_int_eq(pinstore_result_matched(result, layers[i],
		                                         NULL, NULL), 0);
	}
	ck_assert_int_eq(pinstore_result_revoked(result, NULL), 0);
	ck_assert_int_eq(pinstore_result_bypass(result, NULL), 0);
	ck_assert_int_eq(pinstore_result_step(result, 0, NULL), 0);
	ck_assert_int_eq(pinstore_result_step(result, 0, &step), 1);
	ck_assert_int_eq(pinstore_result_step(result, 99, &step), 0);
	ck_assert_int_eq(pinstore_result_verdict(NULL), PINSTORE_REJECT);
	pinstore_result_free(result);
}
END_TEST

/* What frees takes NULL. */
START_TEST(what_is_freed)
{
	pinstore_result_free(NULL);
	pinstore_chain_free(NULL);
	pinstore_entry_free(NULL);
	pinstore_report_free(NULL);
	pinstore_lint_free(NULL);
	pinstore_import_free(NULL);
	pinstore_options_free(NULL);
	pinstore_close(NULL);
}
END_TEST

static void
setup(void)
{
	fixture_setup();
	pin = pin_of('A');
}

int
main(void)
{
	Suite *suite = suite_create("api_arguments");
	TCase *tcase = tcase_create("all");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, fixture_teardown);
	tcase_add_test(tcase, what_is_asked);
	tcase_add_test(tcase, what_is_walked);
	tcase_add_test(tcase, what_is_ordered);
	tcase_add_test(tcase, what_is_sent);
	tcase_add_test(tcase, what_is_copied);
	tcase_add_test(tcase, what_is_told);
	tcase_add_test(tcase, what_is_freed);
	return suite_run(suite);
}
