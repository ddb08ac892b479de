/*
 * fault.h - why a command failed: the thing, the place and the way out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A function that can fail takes a struct tool_fault and fills it on failure;
 * only main() prints it.  Whatever is put in is escaped for a terminal.
 */
#ifndef TOOL_FAULT_H
#define TOOL_FAULT_H

#include <stdbool.h>
#include <stdio.h>

#include <pinstore/pinstore.h>

/* Exit codes that both tools share. */
enum tool_exit {
	TOOL_EXIT_OK = 0,
	TOOL_EXIT_USAGE = 2
};

struct tool_fault {
	int exit;            /* 0 = nothing happened */
	const char *status;  /* a word; static */
	char message[640];   /* one line, without the place */
	char where[512];     /* option, file, host or store; "" = nowhere */
	const char *hint;    /* the way out; static, or NULL */
	bool has_way_out;    /* message tells it too; text needs no hint */
	/* Of a refusal, in JSON: what it most likely comes from. */
	bool is_refusal;
	const char *cause;   /* a word; static, or NULL if nothing can be said */
	char likely[512];    /* a sentence */
};

/*
 * Fill *fault.  where and hint may be NULL; hint must live on.
 */
void
tool_fault_set(struct tool_fault *fault, int code, const char *status,
               const char *where, const char *hint, const char *format, ...)
        __attribute__((format(printf, 6, 7)));

/* A fault of the command line: exit 2, status "usage". */
void
tool_fault_usage(struct tool_fault *fault, const char *where, const char *hint,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * What the library said: its text, the word of its status, and where.  code is
 * the exit code; the hint goes with the status.
 */
void
tool_fault_library(struct tool_fault *fault, int code,
                   const struct pinstore_error *error, const char *where);

/* What a refusal that fault tells of most likely comes from; both may be NULL. */
void
tool_fault_likely(struct tool_fault *fault, const char *cause,
                  const char *text);

/* The word of a status: "damaged" for PINSTORE_ERR_DAMAGED. */
const char *
tool_status_word(enum pinstore_status status);

/* Print fault as text behind the program's name. */
void
tool_fault_put(const struct tool_fault *fault, const char *program, FILE *out);

/*
 * Print fault on stderr: as text behind the program's name, or with as_json as
 * {"error": {"exit", "status", "message", "where", "hint"}}, and of a refusal
 * "likely": {"cause", "text"} or null.
 */
/* What tool_fault_print() would print.  Owner: the caller. */
char *
tool_fault_text(const struct tool_fault *fault, const char *program,
                bool as_json);

void
tool_fault_print(const struct tool_fault *fault, const char *program,
                 bool as_json);

/* A remark on stderr: "program: warning: ...", escaped. */
void
tool_warn(const char *program, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif /* TOOL_FAULT_H */
