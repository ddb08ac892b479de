/*
 * test_store_growth.c - a map that grows, a limit, readers that die.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <check.h>

#include <pinstore/admin.h>

#include "store/pool.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define MIB ((uint64_t)1 << 20)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

static struct tempdir dir;
static struct ps_store *store;

static struct ps_store *
open_small(uint64_t map_bytes, uint64_t max_bytes)
{
	struct ps_store_options options = kit_options();
	struct ps_store *out = NULL;

	options.lock_limit_ms = 60000; /* the machine may be slow */
	options.map_bytes = map_bytes;
	options.max_bytes = max_bytes;
	if (ps_store_open(dir.store, &options, &out, &kit_error) !=
	    PINSTORE_OK)
		return NULL;
	return out;
}

static void
setup(void)
{
	tempdir_make(&dir);
	store = NULL;
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

static off_t
file_size(void)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* ------------------------------------------------------------------- growth */

struct filling {
	unsigned from;
	unsigned to;
	unsigned add;  /* to the number that tells an entry */
	unsigned calls;
};

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct filling *filling = arg;
	unsigned n;

	filling->calls++;
	for (n = filling->from; n < filling->to; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n + filling->add);
		enum pinstore_status status =
		        ps_write_put(write, &host, &entry, error);

		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static enum pinstore_status
fill(unsigned from, unsigned to, unsigned add, unsigned *calls)
{
	struct filling filling = {from, to, add, 0};
	enum pinstore_status status = ps_store_write(store, KIT_NOW, fill_work,
	                                             &filling, &kit_error);

	if (calls != NULL)
		*calls = filling.calls;
	return status;
}

static bool
has_range(unsigned from, unsigned to, unsigned add)
{
	unsigned n;

	for (n = from; n < to; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;

		if (ps_store_get(store, &host, &entry, &kit_error) !=
		            PINSTORE_OK ||
		    !kit_is_entry(&entry, n + add))
			return false;
	}
	return true;
}

/* One transaction larger than the map: the work is called again. */
START_TEST(work_is_called_again_when_the_map_grows)
{
	unsigned calls = 0;

	store = open_small(MIB, 0);
	ck_assert_ptr_nonnull(store);
	ck_status(fill(0, 10, 0, &calls), PINSTORE_OK);
	ck_assert_uint_eq(calls, 1);
	ck_status(fill(10, 20000, 0, &calls), PINSTORE_OK);
	ck_assert_uint_gt(calls, 2);
	ck_assert_int_gt(file_size(), 4 * (off_t)MIB);
	ck_assert(has_range(0, 20000, 0));
}
END_TEST

static atomic_bool is_over;

static void *
read_thread(void *arg)
{
	unsigned *reads = arg, n = 0;

	do {
		struct ps_host host = kit_numbered(n++ % 500);
		struct ps_entry entry;
		struct pinstore_error error;

		if (ps_store_get(store, &host, &entry, &error) !=
		            PINSTORE_OK ||
		    !kit_is_entry(&entry, (n - 1) % 500)) {
			fprintf(stderr, "%s\n", error.text);
			abort();
		}
		++*reads;
	} while (!is_over);
	return NULL;
}

#define PIECE 400
#define PIECES 12

static void
grow_in_process(unsigned base)
{
	unsigned reads[3] = {0, 0, 0}, piece, i;
	pthread_t threads[3];

	is_over = false;
	for (i = 0; i < 3; i++)
		kit_must(pthread_create(&threads[i], NULL, read_thread,
		                        &reads[i]) == 0);
	for (piece = 0; piece < PIECES; piece++)
		kit_must(fill(base + piece * PIECE, base + (piece + 1) * PIECE,
		              0, NULL) == PINSTORE_OK);
	is_over = true;
	for (i = 0; i < 3; i++) {
		kit_must(pthread_join(threads[i], NULL) == 0);
		kit_must(reads[i] > 0);
	}
}

/* store.md section 2: two processes, each with readers and a writer. */
START_TEST(two_processes_grow_it_together)
{
	pid_t pid;

	store = open_small(MIB, 0);
	ck_assert_ptr_nonnull(store);
	ck_status(fill(0, 500, 0, NULL), PINSTORE_OK);
	pid = kit_fork();
	if (pid == 0) {
		kit_error.text[0] = '\0';
		grow_in_process(100000);
		_exit(0);
	}
	grow_in_process(200000);
	kit_join(pid);
	ck_assert_int_gt(file_size(), 2 * (off_t)MIB);
	ck_assert(has_range(100000, 100000 + PIECES * PIECE, 0));
	ck_assert(has_range(200000, 200000 + PIECES * PIECE, 0));
}
END_TEST

/* MAP_RESIZED: another process has made it much larger, meanwhile. */
START_TEST(another_process_has_grown_it)
{
	pid_t pid;

	store = open_small(MIB, 0);
	ck_assert_ptr_nonnull(store);
	ck_status(fill(0, 10, 0, NULL), PINSTORE_OK);
	ck_assert(has_range(0, 10, 0));
	pid = kit_fork();
	if (pid == 0) {
		ps_store_close(store);
		store = open_small(0, 0);
		kit_must(store != NULL);
		kit_must(fill(10, 20000, 0, NULL) == PINSTORE_OK);
		_exit(0);
	}
	kit_join(pid);
	if (_i == 0)
		ck_assert(has_range(0, 20000, 0)); /* a reader meets it */
	else
		ck_status(fill(0, 10, 5, NULL), PINSTORE_OK); /* a writer */
	ck_assert(has_range(10, 20000, 0));
	ck_status(fill(20000, 20100, 0, NULL), PINSTORE_OK);
	ck_assert(has_range(20000, 20100, 0));
}
END_TEST

/* ------------------------------------------------------------------- limits */

START_TEST(a_limit_of_size_gives_full)
{
	unsigned n;
	enum pinstore_status status = PINSTORE_OK;

	store = open_small(MIB, 2 * MIB);
	ck_assert_ptr_nonnull(store);
	for (n = 0; status == PINSTORE_OK && n < 100; n++)
		status = fill(n * 200, (n + 1) * 200, 0, NULL);
	ck_status(status, PINSTORE_ERR_FULL);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "size limit of 2097152"));
	ck_assert_uint_gt(n, 10);
	ck_assert_int_le(file_size(), 2 * (off_t)MIB);
	/* Those that were acknowledged are there, none of the last. */
	ck_assert(has_range(0, (n - 1) * 200, 0));
	ck_assert(!has_range((n - 1) * 200, (n - 1) * 200 + 1, 0));
	/* A small write still finds its pages. */
	ck_status(fill(0, 1, 7, NULL), PINSTORE_OK);
	ck_assert(has_range(0, 1, 7));
	/* A handle with a larger limit lifts it. */
	ps_store_close(open_small(MIB, 16 * MIB));
	ck_status(fill((n - 1) * 200, n * 200, 0, NULL), PINSTORE_OK);
	ck_assert(has_range((n - 1) * 200, n * 200, 0));
}
END_TEST

