#!/bin/sh
# test_model.sh - the library and the reference agree on generated cases.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# model.py tells what can be set in the environment.
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$(pwd)}"
. "$top_srcdir/tests/support/linked.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# The stores are many and short-lived: memory is the place for them.
place=${TMPDIR:-/tmp}
[ -d /dev/shm ] && [ -w /dev/shm ] && place=/dev/shm
folder=$(mktemp -d "$place/pinstore-model.XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

/usr/bin/python3 "$top_srcdir/tests/model/model.py" \
	"$top_builddir/tests/model/driver" "$folder"
