/*
 * test_entry.c - the record on disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/entry.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/octets.h"
#include "tests/support/suite.h"

static const struct ps_store_id id = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	                                 12, 13, 14, 15 } };
static const char key[] = "test.a";
#define KEY ((const uint8_t *)key), (sizeof(key) - 1)
#define NEXT_KEY ((const uint8_t *)"test.b"), 6

/* Where things lie in a record of one section (docs/store-format.md). */
enum {
	FORMAT = 0,
	HEAD = 1,
	FLAGS = 2,
	TOTAL = 4,
	SUM = 8,
	NEXT = 16,
	SECTIONS = 24,
	FIRST = 32, /* the first section */
	LAYER = FIRST,
	SOURCE = FIRST + 1,
	MODE = FIRST + 2,
	SECTION_FLAGS = FIRST + 3,
	PINS = FIRST + 4,
	ALG = FIRST + 5,
	LABELS = FIRST + 6,
	SECTION_HEAD = FIRST + 7,
	URI_LEN = FIRST + 8,
	NOTE_LEN = FIRST + 10,
	SECTION_LEN = FIRST + 12,
	MAX_AGE = FIRST + 40,
	RESERVED = FIRST + 48,
	BODY = FIRST + 56
};

static void
make_section(struct ps_section *section, enum pinstore_source source,
             size_t n_pins)
{
	size_t i;

	memset(section, 0, sizeof(*section));
	section->is_present = true;
	section->source = source;
	section->mode = PINSTORE_ENFORCE;
	section->quota_labels = 2;
	section->observed = INT64_C(1790000000);
	section->updated = INT64_C(1780000000);
	section->expires = INT64_C(1795184000);
	section->max_age = 7776000;
	section->pins.n = n_pins;
	for (i = 0; i < n_pins; i++)
		memset(section->pins.pin[i].sha256, (int)(i + 1), 32);
}

/* A learned entry with two pins, covering subdomains, with a report-uri. */
static size_t
make_record(uint8_t *out)
{
	static struct ps_entry entry;
	struct ps_section *section = &entry.section[PINSTORE_LEARNED];

	memset(&entry, 0, sizeof(entry));
	make_section(section, PINSTORE_HEADER, 2);
	section->include_subdomains = true;
	memcpy(section->report_uri, "https://r.test/", 16);
	return ps_entry_encode(&id, KEY, &entry,
	                       ps_entry_next_hash(&id, NEXT_KEY), out);
}

/* The checksum once more, told apart from the code that is tested. */
static void
seal(uint8_t *record, size_t len)
{
	static uint8_t all[sizeof(key) + PS_ENTRY_LEN_MAX + 64];

	memset(record + SUM, 0, 8);
	memcpy(all, key, sizeof(key) - 1);
	memcpy(all + sizeof(key) - 1, record, len);
	ps_put_le64(record + SUM,
	            ps_siphash(id.octets, all, sizeof(key) - 1 + len));
}

static enum pinstore_status
read_record(const uint8_t *record, size_t len, struct ps_entry_view *view)
{
	enum pinstore_status status;
	uint64_t next;

	memset(view, 0, sizeof(*view));
	status = ps_entry_verify(&id, KEY, record, len, &next);
	if (status != PINSTORE_OK) {
		ck_assert_uint_eq(next, 0);
		return status;
	}
	status = ps_entry_view(record, len, view);
	if (status != PINSTORE_OK) {
		ck_assert(!view->section[0].is_present);
		ck_assert(!view->section[1].is_present);
	}
	return status;
}

/* ----------------------------------------------------------- there and back */

/*
 * The octets are a promise to other versions and other machines.  They, and
 * both hashes, were made by another implementation.
 */
