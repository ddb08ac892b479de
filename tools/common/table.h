/*
 * table.h - columns for people, by libsmartcols.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Without memory the program ends, see memory.h.
 */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/screen.h"

struct tool_table;

/*
 * A table with these headings, ended by NULL; colored if is_colored.  The first
 * column is never cut: on a terminal that is too narrow the line goes on below.
 *
 * Owner: the caller, who ends it with tool_table_print().
 */
struct tool_table *
tool_table_new(const char *const headings[], bool is_colored);

/* One more line: as many cells as headings, copied, escaped for terminals. */
void
tool_table_add(struct tool_table *table, const char *const cells[]);

/* Tint the line that was added last. */
void
tool_table_tint(struct tool_table *table, enum tool_tint tint);

/* Print the table if it has a line, and free it. */
void
tool_table_print(struct tool_table *table, FILE *out);

#endif /* TOOL_TABLE_H */
