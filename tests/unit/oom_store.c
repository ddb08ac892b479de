/*
 * oom_store.c - every allocation of every operation on a store fails once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each run makes the next allocation fail, until a run has none left to fail.
 * Each run before it must say so, decide nothing, leave the store as it was
 * and the handle of use, and give everything back.
 */
#include <config.h>

#include <check.h>

#include "tests/support/oom.h"
#include "tests/support/suite.h"
#include "tests/unit/deeds.h"

/* Whether each line that was left is one of what should be. */
static void
assert_part(const char *left, const char *after)
{
	size_t len;

	for (; *left != '\0'; left += len + 1) {
		const char *at;

		len = strcspn(left, "\n");
		for (at = after; strncmp(at, left, len + 1) != 0; at++)
			ck_assert_msg(*at != '\0', "%.*s", (int)len, left);
	}
}

START_TEST(memory_runs_out)
{
	const struct deed *deed = &deeds[_i];
	struct plain plain = deed_plainly(deed);
	long n;

	for (n = 1; n < OOM_RUNS_MAX; n++) {
		struct told told = {.is_safe = true};
		enum pinstore_status status;
		bool has_failed;
		char *left;
		int fds;

		fds = deed_descriptors();
		oom_track();
		deed_begin(deed);
		oom_arm(n);
		status = deed->run(&told);
		has_failed = oom_disarm();
		left = deed_end(deed);
		ck_assert_msg(oom_untrack() == 0, "%s: a leak of %ld",
		              deed->what, n);
		ck_assert_int_eq(deed_descriptors(), fds);
		if (!has_failed) {
			ck_assert_int_eq(status, PINSTORE_OK);
			ck_assert_str_eq(told.text, plain.told.text);
			ck_assert_str_eq(left, plain.after);
			free(left);
			break;
		}
		/* The journal, or the queue, missed it; the verdict stands. */
		if (status == PINSTORE_OK && deed_is_lossy(deed)) {
			ck_assert_str_eq(told.text, plain.told.text);
			assert_part(left, plain.after);
			free(left);
			deed_restore(deed->on_nothing);
			continue;
		}
		ck_assert_msg(status == PINSTORE_ERR_NOMEM, "%s: status %d of %ld",
		              deed->what, (int)status, n);
		ck_assert_int_eq(told.verdict, PINSTORE_REJECT);
		ck_assert(told.is_safe);
		if (!deed->is_in_parts || strcmp(left, plain.after) != 0)
			ck_assert_str_eq(left, plain.before);
		free(left);
		deed_restore(deed->on_nothing);
	}
	ck_assert_int_lt(n, OOM_RUNS_MAX);
	printf("%s: %ld allocations\n", deed->what, n - 1);
	ck_assert_int_gt(n, 1);
	plain_free(&plain);
}
END_TEST

/* What counts leaks would find one. */
START_TEST(leaks_are_counted)
{
	void *volatile kept;
	char *volatile copy;

	oom_track();
	kept = malloc(1);
	free(malloc(1));
	ck_assert_uint_eq(oom_untrack(), 1);
	free(kept);
	oom_arm(2);
	kept = malloc(1);
	copy = strdup("x"); /* libcheck allocates too: no assertion here */
	ck_assert(oom_disarm());
	ck_assert_ptr_nonnull(kept);
	ck_assert_ptr_null(copy);
	free(kept);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("oom_store");
	TCase *tcase = tcase_create("oom_store");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, deed_setup, deed_teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, memory_runs_out, 0, COUNT(deeds));
	tcase_add_test(tcase, leaks_are_counted);
	return suite_run(suite);
}
