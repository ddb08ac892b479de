#!/bin/sh
# test_recipes_names.sh - names that an attacker writes: spellings of one host,
# addresses, what a certificate or a URL makes of a name.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every refusal is shown with the log of a server that got nothing, and every
# server that can be let in is let in once where nothing is pinned.  T-033 is in
# test_fetch_names.sh, T-037 in test_pinstore_note.sh and tests/unit/test_host.c.
. "$top_srcdir/tests/support/lib.sh"
PATH=$top_builddir/tests/system:$PATH
make_pki 'fass:intB:fass.test,xn--fa-hia.test' 'evil:intB:evil.test,pin.test' \
	'foreign:intB:github.io,*.github.io'
must "$python" "$top_srcdir/tests/support/namepki.py" "$pki" \
	'nul:intA:pin.test\0.evil.test' 'dnsip:intA:127.0.0.1' \
	'dnswild:intA:*.0.0.1' 'stem:intA:x*.test,p*.test,pi*.test' \
	'top:intA:*.test' 'xn:intA:xn--*.test' 'star:intA:*'
E='Content-Length: 2\r\n\r\nok'

pinned()
{
	rm -rf "$store"
	must pinstore --store "$store" pin "$@" >/dev/null
	remember
}

# Z and S= of the recipes
nothing_happened()
{
	expect_requests "$1" "${2:-0}"
	expect_unchanged
}

# learning ID CHAIN NAMES: a server that sends a valid field for all below it
learning()
{
	start_tlsserv "$1" --chain "$2" -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
		header 1000 "$2" backup -- includeSubDomains)\\r\\n$E"
}

entries()
{
	expect_exit 0 pinstore --store "$store" list --json
	expect_json out "$1"
}

about "T-030 by the API: a final dot, capitals"
start_tlsserv mitm --chain mitm
expect_exit 0 pinclient --store "$store" --cafile "$pki/trust.pem" "pin.test:$mitm_port"
expect_requests mitm 1
pinned pin.test "$(pin rootA)" "$(pin backup)"
for host in pin.test. PIN.test pin.TEST.; do
	expect_exit 90 pinclient --store "$store" --cafile "$pki/trust.pem" \
		"$host:$mitm_port"
	nothing_happened mitm 1
done
for url in https://pin.test.:$mitm_port/ https://PIN.test:$mitm_port/; do
	expect_exit 90 fetch $(at pin.test "$mitm_port") "$url"
	nothing_happened mitm 1
done
expect_exit 90 fetch --connect-to "::127.0.0.1:$mitm_port" https://pin.test.:443/
nothing_happened mitm 1

about "T-031 what PIN.TEST says is noted for pin.test"
rm -rf "$store"
learning good good
expect_exit 0 fetch $(at pin.test "$good_port") "https://PIN.TEST:$good_port/"
entries '[e["host"] for e in d] == ["pin.test"]'

about "T-032 the operator's spelling"
pinned PIN.Test. "$(pin good)" "$(pin backup)"
expect_exit 0 pinstore --store "$store" show --json pin.test
expect_json out 'd["entries"][0]["host"] == "pin.test"'
expect_exit 0 pinstore --store "$store" clear --yes --source all pin.test.
entries 'd == []'

about "T-034 the entry of the name that is connected to"
start_tlsserv fass --chain fass
for locale in C C.UTF-8; do
	pinned xn--fa-hia.test "$(pin rootB)" "$(pin backup)"
	expect_exit 0 env LC_ALL=$locale timeout 60 pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at xn--fa-hia.test "$fass_port") \
		-o body -w '%{pin_status} %{pin_host}' "https://faß.test:$fass_port/"
	expect_out '^matched xn--fa-hia\.test$'
	expect_exit 0 grep '^connection' fass/log
	expect_out 'sni=xn--fa-hia\.test'
	pinned xn--fa-hia.test "$(pin rootA)" "$(pin backup)"
	seen=$(requests fass)
	expect_exit 90 env LC_ALL=$locale timeout 60 pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at xn--fa-hia.test "$fass_port") \
		"https://faß.test:$fass_port/"
	expect_err 'pin mismatch for xn--fa-hia\.test'
	nothing_happened fass "$seen"
	expect_exit 0 env LC_ALL=$locale timeout 60 pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $(at fass.test "$fass_port") -o body \
		-w '%{pin_status}' "https://fass.test:$fass_port/"
	expect_out '^unpinned$'
	expect_exit 0 grep -c 'sni=fass\.test' fass/log
done

about "T-035 T-036 a public suffix in each spelling"
learning psl psl
start_tlsserv foreign --chain foreign
for host in github.io GitHub.io github.io. GITHUB.IO; do
	rm -rf "$store"
	expect_exit 0 fetch $(at github.io "$psl_port") "https://$host:$psl_port/"
	expect_err 'public suffix'
	entries '[(e["host"], e["include_subdomains"]) for e in d] == [("github.io", False)]'
	expect_exit 0 fetch $(at victim.github.io "$foreign_port") -o body \
		"https://victim.github.io:$foreign_port/"
	seen=$(requests foreign)
	remember
	expect_exit 90 fetch $(at github.io "$foreign_port") \
		"https://$host:$foreign_port/"
	nothing_happened foreign "$seen"
done
about "T-035 below it a name is one like others, and touches no neighbour"
rm -rf "$store"
expect_exit 0 fetch $(at evil.github.io "$psl_port") "https://evil.github.io.:$psl_port/"
expect_no_err 'public suffix'
entries '[(e["host"], e["include_subdomains"]) for e in d] == [("evil.github.io", True)]'
expect_exit 0 fetch $(at victim.github.io "$foreign_port") -o body \
	"https://victim.github.io:$foreign_port/"
