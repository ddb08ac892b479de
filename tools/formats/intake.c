/*
 * intake.c - what readers give: entries, and lines that are passed over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/intake.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/when.h"

const char *
skip_word(enum skip why)
{
	switch (why) {
	case SKIP_MALFORMED:
		return "malformed";
	case SKIP_LIMIT:
		return "limit";
	case SKIP_HOST:
		return "bad-host";
	case SKIP_ADDRESS:
		return "address";
	case SKIP_PIN:
		return "bad-pin";
	case SKIP_NO_PINS:
		return "no-pins";
	case SKIP_TIME:
		return "bad-time";
	case SKIP_URI:
		return "bad-report-uri";
	case SKIP_NOTE:
		return "bad-note";
	case SKIP_OTHER_HASH:
		return "other-hash";
	case SKIP_EXPIRED:
		return "expired";
	case SKIP_UNKNOWN_NAME:
		return "unknown-name";
	case SKIP_DOUBLE:
		return "double";
	case SKIP_OLDER:
		return "older";
	case SKIP_LOOSER:
		return "looser";
	}
	return "unknown";
}

const char *
skip_text(enum skip why)
{
	switch (why) {
	case SKIP_MALFORMED:
		return "is no line of this format";
	case SKIP_LIMIT:
		return "is too long, or has too many pins";
	case SKIP_HOST:
		return "has no host name where one belongs";
	case SKIP_ADDRESS:
		return "is of an address, which cannot be pinned";
	case SKIP_PIN:
		return "has a pin that is none";
	case SKIP_NO_PINS:
		return "has no pin";
	case SKIP_TIME:
		return "has a time that is none";
	case SKIP_URI:
		return "has a report-uri that cannot be used";
	case SKIP_NOTE:
		return "has a note that is too long, or not UTF-8";
	case SKIP_OTHER_HASH:
		return "does not have the SHA-256 of a key";
	case SKIP_EXPIRED:
		return "has expired";
	case SKIP_UNKNOWN_NAME:
		return "names a pin that the file of pins does not have";
	case SKIP_DOUBLE:
		return "contradicts another line of the same host";
	case SKIP_OLDER:
		return "was noted before what is stored";
	case SKIP_LOOSER:
		return "would make a static entry looser; --force replaces it";
	}
	return "is not known";
}

void
intake_new(struct intake *out)
{
	memset(out, 0, sizeof(*out));
	out->expires = PINSTORE_NEVER;
	if (pinstore_import_new(&out->import) != PINSTORE_OK)
		tool_no_memory();
}

void
intake_free(struct intake *intake)
{
	pinstore_import_free(intake->import);
	free(intake->skipped);
	free(intake->wget2);
	memset(intake, 0, sizeof(*intake));
}

void
intake_skip(struct intake *intake, uint64_t line, enum skip why)
{
	struct skipped *skipped;

	intake->skipped = tool_grow(intake->skipped, intake->n_skipped,
	                            sizeof(*intake->skipped));
	skipped = &intake->skipped[intake->n_skipped++];
	skipped->line = line;
	skipped->other = 0;
	skipped->why = why;
}

void
intake_item(const struct intake *intake, uint64_t line, const char *host,
            const struct pinstore_pin *pins, size_t n_pins,
            struct pinstore_import_item *out)
{
	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	out->line = line;
	out->host = host;
	out->source = PINSTORE_STATIC;
	out->mode = PINSTORE_ENFORCE;
	out->pins = pins;
	out->n_pins = n_pins;
	out->noted = PINSTORE_UNDATED;
	out->updated = PINSTORE_UNDATED;
	out->expires = intake->expires;
	out->max_age_sent = -1;
}

/* Why the library would not have it. */
static enum skip
why_not(const struct pinstore_import_item *item, enum pinstore_status status)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;

	if (status == PINSTORE_ERR_HOST)
		return pinstore_host_canonical(item->host, strlen(item->host),
		                               name, &kind) == PINSTORE_OK
		               ? SKIP_ADDRESS
		               : SKIP_HOST;
	if (item->n_pins == 0)
		return SKIP_NO_PINS;
	if (item->note != NULL && strlen(item->note) > PINSTORE_NOTE_MAX)
		return SKIP_NOTE;
	/* No reader gives as many pins, or another source or mode. */
	return SKIP_URI;
}

void
intake_add(struct intake *intake, const struct pinstore_import_item *item)
{
	struct pinstore_error error;
	enum pinstore_status status;

	if (item->note != NULL &&
	    !tool_is_utf8(item->note, strlen(item->note))) {
		intake_skip(intake, item->line, SKIP_NOTE);
		return;
	}
	status = pinstore_import_add(intake->import, item, &error);
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (status == PINSTORE_OK)
		intake->n_items++;
	else
		intake_skip(intake, item->line, why_not(item, status));
}

static void
take_fate(uint64_t line, const char *host, enum pinstore_fate fate,
          uint64_t other, void *arg)
{
	struct intake *intake = arg;

	(void)host;
	switch (fate) {
	case PINSTORE_FATE_NONE:
	case PINSTORE_FATE_ADDED:
	case PINSTORE_FATE_UPDATED:
	case PINSTORE_FATE_UNCHANGED:
		return;
	case PINSTORE_FATE_DOUBLE:
		intake_skip(intake, line, SKIP_DOUBLE);
		intake->skipped[intake->n_skipped - 1].other = other;
		return;
	case PINSTORE_FATE_CROWD:
		intake_skip(intake, line, SKIP_LIMIT);
		return;
	case PINSTORE_FATE_OLDER:
		intake_skip(intake, line, SKIP_OLDER);
		return;
	case PINSTORE_FATE_LOOSER:
		intake_skip(intake, line, SKIP_LOOSER);
		return;
	}
}

void
intake_take_fates(struct intake *intake)
{
	pinstore_import_walk(intake->import, take_fate, intake);
}

static int
compare(const void *left, const void *right)
{
	const struct skipped *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (int)a->why - (int)b->why;
}

void
intake_sort(struct intake *intake)
{
	if (intake->n_skipped > 0)
		qsort(intake->skipped, intake->n_skipped,
		      sizeof(*intake->skipped), compare);
}

/* -------------------------------------------------------------------- words */

char *
intake_word(char **at)
{
	char *start = *at + strspn(*at, " \t"), *end;

	if (*start == '\0') {
		*at = start;
		return NULL;
	}
	end = start + strcspn(start, " \t");
	*at = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return start;
}

bool
intake_number(const char *text, int64_t *out)
{
	return tool_parse_number(text, strlen(text), INT64_MAX, out);
}

bool
intake_time(const char *text, int64_t *out)
{
	size_t len = strlen(text);
	bool is_before = text[0] == '@' && text[1] == '-';

	if (strcmp(text, "never") == 0) {
		*out = PINSTORE_NEVER;
		return true;
	}
	if (text[0] == '@') {
		if (!intake_number(text + (is_before ? 2 : 1), out))
			return false;
		if (is_before)
			*out = -*out;
		return true;
	}
	/* No duration: the file says the same tomorrow. */
	return len >= 10 && text[4] == '-' &&
	       tool_time_parse(text, 0, false, out);
}
