/*
 * learn.c - the header callback: what an answer says about pins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "curl/adapter.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[PINSTORE_PKP] = "Public-Key-Pins",
	[PINSTORE_PKP_RO] = "Public-Key-Pins-Report-Only",
};

/* Most fields of one kind that are looked at; only the first counts. */
#define FIELDS_MAX 1000

static size_t
count_fields(CURL *easy, const char *name)
{
	struct curl_header *header = NULL;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header))
		return 0;
	return header->amount < FIELDS_MAX ? header->amount : FIELDS_MAX;
}

/*
 * Copy the values of the n fields of that name in the answer that is at hand:
 * libcurl keeps its own only until the next question.
 */
static enum pinstore_status
copy_fields(const struct pinstore_curl *attached, enum pinstore_kind kind,
            size_t n, struct pinstore_field *out)
{
	struct curl_header *header = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t len;
		char *value;

		if (curl_easy_header(attached->easy, names[kind], i,
		                     CURLH_HEADER, -1, &header))
			return PINSTORE_ERR_INTERNAL;
		len = strlen(header->value);
		value = malloc(len + 2);
		if (!value)
			return PINSTORE_ERR_NOMEM;
		memcpy(value, header->value, len + 1);
		/* What libcurl has cut off there must not be forgotten. */
		if (i + 1 == attached->lines[kind].bent)
			value[len++] = '\r';
		out[i].kind = kind;
		out[i].value = value;
		out[i].len = len;
	}
	return PINSTORE_OK;
}

static void
free_fields(struct pinstore_field *fields, size_t n)
{
	if (!fields)
		return;
	for (size_t i = 0; i < n; i++) {
		char *value;

		/* The member is const for those who only read. */
		memcpy(&value, &fields[i].value, sizeof(value));
		free(value);
	}
	free(fields);
}

/*
 * A result with a chain for noting: a host without entry was let pass without
 * one.  The request was judged before it left; what is found now decides about
 * noting alone.
 */
static enum pinstore_status
check_for_note(struct pinstore_curl *attached, struct ps_curl_hop *hop,
               int64_t now, struct pinstore_result **out)
{
	enum pinstore_verdict verdict;

	*out = NULL;
	if (hop->result && pinstore_result_chain(hop->result))
		return PINSTORE_OK;
	return ps_curl_check(attached, hop, now, &verdict, out,
	                     &hop->note_error);
}

static enum pinstore_status
note(struct pinstore_curl *attached, struct ps_curl_hop *hop,
     const struct pinstore_field *fields, size_t n)
{
	int64_t now = attached->setup.clock(attached->setup.clock_arg);
	struct pinstore_result *fresh = NULL;
	enum pinstore_status status;

	status = check_for_note(attached, hop, now, &fresh);
	if (!status)
		status = pinstore_note(attached->ps,
		                       fresh ? fresh : hop->result, fields, n,
		                       now, &hop->noted, &hop->note_error);
	if (fresh && pinstore_result_verdict(fresh) == hop->verdict) {
		pinstore_result_free(hop->result);
		hop->result = fresh;
		fresh = NULL; /* now hop's */
	}
	pinstore_result_free(fresh);
	return status;
}

static void
learn(struct pinstore_curl *attached, struct ps_curl_hop *hop)
{
	size_t n = count_fields(attached->easy, names[PINSTORE_PKP]);
	size_t n_reported = count_fields(attached->easy,
	                                 names[PINSTORE_PKP_RO]);
	struct pinstore_field *fields;
	enum pinstore_status status;

	if (n + n_reported == 0)
		return;
	hop->has_fields = true;
	hop->noted.size = sizeof(hop->noted);
	fields = calloc(n + n_reported, sizeof(*fields));
	status = PINSTORE_ERR_NOMEM;
	if (fields)
		status = copy_fields(attached, PINSTORE_PKP, n, fields);
	if (!status)
		status = copy_fields(attached, PINSTORE_PKP_RO, n_reported,
		                     fields + n);
	if (status)
		(void)ps_curl_fail(&hop->note_error, status,
		                   "%s: the answer's header: %s", hop->host,
		                   pinstore_strerror(status));
	else
		status = note(attached, hop, fields, n + n_reported);
	hop->note_status = status;
	free_fields(fields, n + n_reported);
}

/* The blank line at the end of a block of headers.  False: stop. */
static bool
end_of_block(struct pinstore_curl *attached)
{
	const struct pinstore_curl_setup *setup = &attached->setup;
	struct ps_curl_hop *hop;
	long code = 0;

	switch (attached->phase) {
	case PS_CURL_IDLE:
		/* Its own fields are none in a proxy's answer to CONNECT. */
		if (!curl_easy_nextheader(attached->easy, CURLH_HEADER, -1,
		                          NULL))
			return true;
		attached->unjudged = true;
		return false;
	case PS_CURL_ANSWERED:
		return true;
	case PS_CURL_ASKED:
		break;
	}
	if (curl_easy_getinfo(attached->easy, CURLINFO_RESPONSE_CODE, &code) ||
	    code < 200)
		return true;
	attached->phase = PS_CURL_ANSWERED;
	hop = ps_curl_last(attached);
	if (hop->secure && !setup->no_learn && !setup->insecure_unpinned)
		learn(attached, hop);
	return true;
}

static bool
is_blank(const char *line, size_t len)
{
	return (len == 2 && line[0] == '\r' && line[1] == '\n') ||
	       (len == 1 && line[0] == '\n');
}

/* R-2.1-14: an octet that makes any field malformed, wherever it stands. */
static bool
is_bent(const char *line, size_t len)
{
	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
		    line[i] == 0x7f)
			return true;
	return false;
}

static struct ps_curl_lines *
lines_of(struct pinstore_curl *attached, const char *line, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t name_len = strlen(names[i]);

		if (len > name_len && line[name_len] == ':' &&
		    curl_strnequal(line, names[i], name_len))
			return &attached->lines[i];
	}
	return NULL;
}

/*
 * libcurl ends a value at its first CR, and strips some control octets from its
 * end; what is left may well mean something else.  So look at the lines too.
 */
static void
watch_line(struct pinstore_curl *attached, const char *line, size_t len)
{
	bool is_continued = len > 0 && (line[0] == ' ' || line[0] == '\t');

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		memset(attached->lines, 0, sizeof(attached->lines));
	if (!is_continued) {
		attached->folding = lines_of(attached, line, len);
		if (attached->folding)
			attached->folding->n++;
	}
	if (attached->folding && attached->folding->bent == 0 &&
	    is_bent(line, len))
		attached->folding->bent = attached->folding->n;
}

size_t
ps_curl_header(char *data, size_t size, size_t n, void *arg)
{
	struct pinstore_curl *attached = arg;
	const struct pinstore_curl_setup *setup = &attached->setup;
	size_t len = size * n;

	/* Behind an answer another one begins only if the prerequest ran. */
	if (attached->phase == PS_CURL_ANSWERED && len >= 5 &&
	    memcmp(data, "HTTP/", 5) == 0)
		attached->phase = PS_CURL_IDLE;
	watch_line(attached, data, len);
	if (is_blank(data, len) && !end_of_block(attached))
		return 0;
	if (!setup->header)
		return len;
	return setup->header(data, size, n, setup->header_arg);
}
