/*
 * cmd_report.c - pinstore report list|show|send|drop
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/table.h"
#include "common/text.h"
#include "common/when.h"
#include "report.h"
#include "verb.h"

/* What a visit needs; one of them. */
struct reading {
	struct run *run;
	struct tool_table *table;
	const uint64_t *ids; /* of show; NULL = all */
	size_t n_ids;
	size_t n; /* that were visited */
};

uint64_t
report_number(const char *text)
{
	int64_t number;

	if (!tool_parse_number(text, strlen(text), INT64_MAX, &number))
		return 0;
	return (uint64_t)number;
}

static const char *
kind_word(const struct pinstore_report *report)
{
	switch (pinstore_report_kind(report)) {
	case PINSTORE_PKP:
		return "pkp";
	case PINSTORE_PKP_RO:
		break;
	}
	return "pkp-ro";
}

json_t *
report_json(const struct pinstore_report *report)
{
	json_t *object = tool_json_object();
	size_t len;

	(void)pinstore_report_body(report, &len);
	tool_json_add(object, "id",
	              tool_json_integer((int64_t)pinstore_report_id(report)));
	tool_json_add(object, "kind", tool_json_text(kind_word(report)));
	tool_json_add(object, "host",
	              tool_json_text(pinstore_report_host(report)));
	tool_json_add(object, "port",
	              tool_json_integer(pinstore_report_port(report)));
	tool_json_add(object, "private",
	              json_boolean(pinstore_report_peer_is_private(report)));
	tool_json_add(object, "uri",
	              tool_json_text(pinstore_report_uri(report)));
	tool_json_add_time(object, "created", pinstore_report_created(report));
	tool_json_add_time(object, "expires", pinstore_report_expires(report));
	tool_json_add(object, "attempts",
	              tool_json_integer(pinstore_report_attempts(report)));
	tool_json_add_time(object, "next", pinstore_report_next(report));
	tool_json_add(object, "octets", tool_json_integer((int64_t)len));
	return object;
}

/* ------------------------------------------------------------------- list */

static int
visit_list(const struct pinstore_report *report, void *arg)
{
	struct reading *reading = arg;
	char id[24], tries[24], created[TOOL_TIME_TEXT], next[TOOL_TIME_TEXT];
	const char *cells[7];
	int64_t now = reading->run->options.now;

	reading->n++;
	if (reading->run->is_json) {
		tool_json_write(report_json(report), reading->run->out);
		fputc('\n', reading->run->out);
		return 0;
	}
	(void)snprintf(id, sizeof(id), "%" PRIu64, pinstore_report_id(report));
	(void)snprintf(tries, sizeof(tries), "%u",
	               pinstore_report_attempts(report));
	run_time(reading->run, pinstore_report_created(report), created);
	run_time(reading->run, pinstore_report_next(report), next);
	cells[0] = id;
	cells[1] = pinstore_report_host(report);
	cells[2] = kind_word(report);
	cells[3] = created;
	cells[4] = tries;
	cells[5] = pinstore_report_next(report) <= now ? "now" : next;
	cells[6] = pinstore_report_uri(report);
	tool_table_add(reading->table, cells);
	return 0;
}

static bool
print_totals(struct run *run, struct pinstore_error *error)
{
	struct pinstore_report_totals totals = {.size = sizeof(totals)};

	if (pinstore_report_count(run->store, &totals, error) != PINSTORE_OK)
		return false;
	if (totals.waiting > 0 || totals.dropped > 0)
		fprintf(run->out,
		        "%" PRIu64 " waiting, %" PRIu64 " octets; %" PRIu64
		        " given up since ever\n",
		        totals.waiting, totals.octets, totals.dropped);
	return true;
}

