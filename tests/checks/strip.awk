# strip.awk - C source without comments and without the text of literals, each
# line as FILE:LINE:TEXT.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

FNR == 1 { in_comment = 0 }

{
	rest = $0
	text = ""
	while (rest != "") {
		if (in_comment) {
			at = index(rest, "*/")
			if (at == 0)
				break
			in_comment = 0
			text = text " "
			rest = substr(rest, at + 2)
			continue
		}
		if (!match(rest, /\/\*|\/\/|"|'/)) {
			text = text rest
			break
		}
		what = substr(rest, RSTART, RLENGTH)
		text = text substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (what == "//")
			break
		if (what == "/*") {
			in_comment = 1
		} else if (text ~ /^[ \t]*#[ \t]*include[ \t]*$/) {
			text = text what rest
			break
		} else {
			# a literal: to its end, minding backslashes
			body = (what == "\"") ? "^([^\"\\\\]|\\\\.)*\"" : "^([^'\\\\]|\\\\.)*'"
			text = text what what
			rest = match(rest, body) ? substr(rest, RLENGTH + 1) : ""
		}
	}
	print FILENAME ":" FNR ":" text
}
