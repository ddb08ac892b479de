/*
 * fuzz_record.c - the records of the store: entries, and what lies beside them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * No fuzzer finds a checksum.  So the input is first read as it is, which only
 * damage can come of, then with its length and checksum put right.  What is
 * read is written again, to the same octets; one bit turned over, another key
 * or another store must be noticed.
 *
 * Input: the key's length (its lower five bits), the key, the record.
 */
#include <config.h>

#include <stdbool.h>

#include "base/octets.h"
#include "model/entry.h"
#include "store/record.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_record";

static const struct ps_store_id id = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                       12, 13, 14, 15}};
static const struct ps_store_id other = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                          12, 13, 14, 16}};

/* Where in the head (docs/store-format.md) format and next lie. */
enum { FORMAT = 0, HEAD_LEN = 1, FLAGS = 2, TOTAL = 4, NEXT = 16 };
enum { SECTIONS = 24, FIRST = 32, SECTION_HEAD_LEN = 7, SECTION_LEN = 12 };

struct input {
	const uint8_t *key;
	size_t key_len;
	uint8_t *record;
	size_t len;
};

static void
must_be_one_section(const struct ps_section_view *view, size_t layer,
                    const struct input *in)
{
	const uint8_t *pins = (const uint8_t *)view->pins;

	if (!view->is_present)
		return;
	MUST((view->source == PINSTORE_STATIC) ==
	     (layer == PINSTORE_CONFIGURED));
	MUST(view->n_pins >= 1 && view->n_pins <= PINSTORE_PINS_MAX);
	MUST(view->report_uri_len <= PINSTORE_URI_MAX);
	MUST(view->note_len <= PINSTORE_NOTE_MAX);
	MUST(pins >= in->record + FIRST);
	MUST(pins + view->n_pins * 32 <= in->record + in->len);
	MUST(view->report_uri + view->report_uri_len <= in->record + in->len);
	MUST(view->note + view->note_len <= in->record + in->len);
}

/* No heads of a later writer, which ours does not write. */
static bool
is_ours(const struct input *in)
{
	size_t at = FIRST, n;

	if (in->record[HEAD_LEN] != FIRST ||
	    ps_get_le16(in->record + FLAGS) != 0)
		return false;
	for (n = in->record[SECTIONS]; n > 0; n--) {
		if (in->record[at + SECTION_HEAD_LEN] != PS_SECTION_HEAD_LEN)
			return false;
		at += ps_get_le32(in->record + at + SECTION_LEN);
	}
	return true;
}

/* What was read is what would be written. */
static void
must_be_written_so(const struct input *in, const struct ps_entry_view *view,
                   uint64_t next)
{
	static uint8_t out[PS_ENTRY_LEN_MAX];
	static struct ps_entry entry, again;
	struct ps_entry_view second;
	uint64_t second_next;
	size_t layer, len;

	for (layer = 0; layer < PS_LAYERS; layer++)
		ps_section_copy(&view->section[layer], &entry.section[layer]);
	len = ps_entry_encode(&id, in->key, in->key_len, &entry, next, out);
	MUST(len <= sizeof(out));
	if (is_ours(in))
		MUST(len == in->len && memcmp(out, in->record, len) == 0);
	MUST(ps_entry_verify(&id, in->key, in->key_len, out, len,
	                     &second_next) == PINSTORE_OK);
	MUST(second_next == next);
	MUST(ps_entry_view(out, len, &second) == PINSTORE_OK);
	for (layer = 0; layer < PS_LAYERS; layer++)
		ps_section_copy(&second.section[layer],
		                &again.section[layer]);
	/* Both are zeroed before they are filled. */
	MUST(memcmp(&entry, &again, sizeof(entry)) == 0);
}

static void
must_be_damaged(const struct ps_store_id *store, const uint8_t *key,
                size_t key_len, const uint8_t *record, size_t len)
{
	uint64_t next = 1;

	MUST(ps_entry_verify(store, key, key_len, record, len, &next) ==
	     PINSTORE_ERR_DAMAGED);
	MUST(next == 0);
}

