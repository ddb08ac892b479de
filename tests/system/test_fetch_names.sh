#!/bin/sh
# test_fetch_names.sh - one host has one name, however it is written; several
# connections to it are judged one by one.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
evil=$(printf 'ev\033[31mil\302\205')
make_pki 'idn:intB:xn--bcher-kva.test,xn--fa-hia.test' "$evil:intB:pin.test"
start_tlsserv mitm --chain mitm
start_tlsserv idn --chain idn
start_tlsserv good --chain good

pinned()
{
	must pinstore --store "$store" pin "$1" "$(pin good)" "$(pin backup)" >/dev/null
}

about "T-030 H-5 H-6 spellings of a pinned name"
expect_exit 0 fetch $(at pin.test "$mitm_port") "https://pin.test:$mitm_port/"
expect_requests mitm 1 # the lab's impostor answers whom it can
pinned pin.test
for spelling in pin.test. PIN.test pin.TEST. 'p%69n.test' 'p%49N.test' \
	'ｐin.test' 'pin。test'; do
	expect_exit 90 fetch $(at pin.test "$mitm_port") \
		"https://$spelling:$mitm_port/"
	expect_err '^pinfetch: \(90\) pin mismatch for pin\.test: '
done
expect_exit 90 fetch $(at pin.test "$mitm_port") "https://us:pw@PIN.test.:$mitm_port/"
expect_exit 90 fetch --connect-to "pin.test:443:127.0.0.1:$mitm_port" https://Pin.Test/
expect_requests mitm 1

about "R-2.3-1 T-033 T-034 names in other alphabets: one entry for each spelling"
pinned xn--bcher-kva.test
for spelling in bücher.test BÜCHER.test xn--bcher-kva.test XN--BCHER-KVA.test \
	"bu$(printf '\314\210')cher.test"; do
	expect_exit 90 fetch $(at xn--bcher-kva.test "$idn_port") \
		"https://$spelling:$idn_port/"
	expect_err 'pin mismatch for xn--bcher-kva.test: '
done
for locale in C C.UTF-8; do
	expect_exit 0 env LC_ALL=$locale timeout 60 pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at xn--fa-hia.test "$idn_port") \
		"https://faß.test:$idn_port/"
done
expect_exit 6 fetch $(at xn--fa-hia.test "$idn_port") "https://fass.test:$idn_port/"
expect_requests idn 2
expect_exit 0 cat idn/log
expect_out 'sni=xn--fa-hia.test'

about "T-099 one host, one run: each connection is judged for itself"
expect_exit 90 fetch $(at pin.test "$good_port") $(at pin.test "$mitm_port") \
	"https://pin.test:$good_port/1" "https://pin.test:$mitm_port/2" \
	"https://pin.test:$good_port/3" "https://pin.test:$mitm_port/4" \
	-s -w '%{pin_status}\n' --connect-to ::127.0.0.1:
grep -c '^okmatched$' out >matched
echo 2 >wanted
expect_same matched wanted
expect_requests good 2
expect_requests mitm 1
about "R-2.1-11 T-099 what the first URL notes, the second one meets"
rm -rf "$store"
start_tlsserv learn --chain good -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
	header 1000 good backup)\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 90 fetch $(at pin.test "$learn_port") $(at pin.test "$mitm_port") \
	"https://pin.test:$learn_port/" "https://pin.test:$mitm_port/"
expect_requests learn 1
expect_requests mitm 1

about "T-099 eight at once for eight hosts: no entry is lost"
rm -rf "$store"
children=
for i in 1 2 3 4 5 6 7 8; do
	fetch $(at h$i.pin.test "$learn_port") -s "https://h$i.pin.test:$learn_port/" \
		>out.$i 2>err.$i &
	children="$children $!"
done
for child in $children; do
	wait $child && ok "a fetch ended well" || fail "a fetch ended with $?"
done
expect_exit 0 pinstore --store "$store" list --json
expect_json out '[e["host"] for e in d] == ["h%d.pin.test" % i for i in range(1, 9)]'

about "T-143 what a certificate says is escaped"
rm -rf "$store"
pinned pin.test
start_tlsserv evil --chain "$evil"
expect_exit 90 fetch $(at pin.test "$evil_port") "https://pin.test:$evil_port/"
expect_err 'leaf +CN=ev\\x1b\[31mil'
expect_no_err "$(printf '\033')"
expect_requests evil 0
rm -rf "$store"
expect_exit 0 fetch $(at pin.test "$evil_port") "https://pin.test:$evil_port/"
expect_requests evil 1
