/*
 * test_formats.c - files of pins: which lines are entries, and what is written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test_pinstore_import.sh has the same formats from the programs that write
 * them; here are the odd and the wrong lines, each by itself.
 */
#include <config.h>

#include "formats/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/lines.h"
#include "tests/support/suite.h"

#define NOW INT64_C(1790000000)
#define CAP 1000
#define GUESS (-1)

#define B "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define C "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define HEX31 "02020202020202020202020202020202020202020202020202020202020202"
#define HEX HEX31 "02"
#define NO_HEX HEX31 "0x"

static int
file_of(const char *text, size_t len)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* ------------------------------------------------------------------ reading */

static void
tell_entry(uint64_t line, const char *host, enum pinstore_fate fate,
           uint64_t other, void *arg)
{
	(void)other;
	if (fate == PINSTORE_FATE_ADDED)
		fprintf(arg, " %" PRIu64 "=%s", line, host);
}

/*
 * "3=a.test" for each entry, "4:malformed" for each line that is none; or the
 * fault.  Owner: the caller.
 */
static char *
read_text(int format, const char *text, size_t len, const char *pins)
{
	struct tool_fault fault = {.exit = 0};
	enum format wanted = (enum format)format;
	int fd = file_of(text, len), pins_fd = -1;
	struct pinstore_error error;
	struct intake intake;
	char name[32], *told = NULL;
	size_t i, told_len;
	FILE *out = open_memstream(&told, &told_len);

	ck_assert_ptr_nonnull(out);
	intake_new(&intake);
	intake.now = NOW;
	intake.max_age_cap = CAP;
	if (pins != NULL) {
		pins_fd = file_of(pins, strlen(pins));
		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", pins_fd);
		intake.pins_file = name;
	}
	if (!format_read(fd, "file", format == GUESS ? NULL : &wanted, &intake,
	                 NULL, &fault)) {
		fprintf(out, " %s", fault.message);
	} else {
		ck_assert_int_eq(pinstore_import_run(NULL, intake.import,
		                                     PINSTORE_IMPORT_DRY_RUN,
		                                     NOW, NULL, &error),
		                 PINSTORE_OK);
		pinstore_import_walk(intake.import, tell_entry, out);
		intake_take_fates(&intake);
		intake_sort(&intake);
		for (i = 0; i < intake.n_skipped; i++)
			fprintf(out, " %" PRIu64 ":%s", intake.skipped[i].line,
			        skip_word(intake.skipped[i].why));
	}
	intake_free(&intake);
	ck_assert_int_eq(fclose(out), 0);
	(void)close(fd);
	if (pins_fd != -1)
		(void)close(pins_fd);
	return told;
}

#define KEYS "KeyA\nsha256/" B "\n"
#define SETS(rest) "{ \"pinsets\": [ { \"name\": \"s\", " rest " } ],\n"
#define ENTRY "\"entries\": [ { \"name\": \"a.test\", \"pins\": \"s\" } ] }"
#define WITH_A SETS("\"static_spki_hashes\": [ \"KeyA\" ]")
#define PEM(kind, rest) \
	"KeyA\n-----BEGIN " kind "-----\n" rest "\n-----END " kind "-----\n"
#define NEITHER " this is neither a pin nor a certificate or public key"
#define NONE " this looks like no format that is known"

