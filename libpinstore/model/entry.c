/*
 * entry.c - what is known of one host name: the record on disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The octets are told in docs/store-format.md.  Nothing here trusts a length
 * that was read before it was held against the end of the record.
 */
#include <config.h>

#include "model/entry.h"

#include <assert.h>
#include <string.h>

#include "base/octets.h"

/* Where the fields of the record's head lie. */
enum {
	HEAD_FORMAT = 0,
	HEAD_LEN = 1,
	HEAD_FLAGS = 2,
	HEAD_TOTAL = 4,
	HEAD_CHECKSUM = 8,
	HEAD_NEXT = 16,
	HEAD_SECTIONS = 24 /* and seven reserved octets */
};

/* And those of a section's. */
enum {
	SECTION_LAYER = 0,
	SECTION_SOURCE = 1,
	SECTION_MODE = 2,
	SECTION_FLAGS = 3,
	SECTION_PINS = 4,
	SECTION_PIN_ALG = 5,
	SECTION_QUOTA_LABELS = 6,
	SECTION_HEAD_LEN = 7,
	SECTION_URI_LEN = 8,
	SECTION_NOTE_LEN = 10,
	SECTION_LEN = 12,
	SECTION_OBSERVED = 16,
	SECTION_UPDATED = 24,
	SECTION_EXPIRES = 32,
	SECTION_MAX_AGE = 40,
	SECTION_RESERVED = 48
};

#define CHECKSUM_LEN 8
#define PIN_LEN 32
#define PIN_SHA256 1
#define FLAG_INCLUDE_SUBDOMAINS 0x01
/* Flags of the record that a reader must know; the others it may not. */
#define FLAGS_CRITICAL 0xff00
#define LABELS_MAX 127

/* Records and sections are of whole words. */
static size_t
padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

static bool
is_zero(const uint8_t *octets, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (octets[i] != 0)
			return false;
	return true;
}

/* ---------------------------------------------------------------- checksums */

uint64_t
ps_entry_next_hash(const struct ps_store_id *id, const uint8_t *key,
                   size_t key_len)
{
	uint64_t hash = ps_siphash(id->octets, key, key_len);

	/* 0 says that no key follows. */
	if (hash == 0)
		return 1;
	return hash != PS_ENTRY_NEXT_UNKNOWN ? hash : hash - 1;
}

/* Over the key and the record, with the checksum's own field as zero. */
static uint64_t
checksum(const struct ps_store_id *id, const uint8_t *key, size_t key_len,
         const uint8_t *record, size_t len)
{
	const size_t behind = HEAD_CHECKSUM + CHECKSUM_LEN;
	uint8_t head[HEAD_CHECKSUM + CHECKSUM_LEN] = {0};
	struct ps_siphash hash;

	/* So they lie in a page of the store. */
	if (key + key_len == record)
		return ps_siphash_hollow(id->octets, key, key_len + len,
		                         key_len + HEAD_CHECKSUM);
	memcpy(head, record, HEAD_CHECKSUM);
	ps_siphash_init(&hash, id->octets);
	ps_siphash_update(&hash, key, key_len);
	ps_siphash_update(&hash, head, sizeof(head));
	ps_siphash_update(&hash, record + behind, len - behind);
	return ps_siphash_final(&hash);
}

/* Whether the octet of the format alone is wrong: then nobody wrote it so. */
static bool
is_spoiled_format(const struct ps_store_id *id, const uint8_t *key,
                  size_t key_len, const uint8_t *record, size_t len)
{
	uint8_t head[HEAD_CHECKSUM + CHECKSUM_LEN] = {0};
	struct ps_siphash hash;

	memcpy(head, record, HEAD_CHECKSUM);
	head[HEAD_FORMAT] = PS_ENTRY_FORMAT;
	ps_siphash_init(&hash, id->octets);
	ps_siphash_update(&hash, key, key_len);
	ps_siphash_update(&hash, head, sizeof(head));
	ps_siphash_update(&hash, record + sizeof(head), len - sizeof(head));
	return ps_siphash_final(&hash) == ps_get_le64(record + HEAD_CHECKSUM);
}

static void
seal(const struct ps_store_id *id, const uint8_t *key, size_t key_len,
     uint8_t *record, size_t len)
{
	ps_put_le64(record + HEAD_CHECKSUM,
	            checksum(id, key, key_len, record, len));
}

/* ------------------------------------------------------------------ writing */

