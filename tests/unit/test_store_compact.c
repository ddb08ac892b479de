/*
 * test_store_compact.c - what was removed is in no octet, and nobody noticed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is removed carries a mark in its name and in its pins, what stays
 * another one: both are looked for in every octet of every file.
 */
#include <config.h>

#include "store/compact.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <check.h>
#include <lmdb.h>

#include "store/store.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define GONE "gonewx"
#define KEPT "staysq"

static struct tempdir dir;
static struct ps_store *store;

static void
setup(void)
{
	/* Without a disk below it, where there is such a place. */
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

/* ----------------------------------------------------------- what is stored */

static struct ps_host
host_of(const char *mark, unsigned n)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "h%u.%s%u.test", n, mark, n);
	return kit_host(name);
}

/* Its number, and the mark in pins, report-uri and note; some are long. */
static struct ps_entry
entry_of(const char *mark, unsigned n)
{
	struct ps_entry entry = kit_entry(n);
	struct ps_section *learned = &entry.section[PINSTORE_LEARNED];
	size_t i;

	learned->pins.n = n % 50 == 7 ? PINSTORE_PINS_MAX : 2;
	for (i = 0; i < learned->pins.n; i++) {
		uint8_t *octets = learned->pins.pin[i].sha256;

		memset(octets, 'p', sizeof(learned->pins.pin[i].sha256));
		memcpy(octets, &n, sizeof(n));
		octets[4] = (uint8_t)i;
		memcpy(octets + 14, mark, strlen(mark));
	}
	if (n % 50 == 7) {
		memset(learned->report_uri, 'u', PINSTORE_URI_MAX);
		memcpy(learned->report_uri, "https://", 8);
		memcpy(learned->report_uri + 20, mark, strlen(mark));
		memcpy(learned->report_uri + PINSTORE_URI_MAX - strlen(mark), mark,
		       strlen(mark));
	}
	return entry;
}

struct deed {
	const char *mark;
	unsigned from, to, step;
	bool is_removal;
	bool is_told; /* in the journal too */
};

static enum pinstore_status
deed_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct deed *deed = arg;
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	for (n = deed->from; n < deed->to && status == PINSTORE_OK;
	     n += deed->step) {
		struct ps_host host = host_of(deed->mark, n);
		struct ps_entry entry;
		struct ps_event event = {
			.kind = PS_EVENT_NOTED,
			.at = KIT_NOW,
			.count = 1,
			.host = &host,
		};

		if (deed->is_removal)
			memset(&entry, 0, sizeof(entry));
		else
			entry = entry_of(deed->mark, n);
		status = ps_write_put(write, &host, &entry, error);
		if (status == PINSTORE_OK && deed->is_told)
			status = ps_write_event(write, &event, error);
	}
	return status;
}

static enum pinstore_status
try_deed(const char *mark, unsigned from, unsigned to, bool is_removal)
{
	struct deed deed = {mark, from, to, 1, is_removal, false};

	return ps_store_write(store, KIT_NOW, deed_work, &deed, &kit_error);
}

static void
put_range(const char *mark, unsigned from, unsigned to)
{
	ck_status(try_deed(mark, from, to, false), PINSTORE_OK);
}

static bool
has_in(struct ps_store *in, const char *mark, unsigned n)
{
	struct ps_host host = host_of(mark, n);
	struct ps_entry want = entry_of(mark, n), entry;
	enum pinstore_status status;

	status = ps_store_get(in, &host, &entry, &kit_error);
	kit_must(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND);
	return status == PINSTORE_OK &&
	       ps_pinset_is_equal(&entry.section[PINSTORE_LEARNED].pins,
	                          &want.section[PINSTORE_LEARNED].pins);
}

static bool
has_range(const char *mark, unsigned from, unsigned to)
{
	unsigned n;

	for (n = from; n < to; n++)
		if (!has_in(store, mark, n))
			return false;
	return true;
}

static enum pinstore_status
try_compact(void)
{
	return ps_store_compact(store, &kit_error);
}

/* ---------------------------------------------------------- what files hold */

static bool
file_holds(int dir_fd, const char *name, const char *mark)
{
	struct stat st;
	bool found;
	char *at;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

	kit_must(fd >= 0 && fstat(fd, &st) == 0);
	if (st.st_size == 0) {
		close(fd);
		return false;
	}
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	kit_must(at != MAP_FAILED);
	found = memmem(at, (size_t)st.st_size, mark, strlen(mark)) != NULL;
	munmap(at, (size_t)st.st_size);
	/* No lock of the store's is on a descriptor of another open. */
	close(fd);
	return found;
}

