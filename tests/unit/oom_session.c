/*
 * oom_session.c - every allocation on the way to a verdict fails once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The library's allocations are linked to the functions here.  Each run makes
 * the next one fail, until a run has none left to fail: each run before it
 * must refuse.  GnuTLS's own are left alone: it dereferences NULL in some of
 * its (gnutls_x509_dn_init() in 3.7.9); test_path.c makes its calls fail.
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/support/data.h"
#include "tests/support/oom.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"
#include "tls/chain.h"

static struct data rsa, p256;

static void
setup(void)
{
	tls_freeze();
	rsa = data_read("spki", "rsa.crt.der");
	p256 = data_read("spki", "p256.crt.der");
}

static void
teardown(void)
{
	free(rsa.at);
	free(p256.at);
}

/* ------------------------------------------------------------------ chains */

/* No assertion while a failure is armed: libcheck allocates as well. */
static bool is_consistent;

static enum pinstore_status
make_copy(void)
{
	const uint8_t *const der[] = {rsa.at, p256.at};
	const size_t len[] = {rsa.len, p256.len};
	struct pinstore_chain *chain = NULL, *copy = NULL;
	enum pinstore_status status;

	status = pinstore_chain_from_validated_certificates(der, len, 2,
	                                                    &chain);
	is_consistent = (chain != NULL) == (status == PINSTORE_OK);
	if (status == PINSTORE_OK)
		status = pinstore_chain_set_served(chain, der, len, 2);
	if (status == PINSTORE_OK)
		status = ps_chain_copy(chain, &copy);
	is_consistent = is_consistent &&
	                (copy != NULL) == (status == PINSTORE_OK);
	pinstore_chain_free(copy);
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status
make_from_pins(void)
{
	struct pinstore_pin pins[3] = {{{1}}, {{2}}, {{3}}};
	struct pinstore_chain *chain;
	enum pinstore_status status;

	status = pinstore_chain_from_validated_pins(pins, 3, &chain);
	is_consistent = (chain != NULL) == (status == PINSTORE_OK);
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status (*const makers[])(void) = {make_copy,
                                                       make_from_pins};

START_TEST(chains)
{
	enum pinstore_status status;
	long n;

	for (n = 1; n < OOM_RUNS_MAX; n++) {
		oom_arm(n);
		status = makers[_i]();
		if (!oom_disarm())
			break;
		ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
		ck_assert(is_consistent);
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert(is_consistent);
	printf("chain %d: %ld allocations\n", _i, n - 1);
	ck_assert_int_gt(n, 3);
}
END_TEST

/* ------------------------------------------------------------------- paths */

static gnutls_session_t
connect_to(struct tls_server *server, gnutls_certificate_credentials_t trust)
{
	gnutls_session_t session;
	int ret;

	session = tls_client(tls_server_start(server), TLS13, trust);
	do
		ret = gnutls_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	ck_assert_int_eq(ret, 0);
	return session;
}

/* The path is whole or there is none. */
START_TEST(paths)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct pinstore_chain *chain;
	struct pinstore_error error;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;
	long n;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = connect_to(&server, trust);
	for (n = 1; n < OOM_RUNS_MAX; n++) {
		oom_arm(n);
		status = ps_chain_from_session(session, "pin.test", false,
		                               &chain, &error);
		if (!oom_disarm())
			break;
		ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
		ck_assert_int_eq(error.status, PINSTORE_ERR_NOMEM);
		ck_assert_ptr_null(chain);
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert_uint_eq(pinstore_chain_length(chain), 3);
	ck_assert_int_gt(n, 3);
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* ---------------------------------------------------------------- sessions */

static int64_t
tell_time(void *arg)
{
	(void)arg;
	return TLS_NOW;
}

static const char value[] =
        "max-age=100; includeSubDomains; "
        "pin-sha256=\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"";

/* Check as a caller does who has a callback of his own. */
static enum pinstore_status
check_only(gnutls_session_t session, enum pinstore_verdict *verdict,
           struct pinstore_result **result)
{
	return pinstore_session_check(session, verdict, result, NULL);
}

/* The whole: a second handshake's worth of checking, inside the first. */
static enum pinstore_status
shake_hands(gnutls_session_t session, enum pinstore_verdict *verdict,
            struct pinstore_result **result)
{
	enum pinstore_status status;
	int ret;

	do
		ret = pinstore_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	status = pinstore_session_last(session, verdict, result, NULL);
	/* A verdict that lets on, and a handshake that did not succeed. */
	if (ret != 0 && *verdict != PINSTORE_REJECT)
		is_consistent = false;
	if (ret == 0 && *verdict == PINSTORE_REJECT)
		is_consistent = false;
	return status;
}

/* What is ignored is judged as well. */
static enum pinstore_status
check_and_note(gnutls_session_t session, enum pinstore_verdict *verdict,
               struct pinstore_result **result)
{
	struct pinstore_field field = {PINSTORE_PKP, value, sizeof(value) - 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	enum pinstore_status status;

	status = pinstore_session_check(session, verdict, result, NULL);
	if (status == PINSTORE_OK)
		status = pinstore_session_note(session, &field, 1, &noted,
		                               NULL);
	if (noted.action != PINSTORE_IGNORED)
		is_consistent = false;
	return status;
}

static const struct {
	const char *what;
	enum pinstore_status (*run)(gnutls_session_t session,
	                            enum pinstore_verdict *verdict,
	                            struct pinstore_result **result);
	bool is_early; /* before the handshake */
	const char *host;
	const char *served[3];
	const char *key;
	enum pinstore_verdict verdict;
} ways[] = {
        {"check, not pinned", check_only, false, "other.test",
         {"wrong-host", "intA"}, "wrong-host", PINSTORE_UNPINNED},
        {"check, pinned", check_only, false, "pin.test", {"good", "intA"},
         "good", PINSTORE_MATCHED},
        {"check, impostor", check_only, false, "pin.test",
         {"mitm", "intB"}, "mitm", PINSTORE_REJECT},
        {"handshake, pinned", shake_hands, true, "pin.test",
         {"good", "intA"}, "good", PINSTORE_MATCHED},
        {"handshake, impostor", shake_hands, true, "pin.test",
         {"mitm", "intB"}, "mitm", PINSTORE_REJECT},
        {"check and note", check_and_note, false, "pin.test",
         {"good", "intA"}, "good", PINSTORE_MATCHED},
};

static struct pinstore *
open_pinned(struct tempdir *dir)
{
	struct data anchor = data_read("pki", "rootA.crt.der");
	struct pinstore_pin pin;
	struct pinstore_rule rule = {.size = sizeof(rule), .host = "pin.test",
	                             .pins = &pin, .n_pins = 1,
	                             .expires = PINSTORE_NEVER,
	                             .no_backup = 1};
	struct pinstore *store;

	tempdir_make(dir);
	ck_assert_int_eq(pinstore_open(dir->store, NULL, &store, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_pin_from_certificate(anchor.at, anchor.len,
	                                               &pin), PINSTORE_OK);
	ck_assert_int_eq(pinstore_pin(store, &rule, TLS_NOW, NULL),
	                 PINSTORE_OK);
	free(anchor.at);
	return store;
}

/* One run on a session of its own, so that the slot is made each time. */
static enum pinstore_status
run_way(int i, gnutls_session_t session, struct pinstore *store,
        enum pinstore_verdict *verdict)
{
	struct pinstore_peer peer = {sizeof(peer), ways[i].host, 443, 0};
	struct pinstore_result *result = NULL;
	enum pinstore_status status;

	*verdict = PINSTORE_REJECT;
	status = pinstore_session_attach(session, store, &peer, tell_time, NULL,
	                                 NULL);
	if (status == PINSTORE_OK)
		status = ways[i].run(session, verdict, &result);
	if ((result == NULL) != (*verdict == PINSTORE_REJECT) &&
	    status != PINSTORE_OK)
		is_consistent = false;
	pinstore_result_free(result);
	return status;
}

START_TEST(sessions)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	enum pinstore_status status = PINSTORE_ERR_INTERNAL;
	enum pinstore_verdict verdict = PINSTORE_REJECT;
	struct tls_server server;
	gnutls_session_t session;
	struct pinstore *store;
	struct tempdir dir;
	bool has_failed;
	long n;

	store = open_pinned(&dir);
	tls_server_init(&server, ways[_i].served, ways[_i].key);
	for (n = 1; n < OOM_RUNS_MAX; n++) {
		if (ways[_i].is_early)
			session = tls_client(tls_server_start(&server), TLS13,
			                     trust);
		else
			session = connect_to(&server, trust);
		is_consistent = true;
		oom_arm(n);
		status = run_way(_i, session, store, &verdict);
		has_failed = oom_disarm();
		ck_assert(is_consistent);
		if (has_failed) {
			ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
			ck_assert_int_eq(verdict, ways[_i].run == check_and_note
			                                  ? verdict
			                                  : PINSTORE_REJECT);
		}
		tls_close(session);
		tls_server_join(&server);
		ck_assert_uint_eq(server.received, 0);
		if (!has_failed)
			break;
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert_int_eq(verdict, ways[_i].verdict);
	printf("%s: %ld allocations\n", ways[_i].what, n - 1);
	ck_assert_int_gt(n, 8);
	tls_server_free(&server);
	pinstore_close(store);
	tempdir_remove(&dir);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oom_session");
	TCase *tcase = tcase_create("oom_session");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, chains, 0, COUNT(makers));
	tcase_add_test(tcase, paths);
	tcase_add_loop_test(tcase, sessions, 0, COUNT(ways));
	return suite_run(suite);
}
