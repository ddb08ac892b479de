/*
 * memory.h - memory or the end of the program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command that has no memory left can only say so.  Nothing is lost by it:
 * the store's transactions end with the process.
 */
#ifndef TOOL_MEMORY_H
#define TOOL_MEMORY_H

#include <stddef.h>

/* The exit code of tool_no_memory(); 3 until it is set. */
void
tool_memory_exit(int code);

/* Say that there is no memory, and exit. */
void
tool_no_memory(void) __attribute__((noreturn));

/*
 * Zeroed memory for n things of size, never NULL.  Owner: the caller, free().
 */
void *
tool_alloc(size_t n, size_t size) __attribute__((malloc));

/* *items with room for one more behind the n that are there. */
void *
tool_grow(void *items, size_t n, size_t size);

/* A copy of len octets of text, ended by NUL. */
char *
tool_copy(const char *text, size_t len) __attribute__((malloc));

/* A formatted string. */
char *
tool_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* TOOL_MEMORY_H */
