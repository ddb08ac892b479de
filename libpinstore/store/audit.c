/*
 * audit.c - a walk that also reads what the records say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/octets.h"
#include "base/status.h"
#include "model/host.h"
#include "model/order.h"
#include "store/journal.h"
#include "store/links.h"
#include "store/orders.h"
#include "store/page.h"
#include "store/record.h"
#include "store/reports.h"

/* The records of meta are kept until the store's id is known among them. */
#define META_RECORDS 16
#define META_OCTETS 8192
#define SCHEMA_KEY "schema"

struct kept {
	uint64_t page;
	struct ps_bytes key;
	struct ps_bytes value;
};

/* The record before, in a table whose records name each other. */
struct chain {
	bool is_begun;
	bool has_before; /* and nothing was lost since */
	struct ps_key before;
	uint64_t page;
	uint64_t next;
};

struct waiting {
	uint64_t id;
	size_t text_len;
};

struct audit {
	const struct ps_audit_want *want;
	struct ps_audit_totals *totals;
	bool is_flawed[PS_TABLES];
	uint8_t octets[META_OCTETS];
	size_t used;
	struct kept kept[META_RECORDS];
	size_t n_kept;

	/* As the records of meta have it. */
	bool has_number[PS_NUMBERS];
	uint64_t number[PS_NUMBERS];
	bool has_orders, has_queue;
	struct ps_orders orders;
	struct ps_queue queue;

	/* As it was found. */
	struct chain chain;
	uint64_t n[PS_TABLES];
	uint64_t counted;      /* learned entries that count for quotas */
	uint64_t domains_sum;  /* of what they count for */
	struct ps_key domain;  /* the last of those, and its hash */
	uint64_t domain_hash;
	uint64_t quota_sum;    /* the same of the counters */
	uint64_t anchors;
	uint64_t last_event;
	struct ps_queue found;
	struct waiting waiting[PS_REPORTS_MAX];
	uint64_t n_texts;
};

/* -------------------------------------------------------------------- flaws */

static void
tell(struct audit *audit, enum pinstore_flaw_kind kind, enum ps_table table,
     uint64_t page, struct ps_bytes key)
{
	struct ps_flaw flaw = {kind, page, ps_table_names[table], key};

	audit->is_flawed[table] = true;
	audit->totals->walk.flaws++;
	if (audit->want->flaw != NULL)
		audit->want->flaw(&flaw, audit->want->arg);
}

static void
tell_word(struct audit *audit, enum pinstore_flaw_kind kind,
          enum ps_table table, const char *word)
{
	struct ps_bytes key = {(const uint8_t *)word, strlen(word)};

	tell(audit, kind, table, PS_PAGE_NONE, key);
}

static void
tell_no_head(struct audit *audit, enum ps_table table)
{
	const struct ps_bytes key = {ps_links_head, 1};

	tell(audit, PINSTORE_FLAW_RECORD, table, PS_PAGE_NONE, key);
}

/* What a record's status means; whether it can be used. */
static bool
is_usable(struct audit *audit, enum pinstore_status status,
          enum ps_table table, uint64_t page, struct ps_bytes key)
{
	if (status == PINSTORE_OK)
		return true;
	if (status == PINSTORE_ERR_VERSION)
		audit->totals->later++;
	else
		tell(audit, PINSTORE_FLAW_RECORD, table, page, key);
	return false;
}

/* ------------------------------------------------- records that name others */

static bool
is_head(struct ps_bytes key)
{
	return key.len == 1 && key.at[0] == ps_links_head[0];
}

/* The key of the domain that key counts for, as ps_counts_domain(). */
static struct ps_bytes
domain_of(struct ps_bytes key, size_t labels)
{
	struct ps_bytes domain = {key.at, 0};

	while (domain.len < key.len) {
		if (key.at[domain.len] == '.' && --labels == 0)
			break;
		domain.len++;
	}
	return domain;
}

static uint64_t
hash_of(const struct audit *audit, struct ps_bytes key)
{
	return ps_siphash(audit->totals->schema.id.octets, key.at, key.len);
}

