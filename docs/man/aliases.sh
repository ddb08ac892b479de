#!/bin/sh
# aliases.sh - under which other names a manual is found: "ALIAS PAGE" for each
# name that the pages given list in their NAME sections beside their own.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
exec awk '
FNR == 1 {
	page = FILENAME
	sub(/.*\//, "", page)
	section = page
	sub(/.*\./, "", section)
	in_name = 0
}
$1 == ".Sh" { in_name = $2 == "NAME" }
in_name && $1 == ".Nm" && $2 "." section != page {
	print $2 "." section, page
}' "$@"
