/*
 * test_api_log.c - reading the journal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>

#include "store/store.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

/* "number event host layer count reason enforced pin", a line each. */
static int
print_record(const struct pinstore_record *record, void *arg)
{
	const struct pinstore_pin *pin = pinstore_record_pin(record);
	const char *host = pinstore_record_host(record);
	enum pinstore_layer layer = PINSTORE_LEARNED;
	int has_layer = pinstore_record_layer(record, &layer);

	fprintf(arg, "%llu +%lld %s %s %s %llu %s %d %c\n",
	        (unsigned long long)pinstore_record_number(record),
	        (long long)(pinstore_record_time(record) - NOW),
	        pinstore_event_word(pinstore_record_event(record)),
	        host != NULL ? host : "-",
	        has_layer ? pinstore_layer_word(layer) : "-",
	        (unsigned long long)pinstore_record_count(record),
	        pinstore_reason_word(pinstore_record_reason(record)),
	        pinstore_record_enforced(record),
	        pin != NULL ? pin->sha256[0] : '-');
	return 0;
}

static void
assert_log(uint64_t after, const char *wanted)
{
	struct pinstore_error error;
	enum pinstore_status status;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	status = pinstore_log(ps, after, print_record, out, &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
}

static void
begin_bypass(const char *host)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.host = host,
		.start = NOW,
		.end = NOW + 60,
		.reason = "test",
	};

	ck_assert_int_eq(pinstore_bypass(ps, &bypass, NOW, NULL), PINSTORE_OK);
}

/* Each kind but those of a session and of a clock, in one history. */
START_TEST(test_kinds)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = "gone.test",
	                                 .since = INT64_MIN};
	struct pinstore_pin key = pin_of('R');
	const int64_t value = 7;
	size_t removed;

	note_at("a.test", "A", "AB", 3000, "", NOW);
	note_at("a.test", "A", "AC", 3000, "", NOW + 1);
	note_at("a.test", "A", "", 0, "", NOW + 2);
	note_at("b.test", "A", "AB", 100, "", NOW + 3);
	note_at("b.test", "A", "", 100, "", NOW + 4);
	pin_at("s.test", "AB", 0, PINSTORE_NEVER, NOW + 5);
	ck_assert_int_eq(verdict_at("s.test", "X", NOW + 6), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_set_mode(ps, "s.test", PINSTORE_REPORT, 0,
	                                   NOW + 7, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("s.test", "X", NOW + 8), PINSTORE_UNPINNED);
	pin_at("y.test", "AB", 0, PINSTORE_NEVER, NOW + 9);
	begin_bypass("y.test");
	ck_assert_int_eq(verdict_at("y.test", "X", NOW + 10),
	                 PINSTORE_BYPASSED);
	ck_assert_int_eq(pinstore_bypass_end(ps, "y.test", NOW + 11, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_revoke(ps, &key, NULL, NOW + 12, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("127.0.0.1", "XR", NOW + 13),
	                 PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_unrevoke(ps, &key, NOW + 14, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_setting_put(ps, PINSTORE_SETTING_QUOTA_DOMAIN,
	                                      &value, NOW + 15, NULL),
	                 PINSTORE_OK);
	note_at("gone.test", "A", "AB", 100, "", NOW + 16);
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW + 17, &removed, NULL),
	                 PINSTORE_OK);
	note_at("old.test", "A", "AB", 1, "", NOW + 18);
	ck_assert_int_eq(pinstore_expire(ps, NOW + 20, NOW + 20, 0, 0, &removed,
	                                 NULL), PINSTORE_OK);
	note_at("c.test", "A", "AB", 1000, "", NOW + 9000);
	note_at("c.test", "A", "AB", 1000, "", NOW + 21);
	assert_log(0,
	           "1 +0 noted a.test learned 1 ok 0 -\n"
	           "2 +1 updated a.test learned 1 ok 0 -\n"
	           "3 +2 removed a.test learned 1 ok 0 -\n"
	           "4 +3 noted b.test learned 1 ok 0 -\n"
	           "5 +4 unpinned b.test learned 1 ok 0 -\n"
	           "6 +5 pinned s.test configured 1 ok 0 -\n"
	           "7 +6 violation s.test - 1 no-pin-in-chain 1 X\n"
	           "8 +7 mode s.test configured 1 ok 0 -\n"
	           "9 +8 violation s.test - 1 report-mode 0 X\n"
	           "10 +9 pinned y.test configured 1 ok 0 -\n"
	           "11 +0 bypass y.test - 1 ok 0 -\n"
	           "12 +10 bypassed y.test - 1 bypass 0 X\n"
	           "13 +11 bypass-ended y.test - 1 ok 0 -\n"
	           "14 +12 revoked - - 1 revoked 0 R\n"
	           "15 +13 violation - - 1 revoked 1 X\n"
	           "16 +14 unrevoked - - 1 revoked 0 R\n"
	           "17 +15 setting - - 1 ok 0 -\n"
	           /* 18 was of gone.test */
	           "19 +17 cleared - - 1 ok 0 -\n"
	           "20 +18 noted old.test learned 1 ok 0 -\n"
	           "21 +20 expired - - 1 ok 0 -\n"
	           "22 +9000 noted c.test learned 1 ok 0 -\n"
	           "23 +21 clock c.test learned 1 ok 0 -\n"
	           "24 +21 updated c.test learned 1 ok 0 -\n");
}
END_TEST

/* A quota that is full is told once an hour, for the domain or for all. */
START_TEST(test_full)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, 1);
	note_at("a.flood.test", "A", "AB", 3000, "", NOW);
	note_at("b.flood.test", "A", "AB", 3000, "", NOW + 1);
	note_at("c.flood.test", "A", "AB", 3000, "", NOW + 2);
	note_at("a.other.test", "A", "AB", 3000, "", NOW + 3);
	note_at("b.other.test", "A", "AB", 3000, "", NOW + 4);
	note_at("b.flood.test", "A", "AB", 3000, "", NOW + 3601);
	fixture_reopen_with(PINSTORE_OPT_QUOTA_TOTAL, 2);
	note_at("d.test", "A", "AB", 3000, "", NOW + 3602);
	note_at("e.test", "A", "AB", 3000, "", NOW + 3603);
	assert_log(0,
	           "1 +0 noted a.flood.test learned 1 ok 0 -\n"
	           "2 +1 error flood.test learned 1 full 0 -\n"
	           "3 +3 noted a.other.test learned 1 ok 0 -\n"
	           "4 +4 error other.test learned 1 full 0 -\n"
	           "5 +3601 error flood.test learned 1 full 0 -\n"
	           "6 +3602 error - learned 1 full 0 -\n");
}
END_TEST

