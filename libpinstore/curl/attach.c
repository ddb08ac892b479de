/*
 * attach.c - tie a store to a libcurl easy handle, and what came of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "curl/adapter.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The struct as the first version of the library had it. */
#define SETUP_LEAST \
	(offsetof(struct pinstore_curl_setup, insecure_unpinned) + sizeof(int))

/* libcurl names its TLS library also for a handle that never connected. */
static bool
has_gnutls(CURL *easy)
{
	struct curl_tlssessioninfo *info = NULL;

	return !curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) && info &&
	       info->backend == CURLSSLBACKEND_GNUTLS;
}

/*
 * Whether the options of the handle are still those that were set.  The one
 * that can be read back tells: curl_easy_reset() drops it with the rest, and
 * another attachment puts its own there.  Over HTTP it is never sent.
 */
static bool
is_attached(const struct pinstore_curl *attached)
{
	char *tag = NULL;

	return !curl_easy_getinfo(attached->easy, CURLINFO_RTSP_SESSION_ID,
	                          &tag) &&
	       tag && strcmp(tag, attached->tag) == 0;
}

static CURLcode
set_options(struct pinstore_curl *attached)
{
	long verify = attached->setup.insecure_unpinned ? 0L : 1L;
	CURL *easy = attached->easy;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_RTSP_SESSION_ID, attached->tag);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
		                        ps_curl_prereq);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, attached);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
		                        ps_curl_header);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, attached);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
		                        verify * 2);
	return code;
}

enum pinstore_status
pinstore_curl_attach(CURL *easy, struct pinstore *ps,
                     const struct pinstore_curl_setup *setup,
                     struct pinstore_curl **out, struct pinstore_error *error)
{
	struct pinstore_curl *attached;
	CURLcode code;

	if (!out)
		return ps_curl_fail(error, PINSTORE_ERR_ARG, "out is NULL");
	*out = NULL;
	if (!easy || !ps || !setup || setup->size < SETUP_LEAST ||
	    !setup->clock)
		return ps_curl_fail(error, PINSTORE_ERR_ARG,
		                    "a handle, a store, a setup with its size "
		                    "and a clock are needed");
	if (!has_gnutls(easy))
		return ps_curl_fail(error, PINSTORE_ERR_ARG,
		                    "libcurl's TLS library is not GnuTLS; on "
		                    "Debian that is libcurl3-gnutls");
	attached = calloc(1, sizeof(*attached));
	if (!attached)
		return ps_curl_fail(error, PINSTORE_ERR_NOMEM, "out of memory");
	attached->easy = easy;
	(void)snprintf(attached->tag, sizeof(attached->tag), "%p",
	               (void *)attached);
	attached->ps = ps;
	attached->passes_own =
	        curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
	/* What the program or this library does not know of is zero. */
	memcpy(&attached->setup, setup,
	       setup->size < sizeof(*setup) ? setup->size : sizeof(*setup));
	attached->setup.size = sizeof(attached->setup);
	code = set_options(attached);
	if (code) {
		pinstore_curl_detach(attached);
		return ps_curl_fail(error,
		                    code == CURLE_OUT_OF_MEMORY
		                            ? PINSTORE_ERR_NOMEM
		                            : PINSTORE_ERR_ARG,
		                    "libcurl: %s", curl_easy_strerror(code));
	}
	*out = attached;
	return PINSTORE_OK;
}

static void
take_options_off(CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, NULL);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(easy, CURLOPT_RTSP_SESSION_ID, NULL);
}

void
pinstore_curl_detach(struct pinstore_curl *attached)
{
	if (!attached)
		return;
	/* Not those of an attachment that came later. */
	if (is_attached(attached))
		take_options_off(attached->easy);
	for (size_t i = 0; i < PINSTORE_CURL_HOPS_KEPT; i++)
		pinstore_result_free(attached->hops[i].result);
	free(attached);
}

size_t
pinstore_curl_hops(const struct pinstore_curl *attached)
{
	return attached ? attached->n_hops : 0;
}

