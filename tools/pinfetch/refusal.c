/*
 * refusal.c - why a fetch came to nothing, and what can be done.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/refusal.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/likely.h"
#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"
#include "pinfetch/remark.h"

static const enum pinstore_layer layers[] = {
	PINSTORE_CONFIGURED, PINSTORE_SYSTEM, PINSTORE_LEARNED};

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

/* The entry of a layer that refused, or NULL. */
static const struct pinstore_entry *
refusing_entry(const struct pinstore_result *result, enum pinstore_layer layer)
{
	if (!result || pinstore_result_matched(result, layer, NULL, NULL))
		return NULL;
	return pinstore_result_entry(result, layer);
}

static void
put_rule(const struct pinstore_entry *entry, FILE *out)
{
	char noted[TOOL_TIME_TEXT];
	char expires[TOOL_TIME_TEXT];
	const char *origin = "pinned by the operator, made";

	switch (pinstore_entry_source(entry)) {
	case PINSTORE_HEADER:
		origin = "from its header, noted";
		break;
	case PINSTORE_TOFU:
		origin = "from its first visit, noted";
		break;
	case PINSTORE_STATIC:
		if (pinstore_entry_layer(entry) == PINSTORE_SYSTEM)
			origin = "pinned by the system's operator, made";
		break;
	}
	tool_date_print(pinstore_entry_noted(entry), noted);
	tool_date_print(pinstore_entry_expires(entry), expires);
	fputs("  rule      ", out);
	tool_put_escaped(pinstore_entry_host(entry), out);
	fprintf(out, "%s, %s %s, expires %s\n",
	        pinstore_entry_include_subdomains(entry) ? " (+subdomains)"
	                                                 : "",
	        origin, noted, expires);
}

static void
put_expected(const struct pinstore_pin *pins, size_t n, FILE *out)
{
	char text[TOOL_PIN_TEXT];

	for (size_t i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fprintf(out, "  %-10s%s\n", i == 0 ? "expected" : "", text);
	}
}

/* Whom a certificate names: its CN, else its whole subject. */
static void
put_subject(const uint8_t *der, size_t len, FILE *out)
{
	gnutls_datum_t data = {0};
	gnutls_datum_t name = {0};
	gnutls_x509_crt_t certificate;
	char common_name[256];
	size_t size = sizeof(common_name);
	char *copy;

	if (!der || len > UINT16_MAX * 16U ||
	    gnutls_x509_crt_init(&certificate))
		return;
	/* GnuTLS only reads it. */
	copy = gnutls_malloc(len);
	if (!copy)
		goto out;
	memcpy(copy, der, len);
	data.data = (unsigned char *)copy;
	data.size = (unsigned)len;
	if (gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_DER))
		goto out;
	if (!gnutls_x509_crt_get_dn_by_oid(certificate,
	                                   GNUTLS_OID_X520_COMMON_NAME, 0, 0,
	                                   common_name, &size)) {
		fputs("CN=", out);
		tool_put_escaped(common_name, out);
	} else if (!gnutls_x509_crt_get_dn3(certificate, &name, 0)) {
		tool_put_escaped((const char *)name.data, out);
	}
out:
	gnutls_free(name.data);
	gnutls_free(copy);
	gnutls_x509_crt_deinit(certificate);
}

static void
put_chain(const char *title, const struct pinstore_chain *chain, FILE *out)
{
	size_t n = chain ? pinstore_chain_length(chain) : 0;

	if (n == 0)
		fprintf(out, "  %-10sno certificate that validates\n", title);
	for (size_t i = 0; i < n; i++) {
		const struct pinstore_pin *pin = pinstore_chain_pin(chain, i);
		const char *role = i == 0       ? "leaf"
		                   : i == n - 1 ? "root"
		                                : "intermediate";
		char text[TOOL_PIN_TEXT] = "a key without a pin";
		const uint8_t *der;
		size_t len = 0;

		if (pin)
			tool_pin_print(pin, TOOL_PIN_CURL, text);
		fprintf(out, "  %-10s%-52s  %-12s  ", i == 0 ? title : "",
		        text, role);
		der = pinstore_chain_certificate(chain, i, &len);
		put_subject(der, len, out);
		fputs(i == n - 1 ? "  (validated path)\n" : "\n", out);
	}
}

