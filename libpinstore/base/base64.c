/*
 * base64.c - base64 with padding and without white space (RFC 4648, 4).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/base64.h"

static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits that c stands for, or -1. */
static int
value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* The 24 bits of a group whose last n_pad characters are padding, or -1. */
static int32_t
group_of(const uint8_t *text, size_t n_pad)
{
	int32_t group = 0;
	size_t i;
	int value;

	for (i = 0; i < 4; i++) {
		value = i < 4 - n_pad ? value_of(text[i]) : 0;
		if (value < 0)
			return -1;
		group = group << 6 | value;
	}
	return group;
}

bool
ps_base64_decode(const uint8_t *text, size_t len, uint8_t *out,
                 size_t *out_len, bool *loose)
{
	size_t i, k, n_pad, n = 0;
	int32_t group;

	*out_len = 0;
	*loose = false;
	if (len % 4 != 0)
		return false;
	for (i = 0; i < len; i += 4) {
		n_pad = 0;
		if (i + 4 == len && text[i + 3] == '=')
			n_pad = text[i + 2] == '=' ? 2 : 1;
		group = group_of(text + i, n_pad);
		if (group < 0)
			return false;
		for (k = 0; k < 3 - n_pad; k++)
			out[n++] = (uint8_t)(group >> (16 - 8 * k));
		if ((group & ((1 << (8 * n_pad)) - 1)) != 0)
			*loose = true;
	}
	*out_len = n;
	return true;
}

void
ps_base64_encode(const uint8_t *octets, size_t len, char *out)
{
	size_t i, k, n;
	uint32_t group;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		group = 0;
		for (k = 0; k < 3; k++)
			group = group << 8 | (k < n ? octets[i + k] : 0);
		for (k = 0; k < 4; k++)
			if (k <= n)
				*out++ = alphabet[group >> (18 - 6 * k) & 63];
			else
				*out++ = '=';
	}
	*out = '\0';
}
