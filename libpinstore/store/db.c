/*
 * db.c - an LMDB environment and its transactions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/status.h"
#include "store/footing.h"
#include "store/snapshot.h"
#include "store/tree.h"

#define MAX_DBS 16
/* Below that no attempt is made to do with a smaller map. */
#define MAP_LEAST ((size_t)64 << 20)
#define FLAGS (MDB_NOTLS | MDB_NORDAHEAD)
/* Of a file that is nobody else's yet, and is flushed when it is complete. */
#define OWN_FLAGS (FLAGS | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC)
/* Of one that is this process's alone, and in memory. */
#define MEMORY_FLAGS (FLAGS | MDB_NOSUBDIR | MDB_NOLOCK)
/* Of one that nobody writes. */
#define SEALED_FLAGS (FLAGS | MDB_NOSUBDIR | MDB_NOLOCK | MDB_RDONLY)

struct ps_db {
	MDB_env *env;
	const char *path;
	MDB_dbi dbi[PS_TABLES];
	/* What readers read; LMDB only keeps writers off it. */
	struct ps_map map;
	/* In memory: LMDB has no table of readers, and hears of none. */
	bool is_memory;
	_Atomic uint64_t last; /* then: the last commit */
};

struct ps_txn {
	struct ps_db *db;
	MDB_txn *txn;
	uint64_t id;
	enum ps_trouble trouble;
	bool is_writer;
	bool has_failed;
	uint64_t changes;
	MDB_cursor *cursor[PS_TABLES]; /* of a writer */
	struct ps_footing *footing;    /* too; NULL in a file of its own */
	struct ps_snapshot snapshot; /* of a reader */
};

const char *const ps_table_names[PS_TABLES] = {
	"hosts", "meta", "settings", "revoked",
	"bypass", "journal", "reports", "quota",
};

/* --------------------------------------------------- LMDB's numbers to ours */

static enum ps_trouble
trouble_of(int code)
{
	switch (code) {
	case MDB_MAP_FULL:
		return PS_TROUBLE_MAP;
	case MDB_MAP_RESIZED:
		return PS_TROUBLE_RESIZED;
	case MDB_READERS_FULL:
		return PS_TROUBLE_READERS;
	case MDB_BAD_RSLOT:
		return PS_TROUBLE_SLOT;
	case MDB_PANIC:
		return PS_TROUBLE_DEAD;
	default:
		return PS_TROUBLE_NONE;
	}
}

/* The one translator; damage is what LMDB calls corrupted in any way. */
static enum pinstore_status
status_of(int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return PINSTORE_OK;
	/* Not of a question whether a record is there: that is no failure. */
	case MDB_NOTFOUND:
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_PAGE_FULL:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_TXN:
		return PINSTORE_ERR_DAMAGED;
	case MDB_VERSION_MISMATCH:
		return PINSTORE_ERR_VERSION;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return PINSTORE_ERR_FULL;
	case MDB_READERS_FULL:
	case MDB_MAP_RESIZED:
	case MDB_BAD_RSLOT:
	case EAGAIN:
		return PINSTORE_ERR_BUSY;
	case ENOMEM:
		return PINSTORE_ERR_NOMEM;
	case EACCES:
	case EPERM:
	case EROFS:
		return PINSTORE_ERR_ACCESS;
	case MDB_KEYEXIST:
	case MDB_BAD_VALSIZE:
	case MDB_BAD_DBI:
	case MDB_DBS_FULL:
	case MDB_TLS_FULL:
		return PINSTORE_ERR_INTERNAL;
	default:
		return PINSTORE_ERR_IO;
	}
}

/* What to do about it, as the end of a sentence. */
static const char *
way_out(int code)
{
	switch (code) {
	case MDB_READERS_FULL:
		return "too many processes read it at once; try again later";
	case EAGAIN:
		return "it is shared between pid namespaces, and another "
		       "process of this pid uses it; use one store for each";
	case MDB_PANIC:
		return "an earlier write failed; the store must be reopened";
	case MDB_MAP_FULL:
		return "it is at its size limit";
	case MDB_TXN_FULL:
		return "too much for one transaction; do it in parts";
	case EMFILE:
	case ENFILE:
		return "allow more open files";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "make room on the file system";
	default:
		return status_of(code) == PINSTORE_ERR_DAMAGED
		               ? "run \"pinstore fsck\""
		               : NULL;
	}
}

static enum pinstore_status
fail(const char *path, int code, const char *doing,
     struct pinstore_error *error)
{
	enum pinstore_status status = status_of(code);
	const char *mend = way_out(code);

