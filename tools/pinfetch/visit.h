/*
 * visit.h - fetch one URL, hop by hop, and tell what came of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_VISIT_H
#define FETCH_VISIT_H

#include <stddef.h>

#include "pinfetch/request.h"
#include "pinfetch/session.h"

/* What is known of a URL's fetch when it is over, for -w. */
struct fetch_report {
	const char *url; /* as it was given */
	size_t number;   /* from 0 */
	struct fetch_request request;
	struct fetch_sink sink;
	char *file; /* where the answer went, or NULL */
	struct fetch_verdict verdict;
	struct pinstore_noted noted;
	bool has_noted;    /* the last answer had a header for pins */
	bool has_transfer; /* libcurl was asked at least once */
	struct tool_fault fault; /* exit is that of the fetch */
	/* of the hops before the last */
	curl_off_t redirect_time; /* microseconds */
	long header_size;
	long request_size;
	long connects;
};

/* Fetch the n-th URL.  The exit code. */
int
fetch_visit(struct fetch_session *session, size_t n);

#endif /* FETCH_VISIT_H */
