/*
 * argument.c - option arguments with a grammar of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/argument.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/secret.h"
#include "common/text.h"
#include "pinfetch/material.h"

/* Seconds with decimals, of which three count. */
static bool
read_seconds(const char *text, long *milliseconds)
{
	size_t n = strcspn(text, ".");
	size_t decimals = text[n] ? strlen(text + n + 1) : 0;
	int64_t whole = 0;
	int64_t part = 0;

	if ((n > 0 &&
	     !tool_parse_number(text, n, LONG_MAX / 2000, &whole)) ||
	    n + decimals == 0 ||
	    (decimals > 0 &&
	     text[n + 1 + strspn(text + n + 1, "0123456789")]))
		return false;
	decimals = decimals < 3 ? decimals : 3;
	if (decimals > 0 &&
	    !tool_parse_number(text + n + 1, decimals, 999, &part))
		return false;
	for (; decimals < 3; decimals++)
		part *= 10;
	*milliseconds = (long)(whole * 1000 + part);
	return true;
}

static bool
read_long(const char *text, long *out)
{
	int64_t number = 0;

	if (!tool_parse_number(text, strlen(text), LONG_MAX, &number))
		return false;
	*out = (long)number;
	return true;
}

/* Octets a second, with a unit of 1024s. */
static bool
read_rate(const char *text, curl_off_t *out)
{
	static const char units[] = "bkmg";
	size_t len = strlen(text);
	const char *unit = NULL;
	int64_t number = 0;

	if (len > 0)
		unit = strchr(units, text[len - 1] | 0x20);
	if (len > 0 && (text[len - 1] < '0' || text[len - 1] > '9')) {
		if (!unit)
			return false;
		len--;
	} else {
		unit = units;
	}
	if (!tool_parse_number(text, len, INT64_MAX >> 31, &number))
		return false;
	*out = number * ((curl_off_t)1 << (10 * (unit - units)));
	return true;
}

static bool
read_offset(const char *text, struct fetch_options *options)
{
	int64_t number = 0;

	options->continue_here = strcmp(text, "-") == 0;
	options->offset = 0;
	if (options->continue_here)
		return true;
	if (!tool_parse_number(text, strlen(text), INT64_MAX, &number))
		return false;
	options->offset = number;
	return true;
}

static bool
take_number(const struct fetch_row *row, const char *argument,
            struct fetch_options *options, struct tool_fault *fault)
{
	bool is_good = false;

	switch (row->id) {
	case 'm':
		is_good = read_seconds(argument, &options->timeout_ms);
		break;
	case FETCH_OPT_CONNECT_TIMEOUT:
		is_good = read_seconds(argument, &options->connect_timeout_ms);
		break;
	case FETCH_OPT_MAX_REDIRS:
		options->max_redirects = -1;
		is_good = strcmp(argument, "-1") == 0 ||
		          read_long(argument, &options->max_redirects);
		break;
	case FETCH_OPT_RETRY:
		is_good = read_long(argument, &options->retries);
		break;
	case FETCH_OPT_PARALLEL_MAX:
		is_good = read_long(argument, &options->parallel_max);
		/* As in curl, what cannot be is the default. */
		if (options->parallel_max < 1 ||
		    options->parallel_max > FETCH_PARALLEL_MAX)
			options->parallel_max = FETCH_PARALLEL;
		break;
	case FETCH_OPT_LIMIT_RATE:
		is_good = read_rate(argument, &options->rate);
		break;
	case 'C':
		is_good = read_offset(argument, options);
		break;
	}
	if (!is_good)
		tool_fault_usage(fault, NULL, NULL,
		                 "--%s wants a number, not '%s'", row->name,
		                 argument);
	return is_good;
}

/* What must be octets or a file of cookies: an = makes it octets. */
static void
take_cookie(const char *argument, struct fetch_options *options)
{
	char *joined;

	if (argument[0] == '@' || !strchr(argument, '=')) {
		fetch_material_append(&options->cookie_files,
		                      argument + (argument[0] == '@'));
		return;
	}
	joined = options->cookie ? tool_format("%s;%s", options->cookie,
	                                       argument)
	                         : tool_copy(argument, strlen(argument));
	free(options->cookie);
	options->cookie = joined;
}

