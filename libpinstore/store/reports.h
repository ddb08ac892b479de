/*
 * reports.h - the queue of failure reports, and what was reported of late.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report is a record with its fields, and another with its text.  When it has
 * gone, its record stays for an hour without the text and the URI, so that the
 * same is not reported again; that one is called quiet.  A summary in meta
 * counts them all, and a table that has another number of records is damaged.
 */
#ifndef PS_STORE_REPORTS_H
#define PS_STORE_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/entry.h"
#include "store/db.h"
#include "store/store.h"

/* With one more that waits, or with more octets of text, the oldest goes. */
#define PS_REPORTS_MAX 100
#define PS_REPORTS_OCTETS_MAX (UINT64_C(8) << 20)
/* With one more that is quiet, the oldest of those goes. */
#define PS_REPORTS_QUIET_MAX 1000

struct ps_queue {
	uint64_t last; /* number of the last report */
	uint64_t waiting;
	uint64_t quiet;
	uint64_t octets;
	uint64_t dropped;
};

/* The body of the summary. */
bool
ps_reports_decode_summary(struct ps_bytes body, struct ps_queue *out);

/*
 * A record, of the fields or (then *out has the number and the length alone) of
 * the text.  Errors: VERSION, DAMAGED; without text.
 */
enum pinstore_status
ps_reports_decode(const struct ps_store_id *id, struct ps_bytes key,
                  struct ps_bytes record, bool *is_text,
                  struct ps_report *out) PINSTORE_MUST_CHECK;

enum pinstore_status
ps_reports_put_summary(struct ps_txn *txn, const struct ps_store_id *id,
                       const struct ps_queue *queue,
                       struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Fill a new store: the queue is empty. */
enum pinstore_status
ps_reports_create(struct ps_txn *txn, const struct ps_store_id *id,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Read the summary and hold it against the table.  A store of an older schema
 * has none, and no reports.  Errors: VERSION, DAMAGED, IO.
 */
enum pinstore_status
ps_reports_load(struct ps_txn *txn, const struct ps_store_id *id,
                struct ps_queue *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_queue(). */
enum pinstore_status
ps_reports_add(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report, const char *text,
               bool *is_queued, int64_t *since,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The report behind number `after`, waiting or quiet. */
enum pinstore_status
ps_reports_next(struct ps_txn *txn, const struct ps_store_id *id,
                uint64_t after, bool *found, struct ps_report *out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* A copy of its text, with a NUL.  Owner: the caller.  Errors: NOMEM too. */
enum pinstore_status
ps_reports_text(struct ps_txn *txn, const struct ps_store_id *id,
                const struct ps_report *report, char **out,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Write the fields of one that waits anew. */
enum pinstore_status
ps_reports_put(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_end_report(), ps_write_age_reports(), ps_write_lose_reports(). */
enum pinstore_status
ps_reports_end(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_report *report, enum ps_report_end end,
               int64_t now, struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_reports_age(struct ps_txn *txn, const struct ps_store_id *id, int64_t now,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_reports_lose(struct ps_txn *txn, const struct ps_store_id *id, uint64_t n,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* As ps_write_empty_reports(). */
enum pinstore_status
ps_reports_empty(struct ps_txn *txn, const struct ps_store_id *id,
                 uint64_t *waiting,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_REPORTS_H */
