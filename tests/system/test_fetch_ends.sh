#!/bin/sh
# test_fetch_ends.sh - the other side of what a fetch seldom meets: header lines
# of another form, redirects that are none, uploads of nothing, a narrow
# terminal, one URL of many that comes to nothing.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki suffix:intB:co.uk
start_tlsserv raw --chain multi
names="$(at pin.test "$raw_port")"
R=https://pin.test:$raw_port

# answered ANSWER EXIT ARGUMENT...: a fetch of /d/name of a server that does so
answered()
{
	start_tlsserv once --chain multi --per-connection --close -r "$1"
	code=$2
	shift 2
	expect_exit "$code" fetch $(at pin.test "$once_port") "$@" \
		"https://pin.test:$once_port/d/name"
	stop once
}

about "T-013 header lines: bare line ends, trailers, redirects that are none"
answered 'HTTP/1.1 200 OK\nContent-Length: 1\n\nz' 0 -i
expect_out '^z$'
answered 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\nX-T: 1\r\n\r\n' \
	0 -D heads -w '|%{http_code}'
expect_out '^z\|200$'
for status in 200 304 404; do
	answered "HTTP/1.1 $status So\\r\\nX-Location: /other\\r\\nContent-Length: 0\\r\\n\\r\\n" \
		0 -L -w '%{http_code} %{num_redirects}'
	expect_out "^$status 0$"
done
answered 'HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz' \
	0 -L -w '|%{http_code}'
expect_out '^z\|200$'
long=$(head -c 9000 /dev/zero | tr '\0' x)
answered "HTTP/1.1 200 OK\\r\\nX-Long: $long\\r\\nX-Long: $long\\r\\nContent-Length: 0\\r\\n\\r\\n" \
	23 -i -o /dev/full
answered "HTTP/1.1 200 OK\\r\\nX-Long: $long\\r\\nX-Long: $long\\r\\nContent-Length: 0\\r\\n\\r\\n" \
	23 -D /dev/full
answered 'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=no\r\nContent-Length: 1\r\n\r\nz' \
	0 -J -o yes
expect_exit 0 cat yes
expect_exit 1 test -e no

about "T-013 -L: a verb that changes, and one that does not"
while read -r status now body; do
	start_tlsserv once --chain multi \
		-r "HTTP/1.1 $status Go\\r\\nLocation: /n\\r\\nContent-Length: 0\\r\\n\\r\\n" \
		-r 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
	expect_exit 0 fetch -L $body $(at pin.test "$once_port") \
		"https://pin.test:$once_port/d/" -o /dev/null \
		-w '%{method} %{num_redirects}'
	expect_out "^$now 1$"
	stop once
done <<'ROWS'
300 POST -d a=1
302 GET -d a=1
307 POST -F a=1
303 GET -T heads
302 PUT -T heads
301 HEAD -I
ROWS

about "T-013 -T: a folder, what is no file, and a name of its own"
must mkdir folder
: >empty
expect_exit 0 fetch $names -T empty "$R/d/"
expect_exit 0 fetch $names -T /dev/null "$R/d/own"
expect_exit 0 sh -c "exec pinfetch -k $names --store '$store' -T - $R/d/ </dev/null"
expect_exit 26 fetch $names -T nothing-there "$R/"

about "T-013 --create-dirs, -o - and -Z with a meter that is not wanted"
expect_exit 0 fetch $names --create-dirs -o a/b/c/file "$R/x"
expect_exit 0 test -f a/b/c/file
expect_exit 0 fetch $names -Z -o - "$R/x" -o two "$R/y"
expect_exit 23 fetch $names -o folder/none/file "$R/x"
expect_exit 23 fetch $names -o folder "$R/x"

about "T-013 -Z: a URL that comes to nothing does not keep the others"
expect_exit 0 fetch $names -Z -o one "$R/1" -o two "$R/2" -o three "$R/3"
for file in one two three; do
	expect_exit 0 test -f $file
done
rm -f one two three
for way in '-Z' '-Z --parallel-max 1' ''; do
	rm -f one two three
	expect_exit 0 fetch $names $way -o one "$R/1" -o two 'https://a..b/' \
		-o three "$R/3"
	expect_err '\(3\)'
	expect_exit 0 test -f one
	expect_exit 0 test -f three
	expect_exit 3 fetch $names $way -o one "$R/1" -o two 'https://a..b/'
done

about "T-013 a terminal that is narrow, and an answer that is no text"
for columns in 10 21 500; do
	expect_exit 0 "$python" "$top_srcdir/tests/support/onpty.py" $columns 2 \
		seen pinfetch --store "$store" --cacert "$pki/trust.pem" \
		$names -# -o one "$R/1"
	expect_exit 0 grep -q '#' seen
done
for columns in 5 21 5000 x ''; do
	expect_exit 0 env COLUMNS="$columns" "$python" \
		"$top_srcdir/tests/support/onpty.py" 80 2 seen pinfetch \
		--store "$store" --cacert "$pki/trust.pem" $names -# -o one \
		"$R/1"
done
start_tlsserv zero --chain multi -r 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\0z'
expect_exit 23 "$python" "$top_srcdir/tests/support/onpty.py" 80 12 seen \
	pinfetch --store "$store" --cacert "$pki/trust.pem" \
	$(at pin.test "$zero_port") "https://pin.test:$zero_port/"
expect_exit 0 grep -q '(23) the answer is no text and stdout is a terminal; use --output FILE' seen
expect_exit 0 fetch $(at pin.test "$zero_port") "https://pin.test:$zero_port/"

