/*
 * test_api_flood.c - one host that speaks often, one domain with many names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PINSTORE_FLOOD is the number of subdomains; `make flood' makes it 100,000,
 * and leaves the quota as it is by default.
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

/* ------------------------------------------------------------ refresh slack */

static unsigned long n_syncs;

/* In place of libc's, for LMDB too: one for each commit. */
int
fdatasync(int fd)
{
	n_syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static const struct {
	int64_t slack;  /* in 1/10000; -1: the default */
	int64_t apart;  /* seconds between two responses */
	int64_t max_age;
	unsigned long syncs;
} often[] = {
	/* An hour at most: 1,000 responses in 1,000 s are one commit. */
	{-1, 1, 5184000, 1},
	{-1, 0, 5184000, 1},
	/* In 60,000 s one each hour. */
	{-1, 60, 5184000, 17},
	/* 1 % of 20,000 s. */
	{-1, 1, 20000, 5},
	{1000, 1, 1000, 10},
	/* The letter of the RFC: each sighting, but not twice in a second. */
	{0, 1, 5184000, 1000},
	{0, 0, 5184000, 1},
};

/* design 3.6: commits for 1,000 responses of one host, with either setting. */
START_TEST(syncs_for_1000_responses)
{
	struct pinstore_result *result;
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {.kind = PINSTORE_PKP};
	int64_t now = NOW;
	char value[512];
	int i;

	if (often[_i].slack >= 0)
		ck_assert_int_eq(pinstore_setting_put(
		                         ps, PINSTORE_SETTING_REFRESH_SLACK,
		                         &often[_i].slack, NOW, NULL),
		                 PINSTORE_OK);
	field.len = header_of("AB", often[_i].max_age, "", value,
	                      sizeof(value));
	field.value = value;
	n_syncs = 0;
	for (i = 0; i < 1000; i++) {
		result = check_at("a.test", "A", now);
		ck_assert_int_eq(pinstore_note(ps, result, &field, 1, now,
		                               &noted, NULL), PINSTORE_OK);
		ck_assert_int_ne(noted.action, PINSTORE_IGNORED);
		/* Never so late that the entry has less than its slack. */
		ck_assert_int_ge(noted.expires,
		                 now + often[_i].max_age - 3600);
		pinstore_result_free(result);
		now += often[_i].apart;
	}
	printf("slack %lld, %lld s apart: %lu commits\n",
	       (long long)often[_i].slack, (long long)often[_i].apart, n_syncs);
	ck_assert_uint_eq(n_syncs, often[_i].syncs);
}
END_TEST

/* -------------------------------------------------------------------- flood */

static unsigned
flood_size(void)
{
	const char *text = getenv("PINSTORE_FLOOD");

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 2000;
}

struct counts {
	unsigned learned, configured;
};

static int
count(const struct pinstore_entry *entry, void *arg)
{
	struct counts *counts = arg;

	if (pinstore_entry_layer(entry) == PINSTORE_LEARNED)
		counts->learned++;
	else
		counts->configured++;
	return 0;
}

static struct counts
count_all(void)
{
	struct counts counts = {0, 0};

	ck_assert_int_eq(pinstore_walk(ps, NULL, count, &counts, NULL),
	                 PINSTORE_OK);
	return counts;
}

/* T-096: the flooded domain has its quota, and nobody else notices. */
START_TEST(t_096_flood_of_subdomains)
{
	static const char *const behind[] = {".flood.test", ".Flood.TEST",
	                                     ".flood.test.", ".y.flood.test"};
	unsigned n = flood_size(), quota = n > 10000 ? 200 : 20, i, noted = 0;
	int64_t wanted = quota;
	struct pinstore_noted told;
	char host[64];

	ck_assert_int_eq(pinstore_setting_put(ps, PINSTORE_SETTING_QUOTA_DOMAIN,
	                                      &wanted, NOW, NULL), PINSTORE_OK);
	told = note_at("victim.test", "A", "AB", CAP, "; includeSubDomains",
	               NOW);
	ck_assert_int_eq(told.action, PINSTORE_NOTED);
	ck_assert_int_eq(pin_at("own.flood.test", "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	for (i = 0; i < n; i++) {
		snprintf(host, sizeof(host), "h%u%s", i, behind[i % 4]);
		told = note_at(host, "X", "XY", CAP, "", NOW + 1);
		noted += told.action == PINSTORE_NOTED;
		if (told.action != PINSTORE_NOTED)
			ck_assert_int_eq(told.why, PINSTORE_WHY_FULL);
	}
	ck_assert_uint_eq(noted, quota);
	ck_assert_uint_eq(count_all().learned, quota + 1);
	/* Others are enforced, and others learn; the operator pins. */
	ck_assert_int_eq(verdict_at("www.victim.test", "X", NOW + 2),
	                 PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("own.flood.test", "X", NOW + 2),
	                 PINSTORE_REJECT);
	ck_assert_int_eq(note_at("next.test", "A", "AB", CAP, "",
	                         NOW + 2).action, PINSTORE_NOTED);
	ck_assert_int_eq(pin_at("more.flood.test", "AB", 0, PINSTORE_NEVER,
	                        NOW + 2), PINSTORE_OK);
	/* The first who came stays; so does what it says later. */
	ck_assert_int_eq(note_at("h0.flood.test", "X", "XZ", CAP, "",
	                         NOW + 3).action, PINSTORE_UPDATED);
	ck_assert_uint_eq(count_all().configured, 2);
	/*
	 * What has been dead for a week makes room, when the clock is trusted.
	 */
	note_at("next.test", "A", "AB", CAP, "", NOW + CAP / 2);
	ck_assert_int_eq(note_at("late.flood.test", "X", "XY", CAP, "",
	                         NOW + CAP + 7 * 86400 + 4).action,
	                 PINSTORE_NOTED);
}
END_TEST

/* T-035, T-036: a public suffix is one in each spelling. */
START_TEST(t_035_suffix_spellings)
{
	static const char *const spellings[] = {
		"github.io", "GitHub.io", "GITHUB.IO", "github.io.",
		"GitHub.IO.", "github\xef\xbc\x8eio", "co.uk", "CO.UK.",
		"test", "TEST.",
	};
	struct pinstore_noted told;
	char victim[80];

	told = note_at(spellings[_i], "A", "AB", 1000, "; includeSubDomains",
	               NOW);
	ck_assert_int_eq(told.action, PINSTORE_NOTED);
	ck_assert_int_eq(told.suffix_rule, 1);
	snprintf(victim, sizeof(victim), "victim.%s", spellings[_i]);
	ck_assert_int_eq(verdict_at(victim, "X", NOW), PINSTORE_UNPINNED);
	/* A customer of it is no suffix. */
	told = note_at(victim, "A", "AB", 1000, "; includeSubDomains", NOW);
	ck_assert_int_eq(told.suffix_rule, 0);
	snprintf(victim, sizeof(victim), "www.victim.%s", spellings[_i]);
	ck_assert_int_eq(verdict_at(victim, "X", NOW), PINSTORE_REJECT);
}
END_TEST

/* Customers of a suffix do not share a quota. */
START_TEST(quota_below_a_suffix)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, 1);
	ck_assert_int_eq(note_at("a.one.github.io", "A", "AB", 1000, "",
	                         NOW).action, PINSTORE_NOTED);
	ck_assert_int_eq(note_at("b.ONE.github.io.", "A", "AB", 1000, "",
	                         NOW).why, PINSTORE_WHY_FULL);
	ck_assert_int_eq(note_at("a.two.github.io", "A", "AB", 1000, "",
	                         NOW).action, PINSTORE_NOTED);
}
END_TEST

