#!/bin/sh
# test_recipes_reports.sh - attacks on reports and by reports, T-130 to T-135, and
# the whole way of one: from a connection that was refused to a collector.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
must command -v jq >/dev/null
must command -v certtool >/dev/null

make_pki sink:intA:sink.test idna:intA:xn--bcher-kva.test
PINSTORE=$store
export PINSTORE
start_collector s --chain sink
start_tlsserv bad --chain mitm
sink=$(at sink.test "$s_port")

# learn HOST LEAF URI: pins of that leaf and of backup, failures go to URI
learn()
{
	must pinstore note --chain-pin "$(pin "$2")" "$1" "$(header 99999 "$2" \
		backup -- "includeSubDomains; report-uri=\"$3\"")" >/dev/null
}

# impostor ARGUMENT...: a fetch of pin.test that its pins refuse
impostor()
{
	fetch -s -S $(at pin.test "$bad_port") "$@" "https://pin.test:$bad_port/x"
}

send()
{
	timeout -k 5 60 pinstore report send --cacert "$pki/trust.pem" "$@"
}

expect_waiting()
{
	[ "$(pinstore report list --json | grep -c .)" -eq "$1" ] &&
		ok "$1 waiting" ||
		fail "not $1 waiting: $(pinstore report list)"
}

about "R-2.1.4-1 R-2.1.4-2 refused, and reported: one POST, nothing to the impostor"
learn pin.test good "https://sink.test:$s_port/report"
before=$(date +%s)
expect_exit 90 impostor
expect_requests s 0
expect_exit 1 grep -q connection s/log
expect_waiting 1
expect_exit 0 send $sink
after=$(date +%s)
expect_requests s 1
expect_requests bad 0
expect_waiting 0

about "R-3-3 to R-3-14: two strict readers, and certtool for what is PEM"
expect_exit 0 "$python" "$top_srcdir/tests/support/reportcheck.py" s/1.body pem
expect_exit 0 jq -e . s/1.body
cp s/1.body body.json
expect_json body.json "(d['hostname'], d['noted-hostname'], d['port'], d['include-subdomains']) == ('pin.test', 'pin.test', $bad_port, True)"
expect_json body.json "d['known-pins'] == sorted('pin-sha256=\"%s\"' % p for p in ('$(fingerprint good)', '$(fingerprint backup)'))"
expect_json body.json "__import__('datetime').datetime.fromisoformat(d['date-time'].replace('Z', '+00:00')).timestamp() in range($before, $after + 1)"
expect_json body.json "d['effective-expiration-date'] > d['date-time']"
expect_exit 0 pinstore show --json pin.test
expect_json out "d['entries'][0]['expires'] == json.load(open('body.json'))['effective-expiration-date']"
# found KIND N: the pin of that certificate, by another program than ours
found()
{
	certtool --certificate-info --infile "pem.$1.$2.pem" 2>/dev/null |
		sed -n 's/.*pin-sha256:\(.*=\).*/\1/p' | head -n 1
}
for row in 'served 0 mitm' 'served 1 intB' 'validated 0 mitm' \
	'validated 1 intB' 'validated 2 rootB'; do
	set -- $row
	[ "$(found "$1" "$2")" = "$(fingerprint "$3")" ] && ok "$row" ||
		fail "$row: $(found "$1" "$2")"
done
expect_exit 1 test -e pem.served.2.pem -o -e pem.validated.3.pem
grep -q '\\"' s/1.body && ok "quotes are escaped" || fail "no escaped quotes"
expect_exit 1 grep -q "'" s/1.body

about "R-3-9 below an entry: the host that was asked for, and the entry's name"
expect_exit 90 fetch -s -S $(at x.pin.test "$bad_port") "https://x.pin.test:$bad_port/"
expect_exit 0 pinstore report show --json
expect_json out '(d["body"]["hostname"], d["body"]["noted-hostname"]) == ("x.pin.test", "pin.test")'
must pinstore report drop --all >/dev/null

about "--report: off queues none, queue sends none, now sends at once"
expect_exit 90 impostor --report=off
expect_waiting 0
expect_exit 90 impostor --report=queue
expect_waiting 1
must pinstore report drop --all >/dev/null
sent=$(requests s)
expect_exit 90 impostor $sink --report=now -v
expect_err "^\\* report about pin\\.test to https://sink\\.test:$s_port/report: delivered\$"
expect_requests s $((sent + 1))
expect_waiting 0
must pinstore config report off
must pinstore report drop --all >/dev/null
expect_exit 90 impostor $sink --report=now
expect_requests s $((sent + 1))
must pinstore config --unset report

