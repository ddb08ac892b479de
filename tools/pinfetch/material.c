/*
 * material.c - option arguments that may stand in a file: -d, -H, -w.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/material.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The contents of the file that @path names; - is stdin. */
static char *
read_file(const char *option, const char *path, size_t *len,
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

bool
fetch_material_data(const char *argument, struct fetch_options *options,
                    struct tool_fault *fault)
{
	size_t len = strlen(argument);
	char *file = NULL;
	char *joined;
	size_t n = 0;

	if (argument[0] == '@') {
		file = read_file("--data", argument + 1, &len, fault);
		if (!file)
			return false;
		len = without_line_ends(file, len);
	}
	joined = tool_alloc(options->data_len + len + 2, 1);
	if (options->data) {
		memcpy(joined, options->data, options->data_len);
		n = options->data_len;
		joined[n++] = '&';
	}
	memcpy(joined + n, file ? file : argument, len);
	free(options->data);
	free(file);
	options->data = joined;
	options->data_len = n + len;
	return true;
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
	text = read_file("--header", argument + 1, &len, fault);
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
	               ? read_file("--write-out", argument + 1, &len, fault)
	               : tool_copy(argument, len);
	if (!text)
		return false;
	free(options->write_out);
	options->write_out = text;
	return true;
}
