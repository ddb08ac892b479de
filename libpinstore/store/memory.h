/*
 * memory.h - the file of a store that is on no file system.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It has no name, belongs to the process that made it, and goes with it,
 * however that ends.  No other process reads or writes it, so there is no lock
 * file: the environment's own lock keeps readers and writers apart
 * (ps_env_settle()).
 */
#ifndef PS_STORE_MEMORY_H
#define PS_STORE_MEMORY_H

#include <pinstore/pinstore.h>

#include "store/env.h"

/*
 * Make one with a store without entries.
 * Owner:  the caller, who closes *fd.  Errors: NOMEM, FULL, IO.
 */
enum pinstore_status
ps_memory_create(const char *shown, int *fd,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Put a copy that forgets what was removed in the place of env's.
 * Errors: as ps_compact_run().
 */
enum pinstore_status
ps_memory_compact(struct ps_env *env, int limit_ms,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_MEMORY_H */
