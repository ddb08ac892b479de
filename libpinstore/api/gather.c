/*
 * gather.c - entries to be imported: gathered, sorted, and made one a host.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A million of them are sorted by their keys here, so they lie close together,
 * and the sort looks at 16 octets of a key before it looks at the key.
 */
#include <config.h>

#include "api/gather.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)1 << 20)
/* Octets that come from memory at once; items are rarely longer than three. */
#define LINE ((size_t)64)
#define PIN_LEN sizeof(struct pinstore_pin)

/* Memory that is given back as a whole. */
struct ps_arena {
	struct ps_arena *before;
	size_t used;
	alignas(struct ps_item) uint8_t octets[CHUNK];
};

/* ----------------------------------------------------------------- the items */

static struct ps_item *
item_new(struct pinstore_import *import, size_t len)
{
	struct ps_arena *arena = import->arena;
	struct ps_item *item;

	len = (len + alignof(struct ps_item) - 1) &
	      ~(alignof(struct ps_item) - 1);
	assert(len <= CHUNK);
	if (arena == NULL || CHUNK - arena->used < len) {
		arena = malloc(sizeof(*arena));
		if (arena == NULL)
			return NULL;
		arena->before = import->arena;
		arena->used = 0;
		import->arena = arena;
	}
	item = (struct ps_item *)(void *)(arena->octets + arena->used);
	arena->used += len;
	return item;
}

static const uint8_t *
key_of(const struct ps_item *item)
{
	return item->octets + item->n_pins * PIN_LEN;
}

static size_t
note_len(const struct ps_item *item)
{
	return (size_t)item->note_len_high << 8 | item->note_len_low;
}

/* Room for one more reference. */
static bool
make_room(struct pinstore_import *import)
{
	size_t room = import->room > 0 ? import->room * 2 : 1024;
	struct ps_item_ref *refs;

	if (import->n < import->room)
		return true;
	if (room > SIZE_MAX / sizeof(*refs))
		return false;
	refs = realloc(import->refs, room * sizeof(*refs));
	if (refs == NULL)
		return false;
	import->refs = refs;
	import->room = room;
	return true;
}

/* What section says of key, as an item; NULL: no memory. */
static struct ps_item *
item_of(struct pinstore_import *import, const struct ps_section *section,
        const struct ps_key *key)
{
	size_t pins_len = section->pins.n * PIN_LEN;
	size_t uri_len = strlen(section->report_uri);
	size_t note_octets = strlen(section->note);
	struct ps_item *item;
	uint8_t *at;

	item = item_new(import, sizeof(*item) + pins_len + key->len + uri_len +
	                                note_octets);
	if (item == NULL)
		return NULL;
	memset(item, 0, sizeof(*item));
	item->observed = section->observed;
	item->updated = section->updated;
	item->expires = section->expires;
	item->max_age = section->max_age;
	item->report_uri_len = (uint16_t)uri_len;
	item->note_len_low = (uint8_t)note_octets;
	item->note_len_high = (uint8_t)(note_octets >> 8);
	item->key_len = (uint8_t)key->len;
	item->n_pins = (uint8_t)section->pins.n;
	item->source = (uint8_t)section->source;
	item->mode = (uint8_t)section->mode;
	item->quota_labels = section->quota_labels;
	item->include_subdomains = section->include_subdomains;
	at = item->octets;
	memcpy(at, section->pins.pin, pins_len);
	at += pins_len;
	memcpy(at, key->octets, key->len);
	at += key->len;
	memcpy(at, section->report_uri, uri_len);
	memcpy(at + uri_len, section->note, note_octets);
	return item;
}

enum pinstore_status
ps_gather_add(struct pinstore_import *import, const struct ps_host *host,
              const struct ps_section *section, enum pinstore_layer layer,
              bool is_suffix, bool is_part, uint64_t line)
{
	struct ps_item *item;
	struct ps_key key;

	ps_host_key(host, &key);
	item = make_room(import) ? item_of(import, section, &key) : NULL;
	if (item == NULL)
		return PINSTORE_ERR_NOMEM;
	item->line = line;
	item->layer = (uint8_t)layer;
	item->is_suffix = is_suffix;
	item->is_part = is_part;
	import->refs[import->n++].item = item;
	import->is_sorted = false;
	return PINSTORE_OK;
}

void
ps_item_key(const struct ps_item *item, struct ps_key *out)
{
	out->len = item->key_len;
	memcpy(out->octets, key_of(item), item->key_len);
}

