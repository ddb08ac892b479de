/*
 * verb.c - the command table and what a verb gets to do its work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/store.h"

#define BIT(option) OPTION_BIT(OPTION_##option)
#define CHAIN_OPTIONS (BIT(CHAIN_PIN) | BIT(CHAIN_NONE))

const struct verb verbs[] = {
	{"check", cmd_check, "HOST...",
	 "would this chain pass?",
	 "Exit 0: yes, or no pin covers the host; 90: no; 121: a key is\n"
	 "revoked.  On a refusal says from when on it would pass, and which\n"
	 "pinned keys would pass now.\n",
	 BIT(STORE) | BIT(AT) | CHAIN_OPTIONS, 1, SIZE_MAX},
	{"clear", cmd_clear, "HOST... | --all | --since TIME",
	 "remove entries",
	 "Asks first on a terminal; elsewhere --yes is required.  Exit 1: a\n"
	 "host has no such entry.  --all and --since spare static entries\n"
	 "unless --source is static or all.\n",
	 BIT(STORE) | BIT(ALL) | BIT(SOURCE) | BIT(SINCE) | BIT(SUBDOMAINS) |
	         BIT(YES) | BIT(DRY_RUN),
	 0, SIZE_MAX},
	{"expire", cmd_expire, "",
	 "remove entries that have expired",
	 "Refuses when the clock is more than 60 days past the latest time\n"
	 "that the store has seen, unless --force.\n",
	 BIT(STORE) | BIT(AT) | BIT(DRY_RUN) | BIT(GRACE) | BIT(FORCE), 0, 0},
	{"explain", cmd_explain, "HOST",
	 "which entries apply to a host, and why",
	 "Walks from the name to the root in both layers.\n",
	 BIT(STORE) | BIT(AT), 1, 1},
	{"hash", cmd_hash, "FILE...",
	 "print the pins of certificates, requests and keys",
	 "Certificate (several in a PEM file), certificate request, public or\n"
	 "private key; PEM or DER; \"-\" is stdin.  A private key is neither\n"
	 "stored nor printed.\n",
	 BIT(FORMAT), 1, SIZE_MAX},
	{"help", cmd_help, "[VERB]",
	 "print help", NULL, 0, 0, 1},
	{"lint", cmd_lint, "[VALUE]",
	 "judge the value of a Public-Key-Pins field",
	 "Reads stdin, octet by octet, if VALUE is not given.  Exit 1: a\n"
	 "client ignores the field.  Without a chain option it is not judged\n"
	 "whether a pin matches and another is a backup.\n",
	 BIT(REPORT_ONLY) | BIT(STRICT) | BIT(HOST) | CHAIN_OPTIONS, 0, 1},
	{"list", cmd_list, "[GLOB...]",
	 "print the entries of the store as a table",
	 "GLOB is matched with the whole name, as the shell does; quote it.\n"
	 "Exit 0 also when there is none, but for --expired and --expiring.\n",
	 BIT(STORE) | BIT(AT) | BIT(SOURCE) | BIT(MODE) | BIT(EXPIRED) |
	         BIT(EXPIRING) | BIT(SORT),
	 0, SIZE_MAX},
	{"note", cmd_note, "HOST [VALUE...]",
	 "process header fields as if just received",
	 "VALUEs are the fields of one response in order; without any, stdin\n"
	 "is one, octet by octet.  The chain is that of the connection.\n"
	 "Exit 0 whatever was decided.\n",
	 BIT(STORE) | BIT(AT) | BIT(REPORT_ONLY) | CHAIN_OPTIONS, 1, SIZE_MAX},
	{"pin", cmd_pin, "HOST PIN|FILE...",
	 "make a static entry, in place of the one that is there",
	 "FILE is a certificate, a certificate request or a key.  A single pin\n"
	 "is refused unless --no-backup says that it is meant.\n",
	 BIT(STORE) | BIT(INCLUDE_SUBDOMAINS) | BIT(EXPIRES) | BIT(NOTE) |
	         BIT(NO_BACKUP),
	 2, SIZE_MAX},
	{"show", cmd_show, "HOST...",
	 "print all that is stored for that very name",
	 "Exit 1: nothing is; says which entry of a parent applies then.\n",
	 BIT(STORE) | BIT(AT), 1, SIZE_MAX},
	{NULL, NULL, NULL, NULL, NULL, 0, 0, 0},
};

const struct verb *
verb_find(const char *name)
{
	const struct verb *verb;

	for (verb = verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static int
exit_rank(int code)
{
	static const int order[] = {0, EXIT_NONE, EXIT_MISMATCH, EXIT_REVOKED,
	                            EXIT_NETWORK, EXIT_STORE, EXIT_USAGE};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (order[i] == code)
			return (int)i;
	return (int)i;
}

int
exit_worse(int a, int b)
{
	return exit_rank(a) >= exit_rank(b) ? a : b;
}

int
exit_of(enum pinstore_status status)
{
	switch (status) {
	case PINSTORE_OK:
		return TOOL_EXIT_OK;
	case PINSTORE_ERR_ARG:
	case PINSTORE_ERR_HOST:
	case PINSTORE_ERR_HEADER:
	case PINSTORE_ERR_UNFIT:
	case PINSTORE_ERR_CHAIN:
		return EXIT_USAGE;
	case PINSTORE_ERR_NOMEM:
	case PINSTORE_ERR_NOTFOUND:
	case PINSTORE_ERR_UNJUDGED:
	case PINSTORE_ERR_ACCESS:
	case PINSTORE_ERR_READONLY:
	case PINSTORE_ERR_BUSY:
	case PINSTORE_ERR_FULL:
	case PINSTORE_ERR_IO:
	case PINSTORE_ERR_VERSION:
	case PINSTORE_ERR_DAMAGED:
	case PINSTORE_ERR_INTERNAL:
		break;
	}
	return EXIT_STORE;
}

int
run_fail(struct run *run, const struct pinstore_error *error)
{
	tool_fault_library(&run->fault, exit_of(error->status), error,
	                   run->store_path);
	return run->fault.exit;
}

/* What is said if the store ends the program with SIGBUS. */
static void
guard(const struct run *run)
{
	struct tool_fault fault;
	struct pinstore_error error = {.status = PINSTORE_ERR_DAMAGED};

	(void)snprintf(error.text, sizeof(error.text),
	               "its data.mdb is cut short or overwritten");
	tool_fault_library(&fault, EXIT_STORE, &error, run->store_path);
	fault.has_way_out = false;
	tool_store_guard(EXIT_STORE,
	                 tool_fault_text(&fault, PROGRAM, run->is_json));
}

