/*
 * bench_write.c - what it costs to write, beside one flush of the disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For stores of several sizes: the median time of one pinstore_note() of a host
 * that is stored (refresh) and of one that is not (insert), in turn with the
 * floor, one pwrite() of 4 KiB and one fdatasync(); and the flushes and octets
 * that each takes.  Then what 32 threads write in the time in which one writes,
 * and what 8 processes do, and how evenly these are served.
 *
 * PINSTORE_BENCH_DIR names the file system that is measured; /tmp without it.
 */
#include <config.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pinstore/pinstore.h>

#include "model/host.h"
#include "store/store.h"
#include "tests/bench/bench.h"

#define NOW INT64_C(1767225600)
/* Past any slack: what is seen again is written again. */
#define STEP 3601
#define TIMED 400
#define CROWD_ROUNDS 5
#define CROWD_NS 1e9
#define THREADS 32
#define PROCESSES 8
#define WRITERS_MAX THREADS
#define PER_WRITE 10000
#define BLOCK 4096
#define FLOOR_BLOCKS 1024

/* ------------------------------------------------------------- what is done */

static atomic_ullong flushes, octets_written;

/* libc's own; a program's symbol goes before, for LMDB too. */
static void
find(const char *name, void *out)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	bench_must(symbol != NULL);
	memcpy(out, &symbol, sizeof(symbol));
}

int
fdatasync(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		find("fdatasync", &real);
	atomic_fetch_add(&flushes, 1);
	return real(fd);
}

ssize_t
pwrite(int fd, const void *octets, size_t len, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (real == NULL)
		find("pwrite", &real);
	/* LMDB writes the head by a descriptor that flushes by itself. */
	if (len < BLOCK && (fcntl(fd, F_GETFL) & O_DSYNC) != 0)
		atomic_fetch_add(&flushes, 1);
	atomic_fetch_add(&octets_written, len);
	return real(fd, octets, len, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);
	int i;

	if (real == NULL)
		find("writev", &real);
	for (i = 0; i < n; i++)
		atomic_fetch_add(&octets_written, parts[i].iov_len);
	return real(fd, parts, n);
}

/* --------------------------------------------------------------- the stores */

static char directory[128];
static struct pinstore_chain *chain;

struct filling {
	size_t from;
	size_t to;
};

static void
name_of(size_t i, char *out, size_t size)
{
	uint64_t mixed = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);

	snprintf(out, size, "h%08x.example%zu.test", (unsigned)(mixed >> 32),
	         i / 100);
}

