/*
 * wire.h - a connection to a host, read within bounds of size and of time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes is the peer's, who may be anybody: nothing is read without end,
 * and nothing is waited for without end.
 */
#ifndef TOOL_WIRE_H
#define TOOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "common/fault.h"
#include "options.h"

/* For a connection, its dialogue and its handshake together. */
#define WIRE_MILLISECONDS 20000
/* Of a dialogue: one line, and all of it. */
#define WIRE_LINE_MAX 4096
#define WIRE_OCTETS_MAX 65536

/* Whom to connect to. */
struct wire_target {
	const char *host; /* canonical */
	uint16_t port;
	const struct options *options; /* --resolve, --connect-to */
};

struct wire {
	CURL *easy;
	int fd;
	int64_t deadline; /* tool_clock_ms() */
	char kept[WIRE_LINE_MAX]; /* has come, and was not read yet */
	size_t n_kept;
	size_t total;
	struct tool_fault *fault;
	const char *host;
};

/*
 * Connect.  False: *fault tells why, exit 4.
 * Owner: the caller, who ends it with wire_close(), also on failure.
 */
bool
wire_open(struct wire *wire, const struct wire_target *target,
          struct tool_fault *fault);

void
wire_close(struct wire *wire);

/* False: the time is over, *fault says so unless it is NULL. */
bool
wire_wait(struct wire *wire, bool is_writing);

bool
wire_send(struct wire *wire, const void *data, size_t len);

/* The next n octets. */
bool
wire_read(struct wire *wire, void *out, size_t n);

/* The next line, without its end.  A NUL in it is a fault. */
bool
wire_line(struct wire *wire, char out[WIRE_LINE_MAX + 1]);

/* Up to and with `end`, or `other` (may be NULL); what came before is left out. */
bool
wire_until(struct wire *wire, const char *end, const char *other,
           char out[WIRE_LINE_MAX + 1]);

/*
 * Whether nothing has come behind what was read.  What is there already when
 * encryption begins may be anybody's (CVE-2011-0411): a fault.
 */
bool
wire_is_clear(struct wire *wire);

/* The peer, or the way to it, has failed: exit 4, status "network". */
bool
wire_fail(struct wire *wire, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif /* TOOL_WIRE_H */
