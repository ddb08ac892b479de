/*
 * pages.c - a look at the data file's own structure, before LMDB maps it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The format is that of LMDB 0.9 on a machine whose size_t has 64 bits; fields
 * are in the machine's own byte order.  Every number is checked against the
 * file before it is used.
 */
#include <config.h>

#include "store/pages.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/files.h"

#define META_MAGIC 0xbeefc0deu
#define META_VERSION 1u
#define META_READ 192
#define PAGE_LEN_MIN 512
#define PAGE_LEN_MAX 65536
#define PAGE_HEAD_LEN 16
#define NODE_HEAD_LEN 8
#define NO_PAGE UINT64_MAX

/* Of a page's head. */
#define PAGE_FLAGS 10
#define PAGE_LOWER 12
#define FLAG_BRANCH 0x01
#define FLAG_LEAF 0x02
#define FLAG_META 0x08
/* Of a leaf's node: its data has pages of its own. */
#define NODE_BIG 0x01

/* Of a meta page, behind the page's head. */
#define META_VERSION_AT 4
#define META_FREE_AT 24 /* the tree of free pages; its pad is the page size */
#define META_MAIN_AT 72
#define META_LAST_AT 120
#define META_TXN_AT 128
#define META_LEN 136
#define TREE_DEPTH 6
#define TREE_ROOT 40
#define DEPTH_MAX 32

/* More free pages than that behind the end no single write leaves. */
#define TAIL_MAX ((uint64_t)1 << 20)

/* A meta page that a writer is at may be seen half written. */
#define TRIES 4

struct file {
	int fd;
	const char *shown;
	uint64_t len;
	uint32_t page_len;
};

struct meta {
	uint32_t page_len;
	uint64_t last_page;
	uint64_t txn;
	uint64_t free_root;
	uint64_t main_root;
};

static uint16_t
get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t
get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t
get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static enum pinstore_status
damaged(const struct file *file, const char *what,
        struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: %s %s; run \"pinstore fsck\"",
	               file->shown, PS_DB_DATA, what);
}

static enum pinstore_status
read_at(const struct file *file, uint64_t at, uint8_t *out, size_t len,
        struct pinstore_error *error)
{
	ssize_t got;

	do {
		got = pread(file->fd, out, len, (off_t)at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be read: %s",
		                  file->shown, PS_DB_DATA, PS_STRERROR(errno));
	if ((size_t)got != len)
		return damaged(file, "is shorter than it must be", error);
	return PINSTORE_OK;
}

static enum pinstore_status
foreign(const struct file *file, struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_VERSION,
	               "store %s: another architecture has written %s: export "
	               "it there and import it here", file->shown, PS_DB_DATA);
}

static enum pinstore_status
decode_meta(const struct file *file, const uint8_t *page, struct meta *out,
            struct pinstore_error *error)
{
	const uint8_t *meta = page + PAGE_HEAD_LEN;
	const uint32_t swapped = __builtin_bswap32(META_MAGIC);

	memset(out, 0, sizeof(*out));
	/* With 32-bit page numbers the head has 12 octets. */
	if (get32(meta) == swapped || get32(page + 12) == META_MAGIC ||
	    get32(page + 12) == swapped)
		return foreign(file, error);
	if (get32(meta) != META_MAGIC ||
	    (get16(page + PAGE_FLAGS) & FLAG_META) == 0)
		return damaged(file, "has no valid head", error);
	if ((get32(meta + META_VERSION_AT) & 0xff) != META_VERSION)
		return ps_fail(error, PINSTORE_ERR_VERSION,
		               "store %s: another version of LMDB has written "
		               "%s", file->shown, PS_DB_DATA);
	out->page_len = get32(meta + META_FREE_AT);
	out->last_page = get64(meta + META_LAST_AT);
	out->txn = get64(meta + META_TXN_AT);
	out->free_root = get64(meta + META_FREE_AT + TREE_ROOT);
	out->main_root = get64(meta + META_MAIN_AT + TREE_ROOT);
	if (out->page_len < PAGE_LEN_MIN || out->page_len > PAGE_LEN_MAX ||
	    (out->page_len & (out->page_len - 1)) != 0 ||
	    get16(meta + META_FREE_AT + TREE_DEPTH) > DEPTH_MAX ||
	    out->last_page < 1 ||
	    out->last_page > (uint64_t)INT64_MAX / PAGE_LEN_MAX - 1)
		return damaged(file, "has no valid head", error);
	return PINSTORE_OK;
}

/*
 * Of the newer head alone: where LMDB could not write one, it puts back the
 * number of the one that was there, and leaves the new roots.
 */
static enum pinstore_status
check_roots(const struct file *file, const struct meta *meta,
            struct pinstore_error *error)
{
	if (meta->txn == 0 || meta->main_root == NO_PAGE)
		return damaged(file, "has no content", error);
	if ((meta->free_root != NO_PAGE &&
	     meta->free_root > meta->last_page) ||
	    meta->main_root > meta->last_page)
		return damaged(file, "names pages that it cannot have", error);
	return PINSTORE_OK;
}

