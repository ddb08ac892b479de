/*
 * ours_json.c - our own format for scripts: a JSON object for each entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/format.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "common/json.h"
#include "common/pin.h"
#include "common/when.h"

/* ------------------------------------------------------------------ reading */

static bool
is_absent(const json_t *value)
{
	return value == NULL || json_is_null(value);
}

/* A member that is a string, which has no NUL, or absent; *out is NULL then. */
static bool
take_text(const json_t *object, const char *name, const char **out)
{
	const json_t *value = json_object_get(object, name);

	*out = NULL;
	if (is_absent(value))
		return true;
	if (!json_is_string(value))
		return false;
	*out = json_string_value(value);
	return true;
}

/* The seconds in NAME_epoch, else the time in NAME; else *out stays. */
static bool
take_time(const json_t *object, const char *name, const char *epoch,
          int64_t *out)
{
	const json_t *value = json_object_get(object, epoch);
	const char *text;

	if (!is_absent(value)) {
		*out = (int64_t)json_integer_value(value);
		return json_is_integer(value);
	}
	return take_text(object, name, &text) &&
	       (text == NULL || intake_time(text, out));
}

static bool
take_source(const char *word, struct pinstore_import_item *item)
{
	if (word == NULL || strcmp(word, "static") == 0)
		item->source = PINSTORE_STATIC;
	else if (strcmp(word, "header") == 0)
		item->source = PINSTORE_HEADER;
	else if (strcmp(word, "tofu") == 0)
		item->source = PINSTORE_TOFU;
	else
		return false;
	return true;
}

static bool
take_mode(const char *word, struct pinstore_import_item *item)
{
	if (word == NULL || strcmp(word, "enforce") == 0)
		item->mode = PINSTORE_ENFORCE;
	else if (strcmp(word, "report") == 0)
		item->mode = PINSTORE_REPORT;
	else
		return false;
	return true;
}

static bool
take_pins(const json_t *array, struct pinstore_pin *pins, size_t *n,
          enum skip *why)
{
	struct pinstore_pin pin;
	size_t i, at;

	*n = 0;
	*why = SKIP_MALFORMED;
	if (!json_is_array(array))
		return false;
	for (i = 0; i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);

		*why = SKIP_PIN;
		if (!json_is_string(value) ||
		    !tool_pin_parse(json_string_value(value), &pin))
			return false;
		for (at = 0; at < *n; at++)
			if (tool_pin_equal(&pins[at], &pin))
				break;
		*why = SKIP_LIMIT;
		if (at == PINSTORE_PINS_MAX)
			return false;
		pins[at] = pin;
		if (at == *n)
			++*n;
	}
	return true;
}

/* Members that are not known are of a later pinstore, and change nothing. */
static bool
take_object(const json_t *object, struct pinstore_import_item *item,
            struct pinstore_pin *pins, enum skip *why)
{
	const json_t *flag = json_object_get(object, "include_subdomains");
	const json_t *max_age = json_object_get(object, "max_age_sent");
	const char *source, *mode;

	*why = SKIP_MALFORMED;
	if (!json_is_object(object) ||
	    !take_text(object, "host", &item->host) || item->host == NULL ||
	    !take_text(object, "source", &source) ||
	    !take_source(source, item) || !take_text(object, "mode", &mode) ||
	    !take_mode(mode, item) ||
	    !take_text(object, "report_uri", &item->report_uri) ||
	    !take_text(object, "note", &item->note) ||
	    (!is_absent(flag) && !json_is_boolean(flag)) ||
	    (!is_absent(max_age) && !json_is_integer(max_age)))
		return false;
	item->include_subdomains = json_is_true(flag);
	*why = SKIP_TIME;
	if (!is_absent(max_age))
		item->max_age_sent = (int64_t)json_integer_value(max_age);
	if ((!is_absent(max_age) && item->max_age_sent < 0) ||
	    !take_time(object, "noted", "noted_epoch", &item->noted) ||
	    !take_time(object, "updated", "updated_epoch", &item->updated) ||
	    !take_time(object, "expires", "expires_epoch", &item->expires))
		return false;
	item->pins = pins;
	return take_pins(json_object_get(object, "pins"), pins, &item->n_pins,
	                 why);
}

void
json_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	struct pinstore_pin pins[PINSTORE_PINS_MAX];
	struct pinstore_import_item item;
	enum skip why = SKIP_MALFORMED;
	json_t *object;

	if (text[strspn(text, " \t")] == '\0')
		return;
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	intake_item(intake, number, NULL, pins, 0, &item);
	if (object != NULL && take_object(object, &item, pins, &why))
		intake_add(intake, &item);
	else
		intake_skip(intake, number, why);
	json_decref(object);
}

/* ------------------------------------------------------------------ writing */

static void
put_time(const char *name, int64_t when, FILE *out)
{
	char text[TOOL_TIME_TEXT];

	if (when == PINSTORE_NEVER) {
		fprintf(out, ", \"%s\": null, \"%s_epoch\": null", name, name);
		return;
	}
	tool_time_print(when, text);
	fprintf(out, ", \"%s\": \"%s\", \"%s_epoch\": %" PRId64, name, text,
	        name, when);
}

static void
put_text(const char *name, const char *text, FILE *out)
{
	fprintf(out, ", \"%s\": ", name);
	if (text == NULL)
		fputs("null", out);
	else
		tool_json_write(tool_json_text(text), out);
}

/* The members of list --json that do not depend on when it is asked. */
void
json_entry(struct output *output, const struct pinstore_entry *entry)
{
	int64_t max_age = pinstore_entry_max_age_sent(entry);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	FILE *out = output->out;
	size_t i, n;

	fprintf(out,
	        "{\"host\": \"%s\", \"layer\": \"%s\", \"source\": \"%s\", "
	        "\"mode\": \"%s\", \"include_subdomains\": %s, \"pins\": [",
	        pinstore_entry_host(entry),
	        pinstore_layer_word(pinstore_entry_layer(entry)),
	        pinstore_source_word(pinstore_entry_source(entry)),
	        pinstore_mode_word(pinstore_entry_mode(entry)),
	        pinstore_entry_include_subdomains(entry) ? "true" : "false");
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_BARE, text);
		fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", text);
	}
	fputc(']', out);
	put_time("noted", pinstore_entry_noted(entry), out);
	put_time("updated", pinstore_entry_updated(entry), out);
	put_time("expires", pinstore_entry_expires(entry), out);
	if (max_age < 0)
		fputs(", \"max_age_sent\": null", out);
	else
		fprintf(out, ", \"max_age_sent\": %" PRId64, max_age);
	put_text("report_uri", pinstore_entry_report_uri(entry), out);
	put_text("note", pinstore_entry_note(entry), out);
	fputs("}\n", out);
}
