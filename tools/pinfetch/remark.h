/*
 * remark.h - what is said about pins while a fetch goes on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_REMARK_H
#define FETCH_REMARK_H

#include "pinfetch/meter.h"
#include "pinfetch/session.h"

/* For -v: what was decided about a hop to host. */
void
fetch_remark_judged(const char *host, const struct fetch_verdict *verdict);

/*
 * That the configured pins of a hop's host end soon, or have ended and are not
 * enforced any more; -s says nothing.
 */
void
fetch_remark_life(const struct fetch_options *options,
                  struct fetch_meter *meter,
                  const struct fetch_verdict *verdict);

/*
 * What became of the pins that host sent: for -v all of it, else only what was
 * lost, once for each reason; -s says nothing.
 */
void
fetch_remark_noted(struct fetch_run *run, const char *host,
                   const struct pinstore_noted *noted,
                   enum pinstore_status status,
                   const struct pinstore_error *error);

/*
 * The layer whose entry tells most about a result: the one that matched, or
 * that refused; NULL if no entry applies.
 */
const struct pinstore_entry *
fetch_remark_entry(const struct pinstore_result *result,
                   enum pinstore_layer *layer);

/* What became of a key that was to be remembered on first use. */
void
fetch_remark_trusted(struct fetch_run *run, const char *host,
                     const struct pinstore_noted *trusted,
                     enum pinstore_status status,
                     const struct pinstore_error *error);

/* At the end: how much else the store could not take. */
void
fetch_remark_losses(const struct fetch_run *run);

#endif /* FETCH_REMARK_H */
