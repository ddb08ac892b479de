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

#include "common/json.h"
#include "common/memory.h"
#include "common/table.h"
#include "common/text.h"
#include "common/when.h"
#include "entry.h"
#include "globs.h"
#include "verb.h"

#define DAY UINT64_C(86400)

/* What is kept of an entry: it lives no longer than the visit. */
struct row {
	char *host;
	enum pinstore_layer layer;
	enum pinstore_source source;
	enum pinstore_mode mode;
	int include_subdomains;
	size_t n_pins;
	int64_t noted, updated, expires;
	bool is_bypassed;
	char *json; /* or NULL: text is wanted */
};

/* A bypass that is in force. */
struct bypass {
	char *host;
	bool subdomains;
	int64_t end;
	char *reason;
};

struct rows {
	struct bypass *bypass;
	size_t n_bypasses;
	const struct run *run;
	struct globs globs;
	struct row *row;
	size_t n;
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
is_wanted(const struct rows *rows, const struct pinstore_entry *entry)
{
	const struct options *options = &rows->run->options;

	if (options->sources != 0 &&
	    (options->sources & (unsigned)pinstore_entry_source(entry)) == 0)
		return false;
	if (option_given(options, OPTION_MODE) &&
	    pinstore_entry_mode(entry) != options->mode)
		return false;
	return is_due(options, entry) &&
	       globs_match(&rows->globs, pinstore_entry_host(entry));
}

static int
visit_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	struct rows *rows = arg;
	int64_t now = rows->run->options.now;
	struct bypass *one;

	if (now < bypass->start || now > bypass->end)
		return 0;
	rows->bypass = tool_grow(rows->bypass, rows->n_bypasses,
	                         sizeof(*rows->bypass));
	one = &rows->bypass[rows->n_bypasses++];
	one->host = tool_copy(bypass->host, strlen(bypass->host));
	one->subdomains = bypass->subdomains != 0;
	one->end = bypass->end;
	one->reason = tool_copy(bypass->reason, strlen(bypass->reason));
	return 0;
}

