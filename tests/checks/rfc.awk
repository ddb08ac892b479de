# rfc.awk - the map of requirements against sources and tests.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Reads what rfc.sh gathers, one fact a line:
#
#   file PATH         it is there
#   cites PATH ID     and names that id
#   uses PATH NAME    and names a file of that name
#   runs NAME         a Makefile fragment lists tests/NAME
#   row LINE          of docs/rfc7469.md

function fault(text)
{
	print "docs/rfc7469.md: " text
}

function trimmed(text)
{
	gsub(/^[ \t`]+|[ \t`]+$/, "", text)
	return text
}

# Whether test, or a file of the tests that it uses, names id.
function names(test, id,    part, n, i)
{
	if ((test, id) in cites)
		return 1
	n = split(uses[test], part, " ")
	for (i = 1; i <= n; i++)
		if (("tests/support/" part[i], id) in cites ||
		    ("tests/system/" part[i], id) in cites)
			return 1
	return 0
}

function judge_test(id, name,    path)
{
	if (("tests/" name) in is_file)
		path = "tests/" name
	else if (("tests/" name ".c") in is_file)
		path = "tests/" name ".c"
	else {
		fault(id ": there is no test " name)
		return
	}
	if (!(name in runs))
		fault(id ": make check does not run " name)
	if (!names(path, id))
		fault(id ": " name " does not name it")
}

function judge_row(line,    column, n, i, id, where, shown, part)
{
	n = split(line, column, "|")
	id = trimmed(column[2])
	where = trimmed(column[4])
	shown = trimmed(column[5])
	if (n != 6 || trimmed(column[3]) == "") {
		fault(id ": not a row of four columns")
		return
	}
	if (id in known)
		fault(id ": there are two rows")
	known[id] = 1
	if (shown == "open" || shown ~ /^not ours: .../)
		return
	if (shown == "" || where == "")
		fault(id ": nothing shows it, and it is not open")
	n = split(where, part, ",")
	for (i = 1; i <= n; i++) {
		where = trimmed(part[i])
		if (!(("libpinstore/" where) in is_file) &&
		    !(("tools/" where) in is_file))
			fault(id ": there is no source " where)
	}
	n = split(shown, part, ",")
	for (i = 1; i <= n; i++)
		judge_test(id, trimmed(part[i]))
}

$1 == "file" { is_file[$2] = 1 }
$1 == "cites" { cites[$2, $3] = 1; cited[$3] = cited[$3] " " $2 }
$1 == "uses" { uses[$2] = uses[$2] " " $3 }
$1 == "runs" { runs[$2] = 1 }
$1 == "row" { row[++rows] = substr($0, 5) }

END {
	for (i = 1; i <= rows; i++)
		judge_row(row[i])
	for (id in cited)
		if (!(id in known)) {
			split(cited[id], part, " ")
			print part[1] ": " id " is not in docs/rfc7469.md"
		}
	if (rows == 0)
		fault("no row at all")
}
