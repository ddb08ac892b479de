/*
 * deeds.h - every public operation on a store, to be made to fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A deed does one thing with the store and tells what came out of it.  It
 * asserts nothing and allocates nothing of its own, so that the test that
 * runs it can let any call fail.  What it leaves behind is compared with the
 * store before, and with what an undisturbed deed makes of it.
 */
#ifndef TESTS_UNIT_DEEDS_H
#define TESTS_UNIT_DEEDS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <pinstore/admin.h>

#include "api/queue.h"
#include "tests/unit/api_fixture.h"

/* Of the last call of a deed that failed. */
static struct pinstore_error deed_error;

/* What a deed told: of OK all, of an error that nothing was given away. */
struct told {
	size_t len;
	char text[2048];
	enum pinstore_verdict verdict;
	bool is_safe;
};

struct deed {
	const char *what;
	enum pinstore_status (*run)(struct told *told);
	bool opens;      /* it opens the store itself */
	bool on_nothing; /* there is no store before */
	/* Of several transactions: done in part is allowed, and told. */
	bool is_in_parts;
	/* What it writes beside may be missing, and costs no success. */
	bool is_lossy;
};

static struct tempdir deed_template;

static void __attribute__((format(printf, 2, 3)))
tell(struct told *told, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(told->text + told->len, sizeof(told->text) - told->len,
	                format, args);
	va_end(args);
	if (len > 0)
		told->len += (size_t)len;
	if (told->len >= sizeof(told->text))
		told->len = sizeof(told->text) - 1;
}

/* ------------------------------------------------------------------ opening */

static enum pinstore_status
open_with(struct told *told, enum pinstore_option what, int64_t value)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status = PINSTORE_ERR_NOMEM;
	struct pinstore *mine = NULL;

	if (options == NULL)
		return status;
	status = pinstore_options_set(options, what, value);
	if (status == PINSTORE_OK)
		status = pinstore_open(fixture_dir.store, options, &mine,
		                       &deed_error);
	told->is_safe = (mine != NULL) == (status == PINSTORE_OK);
	pinstore_close(mine);
	pinstore_options_free(options);
	return status;
}

static inline enum pinstore_status
deed_open(struct told *told)
{
	return open_with(told, PINSTORE_OPT_LOCK_LIMIT_MS, 100);
}

static inline enum pinstore_status
deed_open_read_only(struct told *told)
{
	return open_with(told, PINSTORE_OPT_READONLY, 1);
}

/* ----------------------------------------------------------------- checking */

static void
tell_result(struct told *told, const struct pinstore_result *result)
{
	struct pinstore_step step = {.size = sizeof(step)};
	size_t i;

	tell(told, "%s %d %s:", pinstore_result_host(result),
	     (int)pinstore_result_verdict(result),
	     pinstore_reason_word(pinstore_result_reason(result)));
	for (i = 0; pinstore_result_step(result, i, &step) == 1; i++)
		tell(told, " %s/%d/%d/%s", step.name, step.found, step.applies,
		     pinstore_reason_word(step.why));
}

static enum pinstore_status
check_with(struct told *told, const char *host, const char *letters)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_pin pins[8];
	struct pinstore_chain *chain = NULL;
	struct pinstore_result *result = NULL;
	enum pinstore_status status;

	status = pinstore_chain_from_validated_pins(
	        pins, pins_of(letters, pins), &chain);
	told->is_safe = (chain != NULL) == (status == PINSTORE_OK);
	if (status != PINSTORE_OK)
		return status;
	status = pinstore_check(ps, &peer, chain, NOW, &told->verdict, &result,
	                        &deed_error);
	told->is_safe = (result != NULL) == (status == PINSTORE_OK);
	if (status == PINSTORE_OK)
		tell_result(told, result);
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	return status;
}

static inline enum pinstore_status
deed_check_unpinned(struct told *told)
{
	return check_with(told, "none.test", "XY");
}

