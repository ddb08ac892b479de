/*
 * curl.h - pins for a libcurl easy handle (the GnuTLS flavour of libcurl).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PINSTORE_CURL_H
#define PINSTORE_CURL_H

#include <curl/curl.h>

#include <pinstore/pinstore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Hops of which result and noting are kept: the last ones. */
#define PINSTORE_CURL_HOPS_KEPT 64

struct pinstore_curl;

/* What to do with a host that no entry covers. */
enum pinstore_curl_unknown {
	PINSTORE_CURL_REFUSE = 0, /* as require_pin does: UNFIT */
	PINSTORE_CURL_GO_ON,
	PINSTORE_CURL_TRUST /* go on, and remember the leaf's key */
};

/*
 * Asked before the request leaves; result has the chain that validated.  With
 * insecure_unpinned it has none, and no key is remembered.
 */
typedef enum pinstore_curl_unknown
pinstore_curl_unknown_fn(const struct pinstore_result *result, void *arg);

/* Zero is the default of each member behind size and clock. */
struct pinstore_curl_setup {
	size_t size;
	int64_t (*clock)(void *arg); /* required */
	void *clock_arg;
	/* The caller's own, called after ours: libcurl has no getter. */
	curl_write_callback header;
	void *header_arg;
	curl_prereq_callback prereq;
	void *prereq_arg;
	int no_learn;          /* enforce, note nothing */
	int require_pin;       /* refuse hosts that nothing covers */
	int insecure_unpinned; /* as curl -k; never for a host that is pinned */
	int keep_chain;        /* validate also where nothing applies */
	/* Trust on first use, or NULL. */
	pinstore_curl_unknown_fn *unknown;
	void *unknown_arg;
	/* A proxy may be used: its address tells nothing about the peer's. */
	int through_proxy;
};

/*
 * Make easy check pins: after the handshake and before the first octet of each
 * request, on new and on reused connections and on each redirect hop; and note
 * what the responses say.  Sets CURLOPT_PREREQFUNCTION, CURLOPT_HEADERFUNCTION
 * and their data, CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST and, as a mark
 * that can be read back, CURLOPT_RTSP_SESSION_ID; attach after the handle's
 * other options are set.  curl_easy_reset() drops what was set: detach, then
 * attach anew; until then each outcome is UNJUDGED, as it is for all but the
 * last of several attachments to a handle.  A handle from curl_easy_duphandle()
 * has the original's callbacks, which refuse its requests until it is attached
 * itself; it must be attached, or go, before the original is detached.
 * A transfer that libcurl ended with CURLE_ABORTED_BY_CALLBACK has a reason:
 * pinstore_curl_outcome().  Schemes other than http and https are refused.
 *
 * Owner:   the caller, who ends *out with pinstore_curl_detach() before the
 *          easy handle, and not while it transfers; ps must outlive it.
 * Threads: those of the easy handle.
 * Errors:  ARG (libcurl's TLS is not GnuTLS; no clock), NOMEM.
 */
enum pinstore_status
pinstore_curl_attach(CURL *easy, struct pinstore *ps,
                     const struct pinstore_curl_setup *setup,
                     struct pinstore_curl **out,
                     struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Once after each transfer, which returned code: what was decided about it.
 * *verdict is that of the last hop.  Anything but PINSTORE_OK says why the
 * transfer was stopped, or that it must not be trusted.
 *
 * Errors: UNJUDGED (no check has seen the transfer: it ended before a request
 *         could be made, or our callbacks are gone); UNFIT
 *         (require_pin, and nothing covers the host); HOST; CHAIN (certificate
 *         not valid); those of pinstore_check().  A mismatch is PINSTORE_OK
 *         with PINSTORE_REJECT.
 */
enum pinstore_status
pinstore_curl_outcome(struct pinstore_curl *attached, CURLcode code,
                      enum pinstore_verdict *verdict,
                      struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Requests that were made or refused since attaching; plain http counts. */
size_t pinstore_curl_hops(const struct pinstore_curl *attached);

/*
 * What was found for a hop, or NULL: plain http, no result came about, or more
 * than PINSTORE_CURL_HOPS_KEPT hops have followed.  It lives that long.
 */
const struct pinstore_result *
pinstore_curl_result(const struct pinstore_curl *attached, size_t hop);

/*
 * What became of a hop's header fields: 1 and *out (size set by the caller),
 * or 0 if it had none.  *status and *error tell what noting returned; both may
 * be NULL.
 */
int pinstore_curl_noted(const struct pinstore_curl *attached, size_t hop,
                        struct pinstore_noted *out,
                        enum pinstore_status *status,
                        struct pinstore_error *error);

/*
 * What became of the key that PINSTORE_CURL_TRUST was to remember: 1 and *out
 * (size set by the caller), or 0 if there was none.  *status and *error tell
 * what pinstore_trust() returned; both may be NULL.
 */
int pinstore_curl_trusted(const struct pinstore_curl *attached, size_t hop,
                          struct pinstore_noted *out,
                          enum pinstore_status *status,
                          struct pinstore_error *error);

/*
 * Free attached, or NULL, and take its callbacks off the easy handle; not those
 * of a later attachment, nor what was set after curl_easy_reset().
 */
void pinstore_curl_detach(struct pinstore_curl *attached);

#ifdef __cplusplus
}
#endif

#endif /* PINSTORE_CURL_H */
