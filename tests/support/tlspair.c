/*
 * tlspair.c - a GnuTLS server in a thread, and clients of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tests/support/tlspair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "tests/support/data.h"

#define SERVED_MAX 24
#define TIMEOUT_MS 20000

static gnutls_datum_t psk_key = {(unsigned char *)(uintptr_t)"0123456789abcdef",
                                 16};
static gnutls_anon_server_credentials_t anonymous_server;
static gnutls_anon_client_credentials_t anonymous_client;
static gnutls_psk_server_credentials_t psk_server;
static gnutls_psk_client_credentials_t psk_client;

static time_t
frozen(time_t *out)
{
	if (out != NULL)
		*out = (time_t)TLS_NOW;
	return (time_t)TLS_NOW;
}

static int
find_psk(gnutls_session_t session, const char *user, gnutls_datum_t *key)
{
	(void)session;
	(void)user;
	key->data = gnutls_malloc(psk_key.size);
	if (key->data == NULL)
		return -1;
	memcpy(key->data, psk_key.data, psk_key.size);
	key->size = psk_key.size;
	return 0;
}

/* They live as long as the test's process. */
static void
other_credentials(void)
{
	if (anonymous_server != NULL)
		return;
	ck_assert_int_eq(gnutls_anon_allocate_server_credentials(
	                         &anonymous_server), 0);
	ck_assert_int_eq(gnutls_anon_allocate_client_credentials(
	                         &anonymous_client), 0);
	ck_assert_int_eq(gnutls_psk_allocate_server_credentials(&psk_server),
	                 0);
	ck_assert_int_eq(gnutls_psk_allocate_client_credentials(&psk_client),
	                 0);
	gnutls_psk_set_server_credentials_function(psk_server, find_psk);
	ck_assert_int_eq(gnutls_psk_set_client_credentials(
	                         psk_client, "user", &psk_key,
	                         GNUTLS_PSK_KEY_RAW), 0);
}

void
tls_freeze(void)
{
	gnutls_global_set_time_function(frozen);
	other_credentials();
}

static struct data
read_file(const char *name, const char *suffix)
{
	char file[128];

	snprintf(file, sizeof(file), "%s.%s.der", name, suffix);
	return data_read("pki", file);
}

static void
staple(gnutls_certificate_credentials_t credentials, const char *name)
{
	struct data data = read_file(name, "ocsp");
	gnutls_datum_t der;

	der.data = data.at;
	der.size = (unsigned)data.len;
	ck_assert_int_ge(gnutls_certificate_set_ocsp_status_request_mem(
	                         credentials, &der, 0, GNUTLS_X509_FMT_DER),
	                 0);
	free(data.at);
}

/* Serve the list to the octet: the other functions of GnuTLS sort it. */
static gnutls_certificate_credentials_t
server_credentials(const struct tls_server *server)
{
	static gnutls_pcert_st list[SERVED_MAX];
	gnutls_certificate_credentials_t credentials;
	struct data data;
	gnutls_datum_t der;
	gnutls_privkey_t key;
	int n;

	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials),
	                 0);
	/*
	 * An impostor serves certificates whose key he does not have, or
	 * staples that they are revoked.
	 */
	gnutls_certificate_set_flags(
	        credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH |
	                             GNUTLS_CERTIFICATE_SKIP_OCSP_RESPONSE_CHECK);
	for (n = 0; server->served[n] != NULL; n++) {
		ck_assert_int_lt(n, SERVED_MAX);
		data = read_file(server->served[n], "crt");
		der.data = data.at;
		der.size = (unsigned)data.len;
		ck_assert_int_eq(gnutls_pcert_import_x509_raw(
		                         &list[n], &der, GNUTLS_X509_FMT_DER,
		                         0), 0);
		free(data.at);
	}
	data = read_file(server->key, "key");
	der.data = data.at;
	der.size = (unsigned)data.len;
	ck_assert_int_eq(gnutls_privkey_init(&key), 0);
	ck_assert_int_eq(gnutls_privkey_import_x509_raw(
	                         key, &der, GNUTLS_X509_FMT_DER, NULL, 0), 0);
	free(data.at);
	/* The list's members and the key are the credentials' now. */
	ck_assert_int_eq(gnutls_certificate_set_key(credentials, NULL, 0, list,
	                                            n, key), 0);
	if (server->stapled != NULL)
		staple(credentials, server->stapled);
	return credentials;
}

void
tls_server_init(struct tls_server *server, const char *const *served,
                const char *key)
{
	memset(server, 0, sizeof(*server));
	server->served = served;
	server->key = key;
	server->priority = "NORMAL:+ANON-ECDH:+ECDHE-PSK:+PSK";
	ck_assert_int_eq(gnutls_session_ticket_key_generate(
	                         &server->ticket_key), 0);
}

void
tls_server_free(struct tls_server *server)
{
	gnutls_free(server->ticket_key.data);
	server->ticket_key.data = NULL;
}

