/*
 * test_store_damage.c - what is damaged is never "not found" (A-120, T-123).
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

#include "store/entries.h"
#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

static struct tempdir dir;
static struct ps_store *store;

static const char *const names[] = {"a.test", "b.test", "c.c.test", "d.test",
                                    "e.d.test", "f.test"};

static void
setup(void)
{
	unsigned i;

	tempdir_make(&dir);
	store = kit_open(dir.store);
	for (i = 0; i < COUNT(names); i++)
		kit_put(store, names[i], i);
	ps_store_close(store);
	store = NULL;
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

static bool
any_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)view;
	(void)arg;
	return true;
}

static enum pinstore_status
climb(const char *name)
{
	struct ps_host host = kit_host(name);

	return ps_store_climb(store, &host, NULL, any_step, NULL, &kit_error);
}

static bool
any_visit(const struct ps_host *host, const struct ps_entry *entry, void *arg)
{
	(void)host;
	(void)entry;
	(void)arg;
	return true;
}

static enum pinstore_status
scan(void)
{
	return ps_store_scan(store, NULL, any_visit, NULL, &kit_error);
}

static void
expect_damaged(const char *name)
{
	struct ps_entry entry;

	ck_status(kit_get(store, name, &entry), PINSTORE_ERR_DAMAGED);
	ck_status(climb(name), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, dir.store));
	ck_assert_ptr_nonnull(strstr(kit_error.text, "pinstore fsck"));
	/* Nor is it healed by writing over it. */
	ck_status(kit_try_put(store, name, 9), PINSTORE_ERR_DAMAGED);
	ck_status(scan(), PINSTORE_ERR_DAMAGED);
}

static struct ps_bytes
key_of(const char *name)
{
	static struct ps_key key[4];
	static unsigned turn;
	struct ps_host host = kit_host(name);
	struct ps_key *at = &key[turn++ % 4];
	struct ps_bytes out;

	ps_host_key(&host, at);
	out.at = at->octets;
	out.len = at->len;
	return out;
}

/* T-123, proofs: any one record removed behind the store's back. */
START_TEST(a_lost_record_is_damage)
{
	struct raw raw = raw_begin(dir.store);
	size_t i;

	raw_delete(&raw, PS_HOSTS, key_of(names[_i]));
	raw_end(&raw);
	store = kit_open(dir.store);
	expect_damaged(names[_i]);
	for (i = 0; i < COUNT(names); i++) {
		if (i != (size_t)_i)
			ck_assert(kit_has(store, names[i], (unsigned)i));
	}
}
END_TEST

/* All records lost, the head alone is there. */
START_TEST(all_records_lost_is_damage)
{
	struct raw raw = raw_begin(dir.store);
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		raw_delete(&raw, PS_HOSTS, key_of(names[i]));
	raw_end(&raw);
	store = kit_open(dir.store);
	for (i = 0; i < COUNT(names); i++)
		expect_damaged(names[i]);
	expect_damaged("unknown.test");
}
END_TEST

/* A record whose next is wrong, sealed with the right key. */
START_TEST(a_wrong_link_is_damage)
{
	static const char *const gap[] = {"a-a.test", "b-b.test", "cc.test",
	                                  "d-d.test", "ee.test", "z.test"};
	struct raw raw = raw_begin(dir.store);
	struct ps_bytes key = key_of(names[_i]);
	uint8_t record[PS_ENTRY_LEN_MAX];
	size_t len = raw_get(&raw, PS_HOSTS, key, record, sizeof(record));
	struct ps_bytes other = key_of(names[(_i + 2) % COUNT(names)]);
	struct ps_entry entry;

	ps_entry_relink(&raw.id, key.at, key.len, record, len,
	                ps_entry_next_hash(&raw.id, other.at, other.len));
	raw_put(&raw, PS_HOSTS, key, record, len);
	raw_end(&raw);
	store = kit_open(dir.store);
	ck_status(kit_get(store, gap[_i], &entry), PINSTORE_ERR_DAMAGED);
	ck_status(kit_try_put(store, gap[_i], 1), PINSTORE_ERR_DAMAGED);
	ck_status(kit_remove(store, names[_i]), PINSTORE_ERR_DAMAGED);
	ck_status(scan(), PINSTORE_ERR_DAMAGED);
	/* The record itself is sound. */
	ck_assert(kit_has(store, names[_i], (unsigned)_i));
}
END_TEST

