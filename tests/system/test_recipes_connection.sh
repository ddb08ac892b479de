#!/bin/sh
# test_recipes_connection.sh - which connection is judged: sessions that were
# refused, proxies, early data, other places, the application's own settings.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
PATH=$top_builddir/tests/system:$PATH
must command -v openssl >/dev/null
make_pki
secret='d=the-secret'

# pf ID [OPTION...]: pinfetch of pin.test at ID
pf()
{
	eval "port=\$$1_port"
	shift
	fetch $(at pin.test "$port") "https://pin.test:$port/" "$@"
}

# api ID [OPTION...]: the same by the API's client
api()
{
	eval "port=\$$1_port"
	shift
	timeout -k 5 60 pinclient --store "$store" --cafile "$pki/trust.pem" \
		"$@" "pin.test:$port"
}

pinned()
{
	must pinstore --store "$store" pin "${2-pin.test}" "$(pin "$1")" \
		"$(pin backup)" >/dev/null
}

unpinned()
{
	rm -rf "$store"
}

resumed()
{
	expect_exit "$2" grep -c "^connection .*resumed=True" "$1/log"
}

for version in 1.2 1.3; do
	id=refused$(echo $version | tr -d .)
	about "T-056 a session that was refused is offered again, TLS $version"
	start_tlsserv $id --chain mitm --tls $version
	unpinned
	pinned good
	expect_exit 90 api $id --depth check --session-out session
	expect_out ' resumed=no '
	expect_exit 90 api $id --depth check --session-in session
	expect_out ' resumed=yes '
	expect_exit 90 api $id --session-in session
	expect_out ' resumed=yes '
	eval "port=\$${id}_port"
	expect_exit 90 pf $id "https://pin.test:$port/2"
	expect_exit 90 pf $id --retry 2
	expect_requests $id 0
	expect_exit 0 cat $id/log
	expect_no_out '^octets'
	expect_out '^connection [0-9]+ .*resumed=True'
	unpinned
	expect_exit 0 pf $id "https://pin.test:$port/2"
	expect_requests $id 2
done

about "T-055 a pin that has expired meanwhile: resumed, and accepted"
unpinned
start_tlsserv later --chain mitm
expect_exit 0 api later --session-out session
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" \
	--expires 1h >/dev/null
now=$(date +%s)
expect_exit 90 api later --session-in session --at $((now + 3000))
expect_out ' resumed=yes '
expect_exit 0 api later --session-in session --at $((now + 4000))
expect_out '^verdict=unpinned .* resumed=yes '
expect_requests later 2

about "T-057 T-058 an HTTPS proxy is refused, wherever it is named"
unpinned
start_tlsserv origin --chain good
start_proxy secure --tls --map "pin.test:$origin_port=$origin_port"
proxy=https://proxy.test:$secure_port
names="$(at proxy.test "$secure_port") --cacert $pki/trust.pem"
for words in "-x $proxy" "--proxy $proxy" "-x HTTPS://proxy.test:$secure_port" \
	"-x https://127.0.0.1:$secure_port" "-x http://127.0.0.1:1 -x $proxy" \
	"--proxy-cacert $pki/trust.pem" "--proxy-pinnedpubkey $(pin proxy)" \
	"--proxy-insecure" "--preproxy $proxy" "--proxy-cert x"; do
	expect_exit 2 pf origin $names $words -d $secret
done
printf 'proxy = "%s"\n' "$proxy" >conf
expect_exit 2 pf origin $names -K conf -d $secret
for variable in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
	expect_exit 2 env $variable=$proxy timeout 60 pinfetch --store "$store" \
		$names $(at pin.test "$origin_port") \
		"https://pin.test:$origin_port/" -d $secret
	expect_err "$variable"
	expect_err 'HTTPS proxy'
done
expect_exit 2 env http_proxy=$proxy timeout 60 pinfetch --store "$store" \
	$names "http://pin.test:$origin_port/" -d $secret
expect_requests secure 0
expect_requests origin 0
expect_exit 0 cat secure/server.out secure/log
expect_no_out '^(connection|request|octets)'

about "T-057 through a proxy in the clear the origin's chain is judged"
start_tlsserv impostor --chain mitm
start_proxy plain --map "pin.test:$origin_port=$origin_port" \
	--map "pin.test:$impostor_port=$impostor_port"
pinned good
pinned good proxy.test
way="-x http://127.0.0.1:$plain_port"
expect_exit 0 pf origin $way
expect_exit 90 pf impostor $way -d $secret
expect_err 'pin mismatch for pin\.test'
expect_exit 90 pf impostor $way -k -d $secret
expect_requests plain 3
expect_requests origin 1
expect_requests impostor 0
unpinned
expect_exit 0 pf impostor $way
expect_requests impostor 1

