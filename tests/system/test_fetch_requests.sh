#!/bin/sh
# test_fetch_requests.sh - each option of a request acts: without it, or with
# another value, something else happens (T-013).  That it acts as curl's does is
# for test_differential.sh to show.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start_nginx web --http2 --site pin.test --chain multi \
	--header 'Content-Disposition: attachment; filename="../up/named.txt"' \
	--site other.test --chain multi --status 404
start_tlsserv raw --chain multi
names="$(at pin.test "$web_port") $(at other.test "$web_port") \
	$(at pin.test "$raw_port") $(at other.test "$raw_port")"
W=https://pin.test:$web_port
O=https://other.test:$web_port
R=https://pin.test:$raw_port

# sent PATTERN ARGUMENT...: what a fetch with these sends matches
sent()
{
	pattern=$1
	shift
	: >raw/log
	expect_exit 0 fetch $names "$@"
	expect_exit 0 grep ^octets raw/log
	expect_out "$pattern"
}

about "T-013 T-059 options of the command line that contradict each other"
for pair in '-f --fail-with-body' '-i -OJ' '-C 5 -OJ' '-C - -r 0-1' '-I -d x' \
	'-d x -F a=b' '-d x -T err' '-F a=b -T err' '-G -F a=b' '-I -T err' \
	'-F novalue' '-C x' '-C -1' '--retry x' '--limit-rate 1.5k' \
	'--limit-rate 10x' '--connect-timeout y' '-u nopassword' \
	'--pinnedpubkey sha256//short' '--proxy-cacert x' '--http3' '--alt-svc x'; do
	expect_exit 2 fetch $names $pair "$W/"
done
for pair in '-T /nonexistent' '-d @/nonexistent' '--data-binary @/nonexistent' \
	'--json @/nonexistent' '--data-urlencode @/nonexistent' '-K /nonexistent' \
	'-F a=@/nonexistent' '-F a=</nonexistent' \
	'--pinnedpubkey /nonexistent'; do
	expect_exit 26 fetch $names $pair "$W/"
done
expect_requests web 0

about "T-013 -A -e -b -u -n --compressed -r: fields"
sent 'User-Agent: pinfetch/' $R/
sent 'User-Agent: me\\r' -A me $R/
sent 'Referer: http://x/\\r' -e http://x/ $R/
sent 'Cookie: a=1;b=2\\r' -b a=1 -b b=2 $R/
sent 'Authorization: Basic dXM6cHc=\\r' -u us:pw $R/
sent 'Accept-Encoding: .*gzip' --compressed $R/
sent 'Range: bytes=5-6\\r' -r 5-6 $R/
sent '^octets' $R/
expect_no_out 'Referer|Cookie|Authorization|Accept-Encoding|Range'
printf 'machine pin.test login us password net\n' >.netrc
sent '^octets' $R/
expect_no_out Authorization
sent 'Authorization: Basic dXM6bmV0\\r' -n $R/
sent '^octets' -n https://other.test:$raw_port/
expect_no_out Authorization

about "T-013 -d and its relatives, -G, --url-query, -F, -T: bodies and URLs"
printf 'x\r\ny&' >data
sent 'POST / .*xy&&=' -d @data -d = $R/
sent '\\r\\n\\r\\n@data' --data-raw @data $R/
sent 'x\\r\\ny&' --data-binary @data $R/
sent 'n=x%0D%0Ay%26&a\+b' --data-urlencode n@data --data-urlencode 'a b' $R/
sent 'Content-Type: application/json\\r.*Accept: application/json\\r.*\{"a":1\}' \
	--json '{"a":' --json '1}' $R/
sent 'GET /p\?z&a=1&b=2 ' -G -d a=1 -d b=2 "$R/p?z"
sent 'GET /p\?q=a\+b&raw ' --url-query 'q=a b' --url-query +raw "$R/p"
sent 'POST .*multipart/form-data; boundary=.*name="f"; filename="data"\\r.*x\\r\\ny&' \
	-F f=@data $R/
sent 'name="f"\\r\\n\\r\\nx\\r\\ny&' -F 'f=<data' $R/
sent 'PUT /dir/data .*Content-Length: 5\\r.*x\\r\\ny&' -T data $R/dir/
sent 'PUT /n .*x\\r\\ny&' -T data $R/n

