/*
 * record.h - what is stored beside the entries: sealed with its key.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A head of 16 octets (format 1, the table, two zeros, the body's length, a
 * checksum over key and record), then the body.  docs/store-format.md.
 */
#ifndef PS_STORE_RECORD_H
#define PS_STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "store/db.h"

#define PS_RECORD_FORMAT 1
#define PS_RECORD_HEAD_LEN 16
#define PS_RECORD_BODY_MAX 2048
/* The same of the queue of reports, whose texts are longer. */
#define PS_RECORD_TEXT_MAX (256 << 10)

/*
 * Write the record of len octets of body, at most PS_RECORD_BODY_MAX (in
 * PS_REPORTS PS_RECORD_TEXT_MAX), into out, which has PS_RECORD_HEAD_LEN more;
 * its length.
 */
size_t
ps_record_seal(const struct ps_store_id *id, enum ps_table table,
               struct ps_bytes key, const uint8_t *body, size_t len,
               uint8_t *out);

/*
 * The body of a record, once its checksum and lengths have been checked.
 * Errors: VERSION (a later format), DAMAGED; without text.
 */
enum pinstore_status
ps_record_open(const struct ps_store_id *id, enum ps_table table,
               struct ps_bytes key, struct ps_bytes record,
               struct ps_bytes *body) PINSTORE_MUST_CHECK;

/* Seal and put; get and open.  what is the record's name in a message. */
enum pinstore_status
ps_record_put(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, const uint8_t *body,
              size_t len, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* NOTFOUND is without text. */
enum pinstore_status
ps_record_get(struct ps_txn *txn, const struct ps_store_id *id,
              enum ps_table table, struct ps_bytes key, const char *what,
              struct ps_bytes *body,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Give status, DAMAGED or VERSION, the words that belong to it. */
enum pinstore_status
ps_record_fail(const char *path, enum pinstore_status status, const char *what,
               struct pinstore_error *error);

#endif /* PS_STORE_RECORD_H */
