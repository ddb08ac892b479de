/*
 * seal.c - data files that nobody writes, and that need no lock therefore.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/seal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/mount.h"

/* Whether `name` is a file that this process may not write. */
static bool
is_closed(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) &&
	       faccessat(dir_fd, name, R_OK | W_OK, AT_EACCESS) != 0;
}

bool
ps_seal_is_candidate(int dir_fd)
{
	struct stat st;

	if (fstatat(dir_fd, PS_DB_DATA, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	if (fstatat(dir_fd, PS_DB_LOCK, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	return is_closed(dir_fd, PS_DB_LOCK) ||
	       is_closed(dir_fd, PS_GATE_NAME);
}

enum pinstore_status
ps_seal_judge(const struct ps_env *env, bool is_system,
              struct pinstore_error *error)
{
	struct stat st;

	if ((env->schema.flags & PS_SEAL_PUBLISHED) != 0)
		return PINSTORE_OK;
	if (is_system)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "the system's store %s is no published one: put "
		               "one there with pinstore backup --publish",
		               env->shown);
	if ((env->schema.flags & PS_SEALS) != 0 || env->is_frozen)
		return PINSTORE_OK;
	/* A creation that was cut off in front of the lock file. */
	if (fstatat(env->dir_fd, PS_DB_LOCK, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	    faccessat(env->dir_fd, ".", W_OK, AT_EACCESS) == 0)
		return PINSTORE_ERR_NOTFOUND;
	return ps_fail(error, PINSTORE_ERR_ACCESS,
	               "store %s: you may not write its lock file, and without "
	               "that a store in use cannot be read: have its owner make "
	               "a copy with pinstore backup --publish", env->shown);
}

enum pinstore_status
ps_seal_may_write(const struct ps_env *env, struct pinstore_error *error)
{
	if ((env->schema.flags & PS_SEAL_PUBLISHED) != 0)
		return ps_fail(error, PINSTORE_ERR_READONLY,
		               "store %s: it is a published copy: change the "
		               "store that it was made of, and publish that "
		               "again", env->shown);
	if ((env->schema.flags & PS_SEAL_BACKUP) != 0)
		return ps_fail(error, PINSTORE_ERR_READONLY,
		               "store %s: it is a backup: use it with pinstore "
		               "restore", env->shown);
	if (env->is_frozen)
		return ps_fail(error, PINSTORE_ERR_READONLY,
		               "store %s: its file system is read-only: nothing "
		               "can be noted in it", env->shown);
	return PINSTORE_OK;
}
