/*
 * entry.c - entries for people and for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "entry.h"

#include <inttypes.h>
#include <stdlib.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"

static const enum pinstore_layer layers[] = {
	PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

bool
entry_is_expired(const struct pinstore_entry *entry, int64_t now)
{
	return pinstore_entry_expires(entry) < now;
}

const char *
layer_store(enum pinstore_layer layer)
{
	return layer == PINSTORE_SYSTEM ? "system" : "own";
}

static void
put_word(const char *key, const char *word, FILE *out)
{
	fputs("\"", out);
	fputs(key, out);
	fputs("\": ", out);
	tool_json_put_text(word, out);
	fputs(", ", out);
}

static void
put_bool(const char *key, bool is_true, FILE *out)
{
	fputs("\"", out);
	fputs(key, out);
	fputs(is_true ? "\": true" : "\": false", out);
}

void
entry_put_json(const struct pinstore_entry *entry, int64_t now, FILE *out)
{
	enum pinstore_layer layer = pinstore_entry_layer(entry);
	int64_t max_age = pinstore_entry_max_age_sent(entry);
	const struct pinstore_pin *pins;
	size_t i, n;

	fputc('{', out);
	put_word("host", pinstore_entry_host(entry), out);
	put_word("layer", pinstore_layer_word(layer), out);
	put_word("store", layer_store(layer), out);
	put_word("source", pinstore_source_word(pinstore_entry_source(entry)),
	         out);
	put_word("mode", pinstore_mode_word(pinstore_entry_mode(entry)), out);
	put_bool("include_subdomains",
	         pinstore_entry_include_subdomains(entry) != 0, out);
	fputs(", \"pins\": [", out);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		fputs(i == 0 ? "" : ", ", out);
		tool_json_put_pin(&pins[i], out);
	}
	fputs("], ", out);
	tool_json_put_time("noted", pinstore_entry_noted(entry), out);
	fputs(", ", out);
	tool_json_put_time("updated", pinstore_entry_updated(entry), out);
	fputs(", ", out);
	tool_json_put_time("expires", pinstore_entry_expires(entry), out);
	if (max_age < 0)
		fputs(", \"max_age_sent\": null, ", out);
	else
		fprintf(out, ", \"max_age_sent\": %" PRId64 ", ", max_age);
	put_word("report_uri", pinstore_entry_report_uri(entry), out);
	put_word("note", pinstore_entry_note(entry), out);
	put_bool("expired", entry_is_expired(entry, now), out);
}

json_t *
entry_json(const struct pinstore_entry *entry, int64_t now)
{
	char *text = NULL;
	size_t len = 0;
	FILE *line = open_memstream(&text, &len);
	json_t *out = NULL;

	if (line == NULL)
		tool_no_memory();
	entry_put_json(entry, now, line);
	fputc('}', line);
	if (fclose(line) == 0)
		out = json_loadb(text, len, 0, NULL);
	free(text);
	if (out == NULL)
		tool_no_memory();
	return out;
}

static const char *
origin(const struct pinstore_entry *entry)
{
	switch (pinstore_entry_source(entry)) {
	case PINSTORE_HEADER:
		return "from its header";
	case PINSTORE_TOFU:
		return "the key of the first visit";
	case PINSTORE_STATIC:
		return pinstore_entry_layer(entry) == PINSTORE_SYSTEM
		               ? "made by the system's operator"
		               : "made by the operator";
	}
	return "of unknown origin";
}

static void
print_time(const char *label, int64_t when, int64_t now, FILE *out)
{
	char at[TOOL_TIME_TEXT], relative[TOOL_TIME_TEXT];

	tool_time_print(when, at);
	tool_time_print_relative(when, now, relative);
	fprintf(out, "  %-10s%s", label, at);
	if (when != PINSTORE_NEVER)
		fprintf(out, " (%s)", relative);
	fputc('\n', out);
}

/* What the header asked for, and what it got. */
static void
print_max_age(const struct pinstore_entry *entry, FILE *out)
{
	int64_t sent = pinstore_entry_max_age_sent(entry), life;

	if (sent < 0)
		return;
	life = pinstore_entry_expires(entry) - pinstore_entry_noted(entry);
	fprintf(out, "  %-10s%" PRId64 " s", "max-age", sent);
	if (life < sent)
		fprintf(out, " sent, capped to %" PRId64 " s", life);
	fputc('\n', out);
}

static void
print_text(const char *label, const char *text, FILE *out)
{
	if (text == NULL)
		return;
	fprintf(out, "  %-10s", label);
	tool_put_escaped(text, out);
	fputc('\n', out);
}