	if (status == PINSTORE_ERR_NOMEM)
		return ps_fail_nomem(error);
	if (code > 0)
		return ps_fail_os(error, status, code, "store %s: cannot %s: %s%s%s",
		                  path, doing, mdb_strerror(code),
		                  mend == NULL ? "" : ": ",
		                  mend == NULL ? "" : mend);
	return ps_fail_lib(error, status, code, "store %s: cannot %s: %s%s%s",
	                   path, doing, mdb_strerror(code),
	                   mend == NULL ? "" : ": ", mend == NULL ? "" : mend);
}

static enum pinstore_status
fail_txn(struct ps_txn *txn, int code, const char *doing,
         struct pinstore_error *error)
{
	enum ps_trouble trouble = trouble_of(code);

	txn->has_failed = true;
	/* What follows the first one is BAD_TXN, and tells nothing. */
	if (trouble != PS_TROUBLE_NONE)
		txn->trouble = trouble;
	return fail(txn->db->path, code, doing, error);
}

/* -------------------------------------------------------------- environment */

static int
env_create(size_t map_bytes, MDB_env **out)
{
	MDB_env *env = NULL;
	int code;

	*out = NULL;
	code = mdb_env_create(&env);
	if (code != 0)
		return code;
	if ((code = mdb_env_set_maxdbs(env, MAX_DBS)) != 0 ||
	    (code = mdb_env_set_maxreaders(env, PS_DB_READERS)) != 0 ||
	    (code = mdb_env_set_mapsize(env, map_bytes)) != 0) {
		mdb_env_close(env);
		return code;
	}
	*out = env;
	return 0;
}

/* Map what LMDB has mapped, as far as it has, or as far as len goes. */
static int
map_file(MDB_env *env, uint64_t len, struct ps_map *out)
{
	MDB_envinfo info;
	MDB_stat stat;
	int code, fd = -1;

	if ((code = mdb_env_info(env, &info)) != 0 ||
	    (code = mdb_env_stat(env, &stat)) != 0 ||
	    (code = mdb_env_get_fd(env, &fd)) != 0)
		return code;
	return ps_map_open(fd, len != 0 ? len : info.me_mapsize, stat.ms_psize,
	                   out);
}

/* LMDB 0.9.24 opens the data file without O_CLOEXEC. */
static int
close_on_exec(MDB_env *env)
{
	int fd = -1, code;

	code = mdb_env_get_fd(env, &fd);
	if (code == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		code = errno;
	return code;
}

/*
 * What lies at fd, or the file `name` in it; what is never flushed is written
 * and not read.  A handle on which mdb_env_open() failed can only be closed: so
 * a new one.
 */
static int
env_open(int at_fd, const char *name, unsigned flags, size_t map_bytes,
         MDB_env **out, struct ps_map *map)
{
	char path[64];
	MDB_env *env = NULL;
	int code;

	*out = NULL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d%s%s", at_fd,
	               name != NULL ? "/" : "", name != NULL ? name : "");
	for (;;) {
		code = env_create(map_bytes, &env);
		if (code != 0)
			return code;
		code = mdb_env_open(env, path, flags, 0600);
		if (code == 0)
			code = close_on_exec(env);
		if (code == 0 && (flags & MDB_NOSYNC) == 0)
			code = map_file(env, 0, map);
		if (code == 0)
			break;
		mdb_env_close(env);
		if ((code != ENOMEM && code != EINVAL) ||
		    map_bytes / 2 < MAP_LEAST)
			return code;
		map_bytes /= 2;
	}
	*out = env;
	return 0;
}

/* Whether a line of mdb_reader_list() is of this process. */
static int
find_own_slot(const char *line, void *arg)
{
	bool *found = (bool *)arg;
	unsigned long pid = 0;

	while (*line == ' ')
		line++;
	while (*line >= '0' && *line <= '9')
		pid = pid * 10 + (unsigned long)(*line++ - '0');
	if (pid == (unsigned long)getpid())
		*found = true;
	return 0;
}

/*
 * A container that was started again has the pid of its dead predecessor, and
 * inherits its reader slots, which nobody may clear: taking and closing the
 * environment once drops them.
 */
static int
drop_own_slots(int dir_fd, size_t map_bytes, MDB_env **env, struct ps_map *map)
{
	MDB_txn *txn = NULL;
	bool found = false;
	int code;

	if (mdb_reader_list(*env, find_own_slot, &found) < 0 || !found)
		return 0;
	code = mdb_txn_begin(*env, NULL, MDB_RDONLY, &txn);
	if (code != 0)
		return code;
	mdb_txn_abort(txn);
	mdb_env_close(*env);
	ps_map_close(map);
	return env_open(dir_fd, NULL, FLAGS, map_bytes, env, map);
}

