/*
 * report.c - whether a failure is reported, to whom, and when.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/report.h"

#include <assert.h>
#include <string.h>

#include "base/octets.h"
#include "model/header.h"

/* The first pause; each one is twice as long as the one before. */
#define PAUSE_SECONDS 60
#define PAUSE_SECONDS_MAX \
	(PAUSE_SECONDS << (PINSTORE_REPORT_ATTEMPTS_MAX - 1))

bool
ps_report_is_failure(enum pinstore_verdict verdict, enum pinstore_reason why,
                     enum pinstore_mode mode)
{
	switch (verdict) {
	case PINSTORE_REJECT:
		/* Not for want of a path, or for a revoked key (R-2.6-9). */
		return why == PINSTORE_WHY_NO_PIN_IN_CHAIN;
	case PINSTORE_UNPINNED:
	case PINSTORE_MATCHED:
		return mode == PINSTORE_REPORT &&
		       why != PINSTORE_WHY_ADDRESS;
	case PINSTORE_BYPASSED:
		break;
	}
	return false;
}

/* Whether the policy judges connections to host, too. */
static bool
covers(const struct ps_report_policy *policy, const struct ps_host *host)
{
	struct ps_key noted, key;

	if (strcmp(host->name, policy->noted->name) == 0 ||
	    strcmp(host->name, policy->host->name) == 0)
		return true;
	ps_host_key(policy->noted, &noted);
	ps_host_key(host, &key);
	return policy->include_subdomains &&
	       ps_key_is_ancestor(noted.octets, noted.len, key.octets, key.len);
}

bool
ps_report_may_go(const struct ps_report_rules *rules,
                 const struct ps_report_policy *policy)
{
	struct ps_report_uri uri;

	if (!rules->is_on ||
	    (policy->kind == PINSTORE_PKP_RO && !rules->is_report_only_on) ||
	    !ps_header_split_report_uri(policy->uri, strlen(policy->uri), &uri))
		return false;
	if (!uri.is_https && rules->is_https_only)
		return false;
	if (rules->is_same_origin_only &&
	    (!uri.is_https || uri.port != policy->port ||
	     strcmp(uri.host.name, policy->noted->name) != 0))
		return false;
	/* It would fail as this one did (D-12). */
	return !uri.is_https || uri.kind != PINSTORE_HOST_NAME ||
	       !covers(policy, &uri.host);
}

static void
hash_number(struct ps_siphash *hash, uint64_t number)
{
	uint8_t octets[8];

	ps_put_le64(octets, number);
	ps_siphash_update(hash, octets, sizeof(octets));
}

static void
hash_text(struct ps_siphash *hash, const char *text)
{
	hash_number(hash, strlen(text));
	ps_siphash_update(hash, text, strlen(text));
}

void
ps_report_hash_policy(struct ps_siphash *hash,
                      const struct ps_report_policy *policy)
{
	hash_text(hash, policy->uri);
	hash_text(hash, policy->host->name);
	hash_number(hash, policy->port);
	hash_text(hash, policy->noted->name);
	hash_number(hash, policy->include_subdomains);
	hash_number(hash, policy->n_pins);
	if (policy->n_pins > 0)
		ps_siphash_update(hash, policy->pins,
		                  policy->n_pins * sizeof(*policy->pins));
}

void
ps_report_hash_certificate(struct ps_siphash *hash, const uint8_t *octets,
                           size_t len)
{
	hash_number(hash, len);
	if (len > 0)
		ps_siphash_update(hash, octets, len);
}

/* No certificate is as long. */
void
ps_report_hash_end(struct ps_siphash *hash)
{
	hash_number(hash, UINT64_MAX);
}

int64_t
ps_report_after(int64_t now, int64_t seconds)
{
	return now > INT64_MAX - seconds ? INT64_MAX : now + seconds;
}

/*
 * A time ahead of now by at most seconds; one further off is a clock's fault.
 */
static bool
is_ahead(int64_t at, int64_t now, int64_t seconds)
{
	return at > now && (uint64_t)at - (uint64_t)now <= (uint64_t)seconds;
}

bool
ps_report_is_leased(int64_t leased, int64_t now)
{
	return is_ahead(leased, now, PINSTORE_REPORT_LEASE_SECONDS);
}

bool
ps_report_is_due(int64_t next, int64_t now)
{
	return !is_ahead(next, now, PAUSE_SECONDS_MAX);
}

int64_t
ps_report_pause(unsigned attempts)
{
	assert(attempts >= 1);
	if (attempts > PINSTORE_REPORT_ATTEMPTS_MAX)
		attempts = PINSTORE_REPORT_ATTEMPTS_MAX;
	return (int64_t)PAUSE_SECONDS << (attempts - 1);
}