/* A record that passed is bound to each bit, to its key and to its store. */
static void
must_be_sealed(const struct input *in, uint64_t next)
{
	size_t bit = (size_t)(next % (in->len * 8));
	uint8_t longer[64];
	uint64_t back;

	/* A higher format is told as that, before its checksum. */
	if (bit / 8 != FORMAT) {
		in->record[bit / 8] ^= (uint8_t)(1u << bit % 8);
		must_be_damaged(&id, in->key, in->key_len, in->record,
		                in->len);
		in->record[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	must_be_damaged(&other, in->key, in->key_len, in->record, in->len);
	memcpy(longer, in->key, in->key_len);
	longer[in->key_len] = 'x';
	must_be_damaged(&id, longer, in->key_len + 1, in->record, in->len);
	if (in->key_len > 0)
		must_be_damaged(&id, in->key, in->key_len - 1, in->record,
		                in->len);
	must_be_damaged(&id, in->key, in->key_len, in->record, in->len - 1);
	/* Another next, and back again. */
	ps_entry_relink(&id, in->key, in->key_len, in->record, in->len,
	                ~next);
	MUST(ps_entry_verify(&id, in->key, in->key_len, in->record, in->len,
	                     &back) == PINSTORE_OK && back == ~next);
	ps_entry_relink(&id, in->key, in->key_len, in->record, in->len, next);
}

static void
try_entry(const struct input *in)
{
	struct ps_entry_view view;
	enum pinstore_status status;
	uint64_t next = 1;
	size_t layer;

	status = ps_entry_verify(&id, in->key, in->key_len, in->record,
	                         in->len, &next);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_DAMAGED ||
	     status == PINSTORE_ERR_VERSION);
	if (in->len < FIRST) {
		MUST(status == PINSTORE_ERR_DAMAGED && next == 0);
		return;
	}
	ps_put_le32(in->record + TOTAL, (uint32_t)in->len);
	next = ps_get_le64(in->record + NEXT);
	ps_entry_relink(&id, in->key, in->key_len, in->record, in->len, next);
	status = ps_entry_verify(&id, in->key, in->key_len, in->record,
	                         in->len, &next);
	if (in->record[FORMAT] > PS_ENTRY_FORMAT)
		MUST(status == PINSTORE_ERR_VERSION);
	if (status != PINSTORE_OK) {
		MUST(next == 0);
		return;
	}
	MUST(next == ps_get_le64(in->record + NEXT));
	memset(&view, 0xa5, sizeof(view));
	status = ps_entry_view(in->record, in->len, &view);
	MUST(status == PINSTORE_OK || status == PINSTORE_ERR_DAMAGED ||
	     status == PINSTORE_ERR_VERSION);
	for (layer = 0; layer < PS_LAYERS; layer++) {
		must_be_one_section(&view.section[layer], layer, in);
		MUST(status == PINSTORE_OK || !view.section[layer].is_present);
	}
	if (status != PINSTORE_OK)
		return;
	must_be_written_so(in, &view, next);
	must_be_sealed(in, next);
}

/* The records beside the entries: the input as a record, and as a body. */
static void
try_record(const struct input *in)
{
	static uint8_t out[PS_RECORD_HEAD_LEN + PS_RECORD_BODY_MAX];
	const struct ps_bytes key = {in->key, in->key_len};
	const struct ps_bytes raw = {in->record, in->len};
	enum pinstore_status status;
	struct ps_bytes body, sealed;
	size_t len;

	status = ps_record_open(&id, PS_META, key, raw, &body);
	MUST(status == PINSTORE_ERR_DAMAGED || status == PINSTORE_ERR_VERSION);
	len = in->len < PS_RECORD_BODY_MAX ? in->len : PS_RECORD_BODY_MAX;
	sealed.at = out;
	sealed.len = ps_record_seal(&id, PS_META, key, in->record, len,
	                            out);
	MUST(sealed.len == PS_RECORD_HEAD_LEN + len);
	MUST(ps_record_open(&id, PS_META, key, sealed, &body) ==
	     PINSTORE_OK);
	MUST(body.len == len && memcmp(body.at, in->record, len) == 0);
	MUST(ps_record_open(&id, PS_JOURNAL, key, sealed, &body) ==
	     PINSTORE_ERR_DAMAGED);
	MUST(ps_record_open(&other, PS_META, key, sealed, &body) ==
	     PINSTORE_ERR_DAMAGED);
	out[sealed.len - 1] ^= 0x10;
	MUST(ps_record_open(&id, PS_META, key, sealed, &body) ==
	     PINSTORE_ERR_DAMAGED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in;
	size_t key_len;

	if (len == 0)
		return 0;
	key_len = data[0] & 0x1f;
	if (key_len > len - 1)
		key_len = len - 1;
	in.key = data + 1;
	in.key_len = key_len;
	in.len = len - 1 - key_len;
	in.record = fuzz_copy(data + 1 + key_len, in.len);
	try_record(&in);
	try_entry(&in);
	free(in.record);
	return 0;
}
