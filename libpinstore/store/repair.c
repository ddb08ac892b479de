/*
 * repair.c - a new data file of what is sound in a damaged one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All that is sound is gathered in memory, put in order, and written as one
 * goes through it.
 */
#include <config.h>

#include "store/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/octets.h"
#include "base/status.h"
#include "model/host.h"
#include "model/order.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/links.h"
#include "store/meta.h"
#include "store/orders.h"
#include "store/page.h"
#include "store/pages.h"
#include "store/record.h"
#include "store/reports.h"
#include "store/side.h"
#include "store/walk.h"
#include "store/walked.h"

#define NEW_NAME PS_DB_DATA ".new"
#define OLD_NAME PS_DB_DATA ".damaged"
#define OLD_NAMES_MAX 100
/* As when a file is compacted. */
#define CHUNK ((uint64_t)10000)
#define MAP_LEAST ((uint64_t)1 << 20)
#define LUMP_LEN ((size_t)1 << 20)
/* So often it is told how far it is. */
#define STEP_RECORDS 256
#define LOST_TEXT "revoked keys were lost with the store's pages"

/* Where the walk comes by; the others only if something speaks for them. */
enum trust { TRUST_SURE, TRUST_USED, TRUST_NONE };

struct item {
	struct ps_bytes key, value;
	uint64_t next; /* of a linked one */
	enum trust trust;
};

struct items {
	struct item *at;
	size_t n, room;
};

/* Octets that stay where they are. */
struct lump {
	struct lump *before;
	size_t used, len;
	uint8_t octets[];
};

struct repair {
	const struct ps_repair_want *want;
	struct ps_repair_totals *totals;
	struct pinstore_error *error;
	enum pinstore_status status; /* of what was gathered */
	struct lump *lump;
	struct items items[PS_TABLES];
	enum trust trust;     /* of the page that is read */
	struct ps_bytes head; /* that stands in it, or none */
	bool has_schema, is_copy; /* that is the file's, or the one beside */
	struct ps_schema schema;
	struct ps_walk_totals walk;
	bool has_head_flaw;
	bool is_harmed[PS_TABLES];     /* records of it are missing */
	bool is_miscounted[PS_TABLES]; /* a page may be an older one */

	/* For the new file. */
	uint64_t number[PS_NUMBERS];
	bool has_orders;
	struct ps_orders orders;
	struct ps_queue queue;
	struct ps_db *db;
	struct ps_txn *txn;
	uint64_t chunk, in_chunk;
	uint64_t octets, done; /* of values: gathered, written */
	uint8_t big[PS_PAGE_HEAD_LEN + PS_ENTRY_LEN_MAX];
};

static enum pinstore_status
fail(const struct repair *repair, const char *doing)
{
	return ps_fail_os(repair->error, ps_file_status(errno), errno,
	                  "store %s: a repaired %s cannot be %s: %s",
	                  repair->want->shown, PS_DB_DATA, doing,
	                  PS_STRERROR(errno));
}

/* ---------------------------------------------------------------- gathering */

static uint8_t *
room_for(struct repair *repair, size_t len)
{
	struct lump *lump = repair->lump;
	size_t lump_len = len > LUMP_LEN ? len : LUMP_LEN;

	if (lump == NULL || lump->len - lump->used < len) {
		lump = malloc(sizeof(*lump) + lump_len);
		if (lump == NULL) {
			repair->status = ps_fail_nomem(repair->error);
			return NULL;
		}
		lump->before = repair->lump;
		lump->used = 0;
		lump->len = lump_len;
		repair->lump = lump;
	}
	lump->used += len;
	return lump->octets + lump->used - len;
}

static bool
copy(struct repair *repair, struct ps_bytes from, struct ps_bytes *to)
{
	uint8_t *at = room_for(repair, from.len);

	if (at == NULL)
		return false;
	if (from.len > 0)
		memcpy(at, from.at, from.len);
	to->at = at;
	to->len = from.len;
	return true;
}

static struct item *
add_item(struct repair *repair, enum ps_table table)
{
	struct items *items = &repair->items[table];

	if (items->n == items->room) {
		size_t room = items->room == 0 ? 64 : items->room * 2;
		struct item *at = realloc(items->at, room * sizeof(*at));

		if (at == NULL) {
			repair->status = ps_fail_nomem(repair->error);
			return NULL;
		}
		items->at = at;
		items->room = room;
	}
	memset(&items->at[items->n], 0, sizeof(items->at[0]));
	return &items->at[items->n++];
}

static void
gather(struct repair *repair, enum ps_table table, struct ps_bytes key,
       struct ps_bytes value, uint64_t next)
{
	struct ps_bytes key_copy, value_copy;
	struct item *item;

	if (repair->status != PINSTORE_OK || !copy(repair, key, &key_copy) ||
	    !copy(repair, value, &value_copy))
		return;
	item = add_item(repair, table);
	if (item == NULL)
		return;
	repair->octets += value.len;
	item->key = key_copy;
	item->value = value_copy;
	item->next = next;
	item->trust = repair->trust;
}

