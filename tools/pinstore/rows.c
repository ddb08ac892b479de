/*
 * rows.c - many entries in an order, with room for some of them at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * While there is room the rows stand as they come; then they are a heap with
 * the last in order at its head, which makes room for one that comes before it.
 */
#include <config.h>

#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_key(const struct row *a, const struct row *b, enum sort_key key)
{
	switch (key) {
	case SORT_HOST:
	case SORT_DOMAIN: /* no rows of its own: stream.h */
		break;
	case SORT_EXPIRES:
		return order(a->expires, b->expires);
	case SORT_NOTED:
		return order(a->noted, b->noted);
	case SORT_UPDATED:
		return order(a->updated, b->updated);
	case SORT_SOURCE:
		return strcmp(pinstore_source_word(a->source),
		              pinstore_source_word(b->source));
	case SORT_MODE:
		return strcmp(pinstore_mode_word(a->mode),
		              pinstore_mode_word(b->mode));
	}
	return 0;
}

/* By the key, then by host, the configured layer first. */
static int
compare(const struct row *a, const struct row *b, enum sort_key key)
{
	int by = compare_key(a, b, key);

	if (by == 0)
		by = (a->head > b->head) - (a->head < b->head);
	if (by == 0)
		by = strcmp(a->host, b->host);
	return by != 0 ? by : order(a->layer, b->layer);
}

static int
compare_rows(const void *left, const void *right, void *key)
{
	return compare(left, right, *(const enum sort_key *)key);
}

/* So that most names are told apart without a look at them. */
static uint64_t
head_of(const char *host)
{
	uint64_t head = 0;
	size_t i;

	for (i = 0; i < sizeof(head); i++) {
		head = head << 8 | (unsigned char)*host;
		host += *host != '\0';
	}
	return head;
}

/* ----------------------------------------------------------------- the heap */

static void
swap(struct row *a, struct row *b)
{
	struct row kept = *a;

	*a = *b;
	*b = kept;
}

static void
sink(struct rows *rows, size_t i)
{
	struct row *row = rows->row;
	size_t below = 2 * i + 1;

	while (below < rows->n) {
		if (below + 1 < rows->n &&
		    compare(&row[below + 1], &row[below], rows->key) > 0)
			below++;
		if (compare(&row[below], &row[i], rows->key) <= 0)
			return;
		swap(&row[below], &row[i]);
		i = below;
		below = 2 * i + 1;
	}
}

static void
make_heap(struct rows *rows)
{
	size_t i;

	for (i = rows->n / 2; i > 0; i--)
		sink(rows, i - 1);
	rows->is_heap = true;
}

static void
put(const struct row *row, struct row *out)
{
	*out = *row;
	out->host = tool_copy(row->host, strlen(row->host));
}

/* ------------------------------------------------------------------- passes */

void
rows_begin(enum sort_key key, size_t room, struct rows *out)
{
	memset(out, 0, sizeof(*out));
	out->key = key;
	out->room = room;
}

void
rows_offer(struct row *row, struct rows *rows)
{
	row->head = head_of(row->host);
	if (rows->has_last && compare(row, &rows->last, rows->key) <= 0)
		return;
	if (rows->n < rows->room) {
		rows->row = tool_grow(rows->row, rows->n, sizeof(*rows->row));
		put(row, &rows->row[rows->n++]);
		return;
	}
	rows->has_passed = true;
	if (!rows->is_heap)
		make_heap(rows);
	if (compare(row, &rows->row[0], rows->key) >= 0)
		return;
	free(rows->row[0].host);
	put(row, &rows->row[0]);
	sink(rows, 0);
}

void
rows_sort(struct rows *rows)
{
	if (rows->n > 0)
		qsort_r(rows->row, rows->n, sizeof(*rows->row), compare_rows,
		        &rows->key);
	rows->is_heap = false;
}

static void
empty(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		free(rows->row[i].host);
	rows->n = 0;
}

bool
rows_next(struct rows *rows)
{
	bool has_more = rows->has_passed;

	if (has_more) {
		free(rows->last.host);
		put(&rows->row[rows->n - 1], &rows->last);
		rows->has_last = true;
	}
	empty(rows);
	/* tool_grow() counts from none. */
	free(rows->row);
	rows->row = NULL;
	rows->has_passed = false;
	return has_more;
}

void
rows_free(struct rows *rows)
{
	empty(rows);
	free(rows->row);
	free(rows->last.host);
	memset(rows, 0, sizeof(*rows));
}
