/*
 * session.h - a libcurl handle, tied to the store when https asks for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_SESSION_H
#define FETCH_SESSION_H

#include <stdbool.h>

#include <curl/curl.h>

#include <pinstore/curl.h>

#include "pinfetch/exchange.h"
#include "pinfetch/options.h"
#include "pinfetch/request.h"
#include "pinfetch/run.h"

/* Exit codes beside those of libcurl. */
enum {
	FETCH_EXIT_CERTIFICATE = 60,
	FETCH_EXIT_MISMATCH = 90,
	FETCH_EXIT_STORE = 120,
	FETCH_EXIT_REVOKED = 121,
	FETCH_EXIT_UNPINNED = 122
};

struct fetch_session {
	struct fetch_run *run;
	const struct fetch_options *options;
	CURL *easy;
	struct pinstore_curl *attached;
	bool is_unlisted; /* --pinnedpubkey refused the hop */
	size_t hops;      /* before the one that goes on */
	struct fetch_exchange exchange;
};

/* What a hop ended with. */
struct fetch_verdict {
	int exit;
	enum pinstore_verdict verdict;
	bool is_judged; /* https, and a verdict came about */
	bool is_unlisted; /* --pinnedpubkey has none of the path */
	const struct pinstore_result *result; /* or NULL; the session's */
	struct pinstore_error error; /* if no verdict came about */
};

/* False: *fault tells why.  Either way fetch_session_end() ends *out. */
bool
fetch_session_begin(struct fetch_run *run, struct fetch_session *out,
                    struct tool_fault *fault);

/*
 * Open the store and tie it to the handle, once, for the first https hop.
 * False: verdict has the exit code and the error.
 */
bool
fetch_session_pins(struct fetch_session *session,
                   struct fetch_verdict *verdict);

/* Make the handle ready for the transfer of one hop. */
CURLcode
fetch_session_prepare(struct fetch_session *session,
                      struct fetch_request *request, long timeout_ms);

/* Tell what came of the hop, whose transfer libcurl ended with code. */
void
fetch_session_conclude(struct fetch_session *session,
                       struct fetch_request *request, CURLcode code,
                       struct fetch_verdict *verdict);

void
fetch_session_end(struct fetch_session *session);

#endif /* FETCH_SESSION_H */
