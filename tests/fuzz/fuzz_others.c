/*
 * fuzz_others.c - the search for the other paths of a session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was served, what is trusted and what GnuTLS says of each list it is
 * given are made up here; who may have issued whom is GnuTLS's own answer.
 * Whatever they are: each list that is tried goes from the leaf from issuer to
 * issuer, none comes back to a key, none is the settled one or tried twice,
 * the bounds are kept, what was refused does not come, and all of it is the
 * same when the certificates are served the other way round.
 *
 * Input: what is refused, what the settled path passes, the flags, the anchors
 * (two octets), the length of the settled path, its certificates, and those
 * that are served behind its leaf.
 */
#include <config.h>

#include <stdbool.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "tests/fuzz/fuzz.h"
#include "tls/chain.h"
#include "tls/others.h"

const char fuzz_name[] = "fuzz_others";

#define POOL (sizeof(files) / sizeof(files[0]))
#define SERVED_TAKEN 16
#define SERVED_MAX 18
#define LISTS_MAX 80

static const char *const files[] = {
        "oleaf",         "ointer1",       "ointer2",      "ointer-middle",
        "omiddle-inter", "omiddle2",      "ointer-large", "ointer-small",
        "oroot1",        "oroot2",        "oroot-large",  "oroot-small",
        "ointer2-early", "ointer2-limit", "good",         "intA"};

struct list {
	size_t n;
	size_t at[SERVED_MAX + 1];
};

static struct {
	bool is_set;
	gnutls_x509_crt_t crt[POOL];
	gnutls_datum_t der[POOL];
	gnutls_datum_t spki[POOL];
	gnutls_session_t session;
	/* The run that is made up. */
	uint8_t refused, passes, flags;
	unsigned anchors;
	struct list settled;
	size_t n_served;
	gnutls_datum_t served[SERVED_MAX];
	/* What was seen of it. */
	size_t n_tried, n_links;
	struct list tried[LISTS_MAX];
} run;

static size_t
index_of(const gnutls_datum_t *der)
{
	size_t i;

	for (i = 0; i < POOL; i++)
		if (run.der[i].size == der->size &&
		    memcmp(run.der[i].data, der->data, der->size) == 0)
			return i;
	/* A certificate that is not of the pool. */
	MUST(false);
	return 0;
}

static bool
is_same(const struct list *a, const struct list *b)
{
	return a->n == b->n &&
	       memcmp(a->at, b->at, a->n * sizeof(a->at[0])) == 0;
}

static bool
is_anchor(size_t i)
{
	return (run.anchors >> i & 1) != 0;
}

/* The first anchor that may have issued it, or POOL. */
static size_t
anchor_of(size_t i)
{
	size_t j;

	for (j = 0; j < POOL; j++)
		if (is_anchor(j) && gnutls_x509_crt_check_issuer(
		                            run.crt[i], run.crt[j]) == 1)
			return j;
	return POOL;
}

/* ------------------------------------------------- in place of GnuTLS's own */

const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n);
int __wrap_gnutls_credentials_get(gnutls_session_t session,
                                  gnutls_credentials_type_t type, void **out);
void __wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out);
unsigned __wrap_gnutls_certificate_get_verify_flags(
        gnutls_certificate_credentials_t credentials);
int __wrap_gnutls_x509_trust_list_get_issuer(gnutls_x509_trust_list_t list,
                                             gnutls_x509_crt_t cert,
                                             gnutls_x509_crt_t *issuer,
                                             unsigned flags);
int __wrap_gnutls_x509_trust_list_verify_crt2(
        gnutls_x509_trust_list_t list, gnutls_x509_crt_t *certs, unsigned n,
        gnutls_typed_vdata_st *data, unsigned elements, unsigned flags,
        unsigned *status, gnutls_verify_output_function *output);

const gnutls_datum_t *
__wrap_gnutls_certificate_get_peers(gnutls_session_t session, unsigned *n)
{
	(void)session;
	*n = (unsigned)run.n_served;
	return run.served;
}

int
__wrap_gnutls_credentials_get(gnutls_session_t session,
                              gnutls_credentials_type_t type, void **out)
{
	(void)session;
	MUST(type == GNUTLS_CRD_CERTIFICATE);
	*out = &run;
	return 0;
}

void
__wrap_gnutls_certificate_get_trust_list(
        gnutls_certificate_credentials_t credentials,
        gnutls_x509_trust_list_t *out)
{
	MUST((void *)credentials == (void *)&run);
	*out = (gnutls_x509_trust_list_t)(void *)&run;
}

