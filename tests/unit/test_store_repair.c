/*
 * test_store_repair.c - of a damaged store what is sound is kept, and what may
 * have been lost is refused until its loss is accepted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/repair.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

#include "store/fsck.h"
#include "store/side.h"
#include "tests/support/storeimage.h"
#include "tests/support/storekit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#define HOSTS 300
#define TRIALS 60
/* A file cut to less than this may hold no record. */
#define HOPELESS 6

static struct tempdir dir;
static struct image sound;

static enum pinstore_status
fill_work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	const unsigned *to = arg;
	struct ps_settings settings = {.set = 1, .n_anchors = 2,
	                               .value = {77}};
	struct ps_order order = {PS_ORDER_REVOKED, false, 1, PINSTORE_NEVER,
	                         "why"};
	struct ps_order bypass = {PS_ORDER_BYPASS, true, 1, 2, "x"};
	struct ps_host host = kit_numbered(7);
	struct ps_event event = {.kind = PS_EVENT_NOTED,
	                         .layer = PINSTORE_LEARNED,
	                         .at = 1, .count = 1, .host = &host};
	struct ps_key key = {32, {9}};
	enum pinstore_status status;
	unsigned n;

	status = ps_write_put_order(write, &key, &order, error);
	ps_host_key(&host, &key);
	if (status == PINSTORE_OK)
		status = ps_write_put_order(write, &key, &bypass, error);
	if (status == PINSTORE_OK)
		status = ps_write_put_settings(write, &settings, error);
	if (status == PINSTORE_OK)
		status = ps_write_event(write, &event, error);
	for (n = 0; n < *to && status == PINSTORE_OK; n++) {
		struct ps_entry entry = kit_entry(n);

		host = kit_numbered(n);
		status = ps_write_put(write, &host, &entry, error);
	}
	return status;
}

static void
setup(void)
{
	struct ps_store *store;
	unsigned to;

	tempdir_make_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
	                &dir);
	store = kit_open(dir.store);
	for (to = 50; to <= HOSTS; to += 50)
		ck_status(ps_store_write(store, KIT_NOW, fill_work, &to,
		                         &kit_error), PINSTORE_OK);
	ps_store_close(store);
	sound = image_load(dir.store);
}

static void
teardown(void)
{
	free(sound.at);
	tempdir_remove(&dir);
}

static enum pinstore_status
fsck(bool repair, bool accept_loss, struct ps_audit_totals *totals,
     struct ps_repair_totals *repaired)
{
	struct ps_fsck_want want = {
		.path = dir.store,
		.lock_limit_ms = KIT_LIMIT_MS,
		.repair = repair,
		.accept_loss = accept_loss,
	};

	return ps_fsck_run(&want, totals, repaired, &kit_error);
}

struct asked {
	unsigned right, refused, absent;
};

/* Ask for every host; nothing else than these three is ever answered. */
static struct asked
ask_all(void)
{
	struct ps_store *store = kit_open(dir.store);
	struct asked asked = {0, 0, 0};
	unsigned n;

	for (n = 0; n < HOSTS; n++) {
		struct ps_host host = kit_numbered(n);
		struct ps_entry entry;
		enum pinstore_status status =
		        ps_store_get(store, &host, &entry, &kit_error);

		if (status == PINSTORE_ERR_NOTFOUND) {
			asked.absent++;
		} else if (status == PINSTORE_ERR_DAMAGED) {
			asked.refused++;
		} else {
			ck_status(status, PINSTORE_OK);
			ck_assert(kit_is_entry(&entry, n));
			asked.right++;
		}
	}
	ps_store_close(store);
	return asked;
}

