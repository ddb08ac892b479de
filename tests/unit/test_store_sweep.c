/*
 * test_store_sweep.c - stores damaged in every way: no host that is stored is
 * read as unpinned, nothing crashes, and nothing hangs (T-123, A-120).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A round spoils a copy of the file, has it walked, and has a child open it and
 * ask for every host.  PINSTORE_STORM makes it 20,000 rounds.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <check.h>

#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define ROUNDS 500
#define ROUNDS_LONG 20000
#define BATCH 50
#define HOSTS 150
#define VERSIONS 6
/* A batch that takes longer hangs. */
#define BATCH_SECONDS 120

enum damage {
	DAMAGE_BIT,
	DAMAGE_OCTET,
	DAMAGE_WORDS,   /* 16 octets */
	DAMAGE_SECTOR,  /* 512 octets of zero */
	DAMAGE_ZEROED,  /* a page */
	DAMAGE_MISLED,  /* a page in the place of another */
	DAMAGE_SWAPPED,
	DAMAGE_STALE,   /* its own previous version */
	DAMAGE_KEY,     /* an octet of a key */
	DAMAGE_HEADER,  /* an octet of a page's head */
	DAMAGE_OFFSET,  /* an octet of a page's table of nodes */
	DAMAGE_META,    /* an octet of one of the two heads */
	DAMAGE_CUT,     /* behind a page */
	DAMAGE_TORN     /* behind an octet */
};
#define DAMAGES 14

static const char *const damages[DAMAGES] = {
	"bit", "octet", "16 octets", "sector", "zeroed", "misled", "swapped",
	"stale", "key", "header", "offset", "head", "cut", "torn",
};

/* What parent and child count, in memory that both have. */
struct tally {
	unsigned round; /* that is under way */
	unsigned n[DAMAGES], refused[DAMAGES], right[DAMAGES], told[DAMAGES];
	unsigned hidden, wrong;
	unsigned last_hidden;
};

static struct tempdir dir;
static struct tally *tally;
static struct image sound;
static struct image version[VERSIONS];
static unsigned rounds = ROUNDS;

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *from = arg;
	unsigned n;

	for (n = *from; n < *from + HOSTS / VERSIONS; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry = kit_entry(n);
		enum pinstore_status status =
		        ps_write_put(write, &host, &entry, error);

		if (status != PINSTORE_OK)
			return status;
	}
	return PINSTORE_OK;
}

static void
setup(void)
{
	struct ps_store *store;
	unsigned i, from;

	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
	for (i = 0; i < VERSIONS; i++) {
		from = i * (HOSTS / VERSIONS);
		ck_status(ps_store_write(store, KIT_NOW, fill_work, &from,
		                         &kit_error), PINSTORE_OK);
		version[i] = image_load(dir.store);
	}
	/* Of the heads the older one too leads to all of them. */
	ck_status(ps_store_write(store, KIT_NOW + 1, fill_work, &from,
	                         &kit_error), PINSTORE_OK);
	ck_status(ps_store_write(store, KIT_NOW + 2, fill_work, &from,
	                         &kit_error), PINSTORE_OK);
	kit_put(store, "last.test", 1);
	ck_status(kit_remove(store, "last.test"), PINSTORE_OK);
	ps_store_close(store);
	sound = image_load(dir.store);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(tally, MAP_FAILED);
}

static void
teardown(void)
{
	tempdir_remove(&dir);
}

/* ------------------------------------------------------------------- damage */

static size_t
pages_of(const struct image *image)
{
	return image->len / IMAGE_PAGE;
}

/* Any page but the two heads. */
static uint8_t *
any_page(const struct image *image)
{
	return image->at +
	       (2 + (size_t)rand() % (pages_of(image) - 2)) * IMAGE_PAGE;
}

static void
spoil_octets(uint8_t *at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		at[i] ^= (uint8_t)(1 + rand() % 255);
}

static void
put_stale_page(struct image *image)
{
	const struct image *from = &version[rand() % VERSIONS];
	size_t at = (size_t)(any_page(image) - image->at);

	if (at + IMAGE_PAGE <= from->len)
		memcpy(image->at + at, from->at + at, IMAGE_PAGE);
}

static void
spoil_node(struct image *image, bool is_key)
{
	uint8_t *page = any_page(image);
	uint32_t n, i;
	int tries;

	for (tries = 0; tries < 50; tries++, page = any_page(image)) {
		struct ps_page_node node;

		if (!ps_page_nodes(page, IMAGE_PAGE, ps_page_get64(page),
		                   ps_page_flags(page) & PS_PAGE_KINDS, &n) ||
		    n == 0)
			continue;
		i = (uint32_t)rand() % n;
		if (!is_key) {
			spoil_octets(page + PS_PAGE_HEAD_LEN + 2 * i, 1);
			return;
		}
		if (!ps_page_node(page, IMAGE_PAGE, i, false, &node) ||
		    node.key_len == 0)
			continue;
		spoil_octets(image_octets(node.key) +
		             (uint32_t)rand() % node.key_len, 1);
		return;
	}
}

