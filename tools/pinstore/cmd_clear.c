/*
 * cmd_clear.c - pinstore clear HOST... | --all | --since TIME
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/text.h"
#include "verb.h"

/* The count for --dry-run: the conditions of pinstore_clear(). */
struct count {
	const struct pinstore_filter *filter;
	size_t n;
};

static bool
is_below(const char *host, const char *above)
{
	size_t len = strlen(host), tail = strlen(above);

	return len > tail && host[len - tail - 1] == '.' &&
	       strcmp(host + len - tail, above) == 0;
}

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	const char *host = pinstore_entry_host(entry);
	struct count *count = arg;
	const struct pinstore_filter *filter = count->filter;

	if (filter->host != NULL && strcmp(filter->host, host) != 0 &&
	    (!filter->subdomains || !is_below(host, filter->host)))
		return 0;
	if (filter->sources != 0 &&
	    (filter->sources & (unsigned)pinstore_entry_source(entry)) == 0)
		return 0;
	if (pinstore_entry_noted(entry) >= filter->since)
		count->n++;
	return 0;
}

static enum pinstore_status
count_or_clear(struct run *run, const struct pinstore_filter *filter,
               size_t *n, struct pinstore_error *error)
{
	struct count count = {.filter = filter};
	enum pinstore_status status;

	if (!option_given(&run->options, OPTION_DRY_RUN))
		return pinstore_clear(run->store, filter, run->options.now, n,
		                      error);
	status = pinstore_walk(run->store, NULL, visit, &count, error);
	*n = count.n;
	return status;
}

/* With --all, and --since alone, the operator's own entries are spared. */
static unsigned
sources(const struct run *run)
{
	if (run->options.sources == SOURCE_ALL)
		return 0;
	if (run->options.sources != 0 || run->n_operands > 0)
		return run->options.sources;
	return (unsigned)PINSTORE_HEADER | (unsigned)PINSTORE_TOFU;
}

/* Ask on a terminal.  False: no, or there is nobody to ask. */
static bool
is_agreed(struct run *run)
{
	char *question, *longer;
	bool is_yes;
	size_t i;

	if (option_given(&run->options, OPTION_DRY_RUN))
		return true;
	question = tool_format("Remove the pins of %s",
	                       run->n_operands > 0 ? ""
	                       : run->options.since == INT64_MIN
	                               ? "every host"
	                               : "every host noted since then");
	for (i = 0; i < run->n_operands; i++) {
		longer = tool_format("%s%s%s", question, i > 0 ? ", " : "",
		                     run->operands[i]);
		free(question);
		question = longer;
	}
	is_yes = run_agreed(run, question, "nothing was removed");
	free(question);
	return is_yes;
}

static void
print(const struct run *run, size_t removed)
{
	bool is_dry = option_given(&run->options, OPTION_DRY_RUN);
	json_t *all;

	if (run->is_json) {
		all = tool_json_object();
		tool_json_add(all, "removed",
		              tool_json_integer((int64_t)removed));
		tool_json_write(all, run->out);
		fputc('\n', run->out);
		return;
	}
	fprintf(run->out, "%s %zu %s\n", is_dry ? "would remove" : "removed",
	        removed, removed == 1 ? "entry" : "entries");
	if (removed > 0 && !is_dry)
		fputs("The next visit is a first visit: any certificate that "
		      "validates will pass,\nand what its header says is "
		      "believed, unless another entry applies.\n", stderr);
}

/* How many of the operands there are up to the last that is a name. */
static size_t
up_to_name(struct run *run)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	size_t n = run->n_operands;

	while (n > 0 && run_host(run, run->operands[n - 1], name, &kind) &&
	       kind != PINSTORE_HOST_NAME)
		n--;
	return n;
}

/*
 * Each host on its own: one without an entry does not spare the others.  With
 * the last one the file is rid of them all.
 */
static int
clear_hosts(struct run *run, const struct pinstore_filter *filter)
{
	char name[PINSTORE_HOST_MAX + 1];
	struct pinstore_filter one = *filter;
	enum pinstore_host_kind kind;
	struct pinstore_error error;
	size_t i, n, removed = 0, last = up_to_name(run);
	int code = TOOL_EXIT_OK;

	for (i = 0; i < run->n_operands; i++) {
		if (!run_host(run, run->operands[i], name, &kind))
			return EXIT_USAGE;
		n = 0;
		one.host = name;
		one.keep_octets = i + 1 < last;
		if (kind == PINSTORE_HOST_NAME &&
		    count_or_clear(run, &one, &n, &error) != PINSTORE_OK)
			return run_fail(run, &error);
		if (n == 0)
			code = EXIT_NONE;
		if (n == 0 && !run->is_json)
			tool_warn(PROGRAM, "%s has no such entry", name);
		removed += n;
	}
	print(run, removed);
	return code;
}

static bool
check_arguments(struct run *run)
{
	bool is_all = option_given(&run->options, OPTION_ALL);
	bool has_since = option_given(&run->options, OPTION_SINCE);

	if (run->n_operands == 0 && !is_all && !has_since) {
		tool_fault_usage(&run->fault, "clear",
		                 "name hosts, or --all, or --since TIME",
		                 "which entries?");
		return false;
	}
	if (run->n_operands > 0 && is_all) {
		tool_fault_usage(&run->fault, "--all", NULL,
		                 "--all and host names exclude each other");
		return false;
	}
	if (run->n_operands == 0 &&
	    option_given(&run->options, OPTION_SUBDOMAINS)) {
		tool_fault_usage(&run->fault, "--subdomains", NULL,
		                 "--subdomains needs a host name");
		return false;
	}
	return run_hosts(run);
}

int
cmd_clear(struct run *run)
{
	struct pinstore_filter filter = {
		.size = sizeof(filter),
		.subdomains = option_given(&run->options, OPTION_SUBDOMAINS),
		.since = run->options.since,
	};
	struct pinstore_error error;
	size_t removed;

	if (!check_arguments(run) || !is_agreed(run))
		return EXIT_USAGE;
	filter.sources = sources(run);
	if (!run_open(run, !option_given(&run->options, OPTION_DRY_RUN)))
		return run->fault.exit;
	if (run->n_operands > 0)
		return clear_hosts(run, &filter);
	if (count_or_clear(run, &filter, &removed, &error) != PINSTORE_OK)
		return run_fail(run, &error);
	print(run, removed);
	return TOOL_EXIT_OK;
}
