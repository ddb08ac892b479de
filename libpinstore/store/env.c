/*
 * env.c - one environment as all handles and threads of a process share it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/compact.h"
#include "store/links.h"
#include "store/memory.h"
#include "store/mount.h"
#include "store/orders.h"
#include "store/page.h"
#include "store/pages.h"
#include "store/registry.h"
#include "store/side.h"
#include "store/walked.h"

/* How often readers compare the files' identity. */
#define CHECK_EVERY_MS 1000
/* Who has opened it anew so often leaves others time, up to his deadline. */
#define TRIES 3
/* A lock file that a dying process has still in its hands: wait for its end. */
#define OPEN_TRIES 50

/* --------------------------------------------------------- opening, closing */

struct ps_env *
ps_env_new(char *path, uint64_t map_bytes, uint64_t max_bytes)
{
	pthread_rwlockattr_t kind;
	struct ps_env *env;

	/* Its pool stands on borders of cache lines. */
	env = aligned_alloc(PS_CACHE_LINE, sizeof(*env));
	if (env == NULL)
		return NULL;
	memset(env, 0, sizeof(*env));
	if (pthread_rwlockattr_init(&kind) != 0) {
		free(env);
		return NULL;
	}
	(void)pthread_rwlockattr_setkind_np(
	        &kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (pthread_rwlock_init(&env->lock, &kind) != 0) {
		(void)pthread_rwlockattr_destroy(&kind);
		free(env);
		return NULL;
	}
	(void)pthread_rwlockattr_destroy(&kind);
	env->map_bytes = map_bytes;
	atomic_init(&env->max_bytes, max_bytes);
	env->dir_fd = -1;
	env->hold_fd = -1;
	env->memory_fd = -1;
	env->spare_fd = -1;
	ps_pool_init(&env->pool);
	ps_group_init(&env->group);
	ps_path_show(path, env->shown);
	env->path = path; /* now env's */
	return env;
}

/* That a file is missing does not say that a store is. */
static enum pinstore_status
fail_vanished(const struct ps_env *env, struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s: files vanish from it while it is opened; "
	               "run \"pinstore fsck\"", env->shown);
}

/*
 * Somebody may write over the lock file, a restored backup say: then who waits
 * for a lock in it may wait for ever.  If it was cut short, whoever reads the
 * map of it behind its end would die of SIGBUS: it gets its length again.
 */
static bool
is_lock_whole(const struct ps_env *env)
{
	uint8_t head[PS_LOCK_HEAD_LEN];
	struct stat st;

	if (fstat(env->hold_fd, &st) == 0 && st.st_size >= PS_DB_LOCK_LEN)
		return pread(env->hold_fd, head, sizeof(head), 0) ==
		               (ssize_t)sizeof(head) &&
		       memcmp(head, env->lock_head, sizeof(head)) == 0;
	(void)posix_fallocate(env->hold_fd, 0, PS_DB_LOCK_LEN);
	return false;
}

static enum pinstore_status
fail_written_over(const struct ps_env *env, struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: %s was written over while it is in use: end "
	               "the programs that use the store, and try again",
	               env->shown, PS_DB_LOCK);
}

/* The identities that are compared later. */
static enum pinstore_status
remember(struct ps_env *env, int dir_fd, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct stat st;

	if (fstat(dir_fd, &st) != 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: cannot be used: %s", env->shown,
		                  PS_STRERROR(errno));
	env->dir.device = st.st_dev;
	env->dir.inode = st.st_ino;
	status = ps_file_look(dir_fd, env->shown, PS_DB_DATA, &env->data,
	                      error);
	if (status == PINSTORE_OK)
		status = ps_file_look(dir_fd, env->shown, PS_DB_LOCK,
		                      &env->lock_file, error);
	if (status == PINSTORE_OK)
		status = ps_file_look(dir_fd, env->shown, PS_GATE_NAME,
		                      &env->gate_file, error);
	return status;
}

/*
 * LMDB waits for ever for a lock on the octet that tells who is the first.  No
 * program of ours holds it now, for we have the directory's.
 */
