/*
 * gate.c - the lock that all writers pass, with a limit to their waiting.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "store/clock.h"
#include "store/files.h"

#define GATE_LEN 4096
/* It also tells C libraries apart whose mutex has another size. */
#define GATE_MAGIC ((uint64_t)0x70696e7374676100 | sizeof(pthread_mutex_t))

/* Whoever has passed, and comes again at once, lets others pass first: naps. */
#define NAPS 10
#define NAP_NS 50000L

struct shared {
	uint64_t magic;
	pthread_mutex_t mutex;
	/* Hints alone: a process that is killed leaves them as they are. */
	atomic_int waiting;
	atomic_int last; /* the process that passed */
};

struct ps_gate {
	atomic_uint users;
	const char *shown;
	int fd; /* holds a shared lock: somebody uses the mutex */
	struct ps_identity identity;
	struct shared *shared;
};

/*
 * Nobody else has it: what lies in the file may be a mutex that was locked
 * when the power went.
 */
static enum pinstore_status
init(struct shared *shared, const char *shown, struct pinstore_error *error)
{
	pthread_mutexattr_t kind;
	int failed;

	memset(shared, 0, sizeof(*shared));
	failed = pthread_mutexattr_init(&kind);
	if (failed != 0)
		return ps_fail_nomem(error);
	failed = pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	if (failed == 0)
		failed = pthread_mutexattr_setrobust(&kind,
		                                     PTHREAD_MUTEX_ROBUST);
	if (failed == 0)
		failed = pthread_mutex_init(&shared->mutex, &kind);
	(void)pthread_mutexattr_destroy(&kind);
	if (failed != 0)
		return ps_fail_os(error, PINSTORE_ERR_IO, failed,
		                  "store %s: no lock can be made: %s", shown,
		                  PS_STRERROR(failed));
	shared->magic = GATE_MAGIC;
	return PINSTORE_OK;
}

/* Learn whether others use it, and say that we do. */
static enum pinstore_status
claim(int fd, const char *shown, int64_t deadline_ms, bool *is_alone,
      struct pinstore_error *error)
{
	*is_alone = false;
	for (;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*is_alone = true;
			return PINSTORE_OK;
		}
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			break;
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return PINSTORE_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		if (!ps_clock_pause(deadline_ms))
			return ps_fail(error, PINSTORE_ERR_BUSY,
			               "store %s: another program has locked "
			               "%s: try again", shown, PS_GATE_NAME);
	}
	return ps_fail_os(error, ps_file_status(errno), errno,
	                  "store %s: %s cannot be locked: %s", shown,
	                  PS_GATE_NAME, PS_STRERROR(errno));
}

static enum pinstore_status
map(struct ps_gate *gate, bool is_alone, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct stat st;
	void *at;

	if (is_alone)
		status = ps_file_reserve(gate->fd, gate->shown, PS_GATE_NAME,
		                         GATE_LEN, error);
	if (status != PINSTORE_OK)
		return status;
	if (fstat(gate->fd, &st) != 0)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be used: %s",
		                  gate->shown, PS_GATE_NAME, PS_STRERROR(errno));
	gate->identity.device = st.st_dev;
	gate->identity.inode = st.st_ino;
	if (st.st_size < GATE_LEN)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s: %s has been cut short while in use: end "
		               "the programs that use it", gate->shown,
		               PS_GATE_NAME);
	at = mmap(NULL, GATE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, gate->fd,
	          0);
	if (at == MAP_FAILED)
		return ps_fail_os(error, ps_file_status(errno), errno,
		                  "store %s: %s cannot be mapped: %s",
		                  gate->shown, PS_GATE_NAME, PS_STRERROR(errno));
	gate->shared = at;
	if (is_alone)
		return init(gate->shared, gate->shown, error);
	if (gate->shared->magic != GATE_MAGIC)
		return ps_fail(error, PINSTORE_ERR_DAMAGED,
		               "store %s: %s is not what this program uses: end "
		               "the programs that use the store", gate->shown,
		               PS_GATE_NAME);
	return PINSTORE_OK;
}

/* One that has nothing yet; NULL without memory. */
static struct ps_gate *
make(const char *shown)
{
	struct ps_gate *gate = calloc(1, sizeof(*gate));

	if (gate == NULL)
		return NULL;
	atomic_init(&gate->users, 1);
	gate->shown = shown;
	gate->fd = -1;
	return gate;
}

enum pinstore_status
ps_gate_open(int dir_fd, const char *shown, int64_t deadline_ms,
             struct ps_gate **out, bool *is_alone,
             struct pinstore_error *error)
{
	struct ps_gate *gate;
	enum pinstore_status status;

