/*
 * host.h - canonical host names, and the keys they have in the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_MODEL_HOST_H
#define PS_MODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

/*
 * A canonical name or address; NUL-terminated.  Of an address the brackets
 * stay, if it came with them, and so does the case of its zone.
 */
struct ps_host {
	size_t len;
	char name[PINSTORE_HOST_MAX + 1];
};

/* A name with its labels reversed: "www.example.com" is "com.example.www". */
struct ps_key {
	size_t len;
	uint8_t octets[PINSTORE_HOST_MAX];
};

/*
 * Canonicalise len octets of text (requirements H-1 to H-9).  *kind says
 * whether out is a name or an address; on error it is HOST_BAD and out empty.
 *
 * Errors: NOMEM, HOST.
 * Source: RFC 6797, 8.2 and 10; RFC 5891.
 */
enum pinstore_status
ps_host_parse(const char *text, size_t len, struct ps_host *out,
              enum pinstore_host_kind *kind) PINSTORE_MUST_CHECK;

/* The ancestor, or the name itself, that is the last len octets of host. */
void
ps_host_tail(const struct ps_host *host, size_t len, struct ps_host *out);

/* The store's key of a canonical name. */
void
ps_host_key(const struct ps_host *host, struct ps_key *out);

/*
 * The name that a stored key stands for; DAMAGED if it is no key that
 * ps_host_key() makes of a canonical name.
 */
enum pinstore_status
ps_key_host(const uint8_t *key, size_t len,
            struct ps_host *out) PINSTORE_MUST_CHECK;

/* Whether ps_key_host() would give one; faster. */
bool
ps_key_is_host(const uint8_t *key, size_t len);

/*
 * Whether the key of a stored name is that of a proper ancestor of key: a
 * prefix that ends at a border of labels.
 */
bool
ps_key_is_ancestor(const uint8_t *ancestor, size_t ancestor_len,
                   const uint8_t *key, size_t len);

/*
 * The length of the longest ancestor of key that is no longer than limit
 * octets; 0 if there is none.
 */
size_t
ps_key_ancestor_within(const uint8_t *key, size_t len, size_t limit);

/* Labels of a canonical name, at least 1. */
size_t
ps_host_labels(const struct ps_host *host);

#endif /* PS_MODEL_HOST_H */
