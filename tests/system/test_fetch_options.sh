#!/bin/sh
# test_fetch_options.sh - each option means what it means in curl.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
E='Content-Length: 2\r\n\r\nok'
start_nginx web --http2 --site pin.test --chain multi \
	--site other.test --chain multi --status 404
start_tlsserv raw --chain multi
names="$(at pin.test "$web_port") $(at other.test "$web_port") $(at pin.test "$raw_port")"
W=https://pin.test:$web_port
R=https://pin.test:$raw_port

about "T-013 the command line"
expect_exit 2 fetch
expect_err 'no URL'
expect_exit 2 fetch --no-lern $W/
expect_err "unknown option --no-lern; did you mean --no-learn\?"
expect_exit 2 fetch --http3 $W/
expect_err 'unknown option --http3'
expect_exit 2 fetch -Y $W/
expect_err 'unknown option -Y'
expect_exit 2 fetch --xyzzy-nothing-like-it $W/
expect_no_err 'did you mean'
expect_exit 2 timeout 60 pinfetch $W/ --store
expect_err 'needs an argument'
expect_exit 2 fetch --report=later $W/
expect_err "--report.*'later' is no time for reports"
expect_exit 2 fetch --hsts "$pki" $W/
expect_err 'is a folder'
expect_exit 2 fetch --silent=yes $W/
for value in '' x 1.5.5 -1 1.23x5 99999999999999999999; do
	expect_exit 2 fetch -m "$value" $W/
done
for value in '' x -2 1.5 99999999999999999999; do
	expect_exit 2 fetch --max-redirs "$value" $W/
done
expect_exit 2 fetch -I -d x $W/
expect_exit 0 fetch --help
expect_no_out '.{81}'
expect_out '--require-pin'
expect_exit 0 fetch -V
expect_out '^pinfetch '
expect_requests web 0

about "T-144 T-038 T-041 URLs"
for url in ftp://pin.test/ file:///etc/passwd gopher://pin.test/ ldap://x/; do
	expect_exit 1 fetch "$url"
	expect_no_out .
done
for url in 'https://pin.test%00.evil.test/' 'https://a..b/' 'https://.test/' \
	'https://pin.test%2f.evil.test/' 'https://pin.test%09/' 'https:///' \
	'https://pin.test:99999/' 'https://xn--\u2603/' 'https://☃.test/' \
	'https://a b/'; do
	expect_exit 3 fetch "$url"
	expect_err '^pinfetch: \(3\) '
done
expect_exit 6 fetch https://nowhere.invalid/
expect_err '^pinfetch: \(6\) Could not resolve host: nowhere.invalid'
expect_exit 7 fetch https://127.0.0.1:1/
about "--cacert: a file that is not there is named"
expect_exit 77 fetch $names $R/ --cacert /nonexistent/ca.pem
expect_err '^pinfetch: \(77\) /nonexistent/ca\.pem: '
expect_err '^  next      .*--cacert'

about "T-144 a scheme ends at \":/\", as for curl: nothing goes out in the clear"
start_tlsserv clear --plain
for url in "https:/pin.test:$raw_port/" "https:///pin.test:$raw_port/" \
	"HTTPS:/pin.test:$raw_port/"; do
	expect_exit 0 fetch $names --connect-to "https:80:127.0.0.1:$clear_port" \
		"$url"
done
expect_requests raw 3
expect_requests clear 0
expect_exit 0 fetch --connect-to "https:80:127.0.0.1:$clear_port" http://https/
expect_requests clear 1

about "T-033 names in other alphabets are asked for in their one form"
expect_exit 6 fetch https://BÜCHER.invalid/
expect_err 'xn--bcher-kva.invalid'
expect_exit 6 fetch https://faß.invalid/
expect_err 'xn--fa-hia.invalid'

