/*
 * pinset.h - a small set of pins, in the order in which they came.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_MODEL_PINSET_H
#define PS_MODEL_PINSET_H

#include <stdbool.h>
#include <stddef.h>

#include <pinstore/pinstore.h>

struct ps_pinset {
	size_t n;
	struct pinstore_pin pin[PINSTORE_PINS_MAX];
};

/* Add pin unless it is there.  False if the set is full. */
bool
ps_pinset_add(struct ps_pinset *set,
              const struct pinstore_pin *pin) PINSTORE_MUST_CHECK;

bool
ps_pin_is_equal(const struct pinstore_pin *a, const struct pinstore_pin *b);

/* Whether pin is among n pins; *at (may be NULL) is the first such index. */
bool
ps_pins_has(const struct pinstore_pin *pins, size_t n,
            const struct pinstore_pin *pin, size_t *at);

/* Whether both hold the same pins, in any order. */
bool
ps_pinset_is_equal(const struct ps_pinset *a, const struct ps_pinset *b);

#endif /* PS_MODEL_PINSET_H */
