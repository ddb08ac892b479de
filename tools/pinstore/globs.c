/*
 * globs.c - hosts by patterns of the shell.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "globs.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <pinstore/pinstore.h>

#include "common/memory.h"

void
globs_new(char *const operands[], size_t n, struct globs *out)
{
	char name[PINSTORE_HOST_MAX + 1];
	enum pinstore_host_kind kind;
	const char *glob;
	size_t i;

	out->n = n;
	out->glob = tool_alloc(n, sizeof(char *));
	for (i = 0; i < n; i++) {
		glob = operands[i];
		if (pinstore_host_canonical(glob, strlen(glob), name, &kind) ==
		    PINSTORE_OK)
			glob = name;
		out->glob[i] = tool_copy(glob, strlen(glob));
	}
}

void
globs_free(struct globs *globs)
{
	size_t i;

	for (i = 0; i < globs->n; i++)
		free(globs->glob[i]);
	free(globs->glob);
	globs->glob = NULL;
	globs->n = 0;
}

bool
globs_match(const struct globs *globs, const char *host)
{
	size_t i;

	for (i = 0; i < globs->n; i++)
		if (fnmatch(globs->glob[i], host, 0) == 0)
			return true;
	return globs->n == 0;
}
