#!/bin/sh
# test_pinstore_note.sh - pinstore note: what is learned from a header, and
# pinstore check as the judge of it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
t=1000000000
PINSTORE=$store
export PINSTORE

# pkp MAX_AGE PIN... [-- MORE]: (echo) a field
pkp()
{
	text="max-age=$1"
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		text="$text; pin-sha256=\"$1\""
		shift
	done
	[ $# -gt 1 ] && text="$text; $2"
	printf '%s' "$text"
}

# note AT PIN-OF-CHAIN HOST ARGUMENT...; the answer in ./out
note()
{
	when=$1
	chain=$2
	shift 2
	expect_exit 0 pinstore note --json --at "@$when" --chain-pin "$chain" "$@"
}

# expect_note RESULT REASON
expect_note()
{
	expect_json out "(d['result'], d['reason']) == ('$1', '$2')"
}

# expect_check CODE AT PIN-OF-CHAIN HOST
expect_check()
{
	expect_exit "$1" pinstore check --json --at "@$2" --chain-pin "$3" -- "$4"
}

# keep and expect_kept: the store as list prints it
keep()
{
	must pinstore list --json --at "@$t" >kept.json
}

expect_kept()
{
	pinstore list --json --at "@$t" >now.json
	expect_same kept.json now.json
}

about "R-2.3.1-1 R-2.5-6: noted, unchanged but refreshed, updated whole"
note $t $a pin.test "$(pkp 3000 $a $b -- \
	'includeSubDomains; report-uri="https://r.example/x"')"
expect_json out "d == {'host': 'pin.test', 'kind': 'pkp', 'result': 'noted', 'reason': 'ok', 'rule': None, 'offset': None, 'expires_epoch': $((t + 3000))}"
expect_json out 'list(d) == ["host", "kind", "result", "reason", "rule", "offset", "expires_epoch"]'
expect_exit 0 pinstore show --json --at "@$t" pin.test
expect_json out "d['entries'] == [{'host': 'pin.test', 'layer': 'learned', 'store': 'own', 'source': 'header', 'mode': 'enforce', 'include_subdomains': True, 'pins': ['$a', '$b'], 'noted': '2001-09-09T01:46:40Z', 'noted_epoch': $t, 'updated': '2001-09-09T01:46:40Z', 'updated_epoch': $t, 'expires': '2001-09-09T02:36:40Z', 'expires_epoch': $((t + 3000)), 'max_age_sent': 3000, 'report_uri': 'https://r.example/x', 'note': None, 'expired': False}]"
expect_json out 'list(d["entries"][0]) == ["host", "layer", "store", "source", "mode", "include_subdomains", "pins", "noted", "noted_epoch", "updated", "updated_epoch", "expires", "expires_epoch", "max_age_sent", "report_uri", "note", "expired"]'
# R-2.3.1-2: the life counts from the last sighting; by hand without slack
note $((t + 1)) $a pin.test "$(pkp 3000 $a $b -- \
	'includeSubDomains; report-uri="https://r.example/x"')"
expect_json out "d['result'] in ('updated', 'unchanged') and d['expires_epoch'] == $((t + 3001))"
note $((t + 2)) $a pin.test "$(pkp 2000 $a $c)"
expect_note updated ok
expect_exit 0 pinstore show --json --at "@$t" pin.test
expect_json out "[(x['pins'], x['include_subdomains'], x['report_uri'], x['expires_epoch'], x['updated_epoch']) for x in d['entries']] == [(['$a', '$c'], False, None, $((t + 2002)), $((t + 2)))]"

about "R-2.3.3-1 T-093 D-13: live up to the very second"
expect_check 90 $((t + 2001)) $b pin.test
expect_check 90 $((t + 2002)) $b pin.test
expect_check 0 $((t + 2003)) $b pin.test
expect_json out '(d["verdict"], d["reason"], d["layers"]) == ("unpinned", "no-entry", [])'

about "R-4.1-1 R-4.5-1 R-2.3.3-8 T-074: the cap"
for age in 5183999 5184000 5184001 2147483647 2147483648 4294967296 \
	9223372036854775807 9223372036854775808 18446744073709551616 \
	"$(printf '9%.0s' $(seq 4000))"; do
	note $t $a cap.test "$(pkp $age $a $b)"
	expect_json out "d['expires_epoch'] == $t + min(int('$age'), 5184000)"
done

about "R-2.5-2: a chain that fails the check teaches nothing"
note $t $a known.test "$(pkp 3000 $a $b)"
keep
note $t $c known.test "$(pkp 3000 $c $b)"
expect_note ignored pin-mismatch
expect_kept
note $t $c known.test max-age=0
expect_note ignored pin-mismatch
expect_kept
expect_exit 0 pinstore note --json --at "@$t" --chain-none known.test max-age=0
expect_note ignored pin-mismatch
expect_kept

about "R-2.5-3 R-2.5-4 T-072: one pin in the chain and one that is not"
keep
note $t $a new.test "$(pkp 3000 $b $c)"
expect_note ignored no-match
note $t $a new.test "$(pkp 3000 $a)"
expect_note ignored no-backup
note $t $a new.test "$(pkp 3000 $a $a)"
expect_note ignored no-backup
expect_exit 0 pinstore note --json --at "@$t" --chain-pin $a --chain-pin $b \
	new.test "$(pkp 3000 $a $b)"
expect_note ignored no-backup
expect_exit 0 pinstore note --json --at "@$t" --chain-none new.test \
	"$(pkp 3000 $a $b)"
expect_note ignored no-match
expect_kept
expect_exit 0 pinstore note --json --at "@$t" --chain-pin $a --chain-pin $b \
	new.test "$(pkp 3000 $a $b $c)"
expect_note noted ok

about "R-2.3.1-3 R-2.3.1-4 D-07: max-age=0 removes, and never adds"
note $t $a new.test max-age=0
expect_json out 'd["result"] == "removed" and d["reason"] == "ok" and d["expires_epoch"] is None'
expect_exit 1 pinstore show new.test
keep
note $t $a new.test "$(pkp 0 $a $b)"
expect_json out 'd["result"] in ("ignored", "unchanged")'
expect_kept

about "R-2.1.1-5 R-2.1.1-6 D-03 T-071: no usable pin unpins the host that is known"
note $t $a drop.test "$(pkp 3000 $a $b)"
note $t $a drop.test 'max-age=3000; pin-sha512="x y z"'
expect_note removed no-pins
expect_err 'warning: drop.test is no longer pinned'
expect_exit 1 pinstore show drop.test
keep
note $t $a drop.test max-age=3000
expect_json out 'd["result"] in ("ignored", "unchanged")'
expect_kept

about "T-070: what is malformed changes nothing"
for age in abc '' -1 +1 1.5 1e3 0x10 '1 2' "'1'"; do
	note $t $a known.test "$(pkp "$age" $a $b)"
	expect_json out 'd["result"] == "ignored" and d["reason"] in ("malformed", "bad-max-age") and d["offset"] is not None'
	expect_json out '(d["rule"] is not None) == (d["reason"] == "malformed")'
	expect_kept
done

about "R-2.3.1-5 T-079: several fields, only the first counts"
note $t $a many.test bad=, "$(pkp 3000 $a $b)"
expect_json out 'd["result"] == "ignored" and d["rule"]'
expect_err 'only the first'
expect_exit 1 pinstore show many.test
note $t $a many.test "$(pkp 3000 $a $b)" max-age=0
expect_note noted ok
note $t $a many.test max-age=0 "$(pkp 3000 $a $b)"
expect_note removed ok
note $t $a many.test "$(pkp 3000 $a $b), $(pkp 3000 $a $b)"
expect_json out '(d["reason"], d["rule"]) == ("malformed", "SEP")'

about "the field on stdin, octet by octet"
pkp 3000 $a $b >field
expect_exit 0 sh -c "pinstore note --json --at @$t --chain-pin $a in.test <field"
expect_note noted ok
{ cat field; echo; } >field2
expect_exit 0 sh -c "pinstore note --json --at @$t --chain-pin $a in.test <field2"
expect_note ignored malformed

about "R-2.5-8 R-2.3.3-10 T-083: Report-Only is neither noted nor enforced"
keep
note $t $a ro.test --report-only "$(pkp 3000 $b $c -- \
	'report-uri="https://r.example/x"')"
expect_json out 'list(d) == ["host", "kind", "result", "reason", "rule", "offset", "expires_epoch", "report"]'
expect_json out '(d["kind"], d["result"], d["reason"]) == ("pkp-ro", "ignored", "report-only") and d["report"] in ("queued", "none")'
note $t $a known.test --report-only max-age=0
expect_note ignored report-only
expect_kept
note $t $a sep.test --report-only "$(pkp 3000 $a $b)"
expect_json out 'd["result"] == "ignored"'
expect_exit 1 pinstore show sep.test

about "R-2.3.3-4 T-039: addresses are never noted"
keep
for host in 127.0.0.1 127.1 0x7f.1 2130706433 0177.1 '[::1]' ::1 \
	'[::ffff:1.2.3.4]' 256.0.0.1 1.2.3.4.5 127.0.0.1. '１２７.0.0.1'; do
	note $t $a "$host" "$(pkp 3000 $a $b -- includeSubDomains)"
	expect_note ignored address
	expect_exit 0 pinstore check --json --chain-none "$host"
	expect_json out '(d["verdict"], d["reason"]) == ("unpinned", "address")'
	expect_exit 2 pinstore pin "$host" $a $b
	expect_exit 1 pinstore show "$host"
done
expect_kept

about "T-030 T-031 T-032 T-033 H-4 H-6: one entry for all spellings"
note $t $a PIN.Example. "$(pkp 3000 $a $b)"
expect_json out 'd["host"] == "pin.example"'
for host in pin.example PIN.EXAMPLE pin.example. 'ｐin.example' 'pin。example'; do
	expect_check 90 $t $c "$host"
	expect_json out 'd["host"] == "pin.example"'
done
note $t $a 'bücher.example' "$(pkp 3000 $a $b)"
for host in bücher.example BÜCHER.example xn--bcher-kva.example \
	XN--BCHER-KVA.example; do
	expect_check 90 $t $c "$host"
	expect_json out 'd["host"] == "xn--bcher-kva.example"'
done
# T-034: another letter, another host
note $t $a 'faß.test' "$(pkp 3000 $a $b)"
expect_check 90 $t $c xn--fa-hia.test
expect_check 0 $t $c fass.test

about "T-037 R-2.1.3-1 H-10: what includeSubDomains covers"
note $t $a cover.test "$(pkp 3000 $a $b -- includeSubDomains)"
for host in cover.test a.cover.test a.b.cover.test -x.cover.test \
	_tcp.cover.test xn--zz.cover.test; do
	expect_check 90 $t $c $host
done
for host in forcover.test notcover.test cover.test.evil.test xcover.test test t; do
	expect_check 0 $t $c $host
	expect_json out 'd["verdict"] == "unpinned"'
done
for host in .cover.test a..cover.test; do
	expect_exit 2 pinstore check --chain-none $host
done

about "R-2.6-10 D-06 T-091: the nearest entry that applies"
note $t $a up.test "$(pkp 3000 $a $b -- includeSubDomains)"
note $t $a mid.up.test "$(pkp 1000 $a $c)"
expect_check 0 $t $b low.mid.up.test
expect_json out '[(x["layer"], x["entry_host"]) for x in d["layers"]] == [("learned", "up.test")]'
expect_check 90 $t $c low.mid.up.test
expect_check 0 $t $c mid.up.test
expect_check 90 $t $b mid.up.test
# expired, the nearer one does not stand in the way
expect_check 0 $((t + 1001)) $b mid.up.test
expect_check 90 $((t + 1001)) $c mid.up.test
expect_check 0 $((t + 3001)) $c low.mid.up.test
expect_exit 0 pinstore explain --json --at "@$t" low.mid.up.test
expect_json out 'list(d) == ["host", "at_epoch", "steps", "applies", "bypass", "revoked_pins"]'
expect_json out "d['at_epoch'] == $t and d['applies'] == [{'layer': 'learned', 'store': 'own', 'entry_host': 'up.test'}]"
expect_json out 'all(list(x) == ["layer", "store", "name", "found", "expired", "include_subdomains", "applies", "reason"] for x in d["steps"])'
expect_json out '[(x["name"], x["found"], x["applies"], x["reason"]) for x in d["steps"] if x["layer"] == "learned"][:3] == [("low.mid.up.test", False, False, "no-entry"), ("mid.up.test", True, False, "no-include-subdomains"), ("up.test", True, True, "covers-subdomains")]'
expect_json out '[x["name"] for x in d["steps"] if x["layer"] == "configured"][:4] == ["low.mid.up.test", "mid.up.test", "up.test", "test"]'
expect_exit 0 pinstore explain --json --at "@$((t + 1001))" mid.up.test
expect_json out '[(x["name"], x["expired"], x["reason"]) for x in d["steps"] if x["layer"] == "learned"][:2] == [("mid.up.test", True, "expired"), ("up.test", False, "covers-subdomains")]'

about "R-2.3.3-9 T-090 D-29: a child never changes its parent"
keep
for value in "$(pkp 10 $a $b)" max-age=0 max-age=10 'max-age=10; pin-sha1="x"' \
	bad=,; do
	note $t $a x.up.test "$value"
	note $t $a x.up.test max-age=0
	expect_kept
done
note $t $c x.up.test "$(pkp 3000 $c $b)"
expect_note ignored pin-mismatch
expect_kept

about "R-4.2-1: a child that has been seen before its parent, and after it"
note $t $b kid.first.test "$(pkp 3000 $b $c)"
note $t $a first.test "$(pkp 3000 $a $b -- includeSubDomains)"
expect_check 0 $t $b kid.first.test
expect_check 90 $t $a kid.first.test
note $t $a later.test "$(pkp 3000 $a $c -- includeSubDomains)"
expect_check 90 $t $b kid.later.test
note $t $b kid.later.test "$(pkp 3000 $b $c)"
expect_note ignored pin-mismatch
expect_check 90 $t $b kid.later.test

about "R-2.7-3 D-15: the static layer and the learned one both judge"
note $t $b two.test "$(pkp 3000 $b $c)"
expect_exit 0 pinstore pin two.test $a $b
expect_check 90 $t $a two.test
expect_check 90 $t $c two.test
expect_json out "d['usable_backups'] == ['$b']"
expect_check 0 $t $b two.test
expect_json out "[(x['layer'], x['source'], x['entry_host'], x['matched_pin']) for x in d['layers']] == [('configured', 'static', 'two.test', '$b'), ('learned', 'header', 'two.test', '$b')]"
# the learned one has expired
expect_check 0 $((t + 3001)) $a two.test
expect_check 90 $((t + 3001)) $c two.test
expect_json out 'd["safe_from_epoch"] is None'
# nothing learned touches the static one
note $t $b two.test max-age=0
expect_note removed ok
expect_check 90 $t $c two.test
note $t $b two.test 'max-age=9; pin-sha1="x"'
expect_check 90 $t $c two.test
note $t $c two.test max-age=0
expect_note ignored pin-mismatch

about "check: JSON and what it advises"
note $t $a adv.test "$(pkp 3000 $a $b -- includeSubDomains)"
expect_check 0 $t $a adv.test
expect_json out 'list(d) == ["host", "verdict", "reason", "violation", "layers", "at_epoch", "chain_pins", "safe_from_epoch", "usable_backups"]'
expect_json out "d == {'host': 'adv.test', 'verdict': 'matched', 'reason': 'pin-in-chain', 'violation': False, 'layers': [{'layer': 'learned', 'store': 'own', 'entry_host': 'adv.test', 'source': 'header', 'mode': 'enforce', 'matched_pin': '$a', 'expires_epoch': $((t + 3000))}], 'at_epoch': $t, 'chain_pins': ['$a'], 'safe_from_epoch': None, 'usable_backups': []}"
expect_check 90 $t $c adv.test
expect_json out "(d['verdict'], d['reason'], d['safe_from_epoch'], d['usable_backups']) == ('reject', 'no-pin-in-chain', $((t + 3001)), ['$a', '$b'])"
expect_json err 'd["error"]["exit"] == 90'
expect_exit 90 pinstore check --json --at "@$t" --chain-none adv.test
expect_json out '(d["verdict"], d["reason"], d["chain_pins"]) == ("reject", "no-chain", [])'
expect_exit 0 pinstore check --json --at "@$t" --chain-none nobody.test
expect_json out '(d["verdict"], d["reason"]) == ("unpinned", "no-entry")'
expect_exit 90 pinstore check --at "@$t" --chain-pin $c adv.test
expect_out '^adv.test: reject, no-pin-in-chain'
expect_out "expected  sha256//$a"
expect_out '2001-09-09T02:36:41Z'
# behind a child's pins its parent's stand
note $t $a kid.adv.test "$(pkp 100 $a $b)"
expect_check 90 $t $c kid.adv.test
expect_json out "d['safe_from_epoch'] == $((t + 3001))"

about "check: several hosts, the worst code, one object a line"
expect_exit 90 pinstore check --json --at "@$t" --chain-pin $c nobody.test \
	adv.test 127.0.0.1
expect_json out '[x["host"] for x in lines] == ["nobody.test", "adv.test", "127.0.0.1"]'
expect_exit 2 pinstore check --json --at "@$t" --chain-pin $c adv.test a..b
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"

about "T-036: includeSubDomains on a public suffix is left out, and said"
for host in github.io GitHub.IO.; do
	note $t $a "$host" "$(pkp 3000 $a $b -- includeSubDomains)"
	expect_err 'public suffix'
	expect_check 0 $t $c victim.github.io
	expect_check 90 $t $c github.io
done

about "T-095 D-27: clocks"
note 4000000000 $a clock.test "$(pkp 3000 $a $b)"
expect_check 90 $t $c clock.test
note $t $a clock.test "$(pkp 3000 $a $b)"
expect_json out "d['expires_epoch'] == $((t + 3000))"
expect_err 'noted in the future'
note $((t - 30)) $a clock.test "$(pkp 3000 $a $c)"
expect_note ignored older
expect_check 0 0 $a clock.test
expect_check 90 0 $c clock.test
