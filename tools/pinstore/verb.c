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

#include <pinstore/admin.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/store.h"
#include "common/text.h"
#include "evidence.h"

#define BIT(option) OPTION_BIT(OPTION_##option)

const struct verb verbs[] = {
	{"backup", cmd_backup, "[--publish] DIR",
	 "copy the store to a directory, while it is in use",
	 "DIR is made, or is empty, or has an earlier backup of this store;\n"
	 "about replacing anything else it asks first on a terminal, elsewhere\n"
	 "--yes is required.  With --publish the copy is for all users of the\n"
	 "machine: what the operator laid down, and nothing that was learned.\n",
	 BIT(STORE) | BIT(PUBLISH) | BIT(YES), 1, 1},
	{"bypass", cmd_bypass, "HOST --for DURATION --reason TEXT | HOST --end",
	 "judge a host's pins, but do not enforce them, for a time",
	 "At most 7 days.  Nothing is learned of the host meanwhile; a\n"
	 "certificate that is not valid, and a revoked key, are refused all\n"
	 "the same.  Exit 1: --end, and there is no bypass.\n",
	 BIT(STORE) | BIT(FOR) | BIT(REASON) | BIT(SUBDOMAINS) | BIT(END), 1,
	 1},
	{"check", cmd_check, "HOST... | --all",
	 "would this chain pass?",
	 "Of what is about to be deployed, or of the host as it is now.  Exit\n"
	 "0: yes, or no pin covers the host; 1: of a key alone it cannot be\n"
	 "told; 4: a client would not take the certificate; 90: no; 121: a\n"
	 "key is revoked.  On a refusal says from when on it would pass, and\n"
	 "which pinned keys would pass now.\n",
	 BIT(STORE) | BIT(AT) | BIT(ALL) | BIT(RESOLVE) | BIT(CONNECT_TO) |
	         EVIDENCE_PATH_OPTIONS | EVIDENCE_KEY_OPTIONS,
	 0, SIZE_MAX},
	{"clear", cmd_clear, "HOST... | --all | --since TIME",
	 "remove entries",
	 "Asks first on a terminal; elsewhere --yes is required.  Exit 1: a\n"
	 "host has no such entry.  --all and --since spare static entries\n"
	 "unless --source is static or all.\n",
	 BIT(STORE) | BIT(ALL) | BIT(SOURCE) | BIT(SINCE) | BIT(SUBDOMAINS) |
	         BIT(YES) | BIT(DRY_RUN),
	 0, SIZE_MAX},
	{"config", cmd_config, "[KEY [VALUE...]]",
	 "print or change the store's settings",
	 "KEY is max-age-cap, refresh-slack, quota-domain, quota-total,\n"
	 "max-size, suffix-rule, learn-subdomains, report, report-only,\n"
	 "report-https-only, report-same-origin-only, report-private or\n"
	 "anchors; anchors takes pins, files of certificates and folders of\n"
	 "such, which are read once, now.\n",
	 BIT(STORE) | BIT(UNSET), 0, SIZE_MAX},
	{"doctor", cmd_doctor, "",
	 "say what is wrong with the store, worst first",
	 "Judges entries, journal, clock, files and reports with experience,\n"
	 "and says of each finding what it means and which command mends it.\n"
	 "Exit 1: there is an error or a warning; advice alone is none.\n",
	 BIT(STORE) | BIT(AT) | BIT(ALL) | BIT(TIME), 0, 0},
	{"expire", cmd_expire, "",
	 "remove entries that have expired",
	 "Refuses when the clock is more than 60 days past the latest time\n"
	 "that the store has seen, unless --force.\n",
	 BIT(STORE) | BIT(AT) | BIT(DRY_RUN) | BIT(GRACE) | BIT(FORCE), 0, 0},
	{"explain", cmd_explain, "HOST",
	 "which entries apply to a host, and why",
	 "Walks from the name to the root in both layers.\n",
	 BIT(STORE) | BIT(AT), 1, 1},
	{"export", cmd_export, "[GLOB...]",
	 "write entries for another store, or another program",
	 "To stdout, sorted, as pinstore import reads them; GLOB is as with\n"
	 "list.  --format: text (the default), json, wget2, gnutls, curl, nsc\n"
	 "or okhttp; but for the first two a report entry, one that has\n"
	 "expired and the learned one beside a static one are left out.\n",
	 BIT(STORE) | BIT(AT) | BIT(SOURCE) | BIT(MODE) | BIT(FORMAT), 0,
	 SIZE_MAX},
	{"fsck", cmd_fsck, "",
	 "read all of the store, and say what is damaged",
	 "Others may use it meanwhile.  Exit 3: something is damaged, or names\n"
	 "are refused that may have been lost.\n",
	 BIT(STORE) | BIT(REPAIR) | BIT(ACCEPT_LOSS), 0, 0},
	{"hash", cmd_hash, "FILE...",
	 "print the pins of certificates, requests and keys",
	 "Certificate (several in a PEM file), certificate request, public or\n"
	 "private key, PKCS#7, PKCS#12; PEM or DER; \"-\" is stdin.  What is\n"
	 "encrypted needs --password-file, or a terminal to ask at.  A private\n"
	 "key is neither stored nor printed.\n",
	 BIT(FORMAT) | BIT(PASSWORD_FILE), 1, SIZE_MAX},
	{"header", cmd_header, "[PIN|FILE...]",
	 "write a Public-Key-Pins field for a server",
	 "FILE is a certificate, a certificate request or a key.  Refuses what\n"
	 "clients would ignore: a field without the pin of a backup key.  With\n"
	 "--chain it is judged by the chain that the server is to serve.  Only\n"
	 "for https: clients ignore the field on plain http.\n",
	 BIT(FOR) | BIT(REPORT_ONLY) | BIT(MAX_AGE) | BIT(INCLUDE_SUBDOMAINS) |
	         BIT(REPORT_URI) | BIT(HOST) | EVIDENCE_PATH_OPTIONS,
	 0, SIZE_MAX},
	{"help", cmd_help, "[VERB]",
	 "print help", NULL, 0, 0, 1},
	{"import", cmd_import, "FILE",
	 "add the entries of a file, in one transaction",
	 "\"-\" is stdin.  The format is seen from the file, or --format: text,\n"
	 "json, wget2, gnutls, curl, chromium or tlsa.  Lines that cannot be\n"
	 "taken are named and passed over, exit 1; with --strict nothing is\n"
	 "imported then, exit 2.\n",
	 BIT(STORE) | BIT(DRY_RUN) | BIT(EXPIRES) | BIT(FORCE) | BIT(FORMAT) |
	         BIT(PINS) | BIT(STRICT),
	 1, 1},
	{"lint", cmd_lint, "[VALUE]",
	 "judge the value of a Public-Key-Pins field",
	 "Reads stdin, octet by octet, if VALUE is not given.  Exit 1: a\n"
	 "client ignores the field.  Without a chain option it is not judged\n"
	 "whether a pin matches and another is a backup.  What was found is\n"
	 "told with its rule and what clients do with it: strict ones, ours,\n"
	 "and lenient ones.\n",
	 BIT(REPORT_ONLY) | BIT(STRICT) | BIT(HOST) | BIT(HTTP) |
	         EVIDENCE_PATH_OPTIONS,
	 0, 1},
	{"list", cmd_list, "[GLOB...]",
	 "print the entries of the store as a table",
	 "GLOB is matched with the whole name, as the shell does; quote it.\n"
	 "Exit 0 also when there is none, but for --expired and --expiring.\n",
	 BIT(STORE) | BIT(AT) | BIT(SOURCE) | BIT(MODE) | BIT(EXPIRED) |
	         BIT(EXPIRING) | BIT(SORT) | BIT(TIME),
	 0, SIZE_MAX},
	{"log", cmd_log, "",
	 "print what happened to the store's hosts, oldest first",
	 "A line for each event, with --json an object.\n",
	 BIT(STORE) | BIT(SINCE) | BIT(FOLLOW), 0, 0},
	{"mode", cmd_mode, "HOST enforce|report",
	 "switch a static entry",
	 "Refuses enforce, unless --force, when within 7 days there were\n"
	 "connections that the entry would refuse.  Exit 1: there is no such\n"
	 "entry.\n",
	 BIT(STORE) | BIT(FORCE), 2, 2},
	{"note", cmd_note, "HOST [VALUE...]",
	 "process header fields as if just received",
	 "VALUEs are the fields of one response in order; without any, stdin\n"
	 "is one, octet by octet.  The chain is that of the connection.\n"
	 "Exit 0 whatever was decided.\n",
	 BIT(STORE) | BIT(AT) | BIT(REPORT_ONLY) | EVIDENCE_PATH_OPTIONS, 1,
	 SIZE_MAX},
	{"pin", cmd_pin, "HOST [PIN|FILE...]",
	 "make a static entry, in place of the one that is there",
	 "FILE is a certificate, a certificate request or a key.  A single pin\n"
	 "is refused unless --no-backup says that it is meant.  With\n"
	 "--from-host the key that the host has now is shown, and asked about\n"
	 "on a terminal; elsewhere --yes is required.\n",
	 BIT(STORE) | BIT(INCLUDE_SUBDOMAINS) | BIT(EXPIRES) | BIT(NOTE) |
	         BIT(MODE) | BIT(NO_BACKUP) | BIT(FROM_HOST) | BIT(CACERT) |
	         BIT(RESOLVE) | BIT(CONNECT_TO) | BIT(YES),
	 1, SIZE_MAX},
	{"probe", cmd_probe, "HOST[:PORT]",
	 "connect to a host, and tell all that matters to pins",
	 "What it serves, the validated path, its header, stapling, resumption,\n"
	 "and what a client with this store would decide.  Nothing is noted.\n"
	 "Exit 4: not reached, or its certificate is not valid; 90, 121: it\n"
	 "would be refused.\n",
	 BIT(STORE) | BIT(CACERT) | BIT(CONNECT_TO) | BIT(RESOLVE) |
	         BIT(STARTTLS),
	 1, 1},
	{"report", cmd_report, "list | show [ID...] | send [ID...] | drop ID|HOST...",
	 "the reports of failures that wait to be sent",
	 "send delivers those that are due, the named ones and with --all all\n"
	 "of them at once; it fits cron.  Exit 4: one could not be delivered;\n"
	 "90, 121: its collector's pins do not match, or its key is revoked.\n",
	 BIT(STORE) | BIT(ALL) | BIT(CACERT) | BIT(CONNECT_TO) | BIT(HSTS) |
	         BIT(RESOLVE) | BIT(TIME),
	 1, SIZE_MAX},
	{"restore", cmd_restore, "DIR",
	 "put a backup in the place of what the store holds",
	 "Programs that use the store go on with what was restored.  What it\n"
	 "held is gone: back it up before.  Asks first on a terminal; elsewhere\n"
	 "--yes is required, unless there is no store yet.\n",
	 BIT(STORE) | BIT(YES), 1, 1},
	{"revoke", cmd_revoke, "PIN|FILE... | --list",
	 "refuse every chain that has such a key",
	 "Whatever else is stored, for addresses too.  Asks first on a\n"
	 "terminal; elsewhere --yes is required.\n",
	 BIT(STORE) | BIT(NOTE) | BIT(LIST) | BIT(YES), 0, SIZE_MAX},
	{"show", cmd_show, "HOST...",
	 "print all that is stored for that very name",
	 "Exit 1: nothing is; says which entry of a parent applies then.\n",
	 BIT(STORE) | BIT(AT), 1, SIZE_MAX},
	{"stats", cmd_stats, "",
	 "print the store in numbers",
	 "Entries by source and mode, violations of the last 7 days, reports,\n"
	 "size and readers.  With --openmetrics as a monitoring system reads\n"
	 "them, for example from a file that a timer writes.\n",
	 BIT(STORE) | BIT(AT) | BIT(OPENMETRICS) | BIT(TIME), 0, 0},
	{"unrevoke", cmd_unrevoke, "PIN|FILE...",
	 "take keys off the list of the revoked",
	 "Exit 1: a key is not revoked.\n", BIT(STORE), 1, SIZE_MAX},
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
	case PINSTORE_ERR_FORKED:
	case PINSTORE_ERR_REMOTE:
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
	               "its data.mdb is cut short or overwritten, or the "
	               "disk does not give it");
	tool_fault_library(&fault, EXIT_STORE, &error, run->store_path);
	fault.has_way_out = false;
	tool_store_guard(EXIT_STORE,
	                 tool_fault_text(&fault, PROGRAM, run->is_json));
}

