/*
 * store.c - the records of one directory, shared by threads and processes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the floors above see; the work is done by the rooms behind it.
 */
#include <config.h>

#include "store/store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/unset.h"
#include "store/backup.h"
#include "store/clock.h"
#include "store/compact.h"
#include "store/counts.h"
#include "store/entries.h"
#include "store/env.h"
#include "store/group.h"
#include "store/journal.h"
#include "store/load.h"
#include "store/meta.h"
#include "store/orders.h"
#include "store/record.h"
#include "store/registry.h"
#include "store/reports.h"
#include "store/scan.h"
#include "store/upgrade.h"
#include "store/writer.h"

/* Map sizes are whole pages on every machine. */
#define ROUND ((uint64_t)64 << 10)
#if SIZE_MAX > UINT32_MAX
#define MAP_BYTES ((uint64_t)4 << 30)
#define LIMIT_BYTES ((uint64_t)1 << 46)
#else
#define MAP_BYTES ((uint64_t)64 << 20)
#define LIMIT_BYTES ((uint64_t)1 << 30)
#endif

/* How often to look for a system's store that was not there. */
#define LOOK_EVERY_MS 1000
/* What messages say in the place of a path. */
#define IN_MEMORY "in memory"
/* Journal records copied out at once. */
#define EVENTS 64

struct ps_store {
	char *path;
	struct ps_store_options options;
	/* NULL while it is an empty directory, opened for reading only. */
	_Atomic(struct ps_env *) env;
	/* When to look whether the system has a store by now. */
	_Atomic int64_t next_look_ms;
};

struct ps_write {
	struct ps_txn *txn;
	const struct ps_store_id *id;
};

static int64_t
deadline(const struct ps_store *store)
{
	return ps_clock_ms() + store->options.lock_limit_ms;
}

static uint64_t
clamp_bytes(uint64_t bytes, uint64_t by_default)
{
	if (bytes == 0)
		bytes = by_default;
	if (bytes < PS_STORE_LEAST_BYTES)
		return PS_STORE_LEAST_BYTES;
	return bytes > LIMIT_BYTES ? LIMIT_BYTES : bytes / ROUND * ROUND;
}

/* --------------------------------------------------------------- the handle */

/* The environment; NULL as long as an empty directory is read. */
static enum pinstore_status
env_of(struct ps_store *store, struct ps_env **out,
       struct pinstore_error *error)
{
	struct ps_registry_want want = {
		.path = store->path,
		.read_only = store->options.read_only,
		.is_system = store->options.is_system,
		.may_be_remote = store->options.may_be_remote,
		.map_bytes = store->options.map_bytes,
		.max_bytes = store->options.max_bytes,
	};
	struct ps_env *none = NULL;
	enum pinstore_status status;
	int64_t now = 0;

	*out = atomic_load_explicit(&store->env, memory_order_acquire);
	if (*out != NULL)
		return PINSTORE_OK;
	if (store->options.is_system) {
		now = ps_clock_coarse_ms();
		if (now < atomic_load_explicit(&store->next_look_ms,
		                               memory_order_relaxed))
			return PINSTORE_OK;
	}
	status = ps_registry_share(&want, deadline(store), out, error);
	if (status == PINSTORE_OK && *out == NULL && store->options.is_system)
		atomic_store(&store->next_look_ms, now + LOOK_EVERY_MS);
	if (status != PINSTORE_OK || *out == NULL)
		return status;
	/* Another thread may have been faster; it is the same environment. */
	if (!atomic_compare_exchange_strong(&store->env, &none, *out)) {
		ps_registry_release(*out);
		*out = none;
	}
	return PINSTORE_OK;
}

/* With what is asked for, and nothing opened yet; NULL without memory. */
static struct ps_store *
make(const struct ps_store_options *options)
{
	struct ps_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	atomic_init(&store->env, NULL);
	atomic_init(&store->next_look_ms, INT64_MIN);
	store->options = *options;
	store->options.max_bytes =
	        clamp_bytes(options->max_bytes, PS_STORE_MAX_BYTES);
	store->options.map_bytes = clamp_bytes(options->map_bytes, MAP_BYTES);
	return store;
}

