/*
 * files.c - the directory of a store: who may open it, and what lies in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/create.h"
#include "store/db.h"
#include "store/gate.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
/* How long a directory may lack its mode while another process makes it. */
#define MODE_WAIT_MS 200

/* What a path is opened by: the directory above it, and its last name. */
struct place {
	int parent; /* of any kind of descriptor */
	const char *name;
	char shown[PS_SHOWN_LEN];
};

enum pinstore_status
ps_file_status(int os_error)
{
	switch (os_error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return PINSTORE_ERR_FULL;
	case ENOMEM:
		return PINSTORE_ERR_NOMEM;
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
	case ENOTDIR:
	case EISDIR:
	case ENXIO:
	case ENAMETOOLONG:
		return PINSTORE_ERR_ACCESS;
	default:
		return PINSTORE_ERR_IO;
	}
}

bool
ps_identity_is_equal(const struct ps_identity *a, const struct ps_identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* --------------------------------------------------------------------- path */

void
ps_path_show(const char *path, char shown[PS_SHOWN_LEN])
{
	size_t len = strlen(path);

	if (len < PS_SHOWN_LEN)
		memcpy(shown, path, len + 1);
	else
		(void)snprintf(shown, PS_SHOWN_LEN, "...%s",
		               path + len - (PS_SHOWN_LEN - 4));
}

/* What can be done about an error of the operating system. */
static const char *
way_out(int os_error)
{
	switch (os_error) {
	case EACCES:
	case EPERM:
		return "run as its owner, or give another path";
	case EROFS:
		return "it must be on a file system that can be written";
	case EMFILE:
	case ENFILE:
		return "allow more open files";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "make room on the file system";
	default:
		return "give another path";
	}
}

static enum pinstore_status
fail_path(const char *path, int os_error, struct pinstore_error *error)
{
	char shown[PS_SHOWN_LEN];

	ps_path_show(path, shown);
	return ps_fail_os(error, ps_file_status(os_error), os_error,
	                  "store %s: cannot be opened: %s: %s", shown,
	                  PS_STRERROR(os_error), way_out(os_error));
}

/* A last name that is "." or ".." has no place in its parent. */
static bool
ends_in_dots(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

enum pinstore_status
ps_path_absolute(const char *path, char **out, struct pinstore_error *error)
{
	char cwd[PATH_MAX] = "";
	char *text = NULL;
	size_t len = strlen(path), space;

	*out = NULL;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "the path of the store is empty");
	if (len >= PATH_MAX)
		return fail_path(path, ENAMETOOLONG, error);
	if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
		return fail_path(path, errno, error);
	space = strlen(cwd) + 1 + len + 1;
	text = malloc(space);
	if (text == NULL)
		return ps_fail_nomem(error);
	(void)snprintf(text, space, "%s%s%.*s", cwd, path[0] == '/' ? "" : "/",
	               (int)len, path);
	if (ends_in_dots(text)) {
		char *real = realpath(text, NULL);
		int os_error = errno;

		free(text);
		if (real == NULL)
			return fail_path(path, os_error, error);
		text = real;
	}
	*out = text;
	return PINSTORE_OK;
}

/* ---------------------------------------------------------------- directory */

/* The parents of the last name; a new one gets mode 0700 or less. */
static enum pinstore_status
make_parents(char *path, struct pinstore_error *error)
{
	char *at = path;

	while ((at = strchr(at + 1, '/')) != NULL) {
		int failed;

		*at = '\0';
		failed = mkdir(path, 0700) != 0 ? errno : 0;
		if (failed == 0 && chmod(path, 0700) != 0)
			failed = errno;
		/* A read-only or foreign parent that exists says so itself. */
		if (failed != 0 && failed != EEXIST && access(path, F_OK) != 0) {
			enum pinstore_status status =
			        fail_path(path, failed, error);
			*at = '/';
			return status;
		}
		*at = '/';
	}
	return PINSTORE_OK;
}

/* Who may write to the parent may put another directory into its place. */
static enum pinstore_status
check_parent(const struct place *place, struct pinstore_error *error)
{
	struct stat st;

	if (fstat(place->parent, &st) != 0)
		return fail_path(place->shown, errno, error);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: uid %lu owns its parent directory and "
		               "may replace it: use a directory of your own",
		               place->shown, (unsigned long)st.st_uid);
	if ((st.st_mode & OTHERS_WRITE) != 0 && (st.st_mode & S_ISVTX) == 0)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: others may replace it, for its parent "
		               "directory has mode %04o: chmod go-w the parent",
		               place->shown, (unsigned)st.st_mode & 07777);
	return PINSTORE_OK;
}