/* Neighbours often count for the same. */
static uint64_t
hash_of_domain(struct audit *audit, struct ps_bytes domain)
{
	struct ps_key *last = &audit->domain;

	if (domain.len != last->len ||
	    memcmp(domain.at, last->octets, domain.len) != 0) {
		last->len = domain.len;
		memcpy(last->octets, domain.at, domain.len);
		audit->domain_hash = hash_of(audit, domain);
	}
	return audit->domain_hash;
}

static enum pinstore_status
check_entry(struct audit *audit, struct ps_bytes key, struct ps_bytes value)
{
	const struct ps_section_view *learned;
	enum pinstore_status status;
	struct ps_entry_view view;

	if (!ps_key_is_host(key.at, key.len) ||
	    ps_entry_sections(value.at) == 0)
		return PINSTORE_ERR_DAMAGED;
	status = ps_entry_view(value.at, value.len, &view);
	if (status != PINSTORE_OK)
		return status;
	learned = &view.section[PINSTORE_LEARNED];
	if (learned->is_present && learned->quota_labels != 0) {
		audit->counted++;
		audit->domains_sum += hash_of_domain(
		        audit, domain_of(key, learned->quota_labels));
	}
	return PINSTORE_OK;
}

static enum pinstore_status
check_order(enum ps_table table, struct ps_bytes key, struct ps_bytes value)
{
	struct ps_order order;

	if (table == PS_REVOKED)
		return key.len == sizeof(struct pinstore_pin)
		               ? ps_order_decode(value.at, value.len,
		                                 PS_ORDER_REVOKED, &order)
		               : PINSTORE_ERR_DAMAGED;
	if (!ps_key_is_host(key.at, key.len))
		return PINSTORE_ERR_DAMAGED;
	return ps_order_decode(value.at, value.len, PS_ORDER_BYPASS, &order);
}

static enum pinstore_status
check_linked(struct audit *audit, enum ps_table table, struct ps_bytes key,
             struct ps_bytes value, uint64_t *next)
{
	enum pinstore_status status;

	*next = 0;
	if (key.len > PINSTORE_HOST_MAX || value.len > PS_ENTRY_LEN_MAX)
		return PINSTORE_ERR_DAMAGED;
	status = ps_entry_verify(&audit->totals->schema.id, key.at, key.len,
	                         value.at, value.len, next);
	if (status != PINSTORE_OK)
		return status;
	if (is_head(key))
		return ps_entry_sections(value.at) == 0 ? PINSTORE_OK
		                                        : PINSTORE_ERR_DAMAGED;
	return table == PS_HOSTS ? check_entry(audit, key, value)
	                         : check_order(table, key, value);
}

/* Hold the link of the record before against key (NULL: there is none). */
static void
check_link(struct audit *audit, enum ps_table table, const struct ps_bytes *key)
{
	const struct chain *chain = &audit->chain;
	struct ps_bytes before = {chain->before.octets, chain->before.len};
	uint64_t want = 0;

	if (!chain->has_before)
		return;
	if (key != NULL)
		want = ps_entry_next_hash(&audit->totals->schema.id, key->at,
		                          key->len);
	if (chain->next == PS_ENTRY_NEXT_UNKNOWN)
		audit->totals->gaps++;
	else if (chain->next != want)
		tell(audit, PINSTORE_FLAW_LINK, table, chain->page, before);
}

static void
take_linked(struct audit *audit, enum ps_table table, uint64_t page,
            struct ps_bytes key, struct ps_bytes value)
{
	struct chain *chain = &audit->chain;
	uint64_t next;

	if (!chain->is_begun && !is_head(key))
		tell_no_head(audit, table);
	if (key.len <= PINSTORE_HOST_MAX)
		check_link(audit, table, &key);
	chain->is_begun = true;
	/* Of a record that says nothing, its neighbours may still be right. */
	chain->has_before = is_usable(audit,
	                              check_linked(audit, table, key, value,
	                                           &next), table, page, key);
	if (!chain->has_before)
		return;
	chain->before.len = key.len;
	memcpy(chain->before.octets, key.at, key.len);
	chain->page = page;
	chain->next = next;
	audit->n[table] += !is_head(key);
}

/* ------------------------------------------------------------ sealed records */

