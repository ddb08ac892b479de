/*
 * mount.h - what kind of file system a store lies on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_MOUNT_H
#define PS_STORE_MOUNT_H

#include <stdbool.h>

/*
 * Whether nobody on this machine can write to the file system that fd lies on:
 * it is itself read-only, and not just this way into it (a bind mount).  In
 * doubt it is not.
 */
bool
ps_mount_is_frozen(int fd);

/* Whether it can be written by this way; cheap. */
bool
ps_mount_is_writable(int fd);

#endif /* PS_STORE_MOUNT_H */
