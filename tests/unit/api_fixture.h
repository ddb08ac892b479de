/*
 * api_fixture.h - a store of its own, and short words, for the tests of api.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TESTS_UNIT_API_FIXTURE_H
#define TESTS_UNIT_API_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <check.h>

#include <pinstore/pinstore.h>

#include "api/handle.h"
#include "base/base64.h"
#include "tests/support/tempdir.h"

/* A frozen moment: 2026-01-01T00:00:00Z. */
#define NOW INT64_C(1767225600)
#define CAP INT64_C(5184000)

static struct tempdir fixture_dir;
static struct pinstore *ps;

/* The pin whose octets are all c: "pins" of a test are strings like "AB". */
static inline struct pinstore_pin
pin_of(char c)
{
	struct pinstore_pin pin;

	memset(pin.sha256, c, sizeof(pin.sha256));
	return pin;
}

static inline size_t
pins_of(const char *letters, struct pinstore_pin *out)
{
	size_t i;

	for (i = 0; letters[i] != '\0'; i++)
		out[i] = pin_of(letters[i]);
	return i;
}

static inline void
fixture_open(const struct pinstore_options *options)
{
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_open(fixture_dir.store, options, &ps, &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
}

static inline void
fixture_setup(void)
{
	tempdir_make(&fixture_dir);
	fixture_open(NULL);
}

static inline void
fixture_teardown(void)
{
	pinstore_close(ps);
	ps = NULL;
	tempdir_remove(&fixture_dir);
}

/* Open again with one option changed. */
static inline void
fixture_reopen_with(enum pinstore_option what, int64_t value)
{
	struct pinstore_options *options = pinstore_options_new();

	ck_assert_ptr_nonnull(options);
	ck_assert_int_eq(pinstore_options_set(options, what, value),
	                 PINSTORE_OK);
	pinstore_close(ps);
	fixture_open(options);
	pinstore_options_free(options);
}

static inline struct pinstore_chain *
chain_of(const char *letters)
{
	struct pinstore_pin pins[64];
	struct pinstore_chain *chain;
	size_t n = pins_of(letters, pins);

	ck_assert_int_eq(pinstore_chain_from_validated_pins(pins, n, &chain),
	                 PINSTORE_OK);
	return chain;
}

/* Check host with a chain of these pins; NULL: without a chain. */
static inline struct pinstore_result *
check_at(const char *host, const char *letters, int64_t now)
{
	struct pinstore_peer peer = {.size = sizeof(peer), .host = host};
	struct pinstore_chain *chain = NULL;
	struct pinstore_result *result;
	struct pinstore_error error;
	enum pinstore_verdict verdict;
	enum pinstore_status status;

	if (letters != NULL)
		chain = chain_of(letters);
	status = pinstore_check(ps, &peer, chain, now, &verdict, &result,
	                        &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	ck_assert_int_eq(verdict, pinstore_result_verdict(result));
	pinstore_chain_free(chain);
	return result;
}

static inline enum pinstore_verdict
verdict_at(const char *host, const char *letters, int64_t now)
{
	struct pinstore_result *result = check_at(host, letters, now);
	enum pinstore_verdict verdict = pinstore_result_verdict(result);

	pinstore_result_free(result);
	return verdict;
}

/* A header with these pins; flags may be "; includeSubDomains" or such. */
static inline size_t
header_of(const char *letters, int64_t max_age, const char *flags, char *out,
          size_t size)
{
	struct pinstore_pin pin;
	char text[PS_BASE64_LEN(32) + 1];
	int len;

	len = snprintf(out, size, "max-age=%lld%s", (long long)max_age, flags);
	for (; *letters != '\0'; letters++) {
		pin = pin_of(*letters);
		ps_base64_encode(pin.sha256, sizeof(pin.sha256), text);
		len += snprintf(out + len, size - (size_t)len,
		                "; pin-sha256=\"%s\"", text);
	}
	ck_assert_int_lt(len, (int)size);
	return (size_t)len;
}

/* Check with the chain and hand over one field, as a client does. */
static inline struct pinstore_noted
note_value_at(const char *host, const char *chain, const char *value,
              size_t len, int64_t now)
{
	struct pinstore_noted noted = {.size = sizeof(noted)};
	struct pinstore_field field = {PINSTORE_PKP, value, len};
	struct pinstore_result *result = check_at(host, chain, now);
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_note(ps, result, &field, 1, now, &noted, &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	pinstore_result_free(result);
	return noted;
}

static inline struct pinstore_noted
note_at(const char *host, const char *chain, const char *pins,
        int64_t max_age, const char *flags, int64_t now)
{
	char value[4096];
	size_t len = header_of(pins, max_age, flags, value, sizeof(value));

	return note_value_at(host, chain, value, len, now);
}

static inline enum pinstore_status
pin_at(const char *host, const char *letters, int include_subdomains,
       int64_t expires, int64_t now)
{
	struct pinstore_pin pins[64];
	struct pinstore_rule rule = {
		.size = sizeof(rule),
		.host = host,
		.pins = pins,
		.n_pins = pins_of(letters, pins),
		.include_subdomains = include_subdomains,
		.mode = PINSTORE_ENFORCE,
		.expires = expires,
	};

	return pinstore_pin(ps, &rule, now, NULL);
}

/* The stored entry, or NULL.  Owner: the caller. */
static inline struct pinstore_entry *
entry_of(const char *host, enum pinstore_layer layer)
{
	struct pinstore_entry *entry;
	struct pinstore_error error;
	enum pinstore_status status;

	status = pinstore_show(ps, host, layer, &entry, &error);
	if (status == PINSTORE_ERR_NOTFOUND)
		return NULL;
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	return entry;
}

static inline bool
has_entry(const char *host, enum pinstore_layer layer)
{
	struct pinstore_entry *entry = entry_of(host, layer);
	bool is_there = entry != NULL;

	pinstore_entry_free(entry);
	return is_there;
}

/* Every entry as text, in order: two stores are equal if these are. */
static int
print_entry(const struct pinstore_entry *entry, void *arg)
{
	FILE *out = arg;
	const struct pinstore_pin *pins;
	const char *text;
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	fprintf(out, "%s %s %s %d %lld %lld %lld %lld ",
	        pinstore_entry_host(entry),
	        pinstore_layer_word(pinstore_entry_layer(entry)),
	        pinstore_source_word(pinstore_entry_source(entry)),
	        pinstore_entry_include_subdomains(entry),
	        (long long)pinstore_entry_noted(entry),
	        (long long)pinstore_entry_updated(entry),
	        (long long)pinstore_entry_expires(entry),
	        (long long)pinstore_entry_max_age_sent(entry));
	for (i = 0; i < n; i++)
		fputc(pins[i].sha256[0], out);
	text = pinstore_entry_report_uri(entry);
	fprintf(out, " %s\n", text != NULL ? text : "-");
	return 0;
}

/* Owner: the caller. */
static inline char *
dump(void)
{
	struct pinstore_error error;
	enum pinstore_status status;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	status = pinstore_walk(ps, NULL, print_entry, out, &error);
	ck_assert_msg(status == PINSTORE_OK, "%s", error.text);
	fclose(out);
	return text;
}

static inline void
assert_dump(const char *expected)
{
	char *text = dump();

	ck_assert_str_eq(text, expected);
	free(text);
}

static inline bool
write_event(uint64_t number, const struct ps_event *event, void *arg)
{
	static const char *const words[] = {
		[PS_EVENT_NOTED] = "noted",     [PS_EVENT_UPDATED] = "updated",
		[PS_EVENT_REMOVED] = "removed", [PS_EVENT_UNPINNED] = "unpinned",
		[PS_EVENT_PINNED] = "pinned",   [PS_EVENT_CLEARED] = "cleared",
		[PS_EVENT_EXPIRED] = "expired", [PS_EVENT_CLOCK] = "clock",
		[PS_EVENT_VIOLATION] = "violation",
		[PS_EVENT_BYPASSED] = "bypassed",
		[PS_EVENT_REVOKED] = "revoked",
		[PS_EVENT_UNREVOKED] = "unrevoked",
		[PS_EVENT_BYPASS] = "bypass",
		[PS_EVENT_BYPASS_ENDED] = "bypass-ended",
		[PS_EVENT_SETTING] = "setting", [PS_EVENT_MODE] = "mode",
		[PS_EVENT_OTHER_PATH] = "other-path",
		[PS_EVENT_IMPORTED] = "imported",
	};
	char *out = arg;
	size_t len = strlen(out);

	ck_assert_uint_gt(number, 0);
	snprintf(out + len, 512 - len, "%s %s %d %d, ", words[event->kind],
	         event->host != NULL ? event->host->name : "-",
	         (int)event->count, (int)(event->at - NOW));
	return true;
}

/* The journal: of each record its word, host, count, and seconds from NOW. */
static inline void
assert_journal(const char *expected)
{
	char told[512] = "";

	ck_assert_int_eq(ps_store_events(ps->store, 0, write_event, told,
	                                 NULL), PINSTORE_OK);
	ck_assert_str_eq(told, expected);
}

#endif /* TESTS_UNIT_API_FIXTURE_H */