/* In any file of the store; lock.mdb only if nobody here has it open. */
static bool
holds(const char *mark, bool is_open)
{
	DIR *files = opendir(dir.store);
	struct dirent *file;
	bool found = false;

	kit_must(files != NULL);
	while ((file = readdir(files)) != NULL)
		if (file->d_type == DT_REG &&
		    !(is_open && strcmp(file->d_name, "lock.mdb") == 0))
			found |= file_holds(dirfd(files), file->d_name, mark);
	closedir(files);
	return found;
}

static struct stat
data_stat(void)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	ck_assert_int_eq(stat(path, &st), 0);
	return st;
}

/* ------------------------------------------------------------------- octets */

/*
 * R-5-5: whatever became of it, what was removed is in no octet: neither in
 * free pages, nor in gaps, nor as a key that parts two branches.
 */
static const struct {
	const char *what;
	unsigned n;        /* hosts */
	unsigned step;     /* every so many go */
	bool in_pairs;     /* a kept one beside each that goes */
	bool is_told;      /* in the journal */
} amounts[] = {
	{"one of one", 1, 1, false, true},
	{"one beside one", 1, 1, true, true},
	{"a page's worth", 12, 1, true, false},
	{"branches, every second", 1500, 2, true, false},
	{"branches, every third, in the journal", 900, 3, true, true},
	{"branches, all", 1500, 1, true, false},
	{"all there is", 1500, 1, false, false},
};

static void
remove_some(const char *mark, unsigned n, unsigned step)
{
	struct deed deed = {mark, 0, n, step, true, false};

	ck_status(ps_store_write(store, KIT_NOW, deed_work, &deed, &kit_error),
	          PINSTORE_OK);
}

static enum pinstore_status
ask_all(struct ps_write *write, const struct ps_host *host, void *arg,
        bool *is_meant, struct pinstore_error *error)
{
	(void)write;
	(void)error;
	*is_meant = strstr(host->name, arg) != NULL;
	return PINSTORE_OK;
}

static enum pinstore_status
forget_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	return ps_write_forget(write, ask_all, arg, error);
}

START_TEST(no_octet_is_left)
{
	unsigned n = amounts[_i].n, step = amounts[_i].step, i;
	struct deed deed = {GONE, 0, n, step, false, amounts[_i].is_told};
	char mark[] = GONE;

	if (amounts[_i].in_pairs)
		put_range(KEPT, 0, n);
	ck_status(ps_store_write(store, KIT_NOW, deed_work, &deed, &kit_error),
	          PINSTORE_OK);
	ck_assert(holds(GONE, true));
	remove_some(GONE, n, step);
	if (amounts[_i].is_told)
		ck_status(ps_store_write(store, KIT_NOW, forget_work, mark,
		                         &kit_error), PINSTORE_OK);
	ck_assert(holds(GONE, true)); /* a removal alone does not do */
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(!holds(GONE, true));
	ck_assert(!kit_has_scrap(dir.store));
	ck_assert_uint_eq(data_stat().st_mode & 07777, 0600);
	if (amounts[_i].in_pairs) {
		ck_assert(holds(KEPT, true));
		ck_assert(has_range(KEPT, 0, n));
	}
	for (i = 0; i < n; i += step)
		ck_assert(!has_in(store, GONE, i));
	put_range(KEPT, n, n + 5);
	ps_store_close(store);
	store = NULL;
	ck_assert(!holds(GONE, false));
	store = kit_open(dir.store);
	ck_assert(has_range(KEPT, n, n + 5));
}
END_TEST

/* What was replaced is gone as well: other pins, a shorter entry. */
START_TEST(what_was_replaced_is_gone)
{
	struct ps_host host;
	struct kit_work work;
	unsigned n;

	put_range(GONE, 0, 200);
	for (n = 0; n < 200; n++) {
		host = host_of(GONE, n);
		work.host = host;
		work.entry = entry_of(KEPT, n % 50 == 7 ? n + 1 : n);
		ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
		                         &kit_error), PINSTORE_OK);
	}
	/* The name is there, and the mark of its pins with it. */
	ck_assert(holds("pppppppp" GONE, true));
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(holds(GONE, true));
	ck_assert(!holds("pppppppp" GONE, true));
	ck_assert(!holds("uuuuuuuu" GONE, true));
	ck_assert(holds("pppppppp" KEPT, true));
}
END_TEST

/* ---------------------------------------------------------------- structure */