static inline enum pinstore_status
deed_check_matched(struct told *told)
{
	return check_with(told, "learned.test", "XA");
}

static inline enum pinstore_status
deed_check_impostor(struct told *told)
{
	return check_with(told, "learned.test", "XY");
}

static inline enum pinstore_status
deed_check_below(struct told *told)
{
	return check_with(told, "a.b.learned.test", "XY");
}

static inline enum pinstore_status
deed_check_below_static(struct told *told)
{
	return check_with(told, "a.b.c.static.test", "XY");
}

static inline enum pinstore_status
deed_check_two_layers(struct told *told)
{
	return check_with(told, "both.test", "CY");
}

static inline enum pinstore_status
deed_check_alabel(struct told *told)
{
	return check_with(told, "www.b\303\274cher.test", "XY");
}

static enum pinstore_status
look_up(struct told *told, const char *host)
{
	struct pinstore_result *result;
	enum pinstore_status status;

	status = pinstore_lookup(ps, host, NOW, &result, &deed_error);
	told->is_safe = (result != NULL) == (status == PINSTORE_OK);
	if (status == PINSTORE_OK) {
		told->verdict = pinstore_result_verdict(result);
		tell_result(told, result);
	}
	pinstore_result_free(result);
	return status;
}

static inline enum pinstore_status
deed_look_up(struct told *told)
{
	return look_up(told, "a.b.learned.test");
}

static inline enum pinstore_status
deed_look_up_nothing(struct told *told)
{
	return look_up(told, "a.b.none.test");
}

static enum pinstore_status
show(struct told *told, const char *host, enum pinstore_layer layer)
{
	struct pinstore_entry *entry;
	enum pinstore_status status;

	status = pinstore_show(ps, host, layer, &entry, &deed_error);
	told->is_safe = (entry != NULL) == (status == PINSTORE_OK);
	if (status == PINSTORE_OK)
		tell(told, "%s %lld", pinstore_entry_host(entry),
		     (long long)pinstore_entry_expires(entry));
	pinstore_entry_free(entry);
	return status;
}

static inline enum pinstore_status
deed_show(struct told *told)
{
	return show(told, "static.test", PINSTORE_CONFIGURED);
}

static int
tell_entry(const struct pinstore_entry *entry, void *arg)
{
	struct told *told = arg;

	tell(told, "%s/%s ", pinstore_entry_host(entry),
	     pinstore_layer_word(pinstore_entry_layer(entry)));
	return 0;
}

static int
tell_record(const struct pinstore_record *record, void *arg)
{
	tell(arg, " %s",
	     pinstore_event_word(pinstore_record_event(record)));
	return 0;
}

static inline enum pinstore_status
deed_log(struct told *told)
{

	return pinstore_log(ps, 0, tell_record, told, &deed_error);
}

static inline enum pinstore_status
deed_walk(struct told *told)
{

	return pinstore_walk(ps, NULL, tell_entry, told, &deed_error);
}

static inline enum pinstore_status
deed_walk_behind(struct told *told)
{

	return pinstore_walk(ps, "m.test", tell_entry, told, &deed_error);
}

/* ------------------------------------------------------------------- noting */

#define PIN_A "pin-sha256=\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\""
#define PIN_B "pin-sha256=\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\""
#define PIN_C "pin-sha256=\"Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=\""

