/*
 * verb.h - the command table and what a verb gets to do its work.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_VERB_H
#define TOOL_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pinstore/pinstore.h>

#include "common/fault.h"
#include "common/likely.h"
#include "common/progress.h"
#include "common/when.h"
#include "options.h"

#define PROGRAM "pinstore"

enum pinstore_exit {
	EXIT_NONE = 1,      /* no such entry, nothing found, lint ignores */
	EXIT_USAGE = 2,
	EXIT_STORE = 3,
	EXIT_NETWORK = 4,
	EXIT_MISMATCH = 90,
	EXIT_REVOKED = 121
};

struct verb;

/* One call of a verb. */
struct run {
	const struct verb *verb;
	struct options options;
	char **operands; /* behind the verb */
	size_t n_operands;
	bool is_json;
	bool is_colored;
	FILE *out; /* held until the exit code is known: common/held.h */
	char *store_path;
	struct pinstore *store;
	struct tool_fault fault;
	struct tool_likely likely;
};

/*
 * The work of a verb: its exit code.  An error is in run->fault and its code
 * is returned; verdicts (1, 90, 121) have none.
 */
typedef int verb_fn(struct run *run);

struct verb {
	const char *name;
	verb_fn *work;
	const char *arguments;
	const char *summary;
	const char *text;  /* the rest of its help, or NULL */
	uint64_t options;  /* OPTION_BIT() */
	size_t least, most; /* operands; SIZE_MAX = any number */
};

/* The table, ended by a row without a name. */
extern const struct verb verbs[];

const struct verb *
verb_find(const char *name);

verb_fn cmd_backup;
verb_fn cmd_bypass;
verb_fn cmd_check;
verb_fn cmd_clear;
verb_fn cmd_config;
verb_fn cmd_doctor;
verb_fn cmd_expire;
verb_fn cmd_explain;
verb_fn cmd_export;
verb_fn cmd_fsck;
verb_fn cmd_hash;
verb_fn cmd_header;
verb_fn cmd_help;
verb_fn cmd_import;
verb_fn cmd_lint;
verb_fn cmd_list;
verb_fn cmd_log;
verb_fn cmd_mode;
verb_fn cmd_note;
verb_fn cmd_pin;
verb_fn cmd_probe;
verb_fn cmd_report;
verb_fn cmd_restore;
verb_fn cmd_revoke;
verb_fn cmd_show;
verb_fn cmd_stats;
verb_fn cmd_unrevoke;

/* cmd_config.c: the i-th key of a setting; NULL behind the last. */
const char *
config_key(size_t i);

/* help.c: of the whole, of one verb. */
void
help_print(FILE *out);
void
help_print_verb(const struct verb *verb, FILE *out);

/* Find out the store's path, without opening it. */
bool
run_path(struct run *run, bool is_writing);

/* Open the store; for reading a missing one is an error. */
bool
run_open(struct run *run, bool is_writing);

/* The same for a verb that judges: with the system's store below it. */
bool
run_open_judging(struct run *run, bool is_writing);

/*
 * Ask "question? [y/N]" on a terminal, unless --yes was given.  False, and
 * run->fault: no (refusal then says what was not done), or nobody can be asked.
 */
bool
run_agreed(struct run *run, const char *question, const char *refusal);

/* Whether --note is one; if not, run->fault. */
bool
run_note(struct run *run);

/*
 * A time as seen from --at: "in 59d"; with --json or --time iso as in RFC 3339.
 */
void
run_time(const struct run *run, int64_t when, char out[TOOL_TIME_TEXT]);

/*
 * Draw on a terminal how far the store's long work has come, unless stdout is
 * that terminal, or with --quiet, until run_progress_end().
 */
void
run_progress(struct run *run, const char *name, struct tool_progress *out);
void
run_progress_end(struct run *run, struct tool_progress *progress);

/* Put what the library said of the store into run->fault; the exit code. */
int
run_fail(struct run *run, const struct pinstore_error *error);

/*
 * Bring operand to canonical form.  False, and run->fault: it is neither a name
 * nor an address.
 */
bool
run_host(struct run *run, const char *operand,
         char out[PINSTORE_HOST_MAX + 1], enum pinstore_host_kind *kind);

/* run_host() for operands first to last, before anything is done. */
bool
run_hosts(struct run *run);

/* The worse of two exit codes: 2, 3, 4, 121, 90, 1, 0. */
int
exit_worse(int a, int b);

/* The exit code for what the library returned. */
int
exit_of(enum pinstore_status status);

/*
 * All of stdin.  False, and run->fault.  Owner: the caller, tool_file_free().
 */
bool
run_stdin(struct run *run, size_t limit, char **out, size_t *len);

#endif /* TOOL_VERB_H */
