/*
 * test_chain.c - struct pinstore_chain: making, reading, copying.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tls/chain.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/support/data.h"
#include "tests/support/suite.h"

#include "tests/support/suite.h"
#define MANY (PS_CHAIN_PINS_MAX + 1)

/* The ordinary path of the tests, and a stray. */
static struct data rsa, p256, dsa;

static void
setup(void)
{
	rsa = data_read("spki", "rsa.crt.der");
	p256 = data_read("spki", "p256.crt.der");
	dsa = data_read("spki", "dsa-inherits.crt.der");
}

static void
teardown(void)
{
	free(rsa.at);
	free(p256.at);
	free(dsa.at);
}

static struct pinstore_chain *
two_certificates(void)
{
	const uint8_t *const der[] = {rsa.at, p256.at};
	const size_t len[] = {rsa.len, p256.len};
	struct pinstore_chain *chain = NULL;

	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 2, &chain),
	                 PINSTORE_OK);
	ck_assert_ptr_nonnull(chain);
	return chain;
}

static void
check_two(const struct pinstore_chain *chain)
{
	const struct pinstore_pin *const *pins;
	struct pinstore_pin first, second;
	size_t len, n;

	ck_assert_int_eq(pinstore_pin_from_certificate(rsa.at, rsa.len,
	                                               &first), PINSTORE_OK);
	ck_assert_int_eq(pinstore_pin_from_certificate(p256.at, p256.len,
	                                               &second), PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(chain), 2);
	ck_assert_mem_eq(pinstore_chain_pin(chain, 0), &first, sizeof(first));
	ck_assert_mem_eq(pinstore_chain_pin(chain, 1), &second,
	                 sizeof(second));
	ck_assert_ptr_null(pinstore_chain_pin(chain, 2));
	ck_assert_ptr_null(pinstore_chain_pin(chain, SIZE_MAX));
	ck_assert_mem_eq(pinstore_chain_certificate(chain, 1, &len), p256.at,
	                 p256.len);
	ck_assert_uint_eq(len, p256.len);
	ck_assert_ptr_ne(pinstore_chain_certificate(chain, 0, NULL), rsa.at);
	ck_assert_ptr_null(pinstore_chain_certificate(chain, 2, &len));
	ck_assert_uint_eq(len, 0);
	pins = ps_chain_pins(chain, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(pins[0], pinstore_chain_pin(chain, 0));
	ck_assert_ptr_eq(pins[1], pinstore_chain_pin(chain, 1));
}

START_TEST(from_certificates)
{
	struct pinstore_chain *chain = two_certificates();

	check_two(chain);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 0);
	pinstore_chain_free(chain);
}
END_TEST

/* R-2.4-4: such a certificate is a member of the path without a pin. */
START_TEST(key_without_pin)
{
	const uint8_t *const der[] = {rsa.at, dsa.at, p256.at};
	const size_t len[] = {rsa.len, dsa.len, p256.len};
	struct pinstore_chain *chain, *copy;
	size_t dsa_len;

	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 3, &chain),
	                 PINSTORE_OK);
	ck_assert_int_eq(ps_chain_copy(chain, &copy), PINSTORE_OK);
	pinstore_chain_free(chain);
	ck_assert_uint_eq(pinstore_chain_length(copy), 3);
	ck_assert_ptr_nonnull(pinstore_chain_pin(copy, 0));
	ck_assert_ptr_null(pinstore_chain_pin(copy, 1));
	ck_assert_ptr_nonnull(pinstore_chain_pin(copy, 2));
	ck_assert_mem_eq(pinstore_chain_certificate(copy, 1, &dsa_len), dsa.at,
	                 dsa.len);
	pinstore_chain_free(copy);
}
END_TEST

