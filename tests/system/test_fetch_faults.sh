#!/bin/sh
# test_fetch_faults.sh - each call of libcurl that pinfetch makes fails once: an
# impostor never gets a request for it, and no answer is taken that is not whole
# (T-120).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
preload=$top_builddir/tests/support/.libs/libcurlfault.so
must test -f "$preload"
# AddressSanitizer wants to be the first library.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

make_pki
start_nginx honest --site pin.test --chain good \
	--header "Public-Key-Pins: $(header 600 good backup)"
start_nginx impostor --site pin.test --chain mitm
expect_exit 0 fetch $(at pin.test "$honest_port") "https://pin.test:$honest_port/"
expect_out 'hello from pin.test'
expect_exit 90 fetch $(at pin.test "$impostor_port") \
	"https://pin.test:$impostor_port/"
honest_before=$(requests honest)

# sweep WORDS JUDGE COMMAND...: fail one call after the other until none failed;
# JUDGE gets the exit code
sweep()
{
	about "$1"
	judge=$2
	shift 2
	n=0
	bad=0
	while :; do
		n=$((n + 1))
		rm -f hit body
		CURLFAULT_AT=$n CURLFAULT_LOG=$T/hit LD_PRELOAD=$preload \
			timeout -k 5 60 "$@" >out 2>err </dev/null
		code=$?
		[ -e hit ] || break
		"$judge" "$code" || {
			bad=$((bad + 1))
			echo "call $n, $(cat hit): exit $code"
			tail -n 5 err
		}
		[ "$n" -lt 1000 ] || break
	done
	[ "$bad" -eq 0 ] && ok "$((n - 1)) calls have failed" ||
		fail "$bad of $((n - 1)) calls that failed were not met"
	[ "$n" -gt 40 ] && ok "which is many" || fail "$((n - 1)) calls are few"
	return 0
}

# Never accepted, never a crash.
refused()
{
	[ "$1" -ne 0 ] && [ "$1" -lt 124 ] && [ ! -s body ]
}

# A fault that only concerns what is told about it may pass.
whole_or_failed()
{
	if [ "$1" -eq 0 ]; then
		grep -q 'hello from pin.test' body
	else
		[ "$1" -lt 124 ]
	fi
}

sweep "an impostor, and all that is asked of libcurl" refused \
	pinfetch --store "$store" --cacert "$pki/trust.pem" \
	$(at pin.test "$impostor_port") \
	-s -S -L -o body -w '%{http_code} %{url_effective} %{remote_ip}' \
	-A agent -e referer -H 'X-One: 1' -b a=b -u user:word --compressed \
	--connect-timeout 20 --max-time 30 --max-redirs 3 --retry 0 \
	"https://pin.test:$impostor_port/"
expect_requests impostor 0
expect_exit 1 grep -q . impostor/access.log

sweep "an upload with parts, to the right one" whole_or_failed \
	pinfetch --store "$store" --cacert "$pki/trust.pem" \
	$(at pin.test "$honest_port") \
	-s -S -o body -F 'a=1;type=text/plain' -F "b=@$pki/trust.pem;filename=x" \
	-F 'c=2;headers="X-Two: 2"' -F '=(;type=multipart/mixed' -F 'd=3' \
	-F '=)' "https://pin.test:$honest_port/"
[ "$(requests honest)" -gt "$honest_before" ] && ok "some came through" ||
	fail "none came through"
