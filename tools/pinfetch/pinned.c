/*
 * pinned.c - --pinnedpubkey: pins beside those of the store.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/pinned.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "common/memory.h"
#include "common/pin.h"
#include "pinfetch/material.h"

static void
add(struct fetch_options *options, const struct pinstore_pin *pin)
{
	options->pinned = tool_grow(options->pinned, options->n_pinned,
	                            sizeof(*options->pinned));
	options->pinned[options->n_pinned++] = *pin;
}

static bool
read_list(const char *argument, struct fetch_options *options,
          struct tool_fault *fault)
{
	while (*argument) {
		size_t n = strcspn(argument, ";");
		char *text = tool_copy(argument, n);
		struct pinstore_pin pin;
		bool is_good = strncmp(text, "sha256//", 8) == 0 &&
		               tool_pin_parse(text, &pin);

		if (is_good)
			add(options, &pin);
		else
			tool_fault_usage(fault, "--pinnedpubkey",
			                 "write sha256//BASE64;sha256//BASE64",
			                 "'%s' is no pin", text);
		free(text);
		if (!is_good)
			return false;
		argument += n + (argument[n] == ';');
	}
	return true;
}

static bool
read_key(const char *path, struct fetch_options *options,
         struct tool_fault *fault)
{
	gnutls_datum_t text = {0};
	gnutls_datum_t der = {0};
	struct pinstore_pin pin;
	size_t len;
	char *file = fetch_material_read("--pinnedpubkey", path, &len, fault);
	bool is_good;

	if (!file)
		return false;
	if (len > UINT_MAX)
		len = 0;
	text.data = (unsigned char *)file;
	text.size = (unsigned)len;
	if (gnutls_pem_base64_decode2("PUBLIC KEY", &text, &der))
		is_good = !pinstore_pin_from_public_key(text.data, text.size,
		                                        &pin);
	else
		is_good = !pinstore_pin_from_public_key(der.data, der.size,
		                                        &pin);
	gnutls_free(der.data);
	free(file);
	if (is_good)
		add(options, &pin);
	else
		tool_fault_usage(fault, "--pinnedpubkey",
		                 "pinstore hash tells the pin of a file",
		                 "%s: no public key in PEM or DER", path);
	return is_good;
}

bool
fetch_pinned_read(const char *argument, struct fetch_options *options,
                  struct tool_fault *fault)
{
	free(options->pinned);
	options->pinned = NULL;
	options->n_pinned = 0;
	options->has_pinned = true;
	return strncmp(argument, "sha256//", 8) == 0
	               ? read_list(argument, options, fault)
	               : read_key(argument, options, fault);
}

bool
fetch_pinned_matches(const struct fetch_options *options,
                     const struct pinstore_chain *chain)
{
	size_t n = chain ? pinstore_chain_length(chain) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct pinstore_pin *pin = pinstore_chain_pin(chain, i);

		for (size_t j = 0; pin && j < options->n_pinned; j++)
			if (tool_pin_equal(pin, &options->pinned[j]))
				return true;
	}
	return false;
}
