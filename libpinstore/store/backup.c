/*
 * backup.c - a store's records in a directory of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/copy.h"
#include "store/create.h"
#include "store/entries.h"
#include "store/fsck.h"
#include "store/links.h"
#include "store/meta.h"
#include "store/orders.h"
#include "store/pages.h"
#include "store/reports.h"
#include "store/scan.h"

/* So many hosts a commit: that bounds the memory it takes. */
#define CHUNK 10000
#define TRIES 3

/* One copy on its way. */
struct making {
	struct ps_env *env;
	struct ps_txn *from;
	const struct ps_backup_plan *plan;
	char shown[PS_SHOWN_LEN]; /* its directory */
	bool is_new;
	int dir_fd;
	int work_fd; /* of the directory in it in which the file grows */
	uint64_t hosts;
};

static enum pinstore_status
fail(const struct making *making, const char *what, int os_error,
     struct pinstore_error *error)
{
	return ps_fail_os(error, ps_file_status(os_error), os_error,
	                  "%s: the copy cannot be made: %s: %s", making->shown,
	                  what, PS_STRERROR(os_error));
}

/* ----------------------------------------------------------- its directory */

static bool
is_published(const struct making *making)
{
	return making->plan->kind == PS_COPY_PUBLISHED;
}

/* Above it nothing is made: who else may pass there is not ours to say. */
static enum pinstore_status
open_dir(struct making *making, struct pinstore_error *error)
{
	const char *path = making->plan->path;
	enum pinstore_status status;
	struct stat st;

	making->is_new = mkdir(path, 0700) == 0;
	if (!making->is_new && errno != EEXIST)
		return fail(making, "mkdir", errno, error);
	/* The umask may have left it without a mode. */
	if (making->is_new && chmod(path, 0700) != 0)
		return fail(making, "chmod", errno, error);
	status = ps_dir_open(path, false, &making->dir_fd, error);
	if (status != PINSTORE_OK)
		return status;
	if (fstat(making->dir_fd, &st) != 0)
		return fail(making, "stat", errno, error);
	if (st.st_uid != geteuid())
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "%s: uid %lu owns it, not you: make the copy in a "
		               "directory of your own", making->shown,
		               (unsigned long)st.st_uid);
	return PINSTORE_OK;
}

/*
 * Whether the file that is there is an earlier one of its kind: of a backup,
 * of the same store.
 */
