/*
 * test_api_note.c - what is learned from header fields, and what is not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>

#include "api/handle.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define HOST "pin.test"
#define ISD "; includeSubDomains"
/* Their records fill more than half of a map of 1 MiB. */
#define GROWTH_HOSTS 600
#define URI "; report-uri=\"https://r.example/x\""

static void
assert_noted(struct pinstore_noted noted, enum pinstore_action action,
             enum pinstore_reason why)
{
	ck_assert_str_eq(pinstore_action_word(noted.action),
	                 pinstore_action_word(action));
	ck_assert_str_eq(pinstore_reason_word(noted.why),
	                 pinstore_reason_word(why));
}

/*
 * P-15; R-2.5-2 to R-2.5-5, R-4.3-1: noted if one pin is in the chain and one
 * is not.
 */
static const struct {
	const char *chain;
	const char *pins;
	enum pinstore_action action;
	enum pinstore_reason why;
} conditions[] = {
	{"A", "AB", PINSTORE_NOTED, PINSTORE_WHY_OK},
	{"xyA", "AB", PINSTORE_NOTED, PINSTORE_WHY_OK},
	{"A", "A", PINSTORE_IGNORED, PINSTORE_WHY_NO_BACKUP},      /* HDR-48 */
	{"A", "AA", PINSTORE_IGNORED, PINSTORE_WHY_NO_BACKUP},     /* HDR-49 */
	{"A", "BC", PINSTORE_IGNORED, PINSTORE_WHY_NO_MATCH},      /* HDR-50 */
	{"ABC", "ABC", PINSTORE_IGNORED, PINSTORE_WHY_NO_BACKUP},
	{"ABC", "ABCD", PINSTORE_NOTED, PINSTORE_WHY_OK},
	{"A", "", PINSTORE_IGNORED, PINSTORE_WHY_NO_PINS},         /* HDR-51 */
	{"", "AB", PINSTORE_IGNORED, PINSTORE_WHY_NO_MATCH},
};

START_TEST(test_conditions)
{
	assert_noted(note_at(HOST, conditions[_i].chain, conditions[_i].pins,
	                     3000, "", NOW),
	             conditions[_i].action, conditions[_i].why);
	if (conditions[_i].action == PINSTORE_IGNORED)
		assert_dump("");
}
END_TEST

/* R-2.1.2-1, R-2.3.3-8, R-4.1-1: max-age, saturated and capped. */
static const struct {
	const char *max_age;
	int64_t expires;
	int64_t sent;
} ages[] = {
	{"1", NOW + 1, 1},
	{"3000", NOW + 3000, 3000},
	{"5183999", NOW + CAP - 1, 5183999},
	{"5184000", NOW + CAP, 5184000},
	{"5184001", NOW + CAP, 5184001},
	{"2147483648", NOW + CAP, INT64_C(2147483648)},
	{"4294967296", NOW + CAP, INT64_C(2147483648)},
	{"18446744073709551617", NOW + CAP, INT64_C(2147483648)},
};

