/*
 * bench_crowd.c - many threads and many processes on one store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_crowd FOLDER HOSTS
 *
 * FOLDER has a store of HOSTS hosts of each peer, which is written to.  Told
 * are questions a second: of two threads and, for the floor, of one; of two
 * threads and of eight processes while one more writes and, for the floor,
 * while none does; and the same of each second of the readers' own processor
 * time, for the one that writes needs some of it too.  Then durable notes a
 * second of 32 threads and of 8 processes and, for the floor, of one; and how
 * many times what the least served process wrote the most served one did.
 */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/peer.h"

#define ROUNDS 5
/* So long they are watched; writers longer, to see who is served how often. */
#define READ_NS 5e8
#define WRITE_NS 1e9
#define WORKERS_MAX 33
#define OWN_HOSTS 16
/* Past any slack: what is seen again is written again. */
#define STEP 3601

static struct {
	atomic_bool is_over;
	atomic_uint ready;
	atomic_llong now; /* each note is later than all before */
	atomic_ullong done[WORKERS_MAX];
	double cpu[WORKERS_MAX]; /* ns, from its first deed to its last */
} *shared;

struct crowd {
	const struct peer *peer;
	const char *folder;
	size_t hosts;
	unsigned readers;
	unsigned writers;
	bool is_threads;
};

struct told {
	double read;     /* questions a second */
	double read_cpu; /* questions a second of processor time */
	double written;  /* notes a second */
	double spread;   /* of the writers, most to least */
};

/* One thread, or one process. */
struct worker {
	const struct crowd *crowd;
	unsigned number;
	pthread_t thread;
	pid_t pid;
};

static bool
is_reader(const struct worker *worker)
{
	return worker->number < worker->crowd->readers;
}

/* A reader asks for stored hosts; a writer notes some of its own, in turn. */
static void
do_one(const struct worker *worker, void *handle, uint64_t i, int64_t now)
{
	const struct peer *peer = worker->crowd->peer;
	char name[PEER_NAME_MAX];

	if (is_reader(worker)) {
		peer_name((size_t)(i * 7919 + worker->number * 104729u) %
		                  worker->crowd->hosts, name);
		bench_must(peer->check(handle, name));
		return;
	}
	snprintf(name, sizeof(name), "h%u.w%u.test", (unsigned)i % OWN_HOSTS,
	         worker->number);
	peer->note(handle, name, now);
}

static void *
labour(void *arg)
{
	const struct worker *worker = arg;
	void *handle = worker->crowd->peer->open(worker->crowd->folder);
	double start;
	uint64_t i;

	atomic_store(&shared->done[worker->number], 0);
	atomic_fetch_add(&shared->ready, 1);
	start = bench_cpu();
	for (i = 0; !atomic_load(&shared->is_over); i++) {
		do_one(worker, handle, i,
		       atomic_fetch_add(&shared->now, STEP));
		atomic_fetch_add(&shared->done[worker->number], 1);
	}
	shared->cpu[worker->number] = bench_cpu() - start;
	worker->crowd->peer->close(handle);
	return NULL;
}

static void
begin(struct worker *worker)
{
	if (worker->crowd->is_threads) {
		bench_must(pthread_create(&worker->thread, NULL, labour,
		                          worker) == 0);
		return;
	}
	worker->pid = fork();
	bench_must(worker->pid >= 0);
	if (worker->pid == 0) {
		(void)labour(worker);
		_exit(EXIT_SUCCESS);
	}
}

