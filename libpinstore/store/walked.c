/*
 * walked.c - the walk through a data file before LMDB is led through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The note is a line of the system's boot id and the identity of the file.  It
 * is not flushed: what a power cut leaves of it is of an earlier boot.
 */
#include <config.h>

#include "store/walked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/files.h"
#include "store/side.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
/* What is no larger is walked whenever it is opened. */
#define SMALL_BYTES ((off_t)1 << 20)
#define BOOT_LEN 36
#define NOTE_LEN 96
/* The other head may be seen while a writer is at it. */
#define TRIES 4

/* --------------------------------------------------------------------- note */

/* What the note must say now; its length, 0 if there is nothing to note. */
static size_t
current_note(int dir_fd, char out[NOTE_LEN])
{
	char boot[BOOT_LEN + 1];
	struct stat st;
	int len;

	if (fstatat(dir_fd, PS_DB_DATA, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    st.st_size <= SMALL_BYTES ||
	    ps_side_read(AT_FDCWD, BOOT_ID, boot, BOOT_LEN) != BOOT_LEN)
		return 0;
	boot[BOOT_LEN] = '\0';
	len = snprintf(out, NOTE_LEN, "%s %llx %llx\n", boot,
	               (unsigned long long)st.st_dev,
	               (unsigned long long)st.st_ino);
	return len > 0 && len < NOTE_LEN ? (size_t)len : 0;
}

/* Whether this file was walked since the machine came up. */
static bool
is_noted(int dir_fd)
{
	char want[NOTE_LEN], have[NOTE_LEN];
	size_t len = current_note(dir_fd, want);

	return len > 0 &&
	       ps_side_read(dir_fd, PS_WALKED_NAME, have, sizeof(have)) == len &&
	       memcmp(have, want, len) == 0;
}

void
ps_walked_note(int dir_fd)
{
	char note[NOTE_LEN];
	size_t len = current_note(dir_fd, note);

	if (len > 0)
		ps_side_write(dir_fd, PS_WALKED_NAME, note, len);
}

/* --------------------------------------------------------------------- walk */

struct looking {
	const char *shown;
	bool is_damaged;
	struct pinstore_error first;
};

/* A record that is spoiled is told to who asks for it, and to him alone. */
static void
look(const struct ps_flaw *flaw, void *arg)
{
	struct looking *looking = arg;

	if (flaw->kind == PINSTORE_FLAW_RECORD || looking->is_damaged)
		return;
	looking->is_damaged = true;
	(void)ps_audit_fail(looking->shown, flaw, &looking->first);
}

static enum ps_walk_extent
extent_of(int dir_fd, const struct stat *st, bool is_forced_open, bool *is_new)
{
	*is_new = false;
	if (is_forced_open)
		return PS_WALK_ROOTS;
	if (st->st_size <= SMALL_BYTES)
		return PS_WALK_ALL;
	/* Who cannot keep a note would have to walk each time. */
	*is_new = !is_noted(dir_fd) &&
	          faccessat(dir_fd, ".", W_OK, AT_EACCESS) == 0;
	return *is_new ? PS_WALK_ALL : PS_WALK_ROOTS;
}

enum pinstore_status
ps_walked_check(int dir_fd, int fd, const char *shown, uint64_t snapshot,
                bool is_forced_open, struct pinstore_error *error)
{
	struct looking looking;
	struct ps_walker walker = {.flaw = look, .arg = &looking};
	enum ps_walk_extent extent;
	enum pinstore_status status;
	struct ps_walk_totals totals;
	struct stat st;
	bool is_new;
	int tries = 0;

	if (fstat(fd, &st) != 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be read: %s", shown,
		                  PS_DB_DATA, PS_STRERROR(errno));
	extent = extent_of(dir_fd, &st, is_forced_open, &is_new);
	do {
		memset(&looking, 0, sizeof(looking));
		looking.shown = shown;
		status = ps_walk_run(fd, shown, snapshot, extent, &walker,
		                     &totals, NULL, error);
	} while (status == PINSTORE_OK && looking.is_damaged &&
	         ++tries < TRIES);
	if (status == PINSTORE_OK && looking.is_damaged) {
		if (error != NULL)
			*error = looking.first;
		return PINSTORE_ERR_DAMAGED;
	}
	if (status == PINSTORE_OK && is_new)
		ps_walked_note(dir_fd);
	return status;
}
