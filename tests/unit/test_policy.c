/*
 * test_policy.c - which entry applies, whether it is satisfied, what may be
 * noted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/policy.h"

#include <string.h>

#include <check.h>

#include "tests/support/header_cases.h"
#include "tests/support/suite.h"

#define NOW INT64_C(1790000000)
#define CAP INT64_C(5184000) /* R-4.1-1 */

static struct pinstore_pin
pin_of(unsigned number)
{
	struct pinstore_pin pin;

	memset(pin.sha256, (int)number, sizeof(pin.sha256));
	return pin;
}

/* -------------------------------------------------------------------- times */

struct life {
	int64_t expires;
	int64_t now;
	bool is_live;
};

/* R-2.3.3-1, D-13: the second of expiry is the last one. */
static const struct life lives[] = {
	{ NOW, NOW - 1, true },
	{ NOW, NOW, true },
	{ NOW, NOW + 1, false },
	{ NOW, INT64_MIN, true },
	{ NOW, INT64_MAX, false },
	{ PINSTORE_NEVER, INT64_MAX, true }, /* never means never */
	{ PINSTORE_NEVER - 1, INT64_MAX, false },
	{ 0, -1, true },
	{ -1, 0, false },
	{ INT64_MIN, INT64_MIN, true },
	{ INT64_MIN, INT64_MIN + 1, false },
};

START_TEST(R_2_3_3_1_lives_to_the_second)
{
	ck_assert(ps_policy_is_live(lives[_i].expires, lives[_i].now) ==
	          lives[_i].is_live);
}
END_TEST

struct sum {
	int64_t now;
	int64_t max_age;
	int64_t cap;
	int64_t expires;
};

/* R-2.3.3-8, T-074: the cap, and no sum that wraps. */
static const struct sum sums[] = {
	{ NOW, 3000, CAP, NOW + 3000 },
	{ NOW, CAP - 1, CAP, NOW + CAP - 1 },
	{ NOW, CAP, CAP, NOW + CAP },
	{ NOW, CAP + 1, CAP, NOW + CAP },
	{ NOW, 7776000, CAP, NOW + CAP },
	{ NOW, 7776000, 0, NOW + 7776000 },       /* 0 = no cap */
	{ NOW, PS_HEADER_MAX_AGE_MAX, 0, NOW + PS_HEADER_MAX_AGE_MAX },
	{ NOW, 0, CAP, NOW },
	{ NOW, 1, 1, NOW + 1 },
	{ NOW, 2, 1, NOW + 1 },
	{ INT64_MAX, 1, CAP, PINSTORE_NEVER - 1 }, /* never never by a sum */
	{ INT64_MAX - 1, 0, CAP, PINSTORE_NEVER - 1 },
	{ INT64_MAX - 2, 0, CAP, PINSTORE_NEVER - 2 },
	{ INT64_MAX - 2, 1, CAP, PINSTORE_NEVER - 1 },
	{ INT64_MAX - 2, 2, CAP, PINSTORE_NEVER - 1 },
	{ INT64_MAX - CAP, CAP, CAP, PINSTORE_NEVER - 1 },
	{ INT64_MAX - 1 - CAP, CAP, CAP, PINSTORE_NEVER - 1 },
	{ INT64_MAX - 2 - CAP, CAP, CAP, PINSTORE_NEVER - 2 },
	{ INT64_MIN, 3000, CAP, INT64_MIN + 3000 },
	{ -1, 1, CAP, 0 },
	{ 0, INT64_MAX, 0, PINSTORE_NEVER - 1 },
	{ -10, INT64_MAX, 0, INT64_MAX - 10 },
	{ INT64_MAX, INT64_MAX, 0, PINSTORE_NEVER - 1 },
};

START_TEST(R_2_3_3_8_cap_and_saturation)
{
	const struct sum *s = &sums[_i];

	ck_assert_int_eq(ps_policy_expires(s->now, s->max_age, s->cap),
	                 s->expires);
	if (s->cap == 0 || s->max_age <= s->cap)
		ck_assert_int_eq(ps_policy_after(s->now, s->max_age),
		                 s->expires);
}
END_TEST