void
ps_item_section(const struct ps_item *item, int64_t now, struct ps_section *out)
{
	const uint8_t *at = key_of(item) + item->key_len;

	out->is_present = true;
	out->source = (enum pinstore_source)item->source;
	out->mode = (enum pinstore_mode)item->mode;
	out->include_subdomains = item->include_subdomains;
	out->quota_labels = item->quota_labels;
	out->observed = item->observed;
	out->updated = item->updated;
	if (item->observed == PINSTORE_UNDATED)
		out->observed = now;
	if (item->observed == PINSTORE_UNDATED)
		out->updated = out->observed;
	out->expires = item->expires;
	out->max_age = item->max_age;
	out->pins.n = item->n_pins;
	memcpy(out->pins.pin, item->octets, item->n_pins * PIN_LEN);
	memcpy(out->report_uri, at, item->report_uri_len);
	out->report_uri[item->report_uri_len] = '\0';
	memcpy(out->note, at + item->report_uri_len, note_len(item));
	out->note[note_len(item)] = '\0';
}

bool
ps_item_is_same_host(const struct ps_item_ref *a, const struct ps_item_ref *b)
{
	return a->prefix[0] == b->prefix[0] && a->prefix[1] == b->prefix[1] &&
	       a->item->key_len == b->item->key_len &&
	       memcmp(key_of(a->item), key_of(b->item), a->item->key_len) == 0;
}

void
ps_item_prefetch(const struct ps_item_ref *ref)
{
	const char *at = (const char *)ref->item;

	__builtin_prefetch(at);
	__builtin_prefetch(at + LINE);
	__builtin_prefetch(at + 2 * LINE);
}

/* ------------------------------------------------------------------- the sort */

/* Octets that all keys begin with. */
static size_t
common_len(const struct pinstore_import *import)
{
	const struct ps_item *first = import->refs[0].item;
	size_t i, at, len = first->key_len;

	for (i = 1; i < import->n; i++) {
		const struct ps_item *item = import->refs[i].item;

		if (item->key_len < len)
			len = item->key_len;
		for (at = 0; at < len; at++)
			if (key_of(item)[at] != key_of(first)[at])
				break;
		len = at;
	}
	return len;
}

static void
take_prefixes(struct pinstore_import *import)
{
	size_t i, at, skip = common_len(import);

	for (i = 0; i < import->n; i++) {
		const struct ps_item *item = import->refs[i].item;
		uint64_t *prefix = import->refs[i].prefix;

		memset(prefix, 0, sizeof(import->refs[i].prefix));
		for (at = 0; at < sizeof(import->refs[i].prefix); at++)
			prefix[at / 8] = prefix[at / 8] << 8 |
			                 (skip + at < item->key_len
			                          ? key_of(item)[skip + at]
			                          : 0);
	}
}

/* By key, layer, and line, so that the order of what came does not matter. */
static int
compare(const void *left, const void *right)
{
	const struct ps_item_ref *a = left, *b = right;
	const struct ps_item *x = a->item, *y = b->item;
	size_t len;
	int order;

	if (a->prefix[0] != b->prefix[0])
		return a->prefix[0] < b->prefix[0] ? -1 : 1;
	if (a->prefix[1] != b->prefix[1])
		return a->prefix[1] < b->prefix[1] ? -1 : 1;
	len = x->key_len < y->key_len ? x->key_len : y->key_len;
	order = memcmp(key_of(x), key_of(y), len);
	if (order == 0)
		order = (int)x->key_len - (int)y->key_len;
	if (order == 0)
		order = (int)x->layer - (int)y->layer;
	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	return order;
}

static void
sort(struct pinstore_import *import)
{
	size_t i;

	take_prefixes(import);
	for (i = 1; i < import->n; i++)
		if (compare(&import->refs[i - 1], &import->refs[i]) > 0)
			break;
	/* What was exported comes in order. */
	if (i < import->n)
		qsort(import->refs, import->n, sizeof(*import->refs), compare);
}

/* ----------------------------------------------------------- several of a kind */

static bool
has_pins_of(const struct ps_item *a, const struct ps_item *b)
{
	const struct pinstore_pin *pins = (const struct pinstore_pin *)
	                                          a->octets;
	size_t i;

	for (i = 0; i < b->n_pins; i++)
		if (!ps_pins_has(pins, a->n_pins,
		                 (const struct pinstore_pin *)b->octets + i,
		                 NULL))
			return false;
	return true;
}