about "T-013 --fail-with-body, -D, -O, -J, --output-dir, --create-dirs"
expect_exit 22 fetch $names --fail-with-body $O/
expect_out '^hello from other.test'
expect_err '\(22\) The requested URL returned error: 404'
expect_exit 22 fetch $names -f $O/
expect_no_out .
expect_exit 0 fetch $names -D heads -o /dev/null $W/ $O/
expect_exit 0 cat heads
expect_out '^HTTP/2 200'
expect_out '^HTTP/2 404'
expect_exit 23 fetch $names -D /nonexistent/heads $W/
expect_exit 23 fetch $names -o new/one/file $W/
expect_exit 0 fetch $names --create-dirs -o new/one/file $W/
expect_exit 0 fetch $names --output-dir new/one -O $W/other
expect_same new/one/file new/one/other
expect_exit 23 fetch $names --output-dir new/two -O $W/other
expect_exit 0 fetch $names -OJ $W/url.txt -w '%{filename_effective}'
expect_out '^named.txt$'
expect_same new/one/file named.txt
expect_exit 23 fetch $names -OJ $W/url.txt
expect_err 'named.txt cannot be opened: File exists'
[ ! -e url.txt ] && ok "the server's name alone" || fail "url.txt was made"
for bad in .bashrc ../.profile '' /; do
	start_tlsserv bad --chain multi -r \
		"HTTP/1.1 200 OK\\r\\nContent-Disposition: attachment; filename=\"$bad\"\\r\\nContent-Length: 1\\r\\n\\r\\nx"
	rm -f url.txt
	expect_exit 0 fetch $(at pin.test "$bad_port") -OJ \
		https://pin.test:$bad_port/url.txt
	[ -e url.txt ] && ok "'$bad' is not taken" || fail "'$bad' was taken"
	stop bad
done

about "T-013 -C"
H='HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-5/6\r\n'
start_tlsserv part --chain multi -r "${H}Content-Length: 3\\r\\n\\r\\ndef" \
	-r "HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\nabcdef"
printf abc >part1
expect_exit 0 fetch $(at pin.test "$part_port") -C - -o part1 \
	https://pin.test:$part_port/
expect_exit 0 cat part1 part/log
expect_out '^abcdef'
expect_out 'Range: bytes=3-\\r'
printf abc >part1
expect_exit 33 fetch $(at pin.test "$part_port") -C 3 -o part1 \
	https://pin.test:$part_port/
expect_exit 0 cat part1
expect_out '^abc$'

about "T-013 -c and -b FILE, along redirects"
start_tlsserv jar --chain multi \
	-r 'HTTP/1.1 302 Go\r\nLocation: /two\r\nSet-Cookie: a=new; Path=/\r\nContent-Length: 0\r\n\r\n' \
	-r 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
printf 'pin.test\tFALSE\t/\tFALSE\t0\ta\told\n' >cookies
expect_exit 0 fetch $(at pin.test "$jar_port") -L -b cookies -c jar.txt \
	https://pin.test:$jar_port/one
expect_exit 0 cat jar/log jar.txt
expect_out 'GET /one .*Cookie: a=old\\r'
expect_out 'GET /two .*Cookie: a=new\\r'
expect_out '^pin.test	.*	a	new$'

about "T-013 -L: cookies of -b, -u and ;auto; who gets what"
start_tlsserv far --chain multi
start_tlsserv near --chain multi --per-connection \
	-r "HTTP/1.1 302 Go\\r\\nLocation: https://other.test:$far_port/x\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 0 fetch $(at pin.test "$near_port") $(at other.test "$far_port") \
	-L -b secret=1 -u us:secret2 -e ';auto' "https://pin.test:$near_port/p#f"
expect_exit 0 cat near/log
expect_out 'Authorization: Basic .*Cookie: secret=1'
expect_exit 0 cat far/log
expect_out "Referer: https://pin.test:$near_port/p\\\\r"
expect_no_out 'Authorization|Cookie'
start_tlsserv put --chain multi --per-connection \
	-r "HTTP/1.1 307 Go\\r\\nLocation: https://other.test:$far_port/put\\r\\nContent-Length: 0\\r\\n\\r\\n"
expect_exit 0 fetch $(at pin.test "$put_port") $(at other.test "$far_port") \
	-L -T data "https://pin.test:$put_port/"
expect_exit 0 cat far/log
expect_out 'PUT /put .*x\\r\\ny&'
expect_exit 65 sh -c "printf stdin | timeout 60 pinfetch --store '$store' \
	--cacert '$pki/trust.pem' $(at pin.test "$put_port") \
	$(at other.test "$far_port") -L -T - -H Expect: -H Content-Length:5 \
	https://pin.test:$put_port/"

