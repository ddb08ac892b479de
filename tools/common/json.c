/*
 * json.c - members in order, null for what is absent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"

static json_t *
there(json_t *value)
{
	if (value == NULL)
		tool_no_memory();
	return value;
}

json_t *
tool_json_object(void)
{
	return there(json_object());
}

json_t *
tool_json_array(void)
{
	return there(json_array());
}

void
tool_json_add(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		tool_no_memory();
}

void
tool_json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		tool_no_memory();
}

json_t *
tool_json_text(const char *text)
{
	json_t *out;
	char *shown;
	size_t len;

	if (text == NULL)
		return json_null();
	len = strlen(text);
	if (tool_is_utf8(text, len))
		return there(json_stringn(text, len));
	/* No octet needs more than the four of \xff. */
	shown = tool_alloc(len + 1, 4);
	tool_escape(text, len, shown, 4 * (len + 1));
	out = there(json_string(shown));
	free(shown);
	return out;
}

json_t *
tool_json_integer(int64_t value)
{
	return there(json_integer(value));
}

json_t *
tool_json_pin(const struct pinstore_pin *pin)
{
	char text[TOOL_PIN_TEXT];

	if (pin == NULL)
		return json_null();
	tool_pin_print(pin, TOOL_PIN_BARE, text);
	return there(json_string(text));
}

json_t *
tool_json_pins(const struct pinstore_pin *pins, size_t n)
{
	json_t *out = tool_json_array();
	size_t i;

	for (i = 0; i < n; i++)
		tool_json_append(out, tool_json_pin(&pins[i]));
	return out;
}

json_t *
tool_json_epoch(int64_t when)
{
	return when == PINSTORE_NEVER ? json_null() : tool_json_integer(when);
}

void
tool_json_add_time(json_t *object, const char *key, int64_t when)
{
	char text[TOOL_TIME_TEXT], *epoch_key = tool_format("%s_epoch", key);

	if (when == PINSTORE_NEVER) {
		tool_json_add(object, key, json_null());
	} else {
		tool_time_print(when, text);
		tool_json_add(object, key, tool_json_text(text));
	}
	tool_json_add(object, epoch_key, tool_json_epoch(when));
	free(epoch_key);
}

void
tool_json_write(json_t *value, FILE *out)
{
	/* In printable ASCII nothing can steer a terminal. */
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	const char *at, *end;

	json_decref(value);
	if (text == NULL)
		tool_no_memory();
	/* Jansson takes DEL for printable; it can stand in a string only. */
	for (at = text; (end = strchr(at, 0x7f)) != NULL; at = end + 1) {
		(void)fwrite(at, 1, (size_t)(end - at), out);
		fputs("\\u007f", out);
	}
	fputs(at, out);
	free(text);
}

static void
put_quoted(const char *text, FILE *out)
{
	fputs("\"", out);
	fputs(text, out);
	fputs("\"", out);
}

void
tool_json_put_text(const char *text, FILE *out)
{
	/* Most texts have nothing else: there is nothing to escape. */
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-._ "
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ:/?=&,;()+%";

	if (text == NULL || text[strspn(text, plain)] != '\0') {
		tool_json_write(tool_json_text(text), out);
		return;
	}
	put_quoted(text, out);
}

void
tool_json_put_pin(const struct pinstore_pin *pin, FILE *out)
{
	char text[TOOL_PIN_TEXT];

	tool_pin_print(pin, TOOL_PIN_BARE, text);
	put_quoted(text, out);
}

static void
put_key(const char *key, const char *ending, FILE *out)
{
	fputs("\"", out);
	fputs(key, out);
	fputs(ending, out);
}

void
tool_json_put_time(const char *key, int64_t when, FILE *out)
{
	char text[TOOL_TIME_TEXT];

	put_key(key, "\": ", out);
	if (when == PINSTORE_NEVER) {
		fputs("null, ", out);
		put_key(key, "_epoch\": null", out);
		return;
	}
	tool_time_print(when, text);
	put_quoted(text, out);
	fputs(", ", out);
	put_key(key, "_epoch\": ", out);
	fprintf(out, "%" PRId64, when);
}
