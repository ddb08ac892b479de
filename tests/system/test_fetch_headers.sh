#!/bin/sh
# test_fetch_headers.sh - which header of which answer counts.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
H1=$(header 1000 good backup)
RO=$(header 1000 mitm backup -- 'report-uri="https://sink.test/"')
H2=$(header 2000 good mitm)
E='Content-Length: 2\r\n\r\nok'
n=0

# serve ANSWER [OPTION...]: one more server, on $port, that answers so
serve()
{
	n=$((n + 1))
	answer=$1
	shift
	start_tlsserv s$n --chain good -r "$answer" "$@"
	eval "port=\$s${n}_port"
}

# visit CODE ANSWER [OPTION...]: fetch it, with those options
: >told
start_tlsserv teller --chain good --told told
visited=0
visit()
{
	code=$1
	printf '%s' "$2" >told
	shift 2
	expect_exit "$code" fetch $(at pin.test "$teller_port") \
		"https://pin.test:$teller_port/" "$@"
	visited=$((visited + 1))
	expect_requests teller $visited
}

stored()
{
	expect_exit 0 pinstore --store "$store" list --json
	expect_json out "$1"
}

forget()
{
	rm -rf "$store"
}

about "the lab learns at all: a positive control"
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1\\r\\n$E"
stored 'len(d) == 1 and d[0]["max_age_sent"] == 1000'
remember

about "7 R-2.3.1-9 T-077 interim answers and trailers count for nothing"
for status in '100 Continue' '102 Processing' '103 Early'; do
	visit 0 "HTTP/1.1 $status\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n$E"
	expect_unchanged
done
visit 0 "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok\\r\\n0\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n"
expect_unchanged
visit 0 "HTTP/1.1 103 Early\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H2\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n2\\r\\nok\\r\\n0\\r\\nPublic-Key-Pins: max-age=0\\r\\n\\r\\n"
stored 'd[0]["max_age_sent"] == 2000'
remember

about "7 R-2.3.1-9 T-077 nor does what a proxy says"
serve "HTTP/1.1 200 OK\\r\\n$E"
for status in '200 Connection established' '407 Who' '502 No'; do
	n=$((n + 1))
	start_proxy s$n --map "pin.test:443=$port" --connect-status "$status" \
		--connect-field 'Public-Key-Pins: max-age=0'
	eval "via=\$s${n}_port"
	expect_exit "$([ "${status%% *}" = 200 ] && echo 0 || echo 56)" \
		fetch -x "http://127.0.0.1:$via" https://pin.test/
	expect_requests s$n 1
	expect_unchanged
	stop s$n
done
about "7 T-077 the origin's own header through the proxy is noted"
serve "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=0\\r\\n$E"
n=$((n + 1))
start_proxy s$n --map "pin.test:443=$port" \
	--connect-field "Public-Key-Pins: $H1"
eval "via=\$s${n}_port"
expect_exit 0 fetch -x "http://127.0.0.1:$via" https://pin.test/ -w '%{pin_noted}'
expect_out 'removed$'
stored 'd == []'

about "7 R-2.2.2-2 R-2.3.1-7 T-080 plain HTTP notes and reports nothing, through an HTTPS-capable proxy neither"
forget
n=$((n + 1))
start_tlsserv s$n --plain -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1\\r\\nPublic-Key-Pins-Report-Only: $RO\\r\\n$E"
eval "plain=\$s${n}_port"
expect_exit 0 fetch $(at pin.test "$plain") "http://pin.test:$plain/"
[ ! -e "$store" ] && ok "no store was made for http://" ||
	fail "a store was made for http://"
