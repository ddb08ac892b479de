/*
 * format.h - files of pins, ours and others', read and written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pinstore(5) has the formats.  A reader is given one line after the other, or
 * the whole file where it is one structure.  A writer is given one entry after
 * the other, and keeps none.
 */
#ifndef FORMATS_FORMAT_H
#define FORMATS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "common/progress.h"
#include "formats/intake.h"

enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_WGET2,
	FORMAT_GNUTLS,
	FORMAT_CURL,
	FORMAT_CHROMIUM, /* is only read */
	FORMAT_TLSA,     /* is only read */
	FORMAT_NSC,      /* is only written */
	FORMAT_OKHTTP    /* is only written */
};

struct output {
	FILE *out;
	int64_t now;
	size_t n; /* entries that were written */
	/* Of those that another program cannot hold, by reason. */
	size_t n_report, n_expired, n_second;
	char last[PINSTORE_HOST_MAX + 1]; /* host that was written */
};

struct format_row {
	const char *name;
	const char *title; /* for messages */
	/* Text, ended by a NUL behind len octets, which it may change. */
	void (*line)(struct intake *intake, char *text, size_t len,
	             uint64_t number);
	/* Behind the last line; NULL = nothing is to be done. */
	void (*end)(struct intake *intake);
	/* The whole file; false: *fault tells why. */
	bool (*whole)(struct intake *intake, char *text, size_t len,
	              struct tool_fault *fault);
	void (*head)(struct output *output);
	void (*entry)(struct output *output,
	              const struct pinstore_entry *entry);
	void (*foot)(struct output *output);
	/* It has room for all that an entry has. */
	bool is_ours;
};

/* NULL behind the last. */
const struct format_row *
format_row(enum format format);

/* False: there is no such word. */
bool
format_parse(const char *word, enum format *out);

/*
 * Read what fd has into intake: in the format, or (NULL) in the one that it
 * looks like.  progress may be NULL.  False: *fault tells why, and the exit
 * code; name is the file's, for that.
 */
bool
format_read(int fd, const char *name, const enum format *format,
            struct intake *intake, struct tool_progress *progress,
            struct tool_fault *fault);

/*
 * Write entry, unless it says what the format cannot: those are counted.
 */
void
format_write(enum format format, struct output *output,
             const struct pinstore_entry *entry);

/* What a file begins with; false: it is none that is known. */
bool
format_guess(const char *text, size_t len, enum format *out);

/* The readers and writers, each in a file of its own. */
void
text_line(struct intake *intake, char *text, size_t len, uint64_t number);
void
text_head(struct output *output);
void
text_entry(struct output *output, const struct pinstore_entry *entry);
void
json_line(struct intake *intake, char *text, size_t len, uint64_t number);
void
json_entry(struct output *output, const struct pinstore_entry *entry);
void
wget2_line(struct intake *intake, char *text, size_t len, uint64_t number);
void
wget2_end(struct intake *intake);
void
wget2_head(struct output *output);
void
wget2_entry(struct output *output, const struct pinstore_entry *entry);
void
gnutls_line(struct intake *intake, char *text, size_t len, uint64_t number);
void
gnutls_entry(struct output *output, const struct pinstore_entry *entry);
void
curl_line(struct intake *intake, char *text, size_t len, uint64_t number);
void
curl_entry(struct output *output, const struct pinstore_entry *entry);
void
tlsa_line(struct intake *intake, char *text, size_t len, uint64_t number);
bool
chromium_whole(struct intake *intake, char *text, size_t len,
               struct tool_fault *fault);
void
nsc_head(struct output *output);
void
nsc_entry(struct output *output, const struct pinstore_entry *entry);
void
nsc_foot(struct output *output);
void
okhttp_head(struct output *output);
void
okhttp_entry(struct output *output, const struct pinstore_entry *entry);
void
okhttp_foot(struct output *output);

#endif /* FORMATS_FORMAT_H */
