/*
 * cmd_list.c - pinstore list [GLOB...]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "common/columns.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "common/when.h"
#include "entry.h"
#include "globs.h"
#include "rows.h"
#include "stream.h"
#include "verb.h"

#define DAY UINT64_C(86400)

/* A bypass that is in force. */
struct bypass {
	char *host;
	bool subdomains;
	int64_t end;
	char *reason;
};

struct listing {
	struct run *run;
	struct globs globs;
	struct bypass *bypass;
	size_t n_bypasses;
	struct rows rows;
	size_t host_width;
	size_t n; /* printed */
	struct tool_columns columns;
};

/* --expired and --expiring: with both, either. */
static bool
is_due(const struct options *options, const struct pinstore_entry *entry)
{
	int64_t expires = pinstore_entry_expires(entry);
	bool is_expired = entry_is_expired(entry, options->now);

	if (!option_given(options, OPTION_EXPIRED) &&
	    !option_given(options, OPTION_EXPIRING))
		return true;
	if (is_expired)
		return option_given(options, OPTION_EXPIRED);
	return option_given(options, OPTION_EXPIRING) &&
	       expires - options->now <= options->expiring;
}

static bool
is_wanted(const struct listing *listing, const struct pinstore_entry *entry)
{
	const struct options *options = &listing->run->options;

	if (options->sources != 0 &&
	    (options->sources & (unsigned)pinstore_entry_source(entry)) == 0)
		return false;
	if (option_given(options, OPTION_MODE) &&
	    pinstore_entry_mode(entry) != options->mode)
		return false;
	return is_due(options, entry) &&
	       globs_match(&listing->globs, pinstore_entry_host(entry));
}

static int
visit_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	struct listing *listing = arg;
	int64_t now = listing->run->options.now;
	struct bypass *one;

	if (now < bypass->start || now > bypass->end)
		return 0;
	listing->bypass = tool_grow(listing->bypass, listing->n_bypasses,
	                         sizeof(*listing->bypass));
	one = &listing->bypass[listing->n_bypasses++];
	one->host = tool_copy(bypass->host, strlen(bypass->host));
	one->subdomains = bypass->subdomains != 0;
	one->end = bypass->end;
	one->reason = tool_copy(bypass->reason, strlen(bypass->reason));
	return 0;
}

static bool
is_bypassed(const struct listing *listing, const char *host)
{
	size_t i, len = strlen(host), tail;
	const struct bypass *one;

	for (i = 0; i < listing->n_bypasses; i++) {
		one = &listing->bypass[i];
		if (strcmp(one->host, host) == 0)
			return true;
		tail = strlen(one->host);
		if (one->subdomains && len > tail &&
		    host[len - tail - 1] == '.' &&
		    strcmp(host + len - tail, one->host) == 0)
			return true;
	}
	return false;
}

/* D-27: enforced, and told: a clock was wrong then, or is now. */
static bool
is_from_future(int64_t noted, int64_t now)
{
	return noted > now && (uint64_t)noted - (uint64_t)now > DAY;
}

static const char *
mode_text(const struct row *row)
{
	return row->is_bypassed ? "bypassed" : pinstore_mode_word(row->mode);
}

/* ---------------------------------------------------------------- gathering */

static bool
take(const struct pinstore_entry *entry, void *arg, struct row *row,
     char name[PINSTORE_HOST_MAX + 1])
{
	struct listing *listing = arg;
	const char *host = pinstore_entry_host(entry);
	size_t len, n_pins;

	if (!is_wanted(listing, entry))
		return false;
	len = strlen(host);
	if (len > listing->host_width)
		listing->host_width = len;
	memset(row, 0, sizeof(*row));
	row->host = memcpy(name, host, len + 1);
	row->layer = pinstore_entry_layer(entry);
	/* A bypass loosens what its own store has. */
	row->is_bypassed = row->layer != PINSTORE_SYSTEM &&
	                   is_bypassed(listing, host);
	row->source = pinstore_entry_source(entry);
	row->mode = pinstore_entry_mode(entry);
	row->include_subdomains = pinstore_entry_include_subdomains(entry) != 0;
	pinstore_entry_pins(entry, &n_pins);
	row->n_pins = (uint32_t)n_pins;
	row->noted = pinstore_entry_noted(entry);
	row->updated = pinstore_entry_updated(entry);
	row->expires = pinstore_entry_expires(entry);
	return true;
}

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	struct listing *listing = arg;
	char name[PINSTORE_HOST_MAX + 1];
	struct row row;

	if (take(entry, listing, &row, name))
		rows_offer(&row, &listing->rows);
	return 0;
}

