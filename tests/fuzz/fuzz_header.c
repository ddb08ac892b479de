/*
 * fuzz_header.c - ps_header_parse(): the value of a Public-Key-Pins field.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each input is parsed as both kinds and in both grammars, and each result is
 * held against a second reader, written from the rules P-1 to P-12 in one pass.
 * What was accepted is written out anew, and must mean the same.
 */
#include <config.h>

#include <stdbool.h>

#include "base/base64.h"
#include "model/header.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_header";

#define GRAMMAR_DEPARTURES                                                   \
	(PS_DEPARTURE_EMPTY_DIRECTIVE | PS_DEPARTURE_SPACE_AROUND_EQUALS |   \
	 PS_DEPARTURE_PAD_BITS)

/* ---------------------------------------------------------- second reader */

struct reading {
	bool is_wrong;
	bool has_max_age, has_flag, has_uri;
	int64_t max_age;
	size_t n_directives;
	size_t n_pins;
	unsigned unknown_directives, unknown_algorithms;
	uint8_t pins[PINSTORE_PINS_MAX][32];
	size_t uri_len;
	uint8_t uri[PINSTORE_URI_MAX];
};

static bool
is_ows(int c)
{
	return c == ' ' || c == '\t';
}

static bool
is_name_octet(int c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9'))
		return true;
	return c > 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static int
six_bits(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* P-10: 44 characters, no other number of them is 32 octets. */
static bool
read_pin(struct reading *out, const uint8_t *text, size_t len, bool strict)
{
	uint8_t pin[33] = {0};
	size_t i, bit;
	int value;

	if (len != 44 || text[43] != '=')
		return false;
	for (i = 0; i < 43; i++) {
		value = six_bits(text[i]);
		if (value < 0)
			return false;
		for (bit = 0; bit < 6; bit++)
			if ((value >> (5 - bit) & 1) != 0)
				pin[(i * 6 + bit) / 8] |=
				        (uint8_t)(0x80 >> (i * 6 + bit) % 8);
	}
	if (strict && pin[32] != 0)
		return false;
	for (i = 0; i < out->n_pins; i++)
		if (memcmp(out->pins[i], pin, 32) == 0)
			return true;
	if (out->n_pins == PINSTORE_PINS_MAX)
		return false;
	memcpy(out->pins[out->n_pins++], pin, 32);
	return true;
}

static bool
read_max_age(struct reading *out, const uint8_t *text, size_t len)
{
	size_t i;

	if (out->has_max_age || len == 0)
		return false;
	out->has_max_age = true;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (out->max_age < INT64_C(2147483648))
			out->max_age = out->max_age * 10 + text[i] - '0';
	}
	if (out->max_age > INT64_C(2147483648))
		out->max_age = INT64_C(2147483648);
	return true;
}

/* A directive: state '"', 't' (token) or 0 (no value); text is unescaped. */
static bool
read_directive(struct reading *out, const char *name, char state,
               const uint8_t *text, size_t len, bool strict)
{
	size_t use;

	if (strcmp(name, "max-age") == 0)
		return state != 0 && read_max_age(out, text, len);
	if (strcmp(name, "includesubdomains") == 0) {
		if (out->has_flag || state != 0)
			return false;
		out->has_flag = true;
		return true;
	}
	if (strcmp(name, "report-uri") == 0) {
		if (out->has_uri || state == 0)
			return false;
		out->has_uri = true;
		if (!ps_header_is_report_uri((const char *)text, len, &use))
			return true;
		MUST(use <= len && use <= PINSTORE_URI_MAX);
		memcpy(out->uri, text, use);
		out->uri_len = use;
		return true;
	}
	if (strncmp(name, "pin-", 4) == 0 && name[4] != '\0') {
		if (state != '"')
			return false;
		if (strcmp(name, "pin-sha256") == 0)
			return read_pin(out, text, len, strict);
		out->unknown_algorithms++;
		return true;
	}
	out->unknown_directives++;
	return true;
}

/* Behind the opening quote; the place behind the closing one, or SIZE_MAX. */
static size_t
read_quoted(const uint8_t *data, size_t at, size_t len, uint8_t *text,
            size_t *text_len)
{
	for (; at < len && data[at] != '"'; at++) {
		if (data[at] == '\\')
			at++;
		if (at == len || data[at] == 0x7f ||
		    (data[at] < 0x20 && data[at] != '\t'))
			return SIZE_MAX;
		text[(*text_len)++] = data[at];
	}
	return at < len ? at + 1 : SIZE_MAX;
}

/* One directive from at; the place behind it, or SIZE_MAX. */
static size_t
read_one(struct reading *out, const uint8_t *data, size_t at, size_t len,
         bool strict)
{
	static uint8_t text[PS_HEADER_LEN_MAX];
	char name[64] = "", state = 0;
	size_t text_len = 0, n = 0, save;

	for (; at < len && is_name_octet(data[at]); at++, n++)
		/* No name that means anything is so long. */
		if (n < sizeof(name) - 1)
			name[n] = (char)(data[at] >= 'A' && data[at] <= 'Z' ?
			                         data[at] + 32 :
			                         data[at]);
	if (n == 0)
		return !strict && (at == len || data[at] == ';') ? at :
		                                                   SIZE_MAX;
	out->n_directives++;
	save = at;
	while (!strict && at < len && is_ows(data[at]))
		at++;
	if (at < len && data[at] == '=') {
		at++;
		while (!strict && at < len && is_ows(data[at]))
			at++;
		state = 't';
		if (at < len && data[at] == '"') {
			state = '"';
			at = read_quoted(data, at + 1, len, text, &text_len);
		} else {
			while (at < len && is_name_octet(data[at]))
				text[text_len++] = data[at++];
			if (text_len == 0)
				return SIZE_MAX;
		}
	} else {
		at = save;
	}
	if (at != SIZE_MAX &&
	    !read_directive(out, name, state, text, text_len, strict))
		out->is_wrong = true;
	return at;
}

static void
read_field(const uint8_t *data, size_t len, enum pinstore_kind kind,
           bool strict, struct reading *out)
{
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	out->is_wrong = true;
	while (at < len && is_ows(data[at]))
		at++;
	while (len > at && is_ows(data[len - 1]))
		len--;
	if (at == len || len - at > PS_HEADER_LEN_MAX)
		return;
	out->is_wrong = false;
	for (;;) {
		at = read_one(out, data, at, len, strict);
		if (at == SIZE_MAX)
			break;
		while (at < len && is_ows(data[at]))
			at++;
		if (at == len) {
			if (kind == PINSTORE_PKP && !out->has_max_age)
				break;
			if (out->n_directives > PS_HEADER_DIRECTIVES_MAX)
				break;
			return;
		}
		if (data[at++] != ';')
			break;
		while (at < len && is_ows(data[at]))
			at++;
	}
	out->is_wrong = true;
}

/* ------------------------------------------------------------- properties */

static bool
has_same_meaning(const struct ps_header *a, const struct ps_header *b)
{
	return a->max_age == b->max_age &&
	       a->include_subdomains == b->include_subdomains &&
	       strcmp(a->report_uri, b->report_uri) == 0 &&
	       a->pins.n == b->pins.n &&
	       memcmp(a->pins.pin, b->pins.pin, a->pins.n * 32) == 0;
}

/* Of a field that is ignored nothing can be used. */
static void
must_be_nothing(const struct ps_header *header, size_t len)
{
	MUST(header->max_age == -1);
	MUST(!header->include_subdomains);
	MUST(header->pins.n == 0);
	MUST(header->report_uri[0] == '\0');
	MUST(header->unknown_directives == 0);
	MUST(header->unknown_algorithms == 0);
	MUST((header->why == PINSTORE_WHY_MALFORMED) ==
	     (header->syntax != PINSTORE_SYNTAX_OK));
	MUST(header->offset <= len);
}

static void
must_be_sound(const struct ps_header *header, enum pinstore_kind kind,
              bool strict)
{
	size_t i, use;

	MUST(header->syntax == PINSTORE_SYNTAX_OK && header->offset == 0);
	MUST(header->max_age >= (kind == PINSTORE_PKP ? 0 : -1));
	MUST(header->max_age <= PS_HEADER_MAX_AGE_MAX);
	MUST(header->pins.n <= PINSTORE_PINS_MAX);
	for (i = 1; i < header->pins.n; i++)
		MUST(!ps_pins_has(header->pins.pin, i, &header->pins.pin[i],
		                  NULL));
	if (strict)
		MUST((header->departures & GRAMMAR_DEPARTURES) == 0);
	if (header->report_uri[0] != '\0') {
		MUST(strncasecmp(header->report_uri, "http", 4) == 0);
		MUST(strchr(header->report_uri, '#') == NULL);
		MUST(ps_header_is_report_uri(header->report_uri,
		                             strlen(header->report_uri),
		                             &use));
		MUST(use == strlen(header->report_uri));
	}
	MUST(header->unknown_directives == 0 ||
	     (header->departures & PS_DEPARTURE_UNKNOWN_DIRECTIVE) != 0);
	MUST(header->unknown_algorithms == 0 ||
	     (header->departures & PS_DEPARTURE_UNKNOWN_ALGORITHM) != 0);
}

static void
must_be_read_alike(const struct ps_header *header, const struct reading *read)
{
	MUST((header->why == PINSTORE_WHY_OK) == !read->is_wrong);
	if (read->is_wrong)
		return;
	MUST(header->max_age == (read->has_max_age ? read->max_age : -1));
	MUST(header->include_subdomains == read->has_flag);
	MUST(header->unknown_directives == read->unknown_directives);
	MUST(header->unknown_algorithms == read->unknown_algorithms);
	MUST(header->pins.n == read->n_pins);
	MUST(memcmp(header->pins.pin, read->pins, read->n_pins * 32) == 0);
	MUST(strlen(header->report_uri) == read->uri_len);
	MUST(memcmp(header->report_uri, read->uri, read->uri_len) == 0);
}

/* The field written anew, of the ABNF, says what it said. */
static void
must_mean_the_same_again(const struct ps_header *header,
                         enum pinstore_kind kind)
{
	static char text[PS_HEADER_LEN_MAX];
	struct ps_header again;
	char base64[PS_BASE64_LEN(32) + 1];
	size_t n = 0, i;

#define ADD(...) n += (size_t)snprintf(text + n, sizeof(text) - n, __VA_ARGS__)
	if (header->max_age >= 0)
		ADD("max-age=%lld;", (long long)header->max_age);
	if (header->include_subdomains)
		ADD("includeSubDomains;");
	for (i = 0; i < header->pins.n; i++) {
		ps_base64_encode(header->pins.pin[i].sha256, 32, base64);
		ADD("pin-sha256=\"%s\";", base64);
	}
	if (header->report_uri[0] != '\0') {
		ADD("report-uri=\"");
		for (i = 0; header->report_uri[i] != '\0'; i++)
			ADD("\\%c", header->report_uri[i]);
		ADD("\";");
	}
	ADD("x");
#undef ADD
	MUST(n < sizeof(text));
	ps_header_parse(text, n, kind, true, &again);
	MUST(again.why == PINSTORE_WHY_OK);
	MUST(again.unknown_directives == 1);
	MUST(again.departures == PS_DEPARTURE_UNKNOWN_DIRECTIVE);
	MUST(has_same_meaning(&again, header));
}

static void
parse(const uint8_t *data, size_t len, enum pinstore_kind kind, bool strict,
      struct ps_header *out)
{
	struct reading read;

	/* What stood there before must not shine through. */
	memset(out, 0xa5, sizeof(*out));
	ps_header_parse((const char *)data, len, kind, strict, out);
	if (out->why == PINSTORE_WHY_OK)
		must_be_sound(out, kind, strict);
	else
		must_be_nothing(out, len);
	read_field(data, len, kind, strict, &read);
	must_be_read_alike(out, &read);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ps_header loose, strict, loose_ro, strict_ro;
	bool is_departed;

	parse(data, len, PINSTORE_PKP, false, &loose);
	parse(data, len, PINSTORE_PKP, true, &strict);
	parse(data, len, PINSTORE_PKP_RO, false, &loose_ro);
	parse(data, len, PINSTORE_PKP_RO, true, &strict_ro);

	/* strict takes just what the default takes without a departure. */
	is_departed = (loose.departures & GRAMMAR_DEPARTURES) != 0;
	if (strict.why == PINSTORE_WHY_OK)
		MUST(loose.why == PINSTORE_WHY_OK && !is_departed &&
		     has_same_meaning(&strict, &loose));
	else
		MUST(loose.why != PINSTORE_WHY_OK || is_departed);
	/* The kinds differ in one rule. */
	if (loose.why == PINSTORE_WHY_OK)
		MUST(loose_ro.why == PINSTORE_WHY_OK &&
		     has_same_meaning(&loose, &loose_ro));
	else if (loose_ro.why == PINSTORE_WHY_OK)
		MUST(loose.why == PINSTORE_WHY_NO_MAX_AGE &&
		     loose_ro.max_age == -1);
	MUST((strict.why == PINSTORE_WHY_OK ||
	      strict.why == PINSTORE_WHY_NO_MAX_AGE) ==
	     (strict_ro.why == PINSTORE_WHY_OK));
	if (loose_ro.why == PINSTORE_WHY_OK)
		must_mean_the_same_again(&loose_ro, PINSTORE_PKP_RO);
	return 0;
}