void
entry_print(const struct pinstore_entry *entry, int64_t now, FILE *out)
{
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	fprintf(out, "%s\n", pinstore_entry_host(entry));
	fprintf(out, "  %-10s%s, %s\n", "layer",
	        pinstore_layer_word(pinstore_entry_layer(entry)),
	        origin(entry));
	fprintf(out, "  %-10s%s\n", "covers",
	        pinstore_entry_include_subdomains(entry)
	                ? "the host and its subdomains"
	                : "the host alone");
	fprintf(out, "  %-10s%s\n", "mode",
	        pinstore_mode_word(pinstore_entry_mode(entry)));
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fprintf(out, "  %-10s%s\n", i == 0 ? "pins" : "", text);
	}
	print_time("noted", pinstore_entry_noted(entry), now, out);
	print_time("updated", pinstore_entry_updated(entry), now, out);
	print_time(entry_is_expired(entry, now) ? "expired" : "expires",
	           pinstore_entry_expires(entry), now, out);
	print_max_age(entry, out);
	print_text("reports", pinstore_entry_report_uri(entry), out);
	print_text("note", pinstore_entry_note(entry), out);
}

void
entry_print_rule(const struct pinstore_entry *entry, FILE *out)
{
	char noted[TOOL_TIME_TEXT], expires[TOOL_TIME_TEXT];

	tool_date_print(pinstore_entry_noted(entry), noted);
	tool_date_print(pinstore_entry_expires(entry), expires);
	fprintf(out, "%s%s, %s, noted %s, expires %s",
	        pinstore_entry_host(entry),
	        pinstore_entry_include_subdomains(entry) ? " (+subdomains)"
	                                                 : "",
	        origin(entry), noted, expires);
}

bool
entry_revoked(struct pinstore *store, const struct pinstore_entry *entry,
              json_t *array, FILE *out, struct pinstore_error *error)
{
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	int is_revoked;
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		if (pinstore_is_revoked(store, &pins[i], &is_revoked, error) !=
		    PINSTORE_OK)
			return false;
		if (!is_revoked)
			continue;
		if (array != NULL) {
			tool_json_append(array, tool_json_pin(&pins[i]));
			continue;
		}
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fprintf(out, "  %-10s%s\n", "revoked", text);
	}
	return true;
}

json_t *
bypass_json(const struct pinstore_bypass *bypass)
{
	json_t *out = tool_json_object();

	tool_json_add(out, "host", tool_json_text(bypass->host));
	tool_json_add(out, "subdomains", json_boolean(bypass->subdomains));
	tool_json_add_time(out, "start", bypass->start);
	tool_json_add_time(out, "end", bypass->end);
	tool_json_add(out, "reason", tool_json_text(bypass->reason));
	return out;
}

void
bypass_print(const struct pinstore_bypass *bypass, int64_t now, FILE *out)
{
	fprintf(out, "  %-10s%s%s\n", "bypass", bypass->host,
	        bypass->subdomains ? " (+subdomains)" : "");
	print_time("from", bypass->start, now, out);
	print_time("until", bypass->end, now, out);
	print_text("reason", bypass->reason, out);
}

json_t *
bypass_of_json(const struct pinstore_result *result)
{
	struct pinstore_bypass bypass = {.size = sizeof(bypass)};

	if (!pinstore_result_bypass(result, &bypass))
		return json_null();
	return bypass_json(&bypass);
}

json_t *
applies_json(const struct pinstore_result *result)
{
	json_t *out = tool_json_array(), *one;
	const struct pinstore_entry *entry;
	size_t i;

	for (i = 0; i < N_LAYERS; i++) {
		entry = pinstore_result_entry(result, layers[i]);
		if (entry == NULL)
			continue;
		one = tool_json_object();
		tool_json_add(one, "layer", tool_json_text(
		        pinstore_layer_word(layers[i])));
		tool_json_add(one, "store",
		              tool_json_text(layer_store(layers[i])));
		tool_json_add(one, "entry_host",
		              tool_json_text(pinstore_entry_host(entry)));
		tool_json_append(out, one);
	}
	return out;
}

void
applies_print(const struct pinstore_result *result, int64_t now, FILE *out)
{
	struct pinstore_bypass bypass = {.size = sizeof(bypass)};
	const struct pinstore_entry *entry;
	size_t i, n = 0;

	for (i = 0; i < N_LAYERS; i++) {
		entry = pinstore_result_entry(result, layers[i]);
		if (entry == NULL)
			continue;
		fprintf(out, "  %-10s", "applies");
		entry_print_rule(entry, out);
		fputc('\n', out);
		n++;
	}
	if (n == 0)
		fprintf(out, "  %-10snothing: the host is not pinned\n",
		        "applies");
	if (pinstore_result_bypass(result, &bypass))
		bypass_print(&bypass, now, out);
}
