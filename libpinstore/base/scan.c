/*
 * scan.c - a bounded cursor over octets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/scan.h"

#include <string.h>

#define DIGITS UINT32_C(0x03ff0000)
#define LETTERS UINT32_C(0x07fffffe)
#define BIT(c) PS_SCAN_BIT(c)

/* RFC 7230, 3.2.6. */
static const uint32_t tchars[4] = {
	0,
	DIGITS | BIT('!') | BIT('#') | BIT('$') | BIT('%') | BIT('&') |
	        BIT('\'') | BIT('*') | BIT('+') | BIT('-') | BIT('.'),
	LETTERS | BIT('^') | BIT('_'),
	LETTERS | BIT('`') | BIT('|') | BIT('~'),
};

void
ps_scan_init(struct ps_scan *scan, const void *text, size_t len)
{
	scan->at = text;
	/* Nothing may be added to NULL, not even 0. */
	scan->end = len > 0 ? scan->at + len : scan->at;
}

size_t
ps_scan_skip_ows(struct ps_scan *scan)
{
	const uint8_t *start = scan->at;

	while (ps_scan_is_at(scan, ' ') || ps_scan_is_at(scan, '\t'))
		scan->at++;
	return (size_t)(scan->at - start);
}

size_t
ps_scan_token(struct ps_scan *scan, const uint8_t **token)
{
	*token = scan->at;
	while (!ps_scan_is_end(scan) && ps_scan_is_in(tchars, *scan->at))
		scan->at++;
	return (size_t)(scan->at - *token);
}

bool
ps_scan_is_tchar(uint8_t c)
{
	return ps_scan_is_in(tchars, c);
}

bool
ps_scan_is_word(const uint8_t *text, size_t len, const char *word)
{
	size_t i;

	if (len != strlen(word))
		return false;
	for (i = 0; i < len; i++)
		if (ps_scan_lower(text[i]) != ps_scan_lower((uint8_t)word[i]))
			return false;
	return true;
}
