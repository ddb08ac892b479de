/*
 * kept.c - the validated path of a session's peer, found once and kept.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A failure is not kept: it is looked for again.
 */
#include <config.h>

#include "tls/kept.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "tls/chain.h"
#include "tls/slot.h"

/* The two randoms of a handshake: another handshake may bring another peer. */
#define RANDOM_LEN 64

struct kept {
	uint8_t random[RANDOM_LEN];
	char host[PINSTORE_HOST_MAX + 1];
	bool is_address;
	struct pinstore_chain *chain; /* NULL: none is kept */
};

static void
drop(gnutls_ext_priv_data_t data)
{
	struct kept *kept = data;

	pinstore_chain_free(kept->chain);
	free(kept);
}

static bool
read_random(gnutls_session_t session, uint8_t out[RANDOM_LEN])
{
	gnutls_datum_t client = {NULL, 0};
	gnutls_datum_t server = {NULL, 0};

	gnutls_session_get_random(session, &client, &server);
	if (client.data == NULL || server.data == NULL ||
	    client.size + server.size != RANDOM_LEN)
		return false;
	memcpy(out, client.data, client.size);
	memcpy(out + client.size, server.data, server.size);
	return true;
}

static enum pinstore_status
find_or_make(gnutls_session_t session, struct kept **out,
             struct pinstore_error *error)
{
	struct kept *kept = ps_slot_find(session, PS_SLOT_CHAIN);
	enum pinstore_status status;

	*out = kept;
	if (kept != NULL)
		return PINSTORE_OK;
	kept = calloc(1, sizeof(*kept));
	if (kept == NULL)
		return ps_fail_nomem(error);
	status = ps_slot_fill(session, PS_SLOT_CHAIN, kept, drop, error);
	if (status == PINSTORE_OK)
		*out = kept;
	return status;
}

/*
 * Whether it was made of what the peer shows.  The randoms change when another
 * handshake begins, and the certificates, should it be asked in between, only
 * later.
 */
static bool
is_of_peer(const struct pinstore_chain *chain, gnutls_session_t session)
{
	const gnutls_datum_t *peers;
	const uint8_t *der;
	unsigned i, n = 0;
	size_t len;

	peers = gnutls_certificate_get_peers(session, &n);
	if (peers == NULL || n != pinstore_chain_served_length(chain))
		return false;
	for (i = 0; i < n; i++) {
		der = pinstore_chain_served(chain, i, &len);
		if (peers[i].size != len ||
		    memcmp(peers[i].data, der, len) != 0)
			return false;
	}
	return true;
}

enum pinstore_status
ps_kept_chain(gnutls_session_t session, const char *host, bool is_address,
              const struct pinstore_chain **out, struct pinstore_error *error)
{
	enum pinstore_status status;
	uint8_t random[RANDOM_LEN];
	struct kept *kept;

	*out = NULL;
	if (!read_random(session, random))
		return ps_fail(error, PINSTORE_ERR_INTERNAL,
		               "%.100s: GnuTLS does not tell one handshake "
		               "from another", host);
	status = find_or_make(session, &kept, error);
	if (status != PINSTORE_OK)
		return status;
	assert(kept != NULL); /* or there is a status */
	if (kept->chain == NULL || strcmp(kept->host, host) != 0 ||
	    kept->is_address != is_address ||
	    memcmp(kept->random, random, sizeof(random)) != 0 ||
	    !is_of_peer(kept->chain, session)) {
		pinstore_chain_free(kept->chain);
		kept->chain = NULL;
		status = ps_chain_from_session(session, host, is_address,
		                               &kept->chain, error);
		if (status != PINSTORE_OK)
			return status;
		memcpy(kept->random, random, sizeof(random));
		memcpy(kept->host, host, strlen(host) + 1);
		kept->is_address = is_address;
	}
	*out = kept->chain;
	return PINSTORE_OK;
}
