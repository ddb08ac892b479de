/*
 * test_octets.c - integers as little-endian octets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/octets.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static const uint8_t octets[] = { 0x88, 0x99, 0xaa, 0xbb,
	                          0xcc, 0xdd, 0xee, 0xff };

START_TEST(low_octet_first)
{
	uint8_t out[8] = { 0 };

	ps_put_le16(out, 0x9988);
	ck_assert_mem_eq(out, octets, 2);
	ck_assert_uint_eq(out[2], 0);
	ps_put_le32(out, 0xbbaa9988);
	ck_assert_mem_eq(out, octets, 4);
	ck_assert_uint_eq(out[4], 0);
	ps_put_le64(out, UINT64_C(0xffeeddccbbaa9988));
	ck_assert_mem_eq(out, octets, 8);
}
END_TEST

/* High bits must not spread, as they do when an int is shifted. */
START_TEST(high_bits_do_not_spread)
{
	ck_assert_uint_eq(ps_get_le16(octets + 6), 0xffee);
	ck_assert_uint_eq(ps_get_le32(octets + 4), 0xffeeddcc);
	ck_assert_uint_eq(ps_get_le32(octets), 0xbbaa9988);
	ck_assert_uint_eq(ps_get_le64(octets), UINT64_C(0xffeeddccbbaa9988));
}
END_TEST

START_TEST(any_alignment)
{
	uint8_t out[24];
	size_t at;

	for (at = 0; at < 9; at++) {
		memset(out, 0x55, sizeof(out));
		ps_put_le64(out + at, UINT64_C(0x8001020304050607));
		ck_assert_uint_eq(ps_get_le64(out + at),
		                  UINT64_C(0x8001020304050607));
		ck_assert_uint_eq(out[at + 8], 0x55);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("octets");
	TCase *tcase = tcase_create("octets");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, low_octet_first);
	tcase_add_test(tcase, high_bits_do_not_spread);
	tcase_add_test(tcase, any_alignment);
	return suite_run(suite);
}
