/*
 * writeout.c - what -w prints after a transfer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/writeout.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/fault.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/when.h"
#include "pinfetch/answer.h"
#include "pinfetch/remark.h"

enum kind {
	TEXT,  /* a string of libcurl's */
	CODE,  /* three digits */
	LONG,  /* a number of libcurl's */
	SUM,   /* a number of libcurl's, of all hops */
	SIZE,  /* octets, or octets per second */
	SPAN,  /* microseconds, told as seconds since the fetch began */
	WORDS, /* see put_words() */
	COUNT, /* see put_count() */
	SELF   /* what is no member of json, see put_self() */
};

enum words {
	CERTIFICATES,
	ERROR_MESSAGE,
	FILE_NAME,
	HTTP_VERSION,
	METHOD,
	REDIRECT_URL,
	URL_EFFECTIVE,
	URL_GIVEN,
	PIN_STATUS,
	PIN_MATCH,
	PIN_SOURCE,
	PIN_HOST,
	PIN_EXPIRES,
	PIN_NOTED
};

enum count {
	EXIT_CODE,
	N_CERTIFICATES,
	N_FIELDS,
	REDIRECTS,
	REDIRECT_TIME,
	URL_NUMBER
};

enum self {
	JSON,
	JSON_FIELDS,
	ON_ERROR,
	TO_STDERR,
	TO_STDOUT
};

struct variable {
	const char *name;
	enum kind kind;
	int what; /* a CURLINFO, or an enum of ours */
};

/* In the order in which json has them. */
static const struct variable variables[] = {
        {"certs", WORDS, CERTIFICATES},
        {"content_type", TEXT, CURLINFO_CONTENT_TYPE},
        {"errormsg", WORDS, ERROR_MESSAGE},
        {"exitcode", COUNT, EXIT_CODE},
        {"filename_effective", WORDS, FILE_NAME},
        {"ftp_entry_path", TEXT, CURLINFO_FTP_ENTRY_PATH},
        {"header_json", SELF, JSON_FIELDS},
        {"http_code", CODE, CURLINFO_RESPONSE_CODE},
        {"http_connect", CODE, CURLINFO_HTTP_CONNECTCODE},
        {"http_version", WORDS, HTTP_VERSION},
        {"json", SELF, JSON},
        {"local_ip", TEXT, CURLINFO_LOCAL_IP},
        {"local_port", LONG, CURLINFO_LOCAL_PORT},
        {"method", WORDS, METHOD},
        {"num_certs", COUNT, N_CERTIFICATES},
        {"num_connects", SUM, CURLINFO_NUM_CONNECTS},
        {"num_headers", COUNT, N_FIELDS},
        {"num_redirects", COUNT, REDIRECTS},
        {"onerror", SELF, ON_ERROR},
        {"pin_expires", WORDS, PIN_EXPIRES},
        {"pin_host", WORDS, PIN_HOST},
        {"pin_match", WORDS, PIN_MATCH},
        {"pin_noted", WORDS, PIN_NOTED},
        {"pin_source", WORDS, PIN_SOURCE},
        {"pin_status", WORDS, PIN_STATUS},
        {"proxy_ssl_verify_result", LONG, CURLINFO_PROXY_SSL_VERIFYRESULT},
        {"redirect_url", WORDS, REDIRECT_URL},
        {"referer", TEXT, CURLINFO_REFERER},
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
        {"stderr", SELF, TO_STDERR},
        {"stdout", SELF, TO_STDOUT},
        {"time_appconnect", SPAN, CURLINFO_APPCONNECT_TIME_T},
        {"time_connect", SPAN, CURLINFO_CONNECT_TIME_T},
        {"time_namelookup", SPAN, CURLINFO_NAMELOOKUP_TIME_T},
        {"time_pretransfer", SPAN, CURLINFO_PRETRANSFER_TIME_T},
        {"time_redirect", COUNT, REDIRECT_TIME},
        {"time_starttransfer", SPAN, CURLINFO_STARTTRANSFER_TIME_T},
        {"time_total", SPAN, CURLINFO_TOTAL_TIME_T},
        {"url", WORDS, URL_GIVEN},
        {"url_effective", WORDS, URL_EFFECTIVE},
        {"urlnum", COUNT, URL_NUMBER},
};
#define N_VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* Those that put words return whether there are any. */
static bool
put_text(const char *text, FILE *out)
{
	if (text)
		fputs(text, out);
	return text != NULL;
}

static void
put_seconds(curl_off_t microseconds, FILE *out)
{
	fprintf(out, "%" CURL_FORMAT_CURL_OFF_T ".%06" CURL_FORMAT_CURL_OFF_T,
	        microseconds / 1000000, microseconds % 1000000);
}

