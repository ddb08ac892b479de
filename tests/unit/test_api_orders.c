/*
 * test_api_orders.c - settings, revoked keys, bypasses, anchors, modes, tofu.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>

#include "api/check.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define DAY INT64_C(86400)

/* ------------------------------------------------------------------- words */

static void
pin(const char *host, const char *pins, int subdomains)
{
	ck_assert_int_eq(pin_at(host, pins, subdomains, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
}

static void
pin_report(const char *host, const char *letters, int subdomains)
{
	struct pinstore_pin pins[64];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = pins_of(letters, pins),
		.include_subdomains = subdomains,
		.mode = PINSTORE_REPORT,
		.expires = PINSTORE_NEVER,
	};

	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, NULL), PINSTORE_OK);
}

static enum pinstore_status
deny(char letter)
{
	struct pinstore_pin key = pin_of(letter);

	return pinstore_revoke(ps, &key, "stolen", NOW, NULL);
}

static enum pinstore_status
undeny(char letter)
{
	struct pinstore_pin key = pin_of(letter);

	return pinstore_unrevoke(ps, &key, NOW, NULL);
}

static enum pinstore_status
bypass_at(const char *host, int subdomains, int64_t start, int64_t end,
          const char *reason, int64_t now)
{
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.host = host,
		.subdomains = subdomains,
		.start = start,
		.end = end,
		.reason = reason,
	};

	return pinstore_bypass(ps, &bypass, now, NULL);
}

static void
bypass(const char *host, int subdomains)
{
	ck_assert_int_eq(bypass_at(host, subdomains, NOW, NOW + 3600, "test",
	                           NOW), PINSTORE_OK);
}

static void
anchors(const char *letters)
{
	struct pinstore_pin pins[64];
	size_t n = pins_of(letters, pins);

	ck_assert_int_eq(pinstore_set_anchors(ps, pins, n, NOW, NULL),
	                 PINSTORE_OK);
}

static void
set(enum pinstore_setting which, int64_t value)
{
	ck_assert_int_eq(pinstore_setting_put(ps, which, &value, NOW, NULL),
	                 PINSTORE_OK);
}

/* "verdict reason", with "!" behind it for a violation. */
static void
assert_check(const char *host, const char *chain, int64_t now,
             const char *expected)
{
	struct pinstore_result *result = check_at(host, chain, now);
	char told[64];

	snprintf(told, sizeof(told), "%s %s%s",
	         pinstore_verdict_word(pinstore_result_verdict(result)),
	         pinstore_reason_word(pinstore_result_reason(result)),
	         pinstore_result_violation(result) ? "!" : "");
	ck_assert_msg(strcmp(told, expected) == 0, "%s %s: %s, not %s", host,
	              chain != NULL ? chain : "-", told, expected);
	pinstore_result_free(result);
}

static struct pinstore_noted
trust_at(const char *host, const char *chain, int64_t now)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at(host, chain, now);
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_trust(ps, result, now, &noted, &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	pinstore_result_free(result);
	return noted;
}

