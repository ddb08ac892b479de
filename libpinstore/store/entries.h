/*
 * entries.h - the records of hosts, and the proofs between them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each record names, by a hash under its checksum, the key that follows it,
 * so that a gap is proved by the record before it.  A head record stands
 * before all; the last record names none.
 */
#ifndef PS_STORE_ENTRIES_H
#define PS_STORE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "store/db.h"
#include "store/store.h"

/* The one octet that stands before every key of a name. */
extern const uint8_t ps_entries_head[1];

/* Where a key is, or where its gap is. */
struct ps_spot {
	bool is_there;
	struct ps_bytes key;    /* its own, or the one before the gap */
	struct ps_bytes record; /* of that key; checked */
	uint64_t next;          /* what that record says of the next key */
};

/* Put the head record of table, which is empty. */
enum pinstore_status
ps_entries_create(struct ps_txn *txn, const struct ps_store_id *id,
                  enum ps_table table,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* See that the head record of table is there and sound.  Errors: DAMAGED. */
enum pinstore_status
ps_entries_load(struct ps_txn *txn, const struct ps_store_id *id,
                enum ps_table table,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Find want, or prove that it is not there.  Errors: VERSION, DAMAGED, IO. */
enum pinstore_status
ps_entries_find(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_bytes want, struct ps_spot *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The record behind want, whether want is there or not, with every link on
 * the way proved; *found is false behind the last one.
 */
enum pinstore_status
ps_entries_behind(struct ps_txn *txn, const struct ps_store_id *id,
                  struct ps_bytes want, bool *found, struct ps_spot *out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The record behind spot, at which the cursor stands: cheaper than the above.
 */
enum pinstore_status
ps_entries_next(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_spot *spot, bool *found,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_store_climb(), in a transaction. */
enum pinstore_status
ps_entries_climb(struct ps_txn *txn, const struct ps_store_id *id,
                 const struct ps_key *key, ps_store_step_fn *step, void *arg,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The record of key copied out; without sections if there is none. */
enum pinstore_status
ps_entries_get(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, struct ps_entry *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_put(). */
enum pinstore_status
ps_entries_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, const struct ps_entry *entry,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Copy a record out; key is for messages.  Errors: VERSION, DAMAGED. */
enum pinstore_status
ps_entries_copy(const char *path, struct ps_bytes key, struct ps_bytes record,
                struct ps_entry *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The host of a stored key.  Errors: DAMAGED. */
enum pinstore_status
ps_entries_host(const char *path, struct ps_bytes key, struct ps_host *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

int
ps_bytes_compare(struct ps_bytes a, struct ps_bytes b);

#endif /* PS_STORE_ENTRIES_H */