about "remarks: -s alone is silent, -sS is not, and what is removed is told"
P=$(header 600 multi backup)
start_nginx pins --site pin.test --chain multi --header "Public-Key-Pins: $P"
start_nginx none --site pin.test --chain multi \
	--header 'Public-Key-Pins: max-age=600; pin-sha1="aaaa"'
N="$(at pin.test "$pins_port") https://pin.test:$pins_port/"
M="$(at pin.test "$none_port") https://pin.test:$none_port/"
for words in '-s' '-sS' '-v' '-sv'; do
	expect_exit 0 fetch $words -o /dev/null $N
	expect_no_err 'warning'
	expect_exit 0 fetch $words -o /dev/null $M
	case $words in
	-s | -sv) expect_no_err 'removed$' ;;
	*) expect_err 'its entry was removed' ;;
	esac
done
must pinstore --store "$store" config quota-total 0
for words in '-s' '-sS' '-v'; do
	expect_exit 0 fetch $words -o /dev/null $N
	case $words in
	-s) expect_no_err . ;;
	*) expect_err 'the store is full' ;;
	esac
	expect_exit 0 fetch $words --tofu -o /dev/null $M
	case $words in
	-s) expect_no_err . ;;
	*) expect_err 'could not be remembered: the store is full' ;;
	esac
done
must pinstore --store "$store" config --unset quota-total
expect_exit 0 fetch -v --tofu -o /dev/null $M
expect_err '\* pins: key of pin.test: '
expect_exit 0 fetch -v --tofu -o /dev/null $M

about "remarks: a public suffix, a clock that was set back, a store that is shut"
start_nginx suffix --site co.uk --chain suffix --header \
	"Public-Key-Pins: max-age=600; includeSubDomains; pin-sha256=\"$(fingerprint suffix)\"; pin-sha256=\"$(fingerprint backup)\""
expect_exit 0 fetch -v -o /dev/null $(at co.uk "$suffix_port") \
	"https://co.uk:$suffix_port/"
expect_err 'co.uk is a public suffix'
must pinstore --store ahead note --at 2200-01-01 --chain-pin "$(pin multi)" \
	pin.test "$P" >/dev/null
expect_exit 0 pinfetch --store ahead --cacert "$pki/trust.pem" -o /dev/null $N
expect_err 'the entry of pin.test was from the future and has been replaced: was the clock set back\?'
must pinstore --store ahead note --at 2200-01-01 --chain-pin "$(pin backup)" \
	pin.test "$(header 600 backup mitm)" >/dev/null
expect_exit 90 pinfetch --store ahead --cacert "$pki/trust.pem" $N
expect_err "noted in the future: is the clock right"
# No file may grow, and what is said goes through a pipe.
(
	trap - EXIT
	(
		trap - EXIT
		ulimit -f 0
		fetch --tofu -o /dev/null $(at other.test "$raw_port") \
			"https://other.test:$raw_port/" 2>&1
	)
) | cat >said
expect_exit 0 grep 'the key of other.test could not be remembered: ' said
expect_exit 0 fetch --tofu -o /dev/null $(at other.test "$raw_port") \
	"https://other.test:$raw_port/"
expect_exit 0 pinstore --store "$store" note --chain-pin "$(pin multi)" \
	other.test max-age=0
expect_out 'other.test: unchanged'
expect_exit 0 pinstore --store "$store" show other.test
expect_out 'first visit'
# Root's own is the machine's, and none of a test's business.
[ "$(id -u)" -eq 0 ] ||
	expect_exit 0 env -u PINSTORE pinfetch --cacert "$pki/trust.pem" $N
start_tlsserv plain --plain
expect_exit 0 fetch -v $(at pin.test "$plain_port") "http://pin.test:$plain_port/"
expect_exit 60 pinfetch --store "$store" -v $names "$R/"
expect_exit 0 fetch --pinnedpubkey "$(pin mitm)" $(at pin.test "$plain_port") \
	"http://pin.test:$plain_port/"
export https_proxy= http_proxy=
expect_exit 0 fetch -v -o /dev/null $N
unset https_proxy http_proxy
expect_exit 2 fetch $names -C - -r 0-1 "$R/"

about "R-2.6-2 a refusal: both layers, one that still matches, --pin-info"
must pinstore --store both pin pin.test "$(pin multi)" "$(pin backup)" \
	>/dev/null
must pinstore --store both note --chain-pin "$(pin backup)" pin.test \
	"$(header 600 backup mitm)" >/dev/null
expect_exit 90 pinfetch --store both --cacert "$pki/trust.pem" -v --pin-info \
	$names "$R/"
expect_err 'from its header, noted'
expect_no_err 'pinned by the operator, made'
expect_exit 90 pinfetch --store both --cacert "$pki/trust.pem" -Z $names "$R/"
expect_exit 0 pinfetch --store "$store" --pin-info -k \
	$(at free.test "$raw_port") "https://free.test:$raw_port/"
expect_exit 60 pinfetch --store "$store" --pin-info \
	$(at free.test "$raw_port") "https://free.test:$raw_port/"
expect_no_err 'pins of free.test'
expect_exit 0 pinfetch --store "$store" --pin-info --cacert "$pki/trust.pem" \
	$names --pinnedpubkey "$(pin multi)" "$R/"
expect_exit 90 pinfetch --store "$store" --pin-info --cacert "$pki/trust.pem" \
	$names --pinnedpubkey "$(pin mitm);$(pin backup)" "$R/"
expect_exit 2 pinfetch --store "$store" $names --pinnedpubkey 'sha256//x' "$R/"
expect_exit 2 pinfetch --store "$store" $names --pinnedpubkey \
	"$(pin mitm);sha1//x" "$R/"
