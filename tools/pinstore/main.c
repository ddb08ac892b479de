/*
 * main.c - pinstore, the operator's tool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/held.h"
#include "common/screen.h"
#include "common/text.h"
#include "complete.h"
#include "verb.h"

#define VERBS_MAX 64

static void
unknown_verb(struct run *run, const char *name)
{
	const char *names[VERBS_MAX + 1] = {NULL}, *near;
	size_t i;

	for (i = 0; i < VERBS_MAX && verbs[i].name != NULL; i++)
		names[i] = verbs[i].name;
	near = tool_nearest(name, names);
	if (near != NULL)
		tool_fault_usage(&run->fault, name,
		                 PROGRAM " help lists the verbs",
		                 "there is no verb \"%s\"; did you mean %s?",
		                 name, near);
	else
		tool_fault_usage(&run->fault, name,
		                 PROGRAM " help lists the verbs",
		                 "there is no verb \"%s\"", name);
}

static bool
count_operands(struct run *run)
{
	const struct verb *verb = run->verb;
	size_t n = run->n_operands;

	if (n >= verb->least && n <= verb->most)
		return true;
	if (n < verb->least)
		tool_fault_usage(&run->fault, verb->name,
		                 "pinstore help VERB tells more",
		                 "too few arguments: " PROGRAM " %s %s",
		                 verb->name, verb->arguments);
	else
		tool_fault_usage(&run->fault, run->operands[verb->most],
		                 "pinstore help VERB tells more",
		                 "\"%s\" is one argument too many: " PROGRAM
		                 " %s %s", run->operands[verb->most],
		                 verb->name, verb->arguments);
	return false;
}

/* Help and version, whatever else was given; true if that was all. */
static bool
answer_at_once(struct run *run)
{
	if (option_given(&run->options, OPTION_HELP)) {
		if (run->verb != NULL)
			help_print_verb(run->verb, run->out);
		else
			help_print(run->out);
		return true;
	}
	if (option_given(&run->options, OPTION_VERSION)) {
		fprintf(run->out, PROGRAM " %s\n", pinstore_version());
		return true;
	}
	return false;
}

static int
dispatch(struct run *run, int argc, char *argv[])
{
	struct options *options = &run->options;

	if (!options_parse(argc, argv, options, &run->fault))
		return EXIT_USAGE;
	run->is_colored = tool_color_wanted(options->color, stdout);
	if (options->alias != NULL) {
		run->verb = verb_find(options->alias);
		run->operands = options->operands;
		run->n_operands = options->n_operands;
	} else if (options->n_operands > 0) {
		run->verb = verb_find(options->operands[0]);
		if (run->verb == NULL) {
			unknown_verb(run, options->operands[0]);
			return EXIT_USAGE;
		}
		run->operands = options->operands + 1;
		run->n_operands = options->n_operands - 1;
	}
	if (answer_at_once(run))
		return TOOL_EXIT_OK;
	if (run->verb == NULL) {
		tool_fault_usage(&run->fault, NULL,
		                 PROGRAM " help lists the verbs",
		                 "which verb?");
		return EXIT_USAGE;
	}
	if (!options_check(options, run->verb->options, run->verb->name,
	                   &run->fault) ||
	    !count_operands(run))
		return EXIT_USAGE;
	return run->verb->work(run);
}

/* Give out what was kept back; with JSON only if there was no error. */
static int
finish(struct run *run, int code, struct tool_held *held)
{
	bool is_wanted;

	if (run->fault.exit != 0) {
		code = run->fault.exit;
		tool_fault_print(&run->fault, PROGRAM, run->is_json);
	}
	is_wanted = !run->is_json || run->fault.exit == 0 ||
	            code == TOOL_EXIT_OK || code == EXIT_NONE ||
	            code == EXIT_MISMATCH || code == EXIT_REVOKED;
	tool_held_end(held, is_wanted);
	if (tool_stdout_close())
		return code;
	tool_fault_usage(&run->fault, "stdout", NULL,
	                 "stdout cannot be written: %s",
	                 strerror(held->error != 0 ? held->error : errno));
	tool_fault_print(&run->fault, PROGRAM, run->is_json);
	return exit_worse(code, EXIT_USAGE);
}

int
main(int argc, char *argv[])
{
	struct tool_held held;
	struct run run;
	int code;

	memset(&run, 0, sizeof(run));
	tool_likely_begin(&run.likely);
	tool_start();
	run.is_json = options_wants_json(argc, argv);
	run.out = tool_held_open(stdout, &held);
	if (argc > 1 && strcmp(argv[1], COMPLETE_WORD) == 0) {
		complete(argv + 2, (size_t)argc - 2, run.out);
		code = TOOL_EXIT_OK;
	} else {
		code = dispatch(&run, argc, argv);
	}
	/* What did not get through, stdout tells. */
	(void)fclose(run.out);
	tool_likely_end(&run.likely);
	pinstore_close(run.store);
	code = finish(&run, code, &held);
	free(run.store_path);
	options_free(&run.options);
	return code;
}
