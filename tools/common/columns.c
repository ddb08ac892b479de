/*
 * columns.c - a table whose lines are printed as they come.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/columns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

/* A screen that is narrower than that breaks the lines itself. */
#define FIRST_MIN 16
/* Most cells have nothing else: it needs no escape. */
#define PLAIN \
	"abcdefghijklmnopqrstuvwxyz0123456789-._ " \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ:,/+="

/* What the columns behind the first take, each with a space before it. */
static size_t
rest_width(const struct tool_columns *columns)
{
	size_t i, width = 0;

	for (i = 1; i < columns->n; i++)
		width += 1 + columns->width[i];
	return width;
}

void
tool_columns_begin(const char *const headings[], const size_t widths[],
                   size_t screen, bool is_colored, FILE *out,
                   struct tool_columns *columns)
{
	size_t rest, len;

	memset(columns, 0, sizeof(*columns));
	columns->heading = headings;
	columns->is_colored = is_colored;
	columns->out = out;
	for (; headings[columns->n] != NULL; columns->n++) {
		len = strlen(headings[columns->n]);
		columns->width[columns->n] =
		        widths[columns->n] > len ? widths[columns->n] : len;
	}
	rest = rest_width(columns);
	columns->most = SIZE_MAX;
	if (screen > 0)
		columns->most = screen > rest + FIRST_MIN ? screen - rest
		                                          : FIRST_MIN;
	if (columns->width[0] > columns->most)
		columns->width[0] = columns->most;
}

/* Escaped; the columns that it took are returned: one for each octet. */
static size_t
put_cell(const char *text, FILE *out)
{
	size_t len = strlen(text);
	char *shown = NULL;

	if (strspn(text, PLAIN) < len) {
		shown = tool_alloc(len + 1, 4);
		len = tool_escape(text, len, shown, 4 * (len + 1));
	}
	(void)fwrite(shown != NULL ? shown : text, 1, len, out);
	free(shown);
	return len;
}

static void
put_line(struct tool_columns *columns, const char *const cells[])
{
	FILE *out = columns->out;
	size_t i, used;

	for (i = 0; i < columns->n; i++) {
		used = put_cell(cells[i], out);
		if (i + 1 == columns->n)
			break;
		if (i == 0 && used > columns->width[0] &&
		    used <= columns->most)
			columns->width[0] = used;
		if (i == 0 && used > columns->width[0]) {
			fputc('\n', out);
			used = 0;
		}
		for (; used < columns->width[i]; used++)
			fputc(' ', out);
		fputc(' ', out);
	}
}

void
tool_columns_put(struct tool_columns *columns, const char *const cells[],
                 const enum tool_tint *tint)
{
	bool is_tinted = columns->is_colored && tint != NULL;

	if (!columns->is_begun) {
		put_line(columns, columns->heading);
		fputc('\n', columns->out);
		columns->is_begun = true;
	}
	if (is_tinted)
		fputs(tool_tint_name(*tint), columns->out);
	put_line(columns, cells);
	if (is_tinted)
		fputs(TOOL_TINT_END, columns->out);
	fputc('\n', columns->out);
}
