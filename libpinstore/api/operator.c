/*
 * operator.c - show, pin, clear, expire and walk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "api/entry.h"
#include "api/handle.h"
#include "api/sized.h"
#include "base/status.h"
#include "model/header.h"
#include "rules/policy.h"

/* Records that one transaction of expire removes at most. */
#define EXPIRE_BATCH 256

/* ------------------------------------------------------------------- show */

enum pinstore_status
pinstore_show(struct pinstore *ps, const char *host, enum pinstore_layer layer,
              struct pinstore_entry **out, struct pinstore_error *error)
{
	const size_t at = layer == PINSTORE_SYSTEM ? PINSTORE_CONFIGURED : layer;
	struct pinstore_entry *entry;
	struct ps_entry record;
	struct ps_host name;
	enum pinstore_status status;

	ps_error_clear(error);
	if (out != NULL)
		*out = NULL;
	if (ps == NULL || out == NULL ||
	    (layer != PINSTORE_CONFIGURED && layer != PINSTORE_LEARNED &&
	     layer != PINSTORE_SYSTEM))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_show: no store, no such layer, or "
		               "no place for the entry");
	status = ps_handle_name(host, &name, error);
	if (status != PINSTORE_OK)
		return status;
	if (layer != PINSTORE_SYSTEM)
		status = ps_store_get(ps->store, &name, &record, error);
	else if (ps->system != NULL)
		status = ps_store_get(ps->system, &name, &record, error);
	else
		status = PINSTORE_ERR_NOTFOUND;
	if (status != PINSTORE_OK && status != PINSTORE_ERR_NOTFOUND)
		return status;
	if (status != PINSTORE_OK || !record.section[at].is_present)
		return ps_fail(error, PINSTORE_ERR_NOTFOUND,
		               "%s has no %s entry%s", name.name,
		               pinstore_layer_word(layer),
		               layer == PINSTORE_SYSTEM
		                       ? " in the system's store"
		                       : "");
	entry = malloc(sizeof(*entry));
	if (entry == NULL)
		return ps_fail_nomem(error);
	entry->host = name;
	entry->layer = layer;
	entry->section = record.section[at];
	*out = entry;
	return PINSTORE_OK;
}

/* -------------------------------------------------------------------- pin */

struct pinning {
	struct ps_host host;
	struct ps_section section;
	int64_t now;
};

static enum pinstore_status
work_pin(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct pinning *pinning = arg;
	struct ps_event event = {
		.kind = PS_EVENT_PINNED,
		.layer = PINSTORE_CONFIGURED,
		.at = pinning->now,
		.count = 1,
		.host = &pinning->host,
	};
	struct ps_entry entry;
	enum pinstore_status status;

	status = ps_write_get(write, &pinning->host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	entry.section[PINSTORE_CONFIGURED] = pinning->section;
	status = ps_write_put(write, &pinning->host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

static enum pinstore_status
take_pins(const struct pinstore_rule *rule, const char *host,
          struct ps_pinset *set, struct pinstore_error *error)
{
	size_t i;

	if (rule->pins == NULL || rule->n_pins == 0)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: an entry needs at least one pin", host);
	set->n = 0;
	for (i = 0; i < rule->n_pins; i++)
		if (!ps_pinset_add(set, &rule->pins[i]))
			return ps_fail(error, PINSTORE_ERR_ARG,
			               "%s: more than %d pins", host,
			               PINSTORE_PINS_MAX);
	if (set->n == 1 && !rule->no_backup)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: a single pin locks everybody out when "
		               "its key is lost; add the pin of a backup "
		               "key, or say that none is wanted", host);
	return PINSTORE_OK;
}

/* Copy text that may be NULL and may have max octets at most. */
static bool
take_text(const char *text, char *out, size_t max)
{
	size_t len;

	out[0] = '\0';
	if (text == NULL)
		return true;
	len = strlen(text);
	if (len > max)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static enum pinstore_status
take_rule(const struct pinstore_rule *rule, int64_t now,
          struct pinning *pinning, struct pinstore_error *error)
{
	struct ps_section *section = &pinning->section;
	const char *host = pinning->host.name;
	enum pinstore_status status;
	size_t use = 0;

	memset(section, 0, sizeof(*section));
	status = take_pins(rule, host, &section->pins, error);
	if (status != PINSTORE_OK)
		return status;
	if (rule->mode != PINSTORE_ENFORCE && rule->mode != PINSTORE_REPORT)
		return ps_fail(error, PINSTORE_ERR_ARG, "%s: no such mode",
		               host);
	if (rule->expires < now)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: the time of expiry has passed", host);
	if (!take_text(rule->note, section->note, PINSTORE_NOTE_MAX))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: the note has more than %d octets", host,
		               PINSTORE_NOTE_MAX);
	if (rule->report_uri != NULL &&
	    !ps_header_is_report_uri(rule->report_uri,
	                             strlen(rule->report_uri), &use))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: the report-uri is no absolute http or "
		               "https URI of at most %d octets", host,
		               PINSTORE_URI_MAX);
	if (use > 0)
		memcpy(section->report_uri, rule->report_uri, use);
	section->is_present = true;
	section->source = PINSTORE_STATIC;
	section->mode = rule->mode;
	section->include_subdomains = rule->include_subdomains != 0;
	section->observed = now;
	section->updated = now;
	section->expires = rule->expires;
	section->max_age = -1;
	return PINSTORE_OK;
}

enum pinstore_status
pinstore_pin(struct pinstore *ps, const struct pinstore_rule *rule,
             int64_t now, struct pinstore_error *error)
{
	struct pinstore_rule known;
	struct pinning pinning;
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || !ps_sized_read(&known, sizeof(known), rule))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_pin: no store, or no rule with its "
		               "size");
	status = ps_handle_name(known.host, &pinning.host, error);
	if (status != PINSTORE_OK)
		return status;
	pinning.now = now;
	status = take_rule(&known, now, &pinning, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_store_write(ps->store, now, work_pin, &pinning, error);
}

