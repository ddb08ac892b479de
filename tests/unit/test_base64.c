/*
 * test_base64.c - base64 with padding and without white space.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/base64.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

struct pair {
	const char *octets;
	const char *text;
};

/* RFC 4648, 10. */
static const struct pair pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xef\xbe\xff", "++++/w==" }, /* both signs of the alphabet */
};

static const char *const wrong[] = {
	"Z",            /* too short for an octet */
	"Zg",           /* no padding */
	"Zm9vY",        /* five characters */
	"Zg=",          /* half of the padding */
	"=",            /* padding alone */
	"====",         /* a group of padding */
	"Z===",         /* six bits */
	"Zg==Zm9v",     /* padding in the middle */
	"Zm8=Zm9v",     /* the same, of one */
	"Z=9v",         /* padding inside a group */
	"Zm=v",         /* padding before a character */
	"Zg==\n",       /* a line end behind */
	"Zm9\n",        /* and in place of a character */
	"Zm 9v===",     /* a space inside */
	" Zm9",         /* a space before */
	"Zm-v",         /* base64url: minus */
	"Zm_v",         /* base64url: low line */
	"Zm9v====",     /* a whole group of padding behind */
	"Zm9\xc3",      /* an octet above ASCII */
	"Zm9@", "Zm9[", "Zm9`", "Zm9{", "Zm9:", "Zm9.", "Zm9,", "Zm9*",
	                /* neighbours of the alphabet's ranges */
};

struct loose {
	const char *text;
	uint8_t first;
	bool loose;
};

/* Bits that no octet has room for. */
static const struct loose bits[] = {
	{ "AA==", 0, false }, { "AB==", 0, true },  { "AC==", 0, true },
	{ "AE==", 0, true },  { "AI==", 0, true },  { "AP==", 0, true },
	{ "AQ==", 1, false }, { "AAA=", 0, false }, { "AAB=", 0, true },
	{ "AAC=", 0, true },  { "AAE=", 0, false }, { "/w==", 255, false },
	{ "/x==", 255, true },
};

static bool
decode(const char *text, size_t len, uint8_t *out, size_t *out_len)
{
	bool loose;

	return ps_base64_decode((const uint8_t *)text, len, out, out_len,
	                        &loose);
}

START_TEST(encodes)
{
	const struct pair *p = &pairs[_i];
	char out[16];

	memset(out, 'x', sizeof(out));
	ps_base64_encode((const uint8_t *)p->octets, strlen(p->octets), out);
	ck_assert_str_eq(out, p->text);
	ck_assert_uint_eq(strlen(out), PS_BASE64_LEN(strlen(p->octets)));
}
END_TEST

START_TEST(decodes)
{
	const struct pair *p = &pairs[_i];
	uint8_t out[16];
	size_t len = 99;

	ck_assert(decode(p->text, strlen(p->text), out, &len));
	ck_assert_uint_eq(len, strlen(p->octets));
	ck_assert_mem_eq(out, p->octets, len);
}
END_TEST

START_TEST(refuses)
{
	uint8_t out[16];
	size_t len = 99;

	ck_assert_msg(!decode(wrong[_i], strlen(wrong[_i]), out, &len),
	              "took \"%s\"", wrong[_i]);
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(refuses_nul)
{
	uint8_t out[16];
	size_t len;

	ck_assert(!decode("Zm9\0", 4, out, &len));
	ck_assert(!decode("\0\0\0\0", 4, out, &len));
}
END_TEST

START_TEST(tells_loose_bits)
{
	const struct loose *l = &bits[_i];
	uint8_t out[3];
	size_t len;
	bool loose;

	ck_assert(ps_base64_decode((const uint8_t *)l->text, 4, out, &len,
	                           &loose));
	ck_assert_uint_eq(out[0], l->first);
	ck_assert(loose == l->loose);
}
END_TEST

/* Of 256 octets for each place, the 64 of the alphabet and no other. */
START_TEST(the_alphabet_is_64)
{
	char text[] = "AAAA";
	uint8_t out[3];
	size_t len, place;
	int c, n;

	for (place = 0; place < 3; place++) {
		memcpy(text, "AAAA", 4);
		for (c = 0, n = 0; c < 256; c++) {
			text[place] = (char)c;
			n += decode(text, 4, out, &len);
		}
		ck_assert_int_eq(n, 64);
	}
}
END_TEST

/* R-2.1.1-3: what comes out of decode goes back to the same text. */
START_TEST(there_and_back)
{
	uint8_t octets[64], out[PS_BASE64_DECODED_MAX(PS_BASE64_LEN(64))];
	char text[PS_BASE64_LEN(64) + 1], again[PS_BASE64_LEN(64) + 1];
	uint32_t random = (uint32_t)_i * 2654435761u + 1;
	size_t len = (size_t)_i, i, n;
	bool loose;

	for (i = 0; i < len; i++) {
		random = random * 1664525u + 1013904223u;
		octets[i] = (uint8_t)(random >> 24);
	}
	ps_base64_encode(octets, len, text);
	ck_assert(ps_base64_decode((const uint8_t *)text, strlen(text), out,
	                           &n, &loose));
	ck_assert(!loose);
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(out, octets, n);
	ps_base64_encode(out, n, again);
	ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(decodes_in_place)
{
	uint8_t text[] = "Zm9vYmE=";
	size_t len;
	bool loose;

	ck_assert(ps_base64_decode(text, 8, text, &len, &loose));
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(text, "fooba", 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base64");
	TCase *tcase = tcase_create("base64");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, encodes, 0, COUNT(pairs));
	tcase_add_loop_test(tcase, decodes, 0, COUNT(pairs));
	tcase_add_loop_test(tcase, refuses, 0, COUNT(wrong));
	tcase_add_test(tcase, refuses_nul);
	tcase_add_loop_test(tcase, tells_loose_bits, 0, COUNT(bits));
	tcase_add_test(tcase, the_alphabet_is_64);
	tcase_add_loop_test(tcase, there_and_back, 0, 64);
	tcase_add_test(tcase, decodes_in_place);
	return suite_run(suite);
}