static int
list(struct run *run)
{
	static const char *const headings[] = {"ID",    "HOST", "KIND", "SEEN",
	                                       "TRIES", "NEXT", "URI",  NULL};
	struct reading reading = {.run = run};
	struct pinstore_error error;
	bool is_good;

	if (!run_open(run, false))
		return run->fault.exit;
	reading.table = tool_table_new(headings, run->is_colored);
	is_good = pinstore_walk_reports(run->store, visit_list, &reading,
	                                &error) == PINSTORE_OK;
	tool_table_print(reading.table, run->out);
	if (!is_good || (!run->is_json && !print_totals(run, &error)))
		return run_fail(run, &error);
	return TOOL_EXIT_OK;
}

/* ------------------------------------------------------------------- show */

static bool
is_wanted(const struct reading *reading, uint64_t id)
{
	size_t i;

	for (i = 0; i < reading->n_ids; i++)
		if (reading->ids[i] == id)
			return true;
	return reading->n_ids == 0;
}

static void
print_report(const struct pinstore_report *report, const struct run *run)
{
	FILE *out = run->out;
	char when[TOOL_TIME_TEXT];
	const char *body;
	size_t len;

	body = pinstore_report_body(report, &len);
	fprintf(out, "report %" PRIu64 "\n  about     ",
	        pinstore_report_id(report));
	tool_put_escaped(pinstore_report_host(report), out);
	fprintf(out, ":%u, %s\n", (unsigned)pinstore_report_port(report),
	        kind_word(report));
	tool_time_print(pinstore_report_created(report), when);
	fprintf(out, "  seen      %s\n", when);
	run_time(run, pinstore_report_next(report), when);
	fprintf(out, "  tries     %u, next %s\n",
	        pinstore_report_attempts(report),
	        pinstore_report_next(report) <= run->options.now ? "now"
	                                                         : when);
	fputs("  POST      ", out);
	tool_put_escaped(pinstore_report_uri(report), out);
	fprintf(out,
	        "\n  content   application/json; charset=utf-8, %zu octets:\n",
	        len);
	/* ASCII, in which JSON leaves no control character. */
	(void)fwrite(body, 1, len, out);
	fputc('\n', out);
}

static int
visit_show(const struct pinstore_report *report, void *arg)
{
	struct reading *reading = arg;
	struct run *run = reading->run;
	const char *body;
	json_t *object;
	size_t len;

	if (!is_wanted(reading, pinstore_report_id(report)))
		return 0;
	reading->n++;
	if (!run->is_json) {
		print_report(report, run);
		return 0;
	}
	body = pinstore_report_body(report, &len);
	object = report_json(report);
	tool_json_add(object, "body",
	              json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL));
	tool_json_write(object, run->out);
	fputc('\n', run->out);
	return 0;
}

/* Operands first to last as numbers.  NULL: run->fault.  Owner: the caller. */
static uint64_t *
numbers(struct run *run, size_t first)
{
	uint64_t *ids = tool_alloc(run->n_operands, sizeof(*ids));
	size_t i;

	for (i = first; i < run->n_operands; i++) {
		ids[i - first] = report_number(run->operands[i]);
		if (ids[i - first] > 0)
			continue;
		tool_fault_usage(&run->fault, run->operands[i],
		                 "pinstore report list prints the numbers",
		                 "\"%s\" is no number of a report",
		                 run->operands[i]);
		free(ids);
		return NULL;
	}
	return ids;
}

static int
show(struct run *run)
{
	struct reading reading = {.run = run};
	uint64_t *ids = numbers(run, 1);
	struct pinstore_error error;
	int code;

	if (ids == NULL)
		return EXIT_USAGE;
	reading.ids = ids;
	reading.n_ids = run->n_operands - 1;
	if (!run_open(run, false))
		code = run->fault.exit;
	else if (pinstore_walk_reports(run->store, visit_show, &reading,
	                               &error) != PINSTORE_OK)
		code = run_fail(run, &error);
	else
		code = reading.n < reading.n_ids ? EXIT_NONE : TOOL_EXIT_OK;
	if (code == EXIT_NONE && !run->is_json)
		tool_warn(PROGRAM, "%s",
		          reading.n_ids == 1 ? "there is no such report"
		                             : "not all of these reports "
		                               "are there");
	free(ids);
	return code;
}

