#!/bin/sh
# test_clear_live.sh - what is cleared is gone from the files, under the eyes of
# programs that use the store meanwhile and must not notice.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$top_srcdir/tests/support/lib.sh"
make_pki
start_nginx web --site pin.test --chain multi --site a.test --chain multi \
	--site other.test --chain multi \
	--header "Public-Key-Pins: $(header 1000 multi backup)"
PINSTORE=$store
export PINSTORE
a=BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=
b=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
secret=c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE=

# traces NAME [PIN]: which files hold it, in any spelling
traces()
{
	"$python" - "$store" "$@" <<'END'
import base64, pathlib, sys
name = sys.argv[2].encode()
labels = name.split(b".")
wanted = [name, b".".join(reversed(labels)), labels[0], name.upper()]
for pin in sys.argv[3:]:
    octets = base64.b64decode(pin)
    wanted += [octets, octets[:12], octets[-12:], octets[::-1], pin.encode(),
               octets.hex().encode()]
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        held = path.read_bytes()
        for what in wanted:
            if what in held:
                print(path.name, what)
END
}

# note HOST PIN
note()
{
	must pinstore note --chain-pin $a "$1" \
		"max-age=3000; pin-sha256=\"$a\"; pin-sha256=\"$2\"" >/dev/null
}

no_trace()
{
	found=$(traces "$@")
	[ -z "$found" ] && ok "no trace of $1" || fail "traces of $1: $found"
}

about "R-5-5 T-098: one host beside others"
for n in 1 2 3 4 5 6 7 8; do
	note stays$n.test $b
done
note under-cover.example.test $secret
must pinstore bypass under-cover.example.test --for 1h --reason "hush hush" \
	>/dev/null
expect_exit 90 pinstore check --chain-none under-cover.example.test
[ -n "$(traces under-cover.example.test $secret)" ] &&
	ok "there is something to be found" || fail "nothing is found at all"
expect_exit 0 pinstore clear --yes under-cover.example.test
no_trace under-cover.example.test $secret
no_trace 'hush hush'
expect_exit 0 pinstore list --json
expect_json out 'len(d) == 8'
[ -n "$(traces stays3.test)" ] && ok "the others are there" || fail "nothing left"

about "R-5-5: one that had removed itself, and pins that were replaced"
note gone-by-itself.test $secret
must pinstore note --chain-pin $a gone-by-itself.test max-age=0 >/dev/null
note stays1.test $secret
note stays1.test $b
[ -n "$(traces gone-by-itself.test $secret)" ] && ok "they are there" ||
	fail "nothing is found"
expect_exit 1 pinstore clear --yes gone-by-itself.test
no_trace gone-by-itself.test $secret

about "R-5-5: several at once, an address behind them; all; a read-only look"
note first-one.test $secret
note second-one.test $secret
expect_exit 1 pinstore clear --yes first-one.test second-one.test 127.0.0.1
no_trace first-one.test $secret
no_trace second-one.test
note first-one.test $secret
expect_exit 0 pinstore clear --dry-run first-one.test
[ -n "$(traces first-one.test $secret)" ] && ok "a rehearsal clears nothing" ||
	fail "a rehearsal has cleared"
expect_exit 0 pinstore clear --yes --all
for n in 1 2 3 4 5 6 7 8; do
	no_trace stays$n.test
done
no_trace first-one.test $secret
modes=$(find "$store" -printf '%f %m\n' | sort | tr '\n' ' ')
[ "$modes" = 'data.mdb 600 gate 600 lock.mdb 600 schema 600 store 700 ' ] &&
	ok "files are $modes" || fail "files are $modes"

about "R-5-5: no copy can be made: removed, said, and done by the next clear"
note no-copy.test $secret
must pinstore pin stays.test $a $secret >/dev/null
must mkdir "$store/data.mdb.new"
expect_exit 3 pinstore clear --yes no-copy.test
expect_err 'entries are removed, but their octets .* until the next clear: '
expect_err 'data.mdb.new'
[ ! -s out ] && ok "nothing on stdout" || fail "$(cat out)"
expect_exit 1 pinstore show no-copy.test
[ -n "$(traces no-copy.test)" ] && ok "the octets are there" || fail "gone"
must rmdir "$store/data.mdb.new"
expect_exit 1 pinstore clear --yes no-copy.test
no_trace no-copy.test
expect_exit 0 pinstore show stays.test

about "R-5-5 T-118: pinfetch uses the store while it is replaced again and again"
must pinstore pin pin.test "$(pin multi)" "$(pin backup)" >/dev/null
must pinstore pin a.test "$(pin mitm)" "$(pin backup)" >/dev/null
urls=
for n in 1 2 3 4 5 6 7 8 9 10; do
	urls="$urls https://pin.test:$web_port/$n -o /dev/null"
done
# run LOG ARGUMENT...: until it is over; the code of each run
run()
{
	log=$1
	shift
	while [ ! -e over ]; do
		timeout 60 pinfetch --store "$store" --cacert "$pki/trust.pem" \
			"$@" >>"$log.out" 2>>"$log.err"
		echo $? >>"$log.codes"
	done
}
run right -s $urls $(at pin.test "$web_port") -w '%{pin_status}\n' &
one=$!
run wrong -s "https://a.test:$web_port/" $(at a.test "$web_port") &
two=$!
run learnt -s "https://other.test:$web_port/" -o /dev/null \
	$(at other.test "$web_port") -w '%{pin_status}\n' &
three=$!
(
	n=0
	while [ ! -e over ]; do
		n=$((n + 1))
		pinstore note --chain-pin $a acked$n.test \
			"max-age=3000; pin-sha256=\"$a\"; pin-sha256=\"$secret\"" \
			>/dev/null 2>>note.err && echo acked$n.test >>acked
	done
) &
four=$!
running="$running one=$one two=$two three=$three four=$four"
n=0
while [ $n -lt $((40 / $(sanitized 2))) ]; do
	n=$((n + 1))
	note cleared$n.test $secret
	pinstore clear --yes cleared$n.test >/dev/null 2>clear.err ||
		fail "clear: $(cat clear.err)"
	[ $((n % 8)) -ne 0 ] || no_trace cleared$n.test
done
: >over
wait $one $two $three $four
for log in right:0 wrong:90 learnt:0; do
	codes=$(sort -u "${log%:*}.codes")
	[ "$codes" = "${log#*:}" ] &&
		ok "${log%:*}: $(wc -l <"${log%:*}.codes") times ${log#*:}" ||
		fail "${log%:*}: $codes: $(tail -3 "${log%:*}.err")"
done
[ "$(sort -u right.out)" = matched ] && ok "matched each time" ||
	fail "$(sort right.out | uniq -c)"
[ "$(tail -n +2 learnt.out | sort -u)" = matched ] && ok "and what was learnt" ||
	fail "$(sort learnt.out | uniq -c)"
[ ! -s note.err ] && ok "each note was taken" || fail "$(cat note.err)"
must pinstore list --json >list
expect_json list "set('pin.test a.test other.test stays.test'.split()) | \
	set(open('acked').read().split()) <= {x['host'] for x in d}"
expect_json list "not any(x['host'].startswith('cleared') for x in d)"
expect_requests web "$(($(wc -l <right.out) + $(wc -l <learnt.out)))"
