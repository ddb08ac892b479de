/*
 * intake.h - what readers give: entries, and lines that are passed over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FORMATS_INTAKE_H
#define FORMATS_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/admin.h>

/* Longest line, without its end. */
#define INTAKE_LINE_MAX ((size_t)64 << 10)

/* Why a line is passed over. */
enum skip {
	SKIP_MALFORMED,
	SKIP_LIMIT,   /* too long, too many pins */
	SKIP_HOST,
	SKIP_ADDRESS,
	SKIP_PIN,
	SKIP_NO_PINS,
	SKIP_TIME,
	SKIP_URI,
	SKIP_NOTE,
	SKIP_OTHER_HASH, /* a hash of something else, or another hash */
	SKIP_EXPIRED,
	SKIP_UNKNOWN_NAME, /* of a pin */
	SKIP_DOUBLE,
	SKIP_OLDER,
	SKIP_LOOSER
};

struct skipped {
	uint64_t line;
	uint64_t other; /* the line that a DOUBLE contradicts */
	enum skip why;
};

/* What the reader of libwget's file has of the entry that it is in. */
struct wget2_state {
	bool is_open;
	bool is_bad;
	uint64_t line;
	char host[INTAKE_LINE_MAX + 1];
	int include_subdomains;
	int64_t created, max_age;
	size_t n_pins; /* more than there is room for, perhaps */
	struct pinstore_pin pin[PINSTORE_PINS_MAX];
};

struct intake {
	struct pinstore_import *import;
	/* Of what does not say when it ends. */
	int64_t expires;
	int64_t now;
	int64_t max_age_cap; /* 0 = none */
	/* Chromium's pins: what the file is called, or NULL. */
	const char *pins_file;
	struct skipped *skipped;
	size_t n_skipped;
	uint64_t n_items;
	struct wget2_state *wget2;
};

/* A word for scripts, and one for people. */
const char *
skip_word(enum skip why);
const char *
skip_text(enum skip why);

/* Zero but for import.  Owner: the caller, intake_free(). */
void
intake_new(struct intake *out);
void
intake_free(struct intake *intake);

void
intake_skip(struct intake *intake, uint64_t line, enum skip why);

/* An item with nothing but its line: static, enforced, undated. */
void
intake_item(const struct intake *intake, uint64_t line, const char *host,
            const struct pinstore_pin *pins, size_t n_pins,
            struct pinstore_import_item *out);

/* Add item, or skip its line. */
void
intake_add(struct intake *intake, const struct pinstore_import_item *item);

/* Of the fates that the import told: those lines are skipped too. */
void
intake_take_fates(struct intake *intake);

/* Put what is skipped in the order of the lines. */
void
intake_sort(struct intake *intake);

/* The next word of *at, ended by a NUL in place, *at behind it; NULL: none. */
char *
intake_word(char **at);

/* Digits alone, up to INT64_MAX. */
bool
intake_number(const char *text, int64_t *out);

/* "@-5", or as tool_time_parse() has it, but for durations; "never". */
bool
intake_time(const char *text, int64_t *out);

#endif /* FORMATS_INTAKE_H */
