/*
 * held.h - what is printed before it is known whether it may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With JSON an error leaves nothing on stdout: so what a verb prints is held
 * until its exit code is known.  What is longer than TOOL_HELD_MAX goes to
 * stdout as it comes, or a million hosts would have to be held.
 *
 * Without memory the program ends, see memory.h.
 */
#ifndef TOOL_HELD_H
#define TOOL_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TOOL_HELD_MAX 1048576

struct tool_held {
	FILE *to;
	char *text;
	size_t len, size;
	bool is_let_go; /* what was held is out, and the rest follows */
	int error;      /* errno of the first write that failed, or 0 */
};

/*
 * A stream that is held, in front of `to`.  It has an error when `to` has one.
 * Owner: the caller, fclose(), and *held has to live until then.
 */
FILE *
tool_held_open(FILE *to, struct tool_held *held);

/* Once the stream is closed: print what is still held, or forget it. */
void
tool_held_end(struct tool_held *held, bool is_wanted);

#endif /* TOOL_HELD_H */
