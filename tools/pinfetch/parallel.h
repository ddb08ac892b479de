/*
 * parallel.h - -Z: fetch several URLs at the same time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_PARALLEL_H
#define FETCH_PARALLEL_H

#include <stdbool.h>

#include "common/fault.h"
#include "pinfetch/run.h"

/*
 * Fetch all URLs; codes has room for the exit code of each.  False: none was
 * begun, *fault tells why.
 */
bool
fetch_parallel(struct fetch_run *run, int *codes, struct tool_fault *fault);

#endif /* FETCH_PARALLEL_H */