static enum pinstore_status
gather(struct listing *listing, struct pinstore_error *error)
{
	struct pinstore *store = listing->run->store;
	enum pinstore_status status;

	status = pinstore_walk(store, NULL, visit, listing, error);
	if (status == PINSTORE_OK)
		status = pinstore_walk_system(store, NULL, visit, listing,
		                              error);
	if (status == PINSTORE_OK)
		rows_sort(&listing->rows);
	return status;
}

/* ------------------------------------------------------------- for programs */

static void
print_entry(struct listing *listing, const struct row *row,
            const struct pinstore_entry *entry)
{
	bool is_early = is_from_future(pinstore_entry_noted(entry),
	                               listing->run->options.now);
	FILE *out = listing->run->out;

	if (listing->n++ > 0)
		fputs(", ", out);
	entry_put_json(entry, listing->run->options.now, out);
	fputs(row->is_bypassed ? ", \"bypassed\": true, "
	                       : ", \"bypassed\": false, ", out);
	fputs(is_early ? "\"from_future\": true}" : "\"from_future\": false}",
	      out);
}

/* The rest of an entry is read now; what has gone meanwhile is left out. */
static enum pinstore_status
print_json(struct listing *listing, const struct row *row,
           struct pinstore_error *error)
{
	struct pinstore_entry *entry;
	enum pinstore_status status;

