/*
 * target.c - where a hop goes: a URL whose host has its one canonical form.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "common/memory.h"

static bool
bad_url(struct tool_fault *fault, const char *text, const char *why)
{
	tool_fault_set(fault, FETCH_EXIT_URL, "url", NULL, NULL, "%s: %s", text,
	               why);
	return false;
}

/* A part of url, or NULL; curl's memory becomes ours. */
static char *
part_of(CURLU *url, CURLUPart what, unsigned flags)
{
	char *part = NULL;
	char *copy;

	if (curl_url_get(url, what, &part, flags) || !part)
		return NULL;
	copy = tool_copy(part, strlen(part));
	curl_free(part);
	return copy;
}

static bool
read_scheme(CURLU *url, struct fetch_target *out, struct tool_fault *fault)
{
	char *scheme = part_of(url, CURLUPART_SCHEME, 0);
	bool is_http = scheme && strcasecmp(scheme, "http") == 0;

	out->is_https = scheme && strcasecmp(scheme, "https") == 0;
	if (!is_http && !out->is_https)
		tool_fault_set(fault, FETCH_EXIT_PROTOCOL, "protocol", NULL,
		               NULL, "%s: only https and http are supported",
		               scheme ? scheme : "no scheme");
	free(scheme);
	return is_http || out->is_https;
}

static bool
read_host(CURLU *url, const char *text, struct fetch_target *out,
          struct tool_fault *fault)
{
	char *host = part_of(url, CURLUPART_HOST, 0);
	enum pinstore_host_kind kind;
	enum pinstore_status status = PINSTORE_ERR_HOST;
	CURLUcode code = CURLUE_OK;

	if (host)
		status = pinstore_host_canonical(host, strlen(host), out->host,
		                                 &kind);
	if (!status && strcmp(host, out->host) != 0)
		code = curl_url_set(url, CURLUPART_HOST, out->host, 0);
	free(host);
	if (status == PINSTORE_ERR_NOMEM || code == CURLUE_OUT_OF_MEMORY)
		tool_no_memory();
	if (status || code)
		return bad_url(fault, text,
		               pinstore_strerror(PINSTORE_ERR_HOST));
	return true;
}

/* User and password leave the URL: they are libcurl options, hop by hop. */
static bool
read_credentials(CURLU *url, const char *text, struct fetch_target *out,
                 struct tool_fault *fault)
{
	char *raw = part_of(url, CURLUPART_USER, 0);
	char *raw_password = part_of(url, CURLUPART_PASSWORD, 0);
	bool is_good;

	if (!raw && !raw_password)
		return true;
	out->user = part_of(url, CURLUPART_USER, CURLU_URLDECODE);
	out->password = part_of(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
	is_good = !raw == !out->user && !raw_password == !out->password;
	free(raw);
	free(raw_password);
	if (!is_good)
		return bad_url(fault, text, "user or password cannot be used");
	(void)curl_url_set(url, CURLUPART_USER, NULL, 0);
	(void)curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	return true;
}

/* Finish url into *out. */
static bool
settle(CURLU *url, const char *text, struct fetch_target *out,
       struct tool_fault *fault)
{
	if (!read_scheme(url, out, fault) ||
	    !read_host(url, text, out, fault) ||
	    !read_credentials(url, text, out, fault))
		return false;
	out->port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	out->url = part_of(url, CURLUPART_URL, 0);
	if (!out->port || !out->url)
		return bad_url(fault, text, "cannot be used");
	return true;
}

static CURLU *
new_url(void)
{
	CURLU *url = curl_url();

	if (!url)
		tool_no_memory();
	return url;
}

/* As libcurl tells a scheme: what stands before ":/", however many slashes. */
static bool
has_scheme(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "abcdefghijklmnopqrstuvwxyz"
	                              "0123456789+-.";
	size_t n_letters = sizeof(letters) - sizeof("0123456789+-.");

	return *text && memchr(letters, *text, n_letters) &&
	       strncmp(text + strspn(text, letters), ":/", 2) == 0;
}

char *
fetch_target_whole(const char *text)
{
	return has_scheme(text) ? tool_copy(text, strlen(text))
	                        : tool_format("http://%s", text);
}

bool
fetch_target_is_https_proxy(const char *proxy)
{
	return strncasecmp(proxy, "https:/", 7) == 0;
}

/* The last part of file's path becomes that of the URL, unless it has one. */
static CURLUcode
add_file(CURLU *url, const char *file)
{
	char *path = part_of(url, CURLUPART_PATH, 0);
	const char *name = strrchr(file, '/');
	CURLUcode code = CURLUE_OK;

	name = name ? name + 1 : file;
	if (!path || path[0] == '\0' || path[strlen(path) - 1] == '/') {
		char *encoded = curl_easy_escape(NULL, name, 0);
		char *longer;

		if (!encoded)
			tool_no_memory();
		longer = tool_format("%s%s", path && path[0] ? path : "/",
		                     *name ? encoded : "");
		code = curl_url_set(url, CURLUPART_PATH, longer, 0);
		free(longer);
		curl_free(encoded);
	}
	free(path);
	return code;
}

static CURLUcode
add_to(CURLU *url, const struct fetch_addition *addition)
{
	CURLUcode code = CURLUE_OK;

	if (addition && addition->file)
		code = add_file(url, addition->file);
	if (!code && addition && addition->query)
		code = curl_url_set(url, CURLUPART_QUERY, addition->query,
		                    CURLU_APPENDQUERY);
	return code;
}

bool
fetch_target_read(const char *text, const struct fetch_addition *addition,
                  struct fetch_target *out, struct tool_fault *fault)
{
	CURLU *url = new_url();
	char *whole = fetch_target_whole(text);
	CURLUcode code;
	bool is_good;

