#!/bin/sh
# test_pinstore_ends.sh - each verb of pinstore without a store, with a name that
# is none, with what it refuses; and the other side of what is seldom false.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE
t=1700000000

about "each verb: no store can be there, and that is told as such"
echo file >no-folder
while read -r words; do
	eval "set -- $words"
	verb=$1
	shift
	expect_exit 3 pinstore --store no-folder/below "$verb" "$@"
	expect_err 'no-folder/below'
done <<ROWS
bypass a.test --for 1h --reason x
bypass a.test --end
check --chain-pin $a a.test
clear --yes a.test
clear --yes --all
clear --dry-run --all
config
config max-age-cap
config max-age-cap 60d
config max-age-cap --unset
config anchors $a
expire
explain a.test
list
log
mode a.test report
note --chain-pin $a a.test max-age=1
pin a.test $a $b
revoke --yes $a
revoke --list
show a.test
unrevoke $a
ROWS

about "each verb: a name that is none, an address where none will do"
while read -r words; do
	eval "set -- $words"
	expect_exit 2 pinstore "$@"
done <<ROWS
bypass 'a b' --for 1h --reason x
bypass 192.0.2.1 --for 1h --reason x
check --chain-pin $a 'a b'
check --chain-pin $a a.test 'a b'
clear --yes 'a b'
clear --yes a.test 'a b'
explain 'a b'
mode 'a b' report
mode 192.0.2.1 report
mode a.test neither
note --chain-pin $a 'a b' max-age=1
pin 'a b' $a $b
show a.test 'a b'
revoke --yes nonsense
revoke --yes --note '$(printf %300s)' $a
unrevoke nonsense
bypass a.test --for 1h
bypass a.test --for 1h --reason ''
bypass a.test --for 1h --reason '$(printf '\377')'
bypass a.test --for 1h --reason '$(printf %300s)'
bypass a.test --for 8d --reason x
bypass a.test --end --reason x
config refresh-slack 1.%
config refresh-slack 1.234%
config refresh-slack 1.2
config refresh-slack 101%
config suffix-rule yes
config max-age-cap soon
config anchor
config zzzzzzzzzz
config anchors nonsense
config max-age-cap 1d 2d
config --unset
ROWS
expect_exit 2 pinstore --json config zzzzzzzzzz
expect_json err 'd["error"]["exit"] == 2'
expect_exit 2 pinstore config --unset max-age-cap 1d
expect_exit 1 pinstore lint -- --json
expect_exit 2 sh -c 'pinstore log <&-; pinstore note --chain-pin '$a' a.test <&-'

about "settings: each form, written and read"
while read -r key value text; do
	must pinstore config $key $value
	expect_exit 0 pinstore config $key
	expect_out "^$text\$"
done <<'ROWS'
suffix-rule on on
suffix-rule off off
max-age-cap 36h 36h
max-age-cap 90s 90s
max-age-cap 2d 2d
max-age-cap none none
refresh-slack 2.5% 2\.50%
refresh-slack 0.25% 0\.25%
quota-domain 7 7
ROWS
must pinstore config refresh-slack --unset
mkdir -p folder/below
must cp "$top_srcdir/tests/support/lib.sh" folder/.hidden
ln -s /nonexistent folder/dangling
make_pki
must cp "$pki/good.pem" folder/one.pem
must pinstore config anchors folder
expect_exit 0 pinstore config anchors
expect_out '^sha256//'
expect_exit 0 pinstore config
expect_out 'anchors .*1 key '
must pinstore config anchors - <"$pki/good.pem"
expect_exit 0 pinstore config --json anchors
expect_json out 'len(d["value"]) == 1'
must pinstore config anchors "$pki/good.pem" $a
expect_exit 0 pinstore config
expect_out 'anchors .*2 keys '
must pinstore config anchors --unset
cp "$top_srcdir/quickstart" folder/two.pem
expect_exit 2 pinstore config anchors folder
expect_exit 0 sh -c "pinstore pin dash.test - $b <'$pki/good.pem'"

about "bypass: in JSON, of subdomains, over, and none"
for host in up.test www.up.test xup.test other.test b.a www.zz.test; do
	must pinstore pin $host $a $b >/dev/null
