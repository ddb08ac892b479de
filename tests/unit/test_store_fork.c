/*
 * test_store_fork.c - fork, a second open, and the lock file (a) to (i).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each letter does to a program that uses LMDB as it is stands at its
 * test.  The same things are done here, and a snapshot that somebody has under
 * way meanwhile must stay as it is, octet by octet.
 */
#include <config.h>

#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <check.h>

#include "store/audit.h"
#include "store/fsck.h"
#include "store/repair.h"

#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define HOSTS 40
/* Enough for every page of the snapshot to be used again, were it free. */
#define ROUNDS 60

static struct tempdir dir;
static struct ps_store *store;

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *base = arg;
	unsigned n;

	for (n = 0; n < HOSTS; n++) {
		char name[32];
		struct ps_host host;
		struct ps_entry entry = kit_entry(*base + n);
		enum pinstore_status status;

		(void)snprintf(name, sizeof(name), "h%u.test", n);
		host = kit_host(name);
		status = ps_write_put(write, &host, &entry, error);
		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static bool
fill(struct ps_store *into, unsigned base)
{
	return ps_store_write(into, KIT_NOW, fill_work, &base, &kit_error) ==
	       PINSTORE_OK;
}

static bool
has_all(struct ps_store *in, unsigned base)
{
	unsigned n;

	for (n = 0; n < HOSTS; n++) {
		char name[32];
		struct ps_entry entry;

		(void)snprintf(name, sizeof(name), "h%u.test", n);
		if (kit_get(in, name, &entry) != PINSTORE_OK ||
		    !kit_is_entry(&entry, base + n))
			return false;
	}
	return true;
}

static void
setup(void)
{
	tempdir_make(&dir);
	store = kit_open(dir.store);
	kit_put(store, "test", 5);
	ck_assert(fill(store, 0));
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

/* ------------------------------------------------- a snapshot under way */

struct snapshot {
	struct kit_pipe begun;
	struct kit_pipe end;
	bool was_kept;
	unsigned steps;
	enum pinstore_status status;
};

/*
 * The view points into the map: it is read again, with all of its page, when
 * the others have written.
 */
static bool
snapshot_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	struct snapshot *snapshot = arg;
	const struct ps_section_view *learned =
	        &view->section[PINSTORE_LEARNED];
	const uint8_t *page = (const uint8_t *)((uintptr_t)learned->pins &
	                                        ~(uintptr_t)4095);
	uint8_t before[4096];

	(void)key_len;
	if (snapshot->steps++ > 0)
		return true;
	memcpy(before, page, sizeof(before));
	kit_tell(&snapshot->begun);
	kit_wait(&snapshot->end);
	snapshot->was_kept = memcmp(before, page, sizeof(before)) == 0;
	return true;
}

static void
snapshot_take(struct ps_store *of, struct snapshot *snapshot)
{
	struct ps_host host = kit_host("h7.test");

	snapshot->was_kept = false;
	snapshot->steps = 0;
	snapshot->status = ps_store_climb(of, &host, NULL, snapshot_step, snapshot,
	                                  &kit_error);
}

static bool
snapshot_is_good(const struct snapshot *snapshot)
{
	return snapshot->status == PINSTORE_OK && snapshot->was_kept &&
	       snapshot->steps == 2;
}

static struct snapshot snapshot;

static void *
snapshot_thread(void *arg)
{
	snapshot_take(arg, &snapshot);
	return NULL;
}

static pthread_t
snapshot_begin(void)
{
	pthread_t thread;

	snapshot.begun = kit_pipe();
	snapshot.end = kit_pipe();
	ck_assert_int_eq(pthread_create(&thread, NULL, snapshot_thread, store),
	                 0);
	kit_wait(&snapshot.begun);
	return thread;
}

static void
snapshot_end(pthread_t thread)
{
	kit_tell(&snapshot.end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(snapshot_is_good(&snapshot));
}

/* Another process opens the store, writes all of it many times, and closes. */
static void
others_write(void)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store *own;
		unsigned round;

		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
		for (round = 1; round <= ROUNDS; round++)
			kit_must(fill(own, round));
		ps_store_close(own);
		_exit(0);
	}
	kit_join(pid);
}

