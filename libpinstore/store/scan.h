/*
 * scan.h - visiting many records, with every link between them proved.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_SCAN_H
#define PS_STORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/entries.h"

/* No snapshot lives longer than it takes to copy one batch. */
#define PS_BATCH_RECORDS 1000
#define PS_BATCH_OCTETS ((size_t)512 << 10)

/* Records copied out of one transaction. */
struct ps_batch {
	uint8_t *octets; /* of PS_BATCH_OCTETS */
	size_t used;
	size_t n;
	bool is_last;
	struct ps_key last; /* the key of the last record that was copied */
};

/* Copy records behind batch->last (the head's key, or a name's). */
enum pinstore_status
ps_batch_fill(struct ps_txn *txn, const struct ps_store_id *id,
              struct ps_batch *batch,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Show them to visit; *go_on is false when it returned that. */
enum pinstore_status
ps_batch_visit(const struct ps_batch *batch, const char *path,
               ps_store_visit_fn *visit, void *arg, bool *go_on,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Call visit for the records of root (NULL: all) and below it, which it may
 * change: the next one is found by its key.
 */
typedef enum pinstore_status
ps_scan_fn(const struct ps_host *host, const struct ps_entry *entry, void *arg,
           struct pinstore_error *error);
enum pinstore_status
ps_scan_each(struct ps_txn *txn, const struct ps_store_id *id,
             const struct ps_key *root, ps_scan_fn *visit, void *arg,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_SCAN_H */
