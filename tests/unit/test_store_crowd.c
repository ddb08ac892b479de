/*
 * test_store_crowd.c - many processes and threads on one store at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/fsck.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <check.h>

#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define PROCESSES 8
#define THREADS 8
#define PUTS 6

static struct tempdir dir;

static void
setup(void)
{
	tempdir_make(&dir);
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

struct part {
	struct ps_store *store;
	unsigned number;
	bool is_good;
	struct pinstore_error error;
};

static void
name_of(unsigned part, unsigned n, struct ps_host *out)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "n%u.p%u.test", n, part);
	*out = kit_host(name);
}

/* Each writes its own, with a record of the journal, and reads them back. */
static enum pinstore_status
part_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct kit_work *work = arg;
	struct ps_event event = {
		.kind = PS_EVENT_NOTED,
		.layer = PINSTORE_LEARNED,
		.at = KIT_NOW,
		.count = 1,
		.host = &work->host,
	};
	enum pinstore_status status = kit_put_work(write, work, error);

	if (status != PINSTORE_OK)
		return status;
	return ps_write_event(write, &event, error);
}

static bool
has_part(struct part *part, unsigned number, unsigned puts)
{
	unsigned n;

	for (n = 0; n < puts; n++) {
		struct ps_host host;
		struct ps_entry entry;

		name_of(number, n, &host);
		if (ps_store_get(part->store, &host, &entry, &part->error) !=
		            PINSTORE_OK ||
		    !kit_is_entry(&entry, number * 100 + n))
			return false;
	}
	return true;
}

static void *
part_thread(void *arg)
{
	struct part *part = arg;
	unsigned n;

	part->is_good = false;
	for (n = 0; n < PUTS; n++) {
		struct kit_work work;

		name_of(part->number, n, &work.host);
		work.entry = kit_entry(part->number * 100 + n);
		if (ps_store_write(part->store, KIT_NOW + n, part_work, &work,
		                   &part->error) != PINSTORE_OK ||
		    !has_part(part, part->number, n + 1))
			return NULL;
	}
	part->is_good = true;
	return NULL;
}

static bool
run_threads(struct ps_store *store, unsigned first)
{
	struct part parts[THREADS];
	pthread_t threads[THREADS];
	bool is_good = true;
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		parts[i].store = store;
		parts[i].number = first + i;
		if (pthread_create(&threads[i], NULL, part_thread, &parts[i]) !=
		    0)
			return false;
	}
	for (i = 0; i < THREADS; i++) {
		if (pthread_join(threads[i], NULL) != 0 || !parts[i].is_good) {
			fprintf(stderr, "part %u: %s\n", parts[i].number,
			        parts[i].error.text);
			is_good = false;
		}
	}
	return is_good;
}

static bool
count_visit(const struct ps_host *host, const struct ps_entry *entry,
            void *arg)
{
	(void)host;
	(void)entry;
	++*(unsigned *)arg;
	return true;
}

static bool
count_event(uint64_t number, const struct ps_event *event, void *arg)
{
	unsigned *n = arg;

	(void)event;
	ck_assert_uint_eq(number, ++*n);
	return true;
}

static enum pinstore_status
total_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = kit_host("a.test");
	uint64_t *counts = arg;

	return ps_write_counts(write, &host, 2, &counts[0], &counts[1], error);
}