static enum pinstore_status
check_dir(int fd, const char *shown, struct pinstore_error *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_path(shown, errno, error);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: its owner is uid %lu, not you (uid "
		               "%lu): use a store of your own", shown,
		               (unsigned long)st.st_uid,
		               (unsigned long)geteuid());
	if ((st.st_mode & OTHERS_WRITE) != 0)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: others may write to it (mode %04o): "
		               "check what is in it, then chmod go-w", shown,
		               (unsigned)st.st_mode & 07777);
	return PINSTORE_OK;
}

static enum pinstore_status
open_parent(char *path, struct place *place, struct pinstore_error *error)
{
	char *slash = strrchr(path, '/');

	place->name = slash + 1;
	if (*place->name == '\0')
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: give a directory below it",
		               place->shown);
	*slash = '\0';
	place->parent = open(slash == path ? "/" : path,
	                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->parent < 0 && errno == EACCES)
		place->parent = open(slash == path ? "/" : path,
		                     O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	return place->parent < 0 ? PINSTORE_ERR_NOTFOUND : PINSTORE_OK;
}

/* The umask may have taken from the mode of a directory just made. */
static enum pinstore_status
set_mode(const struct place *place, struct pinstore_error *error)
{
	char link[64];
	struct stat st;
	int fd, failed = 0;

	fd = openat(place->parent, place->name,
	            O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_path(place->shown, errno, error);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) != 0 ||
	    (st.st_uid == geteuid() && (st.st_mode & 0777) != 0700 &&
	     chmod(link, 0700) != 0))
		failed = errno;
	(void)close(fd);
	return failed == 0 ? PINSTORE_OK
	                   : fail_path(place->shown, failed, error);
}

static enum pinstore_status
make_dir(const struct place *place, struct pinstore_error *error)
{
	enum pinstore_status status;

	if (mkdirat(place->parent, place->name, 0700) != 0) {
		if (errno == EEXIST)
			return PINSTORE_OK;
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: cannot be created: %s: %s",
		                  place->shown, PS_STRERROR(errno),
		                  way_out(errno));
	}
	status = set_mode(place, error);
	/* EBADF: the parent may be passed through only; nothing to be done. */
	if (status == PINSTORE_OK && fsync(place->parent) != 0 &&
	    errno != EBADF && errno != EINVAL)
		return fail_path(place->shown, errno, error);
	return status;
}

/* Whether another process has made it and not yet set its mode. */
static bool
is_being_made(const struct place *place)
{
	struct stat st;

	return fstatat(place->parent, place->name, &st,
	               AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 0500) != 0500;
}