/* A check, and what the response said. */
static enum pinstore_status
note_fields(struct told *told, const char *host, const char *const values[],
            size_t n)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_field fields[3];
	struct pinstore_pin pins[2];
	struct pinstore_chain *chain = NULL;
	struct pinstore_result *result = NULL;
	enum pinstore_verdict verdict;
	enum pinstore_status status;
	size_t i;

	for (i = 0; i < n; i++) {
		fields[i].kind = i == 1 ? PINSTORE_PKP_RO : PINSTORE_PKP;
		fields[i].value = values[i];
		fields[i].len = strlen(values[i]);
	}
	status = pinstore_chain_from_validated_pins(pins, pins_of("XA", pins),
	                                            &chain);
	if (status == PINSTORE_OK)
		status = pinstore_check(ps, &peer, chain, NOW, &verdict,
		                        &result, &deed_error);
	if (status == PINSTORE_OK)
		status = pinstore_note(ps, result, fields, n, NOW, &noted,
		                       &deed_error);
	if (status == PINSTORE_OK)
		tell(told, "%s %s %lld %d", pinstore_action_word(noted.action),
		     pinstore_reason_word(noted.why), (long long)noted.expires,
		     (int)noted.ignored_fields);
	told->is_safe = status == PINSTORE_OK ||
	                noted.action == PINSTORE_IGNORED;
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status
note(struct told *told, const char *host, const char *value)
{
	return note_fields(told, host, &value, 1);
}

static inline enum pinstore_status
deed_note(struct told *told)
{
	return note(told, "new.test", "max-age=5000; " PIN_A "; " PIN_B);
}

static inline enum pinstore_status
deed_note_below(struct told *told)
{
	return note(told, "www.learned.test",
	            "max-age=5000; " PIN_A "; " PIN_B "; includeSubDomains");
}

static inline enum pinstore_status
deed_note_update(struct told *told)
{
	return note(told, "learned.test", "max-age=5000; " PIN_A "; " PIN_C);
}

static inline enum pinstore_status
deed_note_remove(struct told *told)
{
	return note(told, "learned.test", "max-age=0");
}

static inline enum pinstore_status
deed_note_unpin(struct told *told)
{
	return note(told, "learned.test",
	            "max-age=5000; pin-sha512=\"QUFB\"");
}

static inline enum pinstore_status
deed_note_again(struct told *told)
{
	return note(told, "same.test", "max-age=9000; " PIN_A "; " PIN_B);
}

static inline enum pinstore_status
deed_note_unfit(struct told *told)
{
	return note(told, "new.test", "max-age=5000; " PIN_B "; " PIN_C);
}

static inline enum pinstore_status
deed_note_suffix(struct told *told)
{
	return note(told, "co.uk",
	            "max-age=5000; includeSubDomains; " PIN_A "; " PIN_B);
}

static inline enum pinstore_status
deed_note_fields(struct told *told)
{
	static const char *const values[] = {
		"max-age=5000; " PIN_A "; " PIN_B,
		"max-age=5000; " PIN_C "; report-uri=\"https://r.test/\"",
		"max-age=0",
	};

	return note_fields(told, "new.test", values, 3);
}

/* ------------------------------------------------------------------ reports */

/* Of the entry that deed_fill() makes, by another chain than it uses. */
static inline enum pinstore_status
deed_check_reported(struct told *told)
{
	return check_with(told, "reported.test", "ZY");
}

static enum pinstore_status
take(struct told *told, uint64_t id)
{
	struct pinstore_report *report = NULL;
	enum pinstore_status status;

	status = id != 0 ? pinstore_report_take_id(ps, id, NOW, &report, &deed_error)
	                 : pinstore_report_take(ps, NOW, &report, &deed_error);
	told->is_safe = (report != NULL) == (status == PINSTORE_OK);
	if (status != PINSTORE_OK)
		return status;
	tell(told, "%d %s %s %d", (int)pinstore_report_id(report),
	     pinstore_report_uri(report), pinstore_report_body(report, NULL),
	     (int)pinstore_report_attempts(report));
	pinstore_report_free(report);
	return status;
}

static inline enum pinstore_status
deed_take(struct told *told)
{
	return take(told, 0);
}

static inline enum pinstore_status
deed_take_id(struct told *told)
{
	return take(told, 1);
}

/* As if the one that deed_fill_reported() took had been taken here. */
static enum pinstore_status
settle(enum pinstore_outcome outcome)
{
	struct pinstore_report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return PINSTORE_ERR_NOMEM;
	report->fields.id = 1;
	report->fields.attempts = 1;
	return pinstore_report_settle(ps, report, outcome, NOW, &deed_error);
}

