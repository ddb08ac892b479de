/*
 * test_reports.c - which failures are queued, and what becomes of the queue.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/octets.h"
#include "store/record.h"
#include "store/reports.h"
#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/unit/report_fixture.h"

#define HOUR 3600
#define DAY 86400

static void
pin_a(void)
{
	pin_reported("a.test", "AB", 1, URI, PINSTORE_ENFORCE);
}

/* -------------------------------------------------------- what is queued */

/* R-2.1.4-1, R-2.1.4-2, R-2.3.2-5, R-3-1: refused, and reported. */
START_TEST(a_refusal_is_reported)
{
	struct pinstore_report *report;
	struct pinstore_chain *chain = chain_of("C");
	size_t len;

	pin_a();
	ck_assert_int_eq(check_chain("x.a.test", 8443, PINSTORE_PEER_PRIVATE,
	                             chain, NOW), PINSTORE_REJECT);
	assert_waiting(1, 0);
	assert_journal("pinned a.test 1 0, violation x.a.test 1 0, ");
	report = take_at(NOW + 5);
	ck_assert_ptr_nonnull(report);
	ck_assert_uint_eq(pinstore_report_id(report), 1);
	ck_assert_int_eq(pinstore_report_kind(report), PINSTORE_PKP);
	ck_assert_str_eq(pinstore_report_host(report), "x.a.test");
	ck_assert_uint_eq(pinstore_report_port(report), 8443);
	ck_assert_int_eq(pinstore_report_peer_is_private(report), 1);
	ck_assert_str_eq(pinstore_report_uri(report), URI);
	ck_assert_uint_eq(strlen(pinstore_report_body(report, &len)), len);
	ck_assert_int_eq(pinstore_report_created(report), NOW);
	ck_assert_int_eq(pinstore_report_expires(report), NOW + DAY);
	ck_assert_uint_eq(pinstore_report_attempts(report), 1);
	ck_assert_int_eq(pinstore_report_next(report), NOW + 5 + 120);
	settle_at(report, PINSTORE_OUTCOME_DELIVERED, NOW + 6);
	assert_waiting(0, 0);
	ck_assert_uint_eq(totals().octets, 0);
	pinstore_chain_free(chain);
}
END_TEST

static void
act_passes(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("a.test", "CA", NOW), PINSTORE_MATCHED);
}

static void
act_unknown(void)
{
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_UNPINNED);
}

static void
act_expired(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("a.test", "C", NOW + 1001),
	                 PINSTORE_UNPINNED);
}

static void
act_without_uri(void)
{
	pin_reported("a.test", "AB", 0, NULL, PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
act_without_chain(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("a.test", NULL, NOW), PINSTORE_REJECT);
}

static void
act_empty_chain(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("a.test", "", NOW), PINSTORE_REJECT);
}

static void
act_address(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("127.1", "C", NOW), PINSTORE_UNPINNED);
}

/* R-2.6-9 */
static void
act_local_anchor(void)
{
	struct pinstore_pin anchor = pin_of('L');

	pin_a();
	ck_assert_int_eq(pinstore_set_anchors(ps, &anchor, 1, NOW, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("a.test", "CL", NOW), PINSTORE_BYPASSED);
}

static void
act_bypass(void)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.host = "a.test",
		.start = NOW,
		.end = NOW + 10,
		.reason = "lost key",
	};

	pin_a();
	ck_assert_int_eq(pinstore_bypass(ps, &bypass, NOW, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_BYPASSED);
}

