/*
 * sized.h - structs whose first member is the size that the caller knows.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program and the library may have been built with different versions of a
 * struct: what one side does not know is zero for the other.
 */
#ifndef PS_API_SIZED_H
#define PS_API_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The size that stands at the head of a struct; 0 for NULL. */
static inline size_t
ps_sized_of(const void *from)
{
	size_t size = 0;

	if (from != NULL)
		memcpy(&size, from, sizeof(size));
	return size;
}

/* Copy a caller's struct into ours; false if its size cannot be right. */
static inline bool
ps_sized_read(void *to, size_t known, const void *from)
{
	size_t size = ps_sized_of(from);

	if (size < sizeof(size_t) || size > 4096)
		return false;
	if (size >= known) {
		memcpy(to, from, known);
		return true;
	}
	memset(to, 0, known);
	memcpy(to, from, size);
	return true;
}

/* Fill a caller's struct from ours and leave its size as it was. */
static inline bool
ps_sized_write(void *to, const void *from, size_t known)
{
	size_t size = ps_sized_of(to);

	if (size < sizeof(size_t) || size > 4096)
		return false;
	memset(to, 0, size);
	memcpy(to, from, size < known ? size : known);
	memcpy(to, &size, sizeof(size));
	return true;
}

#endif /* PS_API_SIZED_H */
