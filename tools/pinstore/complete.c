/*
 * complete.c - what may follow on a command line, for a shell's completion.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All of it comes from the command table: the texts there that tell a person
 * what the arguments are tell it here too.
 */
#include <config.h>

#include "complete.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/store.h"
#include "formats/format.h"
#include "verb.h"

/* More names than these nobody reads. */
#define HOSTS_MAX 1000

struct completing {
	const struct verb *verb; /* or NULL */
	const char *store; /* of --store, or NULL */
	const char *word;  /* what is there of it */
	size_t n_hosts;
	char last[PINSTORE_HOST_MAX + 1];
	FILE *out;
};

static void
offer(const struct completing *completing, const char *prefix,
      const char *candidate)
{
	char *whole = tool_format("%s%s", prefix, candidate);

	if (strncmp(whole, completing->word, strlen(completing->word)) == 0)
		fprintf(completing->out, "%s\n", whole);
	free(whole);
}

static int
visit(const struct pinstore_entry *entry, void *arg)
{
	struct completing *completing = arg;
	const char *host = pinstore_entry_host(entry);

	/* A host may have two entries, one behind the other. */
	if (strncmp(host, completing->word, strlen(completing->word)) != 0 ||
	    strcmp(host, completing->last) == 0)
		return 0;
	(void)snprintf(completing->last, sizeof(completing->last), "%s", host);
	fprintf(completing->out, "%s\n", host);
	return ++completing->n_hosts >= HOSTS_MAX;
}

static void
offer_hosts(struct completing *completing)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore *store = NULL;
	struct tool_fault fault;
	bool is_default;
	char *path;

	path = tool_store_path(completing->store, &is_default, &fault);
	if (path != NULL && options != NULL &&
	    pinstore_options_set(options, PINSTORE_OPT_READONLY, 1) ==
	            PINSTORE_OK &&
	    pinstore_open(path, options, &store, NULL) == PINSTORE_OK &&
	    pinstore_walk(store, NULL, visit, completing, NULL) != PINSTORE_OK)
		completing->n_hosts = 0;
	pinstore_close(store);
	pinstore_options_free(options);
	free(path);
}

static void
offer_verbs(const struct completing *completing)
{
	const struct verb *verb;

	for (verb = verbs; verb->name != NULL; verb++)
		offer(completing, "", verb->name);
}

static void
offer_options(const struct completing *completing)
{
	uint64_t set = OPTIONS_EVERYWHERE | OPTION_BIT(OPTION_STORE);
	int i;

	if (completing->verb != NULL)
		set = OPTIONS_EVERYWHERE | completing->verb->options;
	for (i = 0; i < OPTION_COUNT; i++)
		if ((set & OPTION_BIT(i)) != 0)
			offer(completing, "--",
			      option_row((enum option)i)->name);
}

static void
offer_keys(const struct completing *completing)
{
	const char *key;
	size_t i;

	for (i = 0; (key = config_key(i)) != NULL; i++)
		offer(completing, "", key);
}

/* What stands for an argument in a text: "HOST", "FILE", "enforce". */
static void
offer_kind(struct completing *completing, const char *kind)
{
	if (strcmp(kind, "HOST") == 0 || strcmp(kind, "GLOB") == 0)
		offer_hosts(completing);
	else if (strcmp(kind, "FILE") == 0)
		fputs(":files\n", completing->out);
	else if (strcmp(kind, "DIR") == 0)
		fputs(":dirs\n", completing->out);
	else if (strcmp(kind, "VERB") == 0)
		offer_verbs(completing);
	else if (strcmp(kind, "KEY") == 0)
		offer_keys(completing);
	else if (*kind >= 'a' && *kind <= 'z')
		offer(completing, "", kind);
}

static bool
is_about_files(const struct verb *verb)
{
	return verb != NULL &&
	       (verb->work == cmd_import || verb->work == cmd_export);
}

/* Those that the verb reads, or writes. */
static void
offer_formats(const struct completing *completing)
{
	const struct format_row *row;
	size_t i;

	for (i = 0; (row = format_row((enum format)i)) != NULL; i++)
		if (completing->verb->work == cmd_export
		            ? row->entry != NULL
		            : row->line != NULL || row->whole != NULL)
			offer(completing, "", row->name);
}

static void
offer_value(struct completing *completing, enum option option)
{
	const char *word;
	size_t i;

	/* A bypass has a duration there. */
	if (option == OPTION_FOR && (completing->verb == NULL ||
	                             completing->verb->work != cmd_header))
		return;
	if (option == OPTION_FORMAT && is_about_files(completing->verb)) {
		offer_formats(completing);
		return;
	}
	for (i = 0; (word = option_word(option, i)) != NULL; i++)
		offer(completing, "", word);
	if (i == 0)
		offer_kind(completing, option_row(option)->argument);
}