/* What the data at hand can tell; else nothing is said. */
static void
put_likely(const struct fetch_session *session,
           const struct pinstore_result *result, FILE *out)
{
	struct tool_likely likely;
	char *text;

	tool_likely_begin(&likely);
	(void)tool_likely_cause(&likely, session->run->ps, result, tool_now(),
	                        &text);
	if (text) {
		fputs("  likely    ", out);
		tool_put_escaped(text, out);
		fputc('\n', out);
	}
	free(text);
	tool_likely_end(&likely);
}

/* The command that a person can type, with the store that was named. */
static void
put_command(const char *verb, const char *host, const char *store, FILE *out)
{
	fputs("pinstore ", out);
	if (store) {
		fputs("--store ", out);
		tool_put_escaped(store, out);
		fputc(' ', out);
	}
	fprintf(out, "%s ", verb);
	tool_put_escaped(host, out);
}

/* What to do when the keys were changed as announced. */
static void
put_change(const struct pinstore_entry *entry, const char *store, FILE *out)
{
	fputs("\n            an announced change?  compare the key out of "
	      "band, then: ", out);
	switch (pinstore_entry_layer(entry)) {
	case PINSTORE_CONFIGURED:
		put_command("pin", pinstore_entry_host(entry), store, out);
		fputs(" PIN BACKUP-PIN\n", out);
		break;
	case PINSTORE_LEARNED:
		put_command("clear", pinstore_entry_host(entry), store, out);
		fputc('\n', out);
		break;
	case PINSTORE_SYSTEM:
		fputs("the system's operator pins and publishes it\n", out);
		break;
	}
}

static void
put_mismatch(const struct fetch_session *session,
             const struct fetch_report *report, FILE *out)
{
	const struct pinstore_result *result = report->verdict.result;
	const char *store = session->options->store;
	const char *host = report->request.at.host;
	const struct pinstore_entry *entry = NULL;
	const struct pinstore_pin *pins;
	size_t n = 0;

	for (size_t i = 0; i < N_LAYERS; i++) {
		const struct pinstore_entry *one =
		        refusing_entry(result, layers[i]);

		if (!one)
			continue;
		entry = one;
		put_rule(one, out);
		pins = pinstore_entry_pins(one, &n);
		put_expected(pins, n, out);
	}
	if (report->verdict.is_unlisted) {
		fputs("  rule      --pinnedpubkey of this command\n", out);
		put_expected(session->options->pinned,
		             session->options->n_pinned, out);
		entry = NULL;
	}
	put_chain("served", pinstore_result_chain(result), out);
	if (!entry)
		return;
	put_likely(session, result, out);
	fputs("  next      another network?      try there: the same keys?\n"
	      "            what is known?        ",
	      out);
	put_command("explain", host, store, out);
	put_change(entry, store, out);
}

/* It stays refused until its operator has another. */
static void
put_revoked(const struct fetch_session *session,
            const struct fetch_report *report, FILE *out)
{
	const struct pinstore_result *result = report->verdict.result;

	put_chain("served", pinstore_result_chain(result), out);
	put_likely(session, result, out);
	fputs("  next      ask the server's operator for a new key\n", out);
}

/* GnuTLS's words for what libcurl only calls a failure. */
static void
put_certificate(const struct fetch_session *session,
                const struct fetch_report *report, FILE *out)
{
	const struct pinstore_error *error = &report->verdict.error;
	gnutls_datum_t words = {0};
	long status = 0;

	if (error->status)
		return; /* the first line has them */
	(void)curl_easy_getinfo(session->easy, CURLINFO_SSL_VERIFYRESULT,
	                        &status);
	if (status <= 0 ||
	    gnutls_certificate_verification_status_print(
	            (unsigned)status, GNUTLS_CRT_X509, &words, 0))
		return;
	/* They end with a space. */
	while (words.size > 0 && words.data[words.size - 1] == ' ')
		words.data[--words.size] = '\0';
	fputs("  reason    ", out);
	tool_put_escaped((const char *)words.data, out);
	fputc('\n', out);
	gnutls_free(words.data);
}

