/*
 * test_spki.c - pins of certificates, requests and keys.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/data/spki/pins.txt has the pins, computed by openssl and Python.
 */
#include <config.h>

#include "tls/spki.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "tests/support/data.h"
#include "tests/support/suite.h"

#define CRT PS_SPKI_CERTIFICATE
#define REQ PS_SPKI_REQUEST
#define KEY PS_SPKI_BARE

static const struct {
	const char *file;
	enum ps_spki_kind kind;
	bool has_pin;
} cases[] = {
        /* R-2.4-1: key 1 of RFC 8032, bare and inside. */
        {"vector.key.der", KEY, true},
        {"vector.crt.der", CRT, true},
        {"vector.req.der", REQ, true},
        /* Ordinary keys, in all three shapes. */
        {"rsa.crt.der", CRT, true},
        {"rsa.req.der", REQ, true},
        {"rsa.key.der", KEY, true},
        {"rsa-pss.crt.der", CRT, true},
        {"rsa-pss.req.der", REQ, true},
        {"rsa-pss.key.der", KEY, true},
        {"p256.crt.der", CRT, true},
        {"p256.req.der", REQ, true},
        {"p256.key.der", KEY, true},
        {"p384.crt.der", CRT, true},
        {"p384.req.der", REQ, true},
        {"p384.key.der", KEY, true},
        {"p521.crt.der", CRT, true},
        {"p521.req.der", REQ, true},
        {"p521.key.der", KEY, true},
        {"ed25519.crt.der", CRT, true},
        {"ed25519.req.der", REQ, true},
        {"ed25519.key.der", KEY, true},
        {"ed448.crt.der", CRT, true},
        {"ed448.req.der", REQ, true},
        {"ed448.key.der", KEY, true},
        /* Keys that sign nothing. */
        {"x25519.crt.der", CRT, true},
        {"x25519.key.der", KEY, true},
        {"x448.crt.der", CRT, true},
        {"x448.key.der", KEY, true},
        /* R-2.4-2: encodings that a library would not make. */
        {"rsa-without-null.crt.der", CRT, true},
        {"rsa-without-null.req.der", REQ, true},
        {"rsa-wide-modulus.crt.der", CRT, true},
        {"p256-explicit.crt.der", CRT, true},
        {"p256-explicit.req.der", REQ, true},
        {"p256-explicit.key.der", KEY, true},
        {"unknown-algorithm.crt.der", CRT, true},
        /* Shapes of the certificate: no version, unique ids, late times. */
        {"v1.crt.der", CRT, true},
        {"v1-made.crt.der", CRT, true},
        {"unique-ids.crt.der", CRT, true},
        {"generalized-time.crt.der", CRT, true},
        /* A request without the field for attributes. */
        {"no-attributes.req.der", REQ, true},
        /* R-2.4-4: parameters that stand in the key, and that do not. */
        {"dsa.crt.der", CRT, true},
        {"dsa-inherits.crt.der", CRT, false},
        {"dsa-inherits.key.der", KEY, false},
        {"dsa-null.crt.der", CRT, false},
        {"dsa-oiw-inherits.crt.der", CRT, false},
        {"ec-implicit.crt.der", CRT, false},
        {"ec-without-parameters.crt.der", CRT, false},
        {"gost2001-inherits.key.der", KEY, false},
        {"gost2012-inherits.key.der", KEY, false},
        {"dh-inherits.key.der", KEY, false},
        /* The wrong kind. */
        {"vector.req.der", CRT, false},
        {"vector.key.der", CRT, false},
        {"vector.crt.der", REQ, false},
        {"vector.key.der", REQ, false},
        {"v1-made.crt.der", REQ, false},
        {"vector.crt.der", KEY, false},
        {"vector.req.der", KEY, false},
        /* No DER at all, or not a certificate's. */
        {"bad-empty.crt.der", CRT, false},
        {"bad-one-octet.crt.der", CRT, false},
        {"bad-empty-sequence.crt.der", CRT, false},
        {"bad-pem.crt.der", CRT, false},
        {"bad-no-signature.crt.der", CRT, false},
        {"bad-set.key.der", KEY, false},
        {"bad-short.key.der", KEY, false},
        /* More than the structure. */
        {"bad-trailing.crt.der", CRT, false},
        {"bad-trailing.req.der", REQ, false},
        {"bad-trailing.key.der", KEY, false},
        {"bad-twice.crt.der", CRT, false},
        {"bad-trailing-inside.crt.der", CRT, false},
        {"bad-tail-unknown.crt.der", CRT, false},
        {"bad-tail-twice.crt.der", CRT, false},
        {"bad-tail-order.crt.der", CRT, false},
        {"bad-tail.req.der", REQ, false},
        {"bad-version-filled.crt.der", CRT, false},
        {"bad-version-empty.crt.der", CRT, false},
        /* Lengths: not minimal, indefinite, beyond the end, too short. */
        {"bad-serial-long-form.crt.der", CRT, false},
        {"bad-serial-leading-zero.crt.der", CRT, false},
        {"bad-serial-high-tag.crt.der", CRT, false},
        {"bad-indefinite.crt.der", CRT, false},
        {"bad-length-four.crt.der", CRT, false},
        {"bad-length-five.crt.der", CRT, false},
        {"bad-length-more.crt.der", CRT, false},
        {"bad-length-less.crt.der", CRT, false},
        {"bad-length-huge.crt.der", CRT, false},
        {"bad-name-framing.crt.der", CRT, false},
        {"bad-subject-framing.crt.der", CRT, false},
        {"bad-too-deep.crt.der", CRT, false},
        /* a validity that reaches over what follows it. */
        {"bad-validity-bent.crt.der", CRT, false},
        {"bad-validity-short.crt.der", CRT, false},
        {"bad-validity-three.crt.der", CRT, false},
        {"bad-validity-one.crt.der", CRT, false},
        {"bad-validity-integers.crt.der", CRT, false},
        /* The key itself. */
        {"bad-key-missing.crt.der", CRT, false},
        {"bad-key-extra.crt.der", CRT, false},
        {"bad-key-algorithm-extra.crt.der", CRT, false},
        {"bad-key-algorithm-empty.crt.der", CRT, false},
        {"bad-key-oid-empty.crt.der", CRT, false},
        {"bad-key-unused-bits.crt.der", CRT, false},
        {"bad-key-no-bits.crt.der", CRT, false},
        {"bad-key-octets.crt.der", CRT, false},
};

