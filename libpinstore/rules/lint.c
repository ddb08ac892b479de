/*
 * lint.c - words for what a header departs in, and advice to its author.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "rules/lint.h"

#include <string.h>

#include "base/scan.h"

#define ADVICE_MAX 16
#define DAY INT64_C(86400)

/* ---------------------------------------------------------------- the fault */

/* The directive in which the grammar breaks, as far as it goes. */
struct broken {
	const uint8_t *name;
	size_t name_len;
	bool has_equals;
	int first; /* octet of the value, or -1 */
	int at;    /* the octet at fault, or -1 at the end */
};

static int
octet_at(const struct ps_scan *scan)
{
	return ps_scan_is_end(scan) ? -1 : *scan->at;
}

/* No semicolon lies between the directive's start and its fault. */
static void
find_broken(const uint8_t *value, size_t len, size_t offset,
            struct broken *out)
{
	struct ps_scan scan;
	size_t start = offset;

	while (start > 0 && value[start - 1] != ';')
		start--;
	out->at = offset < len ? value[offset] : -1;
	ps_scan_init(&scan, value + start, len - start);
	(void)ps_scan_skip_ows(&scan);
	out->name_len = ps_scan_token(&scan, &out->name);
	(void)ps_scan_skip_ows(&scan);
	out->has_equals = ps_scan_skip(&scan, '=');
	(void)ps_scan_skip_ows(&scan);
	out->first = octet_at(&scan);
}

static bool
is_name(const struct broken *broken, const char *name)
{
	return ps_scan_is_word(broken->name, broken->name_len, name);
}

static bool
is_pin(const struct broken *broken)
{
	return broken->name_len > 4 && ps_scan_is_word(broken->name, 4, "pin-");
}

/* One of U+2018 to U+201F in UTF-8. */
static bool
is_curly_quote(const uint8_t *text, size_t len)
{
	return len >= 3 && text[0] == 0xe2 && text[1] == 0x80 &&
	       text[2] >= 0x98 && text[2] <= 0x9f;
}

static bool
is_control(int octet)
{
	return (octet >= 0 && octet < 0x20 && octet != '\t') || octet == 0x7f;
}

/* Something stands where a semicolon should. */
static enum ps_lint_hint
hint_separator(const struct broken *broken)
{
	if (broken->at == ':' && (is_name(broken, "public-key-pins") ||
	                          is_name(broken,
	                                  "public-key-pins-report-only")))
		return PS_HINT_FIELD_NAME;
	if (broken->at == ',')
		return PS_HINT_COMMA;
	if (!broken->has_equals || broken->first == '"')
		return PS_HINT_SEMICOLON;
	if (is_pin(broken))
		return broken->first == '\'' ? PS_HINT_SINGLE_QUOTES
		                             : PS_HINT_QUOTE_PIN;
	if (is_name(broken, "report-uri"))
		return PS_HINT_QUOTE_URI;
	return PS_HINT_SEMICOLON;
}

/* "=" stands where the ABNF has none, or nothing that it wants behind it. */
static enum ps_lint_hint
hint_value(const struct broken *broken)
{
	if (broken->at == ' ' || broken->at == '\t')
		return PS_HINT_SPACE;
	if (broken->at < 0 || broken->at == ';')
		return PS_HINT_VALUE;
	if (is_pin(broken))
		return PS_HINT_QUOTE_PIN;
	if (is_name(broken, "report-uri"))
		return PS_HINT_QUOTE_URI;
	return PS_HINT_VALUE;
}

enum ps_lint_hint
ps_lint_hint(const struct ps_header *header, const char *value, size_t len)
{
	const uint8_t *octets = (const uint8_t *)value;
	struct broken broken;

	if (header->why != PINSTORE_WHY_MALFORMED || header->offset > len)
		return PS_HINT_NONE;
	find_broken(octets, len, header->offset, &broken);
	if (is_control(broken.at))
		return PS_HINT_CONTROL;
	if (is_curly_quote(octets + header->offset, len - header->offset))
		return PS_HINT_CURLY_QUOTE;
	switch (header->syntax) {
	case PINSTORE_SYNTAX_OK:
		return PS_HINT_NONE;
	case PINSTORE_SYNTAX_NAME:
		if (broken.at < 0 || broken.at == ';')
			return PS_HINT_EMPTY;
		return broken.at == ',' ? PS_HINT_COMMA : PS_HINT_NAME;
	case PINSTORE_SYNTAX_VALUE:
		return hint_value(&broken);
	case PINSTORE_SYNTAX_QUOTE:
		return PS_HINT_CLOSE_QUOTE;
	case PINSTORE_SYNTAX_SEP:
		/* Only the strict grammar stumbles over "max-age =". */
		return broken.at == '=' && broken.name_len > 0 &&
		       (octets[header->offset - 1] == ' ' ||
		        octets[header->offset - 1] == '\t') ?
		       PS_HINT_SPACE : hint_separator(&broken);
	}
	return PS_HINT_NONE;
}