/* R-2.6-12: what a bypass let through is not remembered when it is over. */
START_TEST(tofu_after_bypass)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result;

	bypass("new.test", 0);
	result = check_at("new.test", "A", NOW);
	ck_assert_int_eq(pinstore_result_verdict(result), PINSTORE_BYPASSED);
	ck_assert_int_eq(pinstore_bypass_end(ps, "new.test", NOW, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	ck_assert(!has_entry("new.test", PINSTORE_LEARNED));
	pinstore_result_free(result);
	ck_assert_int_eq(trust_at("new.test", "A", NOW).action, PINSTORE_NOTED);
}
END_TEST

/* ------------------------------------------------------------ revoked keys */

static const struct {
	const char *host, *chain, *expected;
} with_r_revoked[] = {
	/* The pins match, and the key is revoked all the same. */
	{"a.test", "AR", "reject revoked"},
	{"a.test", "RA", "reject revoked"},
	{"a.test", "AB", "matched pin-in-chain"},
	{"a.test", "CX", "reject no-pin-in-chain"},
	/* A host of which nothing is known, and an address. */
	{"other.test", "R", "reject revoked"},
	{"other.test", "B", "unpinned no-entry"},
	{"127.0.0.1", "BR", "reject revoked"},
	{"127.1", "R", "reject revoked"},
	{"[::1]", "R", "reject revoked"},
	{"127.0.0.1", "B", "unpinned address"},
	/* A bypass, a local anchor, and mode report let it in no more. */
	{"open.test", "RX", "reject revoked"},
	{"open.test", "X", "bypassed bypass!"},
	{"a.test", "RL", "reject revoked"},
	{"a.test", "XL", "bypassed local-anchor!"},
	{"watched.test", "R", "reject revoked!"},
	/* Nothing to compare with. */
	{"other.test", "", "unpinned no-entry"},
	{"a.test", "", "reject no-chain"},
	{"other.test", NULL, "unpinned no-entry"},
	{"127.0.0.1", NULL, "unpinned address"},
};

/* design 3.1: a revoked key wins over everything. */
START_TEST(revoked_wins)
{
	pin("a.test", "AB", 0);
	pin("open.test", "AB", 0);
	pin_report("watched.test", "AB", 0);
	bypass("open.test", 0);
	anchors("L");
	ck_assert_int_eq(deny('R'), PINSTORE_OK);
	assert_check(with_r_revoked[_i].host, with_r_revoked[_i].chain, NOW,
	             with_r_revoked[_i].expected);
}
END_TEST

START_TEST(revoked_key_is_named)
{
	struct pinstore_result *result;
	size_t at = 99;

	ck_assert_int_eq(deny('R'), PINSTORE_OK);
	result = check_at("a.test", "ABR", NOW);
	ck_assert_int_eq(pinstore_result_revoked(result, &at), 1);
	ck_assert_uint_eq(at, 2);
	pinstore_result_free(result);
	result = check_at("a.test", "AB", NOW);
	ck_assert_int_eq(pinstore_result_revoked(result, &at), 0);
	pinstore_result_free(result);
}
END_TEST

static int
write_revoked(const struct pinstore_pin *key, int64_t since, const char *note,
              void *arg)
{
	char *out = arg;
	size_t len = strlen(out);

	snprintf(out + len, 256 - len, "%c %d %s,", key->sha256[0],
	         (int)(since - NOW), note != NULL ? note : "-");
	return 0;
}

START_TEST(revoked_is_a_list)
{
	struct pinstore_pin key = pin_of('C');
	char told[256] = "";

	ck_assert_int_eq(deny('B'), PINSTORE_OK);
	ck_assert_int_eq(deny('A'), PINSTORE_OK);
	ck_assert_int_eq(pinstore_revoke(ps, &key, NULL, NOW + 5, NULL),
	                 PINSTORE_OK);
	/* It stays as it is. */
	ck_assert_int_eq(pinstore_revoke(ps, &key, "again", NOW + 9, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_walk_revoked(ps, write_revoked, told, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(told, "A 0 stolen,B 0 stolen,C 5 -,");
	ck_assert_int_eq(undeny('B'), PINSTORE_OK);
	ck_assert_int_eq(undeny('B'), PINSTORE_ERR_NOTFOUND);
	assert_check("a.test", "B", NOW, "unpinned no-entry");
	assert_check("a.test", "A", NOW, "reject revoked");
	ck_assert_int_eq(undeny('A'), PINSTORE_OK);
	ck_assert_int_eq(undeny('C'), PINSTORE_OK);
	assert_check("a.test", "A", NOW, "unpinned no-entry");
	assert_journal("revoked - 1 0, revoked - 1 0, revoked - 1 5, "
	               "unrevoked - 1 0, violation a.test 1 0, "
	               "unrevoked - 1 0, unrevoked - 1 0, ");
}
END_TEST

/* What lasts is asked of the store, not of the handle. */
START_TEST(revoked_by_another)
{
	struct pinstore *other;

	assert_check("a.test", "A", NOW, "unpinned no-entry");
	ck_assert_int_eq(pinstore_open(fixture_dir.store, NULL, &other, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(deny('A'), PINSTORE_OK);
	pinstore_close(ps);
	ps = other;
	assert_check("a.test", "A", NOW, "reject revoked");
}
END_TEST

START_TEST(wrong_revocations)
{
	struct pinstore_pin key = pin_of('A');
	char note[PINSTORE_NOTE_MAX + 2];

	memset(note, 'n', sizeof(note));
	note[PINSTORE_NOTE_MAX + 1] = '\0';
	ck_assert_int_eq(pinstore_revoke(ps, &key, note, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_revoke(ps, NULL, NULL, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_revoke(NULL, &key, NULL, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_unrevoke(ps, NULL, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_walk_revoked(ps, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	note[PINSTORE_NOTE_MAX] = '\0';
	ck_assert_int_eq(pinstore_revoke(ps, &key, note, NOW, NULL),
	                 PINSTORE_OK);
}
END_TEST

/* --------------------------------------------------------------- bypasses */

static const struct {
	const char *host, *chain;
	int64_t now;
	const char *expected;
} with_bypass[] = {
	/* In force from start to end, both included. */
	{"a.test", "X", NOW - 1, "reject no-pin-in-chain"},
	{"a.test", "X", NOW, "bypassed bypass!"},
	{"a.test", "X", NOW + 3600, "bypassed bypass!"},
	{"a.test", "X", NOW + 3601, "reject no-pin-in-chain"},
	/* The clock far away, in either direction (T-095). */
	{"a.test", "X", 0, "reject no-pin-in-chain"},
	{"a.test", "X", INT64_MAX, "reject no-pin-in-chain"},
	{"a.test", "X", INT64_MIN, "reject no-pin-in-chain"},
	/* What matches is bypassed too: nothing is learned. */
	{"a.test", "A", NOW, "bypassed bypass"},
	/* The very name alone, unless subdomains are meant. */
	{"x.a.test", "X", NOW, "reject no-pin-in-chain"},
	{"x.b.test", "X", NOW, "bypassed bypass!"},
	{"b.test", "X", NOW, "bypassed bypass!"},
	{"xb.test", "X", NOW, "reject no-pin-in-chain"},
	{"test", "X", NOW, "reject no-pin-in-chain"},
	/* One of the very name that is over hides none that is in force. */
	{"old.b.test", "X", NOW, "bypassed bypass!"},
	/* Without a path nothing is let through. */
	{"a.test", "", NOW, "reject no-chain"},
	{"a.test", NULL, NOW, "reject no-chain"},
	{"127.0.0.1", "X", NOW, "unpinned address"},
};

START_TEST(bypass_in_force)
{
	pin("a.test", "AB", 1);
	pin("test", "AB", 1);
	bypass("a.test", 0);
	bypass("b.test", 1);
	ck_assert_int_eq(bypass_at("old.b.test", 0, NOW - 50, NOW - 1, "over",
	                           NOW - 50), PINSTORE_OK);
	assert_check(with_bypass[_i].host, with_bypass[_i].chain,
	             with_bypass[_i].now, with_bypass[_i].expected);
}
END_TEST

#define TEXT_16 "rrrrrrrrrrrrrrrr"
#define TEXT_64 TEXT_16 TEXT_16 TEXT_16 TEXT_16

static const struct {
	const char *host;
	int64_t start, end;
	const char *reason;
	enum pinstore_status status;
} bypasses[] = {
	{"a.test", NOW, NOW + 7 * DAY, "r", PINSTORE_OK},
	{"a.test", NOW - DAY, NOW, "r", PINSTORE_OK},
	{"a.test", NOW + DAY, NOW + 2 * DAY, "r", PINSTORE_OK},
	{"a.test", NOW, NOW + 7 * DAY + 1, "r", PINSTORE_ERR_ARG},
	{"a.test", INT64_MIN, INT64_MAX, "r", PINSTORE_ERR_ARG},
	{"a.test", NOW, PINSTORE_NEVER, "r", PINSTORE_ERR_ARG},
	{"a.test", NOW - DAY, NOW - 1, "r", PINSTORE_ERR_ARG},
	{"a.test", NOW + 9, NOW + 8, "r", PINSTORE_ERR_ARG},
	{"a.test", NOW, NOW + 60, "", PINSTORE_ERR_ARG},
	{"a.test", NOW, NOW + 60, TEXT_64 TEXT_64 TEXT_64 TEXT_64,
	 PINSTORE_OK},
	{"a.test", NOW, NOW + 60, TEXT_64 TEXT_64 TEXT_64 TEXT_64 "r",
	 PINSTORE_ERR_ARG},
	{"a.test", NOW, NOW + 60, NULL, PINSTORE_ERR_ARG},
	{"127.0.0.1", NOW, NOW + 60, "r", PINSTORE_ERR_HOST},
	{"a..test", NOW, NOW + 60, "r", PINSTORE_ERR_HOST},
	{NULL, NOW, NOW + 60, "r", PINSTORE_ERR_ARG},
};

START_TEST(bypass_bounds)
{
	ck_assert_int_eq(bypass_at(bypasses[_i].host, 0, bypasses[_i].start,
	                           bypasses[_i].end, bypasses[_i].reason, NOW),
	                 bypasses[_i].status);
}
END_TEST

/* R-2.6-12: what is bypassed neither notes nor removes. */
START_TEST(bypass_learns_nothing)
{
	struct pinstore_noted noted;
	char *before, *after;

	note_at("a.test", "A", "AB", 1000, "", NOW);
	before = dump();
	bypass("a.test", 0);
	bypass("new.test", 0);
	noted = note_at("a.test", "A", "AC", 2000, "", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	noted = note_at("a.test", "A", "A", 0, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	noted = note_at("new.test", "A", "AC", 2000, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	noted = trust_at("new.test", "A", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	after = dump();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* The bypass, or the revocation, that came between check and note counts. */
START_TEST(orders_between_check_and_note)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at("a.test", "AR", NOW);
	struct pinstore_field field = {PINSTORE_PKP, NULL, 0};
	char value[512];

	field.len = header_of("AB", 1000, "", value, sizeof(value));
	field.value = value;
	if (_i == 0)
		bypass("a.test", 0);
	else if (_i == 1)
		ck_assert_int_eq(deny('R'), PINSTORE_OK);
	else
		anchors("R");
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(noted.why, _i == 1 ? PINSTORE_WHY_PIN_MISMATCH
	                                    : PINSTORE_WHY_BYPASSED);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert(!has_entry("a.test", PINSTORE_LEARNED));
	pinstore_result_free(result);
}
END_TEST

static int
write_bypass(const struct pinstore_bypass *bypass_, void *arg)
{
	char *out = arg;
	size_t len = strlen(out);

	snprintf(out + len, 256 - len, "%s%s %d-%d %s,", bypass_->host,
	         bypass_->subdomains ? "+" : "", (int)(bypass_->start - NOW),
	         (int)(bypass_->end - NOW), bypass_->reason);
	return 0;
}

START_TEST(bypass_is_a_list)
{
	struct pinstore_bypass told = {.size = sizeof(told)};
	struct pinstore_result *result;
	char text[256] = "";

	bypass("b.test", 1);
	bypass("a.test", 0);
	ck_assert_int_eq(bypass_at("a.test", 0, NOW + 1, NOW + 2, "other", NOW),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_walk_bypasses(ps, write_bypass, text, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(text, "a.test 1-2 other,b.test+ 0-3600 test,");
	ck_assert_int_eq(pinstore_lookup(ps, "x.b.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_result_bypass(result, &told), 1);
	ck_assert_str_eq(told.host, "b.test");
	ck_assert_str_eq(told.reason, "test");
	ck_assert_int_eq(told.end, NOW + 3600);
	ck_assert_int_eq(told.subdomains, 1);
	pinstore_result_free(result);
	ck_assert_int_eq(pinstore_bypass_end(ps, "B.test.", NOW, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_bypass_end(ps, "b.test", NOW, NULL),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(pinstore_lookup(ps, "x.b.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_result_bypass(result, &told), 0);
	pinstore_result_free(result);
	assert_journal("bypass b.test 1 0, bypass a.test 1 0, "
	               "bypass a.test 1 0, bypass-ended b.test 1 0, ");
}
END_TEST

static size_t
clear(const char *host, unsigned sources)
{
	struct pinstore_filter filter = {
		.size = sizeof(filter),
		.host = host,
		.sources = sources,
		.since = INT64_MIN,
	};
	size_t n;

	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &n, NULL),
	                 PINSTORE_OK);
	return n;
}

/* Privacy: what was said of a host goes with it (design 3.10). */
START_TEST(clear_drops_bypasses)
{
	char text[256] = "";

	bypass("a.test", 0);
	bypass("b.test", 0);
	(void)clear(NULL, PINSTORE_HEADER | PINSTORE_TOFU);
	ck_assert_int_eq(pinstore_walk_bypasses(ps, write_bypass, text, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(text, "a.test 0-3600 test,b.test 0-3600 test,");
	(void)clear("a.test", 0);
	text[0] = '\0';
	ck_assert_int_eq(pinstore_walk_bypasses(ps, write_bypass, text, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(text, "b.test 0-3600 test,");
	(void)clear(NULL, PINSTORE_STATIC);
	text[0] = '\0';
	ck_assert_int_eq(pinstore_walk_bypasses(ps, write_bypass, text, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(text, "");
	assert_journal("");
}
END_TEST

/* ----------------------------------------------------------------- anchors */

static const struct {
	const char *host, *chain, *expected;
} with_anchor[] = {
	{"a.test", "XL", "bypassed local-anchor!"},
	{"a.test", "AL", "bypassed local-anchor"},
	{"a.test", "L", "bypassed local-anchor!"},
	{"a.test", "M", "bypassed local-anchor!"},
	/* An anchor is where a path ends, not a key on the way. */
	{"a.test", "LX", "reject no-pin-in-chain"},
	{"a.test", "LA", "matched pin-in-chain"},
	{"a.test", "A", "matched pin-in-chain"},
	/* R-2.6-4: also where nothing is pinned, so that nothing is noted. */
	{"other.test", "XL", "bypassed local-anchor"},
	{"other.test", "X", "unpinned no-entry"},
	{"127.0.0.1", "XL", "unpinned address"},
	{"a.test", "", "reject no-chain"},
	{"a.test", NULL, "reject no-chain"},
};

START_TEST(local_anchors)
{
	pin("a.test", "AB", 0);
	anchors("LM");
	assert_check(with_anchor[_i].host, with_anchor[_i].chain, NOW,
	             with_anchor[_i].expected);
}
END_TEST

/* T-082, R-2.6-12: an inspecting proxy neither notes nor removes. */
START_TEST(t_082_anchors_learn_nothing)
{
	struct pinstore_noted noted;
	char *before, *after;

	note_at("a.test", "A", "AB", 1000, "", NOW);
	before = dump();
	anchors("L");
	noted = note_at("a.test", "AL", "AL", 2000, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	noted = note_at("a.test", "XL", "X", 0, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	noted = note_at("b.test", "XL", "XY", 1000, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_BYPASSED);
	after = dump();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	/* The default: enforced. */
	anchors("");
	assert_check("a.test", "XL", NOW + 1, "reject no-pin-in-chain");
}
END_TEST

START_TEST(anchors_bounds)
{
	struct pinstore_pin pins[PINSTORE_ANCHORS_MAX + 1];
	struct pinstore_pin got[PINSTORE_ANCHORS_MAX];
	size_t i, n = 99;

	for (i = 0; i <= PINSTORE_ANCHORS_MAX; i++)
		pins[i] = pin_of((char)('a' + i));
	ck_assert_int_eq(pinstore_set_anchors(ps, pins, PINSTORE_ANCHORS_MAX + 1,
	                                      NOW, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_set_anchors(ps, NULL, 1, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_anchors(ps, got, &n, NULL), PINSTORE_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(pinstore_set_anchors(ps, pins, PINSTORE_ANCHORS_MAX,
	                                      NOW, NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_anchors(ps, got, &n, NULL), PINSTORE_OK);
	ck_assert_uint_eq(n, PINSTORE_ANCHORS_MAX);
	ck_assert_int_eq(memcmp(got, pins, sizeof(got)), 0);
	/* The settings beside them stay. */
	set(PINSTORE_SETTING_QUOTA_DOMAIN, 7);
	ck_assert_int_eq(pinstore_anchors(ps, got, &n, NULL), PINSTORE_OK);
	ck_assert_uint_eq(n, PINSTORE_ANCHORS_MAX);
	ck_assert_int_eq(pinstore_anchors(ps, got, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* When a verdict without a chain is not the last word. */
START_TEST(wants_chain)
{
	struct pinstore_result *result;
	int expected = 1;

	if (_i == 0)
		expected = 0;
	else if (_i == 1)
		anchors("L");
	else if (_i == 2)
		ck_assert_int_eq(deny('R'), PINSTORE_OK);
	else if (_i == 3)
		pin("a.test", "AB", 0);
	else
		pin_report("a.test", "AB", 0);
	ck_assert_int_eq(pinstore_lookup(ps, "a.test", NOW, &result, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_result_wants_chain(result), expected);
	pinstore_result_free(result);
}
END_TEST

/* ---------------------------------------------------------------- settings */

static const struct {
	enum pinstore_setting which;
	enum pinstore_option option;
	int64_t by_default, least, most;
} settings[] = {
	{PINSTORE_SETTING_MAX_AGE_CAP, PINSTORE_OPT_MAX_AGE_CAP, CAP, 0,
	 INT64_C(1) << 31},
	{PINSTORE_SETTING_REFRESH_SLACK, PINSTORE_OPT_REFRESH_SLACK, 100, 0,
	 10000},
	{PINSTORE_SETTING_QUOTA_DOMAIN, PINSTORE_OPT_QUOTA_DOMAIN, 200, 0,
	 INT64_C(1) << 40},
	{PINSTORE_SETTING_QUOTA_TOTAL, PINSTORE_OPT_QUOTA_TOTAL, 1000000, 0,
	 INT64_C(1) << 40},
	{PINSTORE_SETTING_SUFFIX_RULE, PINSTORE_OPT_SUFFIX_RULE, 1, 0, 1},
	{PINSTORE_SETTING_REPORT, PINSTORE_OPT_REPORT, 1, 0, 1},
	/* There is no option of these. */
	{PINSTORE_SETTING_REPORT_ONLY, (enum pinstore_option)0, 1, 0, 1},
	{PINSTORE_SETTING_REPORT_HTTPS_ONLY, (enum pinstore_option)0, 0, 0, 1},
	{PINSTORE_SETTING_REPORT_SAME_ORIGIN_ONLY, (enum pinstore_option)0, 0,
	 0, 1},
	{PINSTORE_SETTING_REPORT_PRIVATE, (enum pinstore_option)0, 0, 0, 1},
	{PINSTORE_SETTING_LEARN_SUBDOMAINS, (enum pinstore_option)0, 1, 0, 1},
	/* Of its option the smaller holds: settings_and_limit. */
	{PINSTORE_SETTING_MAX_BYTES, (enum pinstore_option)0, INT64_C(1) << 40,
	 1 << 20, INT64_C(1) << 40},
};

static void
assert_setting(enum pinstore_setting which, int64_t expected, int is_set)
{
	int64_t value = -7;
	int told = -7;

	ck_assert_int_eq(pinstore_setting_get(ps, which, &value, &told, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(value, expected);
	ck_assert_int_eq(told, is_set);
}

/* Default, setting, option: the later wins. */
START_TEST(settings_and_options)
{
	enum pinstore_setting which = settings[_i].which;
	int64_t value, most = settings[_i].most, least = settings[_i].least;

	assert_setting(which, settings[_i].by_default, 0);
	value = most + 1;
	ck_assert_int_eq(pinstore_setting_put(ps, which, &value, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	value = least - 1;
	ck_assert_int_eq(pinstore_setting_put(ps, which, &value, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	assert_setting(which, settings[_i].by_default, 0);
	set(which, most);
	assert_setting(which, most, 1);
	set(which, least);
	pinstore_close(ps);
	fixture_open(NULL);
	assert_setting(which, least, 1);
	if (settings[_i].option != 0) {
		fixture_reopen_with(settings[_i].option, 1);
		assert_setting(which, 1, 1);
	}
	fixture_reopen_with(PINSTORE_OPT_LOCK_LIMIT_MS, 1000);
	assert_setting(which, least, 1);
	ck_assert_int_eq(pinstore_setting_put(ps, which, NULL, NOW, NULL),
	                 PINSTORE_OK);
	assert_setting(which, settings[_i].by_default, 0);
}
END_TEST

/* The size that a store may have: no caller allows more than the operator. */
START_TEST(settings_and_limit)
{
	struct pinstore_usage usage = {.size = sizeof(usage)};

	fixture_reopen_with(PINSTORE_OPT_MAX_BYTES, 8 << 20);
	assert_setting(PINSTORE_SETTING_MAX_BYTES, 8 << 20, 0);
	set(PINSTORE_SETTING_MAX_BYTES, 16 << 20);
	assert_setting(PINSTORE_SETTING_MAX_BYTES, 8 << 20, 1);
	set(PINSTORE_SETTING_MAX_BYTES, 4 << 20);
	assert_setting(PINSTORE_SETTING_MAX_BYTES, 4 << 20, 1);
	ck_assert_int_eq(pinstore_usage(ps, &usage, NULL), PINSTORE_OK);
	ck_assert_uint_eq(usage.limit_octets, 4 << 20);
	ck_assert_uint_gt(usage.used_octets, 0);
	ck_assert_uint_le(usage.used_octets, usage.file_octets);
}
END_TEST

START_TEST(wrong_settings)
{
	int64_t value = 1;
	enum pinstore_setting none = (enum pinstore_setting)99;

	ck_assert_int_eq(pinstore_setting_get(ps, none, &value, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_setting_put(ps, none, &value, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_setting_put(ps, none, NULL, NOW, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_setting_get(ps, PINSTORE_SETTING_MAX_AGE_CAP,
	                                      NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	ck_assert_int_eq(pinstore_setting_put(ps, PINSTORE_SETTING_MAX_AGE_CAP,
	                                      &value, NOW, NULL),
	                 PINSTORE_ERR_READONLY);
}
END_TEST

/* Each of them acts, with no handle opened anew. */
START_TEST(settings_act)
{
	struct pinstore_noted noted;
	struct pinstore_entry *entry;

	set(PINSTORE_SETTING_MAX_AGE_CAP, 500);
	noted = note_at("a.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(noted.expires, NOW + 500);
	set(PINSTORE_SETTING_MAX_AGE_CAP, 0);
	noted = note_at("a.test", "A", "AB", CAP + 9, "", NOW);
	ck_assert_int_eq(noted.expires, NOW + CAP + 9);
	/* 1 % of 1,000,000 s is more than an hour. */
	set(PINSTORE_SETTING_REFRESH_SLACK, 10000);
	note_at("a.test", "A", "AB", 1000000, "", NOW);
	noted = note_at("a.test", "A", "AB", 1000000, "", NOW + 3599);
	ck_assert_int_eq(noted.action, PINSTORE_UNCHANGED);
	set(PINSTORE_SETTING_REFRESH_SLACK, 0);
	noted = note_at("a.test", "A", "AB", 1000000, "", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_UPDATED);
	set(PINSTORE_SETTING_QUOTA_DOMAIN, 1);
	noted = note_at("b.a.test", "A", "AB", 1000, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_FULL);
	noted = note_at("b.test", "A", "AB", 1000, "", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_NOTED);
	set(PINSTORE_SETTING_QUOTA_TOTAL, 2);
	noted = note_at("c.test", "A", "AB", 1000, "", NOW + 1);
	ck_assert_int_eq(noted.why, PINSTORE_WHY_FULL);
	set(PINSTORE_SETTING_QUOTA_TOTAL, 9);
	noted = note_at("github.io", "A", "AB", 9999, "; includeSubDomains",
	                NOW + 1);
	ck_assert_int_eq(noted.suffix_rule, 1);
	set(PINSTORE_SETTING_SUFFIX_RULE, 0);
	noted = note_at("github.io", "A", "AB", 9999, "; includeSubDomains",
	                NOW + 2);
	ck_assert_int_eq(noted.suffix_rule, 0);
	entry = entry_of("github.io", PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_include_subdomains(entry), 1);
	pinstore_entry_free(entry);
}
END_TEST

/* --------------------------------------------------------------------- mode */

static enum pinstore_status
set_mode(const char *host, enum pinstore_mode mode, int force, int64_t now)
{
	return pinstore_set_mode(ps, host, mode, force, now, NULL);
}

START_TEST(mode_switches)
{
	pin("a.test", "AB", 0);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	ck_assert_int_eq(set_mode("A.test", PINSTORE_REPORT, 0, NOW),
	                 PINSTORE_OK);
	assert_check("a.test", "X", NOW, "unpinned report-mode!");
	assert_check("a.test", "A", NOW, "unpinned report-mode");
	ck_assert_int_eq(set_mode("a.test", PINSTORE_ENFORCE, 0, NOW),
	                 PINSTORE_ERR_UNFIT);
	ck_assert_int_eq(set_mode("a.test", PINSTORE_ENFORCE, 1, NOW),
	                 PINSTORE_OK);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	ck_assert_int_eq(set_mode("b.test", PINSTORE_ENFORCE, 0, NOW),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(set_mode("b.test", PINSTORE_REPORT, 0, NOW),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(set_mode("127.0.0.1", PINSTORE_REPORT, 0, NOW),
	                 PINSTORE_ERR_HOST);
	ck_assert_int_eq(set_mode("a.test", (enum pinstore_mode)7, 0, NOW),
	                 PINSTORE_ERR_ARG);
	note_at("c.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(set_mode("c.test", PINSTORE_REPORT, 0, NOW),
	                 PINSTORE_ERR_NOTFOUND);
}
END_TEST

static const struct {
	const char *host, *chain;
	int64_t after;
	enum pinstore_status status;
} watched[] = {
	/* A violation stands against it for 7 days. */
	{"a.test", "X", 0, PINSTORE_ERR_UNFIT},
	{"a.test", "X", 7 * DAY, PINSTORE_ERR_UNFIT},
	{"a.test", "X", 7 * DAY + 1, PINSTORE_OK},
	{"a.test", "A", 0, PINSTORE_OK},
	/* Below it, for it covers subdomains; not beside it. */
	{"b.a.test", "X", 0, PINSTORE_ERR_UNFIT},
	{"b.test", "X", 0, PINSTORE_OK},
	{"ba.test", "X", 0, PINSTORE_OK},
};

START_TEST(mode_looks_at_violations)
{
	pin_report("a.test", "AB", 1);
	pin_report("b.test", "AB", 1);
	pinstore_result_free(check_at(watched[_i].host, watched[_i].chain,
	                              NOW));
	ck_assert_int_eq(set_mode("a.test", PINSTORE_ENFORCE, 0,
	                          NOW + watched[_i].after), watched[_i].status);
}
END_TEST

/* The pins were mended since: what came before does not count. */
START_TEST(mode_after_mending)
{
	pin_report("a.test", "AB", 0);
	assert_check("a.test", "X", NOW - 5, "unpinned report-mode!");
	pin_report("a.test", "AX", 0);
	assert_check("a.test", "X", NOW, "unpinned report-mode");
	ck_assert_int_eq(set_mode("a.test", PINSTORE_ENFORCE, 0, NOW),
	                 PINSTORE_OK);
}
END_TEST

/* ------------------------------------------------------------------ journal */

/* design 3.5: the same host, policy and leaf once an hour. */
START_TEST(violations_are_told_once)
{
	pin("a.test", "AB", 0);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	assert_check("a.test", "X", NOW + 1, "reject no-pin-in-chain");
	assert_check("a.test", "X", NOW + 3599, "reject no-pin-in-chain");
	/* Another handle, whose process knows nothing of it. */
	pinstore_close(ps);
	fixture_open(NULL);
	assert_check("a.test", "X", NOW + 3599, "reject no-pin-in-chain");
	assert_check("a.test", "X", NOW + 3600, "reject no-pin-in-chain");
	assert_check("a.test", "Y", NOW + 3601, "reject no-pin-in-chain");
	assert_check("a.test", "A", NOW + 3602, "matched pin-in-chain");
	assert_journal("pinned a.test 1 0, violation a.test 1 0, "
	               "violation a.test 1 3600, violation a.test 1 3601, ");
}
END_TEST

/* An address has no key by which the journal could name it. */
START_TEST(violations_of_addresses)
{
	ck_assert_int_eq(deny('R'), PINSTORE_OK);
	assert_check("127.0.0.1", "R", NOW, "reject revoked");
	assert_check("127.0.0.1", "R", NOW + 1, "reject revoked");
	assert_check("[::1]", "RA", NOW + 2, "reject revoked");
	assert_check("[::1]", "AR", NOW + 3, "reject revoked");
	assert_journal("revoked - 1 0, violation - 1 0, violation - 1 3, ");
	(void)clear(NULL, 0);
}
END_TEST

/* Another policy is another violation. */
START_TEST(violations_of_another_policy)
{
	pin("a.test", "AB", 0);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	pin("a.test", "AC", 0);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	assert_journal("pinned a.test 1 0, violation a.test 1 0, "
	               "pinned a.test 1 0, violation a.test 1 0, ");
}
END_TEST

/* What the peer may have beside the path that was settled on. */
struct paths {
	const char *const *letters;
};

static enum pinstore_status
next_path(void *arg, struct pinstore_chain **chain,
          struct pinstore_error *error)
{
	struct paths *paths = arg;

	(void)error;
	*chain = *paths->letters != NULL ? chain_of(*paths->letters++) : NULL;
	return PINSTORE_OK;
}

static const struct {
	const char *paths[4];
	enum pinstore_verdict verdict;
	const char *journal;
} many_paths[] = {
	/* A path that is refused is no violation if another one passes. */
	{{"A", NULL}, PINSTORE_MATCHED,
	 "pinned a.test 1 0, other-path a.test 1 0, "},
	{{"Y", "A", NULL}, PINSTORE_MATCHED,
	 "pinned a.test 1 0, other-path a.test 1 0, "},
	/* And one violation if none does. */
	{{"Y", "Z", NULL}, PINSTORE_REJECT,
	 "pinned a.test 1 0, violation a.test 1 0, "},
	{{NULL}, PINSTORE_REJECT, "pinned a.test 1 0, violation a.test 1 0, "},
};

START_TEST(violations_of_many_paths)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "a.test"};
	struct paths paths = {many_paths[_i].paths};
	struct pinstore_chain *settled = chain_of("X");
	struct pinstore_result *result;
	enum pinstore_verdict verdict;

	pin("a.test", "AB", 0);
	ck_assert_int_eq(ps_check_paths(ps, &peer, settled, next_path, &paths,
	                                NOW, &verdict, &result, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, many_paths[_i].verdict);
	assert_journal(many_paths[_i].journal);
	pinstore_result_free(result);
	pinstore_chain_free(settled);
}
END_TEST

/* A store that cannot be written gives the same verdict. */
START_TEST(journal_changes_no_verdict)
{
	pin("a.test", "AB", 0);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	assert_check("a.test", "X", NOW, "reject no-pin-in-chain");
	assert_check("a.test", "A", NOW, "matched pin-in-chain");
	assert_journal("pinned a.test 1 0, ");
}
END_TEST

/* --------------------------------------------------------------------- tofu */

START_TEST(tofu_remembers_the_leaf)
{
	struct pinstore_noted noted = trust_at("a.test", "ABC", NOW);
	struct pinstore_entry *entry;
	const struct pinstore_pin *pins;
	size_t n;

	ck_assert_int_eq(noted.action, PINSTORE_NOTED);
	ck_assert_int_eq(noted.expires, PINSTORE_NEVER);
	entry = entry_of("a.test", PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_source(entry), PINSTORE_TOFU);
	ck_assert_int_eq(pinstore_entry_expires(entry), PINSTORE_NEVER);
	ck_assert_int_eq(pinstore_entry_include_subdomains(entry), 0);
	pins = pinstore_entry_pins(entry, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(pins[0].sha256[0], 'A');
	pinstore_entry_free(entry);
	assert_check("a.test", "BC", NOW + 1, "reject no-pin-in-chain");
	assert_check("a.test", "AX", NOW + 999 * DAY, "matched pin-in-chain");
	assert_check("b.a.test", "X", NOW, "unpinned no-entry");
	/* Known by now. */
	noted = trust_at("a.test", "AX", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_UNCHANGED);
}
END_TEST

/* design 3.2: a header replaces it, its removal does not. */
START_TEST(tofu_and_header)
{
	struct pinstore_noted noted;
	struct pinstore_entry *entry;

	trust_at("a.test", "A", NOW);
	noted = note_at("a.test", "A", "A", 0, "", NOW + 1);
	ck_assert_int_eq(noted.action, PINSTORE_UNCHANGED);
	noted = note_at("a.test", "A", "AB", 1000, "", NOW + 2);
	ck_assert_int_eq(noted.action, PINSTORE_NOTED);
	entry = entry_of("a.test", PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_source(entry), PINSTORE_HEADER);
	pinstore_entry_free(entry);
}
END_TEST

/* Only when no live entry of either layer applies. */
START_TEST(tofu_and_entries)
{
	pin("a.test", "AB", 1);
	pin_report("r.test", "AB", 0);
	note_at("h.test", "A", "AB", 1000, "; includeSubDomains", NOW);
	ck_assert_int_eq(trust_at("a.test", "A", NOW).action,
	                 PINSTORE_UNCHANGED);
	ck_assert_int_eq(trust_at("x.a.test", "A", NOW).action,
	                 PINSTORE_UNCHANGED);
	ck_assert_int_eq(trust_at("r.test", "X", NOW).action,
	                 PINSTORE_UNCHANGED);
	ck_assert_int_eq(trust_at("x.h.test", "A", NOW).action,
	                 PINSTORE_UNCHANGED);
	ck_assert_int_eq(trust_at("x.h.test", "X", NOW).action,
	                 PINSTORE_IGNORED);
	ck_assert_int_eq(trust_at("127.0.0.1", "A", NOW).why,
	                 PINSTORE_WHY_ADDRESS);
	/* Expired: it applies no more. */
	ck_assert_int_eq(trust_at("x.h.test", "X", NOW + 1001).action,
	                 PINSTORE_NOTED);
	ck_assert_int_eq(trust_at("h.test", "X", NOW + 1001).action,
	                 PINSTORE_NOTED);
}
END_TEST

START_TEST(tofu_counts_for_the_quota)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, 2);
	ck_assert_int_eq(trust_at("a.d.test", "A", NOW).action, PINSTORE_NOTED);
	ck_assert_int_eq(trust_at("b.d.test", "A", NOW).action, PINSTORE_NOTED);
	ck_assert_int_eq(trust_at("c.d.test", "A", NOW).why, PINSTORE_WHY_FULL);
	ck_assert_int_eq(trust_at("e.test", "A", NOW).action, PINSTORE_NOTED);
}
END_TEST

START_TEST(tofu_needs_a_chain)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at("a.test", NULL, NOW);

	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, NULL),
	                 PINSTORE_ERR_CHAIN);
	pinstore_result_free(result);
	result = check_at("a.test", "", NOW);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, &noted, NULL),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(pinstore_trust(ps, result, NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_trust(ps, NULL, NOW, &noted, NULL),
	                 PINSTORE_ERR_ARG);
	pinstore_result_free(result);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("orders");
	TCase *tcase = tcase_create("orders");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tcase, revoked_wins, 0, COUNT(with_r_revoked));
	tcase_add_test(tcase, revoked_key_is_named);
	tcase_add_test(tcase, revoked_is_a_list);
	tcase_add_test(tcase, revoked_by_another);
	tcase_add_test(tcase, wrong_revocations);
	tcase_add_loop_test(tcase, bypass_in_force, 0, COUNT(with_bypass));
	tcase_add_loop_test(tcase, bypass_bounds, 0, COUNT(bypasses));
	tcase_add_test(tcase, bypass_learns_nothing);
	tcase_add_loop_test(tcase, orders_between_check_and_note, 0, 3);
	tcase_add_test(tcase, bypass_is_a_list);
	tcase_add_test(tcase, clear_drops_bypasses);
	tcase_add_loop_test(tcase, local_anchors, 0, COUNT(with_anchor));
	tcase_add_test(tcase, t_082_anchors_learn_nothing);
	tcase_add_test(tcase, anchors_bounds);
	tcase_add_loop_test(tcase, wants_chain, 0, 5);
	tcase_add_loop_test(tcase, settings_and_options, 0, COUNT(settings));
	tcase_add_test(tcase, wrong_settings);
	tcase_add_test(tcase, settings_and_limit);
	tcase_add_test(tcase, settings_act);
	tcase_add_test(tcase, mode_switches);
	tcase_add_loop_test(tcase, mode_looks_at_violations, 0, COUNT(watched));
	tcase_add_test(tcase, mode_after_mending);
	tcase_add_test(tcase, violations_are_told_once);
	tcase_add_test(tcase, violations_of_addresses);
	tcase_add_test(tcase, violations_of_another_policy);
	tcase_add_loop_test(tcase, violations_of_many_paths, 0,
	                    COUNT(many_paths));
	tcase_add_test(tcase, journal_changes_no_verdict);
	tcase_add_test(tcase, tofu_remembers_the_leaf);
	tcase_add_test(tcase, tofu_and_header);
	tcase_add_test(tcase, tofu_and_entries);
	tcase_add_test(tcase, tofu_counts_for_the_quota);
	tcase_add_test(tcase, tofu_needs_a_chain);
	tcase_add_test(tcase, tofu_after_bypass);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
