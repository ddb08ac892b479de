/*
 * memory.c - the file of a store that is on no file system.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/copy.h"
#include "store/create.h"
#include "store/registry.h"
#include "store/writer.h"

/* As /proc tells what the memory is for. */
#define NAME "pinstore"
/* A new store needs a few pages; opening it anew maps more. */
#define MAP_BYTES ((uint64_t)1 << 20)
/*
 * Nobody who gets at it by /proc may cut it short under the map; it grows, and
 * nothing else is to be forbidden.
 */
#define SEALS (F_SEAL_SHRINK | F_SEAL_SEAL)

static enum pinstore_status
make(const char *shown, int *fd, struct pinstore_error *error)
{
	int failed;

	*fd = memfd_create(NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && fchmod(*fd, 0600) == 0 &&
	    fcntl(*fd, F_ADD_SEALS, SEALS) == 0)
		return PINSTORE_OK;
	failed = errno;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return ps_fail_os(error, ps_file_status(failed), failed,
	                  "store %s: no memory can be had for it: %s", shown,
	                  PS_STRERROR(failed));
}

enum pinstore_status
ps_memory_create(const char *shown, int *fd, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db *db = NULL;

	status = make(shown, fd, error);
	if (status == PINSTORE_OK)
		status = ps_db_open_memory(*fd, shown, MAP_BYTES, true, &db,
		                           error);
	if (status == PINSTORE_OK)
		status = ps_create_new(db, shown, error);
	ps_db_close(db);
	if (status != PINSTORE_OK && *fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
	return status;
}

/* Behind the gate; readers go on with what they have until it is replaced. */
static enum pinstore_status
copy(struct ps_env *env, struct ps_txn *txn, void *arg,
     struct pinstore_error *error)
{
	struct ps_copy_plan plan = {.from = txn};
	enum pinstore_status status;
	struct ps_db_info info;
	int fd;

	(void)arg;
	ps_db_info(env->db, &info);
	status = make(env->shown, &fd, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_db_open_memory(fd, env->shown, ps_copy_map(info.used_bytes),
	                           true, &plan.to, error);
	if (status == PINSTORE_OK)
		status = ps_copy_all(&plan, error);
	ps_db_close(plan.to);
	if (status != PINSTORE_OK) {
		(void)close(fd);
		return status;
	}
	env->spare_fd = fd;
	atomic_store(&env->is_dead, true);
	return PINSTORE_OK;
}

enum pinstore_status
ps_memory_compact(struct ps_env *env, int limit_ms,
                  struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_writer_run(env, ps_clock_ms() + limit_ms, copy, NULL, error);
	/* At once, for what was removed is to be gone now. */
	if (status == PINSTORE_OK)
		status = ps_registry_renew(env, ps_clock_ms() + limit_ms,
		                           error);
	return status;
}
