#!/bin/sh
# test_fetch_corners.sh - what is seldom written: odd lines of a config file,
# odd forms, ranges, names and URLs, and output that cannot be written.  Where
# curl takes it, it means the same here; else it is refused by its own exit.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start_tlsserv raw --chain multi
names="$(at pin.test "$raw_port")"
R=https://pin.test:$raw_port
printf 'x\r\ny&' >data

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

# answered ANSWER EXIT ARGUMENT...: a fetch of /name of a server that answers so
answered()
{
	start_tlsserv once --chain multi --per-connection --close -r "$1"
	code=$2
	shift 2
	expect_exit "$code" fetch $(at pin.test "$once_port") "$@" \
		"https://pin.test:$once_port/name"
	stop once
}

about "T-013 -K: what a line may look like"
# each: what it sends, and the line
while IFS='|' read -r pattern line; do
	printf '# comment\n/ too\n\n%b\n' "$line" >conf
	sent "$pattern" -K conf $R/
done <<'ROWS'
User-Agent: a\\r|user-agent = a
User-Agent: a\\r|user-agent=a
User-Agent: a\\r|user-agent:a
User-Agent: a\\r|\tuser-agent\t:=\ta\t# b
User-Agent: a\\r|\v\fuser-agent\v\f=\v\fa\v\f
User-Agent: a\\r|user-agent = a\r
User-Agent: a\\r|--user-agent a
User-Agent: =a\\r|--user-agent =a
User-Agent: :a\\r|-A\r:a
User-Agent: a\\r|-A a
User-Agent: a\\r|-sAa
User-Agent: a\\r|-sA a
User-Agent: a b\\r|user-agent "a b"#c
User-Agent: a b\\r|user-agent "a b
User-Agent: a\\tb\\r|user-agent "a\\tb"
User-Agent: a\\\\b"c\\r|user-agent "a\\\\b\\"c"
User-Agent: aqb\\r|user-agent "a\\qb"
User-Agent: a\\\\\\r|user-agent "a\\
x\\r\\ny\\x0b|data-binary "x\\r\\ny\\v"
ROWS
while read -r line; do
	printf '%b\n' "$line" >conf
	expect_exit 2 fetch $names -K conf $R/
	expect_err 'conf:1'
done <<'ROWS'
user-agent "a" b
user-agent a b
user-agent
silent = yes
nothing-like-this
--
-Q
-A
-sQ
-m x
ROWS
expect_exit 0 fetch $names -K - $R/
expect_exit 26 sh -c 'exec pinfetch -K - </'

about "T-013 -F: quotes, parameters, files and forms in forms"
printf 'X-From: file\n' >heads
while IFS='|' read -r pattern form; do
	sent "$pattern" -F "$form" $R/
done <<'ROWS'
\\r\\n\\r\\na"b\\\\c\\\\d\\r|f= "a\"b\\c\d"e
\\r\\n\\r\\n"open\\r|f="open
\\r\\n\\r\\n"open\\\\\\r|f="open\
\\r\\n\\r\\na\\r|f=a 	
Content-Type: text/x;charset=y\\r|f=a;type=text/x;charset=y
Content-Type: "text/x"\\r|f=a;TYPE="text/x"; encoder=7bit
Content-Type: text/x;a;b\\r|f=a;type=text/x;a;b
filename="n m"\\r|f=a;filename="n m"
filename="n"\\r|f=a;filename=m;filename=n
Content-Transfer-Encoding: base64\\r.*YQ==|f=a;encoder=base64
X-One: 1\\r|f=a;headers="X-One: 1"
X-From: file\\r|f=a;headers=@heads
X-From: file\\r|f=a;headers=<heads
multipart/mixed.*filename="data"\\r.*filename="two"|f=@data,"data";filename=two
filename="-"\\r|f=@-
filename="stdin"\\r|f=@-;filename=stdin
name="f"\\r\\n\\r\\n\\r|f=<-
form-data\\r\\n\\r\\na\\r|=a
name="f"\\r\\n\\r\\n\)\\r|f=)
ROWS
expect_exit 2 fetch $names -F '=)' $R/
expect_err 'no form is open'
expect_exit 0 fetch $names -F 'f=a;colour=red' $R/
expect_err "'colour=red' means nothing there"
sent 'multipart/mixed.*name="in"' -F 'f=(;type=multipart/mixed' -F in=1 \
	-F '=)' -F out=2 $R/
