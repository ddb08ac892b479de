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
#include "store/record.h"

#define PS_SCHEMA 3
/* Since then there is a summary of orders; a writer of 1 knows of none. */
#define PS_SCHEMA_ORDERS 2
/* And since then one of the queue; a writer of 2 would clear no reports. */
#define PS_SCHEMA_REPORTS 3
/* What a reader must know of a store in which no key is revoked. */
#define PS_SCHEMA_READER 1

/*
 * Flags of a file that nobody writes any more, and that is replaced as a whole:
 * it needs no lock file.
 */
#define PS_SEAL_PUBLISHED 1u /* for all users of the machine */
#define PS_SEAL_BACKUP 2u
#define PS_SEALS (PS_SEAL_PUBLISHED | PS_SEAL_BACKUP)

/* A write may raise the high-water mark by this: clocks go wrong. */
#define PS_CLOCK_STEP (INT64_C(60) * 86400)

struct ps_schema {
	struct ps_store_id id;
	uint32_t schema;     /* of the latest writer */
	uint32_t min_reader; /* the least schema a reader must know */
	uint32_t min_writer;
	uint32_t flags; /* PS_SEAL_... */
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

/* All records of a store that had these; of this schema, if of an older. */
enum pinstore_status
ps_meta_put(struct ps_txn *txn, const struct ps_schema *schema,
            const uint64_t number[PS_NUMBERS],
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The schema record, sealed. */
#define PS_META_SCHEMA_LEN \
	(PS_RECORD_HEAD_LEN + 16 + sizeof(((struct ps_store_id *)0)->octets))
void
ps_meta_seal_schema(const struct ps_schema *schema,
                    uint8_t out[PS_META_SCHEMA_LEN]);

/* The schema record as it was found.  Errors: VERSION, DAMAGED; no text. */
enum pinstore_status
ps_meta_open_schema(struct ps_bytes record,
                    struct ps_schema *out) PINSTORE_MUST_CHECK;

/*
 * Read the schema record.
 * Errors: VERSION (min_reader, or flags, of a later pinstore), DAMAGED.
 */
enum pinstore_status
ps_meta_schema(struct ps_txn *txn, struct ps_schema *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * See that the store is of a schema before `since`, which brought what was not
 * found.  Errors: DAMAGED (it is not; what says so), as ps_meta_schema().
 */
enum pinstore_status
ps_meta_prove_older(struct ps_txn *txn, uint32_t since, const char *what,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same as ps_meta_schema(), and see that the numbers are there. */
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

/* Let the flags be these and no others. */
enum pinstore_status
ps_meta_set_flags(struct ps_txn *txn, uint32_t flags,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* See that readers and writers know these schemas at least from now on. */
enum pinstore_status
ps_meta_require(struct ps_txn *txn, uint32_t min_reader, uint32_t min_writer,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The high-water mark of the clock: read it; raise it towards now, by
 * PS_CLOCK_STEP at most once there is one.
 */
enum pinstore_status
ps_meta_clock(struct ps_txn *txn, const struct ps_store_id *id, int64_t *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_meta_raise_clock(struct ps_txn *txn, const struct ps_store_id *id,
                    int64_t now,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_META_H */