static const char *
version_word(long version)
{
	switch (version) {
	case CURL_HTTP_VERSION_1_0:
		return "1"; /* as in curl */
	case CURL_HTTP_VERSION_1_1:
		return "1.1";
	case CURL_HTTP_VERSION_2_0:
		return "2";
	}
	return "0";
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

static bool
put_pin(const struct fetch_report *report, enum words what, FILE *out)
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
		return false;
	if (what == PIN_SOURCE)
		return put_text(
		        pinstore_source_word(pinstore_entry_source(entry)),
		        out);
	if (what == PIN_HOST)
		return put_text(pinstore_entry_host(entry), out);
	if (what == PIN_EXPIRES) {
		if (pinstore_entry_expires(entry) == PINSTORE_NEVER)
			return false;
		tool_time_print(pinstore_entry_expires(entry), when);
		return put_text(when, out);
	}
	if (!pinstore_result_matched(result, layer, &at, NULL))
		return false;
	pins = pinstore_entry_pins(entry, &n);
	if (at >= n)
		return false;
	tool_pin_print(&pins[at], TOOL_PIN_CURL, text);
	return put_text(text, out);
}

/* What libcurl tells of the last hop, if there was one. */
static const char *
last_text(const struct fetch_session *session,
          const struct fetch_report *report, CURLINFO what)
{
	const char *text = NULL;

	if (report->has_transfer)
		(void)curl_easy_getinfo(session->easy, what, &text);
	return text;
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

/* Without the password that apply_named_user() has put into the one before. */
static bool
put_redirect_url(const struct fetch_session *session,
                 const struct fetch_report *report, FILE *out)
{
	const char *text = last_text(session, report, CURLINFO_REDIRECT_URL);
	char *bare;

	if (!text || !session->options->netrc)
		return put_text(text, out);
	bare = fetch_target_without_user(text);
	fputs(bare, out);
	free(bare);
	return true;
}

static bool
put_words(const struct fetch_session *session,
          const struct fetch_report *report, enum words what, FILE *out)
{
	const char *text = NULL;

	switch (what) {
	case CERTIFICATES:
		if (report->has_transfer)
			fetch_answer_certificates(session->easy, out);
		return true;
	case ERROR_MESSAGE:
		if (report->fault.exit)
			text = report->fault.message;
		break;
	case FILE_NAME:
		text = report->file;
		break;
	case HTTP_VERSION:
		text = version_word(last_long(session, report,
		                              CURLINFO_HTTP_VERSION));
		break;
	case METHOD:
		text = last_text(session, report, CURLINFO_EFFECTIVE_METHOD);
		text = text ? text : "GET";
		break;
	case REDIRECT_URL:
		return put_redirect_url(session, report, out);
	case URL_EFFECTIVE:
		text = report->request.at.url;
		text = text ? text : report->url;
		break;
	case URL_GIVEN:
		text = report->request.asked;
		text = text ? text : report->url;
		break;
	case PIN_STATUS:
		text = status_word(report);
		break;
	case PIN_NOTED:
		if (report->has_noted)
			text = pinstore_action_word(report->noted.action);
		break;
	case PIN_MATCH:
	case PIN_SOURCE:
	case PIN_HOST:
	case PIN_EXPIRES:
		return put_pin(report, what, out);
	}
	return put_text(text, out);
}

static void
put_count(const struct fetch_session *session,
          const struct fetch_report *report, enum count what, FILE *out)
{
	CURL *easy = report->has_transfer ? session->easy : NULL;

	switch (what) {
	case EXIT_CODE:
		fprintf(out, "%d", report->fault.exit);
		break;
	case N_CERTIFICATES:
		fprintf(out, "%d", easy ? fetch_answer_n_certificates(easy) : 0);
		break;
	case N_FIELDS:
		fprintf(out, "%zu", easy ? fetch_answer_n_fields(easy) : 0);
		break;
	case REDIRECTS:
		fprintf(out, "%ld", report->request.redirects);
		break;
	case REDIRECT_TIME:
		put_seconds(report->redirect_time, out);
		break;
	case URL_NUMBER:
		fprintf(out, "%zu", report->number);
		break;
	}
}

/* What libcurl has, or we.  False: there is nothing. */
static bool
put_variable(const struct fetch_session *session,
             const struct fetch_report *report,
             const struct variable *variable, FILE *out)
{
	CURLINFO info = (CURLINFO)variable->what;
	curl_off_t size = 0;

	switch (variable->kind) {
	case TEXT:
		return put_text(last_text(session, report, info), out);
	case CODE:
		fprintf(out, "%03ld", last_long(session, report, info));
		break;
	case LONG:
		fprintf(out, "%ld", last_long(session, report, info));
		break;
	case SUM:
		fprintf(out, "%ld", sum_of(session, report, info));
		break;
	case SIZE:
	case SPAN:
		if (report->has_transfer)
			(void)curl_easy_getinfo(session->easy, info, &size);
		if (variable->kind == SIZE)
			fprintf(out, "%" CURL_FORMAT_CURL_OFF_T, size);
		else
			put_seconds(size + report->redirect_time, out);
		break;
	case WORDS:
		return put_words(session, report, (enum words)variable->what,
		                 out);
	case COUNT:
		put_count(session, report, (enum count)variable->what, out);
		break;
	case SELF:
		break;
	}
	return true;
}

static void
put_member(const struct fetch_session *session,
           const struct fetch_report *report, const struct variable *variable,
           FILE *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory;
	bool is_there;

	fprintf(out, "\"%s\":", variable->name);
	if (variable->kind == CODE) { /* no number begins with a 0 */
		fprintf(out, "%ld", last_long(session, report,
		                              (CURLINFO)variable->what));
		return;
	}
	if (variable->kind != TEXT && variable->kind != WORDS) {
		(void)put_variable(session, report, variable, out);
		return;
	}
	memory = open_memstream(&text, &len);
	if (!memory)
		tool_no_memory();
	is_there = put_variable(session, report, variable, memory);
	if (fclose(memory))
		tool_no_memory();
	if (is_there)
		fetch_answer_quote(text, out);
	else
		fputs("null", out);
	free(text);
}

/* All variables as one object, as curl does it. */
static void
put_json(const struct fetch_session *session,
         const struct fetch_report *report, FILE *out)
{
	fputc('{', out);
	for (size_t i = 0; i < N_VARIABLES; i++) {
		if (variables[i].kind == SELF)
			continue;
		put_member(session, report, &variables[i], out);
		fputc(',', out);
	}
	fputs("\"curl_version\":", out);
	fetch_answer_quote(curl_version(), out);
	fputc('}', out);
}

/* What is no value.  False: the format ends here. */
static bool
put_self(const struct fetch_session *session,
         const struct fetch_report *report, enum self what, FILE **out)
{
	switch (what) {
	case JSON:
		put_json(session, report, *out);
		break;
	case JSON_FIELDS:
		fetch_answer_fields(report->has_transfer ? session->easy : NULL,
		                    *out);
		break;
	case ON_ERROR:
		return report->fault.exit != 0;
	case TO_STDERR:
		*out = stderr;
		break;
	case TO_STDOUT:
		*out = stdout;
		break;
	}
	return true;
}

/* %header{name} at text; its length, or 0 if that is none. */
static size_t
put_field(const struct fetch_session *session,
          const struct fetch_report *report, const char *text, FILE *out)
{
	static const char before[] = "%header{";
	const char *end;
	size_t len;
	char *name;

	if (strncmp(text, before, sizeof(before) - 1) != 0)
		return 0;
	text += sizeof(before) - 1;
	end = strchr(text, '}');
	if (!end)
		return 0;
	len = (size_t)(end - text);
	name = tool_copy(text, len);
	if (report->has_transfer)
		(void)put_text(fetch_answer_field(session->easy, name), out);
	free(name);
	return sizeof(before) + len;
}

/*
 * %{name} at text; its length, or 0 if that is none, or if the format ends
 * there: then *ends.
 */
static size_t
put_braced(const struct fetch_session *session,
           const struct fetch_report *report, const char *text, FILE **out,
           bool *ends)
{
	const char *end = strchr(text, '}');
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end - text) - 2;
	for (size_t i = 0; i < N_VARIABLES; i++) {
		if (strlen(variables[i].name) != len ||
		    strncasecmp(variables[i].name, text + 2, len) != 0)
			continue;
		if (variables[i].kind == SELF)
			*ends = !put_self(session, report,
			                  (enum self)variables[i].what, out);
		else
			(void)put_variable(session, report, &variables[i],
			                   *out);
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
	bool ends = false;

	while (at && *at && !ends) {
		size_t n = 0;

		if (at[0] == '%' && at[1] == '%') {
			fputc('%', out);
			n = 2;
		} else if (at[0] == '%' && at[1] == '{') {
			n = put_braced(session, report, at, &out, &ends);
		} else if (at[0] == '%') {
			n = put_field(session, report, at, out);
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
