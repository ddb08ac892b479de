/*
 * others.c - the other paths that a session's certificates allow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GnuTLS settles on one path: where several served certificates could have
 * issued another it takes the first, and tries no second.  So the order in
 * which a server sends two cross-signed intermediates would decide whether a
 * pin is found.  Here the other ways from the leaf are walked, and each that
 * may end at an anchor is verified by GnuTLS as if it alone had been served.
 * Whatever is found this way, the server could have had by serving it alone.
 *
 * No weaker check is made than that of the session.  Name, purpose and staples
 * of the served certificates were judged when the path that GnuTLS settled on
 * was verified; they are judged again, but for the staples, which do not change
 * with the path.  Trust, revocation lists and flags are the credentials'.  Of
 * the flags that only the session has (the priority string's profile) nothing
 * can be read; so a path must also pass the strictest that the settled one
 * passes, which the session's cannot exceed.
 *
 * The search is bounded by counts, not by a clock, so that a verdict does not
 * depend on how busy the machine is.
 */
#include <config.h>

#include "tls/others.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "tls/chain.h"
#include "tls/path.h"
#include "tls/spki.h"

/* Served certificates that are looked at; a longer list is left alone. */
#define SERVED_MAX 16
/* Paths verified, and the certificates of these taken together. */
#define PATHS_MAX 64
#define LINKS_MAX 256
/*
 * Steps from one certificate to the next.  Names alone decide what may follow
 * what: strays that name each other make a maze of 15! ways to no anchor.
 */
#define STEPS_MAX 2048
/* Keys that cost more to verify with are nobody's but an attacker's. */
#define RSA_BITS_MAX 8192
#define KEY_BITS_MAX 3072
#define EXPONENT_LEN_MAX 9

#define PROFILE_MASK 0xffu

struct served {
	gnutls_x509_crt_t crt;
	gnutls_datum_t der; /* the session's */
	struct pinstore_pin key;
	bool has_key;
	bool has_anchor;               /* another one, as its issuer */
	bool may_follow[SERVED_MAX];   /* that one may be its issuer */
};

struct ps_others {
	gnutls_x509_trust_list_t trust;
	unsigned flags;
	bool has_floor;
	unsigned floor;
	struct ps_subject subject;
	const struct pinstore_chain *settled;
	const gnutls_datum_t *peers;
	unsigned n_peers;
	size_t n; /* each certificate once, the leaf first */
	struct served served[SERVED_MAX];
	/* The way that is walked: depth certificates, and what comes next. */
	bool has_begun;
	size_t depth; /* 0 again: the search is over */
	size_t way[SERVED_MAX];
	size_t next[SERVED_MAX];
	unsigned paths;
	size_t links;
	size_t steps;
};

static enum pinstore_status
status_of(int ret)
{
	if (ret == 0)
		return PINSTORE_OK;
	return ret == GNUTLS_E_MEMORY_ERROR ? PINSTORE_ERR_NOMEM :
	                                      PINSTORE_ERR_INTERNAL;
}

/* ---------------------------------------------------- what has been served */

static int
compare(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->data, b->data, a->size);
}

/* Into its place behind the leaf, by its octets, unless it is there. */
static void
insert(struct ps_others *others, const gnutls_datum_t *der)
{
	size_t i = others->n;
	int order;

	if (i > 0 && compare(der, &others->served[0].der) == 0)
		return;
	for (; i > 1; i--) {
		order = compare(der, &others->served[i - 1].der);
		if (order == 0)
			return;
		if (order > 0)
			break;
	}
	memmove(&others->served[i + 1], &others->served[i],
	        (others->n - i) * sizeof(others->served[0]));
	memset(&others->served[i], 0, sizeof(others->served[i]));
	others->served[i].der = *der;
	others->n++;
}

