/*
 * fuzz_host.c - ps_host_parse() and the keys of the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical form is its own, in either case, with and without a final dot;
 * key and name are one-to-one; whatever libc would take for an address is none
 * of our names; and of ASCII a second reader must think the same.
 */
#include <config.h>

#include <arpa/inet.h>
#include <stdbool.h>

#include "model/host.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_host";

/* H-5 to H-8 for ASCII without a colon or a bracket in front. */
static enum pinstore_host_kind
second_reader(const uint8_t *text, size_t len)
{
	size_t i, label = 0;
	bool is_decimal = true, is_hex = false;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return PINSTORE_HOST_BAD;
	for (i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (label == 0)
				return PINSTORE_HOST_BAD;
			label = 0;
			is_decimal = true;
			is_hex = false;
			continue;
		}
		if (text[i] == '\0' ||
		    strchr("abcdefghijklmnopqrstuvwxyz"
		           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_",
		           text[i]) == NULL)
			return PINSTORE_HOST_BAD;
		if (++label > 63)
			return PINSTORE_HOST_BAD;
		if (label == 2)
			is_hex = is_decimal && text[i - 1] == '0' &&
			         (text[i] | 0x20) == 'x';
		else if (label > 2)
			is_hex = is_hex &&
			         strchr("0123456789abcdefABCDEF", text[i]) !=
			                 NULL;
		is_decimal = is_decimal && text[i] >= '0' && text[i] <= '9';
	}
	if (label == 0)
		return PINSTORE_HOST_BAD;
	return is_decimal || is_hex ? PINSTORE_HOST_ADDRESS :
	                              PINSTORE_HOST_NAME;
}

static void
must_agree(const uint8_t *data, size_t len, enum pinstore_host_kind kind)
{
	size_t i;

	if (len == 0 || data[0] == '[')
		return;
	for (i = 0; i < len; i++)
		if (data[i] >= 0x80 || data[i] == ':')
			return;
	MUST(second_reader(data, len) == kind);
}

static void
must_stay(const struct ps_host *host, enum pinstore_host_kind kind)
{
	enum pinstore_host_kind again_kind;
	char text[PINSTORE_HOST_MAX + 1];
	struct ps_host again;
	size_t i;

	MUST(ps_host_parse(host->name, host->len, &again, &again_kind) ==
	     PINSTORE_OK);
	MUST(again_kind == kind && again.len == host->len &&
	     memcmp(again.name, host->name, host->len + 1) == 0);
	if (kind != PINSTORE_HOST_NAME)
		return;
	for (i = 0; i < host->len; i++)
		text[i] = (char)(host->name[i] >= 'a' && host->name[i] <= 'z' ?
		                         host->name[i] - 32 :
		                         host->name[i]);
	text[i] = '.';
	MUST(ps_host_parse(text, host->len + 1, &again, &again_kind) ==
	     PINSTORE_OK);
	MUST(again_kind == kind && strcmp(again.name, host->name) == 0);
}

static void
must_be_a_name(const struct ps_host *host)
{
	struct in6_addr six;
	struct in_addr four;
	size_t i, start = 0, dots = 0;

	for (i = 0; i <= host->len; i++) {
		if (i == host->len || host->name[i] == '.') {
			MUST(i > start && i - start <= 63);
			start = i + 1;
			dots += i < host->len;
			continue;
		}
		MUST(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_",
		            host->name[i]) != NULL);
	}
	MUST(ps_host_labels(host) == dots + 1);
	MUST(inet_aton(host->name, &four) == 0);
	MUST(inet_pton(AF_INET, host->name, &four) != 1);
	MUST(inet_pton(AF_INET6, host->name, &six) != 1);
}

/* The key's prefixes are the keys of the names above, and nothing else is. */
static void
must_have_a_key(const struct ps_host *host)
{
	enum pinstore_host_kind kind;
	struct ps_host back, above;
	struct ps_key key, above_key;
	const char *dot = host->name;
	size_t limit, end;

	ps_host_key(host, &key);
	MUST(key.len == host->len);
	MUST(ps_key_host(key.octets, key.len, &back) == PINSTORE_OK);
	MUST(back.len == host->len && strcmp(back.name, host->name) == 0);
	MUST(!ps_key_is_ancestor(key.octets, key.len, key.octets, key.len));
	limit = key.len;
	while ((dot = strchr(dot, '.')) != NULL) {
		dot++;
		end = ps_key_ancestor_within(key.octets, key.len, limit);
		MUST(end == strlen(dot));
		MUST(ps_key_is_ancestor(key.octets, end, key.octets, key.len));
		MUST(!ps_key_is_ancestor(key.octets, end - 1, key.octets,
		                         key.len) ||
		     key.octets[end - 1] == '.');
		MUST(ps_host_parse(dot, strlen(dot), &above, &kind) ==
		     PINSTORE_OK);
		MUST(kind == PINSTORE_HOST_NAME);
		ps_host_key(&above, &above_key);
		MUST(above_key.len == end &&
		     memcmp(above_key.octets, key.octets, end) == 0);
		limit = end - 1;
	}
	MUST(ps_key_ancestor_within(key.octets, key.len, limit) == 0 ||
	     ps_host_labels(host) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum pinstore_host_kind kind = PINSTORE_HOST_NAME;
	enum pinstore_status status;
	struct ps_host host;
	struct ps_key key;

	memset(&host, 0xa5, sizeof(host));
	status = ps_host_parse((const char *)data, len, &host, &kind);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_HOST);
	MUST((status == PINSTORE_OK) == (kind != PINSTORE_HOST_BAD));
	MUST(host.len <= PINSTORE_HOST_MAX);
	MUST(host.name[host.len] == '\0' && strlen(host.name) == host.len);
	MUST((status == PINSTORE_OK) == (host.len > 0));
	must_agree(data, len, kind);
	if (status == PINSTORE_OK)
		must_stay(&host, kind);
	if (kind == PINSTORE_HOST_NAME) {
		must_be_a_name(&host);
		must_have_a_key(&host);
	}
	/* The same octets as a key that was found in a store. */
	memset(&host, 0xa5, sizeof(host));
	status = ps_key_host(data, len, &host);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_DAMAGED);
	if (status == PINSTORE_OK) {
		ps_host_key(&host, &key);
		MUST(key.len == len && memcmp(key.octets, data, len) == 0);
		must_be_a_name(&host);
	} else {
		MUST(host.len == 0 && host.name[0] == '\0');
	}
	return 0;
}
