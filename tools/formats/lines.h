/*
 * lines.h - a file line by line, in bounded memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines {
	int fd;
	char *buffer;
	size_t start, end; /* of what was read and not yet given */
	uint64_t number;   /* of the line that was given last */
	uint64_t octets;   /* read so far */
	bool is_ended;
	int error; /* errno of what ended it, or 0 */
};

/* Owner: the caller, lines_free(); fd stays his. */
void
lines_new(int fd, struct lines *out);
void
lines_free(struct lines *lines);

/* What comes next, without taking it: *len octets, 64 KiB at most. */
const char *
lines_peek(struct lines *lines, size_t *len);

/*
 * The next line, without its end, which is LF or CR LF or the file's, and with
 * a NUL in its place; it lives until the next call.  Of one that is longer than
 * INTAKE_LINE_MAX, or has a NUL itself, *text is NULL.  False: there is none.
 */
bool
lines_next(struct lines *lines, char **text, size_t *len);

/*
 * All that is left, up to limit octets.  False: lines->error, or EFBIG.
 * Owner: the caller, free().
 */
bool
lines_rest(struct lines *lines, size_t limit, char **text, size_t *len);

#endif /* FORMATS_LINES_H */
