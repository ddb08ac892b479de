/*
 * replay.c - a fuzz target fed with files, without libFuzzer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   fuzz_x               replay fuzz_x.in/, and fuzz_x.repro/ if there is one
 *   fuzz_x PATH...       replay these files, and all files of these folders
 *
 * A folder without a file is an error: nothing would have been tried.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define FILE_MAX (1 << 20)

static bool
replay_file(const char *path)
{
	static uint8_t data[FILE_MAX + 1];
	uint8_t *copy;
	FILE *file;
	size_t len;
	bool is_read;

	file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	len = fread(data, 1, sizeof(data), file);
	is_read = ferror(file) == 0 && len <= FILE_MAX;
	fclose(file);
	if (!is_read) {
		fprintf(stderr, "%s: cannot be read, or is too long\n", path);
		return false;
	}
	/* The last one named is the one at which a target ended. */
	printf("%s\n", path);
	fflush(stdout);
	copy = fuzz_copy(data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	return true;
}

static bool
replay_folder(const char *path, size_t *n)
{
	struct dirent **names = NULL;
	char file[4096];
	bool is_good = true;
	int count, i;

	count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	for (i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.' && is_good) {
			is_good = snprintf(file, sizeof(file), "%s/%s", path,
			                   names[i]->d_name) <
			                  (int)sizeof(file) &&
			          replay_file(file);
			(*n)++;
		}
		free(names[i]);
	}
	free(names);
	return is_good;
}

/* A file or a folder, in which at least one file must be. */
static bool
replay(const char *path)
{
	struct stat about;
	size_t n = 0;

	if (stat(path, &about) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	if (!S_ISDIR(about.st_mode))
		return replay_file(path);
	if (!replay_folder(path, &n))
		return false;
	if (n == 0) {
		fprintf(stderr, "%s: no input in it\n", path);
		return false;
	}
	printf("%s: %zu inputs\n", path, n);
	return true;
}

/* make check sets srcdir; without it one stands in the source's top folder. */
static bool
replay_own(void)
{
	const char *top = getenv("srcdir");
	char path[4096];
	struct stat about;

	snprintf(path, sizeof(path), "%s/tests/fuzz/%s.in",
	         top == NULL ? "." : top, fuzz_name);
	if (!replay(path))
		return false;
	snprintf(path, sizeof(path), "%s/tests/fuzz/%s.repro",
	         top == NULL ? "." : top, fuzz_name);
	return stat(path, &about) != 0 || replay(path);
}

int
main(int argc, char **argv)
{
	bool is_good = true;
	int i;

	if (argc < 2)
		return replay_own() ? EXIT_SUCCESS : EXIT_FAILURE;
	for (i = 1; i < argc && is_good; i++)
		is_good = replay(argv[i]);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
