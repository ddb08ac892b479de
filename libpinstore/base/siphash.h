/*
 * siphash.h - SipHash-1-3 with a 64-bit result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
#ifndef PS_BASE_SIPHASH_H
#define PS_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define PS_SIPHASH_KEY_LEN 16

struct ps_siphash {
	uint64_t v[4];
	uint64_t tail;   /* octets that do not fill a word yet */
	uint64_t length; /* of all that went in */
};

void
ps_siphash_init(struct ps_siphash *hash, const uint8_t key[PS_SIPHASH_KEY_LEN]);

void
ps_siphash_update(struct ps_siphash *hash, const void *octets, size_t len);

uint64_t
ps_siphash_final(struct ps_siphash *hash);

/* All three in one. */
uint64_t
ps_siphash(const uint8_t key[PS_SIPHASH_KEY_LEN], const void *octets,
           size_t len);

/*
 * The same with the 8 octets at `hollow` taken as zero, which lie within len.
 */
uint64_t
ps_siphash_hollow(const uint8_t key[PS_SIPHASH_KEY_LEN], const uint8_t *octets,
                  size_t len, size_t hollow);

#endif /* PS_BASE_SIPHASH_H */