static const struct life races[] = { /* stored, now, is older */
	{ NOW, NOW, false },
	{ NOW + 1, NOW, true },
	{ NOW + 59, NOW, true },
	{ NOW + 60, NOW, true },
	{ NOW + 61, NOW, false },
	{ NOW - 1, NOW, false },
	{ INT64_MAX, INT64_MIN, false },
	{ INT64_MAX, INT64_MAX - 60, true },
	{ INT64_MIN + 60, INT64_MIN, true },
	{ INT64_MIN, INT64_MAX, false },
};

START_TEST(P_16_a_race_is_sixty_seconds)
{
	ck_assert(ps_policy_is_older(races[_i].expires, races[_i].now) ==
	          races[_i].is_live);
}
END_TEST

/* ------------------------------------------------------------------ applies */

struct walk {
	bool is_present, is_exact, include_subdomains;
	int64_t expires;
	enum pinstore_reason why;
};

static const struct walk walks[] = {
	{ true, true, false, NOW, PINSTORE_WHY_EXACT },
	{ true, true, true, NOW, PINSTORE_WHY_EXACT },
	{ true, false, true, NOW, PINSTORE_WHY_ANCESTOR },
	{ true, false, false, NOW, PINSTORE_WHY_NO_INCLUDE_SUBDOMAINS },
	{ true, true, true, NOW - 1, PINSTORE_WHY_EXPIRED },
	{ true, false, true, NOW - 1, PINSTORE_WHY_EXPIRED },
	{ true, false, false, NOW - 1, PINSTORE_WHY_EXPIRED },
	{ false, true, true, NOW, PINSTORE_WHY_NO_ENTRY },
};

START_TEST(R_2_6_10_which_entry_applies)
{
	struct ps_section_view section;

	memset(&section, 0, sizeof(section));
	section.is_present = walks[_i].is_present;
	section.include_subdomains = walks[_i].include_subdomains;
	section.expires = walks[_i].expires;
	ck_assert_int_eq(ps_policy_applies(&section, walks[_i].is_exact, NOW),
	                 walks[_i].why);
}
END_TEST

/* -------------------------------------------------------------------- match */

/*
 * R-2.6-7, R-2.6-8: all sets of pins 1 to 4 against all chains of up to three
 * keys out of 0 (a key that gives no pin) to 4, by the intersection of bits.
 */
START_TEST(R_2_6_8_match_is_intersection)
{
	struct pinstore_pin key[5], pins[4];
	const struct pinstore_pin *chain[3];
	unsigned set = (unsigned)_i, chain_set, n_chain, number, digits, i;
	size_t n_pins = 0, pin, certificate, first;
	bool found;

	for (i = 1; i < 5; i++) {
		key[i] = pin_of(i);
		if ((set & 1u << i) != 0)
			pins[n_pins++] = key[i];
	}
	for (n_chain = 0; n_chain <= 3; n_chain++) {
		for (number = 0; number < 125; number++) {
			digits = number;
			chain_set = 0;
			first = 99;
			for (i = 0; i < n_chain; i++, digits /= 5) {
				chain[i] = digits % 5 > 0 ? &key[digits % 5]
				                          : NULL;
				chain_set |= 1u << digits % 5;
				if (first == 99 && digits % 5 > 0 &&
				    (set & 1u << digits % 5) != 0)
					first = i;
			}
			pin = certificate = 77;
			found = ps_policy_match(pins, n_pins, chain, n_chain,
			                        &pin, &certificate);
			ck_assert(found == ((set & chain_set & ~1u) != 0));
			if (!found)
				continue;
			/* The first in order of the chain. */
			ck_assert_uint_eq(certificate, first);
			ck_assert(ps_pin_is_equal(&pins[pin], chain[first]));
			ck_assert(ps_policy_match(pins, n_pins, chain,
			                          n_chain, NULL, NULL));
		}
	}
}
END_TEST

/* --------------------------------------------------------------------- plan */

