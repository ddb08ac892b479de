/*
 * test_store_orders.c - what is laid down beside the entries must be found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/orders.h"

#include <string.h>

#include <check.h>

#include "base/octets.h"
#include "rules/policy.h"
#include "store/links.h"
#include "store/record.h"
#include "tests/support/storekit.h"
#include "tests/support/storeraw.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

static struct tempdir dir;
static struct ps_store *store;

static void
setup(void)
{
	tempdir_make(&dir);
	store = kit_open(dir.store);
	kit_put(store, "a.test", 1);
}

static void
teardown(void)
{
	ps_store_close(store);
	store = NULL;
	tempdir_remove(&dir);
}

static void
end(void)
{
	ps_store_close(store);
	store = NULL;
}

static struct ps_key
pin_key(uint8_t c)
{
	struct ps_key key = {sizeof(struct pinstore_pin), {0}};

	memset(key.octets, c, key.len);
	return key;
}

static struct ps_bytes
bytes_of(const struct ps_key *key)
{
	struct ps_bytes bytes = {key->octets, key->len};

	return bytes;
}

static enum pinstore_status
lay_down(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_order revoked = {PS_ORDER_REVOKED, false, KIT_NOW,
	                           PINSTORE_NEVER, "r"};
	struct ps_order bypass = {PS_ORDER_BYPASS, true, KIT_NOW, KIT_NOW + 9,
	                          "b"};
	struct ps_settings settings = {.set = 1, .value = {7}, .n_anchors = 1};
	struct ps_host host = kit_host("a.test");
	enum pinstore_status status = PINSTORE_OK;
	struct ps_key key;
	unsigned i;

	(void)arg;
	for (i = 1; i <= 3 && status == PINSTORE_OK; i++) {
		key = pin_key((uint8_t)(0x20 * i));
		status = ps_write_put_order(write, &key, &revoked, error);
	}
	ps_host_key(&host, &key);
	if (status == PINSTORE_OK)
		status = ps_write_put_order(write, &key, &bypass, error);
	if (status == PINSTORE_OK)
		status = ps_write_put_settings(write, &settings, error);
	return status;
}

static void
lay_down_all(void)
{
	ck_status(ps_store_write(store, KIT_NOW, lay_down, NULL, &kit_error),
	          PINSTORE_OK);
}

static bool
no_step(size_t key_len, const struct ps_entry_view *view, void *arg)
{
	(void)key_len;
	(void)view;
	(void)arg;
	return true;
}

static enum pinstore_status
ask(uint8_t c, struct ps_ruling *ruling)
{
	static struct pinstore_pin pin;
	static const struct pinstore_pin *pins[] = {&pin};
	struct ps_host host = kit_host("x.a.test");

	memset(pin.sha256, c, sizeof(pin.sha256));
	memset(ruling, 0, sizeof(*ruling));
	ruling->pins = pins;
	ruling->n_pins = 1;
	ruling->now = KIT_NOW;
	ruling->in_force = ps_policy_in_force;
	return ps_store_climb(store, &host, ruling, no_step, NULL, &kit_error);
}

START_TEST(is_found)
{
	struct ps_settings settings;
	struct ps_ruling ruling;

	ck_status(ask(0x20, &ruling), PINSTORE_OK);
	ck_assert(!ruling.is_revoked && !ruling.wants_chain &&
	          !ruling.has_bypass && !ruling.is_local);
	lay_down_all();
	ck_status(ask(0x40, &ruling), PINSTORE_OK);
	ck_assert(ruling.is_revoked && ruling.wants_chain && ruling.has_bypass);
	ck_assert_uint_eq(ruling.bypass_len, strlen("a.test"));
	ck_status(ask(0x41, &ruling), PINSTORE_OK);
	ck_assert(!ruling.is_revoked && !ruling.is_local);
	ck_status(ask(0, &ruling), PINSTORE_OK);
	ck_assert(!ruling.is_revoked && ruling.is_local);
	ck_status(ps_store_settings(store, &settings, &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(settings.set, 1);
	ck_assert_int_eq(settings.value[0], 7);
	ck_assert_uint_eq(settings.n_anchors, 1);
}
END_TEST

/* What of it is gone, or older than the rest, is damage (design 3.4, A-120). */
START_TEST(what_is_gone_is_damage)
{
	struct ps_key key = pin_key(0x40);
	struct ps_store *again = NULL;
	struct raw raw;

	lay_down_all();
	end();
	raw = raw_begin(dir.store);
	if (_i == 0) {
		raw_delete(&raw, PS_REVOKED, bytes_of(&key));
	} else if (_i == 1) {
		raw_delete(&raw, PS_BYPASS, raw_key("test.a"));
	} else if (_i == 2) {
		raw_delete(&raw, PS_SETTINGS, raw_key("settings"));
	} else if (_i == 3) {
		raw_delete(&raw, PS_META, raw_key("orders"));
	} else {
		/* The summary of a time when there was nothing. */
		ck_status(ps_orders_create(raw.txn, &raw.id, &kit_error),
		          PINSTORE_OK);
	}
	raw_end(&raw);
	ck_status(kit_try_open(dir.store, &again), PINSTORE_ERR_DAMAGED);
}
END_TEST

