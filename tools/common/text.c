/*
 * text.c - text for people: escaped for terminals, nearest words.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/text.h"

#include <string.h>

#define WORD_MAX 64
#define WIDTH 79

/* The code point at text and its length, which is 0 if that is not UTF-8. */
static size_t
decode(const char *text, size_t len, uint32_t *code)
{
	const unsigned char *at = (const unsigned char *)text;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n, i;

	*code = at[0];
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	n = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (n > len)
		return 0;
	*code = at[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3fu);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

/* Controls, marks of direction, separators and what takes no room. */
static bool
is_hidden(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
	       code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
	       (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe0fff);
}

size_t
tool_utf8_shown(const char *text, size_t len)
{
	uint32_t code;
	size_t n;

	if (len == 0)
		return 0;
	n = decode(text, len, &code);
	return n > 0 && is_hidden(code) ? 0 : n;
}

bool
tool_is_utf8(const char *text, size_t len)
{
	uint32_t code;
	size_t n;

	while (len > 0) {
		n = decode(text, len, &code);
		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

/* One character of text in its shown form; octets of text used. */
static size_t
escape_one(const char *text, size_t len, char out[16])
{
	uint32_t code;
	size_t n = decode(text, len, &code);

	if (n == 0) {
		(void)snprintf(out, 16, "\\x%02x",
		               (unsigned)(unsigned char)*text);
		return 1;
	}
	if (code == '\\')
		(void)snprintf(out, 16, "\\\\");
	else if (code == '\n')
		(void)snprintf(out, 16, "\\n");
	else if (code == '\t')
		(void)snprintf(out, 16, "\\t");
	else if (code == '\r')
		(void)snprintf(out, 16, "\\r");
	else if (is_hidden(code) && code < 0x80)
		(void)snprintf(out, 16, "\\x%02x", (unsigned)code);
	else if (is_hidden(code))
		(void)snprintf(out, 16, "\\u{%x}", (unsigned)code);
	else
		(void)snprintf(out, 16, "%.*s", (int)n, text);
	return n;
}

size_t
tool_escape(const char *text, size_t len, char *out, size_t size)
{
	char one[16];
	size_t used = 0, n, more;

	if (size == 0)
		return 0;
	while (len > 0) {
		n = escape_one(text, len, one);
		/* snprintf() cannot show a NUL octet, but \x00 it can. */
		more = strlen(one);
		if (more >= size - used)
			break;
		memcpy(out + used, one, more);
		used += more;
		text += n;
		len -= n;
	}
	out[used] = '\0';
	return used;
}

void
tool_put_escaped(const char *text, FILE *out)
{
	char one[16];
	size_t len = strlen(text), n;

	while (len > 0) {
		n = escape_one(text, len, one);
		fputs(one, out);
		text += n;
		len -= n;
	}
}

void
tool_put_wrapped(const char *text, size_t column, FILE *out)
{
	size_t at = column, n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (at > column && at + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static size_t
least_of(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Levenshtein's distance of two words of at most WORD_MAX octets. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], i, j, n = strlen(b), left, above;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		left = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least_of(row[j] + 1, row[j - 1] + 1,
			                  left + (a[i - 1] != b[j - 1]));
			left = above;
		}
	}
	return row[n];
}

const char *
tool_nearest(const char *word, const char *const words[])
{
	const char *best = NULL;
	size_t len = strlen(word), least = WORD_MAX, d, i;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (i = 0; words[i] != NULL; i++) {
		if (strlen(words[i]) > WORD_MAX)
			continue;
		/* The beginning of a word is nearly it. */
		d = strncmp(word, words[i], len) == 0 && len > 1 &&
		                    words[i][len] != '\0'
		            ? 1
		            : distance(word, words[i]);
		if (d < least) {
			least = d;
			best = words[i];
		}
	}
	return best != NULL && least <= 1 + len / 3 ? best : NULL;
}

bool
tool_parse_number(const char *text, size_t len, int64_t limit, int64_t *out)
{
	int64_t value = 0, digit;
	size_t i;

	*out = 0;
	if (len == 0)
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		digit = text[i] - '0';
		if (digit > limit || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}
