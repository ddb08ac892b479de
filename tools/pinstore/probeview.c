/*
 * probeview.c - what was found of a host, for people and for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "entry.h"
#include "lintview.h"

static const char *
offer_word(enum talk_offer offer)
{
	switch (offer) {
	case TALK_NOTHING:
		return "none";
	case TALK_SESSION_ID:
		return "session-id";
	case TALK_TICKET:
		return "ticket";
	}
	return "none";
}

static const char *
starttls_word(enum starttls protocol)
{
	static const char *const words[] = {NULL,   "smtp", "lmtp",
	                                    "imap", "pop3", "ftp",
	                                    "sieve", "ldap", "xmpp"};

	return words[protocol];
}

/* Judged by the path; NULL without memory is the end. */
static struct pinstore_lint *
judge_field(const struct probe *probe, const struct probe_field *field)
{
	struct pinstore_lint_setup setup = {
		.size = sizeof(setup),
		.kind = field->is_report_only ? PINSTORE_PKP_RO : PINSTORE_PKP,
		.host = probe->host,
		.chain = probe->chain,
		.max_age_cap = LINT_MAX_AGE_CAP,
	};
	struct pinstore_lint *lint;

	if (pinstore_lint(field->value, strlen(field->value), &setup, &lint) !=
	    PINSTORE_OK)
		tool_no_memory();
	return lint;
}

static const char *
field_name(const struct probe_field *field)
{
	return field->is_report_only ? "Public-Key-Pins-Report-Only"
	                             : "Public-Key-Pins";
}

/* -------------------------------------------------------------------- JSON */

static json_t *
certificate_json(const struct probe_certificate *certificate, bool is_path)
{
	json_t *out = tool_json_object();

	tool_json_add(out, "subject", tool_json_text(certificate->subject));
	tool_json_add(out, "issuer", tool_json_text(certificate->issuer));
	tool_json_add(out, "pin", tool_json_pin(certificate->has_pin
	                                                ? &certificate->pin
	                                                : NULL));
	tool_json_add(out, "key", tool_json_text(certificate->key));
	tool_json_add(out, "bits", tool_json_integer(certificate->bits));
	tool_json_add_time(out, "not_before", certificate->from);
	tool_json_add_time(out, "not_after", certificate->until);
	tool_json_add(out, is_path ? "served" : "on_path",
	              json_boolean(is_path ? certificate->is_served
	                                   : certificate->is_on_path));
	return out;
}

static json_t *
certificates_json(const struct probe_certificate *list, size_t n, bool is_path)
{
	json_t *out = tool_json_array();
	size_t i;

	for (i = 0; i < n; i++)
		tool_json_append(out, certificate_json(&list[i], is_path));
	return out;
}

static json_t *
ocsp_json(const struct probe_ocsp *ocsp)
{
	json_t *out;

	if (!ocsp->is_stapled)
		return json_null();
	out = tool_json_object();
	tool_json_add(out, "status", tool_json_text(ocsp->status));
	tool_json_add_time(out, "this_update", ocsp->this_update);
	tool_json_add_time(out, "next_update", ocsp->next_update);
	tool_json_add(out, "checked", json_boolean(ocsp->is_checked));
	return out;
}

static json_t *
resumption_json(const struct probe *probe)
{
	json_t *out = tool_json_array(), *one;
	size_t i;

	for (i = 0; i < probe->n_resumption; i++) {
		one = tool_json_object();
		tool_json_add(one, "version",
		              tool_json_text(probe->resumption[i].version));
		tool_json_add(one, "offered", tool_json_text(offer_word(
		        probe->resumption[i].offer)));
		tool_json_add(one, "resumed",
		              json_boolean(probe->resumption[i].is_resumed));
		tool_json_append(out, one);
	}
	return out;
}

