/*
 * memory.c - memory or the end of the program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int exit_code = 3;

void
tool_memory_exit(int code)
{
	exit_code = code;
}

void
tool_no_memory(void)
{
	fputs("out of memory\n", stderr);
	exit(exit_code);
}

void *
tool_alloc(size_t n, size_t size)
{
	void *out = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (out == NULL)
		tool_no_memory();
	return out;
}

void *
tool_grow(void *items, size_t n, size_t size)
{
	/* Room is doubled whenever n is a power of two. */
	if (n != 0 && (n & (n - 1)) != 0)
		return items;
	if (n > SIZE_MAX / 2 / size)
		tool_no_memory();
	items = realloc(items, (n == 0 ? 1 : 2 * n) * size);
	if (items == NULL)
		tool_no_memory();
	return items;
}

char *
tool_copy(const char *text, size_t len)
{
	char *out;

	if (len == SIZE_MAX)
		tool_no_memory();
	out = tool_alloc(len + 1, 1);
	memcpy(out, text, len);
	return out;
}

char *
tool_format(const char *format, ...)
{
	va_list args;
	char *out = NULL;
	int n;

	va_start(args, format);
	n = vasprintf(&out, format, args);
	va_end(args);
	if (n < 0)
		tool_no_memory();
	return out;
}
