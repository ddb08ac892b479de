/*
 * tally.h - the store in numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_TALLY_H
#define TOOL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/admin.h>
#include <pinstore/pinstore.h>

/* Violations so long ago are recent, and entries that soon over expiring. */
#define TALLY_RECENT (INT64_C(7) * 86400)
#define TALLY_SOON (INT64_C(14) * 86400)

enum tally_source { TALLY_STATIC, TALLY_HEADER, TALLY_TOFU };
#define TALLY_SOURCES 3

struct tally {
	/* Entries, expired ones too, by source; enforced or only watched. */
	uint64_t entries[TALLY_SOURCES][2];
	uint64_t covering;  /* with includeSubDomains */
	uint64_t expired;
	uint64_t expiring;  /* not expired, but within TALLY_SOON */
	uint64_t single;    /* with one pin */
	uint64_t bypasses;  /* in force */
	uint64_t revoked;   /* keys */
	uint64_t violations[2]; /* recent ones: watched, refused */
	int64_t violated;   /* the last of all that are known, or INT64_MIN */
	struct pinstore_report_totals reports;
	struct pinstore_usage usage;
};

/* The sources in the order of the table, and their words. */
const char *
tally_source_word(enum tally_source source);

/* All entries. */
uint64_t
tally_total(const struct tally *tally);

/*
 * Count all of the store as of now.  Takes one pass over entries and journal,
 * and no memory that grows with them.
 */
bool
tally_take(struct pinstore *store, int64_t now, struct tally *out,
           struct pinstore_error *error);

#endif /* TOOL_TALLY_H */