START_TEST(from_pins)
{
	struct pinstore_pin pins[2] = {{{1}}, {{2}}};
	struct pinstore_chain *chain;
	size_t len = 7;

	ck_assert_int_eq(pinstore_chain_from_validated_pins(pins, 2, &chain),
	                 PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(chain), 2);
	ck_assert_mem_eq(pinstore_chain_pin(chain, 1), &pins[1],
	                 sizeof(pins[1]));
	ck_assert_ptr_null(pinstore_chain_pin(chain, 2));
	ck_assert_ptr_null(pinstore_chain_certificate(chain, 0, &len));
	ck_assert_uint_eq(len, 0);
	pinstore_chain_free(chain);
}
END_TEST

START_TEST(empty)
{
	struct pinstore_chain *chain, *copy;
	size_t n = 7;

	ck_assert_int_eq(pinstore_chain_from_validated_pins(NULL, 0, &chain),
	                 PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(chain), 0);
	ck_assert_ptr_null(pinstore_chain_pin(chain, 0));
	ck_assert_ptr_nonnull(ps_chain_pins(chain, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(ps_chain_copy(chain, &copy), PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(copy), 0);
	pinstore_chain_free(copy);
	pinstore_chain_free(chain);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         NULL, NULL, 0, &chain),
	                 PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(chain), 0);
	pinstore_chain_free(chain);
}
END_TEST

START_TEST(copies_stand_alone)
{
	struct pinstore_chain *chain = two_certificates(), *copy;
	const uint8_t *const served[] = {dsa.at, rsa.at};
	const size_t served_len[] = {dsa.len, rsa.len};
	size_t len;

	ck_assert_int_eq(pinstore_chain_set_served(chain, served, served_len,
	                                           2), PINSTORE_OK);
	ck_assert_int_eq(ps_chain_copy(chain, &copy), PINSTORE_OK);
	pinstore_chain_free(chain);
	check_two(copy);
	ck_assert_uint_eq(pinstore_chain_served_length(copy), 2);
	ck_assert_mem_eq(pinstore_chain_served(copy, 0, &len), dsa.at,
	                 dsa.len);
	ck_assert_uint_eq(len, dsa.len);
	pinstore_chain_free(copy);
}
END_TEST

/* R-2.6-6: what was served is kept beside the path and changes none of it. */
START_TEST(served_is_beside)
{
	struct pinstore_chain *chain = two_certificates();
	const uint8_t junk[] = {1, 2, 3};
	const uint8_t *const served[] = {junk, dsa.at, junk};
	const uint8_t *const hole[] = {junk, NULL};
	const size_t served_len[] = {3, dsa.len, 0};
	size_t len;

	ck_assert_int_eq(pinstore_chain_set_served(chain, served, served_len,
	                                           3), PINSTORE_OK);
	check_two(chain);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 3);
	ck_assert_mem_eq(pinstore_chain_served(chain, 0, &len), junk, 3);
	ck_assert_uint_eq(len, 3);
	ck_assert_ptr_nonnull(pinstore_chain_served(chain, 2, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert_ptr_null(pinstore_chain_served(chain, 3, NULL));
	/* A wrong call leaves what is there. */
	ck_assert_int_eq(pinstore_chain_set_served(chain, hole, served_len, 2),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_set_served(chain, NULL, served_len, 1),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_set_served(NULL, served, served_len, 3),
	                 PINSTORE_ERR_ARG);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 3);
	/* A right one replaces it. */
	ck_assert_int_eq(pinstore_chain_set_served(chain, NULL, NULL, 0),
	                 PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 0);
	check_two(chain);
	pinstore_chain_free(chain);
}
END_TEST

static const struct {
	size_t n;
	enum pinstore_status status;
} lengths[] = {
        {1, PINSTORE_OK},
        {PS_CHAIN_LEN_MAX - 1, PINSTORE_OK},
        {PS_CHAIN_LEN_MAX, PINSTORE_OK},
        {PS_CHAIN_LEN_MAX + 1, PINSTORE_ERR_CHAIN},
        {SIZE_MAX, PINSTORE_ERR_CHAIN},
};

