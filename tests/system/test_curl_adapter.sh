#!/bin/sh
# test_curl_adapter.sh - libpinstore-curl in an application of its own.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
H="Public-Key-Pins: $(header 1000 multi backup)"
start_nginx web --http2 --site pin.test --chain multi --header "$H" \
	--site other.test --chain multi --redirect 'https://pin.test:@PORT@/next' \
	--site a.test --chain multi --status 404 --header "$H" \
	--site b.test --chain multi
P=https://pin.test:$web_port O=https://other.test:$web_port
A=https://a.test:$web_port B=https://b.test:$web_port W=https://wrong.test:$web_port

client()
{
	timeout -k 5 60 "$top_builddir/tests/system/curlclient" "$store" \
		"$pki/trust.pem" "+*:${port-$web_port}:127.0.0.1" "$@"
}

pinned()
{
	must pinstore --store "$store" pin "$1" "$(pin "$2")" "$(pin "$3")" >/dev/null
}

cleared()
{
	must pinstore --store "$store" clear "$1" --yes --source all >/dev/null 2>&1
}

about "hosts without pins, kept connections, redirects, the caller's callbacks"
expect_exit 0 client easy $P/ $O/ $P/2
expect_out '^code=0 status=0 verdict=unpinned hops=1 noted=- .*asked=1 '
expect_out '^code=0 status=0 verdict=unpinned hops=3 noted=- .*asked=3 '
expect_out '^code=0 status=0 verdict=unpinned hops=4 noted=- .*asked=4 '
expect_requests web 4
remember
expect_json remembered.json 'd == []'

about "R-2.3.1-1 learning, each hop for its own host"
expect_exit 0 client easy,learn $O/ $A/ $B/
expect_out '^code=0 status=0 verdict=unpinned hops=2 noted=noted '
expect_out '^code=0 status=0 verdict=unpinned hops=3 noted=noted '
expect_out '^code=0 status=0 verdict=unpinned hops=4 noted=- '
expect_exit 0 pinstore --store "$store" list --json
expect_json out '[e["host"] for e in d] == ["a.test", "pin.test"]'
expect_exit 0 client easy,learn,failonerror,h1 $A/
expect_out '^code=22 status=0 verdict=matched hops=1 noted=(un|up)'
cleared pin.test
cleared a.test
requests_before=$(requests web)

about "the application's own callbacks: kept, and not only where we have none"
# The body, progress, socket and debug ones; and each header line once.
expect_exit 0 client easy,h1 $P/
expect_out '^code=0 .* headers=8 asked=1 others=4 verified=0$'
requests_before=$(requests web)
expect_exit 0 client easy,short,h1 $P/
expect_out '^code=23 status=0 verdict=unpinned .* headers=1 asked=1 '
expect_requests web $((requests_before + 1))

about "one further verification for a connection, none where nothing is pinned"
expect_exit 0 client easy $P/ $P/2 $P/3 $P/4 $P/5
expect_out '^code=0 .* hops=5 .* asked=5 .* verified=0$'
pinned pin.test multi backup
for version in '' ,h1 ,tls12; do
	before=$(requests web)
	expect_exit 0 client easy$version $P/ $P/2 $P/3 $P/4 $P/5
	expect_out '^code=0 .* verdict=matched hops=1 .* verified=1$'
	expect_out '^code=0 .* verdict=matched hops=5 .* asked=5 .* verified=1$'
	expect_requests web $((before + 5))
	expect_exit 0 tail -n 1 web/access.log
	expect_out 'nth=5$'
done
# Handles that share a connection share the verification.
before=$(requests web)
expect_exit 0 client multi,wait $P/ $P/2 $P/3 $P/4 $P/5
[ "$(grep -c '^code=0 .* verdict=matched hops=1 .* verified=1$' out)" -eq 5 ] &&
	ok "one verification for five handles" || fail "$(cat out)"
expect_requests web $((before + 5))
expect_exit 0 tail -n 1 web/access.log
expect_out 'nth=5$'
# Each of five connections once.
start_tlsserv closing --chain multi --close -r \
	"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n"