/* ------------------------------------------------------------------ clear */

struct clearing {
	struct pinstore_filter filter;
	struct ps_host host;
	bool has_host;
	int64_t now;
	size_t removed;
};

/* Drop the sections that the filter names; the number dropped. */
static size_t
drop_sections(const struct pinstore_filter *filter, struct ps_entry *entry)
{
	struct ps_section *section;
	size_t i, n = 0;

	for (i = 0; i < PS_LAYERS; i++) {
		section = &entry->section[i];
		if (!section->is_present || section->observed < filter->since)
			continue;
		if (filter->sources != 0 &&
		    (filter->sources & (unsigned)section->source) == 0)
			continue;
		memset(section, 0, sizeof(*section));
		n++;
	}
	return n;
}

static enum pinstore_status
clear_one(struct ps_write *write, const struct ps_host *host,
          const struct ps_entry *entry, void *arg,
          struct pinstore_error *error)
{
	struct clearing *clearing = arg;
	struct ps_entry rest = *entry;
	enum pinstore_status status;
	size_t n;

	n = drop_sections(&clearing->filter, &rest);
	if (n == 0)
		return PINSTORE_OK;
	status = ps_write_put(write, host, &rest, error);
	if (status != PINSTORE_OK)
		return status;
	clearing->removed += n;
	return PINSTORE_OK;
}

/* Whether host is the one that is cleared, or below it if they are too. */
static bool
is_in_scope(const struct clearing *clearing, const struct ps_host *host)
{
	struct ps_key root, key;

	if (!clearing->has_host)
		return true;
	if (strcmp(host->name, clearing->host.name) == 0)
		return true;
	ps_host_key(&clearing->host, &root);
	ps_host_key(host, &key);
	return clearing->filter.subdomains != 0 &&
	       ps_key_is_ancestor(root.octets, root.len, key.octets, key.len);
}

/*
 * Before anything is cleared: whether the host of a journal record is going to
 * be, or has no entry any more.  So the journal is read once, however many
 * hosts there are.
 */
static enum pinstore_status
ask_journal(struct ps_write *write, const struct ps_host *host, void *arg,
            bool *is_meant, struct pinstore_error *error)
{
	const struct clearing *clearing = arg;
	struct ps_entry entry;
	enum pinstore_status status;
	bool is_gone;

	*is_meant = false;
	if (host == NULL || !is_in_scope(clearing, host))
		return PINSTORE_OK;
	status = ps_write_get(write, host, &entry, error);
	if (status != PINSTORE_OK)
		return status;
	is_gone = !entry.section[PINSTORE_CONFIGURED].is_present &&
	          !entry.section[PINSTORE_LEARNED].is_present;
	*is_meant = drop_sections(&clearing->filter, &entry) > 0 ||
	            (is_gone && clearing->filter.since == INT64_MIN);
	return PINSTORE_OK;
}

