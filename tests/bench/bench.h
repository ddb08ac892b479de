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

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_ROUNDS 9
/* A contestant that has taken so long goes home after this many rounds. */
#define BENCH_LEAST_ROUNDS 3
#define BENCH_LONG_NS 8e9

/* What one contestant did, a figure a round; all zero to begin with. */
struct bench {
	double round[BENCH_ROUNDS];
	unsigned rounds;
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
bench_add(struct bench *bench, double figure)
{
	bench->round[bench->rounds++] = figure;
}

static inline double
bench_median(const struct bench *bench)
{
	double sorted[BENCH_ROUNDS];

	memcpy(sorted, bench->round, sizeof(sorted));
	return bench_quantile(sorted, bench->rounds, 0.5);
}

/* How many times b's figure a's is: the median of the rounds that both ran. */
static inline double
bench_ratio(const struct bench *a, const struct bench *b)
{
	unsigned i, n = a->rounds < b->rounds ? a->rounds : b->rounds;
	double ratios[BENCH_ROUNDS];

	for (i = 0; i < n; i++)
		ratios[i] = a->round[i] / b->round[i];
	return bench_quantile(ratios, n, 0.5);
}

/* Whether this contestant, whose figures are ns, runs one more round. */
static inline bool
bench_goes_on(const struct bench *bench)
{
	double sum = 0;
	unsigned i;

	for (i = 0; i < bench->rounds; i++)
		sum += bench->round[i];
	return bench->rounds < BENCH_LEAST_ROUNDS || sum < BENCH_LONG_NS;
}

/*
 * A line of the table for performance.py: what, in a store of how many hosts,
 * who, how much, and how many times what the other took (or did).
 */
static inline void
bench_tell(const char *what, const char *hosts, const char *who,
           const struct bench *bench, const struct bench *other)
{
	printf("%s\t%s\t%s\t%.6g\t%.6g\n", what, hosts, who,
	       bench_median(bench), bench_ratio(bench, other));
	fflush(stdout);
}

/* End with a message: a benchmark that goes wrong has no figures. */
#define bench_must(condition) \
	((condition) ? (void)0 : bench_fail(#condition, __FILE__, __LINE__))

_Noreturn static inline void
bench_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

#endif /* TESTS_BENCH_BENCH_H */
