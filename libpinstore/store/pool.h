/*
 * pool.h - a few readers kept at hand, each with its slot and its cursor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Beginning a reader costs more the more readers there are; renewing a kept
 * one does not.  Any thread may take and give.
 */
#ifndef PS_STORE_POOL_H
#define PS_STORE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "store/db.h"

#define PS_POOL_MAX 8
#define PS_CACHE_LINE 64

struct ps_pool {
	struct {
		_Alignas(PS_CACHE_LINE) _Atomic(struct ps_txn *) txn;
	} slot[PS_POOL_MAX];
};

void
ps_pool_init(struct ps_pool *pool);

/* A resting reader, or NULL.  Owner: the caller. */
struct ps_txn *
ps_pool_take(struct ps_pool *pool);

/* Hand over a resting reader; false, and still the caller's, if all is full. */
bool
ps_pool_give(struct ps_pool *pool, struct ps_txn *txn);

/* End all that rest; or, in a child, forget what is the parent's. */
void
ps_pool_end(struct ps_pool *pool);
void
ps_pool_forget(struct ps_pool *pool);

#endif /* PS_STORE_POOL_H */