/* How the databases are opened. */
struct opening {
	bool create;
	ps_db_guard_fn *guard; /* or NULL */
	void *arg;
	bool *is_behind; /* or NULL */
};

/* Two commits between a reader's begin and its look at the head are rare. */
#define GUARD_TRIES 16

static enum pinstore_status
ask_guard(struct ps_db *db, const struct opening *opening, MDB_txn *txn,
          struct pinstore_error *error)
{
	enum pinstore_status status;
	int tries = 0, code = 0, fd = -1;

	if (opening->guard == NULL)
		return PINSTORE_OK;
	status = ps_db_fd(db, &fd, error);
	while (status == PINSTORE_OK) {
		status = opening->guard(fd, mdb_txn_id(txn), opening->arg,
		                        error);
		if (status != PINSTORE_ERR_BUSY || ++tries == GUARD_TRIES)
			return status;
		mdb_txn_reset(txn);
		code = mdb_txn_renew(txn);
		status = code == 0 ? PINSTORE_OK
		                   : fail(db->path, code, "be read", error);
	}
	return status;
}

/* The first transaction. */
static enum pinstore_status
begin_first(struct ps_db *db, const struct opening *opening, MDB_txn **out,
            struct pinstore_error *error)
{
	const unsigned flags = opening->create ? 0 : MDB_RDONLY;
	enum pinstore_status status;
	MDB_txn *txn = NULL;
	MDB_envinfo info;
	int code;

	*out = NULL;
	code = mdb_env_info(db->env, &info);
	if (code != 0)
		return fail(db->path, code, "be opened", error);
	code = mdb_txn_begin(db->env, NULL, flags, &txn);
	if (code == MDB_MAP_RESIZED) {
		enum ps_trouble trouble;

		status = ps_db_resize(db, false, 0, &trouble, error);
		if (status != PINSTORE_OK)
			return status;
		code = mdb_txn_begin(db->env, NULL, flags, &txn);
	}
	/* Readers that were killed may have taken all the slots there are. */
	if (code == MDB_READERS_FULL && ps_db_clear_readers(db) > 0)
		code = mdb_txn_begin(db->env, NULL, flags, &txn);
	if (code != 0)
		return fail(db->path, code, "be read", error);
	if (mdb_txn_id(txn) < info.me_last_txnid) {
		if (opening->is_behind != NULL)
			*opening->is_behind = true;
		status = ps_fail(error, PINSTORE_ERR_BUSY,
		                 "store %s: its lock file is behind its data; "
		                 "try again", db->path);
	} else {
		status = ask_guard(db, opening, txn, error);
	}
	if (status != PINSTORE_OK) {
		mdb_txn_abort(txn);
		return status;
	}
	*out = txn;
	return PINSTORE_OK;
}

/* Open the databases; that is also the first transaction. */
static enum pinstore_status
open_tables(struct ps_db *db, const struct opening *opening,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	MDB_txn *txn;
	size_t i;
	int code = 0;

	status = begin_first(db, opening, &txn, error);
	if (status != PINSTORE_OK)
		return status;
	for (i = 0; i < PS_TABLES; i++) {
		code = mdb_dbi_open(txn, ps_table_names[i],
		                    opening->create ? MDB_CREATE : 0,
		                    &db->dbi[i]);
		if (code != 0)
			break;
	}
	if (code == MDB_NOTFOUND) {
		mdb_txn_abort(txn);
		return ps_fail_lib(error, PINSTORE_ERR_DAMAGED, code,
		                   "store %s is damaged: it has no database "
		                   "\"%s\"; run \"pinstore fsck\"", db->path,
		                   ps_table_names[i]);
	}
	if (code != 0) {
		mdb_txn_abort(txn);
		return fail(db->path, code, "open its databases", error);
	}
	code = mdb_txn_commit(txn);
	txn = NULL;
	return code == 0 ? PINSTORE_OK
	                 : fail(db->path, code, "be opened", error);
}

/* Readers of a store in memory begin at what was committed last. */
static void
keep_last(struct ps_db *db)
{
	struct ps_db_info info;

	ps_db_info(db, &info);
	atomic_store(&db->last, info.last_txn);
}

