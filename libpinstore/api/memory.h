/*
 * memory.h - a store that is gone with its handle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_MEMORY_H
#define PS_API_MEMORY_H

#include "api/handle.h"

/*
 * Remove what pinstore_open_memory() made, behind the end of the store in it;
 * in a child of the process that made it, nothing.
 */
void
ps_memory_remove(const struct ps_memory *memory);

#endif /* PS_API_MEMORY_H */
