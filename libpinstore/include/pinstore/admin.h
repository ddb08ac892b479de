/*
 * admin.h - what an operator's tool needs beyond a client: judging a header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PINSTORE_ADMIN_H
#define PINSTORE_ADMIN_H

#include <pinstore/pinstore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a client would do with a field. */
enum pinstore_lint_action {
	PINSTORE_LINT_IGNORE = 0,
	PINSTORE_LINT_NOTE,
	PINSTORE_LINT_REMOVE, /* max-age=0 */
	PINSTORE_LINT_UNPIN,  /* no pin that can be used */
	PINSTORE_LINT_REPORT, /* Report-Only: does not match */
	PINSTORE_LINT_PASS    /* Report-Only: matches */
};

struct pinstore_lint_setup {
	size_t size;
	enum pinstore_kind kind;
	int strict;                  /* the ABNF to the letter */
	const char *host;            /* or NULL; for the public suffix rule */
	/* or NULL: match and backup are not judged */
	const struct pinstore_chain *chain;
	int64_t max_age_cap;         /* seconds, 0 = none */
};

struct pinstore_lint; /* what was found */

/*
 * Judge one field value, byte exact.
 *
 * Owner:  the caller, who ends *out with pinstore_lint_free().
 * Errors: ARG, NOMEM, HOST (setup->host).
 * Source: RFC 7469, 2.1 to 2.5.
 */
enum pinstore_status
pinstore_lint(const char *value, size_t len,
              const struct pinstore_lint_setup *setup,
              struct pinstore_lint **out) PINSTORE_MUST_CHECK;

enum pinstore_lint_action
pinstore_lint_action(const struct pinstore_lint *lint);
const char *pinstore_lint_action_word(enum pinstore_lint_action action);
enum pinstore_reason pinstore_lint_reason(const struct pinstore_lint *lint);
enum pinstore_syntax pinstore_lint_syntax(const struct pinstore_lint *lint);
/* Of the first fault; 1, or 0 if there is none. */
int pinstore_lint_offset(const struct pinstore_lint *lint, size_t *offset);
/* -1 if the field has none that can be used; after and before the cap. */
int64_t pinstore_lint_max_age(const struct pinstore_lint *lint);
int64_t pinstore_lint_max_age_sent(const struct pinstore_lint *lint);
int pinstore_lint_include_subdomains(const struct pinstore_lint *lint);
/* NULL if there is none, or none that can be used. */
const char *pinstore_lint_report_uri(const struct pinstore_lint *lint);
/* Canonical, in the header's order, no doubles. */
const struct pinstore_pin *
pinstore_lint_pins(const struct pinstore_lint *lint, size_t *n);
/* The i-th departure from the RFC, a word; NULL behind the end. */
const char *pinstore_lint_departure(const struct pinstore_lint *lint, size_t i);
/* The i-th advice, a sentence; NULL behind the end. */
const char *pinstore_lint_advice(const struct pinstore_lint *lint, size_t i);

void pinstore_lint_free(struct pinstore_lint *lint);

#ifdef __cplusplus
}
#endif

#endif /* PINSTORE_ADMIN_H */