static enum pinstore_status
open_dir(const struct place *place, int *fd, struct pinstore_error *error)
{
	int64_t deadline = ps_clock_ms() + MODE_WAIT_MS;
	bool is_last = false;
	int os_error;

	for (;;) {
		*fd = openat(place->parent, place->name,
		             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (*fd >= 0)
			return PINSTORE_OK;
		os_error = errno;
		if (os_error != EACCES || is_last)
			break;
		/* It may have got its mode since it was tried. */
		is_last = !is_being_made(place) || !ps_clock_pause(deadline);
	}
	if (os_error == ENOENT)
		return PINSTORE_ERR_NOTFOUND;
	if (os_error == ENOTDIR || os_error == ELOOP) {
		struct stat st;
		bool is_link = fstatat(place->parent, place->name, &st,
		                       AT_SYMLINK_NOFOLLOW) == 0 &&
		               S_ISLNK(st.st_mode);

		return ps_fail_os(error, PINSTORE_ERR_ACCESS, os_error,
		                  "store %s: is %s: give the path of the "
		                  "directory%s", place->shown,
		                  is_link ? "a symbolic link"
		                          : "not a directory",
		                  is_link ? " itself" : "");
	}
	return fail_path(place->shown, os_error, error);
}

enum pinstore_status
ps_dir_open(const char *path, bool may_create, int *fd,
            struct pinstore_error *error)
{
	struct place place = {-1, NULL, ""};
	enum pinstore_status status;
	char *text;

	*fd = -1;
	ps_path_show(path, place.shown);
	text = strdup(path);
	if (text == NULL)
		return ps_fail_nomem(error);
	status = open_parent(text, &place, error);
	if (status == PINSTORE_ERR_NOTFOUND && errno == ENOENT && may_create) {
		status = make_parents(text, error);
		if (status == PINSTORE_OK)
			status = open_parent(text, &place, error);
	}
	if (status == PINSTORE_ERR_NOTFOUND && errno != ENOENT) {
		status = fail_path(path, errno, error);
		goto out;
	}
	if (status == PINSTORE_OK)
		status = check_parent(&place, error);
	if (status == PINSTORE_OK)
		status = open_dir(&place, fd, error);
	if (status == PINSTORE_ERR_NOTFOUND && place.parent >= 0 &&
	    may_create) {
		status = make_dir(&place, error);
		if (status == PINSTORE_OK)
			status = open_dir(&place, fd, error);
	}
	if (status == PINSTORE_ERR_NOTFOUND)
		(void)ps_fail_os(error, status, ENOENT,
		                 "store %s: there is none", place.shown);
	if (status == PINSTORE_OK)
		status = check_dir(*fd, place.shown, error);
out:
	if (status != PINSTORE_OK && *fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
	if (place.parent >= 0)
		(void)close(place.parent);
	free(text);
	return status;
}

enum pinstore_status
ps_dir_lock(int fd, const char *shown, int64_t deadline_ms,
            struct pinstore_error *error)
{
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return ps_fail_os(error, ps_file_status(errno), errno,
			                  "store %s: cannot be locked: %s", shown,
			                  PS_STRERROR(errno));
		if (!ps_clock_pause(deadline_ms))
			return ps_fail(error, PINSTORE_ERR_BUSY,
			               "store %s: another process that opens it "
			               "does not get ready: try again, or look "
			               "for one that is stopped", shown);
	}
	return PINSTORE_OK;
}

void
ps_dir_unlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}

/* A name that is no sign of foreign use. */
static bool
is_harmless(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, PS_CREATE_DIR) == 0 ||
	       strcmp(name, "lost+found") == 0;
}

static enum pinstore_status
look_for_others(int fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct dirent *found;
	DIR *dir;
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = own < 0 ? NULL : fdopendir(own);
	if (dir == NULL) {
		status = fail_path(shown, errno, error);
		if (own >= 0)
			(void)close(own);
		return status;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own */
	while (status == PINSTORE_OK && (found = readdir(dir)) != NULL) {
		if (is_harmless(found->d_name))
			continue;
		status = ps_fail(error, PINSTORE_ERR_DAMAGED,
		                 "store %s: is not a store: it has no %s, and "
		                 "is not empty: give another path", shown,
		                 PS_DB_DATA);
	}
	(void)closedir(dir);
	return status;
}

enum pinstore_status
ps_dir_look(int fd, const char *shown, enum ps_dir_state *out,
            struct pinstore_error *error)
{
	static const char *const names[] = {PS_DB_DATA, PS_DB_LOCK,
	                                    PS_GATE_NAME};
	struct ps_identity identity;
	bool found[3];
	size_t i;

	*out = PS_DIR_STORE;
	for (i = 0; i < 3; i++) {
		enum pinstore_status status =
		        ps_file_look(fd, shown, names[i], &identity, error);

		if (status != PINSTORE_OK && status != PINSTORE_ERR_NOTFOUND)
			return status;
		found[i] = status == PINSTORE_OK;
	}
	if (found[0])
		return PINSTORE_OK;
	if (found[1] || found[2])
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost %s (%s is "
		               "there): restore a backup",
		               shown, PS_DB_DATA, names[found[1] ? 1 : 2]);
	*out = PS_DIR_EMPTY;
	return look_for_others(fd, shown, error);
}

/* -------------------------------------------------------------------- files */

static enum pinstore_status
check_file(int dir_fd, const char *shown, const char *name,
           const struct stat *st, struct pinstore_error *error)
{
	struct stat dir;

	if (S_ISLNK(st->st_mode))
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: %s is a symbolic link: put the file "
		               "itself there", shown, name);
	if (!S_ISREG(st->st_mode))
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: %s is not a regular file", shown,
		               name);
	if (st->st_nlink != 1)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: %s has %lu links: copy it instead, and "
		               "remove the others", shown, name,
		               (unsigned long)st->st_nlink);
	if (fstat(dir_fd, &dir) != 0)
		return fail_path(shown, errno, error);
	if (st->st_uid != dir.st_uid)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: the owner of %s is uid %lu, not that "
		               "of the directory (uid %lu): chown it", shown,
		               name, (unsigned long)st->st_uid,
		               (unsigned long)dir.st_uid);
	if ((st->st_mode & OTHERS_WRITE) != 0)
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "store %s: others may write to %s (mode %04o): "
		               "check it, then chmod go-w", shown, name,
		               (unsigned)st->st_mode & 07777);
	return PINSTORE_OK;
}

