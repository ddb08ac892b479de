/*
 * fault_lmdb.c - every call of LMDB fails once, with each of its errors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call that is made to fail is not made.  What the operation says then must
 * be an error of the right kind, with nothing decided and the store as it
 * was; or it has helped itself, and both are as if nothing had failed.  Above
 * all MDB_NOTFOUND for a record that is there must not become "not pinned".
 */
#include <config.h>

#include <errno.h>
#include <sys/resource.h>

#include <check.h>
#include <lmdb.h>

#include "tests/support/faultcall.h"
#include "tests/support/heard.h"
#include "tests/support/suite.h"
#include "tests/unit/deeds.h"

#define RUNS_MAX 5000
/* One in so many errors for each call, unless FAULTS=all asks for each. */
#define STRIDE 5

/* ---------------------------------------------------------------- the calls */

#define CALLS(X) \
	X(mdb_cursor_get, (MDB_cursor *cursor, MDB_val *key, MDB_val *value, \
	                   MDB_cursor_op op), (cursor, key, value, op)) \
	X(mdb_cursor_open, (MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out), \
	  (txn, dbi, out)) \
	X(mdb_dbi_open, (MDB_txn *txn, const char *name, unsigned flags, \
	                 MDB_dbi *out), (txn, name, flags, out)) \
	X(mdb_del, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), \
	  (txn, dbi, key, value)) \
	X(mdb_env_create, (MDB_env **out), (out)) \
	X(mdb_env_get_fd, (MDB_env *env, mdb_filehandle_t *out), (env, out)) \
	X(mdb_env_info, (MDB_env *env, MDB_envinfo *out), (env, out)) \
	X(mdb_env_open, (MDB_env *env, const char *path, unsigned flags, \
	                 mdb_mode_t mode), (env, path, flags, mode)) \
	X(mdb_env_set_maxdbs, (MDB_env *env, MDB_dbi n), (env, n)) \
	X(mdb_env_set_maxreaders, (MDB_env *env, unsigned n), (env, n)) \
	X(mdb_env_stat, (MDB_env *env, MDB_stat *out), (env, out)) \
	X(mdb_get, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), \
	  (txn, dbi, key, value)) \
	X(mdb_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, \
	            unsigned flags), (txn, dbi, key, value, flags)) \
	X(mdb_reader_check, (MDB_env *env, int *dead), (env, dead)) \
	X(mdb_reader_list, (MDB_env *env, MDB_msg_func *line, void *arg), \
	  (env, line, arg)) \
	X(mdb_stat, (MDB_txn *txn, MDB_dbi dbi, MDB_stat *out), \
	  (txn, dbi, out)) \
	X(mdb_txn_begin, (MDB_env *env, MDB_txn *parent, unsigned flags, \
	                  MDB_txn **out), (env, parent, flags, out))

/* Those four are wrapped by hand. */
#define ENUM(name, parameters, arguments) CALL_##name,
enum call {
	CALLS(ENUM)
	CALL_mdb_env_set_mapsize,
	CALL_mdb_txn_commit,
	CALL_mdb_txn_id,
	CALL_mdb_txn_renew,
	N_CALLS
};
#define NAME(name, parameters, arguments) #name,
static const char *const call_names[] = {
	CALLS(NAME) "mdb_env_set_mapsize", "mdb_txn_commit", "mdb_txn_id",
	"mdb_txn_renew"};

#define WRAP(name, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		int code; \
\
		if (fault_hits(CALL_##name, &code)) \
			return code; \
		return __real_##name arguments; \
	}
CALLS(WRAP)

int __real_mdb_env_set_mapsize(MDB_env *env, size_t size);
int __wrap_mdb_env_set_mapsize(MDB_env *env, size_t size);
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
size_t __real_mdb_txn_id(MDB_txn *txn);
size_t __wrap_mdb_txn_id(MDB_txn *txn);
int __real_mdb_txn_renew(MDB_txn *txn);
int __wrap_mdb_txn_renew(MDB_txn *txn);

/* The old map is gone by then: let it fail indeed, for want of room. */
int
__wrap_mdb_env_set_mapsize(MDB_env *env, size_t size)
{
	struct rlimit limit, none;
	int code;

	if (!fault_hits(CALL_mdb_env_set_mapsize, &code))
		return __real_mdb_env_set_mapsize(env, size);
	if (getrlimit(RLIMIT_AS, &limit) != 0)
		abort();
	none = limit;
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_AS, &none);
	(void)__real_mdb_env_set_mapsize(env, size);
	(void)setrlimit(RLIMIT_AS, &limit);
	return code;
}

