/*
 * header_cases.h - the field values of requirements section 3, with what a
 * client makes of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HDR-01 to HDR-60 are its T01 to T60.  The host is known, the connection is
 * secure and its pins passed; the chain's only pin is PIN_A.
 */
#ifndef TESTS_SUPPORT_HEADER_CASES_H
#define TESTS_SUPPORT_HEADER_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/header.h"

#define PIN_A_BARE "BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k"
#define PIN_B_BARE "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define PIN_C_BARE "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"
#define PIN_A PIN_A_BARE "="
#define PIN_B PIN_B_BARE "=" /* 32 octets of 2 */
#define PIN_C PIN_C_BARE "=" /* 32 octets of 3 */

static const struct pinstore_pin pin_a = {
	{ 0x06, 0xe3, 0xfd, 0x8f, 0xda, 0x29, 0xbb, 0x60, 0xab, 0x59, 0x55,
	  0x7d, 0xe6, 0x1e, 0xdb, 0x0a, 0xec, 0xdb, 0x23, 0x11, 0x34, 0xbe,
	  0x30, 0xe7, 0x5b, 0x45, 0x5f, 0x8e, 0x1b, 0x79, 0x2f, 0xa9 }
};

struct header_fault {
	enum pinstore_reason why;
	enum pinstore_syntax syntax;
	size_t offset;
};

struct header_case {
	const char *id;
	enum pinstore_kind kind;
	const char *value;
	struct header_fault loose;  /* by the default grammar */
	struct header_fault strict; /* by the ABNF */
	/* What the default grammar makes of it. */
	int64_t max_age;
	bool include_subdomains;
	size_t n_pins;
	unsigned unknown_directives;
	unsigned unknown_algorithms;
	const char *report_uri;
	unsigned departures;
	const char *plan; /* NOTE, REMOVE, UNPIN, REPORT, PASS or IGNORE */
	enum pinstore_reason plan_why;
};

