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
	char *file;      /* where the answer went, or NULL */
	int64_t start;   /* of this attempt, in milliseconds */
	long retried;
	long wait_ms;    /* before the transfer that comes next */
	bool is_repeated; /* the transfer, see has_died() */
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

/*
 * Fetch the n-th URL: as long as begin, then next, return true, wait for
 * out->wait_ms, have libcurl perform the transfer of session->easy, and pass on
 * its code.  The report must stay where it is until the end.
 */
bool
fetch_visit_begin(struct fetch_session *session, size_t n,
                  struct fetch_report *out);
bool
fetch_visit_next(struct fetch_session *session, struct fetch_report *report,
                 CURLcode code);

/* Tell what came of it, and free what it holds.  The exit code. */
int
fetch_visit_end(struct fetch_session *session, struct fetch_report *report);

/* All of this for one URL. */
int
fetch_visit(struct fetch_session *session, size_t n);

#endif /* FETCH_VISIT_H */
