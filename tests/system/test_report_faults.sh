#!/bin/sh
# test_report_faults.sh - each call of libcurl that sending a report makes fails
# once: nobody but the right collector gets a request for it, none is told to be
# delivered that is not, and none is lost.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
preload=$top_builddir/tests/support/.libs/libcurlfault.so
must test -f "$preload"
# AddressSanitizer wants to be the first library.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

make_pki sink:intA:sink.test
printf 'sink.test "20990101 00:00:00"\n' >hsts
printf '{}' >body
start_collector right --chain sink
start_collector wrong --chain mitm
start_collector elsewhere --chain sink

# fill PIN: a store in which that pins sink.test, and a report waits
fill()
{
	rm -rf filled
	must pinstore --store filled pin sink.test "$1" "$(pin backup)" >/dev/null
	must "$top_builddir/tests/support/queuereport" filled pin.test 443 \
		"$2" http://sink.test/ <body
}

# sweep WORDS LEAST JUDGE PORT: fail one call after the other until none failed
sweep()
{
	about "$1"
	n=0
	bad=0
	while :; do
		n=$((n + 1))
		rm -rf hit store
		cp -R filled store
		before=$(requests right)
		CURLFAULT_AT=$n CURLFAULT_LOG=$T/hit LD_PRELOAD=$preload \
			timeout -k 5 60 pinstore --store store report send \
			--cacert "$pki/trust.pem" --hsts hsts \
			--connect-to "sink.test:443:127.0.0.1:$4" \
			>out 2>err </dev/null
		code=$?
		[ -e hit ] || break
		"$3" "$code" || {
			bad=$((bad + 1))
			echo "call $n, $(cat hit): exit $code"
			tail -n 5 err
		}
		[ "$n" -lt 1000 ] || break
	done
	[ "$bad" -eq 0 ] && ok "$((n - 1)) calls have failed" ||
		fail "$bad of $((n - 1)) calls that failed were not met"
	[ "$n" -gt "$2" ] && ok "which is many" || fail "$((n - 1)) calls are few"
	return 0
}

waits()
{
	[ "$(pinstore --store store report list --json | grep -c .)" -eq 1 ]
}

# Delivered, and told so; or told that it is not, and still there.
delivered_or_waits()
{
	if [ "$1" -eq 0 ]; then
		[ "$(requests right)" -eq $((before + 1)) ] && ! waits
	else
		[ "$1" -lt 124 ] && waits
	fi
}

refused()
{
	[ "$1" -ne 0 ] && [ "$1" -lt 124 ] && waits
}

fill "$(pin intA)" private
sweep "the right collector" 25 delivered_or_waits "$right_port"
expect_same /dev/null err
fill "$(pin intA)" private
sweep "R-2.1.4-4 one without the pins" 25 refused "$wrong_port"
expect_requests wrong 0
fill "$(pin intA)" public
sweep "D-31 one at a private address" 25 refused "$elsewhere_port"
expect_requests elsewhere 0
expect_exit 1 grep -q connection elsewhere/log
