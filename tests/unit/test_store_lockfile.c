/*
 * test_store_lockfile.c - a lock file that is none, or no good one any more.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>

#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define LIMIT_MS 500
/* Who hangs does so for ever; who is one of many on a busy machine does not. */
#define HANGS_MS 20000
/* Readers look at the files once a second. */
#define LOOK_MS 1100

static struct tempdir dir;

static const char *
in_store(const char *name)
{
	static char path[192];

	(void)snprintf(path, sizeof(path), "%s/%s", dir.store, name);
	return path;
}

static const char *
victim(void)
{
	static char path[192];

	(void)snprintf(path, sizeof(path), "%s/victim", dir.path);
	return path;
}

/* ----------------------------------------------------- what is done to a file */

static void
put_fifo(const char *path)
{
	kit_must(unlink(path) == 0 && mkfifo(path, 0600) == 0);
}

static void
put_link(const char *path)
{
	int fd = open(victim(), O_WRONLY | O_CREAT, 0600);

	kit_must(fd >= 0 && write(fd, "mine", 4) == 4 && close(fd) == 0);
	kit_must(unlink(path) == 0 && symlink(victim(), path) == 0);
}

static void
put_dir(const char *path)
{
	kit_must(unlink(path) == 0 && mkdir(path, 0700) == 0);
}

static void
put_foreign(const char *path)
{
	int fd;

	kit_must(unlink(path) == 0);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	kit_must(fd >= 0 && close(fd) == 0 && chown(path, 1, 1) == 0);
}

static void
give_away(const char *path)
{
	kit_must(chown(path, 1, 1) == 0);
}

static void
cut_to_none(const char *path)
{
	kit_must(truncate(path, 0) == 0);
}

static void
cut_to_one(const char *path)
{
	kit_must(truncate(path, 1) == 0);
}

static void
cut_to_half(const char *path)
{
	struct stat st;

	kit_must(stat(path, &st) == 0 && truncate(path, st.st_size / 2) == 0);
}

static void
fill(const char *path, int with)
{
	uint8_t octets[1 << 12];
	struct stat st;
	off_t at;
	size_t i;
	int fd = open(path, O_WRONLY);

	kit_must(fd >= 0 && fstat(fd, &st) == 0);
	for (at = 0; at < st.st_size; at += (off_t)sizeof(octets)) {
		for (i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)(with >= 0 ? with : rand());
		kit_must(write(fd, octets, sizeof(octets)) ==
		         (ssize_t)sizeof(octets));
	}
	kit_must(close(fd) == 0);
	kit_must(truncate(path, st.st_size) == 0);
}

static void
fill_at_random(const char *path)
{
	fill(path, -1);
}

/* To LMDB and the C library, locks that another process holds for ever. */
static void
fill_with_locks(const char *path)
{
	fill(path, 0x80);
}

/* ---------------------------------------------------- what must come of it */

enum outcome {
	OPENS_NOT, /* for nobody; who has it open reads on, and writes not */
	GOES_ON,   /* the same, but who has it open writes too */
	IS_MADE    /* anew, as soon as nobody uses it */
};

static const struct {
	const char *word;
	void (*act)(const char *path);
	enum outcome outcome;
	const char *text; /* of OPENS_NOT and GOES_ON */
	bool is_for_root;
	bool needs_look; /* a reader may touch its end before he looks */
} kinds[] = {
	{"a FIFO", put_fifo, OPENS_NOT, "is not a regular file", false, false},
	{"a link", put_link, OPENS_NOT, "is a symbolic link", false, false},
	{"a directory", put_dir, OPENS_NOT, "is not a regular file", false,
	 false},
	{"another's", put_foreign, OPENS_NOT, "is uid 1", true, false},
	{"given away", give_away, GOES_ON, "is uid 1", true, false},
	{"0 octets", cut_to_none, IS_MADE, NULL, false, true},
	{"1 octet", cut_to_one, IS_MADE, NULL, false, false},
	{"its half", cut_to_half, IS_MADE, NULL, false, false},
	{"garbage", fill_at_random, IS_MADE, NULL, false, false},
	{"locks", fill_with_locks, IS_MADE, NULL, false, false},
};

/* One scene, in a process of its own. */
struct scene {
	const char *file;
	unsigned kind;
	bool is_alone; /* nobody else may hold it: all goes well */
	struct ps_store *store;
};

