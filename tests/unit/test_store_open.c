/*
 * test_store_open.c - which directories are stores, and how new ones are made.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <check.h>

#include "base/octets.h"
#include "store/db.h"
#include "store/meta.h"
#include "store/record.h"
#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define NOBODY 65534
#define PAGE 4096

static struct tempdir dir;

static void
setup(void)
{
	tempdir_make(&dir);
	memset(&kit_error, 0, sizeof(kit_error));
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

static const char *
in_store(const char *name)
{
	static char path[4][192];
	static unsigned turn;
	char *out = path[turn++ % 4];

	(void)snprintf(out, sizeof(path[0]), "%s/%s", dir.store, name);
	return out;
}

static void
make_store(void)
{
	struct ps_store *store = kit_open(dir.store);

	kit_put(store, "a.test", 1);
	ps_store_close(store);
}

static void
write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static void
patch(off_t at, const void *octets, size_t len)
{
	int fd = open(in_store("data.mdb"), O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, len, at), (ssize_t)len);
	close(fd);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* --------------------------------------------------------- what is refused */

static void
a_file(void)
{
	write_file(dir.store, "x", 1);
}

static void
link_to_store(void)
{
	char real[128];

	make_store();
	(void)snprintf(real, sizeof(real), "%s/real", dir.path);
	ck_assert_int_eq(rename(dir.store, real), 0);
	ck_assert_int_eq(symlink(real, dir.store), 0);
}

static void
link_with_slash(void)
{
	link_to_store();
	(void)snprintf(dir.store, sizeof(dir.store), "%s/store//", dir.path);
}

static void
link_to_nothing(void)
{
	ck_assert_int_eq(symlink("nothing", dir.store), 0);
}

static void
a_fifo(void)
{
	ck_assert_int_eq(mkfifo(dir.store, 0600), 0);
}

/* T-111: root alone can make one; another kind of file for others. */
static void
put_device(const char *path)
{
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) != 0)
		ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void
a_device(void)
{
	put_device(dir.store);
}

static void
data_device(void)
{
	make_store();
	ck_assert_int_eq(unlink(in_store("data.mdb")), 0);
	put_device(in_store("data.mdb"));
}

static void
store_0777(void)
{
	make_store();
	ck_assert_int_eq(chmod(dir.store, 0777), 0);
}

static void
store_sticky(void)
{
	make_store();
	ck_assert_int_eq(chmod(dir.store, 01777), 0);
}

static void
store_group(void)
{
	make_store();
	ck_assert_int_eq(chmod(dir.store, 0720), 0);
}

static void
empty_0777(void)
{
	ck_assert_int_eq(mkdir(dir.store, 0700), 0);
	ck_assert_int_eq(chmod(dir.store, 0777), 0);
}

static void
parent_0777(void)
{
	make_store();
	ck_assert_int_eq(chmod(dir.path, 0777), 0);
}

static void
parent_0777_new(void)
{
	ck_assert_int_eq(chmod(dir.path, 0777), 0);
}

static void
data_0666(void)
{
	make_store();
	ck_assert_int_eq(chmod(in_store("data.mdb"), 0666), 0);
}

static void
lock_0620(void)
{
	make_store();
	ck_assert_int_eq(chmod(in_store("lock.mdb"), 0620), 0);
}

static void
gate_0602(void)
{
	make_store();
	ck_assert_int_eq(chmod(in_store("gate"), 0602), 0);
}

static void
data_hard_link(void)
{
	char other[128];

	make_store();
	(void)snprintf(other, sizeof(other), "%s/other", dir.path);
	ck_assert_int_eq(link(in_store("data.mdb"), other), 0);
}

static void
replace_by_link(const char *name)
{
	char victim[128];

	make_store();
	(void)snprintf(victim, sizeof(victim), "%s/victim", dir.path);
	write_file(victim, "victim", 6);
	ck_assert_int_eq(unlink(in_store(name)), 0);
	ck_assert_int_eq(symlink(victim, in_store(name)), 0);
}

static void
data_link(void)
{
	replace_by_link("data.mdb");
}

static void
lock_link(void)
{
	replace_by_link("lock.mdb");
}

static void
gate_link(void)
{
	replace_by_link("gate");
}

static void
data_link_new(void)
{
	ck_assert_int_eq(mkdir(dir.store, 0700), 0);
	ck_assert_int_eq(symlink("../victim", in_store("data.mdb")), 0);
}

static void
replace_by_fifo(const char *name)
{
	make_store();
	ck_assert_int_eq(unlink(in_store(name)), 0);
	ck_assert_int_eq(mkfifo(in_store(name), 0600), 0);
}

