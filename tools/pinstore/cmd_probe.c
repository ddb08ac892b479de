/*
 * cmd_probe.c - pinstore probe HOST[:PORT]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A look, not a visit: nothing is noted, and no verdict is acted upon.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <pinstore/gnutls.h>

#include "common/memory.h"
#include "common/text.h"
#include "evidence.h"
#include "probe.h"
#include "starttls.h"

#define ANY_VERSION "NORMAL"
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

/* ------------------------------------------------------------ certificates */

static char *
take_name(int code, gnutls_datum_t *name)
{
	char *out;

	if (code < 0 || name->data == NULL)
		return NULL;
	out = tool_copy((const char *)name->data, name->size);
	gnutls_free(name->data);
	return out;
}

static void
read_certificate(const uint8_t *octets, size_t len,
                 struct probe_certificate *out)
{
	gnutls_datum_t der = {tool_alloc(len, 1), (unsigned)len};
	gnutls_datum_t name = {NULL, 0};
	gnutls_x509_crt_t crt;
	int algorithm;

	memset(out, 0, sizeof(*out));
	out->from = out->until = PINSTORE_NEVER;
	memcpy(der.data, octets, len);
	out->has_pin = pinstore_pin_from_certificate(octets, len, &out->pin) ==
	               PINSTORE_OK;
	if (gnutls_x509_crt_init(&crt) < 0)
		tool_no_memory();
	if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) == 0) {
		out->subject = take_name(gnutls_x509_crt_get_dn3(crt, &name, 0),
		                         &name);
		name.data = NULL;
		out->issuer = take_name(
		        gnutls_x509_crt_get_issuer_dn3(crt, &name, 0), &name);
		algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &out->bits);
		if (algorithm >= 0)
			out->key = gnutls_pk_algorithm_get_name(
			        (gnutls_pk_algorithm_t)algorithm);
		out->from = gnutls_x509_crt_get_activation_time(crt);
		out->until = gnutls_x509_crt_get_expiration_time(crt);
	}
	gnutls_x509_crt_deinit(crt);
	free(der.data);
}

static bool
is_same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a != NULL && b != NULL && a_len == b_len &&
	       memcmp(a, b, a_len) == 0;
}

/* What was served, and what of it is on the path; the path's own ones. */
static void
read_certificates(struct probe *probe, gnutls_session_t session)
{
	const gnutls_datum_t *peers;
	const uint8_t *der;
	unsigned n = 0, i;
	size_t j, len;

	if (probe->chain != NULL)
		probe->n_path = pinstore_chain_length(probe->chain);
	if (probe->n_path > PROBE_SERVED_MAX)
		probe->n_path = PROBE_SERVED_MAX;
	for (j = 0; j < probe->n_path; j++) {
		der = pinstore_chain_certificate(probe->chain, j, &len);
		read_certificate(der, len, &probe->path[j]);
		probe->path[j].is_on_path = true;
	}
	peers = gnutls_certificate_get_peers(session, &n);
	if (peers == NULL)
		n = 0;
	for (i = 0; i < n && i < PROBE_SERVED_MAX; i++) {
		read_certificate(peers[i].data, peers[i].size,
		                 &probe->served[i]);
		probe->n_served++;
		for (j = 0; j < probe->n_path; j++) {
			der = pinstore_chain_certificate(probe->chain, j, &len);
			if (!is_same(peers[i].data, peers[i].size, der, len))
				continue;
			probe->served[i].is_on_path = true;
			probe->path[j].is_served = true;
		}
	}
}

