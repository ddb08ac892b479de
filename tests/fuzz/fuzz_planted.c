/*
 * fuzz_planted.c - a target with a fault in it, by which run.sh and replay.sh
 * prove that a fault is found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/scan.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_planted";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* The fault: a word is known by its beginning. */
	if (len >= 3 && ps_scan_is_word(data, 3, "pin"))
		MUST(len == 3);
	return 0;
}
