/*
 * scan.c - a bounded cursor over octets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/scan.h"

#include <string.h>

void
ps_scan_init(struct ps_scan *scan, const void *text, size_t len)
{
	scan->at = text;
	/* Nothing may be added to NULL, not even 0. */
	scan->end = len > 0 ? scan->at + len : scan->at;
}

bool
ps_scan_is_end(const struct ps_scan *scan)
{
	return scan->at == scan->end;
}

bool
ps_scan_is_at(const struct ps_scan *scan, uint8_t c)
{
	return scan->at != scan->end && *scan->at == c;
}

bool
ps_scan_skip(struct ps_scan *scan, uint8_t c)
{
	if (!ps_scan_is_at(scan, c))
		return false;
	scan->at++;
	return true;
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
	while (!ps_scan_is_end(scan) && ps_scan_is_tchar(*scan->at))
		scan->at++;
	return (size_t)(scan->at - *token);
}

bool
ps_scan_is_tchar(uint8_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

uint8_t
ps_scan_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
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
