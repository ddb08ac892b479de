/*
 * test_store_power.c - the power goes at any moment, a thousand times over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a store writes is noted down (tests/support/powercut.h), and files are
 * made as a cut might leave them.  Each must open, and hold all that had been
 * acknowledged by then; what was under way is there as a whole or not at all,
 * with its journal, its counts and its links.
 */
#include <config.h>

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <pinstore/admin.h>

#include "tests/support/powercut.h"
#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define WORKS 60
#define THREADS 4
#define PUTS 12
#define CUTS 100 /* of one store */
#define BULK 150
#define LOCK_LEN 262272

/* Of all stores; the tests are processes of their own. */
static struct {
	unsigned long cuts;
	unsigned long acknowledged; /* works that a file had to hold */
	unsigned long whole;        /* works under way that it held */
} *totals;

static struct tempdir image_dir;

static void
setup(void)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	tempdir_make_in(where, &fixture_dir);
	tempdir_make_in(where, &image_dir);
	ck_assert_int_eq(mkdir(fixture_dir.store, 0700), 0);
}

static void
teardown(void)
{
	pinstore_close(ps);
	ps = NULL;
	tempdir_remove(&fixture_dir);
	tempdir_remove(&image_dir);
}

/* ---------------------------------------------------- what a store holds */

static int
print_revoked(const struct pinstore_pin *pin, int64_t since, const char *note,
              void *arg)
{
	fprintf(arg, "revoked %d %lld %s\n", pin->sha256[0], (long long)since,
	        note != NULL ? note : "-");
	return 0;
}

static int
print_bypass(const struct pinstore_bypass *bypass, void *arg)
{
	fprintf(arg, "bypass %s %lld\n", bypass->host, (long long)bypass->end);
	return 0;
}

static int
print_report(const struct pinstore_report *report, void *arg)
{
	fprintf(arg, "report %s\n", pinstore_report_host(report));
	return 0;
}

static bool
print_event(uint64_t number, const struct ps_event *event, void *arg)
{
	fprintf(arg, "event %llu %d %s %lld\n", (unsigned long long)number,
	        (int)event->kind,
	        event->host != NULL ? event->host->name : "-",
	        (long long)event->at);
	return true;
}

struct counting {
	unsigned learned; /* in the quota */
	uint64_t domain;
	uint64_t total;
};

static bool
count_learned(const struct ps_host *host, const struct ps_entry *entry,
              void *arg)
{
	struct counting *counting = arg;
	const struct ps_section *learned = &entry->section[PINSTORE_LEARNED];

	(void)host;
	counting->learned += learned->is_present && learned->quota_labels > 0;
	return true;
}

static enum pinstore_status
count_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct counting *counting = arg;
	struct ps_host host = {.len = 0};

	host.len = (size_t)snprintf(host.name, sizeof(host.name), "bulk.test");
	return ps_write_counts(write, &host, 2, &counting->domain,
	                       &counting->total, error);
}

/*
 * All of it as text; every record and link is looked at on the way, and the
 * number of learned entries is that which the store keeps.  Owner: the caller.
 */
