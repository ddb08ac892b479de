/*
 * test_store_errors.c - a disk or a system that refuses, below LMDB itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * T-119, T-124.  fault_lmdb.c and fault_system.c let our own calls fail; here
 * LMDB's fail too, each from the n-th on, until none is reached.  What was
 * stored stays, octet by octet; what is told has a status and words of its own;
 * impostors are refused all the while; and the store is of use again when the
 * fault is over.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <pinstore/admin.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define RUNS_MAX 200
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

extern atomic_long diskfault_calls;
static char log_path[128];

static void
setup(void)
{
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &fixture_dir);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", fixture_dir.path);
	fixture_open(NULL);
	ck_assert_int_eq(note_at("learned.test", "XA", "AB", 5000,
	                         "; includeSubDomains", NOW).action,
	                 PINSTORE_NOTED);
	ck_assert_int_eq(pin_at("static.test", "CD", 1, PINSTORE_NEVER, NOW),
	                 PINSTORE_OK);
}

static void
teardown(void)
{
	pinstore_close(ps);
	ps = NULL;
	tempdir_remove(&fixture_dir);
}

static void
refuse(const char *call, const char *file, int code, unsigned at)
{
	char number[16];

	(void)unlink(log_path);
	diskfault_calls = 0;
	(void)snprintf(number, sizeof(number), "%d", code);
	(void)setenv("DISKFAULT_CODE", number, 1);
	(void)snprintf(number, sizeof(number), "%u", at);
	(void)setenv("DISKFAULT_AT", number, 1);
	(void)setenv("DISKFAULT_FILE", file, 1);
	(void)setenv("DISKFAULT_LOG", log_path, 1);
	(void)setenv("DISKFAULT_CALL", call, 1);
}

/* Whether anything was refused. */
static bool
refuse_no_more(void)
{
	(void)unsetenv("DISKFAULT_CALL");
	return unlink(log_path) == 0;
}

/* A header of a host, as a client hands it over; the chain has "X" and "A". */
static enum pinstore_status
try_note(const char *host, struct pinstore_error *error)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_result *result = NULL;
	struct pinstore_chain *chain = chain_of("XA");
	enum pinstore_verdict verdict;
	struct pinstore_field field;
	enum pinstore_status status;
	char value[512];

	field.kind = PINSTORE_PKP;
	field.value = value;
	field.len = header_of("AB", 5000, "", value, sizeof(value));
	status = pinstore_check(ps, &peer, chain, NOW + 1, &verdict, &result,
	                        error);
	if (status == PINSTORE_OK)
		status = pinstore_note(ps, result, &field, 1, NOW + 1, &noted,
		                       error);
	ck_assert(status == PINSTORE_OK || noted.action != PINSTORE_NOTED);
	pinstore_result_free(result);
	pinstore_chain_free(chain);
	return status;
}

static enum pinstore_status
try_pin(const char *host, struct pinstore_error *error)
{
	struct pinstore_pin pins[2];
	struct pinstore_rule rule = {.size = sizeof(rule),
	                             .host = host,
	                             .pins = pins,
	                             .n_pins = pins_of("CD", pins),
	                             .expires = PINSTORE_NEVER};

	return pinstore_pin(ps, &rule, NOW + 1, error);
}

/* An impostor is refused, by a verdict or by an error. */
static void
expect_refused(const char *host)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain = chain_of("x");

	if (pinstore_check(ps, &peer, chain, NOW + 1, &verdict, NULL, NULL) ==
	    PINSTORE_OK || verdict != PINSTORE_REJECT)
		ck_assert_int_eq(verdict, PINSTORE_REJECT);
	pinstore_chain_free(chain);
}

/* ------------------------------------------------------------------ writing */

static const struct {
	const char *call;
	const char *file;
	int code;
	enum pinstore_status status;
	const char *words;
} refusals[] = {
	/* LMDB's pages, and its head */
	{"write", "data.mdb", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"write", "data.mdb", ENOSPC, PINSTORE_ERR_FULL, "make room"},
	{"write", "data.mdb", EDQUOT, PINSTORE_ERR_FULL, "make room"},
	{"write", "data.mdb", EFBIG, PINSTORE_ERR_FULL, "make room"},
	{"write", "data.mdb", EROFS, PINSTORE_ERR_ACCESS, "Read-only"},
	{"write", "data.mdb", ENOMEM, PINSTORE_ERR_NOMEM, "memory"},
	/* a write that is cut short: the disk is full, or broken */
	{"write", "data.mdb", 0, PINSTORE_ERR_IO, "Input/output error"},
	/* a write that came to the file and not to the disk */
	{"write", "data.mdb", -EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"write", "data.mdb", -ENOSPC, PINSTORE_ERR_FULL, "make room"},
	/* the flush */
	{"fdatasync", "data.mdb", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"fdatasync", "data.mdb", ENOSPC, PINSTORE_ERR_FULL, "make room"},
	{"fdatasync", "data.mdb", EDQUOT, PINSTORE_ERR_FULL, "make room"},
};

