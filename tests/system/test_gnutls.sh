#!/bin/sh
# test_gnutls.sh - a client on GnuTLS and the library, against real servers.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
command -v nginx >/dev/null || PATH=$PATH:/usr/sbin
must command -v openssl
PATH=$top_builddir/tests/system:$PATH

# client ID ARGUMENT...: visit pin.test at ID's port
client()
{
	eval "port=\$$1_port"
	shift
	timeout -k 5 60 pinclient --store "$store" --cafile "$pki/trust.pem" \
		"$@" "pin.test:$port"
}

# pinned NAME: pin.test has the pin of NAME and the backup's, and no other
pinned()
{
	must pinstore --store "$store" pin pin.test "$(pin "$1")" \
		"$(pin backup)" >/dev/null
}

unpinned()
{
	must pinstore --store "$store" clear --yes pin.test >/dev/null
}

# fresh: a store in which nothing is pinned
fresh()
{
	rm -rf "$store"
}

# try CODE N ID ARGUMENT...: exit CODE, and N further requests in ID's log
try()
{
	code=$1
	more=$(($(requests "$3") + $2))
	shift 2
	expect_exit "$code" client "$@"
	expect_requests "$1" $more
}

make_pki
start_tlsserv good --chain good
for chain in mitm inject inject2 inject3; do
	start_tlsserv $chain --chain $chain --key mitm
done

for depth in handshake callback check; do
	about "R-2.6-3 R-2.6-5 T-005: the path, at depth $depth"
	fresh
	try 0 1 good --depth $depth
	expect_out '^verdict=unpinned reason=no-entry resumed=no http=200$'
	for name in good intA rootA; do
		pinned $name
		try 0 1 good --depth $depth
		expect_out '^verdict=matched reason=pin-in-chain .*http=200$'
	done

	about "T-001 T-002 T-003 R-2.6-6 D-20: the impostor, at depth $depth"
	for chain in mitm inject inject2 inject3; do
		try 90 0 $chain --depth $depth
		expect_out '^verdict=reject reason=no-pin-in-chain .*http=0$'
	done
	unpinned
	for chain in mitm inject inject2 inject3; do
		try 0 1 $chain --depth $depth
	done
done

about "T-003 R-2.6-6: leaf and intermediate as strays"
for name in good intA; do
	pinned $name
	remember
	for chain in mitm inject inject2 inject3; do
		try 90 0 $chain
	done
	expect_unchanged
done
for chain in mitm inject inject2 inject3; do
	stop $chain
done

about "T-004 T-020 R-2.6-1: not valid, whatever is pinned"
pinned rootA
for chain in injectx wrongh expired early purpose sames; do
	case $chain in
	injectx) key=mitm_x ;;
	sames) key=good ;;
	*) key=$chain ;;
	esac
	[ -f "$pki/$key.key" ] || key=mitm
	start_tlsserv $chain --chain $chain --key $key
	for depth in handshake callback check; do
		try 60 0 $chain --depth $depth
		expect_err '^pinclient: \(60\) pin.test: certificate of pin.test'
	done
	stop $chain
done

# resume DEPTH VERSION CODE: a session from before the pin was set
resume()
{
	fresh
	rm -rf resuming
	start_tlsserv resuming --chain mitm --tls "$2"
	try 0 1 resuming --depth "$1" --session-out session
	expect_out ' resumed=no '
	try 0 1 resuming --depth "$1" --session-in session
	expect_out ' resumed=yes '
	pinned rootA
	try "$3" $((1 - $3 / 90)) resuming --depth "$1" --session-in session
	expect_out ' resumed=yes '
	unpinned
	try 0 1 resuming --depth "$1" --session-in session
	expect_out '^verdict=[a-z]* .*resumed=yes http=200'
	stop resuming
	# The server's own log must prove the mode that is meant.
	if [ "$(grep -c "^connection .*$2 resumed=True" resuming/log)" -eq 3 ]
	then
		ok "the server resumed TLS $2 thrice"
	else
		fail "the server did not resume TLS $2 thrice"
		cat resuming/log
	fi
}

about "4.6 T-008 D-28: both intermediates, whichever comes first"
for order in ax xa; do
	start_tlsserv good_$order --chain good_$order --key good
