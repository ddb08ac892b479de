/*
 * fuzz_chain.c - the SubjectPublicKeyInfo, and chains made of certificates.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A parser of our own that sees another key than the TLS library which verified
 * the certificate is the bug to be found here: the octets that we cut out,
 * parsed again by GnuTLS, must be the key that GnuTLS holds of the certificate,
 * or we must have found none.
 *
 * Input: one or more structures in DER, one behind the other.
 */
#include <config.h>

#include <stdbool.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tests/fuzz/fuzz.h"
#include "tls/chain.h"
#include "tls/spki.h"

const char fuzz_name[] = "fuzz_chain";

#define CERTIFICATES_MAX 20

/* ------------------------------------------------------------ one structure */

/* GnuTLS's own encoding of a key; false: it makes nothing of it. */
static bool
export_key(gnutls_pubkey_t key, gnutls_datum_t *out)
{
	return gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, out) == 0;
}

/* The key that GnuTLS sees in der. */
static bool
gnutls_key(enum ps_spki_kind kind, const gnutls_datum_t *der,
           gnutls_datum_t *out)
{
	gnutls_pubkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_x509_crq_t crq = NULL;
	bool is_found = false;

	MUST(gnutls_pubkey_init(&key) == 0);
	switch (kind) {
	case PS_SPKI_CERTIFICATE:
		MUST(gnutls_x509_crt_init(&crt) == 0);
		is_found = gnutls_x509_crt_import(crt, der,
		                                  GNUTLS_X509_FMT_DER) == 0 &&
		           gnutls_pubkey_import_x509(key, crt, 0) == 0;
		gnutls_x509_crt_deinit(crt);
		break;
	case PS_SPKI_REQUEST:
		MUST(gnutls_x509_crq_init(&crq) == 0);
		is_found = gnutls_x509_crq_import(crq, der,
		                                  GNUTLS_X509_FMT_DER) == 0 &&
		           gnutls_pubkey_import_x509_crq(key, crq, 0) == 0;
		gnutls_x509_crq_deinit(crq);
		break;
	case PS_SPKI_BARE:
		is_found = gnutls_pubkey_import(key, der,
		                                GNUTLS_X509_FMT_DER) == 0;
		break;
	}
	is_found = is_found && export_key(key, out);
	gnutls_pubkey_deinit(key);
	return is_found;
}

static void
try_structure(enum ps_spki_kind kind, const uint8_t *data, size_t len)
{
	struct pinstore_pin pin;
	gnutls_datum_t theirs = {NULL, 0}, ours = {NULL, 0}, datum;
	const uint8_t *spki;
	uint8_t hash[32];
	size_t spki_len;
	enum pinstore_status status;

	status = ps_spki_find(kind, data, len, &spki, &spki_len);
	if (status != PINSTORE_OK) {
		MUST(status == PINSTORE_ERR_CHAIN);
		MUST(spki == NULL && spki_len == 0);
		MUST(ps_spki_pin(kind, data, len, &pin) == PINSTORE_ERR_CHAIN);
		return;
	}
	MUST(spki_len >= 2 && spki >= data && spki + spki_len <= data + len);
	MUST(gnutls_hash_fast(GNUTLS_DIG_SHA256, spki, spki_len, hash) == 0);
	MUST(ps_spki_pin(kind, data, len, &pin) == PINSTORE_OK);
	MUST(memcmp(pin.sha256, hash, sizeof(hash)) == 0);
	/* What was cut out is itself one key, all of it. */
	MUST(ps_spki_pin(PS_SPKI_BARE, spki, spki_len, &pin) == PINSTORE_OK);
	MUST(memcmp(pin.sha256, hash, sizeof(hash)) == 0);

	datum.data = fuzz_copy(data, len);
	datum.size = (unsigned)len;
	if (gnutls_key(kind, &datum, &theirs)) {
		free(datum.data);
		datum.data = fuzz_copy(spki, spki_len);
		datum.size = (unsigned)spki_len;
		MUST(gnutls_key(PS_SPKI_BARE, &datum, &ours));
		MUST(ours.size == theirs.size &&
		     memcmp(ours.data, theirs.data, ours.size) == 0);
	}
	gnutls_free(ours.data);
	gnutls_free(theirs.data);
	free(datum.data);
}

/* ----------------------------------------------------------------- a chain */

