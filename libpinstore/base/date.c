/*
 * date.c - a time as RFC 3339 writes it, in UTC.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/date.h"

#include <stdbool.h>

#define DAY INT64_C(86400)
/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define FIRST INT64_C(-62167219200)
#define LAST INT64_C(253402300799)

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 0000-01-01 to the first of that year. */
static int64_t
days_before(int64_t year)
{
	return year * 365 + (year + 3) / 4 - (year + 99) / 100 +
	       (year + 399) / 400;
}

/* Write so many digits, and what follows them; where the next ones go. */
static char *
put(char *out, int64_t value, int digits, char then)
{
	int i;

	for (i = digits - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	out[digits] = then;
	return out + digits + 1;
}

void
ps_date_print(int64_t seconds, char out[PS_DATE_LEN + 1])
{
	static const int8_t lengths[] = {31, 28, 31, 30, 31, 30,
	                                 31, 31, 30, 31, 30, 31};
	int64_t day, year, length;
	int month = 0;

	if (seconds < FIRST)
		seconds = FIRST;
	if (seconds > LAST)
		seconds = LAST;
	seconds -= FIRST;
	day = seconds / DAY;
	seconds %= DAY;
	/* Never too late a year: a year has 366 days at most. */
	year = day / 366;
	while (days_before(year + 1) <= day)
		year++;
	day -= days_before(year);
	for (;;) {
		length = lengths[month] + (month == 1 && is_leap(year));
		if (day < length)
			break;
		day -= length;
		month++;
	}
	out = put(out, year, 4, '-');
	out = put(out, month + 1, 2, '-');
	out = put(out, day + 1, 2, 'T');
	out = put(out, seconds / 3600, 2, ':');
	out = put(out, seconds / 60 % 60, 2, ':');
	out = put(out, seconds % 60, 2, 'Z');
	*out = '\0';
}
