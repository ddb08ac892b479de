/*
 * fault_repair.c - a repair that is killed, or refused something, at each of
 * its steps: the damaged file is kept, and there is never half of a new one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/fsck.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <check.h>
#include <lmdb.h>

#include "tests/support/oom.h"
#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define HOSTS 40
/* More steps than a repair of so many has. */
#define STEPS_MAX 4000

static struct tempdir dir;
static struct image damaged;

/* --------------------------------------------------------------- its calls */

enum call {
	CALL_env_open,
	CALL_txn_begin,
	CALL_put,
	CALL_commit,
	CALL_fstat,
	CALL_fsync,
	CALL_openat,
	CALL_pread,
	CALL_pwrite,
	CALL_renameat,
	CALL_renameat2,
	CALL_unlinkat,
	N_CALLS
};

/* What happens at the countdown's end; by default a call fails. */
static struct {
	long countdown; /* 0: nothing */
	bool is_kill, is_behind;
	enum call call; /* that fails; a kill is at any */
	int code;
	bool has_failed;
} plan;

static bool
is_due(enum call call, bool is_behind)
{
	if (plan.countdown == 0 ||
	    (plan.is_kill ? plan.is_behind != is_behind
	                  : is_behind || plan.call != call) ||
	    --plan.countdown > 0)
		return false;
	if (plan.is_kill)
		(void)raise(SIGKILL);
	plan.has_failed = true;
	return true;
}

#define SYSTEM(type, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		type answer; \
\
		if (is_due(CALL_##name, false)) { \
			errno = plan.code; \
			return -1; \
		} \
		answer = __real_##name arguments; \
		(void)is_due(CALL_##name, true); \
		return answer; \
	}
/* What was written, or named, and is not on the disk yet. */
static bool is_written, is_named;

static size_t
note_write(void)
{
	is_written = true;
	return 0;
}

static unsigned
note_name(void)
{
	kit_must(!is_written);
	is_named = true;
	return 0;
}

SYSTEM(int, fstat, (int fd, struct stat *out), (fd, out))

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	struct stat st;
	int answer;

	if (is_due(CALL_fsync, false)) {
		errno = plan.code;
		return -1;
	}
	if (__real_fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		is_named = false;
	else
		is_written = false;
	answer = __real_fsync(fd);
	(void)is_due(CALL_fsync, true);
	return answer;
}

SYSTEM(ssize_t, pread, (int fd, void *out, size_t len, off_t at),
       (fd, out, len, at))
SYSTEM(ssize_t, pwrite, (int fd, const void *octets, size_t len, off_t at),
       (fd, octets, len + note_write(), at))
SYSTEM(int, renameat, (int from, const char *old, int to, const char *new),
       (from, old, to, new))
SYSTEM(int, renameat2, (int from, const char *old, int to, const char *new,
                        unsigned flags),
       (from, old, to, new, flags + note_name()))
SYSTEM(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))

ssize_t __wrap___pread_chk(int fd, void *out, size_t len, off_t at,
                           size_t room);

ssize_t
__wrap___pread_chk(int fd, void *out, size_t len, off_t at, size_t room)
{
	kit_must(len <= room);
	return __wrap_pread(fd, out, len, at);
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);

int
__wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list args;
	unsigned mode;
	int out;

	va_start(args, flags);
	mode = va_arg(args, unsigned);
	va_end(args);
	if (is_due(CALL_openat, false)) {
		errno = plan.code;
		return -1;
	}
	out = __real_openat(fd, path, flags, mode);
	(void)is_due(CALL_openat, true);
	return out;
}

#define LMDB(name, call, parameters, arguments, undo) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		int answer; \
\
		if (is_due(call, false)) { \
			undo; \
			return plan.code; \
		} \
		answer = __real_##name arguments; \
		(void)is_due(call, true); \
		return answer; \
	}
LMDB(mdb_env_open, CALL_env_open, (MDB_env *env, const char *path,
     unsigned flags, mdb_mode_t mode), (env, path, flags, mode), (void)0)
LMDB(mdb_txn_begin, CALL_txn_begin, (MDB_env *env, MDB_txn *parent,
     unsigned flags, MDB_txn **out), (env, parent, flags, out), (void)0)
LMDB(mdb_txn_commit, CALL_commit, (MDB_txn *txn), (txn), mdb_txn_abort(txn))
LMDB(mdb_put, CALL_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key,
     MDB_val *value, unsigned flags), (txn, dbi, key, value, flags), (void)0)

/* ------------------------------------------------------------ what is there */

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	(void)arg;
	for (n = 0; n < HOSTS && status == PINSTORE_OK; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);

		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

