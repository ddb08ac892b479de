/*
 * audit.h - a walk that also reads what the records say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every checksum with its key, every field, the chain of next keys, and that
 * counters and summaries are those of the records.
 */
#ifndef PS_STORE_AUDIT_H
#define PS_STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/meta.h"
#include "store/walk.h"

struct ps_audit_want {
	int fd;
	const char *shown;
	uint64_t snapshot; /* as ps_walk_run() */
	void (*flaw)(const struct ps_flaw *flaw, void *arg); /* or NULL */
	void (*step)(uint64_t done, uint64_t total, void *arg); /* or NULL */
	void *arg;
};

struct ps_audit_totals {
	struct ps_walk_totals walk; /* all flaws are in its count */
	uint64_t records;
	uint64_t later; /* of a later version: not judged */
	uint64_t gaps;  /* left by a repair, told by the record before */
	bool has_schema;
	struct ps_schema schema;
};

/* Errors: as ps_walk_run(). */
enum pinstore_status
ps_audit_run(const struct ps_audit_want *want, struct ps_audit_totals *totals,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Fill *error with the words for a flaw.  It is DAMAGED, which is returned.
 */
enum pinstore_status
ps_audit_fail(const char *shown, const struct ps_flaw *flaw,
              struct pinstore_error *error);

/* A word for a kind, and what it means. */
const char *
ps_flaw_word(enum pinstore_flaw_kind kind);
const char *
ps_flaw_text(enum pinstore_flaw_kind kind);

/* The record's own name, a text; "" if it has none. */
#define PS_FLAW_RECORD_LEN (PINSTORE_HOST_MAX + 1)
void
ps_flaw_record(const struct ps_flaw *flaw, char out[PS_FLAW_RECORD_LEN]);

#endif /* PS_STORE_AUDIT_H */
