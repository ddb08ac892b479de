/*
 * meta.h - what a store knows of itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every record here must exist: one that is missing is damage.
 */
#ifndef PS_STORE_META_H
#define PS_STORE_META_H

#include <stdint.h>

#include "model/entry.h"
#include "store/db.h"

#define PS_SCHEMA 1

struct ps_schema {
	struct ps_store_id id;
	uint32_t schema;     /* of the writer that made it */
	uint32_t min_reader; /* the least schema a reader must know */
	uint32_t min_writer;
	uint32_t flags; /* none is known yet */
};

enum ps_number {
	PS_NUMBER_CLOCK,   /* int64_t: the latest time a write has brought */
	PS_NUMBER_LEARNED, /* learned entries that count for quotas */
	PS_NUMBER_JOURNAL  /* of the last journal record */
};
#define PS_NUMBERS 3

/* Fill a new store: the schema record with id, and all numbers. */
enum pinstore_status
ps_meta_create(struct ps_txn *txn, const struct ps_store_id *id,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Read the schema record and see that the numbers are there.
 * Errors: VERSION (min_reader, or flags, of a later pinstore), DAMAGED.
 */
enum pinstore_status
ps_meta_load(struct ps_txn *txn, struct ps_schema *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_meta_number(struct ps_txn *txn, const struct ps_store_id *id,
               enum ps_number which, uint64_t *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_meta_set_number(struct ps_txn *txn, const struct ps_store_id *id,
                   enum ps_number which, uint64_t value,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The high-water mark of the clock: read it; raise it to now. */
enum pinstore_status
ps_meta_clock(struct ps_txn *txn, const struct ps_store_id *id, int64_t *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_meta_raise_clock(struct ps_txn *txn, const struct ps_store_id *id,
                    int64_t now,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_META_H */