static enum pinstore_status
wait_for_lock_file(struct ps_env *env, int fd, int64_t deadline_ms,
                   struct pinstore_error *error)
{
	for (;;) {
		struct flock lock = {
			.l_type = F_RDLCK,
			.l_whence = SEEK_SET,
			.l_len = 1,
		};

		if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
			return ps_fail_os(error, ps_file_status(errno), errno,
			                  "store %s: %s cannot be locked: %s",
			                  env->shown, PS_DB_LOCK,
			                  PS_STRERROR(errno));
		if (lock.l_type == F_UNLCK)
			return PINSTORE_OK;
		if (!ps_clock_pause(deadline_ms))
			return ps_fail(error, PINSTORE_ERR_BUSY,
			               "store %s: process %ld has locked %s: "
			               "end it, and try again", env->shown,
			               (long)lock.l_pid, PS_DB_LOCK);
	}
}

/*
 * Whether others use a lock file that LMDB does not know as one: it is made
 * anew when they have ended.
 */
static bool
is_spoiled_in_use(int fd)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = 1,
	};
	uint8_t magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       ps_page_get32(magic) != PS_META_MAGIC &&
	       fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/*
 * LMDB would make the lock file without blocks, and die of SIGBUS on a full
 * disk.  Opening and closing it would drop LMDB's locks on it, if this process
 * had an environment on it: the registry sees to it that it has not.
 */
static enum pinstore_status
prepare_lock_file(struct ps_env *env, int dir_fd, int64_t deadline_ms,
                  struct pinstore_error *error)
{
	enum pinstore_status status;
	struct stat st;
	int fd = -1;

	status = ps_file_open(dir_fd, env->shown, PS_DB_LOCK, true, &fd, error);
	if (status != PINSTORE_OK)
		return status;
	if (fstat(fd, &st) != 0 || st.st_size < PS_DB_LOCK_LEN)
		status = ps_file_reserve(fd, env->shown, PS_DB_LOCK,
		                         PS_DB_LOCK_LEN, error);
	if (status == PINSTORE_OK)
		status = wait_for_lock_file(env, fd, deadline_ms, error);
	if (status == PINSTORE_OK && is_spoiled_in_use(fd))
		status = fail_written_over(env, error);
	(void)close(fd);
	return status;
}

/*
 * LMDB's first opener resets the table of readers, and knows itself the first
 * by a lock that any close of the file in this process drops.  This lock stands
 * at the same octet, belongs to the descriptor, and so keeps others from
 * taking themselves for the first while we are here.
 */
