/*
 * test_session.c - pins on GnuTLS sessions, in all three depths.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A refusal counts only if the server, which tells what it received, got no
 * octet of the request; and a test that means resumption asks both sides
 * whether the session was resumed.
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <check.h>

#include "api/check.h"
#include "tests/support/data.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "tests/support/tlspair.h"

#define NAMES_MAX 8
#define REFUSED GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR

enum depth { HANDSHAKE, CALLBACK, CHECK };

static const char *const versions[] = {TLS12, TLS13};

static struct tempdir dir;
static struct pinstore *store;
static gnutls_certificate_credentials_t trust;
static int64_t now;
static atomic_int judgements; /* the clock is read once for each */
static atomic_bool drop_when_judged; /* the connection */
static atomic_bool is_dropped;

static void
setup(void)
{
	struct pinstore_error error;

	tls_freeze();
	tempdir_make(&dir);
	ck_assert_msg(pinstore_open(dir.store, NULL, &store, &error) ==
	                      PINSTORE_OK,
	              "%s", error.text);
	trust = tls_trust(TLS_NAMES("rootA", "rootB"));
	now = TLS_NOW;
	drop_when_judged = false;
	is_dropped = false;
}

static void
teardown(void)
{
	gnutls_certificate_free_credentials(trust);
	pinstore_close(store);
	tempdir_remove(&dir);
}

/* The clock must get the argument that was attached with it. */
static int64_t
tell_time(void *arg)
{
	judgements++;
	is_dropped = (bool)drop_when_judged;
	return *(int64_t *)arg;
}

/* ------------------------------------------------------------------- pins */

static struct pinstore_pin
pin_of(const char *name)
{
	struct pinstore_pin pin;
	struct data data;
	char file[128];

	snprintf(file, sizeof(file), "%s.crt.der", name);
	data = data_read("pki", file);
	ck_assert_int_eq(pinstore_pin_from_certificate(data.at, data.len,
	                                               &pin), PINSTORE_OK);
	free(data.at);
	return pin;
}

/* Pin host to one key and a backup that nobody has. */
static void
set_pin_until(const char *host, const char *name, int64_t expires)
{
	struct pinstore_pin pins[2] = {pin_of(name), {{0xba}}};
	struct pinstore_rule rule;
	struct pinstore_error error;

	memset(&rule, 0, sizeof(rule));
	rule.size = sizeof(rule);
	rule.host = host;
	rule.pins = pins;
	rule.n_pins = 2;
	rule.mode = PINSTORE_ENFORCE;
	rule.expires = expires;
	ck_assert_msg(pinstore_pin(store, &rule, now, &error) == PINSTORE_OK,
	              "%s", error.text);
}

static void
set_pin(const char *host, const char *name)
{
	set_pin_until(host, name, PINSTORE_NEVER);
}

static void
clear(const char *host)
{
	struct pinstore_filter filter;
	struct pinstore_error error;
	size_t removed;

	memset(&filter, 0, sizeof(filter));
	filter.size = sizeof(filter);
	filter.host = host;
	filter.since = INT64_MIN;
	ck_assert_msg(pinstore_clear(store, &filter, now, &removed, &error) ==
	                      PINSTORE_OK,
	              "%s", error.text);
	ck_assert_uint_eq(removed, 1);
}

/* ------------------------------------------------------------- connections */

static void
attach(gnutls_session_t session, const char *host)
{
	struct pinstore_peer peer = {sizeof(peer), host, 443, 0};
	struct pinstore_error error;

	ck_assert_msg(pinstore_session_attach(session, store, &peer, tell_time,
	                                      &now, &error) == PINSTORE_OK,
	              "%s", error.text);
}

static int
complete(gnutls_session_t session, int (*step)(gnutls_session_t))
{
	int ret;

	do
		ret = step(session);
	while (ret < 0 && gnutls_error_is_fatal(ret) == 0);
	return ret;
}

static int
pinned_handshake(gnutls_session_t session)
{
	return pinstore_handshake(session);
}

/* Connect as a client of that depth does: 0, or why not. */
static int
connect_by(gnutls_session_t session, enum depth depth, const char *host)
{
	enum pinstore_verdict verdict;
	int ret;

	if (depth != CHECK)
		attach(session, host);
	switch (depth) {
	case HANDSHAKE:
		return complete(session, pinned_handshake);
	case CALLBACK:
		gnutls_session_set_verify_function(session,
		                                   pinstore_verify_callback);
		return complete(session, gnutls_handshake);
	case CHECK:
		ret = complete(session, gnutls_handshake);
		if (ret != 0)
			return ret;
		attach(session, host);
		if (pinstore_session_check(session, &verdict, NULL, NULL) !=
		            PINSTORE_OK ||
		    verdict == PINSTORE_REJECT)
			return REFUSED;
		return 0;
	}
	return REFUSED;
}

/* What a client does then; and what the server must have seen of it. */
static void
finish(gnutls_session_t session, struct tls_server *server, int ret)
{
	if (ret == 0) {
		ck_assert(tls_greeting(session));
		tls_request(session);
	}
	tls_close(session);
	tls_server_join(server);
	ck_assert_uint_eq(server->received, ret == 0 ? 3 : 0);
}

static void
expect_last(gnutls_session_t session, enum pinstore_status status,
            enum pinstore_verdict verdict, enum pinstore_reason reason)
{
	struct pinstore_result *result = (void *)&result;
	enum pinstore_verdict last = PINSTORE_BYPASSED;
	struct pinstore_error error;

	ck_assert_int_eq(pinstore_session_last(session, &last, &result,
	                                       &error), status);
	ck_assert_int_eq(error.status, status);
	ck_assert_int_eq(last, verdict);
	if (status != PINSTORE_OK) {
		ck_assert_ptr_null(result);
		ck_assert_int_ne(error.text[0], '\0');
		return;
	}
	ck_assert_int_eq(pinstore_result_verdict(result), verdict);
	ck_assert_int_eq(pinstore_result_reason(result), reason);
	pinstore_result_free(result);
}

/* --------------------------------------------------- fresh sessions, judged */