/*
 * Whatever was refused: the store is as it was or, when the last write of all
 * was refused, as it would have become.
 */
static void
expect_before(const char *before, const char *where)
{
	char *after = dump();

	ck_assert_msg(strcmp(after, before) == 0, "%s: leaves\n%sand not\n%s",
	              where, after, before);
	free(after);
}

START_TEST(writing)
{
	char *before = dump();
	unsigned n;

	for (n = 1; n < RUNS_MAX; n++) {
		struct pinstore_error error;
		enum pinstore_status status;
		bool was_refused;
		char where[96];

		(void)snprintf(where, sizeof(where), "%s %u is %d",
		               refusals[_i].call, n, refusals[_i].code);
		refuse(refusals[_i].call, refusals[_i].file, refusals[_i].code,
		       n);
		status = n % 2 == 0 ? try_pin("new.test", &error)
		                    : try_note("new.test", &error);
		was_refused = access(log_path, F_OK) == 0;
		/* While it lasts, too. */
		expect_refused("learned.test");
		expect_refused("deep.static.test");
		(void)refuse_no_more();
		if (status == PINSTORE_OK) {
			ck_assert_msg(!was_refused, "%s: nobody is told",
			              where);
			break;
		}
		ck_assert_msg(status == refusals[_i].status,
		              "%s: status %d: %s", where, (int)status,
		              error.text);
		ck_assert_msg(strstr(error.text, refusals[_i].words) != NULL,
		              "%s: %s", where, error.text);
		ck_assert(status == PINSTORE_ERR_NOMEM ||
		          strstr(error.text, fixture_dir.store) != NULL);
		expect_before(before, where);
	}
	ck_assert_uint_gt(n, 1);
	ck_assert_uint_lt(n, RUNS_MAX);
	ck_assert_int_eq(verdict_at("new.test", "x", NOW + 2),
	                 PINSTORE_REJECT);
	pinstore_close(ps);
	fixture_open(NULL);
	ck_assert_int_eq(verdict_at("new.test", "x", NOW + 2),
	                 PINSTORE_REJECT);
	free(before);
}
END_TEST

/* ------------------------------------------------------------------ opening */

static const struct {
	const char *call;
	const char *file;
	int code;
	enum pinstore_status status;
	const char *words;
} open_refusals[] = {
	{"open", "data.mdb", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"open", "data.mdb", EACCES, PINSTORE_ERR_ACCESS, "Permission denied"},
	{"open", "data.mdb", EMFILE, PINSTORE_ERR_IO, "allow more open files"},
	{"open", "data.mdb", ENFILE, PINSTORE_ERR_IO, "allow more open files"},
	{"open", "data.mdb", ENOMEM, PINSTORE_ERR_NOMEM, "memory"},
	{"open", "lock.mdb", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"open", "lock.mdb", EACCES, PINSTORE_ERR_ACCESS, "Permission denied"},
	{"open", "lock.mdb", EMFILE, PINSTORE_ERR_IO, "allow more open files"},
	{"open", "gate", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"open", "gate", EACCES, PINSTORE_ERR_ACCESS, "Permission denied"},
	{"open", "store", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"open", "store", EACCES, PINSTORE_ERR_ACCESS, "Permission denied"},
	{"pread", "data.mdb", EIO, PINSTORE_ERR_IO, "Input/output error"},
	{"mmap", "data.mdb", ENODEV, PINSTORE_ERR_IO, "No such device"},
	{"mmap", "data.mdb", ENOMEM, PINSTORE_ERR_NOMEM, "memory"},
	{"mmap", "lock.mdb", ENODEV, PINSTORE_ERR_IO, "No such device"},
	{"mmap", "gate", ENOMEM, PINSTORE_ERR_NOMEM, "memory"},
};

/* T-120: a store that cannot be opened is never an empty one. */
START_TEST(opening)
{
	char *before = dump();
	unsigned n;

	pinstore_close(ps);
	ps = NULL;
	for (n = 1; n < RUNS_MAX; n++) {
		struct pinstore_error error;
		enum pinstore_status status;
		bool was_refused;

		refuse(open_refusals[_i].call, open_refusals[_i].file,
		       open_refusals[_i].code, n);
		status = pinstore_open(fixture_dir.store, NULL, &ps, &error);
		was_refused = refuse_no_more();
		if (status == PINSTORE_OK && !was_refused)
			break;
		ck_assert_ptr_null(ps);
		/* To the walk, a page that cannot be read is damage. */
		if (status == PINSTORE_ERR_DAMAGED &&
		    strcmp(open_refusals[_i].call, "pread") == 0) {
			ck_assert_ptr_nonnull(strstr(error.text, "cannot be "
			                                         "read"));
			continue;
		}
		ck_assert_msg(status == open_refusals[_i].status,
		              "call %u: status %d: %s", n, (int)status,
		              error.text);
		ck_assert_msg(strstr(error.text, open_refusals[_i].words) !=
		              NULL, "call %u: %s", n, error.text);
	}
	ck_assert_uint_gt(n, 1);
	ck_assert_uint_lt(n, RUNS_MAX);
	expect_before(before, "opening");
	free(before);
}
END_TEST

