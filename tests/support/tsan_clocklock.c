/*
 * tsan_clocklock.c - locks with a deadline that ThreadSanitizer knows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gcc 12's ThreadSanitizer watches pthread_mutex_timedlock() but has never
 * heard of pthread_mutex_clocklock(), nor of that of a rwlock, and takes what
 * they locked for unlocked.  Test programs that are built with it find these
 * first.
 */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <sanitizer/tsan_interface.h>

/* What until, by clock, is by the clock of the day. */
static int
translate(clockid_t clock, const struct timespec *until, struct timespec *here)
{
	struct timespec there;

	if (clock_gettime(clock, &there) != 0 ||
	    clock_gettime(CLOCK_REALTIME, here) != 0)
		return EINVAL;
	here->tv_sec += until->tv_sec - there.tv_sec;
	here->tv_nsec += until->tv_nsec - there.tv_nsec;
	if (here->tv_nsec < 0) {
		here->tv_nsec += 1000000000;
		here->tv_sec--;
	}
	if (here->tv_nsec >= 1000000000) {
		here->tv_nsec -= 1000000000;
		here->tv_sec++;
	}
	return 0;
}

int
pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                        const struct timespec *until)
{
	struct timespec here;
	int failed = translate(clock, until, &here);

	if (failed == 0)
		failed = pthread_mutex_timedlock(mutex, &here);
	/* Nor does it know that this one has locked it. */
	if (failed == EOWNERDEAD) {
		__tsan_mutex_pre_lock(mutex, 0);
		__tsan_mutex_post_lock(mutex, 0, 0);
	}
	return failed;
}

int
pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                           const struct timespec *until)
{
	struct timespec here;
	int failed = translate(clock, until, &here);

	return failed != 0 ? failed : pthread_rwlock_timedwrlock(lock, &here);
}
