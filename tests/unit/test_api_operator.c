/*
 * test_api_operator.c - options, show, pin, clear, expire and walk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>

#include "api/handle.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define LATER (NOW + 1000)
#define ISD "; includeSubDomains"

/* ---------------------------------------------------------------- options */

static const struct {
	enum pinstore_option what;
	int64_t value;
	enum pinstore_status status;
} settings[] = {
	{PINSTORE_OPT_READONLY, 1, PINSTORE_OK},
	{PINSTORE_OPT_READONLY, 2, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_READONLY, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_MAX_AGE_CAP, 0, PINSTORE_OK},
	{PINSTORE_OPT_MAX_AGE_CAP, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_STRICT, 2, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_REFRESH_SLACK, 10000, PINSTORE_OK},
	{PINSTORE_OPT_REFRESH_SLACK, 10001, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_REFRESH_SLACK, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_LOCK_LIMIT_MS, 0, PINSTORE_OK},
	{PINSTORE_OPT_LOCK_LIMIT_MS, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_LOCK_LIMIT_MS, INT64_C(1) << 31, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_MAX_BYTES, 1 << 20, PINSTORE_OK},
	{PINSTORE_OPT_MAX_BYTES, (1 << 20) - 1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_QUOTA_DOMAIN, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_QUOTA_TOTAL, -1, PINSTORE_ERR_ARG},
	{PINSTORE_OPT_SUFFIX_RULE, 2, PINSTORE_ERR_ARG},
	{(enum pinstore_option)0, 0, PINSTORE_ERR_ARG},
	{(enum pinstore_option)99, 0, PINSTORE_ERR_ARG},
};

START_TEST(test_option)
{
	struct pinstore_options *options = pinstore_options_new();

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(pinstore_options_set(options, settings[_i].what,
	                                      settings[_i].value),
	                 settings[_i].status);
	ck_assert_int_eq(pinstore_options_set(NULL, settings[_i].what,
	                                      settings[_i].value),
	                 PINSTORE_ERR_ARG);
	pinstore_options_free(options);
	pinstore_options_free(NULL);
}
END_TEST

