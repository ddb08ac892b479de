/*
 * bench_handshake.c - handshakes with and without pinstore, side by side.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Full TLS 1.3 handshakes with a server in a thread, over a socket pair.  The
 * first contestant is GnuTLS's own verification of name and purpose; the other
 * two differ from it in nothing but pinstore, and by the store they are given.
 *
 * Each round runs the contestants forwards and then backwards, so that what
 * drifts meets all alike.  A contestant is compared with the first one of its
 * own round, and the median of these differences is told, with the quartiles
 * on both sides of it.  They are taken of the time of day and, since other
 * load disturbs that, of the processor time of the client: as a share of what
 * a handshake costs both ends together, which is what handshakes per second
 * come from where both ends share a processor, and of the client alone.
 */
#include <config.h>

#include <ftw.h>
#include <string.h>

#include <gnutls/x509.h>

#include <pinstore/gnutls.h>

#include "tests/bench/bench.h"
#include "tests/support/suite.h"
#include "tests/support/tlspair.h"

#define ROUNDS 100
#define TIMES 8 /* handshakes a round, of each contestant */

enum contestant { BARE, UNPINNED, PINNED, CONTESTANTS };
enum measure { WALL, CLIENT, BOTH, MEASURES };

static const char *const words[CONTESTANTS] = {
	"GnuTLS alone", "pinstore, host not pinned", "pinstore, host pinned",
};

static char directory[] = "/tmp/pinstore-bench-XXXXXX";
static struct pinstore *store[CONTESTANTS];
static gnutls_certificate_credentials_t trust;

/* Nanoseconds a handshake, the median of a round's. */
static double figures[MEASURES][CONTESTANTS][ROUNDS];

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
handshake_pinstore(gnutls_session_t session, enum contestant contestant)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = "pin.test"};
	enum pinstore_verdict verdict;

	bench_must(pinstore_session_attach(session, store[contestant], &peer,
	                                   frozen, NULL, NULL) == PINSTORE_OK);
	bench_must(pinstore_handshake(session) == 0);
	bench_must(pinstore_session_last(session, &verdict, NULL, NULL) ==
	           PINSTORE_OK);
	bench_must(verdict == (contestant == PINNED ? PINSTORE_MATCHED
	                                            : PINSTORE_UNPINNED));
}

static double
process_cpu(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static void
run(struct tls_server *server, enum contestant contestant,
    double *const at[MEASURES])
{
	gnutls_session_t session;
	double wall, client, both;

	session = tls_client(tls_server_start(server), TLS13, trust);
	both = process_cpu();
	client = bench_cpu();
	wall = bench_now();
	if (contestant == BARE)
		handshake_bare(session);
	else
		handshake_pinstore(session, contestant);
	*at[WALL] = bench_now() - wall;
	*at[CLIENT] = bench_cpu() - client;
	tls_close(session);
	tls_server_join(server);
	*at[BOTH] = process_cpu() - both;
}

static void
run_round(struct tls_server *server, int round)
{
	double taken[MEASURES][CONTESTANTS][TIMES];
	double *at[MEASURES];
	int time, turn, i, m;

	for (time = 0; time < TIMES; time++) {
		for (turn = 0; turn < CONTESTANTS; turn++) {
			i = time % 2 == 0 ? turn : CONTESTANTS - 1 - turn;
			for (m = 0; m < MEASURES; m++)
				at[m] = &taken[m][i][time];
			run(server, (enum contestant)i, at);
		}
	}
	for (m = 0; m < MEASURES; m++)
		for (i = 0; i < CONTESTANTS; i++)
			figures[m][i][round] =
			        bench_quantile(taken[m][i], TIMES, 0.5);
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
	handshake_pinstore(session, UNPINNED);
	bench_must(pinstore_chain_from_session(session, "pin.test", &chain,
	                                       NULL) == PINSTORE_OK);
	bench_must(pinstore_chain_length(chain) == 3);
	memset(pins, 0, sizeof(pins));
	pins[0] = *pinstore_chain_pin(chain, 2);
	rule.pins = pins;
	bench_must(pinstore_pin(store[PINNED], &rule, TLS_NOW, NULL) ==
	           PINSTORE_OK);
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(&server);
	tls_server_free(&server);
}

/* What a measure of a contestant has more than the first's, in per cent. */
static void
print_more(const char *what, enum measure measure, enum measure whole,
           enum contestant contestant)
{
	double more[ROUNDS], middle;
	int i;

	for (i = 0; i < ROUNDS; i++)
		more[i] = (figures[measure][contestant][i] -
		           figures[measure][BARE][i]) /
		          figures[whole][BARE][i] * 100;
	middle = bench_quantile(more, ROUNDS, 0.5);
	printf("handshake        %-32s %+6.2f %%  (%+.2f to %+.2f)\n", what,
	       middle, bench_quantile(more, ROUNDS, 0.25),
	       bench_quantile(more, ROUNDS, 0.75));
}

static void
print_all(void)
{
	double sorted[MEASURES][CONTESTANTS][ROUNDS], middle[MEASURES];
	int m, i;

	memcpy(sorted, figures, sizeof(sorted));
	for (i = 0; i < CONTESTANTS; i++) {
		for (m = 0; m < MEASURES; m++)
			middle[m] =
			        bench_quantile(sorted[m][i], ROUNDS, 0.5);
		printf("handshake      %-34s %7.0f us  %6.0f/s  cpu: client "
		       "%.0f us, both %.0f us\n",
		       words[i], middle[WALL] / 1e3, 1e9 / middle[WALL],
		       middle[CLIENT] / 1e3, middle[BOTH] / 1e3);
		if (i == BARE)
			continue;
		print_more("time of day", WALL, WALL, (enum contestant)i);
		print_more("client's cpu, of both ends'", CLIENT, BOTH,
		           (enum contestant)i);
		print_more("client's cpu, of its own", CLIENT, CLIENT,
		           (enum contestant)i);
	}
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
	struct tls_server server;
	char path[64];
	int round, i;

	tls_freeze();
	bench_must(mkdtemp(directory) != NULL);
	for (i = UNPINNED; i < CONTESTANTS; i++) {
		snprintf(path, sizeof(path), "%s/%d", directory, i);
		bench_must(pinstore_open(path, NULL, &store[i], NULL) ==
		           PINSTORE_OK);
	}
	trust = tls_trust(TLS_NAMES("rootA", "rootB"));
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	pin_root();
	for (round = 0; round < ROUNDS; round++)
		run_round(&server, round);
	print_all();
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
	for (i = UNPINNED; i < CONTESTANTS; i++)
		pinstore_close(store[i]);
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
