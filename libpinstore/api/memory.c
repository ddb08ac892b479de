/*
 * memory.c - a store that is gone with its handle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB maps files, so it is a store like others, but in a folder of its own in
 * the file system that POSIX shared memory lives in, which no disk holds.
 */
#include <config.h>

#include "api/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "base/status.h"

#define WHERE "/dev/shm"

static enum pinstore_status
make_folder(struct ps_memory *memory, struct pinstore_error *error)
{
	struct statfs about;

	if (statfs(WHERE, &about) != 0)
		return ps_fail_os(error, PINSTORE_ERR_IO, errno,
		                  "a store in memory: %s: %s", WHERE,
		                  PS_STRERROR(errno));
	if (about.f_type != TMPFS_MAGIC && about.f_type != RAMFS_MAGIC)
		return ps_fail(error, PINSTORE_ERR_IO,
		               "a store in memory: %s is no file system in "
		               "memory: mount a tmpfs there", WHERE);
	memcpy(memory->path, WHERE "/pinstore-XXXXXX",
	       sizeof(WHERE "/pinstore-XXXXXX"));
	if (mkdtemp(memory->path) == NULL) {
		memory->path[0] = '\0';
		return ps_fail_os(error, PINSTORE_ERR_IO, errno,
		                  "a store in memory: no folder can be made "
		                  "in %s: %s", WHERE, PS_STRERROR(errno));
	}
	memory->owner = getpid();
	return PINSTORE_OK;
}

void
ps_memory_remove(const struct ps_memory *memory)
{
	const struct dirent *file;
	DIR *folder;
	int fd;

	if (memory->path[0] == '\0' || memory->owner != getpid())
		return;
	fd = open(memory->path,
	          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	folder = fdopendir(fd);
	if (folder == NULL) {
		(void)close(fd);
		return;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own */
	while ((file = readdir(folder)) != NULL)
		(void)unlinkat(fd, file->d_name, 0);
	(void)closedir(folder);
	(void)rmdir(memory->path);
}

enum pinstore_status
pinstore_open_memory(const struct pinstore_options *options,
                     struct pinstore **out, struct pinstore_error *error)
{
	struct ps_memory memory = {.path = ""};
	enum pinstore_status status;

	ps_error_clear(error);
	if (out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open_memory: no place for the handle");
	*out = NULL;
	if (options != NULL && options->store.read_only)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_open_memory: what begins empty and is "
		               "read-only has no use");
	status = make_folder(&memory, error);
	if (status != PINSTORE_OK)
		return status;
	status = pinstore_open(memory.path, options, out, error);
	if (status == PINSTORE_OK)
		(*out)->memory = memory;
	else
		ps_memory_remove(&memory);
	return status;
}
