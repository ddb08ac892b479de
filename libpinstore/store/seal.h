/*
 * seal.h - data files that nobody writes, and that need no lock therefore.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A published store and a backup say so in their schema record: such a file is
 * replaced as a whole and never changed.  Of a store that others may write
 * nothing can be read without a lock: their commits take its pages, and hosts
 * that are stored are not found.
 */
#ifndef PS_STORE_SEAL_H
#define PS_STORE_SEAL_H

#include <stdbool.h>

#include <pinstore/pinstore.h>

#include "store/env.h"

/*
 * Whether the store in dir_fd has no lock file that this process could write,
 * but a data file: so that it can be opened at most as ps_env_start_sealed()
 * does.
 */
bool
ps_seal_is_candidate(int dir_fd);

/*
 * Whether env, just opened without a lock, may be used so: for the system's
 * store it must be published.
 * Errors: ACCESS; and NOTFOUND, without text: open it as others are.
 */
enum pinstore_status
ps_seal_judge(const struct ps_env *env, bool is_system,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Whether env, which is entered, may be written.  Errors: READONLY. */
enum pinstore_status
ps_seal_may_write(const struct ps_env *env,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_SEAL_H */