#define FINE { PINSTORE_WHY_OK, PINSTORE_SYNTAX_OK, 0 }
#define GRAMMAR(rule, offset) \
	{ PINSTORE_WHY_MALFORMED, PINSTORE_SYNTAX_##rule, offset }
#define MEANING(why, offset) \
	{ PINSTORE_WHY_##why, PINSTORE_SYNTAX_OK, offset }

static const struct header_case header_cases[] = {
	/* plain (R-2.1-2) */
	{ "HDR-01", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* no whitespace, order shuffled */
	{ "HDR-02", PINSTORE_PKP,
	  "pin-sha256=\"" PIN_B "\";max-age=3000;pin-sha256=\"" PIN_A "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* OWS (SP and HTAB) at both ends and around ; (P-1, P-6) */
	{ "HDR-03", PINSTORE_PKP,
	  " \tmax-age=3000\t ;\t pin-sha256=\"" PIN_A "\" ; pin-sha256=\""
	         PIN_B "\"\t",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* names are case-insensitive (R-2.1-6, R-2.1.1-7) */
	{ "HDR-04", PINSTORE_PKP,
	  "MAX-AGE=3000; PIN-ShA256=\"" PIN_A "\"; pIn-sha256=\"" PIN_B
	         "\"; INCLUDESUBDOMAINS; "
	         "Report-URI=\"https://r.example/x\"",
	  FINE, FINE,
	  3000, true, 2, 0, 0, "https://r.example/x",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* trailing ; (D-01, R-2.1-15, P-2) */
	{ "HDR-05", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\";",
	  FINE, GRAMMAR(NAME, 131),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_EMPTY_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* leading ; (D-01) */
	{ "HDR-06", PINSTORE_PKP,
	  ";max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, GRAMMAR(NAME, 0),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_EMPTY_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* empty directive ;; (D-01) */
	{ "HDR-07", PINSTORE_PKP,
	  "max-age=3000;; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, GRAMMAR(NAME, 13),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_EMPTY_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* empty field value (P-1) */
	{ "HDR-08", PINSTORE_PKP,
	  " ",
	  MEANING(EMPTY, 0), MEANING(EMPTY, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_EMPTY },
	/* whitespace before = (P-3) */
	{ "HDR-09", PINSTORE_PKP,
	  "max-age =3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, GRAMMAR(SEP, 8),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_SPACE_AROUND_EQUALS, "NOTE", PINSTORE_WHY_OK },
	/* whitespace after = */
	{ "HDR-10", PINSTORE_PKP,
	  "max-age= 3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, GRAMMAR(VALUE, 8),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_SPACE_AROUND_EQUALS, "NOTE", PINSTORE_WHY_OK },
	/* quoted delta-seconds (R-2.1.2-4, P-7) */
	{ "HDR-11", PINSTORE_PKP,
	  "max-age=\"3000\"; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* quoted-pair inside max-age (R-2.1-12, P-4) */
	{ "HDR-12", PINSTORE_PKP,
	  "max-age=\"30\\00\"; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* quoted but empty */
	{ "HDR-13", PINSTORE_PKP,
	  "max-age=\"\"; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(BAD_MAX_AGE, 0), MEANING(BAD_MAX_AGE, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_MAX_AGE },
	/* = without value (R-2.1-3, P-5) */
	{ "HDR-14", PINSTORE_PKP,
	  "max-age=; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  GRAMMAR(VALUE, 8), GRAMMAR(VALUE, 8),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* valueless max-age */
	{ "HDR-15", PINSTORE_PKP,
	  "max-age; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(BAD_MAX_AGE, 0), MEANING(BAD_MAX_AGE, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_MAX_AGE },
	/* - is a tchar but not a DIGIT */
	{ "HDR-16", PINSTORE_PKP,
	  "max-age=-1; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(BAD_MAX_AGE, 0), MEANING(BAD_MAX_AGE, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_MAX_AGE },
	/* decimal point */
	{ "HDR-17", PINSTORE_PKP,
	  "max-age=3000.0; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(BAD_MAX_AGE, 0), MEANING(BAD_MAX_AGE, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_MAX_AGE },
	/* overflow saturates, then cap */
	{ "HDR-18", PINSTORE_PKP,
	  "max-age=99999999999999999999999; " "pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  INT64_C(2147483648), false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* bare removal (D-07, P-13) */
	{ "HDR-19", PINSTORE_PKP,
	  "max-age=0",
	  FINE, FINE,
	  0, false, 0, 0, 0, "",
	  0, "REMOVE", PINSTORE_WHY_OK },
	/* zero with leading zeros, no matching pin (D-07) */
	{ "HDR-20", PINSTORE_PKP,
	  "max-age=000; includeSubDomains; " "pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  0, true, 1, 0, 0, "",
	  0, "REMOVE", PINSTORE_WHY_OK },
	/* duplicate, same value (R-2.1-5) */
	{ "HDR-21", PINSTORE_PKP,
	  "max-age=3000; max-age=3000; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(DUPLICATE, 14), MEANING(DUPLICATE, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_DUPLICATE },
	/* duplicate in other case */
	{ "HDR-22", PINSTORE_PKP,
	  "max-age=3000; includeSubDomains; "
	         "INCLUDEsubdomains; pin-sha256=\"" PIN_A "\"; pin-sha256=\""
	         PIN_B "\"",
	  MEANING(DUPLICATE, 33), MEANING(DUPLICATE, 33),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_DUPLICATE },
	/* value on a valueless directive (R-2.1.3-2, P-8) */
	{ "HDR-23", PINSTORE_PKP,
	  "max-age=3000; includeSubDomains=true; " "pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(VALUED_INCLUDE_SUBDOMAINS, 14),
	  MEANING(VALUED_INCLUDE_SUBDOMAINS, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS },
	/* empty quoted value on a valueless directive (D-02) */
	{ "HDR-24", PINSTORE_PKP,
	  "max-age=3000; includeSubDomains=\"\"; " "pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(VALUED_INCLUDE_SUBDOMAINS, 14),
	  MEANING(VALUED_INCLUDE_SUBDOMAINS, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_VALUED_INCLUDE_SUBDOMAINS },
	/* unquoted pin (second = ends the token) (R-2.1.1-1) */
	{ "HDR-25", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=" PIN_A "; pin-sha256=\"" PIN_B "\"",
	  GRAMMAR(SEP, 68), GRAMMAR(SEP, 68),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* unquoted pin that is a legal token (P-10) */
	{ "HDR-26", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=" PIN_A_BARE "; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(UNQUOTED_PIN, 14), MEANING(UNQUOTED_PIN, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_UNQUOTED_PIN },
	/* padding missing */
	{ "HDR-27", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B_BARE
	         "\"",
	  MEANING(BAD_PIN, 73), MEANING(BAD_PIN, 73),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_PIN },
	/* base64url alphabet */
	{ "HDR-28", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; "
	         "pin-sha256=\"__-_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\"",
	  MEANING(BAD_PIN, 73), MEANING(BAD_PIN, 73),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_PIN },
	/* non-zero pad bits (D-17) */
	{ "HDR-29", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; "
	         "pin-sha256=\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ=\"",
	  FINE, MEANING(BAD_PIN, 73),
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_PAD_BITS, "NOTE", PINSTORE_WHY_OK },
	/* 20-byte digest */
	{ "HDR-30", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; "
	         "pin-sha256=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"",
	  MEANING(PIN_LENGTH, 73), MEANING(PIN_LENGTH, 73),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_PIN_LENGTH },
	/* quoted-pair in a pin value */
	{ "HDR-31", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"\\" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "NOTE", PINSTORE_WHY_OK },
	/* unknown algorithm skipped (R-2.1.1-2, R-2.1.1-4, R-2.4-3) */
	{ "HDR-32", PINSTORE_PKP,
	  "max-age=3000; " "pin-sha1=\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"; "
	         "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 1, "",
	  PS_DEPARTURE_UNKNOWN_ALGORITHM, "NOTE", PINSTORE_WHY_OK },
	/* only unknown algorithms: effective pin set empty (D-03, P-14) */
	{ "HDR-33", PINSTORE_PKP,
	  "max-age=3000; pin-sha512=\"x y z\"",
	  FINE, FINE,
	  3000, false, 0, 0, 1, "",
	  PS_DEPARTURE_UNKNOWN_ALGORITHM, "UNPIN", PINSTORE_WHY_NO_PINS },
	/* unknown algorithm, value not a quoted-string (D-16) */
	{ "HDR-34", PINSTORE_PKP,
	  "max-age=3000; pin-sha512=abc; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(UNQUOTED_PIN, 14), MEANING(UNQUOTED_PIN, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_UNQUOTED_PIN },
	/*
	 * R-2.1-8, P-11: unknown directives: separators inside quotes,
	 * valueless, repeated (D-18)
	 */
	{ "HDR-35", PINSTORE_PKP,
	  "max-age=3000; foo=\"a;b,\\\"c\"; strict; " "foo=1; pin-sha256=\""
	         PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 3, 0, "",
	  PS_DEPARTURE_UNKNOWN_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* two fields joined by a comma (D-19) */
	{ "HDR-36", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\", max-age=0",
	  GRAMMAR(SEP, 130), GRAMMAR(SEP, 130),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* unterminated quoted-string */
	{ "HDR-37", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B,
	  GRAMMAR(QUOTE, 129), GRAMMAR(QUOTE, 129),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* control octet inside quotes */
	{ "HDR-38", PINSTORE_PKP,
	  "max-age=3000; foo=\"a\001\"; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  GRAMMAR(QUOTE, 20), GRAMMAR(QUOTE, 20),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* unquoted URI (: and / are not tchar) */
	{ "HDR-39", PINSTORE_PKP,
	  "max-age=3000; " "report-uri=https://r.example/x; " "pin-sha256=\""
	         PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  GRAMMAR(SEP, 30), GRAMMAR(SEP, 30),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* relative URI (D-11) */
	{ "HDR-40", PINSTORE_PKP,
	  "max-age=3000; report-uri=\"/pkp\"; " "pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_BAD_REPORT_URI, "NOTE", PINSTORE_WHY_OK },
	/* scheme other than http/https (D-11) */
	{ "HDR-41", PINSTORE_PKP,
	  "max-age=3000; " "report-uri=\"ftp://r.example/x\"; "
	         "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_BAD_REPORT_URI, "NOTE", PINSTORE_WHY_OK },
	/* empty quoted URI (D-11) */
	{ "HDR-42", PINSTORE_PKP,
	  "max-age=3000; report-uri=\"\"; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  PS_DEPARTURE_BAD_REPORT_URI, "NOTE", PINSTORE_WHY_OK },
	/* valueless report-uri (D-11, P-9) */
	{ "HDR-43", PINSTORE_PKP,
	  "max-age=3000; report-uri; pin-sha256=\"" PIN_A "\"; pin-sha256=\""
	         PIN_B "\"",
	  MEANING(VALUELESS_REPORT_URI, 14), MEANING(VALUELESS_REPORT_URI, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_VALUELESS_REPORT_URI },
	/* duplicate report-uri */
	{ "HDR-44", PINSTORE_PKP,
	  "max-age=3000; " "report-uri=\"https://a.example/\"; "
	         "report-uri=\"https://a.example/\"; " "pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(DUPLICATE, 47), MEANING(DUPLICATE, 47),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_DUPLICATE },
	/* valueless pin */
	{ "HDR-45", PINSTORE_PKP,
	  "max-age=3000; pin-sha256; pin-sha256=\"" PIN_A "\"; pin-sha256=\""
	         PIN_B "\"",
	  MEANING(UNQUOTED_PIN, 14), MEANING(UNQUOTED_PIN, 14),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_UNQUOTED_PIN },
	/* name is pin- with an empty algorithm: just an unknown directive */
	{ "HDR-46", PINSTORE_PKP,
	  "max-age=3000; pin-=\"x\"; pin-sha256=\"" PIN_A "\"; pin-sha256=\""
	         PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 1, 0, "",
	  PS_DEPARTURE_UNKNOWN_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* single quotes are tchar, second = breaks it */
	{ "HDR-47", PINSTORE_PKP,
	  "max-age=3000; pin-sha256='" PIN_A "'; pin-sha256=\"" PIN_B "\"",
	  GRAMMAR(SEP, 69), GRAMMAR(SEP, 69),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* no backup (P-15, R-4.3-1) */
	{ "HDR-48", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"",
	  FINE, FINE,
	  3000, false, 1, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_NO_BACKUP },
	/* same pin twice is one pin */
	{ "HDR-49", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_A "\"",
	  FINE, FINE,
	  3000, false, 1, 0, 0, "",
	  PS_DEPARTURE_DOUBLE_PIN, "IGNORE", PINSTORE_WHY_NO_BACKUP },
	/* no pin matches the chain */
	{ "HDR-50", PINSTORE_PKP,
	  "max-age=3000; pin-sha256=\"" PIN_B "\"; pin-sha256=\"" PIN_C "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_NO_MATCH },
	/* non-zero max-age, no pin at all (D-03) */
	{ "HDR-51", PINSTORE_PKP,
	  "max-age=3000",
	  FINE, FINE,
	  3000, false, 0, 0, 0, "",
	  0, "UNPIN", PINSTORE_WHY_NO_PINS },
	/* max-age missing (R-2.1.2-2, P-12) */
	{ "HDR-52", PINSTORE_PKP,
	  "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  MEANING(NO_MAX_AGE, 116), MEANING(NO_MAX_AGE, 116),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_NO_MAX_AGE },
	/* PKP-RO without max-age */
	{ "HDR-53", PINSTORE_PKP_RO,
	  "pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"; report-uri=\"https://r.example/x\"",
	  FINE, FINE,
	  -1, false, 2, 0, 0, "https://r.example/x",
	  0, "PASS", PINSTORE_WHY_OK },
	/* PKP-RO with a bad max-age (D-21) */
	{ "HDR-54", PINSTORE_PKP_RO,
	  "max-age=abc; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"; report-uri=\"https://r.example/x\"",
	  MEANING(BAD_MAX_AGE, 0), MEANING(BAD_MAX_AGE, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_BAD_MAX_AGE },
	/* PKP-RO, chain does not match */
	{ "HDR-55", PINSTORE_PKP_RO,
	  "max-age=3000; pin-sha256=\"" PIN_B "\"; pin-sha256=\"" PIN_C
	         "\"; report-uri=\"https://r.example/x\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "https://r.example/x",
	  0, "REPORT", PINSTORE_WHY_OK },
	/* PKP-RO without report-uri (R-2.3.2-4) */
	{ "HDR-56", PINSTORE_PKP_RO,
	  "max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_NO_REPORT_URI },
	/* obs-text inside quotes */
	{ "HDR-57", PINSTORE_PKP,
	  "max-age=3000; foo=\"caf\351\"; pin-sha256=\"" PIN_A
	         "\"; pin-sha256=\"" PIN_B "\"",
	  FINE, FINE,
	  3000, false, 2, 1, 0, "",
	  PS_DEPARTURE_UNKNOWN_DIRECTIVE, "NOTE", PINSTORE_WHY_OK },
	/* obs-text in a name */
	{ "HDR-58", PINSTORE_PKP,
	  "caf\351=1; max-age=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\""
	         PIN_B "\"",
	  GRAMMAR(SEP, 3), GRAMMAR(SEP, 3),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* quoted name */
	{ "HDR-59", PINSTORE_PKP,
	  "\"max-age\"=3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"",
	  GRAMMAR(NAME, 0), GRAMMAR(NAME, 0),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
	/* junk after a value */
	{ "HDR-60", PINSTORE_PKP,
	  "max-age=3000 3000; pin-sha256=\"" PIN_A "\"; pin-sha256=\"" PIN_B
	         "\"",
	  GRAMMAR(SEP, 13), GRAMMAR(SEP, 13),
	  -1, false, 0, 0, 0, "",
	  0, "IGNORE", PINSTORE_WHY_MALFORMED },
};

#define HEADER_CASES (sizeof(header_cases) / sizeof(header_cases[0]))

#endif /* TESTS_SUPPORT_HEADER_CASES_H */