START_TEST(example_of_the_documentation)
{
	static const uint8_t octets[] = {
		0x01, 0x20, 0x00, 0x00, 0xa8, 0x00, 0x00, 0x00, /* head */
		0x4e, 0xd1, 0xcc, 0x66, 0x95, 0xc0, 0xa8, 0xae, /* checksum */
		0xc7, 0x1d, 0x01, 0x5e, 0x3a, 0x0c, 0x0a, 0xa0, /* next */
		0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* sections */
		0x01, 0x01, 0x00, 0x01, 0x02, 0x01, 0x02, 0x38, /* section */
		0x0f, 0x00, 0x00, 0x00, 0x88, 0x00, 0x00, 0x00, /* lengths */
		0x80, 0x3b, 0xb1, 0x6a, 0x00, 0x00, 0x00, 0x00, /* observed */
		0x00, 0xa5, 0x18, 0x6a, 0x00, 0x00, 0x00, 0x00, /* updated */
		0x80, 0x55, 0x00, 0x6b, 0x00, 0x00, 0x00, 0x00, /* expires */
		0x00, 0xa7, 0x76, 0x00, 0x00, 0x00, 0x00, 0x00, /* max-age */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* reserved */
	};
	uint8_t record[PS_ENTRY_LEN_MAX];
	size_t len = make_record(record), i;

	ck_assert_uint_eq(len, 168);
	for (i = 0; i < sizeof(octets); i++)
		ck_assert_msg(record[i] == octets[i], "octet %zu is %02x", i,
		              record[i]);
	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(record[BODY + i], i < 32 ? 1 : 2);
	ck_assert_mem_eq(record + BODY + 64, "https://r.test/", 16);
}
END_TEST

static void
assert_same(const struct ps_section *a, const struct ps_section *b)
{
	ck_assert(a->is_present == b->is_present);
	ck_assert_int_eq(a->source, b->source);
	ck_assert_int_eq(a->mode, b->mode);
	ck_assert(a->include_subdomains == b->include_subdomains);
	ck_assert_uint_eq(a->quota_labels, b->quota_labels);
	ck_assert_int_eq(a->observed, b->observed);
	ck_assert_int_eq(a->updated, b->updated);
	ck_assert_int_eq(a->expires, b->expires);
	ck_assert_int_eq(a->max_age, b->max_age);
	ck_assert_uint_eq(a->pins.n, b->pins.n);
	ck_assert_mem_eq(a->pins.pin, b->pins.pin,
	                 a->pins.n * sizeof(a->pins.pin[0]));
	ck_assert_str_eq(a->report_uri, b->report_uri);
	ck_assert_str_eq(a->note, b->note);
}

static void
there_and_back(const struct ps_entry *entry)
{
	static uint8_t record[PS_ENTRY_LEN_MAX], again[PS_ENTRY_LEN_MAX];
	static struct ps_entry back;
	struct ps_entry_view view;
	uint64_t next;
	size_t len, layer;

	memset(record, 0xee, sizeof(record));
	len = ps_entry_encode(&id, KEY, entry, 7, record);
	ck_assert_uint_le(len, PS_ENTRY_LEN_MAX);
	ck_assert_uint_eq(len % 8, 0);
	ck_assert_int_eq(ps_entry_verify(&id, KEY, record, len, &next),
	                 PINSTORE_OK);
	ck_assert_uint_eq(next, 7);
	ck_assert_int_eq(ps_entry_view(record, len, &view), PINSTORE_OK);
	for (layer = 0; layer < PS_LAYERS; layer++) {
		ps_section_copy(&view.section[layer], &back.section[layer]);
		assert_same(&entry->section[layer], &back.section[layer]);
	}
	/* Not an octet depends on what was there before. */
	memset(again, 0x11, sizeof(again));
	ck_assert_uint_eq(ps_entry_encode(&id, KEY, &back, 7, again), len);
	ck_assert_mem_eq(record, again, len);
}

/* Each layer with and without; each length round a border of 8; the limits. */
START_TEST(comes_back_as_it_went)
{
	static const size_t lengths[] = { 0,   1,   7,   8,  9,
		                          255, 256, 1023, 1024 };
	static struct ps_entry entry;
	struct ps_section *section;
	size_t layer, l, n = 1 + (size_t)_i % PINSTORE_PINS_MAX;
	unsigned layers;

	for (layers = 1; layers < 4; layers++) {
		memset(&entry, 0, sizeof(entry));
		for (layer = 0; layer < PS_LAYERS; layer++) {
			if ((layers & 1u << layer) == 0)
				continue;
			section = &entry.section[layer];
			make_section(section, layer == PINSTORE_CONFIGURED
			                              ? PINSTORE_STATIC
			                              : PINSTORE_TOFU, n);
			l = lengths[(size_t)_i % 9];
			memset(section->report_uri, 'u', l);
			l = lengths[(size_t)(_i + 2) % 7];
			memset(section->note, 'n', l);
			section->mode = PINSTORE_REPORT;
			section->expires = PINSTORE_NEVER;
			section->observed = INT64_MIN;
			section->max_age = -1;
		}
		there_and_back(&entry);
	}
}
END_TEST

