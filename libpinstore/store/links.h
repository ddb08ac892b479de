/*
 * links.h - records that prove what lies between them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each record of hosts, revoked and bypass names, by a hash under its checksum,
 * the key that follows it, so that a gap is proved by the record before it.  A
 * head record stands before all; the last record names none.
 */
#ifndef PS_STORE_LINKS_H
#define PS_STORE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "store/db.h"

/* The one octet that stands before every other key. */
extern const uint8_t ps_links_head[1];

/* Where a key is, or where its gap is. */
struct ps_spot {
	bool is_there;
	struct ps_bytes key;    /* its own, or the one before the gap */
	struct ps_bytes record; /* of that key; checked */
	uint64_t next;          /* what that record says of the next key */
};

/* Put the head record of table, which is empty. */
enum pinstore_status
ps_links_create(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* See that the head record of table is there and sound.  Errors: DAMAGED. */
enum pinstore_status
ps_links_load(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Find want, or prove that it is not there.  Errors: VERSION, DAMAGED, IO. */
enum pinstore_status
ps_links_find(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes want, struct ps_spot *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The record before the one at which the cursor stands, whose key is above
 * (NULL: the last record), proved to be that.
 */
enum pinstore_status
ps_links_before(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, const struct ps_bytes *above,
                struct ps_spot *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The record behind want, whether want is there or not, with every link on
 * the way proved; *found is false behind the last one.
 */
enum pinstore_status
ps_links_behind(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct ps_bytes want, bool *found,
                struct ps_spot *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The record behind spot, at which the cursor stands: cheaper than the above.
 */
enum pinstore_status
ps_links_next(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_spot *spot, bool *found,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put a record of len octets, sealed with any next: it gets the one that is
 * right.  spot is where ps_links_find() saw key.  Nothing is put that is there
 * to the octet.
 */
enum pinstore_status
ps_links_put(struct ps_txn *txn, const struct ps_store_id *id,
             enum ps_table table, struct ps_bytes key, uint8_t *record,
             size_t len, const struct ps_spot *spot,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Remove a record that is there; both its links are proved before it goes. */
enum pinstore_status
ps_links_remove(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table, struct ps_bytes key,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Give status, DAMAGED or VERSION, the words that belong to it, for the record
 * of key.
 */
enum pinstore_status
ps_links_fail(const char *path, enum pinstore_status status,
              struct ps_bytes key, struct pinstore_error *error);

int
ps_bytes_compare(struct ps_bytes a, struct ps_bytes b);

#endif /* PS_STORE_LINKS_H */
