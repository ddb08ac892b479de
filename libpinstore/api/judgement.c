/*
 * judgement.c - what came of a check, for the journal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/judgement.h"

#include <stdatomic.h>
#include <string.h>

#include "base/siphash.h"

/* Nobody waits longer for a verdict because of the journal. */
#define RECORD_LIMIT_MS 50
/* As long a process need not ask the journal whether it has the record. */
#define QUIET_SECONDS 3600

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
	const struct ps_event *event;
	int64_t since; /* when it was told */
	bool is_repeated;
};

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct telling *telling = arg;
	enum pinstore_status status;

	status = ps_write_is_repeated(write, telling->event,
	                              &telling->is_repeated, &telling->since,
	                              error);
	if (status != PINSTORE_OK || telling->is_repeated)
		return status;
	telling->since = telling->event->at;
	return ps_write_event(write, telling->event, error);
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

void
ps_judgement_record(struct pinstore *ps, const struct ps_judgement *judgement,
                    int64_t now)
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
	struct telling telling = {&event, now, false};
	struct ps_quiet *quiet;
	uint64_t hash;

	if (!is_told(judgement) || ps->options.store.read_only)
		return;
	/* The leaf is no news there, the anchor tells which path it was. */
	if (event.kind == PS_EVENT_OTHER_PATH)
		event.pin = judgement->anchor;
	hash = hash_of(&event);
	quiet = &ps->quiet[hash / 2 % PS_QUIET];
	if (atomic_load(&quiet->hash) == hash &&
	    now >= atomic_load(&quiet->since) &&
	    (uint64_t)now - (uint64_t)atomic_load(&quiet->since) <
	            QUIET_SECONDS)
		return;
	event.count = 1 + atomic_exchange(&ps->dropped, 0);
	if (ps_store_write_soon(ps->store, now, RECORD_LIMIT_MS, work, &telling,
	                        NULL) != PINSTORE_OK) {
		atomic_fetch_add(&ps->dropped, event.count);
		return;
	}
	if (telling.is_repeated)
		atomic_fetch_add(&ps->dropped, event.count - 1);
	atomic_store(&quiet->since, telling.since);
	atomic_store(&quiet->hash, hash);
}
