#!/bin/sh
# test_fetch_first.sh - a first visit is remembered, and an impostor with a
# valid certificate refused.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki 'fake:intB:pin.test,*.pin.test,xpin.test,free.test'
H=$(header 7776000 good backup -- includeSubDomains)
# The impostor has a certificate of another CA that is trusted as well.
start_nginx fake --http2 --site pin.test --chain fake

# quoted NAME: its pin, for a regular expression
quoted()
{
	pin "$1" | sed 's/[+]/[+]/g'
}

first_visit()
{
	rm -rf "$store"
	id=$1
	start_nginx "$id" $2 --site pin.test --chain good \
		--header "Public-Key-Pins: $H"
	eval "port=\$${id}_port"
	expect_exit 0 fetch $(at pin.test "$port") "https://pin.test:$port/" \
		-w '\n%{pin_status} %{pin_noted} %{http_version}\n'
	expect_out 'hello from pin.test'
	expect_out "^unpinned noted $3\$"
	expect_requests "$id" 1
	expect_exit 0 cat "$id/access.log"
	expect_out "http=HTTP/$4"
}

for round in 1 2; do
	if [ $round = 1 ]; then
		about "1 R-2.3.1-1 nginx over HTTP/1.1: noted, with cap and flag"
		first_visit one '' 1.1 1.1
	else
		about "1 R-2.3.1-1 F-27 nginx over HTTP/2: noted"
		first_visit two --http2 2 2.0
	fi
	expect_exit 0 pinstore --store "$store" list --json
	expect_json out 'len(d) == 1 and d[0]["host"] == "pin.test"'
	expect_json out 'd[0]["source"] == "header" and d[0]["mode"] == "enforce"'
	expect_json out 'd[0]["include_subdomains"] is True'
	expect_json out 'd[0]["max_age_sent"] == 7776000'
	expect_json out 'd[0]["expires_epoch"] - d[0]["noted_epoch"] == 5184000'
	expect_json out "set(d[0]['pins']) == {'$(fingerprint good)', '$(
		fingerprint backup)'}"

	about "R-2.1-11 D-04 a second visit matches"
	expect_exit 0 fetch $(at pin.test "$port") "https://pin.test:$port/" -s \
		-o /dev/null -w '%{pin_status} %{pin_match} %{pin_source} %{pin_host}\n'
	expect_out "^matched $(quoted good) header pin.test\$"
done

about "2 T-001 R-2.6-3 R-2.6-13 R-4-1 R-7-1 the impostor: 90, nothing sent, nothing changed"
remember
expect_exit 0 fetch $(at free.test "$fake_port") "https://free.test:$fake_port/ok"
expect_requests fake 1 # it does answer, and its log does tell
expect_exit 90 fetch $(at pin.test "$fake_port") "https://pin.test:$fake_port/" \
	-d 'a secret'
expect_no_out .
expect_requests fake 1
expect_unchanged
head -n 1 err >first
echo "pinfetch: (90) pin mismatch for pin.test: connection refused, nothing was sent" \
	>wanted
expect_same first wanted
expect_err '^  rule      pin\.test \(\+subdomains\), from its header, noted 20..-..-.., expires 20..-..-..$'
expect_err "^(  expected|          )  $(quoted good)\$"
expect_err "^(  expected|          )  $(quoted backup)\$"
expect_err "^  served    $(quoted fake)  leaf          CN=fake\$"
expect_err "^            $(quoted intB)  intermediate  CN=intB\$"
expect_err "^            $(quoted rootB)  root          CN=rootB  \(validated path\)\$"
expect_err '^  next      '
expect_no_err ' -k|insecure'
expect_err '^  likely    the chain ends in a CA that was added on this machine'

about "2 over HTTP/1.1, with a file, and with -k"
expect_exit 90 fetch $(at pin.test "$fake_port") --http1.1 -o got \
	"https://pin.test:$fake_port/"
[ ! -e got ] && ok "no file was made" || fail "a file was made"
expect_exit 90 fetch $(at pin.test "$fake_port") -k "https://pin.test:$fake_port/"
expect_exit 90 fetch $(at pin.test "$fake_port") -s "https://pin.test:$fake_port/"
expect_no_err .
expect_exit 90 fetch $(at pin.test "$fake_port") -s "https://pin.test:$fake_port/" \
	-w '%{http_code} %{exitcode} %{pin_status} %{pin_host}\n'
expect_out '^000 90 reject pin.test$'
expect_requests fake 1
expect_unchanged

about "8 R-2.6-3 a policy for subdomains is inherited, and the message says so"
expect_exit 90 fetch $(at www.pin.test "$fake_port") \
	"https://www.pin.test:$fake_port/"
expect_err '^pinfetch: \(90\) pin mismatch for www.pin.test:'
expect_err '^  likely    the policy is inherited: pin.test covers its subdomains'
expect_exit 0 fetch $(at xpin.test "$fake_port") "https://xpin.test:$fake_port/ok"
expect_requests fake 2
expect_unchanged

about "several URLs: the first of 90, 120, 122 stays, else the last one's code"
expect_exit 90 fetch $(at pin.test "$fake_port") $(at free.test "$fake_port") \
	"https://pin.test:$fake_port/" "https://free.test:$fake_port/ok"
expect_out 'hello'
expect_exit 0 fetch $(at free.test "$fake_port") \
	'https://a..b/' "https://free.test:$fake_port/ok"
expect_exit 3 fetch $(at free.test "$fake_port") \
	"https://free.test:$fake_port/ok" 'https://a..b/'
expect_requests fake 5

about "R-1-2 R-2.3.1-4 R-2.3.1-6 over plain HTTP nothing is asked or noted"
start_nginx plain --plain --site pin.test --header "Public-Key-Pins: max-age=0"
expect_exit 0 fetch $(at pin.test "$plain_port") "http://pin.test:$plain_port/" \
	-s -w '%{pin_status}'
expect_out 'off$'
expect_unchanged
