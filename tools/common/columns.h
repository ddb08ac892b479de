/*
 * columns.h - a table whose lines are printed as they come.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For what is too long to be kept, as table.h has to.
 */
#ifndef TOOL_COLUMNS_H
#define TOOL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/screen.h"

#define TOOL_COLUMNS_MAX 8

struct tool_columns {
	const char *const *heading;
	size_t n;
	size_t width[TOOL_COLUMNS_MAX];
	size_t most; /* what the screen leaves to the first */
	bool is_colored;
	bool is_begun;
	FILE *out;
};

/*
 * A table with these headings, ended by NULL, which have to live as long; its
 * cells are expected to be no wider than widths.  On a screen of so many
 * columns (0: none) the first is made so narrow that a line fits.  A first cell
 * that is wider than its column widens it, from there on; where the screen has
 * no room it is printed whole, and the others stand below.
 */
void
tool_columns_begin(const char *const headings[], const size_t widths[],
                   size_t screen, bool is_colored, FILE *out,
                   struct tool_columns *columns);

/*
 * Print a line, the first below the headings: as many cells as those, escaped
 * for terminals, with *tint unless that is NULL.
 */
void
tool_columns_put(struct tool_columns *columns, const char *const cells[],
                 const enum tool_tint *tint);

#endif /* TOOL_COLUMNS_H */