n=$((n + 1))
start_proxy s$n --map "pin.test:80=$plain"
eval "via=\$s${n}_port"
expect_exit 0 fetch -x "http://127.0.0.1:$via" http://pin.test/
expect_requests s$n 1
[ ! -e "$store" ] && ok "no store was made" || fail "a store was made"
n=$((n + 1))
start_proxy s$n --tls --map "pin.test:80=$plain"
eval "via=\$s${n}_port"
expect_exit 2 fetch -x "https://localhost:$via" http://pin.test/
expect_err 'HTTPS proxy'
expect_exit 2 env https_proxy="HTTPS://localhost:$via" timeout 60 pinfetch \
	--store "$store" https://pin.test/
expect_err 'https_proxy'
# libcurl is content with one slash.
for proxy in "https:/localhost:$via" "HTTPS:///localhost:$via"; do
	expect_exit 2 fetch -x "$proxy" http://pin.test/
	expect_err 'HTTPS proxy'
	expect_exit 2 env http_proxy="$proxy" timeout 60 pinfetch \
		--store "$store" http://pin.test/
	expect_err 'http_proxy'
done
expect_requests s$n 0
[ -s "s$n/log" ] && fail "the proxy was spoken to: $(cat s$n/log)" ||
	ok "nobody spoke to the proxy"
expect_exit 0 curl -sS -x "https://localhost:$via" --proxy-insecure \
	http://pin.test/
expect_requests s$n 1 # it would have answered, and its log does tell
about "7 T-080 an http:// redirect to https:// notes the second answer only"
serve "HTTP/1.1 200 OK\\r\\n$E"
n=$((n + 1))
start_tlsserv s$n --plain -r "HTTP/1.1 301 Go\\r\\nPublic-Key-Pins: $H1\\r\\nLocation: https://pin.test:$port/\\r\\n$E"
eval "plain=\$s${n}_port"
expect_exit 0 fetch $(at pin.test "$plain") $(at pin.test "$port") -L \
	"http://pin.test:$plain/"
expect_out '^ok$'
stored 'd == []'

about "7 T-072 no pin matches, no backup, one pin, the same twice"
for names in 'mitm backup' 'good' 'good good' 'good intA' 'backup' 'good intA rootA'; do
	visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(header 1000 $names)\\r\\n$E" -v
	stored 'd == []'
	visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(header 1000 $names)\\r\\n$E" \
		-s -w '%{pin_noted}' -v
	case $names in
	mitm* | backup) expect_err '^\* pins: header of pin.test: ignored, no-match' ;;
	*) expect_err '^\* pins: header of pin.test: ignored, no-backup' ;;
	esac
	expect_out 'ignored$'
done

about "7 R-2.3.3-4 T-039 a host that is an address"
n=$((n + 1))
start_tlsserv s$n --chain ip -r "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(
	header 1000 ip backup)\\r\\n$E"
eval "port=\$s${n}_port"
expect_exit 0 fetch "https://127.0.0.1:$port/"
for spelling in 127.1 2130706433 0x7f.1 0177.1 '１２７.0.0.1'; do
	fetch "https://$spelling:$port/" >out 2>err
	stored 'd == []'
done
expect_exit 0 cat s$n/log
expect_out '^request '

about "R-2.3.1-10 T-043 the host that is credited is the URL's"
serve "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1\\r\\n$E"
expect_exit 0 fetch -H 'Host: victim.test' --connect-to \
	"pin.test:443:127.0.0.1:$port" "https://PIN.test./"
stored '[e["host"] for e in d] == ["pin.test"]'

about "7 R-2.3.1-5 T-079 only the first field counts"
two()
{
	forget
	visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $1\\r\\nX: y\\r\\npublic-key-pins: $2\\r\\n$E" -v
}
two "$H1" "$H2"
expect_err '1 more ignored'
stored 'len(d) == 1 and d[0]["max_age_sent"] == 1000'
two "$H1" 'max-age=0'
stored 'len(d) == 1 and d[0]["max_age_sent"] == 1000'
two 'max-age=0' "$H1"
stored 'd == []'
two 'max-age' "$H1"
stored 'd == []'
two "$H1, $H1" 'x'
stored 'd == []'
forget
{
	printf 'HTTP/1.1 200 OK\r\n'
	"$python" -c "print('Public-Key-Pins: $H1\r\n' * 1000, end='')"
	printf 'Content-Length: 2\r\n\r\nok'
} >many
n=$((n + 1))
start_tlsserv s$n --chain good -f many
eval "port=\$s${n}_port"
expect_exit 0 fetch $(at pin.test "$port") "https://pin.test:$port/" -v
expect_err '999 more ignored'
stored 'len(d) == 1'

