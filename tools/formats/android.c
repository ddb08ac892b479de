/*
 * android.c - Android's network-security-config, to be put into an app.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/format.h"

#include "common/pin.h"
#include "common/when.h"

void
nsc_head(struct output *output)
{
	fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	      "<network-security-config>\n", output->out);
}

void
nsc_entry(struct output *output, const struct pinstore_entry *entry)
{
	int64_t expires = pinstore_entry_expires(entry);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	char date[TOOL_TIME_TEXT];
	FILE *out = output->out;
	size_t i, n;

	fprintf(out,
	        "    <domain-config>\n"
	        "        <domain includeSubdomains=\"%s\">%s</domain>\n"
	        "        <pin-set",
	        pinstore_entry_include_subdomains(entry) ? "true" : "false",
	        pinstore_entry_host(entry));
	if (expires != PINSTORE_NEVER) {
		tool_date_print(expires, date);
		fprintf(out, " expiration=\"%s\"", date);
	}
	fputs(">\n", out);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_BARE, text);
		fprintf(out, "            <pin digest=\"SHA-256\">%s</pin>\n",
		        text);
	}
	fputs("        </pin-set>\n    </domain-config>\n", out);
}

void
nsc_foot(struct output *output)
{
	fputs("</network-security-config>\n", output->out);
}