START_TEST(largest_entry_fits)
{
	static struct ps_entry entry;
	size_t layer;

	memset(&entry, 0, sizeof(entry));
	for (layer = 0; layer < PS_LAYERS; layer++) {
		make_section(&entry.section[layer],
		             layer == PINSTORE_CONFIGURED ? PINSTORE_STATIC
		                                          : PINSTORE_HEADER,
		             PINSTORE_PINS_MAX);
		memset(entry.section[layer].report_uri, 'u', PINSTORE_URI_MAX);
		memset(entry.section[layer].note, 'n', PINSTORE_NOTE_MAX);
	}
	there_and_back(&entry);
}
END_TEST

START_TEST(head_record)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	uint64_t next;
	size_t len = ps_entry_encode(&id, KEY, NULL, 99, record);

	ck_assert_uint_eq(len, PS_ENTRY_HEAD_LEN);
	ck_assert_int_eq(ps_entry_verify(&id, KEY, record, len, &next),
	                 PINSTORE_OK);
	ck_assert_uint_eq(next, 99);
	ck_assert_int_eq(ps_entry_view(record, len, &view), PINSTORE_OK);
	ck_assert(!view.section[0].is_present && !view.section[1].is_present);
	/* The key of the head record is empty. */
	len = ps_entry_encode(&id, NULL, 0, NULL, 1, record);
	ck_assert_int_eq(ps_entry_verify(&id, NULL, 0, record, len, &next),
	                 PINSTORE_OK);
	ck_assert_int_eq(ps_entry_verify(&id, KEY, record, len, &next),
	                 PINSTORE_ERR_DAMAGED);
}
END_TEST

START_TEST(absent_section_is_all_zero)
{
	static const struct ps_section_view absent;
	static struct ps_section out, zero;

	memset(&out, 0x55, sizeof(out));
	ps_section_copy(&absent, &out);
	memset(&zero, 0, sizeof(zero));
	assert_same(&out, &zero);
}
END_TEST

START_TEST(relinked)
{
	uint8_t record[PS_ENTRY_LEN_MAX], before[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len = make_record(record);
	uint64_t next;

	memcpy(before, record, len);
	ps_entry_relink(&id, KEY, record, len, 0);
	ck_assert_int_eq(ps_entry_verify(&id, KEY, record, len, &next),
	                 PINSTORE_OK);
	ck_assert_uint_eq(next, 0);
	ck_assert_mem_eq(record + SECTIONS, before + SECTIONS, len - SECTIONS);
	ck_assert_int_eq(read_record(record, len, &view), PINSTORE_OK);
	ps_entry_relink(&id, KEY, record, len,
	                ps_entry_next_hash(&id, NEXT_KEY));
	ck_assert_mem_eq(record, before, len);
}
END_TEST

START_TEST(next_hash_is_of_store_and_key)
{
	struct ps_store_id other = id;
	uint64_t hash = ps_entry_next_hash(&id, KEY);

	other.octets[3] ^= 1;
	ck_assert_uint_ne(hash, 0);
	ck_assert_uint_eq(hash, ps_siphash(id.octets, key, sizeof(key) - 1));
	ck_assert_uint_ne(hash, ps_entry_next_hash(&other, KEY));
	ck_assert_uint_ne(hash, ps_entry_next_hash(&id, (const uint8_t *)key,
	                                           sizeof(key) - 2));
}
END_TEST

/* ------------------------------------------------------------------- damage */

/* The octet at _i, with each bit turned: the checksum sees all of them. */
START_TEST(any_bit_turned_is_seen)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len = make_record(record);
	enum pinstore_status status;
	unsigned bit;

	if ((size_t)_i >= len)
		return;
	for (bit = 0; bit < 8; bit++) {
		record[_i] ^= (uint8_t)(1u << bit);
		status = read_record(record, len, &view);
		/* Nor is it a later format that turns up so. */
		ck_assert_int_eq(status, PINSTORE_ERR_DAMAGED);
		record[_i] ^= (uint8_t)(1u << bit);
	}
	ck_assert_int_eq(read_record(record, len, &view), PINSTORE_OK);
}
END_TEST

