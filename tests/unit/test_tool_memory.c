/*
 * test_tool_memory.c - a tool that gets no memory says so and ends; the words
 * and colours that scripts bring about too seldom.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>
#include <libsmartcols.h>

#include "common/fault.h"
#include "common/held.h"
#include "common/json.h"
#include "common/screen.h"
#include "common/table.h"
#include "tests/support/suite.h"

/* The function that gets no memory. */
static const char *fails;
static bool is_terminal;

/* A stand-in for a function that returns a pointer, and for one with a code. */
#define POINTER(type, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		errno = ENOMEM; \
		return fails != NULL && strcmp(fails, #name) == 0 \
		               ? NULL \
		               : __real_##name arguments; \
	}
#define CODE(name, failure, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		errno = ENOMEM; \
		return fails != NULL && strcmp(fails, #name) == 0 \
		               ? (failure) \
		               : __real_##name arguments; \
	}

POINTER(void *, calloc, (size_t n, size_t size), (n, size))
POINTER(void *, realloc, (void *old, size_t size), (old, size))
POINTER(FILE *, fopencookie,
        (void *cookie, const char *mode, cookie_io_functions_t functions),
        (cookie, mode, functions))
POINTER(FILE *, open_memstream, (char **text, size_t *len), (text, len))
POINTER(json_t *, json_object, (void), ())
POINTER(char *, json_dumps, (const json_t *json, size_t flags), (json, flags))
POINTER(struct libscols_table *, scols_new_table, (void), ())
POINTER(struct libscols_column *, scols_table_new_column,
        (struct libscols_table *table, const char *name, double width,
         int flags), (table, name, width, flags))
POINTER(struct libscols_line *, scols_table_new_line,
        (struct libscols_table *table, struct libscols_line *parent),
        (table, parent))
CODE(scols_table_enable_noencoding, -ENOMEM,
     (struct libscols_table *table, int enable), (table, enable))
CODE(scols_line_refer_data, -ENOMEM,
     (struct libscols_line *line, size_t n, char *data), (line, n, data))
CODE(scols_print_table, -ENOMEM, (struct libscols_table *table), (table))
CODE(json_object_set_new, -1, (json_t *object, const char *key, json_t *value),
     (object, key, value))
CODE(json_array_append_new, -1, (json_t *array, json_t *value), (array, value))
CODE(vasprintf, -1, (char **out, const char *format, va_list args),
     (out, format, args))
CODE(fclose, EOF, (FILE *file), (file))

/* What glibc makes of it where _FORTIFY_SOURCE is set. */
int __wrap___vasprintf_chk(char **out, int flag, const char *format,
                           va_list args);

int
__wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(out, format, args);
}

int __wrap_isatty(int fd);

int
__wrap_isatty(int fd)
{
	(void)fd;
	return is_terminal;
}

/* ---------------------------------------------------------------- no memory */

static void
use_table(void)
{
	const char *const words[] = {"a", "b", NULL};
	struct tool_table *table = tool_table_new(words, true);

	tool_table_tint(table, TOOL_TINT_DIM); /* there is no line */
	tool_table_add(table, words);
	tool_table_tint(table, TOOL_TINT_BAD);
	tool_table_print(table, stdout);
}

static void
use_json(void)
{
	json_t *object = tool_json_object(), *array = tool_json_array();

	tool_json_append(array, tool_json_text("x"));
	tool_json_add(object, "key", array);
	tool_json_write(object, stdout);
}

static void
use_text(void)
{
	struct tool_fault fault = {.status = "x"};

	free(tool_fault_text(&fault, "tool", false));
}

static void
use_held(void)
{
	struct tool_held held;
	FILE *out = tool_held_open(stdout, &held);

	fputs("x", out);
	(void)fclose(out);
	tool_held_end(&held, true);
}

static void
use_memory(void)
{
	free(tool_grow(NULL, 0, 8));
	free(tool_copy("a", 1));
	free(tool_format("%s", "a"));
}