static const char *
plan_name(enum ps_plan plan)
{
	switch (plan) {
	case PS_PLAN_IGNORE:
		return "IGNORE";
	case PS_PLAN_NOTE:
		return "NOTE";
	case PS_PLAN_REMOVE:
		return "REMOVE";
	case PS_PLAN_UNPIN:
		return "UNPIN";
	case PS_PLAN_REPORT:
		return "REPORT";
	case PS_PLAN_PASS:
		return "PASS";
	}
	return "";
}

static enum ps_plan
plan_of(const char *value, enum pinstore_kind kind, bool strict,
        const struct pinstore_pin *const *chain, size_t n,
        enum pinstore_reason *why)
{
	struct ps_header header;

	ps_header_parse(value, strlen(value), kind, strict, &header);
	*why = PINSTORE_WHY_FULL;
	return ps_policy_plan(&header, kind, chain != NULL, chain, n, why);
}

START_TEST(HDR_plan)
{
	const struct header_case *c = &header_cases[_i];
	const struct pinstore_pin *chain[] = { &pin_a };
	enum pinstore_reason why;
	enum ps_plan plan;

	plan = plan_of(c->value, c->kind, false, chain, 1, &why);
	ck_assert_msg(strcmp(plan_name(plan), c->plan) == 0, "%s: %s", c->id,
	              plan_name(plan));
	ck_assert_msg(why == c->plan_why, "%s: %d", c->id, why);
}
END_TEST

START_TEST(HDR_plan_strict)
{
	const struct header_case *c = &header_cases[_i];
	const struct pinstore_pin *chain[] = { &pin_a };
	bool is_fine = c->strict.why == PINSTORE_WHY_OK;
	enum pinstore_reason why;
	enum ps_plan plan;

	plan = plan_of(c->value, c->kind, true, chain, 1, &why);
	ck_assert_msg(strcmp(plan_name(plan), is_fine ? c->plan : "IGNORE") ==
	              0, "%s: %s", c->id, plan_name(plan));
	ck_assert_msg(why == (is_fine ? c->plan_why : c->strict.why),
	              "%s: %d", c->id, why);
}
END_TEST

struct plan {
	enum pinstore_kind kind;
	const char *value;
	const char *chain; /* of A, B, C and '-', a key without a pin */
	enum ps_plan plan;
	enum pinstore_reason why;
};

#define P(pin) "pin-sha256=\"" pin "\";"
#define URI "report-uri=\"https://r.example/\""

