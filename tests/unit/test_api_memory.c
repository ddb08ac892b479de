/*
 * test_api_memory.c - stores that leave no trace.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define ISD "; includeSubDomains"
#define NAME "/memfd:pinstore (deleted)"

/* The error that a call of the system gives instead. */
static struct {
	int memfd_create, fchmod;
} made_up;

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);

int
__wrap_memfd_create(const char *name, unsigned flags)
{
	errno = made_up.memfd_create;
	return made_up.memfd_create != 0 ? -1
	                                 : __real_memfd_create(name, flags);
}

int
__wrap_fchmod(int fd, mode_t mode)
{
	errno = made_up.fchmod;
	return made_up.fchmod != 0 ? -1 : __real_fchmod(fd, mode);
}

/* The fixture's store makes way for one in memory. */
static void
open_memory(void)
{
	struct pinstore_error error;

	pinstore_close(ps);
	ck_assert_msg(pinstore_open_memory(NULL, &ps, &error) == PINSTORE_OK,
	              "%s", error.text);
}

/* ------------------------------------------------------------- what there is */

/* What a descriptor of this process is of. */
static void
link_of(int fd, char *text, size_t len)
{
	char path[64];
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	got = readlink(path, text, len - 1);
	text[got > 0 ? got : 0] = '\0';
}

/* Descriptors of stores in memory; from `fd` on, or -1. */
static int
next_memory(int fd)
{
	char text[256];

	for (; fd < 1024; fd++) {
		link_of(fd, text, sizeof(text));
		if (strcmp(text, NAME) == 0)
			return fd;
	}
	return -1;
}

/* Whether word stands in the memory of any of them. */
static bool
is_in_memory(const char *word)
{
	bool found = false;
	int fd;

	for (fd = next_memory(0); fd >= 0 && !found;
	     fd = next_memory(fd + 1)) {
		char path[64], *text;
		struct stat st;
		int own;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(own, 0);
		ck_assert_int_eq(fstat(own, &st), 0);
		text = malloc((size_t)st.st_size);
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(pread(own, text, (size_t)st.st_size, 0),
		                 st.st_size);
		found = memmem(text, (size_t)st.st_size, word, strlen(word)) !=
		        NULL;
		free(text);
		(void)close(own);
	}
	return found;
}

/*
 * What can be written of a file system is neither mapped nor open; the memory
 * is, and the files of the fixture and of the test's own output are let pass.
 */
static unsigned
count_files(void)
{
	char line[512];
	unsigned n = 0;
	FILE *maps = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		const char *path = strchr(line, '/');

		/* Of a shared map: what is written there is a file's. */
		if (path != NULL && strstr(line, "s ") != NULL &&
		    strncmp(path, NAME, strlen(NAME)) != 0 &&
		    strchr(line, ' ')[4] == 's')
			n++;
	}
	(void)fclose(maps);
	return n;
}

static bool
is_in_file(int at, const char *name, const char *word)
{
	static char text[1 << 20];
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	ssize_t len = fd < 0 ? 0 : pread(fd, text, sizeof(text), 0);

	if (fd >= 0)
		(void)close(fd);
	return len > 0 && memmem(text, (size_t)len, word, strlen(word)) != NULL;
}

/*
 * Whether word stands in a file of the folder that fd has open, or of folders
 * in it, of those that are not older than since.
 */