static void
end(struct worker *worker)
{
	int state;

	if (worker->crowd->is_threads) {
		bench_must(pthread_join(worker->thread, NULL) == 0);
		return;
	}
	bench_must(waitpid(worker->pid, &state, 0) == worker->pid);
	bench_must(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

/* What each did while the clock ran, with all of them at work: ns of it. */
static double
watch(unsigned n, double window_ns, double *done)
{
	double start;
	unsigned i;

	while (atomic_load(&shared->ready) < n)
		usleep(1000);
	for (i = 0; i < n; i++)
		done[i] = -(double)atomic_load(&shared->done[i]);
	start = bench_now();
	while (bench_now() - start < window_ns)
		usleep(1000);
	for (i = 0; i < n; i++)
		done[i] += (double)atomic_load(&shared->done[i]);
	start = bench_now() - start;
	atomic_store(&shared->is_over, true);
	return start;
}

static struct told
run(const struct crowd *crowd)
{
	unsigned i, n = crowd->readers + crowd->writers;
	struct worker workers[WORKERS_MAX];
	double done[WORKERS_MAX], took, least = 1e18, most = 0, cpu = 0;
	struct told told = {0, 0, 0, 0};

	atomic_store(&shared->is_over, false);
	atomic_store(&shared->ready, 0);
	for (i = 0; i < n; i++) {
		workers[i] = (struct worker){.crowd = crowd, .number = i};
		begin(&workers[i]);
	}
	took = watch(n, crowd->readers > 0 ? READ_NS : WRITE_NS, done);
	for (i = 0; i < n; i++)
		end(&workers[i]);
	for (i = 0; i < n; i++) {
		if (i < crowd->readers) {
			told.read += done[i] / took * 1e9;
			told.read_cpu += (double)shared->done[i] * 1e9;
			cpu += shared->cpu[i];
			continue;
		}
		told.written += done[i] / took * 1e9;
		least = done[i] < least ? done[i] : least;
		most = done[i] > most ? done[i] : most;
	}
	told.read_cpu /= cpu > 0 ? cpu : 1;
	told.spread = least > 0 ? most / least : most;
	return told;
}

/* Many beside few, of each peer, round by round. */
struct contest {
	const char *what;
	const char *what_cpu; /* of the readers' own time, or NULL */
	const char *what_spread;
	struct crowd few;
	struct crowd many;
};

static const struct contest contests[] = {
	{"read.threads2", NULL, NULL,
	 {.readers = 1, .is_threads = true},
	 {.readers = 2, .is_threads = true}},
	{"read.threads2.beside", "read.threads2.beside.cpu", NULL,
	 {.readers = 2, .is_threads = true},
	 {.readers = 2, .writers = 1, .is_threads = true}},
	{"read.processes8.beside", "read.processes8.beside.cpu", NULL,
	 {.readers = 8},
	 {.readers = 8, .writers = 1}},
	{"write.threads32", NULL, NULL,
	 {.writers = 1, .is_threads = true},
	 {.writers = 32, .is_threads = true}},
	{"write.processes8", NULL, "write.processes8.spread",
	 {.writers = 1},
	 {.writers = 8}},
};

enum measure { MANY, FEW, MANY_CPU, FEW_CPU, SPREAD, MEASURES };

static void
run_both(const struct contest *contest, const struct peer *peer,
         const char *folder, size_t hosts, struct bench out[MEASURES])
{
	struct peer_path path = peer_path(folder, peer->name);
	struct crowd few = contest->few, many = contest->many;
	struct told told;

	few.peer = many.peer = peer;
	few.folder = many.folder = path.text;
	few.hosts = many.hosts = hosts;
	told = run(&few);
	bench_add(&out[FEW], told.read + told.written);
	bench_add(&out[FEW_CPU], told.read_cpu);
	told = run(&many);
	bench_add(&out[MANY], many.readers > 0 ? told.read : told.written);
	bench_add(&out[MANY_CPU], told.read_cpu);
	bench_add(&out[SPREAD], told.spread);
}

static void
compete(const struct contest *contest, const char *folder, const char *hosts)
{
	static struct bench figures[PEERS_MAX][MEASURES];
	struct bench *ours = figures[0];
	double spent[PEERS_MAX] = {0};
	size_t i;
	int round;

	memset(figures, 0, sizeof(figures));
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < n_peers; i++) {
			if (round >= BENCH_LEAST_ROUNDS &&
			    spent[i] > BENCH_LONG_NS)
				continue;
			spent[i] -= bench_now();
			run_both(contest, peers[i], folder,
			         strtoul(hosts, NULL, 10), figures[i]);
			spent[i] += bench_now();
		}
	bench_tell(contest->what, hosts, "floor", &ours[FEW], &ours[MANY]);
	if (contest->what_cpu != NULL)
		bench_tell(contest->what_cpu, hosts, "floor", &ours[FEW_CPU],
		           &ours[MANY_CPU]);
	for (i = 0; i < n_peers; i++) {
		bench_tell(contest->what, hosts, peers[i]->name,
		           &figures[i][MANY], &ours[MANY]);
		if (contest->what_cpu != NULL)
			bench_tell(contest->what_cpu, hosts, peers[i]->name,
			           &figures[i][MANY_CPU], &ours[MANY_CPU]);
		if (contest->what_spread != NULL)
			bench_tell(contest->what_spread, hosts, peers[i]->name,
			           &figures[i][SPREAD], &ours[SPREAD]);
	}
}

int
main(int argc, char **argv)
{
	size_t i;

	bench_must(argc == 3);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bench_must(shared != MAP_FAILED);
	atomic_store(&shared->now, PEER_NOW);
	for (i = 0; i < sizeof(contests) / sizeof(contests[0]); i++)
		compete(&contests[i], argv[1], argv[2]);
	return EXIT_SUCCESS;
}
