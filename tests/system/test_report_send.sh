#!/bin/sh
# test_report_send.sh - what a report takes along, where it goes, and where not.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

make_pki sink:intA:sink.test loner:intX:sink.test
PINSTORE=$store
export PINSTORE
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
printf '{"note": "\\u001b[31m", "octets": "%s"}' "$(head -c 3000 /dev/zero |
	tr '\0' x)" >body

# queue HOST public|private URI
queue()
{
	must "$top_builddir/tests/support/queuereport" "$store" "$1" 443 "$2" \
		"$3" <body
}

# send ARGUMENT...
send()
{
	timeout -k 5 60 pinstore report send --cacert "$pki/trust.pem" "$@"
}

waiting()
{
	pinstore report list --json | grep -c .
}

expect_waiting()
{
	[ "$(waiting)" -eq "$1" ] && ok "$1 waiting" ||
		fail "$(waiting) waiting, not $1: $(pinstore report list)"
}

# unwanted: nothing has reached the collector ID since it was started
expect_untouched()
{
	if [ -s "$1/log" ]; then
		fail "$1 was spoken to: $(cat "$1/log")"
	else
		ok "nobody spoke to $1"
	fi
}

answer()
{
	printf '%s' "HTTP/1.1 $1\\r\\nContent-Length: 0\\r\\n$2\\r\\n"
}

start_collector s --chain sink
start_collector p
sink=$(at sink.test "$s_port")

about "R-3-2 R-2.1.4-3 R-2.1.4-6 a POST of that body over https and http (D-23)"
queue pin.test private "https://sink.test:$s_port/a/b?c=d%20e"
queue other.test private "http://sink.test:$p_port/plain"
expect_exit 0 send $sink $(at sink.test "$p_port")
expect_out "^1  delivered  https://sink\.test:$s_port/a/b\?c=d%20e\$"
expect_out '^2  delivered  http://'
expect_requests s 1
expect_requests p 1
expect_same s/1.body body
expect_same p/1.body body
cat >head.wanted <<END
POST /a/b?c=d%20e HTTP/1.1
Host: sink.test:$s_port
User-Agent: pinstore/$(pinstore --version | cut -d ' ' -f 2)
Content-Type: application/json; charset=utf-8
Content-Length: $(wc -c <body)

END
tr -d '\r' <s/1.head >head.got
expect_same head.wanted head.got
expect_waiting 0
expect_exit 0 send $sink
expect_same /dev/null out
expect_same /dev/null err

about "T-133 R-3-17 no cookie, password, certificate or Referer goes along"
printf 'machine sink.test login me password net\ndefault login me password net\n' \
	>.netrc
printf '.sink.test\tTRUE\t/\tFALSE\t0\tcookie\tyes\n' >.cookies
printf 'referer = "https://secret.test/"\nuser = "me:rc"\ncookie = "a=b"\n' >.curlrc
queue pin.test private "https://me:uri@sink.test:$s_port/T-133#part"
expect_exit 0 send $sink
tr -d '\r' <s/2.head | cut -d : -f 1 >names
printf '%s\n' 'POST /T-133 HTTP/1.1' Host User-Agent Content-Type \
	Content-Length '' >names.wanted
expect_same names names.wanted
rm .netrc .cookies .curlrc

about "R-2.1.4-8 no certificate but a good one; nothing is sent to another"
for chain in loner expired wrongh; do
	start_collector $chain --chain $chain
	eval port=\$${chain}_port
	queue $chain.test private "https://sink.test:$port/"
	expect_exit 4 send $(at sink.test "$port")
	expect_err 'report-failed:certificate .*it stays in the queue$'
	expect_requests $chain 0
	must pinstore report drop --all >/dev/null
done
start_collector good --chain sink
queue good.test private "https://sink.test:$good_port/"
expect_exit 0 send $(at sink.test "$good_port")
expect_requests good 1

