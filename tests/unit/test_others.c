/*
 * test_others.c - the other paths that a session's certificates allow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The search is asked for all that it has, without pins: each row tells what
 * is valid beside the path that GnuTLS settles on, and what must never come.
 */
#include <config.h>

#include "tls/others.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <gnutls/x509.h>

#include <pinstore/admin.h>
#include <pinstore/gnutls.h>

#include "api/handle.h"
#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"
#include "tls/chain.h"
#include "tls/spki.h"

#define NAMES_MAX 20
#define PATHS_SEEN 128
#define TEXT_MAX 160

/* ----------------------------------------------------- GnuTLS made to fail */

enum point {
	NOWHERE,
	INIT,
	IMPORT,
	VERIFY,
	CREDENTIALS,
	TRUST,
	PEERS,
	ALGORITHM,
	RSA,
	PIN,
	FIND,
	ISSUER
};

/*
 * The nth call of a point gives ret; of ALGORITHM, each call, and bits; of
 * ISSUER, each call.
 */
static struct {
	enum point point;
	unsigned n;
	int ret;
	unsigned bits;
} fault;

static bool
fails(enum point point)
{
	return fault.point == point && fault.n > 0 && --fault.n == 0;
}

#define WRAP(type, function, parameters, arguments, point, otherwise)          \
	type __real_##function parameters;                                     \
	type __wrap_##function parameters;                                     \
	type __wrap_##function parameters                                      \
	{                                                                      \
		return fails(point) ? otherwise : __real_##function arguments; \
	}

WRAP(int, gnutls_x509_crt_init, (gnutls_x509_crt_t * crt), (crt), INIT,
     fault.ret)
WRAP(int, gnutls_x509_crt_import,
     (gnutls_x509_crt_t crt, const gnutls_datum_t *data,
      gnutls_x509_crt_fmt_t format),
     (crt, data, format), IMPORT, fault.ret)
WRAP(int, gnutls_x509_trust_list_verify_crt2,
     (gnutls_x509_trust_list_t list, gnutls_x509_crt_t *certs, unsigned n,
      gnutls_typed_vdata_st *data, unsigned elements, unsigned flags,
      unsigned *output, gnutls_verify_output_function function),
     (list, certs, n, data, elements, flags, output, function), VERIFY,
     fault.ret)
WRAP(int, gnutls_credentials_get,
     (gnutls_session_t session, gnutls_credentials_type_t type, void **out),
     (session, type, out), CREDENTIALS, fault.ret)
WRAP(const gnutls_datum_t *, gnutls_certificate_get_peers,
     (gnutls_session_t session, unsigned *n), (session, n), PEERS, NULL)
WRAP(int, gnutls_x509_crt_get_pk_rsa_raw,
     (gnutls_x509_crt_t crt, gnutls_datum_t *m, gnutls_datum_t *e),
     (crt, m, e), RSA, fault.ret)
WRAP(enum pinstore_status, ps_spki_pin,
     (enum ps_spki_kind kind, const uint8_t *der, size_t len,
      struct pinstore_pin *out),
     (kind, der, len, out), PIN, (enum pinstore_status)fault.ret)

WRAP(enum pinstore_status, ps_spki_find,
     (enum ps_spki_kind kind, const uint8_t *der, size_t len,
      const uint8_t **spki, size_t *spki_len),
     (kind, der, len, spki, spki_len), FIND, (enum pinstore_status)fault.ret)

int __real_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t crt,
                                            unsigned *bits);
int __wrap_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t crt,
                                            unsigned *bits);

int
__wrap_gnutls_x509_crt_get_pk_algorithm(gnutls_x509_crt_t crt, unsigned *bits)
{
	if (fault.point != ALGORITHM)
		return __real_gnutls_x509_crt_get_pk_algorithm(crt, bits);
	*bits = fault.bits;
	return fault.ret;
}

int __real_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                        gnutls_x509_crt_t issuer);
int __wrap_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                        gnutls_x509_crt_t issuer);

int
__wrap_gnutls_x509_crt_check_issuer(gnutls_x509_crt_t crt,
                                    gnutls_x509_crt_t issuer)
{
	return fault.point == ISSUER
	               ? fault.ret
	               : __real_gnutls_x509_crt_check_issuer(crt, issuer);
}

void __real_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out);
void __wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out);

void
__wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out)
{
	if (fails(TRUST))
		*out = NULL;
	else
		__real_gnutls_certificate_get_trust_list(credentials, out);
}

/* ------------------------------------------------------------- one session */

struct scene {
	struct tls_server server;
	gnutls_certificate_credentials_t trust;
	gnutls_session_t session;
	const char *const *served;
	const char *const *anchors;
	enum pinstore_status status; /* of the settled path */
	struct pinstore_chain *settled;
};

/* What the next scene's server staples to its leaf, or NULL. */
static const char *scene_stapled;

