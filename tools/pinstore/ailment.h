/*
 * ailment.h - what can be wrong with a store, and what was found to be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Without memory the program ends, see memory.h.
 */
#ifndef TOOL_AILMENT_H
#define TOOL_AILMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Worst first. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_ADVICE };

/* Worst first, as they are told. */
enum ailment {
	AILMENT_DAMAGED,
	AILMENT_GAPS,
	AILMENT_REFUSED,
	AILMENT_ALL_REVOKED,
	AILMENT_CLOCK,
	AILMENT_FUTURE,
	AILMENT_FULL,
	AILMENT_QUOTA,
	AILMENT_EXPIRED_STATIC,
	AILMENT_BYPASSED,
	AILMENT_SINGLE_PIN,
	AILMENT_REVOKED_PIN,
	AILMENT_SUFFIX,
	AILMENT_EXPIRING,
	AILMENT_WATCHED,
	AILMENT_UNREAD,
	AILMENT_PARENT,
	AILMENT_READABLE,
	AILMENT_REPORTS_LOST,
	AILMENT_REPORTS_WAITING,
	AILMENT_ANCHORS,
	AILMENT_NEVER_MATCHED,
	AILMENT_QUIET,
	AILMENT_EXPIRED
};
#define AILMENTS (AILMENT_EXPIRED + 1)

/* So many hosts of an ailment are told, unless all are wanted. */
#define AILMENT_HOSTS 10

/* A host, or another thing, that has it. */
struct patient {
	char *name;
	char *detail;
};

struct finding {
	uint64_t count;
	struct patient *patients; /* the first of them */
	size_t n_patients;
};

struct findings {
	bool keeps_all;
	struct finding of[AILMENTS];
};

/* name has it; detail (of tool_format(), which is taken over) says how. */
void
findings_add(struct findings *findings, enum ailment ailment, const char *name,
             char *detail);

/* Whether there is an error or a warning; advice is none. */
bool
findings_are_bad(const struct findings *findings);

void
findings_print(const struct findings *findings, bool is_colored, FILE *out);

/* One array, an object for each ailment. */
void
findings_print_json(const struct findings *findings, FILE *out);

void
findings_free(struct findings *findings);

#endif /* TOOL_AILMENT_H */
