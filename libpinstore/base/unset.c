/*
 * unset.c - what is to be filled with zeros after all.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/unset.h"

#include <string.h>

void
ps_clear(void *at, size_t len)
{
	memset(at, 0, len);
}
