/*
 * registry.c - the environments that this process has open.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/registry.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/compact.h"
#include "store/create.h"
#include "store/env.h"
#include "store/files.h"
#include "store/mount.h"
#include "store/seal.h"

/* What the page says; the kernel makes it zero in a child. */
enum { PAGE_WIPED = 0, PAGE_OWN = 1, PAGE_IN_WORK = 2 };

#define PAGE_LEN 4096

/* The one mutable global of this floor. */
static struct {
	pthread_mutex_t mutex;
	pthread_once_t once;
	_Atomic(atomic_uint *) page;
	struct ps_env *first;
} registry = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.once = PTHREAD_ONCE_INIT,
};

/* --------------------------------------------------------------------- fork */

/* No thread may be in the middle of an open when fork() copies the process. */
static void
before_fork(void)
{
	ps_registry_notice_fork();
	(void)pthread_mutex_lock(&registry.mutex);
}

static void
after_fork_parent(void)
{
	(void)pthread_mutex_unlock(&registry.mutex);
}

/*
 * The mutex at once, for the child may fork again before it uses anything; and
 * for kernels that do not wipe the page.  The rest is done at the next use.
 */
static void
after_fork_child(void)
{
	(void)pthread_mutex_unlock(&registry.mutex);
	atomic_store(atomic_load(&registry.page), PAGE_WIPED);
}

static void
init(void)
{
	void *at = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	atomic_uint *page = at;

	if (at == MAP_FAILED)
		return;
	/* Catches also children that no handler of pthread_atfork() sees. */
	(void)madvise(at, PAGE_LEN, MADV_WIPEONFORK);
	atomic_init(page, PAGE_OWN);
	atomic_store(&registry.page, page);
	if (pthread_atfork(before_fork, after_fork_parent, after_fork_child) !=
	    0)
		atomic_store(&registry.page, NULL);
}

static void
forget_all(atomic_uint *page)
{
	unsigned state = PAGE_WIPED;
	struct ps_env *env;

	if (!atomic_compare_exchange_strong(page, &state, PAGE_IN_WORK)) {
		while (atomic_load(page) != PAGE_OWN)
			(void)sched_yield();
		return;
	}
	/* Without fork()'s handlers it may be held by nobody any more. */
	(void)pthread_mutex_init(&registry.mutex, NULL);
	for (env = registry.first; env != NULL; env = env->next)
		ps_env_forget(env);
	atomic_store(page, PAGE_OWN);
}

void
ps_registry_notice_fork(void)
{
	atomic_uint *page = atomic_load_explicit(&registry.page,
	                                         memory_order_acquire);

	if (page != NULL &&
	    atomic_load_explicit(page, memory_order_acquire) != PAGE_OWN)
		forget_all(page);
}

/* --------------------------------------------------------------------- list */

static enum pinstore_status
lock(const char *shown, int64_t deadline_ms, struct pinstore_error *error)
{
	const struct timespec until = ps_clock_spec(deadline_ms);

	(void)pthread_once(&registry.once, init);
	if (atomic_load(&registry.page) == NULL)
		return ps_fail_nomem(error);
	ps_registry_notice_fork();
	if (pthread_mutex_clocklock(&registry.mutex, CLOCK_MONOTONIC, &until) ==
	    0)
		return PINSTORE_OK;
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: another thread is opening a store for longer "
	               "than the lock limit", shown);
}

static void
unlock(void)
{
	(void)pthread_mutex_unlock(&registry.mutex);
}

