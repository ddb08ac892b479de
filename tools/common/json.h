/*
 * json.h - members in order, null for what is absent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Without memory the program ends, see memory.h.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <pinstore/pinstore.h>

json_t *
tool_json_object(void);
json_t *
tool_json_array(void);

/* Add value to object, or append it to array; both take over value. */
void
tool_json_add(json_t *object, const char *key, json_t *value);
void
tool_json_append(json_t *array, json_t *value);

/* A string, null for NULL; what is not UTF-8 comes as tool_escape() does it. */
json_t *
tool_json_text(const char *text);

json_t *
tool_json_integer(int64_t value);

/* A pin in bare base64, an array of them. */
json_t *
tool_json_pin(const struct pinstore_pin *pin);
json_t *
tool_json_pins(const struct pinstore_pin *pins, size_t n);

/*
 * Two members of object: key, the time as in RFC 3339, and key_epoch, the
 * seconds; both null for PINSTORE_NEVER.
 */
void
tool_json_add_time(json_t *object, const char *key, int64_t when);

/* Seconds, null for PINSTORE_NEVER. */
json_t *
tool_json_epoch(int64_t when);

/*
 * What tool_json_write() makes of tool_json_text(), of a pin and of the members
 * of tool_json_add_time(), without the work of making them first.
 */
void
tool_json_put_text(const char *text, FILE *out);
void
tool_json_put_pin(const struct pinstore_pin *pin, FILE *out);
void
tool_json_put_time(const char *key, int64_t when, FILE *out);

/* Write value on one line, without the newline, and give it up. */
void
tool_json_write(json_t *value, FILE *out);

#endif /* TOOL_JSON_H */