enum pinstore_status
ps_store_open(const char *path, const struct ps_store_options *options,
              struct ps_store **out, struct pinstore_error *error)
{
	struct ps_store *store = make(options);
	enum pinstore_status status;
	struct ps_env *env;

	*out = NULL;
	ps_error_clear(error);
	if (store == NULL)
		return ps_fail_nomem(error);
	status = ps_path_absolute(path, &store->path, error);
	if (status == PINSTORE_OK)
		status = env_of(store, &env, error);
	if (status != PINSTORE_OK) {
		ps_store_close(store);
		return status;
	}
	*out = store;
	return PINSTORE_OK;
}

enum pinstore_status
ps_store_open_memory(const struct ps_store_options *options,
                     struct ps_store **out, struct pinstore_error *error)
{
	struct ps_store *store = make(options);
	struct ps_registry_want want;
	enum pinstore_status status;
	struct ps_env *env = NULL;

	*out = NULL;
	ps_error_clear(error);
	if (store != NULL)
		store->path = strdup(IN_MEMORY);
	if (store == NULL || store->path == NULL) {
		ps_store_close(store);
		return ps_fail_nomem(error);
	}
	memset(&want, 0, sizeof(want));
	want.path = store->path;
	want.map_bytes = store->options.map_bytes;
	want.max_bytes = store->options.max_bytes;
	status = ps_registry_make(&want, deadline(store), &env, error);
	if (status != PINSTORE_OK) {
		ps_store_close(store);
		return status;
	}
	atomic_store(&store->env, env);
	*out = store;
	return PINSTORE_OK;
}

void
ps_store_close(struct ps_store *store)
{
	if (store == NULL)
		return;
	ps_registry_release(atomic_load(&store->env));
	free(store->path);
	free(store);
}

bool
ps_store_is_there(const struct ps_store *store)
{
	return atomic_load(&store->env) != NULL;
}

bool
ps_store_is_same(const struct ps_store *a, const struct ps_store *b)
{
	return ps_store_is_there(a) &&
	       atomic_load(&a->env) == atomic_load(&b->env);
}

/* ------------------------------------------------------------------ reading */

/* Begin to read; *txn is NULL in an empty directory. */
static enum pinstore_status
begin(struct ps_store *store, struct ps_env **env, struct ps_txn **txn,
      struct pinstore_error *error)
{
	enum pinstore_status status;

	*txn = NULL;
	status = env_of(store, env, error);
	/* It was there when the handle was opened: nothing is "not found". */
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s: it was removed while in use",
		               store->path);
	if (status != PINSTORE_OK || *env == NULL)
		return status;
	return ps_env_read(*env, store->options.lock_limit_ms, txn, error);
}

static enum pinstore_status
rule(struct ps_env *env, struct ps_txn *txn, const struct ps_key *key,
     struct ps_ruling *ruling, struct pinstore_error *error)
{
	struct ps_orders orders;
	enum pinstore_status status;

	status = ps_orders_load(txn, &env->schema.id, &orders, error);
	if (status != PINSTORE_OK)
		return status;
	if (ps_orders_is_plain(&orders)) {
		atomic_store_explicit(&env->plain_txn, ps_txn_id(txn),
		                      memory_order_relaxed);
		return PINSTORE_OK;
	}
	return ps_orders_rule(txn, &env->schema.id, &orders, key, ruling,
	                      error);
}

/* What is laid down is the same in all of one snapshot: mostly nothing. */
static bool
is_plain(struct ps_env *env, const struct ps_txn *txn)
{
	return atomic_load_explicit(&env->plain_txn, memory_order_relaxed) ==
	       ps_txn_id(txn);
}

