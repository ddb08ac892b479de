/*
 * bench_handshake.c - handshakes with and without pinstore, side by side.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Full TLS 1.3 handshakes with a server in a thread, over a socket pair.  The
 * first contestant is GnuTLS's own verification of name and purpose.
 */
#include <config.h>

#include <ftw.h>
#include <string.h>

#include <gnutls/x509.h>

#include <pinstore/gnutls.h>

#include "tests/bench/bench.h"
#include "tests/support/suite.h"
#include "tests/support/tlspair.h"

#define TIMES 40

enum contestant { BARE, UNPINNED, PINNED, CONTESTANTS };

static const char *const words[CONTESTANTS] = {
	"GnuTLS alone", "pinstore, host not pinned", "pinstore, host pinned",
};

static char directory[] = "/tmp/pinstore-bench-XXXXXX";
static struct pinstore *store;
static gnutls_certificate_credentials_t trust;

static int64_t
frozen(void *arg)
{
	(void)arg;
	return TLS_NOW;
}

static void
handshake_bare(gnutls_session_t session)
{
	static char host[] = "pin.test";
	gnutls_typed_vdata_st data[2] = {
		{GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)host, 0},
		{GNUTLS_DT_KEY_PURPOSE_OID,
		 (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER, 0},
	};

	bench_must(gnutls_server_name_set(session, GNUTLS_NAME_DNS, host,
	                                  sizeof(host) - 1) == 0);
	gnutls_session_set_verify_cert2(session, data, 2, 0);
	bench_must(gnutls_handshake(session) == 0);
}

static void
handshake_pinstore(gnutls_session_t session, enum pinstore_verdict expected)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "pin.test"};
	enum pinstore_verdict verdict;

	bench_must(pinstore_session_attach(session, store, &peer, frozen, NULL,
	                                   NULL) == PINSTORE_OK);
	bench_must(pinstore_handshake(session) == 0);
	bench_must(pinstore_session_last(session, &verdict, NULL, NULL) ==
	           PINSTORE_OK);
	bench_must(verdict == expected);
}

static double
run(struct tls_server *server, enum contestant contestant)
{
	gnutls_session_t session;
	double spent = 0, start;
	int i;

	for (i = 0; i < TIMES; i++) {
		session = tls_client(tls_server_start(server), TLS13, trust);
		start = bench_now();
		if (contestant == BARE)
			handshake_bare(session);
		else
			handshake_pinstore(session, contestant == PINNED
			                                    ? PINSTORE_MATCHED
			                                    : PINSTORE_UNPINNED);
		spent += bench_now() - start;
		tls_close(session);
		tls_server_join(server);
	}
	return spent / TIMES;
}

/* Pin the root, which the server does not send. */
static void
pin_root(void)
{
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = "pin.test",
		.n_pins = 2,
		.expires = PINSTORE_NEVER,
	};
	struct pinstore_chain *chain;
	struct pinstore_pin pins[2];
	gnutls_session_t session;
	struct tls_server server;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	handshake_pinstore(session, PINSTORE_UNPINNED);
	bench_must(pinstore_chain_from_session(session, "pin.test", &chain,
	                                       NULL) == PINSTORE_OK);
	bench_must(pinstore_chain_length(chain) == 3);
	memset(pins, 0, sizeof(pins));
	pins[0] = *pinstore_chain_pin(chain, 2);
	rule.pins = pins;
	bench_must(pinstore_pin(store, &rule, TLS_NOW, NULL) == PINSTORE_OK);
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
}

static void
unpin(void)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .since = INT64_MIN};

	bench_must(pinstore_clear(store, &filter, TLS_NOW, NULL, NULL) ==
	           PINSTORE_OK);
}

static int
unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

START_TEST(side_by_side)
{
	struct bench bench[CONTESTANTS];
	struct tls_server server;
	char path[64];
	int round, i;

	tls_freeze();
	bench_must(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/store", directory);
	bench_must(pinstore_open(path, NULL, &store, NULL) == PINSTORE_OK);
	trust = tls_trust(TLS_NAMES("rootA", "rootB"));
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	for (round = 0; round < BENCH_ROUNDS; round++) {
		bench[BARE].round[round] = run(&server, BARE);
		bench[UNPINNED].round[round] = run(&server, UNPINNED);
		pin_root();
		bench[PINNED].round[round] = run(&server, PINNED);
		unpin();
	}
	for (i = 0; i < CONTESTANTS; i++) {
		bench_finish(&bench[i]);
		printf("handshake      %-34s %7.0f us  %6.0f/s  %+5.1f %%\n",
		       words[i], bench[i].median / 1e3, 1e9 / bench[i].median,
		       (bench[i].median / bench[BARE].median - 1) * 100);
	}
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
	pinstore_close(store);
	nftw(directory, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

/* The server's support is made for tests, so this is one. */
int
main(void)
{
	Suite *suite = suite_create("handshake");
	TCase *tcase = tcase_create("handshake");

	tcase_add_test(tcase, side_by_side);
	tcase_set_timeout(tcase, 0);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
