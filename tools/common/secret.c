/*
 * secret.c - a password from the terminal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/signalfd.h>

#include "common/memory.h"
#include "common/text.h"

#define LINE_MAX_LEN 1024

enum came { CAME_LINE, CAME_SIGNAL };

/*
 * Who ends or stops the program while nothing is shown would be left with a
 * terminal that shows nothing: these must wait.  *fd becomes readable when one
 * of them does; -1 = they do not wait.
 */
static void
hold_signals(sigset_t *before, int *fd)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		(void)sigaddset(&set, held[i]);
	*fd = signalfd(-1, &set, SFD_CLOEXEC);
	(void)sigprocmask(SIG_BLOCK, *fd >= 0 ? &set : NULL, before);
}

/* They have their way now. */
static void
release_signals(const sigset_t *before, int fd)
{
	if (fd >= 0)
		(void)close(fd);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* line is ended by NUL, and empty at the end of input. */
static enum came
read_line(int signals, char line[LINE_MAX_LEN])
{
	struct pollfd wait[2] = {
	        {.fd = STDIN_FILENO, .events = POLLIN},
	        {.fd = signals, .events = POLLIN},
	};
	ssize_t n = 0;

	while (poll(wait, 2, -1) < 0 && errno == EINTR)
		;
	if (wait[1].revents)
		return CAME_SIGNAL;
	n = read(STDIN_FILENO, line, LINE_MAX_LEN - 1);
	line[n > 0 ? n : 0] = '\0';
	return CAME_LINE;
}

/* Ask once.  CAME_SIGNAL: one has come, and has not ended the program. */
static enum came
ask(const char *before_it, const char *whose, const char *behind_it,
    char line[LINE_MAX_LEN])
{
	struct termios shown, hidden;
	enum came came = CAME_LINE;
	sigset_t before;
	int signals;
	bool is_terminal;

	hold_signals(&before, &signals);
	is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	/* First: it throws away what was typed, and the prompt invites. */
	if (is_terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	fputs(before_it, stderr);
	tool_put_escaped(whose, stderr);
	fputs(behind_it, stderr);
	if (is_terminal) {
		came = read_line(signals, line);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	}
	fputc('\n', stderr);
	release_signals(&before, signals);
	return came;
}

char *
tool_secret_ask(const char *before_it, const char *whose, const char *behind_it)
{
	char line[LINE_MAX_LEN] = "";
	char *copy;

	if (!isatty(STDIN_FILENO))
		return NULL;
	while (ask(before_it, whose, behind_it, line) == CAME_SIGNAL)
		;
	copy = tool_copy(line, strcspn(line, "\r\n"));
	explicit_bzero(line, sizeof(line));
	return copy;
}
