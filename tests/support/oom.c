/*
 * oom.c - the n-th allocation of this thread fails, and what is live is known.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tests/support/oom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_MAX 4096

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t border, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t border, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *old);

/* Allocations of this thread until the one that fails; 0: none does. */
static _Thread_local long countdown;
static _Thread_local bool has_failed;
static _Thread_local bool is_tracking;
static _Thread_local const void *live[LIVE_MAX];
static _Thread_local size_t n_live;

static bool
fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

static void *
add(void *at)
{
	if (!is_tracking || at == NULL)
		return at;
	if (n_live == LIVE_MAX)
		abort();
	live[n_live++] = at;
	return at;
}

static void
take(const void *at)
{
	size_t i;

	if (at == NULL)
		return;
	for (i = n_live; i-- > 0;) {
		if (live[i] != at)
			continue;
		live[i] = live[--n_live];
		return;
	}
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : add(__real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : add(__real_calloc(n, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	take(old);
	return add(__real_realloc(old, size));
}

void *
__wrap_aligned_alloc(size_t border, size_t size)
{
	return fails() ? NULL : add(__real_aligned_alloc(border, size));
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : add(__real_strdup(text));
}

void
__wrap_free(void *old)
{
	take(old);
	__real_free(old);
}

void
oom_arm(long n)
{
	has_failed = false;
	countdown = n;
}

bool
oom_disarm(void)
{
	countdown = 0;
	return has_failed;
}

void
oom_track(void)
{
	n_live = 0;
	is_tracking = true;
}

size_t
oom_untrack(void)
{
	is_tracking = false;
	return n_live;
}
