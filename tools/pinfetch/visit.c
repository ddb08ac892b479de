/*
 * visit.c - fetch one URL, hop by hop, and tell what came of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/visit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/when.h"
#include "pinfetch/refusal.h"
#include "pinfetch/remark.h"
#include "pinfetch/writeout.h"

#define MS_PER_SECOND 1000
/* The longest pause of --retry. */
#define PAUSE_MAX_MS 600000

/*
 * The rest of -m for the next hop; 0 = without limit, -1 = none is left.
 */
static long
time_left(const struct fetch_options *options, int64_t start)
{
	int64_t left;

	if (!options->timeout_ms)
		return 0;
	left = start + options->timeout_ms - tool_clock_ms();
	return left > 0 ? (long)left : -1;
}

/* The proxy that the environment names for this hop, or NULL. */
static const char *
environment_proxy(const struct fetch_options *options, bool is_https)
{
	static const char *const https[] = {"https_proxy", "HTTPS_PROXY",
	                                    "all_proxy", "ALL_PROXY", NULL};
	/* HTTP_PROXY is what a web server passes to its scripts. */
	static const char *const http[] = {"http_proxy", "all_proxy",
	                                   "ALL_PROXY", NULL};
	const char *const *name = is_https ? https : http;

	if (options->noproxy && strcmp(options->noproxy, "*") == 0)
		return NULL;
	for (; !options->proxy && *name; name++) {
		const char *value = secure_getenv(*name);

		if (value && *value)
			return fetch_target_is_https_proxy(value) ? *name
			                                          : NULL;
	}
	return NULL;
}

/* Before anything is told on stderr. */
static void
speak(struct fetch_session *session)
{
	fetch_meter_break(&session->run->meter);
}

/* What can be refused before anything is asked of the network. */
static bool
may_start(struct fetch_session *session, struct fetch_report *report)
{
	const struct fetch_options *options = session->options;
	const struct fetch_target *at = &report->request.at;
	struct fetch_verdict *verdict = &report->verdict;
	const char *variable = environment_proxy(options, at->is_https);

	if (variable) {
		tool_fault_usage(&report->fault, variable,
		                 "name another proxy, or none: --proxy ''",
		                 "what is sent to an HTTPS proxy leaves before "
		                 "pins can be asked");
		return false;
	}
	/* With --hsts libcurl may go to https. */
	if (at->is_https || options->hsts)
		return fetch_session_pins(session, verdict);
	if (options->require_pin) {
		verdict->exit = FETCH_EXIT_UNPINNED;
		return false;
	}
	if (options->verbose) {
		speak(session);
		fprintf(stderr, "* pins do not apply to http://%s\n", at->host);
	}
	return true;
}

/* Add up what -w tells about all hops. */
static void
count_hop(CURL *easy, struct fetch_report *report)
{
	curl_off_t total = 0;
	long number = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total);
	report->redirect_time += total;
	(void)curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &number);
	report->header_size += number;
	number = 0;
	(void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &number);
	report->request_size += number;
	number = 0;
	(void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &number);
	report->connects += number;
}

/* The key that was to be remembered on first use. */
static void
take_trust(struct fetch_session *session, struct fetch_report *report)
{
	struct pinstore_noted trusted = {.size = sizeof(trusted)};
	size_t hops = pinstore_curl_hops(session->attached);
	struct pinstore_error error = {0};
	enum pinstore_status status;

	if (report->request.at.is_https && report->verdict.is_judged &&
	    pinstore_curl_trusted(session->attached, hops - 1, &trusted,
	                          &status, &error))
		fetch_remark_trusted(session->run, report->request.at.host,
		                     &trusted, status, &error);
}

/* What the answer's header did to the store. */
static void
take_note(struct fetch_session *session, struct fetch_report *report)
{
	size_t hops = pinstore_curl_hops(session->attached);
	struct pinstore_error error = {0};
	enum pinstore_status status;

	report->has_noted = false;
	report->noted = (struct pinstore_noted){.size = sizeof(report->noted)};
	if (!report->request.at.is_https || !report->verdict.is_judged ||
	    !pinstore_curl_noted(session->attached, hops - 1, &report->noted,
	                         &status, &error))
		return;
	report->has_noted = !status;
	fetch_remark_noted(session->run, report->request.at.host,
	                   &report->noted, status, &error);
}