/* -------------------------------------------------------------------- clock */

/* 2038-01-19T03:14:07Z, 2100-02-28T23:59:59Z, and the ends of numbers. */
static const int64_t moments[] = {
	0, 1, INT64_C(2147483646), INT64_C(2147483647), INT64_C(2147483648),
	INT64_C(4294967295), INT64_C(4294967296), INT64_C(4107542399),
	INT64_C(4107542400), INT64_C(253402300799), INT64_C(253402300800),
	INT64_MAX - CAP - 1, INT64_MAX - 1,
};

/*
 * T-095: what is noted at any moment lives as long as its max-age, saturated.
 */
START_TEST(t_095_moments)
{
	int64_t now = moments[_i], end;
	struct pinstore_noted told = note_at("a.test", "A", "AB", 1000, "", now);

	end = now > PINSTORE_NEVER - 1001 ? PINSTORE_NEVER - 1 : now + 1000;
	ck_assert_int_eq(told.action, PINSTORE_NOTED);
	ck_assert_int_eq(told.expires, end);
	ck_assert_int_eq(verdict_at("a.test", "X", now), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("a.test", "X", end), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("a.test", "X", end + 1), PINSTORE_UNPINNED);
	/*
	 * Seen from before it is still there, from a clock that was set back.
	 */
	ck_assert_int_eq(verdict_at("a.test", "X", now - 1), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("a.test", "X", INT64_MIN), PINSTORE_REJECT);
}
END_TEST

/* T-095: one note of a clock that is 10 years ahead does not open expire. */
START_TEST(t_095_clock_ahead_by_years)
{
	const int64_t ahead = NOW + INT64_C(3650) * 86400;
	size_t removed = 9;

	note_at("a.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(note_at("b.test", "A", "AB", 1000, "", ahead).action,
	                 PINSTORE_NOTED);
	ck_assert_int_eq(pinstore_expire(ps, ahead, ahead, 0, 0, &removed,
	                                 NULL), PINSTORE_ERR_UNFIT);
	ck_assert_uint_eq(removed, 0);
	/* When the clock is right again, what was there works. */
	ck_assert_int_eq(verdict_at("a.test", "X", NOW + 1), PINSTORE_REJECT);
	/* D-27: and what was noted in the future is enforced. */
	ck_assert_int_eq(verdict_at("b.test", "X", NOW + 1), PINSTORE_REJECT);
	/* A later sighting by the right clock replaces it, and is told. */
	ck_assert_int_eq(note_at("b.test", "A", "AB", 1000, "",
	                         NOW + 2).clock_went_back, 1);
	ck_assert_int_eq(pinstore_expire(ps, NOW + 1, NOW + 3, 0, 0, &removed,
	                                 NULL), PINSTORE_OK);
	ck_assert_uint_eq(removed, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flood");
	TCase *tcase = tcase_create("flood");

	tcase_set_timeout(tcase, getenv("PINSTORE_FLOOD") != NULL ? 3600 : 60);
	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tcase, syncs_for_1000_responses, 0,
	                    sizeof(often) / sizeof(often[0]));
	tcase_add_test(tcase, t_096_flood_of_subdomains);
	tcase_add_loop_test(tcase, t_035_suffix_spellings, 0, 10);
	tcase_add_test(tcase, quota_below_a_suffix);
	tcase_add_loop_test(tcase, t_095_moments, 0,
	                    sizeof(moments) / sizeof(moments[0]));
	tcase_add_test(tcase, t_095_clock_ahead_by_years);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
