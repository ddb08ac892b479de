/*
 * test_store_group.c - threads that share a commit, and what each is told.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first writer is held in its work until the others wait behind it.  Then
 * it goes on, and what becomes of all of them is one batch's.
 */
#include <config.h>

#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <lmdb.h>

#include "store/group.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define MIB ((uint64_t)1 << 20)
#define CROWD_MAX (PS_GROUP_MAX + 8)
/* Until a thread that has been begun surely waits. */
#define SOON_MS 30
static long soon_ms = SOON_MS;
#define SHORT_MS 100

static struct tempdir dir;
static struct ps_store *store;

/* --------------------------------------------------------------- the commits */

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);

static atomic_int commits;
static atomic_int failing; /* so many of them fail from here on */
static int code;           /* and say this */

int
__wrap_mdb_txn_commit(MDB_txn *txn)
{
	commits++;
	if (failing == 0)
		return __real_mdb_txn_commit(txn);
	failing--;
	mdb_txn_abort(txn);
	return code;
}

static void
setup_with(uint64_t map_bytes, uint64_t max_bytes)
{
	struct ps_store_options options = kit_options();

	options.lock_limit_ms = 60000;
	options.map_bytes = map_bytes;
	options.max_bytes = max_bytes;
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	ck_status(ps_store_open(dir.store, &options, &store, &kit_error),
	          PINSTORE_OK);
	kit_put(store, "a.test", 1);
	commits = 0;
	failing = 0;
}