/* Pages that no tree and no list has. */
static long
lost_pages(void)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_envinfo info;
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_stat stat;
	MDB_dbi dbi;
	size_t used = 2;

	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_maxdbs(env, 16), 0);
	ck_assert_int_eq(mdb_env_open(env, dir.store, MDB_RDONLY, 0600), 0);
	ck_assert_int_eq(mdb_env_info(env, &info), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	/* The free list is database 0. */
	ck_assert_int_eq(mdb_cursor_open(txn, 0, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
		used += *(size_t *)value.mv_data;
	mdb_cursor_close(cursor);
	ck_assert_int_eq(mdb_stat(txn, 0, &stat), 0);
	used += stat.ms_branch_pages + stat.ms_leaf_pages +
	        stat.ms_overflow_pages;
	ck_assert_int_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	ck_assert_int_eq(mdb_stat(txn, dbi, &stat), 0);
	used += stat.ms_branch_pages + stat.ms_leaf_pages +
	        stat.ms_overflow_pages;
	ck_assert_int_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		char name[32] = "";
		MDB_dbi table;

		memcpy(name, key.mv_data, key.mv_size);
		ck_assert_int_eq(mdb_dbi_open(txn, name, 0, &table), 0);
		ck_assert_int_eq(mdb_stat(txn, table, &stat), 0);
		used += stat.ms_branch_pages + stat.ms_leaf_pages +
		        stat.ms_overflow_pages;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return (long)(info.me_last_pgno + 1) - (long)used;
}

/* Of a page's head, what a meta page tells. */
struct head {
	uint64_t page;
	uint64_t root;
	uint64_t txn;
};

static struct head
read_head(unsigned page)
{
	struct head head;
	uint8_t octets[152];
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, octets, sizeof(octets), 4096 * page),
	                 sizeof(octets));
	close(fd);
	memcpy(&head.page, octets, 8);
	memcpy(&head.root, octets + 16 + 72 + 40, 8);
	memcpy(&head.txn, octets + 16 + 128, 8);
	return head;
}

/* The numbers of commits go on, on the page that each parity has. */
START_TEST(commits_are_counted_on)
{
	unsigned before = (unsigned)_i, i;
	struct head old[2], new[2];
	pid_t pid;

	for (i = 0; i < 3 + before; i++)
		put_range(KEPT, i, i + 1);
	old[0] = read_head(0);
	old[1] = read_head(1);
	ck_status(try_compact(), PINSTORE_OK);
	for (i = 0; i < 2; i++) {
		new[i] = read_head(i);
		ck_assert_uint_eq(new[i].page, i);
		ck_assert_uint_eq(new[i].txn % 2, i);
		ck_assert_uint_eq(new[i].txn, old[i].txn);
		ck_assert_uint_eq(new[i].root, new[0].root);
	}
	/* The first opener, and one beside another, by either page. */
	put_range(KEPT, 10, 11);
	pid = kit_fork();
	if (pid == 0) {
		ps_store_close(store);
		store = kit_open(dir.store);
		kit_must(has_range(KEPT, 0, 3 + before));
		kit_must(has_range(KEPT, 10, 11));
		kit_must(try_deed(KEPT, 11, 12, false) == PINSTORE_OK);
		_exit(0);
	}
	kit_join(pid);
	put_range(KEPT, 12, 13);
	ck_assert(has_range(KEPT, 10, 13));
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(has_range(KEPT, 0, 3 + before));
	ck_assert(has_range(KEPT, 10, 13));
}
END_TEST

/*
 * A copy takes several commits of its own, of which there must not be more
 * than the store had; and every page of it can be used again.
 */
START_TEST(many_records_in_few_commits)
{
	unsigned round;

	for (round = 0; round < 1 + (unsigned)_i * 4; round++)
		put_range(KEPT, 0, 21000);
	ck_status(try_compact(), PINSTORE_OK);
	ps_store_close(store);
	ck_assert_int_eq(lost_pages(), 0);
	store = kit_open(dir.store);
	for (round = 0; round < 12; round++) {
		put_range(KEPT, round * 900, round * 900 + 400);
		ck_status(try_deed(KEPT, 12000, 12100, round % 2 == 0),
		          PINSTORE_OK);
	}
	ps_store_close(store);
	ck_assert_int_eq(lost_pages(), 0);
	store = kit_open(dir.store);
	ck_assert(has_range(KEPT, 0, 11000));
	ck_assert(has_range(KEPT, 12100, 21000));
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(has_range(KEPT, 12000, 21000));
}
END_TEST

/* -------------------------------------------------------- wrong and refused */

START_TEST(a_store_just_made)
{
	struct stat before = data_stat();

	ck_status(try_compact(), PINSTORE_OK);
	ck_assert_uint_ne(data_stat().st_ino, before.st_ino);
	ps_store_close(store);
	ck_assert_int_eq(lost_pages(), 0);
	store = kit_open(dir.store);
	put_range(KEPT, 0, 1);
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(has_range(KEPT, 0, 1));
}
END_TEST

