/*
 * cmd_stats.c - pinstore stats
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "common/when.h"
#include "tally.h"
#include "verb.h"

/* ------------------------------------------------------------- for people */

static void
print_octets(const char *name, uint64_t octets, FILE *out)
{
	static const char *const units[] = {"octets", "KiB", "MiB", "GiB",
	                                    "TiB"};
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	double value = (double)octets;
	size_t i;

	for (i = 0; value >= 1024 && i < last; i++)
		value /= 1024;
	fprintf(out, "%-12s %.*f %s\n", name, i > 0 && value < 100 ? 1 : 0,
	        value, units[i]);
}

static void
print_text(const struct run *run, const struct tally *tally)
{
	const struct pinstore_usage *usage = &tally->usage;
	char violated[TOOL_TIME_TEXT] = "";
	FILE *out = run->out;
	size_t i;

	fprintf(out, "%-12s %" PRIu64 " of %" PRIu64 " names\n", "entries",
	        tally_total(tally), usage->names);
	for (i = 0; i < TALLY_SOURCES; i++)
		fprintf(out, "  %-10s %" PRIu64 " enforced, %" PRIu64
		             " watched\n",
		        tally_source_word((enum tally_source)i),
		        tally->entries[i][0], tally->entries[i][1]);
	fprintf(out, "  %-10s %" PRIu64 "\n", "subdomains", tally->covering);
	fprintf(out, "  %-10s %" PRIu64 ", and %" PRIu64 " more within 14d\n",
	        "expired", tally->expired, tally->expiring);
	fprintf(out, "%-12s %" PRIu64 " in force\n", "bypasses",
	        tally->bypasses);
	fprintf(out, "%-12s %" PRIu64 "\n", "revoked", tally->revoked);
	if (tally->violated != INT64_MIN)
		run_time(run, tally->violated, violated);
	fprintf(out, "%-12s %" PRIu64 " refused, %" PRIu64
	             " watched within 7d%s%s\n",
	        "violations", tally->violations[1], tally->violations[0],
	        *violated != '\0' ? "; the last " : "", violated);
	fprintf(out, "%-12s %" PRIu64 " waiting, %" PRIu64
	             " given up since ever\n",
	        "reports", tally->reports.waiting, tally->reports.dropped);
	print_octets("file", usage->file_octets, out);
	print_octets("used", usage->used_octets, out);
	print_octets("map", usage->map_octets, out);
	print_octets("limit", usage->limit_octets, out);
	fprintf(out, "%-12s %u of %u at most\n", "readers", usage->readers,
	        usage->readers_max);
	fprintf(out, "%-12s %" PRIu64 "\n", "commits", usage->commits);
}

/* ------------------------------------------------------------ for programs */

/*
 * A number of the store: its place in JSON, "group.member" or "member", and
 * what OpenMetrics calls it, with its labels.
 */
struct figure {
	const char *group; /* or NULL */
	const char *member;
	const char *metric; /* without "pinstore_" */
	const char *labels; /* or NULL */
	const char *help;   /* with the first figure of a metric; or NULL */
	uint64_t value;
};

#define FIGURES_MAX 32

struct figures {
	struct figure at[FIGURES_MAX];
	size_t n;
};

static void
add(struct figures *figures, const char *group, const char *member,
    const char *metric, const char *labels, const char *help, uint64_t value)
{
	struct figure *figure = &figures->at[figures->n++];

	figure->group = group;
	figure->member = member;
	figure->metric = metric;
	figure->labels = labels;
	figure->help = help;
	figure->value = value;
}

static void
add_entries(struct figures *figures, const struct tally *tally)
{
	static const struct {
		const char *member, *labels;
	} rows[TALLY_SOURCES][2] = {
		[TALLY_STATIC] = {
			{"static_enforce", "source=\"static\",mode=\"enforce\""},
			{"static_report", "source=\"static\",mode=\"report\""},
		},
		[TALLY_HEADER] = {
			{"header_enforce", "source=\"header\",mode=\"enforce\""},
			{"header_report", "source=\"header\",mode=\"report\""},
		},
		[TALLY_TOFU] = {
			{"tofu_enforce", "source=\"tofu\",mode=\"enforce\""},
			{"tofu_report", "source=\"tofu\",mode=\"report\""},
		},
	};
	const char *help = "Entries by source and mode, expired ones too.";
	size_t i, mode;

	for (i = 0; i < TALLY_SOURCES; i++) {
		for (mode = 0; mode < 2; mode++) {
			add(figures, "entries", rows[i][mode].member,
			    "entries", rows[i][mode].labels, help,
			    tally->entries[i][mode]);
			help = NULL;
		}
	}
}

