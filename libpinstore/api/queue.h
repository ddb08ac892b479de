/*
 * queue.h - struct pinstore_report: one that waits, or was taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef PS_API_QUEUE_H
#define PS_API_QUEUE_H

#include <pinstore/admin.h>

#include "store/store.h"

struct pinstore_report {
	struct ps_report fields;
	char *text; /* of fields.text_len octets, and a NUL */
};

#endif /* PS_API_QUEUE_H */