/* As pinstore fsck finds it. */
static void
expect_clean(void)
{
	const struct ps_fsck_want want = {
		.path = dir.store,
		.lock_limit_ms = KIT_LIMIT_MS,
	};
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;

	ck_status(ps_fsck_run(&want, &totals, &repaired, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
}

/* ------------------------------------------------------------ the letters */

/*
 * (a) A child ends its copy of a reader that the parent keeps at hand: the
 * parent's next one fails (BAD_RSLOT).
 */
START_TEST(test_fork_a)
{
	unsigned round;

	for (round = 0; round < 100; round++) { /* T-114 */
		pid_t pid;

		ck_assert(kit_has(store, "test", 5));
		pid = kit_fork();
		if (pid == 0) {
			if (round % 2 == 0)
				kit_must(kit_has(store, "test", 5));
			/* Both write, in some rounds at the same time. */
			if (round % 10 == 0)
				kit_must(kit_try_put(store, "child.test",
				                     round) == PINSTORE_OK);
			ps_store_close(store);
			_exit(0);
		}
		if (round % 20 == 0)
			kit_put(store, "parent.test", round);
		kit_join(pid);
		ck_assert(kit_has(store, "test", 5));
	}
	ck_assert(kit_has(store, "child.test", 90));
	ck_assert(kit_has(store, "parent.test", 80));
	ck_assert(fill(store, 3));
	ck_assert(has_all(store, 3));
	expect_clean();
}
END_TEST

/*
 * (b) The same with one under way: its slot is gone, its pages are used again,
 * what it reads changes.
 */
START_TEST(test_fork_b)
{
	pthread_t thread = snapshot_begin();
	pid_t pid = kit_fork();

	if (pid == 0) {
		kit_must(kit_has(store, "test", 5));
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
	others_write();
	snapshot_end(thread);
	ck_assert(has_all(store, ROUNDS));
}
END_TEST

/*
 * (c) A child reads through what it inherited, and the parent ends: the next
 * opener takes itself for the first and resets the table of readers.
 */
START_TEST(test_fork_c)
{
	struct kit_pipe verdict = kit_pipe();
	pid_t parent;

	snapshot.begun = kit_pipe();
	snapshot.end = kit_pipe();
	ps_store_close(store);
	store = NULL;
	parent = kit_fork();
	if (parent == 0) {
		pid_t child;

		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		kit_must(kit_has(store, "test", 5));
		child = fork();
		if (child == 0) {
			/* Once more, for a child of a child. */
			child = fork();
			if (child > 0)
				_exit(0);
			snapshot_take(store, &snapshot);
			kit_must(snapshot_is_good(&snapshot));
			kit_must(kit_has(store, "h7.test", ROUNDS + 7));
			kit_tell(&verdict);
			_exit(0);
		}
		kit_wait(&snapshot.begun);
		if (_i == 1)
			ps_store_close(store);
		_exit(0);
	}
	kit_join(parent);
	others_write();
	kit_tell(&snapshot.end);
	close(verdict.fd[1]);
	kit_wait(&verdict);
}
END_TEST

/* (d) A child closes what it inherited; that has always been safe. */
START_TEST(test_fork_d)
{
	pthread_t thread = snapshot_begin();
	pid_t pid = kit_fork();

	if (pid == 0) {
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
	others_write();
	snapshot_end(thread);
	ck_assert(fill(store, 9));
	ck_assert(has_all(store, 9));
}
END_TEST

/* (e) A child closes, opens its own and writes; and the parent does. */
START_TEST(test_fork_e)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store *own;

		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &own) == PINSTORE_OK);
		kit_must(kit_try_put(own, "child.test", 1) == PINSTORE_OK);
		ps_store_close(own);
		_exit(0);
	}
	kit_put(store, "parent.test", 2);
	kit_join(pid);
	ck_assert(kit_has(store, "child.test", 1));
	/* And with the handle that it inherited, in every order. */
	pid = kit_fork();
	if (pid == 0) {
		kit_must(kit_has(store, "parent.test", 2));
		kit_must(kit_try_put(store, "child.test", 3) == PINSTORE_OK);
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
	ck_assert(kit_has(store, "child.test", 3));
	ck_assert(has_all(store, 0));
}
END_TEST

/* ------------------------------------------ a write transaction under way */

struct holding {
	struct kit_pipe begun;
	struct kit_pipe end;
	enum pinstore_status status;
};

static struct holding holding;

static enum pinstore_status
hold_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = kit_host("held.test");
	struct ps_entry entry = kit_entry(8);
	enum pinstore_status status = ps_write_put(write, &host, &entry, error);

	(void)arg;
	kit_tell(&holding.begun);
	kit_wait(&holding.end);
	return status;
}

