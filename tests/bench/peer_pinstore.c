/*
 * peer_pinstore.c - ourselves, by the public functions alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tests/bench/peer.h"

#include <pthread.h>

#include <gnutls/crypto.h>

#include <pinstore/admin.h>

/* One handle of the process, for all threads. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct pinstore *shared;
static struct pinstore_chain *chain;

static void
key_pin(struct pinstore_pin *out)
{
	bench_must(gnutls_hash_fast(GNUTLS_DIG_SHA256, peer_key, PEER_KEY_LEN,
	                            out->sha256) == 0);
}

/* The key's pin is the second of the path. */
static struct pinstore_chain *
make_chain(void)
{
	struct pinstore_chain *out = NULL;
	struct pinstore_pin pins[3];

	memset(pins, 'x', sizeof(pins));
	key_pin(&pins[1]);
	bench_must(pinstore_chain_from_validated_pins(pins, 3, &out) ==
	           PINSTORE_OK);
	return out;
}

static void *
open_shared(const char *folder)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore_error error;

	bench_must(options != NULL);
	bench_must(pinstore_options_set(options, PINSTORE_OPT_LOCK_LIMIT_MS,
	                                60000) == PINSTORE_OK);
	bench_must(pinstore_options_set(options, PINSTORE_OPT_QUOTA_TOTAL,
	                                100000000) == PINSTORE_OK);
	pthread_mutex_lock(&mutex);
	if (users++ == 0) {
		chain = make_chain();
		if (pinstore_open(folder, options, &shared, &error) !=
		    PINSTORE_OK)
			bench_fail(error.text, __FILE__, __LINE__);
	}
	pthread_mutex_unlock(&mutex);
	pinstore_options_free(options);
	return shared;
}

static void
close_shared(void *handle)
{
	(void)handle;
	pthread_mutex_lock(&mutex);
	if (--users == 0) {
		pinstore_close(shared);
		pinstore_chain_free(chain);
	}
	pthread_mutex_unlock(&mutex);
}

static struct pinstore_import *
gather(size_t n)
{
	struct pinstore_import_item item = {
		.size = sizeof(item),
		.source = PINSTORE_HEADER,
		.noted = PEER_NOW,
		.updated = PINSTORE_UNDATED,
		.expires = PEER_NOW + PEER_MAX_AGE,
		.max_age_sent = PEER_MAX_AGE,
	};
	struct pinstore_import *import;
	struct pinstore_pin pins[2];
	char name[PEER_NAME_MAX];
	size_t i;

	key_pin(&pins[0]);
	memset(pins[1].sha256, 'B', sizeof(pins[1].sha256));
	bench_must(pinstore_import_new(&import) == PINSTORE_OK);
	item.host = name;
	item.pins = pins;
	item.n_pins = 2;
	for (i = 0; i < n; i++) {
		peer_name(i, name);
		item.line = i;
		item.include_subdomains = peer_covers(i);
		bench_must(pinstore_import_add(import, &item, NULL) ==
		           PINSTORE_OK);
	}
	return import;
}

static double
fill(const char *folder, size_t n)
{
	struct pinstore_import_totals totals = {.size = sizeof(totals)};
	struct pinstore_import *import = gather(n);
	struct pinstore *ps = open_shared(folder);
	double start = bench_now();

	bench_must(pinstore_import_run(ps, import, 0, PEER_NOW, &totals,
	                               NULL) == PINSTORE_OK);
	start = bench_now() - start;
	bench_must(totals.added == n);
	pinstore_import_free(import);
	close_shared(ps);
	return start;
}

static bool
check(void *handle, const char *host)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	enum pinstore_verdict verdict;

	bench_must(pinstore_check(handle, &peer, chain, PEER_NOW, &verdict,
	                          NULL, NULL) == PINSTORE_OK);
	bench_must(verdict != PINSTORE_REJECT);
	return verdict == PINSTORE_MATCHED;
}

static void
note(void *handle, const char *host, int64_t now)
{
	static const char value[] =
		"max-age=5184000; pin-sha256=\"" PEER_PIN_KEY "\"; "
		"pin-sha256=\"" PEER_PIN_BACKUP "\"";
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_field field = {PINSTORE_PKP, value, sizeof(value) - 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result;
	struct pinstore_error error;
	enum pinstore_verdict verdict;

	bench_must(pinstore_check(handle, &peer, chain, PEER_NOW, &verdict,
	                          &result, NULL) == PINSTORE_OK);
	if (pinstore_note(handle, result, &field, 1, now, &noted, &error) !=
	    PINSTORE_OK)
		bench_fail(error.text, __FILE__, __LINE__);
	bench_must(noted.action == PINSTORE_NOTED ||
	           noted.action == PINSTORE_UPDATED);
	pinstore_result_free(result);
}

const struct peer peer_pinstore = {
	"pinstore", true, fill, open_shared, close_shared, check, note,
};
