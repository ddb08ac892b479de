/*
 * cmd_doctor.c - pinstore doctor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pinstore/admin.h>

#include "ailment.h"
#include "common/memory.h"
#include "common/when.h"
#include "pinlist.h"
#include "verb.h"

#define DAY INT64_C(86400)
/* What happened longer ago is no news. */
#define RECENT (7 * DAY)
#define SOON (14 * DAY)
/* Clocks of machines that talk to each other differ by so much at most. */
#define SKEW 300
/* A report that is due so long waits for nobody. */
#define OVERDUE 3600
/* What small writes may need one after the other. */
#define WRITE_OCTETS ((uint64_t)256 << 10)

/* The violations of a host in the journal. */
struct trouble {
	char *host;
	uint64_t count[2]; /* watched, refused */
	int64_t last;
};

struct exam {
	const struct run *run;
	int64_t now;
	struct findings *findings;
	struct pinstore_error error;
	bool is_unread; /* page by page; and why */
	struct pinstore_error unread;
	struct trouble *troubles; /* sorted by host once all are there */
	size_t n_troubles;
	struct pinlist revoked; /* in order */
	/* The configured entry that was visited last. */
	char host[PINSTORE_HOST_MAX + 1];
	struct pinlist pins;
};

static void
say(struct exam *exam, enum ailment ailment, const char *name, char *detail)
{
	findings_add(exam->findings, ailment, name, detail);
}

/* "text 3d ago": for details. */
static char *
when(const struct exam *exam, const char *text, int64_t then)
{
	char shown[TOOL_TIME_TEXT];

	run_time(exam->run, then, shown);
	return tool_format("%s%s", text, shown);
}

/* -------------------------------------------------------------- the journal */

static void
add_trouble(struct exam *exam, const char *host, bool is_refused,
            uint64_t count, int64_t at)
{
	struct trouble *trouble;

	exam->troubles = tool_grow(exam->troubles, exam->n_troubles,
	                           sizeof(*exam->troubles));
	trouble = &exam->troubles[exam->n_troubles++];
	trouble->host = tool_copy(host, strlen(host));
	trouble->count[is_refused] = count;
	trouble->count[!is_refused] = 0;
	trouble->last = at;
}

static int
compare_troubles(const void *a, const void *b)
{
	return strcmp(((const struct trouble *)a)->host,
	              ((const struct trouble *)b)->host);
}

/* One of each host is left, in their order. */
static void
merge_troubles(struct exam *exam)
{
	struct trouble *to = exam->troubles, *from;
	size_t i;

	if (exam->n_troubles == 0)
		return;
	qsort(to, exam->n_troubles, sizeof(*to), compare_troubles);
	for (i = 1; i < exam->n_troubles; i++) {
		from = &exam->troubles[i];
		if (strcmp(from->host, to->host) != 0) {
			*++to = *from;
			continue;
		}
		to->count[0] += from->count[0];
		to->count[1] += from->count[1];
		if (from->last > to->last)
			to->last = from->last;
		free(from->host);
	}
	exam->n_troubles = (size_t)(to - exam->troubles) + 1;
}

static int
visit_record(const struct pinstore_record *record, void *arg)
{
	struct exam *exam = arg;
	const char *host = pinstore_record_host(record);
	int64_t at = pinstore_record_time(record);

	if (at > exam->now || exam->now - at > RECENT)
		return 0;
	if (host == NULL)
		host = "an address";
	if (pinstore_record_event(record) == PINSTORE_EVENT_ERROR &&
	    pinstore_record_reason(record) == PINSTORE_WHY_FULL)
		say(exam, AILMENT_QUOTA, host, when(exam, "", at));
	if (pinstore_record_event(record) == PINSTORE_EVENT_VIOLATION)
		add_trouble(exam, host, pinstore_record_enforced(record) != 0,
		            pinstore_record_count(record), at);
	return 0;
}

static bool
examine_journal(struct exam *exam)
{
	static const enum ailment ailments[] = {AILMENT_WATCHED,
	                                        AILMENT_REFUSED};
	char relative[TOOL_TIME_TEXT];
	size_t i, kind;

	if (pinstore_log(exam->run->store, 0, visit_record, exam,
	                 &exam->error) != PINSTORE_OK)
		return false;
	merge_troubles(exam);
	for (i = 0; i < exam->n_troubles; i++) {
		const struct trouble *trouble = &exam->troubles[i];

		run_time(exam->run, trouble->last, relative);
		for (kind = 0; kind < 2; kind++)
			if (trouble->count[kind] > 0)
				say(exam, ailments[kind], trouble->host,
				    tool_format("%" PRIu64 "x, the last %s",
				                trouble->count[kind],
				                relative));
	}
	return true;
}

