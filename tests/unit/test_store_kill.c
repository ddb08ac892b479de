/*
 * test_store_kill.c - writers are killed at any moment, hundreds of times.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * T-125.  What each writer does is a matter of its number and of the work's
 * alone, so that what must be there can be told from how much was acknowledged.
 * A reader asks all the while for a host that is pinned.
 */
#include <config.h>

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <pthread.h>
#include <pinstore/admin.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

/* The first is a process, the others are threads of another one. */
#define WRITERS 3
#define HOSTS 10
#define BULK 8
#define NONE 0
/* A wait of this process for a lock that a killed one holds. */
#define HANG_MS 5000

enum kind { NOTE, REMOVE, PIN, CLEAR, IMPORT };

/* What writer n has done; which works left what is there now. */
struct model {
	unsigned learned[HOSTS];
	unsigned pinned[HOSTS];
	unsigned bulk;
};

static struct {
	/* Works begun and acknowledged, numbered from 1. */
	atomic_uint begun[WRITERS];
	atomic_uint acked[WRITERS];
	atomic_ulong reads;
	atomic_ulong unpinned; /* of these */
	atomic_ulong refusals; /* calls that failed */
	unsigned long rounds;
	unsigned long kept;    /* acknowledged works that were looked for */
	unsigned long signals; /* other than the one that kills */
	unsigned long hangs;
} *shared;

static struct model models[WRITERS];

static unsigned
mixed(unsigned writer, unsigned n)
{
	uint64_t x = ((uint64_t)writer << 32 | n) + 1;

	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return (unsigned)(x >> 32);
}

static enum kind
kind_of(unsigned writer, unsigned n)
{
	static const enum kind kinds[] = {
		NOTE, NOTE, NOTE, NOTE, NOTE, NOTE, NOTE, REMOVE,
		NOTE, PIN,  PIN,  NOTE, NOTE, IMPORT, REMOVE, CLEAR,
	};

	return kinds[mixed(writer, n) % COUNT(kinds)];
}

static unsigned
host_of(unsigned writer, unsigned n)
{
	return mixed(writer, n) / 256 % HOSTS;
}

static void
name_of(unsigned writer, unsigned host, char out[64])
{
	(void)snprintf(out, 64, "h%u.w%u.test", host, writer);
}

static long
now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* -------------------------------------------------------------- the writers */

/*
 * Made before they are begun: what they assert, they would tell in a file that
 * libcheck shares with them, and be killed at it.
 */
static const char *pins_of_field;
static struct pinstore_chain *impostors;

static void
prepare(void)
{
	static char value[512];

	(void)header_of("AB", 0, "", value, sizeof(value));
	pins_of_field = strchr(value, ';');
	ck_assert_ptr_nonnull(pins_of_field);
	impostors = chain_of("x");
}

static enum pinstore_status
note(const char *host, int64_t max_age, int64_t now,
     struct pinstore_error *error)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = NULL;
	struct pinstore_chain *chain = NULL;
	enum pinstore_verdict verdict;
	struct pinstore_pin pins[3];
	struct pinstore_field field;
	enum pinstore_status status;
	char value[512];

	field.kind = PINSTORE_PKP;
	field.value = value;
	field.len = (size_t)snprintf(value, sizeof(value), "max-age=%lld%s",
	                             (long long)max_age, pins_of_field);
	status = pinstore_chain_from_validated_pins(
	        pins, pins_of("XAC", pins), &chain);
	if (status == PINSTORE_OK)
		status = pinstore_check(ps, &peer, chain, now, &verdict,
		                        &result, error);
	if (status == PINSTORE_OK)
		status = pinstore_note(ps, result, &field, 1, now, &noted,
		                       error);
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status
pin(const char *host, unsigned n, int64_t now, struct pinstore_error *error)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = pins_of("CD", pins),
		.mode = PINSTORE_ENFORCE,
		.expires = NOW + 1000000000 + n,
	};

	return pinstore_pin(ps, &rule, now, error);
}