static const struct {
	const char *name;
	int format;
	const char *text;
	const char *pins; /* what Chromium's names stand for */
	const char *told;
} readings[] = {
	/* Our own lines. */
	{"T-126 text: a tab behind a note", FORMAT_TEXT,
	 "a.test note=\"x\"\tsha256//" B "\n", NULL, " 1=a.test"},
	{"T-126 text: a digit behind f", FORMAT_TEXT,
	 "a.test sha256//" B " note=\"\\x4g\"\n", NULL, " 1:malformed"},
	{"T-126 text: a digit before a", FORMAT_TEXT,
	 "a.test sha256//" B " note=\"\\x4:\"\n", NULL, " 1:malformed"},
	{"T-126 text: the beginning of a name", FORMAT_TEXT,
	 "a.test sha256//" B " note=@5\n", NULL, " 1:malformed"},
	{"T-126 text: half a name", FORMAT_TEXT,
	 "a.test sha256//" B " exp=@5\n", NULL, " 1:malformed"},
	{"T-126 text: no name before =", FORMAT_TEXT,
	 "a.test sha256//" B " =5\n", NULL, " 1:malformed"},
	{"T-126 text: a month that is none", FORMAT_TEXT,
	 "a.test sha256//" B " noted=2026-13-01\n", NULL, " 1:bad-time"},
	{"T-126 text: a bad report-uri beside a note", FORMAT_TEXT,
	 "a.test sha256//" B " note=\"x\" report-uri=none\n", NULL,
	 " 1:bad-report-uri"},
	{"T-126 text: three octets", FORMAT_TEXT, "a\n", NULL, " 1:no-pins"},
	{"T-126 text: a mark of the octets' order alone", FORMAT_TEXT,
	 "\357\273\277", NULL, ""},
	/* JSON lines. */
	{"T-126 JSON: null for what may be absent", FORMAT_JSON,
	 "{\"host\": \"a.test\", \"pins\": [\"" B "\"], \"note\": null, "
	 "\"noted_epoch\": null, \"report_uri\": null}\n", NULL, " 1=a.test"},
	{"T-126 JSON: no pins", FORMAT_JSON, "{\"host\": \"a.test\"}\n", NULL,
	 " 1:malformed"},
	{"T-126 JSON: no host", FORMAT_JSON, "{\"pins\": [\"" B "\"]}\n", NULL,
	 " 1:malformed"},
	{"T-126 JSON: a NUL in a text", FORMAT_JSON,
	 "{\"host\": \"a.test\", \"pins\": [\"" B "\"], "
	 "\"note\": \"a\\u0000b\"}\n", NULL, " 1:malformed"},
	/* libwget's file. */
	{"T-126 wget2: shorter and longer than the cap", FORMAT_WGET2,
	 "a.test 0 5 5\n*sha256 " B "\nb.test 0 5 5000\n*sha256 " B "\n", NULL,
	 " 1=a.test 3=b.test"},
	{"T-126 wget2: it ends behind all time", FORMAT_WGET2,
	 "a.test 0 9223372036854775807 5\n*sha256 " B "\n", NULL, " 1=a.test"},
	{"T-126 wget2: a word too many", FORMAT_WGET2,
	 "a.test 0 5 5 5\n*sha256 " B "\n", NULL, " 1:malformed"},
	{"T-126 wget2: created at no time", FORMAT_WGET2,
	 "a.test 0 x 5\n*sha256 " B "\n", NULL, " 1:bad-time"},
	{"T-126 wget2: a kind without a pin", FORMAT_WGET2,
	 "a.test 0 5 5\n*sha256\n", NULL, " 2:malformed"},
	{"T-126 wget2: a word behind a pin", FORMAT_WGET2,
	 "a.test 0 5 5\n*sha256 " B " x\n", NULL, " 2:malformed"},
	{"T-126 wget2: a pin twice", FORMAT_WGET2,
	 "a.test 0 5 5\n*sha256 " B "\n*sha256 " B "\n", NULL, " 1=a.test"},
	{"T-126 wget2: pins of nobody, remarks, nothing", FORMAT_WGET2,
	 "# x\n \t\n*sha256 " B "\n", NULL, " 3:malformed"},
	/* GnuTLS's known_hosts. */
	{"T-126 gnutls: an empty line, and white space", FORMAT_GNUTLS,
	 "\n |c0|a.test|443|0|6|" HEX "\n", NULL, ""},
	{"T-126 gnutls: what stands behind the sixth field", FORMAT_GNUTLS,
	 "|c0|a.test|443|0|6|" HEX "|more\n", NULL, " 1=a.test"},
	{"T-126 gnutls: an end of strokes alone", FORMAT_GNUTLS,
	 "|g0|a.test||\n", NULL, " 1:malformed"},
	{"T-126 gnutls: no stroke at the beginning", FORMAT_GNUTLS,
	 "c0|a.test|443|0|6|" HEX "\n", NULL, " 1:malformed"},
	{"T-126 gnutls: no base64", FORMAT_GNUTLS,
	 "|g0|a.test|443|0|!!!!\n", NULL, " 1:bad-pin"},
	{"T-126 gnutls: six fields of another kind", FORMAT_GNUTLS,
	 "|c1|a.test|443|0|6|" HEX "\n", NULL, " 1:malformed"},
	{"T-126 gnutls: a kind of hash without a number", FORMAT_GNUTLS,
	 "|c0|a.test|443|0|x|" HEX "\n", NULL, " 1:other-hash"},
	{"T-126 gnutls: digits that are none", FORMAT_GNUTLS,
	 "|c0|a.test|443|0|6|" NO_HEX "\n", NULL, " 1:bad-pin"},
	/* TLSA records. */
	{"T-126 TLSA: remarks of both kinds", FORMAT_TLSA, "# x\n; x\n\n", NULL,
	 ""},
	{"T-126 TLSA: a port alone", FORMAT_TLSA,
	 "_443 TLSA 3 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"T-126 TLSA: an owner that ends early", FORMAT_TLSA,
	 "_443._tcp TLSA 3 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"T-126 TLSA: fields that are no numbers", FORMAT_TLSA,
	 "_443._tcp.a.test TLSA x 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"T-126 TLSA: digits that are none", FORMAT_TLSA,
	 "_443._tcp.a.test TLSA 3 1 1 " NO_HEX "\n", NULL, " 1:bad-pin"},
	{"T-126 TLSA: each usage, in parts", FORMAT_TLSA,
	 "_443._tcp.a.test TLSA 0 1 1 ( " HEX " )\n"
	 "_443._tcp.a.test 60 IN TLSA 4 1 1 " HEX "\n", NULL,
	 " 1=a.test 2:other-hash"},
	/* Lines of curl's. */
	{"T-126 curl: another hash, and a word too many", FORMAT_CURL,
	 "a.test md5//" B "\nb.test sha256//" B " x\n", NULL,
	 " 1:bad-pin 2:malformed"},
	/* Chromium's two files. */
	{"T-126 Chromium: one of each", FORMAT_CHROMIUM, WITH_A ENTRY, KEYS,
	 " 2=a.test"},
	{"T-126 Chromium: a remark at the very end", FORMAT_CHROMIUM,
	 WITH_A ENTRY "// end", KEYS, " 2=a.test"},
	{"T-126 Chromium: a stroke that begins no remark", FORMAT_CHROMIUM,
	 WITH_A ENTRY "/*", KEYS, " line 2: end of file expected near '/'"},
	{"T-126 Chromium: a stroke at the very end", FORMAT_CHROMIUM,
	 WITH_A ENTRY "/", KEYS, " line 2: end of file expected near '/'"},
	{"T-126 Chromium: a string that goes on behind its line",
	 FORMAT_CHROMIUM, "{ \"entries\": [ { \"name\": \"a\n\" } ] }", KEYS,
	 " line 1: unexpected newline near '\"a'"},
	{"T-126 Chromium: hashes that are no array", FORMAT_CHROMIUM,
	 SETS("\"static_spki_hashes\": \"KeyA\"") ENTRY, KEYS,
	 " 2:unknown-name"},
	{"T-126 Chromium: pins null", FORMAT_CHROMIUM,
	 WITH_A "\"entries\": [ { \"name\": \"a.test\", \"pins\": null } ] }",
	 KEYS, " 2:malformed"},
	{"T-126 Chromium: subdomains told as no", FORMAT_CHROMIUM,
	 WITH_A "\"entries\": [ { \"name\": \"a.test\", \"pins\": \"s\", "
	 "\"include_subdomains\": false, "
	 "\"include_subdomains_for_pinning\": false } ] }", KEYS, " 2=a.test"},
	{"T-126 Chromium: a public key that is no base64", FORMAT_CHROMIUM,
	 WITH_A ENTRY, PEM("PUBLIC KEY", "!!!!"), NEITHER},
	{"T-126 Chromium: a public key that is none", FORMAT_CHROMIUM,
	 WITH_A ENTRY, PEM("PUBLIC KEY", "AAAA"), NEITHER},
	{"T-126 Chromium: a certificate that is no base64", FORMAT_CHROMIUM,
	 WITH_A ENTRY, PEM("CERTIFICATE", "!!!!"), NEITHER},
	{"T-126 Chromium: an end without a beginning", FORMAT_CHROMIUM,
	 WITH_A ENTRY, "KeyA\n-----END CERTIFICATE-----\n", NEITHER},
	/* What a file looks like. */
	{"a file of GnuTLS's hashes", GUESS,
	 "|c0|a.test|443|0|6|" HEX "\n", NULL, " 1=a.test"},
	{"TLSA between tabs", GUESS,
	 "a.test\tTLSA\t3 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"TLSA between a tab and a space", GUESS,
	 "a.test\tTLSA 3 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"TLSA between spaces", GUESS,
	 "a.test TLSA 3 1 1 " HEX "\n", NULL, " 1:malformed"},
	{"one pin of curl's is a line of ours too", GUESS,
	 "a.test sha256//" B "\n", NULL, " 1=a.test"},
	{"a pin without a word, between others", GUESS,
	 "a.test " B " static\n", NULL, " 1=a.test"},
	{"a pin without a word, at the end", GUESS, "a.test " B, NULL,
	 " 1=a.test"},
	{"Chromium's entries before its pinsets", GUESS,
	 "{\n" ENTRY "\n", KEYS, " this has no \"pinsets\" or no \"entries\""},
	{"an object of nothing that is known", GUESS, "{ \"a\": 1 }\n", NULL,
	 NONE},
	{"Firefox's pins", GUESS, "a.test:HPKP\t0\t1\t1\n", NULL,
	 " this is Firefox's SiteSecurityServiceState, which is not read"},
	{"Firefox's names for https", GUESS, "a.test:HSTS\t0\t1\t1\n", NULL,
	 " this is Firefox's SiteSecurityServiceState, which is not read"},
	{"Firefox's names apart", GUESS, "a.test^partitionKey=x\t0\n", NULL,
	 " this is Firefox's SiteSecurityServiceState, which is not read"},
	{"remarks, and lines that begin with nothing", GUESS,
	 "# x\n\r\n\t\n # x\n# end", NULL, ""},
	{"Chromium's remarks, and no object", GUESS, "// x\nrubbish\n", NULL,
	 NONE},
};