/* One record replaced by another of the same table: links and keys disagree. */
START_TEST(what_is_exchanged_is_damage)
{
	uint8_t record[PS_ORDER_LEN_MAX];
	struct ps_key key = pin_key(0x40), other = pin_key(0x60);
	struct ps_ruling ruling;
	struct raw raw;
	size_t len;

	lay_down_all();
	end();
	raw = raw_begin(dir.store);
	if (_i == 0) {
		len = raw_get(&raw, PS_REVOKED, bytes_of(&other), record,
		              sizeof(record));
		raw_put(&raw, PS_REVOKED, bytes_of(&key), record, len);
	} else {
		/* Gone, and another one put in its place. */
		len = raw_get(&raw, PS_REVOKED, bytes_of(&key), record,
		              sizeof(record));
		raw_delete(&raw, PS_REVOKED, bytes_of(&key));
		other = pin_key(0x50);
		ps_entry_relink(&raw.id, other.octets, other.len, record, len,
		                ps_get_le64(record + 16));
		raw_put(&raw, PS_REVOKED, bytes_of(&other), record, len);
	}
	raw_end(&raw);
	store = kit_open(dir.store);
	ck_status(ask(0x40, &ruling), PINSTORE_ERR_DAMAGED);
	/* Also for who asks for a key in the gap. */
	if (_i == 1)
		ck_status(ask(0x45, &ruling), PINSTORE_ERR_DAMAGED);
}
END_TEST

/* A later pinstore's setting is not passed over. */
START_TEST(later_setting)
{
	uint8_t record[PS_RECORD_HEAD_LEN + PS_RECORD_BODY_MAX];
	uint8_t body[PS_RECORD_BODY_MAX];
	struct ps_settings settings;
	struct raw raw;
	size_t len;

	lay_down_all();
	end();
	raw = raw_begin(dir.store);
	len = raw_get(&raw, PS_SETTINGS, raw_key("settings"), record,
	              sizeof(record)) - PS_RECORD_HEAD_LEN;
	memcpy(body, record + PS_RECORD_HEAD_LEN, len);
	if (_i == 0)
		ps_put_le32(body, UINT32_C(1) << PS_SETTINGS_MAX);
	else
		ps_put_le32(body + 4, 2); /* anchors that are not there */
	raw_put(&raw, PS_SETTINGS, raw_key("settings"), record,
	        ps_record_seal(&raw.id, PS_SETTINGS, raw_key("settings"), body,
	                       len, record));
	raw_end(&raw);
	store = kit_open(dir.store);
	ck_status(ps_store_settings(store, &settings, &kit_error),
	          _i == 0 ? PINSTORE_ERR_VERSION : PINSTORE_ERR_DAMAGED);
}
END_TEST

/* --------------------------------------------------------- stores of before */

