/*
 * form.h - -F: what a form is made of.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_FORM_H
#define FETCH_FORM_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/fault.h"
#include "pinfetch/options.h"

enum fetch_field_kind {
	FETCH_FIELD_DATA,  /* NAME=DATA, and what came from stdin */
	FETCH_FIELD_FILE,  /* NAME=@FILE */
	FETCH_FIELD_PLAIN, /* NAME=<FILE: its contents, no file to upload */
	FETCH_FIELD_OPEN,  /* NAME=( */
	FETCH_FIELD_CLOSE  /* =) */
};

struct fetch_field {
	enum fetch_field_kind kind;
	char *name;
	char *content; /* the data, or the path */
	size_t len;
	char *type;
	char *filename;
	char *encoder;
	struct curl_slist *headers;
};

/*
 * NAME=CONTENT[;type=][;filename=][;encoder=][;headers=]...  False: *fault
 * tells why.
 */
bool
fetch_form_add(const char *argument, struct fetch_options *options,
               struct tool_fault *fault);

/*
 * The form for easy.  Owner: the caller, curl_mime_free() before easy goes.
 */
CURLcode
fetch_form_build(const struct fetch_options *options, CURL *easy,
                 curl_mime **out);

void
fetch_form_clear(struct fetch_options *options);

#endif /* FETCH_FORM_H */