START_TEST(lines_are_read)
{
	const char *text = readings[_i].text;
	char *told = read_text(readings[_i].format, text, strlen(text),
	                       readings[_i].pins);

	ck_assert_msg(strcmp(told, readings[_i].told) == 0, "%s:%s",
	              readings[_i].name, told);
	free(told);
}
END_TEST

/* --------------------------------------------------------------- many, long */

static const struct {
	const char *name;
	enum format format;
	const char *head, *each, *tail; /* "%s" is a pin, in its digits */
	const char *few, *many;         /* of 32 and of 33 */
} crowds[] = {
	{"T-126 text", FORMAT_TEXT, "a.test", " %s", "\n", " 1=a.test",
	 " 1:limit"},
	{"T-126 wget2", FORMAT_WGET2, "a.test 0 5 5\n", "*sha256 %s\n", "",
	 " 1=a.test", " 34:limit"},
	/* The lines are parts of one entry: they are passed over together. */
	{"T-126 gnutls", FORMAT_GNUTLS, "", "|c0|a.test|443|0|6|%s\n", "",
	 NULL, NULL},
};

START_TEST(pins_are_so_many)
{
	size_t n, i, len;
	char pin[72], *text = NULL, *told;
	FILE *out;

	for (n = PINSTORE_PINS_MAX; n <= PINSTORE_PINS_MAX + 1; n++) {
		const char *wanted = n == PINSTORE_PINS_MAX ? crowds[_i].few
		                                            : crowds[_i].many;

		out = open_memstream(&text, &len);
		ck_assert_ptr_nonnull(out);
		fputs(crowds[_i].head, out);
		for (i = 0; i < n; i++) {
			const char *at = strstr(crowds[_i].each, "%s");

			(void)snprintf(pin, sizeof(pin), "%064zx", i);
			fprintf(out, "%.*s%s%s",
			        (int)(at - crowds[_i].each), crowds[_i].each,
			        pin, at + 2);
		}
		fputs(crowds[_i].tail, out);
		ck_assert_int_eq(fclose(out), 0);
		told = read_text((int)crowds[_i].format, text, len, NULL);
		if (wanted != NULL)
			ck_assert_msg(strcmp(told, wanted) == 0, "%s:%s",
			              crowds[_i].name, told);
		else
			ck_assert_msg((strstr(told, ":limit") != NULL) ==
			              (n > PINSTORE_PINS_MAX), "%s:%s",
			              crowds[_i].name, told);
		free(told);
		free(text);
	}
}
END_TEST

