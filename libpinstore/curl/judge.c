/*
 * judge.c - the prerequest: may this request leave on this connection?
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "curl/adapter.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Certificates of a list that are looked at; GnuTLS takes no longer ones. */
#define SERVED_MAX 128

enum pinstore_status
ps_curl_fail(struct pinstore_error *error, enum pinstore_status status,
             const char *format, ...)
{
	if (error) {
		va_list args;

		*error = (struct pinstore_error){.status = status};
		va_start(args, format);
		(void)vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return status;
}

struct ps_curl_hop *
ps_curl_last(struct pinstore_curl *attached)
{
	return &attached->hops[(attached->n_hops - 1) %
	                       PINSTORE_CURL_HOPS_KEPT];
}

struct ps_curl_mark
ps_curl_mark_now(CURL *easy)
{
	struct ps_curl_mark mark = {0};

	(void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &mark.lookup);
	(void)curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &mark.connect);
	(void)curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T,
	                        &mark.handshake);
	(void)curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &mark.local_port);
	return mark;
}

/*
 * Whether libcurl called for the handle that we were attached to, and not for
 * a duplicate, which has our callback with the original's pointer.  libcurl 7
 * passes the very strings that the handle's getinfo returns; where it passes
 * copies, two handles agree in all four only on one and the same connection.
 */
static bool
is_ours(const struct pinstore_curl *attached, const char *remote_ip,
        const char *local_ip, int remote_port, int local_port)
{
	CURL *easy = attached->easy;
	char *remote = NULL;
	char *local = NULL;
	long port = 0;
	long own_port = 0;

	if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &remote) ||
	    curl_easy_getinfo(easy, CURLINFO_LOCAL_IP, &local) ||
	    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port) ||
	    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &own_port) ||
	    !remote || !local || !remote_ip || !local_ip)
		return false;
	if (attached->passes_own)
		return remote == remote_ip && local == local_ip;
	return strcmp(remote, remote_ip) == 0 &&
	       strcmp(local, local_ip) == 0 && port == remote_port &&
	       own_port == local_port;
}

/* Reports may go to private addresses then (D-31): in doubt it is none. */
static bool
is_private(const char *ip)
{
	unsigned char a[16];

	if (inet_pton(AF_INET, ip, a) != 1) {
		static const unsigned char mapped[12] = {[10] = 0xff,
		                                         [11] = 0xff};

		if (inet_pton(AF_INET6, ip, a) != 1)
			return false;
		if (memcmp(a, mapped, sizeof(mapped)) != 0) {
			static const unsigned char loopback[16] = {[15] = 1};
			static const unsigned char any[16] = {0};

			return memcmp(a, loopback, 16) == 0 ||
			       memcmp(a, any, 16) == 0 ||
			       (a[0] & 0xfe) == 0xfc ||
			       (a[0] == 0xfe && (a[1] & 0x80) == 0x80);
		}
		memmove(a, a + sizeof(mapped), 4);
	}
	return a[0] == 0 || a[0] == 10 || a[0] == 127 ||
	       (a[0] == 100 && (a[1] & 0xc0) == 64) ||
	       (a[0] == 169 && a[1] == 254) ||
	       (a[0] == 172 && (a[1] & 0xf0) == 16) ||
	       (a[0] == 192 && a[1] == 168);
}

static enum pinstore_status
read_host(CURLU *url, struct ps_curl_hop *hop, struct pinstore_error *error)
{
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	char *host = NULL;
	char *port = NULL;
	unsigned long number = 0;

	if (curl_url_get(url, CURLUPART_HOST, &host, CURLU_URLDECODE) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) {
		status = ps_curl_fail(error, PINSTORE_ERR_HOST,
		                      "the URL has no host and port");
		goto out;
	}
	status = pinstore_host_canonical(host, strlen(host), hop->host, &kind);
	if (status) {
		(void)ps_curl_fail(error, status, "%s: %s", host,
		                   pinstore_strerror(status));
		goto out;
	}
	number = strtoul(port, NULL, 10);
	hop->peer.size = sizeof(hop->peer);
	hop->peer.host = hop->host;
	hop->peer.port = (uint16_t)(number <= UINT16_MAX ? number : 0);
out:
	curl_free(port);
	curl_free(host);
	return status;
}