/* The newer of the two, as LMDB chooses. */
static enum pinstore_status
read_meta(struct file *file, struct meta *out, struct pinstore_error *error)
{
	uint8_t page[META_READ];
	enum pinstore_status status;
	struct meta other;

	status = read_at(file, 0, page, sizeof(page), error);
	if (status == PINSTORE_OK)
		status = decode_meta(file, page, out, error);
	if (status == PINSTORE_OK)
		status = read_at(file, out->page_len, page, sizeof(page),
		                 error);
	if (status == PINSTORE_OK)
		status = decode_meta(file, page, &other, error);
	if (status != PINSTORE_OK)
		return status;
	if (other.page_len != out->page_len)
		return damaged(file, "has two heads that do not agree", error);
	file->page_len = out->page_len;
	if (other.txn > out->txn)
		*out = other;
	return check_roots(file, out, error);
}

static enum pinstore_status
write_at(const struct file *file, uint64_t at, const uint8_t *octets,
         size_t len, struct pinstore_error *error)
{
	ssize_t put;

	do {
		put = pwrite(file->fd, octets, len, (off_t)at);
	} while (put < 0 && errno == EINTR);
	if (put >= 0 && (size_t)put != len)
		errno = ENOSPC;
	if (put < 0 || (size_t)put != len)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: a copy of %s cannot be written: %s",
		                  file->shown, PS_DB_DATA, PS_STRERROR(errno));
	return PINSTORE_OK;
}

enum pinstore_status
ps_pages_renumber(int fd, const char *shown, uint64_t last,
                  struct pinstore_error *error)
{
	struct file file = {fd, shown, 0, 0};
	uint8_t head[PAGE_HEAD_LEN + META_LEN];
	enum pinstore_status status;
	struct meta meta;
	uint64_t page;

	status = read_meta(&file, &meta, error);
	/* The commit of an even number is on page 0. */
	if (status == PINSTORE_OK)
		status = read_at(&file, meta.txn % 2 * file.page_len, head,
		                 sizeof(head), error);
	for (page = 0; page < 2 && status == PINSTORE_OK; page++) {
		uint64_t txn = last % 2 == page ? last : last - 1;

		memcpy(head, &page, sizeof(page));
		memcpy(head + PAGE_HEAD_LEN + META_TXN_AT, &txn, sizeof(txn));
		status = write_at(&file, page * file.page_len, head,
		                  sizeof(head), error);
	}
	return status;
}

/* ---------------------------------------------------------- the free pages */

/* Which pages behind the end of the file are known to be free. */
struct tail {
	const struct file *file;
	uint64_t first; /* of those that the file does not hold */
	uint64_t n;
	uint64_t n_free;
	uint64_t left; /* pages that may be looked at: a tree has each once */
	uint8_t *is_free;
};

/* A list: how many, then the numbers; lists of several transactions. */
static enum pinstore_status
take_list(struct tail *tail, uint64_t at, uint64_t len,
          struct pinstore_error *error)
{
	const struct file *file = tail->file;
	uint8_t octets[4096];
	uint64_t left;
	enum pinstore_status status;

	if (len < 8 || at > file->len || len > file->len - at)
		return damaged(file, "has a bad list of free pages", error);
	status = read_at(file, at, octets, 8, error);
	if (status != PINSTORE_OK)
		return status;
	left = get64(octets);
	if (left > len / 8 - 1)
		return damaged(file, "has a bad list of free pages", error);
	for (at += 8; left > 0;) {
		size_t n = left < sizeof(octets) / 8 ? (size_t)left
		                                     : sizeof(octets) / 8;
		size_t i;

		status = read_at(file, at, octets, n * 8, error);
		if (status != PINSTORE_OK)
			return status;
		for (i = 0; i < n; i++) {
			uint64_t page = get64(octets + i * 8);

			if (page < tail->first || page - tail->first >= tail->n)
				continue;
			tail->n_free += !tail->is_free[page - tail->first];
			tail->is_free[page - tail->first] = 1;
		}
		at += n * 8;
		left -= n;
	}
	return PINSTORE_OK;
}

static enum pinstore_status
walk(struct tail *tail, uint64_t number, unsigned depth,
     struct pinstore_error *error);

