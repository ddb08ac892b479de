/*
 * host.c - canonical host names, and the keys they have in the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/host.h"

#include <arpa/inet.h>
#include <string.h>

#include <idn2.h>

#include "base/scan.h"

#define LABEL_MAX 63
/* A name of 253 octets has fewer; what is decomposed may have more octets. */
#define UNICODE_MAX 2048

#define BIT(c) PS_SCAN_BIT(c)

/* H-2: ASCII that no mapping may take for something else. */
static const uint32_t forbidden[4] = {
	UINT32_MAX, /* controls */
	BIT(' ') | BIT('"') | BIT('#') | BIT('%') | BIT('/') | BIT(':') |
	        BIT('<') | BIT('>') | BIT('?'),
	BIT('@') | BIT('[') | BIT('\\') | BIT(']') | BIT('^'),
	BIT('`') | BIT('{') | BIT('|') | BIT('}') | BIT(0x7f),
};

/* H-7, in lower case: digits, "-", "_" and letters. */
static const uint32_t label_octets[4] = {
	0,
	UINT32_C(0x03ff0000) | BIT('-'),
	BIT('_'),
	UINT32_C(0x07fffffe),
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(uint8_t c)
{
	c = ps_scan_lower(c);
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* RFC 3986, 2.3. */
static bool
is_unreserved(uint8_t c)
{
	uint8_t low = ps_scan_lower(c);

	return (low >= 'a' && low <= 'z') || is_digit(c) ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static bool
is_sub_delim(uint8_t c)
{
	return c != '\0' && strchr("!$&'()*+,;=", c) != NULL;
}

/* ---------------------------------------------------------------- addresses */

/* An address of RFC 4291, with or without a zone (RFC 6874). */
static bool
is_ipv6(const char *text, size_t len)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr unused;
	size_t i, end = 0;

	/* No NUL gets by, which inet_pton() would take for the end. */
	while (end < len && (is_hex((uint8_t)text[end]) || text[end] == ':' ||
	                     text[end] == '.'))
		end++;
	if (end >= sizeof(address))
		return false;
	memcpy(address, text, end);
	address[end] = '\0';
	if (inet_pton(AF_INET6, address, &unused) != 1)
		return false;
	if (end == len)
		return true;
	if (text[end] != '%' || end + 1 == len)
		return false;
	for (i = end + 1; i < len; i++)
		if (!is_unreserved((uint8_t)text[i]) && text[i] != '%')
			return false;
	return true;
}

/* "v1.x": an address of a version to come (RFC 3986, 3.2.2). */
static bool
is_ip_future(const char *text, size_t len)
{
	size_t i, start;

	if (len < 4 || (text[0] != 'v' && text[0] != 'V'))
		return false;
	for (i = 1; i < len && is_hex((uint8_t)text[i]); i++)
		;
	if (i == 1 || i == len || text[i] != '.')
		return false;
	start = ++i;
	for (; i < len; i++)
		if (!is_unreserved((uint8_t)text[i]) &&
		    !is_sub_delim((uint8_t)text[i]) && text[i] != ':')
			return false;
	return i > start;
}

/* H-1: a text with a colon or a bracket is such an address, or nothing. */
static enum pinstore_status
parse_literal(const char *text, size_t len, struct ps_host *out)
{
	size_t i;
	bool is_zone = false;
	char c;

	if (len > PINSTORE_HOST_MAX)
		return PINSTORE_ERR_HOST;
	if (text[0] == '[') {
		if (len < 2 || text[len - 1] != ']')
			return PINSTORE_ERR_HOST;
		if (!is_ipv6(text + 1, len - 2) &&
		    !is_ip_future(text + 1, len - 2))
			return PINSTORE_ERR_HOST;
	} else if (!is_ipv6(text, len)) {
		return PINSTORE_ERR_HOST;
	}
	for (i = 0; i < len; i++) {
		/* A zone is an interface's name, which has its case. */
		c = text[i];
		is_zone = is_zone || c == '%';
		if (!is_zone)
			c = (char)ps_scan_lower((uint8_t)c);
		out->name[i] = c;
	}
	out->name[len] = '\0';
	out->len = len;
	return PINSTORE_OK;
}

/* H-8: "ends in a number", as the URL standard has it. */
static bool
is_numeric(const char *label, size_t len)
{
	size_t i;
	bool is_hex_number = len >= 2 && label[0] == '0' && label[1] == 'x';

	for (i = is_hex_number ? 2 : 0; i < len; i++)
		if (is_hex_number ? !is_hex((uint8_t)label[i])
		                  : !is_digit((uint8_t)label[i]))
			return false;
	return true;
}

/* -------------------------------------------------------------------- names */

/* What a lower-case text without a final dot is (H-6 to H-8). */
static enum pinstore_host_kind
kind_of(const char *name, size_t len)
{
	size_t i, start = 0;

	if (len == 0 || len > PINSTORE_HOST_MAX)
		return PINSTORE_HOST_BAD;
	for (i = 0; i < len; i++) {
		if (name[i] == '.') {
			if (i == start || i - start > LABEL_MAX)
				return PINSTORE_HOST_BAD;
			start = i + 1;
		} else if (!ps_scan_is_in(label_octets, (uint8_t)name[i])) {
			return PINSTORE_HOST_BAD;
		}
	}
	if (i == start || i - start > LABEL_MAX)
		return PINSTORE_HOST_BAD;
	return is_numeric(name + start, len - start) ? PINSTORE_HOST_ADDRESS
	                                             : PINSTORE_HOST_NAME;
}

/* H-5 to H-8: text is ASCII by now, or it fails. */
static enum pinstore_status
parse_ascii(const char *text, size_t len, struct ps_host *out,
            enum pinstore_host_kind *kind)
{
	enum pinstore_host_kind found;
	size_t i;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len > PINSTORE_HOST_MAX)
		return PINSTORE_ERR_HOST;
	for (i = 0; i < len; i++)
		out->name[i] = (char)ps_scan_lower((uint8_t)text[i]);
	out->name[len] = '\0';
	found = kind_of(out->name, len);
	if (found == PINSTORE_HOST_BAD) {
		out->name[0] = '\0';
		return PINSTORE_ERR_HOST;
	}
	out->len = len;
	*kind = found;
	return PINSTORE_OK;
}

/* What an octet of a plain name is in lower case; 0: it is none. */
#define SAME(c) [c] = (c)
#define LOWER(c) [c] = (c), [(c) - 'a' + 'A'] = (c)
static const uint8_t plain[256] = {
	SAME('-'), SAME('.'), SAME('_'),
	SAME('0'), SAME('1'), SAME('2'), SAME('3'), SAME('4'),
	SAME('5'), SAME('6'), SAME('7'), SAME('8'), SAME('9'),
	LOWER('a'), LOWER('b'), LOWER('c'), LOWER('d'), LOWER('e'),
	LOWER('f'), LOWER('g'), LOWER('h'), LOWER('i'), LOWER('j'),
	LOWER('k'), LOWER('l'), LOWER('m'), LOWER('n'), LOWER('o'),
	LOWER('p'), LOWER('q'), LOWER('r'), LOWER('s'), LOWER('t'),
	LOWER('u'), LOWER('v'), LOWER('w'), LOWER('x'), LOWER('y'),
	LOWER('z'),
};

/*
 * Nearly all names, in one pass: octets of H-7, labels of H-6, the last one
 * beginning with a letter (H-8).  False says nothing of any other; out is then
 * to be made anew.
 */
static bool
parse_plain(const char *text, size_t len, struct ps_host *out)
{
	size_t i, start = 0;

	if (text[len - 1] == '.')
		len--;
	if (len == 0 || len > PINSTORE_HOST_MAX)
		return false;
	for (i = 0; i < len; i++) {
		uint8_t c = plain[(uint8_t)text[i]];

		if (c == 0)
			return false;
		out->name[i] = (char)c;
		if (c != '.')
			continue;
		if (i == start || i - start > LABEL_MAX)
			return false;
		start = i + 1;
	}
	if (i == start || i - start > LABEL_MAX || out->name[start] < 'a')
		return false;
	out->name[len] = '\0';
	out->len = len;
	return true;
}

/* H-4: what libidn2 lets through is judged again. */
static enum pinstore_status
parse_unicode(const char *text, size_t len, struct ps_host *out,
              enum pinstore_host_kind *kind)
{
	uint8_t unicode[UNICODE_MAX + 1], *mapped = NULL;
	enum pinstore_status status;
	int rc;

	if (len > UNICODE_MAX)
		return PINSTORE_ERR_HOST;
	memcpy(unicode, text, len);
	unicode[len] = '\0';
	/* Never STD3: libidn2 2.3.3 drops what offends, "a_b" became "ab". */
	rc = idn2_lookup_u8(unicode, &mapped,
	                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		return PINSTORE_ERR_NOMEM;
	if (rc != IDN2_OK)
		return PINSTORE_ERR_HOST;
	status = parse_ascii((const char *)mapped,
	                     strlen((const char *)mapped), out, kind);
	idn2_free(mapped);
	return status;
}

enum pinstore_status
ps_host_parse(const char *text, size_t len, struct ps_host *out,
              enum pinstore_host_kind *kind)
{
	enum pinstore_status status;
	uint8_t seen = 0;
	size_t i;

	out->len = 0;
	out->name[0] = '\0';
	*kind = PINSTORE_HOST_BAD;
	if (len == 0)
		return PINSTORE_ERR_HOST;
	if (parse_plain(text, len, out)) {
		*kind = PINSTORE_HOST_NAME;
		return PINSTORE_OK;
	}
	out->name[0] = '\0';
	if (text[0] == '[' || memchr(text, ':', len) != NULL) {
		status = parse_literal(text, len, out);
		if (status == PINSTORE_OK)
			*kind = PINSTORE_HOST_ADDRESS;
		return status;
	}
	for (i = 0; i < len; i++)
		seen |= (uint8_t)text[i];
	/* H-3: libidn2 refuses ASCII names that exist. */
	if (seen < 0x80)
		return parse_ascii(text, len, out, kind);
	for (i = 0; i < len; i++)
		if (ps_scan_is_in(forbidden, (uint8_t)text[i]))
			return PINSTORE_ERR_HOST;
	return parse_unicode(text, len, out, kind);
}

size_t
ps_host_labels(const struct ps_host *host)
{
	size_t i, n = 1;

	for (i = 0; i < host->len; i++)
		n += host->name[i] == '.';
	return n;
}

/* --------------------------------------------------------------------- keys */

/* Write the labels of len octets of from in reverse order. */
static void
reverse(const uint8_t *from, size_t len, uint8_t *to)
{
	size_t start, end = len;

	for (;;) {
		start = end;
		while (start > 0 && from[start - 1] != '.')
			start--;
		memcpy(to, from + start, end - start);
		to += end - start;
		if (start == 0)
			return;
		*to++ = '.';
		end = start - 1;
	}
}

void
ps_host_tail(const struct ps_host *host, size_t len, struct ps_host *out)
{
	out->len = len;
	memcpy(out->name, host->name + host->len - len, len + 1);
}

void
ps_host_key(const struct ps_host *host, struct ps_key *out)
{
	out->len = host->len;
	reverse((const uint8_t *)host->name, host->len, out->octets);
}

enum pinstore_status
ps_key_host(const uint8_t *key, size_t len, struct ps_host *out)
{
	out->len = 0;
	out->name[0] = '\0';
	/* Judged before it is turned: no label is empty then. */
	if (kind_of((const char *)key, len) == PINSTORE_HOST_BAD)
		return PINSTORE_ERR_DAMAGED;
	reverse(key, len, (uint8_t *)out->name);
	if (kind_of(out->name, len) != PINSTORE_HOST_NAME) {
		out->name[0] = '\0';
		return PINSTORE_ERR_DAMAGED;
	}
	out->name[len] = '\0';
	out->len = len;
	return PINSTORE_OK;
}

bool
ps_key_is_host(const uint8_t *key, size_t len)
{
	const uint8_t *dot = memchr(key, '.', len);

	/* The name's last label, which makes it an address or not, is first. */
	return kind_of((const char *)key, len) != PINSTORE_HOST_BAD &&
	       !is_numeric((const char *)key,
	                   dot != NULL ? (size_t)(dot - key) : len);
}

bool
ps_key_is_ancestor(const uint8_t *ancestor, size_t ancestor_len,
                   const uint8_t *key, size_t len)
{
	return ancestor_len > 0 && ancestor_len < len &&
	       key[ancestor_len] == '.' &&
	       memcmp(ancestor, key, ancestor_len) == 0;
}

size_t
ps_key_ancestor_within(const uint8_t *key, size_t len, size_t limit)
{
	size_t i;

	if (len == 0)
		return 0;
	for (i = limit < len - 1 ? limit : len - 1; i > 0; i--)
		if (key[i] == '.')
			return i;
	return 0;
}
