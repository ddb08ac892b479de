/*
 * stream.h - the rows of both stores, in the order in which they lie there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A domain's hosts are beside each other: names by their labels, from the last
 * one on.  So the first row is there at once, however many there are.
 */
#ifndef TOOL_STREAM_H
#define TOOL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "common/progress.h"
#include "rows.h"

/* What is taken out of a store at a time. */
#define STREAM_ROOM 4096

/* Whether the row of entry, which *row becomes, is wanted. */
typedef bool
stream_take_fn(const struct pinstore_entry *entry, void *arg, struct row *row,
               char name[PINSTORE_HOST_MAX + 1]);

/* One of the two. */
struct stream_store {
	bool is_system;
	bool is_over;
	struct rows rows;
	size_t at; /* the next one of rows */
	char last[PINSTORE_HOST_MAX + 1];
};

struct stream {
	struct pinstore *store;
	struct tool_progress *progress;
	uint64_t seen, done, total; /* before this walk, in it, of all */
	stream_take_fn *take;
	void *arg;
	struct stream_store own, system;
	struct stream_store *filled; /* which is being filled */
};

/*
 * What is read is shown by progress, which has to live as long, as the store is
 * told.  Owner: the caller, who ends *out with stream_end().
 */
void
stream_begin(struct pinstore *store, struct tool_progress *progress,
             stream_take_fn *take, void *arg, struct stream *out);

/*
 * The next row that is wanted, until the next call; NULL at the end, or without
 * PINSTORE_OK.
 */
enum pinstore_status
stream_next(struct stream *stream, const struct row **out,
            struct pinstore_error *error);

void
stream_end(struct stream *stream);

#endif /* TOOL_STREAM_H */
