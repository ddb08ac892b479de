/*
 * test_tool_store.c - where a tool's store is: option, environment, home.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/store.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

/* Who asks, and what the password database says of him. */
static struct {
	uid_t uid;
	unsigned long secure;
	const char *home; /* NULL: he has no entry */
	int error;
	size_t needs; /* room for the entry */
} who;

static char made[8][256];
static mode_t modes[8];
static size_t n_made;
static bool only_note; /* the directories that are made */

unsigned long __wrap_getauxval(unsigned long type);
uid_t __wrap_geteuid(void);
int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer,
                      size_t size, struct passwd **out);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

unsigned long
__wrap_getauxval(unsigned long type)
{
	return type == AT_SECURE ? who.secure : 0;
}

uid_t
__wrap_geteuid(void)
{
	return who.uid;
}

int
__wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                  struct passwd **out)
{
	ck_assert_uint_eq(uid, who.uid);
	*out = NULL;
	if (size < who.needs)
		return ERANGE;
	if (who.error != 0 || who.home == NULL)
		return who.error;
	memset(entry, 0, sizeof(*entry));
	if (strcmp(who.home, "NULL") != 0) {
		(void)snprintf(buffer, size, "%s", who.home);
		entry->pw_dir = buffer;
	}
	*out = entry;
	return 0;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
	ck_assert_uint_lt(n_made, 8);
	(void)snprintf(made[n_made], sizeof(made[0]), "%s", path);
	modes[n_made++] = mode;
	return only_note ? 0 : __real_mkdir(path, mode);
}

static void
setup(void)
{
	memset(&who, 0, sizeof(who));
	n_made = 0;
	only_note = false;
}

/* ---------------------------------------------------------------- the order */

#define HOME "/.local/share/pinstore"

static const struct {
	const char *option, *pinstore, *xdg, *home, *database;
	uid_t uid;
	unsigned long secure;
	const char *path; /* NULL: a fault */
	bool is_default;
} places[] = {
        /* what is named is taken as it stands, by whomever */
        {"a/b", "/p", "/x", "/h", "/d", 0, 0, "a/b", false},
        {"a/b", "/p", "/x", "/h", "/d", 7, 1, "a/b", false},
        {NULL, "p", "/x", "/h", "/d", 7, 0, "p", false},
        {NULL, "p", "/x", "/h", "/d", 0, 0, "p", false},
        /* an empty option is a mistake, an empty variable is none */
        {"", "/p", "/x", "/h", "/d", 7, 0, NULL, false},
        {NULL, "", "/x", "/h", "/d", 7, 0, "/x/pinstore", true},
        /* root has a place of his own, whatever HOME says */
        {NULL, NULL, "/x", "/h", "/d", 0, 0, "/var/lib/pinstore/root", true},
        {NULL, "/p", "/x", "/h", "/d", 0, 1, "/var/lib/pinstore/root", true},
        /* XDG: empty or relative counts as not set */
        {NULL, NULL, "/x", "/h", "/d", 7, 0, "/x/pinstore", true},
        {NULL, NULL, "x", "/h", "/d", 7, 0, "/h" HOME, true},
        {NULL, NULL, "", "/h", "/d", 7, 0, "/h" HOME, true},
        {NULL, NULL, NULL, "/h", "/d", 7, 0, "/h" HOME, true},
        {NULL, NULL, NULL, "h", "/d", 7, 0, "/d" HOME, true},
        {NULL, NULL, NULL, "", "/d", 7, 0, "/d" HOME, true},
        {NULL, NULL, NULL, NULL, "/d", 7, 0, "/d" HOME, true},
        /* set-user-id: the environment is another's */
        {NULL, "/p", "/x", "/h", "/d", 7, 1, "/d" HOME, true},
        /* no home at all */
        {NULL, NULL, NULL, NULL, NULL, 7, 0, NULL, true},
        {NULL, NULL, NULL, NULL, "d", 7, 0, NULL, true},
        {NULL, NULL, NULL, NULL, "", 7, 0, NULL, true},
        {NULL, NULL, NULL, NULL, "NULL", 7, 0, NULL, true},
        {NULL, "/p", "/x", "/h", NULL, 7, 1, NULL, true},
};

