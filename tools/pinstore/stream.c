/*
 * stream.c - the rows of both stores, in the order in which they lie there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "stream.h"

#include <string.h>

#include <pinstore/admin.h>

/* Each walk counts from none, and only the first one knows of how many. */
static void
tell(uint64_t done, uint64_t total, void *arg)
{
	struct stream *stream = arg;

	stream->done = done;
	if (total > 0)
		stream->total = total;
	tool_progress_show(stream->seen + done, stream->total,
	                   stream->progress);
}

void
stream_begin(struct pinstore *store, struct tool_progress *progress,
             stream_take_fn *take, void *arg, struct stream *out)
{
	memset(out, 0, sizeof(*out));
	out->store = store;
	out->progress = progress;
	out->take = take;
	out->arg = arg;
	out->system.is_system = true;
	rows_begin(SORT_HOST, STREAM_ROOM + 1, &out->own.rows);
	rows_begin(SORT_HOST, STREAM_ROOM + 1, &out->system.rows);
	pinstore_set_progress(store, tell, out);
}

/* The walk goes on behind a host: so it does not end between its sections. */
static int
visit(const struct pinstore_entry *entry, void *arg)
{
	struct stream *stream = arg;
	struct stream_store *filled = stream->filled;
	const char *host = pinstore_entry_host(entry);
	char name[PINSTORE_HOST_MAX + 1];
	struct row row;

	if (filled->rows.n >= STREAM_ROOM && strcmp(host, filled->last) != 0) {
		filled->is_over = false;
		return 1;
	}
	memcpy(filled->last, host, strlen(host) + 1);
	if (stream->take(entry, stream->arg, &row, name))
		rows_offer(&row, &filled->rows);
	return 0;
}

static enum pinstore_status
fill(struct stream *stream, struct stream_store *store,
     struct pinstore_error *error)
{
	const char *after = store->last[0] != '\0' ? store->last : NULL;
	char behind[PINSTORE_HOST_MAX + 1];

	if (store->is_over || store->at < store->rows.n)
		return PINSTORE_OK;
	if (after != NULL)
		after = memcpy(behind, store->last, sizeof(behind));
	(void)rows_next(&store->rows);
	store->at = 0;
	store->is_over = true;
	stream->filled = store;
	stream->seen += stream->done;
	stream->done = 0;
	return store->is_system ? pinstore_walk_system(stream->store, after,
	                                               visit, stream, error)
	                        : pinstore_walk(stream->store, after, visit,
	                                        stream, error);
}

/* The labels of host from the last one on: what the store orders by. */
static void
turn(const char *host, char out[PINSTORE_HOST_MAX + 1])
{
	size_t end = strlen(host), at, used = 0;

	for (;;) {
		for (at = end; at > 0 && host[at - 1] != '.'; at--)
			continue;
		memcpy(out + used, host + at, end - at);
		used += end - at;
		if (at == 0)
			break;
		out[used++] = '.';
		end = at - 1;
	}
	out[used] = '\0';
}

static bool
is_before(const char *host, const char *other)
{
	char a[PINSTORE_HOST_MAX + 1], b[PINSTORE_HOST_MAX + 1];

	turn(host, a);
	turn(other, b);
	return strcmp(a, b) < 0;
}

enum pinstore_status
stream_next(struct stream *stream, const struct row **out,
            struct pinstore_error *error)
{
	struct stream_store *own = &stream->own, *system = &stream->system;
	struct stream_store *from = own;
	enum pinstore_status status;

	*out = NULL;
	status = fill(stream, own, error);
	if (status == PINSTORE_OK)
		status = fill(stream, system, error);
	if (status != PINSTORE_OK)
		return status;
	if (own->at == own->rows.n ||
	    (system->at < system->rows.n &&
	     is_before(system->rows.row[system->at].host,
	               own->rows.row[own->at].host)))
		from = system;
	if (from->at < from->rows.n)
		*out = &from->rows.row[from->at++];
	return PINSTORE_OK;
}

void
stream_end(struct stream *stream)
{
	pinstore_set_progress(stream->store, NULL, NULL);
	rows_free(&stream->own.rows);
	rows_free(&stream->system.rows);
}