START_TEST(a_handle_for_reading_is_refused)
{
	struct ps_store_options options = kit_options();
	struct ps_store *reader;
	struct stat before;

	put_range(KEPT, 0, 3);
	before = data_stat();
	options.read_only = true;
	ck_status(ps_store_open(dir.store, &options, &reader, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_compact(reader, &kit_error), PINSTORE_ERR_READONLY);
	ps_store_close(reader);
	ck_assert_uint_eq(data_stat().st_ino, before.st_ino);
}
END_TEST

/* A later pinstore's table would be lost. */
START_TEST(what_is_not_known_is_not_dropped)
{
	struct stat before;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	put_range(KEPT, 0, 3);
	ps_store_close(store);
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_maxdbs(env, 16), 0);
	ck_assert_int_eq(mdb_env_open(env, dir.store, 0, 0600), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_dbi_open(txn, "later", MDB_CREATE, &dbi), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	store = kit_open(dir.store);
	before = data_stat();
	ck_status(try_compact(), PINSTORE_ERR_VERSION);
	ck_assert_uint_eq(data_stat().st_ino, before.st_ino);
	ck_assert(!kit_has_scrap(dir.store));
	put_range(KEPT, 3, 4);
	ck_assert(has_range(KEPT, 0, 4));
}
END_TEST

/* The root of a table has more or fewer records than can be found. */
START_TEST(what_is_lost_is_not_copied)
{
	uint8_t page[4096];
	struct stat before;
	char path[128];
	unsigned n = 0;
	off_t at;
	int fd;

	put_range(KEPT, 0, 3);
	before = data_stat();
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (at = 0; at < before.st_size; at += 4096) {
		uint8_t *name;

		ck_assert_int_eq(pread(fd, page, 4096, at), 4096);
		name = memmem(page, 4096, "hosts", 5);
		if (name == NULL)
			continue;
		/* Behind the name its tree, in it the count. */
		name[5 + 32] = (uint8_t)(name[5 + 32] + (_i == 0 ? 1 : -1));
		ck_assert_int_eq(pwrite(fd, page, 4096, at), 4096);
		n++;
	}
	close(fd);
	ck_assert_uint_gt(n, 0);
	ck_status(try_compact(), PINSTORE_ERR_DAMAGED);
	ck_assert_uint_eq(data_stat().st_ino, before.st_ino);
	ck_assert(!kit_has_scrap(dir.store));
}
END_TEST

static struct kit_pipe begun, end;

static enum pinstore_status
hold_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	(void)write;
	(void)arg;
	(void)error;
	kit_tell(&begun);
	kit_wait(&end);
	return PINSTORE_OK;
}

/* Somebody writes, or opens the store, and does not get ready. */
START_TEST(no_lock_is_waited_for_longer_than_the_limit)
{
	struct ps_store_options options = kit_options();
	struct stat before;
	long since;
	pid_t pid;

	put_range(KEPT, 0, 3);
	before = data_stat();
	ps_store_close(store);
	options.lock_limit_ms = 200;
	ck_status(ps_store_open(dir.store, &options, &store, &kit_error),
	          PINSTORE_OK);
	begun = kit_pipe();
	end = kit_pipe();
	pid = kit_fork();
	if (pid == 0 && _i == 0) {
		kit_must(ps_store_write(store, KIT_NOW, hold_work, NULL,
		                        &kit_error) == PINSTORE_OK);
		_exit(0);
	}
	if (pid == 0) {
		int fd = open(dir.store, O_RDONLY | O_DIRECTORY);

		kit_must(fd >= 0 && flock(fd, LOCK_EX) == 0);
		(void)hold_work(NULL, NULL, NULL);
		_exit(0);
	}
	kit_wait(&begun);
	since = kit_now_ms();
	ck_status(try_compact(), PINSTORE_ERR_BUSY);
	ck_assert_int_lt(kit_now_ms() - since, 5000);
	ck_assert_uint_eq(data_stat().st_ino, before.st_ino);
	ck_assert(!kit_has_scrap(dir.store));
	kit_tell(&end);
	kit_join(pid);
	ck_assert(has_range(KEPT, 0, 3));
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(has_range(KEPT, 0, 3));
}
END_TEST

