/*
 * tlsa.c - TLSA records (RFC 6698) as dig(1) prints them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	_443._tcp.example.test. 3600 IN TLSA 3 1 1 0123...
 *
 * Selector 1 with matching type 1 is the SHA-256 of a key, which a pin is too;
 * all records of a host are parts of what is known of it.
 */
#include <config.h>

#include "formats/format.h"

#include <string.h>
#include <strings.h>

#include "common/pin.h"

#define HEX_LEN 64
#define USAGE_MAX 3

/* "_443._tcp.example.test": the host, or NULL. */
static char *
host_of(char *owner)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (owner[0] != '_')
			return NULL;
		owner = strchr(owner, '.');
		if (owner == NULL)
			return NULL;
		owner++;
	}
	return owner;
}

/* What is between the name and the data: a TTL and a class may be missing. */
static bool
is_tlsa(char **at)
{
	int64_t ttl;
	char *word;

	while ((word = intake_word(at)) != NULL) {
		if (strcasecmp(word, "TLSA") == 0)
			return true;
		if (strcasecmp(word, "IN") != 0 && !intake_number(word, &ttl))
			return false;
	}
	return false;
}

/* Data may be divided, and stand in brackets. */
static bool
take_data(char *at, struct pinstore_pin *out)
{
	char hex[HEX_LEN + 1];
	size_t len = 0, more;
	char *word;

	while ((word = intake_word(&at)) != NULL) {
		if (strcmp(word, "(") == 0 || strcmp(word, ")") == 0)
			continue;
		if (word[0] == ';')
			break;
		more = strlen(word);
		if (more > HEX_LEN - len)
			return false;
		memcpy(hex + len, word, more);
		len += more;
	}
	hex[len] = '\0';
	return len == HEX_LEN && tool_pin_parse(hex, out);
}

void
tlsa_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	struct pinstore_import_item item;
	int64_t fields[3]; /* usage, selector, matching type */
	struct pinstore_pin pin;
	char *owner, *host, *word;
	size_t i;

	(void)len;
	owner = intake_word(&text);
	if (owner == NULL || owner[0] == ';' || owner[0] == '#')
		return;
	host = host_of(owner);
	if (host == NULL || !is_tlsa(&text)) {
		intake_skip(intake, number, SKIP_MALFORMED);
		return;
	}
	for (i = 0; i < 3; i++) {
		word = intake_word(&text);
		if (word == NULL || !intake_number(word, &fields[i])) {
			intake_skip(intake, number, SKIP_MALFORMED);
			return;
		}
	}
	if (fields[0] > USAGE_MAX || fields[1] != 1 || fields[2] != 1) {
		intake_skip(intake, number, SKIP_OTHER_HASH);
		return;
	}
	if (!take_data(text, &pin)) {
		intake_skip(intake, number, SKIP_PIN);
		return;
	}
	intake_item(intake, number, host, &pin, 1, &item);
	item.is_part = 1;
	intake_add(intake, &item);
}