enum pinstore_status
ps_store_climb(struct ps_store *store, const struct ps_host *host,
               struct ps_ruling *ruling, ps_store_step_fn *step, void *arg,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;
	struct ps_key key PS_UNSET;

	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	if (host != NULL)
		ps_host_key(host, &key);
	if (ruling != NULL && !is_plain(env, txn))
		status = rule(env, txn, host != NULL ? &key : NULL, ruling,
		              error);
	if (status == PINSTORE_OK && host != NULL)
		status = ps_entries_climb(txn, &env->schema.id, &key, step,
		                          arg, error);
	ps_env_done(env, txn);
	return status;
}

enum pinstore_status
ps_store_settings(struct ps_store *store, struct ps_settings *out,
                  struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	memset(out, 0, sizeof(*out));
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	status = ps_orders_settings(txn, &env->schema.id, out, error);
	ps_env_done(env, txn);
	return status;
}

static enum ps_table
table_of(enum ps_order_kind kind)
{
	return kind == PS_ORDER_REVOKED ? PS_REVOKED : PS_BYPASS;
}

enum pinstore_status
ps_store_orders(struct ps_store *store, enum ps_order_kind kind,
                ps_store_order_fn *visit, void *arg,
                struct pinstore_error *error)
{
	struct ps_key at = {1, {0}};
	enum pinstore_status status;
	struct ps_order order;
	bool found;

	do {
		struct ps_env *env;
		struct ps_txn *txn;

		found = false;
		status = begin(store, &env, &txn, error);
		if (status != PINSTORE_OK || txn == NULL)
			return status;
		status = ps_orders_next(txn, &env->schema.id, table_of(kind),
		                        &at, &found, &order, error);
		ps_env_done(env, txn);
	} while (status == PINSTORE_OK && found && visit(&at, &order, arg));
	return status;
}

static bool
is_empty(const struct ps_entry *entry)
{
	return !entry->section[PINSTORE_CONFIGURED].is_present &&
	       !entry->section[PINSTORE_LEARNED].is_present;
}

enum pinstore_status
ps_store_get(struct ps_store *store, const struct ps_host *host,
             struct ps_entry *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;
	struct ps_key key;

	memset(out, 0, sizeof(*out));
	status = begin(store, &env, &txn, error);
	if (status == PINSTORE_OK && txn != NULL) {
		ps_host_key(host, &key);
		status = ps_entries_get(txn, &env->schema.id, &key, out, error);
		ps_env_done(env, txn);
	}
	if (status == PINSTORE_OK && is_empty(out))
		status = ps_fail(error, PINSTORE_ERR_NOTFOUND,
		                 "%s: no entry", host->name);
	return status;
}

enum pinstore_status
ps_store_scan(struct ps_store *store, const struct ps_host *after,
              ps_store_visit_fn *visit, void *arg,
              struct pinstore_error *error)
{
	struct ps_batch batch = {.last = {1, {0}}};
	enum pinstore_status status = PINSTORE_OK;
	bool go_on = true;

	batch.octets = malloc(PS_BATCH_OCTETS);
	if (batch.octets == NULL)
		return ps_fail_nomem(error);
	if (after != NULL)
		ps_host_key(after, &batch.last);
	while (status == PINSTORE_OK && go_on && !batch.is_last) {
		struct ps_env *env;
		struct ps_txn *txn;

		status = begin(store, &env, &txn, error);
		if (status != PINSTORE_OK || txn == NULL)
			break;
		status = ps_batch_fill(txn, &env->schema.id, &batch, error);
		ps_env_done(env, txn);
		if (status == PINSTORE_OK)
			status = ps_batch_visit(&batch, env->shown, visit, arg,
			                        &go_on, error);
	}
	free(batch.octets);
	return status;
}

enum pinstore_status
ps_store_count(struct ps_store *store, uint64_t *out,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	*out = 0;
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	status = ps_txn_count(txn, PS_HOSTS, out, error);
	/* The head record is no host's. */
	if (status == PINSTORE_OK && *out > 0)
		--*out;
	ps_env_done(env, txn);
	return status;
}

