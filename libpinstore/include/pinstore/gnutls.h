/*
 * gnutls.h - pins for a GnuTLS session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Three depths, from the whole to the parts:
 *
 *   pinstore_handshake()        a handshake with the check inside it, repeated
 *                               where a resumed session skips verification
 *   pinstore_verify_callback()  for gnutls_certificate_set_verify_function();
 *                               alone it is not enough: GnuTLS calls it on no
 *                               resumed session, neither in TLS 1.2 nor in 1.3
 *   pinstore_session_check()    for a caller with a callback of his own
 */
#ifndef PINSTORE_GNUTLS_H
#define PINSTORE_GNUTLS_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <pinstore/pinstore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The time, in seconds since 1970-01-01 UTC. */
typedef int64_t pinstore_clock_fn(void *arg);

/*
 * Hang store, peer and clock on a client session: before the handshake for the
 * first two depths, at any time for the third.  The session pointer stays the
 * application's: the slot is that of a TLS extension of private number 0xff50,
 * which is never sent.  Attaching again replaces what was attached, and forgets
 * what was found.  A host that is no address also becomes, in its canonical
 * form, the server name (SNI) that the next handshake asks for.
 *
 * Owner:   peer is copied; ps must outlive the session.
 * Threads: those of the session.
 * Errors:  ARG (a server session, no clock), NOMEM, HOST, INTERNAL (GnuTLS has
 *          no place for it).
 */
enum pinstore_status
pinstore_session_attach(gnutls_session_t session, struct pinstore *ps,
                        const struct pinstore_peer *peer,
                        pinstore_clock_fn *clock, void *arg,
                        struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Do the handshake of an attached session and check the pins before it
 * completes, or right after it when the session was resumed; no application
 * data has left then.  Sets the session's verify function, so that one set on
 * the credentials is not called: the certificate is verified for the host and
 * for the purpose TLS server here.
 *
 * Returns GnuTLS codes; GNUTLS_E_AGAIN and GNUTLS_E_INTERRUPTED as from
 * gnutls_handshake(): call it again.  A refusal is
 * GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR with a fatal alert sent;
 * pinstore_session_last() tells which.  GNUTLS_E_INVALID_REQUEST: nothing is
 * attached.  When a server asks for another handshake (GNUTLS_E_REHANDSHAKE),
 * do it with this function too.  Early data
 * (gnutls_record_send_early_data()) leaves before any check can run: a client
 * that wants pins must not send it.
 */
int pinstore_handshake(gnutls_session_t session) PINSTORE_MUST_CHECK;

/*
 * Verify the peer of an attached session, and its pins.  0, or
 * GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR, as GnuTLS expects of a verify
 * function.
 */
int pinstore_verify_callback(gnutls_session_t session);

/*
 * Verify the peer of an attached session now and check its pins, whatever was
 * decided before: on a resumed session, on a connection that is used again.
 *
 * Owner:  as pinstore_check(); out may be NULL.
 * Errors: those of pinstore_check(); ARG (not attached); CHAIN (the certificate
 *         is not valid for host and purpose: refuse, whether pinned or not).
 */
enum pinstore_status
pinstore_session_check(gnutls_session_t session,
                       enum pinstore_verdict *verdict,
                       struct pinstore_result **out,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * pinstore_note() for the connection, with the result of the last check.
 * Errors: those of pinstore_note(); UNJUDGED (no check has seen the session).
 */
enum pinstore_status
pinstore_session_note(gnutls_session_t session,
                      const struct pinstore_field *fields, size_t n,
                      struct pinstore_noted *out,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * What the last check of the session decided, inside a callback or not: its
 * status is returned, its message put into *error.
 *
 * Owner:  the caller, who ends *out (out may be NULL).
 * Errors: those of pinstore_session_check(); UNJUDGED (there was none).
 */
enum pinstore_status
pinstore_session_last(gnutls_session_t session, enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Verify the session's peer for host (any form; an address is matched with the
 * certificate's addresses) and for the purpose TLS server, and keep the path
 * that was built to a trust anchor, with the anchor that the peer did not send
 * and without stray certificates that it did.  Works on resumed sessions.
 *
 * Owner:   the caller, who ends *out with pinstore_chain_free().
 * Threads: those of the session.  The session's verify output function is
 *          unset afterwards.
 * Errors:  ARG, NOMEM, HOST, CHAIN (no certificate, or not valid; lib_error is
 *          GnuTLS's code or 0, os_error is 0, text has the verification
 *          status in words).
 * Source:  RFC 7469, 2.6.
 */
enum pinstore_status
pinstore_chain_from_session(gnutls_session_t session, const char *host,
                            struct pinstore_chain **out,
                            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * pinstore_check() for the peer of session.  A peer may have several valid
 * paths (cross-signed intermediates), and GnuTLS settles on one by the order in
 * which the certificates were served.  If that one is refused, the others that
 * they allow are looked for, a bounded number, and each that is valid as a
 * whole (name, time, purpose and revocation included) is judged until one
 * passes; so the verdict does not depend on that order.
 * pinstore_result_other_path() tells of it.  The check functions of an attached
 * session do the same.
 *
 * chain is what pinstore_chain_from_session() made of this session for this
 * peer's host, or NULL: it is made here, once, and kept with the session for as
 * long as the same host is asked for on the same handshake and certificates, as
 * the data of a TLS extension of private number 0xff51, which is never sent.
 *
 * Owner:   as pinstore_check(); out may be NULL.
 * Threads: those of the session.
 * Errors:  those of pinstore_check() and of pinstore_chain_from_session().
 * Source:  RFC 7469, 2.6.
 */
enum pinstore_status
pinstore_check_peer(struct pinstore *ps, gnutls_session_t session,
                    const struct pinstore_peer *peer,
                    const struct pinstore_chain *chain, int64_t now,
                    enum pinstore_verdict *verdict,
                    struct pinstore_result **out,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * pinstore_chain_from_session() before there is a session: verify the n
 * certificates (DER) that a server is to serve, leaf first, for host and for
 * the purpose TLS server, against trust, with GnuTLS's flags for verifying; what
 * time it is for their dates tells gnutls_global_set_time_function().
 *
 * Owner:   the caller, who ends *out with pinstore_chain_free().
 * Threads: trust is used as by gnutls_x509_trust_list_verify_crt2().
 * Errors:  ARG, NOMEM, HOST, CHAIN (as of a session, and a certificate that
 *          cannot be read).
 * Source:  RFC 7469, 2.6.
 */
enum pinstore_status
pinstore_chain_from_served(gnutls_x509_trust_list_t trust, unsigned flags,
                           const gnutls_datum_t *served, unsigned n,
                           const char *host, struct pinstore_chain **out,
                           struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * pinstore_check_peer() for such certificates, other paths and all: what a
 * client with this store would decide of a server that serves them.  With a
 * store that was opened with PINSTORE_OPT_READONLY nothing is journalled.
 *
 * Owner:   as pinstore_check(); out may be NULL.
 * Threads: those of trust.
 * Errors:  those of pinstore_check() and of pinstore_chain_from_served().
 * Source:  RFC 7469, 2.6.
 */
enum pinstore_status
pinstore_check_served(struct pinstore *ps, gnutls_x509_trust_list_t trust,
                      unsigned flags, const gnutls_datum_t *served, unsigned n,
                      const struct pinstore_peer *peer, int64_t now,
                      enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif /* PINSTORE_GNUTLS_H */