about "output: -o, -O, -i, -I, -f, write errors"
expect_exit 0 fetch $names --report $W/one -o one $W/two -o two $W/three
expect_out '^hello from pin.test'
expect_same one two
expect_exit 0 fetch $names -O $W/a/name.txt?q=1#f
expect_exit 0 cat name.txt
expect_exit 23 fetch $names -O $W/
expect_exit 0 fetch $names -i $W/
expect_out '^HTTP/2 200'
expect_out 'hello'
expect_exit 0 fetch $names -I $W/
expect_out '^HTTP/2 200'
expect_no_out 'hello'
expect_exit 22 fetch $names -f https://other.test:$web_port/ -o failed
expect_err '^pinfetch: \(22\) The requested URL returned error: 404'
[ ! -e failed ] && ok "no file for a failure" || fail "a file for a failure"
expect_exit 23 fetch $names $W/ -o /nonexistent/file
expect_err '/nonexistent/file'
expect_exit 23 sh -c "timeout 60 pinfetch --store '$store' --cacert '$pki/trust.pem' $names $W/ >/dev/full"
expect_err '^pinfetch: \(23\) '
expect_exit 0 fetch $names $W/ -o empty -X HEAD -I
printf 'keep' >kept
expect_exit 60 fetch $(at wrong.test "$web_port") https://wrong.test:$web_port/ -o kept
expect_exit 0 cat kept
expect_out '^keep$'

about "-s, -S"
expect_exit 7 fetch -s https://127.0.0.1:1/
expect_no_err .
expect_exit 7 fetch -sS https://127.0.0.1:1/
expect_err '\(7\)'

about "requests: -X, -d, -H, user and password"
expect_exit 0 fetch $names -X PURGE $R/x
expect_exit 0 fetch $names $R/post -d a=1 -d b=2
printf 'x\r\ny\0z\n' >data
expect_exit 0 fetch $names $R/file -d @data
printf 'X-One: 1\r\nX-Two: 2\n' >fields
expect_exit 0 fetch $names $R/fields -H @fields -H 'X-Empty;' -H 'Accept:' \
	-H 'User-Agent: me'
expect_exit 0 fetch $names "https://us%40er:pw@pin.test:$raw_port/auth"
expect_exit 26 fetch $names $R/none -d @/nonexistent
expect_exit 26 fetch $names $R/none -H @/nonexistent
expect_exit 0 cat raw/log
expect_out '^request .* PURGE /x '
expect_out '^request .* POST /post '
expect_out 'a=1&b=2'
expect_out 'POST /file .*\\r\\n\\r\\nxyz'
expect_out 'GET /fields .*X-One: 1.*X-Two: 2.*X-Empty:\\r'
expect_no_out 'GET /fields .*Accept'
expect_out 'GET /fields .*User-Agent: me\\r'
expect_out 'GET /auth .*Authorization: Basic dXNAZXI6cHc='
expect_no_out '/none'

about "-w"
expect_exit 0 fetch $names -s -o /dev/null $W/x -w \
	'%{http_code}|%{url_effective}|%{num_redirects}|%{size_download}|%{http_version}|%{method}|%{scheme}|%{remote_ip}|%{exitcode}|%{urlnum}|%{num_connects}|%{ssl_verify_result}|%{content_type}|%%|\t|%{|\q\n'
expect_out "^200\\|$W/x\\|0\\|19\\|2\\|GET\\|HTTPS\\|127.0.0.1\\|0\\|0\\|1\\|0\\|text/plain\\|%\\|	\\|%\\{\\|\\\\q\$"
expect_exit 0 fetch $names -s $W/x -w '%{stderr}to-err %{nonsense}%{stdout}to-out'
expect_out 'to-out'
expect_err 'to-err'
expect_err "unknown --write-out variable: 'nonsense'"
printf '%%{http_code} from a file' >format
expect_exit 0 fetch $names -s $W/x -w @format
expect_out '200 from a file'
expect_exit 7 fetch -s https://127.0.0.1:1/ -w '%{http_code} %{exitcode} %{errormsg}\n'
expect_out '^000 7 Failed to connect'
for variable in time_total time_connect time_appconnect time_starttransfer \
	speed_download size_header size_request local_port remote_port; do
	expect_exit 0 fetch $names -s -o /dev/null $W/x -w "%{$variable}\n"
	expect_out '^[0-9.]+$'
done

about "redirects: methods, credentials, limits"
redirect()
{
	printf '%s' "HTTP/1.1 $1 Go\\r\\nLocation: $2\\r\\nContent-Length: 4\\r\\n\\r\\nbody"
}
n=0
for status in 301 302 303 307 308; do
	n=$((n + 1))
	start_tlsserv r$n --chain multi -r "$(redirect $status '/there?a b')" \
		-r "HTTP/1.1 200 OK\\r\\n$E"
	eval "port=\$r${n}_port"
	expect_exit 0 fetch $(at pin.test "$port") -L -d data \
		"https://pin.test:$port/" -w ' %{num_redirects} %{method}\n'
	case $status in
	30[123]) expect_out '^ok 1 GET$' ;;
	*) expect_out '^ok 1 POST$' ;;
	esac
	expect_exit 0 cat r$n/log
	expect_out '(GET|POST) /there\?a(\+|%20)b '
	expect_exit 0 fetch $(at pin.test "$port") -d data "https://pin.test:$port/"
	stop r$n