static void
hex(const uint8_t *octets, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
}

/* The pin of file in pins.txt, in hex, or "-". */
static void
expected_pin(const char *file, char out[65])
{
	struct data pins = data_read("spki", "pins.txt");
	const char *line = (const char *)pins.at, *end;
	size_t len = strlen(file), n;

	for (;;) {
		ck_assert_msg(*line != '\0', "pins.txt has no %s", file);
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		if (strncmp(line, file, len) == 0 && line[len] == ' ')
			break;
		line = end + 1;
	}
	n = (size_t)(end - line) - len - 1;
	ck_assert_uint_le(n, 64);
	memcpy(out, line + len + 1, n);
	out[n] = '\0';
	free(pins.at);
}

/* R-2.4-1, R-2.4-2, R-2.4-4. */
START_TEST(gives_the_pin)
{
	struct data data = data_read("spki", cases[_i].file);
	enum pinstore_status status;
	struct pinstore_pin pin;
	char want[65], have[65];
	const uint8_t *spki;
	size_t len;

	memset(&pin, 0xa5, sizeof(pin));
	status = ps_spki_pin(cases[_i].kind, data.at, data.len, &pin);
	hex(pin.sha256, sizeof(pin.sha256), have);
	expected_pin(cases[_i].file, want);
	if (cases[_i].has_pin) {
		ck_assert_int_eq(status, PINSTORE_OK);
		ck_assert_str_eq(have, want);
	} else {
		ck_assert_msg(status == PINSTORE_ERR_CHAIN, "%s has a pin",
		              cases[_i].file);
		ck_assert_uint_eq(strspn(have, "0"), 64);
	}
	ck_assert_int_eq(ps_spki_find(cases[_i].kind, data.at, data.len, &spki,
	                              &len), status);
	ck_assert((spki == NULL) == !cases[_i].has_pin);
	ck_assert((len == 0) == !cases[_i].has_pin);
	free(data.at);
}
END_TEST

/* Each file of the table's folder is in the table: none is forgotten. */
START_TEST(every_file_is_tried)
{
	struct data pins = data_read("spki", "pins.txt");
	char *line = (char *)pins.at, *end, *space;
	int i;

	for (; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		space = strchr(line, ' ');
		ck_assert_ptr_nonnull(end);
		ck_assert_ptr_nonnull(space);
		*space = '\0';
		for (i = 0; i < COUNT(cases); i++)
			if (strcmp(cases[i].file, line) == 0)
				break;
		ck_assert_msg(i < COUNT(cases), "%s is not tried", line);
	}
	free(pins.at);
}
END_TEST

