/*
 * answer.h - what the last answer was made of: its fields, its certificates.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For -w, in curl's words: "certificates" are what the server sent, and no path
 * that anything was judged by.
 */
#ifndef FETCH_ANSWER_H
#define FETCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <curl/curl.h>

/* Whether format has a variable for which libcurl must keep certificates. */
bool
fetch_answer_wants_certificates(const char *format);

int
fetch_answer_n_certificates(CURL *easy);
void
fetch_answer_certificates(CURL *easy, FILE *out);

size_t
fetch_answer_n_fields(CURL *easy);

/* The value of the first field of that name, or NULL; libcurl's. */
const char *
fetch_answer_field(CURL *easy, const char *name);

/* All fields as an object in JSON; easy may be NULL. */
void
fetch_answer_fields(CURL *easy, FILE *out);

/* text as a string in JSON, its octets as they are. */
void
fetch_answer_quote(const char *text, FILE *out);

#endif /* FETCH_ANSWER_H */
