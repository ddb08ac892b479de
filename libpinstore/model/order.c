/*
 * order.c - what the operator has laid down beside the entries: a record.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "model/order.h"

#include <string.h>

#include "base/octets.h"

/* Where the fields lie behind the head. */
enum {
	ORDER_KIND = 0,
	ORDER_FLAGS = 1,
	ORDER_TEXT_LEN = 2,
	ORDER_RESERVED = 4,
	ORDER_START = 8,
	ORDER_END = 16
};

#define FLAG_SUBDOMAINS 0x01

static size_t
padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

size_t
ps_order_encode(const struct ps_store_id *id, const uint8_t *key,
                size_t key_len, const struct ps_order *order, uint64_t next,
                uint8_t *out)
{
	size_t text_len = strnlen(order->text, PINSTORE_NOTE_MAX);
	size_t len = PS_ENTRY_HEAD_LEN + PS_ORDER_BODY_LEN + padded(text_len);
	uint8_t *at = out + PS_ENTRY_HEAD_LEN;

	memset(out, 0, len);
	at[ORDER_KIND] = (uint8_t)order->kind;
	at[ORDER_FLAGS] = order->subdomains ? FLAG_SUBDOMAINS : 0;
	ps_put_le16(at + ORDER_TEXT_LEN, (uint16_t)text_len);
	ps_put_le64(at + ORDER_START, (uint64_t)order->start);
	ps_put_le64(at + ORDER_END, (uint64_t)order->end);
	memcpy(at + PS_ORDER_BODY_LEN, order->text, text_len);
	ps_entry_seal(id, key, key_len, out, len, 1, next);
	return len;
}

enum pinstore_status
ps_order_decode(const uint8_t *record, size_t len, enum ps_order_kind kind,
                struct ps_order *out)
{
	size_t head_len = ps_entry_head_len(record), text_len, end, i;
	const uint8_t *at = record + head_len;

	memset(out, 0, sizeof(*out));
	if (ps_entry_sections(record) != 1 || len - head_len < PS_ORDER_BODY_LEN)
		return PINSTORE_ERR_DAMAGED;
	text_len = ps_get_le16(at + ORDER_TEXT_LEN);
	end = PS_ORDER_BODY_LEN + text_len;
	if (at[ORDER_KIND] != (uint8_t)kind || text_len > PINSTORE_NOTE_MAX ||
	    len - head_len != padded(end) ||
	    ps_get_le32(at + ORDER_RESERVED) != 0)
		return PINSTORE_ERR_DAMAGED;
	if ((at[ORDER_FLAGS] & ~FLAG_SUBDOMAINS) != 0)
		return PINSTORE_ERR_VERSION;
	for (i = end; i < len - head_len; i++)
		if (at[i] != 0)
			return PINSTORE_ERR_DAMAGED;
	if (text_len > 0 &&
	    memchr(at + PS_ORDER_BODY_LEN, '\0', text_len) != NULL)
		return PINSTORE_ERR_DAMAGED;
	out->kind = kind;
	out->subdomains = at[ORDER_FLAGS] != 0;
	out->start = (int64_t)ps_get_le64(at + ORDER_START);
	out->end = (int64_t)ps_get_le64(at + ORDER_END);
	memcpy(out->text, at + PS_ORDER_BODY_LEN, text_len);
	return PINSTORE_OK;
}
