/*
 * live.c - a host as it is now.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcurl makes the connection, and ends it before a request: between the
 * handshake and that its session is at hand.
 */
#include <config.h>

#include "live.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <pinstore/gnutls.h>

#include "common/memory.h"
#include "common/text.h"
#include "verb.h"

#define CONNECT_SECONDS 30L

/* What libcurl said, in the place of a number of GnuTLS's. */
#define NOT_REACHED INT_MIN

struct live {
	CURL *easy;
	const char *host;
	live_fn *use;
	void *arg;
	bool is_used;
	enum pinstore_status status;
	struct pinstore_error *error;
};

static int
take_session(void *arg, char *remote_ip, char *local_ip, int remote_port,
             int local_port)
{
	struct live *live = arg;
	struct curl_tlssessioninfo *info = NULL;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (curl_easy_getinfo(live->easy, CURLINFO_TLS_SSL_PTR, &info) ==
	            CURLE_OK &&
	    info != NULL && info->backend == CURLSSLBACKEND_GNUTLS) {
		live->is_used = true;
		live->status = live->use(info->internals, live->arg,
		                         live->error);
	}
	return CURL_PREREQFUNC_ABORT;
}

static CURLcode
set_options(struct live *live, const struct options *options,
            struct curl_slist *resolve, struct curl_slist *connect_to,
            char *message)
{
	char *url = tool_format("https://%s/", live->host);
	CURL *easy = live->easy;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
		                        take_session);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, live);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_TIMEOUT,
		                        CONNECT_SECONDS);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
	/* libcurl would add the system's certificates to these. */
	if (code == CURLE_OK && options->cacert != NULL)
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
	if (code == CURLE_OK && options->cacert != NULL)
		code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	return code;
}

/* What libcurl said is an error of no function of ours. */
static enum pinstore_status
fail(const struct live *live, CURLcode code, const char *message)
{
	struct pinstore_error *error = live->error;

	memset(error, 0, sizeof(*error));
	error->status = PINSTORE_ERR_CHAIN;
	error->lib_error = NOT_REACHED;
	(void)snprintf(error->text, sizeof(error->text), "its chain cannot be had: %.180s",
	               message[0] != '\0' ? message
	                                  : curl_easy_strerror(code));
	return error->status;
}

const char *
live_status_word(const struct pinstore_error *error)
{
	return error->lib_error == NOT_REACHED
	               ? "network"
	               : tool_status_word(error->status);
}

struct curl_slist *
live_list(const char *const texts[], size_t n)
{
	struct curl_slist *list = NULL, *more;
	size_t i;

	for (i = 0; i < n; i++) {
		more = curl_slist_append(list, texts[i]);
		if (more == NULL)
			tool_no_memory();
		list = more;
	}
	return list;
}

enum pinstore_status
live_session(const struct options *options, const char *host, live_fn *use,
             void *arg, struct pinstore_error *error)
{
	struct curl_slist *resolve = NULL, *connect_to = NULL;
	char message[CURL_ERROR_SIZE] = "";
	struct live live = {.host = host, .use = use, .arg = arg,
	                    .error = error};
	CURLcode code;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		tool_no_memory();
	live.easy = curl_easy_init();
	if (live.easy == NULL)
		tool_no_memory();
	resolve = live_list(options->resolve, options->n_resolve);
	connect_to = live_list(options->connect_to, options->n_connect_to);
	code = set_options(&live, options, resolve, connect_to, message);
	if (code == CURLE_OK)
		code = curl_easy_perform(live.easy);
	if (!live.is_used)
		live.status = fail(&live, code, message);
	curl_easy_cleanup(live.easy);
	curl_slist_free_all(connect_to);
	curl_slist_free_all(resolve);
	curl_global_cleanup();
	return live.status;
}

/* ------------------------------------------------------------- its chain */

struct wanted {
	const char *host;
	struct pinstore_chain **out;
};

static enum pinstore_status
take_chain(gnutls_session_t session, void *arg, struct pinstore_error *error)
{
	const struct wanted *wanted = arg;

	return pinstore_chain_from_session(session, wanted->host, wanted->out,
	                                   error);
}

bool
live_chain(const struct options *options, const char *host,
           struct pinstore_chain **out, struct tool_fault *fault)
{
	struct wanted wanted = {host, out};
	struct pinstore_error error;

	*out = NULL;
	if (live_session(options, host, take_chain, &wanted, &error) ==
	    PINSTORE_OK)
		return true;
	tool_fault_set(fault, EXIT_NETWORK, live_status_word(&error), host,
	               NULL, "%s", error.text);
	return false;
}
