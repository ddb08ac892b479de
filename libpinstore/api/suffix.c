/*
 * suffix.c - public suffixes by libpsl's built-in list.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list that libpsl was built with is used, not the system's file: the
 * library opens nothing but its store.
 */
#include <config.h>

#include "api/suffix.h"

#include <libpsl.h>

bool
ps_suffix_is_public(const struct ps_host *host)
{
	return psl_is_public_suffix(psl_builtin(), host->name) != 0;
}

size_t
ps_suffix_domain_labels(const struct ps_host *host)
{
	const char *domain, *at;
	size_t n = 1;

	domain = psl_registrable_domain(psl_builtin(), host->name);
	if (domain == NULL)
		return ps_host_labels(host);
	for (at = domain; *at != '\0'; at++)
		n += *at == '.';
	return n;
}