/* Whether a connection to host, or to a name below it, was in trouble. */
static bool
has_trouble(const struct exam *exam, const char *host, bool covers)
{
	const size_t len = strlen(host);
	const char *name;
	size_t i, n;

	for (i = 0; i < exam->n_troubles; i++) {
		name = exam->troubles[i].host;
		n = strlen(name);
		if (strcmp(name, host) == 0 ||
		    (covers && n > len && name[n - len - 1] == '.' &&
		     strcmp(name + n - len, host) == 0))
			return true;
	}
	return false;
}

/* -------------------------------------------------------------- the entries */

static int
compare_pins(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct pinstore_pin));
}

static bool
has_pin(const struct pinlist *sorted, const struct pinstore_pin *pin)
{
	return sorted->n > 0 &&
	       bsearch(pin, sorted->pin, sorted->n, sizeof(*pin),
	               compare_pins) != NULL;
}

static void
examine_pins(struct exam *exam, const struct pinstore_entry *entry)
{
	const char *host = pinstore_entry_host(entry);
	const struct pinstore_pin *pins;
	size_t i, n, n_revoked = 0;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++)
		n_revoked += has_pin(&exam->revoked, &pins[i]);
	if (n > 0 && n_revoked == n)
		say(exam, AILMENT_ALL_REVOKED, host, NULL);
	else if (n_revoked > 0)
		say(exam, AILMENT_REVOKED_PIN, host,
		    tool_format("%zu of %zu", n_revoked, n));
	if (n == 1 && pinstore_entry_source(entry) != PINSTORE_TOFU)
		say(exam, AILMENT_SINGLE_PIN, host, NULL);
}

static void
examine_life(struct exam *exam, const struct pinstore_entry *entry)
{
	const char *host = pinstore_entry_host(entry);
	int64_t expires = pinstore_entry_expires(entry);
	bool is_static = pinstore_entry_source(entry) == PINSTORE_STATIC;

	if (pinstore_entry_noted(entry) > exam->now + SKEW)
		say(exam, AILMENT_FUTURE, host,
		    when(exam, "noted ", pinstore_entry_noted(entry)));
	if (is_static && expires < exam->now)
		say(exam, AILMENT_EXPIRED_STATIC, host,
		    when(exam, "", expires));
	else if (is_static && expires - exam->now <= SOON)
		say(exam, AILMENT_EXPIRING, host, when(exam, "", expires));
	else if (expires < exam->now - RECENT)
		say(exam, AILMENT_EXPIRED, host, when(exam, "", expires));
}

/* By the public suffix list, of which lint knows. */
static bool
covers_suffix(const struct pinstore_entry *entry)
{
	static const char value[] = "max-age=1; includeSubDomains";
	struct pinstore_lint_setup setup = {
		.size = sizeof(setup),
		.host = pinstore_entry_host(entry),
	};
	struct pinstore_lint *lint = NULL;
	bool is_suffix;

	if (!pinstore_entry_include_subdomains(entry))
		return false;
	if (pinstore_lint(value, strlen(value), &setup, &lint) != PINSTORE_OK)
		tool_no_memory();
	is_suffix = !pinstore_lint_include_subdomains(lint);
	pinstore_lint_free(lint);
	return is_suffix;
}

static void
examine_mode(struct exam *exam, const struct pinstore_entry *entry)
{
	const char *host = pinstore_entry_host(entry);

	if (pinstore_entry_source(entry) == PINSTORE_STATIC &&
	    pinstore_entry_mode(entry) == PINSTORE_REPORT &&
	    exam->now - pinstore_entry_updated(entry) >= RECENT &&
	    !has_trouble(exam, host,
	                 pinstore_entry_include_subdomains(entry) != 0))
		say(exam, AILMENT_QUIET, host,
		    when(exam, "since ", pinstore_entry_updated(entry)));
}

/* The configured entry of a host comes right before its learned one. */
static void
remember(struct exam *exam, const struct pinstore_entry *entry)
{
	const struct pinstore_pin *pins;
	size_t i, n;

	pinlist_free(&exam->pins);
	(void)snprintf(exam->host, sizeof(exam->host), "%s",
	               pinstore_entry_host(entry));
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++)
		pinlist_add(&exam->pins, &pins[i]);
}