static const struct {
	const char *what;
	const char *host;
	const char *pinned; /* the key; NULL: nothing is pinned */
	const char *key;
	const char *served[NAMES_MAX];
	enum pinstore_status status;
	enum pinstore_verdict verdict;
	enum pinstore_reason reason;
} cases[] = {
        {"T-005: the root, which is not sent", "pin.test", "rootA", "good",
         {"good", "intA"}, PINSTORE_OK, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN},
        {"T-005: the intermediate", "pin.test", "intA", "good",
         {"good", "intA"}, PINSTORE_OK, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN},
        {"T-005: the leaf", "pin.test", "good", "good", {"good", "intA"},
         PINSTORE_OK, PINSTORE_MATCHED, PINSTORE_WHY_PIN_IN_CHAIN},
        {"T-030: another spelling of the host", "PIN.Test.", "rootA", "good",
         {"good", "intA"}, PINSTORE_OK, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN},
        {"nothing is pinned", "pin.test", NULL, "mitm", {"mitm", "intB"},
         PINSTORE_OK, PINSTORE_UNPINNED, PINSTORE_WHY_NO_ENTRY},
        {"an address", "127.0.0.1", NULL, "address", {"address", "intA"},
         PINSTORE_OK, PINSTORE_UNPINNED, PINSTORE_WHY_ADDRESS},
        {"R-2.6-7: an impostor", "pin.test", "rootA", "mitm",
         {"mitm", "intB"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-030: by another spelling", "PIN.Test.", "rootA", "mitm",
         {"mitm", "intB"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-001: the root at the end", "pin.test", "rootA", "mitm",
         {"mitm", "intB", "rootA"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-002: the root in the middle", "pin.test", "rootA", "mitm",
         {"mitm", "rootA", "intB"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-002: the root behind the root", "pin.test", "rootA", "mitm",
         {"mitm", "intB", "rootB", "rootA"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-003: the intermediate", "pin.test", "intA", "mitm",
         {"mitm", "intA", "intB"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-003: the leaf", "pin.test", "good", "mitm",
         {"mitm", "intB", "good"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-003: all of them", "pin.test", "good", "mitm",
         {"mitm", "good", "intA", "rootA", "intB"}, PINSTORE_OK,
         PINSTORE_REJECT, PINSTORE_WHY_NO_PIN_IN_CHAIN},
        {"T-006: the key by the other root", "pin.test", "intA", "good",
         {"good", "intA-by-rootB"}, PINSTORE_OK, PINSTORE_MATCHED,
         PINSTORE_WHY_PIN_IN_CHAIN},
        {"T-007: and the root that it does not end in", "pin.test", "rootA",
         "good", {"good", "intA-by-rootB"}, PINSTORE_OK, PINSTORE_REJECT,
         PINSTORE_WHY_NO_PIN_IN_CHAIN},
        /* The certificate comes first, pinned or not. */
        {"T-004: untrusted", "pin.test", "rootA", "untrusted",
         {"untrusted", "intX", "rootA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
        {"T-020: the name", "pin.test", "rootA", "wrong-host",
         {"wrong-host", "intA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
        {"R-2.6-1: expired", "pin.test", "rootA", "expired",
         {"expired", "intA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
        {"design 3.1: the purpose", "pin.test", "rootA", "mail",
         {"mail", "intA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
        {"untrusted and not pinned", "pin.test", NULL, "untrusted",
         {"untrusted", "intX"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
        {"an address that the certificate does not have", "127.0.0.2", NULL,
         "address", {"address", "intA"}, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
         PINSTORE_WHY_OK},
};

static void
judge_case(int row, enum depth depth, const char *version)
{
	bool passes = cases[row].status == PINSTORE_OK &&
	              cases[row].verdict != PINSTORE_REJECT;
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	if (cases[row].pinned != NULL)
		set_pin("pin.test", cases[row].pinned);
	tls_server_init(&server, cases[row].served, cases[row].key);
	session = tls_client(tls_server_start(&server), version, trust);
	ret = connect_by(session, depth, cases[row].host);
	ck_assert_msg(ret == (passes ? 0 : REFUSED), "%s: %d",
	              cases[row].what, ret);
	expect_last(session, cases[row].status, cases[row].verdict,
	            cases[row].reason);
	finish(session, &server, ret);
	/* Inside the handshake the server hears why. */
	if (depth == HANDSHAKE && !passes)
		ck_assert_int_ne(server.handshake, 0);
	tls_server_free(&server);
}

START_TEST(handshake_judges)
{
	judge_case(_i / 2, HANDSHAKE, versions[_i % 2]);
}
END_TEST

START_TEST(callback_judges)
{
	judge_case(_i / 2, CALLBACK, versions[_i % 2]);
}
END_TEST

START_TEST(check_judges)
{
	judge_case(_i / 2, CHECK, versions[_i % 2]);
}
END_TEST

/* R-2.6-2: the entry that stands now, by the clock that was attached. */
START_TEST(asks_the_clock)
{
	static const int64_t late[] = {0, 1};
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	set_pin_until("pin.test", "rootA", TLS_NOW + 10);
	now = TLS_NOW + 10 + late[_i];
	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, late[_i] == 0 ? REFUSED : 0);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

/* ------------------------------------------------------------ resumption */

/* A session of that depth before anything was pinned; its data. */
static gnutls_datum_t
first_visit(struct tls_server *server, enum depth depth, const char *version)
{
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;

	session = tls_client(tls_server_start(server), version, trust);
	ret = connect_by(session, depth, "pin.test");
	ck_assert_int_eq(ret, 0);
	expect_last(session, PINSTORE_OK, PINSTORE_UNPINNED,
	            PINSTORE_WHY_NO_ENTRY);
	ck_assert(tls_greeting(session));
	data = tls_session_data(session);
	tls_request(session);
	tls_close(session);
	tls_server_join(server);
	ck_assert(!server->resumed);
	ck_assert_uint_eq(server->received, 3);
	return data;
}

/* Resume it; the session, and what connecting gave. */
static gnutls_session_t
visit_again(struct tls_server *server, const gnutls_datum_t *data,
            enum depth depth, const char *version, int *ret)
{
	gnutls_session_t session;

	session = tls_client(tls_server_start(server), version, trust);
	ck_assert_int_eq(gnutls_session_set_data(session, data->data,
	                                         data->size), 0);
	*ret = connect_by(session, depth, "pin.test");
	ck_assert_int_ne(gnutls_session_is_resumed(session), 0);
	return session;
}

/* T-054, T-055, R-2.6-11: a session from before the pin was set. */
static void
resume(enum depth depth, const char *version)
{
	struct tls_server server;
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	data = first_visit(&server, depth, version);

	/* Nothing pinned yet: accepted. */
	session = visit_again(&server, &data, depth, version, &ret);
	ck_assert_int_eq(ret, 0);
	expect_last(session, PINSTORE_OK, PINSTORE_UNPINNED,
	            PINSTORE_WHY_NO_ENTRY);
	finish(session, &server, ret);
	ck_assert(server.resumed);

	set_pin("pin.test", "rootA");
	session = visit_again(&server, &data, depth, version, &ret);
	ck_assert_int_eq(ret, REFUSED);
	expect_last(session, PINSTORE_OK, PINSTORE_REJECT,
	            PINSTORE_WHY_NO_PIN_IN_CHAIN);
	finish(session, &server, ret);
	ck_assert(server.resumed);

	/* Another pin, which the path has: accepted. */
	set_pin("pin.test", "rootB");
	session = visit_again(&server, &data, depth, version, &ret);
	ck_assert_int_eq(ret, 0);
	expect_last(session, PINSTORE_OK, PINSTORE_MATCHED,
	            PINSTORE_WHY_PIN_IN_CHAIN);
	finish(session, &server, ret);
	ck_assert(server.resumed);

	/* And after clear, also to the impostor. */
	clear("pin.test");
	session = visit_again(&server, &data, depth, version, &ret);
	ck_assert_int_eq(ret, 0);
	finish(session, &server, ret);
	ck_assert(server.resumed);
	gnutls_free(data.data);
	tls_server_free(&server);
}

START_TEST(resumed_handshake)
{
	resume(HANDSHAKE, versions[_i]);
}
END_TEST

START_TEST(resumed_check)
{
	resume(CHECK, versions[_i]);
}
END_TEST

/*
 * F-02: GnuTLS calls no verify callback on a resumed session, so that depth
 * alone is not enough, as gnutls.h says; a check asked for then refuses.
 */
START_TEST(resumed_callback_is_not_called)
{
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	data = first_visit(&server, CALLBACK, versions[_i]);
	set_pin("pin.test", "rootA");
	session = visit_again(&server, &data, CALLBACK, versions[_i], &ret);
	ck_assert_int_eq(ret, 0);
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	finish(session, &server, REFUSED);
	ck_assert(server.resumed);
	gnutls_free(data.data);
	tls_server_free(&server);
}
END_TEST

/* A session that was made for another host is verified for this one. */
START_TEST(resumed_for_another_host)
{
	struct tls_server server;
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	data = first_visit(&server, HANDSHAKE, versions[_i]);
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	ck_assert_int_eq(gnutls_session_set_data(session, data.data,
	                                         data.size), 0);
	ret = connect_by(session, HANDSHAKE, "other.test");
	ck_assert_int_eq(ret, REFUSED);
	expect_last(session, PINSTORE_ERR_CHAIN, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	finish(session, &server, ret);
	gnutls_free(data.data);
	tls_server_free(&server);
}
END_TEST

/* The slot is there whether data is set before or after it. */
START_TEST(attached_before_the_data)
{
	struct tls_server server;
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	data = first_visit(&server, HANDSHAKE, versions[_i]);
	set_pin("pin.test", "rootA");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	attach(session, "pin.test");
	ck_assert_int_eq(gnutls_session_set_data(session, data.data,
	                                         data.size), 0);
	ret = complete(session, pinned_handshake);
	ck_assert_int_ne(gnutls_session_is_resumed(session), 0);
	ck_assert_int_eq(ret, REFUSED);
	finish(session, &server, ret);
	ck_assert(server.resumed);
	gnutls_free(data.data);
	tls_server_free(&server);
}
END_TEST

/* R-2.6-11: a connection that is used again meets the pin set meanwhile. */
START_TEST(used_again)
{
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, 0);
	set_pin("pin.test", "rootA");
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	expect_last(session, PINSTORE_OK, PINSTORE_REJECT,
	            PINSTORE_WHY_NO_PIN_IN_CHAIN);
	clear("pin.test");
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_UNPINNED);
	finish(session, &server, 0);
	tls_server_free(&server);
}
END_TEST

/* --------------------------------------------------------- renegotiation */

static const struct {
	const char *pinned; /* between the two handshakes */
	int ret;
	enum pinstore_verdict verdict;
} renegotiations[] = {
        {"rootA", REFUSED, PINSTORE_REJECT},
        {"rootB", 0, PINSTORE_MATCHED},
};

START_TEST(renegotiation)
{
	struct tls_server server;
	gnutls_session_t session;
	ssize_t n;
	char c;
	int ret;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	server.rehandshake = true;
	session = tls_client(tls_server_start(&server), TLS12, trust);
	ck_assert_int_eq(connect_by(session, HANDSHAKE, "pin.test"), 0);
	n = gnutls_record_recv(session, &c, 1);
	ck_assert_int_eq(n, GNUTLS_E_REHANDSHAKE);
	set_pin("pin.test", renegotiations[_i].pinned);
	ret = complete(session, pinned_handshake);
	ck_assert_int_eq(ret, renegotiations[_i].ret);
	expect_last(session, PINSTORE_OK, renegotiations[_i].verdict,
	            ret == 0 ? PINSTORE_WHY_PIN_IN_CHAIN :
	                       PINSTORE_WHY_NO_PIN_IN_CHAIN);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

/* Also when the second handshake resumes the first. */
START_TEST(renegotiation_resumed)
{
	struct tls_server server;
	gnutls_session_t session;
	gnutls_datum_t data;
	int ret;
	char c;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	server.rehandshake = true;
	session = tls_client(tls_server_start(&server), TLS12, trust);
	ck_assert_int_eq(connect_by(session, HANDSHAKE, "pin.test"), 0);
	data = tls_session_data(session);
	ck_assert_int_eq(gnutls_record_recv(session, &c, 1),
	                 GNUTLS_E_REHANDSHAKE);
	ck_assert_int_eq(gnutls_session_set_data(session, data.data,
	                                         data.size), 0);
	set_pin("pin.test", "rootA");
	ret = complete(session, pinned_handshake);
	ck_assert_int_ne(gnutls_session_is_resumed(session), 0);
	ck_assert_int_eq(ret, REFUSED);
	expect_last(session, PINSTORE_OK, PINSTORE_REJECT,
	            PINSTORE_WHY_NO_PIN_IN_CHAIN);
	finish(session, &server, ret);
	ck_assert(server.resumed);
	gnutls_free(data.data);
	tls_server_free(&server);
}
END_TEST

static void
expect_peer(gnutls_session_t session, enum pinstore_verdict want)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	enum pinstore_verdict verdict;

	ck_assert_int_eq(pinstore_check_peer(store, session, &peer, NULL, now,
	                                     &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, want);
}

static int
ask_in_between(gnutls_session_t session, unsigned type, unsigned when,
               unsigned incoming, const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	ck_assert_uint_eq(incoming, 1);
	expect_peer(session, PINSTORE_MATCHED);
	return 0;
}

static const struct {
	struct tls_server second;
	bool asks_in_between;
} others[] = {
        {{.served = TLS_NAMES("mitm", "intB"), .key = "mitm"}, false},
        {{.served = TLS_NAMES("mitm", "intB"), .key = "mitm"}, true},
        /* The same leaf, that ends elsewhere. */
        {{.served = TLS_NAMES("good", "intA-by-rootB"), .key = "good"}, false},
        {{.served = TLS_NAMES("good", "intA-by-rootB"), .key = "good"}, true},
};

/*
 * another peer in the second handshake, of an application that allows
 * that.  Between its randoms and its certificate the first one's still stands
 * there, and what is kept of it then is not the second's.
 */
START_TEST(renegotiation_with_another)
{
	struct tls_server server;
	gnutls_session_t session;
	char c;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	server.rehandshake = true;
	server.second = &others[_i].second;
	set_pin("pin.test", "rootA");
	session = tls_client_flags(tls_server_start(&server), TLS12, trust,
	                           GNUTLS_ALLOW_ID_CHANGE);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	expect_peer(session, PINSTORE_MATCHED);
	ck_assert_int_eq(gnutls_record_recv(session, &c, 1),
	                 GNUTLS_E_REHANDSHAKE);
	if (others[_i].asks_in_between)
		gnutls_handshake_set_hook_function(
		        session, GNUTLS_HANDSHAKE_SERVER_HELLO,
		        GNUTLS_HOOK_POST, ask_in_between);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	expect_peer(session, PINSTORE_REJECT);
	finish(session, &server, REFUSED);
	tls_server_free(&server);
}
END_TEST

/* The same certificates, that are not to be trusted by then. */
START_TEST(renegotiation_verifies_again)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	gnutls_certificate_credentials_t none = tls_trust(TLS_NAMES("rootB"));
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	char c;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	server.rehandshake = true;
	session = tls_client(tls_server_start(&server), TLS12, trust);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	expect_peer(session, PINSTORE_UNPINNED);
	ck_assert_int_eq(gnutls_record_recv(session, &c, 1),
	                 GNUTLS_E_REHANDSHAKE);
	ck_assert_int_eq(gnutls_credentials_set(
	                         session, GNUTLS_CRD_CERTIFICATE, none), 0);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	ck_assert_int_eq(pinstore_check_peer(store, session, &peer, NULL, now,
	                                     &verdict, NULL, NULL),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	finish(session, &server, REFUSED);
	gnutls_certificate_free_credentials(none);
	tls_server_free(&server);
}
END_TEST

/* --------------------------------------------------------- event loops */

static void
wait_for(gnutls_session_t session)
{
	struct pollfd fd = {gnutls_transport_get_int(session), POLLIN, 0};

	if (gnutls_record_get_direction(session) == 1)
		fd.events = POLLOUT;
	ck_assert_int_eq(poll(&fd, 1, 10000), 1);
}

static void
without_blocking(struct tls_server *server, const gnutls_datum_t *data,
                 const char *version, int want, gnutls_datum_t *out)
{
	gnutls_session_t session;
	int fd = tls_server_start(server), waits = 0, ret;

	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	session = tls_client_flags(fd, version, trust, GNUTLS_NONBLOCK);
	attach(session, "pin.test");
	if (data != NULL)
		ck_assert_int_eq(gnutls_session_set_data(session, data->data,
		                                         data->size), 0);
	judgements = 0;
	while ((ret = pinstore_handshake(session)) == GNUTLS_E_AGAIN ||
	       ret == GNUTLS_E_INTERRUPTED) {
		waits++;
		wait_for(session);
	}
	ck_assert_int_gt(waits, 0);
	ck_assert_int_eq(ret, want);
	/* design 6.6: verified once, however often it was called. */
	ck_assert_int_eq(judgements, 1);
	ck_assert_int_eq(gnutls_session_is_resumed(session) != 0,
	                 data != NULL);
	if (out != NULL) {
		ck_assert(tls_greeting(session));
		*out = tls_session_data(session);
		tls_close(session);
		tls_server_join(server);
		return;
	}
	ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
	finish(session, server, ret);
}

START_TEST(passes_again_through)
{
	struct tls_server server;
	gnutls_datum_t data;

	tls_server_init(&server, TLS_NAMES("mitm", "intB"), "mitm");
	server.slow = true;
	without_blocking(&server, NULL, versions[_i], 0, &data);
	without_blocking(&server, &data, versions[_i], 0, NULL);
	set_pin("pin.test", "rootA");
	without_blocking(&server, NULL, versions[_i], REFUSED, NULL);
	without_blocking(&server, &data, versions[_i], REFUSED, NULL);
	gnutls_free(data.data);
	tls_server_free(&server);
}
END_TEST

/* ------------------------------------------------ peers without certificate */

static const struct {
	const char *priority;
	const char *pinned;
} without[] = {
        {TLS_ANONYMOUS, "rootA"}, {TLS_ANONYMOUS, NULL},
        {TLS_PSK12, "rootA"},     {TLS_PSK12, NULL},
        {TLS_PSK13, "rootA"},     {TLS_PSK13, NULL},
};

/* T-016: refused, and the text says why. */
START_TEST(no_certificate)
{
	static const enum depth depths[] = {HANDSHAKE, CHECK};
	struct pinstore_error error;
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	size_t i;
	int ret;

	if (without[_i].pinned != NULL)
		set_pin("pin.test", without[_i].pinned);
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	for (i = 0; i < 2; i++) {
		session = tls_client(tls_server_start(&server),
		                     without[_i].priority, trust);
		ret = connect_by(session, depths[i], "pin.test");
		ck_assert_int_eq(ret, REFUSED);
		ck_assert_int_eq(pinstore_session_last(session, &verdict, NULL,
		                                       &error),
		                 PINSTORE_ERR_CHAIN);
		ck_assert_int_eq(verdict, PINSTORE_REJECT);
		ck_assert_ptr_nonnull(strstr(error.text, "no certificate"));
		finish(session, &server, ret);
	}
	tls_server_free(&server);
}
END_TEST

/* -------------------------------------------------------------- the slot */

static int extensions;
static bool saw_slot;
static char saw_name[300];

static int
see_extension(void *arg, unsigned id, const unsigned char *data, unsigned len)
{
	(void)arg;
	extensions++;
	if (id >= 0xff50 && id <= 0xff5f)
		saw_slot = true;
	if (id == 0 && len > 5 && len - 5 < sizeof(saw_name)) {
		memcpy(saw_name, data + 5, len - 5);
		saw_name[len - 5] = '\0';
	}
	return 0;
}

static int
see_hello(gnutls_session_t session, unsigned type, unsigned when,
          unsigned incoming, const gnutls_datum_t *message)
{
	(void)session;
	(void)when;
	ck_assert_uint_eq(incoming, 0);
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
		ck_assert_int_eq(gnutls_ext_raw_parse(
		                         NULL, see_extension, message,
		                         GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO),
		                 0);
	return 0;
}

static const struct {
	const char *host;
	const char *key;
	const char *name; /* that the server is asked for */
} server_names[] = {
        {"pin.test", "good", "pin.test"},
        {"PIN.test.", "good", "pin.test"},
        {"127.0.0.1", "address", ""},
        {"[::1]", "address", ""},
};

/* F-13, H-12: the canonical name goes on the wire, and nothing of the slot. */
START_TEST(on_the_wire)
{
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	extensions = 0;
	saw_slot = false;
	saw_name[0] = '\0';
	tls_server_init(&server, TLS_NAMES(server_names[_i].key, "intA"),
	                server_names[_i].key);
	session = tls_client(tls_server_start(&server), TLS13, trust);
	gnutls_handshake_set_hook_function(session,
	                                   GNUTLS_HANDSHAKE_CLIENT_HELLO,
	                                   GNUTLS_HOOK_PRE, see_hello);
	ret = connect_by(session, HANDSHAKE, server_names[_i].host);
	ck_assert_int_eq(ret, 0);
	ck_assert_int_gt(extensions, 5);
	ck_assert(!saw_slot);
	ck_assert_str_eq(saw_name, server_names[_i].name);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

static int
never_called(gnutls_session_t session)
{
	(void)session;
	ck_abort_msg("the credentials' verify function was called");
	return -1;
}

/* What is the application's stays so. */
START_TEST(leaves_the_application_alone)
{
	gnutls_certificate_credentials_t own =
	        tls_trust(TLS_NAMES("rootA", "rootB"));
	struct tls_server server;
	gnutls_session_t session;
	int mine, ret;

	gnutls_certificate_set_verify_function(own, never_called);
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, own);
	gnutls_session_set_ptr(session, &mine);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, 0);
	ck_assert_ptr_eq(gnutls_session_get_ptr(session), &mine);
	finish(session, &server, ret);
	tls_server_free(&server);
	gnutls_certificate_free_credentials(own);
}
END_TEST

/* The second one counts, and what the first one found is forgotten. */
START_TEST(attached_twice)
{
	struct pinstore_peer peer = {.size = sizeof(peer)};
	enum pinstore_verdict verdict;
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	set_pin("other.test", "rootA");
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	attach(session, "other.test");
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, 0);
	expect_last(session, PINSTORE_OK, PINSTORE_UNPINNED,
	            PINSTORE_WHY_NO_ENTRY);
	attach(session, "other.test");
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL, NULL),
	                 PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	attach(session, "pin.test");
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	/* what was decided does not outlast one that fails */
	peer.host = "pin..test";
	ck_assert_int_eq(pinstore_session_attach(session, store, &peer,
	                                         tell_time, &now, NULL),
	                 PINSTORE_ERR_HOST);
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

START_TEST(nothing_attached)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = (void *)&result;
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_error error;
	struct tls_server server;
	gnutls_session_t session;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ck_assert_int_eq(pinstore_handshake(session),
	                 GNUTLS_E_INVALID_REQUEST);
	gnutls_session_set_verify_function(session, pinstore_verify_callback);
	ck_assert_int_eq(complete(session, gnutls_handshake), REFUSED);
	ck_assert_int_eq(pinstore_session_check(session, &verdict, &result,
	                                        &error), PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_ptr_null(result);
	verdict = PINSTORE_MATCHED;
	ck_assert_int_eq(pinstore_session_last(session, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_session_note(session, NULL, 0, &noted,
	                                       &error), PINSTORE_ERR_ARG);
	finish(session, &server, REFUSED);
	tls_server_free(&server);
	/* No session at all. */
	ck_assert_int_eq(pinstore_handshake(NULL), GNUTLS_E_INVALID_REQUEST);
	ck_assert_int_eq(pinstore_verify_callback(NULL), REFUSED);
	ck_assert_int_eq(pinstore_session_check(NULL, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
}
END_TEST

START_TEST(attach_refuses)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	struct pinstore_peer none = {sizeof(none), NULL, 443, 0};
	struct pinstore_peer bad = {sizeof(bad), "a..b", 443, 0};
	struct pinstore_peer port = {sizeof(port), "pin.test:443", 443, 0};
	struct pinstore_peer small = {0, "pin.test", 443, 0};
	gnutls_session_t session = tls_client(-1, TLS13, trust), other;
	struct pinstore_error error;
	enum pinstore_verdict verdict;

	ck_assert_int_eq(gnutls_init(&other, GNUTLS_SERVER), 0);
	ck_assert_int_eq(pinstore_session_attach(other, store, &peer,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_ARG);
	gnutls_deinit(other);
	ck_assert_int_eq(pinstore_session_attach(NULL, store, &peer, tell_time,
	                                         &now, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, NULL, &peer,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, store, NULL,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, store, &peer, NULL,
	                                         &now, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, store, &small,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, store, &none,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_attach(session, store, &bad,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_HOST);
	ck_assert_int_eq(pinstore_session_attach(session, store, &port,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_HOST);
	/* None of these attached anything. */
	ck_assert_int_eq(pinstore_session_last(session, &verdict, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	/* One that fails leaves what was attached. */
	attach(session, "pin.test");
	ck_assert_int_eq(pinstore_session_attach(session, store, &bad,
	                                         tell_time, &now, &error),
	                 PINSTORE_ERR_HOST);
	ck_assert_int_eq(pinstore_session_last(session, &verdict, NULL, NULL),
	                 PINSTORE_ERR_UNJUDGED);
	ck_assert_int_eq(pinstore_session_last(session, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_check(session, NULL, NULL, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_session_check(session, &verdict, NULL,
	                                        &error), PINSTORE_ERR_CHAIN);
	gnutls_deinit(session);
}
END_TEST

/* A handshake that fails for another reason decided nothing. */
START_TEST(other_failures)
{
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	server.priority = TLS12;
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_lt(ret, 0);
	ck_assert_int_ne(ret, REFUSED);
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	finish(session, &server, ret);
	tls_server_free(&server);
	/* The pinned path passes the check; its key is the impostor's not. */
	tls_server_init(&server, TLS_NAMES("good", "intA"), "mitm");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_lt(ret, 0);
	ck_assert_int_ne(ret, REFUSED);
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

static ssize_t
push_until_dropped(gnutls_transport_ptr_t ptr, const void *data, size_t len)
{
	if (is_dropped) {
		errno = EPIPE;
		return -1;
	}
	return send((int)(intptr_t)ptr, data, len, MSG_NOSIGNAL);
}

/* Also when the check has passed, and the rest of the handshake fails. */
START_TEST(failure_behind_the_check)
{
	struct tls_server server;
	gnutls_session_t session;
	int ret;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	gnutls_transport_set_push_function(session, push_until_dropped);
	drop_when_judged = true;
	judgements = 0;
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(judgements, 1);
	ck_assert_int_lt(ret, 0);
	ck_assert_int_ne(ret, REFUSED);
	expect_last(session, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

/* ---------------------------------------------------------------- results */

START_TEST(result_outlives_its_session)
{
	struct pinstore_result *first, *second;
	enum pinstore_verdict verdict;
	const struct pinstore_chain *chain;
	struct pinstore_pin root = pin_of("rootA");
	struct tls_server server;
	gnutls_session_t session;
	size_t pin, certificate;

	set_pin("pin.test", "rootA");
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ck_assert_int_eq(connect_by(session, HANDSHAKE, "pin.test"), 0);
	ck_assert_int_eq(pinstore_session_last(session, &verdict, &first,
	                                       NULL), PINSTORE_OK);
	ck_assert_int_eq(pinstore_session_check(session, &verdict, &second,
	                                        NULL), PINSTORE_OK);
	finish(session, &server, 0);
	tls_server_free(&server);
	pinstore_result_free(second);
	ck_assert_str_eq(pinstore_result_host(first), "pin.test");
	chain = pinstore_result_chain(first);
	ck_assert_uint_eq(pinstore_chain_length(chain), 3);
	ck_assert_uint_eq(pinstore_chain_served_length(chain), 2);
	ck_assert_mem_eq(pinstore_chain_pin(chain, 2), &root, sizeof(root));
	ck_assert_int_eq(pinstore_result_matched(first, PINSTORE_CONFIGURED,
	                                         &pin, &certificate), 1);
	ck_assert_uint_eq(certificate, 2);
	pinstore_result_free(first);
}
END_TEST

/* A session to the impostor that no check has seen, attached to pin.test. */
static gnutls_session_t
visit_unasked(struct tls_server *impostor)
{
	gnutls_session_t session;

	tls_server_init(impostor, TLS_NAMES("mitm", "intB"), "mitm");
	session = tls_client(tls_server_start(impostor), TLS13, trust);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	attach(session, "pin.test");
	return session;
}

/* T-063, A-50: asked on one session, sent on another. */
START_TEST(a_verdict_is_its_sessions)
{
	static const char value[] = "max-age=1000; pin-sha256=\""
	                            "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
	                            "\"";
	struct pinstore_field field = {PINSTORE_PKP, value, sizeof(value) - 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct tls_server server, impostor;
	gnutls_session_t asked, other;
	enum pinstore_verdict verdict;
	bool first_ends = _i == 1;

	set_pin("pin.test", "rootA");
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	asked = tls_client(tls_server_start(&server), TLS13, trust);
	ck_assert_int_eq(connect_by(asked, HANDSHAKE, "pin.test"), 0);
	if (first_ends) /* and its memory goes to the next one */
		finish(asked, &server, 0);
	other = visit_unasked(&impostor);
	expect_last(other, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT,
	            PINSTORE_WHY_OK);
	ck_assert_int_eq(pinstore_session_note(other, &field, 1, &noted, NULL),
	                 PINSTORE_ERR_UNJUDGED);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(pinstore_session_check(other, &verdict, NULL, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	finish(other, &impostor, REFUSED);
	if (!first_ends) {
		expect_last(asked, PINSTORE_OK, PINSTORE_MATCHED,
		            PINSTORE_WHY_PIN_IN_CHAIN);
		finish(asked, &server, 0);
	}
	tls_server_free(&impostor);
	tls_server_free(&server);
}
END_TEST

/* ---------------------------------------------------------------- noting */

/* A Public-Key-Pins field with name's key and a backup. */
static struct pinstore_field
field_for(const char *name, char *text, size_t size)
{
	struct pinstore_pin pin = pin_of(name);
	gnutls_datum_t raw = {pin.sha256, sizeof(pin.sha256)}, base64;
	struct pinstore_field field;
	int len;

	ck_assert_int_eq(gnutls_base64_encode2(&raw, &base64), 0);
	len = snprintf(text, size,
	               "pin-sha256=\"%.*s\"; pin-sha256=\"AAAAAAAAAAAAAAAAAAAAA"
	               "AAAAAAAAAAAAAAAAAAAAAA=\"; max-age=5184000",
	               (int)base64.size, (const char *)base64.data);
	ck_assert(len > 0 && (size_t)len < size);
	gnutls_free(base64.data);
	field.kind = PINSTORE_PKP;
	field.value = text;
	field.len = (size_t)len;
	return field;
}

static bool
is_learned(const char *host)
{
	struct pinstore_entry *entry = NULL;
	enum pinstore_status status;

	status = pinstore_show(store, host, PINSTORE_LEARNED, &entry, NULL);
	pinstore_entry_free(entry);
	ck_assert(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND);
	return status == PINSTORE_OK;
}

START_TEST(notes_what_a_visit_brings)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_error error;
	struct pinstore_field field;
	struct tls_server server;
	gnutls_session_t session;
	char text[256];
	int ret;

	field = field_for("rootA", text, sizeof(text));
	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	attach(session, "pin.test");
	noted.action = PINSTORE_NOTED;
	ck_assert_int_eq(pinstore_session_note(session, &field, 1, &noted,
	                                       &error),
	                 PINSTORE_ERR_UNJUDGED);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert_int_eq(complete(session, pinned_handshake), 0);
	ck_assert_msg(pinstore_session_note(session, &field, 1, &noted,
	                                    &error) == PINSTORE_OK,
	              "%s", error.text);
	ck_assert_int_eq(noted.action, PINSTORE_NOTED);
	ck_assert_int_eq(noted.expires, TLS_NOW + 5184000);
	ck_assert(is_learned("pin.test"));
	finish(session, &server, 0);
	tls_server_free(&server);

	/* The impostor is refused now, and cannot take the pin away. */
	field.value = "max-age=0";
	field.len = strlen(field.value);
	tls_server_init(&server, TLS_NAMES("mitm", "intB", "intA"), "mitm");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, REFUSED);
	ck_assert_int_eq(pinstore_session_note(session, &field, 1, &noted,
	                                       &error), PINSTORE_OK);
	ck_assert_int_eq(noted.action, PINSTORE_IGNORED);
	ck_assert(is_learned("pin.test"));
	finish(session, &server, ret);
	tls_server_free(&server);

	/* Neither does a certificate that is not valid. */
	tls_server_init(&server, TLS_NAMES("expired", "intA"), "expired");
	session = tls_client(tls_server_start(&server), versions[_i], trust);
	ret = connect_by(session, HANDSHAKE, "pin.test");
	ck_assert_int_eq(ret, REFUSED);
	ck_assert_int_eq(pinstore_session_note(session, &field, 1, &noted,
	                                       &error), PINSTORE_ERR_CHAIN);
	ck_assert_int_eq(error.status, PINSTORE_ERR_CHAIN);
	ck_assert(is_learned("pin.test"));
	finish(session, &server, ret);
	tls_server_free(&server);
}
END_TEST

/* -------------------------------------------------- chain without a handle */

static const struct {
	const char *host;
	enum pinstore_status status;
} hosts[] = {
        {"pin.test", PINSTORE_OK},
        {"PIN.TEST.", PINSTORE_OK},
        {"other.test", PINSTORE_ERR_CHAIN},
        {"127.0.0.1", PINSTORE_ERR_CHAIN},
        {"pin.test:443", PINSTORE_ERR_HOST},
        {"a..b", PINSTORE_ERR_HOST},
        {"", PINSTORE_ERR_HOST},
        {NULL, PINSTORE_ERR_ARG},
};

START_TEST(chain_from_session)
{
	struct pinstore_chain *chain;
	struct pinstore_error error;
	struct tls_server server;
	gnutls_session_t session;
	int i;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	session = tls_client(tls_server_start(&server), TLS13, trust);
	ck_assert_int_eq(complete(session, gnutls_handshake), 0);
	for (i = 0; i < COUNT(hosts); i++) {
		chain = (void *)&chain;
		ck_assert_int_eq(pinstore_chain_from_session(
		                         session, hosts[i].host, &chain,
		                         &error), hosts[i].status);
		ck_assert_int_eq(error.status, hosts[i].status);
		ck_assert_uint_eq(pinstore_chain_length(chain),
		                  hosts[i].status == PINSTORE_OK ? 3 : 0);
		pinstore_chain_free(chain);
	}
	ck_assert_int_eq(pinstore_chain_from_session(session, "pin.test", NULL,
	                                             &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(pinstore_chain_from_session(NULL, "pin.test", &chain,
	                                             NULL), PINSTORE_ERR_ARG);
	ck_assert_ptr_null(chain);
	finish(session, &server, 0);
	tls_server_free(&server);
}
END_TEST

/* ----------------------------------------------- errors refuse (T-120) */

/* Linked in place of the library's: see api.inc. */
static enum pinstore_status broken;

enum pinstore_status
__real_ps_check_paths(struct pinstore *ps, const struct pinstore_peer *peer,
                      const struct pinstore_chain *chain,
                      ps_check_next_fn *next, void *arg, int64_t at,
                      enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error);
enum pinstore_status
__wrap_ps_check_paths(struct pinstore *ps, const struct pinstore_peer *peer,
                      const struct pinstore_chain *chain,
                      ps_check_next_fn *next, void *arg, int64_t at,
                      enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error);

enum pinstore_status
__wrap_ps_check_paths(struct pinstore *ps, const struct pinstore_peer *peer,
                      const struct pinstore_chain *chain,
                      ps_check_next_fn *next, void *arg, int64_t at,
                      enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error)
{
	if (broken == PINSTORE_OK)
		return __real_ps_check_paths(ps, peer, chain, next, arg, at,
		                             verdict, out, error);
	*verdict = PINSTORE_REJECT;
	*out = NULL;
	error->status = broken;
	snprintf(error->text, sizeof(error->text), "made up");
	return broken;
}

static const enum pinstore_status errors[] = {
        PINSTORE_ERR_NOMEM,   PINSTORE_ERR_BUSY,    PINSTORE_ERR_IO,
        PINSTORE_ERR_VERSION, PINSTORE_ERR_DAMAGED, PINSTORE_ERR_INTERNAL,
};

START_TEST(errors_refuse)
{
	static const enum depth depths[] = {HANDSHAKE, CALLBACK, CHECK};
	struct tls_server server;
	gnutls_session_t session;
	size_t i;
	int ret;

	tls_server_init(&server, TLS_NAMES("good", "intA"), "good");
	for (i = 0; i < 3; i++) {
		session = tls_client(tls_server_start(&server), TLS13, trust);
		broken = errors[_i];
		ret = connect_by(session, depths[i], "pin.test");
		broken = PINSTORE_OK;
		ck_assert_int_eq(ret, REFUSED);
		expect_last(session, errors[_i], PINSTORE_REJECT,
		            PINSTORE_WHY_OK);
		finish(session, &server, ret);
	}
	tls_server_free(&server);
}
END_TEST

/* ---------------------------------------------------------------- threads */

#define THREADS 8
#define ROUNDS 6

static atomic_int wrong;

struct visitor {
	pthread_t thread;
	int number;
	struct tls_server server[ROUNDS];
	int fds[ROUNDS];
};

/* Even rounds meet the host's own server, odd ones an impostor. */
static void *
visit(void *arg)
{
	struct visitor *visitor = arg;
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	enum pinstore_verdict verdict;
	gnutls_session_t session;
	int round, ret;

	for (round = 0; round < ROUNDS; round++) {
		session = tls_client(visitor->fds[round],
		                     versions[visitor->number % 2], trust);
		if (pinstore_session_attach(session, store, &peer, tell_time,
		                            &now, NULL) != PINSTORE_OK)
			wrong++;
		ret = complete(session, pinned_handshake);
		if (ret != (round % 2 == 0 ? 0 : REFUSED))
			wrong++;
		if (pinstore_session_last(session, &verdict, NULL, NULL) !=
		            PINSTORE_OK ||
		    verdict != (round % 2 == 0 ? PINSTORE_MATCHED :
		                                 PINSTORE_REJECT))
			wrong++;
		tls_close(session);
	}
	return NULL;
}

/* T-142: each thread has sessions of its own, all share one handle. */
START_TEST(threads)
{
	static const char *const good[] = {"good", "intA", NULL};
	static const char *const mitm[] = {"mitm", "intB", NULL};
	static struct visitor visitors[THREADS];
	struct visitor *visitor;
	int i, round;

	set_pin("pin.test", "rootA");
	for (i = 0; i < THREADS; i++) {
		visitor = &visitors[i];
		visitor->number = i;
		for (round = 0; round < ROUNDS; round++) {
			tls_server_init(&visitor->server[round],
			                round % 2 == 0 ? good : mitm,
			                round % 2 == 0 ? "good" : "mitm");
			visitor->fds[round] =
			        tls_server_start(&visitor->server[round]);
		}
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&visitors[i].thread, NULL,
		                                visit, &visitors[i]), 0);
	for (i = 0; i < THREADS; i++) {
		visitor = &visitors[i];
		ck_assert_int_eq(pthread_join(visitor->thread, NULL), 0);
		for (round = 0; round < ROUNDS; round++) {
			tls_server_join(&visitor->server[round]);
			tls_server_free(&visitor->server[round]);
		}
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *tcase = add_case(suite, "judging");

	suite_add_rows(tcase, handshake_judges, 2 * COUNT(cases), 7);
	suite_add_rows(tcase, callback_judges, 2 * COUNT(cases), 7);
	suite_add_rows(tcase, check_judges, 2 * COUNT(cases), 7);
	tcase_add_loop_test(tcase, asks_the_clock, 0, 2);
	tcase_add_loop_test(tcase, no_certificate, 0, COUNT(without));
	tcase_add_loop_test(tcase, errors_refuse, 0, COUNT(errors));
	tcase_add_test(tcase, other_failures);
	tcase_add_loop_test(tcase, failure_behind_the_check, 0, 2);
	tcase_add_test(tcase, chain_from_session);
	tcase = add_case(suite, "T-054, T-055");
	tcase_add_loop_test(tcase, resumed_handshake, 0, 2);
	tcase_add_loop_test(tcase, resumed_check, 0, 2);
	tcase_add_loop_test(tcase, resumed_callback_is_not_called, 0, 2);
	tcase_add_loop_test(tcase, resumed_for_another_host, 0, 2);
	tcase_add_loop_test(tcase, attached_before_the_data, 0, 2);
	tcase_add_loop_test(tcase, used_again, 0, 2);
	tcase_add_loop_test(tcase, renegotiation, 0, COUNT(renegotiations));
	tcase_add_test(tcase, renegotiation_resumed);
	tcase_add_loop_test(tcase, renegotiation_with_another, 0,
	                    COUNT(others));
	tcase_add_test(tcase, renegotiation_verifies_again);
	tcase_add_loop_test(tcase, passes_again_through, 0, 2);
	tcase = add_case(suite, "slot");
	tcase_add_loop_test(tcase, on_the_wire, 0, COUNT(server_names));
	tcase_add_test(tcase, leaves_the_application_alone);
	tcase_add_test(tcase, attached_twice);
	tcase_add_test(tcase, nothing_attached);
	tcase_add_test(tcase, attach_refuses);
	tcase_add_test(tcase, result_outlives_its_session);
	tcase_add_loop_test(tcase, a_verdict_is_its_sessions, 0, 2);
	tcase_add_loop_test(tcase, notes_what_a_visit_brings, 0, 2);
	tcase = add_case(suite, "threads");
	suite_tag_threads(tcase);
	/* So many handshakes at once miss their time limit under memcheck. */
	if (!suite_is_under_memcheck())
		tcase_add_test(tcase, threads);
	return suite_run(suite);
}