static enum pinstore_status
set_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_settings settings;
	enum pinstore_status status = ps_write_settings(write, &settings, error);

	settings.set = UINT32_C(1) << PINSTORE_SETTING_MAX_BYTES;
	settings.value[PINSTORE_SETTING_MAX_BYTES] = *(int64_t *)arg;
	return status == PINSTORE_OK
	               ? ps_write_put_settings(write, &settings, error)
	               : status;
}

static enum pinstore_status
set_limit(uint64_t bytes)
{
	int64_t value = (int64_t)bytes;

	return ps_store_write_alone(store, KIT_NOW, set_work, &value,
	                            &kit_error);
}

/* Pieces of 200 until it is full, from piece n on; the first that was not put. */
static unsigned
fill_up(unsigned n, uint64_t limit)
{
	enum pinstore_status status = PINSTORE_OK;
	char text[64];
	unsigned end = n + 400;

	for (; status == PINSTORE_OK && n < end; n++)
		status = fill(n * 200, (n + 1) * 200, 0, NULL);
	ck_status(status, PINSTORE_ERR_FULL);
	(void)snprintf(text, sizeof(text), "size limit of %llu octets",
	               (unsigned long long)limit);
	ck_assert_msg(strstr(kit_error.text, text) != NULL, "%s",
	              kit_error.text);
	ck_assert_uint_le((uint64_t)file_size(), limit);
	ck_assert(has_range(0, (n - 1) * 200, 0));
	ck_assert(!has_range((n - 1) * 200, (n - 1) * 200 + 1, 0));
	return n - 1;
}

