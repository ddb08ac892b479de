/*
 * backup.c - copies of a store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include "api/handle.h"
#include "base/status.h"

#define LOCK_LIMIT_MS 5000

static enum pinstore_status
write_copy(struct pinstore *ps, const char *path, enum ps_copy_kind kind,
           int replace, uint64_t *hosts, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_progress step;
	uint64_t n = 0;

	ps_error_clear(error);
	if (hosts != NULL)
		*hosts = 0;
	if (ps == NULL || path == NULL || path[0] == '\0')
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: no store, or no path for the copy",
		               kind == PS_COPY_BACKUP ? "pinstore_backup"
		                                      : "pinstore_publish");
	step.tell = ps->progress;
	step.arg = ps->progress_arg;
	status = ps_store_backup(ps->store, path, kind, replace != 0, &step,
	                         &n, error);
	if (status == PINSTORE_OK && hosts != NULL)
		*hosts = n;
	return status;
}

enum pinstore_status
pinstore_backup(struct pinstore *ps, const char *path, int replace,
                uint64_t *hosts, struct pinstore_error *error)
{
	return write_copy(ps, path, PS_COPY_BACKUP, replace, hosts, error);
}

enum pinstore_status
pinstore_publish(struct pinstore *ps, const char *path, int replace,
                 uint64_t *hosts, struct pinstore_error *error)
{
	return write_copy(ps, path, PS_COPY_PUBLISHED, replace, hosts, error);
}

enum pinstore_status
pinstore_restore(const char *path, const char *from, int64_t now,
                 pinstore_progress_fn *progress, void *arg, uint64_t *hosts,
                 struct pinstore_error *error)
{
	const struct ps_progress step = {progress, arg};
	const struct ps_store_options options = {
		.lock_limit_ms = LOCK_LIMIT_MS,
	};
	enum pinstore_status status;
	uint64_t n = 0;

	ps_error_clear(error);
	if (hosts != NULL)
		*hosts = 0;
	if (path == NULL || path[0] == '\0' || from == NULL || from[0] == '\0')
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_restore: no path, or no backup");
	status = ps_store_restore(path, from, &options, now, &step, &n,
	                          error);
	if (status == PINSTORE_OK && hosts != NULL)
		*hosts = n;
	return status;
}
