/*
 * likely.h - what a refusal most likely comes from, as far as data tells.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *	struct tool_likely likely;
 *
 *	tool_likely_begin(&likely);
 *	cause = tool_likely_cause(&likely, store, result, now, &text);
 *	tool_likely_end(&likely);
 *
 * What was read for one refusal serves the next: journal and anchors are not
 * read for each of a million hosts.
 */
#ifndef TOOL_LIKELY_H
#define TOOL_LIKELY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstore/pinstore.h>

/* What tells them apart is at the top of likely.c. */
enum tool_cause {
	TOOL_CAUSE_UNKNOWN,
	TOOL_CAUSE_REVOKED,
	TOOL_CAUSE_CLOCK,
	TOOL_CAUSE_PORTAL,
	TOOL_CAUSE_PARENT,
	TOOL_CAUSE_LOCAL_ANCHOR,
	TOOL_CAUSE_RENEWAL,
	TOOL_CAUSE_OTHER_CA,
	TOOL_CAUSE_NEW_KEY
};

/* A CA that the system came with. */
struct tool_anchor {
	struct pinstore_pin pin;
	char *name;
};

/* More hosts with one leaf than that tell nothing more. */
#define TOOL_LIKELY_SEEN 8

struct tool_likely {
	struct tool_anchor *anchor;
	size_t n;
	bool is_read; /* anchors */
	/* Which hosts came with that leaf. */
	bool has_leaf;
	struct pinstore_pin leaf;
	int64_t since;
	char seen[TOOL_LIKELY_SEEN][PINSTORE_HOST_MAX + 1];
	size_t n_seen;
};

void
tool_likely_begin(struct tool_likely *out);
void
tool_likely_end(struct tool_likely *likely);

/*
 * What the refusal that result tells of most likely comes from: a sentence in
 * *text, or NULL and UNKNOWN if nothing can be said.
 *
 * Owner: *text is the caller's, free().
 */
enum tool_cause
tool_likely_cause(struct tool_likely *likely, struct pinstore *store,
                  const struct pinstore_result *result, int64_t now,
                  char **text);

/* "renewal" and the like; NULL for UNKNOWN. */
const char *
tool_cause_word(enum tool_cause cause);

#endif /* TOOL_LIKELY_H */