static bool
is_below(int fd, const char *word, time_t since, int depth)
{
	const struct dirent *file;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;
	struct stat st;

	if (folder == NULL)
		return false;
	while (!found && (file = readdir(folder)) != NULL) {
		if (fstatat(fd, file->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    st.st_mtime < since || file->d_name[0] == '.')
			continue;
		if (S_ISREG(st.st_mode))
			found = is_in_file(fd, file->d_name, word);
		else if (S_ISDIR(st.st_mode) && depth > 0)
			found = is_below(openat(fd, file->d_name,
			                        O_RDONLY | O_DIRECTORY),
			                 word, since, depth - 1);
	}
	(void)closedir(folder);
	return found;
}

static bool
is_on_disk(const char *word, time_t since)
{
	return is_below(open("/tmp", O_RDONLY | O_DIRECTORY), word, since, 2) ||
	       is_below(open("/dev/shm", O_RDONLY | O_DIRECTORY), word, since, 2);
}

/* R-5-2: it works as any other, and nothing is left of it. */
START_TEST(gone_with_its_handle)
{
	struct pinstore *other;

	open_memory();
	ck_assert_uint_eq(count_files(), 0);
	ck_assert_int_ge(next_memory(0), 0);
	assert_dump("");
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(verdict_at("pin.test", "A", NOW), PINSTORE_MATCHED);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_compact(ps, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	note_at("q.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(pinstore_open_memory(NULL, &other, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(count_files(), 0);
	pinstore_close(other);
	ck_assert_int_eq(verdict_at("q.test", "x", NOW), PINSTORE_REJECT);
	pinstore_close(ps);
	ck_assert_int_eq(next_memory(0), -1);
	ck_assert_int_eq(pinstore_open_memory(NULL, &ps, NULL), PINSTORE_OK);
	assert_dump("");
}
END_TEST

/* R-5-2: what is opened beside it by a path is not it. */
START_TEST(beside_one_on_a_disk)
{
	struct pinstore *memory = NULL, *again = NULL;
	struct pinstore_entry *entry = NULL;

	note_at("pin.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(pinstore_open_memory(NULL, &memory, NULL),
	                 PINSTORE_OK);
	pinstore_close(ps);
	ck_assert_int_eq(pinstore_open(fixture_dir.store, NULL, &ps, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_open(fixture_dir.store, NULL, &again, NULL),
	                 PINSTORE_OK);
	ck_assert_int_eq(pinstore_show(again, "pin.test", PINSTORE_LEARNED,
	                               &entry, NULL), PINSTORE_OK);
	pinstore_entry_free(entry);
	ck_assert_int_eq(pinstore_show(memory, "pin.test", PINSTORE_LEARNED,
	                               &entry, NULL), PINSTORE_ERR_NOTFOUND);
	pinstore_close(again);
	pinstore_close(memory);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* What was cleared is not in the memory either. */
START_TEST(cleared_names_are_gone)
{
	struct pinstore_filter filter = {.size = sizeof(filter),
	                                 .host = "gone.test"};
	size_t removed;

	open_memory();
	note_at("gone.test", "A", "AB", 1000, "", NOW);
	note_at("kept.test", "A", "AB", 1000, "", NOW);
	ck_assert(is_in_memory("test.gone"));
	ck_assert_int_eq(pinstore_clear(ps, &filter, NOW, &removed, NULL),
	                 PINSTORE_OK);
	ck_assert_uint_eq(removed, 1);
	ck_assert(!is_in_memory("test.gone"));
	ck_assert(is_in_memory("test.kept"));
	ck_assert_int_eq(verdict_at("kept.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* What is executed inherits nothing, and nobody can cut the memory short. */
START_TEST(closed_to_others)
{
	unsigned n = 0;
	struct stat st;
	int fd;

	open_memory();
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(pinstore_compact(ps, NULL), PINSTORE_OK);
	for (fd = next_memory(0); fd >= 0; fd = next_memory(fd + 1), n++) {
		char path[64];
		int own;

		ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_RDWR | O_CLOEXEC);
		ck_assert_int_ge(own, 0);
		ck_assert_int_eq(fstat(own, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
		ck_assert_int_eq(ftruncate(own, 0), -1);
		ck_assert_int_eq(errno, EPERM);
		ck_assert_int_eq(fcntl(own, F_ADD_SEALS, F_SEAL_WRITE), -1);
		(void)close(own);
	}
	ck_assert_uint_ge(n, 2);
	note_at("q.test", "A", "AB", 1000, "", NOW);
}
END_TEST

/* A child that is killed leaves as little; one with a file would leave it. */
START_TEST(gone_with_its_process)
{
	const time_t since = time(NULL) - 2;
	char host[64], word[64], letter;
	int ready[2], state = 0;
	pid_t child;

	(void)snprintf(host, sizeof(host), "p%ld.test", (long)getpid());
	(void)snprintf(word, sizeof(word), "test.p%ld", (long)getpid());
	note_at(host, "A", "AB", 1000, "", NOW);
	ck_assert(is_on_disk(word, since));
	fixture_teardown();
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		open_memory();
		note_at(host, "A", "AB", 1000, "", NOW);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ready[0], &letter, 1), 1);
	ck_assert(!is_on_disk(word, since));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert(WIFSIGNALED(state));
	ck_assert(!is_on_disk(word, since));
	tempdir_make(&fixture_dir);
}
END_TEST

/* --------------------------------------------------------------------- fork */

static int
be_a_child(struct pinstore *inherited)
{
	struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
	enum pinstore_verdict verdict = PINSTORE_UNPINNED;
	struct pinstore_error error = {0};
	struct pinstore *own;
	int64_t off = 0;

	if (pinstore_check(inherited, &peer, NULL, NOW, &verdict, NULL,
	                   &error) != PINSTORE_ERR_FORKED ||
	    verdict != PINSTORE_REJECT ||
	    strstr(error.text, ": it is the parent process's, and is not shared: "
	                       "open another behind fork()") == NULL ||
	    pinstore_setting_put(inherited, PINSTORE_SETTING_LEARN_SUBDOMAINS,
	                         &off, NOW, NULL) != PINSTORE_ERR_FORKED ||
	    pinstore_compact(inherited, NULL) != PINSTORE_ERR_FORKED ||
	    next_memory(0) >= 0)
		return 1;
	if (pinstore_open_memory(NULL, &own, NULL) != PINSTORE_OK ||
	    pinstore_check(own, &peer, NULL, NOW, &verdict, NULL, NULL) !=
	            PINSTORE_OK ||
	    verdict != PINSTORE_UNPINNED)
		return 2;
	pinstore_close(own);
	pinstore_close(inherited);
	return next_memory(0) >= 0 ? 3 : 0;
}

/* A child has nothing of it and is told so; its own children too. */
START_TEST(child_is_told)
{
	int state = -1;
	pid_t child;

	open_memory();
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	child = fork();
	if (child == 0) {
		pid_t grandchild = fork();

		if (grandchild == 0)
			_exit(be_a_child(ps));
		if (waitpid(grandchild, &state, 0) != grandchild || state != 0)
			_exit(9);
		_exit(be_a_child(ps));
	}
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert_int_eq(state, 0);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	note_at("b.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* ----------------------------------------------------------------- refusals */

static const struct {
	const char *what;
	int memfd_create, fchmod;
	bool is_read_only, has_no_out;
	enum pinstore_status status;
	const char *word;
} refusals[] = {
	{"a kernel without it", ENOSYS, 0, false, false, PINSTORE_ERR_IO,
	 "store in memory: no memory can be had for it: Function not"},
	{"no descriptor is left", EMFILE, 0, false, false, PINSTORE_ERR_IO,
	 "Too many open files"},
	{"no memory is left", ENOMEM, 0, false, false, PINSTORE_ERR_NOMEM,
	 "memory"},
	{"it cannot be closed to others", 0, EPERM, false, false,
	 PINSTORE_ERR_ACCESS, "not permitted"},
	{"read-only", 0, 0, true, false, PINSTORE_ERR_ARG, "read-only"},
	{"no place for it", 0, 0, false, true, PINSTORE_ERR_ARG, "no place"},
};

START_TEST(refused)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *out = ps;
	struct pinstore_error error;

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_READONLY,
	                                      refusals[_i].is_read_only),
	                 PINSTORE_OK);
	made_up.memfd_create = refusals[_i].memfd_create;
	made_up.fchmod = refusals[_i].fchmod;
	ck_assert_int_eq(pinstore_open_memory(
	                         options, refusals[_i].has_no_out ? NULL : &out,
	                         &error), refusals[_i].status);
	ck_assert_msg(strstr(error.text, refusals[_i].word) != NULL, "%s: %s",
	              refusals[_i].what, error.text);
	ck_assert(refusals[_i].has_no_out ? out == ps : out == NULL);
	memset(&made_up, 0, sizeof(made_up));
	ck_assert_int_eq(next_memory(0), -1);
	pinstore_options_free(options);
}
END_TEST

/* A copy that cannot be made costs nothing. */
START_TEST(kept_without_a_copy)
{
	struct pinstore_error error;

	open_memory();
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	made_up.memfd_create = EMFILE;
	ck_assert_int_eq(pinstore_compact(ps, &error), PINSTORE_ERR_IO);
	memset(&made_up, 0, sizeof(made_up));
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	note_at("b.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(pinstore_compact(ps, &error), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* R-5-2: names that are not learned as well cannot tell visitors apart. */
START_TEST(no_subdomains)
{
	const int64_t off = 0;

	note_at("a.test", "A", "AB", 1000, ISD, NOW);
	ck_assert_int_eq(pinstore_setting_put(
	                         ps, PINSTORE_SETTING_LEARN_SUBDOMAINS, &off,
	                         NOW, NULL), PINSTORE_OK);
	note_at("b.test", "A", "AB", 1000, ISD, NOW);
	ck_assert_int_eq(verdict_at("x.a.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("x.b.test", "x", NOW), PINSTORE_UNPINNED);
	ck_assert_int_eq(verdict_at("b.test", "x", NOW), PINSTORE_REJECT);
	/* What is seen again is written without. */
	note_at("a.test", "A", "AB", 1000, ISD, NOW + 1);
	ck_assert_int_eq(verdict_at("x.a.test", "x", NOW + 1),
	                 PINSTORE_UNPINNED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api_memory");
	TCase *tcase = tcase_create("api_memory");

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_add_test(tcase, gone_with_its_handle);
	tcase_add_test(tcase, beside_one_on_a_disk);
	tcase_add_test(tcase, cleared_names_are_gone);
	tcase_add_test(tcase, closed_to_others);
	tcase_add_test(tcase, gone_with_its_process);
	tcase_add_test(tcase, child_is_told);
	tcase_add_test(tcase, kept_without_a_copy);
	tcase_add_loop_test(tcase, refused, 0,
	                    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tcase, no_subdomains);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