/* It frees the transaction also when it fails. */
int
__wrap_mdb_txn_commit(MDB_txn *txn)
{
	int code;

	if (!fault_hits(CALL_mdb_txn_commit, &code))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return code;
}

/* The number of no transaction, whatever the code. */
size_t
__wrap_mdb_txn_id(MDB_txn *txn)
{
	int code;

	return fault_hits(CALL_mdb_txn_id, &code) ? 0 : __real_mdb_txn_id(txn);
}

/* Readers whose slots are others': given up, for LMDB cannot free them. */
static MDB_txn *given_up[64];
static size_t n_given_up;

int
__wrap_mdb_txn_renew(MDB_txn *txn)
{
	int code;

	if (!fault_hits(CALL_mdb_txn_renew, &code))
		return __real_mdb_txn_renew(txn);
	if (code == MDB_BAD_RSLOT && n_given_up < 64)
		given_up[n_given_up++] = txn;
	return code;
}

/* --------------------------------------------------------------- the errors */

static const struct {
	int code;
	const char *name;
	enum pinstore_status status; /* what it may become */
} errors[] = {
	{MDB_KEYEXIST, "KEYEXIST", PINSTORE_ERR_INTERNAL},
	{MDB_NOTFOUND, "NOTFOUND", PINSTORE_ERR_DAMAGED},
	{MDB_PAGE_NOTFOUND, "PAGE_NOTFOUND", PINSTORE_ERR_DAMAGED},
	{MDB_CORRUPTED, "CORRUPTED", PINSTORE_ERR_DAMAGED},
	{MDB_PANIC, "PANIC", PINSTORE_ERR_IO},
	{MDB_VERSION_MISMATCH, "VERSION_MISMATCH", PINSTORE_ERR_VERSION},
	{MDB_INVALID, "INVALID", PINSTORE_ERR_DAMAGED},
	{MDB_MAP_FULL, "MAP_FULL", PINSTORE_ERR_FULL},
	{MDB_DBS_FULL, "DBS_FULL", PINSTORE_ERR_INTERNAL},
	{MDB_READERS_FULL, "READERS_FULL", PINSTORE_ERR_BUSY},
	{MDB_TLS_FULL, "TLS_FULL", PINSTORE_ERR_INTERNAL},
	{MDB_TXN_FULL, "TXN_FULL", PINSTORE_ERR_FULL},
	{MDB_CURSOR_FULL, "CURSOR_FULL", PINSTORE_ERR_DAMAGED},
	{MDB_PAGE_FULL, "PAGE_FULL", PINSTORE_ERR_DAMAGED},
	{MDB_MAP_RESIZED, "MAP_RESIZED", PINSTORE_ERR_BUSY},
	{MDB_INCOMPATIBLE, "INCOMPATIBLE", PINSTORE_ERR_DAMAGED},
	{MDB_BAD_RSLOT, "BAD_RSLOT", PINSTORE_ERR_BUSY},
	{MDB_BAD_TXN, "BAD_TXN", PINSTORE_ERR_DAMAGED},
	{MDB_BAD_VALSIZE, "BAD_VALSIZE", PINSTORE_ERR_INTERNAL},
	{MDB_BAD_DBI, "BAD_DBI", PINSTORE_ERR_INTERNAL},
	{ENOMEM, "ENOMEM", PINSTORE_ERR_NOMEM},
	{EIO, "EIO", PINSTORE_ERR_IO},
	{EACCES, "EACCES", PINSTORE_ERR_ACCESS},
	{ENOSPC, "ENOSPC", PINSTORE_ERR_FULL},
	{EINVAL, "EINVAL", PINSTORE_ERR_IO},
	{EAGAIN, "EAGAIN", PINSTORE_ERR_BUSY},
	{ENOENT, "ENOENT", PINSTORE_ERR_IO},
};