START_TEST(public_functions)
{
	struct data crt = data_read("spki", "rsa.crt.der");
	struct data req = data_read("spki", "rsa.req.der");
	struct data key = data_read("spki", "rsa.key.der");
	struct pinstore_pin a, b, c;

	ck_assert_int_eq(pinstore_pin_from_certificate(crt.at, crt.len, &a),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_pin_from_request(req.at, req.len, &b),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_pin_from_public_key(key.at, key.len, &c),
	                 PINSTORE_OK);
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_mem_eq(&a, &c, sizeof(a));
	ck_assert_int_eq(pinstore_pin_from_certificate(req.at, req.len, &a),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(pinstore_pin_from_request(key.at, key.len, &b),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(pinstore_pin_from_public_key(crt.at, crt.len, &c),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(pinstore_pin_from_certificate(NULL, 0, &a),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_pin_from_request(NULL, 1, &a),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_pin_from_public_key(key.at, key.len, NULL),
	                 PINSTORE_ERR_ARG);
	free(key.at);
	free(req.at);
	free(crt.at);
}
END_TEST

/* ------------------------------------------------- bodies part by part */

struct part {
	uint8_t tag;
	bool is_optional;
	bool is_key;
	uint8_t len;
	uint8_t content[32];
};

/* RFC 5280, 4.1: what stands before the key, and behind it. */
static const struct part certificate_parts[] = {
	{0xa0, true, false, 3, {0x02, 0x01, 0x02}},
	{0x02, false, false, 1, {0x01}},
	{0x30, false, false, 5, {0x06, 0x03, 0x2b, 0x65, 0x70}},
	{0x30, false, false, 0, {0}},
	{0x30, false, false, 30, "\x17\x0d" "200101000000Z"
	                         "\x17\x0d" "300101000000Z"},
	{0x30, false, false, 0, {0}},
	{0x30, false, true, 0, {0}},
	{0x81, true, false, 2, {0x00, 0x01}},
	{0x82, true, false, 2, {0x00, 0x01}},
	{0xa3, true, false, 2, {0x30, 0x00}},
};

/* RFC 2986, 4.1. */
static const struct part request_parts[] = {
	{0x02, false, false, 1, {0x00}},
	{0x30, false, false, 0, {0}},
	{0x30, false, true, 0, {0}},
	{0xa0, true, false, 0, {0}},
};

static const uint8_t signature[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
                                    0x70, 0x03, 0x02, 0x00, 0x01};

/* Ed25519's key, as tests/data/spki/vector.key.der. */
static size_t
put_part(const struct part *part, uint8_t tag, const struct data *key,
         uint8_t *out)
{
	if (part->is_key) {
		memcpy(out, key->at, key->len);
		out[0] = tag;
		return key->len;
	}
	out[0] = tag;
	out[1] = part->len;
	memcpy(out + 2, part->content, part->len);
	return part->len + (size_t)2;
}

/* Without part number `without`, and with another tag at number `other`. */
static enum pinstore_status
judge_parts(enum ps_spki_kind kind, int without, int other)
{
	const struct part *parts =
	        kind == CRT ? certificate_parts : request_parts;
	int n = kind == CRT ? COUNT(certificate_parts) : COUNT(request_parts);
	struct data key = data_read("spki", "vector.key.der");
	uint8_t der[256];
	struct pinstore_pin pin;
	size_t len = 4;
	int i;

	for (i = 0; i < n; i++)
		if (i != without)
			len += put_part(&parts[i],
			                i == other ? 0x0c : parts[i].tag, &key,
			                der + len);
	free(key.at);
	der[2] = 0x30;
	der[3] = (uint8_t)(len - 4);
	memcpy(der + len, signature, sizeof(signature));
	len += sizeof(signature);
	der[0] = 0x30;
	der[1] = (uint8_t)(len - 2);
	ck_assert_uint_lt(len - 2, 128); /* or the length needs two octets */
	return ps_spki_pin(kind, der, len, &pin);
}

/* R-2.4-2: the key is found by what stands around it, and by nothing else. */
START_TEST(each_part_in_its_place)
{
	enum ps_spki_kind kind = _i == 0 ? CRT : REQ;
	const struct part *parts =
	        kind == CRT ? certificate_parts : request_parts;
	int n = kind == CRT ? COUNT(certificate_parts) : COUNT(request_parts);
	int i;

	ck_assert_int_eq(judge_parts(kind, -1, -1), PINSTORE_OK);
	for (i = 0; i < n; i++) {
		ck_assert_msg(judge_parts(kind, i, -1) ==
		                      (parts[i].is_optional
		                               ? PINSTORE_OK
		                               : PINSTORE_ERR_CHAIN),
		              "without part %d", i);
		ck_assert_msg(judge_parts(kind, -1, i) == PINSTORE_ERR_CHAIN,
		              "another tag at part %d", i);
	}
}
END_TEST

/* What the unusual files are for: a library's own key id has another value. */
static const char *const reencoded[] = {"rsa-without-null.crt.der",
                                        "rsa-wide-modulus.crt.der"};

START_TEST(key_id_differs)
{
	struct data data = data_read("spki", reencoded[_i]);
	gnutls_datum_t der = {data.at, (unsigned)data.len};
	struct pinstore_pin pin, id;
	size_t len = sizeof(id.sha256);
	gnutls_x509_crt_t crt;

	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &der,
	                                        GNUTLS_X509_FMT_DER), 0);
	ck_assert_int_eq(gnutls_x509_crt_get_key_id(
	                         crt, GNUTLS_KEYID_USE_SHA256, id.sha256,
	                         &len), 0);
	ck_assert_int_eq(ps_spki_pin(CRT, data.at, data.len, &pin),
	                 PINSTORE_OK);
	ck_assert_mem_ne(&pin, &id, sizeof(pin));
	gnutls_x509_crt_deinit(crt);
	free(data.at);
}
END_TEST

/* ---------------------------------------------- T-012: mutated certificates */

static struct {
	unsigned cases;    /* mutations tried */
	unsigned accepted; /* GnuTLS read the certificate and its key */
	unsigned no_pin;   /* of those, we gave no pin */
} count;

static bool
export_key(gnutls_pubkey_t key, gnutls_datum_t *out)
{
	return gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, out) == 0;
}

