/*
 * walked.h - the walk through a data file before LMDB is led through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A write that the disk has lost leaves a page that is sound in itself, and a
 * machine that went down may have lost one.  So a small file is walked each
 * time that it is opened, a larger one once in the life of a machine: who may
 * write to the directory keeps a note there of what was walked, and when.
 */
#ifndef PS_STORE_WALKED_H
#define PS_STORE_WALKED_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#define PS_WALKED_NAME "walked"

/*
 * Walk snapshot of the data file fd in dir_fd: all of it if it is due and not
 * is_forced_open, else what LMDB needs to open the databases.  What single
 * records say is left to who reads them.
 * Errors: NOMEM, IO, BUSY (others have written meanwhile), DAMAGED.
 */
enum pinstore_status
ps_walked_check(int dir_fd, int fd, const char *shown, uint64_t snapshot,
                bool is_forced_open,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Note that the data file in dir_fd is as it was written, if that can be. */
void
ps_walked_note(int dir_fd);

#endif /* PS_STORE_WALKED_H */