static json_t *
fields_json(const struct probe *probe)
{
	json_t *out = tool_json_array(), *one;
	struct pinstore_lint *lint;
	size_t i;

	for (i = 0; i < probe->n_fields; i++) {
		lint = judge_field(probe, &probe->field[i]);
		one = tool_json_object();
		tool_json_add(one, "name",
		              tool_json_text(field_name(&probe->field[i])));
		tool_json_add(one, "value",
		              tool_json_text(probe->field[i].value));
		tool_json_add(one, "lint",
		              lint_json(lint, probe->field[i].is_report_only));
		tool_json_append(out, one);
		pinstore_lint_free(lint);
	}
	return out;
}

void
probe_print_json(const struct probe *probe, const struct run *run)
{
	json_t *all = tool_json_object();
	bool is_judged = probe->result != NULL;

	tool_json_add(all, "host", tool_json_text(probe->host));
	tool_json_add(all, "port", tool_json_integer(probe->port));
	tool_json_add(all, "starttls", tool_json_text(starttls_word(
	        run->options.starttls)));
	tool_json_add(all, "version", tool_json_text(probe->version));
	tool_json_add(all, "served", certificates_json(probe->served,
	                                               probe->n_served, false));
	tool_json_add(all, "path", certificates_json(probe->path, probe->n_path,
	                                             true));
	tool_json_add(all, "ocsp", ocsp_json(&probe->ocsp));
	tool_json_add(all, "resumption", resumption_json(probe));
	tool_json_add(all, "http", json_boolean(probe->is_http));
	tool_json_add(all, "headers", fields_json(probe));
	tool_json_add(all, "verdict",
	              tool_json_text(is_judged ? pinstore_verdict_word(
	                                                 probe->verdict)
	                                       : NULL));
	tool_json_add(all, "reason",
	              tool_json_text(is_judged
	                                     ? pinstore_reason_word(
	                                               pinstore_result_reason(
	                                                       probe->result))
	                                     : NULL));
	tool_json_add(all, "applies",
	              is_judged ? applies_json(probe->result)
	                        : tool_json_array());
	tool_json_write(all, run->out);
	fputc('\n', run->out);
}

/* -------------------------------------------------------------------- text */

static void
print_text_or(const char *text, const char *otherwise, FILE *out)
{
	tool_put_escaped(text != NULL ? text : otherwise, out);
}

static void
print_certificate(const char *label, const struct probe_certificate *one,
                  const char *remark, FILE *out)
{
	char pin[TOOL_PIN_TEXT] = "(a key that has no pin)";
	char from[TOOL_TIME_TEXT], until[TOOL_TIME_TEXT];

	if (one->has_pin)
		tool_pin_print(&one->pin, TOOL_PIN_CURL, pin);
	tool_date_print(one->from, from);
	tool_date_print(one->until, until);
	fprintf(out, "  %-12s%s  ", label, pin);
	print_text_or(one->subject, "(no certificate that can be read)", out);
	fprintf(out, "%s\n", remark);
	fprintf(out, "  %-12sissuer ", "");
	print_text_or(one->issuer, "?", out);
	fprintf(out, ", %s %u, %s to %s\n",
	        one->key != NULL ? one->key : "unknown key", one->bits, from,
	        until);
}

static void
print_certificates(const struct probe *probe, FILE *out)
{
	const struct probe_certificate *one;
	size_t i;

	if (probe->n_served == 0)
		fprintf(out, "  %-12sno certificate\n", "served");
	for (i = 0; i < probe->n_served; i++) {
		one = &probe->served[i];
		print_certificate(i == 0 ? "served" : "", one,
		                  probe->chain == NULL || one->is_on_path
		                          ? ""
		                          : "  STRAY: not on the path",
		                  out);
	}
	if (probe->chain == NULL)
		fprintf(out, "  %-12snone: the certificate is not valid\n",
		        "path");
	for (i = 0; i < probe->n_path; i++) {
		one = &probe->path[i];
		fprintf(out, "  %-12s%zu ", i == 0 ? "path" : "", i + 1);
		print_text_or(one->subject, "?", out);
		fprintf(out, "%s\n",
		        one->is_served ? "" : "  (from the trusted CAs)");
	}
}

