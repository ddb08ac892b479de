/*
 * fuzz_import.c - files of pins, in all formats that are read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first octet says which format, or that it is to be guessed; what stands
 * behind a line of "%%" is the other file that Chromium's list has.  Each line
 * ends as an entry or with a word for why not; the same file gives the same;
 * where lines stand alone, their order changes nothing.
 */
#include <config.h>

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/format.h"
#include "tests/fuzz/fuzz.h"

const char fuzz_name[] = "fuzz_import";

#define NOW INT64_C(1790000000)
#define BETWEEN "\n%%\n"

static const enum format formats[] = {FORMAT_TEXT,   FORMAT_JSON,
                                      FORMAT_WGET2,  FORMAT_GNUTLS,
                                      FORMAT_CURL,   FORMAT_CHROMIUM,
                                      FORMAT_TLSA};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

/* What became of a file. */
struct outcome {
	bool is_read;
	uint64_t n_items;
	size_t n_skipped;
	struct pinstore_import_totals totals;
};

static int
file_of(const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd != -1);
	MUST(len == 0 || write(fd, data, len) == (ssize_t)len);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void
judge_skipped(const struct intake *intake, uint64_t n_lines)
{
	size_t i;

	for (i = 0; i < intake->n_skipped; i++) {
		MUST(intake->skipped[i].line >= 1 &&
		     intake->skipped[i].line <= n_lines);
		MUST(intake->skipped[i].other <= n_lines);
		MUST(i == 0 || intake->skipped[i - 1].line <=
		                       intake->skipped[i].line);
		MUST(strcmp(skip_word(intake->skipped[i].why), "unknown") != 0);
	}
}

static uint64_t
count_lines(const char *text, size_t len)
{
	uint64_t n = 1;
	size_t i;

	for (i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static void
read_file(const char *text, size_t len, const enum format *format,
          const char *pins, struct outcome *out)
{
	struct tool_fault fault = {.exit = 0};
	struct pinstore_error error;
	struct intake intake;
	int fd = file_of(text, len);

	memset(out, 0, sizeof(*out));
	out->totals.size = sizeof(out->totals);
	intake_new(&intake);
	intake.now = NOW;
	intake.pins_file = pins;
	out->is_read = format_read(fd, "file", format, &intake, NULL, &fault);
	MUST(close(fd) == 0);
	MUST(out->is_read == (fault.exit == 0));
	if (out->is_read) {
		MUST(pinstore_import_run(NULL, intake.import,
		                         PINSTORE_IMPORT_DRY_RUN, NOW,
		                         &out->totals, &error) == PINSTORE_OK);
		intake_take_fates(&intake);
		intake_sort(&intake);
		judge_skipped(&intake, count_lines(text, len));
	}
	out->n_items = intake.n_items;
	out->n_skipped = intake.n_skipped;
	intake_free(&intake);
}

static void
same(const struct outcome *a, const struct outcome *b)
{
	MUST(a->is_read == b->is_read);
	MUST(a->n_items == b->n_items);
	MUST(a->n_skipped == b->n_skipped);
	MUST(a->totals.added == b->totals.added);
	MUST(a->totals.skipped == b->totals.skipped);
}

/* The last line first, with an end of its own. */
static char *
turn_round(const char *text, size_t len, size_t *out_len)
{
	size_t end = len, start, used = 0;
	char *out = malloc(len + 2);

	MUST(out != NULL);
	if (end > 0 && text[end - 1] == '\n')
		end--;
	for (;;) {
		for (start = end; start > 0 && text[start - 1] != '\n'; start--)
			continue;
		memcpy(out + used, text + start, end - start);
		used += end - start;
		out[used++] = '\n';
		if (start == 0)
			break;
		end = start - 1;
	}
	*out_len = used;
	return out;
}

static void
try_turned(const char *text, size_t len, enum format format,
           const struct outcome *outcome)
{
	struct outcome turned;
	size_t other_len;
	char *other;

	/*
	 * Our own text has a first line, libwget's entries have several; at
	 * the end of the last line CR is one of its octets.
	 */
	if (len == 0 || text[len - 1] == '\r' || format == FORMAT_TEXT || format == FORMAT_WGET2 ||
	    format == FORMAT_CHROMIUM)
		return;
	other = turn_round(text, len, &other_len);
	read_file(other, other_len, &format, NULL, &turned);
	same(outcome, &turned);
	free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const enum format *format = NULL;
	struct outcome first, again;
	char *text, *between, pins[32];
	size_t which;
	int fd = -1;

	if (len == 0)
		return 0;
	which = data[0] - (size_t)'0';
	if (which < N_FORMATS)
		format = &formats[which];
	text = fuzz_copy(data + 1, len - 1);
	len--;
	between = memmem(text, len, BETWEEN, strlen(BETWEEN));
	if (between != NULL) {
		fd = file_of(between + strlen(BETWEEN),
		             len - (size_t)(between - text) - strlen(BETWEEN));
		(void)snprintf(pins, sizeof(pins), "/proc/self/fd/%d", fd);
		len = (size_t)(between - text);
	}
	read_file(text, len, format, between != NULL ? pins : NULL, &first);
	read_file(text, len, format, between != NULL ? pins : NULL, &again);
	same(&first, &again);
	MUST(first.totals.added <= first.n_items);
	MUST(first.is_read || first.totals.added == 0);
	if (format != NULL && first.is_read)
		try_turned(text, len, *format, &first);
	if (fd != -1)
		MUST(close(fd) == 0);
	free(text);
	return 0;
}
