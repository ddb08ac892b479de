/*
 * file.c - whole files and streams in memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "common/memory.h"

#define FIRST_SIZE 16384

/* Twice the room, nothing of the old one left behind. */
static char *
larger(char *data, size_t len, size_t *size)
{
	char *out = tool_alloc(*size, 2);

	memcpy(out, data, len);
	tool_file_free(data, len);
	*size *= 2;
	return out;
}

bool
tool_file_read_fd(int fd, size_t limit, char **out, size_t *len)
{
	size_t size = FIRST_SIZE, used = 0;
	char *data = tool_alloc(size, 1);
	ssize_t n;

	*out = NULL;
	*len = 0;
	for (;;) {
		n = read(fd, data + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used > limit) {
			errno = EFBIG;
			n = -1;
			break;
		}
		if (used == size - 1)
			data = larger(data, used, &size);
	}
	if (n < 0) {
		tool_file_free(data, used);
		return false;
	}
	data[used] = '\0';
	*out = data;
	*len = used;
	return true;
}

bool
tool_file_read(const char *path, size_t limit, char **out, size_t *len)
{
	bool is_read;
	int fd, error;

	*out = NULL;
	*len = 0;
	if (strcmp(path, "-") == 0)
		return tool_file_read_fd(STDIN_FILENO, limit, out, len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_read = tool_file_read_fd(fd, limit, out, len);
	error = errno;
	close(fd);
	errno = error;
	return is_read;
}

void
tool_file_free(char *data, size_t len)
{
	int error = errno;

	if (data == NULL)
		return;
	gnutls_memset(data, 0, len);
	free(data);
	errno = error;
}
