/*
 * bench_check.c - what a check costs, beside one bare mdb_get().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For stores of several sizes, ns of processor time per pinstore_check() of a
 * host that is stored, of one that its parent covers, of one that is proved
 * absent, and of one of six labels; and ns per mdb_get() of the stored host's
 * key in one transaction on the same file.  Then what two threads do in the
 * time of one, how long it takes from opening a store to the first answer (with
 * the file cached, and with none of it), and the memory of a client that has
 * asked for a thousand hosts.
 *
 * usage: bench_check [HOSTS...]
 */
#include <config.h>

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include <pinstore/pinstore.h>

#include "model/host.h"
#include "store/store.h"
#include "tests/bench/bench.h"

#define NOW INT64_C(1767225600)
#define ASKED 20000
#define PER_WRITE 10000

enum question { HIT, COVERED, MISS, MISS_DEEP, QUESTIONS };

static const char *const question_words[QUESTIONS] = {
	"hit", "covered by a parent", "proved miss", "proved miss, 6 labels",
};

static char directory[] = "/tmp/pinstore-bench-XXXXXX";
static char names[QUESTIONS][ASKED][64];
static struct ps_key keys[ASKED];

/*
 * Four hosts of a domain, domains spread over the key space and over a few
 * top-level domains; half of the hosts cover subdomains.
 */
static void
name_of(size_t i, char *out, size_t size)
{
	static const char *const tops[] = {"com", "org", "net", "example",
	                                   "test"};
	uint64_t mixed = (uint64_t)(i / 4) * UINT64_C(0x9e3779b97f4a7c15);

	snprintf(out, size, "h%02x.site%08x.%s", (unsigned)(i * 37 % 256),
	         (unsigned)(mixed >> 32), tops[mixed % 5]);
}

struct filling {
	size_t from;
	size_t to;
};