/* A store as a pinstore of schema 1 or 2 wrote it. */
static void
make_old(uint32_t schema)
{
	uint8_t record[64], body[32];
	struct ps_bytes key = raw_key("schema");
	struct raw raw;

	end();
	raw = raw_begin(dir.store);
	if (schema < PS_SCHEMA_ORDERS)
		raw_delete(&raw, PS_META, raw_key("orders"));
	raw_delete(&raw, PS_META, raw_key("reports"));
	ck_assert_uint_eq(raw_get(&raw, PS_META, key, record, 64), 48);
	memcpy(body, record + 16, 32);
	ps_put_le32(body, schema);
	ps_put_le32(body + 4, 1);
	ps_put_le32(body + 8, schema);
	raw_put(&raw, PS_META, key, record,
	        ps_record_seal(&raw.id, PS_META, key, body, 32, record));
	raw_end(&raw);
	store = kit_open(dir.store);
}

static void
assert_schema(uint32_t schema, uint32_t min_reader, uint32_t min_writer,
              bool has_orders, bool has_reports)
{
	struct ps_bytes value;
	struct ps_schema told;
	struct raw raw;

	end();
	raw = raw_begin(dir.store);
	ck_status(ps_meta_schema(raw.txn, &told, &kit_error), PINSTORE_OK);
	ck_assert_uint_eq(told.schema, schema);
	ck_assert_uint_eq(told.min_reader, min_reader);
	ck_assert_uint_eq(told.min_writer, min_writer);
	ck_assert_int_eq(ps_txn_get(raw.txn, PS_META, raw_key("orders"), &value,
	                            &kit_error) == PINSTORE_OK, has_orders);
	ck_assert_int_eq(ps_txn_get(raw.txn, PS_META, raw_key("reports"),
	                            &value, &kit_error) == PINSTORE_OK,
	                 has_reports);
	raw_end(&raw);
	store = kit_open(dir.store);
}

START_TEST(new_store)
{
	assert_schema(3, 1, 3, true, true);
}
END_TEST

START_TEST(old_store_is_read_as_it_is)
{
	uint32_t schema = (uint32_t)_i;
	struct ps_settings settings;
	struct ps_ruling ruling;

	make_old(schema);
	ck_assert(kit_has(store, "a.test", 1));
	ck_status(ask(0x40, &ruling), PINSTORE_OK);
	ck_assert(!ruling.is_revoked && !ruling.wants_chain);
	ck_status(ps_store_settings(store, &settings, &kit_error), PINSTORE_OK);
	assert_schema(schema, 1, schema, schema >= PS_SCHEMA_ORDERS, false);
}
END_TEST

/* The first write: who knows only an older schema reads, and writes no more. */
START_TEST(old_store_is_written)
{
	uint32_t schema = (uint32_t)_i;
	struct ps_ruling ruling;

	make_old(schema);
	kit_put(store, "b.test", 2);
	assert_schema(3, 1, 3, true, true);
	ck_assert(kit_has(store, "a.test", 1));
	ck_assert(kit_has(store, "b.test", 2));
	lay_down_all();
	/* A reader that knows nothing of revoked keys would let them in. */
	assert_schema(3, 2, 3, true, true);
	ck_status(ask(0x40, &ruling), PINSTORE_OK);
	ck_assert(ruling.is_revoked);
}
END_TEST

START_TEST(old_store_is_laid_upon)
{
	uint32_t schema = (uint32_t)_i;
	struct ps_ruling ruling;

	make_old(schema);
	lay_down_all();
	assert_schema(3, 2, 3, true, true);
	ck_status(ask(0x60, &ruling), PINSTORE_OK);
	ck_assert(ruling.is_revoked && ruling.has_bypass);
}
END_TEST

/* ------------------------------------------------------------- one record */

/* Octets with a sound seal that no writer of ours has written. */
static const struct {
	size_t at;
	uint8_t value;
	enum pinstore_status status;
} strange[] = {
	{32, PS_ORDER_BYPASS, PINSTORE_ERR_DAMAGED}, /* another kind */
	{32, 0, PINSTORE_ERR_DAMAGED},               /* an entry's layer */
	{32, 1, PINSTORE_ERR_DAMAGED},
	{33, 2, PINSTORE_ERR_VERSION}, /* a flag of later */
	{34, 4, PINSTORE_ERR_DAMAGED}, /* a NUL in the text */
	{34, 9, PINSTORE_ERR_DAMAGED}, /* longer than the record */
	{35, 2, PINSTORE_ERR_DAMAGED}, /* longer than a note may be */
	{36, 1, PINSTORE_ERR_DAMAGED}, /* reserved */
	{60, 1, PINSTORE_ERR_DAMAGED}, /* padding */
	{24, 0, PINSTORE_ERR_DAMAGED}, /* sections: none */
	{24, 2, PINSTORE_ERR_DAMAGED},
};

