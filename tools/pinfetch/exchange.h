/*
 * exchange.h - what comes back on one hop: libcurl's callbacks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_EXCHANGE_H
#define FETCH_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "pinfetch/options.h"
#include "pinfetch/sink.h"

struct fetch_exchange {
	const struct fetch_options *options;
	CURL *easy;
	struct fetch_sink *sink;
	struct fetch_sink *head; /* -D, or NULL */
	const struct tool_fault *fault; /* of the sink that failed, or NULL */
	long status;      /* 0 = there was no answer */
	char *location;   /* where -L goes next, or NULL */
	char message[CURL_ERROR_SIZE]; /* libcurl's */
};

/* Ready for a hop whose answer goes to sink. */
void
fetch_exchange_begin(struct fetch_exchange *exchange, struct fetch_sink *sink);

/* CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; arg is the exchange. */
size_t
fetch_exchange_header(char *data, size_t size, size_t n, void *arg);
size_t
fetch_exchange_body(char *data, size_t size, size_t n, void *arg);

/* CURLOPT_DEBUGFUNCTION: as curl -v shows it, escaped; arg is the meter. */
int
fetch_exchange_trace(CURL *easy, curl_infotype type, char *data, size_t len,
                     void *arg);

#endif /* FETCH_EXCHANGE_H */
