/*
 * likely.c - what a refusal most likely comes from, as far as data tells.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In this order: the result names a revoked key; the entry was noted in the
 * future; the journal has another host with the same foreign leaf; the entry is
 * a parent's; the key of an issuer is pinned in another layer, so that the leaf
 * alone is new; the path ends in a CA that the system did not come with; the
 * entry has the key of a public CA, and the path ends in another.  Who issued
 * the earlier certificate is stored nowhere: where the pins are of leaf keys, a
 * renewal cannot be told from another CA, and both are named.
 */
#include <config.h>

#include "common/likely.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/pin.h"

/* Where Debian keeps what it ships; elsewhere nothing is said of anchors. */
#define SHIPPED "/usr/share/ca-certificates/mozilla"
#define SHIPPED_TAIL ".crt"
#define SHIPPED_SIZE_MAX 65536
/* So far back another host's refusal is the same event. */
#define EVENT_SECONDS INT64_C(86400)

static const enum pinstore_layer layers[] = {
	PINSTORE_CONFIGURED, PINSTORE_LEARNED, PINSTORE_SYSTEM};

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

const char *
tool_cause_word(enum tool_cause cause)
{
	switch (cause) {
	case TOOL_CAUSE_UNKNOWN:
		break;
	case TOOL_CAUSE_REVOKED:
		return "revoked";
	case TOOL_CAUSE_CLOCK:
		return "clock";
	case TOOL_CAUSE_PORTAL:
		return "captive-portal";
	case TOOL_CAUSE_PARENT:
		return "parent";
	case TOOL_CAUSE_LOCAL_ANCHOR:
		return "local-anchor";
	case TOOL_CAUSE_RENEWAL:
		return "renewal";
	case TOOL_CAUSE_OTHER_CA:
		return "other-ca";
	case TOOL_CAUSE_NEW_KEY:
		return "new-key";
	}
	return NULL;
}

void
tool_likely_begin(struct tool_likely *out)
{
	memset(out, 0, sizeof(*out));
}

void
tool_likely_end(struct tool_likely *likely)
{
	size_t i;

	for (i = 0; i < likely->n; i++)
		free(likely->anchor[i].name);
	free(likely->anchor);
	memset(likely, 0, sizeof(*likely));
}

/* The first entry that refuses, or NULL. */
static const struct pinstore_entry *
refusing(const struct pinstore_result *result)
{
	const struct pinstore_entry *entry;
	size_t i;

	for (i = 0; i < N_LAYERS; i++) {
		entry = pinstore_result_entry(result, layers[i]);
		if (entry != NULL &&
		    !pinstore_result_matched(result, layers[i], NULL, NULL))
			return entry;
	}
	return NULL;
}

/* ---------------------------------------------------------- other hosts too */

static int
visit(const struct pinstore_record *record, void *arg)
{
	const char *host = pinstore_record_host(record);
	const struct pinstore_pin *pin = pinstore_record_pin(record);
	struct tool_likely *likely = arg;
	size_t i;

	if (pinstore_record_event(record) != PINSTORE_EVENT_VIOLATION ||
	    pinstore_record_time(record) < likely->since || host == NULL ||
	    pin == NULL || !tool_pin_equal(pin, &likely->leaf))
		return 0;
	for (i = 0; i < likely->n_seen; i++)
		if (strcmp(host, likely->seen[i]) == 0)
			return 0;
	(void)snprintf(likely->seen[likely->n_seen++],
	               sizeof(likely->seen[0]), "%s", host);
	return likely->n_seen == TOOL_LIKELY_SEEN;
}

/* host, or below it: one key for those is nothing strange. */
static bool
is_within(const char *name, const char *host)
{
	size_t len = strlen(name), tail = strlen(host);

	if (len < tail || strcmp(name + len - tail, host) != 0)
		return false;
	return len == tail || name[len - tail - 1] == '.';
}

/* A host that the entry is not of, which came with that leaf within a day. */
static const char *
other_host(struct tool_likely *likely, struct pinstore *store,
           const struct pinstore_entry *entry, const struct pinstore_pin *leaf,
           int64_t now)
{
	size_t i;

	if (leaf == NULL)
		return NULL;
	if (!likely->has_leaf || !tool_pin_equal(&likely->leaf, leaf) ||
	    likely->since != now - EVENT_SECONDS) {
		likely->leaf = *leaf;
		likely->since = now - EVENT_SECONDS;
		likely->n_seen = 0;
		likely->has_leaf = pinstore_log(store, 0, visit, likely,
		                                NULL) == PINSTORE_OK;
		if (!likely->has_leaf)
			return NULL;
	}
	for (i = 0; i < likely->n_seen; i++)
		if (!is_within(likely->seen[i], pinstore_entry_host(entry)))
			return likely->seen[i];
	return NULL;
}

/* ------------------------------------------------------------------- anchors */

/* "ISRG_Root_X1.crt" is ISRG Root X1. */
static char *
anchor_name(const char *file)
{
	char *out = tool_copy(file, strlen(file) - strlen(SHIPPED_TAIL)), *at;

	while ((at = strchr(out, '_')) != NULL)
		*at = ' ';
	return out;
}

