/*
 * served.c - what a server is to serve, judged before any server does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <stdbool.h>

#include "api/handle.h"
#include "api/search.h"
#include "api/sized.h"
#include "base/status.h"
#include "tls/path.h"

enum pinstore_status
pinstore_chain_from_served(gnutls_x509_trust_list_t trust, unsigned flags,
                           const gnutls_datum_t *served, unsigned n,
                           const char *host, struct pinstore_chain **out,
                           struct pinstore_error *error)
{
	const struct ps_list list = {trust, flags, served, n};
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	struct ps_host canonical;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (trust == NULL || (served == NULL && n > 0) || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_chain_from_served: no trust list, no "
		               "certificates, or no place for the chain");
	status = ps_handle_host(host, &canonical, &kind, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_chain_from_list(&list, canonical.name,
	                          kind == PINSTORE_HOST_ADDRESS, out, error);
}

enum pinstore_status
pinstore_check_served(struct pinstore *ps, gnutls_x509_trust_list_t trust,
                      unsigned flags, const gnutls_datum_t *served, unsigned n,
                      const struct pinstore_peer *peer, int64_t now,
                      enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error)
{
	const struct ps_list list = {trust, flags, served, n};
	const struct ps_search_in in = {.list = &list};
	struct pinstore_chain *chain = NULL;
	struct pinstore_result *result;
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	struct pinstore_peer known;
	struct ps_host host;
	bool is_address;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (verdict != NULL)
		*verdict = PINSTORE_REJECT;
	if (ps == NULL || trust == NULL || (served == NULL && n > 0) ||
	    verdict == NULL || !ps_sized_read(&known, sizeof(known), peer))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_check_served: no store, no trust "
		               "list, no certificates, no peer with its size, "
		               "or no place for the verdict");
	status = ps_handle_host(known.host, &host, &kind, error);
	if (status != PINSTORE_OK)
		return status;
	known.host = host.name;
	is_address = kind == PINSTORE_HOST_ADDRESS;
	status = ps_chain_from_list(&list, host.name, is_address, &chain,
	                            error);
	if (status == PINSTORE_OK)
		status = ps_search_check(ps, &in, &known, is_address, chain,
		                         now, verdict, &result, error);
	pinstore_chain_free(chain);
	if (status != PINSTORE_OK)
		return status;
	if (out != NULL)
		*out = result;
	else
		pinstore_result_free(result);
	return PINSTORE_OK;
}
