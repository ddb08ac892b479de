/*
 * material.c - option arguments that may stand in a file: -d, -H, -w ...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/material.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"

/* Read all of stream, ended by NUL.  NULL: errno tells why. */
static char *
read_stream(FILE *stream, size_t *len)
{
	size_t room = 4096;
	char *text = tool_alloc(room, 1);

	*len = 0;
	for (;;) {
		size_t n = fread(text + *len, 1, room - 1 - *len, stream);

		*len += n;
		if (n == 0)
			break;
		if (*len == room - 1) {
			char *more = realloc(text, room *= 2);

			if (!more)
				tool_no_memory();
			text = more;
		}
	}
	if (ferror(stream)) {
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

char *
fetch_material_read(const char *option, const char *path, size_t *len,
                    struct tool_fault *fault)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *stream = is_stdin ? stdin : fopen(path, "rb");
	char *text = NULL;
	int saved;

	if (stream)
		text = read_stream(stream, len);
	saved = errno;
	if (stream && !is_stdin)
		(void)fclose(stream);
	if (!text)
		tool_fault_set(fault, FETCH_EXIT_READ, "read", option, NULL,
		               "%s cannot be read: %s", path, strerror(saved));
	return text;
}

void
fetch_material_append(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (!longer)
		tool_no_memory();
	*list = longer;
}

/* As curl does it: what ends a line is no data. */
static size_t
without_line_ends(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' && text[i] != '\n' && text[i] != '\0')
			text[n++] = text[i];
	return n;
}

void
fetch_material_join(struct fetch_text *text, const char *more, size_t len,
                    bool with_ampersand)
{
	char *joined = tool_alloc(text->len + len + 2, 1);
	size_t n = 0;

	if (text->text) {
		memcpy(joined, text->text, text->len);
		n = text->len;
		if (with_ampersand)
			joined[n++] = '&';
	}
	memcpy(joined + n, more, len);
	free(text->text);
	text->text = joined;
	text->len = n + len;
}

bool
fetch_material_data(const char *argument, enum fetch_data kind,
                    struct fetch_options *options, struct tool_fault *fault)
{
	size_t len = strlen(argument);
	char *file = NULL;

	if (kind != FETCH_DATA_RAW && argument[0] == '@') {
		file = fetch_material_read("--data", argument + 1, &len, fault);
		if (!file)
			return false;
		if (kind == FETCH_DATA_LINES)
			len = without_line_ends(file, len);
	}
	if (kind == FETCH_DATA_JSON)
		options->has_json = true;
	fetch_material_join(&options->data, file ? file : argument, len,
	                    kind != FETCH_DATA_JSON);
	free(file);
	return true;
}

/* As in a form: a space is a plus. */
static char *
encode(const char *data, size_t len)
{
	char *encoded = NULL;
	char *copy;
	size_t n = 0;

	if (len == 0)
		return tool_copy("", 0); /* 0 would be strlen() to libcurl */
	if (len <= INT_MAX)
		encoded = curl_easy_escape(NULL, data, (int)len);
	if (!encoded)
		tool_no_memory();
	copy = tool_copy(encoded, strlen(encoded));
	curl_free(encoded);
	for (const char *at = copy; *at; at++) {
		bool is_space = strncmp(at, "%20", 3) == 0;

		copy[n++] = *at;
		if (is_space) {
			copy[n - 1] = '+';
			at += 2;
		}
	}
	copy[n] = '\0';
	return copy;
}

bool
fetch_material_encoded(const char *argument, struct fetch_text *text,
                       struct tool_fault *fault)
{
	/* An = anywhere comes before an @. */
	size_t name = strcspn(argument, strchr(argument, '=') ? "=" : "@");
	bool has_name = argument[name] != '\0';
	const char *data = argument + (has_name ? name + 1 : 0);
	size_t len = strlen(data);
	char *file = NULL;
	char *encoded;
	char *whole;

	if (has_name && argument[name] == '@') {
		file = fetch_material_read("--data-urlencode", data, &len,
		                           fault);
		if (!file)
			return false;
	}
	encoded = encode(file ? file : data, len);
	whole = has_name && name > 0
	                ? tool_format("%.*s=%s", (int)name, argument, encoded)
	                : tool_copy(encoded, strlen(encoded));
	fetch_material_join(text, whole, strlen(whole), true);
	free(whole);
	free(encoded);
	free(file);
	return true;
}

bool
fetch_material_query(const char *argument, struct fetch_options *options,
                     struct tool_fault *fault)
{
	if (argument[0] != '+')
		return fetch_material_encoded(argument, &options->query, fault);
	fetch_material_join(&options->query, argument + 1,
	                    strlen(argument + 1), true);
	return true;
}

static bool
has_field(const struct curl_slist *list, const char *name)
{
	size_t len = strlen(name);

	for (; list; list = list->next)
		if (strncasecmp(list->data, name, len) == 0 &&
		    (list->data[len] == ':' || list->data[len] == ';'))
			return true;
	return false;
}

void
fetch_material_json(struct fetch_options *options)
{
	if (!options->has_json)
		return;
	if (!has_field(options->headers, "Content-Type"))
		fetch_material_append(&options->headers,
		                      "Content-Type: application/json");
	if (!has_field(options->headers, "Accept"))
		fetch_material_append(&options->headers,
		                      "Accept: application/json");
}

bool
fetch_material_header(const char *argument, struct fetch_options *options,
                      struct tool_fault *fault)
{
	char *text;
	char *line;
	size_t len;

	if (argument[0] != '@') {
		fetch_material_append(&options->headers, argument);
		return true;
	}
	text = fetch_material_read("--header", argument + 1, &len, fault);
	if (!text)
		return false;
	for (line = text; *line;) {
		size_t n = strcspn(line, "\r\n");
		size_t end = strspn(line + n, "\r\n");

		line[n] = '\0';
		if (n > 0)
			fetch_material_append(&options->headers, line);
		line += n + end;
	}
	free(text);
	return true;
}

bool
fetch_material_format(const char *argument, struct fetch_options *options,
                      struct tool_fault *fault)
{
	size_t len = strlen(argument);
	char *text;

	text = argument[0] == '@'
	               ? fetch_material_read("--write-out", argument + 1, &len, fault)
	               : tool_copy(argument, len);
	if (!text)
		return false;
	if (argument[0] == '@')
		text[without_line_ends(text, len)] = '\0';
	free(options->write_out);
	options->write_out = text;
	return true;
}
