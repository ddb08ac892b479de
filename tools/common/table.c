/*
 * table.c - columns for people, by libsmartcols.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols.h>

#include "common/memory.h"
#include "common/text.h"

struct tool_table {
	struct libscols_table *table;
	struct libscols_line *line; /* the last; the table's */
	size_t n_columns;
};

struct tool_table *
tool_table_new(const char *const headings[], bool is_colored)
{
	struct tool_table *out = tool_alloc(1, sizeof(*out));

	out->table = scols_new_table();
	if (out->table == NULL)
		tool_no_memory();
	scols_table_enable_colors(out->table, is_colored);
	/* Marks of a tree and the like in ASCII; cells are escaped here. */
	if (scols_table_enable_noencoding(out->table, 1) != 0)
		tool_no_memory();
	for (; headings[out->n_columns] != NULL; out->n_columns++) {
		if (scols_table_new_column(out->table,
		                           headings[out->n_columns], 0.1,
		                           0) == NULL)
			tool_no_memory();
	}
	return out;
}

void
tool_table_add(struct tool_table *table, const char *const cells[])
{
	char *shown;
	size_t i, len;

	table->line = scols_table_new_line(table->table, NULL);
	if (table->line == NULL)
		tool_no_memory();
	for (i = 0; i < table->n_columns; i++) {
		len = strlen(cells[i]);
		shown = tool_alloc(len + 1, 4);
		tool_escape(cells[i], len, shown, 4 * (len + 1));
		if (scols_line_refer_data(table->line, i, shown) != 0)
			tool_no_memory();
	}
}

void
tool_table_tint(struct tool_table *table, enum tool_tint tint)
{
	if (table->line != NULL)
		scols_line_set_color(table->line, tool_tint_name(tint));
}

void
tool_table_print(struct tool_table *table, FILE *out)
{
	if (scols_table_get_nlines(table->table) > 0) {
		scols_table_set_stream(table->table, out);
		if (scols_print_table(table->table) != 0 && errno == ENOMEM)
			tool_no_memory();
	}
	scols_unref_table(table->table);
	free(table);
}
