/*
 * room.h - whether there is room for one more learned entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_ROOM_H
#define PS_API_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/handle.h"

/* One search for room, in a transaction that may be begun again. */
struct ps_room {
	struct pinstore *ps;
	const struct ps_host *host;
	const struct ps_limits *limits;
	size_t labels; /* of the registrable domain */
	int64_t now;
	int64_t high_water; /* before this write */
	int64_t swept;      /* and what ps->swept was */
	bool has_swept;     /* none is left in the store */
	size_t n_buried;
	bool is_domain_full; /* if there is no room: not the whole store */
};

/* Before the transaction; the members up to now are the caller's. */
enum pinstore_status
ps_room_begin(struct ps_room *room,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* In it: whether there is room.  Makes some if it can. */
enum pinstore_status
ps_room_find(struct ps_write *write, struct ps_room *room, bool *has_room,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The registrable domain of the host. */
void
ps_room_domain(const struct ps_room *room, struct ps_host *out);

/* Behind it, whatever came of it. */
void
ps_room_end(struct ps_room *room);

#endif /* PS_API_ROOM_H */