static int
stop_at_second(const struct pinstore_record *record, void *arg)
{
	uint64_t *last = arg;

	*last = pinstore_record_number(record);
	return *last == 2;
}

static int
write_meanwhile(const struct pinstore_record *record, void *arg)
{
	int *n = arg;

	(void)record;
	if (++*n == 1)
		note_at("late.test", "A", "AB", 3000, "", NOW + 9);
	return 0;
}

/* Behind a number; stopped; behind the last and the greatest of all. */
START_TEST(test_after)
{
	uint64_t last = 0;
	int n = 0;

	assert_log(0, "");
	note_at("a.test", "A", "AB", 3000, "", NOW);
	note_at("b.test", "A", "AB", 3000, "", NOW + 1);
	note_at("c.test", "A", "AB", 3000, "", NOW + 2);
	ck_assert_int_eq(pinstore_log(ps, 0, stop_at_second, &last, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(last, 2);
	assert_log(2, "3 +2 noted c.test learned 1 ok 0 -\n");
	assert_log(3, "");
	assert_log(UINT64_MAX, "");
	ck_assert_int_eq(pinstore_log(ps, 0, write_meanwhile, &n, NULL),
	                 PINSTORE_OK);
	assert_log(3, "4 +9 noted late.test learned 1 ok 0 -\n");
}
END_TEST

START_TEST(test_wrong)
{
	struct pinstore_error error;
	uint64_t last;

	ck_assert_int_eq(pinstore_log(NULL, 0, stop_at_second, &last, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(error.status, PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_log(ps, 0, NULL, &last, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* No two kinds share a word, and what is no kind has none. */
START_TEST(test_words)
{
	int i, j;

	for (i = PINSTORE_EVENT_NOTED; i <= PINSTORE_EVENT_IMPORTED; i++) {
		const char *word = pinstore_event_word((enum pinstore_event)i);

		ck_assert_str_ne(word, "unknown");
		for (j = PINSTORE_EVENT_NOTED; j < i; j++)
			ck_assert_str_ne(word, pinstore_event_word(
			                               (enum pinstore_event)j));
	}
	ck_assert_str_eq(pinstore_event_word((enum pinstore_event)0),
	                 "unknown");
	ck_assert_str_eq(pinstore_event_word((enum pinstore_event)i),
	                 "unknown");
	/* each that the store knows has one here */
	ck_assert_int_eq((int)PINSTORE_EVENT_IMPORTED, (int)PS_EVENT_LAST);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_log");
	TCase *tcase = tcase_create("log");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_test(tcase, test_kinds);
	tcase_add_test(tcase, test_full);
	tcase_add_test(tcase, test_after);
	tcase_add_test(tcase, test_wrong);
	tcase_add_test(tcase, test_words);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