/* What some of these failures say. */
static const char *const words[] = {
	"the entries are removed, but their octets are in the file until the "
	"next clear: ",
	": too many processes read it at once; try again later",
	": it is shared between pid namespaces, and another process of this pid "
	"uses it; use one store for each",
	": an earlier write failed; the store must be reopened",
	": it is at its size limit",
	": too much for one transaction; do it in parts",
	": make room on the file system",
	" is damaged: it has no database \"hosts\"; run \"pinstore fsck\"",
	": cannot open its databases: ",
	": cannot be opened by /proc/self/fd: is /proc mounted?",
	": cannot be copied: ",
	" is damaged: it has lost records, or has some again that had been "
	"removed; restore a backup",
	"a record of its journal",
};

/* ----------------------------------------------------------------- the runs */

static void
expect(const struct deed *deed, const struct plain *plain,
       enum pinstore_status status, enum pinstore_status wanted,
       const struct told *told, const char *left, const char *where)
{
	if (status == PINSTORE_OK) {
		ck_assert_msg(strcmp(told->text, plain->told.text) == 0,
		              "%s, %s: tells %s and not %s", deed->what, where,
		              told->text, plain->told.text);
		ck_assert_int_eq(told->verdict, plain->told.verdict);
		/* The journal misses a violation, or tells of missed ones. */
		if (deed_is_lossy(deed))
			return;
		ck_assert_msg(strcmp(left, plain->after) == 0,
		              "%s, %s: leaves\n%sand not\n%s", deed->what,
		              where, left, plain->after);
		return;
	}
	ck_assert_msg(status == wanted, "%s, %s: status %d and not %d",
	              deed->what, where, (int)status, (int)wanted);
	ck_assert_msg(told->verdict == PINSTORE_REJECT && told->is_safe,
	              "%s, %s: gives something away", deed->what, where);
	if (deed->is_in_parts && strcmp(left, plain->after) == 0)
		return;
	ck_assert_msg(strcmp(left, plain->before) == 0,
	              "%s, %s: leaves\n%sand not\n%s", deed->what, where, left,
	              plain->before);
}

/* A number that no head of the file has is no error of LMDB's. */
static enum pinstore_status
status_of(enum call call, size_t error)
{
	return call == CALL_mdb_txn_id ? PINSTORE_ERR_DAMAGED
	                               : errors[error].status;
}

/*
 * The n-th call of that kind fails, n = 1, 2, ..., until there is none.  With
 * is_fresh each run has a handle of its own, else one is kept, with readers
 * that have been used before, as long as the store is what it was.
 */
static long
fail_each(const struct deed *deed, const struct plain *plain, enum call call,
          size_t error, bool is_fresh)
{
	bool is_open = false, has_failed;
	long n;

	for (n = 1; n < RUNS_MAX; n++) {
		struct told told = {.is_safe = true};
		enum pinstore_status status;
		char *left, where[80];

		if (!is_open)
			deed_begin(deed);
		fault_arm(0, (int)call, errors[error].code, n);
		memset(&deed_error, 0, sizeof(deed_error));
		status = deed->run(&told);
		has_failed = fault_disarm();
		heard_listen(deed_error.text);
		(void)snprintf(where, sizeof(where), "%s %ld is %s",
		               call_names[call], n, errors[error].name);
		is_open = !is_fresh && !deed->opens;
		left = is_open ? deed_dump() : deed_end(deed);
		expect(deed, plain, status,
		       has_failed ? status_of(call, error) : PINSTORE_OK, &told,
		       left, where);
		if (deed->on_nothing || strcmp(left, plain->before) != 0) {
			pinstore_close(ps);
			ps = NULL;
			is_open = false;
			deed_restore(deed->on_nothing);
		}
		free(left);
		if (!has_failed)
			break;
	}
	pinstore_close(ps);
	ps = NULL;
	ck_assert_int_lt(n, RUNS_MAX);
	return n - 1;
}

/* Of so many failures one is tried. */
static unsigned
turn(void)
{
	return STRIDE * suite_stride(24);
}

