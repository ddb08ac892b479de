/*
 * base64.h - base64 with padding and without white space (RFC 4648, 4).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_BASE64_H
#define PS_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters that len octets become, and the most octets that text becomes. */
#define PS_BASE64_LEN(len) (((len) + 2) / 3 * 4)
#define PS_BASE64_DECODED_MAX(len) ((len) / 4 * 3)

/*
 * Decode text into out, of at least PS_BASE64_DECODED_MAX(len) octets.  False
 * if text is not base64; unused bits may be anything, and *loose says whether
 * one of them is set.  out may be text itself; what is in it on false means
 * nothing.
 */
bool
ps_base64_decode(const uint8_t *text, size_t len, uint8_t *out,
                 size_t *out_len, bool *loose);

/* Encode into out, of PS_BASE64_LEN(len) + 1 octets, with a final NUL. */
void
ps_base64_encode(const uint8_t *octets, size_t len, char *out);

#endif /* PS_BASE_BASE64_H */
