/*
 * held.c - what is printed before it is known whether it may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Most verbs print less. */
#define HELD_FIRST 4096

static void
put(struct tool_held *held, const char *text, size_t len)
{
	errno = 0;
	if (len > 0 && fwrite(text, 1, len, held->to) < len &&
	    held->error == 0)
		held->error = errno;
}

static void
let_go(struct tool_held *held)
{
	put(held, held->text, held->len);
	held->len = 0;
	held->is_let_go = true;
}

static void
hold(struct tool_held *held, const char *text, size_t len)
{
	size_t size = held->size > 0 ? held->size : HELD_FIRST;
	char *grown;

	while (size < held->len + len)
		size *= 2;
	if (size != held->size) {
		grown = realloc(held->text, size);
		if (grown == NULL)
			tool_no_memory();
		held->text = grown;
		held->size = size;
	}
	memcpy(held->text + held->len, text, len);
	held->len += len;
}

static ssize_t
take(void *cookie, const char *text, size_t len)
{
	struct tool_held *held = cookie;

	if (!held->is_let_go && len <= TOOL_HELD_MAX - held->len) {
		hold(held, text, len);
		return (ssize_t)len;
	}
	if (!held->is_let_go)
		let_go(held);
	put(held, text, len);
	return ferror(held->to) != 0 ? 0 : (ssize_t)len;
}

FILE *
tool_held_open(FILE *to, struct tool_held *held)
{
	static const cookie_io_functions_t functions = {.write = take};
	FILE *out;

	memset(held, 0, sizeof(*held));
	held->to = to;
	out = fopencookie(held, "w", functions);
	if (out == NULL)
		tool_no_memory();
	return out;
}

void
tool_held_end(struct tool_held *held, bool is_wanted)
{
	if (is_wanted && !held->is_let_go)
		let_go(held);
	free(held->text);
	held->text = NULL;
	held->len = 0;
}
