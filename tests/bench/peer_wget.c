/*
 * peer_wget.c - libwget's HPKP store, which wget2 has.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file of text, which is read as a whole and written anew as a whole.
 */
#include <config.h>

#include "tests/bench/peer.h"

#ifdef HAVE_WGET

#include <pthread.h>

#include <wget.h>

/*
 * One store of the process.  It does not hold when one thread adds to it while
 * others look.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t lock =
        PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static unsigned users;
static wget_hpkp_db_t *db;
static struct peer_path file;
static char *directory;

static void
make(const char *folder)
{
	file = peer_path(folder, "hpkp");
	directory = strdup(folder);
	db = wget_hpkp_db_init(NULL, file.text);
	bench_must(db != NULL && directory != NULL);
}

static void
drop(void)
{
	wget_hpkp_db_free(&db);
	free(directory);
}

static void *
open_shared(const char *folder)
{
	pthread_mutex_lock(&mutex);
	if (users++ == 0) {
		make(folder);
		bench_must(wget_hpkp_db_load(db) == 0);
	}
	pthread_mutex_unlock(&mutex);
	return db;
}

static void
close_shared(void *handle)
{
	(void)handle;
	pthread_mutex_lock(&mutex);
	if (--users == 0)
		drop();
	pthread_mutex_unlock(&mutex);
}

static void
add(const char *host, bool covers)
{
	wget_hpkp_t *hpkp = wget_hpkp_new();

	bench_must(hpkp != NULL);
	wget_hpkp_set_host(hpkp, host);
	wget_hpkp_set_maxage(hpkp, PEER_MAX_AGE);
	wget_hpkp_set_include_subdomains(hpkp, covers);
	wget_hpkp_pin_add(hpkp, "sha256", PEER_PIN_KEY);
	wget_hpkp_pin_add(hpkp, "sha256", PEER_PIN_BACKUP);
	wget_hpkp_db_add(db, &hpkp);
}

/* It renames a new file over the old one and flushes neither. */
static void
save(void)
{
	bench_must(wget_hpkp_db_save(db) == 0);
	peer_flush(file.text);
	peer_flush(directory);
}

static double
fill(const char *folder, size_t n)
{
	char name[PEER_NAME_MAX];
	double start = bench_now();
	size_t i;

	make(folder);
	for (i = 0; i < n; i++) {
		peer_name(i, name);
		add(name, peer_covers(i));
	}
	save();
	start = bench_now() - start;
	drop();
	return start;
}

static bool
check(void *handle, const char *host)
{
	int found;

	pthread_rwlock_rdlock(&lock);
	found = wget_hpkp_db_check_pubkey(handle, host, peer_key,
	                                  sizeof(peer_key));
	pthread_rwlock_unlock(&lock);
	bench_must(found == 0 || found == 1);
	return found == 1;
}

static void
note(void *handle, const char *host, int64_t now)
{
	(void)handle;
	(void)now;
	pthread_rwlock_wrlock(&lock);
	add(host, false);
	save();
	pthread_rwlock_unlock(&lock);
}

const struct peer peer_wget = {
	"libwget", true, fill, open_shared, close_shared, check, note,
};

#endif /* HAVE_WGET */
