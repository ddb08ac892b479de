/*
 * import.c - entries from elsewhere, merged into a store at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <pinstore/admin.h>

#include "api/gather.h"
#include "api/handle.h"
#include "api/sized.h"
#include "api/suffix.h"
#include "base/status.h"
#include "model/header.h"
#include "rules/policy.h"

/* --------------------------------------------------------------- gathering */

enum pinstore_status
pinstore_import_new(struct pinstore_import **out)
{
	if (out == NULL)
		return PINSTORE_ERR_ARG;
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? PINSTORE_OK : PINSTORE_ERR_NOMEM;
}

void
pinstore_import_free(struct pinstore_import *import)
{
	if (import == NULL)
		return;
	ps_gather_free(import);
	free(import);
}

/* Copy text that may be NULL and may have max octets at most. */
static bool
take_text(const char *text, char *out, size_t max)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > max)
		return false;
	if (len > 0)
		memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static enum pinstore_status
take_pins(const struct pinstore_import_item *item, const char *host,
          struct ps_pinset *set, struct pinstore_error *error)
{
	size_t i;

	set->n = 0;
	if (item->pins == NULL || item->n_pins == 0)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: an entry needs at least one pin", host);
	for (i = 0; i < item->n_pins; i++)
		if (!ps_pinset_add(set, &item->pins[i]))
			return ps_fail(error, PINSTORE_ERR_ARG,
			               "%s: more than %d pins", host,
			               PINSTORE_PINS_MAX);
	return PINSTORE_OK;
}

static bool
take_layer(enum pinstore_source source, enum pinstore_layer *out)
{
	switch (source) {
	case PINSTORE_STATIC:
		*out = PINSTORE_CONFIGURED;
		return true;
	case PINSTORE_HEADER:
	case PINSTORE_TOFU:
		*out = PINSTORE_LEARNED;
		return true;
	}
	return false;
}

static enum pinstore_status
take_item(const struct pinstore_import_item *item, const char *host,
          struct ps_section *out, struct pinstore_error *error)
{
	size_t use = 0;

	out->is_present = true;
	out->source = item->source;
	out->mode = item->mode;
	out->include_subdomains = item->include_subdomains != 0;
	out->quota_labels = 0;
	out->observed = item->noted;
	out->updated = item->updated != PINSTORE_UNDATED ? item->updated
	                                                 : item->noted;
	out->expires = item->expires;
	out->max_age = item->max_age_sent;
	if (item->mode != PINSTORE_ENFORCE && item->mode != PINSTORE_REPORT)
		return ps_fail(error, PINSTORE_ERR_ARG, "%s: no such mode",
		               host);
	if (item->max_age_sent < -1)
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: a negative max-age", host);
	if (!take_text(item->note, out->note, PINSTORE_NOTE_MAX))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: the note has more than %d octets", host,
		               PINSTORE_NOTE_MAX);
	out->report_uri[0] = '\0';
	if (item->report_uri != NULL &&
	    (!ps_header_is_report_uri(item->report_uri,
	                              strlen(item->report_uri), &use) ||
	     !take_text(item->report_uri, out->report_uri, PINSTORE_URI_MAX)))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "%s: the report-uri is no absolute http or "
		               "https URI of at most %d octets", host,
		               PINSTORE_URI_MAX);
	if (item->report_uri != NULL)
		out->report_uri[use] = '\0';
	return take_pins(item, host, &out->pins, error);
}

enum pinstore_status
pinstore_import_add(struct pinstore_import *import,
                    const struct pinstore_import_item *item,
                    struct pinstore_error *error)
{
	struct pinstore_import_item known;
	struct ps_section section;
	enum pinstore_layer layer;
	enum pinstore_status status;
	struct ps_host host;
	bool is_suffix = false;

