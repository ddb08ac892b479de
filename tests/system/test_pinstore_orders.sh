#!/bin/sh
# test_pinstore_orders.sh - pinstore config, revoke, unrevoke, bypass and mode.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE

# verdict EXIT HOST VERDICT REASON [VIOLATION] PIN...
verdict()
{
	exit=$1 host=$2 word=$3 why=$4 violation=$5
	shift 5
	set -- $(printf -- '--chain-pin %s ' "$@")
	expect_exit "$exit" pinstore check --json "$@" "$host"
	expect_json out "(d['verdict'], d['reason'], d['violation']) == ('$word', '$why', $violation)"
}

must pinstore pin a.test $a $b >/dev/null

about "config: the defaults"
expect_exit 0 pinstore config
expect_out '^max-age-cap +60d +default$'
expect_out '^refresh-slack +1% +default$'
expect_out '^quota-domain +200 +default$'
expect_out '^quota-total +1000000 +default$'
expect_out '^max-size +1T +default$'
expect_out '^suffix-rule +on +default$'
expect_out '^learn-subdomains +on +default$'
expect_out '^report +on +default$'
expect_out '^report-only +on +default$'
expect_out '^report-https-only +off +default$'
expect_out '^report-same-origin-only +off +default$'
expect_out '^report-private +off +default$'
expect_out '^anchors +none +default$'
expect_exit 0 pinstore config --json
expect_json out '[x["key"] for x in d] == ["max-age-cap", "refresh-slack", "quota-domain", "quota-total", "max-size", "suffix-rule", "learn-subdomains", "report", "report-only", "report-https-only", "report-same-origin-only", "report-private", "anchors"] and all(list(x) == ["key", "value", "text", "set"] for x in d) and not any(x["set"] for x in d)'
expect_json out '[x["value"] for x in d] == [5184000, 100, 200, 1000000, 1 << 40, 1, 1, 1, 1, 0, 0, 0, []]'

about "config: change, read, take away"
while read -r key value text number default; do
	expect_exit 0 pinstore config $key $value
	expect_exit 0 pinstore config $key
	expect_out "^$text\$"
	expect_exit 0 pinstore config --json $key
	expect_json out "(d['key'], d['value'], d['text'], d['set']) == ('$key', $number, '$text', True)"
	expect_exit 0 pinstore config --unset $key
	expect_exit 0 pinstore config $key
	expect_out "^$default\$"
done <<END
max-age-cap 30d 30d 2592000 60d
max-age-cap none none 0 60d
max-age-cap 90 90s 90 60d
max-age-cap 12h 12h 43200 60d
refresh-slack 0% 0% 0 1%
refresh-slack 0.25% 0.25% 25 1%
refresh-slack 0.5% 0.50% 50 1%
refresh-slack 100% 100% 10000 1%
quota-domain 7 7 7 200
quota-total 0 0 0 1000000
max-size 1M 1M 1048576 1T
max-size 1048577 1048577 1048577 1T
max-size 3145728 3M 3145728 1T
max-size 1500k 1500k 1536000 1T
max-size 2g 2G 2147483648 1T
max-size 1T 1T 1099511627776 1T
suffix-rule off off 0 on
learn-subdomains off off 0 on
report off off 0 on
report-only off off 0 on
report-https-only on on 1 off
report-same-origin-only on on 1 off
report-private on on 1 off
END

about "config: what is no value, and no key"
for wrong in 'max-age-cap 0' 'max-age-cap -1' 'max-age-cap 99999d' \
	'max-age-cap 1y' 'refresh-slack 1' 'refresh-slack 101%' \
	'refresh-slack 1.234%' 'refresh-slack 100.01%' 'refresh-slack %' \
	'quota-domain -1' 'quota-domain 1e3' 'quota-total 9999999999999999' \
	'max-size 1' 'max-size 1023k' 'max-size 2T' 'max-size 1025G' \
	'max-size M' 'max-size 1X' 'max-size 1MB' 'max-size -1M' \
	'max-size 1.5G' 'max-size none' 'max-size 2M 3M' 'suffix-rule yes' 'suffix-rule on off' 'report now' \
	'report-only none' 'report-https-only 1' 'report-private yes' 'max-age-kap 1d' 'anchors x' \
	'--unset' '--unset max-age-cap 1d'; do
	expect_exit 2 pinstore config $wrong
done
expect_exit 2 pinstore config max-age-kap
expect_err 'did you mean max-age-cap'
expect_exit 0 pinstore config --json
expect_json out 'not any(x["set"] for x in d)'

about "config: it acts on what is noted"
must pinstore config max-age-cap 1h
expect_exit 0 pinstore note --json --at @1000000000 --chain-pin $a cap.test \
	"max-age=999999; pin-sha256=\"$a\"; pin-sha256=\"$b\""
expect_json out 'd["expires_epoch"] == 1000003600'
must pinstore config --unset max-age-cap

