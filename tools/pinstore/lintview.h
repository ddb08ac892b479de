/*
 * lintview.h - what was found of a field, for people and for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_LINTVIEW_H
#define TOOL_LINTVIEW_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include <pinstore/admin.h>

/* The library's own default, for what a client would do. */
#define LINT_MAX_AGE_CAP 5184000

/* All its members. */
json_t *
lint_json(const struct pinstore_lint *lint, bool is_report_only);

/* On lines of their own. */
void
lint_print(const struct pinstore_lint *lint, bool is_colored, FILE *out);

#endif /* TOOL_LINTVIEW_H */
