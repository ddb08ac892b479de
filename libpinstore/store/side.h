/*
 * side.h - small files beside the data file, which may be lost at any time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each is written as a whole or not at all, and never flushed: what a power cut
 * leaves of one is told by its content.
 */
#ifndef PS_STORE_SIDE_H
#define PS_STORE_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/meta.h"

#define PS_SIDE_SCHEMA "schema"

/* The first octets of a file; how many, and 0 where nothing can be read. */
size_t
ps_side_read(int dir_fd, const char *name, void *out, size_t size);

/* Put these octets in its place, if that can be; name is short. */
void
ps_side_write(int dir_fd, const char *name, const void *octets, size_t len);

/*
 * All checksums of a store are made with its id, which stands in one record:
 * where the page of that is lost, a copy beside lets the others be told.
 */
void
ps_side_keep_schema(int dir_fd, const struct ps_schema *schema);

/* False if there is no sound copy. */
bool
ps_side_schema(int dir_fd, struct ps_schema *out);

#endif /* PS_STORE_SIDE_H */