about "R-2.1-13 T-078 a folded field is read as one line"
forget
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=1000;\\r\\n pin-sha256=\"$(
	fingerprint good)\";\\r\\n\\tpin-sha256=\"$(fingerprint backup)\"\\r\\n$E"
stored 'len(d) == 1 and len(d[0]["pins"]) == 2'

about "T-081 D-25 an answer that breaks off"
broken()
{
	forget
	n=$((n + 1))
	start_tlsserv s$n --chain good --drop -r "$1"
	eval "port=\$s${n}_port"
	fetch $(at pin.test "$port") "https://pin.test:$port/" >out 2>err
	got=$?
	[ "$got" -ne 0 ] && [ "$got" -lt 90 ] && ok "the fetch failed: $got" ||
		fail "the fetch ended with $got"
	expect_requests s$n 1
	stored "$2"
	stop s$n
}
broken "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1" 'd == []'
broken "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1\\r\\n" 'd == []'
broken "HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\nPublic-Key-Pins: $H1\\r\\n\\r\\n" \
	'len(d) == 1'
broken "HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\nPublic-Key-Pins: $H1\\r\\n\\r\\nmid" \
	'len(d) == 1'

about "T-084 every answer of the origin counts, whatever its status"
for status in 200 204 206 301 304 401 404 407 500 503; do
	forget
	visit 0 "HTTP/1.1 $status X\\r\\nPublic-Key-Pins: $H1\\r\\nContent-Length: 0\\r\\n\\r\\n"
	stored 'len(d) == 1'
done
forget
visit 22 "HTTP/1.1 404 X\\r\\nPublic-Key-Pins: $H1\\r\\nContent-Length: 0\\r\\n\\r\\n" -f
stored 'len(d) == 1'
forget
visit 0 "HTTP/1.1 200 X\\r\\nPublic-Key-Pins: $H1\\r\\nContent-Length: 2\\r\\n\\r\\n" -I
stored 'len(d) == 1'
forget
visit 0 "HTTP/1.1 200 X\\r\\nPublic-Key-Pins: $H1\\r\\n$E" -X OPTIONS
stored 'len(d) == 1'
about "T-084 each hop of a redirect counts for its own host"
forget
serve "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $(header 3000 multi backup)\\r\\n$E" \
	--chain multi
last=$port
serve "HTTP/1.1 302 Go\\r\\nPublic-Key-Pins: $H1\\r\\nLocation: https://b.test:$last/\\r\\n$E"
expect_exit 0 fetch $(at pin.test "$port") $(at b.test "$last") -L \
	"https://pin.test:$port/"
stored '{e["host"]: e["max_age_sent"] for e in d} == {"pin.test": 1000, "b.test": 3000}'

about "R-2.1-1 R-6-1 T-085 spellings of the field's name"
for name in public-key-pins PUBLIC-KEY-PINS; do
	forget
	visit 0 "HTTP/1.1 200 X\\r\\n$name: $H1\\r\\n$E"
	stored 'len(d) == 1'
done
for name in 'X-Public-Key-Pins' 'Public-Key-Pins2' 'Public-Key-Pin' 'Public_Key_Pins'; do
	forget
	visit 0 "HTTP/1.1 200 X\\r\\n$name: $H1\\r\\n$E"
	stored 'd == []'
done