START_TEST(certificate_limit)
{
	const uint8_t *der[PS_CHAIN_LEN_MAX + 1];
	size_t len[PS_CHAIN_LEN_MAX + 1], i;
	struct pinstore_chain *chain = NULL;

	for (i = 0; i < PS_CHAIN_LEN_MAX + 1; i++) {
		der[i] = p256.at;
		len[i] = p256.len;
	}
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, lengths[_i].n, &chain),
	                 lengths[_i].status);
	ck_assert((chain == NULL) == (lengths[_i].status != PINSTORE_OK));
	pinstore_chain_free(chain);
}
END_TEST

static const struct {
	size_t n;
	enum pinstore_status status;
} pin_counts[] = {
        {PS_CHAIN_PINS_MAX - 1, PINSTORE_OK},
        {PS_CHAIN_PINS_MAX, PINSTORE_OK},
        {PS_CHAIN_PINS_MAX + 1, PINSTORE_ERR_CHAIN},
        {SIZE_MAX, PINSTORE_ERR_CHAIN},
};

START_TEST(pin_limit)
{
	static const struct pinstore_pin pins[MANY];
	struct pinstore_chain *chain = NULL;

	ck_assert_int_eq(pinstore_chain_from_validated_pins(
	                         pins, pin_counts[_i].n, &chain),
	                 pin_counts[_i].status);
	ck_assert((chain == NULL) == (pin_counts[_i].status != PINSTORE_OK));
	pinstore_chain_free(chain);
}
END_TEST

/* What is no certificate makes no chain, wherever it stands. */
static const struct {
	const char *file;
	size_t cut; /* octets taken from its end */
} not_certificates[] = {
        {"rsa.req.der", 0},        {"rsa.key.der", 0},
        {"bad-empty.crt.der", 0},  {"bad-pem.crt.der", 0},
        {"rsa.crt.der", 1},        {"bad-one-octet.crt.der", 0},
        {"bad-no-signature.crt.der", 0},
};

START_TEST(no_certificate)
{
	struct data bad = data_read("spki", not_certificates[_i].file);
	struct pinstore_chain *chain;
	const uint8_t *der[2];
	size_t len[2], at;

	bad.len -= not_certificates[_i].cut;
	for (at = 0; at < 2; at++) {
		der[at] = bad.at;
		len[at] = bad.len;
		der[1 - at] = rsa.at;
		len[1 - at] = rsa.len;
		ck_assert_int_eq(pinstore_chain_from_validated_certificates(
		                         der, len, 2, &chain),
		                 PINSTORE_ERR_CHAIN);
		ck_assert_ptr_null(chain);
	}
	free(bad.at);
}
END_TEST

START_TEST(wrong_arguments)
{
	const uint8_t *const der[] = {rsa.at, NULL};
	const size_t len[] = {rsa.len, 1};
	struct pinstore_chain *chain;
	size_t n = 7;

	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 2, &chain), PINSTORE_ERR_ARG);
	ck_assert_ptr_null(chain);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         NULL, len, 1, &chain), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, NULL, 1, &chain), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 1, NULL), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_validated_pins(NULL, 1, &chain),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_validated_pins(NULL, 0, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_uint_eq(pinstore_chain_length(NULL), 0);
	ck_assert_uint_eq(pinstore_chain_served_length(NULL), 0);
	ck_assert_ptr_null(pinstore_chain_pin(NULL, 0));
	ck_assert_ptr_null(pinstore_chain_certificate(NULL, 0, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(pinstore_chain_served(NULL, 0, NULL));
	pinstore_chain_free(NULL);
}
END_TEST

/* ------------------------------------------------------- GnuTLS that fails */

/* Linked in place of GnuTLS's: see tls.inc.  0: the real one. */
static int init_code, import_code, hash_code;

int __real_gnutls_x509_crt_init(gnutls_x509_crt_t *out);
int __wrap_gnutls_x509_crt_init(gnutls_x509_crt_t *out);
int __real_gnutls_x509_crt_import(gnutls_x509_crt_t crt,
                                  const gnutls_datum_t *data,
                                  gnutls_x509_crt_fmt_t format);
int __wrap_gnutls_x509_crt_import(gnutls_x509_crt_t crt,
                                  const gnutls_datum_t *data,
                                  gnutls_x509_crt_fmt_t format);
int __real_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm,
                            const void *text, size_t len, void *out);
int __wrap_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm,
                            const void *text, size_t len, void *out);

