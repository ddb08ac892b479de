/*
 * fsck.c - judging a store that may be too damaged to be opened.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/fsck.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/env.h"
#include "store/files.h"
#include "store/gate.h"
#include "store/registry.h"
#include "store/seal.h"

/* Two commits between a reader's begin and its look at the head are rare. */
#define TRIES 16

static struct ps_audit_want
audit_of(const struct ps_fsck_want *want, int fd, const char *shown,
         uint64_t snapshot)
{
	struct ps_audit_want audit = {fd, shown, snapshot, want->flaw,
	                              want->step, want->arg};

	return audit;
}

/* --------------------------------------------------------- in a live store */

static enum pinstore_status
audit_snapshot(const struct ps_fsck_want *want, struct ps_env *env,
               struct ps_audit_totals *totals, struct pinstore_error *error)
{
	enum pinstore_status status;
	int tries = 0;

	do {
		struct ps_audit_want audit;
		struct ps_txn *txn;
		int fd;

		status = ps_env_read(env, want->lock_limit_ms, &txn, error);
		if (status != PINSTORE_OK)
			return status;
		status = ps_db_fd(env->db, &fd, error);
		audit = audit_of(want, fd, env->shown, ps_txn_id(txn));
		if (status == PINSTORE_OK)
			status = ps_audit_run(&audit, totals, error);
		ps_env_done(env, txn);
	} while (status == PINSTORE_ERR_BUSY && ++tries < TRIES);
	return status;
}

enum pinstore_status
ps_fsck_prove(struct ps_env *env, const struct ps_txn *txn, const char *deed,
              struct pinstore_error *error)
{
	struct ps_audit_want audit = {.shown = env->shown,
	                              .snapshot = ps_txn_id(txn)};
	struct ps_audit_totals totals;
	enum pinstore_status status;

	status = ps_db_fd(env->db, &audit.fd, error);
	if (status == PINSTORE_OK)
		status = ps_audit_run(&audit, &totals, error);
	if (status == PINSTORE_OK && totals.walk.flaws > 0)
		status = ps_fail(error, PINSTORE_ERR_DAMAGED,
		                 "store %s is damaged, and is not %s: pinstore "
		                 "fsck tells what is wrong with it", env->shown,
		                 deed);
	return status;
}

static enum pinstore_status
audit_live(const struct ps_fsck_want *want, const char *path,
           struct ps_audit_totals *totals, struct pinstore_error *error)
{
	const struct ps_registry_want open = {
		.path = path,
		.read_only = true,
		.is_forced_open = true,
		.map_bytes = (uint64_t)1 << 30,
		.max_bytes = (uint64_t)1 << 30,
	};
	enum pinstore_status status;
	struct ps_env *env = NULL;

	status = ps_registry_share(&open, ps_clock_ms() + want->lock_limit_ms,
	                           &env, error);
	if (status != PINSTORE_OK || env == NULL)
		return status;
	status = audit_snapshot(want, env, totals, error);
	ps_registry_release(env);
	return status;
}

/* ------------------------------------------- in one that cannot be opened */

/* What is done with the file while nobody can open it or write to it. */
typedef enum pinstore_status
closed_fn(const struct ps_fsck_want *want, const struct ps_repair_want *file,
          void *out, struct pinstore_error *error);

static enum pinstore_status
audit_file(const struct ps_fsck_want *want, const struct ps_repair_want *file,
           void *out, struct pinstore_error *error)
{
	const struct ps_audit_want audit =
	        audit_of(want, file->fd, file->shown, 0);
	enum pinstore_status status = ps_audit_run(&audit, out, error);

	/* Flaws are none, so nothing leads into the file. */
	if (status == PINSTORE_ERR_DAMAGED)
		return ps_fail(error, status,
		               "store %s is damaged: %s has no valid head, and "
		               "nothing of it can be kept: restore a backup",
		               file->shown, PS_DB_DATA);
	return status;
}

static enum pinstore_status
repair_file(const struct ps_fsck_want *want, const struct ps_repair_want *file,
            void *out, struct pinstore_error *error)
{
	(void)want;
	if (ps_seal_is_candidate(file->dir_fd))
		return ps_fail(error, PINSTORE_ERR_READONLY,
		               "store %s: it was published, and is not "
		               "repaired: publish it anew", file->shown);
	return ps_repair_run(file, out, error);
}

