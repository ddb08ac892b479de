#!/bin/sh
# spdx.sh - each source file says under which licence it stands.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need find grep

judge()
{
	for place in libpinstore tools tests docs contrib m4 .ci quickstart \
		Makefile.am configure.ac; do
		[ -e "$place" ] && find "$place" -type f
	done | sort | while read -r file; do
		case $file in
		m4/libtool.m4 | m4/lt*.m4 | *.pyc | *~ | *.orig | *.rej) ;;
		*/version.h) ;; # made by configure
		*.m4 | *.[ch] | *.sh | *.py | *.awk | *.inc | *.am | *.ac \
			| *.in | *.[1357] | .ci/* | quickstart)
			head -n 12 "$file" | grep -q \
				'SPDX-License-Identifier: LGPL-2\.1-or-later' ||
				echo "$file: no SPDX-License-Identifier in its head"
			;;
		esac
	done
}

echo 'int x;' | plant libpinstore/base/x.c
must_find 'libpinstore/base/x.c: no SPDX'
echo '# SPDX-License-Identifier: MIT' | plant tests/x.sh
must_find 'tests/x.sh: no SPDX'
echo 'all:' | plant tools/Makefile.inc
must_find 'tools/Makefile.inc: no SPDX'
printf '.Dd today\n' | plant docs/man/pinstore.1
must_find 'docs/man/pinstore.1: no SPDX'
echo '/* SPDX-License-Identifier: LGPL-2.1-or-later */' | plant tools/x.h
must_pass

judge_tree "$top_srcdir"