static inline enum pinstore_status
deed_deliver(struct told *told)
{
	(void)told;
	return settle(PINSTORE_OUTCOME_DELIVERED);
}

static inline enum pinstore_status
deed_fail(struct told *told)
{
	(void)told;
	return settle(PINSTORE_OUTCOME_FAILED);
}

static int
tell_report(const struct pinstore_report *report, void *arg)
{
	tell(arg, "%d %s, ", (int)pinstore_report_id(report),
	     pinstore_report_host(report));
	return 0;
}

static inline enum pinstore_status
deed_walk_reports(struct told *told)
{

	return pinstore_walk_reports(ps, tell_report, told, &deed_error);
}

static enum pinstore_status
drop(struct told *told, const char *host)
{
	enum pinstore_status status;
	size_t n = 99;

	status = pinstore_drop_reports(ps, 0, host, NOW, &n, &deed_error);
	tell(told, "%zu", n);
	told->is_safe = status == PINSTORE_OK || n == 0;
	return status;
}

static inline enum pinstore_status
deed_drop(struct told *told)
{
	return drop(told, "reported.test");
}

static inline enum pinstore_status
deed_drop_all(struct told *told)
{
	return drop(told, NULL);
}

static inline enum pinstore_status
deed_count(struct told *told)
{
	struct pinstore_report_totals totals = {.size = sizeof(totals)};
	enum pinstore_status status;

	status = pinstore_report_count(ps, &totals, &deed_error);
	tell(told, "%d %d", (int)totals.waiting, (int)totals.dropped);
	told->is_safe = status == PINSTORE_OK || totals.waiting == 0;
	return status;
}

static inline enum pinstore_status
deed_fsck(struct told *told)
{
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	enum pinstore_status status;

	status = pinstore_fsck(fixture_dir.store, NULL, &result, &deed_error);
	tell(told, "%d %d", (int)result.names, (int)result.flaws);
	told->is_safe = true;
	return status;
}

static inline enum pinstore_status
deed_usage(struct told *told)
{
	struct pinstore_usage usage = {.size = sizeof(usage)};
	enum pinstore_status status;

	status = pinstore_usage(ps, &usage, &deed_error);
	tell(told, "%d", (int)usage.names);
	told->is_safe = status == PINSTORE_OK || usage.names == 0;
	return status;
}

/* ----------------------------------------------------------------- operator */

static enum pinstore_status
pin(struct told *told, const char *host)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = pins_of("CD", pins),
		.include_subdomains = 1,
		.expires = PINSTORE_NEVER,
		.report_uri = "https://r.test/",
		.note = "by hand",
	};

	(void)told;
	return pinstore_pin(ps, &rule, NOW, &deed_error);
}

static inline enum pinstore_status
deed_pin(struct told *told)
{
	return pin(told, "new.test");
}

static inline enum pinstore_status
deed_pin_again(struct told *told)
{
	return pin(told, "static.test");
}

static enum pinstore_status
clear(struct told *told, const char *host, int64_t since)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = host,
	                                 .subdomains = host != NULL,
	                                 .since = since};
	enum pinstore_status status;
	size_t removed;

	status = pinstore_clear(ps, &filter, NOW, &removed, &deed_error);
	if (status == PINSTORE_OK)
		tell(told, "%zu", removed);
	/* What is gone may be told, and that its octets are not. */
	told->is_safe = status == PINSTORE_OK || removed == 0 ||
	                strstr(deed_error.text, "octets") != NULL;
	return status;
}

static inline enum pinstore_status
deed_clear(struct told *told)
{
	return clear(told, "learned.test", INT64_MIN);
}

static inline enum pinstore_status
deed_clear_all(struct told *told)
{
	return clear(told, NULL, INT64_MIN);
}

