/*
 * others.h - the other paths that a session's certificates allow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_TLS_OTHERS_H
#define PS_TLS_OTHERS_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include <pinstore/pinstore.h>

#include "tls/path.h"

struct ps_others;

/*
 * Begin to look for paths other than settled, which ps_chain_from_session()
 * made for session, host and is_address.  *out is NULL if there cannot be any.
 * It refers to all of these and to the session's credentials.
 *
 * Owner:  the caller, who ends it with ps_others_free().
 * Errors: NOMEM, INTERNAL.
 */
enum pinstore_status
ps_others_new(gnutls_session_t session, const char *host, bool is_address,
              const struct pinstore_chain *settled,
              struct ps_others **out) PINSTORE_MUST_CHECK;

/* The same for what ps_chain_from_list() made of list. */
enum pinstore_status
ps_others_new_list(const struct ps_list *list, const char *host,
                   bool is_address, const struct pinstore_chain *settled,
                   struct ps_others **out) PINSTORE_MUST_CHECK;

/*
 * The next path, valid as a whole; *out is NULL if there is none, or if the
 * bounds of the search are reached.  Which paths come, and in which order, does
 * not depend on the order in which the certificates were served.
 *
 * Owner:  the caller.
 * Errors: NOMEM, INTERNAL.
 */
enum pinstore_status
ps_others_next(struct ps_others *others,
               struct pinstore_chain **out) PINSTORE_MUST_CHECK;

void
ps_others_free(struct ps_others *others);

#endif /* PS_TLS_OTHERS_H */
