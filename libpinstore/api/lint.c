/*
 * lint.c - judge a header field for its author.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <stdlib.h>
#include <string.h>

#include "api/sized.h"
#include "api/suffix.h"
#include "model/header.h"
#include "model/host.h"
#include "rules/finding.h"
#include "rules/lint.h"
#include "rules/policy.h"
#include "tls/chain.h"

struct pinstore_lint {
	struct ps_header header;
	struct pinstore_chain *chain; /* our own copy, or NULL */
	struct ps_lint_facts facts;   /* points into the two above */
	bool include_subdomains;
};

/* What a client does with includeSubDomains on the public suffix host. */
static enum pinstore_status
judge_suffix(struct pinstore_lint *lint, const char *text)
{
	enum pinstore_host_kind kind;
	enum pinstore_status status;
	struct ps_host host;

	lint->include_subdomains = lint->header.include_subdomains;
	if (text == NULL)
		return PINSTORE_OK;
	status = ps_host_parse(text, strlen(text), &host, &kind);
	if (status != PINSTORE_OK)
		return status;
	if (kind == PINSTORE_HOST_NAME && lint->include_subdomains &&
	    ps_suffix_is_public(&host)) {
		lint->include_subdomains = false;
		lint->facts.is_suffix_dropped = true;
	}
	return PINSTORE_OK;
}

/* The octets at text[i] that end a line which goes on, or 0: CR LF or LF. */
static size_t
fold_at(const char *text, size_t len, size_t i)
{
	size_t n = i < len && text[i] == '\r' ? 1 : 0;

	if (i + n + 1 >= len || text[i + n] != '\n' ||
	    (text[i + n + 1] != ' ' && text[i + n + 1] != '\t'))
		return 0;
	return n + 1;
}

/*
 * As clients hand a field on: each fold is blank (RFC 7230, 3.2.4), as many
 * blanks as it had octets, so that offsets stay.  *out is NULL without a fold.
 */
static enum pinstore_status
unfold(const char *value, size_t len, char **out)
{
	char *text = NULL;
	size_t i, n;

	*out = NULL;
	for (i = 0; i < len; i++) {
		n = fold_at(value, len, i);
		if (n == 0)
			continue;
		if (text == NULL) {
			text = malloc(len);
			if (text == NULL)
				return PINSTORE_ERR_NOMEM;
			memcpy(text, value, len);
		}
		memset(text + i, ' ', n);
	}
	*out = text;
	return PINSTORE_OK;
}

/* Whether the default grammar reads what the strict one has refused. */
static bool
is_read_by_default(const struct ps_header *header, const char *value,
                   size_t len, const struct pinstore_lint_setup *setup)
{
	struct ps_header other;

	if (!setup->strict || header->why == PINSTORE_WHY_OK)
		return false;
	ps_header_parse(value, len, setup->kind, false, &other);
	return other.why == PINSTORE_WHY_OK;
}

static enum pinstore_status
judge(struct pinstore_lint *lint, const struct pinstore_lint_setup *setup,
      const char *value, size_t len)
{
	struct ps_lint_facts *facts = &lint->facts;
	enum pinstore_status status;

	ps_header_parse(value, len, setup->kind, setup->strict != 0,
	                &lint->header);
	facts->header = &lint->header;
	facts->hint = ps_lint_hint(&lint->header, value, len);
	facts->kind = setup->kind;
	facts->cap = setup->max_age_cap;
	facts->why = lint->header.why;
	facts->is_plain_http = setup->plain_http != 0;
	facts->is_read_by_default = is_read_by_default(&lint->header, value,
	                                               len, setup);
	if (setup->chain != NULL) {
		status = ps_chain_copy(setup->chain, &lint->chain);
		if (status != PINSTORE_OK)
			return status;
		facts->has_chain = true;
		facts->chain = ps_chain_pins(lint->chain, &facts->n_chain);
	}
	if (lint->header.why == PINSTORE_WHY_OK)
		facts->plan = ps_policy_plan(&lint->header, setup->kind,
		                             facts->has_chain, facts->chain,
		                             facts->n_chain, &facts->why);
	if (facts->is_plain_http && facts->plan != PS_PLAN_IGNORE) {
		facts->plan = PS_PLAN_IGNORE;
		facts->why = PINSTORE_WHY_NOT_JUDGED;
	}
	return judge_suffix(lint, setup->host);
}

enum pinstore_status
pinstore_lint(const char *value, size_t len,
              const struct pinstore_lint_setup *setup,
              struct pinstore_lint **out)
{
	struct pinstore_lint_setup known;
	struct pinstore_lint *lint;
	enum pinstore_status status;
	char *unfolded;

