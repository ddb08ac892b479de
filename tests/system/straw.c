/*
 * straw.c - clients that pin keys and are wrong, each in a way of its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: straw CLIENT CAFILE HOST:PORT [OPTION=FILE]... sha256//PIN...
 *
 * An attack that none of them falls for proves nothing about the library; so
 * they stay here, on GnuTLS alone, as programs are:
 *
 *   peers    compares the pins with the list that the server sent
 *   cb       takes any certificate that GnuTLS reports as good in its verify
 *            function, whatever the verification's outcome
 *   status   asks whether the certificate is valid, and not for pins
 *   strict   asks for validity after each handshake, and follows what GnuTLS
 *            reported from the leaf on; right but for paths not taken
 *
 * One request is sent when nothing was refused.  The options session-in and
 * session-out name a file with a session to resume, and where to keep it.
 * Prints "resumed=yes|no".  Exit: 0, 2 usage, 7 connection, 35 TLS,
 * 60 certificate, 77 a file, 90 pins.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define LINKS_MAX 64
#define PIN_LEN 32
#define PREFIX "sha256//"

enum judgement { ACCEPTED = 0, NOT_VALID = 60, NOT_PINNED = 90 };

struct link {
	gnutls_datum_t cert;
	gnutls_datum_t issuer;
};

static const char *client;
static char host[256];
static unsigned short port;
static const char *session_in, *session_out;
static char **pins;
static int n_pins;
/* What GnuTLS reported as good since forget(). */
static struct link links[LINKS_MAX];
static size_t n_links;
static bool cb_refused;

static void
die(int code, const char *what)
{
	fprintf(stderr, "straw: (%d) %s\n", code, what);
	exit(code);
}

/* ----------------------------------------------------------------- keys */

static bool
is_pinned(const gnutls_datum_t *der)
{
	gnutls_datum_t hash = {NULL, PIN_LEN}, text = {NULL, 0};
	unsigned char id[PIN_LEN];
	gnutls_x509_crt_t crt;
	size_t len = sizeof(id);
	bool found = false;
	int i;

	if (gnutls_x509_crt_init(&crt) != 0)
		die(35, "out of memory");
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id,
	                               &len) == 0) {
		hash.data = id;
		if (gnutls_base64_encode2(&hash, &text) != 0)
			die(35, "out of memory");
		for (i = 0; i < n_pins; i++)
			if (strcmp(pins[i] + strlen(PREFIX),
			           (const char *)text.data) == 0)
				found = true;
		gnutls_free(text.data);
	}
	gnutls_x509_crt_deinit(crt);
	return found;
}

/* --------------------------------------------------------- what is reported */

static void
forget(void)
{
	for (; n_links > 0; n_links--) {
		gnutls_free(links[n_links - 1].cert.data);
		gnutls_free(links[n_links - 1].issuer.data);
	}
}

static int
collect(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer, gnutls_x509_crl_t crl,
        unsigned output)
{
	struct link *link = &links[n_links];

	if (output != 0 || crl != NULL || cert == NULL || issuer == NULL)
		return 0;
	if (n_links == LINKS_MAX)
		die(35, "too many certificates");
	if (gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER,
	                            &link->cert) != 0 ||
	    gnutls_x509_crt_export2(issuer, GNUTLS_X509_FMT_DER,
	                            &link->issuer) != 0)
		die(35, "out of memory");
	n_links++;
	return 0;
}

