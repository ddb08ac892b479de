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
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"
#include "tls/chain.h"

#define RUNS_MAX 20000

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* Allocations of this thread until the one that fails; 0: none does. */
static _Thread_local long countdown;
static _Thread_local bool has_failed;

static bool
fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	has_failed = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

static void
arm(long n)
{
	has_failed = false;
	countdown = n;
}

/* Whether the armed allocation was reached. */
static bool
disarm(void)
{
	countdown = 0;
	return has_failed;
}

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

	for (n = 1; n < RUNS_MAX; n++) {
		arm(n);
		status = makers[_i]();
		if (!disarm())
			break;
		ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
		ck_assert(is_consistent);
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert(is_consistent);
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
	for (n = 1; n < RUNS_MAX; n++) {
		arm(n);
		status = ps_chain_from_session(session, "pin.test", false,
		                               &chain, &error);
		if (!disarm())
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

/* Attach and check: UNPINNED, or no verdict but REJECT. */
static enum pinstore_status
check_session(gnutls_session_t session, struct pinstore *store,
              enum pinstore_verdict *verdict)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	struct pinstore_result *result = NULL;
	struct pinstore_error error;
	enum pinstore_status status;

	*verdict = PINSTORE_REJECT;
	status = pinstore_session_attach(session, store, &peer, tell_time, NULL,
	                                 &error);
	if (status == PINSTORE_OK)
		status = pinstore_session_check(session, verdict, &result,
		                                &error);
	is_consistent = (result != NULL) == (status == PINSTORE_OK);
	pinstore_result_free(result);
	return status;
}

START_TEST(sessions)
{
	gnutls_certificate_credentials_t trust =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	enum pinstore_status status = PINSTORE_ERR_INTERNAL;
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	struct pinstore *store;
	struct tempdir dir;
	long n;

	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, NULL),
	                 PINSTORE_OK);
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	for (n = 1; n < RUNS_MAX; n++) {
		/* A session of its own, so that the slot is made each time. */
		session = connect_to(&server, trust);
		arm(n);
		status = check_session(session, store, &verdict);
		if (disarm()) {
			ck_assert(is_consistent);
			ck_assert_int_eq(status, PINSTORE_ERR_NOMEM);
			ck_assert_int_eq(verdict, PINSTORE_REJECT);
		}
		tls_close(session);
		tls_server_join(&server);
		if (!has_failed)
			break;
	}
	ck_assert_int_eq(status, PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_UNPINNED);
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
	tcase_add_test(tcase, sessions);
	return suite_run(suite);
}
