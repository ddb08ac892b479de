/*
 * orders.c - revoke keys, bypass hosts, switch the mode of entries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <string.h>

#include "api/handle.h"
#include "api/sized.h"
#include "base/status.h"

/* Violations that are older do not stand against enforcing. */
#define RECENT_SECONDS (INT64_C(7) * 86400)

/* Copy text that may be NULL; false if it is too long. */
static bool
take_text(const char *text, char out[PINSTORE_NOTE_MAX + 1])
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > PINSTORE_NOTE_MAX)
		return false;
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* ----------------------------------------------------------- revoking keys */

struct revoking {
	struct ps_key key;
	struct ps_order order;
	struct ps_event event;
	bool is_revoked; /* what is wanted */
	bool was_revoked;
};

static enum pinstore_status
work_revoke(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct revoking *revoking = arg;
	struct ps_order there;
	enum pinstore_status status;

	status = ps_write_get_order(write, PS_ORDER_REVOKED, &revoking->key,
	                            &revoking->was_revoked, &there, error);
	if (status != PINSTORE_OK ||
	    revoking->was_revoked == revoking->is_revoked)
		return status;
	if (revoking->is_revoked)
		status = ps_write_put_order(write, &revoking->key,
		                            &revoking->order, error);
	else
		status = ps_write_drop_order(write, PS_ORDER_REVOKED,
		                             &revoking->key, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &revoking->event, error);
}

static enum pinstore_status
change(struct pinstore *ps, const struct pinstore_pin *pin,
       struct revoking *revoking, int64_t now, struct pinstore_error *error)
{
	revoking->key.len = sizeof(pin->sha256);
	memcpy(revoking->key.octets, pin->sha256, sizeof(pin->sha256));
	revoking->order.kind = PS_ORDER_REVOKED;
	revoking->order.start = now;
	revoking->order.end = PINSTORE_NEVER;
	revoking->event.kind = revoking->is_revoked ? PS_EVENT_REVOKED
	                                            : PS_EVENT_UNREVOKED;
	revoking->event.at = now;
	revoking->event.count = 1;
	revoking->event.why = PINSTORE_WHY_REVOKED;
	revoking->event.pin = *pin;
	return ps_store_write_alone(ps->store, now, work_revoke, revoking,
	                            error);
}

enum pinstore_status
pinstore_revoke(struct pinstore *ps, const struct pinstore_pin *pin,
                const char *note, int64_t now, struct pinstore_error *error)
{
	struct revoking revoking = {.is_revoked = true};

	ps_error_clear(error);
	if (ps == NULL || pin == NULL || !take_text(note, revoking.order.text))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_revoke: no store, no pin, or a note of "
		               "more than %d octets", PINSTORE_NOTE_MAX);
	return change(ps, pin, &revoking, now, error);
}

enum pinstore_status
pinstore_unrevoke(struct pinstore *ps, const struct pinstore_pin *pin,
                  int64_t now, struct pinstore_error *error)
{
	struct revoking revoking = {.is_revoked = false};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || pin == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_unrevoke: no store, or no pin");
	status = change(ps, pin, &revoking, now, error);
	if (status == PINSTORE_OK && !revoking.was_revoked)
		return ps_fail(error, PINSTORE_ERR_NOTFOUND,
		               "this key is not revoked");
	return status;
}

enum pinstore_status
pinstore_is_revoked(struct pinstore *ps, const struct pinstore_pin *pin,
                    int *is_revoked, struct pinstore_error *error)
{
	struct ps_ruling ruling = {.pins = &pin, .n_pins = 1};
	enum pinstore_status status;

	ps_error_clear(error);
	if (is_revoked != NULL)
		*is_revoked = 1;
	if (ps == NULL || pin == NULL || is_revoked == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_is_revoked: no store, no pin, or no "
		               "place for the answer");
	/* Of no host, so that nothing else is asked. */
	status = ps_store_climb(ps->store, NULL, &ruling, NULL, NULL, error);
	if (status == PINSTORE_OK && !ruling.is_revoked && ps->system != NULL)
		status = ps_store_climb(ps->system, NULL, &ruling, NULL, NULL,
		                        error);
	if (status == PINSTORE_OK)
		*is_revoked = ruling.is_revoked;
	return status;
}

struct visiting_revoked {
	pinstore_revoked_fn *visit;
	void *arg;
};

