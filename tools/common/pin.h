/*
 * pin.h - pins as people write them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_PIN_H
#define TOOL_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include <pinstore/pinstore.h>

/* Room for each of the forms, with its final NUL. */
#define TOOL_PIN_TEXT 72

enum tool_pin_form {
	TOOL_PIN_CURL,    /* sha256//B64 */
	TOOL_PIN_RFC7469, /* pin-sha256="B64" */
	TOOL_PIN_GNUTLS,  /* pin-sha256:B64 */
	TOOL_PIN_OKHTTP,  /* sha256/B64 */
	TOOL_PIN_BARE,    /* B64 */
	TOOL_PIN_HEX      /* 64 hexadecimal digits */
};

/*
 * Read a pin in any of the forms; hexadecimal digits in either case.  Base64
 * must be canonical: a last character with stray bits is a typing error here.
 */
bool
tool_pin_parse(const char *text, struct pinstore_pin *out);

/* Whether text begins as a pin does, so that an error can say so. */
bool
tool_pin_is_meant(const char *text);

void
tool_pin_print(const struct pinstore_pin *pin, enum tool_pin_form form,
               char out[TOOL_PIN_TEXT]);

bool
tool_pin_equal(const struct pinstore_pin *a, const struct pinstore_pin *b);

#endif /* TOOL_PIN_H */
