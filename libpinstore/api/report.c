/*
 * report.c - failures on their way into the queue of reports.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "api/report.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/date.h"
#include "rules/report.h"

#define HTTPS_PORT 443

/* A line of PEM: 48 octets, which are 64 characters. */
#define PEM_OCTETS 48
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define PEM_END "-----END CERTIFICATE-----\n"

#define PIN_BEGIN "pin-sha256=\""
#define PIN_LEN (sizeof(PIN_BEGIN) - 1 + PS_BASE64_LEN((size_t)32) + 1)

/* ----------------------------------------------------------------- the text */

/* RFC 7468.  NULL without memory. */
static json_t *
pem(const uint8_t *der, size_t len)
{
	size_t lines = len / PEM_OCTETS + 1, i, n;
	char *text, *at;
	json_t *out;

	text = malloc(sizeof(PEM_BEGIN) + sizeof(PEM_END) +
	              lines * (PS_BASE64_LEN(PEM_OCTETS) + 1));
	if (text == NULL)
		return NULL;
	memcpy(text, PEM_BEGIN, sizeof(PEM_BEGIN) - 1);
	at = text + sizeof(PEM_BEGIN) - 1;
	for (i = 0; i < len; i += n) {
		n = len - i < PEM_OCTETS ? len - i : PEM_OCTETS;
		ps_base64_encode(der + i, n, at);
		at += PS_BASE64_LEN(n);
		*at++ = '\n';
	}
	memcpy(at, PEM_END, sizeof(PEM_END) - 1);
	at += sizeof(PEM_END) - 1;
	out = json_stringn(text, (size_t)(at - text));
	free(text);
	return out;
}

typedef const uint8_t *
certificate_fn(const struct pinstore_chain *chain, size_t i, size_t *len);