static enum pinstore_status
open_db(int at_fd, const char *name, unsigned flags, const char *path,
        uint64_t map_bytes, const struct opening *opening, struct ps_db **out,
        struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_db *db = NULL;
	int code;

	*out = NULL;
	db = calloc(1, sizeof(*db));
	if (db == NULL)
		return ps_fail_nomem(error);
	db->path = path;
	atomic_init(&db->last, 0);
	code = env_open(at_fd, name, flags, (size_t)map_bytes, &db->env,
	                &db->map);
	if (code == 0 && (flags & MDB_NOLOCK) == 0)
		code = drop_own_slots(at_fd, (size_t)map_bytes, &db->env,
		                      &db->map);
	if (code != 0)
		ps_db_close(db);
	if (code == ENOENT)
		return ps_fail_os(error, PINSTORE_ERR_IO, code,
		                  "store %s: cannot be opened by /proc/self/fd: "
		                  "is /proc mounted?", path);
	if (code != 0)
		return fail(path, code, "be opened", error);
	status = open_tables(db, opening, error);
	if (status != PINSTORE_OK) {
		ps_db_close(db);
		return status;
	}
	*out = db;
	return PINSTORE_OK;
}

enum pinstore_status
ps_db_open(int dir_fd, const char *path, uint64_t map_bytes, bool create,
           struct ps_db **out, struct pinstore_error *error)
{
	const struct opening opening = {create, NULL, NULL, NULL};

	return open_db(dir_fd, NULL, FLAGS, path, map_bytes, &opening, out,
	               error);
}

enum pinstore_status
ps_db_open_guarded(int dir_fd, const char *path, uint64_t map_bytes,
                   ps_db_guard_fn *guard, void *arg, bool *is_behind,
                   struct ps_db **out, struct pinstore_error *error)
{
	const struct opening opening = {false, guard, arg, is_behind};

	*is_behind = false;
	return open_db(dir_fd, NULL, FLAGS, path, map_bytes, &opening, out,
	               error);
}

enum pinstore_status
ps_db_make(int dir_fd, const char *name, const char *path, uint64_t map_bytes,
           struct ps_db **out, struct pinstore_error *error)
{
	const struct opening opening = {true, NULL, NULL, NULL};

	return open_db(dir_fd, name, OWN_FLAGS, path, map_bytes, &opening, out,
	               error);
}

enum pinstore_status
ps_db_open_sealed(int fd, const char *path, uint64_t map_bytes,
                  struct ps_db **out, struct pinstore_error *error)
{
	const struct opening opening = {false, NULL, NULL, NULL};

	return open_db(fd, NULL, SEALED_FLAGS, path, map_bytes, &opening, out,
	               error);
}

enum pinstore_status
ps_db_open_memory(int fd, const char *path, uint64_t map_bytes, bool create,
                  struct ps_db **out, struct pinstore_error *error)
{
	const struct opening opening = {create, NULL, NULL, NULL};
	enum pinstore_status status;

	status = open_db(fd, NULL, MEMORY_FLAGS, path, map_bytes, &opening, out,
	                 error);
	if (*out != NULL) {
		(*out)->is_memory = true;
		keep_last(*out);
	}
	return status;
}

void
ps_db_close(struct ps_db *db)
{
	if (db == NULL)
		return;
	ps_map_close(&db->map);
	if (db->env != NULL)
		mdb_env_close(db->env);
	free(db);
}

enum pinstore_status
ps_db_fd(struct ps_db *db, int *fd, struct pinstore_error *error)
{
	int code;

	*fd = -1;
	code = mdb_env_get_fd(db->env, fd);
	return code == 0 ? PINSTORE_OK : fail(db->path, code, "be read", error);
}

void
ps_db_info(struct ps_db *db, struct ps_db_info *out)
{
	MDB_envinfo info;
	MDB_stat stat;

	memset(&info, 0, sizeof(info));
	memset(&stat, 0, sizeof(stat));
	(void)mdb_env_info(db->env, &info);
	(void)mdb_env_stat(db->env, &stat);
	out->map_bytes = info.me_mapsize;
	out->used_bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	out->last_txn = info.me_last_txnid;
	out->readers = info.me_numreaders;
	out->readers_max = info.me_maxreaders;
}

int
ps_db_clear_readers(struct ps_db *db)
{
	int dead = 0;

	if (mdb_reader_check(db->env, &dead) != 0)
		return 0;
	return dead;
}

/*
 * mdb_env_set_mapsize() has unmapped the old map when it fails, and the next
 * transaction would crash: so ask first whether there is room.
 */