START_TEST(any_cut_is_seen)
{
	uint8_t record[PS_ENTRY_LEN_MAX], *cut;
	struct ps_entry_view view;
	size_t len = make_record(record), n;

	for (n = 0; n <= len + 8; n++) {
		if (n == len)
			continue;
		/* Of its very length, for the sanitizer's sake. */
		cut = calloc(1, n > 0 ? n : 1);
		ck_assert_ptr_nonnull(cut);
		memcpy(cut, record, n < len ? n : len);
		ck_assert_int_eq(read_record(cut, n, &view),
		                 PINSTORE_ERR_DAMAGED);
		/* Nor does it help that the length and the sum are right. */
		if (n >= PS_ENTRY_HEAD_LEN) {
			ps_put_le32(cut + TOTAL, (uint32_t)n);
			seal(cut, n);
			ck_assert_int_eq(read_record(cut, n, &view),
			                 PINSTORE_ERR_DAMAGED);
		}
		free(cut);
	}
}
END_TEST

/* A record belongs to its key and to its store. */
START_TEST(elsewhere_is_damage)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	size_t len = make_record(record);
	struct ps_store_id other = id;
	uint64_t next = 5;

	ck_assert_int_eq(ps_entry_verify(&id, (const uint8_t *)"test.b", 6,
	                                 record, len, &next),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_uint_eq(next, 0);
	ck_assert_int_eq(ps_entry_verify(&id, (const uint8_t *)"test.", 5,
	                                 record, len, &next),
	                 PINSTORE_ERR_DAMAGED);
	other.octets[15] ^= 0x80;
	ck_assert_int_eq(ps_entry_verify(&other, KEY, record, len, &next),
	                 PINSTORE_ERR_DAMAGED);
}
END_TEST

struct change {
	size_t at;
	size_t width; /* 1, 2, 4 or 8 octets */
	uint64_t value;
	enum pinstore_status status;
};

