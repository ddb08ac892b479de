/*
 * storekit.h - what the tests of the store share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names are made from numbers, entries from a number too, so that what was
 * written can be told again without being kept.
 */
#ifndef TESTS_SUPPORT_STOREKIT_H
#define TESTS_SUPPORT_STOREKIT_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "store/store.h"

#define KIT_NOW INT64_C(1700000000)
#define KIT_LIMIT_MS 5000

#define ck_status(got, want) \
	ck_assert_msg((got) == (want), "status %d, not %d: %s", (int)(got), \
	              (int)(want), kit_error.text)

static struct pinstore_error kit_error;

static inline struct ps_store_options
kit_options(void)
{
	struct ps_store_options options = {false, KIT_LIMIT_MS, 0, 0, false,
	                                   false};

	return options;
}

/*
 * In a child of the test, and in what both use: what fails there must not run
 * the test's end; and libcheck's assertions take a lock, which another thread
 * may have held at the fork.
 */
#define kit_must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, \
			        __LINE__, #condition, kit_error.text); \
			_exit(99); \
		} \
	} while (0)

static inline enum pinstore_status
kit_try_open(const char *path, struct ps_store **out)
{
	struct ps_store_options options = kit_options();

	return ps_store_open(path, &options, out, &kit_error);
}

static inline struct ps_store *
kit_open(const char *path)
{
	struct ps_store *store = NULL;

	ck_status(kit_try_open(path, &store), PINSTORE_OK);
	ck_assert_ptr_nonnull(store);
	return store;
}

static inline struct ps_host
kit_host(const char *name)
{
	struct ps_host host;

	memset(&host, 0, sizeof(host));
	host.len = strlen(name);
	kit_must(host.len <= PINSTORE_HOST_MAX);
	memcpy(host.name, name, host.len + 1);
	return host;
}

static inline struct ps_host
kit_numbered(unsigned n)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "h%u.d%u.test", n, n % 97);
	return kit_host(name);
}

/* A learned entry that is told by its number. */
static inline struct ps_entry
kit_entry(unsigned n)
{
	struct ps_entry entry;
	struct ps_section *learned;

	memset(&entry, 0, sizeof(entry));
	learned = &entry.section[PINSTORE_LEARNED];
	learned->is_present = true;
	learned->source = PINSTORE_HEADER;
	learned->mode = PINSTORE_ENFORCE;
	learned->include_subdomains = n % 2 == 1;
	learned->quota_labels = 2;
	learned->observed = KIT_NOW;
	learned->updated = KIT_NOW;
	learned->expires = KIT_NOW + 1000 + n;
	learned->max_age = 1000 + n;
	learned->pins.n = 2;
	memset(&learned->pins.pin[0], 0xaa, sizeof(learned->pins.pin[0]));
	memset(&learned->pins.pin[1], 0x55, sizeof(learned->pins.pin[1]));
	memcpy(learned->pins.pin[0].sha256, &n, sizeof(n));
	return entry;
}

static inline bool
kit_is_entry(const struct ps_entry *entry, unsigned n)
{
	const struct ps_section *learned = &entry->section[PINSTORE_LEARNED];
	struct ps_entry want = kit_entry(n);

	return learned->is_present &&
	       learned->max_age == want.section[PINSTORE_LEARNED].max_age &&
	       ps_pinset_is_equal(&learned->pins,
	                          &want.section[PINSTORE_LEARNED].pins);
}

struct kit_work {
	struct ps_host host;
	struct ps_entry entry;
};

static inline enum pinstore_status
kit_put_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const struct kit_work *work = arg;

	return ps_write_put(write, &work->host, &work->entry, error);
}

static inline enum pinstore_status
kit_try_put(struct ps_store *store, const char *name, unsigned n)
{
	struct kit_work work = {kit_host(name), kit_entry(n)};

	return ps_store_write(store, KIT_NOW, kit_put_work, &work, &kit_error);
}

static inline void
kit_put(struct ps_store *store, const char *name, unsigned n)
{
	ck_status(kit_try_put(store, name, n), PINSTORE_OK);
}

static inline enum pinstore_status
kit_remove(struct ps_store *store, const char *name)
{
	struct kit_work work;

	memset(&work, 0, sizeof(work));
	work.host = kit_host(name);
	return ps_store_write(store, KIT_NOW, kit_put_work, &work, &kit_error);
}

static inline enum pinstore_status
kit_get(struct ps_store *store, const char *name, struct ps_entry *out)
{
	struct ps_host host = kit_host(name);

	return ps_store_get(store, &host, out, &kit_error);
}

static inline bool
kit_has(struct ps_store *store, const char *name, unsigned n)
{
	struct ps_entry entry;
	enum pinstore_status status = kit_get(store, name, &entry);

	kit_must(status == PINSTORE_OK || status == PINSTORE_ERR_NOTFOUND);
	return status == PINSTORE_OK && kit_is_entry(&entry, n);
}

/* Whether a file lies there that was to take the data file's place. */
static inline bool
kit_has_scrap(const char *path)
{
	char scrap[192];

	(void)snprintf(scrap, sizeof(scrap), "%s/data.mdb.new", path);
	return access(scrap, F_OK) == 0;
}

/* ---------------------------------------------------------------- processes */

static inline long
kit_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void
kit_nap(long ms)
{
	struct timespec nap = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&nap, &nap) != 0 && errno == EINTR)
		;
}

/* Two processes that take turns: each end writes a letter, the other waits. */
struct kit_pipe {
	int fd[2];
};

static inline struct kit_pipe
kit_pipe(void)
{
	struct kit_pipe out;

	ck_assert_int_eq(pipe(out.fd), 0);
	return out;
}

static inline void
kit_tell(struct kit_pipe *to)
{
	ck_assert_int_eq(write(to->fd[1], "x", 1), 1);
}

static inline void
kit_wait(struct kit_pipe *from)
{
	char letter;

	ck_assert_int_eq(read(from->fd[0], &letter, 1), 1);
}

static inline pid_t
kit_fork(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	return pid;
}

/* The child ended well. */
static inline void
kit_join(pid_t pid)
{
	int state = 0;

	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	ck_assert_msg(WIFEXITED(state) && WEXITSTATUS(state) == 0,
	              "a child ended with %#x", (unsigned)state);
}

static inline void
kit_kill(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

#endif /* TESTS_SUPPORT_STOREKIT_H */
