#!/bin/sh
# test_fetch_chain.sh - pins are compared with the validated path alone.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki

# try ID CODE WORDS [OPTION...]: fetch pin.test from server ID
try()
{
	server=$1
	code=$2
	subject_was=$subject
	about "$3"
	shift 3
	eval "port=\$${server}_port"
	expect_exit "$code" fetch $(at pin.test "$port") \
		"https://pin.test:$port/" "$@"
	subject=$subject_was
}

# pinned NAME...: pin.test is pinned to these and to nothing else
pinned()
{
	rm -rf "$store"
	pins=
	for key; do
		pins="$pins $(pin "$key")"
	done
	must pinstore --store "$store" pin pin.test $pins >/dev/null
	remember
}

start_tlsserv good --chain good
for place in front middle end; do
	for stray in leaf int root; do
		start_tlsserv ${stray}_$place --chain inject-$stray-$place --key mitm
	done
done

about "T-001 T-002 T-003 a stray certificate in the list that is served"
for which in leaf:good int:intA root:rootA; do
	stray=${which%:*}
	pinned "${which#*:}" backup
	try good 0 "the honest server, pinned by its $stray"
	for place in front middle end; do
		try ${stray}_$place 90 "3 T-001 the pinned $stray at the $place"
		expect_err "^pinfetch: \(90\) pin mismatch for pin.test: "
		expect_err "$(pin mitm | sed 's/[+]/[+]/g')  leaf"
		sed -n '/served/,$p' err >served
		grep -q "$(fingerprint "${which#*:}")" served &&
			fail "the stray is named as served" ||
			ok "the stray is not named as served"
		expect_requests ${stray}_$place 0
		expect_unchanged
	done
done
# The same server, the same log: it would have answered.
rm -rf "$store"
for stray in leaf int root; do
	for place in front middle end; do
		try ${stray}_$place 0 "without pins the impostor is let in"
		expect_requests ${stray}_$place 1
	done
done

about "T-004 an untrusted chain with the pinned certificates: 60, not 90"
start_tlsserv injectx --chain injectx --key mitm
pinned rootA backup
try injectx 60 "untrusted"
expect_no_err '\(90\)'
expect_requests injectx 0
expect_unchanged
rm -rf "$store"
try injectx 0 "with -k, without pins, it answers" -k
expect_requests injectx 1

about "6 T-005 any certificate of the path, the root that is not sent too"
for name in good intA rootA; do
	pinned $name backup
	try good 0 "pinned by $name" -w '\n%{pin_match}\n'
	expect_out "^$(pin $name | sed 's/[+]/[+]/g')\$"
done

about "T-006 T-007 a cross-signed intermediate"
start_tlsserv good_x --chain good_x --key good
pinned intA backup
try good_x 0 "the key is on the path"
pinned rootA backup
try good_x 90 "the root of the path used is not pinned"
expect_requests good_x 1

about "4.6 T-008: both intermediates, whichever comes first"
start_tlsserv good_ax --chain good_ax --key good
start_tlsserv good_xa --chain good_xa --key good
for name in rootA rootB; do
	pinned $name backup
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		for order in ax xa; do
			try good_$order 0 "order $order, $name is pinned" -v
			cat err >>err_$name$order
		done
	done
	expect_unchanged
done
for which in rootA:ax:0 rootA:xa:20 rootB:ax:20 rootB:xa:0; do
	name=${which%%:*}
	order=${which#*:}
	order=${order%:*}
	n=$(grep -c '^\* pins: on another valid path than GnuTLS settled on$' err_$name$order)
	[ "$n" -eq "${which##*:}" ] &&
		ok "$name, order $order: $n times by another path" ||
		fail "$name, order $order: $n times by another path"
done
pinned rootA backup
try good_xa 0 "the path that was judged is told" --pin-info
expect_err "^  path .*"
expect_err "$(pin rootA | sed 's/[+]/[+]/g')"
expect_err '^  settled   on another path, which was refused'
expect_exit 0 pinstore --store "$store" log
expect_out '  other-path +pin\.test .*  anchor sha256//'
pinned intB backup
for which in ax:40 xa:41; do
	try good_${which%:*} 90 "order ${which%:*}, neither path has the pin"
	expect_requests good_${which%:*} ${which#*:}
	expect_unchanged
done

about "6 T-020 T-060 a bad certificate on a pinned host: 60 first, -k or not"
pinned rootA backup
for name in expired early purpose wrongh sames; do
	start_tlsserv $name --chain $name \
		$([ $name = sames ] && echo --key good)
	for option in '' -k; do
		try $name 60 "$name ${option:-without -k}" $option
		expect_err '^pinfetch: \(60\) '
		expect_requests $name 0
		expect_unchanged
	done
done
rm -rf "$store"
for name in expired early purpose wrongh sames; do
	try $name 0 "$name is let in with -k where no pin is" -k
	expect_requests $name 1
done
for name in expired early wrongh sames; do
	try $name 60 "$name without pins and -k: libcurl's 60"
done

about "60 tells what GnuTLS found"
try expired 60 "expired"
expect_err '^  reason    .*expired'
try sames 60 "unknown issuer"
expect_err '^  reason    .*issuer'
try wrongh 60 "another name"
expect_err "does not match target host name 'pin.test'"
pinned rootA backup
try purpose 60 "a certificate for mail"
expect_err 'purpose'

about "T-015 --cacert replaces the system's trust"
start_tlsserv mitm --chain mitm
expect_exit 60 timeout -k 5 60 pinfetch --store "$store" \
	--cacert "$pki/trustA.pem" $(at pin.test "$mitm_port") \
	"https://pin.test:$mitm_port/"
expect_requests mitm 0
rm -rf "$store"
try mitm 0 "with both CAs it is let in"
expect_requests mitm 1
try good 0 "the good one goes on"
expect_exit 60 timeout -k 5 60 pinfetch --store "$store" \
	$(at pin.test "$good_port") "https://pin.test:$good_port/"

about "T-061 -k on a host without pins notes and removes nothing"
rm -rf "$store"
start_tlsserv learn --chain good -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
	header 1000 good backup)\\r\\nContent-Length: 0\\r\\n\\r\\n"
try learn 0 "-k" -k
expect_exit 0 pinstore --store "$store" list --json
expect_json out 'd == []'
try learn 0 "without -k it is noted"
expect_exit 0 pinstore --store "$store" list --json
expect_json out 'len(d) == 1'