about "D-31 through a proxy, whose address is not the host's"
must pinstore report drop --all >/dev/null
start_proxy px --map "pin.test:$bad_port=$bad_port"
sent=$(requests s)
expect_exit 90 fetch -s -S -x "http://127.0.0.1:$px_port" "https://pin.test:$bad_port/x"
expect_waiting 1
expect_exit 4 send $sink
expect_err 'report-failed:private-address'
must pinstore report drop --all >/dev/null
expect_exit 90 env HTTPS_PROXY="http://127.0.0.1:$px_port" pinfetch --store "$store" \
	--cacert "$pki/trust.pem" -s -S "https://pin.test:$bad_port/x"
expect_exit 0 pinstore report list --json
expect_json out 'len(lines) == 1 and d["private"] is False'
must pinstore report drop --all >/dev/null
expect_exit 90 env HTTPS_PROXY="http://127.0.0.1:$px_port" pinfetch --store "$store" \
	--cacert "$pki/trust.pem" -s -S --noproxy '*' $(at pin.test "$bad_port") \
	"https://pin.test:$bad_port/x"
expect_exit 0 send $sink
expect_requests s $((sent + 1))

about "T-133 R-3-17 nothing of the fetch goes along but the way it takes"
must pinstore report drop --all >/dev/null
printf 'machine sink.test login me password net\n' >.netrc
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
	-subj /CN=me -keyout me.key -out me.pem 2>/dev/null
expect_exit 90 impostor $sink --report=now -u me:word -n -b a=b -e https://x.test/ \
	-A me -H 'X-Secret: 1' -H 'Authorization: Bearer 1' -E me.pem --key me.key \
	-d data --compressed -r 0-9
expect_requests s $((sent + 2))
tr -d '\r' <s/$((sent + 2)).head | cut -d : -f 1 >names
printf '%s\n' 'POST /report HTTP/1.1' Host User-Agent Content-Type \
	Content-Length '' >names.wanted
expect_same names names.wanted
expect_exit 0 grep -q '^User-Agent: pinstore/' s/$((sent + 2)).head
sent=$((sent + 1))
rm .netrc

about "R-2.1.4-8 -k is for the fetch, and never for a report"
must pinstore report drop --all >/dev/null
start_collector loner --chain mitm_x
expect_exit 90 impostor -k --report=now \
	--connect-to "sink.test:$s_port:127.0.0.1:$loner_port"
expect_err 'report-failed:certificate'
expect_requests loner 0

about "T-131 R-2.1.4-11 the same again: one report"
must pinstore report drop --all >/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	impostor >/dev/null 2>&1
done
impostors=
for i in 1 2 3 4 5 6 7 8; do
	impostor >/dev/null 2>&1 &
	impostors="$impostors $!"
done
wait $impostors
expect_waiting 1
expect_exit 0 send --all $sink
expect_requests s $((sent + 2))
expect_exit 90 impostor --report=now $sink
expect_requests s $((sent + 2))
# other pins are another report
must pinstore note --chain-pin "$(pin good)" pin.test "$(header 99999 good a -- \
	"includeSubDomains; report-uri=\"https://sink.test:$s_port/report\"")" >/dev/null
expect_waiting 0
expect_exit 90 impostor --report=now $sink
expect_requests s $((sent + 3))
expect_waiting 0

about "T-130 R-2.1.4-9 two hosts that name each other end in no loop"
start_tlsserv wa --chain mitm
start_tlsserv wb --chain mitm
learn a.test a "https://b.test:$wb_port/"
learn b.test multi "https://a.test:$wa_port/"
both="$(at a.test "$wa_port") $(at b.test "$wb_port")"
start=$(date +%s)
expect_exit 90 fetch -s -S $both --report=now "https://a.test:$wa_port/"
expect_err 'report about a\.test .*report-failed:pin'
expect_exit 90 send --all $both
for id in wa wb; do
	expect_requests $id 0
done
[ "$(grep -c '^connection' wa/log)" -eq 1 ] &&
	[ "$(grep -c '^connection' wb/log)" -le 2 ] &&
	ok "one connection, and one for each try" ||
	fail "$(cat wa/log wb/log)"
[ $(($(date +%s) - start)) -lt 5 ] && ok "soon" || fail "slow"
expect_waiting 1
expect_exit 0 pinstore report list --json
expect_json out 'd["host"] == "a.test" and d["attempts"] == 2'
must pinstore report drop --all >/dev/null

