/*
 * hsts.c - hosts that are only asked by https, from a file of curl's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/hsts.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#define FILE_MAX ((size_t)4 << 20)

void
tool_hsts_begin(const char *path, struct tool_hsts *out)
{
	*out = (struct tool_hsts){NULL, 0, 0};
	if (path != NULL && !tool_file_read(path, FILE_MAX, &out->text,
	                                    &out->len))
		*out = (struct tool_hsts){NULL, 0, 0};
}

/*
 * NAME "YYYYMMDD HH:MM:SS" or "unlimited"; a dot before the name means the
 * names below it too.
 */
static bool
take_line(const char *line, size_t len, struct curl_hstsentry *entry)
{
	const char *quote = memchr(line, '"', len);
	size_t name_len, date_len;
	const char *date, *end;

	if (quote == NULL || line[0] == '#')
		return false;
	date = quote + 1;
	end = memchr(date, '"', len - (size_t)(date - line));
	if (end == NULL)
		return false;
	date_len = (size_t)(end - date);
	entry->includeSubDomains = line[0] == '.';
	line += entry->includeSubDomains;
	name_len = strcspn(line, " \t\"");
	if (name_len == 0 || name_len >= entry->namelen ||
	    date_len >= sizeof(entry->expire))
		return false;
	memcpy(entry->name, line, name_len);
	entry->name[name_len] = '\0';
	/* None is no end. */
	entry->expire[0] = '\0';
	if (date_len != strlen("unlimited") ||
	    memcmp(date, "unlimited", date_len) != 0)
		(void)snprintf(entry->expire, sizeof(entry->expire), "%.*s",
		               (int)date_len, date);
	return true;
}

CURLSTScode
tool_hsts_next(CURL *easy, struct curl_hstsentry *entry, void *arg)
{
	struct tool_hsts *hsts = arg;
	const char *line;
	size_t len;

	(void)easy;
	while (hsts->at < hsts->len) {
		line = hsts->text + hsts->at;
		len = strcspn(line, "\n");
		hsts->at += len + 1;
		if (take_line(line, len, entry))
			return CURLSTS_OK;
	}
	return CURLSTS_DONE;
}

void
tool_hsts_end(struct tool_hsts *hsts)
{
	if (hsts->text != NULL)
		tool_file_free(hsts->text, hsts->len);
	*hsts = (struct tool_hsts){NULL, 0, 0};
}