static void
set(const char *name, const char *value)
{
	ck_assert_int_eq(value != NULL ? setenv(name, value, 1)
	                               : unsetenv(name), 0);
}

static char *
path_of(const char *option, bool *is_default, struct tool_fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	*is_default = true;
	return tool_store_path(option, is_default, fault);
}

START_TEST(the_place)
{
	struct tool_fault fault;
	bool is_default;
	char *path;

	set("PINSTORE", places[_i].pinstore);
	set("XDG_DATA_HOME", places[_i].xdg);
	set("HOME", places[_i].home);
	who.uid = places[_i].uid;
	who.secure = places[_i].secure;
	who.home = places[_i].database;
	path = path_of(places[_i].option, &is_default, &fault);
	if (places[_i].path == NULL) {
		ck_assert_ptr_null(path);
		ck_assert_int_eq(fault.exit, TOOL_EXIT_USAGE);
	} else {
		ck_assert_str_eq(path, places[_i].path);
		ck_assert_int_eq(fault.exit, 0);
	}
	ck_assert_int_eq(is_default, places[_i].is_default);
	free(path);
}
END_TEST

/* An entry that wants room, one that cannot be read, one that is too long. */
START_TEST(the_database_is_odd)
{
	struct tool_fault fault;
	bool is_default;
	char *path;

	set("PINSTORE", NULL);
	set("XDG_DATA_HOME", NULL);
	set("HOME", NULL);
	who.uid = 7;
	who.home = "/d";
	who.needs = 5000;
	path = path_of(NULL, &is_default, &fault);
	ck_assert_str_eq(path, "/d" HOME);
	free(path);
	who.error = EIO;
	ck_assert_ptr_null(path_of(NULL, &is_default, &fault));
	ck_assert_int_eq(fault.exit, TOOL_EXIT_USAGE);
	who.error = 0;
	who.needs = SIZE_MAX;
	ck_assert_ptr_null(path_of(NULL, &is_default, &fault));
	ck_assert_int_eq(fault.exit, TOOL_EXIT_USAGE);
}
END_TEST

/* -------------------------------------------------------------- its parents */

START_TEST(parents_are_made)
{
	struct tempdir dir;
	char path[256];
	struct stat st;

	tempdir_make(&dir);
	(void)snprintf(path, sizeof(path), "%s/a/b/pinstore", dir.path);
	tool_store_make_parents(path);
	ck_assert_int_ne(stat(path, &st), 0);
	(void)snprintf(path, sizeof(path), "%s/a/b", dir.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	n_made = 0;
	/* Those that are there are left, and one that is in the way ends it. */
	(void)snprintf(path, sizeof(path), "%s/a/b/c/pinstore", dir.path);
	tool_store_make_parents(path);
	n_made = 0;
	(void)snprintf(path, sizeof(path), "/dev/null/x/y/pinstore");
	tool_store_make_parents(path);
	ck_assert_uint_eq(n_made, 3);
	ck_assert_str_eq(made[2], "/dev/null/x");
	tempdir_remove(&dir);
}
END_TEST

/* Others must come through to stores of their own: 0755 for that one alone. */
START_TEST(parents_for_root)
{
	only_note = true;
	tool_store_make_parents("/var/lib/pinstore/root");
	ck_assert_uint_eq(n_made, 3);
	ck_assert_str_eq(made[1], "/var/lib");
	ck_assert_uint_eq(modes[1], 0700);
	ck_assert_str_eq(made[2], "/var/lib/pinstore");
	ck_assert_uint_eq(modes[2], 0755);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tool_store");
	TCase *tcase = tcase_create("tool_store");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, the_place, 0, COUNT(places));
	tcase_add_test(tcase, the_database_is_odd);
	tcase_add_test(tcase, parents_are_made);
	tcase_add_test(tcase, parents_for_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
