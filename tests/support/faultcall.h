/*
 * faultcall.h - one call of a foreign function fails, with a given code.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For programs that wrap functions at link time.  Calls are numbered from 0
 * by the program; how often each was made to fail is counted in memory that
 * the forked tests share.
 */
#ifndef TESTS_SUPPORT_FAULTCALL_H
#define TESTS_SUPPORT_FAULTCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FAULT_CALLS_MAX 64
#define FAULTS_AT_ONCE 2

struct fault {
	int call;
	int code;
	long countdown; /* calls until the one that fails; 0: none does */
	bool has_failed;
};

/* The second one is for calls that are made only after a failure. */
static struct fault faults[FAULTS_AT_ONCE];
static long *fault_counts;

static inline void
fault_share_counts(void)
{
	fault_counts = mmap(NULL, FAULT_CALLS_MAX * sizeof(*fault_counts),
	                    PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault_counts == MAP_FAILED)
		abort();
}

static inline void
fault_arm(int which, int call, int code, long n)
{
	faults[which].call = call;
	faults[which].code = code;
	faults[which].countdown = n;
	faults[which].has_failed = false;
}

/* From here on none fails; whether the first of them was reached. */
static inline bool
fault_disarm(void)
{
	size_t i;

	for (i = 0; i < FAULTS_AT_ONCE; i++)
		faults[i].countdown = 0;
	return faults[0].has_failed;
}

/* Whether this call is one that fails; *code then. */
static inline bool
fault_hits(int call, int *code)
{
	size_t i;

	for (i = 0; i < FAULTS_AT_ONCE; i++) {
		if (faults[i].countdown == 0 || faults[i].call != call ||
		    --faults[i].countdown > 0)
			continue;
		faults[i].has_failed = true;
		*code = faults[i].code;
		fault_counts[call]++;
		return true;
	}
	return false;
}

#endif /* TESTS_SUPPORT_FAULTCALL_H */
