/*
 * cmd_header.c - pinstore header PIN|FILE...
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
#include "common/pin.h"
#include "common/screen.h"
#include "evidence.h"
#include "pinlist.h"
#include "verb.h"

/* R-B-1: begin small (RFC 7469, appendix B). */
#define DEFAULT_MAX_AGE INT64_C(86400)

static const char *
field_name(const struct run *run)
{
	return option_given(&run->options, OPTION_REPORT_ONLY)
	               ? "Public-Key-Pins-Report-Only"
	               : "Public-Key-Pins";
}

/* ----------------------------------------------------------------- refusals */

/* What RFC 3986 has in URIs; neither a quote nor a backslash among it. */
static bool
is_uri_text(const char *text)
{
	static const char octets[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	        "-._~:/?[]@!$&'()*+,;=%";

	return text[strspn(text, octets)] == '\0';
}

static bool
check_report_only(struct run *run)
{
	const struct options *options = &run->options;

	if (!option_given(options, OPTION_REPORT_ONLY))
		return true;
	if (options->report_uri == NULL) {
		tool_fault_usage(&run->fault, "--report-only",
		                 "--report-uri https://...",
		                 "without a report-uri a Report-Only field "
		                 "does nothing");
		return false;
	}
	if (!option_given(options, OPTION_MAX_AGE))
		return true;
	tool_fault_usage(&run->fault, "--max-age", NULL,
	                 "max-age means nothing in a Report-Only field");
	return false;
}

/* max-age=0 ends pinning and wants no pins; all else wants a backup (R-4-2). */
static bool
check_pins(struct run *run, const struct pinlist *pins)
{
	if (run->options.max_age == 0) {
		if (pins->n == 0)
			return true;
		tool_fault_usage(&run->fault, "--max-age", NULL,
		                 "max-age=0 makes clients forget the host: it "
		                 "goes without pins");
		return false;
	}
	if (pins->n > PINSTORE_PINS_MAX) {
		tool_fault_usage(&run->fault, "header", NULL,
		                 "more than %d pins", PINSTORE_PINS_MAX);
		return false;
	}
	if (pins->n > 1)
		return true;
	if (pins->n == 0)
		tool_fault_usage(&run->fault, "header",
		                 "name a pin or a file of the server's key, "
		                 "and one of a backup key",
		                 "too few arguments: which keys?");
	else
		tool_fault_usage(&run->fault, "header",
		                 "add the pin of a backup key that is kept "
		                 "elsewhere",
		                 "there is no backup: clients ignore a field "
		                 "with a single pin");
	return false;
}

static bool
check_uri(struct run *run)
{
	const char *uri = run->options.report_uri;

	if (uri == NULL)
		return true;
	if (!is_uri_text(uri)) {
		tool_fault_usage(&run->fault, "--report-uri",
		                 "write other octets as %XX",
		                 "\"%s\" has an octet that no URI has", uri);
		return false;
	}
	if (run->options.server == SERVER_NGINX && strchr(uri, '$') != NULL) {
		tool_fault_usage(&run->fault, "--report-uri", "write it as %24",
		                 "nginx would take a variable's name behind "
		                 "'$'");
		return false;
	}
	return true;
}

/* ------------------------------------------------------------- composition */

static char *
compose(const struct run *run, const struct pinlist *pins)
{
	const struct options *options = &run->options;
	const char *separator = "";
	char pin[TOOL_PIN_TEXT], *text = NULL;
	size_t i, len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		tool_no_memory();
	if (!option_given(options, OPTION_REPORT_ONLY)) {
		fprintf(out, "max-age=%" PRId64, options->max_age);
		separator = "; ";
	}
	for (i = 0; i < pins->n; i++) {
		tool_pin_print(&pins->pin[i], TOOL_PIN_RFC7469, pin);
		fprintf(out, "%s%s", separator, pin);
		separator = "; ";
	}
	if (option_given(options, OPTION_INCLUDE_SUBDOMAINS))
		fputs("; includeSubDomains", out);
	if (options->report_uri != NULL)
		fprintf(out, "; report-uri=\"%s\"", options->report_uri);
	if (fclose(out) != 0)
		tool_no_memory();
	return text;
}

/* The advice that is about a departure, or the first. */
static const char *
advice_on(const struct pinstore_lint *lint, const char *departure)
{
	const char *advice, *word = departure;
	size_t i;

	if (word != NULL && strncmp(word, "bad-", 4) == 0)
		word += 4;
	for (i = 0; (advice = pinstore_lint_advice(lint, i)) != NULL; i++)
		if (word == NULL || strstr(advice, word) != NULL)
			return advice;
	return pinstore_lint_advice(lint, 0);
}

/* What the field departs in, or why it is ignored: then it is not written. */
static bool
is_sound(struct run *run, const struct pinstore_lint *lint)
{
	const char *departure = pinstore_lint_departure(lint, 0);
	const char *advice = advice_on(lint, departure);

	if (pinstore_lint_action(lint) == PINSTORE_LINT_IGNORE) {
		tool_fault_usage(&run->fault, "header", NULL,
		                 "clients would ignore this field (%s): %s",
		                 pinstore_reason_word(
		                         pinstore_lint_reason(lint)),
		                 advice != NULL ? advice : "");
		return false;
	}
	if (departure == NULL)
		return true;
	tool_fault_usage(&run->fault, "header", NULL, "%s: %s", departure,
	                 advice != NULL ? advice : "");
	return false;
}

static void
pass_advice_on(const struct pinstore_lint *lint)
{
	const char *advice;
	size_t i;

	for (i = 0; (advice = pinstore_lint_advice(lint, i)) != NULL; i++)
		tool_warn(PROGRAM, "%s", advice);
}

/* Judge what was written as a client would that goes by the letter. */
static bool
is_read_well(struct run *run, const char *value, struct pinstore_chain *chain)
{
	struct pinstore_lint_setup setup = {
		.size = sizeof(setup),
		.kind = option_given(&run->options, OPTION_REPORT_ONLY)
		                ? PINSTORE_PKP_RO
		                : PINSTORE_PKP,
		.strict = 1,
		.host = run->options.host,
		.chain = chain,
	};
	struct pinstore_lint *lint;
	bool is_good;

	if (pinstore_lint(value, strlen(value), &setup, &lint) != PINSTORE_OK)
		tool_no_memory();
	is_good = is_sound(run, lint);
	if (is_good)
		pass_advice_on(lint);
	pinstore_lint_free(lint);
	return is_good;
}

/* ----------------------------------------------------------------- printing */

/* Put value between single quotes; quote and mark are written as asked. */
static void
put_quoted(const char *value, const char *quote, char mark, FILE *out)
{
	fputc('\'', out);
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			fputs(quote, out);
		else
			fputc(*value, out);
		if (mark != '\0' && *value == mark)
			fputc(mark, out);
	}
	fputc('\'', out);
}

