/*
 * test_store_restore.c - a backup takes the place of a store in use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <check.h>

#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define HOSTS 300 /* in the store and in the backup */

static struct tempdir dir;
static char backup[128];

static void
setup(void)
{
	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	(void)snprintf(backup, sizeof(backup), "%s/backup", dir.path);
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

struct range {
	unsigned from, to;
};

static enum pinstore_status
put_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct range *range = arg;
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	for (n = range->from; n < range->to && status == PINSTORE_OK; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);

		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static void
put_range(struct ps_store *store, unsigned from, unsigned to)
{
	struct range range = {from, to};

	ck_status(ps_store_write(store, KIT_NOW, put_work, &range, &kit_error),
	          PINSTORE_OK);
}

static enum pinstore_status
back_up(const char *path, bool may_replace)
{
	struct ps_store *store = kit_open(path);
	enum pinstore_status status;
	uint64_t hosts;

	status = ps_store_backup(store, backup, PS_COPY_BACKUP, may_replace,
	                         NULL, &hosts, &kit_error);
	ps_store_close(store);
	return status;
}

static enum pinstore_status
restore(const char *path, uint64_t *hosts)
{
	struct ps_store_options options = kit_options();

	return ps_store_restore(path, backup, &options, KIT_NOW, NULL, hosts,
	                        &kit_error);
}

static bool
has(struct ps_store *store, unsigned n)
{
	struct ps_host host = kit_numbered(n);

	return kit_has(store, host.name, n);
}

/* Those of the backup, and then some. */
static void
make_both(void)
{
	struct ps_store *store = kit_open(dir.store);

	put_range(store, 0, HOSTS);
	ck_status(back_up(dir.store, false), PINSTORE_OK);
	put_range(store, HOSTS, 2 * HOSTS);
	ps_store_close(store);
}

/* It is as it was, can be written, and its clock does not go back. */
START_TEST(as_it_was)
{
	struct ps_store *store;
	uint64_t hosts = 0;
	int64_t before, after;

	make_both();
	store = kit_open(dir.store);
	ck_status(ps_store_write(store, KIT_NOW + 1000, put_work,
	                         &(struct range){5, 6}, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_write(store, KIT_NOW + 1000, put_work,
	                         &(struct range){900, 901}, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_high_water(store, &before, &kit_error), PINSTORE_OK);
	ck_status(restore(dir.store, &hosts), PINSTORE_OK);
	ck_assert_uint_eq(hosts, HOSTS);
	ck_assert(has(store, 0) && has(store, HOSTS - 1));
	kit_nap(1100);
	ck_assert(!has(store, HOSTS) && !has(store, 900));
	ck_status(ps_store_high_water(store, &after, &kit_error), PINSTORE_OK);
	ck_assert_int_eq(after, before);
	put_range(store, HOSTS, HOSTS + 1);
	ck_assert(has(store, HOSTS));
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(has(store, HOSTS) && has(store, 7) && !has(store, HOSTS + 1));
	ps_store_close(store);
	/* The backup is none the worse, and is no store now. */
	store = kit_open(backup);
	ck_assert(has(store, 7) && !has(store, HOSTS));
	ck_status(kit_try_put(store, "x.test", 1), PINSTORE_ERR_READONLY);
	ps_store_close(store);
}
END_TEST

static enum pinstore_status
event_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = kit_host("a.test");
	struct ps_event event = {
		.kind = PS_EVENT_NOTED,
		.layer = PINSTORE_LEARNED,
		.at = KIT_NOW,
		.count = 1,
		.host = &host,
	};

	(void)arg;
	return ps_write_event(write, &event, error);
}

static bool
see_event(uint64_t number, const struct ps_event *event, void *arg)
{
	uint64_t *last = arg;

	(void)event;
	*last = number;
	return true;
}

/* Of an event that is written now. */
static uint64_t
next_number(struct ps_store *store)
{
	uint64_t last = 0;

	ck_status(ps_store_write(store, KIT_NOW, event_work, NULL, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_events(store, 0, see_event, &last, &kit_error),
	          PINSTORE_OK);
	return last;
}

/* No two events ever have had one number. */
START_TEST(the_journal_goes_on)
{
	struct ps_store *store = kit_open(dir.store);
	uint64_t hosts;

	ck_assert_uint_eq(next_number(store), 1);
	ck_status(back_up(dir.store, false), PINSTORE_OK);
	ck_assert_uint_eq(next_number(store), 2);
	ck_assert_uint_eq(next_number(store), 3);
	ck_status(restore(dir.store, &hosts), PINSTORE_OK);
	ck_assert_uint_eq(next_number(store), 4);
	ps_store_close(store);
}
END_TEST

/* A host that was configured and learned: only what was configured. */
START_TEST(published_without_what_was_learned)
{
	struct ps_store *store = kit_open(dir.store);
	struct kit_work work = {kit_host("a.test"), kit_entry(1)};
	struct ps_entry found;
	uint64_t hosts;

	work.entry.section[PINSTORE_CONFIGURED] =
	        work.entry.section[PINSTORE_LEARNED];
	work.entry.section[PINSTORE_CONFIGURED].source = PINSTORE_STATIC;
	work.entry.section[PINSTORE_CONFIGURED].quota_labels = 0;
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
	ck_status(ps_store_backup(store, backup, PS_COPY_PUBLISHED, false, NULL,
	                          &hosts, &kit_error), PINSTORE_OK);
	ps_store_close(store);
	store = kit_open(backup);
	ck_status(kit_get(store, "a.test", &found), PINSTORE_OK);
	ck_assert(found.section[PINSTORE_CONFIGURED].is_present);
	ck_assert(!found.section[PINSTORE_LEARNED].is_present);
	ps_store_close(store);
}
END_TEST

/* Where there is none, and where there is none any more. */
START_TEST(into_nothing)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "gate"};
	struct ps_store *store;
	char path[192];
	uint64_t hosts;
	int fd;

	make_both();
	(void)snprintf(path, sizeof(path), "%s/new/store", dir.path);
	ck_status(restore(path, &hosts), PINSTORE_OK);
	store = kit_open(path);
	ck_assert(has(store, 7) && !has(store, HOSTS));
	ps_store_close(store);
	/* A head that is gone, a file that is gone, a file that is cut. */
	(void)snprintf(path, sizeof(path), "%s/%s", dir.store, names[_i]);
	if (_i == 0) {
		fd = open(path, O_WRONLY);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(pwrite(fd, "spoiled", 7, 16), 7);
		close(fd);
	} else if (_i == 1) {
		(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
		ck_assert_int_eq(unlink(path), 0);
	} else {
		(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
		ck_assert_int_eq(truncate(path, 4096), 0);
	}
	ck_status(kit_try_open(dir.store, &store), PINSTORE_ERR_DAMAGED);
	ck_status(restore(dir.store, &hosts), PINSTORE_OK);
	store = kit_open(dir.store);
	ck_assert(has(store, 7) && !has(store, HOSTS));
	put_range(store, HOSTS, HOSTS + 1);
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(has(store, HOSTS));
	ps_store_close(store);
}
END_TEST

/* ------------------------------------------------------------ what is refused */

static void
spoil_backup(off_t at)
{
	char path[192], octets[64];
	int fd;

	memset(octets, 0x5a, sizeof(octets));
	(void)snprintf(path, sizeof(path), "%s/data.mdb", backup);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, sizeof(octets), at),
	                 sizeof(octets));
	close(fd);
}

/* Damage anywhere in the backup leaves the store as it is. */
START_TEST(damaged_backup)
{
	struct ps_store *store;
	struct stat st;
	char path[192];
	uint64_t hosts;
	enum pinstore_status status;
	off_t at;

	make_both();
	(void)snprintf(path, sizeof(path), "%s/data.mdb", backup);
	ck_assert_int_eq(stat(path, &st), 0);
	for (at = 0; at < st.st_size; at += 5 * 4096) {
		ck_status(back_up(dir.store, true), PINSTORE_OK);
		spoil_backup(at + 1024);
		status = restore(dir.store, &hosts);
		ck_assert(status == PINSTORE_ERR_DAMAGED ||
		          status == PINSTORE_ERR_VERSION ||
		          status == PINSTORE_OK);
		store = kit_open(dir.store);
		ck_assert(has(store, 7));
		/* What was not seen was of a page that nothing stands in. */
		ck_assert(has(store, 2 * HOSTS - 1));
		ps_store_close(store);
	}
}
END_TEST

/* One record is spoiled: the earlier backup is worth more than a new one. */
START_TEST(damage_is_not_backed_up)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_store *store;
	struct ps_host host = kit_numbered(7);
	struct ps_bytes key;
	struct ps_key octets;
	uint64_t hosts;
	struct raw raw;
	size_t len;

	make_both();
	ps_host_key(&host, &octets);
	key.at = octets.octets;
	key.len = octets.len;
	raw = raw_begin(dir.store);
	len = raw_get(&raw, PS_HOSTS, key, record, sizeof(record));
	record[len - 1] ^= 4;
	raw_put(&raw, PS_HOSTS, key, record, len);
	raw_end(&raw);
	ck_status(back_up(dir.store, true), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "pinstore fsck"));
	ck_status(restore(dir.store, &hosts), PINSTORE_OK);
	store = kit_open(dir.store);
	ck_assert(has(store, 7));
	ps_store_close(store);
}
END_TEST