/* The environment that has the files of dir_fd open, other than `not`. */
static struct ps_env *
find(int dir_fd, const struct ps_env *not)
{
	struct ps_identity data = {0, 0}, lock_file = {0, 0};
	struct ps_env *env;
	struct stat st;

	if (fstatat(dir_fd, PS_DB_DATA, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		data.device = st.st_dev;
		data.inode = st.st_ino;
	}
	/*
	 * The same lock file with other data must not be opened twice either.
	 */
	if (fstatat(dir_fd, PS_DB_LOCK, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		lock_file.device = st.st_dev;
		lock_file.inode = st.st_ino;
	}
	for (env = registry.first; env != NULL; env = env->next) {
		if (env != not && !env->is_memory &&
		    (ps_identity_is_equal(&env->data, &data) ||
		     (lock_file.inode != 0 &&
		      ps_identity_is_equal(&env->lock_file, &lock_file))))
			return env;
	}
	return NULL;
}

/* An environment for want that is not open yet; NULL without memory. */
static struct ps_env *
make(const struct ps_registry_want *want)
{
	struct ps_env *env = NULL;
	char *path = strdup(want->path);

	if (path != NULL)
		env = ps_env_new(path, want->map_bytes, want->max_bytes);
	if (env == NULL) {
		free(path);
		return NULL;
	}
	env->is_system = want->is_system;
	env->is_forced_open = want->is_forced_open;
	env->may_be_remote = want->may_be_remote;
	return env;
}

static void
add(struct ps_env *env, struct ps_env **out)
{
	env->users = 1;
	env->next = registry.first;
	registry.first = env;
	*out = env;
}

static void
join(struct ps_env *env, const struct ps_registry_want *want)
{
	env->users++;
	env->is_system = env->is_system || want->is_system;
	if (atomic_load(&env->max_bytes) < want->max_bytes)
		atomic_store(&env->max_bytes, want->max_bytes);
}

/* The directory is locked.  *is_taken: dir_fd is the new environment's. */
static enum pinstore_status
share_locked(const struct ps_registry_want *want, const char *shown,
             int dir_fd, int64_t deadline_ms, struct ps_env **out,
             bool *is_taken, struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_dir_state state;
	struct ps_env *env;

	*is_taken = false;
	status = ps_dir_look(dir_fd, shown, &state, error);
	if (status != PINSTORE_OK || (state == PS_DIR_EMPTY && want->read_only))
		return status;
	if (state == PS_DIR_EMPTY)
		status = ps_create(dir_fd, shown, error);
	else if (!want->read_only)
		ps_create_clean(dir_fd);
	if (status != PINSTORE_OK)
		return status;
	env = find(dir_fd, NULL);
	if (env != NULL) {
		join(env, want);
		*out = env;
		return PINSTORE_OK;
	}
	env = make(want);
	if (env == NULL)
		return ps_fail_nomem(error);
	status = ps_env_start(env, dir_fd, deadline_ms, error);
	if (status != PINSTORE_OK) {
		ps_env_free(env);
		return status;
	}
	add(env, out);
	*is_taken = true;
	return PINSTORE_OK;
}

/* -------------------------------------------------------------- without lock */

/*
 * Whoever may read a store that nobody writes could hold the lock of its
 * directory: it is passed by.  OK and NULL: open it as others are.
 */
static enum pinstore_status
share_sealed(const struct ps_registry_want *want, const char *shown, int dir_fd,
             struct ps_env **out, bool *is_taken, struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_dir_state state;
	struct ps_env *env;

	if (!want->is_system && !ps_seal_is_candidate(dir_fd))
		return PINSTORE_OK;
	status = ps_dir_look(dir_fd, shown, &state, error);
	if (status != PINSTORE_OK || state == PS_DIR_EMPTY)
		return status;
	env = find(dir_fd, NULL);
	if (env != NULL && !env->is_lockless && !want->is_system)
		return PINSTORE_OK;
	if (env != NULL && env->is_lockless) {
		status = ps_seal_judge(env, want->is_system, error);
		if (status == PINSTORE_OK) {
			join(env, want);
			*out = env;
		}
		return status;
	}
	env = make(want);
	if (env == NULL)
		return ps_fail_nomem(error);
	status = ps_env_start_sealed(env, dir_fd, error);
	if (status == PINSTORE_OK) {
		status = ps_seal_judge(env, want->is_system, error);
		if (status == PINSTORE_OK) {
			add(env, out);
			*is_taken = true;
			return status;
		}
		env->dir_fd = -1; /* the caller's again */
	}
	ps_env_free(env);
	return status == PINSTORE_ERR_NOTFOUND ? PINSTORE_OK : status;
}

static enum pinstore_status
try_sealed(const struct ps_registry_want *want, const char *shown,
           struct ps_env **out, struct pinstore_error *error)
{
	enum pinstore_status status;
	bool is_taken = false;
	int dir_fd = -1;

	status = ps_dir_open(want->path, false, &dir_fd, error);
	/* Another try follows, which may create it. */
	if (status == PINSTORE_ERR_NOTFOUND) {
		ps_error_clear(error);
		return PINSTORE_OK;
	}
	if (status != PINSTORE_OK)
		return status;
	status = share_sealed(want, shown, dir_fd, out, &is_taken, error);
	if (!is_taken)
		(void)close(dir_fd);
	return status;
}

/* The directory may be removed by another process before it is locked. */
static bool
is_removed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

static enum pinstore_status
open_locked(const char *path, const char *shown, bool may_create,
            int64_t deadline_ms, int *fd, struct pinstore_error *error)
{
	for (;;) {
		enum pinstore_status status;

		status = ps_dir_open(path, may_create, fd, error);
		if (status != PINSTORE_OK)
			return status;
		status = ps_dir_lock(*fd, shown, deadline_ms, error);
		if (status == PINSTORE_OK &&
		    (!is_removed(*fd) || ps_clock_ms() >= deadline_ms))
			return PINSTORE_OK;
		(void)close(*fd);
		*fd = -1;
		if (status != PINSTORE_OK)
			return status;
	}
}

/*
 * Other machines do not see our locks, nor we what they write in time: hosts
 * that are stored would not be found.  What nobody writes has passed by here.
 */
static enum pinstore_status
check_place(const char *path, const char *shown, bool may_be_remote,
            struct pinstore_error *error)
{
	char name[PS_MOUNT_NAME_LEN];

	if (may_be_remote || !ps_mount_is_remote(path, name))
		return PINSTORE_OK;
	return ps_fail(error, PINSTORE_ERR_REMOTE,
	               "store %s: lies on %s, a network file system, where "
	               "locks do not hold: use a local directory, or read a "
	               "copy made with pinstore backup --publish", shown, name);
}

enum pinstore_status
ps_registry_share(const struct ps_registry_want *want, int64_t deadline_ms,
                  struct ps_env **out, struct pinstore_error *error)
{
	char shown[PS_SHOWN_LEN];
	enum pinstore_status status;
	bool is_taken = false;
	int dir_fd = -1;

	*out = NULL;
	ps_path_show(want->path, shown);
	status = lock(shown, deadline_ms, error);
	if (status != PINSTORE_OK)
		return status;
	status = try_sealed(want, shown, out, error);
	if (status != PINSTORE_OK || *out != NULL || want->is_system) {
		unlock();
		return status;
	}
	status = check_place(want->path, shown, want->may_be_remote, error);
	if (status == PINSTORE_OK)
		status = open_locked(want->path, shown, !want->read_only,
		                     deadline_ms, &dir_fd, error);
	if (status == PINSTORE_OK) {
		status = share_locked(want, shown, dir_fd, deadline_ms, out,
		                      &is_taken, error);
		ps_dir_unlock(dir_fd);
		if (!is_taken)
			(void)close(dir_fd);
	}
	unlock();
	return status;
}

enum pinstore_status
ps_registry_make(const struct ps_registry_want *want, int64_t deadline_ms,
                 struct ps_env **out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_env *env;

	*out = NULL;
	status = lock(want->path, deadline_ms, error);
	if (status != PINSTORE_OK)
		return status;
	env = make(want);
	if (env == NULL) {
		unlock();
		return ps_fail_nomem(error);
	}
	env->is_memory = true;
	status = ps_env_start_memory(env, error);
	if (status == PINSTORE_OK)
		add(env, out);
	else
		ps_env_free(env);
	unlock();
	return status;
}

void
ps_registry_release(struct ps_env *env)
{
	struct ps_env **at;

	if (env == NULL)
		return;
	ps_registry_notice_fork();
	(void)pthread_mutex_lock(&registry.mutex);
	if (--env->users == 0) {
		for (at = &registry.first; *at != env;)
			at = &(*at)->next;
		*at = env->next;
		ps_env_free(env);
	}
	unlock();
}

static enum pinstore_status
fail_gone(const struct ps_env *env, struct pinstore_error *error)
{
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s: it was removed while in use: restore "
	               "it", env->shown);
}

/* *is_done is false where there is, or has to be, a lock. */
static enum pinstore_status
start_sealed_again(struct ps_env *env, bool *is_done,
                   struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_dir_state state;
	int dir_fd = -1;

	*is_done = true;
	status = ps_dir_open(env->path, false, &dir_fd, error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return fail_gone(env, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_dir_look(dir_fd, env->shown, &state, error);
	if (status == PINSTORE_OK && state == PS_DIR_EMPTY)
		status = fail_gone(env, error);
	if (status == PINSTORE_OK) {
		*is_done = env->is_system || ps_seal_is_candidate(dir_fd);
		if (*is_done)
			status = ps_env_start_sealed(env, dir_fd, error);
	}
	if (status != PINSTORE_OK || !*is_done) {
		(void)close(dir_fd);
		return status;
	}
	status = ps_seal_judge(env, env->is_system, error);
	if (status == PINSTORE_OK)
		return status;
	ps_env_stop(env);
	*is_done = status != PINSTORE_ERR_NOTFOUND;
	return *is_done ? status : PINSTORE_OK;
}

/* env is held for writing, and is not open. */
static enum pinstore_status
start_again(struct ps_env *env, int64_t deadline_ms,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	enum ps_dir_state state;
	bool is_taken = false, is_done;
	int dir_fd = -1;

	status = start_sealed_again(env, &is_done, error);
	if (is_done)
		return status;
	status = check_place(env->path, env->shown, env->may_be_remote, error);
	if (status != PINSTORE_OK)
		return status;
	status = open_locked(env->path, env->shown, false, deadline_ms, &dir_fd,
	                     error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return fail_gone(env, error);
	if (status != PINSTORE_OK)
		return status;
	status = ps_dir_look(dir_fd, env->shown, &state, error);
	if (status == PINSTORE_OK && state == PS_DIR_EMPTY)
		status = fail_gone(env, error);
	if (status == PINSTORE_OK && find(dir_fd, env) != NULL)
		status = ps_fail(error, PINSTORE_ERR_BUSY,
		                 "store %s: it took the place of another that "
		                 "this process has open: start it again",
		                 env->shown);
	if (status == PINSTORE_OK)
		status = ps_env_start(env, dir_fd, deadline_ms, error);
	is_taken = status == PINSTORE_OK;
	ps_dir_unlock(dir_fd);
	if (!is_taken)
		(void)close(dir_fd);
	return status;
}

enum pinstore_status
ps_registry_renew(struct ps_env *env, int64_t deadline_ms,
                  struct pinstore_error *error)
{
	enum pinstore_status status;

	status = lock(env->shown, deadline_ms, error);
	if (status != PINSTORE_OK)
		return status;
	(void)pthread_rwlock_wrlock(&env->lock);
	if (!env->is_open || atomic_load(&env->is_dead)) {
		ps_env_stop(env);
		status = env->is_memory
		                 ? ps_env_start_memory(env, error)
		                 : start_again(env, deadline_ms, error);
	}
	(void)pthread_rwlock_unlock(&env->lock);
	unlock();
	return status;
}

enum pinstore_status
ps_registry_replace(const char *path, const struct ps_refill *refill,
                    int64_t deadline_ms, struct pinstore_error *error)
{
	char shown[PS_SHOWN_LEN];
	enum pinstore_status status;
	int dir_fd = -1;

	ps_path_show(path, shown);
	status = lock(shown, deadline_ms, error);
	if (status != PINSTORE_OK)
		return status;
	status = open_locked(path, shown, false, deadline_ms, &dir_fd, error);
	if (status == PINSTORE_OK) {
		status = ps_compact_replace(dir_fd, shown, deadline_ms, refill,
		                            error);
		ps_dir_unlock(dir_fd);
		(void)close(dir_fd);
	}
	unlock();
	return status;
}
