#!/bin/sh
# banned.sh - functions that nobody may call, or not on that floor.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need awk find

judge()
{
	c_files | xargs awk -f "$checks/strip.awk" |
		awk -f "$checks/banned.awk"
}

# bad FILE CODE WORDS: a sample with that line must be found out
bad()
{
	printf '%s\n' "$2" | plant "$1"
	must_find "$3"
}

bad tools/pinstore/main.c 'strcpy(a, b);' 'strcpy() is banned'
bad tools/pinstore/main.c 'n = atoi (argv[1]);' 'atoi() is banned'
bad tools/pinstore/main.c 'p = getenv("HOME");' 'getenv() is banned'
bad tests/unit/test_x.c '	sprintf(buf, "%d", n);' 'sprintf() is banned'
bad libpinstore/api/handle.c 'now = time(NULL);' 'time() has no place'
bad libpinstore/api/handle.c 'fprintf(log, "x");' 'fprintf() has no place'
bad libpinstore/api/handle.c 'log = stderr;' 'does not print'
bad libpinstore/tls/chain.c 'abort();' 'abort() has no place'
bad libpinstore/api/handle.c 'p = secure_getenv("PINSTORE");' 'secure_getenv()'
bad libpinstore/api/handle.c 'clock_gettime(CLOCK_MONOTONIC, &t);' \
	'clock_gettime() has no place'
bad libpinstore/store/gate.c 'clock_gettime(CLOCK_REALTIME, &t);' \
	'clock_gettime() has no place'
bad libpinstore/store/gate.c 'f("%s", strerror(errno));' 'strerror() has no'
bad libpinstore/model/host.c 'free(p);' 'free() has no place in plain'
bad libpinstore/base/scan.c 'x("\"", malloc(3));' 'malloc() has no place'
bad libpinstore/base/scan.c '/* a */ q(malloc(3)); /* b */' 'malloc()'

plant libpinstore/store/gate.c <<'END'
/* never strcpy(), and
 * no time(NULL) either */
const char *help = "call atoi(text) or \"exit(1)\""; // abort()
clock_gettime(CLOCK_MONOTONIC, &now);
n = ps_strtol(text) + peer->time(arg) + runtime(3) + snprintf(a, n, "x");
END
must_pass

judge_tree "$top_srcdir"