/* Where the request goes: scheme and host of the effective URL. */
static enum pinstore_status
read_target(CURL *easy, struct ps_curl_hop *hop, bool *https,
            struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_ERR_NOMEM;
	char *text = NULL;
	char *used = NULL;
	char *scheme = NULL;
	CURLU *url = curl_url();

	*https = false;
	if (!url) {
		(void)ps_curl_fail(error, status, "out of memory");
		goto out;
	}
	if (curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text) || !text ||
	    curl_easy_getinfo(easy, CURLINFO_SCHEME, &used) || !used ||
	    curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0)) {
		status = ps_curl_fail(error, PINSTORE_ERR_UNJUDGED,
		                      "libcurl does not tell where the "
		                      "request goes");
		goto out;
	}
	if (strcasecmp(scheme, used) != 0 ||
	    (strcasecmp(scheme, "https") != 0 &&
	     strcasecmp(scheme, "http") != 0)) {
		status = ps_curl_fail(error, PINSTORE_ERR_UNJUDGED,
		                      "%.40s: pins are judged for https only",
		                      used);
		goto out;
	}
	*https = strcasecmp(scheme, "https") == 0;
	status = read_host(url, hop, error);
out:
	curl_free(scheme);
	curl_url_cleanup(url);
	return status;
}

/* The GnuTLS session of the transfer that is going on, or NULL. */
static gnutls_session_t
session_of(CURL *easy)
{
	struct curl_tlssessioninfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) || !info ||
	    info->backend != CURLSSLBACKEND_GNUTLS)
		return NULL;
	return info->internals;
}

enum pinstore_status
ps_curl_check(struct pinstore_curl *attached, const struct ps_curl_hop *hop,
              int64_t now, enum pinstore_verdict *verdict,
              struct pinstore_result **out, struct pinstore_error *error)
{
	gnutls_session_t session = session_of(attached->easy);

	*verdict = PINSTORE_REJECT;
	*out = NULL;
	if (!session)
		return ps_curl_fail(error, PINSTORE_ERR_UNJUDGED,
		                    "%s: libcurl shows no GnuTLS session",
		                    hop->host);
	return pinstore_check_peer(attached->ps, session, &hop->peer, NULL, now,
	                           verdict, out, error);
}

/* The keys of what the peer sent, of which no path was made. */
static enum pinstore_status
served_pins(gnutls_session_t session, struct pinstore_pin *out, size_t *n,
            struct pinstore_error *error)
{
	const gnutls_datum_t *list;
	unsigned i, len = 0;

	*n = 0;
	list = gnutls_certificate_get_peers(session, &len);
	for (i = 0; list && i < len && *n < SERVED_MAX; i++) {
		enum pinstore_status status;

		status = pinstore_pin_from_certificate(list[i].data,
		                                       list[i].size, &out[*n]);
		if (status == PINSTORE_ERR_NOMEM)
			return ps_curl_fail(error, status, "out of memory");
		/* What gives no pin cannot be revoked. */
		*n += !status;
	}
	return PINSTORE_OK;
}

/*
 * Where nothing is verified there is no path to judge, but a revoked key is
 * refused all the same, wherever it stands in the list.
 */
static enum pinstore_status
judge_unverified(struct pinstore_curl *attached, struct ps_curl_hop *hop,
                 int64_t now, enum pinstore_verdict *verdict)
{
	struct pinstore_pin pins[SERVED_MAX];
	struct pinstore_chain *chain = NULL;
	enum pinstore_status status;
	int is_revoked = 0;
	size_t i, n;

	status = served_pins(session_of(attached->easy), pins, &n, &hop->error);
	for (i = 0; !status && !is_revoked && i < n; i++)
		status = pinstore_is_revoked(attached->ps, &pins[i],
		                             &is_revoked, &hop->error);
	if (status || !is_revoked) {
		*verdict = status ? PINSTORE_REJECT : PINSTORE_UNPINNED;
		return status;
	}
	/* It says REVOKED before it looks at anything else. */
	pinstore_result_free(hop->result);
	hop->result = NULL;
	status = pinstore_chain_from_validated_pins(pins, n, &chain);
	if (status)
		return ps_curl_fail(&hop->error, status, "%s: %s", hop->host,
		                    pinstore_strerror(status));
	status = pinstore_check(attached->ps, &hop->peer, chain, now, verdict,
	                        &hop->result, &hop->error);
	pinstore_chain_free(chain);
	return status;
}

/* Look up first: without an entry libcurl's own verification is enough. */
static enum pinstore_status
judge_https(struct pinstore_curl *attached, struct ps_curl_hop *hop,
            enum pinstore_verdict *verdict)
{
	const struct pinstore_curl_setup *setup = &attached->setup;
	int64_t now = setup->clock(setup->clock_arg);
	struct pinstore_result *found = NULL;
	enum pinstore_status status;