/* ------------------------------------------------------- what a record can be */

static struct ps_bytes
word(const char *text)
{
	struct ps_bytes key = {(const uint8_t *)text, strlen(text)};

	return key;
}

static bool
is_head(struct ps_bytes key)
{
	return key.len == 1 && key.at[0] == ps_links_head[0];
}

/* Whether it is one of table, every field of it; next is what it names. */
static bool
is_linked(const struct repair *repair, enum ps_table table,
          struct ps_bytes key, struct ps_bytes value, uint64_t *next)
{
	struct ps_entry_view view;
	struct ps_order order;

	*next = 0;
	if (key.len > PINSTORE_HOST_MAX || value.len > PS_ENTRY_LEN_MAX ||
	    ps_entry_verify(&repair->schema.id, key.at, key.len, value.at,
	                    value.len, next) != PINSTORE_OK)
		return false;
	if (is_head(key))
		return ps_entry_sections(value.at) == 0;
	if (table == PS_HOSTS)
		return ps_key_is_host(key.at, key.len) &&
		       ps_entry_sections(value.at) > 0 &&
		       ps_entry_view(value.at, value.len, &view) ==
		               PINSTORE_OK;
	if (table == PS_REVOKED)
		return key.len == sizeof(struct pinstore_pin) &&
		       ps_order_decode(value.at, value.len, PS_ORDER_REVOKED,
		                       &order) == PINSTORE_OK;
	return ps_key_is_host(key.at, key.len) &&
	       ps_order_decode(value.at, value.len, PS_ORDER_BYPASS, &order) ==
	               PINSTORE_OK;
}

static bool
is_sealed(const struct repair *repair, enum ps_table table,
          struct ps_bytes key, struct ps_bytes value)
{
	struct ps_journal_item event;
	struct ps_settings settings;
	struct ps_report report;
	struct ps_bytes body;
	bool is_text;

	switch (table) {
	case PS_JOURNAL:
		return ps_journal_decode(&repair->schema.id, key, value,
		                         &event) == PINSTORE_OK;
	case PS_REPORTS:
		return ps_reports_decode(&repair->schema.id, key, value,
		                         &is_text, &report) == PINSTORE_OK;
	case PS_SETTINGS:
		return ps_record_open(&repair->schema.id, table, key, value,
		                      &body) == PINSTORE_OK &&
		       ps_orders_decode_settings(body, &settings) ==
		               PINSTORE_OK;
	case PS_META:
		return ps_record_open(&repair->schema.id, table, key, value,
		                      &body) == PINSTORE_OK;
	case PS_HOSTS:
	case PS_REVOKED:
	case PS_BYPASS:
	case PS_QUOTA:
		break;
	}
	return false; /* the counters are counted anew */
}

static bool
is_linked_table(enum ps_table table)
{
	return table == PS_HOSTS || table == PS_REVOKED || table == PS_BYPASS;
}

static void
offer(struct repair *repair, enum ps_table table, struct ps_bytes key,
      struct ps_bytes value)
{
	uint64_t next = 0;

	if (is_linked_table(table)
	            ? is_linked(repair, table, key, value, &next)
	            : is_sealed(repair, table, key, value))
		gather(repair, table, key, value, next);
}

/* ------------------------------------------------------------ the store's id */

static void
see_schema(struct repair *repair, struct ps_bytes key, struct ps_bytes value)
{
	struct ps_schema schema;

	if (key.len != 6 || memcmp(key.at, "schema", 6) != 0 ||
	    ps_meta_open_schema(value, &schema) != PINSTORE_OK)
		return;
	/* Of several the latest: numbers in it never fall. */
	if (repair->has_schema && schema.min_reader < repair->schema.min_reader)
		return;
	repair->has_schema = true;
	repair->schema = schema;
}

static void
on_first(enum ps_table table, uint64_t page, struct ps_bytes key,
         struct ps_bytes value, void *arg)
{
	(void)page;
	if (table == PS_META)
		see_schema(arg, key, value);
}

static void
on_record(enum ps_table table, uint64_t page, struct ps_bytes key,
          struct ps_bytes value, void *arg)
{
	(void)page;
	offer(arg, table, key, value);
}

static void
on_flaw(const struct ps_flaw *flaw, void *arg)
{
	struct repair *repair = arg;
	int table;

	if (flaw->kind == PINSTORE_FLAW_HEAD)
		repair->has_head_flaw = true;
	for (table = 0; table < PS_TABLES; table++) {
		const char *name = ps_table_names[table];

		if (flaw->kind == PINSTORE_FLAW_COUNT &&
		    strcmp(flaw->database, name) == 0)
			repair->is_miscounted[table] = true;
		if (flaw->kind == PINSTORE_FLAW_TABLE &&
		    (flaw->key.len == 0 ||
		     ps_bytes_compare(flaw->key, word(name)) == 0))
			repair->is_harmed[table] = true;
	}
}

