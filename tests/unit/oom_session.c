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
#include "tests/unit/ways.h"
#include "tls/chain.h"
#include "tls/others.h"

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

/* The other paths of the peer: how many, and whether all were found. */
static enum pinstore_status
seek(gnutls_session_t session, const struct pinstore_chain *settled, size_t *n)
{
	struct pinstore_chain *chain = NULL;
	enum pinstore_status status;
	struct ps_others *others;

	*n = 0;
	status = ps_others_new(session, "pin.test", false, settled, &others);
	is_consistent = (others != NULL) == (status == PINSTORE_OK);
	while (status == PINSTORE_OK) {
		status = ps_others_next(others, &chain);
		if (chain == NULL)
			break;
		is_consistent = is_consistent && status == PINSTORE_OK;
		pinstore_chain_free(chain);
		++*n;
	}
	ps_others_free(others);
	return status;
}

START_TEST(other_paths)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("oroot1", "oroot2"));
	struct pinstore_chain *settled;
	enum pinstore_status status;
	struct tls_server server;
	gnutls_session_t session;
	size_t found;
	long n;

	tls_server_init(&server, TLS_NAMES("oleaf", "ointer1", "ointer2"),
	                "oleaf");
	session = connect_to(&server, trust);
	ck_assert_int_eq(ps_chain_from_session(session, "pin.test", false,
	                                       &settled, NULL), PINSTORE_OK);
	for (n = 1; n < OOM_RUNS_MAX; n++) {
		oom_arm(n);
		status = seek(session, settled, &found);
		if (!oom_disarm())
			break;
		ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
		ck_assert(is_consistent);
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert_uint_eq(found, 1);
	ck_assert_int_gt(n, 3);
	pinstore_chain_free(settled);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
}
END_TEST

/* ---------------------------------------------------------------- sessions */

/* Whether a way ends with a record of what was decided. */
static bool
is_journalled(int i)
{
	return ways[i].verdict == PINSTORE_REJECT ||
	       strcmp(ways[i].what, "check, another path") == 0 ||
	       strcmp(ways[i].what, "served, pinned") == 0;
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
	bool has_failed, is_lost;
	long n;

	store = open_pinned(&dir);
	tls_server_init(&server, ways[_i].served, ways[_i].key);
	for (n = 1; n < OOM_RUNS_MAX; n++) {
		session = way_connect(_i, &server, trust);
		is_consistent = true;
		oom_arm(n);
		status = run_way(_i, session, store, &verdict);
		has_failed = oom_disarm();
		ck_assert(is_consistent);
		/* What the journal cannot be told changes no verdict. */
		is_lost = has_failed && status == PINSTORE_OK &&
		          is_journalled(_i);
		if (is_lost)
			ck_assert_int_eq(verdict, ways[_i].verdict);
		else if (has_failed)
			ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
		way_request(session, status, verdict);
		tls_close(session);
		tls_server_join(&server);
		ck_assert_uint_eq(server.received,
		                  (has_failed && !is_lost) ||
		                                  ways[_i].verdict ==
		                                          PINSTORE_REJECT
		                          ? 0 : 3);
		if (!has_failed)
			break;
	}
	ck_assert_int_eq(status, ways[_i].status);
	ck_assert_int_eq(verdict, ways[_i].verdict);
	printf("%s: %ld allocations\n", ways[_i].what, n - 1);
	ck_assert_int_gt(n, ways[_i].status == PINSTORE_OK ? 8 : 1);
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
	tcase_add_test(tcase, other_paths);
	tcase_add_loop_test(tcase, sessions, 0, COUNT(ways));
	return suite_run(suite);
}
