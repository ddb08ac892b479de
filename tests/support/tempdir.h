/*
 * tempdir.h - a private directory for one test, removed with all it holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_SUPPORT_TEMPDIR_H
#define TESTS_SUPPORT_TEMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

struct tempdir {
	char path[64];
	char store[96]; /* a path in it that does not exist yet */
};

static inline void
tempdir_make_in(const char *where, struct tempdir *dir)
{
	snprintf(dir->path, sizeof(dir->path), "%s/pinstore-test-XXXXXX",
	         where);
	ck_assert_ptr_nonnull(mkdtemp(dir->path));
	snprintf(dir->store, sizeof(dir->store), "%s/store", dir->path);
}

static inline void
tempdir_make(struct tempdir *dir)
{
	tempdir_make_in("/tmp", dir);
}

static inline int
tempdir_unlink(const char *path, const struct stat *st, int type,
               struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
tempdir_remove(struct tempdir *dir)
{
	nftw(dir->path, tempdir_unlink, 16, FTW_DEPTH | FTW_PHYS);
	dir->path[0] = '\0';
}

#endif /* TESTS_SUPPORT_TEMPDIR_H */
