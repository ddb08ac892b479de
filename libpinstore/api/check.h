/*
 * check.h - judge a peer that may have more than one valid path.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_CHECK_H
#define PS_API_CHECK_H

#include <pinstore/pinstore.h>

/*
 * The next path of the same peer, as valid as the one before; NULL after the
 * last.  Owner: the caller.
 */
typedef enum pinstore_status ps_check_next_fn(void *arg,
                                              struct pinstore_chain **out,
                                              struct pinstore_error *error);

/*
 * pinstore_check() with chain; only if that is refused, with those that next
 * gives until one is not.  No argument may be NULL but arg and error.
 *
 * Owner:  the caller, who ends *out.
 * Errors: those of pinstore_check() and of next.
 */
enum pinstore_status
ps_check_paths(struct pinstore *ps, const struct pinstore_peer *peer,
               const struct pinstore_chain *chain, ps_check_next_fn *next,
               void *arg, int64_t now, enum pinstore_verdict *verdict,
               struct pinstore_result **out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_API_CHECK_H */
