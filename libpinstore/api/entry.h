/*
 * entry.h - struct pinstore_entry: one section of a record, for callers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_ENTRY_H
#define PS_API_ENTRY_H

#include "model/entry.h"
#include "model/host.h"

struct pinstore_entry {
	struct ps_host host;
	enum pinstore_layer layer;
	struct ps_section section;
};

/* NULL without memory.  Owner: the caller (pinstore_entry_free()). */
struct pinstore_entry *
ps_entry_new(const struct ps_host *host, enum pinstore_layer layer,
             const struct ps_section_view *view);

#endif /* PS_API_ENTRY_H */
