/*
 * compact.c - a data file that forgets, in the place of a live one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/compact.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/copy.h"
#include "store/gate.h"
#include "store/memory.h"
#include "store/meta.h"
#include "store/pages.h"
#include "store/upgrade.h"
#include "store/walked.h"
#include "store/writer.h"

#define NEW_NAME PS_DB_DATA ".new"
/* Where nothing can be written, this cannot either. */
#define MORE ((off_t)1 << 20)

void
ps_compact_clean(int dir_fd)
{
	(void)unlinkat(dir_fd, NEW_NAME, 0);
}

static enum pinstore_status
fail(const char *shown, const char *doing, struct pinstore_error *error)
{
	return ps_fail_os(error, ps_file_status(errno), errno,
	                  "store %s: a copy of %s cannot be %s: %s", shown,
	                  PS_DB_DATA, doing, PS_STRERROR(errno));
}

/* ----------------------------------------------------------------- the copy */

/*
 * A full disk shows by a write that is cut short, which LMDB takes for an
 * error of the disk: ask whether the file could be larger.
 */
static enum pinstore_status
ask_for_room(int dir_fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct pinstore_error other;
	struct stat st;
	int fd = -1;

	status = ps_file_open(dir_fd, shown, NEW_NAME, false, &fd,
	                      &other);
	if (status != PINSTORE_OK)
		return PINSTORE_ERR_IO;
	if (fstat(fd, &st) == 0)
		status = ps_file_reserve(fd, shown, NEW_NAME,
		                         st.st_size + MORE, &other);
	(void)close(fd);
	if (status != PINSTORE_ERR_FULL)
		return PINSTORE_ERR_IO;
	if (error != NULL)
		*error = other;
	return status;
}

/* What a store has that its restored self must not fall behind. */
struct going_on {
	int64_t now;
	int64_t clock;
	uint64_t journal;
};

/* It is a store again, of this schema, and nobody's clock goes back. */
static enum pinstore_status
go_on(struct ps_txn *to, void *arg, struct pinstore_error *error)
{
	const struct going_on *before = arg;
	enum pinstore_status status;
	struct ps_schema schema;
	uint64_t journal = 0;
	int64_t clock;

	status = ps_meta_set_flags(to, 0, error);
	if (status == PINSTORE_OK)
		status = ps_meta_schema(to, &schema, error);
	if (status == PINSTORE_OK)
		status = ps_upgrade(to, &schema.id, error);
	if (status == PINSTORE_OK)
		status = ps_meta_number(to, &schema.id, PS_NUMBER_JOURNAL,
		                        &journal, error);
	if (status == PINSTORE_OK && journal < before->journal)
		status = ps_meta_set_number(to, &schema.id, PS_NUMBER_JOURNAL,
		                            before->journal, error);
	if (status == PINSTORE_OK)
		status = ps_meta_clock(to, &schema.id, &clock, error);
	if (status == PINSTORE_OK && clock < before->clock)
		status = ps_meta_set_number(to, &schema.id, PS_NUMBER_CLOCK,
		                            (uint64_t)before->clock, error);
	if (status == PINSTORE_OK)
		status = ps_meta_raise_clock(to, &schema.id, before->now, error);
	return status;
}

/* What of it can be read; a store is restored because it is damaged. */
static struct going_on
look_back(const struct ps_env *env, struct ps_txn *txn, int64_t now)
{
	struct going_on out = {now, INT64_MIN, 0};

	if (ps_meta_clock(txn, &env->schema.id, &out.clock, NULL) !=
	    PINSTORE_OK)
		out.clock = INT64_MIN;
	if (ps_meta_number(txn, &env->schema.id, PS_NUMBER_JOURNAL,
	                   &out.journal, NULL) != PINSTORE_OK)
		out.journal = 0;
	return out;
}

/*
 * What the copy's commits have freed carries their numbers, and these must lie
 * behind the store's own: so there are not more than half as many of them.
 */
static enum pinstore_status
copy_all(struct ps_env *env, struct ps_txn *txn, const struct ps_refill *refill,
         struct pinstore_error *error)
{
	const uint64_t last = ps_txn_id(txn) - 1;
	struct ps_copy_plan plan = {.from = txn, .max_commits = (last + 1) / 2};
	struct going_on before;
	enum pinstore_status status;
	struct ps_db_info info;

	ps_db_info(env->db, &info);
	if (refill != NULL) {
		info.used_bytes = refill->used_bytes;
		before = look_back(env, txn, refill->now);
		plan.from = refill->from;
		plan.finish = go_on;
		plan.arg = &before;
		plan.step = refill->step;
	}
	status = ps_db_make(env->dir_fd, NEW_NAME, env->shown,
	                    ps_copy_map(info.used_bytes), &plan.to, error);
	if (status == PINSTORE_OK)
		status = ps_copy_all(&plan, error);
	ps_db_close(plan.to);
	return status == PINSTORE_ERR_IO
	               ? ask_for_room(env->dir_fd, env->shown, error)
	               : status;
}

/* ---------------------------------------------------------------- its place */

static enum pinstore_status
make_file(int dir_fd, const char *shown, struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	ps_compact_clean(dir_fd);
	status = ps_file_open(dir_fd, shown, NEW_NAME, true, &fd,
	                      error);
	if (status == PINSTORE_OK)
		(void)close(fd);
	return status;
}

