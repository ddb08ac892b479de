/*
 * powercut.h - what a disk may hold after the power went.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For one program: its functions stand in the place of libc's, for LMDB too,
 * and note down what is written to data.mdb, and what is flushed.  From these
 * notes files are made as a cut at any moment might leave them: of what was not
 * flushed any part may be there, in pieces of a sector or a page and in any
 * order; a new name for a file may have been forgotten.
 */
#ifndef TESTS_SUPPORT_POWERCUT_H
#define TESTS_SUPPORT_POWERCUT_H

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <check.h>

#define CUT_FILES_MAX 64
#define CUT_SECTOR 512
#define CUT_PAGE 4096
#define CUT_NONE (-1)

enum cut_kind {
	CUT_WRITE,
	CUT_WRITE_THROUGH, /* flushed when it is done */
	CUT_FLUSH,
	CUT_NAME,          /* the file is data.mdb from here on */
	CUT_FLUSH_NAMES,
	CUT_ACK            /* of a writer's work */
};

struct cut_event {
	enum cut_kind kind;
	int file;    /* of ours; the writer's number of an ACK */
	size_t at;
	size_t len;
	uint8_t *octets;
};

struct cut_file {
	ino_t inode;
	uint8_t *durable;
	size_t len;
	size_t first_pending; /* events from here on may be lost */
};

static struct {
	pthread_mutex_t mutex;
	bool is_on;
	ino_t dir;
	struct cut_event *events;
	size_t n;
	size_t room;
	struct cut_file files[CUT_FILES_MAX];
	int n_files;
	unsigned seed;
	/* Called while a write that flushes itself is not done, but seen. */
	void (*on_flush)(void);
} cut = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* --------------------------------------------------------------- the notes */

static inline void
cut_must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "powercut: %s\n", what);
	_exit(99);
}

static inline void
cut_find(const char *name, void *out)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	cut_must(symbol != NULL, name);
	memcpy(out, &symbol, sizeof(symbol));
}

static inline int
cut_file_of(ino_t inode)
{
	int i;

	for (i = 0; i < cut.n_files; i++)
		if (cut.files[i].inode == inode)
			return i;
	cut_must(cut.n_files < CUT_FILES_MAX, "too many files");
	memset(&cut.files[i], 0, sizeof(cut.files[i]));
	cut.files[i].inode = inode;
	return cut.n_files++;
}

/* Owner: the notes, of octets. */
static inline void
cut_add(enum cut_kind kind, int file, size_t at, size_t len, uint8_t *octets)
{
	if (cut.n == cut.room) {
		cut.room = cut.room * 2 + 1024;
		cut.events = realloc(cut.events,
		                     cut.room * sizeof(*cut.events));
		cut_must(cut.events != NULL, "no memory");
	}
	cut.events[cut.n].kind = kind;
	cut.events[cut.n].file = file;
	cut.events[cut.n].at = at;
	cut.events[cut.n].len = len;
	cut.events[cut.n].octets = octets;
	cut.n++;
}

