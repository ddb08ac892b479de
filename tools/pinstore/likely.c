/*
 * likely.c - what a refusal most likely comes from, as far as data tells.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "likely.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/pin.h"
#include "keys.h"

/* Where Debian keeps what it ships; elsewhere nothing is said of anchors. */
#define SHIPPED "/usr/share/ca-certificates/mozilla"
/* So far back another host's refusal is the same event. */
#define EVENT_SECONDS INT64_C(86400)

static const enum pinstore_layer layers[] = {PINSTORE_CONFIGURED,
                                             PINSTORE_LEARNED};

/* The first entry that refuses, or NULL. */
static const struct pinstore_entry *
refusing(const struct pinstore_result *result)
{
	const struct pinstore_entry *entry;
	size_t i;

	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		entry = pinstore_result_entry(result, layers[i]);
		if (entry != NULL &&
		    !pinstore_result_matched(result, layers[i], NULL, NULL))
			return entry;
	}
	return NULL;
}

/* ---------------------------------------------------------- other hosts too */

struct others {
	const char *host;
	const struct pinstore_pin *leaf;
	int64_t since;
	char found[PINSTORE_HOST_MAX + 1];
};

static int
visit(const struct pinstore_record *record, void *arg)
{
	const char *host = pinstore_record_host(record);
	const struct pinstore_pin *pin = pinstore_record_pin(record);
	struct others *others = arg;

	if (pinstore_record_event(record) != PINSTORE_EVENT_VIOLATION ||
	    pinstore_record_time(record) < others->since || host == NULL ||
	    pin == NULL || strcmp(host, others->host) == 0 ||
	    !tool_pin_equal(pin, others->leaf))
		return 0;
	(void)snprintf(others->found, sizeof(others->found), "%s", host);
	return 1;
}

/* ------------------------------------------------------------------- anchors */

static bool
has_certificate(const char *file, const uint8_t *der, size_t len)
{
	struct keys keys = {NULL, 0, NULL};
	struct tool_fault fault = {.exit = 0};
	bool has = false;
	size_t i;

	if (keys_read(file, &keys, &fault))
		for (i = 0; i < keys.n && !has; i++)
			has = keys.key[i].der_len == len &&
			      memcmp(keys.key[i].der, der, len) == 0;
	keys_free(&keys);
	return has;
}

/* Whether the anchor is none that the system came with. */
static bool
is_added(const struct pinstore_chain *chain)
{
	size_t n = chain != NULL ? pinstore_chain_length(chain) : 0, len = 0;
	const uint8_t *der;
	struct dirent *item;
	bool is_shipped = false;
	DIR *folder;
	char *file;

	der = n > 0 ? pinstore_chain_certificate(chain, n - 1, &len) : NULL;
	folder = der != NULL ? opendir(SHIPPED) : NULL;
	if (folder == NULL)
		return false;
	while (!is_shipped && (item = readdir(folder)) != NULL) {
		if (item->d_name[0] == '.')
			continue;
		file = tool_format("%s/%s", SHIPPED, item->d_name);
		is_shipped = has_certificate(file, der, len);
		free(file);
	}
	(void)closedir(folder);
	return !is_shipped;
}

/* A path of certificates: of pins alone it is not known where they end. */
static bool
is_known(const struct pinstore_chain *chain)
{
	return chain != NULL && pinstore_chain_length(chain) > 1 &&
	       pinstore_chain_certificate(chain, 0, NULL) != NULL;
}

char *
likely_cause(struct pinstore *store, const struct pinstore_result *result,
             int64_t now)
{
	const struct pinstore_chain *chain = pinstore_result_chain(result);
	const struct pinstore_entry *entry = refusing(result);
	const char *host = pinstore_result_host(result), *name;
	struct others others = {.host = host, .since = now - EVENT_SECONDS};

	if (pinstore_result_revoked(result, NULL))
		return tool_format("the key is on the list of the revoked: "
		                   "pinstore revoke --list");
	if (entry == NULL)
		return NULL;
	if (pinstore_entry_noted(entry) > now)
		return tool_format("the entry was noted in the future: is the "
		                   "clock right?");
	if (chain != NULL)
		others.leaf = pinstore_chain_pin(chain, 0);
	if (others.leaf != NULL &&
	    pinstore_log(store, 0, visit, &others, NULL) == PINSTORE_OK &&
	    others.found[0] != '\0')
		return tool_format("%s came with this very key too: a captive "
		                   "portal, or an inspection", others.found);
	name = pinstore_entry_host(entry);
	if (strcmp(name, host) != 0)
		return tool_format("the policy is inherited: %s covers its "
		                   "subdomains", name);
	if (!is_known(chain))
		return NULL;
	if (is_added(chain))
		return tool_format("the chain ends in a CA that was added on "
		                   "this machine: TLS inspection, or a CA of "
		                   "one's own");
	return tool_format("a new key, under a public CA: a renewal that was "
	                   "not announced, or another CA");
}
