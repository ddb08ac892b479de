/*
 * test_api_import.c - entries from elsewhere: gathered, settled, merged.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define DAY INT64_C(86400)
#define MOST 8

/* An item in few words; what is not said is static, enforced, undated. */
struct spec {
	const char *host;
	const char *pins; /* letters */
	char source;      /* s, h or t; 0 = s */
	bool is_report, is_wide, is_part;
	int noted;   /* days after NOW; 0 = undated */
	int expires; /* the same; 0 = never */
	const char *note;
};

#define S(name, letters) .host = (name), .pins = (letters)
#define H(name, letters) S(name, letters), .source = 'h'
#define T(name, letters) S(name, letters), .source = 't'

static enum pinstore_status
add(struct pinstore_import *import, const struct spec *spec, uint64_t line)
{
	struct pinstore_pin pins[64];
	struct pinstore_import_item item = {
		.size = sizeof(item),
		.line = line,
		.host = spec->host,
		.source = spec->source == 'h'   ? PINSTORE_HEADER
		          : spec->source == 't' ? PINSTORE_TOFU
		                                : PINSTORE_STATIC,
		.mode = spec->is_report ? PINSTORE_REPORT : PINSTORE_ENFORCE,
		.include_subdomains = spec->is_wide,
		.pins = pins,
		.n_pins = pins_of(spec->pins, pins),
		.noted = spec->noted != 0 ? NOW + spec->noted * DAY
		                          : PINSTORE_UNDATED,
		.updated = PINSTORE_UNDATED,
		.expires = spec->expires != 0 ? NOW + spec->expires * DAY
		                              : PINSTORE_NEVER,
		.max_age_sent = -1,
		.note = spec->note,
		.is_part = spec->is_part,
	};

	return pinstore_import_add(import, &item, NULL);
}

static struct pinstore_import *
gathered(const struct spec *specs, size_t n)
{
	struct pinstore_import *import;
	size_t i;

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	for (i = 0; i < n && specs[i].host != NULL; i++)
		ck_assert_int_eq(add(import, &specs[i], i + 1), PINSTORE_OK);
	return import;
}

static struct pinstore_import_totals
run(struct pinstore_import *import, unsigned flags,
    enum pinstore_status expected)
{
	struct pinstore_import_totals totals = {.size = sizeof(totals)};
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_import_run(ps, import, flags, NOW, &totals, &error);
	ck_assert_msg(status == expected, "%d: %s", status, error.text);
	return totals;
}

static void
write_fate(uint64_t line, const char *host, enum pinstore_fate fate,
           uint64_t other, void *arg)
{
	static const char letters[] = "-aunDCOL";
	char *out = arg;

	ck_assert_ptr_nonnull(host);
	ck_assert_uint_le(line, MOST);
	out[line - 1] = letters[fate];
	ck_assert_int_eq(other != 0, fate == PINSTORE_FATE_DOUBLE);
	ck_assert_uint_ne(other, line);
}

/* The fate of each line by a letter. */
static void
assert_fates(const struct pinstore_import *import, const char *expected)
{
	char fates[MOST + 1] = "";

	pinstore_import_walk(import, write_fate, fates);
	ck_assert_str_eq(fates, expected);
}

static void
import_all(const struct spec *specs, size_t n, const char *fates)
{
	struct pinstore_import *import = gathered(specs, n);

	(void)run(import, 0, PINSTORE_OK);
	assert_fates(import, fates);
	pinstore_import_free(import);
}

/* -------------------------------------------------------------------- items */

