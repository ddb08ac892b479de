#!/bin/sh
# test_pinstore_probe.sh - pinstore probe against nginx, haproxy, Apache and
# Exim: what they serve, staple and offer, and what the store says of it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

make_pki
ca="--cacert $pki/trust.pem"

# probe ID HOST ARGUMENT...: of the server ID, as that host
probe()
{
	id=$1 host=$2
	shift 2
	eval "port=\$${id}_port"
	timeout -k 5 60 pinstore --store "$store" probe "$host:$port" \
		--resolve "$host:$port:127.0.0.1" "$@"
}

like()
{
	pin "$1" | sed 's/[+]/[+]/g'
}

H=$(header 5000 good backup)
start_nginx web --site pin.test --chain good --header "Public-Key-Pins: $H" \
	--header 'Public-Key-Pins-Report-Only: max-age=0' \
	--site a.test --chain inject --header "Public-Key-Pins: max-age=1" \
	--site b.test --chain good_ax --site other.test --chain expired
start_tlsserv back --plain -r 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
web=$servers/webserv.py

about "what is served, and the path; strays are marked"
expect_exit 0 probe web pin.test $ca
expect_out "^pin.test:$web_port: TLS1.3, the certificate is valid\$"
expect_out "^  served      $(like good)  CN=good\$"
expect_out '^              issuer CN=intA, EC/ECDSA 256, 20[0-9-]+ to 20[0-9-]+$'
expect_out "^              $(like intA)  CN=intA\$"
expect_no_out 'STRAY'
expect_out '^  path        1 CN=good$'
expect_out '^              3 CN=rootA  \(from the trusted CAs\)$'
expect_out '^  OCSP        nothing stapled$'
expect_out '^  resumption  TLS1.3: ticket, taken up$'
expect_out '^              TLS1.2: ticket, taken up$'
expect_out '^  header      Public-Key-Pins: max-age=5000; pin-sha256='
expect_out '^  note: ok$'
expect_out '^  header      Public-Key-Pins-Report-Only: max-age=0$'
expect_out '^  store       there is none: nothing is pinned$'
[ -e "$store" ] && fail "a store came to be" || ok "no store came to be"
expect_requests web 1
expect_exit 0 probe web a.test $ca
expect_out "^  served      $(like mitm)  CN=mitm\$"
expect_out "^              $(like good)  CN=good  STRAY: not on the path\$"
expect_out "^              $(like rootA)  CN=rootA  STRAY"
expect_out '^              3 CN=rootB'
expect_out '^  unpin: no-pins'

about "JSON"
expect_exit 0 probe web a.test $ca --json
expect_json out 'list(d) == ["host", "port", "starttls", "version", "served", "path", "ocsp", "resumption", "http", "headers", "verdict", "reason", "applies"]'
expect_json out "d['host'] == 'a.test' and d['port'] == $web_port and d['starttls'] is None and d['version'] == 'TLS1.3' and d['ocsp'] is None and d['http'] and d['verdict'] is None and d['applies'] == []"
expect_json out '[list(x) for x in d["served"]] == [["subject", "issuer", "pin", "key", "bits", "not_before", "not_before_epoch", "not_after", "not_after_epoch", "on_path"]] * 5'
expect_json out '[x["on_path"] for x in d["served"]] == [True, True, False, False, False]'
expect_json out '[(x["subject"], x["served"]) for x in d["path"]] == [("CN=mitm", True), ("CN=intB", True), ("CN=rootB", False)]'
expect_json out "d['served'][0]['pin'] == '$(fingerprint mitm)'"
expect_json out '[(x["name"], x["value"], x["lint"]["action"]) for x in d["headers"]] == [("Public-Key-Pins", "max-age=1", "unpin")]'
expect_json out 'd["resumption"] == [{"version": v, "offered": "ticket", "resumed": True} for v in ("TLS1.3", "TLS1.2")]'

