/*
 * screen.c - the standard streams: safe at the start, checked at the end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Of a terminal that does not say. */
#define SCREEN_COLUMNS 80

void
tool_start(void)
{
	int fd, opened;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		/* The wrong way round: using it fails with EBADF. */
		opened = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
		if (opened != fd)
			_exit(2);
	}
	/* A limit that is reached is an error, told as such. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setlocale(LC_CTYPE, "");
}

bool
tool_stdout_close(void)
{
	bool had_error = ferror(stdout) != 0;
	int error = had_error ? EIO : 0;

	if (fflush(stdout) != 0)
		error = errno;
	if (fclose(stdout) != 0 && error == 0)
		error = errno;
	errno = error;
	return error == 0;
}

bool
tool_color_parse(const char *word, enum tool_color *out)
{
	*out = TOOL_COLOR_AUTO;
	if (strcmp(word, "auto") == 0)
		return true;
	if (strcmp(word, "always") == 0)
		*out = TOOL_COLOR_ALWAYS;
	else if (strcmp(word, "never") == 0)
		*out = TOOL_COLOR_NEVER;
	return *out != TOOL_COLOR_AUTO;
}

bool
tool_color_wanted(enum tool_color color, FILE *stream)
{
	const char *value;

	switch (color) {
	case TOOL_COLOR_ALWAYS:
		return true;
	case TOOL_COLOR_NEVER:
		return false;
	case TOOL_COLOR_AUTO:
		break;
	}
	value = secure_getenv("NO_COLOR");
	if (value != NULL && value[0] != '\0')
		return false;
	value = secure_getenv("TERM");
	if (value != NULL && strcmp(value, "dumb") == 0)
		return false;
	return isatty(fileno(stream)) == 1;
}

static const char *
tint_sequence(enum tool_tint tint)
{
	switch (tint) {
	case TOOL_TINT_GOOD:
		return "\033[32m";
	case TOOL_TINT_BAD:
		return "\033[31m";
	case TOOL_TINT_DIM:
		return "\033[2m";
	}
	return "";
}

void
tool_put_tinted(const char *text, enum tool_tint tint, bool is_on, FILE *out)
{
	if (is_on)
		fputs(tint_sequence(tint), out);
	fputs(text, out);
	if (is_on)
		fputs(TOOL_TINT_END, out);
}

const char *
tool_tint_name(enum tool_tint tint)
{
	return tint_sequence(tint);
}

size_t
tool_screen_columns(void)
{
	struct winsize size = {0};

	if (isatty(STDOUT_FILENO) != 1)
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return SCREEN_COLUMNS;
	return size.ws_col;
}
