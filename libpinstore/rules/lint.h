/*
 * lint.h - words for what a header departs in, and advice to its author.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_RULES_LINT_H
#define PS_RULES_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/header.h"
#include "rules/policy.h"

struct ps_lint_facts {
	const struct ps_header *header;
	enum pinstore_kind kind;
	enum ps_plan plan;
	enum pinstore_reason why;
	bool has_chain;
	const struct pinstore_pin *const *chain; /* if has_chain */
	size_t n_chain;
	int64_t cap;           /* of max-age, 0 = none */
	bool is_suffix_dropped; /* includeSubDomains left out: public suffix */
};

/* The i-th departure as a word, in a fixed order; NULL behind the end. */
const char *
ps_lint_departure(const struct ps_lint_facts *facts, size_t i);

/* The i-th advice as a sentence; NULL behind the end. */
const char *
ps_lint_advice(const struct ps_lint_facts *facts, size_t i);

#endif /* PS_RULES_LINT_H */
