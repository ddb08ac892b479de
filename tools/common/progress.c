/*
 * progress.c - how far long work has come, on a terminal's stderr.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* What is over sooner needs no line. */
#define PATIENCE_MS 300
#define REDRAW_MS 100
#define COLUMNS 79
#define COLUMNS_MIN 40
#define BAR_MAX 30
/* Room for one number. */
#define FIELD 24
#define LINE (COLUMNS + 2)

/* Columns of the line that is on the screen.  Signal handlers ask it. */
static volatile sig_atomic_t drawn;

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define N_ENDS (sizeof(ends) / sizeof(ends[0]))

static struct sigaction before[N_ENDS];
static bool is_caught[N_ENDS];

/* The clock that costs least: it is asked for every entry. */
static int64_t
clock_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
clear_line(void)
{
	static const char blank[] =
	        "\r                                        "
	        "                                       ";

	size_t width = (size_t)drawn;

	drawn = 0;
	if (width > 0 && write(STDERR_FILENO, blank, 1 + width) > 0)
		(void)!write(STDERR_FILENO, blank, 1);
}

/* The program ends as it would have, by the signal. */
static void
leave(int number)
{
	clear_line();
	(void)raise(number);
}

static void
catch_ends(void)
{
	struct sigaction action;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = leave;
	action.sa_flags = (int)SA_RESETHAND;
	(void)sigemptyset(&action.sa_mask);
	for (i = 0; i < N_ENDS; i++) {
		is_caught[i] = sigaction(ends[i], NULL, &before[i]) == 0 &&
		               before[i].sa_handler == SIG_DFL &&
		               sigaction(ends[i], &action, NULL) == 0;
	}
}

static void
let_go(void)
{
	size_t i;

	for (i = 0; i < N_ENDS; i++) {
		if (is_caught[i])
			(void)sigaction(ends[i], &before[i], NULL);
		is_caught[i] = false;
	}
}

void
tool_progress_begin(struct tool_progress *out, const char *name,
                    enum tool_unit unit, bool is_quiet)
{
	memset(out, 0, sizeof(*out));
	out->name = name;
	out->unit = unit;
	out->is_on = !is_quiet && isatty(STDERR_FILENO) == 1;
	if (!out->is_on)
		return;
	out->begun = clock_ms();
	out->shown = out->begun + PATIENCE_MS - REDRAW_MS;
	catch_ends();
}

/* ------------------------------------------------------------------ drawing */

static size_t
columns(void)
{
	struct winsize size = {0};

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
	    size.ws_col > COLUMNS)
		return COLUMNS;
	/* The last one is left alone: some terminals go to the next line. */
	return size.ws_col - 1U;
}

/* 1234567 entries, 1.2 MB. */
static void
put_amount(uint64_t n, enum tool_unit unit, char out[FIELD])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double amount = (double)n;
	size_t i = 0;

	switch (unit) {
	case TOOL_UNIT_ENTRIES:
		(void)snprintf(out, FIELD, "%" PRIu64, n);
		return;
	case TOOL_UNIT_OCTETS:
		while (amount >= 999.5 &&
		       i + 1 < sizeof(units) / sizeof(units[0])) {
			amount /= 1000;
			i++;
		}
		(void)snprintf(out, FIELD, "%.*f %s", amount < 9.95 && i > 0,
		               amount, units[i]);
		return;
	}
}

static void
put_time(uint64_t seconds, char out[FIELD])
{
	if (seconds >= 3600)
		(void)snprintf(out, FIELD, "%" PRIu64 ":%02u:%02u",
		               seconds / 3600, (unsigned)(seconds / 60 % 60),
		               (unsigned)(seconds % 60));
	else
		(void)snprintf(out, FIELD, "%u:%02u", (unsigned)(seconds / 60),
		               (unsigned)(seconds % 60));
}

/* "[#####     ]  50%  " in what the rest leaves; nothing if that is little. */
static void
put_bar(double share, size_t room, char out[COLUMNS + 1])
{
	size_t width = room > BAR_MAX + 8 ? BAR_MAX : room - 8;
	size_t n = (size_t)(share * (double)width);

	out[0] = '\0';
	if (room < 16)
		return;
	out[0] = '[';
	memset(out + 1, '#', n);
	memset(out + 1 + n, ' ', width - n);
	(void)snprintf(out + 1 + width, 8, "] %3d%% ", (int)(share * 100));
}

static void
draw(const struct tool_progress *progress, uint64_t done, uint64_t total,
     int64_t spent)
{
	uint64_t ms = spent > 0 ? (uint64_t)spent : 1;
	double rate = (double)done * 1000 / (double)ms;
	char amount[FIELD], speed[FIELD], time[FIELD], tail[4 * FIELD];
	char bar[COLUMNS + 1] = "", line[4 * LINE];
	size_t width = columns(), head = strlen(progress->name) + 2, used;

	put_amount(done, progress->unit, amount);
	put_amount((uint64_t)rate, progress->unit, speed);
	if (total > 0 && done > 0 && done <= total)
		put_time((uint64_t)((double)(total - done) / rate + 0.5), time);
	else
		put_time(ms / 1000, time);
	(void)snprintf(tail, sizeof(tail), "%s%s  %s/s  %s%s", amount,
	               progress->unit == TOOL_UNIT_ENTRIES ? " entries" : "",
	               speed, time, total > 0 ? " left" : "");
	used = head + strlen(tail);
	if (total > 0 && used + COLUMNS_MIN / 2 < width)
		put_bar(done < total ? (double)done / (double)total : 1,
		        width - used, bar);
	(void)snprintf(line, sizeof(line), "\r%s  %s%s", progress->name, bar,
	               tail);
	/* In one piece, as wide as the one before may have been. */
	used = strlen(line);
	if (used < width + 1)
		memset(line + used, ' ', width + 1 - used);
	drawn = (sig_atomic_t)width;
	if (write(STDERR_FILENO, line, width + 1) < 0)
		drawn = 0;
}

void
tool_progress_show(uint64_t done, uint64_t total, void *progress)
{
	struct tool_progress *self = progress;
	int64_t now;

	if (!self->is_on)
		return;
	now = clock_ms();
	if (now - self->shown < REDRAW_MS)
		return;
	self->shown = now;
	draw(self, done, total, now - self->begun);
}

void
tool_progress_end(struct tool_progress *progress)
{
	if (!progress->is_on)
		return;
	progress->is_on = false;
	clear_line();
	let_go();
}
