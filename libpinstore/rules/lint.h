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

/* What the author of a field outside the grammar probably meant. */
enum ps_lint_hint {
	PS_HINT_NONE = 0,
	PS_HINT_FIELD_NAME,    /* "Public-Key-Pins:" is in front */
	PS_HINT_CONTROL,       /* a control character, such as a line end */
	PS_HINT_CURLY_QUOTE,   /* a typographic quote */
	PS_HINT_COMMA,         /* between directives, or of joined fields */
	PS_HINT_SINGLE_QUOTES, /* round a pin */
	PS_HINT_QUOTE_PIN,     /* no quotes round a pin */
	PS_HINT_QUOTE_URI,     /* no quotes round a report-uri */
	PS_HINT_CLOSE_QUOTE,
	PS_HINT_EMPTY,         /* an empty directive, strict alone */
	PS_HINT_SPACE,         /* white space round "=", strict alone */
	PS_HINT_VALUE,         /* "=" and nothing behind it */
	PS_HINT_NAME,
	PS_HINT_SEMICOLON
};

/* The hint for the fault that ps_header_parse() found in len octets. */
enum ps_lint_hint
ps_lint_hint(const struct ps_header *header, const char *value, size_t len);

struct ps_lint_facts {
	const struct ps_header *header;
	enum ps_lint_hint hint;
	enum pinstore_kind kind;
	enum ps_plan plan;
	enum pinstore_reason why;
	bool has_chain;
	const struct pinstore_pin *const *chain; /* if has_chain */
	size_t n_chain;
	int64_t cap;           /* of max-age, 0 = none */
	bool is_suffix_dropped; /* includeSubDomains left out: public suffix */
	bool is_folded;         /* was written over several lines */
	bool is_plain_http;     /* came over plain http */
	/* The strict grammar refuses it, and the default would read it. */
	bool is_read_by_default;
};

/* The i-th departure as a word, in a fixed order; NULL behind the end. */
const char *
ps_lint_departure(const struct ps_lint_facts *facts, size_t i);

/* The i-th advice in a sentence or two, the most urgent first; NULL behind. */
const char *
ps_lint_advice(const struct ps_lint_facts *facts, size_t i);

#endif /* PS_RULES_LINT_H */
