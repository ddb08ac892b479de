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

#include "common/memory.h"
#include "pinfetch/form.h"
#include "pinfetch/material.h"

/* curl's exit code for too many redirects. */
#define EXIT_REDIRECTS 47

static enum fetch_verb
verb_of(const struct fetch_options *options, const struct fetch_request *request)
{
	if (request->upload.fd >= 0)
		return FETCH_PUT;
	if (options->n_form > 0)
		return FETCH_FORM;
	if (options->data.text)
		return FETCH_POST;
	return options->head ? FETCH_HEAD : FETCH_GET;
}

/* The file of -T, and the form of -F. */
static bool
begin_body(const struct fetch_options *options, size_t n, CURL *easy,
           struct fetch_request *out, struct tool_fault *fault)
{
	const char *upload = n < options->n_uploads ? options->uploads[n] : "";
	CURLcode code;

	if (!fetch_upload_begin(upload[0] ? upload : NULL, &out->upload, fault))
		return false;
	if (options->n_form == 0)
		return true;
	code = fetch_form_build(options, easy, &out->form);
	if (!code)
		return true;
	tool_fault_set(fault, (int)code, "read", "--form", NULL,
	               "a part cannot be had: %s", curl_easy_strerror(code));
	return false;
}

bool
fetch_request_begin(const struct fetch_options *options, size_t n, CURL *easy,
                    curl_off_t offset, struct fetch_request *out,
                    struct tool_fault *fault)
{
	const char *upload = n < options->n_uploads ? options->uploads[n] : "";
	struct fetch_addition addition = {
	        .query = options->query.text,
	        .file = upload[0] && strcmp(upload, "-") != 0 ? upload : NULL,
	};
	const char *url = options->urls[n];

	*out = (struct fetch_request){.options = options, .offset = offset};
	out->upload.fd = -1;
	if (!fetch_target_read(url, &addition, &out->first, fault))
		return false;
	fetch_target_copy(&out->first, &out->at);
	if (addition.query || addition.file)
		out->asked = out->first.url;
	if (!begin_body(options, n, easy, out, fault))
		return false;
	out->verb = verb_of(options, out);
	return true;
}

static void
take_verb(struct fetch_request *request, long status)
{
	switch (request->verb) {
	case FETCH_GET:
	case FETCH_HEAD:
		break;
	case FETCH_POST:
	case FETCH_FORM:
		if (status >= 301 && status <= 303)
			request->verb = FETCH_GET;
		break;
	case FETCH_PUT:
		if (status == 303)
			request->verb = FETCH_GET;
		break;
	}
}

/* The URL that is left, without its fragment. */
static void
take_referer(struct fetch_request *request)
{
	const char *url = request->at.url;

	if (!request->options->auto_referer)
		return;
	free(request->referer);
	request->referer = tool_copy(url, strcspn(url, "#"));
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
	take_referer(request);
	fetch_target_clear(&request->at);
	request->at = next; /* now request's */
	request->redirects++;
	take_verb(request, status);
	return true;
}

void
fetch_request_upgraded(struct fetch_request *request, CURL *easy)
{
	struct tool_fault fault = {0};
	struct fetch_target now;
	char *url = NULL;

	if (request->at.is_https ||
	    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url) || !url)
		return;
	if (!fetch_target_read(url, NULL, &now, &fault) || !now.is_https ||
	    strcmp(now.host, request->at.host) != 0) {
		fetch_target_clear(&now);
		return;
	}
	free(now.user);
	free(now.password);
	now.user = request->at.user;
	now.password = request->at.password;
	request->at.user = NULL; /* now now's */
	request->at.password = NULL;
	fetch_target_clear(&request->at);
	request->at = now;
	if (request->redirects > 0)
		return;
	/* What belongs to the first origin goes to this one. */
	free(request->first.port);
	request->first.port = tool_copy(now.port, strlen(now.port));
	request->first.is_https = true;
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
apply_upload(struct fetch_request *request, CURL *easy)
{
	struct fetch_upload *upload = &request->upload;
	CURLcode code;

	if (!fetch_upload_rewind(upload))
		return CURLE_SEND_FAIL_REWIND;
	code = curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_READFUNCTION,
		                        fetch_upload_read);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_READDATA, upload);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION,
		                        fetch_upload_seek);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SEEKDATA, upload);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
		                        upload->size);
	return code;
}

static CURLcode
apply_data(const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
		                        options->data.text);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		                        (curl_off_t)options->data.len);
	return code;
}

static CURLcode
apply_verb(struct fetch_request *request, CURL *easy)
{
	/* This takes back what an earlier hop or URL has set. */
	CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);

	switch (request->verb) {
	case FETCH_GET:
		break;
	case FETCH_HEAD:
		if (!code)
			code = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		break;
	case FETCH_POST:
		if (!code)
			code = apply_data(request->options, easy);
		break;
	case FETCH_FORM:
		if (!code)
			code = curl_easy_setopt(easy, CURLOPT_MIMEPOST,
			                        request->form);
		break;
	case FETCH_PUT:
		if (!code)
			code = apply_upload(request, easy);
		break;
	}
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
		                        request->options->method);
	return code;
}

/*
 * With -n the user of a URL chooses among those of ~/.netrc: to libcurl one
 * that is not in the URL has been chosen.
 */
static CURLcode
apply_named_user(const struct fetch_request *request,
                 const struct fetch_target *from, CURL *easy)
{
	char *url = fetch_target_with_user(&request->at, from);
	CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);

	free(url);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_USERNAME, NULL);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PASSWORD, NULL);
	return code;
}

/* User and password: of -u, of the URL, or of the first one. */
static CURLcode
apply_user(const struct fetch_request *request, bool is_same, CURL *easy)
{
	const struct fetch_options *options = request->options;
	const struct fetch_target *from = &request->at;
	const char *user;
	const char *password;
	CURLcode code;

	if (!from->user && !from->password && is_same)
		from = &request->first;
	user = from->user;
	password = from->password;
	if (options->user && is_same) {
		user = options->user;
		password = options->password;
	} else if (options->netrc && user) {
		return apply_named_user(request, from, easy);
	}
	code = curl_easy_setopt(easy, CURLOPT_USERNAME, user);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
	return code;
}

static CURLcode
apply_fields(struct fetch_request *request, bool is_same, CURL *easy)
{
	const struct fetch_options *options = request->options;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER,
	                        headers_of(request, is_same));
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_COOKIE,
		                        is_same ? options->cookie : NULL);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_REFERER,
		                        request->referer ? request->referer
		                                         : options->referer);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_RANGE, options->range);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE,
		                        request->offset);
	return code;
}

CURLcode
fetch_request_apply(struct fetch_request *request, CURL *easy)
{
	const struct fetch_target *at = &request->at;
	bool is_same = fetch_target_same_origin(&request->first, at);
	const char *protocols = at->is_https             ? "https"
	                        : request->options->hsts ? "http,https"
	                                                 : "http";
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_URL, at->url);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	if (!code)
		code = apply_user(request, is_same, easy);
	if (!code)
		code = apply_fields(request, is_same, easy);
	return code ? code : apply_verb(request, easy);
}

void
fetch_request_end(struct fetch_request *request)
{
	curl_mime_free(request->form);
	fetch_upload_end(&request->upload);
	free(request->referer);
	curl_slist_free_all(request->headers);
	fetch_target_clear(&request->at);
	fetch_target_clear(&request->first);
}