static enum pinstore_status
/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep */
walk_node(struct tail *tail, const uint8_t *page, uint64_t number,
          uint32_t offset, unsigned depth, struct pinstore_error *error)
{
	const struct file *file = tail->file;
	const uint8_t *node = page + offset;
	uint32_t key_len, low;
	uint64_t at;

	if (offset < PAGE_HEAD_LEN || offset > file->page_len - NODE_HEAD_LEN)
		return damaged(file, "has a bad list of free pages", error);
	key_len = get16(node + 6);
	low = (uint32_t)get16(node) | (uint32_t)get16(node + 2) << 16;
	if ((get16(page + PAGE_FLAGS) & FLAG_BRANCH) != 0)
		return walk(tail, low | (uint64_t)get16(node + 4) << 32,
		            depth + 1, error);
	at = (uint64_t)offset + NODE_HEAD_LEN + key_len;
	if ((get16(node + 4) & NODE_BIG) == 0) {
		if (at > file->page_len || low > file->page_len - at)
			return damaged(file, "has a bad list of free pages",
			               error);
		return take_list(tail, number * file->page_len + at, low,
		                 error);
	}
	if (at > file->page_len - 8)
		return damaged(file, "has a bad list of free pages", error);
	number = get64(page + at);
	if (number > file->len / file->page_len)
		return damaged(file, "is shorter than it must be", error);
	return take_list(tail, number * file->page_len + PAGE_HEAD_LEN, low,
	                 error);
}

static enum pinstore_status
/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep */
walk(struct tail *tail, uint64_t number, unsigned depth,
     struct pinstore_error *error)
{
	const struct file *file = tail->file;
	enum pinstore_status status;
	uint32_t lower, i;
	uint8_t *page;

	if (number >= tail->first)
		return damaged(file, "is shorter than it must be", error);
	if (depth > DEPTH_MAX || tail->left == 0)
		return damaged(file, "has a bad list of free pages", error);
	tail->left--;
	page = malloc(file->page_len);
	if (page == NULL)
		return ps_fail_nomem(error);
	status = read_at(file, number * file->page_len, page, file->page_len,
	                 error);
	if (status != PINSTORE_OK)
		goto out;
	lower = get16(page + PAGE_LOWER);
	if (get64(page) != number || lower > file->page_len ||
	    lower < PAGE_HEAD_LEN ||
	    (get16(page + PAGE_FLAGS) & (FLAG_BRANCH | FLAG_LEAF)) == 0) {
		status = damaged(file, "has a bad list of free pages", error);
		goto out;
	}
	for (i = PAGE_HEAD_LEN; i + 1 < lower && status == PINSTORE_OK; i += 2)
		status = walk_node(tail, page, number, get16(page + i), depth,
		                   error);
out:
	free(page);
	return status;
}

/*
 * LMDB does not write pages that were taken and given back in the same
 * transaction: then a sound file ends before its last page.  All pages behind
 * the end must be free for that.
 */
static enum pinstore_status
check_tail(const struct file *file, const struct meta *meta,
           struct pinstore_error *error)
{
	struct tail tail = {.file = file};
	enum pinstore_status status = PINSTORE_OK;

	assert(file->page_len >= PAGE_LEN_MIN);
	tail.first = file->len / file->page_len;
	if (meta->last_page < tail.first)
		return PINSTORE_OK;
	tail.n = meta->last_page - tail.first + 1;
	tail.left = tail.first;
	if (meta->main_root >= tail.first || meta->free_root == NO_PAGE ||
	    tail.n > TAIL_MAX)
		return damaged(file, "is shorter than it must be", error);
	tail.is_free = calloc(1, (size_t)tail.n);
	if (tail.is_free == NULL)
		return ps_fail_nomem(error);
	status = walk(&tail, meta->free_root, 0, error);
	if (status == PINSTORE_OK && tail.n_free != tail.n)
		status = damaged(file, "is shorter than it must be", error);
	free(tail.is_free);
	return status;
}

static enum pinstore_status
check_once(struct file *file, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct meta meta;
	struct stat st;

	if (fstat(file->fd, &st) != 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be read: %s",
		                  file->shown, PS_DB_DATA, PS_STRERROR(errno));
	file->len = (uint64_t)st.st_size;
	status = read_meta(file, &meta, error);
	if (status != PINSTORE_OK)
		return status;
	return check_tail(file, &meta, error);
}

enum pinstore_status
ps_pages_check(int dir_fd, const char *shown, struct pinstore_error *error)
{
	struct file file = {-1, shown, 0, 0};
	enum pinstore_status status;
	int tries;

	status = ps_file_open(dir_fd, shown, PS_DB_DATA, false, &file.fd,
	                      error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost %s; restore a "
		               "backup", shown, PS_DB_DATA);
	if (status != PINSTORE_OK)
		return status;
	for (tries = 0; tries < TRIES; tries++) {
		status = check_once(&file, error);
		if (status != PINSTORE_ERR_DAMAGED)
			break;
		/* Writers go on meanwhile: look again. */
		(void)ps_clock_pause(INT64_MAX);
	}
	(void)close(file.fd);
	return status;
}

enum pinstore_status
ps_pages_check_file(int fd, const char *shown, struct pinstore_error *error)
{
	struct file file = {fd, shown, 0, 0};

	return check_once(&file, error);
}
