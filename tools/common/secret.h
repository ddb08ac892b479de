/*
 * secret.h - a password from the terminal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TOOL_SECRET_H
#define TOOL_SECRET_H

/*
 * Ask for a password without showing it, with whose (escaped) between two words
 * of ours; NULL if stdin is no terminal.
 *
 * Owner: the caller, who wipes and frees it.
 */
char *
tool_secret_ask(const char *before_it, const char *whose,
                const char *behind_it);

#endif /* TOOL_SECRET_H */