static const struct {
	const char *name;
	size_t len; /* of the line, without its end */
	const char *told;
} lengths[] = {
	{"T-126 the longest line", INTAKE_LINE_MAX, " 1:malformed 2=a.test"},
	{"T-126 one octet more", INTAKE_LINE_MAX + 1, " 1:limit 2=a.test"},
	{"T-126 more than is read at once", 9 * INTAKE_LINE_MAX,
	 " 1:limit 2=a.test"},
};

/* A line that is passed over takes no other with it. */
START_TEST(lines_are_so_long)
{
	static const char next[] = "\na.test sha256//" B "\n";
	size_t len = lengths[_i].len, both = len + strlen(next);
	char *text = malloc(both + 1), *told;

	ck_assert_ptr_nonnull(text);
	memset(text, '7', len);
	memcpy(text, "x x ", 4);
	memcpy(text + len, next, sizeof(next));
	told = read_text(FORMAT_TEXT, text, both, NULL);
	ck_assert_uint_eq(strlen(told), strlen(lengths[_i].told));
	ck_assert_ptr_nonnull(strstr(told, "=a.test"));
	free(told);
	/* And one that nothing ends. */
	told = read_text(FORMAT_TEXT, text, len, NULL);
	ck_assert_uint_eq(strlen(told),
	                  (size_t)(strchr(lengths[_i].told + 1, ' ') -
	                           lengths[_i].told));
	free(told);
	free(text);
}
END_TEST

