/*
 * configfile.h - -K: options from a file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_CONFIGFILE_H
#define FETCH_CONFIGFILE_H

#include <stdbool.h>

#include "common/fault.h"
#include "pinfetch/options.h"

/*
 * Take the options that stand in the file at path, one per line as curl reads
 * them.  False: *fault tells why, with file and line.
 */
bool
fetch_configfile_read(const char *path, struct fetch_options *options,
                      enum fetch_wish *wish, struct tool_fault *fault);

#endif /* FETCH_CONFIGFILE_H */
