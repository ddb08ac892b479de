/*
 * status.c - filling a caller's struct pinstore_error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 sequence at text, or 0 if none that prints is there. */
static size_t
utf8_length(const unsigned char *text, size_t len)
{
	size_t n, i;
	uint32_t code;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f ? 1 : 0;
	n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || n > len)
		return 0;
	code = text[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fu);
	}
	if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) ||
	    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	/* C1 controls, and the marks that turn the direction of a line. */
	if (code < 0xa0 || (code >= 0x200e && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0x061c)
		return 0;
	return n;
}

/* One line that prints: each octet that does not becomes a question mark. */
static void
clean(char *text)
{
	unsigned char *at = (unsigned char *)text;
	size_t left = strlen(text), n;

	while (left > 0) {
		n = utf8_length(at, left);
		if (n == 0) {
			*at = '?';
			n = 1;
		}
		at += n;
		left -= n;
	}
}

/* Drop a character that vsnprintf() cut in two. */
static void
trim(char *text, size_t len)
{
	size_t start = len;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0 &&
	    utf8_length((const unsigned char *)text + start - 1,
	                len - start + 1) == 0)
		text[start - 1] = '\0';
}

static void
fill(struct pinstore_error *error, enum pinstore_status status, int os_error,
     int lib_error, const char *format, va_list args) PS_PRINTF(5, 0);

static void
fill(struct pinstore_error *error, enum pinstore_status status, int os_error,
     int lib_error, const char *format, va_list args)
{
	int len;

	if (error == NULL)
		return;
	error->status = status;
	error->os_error = os_error;
	error->lib_error = lib_error;
	len = vsnprintf(error->text, sizeof(error->text), format, args);
	if (len < 0)
		error->text[0] = '\0';
	else if ((size_t)len >= sizeof(error->text))
		trim(error->text, sizeof(error->text) - 1);
	clean(error->text);
}

enum pinstore_status
ps_fail(struct pinstore_error *error, enum pinstore_status status,
        const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(error, status, 0, 0, format, args);
	va_end(args);
	return status;
}

enum pinstore_status
ps_fail_os(struct pinstore_error *error, enum pinstore_status status,
           int os_error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(error, status, os_error, 0, format, args);
	va_end(args);
	return status;
}

enum pinstore_status
ps_fail_lib(struct pinstore_error *error, enum pinstore_status status,
            int lib_error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(error, status, 0, lib_error, format, args);
	va_end(args);
	return status;
}

enum pinstore_status
ps_fail_nomem(struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_NOMEM, "out of memory");
}

const char *
ps_os_words(int os_error, char out[PS_OS_WORDS_LEN])
{
	out[0] = '\0';
#ifdef STRERROR_R_CHAR_P
	return strerror_r(os_error, out, PS_OS_WORDS_LEN);
#else
	(void)strerror_r(os_error, out, PS_OS_WORDS_LEN);
	return out;
#endif
}

void
ps_error_clear(struct pinstore_error *error)
{
	if (error != NULL)
		memset(error, 0, sizeof(*error));
}
