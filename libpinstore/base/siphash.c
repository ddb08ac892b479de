/*
 * siphash.c - SipHash-1-3 with a 64-bit result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "base/siphash.h"

#include "base/octets.h"

/* A test compiles this file with 2 and 4, for the authors' own vectors. */
#ifndef PS_SIPHASH_WORD_ROUNDS
#define PS_SIPHASH_WORD_ROUNDS 1
#define PS_SIPHASH_FINAL_ROUNDS 3
#endif

static inline uint64_t
rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void
absorb(uint64_t v[4], uint64_t word)
{
	int i;

	v[3] ^= word;
	for (i = 0; i < PS_SIPHASH_WORD_ROUNDS; i++)
		mix(v);
	v[0] ^= word;
}

/* The last len octets, fewer than 8, as the low octets of a word. */
static inline uint64_t
partial(const uint8_t *octets, size_t len)
{
	uint64_t word = 0;
	unsigned held = 0;

	if ((len & 4) != 0) {
		word = ps_get_le32(octets);
		octets += 4;
		held = 32;
	}
	if ((len & 2) != 0) {
		word |= (uint64_t)ps_get_le16(octets) << held;
		octets += 2;
		held += 16;
	}
	if ((len & 1) != 0)
		word |= (uint64_t)*octets << held;
	return word;
}

static inline void
begin(uint64_t v[4], const uint8_t key[PS_SIPHASH_KEY_LEN])
{
	uint64_t k0 = ps_get_le64(key), k1 = ps_get_le64(key + 8);

	v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
	v[1] = k1 ^ UINT64_C(0x646f72616e646f6d);
	v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
	v[3] = k1 ^ UINT64_C(0x7465646279746573);
}

void
ps_siphash_init(struct ps_siphash *hash, const uint8_t key[PS_SIPHASH_KEY_LEN])
{
	begin(hash->v, key);
	hash->tail = 0;
	hash->length = 0;
}

/*
 * Words are read whole also when the octets before them did not fill one: each
 * is then cut in two, for the word that is waiting and for the next.
 */
void
ps_siphash_update(struct ps_siphash *hash, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	unsigned held = (unsigned)(hash->length & 7) * 8;
	uint64_t v[4] = { hash->v[0], hash->v[1], hash->v[2], hash->v[3] };
	uint64_t tail = hash->tail, word;

	hash->length += len;
	if (held == 0) {
		for (; len >= 8; len -= 8, at += 8)
			absorb(v, ps_get_le64(at));
	}
	for (; len >= 8; len -= 8, at += 8) {
		word = ps_get_le64(at);
		absorb(v, tail | word << held);
		tail = word >> (64 - held);
	}
	if (len > 0) {
		word = partial(at, len);
		tail |= word << held;
		if (held + 8 * len >= 64) {
			absorb(v, tail);
			tail = word >> 1 >> (63 - held); /* held may be 0 */
		}
	}
	hash->v[0] = v[0];
	hash->v[1] = v[1];
	hash->v[2] = v[2];
	hash->v[3] = v[3];
	hash->tail = tail;
}

/* The last octets, and the end of it all. */
static inline uint64_t
finish(uint64_t v[4], uint64_t length, uint64_t tail)
{
	int i;

	absorb(v, length << 56 | tail);
	v[2] ^= 0xff;
	for (i = 0; i < PS_SIPHASH_FINAL_ROUNDS; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
ps_siphash_final(struct ps_siphash *hash)
{
	return finish(hash->v, hash->length, hash->tail);
}

/* The word that stands at `at`, without what of it lies in the hollow. */
static uint64_t
without(uint64_t word, size_t at, size_t hollow)
{
	if (at + 8 <= hollow || hollow + 8 <= at)
		return word;
	if (at <= hollow)
		return word & ((UINT64_C(1) << 8 * (hollow - at)) - 1);
	return word >> 8 * (hollow + 8 - at) << 8 * (hollow + 8 - at);
}

/* Never a call: the four words of the state stay in registers. */
__attribute__((always_inline)) static inline void
absorb_all(uint64_t v[4], const uint8_t *octets, size_t from, size_t to)
{
	for (; from + 32 <= to; from += 32) {
		absorb(v, ps_get_le64(octets + from));
		absorb(v, ps_get_le64(octets + from + 8));
		absorb(v, ps_get_le64(octets + from + 16));
		absorb(v, ps_get_le64(octets + from + 24));
	}
	for (; from < to; from += 8)
		absorb(v, ps_get_le64(octets + from));
}

uint64_t
ps_siphash_hollow(const uint8_t key[PS_SIPHASH_KEY_LEN], const uint8_t *octets,
                  size_t len, size_t hollow)
{
	const size_t whole = len / 8 * 8;
	size_t at = hollow / 8 * 8, behind = at + 16;
	uint64_t v[4], tail;

	begin(v, key);
	absorb_all(v, octets, 0, at);
	for (; at < behind && at < whole; at += 8)
		absorb(v, without(ps_get_le64(octets + at), at, hollow));
	absorb_all(v, octets, at, whole);
	tail = without(partial(octets + whole, len - whole), whole, hollow);
	return finish(v, len, tail);
}

uint64_t
ps_siphash(const uint8_t key[PS_SIPHASH_KEY_LEN], const void *octets,
           size_t len)
{
	const size_t whole = len / 8 * 8;
	uint64_t v[4];

	begin(v, key);
	absorb_all(v, octets, 0, whole);
	return finish(v, len, partial((const uint8_t *)octets + whole,
	                              len - whole));
}
