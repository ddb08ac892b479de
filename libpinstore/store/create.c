/*
 * create.c - a new store, made beside and moved into place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/db.h"
#include "store/links.h"
#include "store/files.h"
#include "store/meta.h"
#include "store/orders.h"
#include "store/reports.h"

/* A new store needs a few pages; opening it anew maps more. */
#define MAP_BYTES ((uint64_t)1 << 20)

static enum pinstore_status
fail(const char *shown, const char *what, struct pinstore_error *error)
{
	return ps_fail_os(error, ps_file_status(errno), errno,
	                  "store %s: cannot be created: %s: %s", shown, what,
	                  PS_STRERROR(errno));
}

enum pinstore_status
ps_create_id(const char *shown, struct ps_store_id *out,
             struct pinstore_error *error)
{
	size_t len = 0;

	while (len < sizeof(out->octets)) {
		ssize_t got = getrandom(out->octets + len,
		                        sizeof(out->octets) - len, 0);

		if (got < 0 && errno != EINTR)
			return fail(shown, "no random octets", error);
		if (got > 0)
			len += (size_t)got;
	}
	return PINSTORE_OK;
}

enum pinstore_status
ps_create_fill(struct ps_txn *txn, const struct ps_store_id *id,
               struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_meta_create(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_orders_create(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_reports_create(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_links_create(txn, id, PS_HOSTS, error);
	if (status == PINSTORE_OK)
		status = ps_links_create(txn, id, PS_REVOKED, error);
	if (status == PINSTORE_OK)
		status = ps_links_create(txn, id, PS_BYPASS, error);
	return status;
}

enum pinstore_status
ps_create_new(struct ps_db *db, const char *shown,
              struct pinstore_error *error)
{
	struct ps_txn *txn = NULL;
	struct ps_store_id id;
	enum ps_trouble trouble;
	enum pinstore_status status;

	status = ps_create_id(shown, &id, error);
	if (status == PINSTORE_OK)
		status = ps_txn_begin(db, true, &txn, &trouble, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_create_fill(txn, &id, error);
	if (status != PINSTORE_OK) {
		ps_txn_abort(txn);
		return status;
	}
	return ps_txn_commit(txn, &trouble, error);
}

/* LMDB would give them the umask's mode, and the lock file no blocks. */
static enum pinstore_status
make_files(int fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status;
	int file = -1;

	status = ps_file_open(fd, shown, PS_DB_LOCK, true, &file, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_file_reserve(file, shown, PS_DB_LOCK, PS_DB_LOCK_LEN,
	                         error);
	(void)close(file);
	if (status != PINSTORE_OK)
		return status;
	status = ps_file_open(fd, shown, PS_DB_DATA, true, &file, error);
	if (status == PINSTORE_OK)
		(void)close(file);
	return status;
}

static enum pinstore_status
sync_data(int fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status;
	int file = -1;

	status = ps_file_open(fd, shown, PS_DB_DATA, false, &file, error);
	if (status != PINSTORE_OK)
		return status;
	if (fsync(file) != 0)
		status = fail(shown, PS_DB_DATA, error);
	(void)close(file);
	return status;
}

static enum pinstore_status
build(int fd, const char *shown, struct pinstore_error *error)
{
	struct ps_db *db = NULL;
	enum pinstore_status status;

	status = make_files(fd, shown, error);
	if (status == PINSTORE_OK)
		status = ps_db_open(fd, shown, MAP_BYTES, true, &db, error);
	if (status == PINSTORE_OK)
		status = ps_create_new(db, shown, error);
	ps_db_close(db);
	if (status == PINSTORE_OK)
		status = sync_data(fd, shown, error);
	return status;
}

static enum pinstore_status
open_new(int dir_fd, const char *shown, int *fd, struct pinstore_error *error)
{
	char link[64];

	*fd = -1;
	if (mkdirat(dir_fd, PS_CREATE_DIR, 0700) != 0)
		return fail(shown, "mkdir", error);
	/* The umask may have left it without any mode. */
	*fd = openat(dir_fd, PS_CREATE_DIR,
	             O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return fail(shown, PS_CREATE_DIR, error);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *fd);
	if (chmod(link, 0700) != 0)
		return fail(shown, "chmod", error);
	(void)close(*fd);
	*fd = openat(dir_fd, PS_CREATE_DIR,
	             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? fail(shown, PS_CREATE_DIR, error) : PINSTORE_OK;
}

/* The data file first: with it the store exists. */
static enum pinstore_status
move(int dir_fd, int fd, const char *shown, struct pinstore_error *error)
{
	if (renameat(fd, PS_DB_DATA, dir_fd, PS_DB_DATA) != 0 ||
	    renameat(fd, PS_DB_LOCK, dir_fd, PS_DB_LOCK) != 0)
		return fail(shown, "rename", error);
	if (fsync(dir_fd) != 0)
		return fail(shown, "fsync", error);
	return PINSTORE_OK;
}

void
ps_create_clean(int dir_fd)
{
	(void)unlinkat(dir_fd, PS_CREATE_DIR "/" PS_DB_DATA, 0);
	(void)unlinkat(dir_fd, PS_CREATE_DIR "/" PS_DB_LOCK, 0);
	(void)unlinkat(dir_fd, PS_CREATE_DIR, AT_REMOVEDIR);
}

enum pinstore_status
ps_create(int dir_fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	ps_create_clean(dir_fd);
	status = open_new(dir_fd, shown, &fd, error);
	if (status == PINSTORE_OK)
		status = build(fd, shown, error);
	if (status == PINSTORE_OK && fsync(fd) != 0)
		status = fail(shown, PS_CREATE_DIR, error);
	if (status == PINSTORE_OK)
		status = move(dir_fd, fd, shown, error);
	if (fd >= 0)
		(void)close(fd);
	ps_create_clean(dir_fd);
	return status;
}
