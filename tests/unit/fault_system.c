/*
 * fault_system.c - every call of the system that the store makes fails once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * As in fault_lmdb.c, whose deeds these are: what is told then is an error
 * with nothing decided, or all is as if nothing had failed; and the store is
 * what it was before or what it would have become.  LMDB's own calls are not
 * among them.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>

#include <check.h>

#include "tests/support/faultcall.h"
#include "tests/support/heard.h"
#include "tests/support/suite.h"
#include "tests/unit/deeds.h"

#define RUNS_MAX 2000
/* One in so many errors for each call, unless FAULTS=all asks for each. */
#define STRIDE 4

/* ---------------------------------------------------------------- the calls */

/* Those that give -1, or what `failed' says, and set errno. */
#define CALLS(X) \
	X(int, chmod, (const char *path, mode_t mode), (path, mode), -1) \
	X(int, fchmod, (int fd, mode_t mode), (fd, mode), -1) \
	X(DIR *, fdopendir, (int fd), (fd), NULL) \
	X(int, flock, (int fd, int what), (fd, what), -1) \
	X(int, fstat, (int fd, struct stat *out), (fd, out), -1) \
	X(int, fstatat, (int fd, const char *path, struct stat *out, \
	                 int flags), (fd, path, out, flags), -1) \
	X(int, fsync, (int fd), (fd), -1) \
	X(char *, getcwd, (char *out, size_t len), (out, len), NULL) \
	X(ssize_t, getrandom, (void *out, size_t len, unsigned flags), \
	  (out, len, flags), -1) \
	X(int, mkdir, (const char *path, mode_t mode), (path, mode), -1) \
	X(int, mkdirat, (int fd, const char *path, mode_t mode), \
	  (fd, path, mode), -1) \
	X(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, \
	                 off_t from), (at, len, prot, flags, fd, from), \
	  MAP_FAILED) \
	X(ssize_t, pwrite, (int fd, const void *octets, size_t len, off_t at), \
	  (fd, octets, len, at), -1) \
	X(ssize_t, pread, (int fd, void *out, size_t len, off_t at), \
	  (fd, out, len, at), -1) \
	X(ssize_t, __pread_chk, (int fd, void *out, size_t len, off_t at, \
	                         size_t room), (fd, out, len, at, room), -1) \
	X(char *, realpath, (const char *path, char *out), (path, out), NULL) \
	X(int, renameat, (int from, const char *old, int to, \
	                  const char *new), (from, old, to, new), -1) \
	X(int, stat, (const char *path, struct stat *out), (path, out), -1)

/* Those that give the error. */
#define CODES(X) \
	X(posix_fallocate, (int fd, off_t at, off_t len), (fd, at, len)) \
	X(pthread_mutexattr_init, (pthread_mutexattr_t *out), (out)) \
	X(pthread_mutexattr_setpshared, (pthread_mutexattr_t *out, int what), \
	  (out, what)) \
	X(pthread_mutexattr_setrobust, (pthread_mutexattr_t *out, int what), \
	  (out, what)) \
	X(pthread_mutex_init, (pthread_mutex_t *out, \
	                       const pthread_mutexattr_t *kind), (out, kind)) \
	X(pthread_rwlockattr_init, (pthread_rwlockattr_t *out), (out)) \
	X(pthread_rwlock_init, (pthread_rwlock_t *out, \
	                        const pthread_rwlockattr_t *kind), \
	  (out, kind))

#define ENUM(type, name, parameters, arguments, failed) CALL_##name,
#define CODE_ENUM(name, parameters, arguments) CALL_##name,
enum call {
	CALLS(ENUM)
	CODES(CODE_ENUM)
	CALL_fcntl,
	CALL_open,
	CALL_openat,
	N_CALLS
};
#define NAME(type, name, parameters, arguments, failed) #name,
#define CODE_NAME(name, parameters, arguments) #name,
static const char *const call_names[] = {
	CALLS(NAME) CODES(CODE_NAME) "fcntl", "open", "openat"};

