/*
 * faultjson.c - a fault as JSON or as text, whichever the user wants.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Apart from fault.c, as not each program is to load a library for JSON.
 */
#include <config.h>

#include "common/fault.h"

#include <stdio.h>

#include "common/json.h"
#include "common/memory.h"

static json_t *
likely_json(const struct tool_fault *fault)
{
	json_t *out;

	if (fault->cause == NULL)
		return json_null();
	out = tool_json_object();
	tool_json_add(out, "cause", tool_json_text(fault->cause));
	tool_json_add(out, "text", tool_json_text(fault->likely));
	return out;
}

static void
print_json(const struct tool_fault *fault, FILE *out)
{
	json_t *error = tool_json_object(), *root = tool_json_object();

	tool_json_add(error, "exit", tool_json_integer(fault->exit));
	tool_json_add(error, "status", tool_json_text(fault->status));
	tool_json_add(error, "message", tool_json_text(fault->message));
	tool_json_add(error, "where",
	              tool_json_text(fault->where[0] != '\0' ? fault->where
	                                                     : NULL));
	tool_json_add(error, "hint", tool_json_text(fault->hint));
	if (fault->is_refusal)
		tool_json_add(error, "likely", likely_json(fault));
	tool_json_add(root, "error", error);
	tool_json_write(root, out);
	fputc('\n', out);
}

static void
put(const struct tool_fault *fault, const char *program, bool as_json, FILE *out)
{
	if (as_json)
		print_json(fault, out);
	else
		tool_fault_put(fault, program, out);
}

void
tool_fault_print(const struct tool_fault *fault, const char *program,
                 bool as_json)
{
	put(fault, program, as_json, stderr);
}

char *
tool_fault_text(const struct tool_fault *fault, const char *program,
                bool as_json)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		tool_no_memory();
	put(fault, program, as_json, out);
	if (fclose(out) != 0)
		tool_no_memory();
	return text;
}
