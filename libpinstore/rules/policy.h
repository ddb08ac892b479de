/*
 * policy.h - which entry applies, whether it is satisfied, what may be noted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure functions: no store, no TLS, no clock.
 */
#ifndef PS_RULES_POLICY_H
#define PS_RULES_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"
#include "model/header.h"
#include "model/order.h"

/* Live up to and including the second of expiry (D-13). */
bool
ps_policy_is_live(int64_t expires, int64_t now);

/* now + seconds, at most PINSTORE_NEVER - 1; seconds >= 0. */
int64_t
ps_policy_after(int64_t now, int64_t seconds);

/* When a header noted now expires: max_age cut to cap (0 = no cap). */
int64_t
ps_policy_expires(int64_t now, int64_t max_age, int64_t cap);

/*
 * Whether a stored section applies to the name that is asked for: EXACT or
 * ANCESTOR if so, else EXPIRED or NO_INCLUDE_SUBDOMAINS; NO_ENTRY if it is not
 * present.  is_exact: it is the entry of the very name.
 */
enum pinstore_reason
ps_policy_applies(const struct ps_section_view *section, bool is_exact,
                  int64_t now);

/*
 * Whether a pin is in the chain; the first in order of the chain.  A NULL in
 * chain is a key without a pin.  Either index pointer may be NULL.
 */
bool
ps_policy_match(const struct pinstore_pin *pins, size_t n_pins,
                const struct pinstore_pin *const *chain, size_t n_chain,
                size_t *pin, size_t *certificate);

/* Whether a bypass holds now; is_exact: it is one of the very name. */
bool
ps_policy_in_force(const struct ps_order *bypass, bool is_exact, int64_t now);

/* What a Public-Key-Pins field asks for (P-13 to P-16), or RO (P-17). */
enum ps_plan {
	PS_PLAN_IGNORE = 0,
	PS_PLAN_NOTE,
	PS_PLAN_REMOVE, /* max-age=0 */
	PS_PLAN_UNPIN,  /* no pin that can be used */
	PS_PLAN_REPORT, /* RO that does not match */
	PS_PLAN_PASS    /* RO that matches */
};

/*
 * What to do with a parsed field over a connection whose validated path has
 * these pins.  *why is OK for NOTE, REMOVE, REPORT and PASS, NO_PINS for UNPIN.
 * has_chain false: match and backup are not judged, and NOTE or REPORT with
 * NOT_JUDGED is what the field alone would allow.
 */
enum ps_plan
ps_policy_plan(const struct ps_header *header, enum pinstore_kind kind,
               bool has_chain, const struct pinstore_pin *const *chain,
               size_t n_chain, enum pinstore_reason *why);

/* What becomes of the learned section of a name when a header is noted. */
enum ps_merge {
	PS_MERGE_NEW,       /* none was there, or tofu: write it */
	PS_MERGE_CHANGED,   /* write it, updated = now */
	PS_MERGE_REFRESHED, /* only the times change: write it */
	PS_MERGE_SLACK,     /* only the times would, and too little: leave it */
	PS_MERGE_OLDER,     /* a race: the stored one is later by <= 60 s */
	PS_MERGE_CLOCK      /* the stored one is later by more: write, say so */
};

/*
 * Compare fresh (observed = now) with the stored learned section, which may be
 * absent.  slack is in 1/10000 of the entry's life and gives at most an hour;
 * 0 = write whenever a time changes.  Sets fresh->updated.
 */
enum ps_merge
ps_policy_merge(const struct ps_section *stored, struct ps_section *fresh,
                int64_t slack);

/* Whether a removal at now is a race with a sighting shortly after it. */
bool
ps_policy_is_older(int64_t stored_observed, int64_t now);

#endif /* PS_RULES_POLICY_H */
