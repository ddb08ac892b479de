/*
 * fault.c - why a command failed: the thing, the place and the way out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/fault.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"

static void
fill(struct tool_fault *fault, int code, const char *status, const char *where,
     const char *hint, const char *format, va_list args)
        __attribute__((format(printf, 6, 0)));

static void
fill(struct tool_fault *fault, int code, const char *status, const char *where,
     const char *hint, const char *format, va_list args)
{
	char raw[512];

	(void)vsnprintf(raw, sizeof(raw), format, args);
	fault->exit = code;
	fault->status = status;
	fault->hint = hint;
	fault->has_way_out = false;
	fault->is_refusal = false;
	tool_escape(raw, strlen(raw), fault->message, sizeof(fault->message));
	if (where == NULL)
		where = "";
	tool_escape(where, strlen(where), fault->where, sizeof(fault->where));
}

void
tool_fault_set(struct tool_fault *fault, int code, const char *status,
               const char *where, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(fault, code, status, where, hint, format, args);
	va_end(args);
}

void
tool_fault_usage(struct tool_fault *fault, const char *where, const char *hint,
                 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(fault, TOOL_EXIT_USAGE, "usage", where, hint, format, args);
	va_end(args);
}

void
tool_fault_likely(struct tool_fault *fault, const char *cause,
                  const char *text)
{
	if (text == NULL)
		text = "";
	fault->is_refusal = true;
	fault->cause = cause;
	tool_escape(text, strlen(text), fault->likely, sizeof(fault->likely));
}

const char *
tool_status_word(enum pinstore_status status)
{
	switch (status) {
	case PINSTORE_OK:
		return "ok";
	case PINSTORE_ERR_ARG:
		return "usage";
	case PINSTORE_ERR_NOMEM:
		return "nomem";
	case PINSTORE_ERR_HOST:
		return "host";
	case PINSTORE_ERR_HEADER:
		return "header";
	case PINSTORE_ERR_UNFIT:
		return "unfit";
	case PINSTORE_ERR_NOTFOUND:
		return "notfound";
	case PINSTORE_ERR_CHAIN:
		return "chain";
	case PINSTORE_ERR_UNJUDGED:
		return "unjudged";
	case PINSTORE_ERR_ACCESS:
		return "access";
	case PINSTORE_ERR_READONLY:
		return "readonly";
	case PINSTORE_ERR_BUSY:
		return "busy";
	case PINSTORE_ERR_FULL:
		return "full";
	case PINSTORE_ERR_IO:
		return "io";
	case PINSTORE_ERR_VERSION:
		return "version";
	case PINSTORE_ERR_DAMAGED:
		return "damaged";
	case PINSTORE_ERR_INTERNAL:
		return "internal";
	case PINSTORE_ERR_FORKED:
		return "forked";
	case PINSTORE_ERR_REMOTE:
		return "remote";
	}
	return "unknown";
}

static const char *
status_hint(enum pinstore_status status)
{
	switch (status) {
	case PINSTORE_ERR_HOST:
		return "give a host name as in a URL, without scheme and port";
	case PINSTORE_ERR_NOTFOUND:
		return "name another store with --store DIR or $PINSTORE; it "
		       "comes to be with the first pin that is stored";
	case PINSTORE_ERR_ACCESS:
		return "mend that, or name another store with --store DIR or "
		       "$PINSTORE; a store is its owner's alone";
	case PINSTORE_ERR_READONLY:
		return "make the store's directory and files writable for its "
		       "owner";
	case PINSTORE_ERR_BUSY:
		return "try again once the process that holds it has ended";
	case PINSTORE_ERR_FULL:
		return "make room, or remove entries: pinstore expire";
	case PINSTORE_ERR_VERSION:
		return "use the pinstore that wrote the store";
	case PINSTORE_ERR_DAMAGED:
		return "pinstore fsck says what is damaged; if it is no store, "
		       "name another with --store DIR";
	case PINSTORE_OK:
	case PINSTORE_ERR_ARG:
	case PINSTORE_ERR_NOMEM:
	case PINSTORE_ERR_HEADER:
	case PINSTORE_ERR_UNFIT:
	case PINSTORE_ERR_CHAIN:
	case PINSTORE_ERR_UNJUDGED:
	case PINSTORE_ERR_IO:
	case PINSTORE_ERR_INTERNAL:
	case PINSTORE_ERR_FORKED:
	case PINSTORE_ERR_REMOTE:
		break;
	}
	return NULL;
}

void
tool_fault_library(struct tool_fault *fault, int code,
                   const struct pinstore_error *error, const char *where)
{
	tool_fault_set(fault, code, tool_status_word(error->status), where,
	               status_hint(error->status), "%s",
	               error->text[0] != '\0' ? error->text
	                                      : pinstore_strerror(error->status));
	fault->has_way_out = error->text[0] != '\0' &&
	                     error->status != PINSTORE_ERR_NOTFOUND;
}

/* Whether text names the place, as a word and not within another. */
static bool
is_named(const char *text, const char *where)
{
	const char *at = text;
	size_t len = strlen(where);

	while ((at = strstr(at, where)) != NULL) {
		if ((at == text || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[len]))
			return true;
		at++;
	}
	return false;
}

void
tool_fault_put(const struct tool_fault *fault, const char *program, FILE *out)
{
	fprintf(out, "%s: ", program);
	/* The library's sentences name the place themselves. */
	if (fault->where[0] != '\0' && !is_named(fault->message, fault->where))
		fprintf(out, "%s: ", fault->where);
	fprintf(out, "%s\n", fault->message);
	if (fault->hint == NULL || fault->has_way_out)
		return;
	fputs("  next      ", out);
	if (isatty(fileno(out)))
		tool_put_wrapped(fault->hint, 12, out);
	else
		fprintf(out, "%s\n", fault->hint);
}

void
tool_warn(const char *program, const char *format, ...)
{
	char raw[1024], text[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	tool_escape(raw, strlen(raw), text, sizeof(text));
	fprintf(stderr, "%s: warning: %s\n", program, text);
}
