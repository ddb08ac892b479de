/*
 * search.h - judge a peer by every path that its certificates allow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_SEARCH_H
#define PS_API_SEARCH_H

#include <stdbool.h>

#include <pinstore/pinstore.h>

#include "tls/path.h"

/* Where the paths lie: in what a session's peer served, or in a list. */
struct ps_search_in {
	gnutls_session_t session; /* NULL: list */
	const struct ps_list *list;
};

/*
 * ps_check_paths() with settled, which in gave for peer, and with the other
 * paths that in allows; those are looked for only if settled is refused.
 *
 * Owner:  the caller, who ends *out.
 * Errors: those of pinstore_check(), and NOMEM, INTERNAL of the search.
 */
enum pinstore_status
ps_search_check(struct pinstore *ps, const struct ps_search_in *in,
                const struct pinstore_peer *peer, bool is_address,
                const struct pinstore_chain *settled, int64_t now,
                enum pinstore_verdict *verdict, struct pinstore_result **out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_API_SEARCH_H */
