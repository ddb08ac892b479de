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

/* The directory is locked: nobody opens the store meanwhile. */
static enum pinstore_status
audit_closed(const struct ps_fsck_want *want, int dir_fd, const char *shown,
             struct ps_audit_totals *totals, struct pinstore_error *error)
{
	const int64_t deadline_ms = ps_clock_ms() + want->lock_limit_ms;
	enum pinstore_status status;
	struct ps_gate *gate = NULL;
	bool is_alone;
	int fd = -1;

	status = ps_file_open(dir_fd, shown, PS_DB_DATA, false, &fd, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s is damaged: it has lost %s; restore a "
		               "backup", shown, PS_DB_DATA);
	/* What nobody writes has no gate, and gets none. */
	if (status == PINSTORE_OK && !ps_seal_is_candidate(dir_fd))
		status = ps_gate_open(dir_fd, shown, deadline_ms, &gate,
		                      &is_alone, error);
	if (status == PINSTORE_OK && gate != NULL)
		status = ps_gate_lock(gate, deadline_ms, error);
	if (status == PINSTORE_OK) {
		struct ps_audit_want audit = audit_of(want, fd, shown, 0);

		status = ps_audit_run(&audit, totals, error);
		if (gate != NULL)
			ps_gate_unlock(gate);
	}
	ps_gate_unref(gate);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

static enum pinstore_status
audit_alone(const struct ps_fsck_want *want, const char *path,
            struct ps_audit_totals *totals, struct pinstore_error *error)
{
	char shown[PS_SHOWN_LEN];
	enum pinstore_status status;
	int dir_fd = -1;

	ps_path_show(path, shown);
	status = ps_dir_open(path, false, &dir_fd, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_dir_lock(dir_fd, shown, ps_clock_ms() + want->lock_limit_ms,
	                     error);
	if (status == PINSTORE_OK) {
		status = audit_closed(want, dir_fd, shown, totals, error);
		ps_dir_unlock(dir_fd);
	}
	(void)close(dir_fd);
	return status;
}

enum pinstore_status
ps_fsck_run(const struct ps_fsck_want *want, struct ps_audit_totals *totals,
            struct pinstore_error *error)
{
	struct pinstore_error first = {0};
	enum pinstore_status status;
	char *path = NULL;

	memset(totals, 0, sizeof(*totals));
	status = ps_path_absolute(want->path, &path, error);
	if (status != PINSTORE_OK)
		return status;
	status = audit_live(want, path, totals, &first);
	if (status == PINSTORE_ERR_DAMAGED) {
		status = audit_alone(want, path, totals, error);
		/* What kept it from being opened may be no flaw of the file. */
		if (status == PINSTORE_OK && totals->walk.flaws == 0) {
			status = PINSTORE_ERR_DAMAGED;
			if (error != NULL)
				*error = first;
		}
	} else if (status != PINSTORE_OK && error != NULL) {
		*error = first;
	}
	free(path);
	return status;
}
