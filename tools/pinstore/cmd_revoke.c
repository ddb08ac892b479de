/*
 * cmd_revoke.c - pinstore revoke PIN|FILE... and unrevoke PIN|FILE...
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
#include "common/pin.h"
#include "common/table.h"
#include "common/when.h"
#include "pinlist.h"
#include "verb.h"

/* ------------------------------------------------------------------- --list */

struct listing {
	json_t *array;
	struct tool_table *table;
};

static int
visit(const struct pinstore_pin *pin, int64_t since, const char *note,
      void *arg)
{
	struct listing *listing = arg;
	char text[TOOL_PIN_TEXT], at[TOOL_TIME_TEXT];
	const char *cells[] = {text, at, note != NULL ? note : "-"};
	json_t *one;

	if (listing->array != NULL) {
		one = tool_json_object();
		tool_json_add(one, "pin", tool_json_pin(pin));
		tool_json_add_time(one, "revoked", since);
		tool_json_add(one, "note", tool_json_text(note));
		tool_json_append(listing->array, one);
		return 0;
	}
	tool_pin_print(pin, TOOL_PIN_CURL, text);
	tool_time_print(since, at);
	tool_table_add(listing->table, cells);
	return 0;
}

static int
list(struct run *run)
{
	static const char *const headings[] = {"PIN", "REVOKED", "NOTE", NULL};
	struct listing listing = {NULL, NULL};
	struct pinstore_error error;
	enum pinstore_status status;

	if (!run_open(run, false))
		return run->fault.exit;
	if (run->is_json)
		listing.array = tool_json_array();
	else
		listing.table = tool_table_new(headings, run->is_colored);
	status = pinstore_walk_revoked(run->store, visit, &listing, &error);
	if (run->is_json) {
		tool_json_write(listing.array, run->out);
		fputc('\n', run->out);
	} else {
		tool_table_print(listing.table, run->out);
	}
	return status == PINSTORE_OK ? TOOL_EXIT_OK : run_fail(run, &error);
}

/* ----------------------------------------------------------------- changing */

static bool
read_pins(struct run *run, struct pinlist *pins)
{
	bool is_good = true;
	size_t i;

	for (i = 0; i < run->n_operands && is_good; i++)
		is_good = pinlist_add_operand(pins, run->operands[i],
		                              &run->fault);
	return is_good;
}

static void
print(const struct run *run, const char *word, const struct pinlist *pins,
      size_t n)
{
	char text[TOOL_PIN_TEXT];
	json_t *all;
	size_t i;

	if (run->is_json) {
		all = tool_json_object();
		tool_json_add(all, word, tool_json_integer((int64_t)n));
		tool_json_add(all, "pins", tool_json_pins(pins->pin, pins->n));
		tool_json_write(all, run->out);
		fputc('\n', run->out);
		return;
	}
	for (i = 0; i < pins->n; i++) {
		tool_pin_print(&pins->pin[i], TOOL_PIN_CURL, text);
		fprintf(run->out, "%s %s\n", word, text);
	}
}

static int
revoke_all(struct run *run, const struct pinlist *pins)
{
	struct pinstore_error error;
	size_t i;

	if (!run_open(run, true))
		return run->fault.exit;
	for (i = 0; i < pins->n; i++)
		if (pinstore_revoke(run->store, &pins->pin[i],
		                    run->options.note, run->options.now,
		                    &error) != PINSTORE_OK)
			return run_fail(run, &error);
	print(run, "revoked", pins, pins->n);
	return TOOL_EXIT_OK;
}

int
cmd_revoke(struct run *run)
{
	bool is_list = option_given(&run->options, OPTION_LIST);
	struct pinlist pins = {NULL, 0};
	int code = EXIT_USAGE;
	char *question;

	if (is_list == (run->n_operands > 0)) {
		tool_fault_usage(&run->fault, "revoke",
		                 "name a pin or a file, or --list",
		                 is_list ? "--list takes no pins" : "which key?");
		return EXIT_USAGE;
	}
	if (is_list)
		return list(run);
	if (!run_note(run) || !read_pins(run, &pins)) {
		pinlist_free(&pins);
		return EXIT_USAGE;
	}
	question = tool_format("Refuse every connection with %s",
	                       pins.n == 1 ? "this key" : "these keys");
	if (run_agreed(run, question, "nothing was revoked"))
		code = revoke_all(run, &pins);
	free(question);
	pinlist_free(&pins);
	return code;
}

static int
unrevoke_all(struct run *run, const struct pinlist *pins)
{
	int code = TOOL_EXIT_OK;
	struct pinstore_error error;
	enum pinstore_status status;
	size_t i, n = 0;

	if (!run_open(run, true))
		return run->fault.exit;
	for (i = 0; i < pins->n; i++) {
		char text[TOOL_PIN_TEXT];

		status = pinstore_unrevoke(run->store, &pins->pin[i],
		                           run->options.now, &error);
		if (status == PINSTORE_ERR_NOTFOUND) {
			tool_pin_print(&pins->pin[i], TOOL_PIN_CURL, text);
			if (!run->is_json)
				tool_warn(PROGRAM, "%s is not revoked", text);
			code = EXIT_NONE;
			continue;
		}
		if (status != PINSTORE_OK)
			return run_fail(run, &error);
		n++;
	}
	if (n > 0 || run->is_json)
		print(run, "unrevoked", pins, n);
	return code;
}

int
cmd_unrevoke(struct run *run)
{
	struct pinlist pins = {NULL, 0};
	int code = EXIT_USAGE;

	if (read_pins(run, &pins))
		code = unrevoke_all(run, &pins);
	pinlist_free(&pins);
	return code;
}