	ps_error_clear(error);
	if (import == NULL || !ps_sized_read(&known, sizeof(known), item) ||
	    !take_layer(known.source, &layer))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_import_add: nothing to add to, no "
		               "item with its size, or no such source");
	status = ps_handle_name(known.host, &host, error);
	if (status == PINSTORE_OK)
		status = take_item(&known, host.name, &section, error);
	if (status != PINSTORE_OK)
		return status;
	if (layer == PINSTORE_LEARNED) {
		section.quota_labels = (uint8_t)ps_suffix_domain_labels(&host);
		/* Whose domain has fewer labels is no suffix. */
		is_suffix = section.include_subdomains &&
		            section.quota_labels == ps_host_labels(&host) &&
		            ps_suffix_is_public(&host);
	}
	if (ps_gather_add(import, &host, &section, layer, is_suffix,
	                  known.is_part != 0, known.line) != PINSTORE_OK)
		return ps_fail_nomem(error);
	return PINSTORE_OK;
}

/* ----------------------------------------------------------------- merging */

/* So many items before it is needed, one is fetched from memory. */
#define AHEAD 8

struct importing {
	struct pinstore *ps;
	struct pinstore_import *import;
	unsigned flags;
	int64_t now;
	struct ps_limits limits;
	struct pinstore_import_totals totals;
	size_t at; /* the item that comes next */
};

static bool
has_flag(const struct importing *importing, unsigned flag)
{
	return (importing->flags & flag) != 0;
}

/* The section that item is in this store. */
static void
section_of(const struct importing *importing, const struct ps_item *item,
           struct ps_section *out)
{
	const struct ps_limits *limits = &importing->limits;

	ps_item_section(item, importing->now, out);
	if (item->layer == PINSTORE_LEARNED &&
	    (!limits->learns_subdomains ||
	     (limits->has_suffix_rule && item->is_suffix)))
		out->include_subdomains = false;
}

static bool
has_pins_of(const struct ps_section *a, const struct ps_section *b)
{
	size_t i;

	for (i = 0; i < b->pins.n; i++)
		if (!ps_pins_has(a->pins.pin, a->pins.n, &b->pins.pin[i], NULL))
			return false;
	return true;
}

/* But for the times of what brings none. */
static bool
is_same(const struct ps_item *item, const struct ps_section *stored,
        const struct ps_section *fresh)
{
	return stored->source == fresh->source && stored->mode == fresh->mode &&
	       stored->include_subdomains == fresh->include_subdomains &&
	       stored->expires == fresh->expires &&
	       stored->max_age == fresh->max_age &&
	       (item->observed == PINSTORE_UNDATED ||
	        (stored->observed == fresh->observed &&
	         stored->updated == fresh->updated)) &&
	       ps_pinset_is_equal(&stored->pins, &fresh->pins) &&
	       strcmp(stored->report_uri, fresh->report_uri) == 0 &&
	       strcmp(stored->note, fresh->note) == 0;
}

/* Whether something would pass that does not now, or sooner. */
static bool
is_looser(const struct ps_section *stored, const struct ps_section *fresh,
          int64_t now)
{
	if (stored->mode == PINSTORE_REPORT ||
	    !ps_policy_is_live(stored->expires, now))
		return false;
	return fresh->mode == PINSTORE_REPORT ||
	       (stored->include_subdomains && !fresh->include_subdomains) ||
	       fresh->expires < stored->expires || !has_pins_of(stored, fresh);
}

static enum pinstore_fate
judge(const struct importing *importing, const struct ps_item *item,
      const struct ps_section *stored, const struct ps_section *fresh)
{
	if (!stored->is_present)
		return PINSTORE_FATE_ADDED;
	if (is_same(item, stored, fresh))
		return PINSTORE_FATE_UNCHANGED;
	if (item->layer == PINSTORE_CONFIGURED)
		return !has_flag(importing, PINSTORE_IMPORT_FORCE) &&
		                       is_looser(stored, fresh, importing->now)
		               ? PINSTORE_FATE_LOOSER
		               : PINSTORE_FATE_UPDATED;
	if (stored->source != fresh->source)
		return stored->source == PINSTORE_TOFU ? PINSTORE_FATE_UPDATED
		                                       : PINSTORE_FATE_OLDER;
	return stored->observed < fresh->observed ? PINSTORE_FATE_UPDATED
	                                          : PINSTORE_FATE_OLDER;
}

