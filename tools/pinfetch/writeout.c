/*
 * writeout.c - what -w prints after a transfer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/writeout.h"

#include <stdlib.h>
#include <string.h>

#include "common/fault.h"
#include "common/pin.h"
#include "common/when.h"
#include "pinfetch/remark.h"

enum kind {
	TEXT,  /* a string of libcurl's */
	CODE,  /* three digits */
	LONG,  /* a number of libcurl's */
	SUM,   /* a number of libcurl's, of all hops */
	SIZE,  /* octets, or octets per second */
	SPAN,  /* microseconds, told as seconds since the fetch began */
	OURS   /* see put_own() */
};

enum own {
	EXIT_CODE,
	ERROR_MESSAGE,
	FILE_NAME,
	REDIRECTS,
	REDIRECT_TIME,
	REDIRECT_URL,
	TO_STDERR,
	TO_STDOUT,
	URL_EFFECTIVE,
	URL_GIVEN,
	URL_NUMBER,
	HTTP_VERSION,
	METHOD,
	PIN_STATUS,
	PIN_MATCH,
	PIN_SOURCE,
	PIN_HOST,
	PIN_EXPIRES,
	PIN_NOTED
};

struct variable {
	const char *name;
	enum kind kind;
	int what; /* a CURLINFO, or an enum own */
};

static const struct variable variables[] = {
        {"content_type", TEXT, CURLINFO_CONTENT_TYPE},
        {"errormsg", OURS, ERROR_MESSAGE},
        {"exitcode", OURS, EXIT_CODE},
        {"filename_effective", OURS, FILE_NAME},
        {"http_code", CODE, CURLINFO_RESPONSE_CODE},
        {"http_connect", CODE, CURLINFO_HTTP_CONNECTCODE},
        {"http_version", OURS, HTTP_VERSION},
        {"local_ip", TEXT, CURLINFO_LOCAL_IP},
        {"local_port", LONG, CURLINFO_LOCAL_PORT},
        {"method", OURS, METHOD},
        {"num_connects", SUM, CURLINFO_NUM_CONNECTS},
        {"num_redirects", OURS, REDIRECTS},
        {"pin_expires", OURS, PIN_EXPIRES},
        {"pin_host", OURS, PIN_HOST},
        {"pin_match", OURS, PIN_MATCH},
        {"pin_noted", OURS, PIN_NOTED},
        {"pin_source", OURS, PIN_SOURCE},
        {"pin_status", OURS, PIN_STATUS},
        {"redirect_url", OURS, REDIRECT_URL},
        {"remote_ip", TEXT, CURLINFO_PRIMARY_IP},
        {"remote_port", LONG, CURLINFO_PRIMARY_PORT},
        {"response_code", CODE, CURLINFO_RESPONSE_CODE},
        {"scheme", TEXT, CURLINFO_SCHEME},
        {"size_download", SIZE, CURLINFO_SIZE_DOWNLOAD_T},
        {"size_header", SUM, CURLINFO_HEADER_SIZE},
        {"size_request", SUM, CURLINFO_REQUEST_SIZE},
        {"size_upload", SIZE, CURLINFO_SIZE_UPLOAD_T},
        {"speed_download", SIZE, CURLINFO_SPEED_DOWNLOAD_T},
        {"speed_upload", SIZE, CURLINFO_SPEED_UPLOAD_T},
        {"ssl_verify_result", LONG, CURLINFO_SSL_VERIFYRESULT},
        {"stderr", OURS, TO_STDERR},
        {"stdout", OURS, TO_STDOUT},
        {"time_appconnect", SPAN, CURLINFO_APPCONNECT_TIME_T},
        {"time_connect", SPAN, CURLINFO_CONNECT_TIME_T},
        {"time_namelookup", SPAN, CURLINFO_NAMELOOKUP_TIME_T},
        {"time_pretransfer", SPAN, CURLINFO_PRETRANSFER_TIME_T},
        {"time_redirect", OURS, REDIRECT_TIME},
        {"time_starttransfer", SPAN, CURLINFO_STARTTRANSFER_TIME_T},
        {"time_total", SPAN, CURLINFO_TOTAL_TIME_T},
        {"url", OURS, URL_GIVEN},
        {"url_effective", OURS, URL_EFFECTIVE},
        {"urlnum", OURS, URL_NUMBER},
};
#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