port=$closing_port
C=https://pin.test:$port
expect_exit 0 client easy $C/ $C/2 $C/3 $C/4 $C/5
expect_out '^code=0 .* verdict=matched hops=5 .* verified=5$'
port=$web_port
# The verification of one host does not do for another on the same server.
pinned other.test multi backup
expect_exit 0 client easy $O/ $P/2 $O/3
expect_out '^code=0 .* hops=5 .* verified=2$'
cleared other.test
# Learning verifies where a pin may be noted, once as well.
cleared pin.test
expect_exit 0 client easy,learn $P/ $P/2 $P/3
expect_out '^code=0 .* verdict=matched hops=3 .* verified=1$'
cleared pin.test

about "keep_chain: the path of a host without entry too, and never without one"
expect_exit 0 client easy $P/
expect_out 'verdict=unpinned .* path=0 '
expect_exit 0 client easy,chain $P/
expect_out 'verdict=unpinned .* path=3 '
expect_exit 0 client easy,chain,insecure $W/
expect_out '^code=42 status=-7 verdict=reject hops=1 noted=- path=0 '
requests_before=$(requests web)

about "A-40 A-48 -k never for a host that is pinned"
expect_exit 0 client easy,insecure,learn $W/
expect_out '^code=0 status=0 verdict=unpinned hops=1 noted=- '
expect_requests web $((requests_before + 1))
pinned wrong.test multi backup
expect_exit 0 client easy,insecure $W/
expect_out '^code=42 status=-7 verdict=reject hops=1 '
expect_exit 0 client easy $W/
expect_out '^code=60 status=-8 verdict=reject hops=0 '
pinned pin.test good backup
expect_exit 0 client easy,insecure $P/
expect_out '^code=42 status=0 verdict=reject hops=1 '
cleared pin.test
pinned pin.test multi backup
expect_exit 0 client easy,insecure $P/
expect_out '^code=0 status=0 verdict=matched hops=1 '
expect_requests web $((requests_before + 2))
cleared pin.test

about "require_pin"
expect_exit 0 client easy,require $P/
expect_out '^code=42 status=-5 verdict=reject hops=1 .*asked=0 '
expect_requests web $((requests_before + 2))
pinned pin.test multi backup
expect_exit 0 client easy,require $P/
expect_out '^code=0 status=0 verdict=matched '
expect_requests web $((requests_before + 3))

about "the caller's own prerequest may refuse as well"
expect_exit 0 client easy,abort $P/
expect_out '^code=42 status=0 verdict=matched hops=1 .*asked=1 '
expect_requests web $((requests_before + 3))
cleared pin.test

about "under curl_multi, each handle by itself"
pinned pin.test good backup
expect_exit 0 client multi $O/ $A/ $P/ $B/
grep '^code' out | cut -d' ' -f1-4 | tr '\n' '/' >lines
echo 'code=42 status=0 verdict=reject hops=2/code=0 status=0 verdict=unpinned hops=1/code=42 status=0 verdict=reject hops=1/code=0 status=0 verdict=unpinned hops=1/' |
	tr -d '\n' >wanted
expect_same lines wanted
expect_exit 0 cat web/access.log
expect_no_out 'host=pin.test.*nth=9'
expect_requests web $((requests_before + 6))

about "T-052 T-053 a pool of connections that another handle filled"
expect_exit 0 client share $P/
expect_out '^plain: code=0'
expect_out '^code=42 status=0 verdict=reject hops=1 '
expect_requests web $((requests_before + 7))
# The pool was filled by a handle that verifies nothing at all.
for flags in blind blind,insecure blind,h1,insecure; do
	before=$(requests web)
	expect_exit 0 client share,$flags $P/
	expect_out '^plain: code=0'
	expect_out '^code=42 status=0 verdict=reject hops=1 '
	expect_requests web $((before + 1))
done
cleared pin.test
before=$(requests web)
expect_exit 0 client share,h1 $P/
expect_out '^code=0 status=0 verdict=unpinned hops=1 '
expect_requests web $((before + 2))
expect_exit 0 tail -n 1 web/access.log
expect_out 'nth=2$'

