/*
 * options.h - the command line of pinfetch.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An option that curl has means what it means in curl.  Without memory the
 * program ends, see common/memory.h.
 */
#ifndef FETCH_OPTIONS_H
#define FETCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <curl/curl.h>

#include "common/fault.h"

/* Where the n-th URL's answer goes. */
struct fetch_output {
	const char *path;    /* "-" = stdout */
	bool is_remote_name; /* -O: path is NULL */
};

struct fetch_options {
	const char **urls;
	size_t n_urls;
	struct fetch_output *outputs;
	size_t n_outputs;
	bool include;
	bool head;
	bool verbose;
	bool silent;
	bool show_error;
	bool fail;
	bool location;
	bool insecure;
	bool no_learn;
	bool require_pin;
	char *write_out;    /* NULL = none */
	const char *method; /* -X, or NULL */
	struct curl_slist *headers;
	char *data; /* NULL = none */
	size_t data_len;
	long timeout_ms;    /* 0 = none */
	long max_redirects; /* -1 = without end */
	const char *cacert;
	struct curl_slist *resolve;
	struct curl_slist *connect_to;
	const char *proxy;
	long http_version;
	long tls_version;
	const char *store;
};

enum fetch_wish { FETCH_RUN, FETCH_HELP, FETCH_VERSION };

/*
 * Read the command line; options keep pointers into argv.  False: *fault tells
 * why.  Either way fetch_options_free() ends *out.
 */
bool
fetch_options_read(int argc, char *argv[], struct fetch_options *out,
                   enum fetch_wish *wish, struct tool_fault *fault);

void
fetch_options_free(struct fetch_options *options);

/* What --help prints, from the table that the options are read by. */
void
fetch_options_help(FILE *out);

#endif /* FETCH_OPTIONS_H */