static bool
has_address_space(size_t len)
{
	void *at = mmap(NULL, len, PROT_NONE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return false;
	(void)munmap(at, len);
	return true;
}

/* Ours first: LMDB has no way back. */
static int
map_anew(struct ps_db *db, uint64_t target, enum ps_trouble *trouble)
{
	struct ps_map map = {.at = NULL};
	int code = 0;

	if (target > SIZE_MAX)
		return ENOMEM;
	if (db->map.at != NULL)
		code = map_file(db->env, target, &map);
	if (code != 0)
		return code;
	if (!has_address_space((size_t)target)) {
		ps_map_close(&map);
		return ENOMEM;
	}
	code = mdb_env_set_mapsize(db->env, (size_t)target);
	if (code != 0) {
		ps_map_close(&map);
		*trouble = PS_TROUBLE_DEAD;
		return code;
	}
	ps_map_close(&db->map);
	db->map = map;
	return 0;
}

enum pinstore_status
ps_db_resize(struct ps_db *db, bool grow, uint64_t max_bytes,
             enum ps_trouble *trouble, struct pinstore_error *error)
{
	struct ps_db_info info;
	uint64_t target;
	int code;

	*trouble = PS_TROUBLE_NONE;
	ps_db_info(db, &info);
	target = info.map_bytes;
	if (grow) {
		target = target > max_bytes / 2 ? max_bytes : target * 2;
		if (target <= info.map_bytes)
			return ps_fail(error, PINSTORE_ERR_FULL,
			               "store %s is at its size limit of %llu "
			               "octets: raise it, as with \"pinstore "
			               "config max-size\", or clear entries",
			               db->path,
			               (unsigned long long)max_bytes);
	} else {
		while (target < info.used_bytes)
			target = target > UINT64_MAX / 2 ? info.used_bytes
			                                 : target * 2;
	}
	code = map_anew(db, target, trouble);
	if (code == ENOMEM && *trouble == PS_TROUBLE_NONE)
		return ps_fail(error,
		               grow ? PINSTORE_ERR_FULL : PINSTORE_ERR_NOMEM,
		               "store %s: no address space to map %llu octets: "
		               "raise the process's limit", db->path,
		               (unsigned long long)target);
	return code == 0 ? PINSTORE_OK
	                 : fail(db->path, code, "be mapped", error);
}

enum pinstore_status
ps_db_fit(struct ps_db *db, uint64_t bytes, enum ps_trouble *trouble,
          struct pinstore_error *error)
{
	struct ps_db_info info;
	int code;

	*trouble = PS_TROUBLE_NONE;
	ps_db_info(db, &info);
	code = map_anew(db, bytes > info.used_bytes ? bytes : info.used_bytes,
	                trouble);
	return code == 0 ? PINSTORE_OK
	                 : fail(db->path, code, "be mapped", error);
}

/* ------------------------------------------------------------- transactions */

static int
cursor_of(struct ps_txn *txn, enum ps_table table)
{
	if (txn->cursor[table] != NULL)
		return 0;
	return mdb_cursor_open(txn->txn, txn->db->dbi[table],
	                       &txn->cursor[table]);
}

static void
close_cursors(struct ps_txn *txn)
{
	size_t i;

	for (i = 0; i < PS_TABLES; i++)
		if (txn->cursor[i] != NULL)
			mdb_cursor_close(txn->cursor[i]);
}

/* What reading came to, with words for what is an error. */
static enum pinstore_status
told(const struct ps_txn *txn, enum pinstore_status status,
     struct pinstore_error *error)
{
	if (status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND)
		return status;
	return ps_fail(error, PINSTORE_ERR_DAMAGED,
	               "store %s is damaged: the pages of %s do not fit "
	               "together; run \"pinstore fsck\"", txn->db->path, PS_DB_DATA);
}

/*
 * The number of the last commit stands in the lock file, which stays when
 * another data file is put in the place of this one: a reader here, which
 * would get an older snapshot under that number, must not go on.
 */
static enum pinstore_status
take_snapshot(struct ps_txn *txn, enum ps_trouble *trouble,
              struct pinstore_error *error)
{
	enum pinstore_status status;

	status = ps_snapshot_take(&txn->snapshot, &txn->db->map,
	                          txn->txn != NULL
	                                  ? mdb_txn_id(txn->txn)
	                                  : atomic_load(&txn->db->last));
	txn->id = txn->snapshot.txn;
	/* LMDB has seen that the map holds the commit that the slot names. */
	if (status == PINSTORE_ERR_BUSY) {
		*trouble = PS_TROUBLE_RESIZED;
		return ps_fail(error, status, "store %s: its file has grown: "
		               "try again", txn->db->path);
	}
	if (status != PINSTORE_ERR_NOTFOUND)
		return told(txn, status, error);
	*trouble = PS_TROUBLE_REPLACED;
	return ps_fail(error, PINSTORE_ERR_BUSY,
	               "store %s: its file was replaced: try again",
	               txn->db->path);
}

enum pinstore_status
ps_txn_begin(struct ps_db *db, bool write, struct ps_txn **out,
             enum ps_trouble *trouble, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	struct ps_txn *txn = NULL;
	int code = 0;

	*out = NULL;
	*trouble = PS_TROUBLE_NONE;
	txn = calloc(1, sizeof(*txn));
	if (txn == NULL)
		return ps_fail_nomem(error);
	txn->db = db;
	txn->is_writer = write;
	if (write || !db->is_memory)
		code = mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY,
		                     &txn->txn);
	if (code != 0) {
		free(txn);
		*trouble = trouble_of(code);
		return fail(db->path, code, write ? "be written" : "be read",
		            error);
	}
	if (write)
		txn->id = mdb_txn_id(txn->txn);
	else
		status = take_snapshot(txn, trouble, error);
	if (status != PINSTORE_OK) {
		ps_txn_abort(txn);
		return status;
	}
	*out = txn;
	return PINSTORE_OK;
}

