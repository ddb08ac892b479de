/*
 * pool.c - a few readers kept at hand, each with its slot and its cursor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/pool.h"

#include <stdint.h>

/*
 * Where a thread looks first: its stack tells threads apart, so that each one
 * mostly finds what it gave, without a line of cache going to and fro.
 */
static size_t
first_slot(void)
{
	const char here = 0;
	uintptr_t at = (uintptr_t)&here;

	return (size_t)((at >> 16) ^ (at >> 23)) % PS_POOL_MAX;
}

void
ps_pool_init(struct ps_pool *pool)
{
	size_t i;

	for (i = 0; i < PS_POOL_MAX; i++)
		atomic_init(&pool->slot[i].txn, NULL);
}

struct ps_txn *
ps_pool_take(struct ps_pool *pool)
{
	size_t first = first_slot(), i;

	for (i = 0; i < PS_POOL_MAX; i++) {
		_Atomic(struct ps_txn *) *slot =
		        &pool->slot[(first + i) % PS_POOL_MAX].txn;
		struct ps_txn *txn;

		if (atomic_load_explicit(slot, memory_order_relaxed) == NULL)
			continue;
		txn = atomic_exchange_explicit(slot, NULL,
		                               memory_order_acquire);
		if (txn != NULL)
			return txn;
	}
	return NULL;
}

bool
ps_pool_give(struct ps_pool *pool, struct ps_txn *txn)
{
	size_t first = first_slot(), i;

	for (i = 0; i < PS_POOL_MAX; i++) {
		struct ps_txn *none = NULL;

		if (atomic_compare_exchange_strong_explicit(
		            &pool->slot[(first + i) % PS_POOL_MAX].txn, &none,
		            txn, memory_order_release, memory_order_relaxed))
			return true;
	}
	return false;
}

void
ps_pool_end(struct ps_pool *pool)
{
	struct ps_txn *txn;

	while ((txn = ps_pool_take(pool)) != NULL)
		ps_txn_abort(txn);
}

void
ps_pool_forget(struct ps_pool *pool)
{
	struct ps_txn *txn;

	while ((txn = ps_pool_take(pool)) != NULL)
		ps_txn_forget(txn);
}
