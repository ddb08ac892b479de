/*
 * tlspair.h - a GnuTLS server in a thread, and clients of it, over a socket
 * pair.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates are those of tests/data/pki, by name.  The certificates' time
 * stands still at TLS_NOW.
 */
#ifndef TESTS_SUPPORT_TLSPAIR_H
#define TESTS_SUPPORT_TLSPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <gnutls/gnutls.h>

/* 2026-10-01 00:00:00 UTC. */
#define TLS_NOW INT64_C(1790812800)
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
/* A session without any certificate. */
#define TLS_ANONYMOUS "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-ECDH"
#define TLS_PSK12 "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK"
#define TLS_PSK13 "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+PSK"

struct tls_server {
	/* To be set. */
	const char *const *served; /* names, leaf first, NULL at the end */
	const char *key;           /* whose key the server has */
	const char *priority;
	const char *stapled; /* NAME of NAME.ocsp.der for the leaf, or NULL */
	bool rehandshake; /* TLS 1.2: ask for another handshake at once */
	const struct tls_server *second; /* who it is in that one, or NULL */
	bool slow;        /* a pause before it answers */
	/* What became of the last connection. */
	int handshake;     /* GnuTLS's code */
	bool resumed;
	size_t received;   /* octets of application data from the client */
	/* Its own. */
	gnutls_datum_t ticket_key;
	gnutls_certificate_credentials_t certificate;
	gnutls_certificate_credentials_t other; /* the second's */
	int listening;
	int fd;
	pthread_t thread;
};

/* The names of a list, NULL at its end; it lives as long as its block. */
#define TLS_NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Stop the time of the certificates.  Call it in each test's setup. */
void tls_freeze(void);

void tls_server_init(struct tls_server *server, const char *const *served,
                     const char *key);
void tls_server_free(struct tls_server *server);

/* Serve one connection; the client's end of it. */
int tls_server_start(struct tls_server *server);
/* The same of one that comes to a listening socket, which is the caller's. */
void tls_server_listen(struct tls_server *server, int listening);
/* Wait until the client has closed its end. */
void tls_server_join(struct tls_server *server);

/* A client's credentials that trust the named certificates. */
gnutls_certificate_credentials_t tls_trust(const char *const *names);

/*
 * A client session on fd, with credentials (which may be NULL) and, for the
 * priorities that want them, anonymous and PSK ones.
 */
gnutls_session_t tls_client(int fd, const char *priority,
                            gnutls_certificate_credentials_t credentials);

/* The same with further flags of gnutls_init(). */
gnutls_session_t tls_client_flags(int fd, const char *priority,
                                  gnutls_certificate_credentials_t credentials,
                                  unsigned flags);

/* Read the server's greeting, with which the session's ticket comes. */
bool tls_greeting(gnutls_session_t session);

/* Send one request of 3 octets, as a client that saw no refusal would. */
void tls_request(gnutls_session_t session);

/* The data by which to resume session; the caller's. */
gnutls_datum_t tls_session_data(gnutls_session_t session);

/* End session and close its end of the pair. */
void tls_close(gnutls_session_t session);

#endif /* TESTS_SUPPORT_TLSPAIR_H */
