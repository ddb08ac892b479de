/*
 * test_store.c - reading, writing and visiting the records of a store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "store/journal.h"
#include "store/scan.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

static struct tempdir dir;
static struct ps_store *store;

static void
setup(void)
{
	tempdir_make(&dir);
	store = kit_open(dir.store);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

/* ---------------------------------------------------------------- a model */

/* Labels that sort around the dot: '-' before it, digits and letters behind. */
static const char *const labels[] = {"a", "a-b", "b", "pin", "pin-x", "www",
                                     "x1"};
#define LABELS 7
#define NAMES (LABELS + LABELS * LABELS + LABELS * LABELS * LABELS)

static struct {
	char name[64];
	bool is_there;
	unsigned value;
} model[NAMES];

static void
model_init(void)
{
	size_t i, j, k, n = 0;

	memset(model, 0, sizeof(model));
	for (i = 0; i < LABELS; i++) {
		(void)snprintf(model[n++].name, 64, "%s", labels[i]);
		for (j = 0; j < LABELS; j++) {
			(void)snprintf(model[n++].name, 64, "%s.%s", labels[j],
			               labels[i]);
			for (k = 0; k < LABELS; k++)
				(void)snprintf(model[n++].name, 64, "%s.%s.%s",
				               labels[k], labels[j], labels[i]);
		}
	}
	ck_assert_uint_eq(n, NAMES);
}

static int
model_find(const char *name)
{
	int i;

	for (i = 0; i < NAMES; i++) {
		if (strcmp(model[i].name, name) == 0)
			return i;
	}
	return -1;
}

struct climbed {
	size_t n;
	size_t key_len[8];
	int64_t max_age[8];
};

static bool
note_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct climbed *climbed = arg;

	ck_assert(view->section[PINSTORE_LEARNED].is_present);
	climbed->key_len[climbed->n] = key_len;
	climbed->max_age[climbed->n++] =
	        view->section[PINSTORE_LEARNED].max_age;
	return true;
}

/* Label by label, as it is told in the RFC. */
static void
expect_climb(const char *name)
{
	struct ps_host host = kit_host(name);
	struct climbed climbed = {0, {0}, {0}};
	const char *at = name;
	size_t n = 0;

	ck_status(ps_store_climb(store, &host, NULL, note_step, &climbed, &kit_error),
	          PINSTORE_OK);
	while (at != NULL) {
		int i = model_find(at);

		if (i >= 0 && model[i].is_there) {
			ck_assert_msg(n < climbed.n, "%s: %s is missing", name,
			              at);
			ck_assert_uint_eq(climbed.key_len[n], strlen(at));
			ck_assert_int_eq(climbed.max_age[n],
			                 1000 + model[i].value);
			n++;
		}
		at = strchr(at, '.');
		if (at != NULL)
			at++;
	}
	ck_assert_msg(n == climbed.n, "%s: %zu steps, not %zu", name, climbed.n,
	              n);
}

struct scanned {
	size_t n;
	struct ps_key last;
};

static bool
note_visit(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	struct scanned *scanned = arg;
	int i = model_find(host->name);
	struct ps_key key;

	ck_assert_msg(i >= 0 && model[i].is_there, "%s is not to be there",
	              host->name);
	ck_assert(kit_is_entry(entry, model[i].value));
	ps_host_key(host, &key);
	if (scanned->n++ > 0)
		ck_assert_int_gt(memcmp(key.octets, scanned->last.octets,
		                        key.len < scanned->last.len
		                                ? key.len
		                                : scanned->last.len) * 4096 +
		                         (int)key.len - (int)scanned->last.len,
		                 0);
	scanned->last = key;
	return true;
}

