/*
 * entry.h - entries for people and for scripts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_ENTRY_H
#define TOOL_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <pinstore/pinstore.h>

/* Whether its life was over at now. */
bool
entry_is_expired(const struct pinstore_entry *entry, int64_t now);

/* "own" or "system": in which store the entries of layer are. */
const char *
layer_store(enum pinstore_layer layer);

/* All its members, as an object; expired as of now. */
json_t *
entry_json(const struct pinstore_entry *entry, int64_t now);

/* What tool_json_write() makes of that, but for the brace at the end. */
void
entry_put_json(const struct pinstore_entry *entry, int64_t now, FILE *out);

/* In full, on lines of their own. */
void
entry_print(const struct pinstore_entry *entry, int64_t now, FILE *out);

/* On one line: "a.test (+subdomains), from its header, noted ..., ..." */
void
entry_print_rule(const struct pinstore_entry *entry, FILE *out);

/* A bypass: an object, and lines of its own. */
json_t *
bypass_json(const struct pinstore_bypass *bypass);
void
bypass_print(const struct pinstore_bypass *bypass, int64_t now, FILE *out);

/*
 * Which pins of entry are revoked: appended to array, or (NULL) on lines of
 * their own.  False: *error tells why.
 */
bool
entry_revoked(struct pinstore *store, const struct pinstore_entry *entry,
              json_t *array, FILE *out, struct pinstore_error *error);

/* The bypass in force, or null. */
json_t *
bypass_of_json(const struct pinstore_result *result);

/* {"layer", "entry_host"} of each enforcing entry that applies. */
json_t *
applies_json(const struct pinstore_result *result);

/*
 * The same as a line of text for each, or that there is none; and the bypass
 * that is in force.
 */
void
applies_print(const struct pinstore_result *result, int64_t now, FILE *out);

#endif /* TOOL_ENTRY_H */
