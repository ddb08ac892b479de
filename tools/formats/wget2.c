/*
 * wget2.c - libwget's HPKP file: a line of a host, then one of each pin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	# HPKP 1.0 file
 *	example.test 1 1795326354 5000
 *	*sha256 AgICAg...=
 */
#include <config.h>

#include "formats/format.h"

#include <inttypes.h>
#include <string.h>

#include "common/memory.h"
#include "common/pin.h"

/* What never ends, ends then: 68 years, which fits everybody's integers. */
#define LONGEST INT32_MAX

static void
finish(struct intake *intake)
{
	struct wget2_state *state = intake->wget2;
	struct pinstore_import_item item;
	int64_t life;

	if (state == NULL || !state->is_open)
		return;
	state->is_open = false;
	if (state->is_bad)
		return;
	life = state->max_age;
	if (intake->max_age_cap > 0 && life > intake->max_age_cap)
		life = intake->max_age_cap;
	intake_item(intake, state->line, state->host, state->pin,
	            state->n_pins, &item);
	item.source = PINSTORE_HEADER;
	item.include_subdomains = state->include_subdomains;
	item.noted = state->created;
	item.max_age_sent = state->max_age;
	item.expires = state->created > PINSTORE_NEVER - life
	                       ? PINSTORE_NEVER
	                       : state->created + life;
	intake_add(intake, &item);
}

void
wget2_end(struct intake *intake)
{
	finish(intake);
}

static void
begin(struct intake *intake, char *text, uint64_t number)
{
	char *host = intake_word(&text), *flag = intake_word(&text);
	char *created = intake_word(&text), *max_age = intake_word(&text);
	struct wget2_state *state = intake->wget2;

	/* Pins that follow a bad line are of nobody. */
	state->is_open = true;
	state->is_bad = true;
	state->line = number;
	state->n_pins = 0;
	if (max_age == NULL || intake_word(&text) != NULL ||
	    (strcmp(flag, "0") != 0 && strcmp(flag, "1") != 0)) {
		intake_skip(intake, number, SKIP_MALFORMED);
		return;
	}
	if (!intake_number(created, &state->created) ||
	    !intake_number(max_age, &state->max_age)) {
		intake_skip(intake, number, SKIP_TIME);
		return;
	}
	state->is_bad = false;
	state->include_subdomains = flag[0] == '1';
	memcpy(state->host, host, strlen(host) + 1);
}

static void
bad_pin(struct intake *intake, uint64_t number, enum skip why)
{
	intake_skip(intake, number, why);
	intake->wget2->is_bad = true;
}

static void
add_pin(struct intake *intake, char *text, uint64_t number)
{
	char *kind = intake_word(&text), *pin = intake_word(&text);
	struct wget2_state *state = intake->wget2;
	struct pinstore_pin value;
	size_t i;

	if (!state->is_open) {
		intake_skip(intake, number, SKIP_MALFORMED);
		return;
	}
	if (state->is_bad)
		return;
	if (pin == NULL || intake_word(&text) != NULL) {
		bad_pin(intake, number, SKIP_MALFORMED);
		return;
	}
	/* As in a header: those that nobody knows say nothing. */
	if (strcmp(kind, "sha256") != 0)
		return;
	if (!tool_pin_parse(pin, &value)) {
		bad_pin(intake, number, SKIP_PIN);
		return;
	}
	for (i = 0; i < state->n_pins; i++)
		if (tool_pin_equal(&state->pin[i], &value))
			return;
	if (state->n_pins == PINSTORE_PINS_MAX) {
		bad_pin(intake, number, SKIP_LIMIT);
		return;
	}
	state->pin[state->n_pins++] = value;
}

void
wget2_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	(void)len;
	text += strspn(text, " \t");
	if (*text == '\0' || *text == '#')
		return;
	if (intake->wget2 == NULL)
		intake->wget2 = tool_alloc(1, sizeof(*intake->wget2));
	if (*text == '*') {
		add_pin(intake, text + 1, number);
		return;
	}
	finish(intake);
	begin(intake, text, number);
}

/* ------------------------------------------------------------------ writing */

void
wget2_head(struct output *output)
{
	fputs("# HPKP 1.0 file\n"
	      "#<hostname> <incl. subdomains> <created> <max-age>\n\n",
	      output->out);
}

void
wget2_entry(struct output *output, const struct pinstore_entry *entry)
{
	int64_t created = pinstore_entry_noted(entry), max_age;
	int64_t expires = pinstore_entry_expires(entry);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	if (created < 0)
		created = 0;
	max_age = expires > created && expires - created < LONGEST
	                  ? expires - created
	                  : LONGEST;
	fprintf(output->out, "%s %d %" PRId64 " %" PRId64 "\n",
	        pinstore_entry_host(entry),
	        pinstore_entry_include_subdomains(entry), created, max_age);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_BARE, text);
		fprintf(output->out, "*sha256 %s\n", text);
	}
}
