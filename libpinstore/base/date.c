/*
 * date.c - a time as RFC 3339 writes it, in UTC.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/date.h"

#include <stdio.h>
#include <time.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define FIRST INT64_C(-62167219200)
#define LAST INT64_C(253402300799)

/* So many digits, and the compiler sees it. */
static unsigned
low(int value, unsigned modulus)
{
	return (unsigned)value % modulus;
}

void
ps_date_print(int64_t seconds, char out[PS_DATE_LEN + 1])
{
	struct tm tm = {.tm_mday = 1};
	time_t at;

	if (seconds < FIRST)
		seconds = FIRST;
	if (seconds > LAST)
		seconds = LAST;
	at = (time_t)seconds;
	(void)gmtime_r(&at, &tm);
	(void)snprintf(out, PS_DATE_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	               low(tm.tm_year + 1900, 10000), low(tm.tm_mon + 1, 100),
	               low(tm.tm_mday, 100), low(tm.tm_hour, 100),
	               low(tm.tm_min, 100), low(tm.tm_sec, 100));
}