about "under curl_multi, twelve at once, on both versions of HTTP"
pinned pin.test good backup
for version in '' ,h1; do
	before=$(requests web)
	expect_exit 0 client multi$version $A/ $P/1 $B/ $P/2 $A/2 $P/3 $B/2 \
		$A/3 $P/4 $B/3 $P/5 $B/4
	grep '^code' out | cut -d' ' -f1,3 | tr -d '\n' >lines
	for host in A P B P A P B A P B P B; do
		case $host in
		P) printf 'code=42 verdict=reject' ;;
		*) printf 'code=0 verdict=unpinned' ;;
		esac
	done >wanted
	expect_same lines wanted
	expect_requests web $((before + 7))
	expect_exit 0 tail -n 7 web/access.log
	expect_no_out 'host=pin.test'
done
cleared pin.test

about "T-053 a TLS session of a handle without pins, in a shared cache"
start_tlsserv cache --chain mitm --tls 1.2 --close -r \
	"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n"
port=$cache_port
expect_exit 0 client share,dropped "https://pin.test:$port/"
expect_out '^plain: code=0'
expect_out '^code=0 status=0 verdict=unpinned '
expect_requests cache 2
pinned pin.test good backup
expect_exit 0 client share,dropped "https://pin.test:$port/"
expect_out '^plain: code=0'
expect_out '^code=42 status=0 verdict=reject hops=1 '
expect_requests cache 3
expect_exit 0 grep -c '^connection [24] tls=TLSv1.2 resumed=True' cache/log
expect_out '^2$'
cleared pin.test
port=$web_port

about "curl_easy_reset(): what no check has seen does not pass for judged"
expect_exit 0 client reset $P/
grep '^code' out | cut -d' ' -f1-3 | tr '\n' '/' >lines
echo 'code=0 status=0 verdict=unpinned/code=0 status=-8 verdict=reject/code=0 status=-8 verdict=reject/code=0 status=0 verdict=unpinned/' |
	tr -d '\n' >wanted
expect_same lines wanted

about "curl_easy_duphandle(): refused until attached, and no hop of the original"
before=$(requests web)
start_tlsserv plain --plain
expect_exit 0 client duplicate $P/ "http://127.0.0.1:$plain_port/"
sed -n 's/ noted=.*//; /code=/p' out >lines
cat >wanted <<'END'
duplicate: code=42
code=0 status=0 verdict=unpinned hops=1
duplicate: code=42
code=0 status=0 verdict=unpinned hops=1
code=0 status=0 verdict=unpinned hops=2
code=0 status=0 verdict=unpinned hops=1
duplicate: code=42
END
expect_same lines wanted
expect_requests web $((before + 3))

about "a prerequest that the application took away: the answer is refused"
expect_exit 0 client override $P/
expect_out '^code=23 status=-8 verdict=reject hops=0 '

about "a transfer that ends before a request is not judged"
expect_exit 0 client easy https://nowhere.invalid/ 
expect_out '^code=6 status=-8 verdict=reject hops=0 '

about "A-45 http:// through an HTTPS proxy: the session is the proxy's"
start_tlsserv back --plain -r "HTTP/1.1 200 OK\\r\\n$H\\r\\nContent-Length: 0\\r\\n\\r\\n"
start_proxy secure --tls --chain multi --map "pin.test:80=$back_port"
port=$secure_port
expect_exit 0 env http_proxy="https://pin.test:$port" timeout 60 \
	"$top_builddir/tests/system/curlclient" "$store" "$pki/trust.pem" \
	"+*:$port:127.0.0.1" easy,learn http://pin.test/
expect_out '^code=0 status=0 verdict=unpinned hops=1 noted=- '
expect_requests secure 1
expect_requests back 1
expect_exit 0 pinstore --store "$store" list pin.test --json
expect_json out 'd == []'
port=$web_port

about "A-50 other schemes are refused"
expect_exit 0 client easy "file:///etc/passwd"
expect_out '^code=42 status=-8 verdict=reject'

about "F-26 a certificate for another purpose passes libcurl, and no pins"
start_tlsserv mail --chain purpose -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
	header 1000 purpose backup)\\r\\nContent-Length: 0\\r\\n\\r\\n"