static void
on_step(uint64_t done, uint64_t total, void *arg)
{
	const struct repair *repair = arg;

	if (repair->want->step != NULL)
		repair->want->step(done, total, repair->want->arg);
}

static void
on_lost(enum ps_table table, void *arg)
{
	struct repair *repair = arg;

	repair->is_harmed[table] = true;
}

/* ------------------------------------------------- pages that nothing leads to */

typedef void
node_fn(struct repair *repair, struct ps_bytes key, struct ps_bytes value);

/* A head does not say which table it is of; what follows it in its page does. */
static void
offer_head(struct repair *repair, enum ps_table table)
{
	const struct ps_bytes key = {ps_links_head, 1};

	if (repair->trust == TRUST_USED && repair->head.at != NULL)
		offer(repair, table, key, repair->head);
	repair->head.at = NULL;
}

static void
offer_to_all(struct repair *repair, struct ps_bytes key, struct ps_bytes value)
{
	int table;

	if (is_head(key)) {
		repair->head = value;
		return;
	}
	for (table = 0; table < PS_TABLES; table++) {
		const size_t before = repair->items[table].n;

		if (table == PS_META || table == PS_REPORTS)
			continue;
		offer(repair, (enum ps_table)table, key, value);
		if (repair->items[table].n > before)
			offer_head(repair, (enum ps_table)table);
	}
}

/* The data of a node, which may have pages of its own. */
static bool
data_of(struct repair *repair, const struct ps_page_node *node, uint32_t len,
        struct ps_bytes *value)
{
	size_t need = PS_PAGE_HEAD_LEN + (size_t)node->data_len;
	uint64_t number;

	value->at = node->data;
	value->len = node->data_len;
	if (node->flags == 0)
		return true;
	if (node->flags != PS_NODE_BIG || need > sizeof(repair->big))
		return false;
	number = ps_page_get64(node->data);
	if (number > (uint64_t)INT64_MAX / len - 1 ||
	    pread(repair->want->fd, repair->big, need,
	          (off_t)(number * len)) != (ssize_t)need ||
	    ps_page_get64(repair->big) != number ||
	    (ps_page_flags(repair->big) & PS_PAGE_KINDS) != PS_PAGE_OVERFLOW)
		return false;
	value->at = repair->big + PS_PAGE_HEAD_LEN;
	return true;
}

/* Every record that lies in a leaf's form in this page. */
static void
read_leaf(struct repair *repair, const uint8_t *page, uint32_t len,
          node_fn *take)
{
	uint32_t n, i;

	repair->head.at = NULL;
	if (!ps_page_nodes(page, len, ps_page_get64(page), PS_PAGE_LEAF, &n))
		return;
	for (i = 0; i < n; i++) {
		struct ps_page_node node;
		struct ps_bytes key, value;

		if (!ps_page_node(page, len, i, false, &node) ||
		    !data_of(repair, &node, len, &value))
			continue;
		key.at = node.key;
		key.len = node.key_len;
		take(repair, key, value);
	}
}

static enum pinstore_status
read_rest(struct repair *repair, const struct ps_walk *walk, node_fn *take,
          bool with_all)
{
	const uint32_t len = ps_walk_page_len(walk);
	uint64_t number, end;
	struct stat st;
	uint8_t *page;

	if (fstat(repair->want->fd, &st) != 0)
		return fail(repair, "made");
	page = malloc(len);
	if (page == NULL)
		return ps_fail_nomem(repair->error);
	end = (uint64_t)st.st_size / len;
	for (number = 2; number < end && repair->status == PINSTORE_OK;
	     number++) {
		if (!with_all && ps_walk_is_used(walk, number))
			continue;
		/* Where the disk gives nothing back, nothing is to be kept. */
		if (pread(repair->want->fd, page, len,
		          (off_t)(number * len)) != (ssize_t)len)
			continue;
		repair->trust = ps_page_get64(page) == number &&
		                                ps_walk_knows_free(walk) &&
		                                !ps_walk_is_free(walk, number)
		                        ? TRUST_USED
		                        : TRUST_NONE;
		read_leaf(repair, page, len, take);
	}
	free(page);
	return repair->status;
}

static enum pinstore_status
fail_without_id(struct repair *repair)
{
	return ps_fail(repair->error, PINSTORE_ERR_DAMAGED,
	               "store %s: the record is lost by which all others are "
	               "told: restore a backup", repair->want->shown);
}

static bool
has_items(const struct repair *repair)
{
	int table;

	for (table = 0; table < PS_TABLES; table++)
		if (repair->items[table].n > 0)
			return true;
	return false;
}

