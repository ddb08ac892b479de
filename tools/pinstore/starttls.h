/*
 * starttls.h - from a protocol in the clear to the beginning of TLS.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_STARTTLS_H
#define TOOL_STARTTLS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "wire.h"

/* The port on which protocol is spoken; that of https for none. */
uint16_t
starttls_port(enum starttls protocol);

/*
 * Speak until the host is ready for TLS.  False, and the wire's fault: it does
 * not offer it, refuses it, says what cannot be understood, or has gone on.
 */
bool
starttls_begin(enum starttls protocol, struct wire *wire);

#endif /* TOOL_STARTTLS_H */
