/*
 * header.c - the value of a Public-Key-Pins field (RFC 7469, 2.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text is read twice by the same reader: first to see that all of it is of
 * the grammar, then for what it says.  So a field that breaks off at its end
 * is told as that, whatever its directives mean.
 */
#include <config.h>

#include "model/header.h"

#include <string.h>

#include "base/base64.h"
#include "base/scan.h"
#include "model/host.h"

#define PIN_LEN 32

enum value_state {
	VALUE_NONE, /* no "=" at all */
	VALUE_TOKEN,
	VALUE_QUOTED
};

struct directive {
	const uint8_t *name;
	size_t name_len;
	enum value_state state;
	const uint8_t *value; /* between the quotes, not unescaped */
	size_t value_len;
};

/* Directives that may occur once. */
enum {
	SEEN_MAX_AGE = 1 << 0,
	SEEN_INCLUDE_SUBDOMAINS = 1 << 1,
	SEEN_REPORT_URI = 1 << 2
};

struct parser {
	struct ps_scan scan;
	const uint8_t *start; /* of the field, for offsets */
	bool strict;
	unsigned seen;
	struct ps_header *out;
	size_t text_len;
	uint8_t text[PS_HEADER_LEN_MAX]; /* the current value, unescaped */
};

/* End the parse at a place of the text; always false. */
static bool
fail(struct parser *parser, enum pinstore_reason why, const uint8_t *at)
{
	parser->out->why = why;
	parser->out->offset = (size_t)(at - parser->start);
	return false;
}

static bool
fail_syntax(struct parser *parser, enum pinstore_syntax syntax)
{
	parser->out->syntax = syntax;
	return fail(parser, PINSTORE_WHY_MALFORMED, parser->scan.at);
}

/* ------------------------------------------------------------------- lexing */

/*
 * RFC 7230, 3.2.6: what may stand in a quoted-string, behind a backslash or as
 * it is; the quote and the backslash themselves are seen to before.
 */
