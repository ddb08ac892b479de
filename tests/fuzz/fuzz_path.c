/*
 * fuzz_path.c - the path that is made of what GnuTLS reports of a verification.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GnuTLS's reports are made up here, in any order and number, with any status.
 * Whatever they are: each step of the path was reported good, from the leaf on,
 * no certificate comes twice, and of a run that failed nothing comes at all.
 *
 * Input: the leaf, how the run ends, and for each report three octets: the
 * certificate, its issuer, and the status.
 */
#include <config.h>

#include <stdbool.h>

#include <gnutls/x509.h>

#include "tests/fuzz/fuzz.h"
#include "tls/chain.h"

const char fuzz_name[] = "fuzz_path";

/* What path.c takes, and more. */
#define LINKS_TAKEN 256
#define LINKS_MAX 300
#define POOL (sizeof(files) / sizeof(files[0]))

enum { END_CODE = 1, END_STATUS = 2, END_SILENT = 4 };
enum { STATUS_CRL = 0x80 };

static const char *const files[] = {
        "good",   "intA",   "rootA",  "mitm",      "intB",   "rootB",
        "long1",  "long2",  "long3",  "long4",     "long5",  "long6",
        "long7",  "long8",  "long9",  "long10",    "long11", "long12",
        "long13", "long14", "long15", "long-root", "cycle1", "cycle2"};

struct link {
	size_t cert;
	size_t issuer; /* POOL: none */
	unsigned status;
	bool is_crl;
};

/* The run that is made up. */
static struct {
	bool is_set;
	gnutls_x509_crt_t crt[POOL];
	gnutls_datum_t der[POOL];
	gnutls_x509_crl_t crl;
	gnutls_session_t session;
	gnutls_verify_output_function *output;
	size_t leaf, n;
	unsigned end;
	struct link links[LINKS_MAX];
} run;

/* ------------------------------------------------- in place of GnuTLS's own */

void __wrap_gnutls_session_set_verify_output_function(
        gnutls_session_t session, gnutls_verify_output_function *function);
const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n);
gnutls_certificate_type_t
__wrap_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target);
int __wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                           gnutls_typed_vdata_st *data,
                                           unsigned elements,
                                           unsigned *status);

void
__wrap_gnutls_session_set_verify_output_function(
        gnutls_session_t session, gnutls_verify_output_function *function)
{
	(void)session;
	run.output = function;
}

const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n)
{
	(void)session;
	*n = 1;
	return &run.der[run.leaf];
}

gnutls_certificate_type_t
__wrap_gnutls_certificate_type_get2(gnutls_session_t session,
                                    gnutls_ctype_target_t target)
{
	(void)session;
	(void)target;
	return GNUTLS_CRT_X509;
}

int
__wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
                                       gnutls_typed_vdata_st *data,
                                       unsigned elements, unsigned *status)
{
	const struct link *link;
	size_t i;

	(void)session;
	/* A name and a purpose are asked for, always. */
	MUST(elements == 2 && data[0].type == GNUTLS_DT_DNS_HOSTNAME &&
	     data[1].type == GNUTLS_DT_KEY_PURPOSE_OID);
	MUST(run.output != NULL);
	for (i = 0; i < run.n; i++) {
		link = &run.links[i];
		run.output(run.crt[link->cert],
		           link->issuer < POOL ? run.crt[link->issuer] : NULL,
		           link->is_crl ? run.crl : NULL, link->status);
	}
	if ((run.end & END_SILENT) == 0)
		*status = (run.end & END_STATUS) != 0 ? GNUTLS_CERT_EXPIRED : 0;
	return (run.end & END_CODE) != 0 ? GNUTLS_E_INTERNAL_ERROR : 0;
}

/* ------------------------------------------------------------------ the run */

