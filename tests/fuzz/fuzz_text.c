/*
 * fuzz_text.c - what people write to the tools, and what they show of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pins, times, durations and numbers: what is read and printed is read again as
 * the same.  What goes to a terminal cannot steer it, what goes out as JSON is
 * JSON of the same text.
 */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>

#include <jansson.h>

#include "common/json.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "model/header.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_text";

#define NOW INT64_C(1790000000)

static void
try_pin(const char *text)
{
	static const enum tool_pin_form forms[] = {
	        TOOL_PIN_CURL,   TOOL_PIN_RFC7469, TOOL_PIN_GNUTLS,
	        TOOL_PIN_OKHTTP, TOOL_PIN_BARE,    TOOL_PIN_HEX};
	char shown[TOOL_PIN_TEXT], field[TOOL_PIN_TEXT + 16];
	struct pinstore_pin pin, again;
	struct ps_header header;
	size_t i;
	bool is_form = false;

	memset(&pin, 0xa5, sizeof(pin));
	if (!tool_pin_parse(text, &pin)) {
		for (i = 0; i < sizeof(pin.sha256); i++)
			MUST(pin.sha256[i] == 0);
		return;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		tool_pin_print(&pin, forms[i], shown);
		MUST(tool_pin_parse(shown, &again));
		MUST(tool_pin_equal(&pin, &again));
		is_form = is_form || strcasecmp(shown, text) == 0;
	}
	/* It was one of these, hexadecimal digits in either case. */
	MUST(is_form);
	/* The library's reader sees the same pin in the field's form. */
	tool_pin_print(&pin, TOOL_PIN_RFC7469, shown);
	snprintf(field, sizeof(field), "max-age=1;%s", shown);
	ps_header_parse(field, strlen(field), PINSTORE_PKP, true, &header);
	MUST(header.why == PINSTORE_WHY_OK && header.pins.n == 1);
	MUST(tool_pin_equal(&pin, &header.pins.pin[0]));
}

static void
try_time(const char *text)
{
	char shown[TOOL_TIME_TEXT];
	int64_t ahead = -1, back = -1, again, seconds = -1;
	bool is_duration, is_time;

	is_duration = tool_duration_parse(text, &seconds);
	MUST(is_duration ? seconds >= 0 && seconds <= TOOL_TIME_MAX :
	                   seconds == 0);
	is_time = tool_time_parse(text, NOW, false, &ahead);
	if (!is_time) {
		MUST(ahead == 0);
		return;
	}
	MUST(ahead >= 0 && ahead <= TOOL_TIME_MAX);
	tool_time_print(ahead, shown);
	MUST(tool_time_parse(shown, 0, false, &again) && again == ahead);
	tool_time_print_relative(ahead, NOW, shown);
	MUST((ahead > NOW) == (strncmp(shown, "in ", 3) == 0));
	MUST(tool_time_parse(text, NOW, true, &back));
	if (is_duration)
		MUST(ahead - NOW == seconds && NOW - back == seconds);
	else
		MUST(ahead == back);
}

static void
try_number(const char *text)
{
	size_t len = strlen(text), i;
	int64_t value = -1, again;
	char shown[32];
	bool is_digits = len > 0;

	for (i = 0; i < len; i++)
		is_digits = is_digits && text[i] >= '0' && text[i] <= '9';
	if (!tool_parse_number(text, len, INT64_MAX, &value)) {
		MUST(value == 0);
		MUST(!is_digits || len >= 19);
		return;
	}
	MUST(is_digits && value >= 0);
	snprintf(shown, sizeof(shown), "%" PRId64, value);
	while (*text == '0' && text[1] != '\0')
		text++;
	MUST(strcmp(shown, text) == 0);
	/* The limit is the last one that is taken. */
	MUST(tool_parse_number(shown, strlen(shown), value, &again));
	if (value > 0)
		MUST(!tool_parse_number(shown, strlen(shown), value - 1,
		                        &again));
}

/* What may reach a terminal: no control, and no octet that is not UTF-8. */
static void
try_escape(const uint8_t *data, size_t len)
{
	size_t size = 12 * len + 1, used, i, n;
	char *out = malloc(size), *half;

	MUST(out != NULL);
	used = tool_escape((const char *)data, len, out, size);
	MUST(used < size && out[used] == '\0' && strlen(out) == used);
	MUST(tool_is_utf8(out, used));
	for (i = 0; i < used; i += n) {
		n = tool_utf8_shown(out + i, used - i);
		MUST(n > 0 && (unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
	}
	/* In less room it is a beginning of it. */
	half = malloc(used / 2 + 1);
	MUST(half != NULL);
	n = tool_escape((const char *)data, len, half, used / 2 + 1);
	MUST(n <= used / 2 && half[n] == '\0' && memcmp(half, out, n) == 0);
	MUST(tool_is_utf8(half, n));
	free(half);
	free(out);
}

static void
try_json(const char *text)
{
	json_t *value = tool_json_text(text), *back;
	char *out = NULL, *shown;
	size_t len = strlen(text), size = 0, i;
	FILE *stream = open_memstream(&out, &size);

	MUST(stream != NULL);
	tool_json_write(json_incref(value), stream);
	MUST(fclose(stream) == 0);
	for (i = 0; i < size; i++)
		MUST(out[i] >= 0x20 && out[i] < 0x7f);
	back = json_loads(out, JSON_DECODE_ANY, NULL);
	MUST(back != NULL && json_equal(back, value) == 1);
	if (tool_is_utf8(text, len)) {
		MUST(strcmp(json_string_value(back), text) == 0);
	} else {
		shown = malloc(4 * (len + 1));
		MUST(shown != NULL);
		tool_escape(text, len, shown, 4 * (len + 1));
		MUST(strcmp(json_string_value(back), shown) == 0);
		free(shown);
	}
	free(out);
	json_decref(back);
	json_decref(value);
}

static void
try_nearest(const char *text)
{
	static const char *const words[] = {"check", "clear",  "expire", "hash",
	                                    "list",  "lint",   "note",   "pin",
	                                    "show",  "revoke", NULL};
	const char *near = tool_nearest(text, words);
	size_t i;
	bool is_one = near == NULL;

	for (i = 0; words[i] != NULL; i++) {
		is_one = is_one || near == words[i];
		if (strcmp(words[i], text) == 0)
			MUST(near == words[i]);
	}
	MUST(is_one);
	/* Half a word more is another one. */
	if (near != NULL)
		MUST(strlen(text) <= 2 * strlen(near) + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len);

	try_pin(text);
	try_time(text);
	try_number(text);
	try_escape(data, len);
	try_json(text);
	try_nearest(text);
	free(text);
	return 0;
}