static void
spoil(struct image *image, enum damage damage)
{
	uint8_t *a = any_page(image), *b = any_page(image);
	uint8_t page[IMAGE_PAGE];
	size_t at = (size_t)rand() % (IMAGE_PAGE - 512);

	switch (damage) {
	case DAMAGE_BIT:
		a[at] ^= (uint8_t)(1u << rand() % 8);
		break;
	case DAMAGE_OCTET:
		spoil_octets(a + at, 1);
		break;
	case DAMAGE_WORDS:
		spoil_octets(a + at, 16);
		break;
	case DAMAGE_SECTOR:
		memset(a + at / 512 * 512, 0, 512);
		break;
	case DAMAGE_ZEROED:
		memset(a, 0, IMAGE_PAGE);
		break;
	case DAMAGE_MISLED:
		memmove(a, b, IMAGE_PAGE);
		break;
	case DAMAGE_SWAPPED:
		memcpy(page, a, IMAGE_PAGE);
		memmove(a, b, IMAGE_PAGE);
		memcpy(b, page, IMAGE_PAGE);
		break;
	case DAMAGE_STALE:
		put_stale_page(image);
		break;
	case DAMAGE_KEY:
		spoil_node(image, true);
		break;
	case DAMAGE_HEADER:
		spoil_octets(a + rand() % PS_PAGE_HEAD_LEN, 1);
		break;
	case DAMAGE_OFFSET:
		spoil_node(image, false);
		break;
	case DAMAGE_META:
		spoil_octets(image->at + (size_t)rand() % 2 * IMAGE_PAGE +
		                     (size_t)rand() %
		                             (PS_PAGE_HEAD_LEN + PS_META_LEN),
		             1);
		break;
	case DAMAGE_CUT:
		image->len = (size_t)rand() % pages_of(image) * IMAGE_PAGE;
		break;
	case DAMAGE_TORN:
		image->len = (size_t)rand() % image->len;
		break;
	}
}

/* -------------------------------------------------------------------- rounds */

/* In the child: every host is asked for. */
static void
ask_all(enum damage damage, bool is_told)
{
	struct ps_store *store = NULL;
	bool is_refused = false;
	unsigned n;

	if (kit_try_open(dir.store, &store) != PINSTORE_OK) {
		tally->refused[damage]++;
		return;
	}
	for (n = 0; n < HOSTS; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;
		enum pinstore_status status =
		        ps_store_get(store, &host, &entry, &kit_error);

		if (status == PINSTORE_ERR_NOTFOUND) {
			tally->hidden += !is_told;
			tally->last_hidden = tally->round;
		} else if (status != PINSTORE_OK) {
			is_refused = true;
		} else if (!kit_is_entry(&entry, n)) {
			tally->wrong++;
		}
	}
	if (is_refused)
		tally->refused[damage]++;
	else
		tally->right[damage]++;
	ps_store_close(store);
}

static void
run_round(unsigned round)
{
	enum damage damage = (enum damage)(round % DAMAGES);
	struct image image = image_copy(&sound);
	struct found found;

	srand(round + 1);
	tally->n[damage]++;
	spoil(&image, damage);
	found = image_audit(&image);
	if (found.status != PINSTORE_OK || found.totals.walk.flaws > 0)
		tally->told[damage]++;
	image_save(&image, dir.store);
	ask_all(damage, found.status != PINSTORE_OK ||
	                        found.totals.walk.flaws > 0);
	free(image.at);
}

static void
run_batch(unsigned from)
{
	(void)alarm(BATCH_SECONDS);
	for (tally->round = from;
	     tally->round < rounds && tally->round < from + BATCH;
	     tally->round++)
		run_round(tally->round);
	_exit(0);
}

static void
print_tally(unsigned signals, unsigned hangs)
{
	unsigned i;

	for (i = 0; i < DAMAGES; i++)
		printf("%-10s %6u damaged, %6u told by the walk, %6u refused, "
		       "%6u answered rightly\n", damages[i], tally->n[i],
		       tally->told[i], tally->refused[i], tally->right[i]);
	printf("damage: %u stores, %u hosts read as unpinned, %u wrongly, "
	       "signals: %u, hangs: %u\n", rounds, tally->hidden,
	       tally->wrong, signals, hangs);
}

START_TEST(damage_hides_nothing)
{
	unsigned from = 0, signals = 0, hangs = 0;

	if (getenv("PINSTORE_STORM") != NULL)
		rounds = ROUNDS_LONG;
	while (from < rounds) {
		int state = 0;
		pid_t pid = kit_fork();

		if (pid == 0)
			run_batch(from);
		ck_assert_int_eq(waitpid(pid, &state, 0), pid);
		from = tally->round;
		if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
			continue;
		if (WIFSIGNALED(state) && WTERMSIG(state) == SIGALRM)
			hangs++;
		else
			signals++;
		printf("round %u (%s): ended with %#x\n", from,
		       damages[from % DAMAGES], (unsigned)state);
		from++;
	}
	print_tally(signals, hangs);
	ck_assert_uint_eq(signals, 0);
	ck_assert_uint_eq(hangs, 0);
	ck_assert_uint_eq(tally->wrong, 0);
	ck_assert_msg(tally->hidden == 0, "hidden in round %u",
	              tally->last_hidden);
	/* Otherwise nothing was damaged, or nothing was read. */
	ck_assert_uint_gt(tally->refused[DAMAGE_ZEROED], 0);
	ck_assert_uint_gt(tally->told[DAMAGE_STALE], 0);
	ck_assert_uint_gt(tally->right[DAMAGE_BIT], 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_sweep");
	TCase *tcase = tcase_create("sweep");

	tcase_set_timeout(tcase, 7200);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, damage_hides_nothing);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
