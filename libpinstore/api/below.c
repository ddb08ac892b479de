/*
 * below.c - what the system's store says of a connection by now.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/below.h"

#include <string.h>

#include "rules/policy.h"
#include "tls/chain.h"

struct asking {
	const struct pinstore_result *checked;
	const struct pinstore_pin *const *pins;
	size_t n_pins;
	int64_t now;
	struct ps_below *out;
};

static bool
meet(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	const struct asking *asking = arg;
	const struct ps_section_view *section =
	        &view->section[PINSTORE_CONFIGURED];
	enum pinstore_reason why;

	why = ps_policy_applies(section, key_len == asking->checked->host.len,
	                        asking->now);
	if (why != PINSTORE_WHY_EXACT && why != PINSTORE_WHY_ANCESTOR)
		return true;
	asking->out->is_known = true;
	if (section->mode == PINSTORE_REPORT)
		return true;
	asking->out->is_refused =
	        !ps_policy_match(section->pins, section->n_pins, asking->pins,
	                         asking->n_pins, NULL, NULL);
	return false;
}

enum pinstore_status
ps_below_judge(struct pinstore *ps, const struct pinstore_result *checked,
               int64_t now, struct ps_below *out, struct pinstore_error *error)
{
	struct asking asking = {.checked = checked, .now = now, .out = out};
	struct ps_ruling ruling = {
		.now = now,
		.in_force = ps_policy_in_force,
	};
	enum pinstore_status status;

	memset(out, 0, sizeof(*out));
	if (ps->system == NULL)
		return PINSTORE_OK;
	asking.pins = ps_chain_pins(checked->chain, &asking.n_pins);
	ruling.pins = asking.pins;
	ruling.n_pins = asking.n_pins;
	status = ps_store_climb(ps->system, &checked->host, &ruling, meet,
	                        &asking, error);
	if (ruling.is_revoked)
		out->is_refused = true;
	out->is_bypassed = ruling.is_local || ruling.has_bypass;
	return status;
}