static bool
is_bypassed(const struct rows *rows, const char *host)
{
	size_t i, len = strlen(host), tail;
	const struct bypass *one;

	for (i = 0; i < rows->n_bypasses; i++) {
		one = &rows->bypass[i];
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

static char *
json_text(const struct pinstore_entry *entry, bool is_open, int64_t now)
{
	json_t *object = entry_json(entry, now);
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (stream == NULL)
		tool_no_memory();
	tool_json_add(object, "bypassed", json_boolean(is_open));
	tool_json_add(object, "from_future",
	              json_boolean(is_from_future(pinstore_entry_noted(entry),
	                                          now)));
	tool_json_write(object, stream);
	if (fclose(stream) != 0)
		tool_no_memory();
	return text;
}

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	const char *host = pinstore_entry_host(entry);
	struct rows *rows = arg;
	struct row *row;

	if (!is_wanted(rows, entry))
		return 0;
	rows->row = tool_grow(rows->row, rows->n, sizeof(*rows->row));
	row = &rows->row[rows->n++];
	row->host = tool_copy(host, strlen(host));
	row->layer = pinstore_entry_layer(entry);
	/* A bypass loosens what its own store has. */
	row->is_bypassed = row->layer != PINSTORE_SYSTEM &&
	                   is_bypassed(rows, host);
	row->source = pinstore_entry_source(entry);
	row->mode = pinstore_entry_mode(entry);
	row->include_subdomains = pinstore_entry_include_subdomains(entry);
	pinstore_entry_pins(entry, &row->n_pins);
	row->noted = pinstore_entry_noted(entry);
	row->updated = pinstore_entry_updated(entry);
	row->expires = pinstore_entry_expires(entry);
	row->json = rows->run->is_json
	                    ? json_text(entry, row->is_bypassed,
		                      rows->run->options.now)
	                    : NULL;
	return 0;
}

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_key(const struct row *a, const struct row *b, enum sort_key key)
{
	switch (key) {
	case SORT_HOST:
		break;
	case SORT_EXPIRES:
		return order(a->expires, b->expires);
	case SORT_NOTED:
		return order(a->noted, b->noted);
	case SORT_UPDATED:
		return order(a->updated, b->updated);
	case SORT_SOURCE:
		return strcmp(pinstore_source_word(a->source),
		              pinstore_source_word(b->source));
	case SORT_MODE:
		return strcmp(pinstore_mode_word(a->mode),
		              pinstore_mode_word(b->mode));
	}
	return 0;
}

/* By the key, then by host, the configured layer first. */
static int
compare(const void *left, const void *right, void *arg)
{
	const struct row *a = left, *b = right;
	const struct options *options = arg;
	int by = compare_key(a, b, options->sort);

	if (by == 0)
		by = strcmp(a->host, b->host);
	return by != 0 ? by : order(a->layer, b->layer);
}

/* One array; its objects were written when they were met. */
static void
print_json(const struct rows *rows, FILE *out)
{
	size_t i;

	fputc('[', out);
	for (i = 0; i < rows->n; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", rows->row[i].json);
	fputs("]\n", out);
}

static void
print_table(const struct rows *rows, FILE *out)
{
	static const char *const headings[] = {"HOST",   "SUB",  "MODE",
	                                       "SOURCE", "PINS", "EXPIRES",
	                                       NULL};
	struct tool_table *table =
	        tool_table_new(headings, rows->run->is_colored);
	char expires[TOOL_TIME_TEXT], pins[24];
	int64_t now = rows->run->options.now;
	const struct row *row;
	const char *cells[6];
	char *until;
	size_t i;

	for (i = 0; i < rows->n; i++) {
		row = &rows->row[i];
		tool_time_print_relative(row->expires, now, expires);
		until = tool_format("%s%s", expires,
		                    is_from_future(row->noted, now)
		                            ? ", noted in the future"
		                            : "");
		(void)snprintf(pins, sizeof(pins), "%zu", row->n_pins);
		cells[0] = row->host;
		cells[1] = row->include_subdomains ? "yes" : "-";
		cells[2] = row->is_bypassed ? "bypassed"
		                            : pinstore_mode_word(row->mode);
		cells[3] = row->layer == PINSTORE_SYSTEM
		                   ? "system"
		                   : pinstore_source_word(row->source);
		cells[4] = pins;
		cells[5] = until;
		tool_table_add(table, cells);
		free(until);
		if (row->expires < now)
			tool_table_tint(table, TOOL_TINT_DIM);
	}
	tool_table_print(table, out);
	for (i = 0; i < rows->n_bypasses; i++) {
		tool_time_print(rows->bypass[i].end, expires);
		fprintf(out, "bypass of %s%s until %s: ",
		        rows->bypass[i].host,
		        rows->bypass[i].subdomains ? " (+subdomains)" : "",
		        expires);
		tool_put_escaped(rows->bypass[i].reason, out);
		fputc('\n', out);
	}
}

static void
rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++) {
		free(rows->row[i].host);
		free(rows->row[i].json);
	}
	free(rows->row);
	for (i = 0; i < rows->n_bypasses; i++) {
		free(rows->bypass[i].host);
		free(rows->bypass[i].reason);
	}
	free(rows->bypass);
	globs_free(&rows->globs);
}

int
cmd_list(struct run *run)
{
	struct rows rows = {.run = run};
	struct pinstore_error error;
	int code = TOOL_EXIT_OK;

	if (!run_open_judging(run, false))
		return run->fault.exit;
	globs_new(run->operands, run->n_operands, &rows.globs);
	if (pinstore_walk_bypasses(run->store, visit_bypass, &rows, &error) !=
	            PINSTORE_OK ||
	    pinstore_walk(run->store, NULL, visit, &rows, &error) !=
	            PINSTORE_OK ||
	    pinstore_walk_system(run->store, NULL, visit, &rows, &error) !=
	            PINSTORE_OK) {
		rows_free(&rows);
		return run_fail(run, &error);
	}
	if (rows.n > 0)
		qsort_r(rows.row, rows.n, sizeof(*rows.row), compare,
		        &run->options);
	if (run->is_json)
		print_json(&rows, run->out);
	else
		print_table(&rows, run->out);
	if (rows.n == 0 && (option_given(&run->options, OPTION_EXPIRED) ||
	                    option_given(&run->options, OPTION_EXPIRING)))
		code = EXIT_NONE;
	rows_free(&rows);
	return code;
}