static bool
is_quotable(uint8_t c)
{
	return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* P-4, behind the opening quote. */
static bool
lex_quoted(struct parser *parser, struct directive *directive)
{
	struct ps_scan *scan = &parser->scan;

	directive->state = VALUE_QUOTED;
	directive->value = scan->at;
	while (!ps_scan_is_at(scan, '"')) {
		if (ps_scan_skip(scan, '\\')) {
			if (ps_scan_is_end(scan) || !is_quotable(*scan->at))
				return fail_syntax(parser,
				                   PINSTORE_SYNTAX_QUOTE);
		} else if (ps_scan_is_end(scan) || !is_quotable(*scan->at)) {
			return fail_syntax(parser, PINSTORE_SYNTAX_QUOTE);
		}
		scan->at++;
	}
	directive->value_len = (size_t)(scan->at - directive->value);
	scan->at++;
	return true;
}

/* P-3: the equals sign, and the white space that the default skips. */
static bool
lex_equals(struct parser *parser)
{
	struct ps_scan *scan = &parser->scan;
	const uint8_t *start = scan->at;
	size_t before = 0, after = 0;

	if (!parser->strict)
		before = ps_scan_skip_ows(scan);
	if (!ps_scan_skip(scan, '=')) {
		scan->at = start;
		return false;
	}
	if (!parser->strict)
		after = ps_scan_skip_ows(scan);
	if (before + after > 0)
		parser->out->departures |= PS_DEPARTURE_SPACE_AROUND_EQUALS;
	return true;
}

/* P-2 to P-5. */
static bool
lex_directive(struct parser *parser, struct directive *directive)
{
	struct ps_scan *scan = &parser->scan;

	memset(directive, 0, sizeof(*directive));
	directive->name_len = ps_scan_token(scan, &directive->name);
	if (directive->name_len == 0)
		return fail_syntax(parser, PINSTORE_SYNTAX_NAME);
	if (!lex_equals(parser))
		return true;
	if (ps_scan_skip(scan, '"'))
		return lex_quoted(parser, directive);
	directive->state = VALUE_TOKEN;
	directive->value_len = ps_scan_token(scan, &directive->value);
	if (directive->value_len == 0)
		return fail_syntax(parser, PINSTORE_SYNTAX_VALUE);
	return true;
}

/*
 * Read one directive and what separates it from the next.  A directive without
 * a name is an empty one.  *is_last: there is none behind it.
 */
static bool
lex_next(struct parser *parser, struct directive *directive, bool *is_last)
{
	struct ps_scan *scan = &parser->scan;

	if (!parser->strict &&
	    (ps_scan_is_end(scan) || ps_scan_is_at(scan, ';'))) {
		memset(directive, 0, sizeof(*directive));
		parser->out->departures |= PS_DEPARTURE_EMPTY_DIRECTIVE;
	} else if (!lex_directive(parser, directive)) {
		return false;
	}
	(void)ps_scan_skip_ows(scan);
	*is_last = ps_scan_is_end(scan);
	if (!*is_last && !ps_scan_skip(scan, ';'))
		return fail_syntax(parser, PINSTORE_SYNTAX_SEP);
	(void)ps_scan_skip_ows(scan);
	return true;
}

static bool
check_syntax(struct parser *parser)
{
	const uint8_t *start;
	struct directive directive;
	size_t n = 0;
	bool is_last = false;

	while (!is_last) {
		start = parser->scan.at;
		if (!lex_next(parser, &directive, &is_last))
			return false;
		if (directive.name_len > 0 && ++n > PS_HEADER_DIRECTIVES_MAX)
			return fail(parser, PINSTORE_WHY_LIMIT, start);
	}
	return true;
}

/* ------------------------------------------------------------------ meaning */

/* Put the value without its backslashes into parser->text. */
static void
unescape(struct parser *parser, const struct directive *directive)
{
	size_t i;

	parser->text_len = 0;
	for (i = 0; i < directive->value_len; i++) {
		/* The lexer saw that an octet follows. */
		if (directive->state == VALUE_QUOTED &&
		    directive->value[i] == '\\')
			i++;
		parser->text[parser->text_len++] = directive->value[i];
	}
}

/* True the first time. */
static bool
is_first(struct parser *parser, unsigned flag)
{
	bool is_new = (parser->seen & flag) == 0;

	parser->seen |= flag;
	return is_new;
}

/* P-7. */
static bool
take_max_age(struct parser *parser, const struct directive *directive)
{
	int64_t seconds = 0;
	size_t i;

	if (!is_first(parser, SEEN_MAX_AGE))
		return fail(parser, PINSTORE_WHY_DUPLICATE, directive->name);
	if (directive->state == VALUE_NONE || parser->text_len == 0)
		return fail(parser, PINSTORE_WHY_BAD_MAX_AGE, directive->name);
	for (i = 0; i < parser->text_len; i++) {
		if (parser->text[i] < '0' || parser->text[i] > '9')
			return fail(parser, PINSTORE_WHY_BAD_MAX_AGE,
			            directive->name);
		seconds = seconds * 10 + (parser->text[i] - '0');
		if (seconds > PS_HEADER_MAX_AGE_MAX)
			seconds = PS_HEADER_MAX_AGE_MAX;
	}
	parser->out->max_age = seconds;
	return true;
}

/* P-8. */
static bool
take_include_subdomains(struct parser *parser,
                        const struct directive *directive)
{
	if (!is_first(parser, SEEN_INCLUDE_SUBDOMAINS))
		return fail(parser, PINSTORE_WHY_DUPLICATE, directive->name);
	if (directive->state != VALUE_NONE)
		return fail(parser, PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS,
		            directive->name);
	parser->out->include_subdomains = true;
	return true;
}

/* P-9: one that cannot be used costs no pins (D-11). */
static bool
take_report_uri(struct parser *parser, const struct directive *directive)
{
	size_t use;

	if (!is_first(parser, SEEN_REPORT_URI))
		return fail(parser, PINSTORE_WHY_DUPLICATE, directive->name);
	if (directive->state == VALUE_NONE)
		return fail(parser, PINSTORE_WHY_VALUELESS_REPORT_URI,
		            directive->name);
	if (!ps_header_is_report_uri((const char *)parser->text,
	                             parser->text_len, &use)) {
		parser->out->departures |= PS_DEPARTURE_BAD_REPORT_URI;
		return true;
	}
	memcpy(parser->out->report_uri, parser->text, use);
	parser->out->report_uri[use] = '\0';
	return true;
}

/* The text of a pin-sha256. */
static bool
take_sha256(struct parser *parser, const struct directive *directive)
{
	struct ps_header *out = parser->out;
	struct pinstore_pin pin;
	size_t len;
	bool loose;

	if (!ps_base64_decode(parser->text, parser->text_len, parser->text,
	                      &len, &loose) ||
	    (loose && parser->strict))
		return fail(parser, PINSTORE_WHY_BAD_PIN, directive->name);
	if (len != PIN_LEN)
		return fail(parser, PINSTORE_WHY_PIN_LENGTH, directive->name);
	memcpy(pin.sha256, parser->text, PIN_LEN);
	if (loose)
		out->departures |= PS_DEPARTURE_PAD_BITS;
	if (ps_pins_has(out->pins.pin, out->pins.n, &pin, NULL))
		out->departures |= PS_DEPARTURE_DOUBLE_PIN;
	else if (!ps_pinset_add(&out->pins, &pin))
		return fail(parser, PINSTORE_WHY_LIMIT, directive->name);
	return true;
}

/* P-10: the quotes are asked of every algorithm (D-16). */
static bool
take_pin(struct parser *parser, const struct directive *directive)
{
	const size_t prefix = sizeof("pin-") - 1;

	if (directive->state != VALUE_QUOTED)
		return fail(parser, PINSTORE_WHY_UNQUOTED_PIN,
		            directive->name);
	if (ps_scan_is_word(directive->name + prefix,
	                    directive->name_len - prefix, "sha256"))
		return take_sha256(parser, directive);
	parser->out->unknown_algorithms++;
	parser->out->departures |= PS_DEPARTURE_UNKNOWN_ALGORITHM;
	return true;
}

static bool
take_directive(struct parser *parser, const struct directive *directive)
{
	const uint8_t *name = directive->name;
	size_t len = directive->name_len;

	unescape(parser, directive);
	if (ps_scan_is_word(name, len, "max-age"))
		return take_max_age(parser, directive);
	if (ps_scan_is_word(name, len, "includesubdomains"))
		return take_include_subdomains(parser, directive);
	if (ps_scan_is_word(name, len, "report-uri"))
		return take_report_uri(parser, directive);
	if (len > 4 && ps_scan_is_word(name, 4, "pin-"))
		return take_pin(parser, directive);
	parser->out->unknown_directives++;
	parser->out->departures |= PS_DEPARTURE_UNKNOWN_DIRECTIVE;
	return true;
}

/* P-7 to P-12, over a text that check_syntax() passed. */
static bool
take_all(struct parser *parser, enum pinstore_kind kind)
{
	struct directive directive;
	bool is_last = false;

	while (!is_last) {
		if (!lex_next(parser, &directive, &is_last))
			return false;
		if (directive.name_len > 0 &&
		    !take_directive(parser, &directive))
			return false;
	}
	if (kind == PINSTORE_PKP && (parser->seen & SEEN_MAX_AGE) == 0)
		return fail(parser, PINSTORE_WHY_NO_MAX_AGE, parser->scan.at);
	return true;
}

/* P-1: without the white space round it, and within the limit. */
static bool
trim(struct parser *parser)
{
	struct ps_scan *scan = &parser->scan;

	(void)ps_scan_skip_ows(scan);
	if (ps_scan_is_end(scan))
		return fail(parser, PINSTORE_WHY_EMPTY, parser->start);
	while (scan->end[-1] == ' ' || scan->end[-1] == '\t')
		scan->end--;
	if ((size_t)(scan->end - scan->at) > PS_HEADER_LEN_MAX)
		return fail(parser, PINSTORE_WHY_LIMIT,
		            scan->at + PS_HEADER_LEN_MAX);
	return true;
}

static void
reset(struct ps_header *out)
{
	memset(out, 0, sizeof(*out));
	out->max_age = -1;
}

void
ps_header_parse(const char *value, size_t len, enum pinstore_kind kind,
                bool strict, struct ps_header *out)
{
	struct parser parser;
	struct ps_header fault;
	struct ps_scan start;

	reset(out);
	ps_scan_init(&parser.scan, value, len);
	parser.start = parser.scan.at;
	parser.strict = strict;
	parser.seen = 0;
	parser.text_len = 0;
	parser.out = out;
	if (trim(&parser)) {
		start = parser.scan;
		if (check_syntax(&parser)) {
			parser.scan = start;
			if (take_all(&parser, kind))
				return;
		}
	}
	/* Nothing of a field that is ignored may be used (2.1, rule 4). */
	reset(&fault);
	fault.why = out->why;
	fault.syntax = out->syntax;
	fault.offset = out->offset;
	fault.departures = out->departures;
	*out = fault;
}

/* --------------------------------------------------------------- report-uri */

/* A port is up to five digits; none at all is the scheme's own. */
static bool
take_port(const char *text, size_t len, uint16_t *out)
{
	unsigned port = 0;
	size_t i;

	if (len > 5)
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (len == 0)
		return true;
	*out = (uint16_t)port;
	return port > 0 && port <= 65535;
}

/* A host that a client could ask, and a port; "user@" is no part of a host. */
static bool
take_authority(const char *text, size_t len, struct ps_report_uri *out)
{
	const char *colon;
	size_t host_len = len;

	colon = memchr(text, ':', len);
	if (len > 0 && text[0] == '[') {
		colon = memchr(text, ']', len);
		if (colon == NULL)
			return false;
		colon++;
		if (colon == text + len)
			colon = NULL;
		else if (*colon != ':')
			return false;
	}
	if (colon != NULL) {
		host_len = (size_t)(colon - text);
		if (!take_port(colon + 1, len - host_len - 1, &out->port))
			return false;
	}
	return ps_host_parse(text, host_len, &out->host, &out->kind) ==
	       PINSTORE_OK;
}

/* *use is the length without the fragment. */
static bool
split(const char *text, size_t len, struct ps_report_uri *out, size_t *use)
{
	const uint8_t *octets = (const uint8_t *)text;
	size_t start, end, i;

	*use = 0;
	if (len > PINSTORE_URI_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (octets[i] <= 0x20 || octets[i] >= 0x7f)
			return false;
	out->is_https = len >= 8 && ps_scan_is_word(octets, 8, "https://");
	out->port = out->is_https ? 443 : 80;
	if (out->is_https)
		start = 8;
	else if (len >= 7 && ps_scan_is_word(octets, 7, "http://"))
		start = 7;
	else
		return false;
	for (end = start; end < len; end++)
		if (text[end] == '/' || text[end] == '?' || text[end] == '#')
			break;
	if (!take_authority(text + start, end - start, out))
		return false;
	for (i = end; i < len && text[i] != '#'; i++)
		;
	*use = i;
	return true;
}

bool
ps_header_is_report_uri(const char *text, size_t len, size_t *use)
{
	struct ps_report_uri parts;

	return split(text, len, &parts, use);
}

bool
ps_header_split_report_uri(const char *text, size_t len,
                           struct ps_report_uri *out)
{
	size_t use;

	return split(text, len, out, &use);
}
