/*
 * test_store_memory.c - readers and writers of a store without a lock file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LMDB has no table of readers there, and would write over the pages of any
 * that are not its own.
 */
#include <config.h>

#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <check.h>

#include "tests/support/storekit.h"
#include "tests/support/suite.h"

#define MIB ((uint64_t)1 << 20)
#define HOSTS 40u
#define READERS 3
/* ThreadSanitizer sees what it is to see in fewer of them. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS 60u
#define MAP_LEAST 0
#else
#define ROUNDS 300u
#define MAP_LEAST MIB
#endif

static struct ps_store *store;

static struct ps_store *
open_memory(int limit_ms, uint64_t max_bytes)
{
	struct ps_store_options options = kit_options();
	struct ps_store *out;

	options.lock_limit_ms = limit_ms;
	options.map_bytes = MIB;
	options.max_bytes = max_bytes;
	ck_status(ps_store_open_memory(&options, &out, &kit_error),
	          PINSTORE_OK);
	return out;
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
}

/* ------------------------------------------------------- all of one snapshot */

/* HOSTS entries of one number, and one more host that is never seen again. */
static enum pinstore_status
put_all(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned round = *(const unsigned *)arg;
	const struct ps_entry entry = kit_entry(round);
	enum pinstore_status status = PINSTORE_OK;
	struct ps_host host;
	unsigned i;
	char name[64];

	for (i = 0; i < HOSTS && status == PINSTORE_OK; i++) {
		(void)snprintf(name, sizeof(name), "h%02u.test", i);
		host = kit_host(name);
		status = ps_write_put(write, &host, &entry, error);
	}
	for (i = 0; i < HOSTS && status == PINSTORE_OK; i++) {
		(void)snprintf(name, sizeof(name), "z%u.r%u.test", i, round);
		host = kit_host(name);
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

struct seen {
	unsigned n;
	uint64_t max_age;
};

static bool
see(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	struct seen *seen = arg;
	const struct ps_section *learned = &entry->section[PINSTORE_LEARNED];

	if (host->name[0] != 'h')
		return false;
	kit_must(learned->is_present);
	if (seen->n == 0)
		seen->max_age = (uint64_t)learned->max_age;
	kit_must((uint64_t)learned->max_age == seen->max_age);
	seen->n++;
	return true;
}

static atomic_bool is_over;
static atomic_uint reads;

static void *
read_on(void *arg)
{
	uint64_t last = 0;

	(void)arg;
	while (!atomic_load(&is_over)) {
		const struct ps_host there = kit_host("h07.test");
		const struct ps_host none = kit_host("h07.no.test");
		struct seen seen = {0, 0};
		struct ps_entry entry;

		kit_must(ps_store_scan(store, NULL, see, &seen, NULL) ==
		         PINSTORE_OK);
		kit_must(seen.n == HOSTS && seen.max_age >= last);
		last = seen.max_age;
		kit_must(ps_store_get(store, &there, &entry, NULL) ==
		         PINSTORE_OK);
		kit_must(ps_store_get(store, &none, &entry, NULL) ==
		         PINSTORE_ERR_NOTFOUND);
		(void)atomic_fetch_add(&reads, 1);
	}
	return NULL;
}

/*
 * R-5-2.  While one thread writes, and the map grows, and copies take the place of what
 * is read, the others see the whole of one commit, and never an older one.
 */
START_TEST(snapshots_stay_whole)
{
	const unsigned rounds = ROUNDS / suite_stride(16);
	pthread_t reader[READERS];
	struct ps_usage usage;
	unsigned round = 0;
	int i;

	store = open_memory(60000, 0);
	ck_status(ps_store_write(store, KIT_NOW, put_all, &round, &kit_error),
	          PINSTORE_OK);
	is_over = false;
	reads = 0;
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&reader[i], NULL, read_on,
		                                NULL), 0);
	for (round = 1; round <= rounds; round++) {
		kit_must(ps_store_write(store, KIT_NOW, put_all, &round,
		                        &kit_error) == PINSTORE_OK);
		if (round % 32 == 0)
			kit_must(ps_store_compact(store, &kit_error) ==
			         PINSTORE_OK);
	}
	is_over = true;
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_join(reader[i], NULL), 0);
	ck_assert_uint_gt(reads, 0);
	ck_status(ps_store_usage(store, &usage, &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(usage.names, HOSTS * (rounds + 2));
	if (rounds == ROUNDS)
		ck_assert_uint_gt(usage.map_octets, MAP_LEAST);
	ck_assert_uint_eq(usage.readers, 0);
}
END_TEST

/* ------------------------------------------------------------ a slow reader */

static struct kit_pipe begun, end;

static bool
dawdle(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)view;
	(void)arg;
	kit_tell(&begun);
	kit_wait(&end);
	return true;
}

static void *
read_slowly(void *arg)
{
	const struct ps_host host = kit_host("a.test");
	struct pinstore_error error;

	(void)arg;
	kit_must(ps_store_climb(store, &host, NULL, dawdle, NULL, &error) ==
	         PINSTORE_OK);
	return NULL;
}

/* A writer waits for its limit; nobody else is kept, and nothing is lost. */
START_TEST(slow_reader_costs_a_writer_its_limit)
{
	pthread_t reader;
	long start;

	store = open_memory(150, 0);
	begun = kit_pipe();
	end = kit_pipe();
	kit_put(store, "a.test", 1);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_slowly, NULL), 0);
	kit_wait(&begun);
	start = kit_now_ms();
	ck_status(kit_try_put(store, "b.test", 2), PINSTORE_ERR_BUSY);
	ck_assert_int_ge(kit_now_ms() - start, 140);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "in memory: other "
	                                             "threads have been "
	                                             "reading"));
	ck_status(ps_store_compact(store, &kit_error), PINSTORE_ERR_BUSY);
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert(!kit_has(store, "b.test", 2));
	kit_tell(&end);
	ck_assert_int_eq(pthread_join(reader, NULL), 0);
	kit_put(store, "b.test", 2);
	ck_assert(kit_has(store, "b.test", 2));
}
END_TEST

/* ----------------------------------------------------------------- its limit */

/* The limit is kept to; what is stored stays, and there is room again. */
START_TEST(full_at_its_limit)
{
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	store = open_memory(KIT_LIMIT_MS, MIB);
	for (n = 0; status == PINSTORE_OK && n < 100; n++)
		status = ps_store_write(store, KIT_NOW, put_all, &n,
		                        &kit_error);
	ck_status(status, PINSTORE_ERR_FULL);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "in memory is at its size "
	                                             "limit of 1048576"));
	ck_assert(kit_has(store, "h00.test", n - 2));
	ck_assert(kit_has(store, "z0.r1.test", 1));
	ck_assert(!kit_has(store, "z0.r99.test", 99));
}
END_TEST

/* Each is one of its own, however many there are. */
START_TEST(each_is_its_own)
{
	struct ps_store *other;

	store = open_memory(KIT_LIMIT_MS, 0);
	other = open_memory(KIT_LIMIT_MS, 0);
	kit_put(store, "a.test", 1);
	ck_assert(!kit_has(other, "a.test", 1));
	kit_put(other, "a.test", 2);
	ps_store_close(other);
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_memory");
	TCase *tcase = tcase_create("store_memory");

	suite_tag_threads(tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, snapshots_stay_whole);
	tcase_add_test(tcase, slow_reader_costs_a_writer_its_limit);
	tcase_add_test(tcase, full_at_its_limit);
	tcase_add_test(tcase, each_is_its_own);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
