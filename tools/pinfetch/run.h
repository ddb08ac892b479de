/*
 * run.h - what all URLs of one run share: store, cookies, the file of -D.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_RUN_H
#define FETCH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <pinstore/pinstore.h>

#include "pinfetch/meter.h"
#include "pinfetch/options.h"
#include "pinfetch/sink.h"

/* What the store could not take. */
struct fetch_losses {
	uint32_t told; /* bit n: of status -n it was told; 0: of a quota */
	size_t more;   /* that are not told each */
};

struct fetch_run {
	const struct fetch_options *options;
	char *store_path; /* NULL until an https hop asks for it */
	struct pinstore *ps;
	struct fetch_sink head; /* -D */
	struct fetch_meter meter;
	struct fetch_losses losses;
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
