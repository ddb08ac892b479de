/*
 * help.c - help, printed from the command table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "verb.h"

#define COLUMN 26

static void
put_option(enum option option, const char *verb, FILE *out)
{
	const struct option_row *row = option_row(option);
	char letter[5] = {'-', row->letter, ',', ' ', '\0'};
	char *left = tool_format("  %s--%s%s%s", row->letter != 0 ? letter : "",
	                         row->name, row->argument != NULL ? " " : "",
	                         row->argument != NULL ? row->argument : "");
	size_t len = strlen(left);

	fputs(left, out);
	if (len + 2 > COLUMN) {
		fputc('\n', out);
		len = 0;
	}
	fprintf(out, "%*s", (int)(COLUMN - len), "");
	tool_put_wrapped(option_summary(option, verb), COLUMN, out);
	free(left);
}

static void
put_options(uint64_t set, const char *verb, FILE *out)
{
	int i;

	for (i = 0; i < OPTION_COUNT; i++)
		if ((set & OPTION_BIT(i)) != 0)
			put_option((enum option)i, verb, out);
}

void
help_print(FILE *out)
{
	const struct verb *verb;

	fputs("Usage: " PROGRAM " VERB [OPTIONS] [ARGUMENTS]\n\n"
	      "Look after the store of public key pins (RFC 7469).\n\n", out);
	for (verb = verbs; verb->name != NULL; verb++)
		fprintf(out, "  %-10s%s\n", verb->name, verb->summary);
	fputs("\nOptions, before or behind the verb:\n\n", out);
	put_options(OPTIONS_EVERYWHERE | OPTION_BIT(OPTION_STORE), "", out);
	fputs("\nAs with ssh-keygen, -F HOST is show, -R HOST is clear, and -l is "
	      "list.\n" PROGRAM " help VERB tells more of a verb.\n", out);
}

void
help_print_verb(const struct verb *verb, FILE *out)
{
	fprintf(out, "Usage: " PROGRAM " %s [OPTIONS]%s%s\n\n", verb->name,
	        verb->arguments[0] != '\0' ? " " : "", verb->arguments);
	fprintf(out, "%s: %s\n", verb->name, verb->summary);
	if (verb->text != NULL)
		fprintf(out, "\n%s", verb->text);
	fputs("\nOptions:\n\n", out);
	put_options(verb->options | OPTIONS_EVERYWHERE, verb->name, out);
}