static void
expect_all(void)
{
	struct scanned scanned = {0, {0, {0}}};
	size_t i, n = 0;

	for (i = 0; i < NAMES; i++)
		n += model[i].is_there;
	for (i = 0; i < NAMES; i += suite_stride(14)) {
		struct ps_entry entry;
		enum pinstore_status status = kit_get(store, model[i].name,
		                                      &entry);

		ck_status(status, model[i].is_there ? PINSTORE_OK
		                                    : PINSTORE_ERR_NOTFOUND);
		if (model[i].is_there)
			ck_assert(kit_is_entry(&entry, model[i].value));
		expect_climb(model[i].name);
	}
	expect_climb("none.of.these.test");
	expect_climb("b.pin-x.a.a.zz");
	ck_status(ps_store_scan(store, NULL, note_visit, &scanned, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(scanned.n, n);
}

/* Random puts and removals, against the model and the naive walk. */
START_TEST(agrees_with_a_model)
{
	size_t round, i;

	srand((unsigned)_i + 1);
	model_init();
	for (round = 0; round < 4; round++) {
		for (i = 0; i < 150; i++) {
			int at = rand() % NAMES;

			if (rand() % 3 != 0) {
				model[at].is_there = true;
				model[at].value = (unsigned)rand() % 9999;
				kit_put(store, model[at].name, model[at].value);
			} else {
				model[at].is_there = false;
				ck_status(kit_remove(store, model[at].name),
				          PINSTORE_OK);
			}
		}
		expect_all();
	}
}
END_TEST

/* "test.pin-x" stands between "test.pin" and "test.pin.www". */
START_TEST(a_dash_stands_before_the_dot)
{
	struct ps_host host = kit_host("www.pin.test");
	struct climbed climbed = {0, {0}, {0}};

	kit_put(store, "pin.test", 1);
	kit_put(store, "pin-x.test", 2);
	ck_status(ps_store_climb(store, &host, NULL, note_step, &climbed, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(climbed.n, 1);
	ck_assert_uint_eq(climbed.key_len[0], strlen("pin.test"));
}
END_TEST

static bool
stop_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)note_step(key_len, view, arg);
	return false;
}

START_TEST(a_step_ends_the_climb)
{
	struct ps_host host = kit_host("a.b.test");
	struct climbed climbed = {0, {0}, {0}};

	kit_put(store, "test", 1);
	kit_put(store, "b.test", 2);
	ck_status(ps_store_climb(store, &host, NULL, stop_step, &climbed, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(climbed.n, 1);
	ck_assert_uint_eq(climbed.key_len[0], strlen("b.test"));
}
END_TEST

/* The longest name, in every part, and the longest records. */
START_TEST(the_longest_names_and_records)
{
	char name[PINSTORE_HOST_MAX + 1];
	struct kit_work work;
	struct ps_entry got;
	size_t i, layer;

	memset(name, 'a', PINSTORE_HOST_MAX);
	for (i = 63; i < PINSTORE_HOST_MAX; i += 64)
		name[i] = '.';
	name[PINSTORE_HOST_MAX] = '\0';
	work.host = kit_host(name);
	work.entry = kit_entry(7);
	work.entry.section[PINSTORE_CONFIGURED] =
	        work.entry.section[PINSTORE_LEARNED];
	work.entry.section[PINSTORE_CONFIGURED].source = PINSTORE_STATIC;
	for (layer = 0; layer < PS_LAYERS; layer++) {
		struct ps_section *section = &work.entry.section[layer];

		section->pins.n = PINSTORE_PINS_MAX;
		for (i = 2; i < PINSTORE_PINS_MAX; i++)
			memset(&section->pins.pin[i], (int)i, 32);
		memset(section->report_uri, 'u', PINSTORE_URI_MAX);
		memcpy(section->report_uri, "https://r.test/", 15);
		memset(section->note, 'n', PINSTORE_NOTE_MAX);
	}
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
	ck_status(kit_get(store, name, &got), PINSTORE_OK);
	ck_assert_uint_eq(strlen(got.section[0].report_uri), PINSTORE_URI_MAX);
	ck_assert_uint_eq(strlen(got.section[1].note), PINSTORE_NOTE_MAX);
	ck_assert_uint_eq(got.section[1].pins.n, PINSTORE_PINS_MAX);
	ck_status(kit_remove(store, name), PINSTORE_OK);
	ck_status(kit_get(store, name, &got), PINSTORE_ERR_NOTFOUND);
}
END_TEST

/* --------------------------------------------------------------- scanning */

static enum pinstore_status
put_many(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *range = arg;
	unsigned n;

	for (n = range[0]; n < range[1]; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);
		enum pinstore_status status =
		        ps_write_put(write, &host, &entry, error);

		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static void
fill(unsigned from, unsigned to)
{
	unsigned range[2] = {from, to};

	ck_status(ps_store_write(store, KIT_NOW, put_many, range, &kit_error),
	          PINSTORE_OK);
}

static bool
count_visit(const struct ps_host *host, const struct ps_entry *entry,
            void *arg)
{
	unsigned *left = arg;

	(void)host;
	(void)entry;
	return --*left > 0;
}

/* Batches hold 1,000 records: at the border, one off, and more of them. */
START_TEST(scans_across_batches)
{
	static const unsigned sizes[] = {0, 1, PS_BATCH_RECORDS - 1,
	                                 PS_BATCH_RECORDS, PS_BATCH_RECORDS + 1,
	                                 2 * PS_BATCH_RECORDS};
	unsigned left = 1000000;

	fill(0, sizes[_i]);
	ck_status(ps_store_scan(store, NULL, count_visit, &left, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(1000000 - left, sizes[_i]);
}
END_TEST

/* The record that a batch ended with goes, and others come, in between. */
static bool
change_visit(const struct ps_host *host, const struct ps_entry *entry,
             void *arg)
{
	unsigned *n = arg;

	(void)entry;
	if (++*n == PS_BATCH_RECORDS) {
		ck_status(kit_remove(store, host->name), PINSTORE_OK);
		kit_put(store, "zz.zzz", 1);
		kit_put(store, "0.0", 1);
	}
	return true;
}

START_TEST(scans_while_the_visitor_writes)
{
	unsigned n = 0;

	fill(0, PS_BATCH_RECORDS + 50);
	ck_status(ps_store_scan(store, NULL, change_visit, &n, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(n, PS_BATCH_RECORDS + 51);
}
END_TEST

START_TEST(scans_behind_a_name)
{
	struct ps_host after = kit_host("b.test");
	unsigned left;

	kit_put(store, "a.test", 1);
	kit_put(store, "b.test", 2);
	kit_put(store, "c.test", 3);
	left = 100;
	ck_status(ps_store_scan(store, &after, count_visit, &left, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(left, 99);
	/* Not stored: those behind where it would be. */
	after = kit_host("bb.test");
	left = 100;
	ck_status(ps_store_scan(store, &after, count_visit, &left, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(left, 99);
	/* The visitor ends it. */
	left = 2;
	ck_status(ps_store_scan(store, NULL, count_visit, &left, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(left, 0);
}
END_TEST

struct each {
	const char *root; /* or NULL */
	bool remove;
	char seen[256];
};

static enum pinstore_status
each_visit(struct ps_write *write, const struct ps_host *host,
           const struct ps_entry *entry, void *arg,
           struct pinstore_error *error)
{
	struct each *each = arg;
	size_t used = strlen(each->seen);

	ck_assert(entry->section[PINSTORE_LEARNED].is_present);
	(void)snprintf(each->seen + used, sizeof(each->seen) - used, "%s ",
	               host->name);
	if (each->remove) {
		struct ps_entry none;

		memset(&none, 0, sizeof(none));
		return ps_write_put(write, host, &none, error);
	}
	return PINSTORE_OK;
}

static enum pinstore_status
each_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct each *each = arg;
	struct ps_host root;

	each->seen[0] = '\0';
	if (each->root == NULL)
		return ps_write_each(write, NULL, each_visit, each, error);
	root = kit_host(each->root);
	return ps_write_each(write, &root, each_visit, each, error);
}

static const struct {
	const char *root;
	const char *seen;
	const char *left; /* after what was seen has been removed */
} each_rows[] = {
	/* a dash stands between a name and what lies below it */
	{"pin.test", "pin.test a.pin.test b.a.pin.test ",
	 "test pin-x.test y.pin-x.test zz.test "},
	/* a name that is not stored, with names below */
	{"a.pin.test", "a.pin.test b.a.pin.test ",
	 "test pin.test pin-x.test y.pin-x.test zz.test "},
	/* nothing there, nor below */
	{"n.test", "",
	 "test pin.test pin-x.test y.pin-x.test a.pin.test b.a.pin.test "
	 "zz.test "},
	/* a beginning of a label is no name */
	{"pi.test", "",
	 "test pin.test pin-x.test y.pin-x.test a.pin.test b.a.pin.test "
	 "zz.test "},
	/* the last one */
	{"zz.test", "zz.test ",
	 "test pin.test pin-x.test y.pin-x.test a.pin.test b.a.pin.test "},
	/* the whole tree of a label */
	{"test",
	 "test pin.test pin-x.test y.pin-x.test a.pin.test b.a.pin.test "
	 "zz.test ", ""},
	{NULL,
	 "test pin.test pin-x.test y.pin-x.test a.pin.test b.a.pin.test "
	 "zz.test ", ""},
};

START_TEST(visits_a_name_and_what_is_below)
{
	static const char *const names[] = {
		"test", "pin.test", "a.pin.test", "b.a.pin.test", "pin-x.test",
		"y.pin-x.test", "zz.test"};
	struct each each = {each_rows[_i].root, false, ""};
	size_t i;

	for (i = 0; i < 7; i++)
		kit_put(store, names[i], (unsigned)i);
	ck_status(ps_store_write(store, KIT_NOW, each_work, &each, &kit_error),
	          PINSTORE_OK);
	ck_assert_str_eq(each.seen, each_rows[_i].seen);
	each.remove = true;
	ck_status(ps_store_write(store, KIT_NOW, each_work, &each, &kit_error),
	          PINSTORE_OK);
	ck_assert_str_eq(each.seen, each_rows[_i].seen);
	each.remove = false;
	each.root = NULL;
	ck_status(ps_store_write(store, KIT_NOW, each_work, &each, &kit_error),
	          PINSTORE_OK);
	ck_assert_str_eq(each.seen, each_rows[_i].left);
}
END_TEST

/* ----------------------------------------------- transactions and the clock */

static int64_t
high_water(void)
{
	int64_t mark = 0;

	ck_status(ps_store_high_water(store, &mark, &kit_error), PINSTORE_OK);
	return mark;
}

#define STEP (INT64_C(60) * 86400)

static void
put_at(int64_t now, const char *name, unsigned n)
{
	struct kit_work work = {kit_host(name), kit_entry(n)};

	ck_status(ps_store_write(store, now, kit_put_work, &work, &kit_error),
	          PINSTORE_OK);
}

START_TEST(the_clock_only_rises)
{
	ck_assert_int_eq(high_water(), INT64_MIN);
	put_at(100, "a.test", 1);
	ck_assert_int_eq(high_water(), 100);
	put_at(99, "a.test", 2);
	ck_assert_int_eq(high_water(), 100);
	put_at(101, "a.test", 3);
	ck_assert_int_eq(high_water(), 101);
	/* What changes nothing is not written at all. */
	put_at(102, "a.test", 3);
	ck_assert_int_eq(high_water(), 101);
	/* T-095: by 60 days at most, however far a clock has gone astray. */
	put_at(INT64_MAX, "a.test", 4);
	ck_assert_int_eq(high_water(), 101 + STEP);
	put_at(101 + 2 * STEP, "a.test", 5);
	ck_assert_int_eq(high_water(), 101 + 2 * STEP);
	put_at(101 + 3 * STEP + 1, "a.test", 6);
	ck_assert_int_eq(high_water(), 101 + 3 * STEP);
}
END_TEST

/* The ends of what a time can be: nothing wraps (R-2.3.3-11). */
START_TEST(the_clock_at_its_ends)
{
	put_at(INT64_MIN + 1, "a.test", 1);
	ck_assert_int_eq(high_water(), INT64_MIN + 1);
	put_at(INT64_MAX, "a.test", 2);
	ck_assert_int_eq(high_water(), INT64_MIN + 1 + STEP);
}
END_TEST

/* The first time that a store sees is taken as it is. */
START_TEST(the_clock_at_its_last_end)
{
	put_at(INT64_MAX - 1, "a.test", 1);
	ck_assert_int_eq(high_water(), INT64_MAX - 1);
	put_at(INT64_MAX, "a.test", 2);
	ck_assert_int_eq(high_water(), INT64_MAX);
}
END_TEST

static enum pinstore_status
fail_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	enum pinstore_status status = kit_put_work(write, arg, error);
	struct ps_event event = {.kind = PS_EVENT_NOTED, .at = 5, .count = 1};

	ck_status(status, PINSTORE_OK);
	ck_status(ps_write_event(write, &event, error), PINSTORE_OK);
	error->status = PINSTORE_ERR_UNFIT;
	return PINSTORE_ERR_UNFIT;
}

static bool
no_event(uint64_t number, const struct ps_event *event, void *arg)
{
	(void)event;
	(void)arg;
	ck_abort_msg("event %llu", (unsigned long long)number);
	return false;
}

START_TEST(a_failing_work_leaves_nothing)
{
	struct kit_work work = {kit_host("b.test"), kit_entry(1)};
	struct ps_entry entry;

	put_at(100, "a.test", 1);
	ck_status(ps_store_write(store, 200, fail_work, &work, &kit_error),
	          PINSTORE_ERR_UNFIT);
	ck_status(kit_get(store, "b.test", &entry), PINSTORE_ERR_NOTFOUND);
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert_int_eq(high_water(), 100);
	ck_status(ps_store_events(store, 0, no_event, NULL, &kit_error),
	          PINSTORE_OK);
}
END_TEST

/* ----------------------------------------------------------------- counts */

struct counting {
	const char *host;
	size_t labels;
	uint64_t domain;
	uint64_t total;
};

static enum pinstore_status
count_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct counting *counting = arg;
	struct ps_host host = kit_host(counting->host);

	return ps_write_counts(write, &host, counting->labels,
	                       &counting->domain, &counting->total, error);
}

static void
expect_counts(const char *host, size_t labels_of, uint64_t domain,
              uint64_t total)
{
	struct counting counting = {host, labels_of, 99, 99};

	ck_status(ps_store_write(store, KIT_NOW, count_work, &counting,
	                         &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(counting.domain, domain);
	ck_assert_uint_eq(counting.total, total);
}

static void
put_counted(const char *name, uint8_t quota_labels)
{
	struct kit_work work = {kit_host(name), kit_entry(1)};

	work.entry.section[PINSTORE_LEARNED].quota_labels = quota_labels;
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
}

START_TEST(counts_learned_entries_by_domain)
{
	struct kit_work work = {kit_host("s.a.test"), kit_entry(1)};

	expect_counts("a.test", 2, 0, 0);
	put_counted("a.test", 2);
	put_counted("x.a.test", 2);
	put_counted("y.x.a.test", 2);
	put_counted("b.test", 2);
	put_counted("c.co.test", 3);
	expect_counts("q.a.test", 2, 3, 5);
	expect_counts("b.test", 2, 1, 5);
	expect_counts("c.co.test", 3, 1, 5);
	expect_counts("co.test", 2, 0, 5);
	/* Again: no double count.  0 labels: it does not count any more. */
	put_counted("x.a.test", 2);
	expect_counts("a.test", 2, 3, 5);
	put_counted("x.a.test", 0);
	expect_counts("a.test", 2, 2, 4);
	/* Another domain of the same name. */
	put_counted("c.co.test", 2);
	expect_counts("c.co.test", 3, 0, 4);
	expect_counts("co.test", 2, 1, 4);
	/* A configured section does not count. */
	work.entry.section[PINSTORE_CONFIGURED] =
	        work.entry.section[PINSTORE_LEARNED];
	work.entry.section[PINSTORE_CONFIGURED].source = PINSTORE_STATIC;
	work.entry.section[PINSTORE_LEARNED].is_present = false;
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
	expect_counts("a.test", 2, 2, 4);
	ck_status(kit_remove(store, "a.test"), PINSTORE_OK);
	ck_status(kit_remove(store, "y.x.a.test"), PINSTORE_OK);
	ck_status(kit_remove(store, "nothing.a.test"), PINSTORE_OK);
	expect_counts("a.test", 2, 0, 2);
	/* More labels than the name has: the whole name. */
	put_counted("b.test", 9);
	expect_counts("b.test", 9, 1, 2);
	expect_counts("b.test", 2, 1, 2);
}
END_TEST

/* ---------------------------------------------------------------- journal */

struct journal_work {
	unsigned n;
	const char *host; /* or NULL */
};

static enum pinstore_status
journal_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct journal_work *work = arg;
	struct ps_host host;
	unsigned i;

	if (work->host != NULL)
		host = kit_host(work->host);
	for (i = 0; i < work->n; i++) {
		struct ps_event event = {
			.kind = PS_EVENT_UPDATED,
			.layer = PINSTORE_LEARNED,
			.at = KIT_NOW + i,
			.count = i,
			.host = work->host != NULL ? &host : NULL,
		};
		enum pinstore_status status =
		        ps_write_event(write, &event, error);

		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static void
journal(unsigned n, const char *host)
{
	struct journal_work work = {n, host};

	ck_status(ps_store_write(store, KIT_NOW, journal_work, &work,
	                         &kit_error), PINSTORE_OK);
}

struct heard {
	uint64_t n;
	uint64_t first;
	uint64_t last;
	char hosts[256];
};

static bool
hear(uint64_t number, const struct ps_event *event, void *arg)
{
	struct heard *heard = arg;
	size_t used = strlen(heard->hosts);

	if (heard->n++ == 0)
		heard->first = number;
	else
		ck_assert_uint_gt(number, heard->last);
	heard->last = number;
	ck_assert_int_eq(event->kind, PS_EVENT_UPDATED);
	ck_assert_int_eq(event->layer, PINSTORE_LEARNED);
	ck_assert_int_eq(event->at, KIT_NOW + (int64_t)event->count);
	if (event->host != NULL)
		(void)snprintf(heard->hosts + used, sizeof(heard->hosts) - used,
		               "%s ", event->host->name);
	return true;
}

static struct heard
listen(uint64_t after)
{
	struct heard heard = {0, 0, 0, ""};

	ck_status(ps_store_events(store, after, hear, &heard, &kit_error),
	          PINSTORE_OK);
	return heard;
}

START_TEST(the_journal_is_a_ring)
{
	struct heard heard;

	ck_assert_uint_eq(listen(0).n, 0);
	journal(PS_JOURNAL_MAX - 1, NULL);
	journal(1, NULL);
	heard = listen(0);
	ck_assert_uint_eq(heard.n, PS_JOURNAL_MAX);
	ck_assert_uint_eq(heard.first, 1);
	journal(130, NULL);
	heard = listen(0);
	ck_assert_uint_eq(heard.n, PS_JOURNAL_MAX);
	ck_assert_uint_eq(heard.first, 131);
	ck_assert_uint_eq(heard.last, PS_JOURNAL_MAX + 130);
	heard = listen(PS_JOURNAL_MAX + 128);
	ck_assert_uint_eq(heard.n, 2);
	ck_assert_uint_eq(listen(PS_JOURNAL_MAX + 130).n, 0);
	ck_assert_uint_eq(listen(UINT64_MAX).n, 0);
}
END_TEST

struct forgetting {
	const char *host; /* NULL: all */
	bool subdomains;
	size_t n_asked;
};

static enum pinstore_status
ask(struct ps_write *write, const struct ps_host *host, void *arg,
    bool *is_meant, struct pinstore_error *error)
{
	struct forgetting *forgetting = arg;
	struct ps_host root;
	struct ps_key above, key;
	struct ps_entry entry;

	forgetting->n_asked++;
	*is_meant = forgetting->host == NULL;
	if (host == NULL || *is_meant)
		return PINSTORE_OK;
	root = kit_host(forgetting->host);
	ps_host_key(&root, &above);
	ps_host_key(host, &key);
	*is_meant = strcmp(root.name, host->name) == 0 ||
	            (forgetting->subdomains &&
	             ps_key_is_ancestor(above.octets, above.len, key.octets,
	                                key.len));
	return ps_write_get(write, host, &entry, error);
}

static enum pinstore_status
forget_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	return ps_write_forget(write, ask, arg, error);
}

static void
forget(const char *host, bool subdomains, size_t n_records)
{
	struct forgetting forgetting = {host, subdomains, 0};

	ck_status(ps_store_write(store, KIT_NOW, forget_work, &forgetting,
	                         &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(forgetting.n_asked, n_records);
}

START_TEST(the_journal_forgets)
{
	struct heard heard;

	journal(1, "a.test");
	journal(1, "b.a.test");
	journal(1, "b-a.test");
	journal(1, NULL);
	journal(1, "c.test");
	forget("a.test", false, 5);
	ck_assert_str_eq(listen(0).hosts, "b.a.test b-a.test c.test ");
	forget("a.test", true, 4);
	ck_assert_str_eq(listen(0).hosts, "b-a.test c.test ");
	ck_assert_uint_eq(listen(0).n, 3);
	forget(NULL, false, 3);
	ck_assert_uint_eq(listen(0).n, 0);
	/* Numbers are not used again. */
	journal(1, NULL);
	heard = listen(0);
	ck_assert_uint_eq(heard.first, 6);
}
END_TEST

/* ----------------------------------------------------------------- sharing */

START_TEST(persists_and_is_shared_by_handles)
{
	struct ps_store *other = kit_open(dir.store);
	struct ps_store_options options = kit_options();

	kit_put(store, "a.test", 1);
	ck_assert(kit_has(other, "a.test", 1));
	kit_put(other, "b.test", 2);
	ps_store_close(other);
	ck_assert(kit_has(store, "b.test", 2));
	ps_store_close(store);
	options.read_only = true;
	ck_status(ps_store_open(dir.store, &options, &store, &kit_error),
	          PINSTORE_OK);
	ck_assert(kit_has(store, "a.test", 1));
	ck_status(kit_try_put(store, "c.test", 3), PINSTORE_ERR_READONLY);
	ck_assert(!kit_has(store, "c.test", 3));
}
END_TEST

/* T-116: what was proved is proved of one snapshot, whoever writes the next. */
START_TEST(another_process_writes_meanwhile)
{
	struct ps_host host = kit_host("www.corp");
	struct ps_entry none;
	unsigned i;

	memset(&none, 0, sizeof(none));
	for (i = 0; i < 6; i++) {
		struct climbed climbed = {0, {0}, {0}};
		pid_t pid;

		ck_status(ps_store_climb(store, &host, NULL, note_step,
		                         &climbed, &kit_error), PINSTORE_OK);
		ck_assert_uint_eq(climbed.n, i % 2);
		pid = kit_fork();
		if (pid == 0) {
			struct kit_work work = {kit_host("corp"), none};

			if (i % 2 == 0)
				work.entry = kit_entry(i);
			kit_must(ps_store_write(store, KIT_NOW, kit_put_work,
			                        &work, &kit_error) ==
			         PINSTORE_OK);
			_exit(0);
		}
		kit_join(pid);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("records");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, agrees_with_a_model, 0, 4);
	tcase_add_test(tcase, a_dash_stands_before_the_dot);
	tcase_add_test(tcase, a_step_ends_the_climb);
	tcase_add_test(tcase, the_longest_names_and_records);
	tcase_add_loop_test(tcase, scans_across_batches, 0, 6);
	tcase_add_test(tcase, scans_while_the_visitor_writes);
	tcase_add_test(tcase, scans_behind_a_name);
	tcase_add_loop_test(tcase, visits_a_name_and_what_is_below, 0,
	                    COUNT(each_rows));
	tcase_add_test(tcase, the_clock_only_rises);
	tcase_add_test(tcase, the_clock_at_its_ends);
	tcase_add_test(tcase, the_clock_at_its_last_end);
	tcase_add_test(tcase, a_failing_work_leaves_nothing);
	tcase_add_test(tcase, counts_learned_entries_by_domain);
	tcase_add_test(tcase, the_journal_is_a_ring);
	tcase_add_test(tcase, the_journal_forgets);
	tcase_add_test(tcase, persists_and_is_shared_by_handles);
	tcase_add_test(tcase, another_process_writes_meanwhile);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
