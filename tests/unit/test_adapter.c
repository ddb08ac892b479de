/*
 * test_adapter.c - the libcurl adapter over a libcurl that answers oddly: what
 * it does not tell is not accepted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/system/test_curl_adapter.sh holds it to a real one.
 */
#include <config.h>

#include "curl/adapter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define NOW INT64_C(1767225600)

/* What the made-up libcurl knows of its one handle, and at what it fails. */
static struct {
	const char *url, *scheme, *remote, *local;
	long port, local_port, redirects, code;
	curl_off_t lookup, connect, handshake;
	unsigned version;
	bool has_session;
	curl_sslbackend backend;
	CURLINFO mute;       /* getinfo fails for it */
	CURLINFO silent;     /* getinfo succeeds, and gives NULL */
	unsigned setopt_at;  /* counts down to the setopt that fails */
	CURLcode setopt_code;
	unsigned n_setopt;
	char tag[64];        /* that setopt put there */
	bool no_url, no_memory, no_chain;
	CURLUPart no_part;
	bool lacks_part;
	size_t n_fields;     /* of Public-Key-Pins */
	size_t fields_told;  /* by header(), of those */
} curl;

static struct tempdir dir;
static struct pinstore *store;
static struct pinstore_curl *pins;
static struct pinstore_error error;
static char handle;
#define EASY ((CURL *)&handle)

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLHcode __wrap_curl_easy_header(CURL *easy, const char *name, size_t index,
                                  unsigned origin, int request,
                                  struct curl_header **out);
struct curl_header *__wrap_curl_easy_nextheader(CURL *easy, unsigned origin,
                                                int request,
                                                struct curl_header *last);
CURLU *__real_curl_url(void);
CURLU *__wrap_curl_url(void);
CURLUcode __real_curl_url_get(const CURLU *url, CURLUPart what, char **part,
                              unsigned flags);
CURLUcode __wrap_curl_url_get(const CURLU *url, CURLUPart what, char **part,
                              unsigned flags);
curl_version_info_data *__wrap_curl_version_info(CURLversion age);
enum pinstore_status
__wrap_pinstore_check_peer(struct pinstore *ps, gnutls_session_t session,
                           const struct pinstore_peer *peer,
                           const struct pinstore_chain *chain, int64_t now,
                           enum pinstore_verdict *verdict,
                           struct pinstore_result **out,
                           struct pinstore_error *why);

void *
__wrap_calloc(size_t n, size_t size)
{
	if (curl.no_memory) {
		errno = ENOMEM;
		return NULL;
	}
	return __real_calloc(n, size);
}

static const char *
text_of(CURLINFO info)
{
	if (info == curl.silent)
		return NULL;
	switch ((int)info) {
	case CURLINFO_EFFECTIVE_URL:
		return curl.url;
	case CURLINFO_SCHEME:
		return curl.scheme;
	case CURLINFO_PRIMARY_IP:
		return curl.remote;
	case CURLINFO_LOCAL_IP:
		return curl.local;
	case CURLINFO_RTSP_SESSION_ID:
		return curl.tag;
	}
	ck_abort_msg("asked for %#x", (unsigned)info);
}

static long
number_of(CURLINFO info)
{
	switch ((int)info) {
	case CURLINFO_PRIMARY_PORT:
		return curl.port;
	case CURLINFO_LOCAL_PORT:
		return curl.local_port;
	case CURLINFO_REDIRECT_COUNT:
		return curl.redirects;
	case CURLINFO_RESPONSE_CODE:
		return curl.code;
	}
	ck_abort_msg("asked for %#x", (unsigned)info);
}

static curl_off_t
time_of(CURLINFO info)
{
	switch ((int)info) {
	case CURLINFO_NAMELOOKUP_TIME_T:
		return curl.lookup;
	case CURLINFO_CONNECT_TIME_T:
		return curl.connect;
	case CURLINFO_APPCONNECT_TIME_T:
		return curl.handshake;
	}
	ck_abort_msg("asked for %#x", (unsigned)info);
}

