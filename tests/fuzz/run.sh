#!/bin/sh
# run.sh - build the fuzz targets with clang and run them, one after the other.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   FUZZ_ONLY  names of targets, such as "header host" (all)
#   FUZZ_SECONDS  for each target (60)
#   FUZZ_RUNS     executions of each target; ends it before its seconds do
#   FUZZ_MAX_LEN  the longest input in octets (one that suits the target)
#   FUZZ_CFLAGS   at the first run (-g -O2); -fno-sanitize-coverage=trace-cmp
#                 makes it twice as fast and the fuzzer less inventive
#
# Inputs that reach something new are kept in build-fuzz/<target>.new/, those
# that fail in build-fuzz/<target>.found/.  The first thing that is run is a
# target with a fault in it: a fuzzer that does not find that finds nothing.
set -eu
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$(pwd)}"
: "${FUZZ_CC:=clang}"
: "${FUZZ_ONLY:=chain header host import others path record text tree}"
: "${FUZZ_SECONDS:=60}"
: "${FUZZ_RUNS:=-1}"
: "${FUZZ_CFLAGS:=-g -O2}"
build=$top_builddir/build-fuzz
srcdir=$top_srcdir
ASAN_OPTIONS=strict_string_checks=1:allocator_may_return_null=1
UBSAN_OPTIONS=print_stacktrace=1
export srcdir ASAN_OPTIONS UBSAN_OPTIONS

fail()
{
	echo "$0: $*" >&2
	exit 1
}

# The longest input that is made.
max_len()
{
	case $1 in
	chain) echo 4096 ;;
	header) echo 600 ;;
	host) echo 300 ;;
	others) echo 32 ;;
	path) echo 920 ;;
	record) echo 3000 ;;
	tree) echo 8000 ;;
	*) echo 200 ;;
	esac
}

# fuzz NAME SECONDS RUNS [FOLDER]
fuzz()
{
	found=$build/fuzz_$1.found
	mkdir -p "$build/fuzz_$1.new" "$found"
	set -- "$1" -max_total_time="$2" -runs="$3" \
		-max_len="${FUZZ_MAX_LEN:-$(max_len "$1")}" -artifact_prefix="$found/" \
		-timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		"$build/fuzz_$1.new" ${4:+"$4"}
	name=$1
	shift
	dict=$srcdir/tests/fuzz/fuzz_$name.dict
	[ ! -f "$dict" ] || set -- -dict="$dict" "$@"
	"$build/tests/fuzz/fuzz_$name" "$@" >"$build/fuzz_$name.log" 2>&1
}

command -v "$FUZZ_CC" >/dev/null || fail "$FUZZ_CC is missing"
mkdir -p "$build"
if [ ! -f "$build/config.status" ] ||
	[ "$top_srcdir/configure" -nt "$build/config.status" ]; then
	echo "$0: configure in $build"
	(cd "$build" && "$top_srcdir/configure" CC="$FUZZ_CC" \
		CFLAGS="$FUZZ_CFLAGS" --enable-fuzzing) >"$build/configure.log" 2>&1 ||
		fail "configure failed; see $build/configure.log"
fi
make -C "$build" fuzz-targets >"$build/make.log" 2>&1 || {
	tail -n 20 "$build/make.log" >&2
	fail "make failed; see $build/make.log"
}

rm -rf "$build/fuzz_planted.found" "$build/fuzz_planted.new"
mkdir "$build/fuzz_planted.new"
echo sun >"$build/fuzz_planted.new/seed"
if fuzz planted 60 10000000 ||
	[ -z "$(find "$build/fuzz_planted.found" -name 'crash-*')" ] ||
	! grep -q 'does not hold: len == 3' "$build/fuzz_planted.log"; then
	fail "the planted fault was not found; see $build/fuzz_planted.log"
fi

status=0
for name in $FUZZ_ONLY; do
	seeds=$srcdir/tests/fuzz/fuzz_$name.in
	[ -n "$(find "$seeds" -type f)" ] || fail "$seeds: no input in it"
	if fuzz "$name" "$FUZZ_SECONDS" "$FUZZ_RUNS" "$seeds"; then
		printf 'fuzz_%s: %s executions, %s a second, nothing found\n' \
			"$name" $(awk '
			/number_of_executed_units/ { n = $2 }
			/average_exec_per_sec/ { speed = $2 }
			END { print n + 0, speed + 0 }' "$build/fuzz_$name.log")
	elif grep -q 'run interrupted' "$build/fuzz_$name.log"; then
		echo "fuzz_$name: interrupted; see $build/fuzz_$name.log" >&2
		status=1
	else
		tail -n 30 "$build/fuzz_$name.log" >&2
		echo "fuzz_$name: FOUND; see $build/fuzz_$name.log" >&2
		status=1
	fi
done
exit "$status"
