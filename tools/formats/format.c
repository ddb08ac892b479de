/*
 * format.c - files of pins: which format it is, and the way through it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "formats/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/text.h"
#include "formats/lines.h"

/* What is one structure must fit into memory. */
#define WHOLE_MAX ((size_t)256 << 20)
/* So often the progress is told, in lines. */
#define LINES_A_LOOK 256
#define OURS "# pinstore entries "

static const struct format_row rows[] = {
	[FORMAT_TEXT] = {.name = "text", .title = "pinstore's own text",
	                 .line = text_line, .head = text_head,
	                 .entry = text_entry, .is_ours = true},
	[FORMAT_JSON] = {.name = "json", .title = "pinstore's own JSON lines",
	                 .line = json_line, .entry = json_entry,
	                 .is_ours = true},
	[FORMAT_WGET2] = {.name = "wget2", .title = "libwget's HPKP file",
	                  .line = wget2_line, .end = wget2_end,
	                  .head = wget2_head, .entry = wget2_entry},
	[FORMAT_GNUTLS] = {.name = "gnutls", .title = "GnuTLS's known_hosts",
	                   .line = gnutls_line, .entry = gnutls_entry},
	[FORMAT_CURL] = {.name = "curl", .title = "pin strings of curl",
	                 .line = curl_line, .entry = curl_entry},
	[FORMAT_CHROMIUM] = {.name = "chromium",
	                     .title = "Chromium's static pins",
	                     .whole = chromium_whole},
	[FORMAT_TLSA] = {.name = "tlsa", .title = "TLSA records",
	                 .line = tlsa_line},
	[FORMAT_NSC] = {.name = "nsc",
	                .title = "Android's network-security-config",
	                .head = nsc_head, .entry = nsc_entry,
	                .foot = nsc_foot},
	[FORMAT_OKHTTP] = {.name = "okhttp",
	                   .title = "OkHttp's CertificatePinner",
	                   .head = okhttp_head, .entry = okhttp_entry,
	                   .foot = okhttp_foot},
};

#define N_FORMATS (sizeof(rows) / sizeof(rows[0]))

const struct format_row *
format_row(enum format format)
{
	return (size_t)format < N_FORMATS ? &rows[format] : NULL;
}

bool
format_parse(const char *word, enum format *out)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++) {
		if (strcmp(rows[i].name, word) != 0)
			continue;
		*out = (enum format)i;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ guessing */

static bool
begins_with(const char *text, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static bool
has(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what)) != NULL;
}

/* Length of the line at text. */
static size_t
line_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end != NULL ? (size_t)(end - text) : len;
}

static bool
is_firefox(const char *line, size_t len)
{
	return has(line, len, ":HPKP\t") || has(line, len, ":HSTS\t") ||
	       has(line, len, "^partitionKey=");
}

/* Of the first line that is neither empty nor a remark in any format. */
static bool
guess_line(const char *text, size_t len, enum format *out)
{
	*out = FORMAT_TEXT;
	if (memchr(text, '\0', len) != NULL || is_firefox(text, len))
		return false;
	if (begins_with(text, len, "|g0|") || begins_with(text, len, "|c0|"))
		*out = FORMAT_GNUTLS;
	else if (text[0] == '_' || has(text, len, " TLSA ") ||
	         has(text, len, "\tTLSA\t") || has(text, len, "\tTLSA "))
		*out = FORMAT_TLSA;
	else if (has(text, len, " sha256//") && has(text, len, ";sha256//"))
		*out = FORMAT_CURL;
	else
		return has(text, len, "sha256") || has(text, len, "= ") ||
		       (len > 0 && text[len - 1] == '=');
	return true;
}

bool
format_guess(const char *text, size_t len, enum format *out)
{
	size_t line;

	*out = FORMAT_TEXT;
	if (begins_with(text, len, OURS))
		return true;
	*out = FORMAT_WGET2;
	if (begins_with(text, len, "# HPKP 1.0 file") ||
	    begins_with(text, len, "#HPKP 1.0 file"))
		return true;
	for (; len > 0; text += line, len -= line) {
		line = line_len(text, len);
		if (text[0] == '{') {
			/* An object that ends where it begins is a line. */
			*out = has(text, line, "\"host\"") ? FORMAT_JSON
			                                   : FORMAT_CHROMIUM;
			return *out == FORMAT_JSON ||
			       has(text, len, "\"pinsets\"") ||
			       has(text, len, "\"entries\"");
		}
		if (begins_with(text, len, "//")) {
			*out = FORMAT_CHROMIUM;
		} else if (line > 0 && text[0] != '#' && text[0] != ';' &&
		           text[0] != '\r' && text[0] != ' ' &&
		           text[0] != '\t') {
			if (*out != FORMAT_CHROMIUM)
				return guess_line(text, line, out);
			return false;
		}
		if (line < len)
			line++;
	}
	/* Nothing but remarks. */
	*out = FORMAT_TEXT;
	return true;
}

