#!/bin/sh
# test_fetch_meter.sh - progress: when it is shown, where, and how it looks.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
curl=/usr/bin/curl
onpty=$top_srcdir/tests/support/onpty.py
make_pki
mkdir -p web/root
head -c 100000 /dev/zero | tr '\0' x >web/root/file
printf 'short\n' >web/root/text
: >web/root/empty
start_nginx web --site pin.test --chain multi --conf "root $T/web/root;
	location /go { return 302 /file; } location /e404 { return 404 lost; } break;"
start_tlsserv open --chain multi --delay 1 --close \
	-r 'HTTP/1.1 200 OK\r\n\r\nwithout a length'
names="$(at pin.test "$web_port") $(at pin.test "$open_port")"
U=https://pin.test:$web_port
N=https://pin.test:$open_port
unset COLUMNS

# on COLUMNS STREAMS ARGUMENT...: pinfetch there; what is seen goes to ./seen
on()
{
	columns=$1
	streams=$2
	shift 2
	expect_exit "${wanted_exit-0}" timeout 60 "$python" "$onpty" "$columns" \
		"$streams" seen pinfetch --store "$store" \
		--cacert "$pki/trust.pem" $names "$@"
}

curl_on()
{
	columns=$1
	streams=$2
	shift 2
	timeout 60 "$python" "$onpty" "$columns" "$streams" curl.seen "$curl" -q \
		--cacert "$pki/trust.pem" $names "$@" >/dev/null 2>&1 </dev/null
}

nothing_seen()
{
	[ -s seen ] && fail "$1: $(cat seen)" || ok "$1: nothing is seen"
}

# seen PATTERN, unseen PATTERN: in what was drawn, a line for each drawing
seen()
{
	tr '\r' '\n' <seen | grep -Eq -e "$1" && ok "'$1' is seen" ||
		fail "'$1' is not seen: $(cat seen)"
}

unseen()
{
	tr '\r' '\n' <seen | grep -Eq -e "$1" && fail "'$1' is seen: $(cat seen)" ||
		ok "'$1' is not seen"
}

about "T-013 the meter: curl's, on a terminal"
on 80 012 -o body $U/file
curl_on 80 012 -o curl.body $U/file
expect_same body web/root/file
head -n 2 seen >head
head -n 2 curl.seen >curl.head
expect_same head curl.head
[ "$(wc -l <head)" -eq 2 ] && ok "of two lines" || fail "no head: $(cat seen)"
seen '^100   97k  100   97k    0     0 .*--:--:-- *[0-9.]+[kM]?$'
unseen '#'
[ "$(tail -c 1 seen | od -An -c | tr -d ' ')" = '\n' ] && ok "the line is ended" ||
	fail "$(cat seen)"
on 80 012 -o 1 $U/empty
seen '^  % Total '
on 80 012 -L -o 1 $U/go
[ "$(grep -c '% Total' seen)" -eq 1 ] && ok "one head for all hops" || fail "$(cat seen)"

about "... where the answer does not go to a terminal"
on 80 02 $U/text
seen '^100     6  100     6'
expect_out '^short$'
on 80 012 $U/text
cat seen >kept
printf 'short\n' >wanted
expect_same kept wanted
on 80 012 -o - $U/text
expect_same seen wanted
on 80 012 -o body $U/file -o - $U/text
seen '^100   97k'
unseen '^100     6'
seen '^short$'
on 80 1 $U/text
expect_same seen wanted
expect_no_err .

about "... and stderr is one"
on 80 01 -o body $U/file
nothing_seen "stderr elsewhere"
expect_no_err .
on 80 01 -Z -o body $U/file
expect_no_err .

about "T-013 -s, --no-progress-meter"
on 80 012 -s -o body $U/file
nothing_seen -s
on 80 012 --no-progress-meter -o body $U/file
nothing_seen --no-progress-meter
on 80 012 -\# --no-progress-meter -o body $U/file
nothing_seen "-# --no-progress-meter"
wanted_exit=22
on 80 012 -f --no-progress-meter -o lost $U/e404
seen '^pinfetch: \(22\) '
unseen Total
on 80 012 -f -s -o lost $U/e404
nothing_seen "-f -s"
wanted_exit=0