static void
gather(const struct tally *tally, struct figures *out)
{
	const struct pinstore_usage *usage = &tally->usage;

	out->n = 0;
	add(out, NULL, "names", "names", NULL, "Host names with an entry.",
	    usage->names);
	add_entries(out, tally);
	add(out, NULL, "include_subdomains", "entries_include_subdomains",
	    NULL, "Entries that cover the names below too.", tally->covering);
	add(out, NULL, "expired", "entries_expired", NULL,
	    "Entries that have expired and are still stored.", tally->expired);
	add(out, NULL, "expiring", "entries_expiring", NULL,
	    "Entries that will have expired in 14 days.", tally->expiring);
	add(out, NULL, "single_pin", "entries_single_pin", NULL,
	    "Entries without a backup pin.", tally->single);
	add(out, NULL, "bypasses", "bypasses", NULL, "Bypasses in force.",
	    tally->bypasses);
	add(out, NULL, "revoked", "revoked_keys", NULL, "Keys revoked here.",
	    tally->revoked);
	add(out, "violations", "refused", "violations_recent",
	    "enforced=\"true\"",
	    "Connections within 7 days that an entry refused or would have.",
	    tally->violations[1]);
	add(out, "violations", "watched", "violations_recent",
	    "enforced=\"false\"", NULL, tally->violations[0]);
	add(out, "reports", "waiting", "reports_waiting", NULL,
	    "Failure reports to be sent.", tally->reports.waiting);
	add(out, "reports", "dropped", "reports_dropped", NULL,
	    "Failure reports given up since the store was made.",
	    tally->reports.dropped);
	add(out, NULL, "file_octets", "file_bytes", NULL,
	    "Size of the store's file, to the end of what is in use.",
	    usage->file_octets);
	add(out, NULL, "used_octets", "used_bytes", NULL,
	    "Of it, what is in use; the rest is free for new entries.",
	    usage->used_octets);
	add(out, NULL, "map_octets", "map_bytes", NULL,
	    "Size of the map of the file.", usage->map_octets);
	add(out, NULL, "limit_octets", "limit_bytes", NULL,
	    "Size to which the file may grow.", usage->limit_octets);
	add(out, NULL, "readers", "readers", NULL,
	    "Most readers at once since the store was last left alone.",
	    usage->readers);
	add(out, NULL, "readers_max", "readers_limit", NULL,
	    "Readers that there is room for.", usage->readers_max);
	add(out, NULL, "commits", "commits", NULL,
	    "Transactions written since the store was made.", usage->commits);
}

static void
print_json(const struct run *run, const struct tally *tally,
           const struct figures *figures)
{
	json_t *all = tool_json_object(), *inner = NULL;
	const struct figure *figure;
	const char *group = NULL;
	size_t i;

	for (i = 0; i < figures->n; i++) {
		figure = &figures->at[i];
		if (figure->group == NULL) {
			tool_json_add(all, figure->member,
			              tool_json_integer(
			                      (int64_t)figure->value));
			continue;
		}
		if (figure->group != group) {
			group = figure->group;
			inner = tool_json_object();
			tool_json_add(all, group, inner);
		}
		tool_json_add(inner, figure->member,
		              tool_json_integer((int64_t)figure->value));
	}
	tool_json_add_time(all, "last_violation",
	                   tally->violated != INT64_MIN ? tally->violated
	                                                : PINSTORE_NEVER);
	tool_json_write(all, run->out);
	fputc('\n', run->out);
}

/* Those that only grow, by the names that the format wants them to have. */
static bool
is_counter(const struct figure *figure)
{
	return strcmp(figure->metric, "reports_dropped") == 0 ||
	       strcmp(figure->metric, "commits") == 0;
}

static void
print_openmetrics(const struct run *run, const struct tally *tally,
                  const struct figures *figures)
{
	const struct figure *figure;
	FILE *out = run->out;
	size_t i;

	for (i = 0; i < figures->n; i++) {
		figure = &figures->at[i];
		if (figure->help != NULL)
			fprintf(out,
			        "# TYPE pinstore_%s %s\n# HELP pinstore_%s %s\n",
			        figure->metric,
			        is_counter(figure) ? "counter" : "gauge",
			        figure->metric, figure->help);
		fprintf(out, "pinstore_%s%s", figure->metric,
		        is_counter(figure) ? "_total" : "");
		if (figure->labels != NULL)
			fprintf(out, "{%s}", figure->labels);
		fprintf(out, " %" PRIu64 "\n", figure->value);
	}
	if (tally->violated != INT64_MIN)
		fprintf(out,
		        "# TYPE pinstore_last_violation_timestamp_seconds "
		        "gauge\n"
		        "# HELP pinstore_last_violation_timestamp_seconds "
		        "Time of the last violation.\n"
		        "pinstore_last_violation_timestamp_seconds %" PRId64
		        "\n", tally->violated);
	fputs("# EOF\n", out);
}

int
cmd_stats(struct run *run)
{
	bool is_openmetrics = option_given(&run->options, OPTION_OPENMETRICS);
	struct tool_progress progress;
	struct pinstore_error error;
	struct figures figures;
	struct tally tally;
	bool is_whole;

	if (is_openmetrics && run->is_json) {
		tool_fault_usage(&run->fault, "--openmetrics", NULL,
		                 "--openmetrics and --json exclude each other");
		return EXIT_USAGE;
	}
	if (!run_open(run, false))
		return run->fault.exit;
	run_progress(run, "stats", &progress);
	is_whole = tally_take(run->store, run->options.now, &tally, &error);
	run_progress_end(run, &progress);
	if (!is_whole)
		return run_fail(run, &error);
	gather(&tally, &figures);
	if (is_openmetrics)
		print_openmetrics(run, &tally, &figures);
	else if (run->is_json)
		print_json(run, &tally, &figures);
	else
		print_text(run, &tally);
	return TOOL_EXIT_OK;
}
