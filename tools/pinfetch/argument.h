/*
 * argument.h - option arguments with a grammar of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_ARGUMENT_H
#define FETCH_ARGUMENT_H

#include <stdbool.h>

#include "common/fault.h"
#include "pinfetch/options.h"
#include "pinfetch/table.h"

/* Numbers, -b, -C, -e, -E, -r, -u.  False: *fault tells why. */
bool
fetch_argument_take(const struct fetch_row *row, const char *argument,
                    struct fetch_options *options, struct tool_fault *fault);

#endif /* FETCH_ARGUMENT_H */
