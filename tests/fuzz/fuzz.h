/*
 * fuzz.h - what the fuzz targets share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A target is a function of its input alone.  What must hold it asks with
 * MUST(), so that it fails for a wrong answer and not for a crash only.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target's name, which that of its folders begins with. */
extern const char fuzz_name[];

/* libFuzzer's, and those of replay.c. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(what)                                                           \
	do {                                                                 \
		if (!(what)) {                                               \
			fprintf(stderr, "%s:%d: does not hold: %s\n",        \
			        __FILE__, __LINE__, #what);                  \
			abort();                                             \
		}                                                            \
	} while (0)

/* A copy of exactly len octets, so that a sanitizer sees each step beyond. */
static inline void *
fuzz_copy(const void *data, size_t len)
{
	void *copy = malloc(len > 0 ? len : 1);

	MUST(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

/* The same with a NUL behind them, cut at the first one. */
static inline char *
fuzz_text(const uint8_t *data, size_t len)
{
	const uint8_t *nul = len > 0 ? memchr(data, 0, len) : NULL;
	char *text;

	if (nul != NULL)
		len = (size_t)(nul - data);
	text = malloc(len + 1);
	MUST(text != NULL);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

#endif /* TESTS_FUZZ_FUZZ_H */
