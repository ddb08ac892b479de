/*
 * test_api_memory.c - stores that leave no trace.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <pinstore/admin.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define ISD "; includeSubDomains"

/* What a call of the system gives instead: an error, or another type. */
static struct {
	int statfs, mkdtemp;
	bool is_disk;
} made_up;

int __real_statfs(const char *path, struct statfs *out);
int __wrap_statfs(const char *path, struct statfs *out);
char *__real_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path);

int
__wrap_statfs(const char *path, struct statfs *out)
{
	int ret = __real_statfs(path, out);

	if (made_up.is_disk)
		out->f_type = 0xef53;
	errno = made_up.statfs;
	return made_up.statfs != 0 ? -1 : ret;
}

char *
__wrap_mkdtemp(char *path)
{
	errno = made_up.mkdtemp;
	return made_up.mkdtemp != 0 ? NULL : __real_mkdtemp(path);
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

/* R-5-2: it works as any other, and nothing is left of it. */
START_TEST(gone_with_its_handle)
{
	struct pinstore *other;
	struct stat st;
	char *path;

	open_memory();
	path = strdup(ps->memory.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	assert_dump("");
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	ck_assert_int_eq(verdict_at("pin.test", "A", NOW), PINSTORE_MATCHED);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_compact(ps, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(pinstore_open_memory(NULL, &other, NULL),
	                 PINSTORE_OK);
	ck_assert_str_ne(other->memory.path, path);
	pinstore_close(other);
	pinstore_close(ps);
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	free(path);
	ck_assert_int_eq(pinstore_open_memory(NULL, &ps, NULL), PINSTORE_OK);
	assert_dump("");
}
END_TEST

/* A child has the same store, and leaves it to its parent. */
START_TEST(child_leaves_it)
{
	int state = -1;
	pid_t child;

	open_memory();
	note_at("pin.test", "A", "AB", 1000, "", NOW);
	child = fork();
	if (child == 0) {
		struct pinstore_peer peer = {sizeof(peer), "pin.test", 443, 0};
		enum pinstore_verdict verdict = PINSTORE_UNPINNED;
		enum pinstore_status status;

		status = pinstore_check(ps, &peer, NULL, NOW, &verdict, NULL,
		                        NULL);
		pinstore_close(ps);
		_exit(status == PINSTORE_OK && verdict == PINSTORE_REJECT ? 0
		                                                          : 1);
	}
	ck_assert_int_eq(waitpid(child, &state, 0), child);
	ck_assert_int_eq(state, 0);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	note_at("b.test", "A", "AB", 1000, "", NOW);
}
END_TEST

static const struct {
	const char *what;
	int statfs, mkdtemp;
	bool is_disk, is_read_only, has_no_out;
	enum pinstore_status status;
	const char *word;
} refusals[] = {
	{"no such folder", ENOENT, 0, false, false, false, PINSTORE_ERR_IO,
	 "No such file"},
	{"it is on a disk", 0, 0, true, false, false, PINSTORE_ERR_IO,
	 "mount a tmpfs there"},
	{"nothing can be made there", 0, EACCES, false, false, false,
	 PINSTORE_ERR_IO, "Permission denied"},
	{"read-only", 0, 0, false, true, false, PINSTORE_ERR_ARG, "read-only"},
	{"no place for it", 0, 0, false, false, true, PINSTORE_ERR_ARG,
	 "no place"},
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
	made_up.statfs = refusals[_i].statfs;
	made_up.mkdtemp = refusals[_i].mkdtemp;
	made_up.is_disk = refusals[_i].is_disk;
	ck_assert_int_eq(pinstore_open_memory(
	                         options, refusals[_i].has_no_out ? NULL : &out,
	                         &error), refusals[_i].status);
	ck_assert_msg(strstr(error.text, refusals[_i].word) != NULL, "%s: %s",
	              refusals[_i].what, error.text);
	ck_assert(refusals[_i].has_no_out ? out == ps : out == NULL);
	memset(&made_up, 0, sizeof(made_up));
	pinstore_options_free(options);
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
	tcase_add_test(tcase, child_leaves_it);
	tcase_add_loop_test(tcase, refused, 0,
	                    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tcase, no_subdomains);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
