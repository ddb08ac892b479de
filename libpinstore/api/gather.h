/*
 * gather.h - entries to be imported: gathered, sorted, and made one a host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_GATHER_H
#define PS_API_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/admin.h>

#include "model/entry.h"
#include "model/host.h"

/* An item as it is kept: what has a length stands behind it. */
struct ps_item {
	uint64_t line;
	uint64_t other; /* see pinstore_import_fn */
	int64_t observed; /* or PINSTORE_UNDATED */
	int64_t updated;
	int64_t expires;
	int64_t max_age;
	uint16_t report_uri_len;
	uint8_t note_len_low; /* of 9 bits */
	uint8_t note_len_high;
	uint8_t key_len;
	uint8_t n_pins;
	uint8_t layer;
	uint8_t source;
	uint8_t mode;
	uint8_t quota_labels;
	uint8_t fate;
	bool include_subdomains;
	bool is_suffix; /* a public one */
	bool is_part;
	/* Not to be written: another stands for it, or it was passed over. */
	bool is_done;
	uint8_t octets[]; /* the pins, the key, the report-uri, the note */
};

/* Where an item is, with the octets of its key that tell most. */
struct ps_item_ref {
	uint64_t prefix[2];
	struct ps_item *item;
};

struct ps_arena;

struct pinstore_import {
	struct ps_arena *arena;
	struct ps_item_ref *refs;
	size_t n;
	size_t room;
	bool is_sorted;
};

/*
 * Add an item to be kept.  Owner: import.  Errors: NOMEM.
 */
enum pinstore_status
ps_gather_add(struct pinstore_import *import, const struct ps_host *host,
              const struct ps_section *section, enum pinstore_layer layer,
              bool is_suffix, bool is_part, uint64_t line) PINSTORE_MUST_CHECK;

/*
 * Sort by key and layer, and let one item stand for those of the same: equal
 * ones, and parts, whose pins it gets.  The fate of others is DOUBLE or CROWD.
 * Errors: NOMEM.
 */
enum pinstore_status
ps_gather_settle(struct pinstore_import *import) PINSTORE_MUST_CHECK;

/* Of sorted items: whether b is of the same host as a. */
bool
ps_item_is_same_host(const struct ps_item_ref *a, const struct ps_item_ref *b);

/* It is soon to be read. */
void
ps_item_prefetch(const struct ps_item_ref *ref);

void
ps_item_key(const struct ps_item *item, struct ps_key *out);

/* The section that item is; now is the time of what is undated. */
void
ps_item_section(const struct ps_item *item, int64_t now,
                struct ps_section *out);

void
ps_gather_free(struct pinstore_import *import);

#endif /* PS_API_GATHER_H */