void
ps_txn_rest(struct ps_txn *txn)
{
	if (txn->txn != NULL)
		mdb_txn_reset(txn->txn);
}

enum pinstore_status
ps_txn_renew(struct ps_txn *txn, enum ps_trouble *trouble,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	int code = 0;

	*trouble = PS_TROUBLE_NONE;
	txn->trouble = PS_TROUBLE_NONE;
	if (txn->txn != NULL)
		code = mdb_txn_renew(txn->txn);
	if (code == 0) {
		status = take_snapshot(txn, trouble, error);
		if (status != PINSTORE_OK)
			ps_txn_rest(txn);
		return status;
	}
	*trouble = trouble_of(code);
	return fail(txn->db->path, code, "be read", error);
}

void
ps_txn_abort(struct ps_txn *txn)
{
	if (txn == NULL)
		return;
	close_cursors(txn);
	if (txn->txn != NULL)
		mdb_txn_abort(txn->txn);
	ps_footing_free(txn->footing);
	free(txn);
}

void
ps_txn_forget(struct ps_txn *txn)
{
	free(txn); /* the slot is not touched */
}

enum pinstore_status
ps_txn_commit(struct ps_txn *txn, enum ps_trouble *trouble,
              struct pinstore_error *error)
{
	struct ps_db *db = txn->db;
	int code;

	close_cursors(txn);
	code = mdb_txn_commit(txn->txn);
	txn->txn = NULL;
	ps_footing_free(txn->footing);
	free(txn);
	if (code == 0 && db->is_memory)
		keep_last(db);
	*trouble = trouble_of(code);
	return code == 0 ? PINSTORE_OK
	                 : fail(db->path, code, "be written", error);
}

uint64_t
ps_txn_id(const struct ps_txn *txn)
{
	return txn->id;
}

const char *
ps_txn_path(const struct ps_txn *txn)
{
	return txn->db->path;
}

enum ps_trouble
ps_txn_trouble(const struct ps_txn *txn)
{
	return txn->trouble;
}

uint64_t
ps_txn_changes(const struct ps_txn *txn)
{
	return txn->changes;
}

bool
ps_txn_is_sound(const struct ps_txn *txn)
{
	return !txn->has_failed;
}

bool
ps_txn_is_absent(const struct ps_txn *txn, struct ps_bytes host)
{
	return ps_snapshot_is_absent(&txn->snapshot, host);
}

void
ps_txn_keep_absent(struct ps_txn *txn, struct ps_bytes host)
{
	if (!txn->is_writer)
		ps_snapshot_keep_absent(&txn->snapshot, host);
}

/* --------------------------------------------------------------- operations */

static MDB_val
val_of(struct ps_bytes bytes)
{
	MDB_val val;

	/* LMDB takes keys and values it only reads by a pointer to void. */
	memcpy(&val.mv_data, &bytes.at, sizeof(val.mv_data));
	val.mv_size = bytes.len;
	return val;
}

static struct ps_bytes
bytes_of(MDB_val val)
{
	struct ps_bytes bytes;

	bytes.at = (const uint8_t *)val.mv_data;
	bytes.len = val.mv_size;
	return bytes;
}

/*
 * A writer's: LMDB is led to no page that was not looked at.  What is in memory,
 * or nobody else's yet, does not rot.
 */
static enum pinstore_status
stand(struct ps_txn *txn, struct pinstore_error *error)
{
	struct ps_map *map = &txn->db->map;
	enum pinstore_status status;

	if (txn->footing != NULL || txn->db->is_memory || map->at == NULL)
		return PINSTORE_OK;
	status = ps_footing_take(map, txn->id - 1, &txn->footing);
	return status == PINSTORE_ERR_NOMEM ? ps_fail_nomem(error)
	                                    : told(txn, status, error);
}

