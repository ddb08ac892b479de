/*
 * finding.h - what clients of each kind do where a field leaves RFC 7469.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_RULES_FINDING_H
#define PS_RULES_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include <pinstore/admin.h>

#include "rules/lint.h"

/*
 * The i-th finding: why the field is not used, if it is not, whose word is
 * NULL, as it is that of facts->why; then each of ps_lint_departure().  False
 * behind the end.  All text is static.
 */
bool
ps_finding_get(const struct ps_lint_facts *facts, size_t i,
               struct pinstore_finding *out);

#endif /* PS_RULES_FINDING_H */