/* A disk on which there is no room for a copy. */
START_TEST(no_room_leaves_the_store_as_it_is)
{
	pid_t pid;

	put_range(KEPT, 0, 600);
	put_range(GONE, 0, 10);
	ck_status(try_deed(GONE, 0, 10, true), PINSTORE_OK);
	ps_store_close(store);
	store = NULL;
	pid = kit_fork();
	if (pid == 0) {
		struct rlimit limit, narrow;

		(void)signal(SIGXFSZ, SIG_IGN);
		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		kit_must(getrlimit(RLIMIT_FSIZE, &limit) == 0);
		narrow = limit;
		narrow.rlim_cur = 64 << 10;
		kit_must(setrlimit(RLIMIT_FSIZE, &narrow) == 0);
		kit_must(try_compact() == PINSTORE_ERR_FULL);
		kit_must(strstr(kit_error.text, "no room") != NULL);
		kit_must(!kit_has_scrap(dir.store));
		kit_must(holds(GONE, true));
		kit_must(has_range(KEPT, 0, 600));
		kit_must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
		kit_must(try_deed(KEPT, 600, 610, false) == PINSTORE_OK);
		kit_must(try_compact() == PINSTORE_OK);
		kit_must(!holds(GONE, true));
		kit_must(has_range(KEPT, 0, 610));
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
}
END_TEST

/* -------------------------------------------------------------- old handles */

/* Who has the file of before sees and writes what is there now. */
static const struct {
	const char *what;
	bool reads_first; /* with a reader kept at hand */
	bool is_written;  /* by another process, to the new file */
	unsigned times;   /* that it was replaced */
	bool is_child;    /* of the one that opened it */
} holders[] = {
	{"a reader", true, false, 1, false},
	{"a reader, and something new", true, true, 1, false},
	{"the same, not used before", false, true, 1, false},
	{"replaced again and again", true, true, 5, false},
	{"a child of it", true, true, 1, true},
	{"a child of it, again and again", false, true, 2, true},
};

static void
use_old_handle(int i)
{
	unsigned times = holders[i].times;

	/* T-116: at once, not a second later. */
	if (holders[i].is_written)
		kit_must(has_range(KEPT, 100, 100 + times));
	kit_must(has_range(KEPT, 0, 20));
	kit_must(try_deed(KEPT, 30, 31, false) == PINSTORE_OK);
	kit_must(has_range(KEPT, 30, 31));
}

START_TEST(an_old_handle_is_as_good_as_a_new_one)
{
	unsigned times;
	pid_t pid;

	put_range(KEPT, 0, 20);
	if (holders[_i].reads_first)
		ck_assert(has_range(KEPT, 0, 20));
	pid = kit_fork();
	if (pid == 0) {
		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		for (times = 0; times < holders[_i].times; times++) {
			kit_must(try_compact() == PINSTORE_OK);
			if (!holders[_i].is_written)
				continue;
			kit_must(try_deed(KEPT, 100 + times, 101 + times,
			                  false) == PINSTORE_OK);
		}
		ps_store_close(store);
		_exit(0);
	}
	kit_join(pid);
	if (holders[_i].is_child) {
		pid = kit_fork();
		if (pid == 0) {
			use_old_handle(_i);
			_exit(0);
		}
		kit_join(pid);
	} else {
		use_old_handle(_i);
	}
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(has_range(KEPT, 0, 20));
	ck_assert(has_range(KEPT, 30, 31));
	if (holders[_i].is_written)
		ck_assert(has_range(KEPT, 100, 100 + holders[_i].times));
}
END_TEST

/* Each time that this process waits for a lock another replaces the file. */
static bool is_overtaken;

int __real_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *until);
int __wrap_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                   const struct timespec *until);

int
__wrap_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                               const struct timespec *until)
{
	if (is_overtaken) {
		kit_tell(&begun);
		kit_wait(&end);
	}
	return __real_pthread_mutex_clocklock(mutex, clock, until);
}

static void
be_overtaker(void)
{
	struct ps_store_options options = kit_options();
	enum pinstore_status status;
	char letter;

	ps_store_close(store);
	options.lock_limit_ms = 100;
	close(begun.fd[1]);
	while (read(begun.fd[0], &letter, 1) == 1) {
		kit_must(ps_store_open(dir.store, &options, &store,
		                       &kit_error) == PINSTORE_OK ||
		         kit_error.status == PINSTORE_ERR_BUSY);
		status = store == NULL ? PINSTORE_ERR_BUSY : try_compact();
		/* Who holds the gate already is not overtaken. */
		kit_must(status == PINSTORE_OK || status == PINSTORE_ERR_BUSY);
		ps_store_close(store);
		store = NULL;
		kit_tell(&end);
	}
	_exit(0);
}

START_TEST(a_writer_is_not_overtaken_for_ever)
{
	enum pinstore_status status;
	unsigned n;
	pid_t pid;

	put_range(KEPT, 0, 20);
	begun = kit_pipe();
	end = kit_pipe();
	pid = kit_fork();
	if (pid == 0)
		be_overtaker();
	is_overtaken = true;
	for (n = 20; n < 24; n++) {
		ck_assert(has_range(KEPT, 0, n));
		status = try_deed(KEPT, n, n + 1, false);
		ck_status(status, PINSTORE_OK);
	}
	is_overtaken = false;
	close(begun.fd[1]);
	kit_join(pid);
	ck_assert(has_range(KEPT, 0, 24));
}
END_TEST

/* A snapshot under way stays what it is, to its end. */
struct snapshot {
	bool was_kept;
	enum pinstore_status status;
};

