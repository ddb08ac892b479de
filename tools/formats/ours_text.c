/*
 * ours_text.c - our own format for people: a line for each entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	a.test header subdomains sha256//... sha256//... noted=2026-10-02T...
 */
#include <config.h>

#include "formats/format.h"

#include <inttypes.h>
#include <string.h>

#include "common/pin.h"
#include "common/text.h"
#include "common/when.h"

#define HEAD "# pinstore entries 1"
/* A pin in hexadecimal digits. */
#define HEX_LEN 64

/* An item in the making. */
struct making {
	struct pinstore_import_item item;
	struct pinstore_pin pins[PINSTORE_PINS_MAX];
	unsigned seen; /* WORD_... */
	enum skip why;
};

enum word {
	WORD_SOURCE = 1,
	WORD_MODE = 2,
	WORD_SUBDOMAINS = 4,
	WORD_NOTED = 8,
	WORD_UPDATED = 16,
	WORD_EXPIRES = 32,
	WORD_MAX_AGE = 64,
	WORD_REPORT_URI = 128,
	WORD_NOTE = 256
};

/* ------------------------------------------------------------------ reading */

/* False: it stands there twice. */
static bool
once(struct making *making, enum word word)
{
	making->why = SKIP_MALFORMED;
	if ((making->seen & (unsigned)word) != 0)
		return false;
	making->seen |= (unsigned)word;
	return true;
}

static bool
take_flag(struct making *making, const char *word)
{
	static const struct {
		const char *word;
		enum word kind;
		int value;
	} flags[] = {
		{"static", WORD_SOURCE, PINSTORE_STATIC},
		{"header", WORD_SOURCE, PINSTORE_HEADER},
		{"tofu", WORD_SOURCE, PINSTORE_TOFU},
		{"enforce", WORD_MODE, PINSTORE_ENFORCE},
		{"report", WORD_MODE, PINSTORE_REPORT},
		{"subdomains", WORD_SUBDOMAINS, 1},
	};
	size_t i;

	making->why = SKIP_MALFORMED;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i].word, word) == 0)
			break;
	if (i == sizeof(flags) / sizeof(flags[0]) ||
	    !once(making, flags[i].kind))
		return false;
	if (flags[i].kind == WORD_SOURCE)
		making->item.source = (enum pinstore_source)flags[i].value;
	else if (flags[i].kind == WORD_MODE)
		making->item.mode = (enum pinstore_mode)flags[i].value;
	else
		making->item.include_subdomains = 1;
	return true;
}

static bool
take_value(struct making *making, const char *word, const char *value)
{
	static const struct {
		const char *name;
		enum word kind;
	} names[] = {
		{"noted=", WORD_NOTED},     {"updated=", WORD_UPDATED},
		{"expires=", WORD_EXPIRES}, {"max-age=", WORD_MAX_AGE},
		{"report-uri=", WORD_REPORT_URI},
	};
	size_t i, len = (size_t)(value - word);

	making->why = SKIP_MALFORMED;
	/* Both end with the only "=" that they have. */
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(names[i].name, word, len) == 0)
			break;
	if (i == sizeof(names) / sizeof(names[0]) ||
	    !once(making, names[i].kind))
		return false;
	making->why = SKIP_TIME;
	switch (names[i].kind) {
	case WORD_NOTED:
		return intake_time(value, &making->item.noted);
	case WORD_UPDATED:
		return intake_time(value, &making->item.updated);
	case WORD_EXPIRES:
		return intake_time(value, &making->item.expires);
	case WORD_MAX_AGE:
		return intake_number(value, &making->item.max_age_sent);
	case WORD_REPORT_URI:
		making->item.report_uri = value;
		return true;
	case WORD_SOURCE:
	case WORD_MODE:
	case WORD_SUBDOMAINS:
	case WORD_NOTE:
		break;
	}
	return false;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * The text in quotes at *at, without them, in place; *at moves behind it.
 */
static bool
take_note(struct making *making, char **at)
{
	char *from = *at + strlen("note=\""), *to = from;
	int high, low;

	making->item.note = from;
	if (!once(making, WORD_NOTE))
		return false;
	while (*from != '"') {
		if (*from != '\\') {
			if (*from == '\0')
				return false;
			*to++ = *from++;
			continue;
		}
		from++;
		if (*from == '\\' || *from == '"') {
			*to++ = *from++;
			continue;
		}
		if (*from != 'x')
			return false;
		high = digit(from[1]);
		low = high >= 0 ? digit(from[2]) : -1;
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high << 4 | low);
		from += 3;
	}
	from++;
	if (*from != '\0' && *from != ' ' && *from != '\t')
		return false;
	*to = '\0';
	*at = from;
	return true;
}

