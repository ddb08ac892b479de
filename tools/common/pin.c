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

/* The value of a character of the alphabet and 1 more; 0 is of no other. */
static const uint8_t values[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,
	['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* 44 characters, of which the last but one has two bits that must be zero. */
static bool
decode(const char *text, struct pinstore_pin *out)
{
	uint32_t bits = 0, value;
	size_t i, n = 0;
	unsigned have = 0;

	for (i = 0; i < BASE64_LEN - 1; i++) {
		value = values[(unsigned char)text[i]];
		if (value == 0)
			return false;
		bits = (bits << 6 | (value - 1)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out->sha256[n++] = (uint8_t)(bits >> have);
		}
	}
	return (bits & 3) == 0 && text[i] == '=';
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