static int
handshake(gnutls_session_t session)
{
	int ret;

	do
		ret = gnutls_handshake(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	return ret;
}

static void
serve_data(struct tls_server *server, gnutls_session_t session)
{
	char text[64];
	ssize_t n;

	if (server->rehandshake) {
		if (server->other != NULL)
			gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
			                       server->other);
		if (gnutls_rehandshake(session) != 0)
			return;
		server->handshake = handshake(session);
		server->resumed = gnutls_session_is_resumed(session) != 0;
		if (server->handshake != 0)
			return;
	}
	if (gnutls_record_send(session, "!", 1) != 1)
		return;
	for (;;) {
		n = gnutls_record_recv(session, text, sizeof(text));
		if (n > 0)
			server->received += (size_t)n;
		else if (n == 0 || gnutls_error_is_fatal((int)n) != 0)
			return;
	}
}

/* No assertion here: the thread is not the test's own. */
static void *
serve(void *arg)
{
	struct tls_server *server = arg;
	struct timespec pause = {0, 50000000};
	gnutls_session_t session;

	if (server->listening >= 0)
		server->fd = accept(server->listening, NULL, NULL);
	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) != 0)
		abort();
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
	                       server->certificate);
	gnutls_credentials_set(session, GNUTLS_CRD_ANON, anonymous_server);
	gnutls_credentials_set(session, GNUTLS_CRD_PSK, psk_server);
	if (gnutls_priority_set_direct(session, server->priority, NULL) != 0 ||
	    gnutls_session_ticket_enable_server(session,
	                                        &server->ticket_key) != 0)
		abort();
	gnutls_transport_set_int(session, server->fd);
	gnutls_handshake_set_timeout(session, TIMEOUT_MS);
	gnutls_record_set_timeout(session, TIMEOUT_MS);
	if (server->slow)
		nanosleep(&pause, NULL);
	server->handshake = handshake(session);
	server->resumed = gnutls_session_is_resumed(session) != 0;
	if (server->handshake == 0)
		serve_data(server, session);
	gnutls_deinit(session);
	close(server->fd);
	return NULL;
}

static void
start(struct tls_server *server)
{
	server->handshake = GNUTLS_E_INTERNAL_ERROR;
	server->resumed = false;
	server->received = 0;
	server->certificate = server_credentials(server);
	if (server->second != NULL)
		server->other = server_credentials(server->second);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server),
	                 0);
}

int
tls_server_start(struct tls_server *server)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	server->listening = -1;
	server->fd = fds[1];
	start(server);
	return fds[0];
}

void
tls_server_listen(struct tls_server *server, int listening)
{
	server->listening = listening;
	start(server);
}

void
tls_server_join(struct tls_server *server)
{
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	gnutls_certificate_free_credentials(server->certificate);
	server->certificate = NULL;
	if (server->other != NULL)
		gnutls_certificate_free_credentials(server->other);
	server->other = NULL;
}

gnutls_certificate_credentials_t
tls_trust(const char *const *names)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t der;
	struct data data;

	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials),
	                 0);
	for (; *names != NULL; names++) {
		data = read_file(*names, "crt");
		der.data = data.at;
		der.size = (unsigned)data.len;
		ck_assert_int_eq(gnutls_certificate_set_x509_trust_mem(
		                         credentials, &der,
		                         GNUTLS_X509_FMT_DER), 1);
		free(data.at);
	}
	return credentials;
}

gnutls_session_t
tls_client_flags(int fd, const char *priority,
                 gnutls_certificate_credentials_t credentials, unsigned flags)
{
	gnutls_session_t session;

	ck_assert_int_eq(gnutls_init(&session, GNUTLS_CLIENT |
	                                               GNUTLS_NO_SIGNAL |
	                                               flags), 0);
	if (credentials != NULL)
		ck_assert_int_eq(gnutls_credentials_set(
		                         session, GNUTLS_CRD_CERTIFICATE,
		                         credentials), 0);
	ck_assert_int_eq(gnutls_credentials_set(session, GNUTLS_CRD_ANON,
	                                        anonymous_client), 0);
	ck_assert_int_eq(gnutls_credentials_set(session, GNUTLS_CRD_PSK,
	                                        psk_client), 0);
	ck_assert_int_eq(gnutls_priority_set_direct(session, priority, NULL),
	                 0);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, TIMEOUT_MS);
	gnutls_record_set_timeout(session, TIMEOUT_MS);
	return session;
}

gnutls_session_t
tls_client(int fd, const char *priority,
           gnutls_certificate_credentials_t credentials)
{
	return tls_client_flags(fd, priority, credentials, 0);
}

bool
tls_greeting(gnutls_session_t session)
{
	ssize_t n;
	char c;

	do
		n = gnutls_record_recv(session, &c, 1);
	while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	return n == 1 && c == '!';
}

void
tls_request(gnutls_session_t session)
{
	ck_assert_int_eq(gnutls_record_send(session, "GET", 3), 3);
}

gnutls_datum_t
tls_session_data(gnutls_session_t session)
{
	gnutls_datum_t data;

	ck_assert_int_eq(gnutls_session_get_data2(session, &data), 0);
	return data;
}

void
tls_close(gnutls_session_t session)
{
	int fd = gnutls_transport_get_int(session);

	gnutls_deinit(session);
	close(fd);
}
