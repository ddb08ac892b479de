/*
 * live.h - the validated chain of a host as it is now.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_LIVE_H
#define TOOL_LIVE_H

#include <stdbool.h>

#include <curl/curl.h>
#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "options.h"

/*
 * Connect to host (canonical) on port 443, by way of --resolve and
 * --connect-to, and verify its certificate against --cacert or the system's.
 * Nothing of HTTP is sent.  False: *fault tells why, exit 4.
 *
 * Owner: the caller, pinstore_chain_free().
 */
bool
live_chain(const struct options *options, const char *host,
           struct pinstore_chain **out, struct tool_fault *fault);

/* texts as libcurl wants them.  Owner: the caller, curl_slist_free_all(). */
struct curl_slist *
live_list(const char *const texts[], size_t n);

#endif /* TOOL_LIVE_H */
