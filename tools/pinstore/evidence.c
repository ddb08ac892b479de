/*
 * evidence.c - what a verb is to judge: a path, what is to be served, a key, or
 * the host itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <pinstore/gnutls.h>

#include "common/memory.h"
#include "live.h"

/* What the priority string NORMAL asks of certificates. */
#define CLIENT_FLAGS GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_LOW)

#define ALL_OPTIONS                                                           \
	"--chain FILE, --chain-pin PIN once for each key of the path, "       \
	"or --chain-none for no path"

/* ------------------------------------------------- the certificates' clock */

static int64_t certificates_now;

static time_t
tell_time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)certificates_now;
	return (time_t)certificates_now;
}

/* From now on a certificate is as old as it is at that time. */
static void
set_clock(int64_t now)
{
	certificates_now = now;
	gnutls_global_set_time_function(tell_time);
}

/* ----------------------------------------------------------------- reading */

static unsigned
n_given(const struct options *options)
{
	static const enum option ways[] = {OPTION_CHAIN, OPTION_CHAIN_NONE,
	                                   OPTION_CHAIN_PIN, OPTION_CSR,
	                                   OPTION_CERT};
	unsigned n = 0;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (option_given(options, ways[i]))
			n++;
	return n;
}

/* Options that belong to one of the ways. */
static bool
check_options(struct run *run, bool may_be_live)
{
	const struct options *options = &run->options;
	unsigned n = n_given(options);
	bool is_live = n == 0 && may_be_live;

	if (n > 1) {
		tool_fault_usage(&run->fault, NULL, NULL,
		                 "--chain, --chain-pin, --chain-none, --csr "
		                 "and --cert exclude each other");
		return false;
	}
	if (n == 0 && !may_be_live) {
		tool_fault_usage(&run->fault, "--chain", ALL_OPTIONS,
		                 "too few arguments: which chain?");
		return false;
	}
	if (option_given(options, OPTION_ASSUME_VALID) &&
	    !option_given(options, OPTION_CHAIN)) {
		tool_fault_usage(&run->fault, "--assume-valid", NULL,
		                 "--assume-valid belongs to --chain");
		return false;
	}
	if (options->cacert != NULL && !is_live &&
	    !option_given(options, OPTION_CHAIN)) {
		tool_fault_usage(&run->fault, "--cacert", NULL,
		                 "--cacert belongs to what is validated: "
		                 "--chain, or the host itself");
		return false;
	}
	if ((options->n_resolve > 0 || options->n_connect_to > 0) && !is_live) {
		tool_fault_usage(&run->fault,
		                 options->n_resolve > 0 ? "--resolve"
		                                        : "--connect-to",
		                 NULL, "nothing is connected to here");
		return false;
	}
	return true;
}

static bool
take_pins(struct run *run, const struct pinstore_pin *pins, size_t n,
          struct pinstore_chain **out)
{
	enum pinstore_status status;

	status = pinstore_chain_from_validated_pins(pins, n, out);
	if (status == PINSTORE_OK)
		return true;
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	tool_fault_usage(&run->fault, "--chain-pin", NULL,
	                 "%zu pins are too many for a chain", n);
	return false;
}

/* The first key of file, of the kind that is wanted, as the whole path. */
static bool
read_key(struct run *run, const char *file, enum key_kind kind,
         struct evidence *out)
{
	const char *option = kind == KEY_REQUEST ? "--csr" : "--cert";

	out->kind = EVIDENCE_KEY;
	if (!keys_read(file, &out->keys, &run->fault))
		return false;
	if (out->keys.key[0].kind != kind) {
		tool_fault_usage(&run->fault, file,
		                 "pinstore hash FILE tells what it is",
		                 "%s: %s begins with a %s", option, file,
		                 key_kind_word(out->keys.key[0].kind));
		return false;
	}
	return take_pins(run, &out->keys.key[0].pin, 1, &out->chain);
}

/* The certificates of the file, in order; a key beside them is passed over. */
static bool
list_certificates(struct run *run, struct evidence *out)
{
	struct keys *keys = &out->keys;
	size_t i;

	out->list = tool_alloc(keys->n, sizeof(*out->list));
	for (i = 0; i < keys->n; i++) {
		if (keys->key[i].kind != KEY_CERTIFICATE)
			continue;
		out->list[out->n].data = keys->key[i].der;
		out->list[out->n++].size = (unsigned)keys->key[i].der_len;
	}
	if (out->n > 0)
		return true;
	tool_fault_usage(&run->fault, run->options.chain,
	                 "--csr or --cert take a key without its path",
	                 "there is no certificate in it");
	return false;
}

