/*
 * exchange.c - what comes back on one hop: libcurl's callbacks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "pinfetch/meter.h"

void
fetch_exchange_begin(struct fetch_exchange *exchange, struct fetch_sink *sink)
{
	free(exchange->location);
	exchange->location = NULL;
	exchange->sink = sink;
	exchange->fault = NULL;
	exchange->status = 0;
	exchange->message[0] = '\0';
}

/* The first Location field that leads somewhere; NULL = none does. */
static char *
location_of(CURL *easy)
{
	struct curl_header *header = NULL;

	for (size_t i = 0; !curl_easy_header(easy, "Location", i, CURLH_HEADER,
	                                     -1, &header);
	     i++) {
		/* An empty one comes as a lone CR. */
		size_t len = strcspn(header->value, "\r\n");

		if (len > 0)
			return tool_copy(header->value, len);
	}
	return NULL;
}

/*
 * The header is complete.  In a proxy's answer to CONNECT there is no status
 * of the origin yet, and interim answers have one below 200.
 */
static void
end_of_header(struct fetch_exchange *exchange)
{
	const struct fetch_options *options = exchange->options;
	struct curl_header *header = NULL;
	long status = 0;

	(void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE,
	                        &status);
	if (status < 200 || exchange->status)
		return;
	exchange->status = status;
	if (options->location && status >= 300 && status < 400)
		exchange->location = location_of(exchange->easy);
	if (!exchange->location && options->header_name &&
	    !curl_easy_header(exchange->easy, "Content-Disposition", 0,
	                      CURLH_HEADER, -1, &header))
		fetch_sink_take_name(exchange->sink, header->value);
}

static bool
write_to(struct fetch_exchange *exchange, struct fetch_sink *sink,
         const char *data, size_t len)
{
	if (fetch_sink_write(sink, data, len))
		return true;
	exchange->fault = &sink->fault;
	return false;
}

size_t
fetch_exchange_header(char *data, size_t size, size_t n, void *arg)
{
	struct fetch_exchange *exchange = arg;
	const struct fetch_options *options = exchange->options;
	size_t len = size * n;
	bool is_blank = len > 0 && len <= 2 && data[len - 1] == '\n' &&
	                (len == 1 || data[0] == '\r');

	if (is_blank)
		end_of_header(exchange);
	if (exchange->head && !write_to(exchange, exchange->head, data, len))
		return 0;
	if ((options->include || options->head) &&
	    !write_to(exchange, exchange->sink, data, len))
		return 0;
	return len;
}

size_t
fetch_exchange_body(char *data, size_t size, size_t n, void *arg)
{
	struct fetch_exchange *exchange = arg;
	size_t len = size * n;

	/* The body of a redirect that is followed is nobody's. */
	if (exchange->location ||
	    write_to(exchange, exchange->sink, data, len))
		return len;
	return 0;
}

static void
put_line(const char *prefix, const char *data, size_t len)
{
	char *shown = tool_alloc(len + 1, 8);

	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	(void)tool_escape(data, len, shown, 8 * (len + 1));
	fprintf(stderr, "%s%s\n", prefix, shown);
	free(shown);
}

int
fetch_exchange_trace(CURL *easy, curl_infotype type, char *data, size_t len,
                     void *arg)
{
	const char *prefix = type == CURLINFO_TEXT        ? "* "
	                     : type == CURLINFO_HEADER_IN ? "< "
	                                                  : "> ";

	(void)easy;
	if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN &&
	    type != CURLINFO_HEADER_OUT)
		return 0;
	fetch_meter_break(arg);
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) + 1 : len;

		put_line(prefix, data, n);
		data += n;
		len -= n;
	}
	return 0;
}