static enum pinstore_status
fill_some(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct filling *filling = arg;
	struct ps_entry entry;
	struct ps_section *section = &entry.section[PINSTORE_LEARNED];
	enum pinstore_status status;
	size_t i;

	memset(&entry, 0, sizeof(entry));
	section->is_present = true;
	section->source = PINSTORE_HEADER;
	section->quota_labels = 2;
	section->observed = section->updated = NOW;
	section->expires = NOW + 5184000;
	section->max_age = 5184000;
	section->pins.n = 2;
	memset(section->pins.pin[0].sha256, 'A', 32);
	memset(section->pins.pin[1].sha256, 'B', 32);
	for (i = filling->from; i < filling->to; i++) {
		enum pinstore_host_kind kind;
		struct ps_host host;
		char name[64];

		name_of(i, name, sizeof(name));
		bench_must(ps_host_parse(name, strlen(name), &host, &kind) ==
		           PINSTORE_OK);
		status = ps_write_put(write, &host, &entry, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static void
fill(const char *path, size_t hosts)
{
	struct ps_store_options options = {.lock_limit_ms = 60000};
	struct filling filling = {0, 0};
	struct pinstore_error error;
	struct ps_store *store;

	bench_must(ps_store_open(path, &options, &store, &error) ==
	           PINSTORE_OK);
	while (filling.to < hosts) {
		filling.from = filling.to;
		filling.to += PER_WRITE;
		if (filling.to > hosts)
			filling.to = hosts;
		bench_must(ps_store_write(store, NOW, fill_some, &filling,
		                          &error) == PINSTORE_OK);
	}
	ps_store_close(store);
}

static struct pinstore *
open_store(const char *path)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore_error error;
	struct pinstore *ps;

	bench_must(options != NULL);
	bench_must(pinstore_options_set(options, PINSTORE_OPT_LOCK_LIMIT_MS,
	                                60000) == PINSTORE_OK);
	bench_must(pinstore_options_set(options, PINSTORE_OPT_QUOTA_TOTAL,
	                                100000000) == PINSTORE_OK);
	bench_must(pinstore_open(path, options, &ps, &error) == PINSTORE_OK);
	pinstore_options_free(options);
	return ps;
}

/* Once for each host: what a client has when the response is there. */
static struct pinstore_result *
check(struct pinstore *ps, const char *host)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_result *result;
	enum pinstore_verdict verdict;

	bench_must(pinstore_check(ps, &peer, chain, NOW, &verdict, &result,
	                          NULL) == PINSTORE_OK);
	return result;
}

static void
note(struct pinstore *ps, const struct pinstore_result *result, int64_t now)
{
	static const char value[] =
		"max-age=5184000; "
		"pin-sha256=\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"; "
		"pin-sha256=\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\"";
	struct pinstore_field field = {PINSTORE_PKP, value, sizeof(value) - 1};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_error error;

	if (pinstore_note(ps, result, &field, 1, now, &noted, &error) !=
	    PINSTORE_OK)
		bench_fail(error.text, __FILE__, __LINE__);
	bench_must(noted.action == PINSTORE_NOTED ||
	           noted.action == PINSTORE_UPDATED);
}

/* ------------------------------------------------------------ one by one */

enum deed { FLOOR, REFRESH, INSERT, DEEDS };

static const char *const deed_words[DEEDS] = {
	"pwrite 4 KiB + fdatasync", "refresh", "insert",
};

struct timed {
	double spent[TIMED];
	unsigned long long flushes;
	unsigned long long octets;
};

static int64_t clock_of_all = NOW;

static void
write_floor(int fd, size_t i)
{
	static char block[BLOCK];

	memset(block, (int)i, sizeof(block));
	bench_must(pwrite(fd, block, BLOCK,
	                  (off_t)(i * 7919 % FLOOR_BLOCKS) * BLOCK) == BLOCK);
	bench_must(fdatasync(fd) == 0);
}

static int
make_floor(void)
{
	static char block[BLOCK];
	char path[160];
	int fd, i;

	snprintf(path, sizeof(path), "%s/floor", directory);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	bench_must(fd >= 0);
	for (i = 0; i < FLOOR_BLOCKS; i++)
		bench_must(write(fd, block, BLOCK) == BLOCK);
	bench_must(fsync(fd) == 0);
	return fd;
}

static void
time_one(struct pinstore *ps, int fd, size_t hosts, enum deed deed, size_t i,
         struct timed *out)
{
	struct pinstore_result *result = NULL;
	static size_t inserted;
	double start;
	char name[64];

	if (deed == REFRESH)
		name_of((i * 2654435761u) % hosts, name, sizeof(name));
	else
		snprintf(name, sizeof(name), "n%zu.new%zu.test",
		         inserted * 2654435761u % 1000000, inserted / 50);
	if (deed == INSERT)
		inserted++;
	if (deed != FLOOR)
		result = check(ps, name);
	clock_of_all += STEP;
	out->flushes -= flushes;
	out->octets -= octets_written;
	start = bench_now();
	if (deed == FLOOR)
		write_floor(fd, i);
	else
		note(ps, result, clock_of_all);
	out->spent[i] = bench_now() - start;
	out->flushes += flushes;
	out->octets += octets_written;
	pinstore_result_free(result);
}

static void
one_by_one(const char *path, size_t hosts)
{
	static struct timed timed[DEEDS];
	struct pinstore *ps = open_store(path);
	double floor, median;
	int fd = make_floor(), deed;
	size_t i;

	memset(timed, 0, sizeof(timed));
	for (i = 0; i < TIMED; i++)
		for (deed = 0; deed < DEEDS; deed++)
			time_one(ps, fd, hosts, (enum deed)deed, i,
			         &timed[deed]);
	floor = bench_quantile(timed[FLOOR].spent, TIMED, 0.5);
	for (deed = 0; deed < DEEDS; deed++) {
		median = bench_quantile(timed[deed].spent, TIMED, 0.5);
		printf("%7zu hosts  %-24s %7.0f us  %5.2f x  %4.1f flushes  "
		       "%5.1f KiB\n", hosts, deed_words[deed], median / 1e3,
		       median / floor, (double)timed[deed].flushes / TIMED,
		       (double)timed[deed].octets / TIMED / 1024);
	}
	close(fd);
	pinstore_close(ps);
}

/* ---------------------------------------------------------------- in crowds */

static struct {
	atomic_bool is_over;
	atomic_uint ready;
	unsigned served[WRITERS_MAX];
} *shared;

struct writer {
	struct pinstore *ps;
	unsigned number;
	unsigned round;
};

/* Hosts of its own, which it refreshes until the time is up. */
static void *
labour(void *arg)
{
	const struct writer *writer = arg;
	struct pinstore_result *results[16];
	int64_t now = NOW + (int64_t)(writer->round + 1) * 40000000;
	char name[64];
	unsigned i;

	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "h%u.w%u.test", i,
		         writer->number);
		results[i] = check(writer->ps, name);
	}
	shared->served[writer->number] = 0;
	atomic_fetch_add(&shared->ready, 1);
	for (i = 0; !atomic_load(&shared->is_over); i++) {
		now += STEP;
		note(writer->ps, results[i % 16], now);
		shared->served[writer->number]++;
	}
	for (i = 0; i < 16; i++)
		pinstore_result_free(results[i]);
	return NULL;
}

