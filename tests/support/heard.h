/*
 * heard.h - which words were said, in whichever process of a test program.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcheck runs each test in a child of its own: heard_begin() in main(), then
 * heard_listen() to what a failure says, and heard_all() in the last test.
 */
#ifndef TESTS_SUPPORT_HEARD_H
#define TESTS_SUPPORT_HEARD_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <check.h>

static const char *const *heard_words;
static size_t heard_n;
static bool *heard_said;

static inline void
heard_begin(const char *const words[], size_t n)
{
	heard_words = words;
	heard_n = n;
	heard_said = mmap(NULL, n, PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heard_said == MAP_FAILED)
		abort();
}

static inline void
heard_listen(const char *text)
{
	size_t i;

	for (i = 0; i < heard_n; i++)
		if (strstr(text, heard_words[i]) != NULL)
			heard_said[i] = true;
}

static inline void
heard_all(void)
{
	size_t i;

	for (i = 0; i < heard_n; i++)
		ck_assert_msg(heard_said[i], "nobody says: %s",
		              heard_words[i]);
}

#endif /* TESTS_SUPPORT_HEARD_H */