static bool
open_sealed(struct audit *audit, enum ps_table table, uint64_t page,
            struct ps_bytes key, struct ps_bytes value, struct ps_bytes *body)
{
	return is_usable(audit,
	                 ps_record_open(&audit->totals->schema.id, table, key,
	                                value, body), table, page, key);
}

static void
take_setting(struct audit *audit, uint64_t page, struct ps_bytes key,
             struct ps_bytes value)
{
	struct ps_settings settings;
	struct ps_bytes body;

	audit->n[PS_SETTINGS]++;
	if (open_sealed(audit, PS_SETTINGS, page, key, value, &body) &&
	    is_usable(audit, ps_orders_decode_settings(body, &settings),
	              PS_SETTINGS, page, key))
		audit->anchors = settings.n_anchors;
}

static void
take_quota(struct audit *audit, uint64_t page, struct ps_bytes key,
           struct ps_bytes value)
{
	struct ps_bytes body;

	if (!open_sealed(audit, PS_QUOTA, page, key, value, &body))
		return;
	if (body.len != 8 || ps_get_le64(body.at) == 0)
		tell(audit, PINSTORE_FLAW_RECORD, PS_QUOTA, page, key);
	else
		audit->quota_sum += ps_get_le64(body.at) * hash_of(audit, key);
}

static void
take_event(struct audit *audit, uint64_t page, struct ps_bytes key,
           struct ps_bytes value)
{
	struct ps_journal_item item;

	if (!is_usable(audit,
	               ps_journal_decode(&audit->totals->schema.id, key, value,
	                                 &item), PS_JOURNAL, page, key))
		return;
	audit->n[PS_JOURNAL]++;
	audit->last_event = item.number;
}

/* Fields come before texts, both in the order of their numbers. */
static void
take_report(struct audit *audit, uint64_t page, struct ps_bytes key,
            struct ps_bytes value)
{
	struct ps_queue *found = &audit->found;
	struct ps_report report;
	bool is_text;

	if (!is_usable(audit,
	               ps_reports_decode(&audit->totals->schema.id, key, value,
	                                 &is_text, &report), PS_REPORTS, page,
	               key))
		return;
	audit->n[PS_REPORTS]++;
	if (is_text) {
		uint64_t i = audit->n_texts++;

		if (i >= found->waiting || i >= PS_REPORTS_MAX ||
		    audit->waiting[i].id != report.id ||
		    audit->waiting[i].text_len != report.text_len)
			tell(audit, PINSTORE_FLAW_RECORD, PS_REPORTS, page, key);
		return;
	}
	found->last = report.id;
	if (!report.is_waiting) {
		found->quiet++;
		return;
	}
	if (found->waiting < PS_REPORTS_MAX) {
		audit->waiting[found->waiting].id = report.id;
		audit->waiting[found->waiting].text_len = report.text_len;
	}
	found->waiting++;
	found->octets += report.text_len;
}

/* --------------------------------------------------------------------- meta */

static bool
is_word(struct ps_bytes key, const char *word)
{
	return key.len == strlen(word) && memcmp(key.at, word, key.len) == 0;
}

static struct ps_bytes
copy(struct audit *audit, struct ps_bytes octets)
{
	struct ps_bytes out = {audit->octets + audit->used, octets.len};

	if (octets.len > 0)
		memcpy(audit->octets + audit->used, octets.at, octets.len);
	audit->used += octets.len;
	return out;
}

static void
keep_meta(struct audit *audit, uint64_t page, struct ps_bytes key,
          struct ps_bytes value)
{
	struct kept *kept;

	if (audit->n_kept == META_RECORDS ||
	    key.len + value.len > sizeof(audit->octets) - audit->used) {
		tell(audit, PINSTORE_FLAW_RECORD, PS_META, page, key);
		return;
	}
	kept = &audit->kept[audit->n_kept++];
	kept->page = page;
	kept->key = copy(audit, key);
	kept->value = copy(audit, value);
}

