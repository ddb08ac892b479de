/*
 * policy.c - which entry applies, whether it is satisfied, what may be noted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/policy.h"

#include <string.h>

/* Two processes that hear from one host may write in the wrong order. */
#define RACE_SECONDS 60
#define SLACK_UNIT 10000
#define SLACK_SECONDS_MAX 3600

/* later - earlier, which may be more than an int64_t holds. */
static uint64_t
distance(int64_t earlier, int64_t later)
{
	return (uint64_t)later - (uint64_t)earlier;
}

/* -------------------------------------------------------------------- times */

bool
ps_policy_is_live(int64_t expires, int64_t now)
{
	return now <= expires;
}

int64_t
ps_policy_after(int64_t now, int64_t seconds)
{
	const int64_t last = PINSTORE_NEVER - 1;

	return now > last - seconds ? last : now + seconds;
}

int64_t
ps_policy_expires(int64_t now, int64_t max_age, int64_t cap)
{
	return ps_policy_after(now, cap > 0 && max_age > cap ? cap : max_age);
}

bool
ps_policy_is_older(int64_t stored_observed, int64_t now)
{
	return stored_observed > now &&
	       distance(now, stored_observed) <= RACE_SECONDS;
}

/* ------------------------------------------------------------------ judging */

enum pinstore_reason
ps_policy_applies(const struct ps_section_view *section, bool is_exact,
                  int64_t now)
{
	if (!section->is_present)
		return PINSTORE_WHY_NO_ENTRY;
	if (!ps_policy_is_live(section->expires, now))
		return PINSTORE_WHY_EXPIRED;
	if (is_exact)
		return PINSTORE_WHY_EXACT;
	/* Says nothing of what lies below it, and so hides nothing (D-06). */
	return section->include_subdomains ? PINSTORE_WHY_ANCESTOR
	                                   : PINSTORE_WHY_NO_INCLUDE_SUBDOMAINS;
}

bool
ps_policy_match(const struct pinstore_pin *pins, size_t n_pins,
                const struct pinstore_pin *const *chain, size_t n_chain,
                size_t *pin, size_t *certificate)
{
	size_t i, at;

	for (i = 0; i < n_chain; i++) {
		if (chain[i] == NULL ||
		    !ps_pins_has(pins, n_pins, chain[i], &at))
			continue;
		if (pin != NULL)
			*pin = at;
		if (certificate != NULL)
			*certificate = i;
		return true;
	}
	return false;
}

bool
ps_policy_in_force(const struct ps_order *bypass, bool is_exact, int64_t now)
{
	return (is_exact || bypass->subdomains) && bypass->start <= now &&
	       now <= bypass->end;
}

/* ------------------------------------------------------------------- noting */

/* Whether some pin is of no key in the chain (2.5, 4.3). */
static bool
has_backup(const struct ps_pinset *pins,
           const struct pinstore_pin *const *chain, size_t n_chain)
{
	size_t i;

	for (i = 0; i < pins->n; i++)
		if (!ps_policy_match(&pins->pin[i], 1, chain, n_chain, NULL,
		                     NULL))
			return true;
	return false;
}

/* P-17: never noted, and a missing backup is no failure. */
static enum ps_plan
plan_report_only(const struct ps_header *header, bool has_chain,
                 const struct pinstore_pin *const *chain, size_t n_chain,
                 enum pinstore_reason *why)
{
	if (header->report_uri[0] == '\0') {
		*why = PINSTORE_WHY_NO_REPORT_URI;
		return PS_PLAN_IGNORE;
	}
	if (header->pins.n == 0) {
		*why = PINSTORE_WHY_NO_PINS;
		return PS_PLAN_IGNORE;
	}
	*why = has_chain ? PINSTORE_WHY_OK : PINSTORE_WHY_NOT_JUDGED;
	if (has_chain && ps_policy_match(header->pins.pin, header->pins.n,
	                                 chain, n_chain, NULL, NULL))
		return PS_PLAN_PASS;
	return PS_PLAN_REPORT;
}