START_TEST(test_open_arguments)
{
	struct pinstore *other = ps;
	struct pinstore_error error;

	ck_assert_int_eq(pinstore_open(NULL, NULL, &other, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(pinstore_open("", NULL, &other, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_open(fixture_dir.store, NULL, NULL, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(error.status, PINSTORE_ERR_ARG);
}
END_TEST

/* A read-only handle: no store there is said, and a store is only read. */
START_TEST(test_readonly)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore_error error;
	struct pinstore *other;
	char path[128];

	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_READONLY,
	                                      1), PINSTORE_OK);
	snprintf(path, sizeof(path), "%s/none", fixture_dir.path);
	ck_assert_int_eq(pinstore_open(path, options, &other, &error),
	                 PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_null(other);
	ck_assert_ptr_nonnull(strstr(error.text, path));
	ck_assert_int_ne(access(path, F_OK), 0);
	pinstore_options_free(options);

	pin_at("a.test", "AB", 0, LATER, NOW);
	fixture_reopen_with(PINSTORE_OPT_READONLY, 1);
	ck_assert_int_eq(verdict_at("a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pin_at("b.test", "AB", 0, LATER, NOW),
	                 PINSTORE_ERR_READONLY);
}
END_TEST

/* -------------------------------------------------------------------- pin */

static const struct {
	const char *host;
	const char *pins;
	int64_t expires;
	const char *uri;
	size_t note_len;
	int no_backup;
	enum pinstore_status status;
	const char *text; /* part of the message */
} rules[] = {
	{"a.test", "AB", PINSTORE_NEVER, NULL, 0, 0, PINSTORE_OK, ""},
	{"a.test", "A", PINSTORE_NEVER, NULL, 0, 1, PINSTORE_OK, ""},
	{"a.test", "AB", NOW, NULL, 256, 0, PINSTORE_OK, ""},
	{"A.Test.", "AB", LATER, "https://r.example/#x", 0, 0, PINSTORE_OK, ""},
	/* an entry that could never match, or lock everybody out (T-068) */
	{"a.test", "", PINSTORE_NEVER, NULL, 0, 1, PINSTORE_ERR_ARG,
	 "at least one pin"},
	{"a.test", "A", PINSTORE_NEVER, NULL, 0, 0, PINSTORE_ERR_ARG,
	 "backup"},
	{"a.test", "AA", PINSTORE_NEVER, NULL, 0, 0, PINSTORE_ERR_ARG,
	 "backup"},
	{"a.test", "abcdefghijklmnopqrstuvwxyz0123456", PINSTORE_NEVER, NULL, 0,
	 0, PINSTORE_ERR_ARG, "more than 32"},
	{"a.test", "abcdefghijklmnopqrstuvwxyz012345", PINSTORE_NEVER, NULL, 0,
	 0, PINSTORE_OK, ""},
	{"a.test", "AB", NOW - 1, NULL, 0, 0, PINSTORE_ERR_ARG, "has passed"},
	{"a.test", "AB", LATER, NULL, 257, 0, PINSTORE_ERR_ARG, "note"},
	{"a.test", "AB", LATER, "/r", 0, 0, PINSTORE_ERR_ARG, "report-uri"},
	{"a.test", "AB", LATER, "ftp://r/", 0, 0, PINSTORE_ERR_ARG,
	 "report-uri"},
	{"a.test", "AB", LATER, "", 0, 0, PINSTORE_ERR_ARG, "report-uri"},
	/* T-039 */
	{"127.0.0.1", "AB", LATER, NULL, 0, 0, PINSTORE_ERR_HOST, "address"},
	{"::1", "AB", LATER, NULL, 0, 0, PINSTORE_ERR_HOST, "address"},
	{"a..test", "AB", LATER, NULL, 0, 0, PINSTORE_ERR_HOST, "neither"},
	{"a.test:443", "AB", LATER, NULL, 0, 0, PINSTORE_ERR_HOST, "neither"},
	{NULL, "AB", LATER, NULL, 0, 0, PINSTORE_ERR_ARG, "no host"},
};

START_TEST(test_rule)
{
	char note[512];
	struct pinstore_pin pins[64];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = rules[_i].host,
		.pins = pins,
		.n_pins = pins_of(rules[_i].pins, pins),
		.expires = rules[_i].expires,
		.report_uri = rules[_i].uri,
		.no_backup = rules[_i].no_backup,
	};
	struct pinstore_error error;
	struct pinstore_entry *entry;

	memset(note, 'n', sizeof(note));
	note[rules[_i].note_len] = '\0';
	rule.note = rules[_i].note_len > 0 ? note : NULL;
	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, &error),
	                 rules[_i].status);
	ck_assert_int_eq(error.status, rules[_i].status);
	ck_assert_ptr_nonnull(strstr(error.text, rules[_i].text));
	if (rules[_i].status != PINSTORE_OK) {
		assert_dump("");
		return;
	}
	rule.mode = 9; /* what is there stays, by a mode that is none */
	rule.note = "other";
	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_ptr_nonnull(strstr(error.text, "mode"));
	entry = entry_of("a.test", PINSTORE_CONFIGURED);
	ck_assert_ptr_nonnull(entry);
	if (rules[_i].uri != NULL)
		ck_assert_str_eq(pinstore_entry_report_uri(entry),
		                 "https://r.example/");
	if (rules[_i].note_len > 0)
		ck_assert_str_eq(pinstore_entry_note(entry), note);
	pinstore_entry_free(entry);
}
END_TEST

START_TEST(test_rule_size)
{
	struct pinstore_rule rule = {.size = 0, .host = "a.test"};

	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_pin(ps, NULL, NOW, NULL), PINSTORE_ERR_ARG);
}
END_TEST

