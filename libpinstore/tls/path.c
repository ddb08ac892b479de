/*
 * path.c - the path that validated the peer of a GnuTLS session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GnuTLS hands out the list that the peer sent, strays and all, but not the
 * path it built; a pin compared with the list is a pin that anyone can match
 * who appends the pinned certificate.  The path is known only to the verify
 * output function, which is told of each link (certificate, issuer, status)
 * while the peer is verified, the anchor's side first.
 *
 * It is also told of attempts that fail.  So links of status 0 are used only,
 * from a run that succeeded as a whole, and followed one by one from the leaf.
 * An attempt comes after those that failed before it: for each certificate the
 * latest link counts, and its issuer's must have come earlier.
 *
 * The function has no argument of its own.  What it collects is found through
 * a thread-local pointer, set for the length of one verification.
 */
#include <config.h>

#include "tls/path.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "base/status.h"
#include "tls/chain.h"
#include "tls/spki.h"

/* Far more than a few attempts at 16 certificates have. */
#define LINKS_MAX 256
/* Of a host in an error's text, so that the cause has room. */
#define HOST_SHOWN 100

static _Thread_local struct ps_collector *current;

static enum pinstore_status
status_of(int ret)
{
	if (ret == 0)
		return PINSTORE_OK;
	return ret == GNUTLS_E_MEMORY_ERROR ? PINSTORE_ERR_NOMEM :
	                                      PINSTORE_ERR_INTERNAL;
}

static enum pinstore_status
add_link(struct ps_collector *collector, gnutls_x509_crt_t cert,
         gnutls_x509_crt_t issuer)
{
	struct ps_link link = {{NULL, 0}, {NULL, 0}}, *links;
	enum pinstore_status status;

	if (collector->n == LINKS_MAX)
		return PINSTORE_ERR_CHAIN;
	links = realloc(collector->links, (collector->n + 1) * sizeof(*links));
	if (links == NULL)
		return PINSTORE_ERR_NOMEM;
	collector->links = links;
	status = status_of(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER,
	                                           &link.cert));
	if (status == PINSTORE_OK)
		status = status_of(gnutls_x509_crt_export2(
		        issuer, GNUTLS_X509_FMT_DER, &link.issuer));
	if (status != PINSTORE_OK) {
		gnutls_free(link.cert.data);
		return status;
	}
	links[collector->n++] = link;
	return PINSTORE_OK;
}

void
ps_path_collect_into(struct ps_collector *collector)
{
	current = collector;
}

/* What GnuTLS does with the value returned is nowhere said: nothing. */
int
ps_path_collect(gnutls_x509_crt_t cert, gnutls_x509_crt_t issuer,
                gnutls_x509_crl_t crl, unsigned output)
{
	if (current == NULL || current->status != PINSTORE_OK ||
	    cert == NULL || issuer == NULL || crl != NULL || output != 0)
		return 0;
	current->status = add_link(current, cert, issuer);
	return 0;
}

void
ps_path_collector_clear(struct ps_collector *collector)
{
	size_t i;

	for (i = 0; i < collector->n; i++) {
		gnutls_free(collector->links[i].cert.data);
		gnutls_free(collector->links[i].issuer.data);
	}
	free(collector->links);
}

static bool
is_same(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static bool
is_on(const gnutls_datum_t *path[], size_t n, const gnutls_datum_t *cert)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_same(path[i], cert))
			return true;
	return false;
}

/* The path from leaf, into PS_CHAIN_LEN_MAX places; 0 if it is longer. */
static size_t
follow(const struct ps_collector *collector, const gnutls_datum_t *leaf,
       const gnutls_datum_t *path[])
{
	size_t i = collector->n, n = 1;
	const struct ps_link *link;

	path[0] = leaf;
	while (i-- > 0) {
		link = &collector->links[i];
		if (!is_same(&link->cert, path[n - 1]))
			continue;
		/* Also an anchor that was served: a link to itself. */
		if (is_on(path, n, &link->issuer))
			break;
		if (n == PS_CHAIN_LEN_MAX)
			return 0;
		path[n++] = &link->issuer;
	}
	return n;
}