static void
act_revoked(void)
{
	struct pinstore_pin pin = pin_of('C');

	pin_a();
	ck_assert_int_eq(pinstore_revoke(ps, &pin, NULL, NOW, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

/* D-12 */
static void
act_own_host(void)
{
	pin_reported("a.test", "AB", 0, "https://a.test/r", PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
act_read_only(void)
{
	pin_a();
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 0);
}

static void
act_option_off(void)
{
	pin_a();
	fixture_reopen_with(PINSTORE_OPT_REPORT, 0);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
put(enum pinstore_setting which, int64_t value)
{
	ck_assert_int_eq(pinstore_setting_put(ps, which, &value, NOW, NULL),
	                 PINSTORE_OK);
}

static void
act_setting_off(void)
{
	pin_a();
	put(PINSTORE_SETTING_REPORT, 0);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
act_https_only(void)
{
	pin_reported("a.test", "AB", 0, "http://r.test/", PINSTORE_ENFORCE);
	put(PINSTORE_SETTING_REPORT_HTTPS_ONLY, 1);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
act_same_origin_only(void)
{
	pin_a();
	put(PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY, 1);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

static void
act_look_up(void)
{
	struct pinstore_result *result;

	pin_a();
	ck_assert_int_eq(pinstore_lookup(ps, "a.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	pinstore_result_free(result);
}

static void (*const silent[])(void) = {
	act_passes, act_unknown, act_expired, act_without_uri,
	act_without_chain, act_empty_chain, act_address, act_local_anchor,
	act_bypass, act_revoked, act_own_host, act_read_only, act_option_off,
	act_setting_off, act_https_only, act_same_origin_only, act_look_up,
};

/* R-2.3.3-3, R-2.6-9, R-5-1, R-5-2, R-5-6, D-12, D-23. */
START_TEST(nothing_is_reported)
{
	silent[_i]();
	assert_waiting(0, 0);
	ck_assert_ptr_null(take_at(NOW));
}
END_TEST

/* An entry in mode report: the connection goes on, the report goes out. */
START_TEST(mode_report_is_reported)
{
	pin_reported("a.test", "AB", 0, URI, PINSTORE_REPORT);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_UNPINNED);
	assert_waiting(1, 0);
}
END_TEST

static int
write_uri(const struct pinstore_report *report, void *arg)
{
	char *out = arg;
	size_t len = strlen(out);

	snprintf(out + len, 256 - len, "%s ", pinstore_report_uri(report));
	return 0;
}

/* Each entry that was not satisfied reports to its own collector. */
START_TEST(both_layers)
{
	char told[256] = "";

	note_at("a.test", "A", "AB", 1000, "; report-uri=\"http://l.test/\"",
	        NOW);
	pin_reported("a.test", "AC", 0, "http://s.test/", PINSTORE_ENFORCE);
	/* The configured one alone is violated, then both are. */
	ck_assert_int_eq(verdict_at("a.test", "B", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_walk_reports(ps, write_uri, told, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(told, "http://s.test/ ");
	told[0] = '\0';
	ck_assert_int_eq(verdict_at("a.test", "X", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_walk_reports(ps, write_uri, told, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(told,
	                 "http://s.test/ http://s.test/ http://l.test/ ");
}
END_TEST

/* -------------------------------------------------------------- only once */

/* R-2.1.4-11, T-131: a thousand failures are one report, in an hour. */
START_TEST(the_same_is_reported_once)
{
	int i;

	pin_a();
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(verdict_at("a.test", "C", NOW + i),
		                 PINSTORE_REJECT);
	assert_waiting(1, 0);
	/* Another process, which remembers nothing. */
	pinstore_close(ps);
	fixture_open(NULL);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	assert_waiting(1, 0);
	/* The journal's quiet hour is of the leaf; the queue's has a port. */
	ck_assert_int_eq(check_port("a.test", 8443, "C", NOW),
	                 PINSTORE_REJECT);
	assert_waiting(2, 0);
	ck_assert_int_eq(check_port("a.test", 8443, "CD", NOW),
	                 PINSTORE_REJECT);
	assert_waiting(3, 0);
	/* Another pin set is another report. */
	pin_reported("a.test", "AE", 1, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	assert_waiting(4, 0);
}
END_TEST

/* The quiet hour counts from when the report went, in whatever way. */
START_TEST(quiet_for_an_hour)
{
	pin_reported("a.test", "AB", 0, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	settle_at(take_at(NOW + 10),
	          _i == 0 ? PINSTORE_OUTCOME_DELIVERED
	                  : PINSTORE_OUTCOME_DROPPED, NOW + 10);
	assert_waiting(0, (uint64_t)_i);
	pinstore_close(ps);
	fixture_open(NULL);
	pin_reported("a.test", "AB", 0, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW + 900),
	                 PINSTORE_REJECT);
	assert_waiting(0, (uint64_t)_i);
	note_at("b.test", "A", "AB", 9000, "; report-uri=\"" URI "\"", NOW);
	ck_assert_int_eq(verdict_at("b.test", "C", NOW), PINSTORE_REJECT);
	settle_at(take_at(NOW), PINSTORE_OUTCOME_DELIVERED, NOW);
	pinstore_close(ps);
	fixture_open(NULL);
	ck_assert_int_eq(verdict_at("b.test", "C", NOW + HOUR - 1),
	                 PINSTORE_REJECT);
	assert_waiting(0, (uint64_t)_i);
	ck_assert_int_eq(verdict_at("b.test", "C", NOW + HOUR),
	                 PINSTORE_REJECT);
	assert_waiting(1, (uint64_t)_i);
}
END_TEST

/* ---------------------------------------------------------- take and settle */

static void
one_waits(void)
{
	pin_a();
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
}

/* Of two senders one has it; when he has died, the other gets it. */
START_TEST(nobody_else_gets_it)
{
	struct pinstore_report *mine, *other;

	one_waits();
	mine = take_at(NOW);
	ck_assert_ptr_nonnull(mine);
	ck_assert_ptr_null(take_at(NOW));
	ck_assert_int_eq(pinstore_report_take_id(ps, 1, NOW, &other, NULL),
	                 PINSTORE_ERR_BUSY);
	ck_assert_ptr_null(other);
	ck_assert_ptr_null(take_at(NOW + 119));
	other = take_at(NOW + 120);
	ck_assert_ptr_nonnull(other);
	/* What the first one tells by then is of no account, if it failed. */
	settle_at(mine, PINSTORE_OUTCOME_FAILED, NOW + 121);
	ck_assert_ptr_null(take_at(NOW + 200));
	settle_at(other, PINSTORE_OUTCOME_DELIVERED, NOW + 201);
	assert_waiting(0, 0);
}
END_TEST

/* 60 s, 120, 240, 480, and with the fifth attempt it is over. */
START_TEST(back_off)
{
	static const int64_t pauses[] = {60, 120, 240, 480};
	struct pinstore_report *report;
	int64_t now = NOW;
	size_t i;

	one_waits();
	for (i = 0; i < COUNT(pauses); i++) {
		settle_at(take_at(now), PINSTORE_OUTCOME_FAILED, now);
		ck_assert_ptr_null(take_at(now + pauses[i] - 1));
		now += pauses[i];
	}
	report = take_at(now);
	ck_assert_ptr_nonnull(report);
	ck_assert_uint_eq(pinstore_report_attempts(report), 5);
	settle_at(report, PINSTORE_OUTCOME_FAILED, now);
	assert_waiting(0, 1);
}
END_TEST

/* Before it is due, for him who asks for it by its number. */
START_TEST(taken_by_number)
{
	struct pinstore_report *report;

	one_waits();
	settle_at(take_at(NOW), PINSTORE_OUTCOME_FAILED, NOW);
	ck_assert_ptr_null(take_at(NOW + 1));
	ck_assert_int_eq(pinstore_report_take_id(ps, 2, NOW + 1, &report,
	                                         NULL), PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(pinstore_report_take_id(ps, 1, NOW + 1, &report,
	                                         NULL), PINSTORE_OK);
	settle_at(report, PINSTORE_OUTCOME_DELIVERED, NOW + 1);
	ck_assert_int_eq(pinstore_report_take_id(ps, 1, NOW + 1, &report,
	                                         NULL), PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_null(report);
}
END_TEST

/* Whoever dies each time uses up the attempts as well. */
START_TEST(senders_that_die)
{
	int64_t now = NOW;
	int i;

	one_waits();
	for (i = 0; i < 5; i++, now += 120) {
		struct pinstore_report *report = take_at(now);

		ck_assert_ptr_nonnull(report);
		pinstore_report_free(report);
	}
	ck_assert_ptr_null(take_at(now));
	assert_waiting(0, 1);
}
END_TEST

/* A day, to its last second; also in a clock that went back. */
START_TEST(a_day)
{
	struct pinstore_report *report;
	size_t removed;

	one_waits();
	report = take_at(NOW + DAY);
	ck_assert_ptr_nonnull(report);
	pinstore_report_free(report);
	report = take_at(NOW - 1000);
	ck_assert_ptr_nonnull(report);
	pinstore_report_free(report);
	assert_waiting(1, 0);
	if (_i == 0)
		ck_assert_ptr_null(take_at(NOW + DAY + 1));
	else if (_i == 1)
		ck_assert_int_eq(pinstore_expire(ps, NOW, NOW + DAY + 1, 0, 0,
		                                 &removed, NULL), PINSTORE_OK);
	else
		ck_assert_ptr_null(take_at(NOW - DAY - 1));
	assert_waiting(0, 1);
}
END_TEST

START_TEST(wrong_calls)
{
	struct pinstore_report_totals small = {.size = 3};
	struct pinstore_report *report;
	size_t n = 7;

	one_waits();
	ck_assert_int_eq(pinstore_report_take(NULL, NOW, &report, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_ptr_null(report);
	ck_assert_int_eq(pinstore_report_take(ps, NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_report_take_id(ps, 0, NOW, &report, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_report_settle(ps, NULL,
	                                        PINSTORE_OUTCOME_DELIVERED, NOW,
	                                        NULL), PINSTORE_ERR_ARG);
	report = take_at(NOW);
	ck_assert_int_eq(pinstore_report_settle(ps, report,
	                                        (enum pinstore_outcome)3, NOW,
	                                        NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_walk_reports(ps, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_report_count(ps, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_report_count(ps, &small, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_drop_reports(NULL, 0, NULL, NOW, &n, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(pinstore_drop_reports(ps, 0, "a..b", NOW, &n, NULL),
	                 PINSTORE_ERR_HOST);
	assert_waiting(1, 0);
	pinstore_report_free(NULL);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	ck_assert_int_eq(pinstore_report_take(ps, NOW, &report, NULL),
	                 PINSTORE_ERR_READONLY);
	ck_assert_int_eq(pinstore_drop_reports(ps, 0, NULL, NOW, &n, NULL),
	                 PINSTORE_ERR_READONLY);
	assert_waiting(1, 0);
}
END_TEST

/* ----------------------------------------------------------- drop and clear */

static void
three_wait(void)
{
	pin_a();
	pin_reported("b.test", "AB", 0, URI, PINSTORE_ENFORCE);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("x.a.test", "C", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("b.test", "C", NOW), PINSTORE_REJECT);
	assert_waiting(3, 0);
}

static const struct {
	uint64_t id;
	const char *host;
	size_t dropped;
} drops[] = {
	{2, NULL, 1},
	{0, "A.test", 1},
	{1, "a.test", 1},
	{2, "a.test", 0}, /* both must hold */
	{4, NULL, 0},
	{0, "c.test", 0},
	{0, NULL, 3},
};

START_TEST(dropped_by_the_operator)
{
	size_t n = 99;

	three_wait();
	ck_assert_int_eq(pinstore_drop_reports(ps, drops[_i].id, drops[_i].host,
	                                       NOW, &n, NULL), PINSTORE_OK);
	ck_assert_uint_eq(n, drops[_i].dropped);
	assert_waiting(3 - drops[_i].dropped, 0);
	ck_assert_int_eq(pinstore_drop_reports(ps, drops[_i].id, drops[_i].host,
	                                       NOW, NULL, NULL), PINSTORE_OK);
	assert_waiting(3 - drops[_i].dropped, 0);
}
END_TEST

static bool
is_in_file(const char *needle)
{
	char path[600];
	struct stat stat;
	char *octets;
	bool found;
	FILE *file;

	snprintf(path, sizeof(path), "%s/data.mdb", fixture_dir.store);
	file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &stat), 0);
	octets = malloc((size_t)stat.st_size);
	ck_assert_ptr_nonnull(octets);
	ck_assert_uint_eq(fread(octets, 1, (size_t)stat.st_size, file),
	                  (size_t)stat.st_size);
	fclose(file);
	found = memmem(octets, (size_t)stat.st_size, needle,
	               strlen(needle)) != NULL;
	free(octets);
	return found;
}

/*
 * With a host's entry go the reports that name it, below it too, and no other.
 */
START_TEST(cleared_with_the_host)
{
	struct pinstore_filter filter = {
		.size = sizeof(filter),
		.host = _i == 0 ? "a.test" : "b.test",
		.since = INT64_MIN,
	};
	char told[256] = "";

	three_wait();
	settle_at(take_at(NOW), PINSTORE_OUTCOME_DELIVERED, NOW);
	assert_waiting(2, 0);
	ck_assert(is_in_file("x.a.test"));
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, NULL, NULL),
	                 PINSTORE_OK);
	/* a.test is the entry of x.a.test: its report tells of both. */
	assert_waiting(1, 0);
	ck_assert_int_eq(pinstore_walk_reports(ps, write_uri, told, NULL),
	                 PINSTORE_OK);
	if (_i == 1)
		return;
	/* What was told of it within the hour is forgotten too. */
	pin_a();
	pinstore_close(ps);
	fixture_open(NULL);
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_REJECT);
	assert_waiting(2, 0);
}
END_TEST

/* --------------------------------------------------------------- the bounds */

struct filling {
	uint64_t from, to;
	size_t len;
	char *text;
};

static enum pinstore_status
work_fill(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct filling *filling = arg;
	enum pinstore_status status = PINSTORE_OK;
	uint64_t i;

	for (i = filling->from; i < filling->to && status == PINSTORE_OK; i++) {
		struct ps_report report = {
			.key = i,
			.created = NOW,
			.next = NOW,
			.port = 443,
			.host = {6, "a.test"},
			.noted_len = 6,
			.uri = URI,
			.text_len = filling->len,
		};
		int64_t since;
		bool is_queued;

		status = ps_write_queue(write, &report, filling->text,
		                        &is_queued, &since, error);
		ck_assert(is_queued);
	}
	return status;
}

static void
fill(uint64_t from, uint64_t to, size_t len)
{
	struct filling filling = {from, to, len, malloc(len)};

	ck_assert_ptr_nonnull(filling.text);
	memset(filling.text, '{', len);
	ck_assert_int_eq(ps_store_write(ps->store, NOW, work_fill, &filling,
	                                NULL), PINSTORE_OK);
	free(filling.text);
}

/* R-3-18: a hundred reports; the oldest goes, and is counted. */
START_TEST(a_hundred)
{
	struct pinstore_report *report;

	fill(1, 101, 10);
	assert_waiting(100, 0);
	fill(101, 104, 10);
	assert_waiting(100, 3);
	ck_assert_uint_eq(totals().octets, 1000);
	report = take_at(NOW);
	ck_assert_ptr_nonnull(report);
	ck_assert_uint_eq(pinstore_report_id(report), 4);
	pinstore_report_free(report);
}
END_TEST

/* R-3-18: eight mebioctets. */
START_TEST(eight_mebioctets)
{
	fill(1, 33, PS_REPORT_TEXT_MAX);
	assert_waiting(32, 0);
	ck_assert_uint_eq(totals().octets, PINSTORE_REPORTS_OCTETS_MAX);
	fill(33, 34, 1);
	assert_waiting(32, 1);
	fill(34, 35, PS_REPORT_TEXT_MAX);
	assert_waiting(32, 2);
	ck_assert_uint_le(totals().octets, PINSTORE_REPORTS_OCTETS_MAX);
}
END_TEST

/* What is remembered of reports that went has a bound as well. */
START_TEST(a_thousand_quiet_ones)
{
	uint64_t n, i;
	struct raw raw;

	for (i = 0; i < 12; i++)
		fill(1 + 100 * i, 101 + 100 * i, 1);
	assert_waiting(100, 1100);
	pinstore_close(ps);
	ps = NULL;
	raw = raw_begin(fixture_dir.store);
	ck_status(ps_txn_count(raw.txn, PS_REPORTS, &n, &kit_error),
	          PINSTORE_OK);
	raw_end(&raw);
	ck_assert_uint_le(n, 2 * 100 + PS_REPORTS_QUIET_MAX + 1);
	fixture_open(NULL);
}
END_TEST

/* ------------------------------------------------------------------- damage */

static const uint8_t first_fields[] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
static const uint8_t first_text[] = {1, 0, 0, 0, 0, 0, 0, 0, 1};

/* Seal octets of the first report's fields anew, one of them changed. */
static void
change(struct raw *raw, size_t at, uint8_t value)
{
	struct ps_bytes key = {first_fields, sizeof(first_fields)};
	uint8_t record[2048], body[2048];
	size_t len = raw_get(raw, PS_REPORTS, key, record, sizeof(record));

	len -= PS_RECORD_HEAD_LEN;
	memcpy(body, record + PS_RECORD_HEAD_LEN, len);
	body[at] = value;
	raw_put(raw, PS_REPORTS, key, record,
	        ps_record_seal(&raw->id, PS_REPORTS, key, body, len, record));
}

static void
damage(int how)
{
	struct ps_bytes fields = {first_fields, sizeof(first_fields)};
	struct ps_bytes text = {first_text, sizeof(first_text)};
	uint8_t octets[4096] = {0};
	struct raw raw;
	size_t len;

	pinstore_close(ps);
	ps = NULL;
	raw = raw_begin(fixture_dir.store);
	switch (how) {
	case 0: /* no summary */
		raw_delete(&raw, PS_META, raw_key("reports"));
		break;
	case 1: /* a report less than the summary tells */
		raw_delete(&raw, PS_REPORTS, fields);
		raw_delete(&raw, PS_REPORTS, text);
		break;
	case 2: /* no text; a stray in its place keeps the number */
		raw_delete(&raw, PS_REPORTS, text);
		octets[0] = 2;
		fields.at = octets;
		raw_put(&raw, PS_REPORTS, fields, octets, 5);
		break;
	case 3: /* a bit of the text */
		len = raw_get(&raw, PS_REPORTS, text, octets, sizeof(octets));
		octets[len - 1] ^= 1;
		raw_put(&raw, PS_REPORTS, text, octets, len);
		break;
	case 4: /* a bit of the fields */
		len = raw_get(&raw, PS_REPORTS, fields, octets,
		              sizeof(octets));
		octets[len - 1] ^= 1;
		raw_put(&raw, PS_REPORTS, fields, octets, len);
		break;
	case 5: /* a state that there is not */
		change(&raw, 0, 3);
		break;
	case 6: /* a kind */
		change(&raw, 1, 2);
		break;
	case 7: /* a flag */
		change(&raw, 2, 2);
		break;
	case 8: /* the entry's name is no part of the host's */
		change(&raw, 3, 3);
		break;
	case 9: /* quiet, and yet with a text */
		change(&raw, 0, 2);
		break;
	case 10: /* a length */
		change(&raw, 8, 1);
		break;
	case 11: /* another length of the text */
		change(&raw, 12, 1);
		break;
	case 12: /* no host */
		change(&raw, 48, '.');
		break;
	}
	raw_end(&raw);
	fixture_open(NULL);
}
#define DAMAGES 13

/*
 * R-2.1.4-7: a queue that is damaged is told to its operator.  Verdicts and the
 * journal are as before, and what could not be queued is counted later.
 */
START_TEST(damage_changes_no_verdict)
{
	struct pinstore_report *report;
	enum pinstore_status status;

	one_waits();
	damage(_i);
	status = pinstore_report_take(ps, NOW, &report, NULL);
	ck_assert_int_eq(status, PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_null(report);
	ck_assert_int_eq(verdict_at("a.test", "XA", NOW), PINSTORE_MATCHED);
	ck_assert_int_eq(verdict_at("x.a.test", "C", NOW), PINSTORE_REJECT);
	assert_journal("pinned a.test 1 0, violation a.test 1 0, "
	               "violation x.a.test 1 0, ");
	if (_i == 0)
		return; /* nobody knows what was there */
	ck_assert_int_eq(pinstore_drop_reports(ps, 0, NULL, NOW, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(check_port("x.a.test", 8443, "C", NOW),
	                 PINSTORE_REJECT);
	/* Records whose fields alone are read may have taken the second. */
	ck_assert_uint_eq(totals().waiting, 1);
}
END_TEST

/* -------------------------------------------------------------- Report-Only */

static struct pinstore_noted
note_ro(const char *host, const char *chain, const char *value, int64_t now)
{
	struct pinstore_field field = {PINSTORE_PKP_RO, value, strlen(value)};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at(host, chain, now);

	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, now, &noted,
	                               NULL), PINSTORE_OK);
	pinstore_result_free(result);
	return noted;
}

#define PIN_A "pin-sha256=\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\""
#define PIN_B "pin-sha256=\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\""
#define RO_URI "; report-uri=\"" URI "\""

static const struct {
	const char *host, *chain, *value;
	enum pinstore_reason why;
	bool would_refuse, is_queued;
} only[] = {
	/* T53: matches */
	{"a.test", "A", PIN_A "; " PIN_B RO_URI, PINSTORE_WHY_OK, false, false},
	/* T54: the whole field is malformed */
	{"a.test", "C", "max-age=abc; " PIN_A RO_URI,
	 PINSTORE_WHY_BAD_MAX_AGE, false, false},
	/* T55: R-2.3.2-3 */
	{"a.test", "C", "max-age=3000; " PIN_A "; " PIN_B RO_URI,
	 PINSTORE_WHY_OK, true, true},
	/* T56: R-2.3.2-4 */
	{"a.test", "C", "max-age=3000; " PIN_A "; " PIN_B,
	 PINSTORE_WHY_NO_REPORT_URI, false, false},
	/* R-2.3.2-6: max-age is of no account */
	{"a.test", "C", "max-age=0; " PIN_A RO_URI, PINSTORE_WHY_OK, true,
	 true},
	/* P-17: without a pin nothing could fail sensibly */
	{"a.test", "C", "max-age=1" RO_URI, PINSTORE_WHY_NO_PINS, false, false},
	/* a backup alone is no failure, and none is wanted */
	{"a.test", "A", PIN_A RO_URI, PINSTORE_WHY_OK, false, false},
	/* D-11: a report-uri that cannot be used is none */
	{"a.test", "C", PIN_A "; report-uri=\"/r\"",
	 PINSTORE_WHY_NO_REPORT_URI, false, false},
	/* D-12 */
	{"a.test", "C", PIN_A "; report-uri=\"https://a.test/\"",
	 PINSTORE_WHY_OK, true, false},
	{"x.a.test", "C",
	 PIN_A "; includeSubDomains; report-uri=\"https://y.x.a.test/\"",
	 PINSTORE_WHY_OK, true, false},
	{"x.a.test", "C",
	 PIN_A "; includeSubDomains; report-uri=\"https://a.test/\"",
	 PINSTORE_WHY_OK, true, true},
	/* R-2.3.3-12 */
	{"127.0.0.1", "C", PIN_A RO_URI, PINSTORE_WHY_ADDRESS, false, false},
};

/* D-10: judged at reception, and kept by no one (R-2.3.3-10). */
START_TEST(report_only)
{
	struct pinstore_noted noted;

	noted = note_ro(only[_i].host, only[_i].chain, only[_i].value, NOW);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_REPORT_ONLY);
	ck_assert_int_eq(noted.report_only, only[_i].why);
	ck_assert_int_eq(noted.would_refuse, only[_i].would_refuse);
	ck_assert_int_eq(noted.report_queued, only[_i].is_queued);
	assert_waiting(only[_i].is_queued, 0);
	assert_dump("");
	assert_journal("");
	/* R-2.3.2-2: it never makes a connection fail. */
	ck_assert_int_eq(verdict_at(only[_i].host, "X", NOW),
	                 PINSTORE_UNPINNED);
}
END_TEST

/* R-2.5-9: fifty times the same is one report. */
START_TEST(report_only_once)
{
	struct pinstore_report *report;
	const char *body;
	int i;

	for (i = 0; i < 50; i++) {
		struct pinstore_noted noted;

		if (i % 10 == 9) {
			pinstore_close(ps);
			fixture_open(NULL);
		}
		noted = note_ro("a.test", "C", PIN_A "; " PIN_B RO_URI,
		                NOW + i);
		ck_assert_int_eq(noted.would_refuse, 1);
		ck_assert_int_eq(noted.report_queued, i == 0);
	}
	assert_waiting(1, 0);
	report = take_at(NOW);
	ck_assert_ptr_nonnull(report);
	ck_assert_int_eq(pinstore_report_kind(report), PINSTORE_PKP_RO);
	body = pinstore_report_body(report, NULL);
	/* D-09: it has no life, so the two dates are one; R-3-7. */
	ck_assert_msg(strstr(body, "{\"date-time\":\"2026-01-01T00:00:00Z\","
	                           "\"hostname\":\"a.test\",\"port\":443,"
	                           "\"effective-expiration-date\":"
	                           "\"2026-01-01T00:00:00Z\","
	                           "\"include-subdomains\":false,"
	                           "\"noted-hostname\":\"a.test\",") == body,
	              "%s", body);
	pinstore_report_free(report);
}
END_TEST

/* R-2.3.2-1, R-2.3.2-7, R-2.3.1-5: each kind has its first field. */
START_TEST(both_kinds_in_one_response)
{
	static const char pkp[] =
	        "max-age=1000; pin-sha256="
	        "\"Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=\"; " PIN_A;
	static const char ro[] = PIN_A RO_URI;
	static const struct pinstore_field fields[] = {
		{PINSTORE_PKP_RO, ro, sizeof(ro) - 1},
		{PINSTORE_PKP, pkp, sizeof(pkp) - 1},
		{PINSTORE_PKP_RO, "max-age=x", 9},
		{PINSTORE_PKP, "max-age=0", 9},
	};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at("a.test", "C", NOW);

	ck_assert_int_eq(pinstore_note(ps, result, fields, COUNT(fields), NOW,
	                               &noted, NULL), PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_NOTED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_OK);
	ck_assert_int_eq(noted.report_only, PINSTORE_WHY_OK);
	ck_assert_int_eq(noted.report_queued, 1);
	ck_assert_uint_eq(noted.ignored_fields, 2);
	assert_waiting(1, 0);
	ck_assert(has_entry("a.test", PINSTORE_LEARNED));
	/* R-2.5-8: what is enforced is the other kind's. */
	ck_assert_int_eq(verdict_at("a.test", "C", NOW), PINSTORE_MATCHED);
	pinstore_result_free(result);
}
END_TEST

/* Over a connection that was refused or bypassed nothing is judged. */
START_TEST(report_only_without_effect)
{
	struct pinstore_pin anchor = pin_of('L');
	struct pinstore_noted noted;

	pin_reported("b.test", "AB", 0, NULL, PINSTORE_ENFORCE);
	noted = note_ro("b.test", "C", PIN_A RO_URI, NOW);
	ck_assert_int_eq(noted.report_only, PINSTORE_WHY_PIN_MISMATCH);
	ck_assert_int_eq(pinstore_set_anchors(ps, &anchor, 1, NOW, NULL),
	                 PINSTORE_OK);
	noted = note_ro("a.test", "CL", PIN_A RO_URI, NOW);
	ck_assert_int_eq(noted.report_only, PINSTORE_WHY_BYPASSED);
	ck_assert_int_eq(noted.would_refuse, 0);
	/* R-5-2: the switches. */
	put(PINSTORE_SETTING_REPORT_ONLY, 0);
	noted = note_ro("a.test", "C", PIN_A RO_URI, NOW);
	ck_assert_int_eq(noted.would_refuse, 1);
	ck_assert_int_eq(noted.report_queued, 0);
	put(PINSTORE_SETTING_REPORT_ONLY, 1);
	fixture_reopen_with(PINSTORE_OPT_REPORT, 0);
	ck_assert_int_eq(note_ro("a.test", "C", PIN_A RO_URI, NOW)
	                         .report_queued, 0);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	ck_assert_int_eq(note_ro("a.test", "C", PIN_A RO_URI, NOW)
	                         .report_queued, 0);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 0);
	assert_waiting(0, 0);
	ck_assert_int_eq(note_ro("a.test", "C", PIN_A RO_URI, NOW)
	                         .report_queued, 1);
}
END_TEST

/* A damaged queue costs the field's report, and nothing else. */
START_TEST(report_only_on_a_damaged_queue)
{
	struct pinstore_noted noted;

	one_waits();
	damage(4);
	noted = note_ro("b.test", "C", PIN_A RO_URI, NOW);
	ck_assert_int_eq(noted.would_refuse, 1);
	ck_assert_int_eq(noted.report_queued, 0);
	ck_assert_int_eq(pinstore_drop_reports(ps, 0, NULL, NOW, NULL, NULL),
	                 PINSTORE_OK);
	noted = note_ro("b.test", "C", PIN_B RO_URI, NOW);
	ck_assert_int_eq(noted.report_queued, 1);
	/* The one that was lost is counted with the next. */
	assert_waiting(1, 1);
}
END_TEST

static TCase *
make_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("reports");
	TCase *tcase = make_case(suite, "queued");

	tcase_add_test(tcase, a_refusal_is_reported);
	tcase_add_loop_test(tcase, nothing_is_reported, 0, COUNT(silent));
	tcase_add_test(tcase, mode_report_is_reported);
	tcase_add_test(tcase, both_layers);
	tcase_add_test(tcase, the_same_is_reported_once);
	tcase_add_loop_test(tcase, quiet_for_an_hour, 0, 2);
	tcase = make_case(suite, "sent");
	tcase_add_test(tcase, nobody_else_gets_it);
	tcase_add_test(tcase, back_off);
	tcase_add_test(tcase, taken_by_number);
	tcase_add_test(tcase, senders_that_die);
	tcase_add_loop_test(tcase, a_day, 0, 3);
	tcase_add_test(tcase, wrong_calls);
	tcase = make_case(suite, "dropped");
	tcase_add_loop_test(tcase, dropped_by_the_operator, 0, COUNT(drops));
	tcase_add_loop_test(tcase, cleared_with_the_host, 0, 2);
	tcase_add_test(tcase, a_hundred);
	tcase_add_test(tcase, eight_mebioctets);
	if (!suite_is_under_memcheck())
		tcase_add_test(tcase, a_thousand_quiet_ones);
	tcase_add_loop_test(tcase, damage_changes_no_verdict, 0, DAMAGES);
	tcase = make_case(suite, "Report-Only");
	tcase_add_loop_test(tcase, report_only, 0, COUNT(only));
	tcase_add_test(tcase, report_only_once);
	tcase_add_test(tcase, both_kinds_in_one_response);
	tcase_add_test(tcase, report_only_without_effect);
	tcase_add_test(tcase, report_only_on_a_damaged_queue);
	return suite_run(suite);
}