/* Each octet of a record changed, and each length of it. */
START_TEST(a_spoiled_record_is_damage)
{
	struct ps_bytes key = key_of("d.test");
	uint8_t record[PS_ENTRY_LEN_MAX + 100] = {0}, copy[sizeof(record)];
	struct raw raw = raw_begin(dir.store);
	size_t len = raw_get(&raw, PS_HOSTS, key, copy, sizeof(copy)), i;

	raw_end(&raw);
	for (i = 0; i < len + 3; i++) {
		static const size_t lengths[] = {0, 31, 3000};
		struct ps_entry entry;
		enum pinstore_status status;

		memcpy(record, copy, len);
		if (i < len)
			record[i] ^= (uint8_t)(1u << i % 8);
		raw = raw_begin(dir.store);
		raw_put(&raw, PS_HOSTS, key, record,
		        i < len ? len : lengths[i - len]);
		raw_end(&raw);
		store = kit_open(dir.store);
		status = kit_get(store, "d.test", &entry);
		ck_assert_msg(status == PINSTORE_ERR_DAMAGED ||
		                      (status == PINSTORE_ERR_VERSION &&
		                       i == 0),
		              "octet %zu: %d", i, (int)status);
		ck_assert_int_eq(climb("a.d.test"), status);
		ck_assert_int_eq(climb("d-d.test"), status);
		ck_assert_int_eq(climb("e.d.test"), status);
		ck_assert_int_eq(kit_try_put(store, "d.test", 4), status);
		ck_assert(kit_has(store, "a.test", 0));
		ps_store_close(store);
		store = NULL;
	}
}
END_TEST

/* Sound records, each under the other's key. */
START_TEST(exchanged_records_are_damage)
{
	struct raw raw = raw_begin(dir.store);
	uint8_t a[PS_ENTRY_LEN_MAX], b[PS_ENTRY_LEN_MAX];
	size_t a_len, b_len;

	a_len = raw_get(&raw, PS_HOSTS, key_of("a.test"), a, sizeof(a));
	b_len = raw_get(&raw, PS_HOSTS, key_of("b.test"), b, sizeof(b));
	raw_put(&raw, PS_HOSTS, key_of("a.test"), b, b_len);
	raw_put(&raw, PS_HOSTS, key_of("b.test"), a, a_len);
	raw_end(&raw);
	store = kit_open(dir.store);
	expect_damaged("a.test");
	expect_damaged("b.test");
}
END_TEST

/* Keys that no name has, put in behind our back; of any length. */
START_TEST(a_foreign_key_is_damage)
{
	static const size_t lengths[] = {1, 2, 253, 254, 300, 511};
	struct raw raw = raw_begin(dir.store);
	uint8_t octets[511], record[PS_ENTRY_LEN_MAX];
	struct ps_bytes key = {octets, lengths[_i]};
	struct ps_entry entry;
	size_t len = raw_get(&raw, PS_HOSTS, key_of("a.test"), record,
	                     sizeof(record));

	memset(octets, 'q', sizeof(octets));
	raw_put(&raw, PS_HOSTS, key, record, len);
	raw_end(&raw);
	store = kit_open(dir.store);
	ck_status(kit_get(store, "q", &entry), PINSTORE_ERR_DAMAGED);
	ck_status(climb("pp.pp"), PINSTORE_ERR_DAMAGED);
	ck_status(climb("rr.rr"), PINSTORE_ERR_DAMAGED);
	ck_status(kit_try_put(store, "rr.rr", 1), PINSTORE_ERR_DAMAGED);
	ck_status(scan(), PINSTORE_ERR_DAMAGED);
}
END_TEST

static enum pinstore_status
event_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_host host = kit_host("a.test");
	struct ps_event event = {
		.kind = PS_EVENT_NOTED,
		.layer = PINSTORE_LEARNED,
		.at = 1,
		.count = 1,
		.host = &host,
	};

	(void)arg;
	return ps_write_event(write, &event, error);
}

static enum pinstore_status
any_record(struct ps_write *write, const struct ps_host *host, void *arg,
           bool *is_meant, struct pinstore_error *error)
{
	(void)write;
	(void)host;
	(void)arg;
	(void)error;
	*is_meant = true;
	return PINSTORE_OK;
}

static enum pinstore_status
forget_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	return ps_write_forget(write, any_record, arg, error);
}