static void
open_scene(struct scene *scene, const char *const *served,
           const char *const *anchors, const char *priority, unsigned flags,
           const char *crl)
{
	gnutls_datum_t der;
	struct data data;
	int ret;

	memset(scene, 0, sizeof(*scene));
	scene->served = served;
	scene->anchors = anchors;
	scene->trust = tls_trust(anchors);
	gnutls_certificate_set_verify_flags(scene->trust, flags);
	if (crl != NULL) {
		data = data_read("pki", crl);
		der.data = data.at;
		der.size = (unsigned)data.len;
		ck_assert_int_eq(gnutls_certificate_set_x509_crl_mem(
		                         scene->trust, &der,
		                         GNUTLS_X509_FMT_DER), 1);
		free(data.at);
	}
	tls_server_init(&scene->server, served, served[0]);
	scene->server.stapled = scene_stapled;
	scene->session = tls_client(tls_server_start(&scene->server), priority,
	                            scene->trust);
	do
		ret = gnutls_handshake(scene->session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	ck_assert_int_eq(ret, 0);
	ck_assert(tls_greeting(scene->session));
}

static void
settle(struct scene *scene, const char *host, bool is_address)
{
	scene->status = ps_chain_from_session(scene->session, host, is_address,
	                                      &scene->settled, NULL);
}

static void
close_scene(struct scene *scene)
{
	pinstore_chain_free(scene->settled);
	tls_close(scene->session);
	tls_server_join(&scene->server);
	tls_server_free(&scene->server);
	gnutls_certificate_free_credentials(scene->trust);
}

static bool
is_file(const char *name, const uint8_t *der, size_t len)
{
	struct data data;
	char file[64];
	bool is_same;

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	is_same = data.len == len && memcmp(data.at, der, len) == 0;
	free(data.at);
	return is_same;
}

static const char *
find_name(const struct scene *scene, const uint8_t *der, size_t len)
{
	size_t i;

	for (i = 0; scene->served[i] != NULL; i++)
		if (is_file(scene->served[i], der, len))
			return scene->served[i];
	for (i = 0; scene->anchors[i] != NULL; i++)
		if (is_file(scene->anchors[i], der, len))
			return scene->anchors[i];
	ck_abort_msg("a certificate that nobody served or trusts");
	return NULL;
}

/* The names of a path with spaces between them. */
static void
spell(const struct scene *scene, const struct pinstore_chain *chain,
      char out[TEXT_MAX])
{
	const uint8_t *der;
	size_t i, len, at = 0;

	for (i = 0; i < pinstore_chain_length(chain); i++) {
		der = pinstore_chain_certificate(chain, i, &len);
		at += (size_t)snprintf(out + at, TEXT_MAX - at, "%s%s",
		                       i == 0 ? "" : " ",
		                       find_name(scene, der, len));
		ck_assert_uint_lt(at, TEXT_MAX);
	}
}

struct seen {
	size_t n;
	char path[PATHS_SEEN][TEXT_MAX];
};

/* Look in what it has, instead of the session. */
static const struct ps_list *by_list;

static enum pinstore_status
begin(const struct scene *scene, const char *host, bool is_address,
      struct ps_others **out)
{
	if (by_list != NULL)
		return ps_others_new_list(by_list, host, is_address,
		                          scene->settled, out);
	return ps_others_new(scene->session, host, is_address, scene->settled,
	                     out);
}

/* All other paths; what the session said of the peer came with each. */
static enum pinstore_status
see(const struct scene *scene, const char *host, bool is_address,
    struct seen *seen)
{
	struct pinstore_chain *chain = NULL;
	enum pinstore_status status;
	struct ps_others *others;
	unsigned n_peers;

	seen->n = 0;
	status = begin(scene, host, is_address, &others);
	if (status != PINSTORE_OK)
		ck_assert_ptr_null(others);
	while (others != NULL && status == PINSTORE_OK) {
		status = ps_others_next(others, &chain);
		if (chain == NULL)
			break;
		ck_assert_int_eq(status, PINSTORE_OK);
		ck_assert_uint_lt(seen->n, PATHS_SEEN);
		spell(scene, chain, seen->path[seen->n++]);
		(void)gnutls_certificate_get_peers(scene->session, &n_peers);
		ck_assert_uint_eq(pinstore_chain_served_length(chain), n_peers);
		pinstore_chain_free(chain);
		chain = NULL;
	}
	if (others != NULL && status == PINSTORE_OK) {
		/* The end is the end. */
		ck_assert_int_eq(ps_others_next(others, &chain), PINSTORE_OK);
		ck_assert_ptr_null(chain);
	}
	ps_others_free(others);
	return status;
}

static bool
has_path(const struct seen *seen, const char *path)
{
	size_t i;

	for (i = 0; i < seen->n; i++)
		if (strcmp(seen->path[i], path) == 0)
			return true;
	return false;
}

/* -------------------------------------------------------------------- paths */

#define NORMAL "NORMAL"
#define ROOT1 "oleaf ointer1 oroot1"
#define ROOT2 "oleaf ointer2 oroot2"
#define MIDDLE "oleaf ointer-middle omiddle2 oroot2"

enum order {
	ANY,  /* both orders settle, and see the same paths */
	FIRST /* GnuTLS refuses the other order, or is laxer in it */
};

static const struct {
	const char *what;
	const char *served[NAMES_MAX];
	const char *trust[NAMES_MAX];
	const char *settled;
	const char *others[4];
	enum order order;
	const char *priority; /* NULL: NORMAL */
	unsigned flags;
	const char *crl;
} cases[] = {
        {"T-008: the other root", {"oleaf", "ointer1", "ointer2"},
         {"oroot1", "oroot2"}, ROOT1, {ROOT2}, ANY, NULL, 0, NULL},
        {"T-008: served the other way round", {"oleaf", "ointer2", "ointer1"},
         {"oroot1", "oroot2"}, ROOT2, {ROOT1}, ANY, NULL, 0, NULL},
        {"there is one path only", {"oleaf", "ointer1"}, {"oroot1", "oroot2"},
         ROOT1, {NULL}, ANY, NULL, 0, NULL},
        {"the anchor was served as well", {"oleaf", "ointer1", "oroot1"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, ANY, NULL, 0, NULL},
        {"each comes twice", {"oleaf", "ointer1", "oleaf", "ointer2",
         "ointer1", "ointer2", "oroot2"}, {"oroot1", "oroot2"}, ROOT1,
         {ROOT2}, ANY, NULL, 0, NULL},
        {"T-001: a stranger's certificates", {"oleaf", "ointer1", "good",
         "intA", "rootA", "oroot3"}, {"oroot1", "rootA", "oroot3"}, ROOT1,
         {NULL}, ANY, NULL, 0, NULL},
        {"its root is not trusted", {"oleaf", "ointer1", "ointer2"},
         {"oroot1", "oroot3"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"a longer way", {"oleaf", "ointer1", "ointer-middle", "omiddle2"},
         {"oroot1", "oroot2"}, ROOT1, {MIDDLE}, ANY, NULL, 0, NULL},
        {"a shorter one, the intermediate being trusted itself",
         {"oleaf", "ointer2"}, {"ointer1", "oroot2"}, ROOT2,
         {"oleaf ointer1"}, ANY, NULL, 0, NULL},
        {"authorities that certify each other", {"oleaf", "ointer1",
         "ointer-middle", "omiddle-inter", "omiddle2"}, {"oroot1", "oroot2"},
         ROOT1, {MIDDLE}, FIRST, NULL, 0, NULL},
        {"the path that settled comes back to a key", {"oleaf",
         "ointer-middle", "omiddle-inter", "ointer1"}, {"oroot1"}, ROOT1,
         {NULL}, FIRST, NULL, 0, NULL},
        {"and is of another kind above it", {"oleaf", "ointer-middle",
         "omiddle-inter", "ointer-large"}, {"oroot-large"},
         "oleaf ointer-large oroot-large", {NULL}, FIRST, NULL, 0, NULL},
        {"and nothing but that", {"oleaf", "ointer1", "ointer-middle",
         "omiddle-inter"}, {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0,
         NULL},
        /* What is not valid does not come, whatever settled. */
        {"expired", {"oleaf", "ointer1", "ointer2-expired"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"not valid yet", {"oleaf", "ointer1", "ointer2-early"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"T-022: no authority", {"oleaf", "ointer1", "ointer2-noca"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"may not sign certificates", {"oleaf", "ointer1", "ointer2-nosign"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"T-021: may not certify the host", {"oleaf", "ointer1",
         "ointer2-limit"}, {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0,
         NULL},
        {"an authority for mail", {"oleaf", "ointer1", "ointer2-mail"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"longer than its path length", {"oleaf", "ointer1", "ointer-middle",
         "omiddle2-short"}, {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL,
         0, NULL},
        {"the root's name, another's signature", {"oleaf", "ointer1",
         "ointer2-forged"}, {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL,
         0, NULL},
        {"signed with SHA-1", {"oleaf", "ointer1", "ointer2-sha1"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"signed with MD5", {"oleaf", "ointer1", "ointer-large-md5"},
         {"oroot1", "oroot-large"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"revoked by a list", {"oleaf", "ointer1", "ointer2"},
         {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST, NULL, 0, "oroot2.crl.der"},
        {"lists are not asked if the credentials say so", {"oleaf", "ointer1",
         "ointer2"}, {"oroot1", "oroot2"}, ROOT1, {ROOT2}, ANY, NULL,
         GNUTLS_VERIFY_DISABLE_CRL_CHECKS, "oroot2.crl.der"},
        {"time is not asked if the credentials say so", {"oleaf", "ointer1",
         "ointer2-expired"}, {"oroot1", "oroot2"}, ROOT1,
         {"oleaf ointer2-expired oroot2"}, ANY, NULL,
         GNUTLS_VERIFY_DISABLE_TIME_CHECKS, NULL},
        /* Strictness of the session alone, and what stands in for it. */
        {"as strong", {"oleaf", "ointer1", "ointer-large"},
         {"oroot1", "oroot-large"}, ROOT1, {"oleaf ointer-large oroot-large"},
         ANY, NULL, 0, NULL},
        {"weaker than what settled", {"oleaf", "ointer1", "ointer-small"},
         {"oroot1", "oroot-small"}, ROOT1, {NULL}, FIRST, NULL, 0, NULL},
        {"weaker than the session's profile", {"oleaf", "ointer1",
         "ointer-small"}, {"oroot1", "oroot-small"}, ROOT1, {NULL}, FIRST,
         "NORMAL:%PROFILE_HIGH", 0, NULL},
        {"stronger than what settled", {"oleaf", "ointer-small", "ointer1"},
         {"oroot1", "oroot-small"}, "oleaf ointer-small oroot-small", {ROOT1},
         FIRST, NULL, 0, NULL},
        {"a root of version 1", {"oleaf", "ointer1", "ointer-old"},
         {"oroot1", "oroot-old"}, ROOT1, {NULL}, FIRST, NULL,
         GNUTLS_VERIFY_ALLOW_X509_V1_CA_CRT, NULL},
        {"beside a root of version 1", {"oleaf", "ointer-old", "ointer1"},
         {"oroot1", "oroot-old"}, "oleaf ointer-old oroot-old", {ROOT1}, FIRST,
         NULL, GNUTLS_VERIFY_ALLOW_X509_V1_CA_CRT, NULL},
        {"a profile of the credentials", {"oleaf", "ointer1", "ointer2"},
         {"oroot1", "oroot2"}, ROOT1, {ROOT2}, ANY, NULL,
         GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_HIGH), NULL},
        {"one of another kind", {"oleaf", "ointer1", "ointer2"},
         {"oroot1", "oroot2"}, ROOT1, {ROOT2}, ANY, NULL,
         GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_SUITEB128), NULL},
        {"strong, but not of that kind", {"oleaf", "ointer1", "ointer-large"},
         {"oroot1", "oroot-large"}, ROOT1, {NULL}, FIRST, NULL,
         GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_SUITEB128), NULL},
        {"the session is laxer than its credentials", {"oleaf",
         "ointer2-sha1", "ointer1"}, {"oroot1", "oroot2"},
         "oleaf ointer2-sha1 oroot2", {NULL}, FIRST,
         "NORMAL:%VERIFY_ALLOW_SIGN_WITH_SHA1", 0, NULL},
        {"what the session alone allows", {"oleaf", "ointer1",
         "ointer2-sha1"}, {"oroot1", "oroot2"}, ROOT1, {NULL}, FIRST,
         "NORMAL:%VERIFY_ALLOW_SIGN_WITH_SHA1", 0, NULL},
        /* Keys that cost. */
        {"A-10: a key of 8448 bits", {"oleaf-bits", "obits1", "obits2"},
         {"oroot1", "oroot2"}, "oleaf-bits obits1 oroot1", {NULL}, FIRST, NULL,
         0, NULL},
        {"A-10: a long exponent", {"oleaf-exponent", "oexponent1",
         "oexponent2"}, {"oroot1", "oroot2"},
         "oleaf-exponent oexponent1 oroot1", {NULL}, FIRST, NULL, 0, NULL},
};

/* The same certificates without their session: the same paths. */
static void
look_without_session(int i, struct scene *scene, const struct seen *seen)
{
	static struct seen again;
	/* With what the priority string brings along. */
	struct ps_list list = {NULL, cases[i].flags |
	                             GNUTLS_PROFILE_TO_VFLAGS(
	                                     GNUTLS_PROFILE_LOW), NULL, 0};
	struct pinstore_chain *kept = scene->settled;
	char one[TEXT_MAX], two[TEXT_MAX];
	enum pinstore_status status;
	size_t j;

	gnutls_certificate_get_trust_list(scene->trust, &list.trust);
	list.peers = gnutls_certificate_get_peers(scene->session,
	                                          &list.n_peers);
	status = ps_chain_from_list(&list, "pin.test", false, &scene->settled,
	                            NULL);
	ck_assert_int_eq(status, scene->status);
	if (status == PINSTORE_OK) {
		spell(scene, kept, one);
		spell(scene, scene->settled, two);
		ck_assert_str_eq(one, two);
		by_list = &list;
		ck_assert_int_eq(see(scene, "pin.test", false, &again),
		                 PINSTORE_OK);
		by_list = NULL;
		ck_assert_uint_eq(again.n, seen->n);
		for (j = 0; j < again.n; j++)
			ck_assert_str_eq(again.path[j], seen->path[j]);
		pinstore_chain_free(scene->settled);
	}
	scene->settled = kept;
}

/* The paths of a served list: the settled one, and beside it those seen. */
static void
look(int i, bool is_reversed, char settled[TEXT_MAX], struct seen *seen)
{
	const char *served[NAMES_MAX] = {NULL};
	struct scene scene;
	size_t n = 0, j;

	while (cases[i].served[n] != NULL)
		n++;
	served[0] = cases[i].served[0];
	for (j = 1; j < n; j++)
		served[j] = cases[i].served[is_reversed ? n - j : j];
	open_scene(&scene, served, cases[i].trust,
	           cases[i].priority == NULL ? NORMAL : cases[i].priority,
	           cases[i].flags, cases[i].crl);
	settle(&scene, "pin.test", false);
	settled[0] = '\0';
	seen->n = 0;
	if (scene.status == PINSTORE_OK) {
		spell(&scene, scene.settled, settled);
		ck_assert_int_eq(see(&scene, "pin.test", false, seen),
		                 PINSTORE_OK);
	}
	/* Profiles of both would be mixed by GnuTLS. */
	if (cases[i].priority == NULL &&
	    GNUTLS_VFLAGS_TO_PROFILE(cases[i].flags) == 0)
		look_without_session(i, &scene, seen);
	close_scene(&scene);
}

START_TEST(paths)
{
	static struct seen seen, turned;
	char settled[TEXT_MAX], other[TEXT_MAX];
	size_t n, i;

	look(_i, false, settled, &seen);
	ck_assert_msg(strcmp(settled, cases[_i].settled) == 0,
	              "%s: settled on %s", cases[_i].what, settled);
	for (n = 0; cases[_i].others[n] != NULL; n++)
		ck_assert_msg(has_path(&seen, cases[_i].others[n]),
		              "%s: %s is not found", cases[_i].what,
		              cases[_i].others[n]);
	ck_assert_msg(seen.n == n, "%s: %zu paths, one is %s", cases[_i].what,
	              seen.n, seen.n > 0 ? seen.path[0] : "none");
	look(_i, true, other, &turned);
	if (cases[_i].order == FIRST)
		return;
	/* Whatever was settled on, together they are the same. */
	ck_assert_uint_eq(turned.n, seen.n);
	if (strcmp(other, settled) != 0)
		ck_assert(has_path(&turned, settled) && has_path(&seen, other));
	for (i = 0; i < seen.n; i++)
		ck_assert(strcmp(seen.path[i], other) == 0 ||
		          has_path(&turned, seen.path[i]));
}
END_TEST

/* T-020: each path is verified for the host, not only the one that settled. */
START_TEST(every_path_has_the_name)
{
	static struct seen seen;
	struct scene scene;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	ck_assert_int_eq(see(&scene, "no.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	/* No address either. */
	ck_assert_int_eq(see(&scene, "127.0.0.1", true, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_int_eq(see(&scene, "256.0.0.1", true, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 1);
	close_scene(&scene);
	open_scene(&scene, TLS_NAMES("oleaf-address", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "127.0.0.1", true);
	ck_assert_int_eq(see(&scene, "127.0.0.1", true, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(see(&scene, "127.0.0.2", true, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	close_scene(&scene);
}
END_TEST

/* ------------------------------------------------------------------- bounds */

static const struct {
	const char *what;
	const char *served[NAMES_MAX];
	const char *trust[NAMES_MAX];
	size_t n; /* others that are found */
} bounds[] = {
        /* 3 x 3 x 3 ways of 4 certificates, but the one that settled. */
        {"below the bounds", {"oleaf-many", "ostep0-0", "ostep0-1", "ostep0-2",
         "ostep1-0", "ostep1-1", "ostep1-2", "ostep2-0", "ostep2-1",
         "ostep2-2"}, {"ostep3-0"}, 26},
        /* 4 x 4 x 4 */
        {"63 others", {"oleaf-many", "ostep0-0", "ostep0-1", "ostep0-2",
         "ostep0-3", "ostep1-0", "ostep1-1", "ostep1-2", "ostep1-3",
         "ostep2-0", "ostep2-1", "ostep2-2", "ostep2-3"}, {"ostep3-0"}, 63},
        /* 5 x 4 x 4 */
        {"64 paths", {"oleaf-many", "ostep0-0", "ostep0-1", "ostep0-2",
         "ostep0-3", "ostep0-4", "ostep1-0", "ostep1-1", "ostep1-2",
         "ostep1-3", "ostep2-0", "ostep2-1", "ostep2-2", "ostep2-3"},
         {"ostep3-0"}, 64},
        /* the same with ways that end earlier: fewer certificates in them */
        {"64 paths, shorter ones", {"oleaf-many", "ostep0-0", "ostep0-1",
         "ostep0-2", "ostep0-3", "ostep0-4", "ostep1-0", "ostep1-1",
         "ostep1-2", "ostep1-3", "ostep1-4", "ostep2-0", "ostep2-1",
         "ostep2-2", "ostep2-3"}, {"ostep1-0", "ostep2-0", "ostep3-0"}, 64},
        /* 3 x 3 x 3 x 3, of 5 certificates each */
        {"256 certificates", {"oleaf-many", "ostep0-0", "ostep0-1",
         "ostep0-2", "ostep1-0", "ostep1-1", "ostep1-2", "ostep2-0",
         "ostep2-1", "ostep2-2", "ostep3-0", "ostep3-1", "ostep3-2"},
         {"oroot1"}, 51},
        {"A-10: 16 served", {"oleaf-many", "ostep0-0", "ostep1-0", "ostep2-0",
         "ostep3-0", "ostep3-1", "good", "intA", "rootA", "intB", "rootB",
         "mitm", "oroot2", "oroot3", "cycle1", "cycle2"}, {"oroot1"}, 1},
        {"A-10: 17 served", {"oleaf-many", "ostep0-0", "ostep1-0", "ostep2-0",
         "ostep3-0", "ostep3-1", "good", "intA", "rootA", "intB", "rootB",
         "mitm", "oroot2", "oroot3", "cycle1", "cycle2", "intX"}, {"oroot1"},
         0},
};

START_TEST(bounded)
{
	static struct seen seen;
	struct scene scene;

	open_scene(&scene, bounds[_i].served, bounds[_i].trust, NORMAL, 0,
	           NULL);
	gnutls_certificate_set_verify_limits(scene.trust, 0, 0);
	settle(&scene, "pin.test", false);
	ck_assert_int_eq(scene.status, PINSTORE_OK);
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_msg(seen.n == bounds[_i].n, "%s: %zu", bounds[_i].what,
	              seen.n);
	close_scene(&scene);
}
END_TEST

/*
 * T-009 A-10: certificates that name each other as issuers, and none an anchor,
 * make more ways than can be walked; the search ends all the same.
 */
START_TEST(maze)
{
	static struct seen seen;
	struct scene scene;

	/* Of different keys, for a way has none twice. */
	open_scene(&scene, TLS_NAMES("oleaf-many", "long1", "long2", "long3",
	                             "long4", "long5", "long6", "long7",
	                             "long8", "long9", "long10", "long11",
	                             "long12", "long13", "long14", "long15"),
	           TLS_NAMES("ostep0-0"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	ck_assert_int_eq(scene.status, PINSTORE_OK);
	fault.point = ISSUER;
	fault.ret = 1;
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	fault.point = NOWHERE;
	ck_assert_uint_eq(seen.n, 0);
	close_scene(&scene);
}
END_TEST

/* A path that has an anchor above 16 certificates is none of ours. */
START_TEST(too_long)
{
	const char *served[NAMES_MAX] = {"long-leaf17"};
	static struct seen seen;
	char names[NAMES_MAX][16];
	struct scene scene;
	int n;

	for (n = 1; n <= 15; n++) {
		snprintf(names[n], sizeof(names[n]), "long%d", 16 - n);
		served[n] = names[n];
	}
	open_scene(&scene, served, TLS_NAMES("long-root", "long5"), NORMAL, 0,
	           NULL);
	/* What settled is of no matter here; it must be another, and valid. */
	served[10] = NULL;
	settle(&scene, "pin.test", false);
	if (scene.status != PINSTORE_OK) {
		struct pinstore_chain *chain;
		const uint8_t *der[12];
		struct data data[12];
		size_t len[12], i;
		char file[64];

		for (i = 0; i < 12; i++) {
			snprintf(file, sizeof(file), "%s.crt.der",
			         i == 0 ? "long-leaf17" : names[i]);
			data[i] = data_read("pki", file);
			der[i] = data[i].at;
			len[i] = data[i].len;
		}
		ck_assert_int_eq(pinstore_chain_from_validated_certificates(
		                         der, len, 12, &chain), PINSTORE_OK);
		for (i = 0; i < 12; i++)
			free(data[i].at);
		scene.settled = chain;
	}
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	for (n = 0; n < (int)seen.n; n++)
		ck_assert_ptr_null(strstr(seen.path[n], "long-root"));
	close_scene(&scene);
}
END_TEST

/* ------------------------------------------------------------------- faults */

static const struct {
	enum point point;
	int ret;
	unsigned n_max;              /* calls of it that are tried */
	enum pinstore_status status; /* of each, or OK: nothing is found */
} faults[] = {
        {INIT, GNUTLS_E_MEMORY_ERROR, 6, PINSTORE_ERR_NOMEM},
        {INIT, GNUTLS_E_INTERNAL_ERROR, 6, PINSTORE_ERR_INTERNAL},
        {IMPORT, GNUTLS_E_MEMORY_ERROR, 6, PINSTORE_ERR_NOMEM},
        {IMPORT, GNUTLS_E_ASN1_DER_ERROR, 6, PINSTORE_ERR_INTERNAL},
        {VERIFY, GNUTLS_E_MEMORY_ERROR, 4, PINSTORE_ERR_NOMEM},
        /* How strict to be cannot be told. */
        {VERIFY, GNUTLS_E_INTERNAL_ERROR, 3, PINSTORE_ERR_INTERNAL},
        {CREDENTIALS, GNUTLS_E_INVALID_REQUEST, 1, PINSTORE_OK},
        {CREDENTIALS, 0, 1, PINSTORE_OK}, /* and none are given */
        {TRUST, 0, 1, PINSTORE_OK},
        {PEERS, 0, 1, PINSTORE_OK},
        {PIN, PINSTORE_ERR_NOMEM, 3, PINSTORE_ERR_NOMEM},
        {PIN, PINSTORE_ERR_INTERNAL, 3, PINSTORE_ERR_INTERNAL},
};

/* In doubt there is no other path; and it comes when nothing fails. */
START_TEST(doubts)
{
	static struct seen seen;
	struct scene scene;
	unsigned n;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	for (n = 1; n <= faults[_i].n_max; n++) {
		fault.point = faults[_i].point;
		fault.ret = faults[_i].ret;
		fault.n = n;
		ck_assert_int_eq(see(&scene, "pin.test", false, &seen),
		                 faults[_i].status);
		ck_assert_uint_eq(fault.n, 0);
		ck_assert_uint_eq(seen.n, 0);
	}
	fault.point = NOWHERE;
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 1);
	close_scene(&scene);
}
END_TEST

static const struct {
	int algorithm;
	unsigned bits;
	size_t n; /* other paths */
} costs[] = {
        {GNUTLS_PK_EC, 521, 1},
        {GNUTLS_PK_DSA, 3072, 1},
        {GNUTLS_PK_DSA, 3073, 0},
        {GNUTLS_PK_DSA, 8192, 0},
        {GNUTLS_PK_DSA, 8193, 0},
        /* Said of an EC key, whose exponent cannot be read. */
        {GNUTLS_PK_RSA, 2048, 0},
        {GNUTLS_PK_RSA_PSS, 2048, 0},
        {GNUTLS_E_UNKNOWN_PK_ALGORITHM, 0, 0},
};

/* keys of a size that nobody needs are passed over. */
START_TEST(costly_keys)
{
	static struct seen seen;
	struct scene scene;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	fault.point = ALGORITHM;
	fault.ret = costs[_i].algorithm;
	fault.bits = costs[_i].bits;
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, costs[_i].n);
	fault.point = NOWHERE;
	close_scene(&scene);
}
END_TEST

/* A verification that ends with an error is not one that succeeded. */
START_TEST(error_is_no_success)
{
	static struct seen seen;
	struct scene scene;
	unsigned n;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	/* FUTURE, ULTRA, HIGH of the settled path; then the other one. */
	fault.point = VERIFY;
	fault.ret = GNUTLS_E_INTERNAL_ERROR;
	fault.n = 4;
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(fault.n, 0);
	ck_assert_uint_eq(seen.n, 0);
	fault.point = NOWHERE;
	close_scene(&scene);
	/* An RSA key that cannot be read is one that costs. */
	open_scene(&scene, TLS_NAMES("oleaf-exponent", "oexponent1"),
	           TLS_NAMES("oroot1"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	fault.point = RSA;
	fault.n = 1;
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_uint_eq(fault.n, 0);
	fault.point = NOWHERE;
	close_scene(&scene);
	/* A key without a pin may stand on a way. */
	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer-middle",
	                             "omiddle2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	for (n = 1; n <= 4; n++) {
		fault.point = PIN;
		fault.ret = PINSTORE_ERR_CHAIN;
		fault.n = n;
		ck_assert_int_eq(see(&scene, "pin.test", false, &seen),
		                 PINSTORE_OK);
		ck_assert_uint_eq(seen.n, 1);
		ck_assert_uint_eq(fault.n, 0);
	}
	fault.point = NOWHERE;
	close_scene(&scene);
}
END_TEST

/* What cannot be compared is no loop. */
START_TEST(unknown_key_is_no_loop)
{
	struct scene scene;
	char path[TEXT_MAX];
	unsigned n;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer-middle", "omiddle-inter",
	                             "ointer1"),
	           TLS_NAMES("oroot1"), NORMAL, 0, NULL);
	for (n = 1; n <= 6; n++) {
		fault.point = FIND;
		fault.ret = PINSTORE_ERR_CHAIN;
		fault.n = n;
		settle(&scene, "pin.test", false);
		ck_assert_int_eq(scene.status, PINSTORE_OK);
		spell(&scene, scene.settled, path);
		/* The second pair is that of the loop's ends. */
		ck_assert_str_eq(path, n == 3 || n == 4 ?
		        "oleaf ointer-middle omiddle-inter ointer1 oroot1" :
		        ROOT1);
		pinstore_chain_free(scene.settled);
		scene.settled = NULL;
	}
	close_scene(&scene);
}
END_TEST

/* A chain that no session settled on has no others. */
START_TEST(nothing_settled)
{
	struct pinstore_pin pin = {{1}};
	static struct seen seen;
	struct scene scene;

	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	ck_assert_int_eq(pinstore_chain_from_validated_pins(&pin, 1,
	                                                    &scene.settled),
	                 PINSTORE_OK);
	ck_assert_int_eq(see(&scene, "pin.test", false, &seen), PINSTORE_OK);
	ck_assert_uint_eq(seen.n, 0);
	close_scene(&scene);
	ps_others_free(NULL);
}
END_TEST

/* ------------------------------------------------------------- with entries */

static struct pinstore_pin
pin_of(const char *name)
{
	struct pinstore_pin pin;
	struct data data;
	char file[64];

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	ck_assert_int_eq(pinstore_pin_from_certificate(data.at, data.len,
	                                               &pin), PINSTORE_OK);
	free(data.at);
	return pin;
}

/*
 * What the journal has of the connection: nothing, a violation, one that was
 * not enforced, the path.
 */
enum told { NOTHING, VIOLATION, WATCHED, OTHER };

static const struct {
	const char *what;
	const char *fixed;   /* pinned by the operator */
	const char *learned; /* pinned by a header */
	const char *revoked;
	enum pinstore_verdict verdict;
	enum pinstore_reason why;
	bool is_other;
	const char *path;
	enum told told;
} entries[] = {
        {"no entry", NULL, NULL, NULL, PINSTORE_UNPINNED,
         PINSTORE_WHY_NO_ENTRY, false, ROOT1, NOTHING},
        {"the settled path", "oroot1", NULL, NULL, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN, false, ROOT1, NOTHING},
        {"the other one", "oroot2", NULL, NULL, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN, true, ROOT2, OTHER},
        {"the other one, learned", NULL, "oroot2", NULL, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN, true, ROOT2, OTHER},
        {"on both", "ointer1", "oleaf", NULL, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN, false, ROOT1, NOTHING},
        {"both layers by the other one", "oroot2", "ointer1", NULL,
         PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN, true, ROOT2, OTHER},
        {"each layer by another one", "oroot1", "oroot2", NULL,
         PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN, false, ROOT1,
         VIOLATION},
        {"the same, turned", "oroot2", "oroot1", NULL, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN, false, ROOT1, VIOLATION},
        {"by none", "oroot3", NULL, NULL, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN, false, ROOT1, VIOLATION},
        {"a layer by none", "oroot2", "rootA", NULL, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN, false, ROOT1, VIOLATION},
        /* A path with a revoked key is not used, and forbids no other. */
        {"revoked on the settled path", NULL, NULL, "oroot1",
         PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY, true, ROOT2, OTHER},
        {"revoked there, pinned on the other", "oroot2", NULL, "oroot1",
         PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN, true, ROOT2, OTHER},
        {"revoked on the other one", "oroot1", NULL, "oroot2",
         PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN, false, ROOT1, NOTHING},
        {"revoked where the pin is", "oroot2", NULL, "oroot2",
         PINSTORE_REJECT, PINSTORE_WHY_REVOKED, true, ROOT2, VIOLATION},
        {"revoked where the pin is, on the settled path", "oroot1", NULL,
         "oroot1", PINSTORE_REJECT, PINSTORE_WHY_REVOKED, false, ROOT1,
         VIOLATION},
        {"revoked on both", "ointer1", NULL, "ointer1", PINSTORE_REJECT,
         PINSTORE_WHY_REVOKED, false, ROOT1, VIOLATION},
};

static void
pin_host(struct pinstore *store, const char *fixed, const char *learned)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	static const char field[] =
	        "pin-sha256=\"%s\"; max-age=1000000; pin-sha256="
	        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"";
	struct pinstore_rule rule = {.size = sizeof(rule),
	                             .host = "pin.test",
	                             .n_pins = 1,
	                             .expires = PINSTORE_NEVER,
	                             .no_backup = 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	struct pinstore_field header;
	struct pinstore_chain *chain;
	struct pinstore_pin pin;
	gnutls_datum_t raw, text;
	char value[256];

	if (learned != NULL) {
		pin = pin_of(learned);
		raw.data = pin.sha256;
		raw.size = sizeof(pin);
		ck_assert_int_eq(gnutls_base64_encode2(&raw, &text), 0);
		snprintf(value, sizeof(value), field, (char *)text.data);
		gnutls_free(text.data);
		header.kind = PINSTORE_PKP;
		header.value = value;
		header.len = strlen(value);
		ck_assert_int_eq(pinstore_chain_from_validated_pins(
		                         &pin, 1, &chain), PINSTORE_OK);
		ck_assert_int_eq(pinstore_check(store, &peer, chain, TLS_NOW,
		                                &verdict, &result, NULL),
		                 PINSTORE_OK);
		ck_assert_int_eq(pinstore_note(store, result, &header, 1,
		                               TLS_NOW, &noted, NULL),
		                 PINSTORE_OK);
		ck_assert_int_eq(noted.action, PINSTORE_NOTED);
		pinstore_result_free(result);
		pinstore_chain_free(chain);
	}
	if (fixed != NULL) {
		rule.mode = *fixed == '?' ? PINSTORE_REPORT : PINSTORE_ENFORCE;
		pin = pin_of(fixed + (*fixed == '?'));
		rule.pins = &pin;
		ck_assert_int_eq(pinstore_pin(store, &rule, TLS_NOW, NULL),
		                 PINSTORE_OK);
	}
}

static bool
read_event(uint64_t number, const struct ps_event *event, void *arg)
{
	static const enum told kinds[PS_EVENT_LAST + 1] = {
	        [PS_EVENT_VIOLATION] = VIOLATION, [PS_EVENT_OTHER_PATH] = OTHER};
	struct pinstore_pin root1 = pin_of("oroot1"), leaf = pin_of("oleaf"),
	                    root2 = pin_of("oroot2");
	const struct pinstore_pin *pin;
	unsigned *counts = arg;
	enum told told = kinds[event->kind];

	(void)number;
	if (told == VIOLATION && !event->is_enforced)
		told = WATCHED;
	counts[told]++;
	if (told == NOTHING)
		return true;
	/* The anchor tells which path it was. */
	pin = told == OTHER ? &root2 : &leaf;
	ck_assert_mem_eq(&event->pin, pin, sizeof(*pin));
	ck_assert_mem_ne(&event->pin, &root1, sizeof(root1));
	ck_assert_str_eq(event->host->name, "pin.test");
	ck_assert_int_eq(event->is_enforced, told == VIOLATION);
	ck_assert_uint_eq(event->count, 1);
	return true;
}

/* Once, whatever was judged on the way and however often it is asked. */
static void
expect_journal(struct pinstore *store, enum told told)
{
	unsigned counts[4] = {0};

	ck_assert_int_eq(ps_store_events(store->store, 0, read_event, counts,
	                                 NULL), PINSTORE_OK);
	ck_assert_uint_eq(counts[VIOLATION], told == VIOLATION);
	ck_assert_uint_eq(counts[WATCHED], told == WATCHED);
	ck_assert_uint_eq(counts[OTHER], told == OTHER);
}

/* One path must satisfy every layer by itself. */
START_TEST(layers)
{
	struct pinstore_peer peer = {sizeof(peer), "PIN.test.", 443, 0};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	struct pinstore *store;
	char path[TEXT_MAX];
	struct scene scene;
	struct tempdir dir;
	int with_chain;

	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, NULL),
	                 PINSTORE_OK);
	pin_host(store, entries[_i].fixed, entries[_i].learned);
	if (entries[_i].revoked != NULL) {
		struct pinstore_pin pin = pin_of(entries[_i].revoked);

		ck_assert_int_eq(pinstore_revoke(store, &pin, NULL, TLS_NOW,
		                                 NULL), PINSTORE_OK);
	}
	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	for (with_chain = 0; with_chain < 2; with_chain++) {
		verdict = PINSTORE_MATCHED;
		ck_assert_int_eq(pinstore_check_peer(
		                         store, scene.session, &peer,
		                         with_chain ? scene.settled : NULL,
		                         TLS_NOW, &verdict, &result, &error),
		                 PINSTORE_OK);
		ck_assert_msg(verdict == entries[_i].verdict, "%s: %s",
		              entries[_i].what, pinstore_verdict_word(verdict));
		ck_assert_int_eq(pinstore_result_verdict(result), verdict);
		ck_assert_int_eq(pinstore_result_reason(result),
		                 entries[_i].why);
		ck_assert_int_eq(pinstore_result_other_path(result),
		                 entries[_i].is_other);
		spell(&scene, pinstore_result_chain(result), path);
		ck_assert_str_eq(path, entries[_i].path);
		ck_assert_str_eq(pinstore_result_host(result), "pin.test");
		pinstore_result_free(result);
	}
	/* Whoever wants the verdict alone gets the same one. */
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer, NULL,
	                                     TLS_NOW, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, entries[_i].verdict);
	expect_journal(store, entries[_i].told);
	close_scene(&scene);
	pinstore_close(store);
	tempdir_remove(&dir);
}
END_TEST

/*
 * What the server staples is revocation as well.  GnuTLS looks at the answers
 * before it settles on any path, so another one cannot go round them.
 */
static const struct {
	const char *what;
	const char *stapled;
	bool is_refused;
} answers[] = {
        {"none", NULL, false},
        {"the leaf is good", "sleaf-good", false},
        {"the leaf is revoked", "sleaf-revoked", true},
};

START_TEST(stapled)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	enum pinstore_status status;
	struct pinstore *store;
	char path[TEXT_MAX];
	struct scene scene;
	struct tempdir dir;

	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, NULL),
	                 PINSTORE_OK);
	pin_host(store, "sroot2", NULL);
	scene_stapled = answers[_i].stapled;
	open_scene(&scene, TLS_NAMES("sleaf", "sinter1", "sinter2"),
	           TLS_NAMES("sroot1", "sroot2"), TLS13, 0, NULL);
	scene_stapled = NULL;
	status = pinstore_check_peer(store, scene.session, &peer, NULL, TLS_NOW,
	                             &verdict, &result, &error);
	if (answers[_i].is_refused) {
		ck_assert_msg(status == PINSTORE_ERR_CHAIN, "%s: %s",
		              answers[_i].what, pinstore_strerror(status));
		ck_assert_msg(strstr(error.text, "revoked") != NULL, "%s: %s",
		              answers[_i].what, error.text);
		ck_assert_int_eq(verdict, PINSTORE_REJECT);
		ck_assert_ptr_null(result);
	} else {
		ck_assert_msg(status == PINSTORE_OK, "%s: %s", answers[_i].what,
		              error.text);
		ck_assert_int_eq(verdict, PINSTORE_MATCHED);
		spell(&scene, pinstore_result_chain(result), path);
		ck_assert_str_eq(path, "sleaf sinter2 sroot2");
	}
	pinstore_result_free(result);
	close_scene(&scene);
	pinstore_close(store);
	tempdir_remove(&dir);
}
END_TEST

/* What goes wrong in the search refuses. */
START_TEST(errors_refuse)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	struct pinstore *store;
	struct scene scene;
	struct tempdir dir;
	unsigned n;

	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, NULL),
	                 PINSTORE_OK);
	pin_host(store, "oroot2", NULL);
	open_scene(&scene, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	           TLS_NAMES("oroot1", "oroot2"), NORMAL, 0, NULL);
	settle(&scene, "pin.test", false);
	for (n = 0; n < 2; n++) {
		fault.point = INIT;
		fault.ret = n == 0 ? GNUTLS_E_MEMORY_ERROR
		                   : GNUTLS_E_INTERNAL_ERROR;
		fault.n = 1;
		verdict = PINSTORE_MATCHED;
		result = (void *)&result;
		ck_assert_int_eq(pinstore_check_peer(
		                         store, scene.session, &peer,
		                         scene.settled, TLS_NOW, &verdict,
		                         &result, &error),
		                 n == 0 ? PINSTORE_ERR_NOMEM
		                        : PINSTORE_ERR_INTERNAL);
		fault.point = NOWHERE;
		ck_assert_int_eq(verdict, PINSTORE_REJECT);
		ck_assert_ptr_null(result);
		ck_assert_int_ne(error.text[0], '\0');
	}
	/* What is only watched refuses nothing. */
	ck_assert_int_eq(pinstore_set_mode(store, "pin.test", PINSTORE_REPORT,
	                                   0, TLS_NOW, NULL), PINSTORE_OK);
	fault.point = INIT;
	fault.n = 1;
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer,
	                                     scene.settled, TLS_NOW, &verdict,
	                                     NULL, &error), PINSTORE_OK);
	fault.point = NOWHERE;
	ck_assert_int_eq(verdict, PINSTORE_UNPINNED);
	ck_assert_str_eq(error.text, "");
	/* What is kept for one host is not told for another. */
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer, NULL,
	                                     TLS_NOW, &verdict, NULL, &error),
	                 PINSTORE_OK);
	peer.host = "no.test";
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer, NULL,
	                                     TLS_NOW, &verdict, &result,
	                                     &error), PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_ptr_null(result);
	peer.host = "a..b";
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer, NULL,
	                                     TLS_NOW, &verdict, &result,
	                                     &error), PINSTORE_ERR_HOST);
	peer.host = "pin.test";
	ck_assert_int_eq(pinstore_check_peer(NULL, scene.session, &peer, NULL,
	                                     TLS_NOW, &verdict, &result,
	                                     &error), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_peer(store, NULL, &peer, NULL, TLS_NOW,
	                                     &verdict, &result, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, NULL, NULL,
	                                     TLS_NOW, &verdict, &result,
	                                     &error), PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_check_peer(store, scene.session, &peer, NULL,
	                                     TLS_NOW, NULL, &result, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	close_scene(&scene);
	pinstore_close(store);
	tempdir_remove(&dir);
}
END_TEST

static void
teardown(void)
{
	memset(&fault, 0, sizeof(fault));
}

int
main(void)
{
	Suite *suite = suite_create("others");
	TCase *tcase = tcase_create("others");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, tls_freeze, teardown);
	tcase_set_timeout(tcase, 60);
	suite_add_rows(tcase, paths, COUNT(cases), 7);
	tcase_add_test(tcase, every_path_has_the_name);
	suite_add_rows(tcase, bounded, COUNT(bounds), 7);
	tcase_add_test(tcase, maze);
	tcase_add_test(tcase, too_long);
	suite_add_rows(tcase, doubts, COUNT(faults), 4);
	tcase_add_loop_test(tcase, costly_keys, 0, COUNT(costs));
	tcase_add_test(tcase, error_is_no_success);
	tcase_add_test(tcase, nothing_settled);
	tcase_add_test(tcase, unknown_key_is_no_loop);
	suite_add_rows(tcase, layers, COUNT(entries), 5);
	tcase_add_loop_test(tcase, stapled, 0, COUNT(answers));
	tcase_add_test(tcase, errors_refuse);
	return suite_run(suite);
}