START_TEST(strange_records)
{
	static const struct ps_store_id id = {{1}};
	static const struct ps_order order = {PS_ORDER_REVOKED, false, 5, 9,
	                                      "abc"};
	uint8_t record[PS_ORDER_LEN_MAX];
	struct ps_order out;
	uint64_t next;
	size_t len = ps_order_encode(&id, (const uint8_t *)"k", 1, &order, 7,
	                             record);

	ck_assert_uint_eq(len, 64);
	ck_assert_int_eq(ps_order_decode(record, len, PS_ORDER_REVOKED, &out),
	                 PINSTORE_OK);
	ck_assert_str_eq(out.text, "abc");
	ck_assert(out.start == 5 && out.end == 9 && !out.subdomains);
	record[strange[_i].at] = strange[_i].value;
	ps_entry_relink(&id, (const uint8_t *)"k", 1, record, len, 7);
	ck_assert_int_eq(ps_entry_verify(&id, (const uint8_t *)"k", 1, record,
	                                 len, &next), PINSTORE_OK);
	ck_assert_int_eq(ps_order_decode(record, len, PS_ORDER_REVOKED, &out),
	                 strange[_i].status);
	ck_assert_int_eq(out.text[0], '\0');
}
END_TEST

/* An order is no entry, and an entry no order. */
START_TEST(orders_and_entries)
{
	static const struct ps_store_id id = {{1}};
	struct ps_order order = {PS_ORDER_BYPASS, true, 5, 9, ""};
	struct ps_entry entry = kit_entry(1);
	uint8_t record[PS_ENTRY_LEN_MAX];
	struct ps_entry_view view;
	size_t len;

	len = ps_order_encode(&id, (const uint8_t *)"k", 1, &order, 0, record);
	ck_assert_int_eq(ps_entry_view(record, len, &view),
	                 PINSTORE_ERR_DAMAGED);
	len = ps_entry_encode(&id, (const uint8_t *)"k", 1, &entry, 0, record);
	ck_assert_int_eq(ps_order_decode(record, len, PS_ORDER_BYPASS, &order),
	                 PINSTORE_ERR_DAMAGED);
	len = ps_entry_encode(&id, (const uint8_t *)"k", 1, NULL, 0, record);
	ck_assert_int_eq(ps_order_decode(record, len, PS_ORDER_BYPASS, &order),
	                 PINSTORE_ERR_DAMAGED);
	memset(order.text, 'x', PINSTORE_NOTE_MAX);
	order.text[PINSTORE_NOTE_MAX] = '\0';
	order.kind = PS_ORDER_BYPASS;
	len = ps_order_encode(&id, (const uint8_t *)"k", 1, &order, 0, record);
	ck_assert_uint_eq(len, PS_ORDER_LEN_MAX);
	ck_assert_int_eq(ps_order_decode(record, len, PS_ORDER_BYPASS, &order),
	                 PINSTORE_OK);
	ck_assert_uint_eq(strlen(order.text), PINSTORE_NOTE_MAX);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_orders");
	TCase *tcase = tcase_create("orders");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, is_found);
	tcase_add_loop_test(tcase, what_is_gone_is_damage, 0, 5);
	tcase_add_loop_test(tcase, what_is_exchanged_is_damage, 0, 2);
	tcase_add_loop_test(tcase, later_setting, 0, 2);
	tcase_add_test(tcase, new_store);
	tcase_add_loop_test(tcase, old_store_is_read_as_it_is, 1, PS_SCHEMA);
	tcase_add_loop_test(tcase, old_store_is_written, 1, PS_SCHEMA);
	tcase_add_loop_test(tcase, old_store_is_laid_upon, 1, PS_SCHEMA);
	tcase_add_loop_test(tcase, strange_records, 0, COUNT(strange));
	tcase_add_test(tcase, orders_and_entries);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
