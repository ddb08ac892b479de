/*
 * options.c - the command line of pinfetch.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/text.h"
#include "pinfetch/material.h"
#include "pinfetch/table.h"
#include "pinfetch/target.h"

#define MAX_REDIRECTS 50

/* The two tables that getopt_long() wants. */
static void
make_tables(struct option longs[FETCH_ROWS + 1],
            char letters[2 * FETCH_ROWS + 2])
{
	size_t n = 0;

	letters[n++] = ':';
	for (size_t i = 0; i < FETCH_ROWS; i++) {
		longs[i].name = fetch_rows[i].name;
		longs[i].has_arg = fetch_rows[i].argument ? required_argument
		                                    : no_argument;
		longs[i].flag = NULL;
		longs[i].val = fetch_rows[i].id;
		if (fetch_rows[i].id >= 256)
			continue;
		letters[n++] = (char)fetch_rows[i].id;
		if (fetch_rows[i].argument)
			letters[n++] = ':';
	}
	letters[n] = '\0';
	longs[FETCH_ROWS] = (struct option){0};
}

static void
add_url(struct fetch_options *options, const char *url)
{
	options->urls = tool_grow(options->urls, options->n_urls,
	                          sizeof(*options->urls));
	options->urls[options->n_urls++] = url;
}

static void
add_output(struct fetch_options *options, const char *path)
{
	options->outputs = tool_grow(options->outputs, options->n_outputs,
	                             sizeof(*options->outputs));
	options->outputs[options->n_outputs++] =
	        (struct fetch_output){.path = path, .is_remote_name = !path};
}

/* Seconds with up to three decimals. */
static bool
read_seconds(const char *text, long *milliseconds)
{
	size_t n = strcspn(text, ".");
	size_t decimals = text[n] ? strlen(text + n + 1) : 0;
	int64_t whole = 0;
	int64_t part = 0;

	if ((n > 0 &&
	     !tool_parse_number(text, n, INT_MAX / 1000 - 1, &whole)) ||
	    n + decimals == 0 || decimals > 3 ||
	    (decimals > 0 &&
	     !tool_parse_number(text + n + 1, decimals, 999, &part)))
		return false;
	for (; decimals < 3; decimals++)
		part *= 10;
	*milliseconds = (long)(whole * 1000 + part);
	return true;
}

static bool
take_number(const struct fetch_row *row, const char *argument,
            struct fetch_options *options, struct tool_fault *fault)
{
	int64_t number = -1;
	bool is_good;

	if (row->id == 'm') {
		is_good = read_seconds(argument, &options->timeout_ms);
	} else {
		is_good = strcmp(argument, "-1") == 0 ||
		          tool_parse_number(argument, strlen(argument),
		                            INT_MAX, &number);
		options->max_redirects = (long)number;
	}
	if (!is_good)
		tool_fault_usage(fault, NULL, NULL,
		                 "--%s wants a number, not '%s'", row->name,
		                 argument);
	return is_good;
}

static bool
take_proxy(const char *argument, struct fetch_options *options,
           struct tool_fault *fault)
{
	if (fetch_target_is_https_proxy(argument)) {
		tool_fault_usage(fault, "--proxy",
		                 "use a proxy that is spoken to in plain HTTP",
		                 "%s: what is sent to an HTTPS proxy leaves "
		                 "before pins can be asked",
		                 argument);
		return false;
	}
	options->proxy = argument;
	return true;
}

/* Options with an argument. */
static bool
take_argument(const struct fetch_row *row, const char *argument,
              struct fetch_options *options, struct tool_fault *fault)
{
	switch (row->id) {
	case 'o':
		add_output(options, argument);
		break;
	case 'w':
		return fetch_material_format(argument, options, fault);
	case 'X':
		options->method = argument;
		break;
	case 'H':
		return fetch_material_header(argument, options, fault);
	case 'd':
		return fetch_material_data(argument, options, fault);
	case 'm':
	case FETCH_OPT_MAX_REDIRS:
		return take_number(row, argument, options, fault);
	case 'x':
		return take_proxy(argument, options, fault);
	case FETCH_OPT_CACERT:
		options->cacert = argument;
		break;
	case FETCH_OPT_RESOLVE:
		fetch_material_append(&options->resolve, argument);
		break;
	case FETCH_OPT_CONNECT_TO:
		fetch_material_append(&options->connect_to, argument);
		break;
	case FETCH_OPT_STORE:
		options->store = argument;
		break;
	}
	return true;
}

