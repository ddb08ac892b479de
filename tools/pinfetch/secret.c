/*
 * secret.c - a password from the terminal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/secret.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"

char *
fetch_secret_ask(const char *user)
{
	char line[1024] = "";
	struct termios before;
	struct termios hidden;
	char *copy;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return NULL;
	fputs("Enter host password for user '", stderr);
	tool_put_escaped(user, stderr);
	fputs("':", stderr);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	copy = tool_copy(line, strcspn(line, "\r\n"));
	explicit_bzero(line, sizeof(line));
	return copy;
}