static const struct plan plans[] = {
	/* R-2.5-4: pins of leaf, intermediate and root are no backup. */
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B) P(PIN_C), "ABC",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_BACKUP },
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), "ABC",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_BACKUP },
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B) P(PIN_C), "AB",
	  PS_PLAN_NOTE, PINSTORE_WHY_OK },
	/* R-2.5-3: whichever place in the chain it has. */
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), "C-A",
	  PS_PLAN_NOTE, PINSTORE_WHY_OK },
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), "C",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_MATCH },
	/* The empty chain, and one whose keys give no pin. */
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), "",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_MATCH },
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), "--",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_MATCH },
	/* D-07 and D-03 ask nothing of the pins. */
	{ PINSTORE_PKP, "max-age=0;" P(PIN_B), "A",
	  PS_PLAN_REMOVE, PINSTORE_WHY_OK },
	{ PINSTORE_PKP, "max-age=0", "", PS_PLAN_REMOVE, PINSTORE_WHY_OK },
	{ PINSTORE_PKP, "max-age=1; pin-sha1=\"x\"", "",
	  PS_PLAN_UNPIN, PINSTORE_WHY_NO_PINS },
	/* P-17. */
	{ PINSTORE_PKP_RO, URI ";" P(PIN_A), "A",
	  PS_PLAN_PASS, PINSTORE_WHY_OK },       /* no backup: no failure */
	{ PINSTORE_PKP_RO, URI ";" P(PIN_A), "BCA",
	  PS_PLAN_PASS, PINSTORE_WHY_OK },
	{ PINSTORE_PKP_RO, URI ";" P(PIN_A) P(PIN_B), "C-",
	  PS_PLAN_REPORT, PINSTORE_WHY_OK },
	{ PINSTORE_PKP_RO, URI ";" P(PIN_A), "",
	  PS_PLAN_REPORT, PINSTORE_WHY_OK },
	{ PINSTORE_PKP_RO, "max-age=0;" URI ";" P(PIN_B), "A",
	  PS_PLAN_REPORT, PINSTORE_WHY_OK },     /* R-2.3.2-6 */
	{ PINSTORE_PKP_RO, URI ";pin-sha1=\"x\"", "A",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_PINS },
	{ PINSTORE_PKP_RO, "report-uri=\"/x\";" P(PIN_B), "A",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_REPORT_URI },
	{ PINSTORE_PKP_RO, "max-age=0", "A",
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_REPORT_URI }, /* removes nothing */
	/* Without a chain: what the field alone allows. */
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A) P(PIN_B), NULL,
	  PS_PLAN_NOTE, PINSTORE_WHY_NOT_JUDGED },
	{ PINSTORE_PKP, "max-age=1;" P(PIN_A), NULL,
	  PS_PLAN_NOTE, PINSTORE_WHY_NOT_JUDGED },
	{ PINSTORE_PKP, "max-age=0", NULL, PS_PLAN_REMOVE, PINSTORE_WHY_OK },
	{ PINSTORE_PKP, "max-age=1", NULL,
	  PS_PLAN_UNPIN, PINSTORE_WHY_NO_PINS },
	{ PINSTORE_PKP, "max-age", NULL,
	  PS_PLAN_IGNORE, PINSTORE_WHY_BAD_MAX_AGE },
	{ PINSTORE_PKP_RO, URI ";" P(PIN_A), NULL,
	  PS_PLAN_REPORT, PINSTORE_WHY_NOT_JUDGED },
	{ PINSTORE_PKP_RO, P(PIN_A), NULL,
	  PS_PLAN_IGNORE, PINSTORE_WHY_NO_REPORT_URI },
};

START_TEST(what_a_field_asks_for)
{
	struct pinstore_pin pin_b = pin_of(2), pin_c = pin_of(3);
	const struct plan *p = &plans[_i];
	const struct pinstore_pin *chain[4] = { NULL };
	enum pinstore_reason why;
	enum ps_plan plan;
	size_t n;

	for (n = 0; p->chain != NULL && p->chain[n] != '\0'; n++)
		chain[n] = p->chain[n] == 'A'   ? &pin_a
		           : p->chain[n] == 'B' ? &pin_b
		           : p->chain[n] == 'C' ? &pin_c
		                                : NULL;
	plan = plan_of(p->value, p->kind, false,
	               p->chain != NULL ? chain : NULL, n, &why);
	ck_assert_msg(plan == p->plan && why == p->why, "%s: %s, %d",
	              p->value, plan_name(plan), why);
}
END_TEST

/* -------------------------------------------------------------------- merge */

/* What a header with a max-age of days gives at the time `at`. */
static void
make_section(struct ps_section *section, int64_t at, int64_t max_age)
{
	memset(section, 0, sizeof(*section));
	section->is_present = true;
	section->source = PINSTORE_HEADER;
	section->observed = at;
	section->updated = at;
	section->expires = ps_policy_expires(at, max_age, CAP);
	section->max_age = max_age;
	section->quota_labels = 2;
	section->pins.n = 2;
	section->pins.pin[0] = pin_of(1);
	section->pins.pin[1] = pin_of(2);
	memcpy(section->report_uri, "https://r.example/", 19);
}

struct again {
	int64_t max_age;
	int64_t slack;
	int64_t later; /* seconds after the first sighting */
	enum ps_merge merge;
};

