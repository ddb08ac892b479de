/*
 * db.h - an LMDB environment and its transactions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * db.c alone includes lmdb.h.  Rules of LMDB that the callers keep: one
 * environment a directory and process; none used across fork(); no remote
 * file system; no transaction of this process under way when the map changes
 * (finished readers, ps_txn_rest(), may stay).
 */
#ifndef PS_STORE_DB_H
#define PS_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#define PS_DB_DATA "data.mdb"
#define PS_DB_LOCK "lock.mdb"
#define PS_DB_READERS 4096
/* What LMDB's lock file needs for that many readers. */
#define PS_DB_LOCK_LEN 262272
#define PS_DB_KEY_MAX 511

enum ps_table {
	PS_HOSTS,
	PS_META,
	PS_SETTINGS,
	PS_REVOKED,
	PS_BYPASS,
	PS_JOURNAL,
	PS_REPORTS,
	PS_QUOTA
};
#define PS_TABLES 8
extern const char *const ps_table_names[PS_TABLES];

/* What stopped a transaction, when another try may help. */
enum ps_trouble {
	PS_TROUBLE_NONE = 0,
	PS_TROUBLE_MAP,      /* the map is full */
	PS_TROUBLE_RESIZED,  /* another process has made the file larger */
	PS_TROUBLE_READERS,  /* no free slot in the table of readers */
	PS_TROUBLE_SLOT,     /* this reader has lost its slot: leak it */
	PS_TROUBLE_REPLACED, /* another file is in the place of the data file */
	PS_TROUBLE_LIMIT,    /* the map is larger than the file may become */
	PS_TROUBLE_DEAD      /* the environment must be opened anew */
};

struct ps_db;
struct ps_txn;

struct ps_bytes {
	const uint8_t *at;
	size_t len;
};

struct ps_db_info {
	uint64_t map_bytes;
	uint64_t used_bytes; /* the file's, up to the last page in use */
	uint64_t last_txn;
	unsigned readers;
	unsigned readers_max;
};

/*
 * Open the environment in directory dir_fd, with a map of map_bytes or, where
 * the address space does not allow that, of less.  path is for messages and
 * must outlive the result.  With create its databases are made, and they must
 * exist otherwise.
 *
 * Errors: NOMEM, BUSY, FULL, IO, VERSION, DAMAGED.
 */
