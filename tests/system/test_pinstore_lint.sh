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
expect_json out 'list(d) == ["kind", "action", "reason", "rule", "offset", "max_age", "max_age_sent", "include_subdomains", "report_uri", "pins", "departures", "advice"]'
expect_json out "dict(d, advice=0) == {'kind': 'pkp', 'action': 'note', 'reason': 'ok', 'rule': None, 'offset': None, 'max_age': 5184000, 'max_age_sent': 31536000, 'include_subdomains': True, 'report_uri': None, 'pins': ['$a', '$b'], 'departures': [], 'advice': 0}"
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
