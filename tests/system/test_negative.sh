#!/bin/sh
# test_negative.sh - no option parses and does nothing (T-013, A-46): each one
# that --help names has a case in negative.table.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v openssl >/dev/null
make_pki

mkdir -p files/sub files/trusted files/strange
chmod 755 files/strange
echo "no store" >files/strange/data.mdb
chmod 600 files/strange/data.mdb
cp "$pki/rootA.pem" files/trusted/
# Of one a bypass is lost, of the other an entry.
for damaged in spoiled gapped; do
	p=sha256//BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
	must pinstore pin a.test $p --no-backup --note 'kept on' \
		--store files/$damaged >/dev/null
	must pinstore bypass a.test --for 1h --reason 'for now' \
		--store files/$damaged >/dev/null
done
must sed -i 's/for now/fro now/' files/spoiled/data.mdb
must sed -i 's/kept on/kept no/' files/gapped/data.mdb
cp "$pki/backup.key" files/other.key
(
	cd files || exit 1
	printf 'machine pin.test login us password net\n' >.netrc
	printf 'x\r\ny&' >data
	printf 'user-agent = me\n' >conf
	printf 'pin.test "20990101 00:00:00"\n' >hsts
	printf 'abc' >part
)
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-days 9 -subj /CN=the-client -keyout files/me.key -out files/me.pem 2>/dev/null

must openssl pkey -in files/me.key -aes256 -passout 'pass:user-agent = me' \
	-out files/locked.key
must openssl req -new -key files/me.key -subj /CN=me.test -out files/me.csr

pin_a=sha256//BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
printf 'new.test %s subdomains\n' $pin_a >files/entries.txt
printf 's.test sha256//AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n' \
	>files/loose.txt
printf 'new.test %s\nnothing\n' $pin_a >files/half.txt
printf 'Key\n%s\n' "$pin_a" >files/other.pins
printf '{ "pinsets": [{ "name": "one", "static_spki_hashes": ["Key"] }],
"entries": [{ "name": "new.test", "pins": "one" }] }\n' >files/state.json

answer()
{
	printf '%s' "HTTP/1.1 $1\\r\\nContent-Length: $2\\r\\n$3\\r\\n${4-}"
}
start_tlsserv u --chain multi -r "$(answer '200 OK' 6 \
	'Content-Disposition: attachment; filename="named.txt"\r\nSet-Cookie: a=1\r\nLast-Modified: Mon, 01 Jan 2001 00:00:00 GMT\r\n' \
	abcdef)"
start_tlsserv e --chain multi -r "$(answer '404 No' 2 '' no)"
start_tlsserv r --chain multi -r "$(answer '302 Go' 4 \
	"Location: https://pin.test:$u_port/\\r\\n" body)"
start_tlsserv q --chain multi -r "$(answer '206 Part' 3 \
	'Content-Range: bytes 3-5/6\r\n' def)"
start_tlsserv s --chain multi --delay 1
start_tlsserv b --chain multi -r "$(answer '503 No' 4 '' lost)"
start_tlsserv l --chain multi -r "$(answer '200 OK' 0 \
	"Public-Key-Pins: $(header 1000 multi backup | sed 's/max-age=/max-age = /')\\r\\n")"
start_tlsserv k --chain multi --tls 1.2 --client-ca files/me.pem
start_tlsserv old --chain multi --tls 1.2
"$python" -c 'import gzip, sys
sys.stdout.buffer.write(gzip.compress(b"packed", mtime=0))' >packed
(printf 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n' \
	"$(wc -c <packed)"; cat packed) >packed.answer
start_tlsserv z --chain multi -f packed.answer
head -c 6000000 /dev/zero >bulk
(printf 'HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\n'; cat bulk) >bulk.answer
start_tlsserv big --chain multi -f bulk.answer
start_nginx n --http2 --site pin.test --chain multi
start_proxy px --map "pin.test:$u_port=$u_port"
cat >mute.py <<'END'
import sys, time
import serving
serving.die_with_parent()
sock = serving.listen()
serving.tell_port(sys.argv[2], sock)
time.sleep(600)
END
start mute env PYTHONPATH="$servers" "$python" mute.py

common="--cacert $pki/trust.pem"
for port in $u_port $e_port $r_port $q_port $s_port $b_port $l_port $k_port \
	$old_port $z_port $big_port $n_port $mute_port; do
	common="$common --resolve=pin.test:$port:127.0.0.1"
done
common="$common --resolve=wrong.test:$u_port:127.0.0.1"
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
logs=
for id in u e r q s b l k z old; do
	logs="$logs $T/$id/log"
done

# negative TABLE
negative()
{
	timeout -k 5 900 "$python" -u \
		"$top_srcdir/tests/support/negative.py" "$1" \
		U="https://pin.test:$u_port/" E="https://pin.test:$e_port/" \
		R="https://pin.test:$r_port/" Q="https://pin.test:$q_port/" \
		S="https://pin.test:$s_port/" BUSY="https://pin.test:$b_port/" \
		L="https://pin.test:$l_port/" K="https://pin.test:$k_port/" \
		Z="https://pin.test:$z_port/" N="https://pin.test:$n_port/" \
		T12="https://pin.test:$old_port/" BIG="https://pin.test:$big_port/" \
		MUTE="https://pin.test:$mute_port/" X="https://wrong.test:$u_port/" \
		HTTPU="http://pin.test:$n_port/" PX="http://127.0.0.1:$px_port" \
		LIVE="--connect-to=pin.test:443:127.0.0.1:$u_port" \
		LONG="$(head -c 300 /dev/zero | tr '\0' x)" \
		PORT="$u_port" CHAIN="$pki/multi.chain" TRUST="$pki/trust.pem" TRUSTB="$pki/trustB.pem" \
		PIN="$(pin multi)" OTHERPIN="$(pin backup)" \
		A=$a B=$b C=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM= \
		T=@1700050000 EARLY=@1700000000 LATE=@1900000000 \
		LOOSE="max-age = 1000; includeSubDomains; pin-sha256=\"$a\"; pin-sha256=\"$b\"" \
		COMMON="$common" LOGS="$logs"
}

about "T-013 each option, and its absence"
table=$top_srcdir/tests/system/negative.table
if negative "$table" >out 2>&1; then
	ok "every option acts"
else
	fail "an option does not act, or has no case"
	cat out
fi
tail -n 1 out

about "T-013 a row that does nothing, and an option without a row, are seen"
printf '%s\n' 'pinfetch --silent' '+ 0 {U} --no-learn' '- 0 {U}' \
	'pinfetch --no-option' '+ 2 --no-option' '- 0 {U}' >other.table
rm -rf filled run
expect_exit 1 negative other.table
expect_out '^FAIL: pinfetch --silent makes no difference$'
expect_out '^FAIL: pinfetch --no-learn has no negative case$'
expect_out '^FAIL: pinstore pin --note has no negative case$'
expect_out '^FAIL: pinfetch --no-option has a row and is in no --help$'
