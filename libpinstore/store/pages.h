/*
 * pages.h - a look at the data file's own structure, before LMDB maps it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB takes an empty file for a new store, and dies of SIGBUS where a file is
 * shorter than it thinks.  What is read here is read with pread().
 */
#ifndef PS_STORE_PAGES_H
#define PS_STORE_PAGES_H

#include <stdint.h>

#include <pinstore/pinstore.h>

/*
 * Check the two meta pages and the length of the data file in dir_fd.
 * Errors: ACCESS, NOMEM, IO, VERSION (another architecture, another LMDB),
 *         DAMAGED.
 */
enum pinstore_status
ps_pages_check(int dir_fd, const char *shown,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same for the file that fd has open, which nobody writes. */
enum pinstore_status
ps_pages_check_file(int fd, const char *shown,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Let the closed data file fd say that `last` was its last commit, on the page
 * where LMDB looks for that, and nothing else the one before.  Errors: as
 * ps_pages_check().
 */
enum pinstore_status
ps_pages_renumber(int fd, const char *shown, uint64_t last,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_PAGES_H */