static const char *
hint_sentence(enum ps_lint_hint hint)
{
	switch (hint) {
	case PS_HINT_NONE:
		break;
	case PS_HINT_FIELD_NAME:
		return "Give the value alone, without the field's name and "
		       "colon.";
	case PS_HINT_CONTROL:
		return "Take the control character out; a line end is no part "
		       "of a value.";
	case PS_HINT_CURLY_QUOTE:
		return "Write straight double quotes, not typographic ones.";
	case PS_HINT_COMMA:
		return "Write ';' between directives, not ','. Two fields that "
		       "a proxy or server has joined with a comma are ignored "
		       "whole: send one.";
	case PS_HINT_SINGLE_QUOTES:
		return "Write double quotes round the pin, not single ones: "
		       "pin-sha256=\"...\".";
	case PS_HINT_QUOTE_PIN:
		return "Write double quotes round the pin: pin-sha256=\"...\".";
	case PS_HINT_QUOTE_URI:
		return "Write double quotes round the URI: "
		       "report-uri=\"https://...\".";
	case PS_HINT_CLOSE_QUOTE:
		return "Close the double quotes.";
	case PS_HINT_EMPTY:
		return "Take out the empty directive: ';' stands only between "
		       "two directives.";
	case PS_HINT_SPACE:
		return "Leave no white space round '='.";
	case PS_HINT_VALUE:
		return "Write a value behind '=', in double quotes if it has "
		       "other octets than letters, digits and "
		       "!#$%&'*+-.^_`|~.";
	case PS_HINT_NAME:
		return "Begin each directive with its bare name, such as "
		       "max-age.";
	case PS_HINT_SEMICOLON:
		return "Write ';' between directives, and nothing else behind "
		       "a value.";
	}
	return NULL;
}

struct explained {
	enum pinstore_reason why;
	const char *sentence;
};

/* Faults that say themselves what is to be written. */
static const struct explained faults[] = {
	{ PINSTORE_WHY_EMPTY,
	  "Write max-age and at least two pins, one of them a backup." },
	{ PINSTORE_WHY_LIMIT,
	  "Stay within 8192 octets, 64 directives and 32 pins." },
	{ PINSTORE_WHY_DUPLICATE,
	  "Write max-age, includeSubDomains and report-uri once each." },
	{ PINSTORE_WHY_BAD_MAX_AGE,
	  "Write max-age as seconds in digits alone: max-age=5184000." },
	{ PINSTORE_WHY_NO_MAX_AGE,
	  "Add a max-age in seconds: max-age=5184000." },
	{ PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS,
	  "Write includeSubDomains alone, without '=' and value." },
	{ PINSTORE_WHY_VALUELESS_REPORT_URI,
	  "Give report-uri a value, or leave it out: "
	  "report-uri=\"https://...\"." },
	{ PINSTORE_WHY_UNQUOTED_PIN,
	  "Write double quotes round the pin: pin-sha256=\"...\"." },
	{ PINSTORE_WHY_BAD_PIN,
	  "Write the pin as 32 octets in base64: 43 of A-Z a-z 0-9 + / and one "
	  "'=', without spaces; not base64url." },
	{ PINSTORE_WHY_PIN_LENGTH,
	  "Pin a SHA-256 of the public key, which is 44 characters of base64; "
	  "this is of another length." },
};

static const char *
fault_sentence(const struct ps_lint_facts *facts)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].why == facts->header->why)
			return faults[i].sentence;
	return hint_sentence(facts->hint);
}

/* --------------------------------------------------------------- departures */

struct word {
	enum ps_departure departure;
	const char *word;
};

static const struct word words[] = {
	{ PS_DEPARTURE_EMPTY_DIRECTIVE, "empty-directive" },
	{ PS_DEPARTURE_SPACE_AROUND_EQUALS, "space-around-equals" },
	{ PS_DEPARTURE_PAD_BITS, "pad-bits" },
	{ PS_DEPARTURE_BAD_REPORT_URI, "bad-report-uri" },
	{ PS_DEPARTURE_UNKNOWN_ALGORITHM, "unknown-algorithm" },
	{ PS_DEPARTURE_UNKNOWN_DIRECTIVE, "unknown-directive" },
	{ PS_DEPARTURE_DOUBLE_PIN, "double-pin" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))
/* What the ABNF refuses and browsers took. */
#define RELAXED \
	((unsigned)PS_DEPARTURE_EMPTY_DIRECTIVE | \
	 (unsigned)PS_DEPARTURE_SPACE_AROUND_EQUALS | \
	 (unsigned)PS_DEPARTURE_PAD_BITS)