/* When it is done, or has been begun: the caller holds the mutex. */
static inline void
cut_write(int fd, const struct iovec *parts, int n, size_t at)
{
	size_t len = 0;
	struct stat st;
	uint8_t *octets;
	int i;

	if (!cut.is_on || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	for (i = 0; i < n; i++)
		len += parts[i].iov_len;
	octets = malloc(len + 1);
	cut_must(octets != NULL, "no memory");
	for (len = 0, i = 0; i < n; i++) {
		memcpy(octets + len, parts[i].iov_base, parts[i].iov_len);
		len += parts[i].iov_len;
	}
	cut_add((fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? CUT_WRITE_THROUGH
	                                            : CUT_WRITE,
	        cut_file_of(st.st_ino), at, len, octets);
}

static inline void
cut_flush(int fd)
{
	struct stat st;

	if (!cut.is_on || fstat(fd, &st) != 0)
		return;
	if (S_ISREG(st.st_mode))
		cut_add(CUT_FLUSH, cut_file_of(st.st_ino), 0, 0, NULL);
	else if (st.st_ino == cut.dir)
		cut_add(CUT_FLUSH_NAMES, CUT_NONE, 0, 0, NULL);
}

ssize_t
pwrite(int fd, const void *octets, size_t len, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);
	struct iovec part;
	ssize_t done;

	if (real == NULL)
		cut_find("pwrite", &real);
	memcpy(&part.iov_base, &octets, sizeof(octets));
	part.iov_len = len;
	(void)pthread_mutex_lock(&cut.mutex);
	done = real(fd, octets, len, at);
	if (done == (ssize_t)len)
		cut_write(fd, &part, 1, (size_t)at);
	if (cut.on_flush != NULL && (fcntl(fd, F_GETFL) & O_DSYNC) != 0)
		cut.on_flush();
	(void)pthread_mutex_unlock(&cut.mutex);
	return done;
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
	static ssize_t (*real)(int, const struct iovec *, int);
	ssize_t done;
	off_t at;

	if (real == NULL)
		cut_find("writev", &real);
	(void)pthread_mutex_lock(&cut.mutex);
	at = lseek(fd, 0, SEEK_CUR);
	done = real(fd, parts, n);
	if (done > 0)
		cut_write(fd, parts, n, (size_t)at);
	(void)pthread_mutex_unlock(&cut.mutex);
	return done;
}

int
fdatasync(int fd)
{
	static int (*real)(int);
	int failed;

	if (real == NULL)
		cut_find("fdatasync", &real);
	failed = real(fd);
	(void)pthread_mutex_lock(&cut.mutex);
	cut_flush(fd);
	(void)pthread_mutex_unlock(&cut.mutex);
	return failed;
}

int
fsync(int fd)
{
	static int (*real)(int);
	int failed;

	if (real == NULL)
		cut_find("fsync", &real);
	failed = real(fd);
	(void)pthread_mutex_lock(&cut.mutex);
	cut_flush(fd);
	(void)pthread_mutex_unlock(&cut.mutex);
	return failed;
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	static int (*real)(int, const char *, int, const char *);
	struct stat st;
	int failed;

	if (real == NULL)
		cut_find("renameat", &real);
	(void)pthread_mutex_lock(&cut.mutex);
	failed = real(from_fd, from, to_fd, to);
	if (failed == 0 && cut.is_on && strcmp(to, "data.mdb") == 0 &&
	    fstatat(to_fd, to, &st, 0) == 0)
		cut_add(CUT_NAME, cut_file_of(st.st_ino), 0, 0, NULL);
	(void)pthread_mutex_unlock(&cut.mutex);
	return failed;
}

/* From here on, of a store in directory path, which has no files yet. */
static inline void
cut_begin(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	cut.dir = st.st_ino;
	cut.is_on = true;
}

/* Writer n has been told that one more of its works is on disk. */
static inline void
cut_ack(int n)
{
	(void)pthread_mutex_lock(&cut.mutex);
	cut_add(CUT_ACK, n, 0, 0, NULL);
	(void)pthread_mutex_unlock(&cut.mutex);
}

static inline void
cut_end(void)
{
	cut.is_on = false;
}

/* ----------------------------------------------------------- what is there */

struct cut_image {
	uint8_t *octets; /* NULL: no file of that name */
	size_t len;
};

static inline size_t
cut_random(size_t below)
{
	return below == 0 ? 0 : (size_t)rand_r(&cut.seed) % below;
}

static inline void
cut_put(uint8_t **octets, size_t *len, size_t at, const uint8_t *from,
        size_t n)
{
	if (at + n > *len) {
		*octets = realloc(*octets, at + n);
		cut_must(*octets != NULL, "no memory");
		memset(*octets + *len, 0, at + n - *len);
		*len = at + n;
	}
	memcpy(*octets + at, from, n);
}

struct cut_piece {
	size_t at;
	size_t len;
	const uint8_t *octets;
};

/* Pieces of event, as borders of sectors or pages cut it. */
static inline size_t
cut_pieces(const struct cut_event *event, size_t border,
           struct cut_piece *out)
{
	size_t done = 0, n = 0;

	while (done < event->len) {
		size_t at = event->at + done, len = border - at % border;

		if (len > event->len - done)
			len = event->len - done;
		out[n].at = at;
		out[n].len = len;
		out[n++].octets = event->octets + done;
		done += len;
	}
	return n;
}

/* The file as it may be found: what was flushed, and any part of the rest. */
static inline struct cut_image
cut_make(int file, size_t upto)
{
	const struct cut_file *of = &cut.files[file];
	struct cut_image image = {malloc(of->len + 1), of->len};
	size_t border = cut_random(2) == 0 ? CUT_SECTOR : CUT_PAGE;
	size_t share = cut_random(5), i, n = 0, room = 1, end = of->len;
	struct cut_piece *pieces;

	cut_must(image.octets != NULL, "no memory");
	if (of->len > 0)
		memcpy(image.octets, of->durable, of->len);
	for (i = of->first_pending; i < upto; i++)
		if (cut.events[i].file == file && cut.events[i].octets != NULL)
			room += cut.events[i].len / border + 2;
	pieces = calloc(room, sizeof(*pieces));
	cut_must(pieces != NULL, "no memory");
	for (i = of->first_pending; i < upto; i++) {
		const struct cut_event *event = &cut.events[i];

		if (event->file != file || event->octets == NULL)
			continue;
		n += cut_pieces(event, border, pieces + n);
		if (event->at + event->len > end)
			end = event->at + event->len;
	}
	for (i = 0; i < n; i++) {
		size_t other = i + cut_random(n - i);
		struct cut_piece piece = pieces[other];

		pieces[other] = pieces[i];
		if (cut_random(4) < share)
			cut_put(&image.octets, &image.len, piece.at,
			        piece.octets, piece.len);
	}
	/* The length may be on the disk before what it stands for. */
	if (end > image.len && cut_random(2) == 0) {
		image.octets = realloc(image.octets, end);
		cut_must(image.octets != NULL, "no memory");
		memset(image.octets + image.len, 0, end - image.len);
		image.len = end;
	}
	free(pieces);
	return image;
}

/* Where the walk along the notes stands. */
struct cut_walk {
	size_t next;       /* event */
	size_t first_name; /* names from here on may be forgotten */
	int named;         /* the file that surely is data.mdb, or NONE */
};

static inline struct cut_walk
cut_start(void)
{
	struct cut_walk walk = {0, 0, CUT_NONE};

	return walk;
}

/* What of file was written before event `upto` is on the disk for good. */
static inline void
cut_settle(int file, size_t upto)
{
	struct cut_file *of = &cut.files[file];
	size_t i;

	for (i = of->first_pending; i < upto; i++)
		if (cut.events[i].file == file && cut.events[i].octets != NULL)
			cut_put(&of->durable, &of->len, cut.events[i].at,
			        cut.events[i].octets, cut.events[i].len);
	of->first_pending = upto;
}

/*
 * Go past the next event.  What writes through the cache flushes itself alone:
 * but LMDB writes so what it has flushed all else for.
 */
static inline void
cut_step(struct cut_walk *walk)
{
	const struct cut_event *event = &cut.events[walk->next];
	size_t i;

	switch (event->kind) {
	case CUT_WRITE_THROUGH:
		for (i = cut.files[event->file].first_pending; i < walk->next;
		     i++)
			cut_must(cut.events[i].file != event->file ||
			                 cut.events[i].octets == NULL,
			         "a head was written before its pages");
		cut_settle(event->file, walk->next + 1);
		break;
	case CUT_FLUSH:
		cut_settle(event->file, walk->next);
		break;
	case CUT_FLUSH_NAMES:
		for (i = walk->first_name; i < walk->next; i++)
			if (cut.events[i].kind == CUT_NAME)
				walk->named = cut.events[i].file;
		walk->first_name = walk->next;
		break;
	case CUT_WRITE:
	case CUT_NAME:
	case CUT_ACK:
		break;
	}
	walk->next++;
}

/* data.mdb after a cut here, the next event begun or not.  Owner: the caller. */
static inline struct cut_image
cut_here(const struct cut_walk *walk)
{
	size_t upto = walk->next + (walk->next < cut.n ? cut_random(2) : 0);
	struct cut_image none = {NULL, 0};
	int file = walk->named;
	size_t i;

	for (i = walk->first_name; i < upto; i++) {
		if (cut.events[i].kind != CUT_NAME)
			continue;
		if (cut_random(2) == 0)
			break;
		file = cut.events[i].file;
	}
	return file == CUT_NONE ? none : cut_make(file, upto);
}

#endif /* TESTS_SUPPORT_POWERCUT_H */
