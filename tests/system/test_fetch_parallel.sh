#!/bin/sh
# test_fetch_parallel.sh - -Z: several URLs at the same time, one store, each
# transfer judged as if it were alone.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start echo "$python" "$servers/echo.py"
more="location /e404 { return 404 lost; }
location /hsts { add_header Strict-Transport-Security max-age=1000; return 200 s; }
location /set { add_header Set-Cookie 'set=here; Path=/'; return 200 s; }
location /go { return 302 https://\$arg_to/end; }
proxy_pass http://127.0.0.1:$echo_port; break;"
start_nginx web --site pin.test --chain multi --conf "$more" \
	--site other.test --chain multi --conf "$more" \
	--header "Public-Key-Pins: $(header 1000 multi backup)" \
	--site a.test --chain multi --conf "$more" \
	--header "Public-Key-Pins: $(header 1000 multi backup)"
start_nginx two --http2 --site pin.test --chain multi --conf "$more"
start_nginx far --site b.test --chain multi --conf "$more"
names="$(at pin.test "$web_port") $(at other.test "$web_port")
	$(at a.test "$web_port") $(at b.test "$far_port") $(at pin.test "$two_port")"
W=https://pin.test:$web_port
O=https://other.test:$web_port
A=https://a.test:$web_port
B=https://b.test:$far_port
H2=https://pin.test:$two_port
format='%{urlnum} %{exitcode} %{http_code} %{pin_status}\n'

# sent NAME N: requests for a host in the log of web
sent()
{
	seen=$(grep -c " host=$1 " web/access.log)
	[ "$seen" -eq "$2" ] && ok "$seen requests for $1" ||
		fail "$seen requests for $1, not $2"
}

fresh()
{
	rm -rf "$store"
	: >web/access.log
	: >two/access.log
	: >far/access.log
}

# A busy machine brings those together late that do meet.
patient='-H X-Patience:30'

about "T-013 -Z: at the same time, and one after the other without it"
expect_exit 0 fetch $names $patient -H 'X-Run: z3' -f -Z \
	$W/meet/3/a $W/meet/3/b $O/meet/3/c
expect_exit 22 fetch $names -H 'X-Run: s2' -f $W/meet/2/a $O/meet/2/b
expect_exit 0 fetch $names $patient -H 'X-Run: h3' -f --parallel \
	$H2/meet/3/a $H2/meet/3/b \
	$H2/meet/3/c -w '%{num_connects}\n' -o 1 -o 2 -o 3
[ "$(awk '{ sum += $1 } END { print sum }' out)" -eq 1 ] &&
	ok "one connection carries all of them over HTTP/2" || fail "$(cat out)"

about "T-013 --parallel-max"
expect_exit 0 fetch $names $patient -H 'X-Run: m2' -f -Z --parallel-max 2 \
	$W/meet/2/a $W/meet/2/b
expect_exit 22 fetch $names -H 'X-Run: m1' -f -Z --parallel-max 1 \
	$W/meet/2/a $W/meet/2/b
urls=
n=0
while [ $n -lt 51 ]; do
	urls="$urls $H2/meet/51/$n"
	n=$((n + 1))
done
expect_exit 0 fetch $names $patient -H 'X-Run: p51' -f -Z --parallel-max 51 $urls
expect_exit 0 fetch $names $patient -H 'X-Run: p300' -f -Z --parallel-max 300 $urls
# what cannot be is the default, 50; the others must not wait for the 51st
for value in 0 301; do
	expect_exit 22 fetch $names -H "X-Run: p$value" -f -Z \
		--parallel-max $value $urls
done
for value in '' x -1 1.5; do
	expect_exit 2 fetch -Z --parallel-max "$value" $W/
done

about "outputs, -w and -f of each URL"
fresh
expect_exit 0 fetch $names -Z -f -w "$format" -o one -o lost -o three \
	$W/echo/1 $W/e404 $O/echo/3
sort out >sorted
printf '%s\n' '0 0 200 unpinned' '1 22 404 unpinned' '2 0 200 unpinned' >wanted
expect_same sorted wanted
grep -q '^GET /echo/1' one && ok "the first answer" || fail "$(cat one)"
grep -q '^GET /echo/3' three && ok "the third answer" || fail "$(cat three)"
[ -e lost ] && fail "an answer of 404 was written" || ok "none of the second"
expect_err '^pinfetch: \(22\) '
expect_exit 22 fetch $names -Z -f -o one -o two $W/echo/1 $W/e404
mkdir -p names
expect_exit 0 fetch $names -Z -O -O --output-dir names $W/echo/x $O/echo/y
expect_exit 0 cat names/x names/y

about "what is learned from each, in one store"
fresh
expect_exit 0 fetch $names -Z -o 1 -o 2 -o 3 $W/echo $O/echo $A/echo \
	-w '%{pin_noted}\n'
expect_exit 0 pinstore --store "$store" list --json
expect_json out '[e["host"] for e in d] == ["a.test", "other.test"]'
must pinstore --store "$store" clear --all --yes >/dev/null 2>&1
expect_exit 0 fetch $names -Z --no-learn -o 1 -o 2 $O/echo $A/echo
expect_exit 0 pinstore --store "$store" list --json
expect_json out 'd == []'

about "T-001 two URLs of a host whose pins do not match, among others"
fresh
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
expect_exit 90 fetch $names -Z -w "$format" -o no0 -o 1 -o no2 -o 3 \
	$W/echo/secret1 $O/echo $W/echo/secret2 $A/echo
sort out >sorted
printf '%s\n' '0 90 000 reject' '1 0 200 unpinned' '2 90 000 reject' \
	'3 0 200 unpinned' >wanted
expect_same sorted wanted
[ "$(grep -c '^pinfetch: (90) pin mismatch for pin.test: .*nothing was sent' err)" -eq 2 ] &&
	ok "both are told" || fail "$(cat err)"
[ -e no0 ] || [ -e no2 ] && fail "something was written" || ok "nothing was written"
expect_requests web 2
sent pin.test 0
sent other.test 1
sent a.test 1
: >web/access.log
expect_exit 90 fetch $names -Z -k $W/echo/secret1 $W/echo/secret2
expect_exit 90 fetch $names -Z $W/echo/secret1 $W/echo/secret2 --parallel-max 1
expect_requests web 0
expect_exit 90 fetch $names -Z $H2/echo/secret1 $H2/echo/secret2
expect_requests two 0
expect_exit 0 fetch $names --store elsewhere -Z -o 1 -o 2 $H2/echo $H2/echo
expect_requests two 2
# many, so that lanes are used again after a refusal
expect_exit 90 fetch $names -Z --parallel-max 3 -f $W/echo $O/1 $O/2 $W/echo $O/3 \
	$O/4 $W/echo $O/5 $O/6 $W/echo $O/7
expect_requests web 7
sent pin.test 0

about "the last URL's code, but the first of 90, 120 and 122 in their order"
must pinstore --store "$store" pin a.test "$(pin multi)" "$(pin backup)" >/dev/null
must pinstore --store "$store" clear other.test --yes --source all >/dev/null 2>&1
expect_exit 122 fetch $names -Z --require-pin $O/echo $W/echo $A/echo
expect_exit 90 fetch $names -Z --require-pin $W/echo $O/echo $A/echo
expect_exit 90 fetch $names -Z -f $A/echo $W/echo $A/e404
expect_exit 22 fetch $names -Z -f $A/echo $A/e404
expect_exit 7 fetch -Z https://127.0.0.1:1/

about "-L: each hop under the pins of its own host"
fresh
must pinstore --store "$store" pin b.test "$(pin good)" "$(pin backup)" >/dev/null
expect_exit 90 fetch $names -Z -L -o 1 -o 2 "$W/go?to=b.test:$far_port" \
	"$W/go?to=other.test:$web_port"
expect_requests far 0
sent other.test 1
grep -q '^GET /end' 2 && ok "the other arrived" || fail "$(cat 2)"

about "--retry waits without holding the others up"
fresh
expect_exit 0 fetch $names -Z -H 'X-Run: r' --retry 1 -f -o 1 -o 2 -o 3 \
	-w '%{urlnum}' $W/flaky/1 $W/echo $O/flaky/2
expect_err 'again in 1 s; 0 times left'
grep -q '^1' out && ok "what need not wait is first" || fail "$(cat out)"
expect_exit 22 fetch $names -Z -H 'X-Run: r' -f -o 1 $W/flaky/3

about "-F and -T: each has a body of its own"
printf 'some text\n' >sent
expect_exit 0 fetch $names -Z -F f=@sent -o 1 -o 2 $W/echo/1 $O/echo/2
expect_exit 0 fetch $names -Z -T sent -T sent -o 3 -o 4 $W/echo/1 $O/echo/2
for file in 1 2 3 4; do
	grep -q '^some text' $file && ok "$file" || fail "$(cat $file)"
done

about "-c, --hsts, -D"
expect_exit 0 fetch $names -Z --hsts hsts -c jar -D heads -o 1 -o 2 -o 3 \
	$W/hsts $O/hsts $W/set
grep -v '^#' hsts | cut -d ' ' -f 1 | sort | paste -s -d ' ' >seen
printf 'other.test pin.test\n' >wanted
expect_same seen wanted
expect_exit 0 fetch $names -Z --hsts hsts -b jar -o 1 -o 2 $W/echo $W/echo
grep -v '^#' hsts | cut -d ' ' -f 1 | sort | paste -s -d ' ' >seen
expect_same seen wanted
grep -q '^Cookie: set=here' 1 && grep -q '^Cookie: set=here' 2 &&
	ok "the cookie is sent by both" || fail "$(cat 1 2)"
[ "$(grep -c '^HTTP/1.1 200' heads)" -eq 3 ] && ok "three headers" || fail "$(cat heads)"

about "a store that cannot be used"
fresh
mkdir "$store"
printf 'no store\n' >"$store/data.mdb"
expect_exit 120 fetch $names -Z $W/echo $O/echo
[ "$(grep -c '^pinfetch: (120) ' err)" -eq 2 ] && ok "both are told" || fail "$(cat err)"
expect_requests web 0

about "many"
fresh
urls=
n=0
while [ $n -lt 120 ]; do
	urls="$urls $W/echo/$n $O/echo/$n"
	n=$((n + 1))
done
expect_exit 0 fetch $names -Z -s $urls
[ "$(grep -c '^GET /echo/' out)" -eq 240 ] && ok "all arrive" || fail "some are lost"
expect_requests web 240
