/*
 * cmd_import.c - pinstore import FILE
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/store.h"
#include "common/text.h"
#include "formats/format.h"
#include "verb.h"

/* More than that nobody reads on a terminal; --json has them all. */
#define SHOWN_MAX 100
#define PINS_SUFFIX ".pins"
/* Of a store that has no setting: 60 days. */
#define MAX_AGE_CAP INT64_C(5184000)

struct importing {
	struct run *run;
	struct intake intake;
	struct pinstore_import_totals totals;
	bool is_quiet;
	bool is_new; /* there is no store yet */
};

/* -------------------------------------------------------------------- telling */

static void
print_json(const struct importing *importing, FILE *out)
{
	const struct intake *intake = &importing->intake;
	json_t *all = tool_json_object(), *skipped = tool_json_array(), *one;
	size_t i;

	tool_json_add(all, "added",
	              tool_json_integer((int64_t)importing->totals.added));
	tool_json_add(all, "updated",
	              tool_json_integer((int64_t)importing->totals.updated));
	tool_json_add(all, "unchanged",
	              tool_json_integer((int64_t)importing->totals.unchanged));
	for (i = 0; i < intake->n_skipped; i++) {
		const struct skipped *line = &intake->skipped[i];

		one = tool_json_object();
		tool_json_add(one, "line",
		              tool_json_integer((int64_t)line->line));
		tool_json_add(one, "reason",
		              tool_json_text(skip_word(line->why)));
		tool_json_add(one, "other_line",
		              line->other != 0
		                      ? tool_json_integer((int64_t)line->other)
		                      : json_null());
		tool_json_append(skipped, one);
	}
	tool_json_add(all, "skipped", skipped);
	tool_json_write(all, out);
	fputc('\n', out);
}

/* On stderr, in the order of the lines. */
static void
tell_skipped(const struct intake *intake, const char *name)
{
	size_t i;

	for (i = 0; i < intake->n_skipped && i < SHOWN_MAX; i++) {
		const struct skipped *line = &intake->skipped[i];

		if (line->other != 0)
			tool_warn(PROGRAM, "%s: line %" PRIu64
			          " %s: line %" PRIu64, name, line->line,
			          skip_text(line->why), line->other);
		else
			tool_warn(PROGRAM, "%s: line %" PRIu64 " %s", name,
			          line->line, skip_text(line->why));
	}
	if (i < intake->n_skipped)
		tool_warn(PROGRAM, "%s: and %zu more lines; --json names all",
		          name, intake->n_skipped - i);
}

static int
tell(struct importing *importing, const char *name)
{
	struct run *run = importing->run;
	const struct pinstore_import_totals *totals = &importing->totals;
	bool is_dry = option_given(&run->options, OPTION_DRY_RUN);

	if (run->is_json) {
		print_json(importing, run->out);
	} else {
		tell_skipped(&importing->intake, name);
		fprintf(run->out,
		        "%s%" PRIu64 " added, %" PRIu64 " updated, %" PRIu64
		        " unchanged, %zu skipped\n", is_dry ? "would be: " : "",
		        totals->added, totals->updated, totals->unchanged,
		        importing->intake.n_skipped);
	}
	return importing->intake.n_skipped > 0 ? EXIT_NONE : TOOL_EXIT_OK;
}

/* --strict: nothing was written. */
static int
refuse(struct importing *importing, const char *name)
{
	struct run *run = importing->run;

	tell_skipped(&importing->intake, name);
	tool_fault_usage(&run->fault, name, NULL,
	                 "nothing is imported: %zu %s cannot be taken",
	                 importing->intake.n_skipped,
	                 importing->intake.n_skipped == 1 ? "line" : "lines");
	return run->fault.exit;
}

/* -------------------------------------------------------------------- the work */

static int
write_all(struct importing *importing, const char *name)
{
	struct run *run = importing->run;
	const struct options *options = &run->options;
	struct tool_progress progress;
	enum pinstore_status status;
	struct pinstore_error error;
	unsigned flags = 0;

	if (option_given(options, OPTION_DRY_RUN))
		flags |= PINSTORE_IMPORT_DRY_RUN;
	if (option_given(options, OPTION_FORCE))
		flags |= PINSTORE_IMPORT_FORCE;
	if (option_given(options, OPTION_STRICT))
		flags |= PINSTORE_IMPORT_STRICT;
	tool_progress_begin(&progress, "import", TOOL_UNIT_ENTRIES,
	                    importing->is_quiet);
	pinstore_set_progress(run->store, tool_progress_show, &progress);
	importing->totals.size = sizeof(importing->totals);
	status = pinstore_import_run(run->store, importing->intake.import,
	                             flags, options->now, &importing->totals,
	                             &error);
	tool_progress_end(&progress);
	if (status != PINSTORE_OK && status != PINSTORE_ERR_UNFIT)
		return run_fail(run, &error);
	if (importing->totals.skipped > 0)
		intake_take_fates(&importing->intake);
	intake_sort(&importing->intake);
	return status == PINSTORE_OK ? tell(importing, name)
	                             : refuse(importing, name);
}

