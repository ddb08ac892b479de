/*
 * usage.c - what a store takes up, and who reads it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include "api/handle.h"
#include "api/sized.h"
#include "base/status.h"

enum pinstore_status
pinstore_usage(struct pinstore *ps, struct pinstore_usage *out,
               struct pinstore_error *error)
{
	struct pinstore_usage usage = {.latest = INT64_MIN};
	enum pinstore_status status;
	struct ps_usage found;

	ps_error_clear(error);
	if (ps == NULL || !ps_sized_write(out, &usage, sizeof(usage)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_usage: no store, or no place for it");
	status = ps_store_usage(ps->store, &found, error);
	if (status != PINSTORE_OK)
		return status;
	usage.file_octets = found.file_octets;
	usage.map_octets = found.map_octets;
	usage.limit_octets = found.limit_octets;
	usage.names = found.names;
	usage.commits = found.commits;
	usage.readers = found.readers;
	usage.readers_max = found.readers_max;
	usage.latest = found.latest;
	usage.used_octets = found.used_octets;
	(void)ps_sized_write(out, &usage, sizeof(usage));
	return PINSTORE_OK;
}
