# prototypes.awk - what public headers promise, in the lines that manuals.awk
# makes of manuals: P (prototype), T (type of a function), S (struct), E (error),
# C (constant).
#
# SPDX-License-Identifier: LGPL-2.1-or-later

function squeeze(text)
{
	gsub(/[ \t\n]+/, " ", text)
	while (match(text, / [][(){},;*]|[][(){},;*] /))
		text = substr(text, 1, RSTART - 1) \
			(substr(text, RSTART, 1) == " " ? \
			substr(text, RSTART + 1, 1) : substr(text, RSTART, 1)) \
			substr(text, RSTART + 2)
	sub(/^ /, "", text)
	sub(/ $/, "", text)
	return text
}

# "Errors: ARG, NOMEM (why); those of pinstore_check()." up to the next label
function errors(name, text,    word)
{
	if (!sub(/.*Errors: /, "", text))
		return
	sub(/(Source|Owner|Threads): .*/, "", text)
	while (match(text, /[A-Za-z0-9_]+(\(\))?/)) {
		word = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /^pinstore_.*\(\)$/)
			print "E\t" name "\t" substr(word, 1, length(word) - 2)
		else if (("PINSTORE_ERR_" word) in status)
			print "E\t" name "\tPINSTORE_ERR_" word
	}
}

function constants(text,    word)
{
	while (match(text, /PINSTORE_[A-Z0-9_]*[A-Z0-9]/)) {
		word = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /^PINSTORE_ERR_/)
			status[word] = 1
		if (word !~ /_H$/)
			print "C\t" word
	}
}

function statement(text,    name, type, args)
{
	if (text ~ /^ *struct pinstore_[a-z_]+ *{/) {
		print "S\t" squeeze(text)
	} else if (text ~ /^ *typedef /) {
		print "T\t" squeeze(text)
	} else if (match(text, /pinstore_[a-z0-9_]+[ \t]*\(/) &&
		text !~ /^ *enum [a-z_]+ *{/) {
		sub(/PINSTORE_MUST_CHECK/, "", text)
		match(text, /pinstore_[a-z0-9_]+[ \t]*\(/)
		name = substr(text, RSTART, RLENGTH - 1)
		type = substr(text, 1, RSTART - 1)
		args = substr(text, RSTART + RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		print "P\t" name "\t" include "\t" squeeze(type) "\t" \
			squeeze(args)
		if (squeeze(type) == "enum pinstore_status")
			errors(name, comment)
	}
}

FNR == 1 {
	include = FILENAME
	sub(/.*\//, "pinstore/", include)
	sub(/\.in$/, "", include)
	text = comment = ""
	in_comment = depth = 0
}

/^[ \t]*#/ && !in_comment {
	sub(/\/\*.*/, "")
	constants($0)
	next
}
/^extern "C" {$/ || (/^}$/ && depth == 0) { next }

{
	rest = $0 " "
	while (rest != "") {
		if (in_comment) {
			at = index(rest, "*/")
			remark = remark (at ? substr(rest, 1, at - 1) : rest)
			rest = at ? substr(rest, at + 2) : ""
			if (at && text ~ /^[ \t]*$/ && depth == 0)
				comment = remark
			in_comment = !at
			continue
		}
		if (!match(rest, /\/\*|[{};]/)) {
			text = text rest
			constants(rest)
			break
		}
		what = substr(rest, RSTART, RLENGTH)
		before = substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		text = text before
		constants(before)
		if (what == "/*") {
			in_comment = 1
			remark = ""
			continue
		}
		text = text what
		depth += (what == "{") - (what == "}")
		if (what == ";" && depth == 0) {
			statement(text)
			text = ""
		}
	}
}