/* Sealed again with a good checksum: as a faulty or later writer would. */
static const struct change changes[] = {
	{ FORMAT, 1, 0, PINSTORE_ERR_DAMAGED },
	{ FORMAT, 1, 2, PINSTORE_ERR_VERSION },     /* a later format */
	{ FORMAT, 1, 255, PINSTORE_ERR_VERSION },
	{ HEAD, 1, 0, PINSTORE_ERR_DAMAGED },
	{ HEAD, 1, 24, PINSTORE_ERR_DAMAGED },      /* too short */
	{ HEAD, 1, 33, PINSTORE_ERR_DAMAGED },      /* no multiple of 8 */
	{ HEAD, 1, 40, PINSTORE_ERR_DAMAGED },      /* into the section */
	{ HEAD, 1, 248, PINSTORE_ERR_DAMAGED },     /* behind the record */
	{ FLAGS, 2, 0x0001, PINSTORE_OK },          /* may be ignored */
	{ FLAGS, 2, 0x00ff, PINSTORE_OK },
	{ FLAGS, 2, 0x0100, PINSTORE_ERR_VERSION }, /* must be known */
	{ FLAGS, 2, 0x8000, PINSTORE_ERR_VERSION },
	{ TOTAL, 4, 0, PINSTORE_ERR_DAMAGED },
	{ TOTAL, 4, 160, PINSTORE_ERR_DAMAGED },
	{ TOTAL, 4, 176, PINSTORE_ERR_DAMAGED },
	{ TOTAL, 4, 0xffffffff, PINSTORE_ERR_DAMAGED },
	{ NEXT, 8, 0, PINSTORE_OK },                /* the last one */
	{ SECTIONS, 1, 0, PINSTORE_ERR_DAMAGED },   /* octets are left */
	{ SECTIONS, 1, 2, PINSTORE_ERR_DAMAGED },   /* and none for it */
	{ SECTIONS, 1, 3, PINSTORE_ERR_DAMAGED },   /* more than layers */
	{ SECTIONS, 1, 255, PINSTORE_ERR_DAMAGED },
	{ SECTIONS + 1, 1, 1, PINSTORE_ERR_DAMAGED }, /* reserved */
	{ SECTIONS + 7, 1, 1, PINSTORE_ERR_DAMAGED },
	{ LAYER, 1, 0, PINSTORE_ERR_DAMAGED },      /* a header, configured */
	{ LAYER, 1, 2, PINSTORE_ERR_DAMAGED },      /* no such layer */
	{ LAYER, 1, 255, PINSTORE_ERR_DAMAGED },
	{ SOURCE, 1, 0, PINSTORE_ERR_DAMAGED },
	{ SOURCE, 1, PINSTORE_TOFU, PINSTORE_OK },
	{ SOURCE, 1, 3, PINSTORE_ERR_DAMAGED },
	{ SOURCE, 1, PINSTORE_STATIC, PINSTORE_ERR_DAMAGED }, /* learned */
	{ SOURCE, 1, 5, PINSTORE_ERR_DAMAGED },
	{ SOURCE, 1, 255, PINSTORE_ERR_DAMAGED },
	{ MODE, 1, 1, PINSTORE_OK },                /* report */
	{ MODE, 1, 2, PINSTORE_ERR_DAMAGED },
	{ SECTION_FLAGS, 1, 0, PINSTORE_OK },
	{ SECTION_FLAGS, 1, 2, PINSTORE_ERR_VERSION },
	{ SECTION_FLAGS, 1, 0x81, PINSTORE_ERR_VERSION },
	{ PINS, 1, 0, PINSTORE_ERR_DAMAGED },       /* no pins at all */
	{ PINS, 1, 1, PINSTORE_ERR_DAMAGED },
	{ PINS, 1, 3, PINSTORE_ERR_DAMAGED },
	{ PINS, 1, 255, PINSTORE_ERR_DAMAGED },
	{ ALG, 1, 0, PINSTORE_ERR_DAMAGED },
	{ ALG, 1, 2, PINSTORE_ERR_DAMAGED },
	{ LABELS, 1, 127, PINSTORE_OK },
	{ LABELS, 1, 128, PINSTORE_ERR_DAMAGED },
	{ SECTION_HEAD, 1, 0, PINSTORE_ERR_DAMAGED },
	{ SECTION_HEAD, 1, 48, PINSTORE_ERR_DAMAGED },
	{ SECTION_HEAD, 1, 57, PINSTORE_ERR_DAMAGED },
	{ SECTION_HEAD, 1, 64, PINSTORE_ERR_DAMAGED },
	{ SECTION_HEAD, 1, 248, PINSTORE_ERR_DAMAGED },
	{ URI_LEN, 2, 14, PINSTORE_ERR_DAMAGED },   /* padding is not zero */
	{ URI_LEN, 2, 16, PINSTORE_ERR_DAMAGED },   /* a NUL inside */
	{ URI_LEN, 2, 8, PINSTORE_ERR_DAMAGED },
	{ URI_LEN, 2, 24, PINSTORE_ERR_DAMAGED },
	{ URI_LEN, 2, 0xffff, PINSTORE_ERR_DAMAGED },
	{ NOTE_LEN, 2, 1, PINSTORE_ERR_DAMAGED },   /* a NUL inside */
	{ NOTE_LEN, 2, 0xffff, PINSTORE_ERR_DAMAGED },
	{ SECTION_LEN, 4, 0, PINSTORE_ERR_DAMAGED },
	{ SECTION_LEN, 4, 128, PINSTORE_ERR_DAMAGED },
	{ SECTION_LEN, 4, 135, PINSTORE_ERR_DAMAGED },
	{ SECTION_LEN, 4, 144, PINSTORE_ERR_DAMAGED },
	{ SECTION_LEN, 4, 0xffffffff, PINSTORE_ERR_DAMAGED },
	{ MAX_AGE, 8, UINT64_MAX, PINSTORE_OK },    /* none was sent */
	{ MAX_AGE, 8, UINT64_MAX - 1, PINSTORE_ERR_DAMAGED },
	{ RESERVED, 1, 1, PINSTORE_ERR_DAMAGED },
	{ RESERVED + 7, 1, 1, PINSTORE_ERR_DAMAGED },
	{ BODY + 64, 1, ' ', PINSTORE_ERR_DAMAGED }, /* of the report-uri */
	{ BODY + 64, 1, 0x7f, PINSTORE_ERR_DAMAGED },
	{ BODY + 64, 1, 0xc3, PINSTORE_ERR_DAMAGED },
	{ BODY + 79, 1, 1, PINSTORE_ERR_DAMAGED },  /* padding */
};