static void *
hold_thread(void *arg)
{
	struct pinstore_error error;

	(void)arg;
	holding.status = ps_store_write(store, KIT_NOW, hold_work, NULL,
	                                &error);
	return NULL;
}

static pthread_t
hold_begin(void)
{
	pthread_t thread;

	holding.begun = kit_pipe();
	holding.end = kit_pipe();
	ck_assert_int_eq(pthread_create(&thread, NULL, hold_thread, NULL), 0);
	kit_wait(&holding.begun);
	return thread;
}

/* (f) The fork happens in a write transaction; the child waits for its end. */
START_TEST(test_fork_f)
{
	struct kit_pipe ready = kit_pipe();
	pthread_t thread = hold_begin();
	pid_t pid = kit_fork();

	if (pid == 0) {
		/* Not seen before it is committed. */
		kit_must(!kit_has(store, "held.test", 8));
		kit_tell(&ready);
		kit_must(kit_try_put(store, "child.test", 1) == PINSTORE_OK);
		kit_must(kit_has(store, "held.test", 8));
		_exit(0);
	}
	kit_wait(&ready);
	kit_nap(100);
	kit_tell(&holding.end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_status(holding.status, PINSTORE_OK);
	kit_join(pid);
	ck_assert(kit_has(store, "held.test", 8));
	ck_assert(kit_has(store, "child.test", 1));
}
END_TEST

/* (g) The child ends its copy of it; the parent's lock is not let go. */
START_TEST(test_fork_g)
{
	pthread_t thread = hold_begin();
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store_options options = kit_options();
		struct ps_store *own;

		ps_store_close(store);
		options.lock_limit_ms = 200;
		kit_must(ps_store_open(dir.store, &options, &own, &kit_error) ==
		         PINSTORE_OK);
		kit_must(kit_try_put(own, "child.test", 1) ==
		         PINSTORE_ERR_BUSY);
		kit_must(has_all(own, 0));
		ps_store_close(own);
		_exit(0);
	}
	kit_join(pid);
	kit_tell(&holding.end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_status(holding.status, PINSTORE_OK);
	ck_assert(kit_has(store, "held.test", 8));
	kit_put(store, "after.test", 1);
}
END_TEST

/*
 * (h) The store is opened twice in one process, and one of both is closed: the
 * locks of the other one are gone, the next opener resets the table (T-115).
 */
START_TEST(test_open_twice_h)
{
	pthread_t thread = snapshot_begin();
	struct ps_store *second, *third;
	char link[128];

	second = kit_open(dir.store);
	ck_assert(has_all(second, 0));
	/* By another path: a link above the directory is no matter. */
	(void)snprintf(link, sizeof(link), "%s-link", dir.path);
	ck_assert_int_eq(symlink(dir.path, link), 0);
	(void)snprintf(link, sizeof(link), "%s-link/store", dir.path);
	third = kit_open(link);
	ck_assert(has_all(third, 0));
	ps_store_close(second);
	ps_store_close(third);
	*strrchr(link, '/') = '\0';
	ck_assert_int_eq(unlink(link), 0);
	others_write();
	snapshot_end(thread);
	ck_assert(has_all(store, ROUNDS));
}
END_TEST

/* (i) Anything in the process, a backup say, opens and closes lock.mdb. */
START_TEST(test_lock_file_opened_i)
{
	pthread_t thread = snapshot_begin();
	static const char *const names[] = {"lock.mdb", "data.mdb", "gate"};
	char path[128];
	size_t i;

	for (i = 0; i < 3; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", dir.store,
		               names[i]);
		fd = open(path, O_RDWR);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	others_write();
	snapshot_end(thread);
	ck_assert(has_all(store, ROUNDS));
	ck_assert(fill(store, 77));
	ck_assert(has_all(store, 77));
}
END_TEST

/* ------------------------------------------------- forks of other kinds */

/* A child that no handler of pthread_atfork() sees. */
START_TEST(a_child_by_system_call)
{
	pid_t pid;

	ck_assert(kit_has(store, "test", 5));
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0) {
		kit_must(has_all(store, 0));
		kit_must(kit_try_put(store, "child.test", 1) == PINSTORE_OK);
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	kit_join(pid);
	ck_assert(kit_has(store, "child.test", 1));
}
END_TEST

static void *
child_thread(void *arg)
{
	(void)arg;
	kit_must(has_all(store, 0));
	return NULL;
}

/* Threads of a child that find out about the fork at the same time. */
START_TEST(a_child_with_threads)
{
	unsigned round;

	for (round = 0; round < 10; round++) {
		pid_t pid = kit_fork();

		if (pid == 0) {
			pthread_t threads[4];
			unsigned i;

			for (i = 0; i < 4; i++)
				kit_must(pthread_create(&threads[i], NULL,
				                        child_thread, NULL) ==
				         0);
			for (i = 0; i < 4; i++)
				kit_must(pthread_join(threads[i], NULL) == 0);
			_exit(0);
		}
		kit_join(pid);
	}
	ck_assert(has_all(store, 0));
}
END_TEST

static atomic_bool is_over;

static void *
busy_thread(void *arg)
{
	unsigned base = 0;

	(void)arg;
	while (!is_over) {
		struct ps_store *own;
		struct pinstore_error error;
		unsigned round = base++ % 5;

		if (ps_store_write(store, KIT_NOW, fill_work, &round, &error) !=
		    PINSTORE_OK)
			abort();
		if (kit_try_open(dir.store, &own) != PINSTORE_OK)
			abort();
		ps_store_close(own);
		kit_nap(1);
	}
	return NULL;
}

/* Forks while other threads open, close and write. */
START_TEST(forks_at_any_time)
{
	pthread_t thread;
	unsigned round;

	is_over = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, busy_thread, NULL), 0);
	for (round = 0; round < 60; round++) {
		pid_t pid = kit_fork();

		if (pid == 0) {
			char name[32];

			(void)snprintf(name, sizeof(name), "c%u.test", round);
			kit_must(kit_has(store, "test", 5));
			kit_must(kit_try_put(store, name, round) ==
			         PINSTORE_OK);
			_exit(0);
		}
		kit_join(pid);
	}
	is_over = true;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	for (round = 0; round < 60; round++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "c%u.test", round);
		ck_assert(kit_has(store, name, round));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_fork");
	TCase *tcase = tcase_create("fork");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_fork_a);
	tcase_add_test(tcase, test_fork_b);
	tcase_add_loop_test(tcase, test_fork_c, 0, 2);
	tcase_add_test(tcase, test_fork_d);
	tcase_add_test(tcase, test_fork_e);
	tcase_add_test(tcase, test_fork_f);
	tcase_add_test(tcase, test_fork_g);
	tcase_add_test(tcase, test_open_twice_h);
	tcase_add_test(tcase, test_lock_file_opened_i);
	tcase_add_test(tcase, a_child_by_system_call);
	tcase_add_test(tcase, a_child_with_threads);
	tcase_add_test(tcase, forks_at_any_time);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
