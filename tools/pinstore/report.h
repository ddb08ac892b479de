/*
 * report.h - the actions of pinstore report.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <pinstore/admin.h>

#include "verb.h"

/* A number of a report; 0: text is none. */
uint64_t
report_number(const char *text);

/* All members but the body. */
json_t *
report_json(const struct pinstore_report *report);

/* pinstore report send; the operands are numbers. */
int
report_send(struct run *run);

#endif /* TOOL_REPORT_H */