about "what the store says; nothing is noted"
must pinstore --store "$store" pin pin.test "$(pin rootA)" "$(pin backup)" \
	>/dev/null
must pinstore --store "$store" pin a.test "$(pin rootA)" "$(pin backup)" \
	>/dev/null
must pinstore --store "$store" pin b.test "$(pin rootA)" "$(pin backup)" \
	>/dev/null
remember
expect_exit 0 probe web pin.test $ca --json
expect_json out 'd["verdict"] == "matched" and d["reason"] == "pin-in-chain" and [(x["layer"], x["entry_host"]) for x in d["applies"]] == [("configured", "pin.test")]'
expect_exit 90 probe web a.test $ca
expect_out '^  store       reject, no-pin-in-chain$'
expect_out '^  likely      the chain ends in a CA that was added on this machine'
expect_exit 90 probe web a.test $ca --json
expect_json out 'd["verdict"] == "reject" and d["applies"][0]["entry_host"] == "a.test"'
expect_json err 'd["error"]["exit"] == 90 and d["error"]["status"] == "mismatch" and d["error"]["likely"]["cause"] == "local-anchor"'
must pinstore --store "$store" revoke --yes "$(pin intA)" >/dev/null
expect_exit 121 probe web pin.test $ca
expect_out '^  store       reject, revoked$'
must pinstore --store "$store" unrevoke "$(pin intA)" >/dev/null
expect_unchanged
expect_exit 0 pinstore --store "$store" log
expect_no_out violation
mkdir -m 755 damaged; echo x >damaged/data.mdb
expect_exit 3 pinstore --store damaged probe pin.test:$web_port $ca

about "a certificate that is not valid: what is served all the same"
expect_exit 4 probe web other.test $ca
expect_out 'the certificate is NOT valid$'
expect_out "^  served      $(like expired)  CN=expired\$"
expect_out '^  path        none'
expect_no_out '^  header'
expect_err 'expired'
expect_exit 4 probe web other.test $ca --json
[ -s out ] && fail "something on stdout" || ok "nothing on stdout"
expect_json err 'd["error"]["exit"] == 4 and d["error"]["status"] == "chain"'
expect_exit 4 probe web unknown.example $ca
expect_err 'name'
expect_exit 4 probe web pin.test
expect_err 'issuer'
expect_exit 4 probe web 127.0.0.1 $ca
expect_requests web 7

about "nobody there, and wrong usage"
expect_exit 4 pinstore probe pin.test:1 $ca --resolve pin.test:1:127.0.0.1
expect_err 'no connection to port 1'
expect_exit 0 pinstore probe pin.test $ca --connect-to \
	"pin.test:443:127.0.0.1:$web_port" --json
expect_json out 'd["port"] == 443'
for port in 0 65536 x '' -1; do
	expect_exit 2 pinstore probe "pin.test:$port" $ca
	expect_err 'no port'
done
expect_exit 2 pinstore probe 'a b' $ca
expect_exit 2 pinstore probe
expect_exit 2 pinstore probe a.test b.test
expect_exit 2 pinstore probe a.test --starttls gopher
expect_err 'gopher'
expect_exit 2 pinstore probe a.test --cacert "$pki/pins.txt"
expect_err 'no CA'
# no HTTP, fields that lie, a head without end
start_tlsserv odd -r '\x1b]0;title\x07\r\n\r\n'
expect_exit 0 probe odd pin.test $ca
expect_out '^  header      no answer by HTTP$'
stop odd
start_tlsserv text -r 'HTTP/1.1 200 OK\r\nPUBLIC-key-pins:\t max-age=9;\x1b[31m\r\n more \r\nPublic-Key-Pinsx: no\r\nContent-Length: 0\r\n\r\n'
expect_exit 0 probe text pin.test $ca
expect_out '^  header      Public-Key-Pins: max-age=9;.x1b\[31m.r.n more$'
expect_no_out 'Pinsx'
stop text
start_tlsserv long -r "HTTP/1.1 200 OK\\r\\nX: $(head -c 70000 /dev/zero | tr '\0' x)\\r\\n\\r\\n" --tls 1.2
expect_exit 0 probe long pin.test $ca
expect_out 'no answer by HTTP'
expect_out '^  resumption  TLS1.2: '
expect_no_out 'TLS1.3'
stop long