/*
 * Before the file is read: is there a store, and how long may a max-age be
 * there?  One that is not there comes to be when there is something to write.
 */
static bool
look_at_store(struct importing *importing)
{
	struct run *run = importing->run;
	bool is_default;
	char *path;

	path = tool_store_path(run->options.store, &is_default, &run->fault);
	if (path == NULL)
		return false;
	importing->is_new = access(path, F_OK) != 0 && errno == ENOENT;
	free(path);
	importing->intake.max_age_cap = MAX_AGE_CAP;
	if (importing->is_new || !run_open(run, false))
		return run->fault.exit == 0;
	return true;
}

static bool
take_cap(struct importing *importing)
{
	struct run *run = importing->run;
	struct pinstore_error error;

	if (run->store == NULL ||
	    pinstore_setting_get(run->store, PINSTORE_SETTING_MAX_AGE_CAP,
	                         &importing->intake.max_age_cap, NULL,
	                         &error) == PINSTORE_OK)
		return true;
	run_fail(run, &error);
	return false;
}

/* For writing; with --dry-run one that is not there is as an empty one. */
static bool
open_again(struct importing *importing)
{
	struct run *run = importing->run;

	if (option_given(&run->options, OPTION_DRY_RUN))
		return true;
	pinstore_close(run->store);
	run->store = NULL;
	free(run->store_path);
	run->store_path = NULL;
	return run_open(run, true);
}

static int
read_all(struct importing *importing, int fd, const char *name,
         const enum format *format)
{
	struct run *run = importing->run;
	struct tool_progress progress;
	bool is_good;

	tool_progress_begin(&progress, "read", TOOL_UNIT_OCTETS,
	                    importing->is_quiet);
	is_good = format_read(fd, name, format, &importing->intake, &progress,
	                      &run->fault);
	tool_progress_end(&progress);
	if (!is_good)
		return run->fault.exit;
	if (option_given(&run->options, OPTION_STRICT) &&
	    importing->intake.n_skipped > 0)
		return refuse(importing, name);
	if (!open_again(importing))
		return run->fault.exit;
	return write_all(importing, name);
}

/* Beside FILE.json there is FILE.pins. */
static char *
pins_file(const struct run *run)
{
	const char *file = run->operands[0], *end = strrchr(file, '.');
	const char *pins = run->options.pins_file;

	if (pins != NULL)
		return tool_copy(pins, strlen(pins));
	if (strcmp(file, "-") == 0)
		return NULL;
	return tool_format("%.*s%s",
	                   (int)(end != NULL ? end - file
	                                     : (ptrdiff_t)strlen(file)),
	                   file, PINS_SUFFIX);
}

static int
open_file(struct run *run, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tool_fault_usage(&run->fault, name, NULL, "cannot be read: %s",
		                 strerror(errno));
	return fd;
}

int
cmd_import(struct run *run)
{
	struct importing importing = {.run = run};
	const char *name = run->operands[0], *word = run->options.format_word;
	bool is_stdin = strcmp(name, "-") == 0;
	enum format format;
	int fd = STDIN_FILENO, code;
	char *pins;

	if (word != NULL && !format_parse(word, &format)) {
		options_bad_value(&run->fault, OPTION_FORMAT, "import",
		                  word);
		return EXIT_USAGE;
	}
	if (!is_stdin && (fd = open_file(run, name)) < 0)
		return EXIT_USAGE;
	pins = pins_file(run);
	intake_new(&importing.intake);
	importing.intake.now = run->options.now;
	importing.intake.expires = run->options.expires;
	importing.intake.pins_file = pins;
	importing.is_quiet = option_given(&run->options, OPTION_QUIET);
	code = look_at_store(&importing) && take_cap(&importing)
	               ? read_all(&importing, fd, is_stdin ? "stdin" : name,
	                          word != NULL ? &format : NULL)
	               : run->fault.exit;
	intake_free(&importing.intake);
	free(pins);
	if (!is_stdin)
		(void)close(fd);
	return code;
}