/* The operator's bypasses go with his entries. */
static enum pinstore_status
drop_bypasses(struct ps_write *write, const struct clearing *clearing,
              struct pinstore_error *error)
{
	const struct pinstore_filter *filter = &clearing->filter;
	struct ps_key at = {1, {0}};
	enum pinstore_status status;
	struct ps_order order;
	bool found = true;

	if (filter->since != INT64_MIN ||
	    (filter->sources != 0 && !(filter->sources & PINSTORE_STATIC)))
		return PINSTORE_OK;
	for (;;) {
		struct ps_host host;

		status = ps_write_next_order(write, PS_ORDER_BYPASS, &at,
		                             &found, &order, error);
		if (status != PINSTORE_OK || !found)
			return status;
		if (ps_key_host(at.octets, at.len, &host) != PINSTORE_OK ||
		    !is_in_scope(clearing, &host))
			continue;
		status = ps_write_drop_order(write, PS_ORDER_BYPASS, &at,
		                             error);
		if (status != PINSTORE_OK)
			return status;
	}
}

/*
 * What waits to be sent tells of the host, and of the entry that it fell under.
 */
static enum pinstore_status
drop_reports(struct ps_write *write, struct clearing *clearing,
             struct pinstore_error *error)
{
	struct ps_report report = {.id = 0};
	enum pinstore_status status;
	bool found, is_meant;

	for (;;) {
		struct ps_host noted;

		status = ps_write_next_report(write, report.id, &found, &report,
		                              error);
		if (status != PINSTORE_OK || !found)
			return status;
		ps_host_tail(&report.host, report.noted_len, &noted);
		status = ask_journal(write, &report.host, clearing, &is_meant,
		                     error);
		if (status == PINSTORE_OK && !is_meant)
			status = ask_journal(write, &noted, clearing, &is_meant,
			                     error);
		if (status == PINSTORE_OK && is_meant)
			status = ps_write_end_report(write, &report,
			                             PS_REPORT_GONE,
			                             clearing->now, error);
		if (status != PINSTORE_OK)
			return status;
	}
}

static enum pinstore_status
work_clear(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct clearing *clearing = arg;
	struct ps_event event = {
		.kind = PS_EVENT_CLEARED,
		.at = clearing->now,
	};
	struct ps_entry entry;
	enum pinstore_status status;

	clearing->removed = 0;
	status = ps_write_forget(write, ask_journal, clearing, error);
	if (status == PINSTORE_OK)
		status = drop_reports(write, clearing, error);
	if (status == PINSTORE_OK)
		status = drop_bypasses(write, clearing, error);
	if (status != PINSTORE_OK)
		return status;
	if (clearing->has_host && !clearing->filter.subdomains) {
		status = ps_write_get(write, &clearing->host, &entry, error);
		if (status == PINSTORE_OK)
			status = clear_one(write, &clearing->host, &entry,
			                   clearing, error);
	} else {
		status = ps_write_each(write, clearing->has_host
		                                      ? &clearing->host
		                                      : NULL,
		                       clear_one, clearing, error);
	}
	if (status != PINSTORE_OK || clearing->removed == 0)
		return status;
	event.count = clearing->removed;
	return ps_write_event(write, &event, error);
}

/* What is gone already is not told as if it were not. */
static enum pinstore_status
compact_cleared(struct pinstore *ps, struct pinstore_error *error)
{
	struct pinstore_error cause;
	enum pinstore_status status = ps_store_compact(ps->store, &cause);

	if (status == PINSTORE_OK || error == NULL)
		return status;
	(void)ps_fail(error, status,
	              "the entries are removed, but their octets are in the file "
	              "until the next clear: %s", cause.text);
	error->os_error = cause.os_error;
	error->lib_error = cause.lib_error;
	return status;
}

