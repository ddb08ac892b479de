/*
 * globs.h - hosts by patterns of the shell.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_GLOBS_H
#define TOOL_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

struct globs {
	char **glob;
	size_t n;
};

/*
 * Copies of the operands; one that is a plain name is brought to the form that
 * names are kept in.  Owner: the caller, globs_free().
 */
void
globs_new(char *const operands[], size_t n, struct globs *out);
void
globs_free(struct globs *globs);

/* Whether one of them matches the whole of host, or there is none. */
bool
globs_match(const struct globs *globs, const char *host);

#endif /* TOOL_GLOBS_H */