about "T-135 R-2.1.4-7 a collector that is mute, drips or is gone changes no outcome"
start_collector mute --chain sink --mute
start_collector drip --chain sink --drip -r 'HTTP/1.1 200 OK\r\nX-Slow: yes, very much so\r\n\r\n'
start_nginx honest --site pin.test --chain good
slow=
for id in mute drip; do
	eval port=\$${id}_port
	cp -R "$store" "store.$id"
	PINSTORE=$T/store.$id
	learn pin.test good "https://sink.test:$port/"
	(
		start=$(date +%s%N)
		pinfetch --store "$PINSTORE" --cacert "$pki/trust.pem" -s -S \
			$(at pin.test "$bad_port") $(at sink.test "$port") \
			--report=now "https://pin.test:$bad_port/" 2>"$id.err"
		echo "$? $((($(date +%s%N) - start) / 1000000))" >"$id.end"
	) &
	slow="$slow $!"
	PINSTORE=$store
done
# meanwhile, with nothing but the queue
learn pin.test good "https://sink.test:$mute_port/"
must pinstore report drop --all >/dev/null
start=$(date +%s%N)
expect_exit 90 impostor
spent=$((($(date +%s%N) - start) / 1000000))
[ $spent -lt 5000 ] && ok "$spent ms without it" || fail "$spent ms without it"
wait $slow
for id in mute drip; do
	read -r code spent <"$id.end"
	[ "$code" -eq 90 ] && ok "90 beside $id" || fail "$code beside $id"
	[ "$spent" -lt 14000 ] && ok "$spent ms beside $id" ||
		fail "$spent ms beside $id"
	grep -q '(90) pin mismatch for pin.test' "$id.err" &&
		grep -q 'report-failed:timeout' "$id.err" && ok "both are told" ||
		fail "$(cat "$id.err")"
done
expect_exit 0 fetch -s -S $(at pin.test "$honest_port") --report=now -o got \
	--connect-to "sink.test:$mute_port:127.0.0.1:1" "https://pin.test:$honest_port/"
expect_err 'report-failed:connect'
grep -q 'hello from pin.test' got && ok "all of it" || fail "$(cat got)"
expect_waiting 1
must pinstore report drop --all >/dev/null

about "T-134 odd certificates, and a host of other letters"
cat >odd.py <<'END'
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
pki = sys.argv[1]
load = lambda name: open("%s/%s" % (pki, name), "rb").read()
issuer = x509.load_pem_x509_certificate(load("intB.pem"))
issuer_key = serialization.load_pem_private_key(load("intB.key"), None)
key = ec.generate_private_key(ec.SECP256R1())
now = datetime.datetime.utcnow()
names = ["pin.test", "*.pin.test", "xn--bcher-kva.test"]
names += ["n%d%s.test" % (i, "x" * 50) for i in range(500)]
cert = (x509.CertificateBuilder()
        .subject_name(x509.Name([
            x509.NameAttribute(NameOID.COMMON_NAME, 'a"b\\c\x1b[31m\r\n\u202e'),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "</script>\x00'\x7f")]))
        .issuer_name(issuer.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(name) for name in names]), False)
        .sign(issuer_key, hashes.SHA256()))
pem = cert.public_bytes(serialization.Encoding.PEM)
open(pki + "/odd.pem", "wb").write(pem)
open(pki + "/odd.chain", "wb").write(pem + load("intB.pem"))
open(pki + "/odd.key", "wb").write(key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption()))
END
must "$python" odd.py "$pki"
start_tlsserv odd --chain odd
learn pin.test good "https://sink.test:$s_port/odd"
learn xn--bcher-kva.test idna "https://sink.test:$s_port/idna"
sent=$(requests s)
for host in pin.test xn--bcher-kva.test; do
	url=$host
	[ $host = pin.test ] || url='bücher.test'
	expect_exit 90 fetch -s -S $(at $host "$odd_port") "https://$url:$odd_port/"
	expect_exit 0 send $sink
	sent=$((sent + 1))
	expect_requests s $sent
	expect_exit 0 "$python" "$top_srcdir/tests/support/reportcheck.py" \
		s/$sent.body "odd.$sent"
	expect_exit 0 jq -e ".hostname == \"$host\"" s/$sent.body
	expect_same "odd.$sent.served.0.pem" "$pki/odd.pem"
	expect_same "odd.$sent.validated.0.pem" "$pki/odd.pem"
done
[ "$(wc -c <"s/$sent.body")" -le 262144 ] && ok "$(wc -c <"s/$sent.body") octets" ||
	fail "$(wc -c <"s/$sent.body") octets"
[ "$(wc -c <"s/$sent.body")" -gt 65536 ] && ok "which is much" ||
	fail "$(wc -c <"s/$sent.body") octets are few"
