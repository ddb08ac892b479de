/*
 * complete.h - what may follow on a command line, for a shell's completion.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_COMPLETE_H
#define TOOL_COMPLETE_H

#include <stddef.h>
#include <stdio.h>

/* The word with which a shell asks, in place of a verb. */
#define COMPLETE_WORD "__complete"

/*
 * Print what the last of the n words behind the program's name may become, one
 * on a line: verbs, options, values, hosts of the store; ":files" and ":dirs"
 * ask the shell for its own.  Errors just print nothing.
 */
void
complete(char *const words[], size_t n, FILE *out);

#endif /* TOOL_COMPLETE_H */
