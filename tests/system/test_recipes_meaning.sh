#!/bin/sh
# test_recipes_meaning.sh - what the store means: whose entry holds, until when,
# and what a clock, a crowd of names or an operator does to it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Time is an argument here.  T-092 and T-096 are in tests/unit/test_api_note.c
# and test_api_flood.c too, T-099 in test_fetch_names.sh.
. "$top_srcdir/tests/support/lib.sh"
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
t=1000000000
day=86400
PINSTORE=$store
export PINSTORE

# pkp MAX_AGE PIN... [-- MORE]: a field
pkp()
{
	printf 'max-age=%s' "$1"
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		printf '; pin-sha256="%s"' "$1"
		shift
	done
	[ $# -lt 2 ] || printf '; %s' "$2"
}

# note TIME PIN HOST FIELD RESULT
note()
{
	expect_exit 0 pinstore note --json --at "@$1" --chain-pin "$2" "$3" "$4"
	expect_json out "d['result'] == '$5'"
}

# verdict CODE TIME PIN HOST: the exit of check
verdict()
{
	expect_exit "$1" pinstore check --json --at "@$2" --chain-pin "$3" "$4"
}

# record HOST FILE
record()
{
	pinstore show --json --at "@$t" "$1" >"$2" 2>&1
}

about "T-090 a child's answers leave its parent's record as it is"
note $t $a pin.test "$(pkp 1000 $a $b -- includeSubDomains)" noted
record pin.test before
for value in "$(pkp 10 $a $b)" max-age=0 "$(pkp 10 $a $c)" \
	'max-age=10; pin-sha1="x"'; do
	expect_exit 0 pinstore note --at "@$((t + 5))" --chain-pin $a x.pin.test \
		"$value"
	record pin.test after
	expect_same before after
done

about "T-091 D-06 the nearest entry that covers the name"
note $t $b b.other.test "$(pkp 100 $b $c)" noted
note $t $a other.test "$(pkp 1000 $a $c -- includeSubDomains)" noted
for host in a.b.other.test c.other.test other.test; do
	verdict 0 $t $a $host
	verdict 90 $t $b $host
done
verdict 0 $t $b b.other.test
verdict 90 $t $a b.other.test
# the nearer one has expired, then the farther one too
verdict 0 $((t + 101)) $a b.other.test
verdict 90 $((t + 101)) $b b.other.test
verdict 0 $((t + 1001)) $b a.b.other.test
# three levels, the middle one silent on what lies below it
note $t $a three.test "$(pkp 1000 $a $b -- includeSubDomains)" noted
note $t $a two.three.test "$(pkp 1000 $a $c)" noted
note $t $a one.two.three.test "$(pkp 1000 $a $c -- includeSubDomains)" noted
verdict 0 $t $b x.two.three.test
verdict 90 $t $c x.two.three.test
verdict 0 $t $c x.one.two.three.test
verdict 90 $t $b x.one.two.three.test

about "T-092 D-05 the later field, whole; D-15 and what is configured beside it"
full=$(pkp 1000 $a $b -- 'includeSubDomains; report-uri="https://r.test/"')
for order in forth back; do
	expect_exit 0 pinstore clear --yes --all
	if [ $order = forth ]; then
		note $t $a pin.test "$full" noted
		note $((t + 1)) $a pin.test "$(pkp 500 $a $c)" updated
		entry="[[['$a', '$c'], False, None, $((t + 501))]]"
	else
		note $t $a pin.test "$(pkp 500 $a $c)" noted
		note $((t + 1)) $a pin.test "$full" updated
		entry="[[['$a', '$b'], True, 'https://r.test/', $((t + 1001))]]"
	fi
	expect_exit 0 pinstore show --json --at "@$t" pin.test
	expect_json out "[[e['pins'], e['include_subdomains'], e['report_uri'], e['expires_epoch']] for e in d['entries']] == $entry"
done
must pinstore pin pin.test $a $c >/dev/null
record pin.test before
verdict 0 $t $a pin.test
verdict 90 $t $b pin.test
verdict 90 $t $c pin.test
note $((t + 2)) $a pin.test max-age=0 removed
expect_exit 0 pinstore show --json --at "@$t" pin.test
expect_json out "[(e['source'], sorted(e['pins'])) for e in d['entries']] == [('static', sorted(['$a', '$c']))]"

about "T-093 D-13 the last second, in each process"
expect_exit 0 pinstore clear --yes --all --source all
note $t $a pin.test "$(pkp 1000 $a $b)" noted
verdict 90 $((t + 999)) $c pin.test
verdict 90 $((t + 1000)) $c pin.test
verdict 0 $((t + 1001)) $c pin.test
expect_json out 'd["reason"] == "no-entry"'

about "R-2.7-2 what an operator configured, he can set aside: mode and clear"
must pinstore pin set.test $a $b >/dev/null
verdict 90 $t $c set.test
expect_exit 0 pinstore mode set.test report
verdict 0 $t $c set.test
expect_json out '(d["verdict"], d["reason"], d["violation"]) == ("unpinned", "report-mode", True)'
expect_exit 0 pinstore mode set.test enforce --force
verdict 90 $t $c set.test
expect_exit 0 pinstore clear --yes --source static set.test
verdict 0 $t $c set.test
expect_json out '(d["verdict"], d["reason"]) == ("unpinned", "no-entry")'

about "T-094 pins with an end: told two weeks before, and afterwards"
make_pki
start_tlsserv web --chain good
start_tlsserv foreign --chain mitm
look()
{
	expect_exit 0 fetch $(at pin.test "$web_port") -o body \
		"https://pin.test:$web_port/" "$@"
}
# in days: what is said, and by the operator's tool
for life in 15 13; do
	must pinstore pin --expires ${life}d pin.test "$(pin good)" "$(pin backup)" \
		>/dev/null
	look
	if [ $life = 15 ]; then
		expect_no_err 'warning'
		expect_exit 1 pinstore list --expiring 14d
	else
		expect_err '^pinfetch: warning: the pins that are configured for pin\.test end 20'
		expect_exit 0 pinstore list --expiring 14d
		expect_out '^pin\.test '
		look -s
		expect_no_err .
		look -sS
		expect_err 'configured for pin\.test end'
	fi
	expect_exit 90 fetch $(at pin.test "$foreign_port") "https://pin.test:$foreign_port/"
	expect_requests foreign 0
done
must pinstore pin --expires 13d --include-subdomains test "$(pin rootA)" \
	"$(pin backup)" >/dev/null
must pinstore clear --yes --source static pin.test >/dev/null
look
expect_err 'configured for test end 20'
must pinstore pin --expires 1s --include-subdomains test "$(pin rootA)" \
	"$(pin backup)" >/dev/null
must pinstore pin --expires 1s pin.test "$(pin good)" "$(pin backup)" >/dev/null
sleep 2
expect_exit 0 fetch $(at pin.test "$foreign_port") -o body "https://pin.test:$foreign_port/"
expect_err '^pinfetch: warning: the pins that were configured for pin\.test have expired, and are not enforced$'
expect_requests foreign 1
expect_exit 0 pinstore list --expired
expect_out '^pin\.test '
must pinstore clear --yes --source static pin.test >/dev/null
look
expect_err 'configured for test have expired'
must pinstore pin test "$(pin rootB)" "$(pin backup)" >/dev/null
look
expect_no_err 'warning'
# what a host sends is refreshed by its visits: no warning
expect_exit 0 pinstore clear --yes --all --source all
must pinstore note --chain-pin "$(pin good)" pin.test "$(
	header 1000 good backup)" >/dev/null
