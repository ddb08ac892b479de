/*
 * test_siphash.c - SipHash-1-3, and the authors' vectors for SipHash-2-4.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reference vectors: key 00 01 .. 0f, message 00 01 .. n-1.  Those of 1-3
 * were made by another implementation, which agrees with the hash() that
 * CPython 3.11 gives for octets.  test_siphash24 is this file again, with
 * siphash.c compiled for the rounds of the paper.
 */
#include <config.h>

#include "base/siphash.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/suite.h"

#ifdef PS_SIPHASH_WORD_ROUNDS
#define NAME "siphash24"
static const uint64_t vectors[64] = {
	UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
	UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
	UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
	UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
	UINT64_C(0x93f5f5799a932462), UINT64_C(0x9e0082df0ba9e4b0),
	UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
	UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90),
	UINT64_C(0xf723ca908e7af2ee), UINT64_C(0xa129ca6149be45e5),
	UINT64_C(0x3f2acc7f57c29bdb), UINT64_C(0x699ae9f52cbe4794),
	UINT64_C(0x4bc1b3f0968dd39c), UINT64_C(0xbb6dc91da77961bd),
	UINT64_C(0xbed65cf21aa2ee98), UINT64_C(0xd0f2cbb02e3b67c7),
	UINT64_C(0x93536795e3a33e88), UINT64_C(0xa80c038ccd5ccec8),
	UINT64_C(0xb8ad50c6f649af94), UINT64_C(0xbce192de8a85b8ea),
	UINT64_C(0x17d835b85bbb15f3), UINT64_C(0x2f2e6163076bcfad),
	UINT64_C(0xde4daaaca71dc9a5), UINT64_C(0xa6a2506687956571),
	UINT64_C(0xad87a3535c49ef28), UINT64_C(0x32d892fad841c342),
	UINT64_C(0x7127512f72f27cce), UINT64_C(0xa7f32346f95978e3),
	UINT64_C(0x12e0b01abb051238), UINT64_C(0x15e034d40fa197ae),
	UINT64_C(0x314dffbe0815a3b4), UINT64_C(0x027990f029623981),
	UINT64_C(0xcadcd4e59ef40c4d), UINT64_C(0x9abfd8766a33735c),
	UINT64_C(0x0e3ea96b5304a7d0), UINT64_C(0xad0c42d6fc585992),
	UINT64_C(0x187306c89bc215a9), UINT64_C(0xd4a60abcf3792b95),
	UINT64_C(0xf935451de4f21df2), UINT64_C(0xa9538f0419755787),
	UINT64_C(0xdb9acddff56ca510), UINT64_C(0xd06c98cd5c0975eb),
	UINT64_C(0xe612a3cb9ecba951), UINT64_C(0xc766e62cfcadaf96),
	UINT64_C(0xee64435a9752fe72), UINT64_C(0xa192d576b245165a),
	UINT64_C(0x0a8787bf8ecb74b2), UINT64_C(0x81b3e73d20b49b6f),
	UINT64_C(0x7fa8220ba3b2ecea), UINT64_C(0x245731c13ca42499),
	UINT64_C(0xb78dbfaf3a8d83bd), UINT64_C(0xea1ad565322a1a0b),
	UINT64_C(0x60e61c23a3795013), UINT64_C(0x6606d7e446282b93),
	UINT64_C(0x6ca4ecb15c5f91e1), UINT64_C(0x9f626da15c9625f3),
	UINT64_C(0xe51b38608ef25f57), UINT64_C(0x958a324ceb064572),
};
#else
#define NAME "siphash"
static const uint64_t vectors[64] = {
	UINT64_C(0xabac0158050fc4dc), UINT64_C(0xc9f49bf37d57ca93),
	UINT64_C(0x82cb9b024dc7d44d), UINT64_C(0x8bf80ab8e7ddf7fb),
	UINT64_C(0xcf75576088d38328), UINT64_C(0xdef9d52f49533b67),
	UINT64_C(0xc50d2b50c59f22a7), UINT64_C(0xd3927d989bb11140),
	UINT64_C(0x369095118d299a8e), UINT64_C(0x25a48eb36c063de4),
	UINT64_C(0x79de85ee92ff097f), UINT64_C(0x70c118c1f94dc352),
	UINT64_C(0x78a384b157b4d9a2), UINT64_C(0x306f760c1229ffa7),
	UINT64_C(0x605aa111c0f95d34), UINT64_C(0xd320d86d2a519956),
	UINT64_C(0xcc4fdd1a7d908b66), UINT64_C(0x9cf2689063dbd80c),
	UINT64_C(0x8ffc389cb473e63e), UINT64_C(0xf21f9de58d297d1c),
	UINT64_C(0xc0dc2f46a6cce040), UINT64_C(0xb992abfe2b45f844),
	UINT64_C(0x7ffe7b9ba320872e), UINT64_C(0x525a0e7fdae6c123),
	UINT64_C(0xf464aeb267349c8c), UINT64_C(0x45cd5928705b0979),
	UINT64_C(0x3a3e35e3ca9913a5), UINT64_C(0xa91dc74e4ade3b35),
	UINT64_C(0xfb0bed02ef6cd00d), UINT64_C(0x88d93cb44ab1e1f4),
	UINT64_C(0x540f11d643c5e663), UINT64_C(0x2370dd1f8c21d1bc),
	UINT64_C(0x81157b6c16a7b60d), UINT64_C(0x4d54b9e57a8ff9bf),
	UINT64_C(0x759f12781f2a753e), UINT64_C(0xcea1a3bebf186b91),
	UINT64_C(0x2cf508d3ada26206), UINT64_C(0xb6101c2da3c33057),
	UINT64_C(0xb3f47496ae3a36a1), UINT64_C(0x626b57547b108392),
	UINT64_C(0xc1d2363299e41531), UINT64_C(0x667cc1923f1ad944),
	UINT64_C(0x65704ffec8138825), UINT64_C(0x24f280d1c28949a6),
	UINT64_C(0xc2ca1cedfaf8876b), UINT64_C(0xc2164bfc9f042196),
	UINT64_C(0xa16e9c9368b1d623), UINT64_C(0x49fb169c8b5114fd),
	UINT64_C(0x9f3143f8df074c46), UINT64_C(0xc6fdaf2412cc86b3),
	UINT64_C(0x7eaf49d10a52098f), UINT64_C(0x1cf313559d292f9a),
	UINT64_C(0xc44a30dda2f41f12), UINT64_C(0x36fae98943a71ed0),
	UINT64_C(0x318fb34c73f0bce6), UINT64_C(0xa27abf3670a7e980),
	UINT64_C(0xb4bcc0db243c6d75), UINT64_C(0x23f8d852fdb71513),
	UINT64_C(0x8f035f4da67d8a08), UINT64_C(0xd89cd0e5b7e8f148),
	UINT64_C(0xf6f4e6bcf7a644ee), UINT64_C(0xaec59ad80f1837f2),
	UINT64_C(0xc3b2f6154b6694e0), UINT64_C(0x9d199062b7bbb3a8),
};
#endif

