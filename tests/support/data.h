/*
 * data.h - reading the files of tests/data.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * make check sets srcdir; without it the test runs in the source's top folder.
 */
#ifndef TESTS_SUPPORT_DATA_H
#define TESTS_SUPPORT_DATA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

struct data {
	uint8_t *at; /* len octets and a NUL */
	size_t len;
};

/* The path of tests/data/<folder>/<name>. */
static inline void
data_path(const char *folder, const char *name, char *out, size_t size)
{
	const char *top = getenv("srcdir");
	int len;

	len = snprintf(out, size, "%s/tests/data/%s/%s",
	               top == NULL ? "." : top, folder, name);
	ck_assert(len > 0 && (size_t)len < size);
}

/* The whole file, or the test fails.  Owner: the caller. */
static inline struct data
data_read(const char *folder, const char *name)
{
	struct data data = {NULL, 0};
	char path[1024];
	FILE *file;
	long len;

	data_path(folder, name, path, sizeof(path));
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s cannot be opened", path);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	len = ftell(file);
	ck_assert_int_ge(len, 0);
	rewind(file);
	data.len = (size_t)len;
	data.at = calloc(1, data.len + 1);
	ck_assert_ptr_nonnull(data.at);
	ck_assert_uint_eq(fread(data.at, 1, data.len, file), data.len);
	ck_assert_int_eq(fclose(file), 0);
	return data;
}

#endif /* TESTS_SUPPORT_DATA_H */
