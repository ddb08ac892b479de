/*
 * order.h - what the operator has laid down beside the entries: a record.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A key that is revoked, whose record's key is the pin, or a host whose pins
 * are bypassed for a time.  The record has the head of an entry's and one
 * section of another form.  docs/store-format.md has the octets.
 */
#ifndef PS_MODEL_ORDER_H
#define PS_MODEL_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/entry.h"

/* No layer has such a number: neither record is taken for the other. */
enum ps_order_kind {
	PS_ORDER_REVOKED = 0x11,
	PS_ORDER_BYPASS = 0x12
};

#define PS_ORDER_BODY_LEN 24
#define PS_ORDER_LEN_MAX \
	(PS_ENTRY_HEAD_LEN + PS_ORDER_BODY_LEN + PINSTORE_NOTE_MAX)

struct ps_order {
	enum ps_order_kind kind;
	bool subdomains; /* of a bypass */
	int64_t start;
	int64_t end; /* the last second; PINSTORE_NEVER */
	char text[PINSTORE_NOTE_MAX + 1];
};

/* Write the record into out, of PS_ORDER_LEN_MAX octets; its length. */
size_t
ps_order_encode(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const struct ps_order *order, uint64_t next,
                uint8_t *out);

/*
 * Read a record that ps_entry_verify() passed, every field checked.
 * Errors: VERSION, DAMAGED (also the record of another kind).
 */
enum pinstore_status
ps_order_decode(const uint8_t *record, size_t len, enum ps_order_kind kind,
                struct ps_order *out) PINSTORE_MUST_CHECK;

#endif /* PS_MODEL_ORDER_H */