expect_exit 90 fetch $(at evil.github.io "$foreign_port") \
	"https://evil.github.io:$foreign_port/"
about "T-036 the rule switched off: all of the suffix is pinned"
rm -rf "$store"
must pinstore --store "$store" config suffix-rule off >/dev/null
expect_exit 0 fetch $(at github.io "$psl_port") "https://github.io:$psl_port/"
entries '[e["include_subdomains"] for e in d] == [True]'
expect_exit 90 fetch $(at victim.github.io "$foreign_port") \
	"https://victim.github.io:$foreign_port/"

about "T-038 a NUL in a certificate's name, and in a URL"
start_tlsserv nul --chain nul
pinned pin.test "$(pin intA)" "$(pin backup)"
for option in '' -k; do
	expect_exit 60 fetch $(at pin.test "$nul_port") $option "https://pin.test:$nul_port/"
	nothing_happened nul
done
expect_exit 60 pinclient --store "$store" --cafile "$pki/trust.pem" "pin.test:$nul_port"
nothing_happened nul
for url in "https://pin.test%00.evil.test:$nul_port/" \
	"https://pin.test%00:$nul_port/"; do
	expect_exit 3 fetch $(at pin.test "$nul_port") "$url"
	nothing_happened nul
done
expect_exit 0 cat nul/log
expect_no_out 'sni=.*evil'
rm -rf "$store"
expect_exit 0 fetch $(at pin.test "$nul_port") -k -o body "https://pin.test:$nul_port/"
expect_requests nul 1
entries 'd == []'

about "T-039 addresses: no look-up, nothing noted, nothing pinned"
learning ip ip
pinned other.test "$(pin rootB)" "$(pin backup)"
for host in 127.0.0.1 127.1 2130706433 0x7f.1 0177.1 '１２７.0.0.1' '[::1]'; do
	expect_exit 0 fetch --connect-to "::127.0.0.1:$ip_port" -o body \
		-w '%{pin_status} %{pin_host}|' "https://$host:$ip_port/"
	expect_out '^unpinned \|$'
	expect_unchanged
	expect_exit 2 pinstore --store "$store" pin "$host" "$(pin ip)" "$(pin backup)"
	expect_unchanged
done
expect_requests ip 7

about "T-040 an address among a certificate's names"
for chain in dnsip dnswild; do
	start_tlsserv $chain --chain $chain
	eval "port=\$${chain}_port"
	rm -rf "$store"
	expect_exit 60 fetch "https://127.0.0.1:$port/"
	expect_requests $chain 0
	expect_exit 60 pinclient --store "$store" --cafile "$pki/trust.pem" \
		"127.0.0.1:$port"
	expect_requests $chain 0
	expect_exit 0 fetch -k -o body "https://127.0.0.1:$port/"
	expect_requests $chain 1
done

about "T-041 what a URL makes of a host"
start_tlsserv evil --chain evil
start_tlsserv honest --chain good
pinned pin.test "$(pin good)" "$(pin backup)"
names="$(at pin.test "$evil_port") $(at evil.test "$evil_port")"
for url in "https://pin.test%2f.evil.test:$evil_port/" \
	"https://pin.test%2F:$evil_port/" "https://pin.test%09:$evil_port/" \
	"https://pin.test%20:$evil_port/" "https://pin.test%40evil.test:$evil_port/" \
	"https://evil.test%23@pin.test%3f:$evil_port/"; do
	expect_exit 3 fetch $names "$url"
	nothing_happened evil
done
# libcurl takes what stands behind the at sign
for url in "https://evil.test\\@pin.test:$evil_port/" \
	"https://user:pw@pin.test:$evil_port/" \
	"https://evil.test:443@pin.test:$evil_port/"; do
	fetch $names "$url" >out 2>err
	got=$?
	case $got in
	3) ok "exit 3 of $url" ;;
	90) ok "exit 90 of $url" && expect_err 'pin mismatch for pin\.test: ' ;;
	*) fail "exit $got of $url" ;;
	esac
	nothing_happened evil
done
expect_exit 0 fetch $(at pin.test "$honest_port") -o body \
	-w '%{pin_status} %{pin_host}' "https://user:pw@pin.test:$honest_port/"
expect_out '^matched pin\.test$'
expect_exit 0 cat honest/log
expect_out 'sni=pin\.test'

about "T-042 wildcards that match too much"
for chain in stem top xn star; do
	start_tlsserv $chain --chain $chain
	eval "port=\$${chain}_port"
	for host in pin.test xn--bcher-kva.test bücher.test a.b.test test; do
		rm -rf "$store"
		case $host in
		bücher.test) dns=xn--bcher-kva.test ;;
		*) dns=$host ;;
		esac
		pinned $dns "$(pin intA)" "$(pin backup)"
		expect_exit 60 fetch $(at $dns "$port") "https://$host:$port/"
		nothing_happened $chain
	done
	rm -rf "$store"
	expect_exit 0 fetch $(at pin.test "$port") -k -o body "https://pin.test:$port/"
	expect_requests $chain 1
done

about "T-043 the host that is credited is the URL's"
rm -rf "$store"
expect_exit 0 fetch $(at pin.test "$good_port") -H 'Host: victim.test' -o body \
	"https://pin.test:$good_port/"
entries '[e["host"] for e in d] == ["pin.test"]'
expect_exit 0 cat good/log
expect_out 'Host: victim\.test'
for way in "--connect-to pin.test:443:victim.test:$good_port --resolve victim.test:$good_port:127.0.0.1" \
	"--connect-to ::127.0.0.1:$good_port"; do
	rm -rf "$store"
	expect_exit 0 fetch $way -H 'Host: victim.test' -o body https://pin.test/
	entries '[e["host"] for e in d] == ["pin.test"]'
done
