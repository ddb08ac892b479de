/*
 * cmd_pin.c - pinstore pin HOST PIN|FILE...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "entry.h"
#include "keys.h"
#include "verb.h"

struct pins {
	struct pinstore_pin *pin;
	size_t n;
};

/* Equal pins count once. */
static void
add(struct pins *pins, const struct pinstore_pin *pin)
{
	size_t i;

	for (i = 0; i < pins->n; i++)
		if (tool_pin_equal(&pins->pin[i], pin))
			return;
	pins->pin = tool_grow(pins->pin, pins->n, sizeof(*pins->pin));
	pins->pin[pins->n++] = *pin;
}

/* The one key that file is about; of several keys none is taken unasked. */
static bool
add_file(struct run *run, const char *file, struct pins *pins)
{
	struct keys keys = {NULL, 0};
	bool is_good = keys_read(file, &keys, &run->fault);
	size_t i;

	for (i = 1; is_good && i < keys.n; i++) {
		if (tool_pin_equal(&keys.key[0].pin, &keys.key[i].pin))
			continue;
		tool_fault_usage(&run->fault, file,
		                 "choose among them: pinstore hash FILE",
		                 "holds several keys");
		is_good = false;
	}
	if (is_good)
		add(pins, &keys.key[0].pin);
	keys_free(&keys);
	return is_good;
}

static bool
add_operand(struct run *run, const char *operand, struct pins *pins)
{
	struct pinstore_pin pin;

	if (tool_pin_parse(operand, &pin)) {
		add(pins, &pin);
		return true;
	}
	if (strcmp(operand, "-") == 0 || access(operand, F_OK) == 0)
		return add_file(run, operand, pins);
	tool_fault_usage(&run->fault, operand,
	                 "write sha256//BASE64 (44 characters), or name a "
	                 "certificate, certificate request or key",
	                 tool_pin_is_meant(operand)
	                         ? "\"%s\" is no SHA-256 pin"
	                         : "\"%s\" is neither a pin nor a file",
	                 operand);
	return false;
}

static bool
check_note(struct run *run)
{
	const char *note = run->options.note;

	if (note == NULL)
		return true;
	if (strlen(note) <= PINSTORE_NOTE_MAX &&
	    tool_is_utf8(note, strlen(note)))
		return true;
	tool_fault_usage(&run->fault, "--note", "write it shorter, in UTF-8",
	                 "the note has more than %d octets, or is not UTF-8",
	                 PINSTORE_NOTE_MAX);
	return false;
}

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
write_rule(struct run *run, const char *host, const struct pins *pins)
{
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins->pin,
		.n_pins = pins->n,
		.include_subdomains = option_given(&run->options,
		                                   OPTION_INCLUDE_SUBDOMAINS),
		.mode = PINSTORE_ENFORCE,
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
check_rule(struct run *run, const struct pins *pins, const char *host)
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
	return check_note(run);
}

int
cmd_pin(struct run *run)
{
	struct pins pins = {NULL, 0};
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
		is_good = add_operand(run, run->operands[i], &pins);
	if (is_good && check_rule(run, &pins, name))
		code = write_rule(run, name, &pins);
	free(pins.pin);
	return code;
}