unsigned
__wrap_gnutls_certificate_get_verify_flags(
        gnutls_certificate_credentials_t credentials)
{
	(void)credentials;
	return run.flags % 2 == 0 ? 0 :
	       GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_LOW);
}

int
__wrap_gnutls_x509_trust_list_get_issuer(gnutls_x509_trust_list_t list,
                                         gnutls_x509_crt_t cert,
                                         gnutls_x509_crt_t *issuer,
                                         unsigned flags)
{
	gnutls_datum_t der;
	size_t i;

	MUST((void *)list == (void *)&run && flags == GNUTLS_TL_GET_COPY);
	MUST(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) == 0);
	i = anchor_of(index_of(&der));
	gnutls_free(der.data);
	if (i == POOL)
		return GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	MUST(gnutls_x509_crt_init(issuer) == 0);
	MUST(gnutls_x509_crt_import(*issuer, &run.der[i],
	                            GNUTLS_X509_FMT_DER) == 0);
	return 0;
}

static struct list
read_list(gnutls_x509_crt_t *certs, unsigned n)
{
	struct list list = {0, {0}};
	gnutls_datum_t der;

	MUST(n > 0 && n <= SERVED_TAKEN + 1);
	for (; list.n < n; list.n++) {
		MUST(gnutls_x509_crt_export2(certs[list.n], GNUTLS_X509_FMT_DER,
		                             &der) == 0);
		list.at[list.n] = index_of(&der);
		gnutls_free(der.data);
	}
	return list;
}

/* By the list alone, so that it does not matter when it is tried. */
static bool
is_refused(const struct list *list)
{
	unsigned mix = run.refused;
	size_t i;

	for (i = 0; i < list->n; i++)
		mix = mix * 31 + (unsigned)list->at[i];
	return run.refused != 0 && mix % 3 == 0;
}

static bool
is_same_key(size_t a, size_t b)
{
	return run.spki[a].size == run.spki[b].size &&
	       memcmp(run.spki[a].data, run.spki[b].data, run.spki[a].size) ==
	               0;
}

/* What must hold of a list that is tried. */
static void
must_be_way(const struct list *list)
{
	size_t i, j;

	MUST(list->at[0] == index_of(&run.served[0]));
	for (i = 1; i < list->n; i++) {
		MUST(gnutls_x509_crt_check_issuer(run.crt[list->at[i - 1]],
		                                  run.crt[list->at[i]]) == 1);
		for (j = 0; j < i; j++)
			MUST(list->at[j] != list->at[i]);
		for (j = 1; j < i; j++)
			MUST(!is_same_key(list->at[j], list->at[i]));
	}
	MUST(anchor_of(list->at[list->n - 1]) != POOL);
	for (i = 0; i < run.n_tried; i++)
		MUST(!is_same(&run.tried[i], list));
}

int
__wrap_gnutls_x509_trust_list_verify_crt2(
        gnutls_x509_trust_list_t list, gnutls_x509_crt_t *certs, unsigned n,
        gnutls_typed_vdata_st *data, unsigned elements, unsigned flags,
        unsigned *status, gnutls_verify_output_function *output)
{
	struct list mine = read_list(certs, n);
	size_t i, anchor;

	MUST((void *)list == (void *)&run && elements == 2);
	MUST(data[0].type == GNUTLS_DT_DNS_HOSTNAME &&
	     strcmp((const char *)data[0].data, "pin.test") == 0);
	MUST(data[1].type == GNUTLS_DT_KEY_PURPOSE_OID);
	if (is_same(&mine, &run.settled)) {
		/* Up to a profile, or none but the credentials' own. */
		*status = (flags >> 24) > run.passes ? GNUTLS_CERT_INVALID : 0;
		return 0;
	}
	/* Each is tried with the one floor, and perhaps once more. */
	if (run.n_tried == 0 ||
	    !is_same(&run.tried[run.n_tried - 1], &mine)) {
		must_be_way(&mine);
		MUST(run.n_tried < LISTS_MAX);
		run.tried[run.n_tried++] = mine;
		run.n_links += mine.n;
	}
	*status = is_refused(&mine) ? GNUTLS_CERT_REVOKED : 0;
	anchor = anchor_of(mine.at[mine.n - 1]);
	output(certs[n - 1], run.crt[anchor], NULL, *status);
	for (i = n - 1; i > 0; i--)
		output(certs[i - 1], certs[i], NULL, 0);
	return 0;
}

/* ------------------------------------------------------------------ the run */

