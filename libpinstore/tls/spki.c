/*
 * spki.c - the SubjectPublicKeyInfo as it stands in a certificate, and its pin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A walker of its own can see another key than the TLS library that verified
 * the certificate, if the two disagree about a bent length somewhere before
 * the key.  So the whole structure must be framed strictly first: definite,
 * minimal lengths, each constructed value filled by its members to the octet.
 * Then there is one way only to read it, whichever lengths a reader trusts.
 */
#include <config.h>

#include "tls/spki.h"

#include <stdbool.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_NULL 0x05
#define TAG_OID 0x06
#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18
#define TAG_SEQUENCE 0x30
#define TAG_CONTEXT_1 0x81
#define TAG_CONTEXT_2 0x82
#define TAG_EXPLICIT_0 0xa0
#define TAG_EXPLICIT_3 0xa3
#define TAG_CONSTRUCTED 0x20
#define TAG_NUMBER 0x1f

/* The deepest structure in use, an EC field of characteristic two, has 8. */
#define DEPTH_MAX 16

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

/* One value: start is its tag, content what the length counts. */
struct value {
	uint8_t tag;
	const uint8_t *start;
	struct cursor content;
};

static bool
is_end(const struct cursor *cursor)
{
	return cursor->at == cursor->end;
}

static bool
is_at(const struct cursor *cursor, uint8_t tag)
{
	return !is_end(cursor) && *cursor->at == tag;
}

/* A definite length in the fewest octets. */
static bool
read_length(struct cursor *cursor, size_t *out)
{
	size_t n, len;

	*out = 0;
	if (is_end(cursor))
		return false;
	n = *cursor->at++;
	if (n >= 0x80) {
		n &= 0x7f;
		if (n == 0 || n > 4 || n > (size_t)(cursor->end - cursor->at) ||
		    *cursor->at == 0)
			return false;
		for (len = 0; n > 0; n--)
			len = len << 8 | *cursor->at++;
		if (len < 0x80)
			return false;
		n = len;
	}
	if (n > (size_t)(cursor->end - cursor->at))
		return false;
	*out = n;
	return true;
}

static bool
read_value(struct cursor *cursor, struct value *out)
{
	size_t len;

	memset(out, 0, sizeof(*out));
	if (is_end(cursor))
		return false;
	out->start = cursor->at;
	out->tag = *cursor->at++;
	/* No tag of X.509 has a number that needs a second octet. */
	if ((out->tag & TAG_NUMBER) == TAG_NUMBER || !read_length(cursor, &len))
		return false;
	out->content.at = cursor->at;
	cursor->at += len;
	out->content.end = cursor->at;
	return true;
}

static bool
read_tag(struct cursor *cursor, uint8_t tag, struct value *out)
{
	return read_value(cursor, out) && out->tag == tag;
}

static bool
skip_tag(struct cursor *cursor, uint8_t tag)
{
	struct value value;

	return read_tag(cursor, tag, &value);
}

static bool
skip_optional(struct cursor *cursor, uint8_t tag)
{
	return !is_at(cursor, tag) || skip_tag(cursor, tag);
}

/* Whether values fill the octets, and those inside them too. */
static bool
/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep */
is_framed(struct cursor cursor, unsigned depth)
{
	struct value value;

	if (depth > DEPTH_MAX)
		return false;
	while (!is_end(&cursor)) {
		if (!read_value(&cursor, &value))
			return false;
		if ((value.tag & TAG_CONSTRUCTED) != 0 &&
		    !is_framed(value.content, depth + 1))
			return false;
	}
	return true;
}

static bool
skip_time(struct cursor *cursor)
{
	return skip_tag(cursor, is_at(cursor, TAG_GENERALIZED_TIME) ?
	                                TAG_GENERALIZED_TIME :
	                                TAG_UTC_TIME);
}

static bool
skip_validity(struct cursor *cursor)
{
	struct value validity;

	return read_tag(cursor, TAG_SEQUENCE, &validity) &&
	       skip_time(&validity.content) && skip_time(&validity.content) &&
	       is_end(&validity.content);
}

/* RFC 5280, 4.1: up to the key, and what follows it. */
static bool
read_certificate_key(struct cursor body, struct value *key)
{
	struct value version;

	if (is_at(&body, TAG_EXPLICIT_0) &&
	    (!read_tag(&body, TAG_EXPLICIT_0, &version) ||
	     !skip_tag(&version.content, TAG_INTEGER) ||
	     !is_end(&version.content)))
		return false;
	return skip_tag(&body, TAG_INTEGER) && skip_tag(&body, TAG_SEQUENCE) &&
	       skip_tag(&body, TAG_SEQUENCE) && skip_validity(&body) &&
	       skip_tag(&body, TAG_SEQUENCE) &&
	       read_tag(&body, TAG_SEQUENCE, key) &&
	       skip_optional(&body, TAG_CONTEXT_1) &&
	       skip_optional(&body, TAG_CONTEXT_2) &&
	       skip_optional(&body, TAG_EXPLICIT_3) && is_end(&body);
}

/* RFC 2986, 4.1; some makers leave out the attributes when there are none. */
static bool
read_request_key(struct cursor body, struct value *key)
{
	return skip_tag(&body, TAG_INTEGER) && skip_tag(&body, TAG_SEQUENCE) &&
	       read_tag(&body, TAG_SEQUENCE, key) &&
	       skip_optional(&body, TAG_EXPLICIT_0) && is_end(&body);
}

