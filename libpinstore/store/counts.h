/*
 * counts.h - learned entries, counted for the quotas.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_COUNTS_H
#define PS_STORE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "store/db.h"

/* The key of the last `labels` labels of the name that key stands for. */
struct ps_bytes
ps_counts_domain(const struct ps_key *key, size_t labels);

/*
 * A learned section of key counted for the domain of `from` labels and counts
 * for that of `to` now; 0 is none.  Errors: as ps_txn_put(), DAMAGED.
 */
enum pinstore_status
ps_counts_move(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, size_t from, size_t to,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* n more learned entries count for domain.  Errors: as above. */
enum pinstore_status
ps_counts_add(struct ps_txn *txn, const struct ps_store_id *id,
              struct ps_bytes domain, uint64_t n,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_counts_get(struct ps_txn *txn, const struct ps_store_id *id,
              const struct ps_key *key, size_t labels, uint64_t *domain,
              uint64_t *total,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_COUNTS_H */