static enum pinstore_status
look_at_file(const struct making *making, bool *is_earlier,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_schema schema = {0};
	struct ps_txn *txn = NULL;
	struct ps_db *db = NULL;
	enum ps_trouble trouble;
	struct stat st;
	int fd = -1;

	*is_earlier = false;
	status = ps_file_open_read(making->dir_fd, making->shown, PS_DB_DATA,
	                           &fd, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_pages_check_file(fd, making->shown, error);
	if (status == PINSTORE_OK && fstat(fd, &st) != 0)
		status = fail(making, "stat", errno, error);
	if (status == PINSTORE_OK)
		status = ps_db_open_sealed(fd, making->shown,
		                           (uint64_t)st.st_size, &db, error);
	if (status == PINSTORE_OK)
		status = ps_txn_begin(db, false, &txn, &trouble, error);
	if (status == PINSTORE_OK)
		status = ps_meta_schema(txn, &schema, error);
	if (status == PINSTORE_OK && is_published(making))
		*is_earlier = (schema.flags & PS_SEAL_PUBLISHED) != 0;
	else if (status == PINSTORE_OK)
		*is_earlier = (schema.flags & PS_SEAL_BACKUP) != 0 &&
		              memcmp(schema.id.octets,
		                     making->env->schema.id.octets,
		                     sizeof(schema.id.octets)) == 0;
	ps_txn_abort(txn);
	ps_db_close(db);
	(void)close(fd);
	return status;
}

static bool
has(const struct making *making, const char *name)
{
	struct stat st;

	return fstatat(making->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What lies there must be nothing, or an earlier copy, or not wanted. */
static enum pinstore_status
look(const struct making *making, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct pinstore_error cause;
	enum ps_dir_state state;
	bool is_earlier;

	status = ps_dir_look(making->dir_fd, making->shown, &state, error);
	if (status != PINSTORE_OK || state == PS_DIR_EMPTY)
		return status;
	/* Somebody may have it open, and would lose what he writes. */
	if (has(making, PS_DB_LOCK) || has(making, PS_GATE_NAME))
		return ps_fail(error, PINSTORE_ERR_ACCESS,
		               "%s: is a store in use, no copy of one: give "
		               "another directory", making->shown);
	status = look_at_file(making, &is_earlier, &cause);
	if (status == PINSTORE_ERR_NOMEM || making->plan->may_replace)
		return status == PINSTORE_ERR_NOMEM ? ps_fail_nomem(error)
		                                    : PINSTORE_OK;
	if (status == PINSTORE_OK && is_earlier)
		return PINSTORE_OK;
	return ps_fail(error, PINSTORE_ERR_UNFIT,
	               "%s: what is there is not an earlier %s%s", making->shown,
	               is_published(making) ? "published store"
	                                    : "backup of this store",
	               status == PINSTORE_OK ? "" : ", as far as can be read");
}

/* ------------------------------------------------------- where the file grows */

/* Its lock keeps others out who make a copy; they must be of this owner. */
static enum pinstore_status
enter_work(struct making *making, int64_t deadline_ms,
           struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct stat st;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (mkdirat(making->dir_fd, PS_CREATE_DIR, 0700) != 0 &&
		    errno != EEXIST)
			return fail(making, "mkdir", errno, error);
		if (fchmodat(making->dir_fd, PS_CREATE_DIR, 0700, 0) != 0 &&
		    errno != ENOENT)
			return fail(making, "chmod", errno, error);
		making->work_fd = openat(making->dir_fd, PS_CREATE_DIR,
		                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		                                 O_CLOEXEC);
		if (making->work_fd < 0 && errno == ENOENT)
			continue;
		if (making->work_fd < 0)
			return fail(making, PS_CREATE_DIR, errno, error);
		status = ps_dir_lock(making->work_fd, making->shown,
		                     deadline_ms, error);
		/* The one before us removes it when he is done. */
		if (status != PINSTORE_OK ||
		    (fstat(making->work_fd, &st) == 0 && st.st_nlink > 0))
			return status;
		(void)close(making->work_fd);
		making->work_fd = -1;
	}
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "%s: others make copies there all the time: try again",
	               making->shown);
}

static void
leave_work(struct making *making)
{
	if (making->work_fd < 0)
		return;
	ps_create_clean(making->dir_fd);
	(void)close(making->work_fd);
	making->work_fd = -1;
}

/* ------------------------------------------------------------ what it holds */

static enum pinstore_status
seal_backup(struct ps_txn *to, void *arg, struct pinstore_error *error)
{
	(void)arg;
	return ps_meta_set_flags(to, PS_SEAL_BACKUP, error);
}

static enum pinstore_status
fill_backup(struct making *making, struct ps_db *db,
            struct pinstore_error *error)
{
	const struct ps_copy_plan copy = {.from = making->from,
	                                  .to = db,
	                                  .finish = seal_backup,
	                                  .step = making->plan->step};
	enum pinstore_status status;

	/* Damage does not take the place of an earlier copy that is sound. */
	status = ps_fsck_prove(making->env, making->from, "backed up", error);
	if (status == PINSTORE_OK)
		status = ps_txn_count(making->from, PS_HOSTS, &making->hosts,
		                      error);
	if (status == PINSTORE_OK)
		making->hosts--; /* the head record */
	if (status == PINSTORE_OK)
		status = ps_copy_all(&copy, error);
	return status;
}

/*
 * What all users may read is what the operator has laid down: what was learned,
 * where, and what happened is nobody's business.  It has an id of its own.
 */
struct publishing {
	struct making *making;
	struct ps_db *db;
	struct ps_txn *to;
	struct ps_store_id id;
	size_t n;
	uint64_t seen, total; /* hosts */
};

static enum pinstore_status
next_commit(struct publishing *publishing, struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_trouble trouble;

	if (++publishing->n % CHUNK != 0)
		return PINSTORE_OK;
	status = ps_txn_commit(publishing->to, &trouble, error);
	publishing->to = NULL;
	if (status == PINSTORE_OK)
		status = ps_txn_begin(publishing->db, true, &publishing->to,
		                      &trouble, error);
	return status;
}

static enum pinstore_status
publish_host(const struct ps_host *host, const struct ps_entry *entry,
             void *arg, struct pinstore_error *error)
{
	struct publishing *publishing = arg;
	struct ps_entry known = *entry;
	enum pinstore_status status;
	struct ps_key key;

	ps_copy_tell(&publishing->making->plan->step, ++publishing->seen,
	             publishing->total);
	if (!known.section[PINSTORE_CONFIGURED].is_present)
		return PINSTORE_OK;
	memset(&known.section[PINSTORE_LEARNED], 0,
	       sizeof(known.section[PINSTORE_LEARNED]));
	ps_host_key(host, &key);
	status = ps_entries_put(publishing->to, &publishing->id, &key, &known,
	                        error);
	if (status == PINSTORE_OK)
		status = next_commit(publishing, error);
	publishing->making->hosts++;
	return status;
}

static enum pinstore_status
publish_orders(struct publishing *publishing, enum ps_table table,
               struct pinstore_error *error)
{
	const struct making *making = publishing->making;
	struct ps_key at = {1, {0}};
	enum pinstore_status status;
	struct ps_order order;
	bool found;

	for (;;) {
		struct ps_bytes key;

		status = ps_orders_next(making->from, &making->env->schema.id,
		                        table, &at, &found, &order, error);
		if (status != PINSTORE_OK || !found)
			return status;
		key.at = at.octets;
		key.len = at.len;
		status = ps_orders_put(publishing->to, &publishing->id, table,
		                       key, &order, error);
		if (status == PINSTORE_OK)
			status = next_commit(publishing, error);
		if (status != PINSTORE_OK)
			return status;
	}
}

static enum pinstore_status
publish_settings(struct publishing *publishing, struct pinstore_error *error)
{
	const struct making *making = publishing->making;
	enum pinstore_status status;
	struct ps_settings settings;

	status = ps_orders_settings(making->from, &making->env->schema.id,
	                            &settings, error);
	if (status != PINSTORE_OK ||
	    (settings.set == 0 && settings.n_anchors == 0))
		return status;
	return ps_orders_put_settings(publishing->to, &publishing->id,
	                              &settings, error);
}

static enum pinstore_status
fill_published(struct making *making, struct ps_db *db,
               struct pinstore_error *error)
{
	const struct ps_env *env = making->env;
	struct publishing publishing = {.making = making, .db = db};
	enum pinstore_status status;
	enum ps_trouble trouble;

	status = ps_txn_count(making->from, PS_HOSTS, &publishing.total, error);
	if (status == PINSTORE_OK)
		status = ps_create_id(making->shown, &publishing.id, error);
	if (status == PINSTORE_OK)
		status = ps_txn_begin(db, true, &publishing.to, &trouble,
		                      error);
	if (status == PINSTORE_OK)
		status = ps_create_fill(publishing.to, &publishing.id, error);
	if (status == PINSTORE_OK)
		status = ps_meta_set_flags(publishing.to, PS_SEAL_PUBLISHED,
		                           error);
	if (status == PINSTORE_OK)
		status = ps_scan_each(making->from, &env->schema.id, NULL,
		                      publish_host, &publishing, error);
	if (status == PINSTORE_OK)
		status = publish_orders(&publishing, PS_REVOKED, error);
	if (status == PINSTORE_OK)
		status = publish_orders(&publishing, PS_BYPASS, error);
	if (status == PINSTORE_OK)
		status = publish_settings(&publishing, error);
	if (status == PINSTORE_OK) {
		status = ps_txn_commit(publishing.to, &trouble, error);
		publishing.to = NULL;
	}
	ps_txn_abort(publishing.to);
	return status;
}

/* ---------------------------------------------------------------- the file */

static enum pinstore_status
fill(struct making *making, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db *db = NULL;
	struct ps_db_info info;
	int fd = -1;

	status = ps_file_open(making->work_fd, making->shown, PS_DB_DATA, true,
	                      &fd, error);
	if (status != PINSTORE_OK)
		return status;
	(void)close(fd);
	ps_db_info(making->env->db, &info);
	status = ps_db_make(making->work_fd, PS_DB_DATA, making->shown,
	                    ps_copy_map(info.used_bytes), &db, error);
	if (status == PINSTORE_OK)
		status = is_published(making)
		                 ? fill_published(making, db, error)
		                 : fill_backup(making, db, error);
	ps_db_close(db);
	return status;
}

/* Flushed, then seen by its name, then by everybody. */
static enum pinstore_status
put_in_place(struct making *making, struct pinstore_error *error)
{
	const mode_t mode = is_published(making) ? 0644 : 0600;
	enum pinstore_status status;
	int fd = -1;

	status = ps_file_open(making->work_fd, making->shown, PS_DB_DATA, false,
	                      &fd, error);
	if (status != PINSTORE_OK)
		return status == PINSTORE_ERR_NOTFOUND
		               ? fail(making, PS_DB_DATA, ENOENT, error)
		               : status;
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		status = fail(making, PS_DB_DATA, errno, error);
	(void)close(fd);
	if (status != PINSTORE_OK)
		return status;
	if (renameat(making->work_fd, PS_DB_DATA, making->dir_fd, PS_DB_DATA) !=
	    0)
		return fail(making, "rename", errno, error);
	if (fchmod(making->dir_fd, is_published(making) ? 0755 : 0700) != 0 ||
	    fsync(making->dir_fd) != 0)
		return fail(making, "the directory", errno, error);
	return PINSTORE_OK;
}

enum pinstore_status
ps_backup_write(struct ps_env *env, struct ps_txn *from,
                const struct ps_backup_plan *plan, int64_t deadline_ms,
                uint64_t *hosts, struct pinstore_error *error)
{
	struct making making = {.env = env, .from = from, .plan = plan,
	                        .dir_fd = -1, .work_fd = -1};
	enum pinstore_status status;

	*hosts = 0;
	ps_path_show(plan->path, making.shown);
	status = open_dir(&making, error);
	if (status == PINSTORE_OK)
		status = look(&making, error);
	if (status == PINSTORE_OK)
		status = enter_work(&making, deadline_ms, error);
	if (status == PINSTORE_OK) {
		(void)unlinkat(making.work_fd, PS_DB_DATA, 0);
		status = fill(&making, error);
	}
	if (status == PINSTORE_OK)
		status = put_in_place(&making, error);
	leave_work(&making);
	if (making.dir_fd >= 0)
		(void)close(making.dir_fd);
	if (status == PINSTORE_OK)
		*hosts = making.hosts;
	else if (making.is_new)
		(void)rmdir(plan->path);
	return status;
}
