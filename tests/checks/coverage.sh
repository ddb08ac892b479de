#!/bin/sh
# coverage.sh - which lines and branches of the library and of the tools the
# tests run through.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# By `make coverage': builds in build-coverage/ below the build tree, runs
# `make check' there, prints the figures, and fails if a test failed or
# coverage.py is not content with them.
set -u
: "${top_srcdir:?run it by: make coverage}"
: "${top_builddir:?run it by: make coverage}"
tree=$top_builddir/build-coverage
for tool in gcc gcov; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "$0: $tool is missing"
		exit 1
	}
done
mkdir -p "$tree" && cd "$tree" || exit 1

# quiet LOG COMMAND...: the end of the log if it fails
quiet()
{
	log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return 0
	tail -n 40 "$log"
	echo "$0: failed: $*; see $tree/$log"
	return 1
}

flags='-g -O0 --coverage -fprofile-update=prefer-atomic'
if [ ! -f config.status ] ||
	[ -n "$(find "$top_srcdir/configure" -newer config.status)" ]; then
	quiet configure.log "$top_srcdir/configure" CC=gcc CFLAGS="$flags" \
		LDFLAGS=--coverage || exit 1
fi
# Behind config.h, which says what libc's headers shall declare.
included="-include config.h -include $top_srcdir/tests/support/coverage.h"
# Counts of sources that have changed since would be counts of other lines.
quiet make.log make -j2 CPPFLAGS="$included" everything || exit 1
find . -name '*.gcda' -exec rm -f {} +

# A test may forbid files to grow, and must not hear of counts not written.
failed=0
GCOV_ERROR_FILE=$tree/gcov.log
CK_TIMEOUT_MULTIPLIER=4
export GCOV_ERROR_FILE CK_TIMEOUT_MULTIPLIER
quiet check.log make -k -j2 CPPFLAGS="$included" check || failed=1
/usr/bin/python3 "$top_srcdir/tests/checks/coverage.py" "$tree" \
	"$top_srcdir" || failed=1
exit "$failed"
