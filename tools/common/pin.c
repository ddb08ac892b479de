/*
 * pin.c - pins as people write them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/pin.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BASE64_LEN 44
#define HEX_LEN 64

static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* In the order in which they are tried: the longer before its beginning. */
static const struct {
	const char *prefix, *suffix;
} forms[] = {
	{"pin-sha256=\"", "\""},
	{"pin-sha256:", ""},
	{"sha256//", ""},
	{"sha256/", ""},
	{"", ""},
};

#define N_FORMS (sizeof(forms) / sizeof(forms[0]))

static void
encode(const struct pinstore_pin *pin, char out[BASE64_LEN + 1])
{
	uint32_t bits;
	size_t i, at = 0;

	for (i = 0; i < 30; i += 3) {
		bits = (uint32_t)pin->sha256[i] << 16 |
		       (uint32_t)pin->sha256[i + 1] << 8 | pin->sha256[i + 2];
		out[at++] = alphabet[bits >> 18];
		out[at++] = alphabet[bits >> 12 & 63];
		out[at++] = alphabet[bits >> 6 & 63];
		out[at++] = alphabet[bits & 63];
	}
	bits = (uint32_t)pin->sha256[30] << 10 | (uint32_t)pin->sha256[31] << 2;
	out[at++] = alphabet[bits >> 12 & 63];
	out[at++] = alphabet[bits >> 6 & 63];
	out[at++] = alphabet[bits & 63];
	out[at++] = '=';
	out[at] = '\0';
}

/* 44 characters; whether they are canonical is seen by encoding again. */
static bool
decode(const char *text, struct pinstore_pin *out)
{
	char again[BASE64_LEN + 1];
	const char *found;
	uint32_t bits = 0;
	size_t i, n = 0;
	unsigned have = 0;

	for (i = 0; i < BASE64_LEN - 1; i++) {
		found = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
		if (found == NULL)
			return false;
		bits = (bits << 6 | (uint32_t)(found - alphabet)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out->sha256[n++] = (uint8_t)(bits >> have);
		}
	}
	encode(out, again);
	return memcmp(text, again, BASE64_LEN) == 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
decode_hex(const char *text, struct pinstore_pin *out)
{
	size_t i;
	int high, low;

	for (i = 0; i < HEX_LEN / 2; i++) {
		high = hex_value(text[2 * i]);
		low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out->sha256[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
tool_pin_parse(const char *text, struct pinstore_pin *out)
{
	size_t len = strlen(text), i, prefix, suffix;
	struct pinstore_pin pin;

	memset(out, 0, sizeof(*out));
	if (len == HEX_LEN) {
		if (!decode_hex(text, &pin))
			return false;
		*out = pin;
		return true;
	}
	for (i = 0; i < N_FORMS; i++) {
		prefix = strlen(forms[i].prefix);
		suffix = strlen(forms[i].suffix);
		if (len != prefix + BASE64_LEN + suffix ||
		    strncmp(text, forms[i].prefix, prefix) != 0 ||
		    strcmp(text + len - suffix, forms[i].suffix) != 0 ||
		    !decode(text + prefix, &pin))
			continue;
		*out = pin;
		return true;
	}
	return false;
}

bool
tool_pin_is_meant(const char *text)
{
	return strncmp(text, "pin-", 4) == 0 || strncmp(text, "sha", 3) == 0;
}

void
tool_pin_print(const struct pinstore_pin *pin, enum tool_pin_form form,
               char out[TOOL_PIN_TEXT])
{
	char text[BASE64_LEN + 1];
	size_t i;

	encode(pin, text);
	switch (form) {
	case TOOL_PIN_CURL:
		(void)snprintf(out, TOOL_PIN_TEXT, "sha256//%s", text);
		break;
	case TOOL_PIN_RFC7469:
		(void)snprintf(out, TOOL_PIN_TEXT, "pin-sha256=\"%s\"", text);
		break;
	case TOOL_PIN_GNUTLS:
		(void)snprintf(out, TOOL_PIN_TEXT, "pin-sha256:%s", text);
		break;
	case TOOL_PIN_OKHTTP:
		(void)snprintf(out, TOOL_PIN_TEXT, "sha256/%s", text);
		break;
	case TOOL_PIN_BARE:
		(void)snprintf(out, TOOL_PIN_TEXT, "%s", text);
		break;
	case TOOL_PIN_HEX:
		for (i = 0; i < sizeof(pin->sha256); i++)
			(void)snprintf(out + 2 * i, 3, "%02x",
			               (unsigned)pin->sha256[i]);
		break;
	}
}

bool
tool_pin_equal(const struct pinstore_pin *a, const struct pinstore_pin *b)
{
	return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}
