/*
 * upload.h - -T: the file that is sent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_UPLOAD_H
#define FETCH_UPLOAD_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/fault.h"

struct fetch_upload {
	int fd;          /* -1 = nothing is sent */
	curl_off_t size; /* -1 = not known */
	bool was_read;
};

/*
 * path is - for stdin, or NULL for nothing.  False: *fault tells why.  Either
 * way fetch_upload_end() ends *out.
 */
bool
fetch_upload_begin(const char *path, struct fetch_upload *out,
                   struct tool_fault *fault);

/* From the start again.  False: it cannot be. */
bool
fetch_upload_rewind(struct fetch_upload *upload);

/* CURLOPT_READFUNCTION and CURLOPT_SEEKFUNCTION; arg is the upload. */
size_t
fetch_upload_read(char *data, size_t size, size_t n, void *arg);
int
fetch_upload_seek(void *arg, curl_off_t offset, int origin);

void
fetch_upload_end(struct fetch_upload *upload);

#endif /* FETCH_UPLOAD_H */
