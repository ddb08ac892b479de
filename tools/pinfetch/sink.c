/*
 * sink.c - where an answer goes: stdout, or a file made with its first octet.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/memory.h"
#include "pinfetch/target.h"

/* -O: what stands behind the last slash of the URL's path. */
static char *
remote_name(const char *text)
{
	char *whole = fetch_target_whole(text);
	CURLU *url = curl_url();
	char *path = NULL;
	char *name = NULL;
	const char *slash;

	if (!url)
		tool_no_memory();
	if (!curl_url_set(url, CURLUPART_URL, whole,
	                  CURLU_NON_SUPPORT_SCHEME) &&
	    !curl_url_get(url, CURLUPART_PATH, &path, 0)) {
		slash = strrchr(path, '/');
		slash = slash ? slash + 1 : path;
		if (*slash)
			name = tool_copy(slash, strlen(slash));
	}
	curl_free(path);
	curl_url_cleanup(url);
	free(whole);
	return name;
}

bool
fetch_sink_begin(const struct fetch_options *options, size_t n,
                 const char *url, struct fetch_sink *out)
{
	const struct fetch_output *output;

	*out = (struct fetch_sink){0};
	if (n >= options->n_outputs)
		return true;
	output = &options->outputs[n];
	if (!output->is_remote_name) {
		if (strcmp(output->path, "-") != 0)
			out->path = tool_copy(output->path,
			                      strlen(output->path));
		return true;
	}
	out->path = remote_name(url);
	if (!out->path)
		tool_fault_set(&out->fault, FETCH_EXIT_WRITE, "write", NULL,
		               NULL, "%s: the URL has no file name for -O",
		               url);
	return out->path;
}

static bool
fail(struct fetch_sink *sink, const char *what)
{
	tool_fault_set(&sink->fault, FETCH_EXIT_WRITE, "write", NULL, NULL,
	               "%s cannot be %s: %s",
	               sink->path ? sink->path : "stdout", what,
	               strerror(errno));
	return false;
}

/* A terminal can be put out of order by what is no text. */
static bool
suits_terminal(struct fetch_sink *sink, const char *data, size_t len)
{
	if (sink->written > 0 || !memchr(data, '\0', len) ||
	    !isatty(STDOUT_FILENO))
		return true;
	tool_fault_set(&sink->fault, FETCH_EXIT_WRITE, "write", NULL, NULL,
	               "the answer is no text and stdout is a terminal; use "
	               "--output FILE");
	return false;
}

bool
fetch_sink_write(struct fetch_sink *sink, const char *data, size_t len)
{
	if (len == 0)
		return true;
	if (!sink->path && !suits_terminal(sink, data, len))
		return false;
	if (!sink->file)
		sink->file = sink->path ? fopen(sink->path, "wb") : stdout;
	if (!sink->file)
		return fail(sink, "opened");
	if (fwrite(data, 1, len, sink->file) != len)
		return fail(sink, "written");
	sink->written += (int64_t)len;
	return true;
}

bool
fetch_sink_end(struct fetch_sink *sink, bool was_accepted)
{
	bool is_good = sink->fault.exit == 0;

	if (is_good && was_accepted && sink->path && !sink->file) {
		sink->file = fopen(sink->path, "wb");
		if (!sink->file)
			is_good = fail(sink, "opened");
	}
	if (sink->path && sink->file && fclose(sink->file) && is_good)
		is_good = fail(sink, "written");
	if (!sink->path && sink->file && fflush(stdout) && is_good)
		is_good = fail(sink, "written");
	free(sink->path);
	sink->path = NULL;
	sink->file = NULL;
	return is_good;
}