/* -------------------------------------------------------------------- reading */

static bool
unknown(const char *name, const char *text, size_t len,
        struct tool_fault *fault)
{
	if (is_firefox(text, line_len(text, len))) {
		tool_fault_usage(fault, name, "Firefox learns no pins any more",
		                 "this is Firefox's SiteSecurityServiceState, "
		                 "which is not read");
		return false;
	}
	if (has(text, len, "<network-security-config")) {
		tool_fault_usage(fault, name, NULL,
		                 "Android's network-security-config is only "
		                 "written");
		return false;
	}
	tool_fault_usage(fault, name, "say with --format which one it is; "
	                 "pinstore(5) has them",
	                 "this looks like no format that is known");
	return false;
}

static bool
cannot_read(const char *name, int error, struct tool_fault *fault)
{
	tool_fault_usage(fault, name, NULL, "cannot be read: %s",
	                 strerror(error));
	return false;
}

/* What is of a later version may mean anything. */
static bool
check_version(const char *name, const char *text, size_t len,
              struct tool_fault *fault)
{
	size_t head = strlen(OURS);

	if (!begins_with(text, len, OURS) ||
	    (len > head + 1 && text[head] == '1' &&
	     strchr(" \r\n", text[head + 1]) != NULL))
		return true;
	tool_fault_usage(fault, name, "use that one",
	                 "this file is of a later pinstore");
	return false;
}

static bool
read_lines(struct lines *lines, const struct format_row *row, uint64_t size,
           const char *name, struct intake *intake,
           struct tool_progress *progress, struct tool_fault *fault)
{
	size_t len;
	char *text;

	while (lines_next(lines, &text, &len)) {
		if (progress != NULL && lines->number % LINES_A_LOOK == 0)
			tool_progress_show(lines->octets, size, progress);
		if (text == NULL)
			intake_skip(intake, lines->number, SKIP_LIMIT);
		else
			row->line(intake, text, len, lines->number);
	}
	if (lines->error != 0)
		return cannot_read(name, lines->error, fault);
	if (row->end != NULL)
		row->end(intake);
	return true;
}

static bool
read_whole(struct lines *lines, const struct format_row *row, const char *name,
           struct intake *intake, struct tool_fault *fault)
{
	bool is_good;
	char *text;
	size_t len;

	if (!lines_rest(lines, WHOLE_MAX, &text, &len))
		return cannot_read(name, lines->error, fault);
	is_good = row->whole(intake, text, len, fault);
	if (!is_good && fault->where[0] == '\0')
		tool_escape(name, strlen(name), fault->where,
		            sizeof(fault->where));
	free(text);
	return is_good;
}

static bool
read_open(struct lines *lines, uint64_t size, const char *name,
          const enum format *wanted, struct intake *intake,
          struct tool_progress *progress, struct tool_fault *fault)
{
	const struct format_row *row;
	enum format format;
	const char *text;
	size_t len;

	text = lines_peek(lines, &len);
	if (lines->error != 0)
		return cannot_read(name, lines->error, fault);
	if (wanted != NULL)
		format = *wanted;
	else if (!format_guess(text, len, &format))
		return unknown(name, text, len, fault);
	row = &rows[format];
	if (row->line == NULL && row->whole == NULL) {
		tool_fault_usage(fault, name, NULL, "%s is only written",
		                 row->title);
		return false;
	}
	if (format == FORMAT_TEXT && !check_version(name, text, len, fault))
		return false;
	if (row->whole != NULL)
		return read_whole(lines, row, name, intake, fault);
	return read_lines(lines, row, size, name, intake, progress, fault);
}

bool
format_read(int fd, const char *name, const enum format *format,
            struct intake *intake, struct tool_progress *progress,
            struct tool_fault *fault)
{
	struct lines lines;
	struct stat st;
	uint64_t size = 0;
	bool is_good;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		size = (uint64_t)st.st_size;
	lines_new(fd, &lines);
	is_good = read_open(&lines, size, name, format, intake, progress,
	                    fault);
	lines_free(&lines);
	return is_good;
}

/* -------------------------------------------------------------------- writing */

void
format_write(enum format format, struct output *output,
             const struct pinstore_entry *entry)
{
	const char *host = pinstore_entry_host(entry);
	const struct format_row *row = &rows[format];

	if (!row->is_ours) {
		/* There nothing is only watched, nor kept when it is over. */
		if (pinstore_entry_mode(entry) == PINSTORE_REPORT) {
			output->n_report++;
			return;
		}
		if (pinstore_entry_expires(entry) < output->now) {
			output->n_expired++;
			return;
		}
		/* The configured one came first, and there is room for one. */
		if (strcmp(output->last, host) == 0) {
			output->n_second++;
			return;
		}
		memcpy(output->last, host, strlen(host) + 1);
	}
	row->entry(output, entry);
	output->n++;
}
