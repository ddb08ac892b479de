/*
 * options.h - the command line of pinfetch.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An option that curl has means what it means in curl.  Without memory the
 * program ends, see common/memory.h.
 */
#ifndef FETCH_OPTIONS_H
#define FETCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <curl/curl.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"

/* Transfers at a time with -Z: by default, and at most. */
#define FETCH_PARALLEL 50
#define FETCH_PARALLEL_MAX 300

/* Where the n-th URL's answer goes. */
struct fetch_output {
	const char *path;    /* "-" = stdout */
	bool is_remote_name; /* -O: path is NULL */
};

/* Text in pieces: -d and what is like it. */
struct fetch_text {
	char *text; /* NULL = none; ended by a NUL that len does not count */
	size_t len;
};

/* Trust on first use. */
enum fetch_tofu {
	FETCH_TOFU_OFF = 0,
	FETCH_TOFU_ACCEPT,
	FETCH_TOFU_ASK,
	FETCH_TOFU_STRICT
};

/* What becomes of failure reports. */
enum fetch_reporting {
	FETCH_REPORT_QUEUE = 0,
	FETCH_REPORT_NOW,
	FETCH_REPORT_OFF
};

struct fetch_options {
	const char **urls;
	size_t n_urls;
	struct fetch_output *outputs;
	size_t n_outputs;
	size_t all_named_from; /* --remote-name-all: -O if there is no -o */
	const char **uploads; /* -T of the n-th URL; "-" = stdin, "" = none */
	size_t n_uploads;
	char **kept; /* what the others point to, if not into argv */
	size_t n_kept;
	size_t config_depth; /* of -K within -K */

	bool include;
	bool head;
	bool verbose;
	bool silent;
	bool show_error;
	bool fail;
	bool fail_with_body;
	bool location;
	bool insecure;
	bool no_learn;
	bool require_pin;
	enum fetch_tofu tofu;
	enum fetch_reporting report;
	bool strict_header;
	bool pin_info;
	bool get;
	bool compressed;
	bool netrc;
	bool create_dirs;
	bool parallel;
	bool parallel_immediate;
	bool progress_bar;
	bool no_progress;
	bool header_name; /* -J */
	bool remote_time;
	bool continue_here; /* -C - */

	char *write_out;    /* NULL = none */
	const char *method; /* -X, or NULL */
	struct curl_slist *headers;
	struct fetch_text data;
	struct fetch_text query; /* --url-query */
	bool has_json;
	struct fetch_field *form; /* -F, see form.h */
	size_t n_form;
	char *user;     /* -u, or NULL */
	char *password; /* not NULL if user is not */
	const char *agent;
	char *referer;
	bool auto_referer;
	char *range;
	curl_off_t offset; /* -C; 0 = from the start */
	char *cookie;      /* NAME=VALUE; ... */
	struct curl_slist *cookie_files;
	const char *cookie_jar;
	const char *dump_header;
	const char *output_dir;
	const char *hsts;

	long timeout_ms;         /* 0 = none */
	long connect_timeout_ms; /* 0 = libcurl's */
	long max_redirects;      /* -1 = without end */
	long retries;
	long parallel_max; /* transfers at a time */
	curl_off_t rate; /* octets a second; 0 = unlimited */

	const char *cacert;
	const char *capath;
	char *cert;
	char *cert_password; /* or NULL */
	const char *key;
	struct curl_slist *resolve;
	struct curl_slist *connect_to;
	const char *proxy;
	const char *noproxy;
	long ip_version;
	long http_version;
	long tls_version;
	bool has_pinned; /* --pinnedpubkey */
	struct pinstore_pin *pinned;
	size_t n_pinned;
	const char *store;
};

enum fetch_wish { FETCH_RUN, FETCH_HELP, FETCH_VERSION };

/*
 * Read the command line; options keep pointers into argv.  False: *fault tells
 * why.  Either way fetch_options_free() ends *out.
 */
bool
fetch_options_read(int argc, char *argv[], struct fetch_options *out,
                   enum fetch_wish *wish, struct tool_fault *fault);

/*
 * Take one option from elsewhere: name is --NAME, -X or NAME; argument may be
 * NULL.  Both are copied if they are kept.  False: *fault tells why.
 */
bool
fetch_options_take(struct fetch_options *options, const char *name,
                   const char *argument, enum fetch_wish *wish,
                   struct tool_fault *fault);

void
fetch_options_free(struct fetch_options *options);

/* What --help prints, from the table that the options are read by. */
void
fetch_options_help(FILE *out);

#endif /* FETCH_OPTIONS_H */
