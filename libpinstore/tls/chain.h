/*
 * chain.h - struct pinstore_chain, and the validated path of a session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public constructors and readers of struct pinstore_chain are defined in
 * chain.c, the recovery of the path in path.c.
 */
#ifndef PS_TLS_CHAIN_H
#define PS_TLS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include <pinstore/pinstore.h>

/* Most certificates of a path, and most pins of a chain made from pins. */
#define PS_CHAIN_LEN_MAX 16
#define PS_CHAIN_PINS_MAX 1000

/* A copy.  Owner: the caller.  Errors: NOMEM. */
enum pinstore_status
ps_chain_copy(const struct pinstore_chain *chain,
              struct pinstore_chain **out) PINSTORE_MUST_CHECK;

/*
 * The chain of certificates that GnuTLS has parsed, leaf first.  A key without
 * a pin is no error.  Owner: the caller.  Errors: NOMEM, INTERNAL.
 */
enum pinstore_status
ps_chain_from_parsed(const uint8_t *const der[], const size_t len[], size_t n,
                     struct pinstore_chain **out) PINSTORE_MUST_CHECK;

/*
 * Pointers to the pins, NULL for a key without one, for ps_policy_match();
 * they live as long as chain.
 */
const struct pinstore_pin *const *
ps_chain_pins(const struct pinstore_chain *chain, size_t *n);

/*
 * Verify the session's peer for host (canonical) and the purpose TLS server,
 * and recover the path.  is_address: match the certificate's addresses.
 *
 * Owner:   the caller.
 * Threads: one thread-local collector is in use for the length of the call.
 * Errors:  NOMEM, HOST (an address that no certificate can have), CHAIN (no
 *          certificate, not valid, more than PS_CHAIN_LEN_MAX certificates),
 *          INTERNAL; the text says what GnuTLS found.
 */
enum pinstore_status
ps_chain_from_session(gnutls_session_t session, const char *host,
                      bool is_address, struct pinstore_chain **out,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_TLS_CHAIN_H */