port=$mail_port
expect_exit 0 client easy,learn "https://pin.test:$port/"
expect_out '^code=0 status=0 verdict=unpinned hops=1 noted=no'
expect_requests mail 1
expect_exit 0 pinstore --store "$store" list pin.test --json
expect_json out 'd == []'
pinned pin.test purpose backup
expect_exit 0 client easy,learn "https://pin.test:$port/"
expect_out '^code=42 status=-7 verdict=reject hops=1 '
expect_requests mail 1
cleared pin.test

about "T-051 a connection that is kept: the store is asked for each request"
start_tlsserv keep --chain mitm
port=$keep_port
mkfifo go
timeout 60 "$top_builddir/tests/system/curlclient" "$store" "$pki/trust.pem" \
	"+*:$port:127.0.0.1" easy,keep "https://pin.test:$port/1" \
	"https://pin.test:$port/2" "https://pin.test:$port/3" <go >out 2>err &
client=$!
exec 9>go
expect_requests keep 1
echo >&9
expect_requests keep 2
pinned pin.test good backup
echo >&9
exec 9>&-
wait $client
expect_out '^code=42 status=0 verdict=reject hops=3 '
expect_requests keep 2
expect_exit 0 cat keep/log
expect_no_out '^connection 2'

# acts NAME RIGHT FLAG,OTHER...: a member of the setup, with what comes of it
# and of another value (T-013)
tested=
acts()
{
	tested="$tested $1"
	about "T-013 pinstore_curl_setup.$1"
	expect_exit "${5-0}" client easy$3 $P/
	expect_out "$2"
	expect_exit "${6-0}" client easy$4 $P/
	if [ "${6-0}" -eq 0 ]; then expect_no_out "$2"; fi
}
port=$web_port
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" \
	--expires 30m >/dev/null
acts size '^code=42 ' '' ,nosize 0 99
acts clock '^code=42 ' '' ,noclock 0 99
acts clock_arg '^code=42 ' '' ,later
cleared pin.test
acts header '^code=0 ' '' ,short
acts header_arg 'headers=[1-9]' '' ,require
acts prereq '^code=0 ' '' ,abort
acts prereq_arg 'asked=1' '' ,require
acts require_pin '^code=42 status=-5' ,require ''
acts keep_chain 'path=3' ,chain ''
acts no_learn 'noted=-' '' ,learn
cleared pin.test
acts unknown '^code=42 status=-5' ,stranger ''
acts unknown_arg '^code=42 status=-5' ,stranger ,stranger,welcome
P=$W
must pinstore --store "$store" clear wrong.test --yes --source all >/dev/null 2>&1
acts insecure_unpinned '^code=0 ' ,insecure ''
about "T-013 D-31 pinstore_curl_setup.through_proxy: no peer is a private one"
tested="$tested through_proxy"
P=https://pin.test:$web_port
for row in 'easy True' 'easy,proxied False'; do
	set -- $row
	must pinstore --store "$store" note --chain-pin "$(pin backup)" pin.test \
		"$(header 999 backup b -- 'report-uri="https://sink.test/"')" >/dev/null
	expect_exit 0 client "$1" $P/
	expect_out '^code=42 '
	expect_exit 0 pinstore --store "$store" report list --json
	expect_json out "len(lines) == 1 and d['private'] is $2"
	must pinstore --store "$store" report drop --all >/dev/null
	must pinstore --store "$store" clear --yes pin.test >/dev/null
done
about "T-013 every member of the setup has a negative case"
sed -n '/^struct pinstore_curl_setup {/,/^}/p' \
	"$top_srcdir/libpinstore/include/pinstore/curl.h" |
	sed -n 's/^	.*(\*\([a-z_]*\)).*;.*/\1/p; t
		s/^	[^(]*[ *]\([a-z_]*\);.*/\1/p' | sort >wanted
printf '%s\n' $tested | sort >lines
expect_same wanted lines
[ "$(wc -l <wanted)" -ge 11 ] && ok "members are found" || fail "no members"
