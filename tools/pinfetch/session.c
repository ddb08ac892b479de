/*
 * session.c - a libcurl handle, tied to the store when https asks for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>

#include "common/pin.h"
#include "common/post.h"
#include "common/when.h"
#include "pinfetch/answer.h"
#include "pinfetch/pinned.h"

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
		code = curl_easy_setopt(easy, CURLOPT_DEBUGDATA,
		                        &session->run->meter);
	if (!code)
		code = fetch_meter_attach(&session->run->meter,
		                          session->options, easy);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_VERBOSE,
		                        session->options->verbose ? 1L : 0L);
	return code;
}

/*
 * --cacert and --capath replace the system's certificates, to which libcurl
 * would add them.
 */
static CURLcode
set_trust(const struct fetch_options *options, CURL *easy)
{
	CURLcode code = CURLE_OK;

	if (options->cacert || options->capath) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
		if (!code)
			code = curl_easy_setopt(easy, CURLOPT_CAPATH,
			                        options->capath);
	}
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_KEYPASSWD,
		                        options->cert_password);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		                        options->tls_version);
	return code;
}

/* Which way to the host. */
static CURLcode
set_network(const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_RESOLVE,
		                        options->resolve);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO,
		                        options->connect_to);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
		                        options->ip_version);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		                        options->connect_timeout_ms);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
		                        options->rate);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE,
		                        options->rate);
	/* libcurl pauses between reads: one read of all would be no limit. */
	if (!code && options->rate > 0 && options->rate < CURL_MAX_WRITE_SIZE)
		code = curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
		                        (long)options->rate);
	/* A process of raised rights takes no proxy from its caller. */
	if (!code && (options->proxy || getauxval(AT_SECURE)))
		code = curl_easy_setopt(easy, CURLOPT_PROXY,
		                        options->proxy ? options->proxy : "");
	if (!code && options->noproxy)
		code = curl_easy_setopt(easy, CURLOPT_NOPROXY,
		                        options->noproxy);
	return code;
}

/* What is said in HTTP, the same on each hop. */
static CURLcode
set_http(const struct fetch_options *options, CURL *easy)
{
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_USERAGENT,
	                        options->agent ? options->agent
	                                       : "pinfetch/" PACKAGE_VERSION);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		                        options->http_version);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_FAILONERROR,
		                        options->fail ? 1L : 0L);
	if (!code && options->compressed)
		code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_FILETIME,
		                        options->remote_time ? 1L : 0L);
	if (!code && fetch_answer_wants_certificates(options->write_out))
		code = curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (!code && options->netrc)
		code = curl_easy_setopt(easy, CURLOPT_NETRC,
		                        (long)CURL_NETRC_REQUIRED);
	return code;
}

/* What is remembered from one transfer to the next. */
static CURLcode
set_memory(struct fetch_run *run, CURL *easy)
{
	const struct fetch_options *options = run->options;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SHARE, run->share);

	/* Without a file, so as to take part. */
	if (!code && run->keeper)
		code = curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
	if (!code && options->hsts) {
		code = curl_easy_setopt(easy, CURLOPT_HSTS_CTRL,
		                        (long)CURLHSTS_ENABLE);
		/* One handle reads and writes the file for all. */
		if (!code && !run->has_hsts)
			code = curl_easy_setopt(easy, CURLOPT_HSTS,
			                        options->hsts);
		run->has_hsts = true;
	}
	return code;
}

static CURLcode
set_all(struct fetch_session *session)
{
	CURLcode code = set_callbacks(session);

	if (!code)
		code = set_network(session->options, session->easy);
	if (!code)
		code = set_http(session->options, session->easy);
	if (!code)
		code = set_trust(session->options, session->easy);
	if (!code)
		code = set_memory(session->run, session->easy);
	return code;
}

bool
fetch_session_begin(struct fetch_run *run, struct fetch_session *out,
                    struct tool_fault *fault)
{
	CURLcode code = CURLE_FAILED_INIT;