static enum pinstore_status
gather_all(struct repair *repair)
{
	const struct ps_repair_want *want = repair->want;
	struct ps_walker first = {.record = on_first, .arg = repair};
	struct ps_walker all = {.flaw = on_flaw, .record = on_record,
	                        .lost = on_lost, .step = on_step,
	                        .arg = repair};
	enum pinstore_status status;
	struct ps_walk *walk = NULL;

	status = ps_walk_run(want->fd, want->shown, 0, PS_WALK_ALL, &first,
	                     &repair->walk, &walk, repair->error);
	if (status == PINSTORE_OK && !repair->has_schema)
		status = read_rest(repair, walk, see_schema, true);
	ps_walk_free(walk);
	walk = NULL;
	if (status == PINSTORE_OK && !repair->has_schema)
		repair->has_schema = repair->is_copy =
		        ps_side_schema(want->dir_fd, &repair->schema);
	if (status == PINSTORE_OK && !repair->has_schema)
		status = fail_without_id(repair);
	repair->trust = TRUST_SURE;
	if (status == PINSTORE_OK)
		status = ps_walk_run(want->fd, want->shown, 0, PS_WALK_ALL,
		                     &all, &repair->walk, &walk,
		                     repair->error);
	if (status == PINSTORE_OK)
		status = repair->status;
	if (status == PINSTORE_OK &&
	    (repair->schema.min_reader > PS_SCHEMA ||
	     repair->schema.min_writer > PS_SCHEMA ||
	     repair->schema.flags != 0))
		status = ps_fail(repair->error, PINSTORE_ERR_VERSION,
		                 "store %s: it holds what only a later "
		                 "pinstore can copy: use that one",
		                 want->shown);
	/* What the last commit's number is, only the others know then. */
	if (status == PINSTORE_OK && repair->has_head_flaw && !want->is_alone)
		status = ps_fail(repair->error, PINSTORE_ERR_BUSY,
		                 "store %s: end all programs that use it, and "
		                 "repair it then", want->shown);
	/* Where all was found there is nothing to look for. */
	if (status == PINSTORE_OK && repair->walk.flaws > 0)
		status = read_rest(repair, walk, offer_to_all, false);
	ps_walk_free(walk);
	/* By the id of another store none of the records can be told. */
	if (status == PINSTORE_OK && repair->is_copy && !has_items(repair))
		status = fail_without_id(repair);
	return status;
}

/* ------------------------------------------------------------------ in order */

/* When a record of hosts was last sighted, in its first section. */
static int64_t
observed(const struct item *item)
{
	return item->value.len < PS_ENTRY_HEAD_LEN + PS_SECTION_HEAD_LEN
	               ? INT64_MIN
	               : (int64_t)ps_get_le64(item->value.at +
	                                      PS_ENTRY_HEAD_LEN + 16);
}

/* By key, and of one key the surest first, and then the latest. */
static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = ps_bytes_compare(x->key, y->key);

	if (order != 0)
		return order;
	if (x->trust != y->trust)
		return (int)x->trust - (int)y->trust;
	return observed(x) > observed(y) ? -1 : observed(x) < observed(y);
}

static bool
is_same_key(const struct item *a, const struct item *b)
{
	return ps_bytes_compare(a->key, b->key) == 0;
}

static void
sort_items(struct items *items)
{
	if (items->n > 1)
		qsort(items->at, items->n, sizeof(items->at[0]), compare_items);
}

static uint64_t
hash_of(const struct repair *repair, struct ps_bytes key)
{
	return ps_entry_next_hash(&repair->schema.id, key.at, key.len);
}

/* The next sure item behind i; n if there is none. */
static size_t
next_sure(const struct items *items, size_t i)
{
	do {
		i++;
	} while (i < items->n && (items->at[i].trust != TRUST_SURE ||
	                          is_same_key(&items->at[i],
	                                      &items->at[i - 1])));
	return i;
}

/*
 * Put the items that count at the front: the sure ones, and of the others,
 * where those do not follow each other, such as lie in pages that are not free,
 * and such as the one before names.  Of the latter it is not known whether they
 * are the latest of their kind, nor what follows them.
 */
static void
choose(const struct repair *repair, struct items *items)
{
	size_t i, n = 0, sure = 0;
	bool is_whole = false; /* from the last one to the next sure one */

	for (i = 0; i < items->n; i++) {
		struct item item = items->at[i];

		if (n > 0 && is_same_key(&items->at[n - 1], &item))
			continue;
		if (item.trust != TRUST_SURE &&
		    (is_whole ||
		     (item.trust != TRUST_USED &&
		      (n == 0 || items->at[n - 1].next !=
		                         hash_of(repair, item.key)))))
			continue;
		if (item.trust == TRUST_NONE)
			item.next = PS_ENTRY_NEXT_UNKNOWN;
		if (item.trust == TRUST_SURE) {
			sure = next_sure(items, i);
			is_whole = item.next ==
			           (sure < items->n
			                    ? hash_of(repair,
			                              items->at[sure].key)
			                    : 0);
		}
		items->at[n++] = item;
	}
	items->n = n;
}

