/*
 * oom.h - the n-th allocation of this thread fails, and what is live is known.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For programs that are linked with LDFLAGS_OF_OOM: the library's allocations
 * and the test's own go through oom.c, those of other libraries do not.
 */
#ifndef TESTS_SUPPORT_OOM_H
#define TESTS_SUPPORT_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* More runs than any operation has allocations. */
#define OOM_RUNS_MAX 20000

/* The n-th allocation from here on fails, n = 1 being the next. */
void oom_arm(long n);

/* From here on none fails; whether the armed one was reached. */
bool oom_disarm(void);

/* Count from here on what is allocated. */
void oom_track(void);

/* Stop that; how many allocations since oom_track() were not freed. */
size_t oom_untrack(void);

#endif /* TESTS_SUPPORT_OOM_H */
