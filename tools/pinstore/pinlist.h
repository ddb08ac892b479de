/*
 * pinlist.h - pins from the command line: as such, or out of files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_PINLIST_H
#define TOOL_PINLIST_H

#include <stdbool.h>
#include <stddef.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"

struct pinlist {
	struct pinstore_pin *pin;
	size_t n;
};

/* Equal pins count once. */
void
pinlist_add(struct pinlist *list, const struct pinstore_pin *pin);

/*
 * A pin, or a file that is about one key; of several keys none is taken
 * unasked.  False: *fault tells why.
 */
bool
pinlist_add_operand(struct pinlist *list, const char *operand,
                    struct tool_fault *fault);

/*
 * A pin, a file whose certificates all count, or a folder of such files.
 * False: *fault tells why.
 */
bool
pinlist_add_all(struct pinlist *list, const char *operand,
                struct tool_fault *fault);

void
pinlist_free(struct pinlist *list);

#endif /* TOOL_PINLIST_H */
