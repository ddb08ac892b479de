/*
 * cmd_help.c - pinstore help [VERB]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "verb.h"

int
cmd_help(struct run *run)
{
	const struct verb *verb;

	if (run->n_operands == 0) {
		help_print(run->out);
		return TOOL_EXIT_OK;
	}
	verb = verb_find(run->operands[0]);
	if (verb == NULL) {
		tool_fault_usage(&run->fault, run->operands[0],
		                 PROGRAM " help lists the verbs",
		                 "there is no verb \"%s\"", run->operands[0]);
		return EXIT_USAGE;
	}
	help_print_verb(verb, run->out);
	return TOOL_EXIT_OK;
}
