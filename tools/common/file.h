/*
 * file.h - whole files and streams in memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_FILE_H
#define TOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Read fd to its end, octet by octet as it comes; *out is ended by a NUL that
 * *len does not count.  False with errno; EFBIG: more than limit octets.
 *
 * Owner: the caller, tool_file_free().
 */
bool
tool_file_read_fd(int fd, size_t limit, char **out, size_t *len);

/* The same for the file at path; "-" is stdin. */
bool
tool_file_read(const char *path, size_t limit, char **out, size_t *len);

/* Wipe and free: it may have been a key. */
void
tool_file_free(char *data, size_t len);

#endif /* TOOL_FILE_H */