static void
compare_layers(struct exam *exam, const struct pinstore_entry *learned)
{
	const struct pinstore_pin *pins;
	size_t i, k, n, n_strange = 0;

	if (strcmp(pinstore_entry_host(learned), exam->host) != 0 ||
	    pinstore_entry_source(learned) != PINSTORE_HEADER ||
	    pinstore_entry_expires(learned) < exam->now)
		return;
	pins = pinstore_entry_pins(learned, &n);
	for (i = 0; i < exam->pins.n; i++) {
		for (k = 0; k < n; k++)
			if (compare_pins(&pins[k], &exam->pins.pin[i]) == 0)
				break;
		n_strange += k == n;
	}
	if (n_strange > 0)
		say(exam, AILMENT_NEVER_MATCHED, exam->host,
		    tool_format("%zu of %zu", n_strange, exam->pins.n));
}

static int
visit_entry(const struct pinstore_entry *entry, void *arg)
{
	struct exam *exam = arg;

	examine_pins(exam, entry);
	examine_life(exam, entry);
	examine_mode(exam, entry);
	if (covers_suffix(entry))
		say(exam, AILMENT_SUFFIX, pinstore_entry_host(entry), NULL);
	if (pinstore_entry_layer(entry) == PINSTORE_CONFIGURED)
		remember(exam, entry);
	else
		compare_layers(exam, entry);
	return 0;
}

static int
visit_revoked(const struct pinstore_pin *pin, int64_t since, const char *note,
              void *arg)
{
	struct exam *exam = arg;

	(void)since;
	(void)note;
	pinlist_add(&exam->revoked, pin);
	return 0;
}

static int
visit_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	struct exam *exam = arg;

	if (bypass->start <= exam->now && exam->now <= bypass->end)
		say(exam, AILMENT_BYPASSED, bypass->host,
		    when(exam, "ends ", bypass->end));
	return 0;
}

static bool
examine_entries(struct exam *exam)
{
	struct pinstore *store = exam->run->store;

	return pinstore_walk_revoked(store, visit_revoked, exam,
	                             &exam->error) == PINSTORE_OK &&
	       pinstore_walk_bypasses(store, visit_bypass, exam,
	                              &exam->error) == PINSTORE_OK &&
	       pinstore_walk(store, NULL, visit_entry, exam, &exam->error) ==
	               PINSTORE_OK;
}

/* ---------------------------------------------------------------- the store */

static void
visit_flaw(const struct pinstore_flaw *flaw, void *arg)
{
	const char *place = flaw->database != NULL ? flaw->database : "file";

	say(arg, AILMENT_DAMAGED,
	    flaw->record != NULL ? flaw->record : "data.mdb",
	    tool_format("%s: %s", place, pinstore_flaw_text(flaw->kind)));
}

/* All of it is read, as by fsck; whether the rest can be judged. */
static bool
examine_pages(struct exam *exam)
{
	const struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.flaw = visit_flaw,
		.arg = exam,
	};
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	enum pinstore_status status;

	status = pinstore_fsck(exam->run->store_path, &setup, &result,
	                       &exam->error);
	/* If it can be opened nevertheless, that is the reason. */
	exam->is_unread = status != PINSTORE_OK &&
	                  status != PINSTORE_ERR_DAMAGED;
	if (exam->is_unread)
		exam->unread = exam->error;
	if (result.gaps > 0)
		say(exam, AILMENT_GAPS, exam->run->store_path,
		    tool_format("%" PRIu64, result.gaps));
	/* What else keeps it from being read is told when it is opened. */
	return status != PINSTORE_ERR_DAMAGED || result.flaws == 0;
}

static int
visit_report(const struct pinstore_report *report, void *arg)
{
	struct exam *exam = arg;

	if (pinstore_report_next(report) < exam->now - OVERDUE)
		say(exam, AILMENT_REPORTS_WAITING, pinstore_report_host(report),
		    when(exam, "due ", pinstore_report_next(report)));
	return 0;
}

static bool
examine_reports(struct exam *exam)
{
	struct pinstore *store = exam->run->store;
	struct pinstore_report_totals totals = {.size = sizeof(totals)};

	if (pinstore_walk_reports(store, visit_report, exam, &exam->error) !=
	            PINSTORE_OK ||
	    pinstore_report_count(store, &totals, &exam->error) != PINSTORE_OK)
		return false;
	if (totals.dropped > 0)
		say(exam, AILMENT_REPORTS_LOST, exam->run->store_path,
		    tool_format("%" PRIu64 " since ever", totals.dropped));
	return true;
}

