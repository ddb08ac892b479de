/*
 * storeraw.h - writing to a store behind the store's back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store must not be open in this process meanwhile.
 */
#ifndef TESTS_SUPPORT_STORERAW_H
#define TESTS_SUPPORT_STORERAW_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "store/db.h"
#include "store/meta.h"
#include "tests/support/storekit.h"

struct raw {
	int dir_fd;
	struct ps_db *db;
	struct ps_txn *txn;
	struct ps_store_id id;
};

static inline struct raw
raw_begin(const char *path)
{
	struct raw raw = {-1, NULL, NULL, {{0}}};
	enum ps_trouble trouble;
	struct ps_bytes key = {(const uint8_t *)"schema", 6}, value;

	raw.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(raw.dir_fd, 0);
	ck_status(ps_db_open(raw.dir_fd, path, 8 << 20, false, &raw.db,
	                     &kit_error), PINSTORE_OK);
	ck_status(ps_txn_begin(raw.db, true, &raw.txn, &trouble, &kit_error),
	          PINSTORE_OK);
	/* Behind the record's head and four numbers. */
	if (ps_txn_get(raw.txn, PS_META, key, &value, &kit_error) ==
	            PINSTORE_OK && value.len >= 48)
		memcpy(raw.id.octets, value.at + 32, sizeof(raw.id.octets));
	return raw;
}

static inline void
raw_end(struct raw *raw)
{
	enum ps_trouble trouble;

	ck_status(ps_txn_commit(raw->txn, &trouble, &kit_error), PINSTORE_OK);
	ps_db_close(raw->db);
	close(raw->dir_fd);
}

/* The key of a text; of "" that of the head. */
static inline struct ps_bytes
raw_key(const char *text)
{
	struct ps_bytes key = {(const uint8_t *)text, strlen(text)};

	if (key.len == 0)
		key.len = 1;
	return key;
}

/* Copy the value of key out; its length. */
static inline size_t
raw_get(struct raw *raw, enum ps_table table, struct ps_bytes key,
        uint8_t *out, size_t size)
{
	struct ps_bytes value;

	ck_status(ps_txn_get(raw->txn, table, key, &value, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_le(value.len, size);
	memcpy(out, value.at, value.len);
	return value.len;
}

static inline void
raw_put(struct raw *raw, enum ps_table table, struct ps_bytes key,
        const uint8_t *at, size_t len)
{
	struct ps_bytes value = {at, len};

	ck_status(ps_txn_put(raw->txn, table, key, value, &kit_error),
	          PINSTORE_OK);
}

static inline void
raw_delete(struct raw *raw, enum ps_table table, struct ps_bytes key)
{
	ck_status(ps_txn_delete(raw->txn, table, key, &kit_error),
	          PINSTORE_OK);
}

#endif /* TESTS_SUPPORT_STORERAW_H */
