/*
 * path.h - what GnuTLS is asked to verify, and the path it tells of.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between path.c, which verifies a session's peer, and others.c, which looks
 * for the other paths of the same peer.
 */
#ifndef PS_TLS_PATH_H
#define PS_TLS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <pinstore/pinstore.h>

/* Whom a certificate must name, and the purpose it must have. */
struct ps_subject {
	gnutls_typed_vdata_st data[2];
	uint8_t address[16];
};

/* false: an address that no certificate can have.  It refers to host. */
bool
ps_path_subject(struct ps_subject *subject, const char *host, bool is_address);

/* What a server serves, leaf first, and what it is verified with. */
struct ps_list {
	gnutls_x509_trust_list_t trust;
	unsigned flags; /* GnuTLS's, for verifying */
	const gnutls_datum_t *peers;
	unsigned n_peers;
};

/*
 * ps_chain_from_session() for a list without a session: as GnuTLS verifies a
 * peer that serves it, but for staples.
 *
 * Owner:  the caller.
 * Errors: NOMEM, HOST, CHAIN, INTERNAL, as there.
 */
enum pinstore_status
ps_chain_from_list(const struct ps_list *list, const char *host,
                   bool is_address, struct pinstore_chain **out,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;

struct ps_link {
	gnutls_datum_t cert;
	gnutls_datum_t issuer;
};

/* Links that were reported good, the anchor's side first. */
struct ps_collector {
	size_t n;
	struct ps_link *links;
	enum pinstore_status status; /* not OK: a link is missing */
};

/*
 * What GnuTLS reports to ps_path_collect() on this thread goes to collector,
 * until this is called with NULL.
 */
void
ps_path_collect_into(struct ps_collector *collector);

int
ps_path_collect(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer,
                gnutls_x509_crl_t crl, unsigned output);

void
ps_path_collector_clear(struct ps_collector *collector);

/*
 * The chain that the links of a verification make, which succeeded as a whole,
 * from the first of what the peer served.
 *
 * Owner:  the caller.
 * Errors: NOMEM, CHAIN (more than PS_CHAIN_LEN_MAX certificates), INTERNAL.
 */
enum pinstore_status
ps_path_chain(const struct ps_collector *collector, const gnutls_datum_t *peers,
              unsigned n_peers, struct pinstore_chain **out) PINSTORE_MUST_CHECK;

#endif /* PS_TLS_PATH_H */
