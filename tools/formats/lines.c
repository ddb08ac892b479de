/*
 * lines.c - a file line by line, in bounded memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/lines.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/memory.h"
#include "formats/intake.h"

/* A line with its end, and room to read more than one at once. */
#define SIZE (4 * INTAKE_LINE_MAX)
#define BOM "\xef\xbb\xbf"

void
lines_new(int fd, struct lines *out)
{
	memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->buffer = tool_alloc(SIZE + 1, 1);
}

void
lines_free(struct lines *lines)
{
	free(lines->buffer);
	memset(lines, 0, sizeof(*lines));
}

/* One read, if there is room and anything left. */
static bool
fill(struct lines *lines)
{
	ssize_t n;

	if (lines->is_ended)
		return false;
	if (lines->start > 0) {
		memmove(lines->buffer, lines->buffer + lines->start,
		        lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = 0;
	}
	/* Whoever asks has no more of it than a line. */
	assert(lines->end < SIZE);
	do
		n = read(lines->fd, lines->buffer + lines->end,
		         SIZE - lines->end);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		lines->error = n < 0 ? errno : 0;
		lines->is_ended = true;
		return false;
	}
	/* A mark of the octets' order says nothing in UTF-8. */
	if (lines->octets == 0 && n >= 3 &&
	    memcmp(lines->buffer, BOM, strlen(BOM)) == 0)
		lines->start = strlen(BOM);
	lines->octets += (uint64_t)n;
	lines->end += (size_t)n;
	return true;
}

const char *
lines_peek(struct lines *lines, size_t *len)
{
	while (lines->end - lines->start < INTAKE_LINE_MAX && fill(lines))
		continue;
	*len = lines->end - lines->start;
	if (*len > INTAKE_LINE_MAX)
		*len = INTAKE_LINE_MAX;
	return lines->buffer + lines->start;
}

/* The end of the line at start; NULL: it is not there yet, or too far. */
static char *
find_end(struct lines *lines)
{
	size_t looked = 0, have;
	char *found;

	for (;;) {
		have = lines->end - lines->start;
		found = memchr(lines->buffer + lines->start + looked, '\n',
		               have - looked);
		if (found != NULL || have > INTAKE_LINE_MAX + 1)
			return found;
		looked = have;
		if (!fill(lines))
			return NULL;
	}
}

/* Pass over a line that is too long. */
static void
skip(struct lines *lines)
{
	char *found;

	do {
		found = memchr(lines->buffer + lines->start, '\n',
		               lines->end - lines->start);
		lines->start = found != NULL
		                       ? (size_t)(found - lines->buffer) + 1
		                       : lines->end;
	} while (found == NULL && fill(lines));
}

bool
lines_next(struct lines *lines, char **text, size_t *len)
{
	char *end = find_end(lines), *start = lines->buffer + lines->start;
	size_t next;

	*text = NULL;
	*len = 0;
	if (end == NULL && lines->start == lines->end)
		return false;
	lines->number++;
	if (end == NULL)
		end = lines->buffer + lines->end;
	next = (size_t)(end - lines->buffer) + 1;
	if (end > start && end[-1] == '\r')
		end--;
	if ((size_t)(end - start) > INTAKE_LINE_MAX) {
		skip(lines);
		return true;
	}
	*end = '\0';
	lines->start = next < lines->end ? next : lines->end;
	if (strlen(start) == (size_t)(end - start)) {
		*text = start;
		*len = (size_t)(end - start);
	}
	return true;
}

bool
lines_rest(struct lines *lines, size_t limit, char **text, size_t *len)
{
	size_t size = SIZE, used = 0, have;
	char *all = tool_alloc(size + 1, 1);

	do {
		have = lines->end - lines->start;
		if (used + have > limit) {
			lines->error = EFBIG;
			break;
		}
		if (used + have > size) {
			size = 2 * (used + have);
			all = realloc(all, size + 1);
			if (all == NULL)
				tool_no_memory();
		}
		memcpy(all + used, lines->buffer + lines->start, have);
		used += have;
		lines->start = lines->end;
	} while (fill(lines));
	if (lines->error != 0) {
		free(all);
		return false;
	}
	all[used] = '\0';
	*text = all;
	*len = used;
	return true;
}