enum pinstore_status
ps_store_backup(struct ps_store *store, const char *path,
                enum ps_copy_kind kind, bool may_replace,
                const struct ps_progress *step, uint64_t *hosts,
                struct pinstore_error *error)
{
	struct ps_backup_plan plan = {.kind = kind, .may_replace = may_replace};
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;
	char *to;

	*hosts = 0;
	status = ps_path_absolute(path, &to, error);
	if (status != PINSTORE_OK)
		return status;
	plan.path = to;
	if (step != NULL)
		plan.step = *step;
	status = begin(store, &env, &txn, error);
	if (status == PINSTORE_OK && txn == NULL)
		status = ps_fail(error, PINSTORE_ERR_NOTFOUND,
		                 "store %s: there is none", store->path);
	else if (status == PINSTORE_OK) {
		status = ps_backup_write(env, txn, &plan, deadline(store),
		                         hosts, error);
		ps_env_done(env, txn);
	}
	free(to);
	return status;
}

enum pinstore_status
ps_store_high_water(struct ps_store *store, int64_t *out,
                    struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	*out = INT64_MIN;
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	status = ps_meta_clock(txn, &env->schema.id, out, error);
	ps_env_done(env, txn);
	return status;
}

enum pinstore_status
ps_store_usage(struct ps_store *store, struct ps_usage *out,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db_info info;
	struct ps_env *env;
	struct ps_txn *txn;

	memset(out, 0, sizeof(*out));
	out->latest = INT64_MIN;
	out->limit_octets = store->options.max_bytes;
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	ps_db_info(env->db, &info);
	out->file_octets = info.used_bytes;
	out->map_octets = info.map_bytes;
	status = ps_orders_max_bytes(txn, &env->schema.id, &out->limit_octets,
	                             error);
	if (out->limit_octets > atomic_load(&env->max_bytes))
		out->limit_octets = atomic_load(&env->max_bytes);
	if (status == PINSTORE_OK)
		status = ps_txn_used(txn, &out->used_octets, error);
	out->commits = ps_txn_id(txn);
	out->readers = info.readers;
	out->readers_max = info.readers_max;
	if (status == PINSTORE_OK)
		status = ps_meta_clock(txn, &env->schema.id, &out->latest,
		                       error);
	if (status == PINSTORE_OK)
		status = ps_txn_count(txn, PS_HOSTS, &out->names, error);
	if (status == PINSTORE_OK && out->names-- == 0)
		status = ps_record_fail(env->shown, PINSTORE_ERR_DAMAGED,
		                        "the table of hosts has no head", error);
	ps_env_done(env, txn);
	return status;
}

static enum pinstore_status
read_events(struct ps_store *store, uint64_t after,
            struct ps_journal_item *items, size_t *n,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	*n = 0;
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	status = ps_journal_read(txn, &env->schema.id, after, items, EVENTS, n,
	                         error);
	ps_env_done(env, txn);
	return status;
}

enum pinstore_status
ps_store_events(struct ps_store *store, uint64_t after,
                ps_store_event_fn *visit, void *arg,
                struct pinstore_error *error)
{
	struct ps_journal_item *items = calloc(EVENTS, sizeof(*items));
	enum pinstore_status status;
	size_t n = EVENTS, i;

	if (items == NULL)
		return ps_fail_nomem(error);
	do {
		status = read_events(store, after, items, &n, error);
		for (i = 0; i < n && status == PINSTORE_OK; i++) {
			struct ps_event *event = &items[i].event;

			after = items[i].number;
			event->host = items[i].has_host ? &items[i].host : NULL;
			if (!visit(after, event, arg))
				goto out;
		}
	} while (status == PINSTORE_OK && n == EVENTS);
out:
	free(items);
	return status;
}

