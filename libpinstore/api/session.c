/*
 * session.c - pins for a GnuTLS session.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a callback needs hangs on the session (tls/slot.h).
 */
#include <config.h>

#include <pinstore/gnutls.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/result.h"
#include "api/search.h"
#include "api/sized.h"
#include "base/status.h"
#include "tls/chain.h"
#include "tls/kept.h"
#include "tls/slot.h"

/* The last check.  Nothing else may be told, or noted with. */
struct last {
	bool is_judged;
	enum pinstore_status status;
	enum pinstore_verdict verdict;
	struct pinstore_result *result;
	struct pinstore_error error;
};

struct attached {
	struct pinstore *ps;
	struct ps_host host;
	enum pinstore_host_kind kind;
	uint16_t port;
	unsigned flags;
	pinstore_clock_fn *clock;
	void *arg;
	bool in_handshake; /* one that pinstore_handshake() began goes on */
	struct last last;
};

static void
forget(struct attached *attached)
{
	pinstore_result_free(attached->last.result);
	memset(&attached->last, 0, sizeof(attached->last));
	attached->last.verdict = PINSTORE_REJECT;
}

/* -------------------------------------------------------------- the slot */

static void
drop(gnutls_ext_priv_data_t data)
{
	struct attached *attached = data;

	if (attached == NULL)
		return;
	forget(attached);
	free(attached);
}

/* What hangs on session; not a slot that was left empty by an error. */
static struct attached *
find(gnutls_session_t session)
{
	struct attached *attached = ps_slot_find(session, PS_SLOT_ATTACHED);

	return attached != NULL && attached->ps != NULL ? attached : NULL;
}

/* An empty slot on session; it is GnuTLS's to free. */
static enum pinstore_status
make_slot(gnutls_session_t session, struct attached **out,
          struct pinstore_error *error)
{
	struct attached *attached;
	enum pinstore_status status;

	attached = calloc(1, sizeof(*attached));
	if (attached == NULL)
		return ps_fail_nomem(error);
	status = ps_slot_fill(session, PS_SLOT_ATTACHED, attached, drop, error);
	if (status == PINSTORE_OK)
		*out = attached;
	return status;
}

/* ---------------------------------------------------------------- attach */

/* GnuTLS tells the name that a client asked for to servers alone. */
static bool
is_client(gnutls_session_t session)
{
	unsigned type;
	size_t len = 0;

	return gnutls_server_name_get(session, NULL, &len, &type, 0) ==
	       GNUTLS_E_INVALID_REQUEST;
}

/* An address has no server name (RFC 6066, 3): one set before is taken off. */
static enum pinstore_status
set_server_name(gnutls_session_t session, const struct ps_host *host,
                enum pinstore_host_kind kind, struct pinstore_error *error)
{
	size_t len = kind == PINSTORE_HOST_NAME ? host->len : 0;
	int ret;

	ret = gnutls_server_name_set(session, GNUTLS_NAME_DNS, host->name, len);
	if (ret == 0)
		return PINSTORE_OK;
	if (ret == GNUTLS_E_MEMORY_ERROR)
		return ps_fail_nomem(error);
	return ps_fail_lib(error, PINSTORE_ERR_INTERNAL, ret,
	                   "pinstore_session_attach: the server name %.100s "
	                   "cannot be set: %s",
	                   host->name, gnutls_strerror(ret));
}

enum pinstore_status
pinstore_session_attach(gnutls_session_t session, struct pinstore *ps,
                        const struct pinstore_peer *peer,
                        pinstore_clock_fn *clock, void *arg,
                        struct pinstore_error *error)
{
	struct attached *attached;
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	struct pinstore_peer known;
	struct ps_host host;

	ps_error_clear(error);
	if (session == NULL || ps == NULL || clock == NULL ||
	    !ps_sized_read(&known, sizeof(known), peer))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_session_attach: no session, no store, "
		               "no clock, or no peer with its size");
	if (!is_client(session))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_session_attach: not a client's "
		               "session");
	attached = ps_slot_find(session, PS_SLOT_ATTACHED);
	/* What was decided for another peer does not outlast an error here. */
	if (attached != NULL)
		forget(attached);
	status = ps_handle_host(known.host, &host, &kind, error);
	if (status == PINSTORE_OK)
		status = set_server_name(session, &host, kind, error);
	if (status == PINSTORE_OK && attached == NULL)
		status = make_slot(session, &attached, error);
	if (status != PINSTORE_OK)
		return status;
	assert(attached != NULL);
	attached->ps = ps;
	attached->host = host;
	attached->kind = kind;
	attached->port = known.port;
	attached->flags = known.flags;
	attached->clock = clock;
	attached->arg = arg;
	return PINSTORE_OK;
}