static enum pinstore_status
read_served(struct ps_others *others, struct served *served)
{
	gnutls_x509_crt_t issuer;
	enum pinstore_status status;
	int ret;

	status = status_of(gnutls_x509_crt_init(&served->crt));
	if (status != PINSTORE_OK) {
		served->crt = NULL;
		return status;
	}
	ret = gnutls_x509_crt_import(served->crt, &served->der,
	                             GNUTLS_X509_FMT_DER);
	if (ret != 0)
		return status_of(ret);
	status = ps_spki_pin(PS_SPKI_CERTIFICATE, served->der.data,
	                     served->der.size, &served->key);
	served->has_key = status == PINSTORE_OK;
	/* A copy: without one GnuTLS may add to the list, which is shared. */
	if (gnutls_x509_trust_list_get_issuer(others->trust, served->crt,
	                                      &issuer,
	                                      GNUTLS_TL_GET_COPY) == 0) {
		/* Its own issuer adds nothing to the way that led to it. */
		served->has_anchor =
		        gnutls_x509_crt_equals(issuer, served->crt) == 0;
		gnutls_x509_crt_deinit(issuer);
	}
	/* A key without a pin is told from others by its certificate. */
	return status == PINSTORE_ERR_CHAIN ? PINSTORE_OK : status;
}

/* Whether to verify with the key may cost no more than is usual. */
static bool
is_affordable(gnutls_x509_crt_t crt)
{
	gnutls_datum_t modulus = {NULL, 0}, exponent = {NULL, 0};
	unsigned bits = 0;
	bool is_short;
	int algorithm;

	algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
	if (algorithm < 0 || bits > RSA_BITS_MAX)
		return false;
	if (algorithm != GNUTLS_PK_RSA && algorithm != GNUTLS_PK_RSA_PSS)
		return bits <= KEY_BITS_MAX;
	if (gnutls_x509_crt_get_pk_rsa_raw(crt, &modulus, &exponent) != 0)
		return false;
	is_short = exponent.size <= EXPONENT_LEN_MAX;
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return is_short;
}

static enum pinstore_status
read_all(struct ps_others *others)
{
	enum pinstore_status status;
	size_t i, j;

	for (i = 0; i < others->n; i++) {
		status = read_served(others, &others->served[i]);
		if (status != PINSTORE_OK)
			return status;
	}
	for (j = 1; j < others->n; j++) {
		if (!is_affordable(others->served[j].crt))
			continue;
		for (i = 0; i < others->n; i++)
			others->served[i].may_follow[j] =
			        gnutls_x509_crt_check_issuer(
			                others->served[i].crt,
			                others->served[j].crt) == 1;
	}
	return PINSTORE_OK;
}

/* --------------------------------------------------------------- verifying */

/*
 * Whether GnuTLS takes the certificates, in this order, with these flags.
 * INTERNAL: it could not tell, which is not that it does not.
 */
static enum pinstore_status
verify(const struct ps_others *others, gnutls_x509_crt_t list[], size_t n,
       unsigned flags, struct ps_collector *collector, bool *is_valid)
{
	gnutls_typed_vdata_st data[2];
	/* Not 0, should a library forget to set it. */
	unsigned output = GNUTLS_CERT_INVALID;
	int ret;

	memcpy(data, others->subject.data, sizeof(data));
	ps_path_collect_into(collector);
	ret = gnutls_x509_trust_list_verify_crt2(
	        others->trust, list, (unsigned)n, data, 2, flags, &output,
	        ps_path_collect);
	ps_path_collect_into(NULL);
	*is_valid = ret == 0 && output == 0;
	return status_of(ret);
}

static bool
has_profile(unsigned flags)
{
	return (flags & GNUTLS_PROFILE_TO_VFLAGS(PROFILE_MASK)) != 0;
}

/* The certificates of the settled path; the caller ends them. */
static enum pinstore_status
read_settled(const struct ps_others *others,
             gnutls_x509_crt_t list[PS_CHAIN_LEN_MAX], size_t n)
{
	gnutls_datum_t der;
	const uint8_t *at;
	size_t i, len;
	int ret;

	for (i = 0; i < n; i++) {
		at = pinstore_chain_certificate(others->settled, i, &len);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): is only read */
		der.data = (unsigned char *)(uintptr_t)at;
		der.size = (unsigned)len;
		ret = gnutls_x509_crt_init(&list[i]);
		if (ret != 0) {
			list[i] = NULL;
			return status_of(ret);
		}
		ret = gnutls_x509_crt_import(list[i], &der,
		                             GNUTLS_X509_FMT_DER);
		if (ret != 0)
			return status_of(ret);
	}
	return PINSTORE_OK;
}