static void
add_anchor(struct tool_likely *likely, const char *file)
{
	gnutls_datum_t pem = {NULL, 0}, der = {NULL, 0};
	char *path = tool_format("%s/%s", SHIPPED, file), *text = NULL;
	struct tool_anchor anchor;
	size_t len = 0;

	if (tool_file_read(path, SHIPPED_SIZE_MAX, &text, &len)) {
		pem.data = (unsigned char *)text;
		pem.size = (unsigned)len;
		if (gnutls_pem_base64_decode2("CERTIFICATE", &pem, &der) >= 0 &&
		    pinstore_pin_from_certificate(der.data, der.size,
		                                  &anchor.pin) == PINSTORE_OK) {
			anchor.name = anchor_name(file);
			likely->anchor = tool_grow(likely->anchor, likely->n,
			                           sizeof(anchor));
			likely->anchor[likely->n++] = anchor;
		}
		gnutls_free(der.data);
		tool_file_free(text, len);
	}
	free(path);
}

static void
read_anchors(struct tool_likely *likely)
{
	const size_t tail = strlen(SHIPPED_TAIL);
	struct dirent *item;
	size_t len;
	DIR *folder;

	if (likely->is_read)
		return;
	likely->is_read = true;
	folder = opendir(SHIPPED);
	if (folder == NULL)
		return;
	while ((item = readdir(folder)) != NULL) {
		len = strlen(item->d_name);
		if (len > tail &&
		    strcmp(item->d_name + len - tail, SHIPPED_TAIL) == 0)
			add_anchor(likely, item->d_name);
	}
	(void)closedir(folder);
}

/* The name of the anchor that has that key, or NULL. */
static const char *
find_anchor(const struct tool_likely *likely, const struct pinstore_pin *pin)
{
	size_t i;

	for (i = 0; i < likely->n; i++)
		if (tool_pin_equal(&likely->anchor[i].pin, pin))
			return likely->anchor[i].name;
	return NULL;
}

/* The name of a public CA whose key the entry has, or NULL. */
static const char *
pinned_anchor(const struct tool_likely *likely,
              const struct pinstore_entry *entry)
{
	const struct pinstore_pin *pins;
	const char *name = NULL;
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n && name == NULL; i++)
		name = find_anchor(likely, &pins[i]);
	return name;
}

/* Whether another layer has the key of an issuer of the path. */
static bool
has_pinned_issuer(const struct pinstore_result *result)
{
	size_t i, pin, member;

	for (i = 0; i < N_LAYERS; i++)
		if (pinstore_result_matched(result, layers[i], &pin, &member) &&
		    member > 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------ the path */

/* A path of certificates: of pins alone it is not known where they end. */
static bool
is_known(const struct pinstore_chain *chain)
{
	return chain != NULL && pinstore_chain_length(chain) > 1 &&
	       pinstore_chain_certificate(chain, 0, NULL) != NULL;
}

static enum tool_cause
judge_path(struct tool_likely *likely, const struct pinstore_result *result,
           const struct pinstore_entry *entry, char **text)
{
	const struct pinstore_chain *chain = pinstore_result_chain(result);
	const struct pinstore_pin *root;
	const char *name = NULL, *pinned;

	if (has_pinned_issuer(result)) {
		*text = tool_format("a new key under an issuer that is pinned "
		                    "too: a routine renewal");
		return TOOL_CAUSE_RENEWAL;
	}
	root = pinstore_chain_pin(chain, pinstore_chain_length(chain) - 1);
	read_anchors(likely);
	if (root != NULL)
		name = find_anchor(likely, root);
	if (name == NULL && likely->n > 0) {
		*text = tool_format("the chain ends in a CA that was added on "
		                    "this machine: TLS inspection, or a CA of "
		                    "one's own");
		return TOOL_CAUSE_LOCAL_ANCHOR;
	}
	if (name == NULL)
		return TOOL_CAUSE_UNKNOWN;
	pinned = pinned_anchor(likely, entry);
	if (pinned != NULL) {
		*text = tool_format("another public CA: %s is pinned, and the "
		                    "chain ends in %s", pinned, name);
		return TOOL_CAUSE_OTHER_CA;
	}
	*text = tool_format("a new key, under the public CA %s: a renewal that "
	                    "was not announced, or another CA", name);
	return TOOL_CAUSE_NEW_KEY;
}

enum tool_cause
tool_likely_cause(struct tool_likely *likely, struct pinstore *store,
                  const struct pinstore_result *result, int64_t now,
                  char **text)
{
	const struct pinstore_chain *chain = pinstore_result_chain(result);
	const struct pinstore_entry *entry = refusing(result);
	const char *host = pinstore_result_host(result), *name;

	*text = NULL;
	if (pinstore_result_revoked(result, NULL)) {
		*text = tool_format("the key is on the list of the revoked: "
		                    "pinstore revoke --list");
		return TOOL_CAUSE_REVOKED;
	}
	if (entry == NULL)
		return TOOL_CAUSE_UNKNOWN;
	if (pinstore_entry_noted(entry) > now) {
		*text = tool_format("the entry was noted in the future: is the "
		                    "clock right?");
		return TOOL_CAUSE_CLOCK;
	}
	name = chain == NULL ? NULL
	                     : other_host(likely, store, entry,
	                                  pinstore_chain_pin(chain, 0), now);
	if (name != NULL) {
		*text = tool_format("%s came with this very key too: a captive "
		                    "portal, or an inspection", name);
		return TOOL_CAUSE_PORTAL;
	}
	name = pinstore_entry_host(entry);
	if (strcmp(name, host) != 0) {
		*text = tool_format("the policy is inherited: %s covers its "
		                    "subdomains", name);
		return TOOL_CAUSE_PARENT;
	}
	return is_known(chain) ? judge_path(likely, result, entry, text)
	                       : TOOL_CAUSE_UNKNOWN;
}