static void
find_schema(struct audit *audit)
{
	struct ps_audit_totals *totals = audit->totals;
	size_t i;

	for (i = 0; i < audit->n_kept; i++) {
		const struct kept *kept = &audit->kept[i];

		if (!is_word(kept->key, SCHEMA_KEY))
			continue;
		totals->has_schema = is_usable(
		        audit, ps_meta_open_schema(kept->value, &totals->schema),
		        PS_META, kept->page, kept->key);
		return;
	}
	tell_word(audit, PINSTORE_FLAW_RECORD, PS_META, SCHEMA_KEY);
}

/* The words of meta that are numbers, as in meta.c. */
static const char *const number_words[PS_NUMBERS] = {"clock", "learned",
                                                     "journal"};

static void
take_meta(struct audit *audit, const struct kept *kept)
{
	struct ps_bytes body;
	bool is_sound = true;
	int i;

	if (!open_sealed(audit, PS_META, kept->page, kept->key, kept->value,
	                 &body))
		return;
	if (is_word(kept->key, "orders"))
		is_sound = audit->has_orders =
		        ps_orders_decode(body, &audit->orders);
	else if (is_word(kept->key, "reports"))
		is_sound = audit->has_queue =
		        ps_reports_decode_summary(body, &audit->queue);
	for (i = 0; i < PS_NUMBERS; i++) {
		if (!is_word(kept->key, number_words[i]))
			continue;
		is_sound = audit->has_number[i] = body.len == 8;
		audit->number[i] = is_sound ? ps_get_le64(body.at) : 0;
	}
	if (!is_sound)
		tell(audit, PINSTORE_FLAW_RECORD, PS_META, kept->page,
		     kept->key);
}

static void
end_meta(struct audit *audit)
{
	size_t i;

	find_schema(audit);
	if (!audit->totals->has_schema)
		return;
	for (i = 0; i < audit->n_kept; i++)
		take_meta(audit, &audit->kept[i]);
	if (audit->is_flawed[PS_META])
		return;
	for (i = 0; i < PS_NUMBERS; i++)
		if (!audit->has_number[i])
			tell_word(audit, PINSTORE_FLAW_RECORD, PS_META,
			          number_words[i]);
	if (!audit->has_orders &&
	    audit->totals->schema.schema >= PS_SCHEMA_ORDERS)
		tell_word(audit, PINSTORE_FLAW_RECORD, PS_META, "orders");
	if (!audit->has_queue &&
	    audit->totals->schema.schema >= PS_SCHEMA_REPORTS)
		tell_word(audit, PINSTORE_FLAW_RECORD, PS_META, "reports");
}

/* ------------------------------------------------------- what the walk tells */

static void
on_flaw(const struct ps_flaw *flaw, void *arg)
{
	struct audit *audit = arg;
	int table;

	for (table = 0; table < PS_TABLES && flaw->database != NULL; table++)
		if (strcmp(flaw->database,
		           ps_table_names[table]) == 0)
			audit->is_flawed[table] = true;
	if (audit->want->flaw != NULL)
		audit->want->flaw(flaw, audit->want->arg);
}

static void
on_record(enum ps_table table, uint64_t page, struct ps_bytes key,
          struct ps_bytes value, void *arg)
{
	struct audit *audit = arg;

	audit->totals->records++;
	if (table != PS_META && !audit->totals->has_schema)
		return;
	switch (table) {
	case PS_META:
		keep_meta(audit, page, key, value);
		break;
	case PS_HOSTS:
	case PS_REVOKED:
	case PS_BYPASS:
		take_linked(audit, table, page, key, value);
		break;
	case PS_SETTINGS:
		take_setting(audit, page, key, value);
		break;
	case PS_QUOTA:
		take_quota(audit, page, key, value);
		break;
	case PS_JOURNAL:
		take_event(audit, page, key, value);
		break;
	case PS_REPORTS:
		take_report(audit, page, key, value);
		break;
	}
}

static void
on_lost(enum ps_table table, void *arg)
{
	struct audit *audit = arg;

	audit->is_flawed[table] = true;
	audit->chain.is_begun = true;
	audit->chain.has_before = false;
}