/* Before LMDB goes to key. */
static enum pinstore_status
step_to(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
        enum ps_footing_deed deed, struct pinstore_error *error)
{
	enum pinstore_status status = stand(txn, error);

	if (status != PINSTORE_OK || txn->footing == NULL)
		return status;
	return told(txn, ps_footing_at(txn->footing, table, key, deed), error);
}

enum pinstore_status
ps_txn_get(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
           struct ps_bytes *value, struct pinstore_error *error)
{
	MDB_val k = val_of(key), v = {0, NULL};
	enum pinstore_status status;
	int code;

	value->at = NULL;
	value->len = 0;
	if (!txn->is_writer)
		return told(txn, ps_snapshot_get(&txn->snapshot, table, key,
		                                 value), error);
	status = step_to(txn, table, key, PS_FOOTING_FIND, error);
	if (status != PINSTORE_OK)
		return status;
	code = mdb_get(txn->txn, txn->db->dbi[table], &k, &v);
	if (code == MDB_NOTFOUND)
		return PINSTORE_ERR_NOTFOUND;
	if (code != 0)
		return fail_txn(txn, code, "be read", error);
	*value = bytes_of(v);
	return PINSTORE_OK;
}

enum pinstore_status
ps_txn_append(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
              struct ps_bytes value, struct pinstore_error *error)
{
	MDB_val k = val_of(key), v = val_of(value);
	enum pinstore_status status;
	int code;

	status = step_to(txn, table, key, PS_FOOTING_FIND, error);
	if (status != PINSTORE_OK)
		return status;
	txn->changes++;
	code = mdb_put(txn->txn, txn->db->dbi[table], &k, &v, MDB_APPEND);
	if (code == MDB_KEYEXIST)
		return ps_fail_lib(error, PINSTORE_ERR_DAMAGED, code,
		                   "store %s is damaged: its records are in "
		                   "disorder; run \"pinstore fsck\"", txn->db->path);
	return code == 0 ? PINSTORE_OK
	                 : fail_txn(txn, code, "be copied", error);
}

enum pinstore_status
ps_txn_put(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
           struct ps_bytes value, struct pinstore_error *error)
{
	MDB_val k = val_of(key), v = val_of(value);
	enum pinstore_status status;
	int code;

	status = step_to(txn, table, key, PS_FOOTING_FIND, error);
	if (status != PINSTORE_OK)
		return status;
	txn->changes++;
	code = mdb_put(txn->txn, txn->db->dbi[table], &k, &v, 0);
	return code == 0 ? PINSTORE_OK
	                 : fail_txn(txn, code, "be written", error);
}

enum pinstore_status
ps_txn_delete(struct ps_txn *txn, enum ps_table table, struct ps_bytes key,
              struct pinstore_error *error)
{
	MDB_val k = val_of(key);
	enum pinstore_status status;
	int code;

	status = step_to(txn, table, key, PS_FOOTING_DELETE, error);
	if (status != PINSTORE_OK)
		return status;
	txn->changes++;
	code = mdb_del(txn->txn, txn->db->dbi[table], &k, NULL);
	return code == 0 ? PINSTORE_OK
	                 : fail_txn(txn, code, "be written", error);
}

enum pinstore_status
ps_txn_count(struct ps_txn *txn, enum ps_table table, uint64_t *out,
             struct pinstore_error *error)
{
	enum pinstore_status status;
	MDB_stat stat;
	int code;

	*out = 0;
	if (!txn->is_writer)
		return told(txn, ps_snapshot_count(&txn->snapshot, table, out),
		            error);
	status = stand(txn, error);
	if (status != PINSTORE_OK)
		return status;
	code = mdb_stat(txn->txn, txn->db->dbi[table], &stat);
	if (code != 0)
		return fail_txn(txn, code, "be read", error);
	*out = stat.ms_entries;
	return PINSTORE_OK;
}

enum pinstore_status
ps_txn_used(struct ps_txn *txn, uint64_t *out, struct pinstore_error *error)
{
	return told(txn, ps_snapshot_used(&txn->snapshot, out), error);
}

enum pinstore_status
ps_txn_tables(struct ps_txn *txn, uint64_t *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	MDB_stat stat;
	MDB_dbi root;
	int code;

	*out = 0;
	if (!txn->is_writer) {
		*out = txn->snapshot.root.entries;
		return PINSTORE_OK;
	}
	status = stand(txn, error);
	if (status != PINSTORE_OK)
		return status;
	code = mdb_dbi_open(txn->txn, NULL, 0, &root);
	if (code == 0)
		code = mdb_stat(txn->txn, root, &stat);
	if (code != 0)
		return fail_txn(txn, code, "be read", error);
	*out = stat.ms_entries;
	return PINSTORE_OK;
}

