# symbols.awk - the functions that headers declare (reads strip.awk's output).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
{
	sub(/^[^:]*:[0-9]+:/, "")
	if (/^[ \t]*#/)
		next
	text = text " " $0
}

END {
	n = split(text, statement, ";")
	for (i = 1; i <= n; i++) {
		if (statement[i] ~ /typedef/)
			continue
		if (match(statement[i], /pinstore_[a-z0-9_]+[ \t]*\(/)) {
			name = substr(statement[i], RSTART, RLENGTH - 1)
			sub(/[ \t]+$/, "", name)
			print name
		}
	}
}
