/*
 * store.h - which store is meant, and opening it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_STORE_H
#define TOOL_STORE_H

#include <stdbool.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"

/*
 * The path of the store: option (of --store, or NULL), else $PINSTORE, else for
 * root /var/lib/pinstore/root, else $XDG_DATA_HOME/pinstore, else
 * ~/.local/share/pinstore.  A process with AT_SECURE (set-user-id, file
 * capabilities) ignores the environment and takes its home from the password
 * database.  A path from --store or $PINSTORE is taken as it stands;
 * *is_default tells whether it was one of the others.
 *
 * Owner:  the caller, free().  NULL: *fault tells why, exit code 2.
 */
char *
tool_store_path(const char *option, bool *is_default, struct tool_fault *fault);

/*
 * Put the system's store below the one that is opened: that of
 * $PINSTORE_SYSTEM, which a process with AT_SECURE ignores, else
 * pinstore_system_path().
 */
enum pinstore_status
tool_store_set_system(struct pinstore_options *options) PINSTORE_MUST_CHECK;

/* Whether $PINSTORE_ALLOW_REMOTE is 1: on a network file system too. */
enum pinstore_status
tool_store_set_remote(struct pinstore_options *options) PINSTORE_MUST_CHECK;

/*
 * Make the directories above a default path, as XDG asks: mode 0700, and 0755
 * for /var/lib/pinstore.  That of the store itself pinstore_open() makes.  An
 * error is left to pinstore_open() to tell.
 */
void
tool_store_make_parents(const char *path);

/*
 * A store whose file lies about itself, or is cut short while it is mapped,
 * ends a program with SIGBUS.  From now on such an end writes text to stderr,
 * and exits with code instead.
 *
 * Owner: text is the function's, and lives as long as the process.
 */
void
tool_store_guard(int code, char *text);

#endif /* TOOL_STORE_H */
