/*
 * session.c - one run: a libcurl handle, and a store when https asks for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/store.h"
#include "common/text.h"
#include "common/when.h"

/* The meter goes to stderr; beside an answer on the terminal it is a mess. */
static bool
wants_meter(const struct fetch_options *options)
{
	return !options->silent && isatty(STDERR_FILENO) &&
	       (options->n_outputs > 0 || !isatty(STDOUT_FILENO));
}

static CURLcode
set_callbacks(struct fetch_session *session)
{
	struct fetch_exchange *exchange = &session->exchange;
	CURL *easy = session->easy;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
	                        fetch_exchange_header);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
		                        fetch_exchange_body);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER,
		                        exchange->message);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION,
		                        fetch_exchange_trace);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_VERBOSE,
		                        session->options->verbose ? 1L : 0L);
	return code;
}

/* --cacert replaces the system's certificates, which CAPATH would add. */
static CURLcode
set_trust(const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	if (!options->cacert)
		return CURLE_OK;
	code = curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	return code;
}

static CURLcode
set_network(const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_USERAGENT,
	                        "pinfetch/" PACKAGE_VERSION);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_FAILONERROR,
		                        options->fail ? 1L : 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_RESOLVE,
		                        options->resolve);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO,
		                        options->connect_to);
	/* A process of raised rights takes no proxy from its caller. */
	if (!code && (options->proxy || getauxval(AT_SECURE)))
		code = curl_easy_setopt(easy, CURLOPT_PROXY,
		                        options->proxy ? options->proxy : "");
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		                        options->http_version);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		                        options->tls_version);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_NOPROGRESS,
		                        wants_meter(options) ? 0L : 1L);
	return code;
}

static CURLcode
set_all(struct fetch_session *session)
{
	CURLcode code = set_callbacks(session);

	if (!code)
		code = set_network(session->options, session->easy);
	if (!code)
		code = set_trust(session->options, session->easy);
	return code;
}

bool
fetch_session_begin(const struct fetch_options *options,
                    struct fetch_session *out, struct tool_fault *fault)
{
	CURLcode code = CURLE_FAILED_INIT;

	*out = (struct fetch_session){.options = options};
	out->easy = curl_easy_init();
	out->exchange.options = options;
	out->exchange.easy = out->easy;
	if (out->easy)
		code = set_all(out);
	if (code)
		tool_fault_set(fault, (int)code, "libcurl", NULL, NULL, "%s",
		               curl_easy_strerror(code));
	return !code;
}

static int64_t
wall_clock(void *arg)
{
	(void)arg;
	return tool_now();
}

/* What is said if the store ends the program with SIGBUS. */
static void
guard(const struct fetch_session *session)
{
	const struct fetch_options *options = session->options;
	struct pinstore_error error = {.status = PINSTORE_ERR_DAMAGED};
	struct tool_fault fault;
	char *path = tool_alloc(strlen(session->store_path) + 1, 8);

	tool_fault_library(&fault, FETCH_EXIT_STORE, &error, NULL);
	(void)tool_escape(session->store_path, strlen(session->store_path),
	                  path, 8 * (strlen(session->store_path) + 1));
	tool_store_guard(
	        FETCH_EXIT_STORE,
	        options->silent && !options->show_error
	                ? tool_copy("", 0)
	                : tool_format("pinfetch: (%d) the pin store cannot be "
	                              "used: nothing more was sent\n"
	                              "  store     %s\n"
	                              "  reason    its data.mdb is cut short "
	                              "or overwritten\n"
	                              "  mend      %s\n",
	                              FETCH_EXIT_STORE, path, fault.hint));
	free(path);
}

static bool
attach(struct fetch_session *session, struct pinstore_error *error)
{
	const struct fetch_options *options = session->options;
	struct pinstore_curl_setup setup = {
	        .size = sizeof(setup),
	        .clock = wall_clock,
	        .header = fetch_exchange_header,
	        .header_arg = &session->exchange,
	        .no_learn = options->no_learn,
	        .require_pin = options->require_pin,
	        .insecure_unpinned = options->insecure,
	};

	return !pinstore_curl_attach(session->easy, session->ps, &setup,
	                             &session->attached, error);
}

