/*
 * live.h - a host as it is now.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_LIVE_H
#define TOOL_LIVE_H

#include <stdbool.h>

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "options.h"

#define LIVE_PORT 443

/* What is done with a session whose certificate is valid. */
typedef enum pinstore_status live_fn(gnutls_session_t session, void *arg,
                                     struct pinstore_error *error);

/*
 * Connect to host (canonical) on port 443, by way of --resolve and
 * --connect-to, and verify its certificate against --cacert or the system's.
 * Nothing of HTTP is sent.  The status is that of use, or CHAIN: it was not
 * reached, or its certificate is not valid.
 */
enum pinstore_status
live_session(const struct options *options, const char *host, live_fn *use,
             void *arg, struct pinstore_error *error);

/* The word of such an error: "network", or that of its status. */
const char *
live_status_word(const struct pinstore_error *error);

/*
 * The validated chain of such a session.  False: *fault tells why, exit 4.
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