/* By hand, the letter of the RFC: each sighting is written. */
static enum pinstore_status
set_by_hand(const struct run *run, struct pinstore_options *options)
{
	if (run->verb->work != cmd_note)
		return PINSTORE_OK;
	return pinstore_options_set(options, PINSTORE_OPT_REFRESH_SLACK, 0);
}

bool
run_path(struct run *run, bool is_writing)
{
	bool is_default;

	if (run->store_path != NULL)
		return true;
	run->store_path = tool_store_path(run->options.store, &is_default,
	                                  &run->fault);
	if (run->store_path == NULL)
		return false;
	guard(run);
	if (is_writing && is_default)
		tool_store_make_parents(run->store_path);
	return true;
}

static bool
open_store(struct run *run, bool is_writing, bool is_judging)
{
	struct pinstore_options *options;
	struct pinstore_error error;
	enum pinstore_status status;

	if (!run_path(run, is_writing))
		return false;
	options = pinstore_options_new();
	if (options == NULL)
		tool_no_memory();
	status = pinstore_options_set(options, PINSTORE_OPT_READONLY,
	                              !is_writing);
	if (status == PINSTORE_OK)
		status = set_by_hand(run, options);
	if (status == PINSTORE_OK && is_judging)
		status = tool_store_set_system(options);
	if (status == PINSTORE_OK)
		status = tool_store_set_remote(options);
	if (status != PINSTORE_OK)
		error = (struct pinstore_error){.status = status};
	else
		status = pinstore_open(run->store_path, options, &run->store,
		                       &error);
	if (status != PINSTORE_OK)
		run_fail(run, &error);
	pinstore_options_free(options);
	return run->store != NULL;
}

