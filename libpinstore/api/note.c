/*
 * note.c - learn from the header fields of one response.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdatomic.h>
#include <string.h>

#include "api/below.h"
#include "api/handle.h"
#include "api/report.h"
#include "api/result.h"
#include "api/room.h"
#include "api/sized.h"
#include "api/suffix.h"
#include "base/status.h"
#include "model/header.h"
#include "rules/policy.h"
#include "tls/chain.h"

/* One field on its way into the store. */
struct noting {
	struct pinstore *ps;
	const struct pinstore_result *checked;
	const struct ps_header *header;
	enum ps_plan plan;
	int64_t now;
	struct ps_limits limits;
	struct ps_room room;
	struct ps_section fresh; /* what a plan of NOTE would write */
	struct pinstore_noted *out;
};

static void
say(struct pinstore_noted *out, enum pinstore_action action,
    enum pinstore_reason why)
{
	out->action = action;
	out->why = why;
}

/* ---------------------------------------------------------- the connection */

/* The judgement of check.c once more, over what is stored by now. */
struct passing {
	const struct noting *noting;
	bool has_entry[PS_LAYERS]; /* the nearest that enforces was seen */
	bool is_refused;
	bool is_bypassed;
};

static bool
pass_record(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct passing *passing = arg;
	const struct noting *noting = passing->noting;
	const struct pinstore_pin *const *pins;
	const struct ps_section_view *section;
	enum pinstore_reason why;
	size_t i, n;

	pins = ps_chain_pins(noting->checked->chain, &n);
	for (i = 0; i < PS_LAYERS; i++) {
		section = &view->section[i];
		why = ps_policy_applies(section,
		                        key_len == noting->checked->host.len,
		                        noting->now);
		if (passing->has_entry[i] ||
		    section->mode == PINSTORE_REPORT ||
		    (why != PINSTORE_WHY_EXACT && why != PINSTORE_WHY_ANCESTOR))
			continue;
		passing->has_entry[i] = true;
		if (!ps_policy_match(section->pins, section->n_pins, pins, n,
		                     NULL, NULL))
			passing->is_refused = true;
	}
	return !passing->is_refused;
}

/*
 * Whether the name's policy, its own or a parent's, lets the chain pass, and
 * no key in it was revoked; nor is anything bypassed.
 */
static enum pinstore_status
look_again(struct ps_write *write, const struct noting *noting,
           struct passing *passing, struct pinstore_error *error)
{
	struct ps_ruling ruling = {
		.now = noting->now,
		.in_force = ps_policy_in_force,
	};
	enum pinstore_status status;

	ruling.pins = ps_chain_pins(noting->checked->chain, &ruling.n_pins);
	status = ps_write_climb(write, &noting->checked->host, &ruling,
	                        pass_record, passing, error);
	if (status != PINSTORE_OK)
		return status;
	if (ruling.is_revoked)
		passing->is_refused = true;
	passing->is_bypassed = ruling.is_local || ruling.has_bypass;
	return PINSTORE_OK;
}

/* -------------------------------------------------------------- the writing */

static enum pinstore_status
put(struct ps_write *write, const struct noting *noting,
    struct ps_entry *entry, enum ps_event_kind kind,
    struct pinstore_error *error)
{
	const struct ps_host *host = &noting->checked->host;
	struct ps_event event = {
		.kind = kind,
		.layer = PINSTORE_LEARNED,
		.at = noting->now,
		.count = 1,
		.host = host,
	};
	enum pinstore_status status;