/* In time; BUSY or ACCESS only where the scene allows it. */
static void
expect(const struct scene *scene, enum pinstore_status status,
       enum pinstore_status good, bool may_fail, long start)
{
	enum outcome outcome = kinds[scene->kind].outcome;
	bool is_good = status == good;

	if (!is_good && may_fail)
		is_good = outcome == IS_MADE
		                  ? status == PINSTORE_ERR_BUSY &&
		                            strstr(kit_error.text,
		                                   "was written over") != NULL
		                  : status == PINSTORE_ERR_ACCESS &&
		                            strstr(kit_error.text,
		                                   kinds[scene->kind].text) !=
		                                    NULL;
	if (is_good && kit_now_ms() - start < HANGS_MS)
		return;
	fprintf(stderr, "%s, %s: status %d after %ld ms: %s\n", scene->file,
	        kinds[scene->kind].word, (int)status, kit_now_ms() - start,
	        kit_error.text);
	_exit(98);
}

static void
read_it(const struct scene *scene)
{
	/* Readers need no gate; a table of readers that is spoiled they do. */
	const bool may_fail = !scene->is_alone &&
	                      kinds[scene->kind].outcome == IS_MADE &&
	                      strcmp(scene->file, "lock.mdb") == 0;
	struct ps_entry entry;
	long start = kit_now_ms();

	expect(scene, kit_get(scene->store, "a.test", &entry), PINSTORE_OK,
	       may_fail, start);
	start = kit_now_ms();
	expect(scene, kit_get(scene->store, "none.test", &entry),
	       PINSTORE_ERR_NOTFOUND, may_fail, start);
}

static void
write_it(const struct scene *scene, const char *name)
{
	const enum outcome outcome = kinds[scene->kind].outcome;
	enum pinstore_status status;
	long start = kit_now_ms();

	status = kit_try_put(scene->store, name, 2);
	expect(scene, status,
	       outcome == OPENS_NOT ? PINSTORE_ERR_ACCESS : PINSTORE_OK,
	       outcome == OPENS_NOT || (outcome == IS_MADE && !scene->is_alone),
	       start);
	if (outcome == OPENS_NOT)
		expect(scene, PINSTORE_ERR_ACCESS, PINSTORE_OK, true, start);
}

static void
use_it(const struct scene *scene)
{
	read_it(scene);
	write_it(scene, "b.test");
	read_it(scene);
	kit_nap(LOOK_MS);
	read_it(scene);
	write_it(scene, "c.test");
}

static bool
open_it(struct scene *scene)
{
	const enum outcome outcome = kinds[scene->kind].outcome;
	struct ps_store_options options = kit_options();
	enum pinstore_status status;
	long start = kit_now_ms();

	options.lock_limit_ms = LIMIT_MS;
	status = ps_store_open(dir.store, &options, &scene->store, &kit_error);
	expect(scene, status, PINSTORE_OK,
	       outcome != IS_MADE || !scene->is_alone, start);
	kit_must(outcome == IS_MADE || status != PINSTORE_OK);
	return status == PINSTORE_OK;
}

static void
open_before(struct ps_store **out)
{
	struct ps_store_options options = kit_options();
	struct ps_entry entry;

	options.lock_limit_ms = LIMIT_MS;
	kit_must(ps_store_open(dir.store, &options, out, &kit_error) ==
	         PINSTORE_OK);
	kit_must(kit_get(*out, "a.test", &entry) == PINSTORE_OK);
	kit_must(kit_try_put(*out, "d.test", 4) == PINSTORE_OK);
}

/* Another process, which has used the store, and goes on when it is told to. */
static pid_t
other(const struct scene *scene, struct kit_pipe *go)
{
	struct kit_pipe ready = kit_pipe();
	struct scene mine = *scene;
	pid_t pid;

	*go = kit_pipe();
	pid = kit_fork();
	if (pid == 0) {
		open_before(&mine.store);
		kit_tell(&ready);
		kit_wait(go);
		/* It had time to be told; what it has open it may look at. */
		kit_nap(LOOK_MS);
		use_it(&mine);
		ps_store_close(mine.store);
		_exit(0);
	}
	kit_wait(&ready);
	return pid;
}