static bool
snapshot_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	const struct pinstore_pin *pins = view->section[PINSTORE_LEARNED].pins;
	struct pinstore_pin before[2];

	(void)key_len;
	memcpy(before, pins, sizeof(before));
	kit_tell(&begun);
	kit_wait(&end);
	*(bool *)arg = memcmp(before, pins, sizeof(before)) == 0;
	return false;
}

static void *
snapshot_thread(void *arg)
{
	struct snapshot *snapshot = arg;
	struct ps_host host = host_of(GONE, 1);
	struct pinstore_error error;

	snapshot->status = ps_store_climb(store, &host, NULL, snapshot_step,
	                                  &snapshot->was_kept, &error);
	return NULL;
}

START_TEST(a_snapshot_outlives_its_file)
{
	struct snapshot snapshot = {false, PINSTORE_ERR_IO};
	pthread_t thread;

	put_range(GONE, 0, 3);
	begun = kit_pipe();
	end = kit_pipe();
	ck_assert_int_eq(pthread_create(&thread, NULL, snapshot_thread,
	                                &snapshot), 0);
	kit_wait(&begun);
	ck_status(try_deed(GONE, 0, 3, true), PINSTORE_OK);
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(!holds(GONE, true));
	kit_tell(&end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_status(snapshot.status, PINSTORE_OK);
	ck_assert(snapshot.was_kept);
	ck_assert(!has_in(store, GONE, 1));
}
END_TEST

/* -------------------------------------------------------------------- crowd */

#define WRITERS 2
#define FIXED 60

/* In memory that all processes share. */
struct crowd {
	atomic_bool is_over;
	atomic_uint acked[WRITERS];
	atomic_uint reads, opens;
};

static struct crowd *crowd;

/* The numbers of writer w: a hundred thousand apart. */
static unsigned
base_of(unsigned w)
{
	return 100000 * (w + 1);
}

/* What was acknowledged before the question is there. */
static void
read_all(struct ps_store *in)
{
	unsigned n = atomic_fetch_add(&crowd->reads, 1), w;

	kit_must(has_in(in, KEPT, n % FIXED));
	for (w = 0; w < WRITERS; w++) {
		unsigned acked = atomic_load(&crowd->acked[w]);

		if (acked == 0)
			continue;
		kit_must(has_in(in, KEPT, base_of(w) + acked - 1));
		kit_must(has_in(in, KEPT, base_of(w) + n % acked));
	}
}

static struct ps_store *
open_patiently(void)
{
	struct ps_store_options options = kit_options();
	struct ps_store *own = NULL;

	options.lock_limit_ms = 60000;
	kit_must(ps_store_open(dir.store, &options, &own, &kit_error) ==
	         PINSTORE_OK);
	return own;
}

static void
be_writer(unsigned w)
{
	struct ps_store *own = open_patiently();

	while (!crowd->is_over) {
		unsigned n = base_of(w) + atomic_load(&crowd->acked[w]);
		struct kit_work work = {host_of(KEPT, n), entry_of(KEPT, n)};

		kit_must(ps_store_write(own, KIT_NOW, kit_put_work, &work,
		                        &kit_error) == PINSTORE_OK);
		(void)atomic_fetch_add(&crowd->acked[w], 1);
	}
	ps_store_close(own);
}

static void
be_reader(void)
{
	struct ps_store *own = open_patiently();

	while (!crowd->is_over)
		read_all(own);
	ps_store_close(own);
}

static void
be_opener(void)
{
	while (!crowd->is_over) {
		struct ps_store *own = open_patiently();

		read_all(own);
		ps_store_close(own);
		(void)atomic_fetch_add(&crowd->opens, 1);
	}
}

/* One that uses it, then its children. */
static void
be_parent(void)
{
	struct ps_store *own = open_patiently();

	while (!crowd->is_over) {
		pid_t pid;

		read_all(own);
		pid = fork();
		kit_must(pid >= 0);
		if (pid == 0) {
			read_all(own);
			ps_store_close(own);
			_exit(0);
		}
		kit_must(waitpid(pid, NULL, 0) == pid);
	}
	ps_store_close(own);
}

static pid_t
start(unsigned i)
{
	pid_t pid = kit_fork();

	if (pid != 0)
		return pid;
	if (i < WRITERS)
		be_writer(i);
	else if (i == WRITERS)
		be_reader();
	else if (i == WRITERS + 1)
		be_opener();
	else
		be_parent();
	_exit(0);
}

/* design.md 7: nobody gets a wrong "not found" or loses a write. */
START_TEST(a_crowd_does_not_notice)
{
	const unsigned rounds = 80 / suite_stride(8);
	pid_t pids[WRITERS + 3];
	unsigned i, w;

	put_range(KEPT, 0, FIXED);
	ps_store_close(store);
	store = NULL;
	crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(crowd != MAP_FAILED);
	for (i = 0; i < WRITERS + 3; i++)
		pids[i] = start(i);
	store = open_patiently();
	for (i = 0; i < rounds; i++) {
		put_range(GONE, i, i + 1);
		read_all(store);
		ck_status(try_deed(GONE, i, i + 1, true), PINSTORE_OK);
		ck_status(try_compact(), PINSTORE_OK);
		ck_assert(!holds(GONE, true));
		read_all(store);
	}
	crowd->is_over = true;
	for (i = 0; i < WRITERS + 3; i++)
		kit_join(pids[i]);
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(has_range(KEPT, 0, FIXED));
	for (w = 0; w < WRITERS; w++) {
		printf("writer %u: %u\n", w, crowd->acked[w]);
		ck_assert_uint_gt(crowd->acked[w], 0);
		ck_assert(has_range(KEPT, base_of(w),
		                    base_of(w) + crowd->acked[w]));
	}
	printf("reads %u, opens %u\n", crowd->reads, crowd->opens);
	munmap(crowd, sizeof(*crowd));
}
END_TEST

static void *
reader_thread(void *arg)
{
	(void)arg;
	while (!crowd->is_over)
		read_all(store);
	return NULL;
}

static void *
writer_thread(void *arg)
{
	unsigned w = *(unsigned *)arg;
	struct pinstore_error error;

	while (!crowd->is_over) {
		unsigned n = base_of(w) + atomic_load(&crowd->acked[w]);
		struct kit_work work = {host_of(KEPT, n), entry_of(KEPT, n)};

		kit_must(ps_store_write(store, KIT_NOW, kit_put_work, &work,
		                        &error) == PINSTORE_OK);
		(void)atomic_fetch_add(&crowd->acked[w], 1);
	}
	return NULL;
}

/* The same among the threads of one handle, which two of them compact. */
START_TEST(threads_do_not_notice)
{
	static unsigned numbers[WRITERS] = {0, 1};
	const unsigned rounds = 40 / suite_stride(8);
	struct pinstore_error error;
	pthread_t threads[WRITERS + 2];
	static struct crowd mine;
	unsigned i;

	put_range(KEPT, 0, FIXED);
	ps_store_close(store);
	store = open_patiently();
	crowd = &mine;
	for (i = 0; i < WRITERS + 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		                                i < WRITERS ? writer_thread
		                                            : reader_thread,
		                                i < WRITERS ? &numbers[i]
		                                            : NULL), 0);
	for (i = 0; i < rounds; i++) {
		kit_must(ps_store_compact(store, &error) == PINSTORE_OK);
		read_all(store);
	}
	mine.is_over = true;
	for (i = 0; i < WRITERS + 2; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (i = 0; i < WRITERS; i++) {
		ck_assert_uint_gt(mine.acked[i], 0);
		ck_assert(has_range(KEPT, base_of(i),
		                    base_of(i) + mine.acked[i]));
	}
}
END_TEST

/* -------------------------------------------------------------------- kills */

/* The calls that a compaction makes, counted; one of them ends the process. */
static long countdown;
static bool dies_behind;

static void
maybe_die(bool is_behind)
{
	if (is_behind == dies_behind && countdown > 0 && --countdown == 0)
		(void)raise(SIGKILL);
}

#define DYING(type, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		type answer; \
\
		maybe_die(false); \
		answer = __real_##name arguments; \
		maybe_die(true); \
		return answer; \
	}
