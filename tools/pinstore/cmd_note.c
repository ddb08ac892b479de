/*
 * cmd_note.c - pinstore note HOST [VALUE...]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/when.h"
#include "evidence.h"
#include "verb.h"

#define VALUE_MAX ((size_t)1024 * 1024)

/* Whether the reason names a fault of the field, at an offset. */
static bool
has_offset(const struct pinstore_noted *noted)
{
	return noted->why >= PINSTORE_WHY_MALFORMED &&
	       noted->why <= PINSTORE_WHY_PIN_LENGTH;
}

static const char *
rule(const struct pinstore_noted *noted)
{
	return noted->why == PINSTORE_WHY_MALFORMED
	               ? pinstore_syntax_word(noted->syntax)
	               : NULL;
}

static void
print_json(const struct pinstore_noted *noted, const char *host,
           bool is_report_only, FILE *out)
{
	json_t *all = tool_json_object();

	tool_json_add(all, "host", tool_json_text(host));
	tool_json_add(all, "kind",
	              tool_json_text(is_report_only ? "pkp-ro" : "pkp"));
	tool_json_add(all, "result",
	              tool_json_text(pinstore_action_word(noted->action)));
	tool_json_add(all, "reason",
	              tool_json_text(pinstore_reason_word(noted->why)));
	tool_json_add(all, "rule", tool_json_text(rule(noted)));
	tool_json_add(all, "offset",
	              has_offset(noted)
	                      ? tool_json_integer((int64_t)noted->offset)
	                      : json_null());
	tool_json_add(all, "expires_epoch",
	              noted->expires == 0 ? json_null()
	                                  : tool_json_epoch(noted->expires));
	if (is_report_only)
		tool_json_add(all, "report",
		              tool_json_text(noted->report_queued ? "queued"
		                                                  : "none"));
	tool_json_write(all, out);
	fputc('\n', out);
}

static void
print_text(const struct pinstore_noted *noted, const char *host, FILE *out)
{
	char expires[TOOL_TIME_TEXT];

	fprintf(out, "%s: %s, %s", host, pinstore_action_word(noted->action),
	        pinstore_reason_word(noted->why));
	if (rule(noted) != NULL)
		fprintf(out, " (%s)", rule(noted));
	if (has_offset(noted))
		fprintf(out, " at offset %zu", noted->offset);
	if (noted->expires != 0) {
		tool_time_print(noted->expires, expires);
		fprintf(out, ", expires %s", expires);
	}
	if (noted->would_refuse)
		fprintf(out, ", no pin of it is in the chain");
	if (noted->report_queued)
		fprintf(out, ", report queued");
	fputc('\n', out);
}

static void
warn(const struct pinstore_noted *noted, const char *host)
{
	if (noted->ignored_fields > 0)
		tool_warn(PROGRAM, "%s: only the first field counts, %zu "
		          "ignored", host, noted->ignored_fields);
	if (noted->suffix_rule)
		tool_warn(PROGRAM, "%s is a public suffix: noted without "
		          "includeSubDomains", host);
	if (noted->clock_went_back)
		tool_warn(PROGRAM, "%s: the entry that was replaced had been "
		          "noted in the future", host);
	if (noted->action == PINSTORE_REMOVED &&
	    noted->why == PINSTORE_WHY_NO_PINS)
		tool_warn(PROGRAM, "%s is no longer pinned: the field has no "
		          "pin that can be used", host);
}

/* Check the chain, then hand over the fields, as a client does. */
static int
process(struct run *run, const char *host,
        struct evidence *evidence, const struct pinstore_field *fields,
        size_t n)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = NULL;
	enum pinstore_verdict verdict;
	struct pinstore_error error;
	enum pinstore_status status;
	bool is_report_only = option_given(&run->options, OPTION_REPORT_ONLY);
	int code = TOOL_EXIT_OK;

	status = evidence_check(run, evidence, host, run->options.now, &verdict,
	                        &result, &error);
	if (status == PINSTORE_OK)
		status = pinstore_note(run->store, result, fields, n,
		                       run->options.now, &noted, &error);
	if (status != PINSTORE_OK) {
		code = evidence_fail(run, evidence, host, &error);
	} else {
		warn(&noted, host);
		if (run->is_json)
			print_json(&noted, host, is_report_only, run->out);
		else
			print_text(&noted, host, run->out);
	}
	pinstore_result_free(result);
	return code;
}

/* The fields: the operands behind HOST, or all of stdin. */
static struct pinstore_field *
make_fields(struct run *run, char *input, size_t len, size_t *n)
{
	bool is_report_only = option_given(&run->options, OPTION_REPORT_ONLY);
	struct pinstore_field *out;
	size_t i;

	*n = input != NULL ? 1 : run->n_operands - 1;
	out = tool_alloc(*n, sizeof(*out));
	for (i = 0; i < *n; i++) {
		out[i].kind = is_report_only ? PINSTORE_PKP_RO : PINSTORE_PKP;
		out[i].value = input != NULL ? input : run->operands[i + 1];
		out[i].len = input != NULL ? len : strlen(out[i].value);
	}
	return out;
}

int
cmd_note(struct run *run)
{
	struct evidence evidence = {.kind = EVIDENCE_PATH};
	struct pinstore_field *fields = NULL;
	char name[PINSTORE_HOST_MAX + 1], *input = NULL;
	enum pinstore_host_kind kind;
	size_t n, len = 0;
	int code = EXIT_USAGE;

	if (run_host(run, run->operands[0], name, &kind) &&
	    evidence_read(run, false, &evidence) &&
	    (run->n_operands > 1 || run_stdin(run, VALUE_MAX, &input, &len))) {
		fields = make_fields(run, input, len, &n);
		code = run_open_judging(run, true)
		               ? process(run, name, &evidence, fields, n)
		               : run->fault.exit;
	}
	free(fields);
	tool_file_free(input, len);
	evidence_free(&evidence);
	return code;
}