about "T-082, R-2.6-4: local anchors, by pin, file and folder"
verdict 90 a.test reject no-pin-in-chain False $c
make_pki
expect_exit 0 pinstore config anchors $c
verdict 0 a.test bypassed local-anchor True $c
verdict 0 a.test bypassed local-anchor False $a $c
verdict 0 a.test matched pin-in-chain False $a
expect_exit 0 pinstore note --json --chain-pin $a --chain-pin $c new.test \
	"max-age=1000; pin-sha256=\"$a\"; pin-sha256=\"$b\""
expect_json out "(d['result'], d['reason']) == ('ignored', 'bypassed')"
expect_exit 0 pinstore config anchors "$pki/rootA.pem"
expect_exit 0 pinstore config anchors --json
expect_json out "d['value'] == ['$(fingerprint rootA)']"
mkdir folder
cp "$pki/rootA.pem" "$pki/rootB.pem" folder/
expect_exit 0 pinstore config anchors folder
expect_exit 0 pinstore config --json anchors
expect_json out "sorted(d['value']) == sorted(['$(fingerprint rootA)', '$(fingerprint rootB)'])"
echo nothing >folder/readme
expect_exit 2 pinstore config anchors folder
expect_exit 0 pinstore config --unset anchors
verdict 90 a.test reject no-pin-in-chain False $c

about "revoke: asks, and wins over everything"
expect_exit 2 pinstore revoke $a
expect_err 'stdin is no terminal'
expect_exit 2 pinstore revoke
expect_exit 2 pinstore revoke --list $a
expect_exit 2 pinstore revoke --yes sha256//short
expect_exit 0 pinstore revoke --list --json
expect_json out 'd == []'
expect_exit 0 pinstore revoke --yes --note 'stolen, ticket 4711' $a
expect_out "^revoked sha256//$a\$"
verdict 121 a.test reject revoked False $a $b
verdict 121 other.test reject revoked False $a
verdict 121 127.0.0.1 reject revoked False $b $a
verdict 121 0x7f.1 reject revoked False $a
verdict 0 127.0.0.1 unpinned address False $b
must pinstore config anchors $c
verdict 121 a.test reject revoked False $a $c
must pinstore config --unset anchors
expect_exit 121 pinstore check --chain-pin $a a.test
expect_out "sha256//$a  revoked"
expect_out 'the key is revoked'
expect_exit 0 pinstore revoke --list
expect_out "^sha256//$a .* stolen, ticket 4711\$"
expect_exit 0 pinstore revoke --list --json
expect_json out "[(x['pin'], x['note']) for x in d] == [('$a', 'stolen, ticket 4711')] and list(d[0]) == ['pin', 'revoked', 'revoked_epoch', 'note']"
expect_exit 0 pinstore revoke --yes --json "$pki/good.pem" "$pki/backup.key"
expect_json out "(d['revoked'], d['pins']) == (2, ['$(fingerprint good)', '$(fingerprint backup)'])"

about "revoke: show and explain tell of it"
expect_exit 0 pinstore show a.test
expect_out "^  revoked   sha256//$a\$"
expect_exit 0 pinstore show --json a.test
expect_json out "d['revoked_pins'] == ['$a'] and d['bypass'] is None"
expect_exit 0 pinstore explain a.test
expect_out "^  revoked   sha256//$a\$"
expect_exit 0 pinstore explain --json a.test
expect_json out "d['revoked_pins'] == ['$a'] and d['bypass'] is None"

about "unrevoke"
expect_exit 0 pinstore unrevoke $a "$pki/good.pem" "$pki/backup.pem"
verdict 0 a.test matched pin-in-chain False $a
expect_exit 1 pinstore unrevoke $a
expect_err 'is not revoked'
expect_exit 1 pinstore unrevoke --json $a
expect_json out "d['unrevoked'] == 0"
expect_exit 2 pinstore unrevoke
expect_exit 0 pinstore revoke --list
expect_no_out .

about "T-097: bypass"
for wrong in '' '--for 1h' '--reason x' '--for 0 --reason x' \
	'--for 8d --reason x' '--for 604801 --reason x' '--for never --reason x' \
	'--end --for 1h' '--for 1h --reason' "--for 1h --reason $(printf %257s |
		tr ' ' x)"; do
	expect_exit 2 pinstore bypass a.test $wrong
done
expect_exit 2 pinstore bypass 127.0.0.1 --for 1h --reason x
expect_exit 2 pinstore bypass a..test --for 1h --reason x
verdict 90 a.test reject no-pin-in-chain False $c
expect_exit 0 pinstore bypass A.test. --for 7d --reason 'lost key'
expect_out '^  reason    lost key$'
verdict 0 a.test bypassed bypass True $c
verdict 0 a.test bypassed bypass False $a
expect_exit 90 pinstore check --chain-none a.test
expect_exit 90 pinstore check --at 8d --chain-pin $c a.test
expect_exit 0 pinstore note --json --chain-pin $a a.test \
	"max-age=1000; pin-sha256=\"$a\"; pin-sha256=\"$b\""
