/*
 * report_fixture.h - failures that are reported, and what waits of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_UNIT_REPORT_FIXTURE_H
#define TESTS_UNIT_REPORT_FIXTURE_H

#include <stdlib.h>

#include <pinstore/admin.h>

#include "tests/unit/api_fixture.h"

#define URI "https://collector.test/pins"

/* A static entry with a report-uri; sub is includeSubDomains. */
static inline void
pin_reported(const char *host, const char *letters, int sub, const char *uri,
             enum pinstore_mode mode)
{
	struct pinstore_pin pins[64];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = pins_of(letters, pins),
		.include_subdomains = sub,
		.mode = mode,
		.expires = NOW + 1000,
		.report_uri = uri,
	};
	struct pinstore_error error;

	ck_assert_msg(pinstore_pin(ps, &rule, NOW, &error) == PINSTORE_OK,
	              "%s", error.text);
}

/* Check with a chain as a client at that port does, and forget the result. */
static inline enum pinstore_verdict
check_chain(const char *host, uint16_t port, unsigned flags,
            const struct pinstore_chain *chain, int64_t now)
{
	struct pinstore_peer peer = {
		.size = sizeof(peer),
		.host = host,
		.port = port,
		.flags = flags,
	};
	enum pinstore_verdict verdict;
	struct pinstore_error error;

	ck_assert_msg(pinstore_check(ps, &peer, chain, now, &verdict, NULL,
	                             &error) == PINSTORE_OK,
	              "%s", error.text);
	return verdict;
}

static inline enum pinstore_verdict
check_port(const char *host, uint16_t port, const char *letters, int64_t now)
{
	struct pinstore_chain *chain = chain_of(letters);
	enum pinstore_verdict verdict;

	verdict = check_chain(host, port, 0, chain, now);
	pinstore_chain_free(chain);
	return verdict;
}

static inline struct pinstore_report_totals
totals(void)
{
	struct pinstore_report_totals out = {.size = sizeof(out)};
	struct pinstore_error error;

	ck_assert_msg(pinstore_report_count(ps, &out, &error) == PINSTORE_OK,
	              "%s", error.text);
	return out;
}

static inline void
assert_waiting(uint64_t waiting, uint64_t dropped)
{
	struct pinstore_report_totals now = totals();

	ck_assert_uint_eq(now.waiting, waiting);
	ck_assert_uint_eq(now.dropped, dropped);
}

/* The next one that is due, or NULL.  Owner: the caller. */
static inline struct pinstore_report *
take_at(int64_t now)
{
	struct pinstore_report *report;
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_report_take(ps, now, &report, &error);
	ck_assert_msg(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND,
	              "%s", error.text);
	ck_assert_int_eq(status == PINSTORE_OK, report != NULL);
	return report;
}

static inline void
settle_at(struct pinstore_report *report, enum pinstore_outcome outcome,
          int64_t now)
{
	struct pinstore_error error;

	ck_assert_ptr_nonnull(report);
	ck_assert_msg(pinstore_report_settle(ps, report, outcome, now,
	                                     &error) == PINSTORE_OK,
	              "%s", error.text);
}

#endif /* TESTS_UNIT_REPORT_FIXTURE_H */