done
start_tlsserv last --chain multi
start_tlsserv hop --chain multi --per-connection \
	-r "$(redirect 302 "https://other.test:$last_port/")"
expect_exit 0 fetch $(at pin.test "$hop_port") $(at other.test "$last_port") -L \
	-H 'Authorization: mine' -H 'Cookie: mine' -H 'X-Mine: yes' -H 'Host: h' \
	"https://us:pw@pin.test:$hop_port/"
expect_exit 0 cat last/log
expect_out 'X-Mine: yes'
expect_no_out 'Authorization|Cookie|Host: h\\r'
expect_exit 0 cat hop/log
expect_out 'Host: h\\r.*Authorization: mine.*Cookie: mine'
expect_exit 0 fetch $(at pin.test "$hop_port") "https://pin.test:$hop_port/" \
	-w '|%{redirect_url}'
expect_out "^body\\|https://other.test:$last_port/"
start_tlsserv loop --chain multi -r "$(redirect 302 /again)"
expect_exit 47 fetch $(at pin.test "$loop_port") -L "https://pin.test:$loop_port/"
expect_err '^pinfetch: \(47\) Maximum \(50\) redirects followed'
expect_requests loop 51
expect_exit 47 fetch $(at pin.test "$loop_port") -L --max-redirs 0 \
	"https://pin.test:$loop_port/"
expect_requests loop 52
start_tlsserv bad --chain multi -r "$(redirect 302 'ftp://pin.test/')" \
	-r "$(redirect 302 'https://a..b/')" -r "$(redirect 302 'file:///etc/passwd')"
expect_exit 1 fetch $(at pin.test "$bad_port") -L "https://pin.test:$bad_port/"
expect_exit 3 fetch $(at pin.test "$bad_port") -L "https://pin.test:$bad_port/"
expect_exit 1 fetch $(at pin.test "$bad_port") -L "https://pin.test:$bad_port/"
expect_no_out root

about "a redirect without a place is none, as for curl"
start_tlsserv nowhere --chain multi -r 'HTTP/1.1 302 Go\r\nLocation:\r\nContent-Length: 2\r\n\r\nok' \
	-r 'HTTP/1.1 302 Go\r\nLocation:  \r\nContent-Length: 2\r\n\r\nok'
for n in 1 2; do
	expect_exit 0 fetch $(at pin.test "$nowhere_port") -L \
		"https://pin.test:$nowhere_port/" -w ' %{num_redirects}\n'
	expect_out '^ok 0$'
done

about "--http1.1, --http2, --tlsv1.2, --tlsv1.3, --cacert, -m"
expect_exit 0 fetch $names --http1.1 -s -o /dev/null $W/ -w '%{http_version}\n'
expect_out '^1.1$'
expect_exit 0 fetch $names --http2 -s -o /dev/null $W/ -w '%{http_version}\n'
expect_out '^2$'
start_nginx old --tls 1.2 --site pin.test
expect_exit 0 fetch $(at pin.test "$old_port") --tlsv1.2 https://pin.test:$old_port/
expect_exit 35 fetch $(at pin.test "$old_port") --tlsv1.3 https://pin.test:$old_port/
expect_exit 77 timeout 60 pinfetch --store "$store" $names --cacert /nonexistent $W/
start_tlsserv slow --chain multi --delay 20
expect_exit 28 fetch $(at pin.test "$slow_port") -m 1.5 https://pin.test:$slow_port/

about "-v, escaped"
start_tlsserv evil --chain multi -r 'HTTP/1.1 200 \x1b[31mOK\r\nX-Evil: \x1b]0;title\x07\r\nContent-Length: 0\r\n\r\n'
expect_exit 0 fetch $(at pin.test "$evil_port") -v https://pin.test:$evil_port/
expect_err '^< X-Evil: '
expect_err '^> GET / HTTP'
expect_no_err "$(printf '\033')"
