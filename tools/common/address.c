/*
 * address.c - which addresses are nobody's business but this machine's or this
 * network's (D-31).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The first bits of octets. */
struct block {
	uint8_t octets[16];
	unsigned bits;
};

/* Of the registry of special-purpose addresses what is not global. */
static const struct block private_4[] = {
	{{0}, 8},           {{10}, 8},           {{100, 64}, 10},
	{{127}, 8},         {{169, 254}, 16},    {{172, 16}, 12},
	{{192, 0, 0}, 24},  {{192, 0, 2}, 24},   {{192, 168}, 16},
	{{198, 18}, 15},    {{198, 51, 100}, 24}, {{203, 0, 113}, 24},
	{{224}, 4},         {{240}, 4},
};
static const struct block private_6[] = {
	{{0}, 127},                         /* :: and ::1 */
	{{0x01}, 64},                       /* discarded */
	{{0x20, 0x01, 0x0d, 0xb8}, 32},     /* documentation */
	{{0xfc}, 7},    {{0xfe, 0x80}, 10}, /* local, link */
	{{0xfe, 0xc0}, 10},                 /* site, of old */
	{{0xff}, 8},                        /* multicast */
};
/* Behind these bits stands an IPv4 address: mapped, compatible, translated. */
static const struct block embedding[] = {
	{{[10] = 0xff, [11] = 0xff}, 96},
	{{0}, 96},
	{{0x00, 0x64, 0xff, 0x9b}, 96},
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 96},
	{{0x20, 0x02}, 16},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_within(const uint8_t *octets, const struct block *block)
{
	size_t whole = block->bits / 8;
	unsigned rest = block->bits % 8;

	if (memcmp(octets, block->octets, whole) != 0)
		return false;
	return rest == 0 ||
	       ((octets[whole] ^ block->octets[whole]) >> (8 - rest)) == 0;
}

static bool
is_within_any(const uint8_t *octets, const struct block *blocks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_within(octets, &blocks[i]))
			return true;
	return false;
}

static bool
is_private_4(const uint8_t octets[4])
{
	return is_within_any(octets, private_4, COUNT(private_4));
}

static bool
is_private_6(const uint8_t octets[16])
{
	size_t i;

	if (is_within_any(octets, private_6, COUNT(private_6)))
		return true;
	for (i = 0; i < COUNT(embedding); i++)
		if (is_within(octets, &embedding[i]))
			return is_private_4(octets + embedding[i].bits / 8);
	return false;
}

bool
tool_address_is_private(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof(in));
		return is_private_4((const uint8_t *)&in.sin_addr);
	}
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, a, sizeof(in));
		return is_private_6(in.sin6_addr.s6_addr);
	}
	return true;
}

bool
tool_address_parse(const char *text, bool *is_private)
{
	uint8_t octets[16];
	char bare[64];
	size_t len;

	*is_private = true;
	if (inet_pton(AF_INET, text, octets) == 1) {
		*is_private = is_private_4(octets);
		return true;
	}
	text += text[0] == '[';
	/* A zone makes no address public. */
	len = strcspn(text, "%]");
	if (len >= sizeof(bare))
		return false;
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)len, text);
	if (inet_pton(AF_INET6, bare, octets) != 1)
		return false;
	*is_private = is_private_6(octets);
	return true;
}