START_TEST(refused)
{
	struct ps_store_options options = kit_options();
	struct ps_store *store;
	uint64_t hosts;
	char path[192];

	make_both();
	(void)snprintf(path, sizeof(path), "%s/none", dir.path);
	ck_status(ps_store_restore(dir.store, path, &options, KIT_NOW, NULL, &hosts,
	                           &kit_error), PINSTORE_ERR_NOTFOUND);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_status(ps_store_restore(dir.store, path, &options, KIT_NOW, NULL, &hosts,
	                           &kit_error), PINSTORE_ERR_NOTFOUND);
	ck_status(ps_store_restore(dir.store, dir.store, &options, KIT_NOW,
	                           NULL, &hosts, &kit_error), PINSTORE_ERR_ARG);
	/* A copy is not written, whatever it is to be restored from. */
	ck_status(ps_store_restore(backup, dir.store, &options, KIT_NOW, NULL, &hosts,
	                           &kit_error), PINSTORE_ERR_READONLY);
	/* A damaged store that somebody has open. */
	store = kit_open(dir.store);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	ck_assert_int_eq(unlink(path), 0);
	ck_status(restore(dir.store, &hosts), PINSTORE_ERR_BUSY);
	ps_store_close(store);
	ck_status(restore(dir.store, &hosts), PINSTORE_OK);
}
END_TEST

