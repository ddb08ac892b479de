/*
 * wire.c - a connection to a host, read within bounds of size and of time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcurl makes it, with all that it knows of names and addresses, and leaves
 * it to us.
 */
#include <config.h>

#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "common/when.h"
#include "live.h"
#include "verb.h"

bool
wire_fail(struct wire *wire, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tool_fault_set(wire->fault, EXIT_NETWORK, "network", wire->host, NULL,
	               "%s", text);
	return false;
}

/* -------------------------------------------------------------- connection */

static CURLcode
set_options(struct wire *wire, const struct wire_target *target,
            struct curl_slist *resolve, struct curl_slist *connect_to,
            char *message)
{
	bool is_bare = strchr(target->host, ':') != NULL &&
	               target->host[0] != '[';
	char *url = tool_format("http://%s%s%s:%u/", is_bare ? "[" : "",
	                        target->host, is_bare ? "]" : "",
	                        (unsigned)target->port);
	CURL *easy = wire->easy;
	CURLcode code;

	code = curl_easy_setopt(easy, CURLOPT_URL, url);
	free(url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	/* It is the host's own answer that is wanted. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		                        (long)WIRE_MILLISECONDS);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
	return code;
}

bool
wire_open(struct wire *wire, const struct wire_target *target,
          struct tool_fault *fault)
{
	const struct options *options = target->options;
	struct curl_slist *resolve, *connect_to;
	char message[CURL_ERROR_SIZE] = "";
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code;

	memset(wire, 0, sizeof(*wire));
	wire->fd = -1;
	wire->fault = fault;
	wire->host = target->host;
	wire->deadline = tool_clock_ms() + WIRE_MILLISECONDS;
	wire->easy = curl_easy_init();
	if (wire->easy == NULL)
		tool_no_memory();
	resolve = live_list(options->resolve, options->n_resolve);
	connect_to = live_list(options->connect_to, options->n_connect_to);
	code = set_options(wire, target, resolve, connect_to, message);
	if (code == CURLE_OK)
		code = curl_easy_perform(wire->easy);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(wire->easy, CURLINFO_ACTIVESOCKET,
		                         &fd);
	(void)curl_easy_setopt(wire->easy, CURLOPT_ERRORBUFFER, NULL);
	(void)curl_easy_setopt(wire->easy, CURLOPT_RESOLVE, NULL);
	(void)curl_easy_setopt(wire->easy, CURLOPT_CONNECT_TO, NULL);
	curl_slist_free_all(connect_to);
	curl_slist_free_all(resolve);
	if (code != CURLE_OK || fd == CURL_SOCKET_BAD)
		return wire_fail(wire, "no connection to port %u: %s",
		                 (unsigned)target->port,
		                 message[0] != '\0' ? message
		                                    : curl_easy_strerror(code));
	wire->fd = fd;
	return true;
}

void
wire_close(struct wire *wire)
{
	curl_easy_cleanup(wire->easy);
	memset(wire, 0, sizeof(*wire));
	wire->fd = -1;
}

/* ----------------------------------------------------------------- octets */

bool
wire_wait(struct wire *wire, bool is_writing)
{
	struct pollfd one = {.fd = wire->fd,
	                     .events = is_writing ? POLLOUT : POLLIN};
	int64_t left;
	int n;

	do {
		left = wire->deadline - tool_clock_ms();
		n = left > 0 ? poll(&one, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return true;
	if (n < 0)
		return wire_fail(wire, "the connection: %s", strerror(errno));
	return wire_fail(wire, "timed out: no answer within %d seconds",
	                 WIRE_MILLISECONDS / 1000);
}

bool
wire_send(struct wire *wire, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len > 0) {
		n = send(wire->fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return wire_fail(wire, "cannot be sent to: %s",
			                 strerror(errno));
		if (n <= 0) {
			if (!wire_wait(wire, true))
				return false;
			continue;
		}
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* More into kept, which has room. */
static bool
receive(struct wire *wire)
{
	ssize_t n;

	for (;;) {
		n = recv(wire->fd, wire->kept + wire->n_kept,
		         sizeof(wire->kept) - wire->n_kept, 0);
		if (n > 0)
			break;
		if (n == 0)
			return wire_fail(wire, "the host closed the connection "
			                 "before TLS began");
		if (errno != EAGAIN && errno != EINTR)
			return wire_fail(wire, "the connection: %s",
			                 strerror(errno));
		if (!wire_wait(wire, false))
			return false;
	}
	wire->n_kept += (size_t)n;
	wire->total += (size_t)n;
	if (wire->total > WIRE_OCTETS_MAX)
		return wire_fail(wire, "the host says more than %d octets "
		                 "before TLS", WIRE_OCTETS_MAX);
	return true;
}

static void
take(struct wire *wire, void *out, size_t n)
{
	memcpy(out, wire->kept, n);
	wire->n_kept -= n;
	memmove(wire->kept, wire->kept + n, wire->n_kept);
}

bool
wire_read(struct wire *wire, void *out, size_t n)
{
	if (n > sizeof(wire->kept))
		return wire_fail(wire, "the host's answer is too long");
	while (wire->n_kept < n)
		if (!receive(wire))
			return false;
	take(wire, out, n);
	return true;
}

/* The first len octets of kept as text; a NUL would hide what follows it. */
static bool
take_text(struct wire *wire, size_t len, char out[WIRE_LINE_MAX + 1])
{
	take(wire, out, len);
	out[len] = '\0';
	if (memchr(out, '\0', len) != NULL)
		return wire_fail(wire, "the host's answer is no text");
	return true;
}

bool
wire_line(struct wire *wire, char out[WIRE_LINE_MAX + 1])
{
	const char *end;
	size_t len;

	while ((end = memchr(wire->kept, '\n', wire->n_kept)) == NULL) {
		if (wire->n_kept == sizeof(wire->kept))
			return wire_fail(wire, "the host's answer has a line "
			                 "of more than %d octets",
			                 WIRE_LINE_MAX);
		if (!receive(wire))
			return false;
	}
	len = (size_t)(end - wire->kept) + 1;
	if (!take_text(wire, len, out))
		return false;
	out[--len] = '\0';
	if (len > 0 && out[len - 1] == '\r')
		out[len - 1] = '\0';
	return true;
}

/* The octets up to and with text, 0 if it has not come. */
static size_t
find(const struct wire *wire, const char *text)
{
	const char *at = text != NULL ? memmem(wire->kept, wire->n_kept, text,
	                                       strlen(text))
	                              : NULL;

	return at != NULL ? (size_t)(at - wire->kept) + strlen(text) : 0;
}

bool
wire_until(struct wire *wire, const char *end, const char *other,
           char out[WIRE_LINE_MAX + 1])
{
	size_t len, other_len;

	for (;;) {
		len = find(wire, end);
		other_len = find(wire, other);
		if (other_len > 0 && (len == 0 || other_len < len))
			len = other_len;
		if (len > 0)
			return take_text(wire, len, out);
		if (wire->n_kept == sizeof(wire->kept))
			return wire_fail(wire, "the host's answer has more "
			                 "than %d octets", WIRE_LINE_MAX);
		if (!receive(wire))
			return false;
	}
}

bool
wire_is_clear(struct wire *wire)
{
	if (wire->n_kept == 0)
		return true;
	return wire_fail(wire, "%zu octets came behind the answer to STARTTLS, "
	                 "before TLS began: they may be injected",
	                 wire->n_kept);
}
