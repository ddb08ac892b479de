/*
 * test_mount.c - stores on file systems that other machines have too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/mount.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "tests/support/suite.h"
#include "tests/unit/api_fixture.h"

#define FUSE 0x65735546

/* What the system says of all that is asked for; of 0 the truth. */
static struct {
	uint32_t magic;
	const char *served; /* what mountinfo calls it */
	int failure;
} made_up;

int __real_fstatfs(int fd, struct statfs *out);
int __wrap_fstatfs(int fd, struct statfs *out);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

int
__wrap_fstatfs(int fd, struct statfs *out)
{
	int ret = __real_fstatfs(fd, out);

	if (made_up.magic != 0)
		out->f_type = (__fsword_t)made_up.magic;
	errno = made_up.failure;
	return made_up.failure != 0 ? -1 : ret;
}

FILE *
__wrap_fopen(const char *path, const char *mode)
{
	struct stat st;
	FILE *out;

	if (made_up.served == NULL || strcmp(path, "/proc/self/mountinfo") != 0)
		return __real_fopen(path, mode);
	ck_assert_int_eq(stat("/tmp", &st), 0);
	out = tmpfile();
	ck_assert_ptr_nonnull(out);
	(void)fprintf(out, "1 1 0:99 / /else rw - ext4 none rw\n"
	                   "2 1 %u:%u / /tmp rw,noatime shared:1 - %s a:/b rw\n",
	              major(st.st_dev), minor(st.st_dev), made_up.served);
	rewind(out);
	return out;
}

static void
teardown(void)
{
	memset(&made_up, 0, sizeof(made_up));
	fixture_teardown();
}

static const struct {
	uint32_t magic;
	const char *served;
	const char *name; /* "" of one that is local */
} kinds[] = {
	{0x6969, NULL, "NFS"},
	{0x517b, NULL, "SMB"},
	{0xff534d42, NULL, "CIFS"},
	{0xfe534d42, NULL, "SMB"},
	{0x01021997, NULL, "9p"},
	{0x5346414f, NULL, "AFS"},
	{0x6b414653, NULL, "AFS"},
	{0x73757245, NULL, "Coda"},
	{0x00c36400, NULL, "Ceph"},
	{0x0bd00bd3, NULL, "Lustre"},
	{0x47504653, NULL, "GPFS"},
	{0x01161970, NULL, "GFS2"},
	{0x786f4256, NULL, "vboxsf"},
	{0xbacbacbc, NULL, "VMware shared folders"},
	{FUSE, "fuse.sshfs", "fuse.sshfs"},
	{FUSE, "virtiofs", "virtiofs"},
	{FUSE, "fuse.glusterfs", "fuse.glusterfs"},
	/* Programs that serve what this machine alone has. */
	{FUSE, "fuse.gocryptfs", ""},
	{FUSE, "fuseblk", ""},
	{FUSE, "fuse", ""},
	/* Not the whole word. */
	{FUSE, "fuse.sshfsx", ""},
	{0xef53, NULL, ""},
	{0x01021994, NULL, ""}, /* tmpfs */
	{0x9123683e, NULL, ""}, /* btrfs */
	{0x58465342, NULL, ""}, /* XFS */
	{0x2fc12fc1, NULL, ""}, /* ZFS */
	{0x794c7630, NULL, ""}, /* overlayfs */
	{0x12345678, NULL, ""}, /* of a later kernel */
};

static enum pinstore_status
try_open(const char *path, int64_t may_be_remote, int64_t is_read_only,
         struct pinstore **out, struct pinstore_error *error)
{
	struct pinstore_options *options = pinstore_options_new();
	enum pinstore_status status;

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_REMOTE,
	                                      may_be_remote), PINSTORE_OK);
	ck_assert_int_eq(pinstore_options_set(options, PINSTORE_OPT_READONLY,
	                                      is_read_only), PINSTORE_OK);
	status = pinstore_open(path, options, out, error);
	pinstore_options_free(options);
	return status;
}

/* A store in use is refused, unless the caller says that it may lie there. */
START_TEST(named_and_refused)
{
	const bool is_local = kinds[_i].name[0] == '\0';
	struct pinstore_error error;
	struct pinstore *other;
	int64_t is_read_only;

	note_at("pin.test", "A", "AB", 1000, "", NOW);
	pinstore_close(ps);
	ps = NULL;
	made_up.magic = kinds[_i].magic;
	made_up.served = kinds[_i].served;
	for (is_read_only = 0; is_read_only < 2; is_read_only++) {
		enum pinstore_status status = try_open(
		        fixture_dir.store, 0, is_read_only, &other, &error);

		ck_assert_int_eq(status, is_local ? PINSTORE_OK
		                                  : PINSTORE_ERR_REMOTE);
		if (!is_local) {
			ck_assert_ptr_null(other);
			ck_assert_ptr_nonnull(strstr(error.text, "lies on "));
			ck_assert_ptr_nonnull(strstr(error.text,
			                             kinds[_i].name));
			ck_assert_ptr_nonnull(
			        strstr(error.text, "use a local directory, or "
			                           "read a copy made with "
			                           "pinstore backup"));
		}
		pinstore_close(other);
	}
	ck_assert_int_eq(try_open(fixture_dir.store, 1, 0, &ps, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
}
END_TEST

/* It is refused before anything is made there. */
START_TEST(nothing_is_made)
{
	char path[160];
	struct pinstore *other;
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/a/b/store", fixture_dir.path);
	made_up.magic = 0x6969;
	ck_assert_int_eq(pinstore_open(path, NULL, &other, NULL),
	                 PINSTORE_ERR_REMOTE);
	(void)snprintf(path, sizeof(path), "%s/a", fixture_dir.path);
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

/* What nobody writes needs no lock. */
START_TEST(published_copy_is_read)
{
	struct pinstore_pin pins[2] = {pin_of('A'), pin_of('B')};
	struct pinstore_rule rule = {.size = sizeof(rule), .host = "pin.test",
	                             .pins = pins, .n_pins = 2,
	                             .expires = PINSTORE_NEVER};
	char path[160];
	uint64_t hosts;

	ck_assert_int_eq(pinstore_pin(ps, &rule, NOW, NULL), PINSTORE_OK);
	(void)snprintf(path, sizeof(path), "%s/copy", fixture_dir.path);
	ck_assert_int_eq(pinstore_publish(ps, path, 0, &hosts, NULL), PINSTORE_OK);
	pinstore_close(ps);
	made_up.magic = 0x6969;
	ck_assert_int_eq(pinstore_open(path, NULL, &ps, NULL), PINSTORE_OK);
	ck_assert_int_eq(verdict_at("pin.test", "x", NOW), PINSTORE_REJECT);
	ck_assert_int_eq(verdict_at("pin.test", "A", NOW), PINSTORE_MATCHED);
}
END_TEST

/* A system that cannot tell does not keep anybody out. */
START_TEST(in_doubt_it_is_local)
{
	pinstore_close(ps);
	made_up.magic = 0x6969;
	made_up.failure = ENOSYS;
	fixture_open(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mount");
	TCase *tcase = tcase_create("mount");

	tcase_add_checked_fixture(tcase, fixture_setup, teardown);
	tcase_add_loop_test(tcase, named_and_refused, 0, COUNT(kinds));
	tcase_add_test(tcase, nothing_is_made);
	tcase_add_test(tcase, published_copy_is_read);
	tcase_add_test(tcase, in_doubt_it_is_local);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