/* Options without. */
static void
take_switch(const struct fetch_row *row, struct fetch_options *options,
            enum fetch_wish *wish)
{
	switch (row->id) {
	case 'O':
		add_output(options, NULL);
		break;
	case 'i':
		options->include = true;
		break;
	case 'I':
		options->head = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 's':
		options->silent = true;
		break;
	case 'S':
		options->show_error = true;
		break;
	case 'f':
		options->fail = true;
		break;
	case 'L':
		options->location = true;
		break;
	case 'k':
		options->insecure = true;
		break;
	case FETCH_OPT_HTTP11:
		options->http_version = CURL_HTTP_VERSION_1_1;
		break;
	case FETCH_OPT_HTTP2:
		options->http_version = CURL_HTTP_VERSION_2_0;
		break;
	case FETCH_OPT_TLS12:
		options->tls_version = CURL_SSLVERSION_TLSv1_2;
		break;
	case FETCH_OPT_TLS13:
		options->tls_version = CURL_SSLVERSION_TLSv1_3;
		break;
	case FETCH_OPT_NO_LEARN:
		options->no_learn = true;
		break;
	case FETCH_OPT_REQUIRE_PIN:
		options->require_pin = true;
		break;
	case 'h':
		*wish = FETCH_HELP;
		break;
	case 'V':
		*wish = FETCH_VERSION;
		break;
	}
}

/* What getopt_long() made of an option that it does not like. */
static void
tell_unknown(int what, const char *argument, struct tool_fault *fault)
{
	static const char hint[] = "pinfetch --help lists all options";
	const char *words[FETCH_ROWS + 1] = {NULL};
	char name[64] = "";
	const char *nearest;

	if (what == ':') {
		tool_fault_usage(fault, argument, hint, "needs an argument");
		return;
	}
	if (optopt > 0 && optopt < 256 && strncmp(argument, "--", 2) != 0) {
		tool_fault_usage(fault, NULL, hint, "unknown option -%c",
		                 optopt);
		return;
	}
	(void)snprintf(name, sizeof(name), "%.*s",
	               (int)strcspn(argument + 2, "="), argument + 2);
	for (size_t i = 0; i < FETCH_ROWS; i++)
		words[i] = fetch_rows[i].name;
	nearest = tool_nearest(name, words);
	if (optopt != 0)
		tool_fault_usage(fault, NULL, hint,
		                 "option --%s takes no argument", name);
	else if (nearest)
		tool_fault_usage(fault, NULL, hint,
		                 "unknown option --%s; did you mean --%s?",
		                 name, nearest);
	else
		tool_fault_usage(fault, NULL, hint, "unknown option --%s",
		                 name);
}

static bool
check_whole(const struct fetch_options *options, struct tool_fault *fault)
{
	if (options->n_urls == 0) {
		tool_fault_usage(fault, NULL, "pinfetch --help tells more",
		                 "no URL");
		return false;
	}
	if (options->head && options->data) {
		tool_fault_usage(fault, NULL, NULL,
		                 "-I and -d ask for two different methods");
		return false;
	}
	return true;
}

bool
fetch_options_read(int argc, char *argv[], struct fetch_options *out,
                   enum fetch_wish *wish, struct tool_fault *fault)
{
	struct option longs[FETCH_ROWS + 1];
	char letters[2 * FETCH_ROWS + 2];
	int id;

	*out = (struct fetch_options){0};
	out->max_redirects = MAX_REDIRECTS;
	out->http_version = CURL_HTTP_VERSION_2TLS;
	out->tls_version = CURL_SSLVERSION_DEFAULT;
	*wish = FETCH_RUN;
	make_tables(longs, letters);
	opterr = 0;
	while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct fetch_row *row = fetch_table_find(id);

		if (id == ':' || id == '?' || !row) {
			tell_unknown(id, argv[optind - 1], fault);
			return false;
		}
		if (!row->argument)
			take_switch(row, out, wish);
		else if (!take_argument(row, optarg, out, fault))
			return false;
	}
	for (int i = optind; i < argc; i++)
		add_url(out, argv[i]);
	return *wish != FETCH_RUN || check_whole(out, fault);
}

void
fetch_options_free(struct fetch_options *options)
{
	curl_slist_free_all(options->connect_to);
	curl_slist_free_all(options->resolve);
	curl_slist_free_all(options->headers);
	free(options->data);
	free(options->write_out);
	free(options->outputs);
	free(options->urls);
}