static enum pinstore_status
clear(const char *host, int64_t now, struct pinstore_error *error)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = host,
	                                 .since = INT64_MIN};

	return pinstore_clear(ps, &filter, now, NULL, error);
}

struct importing {
	unsigned writer;
	unsigned n;
};

static enum pinstore_status
import_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct importing *importing = arg;
	struct ps_entry entry;
	struct ps_section *learned = &entry.section[PINSTORE_LEARNED];
	enum pinstore_status status = PINSTORE_OK;
	unsigned i;

	memset(&entry, 0, sizeof(entry));
	learned->is_present = true;
	learned->source = PINSTORE_HEADER;
	learned->quota_labels = 2;
	learned->observed = learned->updated = NOW;
	learned->expires = NOW + 1000000000;
	learned->max_age = 1000 + importing->n;
	learned->pins.n = 2;
	memset(learned->pins.pin[1].sha256, 1, 32);
	for (i = 0; i < BULK && status == PINSTORE_OK; i++) {
		struct ps_host host = {.len = 0};

		host.len = (size_t)snprintf(host.name, sizeof(host.name),
		                            "b%u.x%u.test", i,
		                            importing->writer);
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static enum pinstore_status
labour(unsigned writer, unsigned n, struct pinstore_error *error)
{
	struct importing importing = {writer, n};
	const int64_t now = NOW + n;
	char host[64];

	name_of(writer, host_of(writer, n), host);
	switch (kind_of(writer, n)) {
	case NOTE:
		return note(host, 1000 + n, now, error);
	case REMOVE:
		return note(host, 0, now, error);
	case PIN:
		return pin(host, n, now, error);
	case CLEAR:
		return clear(host, now, error);
	case IMPORT:
		return ps_store_write_alone(ps->store, now, import_work,
		                            &importing, error);
	}
	return PINSTORE_ERR_INTERNAL;
}

/* Until it is killed. */
static void *
write_on(void *arg)
{
	const unsigned writer = *(const unsigned *)arg;
	struct pinstore_error error;
	unsigned n;

	for (n = atomic_load(&shared->acked[writer]) + 1;; n++) {
		atomic_store(&shared->begun[writer], n);
		if (labour(writer, n, &error) != PINSTORE_OK) {
			fprintf(stderr, "work %u of %u: %s\n", n, writer,
			        error.text);
			atomic_fetch_add(&shared->refusals, 1);
			_exit(99);
		}
		atomic_store(&shared->acked[writer], n);
	}
	return NULL;
}

static bool
try_open(void)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore_error error;
	enum pinstore_status status;

	if (options == NULL ||
	    pinstore_options_set(options, PINSTORE_OPT_REFRESH_SLACK, 0) !=
	            PINSTORE_OK)
		return false;
	status = pinstore_open(fixture_dir.store, options, &ps, &error);
	pinstore_options_free(options);
	if (status != PINSTORE_OK)
		fprintf(stderr, "opening: %s\n", error.text);
	return status == PINSTORE_OK;
}

static pid_t
begin(unsigned first, unsigned n)
{
	static unsigned numbers[WRITERS] = {0, 1, 2};
	pthread_t thread;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	if (!try_open()) {
		atomic_fetch_add(&shared->refusals, 1);
		_exit(99);
	}
	while (--n > 0)
		if (pthread_create(&thread, NULL, write_on,
		                   &numbers[first + n]) != 0)
			_exit(98);
	write_on(&numbers[first]);
	_exit(97);
}

/* --------------------------------------------------------------- the reader */

