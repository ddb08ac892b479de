/*
 * status.h - filling a caller's struct pinstore_error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_BASE_STATUS_H
#define PS_BASE_STATUS_H

#include <pinstore/pinstore.h>

#define PS_PRINTF(text, first) __attribute__((format(printf, text, first)))

/*
 * Write status and text into *error, which may be NULL, and return status.
 * What the text takes from outside is made one line of printable UTF-8, and
 * is cut at a character's border.
 */
enum pinstore_status
ps_fail(struct pinstore_error *error, enum pinstore_status status,
        const char *format, ...) PS_PRINTF(3, 4);

/* The same with errno, or a library's number; the text names no cause twice. */
enum pinstore_status
ps_fail_os(struct pinstore_error *error, enum pinstore_status status,
           int os_error, const char *format, ...) PS_PRINTF(4, 5);
enum pinstore_status
ps_fail_lib(struct pinstore_error *error, enum pinstore_status status,
            int lib_error, const char *format, ...) PS_PRINTF(4, 5);

/* PINSTORE_ERR_NOMEM, with its text. */
enum pinstore_status
ps_fail_nomem(struct pinstore_error *error);

/* What errno means, in out or elsewhere.  Unlike strerror(), for any thread. */
#define PS_OS_WORDS_LEN 128
const char *
ps_os_words(int os_error, char out[PS_OS_WORDS_LEN]);

/* The same for an argument: it lasts as long as the block around it. */
#define PS_STRERROR(os_error) \
	ps_os_words(os_error, (char[PS_OS_WORDS_LEN]){""})

/* All zero, which is PINSTORE_OK.  error may be NULL. */
void
ps_error_clear(struct pinstore_error *error);

#endif /* PS_BASE_STATUS_H */
