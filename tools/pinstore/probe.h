/*
 * probe.h - what was found of a host that was connected to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_PROBE_H
#define TOOL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

#include "talk.h"
#include "verb.h"

/* The list that a server sends is cut behind so many. */
#define PROBE_SERVED_MAX 32
/* Fields of pins in one answer that are looked at. */
#define PROBE_FIELDS_MAX 8
#define PROBE_VERSIONS_MAX 2

struct probe_certificate {
	char *subject; /* not escaped; NULL = cannot be read */
	char *issuer;
	const char *key; /* the kind of key, of so many bits; static or NULL */
	unsigned bits;
	int64_t from, until;
	bool has_pin;
	struct pinstore_pin pin;
	bool is_on_path;
	bool is_served;
};

struct probe_field {
	bool is_report_only;
	char *value;
};

struct probe_ocsp {
	bool is_stapled;
	const char *status; /* good, revoked, unknown; malformed */
	int64_t this_update, next_update; /* PINSTORE_NEVER = not told */
	bool is_checked; /* it counted when the certificate was verified */
};

struct probe_resumption {
	const char *version; /* of TLS */
	enum talk_offer offer;
	bool is_resumed; /* and it was taken up */
};

struct probe {
	char host[PINSTORE_HOST_MAX + 1];
	uint16_t port;
	const char *version;
	struct probe_certificate served[PROBE_SERVED_MAX];
	size_t n_served;
	struct probe_certificate path[PROBE_SERVED_MAX];
	size_t n_path;
	struct pinstore_chain *chain; /* NULL = not valid: error */
	struct pinstore_error error;
	struct probe_ocsp ocsp;
	struct probe_resumption resumption[PROBE_VERSIONS_MAX];
	size_t n_resumption;
	bool is_http;
	struct probe_field field[PROBE_FIELDS_MAX];
	size_t n_fields;
	bool has_store;
	enum pinstore_verdict verdict;
	enum tool_cause cause; /* of a refusal */
	char *likely;          /* its sentence, or NULL */
	struct pinstore_result *result;
};

/* probeview.c */
void
probe_print_json(const struct probe *probe, const struct run *run);
void
probe_print(const struct probe *probe, const struct run *run);

#endif /* TOOL_PROBE_H */
