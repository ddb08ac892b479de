/*
 * upgrade.c - make an older store one of this schema.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/upgrade.h"

#include "store/meta.h"
#include "store/orders.h"
#include "store/reports.h"

enum pinstore_status
ps_upgrade(struct ps_txn *txn, const struct ps_store_id *id,
           struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_schema schema;
	struct ps_orders orders;
	struct ps_queue queue;

	status = ps_meta_schema(txn, &schema, error);
	if (status != PINSTORE_OK || schema.schema >= PS_SCHEMA)
		return status;
	/* The tables must be as empty as the schema says. */
	status = ps_orders_load(txn, id, &orders, error);
	if (status == PINSTORE_OK)
		status = ps_reports_load(txn, id, &queue, error);
	if (status == PINSTORE_OK && schema.schema < PS_SCHEMA_ORDERS)
		status = ps_orders_create(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_reports_create(txn, id, error);
	if (status == PINSTORE_OK)
		status = ps_meta_require(txn, schema.min_reader, PS_SCHEMA,
		                         error);
	return status;
}