/* Make ready for the hop that request is at.  False: the fetch is over. */
static bool
prepare_hop(struct fetch_session *session, struct fetch_report *report)
{
	struct fetch_exchange *exchange = &session->exchange;
	struct fetch_verdict *verdict = &report->verdict;
	long left = time_left(session->options, report->start);

	*verdict = (struct fetch_verdict){0};
	fetch_exchange_begin(exchange, &report->sink);
	if (!may_start(session, report))
		return false;
	if (left < 0) {
		verdict->exit = CURLE_OPERATION_TIMEDOUT;
		(void)snprintf(exchange->message, sizeof(exchange->message),
		               "Operation timed out after %ld milliseconds",
		               session->options->timeout_ms);
		return false;
	}
	report->has_transfer = true;
	verdict->exit = (int)fetch_session_prepare(session, &report->request,
	                                           left);
	return verdict->exit == 0;
}

/* Take up the n-th URL, for the first time or again. */
static bool
start(struct fetch_session *session, struct fetch_report *report)
{
	const struct fetch_options *options = session->options;
	curl_off_t offset = options->offset;

	if (options->continue_here || offset > 0) {
		bool is_upload = report->number < options->n_uploads;
		int64_t there = is_upload ? 0 : fetch_sink_append(&report->sink);

		if (options->continue_here)
			offset = is_upload ? -1 : there;
	}
	report->start = tool_clock_ms() + report->wait_ms;
	return fetch_request_begin(options, report->number, session->easy,
	                           offset, &report->request, &report->fault) &&
	       prepare_hop(session, report);
}

bool
fetch_visit_begin(struct fetch_session *session, size_t n,
                  struct fetch_report *out)
{
	*out = (struct fetch_report){
	        .url = session->options->urls[n],
	        .number = n,
	};
	out->request.upload.fd = -1;
	if (fetch_sink_begin(session->options, n, out->url, &out->sink))
		return start(session, out);
	out->fault = out->sink.fault;
	return false;
}

/* What may be over soon, by curl's judgement. */
static bool
is_transient(const struct fetch_session *session,
             const struct fetch_report *report)
{
	static const long statuses[] = {408, 429, 500, 502, 503, 504};
	int code = report->verdict.exit;

	if (report->fault.exit || session->exchange.fault)
		return false;
	if (code == CURLE_OPERATION_TIMEDOUT ||
	    code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_COULDNT_RESOLVE_PROXY)
		return true;
	if (code && code != CURLE_HTTP_RETURNED_ERROR)
		return false;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (session->exchange.status == statuses[i])
			return true;
	return false;
}

/* A second, two, four ... ten minutes, or what the server asks for. */
static long
pause_before(CURL *easy, long retried)
{
	curl_off_t asked = 0;
	long wait_ms = MS_PER_SECOND;

	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &asked);
	if (asked > 0)
		return asked > LONG_MAX / MS_PER_SECOND
		               ? LONG_MAX
		               : (long)asked * MS_PER_SECOND;
	for (; retried > 0 && wait_ms < PAUSE_MAX_MS; retried--)
		wait_ms *= 2;
	return wait_ms < PAUSE_MAX_MS ? wait_ms : PAUSE_MAX_MS;
}

static bool
retry(struct fetch_session *session, struct fetch_report *report)
{
	const struct fetch_options *options = session->options;

	if (report->retried >= options->retries ||
	    !is_transient(session, report))
		return false;
	report->wait_ms = pause_before(session->easy, report->retried);
	report->retried++;
	if (!options->silent) {
		speak(session);
		tool_warn("pinfetch",
		          "that may pass: again in %ld s; %ld times left",
		          report->wait_ms / MS_PER_SECOND,
		          options->retries - report->retried);
	}
	fetch_sink_restart(&report->sink);
	fetch_request_end(&report->request);
	report->redirect_time = 0;
	report->header_size = 0;
	report->request_size = 0;
	report->connects = 0;
	return start(session, report);
}

/*
 * Connections that are kept may be dead.  libcurl then takes a new one, but of
 * all transfers of a handle no more than the first five times: the sixth it
 * gives up, nothing being wrong with this one, and begins to count anew.
 */
static bool
has_died(const struct fetch_session *session, const struct fetch_report *report)
{
	return report->verdict.exit == CURLE_SEND_ERROR &&
	       session->exchange.status == 0 && !session->exchange.fault &&
	       strncmp(session->exchange.message, "Connection died", 15) == 0;
}

bool
fetch_visit_next(struct fetch_session *session, struct fetch_report *report,
                 CURLcode code)
{
	struct fetch_exchange *exchange = &session->exchange;
	struct fetch_verdict *verdict = &report->verdict;
	char *location;
	bool is_good;

	report->wait_ms = 0;
	fetch_session_conclude(session, &report->request, code, verdict);
	if (session->options->pin_info || session->options->verbose)
		speak(session);
	if (session->options->pin_info)
		fetch_refusal_info(session, report, stderr);
	if (session->options->verbose)
		fetch_remark_judged(report->request.at.host, verdict);
	fetch_remark_life(session->options, &session->run->meter, verdict);
	take_trust(session, report);
	take_note(session, report);
	if (!report->is_repeated && has_died(session, report)) {
		report->is_repeated = true;
		return prepare_hop(session, report);
	}
	report->is_repeated = false;
	if (verdict->exit || !exchange->location)
		return retry(session, report);
	location = exchange->location;
	exchange->location = NULL;
	is_good = fetch_request_follow(&report->request, exchange->status,
	                               location, &report->fault);
	free(location);
	if (!is_good)
		return false;
	count_hop(session->easy, report);
	return prepare_hop(session, report);
}

