/*
 * pinset.c - a small set of pins, in the order in which they came.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/pinset.h"

#include <string.h>

bool
ps_pin_is_equal(const struct pinstore_pin *a, const struct pinstore_pin *b)
{
	return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

bool
ps_pins_has(const struct pinstore_pin *pins, size_t n,
            const struct pinstore_pin *pin, size_t *at)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!ps_pin_is_equal(&pins[i], pin))
			continue;
		if (at != NULL)
			*at = i;
		return true;
	}
	return false;
}

bool
ps_pinset_add(struct ps_pinset *set, const struct pinstore_pin *pin)
{
	if (ps_pins_has(set->pin, set->n, pin, NULL))
		return true;
	if (set->n == PINSTORE_PINS_MAX)
		return false;
	set->pin[set->n++] = *pin;
	return true;
}

bool
ps_pinset_is_equal(const struct ps_pinset *a, const struct ps_pinset *b)
{
	size_t i;

	/* Neither holds a pin twice. */
	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!ps_pins_has(b->pin, b->n, &a->pin[i], NULL))
			return false;
	return true;
}