/* Design 3.6: one percent of its life by default, at most an hour. */
static const struct again agains[] = {
	{ 10000, 100, 0, PS_MERGE_SLACK },
	{ 10000, 100, 99, PS_MERGE_SLACK },
	{ 10000, 100, 100, PS_MERGE_REFRESHED },
	{ 10000, 100, 101, PS_MERGE_REFRESHED },
	{ 10000, 100, 10001, PS_MERGE_REFRESHED },   /* it has expired */
	{ 10000, 10000, 3599, PS_MERGE_SLACK },
	{ 10000, 10000, 3600, PS_MERGE_REFRESHED },
	{ 100, 10000, 99, PS_MERGE_SLACK },
	{ 100, 10000, 100, PS_MERGE_REFRESHED },
	{ 100, 20000, 100, PS_MERGE_REFRESHED },     /* never past its life */
	{ 359900, 100, 3598, PS_MERGE_SLACK },
	{ 359900, 100, 3599, PS_MERGE_REFRESHED },
	{ 360000, 100, 3599, PS_MERGE_SLACK },       /* the hour */
	{ 360000, 100, 3600, PS_MERGE_REFRESHED },
	{ 360100, 100, 3600, PS_MERGE_REFRESHED },
	{ CAP, 100, 3599, PS_MERGE_SLACK },
	{ CAP, 100, 3600, PS_MERGE_REFRESHED },
	{ PS_HEADER_MAX_AGE_MAX, 100, 3599, PS_MERGE_SLACK },
	{ PS_HEADER_MAX_AGE_MAX, 10000, 3600, PS_MERGE_REFRESHED },
	{ 10000, 0, 0, PS_MERGE_SLACK },             /* not even a time */
	{ 10000, 0, 1, PS_MERGE_REFRESHED },         /* the letter of the RFC */
	{ 10000, -1, 1, PS_MERGE_REFRESHED },
	{ 99, 100, 1, PS_MERGE_REFRESHED },          /* less than a second */
	{ 1, 100, 0, PS_MERGE_SLACK },
	/* P-16: the clock. */
	{ 10000, 100, -1, PS_MERGE_OLDER },
	{ 10000, 0, -60, PS_MERGE_OLDER },
	{ 10000, 100, -61, PS_MERGE_CLOCK },
	{ 10000, 100, -86400, PS_MERGE_CLOCK },
};

START_TEST(same_header_seen_again)
{
	const struct again *a = &agains[_i];
	struct ps_section stored, fresh;

	make_section(&stored, NOW, a->max_age);
	stored.updated = NOW - 1000;
	make_section(&fresh, NOW + a->later, a->max_age);
	fresh.updated = -1;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, a->slack), a->merge);
	if (a->merge == PS_MERGE_REFRESHED)
		ck_assert_int_eq(fresh.updated, NOW - 1000);
	/* Nothing may be said to have changed at a time yet to come. */
	if (a->merge == PS_MERGE_CLOCK)
		ck_assert_int_eq(fresh.updated, a->later < -1000
		                 ? NOW + a->later : NOW - 1000);
}
END_TEST

/* R-2.3.1-1, D-05: whatever changes makes it another entry. */
START_TEST(any_change_is_written)
{
	struct ps_section stored, fresh;

	make_section(&stored, NOW, 10000);
	make_section(&fresh, NOW, 10000);
	switch (_i) {
	case 0:
		fresh.include_subdomains = true;
		break;
	case 1:
		fresh.report_uri[0] = '\0';
		break;
	case 2:
		fresh.report_uri[17] = 'x';
		break;
	case 3:
		fresh.pins.pin[1] = pin_of(3);
		break;
	case 4:
		fresh.pins.pin[2] = pin_of(3);
		fresh.pins.n = 3;
		break;
	case 5:
		fresh.pins.n = 1;
		break;
	case 6:
		fresh.max_age = 10001;
		break;
	case 7:
		fresh.quota_labels = 3;
		break;
	case 8:
		fresh.note[0] = 'x';
		break;
	default:
		stored.mode = PINSTORE_REPORT;
		break;
	}
	stored.updated = NOW - 5;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_CHANGED);
	ck_assert_int_eq(fresh.updated, NOW);
	/* Unless it is a race, which the later sighting has won. */
	stored.observed = NOW + 60;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_OLDER);
	stored.observed = NOW + 61;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_CLOCK);
	ck_assert_int_eq(fresh.updated, NOW);
}
END_TEST

