#!/bin/sh
# test_pinstore_corners.sh - what is seldom asked of pinstore: each key to sort
# by, reports beside rules, both sections at once, PEM that lies.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
c=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=
PINSTORE=$store
export PINSTORE
t=1700000000

# note HOST AT MAX_AGE
note()
{
	must pinstore note --at "@$2" --chain-pin $a "$1" \
		"max-age=$3; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
}

about "list: each key to sort by"
note old.test $t 9000
note new.test $((t + 10)) 1000
note mid.test $((t + 5)) 5000
note old.test $((t + 20)) 9000
must pinstore pin fixed.test $a $b --mode report --expires 2040-01-01 >/dev/null
while read -r key hosts; do
	expect_exit 0 pinstore list --json --at "@$((t + 30))" --sort $key
	expect_json out "' '.join(x['host'] for x in d) == '$hosts'"
done <<'ROWS'
host fixed.test mid.test new.test old.test
expires new.test mid.test old.test fixed.test
noted mid.test new.test old.test fixed.test
ROWS
for key in updated source mode; do
	expect_exit 0 pinstore list --json --at "@$((t + 30))" --sort $key
	expect_json out "sorted(x['host'] for x in d) == ['fixed.test', 'mid.test', 'new.test', 'old.test']"
done
expect_json out '[x["mode"] for x in d] == ["enforce"] * 3 + ["report"]'
expect_exit 2 pinstore list --sort size

about "check: both sections, a report, a refusal in JSON, and its end"
must pinstore pin old.test $c $b >/dev/null
expect_exit 90 pinstore check --at "@$((t + 30))" --chain-pin $a old.test
expect_out 'in the chain'
expect_out 'never by itself'
expect_exit 90 pinstore check --json --at "@$((t + 30))" --chain-pin $a \
	new.test old.test
expect_json err 'd["error"]["status"] == "mismatch"'
expect_exit 90 pinstore check --at "@$((t + 30))" --chain-pin $c new.test
expect_out 'would pass now'
expect_out 'on this chain passes'
expect_exit 90 pinstore check --at "@$((t + 30))" --chain-none new.test
expect_out 'no validated path'
expect_exit 90 pinstore check --json --at "@$((t + 30))" --chain-pin $c \
	new.test mid.test
for chain in $a $c; do
	expect_exit 0 pinstore check --json --at "@$((t + 30))" \
		--chain-pin $chain fixed.test
	expect_json out 'd["layers"][0]["mode"] == "report"'
