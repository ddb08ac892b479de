/*
 * hsts.h - hosts that are only asked by https, from a file of curl's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcurl reads such a file itself, but (7.88) writes it anew at the end,
 * whatever it is told.
 */
#ifndef TOOL_HSTS_H
#define TOOL_HSTS_H

#include <stddef.h>

#include <curl/curl.h>

struct tool_hsts {
	char *text; /* NULL = there is none */
	size_t len;
	size_t at; /* what has been read of it */
};

/*
 * A file that cannot be read has no hosts.  Owner: tool_hsts_end() ends *out.
 */
void
tool_hsts_begin(const char *path, struct tool_hsts *out);

/* CURLOPT_HSTSREADFUNCTION; arg is a struct tool_hsts. */
CURLSTScode
tool_hsts_next(CURL *easy, struct curl_hstsentry *entry, void *arg);

void
tool_hsts_end(struct tool_hsts *hsts);

#endif /* TOOL_HSTS_H */