static void
setup(void)
{
	setup_with(0, 0);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

/* --------------------------------------------------------------- the writers */

enum way {
	PUTS,        /* one entry and a record of the journal */
	FAILS,       /* before it has written anything */
	FAILS_HALF,  /* between the two */
	READS,       /* asks whether the entry of the first is there */
	PUTS_MUCH,   /* more than there is room for */
	PUTS_ALONE,  /* with nobody */
	HASTES       /* with little time */
};

struct writer {
	pthread_t thread;
	atomic_int id; /* 0 until it has begun */
	enum way way;
	unsigned n;
	unsigned turn; /* the how manieth of all it was at work */
	unsigned calls;
	bool found;
	long took_ms;
	enum pinstore_status status;
	struct pinstore_error error;
};

static struct writer writers[CROWD_MAX];
static unsigned n_writers;
static struct kit_pipe begun, end;
static atomic_uint turns;

static struct ps_host
host_of(const struct writer *writer)
{
	return kit_numbered(writer->n);
}

static enum pinstore_status
put_both(struct ps_write *write, struct writer *writer,
         struct pinstore_error *error)
{
	struct ps_host host = host_of(writer);
	struct ps_entry entry = kit_entry(writer->n);
	struct ps_event event = {
		.kind = PS_EVENT_NOTED,
		.layer = PINSTORE_LEARNED,
		.at = KIT_NOW,
		.count = 1,
		.host = &host,
	};
	enum pinstore_status status = ps_write_put(write, &host, &entry, error);

	if (status != PINSTORE_OK)
		return status;
	if (writer->way == FAILS_HALF) {
		snprintf(error->text, sizeof(error->text), "half of %u",
		         writer->n);
		return error->status = PINSTORE_ERR_UNFIT;
	}
	return ps_write_event(write, &event, error);
}

static enum pinstore_status
put_much(struct ps_write *write, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	for (n = 100000; n < 120000 && status == PINSTORE_OK; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);

		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct writer *writer = arg;
	struct ps_host first = host_of(&writers[0]);
	struct ps_entry entry;
	enum pinstore_status status;

	writer->turn = turns++;
	if (writer == &writers[0] && writer->calls == 0) {
		writer->calls++;
		kit_tell(&begun);
		kit_wait(&end);
	} else {
		writer->calls++;
	}
	switch (writer->way) {
	case FAILS:
		snprintf(error->text, sizeof(error->text), "none of %u",
		         writer->n);
		return error->status = PINSTORE_ERR_NOTFOUND;
	case READS:
		status = ps_write_get(write, &first, &entry, error);
		writer->found = kit_is_entry(&entry, writers[0].n);
		return status;
	case PUTS_MUCH:
		return put_much(write, error);
	case PUTS:
	case FAILS_HALF:
	case PUTS_ALONE:
	case HASTES:
		break;
	}
	return put_both(write, writer, error);
}

static void *
writer_thread(void *arg)
{
	struct writer *writer = arg;
	long start = kit_now_ms();

	atomic_store(&writer->id, (int)gettid());
	if (writer->way == PUTS_ALONE)
		writer->status = ps_store_write_alone(store, KIT_NOW, work,
		                                      writer, &writer->error);
	else if (writer->way == HASTES)
		writer->status = ps_store_write_soon(store, KIT_NOW, SHORT_MS,
		                                     work, writer,
		                                     &writer->error);
	else
		writer->status = ps_store_write(store, KIT_NOW, work, writer,
		                                &writer->error);
	writer->took_ms = kit_now_ms() - start;
	return NULL;
}

/* Whether it has begun, and waits or is over. */
static bool
is_asleep(struct writer *writer)
{
	int id = atomic_load(&writer->id);
	char path[64], line[256] = "";
	const char *behind;
	FILE *file;

	if (id == 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat", id);
	file = fopen(path, "r");
	if (file == NULL)
		return true;
	behind = fgets(line, sizeof(line), file);
	(void)fclose(file);
	if (behind != NULL)
		behind = strrchr(line, ')');
	return behind == NULL || behind[1] != ' ' || behind[2] != 'R';
}

/* The next one comes, and waits behind those that are there. */
static void
come(enum way way)
{
	struct writer *writer = &writers[n_writers];
	int tries;

	memset(writer, 0, sizeof(*writer));
	writer->way = way;
	writer->n = n_writers++;
	ck_assert_int_eq(pthread_create(&writer->thread, NULL, writer_thread,
	                                writer), 0);
	if (n_writers == 1)
		kit_wait(&begun);
	else
		kit_nap(soon_ms);
	/* A busy machine lets it begin late. */
	for (tries = 0; tries < 1000 && !is_asleep(writer); tries++)
		kit_nap(1);
}

/* The first one; it is held. */
static void
come_first(enum way way)
{
	begun = kit_pipe();
	end = kit_pipe();
	n_writers = 0;
	turns = 0;
	come(way);
}

static void
all_go(void)
{
	unsigned i;

	kit_tell(&end);
	for (i = 0; i < n_writers; i++)
		ck_assert_int_eq(pthread_join(writers[i].thread, NULL), 0);
}

static bool
is_there(const struct writer *writer)
{
	struct ps_host host = host_of(writer);
	struct ps_entry entry;
	struct pinstore_error error;
	enum pinstore_status status;

	status = ps_store_get(store, &host, &entry, &error);
	kit_must(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND);
	return status == PINSTORE_OK && kit_is_entry(&entry, writer->n);
}

static bool
count_event(uint64_t number, const struct ps_event *event, void *arg)
{
	(void)number;
	(void)event;
	++*(unsigned *)arg;
	return true;
}

static bool
count_entry(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	(void)host;
	(void)entry;
	++*(unsigned *)arg;
	return true;
}

/* Those that were told so are there, with their records, and no others. */
static void
expect_told(void)
{
	unsigned i, wanted = 0, events = 0, entries = 0;

	for (i = 0; i < n_writers; i++) {
		bool puts = writers[i].way == PUTS ||
		            writers[i].way == PUTS_ALONE ||
		            writers[i].way == HASTES;

		if (puts && writers[i].status == PINSTORE_OK) {
			wanted++;
			ck_assert_msg(is_there(&writers[i]), "%u is missing",
			              i);
			ck_assert_int_eq(writers[i].error.status, PINSTORE_OK);
			ck_assert_str_eq(writers[i].error.text, "");
		} else {
			ck_assert_msg(!is_there(&writers[i]), "%u is there", i);
		}
	}
	ck_status(ps_store_scan(store, NULL, count_entry, &entries,
	                        &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(entries, wanted + 1);
	ck_status(ps_store_events(store, 0, count_event, &events, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(events, wanted);
}

/* ----------------------------------------------------------------- the tests */

/* Those that wait share one commit, in the order in which they came. */
START_TEST(one_commit_in_order)
{
	unsigned i;

	come_first(PUTS);
	for (i = 0; i < 9; i++)
		come(PUTS);
	come(READS);
	ck_assert_int_eq(commits, 0);
	all_go();
	ck_assert_int_eq(commits, 1);
	for (i = 0; i < n_writers; i++) {
		ck_status(writers[i].status, PINSTORE_OK);
		ck_assert_uint_eq(writers[i].turn, i);
		ck_assert_uint_eq(writers[i].calls, 1);
	}
	ck_assert(writers[10].found);
	expect_told();
}
END_TEST

/* n-1, n and n+1 of what one commit takes. */
START_TEST(as_many_as_fit)
{
	unsigned i, n = PS_GROUP_MAX - 1 + (unsigned)_i;

	come_first(PUTS);
	soon_ms = 3; /* in whatever order */
	for (i = 1; i < n; i++)
		come(PUTS);
	kit_nap(10 * SOON_MS);
	all_go();
	ck_assert_int_eq(commits, n > PS_GROUP_MAX ? 2 : 1);
	expect_told();
}
END_TEST

/* Which of five fails, and how: it alone is told so. */
static const struct {
	enum way way;
	unsigned at;
	int commits;
	enum pinstore_status status;
	const char *text;
} failures[] = {
	/* Nothing was written: the others do not notice. */
	{FAILS, 0, 1, PINSTORE_ERR_NOTFOUND, "none of 0"},
	{FAILS, 2, 1, PINSTORE_ERR_NOTFOUND, "none of 2"},
	{FAILS, 4, 1, PINSTORE_ERR_NOTFOUND, "none of 4"},
	/* Those before it are written by themselves, as is nobody behind it. */
	{FAILS_HALF, 2, 3, PINSTORE_ERR_UNFIT, "half of 2"},
	{FAILS_HALF, 4, 4, PINSTORE_ERR_UNFIT, "half of 4"},
	/* It was alone when it failed: the others are one batch. */
	{FAILS_HALF, 0, 1, PINSTORE_ERR_UNFIT, "half of 0"},
};

START_TEST(a_failure_is_its_own)
{
	unsigned i;

	come_first(failures[_i].at == 0 ? failures[_i].way : PUTS);
	for (i = 1; i < 5; i++)
		come(i == failures[_i].at ? failures[_i].way : PUTS);
	all_go();
	ck_assert_int_eq(commits, failures[_i].commits);
	for (i = 0; i < 5; i++) {
		if (i != failures[_i].at) {
			ck_status(writers[i].status, PINSTORE_OK);
			continue;
		}
		ck_assert_int_eq(writers[i].status, failures[_i].status);
		ck_assert_int_eq(writers[i].error.status, failures[_i].status);
		ck_assert_str_eq(writers[i].error.text, failures[_i].text);
	}
	expect_told();
}
END_TEST

/* All of them fail with half of it written. */
START_TEST(all_fail)
{
	unsigned i;

	come_first(FAILS_HALF);
	for (i = 1; i < 6; i++)
		come(FAILS_HALF);
	all_go();
	for (i = 0; i < 6; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "half of %u", i);
		ck_assert_int_eq(writers[i].status, PINSTORE_ERR_UNFIT);
		ck_assert_str_eq(writers[i].error.text, text);
	}
	ck_assert_int_eq(commits, 0);
	expect_told();
}
END_TEST

/* How a commit fails, so often; what each is told, also who wrote nothing. */
static const struct {
	int code;
	int times;
	enum pinstore_status status;
	int commits;
} commit_failures[] = {
	{EIO, 1, PINSTORE_ERR_IO, 1},
	{ENOMEM, 1, PINSTORE_ERR_NOMEM, 1},
	{MDB_CORRUPTED, 1, PINSTORE_ERR_DAMAGED, 1},
	/* What is too much together may fit alone; the reader writes nothing. */
	{ENOSPC, 1, PINSTORE_OK, 6},
	{EDQUOT, 1, PINSTORE_OK, 6},
	/* The store is opened anew (a commit), and all is done again. */
	{MDB_PANIC, 1, PINSTORE_OK, 3},
	{MDB_MAP_FULL, 1, PINSTORE_OK, 2},
};

START_TEST(a_commit_that_fails)
{
	unsigned i;

	come_first(PUTS);
	for (i = 1; i < 5; i++)
		come(PUTS);
	come(READS);
	failing = commit_failures[_i].times;
	code = commit_failures[_i].code;
	all_go();
	ck_assert_int_eq(commits, commit_failures[_i].commits);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(writers[i].status, commit_failures[_i].status);
		ck_assert_int_eq(writers[i].error.status,
		                 commit_failures[_i].status);
		ck_assert((writers[i].error.text[0] != '\0') ==
		          (commit_failures[_i].status != PINSTORE_OK));
	}
	/* Whoever saw what was not committed is told so too. */
	writers[5].status = PINSTORE_ERR_NOTFOUND;
	expect_told();
	ck_assert(kit_has(store, "a.test", 1));
	kit_put(store, "b.test", 2);
}
END_TEST

/* No commit ever succeeds. */
START_TEST(a_full_disk)
{
	unsigned i;

	come_first(PUTS);
	for (i = 1; i < 5; i++)
		come(PUTS);
	failing = 100;
	code = ENOSPC;
	all_go();
	failing = 0;
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(writers[i].status, PINSTORE_ERR_FULL);
		ck_assert_ptr_nonnull(strstr(writers[i].error.text,
		                             "make room"));
	}
	expect_told();
}
END_TEST

/* One of them is more than fits; the others do not pay for it. */
START_TEST(too_much_of_one)
{
	unsigned i;

	ps_store_close(store);
	tempdir_remove(&dir);
	setup_with(MIB, 2 * MIB);
	come_first(_i == 0 ? PUTS_MUCH : PUTS);
	for (i = 1; i < 5; i++)
		come(i == (unsigned)_i ? PUTS_MUCH : PUTS);
	all_go();
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(writers[i].status, i == (unsigned)_i
		                                            ? PINSTORE_ERR_FULL
		                                            : PINSTORE_OK);
	ck_assert_ptr_nonnull(strstr(writers[_i].error.text, "size limit"));
	expect_told();
}
END_TEST

/* Those of them that take long share with nobody. */
START_TEST(alone)
{
	unsigned i;

	come_first(PUTS);
	come(PUTS);
	come(PUTS_ALONE);
	come(PUTS_ALONE);
	come(PUTS);
	come(PUTS);
	all_go();
	/* 0 and 1, 2, 3, 4 and 5. */
	ck_assert_int_eq(commits, 4);
	for (i = 0; i < n_writers; i++)
		ck_assert_uint_eq(writers[i].turn, i);
	expect_told();
}
END_TEST

/* Each one's limit is its own, wherever it stands in the queue. */
START_TEST(limits_of_waiting)
{
	unsigned i;

	come_first(PUTS);
	for (i = 1; i < 4; i++)
		come(i == (unsigned)_i ? HASTES : PUTS);
	kit_nap(2 * SHORT_MS);
	come(PUTS);
	all_go();
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(writers[i].status, i == (unsigned)_i
		                                            ? PINSTORE_ERR_BUSY
		                                            : PINSTORE_OK);
	ck_assert_int_ge(writers[_i].took_ms, SHORT_MS - 5);
	ck_assert_int_lt(writers[_i].took_ms, 2 * SHORT_MS);
	ck_assert_uint_eq(writers[_i].calls, 0);
	ck_assert_ptr_nonnull(strstr(writers[_i].error.text,
	                             "longer than the lock limit"));
	ck_assert_int_eq(commits, 1);
	expect_told();
}
END_TEST

/* All those that wait are in haste, and the queue is empty again. */
START_TEST(all_in_haste)
{
	unsigned i;

	come_first(PUTS);
	for (i = 1; i < 4; i++)
		come(HASTES);
	kit_nap(2 * SHORT_MS);
	for (i = 4; i < 6; i++)
		come(PUTS);
	all_go();
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(writers[i].status,
		                 i > 0 && i < 4 ? PINSTORE_ERR_BUSY
		                                : PINSTORE_OK);
	expect_told();
}
END_TEST

/* A child of a process whose threads wait in the queue. */
START_TEST(a_child_meanwhile)
{
	unsigned i;
	pid_t pid;

	come_first(PUTS);
	for (i = 1; i < 4; i++)
		come(PUTS);
	pid = kit_fork();
	if (pid == 0) {
		struct ps_store *own;
		struct ps_store_options options = kit_options();

		/* With the handle that it has inherited, and with its own. */
		kit_must(kit_has(store, "a.test", 1));
		options.lock_limit_ms = SHORT_MS;
		kit_must(ps_store_open(dir.store, &options, &own,
		                       &kit_error) == PINSTORE_OK);
		kit_must(kit_try_put(own, "child.test", 7) ==
		         PINSTORE_ERR_BUSY);
		ps_store_close(own);
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
	all_go();
	ck_assert_int_eq(commits, 1);
	expect_told();
}
END_TEST

/* Whoever does not ask for a reason gets none. */
START_TEST(without_an_error)
{
	struct kit_work put = {kit_host("b.test"), kit_entry(2)};

	ck_assert_int_eq(ps_store_write(store, KIT_NOW, kit_put_work, &put,
	                                NULL), PINSTORE_OK);
	failing = 1;
	code = EIO;
	put.host = kit_host("c.test");
	ck_assert_int_eq(ps_store_write(store, KIT_NOW, kit_put_work, &put,
	                                NULL), PINSTORE_ERR_IO);
	ck_assert(kit_has(store, "b.test", 2));
	ck_assert(!kit_has(store, "c.test", 2));
}
END_TEST

#define BUSY_THREADS 8
#define BUSY_PUTS 40

static void *
busy_thread(void *arg)
{
	const unsigned first = *(unsigned *)arg * BUSY_PUTS;
	unsigned i;

	for (i = 0; i < BUSY_PUTS; i++) {
		struct writer writer = {.way = PUTS, .n = first + i};

		if (i % 7 == 3)
			writer.way = FAILS;
		if (i % 11 == 5)
			writer.way = FAILS_HALF;
		if (i % 13 == 7)
			writer.way = PUTS_ALONE;
		(void)writer_thread(&writer);
		kit_must((writer.way == PUTS || writer.way == PUTS_ALONE) ==
		         (writer.status == PINSTORE_OK));
		kit_must(is_there(&writer) == (writer.status == PINSTORE_OK));
	}
	return NULL;
}

/* At any time: what is acknowledged can be read, what failed cannot. */
START_TEST(all_at_once)
{
	pthread_t threads[BUSY_THREADS];
	unsigned numbers[BUSY_THREADS], i;

	for (i = 0; i < BUSY_THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, busy_thread,
		                                &numbers[i]), 0);
	}
	for (i = 0; i < BUSY_THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_group");
	TCase *tcase = tcase_create("group");

	suite_tag_threads(tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_commit_in_order);
	tcase_add_loop_test(tcase, as_many_as_fit, 0, 3);
	tcase_add_loop_test(tcase, a_failure_is_its_own, 0, COUNT(failures));
	tcase_add_test(tcase, all_fail);
	tcase_add_loop_test(tcase, a_commit_that_fails, 0,
	                    COUNT(commit_failures));
	tcase_add_test(tcase, a_full_disk);
	tcase_add_loop_test(tcase, too_much_of_one, 0, 5);
	tcase_add_test(tcase, alone);
	tcase_add_loop_test(tcase, limits_of_waiting, 1, 4);
	tcase_add_test(tcase, all_in_haste);
	tcase_add_test(tcase, a_child_meanwhile);
	tcase_add_test(tcase, without_an_error);
	tcase_add_test(tcase, all_at_once);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