enum pinstore_status
ps_store_next_report(struct ps_store *store, uint64_t after, bool *found,
                     struct ps_report *out, char **text,
                     struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	*found = false;
	*text = NULL;
	status = begin(store, &env, &txn, error);
	if (status != PINSTORE_OK || txn == NULL)
		return status;
	do {
		status = ps_reports_next(txn, &env->schema.id, after, found,
		                         out, error);
		after = out->id;
	} while (status == PINSTORE_OK && *found && !out->is_waiting);
	if (status == PINSTORE_OK && *found)
		status = ps_reports_text(txn, &env->schema.id, out, text,
		                         error);
	ps_env_done(env, txn);
	return status;
}

enum pinstore_status
ps_store_count_reports(struct ps_store *store, uint64_t *waiting,
                       uint64_t *octets, uint64_t *dropped,
                       struct pinstore_error *error)
{
	struct ps_queue queue = {0};
	enum pinstore_status status;
	struct ps_env *env;
	struct ps_txn *txn;

	status = begin(store, &env, &txn, error);
	if (status == PINSTORE_OK && txn != NULL) {
		status = ps_reports_load(txn, &env->schema.id, &queue, error);
		ps_env_done(env, txn);
	}
	*waiting = queue.waiting;
	*octets = queue.octets;
	*dropped = queue.dropped;
	return status;
}

/* ------------------------------------------------------------------ writing */

struct working {
	int64_t now;
	ps_store_work_fn *work;
	void *arg;
};

static enum pinstore_status
work_in_env(struct ps_env *env, struct ps_txn *txn, void *arg,
            struct pinstore_error *error)
{
	const struct working *working = arg;
	struct ps_write write = {txn, &env->schema.id};
	const uint64_t before = ps_txn_changes(txn);
	enum pinstore_status status;
	struct ps_schema schema;