/* A head where there is none, which knows of nothing. */
static void
add_head(struct repair *repair, enum ps_table table)
{
	struct items *items = &repair->items[table];
	const struct ps_bytes key = {ps_links_head, 1};
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_bytes value = {record, 0};

	if (items->n > 0 && is_head(items->at[0].key))
		return;
	value.len = ps_entry_encode(&repair->schema.id, key.at, key.len, NULL,
	                            PS_ENTRY_NEXT_UNKNOWN, record);
	repair->trust = TRUST_SURE;
	gather(repair, table, key, value, PS_ENTRY_NEXT_UNKNOWN);
	sort_items(items);
}

static bool
has_gap(const struct repair *repair, const struct items *items, size_t i)
{
	return items->at[i].next !=
	       (i + 1 < items->n ? hash_of(repair, items->at[i + 1].key) : 0);
}

static size_t
count_gaps(const struct repair *repair, const struct items *items)
{
	size_t i, n = 0;

	for (i = 0; i < items->n; i++)
		n += has_gap(repair, items, i);
	return n;
}

/*
 * Where no key is revoked, none is asked for: one that nobody has keeps the
 * gaps of the others from being passed over.
 */
static void
add_guard(struct repair *repair)
{
	struct items *items = &repair->items[PS_REVOKED];
	struct ps_order order = {PS_ORDER_REVOKED, false, 0, PINSTORE_NEVER,
	                         LOST_TEXT};
	static const uint8_t nobody[sizeof(struct pinstore_pin)] = {1};
	const struct ps_bytes key = {nobody, sizeof(nobody)};
	uint8_t record[PS_ORDER_LEN_MAX];
	struct ps_bytes value = {record, 0};

	if (repair->want->accept_loss || items->n > 1 ||
	    count_gaps(repair, items) == 0)
		return;
	value.len = ps_order_encode(&repair->schema.id, key.at, key.len, &order,
	                            PS_ENTRY_NEXT_UNKNOWN, record);
	repair->trust = TRUST_SURE;
	gather(repair, PS_REVOKED, key, value, PS_ENTRY_NEXT_UNKNOWN);
	sort_items(items);
}

/*
 * All pages are in order, but for the number of their records: one is older
 * than the others, and nobody knows which.  So what is there is, and nothing is
 * known not to be.
 */
static void
doubt(struct items *items)
{
	size_t i;

	for (i = 0; i < items->n; i++)
		items->at[i].next = PS_ENTRY_NEXT_UNKNOWN;
}

static enum pinstore_status
arrange(struct repair *repair)
{
	static const enum ps_table linked[] = {PS_HOSTS, PS_REVOKED, PS_BYPASS};
	uint64_t found;
	size_t i;
	int table;

	for (table = 0; table < PS_TABLES; table++)
		sort_items(&repair->items[table]);
	for (i = 0; i < 3; i++) {
		add_head(repair, linked[i]);
		choose(repair, &repair->items[linked[i]]);
		if (repair->is_miscounted[linked[i]])
			doubt(&repair->items[linked[i]]);
	}
	found = repair->items[PS_HOSTS].n;
	repair->totals->gaps = count_gaps(repair, &repair->items[PS_HOSTS]) +
	                       count_gaps(repair, &repair->items[PS_REVOKED]);
	repair->totals->lost_names =
	        repair->walk.entries[PS_HOSTS] >= found
	                ? (int64_t)(repair->walk.entries[PS_HOSTS] - found)
	                : -1;
	add_guard(repair);
	return repair->status;
}

/* ------------------------------------------------------------------ the copy */

static enum pinstore_status
put(struct repair *repair, enum ps_table table, struct ps_bytes key,
    struct ps_bytes value)
{
	enum pinstore_status status;
	enum ps_trouble trouble;

	if (repair->in_chunk == repair->chunk) {
		status = ps_txn_commit(repair->txn, &trouble, repair->error);
		repair->txn = NULL;
		if (status == PINSTORE_OK)
			status = ps_txn_begin(repair->db, true, &repair->txn,
			                      &trouble, repair->error);
		if (status != PINSTORE_OK)
			return status;
		repair->in_chunk = 0;
	}
	repair->in_chunk++;
	repair->done += value.len;
	if (++repair->totals->kept[table] % STEP_RECORDS == 0 &&
	    repair->done <= repair->octets)
		on_step(repair->done, repair->octets, repair);
	return ps_txn_append(repair->txn, table, key, value, repair->error);
}

static enum pinstore_status
put_linked(struct repair *repair, enum ps_table table)
{
	const struct items *items = &repair->items[table];
	/* A bypass that is lost lets nobody in. */
	const bool is_closed = repair->want->accept_loss || table == PS_BYPASS;
	enum pinstore_status status = PINSTORE_OK;
	size_t i;

	for (i = 0; i < items->n && status == PINSTORE_OK; i++) {
		const struct item *item = &items->at[i];
		uint8_t record[PS_ENTRY_LEN_MAX];
		struct ps_bytes value = {record, item->value.len};
		uint64_t next = item->next;

		if (has_gap(repair, items, i)) {
			next = PS_ENTRY_NEXT_UNKNOWN;
			if (is_closed)
				next = i + 1 < items->n
				               ? hash_of(repair,
				                         items->at[i + 1].key)
				               : 0;
		}
		memcpy(record, item->value.at, item->value.len);
		ps_entry_relink(&repair->schema.id, item->key.at,
		                item->key.len, record, item->value.len, next);
		status = put(repair, table, item->key, value);
	}
	return status;
}