static void
count(struct pinstore_import_totals *totals, uint8_t fate)
{
	switch ((enum pinstore_fate)fate) {
	case PINSTORE_FATE_ADDED:
		totals->added++;
		break;
	case PINSTORE_FATE_UPDATED:
		totals->updated++;
		break;
	case PINSTORE_FATE_UNCHANGED:
		totals->unchanged++;
		break;
	case PINSTORE_FATE_NONE:
	case PINSTORE_FATE_DOUBLE:
	case PINSTORE_FATE_CROWD:
	case PINSTORE_FATE_OLDER:
	case PINSTORE_FATE_LOOSER:
		totals->skipped++;
		break;
	}
}

/* The items of the next host; false: there are no more. */
static bool
next_host(struct importing *importing, struct ps_item_ref **refs, size_t *n)
{
	struct pinstore_import *import = importing->import;
	size_t end = importing->at + 1;

	if (importing->at == import->n)
		return false;
	*refs = import->refs + importing->at;
	while (end < import->n &&
	       ps_item_is_same_host(*refs, &import->refs[end]))
		end++;
	/* They lie in the order in which they came: that is, anywhere. */
	if (end + AHEAD < import->n)
		ps_item_prefetch(&import->refs[end + AHEAD]);
	*n = end - importing->at;
	importing->at = end;
	if (importing->ps != NULL)
		ps_handle_tell(importing->ps, end, import->n);
	return true;
}

/*
 * Decide on n items of one host, of which entry is what is stored, and becomes
 * what is to be; whether that is another.
 */
static bool
merge(struct importing *importing, struct ps_item_ref *refs, size_t n,
      struct ps_entry *entry)
{
	struct ps_section fresh, *stored;
	bool is_changed = false;
	size_t i;

	for (i = 0; i < n; i++) {
		struct ps_item *item = refs[i].item;

		if (!item->is_done) {
			stored = &entry->section[item->layer];
			section_of(importing, item, &fresh);
			item->fate = (uint8_t)judge(importing, item, stored,
			                            &fresh);
			if (item->fate == PINSTORE_FATE_ADDED ||
			    item->fate == PINSTORE_FATE_UPDATED) {
				*stored = fresh;
				is_changed = true;
			}
		}
		if (!item->is_done || item->fate != PINSTORE_FATE_NONE)
			count(&importing->totals, item->fate);
	}
	return is_changed;
}

/* ps_load_fn: there is nothing to be merged with. */
static bool
next_entry(struct ps_key *key, struct ps_entry *entry, void *arg)
{
	struct importing *importing = arg;
	struct ps_item_ref *refs;
	size_t i, n;

	while (next_host(importing, &refs, &n)) {
		for (i = 0; i < PS_LAYERS; i++)
			entry->section[i].is_present = false;
		if (!merge(importing, refs, n, entry))
			continue;
		ps_item_key(refs[0].item, key);
		return true;
	}
	return false;
}

static enum pinstore_status
host_of(const struct ps_item *item, struct ps_host *out,
        struct pinstore_error *error)
{
	struct ps_key key;

	ps_item_key(item, &key);
	if (ps_key_host(key.octets, key.len, out) != PINSTORE_OK)
		return ps_fail(error, PINSTORE_ERR_INTERNAL,
		               "a gathered key is no host's");
	return PINSTORE_OK;
}