static void
expect_everything(unsigned parts)
{
	struct part part = {kit_open(dir.store), 0, false, {0}};
	unsigned i, n = 0, events = 0;
	uint64_t counts[2] = {0, 0};
	int64_t mark = 0;

	for (i = 0; i < parts; i++)
		ck_assert_msg(has_part(&part, i, PUTS), "part %u: %s", i,
		              part.error.text);
	ck_status(ps_store_scan(part.store, NULL, count_visit, &n, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(n, parts * PUTS);
	ck_status(ps_store_events(part.store, 0, count_event, &events,
	                          &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(events, parts * PUTS);
	ck_status(ps_store_write(part.store, 0, total_work, counts, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(counts[1], parts * PUTS);
	ck_status(ps_store_high_water(part.store, &mark, &kit_error),
	          PINSTORE_OK);
	ck_assert_int_eq(mark, KIT_NOW + PUTS - 1);
	ps_store_close(part.store);
}

START_TEST(eight_threads)
{
	struct ps_store *store = kit_open(dir.store);

	ck_assert(run_threads(store, 0));
	ps_store_close(store);
	expect_everything(THREADS);
}
END_TEST

/* They also create the store, all at once. */
START_TEST(eight_processes_of_eight_threads)
{
	pid_t pids[PROCESSES];
	unsigned i;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = kit_fork();
		if (pids[i] == 0) {
			struct ps_store_options options = kit_options();
			struct ps_store *store;

			options.lock_limit_ms = 60000;
			kit_must(ps_store_open(dir.store, &options, &store,
			                       &kit_error) == PINSTORE_OK);
			kit_must(run_threads(store, i * THREADS));
			ps_store_close(store);
			_exit(0);
		}
	}
	for (i = 0; i < PROCESSES; i++)
		kit_join(pids[i]);
	expect_everything(PROCESSES * THREADS);
}
END_TEST

/* ------------------------------------------------------------------- T-113 */

/* Of all processes: what they were told, and what they saw. */
static struct {
	atomic_ulong acknowledged;
	atomic_ulong reads;
	atomic_ulong unpinned; /* read so while it was pinned */
	atomic_ulong refusals;
} *shared;

/* Whether the host that all were told of is there. */
static void
read_victim(struct ps_store *store)
{
	struct ps_host host = kit_host("victim.test");
	struct ps_entry entry;
	enum pinstore_status status;

	status = ps_store_get(store, &host, &entry, &kit_error);
	atomic_fetch_add(&shared->reads, 1);
	if (status == PINSTORE_ERR_NOTFOUND)
		atomic_fetch_add(&shared->unpinned, 1);
	else if (status != PINSTORE_OK || !kit_is_entry(&entry, 7))
		atomic_fetch_add(&shared->refusals, 1);
}

/* Open, write or only read, close. */
static void
come_and_go(unsigned process, unsigned round)
{
	struct ps_store_options options = kit_options();
	struct ps_store *store;
	struct kit_work work;
	struct ps_entry entry;

	options.lock_limit_ms = 60000;
	kit_must(ps_store_open(dir.store, &options, &store, &kit_error) ==
	         PINSTORE_OK);
	read_victim(store);
	name_of(process, round, &work.host);
	work.entry = kit_entry(process * 1000 + round);
	kit_must(ps_store_get(store, &work.host, &entry, &kit_error) ==
	         PINSTORE_ERR_NOTFOUND);
	kit_must(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                        &kit_error) == PINSTORE_OK);
	atomic_fetch_add(&shared->acknowledged, 1);
	kit_must(ps_store_get(store, &work.host, &entry, &kit_error) ==
	         PINSTORE_OK);
	kit_must(kit_is_entry(&entry, process * 1000 + round));
	read_victim(store);
	ps_store_close(store);
}

static pid_t
begin_reader(const atomic_bool *is_over)
{
	pid_t pid = kit_fork();

	if (pid != 0)
		return pid;
	while (!atomic_load(is_over)) {
		struct ps_store *store;
		unsigned i;

		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		for (i = 0; i < 200; i++)
			read_victim(store);
		ps_store_close(store);
		kit_nap(1);
	}
	_exit(0);
}

START_TEST(opening_and_closing_all_the_time)
{
	const unsigned processes = suite_times(8, 64);
	const unsigned rounds = suite_times(100, 200) / suite_stride(20);
	unsigned n = 0, i, round;
	struct ps_store *store = kit_open(dir.store);
	atomic_bool *is_over;
	pid_t pids[64], readers[2];

	kit_put(store, "victim.test", 7);
	ps_store_close(store);
	is_over = mmap(NULL, sizeof(*is_over), PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(is_over, MAP_FAILED);
	for (i = 0; i < 2; i++)
		readers[i] = begin_reader(is_over);
	for (i = 0; i < processes; i++) {
		pids[i] = kit_fork();
		if (pids[i] != 0)
			continue;
		for (round = 0; round < rounds; round++)
			come_and_go(i, round);
		_exit(0);
	}
	for (i = 0; i < processes; i++)
		kit_join(pids[i]);
	atomic_store(is_over, true);
	for (i = 0; i < 2; i++)
		kit_join(readers[i]);
	store = kit_open(dir.store);
	for (i = 0; i < processes; i++) {
		for (round = 0; round < rounds; round++) {
			struct ps_host host;
			struct ps_entry entry;

			name_of(i, round, &host);
			ck_status(ps_store_get(store, &host, &entry,
			                       &kit_error), PINSTORE_OK);
			ck_assert(kit_is_entry(&entry, i * 1000 + round));
		}
	}
	ck_status(ps_store_scan(store, NULL, count_visit, &n, &kit_error),
	          PINSTORE_OK);
	ck_assert_uint_eq(n, processes * rounds + 1);
	ps_store_close(store);
	ck_assert_uint_eq(shared->acknowledged, processes * rounds);
	ck_assert_uint_eq(shared->unpinned, 0);
	ck_assert_uint_eq(shared->refusals, 0);
}
END_TEST

/* --------------------------------------------- repaired under all of them */

#define KNOWN 400 /* hosts that are there all the time */
#define READERS 4
#define WRITERS 2
#define WORKS 50000

/* What they and who repairs tell each other. */
static struct {
	atomic_bool is_over;
	atomic_uint repairs;
	atomic_uint reads[READERS];
	atomic_uint refused;
	atomic_uint hidden; /* read as unpinned while they were pinned */
	atomic_uint wrong;
	/* Of each work, how many repairs there had been when it was begun, and
	 * one more; 0: it was not acknowledged. */
	atomic_uint acked[WRITERS][WORKS];
	atomic_uint works[WRITERS];
} *yard;

static struct ps_host
work_host(unsigned writer, unsigned n)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "w%u-%u.d%u.test", writer, n,
	               n % 97);
	return kit_host(name);
}

/* Pinned and right, or refused. */
static enum pinstore_status
ask_for(struct ps_store *store, const struct ps_host *host, unsigned n)
{
	struct ps_entry entry;
	enum pinstore_status status =
	        ps_store_get(store, host, &entry, &kit_error);

	if (status == PINSTORE_ERR_NOTFOUND)
		atomic_fetch_add(&yard->hidden, 1);
	else if (status == PINSTORE_OK && !kit_is_entry(&entry, n))
		atomic_fetch_add(&yard->wrong, 1);
	else if (status != PINSTORE_OK)
		atomic_fetch_add(&yard->refused, 1);
	return status;
}

/* A damaged one is not opened, nor one that is repaired longer than we wait. */
static struct ps_store *
open_on(void)
{
	struct ps_store *store = NULL;

	while (kit_try_open(dir.store, &store) != PINSTORE_OK &&
	       !atomic_load(&yard->is_over)) {
		atomic_fetch_add(&yard->refused, 1);
		kit_nap(1);
	}
	return store;
}

/* Every other one opens it anew all the time. */
static void
read_on(unsigned reader)
{
	struct ps_store *store = NULL;
	unsigned n;

	for (n = reader * 100; !atomic_load(&yard->is_over); n++) {
		struct ps_host host = kit_numbered(n % KNOWN);

		if (store == NULL)
			store = open_on();
		if (store == NULL)
			break;
		(void)ask_for(store, &host, n % KNOWN);
		atomic_fetch_add(&yard->reads[reader], 1);
		if (reader % 2 == 1 && n % 10 == 0) {
			ps_store_close(store);
			store = NULL;
		}
		if (n % 50 == 0)
			kit_nap(1);
	}
	ps_store_close(store);
	_exit(0);
}

static void
write_on(unsigned writer)
{
	struct ps_store *store = open_on();
	unsigned n;

	for (n = 0; n < WORKS && !atomic_load(&yard->is_over); n++) {
		struct kit_work work = {work_host(writer, n), kit_entry(n)};
		const unsigned repairs = atomic_load(&yard->repairs);

		kit_nap(1);
		if (ps_store_write(store, KIT_NOW, kit_put_work, &work,
		                   &kit_error) != PINSTORE_OK)
			continue;
		atomic_store(&yard->acked[writer][n], repairs + 1);
		atomic_fetch_add(&yard->works[writer], 1);
		/* Who was told so finds it. */
		(void)ask_for(store, &work.host, n);
	}
	ps_store_close(store);
	_exit(0);
}

/* Leaves are lost in the first ones only: some hosts should be left. */
static uint8_t *
page_to_spoil(struct image *image, unsigned round)
{
	uint8_t *top = image_top(image, "hosts");

	if (round % 3 == 2)
		return image_top(image, "quota");
	if (round % 3 == 0 || round > 12)
		return top;
	return image_page(image, image_node(top, round % 5 + 1).child);
}

/*
 * Behind the gate, so that no page of the last commit is written meanwhile: a
 * leaf of the hosts goes, or what leads to all of them, or the counters.
 */
static enum pinstore_status
spoil_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned round = *(const unsigned *)arg;
	struct image image = image_load(dir.store);
	const uint8_t *page = page_to_spoil(&image, round);
	static const uint8_t none[IMAGE_PAGE];
	char path[160];
	int fd;

	(void)write;
	(void)error;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	kit_must(fd >= 0);
	kit_must(pwrite(fd, none, sizeof(none), (off_t)(page - image.at)) ==
	         (ssize_t)sizeof(none));
	close(fd);
	free(image.at);
	return PINSTORE_ERR_UNFIT;
}

static void
spoil(unsigned round)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		struct ps_store *store = NULL;

		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		kit_must(ps_store_write_alone(store, KIT_NOW, spoil_work,
		                              &round, &kit_error) ==
		         PINSTORE_ERR_UNFIT);
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
}

/* What was not said to be there before is lost at most where it is refused. */
static void
repair(void)
{
	struct ps_fsck_want want = {
		.path = dir.store,
		.lock_limit_ms = 60000,
		.repair = true,
	};
	struct ps_audit_totals totals;
	struct ps_repair_totals repaired;

	ck_status(ps_fsck_run(&want, &totals, &repaired, &kit_error),
	          PINSTORE_OK);
	ck_assert_str_ne(repaired.old_name, "");
	ck_assert_uint_eq(totals.walk.flaws, 0);
	atomic_fetch_add(&yard->repairs, 1);
}

static void
remove_old(void)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/data.mdb.damaged", dir.store);
	ck_assert_int_eq(unlink(path), 0);
}

