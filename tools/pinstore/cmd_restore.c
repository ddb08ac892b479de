/*
 * cmd_restore.c - pinstore restore DIR
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "verb.h"

/* What there is of a store will be gone: that has to be said. */
static bool
may_replace(struct run *run)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *store = NULL;
	struct pinstore_error error;
	enum pinstore_status status;
	char *question;
	bool is_agreed;

	if (options == NULL)
		tool_no_memory();
	status = pinstore_options_set(options, PINSTORE_OPT_READONLY, 1);
	if (status == PINSTORE_OK)
		status = pinstore_open(run->store_path, options, &store,
		                       &error);
	pinstore_options_free(options);
	pinstore_close(store);
	if (status == PINSTORE_ERR_NOTFOUND)
		return true;
	question = tool_format("What %s holds will be gone. Replace it by the "
	                       "backup %s", run->store_path, run->operands[0]);
	is_agreed = run_agreed(run, question, "nothing was restored");
	free(question);
	return is_agreed;
}

int
cmd_restore(struct run *run)
{
	const char *from = run->operands[0];
	struct tool_progress progress;
	struct pinstore_error error;
	enum pinstore_status status;
	json_t *object;
	uint64_t hosts;

	if (!run_path(run, true) || !may_replace(run))
		return run->fault.exit;
	/* Two things that draw on one screen are neither. */
	tool_progress_begin(&progress, "restore", TOOL_UNIT_ENTRIES,
	                    option_given(&run->options, OPTION_QUIET) ||
	                            isatty(STDOUT_FILENO) == 1);
	status = pinstore_restore(run->store_path, from, run->options.now,
	                          tool_progress_show, &progress, &hosts,
	                          &error);
	tool_progress_end(&progress);
	if (status != PINSTORE_OK) {
		run_fail(run, &error);
		if (error.status == PINSTORE_ERR_NOTFOUND)
			run->fault.hint = "name a directory that pinstore "
			                  "backup has written";
		return run->fault.exit;
	}
	if (run->is_json) {
		object = tool_json_object();
		tool_json_add(object, "path", tool_json_text(from));
		tool_json_add(object, "hosts",
		              tool_json_integer((int64_t)hosts));
		tool_json_write(object, run->out);
		fputc('\n', run->out);
		return TOOL_EXIT_OK;
	}
	fprintf(run->out, "restored %" PRIu64 " host%s from ", hosts,
	        hosts == 1 ? "" : "s");
	tool_put_escaped(from, run->out);
	fputc('\n', run->out);
	return TOOL_EXIT_OK;
}
