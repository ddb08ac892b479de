/*
 * store.c - which store is meant, and opening it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "common/store.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"

/* For the handler of SIGBUS, which may not do more than write it. */
static struct {
	char *text;
	size_t len;
	int code;
} guard;

#define ROOT_PARENT PINSTORE_STATE_DIR
#define ROOT_STORE ROOT_PARENT "/root"

/* A variable of the environment that is set and not empty, or NULL. */
static const char *
variable(const char *name)
{
	/*
	 * secure_getenv() looks at AT_SECURE too; both must be wrong to fail.
	 */
	const char *value =
	        getauxval(AT_SECURE) == 0 ? secure_getenv(name) : NULL;

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The home directory from the password database, or NULL. */
static char *
database_home(void)
{
	struct passwd entry, *found = NULL;
	char *buffer, *out = NULL;
	size_t size = 1024;
	int error;

	for (;;) {
		buffer = tool_alloc(size, 1);
		error = getpwuid_r(geteuid(), &entry, buffer, size, &found);
		if (error != ERANGE || size > (size_t)1024 * 1024)
			break;
		free(buffer);
		size *= 2;
	}
	if (error == 0 && found != NULL && entry.pw_dir != NULL &&
	    entry.pw_dir[0] == '/')
		out = tool_copy(entry.pw_dir, strlen(entry.pw_dir));
	free(buffer);
	return out;
}

char *
tool_store_path(const char *option, bool *is_default, struct tool_fault *fault)
{
	const char *value;
	char *home, *out;

	*is_default = false;
	if (option != NULL && option[0] == '\0') {
		tool_fault_usage(fault, "--store", "name a directory",
		                 "the path of the store is empty");
		return NULL;
	}
	if (option == NULL)
		option = variable("PINSTORE");
	if (option != NULL)
		return tool_copy(option, strlen(option));
	*is_default = true;
	if (geteuid() == 0)
		return tool_copy(ROOT_STORE, strlen(ROOT_STORE));
	/* XDG: a relative path is to be ignored. */
	value = variable("XDG_DATA_HOME");
	if (value != NULL && value[0] == '/')
		return tool_format("%s/pinstore", value);
	value = variable("HOME");
	if (value != NULL && value[0] == '/')
		return tool_format("%s/.local/share/pinstore", value);
	home = database_home();
	if (home == NULL) {
		tool_fault_usage(fault, NULL,
		                 "name a store: --store DIR or $PINSTORE",
		                 "no home directory to keep the store in");
		return NULL;
	}
	out = tool_format("%s/.local/share/pinstore", home);
	free(home);
	return out;
}

enum pinstore_status
tool_store_set_system(struct pinstore_options *options)
{
	const char *path = variable("PINSTORE_SYSTEM");

	if (path == NULL)
		path = pinstore_system_path();
	return pinstore_options_set_system(options, path);
}

enum pinstore_status
tool_store_set_remote(struct pinstore_options *options)
{
	const char *remote = variable("PINSTORE_ALLOW_REMOTE");

	return pinstore_options_set(options, PINSTORE_OPT_REMOTE,
	                            remote != NULL && strcmp(remote, "1") == 0);
}

void
tool_store_make_parents(const char *path)
{
	char *part = tool_copy(path, strlen(path)), *at;
	mode_t mode;

	for (at = strchr(part + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mode = strcmp(part, ROOT_PARENT) == 0 ? 0755 : 0700;
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			break;
		*at = '/';
	}
	free(part);
}

static void
end_by_bus_error(int number)
{
	size_t done = 0;
	ssize_t n = 1;

	(void)number;
	for (; n > 0 && done < guard.len; done += n > 0 ? (size_t)n : 0)
		n = write(STDERR_FILENO, guard.text + done, guard.len - done);
	_exit(guard.code);
}

void
tool_store_guard(int code, char *text)
{
	struct sigaction action;

	free(guard.text);
	guard.text = text;
	guard.len = strlen(text);
	guard.code = code;
	memset(&action, 0, sizeof(action));
	action.sa_handler = end_by_bus_error;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGBUS, &action, NULL);
}
