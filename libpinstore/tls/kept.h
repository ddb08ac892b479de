/*
 * kept.h - the validated path of a session's peer, found once and kept.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_TLS_KEPT_H
#define PS_TLS_KEPT_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include <pinstore/pinstore.h>

/*
 * ps_chain_from_session(), but for a host that was asked for before on the same
 * handshake: then what came of that.  To verify costs as much as half a
 * handshake, and many requests may share a connection.
 *
 * Owner:  the session; until the next call for it.
 * Errors: those of ps_chain_from_session(), INTERNAL (no randoms).
 */
enum pinstore_status
ps_kept_chain(gnutls_session_t session, const char *host, bool is_address,
              const struct pinstore_chain **out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_TLS_KEPT_H */
