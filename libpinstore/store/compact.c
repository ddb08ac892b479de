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
#include "store/copy.h"
#include "store/pages.h"
#include "store/walked.h"
#include "store/writer.h"

#define NEW_NAME PS_DB_DATA ".new"
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

/*
 * What the copy's commits have freed carries their numbers, and these must lie
 * behind the store's own: so there are not more than half as many of them.
 */
static enum pinstore_status
copy_all(struct ps_env *env, struct ps_txn *from, uint64_t last,
         struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db *db = NULL;
	struct ps_db_info info;

	ps_db_info(env->db, &info);
	status = ps_db_make(env->dir_fd, NEW_NAME, env->shown,
	                    ps_copy_map(info.used_bytes), &db, error);
	if (status == PINSTORE_OK)
		status = ps_copy_all(from, db, (last + 1) / 2, NULL, NULL,
		                     error);
	ps_db_close(db);
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
		else
			ps_walked_note(env->dir_fd);
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