/* ------------------------------------------------------- arguments of a verb */

/* Kinds of arguments are told apart by these: "[PIN|FILE...]". */
static void
offer_kinds(struct completing *completing, char *kinds)
{
	char *save = NULL, *kind;

	for (kind = strtok_r(kinds, "[]|.", &save); kind != NULL;
	     kind = strtok_r(NULL, "[]|.", &save))
		offer_kind(completing, kind);
}

/*
 * One way in which a verb may be called, "show [ID...]", when operands stand
 * there already.  Options in it, and their values, are no operands.
 */
static void
offer_way(struct completing *completing, char *way, char *const operands[],
          size_t n)
{
	char *save = NULL, *token, *last = NULL;
	bool is_value = false;
	size_t at = 0;

	for (token = strtok_r(way, " ", &save); token != NULL;
	     token = strtok_r(NULL, " ", &save)) {
		if (token[0] == '-') {
			is_value = true;
			continue;
		}
		if (is_value) {
			is_value = false;
			continue;
		}
		if (at == n) {
			offer_kinds(completing, token);
			return;
		}
		/* A word that must be there as it stands. */
		if (*token >= 'a' && *token <= 'z' &&
		    strchr(token, '|') == NULL &&
		    strcmp(token, operands[at]) != 0)
			return;
		last = token;
		at++;
	}
	if (last != NULL && strstr(last, "...") != NULL)
		offer_kinds(completing, last);
}

static void
offer_operand(struct completing *completing, char *const operands[], size_t n)
{
	const char *arguments = completing->verb->arguments;
	char *text = tool_copy(arguments, strlen(arguments));
	char *way = text, *next;

	do {
		next = strstr(way, " | ");
		if (next != NULL) {
			*next = '\0';
			next += strlen(" | ");
		}
		offer_way(completing, way, operands, n);
		way = next;
	} while (way != NULL);
	free(text);
}

/* ------------------------------------------------------------------ the line */

/* What stands before the word that is completed. */
struct line {
	const struct verb *verb; /* NULL: none yet */
	bool is_wrong;           /* it is none that there is */
	enum option waiting;     /* an option for its value, or OPTION_COUNT */
	const char *store;       /* of --store, or NULL */
	char **operands;
	size_t n_operands;
};

static void
read_option(struct line *line, const char *word)
{
	const char *value;
	enum option option = option_find(word + strlen("--"), &value);

	if (option == OPTION_COUNT || option_row(option)->argument == NULL)
		return;
	if (value == NULL)
		line->waiting = option;
	else if (option == OPTION_STORE)
		line->store = value;
}

static void
read_word(struct line *line, char *word)
{
	if (line->waiting != OPTION_COUNT) {
		if (line->waiting == OPTION_STORE)
			line->store = word;
		line->waiting = OPTION_COUNT;
	} else if (strncmp(word, "--", 2) == 0) {
		read_option(line, word);
	} else if (word[0] == '-') {
		return;
	} else if (line->verb == NULL) {
		line->verb = verb_find(word);
		line->is_wrong = line->verb == NULL;
	} else {
		line->operands[line->n_operands++] = word;
	}
}

/* "--mode=enf": what follows the sign. */
static void
offer_joined(struct completing *completing)
{
	const char *value;
	enum option option = option_find(completing->word + strlen("--"),
	                                 &value);

	if (option == OPTION_COUNT || option_row(option)->argument == NULL)
		return;
	completing->word = value;
	offer_value(completing, option);
}

void
complete(char *const words[], size_t n, FILE *out)
{
	struct line line = {.waiting = OPTION_COUNT};
	struct completing completing = {.out = out};
	size_t i;

	if (n == 0)
		return;
	line.operands = tool_alloc(n, sizeof(*line.operands));
	for (i = 0; i + 1 < n && !line.is_wrong; i++)
		read_word(&line, words[i]);
	completing.word = words[n - 1];
	completing.verb = line.verb;
	completing.store = line.store;
	if (line.is_wrong) {
		free(line.operands);
		return;
	}
	if (line.waiting != OPTION_COUNT)
		offer_value(&completing, line.waiting);
	else if (strncmp(completing.word, "--", 2) == 0 &&
	         strchr(completing.word, '=') != NULL)
		offer_joined(&completing);
	else if (completing.word[0] == '-')
		offer_options(&completing);
	else if (line.verb == NULL)
		offer_verbs(&completing);
	else
		offer_operand(&completing, line.operands, line.n_operands);
	free(line.operands);
}
