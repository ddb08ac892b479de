/*
 * tally.c - the store in numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "tally.h"

#include <string.h>

struct taking {
	struct tally *tally;
	int64_t now;
};

const char *
tally_source_word(enum tally_source source)
{
	static const enum pinstore_source sources[TALLY_SOURCES] = {
		[TALLY_STATIC] = PINSTORE_STATIC,
		[TALLY_HEADER] = PINSTORE_HEADER,
		[TALLY_TOFU] = PINSTORE_TOFU,
	};

	return pinstore_source_word(sources[source]);
}

uint64_t
tally_total(const struct tally *tally)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < TALLY_SOURCES; i++)
		total += tally->entries[i][0] + tally->entries[i][1];
	return total;
}

static enum tally_source
source_of(const struct pinstore_entry *entry)
{
	switch (pinstore_entry_source(entry)) {
	case PINSTORE_STATIC:
		break;
	case PINSTORE_HEADER:
		return TALLY_HEADER;
	case PINSTORE_TOFU:
		return TALLY_TOFU;
	}
	return TALLY_STATIC;
}

static int
count_entry(const struct pinstore_entry *entry, void *arg)
{
	const struct taking *taking = arg;
	struct tally *tally = taking->tally;
	int64_t expires = pinstore_entry_expires(entry);
	bool is_watched = pinstore_entry_mode(entry) == PINSTORE_REPORT;
	size_t n_pins;

	tally->entries[source_of(entry)][is_watched]++;
	if (pinstore_entry_include_subdomains(entry))
		tally->covering++;
	if (expires < taking->now)
		tally->expired++;
	else if (expires - taking->now <= TALLY_SOON)
		tally->expiring++;
	(void)pinstore_entry_pins(entry, &n_pins);
	if (n_pins == 1)
		tally->single++;
	return 0;
}

static int
count_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	const struct taking *taking = arg;

	if (bypass->start <= taking->now && taking->now <= bypass->end)
		taking->tally->bypasses++;
	return 0;
}

static int
count_revoked(const struct pinstore_pin *pin, int64_t since, const char *note,
              void *arg)
{
	const struct taking *taking = arg;

	(void)pin;
	(void)since;
	(void)note;
	taking->tally->revoked++;
	return 0;
}

static int
count_record(const struct pinstore_record *record, void *arg)
{
	const struct taking *taking = arg;
	struct tally *tally = taking->tally;
	int64_t when = pinstore_record_time(record);

	if (pinstore_record_event(record) != PINSTORE_EVENT_VIOLATION)
		return 0;
	if (when > tally->violated)
		tally->violated = when;
	if (when <= taking->now && taking->now - when <= TALLY_RECENT)
		tally->violations[pinstore_record_enforced(record) != 0] +=
		        pinstore_record_count(record);
	return 0;
}

bool
tally_take(struct pinstore *store, int64_t now, struct tally *out,
           struct pinstore_error *error)
{
	struct taking taking = {out, now};

	memset(out, 0, sizeof(*out));
	out->violated = INT64_MIN;
	out->reports.size = sizeof(out->reports);
	out->usage.size = sizeof(out->usage);
	return pinstore_walk(store, NULL, count_entry, &taking, error) ==
	               PINSTORE_OK &&
	       pinstore_walk_bypasses(store, count_bypass, &taking, error) ==
	               PINSTORE_OK &&
	       pinstore_walk_revoked(store, count_revoked, &taking, error) ==
	               PINSTORE_OK &&
	       pinstore_log(store, 0, count_record, &taking, error) ==
	               PINSTORE_OK &&
	       pinstore_report_count(store, &out->reports, error) ==
	               PINSTORE_OK &&
	       pinstore_usage(store, &out->usage, error) == PINSTORE_OK;
}
