/*
 * text.h - text for people: escaped for terminals, nearest words.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Write len octets so that they cannot steer a terminal or mislead its reader:
 * control characters, what is not UTF-8, marks that turn the direction or take
 * no room come out as \n, \x1b, \u{202e}; a backslash is doubled.  out is
 * always ended; what does not fit is cut between characters.  Octets written
 * are returned.
 */
size_t
tool_escape(const char *text, size_t len, char *out, size_t size);

/* The same, to a stream. */
void
tool_put_escaped(const char *text, FILE *out);

/*
 * Write text of ours, which is ASCII, from column on; lines are broken at
 * spaces to fit 80 columns and end with a newline.
 */
void
tool_put_wrapped(const char *text, size_t column, FILE *out);

/*
 * The length of the UTF-8 sequence at text that may be shown as it is, or 0.
 */
size_t
tool_utf8_shown(const char *text, size_t len);

/* Whether all of text is well-formed UTF-8. */
bool
tool_is_utf8(const char *text, size_t len);

/*
 * Of words, ended by NULL, the one nearest to word by edit distance, or NULL if
 * none is near enough to be meant.
 */
const char *
tool_nearest(const char *word, const char *const words[]);

/* One or more decimal digits, no sign, up to limit. */
bool
tool_parse_number(const char *text, size_t len, int64_t limit, int64_t *out);

#endif /* TOOL_TEXT_H */