static inline enum pinstore_status
deed_clear_since(struct told *told)
{
	return clear(told, NULL, NOW - 500);
}

static inline enum pinstore_status
deed_compact(struct told *told)
{

	(void)told;
	return pinstore_compact(ps, &deed_error);
}

static enum pinstore_status
expire(struct told *told, int dry_run)
{
	enum pinstore_status status;
	size_t removed;

	status = pinstore_expire(ps, NOW, NOW, dry_run, 0, &removed, &deed_error);
	if (status == PINSTORE_OK)
		tell(told, "%zu", removed);
	return status;
}

static inline enum pinstore_status
deed_expire(struct told *told)
{
	return expire(told, 0);
}

static inline enum pinstore_status
deed_expire_dry(struct told *told)
{
	return expire(told, 1);
}

static inline enum pinstore_status
deed_lint(struct told *told)
{
	static const char value[] = "max-age=5000; " PIN_A ";\r\n " PIN_B;
	struct pinstore_lint_setup setup = {.size = sizeof(setup),
	                                    .host = "co.uk"};
	enum pinstore_status status;
	struct pinstore_lint *lint;

	status = pinstore_lint(value, sizeof(value) - 1, &setup, &lint);
	told->is_safe = (lint != NULL) == (status == PINSTORE_OK);
	if (status == PINSTORE_OK)
		tell(told, "%s",
		     pinstore_lint_action_word(pinstore_lint_action(lint)));
	pinstore_lint_free(lint);
	return status;
}

static const struct deed deeds[] = {
	{.what = "make a store",
	 .run = deed_open, .opens = true, .on_nothing = true},
	{.what = "open a store", .run = deed_open, .opens = true},
	{.what = "open it for reading",
	 .run = deed_open_read_only, .opens = true},
	{.what = "check a host that is not pinned",
	 .run = deed_check_unpinned},
	{.what = "check the right chain", .run = deed_check_matched},
	{.what = "check an impostor", .run = deed_check_impostor},
	{.what = "check a host below a learned one", .run = deed_check_below},
	{.what = "check a host below a configured one",
	 .run = deed_check_below_static},
	{.what = "check both layers", .run = deed_check_two_layers},
	{.what = "check a name that is converted", .run = deed_check_alabel},
	{.what = "check what is reported", .run = deed_check_reported},
	{.what = "look up", .run = deed_look_up},
	{.what = "look up what is not there", .run = deed_look_up_nothing},
	{.what = "show", .run = deed_show},
	{.what = "the journal", .run = deed_log},
	{.what = "walk", .run = deed_walk},
	{.what = "walk from the middle", .run = deed_walk_behind},
	{.what = "note a new host", .run = deed_note},
	{.what = "note below another entry", .run = deed_note_below},
	{.what = "note other pins", .run = deed_note_update},
	{.what = "note max-age=0", .run = deed_note_remove},
	{.what = "note a field without usable pins", .run = deed_note_unpin},
	{.what = "note what is known", .run = deed_note_again},
	{.what = "note what does not match", .run = deed_note_unfit},
	{.what = "note a public suffix", .run = deed_note_suffix},
	{.what = "note several fields", .run = deed_note_fields,
	 .is_lossy = true},
	{.what = "pin", .run = deed_pin},
	{.what = "pin again", .run = deed_pin_again},
	{.what = "clear", .run = deed_clear, .is_in_parts = true},
	{.what = "clear everything", .run = deed_clear_all,
	 .is_in_parts = true},
	{.what = "clear the latest", .run = deed_clear_since,
	 .is_in_parts = true},
	{.what = "compact", .run = deed_compact},
	{.what = "expire", .run = deed_expire, .is_in_parts = true},
	{.what = "count what has expired", .run = deed_expire_dry},
	{.what = "take a report", .run = deed_take},
	{.what = "take a report before it is due", .run = deed_take_id},
	{.what = "deliver a report", .run = deed_deliver},
	{.what = "fail with a report", .run = deed_fail},
	{.what = "visit the reports", .run = deed_walk_reports},
	{.what = "drop the reports of a host", .run = deed_drop},
	{.what = "drop all reports", .run = deed_drop_all},
	{.what = "count the reports", .run = deed_count},
	{.what = "tell the usage", .run = deed_usage},
	{.what = "read all of it", .run = deed_fsck},
	{.what = "lint", .run = deed_lint},
};

