/*
 * table.h - the table of options: what is read, and what --help prints.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_TABLE_H
#define FETCH_TABLE_H

/* Long options without a letter. */
enum {
	FETCH_OPT_CACERT = 256,
	FETCH_OPT_RESOLVE,
	FETCH_OPT_CONNECT_TO,
	FETCH_OPT_HTTP11,
	FETCH_OPT_HTTP2,
	FETCH_OPT_TLS12,
	FETCH_OPT_TLS13,
	FETCH_OPT_STORE,
	FETCH_OPT_NO_LEARN,
	FETCH_OPT_REQUIRE_PIN,
	FETCH_OPT_MAX_REDIRS
};

struct fetch_row {
	int id; /* a letter, or one of the above */
	const char *name;
	const char *argument; /* NULL = takes none */
	const char *help;
};

#define FETCH_ROWS 29

extern const struct fetch_row fetch_rows[FETCH_ROWS];

/* The row of an id, or NULL. */
const struct fetch_row *
fetch_table_find(int id);

#endif /* FETCH_TABLE_H */
