/*
 * test_path.c - the validated path of a session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Beside our function stand clients that are wrong in ways that real ones
 * were: each attack must separate them from it, or it proves nothing.
 */
#include <config.h>

#include "tls/chain.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <gnutls/x509.h>

#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/support/tlspair.h"
#include "tls/spki.h"

#define NAMES_MAX 20

static struct pinstore_pin
pin_of(const char *name)
{
	struct pinstore_pin pin;
	struct data data;
	char file[128];

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	ck_assert_int_eq(ps_spki_pin(PS_SPKI_CERTIFICATE, data.at, data.len,
	                             &pin), PINSTORE_OK);
	free(data.at);
	return pin;
}

/* A session that no verification has touched, up to the end of handshake. */
static gnutls_session_t
connect_to(struct tls_server *server, const char *priority,
           gnutls_certificate_credentials_t trust)
{
	gnutls_session_t session;
	int ret;

	session = tls_client(tls_server_start(server), priority, trust);
	do
		ret = gnutls_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	ck_assert_int_eq(ret, 0);
	ck_assert(tls_greeting(session));
	return session;
}

static void
expect_certificate(const struct pinstore_chain *chain, size_t i,
                   const char *name)
{
	const uint8_t *der;
	struct data data;
	char file[128];
	size_t len;

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	der = pinstore_chain_certificate(chain, i, &len);
	ck_assert_ptr_nonnull(der);
	ck_assert_msg(len == data.len && memcmp(der, data.at, len) == 0,
	              "member %zu is not %s", i, name);
	free(data.at);
}

/* ---------------------------------------------------------------- paths */

#define AB "rootA", "rootB"