bool
trust_can_be_read(struct run *run)
{
	const char *file = run->options.cacert;

	if (file == NULL || access(file, R_OK) == 0)
		return true;
	tool_fault_usage(&run->fault, file, NULL, "cannot be read: %s",
	                 strerror(errno));
	return false;
}

bool
trust_nobody(struct run *run)
{
	const char *file = run->options.cacert;

	tool_fault_usage(&run->fault, file,
	                 "--cacert FILE names the CAs, in PEM",
	                 file != NULL ? "has no CA that could be trusted"
	                              : "this system trusts no CA");
	return false;
}

static bool
read_trust(struct run *run, struct evidence *out)
{
	const char *file = run->options.cacert;
	int n;

	if (!trust_can_be_read(run))
		return false;
	if (gnutls_x509_trust_list_init(&out->trust, 0) < 0)
		tool_no_memory();
	if (file == NULL)
		n = gnutls_x509_trust_list_add_system_trust(out->trust, 0, 0);
	else
		n = gnutls_x509_trust_list_add_trust_file(
		        out->trust, file, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	return n > 0 || trust_nobody(run);
}

/* As it stands: the caller says that it is a path. */
static bool
assume_valid(struct run *run, struct evidence *out)
{
	enum pinstore_status status;
	const uint8_t **der = tool_alloc(out->n, sizeof(*der));
	size_t *len = tool_alloc(out->n, sizeof(*len)), i;

	for (i = 0; i < out->n; i++) {
		der[i] = out->list[i].data;
		len[i] = out->list[i].size;
	}
	status = pinstore_chain_from_validated_certificates(der, len, out->n,
	                                                    &out->chain);
	free(len);
	free(der);
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (status != PINSTORE_OK)
		tool_fault_usage(&run->fault, run->options.chain, NULL,
		                 "this cannot be a path: %u certificates",
		                 out->n);
	return status == PINSTORE_OK;
}

bool
evidence_read(struct run *run, bool may_be_live, struct evidence *out)
{
	const struct options *options = &run->options;

	memset(out, 0, sizeof(*out));
	if (!check_options(run, may_be_live))
		return false;
	if (option_given(options, OPTION_AT))
		set_clock(options->now);
	if (option_given(options, OPTION_CSR))
		return read_key(run, options->csr, KEY_REQUEST, out);
	if (option_given(options, OPTION_CERT))
		return read_key(run, options->cert, KEY_CERTIFICATE, out);
	if (n_given(options) == 0) {
		out->kind = EVIDENCE_LIVE;
		return true;
	}
	if (!option_given(options, OPTION_CHAIN)) {
		out->kind = EVIDENCE_PATH;
		return take_pins(run, options->chain_pins,
		                 options->n_chain_pins, &out->chain);
	}
	if (!keys_read(options->chain, &out->keys, &run->fault) ||
	    !list_certificates(run, out))
		return false;
	if (option_given(options, OPTION_ASSUME_VALID)) {
		out->kind = EVIDENCE_PATH;
		return assume_valid(run, out);
	}
	out->kind = EVIDENCE_SERVED;
	return read_trust(run, out);
}

void
evidence_free(struct evidence *evidence)
{
	gnutls_x509_trust_list_deinit(evidence->trust, 1);
	free(evidence->list);
	keys_free(&evidence->keys);
	pinstore_chain_free(evidence->chain);
	memset(evidence, 0, sizeof(*evidence));
}

/* ----------------------------------------------------------------- judging */

/* The check of a live host, done while its session is at hand. */
struct visit {
	const struct run *run;
	struct pinstore_peer peer;
	int64_t now;
	enum pinstore_verdict *verdict;
	struct pinstore_result **out;
};

static enum pinstore_status
check_session(gnutls_session_t session, void *arg, struct pinstore_error *error)
{
	struct visit *visit = arg;

	return pinstore_check_peer(visit->run->store, session, &visit->peer,
	                           NULL, visit->now, visit->verdict, visit->out,
	                           error);
}

enum pinstore_status
evidence_check(const struct run *run, struct evidence *evidence,
               const char *host, int64_t now, enum pinstore_verdict *verdict,
               struct pinstore_result **out, struct pinstore_error *error)
{
	struct pinstore_peer peer = {
		.size = sizeof(peer), .host = host, .port = LIVE_PORT};
	struct visit visit;

	*verdict = PINSTORE_REJECT;
	*out = NULL;
	switch (evidence->kind) {
	case EVIDENCE_PATH:
	case EVIDENCE_KEY:
		return pinstore_check(run->store, &peer, evidence->chain, now,
		                      verdict, out, error);
	case EVIDENCE_SERVED:
		if (now != run->options.now ||
		    option_given(&run->options, OPTION_AT))
			set_clock(now);
		return pinstore_check_served(run->store, evidence->trust,
		                             CLIENT_FLAGS, evidence->list,
		                             evidence->n, &peer, now, verdict,
		                             out, error);
	case EVIDENCE_LIVE:
		break;
	}
	visit = (struct visit){run, peer, now, verdict, out};
	return live_session(&run->options, host, check_session, &visit, error);
}

/* A name for which the leaf would be served; NULL if it has none. */
static char *
own_name(const struct evidence *evidence)
{
	gnutls_x509_crt_t leaf;
	char name[PINSTORE_HOST_MAX + 1], *out = NULL;
	size_t size;
	unsigned i;
	int type;

	if (gnutls_x509_crt_init(&leaf) < 0)
		tool_no_memory();
	if (gnutls_x509_crt_import(leaf, &evidence->list[0],
	                           GNUTLS_X509_FMT_DER) < 0)
		goto out;
	for (i = 0; out == NULL; i++) {
		size = sizeof(name);
		type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name,
		                                            &size, NULL);
		/* A name that is too long is none of a host. */
		if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
		if (type == GNUTLS_SAN_DNSNAME && size < sizeof(name))
			out = strncmp(name, "*.", 2) == 0
			              ? tool_format("any.%.*s", (int)size - 2,
			                            name + 2)
			              : tool_copy(name, size);
	}
out:
	gnutls_x509_crt_deinit(leaf);
	return out;
}