/* -------------------------------------------------------------- the counters */

static int
compare_keys(const void *a, const void *b)
{
	const struct ps_bytes *x = a, *y = b;

	return ps_bytes_compare(*x, *y);
}

static enum pinstore_status
put_counter(struct repair *repair, struct ps_bytes domain, uint64_t n)
{
	uint8_t body[8], record[PS_RECORD_HEAD_LEN + 8];
	struct ps_bytes value = {record, 0};

	ps_put_le64(body, n);
	value.len = ps_record_seal(&repair->schema.id, PS_QUOTA, domain, body,
	                           sizeof(body), record);
	return put(repair, PS_QUOTA, domain, value);
}

/* The domains for which learned entries count; owner: the caller. */
static struct ps_bytes *
list_domains(const struct items *hosts, size_t *n)
{
	struct ps_bytes *domains = calloc(hosts->n + 1, sizeof(*domains));
	size_t i;

	*n = 0;
	for (i = 0; i < hosts->n && domains != NULL; i++) {
		const struct item *item = &hosts->at[i];
		const struct ps_section_view *learned;
		struct ps_entry_view view;
		struct ps_bytes *domain = &domains[*n];
		size_t labels;

		if (is_head(item->key) ||
		    ps_entry_view(item->value.at, item->value.len, &view) !=
		            PINSTORE_OK)
			continue;
		learned = &view.section[PINSTORE_LEARNED];
		labels = learned->quota_labels;
		if (!learned->is_present || labels == 0)
			continue;
		domain->at = item->key.at;
		domain->len = 0;
		while (domain->len < item->key.len &&
		       (item->key.at[domain->len] != '.' || --labels != 0))
			domain->len++;
		++*n;
	}
	return domains;
}

static enum pinstore_status
put_quota(struct repair *repair)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_bytes *domains;
	size_t n, i, from = 0;

	domains = list_domains(&repair->items[PS_HOSTS], &n);
	if (domains == NULL)
		return ps_fail_nomem(repair->error);
	if (n > 1)
		qsort(domains, n, sizeof(domains[0]), compare_keys);
	for (i = 1; i <= n && status == PINSTORE_OK; i++) {
		if (i < n && ps_bytes_compare(domains[from], domains[i]) == 0)
			continue;
		status = put_counter(repair, domains[from], i - from);
		from = i;
	}
	repair->number[PS_NUMBER_LEARNED] = n;
	free(domains);
	return status;
}

/* ------------------------------------------------------------------ the rest */

static enum pinstore_status
put_sealed(struct repair *repair, enum ps_table table)
{
	struct items *items = &repair->items[table];
	enum pinstore_status status = PINSTORE_OK;
	size_t i, n = 0;

	for (i = 0; i < items->n; i++)
		if (items->at[i].trust != TRUST_NONE &&
		    (n == 0 || !is_same_key(&items->at[n - 1], &items->at[i])))
			items->at[n++] = items->at[i];
	items->n = n;
	i = n > PS_JOURNAL_MAX ? n - PS_JOURNAL_MAX : 0;
	for (; i < n && status == PINSTORE_OK; i++)
		status = put(repair, table, items->at[i].key,
		             items->at[i].value);
	if (table == PS_JOURNAL && n > 0) {
		struct ps_journal_item event;

		if (ps_journal_decode(&repair->schema.id, items->at[n - 1].key,
		                      items->at[n - 1].value, &event) ==
		            PINSTORE_OK &&
		    event.number > repair->number[PS_NUMBER_JOURNAL])
			repair->number[PS_NUMBER_JOURNAL] = event.number;
	}
	return status;
}

/* The text of a report that waits; NULL if it was lost. */
static const struct item *
text_of(const struct repair *repair, const struct ps_report *report)
{
	const struct items *items = &repair->items[PS_REPORTS];
	size_t i;

	for (i = 0; i < items->n; i++) {
		struct ps_report text;
		bool is_text;

		if (ps_reports_decode(&repair->schema.id, items->at[i].key,
		                      items->at[i].value, &is_text, &text) ==
		            PINSTORE_OK &&
		    is_text && text.id == report->id &&
		    text.text_len == report->text_len)
			return &items->at[i];
	}
	return NULL;
}