/* ----------------------------------------------------------------- judge */

/* The certificate first, then the pins. */
static enum pinstore_status
examine(gnutls_session_t session, struct attached *attached)
{
	struct pinstore_chain *chain;
	enum pinstore_status status;
	const struct ps_search_in in = {.session = session};
	bool is_address = attached->kind == PINSTORE_HOST_ADDRESS;
	struct last *last = &attached->last;
	struct pinstore_peer peer;

	status = ps_chain_from_session(session, attached->host.name,
	                               is_address, &chain, &last->error);
	if (status != PINSTORE_OK)
		return status;
	memset(&peer, 0, sizeof(peer));
	peer.size = sizeof(peer);
	peer.host = attached->host.name;
	peer.port = attached->port;
	peer.flags = attached->flags;
	status = ps_search_check(attached->ps, &in, &peer, is_address, chain,
	                         attached->clock(attached->arg),
	                         &last->verdict, &last->result, &last->error);
	pinstore_chain_free(chain);
	return status;
}

static void
judge(gnutls_session_t session, struct attached *attached)
{
	forget(attached);
	attached->last.status = examine(session, attached);
	attached->last.is_judged = true;
}

static bool
is_refused(const struct attached *attached)
{
	return !attached->last.is_judged ||
	       attached->last.status != PINSTORE_OK ||
	       attached->last.verdict == PINSTORE_REJECT;
}

int
pinstore_verify_callback(gnutls_session_t session)
{
	struct attached *attached = find(session);

	if (attached == NULL)
		return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
	judge(session, attached);
	return is_refused(attached) ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR
	                            : 0;
}

/* -------------------------------------------------------------- handshake */