/* The length of the first structure, by its outermost length. */
static size_t
first_len(const uint8_t *data, size_t len)
{
	size_t n, i, value = 0;

	if (len < 2)
		return len;
	if (data[1] < 0x80)
		return data[1] + 2u < len ? data[1] + 2u : len;
	n = data[1] & 0x7f;
	if (n > 3 || n + 2 > len)
		return len;
	for (i = 0; i < n; i++)
		value = value << 8 | data[2 + i];
	return value + n + 2 < len ? value + n + 2 : len;
}

static bool
is_parsed(const uint8_t *data, size_t len)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t datum = {fuzz_copy(data, len), (unsigned)len};
	bool is_good;

	MUST(gnutls_x509_crt_init(&crt) == 0);
	is_good = len > 0 &&
	          gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) == 0;
	gnutls_x509_crt_deinit(crt);
	free(datum.data);
	return is_good;
}

/* Each member has the octets it was given, and the pin of its key, or none. */
static void
must_hold(const struct pinstore_chain *chain, const uint8_t *const der[],
          const size_t len[], size_t n)
{
	const struct pinstore_pin *const *pins, *found;
	struct pinstore_pin pin;
	const uint8_t *at;
	size_t i, at_len, n_pins;

	MUST(pinstore_chain_length(chain) == n);
	pins = ps_chain_pins(chain, &n_pins);
	MUST(n_pins == n);
	for (i = 0; i < n; i++) {
		at = pinstore_chain_certificate(chain, i, &at_len);
		MUST(at != NULL && at_len == len[i] &&
		     memcmp(at, der[i], at_len) == 0);
		found = pinstore_chain_pin(chain, i);
		MUST(found == pins[i]);
		if (ps_spki_pin(PS_SPKI_CERTIFICATE, der[i], len[i], &pin) ==
		    PINSTORE_OK)
			MUST(found != NULL && memcmp(found, &pin, 32) == 0);
		else
			MUST(found == NULL);
	}
	MUST(pinstore_chain_pin(chain, n) == NULL);
	MUST(pinstore_chain_certificate(chain, n, &at_len) == NULL);
	MUST(at_len == 0);
}

static void
try_chain(const uint8_t *const der[], const size_t len[], size_t n)
{
	struct pinstore_chain *chain = NULL, *copy = NULL;
	enum pinstore_status status;
	const uint8_t *at;
	size_t i, at_len;
	bool is_good = n <= PS_CHAIN_LEN_MAX;

	for (i = 0; i < n && is_good; i++)
		is_good = is_parsed(der[i], len[i]);
	status = pinstore_chain_from_validated_certificates(der, len, n,
	                                                    &chain);
	MUST(status == (is_good ? PINSTORE_OK : PINSTORE_ERR_CHAIN));
	MUST((chain != NULL) == is_good);
	if (!is_good)
		return;
	must_hold(chain, der, len, n);
	/* The served list is evidence: it changes no pin. */
	if (n > 1) {
		MUST(pinstore_chain_set_served(chain, der + 1, len + 1,
		                               n - 1) == PINSTORE_OK);
		must_hold(chain, der, len, n);
	}
	MUST(ps_chain_copy(chain, &copy) == PINSTORE_OK);
	pinstore_chain_free(chain);
	must_hold(copy, der, len, n);
	MUST(pinstore_chain_served_length(copy) == (n > 1 ? n - 1 : 0));
	for (i = 1; i < n; i++) {
		at = pinstore_chain_served(copy, i - 1, &at_len);
		MUST(at != NULL && at_len == len[i] &&
		     memcmp(at, der[i], at_len) == 0);
	}
	pinstore_chain_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *der[CERTIFICATES_MAX];
	size_t lens[CERTIFICATES_MAX], n = 0, i, at = 0;

	try_structure(PS_SPKI_CERTIFICATE, data, len);
	try_structure(PS_SPKI_REQUEST, data, len);
	try_structure(PS_SPKI_BARE, data, len);
	while (at < len && n < CERTIFICATES_MAX) {
		lens[n] = first_len(data + at, len - at);
		der[n] = data + at;
		at += lens[n++];
	}
	try_chain(der, lens, n);
	for (i = 0; n > 1 && i < n; i++)
		try_structure(PS_SPKI_CERTIFICATE, der[i], lens[i]);
	return 0;
}
