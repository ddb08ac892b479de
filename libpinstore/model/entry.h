/*
 * entry.h - what is known of one host name: the record on disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A record has up to two sections, one of each layer, under one checksum that
 * also covers the key and the hash of the key that follows it in the store.
 * docs/store-format.md has the octets.
 */
#ifndef PS_MODEL_ENTRY_H
#define PS_MODEL_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "model/pinset.h"

#define PS_LAYERS 2
#define PS_ENTRY_FORMAT 1
#define PS_ENTRY_HEAD_LEN 32
#define PS_SECTION_HEAD_LEN 56
#define PS_SECTION_LEN_MAX \
	(PS_SECTION_HEAD_LEN + PINSTORE_PINS_MAX * 32 + PINSTORE_URI_MAX + \
	 PINSTORE_NOTE_MAX + 8)
#define PS_ENTRY_LEN_MAX (PS_ENTRY_HEAD_LEN + PS_LAYERS * PS_SECTION_LEN_MAX)

/* The key that makes checksums and hashes of one store its own. */
struct ps_store_id {
	uint8_t octets[PS_SIPHASH_KEY_LEN];
};

struct ps_section {
	bool is_present;
	enum pinstore_source source;
	enum pinstore_mode mode;
	bool include_subdomains;
	uint8_t quota_labels; /* of the registrable domain it counts for; 0 */
	int64_t observed;     /* last sighting */
	int64_t updated;      /* last change of anything but the times */
	int64_t expires;      /* last second of its life, or PINSTORE_NEVER */
	int64_t max_age;      /* as sent, saturated; -1 = none */
	struct ps_pinset pins;
	char report_uri[PINSTORE_URI_MAX + 1]; /* "" = none */
	char note[PINSTORE_NOTE_MAX + 1];      /* "" = none */
};

/* By layer: PINSTORE_CONFIGURED, PINSTORE_LEARNED. */
struct ps_entry {
	struct ps_section section[PS_LAYERS];
};

/* A section as it lies in the record, which must outlive it. */
struct ps_section_view {
	bool is_present;
	enum pinstore_source source;
	enum pinstore_mode mode;
	bool include_subdomains;
	uint8_t quota_labels;
	int64_t observed;
	int64_t updated;
	int64_t expires;
	int64_t max_age;
	const struct pinstore_pin *pins; /* octets: no alignment is needed */
	size_t n_pins;
	const uint8_t *report_uri; /* no NUL */
	size_t report_uri_len;
	const uint8_t *note;
	size_t note_len;
};

struct ps_entry_view {
	struct ps_section_view section[PS_LAYERS];
};

/* In the place of such a hash: a repair could not tell what follows. */
#define PS_ENTRY_NEXT_UNKNOWN UINT64_MAX

/*
 * The hash by which a record names the key that follows it; never 0, and never
 * PS_ENTRY_NEXT_UNKNOWN.
 */
uint64_t
ps_entry_next_hash(const struct ps_store_id *id, const uint8_t *key,
                   size_t key_len);

/*
 * Write the record of entry (NULL: the head record, without sections) into
 * out, of PS_ENTRY_LEN_MAX octets; its length.  next is 0 for the last one.
 */
size_t
ps_entry_encode(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const struct ps_entry *entry, uint64_t next,
                uint8_t *out);

/*
 * Put the head in front of a record of len octets whose sections lie behind it,
 * and seal the whole.
 */
void
ps_entry_seal(const struct ps_store_id *id, const uint8_t *key, size_t key_len,
              uint8_t *record, size_t len, uint8_t sections, uint64_t next);

/*
 * Check a record's checksum, format and lengths, and give its next.  Nothing
 * of a record may be used before this returned OK.
 *
 * Errors: VERSION (a later format), DAMAGED.
 */
enum pinstore_status
ps_entry_verify(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const uint8_t *record, size_t len,
                uint64_t *next) PINSTORE_MUST_CHECK;

/* Of a record that ps_entry_verify() passed: where its sections begin. */
size_t
ps_entry_head_len(const uint8_t *record);
/* And how many it has. */
size_t
ps_entry_sections(const uint8_t *record);

/*
 * The sections of a record that ps_entry_verify() passed, every field checked.
 * Errors: VERSION, DAMAGED.
 */
enum pinstore_status
ps_entry_view(const uint8_t *record, size_t len,
              struct ps_entry_view *out) PINSTORE_MUST_CHECK;

/* Copy a section out of the record. */
void
ps_section_copy(const struct ps_section_view *view, struct ps_section *out);

/* Put next into a record that ps_entry_verify() passed, and seal it anew. */
void
ps_entry_relink(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, uint8_t *record, size_t len, uint64_t next);

#endif /* PS_MODEL_ENTRY_H */
