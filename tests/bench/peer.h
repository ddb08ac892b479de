/*
 * peer.h - pinstore and those it is measured against, seen alike.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store of n hosts has the hosts 0 to n - 1 of peer_name(), every other of
 * them with its subdomains, each with two pins: PEER_KEY's and a backup.
 */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/bench.h"

#define PEER_NAME_MAX 64
#define PEER_NOW INT64_C(1767225600)
/* Of all that is stored: a store may be kept for years. */
#define PEER_MAX_AGE (10 * INT64_C(31536000))

/* A key as a peer shows it in the handshake, and the pins of a host. */
#define PEER_KEY_LEN 91
extern const uint8_t peer_key[PEER_KEY_LEN];
#define PEER_PIN_KEY "m+CaeQDJkSoJV1GFbvn6wGroIHc72yB9SzLhekjB/Yo="
#define PEER_PIN_BACKUP "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

struct peer {
	const char *name;
	bool knows_parents; /* a host's pins may hold for its subdomains */
	/*
	 * Make a store of n hosts in an empty folder, on disk when it returns:
	 * ns in the store's own code, without making up names.
	 */
	double (*fill)(const char *folder, size_t n);
	/* A handle for one thread; what threads can share, handles share. */
	void *(*open)(const char *folder);
	void (*close)(void *handle);
	/* Whether host is pinned; when it is, peer_key must be right. */
	bool (*check)(void *handle, const char *host);
	/* Note host's pins, seen at now: on disk when it returns. */
	void (*note)(void *handle, const char *host, int64_t now);
};

extern const struct peer peer_pinstore, peer_lmdb, peer_sqlite, peer_gnutls,
        peer_wget;

/* Those that were there to be built with; pinstore is the first. */
extern const struct peer *const peers[];
extern const size_t n_peers;
#define PEERS_MAX 5

/* NULL if there is none. */
const struct peer *peer_find(const char *name);

/*
 * Four hosts of a domain, domains spread over the key space and over a few
 * top-level domains.
 */
void peer_name(size_t i, char out[PEER_NAME_MAX]);
static inline bool
peer_covers(size_t i)
{
	return i % 2 == 0;
}

/* The hosts in the order of strcmp(). */
struct peer_host {
	char name[PEER_NAME_MAX];
	bool covers;
};
struct peer_host *peer_sorted(size_t n);

/* folder/file */
struct peer_path {
	char text[512];
};
struct peer_path peer_path(const char *folder, const char *file);

/* Have a file that others wrote on disk; and its name, by its folder. */
void peer_flush(const char *path);

#endif /* TESTS_BENCH_PEER_H */