static void
data_fifo(void)
{
	replace_by_fifo("data.mdb");
}

static void
lock_fifo(void)
{
	replace_by_fifo("lock.mdb");
}

static void
gate_fifo(void)
{
	replace_by_fifo("gate");
}

static void
data_dir(void)
{
	make_store();
	ck_assert_int_eq(unlink(in_store("data.mdb")), 0);
	ck_assert_int_eq(mkdir(in_store("data.mdb"), 0700), 0);
}

static void
data_lost(void)
{
	make_store();
	ck_assert_int_eq(unlink(in_store("data.mdb")), 0);
}

static void
gate_alone(void)
{
	data_lost();
	ck_assert_int_eq(unlink(in_store("lock.mdb")), 0);
}

static void
not_a_store(void)
{
	ck_assert_int_eq(mkdir(dir.store, 0700), 0);
	write_file(in_store("letter.txt"), "x", 1);
}

static void
cut(off_t len)
{
	make_store();
	ck_assert_int_eq(truncate(in_store("data.mdb"), len), 0);
}

static void
data_empty(void)
{
	cut(0);
}

static void
data_one(void)
{
	cut(1);
}

static void
data_one_meta(void)
{
	cut(PAGE);
}

static void
data_two_meta(void)
{
	cut(2 * PAGE);
}

static void
data_odd(void)
{
	make_store();
	ck_assert_int_eq(truncate(in_store("data.mdb"),
	                          size_of(in_store("data.mdb")) - 1), 0);
}

static void
data_less_a_page(void)
{
	make_store();
	ck_assert_int_eq(truncate(in_store("data.mdb"),
	                          size_of(in_store("data.mdb")) - PAGE), 0);
}

static void
zero(size_t len)
{
	char *octets = calloc(1, len);

	make_store();
	patch(0, octets, len);
	free(octets);
}

static void
zero_first(void)
{
	zero(PAGE);
}

static void
zero_both(void)
{
	zero((size_t)2 * PAGE);
}

static void
zero_all(void)
{
	make_store();
	write_file(in_store("data.mdb"), "", 0);
	ck_assert_int_eq(truncate(in_store("data.mdb"), 16 * PAGE), 0);
}

static void
garbage(void)
{
	char octets[2 * PAGE];

	make_store();
	memset(octets, 0xa5, sizeof(octets));
	patch(0, octets, sizeof(octets));
}

static void
text(void)
{
	char octets[4 * PAGE];

	make_store();
	memset(octets, 'x', sizeof(octets));
	write_file(in_store("data.mdb"), octets, sizeof(octets));
}

static void
other_endian(void)
{
	make_store();
	patch(16, "\xbe\xef\xc0\xde", 4);
}

static void
other_width(void)
{
	make_store();
	patch(12, "\xde\xc0\xef\xbe", 4);
}

static void
other_lmdb(void)
{
	make_store();
	patch(20, "\x02\x00\x00\x00", 4);
}

static void
bad_page_len(void)
{
	make_store();
	patch(40, "\x01\x10\x00\x00", 4);
}

static void
bad_root(void)
{
	uint64_t far = UINT64_C(1) << 40;

	make_store();
	patch(16 + 72 + 40, &far, 8);
	patch(PAGE + 16 + 72 + 40, &far, 8);
}

static void
parent_is_file(void)
{
	a_file();
	(void)snprintf(dir.store, sizeof(dir.store), "%s/store/x/y", dir.path);
}

