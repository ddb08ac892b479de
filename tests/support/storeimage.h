/*
 * storeimage.h - a data file in memory, to be spoiled and looked at.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_SUPPORT_STOREIMAGE_H
#define TESTS_SUPPORT_STOREIMAGE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "store/audit.h"
#include "store/page.h"
#include "tests/support/storekit.h"

#define IMAGE_PAGE 4096

struct image {
	uint8_t *at;
	size_t len;
};

static inline struct image
image_load(const char *store)
{
	struct image image = {NULL, 0};
	char path[160];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", store);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	image.len = (size_t)st.st_size;
	image.at = malloc(image.len);
	ck_assert_ptr_nonnull(image.at);
	ck_assert_int_eq(pread(fd, image.at, image.len, 0), st.st_size);
	close(fd);
	return image;
}

static inline struct image
image_copy(const struct image *from)
{
	struct image image = {malloc(from->len), from->len};

	ck_assert_ptr_nonnull(image.at);
	memcpy(image.at, from->at, from->len);
	return image;
}

/* Write it into the store's file, which stays the same one. */
static inline void
image_save(const struct image *image, const char *store)
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	kit_must(fd >= 0);
	kit_must(pwrite(fd, image->at, image->len, 0) ==
	         (ssize_t)image->len);
	kit_must(ftruncate(fd, (off_t)image->len) == 0);
	close(fd);
}

static inline uint8_t *
image_page(const struct image *image, uint64_t number)
{
	ck_assert_uint_lt(number, image->len / IMAGE_PAGE);
	return image->at + number * IMAGE_PAGE;
}

/* The newer head, behind the head of its page. */
static inline uint8_t *
image_meta(const struct image *image)
{
	uint8_t *a = image->at + PS_PAGE_HEAD_LEN;
	uint8_t *b = a + IMAGE_PAGE;

	return ps_page_get64(b + PS_META_TXN_AT) >
	                       ps_page_get64(a + PS_META_TXN_AT)
	               ? b : a;
}

static inline void
image_put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline uint64_t
image_root(const uint8_t *root)
{
	return ps_page_get64(root + PS_TREE_ROOT_AT);
}

static inline struct ps_page_node
image_node(const uint8_t *page, uint32_t i)
{
	struct ps_page_node node = {0};

	ck_assert(ps_page_node(page, IMAGE_PAGE, i,
	                       (ps_page_flags(page) & PS_PAGE_BRANCH) != 0,
	                       &node));
	return node;
}

static inline uint32_t
image_nodes(const uint8_t *page)
{
	uint32_t n;

	ck_assert(ps_page_nodes(page, IMAGE_PAGE, ps_page_get64(page),
	                        ps_page_flags(page) & PS_PAGE_KINDS, &n));
	return n;
}

/* The node of a database; the node's data is its root. */
static inline struct ps_page_node
image_database(const struct image *image, const char *name)
{
	uint8_t *page = image_page(image, image_root(image_meta(image) +
	                                             PS_META_MAIN_AT));
	uint32_t i, n = image_nodes(page);

	for (i = 0; i < n; i++) {
		struct ps_page_node node = image_node(page, i);

		if (node.key_len == strlen(name) &&
		    memcmp(node.key, name, node.key_len) == 0)
			return node;
	}
	ck_abort_msg("no database %s", name);
	return image_node(page, 0);
}

/* The octets of a node can be written, in a page of an image. */
static inline uint8_t *
image_octets(const uint8_t *at)
{
	uint8_t *octets;

	memcpy(&octets, &at, sizeof(octets));
	return octets;
}

/* The page that is the root of a database; and its first leaf. */
static inline uint8_t *
image_top(const struct image *image, const char *name)
{
	return image_page(image, image_root(image_database(image, name).data));
}

static inline uint8_t *
image_leaf(const struct image *image, const char *name)
{
	uint8_t *page = image_top(image, name);

	while ((ps_page_flags(page) & PS_PAGE_BRANCH) != 0)
		page = image_page(image, image_node(page, 0).child);
	return page;
}

/* What an audit found, the first of it in full. */
struct found {
	enum pinstore_status status;
	struct ps_audit_totals totals;
	unsigned kinds; /* a bit for each */
	enum pinstore_flaw_kind kind;
	char database[32];
	char record[PS_FLAW_RECORD_LEN];
	uint64_t page;
};

static inline void
image_flaw(const struct ps_flaw *flaw, void *arg)
{
	struct found *found = arg;

	found->kinds |= 1u << flaw->kind;
	if (found->kind != 0)
		return;
	found->kind = flaw->kind;
	found->page = flaw->page;
	(void)snprintf(found->database, sizeof(found->database), "%s",
	               flaw->database != NULL ? flaw->database : "");
	ps_flaw_record(flaw, found->record);
}

static inline struct found
image_audit_fd(int fd, uint64_t snapshot)
{
	struct found found = {0};
	struct ps_audit_want want = {fd, "it", snapshot, image_flaw, NULL,
	                             &found};

	found.status = ps_audit_run(&want, &found.totals, &kit_error);
	return found;
}

static inline struct found
image_audit(const struct image *image)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct found found;

	kit_must(fd >= 0);
	kit_must(image->len == 0 || pwrite(fd, image->at, image->len, 0) ==
	                                    (ssize_t)image->len);
	found = image_audit_fd(fd, 0);
	close(fd);
	return found;
}

#endif /* TESTS_SUPPORT_STOREIMAGE_H */