/* In another process, as anybody's: it has not met the setting before. */
static void
elsewhere(uint64_t limit, enum pinstore_status expected, unsigned piece,
          unsigned pieces)
{
	pid_t pid = kit_fork();

	if (pid == 0) {
		ps_store_close(store);
		store = open_small(0, 0);
		kit_must(store != NULL);
		kit_must(limit == 0 || set_limit(limit) == PINSTORE_OK);
		kit_must(fill(piece * 200, (piece + pieces) * 200, 0, NULL) ==
		         expected);
		_exit(0);
	}
	kit_join(pid);
}

/*
 * The store's setting, whatever map and limit a process began with: the smaller
 * of the two holds, for those that have it open too.
 */
START_TEST(a_setting_limits_the_size)
{
	struct ps_usage usage;
	unsigned n;

	store = open_small(0, 4 * MIB);
	ck_assert_ptr_nonnull(store);
	ck_status(set_limit(2 * MIB + 1), PINSTORE_OK);
	n = fill_up(0, 2 * MIB);
	ck_assert_uint_gt(n, 10);
	ck_status(ps_store_usage(store, &usage, &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(usage.limit_octets, 2 * MIB);
	ck_assert_uint_le(usage.used_octets, usage.file_octets);
	ck_assert_uint_gt(usage.used_octets, MIB);
	ck_status(fill(0, 1, 0, NULL), PINSTORE_OK);
	elsewhere(0, PINSTORE_ERR_FULL, n, 40);
	/* Raised by another process, it lets this one go on. */
	elsewhere(3 * MIB, PINSTORE_OK, n, 1);
	n = fill_up(n + 1, 3 * MIB);
	/* Lowered below what there is: no octet more, none is lost. */
	elsewhere(MIB, PINSTORE_ERR_FULL, n, 40);
	ck_status(fill(n * 200, (n + 40) * 200, 0, NULL), PINSTORE_ERR_FULL);
	ck_assert(has_range(0, n * 200, 0));
	ck_assert_int_le(file_size(), 3 * (off_t)MIB);
	/* Beyond what the process itself allows it does not go. */
	ck_status(set_limit(64 * MIB), PINSTORE_OK);
	n = fill_up(n, 4 * MIB);
	ck_assert_uint_gt(n, 20);
}
END_TEST

static enum pinstore_status
remove_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *to = arg;
	enum pinstore_status status = PINSTORE_OK;
	struct ps_entry none;
	unsigned n;

	memset(&none, 0, sizeof(none));
	for (n = 0; status == PINSTORE_OK && n < *to; n++) {
		struct ps_host host = kit_numbered(n);

		if (n % 7 == 0)
			continue;
		status = ps_write_put(write, &host, &none, error);
	}
	return status;
}

/* What makes room, and what the operator lays down, finds it. */
START_TEST(a_full_store_can_be_mended)
{
	struct ps_usage before, after;
	unsigned n, to;

	store = open_small(0, 0);
	ck_assert_ptr_nonnull(store);
	ck_status(set_limit(MIB), PINSTORE_OK);
	n = fill_up(0, MIB);
	/* All pages are copied before one is free. */
	to = n * 200;
	ck_status(ps_store_usage(store, &before, &kit_error), PINSTORE_OK);
	ck_status(ps_store_write(store, KIT_NOW, remove_work, &to, &kit_error),
	          PINSTORE_ERR_FULL);
	ck_status(ps_store_write_alone(store, KIT_NOW, remove_work, &to,
	                               &kit_error), PINSTORE_OK);
	ck_assert(has_range(7, 8, 0));
	ck_assert(!has_range(8, 9, 0));
	ck_status(set_limit(MIB + MIB / 2), PINSTORE_OK);
	ck_status(ps_store_usage(store, &after, &kit_error), PINSTORE_OK);
	ck_assert_uint_gt(after.file_octets, before.file_octets);
	ck_assert_uint_lt(after.used_octets, before.used_octets);
	/* The room is found again, with the file as it is. */
	for (to = 0; to < n * 200; to += 40)
		ck_status(fill(to, to + 40, 0, NULL), PINSTORE_OK);
	ck_assert(has_range(0, n * 200, 0));
}
END_TEST

/* The address space is limited below the map that is asked for first. */
static void
in_narrow_space(void)
{
	struct rlimit limit = {400 * MIB, 400 * MIB};
	void *rest[64];
	unsigned n;

	kit_must(setrlimit(RLIMIT_AS, &limit) == 0);
	store = open_small(0, 0);
	kit_must(store != NULL);
	kit_must(fill(0, 1000, 0, NULL) == PINSTORE_OK);
	kit_must(has_range(0, 1000, 0));
	ps_store_close(store);
	/* And so that a small map cannot grow: FULL, and all goes on. */
	store = open_small(MIB, 0);
	kit_must(store != NULL);
	for (n = 0; n < 64; n++)
		rest[n] = mmap(NULL, 16 * MIB, PROT_NONE,
		               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (n = 0; n < 400; n++) {
		void *more = mmap(NULL, MIB, PROT_NONE,
		                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			break;
	}
	kit_must(fill(1000, 20000, 0, NULL) == PINSTORE_ERR_FULL);
	kit_must(strstr(kit_error.text, "no address space") != NULL);
	kit_must(has_range(0, 1000, 0));
	kit_must(fill(0, 1, 3, NULL) == PINSTORE_OK);
	for (n = 0; n < 64; n++) {
		if (rest[n] != MAP_FAILED)
			(void)munmap(rest[n], 16 * MIB);
	}
	kit_must(fill(1000, 20000, 0, NULL) == PINSTORE_OK);
	kit_must(has_range(1000, 20000, 0));
	ps_store_close(store);
}

START_TEST(a_limit_of_address_space)
{
	pid_t pid;

	if (IS_SANITIZED)
		return;
	pid = kit_fork();
	if (pid == 0) {
		in_narrow_space();
		_exit(0);
	}
	kit_join(pid);
}
END_TEST

/* ------------------------------------------------------------------ readers */

static struct kit_pipe begun;

static bool
hang_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)view;
	(void)arg;
	kit_tell(&begun);
	(void)pause();
	return false;
}

/* D9: a reader that was killed must not hold room for ever. */
START_TEST(a_killed_reader_holds_no_room)
{
	unsigned n;
	pid_t pid;

	store = open_small(MIB, 2 * MIB);
	ck_assert_ptr_nonnull(store);
	ck_status(fill(0, 1000, 0, NULL), PINSTORE_OK);
	begun = kit_pipe();
	pid = kit_fork();
	if (pid == 0) {
		struct ps_host host = kit_numbered(5);

		kit_must(ps_store_climb(store, &host, NULL, hang_step, NULL,
		                        &kit_error) == PINSTORE_OK);
		_exit(0);
	}
	kit_wait(&begun);
	kit_kill(pid);
	/* Each rewrites all pages: 2 MiB would be full after a few. */
	for (n = 1; n < 30; n++)
		ck_status(fill(0, 1000, n, NULL), PINSTORE_OK);
	ck_assert(has_range(0, 1000, 29));
	ck_assert_int_le(file_size(), 2 * (off_t)MIB);
}
END_TEST

#define CROWD (PS_POOL_MAX + 6)

static pthread_barrier_t barrier;

static bool
meet_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)arg;
	ck_assert(view->section[PINSTORE_LEARNED].is_present);
	(void)pthread_barrier_wait(&barrier);
	return true;
}