/* All that was told to be there is, or is refused for the damage before it. */
static void
expect_works(unsigned repairs, unsigned *kept, unsigned *lost)
{
	struct ps_store *store = kit_open(dir.store);
	unsigned writer, n;

	for (n = 0; n < KNOWN; n++) {
		struct ps_host host = kit_numbered(n);

		(void)ask_for(store, &host, n);
	}
	for (writer = 0; writer < WRITERS; writer++) {
		for (n = 0; n < WORKS; n++) {
			unsigned at = atomic_load(&yard->acked[writer][n]);
			struct ps_host host = work_host(writer, n);
			enum pinstore_status status;

			if (at == 0)
				continue;
			status = ask_for(store, &host, n);
			*kept += status == PINSTORE_OK;
			*lost += status != PINSTORE_OK;
			/* Of those behind the last repair none is. */
			ck_assert(status == PINSTORE_OK || at <= repairs);
		}
	}
	ps_store_close(store);
}

START_TEST(repaired_under_readers_and_writers)
{
	const unsigned rounds = suite_times(6, 300) / suite_stride(6);
	struct ps_store *store = kit_open(dir.store);
	unsigned i, round, kept = 0, lost = 0, before;
	pid_t pids[READERS + WRITERS];

	yard = mmap(NULL, sizeof(*yard), PROT_READ | PROT_WRITE,
	            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(yard, MAP_FAILED);
	for (i = 0; i < KNOWN; i++) {
		struct ps_host host = kit_numbered(i);

		kit_put(store, host.name, i);
	}
	ps_store_close(store);
	for (i = 0; i < READERS + WRITERS; i++) {
		pids[i] = kit_fork();
		if (pids[i] == 0 && i < READERS)
			read_on(i);
		if (pids[i] == 0)
			write_on(i - READERS);
	}
	for (round = 0; round < rounds; round++) {
		kit_nap(20);
		spoil(round);
		kit_nap(5);
		repair();
		remove_old();
	}
	/* All of them go on. */
	for (i = 0; i < WRITERS; i++) {
		before = atomic_load(&yard->works[i]);
		while (atomic_load(&yard->works[i]) < before + 5)
			kit_nap(1);
	}
	for (i = 0; i < READERS; i++) {
		before = atomic_load(&yard->reads[i]);
		while (atomic_load(&yard->reads[i]) < before + 50)
			kit_nap(1);
	}
	atomic_store(&yard->is_over, true);
	for (i = 0; i < READERS + WRITERS; i++)
		kit_join(pids[i]);
	expect_works(rounds, &kept, &lost);
	for (before = 0, i = 0; i < READERS; i++)
		before += atomic_load(&yard->reads[i]);
	printf("repairs under 4 readers and 2 writers: %u, acknowledged and "
	       "there: %u, lost with the damage and refused: %u, reads: %u, "
	       "refused: %u, read as unpinned: %u, wrongly: %u\n", rounds, kept,
	       lost, before, atomic_load(&yard->refused),
	       atomic_load(&yard->hidden), atomic_load(&yard->wrong));
	(void)fflush(stdout);
	ck_assert_uint_eq(atomic_load(&yard->hidden), 0);
	ck_assert_uint_eq(atomic_load(&yard->wrong), 0);
	ck_assert_uint_gt(kept, rounds);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_crowd");
	TCase *tcase = tcase_create("crowd");
	int failed;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return EXIT_FAILURE;
	suite_tag_threads(tcase);
	tcase_set_timeout(tcase, suite_times(240, 3600));
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, eight_threads);
	tcase_add_test(tcase, eight_processes_of_eight_threads);
	tcase_add_test(tcase, opening_and_closing_all_the_time);
	tcase_add_test(tcase, repaired_under_readers_and_writers);
	suite_add_tcase(suite, tcase);
	failed = suite_run(suite);
	printf("processes: acknowledged: %lu, lost: %s, reads: %lu, read as "
	       "unpinned while pinned: %lu\n",
	       atomic_load(&shared->acknowledged), failed == 0 ? "0" : "some",
	       atomic_load(&shared->reads), atomic_load(&shared->unpinned));
	return failed;
}
