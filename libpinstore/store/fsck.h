/*
 * fsck.h - judging a store that may be too damaged to be opened.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_STORE_FSCK_H
#define PS_STORE_FSCK_H

#include "store/audit.h"
#include "store/repair.h"

struct ps_env;

struct ps_fsck_want {
	const char *path;
	int lock_limit_ms;
	bool repair;      /* what has flaws */
	bool accept_loss; /* and close the gaps of this repair or another */
	void (*flaw)(const struct ps_flaw *flaw, void *arg); /* or NULL */
	void (*step)(uint64_t done, uint64_t total, void *arg); /* or NULL */
	void *arg;
};

/*
 * Read all of the store in want->path: in a reader's snapshot, or, where none
 * can be had, with all writers kept out.  Flaws are counted, and told.  When it
 * was repaired, *totals is of the new file, and repaired->old_name is not "".
 * Errors: as ps_registry_share() and ps_repair_run(); DAMAGED if there is
 *         nothing to read.
 */
enum pinstore_status
ps_fsck_run(const struct ps_fsck_want *want, struct ps_audit_totals *totals,
            struct ps_repair_totals *repaired,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * See that what the reader txn of env sees is sound before it is copied; deed
 * says what is refused otherwise.  Errors: NOMEM, IO, DAMAGED.
 */
enum pinstore_status
ps_fsck_prove(struct ps_env *env, const struct ps_txn *txn, const char *deed,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_FSCK_H */
