#!/bin/sh
# headers.sh - each public header compiles alone, as C99, C11 and C++11.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need "${CC:=cc}" "${CXX:=g++}" pkg-config

flags=$(pkg-config --cflags gnutls libcurl) || exit 1
strict='-fsyntax-only -Wall -Wextra -Wpedantic -Werror'
compilers="$CC"
# a second opinion where there is one
command -v clang >/dev/null 2>&1 && compilers="$CC clang"

# Of the headers in ./pinstore, and those that configure makes.
judge()
{
	for header in pinstore/*.h; do
		echo "#include <$header>" >"$scratch/one.c"
		cp "$scratch/one.c" "$scratch/one.cc"
		for compiler in $compilers; do
			for std in c99 c11; do
				$compiler -std=$std $strict -Wstrict-prototypes \
					-I. -I"$made" $flags "$scratch/one.c" ||
					echo "$header: $compiler -std=$std"
			done
		done
		$CXX -std=c++11 $strict -I. -I"$made" $flags "$scratch/one.cc" ||
			echo "$header: $CXX -std=c++11"
	done
}

made=$scratch
echo 'size_t pinstore_x(void);' | plant pinstore/x.h
must_find "pinstore/x.h: $CC -std=c99"
echo 'int pinstore_x(int class);' | plant pinstore/x.h
must_find "pinstore/x.h: $CXX -std=c++11"
echo 'struct pinstore_x { int n; enum { A, B, } e; int last[]; };;' |
	plant pinstore/x.h
must_find "pinstore/x.h: $CC -std=c11"
echo 'int pinstore_x(void);' | plant pinstore/x.h
must_pass

made=$top_builddir/libpinstore/include
[ -f "$made/pinstore/version.h" ] || { echo "$0: version.h: not made"; exit 1; }
judge_tree "$top_srcdir/libpinstore/include"