static enum pinstore_status
merge_all(struct ps_write *write, struct importing *importing,
          struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_item_ref *refs;
	struct ps_entry entry;
	struct ps_host host;
	size_t n;

	while (status == PINSTORE_OK && next_host(importing, &refs, &n)) {
		status = host_of(refs[0].item, &host, error);
		if (status == PINSTORE_OK)
			status = ps_write_get(write, &host, &entry, error);
		if (status == PINSTORE_OK &&
		    merge(importing, refs, n, &entry))
			status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static enum pinstore_status
check_strict(const struct importing *importing, struct pinstore_error *error)
{
	if (importing->totals.skipped == 0 ||
	    !has_flag(importing, PINSTORE_IMPORT_STRICT))
		return PINSTORE_OK;
	return ps_fail(error, PINSTORE_ERR_UNFIT,
	               "nothing is imported: not all of it can be");
}

static void
begin(struct importing *importing)
{
	importing->at = 0;
	memset(&importing->totals, 0, sizeof(importing->totals));
}

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct importing *importing = arg;
	struct ps_event event = {
		.kind = PS_EVENT_IMPORTED,
		.at = importing->now,
	};
	enum pinstore_status status;
	bool may_load;

	begin(importing);
	status = ps_write_may_load(write, &may_load, error);
	if (status == PINSTORE_OK)
		status = may_load ? ps_write_load(write, next_entry, importing,
		                                  error)
		                  : merge_all(write, importing, error);
	if (status == PINSTORE_OK)
		status = check_strict(importing, error);
	event.count = importing->totals.added + importing->totals.updated;
	if (status != PINSTORE_OK || event.count == 0)
		return status;
	return ps_write_event(write, &event, error);
}

/* The same, but for the writing; each host is looked up by itself. */
static enum pinstore_status
try_all(struct importing *importing, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_item_ref *refs;
	struct ps_entry entry;
	struct ps_host host;
	size_t n;

	begin(importing);
	memset(&entry, 0, sizeof(entry));
	while (status == PINSTORE_OK && next_host(importing, &refs, &n)) {
		status = host_of(refs[0].item, &host, error);
		if (status == PINSTORE_OK && importing->ps != NULL)
			status = ps_store_get(importing->ps->store, &host,
			                      &entry, error);
		if (status == PINSTORE_ERR_NOTFOUND ||
		    importing->ps == NULL) {
			memset(&entry, 0, sizeof(entry));
			status = PINSTORE_OK;
			ps_error_clear(error);
		}
		if (status == PINSTORE_OK)
			(void)merge(importing, refs, n, &entry);
	}
	return status == PINSTORE_OK ? check_strict(importing, error) : status;
}

enum pinstore_status
pinstore_import_run(struct pinstore *ps, struct pinstore_import *import,
                    unsigned flags, int64_t now,
                    struct pinstore_import_totals *totals,
                    struct pinstore_error *error)
{
	struct importing importing = {
		.ps = ps,
		.import = import,
		.flags = flags,
		.now = now,
		.limits = {.learns_subdomains = true},
	};
	bool is_dry = has_flag(&importing, PINSTORE_IMPORT_DRY_RUN);
	enum pinstore_status status = PINSTORE_OK;

	ps_error_clear(error);
	if (totals != NULL &&
	    !ps_sized_write(totals, &importing.totals,
	                    sizeof(importing.totals)))
		import = NULL;
	if (import == NULL || (ps == NULL && !is_dry))
		return ps_fail(error, PINSTORE_ERR_ARG,
		               "pinstore_import_run: no store, nothing to "
		               "import, or totals without their size");
	if (ps != NULL)
		status = ps_handle_limits(ps, &importing.limits, error);
	if (status != PINSTORE_OK)
		return status;
	if (ps_gather_settle(import) != PINSTORE_OK)
		return ps_fail_nomem(error);
	if (is_dry)
		status = try_all(&importing, error);
	else if (import->n > 0)
		status = ps_store_write(ps->store, now, work, &importing,
		                        error);
	if (totals != NULL && (status == PINSTORE_OK ||
	                       status == PINSTORE_ERR_UNFIT))
		(void)ps_sized_write(totals, &importing.totals,
		                     sizeof(importing.totals));
	return status;
}

void
pinstore_import_walk(const struct pinstore_import *import,
                     pinstore_import_fn *visit, void *arg)
{
	const struct ps_item_ref *ref, *head = NULL;
	enum pinstore_fate fate;
	struct ps_host host;
	size_t i;

	if (import == NULL || visit == NULL || !import->is_sorted)
		return;
	for (i = 0; i < import->n; i++) {
		ref = &import->refs[i];
		/* The first of a host and layer stands for the others. */
		if (head == NULL || !ps_item_is_same_host(head, ref) ||
		    head->item->layer != ref->item->layer)
			head = ref;
		fate = (enum pinstore_fate)ref->item->fate;
		if (fate == PINSTORE_FATE_NONE)
			fate = (enum pinstore_fate)head->item->fate;
		if (host_of(ref->item, &host, NULL) == PINSTORE_OK)
			visit(ref->item->line, host.name, fate,
			      ref->item->other, arg);
	}
}
