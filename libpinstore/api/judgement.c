/*
 * judgement.c - what came of a check, for the journal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/judgement.h"

#include <stdatomic.h>
#include <string.h>

#include "api/report.h"
#include "base/siphash.h"
#include "rules/report.h"

/* Told apart by these hashes are entries, no secrets: the key is no matter. */
static const uint8_t no_key[PS_SIPHASH_KEY_LEN] = {0};

uint64_t
ps_judgement_policy(enum pinstore_layer layer, size_t key_len,
                    const struct ps_section_view *section)
{
	const uint64_t head[3] = {(uint64_t)layer, key_len,
	                          (uint64_t)section->mode};
	struct ps_siphash hash;

	ps_siphash_init(&hash, no_key);
	ps_siphash_update(&hash, (const uint8_t *)head, sizeof(head));
	ps_siphash_update(&hash, (const uint8_t *)section->pins,
	                  section->n_pins * sizeof(*section->pins));
	return ps_siphash_final(&hash);
}

/* Never 0, which is an empty place. */
static uint64_t
hash_of(const struct ps_event *event)
{
	const uint64_t head[3] = {(uint64_t)event->kind, event->is_enforced,
	                          event->policy};
	struct ps_siphash hash;

	ps_siphash_init(&hash, no_key);
	ps_siphash_update(&hash, (const uint8_t *)head, sizeof(head));
	ps_siphash_update(&hash, event->pin.sha256, sizeof(event->pin.sha256));
	if (event->host != NULL)
		ps_siphash_update(&hash, (const uint8_t *)event->host->name,
		                  event->host->len);
	return ps_siphash_final(&hash) | 1;
}

struct telling {
	const struct ps_event *event; /* or NULL */
	int64_t since; /* when it was told */
	bool is_repeated;
	struct ps_drafts *drafts;
	uint64_t lost;
	bool has_counted; /* what was lost before */
};

static enum pinstore_status
work_reports(struct ps_write *write, struct telling *telling,
             struct pinstore_error *error)
{
	bool has_written = telling->event != NULL && !telling->is_repeated;
	struct ps_drafts *drafts = telling->drafts;
	enum pinstore_status status;
	size_t i;

	telling->has_counted = false;
	status = ps_drafts_write(drafts, write, error);
	for (i = 0; i < drafts->n; i++)
		has_written = has_written || drafts->draft[i].is_queued;
	/* A count alone is not worth a write. */
	if (status != PINSTORE_OK || telling->lost == 0 || !has_written)
		return status;
	telling->has_counted = true;
	return ps_write_lose_reports(write, telling->lost, error);
}

static enum pinstore_status
work_event(struct ps_write *write, struct telling *telling,
           struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_write_is_repeated(write, telling->event,
	                              &telling->is_repeated, &telling->since,
	                              error);
	if (status != PINSTORE_OK || telling->is_repeated)
		return status;
	telling->since = telling->event->at;
	return ps_write_event(write, telling->event, error);
}

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct telling *telling = arg;
	enum pinstore_status status = PINSTORE_OK;

	if (telling->event != NULL)
		status = work_event(write, telling, error);
	if (status == PINSTORE_OK &&
	    (telling->drafts->n > 0 || telling->lost > 0))
		status = work_reports(write, telling, error);
	return status;
}

static bool
is_told(const struct ps_judgement *judgement)
{
	switch (judgement->verdict) {
	case PINSTORE_REJECT:
		return true;
	case PINSTORE_UNPINNED:
	case PINSTORE_MATCHED:
	case PINSTORE_BYPASSED:
		break;
	}
	return judgement->is_violation || judgement->is_other_path;
}

static enum ps_event_kind
kind_of(const struct ps_judgement *judgement)
{
	if (judgement->verdict == PINSTORE_BYPASSED)
		return PS_EVENT_BYPASSED;
	/* An entry in mode report is the worse news. */
	if (judgement->verdict == PINSTORE_REJECT || judgement->is_violation)
		return PS_EVENT_VIOLATION;
	return PS_EVENT_OTHER_PATH;
}

/* The reports that this judgement gives rise to. */
static void
draft(struct pinstore *ps, const struct ps_judgement *judgement, int64_t now,
      struct ps_drafts *drafts)
{
	const struct ps_failed *failed = &judgement->failed;
	struct ps_failure failure = {
		.kind = PINSTORE_PKP,
		.at = now,
		.host = &judgement->host,
		.port = failed->port,
		.is_private = failed->is_private,
		.chain = failed->chain,
	};
	struct ps_limits limits;
	size_t i;

