/*
 * upload.c - -T: the file that is sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pinfetch/material.h"

bool
fetch_upload_begin(const char *path, struct fetch_upload *out,
                   struct tool_fault *fault)
{
	struct stat about;

	*out = (struct fetch_upload){.fd = -1, .size = -1};
	if (!path)
		return true;
	if (strcmp(path, "-") == 0) {
		out->fd = STDIN_FILENO;
		return true;
	}
	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0 || fstat(out->fd, &about)) {
		tool_fault_set(fault, FETCH_EXIT_READ, "read", "--upload-file",
		               NULL, "%s cannot be read: %s", path,
		               strerror(errno));
		return false;
	}
	if (S_ISREG(about.st_mode))
		out->size = about.st_size;
	return true;
}

bool
fetch_upload_rewind(struct fetch_upload *upload)
{
	if (upload->fd < 0 || !upload->was_read)
		return true;
	upload->was_read = false;
	return lseek(upload->fd, 0, SEEK_SET) == 0;
}

size_t
fetch_upload_read(char *data, size_t size, size_t n, void *arg)
{
	struct fetch_upload *upload = arg;
	ssize_t got;

	upload->was_read = true;
	do
		got = read(upload->fd, data, size * n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

int
fetch_upload_seek(void *arg, curl_off_t offset, int origin)
{
	struct fetch_upload *upload = arg;

	upload->was_read = true;
	return lseek(upload->fd, offset, origin) < 0 ? CURL_SEEKFUNC_CANTSEEK
	                                             : CURL_SEEKFUNC_OK;
}

void
fetch_upload_end(struct fetch_upload *upload)
{
	if (upload->fd >= 0 && upload->fd != STDIN_FILENO)
		(void)close(upload->fd);
	upload->fd = -1;
}
