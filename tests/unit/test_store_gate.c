/*
 * test_store_gate.c - writers that are stopped or killed, files that vanish.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <check.h>
#include <lmdb.h>

#include "store/db.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define SHORT_MS 300

static struct tempdir dir;
static struct ps_store *store;

static struct ps_store *
open_impatient(void)
{
	struct ps_store_options options = kit_options();
	struct ps_store *out = NULL;

	options.lock_limit_ms = SHORT_MS;
	ck_status(ps_store_open(dir.store, &options, &out, &kit_error),
	          PINSTORE_OK);
	return out;
}

static void
setup(void)
{
	tempdir_make(&dir);
	store = open_impatient();
	kit_put(store, "a.test", 1);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

static const char *
in_store(const char *name)
{
	static char path[4][192];
	static unsigned turn;
	char *out = path[turn++ % 4];

	(void)snprintf(out, sizeof(path[0]), "%s/%s", dir.store, name);
	return out;
}

/* ----------------------------------------------------- a holder of the gate */

static struct kit_pipe begun, end;

static enum pinstore_status
hold_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = kit_host("held.test");
	struct ps_entry entry = kit_entry(8);
	enum pinstore_status status = ps_write_put(write, &host, &entry, error);

	(void)arg;
	kit_tell(&begun);
	kit_wait(&end);
	return status;
}

/* Another process in the middle of a write. */
static pid_t
hold(void)
{
	pid_t pid;

	begun = kit_pipe();
	end = kit_pipe();
	pid = kit_fork();
	if (pid == 0) {
		struct ps_store *own;

		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
		kit_must(ps_store_write(own, KIT_NOW, hold_work, NULL,
		                        &kit_error) == PINSTORE_OK);
		ps_store_close(own);
		_exit(0);
	}
	kit_wait(&begun);
	return pid;
}

static void
expect_busy(void)
{
	long start = kit_now_ms(), took;

	ck_status(kit_try_put(store, "b.test", 2), PINSTORE_ERR_BUSY);
	took = kit_now_ms() - start;
	ck_assert_int_ge(took, SHORT_MS - 10);
	ck_assert_int_lt(took, SHORT_MS + 2000);
	ck_assert(strstr(kit_error.text,
	                 ": another program has been writing for longer than "
	                 "the lock limit: try again, or look for one that is "
	                 "stopped") != NULL ||
	          strstr(kit_error.text,
	                 ": other threads have been writing for longer than "
	                 "the lock limit: try again") != NULL);
}

/* T-112: a stopped writer costs others their limit; reading goes on. */
START_TEST(a_stopped_writer)
{
	pid_t pid = hold();
	struct ps_store *other;

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	expect_busy();
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert(!kit_has(store, "held.test", 8));
	/* Also for one that only comes now. */
	ps_store_close(store);
	store = open_impatient();
	other = open_impatient();
	ck_assert(kit_has(store, "a.test", 1));
	ps_store_close(other);
	expect_busy();
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	kit_tell(&end);
	kit_join(pid);
	ck_assert(kit_has(store, "held.test", 8));
	kit_put(store, "b.test", 2);
}
END_TEST

/* Take every slot of the table of readers, as so many processes would. */
static pid_t
take_all_slots(struct kit_pipe *taken)
{
	pid_t child = kit_fork();

	if (child == 0) {
		static MDB_txn *txn[PS_DB_READERS + 1];
		unsigned n = 0;
		MDB_env *env;

		kit_must(mdb_env_create(&env) == 0);
		kit_must(mdb_env_set_maxdbs(env, 16) == 0);
		kit_must(mdb_env_set_maxreaders(env, PS_DB_READERS) == 0);
		kit_must(mdb_env_open(env, dir.store, MDB_NOTLS, 0600) == 0);
		while (n <= PS_DB_READERS &&
		       mdb_txn_begin(env, NULL, MDB_RDONLY, &txn[n]) == 0)
			n++;
		kit_must(n > 1000 && n <= PS_DB_READERS);
		kit_tell(taken);
		(void)pause();
		_exit(1);
	}
	return child;
}

/*
 * A table that is full: who has a slot reads on, who has none is told BUSY in
 * time and never that nothing is stored; and what the dead hold is free again.
 */