static char *
line_for(enum header_server server, const char *name, const char *value)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		tool_no_memory();
	switch (server) {
	case SERVER_RAW:
		fprintf(out, "%s: %s", name, value);
		break;
	case SERVER_NGINX:
		fprintf(out, "add_header %s ", name);
		put_quoted(value, "\\'", '\0', out);
		fputs(" always;", out);
		break;
	case SERVER_APACHE: /* '%' begins a format there */
		fprintf(out, "Header always set %s ", name);
		put_quoted(value, "\\'", '%', out);
		break;
	case SERVER_HAPROXY: /* and there; quotes are a shell's */
		fprintf(out, "http-response set-header %s ", name);
		put_quoted(value, "'\\''", '%', out);
		break;
	}
	if (fclose(out) != 0)
		tool_no_memory();
	return text;
}

static void
print(struct run *run, const char *value)
{
	char *line = line_for(run->options.server, field_name(run), value);
	json_t *all;

	if (run->is_json) {
		all = tool_json_object();
		tool_json_add(all, "name", tool_json_text(field_name(run)));
		tool_json_add(all, "value", tool_json_text(value));
		tool_json_add(all, "line", tool_json_text(line));
		tool_json_write(all, run->out);
	} else {
		fputs(line, run->out);
	}
	fputc('\n', run->out);
	free(line);
}

static int
write_header(struct run *run, const struct pinlist *pins)
{
	const char *host = run->options.host;
	struct pinstore_chain *chain = NULL;
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	int code = EXIT_USAGE;
	char *value;

	if (!check_pins(run, pins) ||
	    (host != NULL && !run_host(run, host, name, &kind)) ||
	    !evidence_path(run, host != NULL ? name : NULL, &chain))
		return run->fault.exit;
	value = compose(run, pins);
	if (is_read_well(run, value, chain)) {
		print(run, value);
		code = TOOL_EXIT_OK;
	}
	free(value);
	pinstore_chain_free(chain);
	return code;
}

int
cmd_header(struct run *run)
{
	struct options *options = &run->options;
	struct pinlist pins = {NULL, 0};
	bool is_good = true;
	int code = EXIT_USAGE;
	size_t i;

	if (!option_given(options, OPTION_MAX_AGE))
		options->max_age = DEFAULT_MAX_AGE;
	if (!options_take_server(options, &run->fault) ||
	    !check_report_only(run) || !check_uri(run))
		return EXIT_USAGE;
	for (i = 0; i < run->n_operands && is_good; i++)
		is_good = pinlist_add_operand(&pins, run->operands[i],
		                              &run->fault);
	if (is_good)
		code = write_header(run, &pins);
	pinlist_free(&pins);
	return run->fault.exit != 0 ? run->fault.exit : code;
}