static bool
take_pin(struct making *making, const char *word)
{
	struct pinstore_pin pin;
	size_t i;

	making->why = SKIP_PIN;
	if (!tool_pin_parse(word, &pin))
		return false;
	for (i = 0; i < making->item.n_pins; i++)
		if (tool_pin_equal(&making->pins[i], &pin))
			return true;
	making->why = SKIP_LIMIT;
	if (making->item.n_pins == PINSTORE_PINS_MAX)
		return false;
	making->pins[making->item.n_pins++] = pin;
	return true;
}

static bool
take_word(struct making *making, char *word)
{
	char *value = strchr(word, '=');

	if (tool_pin_is_meant(word) || strlen(word) == HEX_LEN)
		return take_pin(making, word);
	if (value == NULL)
		return take_flag(making, word);
	/* Bare base64 ends with one. */
	if (value[1] == '\0')
		return take_pin(making, word);
	return take_value(making, word, value + 1);
}

void
text_line(struct intake *intake, char *text, size_t len, uint64_t number)
{
	struct making making = {.why = SKIP_MALFORMED};
	char *at = text, *word;
	const char *host;

	(void)len;
	at += strspn(at, " \t");
	if (*at == '\0' || *at == '#')
		return;
	host = intake_word(&at);
	intake_item(intake, number, host, making.pins, 0, &making.item);
	for (;;) {
		at += strspn(at, " \t");
		if (strncmp(at, "note=\"", 6) == 0) {
			if (take_note(&making, &at))
				continue;
			intake_skip(intake, number, making.why);
			return;
		}
		word = intake_word(&at);
		if (word == NULL)
			break;
		if (!take_word(&making, word)) {
			intake_skip(intake, number, making.why);
			return;
		}
	}
	intake_add(intake, &making.item);
}

/* ------------------------------------------------------------------ writing */

void
text_head(struct output *output)
{
	fputs(HEAD "\n", output->out);
}

static void
put_time(const char *name, int64_t when, FILE *out)
{
	char text[TOOL_TIME_TEXT];

	tool_time_print(when, text);
	fprintf(out, " %s=%s", name, text);
}

static void
put_note(const char *note, FILE *out)
{
	const unsigned char *at = (const unsigned char *)note;

	fputs(" note=\"", out);
	for (; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f)
			fprintf(out, "\\x%02x", *at);
		else if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else
			fputc(*at, out);
	}
	fputc('"', out);
}

void
text_entry(struct output *output, const struct pinstore_entry *entry)
{
	const char *uri = pinstore_entry_report_uri(entry);
	const char *note = pinstore_entry_note(entry);
	int64_t max_age = pinstore_entry_max_age_sent(entry);
	const struct pinstore_pin *pins;
	char text[TOOL_PIN_TEXT];
	FILE *out = output->out;
	size_t i, n;

	fprintf(out, "%s %s", pinstore_entry_host(entry),
	        pinstore_source_word(pinstore_entry_source(entry)));
	if (pinstore_entry_mode(entry) == PINSTORE_REPORT)
		fputs(" report", out);
	if (pinstore_entry_include_subdomains(entry))
		fputs(" subdomains", out);
	pins = pinstore_entry_pins(entry, &n);
	for (i = 0; i < n; i++) {
		tool_pin_print(&pins[i], TOOL_PIN_CURL, text);
		fputc(' ', out);
		fputs(text, out);
	}
	put_time("noted", pinstore_entry_noted(entry), out);
	if (pinstore_entry_updated(entry) != pinstore_entry_noted(entry))
		put_time("updated", pinstore_entry_updated(entry), out);
	if (pinstore_entry_expires(entry) != PINSTORE_NEVER)
		put_time("expires", pinstore_entry_expires(entry), out);
	if (max_age >= 0)
		fprintf(out, " max-age=%" PRId64, max_age);
	if (uri != NULL)
		fprintf(out, " report-uri=%s", uri);
	if (note != NULL)
		put_note(note, out);
	fputc('\n', out);
}