bool
run_open(struct run *run, bool is_writing)
{
	return open_store(run, is_writing, false);
}

bool
run_open_judging(struct run *run, bool is_writing)
{
	return open_store(run, is_writing, true);
}

void
run_time(const struct run *run, int64_t when, char out[TOOL_TIME_TEXT])
{
	if (run->is_json || run->options.is_iso)
		tool_time_print(when, out);
	else
		tool_time_print_relative(when, run->options.now, out);
}

void
run_progress(struct run *run, const char *name, struct tool_progress *out)
{
	/* Two things that draw on one screen are neither. */
	tool_progress_begin(out, name, TOOL_UNIT_ENTRIES,
	                    option_given(&run->options, OPTION_QUIET) ||
	                            isatty(STDOUT_FILENO) == 1);
	pinstore_set_progress(run->store, tool_progress_show, out);
}

void
run_progress_end(struct run *run, struct tool_progress *progress)
{
	pinstore_set_progress(run->store, NULL, NULL);
	tool_progress_end(progress);
}

bool
run_agreed(struct run *run, const char *question, const char *refusal)
{
	char *line = NULL;
	size_t size = 0;
	bool is_yes;
	ssize_t len;

	if (option_given(&run->options, OPTION_YES))
		return true;
	if (!isatty(STDIN_FILENO)) {
		tool_fault_usage(&run->fault, run->verb->name,
		                 (run->verb->options &
		                  OPTION_BIT(OPTION_DRY_RUN)) != 0
		                         ? "--yes, or --dry-run to see what it "
		                           "would do"
		                         : "--yes",
		                 "nobody can be asked: stdin is no terminal");
		return false;
	}
	tool_put_escaped(question, stderr);
	fputs("? [y/N] ", stderr);
	/* At the end of the input the room is there, and nothing in it. */
	len = getline(&line, &size, stdin);
	if (len < 0)
		fputc('\n', stderr); /* Ctrl-D: nobody ended the line */
	is_yes = len > 0 && (line[0] == 'y' || line[0] == 'Y');
	free(line);
	if (!is_yes)
		tool_fault_usage(&run->fault, run->verb->name, NULL, "%s",
		                 refusal);
	return is_yes;
}

bool
run_note(struct run *run)
{
	const char *note = run->options.note;

	if (note == NULL || (strlen(note) <= PINSTORE_NOTE_MAX &&
	                     tool_is_utf8(note, strlen(note))))
		return true;
	tool_fault_usage(&run->fault, "--note", "write it shorter, in UTF-8",
	                 "the note has more than %d octets, or is not UTF-8",
	                 PINSTORE_NOTE_MAX);
	return false;
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
run_stdin(struct run *run, size_t limit, char **out, size_t *len)
{
	if (tool_file_read_fd(STDIN_FILENO, limit, out, len))
		return true;
	tool_fault_usage(&run->fault, "stdin", NULL,
	                 "stdin cannot be read: %s", strerror(errno));
	return false;
}
