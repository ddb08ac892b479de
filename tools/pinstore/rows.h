/*
 * rows.h - many entries in an order, with room for some of them at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store has its own order.  What is to be printed in another is offered
 * whole, once for each pass; the rows that come first are kept, then those
 * behind them:
 *
 *	rows_begin(SORT_HOST, ROWS_ROOM, &rows);
 *	do {
 *		... rows_offer(&row, &rows) with all of them ...
 *		rows_sort(&rows);
 *		... rows.row[0] to rows.row[rows.n - 1] ...
 *	} while (rows_next(&rows));
 *	rows_free(&rows);
 */
#ifndef TOOL_ROWS_H
#define TOOL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "options.h"

/* With it a million entries take two passes and 90 MB. */
#define ROWS_ROOM 524288

/* What a line of a table tells of an entry. */
struct row {
	char *host;
	uint64_t head; /* its first octets, which rows_offer() fills in */
	int64_t noted, updated, expires;
	uint32_t n_pins;
	enum pinstore_layer layer;
	enum pinstore_source source;
	enum pinstore_mode mode;
	bool include_subdomains;
	bool is_bypassed;
};

struct rows {
	enum sort_key key;
	size_t room;
	struct row *row;
	size_t n;
	bool is_heap;    /* it is full, and the last in order is row[0] */
	bool has_passed; /* one that there was no room for */
	bool has_last;
	struct row last; /* of the passes before */
};

void
rows_begin(enum sort_key key, size_t room, struct rows *out);

/*
 * Keep a copy of row unless it was in a pass before, or there is room for none
 * but those that come before it.
 */
void
rows_offer(struct row *row, struct rows *rows);

/* Bring those that are kept into order. */
void
rows_sort(struct rows *rows);

/* Forget them; whether there were more, which another pass finds. */
bool
rows_next(struct rows *rows);

void
rows_free(struct rows *rows);

#endif /* TOOL_ROWS_H */