	status = ps_write_put(write, host, entry, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

static enum pinstore_status
work_remove(struct ps_write *write, struct noting *noting,
            struct ps_entry *entry, struct pinstore_error *error)
{
	struct ps_section *stored = &entry->section[PINSTORE_LEARNED];
	bool is_unpin = noting->plan == PS_PLAN_UNPIN;
	enum pinstore_reason why =
	        is_unpin ? PINSTORE_WHY_NO_PINS : PINSTORE_WHY_OK;

	if (!stored->is_present || stored->source != PINSTORE_HEADER) {
		say(noting->out,
		    is_unpin ? PINSTORE_IGNORED : PINSTORE_UNCHANGED, why);
		return PINSTORE_OK;
	}
	if (ps_policy_is_older(stored->observed, noting->now)) {
		say(noting->out, PINSTORE_IGNORED, PINSTORE_WHY_OLDER);
		noting->out->expires = stored->expires;
		return PINSTORE_OK;
	}
	say(noting->out, PINSTORE_REMOVED, why);
	memset(stored, 0, sizeof(*stored));
	return put(write, noting, entry,
	           is_unpin ? PS_EVENT_UNPINNED : PS_EVENT_REMOVED, error);
}

/* Tell of it once an hour, for the domain or for the whole store. */
static enum pinstore_status
tell_full(struct ps_write *write, const struct noting *noting,
          struct pinstore_error *error)
{
	struct ps_host domain;
	struct ps_event event = {
		.kind = PS_EVENT_ERROR,
		.layer = PINSTORE_LEARNED,
		.at = noting->now,
		.count = 1,
		.why = PINSTORE_WHY_FULL,
	};
	bool is_repeated;
	enum pinstore_status status;
	int64_t since;

	if (noting->room.is_domain_full) {
		ps_room_domain(&noting->room, &domain);
		event.host = &domain;
	}
	status = ps_write_is_repeated(write, &event, &is_repeated, &since,
	                              error);
	if (status != PINSTORE_OK || is_repeated)
		return status;
	return ps_write_event(write, &event, error);
}

/* The first writing of a header's entry: the quota is asked. */
static enum pinstore_status
work_new(struct ps_write *write, struct noting *noting, struct ps_entry *entry,
         struct pinstore_error *error)
{
	const struct ps_host *host = &noting->checked->host;
	bool has_room = true;
	enum pinstore_status status;

	if (!entry->section[PINSTORE_LEARNED].is_present) {
		status = ps_room_find(write, &noting->room, &has_room, error);
		if (status != PINSTORE_OK)
			return status;
		/* The sweep may have changed this very name's record. */
		status = ps_write_get(write, host, entry, error);
		if (status != PINSTORE_OK)
			return status;
	}
	if (!has_room) {
		say(noting->out, PINSTORE_IGNORED, PINSTORE_WHY_FULL);
		return tell_full(write, noting, error);
	}
	entry->section[PINSTORE_LEARNED] = noting->fresh;
	noting->out->expires = noting->fresh.expires;
	say(noting->out, PINSTORE_NOTED, PINSTORE_WHY_OK);
	return put(write, noting, entry, PS_EVENT_NOTED, error);
}

static enum pinstore_status
work_note(struct ps_write *write, struct noting *noting,
          struct ps_entry *entry, struct pinstore_error *error)
{
	struct ps_section *stored = &entry->section[PINSTORE_LEARNED];
	struct pinstore_noted *out = noting->out;
	struct ps_event clock = {
		.kind = PS_EVENT_CLOCK,
		.layer = PINSTORE_LEARNED,
		.at = noting->now,
		.count = 1,
		.host = &noting->checked->host,
	};
	enum pinstore_status status;

	switch (ps_policy_merge(stored, &noting->fresh,
	                        noting->limits.refresh_slack)) {
	case PS_MERGE_OLDER:
		say(out, PINSTORE_IGNORED, PINSTORE_WHY_OLDER);
		out->expires = stored->expires;
		return PINSTORE_OK;
	case PS_MERGE_SLACK:
		say(out, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
		out->expires = stored->expires;
		return PINSTORE_OK;
	case PS_MERGE_NEW:
		return work_new(write, noting, entry, error);
	case PS_MERGE_CLOCK:
		out->clock_went_back = 1;
		status = ps_write_event(write, &clock, error);
		if (status != PINSTORE_OK)
			return status;
		break;
	case PS_MERGE_CHANGED:
	case PS_MERGE_REFRESHED:
		break;
	}
	*stored = noting->fresh;
	out->expires = noting->fresh.expires;
	say(out, PINSTORE_UPDATED, PINSTORE_WHY_OK);
	return put(write, noting, entry, PS_EVENT_UPDATED, error);
}

/*
 * In the transaction: what is stored by now, of the name and of its parents,
 * must let this connection pass, whatever was there when it was checked.
 */
static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct noting *noting = arg;
	struct passing passing = {.noting = noting};
	struct ps_entry entry;
	enum pinstore_status status;

	noting->out->expires = 0;
	noting->out->clock_went_back = 0;
	status = look_again(write, noting, &passing, error);
	if (status == PINSTORE_OK)
		status = ps_write_get(write, &noting->checked->host, &entry,
		                      error);
	if (status != PINSTORE_OK)
		return status;
	if (passing.is_refused || passing.is_bypassed) {
		say(noting->out, PINSTORE_IGNORED,
		    passing.is_bypassed ? PINSTORE_WHY_BYPASSED
		                        : PINSTORE_WHY_PIN_MISMATCH);
		return PINSTORE_OK;
	}
	if (noting->plan == PS_PLAN_NOTE)
		return work_note(write, noting, &entry, error);
	return work_remove(write, noting, &entry, error);
}

/*
 * A busy client sees the same header again and again: whether there is
 * anything to write is asked by reading, without the writers' lock.
 */
static enum pinstore_status
is_write_due(struct noting *noting, bool *is_due, struct pinstore_error *error)
{
	struct ps_entry entry;
	struct ps_section fresh = noting->fresh;
	const struct ps_section *stored = &entry.section[PINSTORE_LEARNED];
	enum pinstore_status status;

	*is_due = true;
	status = ps_store_get(noting->ps->store, &noting->checked->host,
	                      &entry, error);
	if (status == PINSTORE_ERR_NOTFOUND) {
		ps_error_clear(error);
		memset(&entry, 0, sizeof(entry));
	} else if (status != PINSTORE_OK) {
		return status;
	}
	if (noting->plan != PS_PLAN_NOTE) {
		*is_due = stored->is_present &&
		          stored->source == PINSTORE_HEADER;
		if (!*is_due && noting->plan == PS_PLAN_UNPIN)
			say(noting->out, PINSTORE_IGNORED,
			    PINSTORE_WHY_NO_PINS);
		else if (!*is_due)
			say(noting->out, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
		return PINSTORE_OK;
	}
	/* With the pins of fresh, one of which is in the chain. */
	if (ps_policy_merge(stored, &fresh, noting->limits.refresh_slack)
	    != PS_MERGE_SLACK)
		return PINSTORE_OK;
	*is_due = false;
	noting->out->expires = stored->expires;
	say(noting->out, PINSTORE_UNCHANGED, PINSTORE_WHY_OK);
	return PINSTORE_OK;
}

/* The section that a header asks for. */
static void
make_section(struct noting *noting)
{
	const struct ps_header *header = noting->header;
	const struct ps_host *host = &noting->checked->host;
	struct ps_section *fresh = &noting->fresh;

	memset(fresh, 0, sizeof(*fresh));
	fresh->is_present = true;
	fresh->source = PINSTORE_HEADER;
	fresh->mode = PINSTORE_ENFORCE;
	fresh->include_subdomains = header->include_subdomains &&
	                            noting->limits.learns_subdomains;
	if (fresh->include_subdomains && noting->limits.has_suffix_rule &&
	    ps_suffix_is_public(host)) {
		fresh->include_subdomains = false;
		noting->out->suffix_rule = 1;
	}
	fresh->quota_labels = (uint8_t)ps_suffix_domain_labels(host);
	fresh->observed = noting->now;
	fresh->updated = noting->now;
	fresh->expires = ps_policy_expires(noting->now, header->max_age,
	                                   noting->limits.max_age_cap);
	fresh->max_age = header->max_age;
	fresh->pins = header->pins;
	memcpy(fresh->report_uri, header->report_uri,
	       sizeof(fresh->report_uri));
}

/* The same question as look_again()'s, of the system's store. */
static enum pinstore_status
may_pass_below(const struct noting *noting, bool *may,
               struct pinstore_error *error)
{
	struct ps_below below;
	enum pinstore_status status;

	status = ps_below_judge(noting->ps, noting->checked, noting->now,
	                        &below, error);
	*may = status == PINSTORE_OK && !below.is_refused &&
	       !below.is_bypassed;
	if (status == PINSTORE_OK && !*may)
		say(noting->out, PINSTORE_IGNORED,
		    below.is_bypassed ? PINSTORE_WHY_BYPASSED
		                      : PINSTORE_WHY_PIN_MISMATCH);
	return status;
}

static enum pinstore_status
note_pkp(struct pinstore *ps, const struct pinstore_result *checked,
         const struct pinstore_field *field, int64_t now,
         struct pinstore_noted *out, struct pinstore_error *error)
{
	struct ps_header header;
	struct noting noting;
	const struct pinstore_pin *const *pins;
	enum pinstore_status status;
	bool is_due;
	size_t n;

	ps_header_parse(field->value, field->len, PINSTORE_PKP,
	                ps->options.is_strict, &header);
	if (header.why != PINSTORE_WHY_OK) {
		out->why = header.why;
		out->syntax = header.syntax;
		out->offset = header.offset;
		return PINSTORE_OK;
	}
	noting.ps = ps;
	noting.checked = checked;
	noting.header = &header;
	noting.now = now;
	noting.out = out;
	pins = ps_chain_pins(checked->chain, &n);
	noting.plan = ps_policy_plan(&header, PINSTORE_PKP, true, pins, n,
	                             &out->why);
	if (noting.plan == PS_PLAN_IGNORE)
		return PINSTORE_OK;
	status = ps_handle_limits(ps, &noting.limits, error);
	if (status != PINSTORE_OK)
		return status;
	make_section(&noting);
	status = is_write_due(&noting, &is_due, error);
	if (status == PINSTORE_OK && is_due)
		status = may_pass_below(&noting, &is_due, error);
	if (status != PINSTORE_OK || !is_due)
		return status;
	noting.room.ps = ps;
	noting.room.host = &checked->host;
	noting.room.limits = &noting.limits;
	noting.room.labels = noting.fresh.quota_labels;
	noting.room.now = now;
	status = ps_room_begin(&noting.room, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_store_write(ps->store, now, work, &noting, error);
	ps_room_end(&noting.room);
	return status;
}

/* Whether anything may be learned from the connection; if not, *why not. */
static bool
may_learn(const struct pinstore_result *checked, enum pinstore_reason *why)
{
	switch (checked->verdict) {
	case PINSTORE_REJECT:
		*why = PINSTORE_WHY_PIN_MISMATCH;
		return false;
	case PINSTORE_BYPASSED:
		*why = PINSTORE_WHY_BYPASSED;
		return false;
	case PINSTORE_UNPINNED:
	case PINSTORE_MATCHED:
		break;
	}
	if (checked->kind == PINSTORE_HOST_ADDRESS) {
		*why = PINSTORE_WHY_ADDRESS;
		return false;
	}
	return true;
}

/* What a report of a field tells: it has no life, so it ends when it was. */
static bool
queue_report(struct pinstore *ps, const struct pinstore_result *checked,
             const struct ps_header *header, int64_t now)
{
	struct ps_failure failure = {
		.kind = PINSTORE_PKP_RO,
		.at = now,
		.host = &checked->host,
		.port = checked->port,
		.is_private = (checked->peer_flags & PINSTORE_PEER_PRIVATE) !=
		              0,
		.noted = checked->host,
		.include_subdomains = header->include_subdomains,
		.expires = now,
		.pins = header->pins,
		.uri = header->report_uri,
		.chain = checked->chain,
	};
	struct ps_limits limits;

	if (ps->options.store.read_only)
		return false;
	if (ps_handle_limits(ps, &limits, NULL) == PINSTORE_OK)
		return ps_report_queue(ps, &limits.reports, &failure);
	atomic_fetch_add(&ps->lost, 1);
	return false;
}

/* Judged at reception and kept by no one (P-17, D-10). */
static void
judge_report_only(struct pinstore *ps, const struct pinstore_result *checked,
                  const struct pinstore_field *field, int64_t now,
                  struct pinstore_noted *out)
{
	const struct pinstore_pin *const *pins;
	struct ps_header header;
	enum ps_plan plan;
	size_t n;

	if (!may_learn(checked, &out->report_only))
		return;
	ps_header_parse(field->value, field->len, PINSTORE_PKP_RO,
	                ps->options.is_strict, &header);
	pins = ps_chain_pins(checked->chain, &n);
	plan = ps_policy_plan(&header, PINSTORE_PKP_RO, true, pins, n,
	                      &out->report_only);
	if (plan != PS_PLAN_REPORT)
		return;
	out->would_refuse = 1;
	out->report_queued = queue_report(ps, checked, &header, now);
}

static bool
are_fields(const struct pinstore_field *fields, size_t n)
{
	size_t i;

	if (fields == NULL)
		return n == 0;
	for (i = 0; i < n; i++)
		if (fields[i].value == NULL && fields[i].len > 0)
			return false;
	return true;
}

/* The first field of a kind, or NULL; counts the others. */
static const struct pinstore_field *
first_of(const struct pinstore_field *fields, size_t n,
         enum pinstore_kind kind, size_t *others)
{
	const struct pinstore_field *first = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (fields[i].kind != kind)
			continue;
		if (first == NULL)
			first = &fields[i];
		else
			++*others;
	}
	return first;
}

enum pinstore_status
pinstore_note(struct pinstore *ps, const struct pinstore_result *checked,
              const struct pinstore_field *fields, size_t n, int64_t now,
              struct pinstore_noted *out, struct pinstore_error *error)
{
	struct pinstore_noted noted = {.action = PINSTORE_IGNORED};
	const struct pinstore_field *pkp, *report_only;
	enum pinstore_status status = PINSTORE_OK;

	ps_error_clear(error);
	if (ps == NULL || checked == NULL || !are_fields(fields, n) ||
	    !ps_sized_write(out, &noted, sizeof(noted)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_note: no store, no result of a "
		               "check, no fields, or no place for the outcome "
		               "with its size");
	if (checked->chain == NULL)
		return ps_fail(error, PINSTORE_ERR_CHAIN,
		               "%s was checked without a chain: nothing can "
		               "be noted", checked->host.name);
	pkp = first_of(fields, n, PINSTORE_PKP, &noted.ignored_fields);
	report_only = first_of(fields, n, PINSTORE_PKP_RO,
	                       &noted.ignored_fields);
	if (pkp == NULL)
		noted.why = report_only != NULL ? PINSTORE_WHY_REPORT_ONLY
		                                : PINSTORE_WHY_OK;
	else if (may_learn(checked, &noted.why))
		status = note_pkp(ps, checked, pkp, now, &noted, error);
	if (status != PINSTORE_OK)
		return status;
	if (report_only != NULL)
		judge_report_only(ps, checked, report_only, now, &noted);
	ps_sized_write(out, &noted, sizeof(noted));
	return PINSTORE_OK;
}