static void *
meet_thread(void *arg)
{
	struct ps_host host = kit_numbered(3);
	struct pinstore_error error;
	unsigned round;

	for (round = 0; round < 20; round++) {
		if (ps_store_climb(store, &host, NULL, meet_step, NULL, &error) !=
		    PINSTORE_OK)
			*(bool *)arg = false;
	}
	return NULL;
}

/* More readers at once than the pool keeps. */
START_TEST(more_readers_than_the_pool_holds)
{
	pthread_t threads[CROWD];
	bool is_good = true;
	unsigned i;

	store = open_small(MIB, 0);
	ck_assert_ptr_nonnull(store);
	ck_status(fill(0, 10, 0, NULL), PINSTORE_OK);
	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, CROWD), 0);
	for (i = 0; i < CROWD; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, meet_thread,
		                                &is_good), 0);
	for (i = 0; i < CROWD; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert(is_good);
	ck_assert(has_range(0, 10, 0));
	(void)pthread_barrier_destroy(&barrier);
}
END_TEST

/* ----------------------------------------------------- the end of the file */

static enum pinstore_status
come_and_go_work(struct ps_write *write, void *arg,
                 struct pinstore_error *error)
{
	const struct filling *filling = arg;
	enum pinstore_status status = fill_work(write, arg, error);
	struct ps_entry none;
	unsigned n;

