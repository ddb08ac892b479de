/*
 * side.c - small files beside the data file, which may be lost at any time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/side.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_LEN 32

size_t
ps_side_read(int dir_fd, const char *name, void *out, size_t size)
{
	ssize_t got;
	int fd;

	/* Whatever lies there under its name, nobody waits for it. */
	fd = openat(dir_fd, name,
	            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, out, size);
	(void)close(fd);
	return got > 0 ? (size_t)got : 0;
}

void
ps_side_write(int dir_fd, const char *name, const void *octets, size_t len)
{
	char new_name[NAME_LEN];
	ssize_t put;
	int fd;

	(void)snprintf(new_name, sizeof(new_name), "%s.new", name);
	(void)unlinkat(dir_fd, new_name, 0);
	fd = openat(dir_fd, new_name,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	put = write(fd, octets, len);
	if (close(fd) != 0 || put != (ssize_t)len ||
	    renameat(dir_fd, new_name, dir_fd, name) != 0)
		(void)unlinkat(dir_fd, new_name, 0);
}

void
ps_side_keep_schema(int dir_fd, const struct ps_schema *schema)
{
	uint8_t want[PS_META_SCHEMA_LEN], have[PS_META_SCHEMA_LEN + 1];

	ps_meta_seal_schema(schema, want);
	if (ps_side_read(dir_fd, PS_SIDE_SCHEMA, have, sizeof(have)) !=
	            sizeof(want) ||
	    memcmp(have, want, sizeof(want)) != 0)
		ps_side_write(dir_fd, PS_SIDE_SCHEMA, want, sizeof(want));
}

bool
ps_side_schema(int dir_fd, struct ps_schema *out)
{
	uint8_t octets[PS_META_SCHEMA_LEN + 1];
	struct ps_bytes record = {octets, 0};

	record.len = ps_side_read(dir_fd, PS_SIDE_SCHEMA, octets,
	                          sizeof(octets));
	return record.len == PS_META_SCHEMA_LEN &&
	       ps_meta_open_schema(record, out) == PINSTORE_OK;
}
