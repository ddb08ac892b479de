/*
 * search.c - judge a peer by every path that its certificates allow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/search.h"

#include "api/check.h"
#include "base/status.h"
#include "tls/others.h"

struct search {
	const struct ps_search_in *in;
	const char *host;
	bool is_address;
	const struct pinstore_chain *settled;
	bool has_begun;
	struct ps_others *others;
};

static enum pinstore_status
begin(struct search *search)
{
	const struct ps_search_in *in = search->in;

	search->has_begun = true;
	if (in->session != NULL)
		return ps_others_new(in->session, search->host,
		                     search->is_address, search->settled,
		                     &search->others);
	return ps_others_new_list(in->list, search->host, search->is_address,
	                          search->settled, &search->others);
}

static enum pinstore_status
next_path(void *arg, struct pinstore_chain **out, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct search *search = arg;

	*out = NULL;
	if (!search->has_begun)
		status = begin(search);
	if (status == PINSTORE_OK && search->others != NULL)
		status = ps_others_next(search->others, out);
	if (status == PINSTORE_ERR_NOMEM)
		return ps_fail_nomem(error);
	if (status != PINSTORE_OK)
		return ps_fail(error, status,
		               "certificates of %.100s: other paths cannot be "
		               "looked for",
		               search->host);
	return PINSTORE_OK;
}

enum pinstore_status
ps_search_check(struct pinstore *ps, const struct ps_search_in *in,
                const struct pinstore_peer *peer, bool is_address,
                const struct pinstore_chain *settled, int64_t now,
                enum pinstore_verdict *verdict, struct pinstore_result **out,
                struct pinstore_error *error)
{
	struct search search = {.in = in,
	                        .host = peer->host,
	                        .is_address = is_address,
	                        .settled = settled};
	enum pinstore_status status;

	status = ps_check_paths(ps, peer, settled, next_path, &search, now,
	                        verdict, out, error);
	ps_others_free(search.others);
	return status;
}