bool
run_open(struct run *run, bool is_writing)
{
	struct pinstore_options *options = pinstore_options_new();
	struct pinstore_error error;
	bool is_default;

	if (options == NULL)
		tool_no_memory();
	run->store_path = tool_store_path(run->options.store, &is_default,
	                                  &run->fault);
	if (run->store_path == NULL) {
		pinstore_options_free(options);
		return false;
	}
	guard(run);
	if (is_writing && is_default)
		tool_store_make_parents(run->store_path);
	/* By hand, the letter of the RFC: each sighting is written. */
	if (pinstore_options_set(options, PINSTORE_OPT_READONLY, !is_writing) ==
	            PINSTORE_OK &&
	    pinstore_options_set(options, PINSTORE_OPT_REFRESH_SLACK, 0) ==
	            PINSTORE_OK &&
	    pinstore_open(run->store_path, options, &run->store, &error) !=
	            PINSTORE_OK)
		run_fail(run, &error);
	pinstore_options_free(options);
	return run->store != NULL;
}

bool
run_host(struct run *run, const char *operand, char out[PINSTORE_HOST_MAX + 1],
         enum pinstore_host_kind *kind)
{
	enum pinstore_status status;

	status = pinstore_host_canonical(operand, strlen(operand), out, kind);
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	if (status == PINSTORE_OK)
		return true;
	tool_fault_set(&run->fault, EXIT_USAGE,
	               tool_status_word(PINSTORE_ERR_HOST), operand,
	               "give a host name as in a URL, without scheme and port",
	               "\"%s\" is neither a host name nor an address", operand);
	return false;
}

bool
run_hosts(struct run *run)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	size_t i;

	for (i = 0; i < run->n_operands; i++)
		if (!run_host(run, run->operands[i], name, &kind))
			return false;
	return true;
}

bool
run_chain(struct run *run, struct pinstore_chain **out)
{
	const struct options *options = &run->options;
	bool is_none = option_given(options, OPTION_CHAIN_NONE);
	enum pinstore_status status;

	*out = NULL;
	if (is_none == (options->n_chain_pins > 0)) {
		tool_fault_usage(&run->fault,
		                 is_none ? "--chain-none" : "--chain-pin",
		                 "--chain-pin PIN once for each key of the "
		                 "validated path, or --chain-none for no path",
		                 is_none ? "--chain-none and --chain-pin "
		                           "exclude each other"
		                         : "which chain? say it with "
		                           "--chain-pin or --chain-none");
		return false;
	}
	status = pinstore_chain_from_validated_pins(
	        options->chain_pins, options->n_chain_pins, out);
	if (status == PINSTORE_OK)
		return true;
	if (status == PINSTORE_ERR_NOMEM)
		tool_no_memory();
	tool_fault_usage(&run->fault, "--chain-pin", NULL,
	                 "%zu pins are too many for a chain",
	                 options->n_chain_pins);
	return false;
}

bool
run_stdin(struct run *run, size_t limit, char **out, size_t *len)
{
	if (tool_file_read_fd(STDIN_FILENO, limit, out, len))
		return true;
	tool_fault_usage(&run->fault, "stdin", NULL,
	                 "stdin cannot be read: %s", strerror(errno));
	return false;
}