CURLcode
__wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	static struct curl_tlssessioninfo session;
	va_list args;
	void *out;

	ck_assert_ptr_eq(easy, EASY);
	va_start(args, info);
	out = va_arg(args, void *);
	va_end(args);
	if (info == curl.mute)
		return CURLE_UNKNOWN_OPTION;
	switch ((int)info & CURLINFO_TYPEMASK) {
	case CURLINFO_STRING:
		*(const char **)out = text_of(info);
		return CURLE_OK;
	case CURLINFO_LONG:
		*(long *)out = number_of(info);
		return CURLE_OK;
	case CURLINFO_OFF_T:
		*(curl_off_t *)out = time_of(info);
		return CURLE_OK;
	}
	ck_assert_int_eq(info, CURLINFO_TLS_SSL_PTR);
	session.backend = curl.backend;
	session.internals = curl.has_session ? &session : NULL;
	*(struct curl_tlssessioninfo **)out =
	        info == curl.silent ? NULL : &session;
	return CURLE_OK;
}

CURLcode
__wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	const char *tag;
	va_list args;

	ck_assert_ptr_eq(easy, EASY);
	if (++curl.n_setopt == curl.setopt_at)
		return curl.setopt_code;
	if (option != CURLOPT_RTSP_SESSION_ID)
		return CURLE_OK;
	va_start(args, option);
	tag = va_arg(args, const char *);
	va_end(args);
	snprintf(curl.tag, sizeof(curl.tag), "%s", tag ? tag : "");
	return CURLE_OK;
}

CURLHcode
__wrap_curl_easy_header(CURL *easy, const char *name, size_t index,
                        unsigned origin, int request, struct curl_header **out)
{
	static struct curl_header header;
	static char value[] = "max-age=0";

	ck_assert_ptr_eq(easy, EASY);
	ck_assert_uint_eq(origin, CURLH_HEADER);
	ck_assert_int_eq(request, -1);
	if (strcmp(name, "Public-Key-Pins") != 0 || index >= curl.fields_told)
		return CURLHE_MISSING;
	header.amount = curl.n_fields;
	header.value = value;
	*out = &header;
	return CURLHE_OK;
}

struct curl_header *
__wrap_curl_easy_nextheader(CURL *easy, unsigned origin, int request,
                            struct curl_header *last)
{
	static struct curl_header header;

	(void)easy, (void)origin, (void)request, (void)last;
	return curl.n_fields > 0 ? &header : NULL;
}

CURLU *
__wrap_curl_url(void)
{
	return curl.no_url ? NULL : __real_curl_url();
}

CURLUcode
__wrap_curl_url_get(const CURLU *url, CURLUPart what, char **part,
                    unsigned flags)
{
	if (curl.lacks_part && what == curl.no_part)
		return CURLUE_OUT_OF_MEMORY;
	return __real_curl_url_get(url, what, part, flags);
}

curl_version_info_data *
__wrap_curl_version_info(CURLversion age)
{
	static curl_version_info_data data;

	(void)age;
	data.version_num = curl.version;
	return &data;
}

/* The session is made up, so the chain is too. */
enum pinstore_status
__wrap_pinstore_check_peer(struct pinstore *ps, gnutls_session_t session,
                           const struct pinstore_peer *peer,
                           const struct pinstore_chain *chain, int64_t now,
                           enum pinstore_verdict *verdict,
                           struct pinstore_result **out,
                           struct pinstore_error *why)
{
	struct pinstore_pin pin = {{0}};
	struct pinstore_chain *made;
	enum pinstore_status status;

	(void)session;
	ck_assert_ptr_null(chain);
	*verdict = PINSTORE_REJECT;
	*out = NULL;
	if (curl.no_chain)
		return ps_curl_fail(why, PINSTORE_ERR_CHAIN, "made up");
	status = pinstore_chain_from_validated_pins(&pin, 1, &made);
	if (status)
		return status;
	status = pinstore_check(ps, peer, made, now, verdict, out, why);
	pinstore_chain_free(made);
	return status;
}

/* ----------------------------------------------------------------- a handle */

static int64_t
clock_now(void *arg)
{
	(void)arg;
	return NOW;
}

static struct pinstore_curl_setup
usual(void)
{
	return (struct pinstore_curl_setup){
	        .size = sizeof(struct pinstore_curl_setup),
	        .clock = clock_now,
	        .keep_chain = 1};
}

static void
attach(void)
{
	struct pinstore_curl_setup how = usual();

	ck_assert_int_eq(pinstore_curl_attach(EASY, store, &how, &pins, &error),
	                 PINSTORE_OK);
}