static void
on_end(enum ps_table table, bool has_root, void *arg)
{
	struct audit *audit = arg;
	const struct chain none = {0};

	if (table == PS_META && has_root)
		end_meta(audit);
	if (table != PS_HOSTS && table != PS_REVOKED && table != PS_BYPASS)
		return;
	check_link(audit, table, NULL);
	if (has_root && !audit->chain.is_begun && audit->totals->has_schema)
		tell_no_head(audit, table);
	audit->chain = none;
}

static void
on_step(uint64_t done, uint64_t total, void *arg)
{
	const struct audit *audit = arg;

	if (audit->want->step != NULL)
		audit->want->step(done, total, audit->want->arg);
}

/* ------------------------------------------------------------------ summaries */

static bool
are_sound(const struct audit *audit, enum ps_table a, enum ps_table b)
{
	return !audit->is_flawed[PS_META] && !audit->is_flawed[a] &&
	       !audit->is_flawed[b] && audit->totals->later == 0;
}

static void
check_orders(struct audit *audit)
{
	const struct ps_orders *orders = &audit->orders;
	bool is_right = true;

	if (are_sound(audit, PS_REVOKED, PS_BYPASS))
		is_right = orders->revoked == audit->n[PS_REVOKED] &&
		           orders->bypassed == audit->n[PS_BYPASS];
	if (is_right && are_sound(audit, PS_SETTINGS, PS_SETTINGS))
		is_right = orders->settings == audit->n[PS_SETTINGS] &&
		           orders->anchors == audit->anchors;
	if (!is_right)
		tell_word(audit, PINSTORE_FLAW_SUMMARY, PS_META, "orders");
}

static void
check_queue(struct audit *audit)
{
	const struct ps_queue *queue = &audit->queue, *found = &audit->found;

	if (are_sound(audit, PS_REPORTS, PS_REPORTS) &&
	    (queue->waiting != found->waiting ||
	     queue->quiet != found->quiet || queue->octets != found->octets ||
	     audit->n_texts != found->waiting || found->last > queue->last))
		tell_word(audit, PINSTORE_FLAW_SUMMARY, PS_META, "reports");
}

static void
check_summaries(struct audit *audit)
{
	if (!audit->totals->has_schema)
		return;
	check_orders(audit);
	check_queue(audit);
	if (are_sound(audit, PS_HOSTS, PS_HOSTS) &&
	    audit->number[PS_NUMBER_LEARNED] != audit->counted)
		tell_word(audit, PINSTORE_FLAW_SUMMARY, PS_META, "learned");
	if (are_sound(audit, PS_HOSTS, PS_QUOTA) &&
	    audit->domains_sum != audit->quota_sum)
		tell_word(audit, PINSTORE_FLAW_SUMMARY, PS_QUOTA, "");
	if (are_sound(audit, PS_JOURNAL, PS_JOURNAL) &&
	    (audit->last_event > audit->number[PS_NUMBER_JOURNAL] ||
	     audit->n[PS_JOURNAL] > PS_JOURNAL_MAX))
		tell_word(audit, PINSTORE_FLAW_SUMMARY, PS_META, "journal");
}

enum pinstore_status
ps_audit_run(const struct ps_audit_want *want, struct ps_audit_totals *totals,
             struct pinstore_error *error)
{
	struct ps_walker walker = {on_flaw, on_record, on_lost, on_end, on_step,
	                           NULL};
	enum pinstore_status status;
	struct audit *audit;

	memset(totals, 0, sizeof(*totals));
	audit = calloc(1, sizeof(*audit));
	if (audit == NULL)
		return ps_fail_nomem(error);
	audit->want = want;
	audit->totals = totals;
	walker.arg = audit;
	status = ps_walk_run(want->fd, want->shown, want->snapshot, PS_WALK_ALL,
	                     &walker, &totals->walk, NULL, error);
	if (status == PINSTORE_OK)
		check_summaries(audit);
	free(audit);
	return status;
}

/* -------------------------------------------------------------------- words */

