/*
 * journal.h - what happened: a ring of records in the order of their numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_JOURNAL_H
#define PS_STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/host.h"
#include "store/db.h"
#include "store/store.h"

/* With one more, the oldest goes. */
#define PS_JOURNAL_MAX 10000

/* A record copied out. */
struct ps_journal_item {
	uint64_t number;
	struct ps_event event; /* its host is has_host ? &host : NULL */
	bool has_host;
	struct ps_host host;
};

/* Copy a record out.  Errors: VERSION, DAMAGED; without text. */
enum pinstore_status
ps_journal_decode(const struct ps_store_id *id, struct ps_bytes key,
                  struct ps_bytes record,
                  struct ps_journal_item *out) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_journal_add(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_event *event,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_is_repeated(). */
enum pinstore_status
ps_journal_is_repeated(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_event *event, bool *is_repeated,
                       int64_t *since, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_ask_fn, and ps_write_forget(). */
typedef enum pinstore_status
ps_journal_ask_fn(const struct ps_host *host, void *arg, bool *is_meant,
                  struct pinstore_error *error);
enum pinstore_status
ps_journal_forget(struct ps_txn *txn, const struct ps_store_id *id,
                  ps_journal_ask_fn *ask, void *arg,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Copy out at most max records behind number `after`, oldest first. */
enum pinstore_status
ps_journal_read(struct ps_txn *txn, const struct ps_store_id *id,
                uint64_t after, struct ps_journal_item *out, size_t max,
                size_t *n, struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_JOURNAL_H */