START_TEST(test_ages)
{
	char value[512];
	char backup[256];
	struct pinstore_entry *entry;
	struct pinstore_noted noted;

	header_of("AB", 1, "", backup, sizeof(backup));
	snprintf(value, sizeof(value), "max-age=%s%s", ages[_i].max_age,
	         strchr(backup, ';'));
	noted = note_value_at(HOST, "A", value, strlen(value), NOW);
	assert_noted(noted, PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert_int_eq(noted.expires, ages[_i].expires);
	entry = entry_of(HOST, PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_expires(entry), ages[_i].expires);
	ck_assert_int_eq(pinstore_entry_max_age_sent(entry), ages[_i].sent);
	pinstore_entry_free(entry);
}
END_TEST

/* A cap of the caller's, and none: never past what a time can hold. */
START_TEST(test_cap)
{
	struct pinstore_noted noted;

	fixture_reopen_with(PINSTORE_OPT_MAX_AGE_CAP, 100);
	noted = note_at(HOST, "A", "AB", 3000, "", NOW);
	ck_assert_int_eq(noted.expires, NOW + 100);
	fixture_reopen_with(PINSTORE_OPT_MAX_AGE_CAP, 0);
	noted = note_at(HOST, "A", "AB", 99999999999, "", NOW + 1);
	ck_assert_int_eq(noted.expires, NOW + 1 + INT64_C(2147483648));
	noted = note_at(HOST, "A", "AB", 99999999999, "", INT64_MAX - 5);
	ck_assert_int_eq(noted.expires, PINSTORE_NEVER - 1);
}
END_TEST

/* R-2.5-6, D-05, T-092: replaced as a whole, nothing merged. */
START_TEST(test_replaced_whole)
{
	note_at(HOST, "A", "AB", 3000, ISD URI, NOW);
	assert_dump("pin.test learned header 1 1767225600 1767225600 "
	            "1767228600 3000 AB https://r.example/x\n");
	assert_noted(note_at(HOST, "A", "AC", 2000, "", NOW + 50),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	assert_dump("pin.test learned header 0 1767225650 1767225650 "
	            "1767227650 2000 AC -\n");
	assert_noted(note_at(HOST, "A", "AB", 3000, ISD URI, NOW + 60),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	assert_dump("pin.test learned header 1 1767225660 1767225660 "
	            "1767228660 3000 AB https://r.example/x\n");
}
END_TEST

/* R-2.3.1-2: the window slides; with slack only once it is worth a write. */
START_TEST(test_refresh)
{
	fixture_reopen_with(PINSTORE_OPT_REFRESH_SLACK, 0);
	note_at(HOST, "A", "AB", 3000, "", NOW);
	assert_noted(note_at(HOST, "A", "AB", 3000, "", NOW),
	             PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	assert_noted(note_at(HOST, "A", "AB", 3000, "", NOW + 1),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	assert_dump("pin.test learned header 0 1767225601 1767225600 "
	            "1767228601 3000 AB -\n");

	fixture_reopen_with(PINSTORE_OPT_REFRESH_SLACK, 100);
	assert_noted(note_at(HOST, "A", "AB", 3000, "", NOW + 30),
	             PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	assert_noted(note_at(HOST, "A", "AB", 3000, "", NOW + 32),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	/* ... and whatever else changes is written at once */
	assert_noted(note_at(HOST, "A", "AB", 3001, "", NOW + 33),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	/* the order of the pins is no change */
	assert_noted(note_at(HOST, "A", "BA", 3001, "", NOW + 34),
	             PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
}
END_TEST

/* R-2.3.1-3, R-2.3.1-4, D-07, HDR-19, HDR-20: removal. */
START_TEST(test_max_age_zero)
{
	/* an unknown host stays unknown */
	assert_noted(note_at(HOST, "A", "", 0, "", NOW), PINSTORE_UNCHANGED,
	             PINSTORE_WHY_OK);
	assert_dump("");
	note_at(HOST, "A", "AB", 3000, ISD, NOW);
	ck_assert_int_eq(verdict_at("x.pin.test", "x", NOW), PINSTORE_REJECT);
	assert_noted(note_at(HOST, "A", "C", 0, ISD, NOW + 1),
	             PINSTORE_REMOVED, PINSTORE_WHY_OK);
	assert_dump("");
	ck_assert_int_eq(verdict_at("x.pin.test", "x", NOW + 1),
	                 PINSTORE_UNPINNED);
}
END_TEST

static enum pinstore_status
put_tofu(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_section *section;
	enum pinstore_host_kind kind;
	struct ps_entry entry;
	struct ps_host host;

	(void)arg;
	memset(&entry, 0, sizeof(entry));
	section = &entry.section[PINSTORE_LEARNED];
	section->is_present = true;
	section->source = PINSTORE_TOFU;
	section->observed = NOW;
	section->updated = NOW;
	section->expires = PINSTORE_NEVER;
	section->max_age = -1;
	section->pins.n = pins_of("A", section->pins.pin);
	ck_assert_int_eq(ps_host_parse(HOST, strlen(HOST), &host, &kind),
	                 PINSTORE_OK);
	return ps_write_put(write, &host, &entry, error);
}

/*
 * Linked in place of the library's (see api.inc), which is asked between note's
 * look at the store and its transaction.
 */
static bool is_seen_meanwhile;

enum pinstore_status
__real_ps_store_high_water(struct ps_store *store, int64_t *out,
                           struct pinstore_error *error);
enum pinstore_status
__wrap_ps_store_high_water(struct ps_store *store, int64_t *out,
                           struct pinstore_error *error);

enum pinstore_status
__wrap_ps_store_high_water(struct ps_store *store, int64_t *out,
                           struct pinstore_error *error)
{
	if (is_seen_meanwhile) {
		is_seen_meanwhile = false;
		ck_assert_int_eq(ps_store_write(store, NOW, put_tofu, NULL,
		                                NULL), PINSTORE_OK);
	}
	return __real_ps_store_high_water(store, out, error);
}

/* ... also when the header's entry has become one by the time of writing. */
START_TEST(test_tofu_meanwhile)
{
	static const char no_pins[] = "max-age=3000; pin-sha512=\"x\"";

	note_at(HOST, "A", "AB", 3000, "", NOW);
	is_seen_meanwhile = true;
	assert_noted(note_at(HOST, "A", "", 0, "", NOW), PINSTORE_UNCHANGED,
	             PINSTORE_WHY_OK);
	ck_assert(!is_seen_meanwhile);
	ck_assert_int_eq(verdict_at(HOST, "B", NOW), PINSTORE_REJECT);

	note_at(HOST, "A", "AB", 3000, "", NOW);
	ck_assert_int_eq(verdict_at(HOST, "B", NOW), PINSTORE_MATCHED);
	is_seen_meanwhile = true;
	assert_noted(note_value_at(HOST, "A", no_pins, sizeof(no_pins) - 1,
	                           NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_NO_PINS);
	ck_assert(!is_seen_meanwhile);
	ck_assert_int_eq(verdict_at(HOST, "B", NOW), PINSTORE_REJECT);
}
END_TEST

/* A header removes what a header has made, and replaces what was only seen. */
START_TEST(test_tofu)
{
	ck_assert_int_eq(ps_store_write(ps->store, NOW, put_tofu, NULL, NULL),
	                 PINSTORE_OK);
	assert_noted(note_at(HOST, "A", "", 0, "", NOW), PINSTORE_UNCHANGED,
	             PINSTORE_WHY_OK);
	assert_noted(note_at(HOST, "A", "", 3000, "", NOW), PINSTORE_IGNORED,
	             PINSTORE_WHY_NO_PINS);
	ck_assert_int_eq(verdict_at(HOST, "x", NOW), PINSTORE_REJECT);
	assert_noted(note_at(HOST, "A", "AB", 3000, "", NOW), PINSTORE_NOTED,
	             PINSTORE_WHY_OK);
	ck_assert_int_eq(verdict_at(HOST, "B", NOW), PINSTORE_MATCHED);
	assert_noted(note_at(HOST, "A", "", 0, "", NOW), PINSTORE_REMOVED,
	             PINSTORE_WHY_OK);
	ck_assert_int_eq(verdict_at(HOST, "x", NOW), PINSTORE_UNPINNED);
}
END_TEST

/* R-2.1.1-5, D-03, T-071: no usable pin ends it, over a chain that passes. */
START_TEST(test_unpin)
{
	static const char value[] = "max-age=3000; pin-sha512=\"x y z\"";

	note_at(HOST, "A", "AB", 3000, "", NOW);
	assert_noted(note_value_at(HOST, "x", value, sizeof(value) - 1, NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	assert_noted(note_value_at(HOST, "A", value, sizeof(value) - 1, NOW),
	             PINSTORE_REMOVED, PINSTORE_WHY_NO_PINS);
	assert_dump("");
	assert_noted(note_value_at(HOST, "A", value, sizeof(value) - 1, NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_NO_PINS);
}
END_TEST

/* R-2.5-2: a chain that fails what is stored changes nothing. */
START_TEST(test_mismatch)
{
	char *before;

	note_at(HOST, "A", "AB", 3000, ISD, NOW);
	before = dump();
	assert_noted(note_at(HOST, "C", "CD", 3000, "", NOW + 1),
	             PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	assert_noted(note_at(HOST, "C", "", 0, "", NOW + 1),
	             PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	/* also where a parent's policy applies */
	assert_noted(note_at("x.pin.test", "C", "CD", 3000, "", NOW + 1),
	             PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	assert_dump(before);
	free(before);
}
END_TEST

/* R-2.3.3-9, T-090: no answer of a child changes its parent. */
START_TEST(test_parent_unchanged)
{
	char *before;
	struct pinstore_entry *entry;

	note_at(HOST, "A", "AB", 1000, ISD, NOW);
	before = dump();
	assert_noted(note_at("x.pin.test", "A", "", 0, "", NOW),
	             PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	assert_noted(note_at("x.pin.test", "A", "", 50, "", NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_NO_PINS);
	assert_dump(before);
	/* R-2.3.3-5: an entry of its own beside the parent's */
	assert_noted(note_at("x.pin.test", "A", "AC", 10, "", NOW),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	entry = entry_of(HOST, PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_expires(entry), NOW + 1000);
	pinstore_entry_free(entry);
	assert_noted(note_at("x.pin.test", "A", "", 0, "", NOW),
	             PINSTORE_REMOVED, PINSTORE_WHY_OK);
	assert_dump(before);
	free(before);
}
END_TEST

/* D-15: nothing that is learned touches a static entry. */
START_TEST(test_static_untouched)
{
	char *before;

	pin_at(HOST, "AB", 1, PINSTORE_NEVER, NOW);
	before = dump();
	assert_noted(note_at(HOST, "A", "", 0, "", NOW), PINSTORE_UNCHANGED,
	             PINSTORE_WHY_OK);
	assert_noted(note_at(HOST, "A", "AC", 3000, "", NOW), PINSTORE_NOTED,
	             PINSTORE_WHY_OK);
	assert_noted(note_at(HOST, "A", "", 0, "", NOW + 1), PINSTORE_REMOVED,
	             PINSTORE_WHY_OK);
	assert_dump(before);
	free(before);
}
END_TEST

/* R-2.3.1-5, T-079: the first field of each kind counts. */
static const struct {
	const char *first;
	const char *second;
	enum pinstore_action action;
	enum pinstore_reason why;
	int64_t expires;
} pairs[] = {
	{"good", "other", PINSTORE_NOTED, PINSTORE_WHY_OK, NOW + 3000},
	{"bad", "good", PINSTORE_IGNORED, PINSTORE_WHY_MALFORMED, 0},
	{"good", "zero", PINSTORE_NOTED, PINSTORE_WHY_OK, NOW + 3000},
	{"zero", "good", PINSTORE_UNCHANGED, PINSTORE_WHY_OK, 0},
};

static size_t
field_value(const char *word, char *out, size_t size)
{
	if (strcmp(word, "good") == 0)
		return header_of("AB", 3000, "", out, size);
	if (strcmp(word, "other") == 0)
		return header_of("AC", 10, ISD, out, size);
	if (strcmp(word, "zero") == 0)
		return header_of("", 0, "", out, size);
	return (size_t)snprintf(out, size, "max-age=3000 3000");
}

START_TEST(test_first_counts)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at(HOST, "A", NOW);
	char value[3][512];
	struct pinstore_field fields[3];

	/* R-2.3.2-7: one of the other kind in front is counted for itself */
	fields[0].kind = PINSTORE_PKP_RO;
	fields[0].len = field_value("other", value[0], sizeof(value[0]));
	fields[1].kind = PINSTORE_PKP;
	fields[1].len = field_value(pairs[_i].first, value[1],
	                            sizeof(value[1]));
	fields[2].kind = PINSTORE_PKP;
	fields[2].len = field_value(pairs[_i].second, value[2],
	                            sizeof(value[2]));
	fields[0].value = value[0];
	fields[1].value = value[1];
	fields[2].value = value[2];
	ck_assert_int_eq(pinstore_note(ps, result, fields, 3, NOW, &noted,
	                               NULL), PINSTORE_OK);
	assert_noted(noted, pairs[_i].action, pairs[_i].why);
	ck_assert_int_eq(noted.expires, pairs[_i].expires);
	ck_assert_uint_eq(noted.ignored_fields, 1);
	pinstore_result_free(result);
}
END_TEST

/* R-2.1.2-3, R-2.3.3-10: nothing of a Report-Only field is stored. */
START_TEST(test_report_only)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = check_at(HOST, "A", NOW);
	struct pinstore_field field = {.kind = PINSTORE_PKP_RO};
	char value[512];

	field.len = header_of("AB", 3000, URI, value, sizeof(value));
	field.value = value;
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_OK);
	assert_noted(noted, PINSTORE_IGNORED, PINSTORE_WHY_REPORT_ONLY);
	assert_dump("");
	pinstore_result_free(result);
}
END_TEST

/* What cannot be learned from at all. */
START_TEST(test_no_connection_to_learn_from)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {.kind = PINSTORE_PKP};
	struct pinstore_result *result;
	struct pinstore_error error;
	char value[512];

	field.len = header_of("AB", 3000, "", value, sizeof(value));
	field.value = value;
	/* R-2.3.3-4: an address */
	assert_noted(note_at("127.0.0.1", "A", "AB", 3000, "", NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_ADDRESS);
	/* a check without a chain, and a look-up */
	result = check_at(HOST, NULL, NOW);
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               &error), PINSTORE_ERR_CHAIN);
	ck_assert_ptr_nonnull(strstr(error.text, HOST));
	pinstore_result_free(result);
	ck_assert_int_eq(pinstore_lookup(ps, HOST, NOW, &result, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               &error), PINSTORE_ERR_CHAIN);
	pinstore_result_free(result);
	/* arguments */
	result = check_at(HOST, "A", NOW);
	ck_assert_int_eq(pinstore_note(ps, NULL, &field, 1, NOW, &noted, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_note(NULL, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_note(ps, result, NULL, 1, NOW, &noted, NULL),
	                 PINSTORE_ERR_ARG);
	field.value = NULL;
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_ERR_ARG);
	field.value = value;
	noted.size = 0;
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_ERR_ARG);
	noted.size = sizeof(noted);
	ck_assert_int_eq(pinstore_note(ps, result, NULL, 0, NOW, &noted, NULL),
	                 PINSTORE_OK);
	assert_noted(noted, PINSTORE_IGNORED, PINSTORE_WHY_OK);
	pinstore_result_free(result);
	assert_dump("");
}
END_TEST

/* The policy that stands at the write: pinned between check and note. */
static const struct {
	const char *host;
	const char *pins;
	int include_subdomains;
	enum pinstore_layer layer;
	enum pinstore_action action;
	enum pinstore_reason why;
} meanwhile[] = {
	/* the name itself */
	{"x.pin.test", "XY", 0, PINSTORE_CONFIGURED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH},
	{"x.pin.test", "XY", 0, PINSTORE_LEARNED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH},
	{"x.pin.test", "AC", 0, PINSTORE_CONFIGURED, PINSTORE_NOTED,
	 PINSTORE_WHY_OK},
	/* a parent, which an entry of the name's own would hide */
	{"pin.test", "XY", 1, PINSTORE_CONFIGURED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH},
	{"pin.test", "XY", 1, PINSTORE_LEARNED, PINSTORE_IGNORED,
	 PINSTORE_WHY_PIN_MISMATCH},
	{"pin.test", "AC", 1, PINSTORE_LEARNED, PINSTORE_NOTED,
	 PINSTORE_WHY_OK},
	/* one that says nothing of the name */
	{"pin.test", "XY", 0, PINSTORE_CONFIGURED, PINSTORE_NOTED,
	 PINSTORE_WHY_OK},
};

START_TEST(test_pinned_meanwhile)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {.kind = PINSTORE_PKP};
	struct pinstore_result *result = check_at("x.pin.test", "A", NOW);
	char chain[2] = {meanwhile[_i].pins[0], '\0'};
	char value[512];

	field.len = header_of("AB", 3000, "", value, sizeof(value));
	field.value = value;
	if (meanwhile[_i].layer == PINSTORE_CONFIGURED)
		pin_at(meanwhile[_i].host, meanwhile[_i].pins,
		       meanwhile[_i].include_subdomains, PINSTORE_NEVER, NOW);
	else
		note_at(meanwhile[_i].host, chain, meanwhile[_i].pins, 3000,
		        meanwhile[_i].include_subdomains ? ISD : "", NOW - 70);
	ck_assert_int_eq(pinstore_note(ps, result, &field, 1, NOW, &noted,
	                               NULL), PINSTORE_OK);
	assert_noted(noted, meanwhile[_i].action, meanwhile[_i].why);
	pinstore_result_free(result);
}
END_TEST

/* P-16: a race within 60 s loses, a clock that was ahead does not win. */
START_TEST(test_older)
{
	struct pinstore_noted noted;

	note_at(HOST, "A", "AB", 3000, "", NOW);
	assert_noted(note_at(HOST, "A", "AC", 3000, "", NOW - 60),
	             PINSTORE_IGNORED, PINSTORE_WHY_OLDER);
	noted = note_at(HOST, "A", "", 0, "", NOW - 60);
	assert_noted(noted, PINSTORE_IGNORED, PINSTORE_WHY_OLDER);
	ck_assert_int_eq(noted.expires, NOW + 3000);
	noted = note_at(HOST, "A", "AC", 3000, "", NOW - 61);
	assert_noted(noted, PINSTORE_UPDATED, PINSTORE_WHY_OK);
	ck_assert_int_eq(noted.clock_went_back, 1);
	ck_assert_int_eq(noted.expires, NOW - 61 + 3000);
}
END_TEST

/* D-26, T-035, T-036: includeSubDomains on a public suffix. */
static const struct {
	const char *host;
	int is_dropped;
} suffixes[] = {
	{"github.io", 1},       {"GITHUB.IO", 1},   {"GitHub.io.", 1},
	{"co.uk", 1},           {"localhost", 1},   {"test", 1},
	{"evil.github.io", 0},  {"pin.test", 0},    {"example.co.uk", 0},
};

START_TEST(test_suffix)
{
	struct pinstore_noted noted;
	struct pinstore_entry *entry;

	noted = note_at(suffixes[_i].host, "A", "AB", 3000, ISD, NOW);
	assert_noted(noted, PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert_int_eq(noted.suffix_rule, suffixes[_i].is_dropped);
	entry = entry_of(suffixes[_i].host, PINSTORE_LEARNED);
	ck_assert_int_eq(pinstore_entry_include_subdomains(entry),
	                 !suffixes[_i].is_dropped);
	pinstore_entry_free(entry);
	/* seen again, it has not changed */
	noted = note_at(suffixes[_i].host, "A", "AB", 3000, ISD, NOW + 1);
	assert_noted(noted, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
}
END_TEST

START_TEST(test_suffix_rule_off)
{
	fixture_reopen_with(PINSTORE_OPT_SUFFIX_RULE, 0);
	note_at("github.io", "A", "AB", 3000, ISD, NOW);
	ck_assert_int_eq(verdict_at("x.github.io", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* T-096: a domain's quota is its own, and the dead make room. */
START_TEST(test_quota)
{
	struct pinstore_noted noted;
	char host[32];
	int i;

	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, 3);
	note_at("victim.test", "A", "AB", 3000, "", NOW);
	for (i = 0; i < 3; i++) {
		snprintf(host, sizeof(host), "h%d.flood.test", i);
		assert_noted(note_at(host, "A", "AB", 3000, "", NOW),
		             PINSTORE_NOTED, PINSTORE_WHY_OK);
	}
	noted = note_at("h3.flood.test", "A", "AB", 3000, "", NOW);
	assert_noted(noted, PINSTORE_IGNORED, PINSTORE_WHY_FULL);
	/* there is no entry, and so no expiry of it */
	ck_assert_int_eq(noted.expires, 0);
	/* those that are there are renewed all the same */
	assert_noted(note_at("h0.flood.test", "A", "AC", 3000, "", NOW),
	             PINSTORE_UPDATED, PINSTORE_WHY_OK);
	/* others learn on, and keep what they have */
	assert_noted(note_at("other.test", "A", "AB", 3000, "", NOW),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert_int_eq(verdict_at("victim.test", "x", NOW), PINSTORE_REJECT);
	/* expired is not yet dead */
	assert_noted(note_at("h3.flood.test", "A", "AB", 3000, "", NOW + 3001),
	             PINSTORE_IGNORED, PINSTORE_WHY_FULL);
	/* removed makes room at once */
	note_at("h1.flood.test", "A", "", 0, "", NOW + 1);
	assert_noted(note_at("h4.flood.test", "A", "AB", 3000, "", NOW + 3002),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	/* dead for a week: h0 and h2 go */
	assert_noted(note_at("h5.flood.test", "A", "AB", 3000, "",
	                     NOW + 3001 + 7 * 86400),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert(!has_entry("h0.flood.test", PINSTORE_LEARNED));
	ck_assert(!has_entry("h2.flood.test", PINSTORE_LEARNED));
}
END_TEST

/* design.md 3.5: a clock that runs ahead makes no room. */
START_TEST(test_quota_clock_ahead)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_DOMAIN, 1);
	note_at("a.flood.test", "A", "AB", 3000, "", NOW);
	assert_noted(note_at("b.flood.test", "A", "AB", 3000, "",
	                     NOW + INT64_C(61) * 86400),
	             PINSTORE_IGNORED, PINSTORE_WHY_FULL);
	ck_assert(has_entry("a.flood.test", PINSTORE_LEARNED));
}
END_TEST

START_TEST(test_quota_total)
{
	fixture_reopen_with(PINSTORE_OPT_QUOTA_TOTAL, 2);
	pin_at("static.test", "AB", 0, PINSTORE_NEVER, NOW);
	note_at("a.test", "A", "AB", 100, "", NOW);
	note_at("b.test", "A", "AB", 100, "", NOW);
	assert_noted(note_at("c.test", "A", "AB", 100, "", NOW),
	             PINSTORE_IGNORED, PINSTORE_WHY_FULL);
	assert_noted(note_at("c.test", "A", "AB", 100, "",
	                     NOW + 101 + 7 * 86400),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert(has_entry("static.test", PINSTORE_CONFIGURED));
}
END_TEST

/* Hosts with a long static section, which stays, and a learned one. */
static enum pinstore_status
work_fill(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_entry entry = {{{.is_present = false}}};
	struct ps_section *configured = &entry.section[PINSTORE_CONFIGURED];
	struct ps_section *learned = &entry.section[PINSTORE_LEARNED];
	enum pinstore_status status = PINSTORE_OK;
	const int *n = arg;
	struct ps_host host;
	int i;

	configured->is_present = true;
	configured->source = PINSTORE_STATIC;
	configured->expires = PINSTORE_NEVER;
	configured->max_age = -1;
	configured->pins.n = pins_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef",
	                             configured->pins.pin);
	learned->is_present = true;
	learned->source = PINSTORE_HEADER;
	learned->quota_labels = 2;
	learned->expires = NOW + 100;
	learned->pins.n = pins_of("AB", learned->pins.pin);
	for (i = 0; i < *n && status == PINSTORE_OK; i++) {
		host.len = (size_t)snprintf(host.name, sizeof(host.name),
		                            "h%04d.test", i);
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

/* The write that makes the room is called again when the map has to grow. */
START_TEST(test_quota_total_and_growth)
{
	struct pinstore_options *options = pinstore_options_new();
	const int64_t late = NOW + 101 + 7 * 86400;
	int n = GROWTH_HOSTS;

	ck_assert_ptr_nonnull(options);
	options->store.map_bytes = 1 << 20;
	options->quota_total = GROWTH_HOSTS;
	pinstore_close(ps);
	fixture_open(options);
	pinstore_options_free(options);
	ck_assert_int_eq(ps_store_write(ps->store, NOW, work_fill, &n, NULL),
	                 PINSTORE_OK);
	assert_noted(note_at("new.test", "A", "AB", 100, "", late),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	ck_assert(!has_entry("h0000.test", PINSTORE_LEARNED));
	ck_assert(has_entry("h0000.test", PINSTORE_CONFIGURED));
}
END_TEST

static int
count_learned(const struct pinstore_entry *entry, void *arg)
{
	*(int *)arg += pinstore_entry_layer(entry) == PINSTORE_LEARNED;
	return 0;
}

/* No more are buried at once than others can wait for; the rest is next. */
START_TEST(test_quota_total_by_parts)
{
	const int64_t late = NOW + 101 + 7 * 86400;
	int n = 1500, left = 0;

	fixture_reopen_with(PINSTORE_OPT_QUOTA_TOTAL, 400);
	ck_assert_int_eq(ps_store_write(ps->store, NOW, work_fill, &n, NULL),
	                 PINSTORE_OK);
	assert_noted(note_at("new.test", "A", "AB", 100, "", late),
	             PINSTORE_IGNORED, PINSTORE_WHY_FULL);
	ck_assert_int_eq(pinstore_walk(ps, NULL, count_learned, &left, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(left, 500);
	assert_noted(note_at("new.test", "A", "AB", 100, "", late),
	             PINSTORE_NOTED, PINSTORE_WHY_OK);
	left = 0;
	ck_assert_int_eq(pinstore_walk(ps, NULL, count_learned, &left, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(left, 1);
}
END_TEST

/* The strict grammar, and what a fault says. */
START_TEST(test_strict)
{
	struct pinstore_noted noted;
	char value[512];
	size_t len = header_of("AB", 3000, "", value, sizeof(value) - 1);

	value[len] = ';';
	noted = note_value_at(HOST, "A", value, len + 1, NOW);
	assert_noted(noted, PINSTORE_NOTED, PINSTORE_WHY_OK);
	fixture_reopen_with(PINSTORE_OPT_STRICT, 1);
	noted = note_value_at(HOST, "A", value, len + 1, NOW + 1);
	assert_noted(noted, PINSTORE_IGNORED, PINSTORE_WHY_MALFORMED);
	ck_assert_str_eq(pinstore_syntax_word(noted.syntax), "NAME");
	ck_assert_uint_eq(noted.offset, len + 1);
}
END_TEST

/* R-2.3.3-6, R-2.5-1: all of it is there for the next process. */
START_TEST(test_kept)
{
	note_at(HOST, "A", "AB", 3000, ISD URI, NOW);
	pinstore_close(ps);
	fixture_open(NULL);
	assert_dump("pin.test learned header 1 1767225600 1767225600 "
	            "1767228600 3000 AB https://r.example/x\n");
}
END_TEST

/* Design 7: each change is told in its own transaction, and only changes. */
START_TEST(test_journal)
{
	note_at(HOST, "A", "AB", 3000, "", NOW);
	note_at(HOST, "A", "AB", 3000, "", NOW); /* within the slack */
	note_at(HOST, "A", "A", 3000, "", NOW + 1); /* unfit */
	note_at(HOST, "A", "AC", 3000, "", NOW + 2);
	note_at(HOST, "A", "AD", 3000, "", NOW - 100);
	note_at(HOST, "A", "", 3000, "", NOW + 3);
	note_at(HOST, "A", "", 0, "", NOW + 4); /* there is none */
	note_at(HOST, "A", "AB", 3000, "", NOW + 5);
	note_at(HOST, "A", "", 0, "", NOW + 6);
	assert_journal("noted pin.test 1 0, updated pin.test 1 2, "
	               "clock pin.test 1 -100, updated pin.test 1 -100, "
	               "unpinned pin.test 1 3, noted pin.test 1 5, "
	               "removed pin.test 1 6, ");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/note");
	TCase *tcase = tcase_create("note");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tcase, test_conditions, 0, COUNT(conditions));
	tcase_add_loop_test(tcase, test_ages, 0, COUNT(ages));
	tcase_add_test(tcase, test_cap);
	tcase_add_test(tcase, test_replaced_whole);
	tcase_add_test(tcase, test_refresh);
	tcase_add_test(tcase, test_max_age_zero);
	tcase_add_test(tcase, test_tofu);
	tcase_add_test(tcase, test_tofu_meanwhile);
	tcase_add_test(tcase, test_journal);
	tcase_add_test(tcase, test_unpin);
	tcase_add_test(tcase, test_mismatch);
	tcase_add_test(tcase, test_parent_unchanged);
	tcase_add_test(tcase, test_static_untouched);
	tcase_add_loop_test(tcase, test_first_counts, 0, COUNT(pairs));
	tcase_add_test(tcase, test_report_only);
	tcase_add_test(tcase, test_no_connection_to_learn_from);
	tcase_add_loop_test(tcase, test_pinned_meanwhile, 0, COUNT(meanwhile));
	tcase_add_test(tcase, test_older);
	tcase_add_loop_test(tcase, test_suffix, 0, COUNT(suffixes));
	tcase_add_test(tcase, test_suffix_rule_off);
	tcase_add_test(tcase, test_quota);
	tcase_add_test(tcase, test_quota_clock_ahead);
	tcase_add_test(tcase, test_quota_total);
	tcase_add_test(tcase, test_quota_total_and_growth);
	tcase_add_test(tcase, test_quota_total_by_parts);
	tcase_add_test(tcase, test_strict);
	tcase_add_test(tcase, test_kept);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