about "R-2.1.4-4 the collector's own pins are judged"
must pinstore pin sink.test $a $b >/dev/null
queue pin.test private "https://sink.test:$s_port/pinned"
before=$(requests s)
expect_exit 90 send $sink
expect_err 'report-failed:pin \(nothing was sent\)'
expect_requests s "$before"
expect_exit 0 pinstore report list --json
expect_json out 'len(lines) == 1 and d["attempts"] == 1 and d["next_epoch"] - d["created_epoch"] >= 60'
expect_exit 0 pinstore log --json
expect_json out "lines[-1]['event'] == 'violation' and lines[-1]['host'] == 'sink.test'"
must pinstore clear --yes sink.test --source all >/dev/null
must pinstore revoke --yes "$(pin sink)" >/dev/null
expect_exit 121 send --all $sink
expect_err 'report-failed:revoked'
must pinstore unrevoke "$(pin sink)" >/dev/null
must pinstore pin sink.test "$(pin intA)" $b >/dev/null
expect_exit 0 send --all $sink
expect_requests s $((before + 1))
must pinstore clear --yes sink.test --source all >/dev/null

about "R-3-16 D-24 only 2xx is delivered, and no redirect is followed"
set --
for status in 300 301 302 303 307 308 400 404 410 500 600; do
	set -- "$@" -r "$(answer "$status No" \
		"Location: http://sink.test:$p_port/away\\r\\n")"
done
set -- "$@" -r "$(answer '103 Hints' '')$(answer '500 No' '')"
for status in 200 201 202 204 299; do
	set -- "$@" -r "$(answer "$status Yes" '')"
done
start_collector c --chain sink "$@"
for status in 300 301 302 303 307 308 400 404 410 500 600 103; do
	queue s$status.test private "https://sink.test:$c_port/"
done
to="$(at sink.test "$c_port") $(at sink.test "$p_port")"
expect_exit 4 send $to
grep -o 'report-failed:status [0-9]*' err | cut -d ' ' -f 2 | xargs echo >got
echo 300 301 302 303 307 308 400 404 410 500 600 500 >wanted
expect_same wanted got
expect_requests c 12
expect_waiting 12
must pinstore report drop --all >/dev/null
for status in 200 201 202 204 299; do
	queue s$status.test private "https://sink.test:$c_port/"
done
expect_exit 0 send $to
expect_requests c 17
expect_waiting 0
expect_requests p 1

about "T-135 R-3-15 whatever is answered teaches nothing and causes no report"
start_collector teach --chain sink -r "$(answer '200 OK' \
	"Public-Key-Pins: $(header 9999 sink backup)\\r\\nPublic-Key-Pins-Report-Only: $(header 9999 backup -- "report-uri=\"https://sink.test/\"")\\r\\nStrict-Transport-Security: max-age=99999\\r\\nSet-Cookie: a=b\\r\\n")" \
	-r "$(answer '200 OK' 'Public-Key-Pins: max-age=0\r\n')"
must pinstore note --chain-pin $a kept.test \
	"max-age=9999; pin-sha256=\"$a\"; pin-sha256=\"$b\"" >/dev/null
remember
queue pin.test private "https://sink.test:$teach_port/1"
expect_exit 0 send $(at sink.test "$teach_port")
expect_unchanged
expect_waiting 0
queue pin.test private "https://sink.test:$teach_port/2"
expect_exit 0 send $(at sink.test "$teach_port")
expect_unchanged
expect_requests teach 2
must pinstore note --chain-pin "$(pin sink)" sink.test "$(header 9999 sink backup)" \
	>/dev/null
remember
queue third.test private "https://sink.test:$teach_port/3"
expect_exit 0 send $(at sink.test "$teach_port")
expect_requests teach 3
expect_unchanged
must pinstore clear --yes sink.test >/dev/null

about "T-135 an answer of 64 MiB is not read, and costs no memory"
start_collector big --chain sink --body 67108864 \
	-r 'HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n'
queue big.test private "https://sink.test:$big_port/"
cat >limited.py <<'END'
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], check=False).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")
sys.exit(code)
END
expect_exit 0 timeout 20 "$python" limited.py pinstore report send --cacert \
	"$pki/trust.pem" $(at sink.test "$big_port")
expect_out '^[0-9]+  delivered'
[ "$(sed -n 's/ MiB//p' out)" -lt 200 ] && ok "$(tail -n 1 out)" ||
	fail "$(tail -n 1 out)"
expect_requests big 1
expect_exit 1 grep -q '^answered' big/log
expect_exit 0 grep -q '^answered 1' s/log
start_collector heads --chain sink -r "HTTP/1.1 200 OK\\r\\nX: $(head -c 70000 \
	/dev/zero | tr '\0' x)\\r\\n\\r\\n"