/* An impostor's chain is never let through to a host that is pinned. */
static pid_t
begin_reading(void)
{
	struct pinstore_peer peer = {.size = sizeof(peer),
	                             .host = "deep.victim.test"};
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	for (;;) {
		unsigned i;

		if (!try_open())
			atomic_fetch_add(&shared->refusals, 1);
		for (i = 0; ps != NULL && i < 2000; i++) {
			enum pinstore_verdict verdict = PINSTORE_REJECT;
			struct pinstore_error error;

			if (pinstore_check(ps, &peer, impostors, NOW,
			                   &verdict, NULL, &error) != PINSTORE_OK) {
				fprintf(stderr, "reading: %s\n", error.text);
				atomic_fetch_add(&shared->refusals, 1);
			}
			if (verdict != PINSTORE_REJECT)
				atomic_fetch_add(&shared->unpinned, 1);
			atomic_fetch_add(&shared->reads, 1);
			if (i % 100 == 0)
				usleep(100);
		}
		pinstore_close(ps);
		ps = NULL;
	}
}

/* ------------------------------------------------------- what must be there */

static void
apply(struct model *model, unsigned writer, unsigned n)
{
	unsigned host = host_of(writer, n);

	switch (kind_of(writer, n)) {
	case NOTE:
		model->learned[host] = n;
		break;
	case REMOVE:
		model->learned[host] = NONE;
		break;
	case PIN:
		model->pinned[host] = n;
		break;
	case CLEAR:
		model->learned[host] = NONE;
		model->pinned[host] = NONE;
		break;
	case IMPORT:
		model->bulk = n;
		break;
	}
}

/* The number of the work that left the entry. */
static unsigned
found(const char *host, enum pinstore_layer layer)
{
	struct pinstore_entry *entry = entry_of(host, layer);
	int64_t n = NONE;

	if (entry != NULL && layer == PINSTORE_LEARNED)
		n = pinstore_entry_max_age_sent(entry) - 1000;
	else if (entry != NULL)
		n = pinstore_entry_expires(entry) - NOW - 1000000000;
	pinstore_entry_free(entry);
	return (unsigned)n;
}

static bool
is_there(const struct model *model, unsigned writer)
{
	char host[64];
	unsigned i;

	for (i = 0; i < HOSTS; i++) {
		name_of(writer, i, host);
		if (found(host, PINSTORE_LEARNED) != model->learned[i] ||
		    found(host, PINSTORE_CONFIGURED) != model->pinned[i])
			return false;
	}
	for (i = 0; i < BULK; i++) {
		(void)snprintf(host, sizeof(host), "b%u.x%u.test", i, writer);
		if (found(host, PINSTORE_LEARNED) != model->bulk)
			return false;
	}
	return true;
}

/*
 * All that was acknowledged is there; what had been begun is there as a whole
 * or not at all, and then the next begins behind it.
 */
static void
expect_writer(unsigned writer, unsigned *done)
{
	struct model *model = &models[writer], next;
	unsigned begun = atomic_load(&shared->begun[writer]);
	unsigned acked = atomic_load(&shared->acked[writer]);

	shared->kept += acked - *done;
	while (*done < acked)
		apply(model, writer, ++*done);
	next = *model;
	if (begun > acked)
		apply(&next, writer, begun);
	if (begun > acked && is_there(&next, writer)) {
		*model = next;
		*done = begun;
		atomic_store(&shared->acked[writer], begun);
		return;
	}
	ck_assert_msg(is_there(model, writer),
	              "writer %u: of %u works some are lost", writer, acked);
}

static bool
count_entry(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	uint64_t *n = arg;

	(void)host;
	*n += entry->section[PINSTORE_LEARNED].is_present;
	return true;
}

static enum pinstore_status
count_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = {.len = 0};
	uint64_t domain;

	host.len = (size_t)snprintf(host.name, sizeof(host.name), "w0.test");
	return ps_write_counts(write, &host, 2, &domain, arg, error);
}

static bool
see_event(uint64_t number, const struct ps_event *event, void *arg)
{
	uint64_t *last = arg;

	(void)event;
	ck_assert_uint_gt(number, *last);
	*last = number;
	return true;
}

