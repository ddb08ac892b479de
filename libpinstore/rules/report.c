/*
 * report.c - when a report is sent, and sent again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/report.h"

#include <assert.h>

/* The first pause; each one is twice as long as the one before. */
#define PAUSE_SECONDS 60
#define PAUSE_SECONDS_MAX \
	(PAUSE_SECONDS << (PINSTORE_REPORT_ATTEMPTS_MAX - 1))

int64_t
ps_report_after(int64_t now, int64_t seconds)
{
	return now > INT64_MAX - seconds ? INT64_MAX : now + seconds;
}

/* A time ahead of now by at most seconds; one further off is a clock's fault. */
static bool
is_ahead(int64_t at, int64_t now, int64_t seconds)
{
	return at > now && (uint64_t)at - (uint64_t)now <= (uint64_t)seconds;
}

bool
ps_report_is_leased(int64_t leased, int64_t now)
{
	return is_ahead(leased, now, PINSTORE_REPORT_LEASE_SECONDS);
}

bool
ps_report_is_due(int64_t next, int64_t now)
{
	return !is_ahead(next, now, PAUSE_SECONDS_MAX);
}

int64_t
ps_report_pause(unsigned attempts)
{
	assert(attempts >= 1);
	if (attempts > PINSTORE_REPORT_ATTEMPTS_MAX)
		attempts = PINSTORE_REPORT_ATTEMPTS_MAX;
	return (int64_t)PAUSE_SECONDS << (attempts - 1);
}
