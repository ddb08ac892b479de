/*
 * answer.c - what the last answer was made of: its fields, its certificates.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/answer.h"

#include <string.h>
#include <strings.h>

bool
fetch_answer_wants_certificates(const char *format)
{
	return format && (strcasestr(format, "%{certs}") ||
	                  strcasestr(format, "%{num_certs}") ||
	                  strcasestr(format, "%{json}"));
}

static const struct curl_certinfo *
certificates(CURL *easy)
{
	struct curl_certinfo *info = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info);
	return info;
}

int
fetch_answer_n_certificates(CURL *easy)
{
	const struct curl_certinfo *info = certificates(easy);

	return info ? info->num_of_certs : 0;
}

void
fetch_answer_certificates(CURL *easy, FILE *out)
{
	const struct curl_certinfo *info = certificates(easy);

	for (int i = 0; info && i < info->num_of_certs; i++) {
		const struct curl_slist *line = info->certinfo[i];

		for (; line; line = line->next) {
			/* The PEM itself stands without its name. */
			const char *text = line->data;
			size_t len;

			text += strncasecmp(text, "Cert:", 5) == 0 ? 5 : 0;
			len = strlen(text);
			fputs(text, out);
			if (len > 0 && text[len - 1] != '\n')
				fputc('\n', out);
		}
	}
}

size_t
fetch_answer_n_fields(CURL *easy)
{
	struct curl_header *field = NULL;
	size_t n = 0;

	while ((field = curl_easy_nextheader(easy, CURLH_HEADER, -1, field)))
		n++;
	return n;
}

const char *
fetch_answer_field(CURL *easy, const char *name)
{
	struct curl_header *field = NULL;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &field))
		return NULL;
	return field->value;
}

static void
quote(const char *text, bool is_lower, FILE *out)
{
	static const char letters[] = "bfnrt\"\\";
	static const char meant[] = "\b\f\n\r\t\"\\";

	fputc('"', out);
	for (; *text; text++) {
		const char *at = strchr(meant, *text);

		if (at)
			fprintf(out, "\\%c", letters[at - meant]);
		else if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", (unsigned)*text);
		else if (is_lower && *text >= 'A' && *text <= 'Z')
			fputc(*text | 0x20, out);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

void
fetch_answer_quote(const char *text, FILE *out)
{
	quote(text, false, out);
}

/* All fields of the name that first is the first of. */
static void
put_values(CURL *easy, const struct curl_header *first, FILE *out)
{
	const char *name = first->name;
	size_t n = first->amount;
	struct curl_header *field = NULL;

	quote(name, true, out);
	fputs(":[", out);
	for (size_t i = 0; i < n; i++) {
		if (curl_easy_header(easy, name, i, CURLH_HEADER, -1, &field))
			break;
		if (i > 0)
			fputc(',', out);
		quote(field->value, false, out);
	}
	fputc(']', out);
}

void
fetch_answer_fields(CURL *easy, FILE *out)
{
	struct curl_header *field = NULL;
	bool has_any = false;

	fputc('{', out);
	while (easy &&
	       (field = curl_easy_nextheader(easy, CURLH_HEADER, -1, field))) {
		if (field->index > 0)
			continue;
		if (has_any)
			fputs(",\n", out);
		has_any = true;
		put_values(easy, field, out);
	}
	fputs("\n}", out);
}
