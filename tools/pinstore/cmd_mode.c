/*
 * cmd_mode.c - pinstore mode HOST enforce|report
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include <pinstore/admin.h>

#include "common/json.h"
#include "verb.h"

static int
tell(const struct run *run, const char *host, enum pinstore_mode mode)
{
	json_t *all;

	if (run->is_json) {
		all = tool_json_object();
		tool_json_add(all, "host", tool_json_text(host));
		tool_json_add(all, "mode",
		              tool_json_text(pinstore_mode_word(mode)));
		tool_json_write(all, run->out);
		fputc('\n', run->out);
	} else {
		fprintf(run->out, "%s: %s\n", host, pinstore_mode_word(mode));
	}
	return TOOL_EXIT_OK;
}

static int
switch_to(struct run *run, const char *host, enum pinstore_mode mode)
{
	bool is_forced = option_given(&run->options, OPTION_FORCE);
	struct pinstore_error error;
	enum pinstore_status status;

	if (!run_open(run, true))
		return run->fault.exit;
	status = pinstore_set_mode(run->store, host, mode, is_forced,
	                           run->options.now, &error);
	switch (status) {
	case PINSTORE_OK:
		return tell(run, host, mode);
	case PINSTORE_ERR_NOTFOUND:
		if (!run->is_json)
			tool_warn(PROGRAM, "%s has no static entry; pinstore "
			          "pin makes one", host);
		return EXIT_NONE;
	case PINSTORE_ERR_UNFIT:
		tool_fault_set(&run->fault, EXIT_USAGE, "unfit", host,
		               "pin the keys that are in use, or --force",
		               "within the last 7 days there were connections "
		               "that this entry would refuse");
		return EXIT_USAGE;
	case PINSTORE_ERR_ARG:
	case PINSTORE_ERR_NOMEM:
	case PINSTORE_ERR_HOST:
	case PINSTORE_ERR_HEADER:
	case PINSTORE_ERR_CHAIN:
	case PINSTORE_ERR_UNJUDGED:
	case PINSTORE_ERR_ACCESS:
	case PINSTORE_ERR_READONLY:
	case PINSTORE_ERR_BUSY:
	case PINSTORE_ERR_FULL:
	case PINSTORE_ERR_IO:
	case PINSTORE_ERR_VERSION:
	case PINSTORE_ERR_DAMAGED:
	case PINSTORE_ERR_INTERNAL:
	case PINSTORE_ERR_FORKED:
	case PINSTORE_ERR_REMOTE:
		break;
	}
	return run_fail(run, &error);
}

int
cmd_mode(struct run *run)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	const char *word = run->operands[1];
	enum pinstore_mode mode = PINSTORE_ENFORCE;

	if (strcmp(word, "report") == 0) {
		mode = PINSTORE_REPORT;
	} else if (strcmp(word, "enforce") != 0) {
		tool_fault_usage(&run->fault, word, "enforce or report",
		                 "\"%s\" is no mode", word);
		return EXIT_USAGE;
	}
	if (!run_host(run, run->operands[0], name, &kind))
		return EXIT_USAGE;
	if (kind == PINSTORE_HOST_NAME)
		return switch_to(run, name, mode);
	tool_fault_usage(&run->fault, name, NULL, "an address has no entry");
	return EXIT_USAGE;
}