/*
 * The strictest flags that the settled path passes.  If it does not pass the
 * credentials' own, the session is laxer in a way that cannot be told: then
 * has_floor stays false, and there are no other paths.
 */
static enum pinstore_status
try_settled(struct ps_others *others, gnutls_x509_crt_t list[], size_t n)
{
	static const unsigned profiles[] = {
	        GNUTLS_PROFILE_FUTURE, GNUTLS_PROFILE_ULTRA,
	        GNUTLS_PROFILE_HIGH,   GNUTLS_PROFILE_MEDIUM,
	        GNUTLS_PROFILE_LEGACY, GNUTLS_PROFILE_LOW,
	        GNUTLS_PROFILE_VERY_WEAK};
	const size_t n_profiles = sizeof(profiles) / sizeof(profiles[0]);
	enum pinstore_status status = PINSTORE_OK;
	unsigned stricter = others->flags &
	                    ~GNUTLS_PROFILE_TO_VFLAGS(PROFILE_MASK);
	size_t i;

	/* Each profile with anchors of version 1 forbidden, then without. */
	for (i = 0; i < 2 * n_profiles && status == PINSTORE_OK &&
	            !others->has_floor; i++) {
		others->floor = stricter | GNUTLS_PROFILE_TO_VFLAGS(
		                                   profiles[i % n_profiles]);
		if (i < n_profiles)
			others->floor |=
			        GNUTLS_VERIFY_DO_NOT_ALLOW_X509_V1_CA_CRT;
		status = verify(others, list, n, others->floor, NULL,
		                &others->has_floor);
	}
	if (!others->has_floor)
		others->floor = others->flags;
	if (status == PINSTORE_OK &&
	    (!others->has_floor || has_profile(others->flags)))
		status = verify(others, list, n, others->flags, NULL,
		                &others->has_floor);
	return status;
}

static enum pinstore_status
find_floor(struct ps_others *others)
{
	gnutls_x509_crt_t list[PS_CHAIN_LEN_MAX] = {NULL};
	size_t n = pinstore_chain_length(others->settled), i;
	enum pinstore_status status;

	status = read_settled(others, list, n);
	if (status == PINSTORE_OK)
		status = try_settled(others, list, n);
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(list[i]);
	return status;
}

/* ----------------------------------------------------------------- walking */

/* Whether the way already has the certificate, or its key. */
static bool
is_on_way(const struct ps_others *others, size_t at)
{
	const struct served *served = &others->served[at], *other;
	size_t i;

	for (i = 0; i < others->depth; i++) {
		other = &others->served[others->way[i]];
		if (other == served)
			return true;
		if (i > 0 && other->has_key && served->has_key &&
		    memcmp(&other->key, &served->key, sizeof(other->key)) == 0)
			return true;
	}
	return false;
}

static void
go_to(struct ps_others *others, size_t at)
{
	others->way[others->depth] = at;
	others->next[others->depth] = 1;
	others->depth++;
}

/* To the next way: one further if that can be, else back and aside. */
static bool
step(struct ps_others *others)
{
	size_t *next, last;

	if (!others->has_begun) {
		others->has_begun = true;
		go_to(others, 0);
		return true;
	}
	if (++others->steps > STEPS_MAX)
		others->depth = 0;
	for (; others->depth > 0; others->depth--) {
		next = &others->next[others->depth - 1];
		last = others->way[others->depth - 1];
		while (*next < others->n) {
			if (others->served[last].may_follow[(*next)++] &&
			    !is_on_way(others, *next - 1)) {
				go_to(others, *next - 1);
				return true;
			}
		}
	}
	return false;
}

/* With the anchor at its end, or with that anchor as it was served. */
static bool
is_settled(const struct ps_others *others)
{
	size_t n = pinstore_chain_length(others->settled), i, len;
	gnutls_datum_t der;
	const uint8_t *at;

	if (n != others->depth && n != others->depth + 1)
		return false;
	for (i = 0; i < others->depth; i++) {
		at = pinstore_chain_certificate(others->settled, i, &len);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): is only read */
		der.data = (unsigned char *)(uintptr_t)at;
		der.size = (unsigned)len;
		if (compare(&der, &others->served[others->way[i]].der) != 0)
			return false;
	}
	return true;
}