static double
let_run(unsigned n)
{
	double start;

	while (atomic_load(&shared->ready) < n)
		usleep(1000);
	start = bench_now();
	while (bench_now() - start < CROWD_NS)
		usleep(1000);
	atomic_store(&shared->is_over, true);
	return bench_now() - start;
}

/* Writes a second of n threads, or of n processes. */
static double
rate(struct pinstore *ps, const char *path, unsigned n, bool is_threads,
     unsigned round, double *spread)
{
	struct writer writers[WRITERS_MAX];
	pthread_t threads[WRITERS_MAX];
	pid_t pids[WRITERS_MAX];
	unsigned i, least, most;
	double took, total = 0;
	int state;

	atomic_store(&shared->is_over, false);
	atomic_store(&shared->ready, 0);
	for (i = 0; i < n; i++) {
		writers[i].ps = ps;
		writers[i].number = i;
		writers[i].round = round;
		if (is_threads) {
			bench_must(pthread_create(&threads[i], NULL, labour,
			                          &writers[i]) == 0);
			continue;
		}
		pids[i] = fork();
		if (pids[i] == 0) {
			writers[i].ps = open_store(path);
			labour(&writers[i]);
			_exit(0);
		}
		bench_must(pids[i] > 0);
	}
	took = let_run(n);
	for (i = 0; i < n; i++) {
		if (is_threads) {
			bench_must(pthread_join(threads[i], NULL) == 0);
			continue;
		}
		bench_must(waitpid(pids[i], &state, 0) == pids[i]);
		bench_must(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	}
	least = most = shared->served[0];
	for (i = 0; i < n; i++) {
		total += shared->served[i];
		if (shared->served[i] < least)
			least = shared->served[i];
		if (shared->served[i] > most)
			most = shared->served[i];
	}
	*spread = least == 0 ? 1e9 : (double)most / least;
	return total / took * 1e9;
}

static void
crowd(const char *path, size_t hosts, bool is_threads, unsigned n)
{
	double alone[CROWD_ROUNDS], many[CROWD_ROUNDS], ratio[CROWD_ROUNDS];
	double spread[CROWD_ROUNDS], none, flushed = 0;
	struct pinstore *ps = is_threads ? open_store(path) : NULL;
	static unsigned used;
	unsigned round;

	for (round = 0; round < CROWD_ROUNDS; round++) {
		unsigned long long before;

		alone[round] = rate(ps, path, 1, is_threads, used++, &none);
		before = flushes;
		many[round] = rate(ps, path, n, is_threads, used++,
		                   &spread[round]);
		ratio[round] = many[round] / alone[round];
		flushed += (double)(flushes - before) /
		           (many[round] * CROWD_NS / 1e9) / CROWD_ROUNDS;
	}
	printf("%7zu hosts  %2u %-21s %7.0f/s  %5.2f x of one  (%.0f/s)  "
	       "most to least %.2f", hosts, n,
	       is_threads ? "threads" : "processes",
	       bench_quantile(many, CROWD_ROUNDS, 0.5),
	       bench_quantile(ratio, CROWD_ROUNDS, 0.5),
	       bench_quantile(alone, CROWD_ROUNDS, 0.5),
	       bench_quantile(spread, CROWD_ROUNDS, 0.5));
	if (is_threads)
		printf("  %.2f flushes each", flushed);
	printf("\n");
	pinstore_close(ps);
}

/* --------------------------------------------------------------------- main */

static int
unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(int argc, char **argv)
{
	static const char *const sizes[] = {"1000", "100000"};
	const char *where = getenv("PINSTORE_BENCH_DIR");
	struct pinstore_pin pins[3];
	char path[160];
	int i;

	snprintf(directory, sizeof(directory), "%s/pinstore-bench-XXXXXX",
	         where != NULL ? where : "/tmp");
	bench_must(mkdtemp(directory) != NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bench_must(shared != MAP_FAILED);
	memset(pins, 'x', sizeof(pins));
	memset(pins[1].sha256, 'A', 32);
	bench_must(pinstore_chain_from_validated_pins(pins, 3, &chain) ==
	           PINSTORE_OK);
	for (i = 0; i < (argc > 1 ? argc - 1 : 2); i++) {
		size_t hosts = strtoul(argc > 1 ? argv[i + 1] : sizes[i], NULL,
		                       10);

		bench_must(hosts > 1);
		snprintf(path, sizeof(path), "%s/%zu", directory, hosts);
		fill(path, hosts);
		one_by_one(path, hosts);
		crowd(path, hosts, true, THREADS);
		crowd(path, hosts, false, PROCESSES);
	}
	pinstore_chain_free(chain);
	nftw(directory, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	return EXIT_SUCCESS;
}