	*out = NULL;
	*is_alone = false;
	gate = make(shown);
	if (gate == NULL)
		return ps_fail_nomem(error);
	status = ps_file_open(dir_fd, shown, PS_GATE_NAME, true, &gate->fd,
	                      error);
	if (status == PINSTORE_OK)
		status = claim(gate->fd, shown, deadline_ms, is_alone, error);
	if (status == PINSTORE_OK)
		status = map(gate, *is_alone, error);
	/* The directory's lock keeps the gap closed that this leaves. */
	if (status == PINSTORE_OK && *is_alone &&
	    flock(gate->fd, LOCK_SH) != 0)
		status = ps_fail_os(error, ps_file_status(errno), errno,
		                    "store %s: %s cannot be locked: %s", shown,
		                    PS_GATE_NAME, PS_STRERROR(errno));
	if (status != PINSTORE_OK) {
		ps_gate_unref(gate);
		return status;
	}
	*out = gate;
	return PINSTORE_OK;
}

enum pinstore_status
ps_gate_make(const char *shown, struct ps_gate **out,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_gate *gate;
	void *at;

	*out = NULL;
	gate = make(shown);
	if (gate == NULL)
		return ps_fail_nomem(error);
	/* No other is there as long as this one is. */
	gate->identity.inode = (ino_t)(uintptr_t)gate;
	at = mmap(NULL, GATE_LEN, PROT_READ | PROT_WRITE,
	          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		ps_gate_unref(gate);
		return ps_fail_nomem(error);
	}
	gate->shared = at;
	status = init(gate->shared, shown, error);
	if (status != PINSTORE_OK) {
		ps_gate_unref(gate);
		return status;
	}
	*out = gate;
	return PINSTORE_OK;
}

bool
ps_gate_is_same(const struct ps_gate *a, const struct ps_gate *b)
{
	return ps_identity_is_equal(&a->identity, &b->identity);
}

struct ps_gate *
ps_gate_ref(struct ps_gate *gate)
{
	(void)atomic_fetch_add(&gate->users, 1);
	return gate;
}

void
ps_gate_unref(struct ps_gate *gate)
{
	if (gate == NULL || atomic_fetch_sub(&gate->users, 1) != 1)
		return;
	ps_gate_forget(gate);
}

/* Closing takes no lock from the parent, whose descriptor is another one. */
void
ps_gate_forget(struct ps_gate *gate)
{
	if (gate == NULL)
		return;
	if (gate->shared != NULL)
		(void)munmap(gate->shared, GATE_LEN);
	if (gate->fd >= 0)
		(void)close(gate->fd);
	free(gate);
}

/*
 * Who has been woken is not yet running when the mutex's last owner asks for it
 * again, and would always come too late on a busy machine.
 */
static void
let_others_pass(struct shared *shared, int me)
{
	const struct timespec nap = {0, NAP_NS};
	int i;

	for (i = 0; i < NAPS && atomic_load(&shared->last) == me; i++)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	/* Nobody came: they were killed. */
	if (atomic_load(&shared->last) == me)
		atomic_store(&shared->waiting, 0);
}

static void
wait_no_more(struct shared *shared)
{
	int n = atomic_load(&shared->waiting);

	while (n > 0 &&
	       !atomic_compare_exchange_weak(&shared->waiting, &n, n - 1))
		;
}

bool
ps_gate_is_whole(const struct ps_gate *gate)
{
	uint64_t magic;
	struct stat st;

	if (gate->fd < 0)
		return true;
	if (fstat(gate->fd, &st) == 0 && st.st_size >= GATE_LEN)
		return pread(gate->fd, &magic, sizeof(magic), 0) ==
		               (ssize_t)sizeof(magic) &&
		       magic == GATE_MAGIC;
	(void)posix_fallocate(gate->fd, 0, GATE_LEN);
	return false;
}

enum pinstore_status
ps_gate_lock(struct ps_gate *gate, int64_t deadline_ms,
             struct pinstore_error *error)
{
	const struct timespec until = ps_clock_spec(deadline_ms);
	struct shared *shared = gate->shared;
	const int me = (int)getpid();
	int failed;

	if (atomic_load(&shared->waiting) > 0 &&
	    atomic_load(&shared->last) == me)
		let_others_pass(shared, me);
	(void)atomic_fetch_add(&shared->waiting, 1);
	failed = pthread_mutex_clocklock(&shared->mutex, CLOCK_MONOTONIC,
	                                 &until);
	wait_no_more(shared);
	if (failed == EOWNERDEAD)
		failed = pthread_mutex_consistent(&shared->mutex);
	if (failed == 0) {
		atomic_store(&shared->last, me);
		return PINSTORE_OK;
	}
	if (failed == ETIMEDOUT)
		return ps_fail_os(error, PINSTORE_ERR_BUSY, failed,
		                  "store %s: another program has been writing for "
		                  "longer than the lock limit: try again, or look "
		                  "for one that is stopped", gate->shown);
	return ps_fail_os(error, PINSTORE_ERR_IO, failed,
	                  "store %s: the lock of its writers cannot be taken: "
	                  "%s", gate->shown, PS_STRERROR(failed));
}

void
ps_gate_unlock(struct ps_gate *gate)
{
	(void)pthread_mutex_unlock(&gate->shared->mutex);
}