static uint8_t key[PS_SIPHASH_KEY_LEN];
static uint8_t message[64];

static void
setup(void)
{
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
}

START_TEST(reference_vector)
{
	ck_assert_uint_eq(ps_siphash(key, message, (size_t)_i), vectors[_i]);
}
END_TEST

/* However the octets are cut into three pieces, the hash is the same. */
START_TEST(pieces_give_the_same)
{
	struct ps_siphash hash;
	size_t len = (size_t)_i, a, b;

	for (a = 0; a <= len; a++) {
		for (b = a; b <= len; b++) {
			ps_siphash_init(&hash, key);
			ps_siphash_update(&hash, message, a);
			ps_siphash_update(&hash, message + a, b - a);
			ps_siphash_update(&hash, message + b, len - b);
			ck_assert_uint_eq(ps_siphash_final(&hash),
			                  vectors[len]);
		}
	}
}
END_TEST

/* Octets that do not lie at a word's border. */
START_TEST(any_alignment)
{
	uint8_t shifted[64 + 8];
	size_t i;

	for (i = 0; i < 63; i++)
		shifted[(size_t)_i + i] = message[i];
	ck_assert_uint_eq(ps_siphash(key, shifted + _i, 63), vectors[63]);
}
END_TEST

START_TEST(each_bit_counts)
{
	size_t bit;

	for (bit = 0; bit < 8 * 40; bit++) {
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_uint_ne(ps_siphash(key, message, 40), vectors[40]);
		message[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (bit = 0; bit < 8 * sizeof(key); bit++) {
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_uint_ne(ps_siphash(key, message, 40), vectors[40]);
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

/* Eight octets that count as zero, at each place of each length. */
START_TEST(hollow_counts_as_zero)
{
	uint8_t octets[64], hollow[64];
	size_t len, at;

	for (len = 8; len <= sizeof(octets); len++) {
		for (at = 0; at + 8 <= len; at++) {
			memset(octets, 0xa7, sizeof(octets));
			octets[at] = (uint8_t)len;
			memcpy(hollow, octets, sizeof(octets));
			memset(hollow + at, 0, 8);
			ck_assert_uint_eq(ps_siphash_hollow(key, octets, len,
			                                    at),
			                  ps_siphash(key, hollow, len));
		}
	}
}
END_TEST

#ifndef PS_SIPHASH_WORD_ROUNDS
/* hash(b'...') of CPython 3.11 with PYTHONHASHSEED=0, whose key is zero. */
START_TEST(same_as_cpython)
{
	static const uint8_t zero[PS_SIPHASH_KEY_LEN];

	ck_assert_uint_eq(ps_siphash(zero, "a", 1),
	                  UINT64_C(0x407448d2b89b1813));
	ck_assert_uint_eq(ps_siphash(zero, "pinstore", 8),
	                  UINT64_C(0x564f505bf260e856));
	ck_assert_uint_eq(ps_siphash(zero, "com.example.www", 15),
	                  UINT64_C(0xd73f1485666ecef0));
}
END_TEST

/* The length counts modulo 256. */
START_TEST(long_message)
{
	uint8_t octets[1000];
	size_t i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 31 + 7);
	ck_assert_uint_eq(ps_siphash(key, octets, sizeof(octets)),
	                  UINT64_C(0x369fea62be7ce2ea));
}
END_TEST
#endif

int
main(void)
{
	Suite *suite = suite_create(NAME);
	TCase *tcase = tcase_create(NAME);

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, reference_vector, 0, 64);
	tcase_add_loop_test(tcase, pieces_give_the_same, 0, 64);
	tcase_add_loop_test(tcase, any_alignment, 0, 8);
	tcase_add_test(tcase, each_bit_counts);
	tcase_add_test(tcase, hollow_counts_as_zero);
#ifndef PS_SIPHASH_WORD_ROUNDS
	tcase_add_test(tcase, same_as_cpython);
	tcase_add_test(tcase, long_message);
#endif
	return suite_run(suite);
}
