/*
 * ways.h - the ways from a GnuTLS session to a verdict, to be made to fail.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store pins pin.test to rootA.  A way asserts nothing: what is wrong in
 * itself is kept in is_consistent, for libcheck allocates as well.
 */
#ifndef TESTS_UNIT_WAYS_H
#define TESTS_UNIT_WAYS_H

#include <stdbool.h>
#include <stdlib.h>

#include <check.h>

#include <pinstore/gnutls.h>

#include "tests/support/data.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"

static bool is_consistent;

/* What the last server served, and what it is verified with. */
static struct {
	gnutls_x509_trust_list_t trust;
	const gnutls_datum_t *peers;
	unsigned n_peers;
	/* of the way that runs */
	struct pinstore *store;
	const struct pinstore_peer *peer;
} last_served;

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
	gnutls_certificate_get_trust_list(trust, &last_served.trust);
	last_served.peers = gnutls_certificate_get_peers(session,
	                                                 &last_served.n_peers);
	return session;
}

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
	if (ret == 0 && status == PINSTORE_OK && *verdict == PINSTORE_REJECT)
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

/* A list as it is to be served, without the session. */
static enum pinstore_status
check_served(gnutls_session_t session, enum pinstore_verdict *verdict,
             struct pinstore_result **result)
{
	(void)session;
	return pinstore_check_served(last_served.store, last_served.trust, 0,
	                             last_served.peers, last_served.n_peers,
	                             last_served.peer, TLS_NOW, verdict,
	                             result, NULL);
}

static const struct {
	const char *what;
	enum pinstore_status (*run)(gnutls_session_t session,
	                            enum pinstore_verdict *verdict,
	                            struct pinstore_result **result);
	bool is_early; /* before the handshake */
	const char *host;
	const char *served[4];
	const char *key;
	enum pinstore_verdict verdict;
	enum pinstore_status status;
} ways[] = {
        {"check, not pinned", check_only, false, "other.test",
         {"wrong-host", "intA"}, "wrong-host", PINSTORE_UNPINNED,
         PINSTORE_OK},
        {"check, pinned", check_only, false, "pin.test", {"good", "intA"},
         "good", PINSTORE_MATCHED,
         PINSTORE_OK},
        /* The stray is RSA's, whose exponent is looked at. */
        {"check, impostor", check_only, false, "pin.test",
         {"mitm", "intB", "../spki/rsa"}, "mitm", PINSTORE_REJECT,
         PINSTORE_OK},
        {"handshake, pinned", shake_hands, true, "pin.test",
         {"good", "intA"}, "good", PINSTORE_MATCHED,
         PINSTORE_OK},
        {"handshake, impostor", shake_hands, true, "pin.test",
         {"mitm", "intB"}, "mitm", PINSTORE_REJECT,
         PINSTORE_OK},
        {"check, another path", check_only, false, "pin.test",
         {"good", "intA-by-rootB", "intA"}, "good", PINSTORE_MATCHED,
         PINSTORE_OK},
        {"check, not valid", check_only, false, "pin.test",
         {"untrusted", "intX"}, "untrusted", PINSTORE_REJECT,
         PINSTORE_ERR_CHAIN},
        {"handshake, not valid", shake_hands, true, "pin.test",
         {"untrusted", "intX"}, "untrusted", PINSTORE_REJECT,
         PINSTORE_ERR_CHAIN},
        {"served, pinned", check_served, false, "pin.test",
         {"good", "intA-by-rootB", "intA"}, "good", PINSTORE_MATCHED,
         PINSTORE_OK},
        {"served, impostor", check_served, false, "pin.test",
         {"mitm", "intB", "intA"}, "mitm", PINSTORE_REJECT, PINSTORE_OK},
        {"check and note", check_and_note, false, "pin.test",
         {"good", "intA"}, "good", PINSTORE_MATCHED,
         PINSTORE_OK},
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
	last_served.store = store;
	last_served.peer = &peer;
	if (status == PINSTORE_OK)
		status = ways[i].run(session, verdict, &result);
	if ((result == NULL) != (*verdict == PINSTORE_REJECT) &&
	    status != PINSTORE_OK)
		is_consistent = false;
	pinstore_result_free(result);
	return status;
}

static inline gnutls_session_t
way_connect(int i, struct tls_server *server,
            gnutls_certificate_credentials_t trust)
{
	return ways[i].is_early
	               ? tls_client(tls_server_start(server), TLS13, trust)
	               : connect_to(server, trust);
}

/* What a client does that may go on. */
static inline void
way_request(gnutls_session_t session, enum pinstore_status status,
            enum pinstore_verdict verdict)
{
	if (status != PINSTORE_OK || verdict == PINSTORE_REJECT)
		return;
	ck_assert(tls_greeting(session));
	tls_request(session);
}

#endif /* TESTS_UNIT_WAYS_H */
