/*
 * handle.h - struct pinstore: an open store and how it is to be used.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_HANDLE_H
#define PS_API_HANDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/admin.h>

#include "model/host.h"
#include "rules/report.h"
#include "store/store.h"

/* See enum pinstore_option. */
struct pinstore_options {
	struct ps_store_options store;
	int64_t max_age_cap;
	bool is_strict;
	int64_t refresh_slack;
	uint64_t quota_domain;
	uint64_t quota_total;
	bool has_suffix_rule;
	bool has_reports;
	uint32_t given; /* bit n: option n was set by the caller */
	char *system;   /* the path of the system's store, or NULL */
};

/* What is kept to: the caller's options, else the store's settings. */
struct ps_limits {
	int64_t max_age_cap;
	int64_t refresh_slack;
	uint64_t quota_domain;
	uint64_t quota_total;
	bool has_suffix_rule;
	bool learns_subdomains;
	struct ps_report_rules reports;
	bool may_report_to_private; /* for senders */
	int64_t max_bytes;          /* of the file */
};

/* A store whose file may not become so large holds next to nothing. */
#define PS_MAX_BYTES_MIN (INT64_C(1) << 20)

/* A judgement that the journal has, or a report, by a hash; since when. */
struct ps_quiet {
	_Atomic uint64_t hash;
	_Atomic int64_t since;
};
#define PS_QUIET 64

/* Layers that a check judges: those of a record, and the system's. */
#define PS_JUDGED_LAYERS (PINSTORE_SYSTEM + 1)

struct pinstore {
	pinstore_progress_fn *progress; /* or NULL */
	void *progress_arg;
	struct ps_store *store;
	struct ps_store *system; /* or NULL: its configured layer counts too */
	struct pinstore_options options;
	/* The now at which a full store was last searched for dead entries. */
	_Atomic int64_t swept;
	struct ps_quiet quiet[PS_QUIET];
	/* Judgements that the journal could not be told. */
	_Atomic uint64_t dropped;
	/* Reports that could not be queued. */
	_Atomic uint64_t lost;
};

/* Nobody waits longer for a verdict because of what is written down of it. */
#define PS_RECORD_LIMIT_MS 50

/* Entries that expired longer ago do not count against a quota. */
#define PS_DEAD_AFTER (INT64_C(7) * 86400)
/* A clock further ahead of the store's is believed by nothing that deletes. */
#define PS_CLOCK_AHEAD (INT64_C(60) * 86400)

/*
 * Canonicalise a caller's host.  Errors: ARG (NULL), NOMEM, HOST; the text
 * names the host.
 */
enum pinstore_status
ps_handle_host(const char *text, struct ps_host *out,
               enum pinstore_host_kind *kind,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The same where an address is an error too. */
enum pinstore_status
ps_handle_name(const char *text, struct ps_host *out,
               struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Read the settings of the store, where the caller has set no option. */
enum pinstore_status
ps_handle_limits(struct pinstore *ps, struct ps_limits *out,
                 struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * For an hour a process need not ask the store whether it has been told of what
 * has that hash, which is not 0.
 */
bool
ps_handle_is_quiet(struct pinstore *ps, uint64_t hash, int64_t now);
void
ps_handle_hush(struct pinstore *ps, uint64_t hash, int64_t since);

/* Tell the caller's function, if there is one. */
void
ps_handle_tell(const struct pinstore *ps, uint64_t done, uint64_t total);

/* Whether now lies so far ahead of high_water that nothing is deleted. */
bool
ps_handle_is_ahead(int64_t now, int64_t high_water);

#endif /* PS_API_HANDLE_H */
