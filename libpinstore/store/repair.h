/*
 * repair.h - a new data file of what is sound in a damaged one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records are taken whose checksums hold: those that the walk finds, and those
 * that lie in pages to which it no longer leads, where the chain of next keys,
 * or the list of free pages, says that they still count.  Where neither tells
 * what was there, the record before the gap says so, by PS_ENTRY_NEXT_UNKNOWN:
 * no name in the gap is ever proved absent.
 */
#ifndef PS_STORE_REPAIR_H
#define PS_STORE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "store/db.h"

#define PS_KEPT_LEN 32

struct ps_repair_want {
	int dir_fd;
	int fd; /* the data file */
	const char *shown;
	bool accept_loss; /* close the gaps */
	bool is_alone;    /* nobody else has the store open */
	/* Told, with octets, what was read, then what was written; or NULL. */
	void (*step)(uint64_t done, uint64_t total, void *arg);
	void *arg;
};

struct ps_repair_totals {
	uint64_t kept[PS_TABLES]; /* records in the new file */
	uint64_t gaps;            /* that were left, or, accepted, closed */
	int64_t lost_names;       /* -1: nobody knows */
	bool has_lost_settings;
	char old_name[PS_KEPT_LEN]; /* of the damaged file */
};

/*
 * The caller holds the directory's lock and the gate.  The new file takes the
 * old one's place in one step; until then nothing is changed.
 * Errors: NOMEM, BUSY (who uses the store must end first), FULL, IO, ACCESS,
 *         DAMAGED (it has lost what all checksums are made with).
 */
enum pinstore_status
ps_repair_run(const struct ps_repair_want *want,
              struct ps_repair_totals *totals,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_REPAIR_H */
