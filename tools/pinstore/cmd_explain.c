/*
 * cmd_explain.c - pinstore explain HOST
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/json.h"
#include "common/table.h"
#include "common/when.h"
#include "entry.h"
#include "verb.h"

static json_t *
step_json(const struct pinstore_step *step)
{
	json_t *out = tool_json_object();

	tool_json_add(out, "layer",
	              tool_json_text(pinstore_layer_word(step->layer)));
	tool_json_add(out, "store",
	              tool_json_text(layer_store(step->layer)));
	tool_json_add(out, "name", tool_json_text(step->name));
	tool_json_add(out, "found", json_boolean(step->found));
	tool_json_add(out, "expired", json_boolean(step->expired));
	tool_json_add(out, "include_subdomains",
	              json_boolean(step->include_subdomains));
	tool_json_add(out, "applies", json_boolean(step->applies));
	tool_json_add(out, "reason",
	              tool_json_text(pinstore_reason_word(step->why)));
	return out;
}

/* Which pins of the entries that apply are revoked. */
static bool
tell_revoked(const struct run *run, const struct pinstore_result *result,
             json_t *array, struct pinstore_error *error)
{
	static const enum pinstore_layer layers[] = {
		PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};
	const struct pinstore_entry *entry;
	size_t i;

	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		entry = pinstore_result_entry(result, layers[i]);
		if (entry != NULL &&
		    !entry_revoked(run->store, entry, array, run->out, error))
			return false;
	}
	return true;
}

static bool
print_json(const struct run *run, const struct pinstore_result *result,
           const char *host, struct pinstore_error *error)
{
	json_t *revoked = tool_json_array();
	bool is_good = tell_revoked(run, result, revoked, error);
	int64_t at = run->options.now;
	FILE *out = run->out;
	struct pinstore_step step = {.size = sizeof(step)};
	json_t *all = tool_json_object(), *steps = tool_json_array();
	size_t i;

	for (i = 0; pinstore_result_step(result, i, &step); i++)
		tool_json_append(steps, step_json(&step));
	tool_json_add(all, "host", tool_json_text(host));
	tool_json_add(all, "at_epoch", tool_json_integer(at));
	tool_json_add(all, "steps", steps);
	tool_json_add(all, "applies", applies_json(result));
	tool_json_add(all, "bypass", bypass_of_json(result));
	tool_json_add(all, "revoked_pins", revoked);
	tool_json_write(all, out);
	fputc('\n', out);
	return is_good;
}

static bool
print_text(const struct run *run, const struct pinstore_result *result,
           const char *host, bool is_address, struct pinstore_error *error)
{
	FILE *out = run->out;
	static const char *const headings[] = {"NAME", "LAYER", "APPLIES",
	                                       "REASON", NULL};
	struct pinstore_step step = {.size = sizeof(step)};
	struct tool_table *table = tool_table_new(headings, run->is_colored);
	char at[TOOL_TIME_TEXT];
	const char *cells[4];
	size_t i;

	tool_time_print(run->options.now, at);
	fprintf(out, "%s at %s\n", host, at);
	for (i = 0; pinstore_result_step(result, i, &step); i++) {
		cells[0] = step.name;
		cells[1] = step.layer == PINSTORE_SYSTEM
		                   ? "system"
		                   : pinstore_layer_word(step.layer);
		cells[2] = step.applies ? "yes" : "no";
		cells[3] = pinstore_reason_word(step.why);
		tool_table_add(table, cells);
		if (step.applies)
			tool_table_tint(table, TOOL_TINT_GOOD);
	}
	tool_table_print(table, out);
	if (is_address)
		fprintf(out, "  %-10san address is never pinned\n", "applies");
	else
		applies_print(result, run->options.now, out);
	return tell_revoked(run, result, NULL, error);
}

int
cmd_explain(struct run *run)
{
	struct pinstore_result *result;
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	struct pinstore_error error;
	bool is_good;

	if (!run_host(run, run->operands[0], name, &kind))
		return EXIT_USAGE;
	if (!run_open_judging(run, false))
		return run->fault.exit;
	if (pinstore_lookup(run->store, name, run->options.now, &result,
	                    &error) != PINSTORE_OK)
		return run_fail(run, &error);
	if (run->is_json)
		is_good = print_json(run, result, name, &error);
	else
		is_good = print_text(run, result, name,
		                     kind == PINSTORE_HOST_ADDRESS, &error);
	pinstore_result_free(result);
	return is_good ? TOOL_EXIT_OK : run_fail(run, &error);
}
