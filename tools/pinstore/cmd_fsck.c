/*
 * cmd_fsck.c - pinstore fsck
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <inttypes.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "verb.h"

struct checking {
	const struct run *run;
	struct tool_progress progress;
	json_t *flaws;
};

static void
print_flaw(const struct pinstore_flaw *flaw, FILE *out)
{
	fputs(flaw->database != NULL ? flaw->database : "file", out);
	if (flaw->page >= 0)
		fprintf(out, ", page %" PRId64, flaw->page);
	if (flaw->record != NULL) {
		fputs(", ", out);
		tool_put_escaped(flaw->record, out);
	}
	fprintf(out, ": %s\n", pinstore_flaw_text(flaw->kind));
}

static void
take_flaw(const struct pinstore_flaw *flaw, void *arg)
{
	struct checking *checking = arg;
	json_t *object;

	if (!checking->run->is_json) {
		print_flaw(flaw, checking->run->out);
		return;
	}
	object = tool_json_object();
	tool_json_add(object, "kind",
	              tool_json_text(pinstore_flaw_word(flaw->kind)));
	tool_json_add(object, "database", tool_json_text(flaw->database));
	tool_json_add(object, "page",
	              flaw->page >= 0 ? tool_json_integer(flaw->page)
	                              : json_null());
	tool_json_add(object, "record", tool_json_text(flaw->record));
	tool_json_append(checking->flaws, object);
}

static void
show(uint64_t done, uint64_t total, void *arg)
{
	struct checking *checking = arg;

	tool_progress_show(done, total, &checking->progress);
}

static void
print_json(struct checking *checking, const struct pinstore_fsck_result *result)
{
	json_t *all = tool_json_object();

	tool_json_add(all, "sound",
	              json_boolean(result->flaws == 0 && result->gaps == 0));
	tool_json_add(all, "names", tool_json_integer((int64_t)result->names));
	tool_json_add(all, "records",
	              tool_json_integer((int64_t)result->records));
	tool_json_add(all, "later", tool_json_integer((int64_t)result->later));
	tool_json_add(all, "pages", tool_json_integer((int64_t)result->pages));
	tool_json_add(all, "free_pages",
	              tool_json_integer((int64_t)result->free_pages));
	tool_json_add(all, "idle_pages",
	              tool_json_integer((int64_t)result->idle_pages));
	tool_json_add(all, "gaps", tool_json_integer((int64_t)result->gaps));
	tool_json_add(all, "flaws", checking->flaws);
	checking->flaws = NULL;
	tool_json_write(all, checking->run->out);
	fputc('\n', checking->run->out);
}

static void
print_text(const struct run *run, const struct pinstore_fsck_result *result)
{
	FILE *out = run->out;

	if (result->flaws > 0)
		fprintf(out, "%" PRIu64 " %s in ", result->flaws,
		        result->flaws == 1 ? "flaw" : "flaws");
	else
		fputs("sound: ", out);
	fprintf(out, "%" PRIu64 " %s, %" PRIu64 " records, %" PRIu64 " pages\n",
	        result->names, result->names == 1 ? "name" : "names",
	        result->records, result->pages);
	if (result->later > 0)
		fprintf(out, "%" PRIu64 " %s of a later pinstore: not judged\n",
		        result->later,
		        result->later == 1 ? "record is" : "records are");
}

int
cmd_fsck(struct run *run)
{
	struct pinstore_fsck_result result = {.size = sizeof(result)};
	struct checking checking = {.run = run};
	struct pinstore_fsck_setup setup = {
		.size = sizeof(setup),
		.flaw = take_flaw,
		.progress = show,
		.arg = &checking,
	};
	struct pinstore_error error;
	enum pinstore_status status;

	if (!run_path(run, false))
		return run->fault.exit;
	checking.flaws = tool_json_array();
	tool_progress_begin(&checking.progress, "fsck", TOOL_UNIT_OCTETS, false);
	status = pinstore_fsck(run->store_path, &setup, &result, &error);
	tool_progress_end(&checking.progress);
	if (status != PINSTORE_OK && result.flaws == 0)
		run_fail(run, &error);
	else if (run->is_json)
		print_json(&checking, &result);
	else
		print_text(run, &result);
	json_decref(checking.flaws);
	if (status != PINSTORE_OK && !run->is_json && run->fault.exit == 0)
		tool_fault_set(&run->fault, EXIT_STORE,
		               tool_status_word(PINSTORE_ERR_DAMAGED),
		               run->store_path, "restore it from a backup",
		               "the store is damaged");
	return status == PINSTORE_OK ? TOOL_EXIT_OK : EXIT_STORE;
}
