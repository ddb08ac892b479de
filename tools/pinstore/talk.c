/*
 * talk.c - TLS with a host that is looked at, whatever its certificate.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "talk.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/when.h"
#include "starttls.h"

/* For the tickets of TLS 1.3, which come when they come. */
#define SETTLE_MILLISECONDS 500
#define HTTP_PORT_OF_TLS 443

/* Wait for what GnuTLS waits for; false: it has failed, or the time is over. */
static bool
go_on(struct talk *talk, int code)
{
	if (code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED)
		return gnutls_error_is_fatal(code) == 0;
	return wire_wait(&talk->wire,
	                 gnutls_record_get_direction(talk->session) == 1);
}

static bool
fail_handshake(struct talk *talk, int code)
{
	if (talk->wire.fault->exit != 0)
		return false; /* the wire has told */
	if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		return wire_fail(&talk->wire, "TLS: the host refuses, alert %s",
		                 gnutls_alert_get_name(
		                         gnutls_alert_get(talk->session)));
	return wire_fail(&talk->wire, "TLS: %s", gnutls_strerror(code));
}

static bool
shake_hands(struct talk *talk)
{
	int code;

	do
		code = gnutls_handshake(talk->session);
	while (code < 0 && go_on(talk, code));
	return code == 0 || fail_handshake(talk, code);
}

/* A session of a client that has looked for nothing yet. */
static bool
prepare(struct talk *talk, const struct wire_target *target,
        const char *priority, gnutls_certificate_credentials_t credentials,
        const gnutls_datum_t *kept)
{
	bool is_name = strchr(target->host, ':') == NULL &&
	               strspn(target->host, "0123456789.") !=
	                       strlen(target->host);
	int code = gnutls_init(&talk->session, GNUTLS_CLIENT);

	if (code < 0) {
		talk->session = NULL;
		tool_no_memory();
	}
	code = gnutls_priority_set_direct(talk->session, priority, NULL);
	if (code == 0)
		code = gnutls_credentials_set(talk->session,
		                              GNUTLS_CRD_CERTIFICATE,
		                              credentials);
	if (code == 0 && is_name)
		code = gnutls_server_name_set(talk->session, GNUTLS_NAME_DNS,
		                              target->host,
		                              strlen(target->host));
	if (code == 0 && kept != NULL)
		code = gnutls_session_set_data(talk->session, kept->data,
		                               kept->size);
	if (code < 0)
		return wire_fail(&talk->wire, "TLS: %s", gnutls_strerror(code));
	gnutls_transport_set_int(talk->session, talk->wire.fd);
	return true;
}

bool
talk_open(struct talk *talk, const struct wire_target *target,
          enum starttls protocol, const char *priority,
          gnutls_certificate_credentials_t credentials,
          const gnutls_datum_t *kept, struct tool_fault *fault)
{
	talk->session = NULL;
	talk->is_open = wire_open(&talk->wire, target, fault) &&
	                starttls_begin(protocol, &talk->wire) &&
	                prepare(talk, target, priority, credentials, kept) &&
	                shake_hands(talk);
	return talk->is_open;
}

void
talk_close(struct talk *talk)
{
	if (talk->is_open)
		(void)gnutls_bye(talk->session, GNUTLS_SHUT_WR);
	if (talk->session != NULL)
		gnutls_deinit(talk->session);
	talk->is_open = false;
	talk->session = NULL;
	wire_close(&talk->wire);
}

/* -------------------------------------------------------------------- HTTP */

static bool
send_all(struct talk *talk, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len > 0) {
		n = gnutls_record_send(talk->session, text, len);
		if (n < 0 && !go_on(talk, (int)n))
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* To the empty line; how far that is, or 0. */
static size_t
receive_head(struct talk *talk, char *out, size_t size)
{
	size_t len = 0;
	char *end;
	ssize_t n;

	while (len < size) {
		n = gnutls_record_recv(talk->session, out + len, size - len);
		if (n == 0 || (n < 0 && !go_on(talk, (int)n)))
			return 0;
		if (n < 0)
			continue;
		len += (size_t)n;
		end = memmem(out, len, "\r\n\r\n", 4);
		if (end != NULL)
			return (size_t)(end - out) + 2;
	}
	return 0;
}

char *
talk_head(struct talk *talk, const struct wire_target *target)
{
	bool is_bare = strchr(target->host, ':') != NULL &&
	               target->host[0] != '[';
	char port[8] = "", *request, *buffer, *head = NULL;
	size_t len = 0;

	if (target->port != HTTP_PORT_OF_TLS)
		(void)snprintf(port, sizeof(port), ":%u",
		               (unsigned)target->port);
	request = tool_format("GET / HTTP/1.1\r\nHost: %s%s%s%s\r\n"
	                      "User-Agent: pinstore/%s\r\nAccept: */*\r\n"
	                      "Connection: close\r\n\r\n",
	                      is_bare ? "[" : "", target->host,
	                      is_bare ? "]" : "", port, PACKAGE_VERSION);
	buffer = tool_alloc(TALK_HEAD_MAX, 1);
	if (send_all(talk, request))
		len = receive_head(talk, buffer, TALK_HEAD_MAX);
	if (len > 0 && strncmp(buffer, "HTTP/", 5) == 0 &&
	    memchr(buffer, '\0', len) == NULL)
		head = tool_copy(buffer, len);
	free(buffer);
	free(request);
	return head;
}

/* --------------------------------------------------------------- to come back */

void
talk_settle(struct talk *talk)
{
	struct pollfd one = {.fd = talk->wire.fd, .events = POLLIN};
	int64_t end = tool_clock_ms() + SETTLE_MILLISECONDS, left;
	char octets[1024];
	ssize_t n = GNUTLS_E_AGAIN;

	while (n < 0 && gnutls_error_is_fatal((int)n) == 0) {
		if (gnutls_record_check_pending(talk->session) == 0) {
			left = end - tool_clock_ms();
			if (left <= 0 || poll(&one, 1, (int)left) <= 0)
				return;
		}
		n = gnutls_record_recv(talk->session, octets, sizeof(octets));
	}
}

enum talk_offer
talk_offer(struct talk *talk, gnutls_datum_t *out)
{
	unsigned flags = gnutls_session_get_flags(talk->session);
	gnutls_datum_t id = {NULL, 0};

	out->data = NULL;
	out->size = 0;
	if ((flags & GNUTLS_SFLAGS_SESSION_TICKET) == 0) {
		if (gnutls_protocol_get_version(talk->session) == GNUTLS_TLS1_3)
			return TALK_NOTHING;
		if (gnutls_session_get_id2(talk->session, &id) < 0 ||
		    id.size == 0)
			return TALK_NOTHING;
	}
	if (gnutls_session_get_data2(talk->session, out) < 0)
		out->data = NULL;
	return (flags & GNUTLS_SFLAGS_SESSION_TICKET) != 0 ? TALK_TICKET
	                                                   : TALK_SESSION_ID;
}
