/*
 * when.c - times and durations, read and printed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <pinstore/pinstore.h>

#include "common/text.h"

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

int64_t
tool_now(void)
{
	return (int64_t)time(NULL);
}

int64_t
tool_clock_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
tool_duration_parse(const char *text, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', MINUTE}, {'h', HOUR}, {'d', DAY}};
	size_t len = strlen(text), i;
	int64_t unit = 1, n;

	*seconds = 0;
	for (i = 0; len > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[len - 1] == units[i].letter) {
			unit = units[i].seconds;
			len--;
			break;
		}
	}
	if (!tool_parse_number(text, len, TOOL_TIME_MAX / unit, &n))
		return false;
	*seconds = n * unit;
	return true;
}

/* Exactly n digits at *at, within limits; *at moves behind them. */
static bool
digits(const char **at, size_t n, int low, int high, int *out)
{
	int64_t value;

	if (strnlen(*at, n) < n ||
	    !tool_parse_number(*at, n, INT32_MAX, &value) || value < low ||
	    value > high)
		return false;
	*at += n;
	*out = (int)value;
	return true;
}

static bool
one_of(const char **at, const char *set)
{
	if (**at == '\0' || strchr(set, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* "Z" or "+02:00", as seconds east of UTC. */
static bool
zone(const char **at, int64_t *east)
{
	int hours, minutes;
	bool is_west;

	*east = 0;
	if (one_of(at, "Zz"))
		return true;
	is_west = **at == '-';
	if (!one_of(at, "+-") || !digits(at, 2, 0, 23, &hours) ||
	    !one_of(at, ":") || !digits(at, 2, 0, 59, &minutes))
		return false;
	*east = hours * HOUR + minutes * MINUTE;
	if (is_west)
		*east = -*east;
	return true;
}

static bool
clock_time(const char **at, struct tm *tm, int64_t *east)
{
	if (!one_of(at, "Tt ") || !digits(at, 2, 0, 23, &tm->tm_hour) ||
	    !one_of(at, ":") || !digits(at, 2, 0, 59, &tm->tm_min) ||
	    !one_of(at, ":") || !digits(at, 2, 0, 60, &tm->tm_sec))
		return false;
	/* A fraction of a second is dropped. */
	if (one_of(at, ".")) {
		if (!one_of(at, "0123456789"))
			return false;
		while (one_of(at, "0123456789"))
			continue;
	}
	return zone(at, east);
}

static bool
rfc3339(const char *text, int64_t *out)
{
	struct tm tm, date;
	int64_t east = 0, midnight;

	memset(&tm, 0, sizeof(tm));
	if (!digits(&text, 4, 1970, 9999, &tm.tm_year) || !one_of(&text, "-") ||
	    !digits(&text, 2, 1, 12, &tm.tm_mon) || !one_of(&text, "-") ||
	    !digits(&text, 2, 1, 31, &tm.tm_mday))
		return false;
	memset(&date, 0, sizeof(date));
	date.tm_year = tm.tm_year - 1900;
	date.tm_mon = tm.tm_mon - 1;
	date.tm_mday = tm.tm_mday;
	midnight = (int64_t)timegm(&date);
	/* There is no 31st of June. */
	if (date.tm_mday != tm.tm_mday)
		return false;
	if (*text != '\0' && !clock_time(&text, &tm, &east))
		return false;
	/* A leap second can only end an hour; it counts as the next one. */
	if (*text != '\0' || (tm.tm_sec == 60 && tm.tm_min != 59))
		return false;
	*out = midnight + tm.tm_hour * HOUR + tm.tm_min * MINUTE + tm.tm_sec -
	       east;
	return *out >= 0 && *out <= TOOL_TIME_MAX;
}

bool
tool_time_parse(const char *text, int64_t now, bool is_past, int64_t *out)
{
	int64_t value;

	*out = 0;
	if (text[0] == '@') {
		if (!tool_parse_number(text + 1, strlen(text + 1),
		                       TOOL_TIME_MAX, &value))
			return false;
	} else if (tool_duration_parse(text, &value)) {
		value = is_past ? now - value : now + value;
		if (value > TOOL_TIME_MAX)
			return false;
	} else if (!rfc3339(text, &value)) {
		return false;
	}
	*out = value;
	return true;
}

static bool
calendar(int64_t when, struct tm *tm)
{
	time_t seconds = (time_t)when;

	return when >= 0 && when <= TOOL_TIME_MAX &&
	       gmtime_r(&seconds, tm) != NULL;
}

void
tool_time_print(int64_t when, char out[TOOL_TIME_TEXT])
{
	struct tm tm;

	if (when == PINSTORE_NEVER)
		(void)snprintf(out, TOOL_TIME_TEXT, "never");
	else if (!calendar(when, &tm) ||
	         strftime(out, TOOL_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, TOOL_TIME_TEXT, "@%" PRId64, when);
}

void
tool_date_print(int64_t when, char out[TOOL_TIME_TEXT])
{
	struct tm tm;

	if (!calendar(when, &tm) ||
	    strftime(out, TOOL_TIME_TEXT, "%Y-%m-%d", &tm) == 0)
		tool_time_print(when, out);
}

/* "59d", "3h", "15m", "40s" */
static void
print_duration(uint64_t seconds, char out[TOOL_TIME_TEXT])
{
	if (seconds >= 2 * DAY)
		(void)snprintf(out, TOOL_TIME_TEXT, "%" PRIu64 "d",
		               seconds / DAY);
	else if (seconds >= 2 * HOUR)
		(void)snprintf(out, TOOL_TIME_TEXT, "%" PRIu64 "h",
		               seconds / HOUR);
	else if (seconds >= 2 * MINUTE)
		(void)snprintf(out, TOOL_TIME_TEXT, "%" PRIu64 "m",
		               seconds / MINUTE);
	else
		(void)snprintf(out, TOOL_TIME_TEXT, "%" PRIu64 "s", seconds);
}

void
tool_time_print_relative(int64_t when, int64_t now, char out[TOOL_TIME_TEXT])
{
	char length[TOOL_TIME_TEXT];

	if (when == PINSTORE_NEVER) {
		(void)snprintf(out, TOOL_TIME_TEXT, "never");
	} else if (when > now) {
		print_duration((uint64_t)when - (uint64_t)now, length);
		(void)snprintf(out, TOOL_TIME_TEXT, "in %.27s", length);
	} else if (when < now) {
		print_duration((uint64_t)now - (uint64_t)when, length);
		(void)snprintf(out, TOOL_TIME_TEXT, "%.26s ago", length);
	} else {
		(void)snprintf(out, TOOL_TIME_TEXT, "now");
	}
}