about "T-013 --retry"
T503='HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nlost'
start_tlsserv busy --chain multi -r "$T503" -r "$T503" \
	-r 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfound'
expect_exit 0 fetch $(at pin.test "$busy_port") --retry 2 -o found \
	https://pin.test:$busy_port/
expect_err 'again in 1 s; 1 times left'
expect_exit 0 cat found
expect_out '^found$'
expect_requests busy 3
stop busy
start_tlsserv busy --chain multi -r "$T503" -r "$T503" -r "$T503"
expect_exit 22 fetch $(at pin.test "$busy_port") --retry 1 -f \
	https://pin.test:$busy_port/
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
expect_exit 90 fetch $(at pin.test "$busy_port") --retry 3 \
	https://pin.test:$busy_port/
expect_no_err again
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1

about "T-013 --connect-timeout, --limit-rate, -4, -6, --noproxy, --capath"
start_tlsserv slow --chain multi --delay 5
expect_exit 0 fetch $(at pin.test "$slow_port") --connect-timeout 4 \
	https://pin.test:$slow_port/
cat >mute.py <<'END'
import sys, time
import serving
serving.die_with_parent()
sock = serving.listen()
serving.tell_port(sys.argv[2], sock)
time.sleep(60)
END
start mute env PYTHONPATH="$servers" "$python" mute.py
expect_exit 28 fetch $(at pin.test "$mute_port") --connect-timeout 0.3 \
	https://pin.test:$mute_port/
head -c 6000000 /dev/zero | tr '\0' x >bulk
(printf 'HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\n'; cat bulk) >answer
start_tlsserv rate --chain multi -f answer
expect_exit 28 fetch $(at pin.test "$rate_port") -m 1.5 --limit-rate 500k \
	-o bulk.out 	https://pin.test:$rate_port/
expect_exit 0 fetch $(at pin.test "$rate_port") -m 20 --limit-rate 100m \
	-o bulk.out 	https://pin.test:$rate_port/
expect_exit 0 fetch $names -4 $W/
expect_exit 7 fetch -6 https://127.0.0.1:$web_port/
expect_exit 7 fetch --resolve "pin.test:$web_port:[::1]" -6 $W/
expect_exit 7 fetch $names -x http://127.0.0.1:1 $W/
expect_exit 0 fetch $names -x http://127.0.0.1:1 --noproxy pin.test $W/
expect_exit 7 fetch $names -x http://127.0.0.1:1 --noproxy other.test $W/
expect_exit 0 env https_proxy=https://127.0.0.1:1 timeout 60 pinfetch --store \
	"$store" --cacert "$pki/trust.pem" $names --noproxy '*' $W/
mkdir trusted empty
cp "$pki/rootA.pem" trusted/
expect_exit 0 timeout 60 pinfetch --store "$store" $names --capath trusted $W/
expect_exit 0 timeout 60 pinfetch --store "$store" $names --capath "$T/trusted" \
	--cacert "$pki/trustB.pem" $W/
expect_exit 60 timeout 60 pinfetch --store "$store" $names --capath empty $W/

about "T-013 --pinnedpubkey: the path, beside the store, also with -k"
expect_exit 0 fetch $names --pinnedpubkey "$(pin backup);$(pin rootA)" $W/
expect_exit 90 fetch $names --pinnedpubkey "$(pin backup);$(pin rootB)" $W/
expect_err '^pinfetch: \(90\) pin mismatch for pin.test: connection refused, nothing'
expect_err '^  rule      --pinnedpubkey'
expect_err '^  served    .*  leaf  '
before=$(requests web)
expect_exit 90 fetch $names -k --pinnedpubkey "$(pin backup)" $W/ -d secret
expect_exit 60 fetch $(at wrong.test "$web_port") -k \
	--pinnedpubkey "$(pin multi)" https://wrong.test:$web_port/
expect_requests web "$before"
must openssl pkey -in "$pki/multi.key" -pubout -out key.pem
must openssl pkey -in "$pki/multi.key" -pubout -outform DER -out key.der
expect_exit 0 fetch $names --pinnedpubkey key.pem $W/
expect_exit 0 fetch $names --pinnedpubkey key.der $W/
must openssl pkey -in "$pki/backup.key" -pubout -out key.pem
expect_exit 90 fetch $names --pinnedpubkey key.pem $W/
expect_exit 2 fetch $names --pinnedpubkey data $W/
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
expect_exit 90 fetch $names --pinnedpubkey "$(pin multi)" $W/
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
start_tlsserv inject --chain inject
expect_exit 90 fetch $(at pin.test "$inject_port") --pinnedpubkey "$(pin good)" \
	https://pin.test:$inject_port/
