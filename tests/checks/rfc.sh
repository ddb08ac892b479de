#!/bin/sh
# rfc.sh - docs/rfc7469.md knows each requirement, and a test shows each one.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# RFC_OPEN_MAX in the environment is how many rows may be open; without it any
# number may.
. "$(dirname "$0")/common.sh"
need awk find grep sed

id='(R-[0-9AB](\.[0-9]+)*-[0-9]+|D-[0-9]{2}|[HP]-[0-9]{1,2})'
map=docs/rfc7469.md

rows()
{
	grep -E "^\| $id " $map
}

# What rfc.awk reads.  This script's own ids are samples.
facts()
{
	find libpinstore tools tests -type f 2>/dev/null | sed 's/^/file /'
	grep -rowIE "$id" libpinstore tools tests 2>/dev/null |
		grep -v '^tests/checks/rfc\.sh:' |
		sed -E 's/^([^:]*):(.*)$/cites \1 \2/'
	grep -roE '[a-z0-9_]+\.(h|py)' tests/unit tests/system 2>/dev/null |
		sed -E 's/^([^:]*):(.*)$/uses \1 \2/'
	grep -rhoE 'tests/[a-z]+/[a-z0-9_.]+' tests --include=*.inc 2>/dev/null |
		sed 's,^tests/,runs ,'
}

judge()
{
	{
		facts | sort -u
		rows | sed 's/^/row /'
	} | awk -f "$checks/rfc.awk" | sort
}

# tree ROW [CITATION]: a sample with that row, and with that in its test
tree()
{
	echo "$1" | plant $map
	echo 'int x;' | plant libpinstore/base/x.c
	echo "/* ${2:-R-2.6-3}: before the first octet */" | plant tests/unit/test_x.c
	echo 'UNIT_TESTS += tests/unit/test_x' | plant tests/unit/base.inc
}

good='| R-2.6-3 | Before the first octet. | `base/x.c` | `unit/test_x` |'
tree "$good"
must_pass
tree "$good" 'R-2.6-30'
must_find 'R-2.6-3: unit/test_x does not name it'
tree "$good" 'R-2.6-30'
must_find 'tests/unit/test_x.c: R-2.6-30 is not in docs'
tree "$good"
echo '/* D-99 */' | plant libpinstore/base/y.c
must_find 'libpinstore/base/y.c: D-99 is not in docs'
tree "$good"
rm "$sample/tests/unit/test_x.c"
must_find 'R-2.6-3: there is no test unit/test_x'
tree "$good"
rm "$sample/tests/unit/base.inc"
must_find 'make check does not run unit/test_x'
tree "$good"
rm "$sample/libpinstore/base/x.c"
must_find 'R-2.6-3: there is no source base/x.c'
tree "$good
$good"
must_find 'R-2.6-3: there are two rows'
tree '| R-2.6-3 | Before the first octet. | `base/x.c` | |'
must_find 'R-2.6-3: nothing shows it'
tree '| R-2.6-3 | Before the first octet. | | not ours: |'
must_find 'R-2.6-3: nothing shows it'
tree '| R-2.6-3 | Before the first octet. | `unit/test_x` |'
must_find 'R-2.6-3: not a row of four columns'
tree 'nothing'
must_find 'no row at all'
# A header of the tests may name the id for the test that includes it.
tree "$good" '#include "tests/support/cases.h"'
echo '/* R-2.6-3 */' | plant tests/support/cases.h
must_pass
tree '| R-2.6-3 | Before the first octet. | | open |'
must_pass
tree '| R-2.6-3 | Before the first octet. | | not ours: of servers |'
must_pass

cd "$top_srcdir" || exit 99
all=$(rows | grep -c .)
open=$(rows | grep -c '| open |$')
others=$(rows | grep -c '| not ours: .* |$')
tests=$(rows | grep -oE '`(unit|system|fuzz|model)/[^`]*`' | sort -u | grep -c .)
echo "rfc.sh: $all rows: $((all - open - others)) shown by $tests tests," \
	"$others not ours, $open open"
rows | sed -n 's/^| \([^ ]*\) .*| open |$/\1/p' | tr '\n' ' ' | fold -s -w 78
echo
if [ "$open" -gt "${RFC_OPEN_MAX:-$open}" ]; then
	echo "rfc.sh: at most $RFC_OPEN_MAX may be open"
	exit 1
fi
judge_tree "$top_srcdir"