static bool
is_same_key(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	const uint8_t *one, *two;
	size_t one_len, two_len;

	return ps_spki_find(PS_SPKI_CERTIFICATE, a->data, a->size, &one,
	                    &one_len) == PINSTORE_OK &&
	       ps_spki_find(PS_SPKI_CERTIFICATE, b->data, b->size, &two,
	                    &two_len) == PINSTORE_OK &&
	       one_len == two_len && memcmp(one, two, one_len) == 0;
}

/*
 * Authorities that certify each other can make a path come back to a key.  What
 * lies between adds nothing to it, and whether GnuTLS goes round depends on the
 * order of what was served: it is left out (RFC 4158, 2.4.2 calls it a loop).
 */
static size_t
cut_loops(const gnutls_datum_t *path[], size_t n)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		for (j = n - 1; j > i + 1; j--) {
			if (!is_same_key(path[i], path[j]))
				continue;
			memmove(&path[i], &path[j],
			        /* NOLINTNEXTLINE(bugprone-sizeof-expression) */
			        (n - j) * sizeof(path[0]));
			n -= j - i;
			break;
		}
	}
	return n;
}

/* -------------------------------------------------------------- verifying */

/*
 * The octets of an address, as a certificate has them: with or without
 * brackets, a zone, or the shapes of IPv4 that resolvers take.
 */
static bool
parse_address(const char *host, uint8_t out[16], unsigned *len)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr four;
	size_t n;

	*len = 0;
	if (strchr(host, ':') == NULL) {
		if (inet_aton(host, &four) == 0)
			return false;
		memcpy(out, &four, sizeof(four));
		*len = sizeof(four);
		return true;
	}
	if (*host == '[')
		host++;
	n = strcspn(host, "%]");
	if (n >= sizeof(text))
		return false;
	memcpy(text, host, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, out) != 1)
		return false;
	*len = 16;
	return true;
}

/* GnuTLS only reads what stands in its typed data. */
static unsigned char *
unconst(const void *octets)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): -Wcast-qual */
	return (unsigned char *)(uintptr_t)octets;
}

/* GnuTLS's words, without the space behind the last one. */
static enum pinstore_status
fail_words(struct pinstore_error *error, const char *host, unsigned output)
{
	gnutls_datum_t words = {NULL, 0};
	enum pinstore_status status;

	if (gnutls_certificate_verification_status_print(
	            output, GNUTLS_CRT_X509, &words, 0) != 0)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "certificate of %.*s: verification status 0x%x",
		               HOST_SHOWN, host, output);
	while (words.size > 0 && words.data[words.size - 1] == ' ')
		words.size--;
	status = ps_fail(error, PINSTORE_ERR_CHAIN, "certificate of %.*s: %.*s",
	                 HOST_SHOWN, host, (int)words.size,
	                 (const char *)words.data);
	gnutls_free(words.data);
	return status;
}

