/*
 * log.c - reading the journal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/pinstore.h>

#include <string.h>

#include "api/handle.h"
#include "base/status.h"
#include "model/host.h"
#include "store/store.h"

struct pinstore_record {
	uint64_t number;
	const struct ps_event *event;
	enum pinstore_event kind;
};

static enum pinstore_event
kind_of(enum ps_event_kind kind)
{
	switch (kind) {
	case PS_EVENT_NOTED:
		return PINSTORE_EVENT_NOTED;
	case PS_EVENT_UPDATED:
		return PINSTORE_EVENT_UPDATED;
	case PS_EVENT_REMOVED:
		return PINSTORE_EVENT_REMOVED;
	case PS_EVENT_UNPINNED:
		return PINSTORE_EVENT_UNPINNED;
	case PS_EVENT_PINNED:
		return PINSTORE_EVENT_PINNED;
	case PS_EVENT_CLEARED:
		return PINSTORE_EVENT_CLEARED;
	case PS_EVENT_EXPIRED:
		return PINSTORE_EVENT_EXPIRED;
	case PS_EVENT_CLOCK:
		return PINSTORE_EVENT_CLOCK;
	case PS_EVENT_VIOLATION:
		return PINSTORE_EVENT_VIOLATION;
	case PS_EVENT_BYPASSED:
		return PINSTORE_EVENT_BYPASSED;
	case PS_EVENT_REVOKED:
		return PINSTORE_EVENT_REVOKED;
	case PS_EVENT_UNREVOKED:
		return PINSTORE_EVENT_UNREVOKED;
	case PS_EVENT_BYPASS:
		return PINSTORE_EVENT_BYPASS;
	case PS_EVENT_BYPASS_ENDED:
		return PINSTORE_EVENT_BYPASS_ENDED;
	case PS_EVENT_SETTING:
		return PINSTORE_EVENT_SETTING;
	case PS_EVENT_MODE:
		return PINSTORE_EVENT_MODE;
	case PS_EVENT_OTHER_PATH:
		return PINSTORE_EVENT_OTHER_PATH;
	case PS_EVENT_IMPORTED:
		return PINSTORE_EVENT_IMPORTED;
	case PS_EVENT_ERROR:
		break;
	}
	return PINSTORE_EVENT_ERROR;
}

const char *
pinstore_event_word(enum pinstore_event event)
{
	switch (event) {
	case PINSTORE_EVENT_NOTED:
		return "noted";
	case PINSTORE_EVENT_UPDATED:
		return "updated";
	case PINSTORE_EVENT_REMOVED:
		return "removed";
	case PINSTORE_EVENT_UNPINNED:
		return "unpinned";
	case PINSTORE_EVENT_PINNED:
		return "pinned";
	case PINSTORE_EVENT_CLEARED:
		return "cleared";
	case PINSTORE_EVENT_EXPIRED:
		return "expired";
	case PINSTORE_EVENT_CLOCK:
		return "clock";
	case PINSTORE_EVENT_VIOLATION:
		return "violation";
	case PINSTORE_EVENT_BYPASSED:
		return "bypassed";
	case PINSTORE_EVENT_REVOKED:
		return "revoked";
	case PINSTORE_EVENT_UNREVOKED:
		return "unrevoked";
	case PINSTORE_EVENT_BYPASS:
		return "bypass";
	case PINSTORE_EVENT_BYPASS_ENDED:
		return "bypass-ended";
	case PINSTORE_EVENT_SETTING:
		return "setting";
	case PINSTORE_EVENT_MODE:
		return "mode";
	case PINSTORE_EVENT_OTHER_PATH:
		return "other-path";
	case PINSTORE_EVENT_ERROR:
		return "error";
	case PINSTORE_EVENT_IMPORTED:
		return "imported";
	}
	return "unknown";
}

uint64_t
pinstore_record_number(const struct pinstore_record *record)
{
	return record->number;
}

int64_t
pinstore_record_time(const struct pinstore_record *record)
{
	return record->event->at;
}

enum pinstore_event
pinstore_record_event(const struct pinstore_record *record)
{
	return record->kind;
}

const char *
pinstore_record_host(const struct pinstore_record *record)
{
	const struct ps_host *host = record->event->host;

	return host != NULL ? host->name : NULL;
}

uint64_t
pinstore_record_count(const struct pinstore_record *record)
{
	return record->event->count;
}

int
pinstore_record_layer(const struct pinstore_record *record,
                      enum pinstore_layer *layer)
{
	*layer = PINSTORE_CONFIGURED;
	switch (record->kind) {
	case PINSTORE_EVENT_NOTED:
	case PINSTORE_EVENT_UPDATED:
	case PINSTORE_EVENT_REMOVED:
	case PINSTORE_EVENT_UNPINNED:
	case PINSTORE_EVENT_PINNED:
	case PINSTORE_EVENT_CLOCK:
	case PINSTORE_EVENT_MODE:
	case PINSTORE_EVENT_ERROR:
		*layer = record->event->layer;
		return 1;
	case PINSTORE_EVENT_CLEARED:
	case PINSTORE_EVENT_EXPIRED:
	case PINSTORE_EVENT_VIOLATION:
	case PINSTORE_EVENT_BYPASSED:
	case PINSTORE_EVENT_REVOKED:
	case PINSTORE_EVENT_UNREVOKED:
	case PINSTORE_EVENT_BYPASS:
	case PINSTORE_EVENT_BYPASS_ENDED:
	case PINSTORE_EVENT_SETTING:
	case PINSTORE_EVENT_OTHER_PATH:
	case PINSTORE_EVENT_IMPORTED:
		break;
	}
	return 0;
}

enum pinstore_reason
pinstore_record_reason(const struct pinstore_record *record)
{
	return record->event->why;
}

int
pinstore_record_enforced(const struct pinstore_record *record)
{
	return record->event->is_enforced ? 1 : 0;
}

const struct pinstore_pin *
pinstore_record_pin(const struct pinstore_record *record)
{
	static const struct pinstore_pin none = {{0}};
	const struct pinstore_pin *pin = &record->event->pin;

	return memcmp(pin, &none, sizeof(none)) != 0 ? pin : NULL;
}

struct reading {
	pinstore_log_fn *visit;
	void *arg;
};

static bool
visit_event(uint64_t number, const struct ps_event *event, void *arg)
{
	const struct pinstore_record record = {number, event,
	                                       kind_of(event->kind)};
	const struct reading *reading = arg;

	return reading->visit(&record, reading->arg) == 0;
}

enum pinstore_status
pinstore_log(struct pinstore *ps, uint64_t after, pinstore_log_fn *visit,
             void *arg, struct pinstore_error *error)
{
	struct reading reading = {visit, arg};

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_log: no store, or nothing to call");
	return ps_store_events(ps->store, after, visit_event, &reading, error);
}