DYING(int, flock, (int fd, int what), (fd, what))
DYING(int, fsync, (int fd), (fd))
DYING(ssize_t, pwrite, (int fd, const void *octets, size_t len, off_t at),
      (fd, octets, len, at))
DYING(int, renameat, (int from, const char *old, int to, const char *new),
      (from, old, to, new))
DYING(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
DYING(int, mdb_env_open, (MDB_env *env, const char *path, unsigned flags,
                          mdb_mode_t mode), (env, path, flags, mode))
DYING(int, mdb_txn_begin, (MDB_env *env, MDB_txn *parent, unsigned flags,
                           MDB_txn **out), (env, parent, flags, out))
DYING(int, mdb_txn_commit, (MDB_txn *txn), (txn))
DYING(int, mdb_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value,
                     unsigned flags), (txn, dbi, key, value, flags))

static bool is_removed;

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
	if (is_removed && strcmp(path, "data.mdb.new") == 0 &&
	    (flags & O_CREAT) == 0)
		(void)__real_unlinkat(fd, path, 0);
	maybe_die(false);
	out = __real_openat(fd, path, flags, mode);
	maybe_die(true);
	return out;
}

/* Somebody removes the copy, whatever for. */
START_TEST(a_copy_that_vanishes_is_not_used)
{
	struct stat before;

	put_range(KEPT, 0, 3);
	before = data_stat();
	is_removed = true;
	ck_status(try_compact(), PINSTORE_ERR_BUSY);
	is_removed = false;
	ck_assert_uint_eq(data_stat().st_ino, before.st_ino);
	ck_assert(has_range(KEPT, 0, 3));
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(has_range(KEPT, 0, 3));
}
END_TEST