about "R-2.3.4-1 what a page says of itself is not read"
forget
body="<html><head><meta http-equiv='Public-Key-Pins' content='$H1'>"
body="$body<meta http-equiv='Public-Key-Pins-Report-Only' content='$H1'></head>"
visit 0 "HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nContent-Length: ${#body}\\r\\n\\r\\n$body"
expect_out 'http-equiv'
stored 'd == []'

about "T-087 octet by octet"
forget
serve "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $H1\\r\\n$E" --slow
expect_exit 0 fetch $(at pin.test "$port") "https://pin.test:$port/"
stored 'len(d) == 1'

about "T-070 T-071 R-2.3.1-8 fields that change nothing, on a pinned host"
remember
for value in 'max-age=abc' 'max-age=' 'max-age=-1' 'max-age=+1' 'max-age=1.5' \
	'max-age=0x10' 'max-age=1 2' "max-age='1'" '' ';' 'max-age="'; do
	visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: $value\\r\\n$E" -v
	expect_unchanged
done
about "R-2.1.1-6 T-071 no pin of a known kind: removed, with a warning"
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=5; pin-sha1=\"AAAA\"\\r\\n$E"
expect_err '^pinfetch: warning: pin.test sent no pin of a known kind: its entry was removed$'
stored 'd == []'

about "R-2.3.2-2 R-2.3.2-7 T-083 Report-Only enforces and stores nothing"
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins-Report-Only: $(
	header 1000 mitm backup)\\r\\n$E"
stored 'd == []'
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins-Report-Only: $(
	header 1000 mitm backup)\\r\\nPublic-Key-Pins: $H1\\r\\n$E"
stored 'len(d) == 1 and d[0]["mode"] == "enforce"'
about "R-2.3.2-3 T-083 with a report-uri a mismatch is reported, a match is not"
for keys in 'mitm backup' 'good backup'; do
	visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins-Report-Only: $(
		header 1000 $keys -- 'report-uri="https://sink.test/"')\\r\\n$E"
	expect_exit 0 pinstore --store "$store" report list --json
	expect_json out '(d["kind"], d["host"], d["uri"]) == ("pkp-ro", "pin.test", "https://sink.test/")'
done

about "--no-learn enforces and notes nothing"
remember
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=0\\r\\n$E" --no-learn \
	-w '%{pin_status}'
expect_out 'matched$'
expect_unchanged
visit 0 "HTTP/1.1 200 OK\\r\\nPublic-Key-Pins: max-age=0\\r\\n$E" -k
expect_unchanged

about "T-076 many and long lines"
forget
"$python" - "$H1" <<'END'
import sys
h = b"Public-Key-Pins: " + sys.argv[1].encode() + b"\r\n"
end = b"Content-Length: 2\r\n\r\nok"
start = b"HTTP/1.1 200 OK\r\n"
open("lines", "wb").write(start + b"X-A: b\r\n" * 10000 + h + end)
open("long", "wb").write(start + h + b"X-A: " + b"x" * 90000 + b"\r\n" + end)
open("toolong", "wb").write(start + b"Public-Key-Pins: " + b"x" * 110000 + b"\r\n" + end)
open("pins", "wb").write(start + b"Public-Key-Pins: max-age=5;" + b'pin-sha256="z8o+kWPu+e9Iu51RYE2lBEjR/VC9EyjLW/LasS2n3Mw=";' * 1500 + b"\r\n" + end)
END
for file in lines long toolong pins; do
	forget
	n=$((n + 1))
	start_tlsserv s$n --chain good -f $file
	eval "port=\$s${n}_port"
	fetch $(at pin.test "$port") "https://pin.test:$port/" >out 2>err
	got=$?
	case $file in
	toolong) [ $got -eq 27 ] || [ $got -eq 56 ] ;;
	*) [ $got -eq 0 ] ;;
	esac && ok "$file: $got" || fail "$file: $got: $(cat err)"
	case $file in
	lines | long) stored 'len(d) == 1' ;;
	*) stored 'd == []' ;;
	esac
done
