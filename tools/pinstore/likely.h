/*
 * likely.h - what a refusal most likely comes from, as far as data tells.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_LIKELY_H
#define TOOL_LIKELY_H

#include <stdint.h>

#include <pinstore/pinstore.h>

/*
 * A sentence for the refusal that result tells of, or NULL if nothing can be
 * said: a revoked key, a wrong clock, a captive portal, a parent's policy, a CA
 * that was added on this machine, or a new key.
 *
 * Owner: the caller, free().
 */
char *
likely_cause(struct pinstore *store, const struct pinstore_result *result,
             int64_t now);

#endif /* TOOL_LIKELY_H */
