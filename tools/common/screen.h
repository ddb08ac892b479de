/*
 * screen.h - the standard streams: safe at the start, checked at the end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum tool_color { TOOL_COLOR_AUTO, TOOL_COLOR_ALWAYS, TOOL_COLOR_NEVER };

enum tool_tint { TOOL_TINT_GOOD, TOOL_TINT_BAD, TOOL_TINT_DIM };

/*
 * To be called first: take the places of standard streams that are closed, so
 * that no file of the store is opened there (what is written to them fails as
 * before), and set the locale's character type.
 */
void
tool_start(void);

/*
 * Flush and close stdout.  False: something that was written did not arrive,
 * errno tells why.
 */
bool
tool_stdout_close(void);

/* "auto", "always", "never". */
bool
tool_color_parse(const char *word, enum tool_color *out);

/*
 * Whether to color what goes to stream: as color says; auto means a terminal
 * that is not dumb, and no $NO_COLOR.
 */
bool
tool_color_wanted(enum tool_color color, FILE *stream);

/* Write text, which is taken as it stands, with a tint if is_on. */
void
tool_put_tinted(const char *text, enum tool_tint tint, bool is_on, FILE *out);

/* The name of a tint for libsmartcols, which begins it; and what ends it. */
const char *
tool_tint_name(enum tool_tint tint);
#define TOOL_TINT_END "\033[0m"

/* How many columns the terminal has that stdout is; 0 if it is none. */
size_t
tool_screen_columns(void);

#endif /* TOOL_SCREEN_H */