static const struct {
	const char *what;
	struct spec spec;
	enum pinstore_status status;
} items[] = {
	{"static", {S("a.test", "AB")}, PINSTORE_OK},
	{"a single pin", {S("a.test", "A")}, PINSTORE_OK},
	{"32 pins", {S("a.test", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef")},
	 PINSTORE_OK},
	{"equal pins count once",
	 {S("a.test", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefABCDEFGHIJ")},
	 PINSTORE_OK},
	{"tofu", {T("a.test", "A")}, PINSTORE_OK},
	/* wrong */
	{"33 pins", {S("a.test", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg")},
	 PINSTORE_ERR_ARG},
	{"no pins", {S("a.test", "")}, PINSTORE_ERR_ARG},
	{"an address", {S("192.0.2.1", "A")}, PINSTORE_ERR_HOST},
	{"IPv6", {S("[::1]", "A")}, PINSTORE_ERR_HOST},
	{"H-6 no name", {S("a..test", "A")}, PINSTORE_ERR_HOST},
	{"an empty name", {S("", "A")}, PINSTORE_ERR_HOST},
	{"a port", {S("a.test:443", "A")}, PINSTORE_ERR_HOST},
};

START_TEST(item_is_judged)
{
	struct pinstore_import *import;

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	ck_assert_msg(add(import, &items[_i].spec, 1) == items[_i].status,
	              "%s", items[_i].what);
	(void)run(import, 0, PINSTORE_OK);
	ck_assert_int_eq(has_entry("a.test", PINSTORE_CONFIGURED) ||
	                         has_entry("a.test", PINSTORE_LEARNED),
	                 items[_i].status == PINSTORE_OK);
	pinstore_import_free(import);
}
END_TEST

START_TEST(wrong_arguments)
{
	struct pinstore_import_totals totals = {.size = 0};
	struct pinstore_pin pin = pin_of('A');
	struct pinstore_import_item item = {
		.size = sizeof(item),
		.host = "a.test",
		.source = PINSTORE_STATIC,
		.mode = PINSTORE_ENFORCE,
		.pins = &pin,
		.n_pins = 1,
		.max_age_sent = -1,
	}, bad;
	struct pinstore_import *import;
	char note[PINSTORE_NOTE_MAX + 2], uri[PINSTORE_URI_MAX + 2];
	unsigned way;

	memset(uri, 'x', sizeof(uri));
	memcpy(uri, "https://a.test/", 15);
	uri[sizeof(uri) - 1] = '\0';
	ck_assert_int_eq(pinstore_import_new(NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	for (way = 0; way < 10; way++) {
		bad = item;
		switch (way) {
		case 0: bad.size = 0; break;
		case 1: bad.source = (enum pinstore_source)3; break;
		case 2: bad.source = (enum pinstore_source)0; break;
		case 3: bad.mode = (enum pinstore_mode)9; break;
		case 4: bad.pins = NULL; break;
		case 5: bad.max_age_sent = -2; break;
		case 6: bad.note = note; break;
		case 7: bad.report_uri = "ftp://a.test/"; break;
		case 8: bad.report_uri = ""; break;
		case 9: bad.report_uri = uri; break;
		}
		ck_assert_int_eq(pinstore_import_add(import, &bad, NULL),
		                 PINSTORE_ERR_ARG);
	}
	ck_assert_int_eq(pinstore_import_add(NULL, &item, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_import_add(import, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	note[PINSTORE_NOTE_MAX] = '\0';
	item.note = note;
	item.report_uri = "https://b.test/report#cut";
	ck_assert_int_eq(pinstore_import_add(import, &item, NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_import_run(NULL, import, 0, NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_import_run(ps, NULL, 0, NOW, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_import_run(ps, import, 0, NOW, &totals, NULL),
	                 PINSTORE_ERR_ARG);
	pinstore_import_walk(NULL, write_fate, NULL);
	pinstore_import_walk(import, NULL, NULL);
	assert_fates(import, "");
	assert_dump("");
	ck_assert_int_eq(pinstore_import_run(ps, import, 0, NOW, NULL, NULL),
	                 PINSTORE_OK);
	assert_dump("a.test configured static 0 0 0 0 -1 A https://b.test/report\n");
	pinstore_import_free(import);
	pinstore_import_free(NULL);
}
END_TEST

/* ------------------------------------------------------------ within a file */

static const struct {
	const char *what;
	struct spec specs[MOST];
	const char *fates;
	const char *dump; /* of hosts and pins */
} files[] = {
	{"nothing", {{0}}, "", ""},
	{"two names", {{S("b.test", "AB")}, {S("a.test", "CD")}}, "aa",
	 "a.test CD b.test AB "},
	{"names in order of their labels reversed",
	 {{S("www.a.test", "A")}, {S("a-x.test", "B")}, {S("a.test", "C")}}, "aaa",
	 "a.test C a-x.test B www.a.test A "},
	{"both layers of a name", {{S("a.test", "A")}, {H("a.test", "B")}},
	 "aa", "a.test A a.test B "},
	{"the same twice counts once",
	 {{S("a.test", "AB")}, {S("a.test", "AB")}, {S("A.TEST.", "AB")}}, "aaa",
	 "a.test AB "},
	{"another pin", {{S("a.test", "AB")}, {S("a.test", "AC")}}, "DD", ""},
	{"another expiry: the shorter does not win, nor the longer",
	 {{S("a.test", "AB"), .expires = 3}, {S("a.test", "AB"), .expires = 5}},
	 "DD", ""},
	{"two agree, one does not",
	 {{S("a.test", "AB")}, {S("a.test", "AB")}, {S("a.test", "AB"), .is_wide = 1}},
	 "DDD", ""},
	{"another mode",
	 {{S("a.test", "AB")}, {S("a.test", "AB"), .is_report = 1}}, "DD", ""},
	{"another time of noting",
	 {{S("a.test", "AB"), .noted = 1}, {S("a.test", "AB"), .noted = 2}},
	 "DD", ""},
	{"a note and none",
	 {{S("a.test", "AB")}, {S("a.test", "AB"), .note = "n"}}, "DD", ""},
	{"another note",
	 {{S("a.test", "AB"), .note = "m"}, {S("a.test", "AB"), .note = "n"}},
	 "DD", ""},
	{"parts with different notes",
	 {{S("a.test", "A"), .is_part = 1, .note = "m"},
	  {S("a.test", "B"), .is_part = 1, .note = "n"}}, "DD", ""},
	{"names that are alike for long",
	 {{S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab.test", "A")},
	  {S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", "B")},
	  {S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", "C")},
	  {S("aaaaaaaaaaaaaaab.test", "E")}, {S("b.test", "D")},
	  {S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", "B")}},
	 "aaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test C "
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test B "
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab.test A "
	 "aaaaaaaaaaaaaaab.test E b.test D "},
	{"a contradiction spoils no other name",
	 {{S("a.test", "A")}, {S("b.test", "B")}, {S("a.test", "C")}}, "DaD",
	 "b.test B "},
	{"a header and a first use",
	 {{H("a.test", "A")}, {T("a.test", "A")}}, "DD", ""},
	{"parts are joined, pins in an order of their own",
	 {{S("a.test", "C"), .is_part = 1}, {S("a.test", "A"), .is_part = 1},
	  {S("a.test", "B"), .is_part = 1}}, "aaa", "a.test ABC "},
	{"a part and a whole", {{S("a.test", "A"), .is_part = 1},
	  {S("a.test", "B")}}, "DD", ""},
	{"parts of both layers",
	 {{S("a.test", "B"), .is_part = 1}, {S("a.test", "A"), .is_part = 1},
	  {H("a.test", "C"), .is_part = 1}}, "aaa", "a.test AB a.test C "},
	{"parts that are too many",
	 {{S("a.test", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"), .is_part = 1},
	  {S("a.test", "g"), .is_part = 1}}, "CC", ""},
	{"a shorter-lived parent swallows no child",
	 {{S("test", "A"), .is_wide = 1, .expires = 1},
	  {S("a.test", "B"), .expires = 9}, {S("b.a.test", "A"), .is_wide = 1}},
	 "aaa", "test A a.test B b.a.test A "},
};

static int
print_short(const struct pinstore_entry *entry, void *arg)
{
	const struct pinstore_pin *pins;
	size_t i, n;
	FILE *out = arg;

	fprintf(out, "%s ", pinstore_entry_host(entry));
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++)
		fputc(pins[i].sha256[0], out);
	fputc(' ', out);
	return 0;
}

static void
assert_short(const char *expected, const char *what)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_int_eq(pinstore_walk(ps, NULL, print_short, out, NULL),
	                 PINSTORE_OK);
	fclose(out);
	ck_assert_msg(strcmp(text, expected) == 0, "%s: %s", what, text);
	free(text);
}

/* In each order of the lines: what comes of a line is the same. */
START_TEST(order_is_nothing)
{
	struct spec specs[MOST];
	char rotated[MOST + 1] = "";
	size_t n = 0, turn, i;
	bool is_back;

	while (n < MOST && files[_i].specs[n].host != NULL)
		n++;
	for (turn = 0; turn < 2 * n + 1; turn++) {
		is_back = turn % 2 == 1;
		for (i = 0; i < n; i++) {
			size_t to = (is_back ? n - 1 - i : i) + turn / 2;

			specs[to % n] = files[_i].specs[i];
			rotated[to % n] = files[_i].fates[i];
		}
		fixture_teardown();
		fixture_setup();
		import_all(specs, n, rotated);
		assert_short(files[_i].dump, files[_i].what);
	}
}
END_TEST

/* Of parts, the one that lives longest says how long. */
START_TEST(parts_live_longest)
{
	static const struct spec specs[] = {
		{S("a.test", "B"), .is_part = 1, .expires = 2},
		{S("a.test", "A"), .is_part = 1, .expires = 9},
		{S("a.test", "C"), .is_part = 1, .expires = 5},
	};
	struct pinstore_entry *entry;

	import_all(specs, COUNT(specs), "aaa");
	entry = entry_of("a.test", PINSTORE_CONFIGURED);
	ck_assert_int_eq(pinstore_entry_expires(entry), NOW + 9 * DAY);
	pinstore_entry_free(entry);
}
END_TEST

/* ----------------------------------------------------- with what is stored */

static const struct {
	const char *what;
	struct spec stored, fresh;
	char fate, forced;
} merges[] = {
	{"the same", {S("a.test", "AB")}, {S("a.test", "AB")}, 'n', 'n'},
	{"the same pins in another order", {S("a.test", "AB")}, {S("a.test", "BA")},
	 'n', 'n'},
	{"the same with times", {S("a.test", "AB"), .noted = 1},
	 {S("a.test", "AB"), .noted = 1}, 'n', 'n'},
	{"another note", {S("a.test", "AB")}, {S("a.test", "AB"), .note = "x"}, 'u',
	 'u'},
	/* static: tighter passes, looser needs force */
	{"a pin less", {S("a.test", "AB")}, {S("a.test", "A")}, 'u', 'u'},
	{"a pin more", {S("a.test", "AB")}, {S("a.test", "ABC")}, 'L', 'u'},
	{"another pin", {S("a.test", "AB")}, {S("a.test", "AC")}, 'L', 'u'},
	{"wider", {S("a.test", "AB")}, {S("a.test", "AB"), .is_wide = 1}, 'u', 'u'},
	{"narrower", {S("a.test", "AB"), .is_wide = 1}, {S("a.test", "AB")}, 'L',
	 'u'},
	{"longer", {S("a.test", "AB"), .expires = 2},
	 {S("a.test", "AB"), .expires = 3}, 'u', 'u'},
	{"shorter", {S("a.test", "AB")}, {S("a.test", "AB"), .expires = 3}, 'L',
	 'u'},
	{"only watched now", {S("a.test", "AB")},
	 {S("a.test", "AB"), .is_report = 1}, 'L', 'u'},
	{"enforced now", {S("a.test", "AB"), .is_report = 1}, {S("a.test", "CD")},
	 'u', 'u'},
	{"watched with other pins", {S("a.test", "AB"), .is_report = 1},
	 {S("a.test", "CD"), .is_report = 1}, 'u', 'u'},
	{"in place of what has expired", {S("a.test", "AB"), .expires = -1},
	 {S("a.test", "CD")}, 'u', 'u'},
	/* learned: the later sighting */
	{"a later header", {H("a.test", "AB"), .noted = 1},
	 {H("a.test", "CD"), .noted = 2}, 'u', 'u'},
	{"an earlier header", {H("a.test", "AB"), .noted = 2},
	 {H("a.test", "CD"), .noted = 1}, 'O', 'O'},
	{"another header of the same time",
	 {H("a.test", "AB"), .noted = 2}, {H("a.test", "CD"), .noted = 2},
	 'O', 'O'},
	{"a header over a first use", {T("a.test", "AB"), .noted = 2},
	 {H("a.test", "CD"), .noted = 1}, 'u', 'u'},
	{"a first use over a header", {H("a.test", "AB"), .noted = 1},
	 {T("a.test", "CD"), .noted = 2}, 'O', 'O'},
	{"R-2.7-1 static beside a header", {H("a.test", "AB"), .noted = 1},
	 {S("a.test", "CD")}, 'a', 'a'},
	{"a header beside static", {S("a.test", "AB")},
	 {H("a.test", "CD"), .noted = 1}, 'a', 'a'},
	{"another name", {S("a.test", "AB")}, {S("b.a.test", "CD")}, 'a', 'a'},
};

START_TEST(merge)
{
	bool is_forced = _i % 2 == 1;
	char wanted[2] = {is_forced ? merges[_i / 2].forced
	                            : merges[_i / 2].fate};
	struct pinstore_import *import;
	char *before, *after;
	unsigned flags = is_forced ? PINSTORE_IMPORT_FORCE : 0;

	import_all(&merges[_i / 2].stored, 1, "a");
	before = dump();
	/* what it would do is what it does, and it does nothing */
	import = gathered(&merges[_i / 2].fresh, 1);
	(void)run(import, flags | PINSTORE_IMPORT_DRY_RUN, PINSTORE_OK);
	assert_fates(import, wanted);
	assert_dump(before);
	/* strict: nothing, or all */
	(void)run(import, flags | PINSTORE_IMPORT_STRICT,
	          wanted[0] < 'a' ? PINSTORE_ERR_UNFIT : PINSTORE_OK);
	assert_fates(import, wanted);
	if (wanted[0] < 'a') {
		assert_dump(before);
		(void)run(import, flags, PINSTORE_OK);
		assert_fates(import, wanted);
	}
	after = dump();
	if (wanted[0] == 'n' || wanted[0] < 'a')
		ck_assert_str_eq(before, after);
	pinstore_import_free(import);
	free(before);
	free(after);
}
END_TEST

/* In a store that has a host each is put; in an empty one all are appended. */
START_TEST(loaded_or_put)
{
	static const struct spec specs[] = {
		{S("c.test", "AB")},
		{H("a.test", "CD"), .noted = 1, .expires = 9},
		{S("a.test", "EF")},
		{T("www.b.a.test", "A"), .noted = 2},
		{H("b-c.a.test", "G"), .noted = 3, .is_wide = 1},
		{S("test", "H"), .is_wide = 1},
		{H("z.example", "I"), .noted = 4},
	};
	char *loaded, *put;
	struct pinstore_filter filter = {
		.size = sizeof(filter), .host = "m.example",
		.since = INT64_MIN,
	};
	size_t removed;

	import_all(specs, COUNT(specs), "aaaaaaa");
	assert_journal("imported - 7 0, ");
	loaded = dump();
	fixture_teardown();
	fixture_setup();
	ck_assert_int_eq(pin_at("m.example", "AB", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	import_all(specs, COUNT(specs), "aaaaaaa");
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &removed, NULL),
	                 PINSTORE_OK);
	put = dump();
	ck_assert_str_eq(loaded, put);
	free(loaded);
	free(put);
}
END_TEST

/* The quota counts what was imported, however it was written. */
static enum pinstore_status
ask_counts(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = {6, "a.test"};
	uint64_t *counts = arg;

	return ps_write_counts(write, &host, 2, &counts[0], &counts[1], error);
}

START_TEST(learned_count)
{
	static const struct spec specs[] = {
		{H("a.test", "A"), .noted = 1},
		{H("x.a.test", "A"), .noted = 1},
		{H("a-b.test", "A"), .noted = 1},
		{T("y.a.test", "A"), .noted = 1},
		{S("z.a.test", "A")},
	};
	uint64_t counts[2];

	if (_i == 1)
		ck_assert_int_eq(pin_at("m.example", "AB", 0, PINSTORE_NEVER,
		                        NOW), PINSTORE_OK);
	import_all(specs, COUNT(specs), "aaaaa");
	ck_assert_int_eq(ps_store_write(ps->store, NOW, ask_counts, counts,
	                                NULL), PINSTORE_OK);
	ck_assert_uint_eq(counts[0], 3);
	ck_assert_uint_eq(counts[1], 4);
}
END_TEST

/* A learned flag falls by the rules of the store that it comes to. */
START_TEST(suffix_rule)
{
	static const struct spec specs[] = {
		{H("com", "A"), .noted = 1, .is_wide = 1},
		{H("a.com", "A"), .noted = 1, .is_wide = 1},
		{S("org", "A"), .is_wide = 1},
	};
	static const struct {
		const char *host;
		enum pinstore_layer layer;
		int is_wide;
	} told[] = {
		{"com", PINSTORE_LEARNED, 0},
		{"a.com", PINSTORE_LEARNED, 1},
		{"org", PINSTORE_CONFIGURED, 1},
	};
	struct pinstore_entry *entry;
	int i;

	import_all(specs, COUNT(specs), "aaa");
	for (i = 0; i < COUNT(told); i++) {
		entry = entry_of(told[i].host, told[i].layer);
		ck_assert_ptr_nonnull(entry);
		ck_assert_int_eq(pinstore_entry_include_subdomains(entry),
		                 told[i].is_wide);
		pinstore_entry_free(entry);
	}
}
END_TEST

/* R-2.2.1-3, R-2.7-1: what was imported is enforced. */
START_TEST(is_enforced)
{
	static const struct spec specs[] = {
		{S("a.test", "AB"), .is_wide = 1}, {S("x.a.test", "CD")}};

	ck_assert_int_eq(verdict_at("a.test", "X", NOW), PINSTORE_UNPINNED);
	import_all(specs, COUNT(specs), "aa");
	ck_assert_int_eq(verdict_at("a.test", "X", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("b.a.test", "XB", NOW), PINSTORE_MATCHED);
	ck_assert_int_eq(verdict_at("x.a.test", "XB", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("y.x.a.test", "XB", NOW),
	                 PINSTORE_MATCHED);
}
END_TEST

/* More may be added behind a run; totals tell of the last one. */
START_TEST(run_again)
{
	static const struct spec specs[] = {{S("a.test", "AB")}};
	static const struct spec more = {S("a.test", "CD")}, good = {S("b.test", "A")};
	struct pinstore_import *import = gathered(specs, 1);
	struct pinstore_import_totals totals;

	totals = run(import, PINSTORE_IMPORT_DRY_RUN, PINSTORE_OK);
	ck_assert_uint_eq(totals.added, 1);
	ck_assert_int_eq(add(import, &more, 2), PINSTORE_OK);
	ck_assert_int_eq(add(import, &good, 3), PINSTORE_OK);
	totals = run(import, 0, PINSTORE_OK);
	ck_assert_uint_eq(totals.added, 1);
	ck_assert_uint_eq(totals.skipped, 2);
	assert_fates(import, "DDa");
	assert_short("b.test A ", "the contradiction");
	totals = run(import, 0, PINSTORE_OK);
	ck_assert_uint_eq(totals.unchanged, 1);
	assert_journal("imported - 1 0, ");
	pinstore_import_free(import);
}
END_TEST

/* Without a store everything would be new. */
START_TEST(dry_without_store)
{
	static const struct spec specs[] = {{S("a.test", "AB")}, {S("b.test", "A")}};
	struct pinstore_import *import = gathered(specs, 2);
	struct pinstore_import_totals totals = {.size = sizeof(totals)};

	ck_assert_int_eq(pinstore_import_run(NULL, import,
	                                     PINSTORE_IMPORT_DRY_RUN, NOW,
	                                     &totals, NULL), PINSTORE_OK);
	ck_assert_uint_eq(totals.added, 2);
	assert_fates(import, "aa");
	pinstore_import_free(import);
}
END_TEST

/* More than one piece of memory, more than a page: all of it comes back. */
START_TEST(many)
{
	unsigned n = 20000 / suite_stride(40), i;
	struct pinstore_import *import;
	struct pinstore_import_totals totals;
	char host[32];

	ck_assert_int_eq(pinstore_import_new(&import), PINSTORE_OK);
	for (i = 0; i < n; i++) {
		struct spec spec = {S(host, "AB")};

		/* each once, in disorder */
		(void)snprintf(host, sizeof(host), "h%u.test",
		               (i * 7919U) % n);
		ck_assert_int_eq(add(import, &spec, i + 1), PINSTORE_OK);
	}
	totals = run(import, 0, PINSTORE_OK);
	ck_assert_uint_eq(totals.added, n);
	totals = run(import, 0, PINSTORE_OK);
	ck_assert_uint_eq(totals.unchanged, n);
	for (i = 0; i < n; i += 97) {
		(void)snprintf(host, sizeof(host), "h%u.test", i);
		ck_assert_int_eq(verdict_at(host, "X", NOW), PINSTORE_REJECT);
	}
	(void)snprintf(host, sizeof(host), "h%u.test", n);
	ck_assert_int_eq(verdict_at(host, "X", NOW), PINSTORE_UNPINNED);
	pinstore_import_free(import);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import");
	TCase *tcase = tcase_create("T-126");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, item_is_judged, 0, COUNT(items));
	tcase_add_test(tcase, wrong_arguments);
	tcase_add_loop_test(tcase, order_is_nothing, 0, COUNT(files));
	tcase_add_test(tcase, parts_live_longest);
	tcase_add_loop_test(tcase, merge, 0, 2 * COUNT(merges));
	tcase_add_test(tcase, loaded_or_put);
	tcase_add_loop_test(tcase, learned_count, 0, 2);
	tcase_add_test(tcase, suffix_rule);
	tcase_add_test(tcase, is_enforced);
	tcase_add_test(tcase, run_again);
	tcase_add_test(tcase, dry_without_store);
	tcase_add_test(tcase, many);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
