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
	const char *directory; /* --output-dir, or NULL */
	bool makes_directories;
	bool is_append;
	bool is_exclusive; /* the server named it: overwrite nothing */
	bool takes_name;   /* -J: the server may name it */
	int64_t start;     /* octets that were there before, with is_append */
	int64_t written;
	bool is_unmade;    /* by an answer that is empty, see fetch_sink_end() */
	curl_off_t modified; /* -R: of the file, if it is one; -1 = now */
	struct tool_fault fault; /* exit is 0 as long as all is well */
};

/*
 * The sink of the n-th URL.  Nothing is opened yet.  False: out->fault tells
 * why.  Either way fetch_sink_end() ends *out.
 */
bool
fetch_sink_begin(const struct fetch_options *options, size_t n,
                 const char *url, struct fetch_sink *out);

/* For -D: path is the file, - stdout; no URL's. */
void
fetch_sink_begin_file(const struct fetch_options *options, const char *path,
                      struct fetch_sink *out);

/* Go on behind what the file has; how much that is. */
int64_t
fetch_sink_append(struct fetch_sink *sink);

/* The value of a Content-Disposition field: the file that it names. */
void
fetch_sink_take_name(struct fetch_sink *sink, const char *value);

/* Forget what was written, as far as that can be. */
void
fetch_sink_restart(struct fetch_sink *sink);

bool
fetch_sink_write(struct fetch_sink *sink, const char *data, size_t len);

/*
 * Close the file; an answer that was accepted and is empty makes an empty one,
 * unless is_unmade.  False: sink->fault tells why.
 */
bool
fetch_sink_end(struct fetch_sink *sink, bool was_accepted);

#endif /* FETCH_SINK_H */