	/* Another process may have raised it since this one opened it. */
	status = ps_meta_schema(txn, &schema, error);
	if (status != PINSTORE_OK)
		return status;
	if (schema.min_writer > PS_SCHEMA)
		return ps_fail(error, PINSTORE_ERR_VERSION,
		               "store %s: only a later pinstore may write it: "
		               "use that one", env->shown);
	status = working->work(&write, working->arg, error);
	if (status != PINSTORE_OK || ps_txn_changes(txn) == before)
		return status;
	status = ps_upgrade(txn, &env->schema.id, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_meta_raise_clock(txn, &env->schema.id, working->now, error);
}

/* The environment, to be written to. */
static enum pinstore_status
writable_env(struct ps_store *store, struct ps_env **out,
             struct pinstore_error *error)
{
	if (store->options.read_only)
		return ps_fail(error, PINSTORE_ERR_READONLY,
		               "store %s: it was opened for reading only",
		               store->path);
	return env_of(store, out, error);
}

enum pinstore_status
ps_store_compact(struct ps_store *store, struct pinstore_error *error)
{
	struct ps_env *env = NULL;
	enum pinstore_status status;

	status = writable_env(store, &env, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_compact_run(env, store->options.lock_limit_ms, error);
}

static enum pinstore_status
run_work(struct ps_store *store, struct working *working, int limit_ms,
         bool is_alone, struct pinstore_error *error)
{
	struct ps_env *env = NULL;
	enum pinstore_status status;

	status = writable_env(store, &env, error);
	if (status != PINSTORE_OK)
		return status;
	if (limit_ms > store->options.lock_limit_ms)
		limit_ms = store->options.lock_limit_ms;
	return ps_group_run(env, ps_clock_ms() + limit_ms, is_alone,
	                    work_in_env, working, error);
}

enum pinstore_status
ps_store_write(struct ps_store *store, int64_t now, ps_store_work_fn *work,
               void *arg, struct pinstore_error *error)
{
	struct working working = {now, work, arg};

	return run_work(store, &working, store->options.lock_limit_ms, false,
	                error);
}

enum pinstore_status
ps_store_write_soon(struct ps_store *store, int64_t now, int limit_ms,
                    ps_store_work_fn *work, void *arg,
                    struct pinstore_error *error)
{
	struct working working = {now, work, arg};

	return run_work(store, &working, limit_ms, false, error);
}

enum pinstore_status
ps_store_write_alone(struct ps_store *store, int64_t now,
                     ps_store_work_fn *work, void *arg,
                     struct pinstore_error *error)
{
	struct working working = {now, work, arg};

	return run_work(store, &working, store->options.lock_limit_ms, true,
	                error);
}

enum pinstore_status
ps_write_get(struct ps_write *write, const struct ps_host *host,
             struct ps_entry *out, struct pinstore_error *error)
{
	struct ps_key key;

	ps_host_key(host, &key);
	return ps_entries_get(write->txn, write->id, &key, out, error);
}

enum pinstore_status
ps_write_put(struct ps_write *write, const struct ps_host *host,
             const struct ps_entry *entry, struct pinstore_error *error)
{
	struct ps_key key;

	ps_host_key(host, &key);
	return ps_entries_put(write->txn, write->id, &key, entry, error);
}

enum pinstore_status
ps_write_may_load(struct ps_write *write, bool *may,
                  struct pinstore_error *error)
{
	return ps_load_may(write->txn, write->id, may, error);
}

enum pinstore_status
ps_write_load(struct ps_write *write, ps_load_fn *next, void *arg,
              struct pinstore_error *error)
{
	return ps_load(write->txn, write->id, next, arg, error);
}

enum pinstore_status
ps_write_climb(struct ps_write *write, const struct ps_host *host,
               struct ps_ruling *ruling, ps_store_step_fn *step, void *arg,
               struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_orders orders;
	struct ps_key key;

	ps_host_key(host, &key);
	status = ps_orders_load(write->txn, write->id, &orders, error);
	if (status == PINSTORE_OK)
		status = ps_orders_rule(write->txn, write->id, &orders, &key,
		                        ruling, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_entries_climb(write->txn, write->id, &key, step, arg, error);
}

enum pinstore_status
ps_write_counts(struct ps_write *write, const struct ps_host *host,
                size_t labels, uint64_t *domain, uint64_t *total,
                struct pinstore_error *error)
{
	struct ps_key key;

	ps_host_key(host, &key);
	return ps_counts_get(write->txn, write->id, &key, labels, domain, total,
	                     error);
}

struct visiting {
	struct ps_write *write;
	ps_write_visit_fn *visit;
	void *arg;
};

static enum pinstore_status
visit_in_scan(const struct ps_host *host, const struct ps_entry *entry,
              void *arg, struct pinstore_error *error)
{
	const struct visiting *visiting = arg;

	return visiting->visit(visiting->write, host, entry, visiting->arg,
	                       error);
}

enum pinstore_status
ps_write_each(struct ps_write *write, const struct ps_host *host,
              ps_write_visit_fn *visit, void *arg,
              struct pinstore_error *error)
{
	struct visiting visiting = {write, visit, arg};
	struct ps_key key;

	if (host != NULL)
		ps_host_key(host, &key);
	return ps_scan_each(write->txn, write->id, host != NULL ? &key : NULL,
	                    visit_in_scan, &visiting, error);
}

static struct ps_bytes
bytes_of(const struct ps_key *key)
{
	struct ps_bytes bytes = {key->octets, key->len};

	return bytes;
}

enum pinstore_status
ps_write_get_order(struct ps_write *write, enum ps_order_kind kind,
                   const struct ps_key *key, bool *found, struct ps_order *out,
                   struct pinstore_error *error)
{
	return ps_orders_get(write->txn, write->id, table_of(kind),
	                     bytes_of(key), found, out, error);
}

enum pinstore_status
ps_write_put_order(struct ps_write *write, const struct ps_key *key,
                   const struct ps_order *order, struct pinstore_error *error)
{
	return ps_orders_put(write->txn, write->id, table_of(order->kind),
	                     bytes_of(key), order, error);
}

enum pinstore_status
ps_write_drop_order(struct ps_write *write, enum ps_order_kind kind,
                    const struct ps_key *key, struct pinstore_error *error)
{
	return ps_orders_put(write->txn, write->id, table_of(kind),
	                     bytes_of(key), NULL, error);
}

enum pinstore_status
ps_write_next_order(struct ps_write *write, enum ps_order_kind kind,
                    struct ps_key *at, bool *found, struct ps_order *out,
                    struct pinstore_error *error)
{
	return ps_orders_next(write->txn, write->id, table_of(kind), at, found,
	                      out, error);
}

enum pinstore_status
ps_write_settings(struct ps_write *write, struct ps_settings *out,
                  struct pinstore_error *error)
{
	return ps_orders_settings(write->txn, write->id, out, error);
}

enum pinstore_status
ps_write_put_settings(struct ps_write *write,
                      const struct ps_settings *settings,
                      struct pinstore_error *error)
{
	return ps_orders_put_settings(write->txn, write->id, settings, error);
}

enum pinstore_status
ps_write_is_repeated(struct ps_write *write, const struct ps_event *event,
                     bool *is_repeated, int64_t *since,
                     struct pinstore_error *error)
{
	return ps_journal_is_repeated(write->txn, write->id, event,
	                              is_repeated, since, error);
}

enum pinstore_status
ps_write_event(struct ps_write *write, const struct ps_event *event,
               struct pinstore_error *error)
{
	return ps_journal_add(write->txn, write->id, event, error);
}

struct asking {
	struct ps_write *write;
	ps_write_ask_fn *ask;
	void *arg;
};

static enum pinstore_status
ask_in_journal(const struct ps_host *host, void *arg, bool *is_meant,
               struct pinstore_error *error)
{
	const struct asking *asking = arg;

	return asking->ask(asking->write, host, asking->arg, is_meant, error);
}

enum pinstore_status
ps_write_forget(struct ps_write *write, ps_write_ask_fn *ask, void *arg,
                struct pinstore_error *error)
{
	struct asking asking = {write, ask, arg};

	return ps_journal_forget(write->txn, write->id, ask_in_journal, &asking,
	                         error);
}

/* ------------------------------------------------------------------ reports */

enum pinstore_status
ps_write_queue(struct ps_write *write, const struct ps_report *report,
               const char *text, bool *is_queued, int64_t *since,
               struct pinstore_error *error)
{
	return ps_reports_add(write->txn, write->id, report, text, is_queued,
	                      since, error);
}

enum pinstore_status
ps_write_next_report(struct ps_write *write, uint64_t after, bool *found,
                     struct ps_report *out, struct pinstore_error *error)
{
	return ps_reports_next(write->txn, write->id, after, found, out, error);
}

enum pinstore_status
ps_write_report_text(struct ps_write *write, const struct ps_report *report,
                     char **out, struct pinstore_error *error)
{
	return ps_reports_text(write->txn, write->id, report, out, error);
}

enum pinstore_status
ps_write_put_report(struct ps_write *write, const struct ps_report *report,
                    struct pinstore_error *error)
{
	return ps_reports_put(write->txn, write->id, report, error);
}

enum pinstore_status
ps_write_end_report(struct ps_write *write, const struct ps_report *report,
                    enum ps_report_end end, int64_t now,
                    struct pinstore_error *error)
{
	return ps_reports_end(write->txn, write->id, report, end, now, error);
}

enum pinstore_status
ps_write_age_reports(struct ps_write *write, int64_t now,
                     struct pinstore_error *error)
{
	return ps_reports_age(write->txn, write->id, now, error);
}

enum pinstore_status
ps_write_lose_reports(struct ps_write *write, uint64_t n,
                      struct pinstore_error *error)
{
	return ps_reports_lose(write->txn, write->id, n, error);
}

enum pinstore_status
ps_write_empty_reports(struct ps_write *write, uint64_t *waiting,
                       struct pinstore_error *error)
{
	return ps_reports_empty(write->txn, write->id, waiting, error);
}