static bool
departs(const struct ps_lint_facts *facts, unsigned departure)
{
	return (facts->header->departures & departure) != 0;
}

const char *
ps_lint_departure(const struct ps_lint_facts *facts, size_t i)
{
	size_t k;

	for (k = 0; k < WORDS; k++)
		if (departs(facts, words[k].departure) && i-- == 0)
			return words[k].word;
	if (facts->is_suffix_dropped && i-- == 0)
		return "suffix";
	if (facts->is_folded && i-- == 0)
		return "folded";
	return facts->is_plain_http && i == 0 ? "plain-http" : NULL;
}

/* ------------------------------------------------------------------- advice */

struct advice {
	size_t n;
	const char *sentence[ADVICE_MAX];
};

static void
add(struct advice *advice, bool is_due, const char *sentence)
{
	if (is_due && sentence != NULL && advice->n < ADVICE_MAX)
		advice->sentence[advice->n++] = sentence;
}

/* Whether every pin is of a key that is in the chain already (R-4-2). */
static bool
lacks_backup(const struct ps_lint_facts *facts)
{
	const struct ps_pinset *pins = &facts->header->pins;
	size_t i;

	if (!facts->has_chain)
		return pins->n == 1;
	for (i = 0; i < pins->n; i++)
		if (!ps_policy_match(&pins->pin[i], 1, facts->chain,
		                     facts->n_chain, NULL, NULL))
			return false;
	return pins->n > 0;
}

/*
 * Pins that are copied from page to page: of the examples in RFC 7469 and in a
 * much read guide, and of no input at all, which is what a pipe gives whose
 * first command has failed.
 */
static const struct pinstore_pin copied[] = {
	{{0x77, 0xaa, 0xb3, 0x46, 0xef, 0x73, 0x38, 0x40, 0x9b, 0xf7, 0x45,
	  0x1e, 0xcf, 0x6e, 0xf1, 0x5a, 0x5b, 0x4d, 0xb2, 0x3d, 0x1e, 0xd4,
	  0xc7, 0x7b, 0x1a, 0x46, 0x18, 0x91, 0x5a, 0x19, 0x5a, 0x63}},
	{{0x13, 0xd0, 0x99, 0xf4, 0x83, 0x43, 0x6d, 0xdf, 0xb6, 0x79, 0x14,
	  0x28, 0xcd, 0x8a, 0xaa, 0x6d, 0x0d, 0xb2, 0x5c, 0xb5, 0x4a, 0x07,
	  0xdf, 0xb1, 0x72, 0x9a, 0xcc, 0x17, 0xee, 0x38, 0x53, 0x58}},
	{{0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b,
	  0x2a, 0xc5, 0xb9, 0xe2, 0x9e, 0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7,
	  0x42, 0x5e, 0x73, 0x04, 0x33, 0x62, 0x93, 0x8b, 0x98, 0x24}},
	{{0x71, 0x43, 0xdc, 0x4c, 0x06, 0x56, 0x29, 0xa0, 0x12, 0xb9, 0x85,
	  0xa1, 0x86, 0x77, 0x83, 0xb6, 0xd5, 0xa9, 0x63, 0x7a, 0x01, 0x02,
	  0x41, 0x37, 0x87, 0x6f, 0xac, 0xa1, 0x94, 0xbb, 0xb1, 0x6b}},
	{{0x33, 0xc1, 0xf3, 0xb4, 0x2c, 0xcc, 0xdd, 0xe9, 0x54, 0xc6, 0x47,
	  0x23, 0x47, 0x64, 0xb9, 0x3f, 0x88, 0x61, 0xc8, 0x13, 0x5f, 0xea,
	  0x51, 0xe4, 0x9a, 0x30, 0x07, 0x2a, 0x1a, 0x46, 0x3d, 0x61}},
	{{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	  0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	  0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}},
};

static bool
is_copied(const struct pinstore_pin *pin)
{
	size_t i;

	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		if (memcmp(pin, &copied[i], sizeof(*pin)) == 0)
			return true;
	return false;
}

/* No hash comes out with one octet all over, nor as letters of ASCII. */
static bool
is_invented(const struct pinstore_pin *pin)
{
	bool is_same = true, is_text = true;
	size_t i;

	for (i = 0; i < sizeof(pin->sha256); i++) {
		is_same = is_same && pin->sha256[i] == pin->sha256[0];
		is_text = is_text && pin->sha256[i] >= ' ' &&
		          pin->sha256[i] < 0x7f;
	}
	return is_same || is_text;
}

static bool
has_dummy(const struct ps_header *header)
{
	size_t i;

	for (i = 0; i < header->pins.n; i++)
		if (is_copied(&header->pins.pin[i]) ||
		    is_invented(&header->pins.pin[i]))
			return true;
	return false;
}