static enum pinstore_status
fail_file(const char *shown, const char *name, struct pinstore_error *error)
{
	return ps_fail_os(error, ps_file_status(errno), errno,
	                  "store %s: %s cannot be used: %s: %s", shown, name,
	                  PS_STRERROR(errno), way_out(errno));
}

enum pinstore_status
ps_file_look(int dir_fd, const char *shown, const char *name,
             struct ps_identity *out, struct pinstore_error *error)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? PINSTORE_ERR_NOTFOUND
		                       : fail_file(shown, name, error);
	out->device = st.st_dev;
	out->inode = st.st_ino;
	return check_file(dir_fd, shown, name, &st, error);
}

enum pinstore_status
ps_file_open(int dir_fd, const char *shown, const char *name, bool may_create,
             int *fd, struct pinstore_error *error)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	enum pinstore_status status;
	struct stat st;
	bool made = false;

	*fd = openat(dir_fd, name, flags);
	if (*fd < 0 && errno == ENOENT && may_create) {
		*fd = openat(dir_fd, name, flags | O_CREAT | O_EXCL, 0600);
		made = *fd >= 0;
		if (!made && errno == EEXIST)
			*fd = openat(dir_fd, name, flags);
	}
	if (*fd < 0)
		return errno == ENOENT ? PINSTORE_ERR_NOTFOUND
		                       : fail_file(shown, name, error);
	if ((made && fchmod(*fd, 0600) != 0) || fstat(*fd, &st) != 0)
		status = fail_file(shown, name, error);
	else
		status = check_file(dir_fd, shown, name, &st, error);
	if (status != PINSTORE_OK) {
		(void)close(*fd);
		*fd = -1;
	}
	return status;
}

enum pinstore_status
ps_file_open_read(int dir_fd, const char *shown, const char *name, int *fd,
                  struct pinstore_error *error)
{
	enum pinstore_status status;
	struct stat st;

	*fd = openat(dir_fd, name,
	             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? PINSTORE_ERR_NOTFOUND
		                       : fail_file(shown, name, error);
	if (fstat(*fd, &st) != 0)
		status = fail_file(shown, name, error);
	else
		status = check_file(dir_fd, shown, name, &st, error);
	if (status != PINSTORE_OK) {
		(void)close(*fd);
		*fd = -1;
	}
	return status;
}

enum pinstore_status
ps_file_reserve(int fd, const char *shown, const char *name, off_t len,
                struct pinstore_error *error)
{
	int os_error;

	do {
		os_error = posix_fallocate(fd, 0, len);
	} while (os_error == EINTR);
	if (os_error != 0)
		return ps_fail_os(error, ps_file_status(os_error), os_error,
		                  "store %s: no room for %s: %s", shown, name,
		                  PS_STRERROR(os_error));
	return PINSTORE_OK;
}
