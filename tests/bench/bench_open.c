/*
 * bench_open.c - from nothing to the first answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_open FOLDER HOSTS
 *
 * FOLDER has a store of HOSTS hosts of each peer.  ns from opening it to the
 * answer to one question, in a process that has done nothing else, with the
 * store's files in the page cache and with none of them there; then the most
 * memory of such a process a thousand questions later, and what of it is its
 * own alone.
 */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/peer.h"

#define ANSWERS 1000
/* A peer that is slow stops asking then. */
#define ANSWERS_NS 2e8

struct told {
	double ns;
	long all_kib;
	long own_kib;
};

/* What a process has for itself alone: no page of a file. */
static long
anonymous_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[128];
	long kib = -1;

	bench_must(file != NULL);
	while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "Anonymous:", 10) == 0)
			kib = (long)strtoul(line + 10, NULL, 10);
	fclose(file);
	return kib;
}

static int
be_client(const char *name, const char *folder, size_t n, size_t first)
{
	const struct peer *peer = peer_find(name);
	char host[PEER_NAME_MAX];
	struct rusage usage;
	double start, ns;
	void *handle;
	size_t i;

	bench_must(peer != NULL);
	peer_name(first % n, host);
	start = bench_now();
	handle = peer->open(folder);
	bench_must(peer->check(handle, host));
	ns = bench_now() - start;
	for (i = 1; i < ANSWERS && bench_now() - start < ns + ANSWERS_NS; i++) {
		peer_name(i * 7919 % n, host);
		bench_must(peer->check(handle, host));
	}
	bench_must(getrusage(RUSAGE_SELF, &usage) == 0);
	printf("%.0f %ld %ld\n", ns, usage.ru_maxrss, anonymous_kib());
	peer->close(handle);
	return EXIT_SUCCESS;
}

static struct told
run_client(const struct peer *peer, const char *folder, const char *hosts,
           unsigned round)
{
	char number[32], line[128] = "", *rest = line;
	int fds[2], state = 0;
	struct told told;
	pid_t pid;

	snprintf(number, sizeof(number), "%u", round * 997);
	bench_must(pipe(fds) == 0);
	fflush(stdout);
	pid = fork();
	bench_must(pid >= 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl("/proc/self/exe", "bench_open", peer->name, folder,
		            hosts, number, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	bench_must(waitpid(pid, &state, 0) == pid && state == 0);
	bench_must(read(fds[0], line, sizeof(line) - 1) > 0);
	close(fds[0]);
	told.ns = strtod(line, &rest);
	told.all_kib = (long)strtoul(rest, &rest, 10);
	told.own_kib = (long)strtoul(rest, &rest, 10);
	return told;
}

/* Let the kernel drop what it has of the files, which nobody has open. */
static void
evict(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *one;
	int fd;

	bench_must(dir != NULL);
	while ((one = readdir(dir)) != NULL) {
		fd = openat(dirfd(dir), one->d_name, O_RDONLY | O_CLOEXEC);
		bench_must(fd >= 0);
		if (one->d_type == DT_REG) {
			bench_must(fsync(fd) == 0);
			bench_must(posix_fadvise(fd, 0, 0,
			                         POSIX_FADV_DONTNEED) == 0);
		}
		close(fd);
	}
	closedir(dir);
}

static void
compete(const char *folder, const char *hosts, bool is_cached)
{
	struct bench ns[PEERS_MAX], all[PEERS_MAX], own[PEERS_MAX];
	unsigned round;
	size_t i;

	memset(ns, 0, sizeof(ns));
	memset(all, 0, sizeof(all));
	memset(own, 0, sizeof(own));
	for (round = 0; round < BENCH_ROUNDS; round++) {
		for (i = 0; i < n_peers; i++) {
			struct peer_path path = peer_path(folder,
			                                  peers[i]->name);
			struct told told;

			if (!bench_goes_on(&ns[i]))
				continue;
			if (!is_cached)
				evict(path.text);
			else if (round == 0)
				(void)run_client(peers[i], path.text, hosts,
				                 round);
			told = run_client(peers[i], path.text, hosts, round);
			bench_add(&ns[i], told.ns);
			bench_add(&all[i], (double)told.all_kib);
			bench_add(&own[i], (double)told.own_kib);
		}
	}
	for (i = 0; i < n_peers; i++) {
		bench_tell(is_cached ? "open.cached" : "open.evicted", hosts,
		           peers[i]->name, &ns[i], &ns[0]);
		if (!is_cached)
			continue;
		bench_tell("memory.peak", hosts, peers[i]->name, &all[i],
		           &all[0]);
		bench_tell("memory.own", hosts, peers[i]->name, &own[i],
		           &own[0]);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 5)
		return be_client(argv[1], argv[2], strtoul(argv[3], NULL, 10),
		                 strtoul(argv[4], NULL, 10));
	bench_must(argc == 3);
	compete(argv[1], argv[2], true);
	compete(argv[1], argv[2], false);
	return EXIT_SUCCESS;
}