static void
put_text(const char *text, FILE *out)
{
	if (text)
		fputs(text, out);
}

static void
put_seconds(curl_off_t microseconds, FILE *out)
{
	fprintf(out, "%" CURL_FORMAT_CURL_OFF_T ".%06" CURL_FORMAT_CURL_OFF_T,
	        microseconds / 1000000, microseconds % 1000000);
}

static void
put_version(CURL *easy, FILE *out)
{
	long version = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	switch (version) {
	case CURL_HTTP_VERSION_1_0:
		fputs("1.0", out);
		break;
	case CURL_HTTP_VERSION_1_1:
		fputs("1.1", out);
		break;
	case CURL_HTTP_VERSION_2_0:
		fputs("2", out);
		break;
	default:
		fputs("0", out);
	}
}

static const char *
status_word(const struct fetch_report *report)
{
	const struct fetch_verdict *verdict = &report->verdict;

	if (verdict->is_judged)
		return pinstore_verdict_word(verdict->verdict);
	/* Else plain http, or no check was reached. */
	if (verdict->error.status || verdict->exit == FETCH_EXIT_CERTIFICATE ||
	    verdict->exit == FETCH_EXIT_UNPINNED)
		return "reject";
	return "off";
}

static void
put_pin(const struct fetch_report *report, enum own what, FILE *out)
{
	const struct pinstore_result *result = report->verdict.result;
	enum pinstore_layer layer;
	const struct pinstore_entry *entry = fetch_remark_entry(result, &layer);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	char when[TOOL_TIME_TEXT];
	size_t at = 0;
	size_t n;

	if (!entry)
		return;
	if (what == PIN_SOURCE) {
		put_text(pinstore_source_word(pinstore_entry_source(entry)),
		         out);
	} else if (what == PIN_HOST) {
		put_text(pinstore_entry_host(entry), out);
	} else if (what == PIN_EXPIRES) {
		if (pinstore_entry_expires(entry) == PINSTORE_NEVER)
			return;
		tool_time_print(pinstore_entry_expires(entry), when);
		put_text(when, out);
	} else if (pinstore_result_matched(result, layer, &at, NULL)) {
		pins = pinstore_entry_pins(entry, &n);
		if (at >= n)
			return;
		tool_pin_print(&pins[at], TOOL_PIN_CURL, text);
		put_text(text, out);
	}
}

static void
put_redirect_url(const struct fetch_session *session,
                 const struct fetch_report *report, FILE *out)
{
	char *url = NULL;

	if (!report->has_transfer)
		return;
	(void)curl_easy_getinfo(session->easy, CURLINFO_REDIRECT_URL, &url);
	put_text(url, out);
}

static void
put_method(const struct fetch_session *session,
           const struct fetch_report *report, FILE *out)
{
	const char *method = "GET";

	if (report->has_transfer)
		(void)curl_easy_getinfo(session->easy,
		                        CURLINFO_EFFECTIVE_METHOD, &method);
	put_text(method, out);
}

/* What libcurl counts for the last hop, if there was one. */
static long
last_long(const struct fetch_session *session,
          const struct fetch_report *report, CURLINFO what)
{
	long number = 0;

	if (report->has_transfer)
		(void)curl_easy_getinfo(session->easy, what, &number);
	return number;
}

static long
sum_of(const struct fetch_session *session, const struct fetch_report *report,
       CURLINFO what)
{
	long before = what == CURLINFO_NUM_CONNECTS  ? report->connects
	              : what == CURLINFO_HEADER_SIZE ? report->header_size
	                                             : report->request_size;

	return before + last_long(session, report, what);
}