static void
use_too_much(void)
{
	if (strcmp(fails, "room") == 0)
		(void)!tool_grow(NULL, SIZE_MAX / 2 + 1, 8);
	else
		(void)!tool_copy("", SIZE_MAX);
}

static const struct {
	const char *name;
	void (*use)(void);
} ends[] = {
        {"calloc", use_memory},
        {"realloc", use_memory},
        {"vasprintf", use_memory},
        {"room", use_too_much},
        {"length", use_too_much},
        {"open_memstream", use_text},
        {"fclose", use_text},
        {"fopencookie", use_held},
        {"realloc", use_held},
        {"json_object", use_json},
        {"json_object_set_new", use_json},
        {"json_array_append_new", use_json},
        {"json_dumps", use_json},
        {"scols_new_table", use_table},
        {"scols_table_enable_noencoding", use_table},
        {"scols_table_new_column", use_table},
        {"scols_table_new_line", use_table},
        {"scols_line_refer_data", use_table},
        {"scols_print_table", use_table},
        {"nothing", use_table},
        {"nothing", use_json},
        {"nothing", use_text},
        {"nothing", use_held},
        {"nothing", use_memory},
};

/* What is left behind is the system's to take back, and not LeakSanitizer's. */
static void
leave(int code, void *arg)
{
	(void)arg;
	(void)fflush(stderr);
	_exit(code);
}

START_TEST(no_memory_ends_it)
{
	bool is_end = strcmp(ends[_i].name, "nothing") != 0;
	int state, said[2];
	char text[64];
	ssize_t len;
	pid_t pid;

	ck_assert_int_eq(pipe(said), 0);
	(void)fflush(NULL);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)dup2(said[1], STDERR_FILENO);
		(void)close(said[0]);
		(void)close(said[1]);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		tool_memory_exit(77);
		if (on_exit(leave, NULL) != 0)
			_exit(1);
		fails = ends[_i].name;
		ends[_i].use();
		fails = NULL;
		exit(0);
	}
	(void)close(said[1]);
	len = read(said[0], text, sizeof(text) - 1);
	(void)close(said[0]);
	ck_assert_int_eq(waitpid(pid, &state, 0), pid);
	ck_assert_msg(WIFEXITED(state) && WEXITSTATUS(state) == 77 * is_end,
	              "%s: %#x", ends[_i].name, (unsigned)state);
	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	ck_assert_str_eq(text, is_end ? "out of memory\n" : "");
}
END_TEST

/* -------------------------------------------------------------------- words */

/* Each status has a word of its own, and no hint says nothing. */
START_TEST(words_of_statuses)
{
	static const enum pinstore_status all[] = {
	        PINSTORE_OK,           PINSTORE_ERR_ARG,
	        PINSTORE_ERR_NOMEM,    PINSTORE_ERR_HOST,
	        PINSTORE_ERR_HEADER,   PINSTORE_ERR_UNFIT,
	        PINSTORE_ERR_NOTFOUND, PINSTORE_ERR_CHAIN,
	        PINSTORE_ERR_UNJUDGED, PINSTORE_ERR_ACCESS,
	        PINSTORE_ERR_READONLY, PINSTORE_ERR_BUSY,
	        PINSTORE_ERR_FULL,     PINSTORE_ERR_IO,
	        PINSTORE_ERR_VERSION,  PINSTORE_ERR_DAMAGED,
	        PINSTORE_ERR_INTERNAL, PINSTORE_ERR_FORKED,
	        PINSTORE_ERR_REMOTE,
	        (enum pinstore_status)99};
	struct pinstore_error error = {0};
	struct tool_fault fault;
	int i, j;

	for (i = 0; i < COUNT(all); i++) {
		for (j = 0; j < i; j++)
			ck_assert_str_ne(tool_status_word(all[i]),
			                 tool_status_word(all[j]));
		error.status = all[i];
		memset(&fault, 0, sizeof(fault));
		tool_fault_library(&fault, 4, &error, NULL);
		ck_assert_int_eq(fault.exit, 4);
		ck_assert_str_ne(fault.message, "");
		ck_assert(!fault.has_way_out);
		ck_assert(fault.hint == NULL || strlen(fault.hint) > 10);
	}
	ck_assert_str_eq(tool_status_word((enum pinstore_status)99), "unknown");
}
END_TEST