/* A certificate and a request both are SEQUENCE { body, algorithm, bits }. */
static bool
read_signed(struct cursor *cursor, struct cursor *body)
{
	struct value outer, inner;

	if (!read_tag(cursor, TAG_SEQUENCE, &outer) ||
	    !read_tag(&outer.content, TAG_SEQUENCE, &inner))
		return false;
	*body = inner.content;
	return skip_tag(&outer.content, TAG_SEQUENCE) &&
	       skip_tag(&outer.content, TAG_BIT_STRING) &&
	       is_end(&outer.content);
}

/*
 * Keys whose parameters may be left to the issuer's: RFC 3279, 2.3.2, 2.3.3
 * and 2.3.5; RFC 4491, 2.3.  The first octet is the length.
 */
static const uint8_t inheriting[][10] = {
        {7, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01},       /* DSA */
        {5, 0x2b, 0x0e, 0x03, 0x02, 0x0c},                   /* DSA, OIW */
        {7, 0x2a, 0x86, 0x48, 0xce, 0x3e, 0x02, 0x01},       /* X9.42 DH */
        {7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01},       /* EC */
        {6, 0x2a, 0x85, 0x03, 0x02, 0x02, 0x13},             /* GOST 2001 */
        {6, 0x2a, 0x85, 0x03, 0x02, 0x02, 0x14},             /* GOST 94 */
        {8, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x01}, /* 2012, 256 */
        {8, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x02}, /* 2012, 512 */
};

static bool
may_inherit(const struct value *oid)
{
	size_t len = (size_t)(oid->content.end - oid->content.at), i;

	for (i = 0; i < sizeof(inheriting) / sizeof(inheriting[0]); i++)
		if (inheriting[i][0] == len &&
		    memcmp(inheriting[i] + 1, oid->content.at, len) == 0)
			return true;
	return false;
}

/* Whether the key stands for itself (RFC 7469, 2.4, last paragraph). */
static bool
is_complete(const struct value *key)
{
	struct cursor inside = key->content;
	struct value algorithm, oid, parameters, bits;
	bool has_parameters;

	if (!read_tag(&inside, TAG_SEQUENCE, &algorithm) ||
	    !read_tag(&algorithm.content, TAG_OID, &oid) ||
	    is_end(&oid.content))
		return false;
	has_parameters = !is_end(&algorithm.content);
	if (has_parameters && (!read_value(&algorithm.content, &parameters) ||
	                       !is_end(&algorithm.content)))
		return false;
	/* Every kind of key fills its octets: no unused bits. */
	if (!read_tag(&inside, TAG_BIT_STRING, &bits) || !is_end(&inside) ||
	    is_end(&bits.content) || *bits.content.at != 0)
		return false;
	if (!may_inherit(&oid))
		return true;
	return has_parameters && parameters.tag != TAG_NULL;
}

static bool
find_key(enum ps_spki_kind kind, struct cursor cursor, struct value *key)
{
	struct cursor body;

	switch (kind) {
	case PS_SPKI_CERTIFICATE:
		return read_signed(&cursor, &body) && is_end(&cursor) &&
		       read_certificate_key(body, key);
	case PS_SPKI_REQUEST:
		return read_signed(&cursor, &body) && is_end(&cursor) &&
		       read_request_key(body, key);
	case PS_SPKI_BARE:
		return read_tag(&cursor, TAG_SEQUENCE, key) && is_end(&cursor);
	}
	return false;
}

enum pinstore_status
ps_spki_find(enum ps_spki_kind kind, const uint8_t *der, size_t len,
             const uint8_t **spki, size_t *spki_len)
{
	struct cursor all;
	struct value key;

	*spki = NULL;
	*spki_len = 0;
	if (der == NULL)
		return PINSTORE_ERR_CHAIN;
	all.at = der;
	all.end = der + len;
	if (!is_framed(all, 0) || !find_key(kind, all, &key) ||
	    !is_complete(&key))
		return PINSTORE_ERR_CHAIN;
	*spki = key.start;
	*spki_len = (size_t)(key.content.end - key.start);
	return PINSTORE_OK;
}

enum pinstore_status
ps_spki_pin(enum ps_spki_kind kind, const uint8_t *der, size_t len,
            struct pinstore_pin *out)
{
	enum pinstore_status status;
	struct pinstore_pin pin;
	const uint8_t *spki;
	size_t spki_len;
	int ret;

	memset(out, 0, sizeof(*out));
	status = ps_spki_find(kind, der, len, &spki, &spki_len);
	if (status != PINSTORE_OK)
		return status;
	ret = gnutls_hash_fast(GNUTLS_DIG_SHA256, spki, spki_len, pin.sha256);
	if (ret == GNUTLS_E_MEMORY_ERROR)
		return PINSTORE_ERR_NOMEM;
	if (ret != 0)
		return PINSTORE_ERR_INTERNAL;
	*out = pin;
	return PINSTORE_OK;
}

static enum pinstore_status
public_pin(enum ps_spki_kind kind, const uint8_t *der, size_t len,
           struct pinstore_pin *out)
{
	if (out == NULL)
		return PINSTORE_ERR_ARG;
	memset(out, 0, sizeof(*out));
	if (der == NULL)
		return PINSTORE_ERR_ARG;
	return ps_spki_pin(kind, der, len, out);
}

enum pinstore_status
pinstore_pin_from_certificate(const uint8_t *der, size_t len,
                              struct pinstore_pin *out)
{
	return public_pin(PS_SPKI_CERTIFICATE, der, len, out);
}

enum pinstore_status
pinstore_pin_from_request(const uint8_t *der, size_t len,
                          struct pinstore_pin *out)
{
	return public_pin(PS_SPKI_REQUEST, der, len, out);
}

enum pinstore_status
pinstore_pin_from_public_key(const uint8_t *der, size_t len,
                             struct pinstore_pin *out)
{
	return public_pin(PS_SPKI_BARE, der, len, out);
}