/* The way as a chain, or NULL if it is not valid. */
static enum pinstore_status
try_way(struct ps_others *others, struct pinstore_chain **out)
{
	struct ps_collector collector = {0, NULL, PINSTORE_OK};
	gnutls_x509_crt_t list[SERVED_MAX];
	enum pinstore_status status;
	bool is_valid = false;
	size_t i;

	for (i = 0; i < others->depth; i++)
		list[i] = others->served[others->way[i]].crt;
	status = verify(others, list, others->depth, others->floor, &collector,
	                &is_valid);
	/* Profiles of different kinds do not contain one another. */
	if (status == PINSTORE_OK && is_valid && has_profile(others->flags))
		status = verify(others, list, others->depth, others->flags,
		                NULL, &is_valid);
	/* Of this way it cannot be told: it is none. */
	if (status == PINSTORE_ERR_INTERNAL)
		status = PINSTORE_OK;
	if (status == PINSTORE_OK && is_valid)
		status = ps_path_chain(&collector, others->peers,
		                       others->n_peers, out);
	ps_path_collector_clear(&collector);
	/* Too long: GnuTLS may take it, we do not. */
	return status == PINSTORE_ERR_CHAIN ? PINSTORE_OK : status;
}

enum pinstore_status
ps_others_next(struct ps_others *others, struct pinstore_chain **out)
{
	enum pinstore_status status = PINSTORE_OK;
	size_t last;

	*out = NULL;
	while (status == PINSTORE_OK && *out == NULL && step(others)) {
		last = others->way[others->depth - 1];
		if (!others->served[last].has_anchor || is_settled(others))
			continue;
		others->links += others->depth;
		if (others->paths++ == 0)
			status = find_floor(others);
		if (!others->has_floor || others->paths > PATHS_MAX ||
		    others->links > LINKS_MAX)
			others->depth = 0;
		else
			status = try_way(others, out);
	}
	return status;
}

/* ------------------------------------------------------------ begin and end */

/* What the session is verified with; false if it does not tell. */
static bool
read_session(gnutls_session_t session, struct ps_list *out)
{
	void *credentials = NULL;

	out->peers = gnutls_certificate_get_peers(session, &out->n_peers);
	if (out->peers == NULL ||
	    gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE,
	                           &credentials) != 0 ||
	    credentials == NULL)
		return false;
	gnutls_certificate_get_trust_list(credentials, &out->trust);
	/*
	 * GNUTLS_VERIFY_DO_NOT_ALLOW_UNSORTED_CHAIN would fit, but with it
	 * 3.7.9 ends each path at the first key that an anchor has.
	 */
	out->flags = gnutls_certificate_get_verify_flags(credentials);
	return out->trust != NULL;
}

enum pinstore_status
ps_others_new(gnutls_session_t session, const char *host, bool is_address,
              const struct pinstore_chain *settled, struct ps_others **out)
{
	struct ps_list list = {NULL, 0, NULL, 0};

	*out = NULL;
	if (!read_session(session, &list))
		return PINSTORE_OK;
	return ps_others_new_list(&list, host, is_address, settled, out);
}

enum pinstore_status
ps_others_new_list(const struct ps_list *list, const char *host,
                   bool is_address, const struct pinstore_chain *settled,
                   struct ps_others **out)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_others *others;
	unsigned i;

	*out = NULL;
	others = calloc(1, sizeof(*others));
	if (others == NULL)
		return PINSTORE_ERR_NOMEM;
	others->settled = settled;
	others->trust = list->trust;
	others->flags = list->flags;
	others->peers = list->peers;
	others->n_peers = list->n_peers;
	if (others->n_peers > SERVED_MAX ||
	    pinstore_chain_certificate(settled, 0, NULL) == NULL ||
	    !ps_path_subject(&others->subject, host, is_address)) {
		ps_others_free(others);
		return PINSTORE_OK;
	}
	for (i = 0; i < others->n_peers; i++)
		insert(others, &others->peers[i]);
	status = read_all(others);
	if (status != PINSTORE_OK) {
		ps_others_free(others);
		return status;
	}
	*out = others;
	return PINSTORE_OK;
}

void
ps_others_free(struct ps_others *others)
{
	size_t i;

	if (others == NULL)
		return;
	for (i = 0; i < others->n; i++)
		gnutls_x509_crt_deinit(others->served[i].crt);
	free(others);
}