static const struct {
	const char *what;
	const char *host;
	const char *key;
	const char *served[NAMES_MAX];
	const char *trust[NAMES_MAX];
	const char *path[NAMES_MAX]; /* none: refused */
	const char *words;           /* of the refusal */
} cases[] = {
        {"T-005: the anchor that was not sent is on the path", "pin.test",
         "good", {"good", "intA"}, {AB}, {"good", "intA", "rootA"}, NULL},
        {"the anchor that was sent is there once", "pin.test", "good",
         {"good", "intA", "rootA"}, {AB}, {"good", "intA", "rootA"}, NULL},
        {"the other authority", "pin.test", "mitm", {"mitm", "intB"}, {AB},
         {"mitm", "intB", "rootB"}, NULL},
        {"an order that TLS 1.2 forbids and everybody takes", "pin.test",
         "good", {"good", "rootA", "intA"}, {AB}, {"good", "intA", "rootA"},
         NULL},
        /* R-2.6-6: what is served beside the path is not on it. */
        {"T-001: root behind the path", "pin.test", "mitm",
         {"mitm", "intB", "rootA"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-002: root in the middle", "pin.test", "mitm",
         {"mitm", "rootA", "intB"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-002: root behind the root", "pin.test", "mitm",
         {"mitm", "intB", "rootB", "rootA"}, {AB},
         {"mitm", "intB", "rootB"}, NULL},
        {"T-003: intermediate behind the path", "pin.test", "mitm",
         {"mitm", "intB", "intA"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-003: intermediate in the middle", "pin.test", "mitm",
         {"mitm", "intA", "intB"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-003: intermediate behind the root", "pin.test", "mitm",
         {"mitm", "intB", "rootB", "intA"}, {AB},
         {"mitm", "intB", "rootB"}, NULL},
        {"T-003: leaf behind the path", "pin.test", "mitm",
         {"mitm", "intB", "good"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-003: leaf in the middle", "pin.test", "mitm",
         {"mitm", "good", "intB"}, {AB}, {"mitm", "intB", "rootB"}, NULL},
        {"T-003: leaf behind the root", "pin.test", "mitm",
         {"mitm", "intB", "rootB", "good"}, {AB},
         {"mitm", "intB", "rootB"}, NULL},
        {"T-003: the whole of the pinned path", "pin.test", "mitm",
         {"mitm", "good", "intA", "rootA", "intB"}, {AB},
         {"mitm", "intB", "rootB"}, NULL},
        {"T-004: untrusted, with strays", "pin.test", "untrusted",
         {"untrusted", "intX", "rootX", "good", "intA", "rootA"}, {AB},
         {NULL}, "issuer is unknown"},
        {"T-015: the second root is not trusted", "pin.test", "mitm",
         {"mitm", "intB"}, {"rootA"}, {NULL}, "issuer is unknown"},
        /* Cross-signing: the path that GnuTLS built, no other. */
        {"T-006: the other issuer of the same intermediate", "pin.test",
         "good", {"good", "intA-by-rootB"}, {AB},
         {"good", "intA-by-rootB", "rootB"}, NULL},
        {"T-008: both, the first one is used", "pin.test", "good",
         {"good", "intA", "intA-by-rootB"}, {AB},
         {"good", "intA", "rootA"}, NULL},
        {"T-008: both, the other way round", "pin.test", "good",
         {"good", "intA-by-rootB", "intA"}, {AB},
         {"good", "intA-by-rootB", "rootB"}, NULL},
        /* Anchors that are not roots. */
        {"a trusted intermediate ends the path", "pin.test", "good",
         {"good", "intA"}, {"intA"}, {"good", "intA"}, NULL},
        /* GnuTLS looks first for the issuer of the last one served. */
        {"of two anchors the farther one ends it", "pin.test", "good",
         {"good", "intA"}, {"rootA", "intA"}, {"good", "intA", "rootA"},
         NULL},
        {"an intermediate that has the anchor's name and key", "pin.test",
         "good", {"good", "intA"}, {"intA-renewed"},
         {"good", "intA-renewed"}, NULL},
        {"and is served with what lies above it", "pin.test", "good",
         {"good", "intA", "rootA"}, {"intA-renewed"},
         {"good", "intA-renewed"}, NULL},
        {"a root that was renewed", "pin.test", "good",
         {"good", "intA", "rootA"}, {"rootA-renewed"},
         {"good", "intA", "rootA-renewed"}, NULL},
        {"R-2.8-1: a trusted leaf is a path of one", "pin.test",
         "selfsigned", {"selfsigned"}, {"selfsigned"}, {"selfsigned"}, NULL},
        {"R-2.8-1: with strays", "pin.test", "selfsigned",
         {"selfsigned", "intA", "rootA"}, {"selfsigned", AB},
         {"selfsigned"}, NULL},
        {"R-2.8-1: not trusted", "pin.test", "selfsigned", {"selfsigned"},
         {AB}, {NULL}, "issuer is unknown"},
        {"a trusted leaf that comes without its issuer", "pin.test", "good",
         {"good"}, {"good", "rootB"}, {"good"}, NULL},
        {"a trusted leaf is one to GnuTLS only without its issuer",
         "pin.test", "good", {"good", "intA"}, {"good", "rootB"}, {NULL},
         "issuer is unknown"},
        {"a trusted leaf whose root is trusted too", "pin.test", "good",
         {"good", "intA"}, {"good", AB}, {"good", "intA", "rootA"}, NULL},
        {"a trusted leaf must be valid for the host", "pin.test",
         "wrong-host", {"wrong-host"}, {"wrong-host"}, {NULL},
         "name in the certificate does not match"},
        {"a trusted leaf must be valid for the purpose", "pin.test", "mail",
         {"mail", "intA"}, {"mail"}, {NULL}, "purpose"},
        /* Not valid, whatever is pinned. */
        {"T-020: the name", "pin.test", "wrong-host",
         {"wrong-host", "intA"}, {AB}, {NULL},
         "name in the certificate does not match"},
        {"the name, asked for rightly", "other.test", "wrong-host",
         {"wrong-host", "intA"}, {AB}, {"wrong-host", "intA", "rootA"},
         NULL},
        {"expired", "pin.test", "expired", {"expired", "intA"}, {AB}, {NULL},
         "expired"},
        {"design 3.1: for mail only", "pin.test", "mail", {"mail", "intA"},
         {AB}, {NULL}, "purpose"},
        {"for any purpose", "pin.test", "any-purpose",
         {"any-purpose", "intA"}, {AB}, {"any-purpose", "intA", "rootA"},
         NULL},
        {"T-022: a server's certificate as authority", "pin.test", "by-leaf",
         {"by-leaf", "good", "intA"}, {AB}, {NULL}, "NOT trusted"},
        {"the pinned key, by an unknown authority", "pin.test", "good",
         {"samekey-by-intX", "intX"}, {AB}, {NULL}, "issuer is unknown"},
        {"R-2.4-5: renewed with the same key", "pin.test", "good",
         {"good-renewed", "intA"}, {AB}, {"good-renewed", "intA", "rootA"},
         NULL},
        {"nothing is trusted", "pin.test", "good", {"good", "intA"}, {NULL},
         {NULL}, "NOT trusted"},
        /* T-009: a loop ends, with and without an anchor in it. */
        {"T-009: a loop without an anchor", "pin.test", "cycle-leaf",
         {"cycle-leaf", "cycle1", "cycle2", "cycle1", "cycle2"}, {AB},
         {NULL}, "NOT trusted"},
        {"T-009: a loop through an anchor", "pin.test", "cycle-leaf",
         {"cycle-leaf", "cycle1", "cycle2", "cycle1"}, {"cycle1", AB},
         {"cycle-leaf", "cycle1"}, NULL},
        {"T-009: a loop through the farther anchor", "pin.test",
         "cycle-leaf", {"cycle-leaf", "cycle1", "cycle2", "cycle1"},
         {"cycle2"}, {"cycle-leaf", "cycle1", "cycle2"}, NULL},
        /* Addresses are matched with the certificate's addresses. */
        {"IPv4", "127.0.0.1", "address", {"address", "intA"}, {AB},
         {"address", "intA", "rootA"}, NULL},
        {"IPv4 as resolvers take it", "127.1", "address",
         {"address", "intA"}, {AB}, {"address", "intA", "rootA"}, NULL},
        {"IPv4 in hexadecimal", "0x7f.1", "address", {"address", "intA"},
         {AB}, {"address", "intA", "rootA"}, NULL},
        {"IPv6", "::1", "address", {"address", "intA"}, {AB},
         {"address", "intA", "rootA"}, NULL},
        {"IPv6 in brackets", "[::1]", "address", {"address", "intA"}, {AB},
         {"address", "intA", "rootA"}, NULL},
        {"IPv6 with a zone", "[::1%lo]", "address", {"address", "intA"},
         {AB}, {"address", "intA", "rootA"}, NULL},
        {"another address", "127.0.0.2", "address", {"address", "intA"},
         {AB}, {NULL}, "name in the certificate does not match"},
        {"another IPv6 address", "::2", "address", {"address", "intA"}, {AB},
         {NULL}, "name in the certificate does not match"},
        {"A-26: an address in a name's place", "127.0.0.1",
         "address-as-name", {"address-as-name", "intA"}, {AB}, {NULL},
         "name in the certificate does not match"},
        {"a name's certificate for an address", "127.0.0.1", "good",
         {"good", "intA"}, {AB}, {NULL},
         "name in the certificate does not match"},
        {"an address's certificate for a name", "pin.test", "address",
         {"address", "intA"}, {AB}, {NULL},
         "name in the certificate does not match"},
};

static bool
is_address(const char *host)
{
	return strchr(host, ':') != NULL ||
	       strspn(host + strlen(host) - 1, "0123456789") == 1;
}

static size_t
count_names(const char *const *names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

static void
check_case(const char *priority, int row)
{
	gnutls_certificate_credentials_t trust = tls_trust(cases[row].trust);
	struct pinstore_chain *chain = (void *)&chain;
	struct pinstore_error error;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;
	size_t n, i;

	tls_server_init(&server, cases[row].served, cases[row].key);
	session = connect_to(&server, priority, trust);
	memset(&error, 0, sizeof(error));
	status = ps_chain_from_session(session, cases[row].host,
	                               is_address(cases[row].host), &chain,
	                               &error);
	n = count_names(cases[row].path);
	if (n == 0) {
		ck_assert_msg(status == PINSTORE_ERR_CHAIN, "%s: accepted",
		              cases[row].what);
		ck_assert_ptr_null(chain);
		ck_assert_int_eq(error.status, PINSTORE_ERR_CHAIN);
		ck_assert_int_eq(error.lib_error, 0);
		ck_assert_msg(strstr(error.text, cases[row].words) != NULL,
		              "%s: %s", cases[row].what, error.text);
		ck_assert_ptr_null(strchr(error.text, '\n'));
	} else {
		ck_assert_msg(status == PINSTORE_OK, "%s: %s",
		              cases[row].what, error.text);
		ck_assert_msg(pinstore_chain_length(chain) == n,
		              "%s: %zu members", cases[row].what,
		              pinstore_chain_length(chain));
		for (i = 0; i < n; i++)
			expect_certificate(chain, i, cases[row].path[i]);
		ck_assert_uint_eq(pinstore_chain_served_length(chain),
		                  count_names(cases[row].served));
	}
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}

/* R-2.6-5, R-2.6-6. */
START_TEST(path_tls13)
{
	check_case(TLS13, _i);
}
END_TEST

START_TEST(path_tls12)
{
	check_case(TLS12, _i);
}
END_TEST

/* T-001: in front of all, the pinned leaf must come with its own key. */
START_TEST(stray_in_front)
{
	static const char *const fronts[] = {"good", "intA", "rootA"};
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	tls_server_init(&server, TLS_NAMES(fronts[_i], "mitm", "intB"), "mitm");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	do
		ret = gnutls_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	ck_assert_int_lt(ret, 0);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* ----------------------------------------------- what GnuTLS might report */

#define LINKS_SHOWN 20

struct link {
	const char *cert;
	const char *issuer; /* NULL: none */
	unsigned status;
	bool is_crl; /* about a revocation list */
};

struct script {
	const char *what;
	struct link links[LINKS_SHOWN];
	int ret;
	unsigned status;
	bool is_silent; /* says nothing about the status */
	const char *path[NAMES_MAX];
};

/* Linked in place of GnuTLS's: see tls.inc. */
static const struct script *script;
static int repetitions;
static gnutls_verify_output_function *output_function, *late_function;

void __real_gnutls_session_set_verify_output_function(
        gnutls_session_t session, gnutls_verify_output_function *function);
void __wrap_gnutls_session_set_verify_output_function(
        gnutls_session_t session, gnutls_verify_output_function *function);
int __real_gnutls_certificate_verify_peers(gnutls_session_t session,
                                           gnutls_typed_vdata_st *data,
                                           unsigned elements,
                                           unsigned *status);
int __wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                           gnutls_typed_vdata_st *data,
                                           unsigned elements,
                                           unsigned *status);

void
__wrap_gnutls_session_set_verify_output_function(
        gnutls_session_t session, gnutls_verify_output_function *function)
{
	output_function = function;
	__real_gnutls_session_set_verify_output_function(session, function);
}

static gnutls_x509_crt_t
load(const char *name)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;
	struct data data;
	char file[128];

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	der.data = data.at;
	der.size = (unsigned)data.len;
	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &der,
	                                        GNUTLS_X509_FMT_DER), 0);
	free(data.at);
	return crt;
}

static void
report(const struct link *link)
{
	gnutls_x509_crt_t cert = load(link->cert), issuer = NULL;
	gnutls_x509_crl_t crl = NULL;

	if (link->issuer != NULL)
		issuer = load(link->issuer);
	if (link->is_crl)
		ck_assert_int_eq(gnutls_x509_crl_init(&crl), 0);
	ck_assert(output_function != NULL);
	output_function(cert, issuer, crl, link->status);
	gnutls_x509_crl_deinit(crl);
	gnutls_x509_crt_deinit(issuer);
	gnutls_x509_crt_deinit(cert);
}

int
__wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                       gnutls_typed_vdata_st *data,
                                       unsigned elements, unsigned *status)
{
	int round, i;

	if (script == NULL)
		return __real_gnutls_certificate_verify_peers(
		        session, data, elements, status);
	late_function = output_function;
	/* What is no certificate is no link. */
	ck_assert_int_eq(output_function(NULL, NULL, NULL, 0), 0);
	for (round = 0; round < repetitions; round++)
		for (i = 0; i < LINKS_SHOWN && script->links[i].cert != NULL;
		     i++)
			report(&script->links[i]);
	if (!script->is_silent)
		*status = script->status;
	return script->ret;
}

/* R-2.6-6; the leaf that was served is always "good". */
static const struct script scripts[] = {
        {"as it is", {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 0,
         false, {"good", "intA", "rootA"}},
        {"the run failed by its code",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}},
         GNUTLS_E_INTERNAL_ERROR, 0, false, {NULL}},
        {"the run has no certificate",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}},
         GNUTLS_E_NO_CERTIFICATE_FOUND, 0, false, {NULL}},
        {"the run has a positive code",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 1, 0, false,
         {NULL}},
        {"the run failed by its status",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0,
         GNUTLS_CERT_UNEXPECTED_OWNER, false, {NULL}},
        {"an unknown bit of the status",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 1u << 31,
         false, {NULL}},
        {"the status is not set",
         {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, true,
         {NULL}},
        {"a link of another status is none",
         {{"intA", "rootA", 2, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA"}},
        {"also the leaf's", {{"intA", "rootA", 0, 0}, {"good", "intA", 2, 0}},
         0, 0, false, {"good"}},
        {"an attempt that failed before it, at the leaf",
         {{"intB", "rootB", 0, 0}, {"good", "intB", 0x82, 0},
          {"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA", "rootA"}},
        {"at the intermediate",
         {{"intA", "rootB", 0x82, 0}, {"intA", "rootA", 0, 0},
          {"good", "intA", 0, 0}}, 0, 0, false, {"good", "intA", "rootA"}},
        {"the latest link counts",
         {{"intB", "rootB", 0, 0}, {"good", "intB", 0, 0},
          {"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA", "rootA"}},
        {"for each certificate",
         {{"intA", "rootB", 0, 0}, {"intA", "rootA", 0, 0},
          {"good", "intA", 0, 0}}, 0, 0, false, {"good", "intA", "rootA"}},
        {"links are no set: strays lead nowhere",
         {{"intB", "rootB", 0, 0}, {"rootA", "rootA", 0, 0},
          {"mitm", "intB", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA"}},
        {"an issuer's link comes earlier",
         {{"good", "intA", 0, 0}, {"intA", "rootA", 0, 0}}, 0, 0, false,
         {"good", "intA"}},
        {"no link at all", {{NULL, NULL, 0, 0}}, 0, 0, false, {"good"}},
        {"none of the leaf", {{"intA", "rootA", 0, 0}}, 0, 0, false,
         {"good"}},
        {"no issuer", {{"intA", "rootA", 0, 0}, {"good", NULL, 0, 0}}, 0, 0,
         false, {"good"}},
        {"a link to itself ends it",
         {{"rootA", "rootB", 0, 0}, {"rootA", "rootA", 0, 0},
          {"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA", "rootA"}},
        {"each certificate once",
         {{"rootA", "good", 0, 0}, {"intA", "rootA", 0, 0},
          {"good", "intA", 0, 0}}, 0, 0, false, {"good", "intA", "rootA"}},
        {"T-009: a loop",
         {{"intA", "good", 0, 0}, {"good", "intA", 0, 0},
          {"intA", "good", 0, 0}, {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA"}},
        {"a revocation list is no link",
         {{"intA", "rootB", 0, 1}, {"good", "intA", 0, 1}}, 0, 0, false,
         {"good"}},
        {"and covers none",
         {{"intA", "rootA", 0, 0}, {"intA", "rootB", 0, 1},
          {"good", "intA", 0, 0}, {"good", "intB", 0, 1}}, 0, 0, false,
         {"good", "intA", "rootA"}},
        {"keys of other lengths are no loop",
         {{"rootB", "ointer-large", 0, 0}, {"intA", "rootB", 0, 0},
          {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA", "rootB", "ointer-large"}},
        {"nor is a key without a pin, below",
         {{"rootB", "rootA", 0, 0}, {"../spki/dsa", "rootB", 0, 0},
          {"good", "../spki/dsa", 0, 0}}, 0, 0, false,
         {"good", "../spki/dsa", "rootB", "rootA"}},
        {"or above",
         {{"rootB", "../spki/dsa", 0, 0}, {"intA", "rootB", 0, 0},
          {"good", "intA", 0, 0}}, 0, 0, false,
         {"good", "intA", "rootB", "../spki/dsa"}},
        {"16 certificates",
         {{"long14", "long-root", 0, 0}, {"long13", "long14", 0, 0},
          {"long12", "long13", 0, 0}, {"long11", "long12", 0, 0},
          {"long10", "long11", 0, 0}, {"long9", "long10", 0, 0},
          {"long8", "long9", 0, 0}, {"long7", "long8", 0, 0},
          {"long6", "long7", 0, 0}, {"long5", "long6", 0, 0},
          {"long4", "long5", 0, 0}, {"long3", "long4", 0, 0},
          {"long2", "long3", 0, 0}, {"long1", "long2", 0, 0},
          {"good", "long1", 0, 0}}, 0, 0, false,
         {"good", "long1", "long2", "long3", "long4", "long5", "long6",
          "long7", "long8", "long9", "long10", "long11", "long12", "long13",
          "long14", "long-root"}},
        {"17 certificates",
         {{"long15", "long-root", 0, 0}, {"long14", "long15", 0, 0},
          {"long13", "long14", 0, 0}, {"long12", "long13", 0, 0},
          {"long11", "long12", 0, 0}, {"long10", "long11", 0, 0},
          {"long9", "long10", 0, 0}, {"long8", "long9", 0, 0},
          {"long7", "long8", 0, 0}, {"long6", "long7", 0, 0},
          {"long5", "long6", 0, 0}, {"long4", "long5", 0, 0},
          {"long3", "long4", 0, 0}, {"long2", "long3", 0, 0},
          {"long1", "long2", 0, 0}, {"good", "long1", 0, 0}}, 0, 0, false,
         {NULL}},
};

/* The export that fails, counted from 1; 0: none does. */
static int bad_export;
static int bad_code;

int __real_gnutls_x509_crt_export2(gnutls_x509_crt_t cert,
                                   gnutls_x509_crt_fmt_t format,
                                   gnutls_datum_t *out);
int __wrap_gnutls_x509_crt_export2(gnutls_x509_crt_t cert,
                                   gnutls_x509_crt_fmt_t format,
                                   gnutls_datum_t *out);

int
__wrap_gnutls_x509_crt_export2(gnutls_x509_crt_t cert,
                               gnutls_x509_crt_fmt_t format,
                               gnutls_datum_t *out)
{
	if (bad_export > 0 && --bad_export == 0)
		return bad_code;
	return __real_gnutls_x509_crt_export2(cert, format, out);
}

static void
run_script(const struct script *run, int rounds)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain;
	struct pinstore_error error;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;
	size_t n, i;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, TLS13, trust);
	script = run;
	repetitions = rounds;
	status = ps_chain_from_session(session, "pin.test", false, &chain,
	                               &error);
	script = NULL;
	/* It is unset whatever happened. */
	ck_assert(output_function == NULL);
	n = count_names(run->path);
	if (n == 0) {
		ck_assert_msg(status == PINSTORE_ERR_CHAIN, "%s", run->what);
		ck_assert_int_eq(error.lib_error, run->ret);
		ck_assert_ptr_null(chain);
	} else {
		ck_assert_msg(status == PINSTORE_OK, "%s", run->what);
		ck_assert_msg(pinstore_chain_length(chain) == n,
		              "%s: %zu members", run->what,
		              pinstore_chain_length(chain));
		for (i = 0; i < n; i++)
			expect_certificate(chain, i, run->path[i]);
	}
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}

START_TEST(scripted)
{
	run_script(&scripts[_i], 1);
}
END_TEST

/* A link that cannot be kept is no link left out: the whole is refused. */
static const struct {
	int code;
	enum pinstore_status status;
} bad_codes[] = {
        {GNUTLS_E_MEMORY_ERROR, PINSTORE_ERR_NOMEM},
        {GNUTLS_E_INTERNAL_ERROR, PINSTORE_ERR_INTERNAL},
};

START_TEST(unkept_links)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain;
	struct pinstore_error error;
	struct tls_server server;
	gnutls_session_t session;
	int n;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, TLS13, trust);
	for (n = 1; n <= 5; n++) {
		bad_export = n;
		bad_code = bad_codes[_i].code;
		/* Two links have four certificates. */
		ck_assert_int_eq(ps_chain_from_session(session, "pin.test",
		                                       false, &chain, &error),
		                 n == 5 ? PINSTORE_OK : bad_codes[_i].status);
		ck_assert((chain != NULL) == (n == 5));
		pinstore_chain_free(chain);
	}
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* What else GnuTLS might say, and does not. */
static struct {
	bool has_no_peers;
	bool is_raw_key;
	int words; /* 1: it has none; 2: it fails */
} odd;

const gnutls_datum_t *__real_gnutls_certificate_get_peers(
        gnutls_session_t session, unsigned *n);
const gnutls_datum_t *__wrap_gnutls_certificate_get_peers(
        gnutls_session_t session, unsigned *n);
gnutls_certificate_type_t __real_gnutls_certificate_type_get2(
        gnutls_session_t session, gnutls_ctype_target_t target);
gnutls_certificate_type_t __wrap_gnutls_certificate_type_get2(
        gnutls_session_t session, gnutls_ctype_target_t target);
int __real_gnutls_certificate_verification_status_print(
        unsigned status, gnutls_certificate_type_t type, gnutls_datum_t *out,
        unsigned flags);
int __wrap_gnutls_certificate_verification_status_print(
        unsigned status, gnutls_certificate_type_t type, gnutls_datum_t *out,
        unsigned flags);

const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n)
{
	const gnutls_datum_t *peers =
	        __real_gnutls_certificate_get_peers(session, n);

	if (odd.has_no_peers)
		*n = 0;
	return peers;
}

gnutls_certificate_type_t
__wrap_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target)
{
	if (odd.is_raw_key)
		return GNUTLS_CRT_RAWPK;
	return __real_gnutls_certificate_type_get2(session, target);
}

int
__wrap_gnutls_certificate_verification_status_print(
        unsigned status, gnutls_certificate_type_t type, gnutls_datum_t *out,
        unsigned flags)
{
	int ret;

	if (odd.words == 2)
		return GNUTLS_E_INTERNAL_ERROR;
	ret = __real_gnutls_certificate_verification_status_print(
	        status, type, out, flags);
	if (odd.words == 1)
		memset(out->data, ' ', out->size);
	return ret;
}

static const struct script no_memory = {
        "no memory", {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}},
        GNUTLS_E_MEMORY_ERROR, 0, false, {NULL}};
static const struct script refused = {
        "refused", {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}},
        0, GNUTLS_CERT_INVALID, false, {NULL}};
static const struct script accepted = {
        "accepted", {{"intA", "rootA", 0, 0}, {"good", "intA", 0, 0}},
        0, 0, false, {"good", "intA", "rootA"}};

static const struct {
	const struct script *script;
	bool has_no_peers;
	bool is_raw_key;
	int words;
	enum pinstore_status status;
	const char *text;
} oddities[] = {
        {&no_memory, false, false, 0, PINSTORE_ERR_NOMEM, "out of memory"},
        {&refused, false, false, 0, PINSTORE_ERR_CHAIN, "NOT trusted."},
        {&refused, false, false, 1, PINSTORE_ERR_CHAIN,
         "certificate of pin.test: "},
        {&refused, false, false, 2, PINSTORE_ERR_CHAIN,
         "verification status 0x2"},
        {&accepted, true, false, 0, PINSTORE_ERR_CHAIN, "no certificate"},
        {&accepted, false, true, 0, PINSTORE_ERR_CHAIN, "no certificate"},
};

/* None of it is a path. */
START_TEST(gnutls_is_odd)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain = (void *)&chain;
	struct pinstore_error error;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, TLS13, trust);
	script = oddities[_i].script;
	repetitions = 1;
	odd.has_no_peers = oddities[_i].has_no_peers;
	odd.is_raw_key = oddities[_i].is_raw_key;
	odd.words = oddities[_i].words;
	status = ps_chain_from_session(session, "pin.test", false, &chain,
	                               &error);
	memset(&odd, 0, sizeof(odd));
	ck_assert_int_eq(status, oddities[_i].status);
	ck_assert_ptr_null(chain);
	ck_assert_msg(strstr(error.text, oddities[_i].text) != NULL, "%s",
	              error.text);
	/* The same session gives its path when nothing is odd. */
	script = &accepted;
	ck_assert_int_eq(ps_chain_from_session(session, "pin.test", false,
	                                       &chain, &error), PINSTORE_OK);
	script = NULL;
	ck_assert_uint_eq(pinstore_chain_length(chain), 3);
	/* A link that is told when nobody verifies is nobody's. */
	output_function = late_function;
	report(&accepted.links[0]);
	output_function = NULL;
	ck_assert_uint_eq(pinstore_chain_length(chain), 3);
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* A flood of links is refused rather than kept. */
START_TEST(flood)
{
	struct script many = scripts[0];

	run_script(&many, 128);
	memset(many.path, 0, sizeof(many.path));
	run_script(&many, 129);
}
END_TEST

/* ---------------------------------------------------------------- lengths */

static const struct {
	int length; /* of the path, its root included */
	bool is_valid;
} lengths[] = {
        {15, true},
        {16, true},
        {17, false}, /* GnuTLS may take it, we do not */
        {18, false},
};

START_TEST(long_paths)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("long-root"));
	const char *served[NAMES_MAX] = {NULL};
	char names[NAMES_MAX][16];
	struct pinstore_chain *chain;
	struct pinstore_error error;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;
	int n;

	snprintf(names[0], sizeof(names[0]), "long-leaf%d",
	         lengths[_i].length);
	served[0] = names[0];
	for (n = 1; n <= lengths[_i].length - 2; n++) {
		snprintf(names[n], sizeof(names[n]), "long%d",
		         lengths[_i].length - 1 - n);
		served[n] = names[n];
	}
	tls_server_init(&server, served, names[0]);
	session = connect_to(&server, TLS13, trust);
	status = ps_chain_from_session(session, "pin.test", false, &chain,
	                               &error);
	if (lengths[_i].is_valid) {
		ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
		ck_assert_uint_eq(pinstore_chain_length(chain),
		                  (size_t)lengths[_i].length);
		expect_certificate(chain, (size_t)lengths[_i].length - 1,
		                   "long-root");
	} else {
		ck_assert_int_eq(status, PINSTORE_ERR_CHAIN);
		ck_assert_ptr_null(chain);
	}
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* ------------------------------------------------- sessions without one */

static const char *const without[] = {TLS_ANONYMOUS, TLS_PSK12, TLS_PSK13};

/* T-016: no list is not an empty list. */
START_TEST(no_certificate)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain = (void *)&chain;
	struct pinstore_error error;
	struct tls_server server;
	gnutls_session_t session;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, without[_i], trust);
	ck_assert_int_eq(ps_chain_from_session(session, "pin.test", false,
	                                       &chain, &error),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_ptr_null(chain);
	ck_assert_ptr_nonnull(strstr(error.text, "no certificate"));
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

START_TEST(before_the_handshake)
{
	gnutls_certificate_credentials_t trust = tls_trust(TLS_NAMES("rootA"));
	gnutls_session_t session = tls_client(-1, TLS13, trust);
	struct pinstore_chain *chain;
	struct pinstore_error error;

	ck_assert_int_eq(ps_chain_from_session(session, "pin.test", false,
	                                       &chain, &error),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_ptr_nonnull(strstr(error.text, "no certificate"));
	/* error may be NULL. */
	ck_assert_int_eq(ps_chain_from_session(session, "pin.test", false,
	                                       &chain, NULL),
	                 PINSTORE_ERR_CHAIN);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

static const char *const bad_addresses[] = {
        "256.0.0.1", "1.2.3.4.5", "[v1.x]", "::1::2", "[::1",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
        "4294967296", "127.0.0.x",
};

START_TEST(address_of_no_certificate)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain;
	struct pinstore_error error;
	struct tls_server server;
	gnutls_session_t session;
	enum pinstore_status status;

	tls_server_init(&server, TLS_NAMES("address", "intA"), "address");
	session = connect_to(&server, TLS13, trust);
	status = ps_chain_from_session(session, bad_addresses[_i], true,
	                               &chain, &error);
	/* The bracket that is not closed is the parser's business. */
	if (strcmp(bad_addresses[_i], "[::1") != 0)
		ck_assert_int_eq(status, PINSTORE_ERR_HOST);
	ck_assert((chain == NULL) == (status != PINSTORE_OK));
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* The output function is told the certificate's own octets. */
START_TEST(export_keeps_octets)
{
	static const char *const files[] = {
	        "rsa-without-null.crt.der", "rsa-wide-modulus.crt.der",
	        "p256-explicit.crt.der", "v1.crt.der", "unique-ids.crt.der"};
	gnutls_datum_t der, out;
	gnutls_x509_crt_t crt;
	struct data data;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		data = data_read("spki", files[i]);
		der.data = data.at;
		der.size = (unsigned)data.len;
		ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
		ck_assert_int_eq(gnutls_x509_crt_import(
		                         crt, &der, GNUTLS_X509_FMT_DER), 0);
		ck_assert_int_eq(gnutls_x509_crt_export2(
		                         crt, GNUTLS_X509_FMT_DER, &out), 0);
		ck_assert_uint_eq(out.size, der.size);
		ck_assert_mem_eq(out.data, der.data, der.size);
		gnutls_free(out.data);
		gnutls_x509_crt_deinit(crt);
		free(data.at);
	}
}
END_TEST

/* ------------------------------------------------------------ straw men */

enum outcome { ACCEPTED, REFUSED };

/* The pinned keys: rootA and intA, as in the table of attacks. */
static bool
is_pinned(const gnutls_datum_t *der)
{
	struct pinstore_pin pin, root = pin_of("rootA"),
	                         intermediate = pin_of("intA");

	if (ps_spki_pin(PS_SPKI_CERTIFICATE, der->data, der->size, &pin) !=
	    PINSTORE_OK)
		return false;
	return memcmp(&pin, &root, sizeof(pin)) == 0 ||
	       memcmp(&pin, &intermediate, sizeof(pin)) == 0;
}

static int
verify_for(gnutls_session_t session, unsigned *status)
{
	gnutls_typed_vdata_st data[2] = {
	        {GNUTLS_DT_DNS_HOSTNAME,
	         (unsigned char *)(uintptr_t)"pin.test", 0},
	        {GNUTLS_DT_KEY_PURPOSE_OID,
	         (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER, 0}};

	return gnutls_certificate_verify_peers(session, data, 2, status);
}

/* Verifies, then compares pins with the list that was served. */
static enum outcome
straw_peers(gnutls_session_t session)
{
	const gnutls_datum_t *peers;
	unsigned status = 1, n = 0, i;

	if (verify_for(session, &status) != 0 || status != 0)
		return REFUSED;
	peers = gnutls_certificate_get_peers(session, &n);
	for (i = 0; i < n; i++)
		if (is_pinned(&peers[i]))
			return ACCEPTED;
	return REFUSED;
}

static bool straw_saw_pin;

static int
straw_output(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer,
             gnutls_x509_crl_t crl, unsigned output)
{
	gnutls_x509_crt_t both[2] = {cert, issuer};
	gnutls_datum_t der;
	int i;

	(void)crl;
	for (i = 0; i < 2 && output == 0; i++) {
		if (both[i] == NULL ||
		    gnutls_x509_crt_export2(both[i], GNUTLS_X509_FMT_DER,
		                            &der) != 0)
			continue;
		if (is_pinned(&der))
			straw_saw_pin = true;
		gnutls_free(der.data);
	}
	return 0;
}

/* Takes any link of status 0 that the output function reports. */
static enum outcome
straw_pairs(gnutls_session_t session)
{
	unsigned status = 1;

	straw_saw_pin = false;
	gnutls_session_set_verify_output_function(session, straw_output);
	(void)verify_for(session, &status);
	gnutls_session_set_verify_output_function(session, NULL);
	return straw_saw_pin ? ACCEPTED : REFUSED;
}

/* Looks at the status word alone. */
static enum outcome
straw_status(gnutls_session_t session)
{
	unsigned status = 1;

	return verify_for(session, &status) == 0 && status == 0 ? ACCEPTED :
	                                                          REFUSED;
}

static enum outcome
ours(gnutls_session_t session)
{
	enum outcome outcome = REFUSED;
	struct pinstore_chain *chain;
	struct pinstore_pin root = pin_of("rootA"), intermediate =
	                                                   pin_of("intA");
	const struct pinstore_pin *pin;
	size_t i;

	if (ps_chain_from_session(session, "pin.test", false, &chain, NULL) !=
	    PINSTORE_OK)
		return REFUSED;
	for (i = 0; i < pinstore_chain_length(chain); i++) {
		pin = pinstore_chain_pin(chain, i);
		if (memcmp(pin, &root, sizeof(root)) == 0 ||
		    memcmp(pin, &intermediate, sizeof(root)) == 0)
			outcome = ACCEPTED;
	}
	pinstore_chain_free(chain);
	return outcome;
}

/* attacks 0.4: who falls for what. */
static const struct {
	const char *what;
	const char *key;
	const char *served[NAMES_MAX];
	enum outcome peers, pairs, status, ours;
} attacks[] = {
        {"good", "good", {"good", "intA"}, ACCEPTED, ACCEPTED, ACCEPTED,
         ACCEPTED},
        {"mitm", "mitm", {"mitm", "intB"}, REFUSED, REFUSED, ACCEPTED,
         REFUSED},
        {"inject", "mitm", {"mitm", "intB", "rootA"}, ACCEPTED, REFUSED,
         ACCEPTED, REFUSED},
        {"inject2", "mitm", {"mitm", "intA", "intB"}, ACCEPTED, REFUSED,
         ACCEPTED, REFUSED},
        {"inject3", "mitm", {"mitm", "intB", "rootB", "intA"}, ACCEPTED,
         REFUSED, ACCEPTED, REFUSED},
        {"wrong host", "wrong-host", {"wrong-host", "intA"}, REFUSED,
         ACCEPTED, REFUSED, REFUSED},
        {"expired", "expired", {"expired", "intA"}, REFUSED, ACCEPTED,
         REFUSED, REFUSED},
        {"wrong purpose", "mail", {"mail", "intA"}, REFUSED, ACCEPTED,
         REFUSED, REFUSED},
};

START_TEST(attacks_have_teeth)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct tls_server server;
	gnutls_session_t session;

	tls_server_init(&server, attacks[_i].served, attacks[_i].key);
	session = connect_to(&server, TLS13, trust);
	ck_assert_int_eq(straw_peers(session), attacks[_i].peers);
	ck_assert_int_eq(straw_pairs(session), attacks[_i].pairs);
	ck_assert_int_eq(straw_status(session), attacks[_i].status);
	ck_assert_int_eq(ours(session), attacks[_i].ours);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* Each wrong client must be told from ours by one attack at least. */
START_TEST(every_straw_man_falls)
{
	int peers = 0, pairs = 0, status = 0, i;

	for (i = 0; i < COUNT(attacks); i++) {
		peers += attacks[i].peers != attacks[i].ours;
		pairs += attacks[i].pairs != attacks[i].ours;
		status += attacks[i].status != attacks[i].ours;
	}
	ck_assert_int_gt(peers, 0);
	ck_assert_int_gt(pairs, 0);
	ck_assert_int_gt(status, 0);
}
END_TEST

/* The path is the session's, also when verified again and again. */
START_TEST(verifies_again)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain;
	struct tls_server server;
	gnutls_session_t session;
	int i;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, TLS12, trust);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(ps_chain_from_session(session, "pin.test",
		                                       false, &chain, NULL),
		                 PINSTORE_OK);
		ck_assert_uint_eq(pinstore_chain_length(chain), 3);
		pinstore_chain_free(chain);
		ck_assert_int_eq(ps_chain_from_session(session, "no.test",
		                                       false, &chain, NULL),
		                 PINSTORE_ERR_CHAIN);
	}
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path");
	TCase *tcase = tcase_create("path"), *teeth = tcase_create("teeth");

	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, teeth);
	tcase_add_checked_fixture(tcase, tls_freeze, NULL);
	tcase_add_checked_fixture(teeth, tls_freeze, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_set_timeout(teeth, 60);
	suite_add_rows(tcase, path_tls13, COUNT(cases), 4);
	suite_add_rows(tcase, path_tls12, COUNT(cases), 7);
	tcase_add_loop_test(tcase, stray_in_front, 0, 3);
	tcase_add_loop_test(tcase, scripted, 0, COUNT(scripts));
	tcase_add_loop_test(tcase, unkept_links, 0, COUNT(bad_codes));
	tcase_add_loop_test(tcase, gnutls_is_odd, 0, COUNT(oddities));
	tcase_add_test(tcase, flood);
	tcase_add_loop_test(tcase, long_paths, 0, COUNT(lengths));
	tcase_add_loop_test(tcase, no_certificate, 0, COUNT(without));
	tcase_add_test(tcase, before_the_handshake);
	tcase_add_loop_test(tcase, address_of_no_certificate, 0,
	                    COUNT(bad_addresses));
	tcase_add_test(tcase, export_keeps_octets);
	tcase_add_test(tcase, verifies_again);
	/* What judges the attacks has nothing for memcheck. */
	if (!suite_is_under_memcheck()) {
		tcase_add_loop_test(teeth, attacks_have_teeth, 0,
		                    COUNT(attacks));
		tcase_add_test(teeth, every_straw_man_falls);
	}
	return suite_run(suite);
}
