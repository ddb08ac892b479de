/*
 * backup.h - a store's records in a directory of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The directory has a data file and nothing else: nobody writes it, so nobody
 * needs a lock to read it, and it is replaced as a whole by a rename.
 */
#ifndef PS_STORE_BACKUP_H
#define PS_STORE_BACKUP_H

#include "store/copy.h"
#include "store/env.h"
#include "store/store.h"

/* What ps_backup_write() makes. */
struct ps_backup_plan {
	const char *path; /* from the root */
	enum ps_copy_kind kind;
	bool may_replace; /* also what is no earlier one of that store */
	struct ps_progress step; /* a published one's records are its hosts */
};

/*
 * Write what the reader from of env sees; *hosts counts its records.
 * Errors: UNFIT (what lies there is no earlier one, and may_replace is not
 *         given), ACCESS, NOMEM, BUSY (another is at it), FULL, IO, VERSION,
 *         DAMAGED.
 */
enum pinstore_status
ps_backup_write(struct ps_env *env, struct ps_txn *from,
                const struct ps_backup_plan *plan, int64_t deadline_ms,
                uint64_t *hosts,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_BACKUP_H */