expect_requests inject 0

about "T-013 --pin-info"
expect_exit 0 fetch $names --pin-info -s -o /dev/null $W/
expect_err '^pins of pin.test: unpinned, no-entry'
expect_err '^  path      sha256//.*  leaf  .*CN=multi'
expect_err 'CN=rootA  \(validated path\)'
expect_exit 0 fetch $names --pin-info -k -s -o /dev/null $W/
expect_err '^  path      not validated \(-k\)'
expect_exit 0 fetch $names -s -o /dev/null $W/
expect_no_err .

about "T-013 --strict-header"
start_nginx loose --site pin.test --chain multi --header \
	"Public-Key-Pins: $(header 1000 multi backup | sed 's/max-age=/max-age = /')"
expect_exit 0 fetch $(at pin.test "$loose_port") -s -o /dev/null \
	--strict-header https://pin.test:$loose_port/ -w '%{pin_noted}\n'
expect_out '^ignored$'
expect_exit 0 fetch $(at pin.test "$loose_port") -s -o /dev/null \
	https://pin.test:$loose_port/ -w '%{pin_noted}\n'
expect_out '^noted$'
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1

about "T-013 --hsts: https before anything is asked in clear, and under pins"
start_nginx strict --site pin.test --chain mitm \
	--header 'Strict-Transport-Security: max-age=1000'
S=pin.test:$strict_port
expect_exit 0 fetch $(at pin.test "$strict_port") --hsts hsts https://$S/
expect_exit 0 fetch $(at pin.test "$strict_port") --hsts hsts http://$S/ \
	-s -o /dev/null -w '%{scheme} %{pin_status} %{url_effective}\n'
expect_out "^HTTPS unpinned https://$S/\$"
expect_exit 0 fetch $(at pin.test "$strict_port") http://$S/ -s -o /dev/null \
	-w '%{scheme} %{http_code}\n'
expect_out '^HTTP 400'
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
before=$(requests strict)
expect_exit 90 fetch $(at pin.test "$strict_port") --hsts hsts http://$S/ -d secret
expect_requests strict "$before"

about "T-013 -K"
cat >conf <<END
# a comment
url = "$R/from-conf"
user-agent: "a \"b\" \\\\ c"
-H X-Two:2
--header "X-Three: 3"
silent
END
: >raw/log
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $names -K conf $R/from-line
expect_exit 0 cat raw/log
expect_out 'GET /from-conf .*User-Agent: a "b" .* c\\r.*X-Two:2\\r.*X-Three: 3\\r'
expect_out 'GET /from-line .*User-Agent: a "b"'
printf 'silent\nno-such-option\n' >bad.conf
expect_exit 2 fetch $names -K bad.conf $R/
expect_err 'bad.conf:2: .*unknown option --no-such-option'
printf 'silent = yes\n' >bad.conf
expect_exit 2 fetch $names -K bad.conf $R/
printf 'user-agent = a b\n' >bad.conf
expect_exit 2 fetch $names -K bad.conf $R/
expect_err 'quotes'
printf 'config = bad.conf\n' >bad.conf
expect_exit 2 fetch $names -K bad.conf $R/
expect_exit 0 sh -c "echo url = $R/stdin | timeout 60 pinfetch --store '$store' \
	--cacert '$pki/trust.pem' $names -K -"

about "T-064 T-013 nothing of a body, a password or a cookie reaches an impostor"
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
printf 'secret-file' >secret
start_tlsserv mitm --chain mitm
M=https://pin.test:$mitm_port
for what in '-d @secret' '-T secret' '-F f=@secret' '-F f=<secret' '--json secret' \
	'--data-urlencode secret' '-u secret:secret' '-b secret=1' '-A secret' \
	'-e secret' '-G -d secret' '--url-query secret' '-X SECRET' '-r 7-77' \
	'-H X-Secret:1' '-T - ' '-n' '-I' '-k -d secret' '--retry 2 -d secret'; do
	expect_exit 90 fetch $(at pin.test "$mitm_port") $what $M/secret
done
expect_exit 0 cat mitm/log
expect_no_out 'octets|request|secret|SECRET'
expect_out '^connection 20 '
must pinstore --store "$store" clear pin.test --yes --source all >/dev/null 2>&1
expect_exit 0 fetch $(at pin.test "$mitm_port") -T secret $M/seen
expect_exit 0 cat mitm/log
expect_out 'secret-file'