/* The certificates that may be reported. */
static void
set_up(void)
{
	static uint8_t text[8192];
	const char *top = getenv("srcdir");
	gnutls_datum_t datum = {text, 0};
	char path[4096];
	size_t i;
	FILE *file;

	for (i = 0; i < POOL; i++) {
		snprintf(path, sizeof(path), "%s/tests/data/pki/%s.crt.der",
		         top == NULL ? "." : top, files[i]);
		file = fopen(path, "rb");
		MUST(file != NULL);
		datum.size = (unsigned)fread(text, 1, sizeof(text), file);
		fclose(file);
		MUST(gnutls_x509_crt_init(&run.crt[i]) == 0);
		MUST(gnutls_x509_crt_import(run.crt[i], &datum,
		                            GNUTLS_X509_FMT_DER) == 0);
		MUST(gnutls_x509_crt_export2(run.crt[i], GNUTLS_X509_FMT_DER,
		                             &run.der[i]) == 0);
	}
	MUST(gnutls_x509_crl_init(&run.crl) == 0);
	MUST(gnutls_init(&run.session, GNUTLS_CLIENT) == 0);
	run.is_set = true;
}

static void
read_run(const uint8_t *data, size_t len)
{
	size_t i;

	run.leaf = data[0] % POOL;
	run.end = data[1];
	run.n = 0;
	for (i = 2; i + 3 <= len && run.n < LINKS_MAX; i += 3, run.n++) {
		run.links[run.n].cert = data[i] % POOL;
		run.links[run.n].issuer = data[i + 1] % (POOL + 1);
		run.links[run.n].status = data[i + 2] & 0x7f;
		run.links[run.n].is_crl = (data[i + 2] & STATUS_CRL) != 0;
	}
}

static bool
is_good(const struct link *link)
{
	return link->status == 0 && !link->is_crl && link->issuer < POOL;
}

/*
 * The path of the run: from the leaf, each time the latest good report about
 * the certificate that lies before the last one that was used.
 */
static size_t
expected(size_t path[POOL + 1])
{
	bool is_used[POOL] = {false};
	size_t n = 0, at = run.leaf, i = run.n;

	for (;;) {
		path[n++] = at;
		is_used[at] = true;
		while (i > 0 && !(is_good(&run.links[i - 1]) &&
		                  run.links[i - 1].cert == at))
			i--;
		if (i == 0 || is_used[run.links[i - 1].issuer])
			return n;
		at = run.links[--i].issuer;
	}
}

static void
must_be_path(const struct pinstore_chain *chain, const size_t *path, size_t n)
{
	const uint8_t *at;
	size_t i, j, len;
	bool is_reported;

	MUST(pinstore_chain_length(chain) == n);
	for (i = 0; i < n; i++) {
		at = pinstore_chain_certificate(chain, i, &len);
		MUST(len == run.der[path[i]].size &&
		     memcmp(at, run.der[path[i]].data, len) == 0);
		for (j = 0; j < i; j++)
			MUST(path[i] != path[j]);
		is_reported = i == 0;
		for (j = 0; j < run.n; j++)
			is_reported = is_reported ||
			              (is_good(&run.links[j]) &&
			               run.links[j].cert == path[i - 1] &&
			               run.links[j].issuer == path[i]);
		MUST(is_reported);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pinstore_chain *chain = NULL;
	struct pinstore_error error;
	size_t path[POOL + 1], n, i, n_good = 0;
	enum pinstore_status status;

	if (!run.is_set)
		set_up();
	if (len < 2)
		return 0;
	read_run(data, len);
	memset(&error, 0, sizeof(error));
	status = ps_chain_from_session(run.session, "pin.test", false, &chain,
	                               &error);
	MUST(run.output == NULL);
	for (i = 0; i < run.n; i++)
		n_good += is_good(&run.links[i]);
	n = expected(path);
	if ((run.end & (END_CODE | END_STATUS | END_SILENT)) != 0 ||
	    n_good > LINKS_TAKEN || n > PS_CHAIN_LEN_MAX) {
		MUST(status == PINSTORE_ERR_CHAIN && chain == NULL);
		MUST(error.status == PINSTORE_ERR_CHAIN &&
		     error.text[0] != '\0');
		return 0;
	}
	MUST(status == PINSTORE_OK && chain != NULL);
	must_be_path(chain, path, n);
	MUST(pinstore_chain_served_length(chain) == 1);
	pinstore_chain_free(chain);
	return 0;
}