/* --------------------------------------------------- limits of the process */

static void
limit(int which, rlim_t to)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit) != 0)
		_exit(98);
	limit.rlim_cur = to;
	if (setrlimit((__rlimit_resource_t)which, &limit) != 0)
		_exit(98);
}

/* In a child, whose limits end with it; what it must return. */
static void
in_child(int (*part)(void))
{
	pid_t pid = fork();
	int state;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(part());
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	ck_assert_msg(WIFEXITED(state) && WEXITSTATUS(state) == 0,
	              "the child ended with %#x", (unsigned)state);
}

#define part_must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%d: %s: %s\n", __LINE__, #condition, \
			        part_error.text); \
			return 1; \
		} \
	} while (0)
static struct pinstore_error part_error;

static bool
is_refused(const char *host)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	enum pinstore_verdict verdict = PINSTORE_MATCHED;
	struct pinstore_chain *chain = chain_of("x");
	enum pinstore_status status;

	status = pinstore_check(ps, &peer, chain, NOW + 1, &verdict, NULL,
	                        &part_error);
	pinstore_chain_free(chain);
	return status == PINSTORE_OK && verdict == PINSTORE_REJECT;
}

/* RLIMIT_FSIZE, in a program that ignores SIGXFSZ as the manual asks. */
static int
files_are_limited(void)
{
	enum pinstore_status status;

	(void)signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 8192);
	status = try_note("new.test", &part_error);
	part_must(status == PINSTORE_ERR_FULL || status == PINSTORE_ERR_IO);
	part_must(part_error.text[0] != '\0');
	part_must(is_refused("learned.test"));
	part_must(is_refused("deep.static.test"));
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
	part_must(is_refused("learned.test"));
	part_must(try_note("new.test", &part_error) == PINSTORE_OK);
	return 0;
}

static int
descriptors_are_limited(void)
{
	static const rlim_t limits[] = {4, 5, 6, 7, 8, 9, 10};
	size_t i;

	pinstore_close(ps);
	ps = NULL;
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		enum pinstore_status status;

		limit(RLIMIT_NOFILE, limits[i]);
		status = pinstore_open(fixture_dir.store, NULL, &ps,
		                       &part_error);
		limit(RLIMIT_NOFILE, 256);
		if (status == PINSTORE_OK)
			break;
		part_must(ps == NULL);
		part_must(strstr(part_error.text, "allow more open files") !=
		          NULL);
	}
	part_must(i > 0);
	part_must(ps != NULL || pinstore_open(fixture_dir.store, NULL, &ps,
	                                      &part_error) == PINSTORE_OK);
	part_must(is_refused("learned.test"));
	return 0;
}

/* Less address space than any map needs: no open; than the first: a small. */
static int
space_is_limited(void)
{
	pinstore_close(ps);
	ps = NULL;
	limit(RLIMIT_AS, 1 << 20);
	part_must(pinstore_open(fixture_dir.store, NULL, &ps, &part_error) ==
	          PINSTORE_ERR_NOMEM);
	part_must(ps == NULL);
	limit(RLIMIT_AS, 1 << 29);
	part_must(pinstore_open(fixture_dir.store, NULL, &ps, &part_error) ==
	          PINSTORE_OK);
	part_must(is_refused("learned.test"));
	part_must(try_note("new.test", &part_error) == PINSTORE_OK);
	return 0;
}

static int (*const parts[])(void) = {files_are_limited,
                                     descriptors_are_limited,
                                     space_is_limited};

START_TEST(limits)
{
	char *before = dump();

	if (IS_SANITIZED && parts[_i] == space_is_limited) {
		free(before);
		return;
	}
	in_child(parts[_i]);
	ck_assert_int_eq(verdict_at("learned.test", "x", NOW + 1),
	                 PINSTORE_REJECT);
	free(before);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_errors");
	TCase *tcase = tcase_create("T-124");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, writing, 0, COUNT(refusals));
	tcase_add_loop_test(tcase, opening, 0, COUNT(open_refusals));
	tcase_add_loop_test(tcase, limits, 0, COUNT(parts));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