look
expect_no_err 'warning'

about "T-095 D-27 clocks that go astray cost no pins"
expect_exit 0 pinstore clear --yes --all
note $t $a clock.test "$(pkp 5184000 $a $b)" noted
for at in $((t - 3650 * day)) 0 1 $((t + 59 * day)); do
	verdict 90 "$at" $c clock.test
	verdict 0 "$at" $a clock.test
done
expect_exit 0 pinstore list --json --at "@$((t - 3650 * day))"
expect_json out '[e["from_future"] for e in d] == [True]'
expect_exit 0 pinstore list --at "@$((t - 3650 * day))"
expect_out 'noted in the future$'
expect_exit 0 pinstore list --at "@$t"
expect_no_out 'future'
remember
for at in $((t + 3650 * day)) 2147483647 2147483648 4102444800 253402300799; do
	verdict 0 "$at" $c clock.test
	expect_exit 2 pinstore expire --at "@$at"
	expect_err 'force'
	expect_unchanged
done
# back again: the entry works as before
verdict 90 $t $c clock.test
verdict 0 $t $a clock.test
# noted by a clock 10 years ahead, met by one that is right
note $((t + 3650 * day)) $a ahead.test "$(pkp 1000 $a $b)" noted
verdict 90 $t $c ahead.test
verdict 90 $((t + 1)) $c clock.test