/* Records, links, journal and counts are of one piece, and more can come. */
static void
expect_sound(void)
{
	uint64_t entries = 0, counted = 0, last = 0;
	struct pinstore_error error;

	ck_assert_msg(ps_store_scan(ps->store, NULL, count_entry, &entries,
	                            &error) == PINSTORE_OK, "%s", error.text);
	ck_assert_int_eq(ps_store_write(ps->store, 0, count_work, &counted,
	                                &error), PINSTORE_OK);
	ck_assert_uint_eq(entries, counted);
	ck_assert_int_eq(ps_store_events(ps->store, 0, see_event, &last,
	                                 &error), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("victim.test", "x", NOW), PINSTORE_REJECT);
}

/* --------------------------------------------------------------- the rounds */

static void
end(pid_t pid)
{
	int state = 0;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	shared->signals += WIFSIGNALED(state) && WTERMSIG(state) != SIGKILL;
	ck_assert_msg(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL,
	              "a child ended with %#x", (unsigned)state);
}

static void
setup(void)
{
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &fixture_dir);
	ck_assert(try_open());
	ck_assert_int_eq(pin_at("victim.test", "CD", 1, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
	pinstore_close(ps);
	ps = NULL;
	prepare();
}

static void
teardown(void)
{
	pinstore_chain_free(impostors);
	pinstore_close(ps);
	ps = NULL;
	tempdir_remove(&fixture_dir);
}

/* Several runs, each with a seed of its own, can go on side by side. */
static unsigned
wanted_rounds(void)
{
	return suite_asked("PINSTORE_KILLS", suite_times(200, 10000)) /
	       suite_stride(40);
}

START_TEST(killed)
{
	const unsigned rounds = wanted_rounds();
	unsigned done[WRITERS] = {0, 0, 0}, round, writer;
	unsigned seed = suite_asked("PINSTORE_SEED", 3);
	pid_t reader = 0;

	for (round = 0; round < rounds; round++) {
		pid_t one, two;
		long start;

		/* With another process that has it open, and without. */
		if (round % 20 == 0 && round % 60 != 40)
			reader = begin_reading();
		one = begin(0, 1);
		two = begin(1, 2);
		usleep((useconds_t)(rand_r(&seed) % 6000));
		end(round % 2 == 0 ? one : two);
		if (round % 3 == 0)
			usleep((useconds_t)(rand_r(&seed) % 1500));
		end(round % 2 == 0 ? two : one);
		start = now_ms();
		ck_assert(try_open());
		for (writer = 0; writer < WRITERS; writer++)
			expect_writer(writer, &done[writer]);
		expect_sound();
		pinstore_close(ps);
		ps = NULL;
		shared->hangs += now_ms() - start >= HANG_MS;
		if (round % 20 == 19 && reader != 0) {
			end(reader);
			reader = 0;
		}
		shared->rounds++;
	}
	if (reader != 0)
		end(reader);
	ck_assert_uint_eq(shared->unpinned, 0);
	ck_assert_uint_eq(shared->refusals, 0);
	ck_assert_uint_eq(shared->hangs, 0);
	/* They did get to work. */
	ck_assert_uint_gt(shared->kept, rounds / 4);
	ck_assert_uint_gt(shared->reads, rounds);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_kill");
	TCase *tcase = tcase_create("T-125");
	int failed;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return EXIT_FAILURE;
	/* A round takes 40 ms by itself, and ten times that beside others. */
	tcase_set_timeout(tcase, 300 + wanted_rounds());
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, killed);
	suite_add_tcase(suite, tcase);
	failed = suite_run(suite);
	printf("kill -9: %lu rounds, acknowledged: %lu, lost: %s, reads: %lu, "
	       "read as unpinned while pinned: %lu, signals: %lu, hangs: %lu\n",
	       shared->rounds, shared->kept, failed == 0 ? "0" : "some",
	       atomic_load(&shared->reads), atomic_load(&shared->unpinned),
	       shared->signals, shared->hangs);
	return failed;
}
