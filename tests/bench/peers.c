/*
 * peers.c - what the peers have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tests/bench/peer.h"

#include <fcntl.h>
#include <unistd.h>

/* No peer looks into it. */
const uint8_t peer_key[PEER_KEY_LEN] = "what a SubjectPublicKeyInfo would be";

const struct peer *const peers[] = {
	&peer_pinstore,
	&peer_lmdb,
#ifdef HAVE_SQLITE
	&peer_sqlite,
#endif
	&peer_gnutls,
#ifdef HAVE_WGET
	&peer_wget,
#endif
};
const size_t n_peers = sizeof(peers) / sizeof(peers[0]);

const struct peer *
peer_find(const char *name)
{
	size_t i;

	for (i = 0; i < n_peers; i++)
		if (strcmp(peers[i]->name, name) == 0)
			return peers[i];
	return NULL;
}

void
peer_name(size_t i, char out[PEER_NAME_MAX])
{
	static const char *const tops[] = {"com", "org", "net", "example",
	                                   "test"};
	uint64_t mixed = (uint64_t)(i / 4) * UINT64_C(0x9e3779b97f4a7c15);

	snprintf(out, PEER_NAME_MAX, "h%02x.site%08x.%s",
	         (unsigned)(i * 37 % 256), (unsigned)(mixed >> 32),
	         tops[mixed % 5]);
}

static int
compare(const void *a, const void *b)
{
	const struct peer_host *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct peer_host *
peer_sorted(size_t n)
{
	struct peer_host *hosts = calloc(n, sizeof(*hosts));
	size_t i;

	bench_must(hosts != NULL);
	for (i = 0; i < n; i++) {
		peer_name(i, hosts[i].name);
		hosts[i].covers = peer_covers(i);
	}
	qsort(hosts, n, sizeof(*hosts), compare);
	return hosts;
}

struct peer_path
peer_path(const char *folder, const char *file)
{
	struct peer_path path;
	int len = snprintf(path.text, sizeof(path.text), "%s/%s", folder,
	                   file);

	bench_must(len > 0 && (size_t)len < sizeof(path.text));
	return path;
}

void
peer_flush(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	bench_must(fd >= 0);
	bench_must(fsync(fd) == 0);
	close(fd);
}