static void
setup(void)
{
	memset(&curl, 0, sizeof(curl));
	curl.url = "https://pin.test/";
	curl.scheme = "HTTPS";
	curl.remote = "192.0.2.1";
	curl.local = "192.0.2.2";
	curl.port = 443;
	curl.local_port = 50000;
	curl.code = 200;
	curl.connect = 5;
	curl.version = 0x080000;
	curl.has_session = true;
	curl.backend = CURLSSLBACKEND_GNUTLS;
	tempdir_make(&dir);
	ck_assert_int_eq(pinstore_open(dir.store, NULL, &store, &error),
	                 PINSTORE_OK);
	attach();
}

static void
teardown(void)
{
	curl.no_memory = false;
	pinstore_curl_detach(pins);
	pinstore_close(store);
	tempdir_remove(&dir);
}

/* libcurl 8 passes copies. */
static int
prereq(void)
{
	char remote[64], local[64];

	(void)snprintf(remote, sizeof(remote), "%s", curl.remote);
	(void)snprintf(local, sizeof(local), "%s", curl.local);
	return ps_curl_prereq(pins, remote, local, (int)curl.port,
	                      (int)curl.local_port);
}

static void
expect_outcome(CURLcode code, enum pinstore_status status,
               enum pinstore_verdict verdict)
{
	enum pinstore_verdict got;

	ck_assert_int_eq(pinstore_curl_outcome(pins, code, &got, &error),
	                 status);
	ck_assert_int_eq(got, verdict);
}

static void
answer(void)
{
	char line[] = "HTTP/1.1 200 OK\r\n", blank[] = "\r\n";

	ck_assert_uint_eq(ps_curl_header(line, 1, strlen(line), pins),
	                  strlen(line));
	ck_assert_uint_eq(ps_curl_header(blank, 1, 2, pins), 2);
}

/* --------------------------------------------------------------- attaching */

enum missing {
	NO_OUT,
	NO_HANDLE,
	NO_STORE,
	NO_SETUP,
	NO_SIZE,
	NO_CLOCK,
	OTHER_TLS,
	NO_TLS,
	TLS_UNKNOWN,
	NO_MEMORY,
	N_MISSING
};

START_TEST(attach_wants_all)
{
	struct pinstore_curl_setup how = usual();
	struct pinstore_curl *out = pins;

	if (_i == NO_SIZE)
		how.size = sizeof(how.size);
	if (_i == NO_CLOCK)
		how.clock = NULL;
	if (_i == OTHER_TLS)
		curl.backend = CURLSSLBACKEND_OPENSSL;
	if (_i == NO_TLS)
		curl.silent = CURLINFO_TLS_SSL_PTR;
	if (_i == TLS_UNKNOWN)
		curl.mute = CURLINFO_TLS_SSL_PTR;
	curl.no_memory = _i == NO_MEMORY;
	ck_assert_int_eq(
	        pinstore_curl_attach(_i == NO_HANDLE ? NULL : EASY,
	                             _i == NO_STORE ? NULL : store,
	                             _i == NO_SETUP ? NULL : &how,
	                             _i == NO_OUT ? NULL : &out,
	                             &error),
	        _i == NO_MEMORY ? PINSTORE_ERR_NOMEM : PINSTORE_ERR_ARG);
	if (_i == NO_OUT)
		ck_assert_str_eq(error.text,
		                 "out is NULL");
	else if (_i == NO_STORE || _i == NO_SETUP)
		ck_assert_str_eq(error.text,
		                 "a handle, a store, a "
		                 "setup with its size and a clock are needed");
	else if (_i == TLS_UNKNOWN)
		ck_assert_str_eq(error.text,
		                 "libcurl's TLS library "
		                 "is not GnuTLS; on Debian that is "
		                 "libcurl3-gnutls");
	ck_assert(_i == NO_OUT ? out == pins : out == NULL);
}
END_TEST

/* Each option that libcurl does not take; what was set is taken off again. */
START_TEST(attach_with_each_option_refused)
{
	struct pinstore_curl_setup how = usual();
	struct pinstore_curl *out = pins;

	curl.n_setopt = 0;
	curl.setopt_at = (unsigned)_i / 2 + 1;
	curl.setopt_code = _i % 2 == 0 ? CURLE_OUT_OF_MEMORY
	                               : CURLE_UNKNOWN_OPTION;
	ck_assert_int_eq(pinstore_curl_attach(EASY, store, &how, &out, &error),
	                 _i % 2 == 0 ? PINSTORE_ERR_NOMEM : PINSTORE_ERR_ARG);
	ck_assert_ptr_null(out);
	/* Not before there is any. */
	ck_assert_uint_eq(curl.n_setopt,
	                  curl.setopt_at + (curl.setopt_at > 1 ? 7 : 0));
	if (curl.setopt_at > 1)
		ck_assert_str_eq(curl.tag, "");
}
END_TEST

