/*
 * pinned.h - --pinnedpubkey: pins beside those of the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * They hold for every https hop, and for the whole validated path: curl looks
 * at the leaf alone.
 */
#ifndef FETCH_PINNED_H
#define FETCH_PINNED_H

#include <stdbool.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "pinfetch/options.h"

/*
 * sha256//B64[;sha256//B64]..., or a file with a public key in PEM or DER.
 * False: *fault tells why.
 */
bool
fetch_pinned_read(const char *argument, struct fetch_options *options,
                  struct tool_fault *fault);

/* Whether one of them is in the path; without a chain it is not. */
bool
fetch_pinned_matches(const struct fetch_options *options,
                     const struct pinstore_chain *chain);

#endif /* FETCH_PINNED_H */
