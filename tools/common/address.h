/*
 * address.h - which addresses are nobody's business but this machine's or this
 * network's (D-31).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_ADDRESS_H
#define TOOL_ADDRESS_H

#include <stdbool.h>

#include <sys/socket.h>

/*
 * Whether a is a loopback, private, link-local, unspecified, multicast or
 * otherwise not a public address, also as mapped or translated into IPv6; what
 * is of no kind that is known counts as one.
 */
bool
tool_address_is_private(const struct sockaddr *a);

/* The same of text as in a URL, brackets allowed; false: it is no address. */
bool
tool_address_parse(const char *text, bool *is_private);

#endif /* TOOL_ADDRESS_H */
