/*
 * chromium.c - Chromium's static pins: JSON with remarks, and a file of pins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	{
 *	  // transport_security_state_static.json
 *	  "pinsets": [
 *	    { "name": "one", "static_spki_hashes": ["KeyA", "KeyB"] }
 *	  ],
 *	  "entries": [
 *	    { "name": "example.test", "include_subdomains": true, "pins": "one" }
 *	  ]
 *	}
 *
 * transport_security_state_static.pins has each name on a line of its own, with
 * the pin, or a certificate or public key in PEM, behind it.
 */
#include <config.h>

#include "formats/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <jansson.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"

#define PINS_MAX ((size_t)16 << 20)
#define BEGIN "-----BEGIN "
#define END "-----END "
#define TIMESTAMP "PinsListTimestamp"
/* Entries are so deep in brackets: the object, the array. */
#define DEPTH_ARRAY 2
#define DEPTH_ITEM 3

struct named_pin {
	const char *name;
	uint64_t line;
	struct pinstore_pin pin;
};

struct pins {
	struct named_pin *pin; /* sorted by name */
	size_t n;
};

/* -------------------------------------------------------------------- pins */

static bool
bad_pins(const char *file, uint64_t line, const char *what,
         struct tool_fault *fault)
{
	char *where = tool_format("%s, line %llu", file,
	                          (unsigned long long)line);

	tool_fault_usage(fault, where, NULL, "%s", what);
	free(where);
	return false;
}

static bool
pin_of_pem(const char *text, size_t len, struct pinstore_pin *out)
{
	gnutls_datum_t pem, der = {NULL, 0};
	enum pinstore_status status = PINSTORE_ERR_CHAIN;
	bool is_key = memmem(text, len, BEGIN "PUBLIC KEY",
	                     strlen(BEGIN "PUBLIC KEY")) != NULL;
	int code;

	memcpy(&pem.data, &text, sizeof(pem.data));
	pem.size = (unsigned)len;
	code = gnutls_pem_base64_decode2(is_key ? "PUBLIC KEY" : "CERTIFICATE",
	                                 &pem, &der);
	if (code == GNUTLS_E_MEMORY_ERROR)
		tool_no_memory();
	if (code == 0 && is_key)
		status = pinstore_pin_from_public_key(der.data, der.size, out);
	else if (code == 0)
		status = pinstore_pin_from_certificate(der.data, der.size, out);
	gnutls_free(der.data);
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	return status == PINSTORE_OK;
}

