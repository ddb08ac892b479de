/*
 * table.h - the table of options: what is read, and what --help prints.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_TABLE_H
#define FETCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Long options without a letter. */
enum {
	FETCH_OPT_CACERT = 256,
	FETCH_OPT_CAPATH,
	FETCH_OPT_COMPRESSED,
	FETCH_OPT_CONNECT_TIMEOUT,
	FETCH_OPT_CONNECT_TO,
	FETCH_OPT_CREATE_DIRS,
	FETCH_OPT_DATA_BINARY,
	FETCH_OPT_DATA_RAW,
	FETCH_OPT_DATA_URLENCODE,
	FETCH_OPT_FAIL_WITH_BODY,
	FETCH_OPT_HSTS,
	FETCH_OPT_HTTP11,
	FETCH_OPT_HTTP2,
	FETCH_OPT_JSON,
	FETCH_OPT_KEY,
	FETCH_OPT_LIMIT_RATE,
	FETCH_OPT_MAX_REDIRS,
	FETCH_OPT_NO_LEARN,
	FETCH_OPT_NOPROXY,
	FETCH_OPT_NO_PROGRESS,
	FETCH_OPT_OUTPUT_DIR,
	FETCH_OPT_PARALLEL_IMMEDIATE,
	FETCH_OPT_PARALLEL_MAX,
	FETCH_OPT_PIN_INFO,
	FETCH_OPT_PINNEDPUBKEY,
	FETCH_OPT_PROXY_CACERT,
	FETCH_OPT_REMOTE_NAME_ALL,
	FETCH_OPT_REPORT,
	FETCH_OPT_REQUIRE_PIN,
	FETCH_OPT_RESOLVE,
	FETCH_OPT_RETRY,
	FETCH_OPT_STORE,
	FETCH_OPT_STRICT_HEADER,
	FETCH_OPT_TLS12,
	FETCH_OPT_TLS13,
	FETCH_OPT_TOFU,
	FETCH_OPT_URL,
	FETCH_OPT_URL_QUERY
};

/* What is done with an option and its argument. */
enum fetch_how {
	FETCH_CALL, /* by a case of its own in options.c */
	FETCH_FLAG, /* the bool member becomes true */
	FETCH_TEXT, /* the const char * member points to it */
	FETCH_LIST  /* it is appended to the list */
};

struct fetch_row {
	int id; /* a letter, or one of the above */
	const char *name;
	const char *argument; /* NULL = takes none; "[=" begins an optional one */
	enum fetch_how how;
	size_t member; /* of struct fetch_options */
	const char *help;
};

#define FETCH_ROWS_MAX 80

/* Ended by a row without a name. */
extern const struct fetch_row fetch_rows[];

bool
fetch_row_may_lack_argument(const struct fetch_row *row);

/* The row of an id, or NULL. */
const struct fetch_row *
fetch_table_find(int id);

/*
 * The row of --NAME, or of the one row whose name begins with it; NULL if there
 * is none, or if there are several: then *is_ambiguous, else it is false.
 */
const struct fetch_row *
fetch_table_named(const char *name, bool *is_ambiguous);

#endif /* FETCH_TABLE_H */
