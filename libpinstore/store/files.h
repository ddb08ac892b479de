/*
 * files.h - the directory of a store: who may open it, and what lies in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is followed that another user could have planted: the directory is
 * held by a descriptor, and names in it are never links.
 */
#ifndef PS_STORE_FILES_H
#define PS_STORE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pinstore/pinstore.h>

/* A path as messages show it; a long one keeps its end. */
#define PS_SHOWN_LEN 128

struct ps_identity {
	dev_t device;
	ino_t inode;
};

bool
ps_identity_is_equal(const struct ps_identity *a, const struct ps_identity *b);

void
ps_path_show(const char *path, char shown[PS_SHOWN_LEN]);

/*
 * The path from the root, without slashes at its end.  Owner: the caller, who
 * frees *out.  Errors: ARG (empty), NOMEM, ACCESS, IO.
 */
enum pinstore_status
ps_path_absolute(const char *path, char **out,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Open the directory, and make it and its missing parents with mode 0700 if
 * may_create.  It must be the caller's or root's, nobody else may write to it
 * or rename it.
 *
 * Owner:  the caller, who closes *fd.
 * Errors: NOTFOUND (none there, not may_create), ACCESS, NOMEM, FULL, IO.
 */
enum pinstore_status
ps_dir_open(const char *path, bool may_create, int *fd,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Wait for the directory's lock, which all hold who open or create a store;
 * a lock is given back explicitly, for a fork might have copied the descriptor.
 * Errors: BUSY, IO.
 */
enum pinstore_status
ps_dir_lock(int fd, const char *shown, int64_t deadline_ms,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;
void
ps_dir_unlock(int fd);

enum ps_dir_state {
	PS_DIR_EMPTY, /* a store may be created in it */
	PS_DIR_STORE
};

/*
 * What lies in the directory.
 * Errors: ACCESS (a file that is not as it must be), IO,
 *         DAMAGED (parts of a store, or other files and no store).
 */
enum pinstore_status
ps_dir_look(int fd, const char *shown, enum ps_dir_state *out,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The identity of the file `name`, which must be a regular one, without other
 * links, of the directory's owner, writable by him alone.  It is not opened.
 * Errors: NOTFOUND (without text), ACCESS, IO.
 */
enum pinstore_status
ps_file_look(int dir_fd, const char *shown, const char *name,
             struct ps_identity *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Open `name` for reading and writing, with the same demands; make it with
 * mode 0600, whatever the umask, if may_create.
 * Errors: NOTFOUND (without text), ACCESS, NOMEM, FULL, IO.
 */
enum pinstore_status
ps_file_open(int dir_fd, const char *shown, const char *name, bool may_create,
             int *fd, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same for reading alone, and never made. */
enum pinstore_status
ps_file_open_read(int dir_fd, const char *shown, const char *name, int *fd,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Give the file at least len octets on disk.  Errors: FULL, IO. */
enum pinstore_status
ps_file_reserve(int fd, const char *shown, const char *name, off_t len,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The status of a failed system call on a file. */
enum pinstore_status
ps_file_status(int os_error);

#endif /* PS_STORE_FILES_H */
