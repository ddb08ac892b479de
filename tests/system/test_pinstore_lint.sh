#!/bin/sh
# test_pinstore_lint.sh - pinstore lint: the sixty header cases, and the rest.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
both="pin-sha256=\"$a\"; pin-sha256=\"$b\""

about "HDR-01 to HDR-60, R-2.1-1, in both grammars"
must "$python" "$top_srcdir/tests/system/lint_cases.py" >cases
grep -v '^ok ' cases && fail "cases failed" || ok "no case failed"
[ "$(grep -c '^ok ' cases)" -ge 140 ] && ok "$(grep -c '^ok ' cases) cases" ||
	fail "only $(grep -c '^ok ' cases) cases were judged"

about "JSON in full"
expect_exit 0 pinstore lint --json --chain-pin "$a" \
	"max-age=31536000; $both; includeSubDomains"
expect_json out 'list(d) == ["kind", "action", "reason", "rule", "offset", "max_age", "max_age_sent", "include_subdomains", "report_uri", "pins", "departures", "findings", "advice"]'
expect_json out "dict(d, advice=0) == {'kind': 'pkp', 'action': 'note', 'reason': 'ok', 'rule': None, 'offset': None, 'max_age': 5184000, 'max_age_sent': 31536000, 'include_subdomains': True, 'report_uri': None, 'pins': ['$a', '$b'], 'departures': [], 'findings': [], 'advice': 0}"
expect_json out 'all(isinstance(x, str) for x in d["advice"])'
[ "$(wc -l <out)" -eq 1 ] && ok "one line" || fail "not one line"
expect_exit 1 pinstore lint --json "max-age=9; $both, max-age=0"
expect_json out "d['offset'] == len('max-age=9; $(printf %s "$both" | tr '"' x)') and d['rule'] == 'SEP'"

about "without a chain match and backup are not judged"
expect_exit 0 pinstore lint --json "max-age=9; pin-sha256=\"$b\""
expect_json out '(d["action"], d["reason"]) == ("note", "not-judged")'
expect_exit 1 pinstore lint --json --chain-none "max-age=9; $both"
expect_json out '(d["action"], d["reason"]) == ("ignore", "no-match")'
expect_exit 1 pinstore lint --json --chain-pin "$a" --chain-pin "$b" \
	"max-age=9; $both"
expect_json out '(d["action"], d["reason"]) == ("ignore", "no-backup")'

about "stdin, octet by octet"
expect_exit 0 sh -c "printf '%s' 'max-age=9; $both' | pinstore lint"
expect_out '^note'
# R-2.1-14: a line end is none of the octets of a field
expect_exit 1 sh -c "printf '%s\n' 'max-age=9; $both' | pinstore lint --json"
expect_json out 'd["reason"] == "malformed"'
expect_exit 1 sh -c "printf 'max-age=9\000; $both' | pinstore lint --json"
expect_json out 'd["reason"] == "malformed"'
expect_exit 1 sh -c "printf '' | pinstore lint --json"
expect_json out 'd["reason"] == "empty"'

about "T-075 T-076: limits"
expect_exit 1 sh -c "head -c 8193 /dev/zero | tr '\000' a | pinstore lint --json"
expect_json out 'd["reason"] == "limit"'
expect_exit 2 sh -c "head -c 1100000 /dev/zero | pinstore lint --json"
expect_json err 'd["error"]["where"] == "stdin"'

about "a name whose suffix is public"
expect_exit 0 pinstore lint --json --host github.io \
	"max-age=9; $both; includeSubDomains"
expect_json out 'd["include_subdomains"] is False and "suffix" in d["departures"]'
expect_exit 0 pinstore lint --json --host a.github.io \
	"max-age=9; $both; includeSubDomains"
expect_json out 'd["include_subdomains"] is True and "suffix" not in d["departures"]'
expect_exit 2 pinstore lint --host a..test "max-age=9; $both"

