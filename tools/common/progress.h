/*
 * progress.h - how far long work has come, on a terminal's stderr.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is drawn where stderr is no terminal.  The line comes when the work
 * has taken a moment, fits 80 columns, and is gone when the work is over, or
 * a signal (Ctrl-C) ends the program.
 *
 *	struct tool_progress progress;
 *
 *	tool_progress_begin(&progress, "fsck", TOOL_UNIT_OCTETS, is_quiet);
 *	for (...)
 *		tool_progress_show(done, total, &progress);
 *	tool_progress_end(&progress);
 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* What is counted. */
enum tool_unit { TOOL_UNIT_ENTRIES, TOOL_UNIT_OCTETS };

struct tool_progress {
	const char *name; /* of the work; static */
	enum tool_unit unit;
	bool is_on;
	int64_t begun; /* milliseconds of a clock that nobody sets */
	int64_t shown;
};

/* One line at a time: two of them must not be begun at once. */
void
tool_progress_begin(struct tool_progress *out, const char *name,
                    enum tool_unit unit, bool is_quiet);

/*
 * So much of total is done; a total of 0 is not known.  Cheap enough to be
 * called for every entry, and a function that the library can call.
 */
void
tool_progress_show(uint64_t done, uint64_t total, void *progress);

/* Clear the line.  Before anything else is told on stderr. */
void
tool_progress_end(struct tool_progress *progress);

#endif /* TOOL_PROGRESS_H */
