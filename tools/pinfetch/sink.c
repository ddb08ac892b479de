/*
 * sink.c - where an answer goes: stdout, or a file made with its first octet.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinfetch/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/fault.h"
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

/* A file in --output-dir; "" is no directory, least of all the root. */
static char *
placed(const struct fetch_sink *sink, const char *name)
{
	return sink->directory && *sink->directory
	               ? tool_format("%s/%s", sink->directory, name)
	               : tool_copy(name, strlen(name));
}

bool
fetch_sink_begin(const struct fetch_options *options, size_t n,
                 const char *url, struct fetch_sink *out)
{
	struct fetch_output output = {
	        .is_remote_name = n >= options->all_named_from,
	};
	char *name;

	*out = (struct fetch_sink){
	        .directory = options->output_dir,
	        .makes_directories = options->create_dirs,
	        .modified = -1,
	};
	if (n < options->n_outputs)
		output = options->outputs[n];
	if (!output.is_remote_name) {
		if (output.path && strcmp(output.path, "-") != 0)
			out->path = placed(out, output.path);
		return true;
	}
	out->takes_name = options->header_name;
	name = remote_name(url);
	if (name || out->takes_name)
		out->path = placed(out, name ? name : "");
	else
		tool_fault_set(&out->fault, FETCH_EXIT_WRITE, "write", NULL,
		               NULL, "%s: the URL has no file name for -O",
		               url);
	free(name);
	return out->path;
}

void
fetch_sink_begin_file(const struct fetch_options *options, const char *path,
                      struct fetch_sink *out)
{
	*out = (struct fetch_sink){
	        .makes_directories = options->create_dirs,
	        .modified = -1,
	};
	if (strcmp(path, "-") != 0)
		out->path = tool_copy(path, strlen(path));
}

int64_t
fetch_sink_append(struct fetch_sink *sink)
{
	struct stat about;

	sink->is_append = true;
	if (sink->path && !stat(sink->path, &about))
		sink->start = about.st_size;
	return sink->start;
}

/*
 * The value of the parameter filename=, without the directories that a server
 * may want to lead it astray with; NULL if there is none to be used.
 */
static char *
named_in(const char *value)
{
	const char *at = value;
	const char *end;
	char *name = NULL;

	while ((at = strchr(at, ';'))) {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "filename=", 9) != 0)
			continue;
		at += 9;
		end = *at == '"' ? strchr(at + 1, '"')
		                 : at + strcspn(at, ";");
		at += *at == '"';
		if (!end)
			end = at + strlen(at);
		for (const char *c = at; c < end; c++)
			if (*c == '/' || *c == '\\')
				at = c + 1;
		name = tool_copy(at, (size_t)(end - at));
		break;
	}
	/* A hidden file is what programs read without being asked. */
	if (name && (name[0] == '\0' || name[0] == '.')) {
		free(name);
		name = NULL;
	}
	return name;
}

void
fetch_sink_take_name(struct fetch_sink *sink, const char *value)
{
	char *name = sink->takes_name && !sink->file ? named_in(value) : NULL;

	if (!name)
		return;
	free(sink->path);
	sink->path = placed(sink, name);
	sink->is_exclusive = true;
	free(name);
}

void
fetch_sink_restart(struct fetch_sink *sink)
{
	if (!sink->path || !sink->file || fflush(sink->file) ||
	    ftruncate(fileno(sink->file), (off_t)sink->start) ||
	    fseeko(sink->file, (off_t)sink->start, SEEK_SET))
		return;
	sink->written = 0;
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

/* The directories above path; an error is left to opening it. */
static void
make_directories(const char *path)
{
	char *part = tool_copy(path, strlen(path));

	for (char *at = part + 1; part[0] && (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(part, 0750);
		*at = '/';
	}
	free(part);
}

static bool
open_file(struct fetch_sink *sink)
{
	int fd;

	if (!sink->path) {
		sink->file = stdout;
		return true;
	}
	if (sink->makes_directories)
		make_directories(sink->path);
	fd = open(sink->path,
	          O_WRONLY | O_CREAT | O_CLOEXEC |
	                  (sink->is_exclusive ? O_EXCL : 0) |
	                  (sink->is_append ? O_APPEND : O_TRUNC),
	          0666);
	if (fd >= 0)
		sink->file = fdopen(fd, sink->is_append ? "ab" : "wb");
	if (!sink->file && fd >= 0)
		(void)close(fd);
	return sink->file || fail(sink, "opened");
}

bool
fetch_sink_write(struct fetch_sink *sink, const char *data, size_t len)
{
	if (len == 0)
		return true;
	if (!sink->path && !suits_terminal(sink, data, len))
		return false;
	if (!sink->file && !open_file(sink))
		return false;
	if (fwrite(data, 1, len, sink->file) != len)
		return fail(sink, "written");
	sink->written += (int64_t)len;
	return true;
}

/* What is written later would be newer. */
static void
set_time(struct fetch_sink *sink)
{
	struct timespec when = {.tv_sec = sink->modified};
	struct timespec times[2] = {when, when};
	struct stat about;
	int fd = fileno(sink->file);

	if (fflush(sink->file) || fstat(fd, &about) ||
	    !S_ISREG(about.st_mode))
		return;
	if (futimens(fd, times))
		tool_warn("pinfetch", "the time of %s cannot be set: %s",
		          sink->path, strerror(errno));
}

bool
fetch_sink_end(struct fetch_sink *sink, bool was_accepted)
{
	bool is_good = sink->fault.exit == 0;

	if (is_good && was_accepted && sink->path && !sink->file &&
	    !sink->is_unmade)
		is_good = open_file(sink);
	if (is_good && was_accepted && sink->path && sink->file &&
	    sink->modified >= 0)
		set_time(sink);
	if (sink->path && sink->file && fclose(sink->file) && is_good)
		is_good = fail(sink, "written");
	if (!sink->path && sink->file && fflush(stdout) && is_good)
		is_good = fail(sink, "written");
	free(sink->path);
	sink->path = NULL;
	sink->file = NULL;
	return is_good;
}