static void
read_staple(struct probe_ocsp *ocsp, const gnutls_datum_t *octets)
{
	gnutls_ocsp_resp_t answer;
	unsigned status = 0;
	time_t from = -1, until = -1;

	ocsp->status = "malformed";
	if (gnutls_ocsp_resp_init(&answer) < 0)
		tool_no_memory();
	if (gnutls_ocsp_resp_import(answer, octets) == 0 &&
	    gnutls_ocsp_resp_get_single(answer, 0, NULL, NULL, NULL, NULL,
	                                &status, &from, &until, NULL,
	                                NULL) == 0) {
		ocsp->status = status == GNUTLS_OCSP_CERT_GOOD      ? "good"
		               : status == GNUTLS_OCSP_CERT_REVOKED ? "revoked"
		                                                    : "unknown";
		if (from != -1)
			ocsp->this_update = from;
		if (until != -1)
			ocsp->next_update = until;
	}
	gnutls_ocsp_resp_deinit(answer);
}

static void
look_for_staple(struct probe *probe, gnutls_session_t session)
{
	struct probe_ocsp *ocsp = &probe->ocsp;
	gnutls_datum_t octets = {NULL, 0};

	ocsp->this_update = ocsp->next_update = PINSTORE_NEVER;
	if (gnutls_ocsp_status_request_get(session, &octets) < 0 ||
	    octets.data == NULL)
		return;
	ocsp->is_stapled = true;
	read_staple(ocsp, &octets);
	ocsp->is_checked = probe->chain != NULL &&
	                   gnutls_ocsp_status_request_is_checked(
	                           session, GNUTLS_OCSP_SR_IS_AVAIL) != 0;
}

/* -------------------------------------------------------------------- HTTP */

/* The length of a field's value, with the lines onto which it is folded. */
static size_t
value_len(const char *at)
{
	const char *end = strstr(at, "\r\n");

	while (end != NULL && (end[2] == ' ' || end[2] == '\t'))
		end = strstr(end + 2, "\r\n");
	return end != NULL ? (size_t)(end - at) : strlen(at);
}

static void
take_field(struct probe *probe, const char *line)
{
	static const char name[] = "public-key-pins";
	static const char more[] = "-report-only";
	struct probe_field *field;
	bool is_report_only;
	size_t len;

	if (strncasecmp(line, name, strlen(name)) != 0)
		return;
	line += strlen(name);
	is_report_only = strncasecmp(line, more, strlen(more)) == 0;
	if (is_report_only)
		line += strlen(more);
	if (*line != ':' || probe->n_fields == PROBE_FIELDS_MAX)
		return;
	line += 1 + strspn(line + 1, " \t");
	len = value_len(line);
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	field = &probe->field[probe->n_fields++];
	field->is_report_only = is_report_only;
	field->value = tool_copy(line, len);
}

static void
read_head(struct probe *probe, const char *head)
{
	const char *line = head;

	probe->is_http = true;
	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		take_field(probe, line);
	}
}

/* ------------------------------------------------------------ what it takes */

static bool
make_credentials(struct run *run, gnutls_certificate_credentials_t *out)
{
	const char *file = run->options.cacert;
	int n;

	if (!trust_can_be_read(run))
		return false;
	if (gnutls_certificate_allocate_credentials(out) < 0)
		tool_no_memory();
	if (file == NULL)
		n = gnutls_certificate_set_x509_system_trust(*out);
	else
		n = gnutls_certificate_set_x509_trust_file(
		        *out, file, GNUTLS_X509_FMT_PEM);
	return n > 0 || trust_nobody(run);
}

/* "host", "host:25", "[::1]", "[::1]:25", "::1" */
static bool
take_operand(struct run *run, struct probe *probe)
{
	const char *text = run->operands[0], *colon = NULL;
	const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	enum pinstore_host_kind kind;
	int64_t port = 0;
	char *name;
	bool is_good;

	if (bracket != NULL)
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
	else if (strchr(text, ':') == strrchr(text, ':'))
		colon = strchr(text, ':');
	probe->port = starttls_port(run->options.starttls);
	if (colon != NULL) {
		if (!tool_parse_number(colon + 1, strlen(colon + 1), 65535,
		                       &port) ||
		    port == 0) {
			tool_fault_usage(&run->fault, text,
			                 "write HOST or HOST:PORT",
			                 "\"%s\" is no port", colon + 1);
			return false;
		}
		probe->port = (uint16_t)port;
	}
	name = tool_copy(text, colon != NULL ? (size_t)(colon - text)
	                                     : strlen(text));
	is_good = run_host(run, name, probe->host, &kind);
	free(name);
	return is_good;
}