static bool
visit_revoked(const struct ps_key *key, const struct ps_order *order, void *arg)
{
	const struct visiting_revoked *visiting = arg;
	struct pinstore_pin pin;

	memcpy(pin.sha256, key->octets, sizeof(pin.sha256));
	return visiting->visit(&pin, order->start,
	                       order->text[0] != '\0' ? order->text : NULL,
	                       visiting->arg) == 0;
}

enum pinstore_status
pinstore_walk_revoked(struct pinstore *ps, pinstore_revoked_fn *visit,
                      void *arg, struct pinstore_error *error)
{
	struct visiting_revoked visiting = {visit, arg};

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_walk_revoked: no store, or nothing to "
		               "call");
	return ps_store_orders(ps->store, PS_ORDER_REVOKED, visit_revoked,
	                       &visiting, error);
}

/* ----------------------------------------------------------------- bypasses */

struct bypassing {
	struct ps_host host;
	struct ps_order order;
	bool is_end;
	bool was_there;
	int64_t now;
};

static enum pinstore_status
work_bypass(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct bypassing *bypassing = arg;
	struct ps_event event = {
		.kind = bypassing->is_end ? PS_EVENT_BYPASS_ENDED
		                          : PS_EVENT_BYPASS,
		.at = bypassing->now,
		.count = 1,
		.host = &bypassing->host,
	};
	struct ps_order there;
	struct ps_key key;
	enum pinstore_status status;

	ps_host_key(&bypassing->host, &key);
	status = ps_write_get_order(write, PS_ORDER_BYPASS, &key,
	                            &bypassing->was_there, &there, error);
	if (status != PINSTORE_OK)
		return status;
	if (!bypassing->is_end)
		status = ps_write_put_order(write, &key, &bypassing->order,
		                            error);
	else if (bypassing->was_there)
		status = ps_write_drop_order(write, PS_ORDER_BYPASS, &key,
		                             error);
	else
		return PINSTORE_OK;
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

enum pinstore_status
pinstore_bypass(struct pinstore *ps, const struct pinstore_bypass *bypass,
                int64_t now, struct pinstore_error *error)
{
	struct bypassing bypassing = {.now = now};
	struct pinstore_bypass known;
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || !ps_sized_read(&known, sizeof(known), bypass))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_bypass: no store, or no bypass with "
		               "its size");
	status = ps_handle_name(known.host, &bypassing.host, error);
	if (status != PINSTORE_OK)
		return status;
	if (known.reason == NULL || known.reason[0] == '\0' ||
	    !take_text(known.reason, bypassing.order.text))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: a bypass needs a reason of at most %d "
		               "octets", bypassing.host.name,
		               PINSTORE_NOTE_MAX);
	if (known.end < known.start || known.end < now ||
	    (uint64_t)known.end - (uint64_t)known.start >
	            PINSTORE_BYPASS_SECONDS_MAX)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: a bypass lasts 7 days at most, and ends in "
		               "the future", bypassing.host.name);
	bypassing.order.kind = PS_ORDER_BYPASS;
	bypassing.order.subdomains = known.subdomains != 0;
	bypassing.order.start = known.start;
	bypassing.order.end = known.end;
	return ps_store_write_alone(ps->store, now, work_bypass, &bypassing,
	                            error);
}

enum pinstore_status
pinstore_bypass_end(struct pinstore *ps, const char *host, int64_t now,
                    struct pinstore_error *error)
{
	struct bypassing bypassing = {.now = now, .is_end = true};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_bypass_end: no store");
	status = ps_handle_name(host, &bypassing.host, error);
	if (status == PINSTORE_OK)
		status = ps_store_write_alone(ps->store, now, work_bypass,
		                              &bypassing, error);
	if (status == PINSTORE_OK && !bypassing.was_there)
		return ps_fail(error, PINSTORE_ERR_NOTFOUND,
		               "%s has no bypass", bypassing.host.name);
	return status;
}

struct visiting_bypass {
	pinstore_bypass_fn *visit;
	void *arg;
};

static bool
visit_bypass(const struct ps_key *key, const struct ps_order *order, void *arg)
{
	const struct visiting_bypass *visiting = arg;
	struct pinstore_bypass bypass = {
		.size = sizeof(bypass),
		.subdomains = order->subdomains,
		.start = order->start,
		.end = order->end,
		.reason = order->text,
	};
	struct ps_host host;

	/* A key that is no host's was never put, and is passed over here. */
	if (ps_key_host(key->octets, key->len, &host) != PINSTORE_OK)
		return true;
	bypass.host = host.name;
	return visiting->visit(&bypass, visiting->arg) == 0;
}

