/*
 * header.h - the value of a Public-Key-Pins field (RFC 7469, 2.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_MODEL_HEADER_H
#define PS_MODEL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/host.h"
#include "model/pinset.h"

#define PS_HEADER_LEN_MAX 8192
#define PS_HEADER_DIRECTIVES_MAX 64
/* Larger numbers count as this one (RFC 7234, 1.2.1). */
#define PS_HEADER_MAX_AGE_MAX INT64_C(2147483648)

/* Ways in which an accepted field leaves the RFC, or loses something. */
enum ps_departure {
	PS_DEPARTURE_EMPTY_DIRECTIVE = 1 << 0,
	PS_DEPARTURE_SPACE_AROUND_EQUALS = 1 << 1,
	PS_DEPARTURE_PAD_BITS = 1 << 2,
	/* The grammar has nothing against these. */
	PS_DEPARTURE_BAD_REPORT_URI = 1 << 3,    /* dropped */
	PS_DEPARTURE_UNKNOWN_ALGORITHM = 1 << 4, /* skipped */
	PS_DEPARTURE_UNKNOWN_DIRECTIVE = 1 << 5, /* skipped */
	PS_DEPARTURE_DOUBLE_PIN = 1 << 6         /* counts once */
};

struct ps_header {
	enum pinstore_reason why;    /* OK, or why the field is ignored */
	enum pinstore_syntax syntax; /* if why is MALFORMED */
	size_t offset;               /* of the first fault, in octets */
	int64_t max_age;             /* seconds, saturated; -1 = none */
	bool include_subdomains;
	unsigned departures;         /* of enum ps_departure */
	unsigned unknown_directives;
	unsigned unknown_algorithms; /* pins of other algorithms */
	struct ps_pinset pins;
	char report_uri[PINSTORE_URI_MAX + 1]; /* "" = none; no fragment */
};

/*
 * Parse len octets, unfolded.  Whether the field can be used is in out->why.
 * If it is not PINSTORE_WHY_OK, nothing of the field is in *out but syntax,
 * offset, and the departures up to there.
 *
 * The offset is that of the octet which breaks the grammar, else of the
 * directive which is at fault; the end of the text where something is missing.
 */
void
ps_header_parse(const char *value, size_t len, enum pinstore_kind kind,
                bool strict, struct ps_header *out);

/*
 * Whether text is a report-uri that can be used: absolute, http or https, with
 * a host that ps_host_parse() takes, without userinfo, visible ASCII, within
 * PINSTORE_URI_MAX octets.  *use is its length without the fragment.
 */
bool
ps_header_is_report_uri(const char *text, size_t len, size_t *use);

/* Whom a report-uri asks. */
struct ps_report_uri {
	bool is_https;
	struct ps_host host;
	enum pinstore_host_kind kind;
	uint16_t port; /* the scheme's own if it names none */
};

/* The same, and to whom it leads; false if it cannot be used. */
bool
ps_header_split_report_uri(const char *text, size_t len,
                           struct ps_report_uri *out);

#endif /* PS_MODEL_HEADER_H */