#define WRAP(type, name, parameters, arguments, failed) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		int code; \
\
		if (fault_hits(CALL_##name, &code)) { \
			errno = code; \
			return failed; \
		} \
		return __real_##name arguments; \
	}
CALLS(WRAP)

#define CODE_WRAP(name, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		int code; \
\
		if (fault_hits(CALL_##name, &code)) \
			return code; \
		return __real_##name arguments; \
	}
CODES(CODE_WRAP)

int __real_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

/* What the third argument is goes through whole. */
int
__wrap_fcntl(int fd, int what, ...)
{
	va_list args;
	void *third;

	va_start(args, what);
	third = va_arg(args, void *);
	va_end(args);
	if (fault_hits(CALL_fcntl, &errno))
		return -1;
	return __real_fcntl(fd, what, third);
}

int
__wrap_open(const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	if (fault_hits(CALL_open, &errno))
		return -1;
	return __real_open(path, flags, mode);
}

int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	if (fault_hits(CALL_openat, &errno))
		return -1;
	return __real_openat(dir, path, flags, mode);
}

/* --------------------------------------------------------------- the errors */

static const struct {
	int code;
	const char *name;
} errors[] = {
	{EIO, "EIO"},       {EACCES, "EACCES"}, {ENOENT, "ENOENT"},
	{EINTR, "EINTR"},   {EAGAIN, "EAGAIN"}, {ENOSPC, "ENOSPC"},
	{EMFILE, "EMFILE"}, {EROFS, "EROFS"},   {ENOTDIR, "ENOTDIR"},
	{ELOOP, "ELOOP"},   {EEXIST, "EEXIST"}, {ENOMEM, "ENOMEM"},
	{EINVAL, "EINVAL"},
};

/* Of so many failures one is tried. */
static unsigned
turn(void)
{
	return STRIDE * suite_stride(24);
}

/* Whether it is that error's turn; EIO has it always. */
static bool
has_turn(int call, size_t error)
{
	const char *wanted = getenv("FAULTS");

	return errors[error].code == EIO ||
	       (wanted != NULL && strcmp(wanted, "all") == 0) ||
	       (error + (size_t)call) % turn() == 0;
}

/* What some of these failures say. */
static const char *const words[] = {
	": cannot be created: ",
	"no random octets",
	": a copy of",
	"put in its place",
	": cannot be used: ",
	"cannot be locked: ",
	": run as its owner, or give another path",
	": it must be on a file system that can be written",
	": make room on the file system",
	": no room for ",
	": no lock can be made: ",
	"cannot be mapped: ",
	": you may not write its lock file, and without that a store in use "
	"cannot be read: have its owner make a copy with pinstore backup "
	"--publish",
};

/* ----------------------------------------------------------------- the runs */

static void
expect(const struct deed *deed, const struct plain *plain,
       enum pinstore_status status, const struct told *told, const char *left,
       const char *where)
{
	if (status == PINSTORE_OK) {
		ck_assert_msg(strcmp(told->text, plain->told.text) == 0,
		              "%s, %s: tells %s and not %s", deed->what, where,
		              told->text, plain->told.text);
		ck_assert_int_eq(told->verdict, plain->told.verdict);
	} else {
		ck_assert_msg(told->verdict == PINSTORE_REJECT &&
		                      told->is_safe,
		              "%s, %s: gives something away", deed->what,
		              where);
		ck_assert_msg(status != PINSTORE_ERR_INTERNAL,
		              "%s, %s: takes it for a defect", deed->what,
		              where);
	}
	/* The journal misses a violation, or tells of missed ones. */
	if (deed_is_lossy(deed) ||
	    strcmp(left, plain->after) == 0)
		return;
	ck_assert_msg(status != PINSTORE_OK && strcmp(left, plain->before) == 0,
	              "%s, %s: leaves\n%sand not\n%s", deed->what, where, left,
	              plain->before);
}

