/*
 * lintview.c - what was found of a field, for people and for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "lintview.h"

#include <inttypes.h>

#include "common/json.h"
#include "common/pin.h"
#include "common/screen.h"
#include "common/text.h"

static json_t *
seconds(int64_t value)
{
	return value < 0 ? json_null() : tool_json_integer(value);
}

typedef const char *word_fn(const struct pinstore_lint *lint, size_t i);

static json_t *
words(const struct pinstore_lint *lint, word_fn *word)
{
	json_t *out = tool_json_array();
	size_t i;

	for (i = 0; word(lint, i) != NULL; i++)
		tool_json_append(out, tool_json_text(word(lint, i)));
	return out;
}

static json_t *
findings(const struct pinstore_lint *lint)
{
	struct pinstore_finding finding = {.size = sizeof(finding)};
	json_t *out = tool_json_array(), *one;
	size_t i;

	for (i = 0; pinstore_lint_finding(lint, i, &finding); i++) {
		one = tool_json_object();
		tool_json_add(one, "word", tool_json_text(finding.word));
		tool_json_add(one, "rule", tool_json_text(finding.rule));
		tool_json_add(one, "strict", tool_json_text(finding.strict));
		tool_json_add(one, "pinstore",
		              tool_json_text(finding.pinstore));
		tool_json_add(one, "lenient", tool_json_text(finding.lenient));
		tool_json_append(out, one);
	}
	return out;
}

static const char *
rule(const struct pinstore_lint *lint)
{
	return pinstore_lint_reason(lint) == PINSTORE_WHY_MALFORMED
	               ? pinstore_syntax_word(pinstore_lint_syntax(lint))
	               : NULL;
}

json_t *
lint_json(const struct pinstore_lint *lint, bool is_report_only)
{
	json_t *all = tool_json_object();
	const struct pinstore_pin *pins;
	size_t offset, n;
	bool has_offset = pinstore_lint_offset(lint, &offset) != 0;

	pins = pinstore_lint_pins(lint, &n);
	tool_json_add(all, "kind",
	              tool_json_text(is_report_only ? "pkp-ro" : "pkp"));
	tool_json_add(all, "action", tool_json_text(pinstore_lint_action_word(
	        pinstore_lint_action(lint))));
	tool_json_add(all, "reason", tool_json_text(pinstore_reason_word(
	        pinstore_lint_reason(lint))));
	tool_json_add(all, "rule", tool_json_text(rule(lint)));
	tool_json_add(all, "offset", has_offset
	                                     ? tool_json_integer((int64_t)offset)
	                                     : json_null());
	tool_json_add(all, "max_age", seconds(pinstore_lint_max_age(lint)));
	tool_json_add(all, "max_age_sent",
	              seconds(pinstore_lint_max_age_sent(lint)));
	tool_json_add(all, "include_subdomains",
	              json_boolean(pinstore_lint_include_subdomains(lint)));
	tool_json_add(all, "report_uri",
	              tool_json_text(pinstore_lint_report_uri(lint)));
	tool_json_add(all, "pins", tool_json_pins(pins, n));
	tool_json_add(all, "departures", words(lint, pinstore_lint_departure));
	tool_json_add(all, "findings", findings(lint));
	tool_json_add(all, "advice", words(lint, pinstore_lint_advice));
	return all;
}

static void
print_header(const struct pinstore_lint *lint, FILE *out)
{
	int64_t max_age = pinstore_lint_max_age(lint);
	int64_t sent = pinstore_lint_max_age_sent(lint);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	if (max_age >= 0 && max_age != sent)
		fprintf(out, "  %-10s%" PRId64 " s (%" PRId64 " s sent, "
		        "capped)\n", "max-age", max_age, sent);
	else if (max_age >= 0)
		fprintf(out, "  %-10s%" PRId64 " s\n", "max-age", max_age);
	if (pinstore_lint_include_subdomains(lint))
		fprintf(out, "  %-10sthe host and its subdomains\n", "covers");
	pins = pinstore_lint_pins(lint, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fprintf(out, "  %-10s%s\n", i == 0 ? "pins" : "", text);
	}
	if (pinstore_lint_report_uri(lint) != NULL) {
		fprintf(out, "  %-10s", "reports");
		tool_put_escaped(pinstore_lint_report_uri(lint), out);
		fputc('\n', out);
	}
}

static void
print_client(const char *client, const char *does, FILE *out)
{
	fprintf(out, "    %-10s", client);
	tool_put_wrapped(does, 14, out);
}

/* Each finding, its rule, and what becomes of it with whom. */
static void
print_findings(const struct pinstore_lint *lint, FILE *out)
{
	struct pinstore_finding finding = {.size = sizeof(finding)};
	size_t i;

	for (i = 0; pinstore_lint_finding(lint, i, &finding); i++) {
		fprintf(out, "  %-10s%s (%s)\n", i == 0 ? "found" : "",
		        finding.word, finding.rule);
		print_client("strict", finding.strict, out);
		print_client("pinstore", finding.pinstore, out);
		print_client("lenient", finding.lenient, out);
	}
}

void
lint_print(const struct pinstore_lint *lint, bool is_colored, FILE *out)
{
	enum pinstore_lint_action action = pinstore_lint_action(lint);
	const char *word;
	size_t offset, i;

	tool_put_tinted(pinstore_lint_action_word(action),
	                action == PINSTORE_LINT_IGNORE ? TOOL_TINT_BAD
	                                               : TOOL_TINT_GOOD,
	                is_colored, out);
	fprintf(out, ": %s",
	        pinstore_reason_word(pinstore_lint_reason(lint)));
	if (rule(lint) != NULL)
		fprintf(out, " (%s)", rule(lint));
	if (pinstore_lint_offset(lint, &offset))
		fprintf(out, " at offset %zu", offset);
	fputc('\n', out);
	print_header(lint, out);
	print_findings(lint, out);
	for (i = 0; (word = pinstore_lint_advice(lint, i)) != NULL; i++) {
		fprintf(out, "  %-10s", i == 0 ? "advice" : "");
		tool_put_wrapped(word, 12, out);
	}
}