START_TEST(a_full_table_of_readers)
{
	struct kit_pipe taken = kit_pipe();
	struct ps_store *other = NULL;
	struct ps_entry entry;
	pid_t child, opener;
	long start;

	kit_put(store, "a.test", 1);
	ck_assert(kit_has(store, "a.test", 1));
	child = take_all_slots(&taken);
	kit_wait(&taken);
	/* It has kept its slot. */
	ck_assert(kit_has(store, "a.test", 1));
	kit_put(store, "b.test", 2);
	ck_assert(kit_has(store, "b.test", 2));
	opener = kit_fork();
	if (opener == 0) {
		/* What it has inherited is opened anew at the first use. */
		start = kit_now_ms();
		kit_must(kit_get(store, "a.test", &entry) == PINSTORE_ERR_BUSY);
		kit_must(strstr(kit_error.text,
		                ": too many processes read it at once; try "
		                "again later") != NULL);
		kit_must(kit_now_ms() - start < 2 * KIT_LIMIT_MS);
		_exit(0);
	}
	kit_join(opener);
	kit_kill(child);
	opener = kit_fork();
	if (opener == 0) {
		kit_must(kit_try_open(dir.store, &other) == PINSTORE_OK);
		kit_must(kit_has(other, "a.test", 1));
		kit_must(kit_has(other, "b.test", 2));
		_exit(0);
	}
	kit_join(opener);
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

/* A writer that was killed passes the gate on, and leaves nothing. */
START_TEST(a_killed_writer)
{
	unsigned round;

	for (round = 0; round < 10; round++) {
		kit_kill(hold());
		ck_assert(!kit_has(store, "held.test", 8));
		kit_put(store, "b.test", round);
		ck_assert(kit_has(store, "b.test", round));
		if (round % 2 == 0) {
			ps_store_close(store);
			store = open_impatient();
		}
	}
}
END_TEST

static void *
hold_thread(void *arg)
{
	struct pinstore_error error;

	*(enum pinstore_status *)arg =
	        ps_store_write(store, KIT_NOW, hold_work, NULL, &error);
	return NULL;
}

/* The limit holds between the threads of a process too. */
START_TEST(a_slow_thread)
{
	enum pinstore_status status = PINSTORE_ERR_INTERNAL;
	pthread_t thread;

	begun = kit_pipe();
	end = kit_pipe();
	ck_assert_int_eq(pthread_create(&thread, NULL, hold_thread, &status),
	                 0);
	kit_wait(&begun);
	expect_busy();
	ck_assert(kit_has(store, "a.test", 1));
	kit_tell(&end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_status(status, PINSTORE_OK);
	kit_put(store, "b.test", 2);
}
END_TEST

/* T-112: somebody holds the directory's lock, or the gate's file. */
START_TEST(foreign_locks)
{
	struct ps_store_options options = kit_options();
	struct ps_store *other = NULL;
	const char *path = _i == 0 ? dir.store : in_store("gate");
	long start;
	int fd;

	ps_store_close(store);
	store = NULL;
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	options.lock_limit_ms = SHORT_MS;
	start = kit_now_ms();
	ck_status(ps_store_open(dir.store, &options, &other, &kit_error),
	          PINSTORE_ERR_BUSY);
	ck_assert_int_lt(kit_now_ms() - start, SHORT_MS + 2000);
	close(fd);
	store = open_impatient();
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

/* The power went while the gate was locked: the file says so for ever. */
START_TEST(a_gate_that_was_left_locked)
{
	char locked[4096];
	pid_t pid;
	int fd;

	pid = hold();
	fd = open(in_store("gate"), O_RDWR);
	ck_assert_int_eq(pread(fd, locked, sizeof(locked), 0), sizeof(locked));
	kit_kill(pid);
	ps_store_close(store);
	if (_i == 1)
		memset(locked, 0xa5, sizeof(locked));
	ck_assert_int_eq(pwrite(fd, locked, sizeof(locked), 0),
	                 sizeof(locked));
	if (_i == 2)
		ck_assert_int_eq(ftruncate(fd, 10), 0);
	close(fd);
	if (_i == 3)
		ck_assert_int_eq(unlink(in_store("gate")), 0);
	store = open_impatient();
	kit_put(store, "b.test", 2);
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

/* T-112: somebody holds LMDB's own lock on its file, for ever. */
START_TEST(a_foreign_lock_on_the_lock_file)
{
	struct ps_store_options options = kit_options();
	struct ps_store *other = NULL;
	long start;
	pid_t pid;

	begun = kit_pipe();
	end = kit_pipe();
	if (_i == 0) {
		ps_store_close(store);
		store = NULL;
	}
	pid = kit_fork();
	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
		                     .l_len = 1};
		int fd = open(in_store("lock.mdb"), O_RDWR);

		kit_must(fd >= 0);
		/* With the store in use only readers of it can be. */
		if (_i == 1)
			lock.l_start = 1;
		kit_must(fcntl(fd, F_SETLK, &lock) == 0);
		kit_tell(&begun);
		kit_wait(&end);
		_exit(0);
	}
	kit_wait(&begun);
	options.lock_limit_ms = SHORT_MS;
	start = kit_now_ms();
	if (_i == 0) {
		ck_status(ps_store_open(dir.store, &options, &other,
		                        &kit_error), PINSTORE_ERR_BUSY);
		ck_assert_ptr_nonnull(strstr(kit_error.text,
		                             "has locked lock.mdb"));
		ck_assert_int_ge(kit_now_ms() - start, SHORT_MS - 10);
	} else {
		ck_assert(kit_has(store, "a.test", 1));
		kit_put(store, "b.test", 2);
	}
	ck_assert_int_lt(kit_now_ms() - start, SHORT_MS + 2000);
	kit_tell(&end);
	kit_join(pid);
	if (_i == 0)
		store = open_impatient();
	kit_put(store, "c.test", 2);
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

/* What a lock file may be overwritten with; in each octet, or any. */
static const int junk[] = {0x00, 0xff, 0x01, 0x80, -1};

/*
 * The lock file is written over under live users.  Its locks may look as if
 * they were held for ever: nobody waits for them.
 */
START_TEST(a_lock_file_that_is_written_over)
{
	static uint8_t octets[262272];
	const bool is_shared = _i >= COUNT(junk);
	const int with = junk[_i % COUNT(junk)];
	enum pinstore_status status;
	pid_t pid = 0;
	long start;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(with >= 0 ? with : rand());
	begun = kit_pipe();
	end = kit_pipe();
	if (is_shared) {
		pid = kit_fork();
		if (pid == 0) {
			struct ps_store *own;

			kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
			kit_must(kit_has(own, "a.test", 1));
			kit_tell(&begun);
			kit_wait(&end);
			_exit(0);
		}
		kit_wait(&begun);
	}
	fd = open(in_store("lock.mdb"), O_WRONLY);
	ck_assert_int_eq(write(fd, octets, sizeof(octets)), sizeof(octets));
	close(fd);
	start = kit_now_ms();
	status = kit_try_put(store, "b.test", 2);
	ck_assert_int_lt(kit_now_ms() - start, SHORT_MS + 2000);
	/* Alone, the file can be made anew. */
	if (!is_shared)
		ck_status(status, PINSTORE_OK);
	else
		ck_assert_int_ne(status, PINSTORE_OK);
	if (is_shared) {
		kit_tell(&end);
		kit_join(pid);
	}
	ps_store_close(store);
	store = open_impatient();
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert(kit_has(store, "b.test", 2) == !is_shared);
	kit_put(store, "c.test", 3);
}
END_TEST

/* -------------------------------------------------- files that are replaced */

static void
other_put(const char *name, unsigned n)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store *own;

		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
		kit_must(kit_try_put(own, name, n) == PINSTORE_OK);
		ps_store_close(own);
		_exit(0);
	}
	kit_join(pid);
}

/*
 * store.md 5.5: the lock file, or the gate, is removed under live users; with
 * LMDB alone two writers then destroy the tree.
 */
START_TEST(removed_under_live_users)
{
	static const char *const names[] = {"lock.mdb", "gate"};
	unsigned round;

	for (round = 0; round < 8; round++) {
		char mine[32], theirs[32];
		unsigned i;

		ck_assert_int_eq(unlink(in_store(names[_i])), 0);
		(void)snprintf(mine, sizeof(mine), "m%u.test", round);
		(void)snprintf(theirs, sizeof(theirs), "t%u.test", round);
		if (round % 2 == 0)
			kit_put(store, mine, round);
		other_put(theirs, round);
		if (round % 2 == 1)
			kit_put(store, mine, round);
		for (i = 0; i <= round; i++) {
			(void)snprintf(mine, sizeof(mine), "m%u.test", i);
			(void)snprintf(theirs, sizeof(theirs), "t%u.test", i);
			ck_assert(kit_has(store, mine, i));
			ck_assert(kit_has(store, theirs, i));
		}
	}
}
END_TEST

static void
copy_file(const char *from, const char *to)
{
	char *octets = malloc(1 << 22);
	int in = open(from, O_RDONLY), out;
	ssize_t len;

	ck_assert_int_ge(in, 0);
	len = read(in, octets, 1 << 22);
	ck_assert_int_gt(len, 0);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(write(out, octets, (size_t)len), len);
	close(in);
	close(out);
	free(octets);
}

/* T-118: an old copy is moved into place; seen at once, or in a second. */
START_TEST(an_old_copy_is_restored)
{
	ps_store_close(store);
	copy_file(in_store("data.mdb"), in_store("data.old"));
	store = open_impatient();
	kit_put(store, "b.test", 2);
	ck_assert_int_eq(rename(in_store("data.old"), in_store("data.mdb")), 0);
	if (_i == 0)
		kit_put(store, "c.test", 3); /* writers look each time */
	else
		kit_nap(1100);
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert(!kit_has(store, "b.test", 2));
	ck_assert(kit_has(store, "c.test", 3) == (_i == 0));
	other_put("d.test", 4);
	ck_assert(kit_has(store, "d.test", 4));
}
END_TEST

static void
remove_data(void)
{
	ck_assert_int_eq(unlink(in_store("data.mdb")), 0);
}

static void
remove_all(void)
{
	ck_assert_int_eq(unlink(in_store("data.mdb")), 0);
	ck_assert_int_eq(unlink(in_store("lock.mdb")), 0);
	ck_assert_int_eq(unlink(in_store("gate")), 0);
	ck_assert_int_eq(unlink(in_store("schema")), 0);
}

static void
remove_dir(void)
{
	remove_all();
	ck_assert_int_eq(rmdir(dir.store), 0);
}

static void
replace_by_zeros(void)
{
	int fd = open(in_store("new"), O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	close(fd);
	ck_assert_int_eq(rename(in_store("new"), in_store("data.mdb")), 0);
}

/* T-118: gone under an open handle: that is damage, and nothing is made. */
START_TEST(gone_under_an_open_handle)
{
	static void (*const ways[])(void) = {remove_data, remove_all,
	                                     remove_dir, replace_by_zeros};
	struct ps_entry entry;

	ways[_i]();
	if (_i % 2 == 0)
		ck_status(kit_try_put(store, "b.test", 2),
		          PINSTORE_ERR_DAMAGED);
	else
		kit_nap(1100);
	ck_status(kit_get(store, "a.test", &entry), PINSTORE_ERR_DAMAGED);
	ck_status(kit_get(store, "none.test", &entry), PINSTORE_ERR_DAMAGED);
	ck_status(kit_try_put(store, "b.test", 2), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, dir.store));
	if (_i == 2)
		ck_assert_int_ne(access(dir.store, F_OK), 0);
	else if (_i < 3)
		ck_assert_int_ne(access(in_store("data.mdb"), F_OK), 0);
}
END_TEST

/* The directory is renamed: it stays in use until another takes its place. */
START_TEST(another_directory_takes_the_place)
{
	struct ps_store *other;
	struct ps_entry entry;
	char moved[128];

	(void)snprintf(moved, sizeof(moved), "%s/moved", dir.path);
	ck_assert_int_eq(rename(dir.store, moved), 0);
	kit_put(store, "b.test", 2);
	ck_assert(kit_has(store, "b.test", 2));
	if (_i == 0) {
		other_put("c.test", 3);
		kit_put(store, "d.test", 4);
		ck_assert(kit_has(store, "c.test", 3));
		ck_assert(!kit_has(store, "a.test", 1));
		return;
	}
	/* Opened by this process too: two of its environments cannot be one. */
	other = kit_open(dir.store);
	kit_put(other, "c.test", 3);
	ck_status(kit_try_put(store, "d.test", 4), PINSTORE_ERR_BUSY);
	ck_status(kit_get(store, "a.test", &entry), PINSTORE_ERR_BUSY);
	ps_store_close(store);
	store = open_impatient();
	ck_assert(kit_has(store, "c.test", 3));
	ps_store_close(other);
}
END_TEST

/* ---------------------------------------- a kill inside mdb_env_open (5.1) */

/*
 * LMDB's first opener empties the table of readers and fills in the last
 * transaction's number only when it has opened the data file.  Killed between
 * the two while another one waits for its lock, it leaves a table that says 0,
 * and the other one's commits begin anew: acknowledged ones are lost.
 */
static atomic_bool is_armed;

/* In place of libc's, for LMDB too: a program's symbol goes before. */
int
open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	mode_t mode = 0;
	va_list args;

	if (real == NULL) {
		void *symbol = dlsym(RTLD_NEXT, "open");

		memcpy(&real, &symbol, sizeof(real));
	}
	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (is_armed && strstr(path, "/proc/self/fd/") == path &&
	    strstr(path, "/data.mdb") != NULL) {
		kit_tell(&begun);
		(void)pause();
	}
	return real(path, flags, mode);
}

