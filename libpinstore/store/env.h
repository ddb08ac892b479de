/*
 * env.h - one environment as all handles and threads of a process share it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Order of locks: the gate, then the registry's mutex, then the environment's
 * own lock, then the mutex of the group.  Nobody waits for the gate with the
 * environment's lock in hand.
 */
#ifndef PS_STORE_ENV_H
#define PS_STORE_ENV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"
#include "store/files.h"
#include "store/gate.h"
#include "store/group.h"
#include "store/meta.h"
#include "store/pool.h"

/* So often slots of dead readers are freed, if there are writes. */
#define PS_CLEAR_EVERY_MS 60000

/* LMDB's mark and format, which stay as they are while anybody uses it. */
#define PS_LOCK_HEAD_LEN 8

struct ps_env {
	/* Under the registry's mutex. */
	struct ps_env *next;
	unsigned users;

	char *path; /* from the root */
	char shown[PS_SHOWN_LEN];
	bool is_forced_open; /* to be judged: not before it is opened */
	bool may_be_remote;
	uint64_t map_bytes;
	_Atomic uint64_t max_bytes;

	/*
	 * Held for reading while the map is in use, for writing to change it.
	 */
	pthread_rwlock_t lock;
	bool is_open;
	bool is_lockless; /* nobody writes it: no lock.mdb and no gate */
	bool is_frozen;   /* for its file system is read-only */
	bool is_system;   /* must be a published one */
	bool is_memory;   /* store/memory.h: no directory, no files */
	bool is_lost;     /* so, and the process is a child of its owner */
	unsigned opened; /* how often: tells a reopened one from the old */
	int dir_fd;
	int hold_fd; /* of lock.mdb, with a lock that no close of it drops */
	uint8_t lock_head[PS_LOCK_HEAD_LEN]; /* what it begins with */
	struct ps_identity dir;
	struct ps_identity data;
	struct ps_identity lock_file;
	struct ps_identity gate_file;
	int memory_fd; /* what is_memory has in the place of files */
	int spare_fd;  /* or -1: what is to take its place */
	struct ps_db *db;
	struct ps_gate *gate; /* NULL: it was spoiled, and others use it */
	struct ps_schema schema;

	struct ps_pool pool;
	struct ps_group group; /* of this process's writers */
	atomic_bool is_dead;            /* to be opened anew */
	_Atomic int64_t next_check_ms;  /* of the files' identity */
	_Atomic int64_t next_clear_ms;  /* of dead readers */
	atomic_uint commits;
	/* The snapshot in which nothing was laid down beside the entries. */
	_Atomic uint64_t plain_txn;
};

/*
 * An environment that is not open yet, for a store in path, which it takes
 * over.  NULL without memory.
 */
struct ps_env *
ps_env_new(char *path, uint64_t map_bytes, uint64_t max_bytes);

/*
 * Open the store in dir_fd, which it takes over on success; the caller holds
 * the directory's lock, and env for writing or alone.
 * Errors: ACCESS, NOMEM, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
ps_env_start(struct ps_env *env, int dir_fd, int64_t deadline_ms,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The same without any lock, for reading: whether it may be used so,
 * ps_seal_judge() says.
 * Errors: ACCESS, NOMEM, IO, VERSION, DAMAGED.
 */
enum pinstore_status
ps_env_start_sealed(struct ps_env *env, int dir_fd,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The same for a store in memory: with a new, empty one at first, and with that
 * again later.
 * Errors: FORKED (this process is a child of its owner), NOMEM, FULL, IO.
 */
enum pinstore_status
ps_env_start_memory(struct ps_env *env,
                    struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Have readers of all but the last snapshot of a store in memory end, which is
 * what a writer may begin on; env is entered before and behind, and may have
 * been opened anew in between.  Errors: BUSY.
 */
enum pinstore_status
ps_env_settle(struct ps_env *env, int64_t deadline_ms,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Undo ps_env_start(); the caller holds env for writing or alone. */
void
ps_env_stop(struct ps_env *env);

/* In a child: let go of what is the parent's; opened anew at the next use. */
void
ps_env_forget(struct ps_env *env);

void
ps_env_free(struct ps_env *env);

/*
 * Begin to use env, and open it anew if it must be; is_strict compares the
 * files' identity now, not at the next second.  ps_env_leave() ends it.
 * Errors: as ps_env_start().
 */
enum pinstore_status
ps_env_enter(struct ps_env *env, bool is_strict, int64_t deadline_ms,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;
void
ps_env_leave(struct ps_env *env);

/*
 * Begin and end a reader; env stays entered in between.  Whoever has to be
 * waited for is given limit_ms.  Errors: NOMEM, BUSY, IO, and as
 * ps_env_enter().
 */
enum pinstore_status
ps_env_read(struct ps_env *env, int limit_ms, struct ps_txn **out,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;
void
ps_env_done(struct ps_env *env, struct ps_txn *txn);

/*
 * Make the map fit, with all transactions of this process out of the way; env
 * is entered before and behind, and may have been opened anew in between.
 * With grow, to max_bytes at most, the room that dead readers hold comes first,
 * unless *is_retried.
 * Errors: as ps_db_resize().
 */
enum pinstore_status
ps_env_resize(struct ps_env *env, bool grow, uint64_t max_bytes,
              bool *is_retried,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;
/* The same, as ps_db_fit(). */
enum pinstore_status
ps_env_fit(struct ps_env *env, uint64_t bytes,
           struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_ENV_H */