/* ------------------------------------------------------------------ colours */

static const struct {
	enum tool_color color;
	bool is_terminal;
	const char *no_color, *term;
	bool is_wanted;
} colors[] = {
        {TOOL_COLOR_ALWAYS, false, "1", "dumb", true},
        {TOOL_COLOR_NEVER, true, NULL, "xterm", false},
        {TOOL_COLOR_AUTO, true, NULL, "xterm", true},
        {TOOL_COLOR_AUTO, true, NULL, NULL, true},
        {TOOL_COLOR_AUTO, true, "", "xterm", true},
        {TOOL_COLOR_AUTO, true, "1", "xterm", false},
        {TOOL_COLOR_AUTO, true, NULL, "dumb", false},
        {TOOL_COLOR_AUTO, false, NULL, "xterm", false},
};

static void
set(const char *name, const char *value)
{
	ck_assert_int_eq(value != NULL ? setenv(name, value, 1)
	                               : unsetenv(name), 0);
}

START_TEST(when_colours_are_wanted)
{
	set("NO_COLOR", colors[_i].no_color);
	set("TERM", colors[_i].term);
	is_terminal = colors[_i].is_terminal;
	ck_assert_int_eq(tool_color_wanted(colors[_i].color, stdout),
	                 colors[_i].is_wanted);
}
END_TEST

static const struct {
	const char *word;
	bool is_known;
	enum tool_color color;
} color_words[] = {
        {"auto", true, TOOL_COLOR_AUTO},
        {"always", true, TOOL_COLOR_ALWAYS},
        {"never", true, TOOL_COLOR_NEVER},
        {"", false, TOOL_COLOR_AUTO},
        {"Always", false, TOOL_COLOR_AUTO},
        {"nevermore", false, TOOL_COLOR_AUTO},
};

START_TEST(words_for_colours)
{
	enum tool_color color = TOOL_COLOR_NEVER;

	ck_assert_int_eq(tool_color_parse(color_words[_i].word, &color),
	                 color_words[_i].is_known);
	ck_assert_int_eq(color, color_words[_i].color);
}
END_TEST

START_TEST(tints)
{
	static const enum tool_tint all[] = {TOOL_TINT_GOOD, TOOL_TINT_BAD,
	                                     TOOL_TINT_DIM};
	char text[64];
	FILE *out;
	int i;

	for (i = 0; i < COUNT(all); i++) {
		out = fmemopen(text, sizeof(text), "w");
		ck_assert_ptr_nonnull(out);
		tool_put_tinted("x", all[i], true, out);
		tool_put_tinted("y", all[i], false, out);
		(void)fclose(out);
		ck_assert_str_eq(strstr(text, "x"), "x\033[0my");
		ck_assert_int_eq(strncmp(text, tool_tint_name(all[i]),
		                         strlen(tool_tint_name(all[i]))), 0);
		ck_assert_int_eq(text[0], '\033');
	}
	ck_assert_str_eq(tool_tint_name((enum tool_tint)99), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tool_memory");
	TCase *tcase = tcase_create("tool_memory");

	tcase_add_loop_test(tcase, no_memory_ends_it, 0, COUNT(ends));
	tcase_add_test(tcase, words_of_statuses);
	tcase_add_loop_test(tcase, when_colours_are_wanted, 0, COUNT(colors));
	tcase_add_loop_test(tcase, words_for_colours, 0, COUNT(color_words));
	tcase_add_test(tcase, tints);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
