/*
 * run.c - what all URLs of one run share: store, cookies, the file of -D.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/store.h"
#include "common/text.h"
#include "pinfetch/remark.h"
#include "pinfetch/session.h"

/*
 * The files of -b are read once: libcurl would read them anew for each hop, and
 * forget what has come since.
 */
static CURLcode
keep_cookies(const struct fetch_options *options, struct fetch_run *run)
{
	const struct curl_slist *file = options->cookie_files;
	CURLcode code = CURLE_OK;

	if (!file && !options->cookie_jar)
		return code;
	if (curl_share_setopt(run->share, CURLSHOPT_SHARE,
	                      CURL_LOCK_DATA_COOKIE))
		return CURLE_OUT_OF_MEMORY;
	run->keeper = curl_easy_init();
	if (!run->keeper)
		return CURLE_OUT_OF_MEMORY;
	code = curl_easy_setopt(run->keeper, CURLOPT_SHARE, run->share);
	for (; file && !code; file = file->next)
		code = curl_easy_setopt(run->keeper, CURLOPT_COOKIEFILE,
		                        file->data);
	if (!code)
		code = curl_easy_setopt(run->keeper, CURLOPT_COOKIELIST,
		                        "RELOAD");
	if (!code && options->cookie_jar)
		code = curl_easy_setopt(run->keeper, CURLOPT_COOKIEJAR,
		                        options->cookie_jar);
	return code;
}

bool
fetch_run_begin(const struct fetch_options *options, struct fetch_run *out,
                struct tool_fault *fault)
{
	CURLcode code = CURLE_OUT_OF_MEMORY;

	*out = (struct fetch_run){.options = options};
	fetch_meter_begin(&out->meter);
	if (options->dump_header)
		fetch_sink_begin_file(options, options->dump_header,
		                      &out->head);
	out->share = curl_share_init();
	if (out->share &&
	    (!options->hsts || !curl_share_setopt(out->share, CURLSHOPT_SHARE,
	                                          CURL_LOCK_DATA_HSTS)))
		code = keep_cookies(options, out);
	if (code)
		tool_fault_set(fault, (int)code, "libcurl", NULL, NULL, "%s",
		               curl_easy_strerror(code));
	return !code;
}

/* What is said if the store ends the program with SIGBUS. */
static void
guard(const struct fetch_run *run)
{
	const struct fetch_options *options = run->options;
	struct pinstore_error error = {.status = PINSTORE_ERR_DAMAGED};
	struct tool_fault fault;
	char *path = tool_alloc(strlen(run->store_path) + 1, 8);

	tool_fault_library(&fault, FETCH_EXIT_STORE, &error, NULL);
	(void)tool_escape(run->store_path, strlen(run->store_path),
	                  path, 8 * (strlen(run->store_path) + 1));
	tool_store_guard(
	        FETCH_EXIT_STORE,
	        options->silent && !options->show_error
	                ? tool_copy("", 0)
	                : tool_format("pinfetch: (%d) the pin store cannot be "
	                              "used: nothing more was sent\n"
	                              "  store     %s\n"
	                              "  reason    its data.mdb is cut short "
	                              "or overwritten, or the disk does not give "
	                              "it\n"
	                              "  mend      %s\n",
	                              FETCH_EXIT_STORE, path, fault.hint));
	free(path);
}

static bool
open_store(struct fetch_run *run, struct pinstore_error *error)
{
	struct pinstore_options *settings = pinstore_options_new();
	enum pinstore_status status;

	if (!settings)
		tool_no_memory();
	status = pinstore_options_set(settings, PINSTORE_OPT_STRICT,
	                              run->options->strict_header);
	/* Not set to 1: what the store says of it holds. */
	if (!status && run->options->report == FETCH_REPORT_OFF)
		status = pinstore_options_set(settings, PINSTORE_OPT_REPORT, 0);
	if (!status)
		status = tool_store_set_system(settings);
	if (!status)
		status = tool_store_set_remote(settings);
	if (status)
		*error = (struct pinstore_error){.status = status};
	else
		status = pinstore_open(run->store_path, settings, &run->ps,
		                       error);
	pinstore_options_free(settings);
	return !status;
}

bool
fetch_run_store(struct fetch_run *run, struct pinstore_error *error)
{
	struct tool_fault fault = {0};
	bool is_default;

	if (run->ps)
		return true;
	if (!run->store_path) {
		run->store_path = tool_store_path(run->options->store,
		                                  &is_default, &fault);
		if (!run->store_path) {
			error->status = PINSTORE_ERR_ARG;
			(void)snprintf(error->text, sizeof(error->text), "%.*s",
			               (int)sizeof(error->text) - 1,
			               fault.message);
			return false;
		}
		guard(run);
		if (is_default)
			tool_store_make_parents(run->store_path);
	}
	return open_store(run, error);
}

bool
fetch_run_end(struct fetch_run *run)
{
	bool is_good = !run->options->dump_header ||
	               fetch_sink_end(&run->head, false);

	fetch_meter_end(&run->meter);
	fetch_remark_losses(run);
	curl_easy_cleanup(run->keeper); /* writes the file of -c */
	curl_share_cleanup(run->share);
	pinstore_close(run->ps);
	free(run->store_path);
	run->ps = NULL;
	run->store_path = NULL;
	return is_good;
}
