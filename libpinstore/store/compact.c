/*
 * compact.c - a data file that forgets, in the place of a live one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/compact.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/pages.h"
#include "store/writer.h"

#define NEW_NAME PS_DB_DATA ".new"
/* So many records a commit of the copy: that bounds the memory it takes. */
#define CHUNK ((uint64_t)10000)
#define MAP_LEAST ((uint64_t)1 << 20)
/* Where nothing can be written, this cannot either. */
#define MORE ((off_t)1 << 20)

void
ps_compact_clean(int dir_fd)
{
	(void)unlinkat(dir_fd, NEW_NAME, 0);
}

static enum pinstore_status
fail(const struct ps_env *env, const char *doing, struct pinstore_error *error)
{
	return ps_fail_os(error, ps_file_status(errno), errno,
	                  "store %s: a copy of %s cannot be %s: %s", env->shown,
	                  PS_DB_DATA, doing, PS_STRERROR(errno));
}

/* ----------------------------------------------------------------- the copy */

struct copying {
	struct ps_txn *from;
	struct ps_db *db;
	struct ps_txn *to;
	uint64_t chunk;
	uint64_t n; /* in this commit */
};

/*
 * What the copy's commits have freed carries their numbers, and these must lie
 * behind the store's own: so there are not more of them, the first, which
 * makes the tables, included.
 */
static enum pinstore_status
count(struct copying *copying, uint64_t last, struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t total = 0, n;
	int table;

	status = ps_txn_tables(copying->from, &n, error);
	if (status == PINSTORE_OK && n != PS_TABLES)
		status = ps_fail(error, PINSTORE_ERR_VERSION,
		                 "store %s: it holds what only a later pinstore "
		                 "can copy: use that one",
		                 ps_txn_path(copying->from));
	for (table = 0; table < PS_TABLES && status == PINSTORE_OK; table++) {
		status = ps_txn_count(copying->from, (enum ps_table)table, &n,
		                      error);
		total += n;
	}
	copying->chunk = total / ((last + 1) / 2) + 1;
	if (copying->chunk < CHUNK)
		copying->chunk = CHUNK;
	return status;
}

static enum pinstore_status
copy_record(struct copying *copying, enum ps_table table, struct ps_bytes key,
            struct ps_bytes value, struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_trouble trouble;

	if (copying->n == copying->chunk) {
		status = ps_txn_commit(copying->to, &trouble, error);
		copying->to = NULL;
		if (status == PINSTORE_OK)
			status = ps_txn_begin(copying->db, true, &copying->to,
			                      &trouble, error);
		if (status != PINSTORE_OK)
			return status;
		copying->n = 0;
	}
	copying->n++;
	return ps_txn_append(copying->to, table, key, value, error);
}

/*
 * A page that was lost takes records along: the table's root has their number.
 */
static enum pinstore_status
copy_table(struct copying *copying, enum ps_table table,
           struct pinstore_error *error)
{
	enum ps_seek seek = PS_SEEK_FIRST;
	enum pinstore_status status;
	struct ps_bytes key = {NULL, 0}, value;
	uint64_t wanted, n = 0;

	status = ps_txn_count(copying->from, table, &wanted, error);
	if (status != PINSTORE_OK)
		return status;
	for (;;) {
		status = ps_txn_seek(copying->from, table, seek, &key, &value,
		                     error);
		if (status != PINSTORE_OK)
			break;
		seek = PS_SEEK_NEXT;
		status = copy_record(copying, table, key, value, error);
		if (status != PINSTORE_OK)
			return status;
		n++;
	}
	if (status != PINSTORE_ERR_NOTFOUND)
		return status;
	if (n != wanted)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost records, or has "
		               "some again that had been removed; restore a "
		               "backup", ps_txn_path(copying->from));
	return PINSTORE_OK;
}

/*
 * A full disk shows by a write that is cut short, which LMDB takes for an
 * error of the disk: ask whether the file could be larger.
 */