static MDB_cursor_op
op_of(enum ps_seek seek)
{
	switch (seek) {
	case PS_SEEK_FROM:
		return MDB_SET_RANGE;
	case PS_SEEK_FIRST:
		return MDB_FIRST;
	case PS_SEEK_LAST:
		return MDB_LAST;
	case PS_SEEK_NEXT:
		return MDB_NEXT;
	case PS_SEEK_PREV:
		return MDB_PREV;
	}
	return MDB_FIRST;
}

static enum pinstore_status
step_to_edge(struct ps_txn *txn, enum ps_table table, bool to_last,
             struct pinstore_error *error)
{
	enum pinstore_status status = stand(txn, error);

	if (status != PINSTORE_OK || txn->footing == NULL)
		return status;
	return told(txn, ps_footing_edge(txn->footing, table, to_last), error);
}

/* Before LMDB's cursor moves. */
static enum pinstore_status
step_along(struct ps_txn *txn, enum ps_table table, enum ps_seek seek,
           struct ps_bytes key, struct pinstore_error *error)
{
	MDB_val k = {0, NULL};

	switch (seek) {
	case PS_SEEK_FROM:
		return step_to(txn, table, key, PS_FOOTING_FIND, error);
	case PS_SEEK_FIRST:
	case PS_SEEK_LAST:
		return step_to_edge(txn, table, seek == PS_SEEK_LAST, error);
	case PS_SEEK_NEXT:
	case PS_SEEK_PREV:
		break;
	}
	if (txn->cursor[table] == NULL ||
	    mdb_cursor_get(txn->cursor[table], &k, NULL, MDB_GET_CURRENT) != 0)
		return step_to_edge(txn, table, seek == PS_SEEK_PREV, error);
	return step_to(txn, table, bytes_of(k), PS_FOOTING_FIND, error);
}

enum pinstore_status
ps_txn_seek(struct ps_txn *txn, enum ps_table table, enum ps_seek seek,
            struct ps_bytes *key, struct ps_bytes *value,
            struct pinstore_error *error)
{
	enum pinstore_status status;
	MDB_val k, v = {0, NULL};
	int code;

	if (!txn->is_writer)
		return told(txn, ps_snapshot_seek(&txn->snapshot, table, seek,
		                                  key, value), error);
	k = val_of(*key);
	value->at = NULL;
	value->len = 0;
	status = step_along(txn, table, seek, *key, error);
	if (status != PINSTORE_OK)
		return status;
	code = cursor_of(txn, table);
	if (code == 0)
		code = mdb_cursor_get(txn->cursor[table], &k, &v, op_of(seek));
	if (code == MDB_NOTFOUND)
		return PINSTORE_ERR_NOTFOUND;
	if (code != 0)
		return fail_txn(txn, code, "be read", error);
	*key = bytes_of(k);
	*value = bytes_of(v);
	return PINSTORE_OK;
}

/* For a writer, whose pages only LMDB knows. */
static enum pinstore_status
look_around(struct ps_txn *txn, enum ps_table table, struct ps_bytes want,
            struct ps_around *out, struct pinstore_error *error)
{
	enum pinstore_status status;
	struct ps_bytes found = want;

	status = ps_txn_seek(txn, table, PS_SEEK_FROM, &found, &out->record,
	                     error);
	if (status != PINSTORE_OK && status != PINSTORE_ERR_NOTFOUND)
		return status;
	out->has_next = status == PINSTORE_OK;
	out->is_there = out->has_next && found.len == want.len &&
	                memcmp(found.at, want.at, want.len) == 0;
	if (out->is_there) {
		out->key = found;
		return PINSTORE_OK;
	}
	out->next = found;
	return ps_txn_seek(txn, table,
	                   out->has_next ? PS_SEEK_PREV : PS_SEEK_LAST,
	                   &out->key, &out->record, error);
}

enum pinstore_status
ps_txn_around(struct ps_txn *txn, enum ps_table table, struct ps_bytes want,
              struct ps_around *out, struct pinstore_error *error)
{
	enum pinstore_status status;

	memset(out, 0, sizeof(*out));
	status = txn->is_writer
	                 ? look_around(txn, table, want, out, error)
	                 : told(txn, ps_snapshot_around(&txn->snapshot, table,
	                                                want, out), error);
	if (status != PINSTORE_ERR_NOTFOUND)
		return status;
	out->key.at = NULL;
	out->key.len = 0;
	return PINSTORE_OK;
}