static void
expect_mended(const struct scene *scene)
{
	struct ps_store *store;
	struct ps_entry entry;
	char octets[8] = "";
	int fd;

	if (kinds[scene->kind].act == put_link) {
		fd = open(victim(), O_RDONLY);
		kit_must(fd >= 0 && read(fd, octets, sizeof(octets)) == 4);
		kit_must(memcmp(octets, "mine", 4) == 0 && close(fd) == 0);
	}
	if (kinds[scene->kind].outcome != IS_MADE)
		kit_must(remove(in_store(scene->file)) == 0);
	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	kit_must(kit_get(store, "a.test", &entry) == PINSTORE_OK);
	kit_must(kit_is_entry(&entry, 1));
	kit_must(kit_try_put(store, "e.test", 5) == PINSTORE_OK);
	ps_store_close(store);
}

/* Nobody has the store open. */
static void
before_the_first(struct scene *scene)
{
	scene->is_alone = true;
	kinds[scene->kind].act(in_store(scene->file));
	if (open_it(scene))
		use_it(scene);
	ps_store_close(scene->store);
}

/* Another process has it open, and this one comes then. */
static void
behind_another(struct scene *scene)
{
	struct kit_pipe go;
	pid_t pid = other(scene, &go);
	bool is_open;

	kinds[scene->kind].act(in_store(scene->file));
	is_open = open_it(scene);
	if (is_open)
		use_it(scene);
	ps_store_close(scene->store);
	kit_tell(&go);
	kit_join(pid);
}

/* This process has it open, alone or beside another. */
static void
under_us(struct scene *scene)
{
	open_before(&scene->store);
	scene->is_alone = true;
	kinds[scene->kind].act(in_store(scene->file));
	if (kinds[scene->kind].needs_look)
		kit_nap(LOOK_MS);
	use_it(scene);
	ps_store_close(scene->store);
}

static void
under_all(struct scene *scene)
{
	struct kit_pipe go;
	pid_t pid = other(scene, &go);

	open_before(&scene->store);
	kinds[scene->kind].act(in_store(scene->file));
	if (kinds[scene->kind].needs_look)
		kit_nap(LOOK_MS);
	use_it(scene);
	kit_tell(&go);
	kit_nap(LOOK_MS);
	use_it(scene);
	kit_join(pid);
	/* The other has let go of it. */
	scene->is_alone = true;
	use_it(scene);
	ps_store_close(scene->store);
}

/* It is closed without having been looked at again. */
static void
under_who_goes(struct scene *scene)
{
	open_before(&scene->store);
	kinds[scene->kind].act(in_store(scene->file));
	ps_store_close(scene->store);
}

static void (*const ways[])(struct scene *scene) = {
	before_the_first, behind_another, under_us, under_all, under_who_goes,
};

static void
play(const char *file, unsigned kind, unsigned way)
{
	struct scene scene = {file, kind, false, NULL};
	struct ps_store *store;

	tempdir_make(&dir);
	kit_must(kit_try_open(dir.store, &store) == PINSTORE_OK);
	kit_must(kit_try_put(store, "a.test", 1) == PINSTORE_OK);
	ps_store_close(store);
	ways[way](&scene);
	expect_mended(&scene);
	tempdir_remove(&dir);
}

/*
 * T-112: LMDB's file or the gate is no lock file, or no good one: before the
 * first opens the store, and under those who have it open.  Nobody waits longer
 * than his limit, no host is "not found", nobody dies; and all is well when the
 * file is.
 */
START_TEST(a_spoiled_lock_file)
{
	static const char *const files[] = {"lock.mdb", "gate"};
	const char *file = files[_i];
	const unsigned stride = suite_stride(7);
	pid_t pids[COUNT(kinds) * COUNT(ways)] = {0};
	unsigned n;

	/* Most of their time they wait. */
	for (n = 0; n < COUNT(pids); n += stride) {
		const unsigned kind = n % COUNT(kinds);

		if (kinds[kind].is_for_root && geteuid() != 0)
			continue;
		pids[n] = kit_fork();
		if (pids[n] == 0) {
			play(file, kind, n / COUNT(kinds));
			_exit(0);
		}
	}
	for (n = 0; n < COUNT(pids); n++) {
		int state = 0;

		if (pids[n] == 0)
			continue;
		ck_assert_int_eq(waitpid(pids[n], &state, 0), pids[n]);
		ck_assert_msg(state == 0, "%s, %s, way %u: ended with %#x",
		              file, kinds[n % COUNT(kinds)].word,
		              (unsigned)(n / COUNT(kinds)), (unsigned)state);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_lockfile");
	TCase *tcase = tcase_create("lockfile");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_spoiled_lock_file, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
