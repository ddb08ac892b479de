/*
 * sink.h - where an answer goes: stdout, or a file made with its first octet.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_SINK_H
#define FETCH_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/fault.h"
#include "pinfetch/options.h"

/* curl's exit code for output that cannot be written. */
#define FETCH_EXIT_WRITE 23

struct fetch_sink {
	char *path; /* NULL = stdout */
	FILE *file;
	int64_t written;
	struct tool_fault fault; /* exit is 0 as long as all is well */
};

/*
 * The sink of the n-th URL.  Nothing is opened yet.  False: out->fault tells
 * why.  Either way fetch_sink_end() ends *out.
 */
bool
fetch_sink_begin(const struct fetch_options *options, size_t n,
                 const char *url, struct fetch_sink *out);

bool
fetch_sink_write(struct fetch_sink *sink, const char *data, size_t len);

/*
 * Close the file; an answer that was accepted and is empty makes an empty one.
 * False: sink->fault tells why.
 */
bool
fetch_sink_end(struct fetch_sink *sink, bool was_accepted);

#endif /* FETCH_SINK_H */
