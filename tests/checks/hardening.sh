#!/bin/sh
# hardening.sh - what was built is position independent, has its relocations
# bound and read-only, no executable stack and no run path of its own.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need readelf "${CC:=cc}" find

libdir=$(sed -n "s/^libdir='\(.*\)'/\1/p" \
	"$top_builddir/libpinstore/libpinstore.la")

# one FILE: its faults
one()
{
	headers=$(readelf -W -l -h "$1" 2>&1)
	dynamic=$(readelf -W -d "$1" 2>&1)
	case $headers in
	*'Type:'*'DYN '*) ;;
	*) echo "$1: is not position independent" ;;
	esac
	case $headers in
	*GNU_RELRO*) ;;
	*) echo "$1: has no read-only relocations (RELRO)" ;;
	esac
	case $dynamic in
	*BIND_NOW* | *'Flags: NOW'*) ;;
	*) echo "$1: is not bound at start (BIND_NOW)" ;;
	esac
	printf '%s\n' "$headers" | grep -q 'GNU_STACK.* RW ' ||
		echo "$1: has an executable stack"
	printf '%s\n' "$headers" | grep -q 'LOAD.* RWE ' &&
		echo "$1: has memory that is writable and executable"
	case $dynamic in
	*TEXTREL*) echo "$1: relocates its text" ;;
	esac
	# libtool lets what is not installed yet find its neighbours, and then
	# what is installed where the system does not look
	printf '%s\n' "$dynamic" | grep -E '\((RPATH|RUNPATH)\)' |
		grep -qvF -e "[$top_builddir/libpinstore/.libs]" \
			-e "[$top_builddir/libpinstore/.libs:$libdir]" \
			-e "[$libdir]" &&
		echo "$1: has a run path"
}

# Programs and shared libraries, not libtool's wrappers and not the tests.
judge()
{
	for folder in libpinstore tools; do
		[ -d "$folder" ] && find "$folder" -type f \
			! -name '*.o' ! -name '*.lo' ! -name '*T'
	done | sort | while read -r file; do
		magic=$(head -c 4 "$file" | od -An -tx1 | tr -d ' ')
		[ "$magic" = 7f454c46 ] && one "$file"
	done
	[ -n "$(find libpinstore tools -name '*.so' 2>/dev/null)" ] ||
		echo "nothing was built here"
}

# try FLAGS: a program built with them, and a library so that there is one
try()
{
	echo 'int main(void) { return 0; }' >"$scratch/x.c"
	mkdir -p "$sample/tools" "$sample/libpinstore"
	good='-fPIE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack'
	"$CC" -shared -fPIC $good -o "$sample/libpinstore/x.so" "$scratch/x.c" \
		2>/dev/null ||
		"$CC" -shared -fPIC -Wl,-z,relro -Wl,-z,now \
			-o "$sample/libpinstore/x.so" "$scratch/x.c" || exit 99
	# the flags that are tried come last and win
	"$CC" $good $1 -o "$sample/tools/x" "$scratch/x.c" 2>/dev/null || exit 99
}

try ''
must_pass
try '-no-pie -fno-pie'
must_find 'tools/x: is not position independent'
try '-Wl,-z,norelro'
must_find 'tools/x: has no read-only relocations'
try '-Wl,-z,lazy'
must_find 'tools/x: is not bound at start'
try '-Wl,-z,execstack'
must_find 'tools/x: has an executable stack'
try '-Wl,-rpath,/tmp'
must_find 'tools/x: has a run path'
must_find 'nothing was built here'

judge_tree "$top_builddir"