static void
take_referer(const char *argument, struct fetch_options *options)
{
	const char *automatic = strstr(argument, ";auto");
	size_t len = automatic ? (size_t)(automatic - argument)
	                       : strlen(argument);

	free(options->referer);
	options->referer = len > 0 ? tool_copy(argument, len) : NULL;
	options->auto_referer = automatic != NULL;
}

static void
take_range(const char *argument, struct fetch_options *options)
{
	free(options->range);
	if (argument[0] && argument[strspn(argument, "0123456789")] == '\0') {
		tool_warn("pinfetch",
		          "a range has a dash: '%s' is taken as '%s-'",
		          argument, argument);
		options->range = tool_format("%s-", argument);
	} else {
		options->range = tool_copy(argument, strlen(argument));
	}
}

static bool
take_user(const char *argument, struct fetch_options *options,
          struct tool_fault *fault)
{
	size_t n = strcspn(argument, ":");

	free(options->user);
	free(options->password);
	options->user = tool_copy(argument, n);
	options->password =
	        argument[n] ? tool_copy(argument + n + 1,
	                                strlen(argument + n + 1))
	                    : tool_secret_ask(
	                              "Enter host password for user '",
	                              options->user, "':");
	if (options->password)
		return true;
	tool_fault_usage(fault, "--user", "write it behind a colon",
	                 "no password, and no terminal to ask for one");
	return false;
}

/* FILE[:PASSWORD], where \: and \\ stand for : and \. */
static void
take_cert(const char *argument, struct fetch_options *options)
{
	size_t len = strlen(argument);
	char *path = tool_alloc(len + 1, 1);
	size_t n = 0;
	size_t i = 0;

	free(options->cert_password);
	options->cert_password = NULL;
	if (strncasecmp(argument, "pkcs11:", 7) == 0) {
		memcpy(path, argument, len + 1);
		i = len;
	}
	for (; i < len && argument[i] != ':'; i++) {
		if (argument[i] == '\\' &&
		    (argument[i + 1] == ':' || argument[i + 1] == '\\'))
			i++;
		path[n++] = argument[i];
	}
	if (i < len)
		options->cert_password =
		        tool_copy(argument + i + 1, len - i - 1);
	free(options->cert);
	options->cert = path;
}

static bool
take_tofu(const char *argument, struct fetch_options *options,
          struct tool_fault *fault)
{
	if (!argument || strcmp(argument, "accept-new") == 0)
		options->tofu = FETCH_TOFU_ACCEPT;
	else if (strcmp(argument, "ask") == 0)
		options->tofu = FETCH_TOFU_ASK;
	else if (strcmp(argument, "strict") == 0)
		options->tofu = FETCH_TOFU_STRICT;
	else {
		tool_fault_usage(fault, "--tofu",
		                 "accept-new, ask or strict, behind =",
		                 "'%s' is no mode", argument);
		return false;
	}
	return true;
}

static bool
take_report(const char *argument, struct fetch_options *options,
            struct tool_fault *fault)
{
	if (!argument || strcmp(argument, "now") == 0)
		options->report = FETCH_REPORT_NOW;
	else if (strcmp(argument, "queue") == 0)
		options->report = FETCH_REPORT_QUEUE;
	else if (strcmp(argument, "off") == 0)
		options->report = FETCH_REPORT_OFF;
	else {
		tool_fault_usage(fault, "--report",
		                 "now, queue or off, behind =",
		                 "'%s' is no time for reports", argument);
		return false;
	}
	return true;
}

bool
fetch_argument_take(const struct fetch_row *row, const char *argument,
                    struct fetch_options *options, struct tool_fault *fault)
{
	switch (row->id) {
	case 'b':
		take_cookie(argument, options);
		return true;
	case 'e':
		take_referer(argument, options);
		return true;
	case 'r':
		take_range(argument, options);
		return true;
	case 'E':
		take_cert(argument, options);
		return true;
	case 'u':
		return take_user(argument, options, fault);
	case FETCH_OPT_TOFU:
		return take_tofu(argument, options, fault);
	case FETCH_OPT_REPORT:
		return take_report(argument, options, fault);
	}
	return take_number(row, argument, options, fault);
}