deep=
for i in 1 2 3 4 5 6 7 8 9 10; do
	deep="$deep -F d$i=("
done
sent 'name="d9"\\r\\n\\r\\n\(\\r' $deep -F last=1 $R/
for form in 'f=a;headers=@/nonexistent' 'f=a;headers=</nonexistent' \
	'f=@data,/nonexistent' 'f=@data,data;headers=@/nonexistent' \
	'f=(;headers=@/nonexistent'; do
	expect_exit 26 fetch $names -F "$form" $R/
done
expect_exit 26 sh -c "exec pinfetch -F f=@- $R/ </"
expect_exit 43 fetch $names -F 'f=a;encoder=none' $R/

about "T-013 arguments with a grammar"
for pair in '--limit-rate 1m' '--limit-rate 9G' '--limit-rate 1000000b' \
	'--limit-rate 1000000' '-m .5' '-m 9.' '--max-redirs -1' \
	'--parallel-max 0' '--parallel-max 301' '-b data' '-b @data' \
	'-C 0' '-e x -e ;auto' '--no-learn --'; do
	expect_exit 0 fetch $names -o /dev/null $pair $R/
done
for pair in '--limit-rate' '--limit-rate 5/' '--limit-rate k' '-m .' \
	'--parallel-max' '--retry' '-C 5 -r 0-1' '--no-learn=1' '-Y'; do
	case $pair in
	*' '* | -Y | *=*) expect_exit 2 fetch $names $pair $R/ ;;
	*) expect_exit 2 fetch $names $pair '' $R/ ;;
	esac
done
sent 'Range: bytes=5-\\r' -r 5 $R/
expect_exit 0 fetch $names -r 5 $R/
expect_err "a range has a dash: '5' is taken as '5-'"
expect_exit 0 fetch $names -r '' $R/
for cert in 'a\:b\\c\d:word' pkcs11:token=none :word a; do
	expect_exit 35 fetch $names -E "$cert" $R/
done

about "T-013 URLs, and what -T and a Location make of them"
for url in '' : :/x '[' 'https://a%01@pin.test/' \
	'https://a:%01@pin.test/'; do
	expect_exit 3 fetch "$url"
done
sent 'PUT /data ' -T data $R
sent 'PUT /data\?q ' -T data "$R?q"
sent 'PUT /d/data ' -T ./data "$R/d/"
sent 'GET /\?x&a=1 ' -G -d a=1 "$R?x"
for location in 'http://[' 'https://a..b/' '//pin.test:99999/'; do
	answered "HTTP/1.1 302 Go\\r\\nLocation: $location\\r\\nContent-Length: 0\\r\\n\\r\\n" \
		3 -L
done
answered 'HTTP/1.1 302 Go\r\nLocation: ftp://pin.test/\r\nContent-Length: 0\r\n\r\n' 1 -L

about "T-013 -OJ: a name that a server gives"
while IFS='|' read -r file disposition; do
	rm -f name plain b
	answered "HTTP/1.1 200 OK\\r\\nContent-Disposition: $disposition\\r\\nContent-Length: 1\\r\\n\\r\\nz" \
		0 -OJ
	expect_exit 0 cat "$file"
	expect_out '^z$'
