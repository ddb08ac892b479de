#!/bin/sh
# test_fetch_hops.sh - resumed sessions, kept connections, redirects: the policy
# that stands now decides on every request.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
S='Content-Length: 2\r\n\r\nok'

pinned()
{
	host=$1
	shift
	pins=
	for key; do
		pins="$pins $(pin "$key")"
	done
	must pinstore --store "$store" pin "$host" $pins >/dev/null
}

# when ID N COMMAND...: run it as soon as the log of ID has N requests, while
# the server still waits before it answers
when()
{
	log=$T/$1/log
	count=$2
	shift 2
	(
		trap - EXIT
		tries=0
		until [ "$(grep -c '^request ' "$log" 2>/dev/null)" -ge "$count" ]; do
			tries=$((tries + 1))
			[ $tries -lt 400 ] || exit 1
			sleep 0.05
		done
		"$@" >/dev/null 2>&1
	) &
	meanwhile=$!
}

# expect_log ID PATTERN: a server may log what ended at once a little later
expect_log()
{
	tries=0
	until grep -Eq -e "$2" "$T/$1/log"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || break
		sleep 0.05
	done
	expect_exit 0 cat "$1/log"
	expect_out "$2"
}

about "4 T-054 a TLS 1.2 session from before the pin, resumed"
start_tlsserv old --chain mitm --tls 1.2 --close --delay 2 \
	-r "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n$S"
expect_exit 0 fetch $(at pin.test "$old_port") \
	"https://pin.test:$old_port/1" "https://pin.test:$old_port/2"
expect_exit 0 cat old/log
expect_out '^connection 1 tls=TLSv1.2 resumed=False'
expect_out '^connection 2 tls=TLSv1.2 resumed=True'
expect_requests old 2
when old 3 pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)"
expect_exit 90 fetch $(at pin.test "$old_port") \
	"https://pin.test:$old_port/3" "https://pin.test:$old_port/4"
must wait $meanwhile
expect_out '^ok$'
expect_requests old 3
expect_log old '^connection 4 tls=TLSv1.2 resumed=True'
expect_no_out 'GET /4'
about "4 T-055 after clear: the session is resumed, and accepted"
when old 4 pinstore --store "$store" clear pin.test --yes --source all
must pinstore --store "$store" pin pin.test "$(pin mitm)" "$(pin backup)" >/dev/null
expect_exit 0 fetch $(at pin.test "$old_port") \
	"https://pin.test:$old_port/5" "https://pin.test:$old_port/6" \
	-s -o /dev/null -o /dev/null -w '%{pin_status}\n'
must wait $meanwhile
tr '\n' ' ' <out >joined
grep -qx 'matched unpinned ' joined && ok "matched, then unpinned" ||
	fail "not matched and unpinned, but $(cat joined)"
expect_requests old 5
expect_log old '^connection 6 tls=TLSv1.2 resumed=True'

about "5 T-051 a connection that is kept, and a pin that comes meanwhile"
start_tlsserv kept --chain mitm --delay 2
when kept 1 pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)"
expect_exit 90 fetch $(at pin.test "$kept_port") \
	"https://pin.test:$kept_port/1" "https://pin.test:$kept_port/2"
must wait $meanwhile
expect_requests kept 1
expect_exit 0 cat kept/log
expect_no_out '^connection 2'
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $(at pin.test "$kept_port") \
	"https://pin.test:$kept_port/3" "https://pin.test:$kept_port/4"
expect_requests kept 3
expect_exit 0 cat kept/log
expect_no_out '^connection 3'

about "5 R-2.6-1 T-065 a redirect to a host that is pinned"
start_tlsserv there --chain mitm
start_tlsserv here --chain good --delay 2 \
	-r "HTTP/1.1 302 Go\\r\\nLocation: https://other.test:$there_port/x\\r\\nContent-Length: 0\\r\\n\\r\\n"