about "R-2.2.2-1 on plain http"
expect_exit 1 pinstore lint --json --http "max-age=9; $both"
expect_json out '(d["action"], d["departures"]) == ("ignore", ["plain-http"])'
expect_json out '"https alone" in d["advice"][0]'

about "what was found, its rule, and each kind of client"
expect_exit 0 pinstore lint --json "max-age=9; $both;"
expect_json out 'd["findings"] == [{"word": "empty-directive", "rule": "RFC 7469, 2.1", "strict": "ignores the field", "pinstore": "skips it", "lenient": "skips it"}]'
expect_exit 1 pinstore lint --json --chain-pin "$a" "max-age=9; pin-sha256=\"$a\"; pin-sha1=\"\""
expect_json out '[(f["word"], f["rule"]) for f in d["findings"]] == [("no-backup", "RFC 7469, 2.5 and 4.3"), ("unknown-algorithm", "RFC 7469, 2.1.1 and 2.4")]'

# As guides and configurations of the time have them.
x=u2q8QZ8Hjp3o/efZjsch9NKjnZmrISJQjwoi/rmsKLU=
y=I9CBj46qKUtWvBQxUcoSkOgOLKIXdFMC+1Ws2Zh9flI=
about "a field over several lines, two pins"
printf 'pin-sha256="%s";\r\n                 pin-sha256="%s";\r\n                 max-age=15768000; includeSubDomains' \
	$x $y >folded
expect_exit 0 sh -c 'pinstore lint --json <folded'
expect_json out "d['pins'] == ['$x', '$y'] and d['max_age_sent'] == 15768000 and d['include_subdomains'] is True"
expect_json out 'd["departures"] == ["folded"] and any("on one line" in a for a in d["advice"])'
about "a field that ends in a semicolon"
expect_exit 0 pinstore lint "max-age=15768000; pin-sha256=\"$x\"; pin-sha256=\"$y\"; includeSubDomains;"
expect_out '^note: '
expect_out 'empty-directive \(RFC 7469, 2\.1\)'
expect_out '^    strict +ignores the field'
expect_out '^    pinstore +skips it'
expect_out '^    lenient +skips it'
expect_out 'no empty directive'
about "single quotes"
expect_exit 1 pinstore lint "pin-sha256='$x'; pin-sha256='$y'; max-age=15768000"
expect_out '^ignore: malformed \(SEP\) at offset 24'
expect_out 'malformed \(RFC 7469, 2\.1 \(4\)\)'
expect_out 'Write double quotes round the pin, not single ones:'
expect_out 'pin-sha256="\.\.\."'
about "pin-sha="
expect_exit 0 pinstore lint "pin-sha=\"$x\"; pin-sha=\"$y\"; max-age=15768000"
expect_out '^unpin: no-pins'
expect_out 'unknown-algorithm \(RFC 7469, 2\.1\.1 and 2\.4\)'
expect_out 'Write pin-sha256: pins of any other name'
expect_exit 1 pinstore lint "pin-sha='$x'; max-age=15768000"
expect_out 'Write double quotes round the pin'
about "R-B-1 a dummy for a backup"
expect_exit 0 pinstore lint "pin-sha256=\"$x\"; pin-sha256=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; max-age=60"
expect_out 'Pin keys that you hold'

about "text"
expect_exit 0 pinstore lint --chain-pin "$a" "max-age=9; $both;"
expect_out '^note: ok'
expect_out 'empty-directive'
expect_out "sha256//$a"
expect_exit 1 pinstore lint --strict "max-age=9; $both;"
expect_out '^ignore: malformed \(NAME\) at offset'
# T-143: what a server sent cannot steer the terminal
expect_exit 0 sh -c "printf 'max-age=9; $both; x=\"\302\23331m\"' | pinstore lint"
LC_ALL=C grep -q "$(printf '\302\233')" out && fail "raw C1" || ok "no raw C1"
expect_exit 2 pinstore lint --at @0 "max-age=9"
expect_err 'no option --at'
