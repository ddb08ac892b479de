/*
 * octets.h - integers as little-endian octets, at any alignment.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_OCTETS_H
#define PS_BASE_OCTETS_H

#include <stdint.h>

static inline void
ps_put_le16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

static inline void
ps_put_le32(uint8_t *out, uint32_t value)
{
	ps_put_le16(out, (uint16_t)value);
	ps_put_le16(out + 2, (uint16_t)(value >> 16));
}

static inline void
ps_put_le64(uint8_t *out, uint64_t value)
{
	ps_put_le32(out, (uint32_t)value);
	ps_put_le32(out + 4, (uint32_t)(value >> 32));
}

static inline uint16_t
ps_get_le16(const uint8_t *in)
{
	return (uint16_t)(in[0] | in[1] << 8);
}

static inline uint32_t
ps_get_le32(const uint8_t *in)
{
	return ps_get_le16(in) | (uint32_t)ps_get_le16(in + 2) << 16;
}

static inline uint64_t
ps_get_le64(const uint8_t *in)
{
	return ps_get_le32(in) | (uint64_t)ps_get_le32(in + 4) << 32;
}

#endif /* PS_BASE_OCTETS_H */
