/*
 * cmd_backup.c - pinstore backup [--publish] DIR
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/store.h"
#include "common/text.h"
#include "verb.h"

static enum pinstore_status
write_copy(struct run *run, bool is_published, bool may_replace,
           uint64_t *hosts, struct pinstore_error *error)
{
	struct tool_progress progress;
	enum pinstore_status status;

	run_progress(run, "backup", &progress);
	status = (is_published ? pinstore_publish : pinstore_backup)(
	        run->store, run->operands[0], may_replace, hosts, error);
	run_progress_end(run, &progress);
	return status;
}

/* What is there is no earlier copy: that it may go has to be said. */
static bool
may_replace(struct run *run, const struct pinstore_error *error)
{
	char *question = tool_format("%s: replace it", error->text);
	bool is_agreed = run_agreed(run, question, "nothing was written");

	free(question);
	return is_agreed;
}

int
cmd_backup(struct run *run)
{
	bool is_published = option_given(&run->options, OPTION_PUBLISH);
	const char *path = run->operands[0];
	struct pinstore_error error;
	enum pinstore_status status;
	json_t *object;
	uint64_t hosts;

	if (!run_open(run, false))
		return run->fault.exit;
	if (is_published && strcmp(path, pinstore_system_path()) == 0)
		tool_store_make_parents(path);
	status = write_copy(run, is_published, false, &hosts, &error);
	if (status == PINSTORE_ERR_UNFIT) {
		if (!may_replace(run, &error))
			return run->fault.exit;
		status = write_copy(run, is_published, true, &hosts, &error);
	}
	if (status != PINSTORE_OK)
		return run_fail(run, &error);
	if (run->is_json) {
		object = tool_json_object();
		tool_json_add(object, "path", tool_json_text(path));
		tool_json_add(object, "published", json_boolean(is_published));
		tool_json_add(object, "hosts",
		              tool_json_integer((int64_t)hosts));
		tool_json_write(object, run->out);
		fputc('\n', run->out);
		return TOOL_EXIT_OK;
	}
	fprintf(run->out, "%s %" PRIu64 " host%s to ",
	        is_published ? "published" : "backed up", hosts,
	        hosts == 1 ? "" : "s");
	tool_put_escaped(path, run->out);
	fputc('\n', run->out);
	return TOOL_EXIT_OK;
}