static json_t *
certificates(const struct pinstore_chain *chain, certificate_fn *get)
{
	json_t *out = json_array();
	const uint8_t *der;
	size_t i, len;

	for (i = 0; (der = get(chain, i, &len)) != NULL; i++) {
		if (json_array_append_new(out, pem(der, len)) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static json_t *
known_pins(const struct ps_pinset *pins)
{
	char text[PINSTORE_PINS_MAX][PIN_LEN + 1];
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < pins->n; i++) {
		memcpy(text[i], PIN_BEGIN, sizeof(PIN_BEGIN) - 1);
		ps_base64_encode(pins->pin[i].sha256, 32,
		                 text[i] + sizeof(PIN_BEGIN) - 1);
		memcpy(text[i] + PIN_LEN - 1, "\"", 2);
	}
	qsort(text, pins->n, sizeof(text[0]), compare_text);
	for (i = 0; i < pins->n; i++) {
		if (json_array_append_new(out, json_string(text[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *
date(int64_t seconds)
{
	char text[PS_DATE_LEN + 1];

	ps_date_print(seconds, text);
	return json_string(text);
}

static uint16_t
port_of(const struct ps_failure *failure)
{
	return failure->port != 0 ? failure->port : HTTPS_PORT;
}

/* NULL without memory. */
static json_t *
make(const struct ps_failure *failure)
{
	const struct {
		const char *name;
		json_t *value;
	} members[] = {
		{"date-time", date(failure->at)},
		{"hostname", json_string(failure->host->name)},
		{"port", json_integer(port_of(failure))},
		{"effective-expiration-date", date(failure->expires)},
		{"include-subdomains",
		 json_boolean(failure->include_subdomains)},
		{"noted-hostname", json_string(failure->noted.name)},
		{"served-certificate-chain",
		 certificates(failure->chain, pinstore_chain_served)},
		{"validated-certificate-chain",
		 certificates(failure->chain, pinstore_chain_certificate)},
		{"known-pins", known_pins(&failure->pins)},
	};
	json_t *out = json_object();
	bool is_whole = true;
	size_t i;

	/* What is NULL is refused, and what is refused is freed. */
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_set_new(out, members[i].name,
		                        members[i].value) != 0)
			is_whole = false;
	if (is_whole)
		return out;
	json_decref(out);
	return NULL;
}

enum pinstore_status
ps_report_compose(const struct ps_failure *failure, char **text, size_t *len)
{
	const size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII;
	enum pinstore_status status = PINSTORE_ERR_NOMEM;
	json_t *all = make(failure);

	*text = NULL;
	*len = 0;
	if (all == NULL)
		return PINSTORE_ERR_NOMEM;
	*len = json_dumpb(all, NULL, 0, flags);
	if (*len > PINSTORE_REPORT_OCTETS_MAX)
		status = PINSTORE_ERR_FULL;
	else if (*len > 0)
		*text = malloc(*len + 1);
	if (*text != NULL && json_dumpb(all, *text, *len, flags) == *len) {
		(*text)[*len] = '\0';
		status = PINSTORE_OK;
	} else {
		free(*text);
		*text = NULL;
	}
	json_decref(all);
	return status;
}

/* --------------------------------------------------------------- the drafts */

static int
compare_pins(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct pinstore_pin));
}

/* Of a chain made from pins these must do. */
static void
hash_path(struct ps_siphash *hash, const struct pinstore_chain *chain)
{
	const struct pinstore_pin *pin;
	const uint8_t *der;
	size_t i, len;

	for (i = 0; i < pinstore_chain_length(chain); i++) {
		der = pinstore_chain_certificate(chain, i, &len);
		pin = pinstore_chain_pin(chain, i);
		if (der != NULL)
			ps_report_hash_certificate(hash, der, len);
		else if (pin != NULL)
			ps_report_hash_certificate(hash, pin->sha256,
			                           sizeof(pin->sha256));
	}
	ps_report_hash_end(hash);
}

/* Never 0; the last bit tells the caches of a handle apart. */
static uint64_t
key_of(const struct ps_report_policy *policy,
       const struct pinstore_chain *chain)
{
	static const uint8_t no_key[PS_SIPHASH_KEY_LEN] = {0};
	struct ps_siphash hash;
	const uint8_t *der;
	size_t i, len;

	ps_siphash_init(&hash, no_key);
	ps_report_hash_policy(&hash, policy);
	for (i = 0; (der = pinstore_chain_served(chain, i, &len)) != NULL; i++)
		ps_report_hash_certificate(&hash, der, len);
	ps_report_hash_end(&hash);
	hash_path(&hash, chain);
	return ps_siphash_final(&hash) | 1;
}

static void
fill(struct ps_draft *draft, const struct ps_failure *failure, uint64_t key,
     size_t text_len)
{
	struct ps_report *fields = &draft->fields;

	memset(fields, 0, sizeof(*fields));
	fields->key = key;
	fields->kind = failure->kind;
	fields->is_private = failure->is_private;
	fields->port = port_of(failure);
	fields->created = failure->at;
	fields->next = failure->at;
	fields->host = *failure->host;
	fields->noted_len = (uint8_t)failure->noted.len;
	memcpy(fields->uri, failure->uri, strlen(failure->uri) + 1);
	fields->text_len = text_len;
}

void
ps_drafts_add(struct ps_drafts *drafts, struct pinstore *ps,
              const struct ps_report_rules *rules,
              const struct ps_failure *failure)
{
	struct ps_draft *draft = &drafts->draft[drafts->n];
	struct ps_pinset pins = failure->pins;
	struct ps_report_policy policy = {
		.kind = failure->kind,
		.host = failure->host,
		.port = port_of(failure),
		.noted = &failure->noted,
		.include_subdomains = failure->include_subdomains,
		.pins = pins.pin,
		.n_pins = pins.n,
		.uri = failure->uri,
	};
	uint64_t key;
	size_t len;

	assert(drafts->n < PS_DRAFTS_MAX);
	if (!ps_report_may_go(rules, &policy))
		return;
	qsort(pins.pin, pins.n, sizeof(pins.pin[0]), compare_pins);
	key = key_of(&policy, failure->chain);
	if (ps_handle_is_quiet(ps, key, failure->at))
		return;
	if (ps_report_compose(failure, &draft->text, &len) != PINSTORE_OK) {
		drafts->lost++;
		return;
	}
	fill(draft, failure, key, len);
	drafts->n++;
}

enum pinstore_status
ps_drafts_write(struct ps_drafts *drafts, struct ps_write *write,
                struct pinstore_error *error)
{
	enum pinstore_status status = PINSTORE_OK;
	size_t i;

	for (i = 0; i < drafts->n && status == PINSTORE_OK; i++)
		status = ps_write_queue(write, &drafts->draft[i].fields,
		                        drafts->draft[i].text,
		                        &drafts->draft[i].is_queued,
		                        &drafts->draft[i].since, error);
	return status;
}

void
ps_drafts_written(const struct ps_drafts *drafts, struct pinstore *ps)
{
	size_t i;

	for (i = 0; i < drafts->n; i++)
		ps_handle_hush(ps, drafts->draft[i].fields.key,
		               drafts->draft[i].since);
}

void
ps_drafts_lost(struct ps_drafts *drafts)
{
	uint64_t lost = drafts->lost + drafts->n;

	ps_drafts_clear(drafts);
	drafts->lost = lost;
}

void
ps_drafts_clear(struct ps_drafts *drafts)
{
	size_t i;

	for (i = 0; i < drafts->n; i++)
		free(drafts->draft[i].text);
	drafts->n = 0;
	drafts->lost = 0;
}

/* ---------------------------------------------------------------- one alone */

static enum pinstore_status
work(struct ps_write *write, void *arg, struct pinstore_error *error)
{
	struct ps_drafts *drafts = arg;
	enum pinstore_status status;

	status = ps_drafts_write(drafts, write, error);
	if (status == PINSTORE_OK && drafts->lost > 0 &&
	    drafts->draft[0].is_queued)
		status = ps_write_lose_reports(write, drafts->lost, error);
	return status;
}

bool
ps_report_queue(struct pinstore *ps, const struct ps_report_rules *rules,
                const struct ps_failure *failure)
{
	struct ps_drafts drafts = {.n = 0};
	bool is_queued = false;

	ps_drafts_add(&drafts, ps, rules, failure);
	if (drafts.n > 0) {
		drafts.lost = atomic_exchange(&ps->lost, 0);
		if (ps_store_write_soon(ps->store, failure->at,
		                        PS_RECORD_LIMIT_MS, work, &drafts,
		                        NULL) == PINSTORE_OK) {
			is_queued = drafts.draft[0].is_queued;
			ps_drafts_written(&drafts, ps);
			if (is_queued)
				drafts.lost = 0;
		} else {
			ps_drafts_lost(&drafts);
		}
	}
	atomic_fetch_add(&ps->lost, drafts.lost);
	ps_drafts_clear(&drafts);
	return is_queued;
}
