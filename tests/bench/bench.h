/*
 * bench.h - medians of runs taken side by side.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Machines are noisy: a figure is the median of several rounds, in each of
 * which all contestants run one after the other.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_ROUNDS 15

struct bench {
	const char *name;
	double round[BENCH_ROUNDS]; /* ns per operation */
	double median;
};

static inline double
bench_now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/*
 * Processor time of this thread, which other load on the machine disturbs far
 * less than the time of day.
 */
static inline double
bench_cpu(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static inline int
bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sort n figures; the one below which a share of them lies. */
static inline double
bench_quantile(double *figures, size_t n, double share)
{
	qsort(figures, n, sizeof(*figures), bench_compare);
	return figures[(size_t)(share * (double)(n - 1) + 0.5)];
}

static inline void
bench_finish(struct bench *bench)
{
	double sorted[BENCH_ROUNDS];

	memcpy(sorted, bench->round, sizeof(sorted));
	bench->median = bench_quantile(sorted, BENCH_ROUNDS, 0.5);
}

/* How many times a takes what b takes: the median of the rounds' ratios. */
static inline double
bench_ratio(const struct bench *a, const struct bench *b)
{
	double ratios[BENCH_ROUNDS];
	int i;

	for (i = 0; i < BENCH_ROUNDS; i++)
		ratios[i] = a->round[i] / b->round[i];
	return bench_quantile(ratios, BENCH_ROUNDS, 0.5);
}

/* End with a message: a benchmark that goes wrong has no figures. */
#define bench_must(condition) \
	((condition) ? (void)0 : bench_fail(#condition, __FILE__, __LINE__))

static inline void
bench_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

#endif /* TESTS_BENCH_BENCH_H */
