/*
 * request.h - what is sent where, and what becomes of it along redirects.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules are those of curl -L.  pinfetch walks the hops itself because
 * libcurl would show the host of a redirect to the pins as it was received.
 */
#ifndef FETCH_REQUEST_H
#define FETCH_REQUEST_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/fault.h"
#include "pinfetch/options.h"
#include "pinfetch/target.h"
#include "pinfetch/upload.h"

enum fetch_verb {
	FETCH_GET,
	FETCH_HEAD,
	FETCH_POST,
	FETCH_FORM, /* a POST too */
	FETCH_PUT
};

struct fetch_request {
	const struct fetch_options *options;
	struct fetch_target first; /* what the user asked for */
	struct fetch_target at;    /* this hop */
	enum fetch_verb verb;
	long redirects;
	const char *asked; /* the URL with what options add to it, or NULL */
	struct curl_slist *headers; /* without those for another origin */
	char *referer;              /* of -e ;auto, or NULL */
	struct fetch_upload upload;
	curl_mime *form;
	curl_off_t offset; /* of -C */
};

/*
 * The request for the n-th URL, for easy; it goes on at offset.  False: *fault
 * tells why.  Either way fetch_request_end() ends *out, before easy goes.
 */
bool
fetch_request_begin(const struct fetch_options *options, size_t n, CURL *easy,
                    curl_off_t offset, struct fetch_request *out,
                    struct tool_fault *fault);

/*
 * Go on to location, which an answer of that status named: 301, 302 and 303
 * turn a POST into a GET without body, 303 a PUT as well, others keep it; user,
 * password, the cookies of -b and the fields Authorization, Cookie and Host of
 * -H stay with the first origin.
 */
bool
fetch_request_follow(struct fetch_request *request, long status,
                     const char *location, struct tool_fault *fault);

/* libcurl may have gone to https by --hsts: tell where the hop went. */
void
fetch_request_upgraded(struct fetch_request *request, CURL *easy);

/* Set what this hop needs; request must outlive the transfer. */
CURLcode
fetch_request_apply(struct fetch_request *request, CURL *easy);

void
fetch_request_end(struct fetch_request *request);

#endif /* FETCH_REQUEST_H */