	status = pinstore_show(listing->run->store, row->host, row->layer,
	                       &entry, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return PINSTORE_OK;
	if (status != PINSTORE_OK)
		return status;
	if (is_wanted(listing, entry))
		print_entry(listing, row, entry);
	pinstore_entry_free(entry);
	return PINSTORE_OK;
}

/* --------------------------------------------------------------- for people */

/*
 * Widths that need no pass: of "in 3650d", and of "2026-10-02T12:00:00Z".  That
 * of the hosts is of those which are known yet.
 */
static void
begin_table(struct listing *listing)
{
	static const char *const headings[] = {"HOST",   "SUB",  "MODE",
	                                       "SOURCE", "PINS", "EXPIRES",
	                                       NULL};
	size_t widths[] = {listing->host_width, 0, strlen("enforce"), 0, 0,
	                   listing->run->options.is_iso ? 20 : 8};

	if (listing->n_bypasses > 0)
		widths[2] = strlen("bypassed");
	tool_columns_begin(headings, widths, tool_screen_columns(),
	                   listing->run->is_colored, listing->run->out,
	                   &listing->columns);
}

static void
print_row(struct listing *listing, const struct row *row)
{
	static const enum tool_tint dim = TOOL_TINT_DIM;
	char until[2 * TOOL_TIME_TEXT], pins[24];
	int64_t now = listing->run->options.now;
	const char *cells[6];

	run_time(listing->run, row->expires, until);
	if (is_from_future(row->noted, now))
		(void)snprintf(until + strlen(until), TOOL_TIME_TEXT,
		               ", noted in the future");
	(void)snprintf(pins, sizeof(pins), "%" PRIu32, row->n_pins);
	cells[0] = row->host;
	cells[1] = row->include_subdomains ? "yes" : "-";
	cells[2] = mode_text(row);
	cells[3] = row->layer == PINSTORE_SYSTEM
	                   ? "system"
	                   : pinstore_source_word(row->source);
	cells[4] = pins;
	cells[5] = until;
	tool_columns_put(&listing->columns, cells,
	                 row->expires < now ? &dim : NULL);
	listing->n++;
}

static void
print_bypasses(const struct listing *listing)
{
	FILE *out = listing->run->out;
	const struct bypass *bypass;
	char end[TOOL_TIME_TEXT];
	size_t i;

	for (i = 0; i < listing->n_bypasses; i++) {
		bypass = &listing->bypass[i];
		tool_time_print(bypass->end, end);
		fprintf(out, "bypass of %s%s until %s: ", bypass->host,
		        bypass->subdomains ? " (+subdomains)" : "", end);
		tool_put_escaped(bypass->reason, out);
		fputc('\n', out);
	}
}

/* ------------------------------------------------------------------ the whole */

static void
listing_free(struct listing *listing)
{
	size_t i;

	for (i = 0; i < listing->n_bypasses; i++) {
		free(listing->bypass[i].host);
		free(listing->bypass[i].reason);
	}
	free(listing->bypass);
	rows_free(&listing->rows);
	globs_free(&listing->globs);
}

static enum pinstore_status
print(struct listing *listing, const struct row *row,
      struct pinstore_error *error)
{
	if (listing->run->is_json)
		return print_json(listing, row, error);
	if (listing->n == 0)
		begin_table(listing);
	print_row(listing, row);
	return PINSTORE_OK;
}

/* Pass for pass; nobody reads it any more: that is told at the end. */
static enum pinstore_status
print_sorted(struct listing *listing, struct pinstore_error *error)
{
	FILE *out = listing->run->out;
	struct tool_progress progress;
	enum pinstore_status status;
	size_t i;

	do {
		run_progress(listing->run, "list", &progress);
		status = gather(listing, error);
		run_progress_end(listing->run, &progress);
		for (i = 0; i < listing->rows.n && status == PINSTORE_OK &&
		            !ferror(out); i++)
			status = print(listing, &listing->rows.row[i], error);
		if (status != PINSTORE_OK)
			return status;
	} while (rows_next(&listing->rows) && !ferror(out));
	return PINSTORE_OK;
}

/* As they lie in the store. */
static enum pinstore_status
print_stream(struct listing *listing, struct pinstore_error *error)
{
	struct run *run = listing->run;
	struct tool_progress progress;
	enum pinstore_status status;
	const struct row *row;
	struct stream stream;

	run_progress(run, "list", &progress);
	stream_begin(run->store, &progress, take, listing, &stream);
	do {
		status = stream_next(&stream, &row, error);
		if (status == PINSTORE_OK && row != NULL)
			status = print(listing, row, error);
	} while (status == PINSTORE_OK && row != NULL &&
	         !ferror(run->out));
	stream_end(&stream);
	run_progress_end(run, &progress);
	return status;
}

static enum pinstore_status
print_all(struct listing *listing, struct pinstore_error *error)
{
	const struct options *options = &listing->run->options;
	bool is_json = listing->run->is_json;
	enum sort_key key = is_json ? SORT_HOST : SORT_DOMAIN;
	enum pinstore_status status;
	FILE *out = listing->run->out;

	if (option_given(options, OPTION_SORT))
		key = options->sort;
	rows_begin(key, ROWS_ROOM, &listing->rows);
	if (is_json)
		fputc('[', out);
	status = key == SORT_DOMAIN ? print_stream(listing, error)
	                            : print_sorted(listing, error);
	if (status != PINSTORE_OK)
		return status;
	if (is_json)
		fputs("]\n", out);
	else
		print_bypasses(listing);
	return PINSTORE_OK;
}

int
cmd_list(struct run *run)
{
	struct listing listing = {.run = run};
	enum pinstore_status status;
	struct pinstore_error error;
	int code = TOOL_EXIT_OK;

	if (!run_open_judging(run, false))
		return run->fault.exit;
	globs_new(run->operands, run->n_operands, &listing.globs);
	status = pinstore_walk_bypasses(run->store, visit_bypass, &listing,
	                                &error);
	if (status == PINSTORE_OK)
		status = print_all(&listing, &error);
	if (status != PINSTORE_OK)
		code = run_fail(run, &error);
	else if (listing.n == 0 &&
	         (option_given(&run->options, OPTION_EXPIRED) ||
	          option_given(&run->options, OPTION_EXPIRING)))
		code = EXIT_NONE;
	listing_free(&listing);
	return code;
}