/*
 * A write needs room for new pages before it frees the old ones, so what is left
 * of a small store counts as none.
 */
static bool
is_nearly_full(const struct pinstore_usage *usage)
{
	uint64_t least = usage->limit_octets / 10;

	if (least < WRITE_OCTETS)
		least = WRITE_OCTETS;
	return usage->used_octets + least > usage->limit_octets;
}

static bool
examine_usage(struct exam *exam)
{
	struct pinstore_usage usage = {.size = sizeof(usage)};
	struct pinstore_pin anchors[PINSTORE_ANCHORS_MAX];
	const char *path = exam->run->store_path;
	size_t n_anchors;

	if (pinstore_usage(exam->run->store, &usage, &exam->error) !=
	            PINSTORE_OK ||
	    pinstore_anchors(exam->run->store, anchors, &n_anchors,
	                     &exam->error) != PINSTORE_OK)
		return false;
	if (usage.latest > exam->now + SKEW)
		say(exam, AILMENT_CLOCK, path,
		    when(exam, "latest write ", usage.latest));
	if (is_nearly_full(&usage))
		say(exam, AILMENT_FULL, path,
		    tool_format("%" PRIu64 " of %" PRIu64 " octets",
		                usage.used_octets, usage.limit_octets));
	if (n_anchors > 0)
		say(exam, AILMENT_ANCHORS, path,
		    tool_format("%zu", n_anchors));
	return true;
}

static void
examine_mode_of(struct exam *exam, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		say(exam, AILMENT_READABLE, path,
		    tool_format("%04o", (unsigned)st.st_mode & 07777));
}

/* Opening has seen to it that nobody else may write to the store itself. */
static void
examine_files(struct exam *exam)
{
	static const char *const files[] = {"", "/data.mdb", "/lock.mdb"};
	char *path, *end;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = tool_format("%s%s", exam->run->store_path, files[i]);
		examine_mode_of(exam, path);
		free(path);
	}
	path = realpath(exam->run->store_path, NULL);
	if (path == NULL)
		return;
	while ((end = strrchr(path, '/')) != NULL) {
		*end = '\0';
		if (stat(*path != '\0' ? path : "/", &st) == 0 &&
		    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
		    (st.st_mode & S_ISVTX) == 0)
			say(exam, AILMENT_PARENT, *path != '\0' ? path : "/",
			    tool_format("%04o", (unsigned)st.st_mode & 07777));
	}
	free(path);
}

static void
exam_free(struct exam *exam)
{
	size_t i;

	for (i = 0; i < exam->n_troubles; i++)
		free(exam->troubles[i].host);
	free(exam->troubles);
	pinlist_free(&exam->revoked);
	pinlist_free(&exam->pins);
}

static bool
examine_content(struct run *run, struct exam *exam)
{
	struct tool_progress progress;
	bool is_whole;

	if (exam->is_unread)
		say(exam, AILMENT_UNREAD, run->store_path,
		    tool_format("%s", exam->unread.text));
	run_progress(run, "doctor", &progress);
	is_whole = examine_journal(exam) && examine_entries(exam) &&
	           examine_reports(exam) && examine_usage(exam);
	run_progress_end(run, &progress);
	return is_whole;
}

int
cmd_doctor(struct run *run)
{
	struct findings findings = {
		.keeps_all = option_given(&run->options, OPTION_ALL),
	};
	struct exam exam = {
		.run = run,
		.now = run->options.now,
		.findings = &findings,
	};
	int code = TOOL_EXIT_OK;

	if (!run_path(run, false))
		return run->fault.exit;
	if (examine_pages(&exam)) {
		if (!run_open(run, false))
			code = run->fault.exit;
		else if (!examine_content(run, &exam))
			code = run_fail(run, &exam.error);
		else
			examine_files(&exam);
	}
	if (code == TOOL_EXIT_OK) {
		if (run->is_json)
			findings_print_json(&findings, run->out);
		else
			findings_print(&findings, run->is_colored, run->out);
		code = findings_are_bad(&findings) ? EXIT_NONE : TOOL_EXIT_OK;
	}
	findings_free(&findings);
	exam_free(&exam);
	return code;
}
