/*
 * material.h - option arguments that may stand in a file: -d, -H, -w.
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

/*
 * -d: text, or with @FILE (- is stdin) what stands there without CR, LF and
 * NUL; several are joined by &.  False: *fault tells why.
 */
bool
fetch_material_data(const char *argument, struct fetch_options *options,
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
