/*
 * report.h - whether a failure is reported, to whom, and when.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pure functions: no store, no TLS, no clock.
 */
#ifndef PS_RULES_REPORT_H
#define PS_RULES_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/admin.h>

#include "base/siphash.h"
#include "model/host.h"

/* What the operator and the opener of a handle allow. */
struct ps_report_rules {
	bool is_on;
	bool is_report_only_on;
	bool is_https_only;
	bool is_same_origin_only;
};

/* The connection, and the policy that it did not satisfy. */
struct ps_report_policy {
	enum pinstore_kind kind;
	const struct ps_host *host;  /* of the connection */
	uint16_t port;
	const struct ps_host *noted; /* of the entry; of a field, the host's */
	bool include_subdomains;
	const struct pinstore_pin *pins; /* sorted */
	size_t n_pins;
	const char *uri;
};

/*
 * Whether a check of that outcome is a failure of Pin Validation by an entry of
 * that mode which has no pin in the chain.
 */
bool
ps_report_is_failure(enum pinstore_verdict verdict, enum pinstore_reason why,
                     enum pinstore_mode mode);

/* Whether a report may be sent to the policy's URI at all. */
bool
ps_report_may_go(const struct ps_report_rules *rules,
                 const struct ps_report_policy *policy);

/*
 * Two reports are the same if these have hashed the same: the policy and the
 * connection, then each certificate of a list, then the end of the list.
 * Times are left out.
 */
void
ps_report_hash_policy(struct ps_siphash *hash,
                      const struct ps_report_policy *policy);
void
ps_report_hash_certificate(struct ps_siphash *hash, const uint8_t *octets,
                           size_t len);
void
ps_report_hash_end(struct ps_siphash *hash);

/* now + seconds, at most INT64_MAX; seconds >= 0. */
int64_t
ps_report_after(int64_t now, int64_t seconds);

/* Whether a taker's time, which ends at `leased`, is not over. */
bool
ps_report_is_leased(int64_t leased, int64_t now);

/* Whether one that is to be tried again from `next` is due. */
bool
ps_report_is_due(int64_t next, int64_t now);

/* Seconds from an attempt that failed, the first being 1, to the next one. */
int64_t
ps_report_pause(unsigned attempts);

#endif /* PS_RULES_REPORT_H */
