/*
 * options.c - the command line of pinfetch.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/options.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/text.h"
#include "pinfetch/argument.h"
#include "pinfetch/configfile.h"
#include "pinfetch/form.h"
#include "pinfetch/material.h"
#include "pinfetch/pinned.h"
#include "pinfetch/table.h"
#include "pinfetch/target.h"

#define MAX_REDIRECTS 50
/* What getopt_long() returns for an argument that is no option's. */
#define PLAIN 1

/* The two tables that getopt_long() wants. */
static void
make_tables(struct option longs[FETCH_ROWS_MAX],
            char letters[2 * FETCH_ROWS_MAX + 3])
{
	size_t n = 0;
	size_t i;

	letters[n++] = '-'; /* in the order in which they stand */
	letters[n++] = ':';
	for (i = 0; fetch_rows[i].name; i++) {
		longs[i].name = fetch_rows[i].name;
		longs[i].has_arg = !fetch_rows[i].argument ? no_argument
		                   : fetch_row_may_lack_argument(&fetch_rows[i])
		                           ? optional_argument
		                           : required_argument;
		longs[i].flag = NULL;
		longs[i].val = fetch_rows[i].id;
		if (fetch_rows[i].id >= 256)
			continue;
		letters[n++] = (char)fetch_rows[i].id;
		if (fetch_rows[i].argument)
			letters[n++] = ':';
	}
	letters[n] = '\0';
	longs[i] = (struct option){0};
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

static void
add_upload(struct fetch_options *options, const char *path)
{
	assert(path); /* -T cannot lack it */
	options->uploads = tool_grow(options->uploads, options->n_uploads,
	                             sizeof(*options->uploads));
	options->uploads[options->n_uploads++] =
	        strcmp(path, ".") == 0 ? "-" : path;
}

/* As in curl: for the URLs that come from here on. */
static void
name_all(struct fetch_options *options)
{
	size_t n = options->n_urls;

	if (n < options->n_outputs)
		n = options->n_outputs;
	if (n < options->n_uploads)
		n = options->n_uploads;
	if (n < options->all_named_from)
		options->all_named_from = n;
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

static bool
refuse_proxy_cacert(struct tool_fault *fault)
{
	tool_fault_usage(fault, "--proxy-cacert",
	                 "use a proxy that is spoken to in plain HTTP",
	                 "not supported: what is sent to an HTTPS proxy leaves "
	                 "before pins can be asked");
	return false;
}

/* Options with an argument that is data, or a name of it. */
static bool
take_material(const struct fetch_row *row, const char *argument,
              struct fetch_options *options, struct tool_fault *fault)
{
	switch (row->id) {
	case 'w':
		return fetch_material_format(argument, options, fault);
	case 'H':
		return fetch_material_header(argument, options, fault);
	case 'd':
		return fetch_material_data(argument, FETCH_DATA_LINES, options,
		                           fault);
	case FETCH_OPT_DATA_BINARY:
		return fetch_material_data(argument, FETCH_DATA_BINARY, options,
		                           fault);
	case FETCH_OPT_DATA_RAW:
		return fetch_material_data(argument, FETCH_DATA_RAW, options,
		                           fault);
	case FETCH_OPT_JSON:
		return fetch_material_data(argument, FETCH_DATA_JSON, options,
		                           fault);
	case FETCH_OPT_DATA_URLENCODE:
		return fetch_material_encoded(argument, &options->data, fault);
	case FETCH_OPT_URL_QUERY:
		return fetch_material_query(argument, options, fault);
	case 'F':
		return fetch_form_add(argument, options, fault);
	case FETCH_OPT_PINNEDPUBKEY:
		return fetch_pinned_read(argument, options, fault);
	}
	return fetch_argument_take(row, argument, options, fault);
}

static bool
take_output(const char *argument, struct fetch_options *options,
            struct tool_fault *fault)
{
	assert(argument); /* -o cannot lack it */
	add_output(options, argument);
	if (argument[0])
		return true;
	tool_fault_usage(fault, "--output", NULL, "no file has an empty name");
	return false;
}

/* Options with an argument. */
static bool
take_argument(const struct fetch_row *row, const char *argument,
              struct fetch_options *options, enum fetch_wish *wish,
              struct tool_fault *fault)
{
	switch (row->id) {
	case 'o':
		return take_output(argument, options, fault);
	case 'T':
		add_upload(options, argument);
		return true;
	case FETCH_OPT_URL:
		add_url(options, argument);
		return true;
	case 'K':
		return fetch_configfile_read(argument, options, wish, fault);
	case 'x':
		return take_proxy(argument, options, fault);
	case FETCH_OPT_PROXY_CACERT:
		return refuse_proxy_cacert(fault);
	}
	return take_material(row, argument, options, fault);
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
	case FETCH_OPT_REMOTE_NAME_ALL:
		name_all(options);
		break;
	case '4':
	case '6':
		options->ip_version = row->id == '4' ? CURL_IPRESOLVE_V4
		                                     : CURL_IPRESOLVE_V6;
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
	case 'h':
		*wish = FETCH_HELP;
		break;
	case 'V':
		*wish = FETCH_VERSION;
		break;
	}
}

/* argument is NULL for options without one, and lives as long as options. */
static bool
take(const struct fetch_row *row, const char *argument,
     struct fetch_options *options, enum fetch_wish *wish,
     struct tool_fault *fault)
{
	char *member = (char *)options + row->member;

	switch (row->how) {
	case FETCH_FLAG:
		*(bool *)(void *)member = true;
		return true;
	case FETCH_TEXT:
		*(const char **)(void *)member = argument;
		return true;
	case FETCH_LIST:
		fetch_material_append((struct curl_slist **)(void *)member,
		                      argument);
		return true;
	case FETCH_CALL:
		break;
	}
	if (row->argument)
		return take_argument(row, argument, options, wish, fault);
	take_switch(row, options, wish);
	return true;
}

static const char hint[] = "pinfetch --help lists all options";

/* --NAME is not known, or begins several; the nearest that is. */
static void
tell_unknown_name(const char *name, struct tool_fault *fault)
{
	const char *words[FETCH_ROWS_MAX] = {NULL};
	bool is_ambiguous = false;
	const char *nearest;

	(void)fetch_table_named(name, &is_ambiguous);
	if (is_ambiguous) {
		tool_fault_usage(fault, NULL, hint,
		                 "--%s is short for several options", name);
		return;
	}
	for (size_t i = 0; fetch_rows[i].name; i++)
		words[i] = fetch_rows[i].name;
	nearest = tool_nearest(name, words);
	if (nearest)
		tool_fault_usage(fault, NULL, hint,
		                 "unknown option --%s; did you mean --%s?",
		                 name, nearest);
	else
		tool_fault_usage(fault, NULL, hint, "unknown option --%s",
		                 name);
}

/* What getopt_long() made of an option that it does not like. */
static void
tell_unknown(int what, const char *argument, struct tool_fault *fault)
{
	char name[64] = "";

	if (what == PLAIN) { /* but it is no URL */
		tool_fault_usage(fault, NULL, hint, "unknown option -");
		return;
	}
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
	if (optopt != 0)
		tool_fault_usage(fault, NULL, hint,
		                 "option --%s takes no argument", name);
	else
		tell_unknown_name(name, fault);
}

static const char *
keep(struct fetch_options *options, const char *text)
{
	options->kept = tool_grow(options->kept, options->n_kept,
	                          sizeof(*options->kept));
	options->kept[options->n_kept] = tool_copy(text, strlen(text));
	return options->kept[options->n_kept++];
}

/* -X, -XY, -XARGUMENT */
static bool
take_letters(struct fetch_options *options, const char *letters,
             const char *argument, enum fetch_wish *wish,
             struct tool_fault *fault)
{
	for (; *letters; letters++) {
		const struct fetch_row *row =
		        fetch_table_find((unsigned char)*letters);

		if (!row) {
			tool_fault_usage(fault, NULL, hint,
			                 "unknown option -%c", *letters);
			return false;
		}
		if (row->argument && letters[1])
			return take(row, keep(options, letters + 1), options,
			            wish, fault);
		if (row->argument && !argument) {
			tool_fault_usage(fault, row->name, hint,
			                 "needs an argument");
			return false;
		}
		if (!take(row, row->argument ? keep(options, argument) : NULL,
		          options, wish, fault))
			return false;
	}
	return true;
}

bool
fetch_options_take(struct fetch_options *options, const char *name,
                   const char *argument, enum fetch_wish *wish,
                   struct tool_fault *fault)
{
	const struct fetch_row *row;
	bool is_ambiguous;

	if (name[0] == '-' && name[1] != '-')
		return take_letters(options, name + 1, argument, wish, fault);
	if (name[0] == '-')
		name += 2;
	row = fetch_table_named(name, &is_ambiguous);
	if (!row) {
		tell_unknown_name(name, fault);
		return false;
	}
	if (!argument && !fetch_row_may_lack_argument(row)) {
		tool_fault_usage(fault, name, hint, "needs an argument");
		return false;
	}
	if (!row->argument && argument) {
		tool_fault_usage(fault, name, hint, "takes no argument");
		return false;
	}
	return take(row, argument ? keep(options, argument) : NULL, options,
	            wish, fault);
}

/* As with curl, -G turns data into a part of the URL. */
static void
settle(struct fetch_options *options)
{
	fetch_material_json(options);
	if (!options->get || !options->data.text)
		return;
	fetch_material_join(&options->query, options->data.text,
	                    options->data.len, true);
	free(options->data.text);
	options->data = (struct fetch_text){0};
}

static bool
check_pairs(const struct fetch_options *options, struct tool_fault *fault)
{
	const char *what = NULL;

	if (options->fail && options->fail_with_body)
		what = "-f and --fail-with-body contradict each other";
	else if (options->header_name && (options->include || options->head))
		what = "-i and -I cannot be combined with -J";
	else if (options->header_name &&
	         (options->continue_here || options->offset))
		what = "-C and -J cannot be combined";
	else if (options->range &&
	         (options->continue_here || options->offset))
		what = "-C and -r ask for two different ranges";
	if (what)
		tool_fault_usage(fault, NULL, NULL, "%s", what);
	return !what;
}

/* libcurl takes a folder for a file in which nothing is. */
static bool
check_hsts(const char *path, struct tool_fault *fault)
{
	struct stat about;

	if (!path || stat(path, &about) || !S_ISDIR(about.st_mode))
		return true;
	tool_fault_usage(fault, "--hsts", NULL, "%s is a folder", path);
	return false;
}

static bool
check_whole(const struct fetch_options *options, struct tool_fault *fault)
{
	int methods = options->head + (options->data.text != NULL) +
	              (options->n_form > 0) + (options->n_uploads > 0);

	if (options->n_urls == 0) {
		tool_fault_usage(fault, NULL, "pinfetch --help tells more",
		                 "no URL");
		return false;
	}
	if (methods > 1 || (options->get && options->n_form > 0)) {
		tool_fault_usage(fault, NULL, NULL,
		                 "-I, -G, -d, -F and -T ask for different "
		                 "methods");
		return false;
	}
	return check_hsts(options->hsts, fault) && check_pairs(options, fault);
}

static bool
read_words(int argc, char *argv[], struct fetch_options *out,
           enum fetch_wish *wish, struct tool_fault *fault)
{
	struct option longs[FETCH_ROWS_MAX];
	char letters[2 * FETCH_ROWS_MAX + 3];
	int id;

	make_tables(longs, letters);
	opterr = 0;
	while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct fetch_row *row;

		if (id == PLAIN && strcmp(optarg, "-") != 0) {
			add_url(out, optarg);
			continue;
		}
		row = fetch_table_find(id);
		if (id == ':' || id == '?' || id == PLAIN || !row) {
			tell_unknown(id, argv[optind - 1], fault);
			return false;
		}
		if (!take(row, optarg, out, wish, fault))
			return false;
	}
	for (int i = optind; i < argc; i++)
		add_url(out, argv[i]);
	return true;
}

