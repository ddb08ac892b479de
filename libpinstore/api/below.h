/*
 * below.h - what the system's store says of a connection by now.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_BELOW_H
#define PS_API_BELOW_H

#include <stdbool.h>
#include <stdint.h>

#include "api/handle.h"
#include "api/result.h"

struct ps_below {
	bool is_refused;  /* by a revoked key, or by pins */
	bool is_bypassed; /* nothing is learned then */
	bool is_known;    /* an entry applies, in whatever mode */
};

/*
 * For those who learn from a checked connection: asked before the write, for
 * nobody opens one store while he writes another.  Errors: as ps_store_climb().
 */
enum pinstore_status
ps_below_judge(struct pinstore *ps, const struct pinstore_result *checked,
               int64_t now, struct ps_below *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_API_BELOW_H */
