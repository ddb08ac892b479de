/*
 * okhttp.c - OkHttp's CertificatePinner, to be put into a program in Java.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/format.h"

#include "common/pin.h"

void
okhttp_head(struct output *output)
{
	fputs("CertificatePinner certificatePinner = "
	      "new CertificatePinner.Builder()\n", output->out);
}

void
okhttp_entry(struct output *output, const struct pinstore_entry *entry)
{
	/* Two stars are any number of labels, none included. */
	const char *wildcard = pinstore_entry_include_subdomains(entry)
	                               ? "**."
	                               : "";
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	size_t i, n;

	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_OKHTTP, text);
		fprintf(output->out, "    .add(\"%s%s\", \"%s\")\n", wildcard,
		        pinstore_entry_host(entry), text);
	}
}

void
okhttp_foot(struct output *output)
{
	fputs("    .build();\n", output->out);
}
