/*
 * bench_handshake.c - handshakes with and without pinstore, side by side.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_handshake FOLDER PINNED HOSTS
 *
 * FOLDER is a store of HOSTS hosts, PINNED a copy of it to which the server's
 * name is added.  Full TLS 1.3 handshakes with a server in a thread, over the
 * loopback: by GnuTLS with its own verification of name and purpose, and
 * through pinstore_handshake() with either store; by libcurl, and by libcurl
 * with libpinstore-curl and either store, which verifies a pinned host's chain a
 * second time, for libcurl does not tell the path.
 *
 * Each round runs the contestants forwards and then backwards, so that what
 * drifts meets all alike.  A contestant is compared with the first one of its
 * kind in the same round, by the time of day and, since other load disturbs
 * that, by the processor time of both ends together.
 */
#include <config.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <gnutls/x509.h>

#include <pinstore/curl.h>
#include <pinstore/gnutls.h>

#include "tests/bench/bench.h"
#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/support/tlspair.h"

/* 2,000 handshakes by each of GnuTLS's contestants, 500 of libcurl's. */
#define ROUNDS 250
#define TIMES 8
#define CURL_TIMES 2
#define HOST "pin.test"

enum contestant {
	BARE, UNPINNED, PINNED, CURL_BARE, CURL_UNPINNED, CURL_PINNED,
	CONTESTANTS
};
enum measure { WALL, BOTH, MEASURES };

static const char *const words[CONTESTANTS][MEASURES] = {
	[UNPINNED] = {"handshake.unpinned", "handshake.unpinned.cpu"},
	[PINNED] = {"handshake.pinned", "handshake.pinned.cpu"},
	[CURL_UNPINNED] = {"curl.unpinned", "curl.unpinned.cpu"},
	[CURL_PINNED] = {"curl.pinned", "curl.pinned.cpu"},
};

static char **arguments;
static struct pinstore *store[CONTESTANTS];
static gnutls_certificate_credentials_t trust;
static char trust_file[32];

/* Nanoseconds a handshake, the median of a round's. */
static double figures[MEASURES][CONTESTANTS][ROUNDS];

static int
times(int contestant)
{
	return contestant < CURL_BARE ? TIMES : CURL_TIMES;
}

static int64_t
frozen(void *arg)
{
	(void)arg;
	return TLS_NOW;
}

/* ----------------------------------------------------------------- connections */

static int listening;
static struct sockaddr_in address;

static void
listen_anywhere(void)
{
	socklen_t len = sizeof(address);

	listening = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bench_must(listening >= 0);
	bench_must(bind(listening, (struct sockaddr *)&address, len) == 0);
	bench_must(listen(listening, 1) == 0);
	bench_must(getsockname(listening, (struct sockaddr *)&address, &len) ==
	           0);
}

static int
connect_there(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	bench_must(fd >= 0);
	/* As libcurl has it. */
	bench_must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
	                      sizeof(one)) == 0);
	bench_must(connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
	           0);
	return fd;
}

/* --------------------------------------------------------------------- GnuTLS */

static void
handshake_bare(gnutls_session_t session)
{
	static char host[] = HOST;
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
	struct pinstore_peer peer = {.size = sizeof(peer), .host = HOST};
	enum pinstore_verdict verdict;

	bench_must(pinstore_session_attach(session, store[contestant], &peer,
	                                   frozen, NULL, NULL) == PINSTORE_OK);
	bench_must(pinstore_handshake(session) == 0);
	bench_must(pinstore_session_last(session, &verdict, NULL, NULL) ==
	           PINSTORE_OK);
	bench_must(verdict == (contestant == PINNED ? PINSTORE_MATCHED
	                                            : PINSTORE_UNPINNED));
}

static void
by_gnutls(enum contestant contestant)
{
	gnutls_session_t session = tls_client(connect_there(), TLS13, trust);

	if (contestant == BARE)
		handshake_bare(session);
	else
		handshake_pinstore(session, contestant);
	tls_close(session);
}

/* -------------------------------------------------------------------- libcurl */

static struct pinstore_curl *
attach(CURL *easy, enum contestant contestant)
{
	struct pinstore_curl_setup setup = {
		.size = sizeof(setup),
		.clock = frozen,
		.no_learn = 1,
	};
	struct pinstore_curl *attached;

	bench_must(pinstore_curl_attach(easy, store[contestant], &setup,
	                                &attached, NULL) == PINSTORE_OK);
	return attached;
}