bool
fetch_session_pins(struct fetch_session *session, struct fetch_verdict *verdict)
{
	struct tool_fault fault = {0};
	bool is_default;

	if (session->attached)
		return true;
	verdict->exit = FETCH_EXIT_STORE;
	if (!session->store_path) {
		session->store_path = tool_store_path(session->options->store,
		                                      &is_default, &fault);
		if (!session->store_path) {
			verdict->error.status = PINSTORE_ERR_ARG;
			(void)snprintf(verdict->error.text,
			               sizeof(verdict->error.text), "%.*s",
			               (int)sizeof(verdict->error.text) - 1,
			               fault.message);
			return false;
		}
		guard(session);
		if (is_default)
			tool_store_make_parents(session->store_path);
	}
	if (!session->ps && pinstore_open(session->store_path, NULL,
	                                  &session->ps, &verdict->error))
		return false;
	if (!attach(session, &verdict->error))
		return false;
	verdict->exit = 0;
	return true;
}

/* The exit code for a hop that was stopped, or never judged. */
static int
exit_of_status(enum pinstore_status status)
{
	switch (status) {
	case PINSTORE_ERR_CHAIN:
		return FETCH_EXIT_CERTIFICATE;
	case PINSTORE_ERR_UNFIT:
		return FETCH_EXIT_UNPINNED;
	case PINSTORE_ERR_HOST:
		return FETCH_EXIT_URL;
	case PINSTORE_ERR_NOMEM:
		return CURLE_OUT_OF_MEMORY;
	case PINSTORE_OK:
	case PINSTORE_ERR_ARG:
	case PINSTORE_ERR_HEADER:
	case PINSTORE_ERR_NOTFOUND:
	case PINSTORE_ERR_UNJUDGED:
	case PINSTORE_ERR_ACCESS:
	case PINSTORE_ERR_READONLY:
	case PINSTORE_ERR_BUSY:
	case PINSTORE_ERR_FULL:
	case PINSTORE_ERR_IO:
	case PINSTORE_ERR_VERSION:
	case PINSTORE_ERR_DAMAGED:
	case PINSTORE_ERR_INTERNAL:
		break;
	}
	return FETCH_EXIT_STORE;
}

/* What the pins say about an https hop that libcurl ended with code. */
static void
judge(struct fetch_session *session, CURLcode code, size_t hops_before,
      struct fetch_verdict *verdict)
{
	size_t hops = pinstore_curl_hops(session->attached);
	enum pinstore_status status;

	status = pinstore_curl_outcome(session->attached, code,
	                               &verdict->verdict, &verdict->error);
	if (hops == hops_before && code) {
		/* Over before a request could be made: libcurl's matter. */
		verdict->error = (struct pinstore_error){0};
		return;
	}
	if (status) {
		verdict->exit = exit_of_status(status);
		return;
	}
	verdict->is_judged = true;
	verdict->result = pinstore_curl_result(session->attached, hops - 1);
	if (verdict->verdict != PINSTORE_REJECT)
		return;
	verdict->exit = FETCH_EXIT_MISMATCH;
	if (pinstore_result_reason(verdict->result) == PINSTORE_WHY_REVOKED)
		verdict->exit = FETCH_EXIT_REVOKED;
}

void
fetch_session_hop(struct fetch_session *session, struct fetch_request *request,
                  long timeout_ms, struct fetch_verdict *verdict)
{
	size_t hops = pinstore_curl_hops(session->attached);
	const struct fetch_exchange *exchange = &session->exchange;
	enum pinstore_verdict unpinned;
	CURL *easy = session->easy;
	CURLcode code;

	code = fetch_request_apply(request, easy);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	if (!code)
		code = curl_easy_perform(easy);
	verdict->exit = (int)code;
	if (request->at.is_https)
		judge(session, code, hops, verdict);
	else if (session->attached &&
	         pinstore_curl_outcome(session->attached, code, &unpinned,
	                               NULL) && !code)
		verdict->exit = FETCH_EXIT_STORE; /* a defect: refuse */
	if (verdict->exit != (int)code)
		return;
	if (exchange->sink->fault.exit)
		verdict->exit = exchange->sink->fault.exit;
}

void
fetch_session_end(struct fetch_session *session)
{
	pinstore_curl_detach(session->attached);
	curl_easy_cleanup(session->easy);
	pinstore_close(session->ps);
	free(session->exchange.location);
	free(session->store_path);
	*session = (struct fetch_session){0};
}