	if (!session_of(attached->easy))
		return ps_curl_fail(&hop->error, PINSTORE_ERR_UNJUDGED,
		                    "%s: libcurl shows no GnuTLS session",
		                    hop->host);
	status = pinstore_lookup(attached->ps, hop->host, now, &found,
	                         &hop->error);
	if (status)
		return status;
	if (pinstore_result_verdict(found) == PINSTORE_UNPINNED &&
	    !setup->keep_chain &&
	    (!setup->unknown || setup->insecure_unpinned) &&
	    (setup->insecure_unpinned ||
	     !pinstore_result_wants_chain(found))) {
		hop->result = found;
		*verdict = PINSTORE_UNPINNED;
		if (pinstore_result_wants_chain(found))
			return judge_unverified(attached, hop, now, verdict);
		return PINSTORE_OK;
	}
	pinstore_result_free(found);
	return ps_curl_check(attached, hop, now, verdict, &hop->result,
	                     &hop->error);
}

/* Remember the leaf's key.  That it cannot be stored refuses nothing. */
static void
trust(struct pinstore_curl *attached, struct ps_curl_hop *hop)
{
	const struct pinstore_curl_setup *setup = &attached->setup;

	if (setup->no_learn || setup->insecure_unpinned)
		return;
	hop->has_trusted = true;
	hop->trusted.size = sizeof(hop->trusted);
	hop->trust_status = pinstore_trust(attached->ps, hop->result,
	                                   setup->clock(setup->clock_arg),
	                                   &hop->trusted, &hop->trust_error);
}

/* Ask the caller about a host that no entry covers.  False: refuse. */
static bool
is_welcome(struct pinstore_curl *attached, struct ps_curl_hop *hop)
{
	const struct pinstore_curl_setup *setup = &attached->setup;

	if (setup->require_pin)
		return false;
	if (!setup->unknown || !hop->result ||
	    pinstore_result_reason(hop->result) == PINSTORE_WHY_REPORT_MODE)
		return true;
	switch (setup->unknown(hop->result, setup->unknown_arg)) {
	case PINSTORE_CURL_GO_ON:
		return true;
	case PINSTORE_CURL_TRUST:
		trust(attached, hop);
		return true;
	case PINSTORE_CURL_REFUSE:
		break;
	}
	return false;
}

static enum pinstore_status
judge(struct pinstore_curl *attached, struct ps_curl_hop *hop,
      const char *remote_ip, enum pinstore_verdict *verdict)
{
	enum pinstore_status status;
	bool https;

	*verdict = PINSTORE_REJECT;
	status = read_target(attached->easy, hop, &https, &hop->error);
	if (status)
		return status;
	/* Through a proxy it is the proxy's: libcurl 7 tells no other. */
	if (!attached->setup.through_proxy && is_private(remote_ip))
		hop->peer.flags |= PINSTORE_PEER_PRIVATE;
	*verdict = PINSTORE_UNPINNED;
	if (https) {
		*verdict = PINSTORE_REJECT;
		status = judge_https(attached, hop, verdict);
		if (status)
			return status;
	}
	if (*verdict == PINSTORE_UNPINNED && !is_welcome(attached, hop)) {
		*verdict = PINSTORE_REJECT;
		return ps_curl_fail(&hop->error, PINSTORE_ERR_UNFIT,
		                    "no pin covers %s", hop->host);
	}
	hop->secure = https && *verdict != PINSTORE_REJECT;
	return PINSTORE_OK;
}

int
ps_curl_prereq(void *arg, char *remote_ip, char *local_ip, int remote_port,
               int local_port)
{
	struct pinstore_curl *attached = arg;
	const struct pinstore_curl_setup *setup = &attached->setup;
	struct ps_curl_hop *hop;

	if (!is_ours(attached, remote_ip, local_ip, remote_port, local_port))
		return CURL_PREREQFUNC_ABORT;
	attached->n_hops++;
	attached->n_transfer++;
	attached->phase = PS_CURL_IDLE;
	attached->mark = ps_curl_mark_now(attached->easy);
	hop = ps_curl_last(attached);
	pinstore_result_free(hop->result);
	*hop = (struct ps_curl_hop){0};
	hop->status = judge(attached, hop, remote_ip, &hop->verdict);
	if (hop->status)
		hop->verdict = PINSTORE_REJECT;
	if (hop->verdict == PINSTORE_REJECT)
		return CURL_PREREQFUNC_ABORT;
	attached->phase = PS_CURL_ASKED;
	if (!setup->prereq)
		return CURL_PREREQFUNC_OK;
	return setup->prereq(setup->prereq_arg, remote_ip, local_ip,
	                     remote_port, local_port);
}
