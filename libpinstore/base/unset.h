/*
 * unset.h - locals that are not filled before their first use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_UNSET_H
#define PS_BASE_UNSET_H

#include <stddef.h>

/*
 * Of a large local on the way of every check, of which nothing is read that was
 * not written: the build's hardening has the compiler fill all locals with
 * zeros, which costs more than what is done with this one.
 */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define PS_UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef PS_UNSET
#define PS_UNSET
#endif

/*
 * Fill with zeros, by the C library: for some hundred octets a compiler puts
 * one instruction there that costs several times as much.
 */
void
ps_clear(void *at, size_t len);

#endif /* PS_BASE_UNSET_H */