bool
ps_path_subject(struct ps_subject *subject, const char *host, bool is_address)
{
	gnutls_typed_vdata_st *data = subject->data;

	memset(subject, 0, sizeof(*subject));
	data[0].type = GNUTLS_DT_DNS_HOSTNAME;
	data[0].data = unconst(host);
	if (is_address) {
		data[0].type = GNUTLS_DT_IP_ADDRESS;
		data[0].data = subject->address;
		if (!parse_address(host, subject->address, &data[0].size))
			return false;
	}
	data[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	data[1].data = unconst(GNUTLS_KP_TLS_WWW_SERVER);
	return true;
}

static enum pinstore_status
verify(gnutls_session_t session, const char *host, bool is_address,
       struct pinstore_error *error)
{
	struct ps_subject subject;
	/* Not 0, should a library forget to set it. */
	unsigned output = GNUTLS_CERT_INVALID;
	int ret;

	if (!ps_path_subject(&subject, host, is_address))
		return ps_fail(error, PINSTORE_ERR_HOST,
		               "%.*s: no certificate can be valid for this "
		               "address", HOST_SHOWN, host);
	ret = gnutls_certificate_verify_peers(session, subject.data, 2,
	                                      &output);
	if (ret == GNUTLS_E_MEMORY_ERROR)
		return ps_fail_nomem(error);
	if (ret != 0)
		return ps_fail_lib(error, PINSTORE_ERR_CHAIN, ret,
		                   "certificate of %.*s: %s", HOST_SHOWN, host,
		                   gnutls_strerror(ret));
	return output == 0 ? PINSTORE_OK : fail_words(error, host, output);
}

/* It verified, and yet what it was verified with is not at hand: refuse. */
static enum pinstore_status
fail_keep(struct pinstore_error *error, enum pinstore_status status,
          const char *host)
{
	if (status == PINSTORE_ERR_NOMEM)
		return ps_fail_nomem(error);
	return ps_fail(error, status,
	               "certificate of %.*s: its path cannot be kept%s",
	               HOST_SHOWN, host,
	               status == PINSTORE_ERR_CHAIN ? ", it is too long" : "");
}

static enum pinstore_status
set_served(struct pinstore_chain *chain, const gnutls_datum_t *peers,
           unsigned n_peers)
{
	const uint8_t **der;
	enum pinstore_status status = PINSTORE_ERR_NOMEM;
	size_t *len;
	unsigned i;

	der = calloc(n_peers, sizeof(*der));
	len = calloc(n_peers, sizeof(*len));
	if (der != NULL && len != NULL) {
		for (i = 0; i < n_peers; i++) {
			der[i] = peers[i].data;
			len[i] = peers[i].size;
		}
		status = pinstore_chain_set_served(chain, der, len, n_peers);
	}
	free(len);
	free(der);
	return status;
}

enum pinstore_status
ps_path_chain(const struct ps_collector *collector, const gnutls_datum_t *peers,
              unsigned n_peers, struct pinstore_chain **out)
{
	const gnutls_datum_t *path[PS_CHAIN_LEN_MAX];
	const uint8_t *der[PS_CHAIN_LEN_MAX];
	struct pinstore_chain *chain = NULL;
	size_t len[PS_CHAIN_LEN_MAX], n, i;
	enum pinstore_status status;

	*out = NULL;
	if (collector->status != PINSTORE_OK)
		return collector->status;
	n = follow(collector, &peers[0], path);
	if (n == 0)
		return PINSTORE_ERR_CHAIN;
	n = cut_loops(path, n);
	for (i = 0; i < n; i++) {
		der[i] = path[i]->data;
		len[i] = path[i]->size;
	}
	status = ps_chain_from_parsed(der, len, n, &chain);
	if (status == PINSTORE_OK)
		status = set_served(chain, peers, n_peers);
	if (status != PINSTORE_OK) {
		pinstore_chain_free(chain);
		return status;
	}
	*out = chain;
	return PINSTORE_OK;
}

/* What became of a verification, which is over. */
static enum pinstore_status
take_path(struct ps_collector *collector, const gnutls_datum_t *peers,
          unsigned n_peers, const char *host, struct pinstore_chain **out,
          struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_path_chain(collector, peers, n_peers, out);
	return status == PINSTORE_OK ? status : fail_keep(error, status, host);
}

enum pinstore_status
ps_chain_from_session(gnutls_session_t session, const char *host,
                      bool is_address, struct pinstore_chain **out,
                      struct pinstore_error *error)
{
	struct ps_collector collector = {0, NULL, PINSTORE_OK};
	const gnutls_datum_t *peers;
	enum pinstore_status status;
	unsigned n_peers = 0;

	*out = NULL;
	peers = gnutls_certificate_get_peers(session, &n_peers);
	if (peers == NULL || n_peers == 0 ||
	    gnutls_certificate_type_get2(session, GNUTLS_CTYPE_SERVER) !=
	            GNUTLS_CRT_X509)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "no certificate from %.*s", HOST_SHOWN, host);
	ps_path_collect_into(&collector);
	gnutls_session_set_verify_output_function(session, ps_path_collect);
	status = verify(session, host, is_address, error);
	gnutls_session_set_verify_output_function(session, NULL);
	ps_path_collect_into(NULL);
	if (status == PINSTORE_OK)
		status = take_path(&collector, peers, n_peers, host, out,
		                   error);
	ps_path_collector_clear(&collector);
	return status;
}

