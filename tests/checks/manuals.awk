# manuals.awk - what mdoc manuals say, one fact a line.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   N page name              a name of its NAME section
#   P name header type args  a prototype of its SYNOPSIS
#   T text                   a type of a function there
#   S text                   a struct shown outside of EXAMPLES
#   E name error             an error listed in ERRORS
#   C constant               PINSTORE_...
#   F page name              a function spoken of
#   X page other             another manual spoken of
#   O page place option      an option listed: "-n --dry-run", "--at arg"
#   U page option            an option spoken of
#   V page verb              a verb listed
#   W page variable          a variable of --write-out listed
#
# With -v examples=FOLDER the code of EXAMPLES in section 3 goes to a file there
# for each page.

function squeeze(text)
{
	gsub(/\/\*[^*]*\*\//, "", text)
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

# What stands behind a macro, without quotes.
function argument(    text)
{
	text = $0
	sub(/^\.[A-Z][a-z] /, "", text)
	sub(/^"/, "", text)
	sub(/"$/, "", text)
	return text
}

# The errors found belong to all the functions named before them.
function flush_errors(    i, j)
{
	for (i = 1; i <= n_names; i++)
		for (j = 1; j <= n_errors; j++)
			print "E\t" names[i] "\t" errors[j]
	n_names = n_errors = 0
}

function take_errors(    i)
{
	if ($1 == ".It" && $2 == "Fn") {
		if (n_errors > 0)
			flush_errors()
		names[++n_names] = $3
		return
	}
	if ($1 == ".Fn")
		errors[++n_errors] = $2
	if ($1 == ".Dv" && $2 ~ /^PINSTORE_ERR_/)
		errors[++n_errors] = $2
	if ($1 == ".El")
		flush_errors()
}

function take_options(    i, letter, name, has_argument)
{
	letter = name = has_argument = ""
	for (i = 2; i <= NF; i++) {
		if ($i == "Fl" && $(i + 1) ~ /^-/)
			name = "-" $(i + 1)
		else if ($i == "Fl")
			letter = "-" $(i + 1) " "
		if ($i == "Ar")
			has_argument = " arg"
	}
	print "O\t" page "\t" place "\t" letter name has_argument
}

function take_synopsis()
{
	if ($1 == ".In")
		include = $2
	if ($1 == ".Vt" && /typedef/)
		print "T\t" squeeze(argument())
	if ($1 == ".Ft")
		type = argument()
	if ($1 == ".Fn")
		print page ": write Fo, not Fn, in SYNOPSIS"
	if ($1 == ".Fo") {
		function_name = $2
		args = ""
	}
	if ($1 == ".Fa")
		args = args (args == "" ? "" : ",") argument()
	if ($1 == ".Fc")
		print "P\t" function_name "\t" include "\t" squeeze(type) \
			"\t" squeeze("(" args ");")
}

FNR == 1 {
	page = FILENAME
	sub(/.*\//, "", page)
	heading = place = text = ""
	is_literal = 0
}

$1 != ".Dt" {
	rest = $0
	while (match(rest, /PINSTORE_[A-Z0-9_]*/)) {
		word = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (word !~ /_$/)
			print "C\t" word
	}
}

$1 == ".Ed" {
	is_literal = 0
	if (heading != "EXAMPLES" && text ~ /^struct [a-z_]+ {/)
		print "S\t" squeeze(text)
	text = ""
}
is_literal && heading == "EXAMPLES" && page ~ /\.3$/ && examples != "" {
	line = $0
	gsub(/\\e/, "\\", line)
	gsub(/\\&/, "", line)
	print line > (examples "/" page ".c")
}
is_literal {
	text = text $0 "\n"
	next
}
$1 == ".Bd" && /-literal/ { is_literal = 1 }

$1 == ".Sh" {
	heading = substr($0, 5)
	place = ""
	next
}
$1 == ".Ss" {
	place = substr($0, 5)
	if (heading == "VERBS")
		print "V\t" page "\t" place
	next
}

{
	for (i = 1; i < NF; i++) {
		if ($i == "Fn" || $i == ".Fn")
			print "F\t" page "\t" $(i + 1)
		if ($i == "Xr" || $i == ".Xr")
			print "X\t" page "\t" $(i + 1) "." $(i + 2)
		if ($i == "Fl" || $i == ".Fl")
			print "U\t" page "\t-" $(i + 1)
	}
}

place ~ /^Variables/ && (/^\.Cm/ || /^\.It Cm/) {
	for (i = 2; i <= NF; i++)
		if ($i ~ /^[a-z_]+$/)
			print "W\t" page "\t" $i
}
heading == "NAME" && $1 == ".Nm" { print "N\t" page "\t" $2 }
heading == "SYNOPSIS" { take_synopsis() }
heading == "ERRORS" { take_errors() }
(heading == "OPTIONS" || heading == "VERBS") && $1 == ".It" && $2 == "Fl" {
	take_options()
}