/* The order of pins is no change. */
START_TEST(pins_are_a_set)
{
	struct ps_section stored, fresh;

	make_section(&stored, NOW, 10000);
	make_section(&fresh, NOW + 1, 10000);
	fresh.pins.pin[0] = pin_of(2);
	fresh.pins.pin[1] = pin_of(1);
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 100),
	                 PS_MERGE_SLACK);
}
END_TEST

START_TEST(nothing_or_tofu_gives_way)
{
	struct ps_section stored, fresh;

	memset(&stored, 0, sizeof(stored));
	make_section(&fresh, NOW, 10000);
	fresh.updated = 0;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 100), PS_MERGE_NEW);
	ck_assert_int_eq(fresh.updated, NOW);
	make_section(&stored, NOW + 30, 10000);
	stored.source = PINSTORE_TOFU;
	stored.expires = PINSTORE_NEVER;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 100), PS_MERGE_NEW);
	ck_assert_int_eq(fresh.updated, NOW);
}
END_TEST

/* A lower cap must shorten the life at once, not after the slack. */
START_TEST(another_cap_is_written)
{
	struct ps_section stored, fresh;

	make_section(&stored, NOW, 10000);
	make_section(&fresh, NOW + 1, 10000);
	fresh.expires = NOW + 1 + 500;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 100),
	                 PS_MERGE_REFRESHED);
	fresh.expires = PINSTORE_NEVER - 1;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 100),
	                 PS_MERGE_REFRESHED);
}
END_TEST

START_TEST(times_at_their_limits)
{
	struct ps_section stored, fresh;

	make_section(&stored, INT64_MIN, 10000);
	stored.expires = INT64_MAX - 1;
	make_section(&fresh, INT64_MAX - 1, 10000);
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_REFRESHED);
	make_section(&stored, INT64_MAX, 10000);
	make_section(&fresh, INT64_MIN, 10000);
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_CLOCK);
	make_section(&stored, INT64_MIN, 10000);
	stored.expires = INT64_MAX;
	make_section(&fresh, INT64_MIN + 3599, 10000);
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_REFRESHED);
	/* An entry that ended before it began is never left as it is. */
	make_section(&stored, NOW, 10000);
	stored.expires = NOW - 1;
	make_section(&fresh, NOW, 10000);
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_REFRESHED);
	make_section(&stored, NOW, 10000);
	fresh.expires = NOW - 1;
	ck_assert_int_eq(ps_policy_merge(&stored, &fresh, 10000),
	                 PS_MERGE_REFRESHED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");
	const int cases = (int)HEADER_CASES;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, R_2_3_3_1_lives_to_the_second, 0,
	                    COUNT(lives));
	tcase_add_loop_test(tcase, R_2_3_3_8_cap_and_saturation, 0,
	                    COUNT(sums));
	tcase_add_loop_test(tcase, P_16_a_race_is_sixty_seconds, 0,
	                    COUNT(races));
	tcase_add_loop_test(tcase, R_2_6_10_which_entry_applies, 0,
	                    COUNT(walks));
	tcase_add_loop_test(tcase, R_2_6_8_match_is_intersection, 0, 32);
	tcase_add_loop_test(tcase, HDR_plan, 0, cases);
	tcase_add_loop_test(tcase, HDR_plan_strict, 0, cases);
	tcase_add_loop_test(tcase, what_a_field_asks_for, 0, COUNT(plans));
	tcase_add_loop_test(tcase, same_header_seen_again, 0, COUNT(agains));
	tcase_add_loop_test(tcase, any_change_is_written, 0, 10);
	tcase_add_test(tcase, pins_are_a_set);
	tcase_add_test(tcase, nothing_or_tofu_gives_way);
	tcase_add_test(tcase, another_cap_is_written);
	tcase_add_test(tcase, times_at_their_limits);
	return suite_run(suite);
}
