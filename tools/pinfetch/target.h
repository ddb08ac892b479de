/*
 * target.h - where a hop goes: a URL whose host has its one canonical form.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical name is written back into the URL before libcurl sees it, so
 * that DNS, SNI, the certificate's name check and the pins all use one string.
 */
#ifndef FETCH_TARGET_H
#define FETCH_TARGET_H

#include <stdbool.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"

/* curl's exit codes. */
enum { FETCH_EXIT_PROTOCOL = 1, FETCH_EXIT_URL = 3 };

struct fetch_target {
	char *url; /* without user and password */
	char host[PINSTORE_HOST_MAX + 1];
	char *port;
	bool is_https;
	char *user; /* NULL = none in the URL */
	char *password;
};

/* What goes into the URL that the user asks for; each may be NULL. */
struct fetch_addition {
	const char *query; /* behind the query that it has */
	const char *file;  /* its name, if the path names none: -T */
};

/*
 * What the user asks for; without a scheme it is http.  False: *fault tells
 * why, codes 1 and 3.  addition may be NULL.  Either way fetch_target_clear()
 * ends *out.
 */
bool
fetch_target_read(const char *text, const struct fetch_addition *addition,
                  struct fetch_target *out, struct tool_fault *fault);

/* The same target again; fetch_target_clear() ends *out. */
void
fetch_target_copy(const struct fetch_target *target, struct fetch_target *out);

/* text with a scheme, http if it has none.  Owner: the caller. */
char *
fetch_target_whole(const char *text);

/* Whether libcurl would speak TLS to this proxy: one slash will do for it. */
bool
fetch_target_is_https_proxy(const char *proxy);

/* The same for a Location field that came from `from`. */
bool
fetch_target_follow(const struct fetch_target *from, const char *location,
                    struct fetch_target *out, struct tool_fault *fault);

/* The URL of target with the user and password of from.  Owner: the caller. */
char *
fetch_target_with_user(const struct fetch_target *target,
                       const struct fetch_target *from);

/* text, a URL, without user and password.  Owner: the caller. */
char *
fetch_target_without_user(const char *text);

/* Scheme, host and port: credentials go to the same origin only. */
bool
fetch_target_same_origin(const struct fetch_target *a,
                         const struct fetch_target *b);

void
fetch_target_clear(struct fetch_target *target);

#endif /* FETCH_TARGET_H */