/* Reports whose text is there too, then the texts. */
static enum pinstore_status
put_reports(struct repair *repair)
{
	const struct items *items = &repair->items[PS_REPORTS];
	const struct item *texts[PS_REPORTS_MAX];
	enum pinstore_status status = PINSTORE_OK;
	size_t i, n = 0;

	repair->queue.waiting = repair->queue.quiet = repair->queue.octets = 0;
	for (i = 0; i < items->n && status == PINSTORE_OK; i++) {
		struct ps_report report;
		bool is_text;

		if (ps_reports_decode(&repair->schema.id, items->at[i].key,
		                      items->at[i].value, &is_text, &report) !=
		            PINSTORE_OK ||
		    is_text)
			continue;
		if (report.id > repair->queue.last)
			repair->queue.last = report.id;
		if (report.is_waiting &&
		    (n == PS_REPORTS_MAX ||
		     (texts[n] = text_of(repair, &report)) == NULL)) {
			repair->queue.dropped++;
			continue;
		}
		repair->queue.quiet += !report.is_waiting;
		repair->queue.waiting += report.is_waiting;
		repair->queue.octets += report.is_waiting ? report.text_len : 0;
		n += report.is_waiting;
		status = put(repair, PS_REPORTS, items->at[i].key,
		             items->at[i].value);
	}
	for (i = 0; i < n && status == PINSTORE_OK; i++)
		status = put(repair, PS_REPORTS, texts[i]->key,
		             texts[i]->value);
	return status;
}

/* ------------------------------------------------------------------ its meta */

static const char *const number_words[PS_NUMBERS] = {"clock", "learned",
                                                     "journal"};

static void
read_meta(struct repair *repair)
{
	const struct items *items = &repair->items[PS_META];
	size_t i;
	int n;

	repair->number[PS_NUMBER_CLOCK] = (uint64_t)INT64_MIN;
	for (i = 0; i < items->n; i++) {
		const struct item *item = &items->at[i];
		struct ps_bytes body;

		if (ps_record_open(&repair->schema.id, PS_META, item->key,
		                   item->value, &body) != PINSTORE_OK)
			continue;
		for (n = 0; n < PS_NUMBERS; n++)
			if (body.len == 8 &&
			    ps_bytes_compare(item->key,
			                     word(number_words[n])) == 0)
				repair->number[n] = ps_get_le64(body.at);
		if (ps_bytes_compare(item->key, word("orders")) == 0)
			repair->has_orders =
			        ps_orders_decode(body, &repair->orders);
		if (ps_bytes_compare(item->key, word("reports")) == 0)
			(void)ps_reports_decode_summary(body, &repair->queue);
	}
}

static enum pinstore_status
put_meta(struct repair *repair)
{
	const struct ps_store_id *id = &repair->schema.id;
	struct items *settings = &repair->items[PS_SETTINGS];
	struct ps_orders *orders = &repair->orders;
	enum pinstore_status status;
	struct ps_settings known;
	struct ps_bytes body;

	repair->totals->has_lost_settings =
	        settings->n == 0 &&
	        (repair->has_orders ? orders->settings > 0
	                            : repair->is_harmed[PS_SETTINGS]);
	orders->settings = settings->n > 0;
	orders->anchors = 0;
	if (settings->n > 0 &&
	    ps_record_open(id, PS_SETTINGS, settings->at[0].key,
	                   settings->at[0].value, &body) == PINSTORE_OK &&
	    ps_orders_decode_settings(body, &known) == PINSTORE_OK)
		orders->anchors = known.n_anchors;
	orders->revoked = repair->items[PS_REVOKED].n - 1;
	orders->bypassed = repair->items[PS_BYPASS].n - 1;
	orders->changes++;
	status = ps_meta_put(repair->txn, &repair->schema, repair->number,
	                     repair->error);
	if (status == PINSTORE_OK)
		status = ps_orders_put_summary(repair->txn, id, orders,
		                               repair->error);
	if (status == PINSTORE_OK)
		status = ps_reports_put_summary(repair->txn, id, &repair->queue,
		                                repair->error);
	return status;
}

/* ------------------------------------------------------------------ the file */

static enum pinstore_status
begin_file(struct repair *repair)
{
	const struct ps_repair_want *want = repair->want;
	const uint64_t last = repair->walk.snapshot;
	enum pinstore_status status;
	enum ps_trouble trouble;
	uint64_t total = 0;
	struct stat st;
	int table, fd = -1;

	for (table = 0; table < PS_TABLES; table++)
		total += repair->items[table].n;
	repair->chunk = total / ((last + 1) / 2) + 1;
	if (repair->chunk < CHUNK)
		repair->chunk = CHUNK;
	if (fstat(want->fd, &st) != 0)
		return fail(repair, "made");
	(void)unlinkat(want->dir_fd, NEW_NAME, 0);
	status = ps_file_open(want->dir_fd, want->shown, NEW_NAME, true, &fd,
	                      repair->error);
	if (status != PINSTORE_OK)
		return status;
	(void)close(fd);
	status = ps_db_make(want->dir_fd, NEW_NAME, want->shown,
	                    (uint64_t)st.st_size / 65536 * 65536 * 4 +
	                            MAP_LEAST,
	                    &repair->db, repair->error);
	if (status != PINSTORE_OK)
		return status;
	return ps_txn_begin(repair->db, true, &repair->txn, &trouble,
	                    repair->error);
}