bool
evidence_chain(struct run *run, struct evidence *evidence, const char *host,
               struct pinstore_chain **out)
{
	struct pinstore_error error;
	enum pinstore_status status;
	char *own = NULL;

	*out = NULL;
	if (evidence->kind != EVIDENCE_SERVED) {
		*out = evidence->chain;
		evidence->chain = NULL;
		return true;
	}
	if (host == NULL)
		host = own = own_name(evidence);
	if (host == NULL) {
		tool_fault_usage(&run->fault, run->options.chain,
		                 "--assume-valid takes the path as it stands",
		                 "the first certificate has no host's name");
		return false;
	}
	status = pinstore_chain_from_served(evidence->trust, CLIENT_FLAGS,
	                                    evidence->list, evidence->n, host,
	                                    out, &error);
	if (status != PINSTORE_OK)
		evidence_fail(run, evidence, host, &error);
	free(own);
	return status == PINSTORE_OK;
}

bool
evidence_path(struct run *run, const char *host, struct pinstore_chain **out)
{
	struct evidence evidence;
	bool is_good;

	*out = NULL;
	if ((run->options.given & EVIDENCE_PATH_OPTIONS) == 0)
		return true;
	is_good = evidence_read(run, false, &evidence) &&
	          evidence_chain(run, &evidence, host, out);
	evidence_free(&evidence);
	return is_good;
}

bool
evidence_lacks_name(const struct evidence *evidence, const char *host)
{
	const struct key *key = evidence->keys.key;
	gnutls_datum_t der;
	gnutls_x509_crt_t leaf;
	bool lacks;

	if (evidence->keys.n == 0 || key->kind != KEY_CERTIFICATE)
		return false;
	der.data = key->der;
	der.size = (unsigned)key->der_len;
	if (gnutls_x509_crt_init(&leaf) < 0)
		tool_no_memory();
	lacks = gnutls_x509_crt_import(leaf, &der, GNUTLS_X509_FMT_DER) == 0 &&
	        gnutls_x509_crt_check_hostname(leaf, host) == 0;
	gnutls_x509_crt_deinit(leaf);
	return lacks;
}

int
evidence_fail(struct run *run, const struct evidence *evidence,
              const char *host, const struct pinstore_error *error)
{
	bool is_file = evidence->kind == EVIDENCE_SERVED;

	if (error->status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (error->status != PINSTORE_ERR_CHAIN &&
	    error->status != PINSTORE_ERR_HOST)
		return run_fail(run, error);
	tool_fault_set(&run->fault, EXIT_NETWORK, live_status_word(error),
	               is_file ? run->options.chain : host,
	               is_file ? "a client refuses it whatever is pinned; "
	                         "--cacert FILE names other CAs, "
	                         "--assume-valid takes the path as it stands"
	                       : NULL,
	               "%s", error->text);
	return EXIT_NETWORK;
}
