/*
 * suffix.h - public suffixes and registrable domains (publicsuffix.org).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_SUFFIX_H
#define PS_API_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "model/host.h"

/* Whether host is a public suffix; a name of one label always is. */
bool
ps_suffix_is_public(const struct ps_host *host);

/*
 * Labels of the registrable domain of host, by which learned entries are
 * counted; all of its labels if it is a public suffix itself.
 */
size_t
ps_suffix_domain_labels(const struct ps_host *host);

#endif /* PS_API_SUFFIX_H */