/* The directory is locked: nobody opens the store meanwhile. */
static enum pinstore_status
run_locked(const struct ps_fsck_want *want, struct ps_repair_want *file,
           closed_fn *run, void *out, struct pinstore_error *error)
{
	const int64_t deadline_ms = ps_clock_ms() + want->lock_limit_ms;
	enum pinstore_status status;
	struct ps_gate *gate = NULL;

	status = ps_file_open(file->dir_fd, file->shown, PS_DB_DATA, false,
	                      &file->fd, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost %s; restore a "
		               "backup", file->shown, PS_DB_DATA);
	/* What nobody writes has no gate, and gets none. */
	if (status == PINSTORE_OK && !ps_seal_is_candidate(file->dir_fd))
		status = ps_gate_open(file->dir_fd, file->shown, deadline_ms,
		                      &gate, &file->is_alone, error);
	if (status == PINSTORE_OK && gate != NULL)
		status = ps_gate_lock(gate, deadline_ms, error);
	if (status == PINSTORE_OK) {
		status = run(want, file, out, error);
		if (gate != NULL)
			ps_gate_unlock(gate);
	}
	ps_gate_unref(gate);
	if (file->fd >= 0)
		(void)close(file->fd);
	return status;
}

static enum pinstore_status
run_closed(const struct ps_fsck_want *want, const char *path, closed_fn *run,
           void *out, struct pinstore_error *error)
{
	struct ps_repair_want file = {.dir_fd = -1,
	                              .fd = -1,
	                              .accept_loss = want->accept_loss,
	                              .step = want->step,
	                              .arg = want->arg};
	char shown[PS_SHOWN_LEN];
	enum pinstore_status status;

	ps_path_show(path, shown);
	file.shown = shown;
	status = ps_dir_open(path, false, &file.dir_fd, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_dir_lock(file.dir_fd, shown,
	                     ps_clock_ms() + want->lock_limit_ms, error);
	if (status == PINSTORE_OK) {
		status = run_locked(want, &file, run, out, error);
		ps_dir_unlock(file.dir_fd);
	}
	(void)close(file.dir_fd);
	return status;
}

static enum pinstore_status
audit_path(const struct ps_fsck_want *want, const char *path,
           struct ps_audit_totals *totals, struct pinstore_error *error)
{
	struct pinstore_error first = {0};
	enum pinstore_status status;

	memset(totals, 0, sizeof(*totals));
	status = audit_live(want, path, totals, &first);
	if (status == PINSTORE_ERR_DAMAGED) {
		status = run_closed(want, path, audit_file, totals, error);
		/* What kept it from being opened may be no flaw of the file. */
		if (status == PINSTORE_OK && totals->walk.flaws == 0) {
			status = PINSTORE_ERR_DAMAGED;
			if (error != NULL)
				*error = first;
		}
	} else if (status != PINSTORE_OK && error != NULL) {
		*error = first;
	}
	return status;
}

enum pinstore_status
ps_fsck_run(const struct ps_fsck_want *want, struct ps_audit_totals *totals,
            struct ps_repair_totals *repaired, struct pinstore_error *error)
{
	enum pinstore_status status;
	char *path = NULL;

	memset(totals, 0, sizeof(*totals));
	memset(repaired, 0, sizeof(*repaired));
	status = ps_path_absolute(want->path, &path, error);
	if (status != PINSTORE_OK)
		return status;
	status = audit_path(want, path, totals, error);
	if (status == PINSTORE_OK && want->repair && totals->later > 0 &&
	    (totals->walk.flaws > 0 || totals->gaps > 0))
		status = ps_fail(error, PINSTORE_ERR_VERSION,
		                 "store %s: it has records of a later pinstore: "
		                 "repair it with that one", want->path);
	if (status == PINSTORE_OK && want->repair &&
	    (totals->walk.flaws > 0 ||
	     (want->accept_loss && totals->gaps > 0)))
		status = run_closed(want, path, repair_file, repaired, error);
	if (status == PINSTORE_OK && repaired->old_name[0] != '\0') {
		struct ps_fsck_want again = *want;

		again.flaw = NULL;
		status = audit_path(&again, path, totals, error);
	}
	free(path);
	return status;
}