queue heads.test private "https://sink.test:$heads_port/"
expect_exit 4 send $(at sink.test "$heads_port")
expect_err 'report-failed:network'
must pinstore report drop --all >/dev/null

about "R-2.1.4-5 a collector that is known for HSTS is asked on 443 alone"
printf '# of curl\nsink.test "20990101 00:00:00"\n' >hsts
cp hsts hsts.before
to443="--connect-to sink.test:443:127.0.0.1:$s_port"
to80="--connect-to sink.test:80:127.0.0.1:$p_port"
tls=$(requests s) plain=$(requests p)
for uri in http://sink.test/hsts http://sink.test:80/hsts HTTP://Sink.Test/hsts; do
	queue pin.test private "$uri"
	tls=$((tls + 1))
done
expect_exit 0 send $to443 $to80 --hsts hsts
expect_requests s $tls
expect_requests p $plain
expect_same hsts hsts.before
queue other.test private http://sink.test/hsts
expect_exit 0 send $to443 $to80
expect_requests p $((plain + 1))
expect_requests s $tls

about "D-23 http can be switched off; so can reports (R-5-6)"
must pinstore config report-https-only on
queue x.test private http://sink.test/no
expect_exit 4 send $to443 $to80
expect_err 'report-failed:uri .*it is given up$'
queue y.test private http://sink.test/upgraded
expect_exit 0 send $to443 $to80 --hsts hsts
must pinstore config --unset report-https-only
queue z.test private "https://sink.test:$s_port/"
tls=$(requests s)
must pinstore config report off
expect_exit 0 send --all $sink
expect_err 'switched off'
expect_requests s $tls
must pinstore config --unset report
expect_exit 0 send --all $sink
expect_requests p $((plain + 1))

about "T-132 D-31 not to a loopback or private address, whatever its name is"
start_collector priv --chain sink
start_collector privp
n=0
while read -r uri; do
	n=$((n + 1))
	queue pin$n.test public "$uri"
done <<END
http://127.0.0.1:$privp_port/
http://[::1]:$privp_port/
http://[::ffff:127.0.0.1]:$privp_port/
http://[::ffff:7f00:1]:$privp_port/
http://0.0.0.0:$privp_port/
http://[::]:$privp_port/
http://0x7f.1:$privp_port/
http://2130706433:$privp_port/
http://017700000001:$privp_port/
http://127.1:$privp_port/
http://localhost:$privp_port/
http://inside.test:$privp_port/
http://mapped.test:$privp_port/
http://many.test:$privp_port/
https://sink.test:$priv_port/
http://169.254.169.254/latest/meta-data
http://10.0.0.1/
http://172.31.255.255/
http://192.168.1.1/
http://100.64.0.1/
http://[fe80::1]/
http://[fd00::1]/
http://[64:ff9b::10.0.0.1]/
http://[2002:7f00:1::]/
END
expect_exit 4 send --resolve "inside.test:$privp_port:127.0.0.1" \
	--resolve "mapped.test:$privp_port:[::ffff:127.0.0.1]" \
	--resolve "many.test:$privp_port:127.0.0.1,10.0.0.1" \
	$(at sink.test "$priv_port")
[ "$(grep -c 'report-failed:private-address' err)" -eq $n ] &&
	ok "all $n are refused" || fail "not all $n are refused: $(cat err)"
must pinstore report drop --all >/dev/null
expect_untouched priv
expect_untouched privp
queue pin.test public "https://sink.test:$priv_port/"
must pinstore config report-private on
expect_exit 0 send $(at sink.test "$priv_port")
expect_requests priv 1
must pinstore config --unset report-private
queue inner.test private "https://sink.test:$priv_port/"
expect_exit 0 send $(at sink.test "$priv_port")
expect_requests priv 2

about "T-132 nothing but http and https"
n=0
for uri in "file:///etc/passwd" "ftp://127.0.0.1:$privp_port/" \
	"gopher://127.0.0.1:$privp_port/_x" "smtp://127.0.0.1:$privp_port/" \
	"dict://127.0.0.1:$privp_port/" "//127.0.0.1/" "nonsense"; do
	n=$((n + 1))
	queue pin$n.test private "$uri"
