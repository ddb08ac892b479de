/*
 * main.c - pinfetch, curl with a memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "common/memory.h"
#include "common/screen.h"
#include "pinfetch/deliver.h"
#include "pinfetch/options.h"
#include "pinfetch/parallel.h"
#include "pinfetch/session.h"
#include "pinfetch/visit.h"

/* The codes that nothing after them may hide. */
static bool
is_lasting(int code)
{
	return code == FETCH_EXIT_MISMATCH || code == FETCH_EXIT_STORE ||
	       code == FETCH_EXIT_REVOKED || code == FETCH_EXIT_UNPINNED;
}

/* The last URL's code, but the first of those that last. */
static int
sum_up(const int *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_lasting(codes[i]))
			return codes[i];
	return n > 0 ? codes[n - 1] : 0;
}

/* One URL after the other. */
static bool
visit_all(struct fetch_run *shared, int *codes, struct tool_fault *fault)
{
	struct fetch_session session = {0};
	bool is_good = fetch_session_begin(shared, &session, fault);

	for (size_t i = 0; is_good && i < shared->options->n_urls; i++)
		codes[i] = fetch_visit(&session, i);
	fetch_session_end(&session);
	return is_good;
}

static int
run(const struct fetch_options *options)
{
	int *codes = tool_alloc(options->n_urls, sizeof(*codes));
	struct fetch_run shared;
	struct tool_fault fault = {0};
	char *path = NULL;
	int code;

	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		fputs("pinfetch: (2) libcurl cannot be initialised\n", stderr);
		free(codes);
		return CURLE_FAILED_INIT;
	}
	if (fetch_run_begin(options, &shared, &fault) &&
	    (options->parallel ? fetch_parallel(&shared, codes, &fault)
	                       : visit_all(&shared, codes, &fault))) {
		code = sum_up(codes, options->n_urls);
	} else {
		fprintf(stderr, "pinfetch: (%d) %s\n", fault.exit,
		        fault.message);
		code = fault.exit;
	}
	if (options->report == FETCH_REPORT_NOW && shared.ps)
		path = tool_copy(shared.store_path, strlen(shared.store_path));
	if (!fetch_run_end(&shared) && code == 0) {
		tool_fault_put(&shared.head.fault, "pinfetch", stderr);
		code = shared.head.fault.exit;
	}
	if (path)
		fetch_deliver(options, path);
	curl_global_cleanup();
	free(path);
	free(codes);
	return code;
}

int
main(int argc, char *argv[])
{
	struct fetch_options options;
	struct tool_fault fault = {0};
	enum fetch_wish wish;
	int code = 0;

	tool_start();
	tool_memory_exit(CURLE_OUT_OF_MEMORY);
	/* A reader that has gone is an error, told as such. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (!fetch_options_read(argc, argv, &options, &wish, &fault)) {
		tool_fault_put(&fault, "pinfetch", stderr);
		code = fault.exit;
	} else if (wish == FETCH_HELP) {
		fetch_options_help(stdout);
	} else if (wish == FETCH_VERSION) {
		printf("pinfetch %s\n%s\n", pinstore_version(), curl_version());
	} else {
		code = run(&options);
	}
	fetch_options_free(&options);
	if (!tool_stdout_close() && code == 0) {
		perror("pinfetch: (23) stdout cannot be written");
		code = FETCH_EXIT_WRITE;
	}
	return code;
}