/* libcurl says no more than that when a header line passes its limit. */
static bool
is_line_too_long(const struct fetch_session *session, int code)
{
	long sent = 0;

	return code == CURLE_OUT_OF_MEMORY && !session->exchange.message[0] &&
	       curl_easy_getinfo(session->easy, CURLINFO_REQUEST_SIZE,
	                         &sent) == CURLE_OK &&
	       sent > 0;
}

/* libcurl's words for its code, or why the answer cannot be written. */
static void
tell_libcurl(struct fetch_session *session, struct fetch_report *report)
{
	const struct fetch_exchange *exchange = &session->exchange;
	int code = report->verdict.exit;

	if (exchange->fault)
		report->fault = *exchange->fault;
	else if (code == CURLE_SSL_CACERT_BADFILE && session->options->cacert)
		tool_fault_set(&report->fault, code, "cacert",
		               session->options->cacert,
		               "name a file of certificates in PEM: --cacert "
		               "FILE",
		               "cannot be read, or holds no certificate");
	else if (code == CURLE_HTTP_RETURNED_ERROR && !exchange->message[0])
		tool_fault_set(&report->fault, code, "http", NULL, NULL,
		               "The requested URL returned error: %ld",
		               exchange->status);
	else if (is_line_too_long(session, code))
		tool_fault_set(&report->fault, code, "libcurl", NULL, NULL,
		               "The answer has a header line of more than 100 "
		               "KiB, or there is no memory left");
	else
		tool_fault_set(&report->fault, code, "libcurl", NULL, NULL,
		               "%s",
		               exchange->message[0]
		                       ? exchange->message
		                       : curl_easy_strerror((CURLcode)code));
}

/* Fill the fault and, unless -s forbids, print it. */
static void
tell(struct fetch_session *session, struct fetch_report *report)
{
	const struct fetch_options *options = session->options;
	bool is_quiet = options->silent && !options->show_error;

	if (report->fault.exit == 0 && report->verdict.exit != 0) {
		fetch_refusal_fill(session, report);
		if (report->fault.exit == 0)
			tell_libcurl(session, report);
	}
	if (report->fault.exit != 0 && !is_quiet) {
		speak(session);
		fetch_refusal_print(session, report, stderr);
	}
}

/* What libcurl knows of the file that the answer is to be. */
static void
finish_sink(const struct fetch_session *session, struct fetch_sink *sink)
{
	long is_unmet = 0;

	/* With 304 there is a file already, somewhere. */
	(void)curl_easy_getinfo(session->easy, CURLINFO_CONDITION_UNMET,
	                        &is_unmet);
	sink->is_unmade = is_unmet != 0;
	if (session->options->remote_time)
		(void)curl_easy_getinfo(session->easy, CURLINFO_FILETIME_T,
		                        &sink->modified);
}

int
fetch_visit_end(struct fetch_session *session, struct fetch_report *report)
{
	bool is_good = report->fault.exit == 0 && report->verdict.exit == 0;

	if (report->sink.path)
		report->file = tool_copy(report->sink.path,
		                         strlen(report->sink.path));
	if (report->has_transfer)
		finish_sink(session, &report->sink);
	if (!fetch_sink_end(&report->sink, is_good) && is_good)
		report->fault = report->sink.fault;
	tell(session, report);
	fetch_writeout(session, report);
	fetch_request_end(&report->request);
	free(report->file);
	return report->fault.exit;
}

static void
wait_ms(long milliseconds)
{
	struct timespec left = {
	        .tv_sec = milliseconds / MS_PER_SECOND,
	        .tv_nsec = milliseconds % MS_PER_SECOND * 1000000,
	};

	while (milliseconds > 0 && nanosleep(&left, &left) && errno == EINTR)
		;
}

int
fetch_visit(struct fetch_session *session, size_t n)
{
	struct fetch_report report;
	bool goes_on = fetch_visit_begin(session, n, &report);

	while (goes_on) {
		wait_ms(report.wait_ms);
		goes_on = fetch_visit_next(session, &report,
		                           curl_easy_perform(session->easy));
	}
	speak(session);
	return fetch_visit_end(session, &report);
}