static enum pinstore_status
ask_for_room(struct ps_env *env, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct pinstore_error other;
	struct stat st;
	int fd = -1;

	status = ps_file_open(env->dir_fd, env->shown, NEW_NAME, false, &fd,
	                      &other);
	if (status != PINSTORE_OK)
		return PINSTORE_ERR_IO;
	if (fstat(fd, &st) == 0)
		status = ps_file_reserve(fd, env->shown, NEW_NAME,
		                         st.st_size + MORE, &other);
	(void)close(fd);
	if (status != PINSTORE_ERR_FULL)
		return PINSTORE_ERR_IO;
	if (error != NULL)
		*error = other;
	return status;
}

static enum pinstore_status
copy_all(struct ps_env *env, struct ps_txn *from, uint64_t last,
         struct pinstore_error *error)
{
	struct copying copying = {from, NULL, NULL, 0, 0};
	enum pinstore_status status;
	enum ps_trouble trouble;
	struct ps_db_info info;
	int table;

	ps_db_info(env->db, &info);
	status = count(&copying, last, error);
	/* Records lie closer in the copy than they ever did. */
	if (status == PINSTORE_OK)
		status = ps_db_make(env->dir_fd, NEW_NAME, env->shown,
		                    info.used_bytes * 2 + MAP_LEAST,
		                    &copying.db, error);
	if (status == PINSTORE_OK)
		status = ps_txn_begin(copying.db, true, &copying.to, &trouble,
		                      error);
	for (table = 0; table < PS_TABLES && status == PINSTORE_OK; table++)
		status = copy_table(&copying, (enum ps_table)table, error);
	if (status == PINSTORE_OK) {
		status = ps_txn_commit(copying.to, &trouble, error);
		copying.to = NULL;
	}
	ps_txn_abort(copying.to);
	ps_db_close(copying.db);
	return status == PINSTORE_ERR_IO ? ask_for_room(env, error) : status;
}

/* ---------------------------------------------------------------- its place */

static enum pinstore_status
make_file(struct ps_env *env, struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	ps_compact_clean(env->dir_fd);
	status = ps_file_open(env->dir_fd, env->shown, NEW_NAME, true, &fd,
	                      error);
	if (status == PINSTORE_OK)
		(void)close(fd);
	return status;
}

static enum pinstore_status
finish_file(struct ps_env *env, uint64_t last, struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	status = ps_file_open(env->dir_fd, env->shown, NEW_NAME, false, &fd,
	                      error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_BUSY,
		               "store %s: somebody has removed %s: try again",
		               env->shown, NEW_NAME);
	if (status == PINSTORE_OK)
		status = ps_pages_renumber(fd, env->shown, last, error);
	if (status == PINSTORE_OK && fsync(fd) != 0)
		status = fail(env, "flushed", error);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/*
 * Under the lock of those who open the store: none of them must find one file
 * now and another a moment later.
 */
static enum pinstore_status
put_in_place(struct ps_env *env, int limit_ms, struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_dir_lock(env->dir_fd, env->shown, ps_clock_ms() + limit_ms,
	                     error);
	if (status != PINSTORE_OK)
		return status;
	if (renameat(env->dir_fd, NEW_NAME, env->dir_fd, PS_DB_DATA) != 0) {
		status = fail(env, "put in its place", error);
	} else {
		atomic_store(&env->is_dead, true);
		/*
		 * Until then no writer may pass who believes that it is there.
		 */
		if (fsync(env->dir_fd) != 0)
			status = fail(env, "kept in its place", error);
	}
	ps_dir_unlock(env->dir_fd);
	return status;
}

static enum pinstore_status
compact(struct ps_env *env, struct ps_txn *txn, void *arg,
        struct pinstore_error *error)
{
	const uint64_t last = ps_txn_id(txn) - 1;
	const int *limit_ms = arg;
	enum pinstore_status status;

	status = make_file(env, error);
	if (status == PINSTORE_OK)
		status = copy_all(env, txn, last, error);
	if (status == PINSTORE_OK)
		status = finish_file(env, last, error);
	if (status == PINSTORE_OK)
		status = put_in_place(env, *limit_ms, error);
	if (status != PINSTORE_OK)
		ps_compact_clean(env->dir_fd);
	return status;
}

enum pinstore_status
ps_compact_run(struct ps_env *env, int limit_ms, struct pinstore_error *error)
{
	return ps_writer_run(env, ps_clock_ms() + limit_ms, compact, &limit_ms,
	                     error);
}
