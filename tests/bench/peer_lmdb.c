/*
 * peer_lmdb.c - LMDB and nothing around it: no checksums, no proofs, no locks
 * but its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The name as it is is the key; parents are looked for one by one.
 */
#include <config.h>

#include "tests/bench/peer.h"

#include <pthread.h>

#include <lmdb.h>

struct record {
	int64_t expires;
	uint8_t pins[2][32];
	bool covers;
};

struct handle {
	MDB_txn *reading; /* begun once, renewed for each question */
};

/* A process has an environment open once at most. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static MDB_env *env;
static MDB_dbi dbi;

static void
open_env(const char *folder)
{
	MDB_txn *txn;

	bench_must(mdb_env_create(&env) == 0);
	bench_must(mdb_env_set_mapsize(env, (size_t)1 << 32) == 0);
	bench_must(mdb_env_open(env, folder, MDB_NOTLS | MDB_NORDAHEAD,
	                        0600) == 0);
	bench_must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0);
	bench_must(mdb_dbi_open(txn, NULL, 0, &dbi) == 0);
	bench_must(mdb_txn_commit(txn) == 0);
}

static void *
open_handle(const char *folder)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	bench_must(handle != NULL);
	pthread_mutex_lock(&mutex);
	if (users++ == 0)
		open_env(folder);
	pthread_mutex_unlock(&mutex);
	bench_must(mdb_txn_begin(env, NULL, MDB_RDONLY, &handle->reading) ==
	           0);
	mdb_txn_reset(handle->reading);
	return handle;
}

static void
close_handle(void *arg)
{
	struct handle *handle = arg;

	mdb_txn_abort(handle->reading);
	free(handle);
	pthread_mutex_lock(&mutex);
	if (--users == 0)
		mdb_env_close(env);
	pthread_mutex_unlock(&mutex);
}

static void
put(MDB_txn *txn, const char *host, bool covers, int64_t expires,
    unsigned flags)
{
	struct record record;
	MDB_val key = {strlen(host), (void *)(uintptr_t)host};
	MDB_val value = {sizeof(record), &record};

	memset(&record, 0, sizeof(record));
	record.expires = expires;
	record.covers = covers;
	bench_must(mdb_put(txn, dbi, &key, &value, flags) == 0);
}

static double
fill(const char *folder, size_t n)
{
	struct peer_host *hosts = peer_sorted(n);
	double start = bench_now();
	void *handle = open_handle(folder);
	MDB_txn *txn;
	size_t i;

	bench_must(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	for (i = 0; i < n; i++)
		put(txn, hosts[i].name, hosts[i].covers,
		    PEER_NOW + PEER_MAX_AGE, MDB_APPEND);
	bench_must(mdb_txn_commit(txn) == 0);
	close_handle(handle);
	start = bench_now() - start;
	free(hosts);
	return start;
}

static bool
check(void *arg, const char *host)
{
	struct handle *handle = arg;
	MDB_val key, value;
	struct record record;
	const char *at = host;
	bool is_found = false;

	bench_must(mdb_txn_renew(handle->reading) == 0);
	while (!is_found && at != NULL) {
		key.mv_data = (void *)(uintptr_t)at;
		key.mv_size = strlen(at);
		if (mdb_get(handle->reading, dbi, &key, &value) == 0) {
			memcpy(&record, value.mv_data, sizeof(record));
			is_found = record.expires > PEER_NOW &&
			           (at == host || record.covers);
		}
		at = strchr(at, '.');
		if (at != NULL)
			at++;
	}
	mdb_txn_reset(handle->reading);
	return is_found;
}

static void
note(void *arg, const char *host, int64_t now)
{
	MDB_txn *txn;

	(void)arg;
	bench_must(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	put(txn, host, false, now + PEER_MAX_AGE, 0);
	bench_must(mdb_txn_commit(txn) == 0);
}

const struct peer peer_lmdb = {
	"lmdb", true, fill, open_handle, close_handle, check, note,
};