about "haproxy: tickets or none, a stapled answer"
serial=$(openssl x509 -in "$pki/good.pem" -noout -serial | sed 's/.*=//')
# staple NAME STATE REVOKED: an answer of intA's about good, in NAME
staple()
{
	printf '%s\t490101000000Z\t%s\t%s\tunknown\t/CN=good\n' "$2" "$3" \
		"$serial" >index
	must openssl ocsp -issuer "$pki/intA.pem" -cert "$pki/good.pem" \
		-no_nonce -reqout req >/dev/null 2>&1
	must openssl ocsp -index index -CA "$pki/intA.pem" -rsigner \
		"$pki/intA.pem" -rkey "$pki/intA.key" -reqin req -ndays 2 \
		-respout "$1" >/dev/null 2>&1
}
staple fine V ''
staple bad R 260101000000Z
mkdir hap1 hap2 apa
start hap1 "$python" "$web" --dir "$T/hap1" --pki "$pki" --backend \
	"$back_port" --ocsp fine haproxy
start hap2 "$python" "$web" --dir "$T/hap2" --pki "$pki" --backend \
	"$back_port" --bind 'no-tls-tickets' haproxy
expect_exit 0 probe hap1 pin.test $ca
expect_out '^  OCSP        stapled: good, of 20[0-9TZ:-]+, until 20[0-9TZ:-]+$'
expect_out '^  resumption  TLS1.3: ticket, taken up$'
expect_out '^              TLS1.2: ticket, taken up$'
expect_exit 0 probe hap1 pin.test $ca --json
expect_json out 'd["ocsp"]["status"] == "good" and d["ocsp"]["checked"] and d["ocsp"]["next_update_epoch"] - d["ocsp"]["this_update_epoch"] == 2 * 86400'
expect_exit 0 probe hap2 pin.test $ca --json
expect_json out 'd["ocsp"] is None and [(x["version"], x["offered"]) for x in d["resumption"]][1] == ("TLS1.2", "session-id")'
expect_exit 0 probe hap2 pin.test $ca
expect_out '^              TLS1.2: session id, taken up$'
stop hap1
stop hap2
start hap3 "$python" "$web" --dir "$T/hap1" --pki "$pki" --backend \
	"$back_port" --ocsp bad haproxy
expect_exit 4 probe hap3 pin.test $ca
expect_out '^  OCSP        stapled: revoked, .*, of no use$'
expect_err 'revoked'
stop hap3

about "Apache"
start apa "$python" "$web" --dir "$T/apa" --pki "$pki" \
	--line "Header always set Public-Key-Pins '$H'" apache
expect_exit 0 probe apa pin.test $ca --json
expect_json out 'd["headers"][0]["lint"]["action"] == "note" and d["verdict"] == "matched"'
stop apa

about "Exim: STARTTLS"
mkdir exim
start exim "$python" "$servers/exim.py" --dir "$T/exim" --pki "$pki"
expect_exit 0 probe exim pin.test --starttls smtp $ca
expect_out "^pin.test:$exim_port: TLS1.3, the certificate is valid\$"
expect_out "^  served      $(like good)  CN=good\$"
expect_no_out '^  header'
expect_out '^  store       matched'
expect_exit 0 probe exim pin.test --starttls smtp $ca --json
expect_json out 'd["starttls"] == "smtp" and not d["http"] and d["headers"] == [] and len(d["resumption"]) == 2'
expect_exit 4 probe exim other.test --starttls smtp $ca
expect_exit 4 probe exim pin.test --starttls imap $ca
expect_err 'greeting: the host answers'
