/*
 * finding.c - what clients of each kind do where a field leaves RFC 7469.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * strict is a client that goes by the letter; pinstore by its default, which
 * takes what both browsers took that shipped pins; lenient is one that looks
 * for directives wherever they stand, as some clients of that time did.
 */
#include <config.h>

#include "rules/finding.h"

#include <assert.h>
#include <string.h>

#define IGNORES "ignores the field"
#define SKIPS "skips it"

/* ------------------------------------------------------------- the unused */

struct unused {
	enum pinstore_reason why;
	const char *rule, *strict, *pinstore, *lenient;
};

static const struct unused unused[] = {
	{ PINSTORE_WHY_MALFORMED, "RFC 7469, 2.1 (4)", IGNORES, IGNORES,
	  "may take what stands before the fault, or beside it" },
	{ PINSTORE_WHY_EMPTY, "RFC 7469, 2.1", IGNORES, IGNORES, IGNORES },
	{ PINSTORE_WHY_LIMIT, "none: a limit of pinstore's", "may note it",
	  IGNORES, "may note it" },
	{ PINSTORE_WHY_DUPLICATE, "RFC 7469, 2.1 (2)", IGNORES, IGNORES,
	  "may take the first, or the last" },
	{ PINSTORE_WHY_BAD_MAX_AGE, "RFC 7469, 2.1.2", IGNORES, IGNORES,
	  "may read 0, which ends pinning" },
	{ PINSTORE_WHY_NO_MAX_AGE, "RFC 7469, 2.1.2", IGNORES, IGNORES,
	  "may take a time of its own" },
	{ PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS, "RFC 7469, 2.1.3", IGNORES,
	  IGNORES, "may take it as if there were no value" },
	{ PINSTORE_WHY_VALUELESS_REPORT_URI, "RFC 7469, 2.1.4", IGNORES,
	  IGNORES, "may note the pins without it" },
	{ PINSTORE_WHY_UNQUOTED_PIN, "RFC 7469, 2.1.1", IGNORES, IGNORES,
	  "may take the pin all the same" },
	{ PINSTORE_WHY_BAD_PIN, "RFC 7469, 2.1.1; RFC 4648, 4", IGNORES,
	  IGNORES, "may leave this pin out, or keep one that never matches" },
	{ PINSTORE_WHY_PIN_LENGTH, "RFC 7469, 2.4", IGNORES, IGNORES,
	  "may leave this pin out, or keep one that never matches" },
	{ PINSTORE_WHY_NO_PINS, "RFC 7469, 2.1.1",
	  "drops the pins that it has; browsers ignored the field",
	  "drops the pins that it has", IGNORES },
	{ PINSTORE_WHY_NO_MATCH, "RFC 7469, 2.5", IGNORES, IGNORES,
	  "may note it, and refuse the host from then on" },
	{ PINSTORE_WHY_NO_BACKUP, "RFC 7469, 2.5 and 4.3", IGNORES, IGNORES,
	  "may note it, and be locked out when the key is lost" },
	{ PINSTORE_WHY_NO_REPORT_URI, "RFC 7469, 2.3.2", IGNORES, IGNORES,
	  IGNORES },
};

/* Why the field is not used, or NULL: it is, or the field is not to blame. */
static const struct unused *
find_unused(const struct ps_lint_facts *facts)
{
	size_t i;

	if (facts->plan != PS_PLAN_IGNORE && facts->plan != PS_PLAN_UNPIN)
		return NULL;
	for (i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
		if (unused[i].why == facts->why)
			return &unused[i];
	return NULL;
}

static void
tell_unused(const struct ps_lint_facts *facts, const struct unused *row,
            struct pinstore_finding *out)
{
	out->rule = row->rule;
	out->strict = row->strict;
	out->pinstore = row->pinstore;
	out->lenient = row->lenient;
	if (facts->kind == PINSTORE_PKP_RO &&
	    row->why == PINSTORE_WHY_NO_PINS) {
		out->rule = "RFC 7469, 2.3.2";
		out->strict = out->pinstore = IGNORES;
	}
	if (facts->is_read_by_default)
		out->pinstore = "reads it, unless it is to be strict";
}

/* -------------------------------------------------------------- departures */

struct departed {
	const char *word, *rule, *strict, *pinstore, *lenient;
};

static const struct departed departed[] = {
	{ "empty-directive", "RFC 7469, 2.1", IGNORES, SKIPS, SKIPS },
	{ "space-around-equals", "RFC 7469, 2.1", IGNORES, SKIPS, SKIPS },
	{ "pad-bits", "RFC 7469, 2.1.1; RFC 4648, 3.5", IGNORES,
	  "goes by the 32 octets",
	  "may compare the text, which never matches" },
	{ "bad-report-uri", "RFC 7469, 2.1.4",
	  "notes the pins without it; one browser ignored the field",
	  "notes the pins without it", "may try it, and fail" },
	{ "unknown-algorithm", "RFC 7469, 2.1.1 and 2.4", SKIPS, SKIPS,
	  "may keep it as a pin that never matches" },
	{ "unknown-directive", "RFC 7469, 2.1 (5)", SKIPS, SKIPS, SKIPS },
	{ "double-pin", "RFC 7469, 2.1 (2) and 2.5", "counts it once",
	  "counts it once", "may take it for its own backup" },
	{ "suffix", "none: the public suffix list",
	  "covers the names of all who share the suffix",
	  "leaves includeSubDomains out",
	  "covers the names of all who share the suffix" },
	{ "folded", "RFC 7230, 3.2.4", "reads it as one line",
	  "reads it as one line", "may read the first line alone" },
	{ "plain-http", "RFC 7469, 2.2.2", IGNORES, IGNORES,
	  "may note what anyone on the way has written" },
};

bool
ps_finding_get(const struct ps_lint_facts *facts, size_t i,
               struct pinstore_finding *out)
{
	const struct unused *row = find_unused(facts);
	const char *word;
	size_t k;

	memset(out, 0, sizeof(*out));
	if (row != NULL && i-- == 0) {
		tell_unused(facts, row, out);
		return true;
	}
	word = ps_lint_departure(facts, i);
	if (word == NULL)
		return false;
	for (k = 0; strcmp(departed[k].word, word) != 0; k++)
		assert(k + 1 < sizeof(departed) / sizeof(departed[0]));
	out->word = word;
	out->rule = departed[k].rule;
	out->strict = departed[k].strict;
	out->pinstore = departed[k].pinstore;
	out->lenient = departed[k].lenient;
	return true;
}
