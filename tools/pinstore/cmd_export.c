/*
 * cmd_export.c - pinstore export [GLOB...]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Entry by entry: a store may have a million hosts.
 */
#include <config.h>

#include <string.h>

#include <pinstore/admin.h>

#include "common/progress.h"
#include "formats/format.h"
#include "globs.h"
#include "verb.h"

struct exporting {
	const struct run *run;
	enum format format;
	struct globs globs;
	struct output output;
};

static bool
take_format(struct run *run, enum format *out)
{
	const char *word = run->options.format_word;

	*out = run->is_json ? FORMAT_JSON : FORMAT_TEXT;
	if (word == NULL)
		return true;
	if (!format_parse(word, out)) {
		options_bad_value(&run->fault, OPTION_FORMAT, "export",
		                  word);
		return false;
	}
	if (format_row(*out)->entry != NULL)
		return true;
	tool_fault_usage(&run->fault, "--format", NULL, "%s are only read",
	                 format_row(*out)->title);
	return false;
}

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	struct exporting *exporting = arg;
	const struct options *options = &exporting->run->options;

	if (options->sources != 0 &&
	    (options->sources & (unsigned)pinstore_entry_source(entry)) == 0)
		return 0;
	if (option_given(options, OPTION_MODE) &&
	    pinstore_entry_mode(entry) != options->mode)
		return 0;
	if (!globs_match(&exporting->globs, pinstore_entry_host(entry)))
		return 0;
	format_write(exporting->format, &exporting->output, entry);
	return ferror(exporting->output.out);
}

/* The other program will not do what is done here. */
static void
tell_left_out(const struct output *output)
{
	if (output->n_report > 0)
		tool_warn(PROGRAM, "%zu left out that are only watched",
		          output->n_report);
	if (output->n_expired > 0)
		tool_warn(PROGRAM, "%zu left out that have expired",
		          output->n_expired);
	if (output->n_second > 0)
		tool_warn(PROGRAM, "%zu learned left out beside static ones",
		          output->n_second);
}

static int
export(struct run *run, struct exporting *exporting)
{
	const struct format_row *row = format_row(exporting->format);
	struct output *output = &exporting->output;
	struct tool_progress progress;
	enum pinstore_status status;
	struct pinstore_error error;

	run_progress(run, "export", &progress);
	if (row->head != NULL)
		row->head(output);
	status = pinstore_walk(run->store, NULL, visit, exporting, &error);
	if (status == PINSTORE_OK && row->foot != NULL)
		row->foot(output);
	run_progress_end(run, &progress);
	if (status != PINSTORE_OK)
		return run_fail(run, &error);
	tell_left_out(output);
	return TOOL_EXIT_OK;
}

int
cmd_export(struct run *run)
{
	struct exporting exporting = {
		.run = run,
		.output = {.out = run->out, .now = run->options.now},
	};
	int code;

	if (!take_format(run, &exporting.format) || !run_open(run, false))
		return run->fault.exit;
	globs_new(run->operands, run->n_operands, &exporting.globs);
	code = export(run, &exporting);
	globs_free(&exporting.globs);
	return code;
}
