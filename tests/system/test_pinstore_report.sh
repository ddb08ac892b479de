#!/bin/sh
# test_pinstore_report.sh - pinstore report list, show, drop, and what is wrong.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"

PINSTORE=$store
export PINSTORE
printf '{"a": "\\u001b]0;x\\u0007", "b": ["\\u202e"]}' >body

queue()
{
	must "$top_builddir/tests/support/queuereport" "$store" "$1" "$2" "$3" \
		"$4" <body
}

about "without a store, and with nothing in it"
expect_exit 3 pinstore report list
expect_exit 3 pinstore report show
expect_exit 0 pinstore report drop --all
expect_out '^dropped 0 reports$'
expect_exit 0 pinstore report list
expect_same /dev/null out
expect_exit 0 pinstore report list --json
expect_same /dev/null out
expect_exit 0 pinstore report show
expect_same /dev/null out
expect_exit 0 pinstore report send
expect_same /dev/null out
expect_same /dev/null err
expect_exit 1 pinstore report show 1
expect_exit 1 pinstore report drop 1
expect_exit 1 pinstore report drop a.test

about "what is wrong"
expect_exit 2 pinstore report
expect_exit 2 pinstore report lst
expect_err 'list, show, send or drop'
expect_exit 2 pinstore report list 1
expect_exit 2 pinstore report list --all
expect_exit 2 pinstore report show --cacert x
expect_exit 2 pinstore report show a.test
expect_exit 2 pinstore report show 0
expect_exit 2 pinstore report show 99999999999999999999
expect_exit 2 pinstore report drop
expect_exit 2 pinstore report drop --all 1
expect_exit 2 pinstore report drop a..b
expect_exit 2 pinstore report drop --hsts x 1
expect_exit 2 pinstore report send --hsts missing
expect_err 'missing.*cannot be read'
expect_exit 2 pinstore report send --hsts .
expect_err 'cannot be read: Is a directory'
expect_exit 2 pinstore report send -1

about "list: a table, and an object on each line"
queue a.test 443 private https://r.test/a
queue a.test 8443 public 'https://r.test/b?c'
queue b.test 443 private http://127.0.0.1:81/
expect_exit 0 pinstore report list
expect_out '^ID HOST +KIND SEEN +TRIES NEXT URI$'
expect_out '^1 +a\.test +pkp .* 0 +now +https://r\.test/a$'
expect_out '^3 waiting, [0-9]+ octets; 0 given up since ever$'
expect_exit 0 pinstore report list --json
expect_json out 'all(list(x) == ["id", "kind", "host", "port", "private", "uri", "created", "created_epoch", "expires", "expires_epoch", "attempts", "next", "next_epoch", "octets"] for x in lines)'
expect_json out "[(x['id'], x['kind'], x['host'], x['port'], x['private'], x['uri'], x['attempts'], x['octets']) for x in lines] == [(1, 'pkp', 'a.test', 443, True, 'https://r.test/a', 0, $(wc -c <body)), (2, 'pkp', 'a.test', 8443, False, 'https://r.test/b?c', 0, $(wc -c <body)), (3, 'pkp', 'b.test', 443, True, 'http://127.0.0.1:81/', 0, $(wc -c <body))]"
expect_json out 'all(x["expires_epoch"] - x["created_epoch"] == 86400 for x in lines)'

about "R-5-6 show: what would leave this machine, octet by octet"
expect_exit 0 pinstore report show 2
expect_out '^  about     a\.test:8443, pkp$'
expect_out '^  POST      https://r\.test/b\?c$'
expect_out "^  content   application/json; charset=utf-8, $(wc -c <body) octets:\$"
tail -n 1 out | tr -d '\n' >shown
expect_same body shown
expect_exit 0 pinstore report show
[ "$(grep -c '^report ' out)" -eq 3 ] && ok "all three" || fail "not all three"
expect_exit 0 pinstore report show --json 2
expect_json out "d['id'] == 2 and d['body'] == json.load(open('body'))"
expect_exit 1 pinstore report show 2 77
expect_err 'not all of these reports are there'

about "T-143 nothing that steers a terminal, whatever was stored"
queue esc.test 443 private "$(printf 'https://r.test/\033[2Jx\nforged')"
for action in list show; do
	expect_exit 0 pinstore report $action
	LC_ALL=C grep -q '[^ -~]' out && fail "$action prints raw octets" ||
		ok "$action escapes"
	expect_out 'https://r\.test/\\x1b\[2Jx\\nforged'
done
expect_exit 4 pinstore report send 4
LC_ALL=C grep -q '[^ -~]' err && fail "send prints raw octets" || ok "send escapes"

about "drop: by number, by host, all"
expect_exit 0 pinstore report drop --json 3
expect_json out 'd == {"dropped": 1}'
expect_exit 0 pinstore report drop A.TEST
expect_out '^dropped 2 reports$'
expect_exit 1 pinstore report drop a.test
queue a.test 443 private https://r.test/a
queue b.test 443 private https://r.test/a
expect_exit 0 pinstore report drop a.test 999
expect_exit 0 pinstore report drop --all
expect_out '^dropped [12] report'
expect_exit 0 pinstore report list --json
expect_same /dev/null out
