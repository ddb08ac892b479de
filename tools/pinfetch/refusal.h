/*
 * refusal.h - why a fetch came to nothing, and what can be done.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first line can be grepped and is complete; then come rule, expected,
 * served, likely, next.  All that comes from the network is escaped.
 */
#ifndef FETCH_REFUSAL_H
#define FETCH_REFUSAL_H

#include <stdio.h>

#include "pinfetch/visit.h"

/* Fill report->fault if the hop was stopped for a reason of ours. */
void
fetch_refusal_fill(const struct fetch_session *session,
                   struct fetch_report *report);

/* Print report->fault and all that belongs to it. */
void
fetch_refusal_print(const struct fetch_session *session,
                    const struct fetch_report *report, FILE *out);

/* --pin-info: what was judged, which is the path if one was validated. */
void
fetch_refusal_info(const struct fetch_session *session,
                   const struct fetch_report *report, FILE *out);

#endif /* FETCH_REFUSAL_H */
