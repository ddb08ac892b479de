/*
 * bench_check.c - what a question costs, beside one bare mdb_get().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * usage: bench_check FOLDER HOSTS
 *
 * FOLDER has a store of HOSTS hosts of each peer.  ns of processor time for a
 * host that is stored, for one that its parent covers, for one that is absent,
 * and for one of six labels; and the floor, one mdb_get() of the stored host's
 * key in one transaction on pinstore's file.
 */
#include <config.h>

#include <lmdb.h>

#include "model/host.h"
#include "tests/bench/peer.h"

#define ASKED_MAX 20000
/* A round of one peer takes about so long. */
#define ROUND_NS 1e7

enum question { HIT, COVERED, MISS, MISS_DEEP, QUESTIONS };

static const char *const words[QUESTIONS] = {
	"check.hit", "check.covered", "check.miss", "check.miss6",
};

static char names[QUESTIONS][ASKED_MAX][PEER_NAME_MAX + 8];
static struct ps_key keys[ASKED_MAX];

static void
choose(size_t hosts)
{
	enum pinstore_host_kind kind;
	struct ps_host host;
	unsigned seed = 1;
	char name[PEER_NAME_MAX];
	size_t i, at;

	for (i = 0; i < ASKED_MAX; i++) {
		at = (size_t)rand_r(&seed) % hosts;
		peer_name(at, names[HIT][i]);
		bench_must(ps_host_parse(names[HIT][i], strlen(names[HIT][i]),
		                         &host, &kind) == PINSTORE_OK);
		ps_host_key(&host, &keys[i]);
		peer_name(at / 2 * 2, name);
		snprintf(names[COVERED][i], sizeof(names[COVERED][i]), "a.%s",
		         name);
		peer_name(hosts + 4 + at, names[MISS][i]);
		snprintf(names[MISS_DEEP][i], sizeof(names[MISS_DEEP][i]),
		         "a.b.c.%s", names[MISS][i]);
	}
}

/* ns a question, of n. */
static double
ask(const struct peer *peer, void *handle, enum question question, size_t n)
{
	bool is_pinned = question == HIT ||
	                 (question == COVERED && peer->knows_parents);
	double start = bench_cpu();
	size_t i;

	for (i = 0; i < n; i++)
		bench_must(peer->check(handle, names[question][i]) ==
		           is_pinned);
	return (bench_cpu() - start) / (double)n;
}

/* ------------------------------------------------------------------ the floor */

struct bare {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi hosts;
};

static void
bare_open(const char *path, struct bare *out)
{
	bench_must(mdb_env_create(&out->env) == 0);
	bench_must(mdb_env_set_maxdbs(out->env, 16) == 0);
	bench_must(mdb_env_set_mapsize(out->env, (size_t)1 << 32) == 0);
	bench_must(mdb_env_open(out->env, path,
	                        MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0) == 0);
	bench_must(mdb_txn_begin(out->env, NULL, MDB_RDONLY, &out->txn) == 0);
	bench_must(mdb_dbi_open(out->txn, "hosts", 0, &out->hosts) == 0);
}

static double
bare_get(struct bare *bare)
{
	MDB_val key, value;
	double start = bench_cpu();
	size_t i;

	for (i = 0; i < ASKED_MAX; i++) {
		key.mv_data = keys[i].octets;
		key.mv_size = keys[i].len;
		bench_must(mdb_get(bare->txn, bare->hosts, &key, &value) == 0);
	}
	return (bench_cpu() - start) / ASKED_MAX;
}

static void
bare_close(struct bare *bare)
{
	mdb_txn_abort(bare->txn);
	mdb_env_close(bare->env);
}

/* --------------------------------------------------------------------- rounds */

static struct bench figures[PEERS_MAX][QUESTIONS], floor_figures;
static void *handles[PEERS_MAX];
static size_t asked[PEERS_MAX];

static void
run_round(struct bare *bare)
{
	size_t i;
	int question;

	bench_add(&floor_figures, bare_get(bare));
	for (question = 0; question < QUESTIONS; question++)
		for (i = 0; i < n_peers; i++)
			bench_add(&figures[i][question],
			          ask(peers[i], handles[i],
			              (enum question)question, asked[i]));
}

static void
tell(const char *hosts)
{
	int question;
	size_t i;

	for (question = 0; question < QUESTIONS; question++) {
		bench_tell(words[question], hosts, "floor", &floor_figures,
		           &figures[0][question]);
		for (i = 0; i < n_peers; i++)
			if (question != COVERED || peers[i]->knows_parents)
				bench_tell(words[question], hosts,
				           peers[i]->name,
				           &figures[i][question],
				           &figures[0][question]);
	}
}

int
main(int argc, char **argv)
{
	struct bare bare;
	size_t i;
	int round;

	bench_must(argc == 3);
	choose(strtoul(argv[2], NULL, 10));
	for (i = 0; i < n_peers; i++) {
		handles[i] = peers[i]->open(
		        peer_path(argv[1], peers[i]->name).text);
		asked[i] = (size_t)(ROUND_NS / ask(peers[i], handles[i], HIT,
		                                   1)) + 1;
		if (asked[i] > ASKED_MAX || i == 0)
			asked[i] = ASKED_MAX;
	}
	bare_open(peer_path(argv[1], peers[0]->name).text, &bare);
	for (round = 0; round < BENCH_ROUNDS; round++)
		run_round(&bare);
	tell(argv[2]);
	bare_close(&bare);
	for (i = 0; i < n_peers; i++)
		peers[i]->close(handles[i]);
	return EXIT_SUCCESS;
}
