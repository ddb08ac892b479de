#!/bin/sh
# test_support.sh - the lab and the servers of the system tests do what the
# tests believe, seen with clients that are not ours.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
for tool in curl gnutls-cli openssl nginx; do
	command -v $tool >/dev/null || PATH=$PATH:/usr/sbin
	must command -v $tool
done

# get PORT NAME ARGUMENT...: curl, with the lab's anchors
get()
{
	port=$1
	name=$2
	shift 2
	timeout -k 5 60 curl -sS --cacert "$pki/trust.pem" $(at "$name" "$port") "$@" \
		"https://$name:$port/"
}

about "judgements can fail"
(
	T=$(mktemp -d "$T/inner.XXXXXX") && cd "$T" || exit 99
	failures=0 judged=0 running=
	expect_exit 3 true
	expect_exit 0 sh -c 'echo some words; exit 0' && expect_out 'other'
	expect_no_out 'some words'
	echo '{"a": [1]}' >a.json
	expect_json a.json 'd["a"] == [2]'
	expect_same a.json out
	expect_requests nobody 1
	echo "$failures of $judged" >"$T/../inner.result"
	failures=0
) >inner.out 2>&1
must grep -qx '6 of 7' inner.result
ok "six judgements failed that had to"

about "the lab"
make_pki extra:intB:x.test,y.test
for name in good multi mitm inject inject2 inject3 extra psl good_x good_ax; do
	expect_exit 0 openssl verify -x509_strict -purpose sslserver \
		-CAfile "$pki/trust.pem" -untrusted "$pki/$name.chain" \
		"$pki/$name.chain"
done
for name in expired early purpose sames injectx; do
	expect_exit 2 openssl verify -purpose sslserver \
		-CAfile "$pki/trust.pem" -untrusted "$pki/$name.chain" \
		"$pki/$name.chain"
done
expect_exit 0 openssl verify -CAfile "$pki/trust.pem" \
	-untrusted "$pki/purpose.chain" "$pki/purpose.chain"
spki()
{
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | openssl base64
}
for name in rootA intA intA_x good mitm; do
	[ "sha256//$(spki "$pki/$name.pem")" = "$(pin $name)" ] &&
		ok "pin of $name" || fail "pin of $name"
done
[ "$(pin intA)" = "$(pin intA_x)" ] && ok "intA_x has intA's key" ||
	fail "intA_x has another key than intA"
[ "$(pin good)" != "$(pin mitm)" ] && ok "good and mitm differ" ||
	fail "good and mitm have one key"
[ "$(header 5 good mitm -- includeSubDomains)" = "max-age=5; pin-sha256=\"$(
	fingerprint good)\"; pin-sha256=\"$(fingerprint mitm
	)\"; includeSubDomains" ] && ok "header" || fail "header"

about "nginx, HTTP/1.1 and two sites"
start_nginx web \
	--site pin.test --chain good --header "Public-Key-Pins: $(header 60 good backup)" \
	--site other.test --chain mitm --status 404 --header 'X-Here: other'
expect_exit 0 get "$web_port" pin.test -i
expect_out '^HTTP/1.1 200'
expect_out '^Public-Key-Pins: max-age=60; pin-sha256="[^"]*"; pin-sha256="'
expect_out 'hello from pin.test'
expect_exit 0 get "$web_port" other.test -i
expect_out '^HTTP/1.1 404'
expect_out '^X-Here: other'
expect_requests web 2
expect_exit 60 get "$web_port" wrong.test
expect_requests web 2
expect_exit 0 cat web/access.log
expect_out '^"GET / HTTP/1.1" 200 host=pin.test sni=pin.test tls=TLSv1.3 .*reused=. http=HTTP/1.1'

about "nginx, HTTP/2 and TLS 1.2"
start_nginx two --http2 --tls 1.2 --site pin.test --chain multi \
	--redirect 'https://other.test:@PORT@/next'
expect_exit 0 get "$two_port" pin.test -i
expect_out '^HTTP/2 302'
expect_out "^location: https://other.test:$two_port/next"
expect_requests two 1
expect_exit 0 cat two/access.log
expect_out 'tls=TLSv1.2 .*http=HTTP/2.0'
expect_exit 35 get "$two_port" pin.test --tlsv1.3

