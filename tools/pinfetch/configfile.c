/*
 * configfile.c - -K: options from a file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/configfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "pinfetch/material.h"

/* A file that names itself would go on for ever. */
#define DEPTH_MAX 8

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* What ends a name: with dashes only blanks do. */
static bool
is_separator(char c, bool has_dash)
{
	return is_blank(c) || (!has_dash && (c == '=' || c == ':'));
}

/* Take the quotes and backslashes off, in place; what stands behind them. */
static char *
unquote(char *text, char **end)
{
	static const char letters[] = "tnrv";
	static const char meant[] = "\t\n\r\v";
	char *from = text + 1;
	char *to = text;

	for (; *from && *from != '"'; from++) {
		const char *letter;

		if (*from == '\\' && from[1]) {
			from++;
			letter = strchr(letters, *from);
			if (letter)
				*from = meant[letter - letters];
		}
		*to++ = *from;
	}
	*end = *from ? from + 1 : from;
	*to = '\0';
	return text;
}

/* One line, which is changed. */
static bool
take_line(char *line, struct fetch_options *options, enum fetch_wish *wish,
          struct tool_fault *fault)
{
	char *argument = NULL;
	char *name;
	char *end;
	bool has_dash;

	for (; is_blank(*line); line++)
		;
	if (*line == '\0' || strchr("#/*", *line))
		return true;
	name = line;
	has_dash = *line == '-';
	for (; *line && !is_separator(*line, has_dash); line++)
		;
	end = line;
	for (; *line && is_separator(*line, has_dash); line++)
		;
	if (*line == '"') {
		argument = unquote(line, &line);
	} else if (*line) {
		argument = line;
		for (; *line && !is_blank(*line); line++)
			;
		if (*line)
			*line++ = '\0';
	}
	*end = '\0';
	for (; is_blank(*line); line++)
		;
	if (*line && *line != '#') {
		tool_fault_usage(fault, name, "put the value in quotes",
		                 "something stands behind the value");
		return false;
	}
	return fetch_options_take(options, name, argument, wish, fault);
}

static bool
take_lines(const char *path, char *text, struct fetch_options *options,
           enum fetch_wish *wish, struct tool_fault *fault)
{
	size_t number = 0;

	while (text) {
		char *line = text;
		char *end = strchr(text, '\n');
		char shown[256];
		char *where;

		if (end)
			*end = '\0';
		text = end ? end + 1 : NULL;
		number++;
		if (take_line(line, options, wish, fault))
			continue;
		(void)tool_escape(path, strlen(path), shown, sizeof(shown));
		where = tool_format("%s:%zu%s%s", shown, number,
		                    fault->where[0] ? ": " : "", fault->where);
		(void)snprintf(fault->where, sizeof(fault->where), "%s",
		               where);
		free(where);
		return false;
	}
	return true;
}

bool
fetch_configfile_read(const char *path, struct fetch_options *options,
                      enum fetch_wish *wish, struct tool_fault *fault)
{
	size_t len;
	char *text;
	bool is_good;

	if (options->config_depth >= DEPTH_MAX) {
		tool_fault_usage(fault, path, NULL,
		                 "more than %d files name each other",
		                 DEPTH_MAX);
		return false;
	}
	text = fetch_material_read("--config", path, &len, fault);
	if (!text)
		return false;
	options->config_depth++;
	is_good = take_lines(path, text, options, wish, fault);
	options->config_depth--;
	/* It may have had passwords. */
	explicit_bzero(text, len);
	free(text);
	return is_good;
}