about "T-096 a crowd of subdomains, and the one that was pinned before"
expect_exit 0 pinstore clear --yes --all
expect_exit 0 pinstore config quota-domain 20
note $t $a victim.test "$(pkp 5184000 $a $b)" noted
i=0
while [ $i -lt 25 ]; do
	i=$((i + 1))
	pinstore note --json --at "@$t" --chain-pin $a n$i.crowd.test \
		"$(pkp 5184000 $a $b)" >>crowd.out 2>>crowd.err
done
[ "$(grep -c '"noted"' crowd.out)" -eq 20 ] && ok "20 were noted" ||
	fail "$(grep -c '"noted"' crowd.out) were noted, not 20"
[ "$(grep -c '"full"' crowd.out)" -eq 5 ] && ok "5 were refused" ||
	fail "$(grep -c '"full"' crowd.out) were refused, not 5"
verdict 90 $t $c victim.test
verdict 0 $t $a victim.test
verdict 90 $t $c n1.crowd.test
note $t $a other.test "$(pkp 1000 $a $b)" noted
expect_exit 0 pinstore config quota-domain --unset

about "T-097 hostile pins: seen, bypassed, cleared, and ended by the cap"
note $t $a hostile.test "$(pkp 315360000 $a $b -- includeSubDomains)" noted
expect_exit 0 pinstore show --json --at "@$t" hostile.test
expect_json out "[e['expires_epoch'] for e in d['entries']] == [$((t + 5184000))]"
expect_exit 0 pinstore show --at "@$t" hostile.test
expect_out '315360000|cap'
verdict 90 $t $c www.hostile.test
verdict 90 $((t + 5184000)) $c www.hostile.test
verdict 0 $((t + 5184001)) $c www.hostile.test
expect_exit 0 pinstore bypass hostile.test --subdomains --for 2h --reason hostile
expect_exit 0 pinstore check --json --chain-pin $c www.hostile.test
expect_json out 'd["verdict"] in ("bypassed", "unpinned")'
expect_exit 0 pinstore clear --yes hostile.test
verdict 0 $t $c www.hostile.test

about "T-098 R-5-2 what is not to be remembered leaves no file"
rm -rf "$store"
start_tlsserv mark --chain good -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
	header 1000 good backup)\\r\\nContent-Length: 0\\r\\n\\r\\n"
urls=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 \
	27 28 29 30 31 32; do
	urls="$urls https://b$i.pin.test:$mark_port/"
done
expect_exit 0 fetch --connect-to "::127.0.0.1:$mark_port" --no-learn -s $urls
expect_requests mark 32
grep -raqF pin.test "$store" 2>/dev/null && fail "a name was kept" ||
	ok "no name was kept"
expect_exit 0 fetch --connect-to "::127.0.0.1:$mark_port" -s $urls
expect_requests mark 64
expect_exit 0 pinstore list --json
expect_json out 'len(d) == 32'
