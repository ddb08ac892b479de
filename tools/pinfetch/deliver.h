/*
 * deliver.h - --report=now: send reports when all else is done.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_DELIVER_H
#define FETCH_DELIVER_H

#include "pinfetch/options.h"

/* The program's end waits for reports no longer than this. */
#define FETCH_DELIVER_MS 10000

/*
 * Send the reports of the store at path that are due.  What comes of them is
 * told, and changes nothing else.
 */
void
fetch_deliver(const struct fetch_options *options, const char *path);

#endif /* FETCH_DELIVER_H */
