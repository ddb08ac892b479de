/*
 * trust.c - trust on first use: remember the leaf's key of an unknown host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include "api/below.h"
#include "api/handle.h"
#include "api/result.h"
#include "api/room.h"
#include "api/sized.h"
#include "api/suffix.h"
#include "base/status.h"
#include "rules/policy.h"
#include "tls/chain.h"

struct trusting {
	const struct pinstore_result *checked;
	const struct pinstore_pin *leaf;
	int64_t now;
	struct ps_limits limits;
	struct ps_room room;
	bool is_known; /* an entry applies, in whatever mode */
	struct pinstore_noted *out;
};

static bool
meet_record(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct trusting *trusting = arg;
	enum pinstore_reason why;
	size_t i;

	for (i = 0; i < PS_LAYERS; i++) {
		why = ps_policy_applies(&view->section[i],
		                        key_len == trusting->checked->host.len,
		                        trusting->now);
		if (why == PINSTORE_WHY_EXACT || why == PINSTORE_WHY_ANCESTOR)
			trusting->is_known = true;
	}
	return !trusting->is_known;
}

static void
say(struct trusting *trusting, enum pinstore_action action,
    enum pinstore_reason why)
{
	trusting->out->action = action;
	trusting->out->why = why;
}

/* What is stored and laid down by now must still know nothing of the host. */
static enum pinstore_status
may_trust(struct ps_write *write, struct trusting *trusting, bool *may,
          struct pinstore_error *error)
{
	struct ps_ruling ruling = {
		.now = trusting->now,
		.in_force = ps_policy_in_force,
	};
	enum pinstore_status status;

	*may = false;
	trusting->is_known = false;
	ruling.pins = ps_chain_pins(trusting->checked->chain, &ruling.n_pins);
	status = ps_write_climb(write, &trusting->checked->host, &ruling,
	                        meet_record, trusting, error);
	if (status != PINSTORE_OK)
		return status;
	if (ruling.is_revoked)
		say(trusting, PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	else if (ruling.is_local || ruling.has_bypass)
		say(trusting, PINSTORE_IGNORED, PINSTORE_WHY_BYPASSED);
	else if (trusting->is_known)
		say(trusting, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	else
		*may = true;
	return PINSTORE_OK;
}

static void
make_section(const struct trusting *trusting, struct ps_section *out)
{
	memset(out, 0, sizeof(*out));
	out->is_present = true;
	out->source = PINSTORE_TOFU;
	out->mode = PINSTORE_ENFORCE;
	out->quota_labels = (uint8_t)trusting->room.labels;
	out->observed = trusting->now;
	out->updated = trusting->now;
	out->expires = PINSTORE_NEVER;
	out->max_age = -1;
	out->pins.n = 1;
	out->pins.pin[0] = *trusting->leaf;
}

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct trusting *trusting = arg;
	const struct ps_host *host = &trusting->checked->host;
	struct ps_event event = {
		.kind = PS_EVENT_NOTED,
		.layer = PINSTORE_LEARNED,
		.at = trusting->now,
		.count = 1,
		.host = host,
	};
	struct ps_entry entry;
	enum pinstore_status status;
	bool may, has_room;

	status = may_trust(write, trusting, &may, error);
	if (status != PINSTORE_OK || !may)
		return status;
	status = ps_room_find(write, &trusting->room, &has_room, error);
	if (status == PINSTORE_OK)
		status = ps_write_get(write, host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	if (!has_room && !entry.section[PINSTORE_LEARNED].is_present) {
		say(trusting, PINSTORE_IGNORED, PINSTORE_WHY_FULL);
		return PINSTORE_OK;
	}
	make_section(trusting, &entry.section[PINSTORE_LEARNED]);
	say(trusting, PINSTORE_NOTED, PINSTORE_WHY_OK);
	trusting->out->expires = PINSTORE_NEVER;
	status = ps_write_put(write, host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

/* The system's store must know nothing of the host either. */
static enum pinstore_status
may_trust_below(struct pinstore *ps, struct trusting *trusting, bool *may,
                struct pinstore_error *error)
{
	struct ps_below below;
	enum pinstore_status status;

	*may = false;
	status = ps_below_judge(ps, trusting->checked, trusting->now, &below,
	                        error);
	if (status != PINSTORE_OK)
		return status;
	if (below.is_bypassed)
		say(trusting, PINSTORE_IGNORED, PINSTORE_WHY_BYPASSED);
	else if (below.is_refused)
		say(trusting, PINSTORE_IGNORED, PINSTORE_WHY_PIN_MISMATCH);
	else if (below.is_known)
		say(trusting, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	else
		*may = true;
	return PINSTORE_OK;
}

static enum pinstore_status
trust_leaf(struct pinstore *ps, struct trusting *trusting,
           struct pinstore_error *error)
{
	enum pinstore_status status;
	bool may;

	status = may_trust_below(ps, trusting, &may, error);
	if (status != PINSTORE_OK || !may)
		return status;
	status = ps_handle_limits(ps, &trusting->limits, error);
	if (status != PINSTORE_OK)
		return status;
	trusting->room.ps = ps;
	trusting->room.host = &trusting->checked->host;
	trusting->room.limits = &trusting->limits;
	trusting->room.labels =
	        ps_suffix_domain_labels(&trusting->checked->host);
	trusting->room.now = trusting->now;
	status = ps_room_begin(&trusting->room, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_store_write(ps->store, trusting->now, work, trusting,
	                        error);
	ps_room_end(&trusting->room);
	return status;
}

enum pinstore_status
pinstore_trust(struct pinstore *ps, const struct pinstore_result *checked,
               int64_t now, struct pinstore_noted *out,
               struct pinstore_error *error)
{
	struct pinstore_noted noted = {.action = PINSTORE_IGNORED};
	struct trusting trusting = {.checked = checked, .now = now,
	                            .out = &noted};
	const struct pinstore_pin *const *pins;
	enum pinstore_status status = PINSTORE_OK;
	size_t n;

	ps_error_clear(error);
	if (ps == NULL || checked == NULL ||
	    !ps_sized_write(out, &noted, sizeof(noted)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_trust: no store, no result of a "
		               "check, or no place for the outcome with its "
		               "size");
	if (checked->chain == NULL)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "%s was checked without a chain: no key can be "
		               "trusted", checked->host.name);
	pins = ps_chain_pins(checked->chain, &n);
	if (n == 0 || pins[0] == NULL)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "%s: the leaf's key gives no pin",
		               checked->host.name);
	trusting.leaf = pins[0];
	if (checked->kind == PINSTORE_HOST_ADDRESS)
		noted.why = PINSTORE_WHY_ADDRESS;
	else if (checked->verdict == PINSTORE_REJECT)
		noted.why = PINSTORE_WHY_PIN_MISMATCH;
	else if (checked->verdict == PINSTORE_BYPASSED)
		noted.why = PINSTORE_WHY_BYPASSED;
	else
		status = trust_leaf(ps, &trusting, error);
	if (status != PINSTORE_OK)
		return status;
	ps_sized_write(out, &noted, sizeof(noted));
	return PINSTORE_OK;
}
