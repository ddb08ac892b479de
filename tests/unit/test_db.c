/*
 * test_db.c - what LMDB says when something is wrong with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Some of LMDB's functions are wrapped at link time, to make them fail.
 */
#include <config.h>

#include "store/db.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include <check.h>
#include <lmdb.h>

#include "store/store.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

static struct tempdir dir;
static struct ps_store *store;

/* What the next calls return instead of being made; 0: they are made. */
static int begin_fails;
static int renew_fails;
static int n_fails; /* calls of these two that fail */
static int put_fails;
static int delete_fails;
static bool has_own_slot;

int __real_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags,
                         MDB_txn **out);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags,
                         MDB_txn **out);
int __real_mdb_txn_renew(MDB_txn *txn);
int __wrap_mdb_txn_renew(MDB_txn *txn);
int __real_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value,
                   unsigned flags);
int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value,
                   unsigned flags);
int __real_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int __wrap_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
int __real_mdb_reader_list(MDB_env *env, MDB_msg_func *tell, void *arg);
int __wrap_mdb_reader_list(MDB_env *env, MDB_msg_func *tell, void *arg);

int
__wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags,
                     MDB_txn **out)
{
	if (begin_fails != 0 && n_fails > 0) {
		n_fails--;
		return begin_fails;
	}
	return __real_mdb_txn_begin(env, parent, flags, out);
}

int
__wrap_mdb_txn_renew(MDB_txn *txn)
{
	if (renew_fails != 0 && n_fails > 0) {
		n_fails--;
		return renew_fails;
	}
	return __real_mdb_txn_renew(txn);
}

int
__wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value,
               unsigned flags)
{
	if (put_fails != 0)
		return put_fails;
	return __real_mdb_put(txn, dbi, key, value, flags);
}

int
__wrap_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
	if (delete_fails != 0)
		return delete_fails;
	return __real_mdb_del(txn, dbi, key, value);
}

int
__wrap_mdb_reader_list(MDB_env *env, MDB_msg_func *tell, void *arg)
{
	char line[64];

	if (!has_own_slot)
		return __real_mdb_reader_list(env, tell, arg);
	(void)snprintf(line, sizeof(line), "%10d 7f0000000000 -\n",
	               (int)getpid());
	return tell(line, arg);
}

static void
setup(void)
{
	tempdir_make(&dir);
	begin_fails = 0;
	renew_fails = 0;
	n_fails = 0;
	put_fails = 0;
	delete_fails = 0;
	has_own_slot = false;
	store = kit_open(dir.store);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

static unsigned
open_files(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(list);
	while (readdir(list) != NULL)
		n++;
	(void)closedir(list);
	return n;
}

/* A predecessor of the same pid, and its slots cannot be dropped. */
static const int reasons[] = {MDB_READERS_FULL, MDB_MAP_RESIZED, ENOMEM};

START_TEST(a_failed_open_leaves_nothing_open)
{
	unsigned before;

	ps_store_close(store);
	store = NULL;
	before = open_files();
	has_own_slot = true;
	begin_fails = reasons[_i];
	n_fails = 1000;
	ck_assert_int_ne(kit_try_open(dir.store, &store), PINSTORE_OK);
	ck_assert_uint_eq(open_files(), before);
	begin_fails = 0;
	has_own_slot = false;
	store = kit_open(dir.store);
}
END_TEST

/* That nothing is there is an answer to a question, not to an order. */
START_TEST(a_write_never_says_not_found)
{
	kit_put(store, "a.test", 1);
	put_fails = MDB_NOTFOUND;
	ck_status(kit_try_put(store, "b.test", 2), PINSTORE_ERR_DAMAGED);
	put_fails = 0;
	delete_fails = MDB_NOTFOUND;
	ck_status(kit_remove(store, "a.test"), PINSTORE_ERR_DAMAGED);
	delete_fails = 0;
	ck_assert(kit_has(store, "a.test", 1));
}
END_TEST

/* A try that failed leaves no message with the one that succeeded. */
START_TEST(success_has_no_error)
{
	kit_put(store, "a.test", 1);
	begin_fails = MDB_MAP_RESIZED;
	n_fails = 1;
	kit_put(store, "b.test", 2);
	ck_assert_int_eq(n_fails, 0);
	ck_assert_int_eq(kit_error.status, PINSTORE_OK);
	ck_assert(kit_has(store, "b.test", 2));
#ifndef __SANITIZE_ADDRESS__
	/* A reader that has lost its slot is leaked, as it must be. */
	begin_fails = 0;
	renew_fails = MDB_BAD_RSLOT;
	n_fails = 1;
	ck_assert(kit_has(store, "b.test", 2));
	ck_assert_int_eq(n_fails, 0);
	ck_assert_int_eq(kit_error.status, PINSTORE_OK);
#endif
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("db");
	TCase *tcase = tcase_create("db");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_failed_open_leaves_nothing_open, 0,
	                    COUNT(reasons));
	tcase_add_test(tcase, a_write_never_says_not_found);
	tcase_add_test(tcase, success_has_no_error);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
