/*
 * bench_fill.c - a peer's store of so many hosts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_fill [PEER FOLDER HOSTS]
 *
 * Without arguments: the names of the peers.  FOLDER is to be empty.  Tells the ns that the peer's own code took, and the
 * most memory that the process had, in KiB.
 */
#include <config.h>

#include <sys/resource.h>

#include "tests/bench/peer.h"

int
main(int argc, char **argv)
{
	const struct peer *peer;
	struct rusage usage;
	double ns;

	for (size_t i = 0; argc == 1 && i < n_peers; i++)
		puts(peers[i]->name);
	if (argc == 1)
		return EXIT_SUCCESS;
	bench_must(argc == 4);
	peer = peer_find(argv[1]);
	bench_must(peer != NULL);
	ns = peer->fill(argv[2], strtoul(argv[3], NULL, 10));
	bench_must(getrusage(RUSAGE_SELF, &usage) == 0);
	printf("%.0f %ld\n", ns, usage.ru_maxrss);
	return EXIT_SUCCESS;
}