START_TEST(a_sound_store_is_left_alone)
{
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct image after;

	ck_status(fsck(true, true, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_str_eq(repaired.old_name, "");
	after = image_load(dir.store);
	ck_assert_uint_eq(after.len, sound.len);
	ck_assert_int_eq(memcmp(after.at, sound.at, sound.len), 0);
	free(after.at);
}
END_TEST

/* The root of hosts is lost: every leaf is found, and nothing is missing. */
START_TEST(an_index_is_made_anew)
{
	struct image image = image_copy(&sound);
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct asked asked;
	char path[160];

	memset(image_top(&image, "hosts"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_eq(repaired.kept[PS_HOSTS], HOSTS + 1);
	ck_assert_int_eq(repaired.lost_names, 0);
	ck_assert_uint_eq(totals.gaps, 0);
	asked = ask_all();
	ck_assert_uint_eq(asked.right, HOSTS);
	/* The damaged file is kept. */
	(void)snprintf(path, sizeof(path), "%s/%s", dir.store,
	               repaired.old_name);
	ck_assert_int_eq(access(path, F_OK), 0);
	free(image.at);
}
END_TEST

/* The same store without older copies of its pages. */
static struct image
compacted(void)
{
	struct ps_store *store = kit_open(dir.store);

	ck_status(ps_store_compact(store, &kit_error), PINSTORE_OK);
	ps_store_close(store);
	return image_load(dir.store);
}

/* A leaf is lost: its names are refused, then unknown; the rest is right. */
START_TEST(a_gap_is_refused_until_accepted)
{
	struct image image;
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct ps_store *store;
	struct asked asked;
	struct ps_page_node node;
	struct ps_entry entry;
	uint8_t *top;

	image = compacted();
	top = image_top(&image, "hosts");
	node = image_node(top, image_nodes(top) / 2);
	memset(image_page(&image, node.child), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_eq(totals.gaps, 1);
	ck_assert_int_gt(repaired.lost_names, 0);
	asked = ask_all();
	ck_assert_uint_eq(asked.absent, 0);
	ck_assert_int_eq(asked.refused, repaired.lost_names);
	ck_assert_uint_eq(asked.right, HOSTS - asked.refused);
	/* Elsewhere it is written to as ever, and listed. */
	store = kit_open(dir.store);
	kit_put(store, "zz.zz", 5);
	ck_assert(kit_has(store, "zz.zz", 5));
	ck_status(kit_remove(store, "zz.zz"), PINSTORE_OK);
	ck_status(kit_get(store, "aa.aa", &entry), PINSTORE_ERR_NOTFOUND);
	ps_store_close(store);
	/* Again: there is no flaw, and the gap stays. */
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.gaps, 1);
	ck_assert_str_eq(repaired.old_name, "");
	ck_status(fsck(true, true, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.gaps, 0);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_eq(repaired.gaps, 1);
	asked.absent = asked.refused;
	ck_assert_uint_eq(ask_all().absent, asked.absent);
	free(image.at);
}
END_TEST

static bool
take_order(const struct ps_key *key, const struct ps_order *order, void *arg)
{
	(void)key;
	(void)order;
	++*(unsigned *)arg;
	return true;
}

/* What the operator laid down, the journal and the counters come along. */
START_TEST(all_else_is_carried)
{
	struct image image = image_copy(&sound);
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct ps_settings settings;
	struct ps_store *store;
	unsigned revoked = 0, bypassed = 0;

	memset(image_top(&image, "hosts"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(repaired.kept[PS_JOURNAL], HOSTS / 50);
	store = kit_open(dir.store);
	ck_status(ps_store_settings(store, &settings, &kit_error),
	          PINSTORE_OK);
	ck_assert_int_eq(settings.value[0], 77);
	ck_assert_uint_eq(settings.n_anchors, 2);
	ck_status(ps_store_orders(store, PS_ORDER_REVOKED, take_order, &revoked,
	                          &kit_error), PINSTORE_OK);
	ck_status(ps_store_orders(store, PS_ORDER_BYPASS, take_order, &bypassed,
	                          &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(revoked, 1);
	ck_assert_uint_eq(bypassed, 1);
	ps_store_close(store);
	free(image.at);
}
END_TEST

/* Where the revoked keys are lost, nobody is let in as if there were none. */
START_TEST(lost_orders_refuse)
{
	struct image image = image_copy(&sound);
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	static const struct pinstore_pin pin = {{5}};
	const struct pinstore_pin *pins[] = {&pin};
	struct ps_ruling ruling = {.pins = pins, .n_pins = 1};
	struct ps_store *store;

	memset(image_leaf(&image, "revoked"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_gt(totals.gaps, 0);
	store = kit_open(dir.store);
	ck_status(ps_store_climb(store, NULL, &ruling, NULL, NULL, &kit_error),
	          PINSTORE_ERR_DAMAGED);
	ps_store_close(store);
	free(image.at);
}
END_TEST

/*
 * The page with the id is lost, by which all checksums are made: a copy of it
 * lies beside.
 */
START_TEST(an_id_that_is_lost_is_known_beside)
{
	struct image image = compacted();
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;

	memset(image_leaf(&image, "meta"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_eq(totals.gaps, 0);
	ck_assert_int_eq(repaired.lost_names, 0);
	ck_assert_uint_eq(repaired.kept[PS_JOURNAL], HOSTS / 50);
	ck_assert(!repaired.has_lost_settings);
	ck_assert_uint_eq(ask_all().right, HOSTS);
	free(image.at);
}
END_TEST

/* No copy, half of one, another store's, and one that nobody ever writes to. */
START_TEST(a_copy_of_the_id_that_is_none)
{
	const struct ps_schema other = {{{7}}, PS_SCHEMA, 1, PS_SCHEMA, 0};
	uint8_t octets[PS_META_SCHEMA_LEN];
	struct image image = compacted(), after;
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	char path[160];
	FILE *file;

	memset(image_leaf(&image, "meta"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	(void)snprintf(path, sizeof(path), "%s/schema", dir.store);
	ck_assert_int_eq(unlink(path), 0);
	ps_meta_seal_schema(&other, octets);
	if (_i == 1 || _i == 2) {
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		(void)fwrite(octets, 1, sizeof(octets) / (3 - (size_t)_i),
		             file);
		ck_assert_int_eq(fclose(file), 0);
	} else if (_i == 3) {
		ck_assert_int_eq(mkfifo(path, 0600), 0);
	}
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "restore a backup"));
	after = image_load(dir.store);
	ck_assert_uint_eq(after.len, image.len);
	ck_assert_int_eq(memcmp(after.at, image.at, image.len), 0);
	free(after.at);
	free(image.at);
}
END_TEST

/* Whoever opens the store puts a copy there that fits. */
START_TEST(the_copy_of_the_id_is_kept)
{
	const struct ps_schema other = {{{7}}, PS_SCHEMA, 1, PS_SCHEMA, 0};
	struct ps_schema before, after;
	int fd = open(dir.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert(ps_side_schema(fd, &before));
	ps_side_keep_schema(fd, &other);
	ck_assert(ps_side_schema(fd, &after));
	ck_assert_int_eq(after.id.octets[0], 7);
	ps_store_close(kit_open(dir.store));
	ck_assert(ps_side_schema(fd, &after));
	ck_assert_int_eq(memcmp(&before.id, &after.id, sizeof(before.id)), 0);
	close(fd);
}
END_TEST

/* Both heads are lost: what was the last commit, nobody can say. */
START_TEST(without_a_head_there_is_no_repair)
{
	struct image image = image_copy(&sound), after;
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;

	if (_i == 0)
		memset(image.at, 0, (size_t)2 * IMAGE_PAGE);
	else
		image.len = _i == 1 ? 0 : IMAGE_PAGE;
	image_save(&image, dir.store);
	ck_status(fsck(true, true, &totals, &repaired), PINSTORE_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(kit_error.text, "restore a backup"));
	ck_assert_str_eq(repaired.old_name, "");
	after = image_load(dir.store);
	ck_assert_uint_eq(after.len, image.len);
	free(after.at);
	free(image.at);
}
END_TEST

/* Records that have pages of their own are found again too. */
START_TEST(large_records_are_found_again)
{
	struct ps_host host = kit_numbered(HOSTS);
	struct ps_entry entry = kit_entry(HOSTS), found;
	struct kit_work work = {host, entry};
	struct ps_section *learned = &work.entry.section[PINSTORE_LEARNED];
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct ps_store *store;
	struct image image;

	learned->pins.n = PINSTORE_PINS_MAX;
	memset(learned->report_uri, 'u', PINSTORE_URI_MAX);
	memcpy(learned->report_uri, "https://", 8);
	store = kit_open(dir.store);
	ck_status(ps_store_write(store, KIT_NOW, kit_put_work, &work,
	                         &kit_error), PINSTORE_OK);
	ps_store_close(store);
	image = compacted();
	memset(image_top(&image, "hosts"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.gaps, 0);
	ck_assert_int_eq(repaired.lost_names, 0);
	store = kit_open(dir.store);
	ck_status(kit_get(store, host.name, &found), PINSTORE_OK);
	ck_assert_uint_eq(found.section[PINSTORE_LEARNED].pins.n,
	                  PINSTORE_PINS_MAX);
	ps_store_close(store);
	free(image.at);
}
END_TEST

/*
 * A sector that the disk does not give back: the others are kept, and also if
 * the page that led to them is lost as well.
 */
START_TEST(a_sector_that_cannot_be_read_is_one_page_less)
{
	struct image image = compacted();
	const uint8_t *top = image_top(&image, "hosts");
	const uint64_t bad = image_node(top, image_nodes(top) / 2).child;
	const uint32_t records = image_nodes(image_page(&image, bad));
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct asked asked;
	int64_t lost;
	char at[32];

	if (_i == 1) {
		memset(image_top(&image, "hosts"), 0, IMAGE_PAGE);
		image_save(&image, dir.store);
	}
	(void)snprintf(at, sizeof(at), "%llu",
	               (unsigned long long)(bad * IMAGE_PAGE));
	(void)setenv("DISKFAULT_CALL", "pread", 1);
	(void)setenv("DISKFAULT_CODE", "5", 1);
	(void)setenv("DISKFAULT_FILE", "data.mdb", 1);
	(void)setenv("DISKFAULT_OCTET", at, 1);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	(void)unsetenv("DISKFAULT_CALL");
	ck_assert_str_ne(repaired.old_name, "");
	ck_assert_int_eq(repaired.lost_names, records);
	lost = repaired.lost_names;
	/* The new file has its own place on the disk. */
	ck_status(fsck(false, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	ck_assert_uint_eq(totals.gaps, 1);
	asked = ask_all();
	ck_assert_uint_eq(asked.absent, 0);
	ck_assert_int_eq(asked.refused, lost);
	ck_assert_uint_eq(asked.right, HOSTS - asked.refused);
	free(image.at);
}
END_TEST

/* A record whose octet of the format flipped is damaged, not a later one. */
START_TEST(a_spoiled_format_is_repaired)
{
	struct image image = compacted();
	struct ps_page_node node = image_node(image_leaf(&image, "hosts"), 3);
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;

	image_octets(node.data)[0] = 0x81;
	image_save(&image, dir.store);
	ck_status(fsck(false, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.later, 0);
	ck_assert_uint_eq(totals.walk.flaws, 1);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_int_eq(repaired.lost_names, 1);
	ck_assert_uint_eq(ask_all().refused, 1);
	free(image.at);
}
END_TEST

/* Settings and what says that there are some are lost: that is told. */
START_TEST(lost_settings_are_told)
{
	struct image image = compacted();
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;

	memset(image_leaf(&image, "settings"), 0, IMAGE_PAGE);
	if (_i == 1)
		memset(image_leaf(&image, "meta"), 0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert(repaired.has_lost_settings);
	free(image.at);
}
END_TEST

static void
spoil_any(struct image *image)
{
	size_t n = image->len / IMAGE_PAGE;
	uint8_t *page = image->at + (2 + (size_t)rand() % (n - 2)) * IMAGE_PAGE;
	size_t at = (size_t)rand() % (IMAGE_PAGE - 64), i;

	switch (rand() % 5) {
	case 0:
		memset(page, 0, IMAGE_PAGE);
		break;
	case 1:
		for (i = 0; i < 64; i++)
			page[at + i] ^= (uint8_t)rand();
		break;
	case 2:
		memcpy(page, image->at + (size_t)rand() % n * IMAGE_PAGE,
		       IMAGE_PAGE);
		break;
	case 3:
		image->len = (3 + (size_t)rand() % (n - 3)) * IMAGE_PAGE;
		break;
	default:
		page[rand() % 48] ^= (uint8_t)(1 + rand() % 255);
		break;
	}
}

/*
 * A page as it was before the last commits: where hosts are missing, nobody can
 * say.
 */
START_TEST(an_older_page_is_not_believed)
{
	struct ps_store *store = kit_open(dir.store);
	struct image image, later;
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct asked asked;
	uint64_t page;
	unsigned to = HOSTS;

	ck_status(kit_remove(store, kit_numbered(0).name), PINSTORE_OK);
	image = image_load(dir.store);
	page = ps_page_get64(image_leaf(&image, "hosts"));
	ck_status(ps_store_write(store, KIT_NOW, fill_work, &to, &kit_error),
	          PINSTORE_OK);
	ps_store_close(store);
	later = image_load(dir.store);
	/* It takes the place of what has become of it. */
	memcpy(image_leaf(&later, "hosts") + 8, image_page(&image, page) + 8,
	       IMAGE_PAGE - 8);
	image_save(&later, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_uint_eq(totals.walk.flaws, 0);
	asked = ask_all();
	ck_assert_uint_eq(asked.absent, 0);
	ck_assert_uint_eq(asked.right, HOSTS - 1);
	free(image.at);
	free(later.at);
}
END_TEST

/* Whatever the damage, and several: no host is read as unpinned. */
START_TEST(no_repair_hides_a_host)
{
	unsigned trial, repairs = 0, kept = 0, refused = 0, hopeless = 0;
	size_t pages;
	struct image full = image_copy(&sound), small = compacted();

	for (trial = 0; trial < TRIALS; trial += suite_stride(20)) {
		struct image image = image_copy(trial % 2 == 0 ? &full
		                                               : &small);
		struct ps_repair_totals repaired;
		struct ps_audit_totals totals;
		enum pinstore_status status;
		struct asked asked;
		unsigned n;

		srand(trial + 1);
		for (n = 0; n < 1 + trial % 3; n++)
			spoil_any(&image);
		image_save(&image, dir.store);
		pages = image.len / IMAGE_PAGE;
		free(image.at);
		status = fsck(true, false, &totals, &repaired);
		/* Cut off in front of all records: nothing is to be kept. */
		if (status == PINSTORE_ERR_DAMAGED && pages < HOPELESS) {
			hopeless++;
			continue;
		}
		ck_assert_msg(status == PINSTORE_OK, "trial %u: %s", trial,
		              kit_error.text);
		ck_assert_msg(totals.walk.flaws == 0, "trial %u: %d flaws",
		              trial, (int)totals.walk.flaws);
		repairs += repaired.old_name[0] != '\0';
		asked = ask_all();
		ck_assert_msg(asked.absent == 0, "trial %u: %u hidden", trial,
		              asked.absent);
		kept += asked.right;
		refused += asked.refused;
		ck_status(fsck(true, true, &totals, &repaired), PINSTORE_OK);
		ck_assert_uint_eq(totals.walk.flaws + totals.gaps, 0);
		ck_assert_uint_eq(ask_all().refused, 0);
	}
	free(full.at);
	free(small.at);
	printf("%u repairs, %u hosts kept, %u refused, %u hopeless\n", repairs,
	       kept, refused, hopeless);
	ck_assert_uint_gt(repairs, 0);
	ck_assert_uint_gt(kept, refused);
}
END_TEST

/* Who has the store open finds what was kept, and his writes are in it. */
START_TEST(others_go_on_with_the_new_file)
{
	struct kit_pipe go = kit_pipe(), ready = kit_pipe();
	struct ps_repair_totals repaired;
	struct ps_audit_totals totals;
	struct ps_store *store;
	struct image image = compacted();
	pid_t pid;

	pid = kit_fork();
	if (pid == 0) {
		struct asked asked = {0, 0, 0};
		unsigned n;

		store = kit_open(dir.store);
		kit_must(kit_has(store, kit_numbered(1).name, 1));
		kit_tell(&ready);
		kit_wait(&go);
		for (n = 0; n < HOSTS; n++) {
			struct ps_entry entry;
			enum pinstore_status status = kit_get(
			        store, kit_numbered(n).name, &entry);

			kit_must(status == PINSTORE_OK ||
			         status == PINSTORE_ERR_DAMAGED);
			asked.right += status == PINSTORE_OK;
		}
		kit_must(asked.right > 0);
		kit_must(kit_try_put(store, "zz.zz", 5) == PINSTORE_OK);
		ps_store_close(store);
		_exit(0);
	}
	kit_wait(&ready);
	memset(image_page(&image,
	                  image_node(image_top(&image, "hosts"), 2).child),
	       0, IMAGE_PAGE);
	image_save(&image, dir.store);
	ck_status(fsck(true, false, &totals, &repaired), PINSTORE_OK);
	ck_assert_str_ne(repaired.old_name, "");
	kit_tell(&go);
	kit_join(pid);
	store = kit_open(dir.store);
	ck_assert(kit_has(store, "zz.zz", 5));
	ps_store_close(store);
	ck_assert_uint_eq(ask_all().absent, 0);
	free(image.at);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_repair");
	TCase *tcase = tcase_create("repair");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_sound_store_is_left_alone);
	tcase_add_test(tcase, an_index_is_made_anew);
	tcase_add_test(tcase, a_gap_is_refused_until_accepted);
	tcase_add_test(tcase, all_else_is_carried);
	tcase_add_test(tcase, lost_orders_refuse);
	tcase_add_test(tcase, an_id_that_is_lost_is_known_beside);
	tcase_add_loop_test(tcase, a_copy_of_the_id_that_is_none, 0, 4);
	tcase_add_test(tcase, the_copy_of_the_id_is_kept);
	tcase_add_loop_test(tcase, without_a_head_there_is_no_repair, 0, 3);
	tcase_add_test(tcase, large_records_are_found_again);
	tcase_add_loop_test(tcase, a_sector_that_cannot_be_read_is_one_page_less,
	                    0, 2);
	tcase_add_test(tcase, a_spoiled_format_is_repaired);
	tcase_add_loop_test(tcase, lost_settings_are_told, 0, 2);
	tcase_add_test(tcase, an_older_page_is_not_believed);
	tcase_add_test(tcase, others_go_on_with_the_new_file);
	tcase_add_test(tcase, no_repair_hides_a_host);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