static size_t
encode_section(const struct ps_section *section, enum pinstore_layer layer,
               uint8_t *out)
{
	size_t uri_len = strnlen(section->report_uri, PINSTORE_URI_MAX);
	size_t note_len = strnlen(section->note, PINSTORE_NOTE_MAX);
	size_t pins_len = section->pins.n * PIN_LEN;
	size_t len = padded(PS_SECTION_HEAD_LEN + pins_len + uri_len +
	                    note_len);
	uint8_t *at = out + PS_SECTION_HEAD_LEN;

	assert(section->pins.n > 0 && section->pins.n <= PINSTORE_PINS_MAX);
	assert((section->source == PINSTORE_STATIC) ==
	       (layer == PINSTORE_CONFIGURED));
	memset(out, 0, len);
	out[SECTION_LAYER] = (uint8_t)layer;
	out[SECTION_SOURCE] = (uint8_t)section->source;
	out[SECTION_MODE] = (uint8_t)section->mode;
	out[SECTION_FLAGS] =
	        section->include_subdomains ? FLAG_INCLUDE_SUBDOMAINS : 0;
	out[SECTION_PINS] = (uint8_t)section->pins.n;
	out[SECTION_PIN_ALG] = PIN_SHA256;
	out[SECTION_QUOTA_LABELS] = section->quota_labels;
	out[SECTION_HEAD_LEN] = PS_SECTION_HEAD_LEN;
	ps_put_le16(out + SECTION_URI_LEN, (uint16_t)uri_len);
	ps_put_le16(out + SECTION_NOTE_LEN, (uint16_t)note_len);
	ps_put_le32(out + SECTION_LEN, (uint32_t)len);
	ps_put_le64(out + SECTION_OBSERVED, (uint64_t)section->observed);
	ps_put_le64(out + SECTION_UPDATED, (uint64_t)section->updated);
	ps_put_le64(out + SECTION_EXPIRES, (uint64_t)section->expires);
	ps_put_le64(out + SECTION_MAX_AGE, (uint64_t)section->max_age);
	memcpy(at, section->pins.pin, pins_len);
	memcpy(at + pins_len, section->report_uri, uri_len);
	memcpy(at + pins_len + uri_len, section->note, note_len);
	return len;
}

size_t
ps_entry_encode(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const struct ps_entry *entry, uint64_t next,
                uint8_t *out)
{
	size_t layer, len = PS_ENTRY_HEAD_LEN;
	uint8_t n = 0;

	for (layer = 0; entry != NULL && layer < PS_LAYERS; layer++) {
		if (!entry->section[layer].is_present)
			continue;
		len += encode_section(&entry->section[layer],
		                      (enum pinstore_layer)layer, out + len);
		n++;
	}
	ps_entry_seal(id, key, key_len, out, len, n, next);
	return len;
}

void
ps_entry_seal(const struct ps_store_id *id, const uint8_t *key, size_t key_len,
              uint8_t *record, size_t len, uint8_t sections, uint64_t next)
{
	memset(record, 0, PS_ENTRY_HEAD_LEN);
	record[HEAD_FORMAT] = PS_ENTRY_FORMAT;
	record[HEAD_LEN] = PS_ENTRY_HEAD_LEN;
	ps_put_le32(record + HEAD_TOTAL, (uint32_t)len);
	ps_put_le64(record + HEAD_NEXT, next);
	record[HEAD_SECTIONS] = sections;
	seal(id, key, key_len, record, len);
}

void
ps_entry_relink(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, uint8_t *record, size_t len, uint64_t next)
{
	ps_put_le64(record + HEAD_NEXT, next);
	seal(id, key, key_len, record, len);
}

/* ------------------------------------------------------------------ reading */

enum pinstore_status
ps_entry_verify(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const uint8_t *record, size_t len,
                uint64_t *next)
{
	size_t head_len;

	*next = 0;
	if (len < PS_ENTRY_HEAD_LEN || ps_get_le32(record + HEAD_TOTAL) != len)
		return PINSTORE_ERR_DAMAGED;
	/* A later format may seal in another way, but has its length there. */
	if (record[HEAD_FORMAT] > PS_ENTRY_FORMAT)
		return is_spoiled_format(id, key, key_len, record, len)
		               ? PINSTORE_ERR_DAMAGED
		               : PINSTORE_ERR_VERSION;
	if (ps_get_le64(record + HEAD_CHECKSUM) !=
	    checksum(id, key, key_len, record, len))
		return PINSTORE_ERR_DAMAGED;
	if (record[HEAD_FORMAT] != PS_ENTRY_FORMAT)
		return PINSTORE_ERR_DAMAGED;
	if ((ps_get_le16(record + HEAD_FLAGS) & FLAGS_CRITICAL) != 0)
		return PINSTORE_ERR_VERSION;
	head_len = record[HEAD_LEN];
	if (head_len < PS_ENTRY_HEAD_LEN || head_len % 8 != 0 ||
	    head_len > len || record[HEAD_SECTIONS] > PS_LAYERS ||
	    /* What is reserved fills the word of the number of sections. */
	    ps_get_le64(record + HEAD_SECTIONS) != record[HEAD_SECTIONS])
		return PINSTORE_ERR_DAMAGED;
	*next = ps_get_le64(record + HEAD_NEXT);
	return PINSTORE_OK;
}

size_t
ps_entry_head_len(const uint8_t *record)
{
	return record[HEAD_LEN];
}

size_t
ps_entry_sections(const uint8_t *record)
{
	return record[HEAD_SECTIONS];
}