static const struct {
	void (*prepare)(void);
	enum pinstore_status status;
	const char *words;
} refused[] = {
	/* the directory */
	{a_file, PINSTORE_ERR_ACCESS, "is not a directory"},
	{link_to_store, PINSTORE_ERR_ACCESS, "is a symbolic link"},
	{link_with_slash, PINSTORE_ERR_ACCESS, "is a symbolic link"},
	{link_to_nothing, PINSTORE_ERR_ACCESS, "is a symbolic link"},
	{a_fifo, PINSTORE_ERR_ACCESS, "is not a directory"},
	{store_0777, PINSTORE_ERR_ACCESS, "others may write to it (mode 0777)"},
	{store_sticky, PINSTORE_ERR_ACCESS, "(mode 1777)"},
	{store_group, PINSTORE_ERR_ACCESS, "(mode 0720)"},
	{empty_0777, PINSTORE_ERR_ACCESS, "others may write to it"},
	{parent_0777, PINSTORE_ERR_ACCESS, "parent directory has mode 0777"},
	{parent_0777_new, PINSTORE_ERR_ACCESS, "parent directory has mode"},
	{parent_is_file, PINSTORE_ERR_ACCESS, "Not a directory"},
	/* its files */
	{data_0666, PINSTORE_ERR_ACCESS, "write to data.mdb (mode 0666)"},
	{lock_0620, PINSTORE_ERR_ACCESS, "write to lock.mdb (mode 0620)"},
	{gate_0602, PINSTORE_ERR_ACCESS, "write to gate (mode 0602)"},
	{data_hard_link, PINSTORE_ERR_ACCESS, "data.mdb has 2 links"},
	{data_link, PINSTORE_ERR_ACCESS, "data.mdb is a symbolic link"},
	{lock_link, PINSTORE_ERR_ACCESS, "lock.mdb is a symbolic link"},
	{gate_link, PINSTORE_ERR_ACCESS, "gate is a symbolic link"},
	{data_link_new, PINSTORE_ERR_ACCESS, "data.mdb is a symbolic link"},
	{data_fifo, PINSTORE_ERR_ACCESS, "data.mdb is not a regular file"},
	{lock_fifo, PINSTORE_ERR_ACCESS, "lock.mdb is not a regular file"},
	{gate_fifo, PINSTORE_ERR_ACCESS, "gate is not a regular file"},
	{data_dir, PINSTORE_ERR_ACCESS, "data.mdb is not a regular file"},
	{data_device, PINSTORE_ERR_ACCESS, "data.mdb is not a regular file"},
	{a_device, PINSTORE_ERR_ACCESS, "is not a directory"},
	/* not there, or not a store: never "new" */
	{data_lost, PINSTORE_ERR_DAMAGED, "it has lost data.mdb (lock.mdb is"},
	{gate_alone, PINSTORE_ERR_DAMAGED, "it has lost data.mdb (gate is"},
	{not_a_store, PINSTORE_ERR_DAMAGED, "is not a store"},
	/* cut short */
	{data_empty, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	{data_one, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	{data_one_meta, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	{data_two_meta, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	{data_odd, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	{data_less_a_page, PINSTORE_ERR_DAMAGED, "shorter than it must be"},
	/* overwritten */
	{zero_first, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{zero_both, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{zero_all, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{garbage, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{text, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{bad_page_len, PINSTORE_ERR_DAMAGED, "has no valid head"},
	{bad_root, PINSTORE_ERR_DAMAGED, "names pages that it cannot have"},
	/* of another machine or library */
	{other_endian, PINSTORE_ERR_VERSION, "another architecture"},
	{other_width, PINSTORE_ERR_VERSION, "another architecture"},
	{other_lmdb, PINSTORE_ERR_VERSION, "another version of LMDB"},
};

START_TEST(refuses)
{
	struct ps_store_options options = kit_options();
	struct ps_store *store = NULL;
	long start = kit_now_ms();
	char victim[128];
	int read_only;

	refused[_i].prepare();
	for (read_only = 0; read_only < 2; read_only++) {
		options.read_only = read_only != 0;
		ck_status(ps_store_open(dir.store, &options, &store,
		                        &kit_error), refused[_i].status);
		ck_assert_ptr_null(store);
		ck_assert_int_eq(kit_error.status, refused[_i].status);
		ck_assert_msg(strstr(kit_error.text, refused[_i].words) != NULL,
		              "no \"%s\" in: %s", refused[_i].words,
		              kit_error.text);
		ck_assert_msg(strstr(kit_error.text, dir.path) != NULL,
		              "no path in: %s", kit_error.text);
	}
	ck_assert_int_lt(kit_now_ms() - start, 2000);
	(void)snprintf(victim, sizeof(victim), "%s/victim", dir.path);
	if (access(victim, F_OK) == 0)
		ck_assert_int_eq(size_of(victim), 6);
}
END_TEST

/* Made, written, written anew as a whole, and read again. */
static void
expect_works(const char *path)
{
	struct ps_store *store = kit_open(path);

	kit_put(store, "a.test", 1);
	ck_status(ps_store_compact(store, &kit_error), PINSTORE_OK);
	ps_store_close(store);
	store = kit_open(path);
	ck_assert(kit_has(store, "a.test", 1));
	ps_store_close(store);
}

/* T-110: what the file system cannot hold, before anything is made. */
START_TEST(refuses_paths)
{
	struct ps_store *store = NULL;
	char path[8192], half[96];
	size_t used, len;

	ck_status(kit_try_open("", &store), PINSTORE_ERR_ARG);
	ck_status(kit_try_open("/", &store), PINSTORE_ERR_ACCESS);
	used = (size_t)snprintf(path, sizeof(path), "%s/", dir.path);
	memset(path + used, 'x', 256);
	path[used + 256] = '\0';
	ck_status(kit_try_open(path, &store), PINSTORE_ERR_ACCESS);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "too long"));
	memset(path, '/', sizeof(path));
	for (used = 1; used < 5000; used += 50)
		memset(path + used, 'y', 49);
	path[5000] = '\0';
	ck_status(kit_try_open(path, &store), PINSTORE_ERR_ACCESS);
	/* A name near the limit, which a temporary one behind it would pass. */
	for (len = 240; len <= 250; len += 10) {
		used = (size_t)snprintf(path, sizeof(path), "%s/", dir.path);
		memset(path + used, 'z', len);
		path[used + len] = '\0';
		expect_works(path);
	}
	/* A path as long as one may be; one octet more is refused. */
	used = (size_t)snprintf(path, sizeof(path), "%s", dir.path);
	while (used < PATH_MAX - 1 - 200) {
		memset(path + used, 'w', 150);
		path[used] = '/';
		used += 150;
	}
	memset(path + used, 'v', PATH_MAX - used);
	path[used] = '/';
	path[PATH_MAX] = '\0';
	ck_status(kit_try_open(path, &store), PINSTORE_ERR_ACCESS);
	path[PATH_MAX - 1] = '\0';
	ck_assert_uint_eq(strlen(path), 4095);
	expect_works(path);
	/* What removes all that is here wants shorter ones. */
	*strchr(path + PATH_MAX / 2, '/') = '\0';
	(void)snprintf(half, sizeof(half), "%s/half", dir.path);
	ck_assert_int_eq(rename(path, half), 0);
	/* 255 octets are a name, and the message shows the end of the path. */
	used = (size_t)snprintf(path, sizeof(path), "%s/", dir.path);
	memset(path + used, 'x', 255);
	path[used + 255] = '\0';
	expect_works(path);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_status(kit_try_open(path, &store), PINSTORE_ERR_ACCESS);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "...x"));
	ck_assert_ptr_nonnull(strstr(kit_error.text, "chmod go-w"));
}
END_TEST

/* Run a test's part as another user; what it gets is his own directory. */
static void
as_nobody(void (*part)(void))
{
	pid_t pid;

	if (geteuid() != 0) {
		part();
		return;
	}
	ck_assert_int_eq(chown(dir.path, NOBODY, NOBODY), 0);
	pid = kit_fork();
	if (pid == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(98);
		part();
		_exit(0);
	}
	kit_join(pid);
	ck_assert_int_eq(chown(dir.path, 0, 0), 0);
}

static void
must_refuse(enum pinstore_status status, const char *words)
{
	struct ps_store *store = NULL;

	kit_must(kit_try_open(dir.store, &store) == status);
	kit_must(strstr(kit_error.text, words) != NULL);
}

static void
unwritable_parent(void)
{
	kit_must(chmod(dir.path, 0500) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "cannot be created: Permission");
	kit_must(chmod(dir.path, 0700) == 0);
}

static void
unreadable_store(void)
{
	make_store();
	kit_must(chmod(dir.store, 0) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "Permission denied");
	kit_must(chmod(dir.store, 0700) == 0);
	kit_must(chmod(in_store("data.mdb"), 0) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "data.mdb cannot be used: Permission");
	kit_must(chmod(in_store("data.mdb"), 0400) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "data.mdb cannot be used: Permission");
	kit_must(chmod(in_store("data.mdb"), 0600) == 0);
	kit_must(chmod(in_store("lock.mdb"), 0400) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "pinstore backup --publish");
	kit_must(chmod(in_store("lock.mdb"), 0600) == 0);
	kit_must(chmod(in_store("gate"), 0400) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "pinstore backup --publish");
	kit_must(chmod(in_store("gate"), 0600) == 0);
	kit_must(chmod(in_store("data.mdb"), 0) == 0);
	kit_must(chmod(in_store("lock.mdb"), 0) == 0);
	must_refuse(PINSTORE_ERR_ACCESS, "data.mdb cannot be used: Permission");
}

START_TEST(refuses_what_it_may_not_use)
{
	as_nobody(unwritable_parent);
	as_nobody(unreadable_store);
}
END_TEST

static void
foreign_store(void)
{
	must_refuse(PINSTORE_ERR_ACCESS, "its owner is uid 1, not you");
}

static void
foreign_parent(void)
{
	must_refuse(PINSTORE_ERR_ACCESS, "uid 1 owns its parent");
}

static void
foreign_file(void)
{
	must_refuse(PINSTORE_ERR_ACCESS, "the owner of lock.mdb is uid 1");
}

/* As root and as another user: a store of a third one. */
START_TEST(refuses_foreign_owners)
{
	if (geteuid() != 0)
		return;
	make_store();
	ck_assert_int_eq(chown(in_store("lock.mdb"), 1, 1), 0);
	foreign_file();
	ck_assert_int_eq(chown(in_store("lock.mdb"), 0, 0), 0);
	ck_assert_int_eq(chmod(dir.store, 0755), 0);
	ck_assert_int_eq(chown(dir.store, 1, 1), 0);
	must_refuse(PINSTORE_ERR_ACCESS, "its owner is uid 1, not you (uid 0)");
	as_nobody(foreign_store);
	ck_assert_int_eq(chown(dir.path, 1, 1), 0);
	foreign_parent();
}
END_TEST

/* ---------------------------------------------------------------- creation */

static mode_t
mode_of(const char *path)
{
	struct stat st;

	kit_must(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

static mode_t umask_row;

static void
create_below(void)
{
	char path[192], at[192];
	struct ps_store *store = NULL;

	(void)umask(umask_row);
	(void)snprintf(path, sizeof(path), "%s/x/y/store//", dir.path);
	kit_must(kit_try_open(path, &store) == PINSTORE_OK);
	kit_must(kit_try_put(store, "a.test", 1) == PINSTORE_OK);
	ps_store_close(store);
	(void)snprintf(at, sizeof(at), "%s/x", dir.path);
	kit_must(mode_of(at) == 0700);
	(void)snprintf(at, sizeof(at), "%s/x/y", dir.path);
	kit_must(mode_of(at) == 0700);
	(void)snprintf(at, sizeof(at), "%s/x/y/store", dir.path);
	kit_must(mode_of(at) == 0700);
	(void)snprintf(dir.store, sizeof(dir.store), "%s/x/y/store", dir.path);
	kit_must(mode_of(in_store("data.mdb")) == 0600);
	kit_must(mode_of(in_store("lock.mdb")) == 0600);
	kit_must(mode_of(in_store("gate")) == 0600);
	kit_must(access(in_store(".new"), F_OK) != 0);
	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	kit_must(kit_has(store, "a.test", 1));
	ps_store_close(store);
}

static const mode_t umasks[] = {0000, 0022, 0077, 0777};

START_TEST(creates_0700_and_0600)
{
	mode_t old = umask(0);

	umask_row = umasks[_i];
	as_nobody(create_below);
	(void)umask(old);
	if (geteuid() == 0) {
		tempdir_remove(&dir);
		tempdir_make(&dir);
		create_below();
		(void)umask(old);
	}
}
END_TEST

/* What a creation that was killed may leave. */
START_TEST(takes_up_a_creation_that_was_cut_off)
{
	struct ps_store *store;

	ck_assert_int_eq(mkdir(dir.store, 0700), 0);
	ck_assert_int_eq(mkdir(in_store(".new"), 0700), 0);
	if (_i > 0)
		write_file(in_store(".new/lock.mdb"), "", 0);
	if (_i > 1)
		write_file(in_store(".new/data.mdb"), "short", 5);
	if (_i > 2) {
		/* The data was moved, the lock file was not. */
		ck_assert_int_eq(unlink(in_store(".new/data.mdb")), 0);
		ck_assert_int_eq(unlink(in_store(".new/lock.mdb")), 0);
		ck_assert_int_eq(rmdir(in_store(".new")), 0);
		make_store();
		ck_assert_int_eq(mkdir(in_store(".new"), 0700), 0);
		ck_assert_int_eq(rename(in_store("lock.mdb"),
		                        in_store(".new/lock.mdb")), 0);
		ck_assert_int_eq(unlink(in_store("gate")), 0);
	}
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "a.test", 1) == (_i > 2));
	kit_put(store, "b.test", 2);
	ps_store_close(store);
	ck_assert_int_ne(access(in_store(".new"), F_OK), 0);
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "b.test", 2));
	ps_store_close(store);
}
END_TEST

/* A child takes longer than its parent did where each page is copied. */
static struct timespec
nap_of(unsigned round, long whole_ns)
{
	long ns = whole_ns / 40 * (long)(round < 60 ? round : 60);
	struct timespec nap;

	for (; round > 60 && ns < 8000000000; round--)
		ns *= 2;
	nap.tv_sec = ns / 1000000000;
	nap.tv_nsec = ns % 1000000000;
	return nap;
}

/* Killed anywhere in its creation: the next one finds or makes a store. */
START_TEST(survives_a_kill_while_creating)
{
	long start = kit_now_ms(), whole_ns;
	struct ps_store *store;
	unsigned round, made = 0;

	make_store();
	whole_ns = (kit_now_ms() - start + 1) * 1000000;
	for (round = 0; round < 60 || (made == 0 && round < 70); round++) {
		struct timespec nap = nap_of(round, whole_ns);
		pid_t pid;

		tempdir_remove(&dir);
		tempdir_make(&dir);
		pid = kit_fork();

		if (pid == 0) {
			(void)kit_try_open(dir.store, &store);
			(void)pause();
			_exit(0);
		}
		nanosleep(&nap, NULL);
		kit_kill(pid);
		made += access(in_store("data.mdb"), F_OK) == 0;
		store = kit_open(dir.store);
		kit_put(store, "a.test", round);
		ps_store_close(store);
	}
	/* Both ends of the range were reached. */
	ck_assert_uint_gt(made, 0);
	ck_assert_uint_lt(made, round);
}
END_TEST

#define CREATORS 8

static void
create_at_once(void)
{
	struct ps_store *store;
	pid_t pids[CREATORS];
	char name[32];
	unsigned i;

	for (i = 0; i < CREATORS; i++) {
		pids[i] = fork();
		kit_must(pids[i] >= 0);
		if (pids[i] > 0)
			continue;
		(void)umask(umask_row);
		(void)snprintf(name, sizeof(name), "h%u.test", i);
		kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
		kit_must(kit_try_put(store, name, i) == PINSTORE_OK);
		ps_store_close(store);
		_exit(0);
	}
	for (i = 0; i < CREATORS; i++) {
		int state;

		kit_must(waitpid(pids[i], &state, 0) == pids[i]);
		kit_must(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	}
	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	for (i = 0; i < CREATORS; i++) {
		(void)snprintf(name, sizeof(name), "h%u.test", i);
		kit_must(kit_has(store, name, i));
	}
	ps_store_close(store);
}

START_TEST(all_of_many_creators_succeed)
{
	umask_row = _i % 2 == 0 ? 0022 : 0777;
	as_nobody(create_at_once);
}
END_TEST

/* ------------------------------------------------------------- reading only */

static bool
no_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)view;
	(void)arg;
	ck_abort_msg("a step in an empty store");
	return false;
}

START_TEST(reading_only_never_makes_anything)
{
	struct ps_store_options options = kit_options();
	struct ps_host host = kit_host("a.b.test");
	struct ps_store *store = NULL, *writer;
	struct ps_entry entry;
	int64_t mark;

	options.read_only = true;
	ck_status(ps_store_open(dir.store, &options, &store, &kit_error),
	          PINSTORE_ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(kit_error.text, dir.store));
	ck_assert_int_ne(access(dir.store, F_OK), 0);
	ck_assert_int_eq(mkdir(dir.store, 0700), 0);
	ck_status(ps_store_open(dir.store, &options, &store, &kit_error),
	          PINSTORE_OK);
	ck_status(kit_get(store, "a.test", &entry), PINSTORE_ERR_NOTFOUND);
	ck_status(ps_store_climb(store, &host, NULL, no_step, NULL, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_scan(store, NULL, NULL, NULL, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_events(store, 0, NULL, NULL, &kit_error),
	          PINSTORE_OK);
	ck_status(ps_store_high_water(store, &mark, &kit_error), PINSTORE_OK);
	ck_assert_int_eq(mark, INT64_MIN);
	ck_status(kit_try_put(store, "a.test", 1), PINSTORE_ERR_READONLY);
	ck_assert_int_eq(rmdir(dir.store), 0); /* nothing was made in it */
	/* T-118: gone under an open handle; that is no empty store. */
	ck_status(kit_get(store, "a.test", &entry), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "removed while in use"));
	ck_status(ps_store_climb(store, &host, NULL, no_step, NULL, &kit_error),
	          PINSTORE_ERR_DAMAGED);
	/* And one that a writer makes is seen. */
	writer = kit_open(dir.store);
	kit_put(writer, "a.test", 1);
	ck_assert(kit_has(store, "a.test", 1));
	ps_store_close(writer);
	ps_store_close(store);
}
END_TEST

START_TEST(ways_to_name_a_store)
{
	char cwd[4096], path[192];
	struct ps_store *store;

	make_store();
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	ck_assert_int_eq(chdir(dir.path), 0);
	store = kit_open("store");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert(kit_has(store, "a.test", 1));
	kit_put(store, "b.test", 2);
	ps_store_close(store);
	ck_assert_int_eq(chdir(dir.store), 0);
	store = kit_open(".");
	ck_assert(kit_has(store, "b.test", 2));
	ps_store_close(store);
	ck_assert_int_eq(chdir(cwd), 0);
	(void)snprintf(path, sizeof(path), "%s/../store/./", dir.store);
	store = kit_open(path);
	ck_assert(kit_has(store, "b.test", 2));
	ps_store_close(store);
	/* A parent that others may write to, but not rename in. */
	ck_assert_int_eq(chmod(dir.path, 01777), 0);
	store = kit_open(dir.store);
	ps_store_close(store);
	/* A mount point. */
	(void)snprintf(path, sizeof(path), "%s/mount", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/mount/lost+found", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/mount", dir.path);
	store = kit_open(path);
	ps_store_close(store);
}
END_TEST

/* No descriptor of the store is passed on to a program that is run. */
START_TEST(passes_no_descriptor_on)
{
	struct ps_store *store;
	int fd;

	store = kit_open(dir.store);
	kit_put(store, "a.test", 1);
	for (fd = 3; fd < 200; fd++) {
		int flags = fcntl(fd, F_GETFD);
		char link[64], target[256];
		ssize_t len;

		if (flags < 0)
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		ck_assert_int_gt(len, 0);
		target[len] = '\0';
		if (strstr(target, dir.path) != NULL)
			ck_assert_msg((flags & FD_CLOEXEC) != 0, "%s", target);
	}
	ps_store_close(store);
}
END_TEST

/* ---------------------------------------------------- files beside the data */

/* Walks are noted of stores of more than 1 MiB. */
#define WALKED_HOSTS 6000

static enum pinstore_status
put_numbered(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	unsigned n;

	(void)arg;
	for (n = 0; n < WALKED_HOSTS && status == PINSTORE_OK; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);

		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static void
make_large_store(const char *path)
{
	struct ps_store *store = kit_open(path);

	ck_status(ps_store_write(store, KIT_NOW, put_numbered, NULL,
	                         &kit_error),
	          PINSTORE_OK);
	ps_store_close(store);
	/* It is noted by who opens it behind that. */
	ps_store_close(kit_open(path));
}

static void
beside_another(const char *at)
{
	char other[160], from[192];

	(void)snprintf(other, sizeof(other), "%s/other", dir.path);
	make_large_store(other);
	(void)snprintf(from, sizeof(from), "%s%s", other, strrchr(at, '/'));
	ck_assert_int_eq(rename(from, at), 0);
}

static void
beside_garbage(const char *at)
{
	char octets[8192];

	memset(octets, 'x', sizeof(octets));
	write_file(at, octets, sizeof(octets));
}

static void
beside_empty(const char *at)
{
	write_file(at, "", 0);
}

static void
beside_none(const char *at)
{
	ck_assert_int_eq(unlink(at), 0);
}

static void
beside_folder(const char *at)
{
	ck_assert_int_eq(unlink(at), 0);
	ck_assert_int_eq(mkdir(at, 0700), 0);
}

static void
beside_fifo(const char *at)
{
	ck_assert_int_eq(unlink(at), 0);
	ck_assert_int_eq(mkfifo(at, 0600), 0);
}

static void
beside_link(const char *at)
{
	ck_assert_int_eq(unlink(at), 0);
	ck_assert_int_eq(symlink("../victim", at), 0);
}

static void (*const alterations[])(const char *at) = {
	beside_another, beside_garbage, beside_empty, beside_none,
	beside_folder,  beside_fifo,    beside_link,
};

/* T-117: what is kept beside the data changes no answer, whatever it says. */
START_TEST(files_beside_the_data_decide_nothing)
{
	static const char *const names[] = {"walked", "schema"};
	const char *at = in_store(names[_i % 2]);
	struct ps_store *store;
	struct ps_entry entry;
	char victim[96];

	make_large_store(dir.store);
	(void)snprintf(victim, sizeof(victim), "%s/victim", dir.path);
	write_file(victim, "v", 1);
	ck_assert_int_gt(size_of(at), 0);
	alterations[_i / 2](at);
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "h17.d17.test", 17));
	ck_status(kit_get(store, "h17.d18.test", &entry),
	          PINSTORE_ERR_NOTFOUND);
	kit_put(store, "b.test", 1);
	ps_store_close(store);
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "b.test", 1));
	ps_store_close(store);
	ck_assert_int_eq(size_of(victim), 1);
}
END_TEST

/* ------------------------------------------------------- what must be there */

static const struct {
	enum ps_table table;
	const char *key;
	const char *words;
} needed[] = {
	{PS_META, "schema", "it has no schema record"},
	{PS_META, "clock", "it has no record of the clock"},
	{PS_META, "learned", "it has no count of entries"},
	{PS_META, "journal", "it has no count of its journal"},
	{PS_META, "orders", "it has no summary of orders"},
	{PS_HOSTS, "", "it has no head record"},
	{PS_REVOKED, "", "it has no head record"},
	{PS_BYPASS, "", "it has no head record"},
};

/* design 3.4: what must exist and does not is damage, not "none". */
START_TEST(what_is_missing_is_damage)
{
	struct ps_store *store = NULL;
	struct raw raw;

	make_store();
	raw = raw_begin(dir.store);
	raw_delete(&raw, needed[_i].table, raw_key(needed[_i].key));
	raw_end(&raw);
	ck_status(kit_try_open(dir.store, &store), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, needed[_i].words));
	ck_assert_ptr_nonnull(strstr(kit_error.text, "pinstore fsck"));
}
END_TEST