/* The store, damaged: one of the leaves of hosts is lost. */
static void
setup(void)
{
	struct ps_store *store;
	const uint8_t *top;

	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
	ck_status(ps_store_write(store, KIT_NOW, fill_work, NULL, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_compact(store, &kit_error), PINSTORE_OK);
	ps_store_close(store);
	damaged = image_load(dir.store);
	top = image_top(&damaged, "hosts");
	memset(image_page(&damaged, image_node(top, 1).child), 0, IMAGE_PAGE);
}

static void
teardown(void)
{
	free(damaged.at);
	tempdir_remove(&dir);
}

/* Every file of a repair is gone, and the store is damaged again. */
static void
damage(void)
{
	DIR *list = opendir(dir.store);
	const struct dirent *entry;

	kit_must(list != NULL);
	while ((entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, "data.mdb.", 9) == 0)
			kit_must(unlinkat(dirfd(list), entry->d_name, 0) == 0);
	closedir(list);
	image_save(&damaged, dir.store);
}

static bool
is_damaged_file(int dir_fd, const char *name)
{
	static uint8_t octets[1 << 20];
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	kit_must(fd >= 0);
	got = pread(fd, octets, sizeof(octets), 0);
	close(fd);
	return got == (ssize_t)damaged.len &&
	       memcmp(octets, damaged.at, damaged.len) == 0;
}

/* Whether there is a file of that beginning that is, to the octet, the old. */
static bool
has_old(const char *beginning)
{
	DIR *list = opendir(dir.store);
	const struct dirent *entry;
	bool found = false;

	kit_must(list != NULL);
	while ((entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, beginning, strlen(beginning)) == 0)
			found = found ||
			        is_damaged_file(dirfd(list), entry->d_name);
	closedir(list);
	return found;
}

/* Whether the store itself is. */
static bool
is_old(void)
{
	int fd = open(dir.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_so;

	kit_must(fd >= 0);
	is_so = is_damaged_file(fd, "data.mdb");
	close(fd);
	return is_so;
}

static enum pinstore_status
fsck(bool repair, struct ps_audit_totals *totals)
{
	struct ps_fsck_want want = {
		.path = dir.store,
		.lock_limit_ms = KIT_LIMIT_MS,
		.repair = repair,
	};
	struct ps_repair_totals repaired;

	return ps_fsck_run(&want, totals, &repaired, &kit_error);
}

/* Each host is there or refused; how many are. */
static unsigned
ask_all(void)
{
	struct ps_store *store = kit_open(dir.store);
	unsigned n, right = 0;

	for (n = 0; n < HOSTS; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;
		enum pinstore_status status =
		        ps_store_get(store, &host, &entry, &kit_error);

		ck_assert(status == PINSTORE_OK ||
		          status == PINSTORE_ERR_DAMAGED);
		right += status == PINSTORE_OK;
	}
	ps_store_close(store);
	ck_assert_uint_lt(right, HOSTS);
	return right;
}

/* Either as it was, or whole; and then it can be repaired. */
static void
expect_old_or_whole(long n)
{
	struct ps_audit_totals totals;
	unsigned right;

	ck_assert_msg(has_old("data.mdb"), "step %ld: the old file is lost", n);
	if (!is_old()) {
		ck_status(fsck(false, &totals), PINSTORE_OK);
		ck_assert_uint_eq(totals.walk.flaws, 0);
	}
	ck_status(fsck(true, &totals), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	/* What could not be read once is lost too. */
	ck_assert_uint_ge(totals.gaps, 1);
	right = ask_all();
	if (plan.call != CALL_pread) {
		ck_assert_uint_eq(totals.gaps, 1);
		ck_assert_uint_gt(right, 0);
	}
	ck_assert(has_old("data.mdb.damaged"));
	ck_assert(!kit_has_scrap(dir.store));
}

/* ---------------------------------------------------------------- the tests */

/* Before each of its calls, and behind each. */
START_TEST(killed_at_every_step)
{
	const long stride = suite_stride(30);
	unsigned scraps = 0;
	long n;

	for (n = 1; n < STEPS_MAX; n += stride) {
		struct ps_audit_totals totals;
		int state = 0;
		pid_t pid;

		damage();
		pid = kit_fork();
		if (pid == 0) {
			plan.is_kill = true;
			plan.is_behind = _i == 1;
			plan.countdown = n;
			kit_must(fsck(true, &totals) == PINSTORE_OK);
			_exit(0);
		}
		ck_assert_int_eq(waitpid(pid, &state, 0), pid);
		if (WIFEXITED(state)) {
			ck_assert_int_eq(state, 0);
			break;
		}
		ck_assert_int_eq(WTERMSIG(state), SIGKILL);
		scraps += kit_has_scrap(dir.store);
		expect_old_or_whole(n);
	}
	printf("killed at %ld steps, %u scraps\n", n - 1, scraps);
	ck_assert_int_gt(n, 100);
	ck_assert_int_lt(n, STEPS_MAX);
	ck_assert_uint_gt(scraps, 10 / (unsigned)stride);
}
END_TEST

/* The file before it has its name, and that before it is told. */
START_TEST(all_is_on_the_disk)
{
	struct ps_audit_totals totals;

	damage();
	ck_status(fsck(true, &totals), PINSTORE_OK);
	ck_assert(!is_written);
	ck_assert(!is_named);
	ck_assert(has_old("data.mdb.damaged"));
}
END_TEST

static const struct {
	enum call call;
	int code;
	/* Of one failing call at least; OK, where it can do without. */
	enum pinstore_status status;
} faults[] = {
	{CALL_env_open, EIO, PINSTORE_ERR_IO},
	{CALL_env_open, EMFILE, PINSTORE_ERR_IO},
	{CALL_txn_begin, MDB_PANIC, PINSTORE_ERR_IO},
	{CALL_put, MDB_MAP_FULL, PINSTORE_ERR_FULL},
	{CALL_put, MDB_TXN_FULL, PINSTORE_ERR_FULL},
	{CALL_commit, ENOSPC, PINSTORE_ERR_FULL},
	{CALL_commit, EDQUOT, PINSTORE_ERR_FULL},
	{CALL_commit, EIO, PINSTORE_ERR_IO},
	{CALL_fstat, EIO, PINSTORE_ERR_IO},
	{CALL_fsync, EIO, PINSTORE_ERR_IO},
	{CALL_fsync, ENOSPC, PINSTORE_ERR_FULL},
	{CALL_openat, EMFILE, PINSTORE_ERR_IO},
	{CALL_openat, EACCES, PINSTORE_ERR_ACCESS},
	{CALL_openat, ENOSPC, PINSTORE_ERR_FULL},
	{CALL_pread, EIO, PINSTORE_ERR_IO},
	{CALL_pwrite, ENOSPC, PINSTORE_ERR_FULL},
	{CALL_pwrite, EIO, PINSTORE_ERR_IO},
	{CALL_renameat, EROFS, PINSTORE_ERR_ACCESS},
	{CALL_renameat, ENOSPC, PINSTORE_ERR_FULL},
	/* a file system that cannot exchange two names */
	{CALL_renameat2, EINVAL, PINSTORE_ERR_IO},
	{CALL_renameat2, ENOSYS, PINSTORE_ERR_IO},
	{CALL_renameat2, ENOSPC, PINSTORE_ERR_FULL},
	{CALL_unlinkat, EIO, PINSTORE_OK},
};

/* What was wrong is told, and the store is as it was, or repaired. */
static bool
is_told(enum pinstore_status status)
{
	return status == PINSTORE_ERR_NOMEM || status == PINSTORE_ERR_IO ||
	       status == PINSTORE_ERR_FULL || status == PINSTORE_ERR_ACCESS ||
	       status == PINSTORE_ERR_DAMAGED;
}

START_TEST(each_call_fails_once)
{
	const long stride = suite_stride(14);
	bool is_as_listed = faults[_i].status == PINSTORE_OK;
	long n;

	for (n = 1; n < STEPS_MAX; n += stride) {
		struct ps_audit_totals totals;
		enum pinstore_status status;
		char told[sizeof(kit_error.text)];

		damage();
		memset(&plan, 0, sizeof(plan));
		plan.call = faults[_i].call;
		plan.code = faults[_i].code;
		plan.countdown = n;
		status = fsck(true, &totals);
		plan.countdown = 0;
		(void)snprintf(told, sizeof(told), "%s", kit_error.text);
		if (!plan.has_failed) {
			ck_status(status, PINSTORE_OK);
			break;
		}
		ck_assert(status == PINSTORE_OK || is_told(status));
		if (status != PINSTORE_OK) {
			is_as_listed |= status == faults[_i].status;
			ck_assert_msg(strstr(told, dir.store) != NULL ||
			                      status == PINSTORE_ERR_NOMEM,
			              "step %ld: %s", n, told);
			ck_assert(!kit_has_scrap(dir.store));
			/* The way out. */
			ck_assert(plan.call != CALL_renameat2 ||
			          status != PINSTORE_ERR_IO ||
			          strstr(told, "repair it there") != NULL);
		}
		expect_old_or_whole(n);
	}
	ck_assert_int_gt(n, 1);
	ck_assert_int_lt(n, STEPS_MAX);
	ck_assert(is_as_listed);
}
END_TEST

START_TEST(memory_runs_out)
{
	const long stride = suite_stride(14);
	long n;

	for (n = 1; n < OOM_RUNS_MAX; n += stride) {
		struct ps_audit_totals totals;
		enum pinstore_status status;
		bool has_failed;

		damage();
		oom_track();
		oom_arm(n);
		status = fsck(true, &totals);
		has_failed = oom_disarm();
		ck_assert_msg(oom_untrack() == 0, "a leak of %ld", n);
		if (!has_failed) {
			ck_status(status, PINSTORE_OK);
			break;
		}
		ck_status(status, PINSTORE_ERR_NOMEM);
		ck_assert(!kit_has_scrap(dir.store));
		expect_old_or_whole(n);
	}
	printf("%ld allocations\n", n - 1);
	ck_assert_int_gt(n, 10);
	ck_assert_int_lt(n, OOM_RUNS_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fault_repair");
	TCase *tcase = tcase_create("fault_repair");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, killed_at_every_step, 0, 2);
	tcase_add_test(tcase, all_is_on_the_disk);
	tcase_add_loop_test(tcase, each_call_fails_once, 0, COUNT(faults));
	tcase_add_test(tcase, memory_runs_out);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