about "nginx resumes"
for version in 1.2 1.3; do
	id=again$(echo "$version" | tr -d .)
	start_nginx $id --tls $version --site pin.test
	eval "port=\$${id}_port"
	priority="NORMAL:-VERS-ALL:+VERS-TLS$version"
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 gnutls-cli --resume \
		--waitresumption --priority "$priority" \
		--x509cafile "$pki/trust.pem" --sni-hostname pin.test \
		--verify-hostname pin.test -p "$port" 127.0.0.1 >cli.out 2>&1
	expect_requests $id 1
	expect_exit 0 cat $id/access.log
	expect_out "tls=TLSv$version .*reused=r"
done

about "each server ends with the test that started it, and only then"
pid=$web_pid
must kill -0 "$pid"
stop web
kill -0 "$pid" 2>/dev/null && fail "nginx still runs" || ok "nginx has ended"
expect_exit 7 get "$web_port" pin.test

about "tlsserv answers octet by octet, and logs what it got"
start_tlsserv raw --tls 1.2 --chain good --close \
	-r 'HTTP/1.1 200 Fine\r\nX-A:\x01 b\\c\r\nContent-Length: 3\r\n\r\none' \
	-r 'HTTP/1.1 404 No\r\nLocation: @PORT@\r\nContent-Length: 0\r\n\r\n'
expect_exit 0 get "$raw_port" pin.test -i -d 'a secret'
expect_out '^HTTP/1.1 200 Fine'
expect_out 'X-A:.* b\\c'
expect_exit 0 get "$raw_port" pin.test -i
expect_out "^Location: $raw_port"
expect_exit 0 get "$raw_port" pin.test -i
expect_out '^HTTP/1.1 404 No'
expect_requests raw 3
expect_exit 0 cat raw/log
expect_out '^connection 1 tls=TLSv1.2 resumed=False sni=pin.test'
expect_out '^request 1 POST / HTTP/1.1'
expect_out '^octets 1 .*a secret'
expect_exit 60 get "$raw_port" other.test
expect_requests raw 3

about "tlsserv keeps connections, resumes, is slow, drops"
start_tlsserv keep --slow
expect_exit 0 curl -sS --cacert "$pki/trust.pem" $(at pin.test "$keep_port") \
	"https://pin.test:$keep_port/1" "https://pin.test:$keep_port/2"
expect_exit 0 cat keep/log
expect_out '^request 1 GET /2 '
expect_no_out '^connection 2'
for version in 1.2 1.3; do
	id=resume$(echo "$version" | tr -d .)
	start_tlsserv $id --tls $version --close
	eval "port=\$${id}_port"
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 20 gnutls-cli --resume \
		--waitresumption \
		--priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--x509cafile "$pki/trust.pem" --sni-hostname pin.test \
		--verify-hostname pin.test -p "$port" 127.0.0.1 >cli.out 2>&1
	expect_exit 0 cat $id/log
	expect_out "^connection 1 tls=TLSv$version resumed=False"
	expect_out "^connection 2 tls=TLSv$version resumed=True"
done
start_tlsserv drop --drop -r 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'
get "$drop_port" pin.test >out 2>err && fail "a short body passed" ||
	ok "a short body is an error"
start_tlsserv plain --plain
expect_exit 0 curl -sS "http://127.0.0.1:$plain_port/"
expect_out '^ok$'

about "proxy"
start_proxy via --map "pin.test:443=$keep_port" \
	--map "plain.test:80=$plain_port" --connect-field 'Public-Key-Pins: x=1'
expect_exit 0 curl -sS -i --cacert "$pki/trust.pem" \
	-x "http://127.0.0.1:$via_port" https://pin.test/
expect_out '^Public-Key-Pins: x=1'
expect_out '^ok$'
expect_exit 0 curl -sS -x "http://127.0.0.1:$via_port" http://plain.test/x
expect_out '^ok$'
expect_exit 56 curl -sS -x "http://127.0.0.1:$via_port" https://elsewhere.test/
expect_requests via 3
start_proxy no --connect-status '407 No' --map "pin.test:443=$keep_port"
expect_exit 56 curl -sS -x "http://127.0.0.1:$no_port" https://pin.test/
start_proxy tls --tls --map "plain.test:80=$plain_port"
expect_exit 0 curl -sS --proxy-cacert "$pki/trust.pem" \
	-x "https://localhost:$tls_port" http://plain.test/x
expect_out '^ok$'