/* ------------------------------------------------------- without a session */

/* The certificates of list; the caller ends them, also after an error. */
static enum pinstore_status
import_list(const struct ps_list *list, const char *host,
            gnutls_x509_crt_t out[PS_CHAIN_LEN_MAX],
            struct pinstore_error *error)
{
	unsigned i;
	int ret;

	for (i = 0; i < list->n_peers; i++) {
		ret = gnutls_x509_crt_init(&out[i]);
		if (ret != 0) {
			out[i] = NULL;
			return ps_fail_nomem(error);
		}
		ret = gnutls_x509_crt_import(out[i], &list->peers[i],
		                             GNUTLS_X509_FMT_DER);
		if (ret == GNUTLS_E_MEMORY_ERROR)
			return ps_fail_nomem(error);
		if (ret != 0)
			return ps_fail_lib(error, PINSTORE_ERR_CHAIN, ret,
			                   "certificate %u for %.*s cannot be "
			                   "read: %s", i + 1, HOST_SHOWN, host,
			                   gnutls_strerror(ret));
	}
	return PINSTORE_OK;
}

static enum pinstore_status
verify_list(const struct ps_list *list, gnutls_x509_crt_t certs[],
            struct ps_subject *subject, const char *host,
            struct ps_collector *collector, struct pinstore_error *error)
{
	/* Not 0, should a library forget to set it. */
	unsigned output = GNUTLS_CERT_INVALID;
	int ret;

	ps_path_collect_into(collector);
	ret = gnutls_x509_trust_list_verify_crt2(
	        list->trust, certs, list->n_peers, subject->data, 2,
	        list->flags, &output, ps_path_collect);
	ps_path_collect_into(NULL);
	if (ret == GNUTLS_E_MEMORY_ERROR)
		return ps_fail_nomem(error);
	if (ret != 0)
		return ps_fail_lib(error, PINSTORE_ERR_CHAIN, ret,
		                   "certificate of %.*s: %s", HOST_SHOWN, host,
		                   gnutls_strerror(ret));
	return output == 0 ? PINSTORE_OK : fail_words(error, host, output);
}

enum pinstore_status
ps_chain_from_list(const struct ps_list *list, const char *host,
                   bool is_address, struct pinstore_chain **out,
                   struct pinstore_error *error)
{
	gnutls_x509_crt_t certs[PS_CHAIN_LEN_MAX] = {NULL};
	struct ps_collector collector = {0, NULL, PINSTORE_OK};
	enum pinstore_status status;
	struct ps_subject subject;
	unsigned i;

	*out = NULL;
	if (list->n_peers == 0 || list->n_peers > PS_CHAIN_LEN_MAX)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "%s certificates for %.*s",
		               list->n_peers == 0 ? "no" : "too many",
		               HOST_SHOWN, host);
	if (!ps_path_subject(&subject, host, is_address))
		return ps_fail(error, PINSTORE_ERR_HOST,
		               "%.*s: no certificate can be valid for this "
		               "address", HOST_SHOWN, host);
	status = import_list(list, host, certs, error);
	if (status == PINSTORE_OK)
		status = verify_list(list, certs, &subject, host, &collector,
		                     error);
	if (status == PINSTORE_OK)
		status = take_path(&collector, list->peers, list->n_peers,
		                   host, out, error);
	ps_path_collector_clear(&collector);
	for (i = 0; i < list->n_peers; i++)
		gnutls_x509_crt_deinit(certs[i]);
	return status;
}
