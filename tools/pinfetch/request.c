/*
 * request.c - what is sent where, and what becomes of it along redirects.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pinfetch/material.h"

/* curl's exit code for too many redirects. */
#define EXIT_REDIRECTS 47

bool
fetch_request_begin(const struct fetch_options *options, const char *url,
                    struct fetch_request *out, struct tool_fault *fault)
{
	struct fetch_target at;

	*out = (struct fetch_request){.options = options};
	out->verb = options->data   ? FETCH_POST
	            : options->head ? FETCH_HEAD
	                            : FETCH_GET;
	if (!fetch_target_read(url, &out->first, fault))
		return false;
	if (fetch_target_read(url, &at, fault)) {
		out->at = at;
		return true;
	}
	fetch_target_clear(&at);
	return false;
}

bool
fetch_request_follow(struct fetch_request *request, long status,
                     const char *location, struct tool_fault *fault)
{
	const struct fetch_options *options = request->options;
	struct fetch_target next;

	if (options->max_redirects >= 0 &&
	    request->redirects >= options->max_redirects) {
		tool_fault_set(fault, EXIT_REDIRECTS, "redirects", NULL, NULL,
		               "Maximum (%ld) redirects followed",
		               options->max_redirects);
		return false;
	}
	if (!fetch_target_follow(&request->at, location, &next, fault)) {
		fetch_target_clear(&next);
		return false;
	}
	fetch_target_clear(&request->at);
	request->at = next; /* now request's */
	request->redirects++;
	if (request->verb == FETCH_POST && status >= 301 && status <= 303)
		request->verb = FETCH_GET;
	return true;
}

static bool
names_field(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(line, name, len) == 0 &&
	       (line[len] == ':' || line[len] == ';');
}

static struct curl_slist *
headers_of(struct fetch_request *request, bool is_same)
{
	const struct curl_slist *at = request->options->headers;

	curl_slist_free_all(request->headers);
	request->headers = NULL;
	if (is_same)
		return request->options->headers;
	for (; at; at = at->next)
		if (!names_field(at->data, "Authorization") &&
		    !names_field(at->data, "Cookie") &&
		    !names_field(at->data, "Host"))
			fetch_material_append(&request->headers, at->data);
	return request->headers;
}

static CURLcode
apply_verb(const struct fetch_request *request, CURL *easy)
{
	const struct fetch_options *options = request->options;
	CURLcode code = CURLE_OK;

	switch (request->verb) {
	case FETCH_GET:
		code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		break;
	case FETCH_HEAD:
		code = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		break;
	case FETCH_POST:
		code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		                        options->data);
		if (!code)
			code = curl_easy_setopt(easy,
			                        CURLOPT_POSTFIELDSIZE_LARGE,
			                        (curl_off_t)options->data_len);
		break;
	}
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
		                        options->method);
	return code;
}

CURLcode
fetch_request_apply(struct fetch_request *request, CURL *easy)
{
	bool is_same = fetch_target_same_origin(&request->first, &request->at);
	const struct fetch_target *from = &request->at;
	CURLcode code;

	if (!from->user && !from->password && is_same)
		from = &request->first;
	code = curl_easy_setopt(easy, CURLOPT_URL, request->at.url);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
		                        request->at.is_https ? "https"
		                                             : "http");
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_USERNAME, from->user);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PASSWORD,
		                        from->password);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
		                        headers_of(request, is_same));
	return code ? code : apply_verb(request, easy);
}

void
fetch_request_end(struct fetch_request *request)
{
	curl_slist_free_all(request->headers);
	fetch_target_clear(&request->at);
	fetch_target_clear(&request->first);
}
