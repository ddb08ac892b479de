/*
 * secret.h - a password from the terminal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef FETCH_SECRET_H
#define FETCH_SECRET_H

/*
 * Ask for the password of user without showing it; NULL if stdin is no
 * terminal.
 *
 * Owner: the caller, free().
 */
char *
fetch_secret_ask(const char *user);

#endif /* FETCH_SECRET_H */
