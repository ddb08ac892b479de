/*
 * date.h - a time as RFC 3339 writes it, in UTC.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_DATE_H
#define PS_BASE_DATE_H

#include <stdint.h>

/* "2026-11-22T02:03:04Z", and a NUL. */
#define PS_DATE_LEN 20

/*
 * Write seconds since 1970-01-01 UTC.  Years have four digits: what lies
 * before 0000 or behind 9999 becomes the first second or the last.
 * Source: RFC 3339, 5.6.
 */
void
ps_date_print(int64_t seconds, char out[PS_DATE_LEN + 1]);

#endif /* PS_BASE_DATE_H */
