/*
 * cmd_pin.c - pinstore pin HOST PIN|FILE...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "entry.h"
#include "live.h"
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

/* Each key of the validated path, leaf first; the leaf's is pinned. */
static char *
show_chain(const struct pinstore_chain *chain, const char *host)
{
	char text[TOOL_PIN_TEXT];
	size_t i, n = pinstore_chain_length(chain);

	fprintf(stderr, "%s has a valid certificate; the keys of its path are\n",
	        host);
	for (i = 0; i < n; i++) {
		const struct pinstore_pin *pin = pinstore_chain_pin(chain, i);

		(void)snprintf(text, sizeof(text), "%s", "(has no pin)");
		if (pin != NULL)
			tool_pin_print(pin, TOOL_PIN_CURL, text);
		fprintf(stderr, "  %s  %s\n", text,
		        i == 0       ? "leaf"
		        : i == n - 1 ? "root"
		                     : "intermediate");
	}
	return tool_format("Pin %s to the leaf's key", host);
}

/* What ssh-keyscan does for known_hosts, but for a host that is verified. */
static bool
add_live(struct run *run, const char *host, struct pinlist *pins)
{
	const struct pinstore_pin *leaf;
	struct pinstore_chain *chain;
	char *question;
	bool is_good;

	if (!live_chain(&run->options, host, &chain, &run->fault))
		return false;
	leaf = pinstore_chain_pin(chain, 0);
	question = show_chain(chain, host);
	if (leaf == NULL)
		tool_fault_set(&run->fault, EXIT_NETWORK, "chain", host, NULL,
		               "the leaf's key has no pin");
	is_good = leaf != NULL &&
	          run_agreed(run, question, "nothing was pinned");
	if (is_good)
		pinlist_add(pins, leaf);
	free(question);
	pinstore_chain_free(chain);
	return is_good;
}

static bool
check_live(struct run *run)
{
	const uint64_t ways = OPTION_BIT(OPTION_CACERT) |
	                      OPTION_BIT(OPTION_RESOLVE) |
	                      OPTION_BIT(OPTION_CONNECT_TO) |
	                      OPTION_BIT(OPTION_YES);

	if (option_given(&run->options, OPTION_FROM_HOST))
		return true;
	if (run->n_operands < 2) {
		tool_fault_usage(&run->fault, "pin",
		                 "name a pin or a file, or --from-host",
		                 "too few arguments: which keys?");
		return false;
	}
	if ((run->options.given & ways) == 0)
		return true;
	tool_fault_usage(&run->fault, "pin", NULL,
	                 "--cacert, --resolve, --connect-to and --yes belong "
	                 "to --from-host");
	return false;
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

	if (!check_live(run) ||
	    !run_host(run, run->operands[0], name, &kind))
		return EXIT_USAGE;
	if (kind == PINSTORE_HOST_ADDRESS) {
		tool_fault_usage(&run->fault, name, "pin the host by its name",
		                 "an address cannot be pinned");
		return EXIT_USAGE;
	}
	if (option_given(&run->options, OPTION_FROM_HOST))
		is_good = add_live(run, name, &pins);
	for (i = 1; i < run->n_operands && is_good; i++)
		is_good = pinlist_add_operand(&pins, run->operands[i],
		                              &run->fault);
	if (is_good && check_rule(run, &pins, name))
		code = write_rule(run, name, &pins);
	pinlist_free(&pins);
	return run->fault.exit != 0 ? run->fault.exit : code;
}
