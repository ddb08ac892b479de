/*
 * restore.c - a backup in the place of a store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/compact.h"
#include "store/env.h"
#include "store/fsck.h"
#include "store/registry.h"
#include "store/store.h"

/* It grows with what is read, and with what others write. */
#define MAP_BYTES ((uint64_t)64 << 20)

/* The store itself, while it is in use; or, damaged, while it is not. */
static enum pinstore_status
put(const char *path, const struct ps_env *from,
    const struct ps_registry_want *want, int limit_ms,
    const struct ps_refill *refill, struct pinstore_error *error)
{
	struct ps_env *env = NULL;
	enum pinstore_status status;

	status = ps_registry_share(want, ps_clock_ms() + limit_ms, &env, error);
	if (status == PINSTORE_ERR_DAMAGED)
		return ps_registry_replace(path, refill,
		                           ps_clock_ms() + limit_ms, error);
	if (status == PINSTORE_OK && env == from)
		status = ps_fail(error, PINSTORE_ERR_ARG,
		                 "store %s: cannot be restored from itself",
		                 path);
	else if (status == PINSTORE_OK)
		status = ps_compact_refill(env, limit_ms, refill, error);
	ps_registry_release(env);
	return status;
}

static enum pinstore_status
restore(const char *path, const char *from,
        const struct ps_store_options *options, struct ps_refill *refill,
        uint64_t *hosts, struct pinstore_error *error)
{
	const int limit_ms = options->lock_limit_ms;
	struct ps_registry_want want = {
		.path = from,
		.read_only = true,
		.map_bytes = MAP_BYTES,
		.max_bytes = PS_STORE_MAX_BYTES,
	};
	enum pinstore_status status;
	struct ps_env *env = NULL;
	struct ps_db_info info;

	status = ps_registry_share(&want, ps_clock_ms() + limit_ms, &env,
	                           error);
	if (status != PINSTORE_OK)
		return status;
	if (env == NULL)
		return ps_fail(error, PINSTORE_ERR_NOTFOUND,
		               "store %s: there is none", from);
	status = ps_env_read(env, limit_ms, &refill->from, error);
	if (status != PINSTORE_OK) {
		ps_registry_release(env);
		return status;
	}
	ps_db_info(env->db, &info);
	refill->used_bytes = info.used_bytes;
	want.path = path;
	want.read_only = false;
	want.may_be_remote = options->may_be_remote;
	status = ps_txn_count(refill->from, PS_HOSTS, hosts, error);
	/* Damage is not put in the place of what is sound. */
	if (status == PINSTORE_OK)
		status = ps_fsck_prove(env, refill->from, "restored", error);
	if (status == PINSTORE_OK)
		status = put(path, env, &want, limit_ms, refill, error);
	ps_env_done(env, refill->from);
	ps_registry_release(env);
	if (*hosts > 0)
		--*hosts; /* the head record */
	return status;
}

enum pinstore_status
ps_store_restore(const char *path, const char *from,
                 const struct ps_store_options *options, int64_t now,
                 const struct ps_progress *step, uint64_t *hosts,
                 struct pinstore_error *error)
{
	struct ps_refill refill = {.now = now};
	char *to = NULL, *source = NULL;
	enum pinstore_status status;

	*hosts = 0;
	if (step != NULL)
		refill.step = *step;
	status = ps_path_absolute(path, &to, error);
	if (status == PINSTORE_OK)
		status = ps_path_absolute(from, &source, error);
	if (status == PINSTORE_OK)
		status = restore(to, source, options, &refill, hosts, error);
	free(to);
	free(source);
	return status;
}
