/*
 * test_api_concurrency.c - threads and processes on one store at once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each worker notes hosts of its own and judges those that all share.  No
 * acknowledged entry may be missing at the end, and no verdict may be wrong at
 * any time.  Built with --enable-sanitizers=thread the same program looks for
 * races.
 */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define WORKERS 8
#define ROUNDS 25

static atomic_int faults;

/* What a worker does may not use check's assertions: it runs in a thread. */
static void
expect(int holds)
{
	if (!holds)
		atomic_fetch_add(&faults, 1);
}

static enum pinstore_verdict
ask(struct pinstore *store, const char *host, char letter,
    struct pinstore_result **out)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_pin pin = pin_of(letter);
	struct pinstore_chain *chain = NULL;
	enum pinstore_verdict verdict = PINSTORE_REJECT;
	struct pinstore_error error;
	enum pinstore_status status;

	expect(pinstore_chain_from_validated_pins(&pin, 1, &chain) ==
	       PINSTORE_OK);
	status = pinstore_check(store, &peer, chain, NOW, &verdict, out,
	                        &error);
	if (status != PINSTORE_OK) {
		fprintf(stderr, "%s: %s\n", host, error.text);
		expect(0);
	}
	pinstore_chain_free(chain);
	return verdict;
}

static void
learn(struct pinstore *store, const char *host, const char *value, size_t len)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {PINSTORE_PKP, value, len};
	struct pinstore_result *result = NULL;
	struct pinstore_error error;

	expect(ask(store, host, 'A', &result) == PINSTORE_UNPINNED);
	if (result == NULL)
		return;
	if (pinstore_note(store, result, &field, 1, NOW, &noted, &error) !=
	    PINSTORE_OK) {
		fprintf(stderr, "%s: %s\n", host, error.text);
		expect(0);
	}
	expect(noted.action == PINSTORE_NOTED);
	pinstore_result_free(result);
	expect(ask(store, host, 'A', NULL) == PINSTORE_MATCHED);
	expect(ask(store, host, 'x', NULL) == PINSTORE_REJECT);
}

static void
labour(struct pinstore *store, int worker)
{
	char value[512], host[64];
	size_t len;
	int round;

	len = header_of("AB", 3000, "", value, sizeof(value));
	for (round = 0; round < ROUNDS; round++) {
		snprintf(host, sizeof(host), "h%d.w%d.test", round, worker);
		learn(store, host, value, len);
		expect(ask(store, "victim.test", 'x', NULL) ==
		       PINSTORE_REJECT);
		expect(ask(store, "deep.below.victim.test", 'x', NULL) ==
		       PINSTORE_REJECT);
		expect(ask(store, "victim.test", 'V', NULL) ==
		       PINSTORE_MATCHED);
		expect(ask(store, "nobody.test", 'x', NULL) ==
		       PINSTORE_UNPINNED);
	}
}

static void
assert_all_there(int workers)
{
	char host[64];
	int worker, round;

	ck_assert_int_eq(atomic_load(&faults), 0);
	for (worker = 0; worker < workers; worker++) {
		for (round = 0; round < ROUNDS; round++) {
			snprintf(host, sizeof(host), "h%d.w%d.test", round,
			         worker);
			ck_assert_int_eq(verdict_at(host, "x", NOW),
			                 PINSTORE_REJECT);
		}
	}
}

static void *
thread_main(void *arg)
{
	labour(ps, *(int *)arg);
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t threads[WORKERS];
	int numbers[WORKERS];
	int i;

	pin_at("victim.test", "VW", 1, PINSTORE_NEVER, NOW);
	for (i = 0; i < WORKERS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_main,
		                                &numbers[i]), 0);
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	assert_all_there(WORKERS);
}
END_TEST

/* Every other process opens a handle of its own, the rest use the parent's. */
static void
process_main(int worker)
{
	struct pinstore_error error;
	struct pinstore *own = NULL;

	if (worker % 2 == 0) {
		labour(ps, worker);
	} else if (pinstore_open(fixture_dir.store, NULL, &own, &error) ==
	           PINSTORE_OK) {
		labour(own, worker);
		pinstore_close(own);
	} else {
		fprintf(stderr, "%s\n", error.text);
		expect(0);
	}
	_exit(atomic_load(&faults) == 0 ? 0 : 1);
}

START_TEST(test_processes)
{
	pid_t children[WORKERS];
	int i, status;

	pin_at("victim.test", "VW", 1, PINSTORE_NEVER, NOW);
	for (i = 0; i < WORKERS; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0)
			process_main(i);
	}
	/* the parent goes on meanwhile with the handle they inherited */
	for (i = 0; i < 200; i++)
		ck_assert_int_eq(verdict_at("x.victim.test", "x", NOW),
		                 PINSTORE_REJECT);
	for (i = 0; i < WORKERS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	assert_all_there(WORKERS);
}
END_TEST

/* Two handles on one path share, and closing one leaves the other whole. */
START_TEST(test_two_handles)
{
	struct pinstore *second;

	ck_assert_int_eq(pinstore_open(fixture_dir.store, NULL, &second, NULL),
	                 PINSTORE_OK);
	pin_at("victim.test", "VW", 0, PINSTORE_NEVER, NOW);
	ck_assert_int_eq(ask(second, "victim.test", 'x', NULL),
	                 PINSTORE_REJECT);
	pinstore_close(second);
	ck_assert_int_eq(verdict_at("victim.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pin_at("other.test", "VW", 0, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api/concurrency");
	TCase *tcase = tcase_create("concurrency");

	suite_tag_threads(tcase);
	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_test(tcase, test_threads);
	tcase_add_test(tcase, test_processes);
	tcase_add_test(tcase, test_two_handles);
	tcase_set_timeout(tcase, 240);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
