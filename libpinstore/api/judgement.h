/*
 * judgement.h - what came of a check, for the journal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_JUDGEMENT_H
#define PS_API_JUDGEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "api/entry.h"
#include "api/handle.h"
#include "api/report.h"

/* What reports are made of: the entries with a report-uri, and the path. */
struct ps_failed {
	bool is_wanted;
	uint16_t port;
	bool is_private;
	const struct pinstore_chain *chain; /* the last one judged so */
	struct pinstore_entry *entry[PS_DRAFTS_MAX];
	size_t n;
	uint64_t lost;
};

struct ps_judgement {
	struct ps_host host; /* first: the rest is cleared by itself */
	enum pinstore_host_kind kind;
	struct pinstore_pin leaf;   /* zero if there was none */
	struct pinstore_pin anchor; /* the same */
	enum pinstore_verdict verdict;
	enum pinstore_reason why;
	bool is_violation;  /* let through what an entry would have refused */
	bool is_other_path; /* not by the one that GnuTLS settled on */
	uint64_t policy;    /* of what did not match */
	struct ps_failed failed;
};

void
ps_judgement_clear(struct ps_judgement *judgement);

/* Keep a section that did not match, for a report, if it wants one. */
void
ps_judgement_keep(struct ps_judgement *judgement, size_t key_len,
                  enum pinstore_layer layer,
                  const struct ps_section_view *section);

/* A number for an entry, the same as long as it has the same pins. */
uint64_t
ps_judgement_policy(enum pinstore_layer layer, size_t key_len,
                    const struct ps_section_view *section);

/*
 * Write a violation, what was bypassed, or that another path was taken, into
 * the journal: the same host, policy and leaf (or anchor) once an hour; and
 * with it the reports that are due into their queue.  It waits 50 ms for other
 * writers; what fails is counted, and told with the next one.
 */
void
ps_judgement_record(struct pinstore *ps, const struct ps_judgement *judgement,
                    int64_t now);

#endif /* PS_API_JUDGEMENT_H */