/* The configured section is replaced, the learned one stays. */
START_TEST(test_pin_again)
{
	note_at("a.test", "A", "AB", 3000, "", NOW);
	pin_at("a.test", "AB", 1, LATER, NOW);
	pin_at("a.test", "CD", 0, PINSTORE_NEVER, NOW + 5);
	assert_dump("a.test configured static 0 1767225605 1767225605 "
	            "9223372036854775807 -1 CD -\n"
	            "a.test learned header 0 1767225600 1767225600 "
	            "1767228600 3000 AB -\n");
}
END_TEST

START_TEST(test_show)
{
	struct pinstore_entry *entry;
	struct pinstore_error error;

	pin_at("pin.test", "AB", 0, LATER, NOW);
	entry = entry_of("PIN.test.", PINSTORE_CONFIGURED);
	ck_assert_str_eq(pinstore_entry_host(entry), "pin.test");
	pinstore_entry_free(entry);
	ck_assert_int_eq(pinstore_show(ps, "pin.test", PINSTORE_LEARNED,
	                               &entry, &error), PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_null(entry);
	ck_assert_int_eq(pinstore_show(ps, "x.pin.test", PINSTORE_CONFIGURED,
	                               &entry, &error), PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(pinstore_show(ps, "1.2.3.4", PINSTORE_CONFIGURED,
	                               &entry, &error), PINSTORE_ERR_HOST);
	ck_assert_int_eq(pinstore_show(ps, "pin.test",
	                               (enum pinstore_layer)7, &entry,
	                               &error), PINSTORE_ERR_ARG);
	pinstore_entry_free(NULL);
}
END_TEST

/* ------------------------------------------------------------------ clear */

/* pin.test: both layers; x.pin.test: learned; pin-x.test, other.test: one. */
static void
fill(void)
{
	note_at("pin.test", "A", "AB", 3000, "", NOW);
	pin_at("pin.test", "AB", 0, PINSTORE_NEVER, NOW + 10);
	note_at("x.pin.test", "A", "AB", 3000, "", NOW + 20);
	note_at("pin-x.test", "A", "AB", 3000, "", NOW + 20);
	pin_at("other.test", "AB", 0, PINSTORE_NEVER, NOW);
}

static const struct {
	const char *host;
	int subdomains;
	unsigned sources;
	int64_t since;
	size_t removed;
	const char *left; /* host and layer initial, in order of keys */
	const char *told; /* the hosts in the journal, oldest first */
} filters[] = {
	{"pin.test", 0, 0, INT64_MIN, 2, "other:c pin-x:l x.pin:l ",
	 "x.pin pin-x other "},
	{"PIN.test.", 0, PINSTORE_HEADER, INT64_MIN, 1,
	 "other:c pin:c pin-x:l x.pin:l ", "x.pin pin-x other "},
	{"pin.test", 0, PINSTORE_STATIC, INT64_MIN, 1,
	 "other:c pin:l pin-x:l x.pin:l ", "x.pin pin-x other "},
	{"pin.test", 0, PINSTORE_TOFU, INT64_MIN, 0,
	 "other:c pin:c pin:l pin-x:l x.pin:l ", "pin pin x.pin pin-x other "},
	{"pin.test", 1, 0, INT64_MIN, 3, "other:c pin-x:l ",
	 "pin-x other "},
	{"test", 1, 0, INT64_MIN, 5, "", ""},
	{"test", 0, 0, INT64_MIN, 0, "other:c pin:c pin:l pin-x:l x.pin:l ",
	 "pin pin x.pin pin-x other "},
	{NULL, 0, PINSTORE_HEADER | PINSTORE_TOFU, INT64_MIN, 3,
	 "other:c pin:c ", "other "},
	{NULL, 0, 0, INT64_MIN, 5, "", ""},
	{NULL, 0, 0, NOW + 10, 3, "other:c pin:l ", "other "},
	{NULL, 0, 0, NOW + 21, 0, "other:c pin:c pin:l pin-x:l x.pin:l ",
	 "pin pin x.pin pin-x other "},
	{"none.test", 1, 0, INT64_MIN, 0,
	 "other:c pin:c pin:l pin-x:l x.pin:l ", "pin pin x.pin pin-x other "},
};

static int
append_name(const struct pinstore_entry *entry, void *arg)
{
	const char *host = pinstore_entry_host(entry);
	size_t len = strlen(arg);

	snprintf((char *)arg + len, 256 - len, "%.*s:%c ",
	         (int)(strlen(host) - strlen(".test")), host,
	         pinstore_layer_word(pinstore_entry_layer(entry))[0]);
	return 0;
}

static bool
append_told(uint64_t number, const struct ps_event *event, void *arg)
{
	size_t len = strlen(arg);

	(void)number;
	if (event->host != NULL)
		snprintf((char *)arg + len, 256 - len, "%.*s ",
		         (int)(event->host->len - strlen(".test")),
		         event->host->name);
	return true;
}

START_TEST(test_clear)
{
	struct pinstore_filter filter = {
		.size = sizeof(filter),
		.host = filters[_i].host,
		.subdomains = filters[_i].subdomains,
		.sources = filters[_i].sources,
		.since = filters[_i].since,
	};
	char left[256] = "", told[256] = "";
	size_t removed = 77;

	fill();
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW + 30, &removed, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(removed, filters[_i].removed);
	ck_assert_int_eq(pinstore_walk(ps, NULL, append_name, left, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(left, filters[_i].left);
	ck_assert_int_eq(ps_store_events(ps->store, 0, append_told, told, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(told, filters[_i].told);
}
END_TEST

/* R-5-5: nor does the name of one that has removed itself stay behind. */
START_TEST(test_clear_what_is_gone)
{
	struct pinstore_filter filter = {
		.size = sizeof(filter),
		.host = "pin.test",
		.since = INT64_MIN,
	};
	char told[256] = "";
	size_t removed = 77;

	note_at("pin.test", "A", "AB", 3000, "", NOW);
	note_at("other.test", "A", "AB", 3000, "", NOW);
	note_at("pin.test", "A", "", 0, "", NOW + 1);
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW + 2, &removed, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(removed, 0);
	ck_assert_int_eq(ps_store_events(ps->store, 0, append_told, told, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(told, "other ");
}
END_TEST

START_TEST(test_clear_wrong)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = "1.2.3.4"};
	size_t removed = 77;

	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &removed, NULL),
	                 PINSTORE_ERR_HOST);
	ck_assert_uint_eq(removed, 0);
	filter.host = "a..b";
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &removed, NULL),
	                 PINSTORE_ERR_HOST);
	filter.size = 1;
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &removed, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_clear(ps, NULL, NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* ----------------------------------------------------------------- expire */

static size_t
expire_at(int64_t before, int64_t now, int dry_run, int force,
          enum pinstore_status expected)
{
	struct pinstore_error error;
	enum pinstore_status status;
	size_t removed = 77;

	status = pinstore_expire(ps, before, now, dry_run, force, &removed,
	                         &error);
	ck_assert_int_eq(status, expected);
	return removed;
}

START_TEST(test_expire)
{
	note_at("a.test", "A", "AB", 10, "", NOW);
	note_at("b.test", "A", "AB", 20, "", NOW);
	pin_at("b.test", "AB", 0, NOW + 10, NOW);
	pin_at("c.test", "AB", 0, PINSTORE_NEVER, NOW);
	/* the second of expiry is not behind it */
	ck_assert_uint_eq(expire_at(NOW + 10, NOW + 20, 0, 0, PINSTORE_OK), 0);
	ck_assert_uint_eq(expire_at(NOW + 11, NOW + 20, 1, 0, PINSTORE_OK), 2);
	ck_assert_uint_eq(expire_at(NOW + 11, NOW + 20, 0, 0, PINSTORE_OK), 2);
	ck_assert_uint_eq(expire_at(NOW + 11, NOW + 20, 0, 0, PINSTORE_OK), 0);
	assert_dump("b.test learned header 0 1767225600 1767225600 "
	            "1767225620 20 AB -\n"
	            "c.test configured static 0 1767225600 1767225600 "
	            "9223372036854775807 -1 AB -\n");
}
END_TEST

/* design.md 3.5, T-095: a clock far ahead removes nothing unless forced. */
START_TEST(test_expire_clock_ahead)
{
	const int64_t limit = NOW + INT64_C(60) * 86400;

	note_at("a.test", "A", "AB", 10, "", NOW);
	expire_at(limit + 1, limit + 1, 0, 0, PINSTORE_ERR_UNFIT);
	expire_at(limit + 1, limit + 1, 1, 0, PINSTORE_ERR_UNFIT);
	expire_at(INT64_MAX, INT64_MAX, 0, 0, PINSTORE_ERR_UNFIT);
	ck_assert(has_entry("a.test", PINSTORE_LEARNED));
	ck_assert_uint_eq(expire_at(limit, limit, 1, 0, PINSTORE_OK), 1);
	ck_assert_uint_eq(expire_at(limit + 1, limit + 1, 0, 1, PINSTORE_OK),
	                  1);
}
END_TEST

START_TEST(test_expire_wrong)
{
	expire_at(NOW + 1, NOW, 0, 0, PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_expire(ps, NOW, NOW, 0, 0, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_expire(NULL, NOW, NOW, 0, 0, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/* More than one transaction's worth. */
START_TEST(test_expire_many)
{
	char host[32];
	int i;

	for (i = 0; i < 700; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		ck_assert_int_eq(pin_at(host, "AB", 0,
		                        i % 7 == 0 ? PINSTORE_NEVER : NOW + i,
		                        NOW), PINSTORE_OK);
	}
	ck_assert_uint_eq(expire_at(NOW + 700, NOW + 700, 1, 0, PINSTORE_OK),
	                  600);
	ck_assert_uint_eq(expire_at(NOW + 700, NOW + 700, 0, 0, PINSTORE_OK),
	                  600);
	ck_assert_uint_eq(expire_at(NOW + 700, NOW + 700, 0, 0, PINSTORE_OK),
	                  0);
}
END_TEST

/* ------------------------------------------------------------------- walk */

/* In order of the reversed labels; a visit may end it, or use the store. */
static int
stop_at_second(const struct pinstore_entry *entry, void *arg)
{
	ck_assert_int_eq(verdict_at(pinstore_entry_host(entry), "x", NOW),
	                 PINSTORE_REJECT);
	return ++*(int *)arg == 2;
}

START_TEST(test_walk)
{
	char names[256] = "";
	int n = 0;

	fill();
	ck_assert_int_eq(pinstore_walk(ps, NULL, append_name, names, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(names, "other:c pin:c pin:l pin-x:l x.pin:l ");
	names[0] = '\0';
	ck_assert_int_eq(pinstore_walk(ps, "pin.test", append_name, names,
	                               NULL), PINSTORE_OK);
	ck_assert_str_eq(names, "pin-x:l x.pin:l ");
	names[0] = '\0';
	/* a name that is not stored has its place all the same */
	ck_assert_int_eq(pinstore_walk(ps, "p.test", append_name, names, NULL),
	                 PINSTORE_OK);
	ck_assert_str_eq(names, "pin:c pin:l pin-x:l x.pin:l ");
	ck_assert_int_eq(pinstore_walk(ps, NULL, stop_at_second, &n, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(pinstore_walk(ps, "1.2.3.4", append_name, names,
	                               NULL), PINSTORE_ERR_HOST);
	ck_assert_int_eq(pinstore_walk(ps, NULL, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

/*
 * Design 7 and 10: changes are told, and of what was cleared the count alone.
 */
START_TEST(test_journal)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = "a.test"};
	size_t removed;

	pin_at("a.test", "AB", 0, NOW + 10, NOW);
	pin_at("b.test", "AB", 0, NOW + 10, NOW + 1);
	note_at("b.test", "A", "AB", 10, "", NOW + 2);
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW + 3, &removed, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(expire_at(NOW + 100, NOW + 100, 0, 0, PINSTORE_OK),
	                  2);
	assert_journal("pinned b.test 1 1, noted b.test 1 2, cleared - 1 3, "
	               "expired - 2 100, ");
	/* Nothing was there any more: nothing is told. */
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW + 101, &removed,
	                                NULL), PINSTORE_OK);
	ck_assert_uint_eq(expire_at(NOW + 100, NOW + 102, 0, 0, PINSTORE_OK),
	                  0);
	assert_journal("pinned b.test 1 1, noted b.test 1 2, cleared - 1 3, "
	               "expired - 2 100, ");
}
END_TEST

START_TEST(test_usage)
{
	struct pinstore_usage usage = {.size = sizeof(usage)};
	struct pinstore_usage before;

	ck_assert_int_eq(pinstore_usage(ps, &usage, NULL), PINSTORE_OK);
	ck_assert_uint_eq(usage.names, 0);
	ck_assert_int_eq(usage.latest, INT64_MIN);
	before = usage;
	pin_at("a.test", "AB", 0, NOW + 10, NOW);
	note_at("a.test", "A", "AB", 10, "", NOW + 2);
	pin_at("b.test", "AB", 0, NOW + 10, NOW + 1);
	ck_assert_int_eq(pinstore_usage(ps, &usage, NULL), PINSTORE_OK);
	ck_assert_uint_eq(usage.names, 2);
	ck_assert_uint_eq(usage.commits, before.commits + 3);
	ck_assert_int_eq(usage.latest, NOW + 2);
	ck_assert_uint_ge(usage.file_octets, before.file_octets);
	ck_assert_uint_ge(usage.map_octets, usage.file_octets);
	ck_assert_uint_ge(usage.limit_octets, usage.map_octets);
	ck_assert_uint_ge(usage.readers, 1);
	ck_assert_uint_ge(usage.readers_max, usage.readers);
}
END_TEST

START_TEST(test_usage_wrong)
{
	struct pinstore_usage usage = {.size = 1, .names = 7};

	ck_assert_int_eq(pinstore_usage(NULL, &usage, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_usage(ps, NULL, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_usage(ps, &usage, NULL), PINSTORE_ERR_ARG);
	ck_assert_uint_eq(usage.names, 7);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/operator");
	TCase *tcase = tcase_create("operator");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tcase, test_option, 0, COUNT(settings));
	tcase_add_test(tcase, test_open_arguments);
	tcase_add_test(tcase, test_readonly);
	tcase_add_loop_test(tcase, test_rule, 0, COUNT(rules));
	tcase_add_test(tcase, test_rule_size);
	tcase_add_test(tcase, test_pin_again);
	tcase_add_test(tcase, test_show);
	tcase_add_loop_test(tcase, test_clear, 0, COUNT(filters));
	tcase_add_test(tcase, test_clear_what_is_gone);
	tcase_add_test(tcase, test_clear_wrong);
	tcase_add_test(tcase, test_expire);
	tcase_add_test(tcase, test_expire_clock_ahead);
	tcase_add_test(tcase, test_expire_wrong);
	tcase_add_test(tcase, test_expire_many);
	tcase_add_test(tcase, test_walk);
	tcase_add_test(tcase, test_journal);
	tcase_add_test(tcase, test_usage);
	tcase_add_test(tcase, test_usage_wrong);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
