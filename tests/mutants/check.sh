#!/bin/sh
# check.sh - each mutant still fits the tree, and its test exists.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# That its test fails is for `make mutants' to show.
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
exec /usr/bin/python3 "$top_srcdir/tests/mutants/mutants.py" check