/* NULL: there was no such hop, or it is no longer kept. */
static const struct ps_curl_hop *
hop_at(const struct pinstore_curl *attached, size_t hop)
{
	if (!attached || hop >= attached->n_hops ||
	    attached->n_hops - hop > PINSTORE_CURL_HOPS_KEPT)
		return NULL;
	return &attached->hops[hop % PINSTORE_CURL_HOPS_KEPT];
}

const struct pinstore_result *
pinstore_curl_result(const struct pinstore_curl *attached, size_t hop)
{
	const struct ps_curl_hop *at = hop_at(attached, hop);

	return at ? at->result : NULL;
}

/* Make the caller's places safe.  False: out has no size. */
static bool
clear_places(struct pinstore_noted *out, enum pinstore_status *status,
             struct pinstore_error *error)
{
	size_t size;

	if (status)
		*status = PINSTORE_OK;
	if (error)
		*error = (struct pinstore_error){0};
	if (!out || out->size < sizeof(out->size))
		return false;
	size = out->size;
	memset(out, 0, size);
	out->size = size;
	return true;
}

/* As much of it as the caller's struct has. */
static void
tell(const struct pinstore_noted *noted, struct pinstore_noted *out)
{
	size_t size = out->size;

	memcpy(out, noted, size < sizeof(*noted) ? size : sizeof(*noted));
	out->size = size;
}

int
pinstore_curl_noted(const struct pinstore_curl *attached, size_t hop,
                    struct pinstore_noted *out, enum pinstore_status *status,
                    struct pinstore_error *error)
{
	const struct ps_curl_hop *at = hop_at(attached, hop);

	if (!clear_places(out, status, error) || !at || !at->has_fields)
		return 0;
	tell(&at->noted, out);
	if (status)
		*status = at->note_status;
	if (error && at->note_status)
		*error = at->note_error;
	return 1;
}

int
pinstore_curl_trusted(const struct pinstore_curl *attached, size_t hop,
                      struct pinstore_noted *out, enum pinstore_status *status,
                      struct pinstore_error *error)
{
	const struct ps_curl_hop *at = hop_at(attached, hop);

	if (!clear_places(out, status, error) || !at || !at->has_trusted)
		return 0;
	tell(&at->trusted, out);
	if (status)
		*status = at->trust_status;
	if (error && at->trust_status)
		*error = at->trust_error;
	return 1;
}

/*
 * Whether the prerequests are those of the transfer that has ended: one for
 * each hop, the last on its last connection.  After curl_easy_reset(), and when
 * the application has put its own in the place of ours, none runs, and what is
 * remembered is of an earlier transfer.
 */
static bool
saw_transfer(struct pinstore_curl *attached, CURLcode code)
{
	struct ps_curl_mark now;
	long redirects = 0;

	if (attached->unjudged || attached->n_transfer == 0 ||
	    !is_attached(attached))
		return false;
	if (code)
		return true;
	(void)curl_easy_getinfo(attached->easy, CURLINFO_REDIRECT_COUNT,
	                        &redirects);
	now = ps_curl_mark_now(attached->easy);
	return redirects >= 0 && attached->n_transfer > (size_t)redirects &&
	       attached->phase != PS_CURL_IDLE &&
	       now.lookup == attached->mark.lookup &&
	       now.connect == attached->mark.connect &&
	       now.handshake == attached->mark.handshake &&
	       now.local_port == attached->mark.local_port;
}

enum pinstore_status
pinstore_curl_outcome(struct pinstore_curl *attached, CURLcode code,
                      enum pinstore_verdict *verdict,
                      struct pinstore_error *error)
{
	const struct ps_curl_hop *hop;
	bool saw;

	if (verdict)
		*verdict = PINSTORE_REJECT;
	if (!attached || !verdict)
		return ps_curl_fail(error, PINSTORE_ERR_ARG,
		                    "attached or verdict is NULL");
	saw = saw_transfer(attached, code);
	attached->n_transfer = 0;
	attached->unjudged = false;
	attached->phase = PS_CURL_IDLE;
	if (!saw)
		return ps_curl_fail(error, PINSTORE_ERR_UNJUDGED,
		                    "no check has seen the transfer");
	hop = ps_curl_last(attached);
	if (hop->status) {
		if (error)
			*error = hop->error;
		return hop->status;
	}
	*verdict = hop->verdict;
	return PINSTORE_OK;
}