static void
put_own(const struct fetch_session *session, const struct fetch_report *report,
        enum own what, FILE **out)
{
	switch (what) {
	case EXIT_CODE:
		fprintf(*out, "%d", report->fault.exit);
		break;
	case ERROR_MESSAGE:
		put_text(report->fault.message, *out);
		break;
	case FILE_NAME:
		put_text(report->file, *out);
		break;
	case REDIRECTS:
		fprintf(*out, "%ld", report->request.redirects);
		break;
	case REDIRECT_TIME:
		put_seconds(report->redirect_time, *out);
		break;
	case REDIRECT_URL:
		put_redirect_url(session, report, *out);
		break;
	case TO_STDERR:
		*out = stderr;
		break;
	case TO_STDOUT:
		*out = stdout;
		break;
	case URL_EFFECTIVE:
		put_text(report->request.at.url ? report->request.at.url
		                                : report->url,
		         *out);
		break;
	case URL_GIVEN:
		put_text(report->request.asked ? report->request.asked
		                               : report->url,
		         *out);
		break;
	case URL_NUMBER:
		fprintf(*out, "%zu", report->number);
		break;
	case HTTP_VERSION:
		if (report->has_transfer)
			put_version(session->easy, *out);
		else
			fputc('0', *out);
		break;
	case METHOD:
		put_method(session, report, *out);
		break;
	case PIN_STATUS:
		put_text(status_word(report), *out);
		break;
	case PIN_MATCH:
	case PIN_SOURCE:
	case PIN_HOST:
	case PIN_EXPIRES:
		put_pin(report, what, *out);
		break;
	case PIN_NOTED:
		if (report->has_noted)
			put_text(pinstore_action_word(report->noted.action),
			         *out);
		break;
	}
}

static void
put_variable(const struct fetch_session *session,
             const struct fetch_report *report,
             const struct variable *variable, FILE **out)
{
	CURLINFO info = (CURLINFO)variable->what;
	CURL *easy = session->easy;
	const char *text = NULL;
	curl_off_t size = 0;

	switch (variable->kind) {
	case TEXT:
		if (report->has_transfer)
			(void)curl_easy_getinfo(easy, info, &text);
		put_text(text, *out);
		break;
	case CODE:
		fprintf(*out, "%03ld", last_long(session, report, info));
		break;
	case LONG:
		fprintf(*out, "%ld", last_long(session, report, info));
		break;
	case SUM:
		fprintf(*out, "%ld", sum_of(session, report, info));
		break;
	case SIZE:
	case SPAN:
		if (report->has_transfer)
			(void)curl_easy_getinfo(easy, info, &size);
		if (variable->kind == SIZE)
			fprintf(*out, "%" CURL_FORMAT_CURL_OFF_T, size);
		else
			put_seconds(size + report->redirect_time, *out);
		break;
	case OURS:
		put_own(session, report, (enum own)variable->what, out);
		break;
	}
}

/* %{name} at text; its length, or 0 if that is none. */
static size_t
put_braced(const struct fetch_session *session,
           const struct fetch_report *report, const char *text, FILE **out)
{
	const char *end = strchr(text, '}');
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - text) - 2;
	for (size_t i = 0; i < N_VARIABLES; i++) {
		if (strlen(variables[i].name) != len ||
		    strncmp(variables[i].name, text + 2, len) != 0)
			continue;
		put_variable(session, report, &variables[i], out);
		return len + 3;
	}
	tool_warn("pinfetch", "unknown --write-out variable: '%.*s'", (int)len,
	          text + 2);
	return len + 3;
}

/* A backslash and what it means; others are printed as they stand. */
static void
put_backslash(char letter, FILE *out)
{
	switch (letter) {
	case 'n':
		fputc('\n', out);
		break;
	case 'r':
		fputc('\r', out);
		break;
	case 't':
		fputc('\t', out);
		break;
	default:
		fputc('\\', out);
		fputc(letter, out);
	}
}

void
fetch_writeout(const struct fetch_session *session,
               const struct fetch_report *report)
{
	const char *at = session->options->write_out;
	FILE *out = stdout;

	while (at && *at) {
		size_t n = 0;

		if (at[0] == '%' && at[1] == '%') {
			fputc('%', out);
			n = 2;
		} else if (at[0] == '%' && at[1] == '{') {
			n = put_braced(session, report, at, &out);
		} else if (at[0] == '\\' && at[1]) {
			put_backslash(at[1], out);
			n = 2;
		}
		if (n == 0) {
			fputc(*at, out);
			n = 1;
		}
		at += n;
	}
}