static bool
is_same(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* ----------------------------------------------------------- the judgements */

static bool
is_valid(gnutls_session_t session)
{
	unsigned status = 0;

	forget();
	gnutls_session_set_verify_output_function(session, collect);
	return gnutls_certificate_verify_peers3(session, host, &status) == 0 &&
	       status == 0;
}

static enum judgement
judge_peers(gnutls_session_t session)
{
	const gnutls_datum_t *list;
	unsigned n = 0, i;

	if (!is_valid(session))
		return NOT_VALID;
	list = gnutls_certificate_get_peers(session, &n);
	for (i = 0; i < n; i++)
		if (is_pinned(&list[i]))
			return ACCEPTED;
	return NOT_PINNED;
}

static enum judgement
judge_strict(gnutls_session_t session)
{
	const gnutls_datum_t *at;
	unsigned n = 0;
	size_t i, steps;

	if (!is_valid(session))
		return NOT_VALID;
	at = gnutls_certificate_get_peers(session, &n);
	for (steps = 0; at != NULL && n > 0 && steps <= LINKS_MAX; steps++) {
		if (is_pinned(at))
			return ACCEPTED;
		for (i = 0; i < n_links; i++)
			if (is_same(&links[i].cert, at) &&
			    !is_same(&links[i].issuer, at))
				break;
		at = i < n_links ? &links[i].issuer : NULL;
	}
	return NOT_PINNED;
}

/* In the handshake, and so on no resumed session. */
static int
verify_by_callback(gnutls_session_t session)
{
	size_t i;

	(void)is_valid(session);
	for (i = 0; i < n_links; i++)
		if (is_pinned(&links[i].cert) || is_pinned(&links[i].issuer))
			return 0;
	cb_refused = true;
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static enum judgement
judge(gnutls_session_t session)
{
	if (strcmp(client, "peers") == 0)
		return judge_peers(session);
	if (strcmp(client, "strict") == 0)
		return judge_strict(session);
	if (strcmp(client, "status") == 0)
		return is_valid(session) ? ACCEPTED : NOT_VALID;
	return ACCEPTED; /* cb: its callback has judged */
}

/* -------------------------------------------------------------- connection */

static int
dial(void)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die(7, "no connection");
	return fd;
}

static void
resume(gnutls_session_t session)
{
	gnutls_datum_t data;

	if (gnutls_load_file(session_in, &data) != 0 ||
	    gnutls_session_set_data(session, data.data, data.size) != 0)
		die(77, session_in);
	gnutls_free(data.data);
}

static void
keep(gnutls_session_t session)
{
	gnutls_datum_t data;
	FILE *file = fopen(session_out, "wb");

	if (file == NULL || gnutls_session_get_data2(session, &data) != 0 ||
	    fwrite(data.data, 1, data.size, file) != data.size ||
	    fclose(file) != 0)
		die(77, session_out);
	gnutls_free(data.data);
}

static void
ask(gnutls_session_t session)
{
	char request[512], answer[512];
	ssize_t n;
	int len;

	len = snprintf(request, sizeof(request),
	               "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
	               "\r\n",
	               host);
	if (gnutls_record_send(session, request, (size_t)len) != len)
		die(35, "not sent");
	do
		n = gnutls_record_recv(session, answer, sizeof(answer));
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	if (n <= 0)
		die(35, "no answer");
}

static enum judgement
visit(gnutls_session_t session)
{
	enum judgement judgement;
	int ret;

	do
		ret = gnutls_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	if (cb_refused)
		return NOT_PINNED;
	if (ret != 0)
		die(35, gnutls_strerror(ret));
	printf("resumed=%s\n",
	       gnutls_session_is_resumed(session) ? "yes" : "no");
	judgement = judge(session);
	if (judgement != ACCEPTED)
		return judgement;
	ask(session);
	if (session_out != NULL)
		keep(session);
	gnutls_bye(session, GNUTLS_SHUT_WR);
	return ACCEPTED;
}

static void
parse(int argc, char **argv)
{
	static const char *const clients[] = {"peers", "cb", "status",
	                                      "strict"};
	const char *colon = argc > 3 ? strrchr(argv[3], ':') : NULL;
	bool known = false;
	size_t i;
	int at;

	for (i = 0; i < 4 && argc > 1; i++)
		known = known || strcmp(argv[1], clients[i]) == 0;
	if (!known || colon == NULL ||
	    (size_t)(colon - argv[3]) >= sizeof(host))
		die(2, "usage: straw CLIENT CAFILE HOST:PORT [OPTION=FILE]... "
		       "sha256//PIN...");
	client = argv[1];
	memcpy(host, argv[3], (size_t)(colon - argv[3]));
	port = (unsigned short)strtoul(colon + 1, NULL, 10);
	for (at = 4; at < argc && strchr(argv[at], '=') != NULL &&
	             strncmp(argv[at], "session-", 8) == 0; at++) {
		if (strncmp(argv[at], "session-in=", 11) == 0)
			session_in = argv[at] + 11;
		else if (strncmp(argv[at], "session-out=", 12) == 0)
			session_out = argv[at] + 12;
		else
			die(2, argv[at]);
	}
	pins = argv + at;
	n_pins = argc - at;
	for (; at < argc; at++)
		if (strncmp(argv[at], PREFIX, strlen(PREFIX)) != 0)
			die(2, argv[at]);
}

int
main(int argc, char **argv)
{
	gnutls_certificate_credentials_t trust;
	enum judgement judgement;
	gnutls_session_t session = NULL;
	int fd;

	parse(argc, argv);
	if (gnutls_certificate_allocate_credentials(&trust) != 0 ||
	    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) != 0)
		die(35, "out of memory");
	if (gnutls_certificate_set_x509_trust_file(trust, argv[2],
	                                           GNUTLS_X509_FMT_PEM) <= 0)
		die(77, argv[2]);
	if (strcmp(client, "cb") == 0)
		gnutls_certificate_set_verify_function(trust,
		                                       verify_by_callback);
	fd = dial();
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust);
	gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host));
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, 20000);
	gnutls_record_set_timeout(session, 20000);
	if (session_in != NULL)
		resume(session);
	judgement = visit(session);
	forget();
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(trust);
	close(fd);
	return (int)judgement;
}