	memset(&none, 0, sizeof(none));
	for (n = filling->from + 10; status == PINSTORE_OK && n < filling->to;
	     n++) {
		struct ps_host host = kit_numbered(n);

		status = ps_write_put(write, &host, &none, error);
	}
	return status;
}

/* Whether the file ends before the last page that its head names. */
static bool
is_short(void)
{
	uint64_t head[2][2] = {{0, 0}, {0, 0}}; /* last page, transaction */
	char path[128];
	unsigned newer;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(pread(fd, head[0], 16, 16 + 120), 16);
	ck_assert_int_eq(pread(fd, head[1], 16, 4096 + 16 + 120), 16);
	close(fd);
	newer = head[1][1] > head[0][1];
	return (uint64_t)file_size() < (head[newer][0] + 1) * 4096;
}

/*
 * Pages that come and go in one transaction are not written: the file ends
 * before the last page that its head names, and is sound.
 */
START_TEST(a_file_may_end_before_its_last_page)
{
	unsigned from = 0;
	char path[128];

	store = open_small(0, 0);
	ck_assert_ptr_nonnull(store);
	do {
		struct filling filling = {from, from + 100 + from % 700, 0, 0};

		ck_status(ps_store_write(store, KIT_NOW, come_and_go_work,
		                         &filling, &kit_error), PINSTORE_OK);
		from += 151;
		ck_assert_uint_lt(from, 5000);
	} while (!is_short());
	ps_store_close(store);
	store = open_small(0, 0);
	ck_assert_msg(store != NULL, "%s", kit_error.text);
	ck_assert(has_range(0, 10, 0));
	ck_status(fill(5000, 6000, 0, NULL), PINSTORE_OK);
	ck_assert(has_range(5000, 6000, 0));
	ps_store_close(store);
	/* One page less, and it is not sound. */
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	ck_assert_int_eq(truncate(path, file_size() - 4096), 0);
	store = open_small(0, 0);
	ck_assert_ptr_null(store);
	ck_assert_int_eq(kit_error.status, PINSTORE_ERR_DAMAGED);
}
END_TEST

/* The same at random: what was written can always be opened. */
START_TEST(any_sound_file_is_opened)
{
	unsigned round, n_short = 0;

	srand((unsigned)_i + 3);
	for (round = 0; round < 25; round++) {
		unsigned from = (unsigned)rand() % 3000;
		struct filling filling = {from,
		                          from + 20 + (unsigned)rand() % 800,
		                          round, 0};

		store = open_small(0, 0);
		ck_assert_msg(store != NULL, "%s", kit_error.text);
		ck_status(ps_store_write(store, KIT_NOW,
		                         rand() % 3 != 0 ? come_and_go_work
		                                         : fill_work,
		                         &filling, &kit_error), PINSTORE_OK);
		n_short += is_short();
		ck_assert(has_range(from, from + 10, round));
		ps_store_close(store);
		store = NULL;
	}
	ck_assert_uint_gt(n_short, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_growth");
	TCase *tcase = tcase_create("growth");
	TCase *threads = tcase_create("threads");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, work_is_called_again_when_the_map_grows);
	tcase_add_loop_test(tcase, another_process_has_grown_it, 0, 2);
	tcase_add_test(tcase, a_limit_of_size_gives_full);
	tcase_add_test(tcase, a_setting_limits_the_size);
	tcase_add_test(tcase, a_full_store_can_be_mended);
	tcase_add_test(tcase, a_limit_of_address_space);
	tcase_add_test(tcase, a_killed_reader_holds_no_room);
	tcase_add_test(tcase, a_file_may_end_before_its_last_page);
	tcase_add_loop_test(tcase, any_sound_file_is_opened, 0, 2);
	suite_add_tcase(suite, tcase);
	suite_tag_threads(threads);
	tcase_set_timeout(threads, 240);
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_add_test(threads, two_processes_grow_it_together);
	tcase_add_test(threads, more_readers_than_the_pool_holds);
	suite_add_tcase(suite, threads);
	return suite_run(suite);
}
