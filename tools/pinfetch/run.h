/*
 * run.h - what all URLs of one run share: store, cookies, the file of -D.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_RUN_H
#define FETCH_RUN_H

#include <stdbool.h>

#include <curl/curl.h>

#include <pinstore/pinstore.h>

#include "pinfetch/meter.h"
#include "pinfetch/options.h"
#include "pinfetch/sink.h"

struct fetch_run {
	const struct fetch_options *options;
	char *store_path; /* NULL until an https hop asks for it */
	struct pinstore *ps;
	struct fetch_sink head; /* -D */
	struct fetch_meter meter;
	CURLSH *share;
	bool has_hsts; /* a handle has its file */
	CURL *keeper; /* reads and writes the files of cookies, or NULL */
};

/* False: *fault tells why.  Either way fetch_run_end() ends *out. */
bool
fetch_run_begin(const struct fetch_options *options, struct fetch_run *out,
                struct tool_fault *fault);

/* Open the store, once.  False: *error tells why. */
bool
fetch_run_store(struct fetch_run *run, struct pinstore_error *error);

/*
 * When no handle is left.  False: the file of -D could not be written;
 * head.fault tells why.
 */
bool
fetch_run_end(struct fetch_run *run);

#endif /* FETCH_RUN_H */
