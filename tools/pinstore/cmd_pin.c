/*
 * cmd_pin.c - pinstore pin HOST PIN|FILE...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/json.h"
#include "entry.h"
#include "pinlist.h"
#include "verb.h"

static int
tell(struct run *run, const char *host)
{
	struct pinstore_entry *entry;
	struct pinstore_error error;

	if (pinstore_show(run->store, host, PINSTORE_CONFIGURED, &entry,
	                  &error) != PINSTORE_OK)
		return run_fail(run, &error);
	if (run->is_json) {
		tool_json_write(entry_json(entry, run->options.now), run->out);
		fputc('\n', run->out);
	} else {
		entry_print(entry, run->options.now, run->out);
	}
	pinstore_entry_free(entry);
	return TOOL_EXIT_OK;
}

static int
write_rule(struct run *run, const char *host, const struct pinlist *pins)
{
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins->pin,
		.n_pins = pins->n,
		.include_subdomains = option_given(&run->options,
		                                   OPTION_INCLUDE_SUBDOMAINS),
		.mode = run->options.mode,
		.expires = run->options.expires,
		.note = run->options.note,
		.no_backup = option_given(&run->options, OPTION_NO_BACKUP),
	};
	struct pinstore_error error;

	if (!run_open(run, true))
		return run->fault.exit;
	if (pinstore_pin(run->store, &rule, run->options.now, &error) !=
	    PINSTORE_OK)
		return run_fail(run, &error);
	return tell(run, host);
}

/* What would be refused is refused before a store comes to be. */
static bool
check_rule(struct run *run, const struct pinlist *pins, const char *host)
{
	if (pins->n == 1 && !option_given(&run->options, OPTION_NO_BACKUP)) {
		tool_fault_usage(&run->fault, host,
		                 "add the pin of a backup key that is kept "
		                 "elsewhere, or say --no-backup",
		                 "a single pin locks everybody out when its "
		                 "key is lost");
		return false;
	}
	if (pins->n > PINSTORE_PINS_MAX) {
		tool_fault_usage(&run->fault, host, NULL, "more than %d pins",
		                 PINSTORE_PINS_MAX);
		return false;
	}
	if (run->options.expires < run->options.now) {
		tool_fault_usage(&run->fault, "--expires", NULL,
		                 "the time of expiry has passed");
		return false;
	}
	return run_note(run);
}

int
cmd_pin(struct run *run)
{
	struct pinlist pins = {NULL, 0};
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	bool is_good = true;
	int code = EXIT_USAGE;
	size_t i;

	if (!run_host(run, run->operands[0], name, &kind))
		return EXIT_USAGE;
	if (kind == PINSTORE_HOST_ADDRESS) {
		tool_fault_usage(&run->fault, name, "pin the host by its name",
		                 "an address cannot be pinned");
		return EXIT_USAGE;
	}
	for (i = 1; i < run->n_operands && is_good; i++)
		is_good = pinlist_add_operand(&pins, run->operands[i],
		                              &run->fault);
	if (is_good && check_rule(run, &pins, name))
		code = write_rule(run, name, &pins);
	pinlist_free(&pins);
	return code;
}
