/*
 * mount.c - what kind of file system a store lies on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

/* Of a line of mountinfo(5). */
#define FIELD_DEVICE 2
#define SEPARATOR " - "

/* The n-th word of line, from 0; ends at a space, a line's end or NUL. */
static const char *
word(const char *line, int n)
{
	for (; n > 0; n--) {
		line = strchr(line, ' ');
		if (line == NULL)
			return "";
		line++;
	}
	return line;
}

static bool
is_word(const char *text, const char *want)
{
	size_t len = strlen(want);

	return strncmp(text, want, len) == 0 &&
	       (text[len] == ' ' || text[len] == ',' || text[len] == '\n' ||
	        text[len] == '\0');
}

/*
 * What mountinfo says of the file system of fd behind the separator: its type,
 * its source, its own options.  Owner: the caller, free(); NULL: not there.
 */
static char *
about(int fd)
{
	char device[32], *line = NULL, *out = NULL;
	const char *at;
	struct stat st;
	size_t size = 0;
	FILE *file;

	if (fstat(fd, &st) != 0)
		return NULL;
	(void)snprintf(device, sizeof(device), "%u:%u", major(st.st_dev),
	               minor(st.st_dev));
	file = fopen("/proc/self/mountinfo", "re");
	if (file == NULL)
		return NULL;
	while (out == NULL && getline(&line, &size, file) > 0) {
		if (!is_word(word(line, FIELD_DEVICE), device))
			continue;
		at = strstr(line, SEPARATOR);
		if (at != NULL)
			out = strdup(at + strlen(SEPARATOR));
	}
	free(line);
	(void)fclose(file);
	return out;
}

bool
ps_mount_is_writable(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) != 0 || (st.f_flag & ST_RDONLY) == 0;
}

bool
ps_mount_is_frozen(int fd)
{
	bool is_frozen;
	char *text;

	if (ps_mount_is_writable(fd))
		return false;
	text = about(fd);
	is_frozen = text != NULL && is_word(word(text, 2), "ro");
	free(text);
	return is_frozen;
}