/* The line at *at, ended by a NUL in place. */
static char *
next_line(char **at, uint64_t *number)
{
	char *line = *at, *end;

	if (*line == '\0')
		return NULL;
	++*number;
	end = line + strcspn(line, "\n");
	*at = *end != '\0' ? end + 1 : end;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

/* From BEGIN at line to the end of its END line; *at moves behind it. */
static bool
take_pem(char *line, char **at, uint64_t *number, struct pinstore_pin *out)
{
	char *end = NULL, *next, *fill;

	while ((next = next_line(at, number)) != NULL) {
		if (strncmp(next, END, strlen(END)) != 0)
			continue;
		end = next + strlen(next);
		break;
	}
	if (end == NULL)
		return false;
	for (fill = line; fill < end; fill++)
		if (*fill == '\0')
			*fill = '\n';
	return pin_of_pem(line, (size_t)(end - line), out);
}

static int
compare_names(const void *left, const void *right)
{
	const struct named_pin *a = left, *b = right;

	return strcmp(a->name, b->name);
}

/* No name may stand for two keys. */
static bool
sort_pins(const char *file, struct pins *pins, struct tool_fault *fault)
{
	size_t i;

	if (pins->n > 0)
		qsort(pins->pin, pins->n, sizeof(*pins->pin), compare_names);
	for (i = 1; i < pins->n; i++)
		if (strcmp(pins->pin[i - 1].name, pins->pin[i].name) == 0 &&
		    !tool_pin_equal(&pins->pin[i - 1].pin, &pins->pin[i].pin))
			return bad_pins(file, pins->pin[i].line,
			                "another key has this name too", fault);
	return true;
}

/* The names point into text. */
static bool
read_pins(const char *file, char *text, struct pins *pins,
          struct tool_fault *fault)
{
	const char *name = NULL;
	uint64_t number = 0;
	struct pinstore_pin pin;
	char *line;
	bool is_pin;

	while ((line = next_line(&text, &number)) != NULL) {
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		if (name == NULL) {
			name = line;
			continue;
		}
		if (strcmp(name, TIMESTAMP) == 0) {
			name = NULL;
			continue;
		}
		is_pin = strncmp(line, BEGIN, strlen(BEGIN)) == 0
		                 ? take_pem(line, &text, &number, &pin)
		                 : tool_pin_parse(line, &pin);
		if (!is_pin)
			return bad_pins(file, number,
			                "this is neither a pin nor a "
			                "certificate or public key", fault);
		pins->pin = tool_grow(pins->pin, pins->n, sizeof(*pins->pin));
		pins->pin[pins->n].name = name;
		pins->pin[pins->n].line = number;
		pins->pin[pins->n++].pin = pin;
		name = NULL;
	}
	if (name != NULL)
		return bad_pins(file, number, "nothing follows this name",
		                fault);
	return sort_pins(file, pins, fault);
}

static const struct pinstore_pin *
find_pin(const struct pins *pins, const char *name)
{
	struct named_pin key = {.name = name};
	const struct named_pin *found;

	if (pins->n == 0)
		return NULL;
	found = bsearch(&key, pins->pin, pins->n, sizeof(*pins->pin),
	                compare_names);
	return found != NULL ? &found->pin : NULL;
}

/* ------------------------------------------------------------------- entries */

/* What the parser of JSON does not tell: the line of each entry. */
struct outline {
	uint64_t number; /* of the line */
	size_t depth;
	bool is_entries; /* "entries" was the last string in the object */
	bool is_inside;  /* what began behind that string */
	uint64_t *lines;
	size_t n;
};

/* A remark, up to the end of its line: blanked out.  Gives what follows. */
static char *
blank_remark(char *at, const char *end)
{
	while (at < end && *at != '\n')
		*at++ = ' ';
	return at;
}

/* A string, from behind its quote.  None of JSON goes on behind a line. */
static char *
pass_string(struct outline *outline, char *at, const char *end)
{
	const char *start = at;

	while (at < end && *at != '"' && *at != '\n')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	if (outline->depth == 1)
		outline->is_entries =
		        (size_t)(at - start) == strlen("entries") &&
		        memcmp(start, "entries", strlen("entries")) == 0;
	return at < end && *at == '"' ? at + 1 : at;
}

static void
open_bracket(struct outline *outline, char bracket)
{
	outline->depth++;
	if (outline->depth == DEPTH_ARRAY)
		outline->is_inside = outline->is_entries;
	if (outline->depth != DEPTH_ITEM || !outline->is_inside ||
	    bracket != '{')
		return;
	outline->lines = tool_grow(outline->lines, outline->n,
	                           sizeof(*outline->lines));
	outline->lines[outline->n++] = outline->number;
}

/*
 * Blank out the remarks, and note the line of each entry: the parser of JSON
 * knows neither.  Owner: the caller.
 */
static uint64_t *
prepare(char *text, size_t len, size_t *n)
{
	struct outline outline = {.number = 1};
	const char *end = text + len;
	char *at = text;

	while (at < end) {
		if (*at == '/' && at + 1 < end && at[1] == '/') {
			at = blank_remark(at, end);
			continue;
		}
		if (*at == '"') {
			at = pass_string(&outline, at + 1, end);
			continue;
		}
		if (*at == '\n')
			outline.number++;
		else if (*at == '[' || *at == '{')
			open_bracket(&outline, *at);
		else if ((*at == ']' || *at == '}') && outline.depth > 0)
			outline.depth--;
		at++;
	}
	*n = outline.n;
	return outline.lines;
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const json_t *
find_set(const json_t *sets, const char *name)
{
	const char *found;
	size_t i;

	for (i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		found = text_of(set, "name");
		if (found != NULL && strcmp(found, name) == 0)
			return set;
	}
	return NULL;
}

static bool
take_set(const json_t *set, const struct pins *known, struct pinstore_pin *pins,
         size_t *n, enum skip *why)
{
	const json_t *names = json_object_get(set, "static_spki_hashes");
	const struct pinstore_pin *pin;
	const char *name;
	size_t i, at;

	*n = 0;
	*why = SKIP_UNKNOWN_NAME;
	for (i = 0; i < json_array_size(names); i++) {
		name = json_string_value(json_array_get(names, i));
		pin = name != NULL ? find_pin(known, name) : NULL;
		/* With the others alone it would refuse what is meant. */
		if (pin == NULL)
			return false;
		for (at = 0; at < *n; at++)
			if (tool_pin_equal(&pins[at], pin))
				break;
		if (at == PINSTORE_PINS_MAX) {
			*why = SKIP_LIMIT;
			return false;
		}
		pins[at] = *pin;
		if (at == *n)
			++*n;
	}
	return json_is_array(names);
}

static void
take_entry(struct intake *intake, const json_t *entry, const json_t *sets,
           const struct pins *known, uint64_t line)
{
	struct pinstore_pin pins[PINSTORE_PINS_MAX];
	const char *set_name = text_of(entry, "pins");
	struct pinstore_import_item item;
	const json_t *set;
	enum skip why = SKIP_MALFORMED;
	size_t n = 0;

	/* What is only said of https is no pin. */
	if (json_is_object(entry) && json_object_get(entry, "pins") == NULL)
		return;
	set = set_name != NULL ? find_set(sets, set_name) : NULL;
	if (set_name != NULL && set == NULL)
		why = SKIP_UNKNOWN_NAME;
	if (set == NULL || !take_set(set, known, pins, &n, &why)) {
		intake_skip(intake, line, why);
		return;
	}
	if (text_of(entry, "name") == NULL) {
		intake_skip(intake, line, SKIP_HOST);
		return;
	}
	intake_item(intake, line, text_of(entry, "name"), pins, n, &item);
	item.include_subdomains =
	        json_is_true(json_object_get(entry, "include_subdomains")) ||
	        json_is_true(json_object_get(
	                entry, "include_subdomains_for_pinning"));
	item.report_uri = text_of(set, "report_uri");
	intake_add(intake, &item);
}

static bool
read_entries(struct intake *intake, char *text, size_t len,
             const struct pins *pins, struct tool_fault *fault)
{
	const json_t *entries, *sets;
	json_error_t error;
	uint64_t *lines, line = 1;
	const json_t *entry;
	json_t *root;
	size_t i, n, at = 0;
	bool is_good;

	lines = prepare(text, len, &n);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	entries = json_object_get(root, "entries");
	sets = json_object_get(root, "pinsets");
	is_good = json_is_array(entries) && json_is_array(sets);
	for (i = 0; is_good && i < json_array_size(entries); i++) {
		entry = json_array_get(entries, i);
		/* What is no object has the line of the one before. */
		if (json_is_object(entry) && at < n)
			line = lines[at++];
		take_entry(intake, entry, sets, pins, line);
	}
	if (root == NULL)
		tool_fault_usage(fault, NULL, NULL, "line %d: %s", error.line,
		                 error.text);
	else if (!is_good)
		tool_fault_usage(fault, NULL, NULL,
		                 "this has no \"pinsets\" or no \"entries\"");
	json_decref(root);
	free(lines);
	return is_good;
}

bool
chromium_whole(struct intake *intake, char *text, size_t len,
               struct tool_fault *fault)
{
	struct pins pins = {NULL, 0};
	const char *file = intake->pins_file;
	char *names = NULL;
	size_t names_len = 0;
	bool is_good;

	if (file == NULL) {
		tool_fault_usage(fault, "--pins", "the file "
		                 "transport_security_state_static.pins",
		                 "where are the pins that it names?");
		return false;
	}
	if (!tool_file_read(file, PINS_MAX, &names, &names_len)) {
		tool_fault_usage(fault, file, "--pins names the file of pins",
		                 "cannot be read: %s", strerror(errno));
		return false;
	}
	is_good = read_pins(file, names, &pins, fault) &&
	          read_entries(intake, text, len, &pins, fault);
	free(pins.pin);
	tool_file_free(names, names_len);
	return is_good;
}