static pid_t
open_and_hang(void)
{
	pid_t pid;

	begun = kit_pipe();
	pid = kit_fork();
	if (pid == 0) {
		struct ps_store *own;

		is_armed = true;
		(void)kit_try_open(dir.store, &own);
		_exit(0);
	}
	kit_wait(&begun);
	return pid;
}

static pid_t
open_and_put(const char *name, unsigned n)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store *own;

		kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
		kit_must(kit_has(own, "last.test", n));
		kit_must(kit_try_put(own, name, n) == PINSTORE_OK);
		ps_store_close(own);
		_exit(0);
	}
	return pid;
}

START_TEST(test_kill_inside_open_5_1)
{
	unsigned round, i;

	for (round = 0; round < 12; round++) {
		const unsigned waiters = 1 + round % 3;
		char name[3][32];
		pid_t hanging, waiting[3];

		/* Both parities of the last transaction. */
		if (round / 3 % 2 == 1)
			kit_put(store, "parity.test", round);
		kit_put(store, "last.test", round);
		ps_store_close(store);
		store = NULL;
		hanging = open_and_hang();
		for (i = 0; i < waiters; i++) {
			(void)snprintf(name[i], sizeof(name[i]),
			               "h%u.r%u.test", i, round);
			waiting[i] = open_and_put(name[i], round);
		}
		/* They wait; with the kill they all go on. */
		kit_nap(30);
		kit_kill(hanging);
		for (i = 0; i < waiters; i++)
			kit_join(waiting[i]);
		store = open_impatient();
		ck_assert(kit_has(store, "a.test", 1));
		ck_assert(kit_has(store, "last.test", round));
		for (i = 0; i < waiters; i++)
			ck_assert(kit_has(store, name[i], round));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_gate");
	TCase *tcase = tcase_create("gate");
	TCase *threads = tcase_create("threads");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_stopped_writer);
	tcase_add_test(tcase, a_killed_writer);
	tcase_add_test(tcase, a_full_table_of_readers);
	tcase_add_loop_test(tcase, foreign_locks, 0, 2);
	tcase_add_loop_test(tcase, a_foreign_lock_on_the_lock_file, 0, 2);
	tcase_add_loop_test(tcase, a_lock_file_that_is_written_over, 0,
	                    2 * COUNT(junk));
	tcase_add_loop_test(tcase, a_gate_that_was_left_locked, 0, 4);
	tcase_add_loop_test(tcase, removed_under_live_users, 0, 2);
	tcase_add_loop_test(tcase, an_old_copy_is_restored, 0, 2);
	tcase_add_loop_test(tcase, gone_under_an_open_handle, 0, 4);
	tcase_add_loop_test(tcase, another_directory_takes_the_place, 0, 2);
	tcase_add_test(tcase, test_kill_inside_open_5_1);
	suite_add_tcase(suite, tcase);
	suite_tag_threads(threads);
	tcase_set_timeout(threads, 120);
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_add_test(threads, a_slow_thread);
	suite_add_tcase(suite, threads);
	return suite_run(suite);
}
