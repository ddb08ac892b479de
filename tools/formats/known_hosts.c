/*
 * known_hosts.c - GnuTLS's known_hosts: keys and hashes of keys that are known.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	|g0|example.test|443|0|BASE64 OF THE KEY
 *	|c0|example.test|443|1798761600|6|HEX OF ITS SHA-256
 *
 * All lines of a host are parts of what is known of it; the service is left
 * out, as pins are of a host and not of a port.
 */
#include <config.h>

#include "formats/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "common/memory.h"
#include "common/pin.h"

#define FIELDS 6
#define HEX_LEN 64
#define LABEL "PUBLIC KEY"

/* Empty ones do not count: GnuTLS takes it so. */
static size_t
divide(char *text, char *fields[FIELDS])
{
	size_t n = 0;

	while (n < FIELDS) {
		text += strspn(text, "|");
		if (*text == '\0')
			break;
		fields[n++] = text;
		text += strcspn(text, "|");
		if (*text == '\0')
			break;
		*text++ = '\0';
	}
	return n;
}

/* As PEM it is what everybody reads. */
static bool
take_key(const char *text, struct pinstore_pin *out)
{
	char *pem = tool_format("-----BEGIN " LABEL "-----\n%s\n"
	                        "-----END " LABEL "-----\n", text);
	gnutls_datum_t from = {(unsigned char *)pem, (unsigned)strlen(pem)};
	gnutls_datum_t der = {NULL, 0};
	enum pinstore_status status = PINSTORE_ERR_CHAIN;
	int code;

	code = gnutls_pem_base64_decode2(LABEL, &from, &der);
	if (code == GNUTLS_E_MEMORY_ERROR)
		tool_no_memory();
	if (code == 0)
		status = pinstore_pin_from_public_key(der.data, der.size, out);
	gnutls_free(der.data);
	free(pem);
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	return status == PINSTORE_OK;
}

/* A hash, of a kind by its number in GnuTLS. */
static bool
take_hash(const char *kind, const char *text, struct pinstore_pin *out,
          enum skip *why)
{
	int64_t number;

	*why = SKIP_OTHER_HASH;
	if (!intake_number(kind, &number) || number != GNUTLS_DIG_SHA256)
		return false;
	*why = SKIP_PIN;
	return strlen(text) == HEX_LEN && tool_pin_parse(text, out);
}

static bool
take_pin(char *fields[FIELDS], size_t n, struct pinstore_pin *out,
         enum skip *why)
{
	*why = SKIP_MALFORMED;
	if (n == 5 && strcmp(fields[0], "g0") == 0) {
		*why = SKIP_PIN;
		return take_key(fields[4], out);
	}
	return n == 6 && strcmp(fields[0], "c0") == 0 &&
	       take_hash(fields[4], fields[5], out, why);
}

void
gnutls_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	struct pinstore_import_item item;
	struct pinstore_pin pin;
	char *fields[FIELDS];
	int64_t expires;
	enum skip why = SKIP_MALFORMED;
	size_t n;

	/* White space ends a line there. */
	len = strcspn(text, " \t\r");
	text[len] = '\0';
	if (len == 0)
		return;
	n = divide(text, fields);
	if (text[0] != '|' || !take_pin(fields, n, &pin, &why)) {
		intake_skip(intake, number, why);
		return;
	}
	if (!intake_number(fields[3], &expires)) {
		intake_skip(intake, number, SKIP_TIME);
		return;
	}
	if (expires > 0 && expires < intake->now) {
		intake_skip(intake, number, SKIP_EXPIRED);
		return;
	}
	intake_item(intake, number, fields[1], &pin, 1, &item);
	if (expires > 0)
		item.expires = expires;
	item.is_part = 1;
	intake_add(intake, &item);
}

void
gnutls_entry(struct output *output, const struct pinstore_entry *entry)
{
	int64_t expires = pinstore_entry_expires(entry);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_HEX, text);
		fprintf(output->out, "|c0|%s|*|%" PRId64 "|%d|%s\n",
		        pinstore_entry_host(entry),
		        expires == PINSTORE_NEVER ? 0 : expires,
		        (int)GNUTLS_DIG_SHA256, text);
	}
}