static const struct {
	const char *word;
	const char *text;
} kinds[] = {
	[0] = {"damaged", "it is damaged"},
	[PINSTORE_FLAW_HEAD] = {"head", "one of its heads is not valid"},
	[PINSTORE_FLAW_SHORT] = {"short", "it is shorter than it must be"},
	[PINSTORE_FLAW_UNREADABLE] = {"unreadable", "a page cannot be read"},
	[PINSTORE_FLAW_PAGE] = {"page", "a page is not what it must be"},
	[PINSTORE_FLAW_TWICE] = {"twice", "a page is used twice"},
	[PINSTORE_FLAW_FREE] = {"free", "a page is used, and free as well"},
	[PINSTORE_FLAW_FREE_LIST] = {"free-list",
	                             "its list of free pages is none"},
	[PINSTORE_FLAW_ORDER] = {"order", "keys are not where they belong"},
	[PINSTORE_FLAW_DEPTH] = {"depth", "a page is too high or too low"},
	[PINSTORE_FLAW_COUNT] = {"count", "it has lost records, or has some "
	                         "again that had been removed"},
	[PINSTORE_FLAW_TABLE] = {"table", "a database is missing, or is none"},
	[PINSTORE_FLAW_RECORD] = {"record", "a record does not match its "
	                          "checksum or form"},
	[PINSTORE_FLAW_LINK] = {"link", "what follows a record is not what it "
	                        "names"},
	[PINSTORE_FLAW_SUMMARY] = {"summary", "a count does not fit the "
	                           "records"},
};

static size_t
row_of(enum pinstore_flaw_kind kind)
{
	return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? kind : 0;
}

const char *
ps_flaw_word(enum pinstore_flaw_kind kind)
{
	return kinds[row_of(kind)].word;
}

const char *
ps_flaw_text(enum pinstore_flaw_kind kind)
{
	return kinds[row_of(kind)].text;
}

static bool
is_database(const struct ps_flaw *flaw, enum ps_table table)
{
	return flaw->database != NULL &&
	       strcmp(flaw->database, ps_table_names[table]) == 0;
}

/* Numbers of the journal and of reports are big-endian. */
static uint64_t
number_of(struct ps_bytes key)
{
	uint64_t number = 0;
	size_t i;

	for (i = key.len < 8 ? 0 : key.len - 8; i < key.len; i++)
		number = number << 8 | key.at[i];
	return number;
}

static bool
is_text(struct ps_bytes key)
{
	size_t i;

	for (i = 0; i < key.len; i++)
		if (key.at[i] <= 0x20 || key.at[i] >= 0x7f)
			return false;
	return key.len > 0 && key.len < PS_FLAW_RECORD_LEN;
}

void
ps_flaw_record(const struct ps_flaw *flaw, char out[PS_FLAW_RECORD_LEN])
{
	const struct ps_bytes key = flaw->key;
	struct ps_host host;

	out[0] = '\0';
	if (key.len == 0)
		return;
	if (is_head(key)) {
		(void)snprintf(out, PS_FLAW_RECORD_LEN, "(head)");
	} else if (is_database(flaw, PS_REVOKED) && key.len == 32) {
		ps_base64_encode(key.at, key.len, out);
	} else if (is_database(flaw, PS_JOURNAL) ||
	           is_database(flaw, PS_REPORTS)) {
		(void)snprintf(out, PS_FLAW_RECORD_LEN, "%" PRIu64,
		               number_of(key));
	} else if (!is_database(flaw, PS_META) &&
	           ps_key_host(key.at, key.len, &host) == PINSTORE_OK) {
		memcpy(out, host.name, host.len + 1);
	} else if (is_text(key)) {
		memcpy(out, key.at, key.len);
		out[key.len] = '\0';
	} else {
		(void)snprintf(out, PS_FLAW_RECORD_LEN, "(a key that is none)");
	}
}

enum pinstore_status
ps_audit_fail(const char *shown, const struct ps_flaw *flaw,
              struct pinstore_error *error)
{
	char record[PS_FLAW_RECORD_LEN], page[32] = "";

	ps_flaw_record(flaw, record);
	if (flaw->page != PS_PAGE_NONE)
		(void)snprintf(page, sizeof(page), " page %" PRIu64,
		               flaw->page);
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: %s (%s%s%s%.40s): run "
	               "\"pinstore fsck\"", shown, ps_flaw_text(flaw->kind),
	               flaw->database != NULL ? flaw->database : PS_DB_DATA,
	               page, record[0] != '\0' ? " " : "", record);
}