about "T-013 -#: a bar, as wide as the terminal"
for columns in 60 80 131; do
	on $columns 012 -\# -o body $U/file
	curl_on $columns 012 -\# -o curl.body $U/file
	tr '\r' '\n' <seen | grep . | tail -n 1 >last
	tr '\r' '\n' <curl.seen | grep . | tail -n 1 >curl.last
	expect_same last curl.last
	# before a slow server tells a length, something wanders
	[ "$(tr '\r' '\n' <seen | grep . | grep -v '=O=' |
		awk '{ print length($0) }' | sort -u)" = $columns ] &&
		ok "all bars have $columns columns" || fail "$(cat seen)"
	seen '^#+ 100\.0%$'
	unseen Total
done
on 80 012 --progress-bar -o body $U/file
seen '^#+ 100\.0%$'
expect_exit 0 fetch $names -\# -o body $U/file
cp err seen
seen '^#{72} 100\.0%$'
export COLUMNS=50
expect_exit 0 fetch $names -\# -o body $U/file
cp err seen
seen '^#{43} 100\.0%$'
for value in 20 x 99999 ''; do
	export COLUMNS="$value"
	expect_exit 0 fetch $names -\# -o body $U/file
	cp err seen
	seen '^#{72} 100\.0%$'
done
unset COLUMNS
on 80 012 -\# $U/text
unseen '#'
seen '^short$'
on 80 012 -\# -o 1 $U/empty
unseen '#'
on 80 012 -\# -o 1 $N/
seen '^ *-=O=- *$'
head -c 50000 web/root/file >part
on 80 012 -\# -C - -o part $U/file
seen '^#+ 100\.0%$'
expect_same part web/root/file

about "what else is told begins a line"
must pinstore --store "$store" pin pin.test "$(pin good)" "$(pin backup)" >/dev/null
wanted_exit=90
for option in -v -\# -Z --pin-info; do
	on 80 012 $option -o lost $U/file
	grep -q '^pinfetch: (90) pin mismatch for pin.test' seen &&
		ok "$option" || fail "$option: $(cat seen)"
done
on 80 012 -o lost $U/file
seen '% Total'
grep -q '^pinfetch: (90) pin mismatch for pin.test' seen && ok "the refusal" ||
	fail "$(cat seen)"
wanted_exit=0
must pinstore --store "$store" clear --all --source all --yes >/dev/null 2>&1

about "T-013 -Z: one meter for all"
on 80 012 -Z -o 1 -o 2 $U/file $U/file
curl_on 80 012 -Z -o 1 -o 2 $U/file $U/file
head -n 1 seen >head
head -n 1 curl.seen >curl.head
expect_same head curl.head
seen '^100 --   195k     0     2     0  '
[ "$(tr '\r' '\n' <seen | awk 'length($0) > 79' | wc -l)" -eq 0 ] &&
	ok "within 79 columns" || fail "$(cat seen)"
on 80 012 -Z -\# -o 1 -o 2 $U/file $U/text
unseen '#'
seen '^DL% UL%'
on 80 012 -o 1 -o 2 $U/file $U/text
unseen '^DL% UL%'
on 80 012 -Z -o 1 $U/file $U/text
expect_same seen wanted
on 80 012 -Z -s -o 1 -o 2 $U/file $U/file
nothing_seen "-Z -s"
on 80 012 -Z --no-progress-meter -o 1 -o 2 $U/file $U/file
nothing_seen "-Z --no-progress-meter"
on 80 012 -Z -T web/root/file -o 1 $N/
seen '^100 100    16 97\.7k     1     0  '
on 80 012 -Z -o 1 -o 2 $N/ $U/file
seen '^--  --  .* 2     1  '