START_TEST(sealed_but_wrong)
{
	const struct change *c = &changes[_i];
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len = make_record(record), i;

	for (i = 0; i < c->width; i++)
		record[c->at + i] = (uint8_t)(c->value >> (8 * i));
	seal(record, len);
	ck_assert_msg(read_record(record, len, &view) == c->status,
	              "octet %zu with %llu", c->at,
	              (unsigned long long)c->value);
}
END_TEST

struct extent {
	size_t n_pins;
	size_t uri_len;
	size_t note_len;
	enum pinstore_status status;
};

/* Lengths that fit the record, and yet no writer of ours writes. */
static const struct extent extents[] = {
	{ 0, 0, 0, PINSTORE_ERR_DAMAGED }, /* no pins, no opinion */
	{ 0, 15, 3, PINSTORE_ERR_DAMAGED },
	{ 1, 0, 0, PINSTORE_OK },
	{ PINSTORE_PINS_MAX, 15, 3, PINSTORE_OK },
	{ PINSTORE_PINS_MAX + 1, 0, 0, PINSTORE_ERR_DAMAGED },
	{ 1, PINSTORE_URI_MAX, 0, PINSTORE_OK },
	{ 1, PINSTORE_URI_MAX + 1, 0, PINSTORE_ERR_DAMAGED },
	{ 1, 0, PINSTORE_NOTE_MAX, PINSTORE_OK },
	{ 1, 0, PINSTORE_NOTE_MAX + 1, PINSTORE_ERR_DAMAGED },
};

START_TEST(limits_of_a_section)
{
	const struct extent *e = &extents[_i];
	size_t used = e->n_pins * 32 + e->uri_len + e->note_len;
	size_t len = BODY + (used + 7) / 8 * 8;
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;

	(void)make_record(record);
	memset(record + BODY, 0, sizeof(record) - BODY);
	memset(record + BODY, 'x', used);
	record[PINS] = (uint8_t)e->n_pins;
	ps_put_le16(record + URI_LEN, (uint16_t)e->uri_len);
	ps_put_le16(record + NOTE_LEN, (uint16_t)e->note_len);
	ps_put_le32(record + SECTION_LEN, (uint32_t)(len - FIRST));
	ps_put_le32(record + TOTAL, (uint32_t)len);
	seal(record, len);
	ck_assert_int_eq(read_record(record, len, &view), e->status);
}
END_TEST

/* A later format may seal in its own way, but it does not lie on its length. */
START_TEST(later_format_needs_no_checksum)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len = make_record(record);

	record[FORMAT] = 2;
	record[SUM] ^= 1;
	ck_assert_int_eq(read_record(record, len, &view),
	                 PINSTORE_ERR_VERSION);
	record[TOTAL] ^= 1;
	ck_assert_int_eq(read_record(record, len, &view),
	                 PINSTORE_ERR_DAMAGED);
}
END_TEST

/*
 * R-2.3.3-7: longer heads are a later writer's, who adds what may be skipped.
 */