enum pinstore_status
pinstore_clear(struct pinstore *ps, const struct pinstore_filter *filter,
               int64_t now, size_t *removed, struct pinstore_error *error)
{
	struct clearing clearing = {.now = now};
	enum pinstore_status status;

	ps_error_clear(error);
	if (removed != NULL)
		*removed = 0;
	if (ps == NULL || !ps_sized_read(&clearing.filter,
	                                 sizeof(clearing.filter), filter))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_clear: no store, or no filter with "
		               "its size");
	clearing.has_host = clearing.filter.host != NULL;
	if (clearing.has_host) {
		status = ps_handle_name(clearing.filter.host, &clearing.host,
		                        error);
		if (status != PINSTORE_OK)
			return status;
	}
	status = ps_store_write_alone(ps->store, now, work_clear, &clearing,
	                              error);
	if (status != PINSTORE_OK)
		return status;
	if (removed != NULL)
		*removed = clearing.removed;
	return clearing.filter.keep_octets ? PINSTORE_OK
	                                   : compact_cleared(ps, error);
}

enum pinstore_status
pinstore_compact(struct pinstore *ps, struct pinstore_error *error)
{
	ps_error_clear(error);
	if (ps == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_compact: no store");
	return ps_store_compact(ps->store, error);
}

/* ----------------------------------------------------------------- expire */

struct expiring {
	struct pinstore *ps;
	uint64_t seen, total; /* records */
	int64_t before;
	int64_t now;
	size_t removed;
	/* The batch: hosts that the scan found; the write judges them again. */
	size_t n;
	struct ps_host last;
	struct ps_host *hosts; /* EXPIRE_BATCH of them; NULL = only count */
};

static bool
has_expired(const struct ps_section *section, int64_t before)
{
	return section->is_present && section->expires < before;
}

static bool
collect(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	struct expiring *expiring = arg;
	size_t i, n = 0;

	ps_handle_tell(expiring->ps, expiring->seen++, expiring->total);
	for (i = 0; i < PS_LAYERS; i++)
		n += has_expired(&entry->section[i], expiring->before);
	if (n == 0)
		return true;
	if (expiring->hosts == NULL) {
		expiring->removed += n;
		return true;
	}
	expiring->hosts[expiring->n++] = *host;
	return expiring->n < EXPIRE_BATCH;
}

static enum pinstore_status
work_age(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct expiring *expiring = arg;

	return ps_write_age_reports(write, expiring->now, error);
}

static enum pinstore_status
work_expire(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct expiring *expiring = arg;
	struct ps_event event = {
		.kind = PS_EVENT_EXPIRED,
		.at = expiring->now,
	};
	struct ps_entry entry;
	enum pinstore_status status;
	size_t i, j, n;

	expiring->removed = 0;
	for (i = 0; i < expiring->n; i++) {
		status = ps_write_get(write, &expiring->hosts[i], &entry,
		                      error);
		if (status != PINSTORE_OK)
			return status;
		n = 0;
		for (j = 0; j < PS_LAYERS; j++) {
			if (!has_expired(&entry.section[j], expiring->before))
				continue;
			memset(&entry.section[j], 0, sizeof(entry.section[j]));
			n++;
		}
		if (n == 0)
			continue;
		status = ps_write_put(write, &expiring->hosts[i], &entry,
		                      error);
		if (status != PINSTORE_OK)
			return status;
		expiring->removed += n;
	}
	if (expiring->removed == 0)
		return PINSTORE_OK;
	event.count = expiring->removed;
	return ps_write_event(write, &event, error);
}

/* Scan, write, scan on: no transaction of either kind lasts long. */
static enum pinstore_status
expire_all(struct pinstore *ps, struct expiring *expiring, size_t *removed,
           struct pinstore_error *error)
{
	const struct ps_host *after = NULL;
	enum pinstore_status status;

	for (;;) {
		expiring->n = 0;
		expiring->removed = 0;
		status = ps_store_scan(ps->store, after, collect, expiring,
		                       error);
		if (status != PINSTORE_OK)
			return status;
		if (expiring->hosts == NULL) {
			*removed = expiring->removed;
			return PINSTORE_OK;
		}
		if (expiring->n == 0)
			return PINSTORE_OK;
		expiring->last = expiring->hosts[expiring->n - 1];
		after = &expiring->last;
		status = ps_store_write_alone(ps->store, expiring->now,
		                              work_expire, expiring, error);
		if (status != PINSTORE_OK)
			return status;
		*removed += expiring->removed;
	}
}

enum pinstore_status
pinstore_expire(struct pinstore *ps, int64_t before, int64_t now, int dry_run,
                int force, size_t *removed, struct pinstore_error *error)
{
	struct expiring expiring = {.ps = ps, .before = before, .now = now};
	enum pinstore_status status;
	int64_t high_water;

	ps_error_clear(error);
	if (removed != NULL)
		*removed = 0;
	if (ps == NULL || removed == NULL || before > now)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_expire: no store, no place for the "
		               "count, or a limit that lies in the future");
	status = ps_store_high_water(ps->store, &high_water, error);
	if (status != PINSTORE_OK)
		return status;
	if (!force && ps_handle_is_ahead(now, high_water))
		return ps_fail(error, PINSTORE_ERR_UNFIT,
		               "now lies more than 60 days past the latest "
		               "time this store has seen; check the clock, and "
		               "force it if the clock is right");
	status = ps_store_count(ps->store, &expiring.total, error);
	if (status != PINSTORE_OK)
		return status;
	if (!dry_run) {
		expiring.hosts = malloc(EXPIRE_BATCH * sizeof(*expiring.hosts));
		if (expiring.hosts == NULL)
			return ps_fail_nomem(error);
	}
	status = expire_all(ps, &expiring, removed, error);
	if (status == PINSTORE_OK && !dry_run)
		status = ps_store_write_alone(ps->store, now, work_age,
		                              &expiring, error);
	free(expiring.hosts);
	return status;
}

