#!/bin/sh
# symbols.sh - declared in the public headers = listed = exported, no more and
# no less.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
need awk nm comm sort "${CC:=cc}"

# compare WHAT FILE WHAT FILE: two sorted lists of names must be one
compare()
{
	comm -23 "$2" "$4" | sed "s/\$/: $1, but not $3/"
	comm -13 "$2" "$4" | sed "s/\$/: $3, but not $1/"
}

exported()
{
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
		sort -u
}

# library LIST OBJECT HEADER...: judge one library
library()
{
	list=$1
	object=$2
	shift 2
	[ -s "$list" ] || { echo "$list: missing or empty"; return; }
	[ -f "$object" ] || { echo "$object: not built"; return; }
	grep -v -e '^#' -e '^$' "$list" >"$scratch/listed"
	sort -c "$scratch/listed" 2>&1 | sed "s|^|$list: |"
	sort -u "$scratch/listed" >"$scratch/listed.sorted"
	for header; do
		awk -f "$checks/strip.awk" "$header" |
			awk -f "$checks/symbols.awk"
	done | sort -u >"$scratch/declared"
	exported "$object" >"$scratch/exported"
	compare declared "$scratch/declared" listed "$scratch/listed.sorted"
	compare exported "$scratch/exported" listed "$scratch/listed.sorted"
}

# of the samples: x.h, x.list, x.so
judge()
{
	library x.list x.so x.h
}

# try LISTED DECLARED EXPORTED: plant three lists of names
try()
{
	printf '%s\n' $1 | plant x.list
	for name in $2; do
		printf 'int %s(int a,\n        int b);\n' "$name"
	done | plant x.h
	printf 'typedef int pinstore_some_fn(void);\n' >>"$sample/x.h"
	for name in $3; do
		echo "int $name(void); int $name(void) { return 1; }"
	done >"$scratch/x.c"
	"$CC" -shared -fPIC -o "$sample/x.so" "$scratch/x.c" || exit 99
}

try 'pinstore_a pinstore_b' 'pinstore_b pinstore_a' 'pinstore_a pinstore_b'
must_pass
try 'pinstore_a' 'pinstore_a pinstore_b' 'pinstore_a'
must_find 'pinstore_b: declared, but not listed'
try 'pinstore_a pinstore_b' 'pinstore_a' 'pinstore_a pinstore_b'
must_find 'pinstore_b: listed, but not declared'
try 'pinstore_a' 'pinstore_a' 'pinstore_a ps_host_parse'
must_find 'ps_host_parse: exported, but not listed'
try 'pinstore_a pinstore_b' 'pinstore_a pinstore_b' 'pinstore_a'
must_find 'pinstore_b: listed, but not exported'
try 'pinstore_b pinstore_a' 'pinstore_a pinstore_b' 'pinstore_a pinstore_b'
must_find 'disorder'

judge()
{
	include=libpinstore/include/pinstore
	library libpinstore/symbols.list \
		"$top_builddir/libpinstore/.libs/libpinstore.so" \
		$include/pinstore.h $include/gnutls.h $include/admin.h
	library libpinstore/curl/symbols.list \
		"$top_builddir/libpinstore/.libs/libpinstore-curl.so" \
		$include/curl.h
}
judge_tree "$top_srcdir"
