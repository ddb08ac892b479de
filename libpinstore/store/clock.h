/*
 * clock.h - deadlines and intervals on the monotonic clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For limits of waiting and for re-checks, never for a judgement.
 */
#ifndef PS_STORE_CLOCK_H
#define PS_STORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define PS_MS_PER_S 1000
#define PS_NS_PER_MS 1000000L

/* Milliseconds of a clock that never goes back; coarse is cheap. */
static inline int64_t
ps_clock_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * PS_MS_PER_S + now.tv_nsec / PS_NS_PER_MS;
}

static inline int64_t
ps_clock_coarse_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * PS_MS_PER_S + now.tv_nsec / PS_NS_PER_MS;
}

/* The same moment for pthread_mutex_clocklock(). */
static inline struct timespec
ps_clock_spec(int64_t ms)
{
	struct timespec spec;

	spec.tv_sec = (time_t)(ms / PS_MS_PER_S);
	spec.tv_nsec = (long)(ms % PS_MS_PER_S) * PS_NS_PER_MS;
	return spec;
}

/* Wait a little before the next try; false if the deadline has passed. */
static inline bool
ps_clock_pause(int64_t deadline_ms)
{
	const struct timespec nap = {0, 2 * PS_NS_PER_MS};

	if (ps_clock_ms() >= deadline_ms)
		return false;
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	return true;
}

#endif /* PS_STORE_CLOCK_H */