	*out = (struct fetch_session){.run = run, .options = run->options};
	out->easy = curl_easy_init();
	out->exchange.options = run->options;
	out->exchange.easy = out->easy;
	if (run->options->dump_header)
		out->exchange.head = &run->head;
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

/* The pins of --pinnedpubkey are asked behind those of the store. */
static int
ask_pinned(void *arg, char *remote_ip, char *local_ip, int remote_port,
           int local_port)
{
	struct fetch_session *session = arg;
	size_t hops = pinstore_curl_hops(session->attached);
	const struct pinstore_result *result;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (!session->options->has_pinned)
		return CURL_PREREQFUNC_OK;
	result = hops > 0 ? pinstore_curl_result(session->attached, hops - 1)
	                  : NULL;
	if (!result) /* plain http, as all else has been refused */
		return CURL_PREREQFUNC_OK;
	if (fetch_pinned_matches(session->options,
	                         pinstore_result_chain(result)))
		return CURL_PREREQFUNC_OK;
	session->is_unlisted = true;
	return CURL_PREREQFUNC_ABORT;
}

/* Show the key of a host that is not known, and ask. */
static enum pinstore_curl_unknown
ask_user(struct fetch_session *session, const struct pinstore_result *result)
{
	const struct pinstore_chain *chain = pinstore_result_chain(result);
	const struct pinstore_pin *leaf;
	char text[TOOL_PIN_TEXT], line[16] = "";

	leaf = chain ? pinstore_chain_pin(chain, 0) : NULL;
	if (!leaf || !isatty(STDIN_FILENO))
		return PINSTORE_CURL_REFUSE;
	tool_pin_print(leaf, TOOL_PIN_CURL, text);
	fetch_meter_break(&session->run->meter);
	fprintf(stderr,
	        "No pin covers %s.  Its certificate is valid, its key is\n"
	        "  %s\nRemember this key, and go on? [y/N] ",
	        pinstore_result_host(result), text);
	if (fgets(line, sizeof(line), stdin) &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return PINSTORE_CURL_TRUST;
	return PINSTORE_CURL_REFUSE;
}

/* An address cannot be remembered: for the careful modes it stays unknown. */
static enum pinstore_curl_unknown
meet_unknown(const struct pinstore_result *result, void *arg)
{
	struct fetch_session *session = arg;
	bool is_address =
	        pinstore_result_reason(result) == PINSTORE_WHY_ADDRESS;

	switch (session->options->tofu) {
	case FETCH_TOFU_ACCEPT:
		return is_address ? PINSTORE_CURL_GO_ON : PINSTORE_CURL_TRUST;
	case FETCH_TOFU_ASK:
		return is_address ? PINSTORE_CURL_REFUSE
		                  : ask_user(session, result);
	case FETCH_TOFU_OFF:
	case FETCH_TOFU_STRICT:
		break;
	}
	return PINSTORE_CURL_REFUSE;
}

/* Whether a proxy may stand between: it is in the way of https alone. */
static bool
may_use_proxy(const struct fetch_options *options)
{
	if (options->proxy)
		return *options->proxy != '\0';
	if (options->noproxy && strcmp(options->noproxy, "*") == 0)
		return false;
	return tool_post_environment_proxy("https:") != NULL;
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
	        .prereq = ask_pinned,
	        .prereq_arg = session,
	        .no_learn = options->no_learn,
	        .require_pin = options->require_pin,
	        .insecure_unpinned = options->insecure,
	        .keep_chain = options->has_pinned ||
	                      (options->pin_info && !options->insecure),
	        .unknown = options->tofu ? meet_unknown : NULL,
	        .unknown_arg = session,
	        .through_proxy = may_use_proxy(options),
	};

	return !pinstore_curl_attach(session->easy, session->run->ps, &setup,
	                             &session->attached, error);
}

bool
fetch_session_pins(struct fetch_session *session, struct fetch_verdict *verdict)
{
	if (session->attached)
		return true;
	verdict->exit = FETCH_EXIT_STORE;
	if (!fetch_run_store(session->run, &verdict->error) ||
	    !attach(session, &verdict->error))
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
	case PINSTORE_ERR_FORKED:
	case PINSTORE_ERR_REMOTE:
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
	verdict->is_unlisted = session->is_unlisted;
	if (verdict->verdict != PINSTORE_REJECT && !verdict->is_unlisted)
		return;
	verdict->exit = FETCH_EXIT_MISMATCH;
	if (pinstore_result_reason(verdict->result) == PINSTORE_WHY_REVOKED)
		verdict->exit = FETCH_EXIT_REVOKED;
}

CURLcode
fetch_session_prepare(struct fetch_session *session,
                      struct fetch_request *request, long timeout_ms)
{
	const struct fetch_options *options = session->options;
	const struct fetch_sink *sink = session->exchange.sink;
	bool has_meter = !options->parallel && fetch_meter_wanted(options, sink);
	CURLcode code;

	session->hops = pinstore_curl_hops(session->attached);
	session->is_unlisted = false;
	if (has_meter)
		fetch_meter_restart(&session->run->meter, sink->start);
	code = curl_easy_setopt(session->easy, CURLOPT_NOPROGRESS,
	                        has_meter ? 0L : 1L);
	if (!code)
		code = fetch_request_apply(request, session->easy);
	if (!code)
		code = curl_easy_setopt(session->easy, CURLOPT_TIMEOUT_MS,
		                        timeout_ms);
	return code;
}

void
fetch_session_conclude(struct fetch_session *session,
                       struct fetch_request *request, CURLcode code,
                       struct fetch_verdict *verdict)
{
	const struct fetch_exchange *exchange = &session->exchange;
	enum pinstore_verdict unpinned;

	/* Only its header counts if there is another hop. */
	if (code == CURLE_RANGE_ERROR && exchange->location)
		code = CURLE_OK;
	if (session->options->hsts)
		fetch_request_upgraded(request, session->easy);
	verdict->exit = (int)code;
	if (request->at.is_https)
		judge(session, code, session->hops, verdict);
	else if (session->attached &&
	         pinstore_curl_outcome(session->attached, code, &unpinned,
	                               NULL) && !code)
		verdict->exit = FETCH_EXIT_STORE; /* a defect: refuse */
	if (verdict->exit != (int)code)
		return;
	if (exchange->fault)
		verdict->exit = exchange->fault->exit;
	else if (!code && session->options->fail_with_body &&
	         exchange->status >= 400)
		verdict->exit = CURLE_HTTP_RETURNED_ERROR;
}

void
fetch_session_end(struct fetch_session *session)
{
	pinstore_curl_detach(session->attached);
	curl_easy_cleanup(session->easy);
	free(session->exchange.location);
	*session = (struct fetch_session){0};
}