about "T-059 transports that would judge in another way: none"
for option in --http3 --http3-only --quic '--alt-svc x' --http0.9 \
	--http2-prior-knowledge '--unix-socket x' '--ciphers ALL' --tlsv1.1 \
	--ssl-allow-beast --cert-status --doh-insecure; do
	expect_exit 2 pf origin $option
	expect_err 'unknown option'
done
expect_requests origin 1

about "T-060 -k on a pinned host"
pinned good
for chain in mitm sames expired; do
	code=60
	[ $chain != mitm ] || code=90
	start_tlsserv $chain --chain $chain \
		$([ $chain = sames ] && echo --key good)
	remember
	expect_exit $code pf $chain -k -d $secret
	expect_requests $chain 0
	expect_unchanged
done

about "T-061 R-2.3.1-11 -k: a header that would remove the pin of a host removes nothing"
start_tlsserv zero --chain good \
	-r 'HTTP/1.1 200 OK\r\nPublic-Key-Pins: max-age=0\r\nContent-Length: 0\r\n\r\n'
unpinned
pinned good other.test
remember
expect_exit 0 pf zero -k
expect_unchanged
expect_requests zero 1

about "T-062 early data: for a host without pins, and for no other"
unpinned
start early "$python" "$servers/opensslserv.py" --log "$T/early/log" \
	--chain "$pki/mitm.chain" early
expect_exit 35 api early --session-out session --timeout 1000
expect_exit 35 api early --early --session-in session --timeout 1000
expect_out '^verdict=unpinned .* resumed=yes '
pinned good
expect_exit 90 api early --early --session-in session --timeout 1000
expect_out ' resumed=yes '
pinned mitm
expect_exit 35 api early --early --session-in session --timeout 1000
expect_out '^verdict=matched .* resumed=yes '
stop early
expect_exit 0 grep -c '^Early data received:' early/log
expect_out '^1$'
# The first, the one behind its early data, and the pinned one that matched.
expect_exit 0 grep -c '^GET / HTTP/1.1' early/log
expect_out '^4$'

about "T-065 a redirect to http:// is followed as curl follows it, without pins"
start_tlsserv clear --plain
start_tlsserv down --chain good -r \
	"HTTP/1.1 302 Go\\r\\nLocation: http://other.test:$clear_port/\\r\\nContent-Length: 0\\r\\n\\r\\n"
unpinned
pinned good
expect_exit 0 pf down $(at other.test "$clear_port") -L -s -o /dev/null \
	-w '%{scheme} %{pin_status}\n'
expect_out '^HTTP off$'
expect_requests clear 1
expect_exit 122 pf down $(at other.test "$clear_port") -L --require-pin
expect_requests clear 1

about "T-066 Alt-Svc leads nowhere"
start_tlsserv other --chain mitm
start_nginx alternative --http2 --site pin.test --chain good \
	--header "Alt-Svc: h2=\"127.0.0.1:$other_port\"; ma=1000"
eval "port=$alternative_port"
unpinned
for round in 1 2; do
	expect_exit 0 pf alternative "https://pin.test:$port/2"
	pinned good
done
expect_requests alternative 4
expect_exit 1 grep . other/log
start_tlsserv alternative1 --chain good -r \
	"HTTP/1.1 200 OK\\r\\nAlt-Svc: http/1.1=\"127.0.0.1:$other_port\"\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 0 pf alternative1 "https://pin.test:$alternative1_port/2"
expect_requests alternative1 2
expect_exit 1 grep . other/log

about "T-067 the application's own settings stay in force on a pinned host"
must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-days 9 -subj /CN=the-client -keyout me.key -out me.pem 2>/dev/null
start_tlsserv asks --chain good --client-ca me.pem
start_tlsserv old --chain good --tls 1.2
for state in unpinned pinned; do
	unpinned
	[ $state = unpinned ] || pinned good
	for depth in handshake callback check; do
		expect_exit 0 api asks --depth $depth --cert me.pem --key me.key
		expect_exit 35 api asks --depth $depth
		expect_exit 60 api asks --depth $depth --cafile "$pki/trustB.pem" \
			--cert me.pem --key me.key
		expect_exit 0 api old --depth $depth \
			--priority NORMAL:-VERS-ALL:+VERS-TLS1.2
		expect_exit 35 api old --depth $depth \
			--priority NORMAL:-VERS-ALL:+VERS-TLS1.3
	done
	expect_exit 0 pf asks --cert me.pem --key me.key
	expect_exit 60 pf asks --cert me.pem --key me.key \
		--cacert "$pki/trustB.pem"
	expect_exit 35 pf old --tlsv1.3
done
expect_requests asks 8
expect_requests old 6
expect_exit 0 grep '^connection' asks/log
expect_out ' client=the-client$'