/* A store that is not there has no pins; any other error is one. */
static bool
open_store(struct run *run, struct probe *probe)
{
	probe->has_store = run_open(run, false);
	if (probe->has_store)
		return true;
	if (run->fault.status == NULL ||
	    strcmp(run->fault.status,
	           tool_status_word(PINSTORE_ERR_NOTFOUND)) != 0)
		return false;
	memset(&run->fault, 0, sizeof(run->fault));
	return true;
}

/* ------------------------------------------------------------------- looking */

static bool
judge(struct run *run, struct probe *probe, gnutls_session_t session)
{
	struct pinstore_peer peer = {.size = sizeof(peer),
	                             .host = probe->host,
	                             .port = probe->port};
	struct pinstore_error error;

	if (pinstore_chain_from_session(session, probe->host, &probe->chain,
	                                &probe->error) == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (probe->chain == NULL || !probe->has_store)
		return true;
	if (pinstore_check_peer(run->store, session, &peer, probe->chain,
	                        run->options.now, &probe->verdict,
	                        &probe->result, &error) == PINSTORE_OK)
		return true;
	run_fail(run, &error);
	return false;
}

/* Whether a session that was kept is taken up. */
static bool
comes_back(const struct wire_target *target, enum starttls protocol,
           const char *priority, gnutls_certificate_credentials_t credentials,
           const gnutls_datum_t *kept)
{
	struct tool_fault nobody = {.exit = 0};
	struct talk talk;
	bool is_resumed;

	is_resumed = talk_open(&talk, target, protocol, priority, credentials,
	                       kept, &nobody) &&
	             gnutls_session_is_resumed(talk.session) != 0;
	talk_close(&talk);
	return is_resumed;
}

/* Of one version; the connection is closed with it. */
static void
look_for_resumption(struct probe *probe, struct talk *talk,
                    const struct wire_target *target, enum starttls protocol,
                    const char *priority,
                    gnutls_certificate_credentials_t credentials)
{
	struct probe_resumption *out;
	gnutls_datum_t kept;

	if (probe->n_resumption == PROBE_VERSIONS_MAX)
		return;
	out = &probe->resumption[probe->n_resumption++];
	out->version = gnutls_protocol_get_name(
	        gnutls_protocol_get_version(talk->session));
	out->offer = talk_offer(talk, &kept);
	talk_close(talk);
	if (kept.data != NULL)
		out->is_resumed = comes_back(target, protocol, priority,
		                             credentials, &kept);
	gnutls_free(kept.data);
}

/* A server that has 1.3 is asked what it does in 1.2. */
static void
look_at_1_2(struct probe *probe, const struct wire_target *target,
            enum starttls protocol,
            gnutls_certificate_credentials_t credentials)
{
	struct tool_fault nobody = {.exit = 0};
	struct talk talk;

	if (talk_open(&talk, target, protocol, TLS_1_2, credentials, NULL,
	              &nobody))
		look_for_resumption(probe, &talk, target, protocol, TLS_1_2,
		                    credentials);
	talk_close(&talk);
}

static bool
look(struct run *run, struct probe *probe,
     gnutls_certificate_credentials_t credentials)
{
	enum starttls protocol = run->options.starttls;
	struct wire_target target = {.host = probe->host,
	                             .port = probe->port,
	                             .options = &run->options};
	struct talk talk;
	char *head = NULL;
	bool is_good, is_1_3 = false;

	is_good = talk_open(&talk, &target, protocol, ANY_VERSION, credentials,
	                    NULL, &run->fault) &&
	          judge(run, probe, talk.session);
	if (is_good) {
		is_1_3 = gnutls_protocol_get_version(talk.session) ==
		         GNUTLS_TLS1_3;
		probe->version = gnutls_protocol_get_name(
		        gnutls_protocol_get_version(talk.session));
		read_certificates(probe, talk.session);
		look_for_staple(probe, talk.session);
		/* To one that cannot be trusted nothing is said. */
		if (protocol == STARTTLS_NONE && probe->chain != NULL)
			head = talk_head(&talk, &target);
		if (head != NULL)
			read_head(probe, head);
		else
			talk_settle(&talk);
		memset(&run->fault, 0, sizeof(run->fault));
		look_for_resumption(probe, &talk, &target, protocol,
		                    ANY_VERSION, credentials);
	}
	talk_close(&talk);
	if (is_good && is_1_3)
		look_at_1_2(probe, &target, protocol, credentials);
	free(head);
	return is_good;
}

/* -------------------------------------------------------------------- telling */

static void
find_cause(struct run *run, struct probe *probe)
{
	if (probe->result != NULL && probe->verdict == PINSTORE_REJECT)
		probe->cause = tool_likely_cause(&run->likely, run->store,
		                                 probe->result,
		                                 run->options.now,
		                                 &probe->likely);
}

static int
conclude(struct run *run, const struct probe *probe)
{
	bool is_revoked;

	if (probe->chain == NULL) {
		tool_fault_set(&run->fault, EXIT_NETWORK,
		               tool_status_word(probe->error.status),
		               probe->host, NULL, "%s", probe->error.text);
		return EXIT_NETWORK;
	}
	if (probe->result == NULL || probe->verdict != PINSTORE_REJECT)
		return TOOL_EXIT_OK;
	is_revoked = pinstore_result_reason(probe->result) ==
	             PINSTORE_WHY_REVOKED;
	if (run->is_json)
		tool_fault_set(&run->fault,
		               is_revoked ? EXIT_REVOKED : EXIT_MISMATCH,
		               is_revoked ? "revoked" : "mismatch", probe->host,
		               "pinstore explain HOST tells which entry "
		               "refuses the chain",
		               is_revoked ? "revoked key in the chain for %s"
		                          : "pin mismatch for %s", probe->host);
	if (run->is_json)
		tool_fault_likely(&run->fault, tool_cause_word(probe->cause),
		                  probe->likely);
	return is_revoked ? EXIT_REVOKED : EXIT_MISMATCH;
}

static void
clear_certificate(struct probe_certificate *certificate)
{
	free(certificate->subject);
	free(certificate->issuer);
}

static void
probe_clear(struct probe *probe)
{
	size_t i;

	for (i = 0; i < probe->n_served; i++)
		clear_certificate(&probe->served[i]);
	for (i = 0; i < probe->n_path; i++)
		clear_certificate(&probe->path[i]);
	for (i = 0; i < probe->n_fields; i++)
		free(probe->field[i].value);
	free(probe->likely);
	pinstore_result_free(probe->result);
	pinstore_chain_free(probe->chain);
}

int
cmd_probe(struct run *run)
{
	gnutls_certificate_credentials_t credentials = NULL;
	struct probe *probe = tool_alloc(1, sizeof(*probe));
	int code = EXIT_USAGE;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		tool_no_memory();
	if (take_operand(run, probe) && make_credentials(run, &credentials) &&
	    open_store(run, probe) && look(run, probe, credentials)) {
		find_cause(run, probe);
		if (run->is_json)
			probe_print_json(probe, run);
		else
			probe_print(probe, run);
		code = conclude(run, probe);
	}
	if (credentials != NULL)
		gnutls_certificate_free_credentials(credentials);
	probe_clear(probe);
	free(probe);
	curl_global_cleanup();
	return run->fault.exit != 0 ? run->fault.exit : code;
}