/* Compact in a child that dies at its n-th call; false if it has not. */
static bool
die_at(long n)
{
	int state = 0;
	pid_t pid = kit_fork();

	if (pid == 0) {
		ps_store_close(store);
		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		countdown = n;
		kit_must(try_compact() == PINSTORE_OK);
		countdown = 0;
		ps_store_close(store);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	if (WIFSIGNALED(state)) {
		ck_assert_int_eq(WTERMSIG(state), SIGKILL);
		return true;
	}
	ck_assert_int_eq(state, 0);
	return false;
}

/* T-125: whenever it is killed, with and without others that use the store. */
START_TEST(killed_at_every_step)
{
	const long stride = suite_stride(14);
	bool is_held = _i / 2 == 1;
	unsigned scraps = 0, acked = 0;
	long n;

	dies_behind = _i % 2 == 1;
	put_range(KEPT, 0, 30);
	kit_put(store, "acked.test", acked);
	for (n = 1;; n += stride) {
		bool died;

		put_range(GONE, 0, 1);
		ck_status(try_deed(GONE, 0, 1, true), PINSTORE_OK);
		if (!is_held) {
			ps_store_close(store);
			store = NULL;
		}
		died = die_at(n);
		scraps += kit_has_scrap(dir.store);
		if (!is_held) {
			store = kit_open(dir.store);
			/* The first opener cleans. */
			ck_assert(!kit_has_scrap(dir.store));
		}
		ck_assert(has_range(KEPT, 0, 30));
		ck_assert(kit_has(store, "acked.test", acked));
		kit_put(store, "acked.test", ++acked);
		if (!died)
			break;
		ck_assert_int_lt(n, 500);
	}
	ck_assert_int_gt(n, 40);
	ck_assert_uint_gt(scraps, 10 / (unsigned)stride);
	ck_assert(!kit_has_scrap(dir.store));
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(!holds(GONE, true));
	ck_assert(has_range(KEPT, 0, 30));
	ck_assert(kit_has(store, "acked.test", acked));
}
END_TEST

/* What it has left when it was killed is gone with the next one. */
START_TEST(a_scrap_does_not_outlive_the_next)
{
	put_range(GONE, 0, 30);
	ck_assert(die_at(20));
	ck_assert(kit_has_scrap(dir.store));
	ck_status(try_deed(GONE, 0, 30, true), PINSTORE_OK);
	ck_status(try_compact(), PINSTORE_OK);
	ck_assert(!kit_has_scrap(dir.store));
	ck_assert(!holds(GONE, true));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_compact");
	TCase *tcase = tcase_create("compact");
	TCase *threads = tcase_create("threads");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, no_octet_is_left, 0, COUNT(amounts));
	tcase_add_test(tcase, what_was_replaced_is_gone);
	tcase_add_loop_test(tcase, commits_are_counted_on, 0, 4);
	/* Fewer than take memcheck a minute are copied in one commit. */
	if (!suite_is_under_memcheck())
		tcase_add_loop_test(tcase, many_records_in_few_commits, 0, 2);
	tcase_add_test(tcase, a_store_just_made);
	tcase_add_test(tcase, a_handle_for_reading_is_refused);
	tcase_add_test(tcase, what_is_not_known_is_not_dropped);
	tcase_add_loop_test(tcase, what_is_lost_is_not_copied, 0, 2);
	tcase_add_loop_test(tcase, no_lock_is_waited_for_longer_than_the_limit,
	                    0, 2);
	tcase_add_test(tcase, no_room_leaves_the_store_as_it_is);
	tcase_add_loop_test(tcase, an_old_handle_is_as_good_as_a_new_one, 0,
	                    COUNT(holders));
	tcase_add_test(tcase, a_writer_is_not_overtaken_for_ever);
	tcase_add_test(tcase, a_crowd_does_not_notice);
	tcase_add_test(tcase, a_copy_that_vanishes_is_not_used);
	tcase_add_loop_test(tcase, killed_at_every_step, 0, 4);
	tcase_add_test(tcase, a_scrap_does_not_outlive_the_next);
	suite_add_tcase(suite, tcase);
	suite_tag_threads(threads);
	tcase_set_timeout(threads, 240);
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_add_test(threads, a_snapshot_outlives_its_file);
	tcase_add_test(threads, threads_do_not_notice);
	suite_add_tcase(suite, threads);
	return suite_run(suite);
}