static enum pinstore_status
fill_some(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct filling *filling = arg;
	enum pinstore_host_kind kind;
	struct ps_entry entry;
	struct ps_section *section = &entry.section[PINSTORE_LEARNED];
	struct ps_host host;
	char name[64];
	enum pinstore_status status;
	size_t i;

	memset(&entry, 0, sizeof(entry));
	section->is_present = true;
	section->source = PINSTORE_HEADER;
	section->observed = section->updated = NOW;
	section->expires = NOW + 5184000;
	section->max_age = 5184000;
	section->pins.n = 2;
	memset(section->pins.pin[0].sha256, 'A', 32);
	memset(section->pins.pin[1].sha256, 'B', 32);
	for (i = filling->from; i < filling->to; i++) {
		name_of(i, name, sizeof(name));
		bench_must(ps_host_parse(name, strlen(name), &host, &kind) ==
		           PINSTORE_OK);
		section->include_subdomains = i % 2 == 0;
		status = ps_write_put(write, &host, &entry, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static void
fill(const char *path, size_t hosts)
{
	struct ps_store_options options = {
		.lock_limit_ms = 5000,
		.max_bytes = UINT64_C(1) << 40,
	};
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

static void
choose(size_t hosts)
{
	enum pinstore_host_kind kind;
	struct ps_host host;
	unsigned seed = 1;
	char name[48];
	size_t i, at;

	for (i = 0; i < ASKED; i++) {
		at = (size_t)rand_r(&seed) % hosts;
		name_of(at, names[HIT][i], sizeof(names[HIT][i]));
		bench_must(ps_host_parse(names[HIT][i], strlen(names[HIT][i]),
		                         &host, &kind) == PINSTORE_OK);
		ps_host_key(&host, &keys[i]);
		name_of(at / 2 * 2, name, sizeof(name));
		snprintf(names[COVERED][i], sizeof(names[COVERED][i]),
		         "a.%s", name);
		name_of(hosts + 4 + at, name, sizeof(name));
		snprintf(names[MISS][i], sizeof(names[MISS][i]), "%s", name);
		snprintf(names[MISS_DEEP][i], sizeof(names[MISS_DEEP][i]),
		         "a.b.c.%s", name);
	}
}

static double
ask(struct pinstore *ps, const struct pinstore_chain *chain,
    enum question question)
{
	struct pinstore_peer peer = {.size = sizeof(peer)};
	enum pinstore_verdict verdict, expected;
	double start;
	size_t i;

	expected = question == HIT || question == COVERED ? PINSTORE_MATCHED
	                                                  : PINSTORE_UNPINNED;
	start = bench_cpu();
	for (i = 0; i < ASKED; i++) {
		peer.host = names[question][i];
		bench_must(pinstore_check(ps, &peer, chain, NOW, &verdict,
		                          NULL, NULL) == PINSTORE_OK);
		bench_must(verdict == expected);
	}
	return (bench_cpu() - start) / ASKED;
}

/*
 * The floor: LMDB alone, its own map of the same file, no locks, one
 * transaction for all.
 */
static double
get(MDB_txn *txn, MDB_dbi hosts)
{
	MDB_val key, value;
	double start = bench_cpu();
	size_t i;

	for (i = 0; i < ASKED; i++) {
		key.mv_data = keys[i].octets;
		key.mv_size = keys[i].len;
		bench_must(mdb_get(txn, hosts, &key, &value) == 0);
	}
	return (bench_cpu() - start) / ASKED;
}

static struct pinstore *
open_store(const char *path)
{
	struct pinstore_error error;
	struct pinstore *ps = NULL;

	bench_must(pinstore_open(path, NULL, &ps, &error) == PINSTORE_OK);
	return ps;
}

static struct pinstore_chain *
make_chain(void)
{
	struct pinstore_chain *chain = NULL;
	struct pinstore_pin pins[3];

	memset(pins, 'x', sizeof(pins));
	memset(pins[1].sha256, 'A', 32);
	bench_must(pinstore_chain_from_validated_pins(pins, 3, &chain) ==
	           PINSTORE_OK);
	return chain;
}

static void
compare(const char *path, size_t hosts, const struct pinstore_chain *chain)
{
	struct bench asked[QUESTIONS], bare = {.name = "mdb_get"};
	struct pinstore *ps = open_store(path);
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int round, question;

	bench_must(mdb_env_create(&env) == 0);
	bench_must(mdb_env_set_maxdbs(env, 16) == 0);
	bench_must(mdb_env_set_mapsize(env, (size_t)1 << 32) == 0);
	bench_must(mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS,
	                        0) == 0);
	bench_must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
	bench_must(mdb_dbi_open(txn, "hosts", 0, &dbi) == 0);
	for (round = 0; round < BENCH_ROUNDS; round++) {
		bare.round[round] = get(txn, dbi);
		for (question = 0; question < QUESTIONS; question++)
			asked[question].round[round] =
			        ask(ps, chain, (enum question)question);
	}
	bench_finish(&bare);
	printf("%7zu hosts  %-24s %7.0f ns\n", hosts, bare.name, bare.median);
	for (question = 0; question < QUESTIONS; question++) {
		bench_finish(&asked[question]);
		printf("%7zu hosts  %-24s %7.0f ns  %5.2f x\n", hosts,
		       question_words[question], asked[question].median,
		       bench_ratio(&asked[question], &bare));
	}
	mdb_txn_abort(txn);
	mdb_env_close(env);
	pinstore_close(ps);
}

/* ------------------------------------------------------------- two threads */

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	struct pinstore *ps;
	const struct pinstore_chain *chain;
};

static void *
ask_along(void *arg)
{
	const struct thread *thread = arg;

	(void)pthread_barrier_wait(thread->start);
	(void)ask(thread->ps, thread->chain, HIT);
	(void)ask(thread->ps, thread->chain, MISS);
	return NULL;
}

/* ns until n threads have asked all. */
static double
run_threads(struct pinstore *ps, const struct pinstore_chain *chain, unsigned n)
{
	struct thread threads[2];
	pthread_barrier_t barrier;
	double start;
	unsigned i;

	bench_must(pthread_barrier_init(&barrier, NULL, n + 1) == 0);
	for (i = 0; i < n; i++) {
		threads[i].start = &barrier;
		threads[i].ps = ps;
		threads[i].chain = chain;
		bench_must(pthread_create(&threads[i].id, NULL, ask_along,
		                          &threads[i]) == 0);
	}
	start = bench_now();
	(void)pthread_barrier_wait(&barrier);
	for (i = 0; i < n; i++)
		bench_must(pthread_join(threads[i].id, NULL) == 0);
	start = bench_now() - start;
	(void)pthread_barrier_destroy(&barrier);
	return start;
}

static void
two_threads(const char *path, size_t hosts, const struct pinstore_chain *chain)
{
	struct bench one = {.name = NULL}, two = {.name = NULL};
	struct pinstore *ps = open_store(path);
	int round;

	for (round = 0; round < BENCH_ROUNDS; round++) {
		one.round[round] = run_threads(ps, chain, 1);
		two.round[round] = run_threads(ps, chain, 2) / 2;
	}
	printf("%7zu hosts  %-24s %7s     %5.2f x\n", hosts,
	       "two threads beside one", "", bench_ratio(&one, &two));
	pinstore_close(ps);
}

/* --------------------------------------------------- to the first answer */

/* Let the kernel drop what it has of the file, which nobody has open. */
static void
evict(const char *path)
{
	char name[96];
	int fd;

	snprintf(name, sizeof(name), "%s/data.mdb", path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	bench_must(fd >= 0);
	bench_must(fsync(fd) == 0);
	bench_must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	close(fd);
}

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

/*
 * A client, which has neither filled the store nor opened one before: ns from
 * opening it to the first answer, and its memory a thousand answers later.
 */
static int
be_client(const char *path, const char *hosts, const char *first)
{
	struct pinstore_chain *chain = make_chain();
	struct pinstore_peer peer = {.size = sizeof(peer)};
	size_t i, n = strtoul(hosts, NULL, 10);
	enum pinstore_verdict verdict;
	struct pinstore *ps;
	double start, ns = 0;
	char name[64];

	peer.host = name;
	name_of(strtoul(first, NULL, 10) % n, name, sizeof(name));
	start = bench_now();
	ps = open_store(path);
	for (i = 0; i < 1000; i++) {
		bench_must(pinstore_check(ps, &peer, chain, NOW, &verdict,
		                          NULL, NULL) == PINSTORE_OK);
		if (i == 0)
			ns = bench_now() - start;
		bench_must(verdict == PINSTORE_MATCHED);
		name_of(i * 7919 % n, name, sizeof(name));
	}
	printf("%.0f %ld\n", ns, anonymous_kib());
	pinstore_close(ps);
	pinstore_chain_free(chain);
	return EXIT_SUCCESS;
}

static double
run_client(const char *path, size_t hosts, int first, long *kib)
{
	char numbers[2][32], line[64] = "";
	char *rest = line;
	int fds[2], state = 0;
	double ns;
	pid_t pid;

	snprintf(numbers[0], sizeof(numbers[0]), "%zu", hosts);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", first * 997);
	bench_must(pipe(fds) == 0);
	fflush(stdout);
	pid = fork();
	bench_must(pid >= 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl("/proc/self/exe", "bench_check", "--client", path,
		            numbers[0], numbers[1], (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	bench_must(waitpid(pid, &state, 0) == pid && state == 0);
	bench_must(read(fds[0], line, sizeof(line) - 1) > 0);
	close(fds[0]);
	ns = strtod(line, &rest);
	*kib = (long)strtoul(rest, NULL, 10);
	return ns;
}

static void
first_answer(const char *path, size_t hosts, bool is_cached)
{
	struct bench bench = {.name = is_cached ? "first answer, cached"
	                                        : "first answer, evicted"};
	long kib = 0;
	int round;

	for (round = 0; round < BENCH_ROUNDS; round++) {
		if (!is_cached)
			evict(path);
		bench.round[round] = run_client(path, hosts, round, &kib);
	}
	bench_finish(&bench);
	printf("%7zu hosts  %-24s %7.0f us\n", hosts, bench.name,
	       bench.median / 1000);
	if (!is_cached)
		printf("%7zu hosts  %-24s %7ld KiB\n", hosts,
		       "a client's own memory", kib);
}

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
	static const char *const sizes[] = {"1000", "10000", "100000",
	                                    "1000000"};
	struct pinstore_chain *chain;
	char path[64];
	size_t hosts;
	int i;

	if (argc == 5 && strcmp(argv[1], "--client") == 0)
		return be_client(argv[2], argv[3], argv[4]);
	chain = make_chain();
	bench_must(mkdtemp(directory) != NULL);
	for (i = 0; i < (argc > 1 ? argc - 1 : 4); i++) {
		hosts = strtoul(argc > 1 ? argv[i + 1] : sizes[i], NULL, 10);
		bench_must(hosts > 1);
		snprintf(path, sizeof(path), "%s/%zu", directory, hosts);
		fill(path, hosts);
		choose(hosts);
		compare(path, hosts, chain);
		two_threads(path, hosts, chain);
		first_answer(path, hosts, true);
		first_answer(path, hosts, false);
		fflush(stdout);
	}
	pinstore_chain_free(chain);
	nftw(directory, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	return EXIT_SUCCESS;
}