static void
set_up(void)
{
	static uint8_t text[8192];
	const char *top = getenv("srcdir");
	gnutls_datum_t datum = {text, 0};
	gnutls_pubkey_t key;
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
		MUST(gnutls_pubkey_init(&key) == 0);
		MUST(gnutls_pubkey_import_x509(key, run.crt[i], 0) == 0);
		MUST(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER,
		                           &run.spki[i]) == 0);
		gnutls_pubkey_deinit(key);
	}
	MUST(gnutls_init(&run.session, GNUTLS_CLIENT) == 0);
	run.is_set = true;
}

static struct pinstore_chain *
make_settled(void)
{
	const uint8_t *der[SERVED_MAX + 1];
	struct pinstore_chain *chain;
	size_t len[SERVED_MAX + 1], i;

	for (i = 0; i < run.settled.n; i++) {
		der[i] = run.der[run.settled.at[i]].data;
		len[i] = run.der[run.settled.at[i]].size;
	}
	MUST(ps_chain_from_parsed(der, len, run.settled.n, &chain) ==
	     PINSTORE_OK);
	return chain;
}

/*
 * The chain is the list and its anchor; but where the anchor, or its key, is on
 * the list already, what lies between is left out.
 */
static void
must_be_list(const struct pinstore_chain *chain, struct list list)
{
	size_t anchor = anchor_of(list.at[list.n - 1]), i, at = 0, len;
	gnutls_datum_t der;
	const uint8_t *octets;

	MUST(!is_refused(&list));
	list.at[list.n++] = anchor;
	for (i = 0; i < pinstore_chain_length(chain); i++) {
		octets = pinstore_chain_certificate(chain, i, &len);
		der.data = (unsigned char *)(uintptr_t)octets;
		der.size = (unsigned)len;
		while (at < list.n && list.at[at] != index_of(&der))
			at++;
		MUST(at++ < list.n && (i > 0 || at == 1));
	}
	for (i = 0; i + 1 < list.n; i++)
		if (list.at[i] == anchor ||
		    (i > 0 && is_same_key(list.at[i], anchor)))
			return;
	MUST(pinstore_chain_length(chain) == list.n);
}

/* All that the search gives; of each, the list that was tried last. */
static size_t
search(struct list found[LISTS_MAX])
{
	struct pinstore_chain *settled = make_settled(), *chain;
	struct ps_others *others;
	size_t n = 0;

	run.n_tried = 0;
	run.n_links = 0;
	MUST(ps_others_new(run.session, "pin.test", false, settled, &others) ==
	     PINSTORE_OK);
	MUST((others == NULL) == (run.n_served > SERVED_TAKEN));
	while (others != NULL) {
		MUST(ps_others_next(others, &chain) == PINSTORE_OK);
		if (chain == NULL)
			break;
		MUST(n < LISTS_MAX && run.n_tried > 0);
		found[n] = run.tried[run.n_tried - 1];
		MUST(pinstore_chain_served_length(chain) == run.n_served);
		must_be_list(chain, found[n]);
		pinstore_chain_free(chain);
		n++;
	}
	MUST(run.n_tried <= 64 && run.n_links <= 256);
	ps_others_free(others);
	pinstore_chain_free(settled);
	return n;
}

static bool
read_run(const uint8_t *data, size_t len)
{
	size_t i;

	if (len < 7)
		return false;
	run.refused = data[0];
	run.passes = data[1] % 9;
	run.flags = data[2];
	run.anchors = data[3] | (unsigned)data[4] << 8;
	run.settled.n = 1 + data[5] % 5;
	if (len < 6 + run.settled.n)
		return false;
	memset(run.settled.at, 0, sizeof(run.settled.at));
	for (i = 0; i < run.settled.n; i++)
		run.settled.at[i] = data[6 + i] % POOL;
	run.served[0] = run.der[run.settled.at[0]];
	run.n_served = 1;
	for (i = 6 + run.settled.n; i < len && run.n_served < SERVED_MAX; i++)
		run.served[run.n_served++] = run.der[data[i] % POOL];
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct list found[LISTS_MAX], turned[LISTS_MAX];
	gnutls_datum_t swap;
	size_t n, i, j;

	if (!run.is_set)
		set_up();
	if (!read_run(data, len))
		return 0;
	n = search(found);
	for (i = 1, j = run.n_served - 1; i < j; i++, j--) {
		swap = run.served[i];
		run.served[i] = run.served[j];
		run.served[j] = swap;
	}
	MUST(search(turned) == n);
	for (i = 0; i < n; i++)
		MUST(is_same(&found[i], &turned[i]));
	return 0;
}
