/*
 * diskfault.c - a disk, or a system, that refuses what is asked of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be preloaded, or linked into a test: its functions stand in the place of
 * libc's, for LMDB too.  What is refused tells the environment, at each call:
 *
 *   DISKFAULT_CALL   open, pread, write (any), fdatasync, fsync, rename or mmap
 *   DISKFAULT_CODE   errno's number; of a write 0: it is half done; less than
 *                    0: it is done, and yet an error
 *   DISKFAULT_FILE   the name of the file or directory, without those above it
 *   DISKFAULT_AT     from the how manieth of these calls on; 1 without it
 *   DISKFAULT_LATE   it is not refused, but done so many milliseconds later
 *   DISKFAULT_OCTET  of a pread: only if it is one of those asked for
 *   DISKFAULT_LOG    a file that is made when one was refused
 *   DISKFAULT_FS     the number of the file system that all files lie on
 *   DISKFAULT_TICK   so many milliseconds more at each look at the coarse clock
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

/* What stands in for a call is not to be its inline form. */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 0
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* What calls become that are built with _FORTIFY_SOURCE. */
ssize_t __pread_chk(int fd, void *out, size_t len, off_t at, size_t room);

/* What a program that links this sets back to 0. */
extern atomic_long diskfault_calls;
atomic_long diskfault_calls;

static void
find(const char *name, void *out)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL)
		abort();
	memcpy(out, &symbol, sizeof(symbol));
}

static int
really_open(int dir, const char *path, int flags, mode_t mode)
{
	static int (*real)(int, const char *, int, ...);

	if (real == NULL)
		find("openat", &real);
	return real(dir, path, flags, mode);
}

static const char *
last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static long
number_of(const char *text)
{
	const bool is_negative = *text == '-';
	const long n = (long)strtoul(text + is_negative, NULL, 10);

	return is_negative ? -n : n;
}

/* Whether this call on the file of that path is refused; *code then. */
static bool
is_refused(const char *call, const char *path, int *code)
{
	const char *wanted = getenv("DISKFAULT_CALL");
	const char *file = getenv("DISKFAULT_FILE");
	const char *number = getenv("DISKFAULT_CODE");
	const char *at = getenv("DISKFAULT_AT");
	const char *log = getenv("DISKFAULT_LOG");
	const char *late = getenv("DISKFAULT_LATE");
	int fd;

	if (wanted == NULL || file == NULL || number == NULL ||
	    strcmp(wanted, call) != 0 || strcmp(last_of(path), file) != 0)
		return false;
	if (++diskfault_calls < (at != NULL ? number_of(at) : 1))
		return false;
	if (late != NULL) {
		(void)usleep((useconds_t)number_of(late) * 1000);
		return false;
	}
	*code = (int)number_of(number);
	if (log != NULL) {
		fd = really_open(AT_FDCWD, log, O_WRONLY | O_CREAT, 0600);
		if (fd >= 0)
			(void)close(fd);
	}
	return true;
}

static bool
is_refused_fd(const char *call, int fd, int *code)
{
	char link[64], path[4096];
	ssize_t len;

	if (getenv("DISKFAULT_CALL") == NULL)
		return false;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	return is_refused(call, path, code);
}

static bool
refuses(const char *call, int fd)
{
	int code;

	if (!is_refused_fd(call, fd, &code))
		return false;
	errno = code;
	return true;
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	return is_refused("open", path, &errno)
	               ? -1
	               : really_open(AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	return is_refused("open", path, &errno)
	               ? -1
	               : really_open(dir, path, flags, mode);
}

/* Whether the octet that the disk has lost is among these. */
static bool
is_in(size_t len, off_t at)
{
	const char *octet = getenv("DISKFAULT_OCTET");

	return octet == NULL || (number_of(octet) >= at &&
	                         number_of(octet) < at + (off_t)len);
}

ssize_t
pread(int fd, void *out, size_t len, off_t at)
{
	static ssize_t (*real)(int, void *, size_t, off_t);

	if (real == NULL)
		find("pread", &real);
	return is_in(len, at) && refuses("pread", fd) ? -1
	                                              : real(fd, out, len, at);
}

ssize_t
__pread_chk(int fd, void *out, size_t len, off_t at, size_t room)
{
	if (len > room)
		abort();
	return pread(fd, out, len, at);
}

ssize_t
pwrite(int fd, const void *octets, size_t len, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);
	int code;

	if (real == NULL)
		find("pwrite", &real);
	if (!is_refused_fd("write", fd, &code))
		return real(fd, octets, len, at);
	if (code <= 0 && real(fd, octets, code == 0 ? len / 2 : len, at) < 0)
		abort();
	errno = code < 0 ? -code : code;
	return code != 0 ? -1 : (ssize_t)(len / 2);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);
	int code;

	if (real == NULL)
		find("writev", &real);
	if (!is_refused_fd("write", fd, &code))
		return real(fd, parts, n);
	if (code < 0 && real(fd, parts, n) < 0)
		abort();
	errno = code < 0 ? -code : code;
	return code != 0 ? -1 : real(fd, parts, n / 2);
}

int
fdatasync(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		find("fdatasync", &real);
	return refuses("fdatasync", fd) ? -1 : real(fd);
}

int
fsync(int fd)
{
	static int (*real)(int);

	if (real == NULL)
		find("fsync", &real);
	return refuses("fsync", fd) ? -1 : real(fd);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static int (*real)(int, const char *, int, const char *);

	if (real == NULL)
		find("renameat", &real);
	return is_refused("rename", to, &errno)
	               ? -1
	               : real(from_dir, from, to_dir, to);
}

void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t from)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (real == NULL)
		find("mmap", &real);
	return fd >= 0 && refuses("mmap", fd)
	               ? MAP_FAILED
	               : real(at, len, prot, flags, fd, from);
}

int
fstatfs(int fd, struct statfs *out)
{
	static int (*real)(int, struct statfs *);
	const char *kind = getenv("DISKFAULT_FS");
	int ret;

	if (real == NULL)
		find("fstatfs", &real);
	ret = real(fd, out);
	if (ret == 0 && kind != NULL)
		out->f_type = (__fsword_t)strtoul(kind, NULL, 16);
	return ret;
}

/* By the clock that progress is drawn by; the others are the system's. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	static atomic_long ahead;
	const char *tick;
	long ms;

	if (syscall(SYS_clock_gettime, id, now) != 0)
		return -1;
	tick = id == CLOCK_MONOTONIC_COARSE ? getenv("DISKFAULT_TICK") : NULL;
	if (tick == NULL)
		return 0;
	ms = (ahead += number_of(tick)) + now->tv_nsec / 1000000;
	now->tv_sec += ms / 1000;
	now->tv_nsec = ms % 1000 * 1000000;
	return 0;
}
