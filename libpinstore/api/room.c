/*
 * room.c - whether there is room for one more learned entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/room.h"

#include <stdatomic.h>
#include <string.h>

#include "rules/policy.h"

/* How often a full store is searched for entries that are long dead. */
#define SWEEP_EVERY INT64_C(3600)
/* And how many it buries at once, while other writers wait. */
#define SWEEP_MAX 1000

static bool
is_dead(const struct ps_section *section, int64_t now)
{
	return section->is_present &&
	       !ps_policy_is_live(ps_policy_after(section->expires,
	                                          PS_DEAD_AFTER), now);
}

static enum pinstore_status
bury(struct ps_write *write, const struct ps_host *host,
     const struct ps_entry *entry, void *arg, struct pinstore_error *error)
{
	struct ps_room *room = arg;
	struct ps_entry rest;

	if (!is_dead(&entry->section[PINSTORE_LEARNED], room->now) ||
	    room->n_buried == SWEEP_MAX)
		return PINSTORE_OK;
	room->n_buried++;
	rest = *entry;
	memset(&rest.section[PINSTORE_LEARNED], 0,
	       sizeof(rest.section[PINSTORE_LEARNED]));
	return ps_write_put(write, host, &rest, error);
}

void
ps_room_domain(const struct ps_room *room, struct ps_host *out)
{
	size_t skip = ps_host_labels(room->host) - room->labels;
	const char *at = room->host->name;

	for (; skip > 0; skip--)
		at = strchr(at, '.') + 1;
	out->len = strlen(at);
	memcpy(out->name, at, out->len + 1);
}

/*
 * Remove what has been dead for a week: below the registrable domain, or in
 * the whole store, and there at most once an hour if that has found the last,
 * for it is a long search.
 */
static enum pinstore_status
sweep(struct ps_write *write, struct ps_room *room, bool is_whole,
      struct pinstore_error *error)
{
	struct ps_host domain;
	enum pinstore_status status;

	room->n_buried = 0;
	if (ps_handle_is_ahead(room->now, room->high_water))
		return PINSTORE_OK;
	if (is_whole) {
		if (room->swept != INT64_MIN &&
		    room->now >= room->swept &&
		    room->now - room->swept < SWEEP_EVERY)
			return PINSTORE_OK;
		status = ps_write_each(write, NULL, bury, room, error);
		room->has_swept = room->n_buried < SWEEP_MAX;
		return status;
	}
	ps_room_domain(room, &domain);
	return ps_write_each(write, &domain, bury, room, error);
}

enum pinstore_status
ps_room_find(struct ps_write *write, struct ps_room *room, bool *has_room,
             struct pinstore_error *error)
{
	uint64_t domain, total;
	enum pinstore_status status;
	int tries;

	*has_room = false;
	for (tries = 0; tries < 2; tries++) {
		status = ps_write_counts(write, room->host, room->labels,
		                         &domain, &total, error);
		if (status != PINSTORE_OK)
			return status;
		if (domain < room->limits->quota_domain &&
		    total < room->limits->quota_total) {
			*has_room = true;
			return PINSTORE_OK;
		}
		room->is_domain_full = domain >= room->limits->quota_domain;
		if (tries == 1)
			break;
		status = sweep(write, room, !room->is_domain_full, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

enum pinstore_status
ps_room_begin(struct ps_room *room, struct pinstore_error *error)
{
	room->swept = atomic_load(&room->ps->swept);
	room->has_swept = false;
	room->n_buried = 0;
	return ps_store_high_water(room->ps->store, &room->high_water, error);
}

/* Not in the transaction, which may have been undone, burials and all. */
void
ps_room_end(struct ps_room *room)
{
	if (room->has_swept)
		atomic_store(&room->ps->swept, room->now);
}
