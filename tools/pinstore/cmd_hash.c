/*
 * cmd_hash.c - pinstore hash FILE...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include <string.h>

#include "common/json.h"
#include "common/pin.h"
#include "keys.h"
#include "verb.h"

static void
print_json(const struct keys *keys, FILE *out)
{
	json_t *array = tool_json_array(), *one;
	const struct key *key;
	size_t i;

	for (i = 0; i < keys->n; i++) {
		key = &keys->key[i];
		one = tool_json_object();
		tool_json_add(one, "file", tool_json_text(key->file));
		tool_json_add(one, "n", tool_json_integer((int64_t)key->n));
		tool_json_add(one, "kind",
		              tool_json_text(key_kind_word(key->kind)));
		tool_json_add(one, "subject", tool_json_text(key->subject));
		tool_json_add(one, "pin", tool_json_pin(&key->pin));
		tool_json_append(array, one);
	}
	tool_json_write(array, out);
	fputc('\n', out);
}

/* What only this verb writes: the shape of apps, and of DNS (RFC 6698). */
static void
print_line(const struct key *key, enum hash_format format, FILE *out)
{
	char text[TOOL_PIN_TEXT];

	tool_pin_print(&key->pin,
	               format == HASH_TLSA ? TOOL_PIN_HEX : TOOL_PIN_BARE,
	               text);
	if (format == HASH_NSC)
		fprintf(out, "<pin digest=\"SHA-256\">%s</pin>\n", text);
	else if (format == HASH_TRUSTKIT)
		fprintf(out, "<string>%s</string>\n", text);
	else /* an authority's key is an anchor, any other the host's own */
		fprintf(out, "%c 1 1 %s\n", key->is_authority ? '2' : '3', text);
}

/* A certificate and its key in one file: an app, or DNS, wants the line once. */
static bool
is_repeated(const struct keys *keys, size_t i, enum hash_format format)
{
	const struct key *key = &keys->key[i], *one;

	for (one = keys->key; one < key; one++)
		if ((format != HASH_TLSA ||
		     one->is_authority == key->is_authority) &&
		    memcmp(one->pin.sha256, key->pin.sha256,
		           sizeof(key->pin.sha256)) == 0)
			return true;
	return false;
}

static void
print_lines(const struct keys *keys, enum hash_format format, FILE *out)
{
	char text[TOOL_PIN_TEXT];
	size_t i;

	for (i = 0; i < keys->n; i++) {
		if (format >= HASH_NSC) {
			if (!is_repeated(keys, i, format))
				print_line(&keys->key[i], format, out);
			continue;
		}
		tool_pin_print(&keys->key[i].pin, (enum tool_pin_form)format,
		               text);
		fprintf(out, "%s\n", text);
	}
}

int
cmd_hash(struct run *run)
{
	struct keys keys = {.password_file = run->options.password_file};
	bool is_good = true;
	size_t i;

	if (!options_take_hash_format(&run->options, &run->fault))
		return EXIT_USAGE;
	for (i = 0; i < run->n_operands && is_good; i++)
		is_good = keys_read(run->operands[i], &keys, &run->fault);
	if (is_good) {
		if (run->options.format == HASH_JSON)
			run->is_json = true;
		if (run->is_json)
			print_json(&keys, run->out);
		else
			print_lines(&keys, run->options.format, run->out);
	}
	keys_free(&keys);
	return is_good ? TOOL_EXIT_OK : EXIT_USAGE;
}