expect_json out "(d['result'], d['reason']) == ('ignored', 'bypassed')"
expect_exit 0 pinstore list
expect_out '^a\.test +- +bypassed +static'
expect_out '^bypass of a\.test until .*: lost key$'
expect_exit 0 pinstore list --json a.test
expect_json out 'd[0]["bypassed"] is True and d[0]["mode"] == "enforce"'
expect_exit 0 pinstore show a.test
expect_out '^  bypass    a\.test$'
expect_exit 0 pinstore show --json a.test
expect_json out 'list(d["bypass"]) == ["host", "subdomains", "start", "start_epoch", "end", "end_epoch", "reason"] and d["bypass"]["end_epoch"] - d["bypass"]["start_epoch"] == 604800'
expect_exit 0 pinstore bypass --end a.test
verdict 90 a.test reject no-pin-in-chain False $c
expect_exit 1 pinstore bypass --end a.test
expect_exit 1 pinstore bypass --end --json a.test
expect_json out 'd == {"host": "a.test", "bypass": None}'
expect_exit 0 pinstore list --json a.test
expect_json out 'd[0]["bypassed"] is False'

about "bypass: subdomains, and clear ends it"
must pinstore pin --include-subdomains s.test $a $b >/dev/null
must pinstore bypass s.test --for 1h --reason r >/dev/null
verdict 90 x.s.test reject no-pin-in-chain False $c
must pinstore bypass s.test --for 1h --reason r --subdomains >/dev/null
verdict 0 x.s.test bypassed bypass True $c
expect_exit 0 pinstore clear --yes s.test
expect_exit 1 pinstore bypass --end s.test

about "mode: report beside, enforce after violations only by force"
expect_exit 0 pinstore pin --json --mode report r.test $a $b --note trial
expect_json out "(d['mode'], d['note']) == ('report', 'trial')"
verdict 0 r.test unpinned report-mode True $c
verdict 0 r.test unpinned report-mode False $a
# A rehearsal is no connection: it is not held against the entry.
expect_exit 0 pinstore mode r.test enforce
verdict 90 r.test reject no-pin-in-chain False $c
expect_exit 0 pinstore mode --json r.test report
expect_json out "d == {'host': 'r.test', 'mode': 'report'}"
must pinstore note --chain-pin $c r.test 'max-age=0' >/dev/null
expect_exit 2 pinstore mode r.test enforce
expect_err 'connections that this entry would refuse'
expect_exit 0 pinstore mode r.test enforce --force
expect_exit 1 pinstore mode none.test report
expect_exit 1 pinstore mode none.test enforce
expect_exit 2 pinstore mode r.test watch
expect_exit 2 pinstore mode r.test
expect_exit 2 pinstore mode 127.0.0.1 report
expect_exit 2 pinstore pin --mode watch r.test $a $b

about "a report entry hides no parent that enforces (design 2)"
must pinstore pin --include-subdomains p.test $a $b >/dev/null
must pinstore pin --mode report c.p.test $c $b >/dev/null
verdict 90 c.p.test reject no-pin-in-chain False $c
verdict 0 c.p.test matched pin-in-chain True $a

about "D-27, T-095: what was noted in the future is enforced, and told"
must pinstore note --at 30d --chain-pin $a f.test \
	"max-age=5184000; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
verdict 90 f.test reject no-pin-in-chain False $c
expect_exit 0 pinstore list f.test
expect_out 'noted in the future$'
expect_exit 0 pinstore list --json f.test
expect_json out 'd[0]["from_future"] is True'
expect_exit 0 pinstore list --at 29d --json f.test
expect_json out 'd[0]["from_future"] is False'
expect_exit 0 pinstore list r.test
expect_no_out future
# The end of what can be printed, and of a four-byte number.
for at in 2038-01-19T03:14:08Z 2100-02-28T23:59:59Z 9999-12-31T23:59:59Z; do
	must pinstore --store "dates" note --at $at --chain-pin $a e.test \
		"max-age=5184000; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
	expect_exit 90 pinstore --store dates check --at $at --chain-pin $c e.test
	expect_exit 0 pinstore --store dates list
	expect_exit 0 pinstore --store dates show --json e.test
	expect_json out "d['entries'][0]['noted'] == '$at'"
done
expect_json out "d['entries'][0]['expires_epoch'] == 253402300799 + 5184000"
expect_json out "d['entries'][0]['expires'] == '@253407484799'"

about "a store that is not there"
expect_exit 3 pinstore --store none config
expect_exit 3 pinstore --store none revoke --list
expect_exit 0 pinstore --store made config quota-domain 5
expect_exit 0 pinstore --store made config quota-domain
expect_out '^5$'