/* The connection ends here, whether the peer still hears of it or not. */
static int
refuse(gnutls_session_t session)
{
	int ret;

	do
		ret = gnutls_alert_send(session, GNUTLS_AL_FATAL,
		                        GNUTLS_A_BAD_CERTIFICATE);
	while (ret == GNUTLS_E_INTERRUPTED);
	return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

int
pinstore_handshake(gnutls_session_t session)
{
	struct attached *attached = find(session);
	int ret;

	if (attached == NULL)
		return GNUTLS_E_INVALID_REQUEST;
	if (!attached->in_handshake) {
		forget(attached);
		attached->in_handshake = true;
	}
	gnutls_session_set_verify_function(session, pinstore_verify_callback);
	ret = gnutls_handshake(session);
	if (ret < 0 && gnutls_error_is_fatal(ret) == 0)
		return ret;
	attached->in_handshake = false;
	if (ret < 0) {
		if (attached->last.is_judged && is_refused(attached))
			return refuse(session);
		/* It failed for another reason: nothing was decided. */
		forget(attached);
		return ret;
	}
	/* A resumed session, or a peer without certificate: not called. */
	if (!attached->last.is_judged)
		judge(session, attached);
	return is_refused(attached) ? refuse(session) : 0;
}

/* ------------------------------------------------------- check, note, last */

static enum pinstore_status
fail_detached(struct pinstore_error *error, const char *function)
{
	return ps_fail(error, PINSTORE_ERR_ARG,
	               "%s: nothing is attached to the session", function);
}

static enum pinstore_status
tell(const struct last *last, enum pinstore_verdict *verdict,
     struct pinstore_result **out, struct pinstore_error *error)
{
	if (error != NULL)
		*error = last->error;
	if (last->status != PINSTORE_OK)
		return last->status;
	*verdict = last->verdict;
	if (out != NULL)
		*out = ps_result_ref(last->result);
	return PINSTORE_OK;
}

/* The safe values first; then what is attached, or why there is none. */
static enum pinstore_status
prepare(gnutls_session_t session, const char *function,
        enum pinstore_verdict *verdict, struct pinstore_result **out,
        struct attached **attached, struct pinstore_error *error)
{
	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (verdict == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: no place for the verdict", function);
	*verdict = PINSTORE_REJECT;
	*attached = find(session);
	return *attached != NULL ? PINSTORE_OK : fail_detached(error, function);
}

enum pinstore_status
pinstore_session_check(gnutls_session_t session,
                       enum pinstore_verdict *verdict,
                       struct pinstore_result **out,
                       struct pinstore_error *error)
{
	enum pinstore_status status;
	struct attached *attached = NULL;

	status = prepare(session, "pinstore_session_check", verdict, out,
	                 &attached, error);
	if (status != PINSTORE_OK)
		return status;
	assert(attached != NULL); /* or there is a status */
	judge(session, attached);
	return tell(&attached->last, verdict, out, error);
}

enum pinstore_status
pinstore_session_last(gnutls_session_t session, enum pinstore_verdict *verdict,
                      struct pinstore_result **out,
                      struct pinstore_error *error)
{
	enum pinstore_status status;
	struct attached *attached = NULL;

	status = prepare(session, "pinstore_session_last", verdict, out,
	                 &attached, error);
	if (status != PINSTORE_OK)
		return status;
	assert(attached != NULL); /* or there is a status */
	if (!attached->last.is_judged)
		return ps_fail(error, PINSTORE_ERR_UNJUDGED,
		               "pinstore_session_last: no check has seen the "
		               "session");
	return tell(&attached->last, verdict, out, error);
}

enum pinstore_status
pinstore_session_note(gnutls_session_t session,
                      const struct pinstore_field *fields, size_t n,
                      struct pinstore_noted *out, struct pinstore_error *error)
{
	struct pinstore_noted nothing = {.action = PINSTORE_IGNORED};
	struct attached *attached = find(session);

	ps_error_clear(error);
	ps_sized_write(out, &nothing, sizeof(nothing));
	if (attached == NULL)
		return fail_detached(error, "pinstore_session_note");
	if (!attached->last.is_judged)
		return ps_fail(error, PINSTORE_ERR_UNJUDGED,
		               "pinstore_session_note: no check has seen the "
		               "session");
	if (attached->last.status != PINSTORE_OK) {
		if (error != NULL)
			*error = attached->last.error;
		return attached->last.status;
	}
	return pinstore_note(attached->ps, attached->last.result, fields, n,
	                     attached->clock(attached->arg), out, error);
}

enum pinstore_status
pinstore_chain_from_session(gnutls_session_t session, const char *host,
                            struct pinstore_chain **out,
                            struct pinstore_error *error)
{
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	struct ps_host canonical;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (session == NULL || out == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_chain_from_session: no session, or no "
		               "place for the chain");
	status = ps_handle_host(host, &canonical, &kind, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_chain_from_session(session, canonical.name,
	                             kind == PINSTORE_HOST_ADDRESS, out,
	                             error);
}

enum pinstore_status
pinstore_check_peer(struct pinstore *ps, gnutls_session_t session,
                    const struct pinstore_peer *peer,
                    const struct pinstore_chain *chain, int64_t now,
                    enum pinstore_verdict *verdict,
                    struct pinstore_result **out, struct pinstore_error *error)
{
	const struct ps_search_in in = {.session = session};
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
	if (ps == NULL || session == NULL || verdict == NULL ||
	    !ps_sized_read(&known, sizeof(known), peer))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_check_peer: no store, no session, no "
		               "peer with its size, or no place for the "
		               "verdict");
	status = ps_handle_host(known.host, &host, &kind, error);
	if (status != PINSTORE_OK)
		return status;
	known.host = host.name;
	is_address = kind == PINSTORE_HOST_ADDRESS;
	if (chain == NULL)
		status = ps_kept_chain(session, host.name, is_address, &chain,
		                       error);
	if (status == PINSTORE_OK)
		status = ps_search_check(ps, &in, &known, is_address, chain,
		                         now, verdict, &result, error);
	if (status != PINSTORE_OK)
		return status;
	if (out != NULL)
		*out = result;
	else
		pinstore_result_free(result);
	return PINSTORE_OK;
}