/* What --require-pin can be met with: only names are pinned, for https. */
static void
put_unpinned(const struct fetch_session *session,
             const struct fetch_report *report, FILE *out)
{
	const struct fetch_target *at = &report->request.at;
	char host[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;

	fputs("  next      ", out);
	if (!at->is_https) {
		fputs("use https: pins do not apply to http\n", out);
		return;
	}
	if (!pinstore_host_canonical(at->host, strlen(at->host), host, &kind) &&
	    kind == PINSTORE_HOST_ADDRESS) {
		fputs("use the host's name: addresses are never pinned\n", out);
		return;
	}
	put_command("pin", at->host, session->options->store, out);
	fputs(" PIN BACKUP-PIN\n", out);
}

static void
put_store(const struct fetch_session *session,
          const struct fetch_report *report, FILE *out)
{
	struct tool_fault fault = {0};

	tool_fault_library(&fault, FETCH_EXIT_STORE, &report->verdict.error,
	                   session->run->store_path);
	if (session->run->store_path) {
		fputs("  store     ", out);
		tool_put_escaped(session->run->store_path, out);
		fputc('\n', out);
	}
	fprintf(out, "  reason    %s\n", fault.message);
	fprintf(out, "  mend      %s\n",
	        fault.hint ? fault.hint : "name another store: --store DIR");
}

void
fetch_refusal_fill(const struct fetch_session *session,
                   struct fetch_report *report)
{
	const struct fetch_verdict *verdict = &report->verdict;
	const char *host = report->request.at.host;

	(void)session;
	if (verdict->exit == FETCH_EXIT_MISMATCH)
		tool_fault_set(&report->fault, verdict->exit, "mismatch", NULL,
		               NULL,
		               "pin mismatch for %s: connection refused, "
		               "nothing was sent",
		               host);
	else if (verdict->exit == FETCH_EXIT_REVOKED)
		tool_fault_set(&report->fault, verdict->exit, "revoked", NULL,
		               NULL,
		               "revoked key in the chain of %s: connection "
		               "refused, nothing was sent",
		               host);
	else if (verdict->exit == FETCH_EXIT_UNPINNED)
		tool_fault_set(&report->fault, verdict->exit, "unpinned", NULL,
		               NULL,
		               "no pin covers %s: connection refused, "
		               "nothing was sent",
		               host);
	else if (verdict->exit == FETCH_EXIT_STORE)
		tool_fault_set(&report->fault, verdict->exit, "store", NULL,
		               NULL,
		               "the pin store cannot be used for %s: "
		               "connection refused, nothing was sent",
		               host);
	else if (verdict->error.status)
		tool_fault_set(&report->fault, verdict->exit,
		               tool_status_word(verdict->error.status), NULL,
		               NULL, "%s", verdict->error.text);
}

void
fetch_refusal_info(const struct fetch_session *session,
                   const struct fetch_report *report, FILE *out)
{
	const struct fetch_verdict *verdict = &report->verdict;
	const struct pinstore_result *result = verdict->result;
	const struct pinstore_chain *chain;
	enum pinstore_layer layer;
	const struct pinstore_entry *entry;

	(void)session;
	if (!verdict->is_judged || !result)
		return;
	fputs("pins of ", out);
	tool_put_escaped(report->request.at.host, out);
	fprintf(out, ": %s, %s\n", pinstore_verdict_word(verdict->verdict),
	        pinstore_reason_word(pinstore_result_reason(result)));
	entry = fetch_remark_entry(result, &layer);
	if (entry)
		put_rule(entry, out);
	chain = pinstore_result_chain(result);
	if (chain)
		put_chain("path", chain, out);
	else
		fputs("  path      not validated (-k)\n", out);
	if (pinstore_result_other_path(result))
		fputs("  settled   on another path, which was refused\n", out);
}

void
fetch_refusal_print(const struct fetch_session *session,
                    const struct fetch_report *report, FILE *out)
{
	const struct tool_fault *fault = &report->fault;

	fprintf(out, "pinfetch: (%d) %s%s%s\n", fault->exit, fault->where,
	        fault->where[0] ? ": " : "", fault->message);
	if (fault->hint)
		fprintf(out, "  next      %s\n", fault->hint);
	switch (fault->exit) {
	case FETCH_EXIT_MISMATCH:
		put_mismatch(session, report, out);
		break;
	case FETCH_EXIT_REVOKED:
		put_revoked(session, report, out);
		break;
	case FETCH_EXIT_CERTIFICATE:
		put_certificate(session, report, out);
		break;
	case FETCH_EXIT_STORE:
		put_store(session, report, out);
		break;
	case FETCH_EXIT_UNPINNED:
		put_unpinned(session, report, out);
		break;
	}
}
