/*
 * keys.h - the pins of certificates, requests and keys in files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_KEYS_H
#define TOOL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"

enum key_kind {
	KEY_CERTIFICATE,
	KEY_REQUEST,
	KEY_PUBLIC,
	KEY_PRIVATE
};

/* One thing that has a pin. */
struct key {
	const char *file; /* as given to keys_read() */
	size_t n;         /* in that file, from 1 on */
	enum key_kind kind;
	char *subject; /* NULL = has none */
	bool is_authority; /* a certificate that may issue others */
	uint8_t *der;  /* of a certificate; else NULL */
	size_t der_len;
	struct pinstore_pin pin;
};

struct keys {
	struct key *key;
	size_t n;
	/* To be set: where the password of what is encrypted stands, or NULL. */
	const char *password_file;
};

/* "certificate", "csr", "public-key", "private-key" */
const char *
key_kind_word(enum key_kind kind);

/*
 * Append what is in file, PEM or DER, PKCS#7 and PKCS#12 too; "-" is stdin.  For
 * what is encrypted password_file is read, or else the terminal is asked.  A file with nothing in it
 * that has a pin, or with anything that cannot be read, is a fault.
 *
 * Owner: the caller, keys_free(), also on failure.
 */
bool
keys_read(const char *file, struct keys *keys, struct tool_fault *fault);

void
keys_free(struct keys *keys);

/*
 * The subject of a certificate in DER, escaped for terminals; NULL if it cannot
 * be read.  Owner: the caller, free().
 */
char *
key_subject(const uint8_t *der, size_t len);

#endif /* TOOL_KEYS_H */