/* -------------------------------------------------------------- the store */

/* A store without a disk below it, where there is such a place. */
static void
deed_tempdir(struct tempdir *dir)
{
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                dir);
}

/* An entry with a report-uri, and the report of a chain that it refused. */
static void
deed_fill_reported(void)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = "reported.test",
		.pins = pins,
		.n_pins = pins_of("CD", pins),
		.expires = PINSTORE_NEVER,
		.report_uri = "https://collector.test/",
	};
	struct pinstore_report *report;

	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW - 2000, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("reported.test", "XY", NOW - 1000),
	                 PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_report_take(ps, NOW - 500, &report, NULL),
	                 PINSTORE_OK);
	pinstore_report_free(report);
}

static void
deed_fill(void)
{
	static const struct {
		const char *host;
		const char *pins;
		int64_t at;
		int64_t max_age;
		const char *flags;
	} learned[] = {
		{"learned.test", "AB", NOW - 1000, 3000, "; includeSubDomains"},
		{"deep.learned.test", "AB", NOW - 100, 3000, ""},
		{"same.test", "AB", NOW - 1, 9000, ""},
		{"gone.test", "AB", NOW - 5000, 100, "; includeSubDomains"},
		{"gone.example.co.uk", "AB", NOW - 5000, 100, ""},
		{"both.test", "CA", NOW - 1000, 3000, ""},
	};
	size_t i;

	for (i = 0; i < sizeof(learned) / sizeof(learned[0]); i++)
		ck_assert_int_eq(note_at(learned[i].host, "XA",
		                         learned[i].pins, learned[i].max_age,
		                         learned[i].flags, learned[i].at)
		                         .action, PINSTORE_NOTED);
	ck_assert_int_eq(pin_at("static.test", "CD", 1, PINSTORE_NEVER,
	                        NOW - 2000), PINSTORE_OK);
	ck_assert_int_eq(pin_at("both.test", "CD", 0, PINSTORE_NEVER,
	                        NOW - 2000), PINSTORE_OK);
	ck_assert_int_eq(pin_at("xn--bcher-kva.test", "CD", 1, PINSTORE_NEVER,
	                        NOW - 2000), PINSTORE_OK);
	deed_fill_reported();
}

