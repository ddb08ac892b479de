/*
 * when.h - times and durations, read and printed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times are seconds since 1970-01-01 UTC, from there to the end of 9999.
 */
#ifndef TOOL_WHEN_H
#define TOOL_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 9999-12-31T23:59:59Z */
#define TOOL_TIME_MAX INT64_C(253402300799)
/* Room for what the printing functions write, with the final NUL. */
#define TOOL_TIME_TEXT 32

/* The wall clock. */
int64_t
tool_now(void);

/* Milliseconds of a clock that nobody sets. */
int64_t
tool_clock_ms(void);

/* A duration: 90 (seconds), 90s, 15m, 12h, 30d. */
bool
tool_duration_parse(const char *text, int64_t *seconds);

/*
 * A time: @EPOCH, RFC 3339 (2026-10-02T12:00:00Z, 2026-10-02T14:00:00+02:00,
 * or the date alone, which is its first second in UTC), or a duration from now:
 * ahead, or back with is_past.
 */
bool
tool_time_parse(const char *text, int64_t now, bool is_past, int64_t *out);

/* As in RFC 3339, in UTC: 2026-10-02T12:00:00Z; outside of its years @EPOCH. */
void
tool_time_print(int64_t when, char out[TOOL_TIME_TEXT]);

/* The date alone: 2026-10-02; "never" for PINSTORE_NEVER. */
void
tool_date_print(int64_t when, char out[TOOL_TIME_TEXT]);

/* As seen from now: "in 59d", "3h ago", "now"; "never" for PINSTORE_NEVER. */
void
tool_time_print_relative(int64_t when, int64_t now, char out[TOOL_TIME_TEXT]);

#endif /* TOOL_WHEN_H */
