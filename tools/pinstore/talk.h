/*
 * talk.h - TLS with a host that is looked at, whatever its certificate.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is decided here, and nothing is sent but a request of HTTP where one
 * is asked for: whether the certificate is valid is for the caller to find out.
 */
#ifndef TOOL_TALK_H
#define TOOL_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>

#include "options.h"
#include "wire.h"

/* Of an answer's head. */
#define TALK_HEAD_MAX 65536

/* How a session could be taken up again. */
enum talk_offer { TALK_NOTHING, TALK_SESSION_ID, TALK_TICKET };

struct talk {
	struct wire wire;
	gnutls_session_t session;
	bool is_open; /* the handshake is over */
};

/*
 * Connect, speak protocol, and do the handshake; priority is GnuTLS's, kept a
 * session to take up or NULL.  False: *fault tells why, exit 4.
 *
 * Owner: the caller, who ends it with talk_close(), also on failure.
 */
bool
talk_open(struct talk *talk, const struct wire_target *target,
          enum starttls protocol, const char *priority,
          gnutls_certificate_credentials_t credentials,
          const gnutls_datum_t *kept, struct tool_fault *fault);

void
talk_close(struct talk *talk);

/*
 * Ask for / by HTTP, and read the head of the answer, with its last CR LF.  NULL
 * if what comes is no HTTP.  Owner: the caller, free().
 */
char *
talk_head(struct talk *talk, const struct wire_target *target);

/* Wait a moment for what the host sends behind the handshake. */
void
talk_settle(struct talk *talk);

/* What the session offers; the data to take it up is *out, gnutls_free(). */
enum talk_offer
talk_offer(struct talk *talk, gnutls_datum_t *out);

#endif /* TOOL_TALK_H */