/* The key that GnuTLS takes from the certificate, in its own encoding. */
static bool
key_of_certificate(const uint8_t *der, size_t len, gnutls_datum_t *out)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der,
	                        (unsigned)len};
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;
	bool is_ok;

	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_pubkey_init(&key), 0);
	is_ok = gnutls_x509_crt_import(crt, &datum,
	                               GNUTLS_X509_FMT_DER) == 0 &&
	        gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
	        export_key(key, out);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return is_ok;
}

/* The key that GnuTLS takes from our slice alone. */
static bool
key_of_slice(const uint8_t *der, size_t len, gnutls_datum_t *out)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der,
	                        (unsigned)len};
	gnutls_pubkey_t key;
	bool is_ok;

	ck_assert_int_eq(gnutls_pubkey_init(&key), 0);
	is_ok = gnutls_pubkey_import(key, &datum, GNUTLS_X509_FMT_DER) == 0 &&
	        export_key(key, out);
	gnutls_pubkey_deinit(key);
	return is_ok;
}

/* Never another key than GnuTLS's: the same one, or none. */
static void
compare_keys(const uint8_t *der, size_t len)
{
	gnutls_datum_t held = {NULL, 0}, ours = {NULL, 0};
	const uint8_t *spki;
	size_t spki_len;

	count.cases++;
	if (ps_spki_find(CRT, der, len, &spki, &spki_len) != PINSTORE_OK) {
		if (key_of_certificate(der, len, &held)) {
			count.accepted++;
			count.no_pin++;
		}
	} else if (key_of_certificate(der, len, &held)) {
		count.accepted++;
		ck_assert(spki >= der && spki + spki_len <= der + len);
		ck_assert(key_of_slice(spki, spki_len, &ours));
		ck_assert_uint_eq(held.size, ours.size);
		ck_assert_mem_eq(held.data, ours.data, held.size);
	}
	gnutls_free(held.data);
	gnutls_free(ours.data);
}

static const struct {
	const char *file;
	int step; /* between the values that an octet is given */
} seeds[] = {
        {"ed25519.crt.der", 1}, /* every value of every octet */
        {"p256.crt.der", 5},          {"generalized-time.crt.der", 11},
        {"rsa.crt.der", 23},          {"rsa-pss.crt.der", 23},
        {"dsa.crt.der", 23},          {"unique-ids.crt.der", 5},
        {"rsa-without-null.crt.der", 23},
};

/*
 * How many mutations of each seed are made: what is below, or SPKI_MUTATIONS,
 * by which `make spkidiff' makes 300,000 of each.
 */