/* ------------------------------------------------------------------- drop */

/* One operand: a number, or the host of the connections that failed. */
static enum pinstore_status
drop_one(struct run *run, const char *operand, size_t *dropped,
         struct pinstore_error *error)
{
	uint64_t id = report_number(operand);

	return pinstore_drop_reports(run->store, id, id > 0 ? NULL : operand,
	                             run->options.now, dropped, error);
}

static bool
check_drop(struct run *run)
{
	bool is_all = option_given(&run->options, OPTION_ALL);
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	size_t i;

	if (is_all == (run->n_operands > 1)) {
		tool_fault_usage(&run->fault, "drop", "a number, a host, or "
		                 "--all", is_all ? "--all drops all of them"
		                                 : "which reports?");
		return false;
	}
	for (i = 1; i < run->n_operands; i++)
		if (report_number(run->operands[i]) == 0 &&
		    !run_host(run, run->operands[i], name, &kind))
			return false;
	return true;
}

static int
drop(struct run *run)
{
	enum pinstore_status status = PINSTORE_OK;
	struct pinstore_error error;
	size_t i, n, dropped = 0;

	if (!check_drop(run))
		return EXIT_USAGE;
	if (!run_open(run, true))
		return run->fault.exit;
	if (option_given(&run->options, OPTION_ALL))
		status = pinstore_drop_reports(run->store, 0, NULL,
		                               run->options.now, &dropped,
		                               &error);
	for (i = 1; i < run->n_operands && status == PINSTORE_OK; i++) {
		status = drop_one(run, run->operands[i], &n, &error);
		dropped += n;
	}
	if (status != PINSTORE_OK)
		return run_fail(run, &error);
	if (run->is_json) {
		json_t *all = tool_json_object();

		tool_json_add(all, "dropped",
		              tool_json_integer((int64_t)dropped));
		tool_json_write(all, run->out);
		fputc('\n', run->out);
	} else {
		fprintf(run->out, "dropped %zu %s\n", dropped,
		        dropped == 1 ? "report" : "reports");
	}
	return dropped > 0 || option_given(&run->options, OPTION_ALL)
	               ? TOOL_EXIT_OK
	               : EXIT_NONE;
}

/* ----------------------------------------------------------------- actions */

#define OF_SEND                                                            \
	(OPTION_BIT(OPTION_CACERT) | OPTION_BIT(OPTION_CONNECT_TO) |          \
	 OPTION_BIT(OPTION_HSTS) | OPTION_BIT(OPTION_RESOLVE))
#define OF_TELLING OPTION_BIT(OPTION_TIME)
#define OF_ALL OPTION_BIT(OPTION_ALL)

static const struct {
	const char *name;
	verb_fn *work;
	uint64_t options; /* beside --store */
	size_t most;      /* operands, with the name */
} actions[] = {
	{"list", list, OF_TELLING, 1},
	{"show", show, OF_TELLING, SIZE_MAX},
	{"send", report_send, OF_SEND | OF_ALL, SIZE_MAX},
	{"drop", drop, OF_ALL, SIZE_MAX},
};

int
cmd_report(struct run *run)
{
	const char *name = run->operands[0];
	uint64_t allowed = OPTION_BIT(OPTION_STORE);
	char *words;
	bool is_good;
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		words = tool_format("report %s", name);
		is_good = options_check(&run->options,
		                        allowed | actions[i].options, words,
		                        &run->fault);
		free(words);
		if (!is_good)
			return EXIT_USAGE;
		if (run->n_operands <= actions[i].most)
			return actions[i].work(run);
		tool_fault_usage(&run->fault, run->operands[1], NULL,
		                 "report %s takes no argument", name);
		return EXIT_USAGE;
	}
	tool_fault_usage(&run->fault, name, "list, show, send or drop",
	                 "report has no action \"%s\"", name);
	return EXIT_USAGE;
}
