/*
 * mount.c - what kind of file system a store lies on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/mount.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

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

/* By the numbers that the kernel and these file systems give them. */
static const struct {
	uint32_t magic;
	const char *name;
} remotes[] = {
	{0x00006969, "NFS"},      {0x0000517b, "SMB"},
	{0xff534d42, "CIFS"},     {0xfe534d42, "SMB"},
	{0x01021997, "9p"},       {0x5346414f, "AFS"},
	{0x6b414653, "AFS"},      {0x73757245, "Coda"},
	{0x00c36400, "Ceph"},     {0x0bd00bd3, "Lustre"},
	{0x47504653, "GPFS"},     {0x19830326, "BeeGFS"},
	{0x01161970, "GFS2"},     {0x7461636f, "OCFS2"},
	{0x0000564c, "NCP"},      {0x20030528, "OrangeFS"},
	{0xaad7aaea, "PanFS"},    {0x786f4256, "vboxsf"},
	{0xbacbacbc, "VMware shared folders"},
};

#define FUSE 0x65735546

/* Of those that a program serves: the kinds that mountinfo tells. */
static const char *const served[] = {
	"virtiofs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
	"fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.davfs",
	"fuse.davfs2", "fuse.curlftpfs", "fuse.gcsfuse", "fuse.goofys",
	"fuse.juicefs", "fuse.smbnetfs", "fuse.mfs", "fuse.moosefs",
	"fuse.lizardfs", "fuse.seaweedfs", "fuse.weed", "fuse.afp",
	"fuse.nfs", "fuse.mount-s3", "fuse.blobfuse", "fuse.gvfsd-fuse",
	"fuse.vmhgfs-fuse", "fuse.kio-fuse",
};

/* The directory, or the nearest above it that is there. */
static int
open_nearest(const char *path)
{
	char at[PATH_MAX];
	size_t len = strlen(path);
	int fd = -1;

	if (len >= sizeof(at))
		return -1;
	memcpy(at, path, len + 1);
	for (;;) {
		char *slash = strrchr(at, '/');

		fd = open(at[0] != '\0' ? at : "/", O_PATH | O_CLOEXEC);
		if (fd >= 0 || slash == NULL)
			return fd;
		*slash = '\0';
	}
}

static bool
is_served_remotely(int fd, char name[PS_MOUNT_NAME_LEN])
{
	char *text = about(fd);
	size_t i, len;

	for (i = 0; text != NULL && i < sizeof(served) / sizeof(served[0]);
	     i++) {
		if (!is_word(text, served[i]))
			continue;
		len = strlen(served[i]);
		memcpy(name, served[i], len + 1);
		free(text);
		return true;
	}
	free(text);
	return false;
}

bool
ps_mount_is_remote(const char *path, char name[PS_MOUNT_NAME_LEN])
{
	bool is_remote = false;
	struct statfs st;
	size_t i;
	int fd;

	name[0] = '\0';
	fd = open_nearest(path);
	if (fd < 0)
		return false;
	if (fstatfs(fd, &st) != 0) {
		(void)close(fd);
		return false;
	}
	if ((uint32_t)st.f_type == FUSE)
		is_remote = is_served_remotely(fd, name);
	for (i = 0; i < sizeof(remotes) / sizeof(remotes[0]); i++) {
		if ((uint32_t)st.f_type != remotes[i].magic)
			continue;
		memcpy(name, remotes[i].name, strlen(remotes[i].name) + 1);
		is_remote = true;
	}
	(void)close(fd);
	return is_remote;
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