/* The n-th call of that kind fails, n = 1, 2, ..., until there is none. */
static long
fail_each(const struct deed *deed, const struct plain *plain, enum call call,
          size_t error)
{
	bool has_failed;
	long n;

	for (n = 1; n < RUNS_MAX; n++) {
		struct told told = {.is_safe = true};
		enum pinstore_status status;
		char *left, where[80];

		deed_begin(deed);
		fault_arm(0, (int)call, errors[error].code, n);
		memset(&deed_error, 0, sizeof(deed_error));
		status = deed->run(&told);
		has_failed = fault_disarm();
		heard_listen(deed_error.text);
		(void)snprintf(where, sizeof(where), "%s %ld is %s",
		               call_names[call], n, errors[error].name);
		left = deed_end(deed);
		if (!has_failed)
			ck_assert_int_eq(status, PINSTORE_OK);
		expect(deed, plain, status, &told, left, where);
		if (deed->on_nothing || strcmp(left, plain->before) != 0)
			deed_restore(deed->on_nothing);
		free(left);
		if (!has_failed)
			break;
	}
	ck_assert_int_lt(n, RUNS_MAX);
	return n - 1;
}

static void
fail_all(const struct deed *deed)
{
	struct plain plain = deed_plainly(deed);
	int fds = deed_descriptors();
	long n = 0;
	int call;
	size_t i;

	for (call = 0; call < N_CALLS; call++)
		for (i = 0; i < COUNT(errors); i++)
			if (has_turn(call, i))
				n += fail_each(deed, &plain, (enum call)call,
				               i);
	printf("%s: %ld failures\n", deed->what, n);
	ck_assert_int_eq(deed_descriptors(), fds);
	plain_free(&plain);
}

START_TEST(every_call)
{
	fail_all(&deeds[_i]);
}
END_TEST

/* Ways to name a store in the directory that is the current one. */
static const struct {
	const char *path;
	bool on_nothing;
} ways[] = {
	{"store", false},      /* from the current directory */
	{"store/.", false},    /* what ends in dots has to be resolved */
	{"store", true},       /* to be made */
	{"new/er/store", true} /* with what is above it */
};

static size_t way;

static enum pinstore_status
open_the_way(struct told *told)
{
	struct tempdir there = fixture_dir;
	enum pinstore_status status;

	(void)snprintf(fixture_dir.store, sizeof(fixture_dir.store), "%s",
	               ways[way].path);
	status = deed_open(told);
	fixture_dir = there;
	if (strncmp(ways[way].path, "new", 3) == 0)
		(void)nftw("new", tempdir_unlink, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}

START_TEST(every_call_on_the_way)
{
	const struct deed deed = {.what = ways[_i].path,
	                          .run = open_the_way,
	                          .opens = true,
	                          .on_nothing = ways[_i].on_nothing};

	way = (size_t)_i;
	ck_assert_int_eq(chdir(fixture_dir.path), 0);
	fail_all(&deed);
}
END_TEST

/* Every call has failed somewhere; one of a pair, as the compiler likes. */
START_TEST(none_is_left_out)
{
	int call;

	for (call = 0; call < N_CALLS; call++)
		ck_assert_msg(fault_counts[call] > 0 || call == CALL_pread ||
		                      call == CALL___pread_chk,
		              "%s never failed", call_names[call]);
	ck_assert_int_gt(fault_counts[CALL_pread] +
	                 fault_counts[CALL___pread_chk], 0);
	/* Not all is said where more is left out. */
	if (turn() == STRIDE)
		heard_all();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault_system");
	TCase *tcase = tcase_create("fault_system");

	fault_share_counts();
	heard_begin(words, COUNT(words));
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, deed_setup, deed_teardown);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, every_call, 0, COUNT(deeds));
	tcase_add_loop_test(tcase, every_call_on_the_way, 0, COUNT(ways));
	tcase_add_test(tcase, none_is_left_out);
	return suite_run(suite);
}