done
for which in rootA:ax: rootA:xa:path=other rootB:xa: rootB:ax:path=other; do
	name=${which%%:*}
	path=${which##*:}
	order=${which#*:}
	order=${order%:*}
	fresh
	pinned $name
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		try 0 1 good_$order
		expect_out "^verdict=matched reason=pin-in-chain ${path:+$path }resumed=no http=200\$"
	done
	for depth in callback check; do
		try 0 1 good_$order --depth $depth
		expect_out "^verdict=matched .*chain ${path:+$path }resumed=no"
	done
done
fresh
pinned intB
for order in ax xa; do
	for depth in handshake callback check; do
		try 90 0 good_$order --depth $depth
		expect_out '^verdict=reject reason=no-pin-in-chain resumed=no'
	done
	stop good_$order
done

# resume_other DEPTH VERSION: the search, on a session from before the pin
resume_other()
{
	fresh
	rm -rf crossed
	start_tlsserv crossed --chain good_xa --key good --tls "$2"
	try 0 1 crossed --depth "$1" --session-out session
	pinned rootA
	try 0 1 crossed --depth "$1" --session-in session
	expect_out '^verdict=matched reason=pin-in-chain path=other resumed=yes'
	unpinned
	pinned intB
	try 90 0 crossed --depth "$1" --session-in session
	expect_out '^verdict=reject reason=no-pin-in-chain resumed=yes'
	stop crossed
}

for version in 1.2 1.3; do
	about "4.6 T-008 T-054: another path in resumed sessions of TLS $version"
	resume_other handshake $version
	resume_other check $version
done

for version in 1.2 1.3; do
	about "T-054 T-055 R-2.6-11: resumption of TLS $version"
	resume handshake $version 90
	resume check $version 90
	about "F-02: the callback alone sees no resumed session of TLS $version"
	resume callback $version 0
done

about "T-016 R-2.3.1-11: peers without certificate"
for kind in psk12 psk13 anonymous; do
	case $kind in
	psk12) priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK ;;
	psk13) priority=NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+PSK ;;
	*) priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-ECDH:+ANON-DH ;;
	esac
	start $kind "$python" "$servers/opensslserv.py" --log "$T/$kind/log" \
		--key 00112233445566778899aabbccddeeff $kind
	for depth in handshake check; do
		fresh
		expect_exit 60 client $kind --depth $depth --priority $priority \
			--psk 00112233445566778899aabbccddeeff
		expect_err 'no certificate from pin\.test'
		pinned rootA
		expect_exit 60 client $kind --depth $depth --priority $priority \
			--psk 00112233445566778899aabbccddeeff
		expect_err 'no certificate from pin\.test'
	done
	if [ -s $kind/log ]; then
		fail "the server $kind received something"
	else
		ok "the server $kind received nothing"
	fi
	# The control: at the depth that is not asked, the request arrives.
	expect_exit 35 client $kind --depth callback --priority $priority \
		--psk 00112233445566778899aabbccddeeff --timeout 1000
	stop $kind
	if grep -q '^GET / HTTP/1.1' $kind/log; then
		ok "and would have told"
	else
		fail "the server $kind tells nothing"
	fi
done

about "R-2.3.1-1: what a visit brings is noted, and then judged by"
fresh
start_nginx site --site pin.test --chain good \
	--header "Public-Key-Pins: $(header 5000 rootA backup)"
expect_exit 0 client site --learn
expect_out '^verdict=unpinned .*http=200 noted=noted why=ok$'
expect_exit 0 pinstore --store "$store" list --json
expect_json out 'len(d) == 1 and d[0]["source"] == "header"'
start_tlsserv thief --chain mitm \
	-r 'HTTP/1.1 200 OK\r\nPublic-Key-Pins: max-age=0\r\nContent-Length: 0\r\n\r\n'
remember
try 90 0 thief --learn
expect_unchanged
expect_exit 0 client site
expect_out '^verdict=matched'

about "R-2.3.3-3 expiry, by the client's clock"
now=$(date +%s)
try 90 0 thief --at $((now + 4900))
try 0 1 thief --at $((now + 5100))
expect_out '^verdict=unpinned'
stop thief
stop site

about "R-2.6-14: a store that cannot be used refuses"
fresh
mkdir "$store"
chmod 700 "$store"
echo "no store" >"$store/data.mdb"
chmod 600 "$store/data.mdb"
try 120 0 good
expect_err "^pinclient: \(120\) $store"
fresh
try 0 1 good
