/*
 * writeout.h - what -w prints after a transfer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_WRITEOUT_H
#define FETCH_WRITEOUT_H

#include "pinfetch/visit.h"

/* Print the format of -w, if there is one, on stdout. */
void
fetch_writeout(const struct fetch_session *session,
               const struct fetch_report *report);

#endif /* FETCH_WRITEOUT_H */
