/*
 * registry.h - the environments that this process has open.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB allows one environment of a store in a process, and none across fork().
 * So every open goes through one list, and a page that the kernel wipes in a
 * child tells of the fork.
 */
#ifndef PS_STORE_REGISTRY_H
#define PS_STORE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

struct ps_env;

struct ps_registry_want {
	const char *path; /* from the root */
	bool read_only;
	bool is_system; /* published, or none */
	bool is_forced_open; /* to be judged: not before it is opened */
	bool may_be_remote;  /* on a file system that other machines have too */
	uint64_t map_bytes;
	uint64_t max_bytes;
};

/*
 * A share in the environment of want->path, opened or created if need be.
 * With read_only an empty directory gives OK and NULL; with is_system also none.
 *
 * Owner:  the caller, who ends *out with ps_registry_release().
 * Errors: NOTFOUND (read_only, none there), ACCESS, NOMEM, BUSY, FULL, IO,
 *         VERSION, DAMAGED, REMOTE.
 */
enum pinstore_status
ps_registry_share(const struct ps_registry_want *want, int64_t deadline_ms,
                  struct ps_env **out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * A new store in memory; want has the limits, and a word for messages in the
 * place of the path.  Owner: as above.  Errors: NOMEM, BUSY, FULL, IO.
 */
enum pinstore_status
ps_registry_make(const struct ps_registry_want *want, int64_t deadline_ms,
                 struct ps_env **out,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

void
ps_registry_release(struct ps_env *env);

/*
 * Open env anew, unless another thread has.  The caller has not entered it,
 * but may hold the gate.  Errors: as share, but a store that is gone is
 * DAMAGED and is not created again.
 */
enum pinstore_status
ps_registry_renew(struct ps_env *env, int64_t deadline_ms,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

struct ps_refill;

/*
 * ps_compact_replace() for the store in path, which cannot be opened.
 * Errors: as that; NOTFOUND.
 */
enum pinstore_status
ps_registry_replace(const char *path, const struct ps_refill *refill,
                    int64_t deadline_ms,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* To be called before anything of an environment is touched; cheap. */
void
ps_registry_notice_fork(void);

#endif /* PS_STORE_REGISTRY_H */
