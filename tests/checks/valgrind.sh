#!/bin/sh
# valgrind.sh - a unit test under memcheck.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   valgrind.sh PROGRAM    by `make check-valgrind', for each unit test
#   valgrind.sh prove      it finds what it is there to find
#
# A read of what was not written or is not there, and memory that was lost, make
# the test fail; valgrind.supp names what is lost on purpose.  All of a program's
# tests are run in one process, for a process each would take ten times as long;
# and of long loops some rounds are left out: tests/support/suite.h.
set -u
: "${top_srcdir:?run it by: make check-valgrind}"
CK_FORK=no
CK_TIMEOUT_MULTIPLIER=20
PINSTORE_TEST_STRIDES=1
export CK_FORK CK_TIMEOUT_MULTIPLIER PINSTORE_TEST_STRIDES

# A child of fork() forgets what its parent had open, and must: closing it would
# touch the parent's slots and locks.  Memcheck counts in each process, whereas
# LeakSanitizer does not in those that leave by _exit().  So is a reader lost whose
# lock file was spoiled.
leaks=full
case $1 in
*/test_api_memory | */test_api_system | */test_store_compact | \
	*/test_store_fork | */test_store_gate | */test_store_lockfile | \
	*/test_tool_memory) leaks=no ;;
esac

# Memcheck runs one thread at a time: each must have its turn.
checked()
{
	valgrind --quiet --vgdb=no --fair-sched=try --error-exitcode=99 \
		--leak-check=$leaks --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite \
		--suppressions="$top_srcdir/tests/checks/valgrind.supp" "$@"
}

# sample WORDS: of main()'s body, the standard input, memcheck says WORDS
sample()
{
	{
		echo '#include <stdlib.h>'
		echo 'int main(int argc, char **argv)'
		echo '{ char *p = malloc(8); (void)argv;'
		cat
		echo '}'
	} >"$scratch/x.c"
	"${CC:-cc}" -w -g -O0 -o "$scratch/x" "$scratch/x.c" || exit 99
	checked "$scratch/x" >"$scratch/found" 2>&1
	status=$?
	if [ -z "$1" ]; then
		[ "$status" -eq 0 ] && return
		echo "$0: memcheck sees ghosts:"
	else
		[ "$status" -eq 99 ] && grep -q "$1" "$scratch/found" && return
		echo "$0: memcheck is blind: it did not say '$1', but ($status):"
	fi
	cat "$scratch/found"
	exit 1
}

if [ "$1" != prove ]; then
	checked "$@"
	exit
fi
command -v valgrind >/dev/null 2>&1 || {
	echo "$0: valgrind is missing; ./quickstart check installs it"
	exit 1
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pinstore-check.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
sample '' <<'END'
	p[7] = argc; free(p); return p == 0;
END
sample 'Invalid write' <<'END'
	p[8] = argc; free(p); return 0;
END
sample 'depends on uninitialised' <<'END'
	argc = p[3] ? 0 : argc - 1; free(p); return argc;
END
sample 'definitely lost' <<'END'
	p = 0; return p != 0;
END
