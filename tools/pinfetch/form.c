/*
 * form.c - -F: what a form is made of.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "pinfetch/material.h"

/* Forms within forms. */
#define DEPTH_MAX 8

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/*
 * A word up to ; or border, or in quotes, where a backslash stands before a
 * quote or another one.  *at is then where the word has ended.
 */
static char *
read_word(const char **at, char border)
{
	const char *from = skip_blanks(*at);
	char *word = tool_alloc(strlen(from) + 1, 1);
	size_t n = 0;

	if (*from == '"') {
		const char *in = from + 1;

		for (; *in && *in != '"'; in++) {
			if (*in == '\\' && (in[1] == '\\' || in[1] == '"'))
				in++;
			word[n++] = *in;
		}
		if (*in == '"') {
			word[n] = '\0';
			for (in++; *in && *in != ';' && *in != border; in++)
				;
			*at = in;
			return word;
		}
		n = 0;
	}
	for (; *from && *from != ';' && *from != border; from++)
		word[n++] = *from;
	while (n > 0 && is_blank(word[n - 1]))
		n--;
	word[n] = '\0';
	*at = from;
	return word;
}

static struct fetch_field *
append(struct fetch_options *options, enum fetch_field_kind kind)
{
	struct fetch_field *field;

	options->form = tool_grow(options->form, options->n_form,
	                          sizeof(*options->form));
	field = &options->form[options->n_form++];
	*field = (struct fetch_field){.kind = kind};
	return field;
}

static void
put_word(char **member, char *word)
{
	free(*member);
	*member = word; /* now member's */
}

/* Go on to the next ; or border; what lies between from and there. */
static char *
rest_of_part(const char *from, const char **at, char border)
{
	size_t n;

	while (**at && **at != ';' && **at != border)
		(*at)++;
	for (n = (size_t)(*at - from); n > 0 && is_blank(from[n - 1]); n--)
		;
	return tool_copy(from, n);
}

static bool
add_headers(struct fetch_field *field, const char *word,
            struct tool_fault *fault)
{
	struct fetch_options lines = {0};

	if (word[0] == '<') {
		char *path = tool_format("@%s", word + 1);
		bool is_good = fetch_material_header(path, &lines, fault);

		free(path);
		if (!is_good)
			return false;
	} else if (!fetch_material_header(word, &lines, fault)) {
		return false;
	}
	for (struct curl_slist *line = lines.headers; line; line = line->next)
		fetch_material_append(&field->headers, line->data);
	curl_slist_free_all(lines.headers);
	return true;
}

/* MAJOR/MINOR, by the marks that curl looks at. */
static bool
is_type(const char *word)
{
	size_t major = strcspn(word, "/ ");

	return major > 0 && word[major] == '/' &&
	       strcspn(word + major + 1, ";, \n") > 0;
}

static bool
add_type(struct fetch_field *field, char *word, struct tool_fault *fault)
{
	put_word(&field->type, word);
	if (is_type(word))
		return true;
	tool_fault_usage(fault, "--form", "write type=text/plain",
	                 "'%s' is no type of content", word);
	return false;
}

/* ;type= and so on, up to border. */
static bool
read_parameters(const char **at, char border, struct fetch_field *field,
                struct tool_fault *fault)
{
	const char *type = NULL; /* where it begins, while it goes on */

	while (**at == ';') {
		const char *from = skip_blanks(*at + 1);
		const char *before = type;
		char *word;

		type = NULL;
		*at = strchr(from, '=') ? strchr(from, '=') + 1 : from;
		if (strncasecmp(from, "type=", 5) == 0) {
			type = skip_blanks(*at); /* as it stands */
			word = rest_of_part(type, at, border);
			if (!add_type(field, word, fault))
				return false;
		} else if (strncasecmp(from, "filename=", 9) == 0) {
			put_word(&field->filename, read_word(at, border));
		} else if (strncasecmp(from, "encoder=", 8) == 0) {
			put_word(&field->encoder, read_word(at, border));
		} else if (strncasecmp(from, "headers=", 8) == 0) {
			bool is_good;

			word = read_word(at, border);
			is_good = add_headers(field, word, fault);
			free(word);
			if (!is_good)
				return false;
		} else {
			*at = from;
			type = before;
			if (type) { /* ;charset=utf-8 belongs to it */
				put_word(&field->type,
				         rest_of_part(type, at, border));
				continue;
			}
			word = read_word(at, border);
			tool_warn("pinfetch",
			          "--form: '%s' means nothing there", word);
			free(word);
		}
	}
	return true;
}

/* - is stdin, which is read now: there may be several URLs. */
static bool
read_stdin(struct fetch_field *field, struct tool_fault *fault)
{
	char *text;

	if (strcmp(field->content, "-") != 0)
		return true;
	text = fetch_material_read("--form", "-", &field->len, fault);
	if (!text)
		return false;
	if (field->kind == FETCH_FIELD_FILE && !field->filename)
		field->filename = tool_copy("-", 1);
	put_word(&field->content, text);
	field->kind = FETCH_FIELD_DATA;
	return true;
}

static bool
add_one(const char **at, char border, enum fetch_field_kind kind,
        struct fetch_options *options, struct tool_fault *fault)
{
	struct fetch_field *field = append(options, kind);