done
expect_exit 4 send
[ "$(grep -c 'report-failed:uri .*it is given up$' err)" -eq $n ] &&
	ok "all $n are given up" || fail "not all $n are given up: $(cat err)"
expect_waiting 0
expect_untouched privp

about "through the proxy of the environment, without its user and password"
start_proxy px --map "sink.test:$s_port=$s_port"
tls=$(requests s)
https_proxy=http://me:proxy@127.0.0.1:$px_port
export https_proxy
queue pin.test private "https://sink.test:$s_port/proxied"
expect_exit 0 send
expect_requests s $((tls + 1))
cat px/log
if grep -i -q 'proxy-authorization\|bWU6cHJveHk=' px/log; then
	fail "the proxy's password was sent"
else
	ok "no password went to the proxy"
fi
about "T-132 a proxy opens no private address; one of HTTPS is not used"
queue pub.test public "https://127.0.0.1:$priv_port/"
queue pub2.test public "https://sink.test:$s_port/"
seen=$(requests px)
expect_exit 4 send $sink
expect_err 'pub\.test .*report-failed:private-address'
expect_err 'pub2\.test .*report-failed:private-address'
expect_requests px "$seen"
must pinstore report drop --all >/dev/null
# what only the proxy can resolve is the proxy's business
queue pub3.test public "https://sink.test:$s_port/"
expect_exit 0 send
expect_requests s $((tls + 2))
no_proxy=sink.test
export no_proxy
queue pub4.test public "https://sink.test:$s_port/"
expect_exit 4 send $sink
must pinstore report drop --all >/dev/null
unset no_proxy
https_proxy=https://127.0.0.1:$px_port
queue pub5.test private "https://sink.test:$s_port/"
expect_exit 4 send
expect_err 'report-failed:network .*proxy'
must pinstore report drop --all >/dev/null
unset https_proxy
expect_requests s $((tls + 2))

about "R-2.1.4-10 down, then up: once, when it is due or asked for"
must mkdir late
port=$("$python" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
queue pin.test private "https://sink.test:$port/"
expect_exit 4 send $(at sink.test "$port")
expect_err 'report-failed:connect'
expect_exit 0 send $(at sink.test "$port")
expect_same /dev/null err
expect_waiting 1
tls=$(requests s)
to="--connect-to sink.test:$port:127.0.0.1:$s_port"
expect_exit 0 send $to
expect_requests s $tls
expect_exit 0 send --all $to
expect_requests s $((tls + 1))
expect_exit 0 send --all $to
expect_requests s $((tls + 1))

about "two senders at once deliver each report once"
for i in 1 2 3 4 5 6 7 8; do
	queue h$i.test private "https://sink.test:$s_port/$i"
done
tls=$(requests s)
send $sink >one.out 2>one.err &
one=$!
send $sink >two.out 2>two.err &
two=$!
wait $one && wait $two && ok "both end with 0" || fail "$(cat one.err two.err)"
expect_requests s $((tls + 8))
expect_waiting 0

about "by number; --json; exit codes"
queue a.test private "https://sink.test:$s_port/a"
queue b.test private "https://sink.test:$s_port/b"
ids=$(pinstore report list --json | sed 's/.*"id": \([0-9]*\),.*/\1/')
first=${ids%%
*}
expect_exit 0 send --json $sink "$first"
expect_json out "list(d) == ['id', 'host', 'uri', 'outcome', 'status', 'http_status', 'message'] and (d['id'], d['outcome'], d['status'], d['http_status'], d['message']) == ($first, 'delivered', 'delivered', 204, None)"
expect_waiting 1
expect_exit 1 send $sink "$first"
expect_exit 1 send $sink 999999
expect_exit 2 send $sink a.test
expect_exit 2 send $sink 0
expect_exit 2 send $sink --all "$first"
expect_exit 4 send --json --all $(at sink.test 1) --connect-to "::127.0.0.1:1"
expect_same /dev/null out
expect_json err 'd["error"]["exit"] == 4 and d["error"]["status"] == "unsent"'
must pinstore pin sink.test $a $b >/dev/null
expect_exit 90 send --json --all $sink
expect_json out '(d["outcome"], d["status"], d["http_status"]) == ("failed", "report-failed:pin", None)'
must pinstore clear --yes sink.test --source all >/dev/null
expect_exit 0 send --all $sink