static void
deed_copy_file(int from_dir, int to_dir, const char *name)
{
	static char octets[1 << 16];
	int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
	int to = openat(to_dir, name,
	                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t len;

	ck_assert_int_ge(from, 0);
	ck_assert_int_ge(to, 0);
	while ((len = read(from, octets, sizeof(octets))) > 0)
		ck_assert_int_eq(write(to, octets, (size_t)len), len);
	ck_assert_int_eq(len, 0);
	close(to);
	close(from);
}

/* What is written of a verdict beside it may be missing: journal, reports. */
static inline bool
deed_is_lossy(const struct deed *deed)
{
	return deed->is_lossy || strncmp(deed->what, "check", 5) == 0;
}

/* Put the store back to what it was; nobody has it open. */
static void
deed_restore(bool on_nothing)
{
	struct dirent *entry;
	int from, to;
	DIR *dir;

	nftw(fixture_dir.store, tempdir_unlink, 16, FTW_DEPTH | FTW_PHYS);
	if (on_nothing)
		return;
	ck_assert_int_eq(mkdir(fixture_dir.store, 0700), 0);
	to = open(fixture_dir.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = opendir(deed_template.store);
	ck_assert_ptr_nonnull(dir);
	from = dirfd(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			deed_copy_file(from, to, entry->d_name);
	closedir(dir);
	close(to);
}

static void
deed_setup(void)
{
	struct tempdir mine;

	deed_tempdir(&deed_template);
	deed_tempdir(&fixture_dir);
	mine = fixture_dir;
	fixture_dir = deed_template;
	fixture_open(NULL);
	deed_fill();
	pinstore_close(ps);
	ps = NULL;
	fixture_dir = mine;
}

static void
deed_teardown(void)
{
	pinstore_close(ps);
	ps = NULL;
	tempdir_remove(&fixture_dir);
	tempdir_remove(&deed_template);
}

static bool
print_event(uint64_t number, const struct ps_event *event, void *arg)
{
	fprintf(arg, "%llu %d %s %d %lld %llu\n", (unsigned long long)number,
	        (int)event->kind,
	        event->host != NULL ? event->host->name : "-",
	        (int)event->layer, (long long)event->at,
	        (unsigned long long)event->count);
	return true;
}

static int
print_report(const struct pinstore_report *report, void *arg)
{
	fprintf(arg, "report %llu %s %u %lld\n",
	        (unsigned long long)pinstore_report_id(report),
	        pinstore_report_host(report), pinstore_report_attempts(report),
	        (long long)pinstore_report_next(report));
	return 0;
}

/*
 * All that the store holds: entries, journal, reports.  Owner: the caller.
 */
static char *
deed_dump(void)
{
	enum pinstore_status status;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	status = pinstore_walk(ps, NULL, print_entry, out, &deed_error);
	ck_assert_msg(status == PINSTORE_OK, "%s", deed_error.text);
	status = ps_store_events(ps->store, 0, print_event, out, &deed_error);
	ck_assert_msg(status == PINSTORE_OK, "%s", deed_error.text);
	status = pinstore_walk_reports(ps, print_report, out, &deed_error);
	ck_assert_msg(status == PINSTORE_OK, "%s", deed_error.text);
	fclose(out);
	return text;
}

/* What the store holds that nobody has open.  Owner: the caller. */
static char *
deed_state(void)
{
	char *text;

	fixture_open(NULL);
	text = deed_dump();
	pinstore_close(ps);
	ps = NULL;
	return text;
}

/* Open it as deeds want it: a lock that is not to be had is soon given up. */
static void
deed_begin(const struct deed *deed)
{
	static struct pinstore_options *options;

	if (options == NULL) {
		options = pinstore_options_new();
		ck_assert_ptr_nonnull(options);
		ck_assert_int_eq(pinstore_options_set(
		                         options, PINSTORE_OPT_LOCK_LIMIT_MS,
		                         100), PINSTORE_OK);
	}
	if (!deed->opens)
		fixture_open(options);
}

/*
 * Close it; what it holds, as the handle of the deed tells, which must be of
 * use still.  Owner: the caller.
 */
static char *
deed_end(const struct deed *deed)
{
	char *text;

	if (deed->opens)
		return deed_state();
	text = deed_dump();
	pinstore_close(ps);
	ps = NULL;
	return text;
}

/* What an undisturbed deed tells, and the store before and after it. */
struct plain {
	struct told told;
	char *before;
	char *after;
};

static struct plain
deed_plainly(const struct deed *deed)
{
	struct plain plain;

	deed_restore(deed->on_nothing);
	plain.before = deed_state();
	deed_restore(deed->on_nothing);
	memset(&plain.told, 0, sizeof(plain.told));
	plain.told.is_safe = true;
	deed_begin(deed);
	ck_assert_int_eq(deed->run(&plain.told), PINSTORE_OK);
	ck_assert(plain.told.is_safe);
	plain.after = deed_end(deed);
	deed_restore(deed->on_nothing);
	return plain;
}

static void
plain_free(struct plain *plain)
{
	free(plain->before);
	free(plain->after);
}

/* Descriptors that are open. */
static int
deed_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

#endif /* TESTS_UNIT_DEEDS_H */
