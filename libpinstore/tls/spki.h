/*
 * spki.h - the SubjectPublicKeyInfo as it stands in a certificate, and its pin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GnuTLS's key ids and exports encode the key anew and differ where its
 * encoding is unusual; so the octets are cut out of the DER here.
 */
#ifndef PS_TLS_SPKI_H
#define PS_TLS_SPKI_H

#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

enum ps_spki_kind {
	PS_SPKI_CERTIFICATE, /* RFC 5280, 4.1 */
	PS_SPKI_REQUEST,     /* RFC 2986, 4 */
	PS_SPKI_BARE         /* the SubjectPublicKeyInfo itself */
};

/*
 * Find the SubjectPublicKeyInfo, with tag and length, in der, all of which the
 * structure must fill.  *spki points into der.
 *
 * Errors: CHAIN (not DER of that kind; a key whose parameters are inherited).
 * Source: RFC 7469, 2.4.
 */
enum pinstore_status
ps_spki_find(enum ps_spki_kind kind, const uint8_t *der, size_t len,
             const uint8_t **spki, size_t *spki_len) PINSTORE_MUST_CHECK;

/* Its SHA-256.  Errors: NOMEM, CHAIN, INTERNAL (GnuTLS has no SHA-256). */
enum pinstore_status
ps_spki_pin(enum ps_spki_kind kind, const uint8_t *der, size_t len,
            struct pinstore_pin *out) PINSTORE_MUST_CHECK;

#endif /* PS_TLS_SPKI_H */