bool
fetch_options_read(int argc, char *argv[], struct fetch_options *out,
                   enum fetch_wish *wish, struct tool_fault *fault)
{
	*out = (struct fetch_options){0};
	out->all_named_from = SIZE_MAX;
	out->max_redirects = MAX_REDIRECTS;
	out->parallel_max = FETCH_PARALLEL;
	out->http_version = CURL_HTTP_VERSION_2TLS;
	out->tls_version = CURL_SSLVERSION_DEFAULT;
	out->ip_version = CURL_IPRESOLVE_WHATEVER;
	*wish = FETCH_RUN;
	if (!read_words(argc, argv, out, wish, fault))
		return false;
	if (*wish != FETCH_RUN)
		return true;
	settle(out);
	return check_whole(out, fault);
}

void
fetch_options_free(struct fetch_options *options)
{
	curl_slist_free_all(options->cookie_files);
	curl_slist_free_all(options->connect_to);
	curl_slist_free_all(options->resolve);
	curl_slist_free_all(options->headers);
	for (size_t i = 0; i < options->n_kept; i++)
		free(options->kept[i]);
	free(options->kept);
	fetch_form_clear(options);
	free(options->pinned);
	free(options->range);
	free(options->cookie);
	free(options->referer);
	free(options->cert_password);
	free(options->cert);
	free(options->password);
	free(options->user);
	free(options->data.text);
	free(options->query.text);
	free(options->write_out);
	free(options->uploads);
	free(options->outputs);
	free(options->urls);
}