static bool
any_event(uint64_t number, const struct ps_event *event, void *arg)
{
	(void)number;
	(void)event;
	(void)arg;
	return true;
}

START_TEST(a_spoiled_journal_is_damage)
{
	static const uint8_t first[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	struct ps_bytes key = {first, 8};
	uint8_t record[64];
	struct raw raw;
	size_t len, i;

	store = kit_open(dir.store);
	ck_status(ps_store_write(store, 1, event_work, NULL, &kit_error),
	          PINSTORE_OK);
	ps_store_close(store);
	raw = raw_begin(dir.store);
	len = raw_get(&raw, PS_JOURNAL, key, record, sizeof(record));
	raw_end(&raw);
	for (i = 0; i < len; i++) {
		record[i] ^= 0x40;
		raw = raw_begin(dir.store);
		raw_put(&raw, PS_JOURNAL, key, record, len);
		raw_end(&raw);
		store = kit_open(dir.store);
		ck_status(ps_store_events(store, 0, any_event, NULL,
		                          &kit_error), PINSTORE_ERR_DAMAGED);
		ck_status(ps_store_write(store, 1, forget_work, NULL,
		                         &kit_error), PINSTORE_ERR_DAMAGED);
		ps_store_close(store);
		store = NULL;
		record[i] ^= 0x40;
	}
}
END_TEST

/* A counter that must be there, as an entry counts by it. */
START_TEST(a_lost_counter_is_damage)
{
	struct raw raw = raw_begin(dir.store);
	uint8_t record[64];
	size_t len = raw_get(&raw, PS_QUOTA, raw_key("test.a"), record,
	                     sizeof(record));

	if (_i == 0) {
		raw_delete(&raw, PS_QUOTA, raw_key("test.a"));
	} else {
		record[len - 1] ^= 1;
		raw_put(&raw, PS_QUOTA, raw_key("test.a"), record, len);
	}
	raw_end(&raw);
	store = kit_open(dir.store);
	ck_status(kit_remove(store, "a.test"), PINSTORE_ERR_DAMAGED);
	ck_assert(kit_has(store, "a.test", 0)); /* all of it was rolled back */
}
END_TEST

/* ------------------------------------------------------- the file's octets */

#define MANY 600
#define TRIALS 120
/* What a judge ends with; sanitizers have numbers of their own. */
#define HIDDEN 42
#define WRONG 43

static enum pinstore_status
many_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	unsigned n;

	(void)arg;
	for (n = 0; n < MANY; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);
		enum pinstore_status status =
		        ps_write_put(write, &host, &entry, error);

		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

/* In a child, for a damaged tree may crash LMDB.  0: each answer was right. */
static int
judge(void)
{
	unsigned n;

	if (kit_try_open(dir.store, &store) != PINSTORE_OK)
		return 1;
	for (n = 0; n < MANY; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;
		enum pinstore_status status =
		        ps_store_get(store, &host, &entry, &kit_error);

		if (status == PINSTORE_ERR_NOTFOUND)
			return HIDDEN;
		if (status == PINSTORE_OK && !kit_is_entry(&entry, n))
			return WRONG;
	}
	return 0;
}

static void
spoil(int fd, off_t size)
{
	uint8_t octets[16];
	off_t at = 8192 + rand() % (size - 8192 - 16);
	size_t len = rand() % 2 == 0 ? 1 : sizeof(octets), i;

	ck_assert_int_eq(pread(fd, octets, len, at), (ssize_t)len);
	for (i = 0; i < len; i++)
		octets[i] ^= (uint8_t)(1 + rand() % 255);
	ck_assert_int_eq(pwrite(fd, octets, len, at), (ssize_t)len);
}

/* No damage of pages hides a host or changes what is said of it. */
START_TEST(spoiled_pages_hide_nothing)
{
	char path[128];
	uint8_t *sound;
	unsigned trial, crashed = 0, stride = suite_stride(40);
	struct stat st;
	int fd;

	store = kit_open(dir.store);
	ck_status(ps_store_write(store, 1, many_work, NULL, &kit_error),
	          PINSTORE_OK);
	ps_store_close(store);
	store = NULL;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDWR);
	ck_assert_int_eq(fstat(fd, &st), 0);
	sound = malloc((size_t)st.st_size);
	ck_assert_int_eq(pread(fd, sound, (size_t)st.st_size, 0), st.st_size);
	srand((unsigned)_i + 7);
	for (trial = 0; trial < TRIALS; trial += stride) {
		int state = 0;
		pid_t pid;

		spoil(fd, st.st_size);
		pid = kit_fork();
		if (pid == 0)
			_exit(judge());
		ck_assert_int_eq(waitpid(pid, &state, 0), pid);
		ck_assert_msg(!WIFEXITED(state) ||
		                      (WEXITSTATUS(state) != HIDDEN &&
		                       WEXITSTATUS(state) != WRONG),
		              "trial %u: %d", trial, WEXITSTATUS(state));
		crashed += !WIFEXITED(state) || WEXITSTATUS(state) > 1;
		ck_assert_int_eq(pwrite(fd, sound, (size_t)st.st_size, 0),
		                 st.st_size);
	}
	/* LMDB itself does not check what it follows: rare, and no answer. */
	ck_assert_uint_lt(crashed, TRIALS / 10);
	free(sound);
	close(fd);
}
END_TEST