enum pinstore_status
pinstore_walk_bypasses(struct pinstore *ps, pinstore_bypass_fn *visit,
                       void *arg, struct pinstore_error *error)
{
	struct visiting_bypass visiting = {visit, arg};

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_walk_bypasses: no store, or nothing to "
		               "call");
	return ps_store_orders(ps->store, PS_ORDER_BYPASS, visit_bypass,
	                       &visiting, error);
}

/* --------------------------------------------------------------------- mode */

struct switching {
	struct ps_host host;
	enum pinstore_mode mode;
	bool is_forced;
	bool is_violated; /* in mode report, since it is as it is */
	int64_t now;
};

/* Violations of the entry while it was only watched. */
struct counting {
	const struct ps_host *host;
	bool subdomains;
	int64_t since;
	int64_t now;
	bool is_violated;
};

static bool
count_violation(uint64_t number, const struct ps_event *event, void *arg)
{
	struct counting *counting = arg;
	struct ps_key root, key;

	(void)number;
	if (event->kind != PS_EVENT_VIOLATION || event->is_enforced ||
	    event->host == NULL || event->at < counting->since ||
	    event->at > counting->now)
		return true;
	ps_host_key(counting->host, &root);
	ps_host_key(event->host, &key);
	counting->is_violated =
	        strcmp(event->host->name, counting->host->name) == 0 ||
	        (counting->subdomains &&
	         ps_key_is_ancestor(root.octets, root.len, key.octets,
	                            key.len));
	return !counting->is_violated;
}

/* Before the transaction: a violation that comes just then is not seen. */
static enum pinstore_status
look_for_violations(struct pinstore *ps, struct switching *switching,
                    struct pinstore_error *error)
{
	struct counting counting = {
		.host = &switching->host,
		.since = INT64_MIN,
		.now = switching->now,
	};
	const struct ps_section *section;
	struct ps_entry entry;
	enum pinstore_status status;

	status = ps_store_get(ps->store, &switching->host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	section = &entry.section[PINSTORE_CONFIGURED];
	counting.subdomains = section->include_subdomains;
	if (switching->now > INT64_MIN + RECENT_SECONDS)
		counting.since = switching->now - RECENT_SECONDS;
	if (section->updated > counting.since)
		counting.since = section->updated;
	status = ps_store_events(ps->store, 0, count_violation, &counting,
	                         error);
	switching->is_violated = counting.is_violated;
	return status;
}

static enum pinstore_status
work_mode(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct switching *switching = arg;
	struct ps_event event = {
		.kind = PS_EVENT_MODE,
		.layer = PINSTORE_CONFIGURED,
		.at = switching->now,
		.count = 1,
		.host = &switching->host,
	};
	struct ps_section *section;
	struct ps_entry entry;
	enum pinstore_status status;

	status = ps_write_get(write, &switching->host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	section = &entry.section[PINSTORE_CONFIGURED];
	if (!section->is_present)
		return ps_fail(error, PINSTORE_ERR_NOTFOUND,
		               "%s has no static entry", switching->host.name);
	if (section->mode == switching->mode)
		return PINSTORE_OK;
	if (switching->is_violated && !switching->is_forced)
		return ps_fail(error, PINSTORE_ERR_UNFIT,
		               "%s: within the last 7 days there were "
		               "connections that this entry would refuse",
		               switching->host.name);
	section->mode = switching->mode;
	section->updated = switching->now;
	status = ps_write_put(write, &switching->host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

enum pinstore_status
pinstore_set_mode(struct pinstore *ps, const char *host,
                  enum pinstore_mode mode, int force, int64_t now,
                  struct pinstore_error *error)
{
	struct switching switching = {
		.mode = mode,
		.is_forced = force != 0,
		.now = now,
	};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || (mode != PINSTORE_ENFORCE && mode != PINSTORE_REPORT))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_set_mode: no store, or no such mode");
	status = ps_handle_name(host, &switching.host, error);
	if (status == PINSTORE_OK && mode == PINSTORE_ENFORCE)
		status = look_for_violations(ps, &switching, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_store_write_alone(ps->store, now, work_mode, &switching,
	                            error);
}
