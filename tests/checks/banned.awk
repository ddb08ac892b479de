# banned.awk - calls that may not be made (reads the output of strip.awk).
#
# SPDX-License-Identifier: LGPL-2.1-or-later

function list(into, words,    n, i, part)
{
	n = split(words, part, " ")
	for (i = 1; i <= n; i++)
		into[part[i]] = 1
}

BEGIN {
	# no bounds, no errors, or a shell
	list(everywhere, "strcpy strcat stpcpy strncpy strncat sprintf " \
		"vsprintf gets scanf sscanf fscanf vsscanf strtok atoi atol " \
		"atoll atof strtol alloca system popen mktemp tmpnam tempnam " \
		"setjmp longjmp")
	# the library has no clock, no environment, no voice, no exit, and
	# no text that another thread may overwrite
	list(library, "time gettimeofday clock ftime clock_gettime " \
		"getenv secure_getenv setenv unsetenv putenv printf vprintf " \
		"fprintf vfprintf dprintf vdprintf puts fputs putchar fputc " \
		"putc fwrite perror psignal syslog openlog abort exit _exit " \
		"_Exit quick_exit atexit signal sigaction setlocale " \
		"strerror")
	# plain values: no memory, no files, no network
	list(plain, "malloc calloc realloc reallocarray free strdup strndup " \
		"asprintf vasprintf fopen open openat read write stat socket")
}

{
	split($0, part, ":")
	file = part[1]
	line = part[2]
	text = substr($0, length(file) + length(line) + 3)
	whole = text
	is_library = (file ~ /^libpinstore\//)
	is_plain = (file ~ /^libpinstore\/(base|model|rules)\//)
	while (match(text, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(text, RSTART, RLENGTH - 1)
		before = substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + RLENGTH)
		sub(/[ \t]+$/, "", name)
		if (before ~ /(->|\.)[ \t]*$/)
			continue # a member, not libc's
		if (name in everywhere)
			print file ":" line ": " name "() is banned"
		if (name == "getenv" && file ~ /^tools\//)
			print file ":" line ": getenv() is banned, " \
				"secure_getenv() is not"
		if (is_library && name in library) {
			if (name == "clock_gettime" &&
			    file ~ /^libpinstore\/store\// &&
			    whole ~ /CLOCK_MONOTONIC/)
				continue
			print file ":" line ": " name "() has no place in " \
				"the library"
		}
		if (is_plain && name in plain)
			print file ":" line ": " name "() has no place in " \
				"plain values"
	}
	if (is_library && whole ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/)
		print file ":" line ": the library does not print"
}