/* It ends with the handshake, and the prerequest callback. */
static void
by_curl(enum contestant contestant)
{
	struct curl_slist *resolve;
	struct pinstore_curl *attached = NULL;
	enum pinstore_verdict verdict;
	CURL *easy = curl_easy_init();
	CURLcode code;
	char text[64];

	snprintf(text, sizeof(text), HOST ":%u:127.0.0.1",
	         ntohs(address.sin_port));
	resolve = curl_slist_append(NULL, text);
	bench_must(easy != NULL && resolve != NULL);
	snprintf(text, sizeof(text), "https://" HOST ":%u/",
	         ntohs(address.sin_port));
	curl_easy_setopt(easy, CURLOPT_URL, text);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
	curl_easy_setopt(easy, CURLOPT_CAINFO, trust_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	if (contestant != CURL_BARE)
		attached = attach(easy, contestant);
	code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		bench_fail(curl_easy_strerror(code), __FILE__, __LINE__);
	if (attached != NULL) {
		bench_must(pinstore_curl_outcome(attached, CURLE_OK, &verdict,
		                                 NULL) == PINSTORE_OK);
		bench_must(verdict == (contestant == CURL_PINNED
		                               ? PINSTORE_MATCHED
		                               : PINSTORE_UNPINNED));
	}
	pinstore_curl_detach(attached);
	curl_easy_cleanup(easy);
	curl_slist_free_all(resolve);
}

/* --------------------------------------------------------------------- rounds */

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
	double wall, both;

	both = process_cpu();
	wall = bench_now();
	tls_server_listen(server, listening);
	if (contestant < CURL_BARE)
		by_gnutls(contestant);
	else
		by_curl(contestant);
	*at[WALL] = bench_now() - wall;
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
			if (time >= times(i))
				continue;
			for (m = 0; m < MEASURES; m++)
				at[m] = &taken[m][i][time];
			run(server, (enum contestant)i, at);
		}
	}
	for (m = 0; m < MEASURES; m++)
		for (i = 0; i < CONTESTANTS; i++)
			figures[m][i][round] =
			        bench_quantile(taken[m][i], (size_t)times(i),
			                       0.5);
}

/* Pin the root, which the server does not send. */
static void
pin_root(struct tls_server *server)
{
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = HOST,
		.n_pins = 2,
		.expires = PINSTORE_NEVER,
	};
	struct pinstore_chain *chain;
	struct pinstore_pin pins[2];
	gnutls_session_t session;

	tls_server_listen(server, listening);
	session = tls_client(connect_there(), TLS13, trust);
	handshake_pinstore(session, UNPINNED);
	bench_must(pinstore_chain_from_session(session, HOST, &chain, NULL) ==
	           PINSTORE_OK);
	bench_must(pinstore_chain_length(chain) == 3);
	memset(pins, 0, sizeof(pins));
	pins[0] = *pinstore_chain_pin(chain, 2);
	rule.pins = pins;
	bench_must(pinstore_pin(store[PINNED], &rule, TLS_NOW, NULL) ==
	           PINSTORE_OK);
	pinstore_chain_free(chain);
	tls_close(session);
	tls_server_join(server);
}

/* For libcurl, which wants a file. */
static void
write_trust(void)
{
	struct data data = data_read("pki", "rootA.crt.der");
	gnutls_datum_t pem, der = {data.at, (unsigned)data.len};
	int fd = memfd_create("trust", MFD_CLOEXEC);

	bench_must(fd >= 0);
	bench_must(gnutls_pem_base64_encode2("CERTIFICATE", &der, &pem) == 0);
	bench_must(write(fd, pem.data, pem.size) == (ssize_t)pem.size);
	snprintf(trust_file, sizeof(trust_file), "/proc/self/fd/%d", fd);
	gnutls_free(pem.data);
	free(data.at);
}

/* The median of the rounds, and of the ratios to the first of the kind. */
static void
tell(enum contestant contestant, enum measure measure)
{
	enum contestant first = contestant < CURL_BARE ? BARE : CURL_BARE;
	double *ours = figures[measure][contestant];
	double *floor = figures[measure][first];
	double ratios[ROUNDS], sorted[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++)
		ratios[i] = floor[i] / ours[i];
	memcpy(sorted, floor, sizeof(sorted));
	printf("%s\t%s\tfloor\t%.6g\t%.6g\n", words[contestant][measure],
	       arguments[3], bench_quantile(sorted, ROUNDS, 0.5),
	       bench_quantile(ratios, ROUNDS, 0.5));
	memcpy(sorted, ours, sizeof(sorted));
	printf("%s\t%s\tpinstore\t%.6g\t1\n", words[contestant][measure],
	       arguments[3], bench_quantile(sorted, ROUNDS, 0.5));
}

START_TEST(side_by_side)
{
	struct tls_server server;
	int round, i, m;

	tls_freeze();
	for (i = 0; i < CONTESTANTS; i++)
		bench_must(pinstore_open(i == PINNED || i == CURL_PINNED
		                                 ? arguments[2]
		                                 : arguments[1],
		                         NULL, &store[i], NULL) ==
		           PINSTORE_OK);
	trust = tls_trust(TLS_NAMES("rootA", "rootB"));
	write_trust();
	listen_anywhere();
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	pin_root(&server);
	for (round = 0; round < ROUNDS; round++)
		run_round(&server, round);
	for (i = 0; i < CONTESTANTS; i++)
		for (m = 0; m < MEASURES && words[i][m] != NULL; m++)
			tell((enum contestant)i, (enum measure)m);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(trust);
	for (i = 0; i < CONTESTANTS; i++)
		pinstore_close(store[i]);
}
END_TEST

/* The server's support is made for tests, so this is one. */
int
main(int argc, char **argv)
{
	Suite *suite = suite_create("handshake");
	TCase *tcase = tcase_create("handshake");

	bench_must(argc == 4 && curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
	arguments = argv;
	tcase_add_test(tcase, side_by_side);
	tcase_set_timeout(tcase, 0);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