done
expect_exit 2 pinstore check --chain-pin $a old.test 'a b'
expect_exit 2 pinstore check --chain-pin $a --chain-none old.test
expect_exit 2 pinstore note old.test max-age=0
many=
while [ ${#many} -lt 70000 ]; do
	many="$many --chain-pin $a"
done
expect_exit 2 pinstore check $many old.test

about "hash: PEM that lies"
make_pki
while IFS='|' read -r words pem; do
	printf '%b' "$pem" >lie
	expect_exit 2 pinstore hash lie
	expect_err "$words"
done <<'ROWS'
no end|-----BEGIN CERTIFICATE
no end|-----BEGIN CERTIFICATE-----
no end|-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE
too long|-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-----\nAAAA\n-----END X-----\n
neither|-----BEGIN CERTIFICATES-----\nAAAA\n-----END CERTIFICATES-----\n
base64|-----BEGIN PKCS7-----\n!!\n-----END PKCS7-----\n
base64|-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n
no certificate|-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n
no certificate request|-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n
no public key|-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n
cannot be read|-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n
is encrypted|-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n
there is no|-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n
no end|0-----BEGIN PUBLIC KEY-----
in DER|0123
there is no|0
there is no|
ROWS
expect_exit 2 pinstore hash "$pki/good.pem" /nonexistent
cat "$pki/good.pem" "$pki/good.pem" >twice
expect_exit 0 pinstore pin --no-backup twice.test twice
expect_exit 2 pinstore pin many.test $(for i in 0 1 2 3 4 5 6 7 8 9; do
	for j in A B C D; do
		echo "sha256//$j${i}ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
	done
done)
expect_exit 2 pinstore pin past.test $a $b --expires 2001-01-01
expect_exit 2 pinstore pin when.test $a $b --expires soon
expect_exit 2 pinstore pin 192.0.2.1 $a $b
expect_exit 2 pinstore pin 'a b' $a $b
expect_exit 2 pinstore show 'a b'
expect_exit 2 pinstore explain 'a b'

about "lint and note: what is capped, reported, and where it breaks"
P="pin-sha256=\"$a\"; pin-sha256=\"$b\""
expect_exit 0 pinstore lint "max-age=99999999999; $P; report-uri=\"https://r.test/\""
expect_out 'capped'
expect_out 'https://r.test/'
expect_exit 1 pinstore lint "max-age=1; $P; max-age=2"
expect_exit 2 pinstore lint --chain-pin nonsense "max-age=1; $P"
expect_exit 2 pinstore lint --host 'a b' "max-age=1; $P"
expect_exit 0 pinstore note --chain-pin $a bad.test "max-age=1; $P; max-age=2"
expect_out 'at offset'
expect_exit 0 pinstore note --chain-pin $a bad.test "$P"
expect_exit 2 pinstore note --chain-pin $a 'a b' "$P"
head -c 1100000 /dev/zero >big
expect_exit 2 sh -c "pinstore note --chain-pin $a bad.test <big"
expect_exit 2 sh -c "pinstore lint <big"
expect_exit 1 pinstore clear --dry-run a.old.test old.test new.test
expect_out '^would remove 3 entries'
expect_exit 0 pinstore clear --yes --subdomains --source all test
expect_exit 0 pinstore list --json
expect_json out 'd == []'

about "completion: words that lead nowhere offer nothing"
must pinstore pin a.test $a $b >/dev/null
while read -r words; do
	expect_exit 0 pinstore __complete $words
	[ ! -s out ] && ok "nothing for: $words" || fail "$words: $(cat out)"
done <<'ROWS'

show --no-such=a
show --json=a
mode a.test x
report drop 1 x
report show 1 x
--store=nowhere show a
import --format=zzz
ROWS
expect_exit 0 pinstore __complete -q --store="$store" clear b.test a
expect_out '^a.test$'

about "probe: addresses, with brackets and without; ports"
for host in '[::1]:1' 127.0.0.1:1; do
	expect_exit 4 pinstore probe "$host"
	expect_err 'no connection to port 1'
done
for host in '[::1' '[::1]x' '[::1]:0' '[::1]:70000' a:b:c; do
	expect_exit 2 pinstore probe "$host"
done

about "a file where a store belongs"
echo x >letter
printf 'a.test sha256//%s\n' $a >hand
for verb in 'import hand' 'list' 'check a.test' 'doctor' 'stats' 'config'; do
	expect_exit 3 pinstore --store letter $verb
done
[ "$(cat letter)" = x ] && ok "it is left alone" || fail "it is changed"
for verb in 'import hand' 'list' 'doctor' 'fsck' 'restore nowhere'; do
	expect_exit 2 pinstore --store '' $verb
	expect_err 'the path of the store is empty'
done

about "a store with one host of each kind of thing"
rm -rf "$store"
printf 'tofu.test tofu sha256//%s noted=@%d\n' $c $t >tofu
must pinstore import tofu >/dev/null
expect_exit 0 pinstore stats
expect_out '^  tofu +1 enforced, 0 watched$'
expect_exit 0 pinstore doctor
expect_out '^nothing found$'
must pinstore backup one >/dev/null
expect_exit 0 pinstore restore one --yes --quiet
expect_out '^restored 1 host from one$'
expect_exit 0 pinstore backup --publish published --json
expect_json out 'd["published"] is True and d["hosts"] == 0'
printf 'a.test sha256//%s\na.test sha256//%s\n' $a $b >two
expect_exit 1 pinstore import --json two
expect_json out "[(s['line'], s['reason'], s['other_line']) for s in d['skipped']] == [(1, 'double', 2), (2, 'double', 1)]"
must pinstore revoke $c --yes >/dev/null
expect_exit 0 pinstore revoke --list
expect_out ' -$'
expect_exit 1 pinstore doctor
expect_out 'tofu.test'
must pinstore config learn-subdomains off >/dev/null
printf 'sub.test header subdomains sha256//%s sha256//%s noted=@%d expires=2100-01-01\n' \
	$a $b $t >hand
expect_exit 0 pinstore import hand
expect_exit 0 pinstore list --json sub.test
expect_json out 'not d[0]["include_subdomains"]'

about "check: two hosts of which nothing can be judged"
for form in '' --json; do
	expect_exit 4 pinstore check $form --chain "$pki/good.chain" \
		--cacert "$pki/trust.pem" one.test two.test
	expect_err 'one.test'
done

about "a damaged store that was published is told, and not repaired"
rm -rf "$store"
must pinstore pin a.test $a $b >/dev/null
must pinstore backup --publish public >/dev/null
must cp -r public heads
pages=$(($(stat -c %s public/data.mdb) / 4096))
dd if=/dev/zero of=public/data.mdb bs=4096 seek=2 count=$((pages - 2)) \
	conv=notrunc 2>/dev/null
dd if=/dev/zero of=heads/data.mdb bs=4096 count=2 conv=notrunc 2>/dev/null
expect_exit 3 pinstore fsck --store public
expect_out 'a database is missing'
must cp public/data.mdb before
expect_exit 3 pinstore fsck --repair --store public
expect_err 'it was published, and is not repaired: publish it anew'
expect_same public/data.mdb before
expect_exit 3 pinstore fsck --store heads
expect_err 'restore a backup'