/* All but the pins. */
static bool
is_alike(const struct ps_item *a, const struct ps_item *b)
{
	const uint8_t *text = key_of(a) + a->key_len;

	return a->source == b->source && a->mode == b->mode &&
	       a->include_subdomains == b->include_subdomains &&
	       a->observed == b->observed && a->updated == b->updated &&
	       a->max_age == b->max_age &&
	       a->report_uri_len == b->report_uri_len &&
	       note_len(a) == note_len(b) &&
	       memcmp(text, key_of(b) + b->key_len,
	              a->report_uri_len + note_len(a)) == 0;
}

static bool
says_the_same(const struct ps_item *a, const struct ps_item *b)
{
	return is_alike(a, b) && a->expires == b->expires &&
	       a->n_pins == b->n_pins && has_pins_of(a, b);
}

static int
compare_pins(const void *a, const void *b)
{
	return memcmp(a, b, PIN_LEN);
}

/*
 * One item with the pins of n parts, in an order of their own.  It lives as
 * long as the one that lives longest.
 */
static enum pinstore_status
join(struct pinstore_import *import, struct ps_item_ref *refs, size_t n)
{
	struct ps_section section;
	struct ps_item *whole;
	struct ps_key key;
	size_t i, at;

	ps_item_key(refs[0].item, &key);
	ps_item_section(refs[0].item, PINSTORE_UNDATED, &section);
	for (i = 1; i < n; i++) {
		const struct ps_item *item = refs[i].item;

		if (item->expires > section.expires)
			section.expires = item->expires;
		for (at = 0; at < item->n_pins; at++)
			if (!ps_pinset_add(&section.pins,
			                   (const struct pinstore_pin *)
			                                   item->octets + at))
				goto crowd;
	}
	qsort(section.pins.pin, section.pins.n, PIN_LEN, compare_pins);
	whole = item_of(import, &section, &key);
	if (whole == NULL)
		return PINSTORE_ERR_NOMEM;
	whole->line = refs[0].item->line;
	whole->layer = refs[0].item->layer;
	whole->is_suffix = refs[0].item->is_suffix;
	whole->is_part = true;
	refs[0].item = whole;
	for (i = 1; i < n; i++)
		refs[i].item->is_done = true;
	return PINSTORE_OK;
crowd:
	for (i = 0; i < n; i++) {
		refs[i].item->fate = PINSTORE_FATE_CROWD;
		refs[i].item->is_done = true;
	}
	return PINSTORE_OK;
}

/* n items of one host and layer, which came in any order. */
static enum pinstore_status
settle_group(struct pinstore_import *import, struct ps_item_ref *refs, size_t n)
{
	struct ps_item *first = refs[0].item, *other = NULL;
	bool are_parts = first->is_part;
	size_t i;

	for (i = 1; i < n; i++) {
		are_parts = are_parts && refs[i].item->is_part &&
		            is_alike(first, refs[i].item);
		if (other == NULL && !says_the_same(first, refs[i].item))
			other = refs[i].item;
	}
	if (other != NULL && are_parts)
		return join(import, refs, n);
	for (i = 0; i < n; i++) {
		struct ps_item *item = refs[i].item;

		item->is_done = other != NULL || i > 0;
		if (other == NULL)
			continue;
		item->fate = PINSTORE_FATE_DOUBLE;
		item->other = says_the_same(first, item) ? other->line
		                                         : first->line;
	}
	return PINSTORE_OK;
}

enum pinstore_status
ps_gather_settle(struct pinstore_import *import)
{
	enum pinstore_status status = PINSTORE_OK;
	size_t i, end;

	for (i = 0; i < import->n && !import->is_sorted; i++) {
		import->refs[i].item->is_done = false;
		import->refs[i].item->fate = PINSTORE_FATE_NONE;
		import->refs[i].item->other = 0;
	}
	if (import->is_sorted || import->n == 0)
		return PINSTORE_OK;
	sort(import);
	for (i = 0; i < import->n && status == PINSTORE_OK; i = end) {
		const struct ps_item_ref *ref = &import->refs[i];

		for (end = i + 1; end < import->n; end++)
			if (!ps_item_is_same_host(ref, &import->refs[end]) ||
			    ref->item->layer != import->refs[end].item->layer)
				break;
		if (end - i > 1)
			status = settle_group(import, import->refs + i,
			                      end - i);
	}
	import->is_sorted = status == PINSTORE_OK;
	return status;
}

void
ps_gather_free(struct pinstore_import *import)
{
	struct ps_arena *arena, *before;

	for (arena = import->arena; arena != NULL; arena = before) {
		before = arena->before;
		free(arena);
	}
	free(import->refs);
}
