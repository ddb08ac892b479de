/*
 * test_pinset.c - a small set of pins, in the order in which they came.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/pinset.h"

#include <stdint.h>
#include <string.h>

#include <check.h>

#include "tests/support/suite.h"

static struct pinstore_pin
pin_of(size_t number)
{
	struct pinstore_pin pin;

	memset(pin.sha256, 0x5a, sizeof(pin.sha256));
	pin.sha256[31] = (uint8_t)number;
	return pin;
}

static void
fill(struct ps_pinset *set, size_t n)
{
	struct pinstore_pin pin;
	size_t i;

	set->n = 0;
	for (i = 0; i < n; i++) {
		pin = pin_of(i);
		ck_assert(ps_pinset_add(set, &pin));
	}
}

START_TEST(every_bit_tells_pins_apart)
{
	struct pinstore_pin a = pin_of(0), b = a;
	size_t bit;

	ck_assert(ps_pin_is_equal(&a, &b));
	for (bit = 0; bit < 256; bit++) {
		b.sha256[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!ps_pin_is_equal(&a, &b));
		b.sha256[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

/* R-2.1.1-8: a pin that is there counts once, also in a full set. */
START_TEST(holds_32_and_no_more)
{
	struct pinstore_pin pin;
	struct ps_pinset set;

	fill(&set, PINSTORE_PINS_MAX - 1);
	pin = pin_of(PINSTORE_PINS_MAX - 1);
	ck_assert(ps_pinset_add(&set, &pin));
	ck_assert_uint_eq(set.n, PINSTORE_PINS_MAX);
	pin = pin_of(PINSTORE_PINS_MAX);
	ck_assert(!ps_pinset_add(&set, &pin));
	pin = pin_of(3);
	ck_assert(ps_pinset_add(&set, &pin));
	ck_assert_uint_eq(set.n, PINSTORE_PINS_MAX);
}
END_TEST

START_TEST(keeps_order_and_finds)
{
	struct pinstore_pin pin = pin_of(2);
	struct ps_pinset set;
	size_t at = 99;

	fill(&set, 3);
	ck_assert(ps_pins_has(set.pin, set.n, &pin, &at));
	ck_assert_uint_eq(at, 2);
	ck_assert(ps_pins_has(set.pin, set.n, &pin, NULL));
	ck_assert(!ps_pins_has(set.pin, 2, &pin, &at));
	ck_assert(!ps_pins_has(NULL, 0, &pin, &at));
	pin = pin_of(0);
	ck_assert(ps_pins_has(set.pin, set.n, &pin, &at));
	ck_assert_uint_eq(at, 0);
}
END_TEST

START_TEST(equal_in_any_order)
{
	struct pinstore_pin other = pin_of(77);
	struct ps_pinset a, b;

	fill(&a, 3);
	fill(&b, 3);
	ck_assert(ps_pinset_is_equal(&a, &b));
	b.pin[0] = pin_of(2);
	b.pin[2] = pin_of(0);
	ck_assert(ps_pinset_is_equal(&a, &b));
	b.pin[1] = other;
	ck_assert(!ps_pinset_is_equal(&a, &b));
	ck_assert(!ps_pinset_is_equal(&b, &a));
	fill(&b, 2);
	ck_assert(!ps_pinset_is_equal(&a, &b));
	ck_assert(!ps_pinset_is_equal(&b, &a));
	fill(&a, 0);
	fill(&b, 0);
	ck_assert(ps_pinset_is_equal(&a, &b));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pinset");
	TCase *tcase = tcase_create("pinset");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, every_bit_tells_pins_apart);
	tcase_add_test(tcase, holds_32_and_no_more);
	tcase_add_test(tcase, keeps_order_and_finds);
	tcase_add_test(tcase, equal_in_any_order);
	return suite_run(suite);
}
