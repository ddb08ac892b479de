/*
 * peer_gnutls.c - the file of public keys that GnuTLS keeps itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It knows hosts, not their parents, and reads the file for each question.
 */
#include <config.h>

#include "tests/bench/peer.h"

#include <time.h>

#include <gnutls/gnutls.h>

struct handle {
	struct peer_path path;
};

/* A raw key, so that no certificate is taken apart for each question. */
static const gnutls_datum_t key = {(unsigned char *)(uintptr_t)peer_key,
                                   PEER_KEY_LEN};

static void *
open_handle(const char *folder)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	bench_must(handle != NULL);
	handle->path = peer_path(folder, "known_hosts");
	return handle;
}

static void
close_handle(void *arg)
{
	free(arg);
}

static void
put(const struct handle *handle, const char *host)
{
	bench_must(gnutls_store_pubkey(handle->path.text, NULL, host, "https",
	                               GNUTLS_CRT_RAWPK, &key,
	                               time(NULL) + PEER_MAX_AGE, 0) == 0);
}

static double
fill(const char *folder, size_t n)
{
	struct handle *handle = open_handle(folder);
	char name[PEER_NAME_MAX];
	double start = bench_now();
	size_t i;

	for (i = 0; i < n; i++) {
		peer_name(i, name);
		put(handle, name);
	}
	peer_flush(handle->path.text);
	start = bench_now() - start;
	close_handle(handle);
	return start;
}

static bool
check(void *arg, const char *host)
{
	struct handle *handle = arg;
	int code = gnutls_verify_stored_pubkey(handle->path.text, NULL, host,
	                                       "https", GNUTLS_CRT_RAWPK, &key,
	                                       0);

	bench_must(code == 0 || code == GNUTLS_E_NO_CERTIFICATE_FOUND);
	return code == 0;
}

/* It adds a line and flushes nothing. */
static void
note(void *arg, const char *host, int64_t now)
{
	struct handle *handle = arg;

	(void)now;
	put(handle, host);
	peer_flush(handle->path.text);
}

const struct peer peer_gnutls = {
	"gnutls", false, fill, open_handle, close_handle, check, note,
};