	if (out != NULL)
		*out = NULL;
	if (out == NULL || (value == NULL && len > 0) ||
	    !ps_sized_read(&known, sizeof(known), setup) ||
	    (known.kind != PINSTORE_PKP && known.kind != PINSTORE_PKP_RO) ||
	    known.max_age_cap < 0)
		return PINSTORE_ERR_ARG;
	lint = calloc(1, sizeof(*lint));
	if (lint == NULL)
		return PINSTORE_ERR_NOMEM;
	if (value == NULL)
		value = "";
	status = unfold(value, len, &unfolded);
	lint->facts.is_folded = unfolded != NULL;
	if (status == PINSTORE_OK)
		status = judge(lint, &known,
		               unfolded != NULL ? unfolded : value, len);
	free(unfolded);
	if (status != PINSTORE_OK) {
		pinstore_lint_free(lint);
		return status;
	}
	*out = lint;
	return PINSTORE_OK;
}

void
pinstore_lint_free(struct pinstore_lint *lint)
{
	if (lint == NULL)
		return;
	pinstore_chain_free(lint->chain);
	free(lint);
}

enum pinstore_lint_action
pinstore_lint_action(const struct pinstore_lint *lint)
{
	switch (lint->facts.plan) {
	case PS_PLAN_IGNORE:
		return PINSTORE_LINT_IGNORE;
	case PS_PLAN_NOTE:
		return PINSTORE_LINT_NOTE;
	case PS_PLAN_REMOVE:
		return PINSTORE_LINT_REMOVE;
	case PS_PLAN_UNPIN:
		return PINSTORE_LINT_UNPIN;
	case PS_PLAN_REPORT:
		return PINSTORE_LINT_REPORT;
	case PS_PLAN_PASS:
		return PINSTORE_LINT_PASS;
	}
	return PINSTORE_LINT_IGNORE;
}

const char *
pinstore_lint_action_word(enum pinstore_lint_action action)
{
	switch (action) {
	case PINSTORE_LINT_IGNORE:
		return "ignore";
	case PINSTORE_LINT_NOTE:
		return "note";
	case PINSTORE_LINT_REMOVE:
		return "remove";
	case PINSTORE_LINT_UNPIN:
		return "unpin";
	case PINSTORE_LINT_REPORT:
		return "report";
	case PINSTORE_LINT_PASS:
		return "pass";
	}
	return "unknown";
}

enum pinstore_reason
pinstore_lint_reason(const struct pinstore_lint *lint)
{
	return lint->facts.why;
}

enum pinstore_syntax
pinstore_lint_syntax(const struct pinstore_lint *lint)
{
	return lint->header.syntax;
}

static bool
is_parsed(const struct pinstore_lint *lint)
{
	return lint->header.why == PINSTORE_WHY_OK;
}

int
pinstore_lint_offset(const struct pinstore_lint *lint, size_t *offset)
{
	*offset = 0;
	if (is_parsed(lint))
		return 0;
	*offset = lint->header.offset;
	return 1;
}

int64_t
pinstore_lint_max_age(const struct pinstore_lint *lint)
{
	int64_t max_age = pinstore_lint_max_age_sent(lint);
	int64_t cap = lint->facts.cap;

	return cap > 0 && max_age > cap ? cap : max_age;
}

int64_t
pinstore_lint_max_age_sent(const struct pinstore_lint *lint)
{
	return is_parsed(lint) ? lint->header.max_age : -1;
}

int
pinstore_lint_include_subdomains(const struct pinstore_lint *lint)
{
	return is_parsed(lint) && lint->include_subdomains ? 1 : 0;
}

const char *
pinstore_lint_report_uri(const struct pinstore_lint *lint)
{
	if (!is_parsed(lint) || lint->header.report_uri[0] == '\0')
		return NULL;
	return lint->header.report_uri;
}

const struct pinstore_pin *
pinstore_lint_pins(const struct pinstore_lint *lint, size_t *n)
{
	*n = is_parsed(lint) ? lint->header.pins.n : 0;
	return lint->header.pins.pin;
}

const char *
pinstore_lint_departure(const struct pinstore_lint *lint, size_t i)
{
	return ps_lint_departure(&lint->facts, i);
}

int
pinstore_lint_finding(const struct pinstore_lint *lint, size_t i,
                      struct pinstore_finding *out)
{
	struct pinstore_finding finding;

	if (!ps_finding_get(&lint->facts, i, &finding))
		return 0;
	if (finding.word == NULL)
		finding.word = pinstore_reason_word(lint->facts.why);
	return ps_sized_write(out, &finding, sizeof(finding)) ? 1 : 0;
}

const char *
pinstore_lint_advice(const struct pinstore_lint *lint, size_t i)
{
	return ps_lint_advice(&lint->facts, i);
}