static unsigned
wanted_mutations(void)
{
	const char *text = getenv("SPKI_MUTATIONS");

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

/* The same numbers in each run (xorshift64*). */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t
random_below(uint64_t *state, size_t n)
{
	return (size_t)(next_random(state) % n);
}

/* One change of the len octets at der, which has room for two more. */
static size_t
mutate(uint8_t *der, size_t len, uint64_t *state)
{
	/* Octets that mean something at the head of a value. */
	static const uint8_t telling[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
	                                  0x06, 0x0c, 0x13, 0x17, 0x18, 0x30,
	                                  0x31, 0x7f, 0x80, 0x81, 0x82, 0x83,
	                                  0x84, 0xa0, 0xa1, 0xa2, 0xa3, 0xff};
	size_t at = random_below(state, len), from, n;

	switch (random_below(state, 7)) {
	case 0:
		der[at] ^= (uint8_t)(1u << random_below(state, 8));
		return len;
	case 1:
		der[at] = (uint8_t)next_random(state);
		return len;
	case 2:
		der[at] = telling[random_below(state, sizeof(telling))];
		return len;
	case 3: /* a length that is one off */
		der[at] = (uint8_t)(der[at] + (random_below(state, 2) ? 1 : -1));
		return len;
	case 4:
		memmove(der + at, der + at + 1, len - at - 1);
		return len > 2 ? len - 1 : len;
	case 5:
		memmove(der + at + 1, der + at, len - at);
		return len + 1;
	default: /* a piece of it at another place */
		from = random_below(state, len);
		n = random_below(state, 40) + 1;
		n = n > len - at ? len - at : n;
		n = n > len - from ? len - from : n;
		memmove(der + at, der + from, n);
		return len;
	}
}

/* Some changes at a time, which leave no octet where a reader expects it. */
static void
mutate_at_random(const struct data *data, unsigned total)
{
	uint8_t *der = malloc(data->len + 8);
	uint64_t state = UINT64_C(0x7469) + data->len;
	size_t len, i, changes;

	ck_assert_ptr_nonnull(der);
	while (count.cases < total) {
		memcpy(der, data->at, data->len);
		len = data->len;
		changes = 1 + random_below(&state, 3);
		for (i = 0; i < changes; i++)
			len = mutate(der, len, &state);
		compare_keys(der, len);
	}
	free(der);
}

START_TEST(mutations)
{
	struct data data = data_read("spki", seeds[_i].file);
	size_t i, stride = suite_stride(11);
	const int step = seeds[_i].step * (int)suite_stride(16);
	uint8_t *der, old;
	int add;

	memset(&count, 0, sizeof(count));
	for (i = 0; i < data.len; i += stride) {
		old = data.at[i];
		for (add = 1; add < 256; add += step) {
			data.at[i] = (uint8_t)(old + add);
			compare_keys(data.at, data.len);
		}
		data.at[i] = old;
	}
	/* Each truncation in a block of its own, so that a sanitizer sees. */
	for (i = 0; i < data.len; i += stride) {
		der = malloc(i + 1);
		ck_assert_ptr_nonnull(der);
		memcpy(der, data.at, i);
		compare_keys(der, i);
		free(der);
	}
	mutate_at_random(&data, wanted_mutations() > 0
	                                ? wanted_mutations()
	                                : count.cases + 2000 / suite_stride(40));
	printf("%s: %u mutations, %u read by GnuTLS, %u of them without pin\n",
	       seeds[_i].file, count.cases, count.accepted, count.no_pin);
	/* The comparison must have had something to compare. */
	ck_assert_uint_gt(count.accepted, count.cases / 20);
	ck_assert_uint_lt(count.no_pin, count.accepted / 4);
	ck_assert_uint_ge(count.cases, wanted_mutations());
	free(data.at);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spki");
	TCase *tcase = tcase_create("spki"), *mutated = tcase_create("T-012");

	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, mutated);
	tcase_add_loop_test(tcase, gives_the_pin, 0, COUNT(cases));
	tcase_add_test(tcase, every_file_is_tried);
	tcase_add_loop_test(tcase, each_part_in_its_place, 0, 2);
	tcase_add_test(tcase, public_functions);
	tcase_add_loop_test(tcase, key_id_differs, 0, COUNT(reencoded));
	tcase_set_timeout(mutated, wanted_mutations() > 0 ? 7200 : 120);
	tcase_add_loop_test(mutated, mutations, 0, COUNT(seeds));
	return suite_run(suite);
}
