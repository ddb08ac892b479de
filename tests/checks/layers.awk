# layers.awk - judge #include lines (the output of strip.awk).
#
# SPDX-License-Identifier: LGPL-2.1-or-later

function fault(why) { print file ":" line ": " why }

BEGIN {
	below["base"] = " base "
	below["model"] = " base model "
	below["rules"] = " base model rules "
	below["store"] = " base model store "
	below["tls"] = " base model tls "
	below["api"] = " base model rules store tls api "
	below["curl"] = " curl "
	# header -> the files, as a pattern, that may include it
	foreign["lmdb.h"] = "^libpinstore/store/db\\.c$"
	foreign["idn2.h"] = "^libpinstore/model/host\\.c$"
	foreign["libpsl.h"] = "^libpinstore/api/"
	foreign["jansson.h"] = "^(libpinstore/api|tools|tests)/"
	foreign["libsmartcols.h"] = "^tools/"
	# the adapter handles libcurl's session, which is GnuTLS's
	foreign["gnutls/"] = "^(libpinstore/(tls/|curl/|api/session\\.c$|" \
		"include/pinstore/gnutls\\.h$)|tools/|tests/)"
	foreign["curl/"] = "^(libpinstore/(curl/|include/pinstore/curl\\.h$)|" \
		"tools/|tests/)"
	n = split("admin curl gnutls pinstore version", names, " ")
	for (i = 1; i <= n; i++)
		public["pinstore/" names[i] ".h"] = 1
	unit = "^tests/(unit|support|fuzz|bench)/"
}

{
	split($0, part, ":")
	file = part[1]
	line = part[2]
	text = substr($0, length(file) + length(line) + 3)
	if (text !~ /^[ \t]*#[ \t]*include/)
		next
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)
	quoted = (substr(text, 1, 1) == "\"")
	name = substr(text, 2)
	sub(/[">].*$/, "", name)

	if (name ~ /\.c$/)
		fault("includes a .c file: " name)
	if (name ~ /(^|\/)\.\.?(\/|$)/)
		fault("climbs out of its folder: " name)
	for (head in foreign) {
		if (quoted && head == "curl/")
			continue # our own folder of that name
		if (head ~ /\/$/ ? index(name, head) == 1 : name == head) {
			if (quoted)
				fault("quotes a foreign header: " name)
			# lmdb and idn2 may be looked at by tests of their own module
			if (file !~ foreign[head] && file !~ unit)
				fault("may not include " name)
		}
	}

	floor = ""
	if (match(file, /^libpinstore\/[a-z]+\//)) {
		floor = substr(file, 13, RLENGTH - 13)
	}
	if (floor != "" && floor != "include" && !(floor in below))
		fault("stands on no known floor")

	if (name ~ /^pinstore\//) {
		# tools/pinstore/ has headers of its own
		if (quoted && file ~ /^tools\// && !(name in public))
			next
		if (quoted)
			fault("quotes a public header: " name)
		ok = "pinstore.h version.h"
		if (floor == "api" || floor == "rules" || floor == "store" ||
		    floor == "curl")
			ok = ok " admin.h"
		if (floor == "api" || floor == "curl")
			ok = ok " gnutls.h"
		if (floor == "curl")
			ok = ok " curl.h"
		if (floor in below &&
		    index(" " ok " ", " " substr(name, 10) " ") == 0)
			fault("floor " floor " may not include " name)
		next
	}
	if (!quoted)
		next
	if (floor == "include") {
		fault("a public header includes " name)
		next
	}
	target = name
	sub(/\/.*$/, "", target)
	if (floor in below) {
		if (name !~ /\// )
			fault("names no floor: " name)
		else if (index(below[floor], " " target " ") == 0)
			fault("floor " floor " may not include " name)
		# host and pinset are the ground floor of model
		if (file ~ /^libpinstore\/model\/(host|pinset)\./ &&
		    name ~ /^model\/(header|entry)\.h$/)
			fault("model's values come before " name)
		next
	}
	if (target in below || target == "libpinstore") {
		if (file !~ unit)
			fault("only public headers here, not " name)
	}
}