/* What is one structure is read whole, however often that has to grow. */
START_TEST(files_are_so_large)
{
	static const char text[] = WITH_A ENTRY;
	size_t at = strlen(WITH_A), larger = 20 * INTAKE_LINE_MAX;
	char *long_text = malloc(sizeof(text) + larger), *told;

	ck_assert_ptr_nonnull(long_text);
	memcpy(long_text, text, at);
	memset(long_text + at, ' ', larger);
	memcpy(long_text + at + larger, text + at, sizeof(text) - at);
	told = read_text(FORMAT_CHROMIUM, long_text, sizeof(text) - 1 + larger,
	                 KEYS);
	ck_assert_str_eq(told, " 2=a.test");
	free(told);
	free(long_text);
}
END_TEST

/* T-126: the rest of a file may be limited, and is then not given at all. */
START_TEST(rest_is_limited)
{
	struct lines lines;
	char *text = NULL;
	size_t len = 0;
	int fd = file_of("four", 4);

	lines_new(fd, &lines);
	ck_assert(!lines_rest(&lines, 3, &text, &len));
	ck_assert_int_eq(lines.error, EFBIG);
	ck_assert_ptr_null(text);
	lines_free(&lines);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	lines_new(fd, &lines);
	ck_assert(lines_rest(&lines, 4, &text, &len));
	ck_assert_uint_eq(len, 4);
	lines_free(&lines);
	free(text);
	(void)close(fd);
}
END_TEST

/* ------------------------------------------------------------------ writing */