enum ps_plan
ps_policy_plan(const struct ps_header *header, enum pinstore_kind kind,
               bool has_chain, const struct pinstore_pin *const *chain,
               size_t n_chain, enum pinstore_reason *why)
{
	*why = header->why;
	if (header->why != PINSTORE_WHY_OK)
		return PS_PLAN_IGNORE;
	if (kind == PINSTORE_PKP_RO)
		return plan_report_only(header, has_chain, chain, n_chain,
		                        why);
	/* Before the pins are looked at (D-07). */
	if (header->max_age == 0)
		return PS_PLAN_REMOVE;
	if (header->pins.n == 0) {
		*why = PINSTORE_WHY_NO_PINS;
		return PS_PLAN_UNPIN;
	}
	if (!has_chain) {
		*why = PINSTORE_WHY_NOT_JUDGED;
		return PS_PLAN_NOTE;
	}
	if (!ps_policy_match(header->pins.pin, header->pins.n, chain, n_chain,
	                     NULL, NULL))
		*why = PINSTORE_WHY_NO_MATCH;
	else if (!has_backup(&header->pins, chain, n_chain))
		*why = PINSTORE_WHY_NO_BACKUP;
	return *why == PINSTORE_WHY_OK ? PS_PLAN_NOTE : PS_PLAN_IGNORE;
}

/* Whether a new sighting says what is stored already, but for the times. */
static bool
is_same(const struct ps_section *a, const struct ps_section *b)
{
	return a->mode == b->mode &&
	       a->include_subdomains == b->include_subdomains &&
	       a->quota_labels == b->quota_labels &&
	       a->max_age == b->max_age &&
	       ps_pinset_is_equal(&a->pins, &b->pins) &&
	       strcmp(a->report_uri, b->report_uri) == 0 &&
	       strcmp(a->note, b->note) == 0;
}

/*
 * Whether so little of its life has passed that the times may stay as they
 * are.  A life of another length, as after a change of the cap, is written.
 */
static bool
is_within_slack(const struct ps_section *stored,
                const struct ps_section *fresh, int64_t slack)
{
	uint64_t life, part;

	if (stored->expires < stored->observed ||
	    fresh->expires < fresh->observed)
		return false;
	life = distance(stored->observed, stored->expires);
	if (life != distance(fresh->observed, fresh->expires) ||
	    !ps_policy_is_live(stored->expires, fresh->observed))
		return false;
	if (fresh->observed == stored->observed)
		return true;
	if (slack <= 0)
		return false;
	if (slack > SLACK_UNIT)
		slack = SLACK_UNIT;
	/* Divided first: a life may be as long as the numbers go. */
	part = life / SLACK_UNIT * (uint64_t)slack +
	       life % SLACK_UNIT * (uint64_t)slack / SLACK_UNIT;
	if (part > SLACK_SECONDS_MAX)
		part = SLACK_SECONDS_MAX;
	return distance(stored->observed, fresh->observed) < part;
}

enum ps_merge
ps_policy_merge(const struct ps_section *stored, struct ps_section *fresh,
                int64_t slack)
{
	int64_t now = fresh->observed;

	fresh->updated = now;
	/* What a host says replaces what was only seen of it. */
	if (!stored->is_present || stored->source != PINSTORE_HEADER)
		return PS_MERGE_NEW;
	if (ps_policy_is_older(stored->observed, now))
		return PS_MERGE_OLDER;
	if (is_same(stored, fresh) && stored->updated <= now)
		fresh->updated = stored->updated;
	if (stored->observed > now)
		return PS_MERGE_CLOCK;
	if (!is_same(stored, fresh))
		return PS_MERGE_CHANGED;
	return is_within_slack(stored, fresh, slack) ? PS_MERGE_SLACK
	                                             : PS_MERGE_REFRESHED;
}