static void
print_ocsp(const struct probe_ocsp *ocsp, FILE *out)
{
	char from[TOOL_TIME_TEXT], until[TOOL_TIME_TEXT];

	if (!ocsp->is_stapled) {
		fprintf(out, "  %-12snothing stapled\n", "OCSP");
		return;
	}
	fprintf(out, "  %-12sstapled: %s", "OCSP", ocsp->status);
	if (ocsp->this_update != PINSTORE_NEVER) {
		tool_time_print(ocsp->this_update, from);
		fprintf(out, ", of %s", from);
	}
	if (ocsp->next_update != PINSTORE_NEVER) {
		tool_time_print(ocsp->next_update, until);
		fprintf(out, ", until %s", until);
	}
	fprintf(out, "%s\n", ocsp->is_checked ? "" : ", of no use");
}

static void
print_resumption(const struct probe *probe, FILE *out)
{
	const struct probe_resumption *one;
	size_t i;

	for (i = 0; i < probe->n_resumption; i++) {
		one = &probe->resumption[i];
		fprintf(out, "  %-12s%s: %s%s\n",
		        i == 0 ? "resumption" : "", one->version,
		        one->offer == TALK_NOTHING      ? "not offered"
		        : one->offer == TALK_SESSION_ID ? "session id"
		                                        : "ticket",
		        one->offer == TALK_NOTHING ? ""
		        : one->is_resumed          ? ", taken up"
		                                   : ", not taken up");
	}
}

static void
print_fields(const struct probe *probe, const struct run *run, FILE *out)
{
	struct pinstore_lint *lint;
	size_t i;

	if (run->options.starttls != STARTTLS_NONE || probe->chain == NULL)
		return;
	if (!probe->is_http)
		fprintf(out, "  %-12sno answer by HTTP\n", "header");
	else if (probe->n_fields == 0)
		fprintf(out, "  %-12sno Public-Key-Pins\n", "header");
	for (i = 0; i < probe->n_fields; i++) {
		fprintf(out, "  %-12s%s: ", "header",
		        field_name(&probe->field[i]));
		tool_put_escaped(probe->field[i].value, out);
		fputs("\n  ", out);
		lint = judge_field(probe, &probe->field[i]);
		lint_print(lint, run->is_colored, out);
		pinstore_lint_free(lint);
	}
}

static void
print_verdict(const struct probe *probe, const struct run *run, FILE *out)
{
	if (!probe->has_store) {
		fprintf(out, "  %-12sthere is none: nothing is pinned\n",
		        "store");
		return;
	}
	if (probe->result == NULL)
		return;
	fprintf(out, "  %-12s", "store");
	tool_put_tinted(pinstore_verdict_word(probe->verdict),
	                probe->verdict == PINSTORE_REJECT ? TOOL_TINT_BAD
	                                                  : TOOL_TINT_GOOD,
	                run->is_colored, out);
	fprintf(out, ", %s\n", pinstore_reason_word(
	        pinstore_result_reason(probe->result)));
	if (probe->likely != NULL)
		fprintf(out, "  %-12s%s\n", "likely", probe->likely);
	if (probe->verdict == PINSTORE_REJECT)
		fprintf(out, "  %-12spinstore check %s tells more\n", "next",
		        probe->host);
}

void
probe_print(const struct probe *probe, const struct run *run)
{
	FILE *out = run->out;

	fprintf(out, "%s:%u: %s, %s\n", probe->host, (unsigned)probe->port,
	        probe->version != NULL ? probe->version : "TLS",
	        probe->chain != NULL ? "the certificate is valid"
	                             : "the certificate is NOT valid");
	print_certificates(probe, out);
	print_ocsp(&probe->ocsp, out);
	print_resumption(probe, out);
	print_fields(probe, run, out);
	print_verdict(probe, run, out);
}
