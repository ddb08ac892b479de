/*
 * pinlist.c - pins from the command line: as such, or out of files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "pinlist.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/pin.h"
#include "common/text.h"
#include "keys.h"

void
pinlist_free(struct pinlist *list)
{
	free(list->pin);
	list->pin = NULL;
	list->n = 0;
}

void
pinlist_add(struct pinlist *list, const struct pinstore_pin *pin)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (tool_pin_equal(&list->pin[i], pin))
			return;
	list->pin = tool_grow(list->pin, list->n, sizeof(*list->pin));
	list->pin[list->n++] = *pin;
}

/* What is neither a pin nor there. */
static void
fail(const char *operand, struct tool_fault *fault)
{
	tool_fault_usage(fault, operand,
	                 "write sha256//BASE64 (44 characters), or name a "
	                 "certificate, certificate request or key",
	                 tool_pin_is_meant(operand)
	                         ? "\"%s\" is no SHA-256 pin"
	                         : "\"%s\" is neither a pin nor a file",
	                 operand);
}

static bool
add_one(struct pinlist *list, const char *file, struct tool_fault *fault)
{
	struct keys keys = {NULL, 0, NULL};
	bool is_good = keys_read(file, &keys, fault);
	size_t i;

	for (i = 1; is_good && i < keys.n; i++) {
		if (tool_pin_equal(&keys.key[0].pin, &keys.key[i].pin))
			continue;
		tool_fault_usage(fault, file,
		                 "choose among them: pinstore hash FILE",
		                 "holds several keys");
		is_good = false;
	}
	if (is_good)
		pinlist_add(list, &keys.key[0].pin);
	keys_free(&keys);
	return is_good;
}

bool
pinlist_add_operand(struct pinlist *list, const char *operand,
                    struct tool_fault *fault)
{
	struct pinstore_pin pin;

	if (tool_pin_parse(operand, &pin)) {
		pinlist_add(list, &pin);
		return true;
	}
	if (strcmp(operand, "-") == 0 || access(operand, F_OK) == 0)
		return add_one(list, operand, fault);
	fail(operand, fault);
	return false;
}

static bool
add_each(struct pinlist *list, const char *file, struct tool_fault *fault)
{
	struct keys keys = {NULL, 0, NULL};
	bool is_good = keys_read(file, &keys, fault);
	size_t i;

	for (i = 0; is_good && i < keys.n; i++)
		pinlist_add(list, &keys.key[i].pin);
	keys_free(&keys);
	return is_good;
}

/* Every file that a folder of certificates has; others are told of. */
static bool
add_folder(struct pinlist *list, const char *path, struct tool_fault *fault)
{
	DIR *folder = opendir(path);
	struct dirent *item;
	bool is_good = true;
	struct stat st;

	if (folder == NULL) {
		tool_fault_usage(fault, path, NULL, "cannot be read: %s",
		                 strerror(errno));
		return false;
	}
	while (is_good && (item = readdir(folder)) != NULL) {
		char *file;

		if (item->d_name[0] == '.')
			continue;
		file = tool_format("%s/%s", path, item->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			is_good = add_each(list, file, fault);
		free(file);
	}
	(void)closedir(folder);
	return is_good;
}

bool
pinlist_add_all(struct pinlist *list, const char *operand,
                struct tool_fault *fault)
{
	struct pinstore_pin pin;
	struct stat st;

	if (tool_pin_parse(operand, &pin)) {
		pinlist_add(list, &pin);
		return true;
	}
	if (strcmp(operand, "-") == 0)
		return add_each(list, operand, fault);
	if (stat(operand, &st) != 0) {
		fail(operand, fault);
		return false;
	}
	return S_ISDIR(st.st_mode) ? add_folder(list, operand, fault)
	                           : add_each(list, operand, fault);
}
