/*
 * load.c - many entries at once into a store that has none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/load.h"

#include <string.h>

#include "store/counts.h"
#include "store/links.h"

struct item {
	struct ps_key key;
	struct ps_entry entry;
};

/* Learned entries of one domain that stand beside each other. */
struct run {
	size_t len;
	uint8_t domain[PINSTORE_HOST_MAX];
	uint64_t n;
};

enum pinstore_status
ps_load_may(struct ps_txn *txn, const struct ps_store_id *id, bool *may,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_spot last;

	*may = false;
	status = ps_links_before(txn, id, PS_HOSTS, NULL, &last, error);
	if (status == PINSTORE_OK)
		*may = last.key.len == sizeof(ps_links_head) &&
		       last.key.at[0] == ps_links_head[0];
	return status;
}

static enum pinstore_status
put_head(struct ps_txn *txn, const struct ps_store_id *id,
         const struct ps_key *first, struct pinstore_error *error)
{
	struct ps_bytes key = {ps_links_head, sizeof(ps_links_head)};
	uint8_t octets[PS_ENTRY_HEAD_LEN];
	struct ps_bytes record = {octets, 0};

	record.len = ps_entry_encode(
	        id, key.at, key.len, NULL,
	        ps_entry_next_hash(id, first->octets, first->len), octets);
	return ps_txn_put(txn, PS_HOSTS, key, record, error);
}

static enum pinstore_status
end_run(struct ps_txn *txn, const struct ps_store_id *id, struct run *run,
        struct pinstore_error *error)
{
	struct ps_bytes domain = {run->domain, run->len};
	uint64_t n = run->n;

	run->n = 0;
	if (n == 0)
		return PINSTORE_OK;
	return ps_counts_add(txn, id, domain, n, error);
}

/* Count the learned section of item, if it counts. */
static enum pinstore_status
count(struct ps_txn *txn, const struct ps_store_id *id, const struct item *item,
      struct run *run, struct pinstore_error *error)
{
	const struct ps_section *learned = &item->entry.section[PINSTORE_LEARNED];
	enum pinstore_status status;
	struct ps_bytes domain;

	if (!learned->is_present || learned->quota_labels == 0)
		return PINSTORE_OK;
	domain = ps_counts_domain(&item->key, learned->quota_labels);
	if (domain.len != run->len ||
	    memcmp(domain.at, run->domain, run->len) != 0) {
		status = end_run(txn, id, run, error);
		if (status != PINSTORE_OK)
			return status;
		run->len = domain.len;
		memcpy(run->domain, domain.at, domain.len);
	}
	run->n++;
	return PINSTORE_OK;
}

static enum pinstore_status
append(struct ps_txn *txn, const struct ps_store_id *id,
       const struct item *item, const struct item *next,
       struct pinstore_error *error)
{
	struct ps_bytes key = {item->key.octets, item->key.len};
	uint8_t octets[PS_ENTRY_LEN_MAX];
	struct ps_bytes record = {octets, 0};
	uint64_t hash = 0;

	if (next != NULL)
		hash = ps_entry_next_hash(id, next->key.octets, next->key.len);
	record.len = ps_entry_encode(id, key.at, key.len, &item->entry, hash,
	                             octets);
	return ps_txn_append(txn, PS_HOSTS, key, record, error);
}

enum pinstore_status
ps_load(struct ps_txn *txn, const struct ps_store_id *id, ps_load_fn *next,
        void *arg, struct pinstore_error *error)
{
	struct item items[2], *now = &items[0], *then = &items[1], *spare;
	struct run run = {0, {0}, 0};
	enum pinstore_status status;
	bool has_next;

	if (!next(&now->key, &now->entry, arg))
		return PINSTORE_OK;
	status = put_head(txn, id, &now->key, error);
	for (has_next = true; has_next && status == PINSTORE_OK;) {
		has_next = next(&then->key, &then->entry, arg);
		status = append(txn, id, now, has_next ? then : NULL, error);
		if (status == PINSTORE_OK)
			status = count(txn, id, now, &run, error);
		spare = now;
		now = then;
		then = spare;
	}
	if (status != PINSTORE_OK)
		return status;
	return end_run(txn, id, &run, error);
}