/* Whether it is that error's turn; what hides or is given up has it always. */
static bool
has_turn(int call, size_t error)
{
	const char *wanted = getenv("FAULTS");

	return errors[error].code == MDB_NOTFOUND ||
	       (call == CALL_mdb_txn_renew &&
	        errors[error].code == MDB_BAD_RSLOT) ||
	       (wanted != NULL && strcmp(wanted, "all") == 0) ||
	       (error + (size_t)call) % turn() == 0;
}

/* With a kept handle no reader begins, and no cursor is opened. */
static bool
needs_fresh(enum call call)
{
	return call == CALL_mdb_txn_begin || call == CALL_mdb_cursor_open;
}

START_TEST(every_call)
{
	const struct deed *deed = &deeds[_i];
	struct plain plain = deed_plainly(deed);
	int fds = deed_descriptors();
	long n = 0;
	int call;
	size_t i;

	for (call = 0; call < N_CALLS; call++) {
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			if (!has_turn(call, i))
				continue;
			n += fail_each(deed, &plain, (enum call)call, i, false);
			if (needs_fresh((enum call)call) && !deed->opens)
				n += fail_each(deed, &plain, (enum call)call,
				               i, true);
		}
	}
	printf("%s: %ld failures\n", deed->what, n);
	ck_assert_int_eq(deed_descriptors(), fds);
	plain_free(&plain);
}
END_TEST

/* -------------------------------------------------- calls after a failure */

/*
 * A full map, or a full table of readers, is met with calls that nothing else
 * makes.  When they fail as well, that is what is told.
 */
static const struct {
	enum call first;
	int code;
	enum call second;
	long n; /* the how manieth of the second */
	enum pinstore_status (*run)(struct told *told);
} pairs[] = {
	{CALL_mdb_put, MDB_MAP_FULL, CALL_mdb_reader_check, 1, deed_note},
	{CALL_mdb_put, MDB_MAP_FULL, CALL_mdb_env_set_mapsize, 1, deed_note},
	{CALL_mdb_txn_commit, MDB_MAP_FULL, CALL_mdb_env_set_mapsize, 1,
	 deed_pin},
	{CALL_mdb_txn_begin, MDB_MAP_RESIZED, CALL_mdb_env_set_mapsize, 1,
	 deed_check_impostor},
	{CALL_mdb_txn_begin, MDB_MAP_RESIZED, CALL_mdb_env_set_mapsize, 1,
	 deed_note_remove},
	{CALL_mdb_txn_begin, MDB_READERS_FULL, CALL_mdb_reader_check, 1,
	 deed_check_impostor},
	{CALL_mdb_txn_begin, MDB_MAP_RESIZED, CALL_mdb_env_set_mapsize, 2,
	 deed_open},
};

START_TEST(call_after_a_failure)
{
	const struct deed deed = {.what = call_names[pairs[_i].second],
	                          .run = pairs[_i].run,
	                          .opens = pairs[_i].run == deed_open};
	struct plain plain = deed_plainly(&deed);
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct told told = {.is_safe = true};
		enum pinstore_status status;
		char *left;

		deed_begin(&deed);
		fault_arm(0, (int)pairs[_i].first, pairs[_i].code, 1);
		fault_arm(1, (int)pairs[_i].second, errors[i].code,
		          pairs[_i].n);
		status = deed.run(&told);
		ck_assert(faults[1].has_failed);
		ck_assert(fault_disarm());
		left = deed_end(&deed);
		expect(&deed, &plain, status, errors[i].status, &told, left,
		       errors[i].name);
		free(left);
		deed_restore(false);
	}
	plain_free(&plain);
}
END_TEST

/* Every call that can fail has failed somewhere. */
START_TEST(none_is_left_out)
{
	int call;

	for (call = 0; call < N_CALLS; call++)
		ck_assert_msg(fault_counts[call] > 0, "%s never failed",
		              call_names[call]);
	/* Not all is said where more is left out. */
	if (turn() == STRIDE)
		heard_all();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault_lmdb");
	TCase *tcase = tcase_create("fault_lmdb");

	fault_share_counts();
	heard_begin(words, COUNT(words));
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, deed_setup, deed_teardown);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, every_call, 0, COUNT(deeds));
	tcase_add_loop_test(tcase, call_after_a_failure, 0, COUNT(pairs));
	tcase_add_test(tcase, none_is_left_out);
	return suite_run(suite);
}