names="$(at pin.test "$here_port") $(at other.test "$there_port")"
expect_exit 0 fetch $names -L "https://pin.test:$here_port/"
expect_out '^ok'
expect_requests there 1
pinned other.test good backup
expect_exit 90 fetch $names -L "https://pin.test:$here_port/" -d 'a secret'
expect_err '^pinfetch: \(90\) pin mismatch for other.test: '
expect_requests here 2
expect_requests there 1
expect_exit 0 cat there/log
expect_no_out 'secret'
must pinstore --store "$store" clear other.test --yes --source all >/dev/null 2>&1
about "5 the pin comes while the first hop is answered"
when here 3 pinstore --store "$store" pin other.test "$(pin good)" "$(pin backup)"
expect_exit 90 fetch $names -L "https://pin.test:$here_port/"
must wait $meanwhile
expect_requests here 3
expect_requests there 1
about "5 and back: a redirect on one connection, whose host is pinned meanwhile"
start_tlsserv self --chain mitm --delay 2 \
	-r 'HTTP/1.1 302 Go\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n' \
	-r "HTTP/1.1 200 OK\\r\\n$S"
when self 1 pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)"
expect_exit 90 fetch $(at pin.test "$self_port") -L "https://pin.test:$self_port/"
must wait $meanwhile
expect_requests self 1
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $(at pin.test "$self_port") -L "https://pin.test:$self_port/"
expect_requests self 2

about "A-41 T-051 the same name on another port: another connection, its own chain"
start_tlsserv impostor --chain mitm
start_tlsserv honest --chain good \
	-r "HTTP/1.1 302 Go\\r\\nLocation: https://pin.test:$impostor_port/\\r\\nContent-Length: 0\\r\\n\\r\\n"
names="$(at pin.test "$honest_port") $(at pin.test "$impostor_port")"
pinned pin.test good backup
expect_exit 90 fetch $names -L "https://pin.test:$honest_port/"
expect_requests honest 1
expect_requests impostor 0
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $names -L "https://pin.test:$honest_port/"
expect_requests honest 2
expect_requests impostor 1

about "H-12 H-13 the host of a redirect is brought to its one form"
rm -rf "$store"
pinned other.test good backup
for spelling in OTHER.test other.test. 'other%2etest' 'o%74her.test'; do
	start_tlsserv spell --chain good \
		-r "HTTP/1.1 302 Go\\r\\nLocation: https://$spelling:$there_port/\\r\\nContent-Length: 0\\r\\n\\r\\n"
	expect_exit 90 fetch $(at pin.test "$spell_port") \
		$(at other.test "$there_port") -L "https://pin.test:$spell_port/"
	expect_err 'pin mismatch for other.test'
	stop spell
done
expect_requests there 1

about "T-050 D-30 HTTP/2: two names on one address and one certificate"
start_nginx h2 --http2 --site pin.test --chain multi \
	--site other.test --chain multi
names="$(at pin.test "$h2_port") $(at other.test "$h2_port")"
expect_exit 90 fetch $names "https://pin.test:$h2_port/" \
	"https://other.test:$h2_port/"
expect_requests h2 1
must pinstore --store "$store" clear other.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $names "https://pin.test:$h2_port/" \
	"https://other.test:$h2_port/" "https://pin.test:$h2_port/"
expect_requests h2 4
expect_exit 0 cat h2/access.log
expect_out 'host=pin.test .*http=HTTP/2.0 .*nth=2'

about "T-064 no request, body or password reaches an impostor"
pinned pin.test good backup
start_tlsserv mitm --chain mitm
expect_exit 90 fetch $(at pin.test "$mitm_port") -d 'secret1' \
	-H 'Authorization: secret2' "https://us:secret3@pin.test:$mitm_port/secret4"
expect_log mitm '^connection 1 '
expect_no_out 'octets|request|secret|Authorization'
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $(at pin.test "$mitm_port") -d 'secret1' \
	-H 'Authorization: secret2' "https://us:secret3@pin.test:$mitm_port/secret4"
expect_exit 0 cat mitm/log
expect_out 'secret4.*secret2.*secret1'