static const struct {
	const char *name;
	enum format format;
	const char *text; /* an entry of ours */
	const char *out;
} writings[] = {
	{"text: what is no letter, in a note", FORMAT_TEXT,
	 "a.test sha256//" B " noted=@0 note=\"\\x09\\x7f\\\"\\\\\"\n",
	 "a.test static sha256//" B " noted=1970-01-01T00:00:00Z "
	 "note=\"\\x09\\x7f\\\"\\\\\"\n"},
	{"text: noted at one time, and changed at another", FORMAT_TEXT,
	 "a.test sha256//" B " noted=@0 updated=@60 expires=@90\n",
	 "a.test static sha256//" B " noted=1970-01-01T00:00:00Z "
	 "updated=1970-01-01T00:01:00Z expires=1970-01-01T00:01:30Z\n"},
	{"text: before all calendars", FORMAT_TEXT,
	 "a.test sha256//" B " noted=@-5\n",
	 "a.test static sha256//" B " noted=@-5\n"},
	{"wget2: noted before 1970, and for ever", FORMAT_WGET2,
	 "a.test sha256//" B " subdomains noted=@-5\n",
	 "a.test 1 0 2147483647\n*sha256 " B "\n"},
	{"wget2: an end", FORMAT_WGET2,
	 "a.test sha256//" B " noted=@5 expires=@2000000000\n",
	 "a.test 0 5 1999999995\n*sha256 " B "\n"},
	{"gnutls: an end", FORMAT_GNUTLS,
	 "a.test sha256//" B " noted=@5 expires=@2000000000\n",
	 "|c0|a.test|*|2000000000|6|" HEX "\n"},
	{"gnutls: no end", FORMAT_GNUTLS, "a.test sha256//" B " noted=@5\n",
	 "|c0|a.test|*|0|6|" HEX "\n"},
	{"curl: two pins", FORMAT_CURL, "a.test sha256//" C " sha256//" B "\n",
	 "a.test sha256//" C ";sha256//" B "\n"},
	/* What the other program cannot say is not written. */
	{"curl: only watched", FORMAT_CURL, "a.test sha256//" B " report\n",
	 ""},
	{"curl: over", FORMAT_CURL, "a.test sha256//" B " expires=@5\n", ""},
	{"gnutls: learned beside configured", FORMAT_GNUTLS,
	 "a.test sha256//" B "\na.test header sha256//" C "\n",
	 "|c0|a.test|*|0|6|" HEX "\n"},
};

struct written {
	enum format format;
	struct output output;
};

static int
write_entry(const struct pinstore_entry *entry, void *arg)
{
	struct written *written = arg;

	format_write(written->format, &written->output, entry);
	return 0;
}

START_TEST(entries_are_written)
{
	const enum format ours = FORMAT_TEXT;
	const char *text = writings[_i].text;
	struct written written = {writings[_i].format, {.now = NOW}};
	struct tool_fault fault = {.exit = 0};
	struct pinstore_error error;
	struct intake intake;
	struct pinstore *ps = NULL;
	char *told = NULL;
	size_t len;
	int fd = file_of(text, strlen(text));

	intake_new(&intake);
	ck_assert(format_read(fd, "file", &ours, &intake, NULL, &fault));
	ck_assert_uint_eq(intake.n_skipped, 0);
	ck_assert_int_eq(pinstore_open_memory(NULL, &ps, &error), PINSTORE_OK);
	ck_assert_int_eq(pinstore_import_run(ps, intake.import, 0, NOW, NULL,
	                                     &error), PINSTORE_OK);
	written.output.out = open_memstream(&told, &len);
	ck_assert_ptr_nonnull(written.output.out);
	ck_assert_int_eq(pinstore_walk(ps, NULL, write_entry, &written, &error),
	                 PINSTORE_OK);
	ck_assert_int_eq(fclose(written.output.out), 0);
	ck_assert_msg(strcmp(told, writings[_i].out) == 0, "%s: %s",
	              writings[_i].name, told);
	free(told);
	pinstore_close(ps);
	intake_free(&intake);
	(void)close(fd);
}
END_TEST

/* -------------------------------------------------------------------- words */

/* Each reason has a word and a sentence of its own. */
START_TEST(reasons_have_words)
{
	int i, j;

	for (i = 0; i <= SKIP_LOOSER; i++) {
		ck_assert_str_ne(skip_word((enum skip)i), "unknown");
		ck_assert_str_ne(skip_text((enum skip)i), "is not known");
		for (j = 0; j < i; j++) {
			ck_assert_str_ne(skip_word((enum skip)i),
			                 skip_word((enum skip)j));
			ck_assert_str_ne(skip_text((enum skip)i),
			                 skip_text((enum skip)j));
		}
	}
	ck_assert_ptr_nonnull(format_row(FORMAT_OKHTTP));
	ck_assert_ptr_null(format_row((enum format)(FORMAT_OKHTTP + 1)));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("all");
	Suite *suite = suite_create("formats");

	tcase_add_loop_test(tcase, lines_are_read, 0, COUNT(readings));
	tcase_add_loop_test(tcase, pins_are_so_many, 0, COUNT(crowds));
	tcase_add_loop_test(tcase, lines_are_so_long, 0, COUNT(lengths));
	tcase_add_test(tcase, files_are_so_large);
	tcase_add_test(tcase, rest_is_limited);
	tcase_add_loop_test(tcase, entries_are_written, 0, COUNT(writings));
	tcase_add_test(tcase, reasons_have_words);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
