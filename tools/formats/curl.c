/*
 * curl.c - lines of a host and the argument of curl's --pinnedpubkey.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	example.test sha256//...;sha256//...
 */
#include <config.h>

#include "formats/format.h"

#include <string.h>

#include "common/pin.h"

#define PREFIX "sha256//"

static bool
take_pins(char *text, struct pinstore_pin *pins, size_t *n, enum skip *why)
{
	struct pinstore_pin pin;
	char *next;
	size_t i;

	for (*n = 0; text != NULL; text = next) {
		next = strchr(text, ';');
		if (next != NULL)
			*next++ = '\0';
		*why = SKIP_PIN;
		if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 ||
		    !tool_pin_parse(text, &pin))
			return false;
		for (i = 0; i < *n; i++)
			if (tool_pin_equal(&pins[i], &pin))
				break;
		*why = SKIP_LIMIT;
		if (i == PINSTORE_PINS_MAX)
			return false;
		pins[i] = pin;
		if (i == *n)
			++*n;
	}
	return true;
}

void
curl_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	struct pinstore_pin pins[PINSTORE_PINS_MAX];
	struct pinstore_import_item item;
	char *host, *value;
	enum skip why = SKIP_MALFORMED;
	size_t n;

	(void)len;
	host = intake_word(&text);
	if (host == NULL || host[0] == '#')
		return;
	value = intake_word(&text);
	if (value == NULL || intake_word(&text) != NULL ||
	    !take_pins(value, pins, &n, &why)) {
		intake_skip(intake, number, why);
		return;
	}
	intake_item(intake, number, host, pins, n, &item);
	intake_add(intake, &item);
}

void
curl_entry(struct output *output, const struct pinstore_entry *entry)
{
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	fputs(pinstore_entry_host(entry), output->out);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fprintf(output->out, "%c%s", i == 0 ? ' ' : ';', text);
	}
	fputc('\n', output->out);
}