	if (judgement->kind != PINSTORE_HOST_NAME || failed->n == 0)
		return;
	if (ps_handle_limits(ps, &limits, NULL) != PINSTORE_OK) {
		drafts->lost += failed->n;
		return;
	}
	for (i = 0; i < failed->n; i++) {
		const struct ps_section *section = &failed->entry[i]->section;

		if (!ps_report_is_failure(judgement->verdict, judgement->why,
		                          section->mode))
			continue;
		failure.noted = failed->entry[i]->host;
		failure.include_subdomains = section->include_subdomains;
		failure.expires = section->expires;
		failure.pins = section->pins;
		failure.uri = section->report_uri;
		ps_drafts_add(drafts, ps, &limits.reports, &failure);
	}
}

/* Write both; without the reports, if they are what cannot be written. */
static bool
tell(struct pinstore *ps, struct telling *telling, int64_t now)
{
	enum pinstore_status status;

	telling->lost = telling->drafts->lost + atomic_exchange(&ps->lost, 0);
	telling->drafts->lost = 0;
	status = ps_store_write_soon(ps->store, now, PS_RECORD_LIMIT_MS, work,
	                             telling, NULL);
	if (status == PINSTORE_OK) {
		ps_drafts_written(telling->drafts, ps);
		if (!telling->has_counted)
			atomic_fetch_add(&ps->lost, telling->lost);
		return true;
	}
	atomic_fetch_add(&ps->lost, telling->lost + telling->drafts->n);
	if (telling->event == NULL || status == PINSTORE_ERR_BUSY ||
	    (telling->drafts->n == 0 && telling->lost == 0))
		return false;
	telling->lost = 0;
	ps_drafts_lost(telling->drafts);
	return ps_store_write_soon(ps->store, now, PS_RECORD_LIMIT_MS, work,
	                           telling, NULL) == PINSTORE_OK;
}

static void
record(struct pinstore *ps, const struct ps_judgement *judgement, int64_t now)
{
	struct ps_event event = {
		.kind = kind_of(judgement),
		.at = now,
		/* There are no keys for addresses: the leaf must do. */
		.host = judgement->kind == PINSTORE_HOST_NAME
		                ? &judgement->host
		                : NULL,
		.pin = judgement->leaf,
		.why = judgement->why,
		.is_enforced = judgement->verdict == PINSTORE_REJECT,
		.policy = judgement->policy,
	};
	struct ps_drafts drafts = {.n = 0, .lost = judgement->failed.lost};
	struct telling telling = {.since = now, .drafts = &drafts};
	uint64_t hash;

	/* The leaf is no news there, the anchor tells which path it was. */
	if (event.kind == PS_EVENT_OTHER_PATH)
		event.pin = judgement->anchor;
	hash = hash_of(&event);
	if (!ps_handle_is_quiet(ps, hash, now))
		telling.event = &event;
	draft(ps, judgement, now, &drafts);
	if (telling.event == NULL && drafts.n == 0) {
		atomic_fetch_add(&ps->lost, drafts.lost);
		return;
	}
	event.count = 1;
	if (telling.event != NULL)
		event.count += atomic_exchange(&ps->dropped, 0);
	if (!tell(ps, &telling, now)) {
		if (telling.event != NULL)
			atomic_fetch_add(&ps->dropped, event.count);
	} else if (telling.event != NULL) {
		if (telling.is_repeated)
			atomic_fetch_add(&ps->dropped, event.count - 1);
		ps_handle_hush(ps, hash, telling.since);
	}
	ps_drafts_clear(&drafts);
}

/* Mostly there is nothing to be told, and no room is made for it. */
void
ps_judgement_record(struct pinstore *ps, const struct ps_judgement *judgement,
                    int64_t now)
{
	if (is_told(judgement) && !ps->options.store.read_only)
		record(ps, judgement, now);
}

/* ------------------------------------------------------ what reports are of */

void
ps_judgement_keep(struct ps_judgement *judgement, size_t key_len,
                  enum pinstore_layer layer,
                  const struct ps_section_view *section)
{
	struct ps_failed *failed = &judgement->failed;
	struct pinstore_entry *entry;
	struct ps_host name;

	if (!failed->is_wanted || section->report_uri_len == 0)
		return;
	ps_host_tail(&judgement->host, key_len, &name);
	entry = ps_entry_new(&name, layer, section);
	if (entry == NULL)
		failed->lost++;
	else
		failed->entry[failed->n++] = entry;
}

void
ps_judgement_clear(struct ps_judgement *judgement)
{
	struct ps_failed *failed = &judgement->failed;

	while (failed->n > 0)
		pinstore_entry_free(failed->entry[--failed->n]);
}
