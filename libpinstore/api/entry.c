/*
 * entry.c - reading a struct pinstore_entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/entry.h"

#include <stdlib.h>

struct pinstore_entry *
ps_entry_new(const struct ps_host *host, enum pinstore_layer layer,
             const struct ps_section_view *view)
{
	struct pinstore_entry *entry;

	entry = malloc(sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->host = *host;
	entry->layer = layer;
	ps_section_copy(view, &entry->section);
	return entry;
}

void
pinstore_entry_free(struct pinstore_entry *entry)
{
	free(entry);
}

const char *
pinstore_entry_host(const struct pinstore_entry *entry)
{
	return entry->host.name;
}

enum pinstore_layer
pinstore_entry_layer(const struct pinstore_entry *entry)
{
	return entry->layer;
}

enum pinstore_source
pinstore_entry_source(const struct pinstore_entry *entry)
{
	return entry->section.source;
}

enum pinstore_mode
pinstore_entry_mode(const struct pinstore_entry *entry)
{
	return entry->section.mode;
}

int
pinstore_entry_include_subdomains(const struct pinstore_entry *entry)
{
	return entry->section.include_subdomains ? 1 : 0;
}

const struct pinstore_pin *
pinstore_entry_pins(const struct pinstore_entry *entry, size_t *n)
{
	*n = entry->section.pins.n;
	return entry->section.pins.pin;
}

int64_t
pinstore_entry_noted(const struct pinstore_entry *entry)
{
	return entry->section.observed;
}

int64_t
pinstore_entry_updated(const struct pinstore_entry *entry)
{
	return entry->section.updated;
}

int64_t
pinstore_entry_expires(const struct pinstore_entry *entry)
{
	return entry->section.expires;
}

int64_t
pinstore_entry_max_age_sent(const struct pinstore_entry *entry)
{
	return entry->section.max_age;
}

const char *
pinstore_entry_report_uri(const struct pinstore_entry *entry)
{
	const char *uri = entry->section.report_uri;

	return uri[0] != '\0' ? uri : NULL;
}

const char *
pinstore_entry_note(const struct pinstore_entry *entry)
{
	const char *note = entry->section.note;

	return note[0] != '\0' ? note : NULL;
}