/* Each octet of each of these records is under its checksum. */
START_TEST(what_is_spoiled_is_damage)
{
	struct ps_bytes key = raw_key(needed[_i].key);
	uint8_t copy[512];
	struct raw raw;
	size_t len, i;

	make_store();
	raw = raw_begin(dir.store);
	len = raw_get(&raw, needed[_i].table, key, copy, sizeof(copy));
	raw_end(&raw);
	for (i = 0; i <= len; i++) {
		struct ps_store *store = NULL;

		if (i < len)
			copy[i] ^= 0x10;
		raw = raw_begin(dir.store);
		raw_put(&raw, needed[_i].table, key, copy,
		        i < len ? len : len - 1);
		raw_end(&raw);
		ck_status(kit_try_open(dir.store, &store),
		          PINSTORE_ERR_DAMAGED);
		if (i < len)
			copy[i] ^= 0x10;
	}
}
END_TEST

/* T-118: what a later pinstore has written is said to be that. */
START_TEST(a_later_schema)
{
	struct ps_bytes key = raw_key("schema");
	uint8_t record[64], body[32];
	struct ps_store *store = NULL;
	struct raw raw;

	make_store();
	raw = raw_begin(dir.store);
	ck_assert_uint_eq(raw_get(&raw, PS_META, key, record, 64), 48);
	memcpy(body, record + 16, 32);
	ps_put_le32(body, PS_SCHEMA + 1);
	if (_i == 0)
		ps_put_le32(body + 4, PS_SCHEMA + 1);
	else if (_i == 1)
		ps_put_le32(body + 8, PS_SCHEMA + 1);
	else
		ps_put_le32(body + 12, PS_SEALS + 1);
	raw_put(&raw, PS_META, key, record,
	        ps_record_seal(&raw.id, PS_META, key, body, 32, record));
	raw_end(&raw);
	if (_i != 1) {
		ck_status(kit_try_open(dir.store, &store),
		          PINSTORE_ERR_VERSION);
		ck_assert_ptr_nonnull(strstr(kit_error.text,
		                             " is of a later pinstore (schema "));
		ck_assert_ptr_nonnull(strstr(kit_error.text,
		                             ", this one knows "));
		ck_assert_ptr_nonnull(strstr(kit_error.text,
		                             "): use that one"));
		return;
	}
	/* A later one may write it only: this one reads. */
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "a.test", 1));
	ck_status(kit_try_put(store, "b.test", 1), PINSTORE_ERR_VERSION);
	ck_assert_ptr_nonnull(strstr(kit_error.text,
	                             ": only a later pinstore may write it: "
	                             "use that one"));
	ps_store_close(store);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_open");
	TCase *tcase = tcase_create("open");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, refuses, 0, COUNT(refused));
	tcase_add_test(tcase, refuses_paths);
	tcase_add_test(tcase, refuses_what_it_may_not_use);
	tcase_add_test(tcase, refuses_foreign_owners);
	tcase_add_loop_test(tcase, creates_0700_and_0600, 0, COUNT(umasks));
	tcase_add_loop_test(tcase, takes_up_a_creation_that_was_cut_off, 0, 4);
	tcase_add_test(tcase, survives_a_kill_while_creating);
	tcase_add_loop_test(tcase, all_of_many_creators_succeed, 0, 10);
	tcase_add_test(tcase, reading_only_never_makes_anything);
	tcase_add_test(tcase, ways_to_name_a_store);
	tcase_add_test(tcase, passes_no_descriptor_on);
	tcase_add_loop_test(tcase, files_beside_the_data_decide_nothing, 0,
	                    2 * COUNT(alterations));
	tcase_add_loop_test(tcase, what_is_missing_is_damage, 0, COUNT(needed));
	tcase_add_loop_test(tcase, what_is_spoiled_is_damage, 0, COUNT(needed));
	tcase_add_loop_test(tcase, a_later_schema, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