static bool
is_pinned(const struct ps_lint_facts *facts, const struct pinstore_pin *key)
{
	return ps_policy_match(facts->header->pins.pin, facts->header->pins.n,
	                       &key, 1, NULL, NULL);
}

/* Of the chain only keys of its authorities are pinned, not the leaf's. */
static bool
is_of_one_issuer(const struct ps_lint_facts *facts)
{
	size_t i;

	if (!facts->has_chain || facts->n_chain < 2 ||
	    is_pinned(facts, facts->chain[0]))
		return false;
	for (i = 1; i < facts->n_chain; i++)
		if (is_pinned(facts, facts->chain[i]))
			return true;
	return false;
}

/* What keeps the pins from doing what they are there for. */
static void
advise_on_pins(const struct ps_lint_facts *facts, struct advice *advice)
{
	const struct ps_header *header = facts->header;
	bool is_ro = facts->kind == PINSTORE_PKP_RO;

	add(advice, facts->why == PINSTORE_WHY_NO_MATCH,
	    "Pin a key of the chain that the server sends: none of these pins "
	    "is in it, and clients ignore the field.");
	add(advice, facts->plan != PS_PLAN_REMOVE && lacks_backup(facts),
	    "Add a backup pin, of a key that is not in the chain: without one "
	    "clients ignore the field, and a lost key locks them out.");
	add(advice, has_dummy(header),
	    "Pin keys that you hold: a pin among these is of no key, but made "
	    "up, or copied from an example, or the hash of no input.");
	add(advice, is_of_one_issuer(facts),
	    "Have the backup key ready for another issuer: only keys of this "
	    "one are pinned, whoever gets a certificate from it passes, and "
	    "when you have to leave it every client is locked out.");
	add(advice, facts->plan == PS_PLAN_UNPIN,
	    "Write max-age=0 if the pins are to be removed, else add a "
	    "pin-sha256: without one, clients that know the host drop its "
	    "pins.");
	add(advice, is_ro && header->pins.n == 0,
	    "Add a pin-sha256: without one there is nothing to report.");
	add(advice, departs(facts, PS_DEPARTURE_UNKNOWN_ALGORITHM),
	    "Write pin-sha256: pins of any other name are skipped.");
	add(advice, departs(facts, PS_DEPARTURE_DOUBLE_PIN),
	    "Write each pin once: the same pin again does not count.");
}

static void
advise_on_the_rest(const struct ps_lint_facts *facts, struct advice *advice)
{
	const struct ps_header *header = facts->header;
	bool is_ro = facts->kind == PINSTORE_PKP_RO;
	bool is_bad_uri = departs(facts, PS_DEPARTURE_BAD_REPORT_URI);

	add(advice, is_bad_uri,
	    "Write report-uri as an absolute http or https URI with a host, "
	    "without user name, in ASCII: this one is dropped.");
	add(advice, is_ro && header->report_uri[0] == '\0' && !is_bad_uri,
	    "Add a report-uri: without one a Report-Only field does nothing.");
	add(advice, departs(facts, PS_DEPARTURE_UNKNOWN_DIRECTIVE),
	    "Check the spelling of the directives that are not max-age, "
	    "pin-sha256, includeSubDomains or report-uri: they are skipped.");
	add(advice, facts->is_suffix_dropped,
	    "Leave includeSubDomains out: the host is a public suffix, whose "
	    "names belong to others, and clients drop it.");
	add(advice, is_ro && header->max_age >= 0,
	    "Leave max-age out: it means nothing in a Report-Only field.");
	add(advice, !is_ro && facts->cap > 0 && header->max_age > facts->cap,
	    "Expect pins to last no longer than the client's limit, which this "
	    "max-age exceeds.");
	add(advice, facts->plan == PS_PLAN_NOTE && header->max_age > DAY,
	    "If these pins are new, begin with Public-Key-Pins-Report-Only, "
	    "then with a max-age of a day or less, and let it grow.");
}

const char *
ps_lint_advice(const struct ps_lint_facts *facts, size_t i)
{
	struct advice advice = { 0 };

	add(&advice, facts->is_plain_http,
	    "Send the field by https alone: on plain http clients ignore it, "
	    "and anyone on the way can change it.");
	add(&advice, facts->is_folded,
	    "Write the field on one line: folding is obsolete, and some "
	    "clients read the first line alone.");
	if (facts->header->why != PINSTORE_WHY_OK) {
		add(&advice, true, fault_sentence(facts));
	} else {
		advise_on_pins(facts, &advice);
		advise_on_the_rest(facts, &advice);
	}
	add(&advice, departs(facts, RELAXED),
	    "Keep to the letter of RFC 7469, for clients stricter than this "
	    "one: no empty directive, no white space round '=', no stray bits "
	    "at a pin's end.");
	return i < advice.n ? advice.sentence[i] : NULL;
}