enum pinstore_status
ps_db_open(int dir_fd, const char *path, uint64_t map_bytes, bool create,
           struct ps_db **out, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Called with the data file and the number of the first reader's snapshot,
 * before LMDB follows any page; BUSY: again, with another.
 */
typedef enum pinstore_status
ps_db_guard_fn(int fd, uint64_t snapshot, void *arg,
               struct pinstore_error *error);

/*
 * Open an environment that exists, if guard lets it.  With BUSY *is_behind says
 * whether a commit is not in the lock file yet: who makes it has written its
 * head, and may wait for the disk.  Errors: guard's too.
 */
enum pinstore_status
ps_db_open_guarded(int dir_fd, const char *path, uint64_t map_bytes,
                   ps_db_guard_fn *guard, void *arg, bool *is_behind,
                   struct ps_db **out,
                   struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Make an environment with empty databases in the file `name`, which exists
 * and is empty, for this process alone: without locks, and never flushed.  The
 * first commit behind that is its second.  Errors: as ps_db_open().
 */
enum pinstore_status
ps_db_make(int dir_fd, const char *name, const char *path, uint64_t map_bytes,
           struct ps_db **out, struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Open the data file that fd has open and that nobody ever writes: for reading,
 * without locks.  fd may be closed behind that.  Errors: as ps_db_open().
 */
enum pinstore_status
ps_db_open_sealed(int fd, const char *path, uint64_t map_bytes,
                  struct ps_db **out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Open the file that fd has open, of which nobody else knows: a store in
 * memory.  Its readers take no slot, for there is no table of them: the caller
 * sees to it that none of them reads a snapshot that is not the last when a
 * writer begins.  fd may be closed behind that.  Errors: as ps_db_open().
 */
enum pinstore_status
ps_db_open_memory(int fd, const char *path, uint64_t map_bytes, bool create,
                  struct ps_db **out,
                  struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * No transaction may be under way; finished readers are forgotten, not ended.
 * The only call that a child may make on an environment it inherited.
 */
void
ps_db_close(struct ps_db *db);

/* The data file, which stays the environment's. */
enum pinstore_status
ps_db_fd(struct ps_db *db, int *fd,
         struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * The octets of the file that a reader's snapshot has in use, but for the list
 * of those that are free.  Errors: DAMAGED.
 */
enum pinstore_status
ps_txn_used(struct ps_txn *txn, uint64_t *out,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

void
ps_db_info(struct ps_db *db, struct ps_db_info *out);

/* Free the slots of readers that have died; how many there were. */
int
ps_db_clear_readers(struct ps_db *db);

/*
 * Make the map at least twice as large (grow), or as large as the file needs,
 * but with grow not larger than max_bytes.  No transaction may be under way.
 *
 * Errors: FULL (the limit, or no address space for more: the old map stays),
 *         NOMEM, IO (the environment is lost: *trouble is DEAD).
 */
enum pinstore_status
ps_db_resize(struct ps_db *db, bool grow, uint64_t max_bytes,
             enum ps_trouble *trouble,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Make the map bytes long, or as long as what is in the file: nothing is
 * written behind it.  Errors: NOMEM, IO (as above).
 */
enum pinstore_status
ps_db_fit(struct ps_db *db, uint64_t bytes, enum ps_trouble *trouble,
          struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * Begin to read or to write.  A writer must hold the gate.
 * Errors: NOMEM, BUSY, IO, DAMAGED; *trouble then says whether to try again.
 */
enum pinstore_status
ps_txn_begin(struct ps_db *db, bool write, struct ps_txn **out,
             enum ps_trouble *trouble,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Let a reader's snapshot go, keeping its slot; and take a new one. */
void
ps_txn_rest(struct ps_txn *txn);
enum pinstore_status
ps_txn_renew(struct ps_txn *txn, enum ps_trouble *trouble,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* End a reader, or roll a writer back.  NULL is fine. */
void
ps_txn_abort(struct ps_txn *txn);

/* Free what is ours of a reader that must not be ended. */
void
ps_txn_forget(struct ps_txn *txn);

/* Make a writer's work durable; txn is gone, whatever is returned. */
enum pinstore_status
ps_txn_commit(struct ps_txn *txn, enum ps_trouble *trouble,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* The snapshot's number. */
uint64_t
ps_txn_id(const struct ps_txn *txn);

/* The store's path, for messages. */
const char *
ps_txn_path(const struct ps_txn *txn);

/* The last trouble that an operation of txn met. */
enum ps_trouble
ps_txn_trouble(const struct ps_txn *txn);

/* How often a writer has put or deleted something. */
uint64_t
ps_txn_changes(const struct ps_txn *txn);

/* Whether no operation of txn has failed. */
bool
ps_txn_is_sound(const struct ps_txn *txn);

/*
 * What get gives points into the map, or at pages of the transaction, and is
 * good until the next put or delete and the end of the transaction; its
 * NOTFOUND has no text.  delete is for records that get or seek has found.
 * Other errors: IO, FULL, NOMEM, DAMAGED.
 */
enum pinstore_status
ps_txn_get(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
           struct ps_bytes *value,
           struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_txn_put(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
           struct ps_bytes value,
           struct pinstore_error *error) PINSTORE_MUST_CHECK;
/* The same for a key that follows all others of table; DAMAGED if not. */
enum pinstore_status
ps_txn_append(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
              struct ps_bytes value,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;
enum pinstore_status
ps_txn_delete(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* Records in table. */
enum pinstore_status
ps_txn_count(struct ps_txn *txn, enum ps_table table, uint64_t *out,
             struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* How many tables there are, those of a later version among them. */
enum pinstore_status
ps_txn_tables(struct ps_txn *txn, uint64_t *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

/*
 * A reader remembers, as long as its snapshot is the same, which hosts of one
 * label were proved not to be there; of other hosts it knows nothing.
 */
bool
ps_txn_is_absent(const struct ps_txn *txn, struct ps_bytes host);
void
ps_txn_keep_absent(struct ps_txn *txn, struct ps_bytes host);

enum ps_seek {
	PS_SEEK_FROM, /* the first record at or behind *key */
	PS_SEEK_FIRST,
	PS_SEEK_LAST,
	PS_SEEK_NEXT,
	PS_SEEK_PREV
};

/* Move the cursor that txn has on table; errors as ps_txn_get(). */
enum pinstore_status
ps_txn_seek(struct ps_txn *txn, enum ps_table table, enum ps_seek seek,
            struct ps_bytes *key, struct ps_bytes *value,
            struct pinstore_error *error) PINSTORE_MUST_CHECK;

/* What stands around a key. */
struct ps_around {
	bool is_there;
	struct ps_bytes key;    /* its own; else the one before it, or none */
	struct ps_bytes record; /* of that key */
	bool has_next;
	struct ps_bytes next; /* unless it is there: the key behind it */
};

/*
 * Find want, or the records on both sides of it; the cursor is at the record
 * that is given.  Errors as ps_txn_get(), but NOTFOUND.
 */
enum pinstore_status
ps_txn_around(struct ps_txn *txn, enum ps_table table, struct ps_bytes want,
              struct ps_around *out,
              struct pinstore_error *error) PINSTORE_MUST_CHECK;

#endif /* PS_STORE_DB_H */
