/*
 * copy.c - all records of a snapshot, in a file of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/copy.h"

#include "base/status.h"

/* So many records a commit of the copy: that bounds the memory it takes. */
#define CHUNK ((uint64_t)10000)
#define MAP_LEAST ((uint64_t)1 << 20)

/* So often it is told how far it is: a power of two. */
#define STEP_RECORDS 256

struct copying {
	const struct ps_copy_plan *plan;
	struct ps_txn *from;
	struct ps_db *db;
	struct ps_txn *to;
	uint64_t chunk;
	uint64_t n; /* in this commit */
	uint64_t done, total;
};

void
ps_copy_tell(const struct ps_progress *step, uint64_t done, uint64_t total)
{
	if (step->tell != NULL && done % STEP_RECORDS == 0)
		step->tell(done, total, step->arg);
}

static enum pinstore_status
count(struct copying *copying, uint64_t max_commits,
      struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t total = 0, n;
	int table;

	status = ps_txn_tables(copying->from, &n, error);
	if (status == PINSTORE_OK && n != PS_TABLES)
		status = ps_fail(error, PINSTORE_ERR_VERSION,
		                 "store %s: it holds what only a later pinstore "
		                 "can copy: use that one",
		                 ps_txn_path(copying->from));
	for (table = 0; table < PS_TABLES && status == PINSTORE_OK; table++) {
		status = ps_txn_count(copying->from, (enum ps_table)table, &n,
		                      error);
		total += n;
	}
	copying->total = total;
	copying->chunk = CHUNK;
	if (max_commits > 0 && total / max_commits >= CHUNK)
		copying->chunk = total / max_commits + 1;
	return status;
}

static enum pinstore_status
copy_record(struct copying *copying, enum ps_table table, struct ps_bytes key,
            struct ps_bytes value, struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_trouble trouble;

	if (copying->n == copying->chunk) {
		status = ps_txn_commit(copying->to, &trouble, error);
		copying->to = NULL;
		if (status == PINSTORE_OK)
			status = ps_txn_begin(copying->db, true, &copying->to,
			                      &trouble, error);
		if (status != PINSTORE_OK)
			return status;
		copying->n = 0;
	}
	copying->n++;
	ps_copy_tell(&copying->plan->step, ++copying->done, copying->total);
	return ps_txn_append(copying->to, table, key, value, error);
}

/*
 * A page that was lost takes records along: the table's root has their number.
 */
static enum pinstore_status
copy_table(struct copying *copying, enum ps_table table,
           struct pinstore_error *error)
{
	enum ps_seek seek = PS_SEEK_FIRST;
	enum pinstore_status status;
	struct ps_bytes key = {NULL, 0}, value;
	uint64_t wanted, n = 0;

	status = ps_txn_count(copying->from, table, &wanted, error);
	if (status != PINSTORE_OK)
		return status;
	for (;;) {
		status = ps_txn_seek(copying->from, table, seek, &key, &value,
		                     error);
		if (status != PINSTORE_OK)
			break;
		seek = PS_SEEK_NEXT;
		status = copy_record(copying, table, key, value, error);
		if (status != PINSTORE_OK)
			return status;
		n++;
	}
	if (status != PINSTORE_ERR_NOTFOUND)
		return status;
	if (n != wanted)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost records, or has "
		               "some again that had been removed; restore a "
		               "backup", ps_txn_path(copying->from));
	return PINSTORE_OK;
}

uint64_t
ps_copy_map(uint64_t used_bytes)
{
	/* Records lie closer in the copy than they ever did. */
	return used_bytes * 2 + MAP_LEAST;
}

enum pinstore_status
ps_copy_all(const struct ps_copy_plan *plan, struct pinstore_error *error)
{
	struct copying copying = {.plan = plan, .from = plan->from,
	                          .db = plan->to};
	enum pinstore_status status;
	enum ps_trouble trouble;
	int table;

	status = count(&copying, plan->max_commits, error);
	if (status == PINSTORE_OK)
		status = ps_txn_begin(plan->to, true, &copying.to, &trouble,
		                      error);
	for (table = 0; table < PS_TABLES && status == PINSTORE_OK; table++)
		status = copy_table(&copying, (enum ps_table)table, error);
	if (status == PINSTORE_OK && plan->finish != NULL)
		status = plan->finish(copying.to, plan->arg, error);
	if (status == PINSTORE_OK) {
		status = ps_txn_commit(copying.to, &trouble, error);
		copying.to = NULL;
	}
	ps_txn_abort(copying.to);
	return status;
}