done
expect_exit 0 pinstore bypass --json --for 1h --reason x --subdomains up.test
expect_json out 'd["bypass"]["subdomains"] is True'
expect_exit 0 pinstore bypass --json --for 1h --reason y other.test
expect_json out 'd["bypass"]["subdomains"] is False'
expect_exit 0 pinstore list --json
expect_json out 'sorted(x["host"] for x in d if x["bypassed"]) == ["other.test", "up.test", "www.up.test"]'
expect_exit 0 pinstore list
expect_out 'bypass of up.test ..subdomains. until'
expect_out 'bypass of other.test until'
for at in @1 2100-01-01; do
	expect_exit 0 pinstore list --at $at
	! grep -q 'bypass of' out && ok "none at $at" || fail "one at $at"
done
expect_exit 0 pinstore explain --json www.up.test
expect_exit 0 pinstore bypass --end up.test
expect_exit 1 pinstore bypass --end up.test
expect_exit 1 pinstore --json bypass --end up.test
expect_json out 'd["bypass"] is None'

about "check: an issuer's key is pinned, two refuse, one of three is revoked"
must pinstore pin issuer.test $b $c >/dev/null
expect_exit 0 pinstore check --chain-pin $a --chain-pin $b issuer.test
must pinstore pin twice.test $b --no-backup --expires 2040-01-01 >/dev/null
must pinstore note --at "@$t" --chain-pin $b twice.test \
	"max-age=9000; pin-sha256=\"$b\"; pin-sha256=\"$c\"" >/dev/null
expect_exit 90 pinstore check --at "@$((t + 1))" --chain-pin $a twice.test
expect_out 'from 2040-01-01'
expect_exit 90 pinstore check --at "@$((t + 1))" --chain-pin $a \
	--chain-pin $c --json twice.test
expect_json out 'd["usable_backups"] == [] or len(d["usable_backups"]) == 1'
must pinstore revoke --yes $c >/dev/null
expect_exit 121 pinstore check --chain-pin $a --chain-pin $c --chain-pin $b \
	issuer.test
expect_out '  revoked$'
[ "$(grep -c '  revoked$' out)" -eq 1 ] && ok "one" || fail "not one"
must pinstore unrevoke $c >/dev/null

d=BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=
must pinstore pin thrice.test $b --no-backup >/dev/null
must pinstore note --at "@$t" --chain-pin $c thrice.test \
	"max-age=9000; pin-sha256=\"$c\"; pin-sha256=\"$d\"" >/dev/null
expect_exit 90 pinstore check --json --at "@$((t + 1))" --chain-pin $a \
	--chain-pin $c thrice.test
expect_json out 'len(d["usable_backups"]) == 1'

about "clear: what ends alike is not below; --since with --dry-run"
expect_exit 0 pinstore clear --dry-run --subdomains up.test
expect_out '^would remove 2 entries'
expect_exit 0 pinstore clear --dry-run --source all --since 2099-01-01
expect_out '^would remove 0 entries'
expect_exit 0 pinstore clear --dry-run --source all --since 2001-01-01
expect_out '^would remove [1-9]'

about "explain and show: an address; note: what breaks in it, and what not"
for json in --json ''; do
	expect_exit 1 pinstore $json show 192.0.2.1
	pinstore $json explain 192.0.2.1 >out 2>err
done
expect_out 'never pinned'
expect_exit 1 pinstore mode none.test report
expect_err 'none.test has no static entry'
# Root's own is the machine's, and none of a test's business.
[ "$(id -u)" -eq 0 ] || {
	expect_exit 0 env -u PINSTORE pinstore pin home.test $a $b
	expect_exit 0 env -u PINSTORE pinstore show home.test
}
expect_exit 0 pinstore note --chain-pin $a n.test 'max-age=1; ='
expect_out 'malformed [(]'
expect_exit 0 pinstore note --chain-pin $a n.test 'max-age=1'
expect_exit 0 pinstore mode up.test report
expect_exit 0 pinstore --json mode up.test report
expect_exit 1 pinstore --json mode none.test report

P="max-age=1; pin-sha256=\"$a\"; pin-sha256=\"$b\"; includeSubDomains"
for host in 192.0.2.1 co.uk a.test; do
	expect_exit 0 pinstore lint --host $host "$P"
	case $host in
	co.uk) expect_out 'public suffix' ;;
	*) expect_no_out 'public suffix' ;;
	esac
done

about "help and the rest as it was typed"
expect_exit 2 pinstore --json nonsense -- --json
expect_exit 2 pinstore nonsense -- --json
