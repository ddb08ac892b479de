/*
 * report.h - when a report is sent, and sent again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure functions: no store, no TLS, no clock.
 */
#ifndef PS_RULES_REPORT_H
#define PS_RULES_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/admin.h>

/* What the operator and the opener of a handle allow. */
struct ps_report_rules {
	bool is_on;
	bool is_report_only_on;
	bool is_https_only;
	bool is_same_origin_only;
};

/* now + seconds, at most INT64_MAX; seconds >= 0. */
int64_t
ps_report_after(int64_t now, int64_t seconds);

/* Whether a taker's time, which ends at `leased`, is not over. */
bool
ps_report_is_leased(int64_t leased, int64_t now);

/* Whether one that is to be tried again from `next` is due. */
bool
ps_report_is_due(int64_t next, int64_t now);

/* Seconds from an attempt that failed, the first being 1, to the next one. */
int64_t
ps_report_pause(unsigned attempts);

#endif /* PS_RULES_REPORT_H */