/* ---------------------------------------------------------------- others at it */

struct shared {
	atomic_uint is_over;
	atomic_uint reads;
	atomic_uint acked; /* entries from 1000 on */
};

static struct shared *
share(void)
{
	struct shared *out = mmap(NULL, sizeof(*out), PROT_READ | PROT_WRITE,
	                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert(out != MAP_FAILED);
	return out;
}

static void
read_on(struct shared *shared, bool opens_anew)
{
	struct ps_store *store = NULL;
	unsigned n = 0;

	while (!atomic_load(&shared->is_over)) {
		if (store == NULL)
			kit_must(kit_try_open(dir.store, &store) ==
			         PINSTORE_OK);
		kit_must(has(store, n++ % HOSTS));
		atomic_fetch_add(&shared->reads, 1);
		if (opens_anew) {
			ps_store_close(store);
			store = NULL;
		}
	}
	ps_store_close(store);
	_exit(0);
}

static void
write_on(struct shared *shared)
{
	struct ps_store *store = NULL;
	unsigned n = 1000;

	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	for (; !atomic_load(&shared->is_over); n++) {
		struct ps_host host = kit_numbered(n);

		kit_must(kit_try_put(store, host.name, n) == PINSTORE_OK);
		atomic_store(&shared->acked, n + 1);
	}
	ps_store_close(store);
	_exit(0);
}

/*
 * Two readers, one of which opens the store all the time, and a writer: a host
 * that both have is never not found, and what is acknowledged when the last
 * restore is over stays.
 */
START_TEST(in_use)
{
	struct shared *shared = share();
	struct ps_store *store;
	pid_t child[3];
	uint64_t hosts;
	unsigned i, from, to;

	make_both();
	for (i = 0; i < 3; i++) {
		child[i] = kit_fork();
		if (child[i] == 0 && i < 2)
			read_on(shared, i == 1);
		if (child[i] == 0)
			write_on(shared);
	}
	for (i = 0; i < 12; i++) {
		ck_status(restore(dir.store, &hosts), PINSTORE_OK);
		kit_nap(20);
	}
	/* One may be under way. */
	from = atomic_load(&shared->acked) + 1;
	for (i = 0; i < 2000 && atomic_load(&shared->acked) < from + 10; i++)
		kit_nap(10);
	atomic_store(&shared->is_over, 1);
	for (i = 0; i < 3; i++)
		kit_join(child[i]);
	to = atomic_load(&shared->acked);
	ck_assert_uint_gt(atomic_load(&shared->reads), 100);
	ck_assert_uint_gt(to, from);
	store = kit_open(dir.store);
	for (i = from; i < to; i++)
		ck_assert(has(store, i));
	for (i = 0; i < HOSTS; i++)
		ck_assert(has(store, i));
	ps_store_close(store);
}
END_TEST

/* Killed at any moment it leaves the one or the other. */
START_TEST(killed)
{
	unsigned round, n_old = 0, n_new = 0;

	make_both();
	for (round = 0; round < 60; round += suite_stride(9)) {
		struct ps_store *store;
		uint64_t hosts;
		bool is_old;
		pid_t child = kit_fork();
		unsigned i;

		if (child == 0)
			_exit(restore(dir.store, &hosts) == PINSTORE_OK ? 0
			                                                : 1);
		usleep(round * 250);
		(void)kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		store = kit_open(dir.store);
		is_old = has(store, HOSTS);
		for (i = 0; i < HOSTS; i++)
			ck_assert(has(store, i));
		for (i = HOSTS; i < 2 * HOSTS; i++)
			ck_assert(has(store, i) == is_old);
		n_old += is_old;
		n_new += !is_old;
		put_range(store, HOSTS, 2 * HOSTS);
		ps_store_close(store);
	}
	ck_assert_uint_gt(n_old, 0);
	ck_assert_uint_gt(n_new + n_old, 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_restore");
	TCase *tcase = tcase_create("restore");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, as_it_was);
	tcase_add_test(tcase, the_journal_goes_on);
	tcase_add_test(tcase, published_without_what_was_learned);
	tcase_add_loop_test(tcase, into_nothing, 0, 3);
	tcase_add_test(tcase, damaged_backup);
	tcase_add_test(tcase, damage_is_not_backed_up);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, in_use);
	tcase_add_test(tcase, killed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