static enum pinstore_status
fill_file(struct repair *repair)
{
	enum pinstore_status status;
	enum ps_trouble trouble;

	read_meta(repair);
	status = put_linked(repair, PS_HOSTS);
	if (status == PINSTORE_OK)
		status = put_linked(repair, PS_REVOKED);
	if (status == PINSTORE_OK)
		status = put_linked(repair, PS_BYPASS);
	if (status == PINSTORE_OK)
		status = put_sealed(repair, PS_SETTINGS);
	if (status == PINSTORE_OK)
		status = put_sealed(repair, PS_JOURNAL);
	if (status == PINSTORE_OK)
		status = put_reports(repair);
	if (status == PINSTORE_OK)
		status = put_quota(repair);
	if (status == PINSTORE_OK)
		status = put_meta(repair);
	if (status != PINSTORE_OK)
		return status;
	status = ps_txn_commit(repair->txn, &trouble, repair->error);
	repair->txn = NULL;
	return status;
}

static enum pinstore_status
finish_file(struct repair *repair)
{
	const struct ps_repair_want *want = repair->want;
	enum pinstore_status status;
	int fd = -1;

	ps_db_close(repair->db);
	repair->db = NULL;
	status = ps_file_open(want->dir_fd, want->shown, NEW_NAME, false, &fd,
	                      repair->error);
	if (status == PINSTORE_OK)
		status = ps_pages_renumber(fd, want->shown,
		                           repair->walk.snapshot,
		                           repair->error);
	if (status == PINSTORE_OK && fsync(fd) != 0)
		status = fail(repair, "flushed");
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/* Two names change places in one step, or the store stays as it is. */
static enum pinstore_status
fail_exchange(struct repair *repair)
{
	return ps_fail_os(repair->error, PINSTORE_ERR_IO, EINVAL,
	                  "store %s: its file system cannot exchange two files, "
	                  "and it is as it was: copy the store to another, "
	                  "repair it there, and copy it back when no program "
	                  "uses it", repair->want->shown);
}

/*
 * The two files change their names in one step: there is no moment without a
 * store, and none in which the old file is not kept.
 */
static enum pinstore_status
exchange(struct repair *repair)
{
	const int dir_fd = repair->want->dir_fd;
	char *name = repair->totals->old_name;
	struct stat st;
	int i;

	for (i = 0; i < OLD_NAMES_MAX; i++) {
		(void)snprintf(name, PS_KEPT_LEN, i == 0 ? OLD_NAME
		                                         : OLD_NAME ".%d", i);
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			break;
	}
	if (i == OLD_NAMES_MAX)
		return ps_fail(repair->error, PINSTORE_ERR_FULL,
		               "store %s: it has %d files of earlier repairs: "
		               "remove them", repair->want->shown,
		               OLD_NAMES_MAX);
	if (renameat(dir_fd, NEW_NAME, dir_fd, name) != 0)
		return fail(repair, "put in its place");
	if (renameat2(dir_fd, name, dir_fd, PS_DB_DATA, RENAME_EXCHANGE) != 0) {
		const int failed = errno;
		enum pinstore_status status = fail(repair, "put in its place");

		(void)unlinkat(dir_fd, name, 0);
		return failed == EINVAL || failed == ENOSYS
		               ? fail_exchange(repair)
		               : status;
	}
	ps_walked_note(dir_fd);
	return fsync(dir_fd) != 0 ? fail(repair, "kept in its place")
	                          : PINSTORE_OK;
}

static void
end(struct repair *repair)
{
	int table;

	ps_txn_abort(repair->txn);
	ps_db_close(repair->db);
	for (table = 0; table < PS_TABLES; table++)
		free(repair->items[table].at);
	while (repair->lump != NULL) {
		struct lump *before = repair->lump->before;

		free(repair->lump);
		repair->lump = before;
	}
	free(repair);
}

enum pinstore_status
ps_repair_run(const struct ps_repair_want *want,
              struct ps_repair_totals *totals, struct pinstore_error *error)
{
	struct repair *repair = calloc(1, sizeof(*repair));
	enum pinstore_status status;

	memset(totals, 0, sizeof(*totals));
	if (repair == NULL)
		return ps_fail_nomem(error);
	repair->want = want;
	repair->totals = totals;
	repair->error = error;
	status = gather_all(repair);
	if (status == PINSTORE_OK)
		status = arrange(repair);
	if (status == PINSTORE_OK)
		status = begin_file(repair);
	if (status == PINSTORE_OK)
		status = fill_file(repair);
	if (status == PINSTORE_OK)
		status = finish_file(repair);
	if (status == PINSTORE_OK)
		status = exchange(repair);
	if (status != PINSTORE_OK)
		(void)unlinkat(want->dir_fd, NEW_NAME, 0);
	end(repair);
	return status;
}