/* A program that was built with an older header has a shorter setup. */
START_TEST(attach_with_a_short_setup)
{
	struct pinstore_curl_setup how = usual();
	struct pinstore_curl *out;

	how.size = offsetof(struct pinstore_curl_setup, keep_chain);
	ck_assert_int_eq(pinstore_curl_attach(EASY, store, &how, &out, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(out->setup.keep_chain, 0);
	pinstore_curl_detach(out);
}
END_TEST

/* ------------------------------------------------------- before the request */

static const struct {
	const char *ip;
	bool is_private;
} addresses[] = {
        {"192.0.2.1", false},
        {"0.0.0.0", true},
        {"10.255.255.255", true},
        {"11.0.0.0", false},
        {"100.63.255.255", false},
        {"100.64.0.0", true}, /* shared by a provider's customers */
        {"100.127.255.255", true},
        {"100.128.0.0", false},
        {"101.64.0.0", false},
        {"127.0.0.1", true},
        {"128.0.0.1", false},
        {"169.253.0.1", false},
        {"169.254.0.1", true}, /* of a link */
        {"170.254.0.1", false},
        {"172.15.0.1", false},
        {"172.16.0.1", true},
        {"172.31.0.1", true},
        {"172.32.0.1", false},
        {"173.16.0.1", false},
        {"192.167.0.1", false},
        {"192.168.0.1", true},
        {"193.168.0.1", false},
        {"::", true},
        {"::1", true},
        {"::2", false},
        {"2001:db8::1", false},
        {"fbff::1", false},
        {"fc00::1", true},
        {"fdff::1", true},
        {"fe00::1", false},
        {"fe7f::1", false},
        {"fe80::1", true},
        {"fec0::1", true}, /* of a site, as it once was */
        {"ff80::1", false},
        {"::ffff:127.0.0.1", true}, /* IPv4 in IPv6 */
        {"::ffff:192.0.2.1", false},
        {"", false}, /* in doubt */
        {"/run/socket", false},
};

START_TEST(private_addresses)
{
	curl.remote = addresses[_i].ip;
	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_msg((ps_curl_last(pins)->peer.flags ==
	               PINSTORE_PEER_PRIVATE) == addresses[_i].is_private,
	              "%s", addresses[_i].ip);
}
END_TEST

/* D-31: a public host behind a proxy of this machine is a public one. */
START_TEST(a_proxy_is_not_the_peer)
{
	struct pinstore_curl_setup how = usual();

	how.through_proxy = 1;
	pinstore_curl_detach(pins);
	ck_assert_int_eq(pinstore_curl_attach(EASY, store, &how, &pins, &error),
	                 PINSTORE_OK);
	curl.remote = addresses[_i].ip;
	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_uint_eq(ps_curl_last(pins)->peer.flags, 0);
}
END_TEST

/* The duplicate of a handle calls with a connection that is not ours. */
START_TEST(another_connection_is_refused)
{
	static const unsigned versions[] = {0x075400, 0x080000};
	char remote[] = "192.0.2.1", local[] = "192.0.2.2";
	char other[] = "192.0.2.3";
	size_t i;

	/* The later one first. */
	for (i = 2; i-- > 0;) {
		pinstore_curl_detach(pins);
		curl.version = versions[i];
		attach();
		curl.remote = remote;
		curl.local = local;
		ck_assert_int_ne(ps_curl_prereq(pins, other, local, 443, 50000),
		                 CURL_PREREQFUNC_OK);
		ck_assert_int_ne(ps_curl_prereq(pins, remote, other, 443, 50000),
		                 CURL_PREREQFUNC_OK);
		ck_assert_int_ne(ps_curl_prereq(pins, NULL, local, 443, 50000),
		                 CURL_PREREQFUNC_OK);
		ck_assert_int_ne(ps_curl_prereq(pins, remote, NULL, 443, 50000),
		                 CURL_PREREQFUNC_OK);
		if (i == 0)
			break;
		ck_assert_int_ne(ps_curl_prereq(pins, remote, local, 444,
		                                50000), CURL_PREREQFUNC_OK);
		ck_assert_int_ne(ps_curl_prereq(pins, remote, local, 443,
		                                50001), CURL_PREREQFUNC_OK);
	}
	/* What it passes is what getinfo() gives, not a copy. */
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_uint_eq(pinstore_curl_hops(pins), 0);
	ck_assert_int_eq(ps_curl_prereq(pins, remote, local, 443, 50000),
	                 CURL_PREREQFUNC_OK);
	ck_assert_uint_eq(pinstore_curl_hops(pins), 1);
}
END_TEST

/* Nothing is let pass of which libcurl does not tell all. */
static const struct {
	CURLINFO info;
	bool is_null; /* rather than an error */
	bool is_ours; /* it can still be seen whose request it is */
} untold[] = {
        {CURLINFO_PRIMARY_IP, false, false},
        {CURLINFO_PRIMARY_IP, true, false},
        {CURLINFO_LOCAL_IP, false, false},
        {CURLINFO_LOCAL_IP, true, false},
        {CURLINFO_PRIMARY_PORT, false, false},
        {CURLINFO_LOCAL_PORT, false, false},
        {CURLINFO_EFFECTIVE_URL, false, true},
        {CURLINFO_EFFECTIVE_URL, true, true},
        {CURLINFO_SCHEME, false, true},
        {CURLINFO_SCHEME, true, true},
        {CURLINFO_TLS_SSL_PTR, false, true},
        {CURLINFO_TLS_SSL_PTR, true, true},
};

START_TEST(what_is_not_told_is_refused)
{
	if (untold[_i].is_null)
		curl.silent = untold[_i].info;
	else
		curl.mute = untold[_i].info;
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_uint_eq(pinstore_curl_hops(pins), untold[_i].is_ours);
	curl.mute = curl.silent = CURLINFO_NONE;
	expect_outcome(CURLE_ABORTED_BY_CALLBACK, PINSTORE_ERR_UNJUDGED,
	               PINSTORE_REJECT);
}
END_TEST

static const struct {
	const char *url, *scheme;
	enum pinstore_status status;
} targets[] = {
        {"https://pin.test/", "HTTPS", PINSTORE_OK},
        {"http://pin.test/", "HTTP", PINSTORE_OK},
        {"https://pin.test/", "HTTP", PINSTORE_ERR_UNJUDGED},
        {"http://pin.test/", "HTTPS", PINSTORE_ERR_UNJUDGED},
        {"ftps://pin.test/", "FTPS", PINSTORE_ERR_UNJUDGED},
        {"wss://pin.test/", "WSS", PINSTORE_ERR_UNJUDGED},
        {"https://", "HTTPS", PINSTORE_ERR_UNJUDGED},
        {"https://a..b/", "HTTPS", PINSTORE_ERR_HOST},
};

START_TEST(where_a_request_goes)
{
	curl.url = targets[_i].url;
	curl.scheme = targets[_i].scheme;
	ck_assert_int_eq(prereq() == CURL_PREREQFUNC_OK,
	                 targets[_i].status == PINSTORE_OK);
	expect_outcome(CURLE_ABORTED_BY_CALLBACK, targets[_i].status,
	               targets[_i].status == PINSTORE_OK ? PINSTORE_UNPINNED
	                                                 : PINSTORE_REJECT);
}
END_TEST

static const struct {
	CURLUPart part;
	enum pinstore_status status;
} parts[] = {
        {CURLUPART_SCHEME, PINSTORE_ERR_UNJUDGED},
        {CURLUPART_HOST, PINSTORE_ERR_HOST},
        {CURLUPART_PORT, PINSTORE_ERR_HOST},
};

START_TEST(a_url_that_cannot_be_taken_apart)
{
	curl.lacks_part = true;
	curl.no_part = parts[_i].part;
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	expect_outcome(CURLE_ABORTED_BY_CALLBACK, parts[_i].status,
	               PINSTORE_REJECT);
}
END_TEST

START_TEST(no_memory_for_the_url)
{
	curl.no_url = true;
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	expect_outcome(CURLE_ABORTED_BY_CALLBACK, PINSTORE_ERR_NOMEM,
	               PINSTORE_REJECT);
}
END_TEST

START_TEST(a_session_that_shows_nothing)
{
	curl.has_session = _i != 0;
	curl.no_chain = _i == 1;
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	expect_outcome(CURLE_ABORTED_BY_CALLBACK,
	               _i == 1 ? PINSTORE_ERR_CHAIN : PINSTORE_ERR_UNJUDGED,
	               PINSTORE_REJECT);
}
END_TEST

/* --------------------------------------------------------------- afterwards */

START_TEST(outcome_of_a_transfer_that_was_seen)
{
	enum pinstore_verdict verdict = PINSTORE_MATCHED;

	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	answer();
	ck_assert_int_eq(pinstore_curl_outcome(NULL, CURLE_OK, &verdict, NULL),
	                 PINSTORE_ERR_ARG);
	ck_assert_int_eq(verdict, PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_curl_outcome(pins, CURLE_OK, NULL, &error),
	                 PINSTORE_ERR_ARG);
	ck_assert_str_eq(error.text, "attached or "
	                 "verdict is NULL");
	expect_outcome(CURLE_OK, PINSTORE_OK, PINSTORE_UNPINNED);
	/* Only once. */
	expect_outcome(CURLE_OK, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT);
	ck_assert_ptr_nonnull(strstr(error.text,
	                             "no check has seen the transfer"));
}
END_TEST

/* What was seen is of another transfer or connection. */
START_TEST(outcome_of_another_transfer)
{
	char line[] = "HTTP/1.1 200 OK\r\n";

	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	answer();
	if (_i == 0)
		ps_curl_header(line, 1, strlen(line), pins);
	curl.lookup += _i == 1;
	curl.connect += _i == 2;
	curl.handshake += _i == 3;
	curl.local_port += _i == 4;
	curl.redirects = _i == 5 ? 1 : _i == 6 ? -1 : 0;
	expect_outcome(CURLE_OK, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT);
}
END_TEST

/* The handle was reset since, or attached to again: whatever it says then. */
START_TEST(outcome_without_the_tag)
{
	CURLcode code = _i % 2 == 0 ? CURLE_OK : CURLE_WRITE_ERROR;

	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	answer();
	if (_i < 2)
		curl.tag[0] = '\0';
	else if (_i < 4)
		curl.tag[0] = '1';
	else if (_i < 6)
		curl.mute = CURLINFO_RTSP_SESSION_ID;
	else
		curl.silent = CURLINFO_RTSP_SESSION_ID;
	expect_outcome(code, PINSTORE_ERR_UNJUDGED, PINSTORE_REJECT);
	/* What is not ours is not taken off. */
	curl.n_setopt = 0;
	pinstore_curl_detach(pins);
	pins = NULL;
	ck_assert_uint_eq(curl.n_setopt, 0);
}
END_TEST

START_TEST(outcome_of_a_refusal_without_words)
{
	enum pinstore_verdict verdict;

	curl.no_chain = true;
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_int_eq(pinstore_curl_outcome(pins, CURLE_OK, &verdict, NULL),
	                 PINSTORE_ERR_UNJUDGED);
	ck_assert_int_ne(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_int_eq(pinstore_curl_outcome(pins, CURLE_ABORTED_BY_CALLBACK,
	                                       &verdict, NULL),
	                 PINSTORE_ERR_CHAIN);
}
END_TEST

/* The last ones are kept, and nothing else is given out. */
START_TEST(hops_that_are_kept)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	size_t i;

	ck_assert_uint_eq(pinstore_curl_hops(NULL), 0);
	ck_assert_ptr_null(pinstore_curl_result(NULL, 0));
	ck_assert_ptr_null(pinstore_curl_result(pins, 0));
	for (i = 0; i < PINSTORE_CURL_HOPS_KEPT + 1; i++)
		ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	ck_assert_ptr_null(pinstore_curl_result(pins, 0));
	ck_assert_ptr_nonnull(pinstore_curl_result(pins, 1));
	ck_assert_ptr_nonnull(pinstore_curl_result(pins, i - 1));
	ck_assert_ptr_null(pinstore_curl_result(pins, i));
	ck_assert_int_eq(pinstore_curl_noted(pins, i, &noted, NULL, NULL), 0);
	ck_assert_int_eq(pinstore_curl_noted(pins, 1, &noted, NULL, NULL), 0);
	noted.size = 1;
	ck_assert_int_eq(pinstore_curl_noted(pins, 1, &noted, NULL, NULL), 0);
	ck_assert_int_eq(pinstore_curl_noted(pins, 1, NULL, NULL, NULL), 0);
}
END_TEST

/* ------------------------------------------------------------ header fields */

enum learning {
	LEARNED,
	FIELD_GONE,
	FIELDS_NOMEM,
	CHAIN_GONE,
	N_LEARNING
};

static const enum pinstore_status learned[] = {
        PINSTORE_OK, PINSTORE_ERR_INTERNAL, PINSTORE_ERR_NOMEM,
        PINSTORE_ERR_CHAIN};

START_TEST(fields_that_cannot_be_learned)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_curl_setup how = usual();
	enum pinstore_status status;

	how.keep_chain = 0;
	pinstore_curl_detach(pins);
	ck_assert_int_eq(pinstore_curl_attach(EASY, store, &how, &pins, &error),
	                 PINSTORE_OK);
	curl.n_fields = 2;
	curl.fields_told = _i == FIELD_GONE ? 1 : 2;
	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	curl.no_memory = _i == FIELDS_NOMEM;
	curl.no_chain = _i == CHAIN_GONE;
	answer();
	curl.no_memory = false;
	ck_assert_int_eq(pinstore_curl_noted(pins, 0, &noted, &status, &error),
	                 1);
	ck_assert_int_eq(status, learned[_i]);
	ck_assert_int_eq(error.status, learned[_i]);
	/* The request was judged, and it is not undone. */
	expect_outcome(CURLE_OK, PINSTORE_OK, PINSTORE_UNPINNED);
}
END_TEST

/* An answer that no prerequest saw, one more, a proxy's, and an early one. */
START_TEST(answers_out_of_turn)
{
	char line[] = "HTTP/1.1 200 OK\r\n", blank[] = "\n", other[] = "\rx";

	ck_assert_uint_eq(ps_curl_header(blank, 1, 1, pins), 1);
	ck_assert_uint_eq(ps_curl_header(other, 1, 2, pins), 2);
	ck_assert_uint_eq(ps_curl_header(other, 1, 1, pins), 1);
	ck_assert_int_eq(prereq(), CURL_PREREQFUNC_OK);
	curl.mute = CURLINFO_RESPONSE_CODE;
	answer();
	curl.mute = CURLINFO_NONE;
	curl.code = 100;
	answer();
	ck_assert_int_eq(pins->phase, PS_CURL_ASKED);
	curl.code = 200;
	answer();
	ck_assert_int_eq(pins->phase, PS_CURL_ANSWERED);
	/* Trailers are none. */
	ck_assert_uint_eq(ps_curl_header(blank, 1, 1, pins), 1);
	ck_assert_uint_eq(ps_curl_header(line, 1, 4, pins), 4);
	curl.n_fields = 1;
	ck_assert_uint_eq(ps_curl_header(line, 1, strlen(line), pins),
	                  strlen(line));
	ck_assert_uint_eq(ps_curl_header(blank, 1, 1, pins), 0);
	expect_outcome(CURLE_WRITE_ERROR, PINSTORE_ERR_UNJUDGED,
	               PINSTORE_REJECT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adapter");
	TCase *tcase = tcase_create("adapter");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, attach_wants_all, 0, N_MISSING);
	tcase_add_loop_test(tcase, attach_with_each_option_refused, 0, 14);
	tcase_add_test(tcase, attach_with_a_short_setup);
	tcase_add_loop_test(tcase, private_addresses, 0, COUNT(addresses));
	tcase_add_loop_test(tcase, a_proxy_is_not_the_peer, 0,
	                    COUNT(addresses));
	tcase_add_test(tcase, another_connection_is_refused);
	tcase_add_loop_test(tcase, what_is_not_told_is_refused, 0,
	                    COUNT(untold));
	tcase_add_loop_test(tcase, where_a_request_goes, 0, COUNT(targets));
	tcase_add_loop_test(tcase, a_url_that_cannot_be_taken_apart, 0,
	                    COUNT(parts));
	tcase_add_test(tcase, no_memory_for_the_url);
	tcase_add_loop_test(tcase, a_session_that_shows_nothing, 0, 2);
	tcase_add_test(tcase, outcome_of_a_transfer_that_was_seen);
	tcase_add_loop_test(tcase, outcome_of_another_transfer, 0, 7);
	tcase_add_loop_test(tcase, outcome_without_the_tag, 0, 8);
	tcase_add_test(tcase, outcome_of_a_refusal_without_words);
	tcase_add_test(tcase, hops_that_are_kept);
	tcase_add_loop_test(tcase, fields_that_cannot_be_learned, 0,
	                    N_LEARNING);
	tcase_add_test(tcase, answers_out_of_turn);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