static enum pinstore_status
hold_lock_file(struct ps_env *env, struct pinstore_error *error)
{
	struct flock lock;
	enum pinstore_status status;

	status = ps_file_open(env->dir_fd, env->shown, PS_DB_LOCK, false,
	                      &env->hold_fd, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return ps_fail(error, PINSTORE_ERR_BUSY,
		               "store %s: %s is being removed: never do that; "
		               "try again", env->shown, PS_DB_LOCK);
	if (status != PINSTORE_OK)
		return status;
	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_RDLCK;
	lock.l_whence = SEEK_SET;
	lock.l_len = 1;
	if (fcntl(env->hold_fd, F_OFD_SETLK, &lock) != 0)
		return ps_fail_os(error, PINSTORE_ERR_BUSY, errno,
		                  "store %s: %s cannot be locked: %s",
		                  env->shown, PS_DB_LOCK, PS_STRERROR(errno));
	if (pread(env->hold_fd, env->lock_head, sizeof(env->lock_head), 0) !=
	    (ssize_t)sizeof(env->lock_head))
		return ps_fail_os(error, PINSTORE_ERR_IO, errno,
		                  "store %s: %s cannot be read: %s", env->shown,
		                  PS_DB_LOCK, PS_STRERROR(errno));
	return PINSTORE_OK;
}

/* What the store says of itself, and that nothing which must be is missing. */
static enum pinstore_status
load(struct ps_env *env, struct pinstore_error *error)
{
	static const enum ps_table proved[] = {PS_HOSTS, PS_REVOKED, PS_BYPASS};
	struct ps_txn *txn = NULL;
	enum ps_trouble trouble;
	enum pinstore_status status;
	struct ps_orders orders;
	size_t i;

	status = ps_txn_begin(env->db, false, &txn, &trouble, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_meta_load(txn, &env->schema, error);
	for (i = 0; status == PINSTORE_OK && i < 3; i++)
		status = ps_links_load(txn, &env->schema.id, proved[i],
		                       error);
	if (status == PINSTORE_OK)
		status = ps_orders_load(txn, &env->schema.id, &orders, error);
	ps_txn_abort(txn);
	return status;
}

static uint64_t
first_map(const struct ps_env *env)
{
	uint64_t max = atomic_load(&env->max_bytes);

	return env->map_bytes < max ? env->map_bytes : max;
}

static enum pinstore_status
walk_first(int fd, uint64_t snapshot, void *arg, struct pinstore_error *error)
{
	const struct ps_env *env = arg;

	return ps_walked_check(env->dir_fd, fd, env->shown, snapshot,
	                       env->is_forced_open, error);
}

/*
 * The table of readers says which snapshot is the last; it is behind the data
 * while the disk flushes the head of a commit, which others see already, and if
 * the process that was to fill it was killed, and still holds its lock.
 */
static enum pinstore_status
open_db(struct ps_env *env, int64_t deadline_ms, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db_info info;
	bool is_behind;
	int tries;

	for (tries = 0;; tries++) {
		status = ps_db_open_guarded(env->dir_fd, env->shown,
		                            first_map(env), walk_first, env,
		                            &is_behind, &env->db, error);
		if (status != PINSTORE_ERR_BUSY ||
		    (tries >= OPEN_TRIES && !is_behind) ||
		    !ps_clock_pause(deadline_ms))
			break;
	}
	if (status != PINSTORE_OK)
		return status;
	ps_db_info(env->db, &info);
	if (info.readers > info.readers_max / 2)
		(void)ps_db_clear_readers(env->db);
	return PINSTORE_OK;
}

static void
set_open(struct ps_env *env, bool is_lockless)
{
	env->is_lockless = is_lockless;
	atomic_store(&env->is_dead, false);
	atomic_store(&env->plain_txn, 0);
	atomic_store(&env->next_check_ms,
	             ps_clock_coarse_ms() + CHECK_EVERY_MS);
	atomic_store(&env->next_clear_ms,
	             ps_clock_coarse_ms() + PS_CLEAR_EVERY_MS);
	env->is_open = true;
	env->opened++;
}

enum pinstore_status
ps_env_start(struct ps_env *env, int dir_fd, int64_t deadline_ms,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	bool is_alone;

	env->dir_fd = dir_fd;
	env->is_frozen = false;
	status = ps_gate_open(dir_fd, env->shown, deadline_ms, &env->gate,
	                      &is_alone, error);
	/* Spoiled while others use it: readers do not need it. */
	if (status == PINSTORE_ERR_DAMAGED)
		status = PINSTORE_OK;
	if (status == PINSTORE_OK && is_alone)
		ps_compact_clean(dir_fd);
	if (status == PINSTORE_OK)
		status = ps_pages_check(dir_fd, env->shown, error);
	if (status == PINSTORE_OK)
		status = prepare_lock_file(env, dir_fd, deadline_ms, error);
	if (status == PINSTORE_OK)
		status = remember(env, dir_fd, error);
	if (status == PINSTORE_OK)
		status = open_db(env, deadline_ms, error);
	if (status == PINSTORE_OK)
		status = load(env, error);
	if (status == PINSTORE_OK)
		status = hold_lock_file(env, error);
	if (status != PINSTORE_OK) {
		env->dir_fd = -1; /* still the caller's */
		ps_env_stop(env);
		return status == PINSTORE_ERR_NOTFOUND
		               ? fail_vanished(env, error)
		               : status;
	}
	set_open(env, false);
	if (!env->is_forced_open)
		ps_side_keep_schema(dir_fd, &env->schema);
	/* Of tries that failed while others were at the files. */
	ps_error_clear(error);
	return PINSTORE_OK;
}

/* Under whatever name the file is, it is the one that fd has open. */
static enum pinstore_status
open_sealed(struct ps_env *env, int fd, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct stat dir, st;

	if (fstat(env->dir_fd, &dir) != 0 || fstat(fd, &st) != 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: cannot be used: %s", env->shown,
		                  PS_STRERROR(errno));
	memset(&env->lock_file, 0, sizeof(env->lock_file));
	memset(&env->gate_file, 0, sizeof(env->gate_file));
	env->dir.device = dir.st_dev;
	env->dir.inode = dir.st_ino;
	env->data.device = st.st_dev;
	env->data.inode = st.st_ino;
	status = ps_pages_check_file(fd, env->shown, error);
	if (status == PINSTORE_OK)
		status = ps_walked_check(env->dir_fd, fd, env->shown, 0,
		                         env->is_forced_open, error);
	if (status != PINSTORE_OK)
		return status;
	return ps_db_open_sealed(fd, env->shown, (uint64_t)st.st_size, &env->db,
	                         error);
}

enum pinstore_status
ps_env_start_sealed(struct ps_env *env, int dir_fd,
                    struct pinstore_error *error)
{
	enum pinstore_status status;
	int fd = -1;

	env->dir_fd = dir_fd;
	env->is_frozen = ps_mount_is_frozen(dir_fd);
	status = ps_file_open_read(dir_fd, env->shown, PS_DB_DATA, &fd, error);
	if (status == PINSTORE_OK)
		status = open_sealed(env, fd, error);
	if (fd >= 0)
		(void)close(fd);
	if (status == PINSTORE_OK)
		status = load(env, error);
	if (status != PINSTORE_OK) {
		env->dir_fd = -1; /* still the caller's */
		ps_env_stop(env);
		return status == PINSTORE_ERR_NOTFOUND
		               ? fail_vanished(env, error)
		               : status;
	}
	set_open(env, true);
	return PINSTORE_OK;
}

static enum pinstore_status
open_memory(struct ps_env *env, struct pinstore_error *error)
{
	enum pinstore_status status;

	if (env->spare_fd >= 0) {
		(void)close(env->memory_fd);
		env->memory_fd = env->spare_fd;
		env->spare_fd = -1;
	}
	if (env->memory_fd < 0) {
		status = ps_memory_create(env->shown, &env->memory_fd, error);
		if (status != PINSTORE_OK)
			return status;
	}
	status = ps_gate_make(env->shown, &env->gate, error);
	if (status == PINSTORE_OK)
		status = ps_db_open_memory(env->memory_fd, env->shown,
		                           first_map(env), false, &env->db,
		                           error);
	return status;
}

enum pinstore_status
ps_env_start_memory(struct ps_env *env, struct pinstore_error *error)
{
	enum pinstore_status status;

	if (env->is_lost)
		return ps_fail(error, PINSTORE_ERR_FORKED,
		               "store %s: it is the parent process's, and is "
		               "not shared: open another behind fork()",
		               env->shown);
	env->is_frozen = false;
	status = open_memory(env, error);
	if (status == PINSTORE_OK)
		status = load(env, error);
	if (status != PINSTORE_OK) {
		ps_env_stop(env);
		return status;
	}
	set_open(env, false);
	return PINSTORE_OK;
}

/* In a child these are the parent's memory, and not its any more. */
static void
let_go_of_memory(struct ps_env *env)
{
	if (env->memory_fd >= 0)
		(void)close(env->memory_fd);
	if (env->spare_fd >= 0)
		(void)close(env->spare_fd);
	env->memory_fd = -1;
	env->spare_fd = -1;
}

void
ps_env_stop(struct ps_env *env)
{
	env->is_open = false;
	/* What follows looks into the map of the lock file. */
	if (env->hold_fd >= 0)
		(void)is_lock_whole(env);
	ps_pool_end(&env->pool);
	ps_db_close(env->db);
	env->db = NULL;
	/* Only now: to close it drops LMDB's own locks. */
	if (env->hold_fd >= 0)
		(void)close(env->hold_fd);
	env->hold_fd = -1;
	ps_gate_unref(env->gate);
	env->gate = NULL;
	if (env->dir_fd >= 0)
		(void)close(env->dir_fd);
	env->dir_fd = -1;
}

void
ps_env_forget(struct ps_env *env)
{
	pthread_rwlockattr_t kind;

	/* Threads that held it were not copied. */
	(void)pthread_rwlockattr_init(&kind);
	(void)pthread_rwlockattr_setkind_np(
	        &kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&env->lock, &kind);
	(void)pthread_rwlockattr_destroy(&kind);
	ps_pool_forget(&env->pool);
	ps_group_init(&env->group);
	ps_gate_forget(env->gate);
	env->gate = NULL;
	ps_env_stop(env);
	let_go_of_memory(env);
	env->is_lost = env->is_memory;
}

void
ps_env_free(struct ps_env *env)
{
	if (env == NULL)
		return;
	ps_env_stop(env);
	let_go_of_memory(env);
	ps_group_end(&env->group);
	(void)pthread_rwlock_destroy(&env->lock);
	free(env->path);
	free(env);
}

/* -------------------------------------------------------------------- entry */

static bool
is_same_file(const struct ps_env *env, const char *name,
             const struct ps_identity *identity)
{
	struct ps_identity now;
	struct stat st;

	if (fstatat(env->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	now.device = st.st_dev;
	now.inode = st.st_ino;
	return ps_identity_is_equal(&now, identity);
}

/*
 * What stands under the name of a lock: OK if it is ours, NOTFOUND if it is
 * another that may be used.  What may not be used, a FIFO say, keeps everybody
 * from opening the store, and so from writing to it: its error.
 */
static enum pinstore_status
look_at_lock(const struct ps_env *env, const char *name,
             const struct ps_identity *identity, struct pinstore_error *error)
{
	struct ps_identity now;
	enum pinstore_status status;

	if (is_same_file(env, name, identity))
		return PINSTORE_OK;
	status = ps_file_look(env->dir_fd, env->shown, name, &now, error);
	return status == PINSTORE_ERR_ACCESS ? status : PINSTORE_ERR_NOTFOUND;
}

/*
 * Whether the files we have open are those that others see.  A directory that
 * was renamed, or that this process cannot reach any more, stays in use.  OK;
 * NOTFOUND: it has to be opened anew; ACCESS: it may be read as it is, for
 * nobody writes to it.
 */
static enum pinstore_status
look(const struct ps_env *env, struct pinstore_error *error)
{
	enum pinstore_status lock, gate;
	struct ps_identity dir;
	struct stat st;

	if (stat(env->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		dir.device = st.st_dev;
		dir.inode = st.st_ino;
		if (!ps_identity_is_equal(&dir, &env->dir))
			return PINSTORE_ERR_NOTFOUND;
	}
	if (!is_same_file(env, PS_DB_DATA, &env->data))
		return PINSTORE_ERR_NOTFOUND;
	if (env->is_lockless)
		return env->is_frozen && ps_mount_is_writable(env->dir_fd)
		               ? PINSTORE_ERR_NOTFOUND
		               : PINSTORE_OK;
	gate = look_at_lock(env, PS_GATE_NAME, &env->gate_file, error);
	lock = look_at_lock(env, PS_DB_LOCK, &env->lock_file, error);
	if (gate == PINSTORE_ERR_NOTFOUND || lock == PINSTORE_ERR_NOTFOUND ||
	    !is_lock_whole(env))
		return PINSTORE_ERR_NOTFOUND;
	return lock != PINSTORE_OK ? lock : gate;
}

/* OK, NOTFOUND and ACCESS as look() says; a reader may go on with both. */
static enum pinstore_status
judge(struct ps_env *env, bool is_strict, struct pinstore_error *error)
{
	enum pinstore_status status;
	int64_t due, now;

	if (!env->is_open ||
	    atomic_load_explicit(&env->is_dead, memory_order_acquire))
		return PINSTORE_ERR_NOTFOUND;
	if (env->is_memory)
		return PINSTORE_OK;
	due = atomic_load_explicit(&env->next_check_ms, memory_order_relaxed);
	now = ps_clock_coarse_ms();
	/* Who makes its file system writable may write to it at once. */
	if (!is_strict && now < due && !env->is_frozen)
		return PINSTORE_OK;
	status = look(env, error);
	if (status == PINSTORE_ERR_NOTFOUND) {
		atomic_store(&env->is_dead, true);
		return status;
	}
	atomic_store_explicit(&env->next_check_ms, now + CHECK_EVERY_MS,
	                      memory_order_relaxed);
	return status;
}

/* Enter if nothing has to be opened for it: else NOTFOUND. */
static enum pinstore_status
try_to_enter(struct ps_env *env, bool is_strict, struct pinstore_error *error)
{
	enum pinstore_status status;

	ps_registry_notice_fork();
	(void)pthread_rwlock_rdlock(&env->lock);
	status = judge(env, is_strict, error);
	if (status == PINSTORE_ERR_ACCESS && !is_strict) {
		ps_error_clear(error);
		status = PINSTORE_OK;
	}
	if (status != PINSTORE_OK)
		(void)pthread_rwlock_unlock(&env->lock);
	return status;
}

enum pinstore_status
ps_env_enter(struct ps_env *env, bool is_strict, int64_t deadline_ms,
             struct pinstore_error *error)
{
	int tries;

	for (tries = 0; tries < TRIES || ps_clock_pause(deadline_ms); tries++) {
		enum pinstore_status status;

		status = try_to_enter(env, is_strict, error);
		if (status != PINSTORE_ERR_NOTFOUND)
			return status;
		status = ps_registry_renew(env, deadline_ms, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: its files are being replaced all the time: "
	               "try again", env->shown);
}

void
ps_env_leave(struct ps_env *env)
{
	(void)pthread_rwlock_unlock(&env->lock);
}

enum pinstore_status
ps_env_resize(struct ps_env *env, bool grow, uint64_t max_bytes,
              bool *is_retried, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	enum ps_trouble trouble = PS_TROUBLE_NONE;

	ps_env_leave(env);
	(void)pthread_rwlock_wrlock(&env->lock);
	if (env->is_open && !atomic_load(&env->is_dead)) {
		/* Room that dead readers hold comes first, once. */
		if (!grow || *is_retried || ps_db_clear_readers(env->db) == 0)
			status = ps_db_resize(env->db, grow, max_bytes,
			                      &trouble, error);
		else
			*is_retried = true;
	}
	if (trouble == PS_TROUBLE_DEAD)
		atomic_store(&env->is_dead, true);
	(void)pthread_rwlock_unlock(&env->lock);
	(void)pthread_rwlock_rdlock(&env->lock);
	return status;
}

enum pinstore_status
ps_env_fit(struct ps_env *env, uint64_t bytes, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	enum ps_trouble trouble = PS_TROUBLE_NONE;

	ps_env_leave(env);
	(void)pthread_rwlock_wrlock(&env->lock);
	if (env->is_open && !atomic_load(&env->is_dead))
		status = ps_db_fit(env->db, bytes, &trouble, error);
	if (trouble == PS_TROUBLE_DEAD)
		atomic_store(&env->is_dead, true);
	(void)pthread_rwlock_unlock(&env->lock);
	(void)pthread_rwlock_rdlock(&env->lock);
	return status;
}

enum pinstore_status
ps_env_settle(struct ps_env *env, int64_t deadline_ms,
              struct pinstore_error *error)
{
	const struct timespec until = ps_clock_spec(deadline_ms);
	int failed;

	ps_env_leave(env);
	failed = pthread_rwlock_clockwrlock(&env->lock, CLOCK_MONOTONIC,
	                                    &until);
	if (failed == 0)
		(void)pthread_rwlock_unlock(&env->lock);
	(void)pthread_rwlock_rdlock(&env->lock);
	if (failed == 0)
		return PINSTORE_OK;
	return ps_fail_os(error, PINSTORE_ERR_BUSY, failed,
	                  "store %s: other threads have been reading it for "
	                  "longer than the lock limit: try again", env->shown);
}

/* ------------------------------------------------------------------ reading */

/* A slot is taken under a lock in the lock file, which has no deadline. */
static enum pinstore_status
begin_anew(struct ps_env *env, struct ps_txn **out, enum ps_trouble *trouble,
           struct pinstore_error *error)
{
	if (env->hold_fd >= 0 && !is_lock_whole(env)) {
		*trouble = PS_TROUBLE_DEAD;
		return fail_written_over(env, error);
	}
	return ps_txn_begin(env->db, false, out, trouble, error);
}

static enum pinstore_status
begin_reader(struct ps_env *env, struct ps_txn **out, enum ps_trouble *trouble,
             struct pinstore_error *error)
{
	struct ps_txn *txn = ps_pool_take(&env->pool);
	enum pinstore_status status;

	if (txn == NULL)
		return begin_anew(env, out, trouble, error);
	status = ps_txn_renew(txn, trouble, error);
	if (status == PINSTORE_OK) {
		*out = txn;
		return status;
	}
	/* Its slot may be another's by now: it cannot be ended. */
	if (*trouble == PS_TROUBLE_SLOT) {
		ps_txn_forget(txn);
		ps_error_clear(error);
		return begin_anew(env, out, trouble, error);
	}
	ps_txn_abort(txn);
	return status;
}

/* Files may be replaced one after the other: each is opened anew. */
static bool
is_worth_a_try(enum ps_trouble trouble, int tries, int64_t deadline_ms)
{
	if (trouble == PS_TROUBLE_REPLACED)
		return tries < TRIES || ps_clock_ms() < deadline_ms;
	return trouble != PS_TROUBLE_NONE && tries < TRIES;
}

enum pinstore_status
ps_env_read(struct ps_env *env, int limit_ms, struct ps_txn **out,
            struct pinstore_error *error)
{
	bool ignored = true;
	bool is_entered = try_to_enter(env, false, error) == PINSTORE_OK;
	enum pinstore_status status;
	int64_t deadline_ms = 0;
	int tries;

	*out = NULL;
	for (tries = 0;; tries++) {
		enum ps_trouble trouble = PS_TROUBLE_NONE;

		/* Mostly nobody is waited for, and the clock is not read. */
		if (!is_entered && deadline_ms == 0)
			deadline_ms = ps_clock_ms() + limit_ms;
		if (!is_entered) {
			status = ps_env_enter(env, false, deadline_ms, error);
			if (status != PINSTORE_OK)
				return status;
		}
		status = begin_reader(env, out, &trouble, error);
		if (status == PINSTORE_OK)
			return PINSTORE_OK;
		if (deadline_ms == 0)
			deadline_ms = ps_clock_ms() + limit_ms;
		if (!is_worth_a_try(trouble, tries, deadline_ms))
			break;
		status = PINSTORE_OK;
		switch (trouble) {
		case PS_TROUBLE_RESIZED:
			status = ps_env_resize(env, false, 0, &ignored, error);
			break;
		case PS_TROUBLE_READERS:
			(void)ps_db_clear_readers(env->db);
			break;
		case PS_TROUBLE_REPLACED:
		case PS_TROUBLE_DEAD:
			atomic_store(&env->is_dead, true);
			break;
		case PS_TROUBLE_NONE:
		case PS_TROUBLE_MAP:
		case PS_TROUBLE_LIMIT:
		case PS_TROUBLE_SLOT:
			break;
		}
		if (status != PINSTORE_OK)
			break;
		ps_env_leave(env);
		is_entered = false;
		ps_error_clear(error);
	}
	ps_env_leave(env);
	return status;
}

void
ps_env_done(struct ps_env *env, struct ps_txn *txn)
{
	if (txn != NULL) {
		if (ps_txn_trouble(txn) == PS_TROUBLE_DEAD)
			atomic_store(&env->is_dead, true);
		ps_txn_rest(txn);
		if (!ps_pool_give(&env->pool, txn))
			ps_txn_abort(txn);
	}
	ps_env_leave(env);
}
