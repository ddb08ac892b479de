/*
 * scan.h - a bounded cursor over octets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_SCAN_H
#define PS_BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_scan {
	const uint8_t *at;
	const uint8_t *end;
};

void
ps_scan_init(struct ps_scan *scan, const void *text, size_t len);

static inline bool
ps_scan_is_end(const struct ps_scan *scan)
{
	return scan->at == scan->end;
}

/* Whether the next octet is c. */
static inline bool
ps_scan_is_at(const struct ps_scan *scan, uint8_t c)
{
	return scan->at != scan->end && *scan->at == c;
}

/* Step over the next octet if it is c. */
static inline bool
ps_scan_skip(struct ps_scan *scan, uint8_t c)
{
	if (!ps_scan_is_at(scan, c))
		return false;
	scan->at++;
	return true;
}

/* Step over SP and HTAB; the number of octets. */
size_t
ps_scan_skip_ows(struct ps_scan *scan);

/* Step over the longest run of tchar (RFC 7230, 3.2.6); its length. */
size_t
ps_scan_token(struct ps_scan *scan, const uint8_t **token);

/*
 * Sets of ASCII octets: PS_SCAN_BIT() of each member stands in the word of its
 * 32.  No octet of 0x80 or more is in any.
 */
#define PS_SCAN_BIT(c) (UINT32_C(1) << ((c) & 31))

static inline bool
ps_scan_is_in(const uint32_t set[4], uint8_t c)
{
	return c < 0x80 && (set[c >> 5] & PS_SCAN_BIT(c)) != 0;
}

bool
ps_scan_is_tchar(uint8_t c);

/* ASCII, whatever the locale. */
static inline uint8_t
ps_scan_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Whether len octets are word, ASCII letters of either case being equal. */
bool
ps_scan_is_word(const uint8_t *text, size_t len, const char *word);

#endif /* PS_BASE_SCAN_H */