/* What the layer may hold, and nothing that no writer of ours writes. */
static bool
is_sound(enum pinstore_layer layer, const struct ps_section_view *view)
{
	bool is_static = view->source == PINSTORE_STATIC;
	bool is_learned = view->source == PINSTORE_HEADER ||
	                  view->source == PINSTORE_TOFU;
	size_t i;

	if (layer == PINSTORE_CONFIGURED ? !is_static : !is_learned)
		return false;
	if ((view->mode != PINSTORE_ENFORCE && view->mode != PINSTORE_REPORT) ||
	    view->n_pins == 0 || view->n_pins > PINSTORE_PINS_MAX ||
	    view->max_age < -1 || view->quota_labels > LABELS_MAX ||
	    view->report_uri_len > PINSTORE_URI_MAX ||
	    view->note_len > PINSTORE_NOTE_MAX)
		return false;
	for (i = 0; i < view->report_uri_len; i++)
		if (view->report_uri[i] <= 0x20 || view->report_uri[i] >= 0x7f)
			return false;
	return view->note_len == 0 ||
	       memchr(view->note, '\0', view->note_len) == NULL;
}

/*
 * The section at the start of left octets, at least those of its head; *used is
 * its length.
 */
static enum pinstore_status
view_section(const uint8_t *at, size_t left, enum pinstore_layer layer,
             struct ps_section_view *view, size_t *used)
{
	size_t head_len, len, end;

	head_len = at[SECTION_HEAD_LEN];
	len = ps_get_le32(at + SECTION_LEN);
	view->n_pins = at[SECTION_PINS];
	view->report_uri_len = ps_get_le16(at + SECTION_URI_LEN);
	view->note_len = ps_get_le16(at + SECTION_NOTE_LEN);
	end = head_len + view->n_pins * PIN_LEN + view->report_uri_len +
	      view->note_len;
	if (head_len < PS_SECTION_HEAD_LEN || head_len % 8 != 0 ||
	    len > left || len != padded(end) ||
	    !is_zero(at + end, len - end) ||
	    ps_get_le64(at + SECTION_RESERVED) != 0 ||
	    at[SECTION_PIN_ALG] != PIN_SHA256)
		return PINSTORE_ERR_DAMAGED;
	if ((at[SECTION_FLAGS] & ~FLAG_INCLUDE_SUBDOMAINS) != 0)
		return PINSTORE_ERR_VERSION;
	*used = len;
	view->source = (enum pinstore_source)at[SECTION_SOURCE];
	view->mode = (enum pinstore_mode)at[SECTION_MODE];
	view->include_subdomains = at[SECTION_FLAGS] != 0;
	view->quota_labels = at[SECTION_QUOTA_LABELS];
	view->observed = (int64_t)ps_get_le64(at + SECTION_OBSERVED);
	view->updated = (int64_t)ps_get_le64(at + SECTION_UPDATED);
	view->expires = (int64_t)ps_get_le64(at + SECTION_EXPIRES);
	view->max_age = (int64_t)ps_get_le64(at + SECTION_MAX_AGE);
	view->pins = (const struct pinstore_pin *)(at + head_len);
	view->report_uri = at + head_len + view->n_pins * PIN_LEN;
	view->note = view->report_uri + view->report_uri_len;
	view->is_present = true;
	return is_sound(layer, view) ? PINSTORE_OK : PINSTORE_ERR_DAMAGED;
}

enum pinstore_status
ps_entry_view(const uint8_t *record, size_t len, struct ps_entry_view *out)
{
	enum pinstore_status status = PINSTORE_OK;
	size_t n, at = record[HEAD_LEN], layer, used, least = 0;

	for (layer = 0; layer < PS_LAYERS; layer++)
		out->section[layer].is_present = false;
	for (n = record[HEAD_SECTIONS]; n > 0; n--, at += used) {
		if (len - at < PS_SECTION_HEAD_LEN)
			break;
		/* Each layer once, in order. */
		layer = record[at + SECTION_LAYER];
		if (layer < least || layer >= PS_LAYERS)
			break;
		status = view_section(record + at, len - at,
		                      (enum pinstore_layer)layer,
		                      &out->section[layer], &used);
		if (status != PINSTORE_OK)
			break;
		least = layer + 1;
	}
	if (status == PINSTORE_OK && (n > 0 || at != len))
		status = PINSTORE_ERR_DAMAGED;
	if (status != PINSTORE_OK)
		memset(out, 0, sizeof(*out));
	return status;
}

void
ps_section_copy(const struct ps_section_view *view, struct ps_section *out)
{
	memset(out, 0, sizeof(*out));
	if (!view->is_present)
		return;
	out->is_present = true;
	out->source = view->source;
	out->mode = view->mode;
	out->include_subdomains = view->include_subdomains;
	out->quota_labels = view->quota_labels;
	out->observed = view->observed;
	out->updated = view->updated;
	out->expires = view->expires;
	out->max_age = view->max_age;
	out->pins.n = view->n_pins;
	memcpy(out->pins.pin, view->pins, view->n_pins * PIN_LEN);
	memcpy(out->report_uri, view->report_uri, view->report_uri_len);
	memcpy(out->note, view->note, view->note_len);
}