START_TEST(longer_heads_are_skipped)
{
	uint8_t record[PS_ENTRY_LEN_MAX], longer[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	struct ps_section section;
	size_t len = make_record(record);

	/* 8 octets more of the record's head, 16 of the section's. */
	memcpy(longer, record, 32);
	memset(longer + 32, 0xaa, 8);
	memcpy(longer + 40, record + 32, 56);
	memset(longer + 96, 0xbb, 16);
	memcpy(longer + 112, record + BODY, len - BODY);
	longer[HEAD] = 40;
	longer[SECTION_HEAD + 8] = 72;
	ps_put_le32(longer + TOTAL, (uint32_t)len + 24);
	ps_put_le32(longer + SECTION_LEN + 8, 136 + 16);
	seal(longer, len + 24);
	ck_assert_int_eq(read_record(longer, len + 24, &view), PINSTORE_OK);
	ps_section_copy(&view.section[PINSTORE_LEARNED], &section);
	ck_assert_uint_eq(section.pins.n, 2);
	ck_assert_uint_eq(section.pins.pin[1].sha256[31], 2);
	ck_assert_str_eq(section.report_uri, "https://r.test/");
}
END_TEST

/* A word of zeros more than the padding needs. */
START_TEST(padding_is_what_is_needed)
{
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len = make_record(record);

	memset(record + len, 0, 8);
	ps_put_le32(record + TOTAL, (uint32_t)len + 8);
	ps_put_le32(record + SECTION_LEN, 144);
	seal(record, len + 8);
	ck_assert_int_eq(read_record(record, len + 8, &view),
	                 PINSTORE_ERR_DAMAGED);
}
END_TEST

/* Two sections of one layer, or in the wrong order. */
START_TEST(each_layer_once_in_order)
{
	static struct ps_entry entry;
	uint8_t record[PS_ENTRY_LEN_MAX], swapped[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len, half;

	memset(&entry, 0, sizeof(entry));
	make_section(&entry.section[0], PINSTORE_STATIC, 2);
	make_section(&entry.section[1], PINSTORE_HEADER, 2);
	len = ps_entry_encode(&id, KEY, &entry, 0, record);
	half = (len - 32) / 2;
	ck_assert_int_eq(read_record(record, len, &view), PINSTORE_OK);
	memcpy(swapped, record, 32);
	memcpy(swapped + 32, record + 32 + half, half);
	memcpy(swapped + 32 + half, record + 32, half);
	seal(swapped, len);
	ck_assert_int_eq(read_record(swapped, len, &view),
	                 PINSTORE_ERR_DAMAGED);
	memcpy(swapped + 32, record + 32, half);
	seal(swapped, len);
	ck_assert_int_eq(read_record(swapped, len, &view),
	                 PINSTORE_ERR_DAMAGED);
}
END_TEST

/* Many octets changed and sealed again: no crash, nothing beyond the end. */
START_TEST(random_damage_is_safe)
{
	uint8_t record[PS_ENTRY_LEN_MAX], *exact;
	struct ps_entry_view view;
	static struct ps_section section;
	uint32_t random = (uint32_t)_i * 2654435761u + 12345;
	size_t len = make_record(record), round, i, layer;

	exact = malloc(len);
	ck_assert_ptr_nonnull(exact);
	for (round = 0; round < 2000; round++) {
		memcpy(exact, record, len);
		for (i = 0; i < 1 + round % 4; i++) {
			random = random * 1664525u + 1013904223u;
			exact[8 + random / 65536 % 88] =
			        (uint8_t)(random >> 8);
		}
		seal(exact, len);
		if (read_record(exact, len, &view) != PINSTORE_OK)
			continue;
		for (layer = 0; layer < PS_LAYERS; layer++)
			ps_section_copy(&view.section[layer], &section);
	}
	free(exact);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("entry");
	TCase *tcase = tcase_create("entry");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, example_of_the_documentation);
	tcase_add_loop_test(tcase, comes_back_as_it_went, 0, 64);
	tcase_add_test(tcase, largest_entry_fits);
	tcase_add_test(tcase, head_record);
	tcase_add_test(tcase, absent_section_is_all_zero);
	tcase_add_test(tcase, relinked);
	tcase_add_test(tcase, next_hash_is_of_store_and_key);
	tcase_add_loop_test(tcase, any_bit_turned_is_seen, 0, 200);
	tcase_add_test(tcase, any_cut_is_seen);
	tcase_add_test(tcase, elsewhere_is_damage);
	tcase_add_loop_test(tcase, sealed_but_wrong, 0, COUNT(changes));
	tcase_add_loop_test(tcase, limits_of_a_section, 0, COUNT(extents));
	tcase_add_test(tcase, later_format_needs_no_checksum);
	tcase_add_test(tcase, longer_heads_are_skipped);
	tcase_add_test(tcase, padding_is_what_is_needed);
	tcase_add_test(tcase, each_layer_once_in_order);
	tcase_add_loop_test(tcase, random_damage_is_safe, 0, 4);
	return suite_run(suite);
}
