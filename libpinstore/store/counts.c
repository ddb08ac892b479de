/*
 * counts.c - learned entries, counted for the quotas.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/counts.h"

#include "base/octets.h"
#include "base/status.h"
#include "store/meta.h"
#include "store/record.h"

#define COUNT_LEN 8
#define BAD "its count of a domain's entries"

struct ps_bytes
ps_counts_domain(const struct ps_key *key, size_t labels)
{
	struct ps_bytes domain = {key->octets, 0};

	while (domain.len < key->len) {
		if (key->octets[domain.len] == '.' && --labels == 0)
			break;
		domain.len++;
	}
	return domain;
}

/* A domain that has no record has no entry. */
static enum pinstore_status
read_domain(struct ps_txn *txn, const struct ps_store_id *id,
            struct ps_bytes domain, uint64_t *out,
            struct pinstore_error *error)
{
	struct ps_bytes body;
	enum pinstore_status status;

	*out = 0;
	status = ps_record_get(txn, id, PS_QUOTA, domain, BAD, &body, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return PINSTORE_OK;
	if (status != PINSTORE_OK)
		return status;
	if (body.len != COUNT_LEN || ps_get_le64(body.at) == 0)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      BAD, error);
	*out = ps_get_le64(body.at);
	return PINSTORE_OK;
}

static enum pinstore_status
add_domain(struct ps_txn *txn, const struct ps_store_id *id,
           struct ps_bytes domain, bool up, uint64_t n,
           struct pinstore_error *error)
{
	uint8_t body[COUNT_LEN];
	enum pinstore_status status;
	uint64_t count;

	status = read_domain(txn, id, domain, &count, error);
	if (status != PINSTORE_OK)
		return status;
	if (!up && count < n)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      BAD, error);
	count = up ? count + n : count - n;
	if (count == 0)
		return ps_txn_delete(txn, PS_QUOTA, domain, error);
	ps_put_le64(body, count);
	return ps_record_put(txn, id, PS_QUOTA, domain, body, sizeof(body),
	                     error);
}

static enum pinstore_status
add_total(struct ps_txn *txn, const struct ps_store_id *id, bool up, uint64_t n,
          struct pinstore_error *error)
{
	enum pinstore_status status;
	uint64_t count;

	status = ps_meta_number(txn, id, PS_NUMBER_LEARNED, &count, error);
	if (status != PINSTORE_OK)
		return status;
	if (!up && count < n)
		return ps_record_fail(ps_txn_path(txn), PINSTORE_ERR_DAMAGED,
		                      "its count of entries", error);
	return ps_meta_set_number(txn, id, PS_NUMBER_LEARNED,
	                          up ? count + n : count - n, error);
}

enum pinstore_status
ps_counts_move(struct ps_txn *txn, const struct ps_store_id *id,
               const struct ps_key *key, size_t from, size_t to,
               struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;

	if (from == to)
		return PINSTORE_OK;
	if (from != 0)
		status = add_domain(txn, id, ps_counts_domain(key, from), false,
		                    1, error);
	if (status == PINSTORE_OK && to != 0)
		status = add_domain(txn, id, ps_counts_domain(key, to), true, 1,
		                    error);
	if (status == PINSTORE_OK && (from == 0 || to == 0))
		status = add_total(txn, id, to != 0, 1, error);
	return status;
}

enum pinstore_status
ps_counts_add(struct ps_txn *txn, const struct ps_store_id *id,
              struct ps_bytes domain, uint64_t n, struct pinstore_error *error)
{
	enum pinstore_status status;

	status = add_domain(txn, id, domain, true, n, error);
	if (status != PINSTORE_OK)
		return status;
	return add_total(txn, id, true, n, error);
}

enum pinstore_status
ps_counts_get(struct ps_txn *txn, const struct ps_store_id *id,
              const struct ps_key *key, size_t labels, uint64_t *domain,
              uint64_t *total, struct pinstore_error *error)
{
	enum pinstore_status status;

	*domain = 0;
	*total = 0;
	status = ps_meta_number(txn, id, PS_NUMBER_LEARNED, total, error);
	if (status == PINSTORE_OK && labels > 0)
		status = read_domain(txn, id, ps_counts_domain(key, labels),
		                     domain, error);
	return status;
}
