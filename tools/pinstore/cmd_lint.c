/*
 * cmd_lint.c - pinstore lint [VALUE]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "common/file.h"
#include "common/json.h"
#include "common/memory.h"
#include "evidence.h"
#include "lintview.h"
#include "verb.h"

/* No client reads more than 8 KiB; one that would has to be told so. */
#define VALUE_MAX ((size_t)1024 * 1024)

static int
judge(struct run *run, const char *value, size_t len,
      struct pinstore_chain *chain)
{
	bool is_report_only = option_given(&run->options, OPTION_REPORT_ONLY);
	struct pinstore_lint_setup setup = {
		.size = sizeof(setup),
		.kind = is_report_only ? PINSTORE_PKP_RO : PINSTORE_PKP,
		.strict = option_given(&run->options, OPTION_STRICT),
		.host = run->options.host,
		.chain = chain,
		.max_age_cap = LINT_MAX_AGE_CAP,
		.plain_http = option_given(&run->options, OPTION_HTTP),
	};
	struct pinstore_lint *lint;
	enum pinstore_status status = pinstore_lint(value, len, &setup, &lint);
	int code;

	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (status != PINSTORE_OK) {
		tool_fault_usage(&run->fault, "lint", NULL, "%s",
		                 pinstore_strerror(status));
		return EXIT_USAGE;
	}
	code = pinstore_lint_action(lint) == PINSTORE_LINT_IGNORE
	               ? EXIT_NONE
	               : TOOL_EXIT_OK;
	if (run->is_json) {
		tool_json_write(lint_json(lint, is_report_only), run->out);
		fputc('\n', run->out);
	} else {
		lint_print(lint, run->is_colored, run->out);
	}
	pinstore_lint_free(lint);
	return code;
}

int
cmd_lint(struct run *run)
{
	struct pinstore_chain *chain = NULL;
	char name[PINSTORE_HOST_MAX + 1], *value = NULL;
	enum pinstore_host_kind kind;
	size_t len = 0;
	int code = EXIT_USAGE;

	if (run->options.host != NULL &&
	    !run_host(run, run->options.host, name, &kind))
		return EXIT_USAGE;
	if (!evidence_path(run, run->options.host != NULL ? name : NULL, &chain))
		return run->fault.exit;
	if (run->n_operands == 1)
		code = judge(run, run->operands[0], strlen(run->operands[0]),
		             chain);
	else if (run_stdin(run, VALUE_MAX, &value, &len))
		code = judge(run, value, len, chain);
	tool_file_free(value, len);
	pinstore_chain_free(chain);
	return code;
}