/* ------------------------------------------------------------------- walk */

struct walking {
	const struct pinstore *ps;
	uint64_t seen, total; /* records; total 0 = not known */
	pinstore_visit_fn *visit;
	void *arg;
	struct pinstore_entry entry;
};

static bool
visit_record(const struct ps_host *host, const struct ps_entry *record,
             void *arg)
{
	static const enum pinstore_layer layers[] = {PINSTORE_CONFIGURED,
	                                             PINSTORE_LEARNED};
	struct walking *walking = arg;
	size_t i;

	ps_handle_tell(walking->ps, walking->seen++, walking->total);
	walking->entry.host = *host;
	for (i = 0; i < PS_LAYERS; i++) {
		if (!record->section[i].is_present)
			continue;
		walking->entry.layer = layers[i];
		walking->entry.section = record->section[i];
		if (walking->visit(&walking->entry, walking->arg) != 0)
			return false;
	}
	return true;
}

static enum pinstore_status
walk(struct ps_store *store, const char *after, ps_store_visit_fn *take,
     struct walking *walking, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_host host;

	if (after != NULL) {
		status = ps_handle_name(after, &host, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return ps_store_scan(store, after != NULL ? &host : NULL, take, walking,
	                     error);
}

enum pinstore_status
pinstore_walk(struct pinstore *ps, const char *after, pinstore_visit_fn *visit,
              void *arg, struct pinstore_error *error)
{
	struct walking walking = {.ps = ps, .visit = visit, .arg = arg};
	enum pinstore_status status;

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_walk: no store, or nothing to call");
	if (ps->progress != NULL && after == NULL) {
		status = ps_store_count(ps->store, &walking.total, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return walk(ps->store, after, visit_record, &walking, error);
}

static bool
visit_below(const struct ps_host *host, const struct ps_entry *record,
            void *arg)
{
	const struct ps_section *section =
	        &record->section[PINSTORE_CONFIGURED];
	struct walking *walking = arg;

	if (!section->is_present)
		return true;
	walking->entry.host = *host;
	walking->entry.layer = PINSTORE_SYSTEM;
	walking->entry.section = *section;
	return walking->visit(&walking->entry, walking->arg) == 0;
}

enum pinstore_status
pinstore_walk_system(struct pinstore *ps, const char *after,
                     pinstore_visit_fn *visit, void *arg,
                     struct pinstore_error *error)
{
	struct walking walking = {.visit = visit, .arg = arg};

	ps_error_clear(error);
	if (ps == NULL || visit == NULL)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_walk_system: no store, or nothing to "
		               "call");
	if (ps->system == NULL)
		return PINSTORE_OK;
	return walk(ps->system, after, visit_below, &walking, error);
}