static enum pinstore_status
finish_file(struct ps_env *env, uint64_t last, struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	status = ps_file_open(env->dir_fd, env->shown, NEW_NAME, false, &fd,
	                      error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_BUSY,
		               "store %s: somebody has removed %s: try again",
		               env->shown, NEW_NAME);
	if (status == PINSTORE_OK)
		status = ps_pages_renumber(fd, env->shown, last, error);
	if (status == PINSTORE_OK && fsync(fd) != 0)
		status = fail(env->shown, "flushed", error);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

/*
 * Under the lock of those who open the store: none of them must find one file
 * now and another a moment later.
 */
static enum pinstore_status
put_in_place(struct ps_env *env, int limit_ms, struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_dir_lock(env->dir_fd, env->shown, ps_clock_ms() + limit_ms,
	                     error);
	if (status != PINSTORE_OK)
		return status;
	if (renameat(env->dir_fd, NEW_NAME, env->dir_fd, PS_DB_DATA) != 0) {
		status = fail(env->shown, "put in its place", error);
	} else {
		atomic_store(&env->is_dead, true);
		/*
		 * Until then no writer may pass who believes that it is there.
		 */
		if (fsync(env->dir_fd) != 0)
			status = fail(env->shown, "kept in its place", error);
		else
			ps_walked_note(env->dir_fd);
	}
	ps_dir_unlock(env->dir_fd);
	return status;
}

struct compacting {
	int limit_ms;
	const struct ps_refill *refill; /* NULL: its own records */
};

static enum pinstore_status
compact(struct ps_env *env, struct ps_txn *txn, void *arg,
        struct pinstore_error *error)
{
	const uint64_t last = ps_txn_id(txn) - 1;
	const struct compacting *compacting = arg;
	enum pinstore_status status;

	status = make_file(env->dir_fd, env->shown, error);
	if (status == PINSTORE_OK)
		status = copy_all(env, txn, compacting->refill, error);
	if (status == PINSTORE_OK)
		status = finish_file(env, last, error);
	if (status == PINSTORE_OK)
		status = put_in_place(env, compacting->limit_ms, error);
	if (status != PINSTORE_OK)
		ps_compact_clean(env->dir_fd);
	return status;
}

enum pinstore_status
ps_compact_run(struct ps_env *env, int limit_ms, struct pinstore_error *error)
{
	struct compacting compacting = {limit_ms, NULL};

	if (env->is_memory)
		return ps_memory_compact(env, limit_ms, error);
	return ps_writer_run(env, ps_clock_ms() + limit_ms, compact,
	                     &compacting, error);
}

enum pinstore_status
ps_compact_refill(struct ps_env *env, int limit_ms,
                  const struct ps_refill *refill, struct pinstore_error *error)
{
	struct compacting compacting = {limit_ms, refill};

	return ps_writer_run(env, ps_clock_ms() + limit_ms, compact,
	                     &compacting, error);
}

/* ------------------------------------------------- of what cannot be opened */

/* The gate is ours alone, so the next one to open the store is its first. */
static enum pinstore_status
replace_alone(int dir_fd, const char *shown, const struct ps_refill *refill,
              struct pinstore_error *error)
{
	struct going_on before = {refill->now, INT64_MIN, 0};
	struct ps_copy_plan plan = {.from = refill->from,
	                            .finish = go_on,
	                            .arg = &before,
	                            .step = refill->step};
	enum pinstore_status status;
	int fd = -1;

	status = make_file(dir_fd, shown, error);
	if (status == PINSTORE_OK)
		status = ps_db_make(dir_fd, NEW_NAME, shown,
		                    ps_copy_map(refill->used_bytes),
		                    &plan.to, error);
	if (status == PINSTORE_OK)
		status = ps_copy_all(&plan, error);
	ps_db_close(plan.to);
	if (status == PINSTORE_ERR_IO)
		status = ask_for_room(dir_fd, shown, error);
	if (status == PINSTORE_OK)
		status = ps_file_open(dir_fd, shown, NEW_NAME,
		                      false, &fd, error);
	if (status == PINSTORE_OK && fsync(fd) != 0)
		status = fail(shown, "flushed", error);
	if (fd >= 0)
		(void)close(fd);
	if (status == PINSTORE_OK &&
	    (renameat(dir_fd, NEW_NAME, dir_fd, PS_DB_DATA) !=
	             0 ||
	     fsync(dir_fd) != 0))
		status = fail(shown, "put in its place", error);
	if (status != PINSTORE_OK)
		ps_compact_clean(dir_fd);
	return status;
}

enum pinstore_status
ps_compact_replace(int dir_fd, const char *shown, int64_t deadline_ms,
                   const struct ps_refill *refill, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_gate *gate = NULL;
	bool is_alone;

	status = ps_gate_open(dir_fd, shown, deadline_ms, &gate, &is_alone,
	                      error);
	if (status != PINSTORE_OK)
		return status;
	if (!is_alone) {
		ps_gate_unref(gate);
		return ps_fail(error, PINSTORE_ERR_BUSY,
		               "store %s: it is damaged, and other programs have "
		               "it open: end them, and try again", shown);
	}
	status = replace_alone(dir_fd, shown, refill, error);
	ps_gate_unref(gate);
	return status;
}
