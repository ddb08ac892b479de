/*
 * cmd_expire.c - pinstore expire
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/progress.h"
#include "verb.h"

static void
print(const struct run *run, size_t removed)
{
	bool is_dry = option_given(&run->options, OPTION_DRY_RUN);
	json_t *all;

	if (!run->is_json) {
		fprintf(run->out, "%s %zu %s\n",
		        is_dry ? "would remove" : "removed", removed,
		        removed == 1 ? "entry" : "entries");
		return;
	}
	all = tool_json_object();
	tool_json_add(all, "removed", tool_json_integer((int64_t)removed));
	tool_json_write(all, run->out);
	fputc('\n', run->out);
}

int
cmd_expire(struct run *run)
{
	const struct options *options = &run->options;
	bool is_dry = option_given(options, OPTION_DRY_RUN);
	struct tool_progress progress;
	struct pinstore_error error;
	enum pinstore_status status;
	size_t removed;

	if (!run_open(run, !is_dry))
		return run->fault.exit;
	tool_progress_begin(&progress, "expire", TOOL_UNIT_ENTRIES,
	                    option_given(options, OPTION_QUIET));
	pinstore_set_progress(run->store, tool_progress_show, &progress);
	status = pinstore_expire(run->store, options->now - options->grace,
	                         options->now, is_dry,
	                         option_given(options, OPTION_FORCE), &removed,
	                         &error);
	tool_progress_end(&progress);
	if (status != PINSTORE_OK) {
		if (error.status != PINSTORE_ERR_UNFIT)
			return run_fail(run, &error);
		tool_fault_set(&run->fault, EXIT_USAGE, "unfit",
		               run->store_path,
		               "set the clock right; if it is, --force",
		               "the clock is more than 60 days past the "
		               "latest time that this store has seen");
		return run->fault.exit;
	}
	print(run, removed);
	return TOOL_EXIT_OK;
}