	*out = (struct fetch_target){0};
	/* A path is no name, and "http:///" would make one of it. */
	code = CURLUE_NO_HOST;
	if (text[0] != '/')
		code = curl_url_set(url, CURLUPART_URL, whole,
		                    CURLU_NON_SUPPORT_SCHEME);
	if (!code)
		code = add_to(url, addition);
	is_good = code ? bad_url(fault, text, curl_url_strerror(code))
	               : settle(url, text, out, fault);
	free(whole);
	curl_url_cleanup(url);
	return is_good;
}

static char *
copy_of(const char *text)
{
	return text ? tool_copy(text, strlen(text)) : NULL;
}

void
fetch_target_copy(const struct fetch_target *target, struct fetch_target *out)
{
	*out = *target;
	out->url = copy_of(target->url);
	out->port = copy_of(target->port);
	out->user = copy_of(target->user);
	out->password = copy_of(target->password);
}

bool
fetch_target_follow(const struct fetch_target *from, const char *location,
                    struct fetch_target *out, struct tool_fault *fault)
{
	CURLU *url = new_url();
	CURLUcode code;
	bool is_good;

	*out = (struct fetch_target){0};
	code = curl_url_set(url, CURLUPART_URL, from->url, 0);
	if (!code)
		code = curl_url_set(url, CURLUPART_URL, location,
		                    CURLU_NON_SUPPORT_SCHEME |
		                            CURLU_URLENCODE);
	is_good = code ? bad_url(fault, location, curl_url_strerror(code))
	               : settle(url, location, out, fault);
	curl_url_cleanup(url);
	return is_good;
}

static char *
changed(const char *text, const char *user, const char *password)
{
	CURLU *url = new_url();
	char *whole = NULL;

	if (!curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_set(url, CURLUPART_USER, user, CURLU_URLENCODE) &&
	    !curl_url_set(url, CURLUPART_PASSWORD, password, CURLU_URLENCODE))
		whole = part_of(url, CURLUPART_URL, 0);
	curl_url_cleanup(url);
	if (!whole) /* as text was made by curl_url_get() */
		tool_no_memory();
	return whole;
}

char *
fetch_target_with_user(const struct fetch_target *target,
                       const struct fetch_target *from)
{
	return changed(target->url, from->user, from->password);
}

char *
fetch_target_without_user(const char *text)
{
	return changed(text, NULL, NULL);
}

bool
fetch_target_same_origin(const struct fetch_target *a,
                         const struct fetch_target *b)
{
	return a->is_https == b->is_https && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

void
fetch_target_clear(struct fetch_target *target)
{
	free(target->url);
	free(target->port);
	free(target->user);
	free(target->password);
	*target = (struct fetch_target){0};
}
