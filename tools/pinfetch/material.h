/*
 * material.h - option arguments that may stand in a file: -d, -H, -w ...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_MATERIAL_H
#define FETCH_MATERIAL_H

#include <stdbool.h>

#include "common/fault.h"
#include "pinfetch/options.h"

/* curl's exit code for a file that cannot be read. */
#define FETCH_EXIT_READ 26

enum fetch_data {
	FETCH_DATA_LINES,  /* -d: without CR, LF and NUL of a file */
	FETCH_DATA_BINARY, /* --data-binary: as it stands */
	FETCH_DATA_RAW,    /* --data-raw: @ means nothing */
	FETCH_DATA_JSON    /* --json: binary, and joined without & */
};

/*
 * -d and its relatives: text, or with @FILE (- is stdin) what stands there;
 * several are joined by &.  False: *fault tells why.
 */
bool
fetch_material_data(const char *argument, enum fetch_data kind,
                    struct fetch_options *options, struct tool_fault *fault);

/*
 * --data-urlencode: DATA, =DATA, NAME=DATA, @FILE or NAME@FILE, where all but
 * NAME is encoded.
 */
bool
fetch_material_encoded(const char *argument, struct fetch_text *text,
                       struct tool_fault *fault);

/* --url-query: the same, and +DATA as it stands. */
bool
fetch_material_query(const char *argument, struct fetch_options *options,
                     struct tool_fault *fault);

/* The fields that --json asks for, where -H has not set them. */
void
fetch_material_json(struct fetch_options *options);

/* Put more behind text, with & between them if asked. */
void
fetch_material_join(struct fetch_text *text, const char *more, size_t len,
                    bool with_ampersand);

/*
 * What stands in the file at path (- is stdin), ended by NUL; option is for the
 * fault.  NULL: *fault tells why.
 *
 * Owner: the caller, free().
 */
char *
fetch_material_read(const char *option, const char *path, size_t *len,
                    struct tool_fault *fault);

/* -H: one field, or with @FILE one per line. */
bool
fetch_material_header(const char *argument, struct fetch_options *options,
                      struct tool_fault *fault);

/* -w: the format, or with @FILE what stands there. */
bool
fetch_material_format(const char *argument, struct fetch_options *options,
                      struct tool_fault *fault);

/* Append text to list; without memory the program ends. */
void
fetch_material_append(struct curl_slist **list, const char *text);

#endif /* FETCH_MATERIAL_H */
