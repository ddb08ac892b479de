/*
 * suite.h - the end that every unit test's main() has.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

/* Rows of a table, for tcase_add_loop_test(). */
#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/*
 * How far a long loop goes from one round to the next: 1, or as far as it says
 * here where each step takes twenty times as long (tests/checks/valgrind.sh), or
 * a part of that where it takes three times as long: PINSTORE_TEST_STRIDES says
 * which part.
 */
static inline unsigned
suite_stride(unsigned n)
{
	const char *part = getenv("PINSTORE_TEST_STRIDES");

	if (part == NULL || part[0] < '1' || part[0] > '9')
		return 1;
	n /= (unsigned)(part[0] - '0');
	return n > 1 ? n : 1;
}

/* For what has nothing for memcheck, or takes a minute of it. */
static inline bool
suite_is_under_memcheck(void)
{
	return suite_stride(2) > 1;
}

/* A test of the rows of a table, or of as many as the stride n leaves. */
static inline void
suite_add_rows(TCase *tcase, const TTest *test, int rows, unsigned n)
{
	int i;

	for (i = 0; i < rows; i += (int)suite_stride(n))
		tcase_add_loop_test(tcase, test, i, i + 1);
}

/* How often, in `make check' or in `make storm'. */
static inline unsigned
suite_times(unsigned in_check, unsigned in_storm)
{
	return getenv("PINSTORE_STORM") != NULL ? in_storm : in_check;
}

/* The number that the environment gives this name, or otherwise. */
static inline unsigned
suite_asked(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* What ThreadSanitizer runs, and no other: the tests in which threads meet. */
static inline void
suite_tag_threads(TCase *tcase)
{
	tcase_set_tags(tcase, "threads");
}

/* Run suite; what main() returns.  No test at all is a failure. */
static inline int
suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int run, failed;

	srunner_run_all(runner, CK_ENV);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("no test ran\n", stderr);
	return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif /* TESTS_SUPPORT_SUITE_H */