int
__wrap_gnutls_x509_crt_init(gnutls_x509_crt_t *out)
{
	return init_code != 0 ? init_code : __real_gnutls_x509_crt_init(out);
}

int
__wrap_gnutls_x509_crt_import(gnutls_x509_crt_t crt,
                              const gnutls_datum_t *data,
                              gnutls_x509_crt_fmt_t format)
{
	if (import_code != 0)
		return import_code;
	return __real_gnutls_x509_crt_import(crt, data, format);
}

int
__wrap_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm, const void *text,
                        size_t len, void *out)
{
	if (hash_code != 0)
		return hash_code;
	return __real_gnutls_hash_fast(algorithm, text, len, out);
}

static const struct {
	int init, import, hash;
	enum pinstore_status status;
} failures[] = {
        {GNUTLS_E_MEMORY_ERROR, 0, 0, PINSTORE_ERR_NOMEM},
        {0, GNUTLS_E_MEMORY_ERROR, 0, PINSTORE_ERR_NOMEM},
        {0, GNUTLS_E_ASN1_DER_ERROR, 0, PINSTORE_ERR_CHAIN},
        /* A pin that could not be computed is no member without a pin. */
        {0, 0, GNUTLS_E_MEMORY_ERROR, PINSTORE_ERR_NOMEM},
        {0, 0, GNUTLS_E_HASH_FAILED, PINSTORE_ERR_INTERNAL},
};

START_TEST(gnutls_fails)
{
	const uint8_t *const der[] = {rsa.at, p256.at};
	const size_t len[] = {rsa.len, p256.len};
	struct pinstore_chain *chain = (void *)&chain;

	init_code = failures[_i].init;
	import_code = failures[_i].import;
	hash_code = failures[_i].hash;
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, len, 2, &chain),
	                 failures[_i].status);
	ck_assert_ptr_null(chain);
	init_code = import_code = hash_code = 0;
	pinstore_chain_free(two_certificates());
}
END_TEST

/* Lengths that no memory has are refused before anything is read. */
START_TEST(lengths_without_end)
{
	struct pinstore_chain *chain = two_certificates(), *none;
	const uint8_t *const der[] = {rsa.at, p256.at};
	const size_t sum[] = {1, SIZE_MAX};
	const size_t longer[] = {rsa.len, (size_t)UINT32_MAX + 1};
	const size_t nothing[] = {0, p256.len};

	ck_assert_int_eq(pinstore_chain_set_served(chain, der, sum, 2),
	                 PINSTORE_ERR_NOMEM);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 0);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, longer, 2, &none), PINSTORE_ERR_CHAIN);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(pinstore_chain_from_validated_certificates(
	                         der, nothing, 2, &none), PINSTORE_ERR_CHAIN);
	ck_assert_ptr_null(none);
	pinstore_chain_free(chain);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chain");
	TCase *tcase = tcase_create("chain");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, from_certificates);
	tcase_add_test(tcase, key_without_pin);
	tcase_add_test(tcase, from_pins);
	tcase_add_test(tcase, empty);
	tcase_add_test(tcase, copies_stand_alone);
	tcase_add_test(tcase, served_is_beside);
	tcase_add_loop_test(tcase, certificate_limit, 0, COUNT(lengths));
	tcase_add_loop_test(tcase, pin_limit, 0, COUNT(pin_counts));
	tcase_add_loop_test(tcase, no_certificate, 0,
	                    COUNT(not_certificates));
	tcase_add_test(tcase, wrong_arguments);
	tcase_add_loop_test(tcase, gnutls_fails, 0, COUNT(failures));
	tcase_add_test(tcase, lengths_without_end);
	return suite_run(suite);
}
