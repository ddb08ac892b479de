/*
 * mount.h - what kind of file system a store lies on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_MOUNT_H
#define PS_STORE_MOUNT_H

#include <stdbool.h>

/* Longest name of a kind of file system, with its NUL. */
#define PS_MOUNT_NAME_LEN 32

/*
 * Whether nobody on this machine can write to the file system that fd lies on:
 * it is itself read-only, and not just this way into it (a bind mount).  In
 * doubt it is not.
 */
bool
ps_mount_is_frozen(int fd);

/*
 * Whether path, or what is there of it, lies on a file system that other
 * machines have too, and of what kind that is: locks and maps of it are not
 * shared with them.  In doubt it does not.
 */
bool
ps_mount_is_remote(const char *path, char name[PS_MOUNT_NAME_LEN]);

/* Whether it can be written by this way; cheap. */
bool
ps_mount_is_writable(int fd);

#endif /* PS_STORE_MOUNT_H */
