/*
 * cmd_show.c - pinstore show HOST...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/json.h"
#include "entry.h"
#include "verb.h"

static const enum pinstore_layer layers[] = {
	PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

/* The entries of that very name; the caller frees them. */
static enum pinstore_status
get_entries(struct run *run, const char *host,
            struct pinstore_entry *entries[N_LAYERS], size_t *n,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	size_t i;

	*n = 0;
	for (i = 0; i < N_LAYERS; i++) {
		status = pinstore_show(run->store, host, layers[i],
		                       &entries[*n], error);
		if (status == PINSTORE_OK)
			++*n;
		else if (status != PINSTORE_ERR_NOTFOUND)
			return status;
	}
	return PINSTORE_OK;
}

static bool
print_json(const struct run *run, const char *host,
           struct pinstore_entry *entries[N_LAYERS], size_t n,
           const struct pinstore_result *result, struct pinstore_error *error)
{
	json_t *all = tool_json_object(), *array = tool_json_array();
	json_t *revoked = tool_json_array();
	FILE *out = run->out;
	bool is_good = true;
	size_t i;

	for (i = 0; i < n && is_good; i++) {
		tool_json_append(array, entry_json(entries[i],
		                                   run->options.now));
		is_good = entry_revoked(run->store, entries[i], revoked, NULL,
		                        error);
	}
	tool_json_add(all, "host", tool_json_text(host));
	tool_json_add(all, "entries", array);
	tool_json_add(all, "applies", applies_json(result));
	tool_json_add(all, "bypass", bypass_of_json(result));
	tool_json_add(all, "revoked_pins", revoked);
	tool_json_write(all, out);
	fputc('\n', out);
	return is_good;
}

static bool
print_text(const struct run *run, const char *host,
           struct pinstore_entry *entries[N_LAYERS], size_t n,
           const struct pinstore_result *result, struct pinstore_error *error)
{
	FILE *out = run->out;
	bool is_good = true;
	size_t i;

	for (i = 0; i < n && is_good; i++) {
		entry_print(entries[i], run->options.now, out);
		is_good = entry_revoked(run->store, entries[i], NULL, out,
		                        error);
	}
	if (n == 0)
		fprintf(out, "%s\n  %-10sno entry of its own\n", host,
		        "layer");
	applies_print(result, run->options.now, out);
	return is_good;
}

static int
show_host(struct run *run, const char *operand)
{
	struct pinstore_entry *entries[N_LAYERS] = {NULL};
	struct pinstore_result *result = NULL;
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	struct pinstore_error error;
	enum pinstore_status status = PINSTORE_OK;
	size_t i, n = 0;
	int code;

	if (!run_host(run, operand, name, &kind))
		return EXIT_USAGE;
	/* There are no entries for addresses. */
	if (kind == PINSTORE_HOST_NAME)
		status = get_entries(run, name, entries, &n, &error);
	if (status == PINSTORE_OK)
		status = pinstore_lookup(run->store, name, run->options.now,
		                         &result, &error);
	code = n > 0 ? TOOL_EXIT_OK : EXIT_NONE;
	if (status != PINSTORE_OK ||
	    !(run->is_json ? print_json : print_text)(run, name, entries, n,
	                                              result, &error))
		code = run_fail(run, &error);
	pinstore_result_free(result);
	for (i = 0; i < n; i++)
		pinstore_entry_free(entries[i]);
	return code;
}

int
cmd_show(struct run *run)
{
	int code = TOOL_EXIT_OK;
	size_t i;

	if (!run_hosts(run))
		return EXIT_USAGE;
	if (!run_open_judging(run, false))
		return run->fault.exit;
	for (i = 0; i < run->n_operands; i++) {
		code = exit_worse(code, show_host(run, run->operands[i]));
		if (run->fault.exit != 0)
			break;
	}
	return code;
}