done <<'ROWS'
name|attachment
name|attachment;
name|attachment; size=1
name|attachment; filename=
name|attachment; filename=.plain
name|attachment; filename=b/
plain|attachment; filename=plain
plain|attachment;	FileName="plain"; size=1
plain|attachment; size=1; filename=plain; filename=b
plain|attachment; filename="plain
plain|attachment; filename=../b/plain
b|attachment; filename="a\\\\b"
ROWS
expect_exit 23 fetch $names -O $R/
expect_err 'no file name for -O'
expect_exit 23 fetch $names -OJ $R/
expect_exit 23 fetch $names -O 'https://a b/x'

about "T-013 output that cannot be written"
{
	printf 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'
	head -c 100000 /dev/zero
} >long.answer
start_tlsserv long --chain multi -f "$T/long.answer"
L="$(at pin.test "$long_port") https://pin.test:$long_port/"
full()
{
	timeout 60 pinfetch --store "$store" --cacert "$pki/trust.pem" "$@" \
		>/dev/full
}
for dev in '-o /dev/full' '-D /dev/full -o out2' '-o /dev/full --create-dirs'; do
	expect_exit 23 fetch $dev $L
	expect_err 'cannot be written: No space'
done
expect_exit 23 fetch -o /dev/full $names $R/
expect_exit 23 full $L
expect_exit 23 full $names $R/
expect_exit 23 full -s $names $R/ -w '%{url}'

about "T-013 -w: what it knows and what not"
expect_exit 0 fetch $names $R/ -o /dev/null \
	-w 'a\rb\tc\qd%%e%xf%{time_redirect}%{nope}%{pin_noted}%{pin_status}%{open\'
expect_out '\\qd%e%xf0\.000000unpinned%\{open.$'
expect_err "unknown --write-out variable: 'nope'"
answered 'HTTP/1.0 200 OK\r\n\r\nz' 0 -w '|%{http_version}|%{method}'
expect_out '1\|GET'
all=
for word in certs json header_json num_certs num_headers referer \
	content_type errormsg exitcode filename_effective http_code \
	http_connect http_version local_ip local_port method num_connects \
	num_redirects pin_expires pin_host pin_match pin_noted pin_source \
	pin_status redirect_url remote_ip remote_port response_code scheme \
	size_download size_header size_request size_upload speed_download \
	ssl_verify_result stderr stdout time_appconnect time_redirect \
	time_total url url_effective urlnum; do
	all="$all%{$word};"
done
expect_exit 3 fetch 'https://a..b/' -w "$all"
expect_out ';3;;000;'
expect_exit 0 pinstore --store "$store" pin pin.test "$(pin multi)" \
	"$(pin backup)"
expect_exit 0 fetch $names $R/ -o /dev/null -w "$all"
expect_out ';pin.test;sha256//.*;static;'
expect_exit 0 pinstore --store "$store" pin other.test "$(pin mitm)" \
	"$(pin backup)"
expect_exit 90 fetch $(at other.test "$raw_port") \
	"https://other.test:$raw_port/" -w "$all"
expect_out ';other.test;;;static;reject;'

about "T-013 --retry: what was written before is taken back"
BUSY='HTTP/1.1 503 No\r\nContent-Length: 4\r\nRetry-After: 1\r\n\r\nbusy'
start_tlsserv busy --chain multi -r "$BUSY" \
	-r 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
expect_exit 0 fetch $(at pin.test "$busy_port") --retry 2 -o tried \
	"https://pin.test:$busy_port/"
expect_exit 0 cat tried
expect_out '^ok$'
expect_exit 7 fetch --connect-timeout 5 https://127.0.0.1:1/

about "T-013 --require-pin: what it can be met with"
start_tlsserv plain --plain
for url in "http://pin.test:$plain_port/|use https" \
	"https://127.0.0.1:$raw_port/|use the host's name" \
	"https://free.test:$raw_port/|next +pinstore .* free.test PIN"; do
	expect_exit 122 fetch -k --require-pin $(at pin.test "$plain_port") \
		$(at free.test "$raw_port") "${url%|*}"
	expect_err "${url#*|}"
done
