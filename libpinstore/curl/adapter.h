/*
 * adapter.h - what attach.c, judge.c and learn.c share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcurl calls ps_curl_prereq() once per request, when the connection stands
 * and nothing of the request has left, and ps_curl_header() for each line of
 * what comes back: CONNECT answers of a proxy (before the request), 1xx blocks,
 * the answer, trailers.  The phase tells these apart.
 */
#ifndef PS_CURL_ADAPTER_H
#define PS_CURL_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include <pinstore/curl.h>
#include <pinstore/gnutls.h>
#include <pinstore/pinstore.h>

enum ps_curl_phase {
	PS_CURL_IDLE,    /* no request is out: only a proxy may speak */
	PS_CURL_ASKED,   /* the prerequest ran, the answer is awaited */
	PS_CURL_ANSWERED /* its last header line has passed: trailers */
};

struct ps_curl_hop {
	bool secure; /* https, and the prerequest let it pass */
	char host[PINSTORE_HOST_MAX + 1];
	struct pinstore_peer peer; /* its host is the member above */
	enum pinstore_status status;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	struct pinstore_result *result;
	bool has_fields;
	enum pinstore_status note_status;
	struct pinstore_noted noted;
	struct pinstore_error note_error;
	bool has_trusted;
	enum pinstore_status trust_status;
	struct pinstore_noted trusted;
	struct pinstore_error trust_error;
};

/* What changes from one connection or transfer to the next. */
struct ps_curl_mark {
	curl_off_t lookup; /* microseconds, as the two below */
	curl_off_t connect;
	curl_off_t handshake;
	long local_port;
};

/* The lines of one kind of field in the block at hand. */
struct ps_curl_lines {
	size_t n;
	size_t bent; /* the first with a control octet, from 1 on; 0 = none */
};

/* An address with its 0x, or how else a C library prints it. */
#define PS_CURL_TAG_LEN 32

struct pinstore_curl {
	CURL *easy;
	char tag[PS_CURL_TAG_LEN]; /* of this attachment, on the handle */
	struct pinstore *ps;
	struct pinstore_curl_setup setup;
	enum ps_curl_phase phase;
	struct ps_curl_lines lines[2]; /* by enum pinstore_kind */
	struct ps_curl_lines *folding; /* a line that goes on is theirs */
	size_t n_hops;     /* since attaching */
	size_t n_transfer; /* since the last outcome */
	bool unjudged;     /* an answer came that no prerequest saw */
	bool passes_own;   /* libcurl passes the strings that getinfo returns */
	struct ps_curl_mark mark; /* of the last prerequest */
	struct ps_curl_hop hops[PINSTORE_CURL_HOPS_KEPT]; /* a ring */
};

/* CURLOPT_PREREQFUNCTION and CURLOPT_HEADERFUNCTION; arg is ours. */
int ps_curl_prereq(void *arg, char *remote_ip, char *local_ip, int remote_port,
                   int local_port);
size_t ps_curl_header(char *data, size_t size, size_t n, void *arg);

/* The hop of the last prerequest; there must have been one. */
struct ps_curl_hop *ps_curl_last(struct pinstore_curl *attached);

/* Take the mark of the transfer that is at the easy handle now. */
struct ps_curl_mark ps_curl_mark_now(CURL *easy);

/*
 * Validate the connection's chain for hop, once per connection, and ask what
 * stands in the store now.
 *
 * Owner:  the caller.
 * Errors: UNJUDGED (no GnuTLS session), those of pinstore_check_peer().
 */
enum pinstore_status
ps_curl_check(struct pinstore_curl *attached, const struct ps_curl_hop *hop,
              int64_t now, enum pinstore_verdict *verdict,
              struct pinstore_result **out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Fill *error (may be NULL) and return status. */
enum pinstore_status
ps_curl_fail(struct pinstore_error *error, enum pinstore_status status,
             const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* PS_CURL_ADAPTER_H */