static char *
state(void)
{
	struct counting counting = {0, 0, 0};
	char *text = dump();
	struct pinstore_error error;
	size_t len = strlen(text), rest;
	char *more = NULL;
	FILE *out = open_memstream(&more, &rest);
	int64_t mark;

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(pinstore_walk_revoked(ps, print_revoked, out, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_walk_bypasses(ps, print_bypass, out, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_walk_reports(ps, print_report, out, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(ps_store_events(ps->store, 0, print_event, out,
	                                 &error), PINSTORE_OK);
	ck_assert_int_eq(ps_store_high_water(ps->store, &mark, &error),
	                 PINSTORE_OK);
	fprintf(out, "clock %lld\n", (long long)mark);
	fclose(out);
	ck_assert_int_eq(ps_store_scan(ps->store, NULL, count_learned,
	                               &counting, &error), PINSTORE_OK);
	ck_assert_int_eq(ps_store_write(ps->store, 0, count_work, &counting,
	                                &error), PINSTORE_OK);
	ck_assert_uint_eq(counting.learned, counting.total);
	text = realloc(text, len + rest + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text + len, more, rest + 1);
	free(more);
	return text;
}

/* -------------------------------------------------------------- an image */

static const char *
in_image(const char *name)
{
	static char path[2][160];
	static unsigned turn;
	char *out = path[turn++ % 2];

	(void)snprintf(out, sizeof(path[0]), "%s/%s", image_dir.store, name);
	return out;
}

static void
put_file(const char *name, const uint8_t *octets, size_t len, size_t whole)
{
	int fd = open(in_image(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, octets, len), (ssize_t)len);
	ck_assert_int_eq(ftruncate(fd, (off_t)whole), 0);
	ck_assert_int_eq(close(fd), 0);
}

/*
 * The directory as it is found: neither of the files that are mapped is ever
 * flushed, so that they hold whatever it may be.
 */
static void
put_image(const struct cut_image *image)
{
	static uint8_t noise[4096];
	size_t i;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)cut_random(256);
	ck_assert_int_eq(mkdir(image_dir.store, 0700), 0);
	if (image->octets == NULL)
		return;
	put_file("data.mdb", image->octets, image->len, image->len);
	if (cut_random(3) > 0)
		put_file("lock.mdb", noise, cut_random(sizeof(noise)),
		         LOCK_LEN);
	if (cut_random(3) > 0)
		put_file("gate", noise, cut_random(sizeof(noise)), 4096);
}

static void
open_image(void)
{
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_open(image_dir.store, NULL, &ps, &error);
	ck_assert_msg(status == PINSTORE_OK, "cut at %lu: %s", totals->cuts,
	              error.text);
}

/* It can be written to, too; then it goes. */
static void
end_image(struct cut_image *image)
{
	ck_assert_int_eq(note_at("after.the.cut.test", "XA", "AB", 3000, "",
	                         NOW + 100000).action, PINSTORE_NOTED);
	ck_assert_int_eq(verdict_at("after.the.cut.test", "x", NOW + 100001),
	                 PINSTORE_REJECT);
	pinstore_close(ps);
	ps = NULL;
	ck_assert_int_eq(nftw(image_dir.store, tempdir_unlink, 16,
	                      FTW_DEPTH | FTW_PHYS), 0);
	free(image->octets);
}

/* How many cuts there are before each event, drawn by lot. */
static unsigned char *
draw(unsigned n)
{
	unsigned char *out = calloc(cut.n + 1, 1);
	unsigned i;

	ck_assert_ptr_nonnull(out);
	for (i = 0; i < n; i++)
		out[cut_random(cut.n + 1)]++;
	return out;
}

/* ---------------------------------------------------- one after the other */

static enum pinstore_status
bulk_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *n = arg;
	struct ps_entry entry;
	struct ps_section *learned = &entry.section[PINSTORE_LEARNED];
	enum pinstore_status status = PINSTORE_OK;
	unsigned i;

	memset(&entry, 0, sizeof(entry));
	learned->is_present = true;
	learned->source = PINSTORE_HEADER;
	learned->quota_labels = 2;
	learned->observed = learned->updated = NOW + *n;
	learned->expires = NOW + 10000000;
	learned->pins.n = 2;
	memset(learned->pins.pin[1].sha256, 1, 32);
	for (i = 0; i < BULK && status == PINSTORE_OK; i++) {
		struct ps_host host = {.len = 0};

		host.len = (size_t)snprintf(host.name, sizeof(host.name),
		                            "b%u.i%u.test", i, *n);
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static void
clear(const char *host)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = host,
	                                 .subdomains = 1,
	                                 .since = INT64_MIN};
	struct pinstore_error error;

	ck_assert_msg(pinstore_clear(ps, &filter, NOW + 5000, NULL, &error) ==
	              PINSTORE_OK, "%s", error.text);
}

static void
bypass(const char *host, int64_t now)
{
	struct pinstore_bypass bypass = {.size = sizeof(bypass),
	                                 .host = host,
	                                 .reason = "a test",
	                                 .start = now,
	                                 .end = now + 1000};

	ck_assert_int_eq(pinstore_bypass(ps, &bypass, now, NULL), PINSTORE_OK);
}

/* Work n: what an agent, a user and an operator may do in some order. */
static void
labour(unsigned n)
{
	const int64_t now = NOW + n * 70;
	struct pinstore_pin pin = pin_of((char)('a' + n % 20));
	char fresh[64], known[64];

	(void)snprintf(fresh, sizeof(fresh), "h%u.d%u.test", n, n % 7);
	(void)snprintf(known, sizeof(known), "h%u.d%u.test", n / 2,
	               n / 2 % 7);
	switch (cut_random(12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		(void)note_at(fresh, "XA", "AB", 3000000 + n, "", now);
		break;
	case 4:
	case 5:
		(void)note_at(known, "XA", "AC", 3000000 + n, "", now);
		break;
	case 6:
		(void)note_at(known, "XA", "AB", 0, "", now);
		break;
	case 7:
		ck_assert_int_eq(pin_at(known, "AD", 1, PINSTORE_NEVER, now),
		                 PINSTORE_OK);
		break;
	case 8:
		(void)verdict_at(known, "XY", now);
		break;
	case 9:
		if (n % 2 == 0)
			bypass(fresh, now);
		else
			ck_assert_int_eq(pinstore_revoke(ps, &pin, "lost", now,
			                                 NULL), PINSTORE_OK);
		break;
	case 10:
		ck_assert_int_eq(ps_store_write_alone(ps->store, now,
		                                      bulk_work, &n, NULL),
		                 PINSTORE_OK);
		break;
	case 11:
		clear(known);
		break;
	}
}

static void
expect_state(char **states, unsigned acked, unsigned done)
{
	char *found = state();

	totals->acknowledged += acked;
	if (acked < done && strcmp(found, states[acked + 1]) == 0 &&
	    strcmp(found, states[acked]) != 0)
		totals->whole++;
	else
		ck_assert_msg(strcmp(found, states[acked]) == 0,
		              "of %u works there is\n%sand not\n%s", acked,
		              found, states[acked]);
	free(found);
}

/* A store from its making on, cut at CUTS moments. */
START_TEST(one_writer)
{
	static char *states[WORKS + 1];
	struct cut_walk walk = cut_start();
	unsigned char *cuts;
	unsigned n, acked = 0;

	cut.seed = (unsigned)_i * 77 + 1;
	cut_begin(fixture_dir.store);
	fixture_open(NULL);
	cut_ack(0);
	states[0] = state();
	for (n = 0; n < WORKS; n++) {
		labour(n);
		cut_ack(0);
		states[n + 1] = state();
	}
	pinstore_close(ps);
	ps = NULL;
	cut_end();
	cuts = draw(CUTS / suite_stride(20));
	for (;;) {
		for (; cuts[walk.next] > 0; cuts[walk.next]--) {
			struct cut_image image = cut_here(&walk);

			totals->cuts++;
			/* An acknowledged store is there. */
			ck_assert(acked == 0 || image.octets != NULL);
			put_image(&image);
			open_image();
			expect_state(states, acked == 0 ? 0 : acked - 1, WORKS);
			end_image(&image);
		}
		if (walk.next == cut.n)
			break;
		acked += cut.events[walk.next].kind == CUT_ACK;
		cut_step(&walk);
	}
	ck_assert_uint_eq(acked, WORKS + 1);
	free(cuts);
	for (n = 0; n <= WORKS; n++)
		free(states[n]);
}
END_TEST

/* ----------------------------------------------- threads that share commits */

static void *
put_thread(void *arg)
{
	const int thread = *(const int *)arg;
	unsigned n;

	for (n = 0; n < PUTS; n++) {
		char host[64];

		(void)snprintf(host, sizeof(host), "n%u.t%d.test", n, thread);
		(void)note_at(host, "XA", "AB", 3000, "", NOW + n);
		cut_ack(thread);
	}
	return NULL;
}

/* How many of its hosts are there; they came in this order. */
static unsigned
count_of(int thread)
{
	unsigned n, found = 0;

	for (n = 0; n < PUTS; n++) {
		char host[64];

		(void)snprintf(host, sizeof(host), "n%u.t%d.test", n, thread);
		if (!has_entry(host, PINSTORE_LEARNED))
			continue;
		ck_assert_uint_eq(found, n);
		found++;
	}
	return found;
}

static void
expect_threads(const unsigned *acked)
{
	unsigned events = 0, all = 0;
	char *found = state(), *at;
	int thread;

	for (thread = 0; thread < THREADS; thread++) {
		unsigned n = count_of(thread);

		totals->acknowledged += acked[thread];
		totals->whole += n > acked[thread];
		ck_assert_uint_ge(n, acked[thread]);
		ck_assert_uint_le(n, acked[thread] + 1);
		all += n;
	}
	for (at = found; (at = strstr(at, "event ")) != NULL; at++)
		events++;
	ck_assert_uint_eq(events, all);
	free(found);
}

START_TEST(some_threads)
{
	unsigned acked[THREADS] = {0}, made = 0;
	struct cut_walk walk = cut_start();
	int numbers[THREADS], i;
	pthread_t threads[THREADS];
	unsigned char *cuts;

	cut.seed = (unsigned)_i * 91 + 7;
	cut_begin(fixture_dir.store);
	fixture_open(NULL);
	cut_ack(THREADS);
	for (i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, put_thread,
		                                &numbers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	pinstore_close(ps);
	ps = NULL;
	cut_end();
	cuts = draw(CUTS / suite_stride(20));
	for (;;) {
		const struct cut_event *event = &cut.events[walk.next];

		for (; cuts[walk.next] > 0; cuts[walk.next]--) {
			struct cut_image image = cut_here(&walk);

			totals->cuts++;
			ck_assert(made == 0 || image.octets != NULL);
			put_image(&image);
			open_image();
			expect_threads(acked);
			end_image(&image);
		}
		if (walk.next == cut.n)
			break;
		if (event->kind == CUT_ACK && event->file < THREADS)
			acked[event->file]++;
		made += event->kind == CUT_ACK;
		cut_step(&walk);
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_uint_eq(acked[i], PUTS);
	free(cuts);
}
END_TEST

/* ------------------------------------------------------------- a copy */

/* What the copy in path holds.  Owner: the caller. */
static char *
copied(const char *path)
{
	struct pinstore *own = ps;
	struct pinstore_error error;
	enum pinstore_status status;
	char *text;

	ps = NULL;
	status = pinstore_open(path, NULL, &ps, &error);
	ck_assert_msg(status == PINSTORE_OK, "cut at %lu: %s", totals->cuts,
	              error.text);
	text = dump();
	pinstore_close(ps);
	ps = own;
	return text;
}

/* It is that copy of which the text is; with NULL there is none. */
static bool
is_copy(const struct cut_image *image, const char *text)
{
	char *found;
	bool is_so;

	if (image->octets == NULL || text == NULL)
		return image->octets == NULL && text == NULL;
	ck_assert_int_eq(mkdir(image_dir.store, 0700), 0);
	put_file("data.mdb", image->octets, image->len, image->len);
	found = copied(image_dir.store);
	ck_assert_int_eq(nftw(image_dir.store, tempdir_unlink, 16,
	                      FTW_DEPTH | FTW_PHYS), 0);
	is_so = strcmp(found, text) == 0;
	free(found);
	return is_so;
}

static void
expect_copy(char **texts, unsigned acked)
{
	struct cut_walk walk = cut_start();
	unsigned n = 0;

	for (;; cut_step(&walk)) {
		struct cut_image image = cut_here(&walk);

		totals->cuts++;
		ck_assert_msg(is_copy(&image, texts[n]) ||
		                      (n < acked &&
		                       is_copy(&image, texts[n + 1])),
		              "copy %u: neither that nor the one before", n);
		free(image.octets);
		if (walk.next == cut.n)
			break;
		n += cut.events[walk.next].kind == CUT_ACK;
	}
	ck_assert_uint_eq(n, acked);
}

/* A backup or a published store, and another in its place: the one or the
 * other, and what was told to be there is. */
START_TEST(a_copy)
{
	char *texts[3] = {NULL, NULL, NULL};
	struct pinstore_error error;
	char path[160];
	unsigned n, i;
	uint64_t hosts;

	cut.seed = (unsigned)_i + 3;
	(void)snprintf(path, sizeof(path), "%s/copy", fixture_dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	fixture_open(NULL);
	for (n = 1; n < COUNT(texts); n++) {
		for (i = 0; i < WORKS / 2; i++) {
			char host[64];

			(void)snprintf(host, sizeof(host), "h%u.c%u.test", i,
			               n);
			ck_assert_int_eq(pin_at(host, "AD", 1, PINSTORE_NEVER,
			                        NOW), PINSTORE_OK);
		}
		cut_begin(path);
		ck_assert_int_eq(ps_store_backup(
		        ps->store, path, _i % 2 == 0 ? PS_COPY_BACKUP
		                                     : PS_COPY_PUBLISHED,
		        false, NULL, &hosts, &error), PINSTORE_OK);
		cut_ack(0);
		cut_end();
		ck_assert_uint_eq(hosts, n * WORKS / 2);
		texts[n] = copied(path);
	}
	expect_copy(texts, COUNT(texts) - 1);
	for (n = 0; n < COUNT(texts); n++)
		free(texts[n]);
}
END_TEST

/* ------------------------------------------------------------ a slow disk */

static atomic_uint *flushing;

static void
flush_slowly(void)
{
	const struct timespec nap = {0, 400000000};

	atomic_store(flushing, 1);
	(void)nanosleep(&nap, NULL);
}

/* A store is opened while the head of a commit is on its way to the disk. */
START_TEST(opened_beside_a_slow_flush)
{
	int state = 0;
	pid_t pid;

	flushing = mmap(NULL, sizeof(*flushing), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(flushing, MAP_FAILED);
	fixture_open(NULL);
	pinstore_close(ps);
	ps = NULL;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct pinstore_error error;

		while (atomic_load(flushing) == 0)
			(void)usleep(1000);
		if (pinstore_open(fixture_dir.store, NULL, &ps, &error) ==
		    PINSTORE_OK)
			_exit(0);
		fprintf(stderr, "%s\n", error.text);
		_exit(99);
	}
	fixture_open(NULL);
	cut.on_flush = flush_slowly;
	ck_assert_int_eq(note_at("h.test", "XA", "AB", 3000, "", NOW).action,
	                 PINSTORE_NOTED);
	cut.on_flush = NULL;
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	ck_assert_int_eq(state, 0);
}
END_TEST

/* A disk that loses what it said was flushed is found out here, mostly. */
START_TEST(the_cuts_cut)
{
	struct cut_walk walk = cut_start();
	struct cut_image image;
	unsigned n, lost = 0;
	size_t i;

	cut.seed = 5;
	cut_begin(fixture_dir.store);
	fixture_open(NULL);
	for (n = 0; n < 20; n++)
		(void)note_at("h.test", "XA", n % 2 == 0 ? "AB" : "AC",
		              3000000, "", NOW + n * 70);
	pinstore_close(ps);
	ps = NULL;
	cut_end();
	/* No flush has any effect. */
	for (i = 0; i < cut.n; i++) {
		if (cut.events[i].kind == CUT_WRITE_THROUGH)
			cut.events[i].kind = CUT_WRITE;
		if (cut.events[i].kind == CUT_FLUSH)
			cut.events[i].kind = CUT_ACK;
	}
	while (walk.next < cut.n)
		cut_step(&walk);
	for (n = 0; n < 40; n++) {
		enum pinstore_verdict verdict = PINSTORE_REJECT;
		struct pinstore_peer peer = {.size = sizeof(peer),
		                             .host = "h.test"};
		struct pinstore_chain *chain = chain_of("XA");

		image = cut_here(&walk);
		put_image(&image);
		if (pinstore_open(image_dir.store, NULL, &ps, NULL) !=
		            PINSTORE_OK ||
		    pinstore_check(ps, &peer, chain, NOW, &verdict, NULL,
		                   NULL) != PINSTORE_OK ||
		    verdict != PINSTORE_MATCHED)
			lost++;
		pinstore_chain_free(chain);
		pinstore_close(ps);
		ps = NULL;
		nftw(image_dir.store, tempdir_unlink, 16,
		     FTW_DEPTH | FTW_PHYS);
		free(image.octets);
	}
	ck_assert_uint_gt(lost, 10);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_power");
	TCase *tcase = tcase_create("power");
	int failed, stores = (int)suite_times(1, 50);

	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, one_writer, 0, stores);
	tcase_add_loop_test(tcase, some_threads, 0, stores);
	tcase_add_loop_test(tcase, a_copy, 0, 2 * stores);
	tcase_add_test(tcase, opened_beside_a_slow_flush);
	tcase_add_test(tcase, the_cuts_cut);
	suite_add_tcase(suite, tcase);
	failed = suite_run(suite);
	printf("power cuts: %lu, acknowledged works looked for: %lu, lost: %s, "
	       "under way and whole: %lu\n", totals->cuts,
	       totals->acknowledged, failed == 0 ? "0" : "some",
	       totals->whole);
	return failed;
}