/* ---------------------------------------------------- a write that was lost */

#define VERSIONS 8
#define VERSION_MAX (64 * 4096)

struct version {
	uint8_t octets[VERSION_MAX];
	size_t len;
};

static void
read_version(struct version *out)
{
	char path[128];
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDONLY);
	got = read(fd, out->octets, sizeof(out->octets));
	ck_assert_int_gt(got, 0);
	ck_assert_uint_lt((size_t)got, sizeof(out->octets));
	out->len = (size_t)got;
	close(fd);
}

static int
judge_versions(void)
{
	unsigned n;

	if (kit_try_open(dir.store, &store) != PINSTORE_OK)
		return 1;
	for (n = 0; n < VERSIONS; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;

		if (ps_store_get(store, &host, &entry, &kit_error) ==
		    PINSTORE_ERR_NOTFOUND)
			return 2;
	}
	return 0;
}

/* One page as an earlier commit had left it: it is sound in itself. */
START_TEST(a_lost_write_hides_nothing)
{
	static struct version version[VERSIONS];
	const struct version *last = &version[VERSIONS - 1];
	unsigned n, tried = 0, refused = 0;
	char path[128];
	size_t at;
	int fd;

	for (n = 0; n < VERSIONS; n++) {
		struct ps_host host = kit_numbered(n);

		store = kit_open(dir.store);
		kit_put(store, host.name, n);
		ps_store_close(store);
		store = NULL;
		read_version(&version[n]);
	}
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir.store);
	fd = open(path, O_RDWR);
	for (at = 8192; at < last->len; at += 4096) {
		for (n = 0; n + 1 < VERSIONS; n++) {
			int state = 0;
			pid_t pid;

			if (version[n].len < at + 4096 ||
			    memcmp(version[n].octets + at, last->octets + at,
			           4096) == 0)
				continue;
			ck_assert_int_eq(pwrite(fd, version[n].octets + at,
			                        4096, (off_t)at), 4096);
			pid = kit_fork();
			if (pid == 0)
				_exit(judge_versions());
			ck_assert_int_eq(waitpid(pid, &state, 0), pid);
			ck_assert_msg(!WIFEXITED(state) ||
			              WEXITSTATUS(state) <= 1,
			              "page %zu of version %u: not found",
			              at / 4096, n);
			tried++;
			refused += WIFEXITED(state) && WEXITSTATUS(state) == 1;
			ck_assert_int_eq(pwrite(fd, last->octets + at, 4096,
			                        (off_t)at), 4096);
		}
	}
	close(fd);
	/* Otherwise nothing was tried. */
	ck_assert_uint_gt(tried, 10);
	ck_assert_uint_gt(refused, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_damage");
	TCase *tcase = tcase_create("damage");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_lost_record_is_damage, 0, COUNT(names));
	tcase_add_test(tcase, all_records_lost_is_damage);
	tcase_add_loop_test(tcase, a_wrong_link_is_damage, 0, COUNT(names));
	tcase_add_test(tcase, a_spoiled_record_is_damage);
	tcase_add_test(tcase, exchanged_records_are_damage);
	tcase_add_loop_test(tcase, a_foreign_key_is_damage, 0, 6);
	tcase_add_test(tcase, a_spoiled_journal_is_damage);
	tcase_add_loop_test(tcase, a_lost_counter_is_damage, 0, 2);
	tcase_add_test(tcase, a_lost_write_hides_nothing);
	tcase_add_loop_test(tcase, spoiled_pages_hide_nothing, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
