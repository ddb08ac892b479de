/*
 * report.h - failures on their way into the queue of reports.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing here fails: a report that cannot be made or queued is counted, and
 * the connection goes the way it would have gone.
 */
#ifndef PS_API_REPORT_H
#define PS_API_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/admin.h>

#include "api/handle.h"

/* What a report tells. */
struct ps_failure {
	enum pinstore_kind kind;
	int64_t at;
	const struct ps_host *host; /* of the connection */
	uint16_t port;              /* 0 = 443 */
	bool is_private;
	struct ps_host noted;       /* whose policy it is */
	bool include_subdomains;
	int64_t expires;
	struct ps_pinset pins;
	const char *uri;
	const struct pinstore_chain *chain;
};

struct ps_draft {
	struct ps_report fields;
	char *text;
	bool is_queued;
	int64_t since; /* since when it is, or was */
};

/* Of one connection: each layer that is judged has two entries. */
#define PS_DRAFTS_MAX 6

struct ps_drafts {
	size_t n;
	struct ps_draft draft[PS_DRAFTS_MAX];
	uint64_t lost; /* could not be made */
};

/*
 * The JSON text of a report, with a NUL.  Owner: the caller.
 * Errors: NOMEM, FULL (longer than PINSTORE_REPORT_OCTETS_MAX); without text.
 * Source: RFC 7469, 3.
 */
enum pinstore_status
ps_report_compose(const struct ps_failure *failure, char **text,
                  size_t *len) PINSTORE_MUST_CHECK;

/* Add the report of a failure, if there is to be one. */
void
ps_drafts_add(struct ps_drafts *drafts, struct pinstore *ps,
              const struct ps_report_rules *rules,
              const struct ps_failure *failure);

/* In a transaction: queue them all. */
enum pinstore_status
ps_drafts_write(struct ps_drafts *drafts, struct ps_write *write,
                struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* That transaction holds, or it does not: then they are lost. */
void
ps_drafts_written(const struct ps_drafts *drafts, struct pinstore *ps);
void
ps_drafts_lost(struct ps_drafts *drafts);

void
ps_drafts_clear(struct ps_drafts *drafts);

/*
 * Queue the report of a field that no pin in the chain satisfies, in a
 * transaction of its own; whether it is there now that was not.
 */
bool
ps_report_queue(struct pinstore *ps, const struct ps_report_rules *rules,
                const struct ps_failure *failure);

#endif /* PS_API_REPORT_H */