	field->content = read_word(at, border);
	field->len = strlen(field->content);
	return read_parameters(at, border, field, fault) &&
	       (kind == FETCH_FIELD_DATA || read_stdin(field, fault));
}

/* NAME=@FILE,FILE...: several are a multipart of their own. */
static bool
add_files(const char *at, struct fetch_options *options,
          struct tool_fault *fault)
{
	size_t outer = options->n_form;

	(void)append(options, FETCH_FIELD_OPEN);
	if (!add_one(&at, ',', FETCH_FIELD_FILE, options, fault))
		return false;
	if (*at != ',') {
		/* One alone takes the place of the multipart. */
		options->form[outer] = options->form[outer + 1];
		options->n_form--;
		return true;
	}
	while (*at == ',') {
		at++;
		if (!add_one(&at, ',', FETCH_FIELD_FILE, options, fault))
			return false;
	}
	(void)append(options, FETCH_FIELD_CLOSE);
	return true;
}

static int
depth_of(const struct fetch_options *options)
{
	int depth = 0;

	for (size_t i = 0; i < options->n_form; i++) {
		depth += options->form[i].kind == FETCH_FIELD_OPEN;
		depth -= options->form[i].kind == FETCH_FIELD_CLOSE;
	}
	return depth;
}

static bool
add_content(const char *content, bool has_name, struct fetch_options *options,
            struct tool_fault *fault)
{
	struct fetch_field *field;

	if (content[0] == '@')
		return add_files(content + 1, options, fault);
	if (content[0] == '<') {
		content++;
		return add_one(&content, '\0', FETCH_FIELD_PLAIN, options,
		               fault);
	}
	if (content[0] == '(' && depth_of(options) < DEPTH_MAX) {
		content++;
		field = append(options, FETCH_FIELD_OPEN);
		free(read_word(&content, '\0'));
		return read_parameters(&content, '\0', field, fault);
	}
	if (!has_name && strcmp(content, ")") == 0) {
		if (depth_of(options) == 0) {
			tool_fault_usage(fault, "--form", NULL,
			                 "no form is open that =) could end");
			return false;
		}
		(void)append(options, FETCH_FIELD_CLOSE);
		return true;
	}
	return add_one(&content, '\0', FETCH_FIELD_DATA, options, fault);
}

bool
fetch_form_add(const char *argument, struct fetch_options *options,
               struct tool_fault *fault)
{
	size_t first = options->n_form;
	size_t name = strcspn(argument, "=");

	if (argument[name] != '=') {
		tool_fault_usage(fault, "--form", "write NAME=CONTENT",
		                 "'%s' has no =", argument);
		return false;
	}
	if (!add_content(argument + name + 1, name > 0, options, fault))
		return false;
	if (name > 0)
		options->form[first].name = tool_copy(argument, name);
	return true;
}

static CURLcode
fill(const struct fetch_field *field, curl_mimepart *part)
{
	CURLcode code = CURLE_OK;

	if (field->kind == FETCH_FIELD_DATA)
		code = curl_mime_data(part, field->content, field->len);
	else if (field->kind == FETCH_FIELD_FILE ||
	         field->kind == FETCH_FIELD_PLAIN)
		code = curl_mime_filedata(part, field->content);
	if (!code && (field->filename || field->kind == FETCH_FIELD_PLAIN))
		code = curl_mime_filename(part, field->filename);
	if (!code && field->name)
		code = curl_mime_name(part, field->name);
	if (!code && field->type)
		code = curl_mime_type(part, field->type);
	if (!code && field->encoder)
		code = curl_mime_encoder(part, field->encoder);
	if (!code && field->headers)
		code = curl_mime_headers(part, field->headers, 0);
	return code;
}

CURLcode
fetch_form_build(const struct fetch_options *options, CURL *easy,
                 curl_mime **out)
{
	curl_mime *open[DEPTH_MAX + 2];
	size_t depth = 0;
	CURLcode code = CURLE_OK;

	*out = open[0] = curl_mime_init(easy);
	if (!*out)
		return CURLE_OUT_OF_MEMORY;
	for (size_t i = 0; i < options->n_form && !code; i++) {
		const struct fetch_field *field = &options->form[i];
		curl_mimepart *part;

		if (field->kind == FETCH_FIELD_CLOSE) {
			assert(depth > 0);
			depth--;
			continue;
		}
		part = curl_mime_addpart(open[depth]);
		code = part ? fill(field, part) : CURLE_OUT_OF_MEMORY;
		if (code || field->kind != FETCH_FIELD_OPEN)
			continue;
		open[++depth] = curl_mime_init(easy);
		code = open[depth] ? curl_mime_subparts(part, open[depth])
		                   : CURLE_OUT_OF_MEMORY;
		if (code)
			curl_mime_free(open[depth]);
	}
	return code;
}

void
fetch_form_clear(struct fetch_options *options)
{
	for (size_t i = 0; i < options->n_form; i++) {
		struct fetch_field *field = &options->form[i];

		curl_slist_free_all(field->headers);
		free(field->encoder);
		free(field->filename);
		free(field->type);
		free(field->content);
		free(field->name);
	}
	free(options->form);
	options->form = NULL;
	options->n_form = 0;
}
