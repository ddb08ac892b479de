/*
 * bench_check.c - what a check costs, beside one bare mdb_get().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For stores of several sizes, ns of processor time per pinstore_check() of a
 * host that is stored, of one that its parent covers, of one that is proved
 * absent, and of one of six labels; and ns per mdb_get() of the stored host's
 * key in one transaction on the same file.
 */
#include <config.h>

#include <ftw.h>
#include <string.h>
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

static void
compare(const char *path, size_t hosts)
{
	struct bench asked[QUESTIONS], bare = {.name = "mdb_get"};
	struct pinstore_chain *chain;
	struct pinstore_error error;
	struct pinstore_pin pins[3];
	struct pinstore *ps;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int round, question;

	memset(pins, 'x', sizeof(pins));
	memset(pins[1].sha256, 'A', 32);
	bench_must(pinstore_chain_from_validated_pins(pins, 3, &chain) ==
	           PINSTORE_OK);
	bench_must(pinstore_open(path, NULL, &ps, &error) == PINSTORE_OK);
	bench_must(mdb_env_create(&env) == 0);
	bench_must(mdb_env_set_maxdbs(env, 16) == 0);
	bench_must(mdb_env_set_mapsize(env, (size_t)1 << 32) == 0);
	bench_must(mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS,
	                        0) == 0);
	bench_must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
	bench_must(mdb_dbi_open(txn, "hosts", 0, &dbi) == 0);
	choose(hosts);
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
	pinstore_chain_free(chain);
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
	static const char *const sizes[] = {"100", "1000", "100000"};
	char path[64];
	size_t hosts;
	int i;

	bench_must(mkdtemp(directory) != NULL);
	for (i = 0; i < (argc > 1 ? argc - 1 : 3); i++) {
		hosts = strtoul(argc > 1 ? argv[i + 1] : sizes[i], NULL, 10);
		bench_must(hosts > 1);
		snprintf(path, sizeof(path), "%s/%zu", directory, hosts);
		fill(path, hosts);
		compare(path, hosts);
	}
	nftw(directory, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
	return EXIT_SUCCESS;
}
