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

/* As it is now. */
static bool
is_sound(const struct pinstore_fsck_result *result)
{
	return (result->flaws == 0 || result->is_repaired) && result->gaps == 0;
}

static void
print_json(struct checking *checking, const struct pinstore_fsck_result *result)
{
	json_t *all = tool_json_object();

	tool_json_add(all, "sound",
	              json_boolean(is_sound(result)));
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
	tool_json_add(all, "repaired", json_boolean(result->is_repaired));
	tool_json_add(all, "closed_gaps",
	              tool_json_integer((int64_t)result->closed_gaps));
	tool_json_add(all, "lost_names",
	              result->lost_names >= 0
	                      ? tool_json_integer(result->lost_names)
	                      : json_null());
	tool_json_add(all, "lost_settings",
	              json_boolean(result->has_lost_settings));
	tool_json_add(all, "old_file",
	              tool_json_text(result->is_repaired ? result->old_name
	                                                 : NULL));
	tool_json_add(all, "flaws", checking->flaws);
	checking->flaws = NULL;
	tool_json_write(all, checking->run->out);
	fputc('\n', checking->run->out);
}

static void
print_repair(const struct pinstore_fsck_result *result, FILE *out)
{
	if (!result->is_repaired)
		return;
	fprintf(out, "repaired; the damaged file is %s\n", result->old_name);
	if (result->lost_names < 0)
		fputs("lost: nobody knows how many names\n", out);
	else if (result->lost_names > 0)
		fprintf(out, "lost: %" PRId64 " %s\n", result->lost_names,
		        result->lost_names == 1 ? "name" : "names");
	if (result->closed_gaps > 0)
		fprintf(out, "accepted: %" PRIu64 " %s\n", result->closed_gaps,
		        result->closed_gaps == 1 ? "gap" : "gaps");
	if (result->has_lost_settings)
		fputs("lost: the settings, which are the defaults now\n", out);
}

static void
print_text(const struct run *run, const struct pinstore_fsck_result *result)
{
	FILE *out = run->out;

	print_repair(result, out);
	if (result->flaws > 0 && !result->is_repaired)
		fprintf(out, "%" PRIu64 " %s in ", result->flaws,
		        result->flaws == 1 ? "flaw" : "flaws");
	else if (result->gaps > 0)
		fprintf(out, "%" PRIu64 " %s, in which names are refused, in ",
		        result->gaps, result->gaps == 1 ? "gap" : "gaps");
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

	setup.accept_loss = option_given(&run->options, OPTION_ACCEPT_LOSS);
	setup.repair = setup.accept_loss ||
	               option_given(&run->options, OPTION_REPAIR);
	if (!run_path(run, false))
		return run->fault.exit;
	checking.flaws = tool_json_array();
	tool_progress_begin(&checking.progress, "fsck", TOOL_UNIT_OCTETS,
	                    option_given(&run->options, OPTION_QUIET));
	status = pinstore_fsck(run->store_path, &setup, &result, &error);
	tool_progress_end(&checking.progress);
	/* What keeps it from being repaired, or read, is told; flaws are. */
	if (status != PINSTORE_OK &&
	    (status != PINSTORE_ERR_DAMAGED ||
	     (result.flaws == 0 && result.gaps == 0)))
		run_fail(run, &error);
	else if (run->is_json)
		print_json(&checking, &result);
	else
		print_text(run, &result);
	json_decref(checking.flaws);
	if (status != PINSTORE_OK && !run->is_json && run->fault.exit == 0)
		tool_fault_set(&run->fault, EXIT_STORE,
		               tool_status_word(PINSTORE_ERR_DAMAGED),
		               run->store_path,
		               result.gaps > 0
		                       ? "restore a backup, or pinstore fsck "
		                         "--accept-loss: those names are "
		                         "unpinned then"
		                       : "restore a backup, or pinstore fsck "
		                         "--repair",
		               result.gaps > 0 ? "names may have been lost"
		                               : "the store is damaged");
	if (run->fault.exit != 0)
		return run->fault.exit;
	return status == PINSTORE_OK ? TOOL_EXIT_OK : EXIT_STORE;
}
