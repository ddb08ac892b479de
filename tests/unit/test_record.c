/*
 * test_record.c - what is stored beside the entries: sealed with its key.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/record.h"

#include <string.h>

#include <check.h>

#include "tests/support/suite.h"

static const struct ps_store_id id = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
};

static const uint8_t body[] = {0x00, 0xf1, 0x53, 0x65, 0, 0, 0, 0};

/* The example of docs/store-format.md: "clock" in meta, 1700000000. */
static const uint8_t example[] = {
	0x01, 0x01, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
	0xdb, 0x03, 0xb5, 0xef, 0x58, 0xdc, 0x1a, 0x62,
	0x00, 0xf1, 0x53, 0x65, 0x00, 0x00, 0x00, 0x00
};

static struct ps_bytes
bytes(const void *at, size_t len)
{
	struct ps_bytes out = {at, len};

	return out;
}

static size_t
seal(uint8_t out[64])
{
	return ps_record_seal(&id, PS_META, bytes("clock", 5), body,
	                      sizeof(body), out);
}

START_TEST(the_documented_example)
{
	uint8_t record[64];

	ck_assert_uint_eq(seal(record), sizeof(example));
	ck_assert_mem_eq(record, example, sizeof(example));
}
END_TEST

START_TEST(gives_back_what_went_in)
{
	static const size_t lengths[] = {0, 1, 7, 8, PS_RECORD_BODY_MAX};
	uint8_t octets[PS_RECORD_BODY_MAX], record[sizeof(octets) + 16];
	struct ps_bytes got;
	size_t len;

	memset(octets, 0x5a, sizeof(octets));
	len = ps_record_seal(&id, PS_QUOTA, bytes("k", 1), octets,
	                     lengths[_i], record);
	ck_assert_uint_eq(len, lengths[_i] + PS_RECORD_HEAD_LEN);
	ck_assert_int_eq(ps_record_open(&id, PS_QUOTA, bytes("k", 1),
	                                bytes(record, len), &got), PINSTORE_OK);
	ck_assert_uint_eq(got.len, lengths[_i]);
	ck_assert_int_eq(memcmp(got.at, octets, got.len), 0);
}
END_TEST

/* One bit of it anywhere, its table, its key, its store, its length. */
START_TEST(anything_else_is_damage)
{
	struct ps_store_id other = id;
	uint8_t record[64] = {0};
	struct ps_bytes got;
	size_t len = seal(record), i;

	for (i = 0; i < len * 8; i++) {
		record[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(ps_record_open(&id, PS_META,
		                                bytes("clock", 5),
		                                bytes(record, len), &got),
		                 PINSTORE_ERR_DAMAGED);
		ck_assert_ptr_null(got.at);
		record[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (i = 0; i <= sizeof(record); i++) {
		if (i != len)
			ck_assert_int_eq(ps_record_open(&id, PS_META,
			                                bytes("clock", 5),
			                                bytes(record, i), &got),
			                 PINSTORE_ERR_DAMAGED);
	}
	ck_assert_int_eq(ps_record_open(&id, PS_QUOTA, bytes("clock", 5),
	                                bytes(record, len), &got),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(ps_record_open(&id, PS_META, bytes("clocl", 5),
	                                bytes(record, len), &got),
	                 PINSTORE_ERR_DAMAGED);
	other.octets[15] ^= 1;
	ck_assert_int_eq(ps_record_open(&other, PS_META, bytes("clock", 5),
	                                bytes(record, len), &got),
	                 PINSTORE_ERR_DAMAGED);
	ck_assert_int_eq(ps_record_open(&id, PS_META, bytes("clock", 5),
	                                bytes(record, len), &got),
	                 PINSTORE_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, the_documented_example);
	tcase_add_loop_test(tcase, gives_back_what_went_in, 0, 5);
	tcase_add_test(tcase, anything_else_is_damage);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
