/*
 * deliver.c - --report=now: send reports when all else is done.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/deliver.h"

#include <stdio.h>
#include <stdlib.h>

#include <pinstore/admin.h>

#include "common/post.h"
#include "common/text.h"
#include "common/when.h"

/* One report: delivered is told with -v alone. */
static void
tell(const struct fetch_options *options, const struct pinstore_report *report,
     const struct tool_posted *posted)
{
	char *why = tool_post_why(posted);

	if (posted->end != TOOL_POST_DELIVERED) {
		if (!options->silent || options->show_error)
			tool_warn("pinfetch", "report about %s to %s: %s",
			          pinstore_report_host(report),
			          pinstore_report_uri(report), why);
	} else if (options->verbose) {
		fprintf(stderr, "* report about %s to ",
		        pinstore_report_host(report));
		tool_put_escaped(pinstore_report_uri(report), stderr);
		fprintf(stderr, ": %s\n", why);
	}
	free(why);
}

static struct tool_post_setup
setup_of(const struct fetch_options *options)
{
	return (struct tool_post_setup){
	        .cacert = options->cacert,
	        .capath = options->capath,
	        .hsts = options->hsts,
	        .proxy = options->proxy,
	        .noproxy = options->noproxy,
	        .resolve = options->resolve,
	        .connect_to = options->connect_to,
	        .ip_version = options->ip_version,
	};
}

static enum pinstore_status
send_due(const struct fetch_options *options, struct pinstore *ps,
         struct pinstore *judge, struct pinstore_error *error)
{
	int64_t until = tool_clock_ms() + FETCH_DELIVER_MS;
	struct tool_post_setup setup = setup_of(options);
	struct pinstore_report *report;
	struct tool_posted posted;
	enum pinstore_status status;
	int64_t left;
	bool is_on;

	if (!tool_post_may(ps, &setup, &is_on, error))
		return error->status;
	while (is_on && (left = until - tool_clock_ms()) > 0) {
		status = pinstore_report_take(ps, tool_now(), &report, error);
		if (status == PINSTORE_ERR_NOTFOUND)
			break;
		if (status)
			return status;
		tool_post(judge, &setup, report, (long)left, &posted);
		tell(options, report, &posted);
		status = pinstore_report_settle(
		        ps, report, tool_post_outcome(posted.end), tool_now(),
		        error);
		if (status)
			return status;
	}
	return PINSTORE_OK;
}

void
fetch_deliver(const struct fetch_options *options, const char *path)
{
	struct pinstore *ps = NULL;
	struct pinstore *judge = NULL;
	struct pinstore_error error;
	enum pinstore_status status;

	(void)fflush(stdout);
	status = pinstore_open(path, NULL, &ps, &error);
	if (!status)
		status = tool_post_open(path, &judge, &error);
	if (!status)
		status = send_due(options, ps, judge, &error);
	if (status && (!options->silent || options->show_error))
		tool_warn("pinfetch", "reports are not sent: %s", error.text);
	pinstore_close(judge);
	pinstore_close(ps);
}
