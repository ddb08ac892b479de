#!/bin/sh
# replay.sh - the driver that replays inputs can fail, and says at what.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$(pwd)}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pinstore-replay.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
driver=$top_builddir/tests/fuzz/fuzz_planted
failed=0
cd "$scratch" || exit 99
ulimit -c 0

fault()
{
	echo "$0: $*"
	cat "$scratch/log"
	failed=1
}

# takes PATH...: the driver is content
takes()
{
	timeout 60 "$driver" "$@" >log 2>&1 || fault "refused: $*"
}

# fails WORDS PATH...: it is not, and says WORDS
fails()
{
	words=$1
	shift
	if timeout 60 "$driver" "$@" >log 2>&1; then
		fault "was content: $*"
	elif ! grep -q "$words" log; then
		fault "did not say '$words': $*"
	fi
}

mkdir good bad empty hidden
printf 'pin' >good/1
printf 'pan' >good/2
: >good/3
cp good/* bad
printf 'pin-of-mine' >bad/4
printf 'pin-of-mine' >hidden/.4

takes good
takes good/1 good
fails 'does not hold: len == 3' bad
fails '^bad/4$' bad
fails 'does not hold' good bad/4
fails 'empty: no input in it' empty
fails 'no input in it' good empty
fails 'hidden: no input in it' hidden
fails 'absent: No such file' absent
fails 'No such file' good absent
# Without a word it wants the corpus that this target has not.
fails 'fuzz_planted.in: No such file'
mkdir -p tests/fuzz/fuzz_planted.in
srcdir=$scratch
export srcdir
fails 'fuzz_planted.in: no input in it'
printf 'pin' >tests/fuzz/fuzz_planted.in/1
takes
mkdir tests/fuzz/fuzz_planted.repro
fails 'fuzz_planted.repro: no input in it'
printf 'pins' >tests/fuzz/fuzz_planted.repro/1
fails 'does not hold'

# Of the targets that are tested each has something to replay.
n=0
for folder in "$top_srcdir"/tests/fuzz/fuzz_*.in; do
	name=$(basename "$folder" .in)
	[ -f "$top_srcdir/tests/fuzz/$name.c" ] || {
		echo "$0: $folder belongs to no target"
		failed=1
	}
	n=$((n + 1))
done
[ "$n" -eq "$(find "$top_srcdir/tests/fuzz" -name 'fuzz_*.c' \
	! -name fuzz_planted.c | wc -l)" ] || {
	echo "$0: a target has no corpus"
	failed=1
}
exit "$failed"
